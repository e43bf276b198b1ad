//! As much of a shell as the pages use, to find the commands of slmon in a script, a workflow, or a line.

/// One command of ours.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// Its arguments.
    pub(crate) words: Vec<String>,
    /// The exit code that the script says it ends with: `# exit 3` behind it, else 0.
    pub(crate) exit: i32,
}

/// What begins a command of ours.
const OURS: &[&[&str]] = &[&["slmon"], &["cargo", "run", "--release", "--"]];

/// Every command of ours in a script.
pub(crate) fn commands(script: &str) -> Vec<Command> {
    let script = script.replace("\\\n", " ");
    script.lines().flat_map(line).collect()
}

fn line(line: &str) -> Vec<Command> {
    let (commands, comment) = split(line);
    let exit = comment.trim().strip_prefix("exit ").map_or(0, |rest| {
        let code = rest.split([':', ',', ' ']).next().unwrap_or_default();
        code.parse().unwrap_or_else(|_| panic!("no exit code: {line}"))
    });
    let ours = commands.into_iter().filter_map(|words| {
        let begin = words.iter().position(|word| !matches!(word.as_str(), "-" | "run:" | "if" | "!"))?;
        let words = &words[begin..];
        let start =
            OURS.iter().find(|start| words.len() >= start.len() && words.iter().zip(**start).all(|(a, b)| a == b))?;
        let words = words[start.len()..].iter().filter(|word| !word.starts_with('>')).cloned().collect();
        Some(Command { words, exit })
    });
    ours.collect()
}

/// The words of each command in a line, and what its comment says.
fn split(line: &str) -> (Vec<Vec<String>>, &str) {
    let mut commands = vec![Vec::new()];
    let (mut word, mut quote): (Option<String>, Option<char>) = (None, None);
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => {
                return (commands, &line[at + 1..]);
            }
            (None, '|' | ';' | '&') => {
                commands.last_mut().expect("one at least").extend(word.take());
                commands.push(Vec::new());
            }
            (None, c) if c.is_whitespace() => commands.last_mut().expect("one at least").extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    commands.last_mut().expect("one at least").extend(word);
    (commands, "")
}

#[test]
fn commands_are_found_where_they_stand() {
    let found = |script: &str| commands(script).into_iter().map(|c| (c.words.join(" "), c.exit)).collect::<Vec<_>>();
    assert_eq!(found("slmon --demo alert   # exit 1: something fires"), [("--demo alert".into(), 1)]);
    assert_eq!(found("cargo run --release -- --demo alert"), [("--demo alert".into(), 0)]);
    assert_eq!(
        found("slmon alert --format json | jq -r '.a | .b'; slmon config"),
        [("alert --format json".into(), 0), ("config".into(), 0),]
    );
    assert_eq!(found("      - run: slmon alert \\\n          --window 1h"), [("alert --window 1h".into(), 0)]);
    assert_eq!(found("# slmon nothing\njq '.slmon'"), []);
}
