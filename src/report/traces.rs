//! Traces in a list, with how long they took.

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{
    Api, Coverage, Telling,
    canvas::{BOLD, CRITICAL, DIM, GOOD, Line, PLAIN, Page, WARNING, width},
    text::{NAMES, demo, label, unseen_section},
};
use crate::domain::{
    account::{AccountId, Region, Target},
    text::{AwsText, count, counted, usd},
    trace::{Failing, Summary, took::Took, words::seconds},
};

/// The name and version of the JSON schema.
pub const SCHEMA: &str = "slmon.traces/1";

/// What `slmon traces` found. Field by field it is the documented JSON.
#[derive(Clone, Debug, Serialize)]
pub struct TraceList {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// What was seen of what there is to see.
    pub coverage: Coverage,
    /// The traces, the newest first.
    pub traces: Vec<TraceListRow>,
    /// Traces that were found and are not listed.
    pub more: usize,
    /// How long those that were found took.
    pub took: Took,
    /// What could not be read, in sentences.
    pub remarks: Vec<String>,
    /// What the run asked of AWS.
    pub api: Api,
}

/// One trace in short.
#[derive(Clone, Debug, Serialize)]
pub struct TraceListRow {
    /// Its id.
    pub id: AwsText,
    /// When it began.
    pub start: Timestamp,
    /// Seconds that it took.
    pub duration: f64,
    /// Seconds until it answered.
    pub response_time: f64,
    /// How it failed; none where it did not.
    pub failing: Option<Failing>,
    /// The status that it answered with.
    pub status: Option<i32>,
    /// What was asked.
    pub request: Option<AwsText>,
    /// Whose account.
    pub client: Option<AwsText>,
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// The functions in it.
    pub functions: Vec<AwsText>,
    /// What was thrown, without what differs each time; none where nothing was recorded.
    pub exception: Option<AwsText>,
}

impl TraceListRow {
    /// A summary that a target told.
    pub fn new(target: &Target, summary: &Summary) -> Self {
        Self {
            id: summary.id.clone(),
            start: summary.start,
            duration: summary.duration,
            response_time: summary.response_time,
            failing: summary.failing(),
            status: summary.status,
            request: summary.request.clone(),
            client: target.account.client.clone(),
            account: target.account.id.clone(),
            region: target.region.clone(),
            functions: summary.functions().cloned().collect(),
            exception: summary.exception().map(AwsText::from),
        }
    }
}

/// The list as styled text.
pub fn text(list: &TraceList, telling: &Telling) -> String {
    let mut page = Page::new(telling.width);
    let today = telling.now.to_zoned(TimeZone::UTC).date();
    for row in &list.traces {
        let (glyph, word, style) = match row.failing {
            Some(Failing::Fault) => ("✖", "fault", CRITICAL),
            Some(Failing::Error) => ("▲", "error", WARNING),
            Some(Failing::Throttle) => ("▲", "refused", WARNING),
            None => ("✔", "ok", GOOD),
        };
        let start = row.start.to_zoned(TimeZone::UTC);
        let at = start.strftime(if start.date() == today { "%H:%M:%S" } else { "%-d %b %H:%M:%S" }).to_string();
        let names: Vec<_> = row.functions.iter().map(|name| name.shown().into_owned()).collect();
        let names = if names.is_empty() { "(no function)".into() } else { names.join(", ") };
        let time = seconds(row.duration);
        let at_width = width(&at).max(8) + 2;
        let start = label(glyph, word, style).then(DIM, &at).to(NAMES + at_width);
        let start = start.then(PLAIN, &format!("{time:>8}  "));
        page.fill(start)
            .whole(BOLD, &names)
            .item(PLAIN, &row.exception.as_ref().map(|text| text.shown().into_owned()).unwrap_or_default())
            .item(DIM, &row.client.as_ref().map(|client| client.shown().into_owned()).unwrap_or_default())
            .item(DIM, row.region.as_str())
            .item(DIM, &row.id.shown())
            .end();
    }
    if list.traces.is_empty() {
        page.fill(label("·", "traces", DIM))
            .words(
                PLAIN,
                if list.remarks.is_empty() {
                    "none were found in this time"
                } else {
                    "none were found in what was read"
                },
            )
            .end();
    }
    if list.more > 0 {
        page.fill(Line::at(NAMES))
            .words(DIM, &format!("… and {} more: --limit shows more", count(list.more as u64)))
            .end();
    }
    page.blank();
    page.fill(label("", "took", BOLD))
        .item(PLAIN, &counted(list.took.traces, "trace"))
        .item(PLAIN, &list.took.words())
        .end();
    histogram(&mut page, &list.took);
    unseen_section(&mut page, &list.coverage);
    for remark in &list.remarks {
        page.fill(label("!", "note", WARNING)).words(PLAIN, remark).end();
    }
    page.fill(label("·", "cost", DIM))
        .item(DIM, &format!("{} looked through", counted(list.api.traces, "trace")))
        .item(DIM, &usd(list.api.usd))
        .item(DIM, "a sample: metrics count failures, traces explain them")
        .end();
    demo(&mut page, telling);
    page.finish()
}

fn histogram(page: &mut Page, took: &Took) {
    let most = took.histogram.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let cells = page.width().saturating_sub(NAMES + 22).clamp(8, 50);
    for (upper, count) in &took.histogram {
        let bar = "█".repeat(usize::try_from(*count * cells as u64 / most).unwrap_or(0).max(1));
        let upper = format!("up to {}", seconds(*upper));
        page.line(
            Line::at(NAMES).then(DIM, &format!("{upper:<14}")).then(PLAIN, &format!("{count:>5} ")).then(PLAIN, &bar),
        );
    }
}
