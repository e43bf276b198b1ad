//! The only file that reads the environment and asks about the terminal.

use std::{collections::BTreeMap, io::IsTerminal, path::Path, time::Duration};

use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};
use termprofile::{DetectorSettings, OverrideVars, TermProfile, TermVars};

use super::args::Color;
use crate::tui::theme::Depth;

/// The environment's variables, as far as they are text.
#[expect(clippy::disallowed_methods, reason = "everybody else gets the environment as an argument")]
pub(super) fn variables() -> BTreeMap<String, String> {
    std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?))).collect()
}

/// Who runs it, for whoever reads what they did: the name that the variables say, else the number of the user.
pub(super) fn who(variables: &BTreeMap<String, String>) -> String {
    let named = ["USER", "LOGNAME", "USERNAME"].iter().filter_map(|name| variables.get(*name));
    let name = named.map(|name| name.trim()).find(|name| !name.is_empty()).map(str::to_owned);
    name.unwrap_or_else(number)
}

#[cfg(unix)]
fn number() -> String {
    format!("uid {}", rustix::process::getuid().as_raw())
}

#[cfg(not(unix))]
fn number() -> String {
    "unknown".into()
}

/// Reads a file as text.
pub(super) fn read_file(path: &Path) -> std::io::Result<String> {
    std::fs::read_to_string(path)
}

/// Whether a person reads standard error.
pub(super) fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether anybody can still read standard output: of a pipe, whether its other end is open.
#[cfg(unix)]
pub(super) fn stdout_is_read() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdout = std::io::stdout();
    let mut asked = [PollFd::new(&stdout, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut asked, Some(&at_once)).is_err() || !asked[0].revents().contains(PollFlags::ERR)
}

/// Whether anybody can still read standard output, as far as this system tells.
#[cfg(not(unix))]
pub(super) fn stdout_is_read() -> bool {
    true
}

/// Whether a person sits at a terminal that can be drawn on.
pub(super) fn has_screen() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Whether the terminal can't be drawn on.
pub(super) fn is_dumb() -> bool {
    variables().get("TERM").is_some_and(|term| term == "dumb")
}

/// Whether the screen may be coloured. Source: no-color.org.
pub(super) fn colours(color: Color, variables: &BTreeMap<String, String>) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => variables.get("NO_COLOR").is_none_or(String::is_empty),
    }
}

/// How many colours the terminal knows, by what it says of itself and by its name; `--color always` takes it for one that
/// knows at least 16.
pub(super) fn depth(color: Color, variables: &BTreeMap<String, String>) -> Depth {
    if !colours(color, variables) {
        return Depth::Plain;
    }
    // Of the overrides, --color and NO_COLOR are settled above. tmux is not asked: that would start a program.
    let settings = DetectorSettings::default().enable_tmux_info(false);
    let mut known = TermVars::from_source(variables, &std::io::stdout(), settings);
    known.overrides = OverrideVars::default();
    let depth = Depth::from(TermProfile::detect_with_vars(known));
    if color == Color::Always && depth == Depth::Plain { Depth::Named } else { depth }
}

/// How long a terminal may take to say what its background is.
const ASKED: Duration = Duration::from_millis(300);

/// Whether the terminal's background is light: as it answers, else as `COLORFGBG` says. What nobody says is dark.
pub(super) fn is_light(variables: &BTreeMap<String, String>) -> bool {
    let mut options = QueryOptions::default();
    options.timeout = ASKED;
    let asked = has_screen().then(|| theme_mode(options).ok()).flatten();
    let light = |mode| mode == ThemeMode::Light;
    asked.map_or_else(|| variables.get("COLORFGBG").is_some_and(|colours| says_light(colours)), light)
}

/// Of `foreground;background` (or three of them), the last. Source: rxvt's manual, COLORFGBG; 7 and 9 to 15 are the light ones.
fn says_light(colours: &str) -> bool {
    let ground = colours.rsplit(';').next().and_then(|ground| ground.trim().parse::<u8>().ok());
    matches!(ground, Some(7 | 9..=15))
}

/// Columns for a line on standard error that is written over and over; none where that can't be done.
pub(super) fn progress_columns(variables: &BTreeMap<String, String>) -> Option<u16> {
    let dumb = variables.get("TERM").is_some_and(|term| term == "dumb");
    (stderr_is_terminal() && !dumb).then(|| width(variables))
}

/// Columns of the terminal; `COLUMNS` where there is none, else 100.
pub(super) fn width(variables: &BTreeMap<String, String>) -> u16 {
    let said = || variables.get("COLUMNS").and_then(|columns| columns.parse().ok());
    terminal_size::terminal_size().map(|(width, _)| width.0).or_else(said).unwrap_or(100).max(20)
}

/// Settles for the whole program whether colours are written.
pub(super) fn settle_colors(color: Color) {
    match color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_light_background_is_known_by_its_number() {
        for (colours, light) in
            [("0;15", true), ("0;default;7", true), ("15;0", false), ("7;8", false), ("0;default", false), ("", false)]
        {
            assert_eq!(says_light(colours), light, "{colours}");
        }
    }

    #[test]
    fn how_many_colours_there_are_is_what_the_terminal_says() {
        let of = |pairs: &[(&str, &str)], color| {
            let variables = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            depth(color, &variables)
        };
        let terminal = ("TTY_FORCE", "1");
        assert_eq!(of(&[("NO_COLOR", "1"), terminal], Color::Auto), Depth::Plain);
        assert_eq!(of(&[("COLORTERM", "truecolor")], Color::Never), Depth::Plain);
        assert_eq!(of(&[], Color::Always), Depth::Named);
    }
}
