//! The desktop around the terminal: clipboard, browser, and what the dashboard keeps.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    config,
    tui::{Notify, Outside, model::Kept},
};

/// What is known of where the program runs.
pub(super) struct Desktop {
    /// Whether whoever looks sits at another machine.
    is_remote: bool,
    /// Where it is kept how lists stand; none where nothing is kept.
    kept: Option<PathBuf>,
}

impl Desktop {
    pub(super) fn new(variables: &BTreeMap<String, String>, keeps: bool) -> Self {
        let is_remote = ["SSH_TTY", "SSH_CONNECTION"].iter().any(|name| variables.contains_key(*name));
        Self { is_remote, kept: kept(variables).filter(|_| keeps) }
    }

    /// How lists stood when slmon was last used; none where it is not known.
    pub(super) fn recall(&self) -> Option<Kept> {
        let text = std::fs::read_to_string(self.kept.as_ref()?).ok()?;
        // One of another version is as good as none.
        serde_json::from_str(&text).ok()
    }
}

/// The file. A relative folder would follow the working directory; the XDG specification says to ignore it.
fn kept(variables: &BTreeMap<String, String>) -> Option<PathBuf> {
    let absolute = |name: &str| variables.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let usual = || Some(absolute("HOME")?.join(".local/state"));
    Some(absolute("XDG_STATE_HOME").or_else(usual)?.join("slmon/dashboard.json"))
}

/// Written beside its place and moved there, so that it is whole or not there.
fn write(path: &Path, kept: &Kept) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer_pretty(&file, kept)?;
    file.persist(path)?;
    Ok(())
}

impl Outside for Desktop {
    fn copy(&self, text: &str) -> bool {
        let copied = || arboard::Clipboard::new()?.set_text(text);
        !self.is_remote && copied().is_ok()
    }

    fn open(&self, address: &str) -> Result<(), String> {
        if self.is_remote {
            return Err("the browser is on your side of SSH".into());
        }
        // What `open` says of an exit status is meant for who writes programs.
        open::that_detached(address).map_err(|_| "no browser could be started".to_owned())
    }

    fn keep(&self, kept: &Kept) {
        if let Some(path) = &self.kept {
            // Where nothing can be written, lists stand as usual the next time, and that is all.
            let _ = write(path, kept);
        }
    }
}

/// Whether a multiplexer keeps escape sequences to itself.
pub(super) fn wraps(variables: &BTreeMap<String, String>) -> bool {
    variables.get("TMUX").is_some_and(|tmux| !tmux.is_empty())
}

/// How somebody who looks elsewhere is told: as configured, or as the terminal is known to show it. Sources: the manuals
/// of these terminals on OSC 9 and OSC 777.
pub(super) fn notify(chosen: config::Notify, variables: &BTreeMap<String, String>) -> Notify {
    let is = |name: &str, values: &[&str]| variables.get(name).is_some_and(|value| values.contains(&value.as_str()));
    match chosen {
        config::Notify::Off => Notify::Off,
        config::Notify::Osc9 => Notify::Osc9,
        config::Notify::Osc777 => Notify::Osc777,
        config::Notify::Auto
            if is("TERM_PROGRAM", &["iTerm.app", "WezTerm"]) || variables.contains_key("WT_SESSION") =>
        {
            Notify::Osc9
        }
        config::Notify::Auto if is("TERM_PROGRAM", &["ghostty"]) || is("TERM", &["foot", "xterm-ghostty"]) => {
            Notify::Osc777
        }
        config::Notify::Bell | config::Notify::Auto => Notify::Bell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_kept_comes_back_and_what_is_broken_is_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let variables = variables(&[("XDG_STATE_HOME", folder.path().to_str().unwrap())]);
        let desktop = Desktop::new(&variables, true);
        assert_eq!(desktop.recall(), None);
        let mut kept = Kept::default();
        kept.functions.by(crate::tui::list::Column::Errors);
        desktop.keep(&kept);
        assert_eq!(desktop.recall(), Some(kept.clone()));
        std::fs::write(folder.path().join("slmon/dashboard.json"), "{").unwrap();
        assert_eq!(desktop.recall(), None);
        Desktop::new(&variables, false).keep(&kept);
        assert_eq!(desktop.recall(), None, "the demo keeps nothing");
    }

    #[test]
    fn a_terminal_is_told_in_its_own_way() {
        let of = |pairs: &[(&str, &str)]| notify(config::Notify::Auto, &variables(pairs));
        assert_eq!(of(&[("TERM_PROGRAM", "WezTerm")]), Notify::Osc9);
        assert_eq!(of(&[("TERM", "foot")]), Notify::Osc777);
        assert_eq!(of(&[("TERM", "xterm-256color")]), Notify::Bell);
        assert_eq!(notify(config::Notify::Off, &variables(&[("TERM", "foot")])), Notify::Off);
    }

    #[test]
    fn over_ssh_nothing_is_copied_or_opened_here() {
        let desktop = Desktop::new(&variables(&[("SSH_TTY", "/dev/pts/1")]), false);
        assert!(!desktop.copy("a"));
        assert_eq!(desktop.open("https://example.com"), Err("the browser is on your side of SSH".into()));
    }
}
