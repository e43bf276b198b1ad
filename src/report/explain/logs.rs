//! What the log of a function says, beside its traces: its causes, which of those of traces they are, and the lines of one
//! invocation.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    domain::{
        logs::{
            Level, LogEvent,
            cause::CauseKind,
            groups::{CauseGroup, LogCauses},
            report::Report,
            secrets,
            words::{clock as instant, lines},
        },
        text::{AwsText, counted},
        trace::causes::Age,
        why::Reason,
    },
    report::{
        canvas::{BOLD, CRITICAL, DIM, Line, PLAIN, Page, WARNING},
        markdown::{Paper, prose},
        text::{NAMES, label},
    },
};

/// What the log of a function says.
#[derive(Clone, Debug, Serialize)]
pub struct LogsRow {
    /// The log group's name.
    pub group: AwsText,
    /// Whether the name is Lambda's default, since the function's configuration could not be read.
    pub assumed: bool,
    /// From when on it was read.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// Failures that were found.
    pub failures: u64,
    /// What is missing and what to do about it, in sentences.
    pub remarks: Vec<String>,
    /// What failed for the same reason, the commonest first.
    pub groups: Vec<LogGroupRow>,
    /// The lines of one invocation that failed, without secrets.
    pub example: Vec<EventRow>,
    /// What Lambda reported of it.
    pub report: Option<Report>,
    #[serde(skip)]
    events: Vec<LogEvent>,
}

/// Failures with one cause, as the log tells them.
#[derive(Clone, Debug, Serialize)]
pub struct LogGroupRow {
    /// What kind of failure it is.
    pub kind: CauseKind,
    /// The exception's type; none where there is none.
    pub exception: Option<AwsText>,
    /// Its message, without what differs each time and without secrets.
    pub message: AwsText,
    /// So many failures say it.
    pub lines: u64,
    /// When the first of them was written.
    pub first: Timestamp,
    /// When the last of them was.
    pub last: Timestamp,
    /// Whether it was there before the alert began.
    pub age: Age,
    /// The request of the newest, where it says so.
    pub request: Option<AwsText>,
    /// The place among the groups of traces of the one that is the same; none where no trace tells of it.
    pub trace_group: Option<usize>,
}

/// An event of a log, without secrets.
#[derive(Clone, Debug, Serialize)]
pub struct EventRow {
    /// When it was written.
    pub at: Timestamp,
    /// The stream.
    pub stream: AwsText,
    /// How grave it says it is.
    pub level: Option<Level>,
    /// What was written.
    pub text: AwsText,
}

impl LogsRow {
    /// What a log says of a function that fails for these reasons.
    pub fn new(causes: &LogCauses, reasons: &[Reason]) -> Self {
        let traced = |at: usize| reasons.iter().find(|reason| reason.logged.contains(&at))?.traced.first().copied();
        let row = |(at, group): (usize, &CauseGroup)| LogGroupRow {
            kind: group.kind,
            exception: group.exception.clone(),
            message: group.message.clone(),
            lines: group.lines,
            first: group.first,
            last: group.last,
            age: group.age,
            request: group.request.clone(),
            trace_group: traced(at),
        };
        let event = |event: &LogEvent| EventRow {
            at: event.at,
            stream: event.stream.clone(),
            level: lines(event, false).0.level,
            text: secrets::mask(event.text.raw()).into_owned().into(),
        };
        Self {
            group: causes.group.name.clone(),
            assumed: causes.group.assumed,
            from: causes.from,
            to: causes.to,
            failures: causes.failed,
            remarks: causes.remarks(),
            groups: causes.groups.iter().enumerate().map(row).collect(),
            example: causes.example.iter().map(event).collect(),
            report: causes.report.clone(),
            events: causes.example.clone(),
        }
    }
}

/// Lines that are told.
const LINES: usize = 16;

/// The log's part of the page.
pub(super) fn text(page: &mut Page, row: &LogsRow) {
    for remark in &row.remarks {
        page.fill(label("", "log", BOLD)).words(PLAIN, remark).end();
    }
    if row.events.is_empty() {
        return;
    }
    page.blank();
    let report = row.report.as_ref().map(Report::words).unwrap_or_default();
    let lines = counted(row.events.len() as u64, "event");
    page.fill(label("", "lines", BOLD)).item(PLAIN, &format!("{lines} of one invocation")).item(DIM, &report).end();
    for (style, line) in told(row) {
        page.fill(Line::at(NAMES)).hang(NAMES + 13).words(style, &line).end();
    }
}

/// The lines of the example, as many as there is room for, the last ones rather than the first: there it failed.
fn told(row: &LogsRow) -> Vec<(anstyle::Style, String)> {
    let mut told = Vec::new();
    for event in &row.events {
        let (line, shown) = lines(event, false);
        let style = match line.level {
            Some(Level::Error | Level::Fatal) => CRITICAL,
            Some(Level::Warn) => WARNING,
            _ if line.what == crate::domain::logs::line::What::Said => PLAIN,
            _ => DIM,
        };
        for (at, text) in shown.into_iter().enumerate() {
            let time = if at == 0 { instant(event.at) } else { " ".repeat(12) };
            told.push((style, format!("{time} {text}")));
        }
    }
    let left_out = told.len().saturating_sub(LINES);
    if left_out > 0 {
        told.drain(..left_out);
        told.insert(0, (DIM, format!("… {} before these: --format json has all", counted(left_out as u64, "line"))));
    }
    told
}

/// The same for a ticket.
pub(super) fn markdown(paper: &mut Paper, row: &LogsRow) {
    for remark in &row.remarks {
        paper.line(&format!("- {}", prose(remark)));
    }
    if row.events.is_empty() {
        return;
    }
    let block: Vec<String> = told(row).into_iter().map(|(_, line)| line).collect();
    let block = block.join("\n");
    // No fence within can end the block.
    let longest = block.split(|c| c != '`').map(str::len).max().unwrap_or_default().max(2);
    let fence = "`".repeat(longest + 1);
    paper.line(&format!("{fence}text\n{block}\n{fence}"));
}
