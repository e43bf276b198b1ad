//! The format `json`: the report as it is, for machines. `docs/schema/` holds its schema, `docs/json.md` explains it.

use std::fmt::Write as _;

use serde::Serialize;

use super::Report;
use crate::domain::text::steers;

/// The report, with the reason of its exit code, and a newline.
pub fn render(report: &Report) -> String {
    #[derive(Serialize)]
    struct Told<'a> {
        #[serde(flatten)]
        report: &'a Report,
        exit_reason: &'a str,
    }
    pretty(&Told { report, exit_reason: report.exit_reason() })
}

/// A value as JSON for pipes and people, with a newline.
///
/// What could steer a terminal stands escaped (`\u202e`): the same value for a parser, harmless on a screen.
pub fn pretty(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value)
        .unwrap_or_else(|error| serde_json::json!({ "error": error.to_string() }).to_string());
    let mut out = String::with_capacity(text.len() + 1);
    let mut units = [0; 2];
    for c in text.chars() {
        // Below U+0080 JSON itself escapes all but DEL, and the newlines are ours.
        if c >= '\u{7f}' && steers(c) {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests;
