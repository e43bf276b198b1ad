//! Why a function fails, by its traces and by its log: one list, each cause with how often and where it was seen.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    domain::{
        logs::cause::CauseKind,
        text::{AwsText, clock, count, minutes},
        trace::{
            Failing,
            causes::{Age, ErrorGroup},
        },
        why::{Reason, Told, words::Read},
        window::Minute,
    },
    report::{
        canvas::{BOLD, CRITICAL, DIM, Line, PLAIN, Page, WARNING},
        markdown::{Paper, code, prose},
        text::{DETAIL, NAMES, label},
    },
};

/// A cause, whoever told of it.
#[derive(Clone, Debug, Serialize)]
pub struct CauseRow {
    /// What it is, fit to be shown: `KeyError: 'item-#'`.
    pub what: String,
    /// What that means, in a sentence; none where the exception says it.
    pub meaning: Option<String>,
    /// The exception's type; none where none was told.
    pub exception: Option<AwsText>,
    /// What kind of failure it is, by the log; none where the log does not tell of it.
    pub kind: Option<CauseKind>,
    /// Failures, at the least: what both tell of counts once. None where the log may tell of all of its traces in other words: of
    /// traces that say no more than that they failed, or what was thrown in something else that the function called.
    pub failures: Option<u64>,
    /// Whether something failed for it: what was only written to a log need not have failed.
    pub failed: bool,
    /// Who told of it: `traces`, `log` or `both`.
    pub seen_by: &'static str,
    /// Sampled traces that tell of it.
    pub traces: u64,
    /// Failures of which the log tells it.
    pub lines: u64,
    /// When the first of them was seen.
    pub first: Timestamp,
    /// When the last of them was.
    pub last: Timestamp,
    /// Whether it was there before the alert began.
    pub age: Age,
    /// The id of the newest trace that tells of it.
    pub trace: Option<AwsText>,
    /// The newest request of which the log tells it.
    pub request: Option<AwsText>,
    /// The newest line that says it, without secrets, fit to be shown.
    pub line: Option<String>,
    /// Its places in `traces.groups`.
    pub trace_groups: Vec<usize>,
    /// Its places in `logs.groups`.
    pub log_groups: Vec<usize>,
    #[serde(skip)]
    grave: bool,
    #[serde(skip)]
    seen: String,
    #[serde(skip)]
    paths: Vec<String>,
}

/// Who was asked for causes, and how much was read there.
#[derive(Clone, Debug, Serialize)]
pub struct SourceRow {
    /// `traces` or `log`.
    pub source: &'static str,
    /// `all`, `part` or `none`.
    pub read: &'static str,
    /// From when on; none where it was not read.
    pub from: Option<Timestamp>,
    /// Until when.
    pub to: Option<Timestamp>,
    /// Failures that were found.
    pub failures: u64,
    /// The same in words, fit to be shown.
    pub says: String,
}

impl CauseRow {
    fn new(told: &Told<'_>, reason: &Reason) -> Self {
        let newest = told.traced(reason).max_by_key(|group| group.last);
        let exception = told.traced(reason).find_map(|group| group.exception.clone());
        let grave = told.traced(reason).any(|group| group.failing == Failing::Fault)
            || told.logged(reason).any(|group| group.kind != CauseKind::Logged);
        Self {
            what: told.headline(reason),
            meaning: told.meaning(reason),
            exception: exception.or_else(|| told.logged(reason).find_map(|group| group.exception.clone())),
            kind: told.logged(reason).map(|group| group.kind).min(),
            failures: (reason.failures > 0).then_some(reason.failures),
            failed: reason.failed,
            seen_by: reason.seen_by(),
            traces: reason.traces,
            lines: reason.lines,
            first: reason.first,
            last: reason.last,
            age: reason.age,
            trace: newest.map(|group| group.example.clone()),
            request: told.request(reason).cloned(),
            line: told.line(reason),
            trace_groups: reason.traced.clone(),
            log_groups: reason.logged.clone(),
            grave,
            seen: reason.seen(told),
            paths: told.traced(reason).filter(|group| group.chain.len() > 1).map(ErrorGroup::path).collect(),
        }
    }

    /// All of them, in their order.
    pub(super) fn all(told: &Told<'_>, reasons: &[Reason]) -> Vec<Self> {
        reasons.iter().map(|reason| Self::new(told, reason)).collect()
    }

    fn when(&self, today: Minute) -> String {
        let at = |at| clock(Minute::floor(at), today);
        let (first, last) = (at(self.first), at(self.last));
        if first == last { format!("at {first}") } else { format!("{first} to {last}") }
    }

    /// How many failures; a question mark where that is not known.
    fn times(&self) -> String {
        self.failures.map_or("?".into(), count)
    }
}

impl SourceRow {
    /// Both.
    pub(super) fn all(told: &Told<'_>, near: Minute) -> Vec<Self> {
        let row = |source, read: Read, span: Option<(Timestamp, Timestamp)>, failures, says| {
            let span = span.filter(|_| read != Read::Nothing);
            let (from, to) = span.unzip();
            Self { source, read: read.as_str(), from, to, failures, says }
        };
        let traces = told.traces.map(|traces| (traces.from, traces.to));
        let found = told.traces.map_or(0, |traces| traces.failed - traces.in_progress);
        let log = told.log.map(|log| (log.from, log.to));
        vec![
            row("traces", told.read_of_traces(), traces, found, told.of_traces(near)),
            row("log", told.read_of_log(), log, told.log.map_or(0, |log| log.failed), told.of_log(near)),
        ]
    }
}

/// Causes that are told in full.
const CAUSES: usize = 6;

/// The list on the page.
pub(super) fn text(page: &mut Page, rows: &[CauseRow], basis: &str, today: Minute) {
    if rows.is_empty() {
        return;
    }
    page.fill(label("", "cause", BOLD)).words(DIM, basis).end();
    for row in rows.iter().take(CAUSES) {
        let style = if row.grave { CRITICAL } else { WARNING };
        let start = Line::default().then(style, &format!("{:>4} × ", row.times())).to(NAMES);
        page.fill(start).words(BOLD, &row.what).end();
        for path in &row.paths {
            page.fill(Line::at(DETAIL)).words(PLAIN, path).end();
        }
        if let Some(meaning) = &row.meaning {
            page.fill(Line::at(DETAIL)).words(PLAIN, meaning).end();
        }
        let ago = today.0 - Minute::floor(row.last).0;
        let ago = if ago > 0 { format!("last {} ago", minutes(ago)) } else { "last just now".into() };
        page.fill(Line::at(DETAIL))
            .item(PLAIN, row.age.in_words().unwrap_or_default())
            .item(DIM, &row.when(today))
            .item(DIM, &ago)
            .item(DIM, &row.seen)
            .end();
        if let Some(line) = &row.line {
            page.fill(Line::at(DETAIL)).hang(DETAIL + 13).words(DIM, line).end();
        }
        if let Some(id) = &row.request {
            page.fill(Line::at(DETAIL + 13)).words(DIM, &format!("of request {}", id.shown())).end();
        }
        if let Some(id) = &row.trace {
            page.fill(Line::at(DETAIL)).words(DIM, &format!("slmon trace {}", id.shown())).end();
        }
    }
    let more = rows.len().saturating_sub(CAUSES);
    if more > 0 {
        let text = format!("… and {} more: --format json lists all", count(more as u64));
        page.fill(Line::at(NAMES)).words(DIM, &text).end();
    }
}

/// The same for a ticket. `full` is up to where it may fill the page, in bytes.
pub(super) fn markdown(paper: &mut Paper, rows: &[CauseRow], basis: &str, full: usize, today: Minute) {
    if rows.is_empty() {
        return;
    }
    // Only what is no plain word is a code span, such as the log group's name.
    let word = |word: &str| {
        let bare = word.trim_end_matches([',', ';', ':']);
        format!("{}{}", prose(bare), &word[bare.len()..])
    };
    let basis: Vec<_> = basis.split(' ').map(word).collect();
    paper.line(&format!("### Cause\n\n{}.", basis.join(" ")));
    let cells = |row: &CauseRow| {
        let meaning = row.meaning.as_ref().map_or(String::new(), |meaning| format!(" {}", prose(meaning)));
        let evidence = [&row.trace, &row.request].into_iter().flatten().map(|id| code(id.raw())).collect::<Vec<_>>();
        let paths: Vec<String> = row.paths.iter().map(|path| code(path)).collect();
        let age = match row.age {
            Age::New => "new",
            Age::Known => "known",
            Age::Unknown => "–",
        };
        [
            row.times(),
            format!("{}{meaning}", code(&row.what)),
            paths.join(" "),
            prose(&row.seen),
            age.into(),
            row.when(today),
            evidence.join(" "),
        ]
    };
    let head = ["failures", "cause", "path", "seen in", "age", "when (UTC)", "trace, request"];
    paper.table("cause", full, head, rows, cells);
}
