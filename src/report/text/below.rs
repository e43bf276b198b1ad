//! What stands below the alerts: what is muted, what was counted, notes and the cost.

use super::{DETAIL, label, place::place, severity_style};
use crate::{
    domain::text::{clock, count, counted, usd},
    report::{
        Muted, Report,
        canvas::{BOLD, DIM, Line, PLAIN, Page, UNKNOWN},
        words::judged,
    },
};

pub(super) fn muted(page: &mut Page, report: &Report) {
    if report.muted.is_empty() {
        return;
    }
    page.blank();
    // What would fire comes first: it is what a forgotten mute hides.
    let mut rows: Vec<&Muted> = report.muted.iter().collect();
    rows.sort_by_key(|muted| std::cmp::Reverse(muted.severity));
    for muted in rows {
        let until = format!("until {} UTC", clock(muted.until, report.window.end));
        page.fill(label("–", "muted", DIM))
            .hang(DETAIL)
            .whole(BOLD, &muted.function.shown())
            .item(PLAIN, &until)
            .item(DIM, &format!("by {}", muted.muted_by))
            .end();
        let mut below = page.fill(Line::at(DETAIL));
        below = match (muted.severity, &muted.reason) {
            (Some(severity), reason) => {
                let (glyph, style) = severity_style(severity);
                let would = format!("{glyph} would be {}", severity.as_str());
                let below = below.item(style, &would);
                reason.iter().fold(below, |below, reason| below.item(PLAIN, reason))
            }
            (None, _) => below.item(DIM, "nothing would fire"),
        };
        below = muted.deployed.iter().fold(below, |below, deployed| below.item(DIM, deployed));
        let account = Some(&muted.account);
        for part in place(muted.client.as_ref(), muted.account_name.as_ref(), account, Some(&muted.region)) {
            below = below.item(DIM, &part);
        }
        if let Some(owner) = &muted.owner {
            below = below.item(DIM, &format!("owner {}", owner.shown()));
        }
        below.end();
    }
}

pub(super) fn counts(page: &mut Page, report: &Report) {
    let verdicts = &report.verdicts;
    if verdicts.unknown > 0 {
        let functions = counted(verdicts.unknown as u64, "production function");
        page.fill(label("?", "unknown", UNKNOWN))
            .words(PLAIN, &format!("{functions} could not be judged: neither fine nor failing"))
            .end();
    }
    let functions = &report.functions;
    let by_stage = [
        (functions.production, "production"),
        (functions.other, "other"),
        (functions.unknown, "without a stage (never alert)"),
    ];
    tally(page, "judged", &judged(report), &verdicts.worded());
    tally(page, "watched", &counted(functions.watched as u64, "function"), &by_stage);
    // Of what was not seen at all, nothing is said: not even that nothing fails.
    if report.coverage.seen > 0 || functions.watched > 0 {
        page.fill(label("–", "hidden", DIM)).words(DIM, &hidden(report)).end();
    }
}

fn tally(page: &mut Page, word: &str, total: &str, parts: &[(usize, &str)]) {
    let parts: Vec<_> = parts.iter().filter(|(n, _)| *n > 0).collect();
    let first = |n: usize| if n == 0 { format!("{total}: ") } else { String::new() };
    let mut line = page.fill(label("–", word, DIM));
    if parts.is_empty() {
        line = line.item(DIM, total);
    }
    for (n, (number, what)) in parts.into_iter().enumerate() {
        line = line.item(DIM, &format!("{}{} {what}", first(n), count(*number as u64)));
    }
    line.end();
}

pub(in crate::report) fn hidden(report: &Report) -> String {
    let Some(hidden) = &report.hidden else { return "what fails outside production was not read".into() };
    let all_seen = report.coverage.unseen.is_empty() && report.coverage.accepted.is_empty();
    if hidden.functions == 0 {
        return match (report.coverage.seen, all_seen) {
            (_, true) => "nothing fails outside production".into(),
            (0, false) => "what fails outside production could not be seen".into(),
            _ => "nothing that was seen fails outside production".into(),
        };
    }
    let throttles = hidden.throttles.filter(|n| *n > 0).map(|n| format!(", {}", counted(n, "throttle")));
    format!(
        "{} outside production {} ({}{}): hidden",
        counted(hidden.functions as u64, "function"),
        if hidden.functions == 1 { "fails" } else { "fail" },
        counted(hidden.errors, "error"),
        throttles.unwrap_or_default(),
    )
}

pub(super) fn notes(page: &mut Page, report: &Report) {
    for note in &report.notes {
        page.fill(label("–", "note", DIM)).words(PLAIN, note).end();
    }
}

pub(super) fn cost(page: &mut Page, report: &Report) {
    let api = &report.api;
    let mut cost = page.fill(label("–", "cost", DIM));
    cost = cost.item(DIM, &counted(api.requests, "request")).item(DIM, &counted(api.metrics, "metric"));
    if api.traces > 0 {
        cost = cost.item(DIM, &format!("{} looked through", counted(api.traces, "trace")));
    }
    cost.item(DIM, &usd(api.usd)).end();
    let exit = format!("exit {}: {}", report.exit_code, report.exit_reason());
    page.fill(label("–", "verdict", DIM)).words(BOLD, &exit).end();
}
