//! The only file that reads the environment and asks about the terminal.

use std::{collections::BTreeMap, io::IsTerminal, path::Path};

use super::args::Color;

/// The environment's variables, as far as they are text.
#[expect(clippy::disallowed_methods, reason = "everybody else gets the environment as an argument")]
pub(super) fn variables() -> BTreeMap<String, String> {
    std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?))).collect()
}

/// Reads a file as text.
pub(super) fn read_file(path: &Path) -> std::io::Result<String> {
    std::fs::read_to_string(path)
}

/// Whether a person reads standard error.
pub(super) fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
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
