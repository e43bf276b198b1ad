//! The format `text`, for people: the verdict in one glance, what fires, what could not be seen, and dim below it
//! what was left out of sight and what it all cost.
//!
//! One grid holds the page: glyph and word on the left (so that colour never carries anything alone), what they
//! speak of from [`NAMES`] on, what belongs to it from [`DETAIL`] on. Scanning the one column finds every name.

mod alerts;
mod below;
mod place;
mod spots;
mod unseen;

pub(super) use below::hidden;
pub(super) use place::place;
pub(super) use unseen::{Told, accepted_section, section as unseen_section, told};

use anstyle::Style;

use super::{
    Report, ReportScope, Status, Telling,
    canvas::{BOLD, CRITICAL, DIM, GOOD, Line, PLAIN, Page, UNKNOWN, WARNING},
    words::resolution,
};
use crate::domain::{
    finding::Severity,
    text::{clock, count, minutes},
    window::Minute,
};

/// The column where names begin.
pub(in crate::report) const NAMES: usize = 12;
/// The column where what belongs to a name begins.
pub(in crate::report) const DETAIL: usize = 14;

/// The report as styled text of `telling.width` columns; whoever prints it strips the styles where they don't belong.
pub fn render(report: &Report, telling: &Telling) -> String {
    let mut page = Page::new(telling.width);
    verdict(&mut page, report, telling);
    scope(&mut page, report.scope.as_ref());
    alerts::section(&mut page, report, telling);
    unseen::section(&mut page, &report.coverage);
    below::muted(&mut page, report);
    spots::section(&mut page, report);
    unseen::accepted(&mut page, report);
    page.blank();
    below::counts(&mut page, report);
    below::notes(&mut page, report);
    below::cost(&mut page, report);
    demo(&mut page, telling);
    page.finish()
}

/// Says that none of it is real, where that is so.
pub(in crate::report) fn demo(page: &mut Page, telling: &Telling) {
    if telling.demo {
        page.fill(label("●", "demo", BOLD))
            .words(BOLD, "the embedded demo estate: nothing is real, AWS was not asked")
            .end();
    }
}

/// Glyph and word, and the line goes on where names begin.
pub(in crate::report) fn label(glyph: &str, word: &str, style: Style) -> Line {
    Line::default().then(style, &format!("{glyph} {word}")).to(NAMES)
}

pub(in crate::report) fn severity_label(severity: Severity) -> Line {
    let (glyph, style) = severity_style(severity);
    label(glyph, severity.as_str(), style)
}

fn severity_style(severity: Severity) -> (&'static str, Style) {
    match severity {
        Severity::Critical => ("✖", CRITICAL),
        Severity::Warning => ("▲", WARNING),
    }
}

fn verdict(page: &mut Page, report: &Report, telling: &Telling) {
    let (glyph, word, style) = match report.status {
        Status::Firing => ("✖", "FIRING", CRITICAL),
        Status::Warning => ("▲", "WARNING", WARNING),
        Status::Ok => ("✔", "OK", GOOD),
        Status::Unknown => ("?", "UNKNOWN", UNKNOWN),
    };
    let covered = &report.coverage;
    let (seen, seen_style) = match covered.targets {
        0 => ("no target known".into(), UNKNOWN),
        1 if covered.seen == 1 => ("the one target seen".into(), PLAIN),
        all if covered.seen == all => (format!("all {} targets seen", count(all as u64)), PLAIN),
        all => {
            let style = if covered.unseen.is_empty() { PLAIN } else { UNKNOWN };
            (format!("{} of {} targets seen", count(covered.seen as u64), count(all as u64)), style)
        }
    };
    page.fill(label(glyph, word, style))
        .item(BOLD, &report.headline())
        .item(PLAIN, &window(report, telling))
        .item(seen_style, &seen)
        .end();
}

/// Which part of the estate all of it is about, where that is not the whole.
pub(in crate::report) fn scope(page: &mut Page, scope: Option<&ReportScope>) {
    if let Some(scope) = scope {
        let mut line = page.fill(label("–", "scope", BOLD)).hang(NAMES);
        for words in &scope.words {
            line = line.item(BOLD, words);
        }
        line.end();
    }
}

/// `14:45–15:00 UTC (15 min)`, with a date where it is not today's.
fn window(report: &Report, telling: &Telling) -> String {
    let window = &report.window;
    let today = Minute::floor(telling.now);
    let start = clock(window.start, today);
    let end = clock(window.end, window.start);
    let dash = if end.contains(' ') { " – " } else { "–" };
    format!("{start}{dash}{end} UTC ({}{})", minutes(window.minutes), resolution(report))
}

/// `… and 12 more: --format json lists all`, where not all is listed.
fn more(page: &mut Page, column: usize, left_out: usize) {
    if left_out > 0 {
        let text = format!("… and {} more: --format json lists all", count(left_out as u64));
        page.fill(Line::at(column)).words(DIM, &text).end();
    }
}

#[cfg(test)]
mod tests;
