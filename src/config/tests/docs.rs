//! What is written for people holds: the embedded file and the page on the configuration know every key, and every
//! example loads.

use super::World;
use crate::config::{
    DEFAULT,
    schema::{CLAUSE, KEYS, Kind, START, split},
};

const PAGE: &str = include_str!("../../../docs/configuration.md");

/// What is said in one way only, or needs a file.
const ALONE: [&str; 5] = ["external_id", "external_id_file", "url_file", "token_file", "key_file"];

/// The embedded file with everything that it has as a comment switched on, where it is TOML.
pub(super) fn everything() -> String {
    let lines = DEFAULT.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest)
            if rest.starts_with('[')
                || rest.split_once(" = ").is_some_and(|(key, _)| !key.trim_matches('"').contains(' ')) =>
        {
            rest
        }
        _ => line,
    });
    // An external id is said in one way only, and the account is one that can be left to itself.
    lines
        .filter(|line| !ALONE.iter().any(|key| line.starts_with(&format!("{key} = "))))
        .flat_map(|line| match line {
            "name = \"from-files\"" => vec![line, "url_env = \"SLACK_URL\""],
            "name = \"eu\"" => vec![line, "key_env = \"PAGERDUTY_KEY\""],
            _ => vec![line],
        })
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// With all variables that an example names.
pub(super) fn all_set(world: World) -> World {
    let set = [
        ("ACME_EXTERNAL_ID", "s3"),
        ("SLACK_URL", "https://hooks.example.com/x"),
        ("PAGERDUTY_KEY", "0123"),
        ("HOOK_TOKEN", "t"),
    ];
    set.into_iter().fold(world, |world, (name, value)| world.var(name, value))
}

#[test]
fn the_embedded_file_shows_every_key() {
    all_set(World::of(&everything())).config();
    for key in KEYS {
        let (table, last) = split(key.path);
        let headers = [format!("[{}]", key.path), format!("[[{}]]", key.path), format!("[{}.", key.path)];
        let dotted = key.path.split_once('.').map_or(key.path, |(_, rest)| rest);
        let shown = DEFAULT.lines().any(|line| {
            let line = line.trim_start_matches("# ");
            headers.iter().any(|header| line.starts_with(header))
                || line.starts_with(&format!("{last} = "))
                || line.starts_with(&format!("{dotted} = "))
                || key.kind == Kind::Table && line.starts_with(&format!("{dotted}."))
        });
        assert!(shown, "{} ({table})", key.path);
    }
}

#[test]
fn the_page_names_every_key_variable_and_flag() {
    for key in KEYS {
        let last = split(key.path).1;
        let said = match key.kind {
            Kind::Tables => format!("[[{}]]", key.path),
            Kind::Table => last.to_string(),
            _ => format!("`{last}`"),
        };
        let words = [Some(said), key.short.map(String::from), key.flag.map(|flag| format!("`{flag}"))];
        for word in words.into_iter().flatten() {
            assert!(PAGE.contains(&word), "{}: {word}", key.path);
        }
    }
    for word in CLAUSE.iter().copied().chain(START.iter().flat_map(|start| [start.variable, start.flag])) {
        assert!(PAGE.contains(word), "{word}");
    }
}

#[test]
fn every_example_of_the_page_loads() {
    let examples: Vec<&str> = PAGE.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 5);
    for example in examples {
        let world = all_set(World::of(example)).file("/etc/slmon/beta.external-id", "s3");
        assert!(world.load().is_ok(), "{example}\n{}", world.errors());
    }
}
