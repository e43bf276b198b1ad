//! The format `markdown`: a comment on a pull request, or the summary of a job. What fires stands in a table, the rest
//! folds away. What AWS said stands in code spans, so that no name or message can make a link, a mention, HTML or a
//! picture; only a runbook that is plainly a web address becomes a link, and shows its host.

use std::{borrow::Cow, fmt::Write as _};

use super::{
    Alert, Muted, Report, Telling, Unseen,
    text::{Told, hidden, told},
    words,
};
use crate::domain::{
    finding::SpotKind,
    text::{clean, clock, count, counted, usd},
};

/// No report is longer, in bytes: a comment on GitHub takes 65,536 characters, a job's summary 1 MiB.
pub const LIMIT: usize = 60_000;

/// Kept free for what stands at the end.
const TAIL: usize = 8_000;
/// Up to where each section may fill the report, what matters most first.
const ALERTS: usize = 34_000;
const UNSEEN: usize = 41_000;
const ACCEPTED: usize = 44_000;
const MUTED: usize = 47_000;
const SPOTS: usize = LIMIT - TAIL;

/// Characters of one cell, at most.
const CELL: usize = 300;
/// Places named of one failure.
const PLACES: usize = 5;
/// Notes shown.
const NOTES: usize = 5;

/// The report as GitHub-flavoured Markdown of at most [`LIMIT`] bytes.
pub fn render(report: &Report, telling: &Telling) -> String {
    let mut paper = Paper::default();
    paper.line(&format!("## {} slmon: {}", words::glyph(report.status), report.headline()));
    paper.line(&format!(
        "{} · {} · exit {}: {}",
        words::window(report),
        words::seen(report),
        report.exit_code,
        report.exit_reason()
    ));
    if let Some(scope) = &report.scope {
        let words: Vec<_> = scope.words.iter().map(|words| prose(words)).collect();
        paper.line(&format!("Scope: {}. What is outside of it was not asked for.", words.join(", ")));
    }
    for sentence in report.lacks() {
        paper.line(&format!("Not there: {}", prose(sentence)));
    }
    if telling.demo {
        paper.line("The embedded demo estate: nothing is real, AWS was not asked.");
    }
    alerts(&mut paper, report);
    unseen(&mut paper, report);
    accepted(&mut paper, report);
    muted(&mut paper, report);
    spots(&mut paper, report);
    end(&mut paper, report);
    paper.out
}

fn alerts(paper: &mut Paper, report: &Report) {
    let columns = ["Severity", "Function", "Where", "Reason", "Since (UTC)", "Owner, runbook"];
    paper.table("alert", ALERTS, columns, &report.alerts, |alert| {
        let cause = alert.cause.as_ref().map(|cause| format!("cause: {}", prose(&cause.text)));
        let unusual = words::unusual(alert, report).iter().map(|s| prose(s)).chain(cause).collect();
        let reason = [vec![prose(&alert.reason)], unusual];
        [
            words::severity(alert.severity).to_owned(),
            format!("{} {}", code(alert.function.raw()), alert.check),
            place(&words::alert_at(alert)),
            reason.concat().join("; "),
            begun(alert, report),
            who(alert),
        ]
    });
}

/// Since when, and when the function last changed against that.
fn begun(alert: &Alert, report: &Report) -> String {
    let begun = words::begun(alert.since, alert.since_open, report);
    let all: Vec<_> = begun.into_iter().chain(alert.deployed.as_deref().map(prose)).collect();
    if all.is_empty() { "–".into() } else { all.join("; ") }
}

fn who(alert: &Alert) -> String {
    let owner = alert.owner.as_ref().map(|owner| prose(owner.raw()));
    let runbook = alert.runbook.as_ref().map(|runbook| link(runbook.raw()));
    let all: Vec<_> = owner.into_iter().chain(runbook).collect();
    if all.is_empty() { "–".into() } else { all.join(", ") }
}

/// Those that differ, each with all its places: places left out are counted beside those that are named.
fn unseen(paper: &mut Paper, report: &Report) {
    let rows = &report.coverage.unseen;
    if rows.is_empty() {
        return;
    }
    paper.line(&format!("### ? {} unseen", count(rows.len() as u64)));
    let columns = ["What", "Where", "Message", "What to do"];
    let rows = told(rows);
    paper.table("way of not being seen", UNSEEN, columns, &rows, |told| {
        [what(told.first), places(told), prose(&told.message), prose(&told.hint)]
    });
}

fn accepted(paper: &mut Paper, report: &Report) {
    let rows = &report.coverage.accepted;
    if rows.is_empty() {
        return;
    }
    paper.fold(&format!("– {} unseen and accepted", count(rows.len() as u64)));
    let columns = ["What", "Where", "Until (UTC)", "Accepted because"];
    paper.table("way of not being seen", ACCEPTED, columns, &told(rows), |told| {
        let acceptance = told.first.acceptance.as_ref();
        let until = acceptance.map(|acceptance| clock(acceptance.until, report.window.end)).unwrap_or_default();
        let reason = acceptance.map(|acceptance| prose(&acceptance.reason)).unwrap_or_default();
        [what(told.first), places(told), until, reason]
    });
    paper.unfold();
}

fn what(row: &Unseen) -> String {
    let part = row.part.as_ref().map(|part| format!(", {}", prose(part))).unwrap_or_default();
    format!("{} {}{part}", code(row.operation), row.kind.as_str())
}

fn places(told: &Told<'_>) -> String {
    let named = if told.places.len() > PLACES { PLACES - 1 } else { told.places.len() };
    let mut places: Vec<_> = told.places[..named].iter().map(|one| place(one)).collect();
    if named < told.places.len() {
        places.push(format!("and {} more", count((told.places.len() - named) as u64)));
    }
    places.join("; ")
}

fn muted(paper: &mut Paper, report: &Report) {
    if report.muted.is_empty() {
        return;
    }
    paper.fold(&format!("– {} muted", count(report.muted.len() as u64)));
    let at = |muted: &Muted| {
        words::at(muted.client.as_ref(), muted.account_name.as_ref(), &muted.account, Some(&muted.region))
    };
    let columns = ["Function", "Where", "Muted", "What it would be", "Owner"];
    paper.table("muted function", MUTED, columns, &report.muted, |muted| {
        [
            code(muted.function.raw()),
            place(&at(muted)),
            prose(&words::muted_until(muted.until, &muted.muted_by, report)),
            [words::would_be(muted)]
                .iter()
                .chain(&muted.deployed)
                .map(|words| prose(words))
                .collect::<Vec<_>>()
                .join("; "),
            muted.owner.as_ref().map_or_else(|| "–".into(), |owner| prose(owner.raw())),
        ]
    });
    paper.unfold();
}

fn spots(paper: &mut Paper, report: &Report) {
    let mut kinds: Vec<SpotKind> = report.blind_spots.iter().map(|spot| spot.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.is_empty() {
        return;
    }
    paper.fold(&format!("● {}", counted(report.blind_spots.len() as u64, "blind spot")));
    for kind in kinds {
        let n = report.blind_spots.iter().filter(|spot| spot.kind == kind).count();
        paper.line(&format!("- {}; {}", kind.meaning(n), kind.advice()));
    }
    let columns = ["Kind", "Function", "Where", "Found", "What to do"];
    paper.table("blind spot", SPOTS, columns, &report.blind_spots, |spot| {
        [
            spot.kind.as_str().to_owned(),
            spot.function.as_ref().map_or_else(|| "–".into(), |name| code(name.raw())),
            place(&words::at(spot.client.as_ref(), None, &spot.account, spot.region.as_ref())),
            prose(&spot.detail),
            match &spot.command {
                Some(text) => command(text),
                // What could not be searched says itself what to do; of the rest it stands above.
                None if spot.function.is_none() => prose(&spot.fix),
                None => "–".into(),
            },
        ]
    });
    paper.unfold();
}

/// A command as it is, or none at all: cut or with another character in it, it would be another command.
fn command(command: &str) -> String {
    if cell(command) == command { code(command) } else { "see `slmon functions --blind-spots`".into() }
}

fn end(paper: &mut Paper, report: &Report) {
    paper.fold("– what was counted, and what it cost");
    let mut lines = vec![words::verdicts(report)];
    if report.functions.unknown > 0 {
        let without = counted(report.functions.unknown as u64, "watched function");
        lines.push(format!("{without} without a stage: never alerted"));
    }
    if report.coverage.seen > 0 || report.functions.watched > 0 {
        lines.push(hidden(report));
    }
    // Our own word stands first, so that nothing that follows begins a list or a heading.
    lines.extend(report.notes.iter().take(NOTES).map(|note| format!("note: {}", prose(note))));
    paper.leave_out(report.notes.len().saturating_sub(NOTES), "note");
    let api = &report.api;
    lines.push(format!(
        "cost: {}, {}, {}",
        counted(api.requests, "request"),
        counted(api.metrics, "metric"),
        usd(api.usd)
    ));
    for line in lines {
        paper.line(&format!("- {line}"));
    }
    paper.unfold();
    let left_out: Vec<_> = paper.left_out.iter().map(|(n, noun)| several(*n, noun)).collect();
    if !left_out.is_empty() {
        paper.line(&format!(
            "**Left out, so that this fits a comment: {}.** `slmon alert --format json` lists all.",
            left_out.join(", ")
        ));
    }
}

fn several(n: usize, noun: &str) -> String {
    match noun.strip_prefix("way ") {
        Some(rest) if n != 1 => format!("{} ways {rest}", count(n as u64)),
        _ => counted(n as u64, noun),
    }
}

/// What is written, and what found no room.
#[derive(Default)]
pub(super) struct Paper {
    pub(super) out: String,
    left_out: Vec<(usize, &'static str)>,
}

impl Paper {
    /// A paragraph or a list's item.
    pub(super) fn line(&mut self, text: &str) {
        let goes_on = text.starts_with("- ") && self.last_line().starts_with("- ");
        if !self.out.is_empty() && !goes_on {
            self.out.push('\n');
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn last_line(&self) -> &str {
        self.out.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default()
    }

    fn fold(&mut self, summary: &str) {
        self.line(&format!("<details><summary>{summary}</summary>"));
    }

    fn unfold(&mut self) {
        self.line("</details>");
    }

    fn leave_out(&mut self, n: usize, noun: &'static str) {
        if n == 0 {
            return;
        }
        match self.left_out.iter_mut().find(|(_, known)| *known == noun) {
            Some((so_far, _)) => *so_far += n,
            None => self.left_out.push((n, noun)),
        }
    }

    /// A table of as many rows as fit; the rest is counted.
    pub(super) fn table<T, const N: usize>(
        &mut self,
        noun: &'static str,
        until: usize,
        columns: [&str; N],
        rows: &[T],
        cells: impl Fn(&T) -> [String; N],
    ) {
        for (n, row) in rows.iter().enumerate() {
            let row = format!("| {} |\n", cells(row).join(" | "));
            if self.out.len() + row.len() > until {
                self.leave_out(rows.len() - n, noun);
                return;
            }
            if n == 0 {
                let _ = writeln!(self.out, "\n| {} |\n|{}", columns.join(" | "), " --- |".repeat(N));
            }
            self.out.push_str(&row);
        }
    }
}

/// Anybody's text as a code span, in which GitHub reads nothing: no link, mention, HTML or formatting. The bar, which
/// would end a table's cell even there, becomes `¦`.
pub(super) fn code(text: &str) -> String {
    let text = cell(text);
    if text.is_empty() {
        return "–".into();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A sentence as it is where it is plain words, else as a code span.
pub(super) fn prose(text: &str) -> String {
    let text = cell(text);
    if text.is_empty() {
        "–".into()
    } else if is_plain(&text) {
        text.into_owned()
    } else {
        code(&text)
    }
}

/// Client, account and region, each on its own: what must be a code span is not more than that.
pub(super) fn place(parts: &str) -> String {
    parts.split(" · ").map(prose).collect::<Vec<_>>().join(" · ")
}

/// What fits a cell: clean, without a bar, not too long.
fn cell(text: &str) -> Cow<'_, str> {
    let text = clean(text.trim());
    if text.contains('|') || text.len() > CELL {
        words::clip(&text.replace('|', "¦"), CELL).trim().to_owned().into()
    } else {
        text
    }
}

/// Whether Markdown and GitHub read nothing into it, wherever in a line it stands behind a word of ours or a bar.
fn is_plain(text: &str) -> bool {
    let lower = text.to_lowercase();
    let harmless = |c: char| c.is_alphanumeric() || " .,;:%()'\"/+=&-–—·…".contains(c);
    text.chars().all(harmless)
        // Addresses and `:word:` pictures; `GH-12` is an issue.
        && !["://", "www.", "gh-"].iter().any(|trap| lower.contains(trap))
        && text.matches(':').count() < 2
        // Else it could begin a character's name, `&lt;`.
        && text.match_indices('&').all(|(at, _)| text[at + 1..].starts_with(' '))
}

/// A runbook as a link where it is plainly a web address, with its host in sight.
pub(super) fn link(address: &str) -> String {
    match host(address) {
        // GitHub makes an address of `www.` even in a link's words.
        Some(host) => format!("[runbook on {}]({})", prose(host), address.replace('&', "&amp;")),
        None => format!("runbook {}", code(address)),
    }
}

/// The host of a web address that holds nothing a link could not: no user, no brackets, no spaces.
fn host(address: &str) -> Option<&str> {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next()?;
    let of_host = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
    let of_rest = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&'+,;=%".contains(c);
    let named = host.starts_with(|c: char| c.is_ascii_alphanumeric());
    (named && host.chars().all(of_host) && rest.chars().all(of_rest) && address.len() <= CELL).then_some(host)
}

#[cfg(test)]
mod tests;
