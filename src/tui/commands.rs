//! The one table of commands: keys, help, hints and docs come from it. A new command is a row.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What somebody at the keyboard can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// The alerts.
    Alerts,
    /// All functions.
    Functions,
    /// Accounts and regions.
    Accounts,
    /// Blind spots.
    Spots,
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
    /// Show or hide what fails outside of production.
    Dev,
    /// Narrow the rows by typing.
    Filter,
    /// Read again now.
    Refresh,
    /// Stop and resume reading.
    Pause,
    /// Copy the function's name.
    CopyName,
    /// Copy the function's ARN.
    CopyArn,
    /// The next theme.
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
    Accounts "accounts" ["4"], "Accounts and regions: reached or not", None;
    Spots "blind-spots" ["5"], "What tags hide", None;
    Up "up" ["k", "up"], "One row up", None;
    Down "down" ["j", "down"], "One row down", None;
    PageUp "page-up" ["page-up", "ctrl-b", "ctrl-u"], "One page up", None;
    PageDown "page-down" ["page-down", "ctrl-f", "ctrl-d"], "One page down", None;
    First "first" ["g", "home"], "To the first row", None;
    Last "last" ["G", "end"], "To the last row", None;
    Open "open" ["enter", "right", "l"], "Into the selected row", Some("open");
    Back "back" ["esc", "left", "h", "backspace"], "Back to where you came from", Some("back");
    Filter "filter" ["/"], "Narrow the rows as you type", Some("filter");
    Dev "dev" ["d"], "Show or hide what fails outside of production", Some("dev failures");
    CopyName "copy-name" ["y"], "Copy the function's name", Some("copy name");
    CopyArn "copy-arn" ["Y"], "Copy the function's ARN", None;
    Refresh "refresh" ["R", "ctrl-r"], "Read again now", None;
    Pause "pause" ["space"], "Stop and resume reading", Some("pause");
    Theme "theme" ["t"], "The next theme", None;
    Help "help" ["?"], "This help", Some("help");
    Quit "quit" ["q", "ctrl-c"], "End slmon", Some("quit");
}

/// The command of a key.
pub fn of(chord: Chord) -> Option<Command> {
    ALL.iter().find(|entry| entry.keys.iter().any(|key| key.parse() == Ok(chord))).map(|entry| entry.command)
}

/// The row of a command.
pub fn entry(command: Command) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.command == command)
}

/// The first key of a command, as it is shown.
pub fn key_of(command: Command) -> String {
    let key = entry(command).and_then(|entry| entry.keys.first()).and_then(|key| key.parse::<Chord>().ok());
    key.map(|key| key.to_string()).unwrap_or_default()
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
                assert_eq!(of(chord), Some(entry.command));
                let before = taken.insert(chord.to_string(), entry.name);
                assert_eq!(before, None, "{key} has two commands");
            }
        }
    }

    #[test]
    fn a_release_is_no_press() {
        let mut event = KeyEvent::from(KeyCode::Char('j'));
        assert_eq!(Chord::of(event).and_then(of), Some(Command::Down));
        event.kind = KeyEventKind::Release;
        assert_eq!(Chord::of(event), None);
    }
}
