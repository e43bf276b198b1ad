//! The one table of commands: keys, help, hints and docs come from it. A new command is a row.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::domain::text::{clean, nearest};

/// What somebody at the keyboard can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// The alerts.
    Alerts,
    /// All functions.
    Functions,
    /// What fired in the last day.
    Recent,
    /// Accounts and regions.
    Accounts,
    /// Blind spots.
    Spots,
    /// The newest traces of what is watched.
    Traces,
    /// What could not be read, and why.
    Errors,
    /// Everything by its name.
    Palette,
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Into the selected row.
    Open,
    /// Back to where one came from.
    Back,
    /// To the left: the crosshair of charts, else back.
    Left,
    /// To the right: the crosshair of charts, else into the selected row.
    Right,
    /// Over how many hours charts go.
    Hours,
    /// By which column rows are sorted.
    Sort,
    /// The other way round.
    Reverse,
    /// Which columns are in sight.
    Columns,
    /// By what rows are put together.
    Group,
    /// Who calls a function, and what it calls; accounts as a table, or as a map of accounts and regions.
    Map,
    /// The newest traces of the function.
    FunctionTraces,
    /// Of traces and on maps: only what fails, or everything.
    Everything,
    /// To the next part of a trace that holds what was searched.
    NextMatch,
    /// Show or hide what fails outside of production.
    Dev,
    /// Narrow the rows by typing.
    Filter,
    /// Read again now.
    Refresh,
    /// Stop and resume reading.
    Pause,
    /// Know of what fires on a function: nobody is told of it again.
    Acknowledge,
    /// Mute a function.
    Mute,
    /// Copy the function's name.
    CopyName,
    /// Copy the function's ARN.
    CopyArn,
    /// Open the function in the AWS console.
    Console,
    /// Copy the address of the function in the AWS console.
    CopyLink,
    /// Which theme.
    Theme,
    /// Help.
    Help,
    /// End the program.
    Quit,
}

/// A key with its modifiers, as it is written in help and configuration: `j`, `G`, `ctrl-d`, `page-down`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    code: KeyCode,
    control: bool,
}

impl Chord {
    /// What was pressed; nothing for releases and for keys with modifiers that no command has.
    pub fn of(event: KeyEvent) -> Option<Self> {
        let foreign = event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META);
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        (event.kind != KeyEventKind::Release && !foreign).then_some(Self { code: event.code, control })
    }

    /// Whether it is Ctrl and this letter.
    pub fn is_control(self, letter: char) -> bool {
        self.control && self.code == KeyCode::Char(letter)
    }

    /// The character that it types, if it types one.
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.control => Some(c),
            _ => None,
        }
    }

    /// The key without modifiers.
    pub fn code(self) -> KeyCode {
        self.code
    }
}

const NAMED: &[(&str, &str, KeyCode)] = &[
    ("up", "↑", KeyCode::Up),
    ("down", "↓", KeyCode::Down),
    ("left", "←", KeyCode::Left),
    ("right", "→", KeyCode::Right),
    ("page-up", "PgUp", KeyCode::PageUp),
    ("page-down", "PgDn", KeyCode::PageDown),
    ("home", "Home", KeyCode::Home),
    ("end", "End", KeyCode::End),
    ("enter", "Enter", KeyCode::Enter),
    ("esc", "Esc", KeyCode::Esc),
    ("backspace", "Backspace", KeyCode::Backspace),
    ("tab", "Tab", KeyCode::Tab),
    ("space", "Space", KeyCode::Char(' ')),
];

impl std::str::FromStr for Chord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (control, key) = text.strip_prefix("ctrl-").map_or((false, text), |key| (true, key));
        let mut chars = key.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) => Some(KeyCode::Char(c)),
            _ => NAMED.iter().find(|(name, ..)| *name == key).map(|(.., code)| *code),
        };
        code.map(|code| Self { code, control })
            .ok_or_else(|| format!("`{text}` is no key: write `j`, `G`, `ctrl-d`, `enter`, `page-down`"))
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.control {
            f.write_str("Ctrl-")?;
        }
        match (self.code, NAMED.iter().find(|(.., code)| *code == self.code)) {
            (_, Some((_, shown, _))) => f.write_str(shown),
            (KeyCode::Char(c), None) => write!(f, "{c}"),
            _ => Ok(()),
        }
    }
}

/// A row of the table.
#[derive(Debug)]
pub struct Entry {
    /// What it does.
    pub command: Command,
    /// The name by which a configuration binds it.
    pub name: &'static str,
    /// The keys that it has by default.
    pub keys: &'static [&'static str],
    /// What it does, for help.
    pub help: &'static str,
    /// The word in the line of hints; none where it is left out there.
    pub hint: Option<&'static str>,
}

macro_rules! table {
    ($($command:ident $name:literal $keys:expr, $help:literal, $hint:expr;)*) => {
        /// Every command there is.
        pub const ALL: &[Entry] = &[
            $(Entry { command: Command::$command, name: $name, keys: &$keys, help: $help, hint: $hint }),*
        ];
    };
}

table! {
    Alerts "alerts" ["1"], "What fails in production", None;
    Functions "functions" ["2"], "All functions", None;
    Recent "recent" ["3"], "What fired in the last 24 hours, and when it ended", None;
    Accounts "accounts" ["4"], "Accounts and regions: reached or not", None;
    Spots "blind-spots" ["5"], "What tags hide", None;
    Traces "traces" ["6"], "The newest traces of production that failed", None;
    Errors "error-log" ["!"], "What could not be read, why, and what to do", None;
    Palette "palette" [":"], "Everything by its name", Some("palette");
    Up "up" ["k", "up"], "One row up", None;
    Down "down" ["j", "down"], "One row down", None;
    PageUp "page-up" ["page-up", "ctrl-b", "ctrl-u"], "One page up", None;
    PageDown "page-down" ["page-down", "ctrl-f", "ctrl-d"], "One page down", None;
    First "first" ["g", "home"], "To the first row", None;
    Last "last" ["G", "end"], "To the last row", None;
    Open "open" ["enter"], "Into the selected row; a group folds", Some("open");
    Back "back" ["esc", "backspace"], "Back to where you came from", Some("back");
    Left "left" ["left", "h"], "Crosshair to the left; in a trace: fold; on a map: to who calls; in lists: back", Some("crosshair");
    Right "right" ["right", "l"], "Crosshair to the right; in a trace: unfold; on a map: to what is called; in lists: into the row", None;
    Hours "hours" ["w"], "Charts over 1, 6 or 24 hours", Some("1/6/24 h");
    Filter "filter" ["/"], "Narrow the rows as you type; in a trace: search", Some("filter");
    Dev "dev" ["d"], "Show or hide what fails outside of production", Some("dev failures");
    Sort "sort" ["s"], "Sort by a column", Some("sort");
    Reverse "reverse" ["r"], "Sort the other way round", None;
    Columns "columns" ["c"], "Choose columns", Some("columns");
    Group "group" ["b"], "Put together by client, account, stage or a tag", Some("group");
    Map "map" ["m"], "Who calls the function, and what it calls; accounts as a map of accounts and regions", Some("map");
    FunctionTraces "function-traces" ["x"], "The newest traces of the function", Some("traces");
    Everything "everything" ["a"], "Of traces and on maps: only what fails, or everything", Some("all or failing");
    NextMatch "next-match" ["n"], "To the next part of a trace that holds what was searched", Some("next");
    Acknowledge "acknowledge" ["A"], "Know of what fires on the function, until an end: nobody is told of it again", Some("ack");
    Mute "mute" ["M"], "Mute the function until an end", Some("mute");
    CopyName "copy-name" ["y"], "Copy the function's name, or the trace's id", Some("copy name");
    CopyArn "copy-arn" ["Y"], "Copy the function's ARN", None;
    Console "console" ["o"], "Open the function or the trace in the AWS console", Some("console");
    CopyLink "copy-link" ["u"], "Copy the address of the function in the AWS console", None;
    Refresh "refresh" ["R", "ctrl-r"], "Read again now", None;
    Pause "pause" ["space"], "Stop and resume reading", Some("pause");
    Theme "theme" ["t"], "Choose a theme", None;
    Help "help" ["?"], "This help", Some("help");
    Quit "quit" ["q", "ctrl-c"], "End slmon", Some("quit");
}

/// The row of a command.
pub fn entry(command: Command) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.command == command)
}

/// Which key does what: the table's keys, and those that somebody chose instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    keys: Vec<(Chord, Command)>,
}

/// This key always ends the program.
const ALWAYS: &str = "ctrl-c";

impl Default for Keymap {
    fn default() -> Self {
        let keys = ALL.iter().flat_map(|entry| entry.keys.iter().map(move |key| (key, entry.command)));
        Self { keys: keys.filter_map(|(key, command)| Some((key.parse().ok()?, command))).collect() }
    }
}

impl Keymap {
    /// The table's keys, but for the commands that are named here with keys of their own. Such a key is taken from the
    /// command that has it in the table. What is wrong is told in a sentence.
    pub fn new<'a>(own: impl IntoIterator<Item = (&'a str, &'a [String])>) -> Result<Self, String> {
        let mut chosen: Vec<(Chord, Command)> = Vec::new();
        let mut named: Vec<Command> = Vec::new();
        for (name, keys) in own {
            let Some(entry) = ALL.iter().find(|entry| entry.name == name) else {
                let near = nearest(name, ALL.iter().map(|entry| entry.name));
                let help = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                return Err(format!("[keys]: the dashboard has no command `{}`{help}", clean(name)));
            };
            named.push(entry.command);
            for key in keys {
                let chord: Chord = key.parse().map_err(|error| format!("[keys]: {name}: {error}"))?;
                let taken = chosen.iter().find(|(known, _)| *known == chord).and_then(|(_, by)| self::entry(*by));
                if let Some(taken) = taken.filter(|taken| taken.command != entry.command) {
                    return Err(format!(
                        "[keys]: `{key}` is bound to both `{}` and `{name}`: give it to one",
                        taken.name
                    ));
                }
                if *key == ALWAYS && entry.command != Command::Quit {
                    return Err(format!("[keys]: {name}: `{ALWAYS}` always ends slmon: choose another key"));
                }
                chosen.push((chord, entry.command));
            }
        }
        let free = |(chord, command): &(Chord, Command)| {
            let always = ALWAYS.parse() == Ok(*chord);
            always || !named.contains(command) && !chosen.iter().any(|(taken, _)| taken == chord)
        };
        let usual: Vec<_> = Self::default().keys.into_iter().filter(free).collect();
        Ok(Self { keys: chosen.into_iter().chain(usual).collect() })
    }

    /// The command of a key.
    pub fn of(&self, chord: Chord) -> Option<Command> {
        self.keys.iter().find(|(known, _)| *known == chord).map(|(_, command)| *command)
    }

    /// The keys of a command, as they are shown.
    pub fn keys_of(&self, command: Command) -> Vec<String> {
        self.keys.iter().filter(|(_, of)| *of == command).map(|(chord, _)| chord.to_string()).collect()
    }

    /// The first key of a command, as it is shown; nothing where it has none.
    pub fn key_of(&self, command: Command) -> String {
        self.keys_of(command).into_iter().next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_key_can_be_read_and_has_one_command() {
        let mut taken = BTreeMap::new();
        for entry in ALL {
            assert!(!entry.keys.is_empty(), "{} has no key", entry.name);
            for key in entry.keys {
                let chord: Chord = key.parse().unwrap();
                assert_eq!(Keymap::default().of(chord), Some(entry.command));
                let before = taken.insert(chord.to_string(), entry.name);
                assert_eq!(before, None, "{key} has two commands");
            }
        }
    }

    #[test]
    fn a_release_is_no_press() {
        let mut event = KeyEvent::from(KeyCode::Char('j'));
        assert_eq!(Chord::of(event).and_then(|chord| Keymap::default().of(chord)), Some(Command::Down));
        event.kind = KeyEventKind::Release;
        assert_eq!(Chord::of(event), None);
    }

    fn keymap(own: &[(&str, &[&str])]) -> Result<Keymap, String> {
        let own: Vec<(&str, Vec<String>)> =
            own.iter().map(|(name, keys)| (*name, keys.iter().map(|key| (*key).to_owned()).collect())).collect();
        Keymap::new(own.iter().map(|(name, keys)| (*name, keys.as_slice())))
    }

    #[test]
    fn keys_that_somebody_chose_stand_above_those_of_the_table() {
        let keymap = keymap(&[("down", &["n"]), ("filter", &["d", "ctrl-f"]), ("theme", &[])]).unwrap();
        let of = |key: &str| keymap.of(key.parse().unwrap());
        assert_eq!((of("n"), of("j"), of("down")), (Some(Command::Down), None, None));
        assert_eq!((of("d"), of("ctrl-f"), of("/")), (Some(Command::Filter), Some(Command::Filter), None));
        assert_eq!((of("t"), of("ctrl-c"), of("q")), (None, Some(Command::Quit), Some(Command::Quit)));
        assert_eq!((keymap.key_of(Command::Dev), keymap.key_of(Command::Filter)), (String::new(), "d".into()));
    }

    #[test]
    fn what_can_not_be_is_told_with_what_to_do() {
        let wrong = |own: &[(&str, &[&str])]| keymap(own).unwrap_err();
        assert_eq!(
            wrong(&[("fliter", &["x"])]),
            "[keys]: the dashboard has no command `fliter`; did you mean `filter`?"
        );
        assert_eq!(
            wrong(&[("up", &["x"]), ("down", &["x"])]),
            "[keys]: `x` is bound to both `up` and `down`: give it to one"
        );
        assert_eq!(wrong(&[("up", &["ctrl-c"])]), "[keys]: up: `ctrl-c` always ends slmon: choose another key");
        assert!(wrong(&[("up", &["hyper-x"])]).starts_with("[keys]: up: `hyper-x` is no key"));
    }
}
