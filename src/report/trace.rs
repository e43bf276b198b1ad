//! One trace: as a waterfall for people, as JSON for machines.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Api, Coverage, Telling,
    canvas::{BOLD, CRITICAL, DIM, Line, PLAIN, Page, WARNING, width},
    text::{DETAIL, NAMES, demo, label},
};
use crate::domain::{
    account::AccountId,
    text::{AwsText, count},
    trace::{
        document::Thrown,
        tree::{Node, Tree},
        words::{bar, micros},
    },
};

/// The name and version of the JSON schema.
pub const SCHEMA: &str = "slmon.trace/1";

/// A trace. Field by field it is the documented JSON.
#[derive(Clone, Debug, Serialize)]
pub struct TraceRow {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Its id.
    pub id: AwsText,
    /// When it began.
    pub start: Timestamp,
    /// Seconds that it took.
    pub seconds: f64,
    /// Whether a function was started for it.
    pub cold_start: bool,
    /// Attempts beyond the first.
    pub retries: usize,
    /// What is wrong with it.
    pub remarks: Vec<String>,
    /// Its parts, each after what it is a part of.
    pub spans: Vec<SpanRow>,
}

/// What `slmon trace` says: a trace, and who was asked for it.
#[derive(Clone, Debug, Serialize)]
pub struct TraceReport {
    /// The trace.
    #[serde(flatten)]
    pub trace: TraceRow,
    /// How much of the estate was asked for parts of it.
    pub coverage: Coverage,
    /// What the run took.
    pub api: Api,
}

/// A segment or subsegment.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "X-Ray's own flags, and what was made of them")]
pub struct SpanRow {
    /// Its id.
    pub id: String,
    /// The id of what it is a part of; none at the top.
    pub parent: Option<String>,
    /// Its name.
    pub name: AwsText,
    /// `AWS::Lambda::Function`, `aws`, `remote`: what it stands for or calls.
    #[serde(rename = "type")]
    pub kind: Option<AwsText>,
    /// Seconds after the trace's begin.
    pub start: f64,
    /// Seconds that it took; none where it is in progress.
    pub seconds: Option<f64>,
    /// Seconds in which nothing below it ran.
    pub own: f64,
    /// Whether it is on the critical path.
    pub critical: bool,
    /// Whether it is on the way to where the failure began.
    pub failing: bool,
    /// Whether the failure began here.
    pub began: bool,
    /// A fault.
    pub fault: bool,
    /// An error.
    pub error: bool,
    /// Refused.
    pub throttle: bool,
    /// The account that it ran in.
    pub account: Option<AccountId>,
    /// The region that it ran in.
    pub region: Option<AwsText>,
    /// What was called.
    pub operation: Option<AwsText>,
    /// What it was about.
    pub resource: Option<AwsText>,
    /// The id that logs bear as well.
    pub request_id: Option<AwsText>,
    /// What was asked over HTTP.
    pub request: Option<AwsText>,
    /// The status that came back.
    pub status: Option<i64>,
    /// A query.
    pub sql: Option<AwsText>,
    /// What was thrown in it.
    pub exceptions: Vec<ExceptionRow>,
    /// Annotations.
    pub annotations: BTreeMap<AwsText, AwsText>,
    /// Metadata; values as JSON texts.
    pub metadata: BTreeMap<AwsText, AwsText>,
}

/// What was thrown.
#[derive(Clone, Debug, Serialize)]
pub struct ExceptionRow {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Option<AwsText>,
    /// Its message.
    pub message: Option<AwsText>,
    /// Frames, the innermost first.
    pub stack: Vec<AwsText>,
}

impl TraceRow {
    /// A tree as a row.
    pub fn new(tree: &Tree) -> Self {
        Self {
            schema: SCHEMA,
            id: tree.id.clone(),
            start: Timestamp::from_microsecond(tree.start).unwrap_or_default(),
            seconds: seconds(tree.took()),
            cold_start: tree.cold_start,
            retries: tree.retries,
            remarks: tree.remarks.clone(),
            spans: tree.nodes.iter().map(|node| span(tree, node)).collect(),
        }
    }
}

fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

fn span(tree: &Tree, node: &Node) -> SpanRow {
    let span = &node.span;
    SpanRow {
        id: span.id.to_string(),
        parent: node.parent.and_then(|parent| tree.nodes.get(parent)).map(|parent| parent.span.id.to_string()),
        name: span.name.clone(),
        kind: span.origin.clone().or_else(|| span.namespace.clone()),
        start: seconds(span.start - tree.start),
        seconds: span.end.map(|end| seconds(end - span.start)),
        own: seconds(node.own),
        critical: node.critical,
        failing: node.failing,
        began: node.began,
        fault: span.fault,
        error: span.error,
        throttle: span.throttle,
        account: span.account.clone(),
        region: span.region.clone(),
        operation: span.operation.clone(),
        resource: span.resource.clone(),
        request_id: span.request_id.clone(),
        request: span.http.as_ref().map(|(request, _)| request.clone()).filter(|request| !request.raw().is_empty()),
        status: span.http.as_ref().and_then(|(_, status)| *status),
        sql: span.sql.clone(),
        exceptions: span
            .exceptions
            .iter()
            .map(|thrown| ExceptionRow {
                kind: thrown.name.clone(),
                message: thrown.message.clone(),
                stack: thrown.stack.clone(),
            })
            .collect(),
        annotations: span.annotations.iter().cloned().collect(),
        metadata: span.metadata.iter().cloned().collect(),
    }
}

/// Which parts of a trace are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of it.
    All,
    /// What failed and what led there, and what the end waited for.
    FailingPath,
}

/// Parts that are drawn of a failing path.
const MOST: usize = 14;

/// Draws the parts of a trace, a line each: name, time, and a bar on the axis of the trace. Solid bars are the critical
/// path.
pub(super) fn waterfall(page: &mut Page, tree: &Tree, which: Which) {
    let rows: Vec<&Node> = match which {
        Which::All => tree.nodes.iter().collect(),
        Which::FailingPath => tree.outline().take(MOST).collect(),
    };
    let indent = |node: &Node| node.depth.min(12) * 2;
    let most = (page.width() * 9 / 20).max(16);
    let labels: Vec<String> = rows.iter().map(|node| node.label()).collect();
    let widest = rows.iter().zip(&labels).map(|(node, label)| indent(node) + width(label)).max().unwrap_or(0).min(most);
    let names = 4;
    let times = names + widest + 2;
    let bars = times + 9 + 2;
    // Room for the word after it.
    let cells = page.width().saturating_sub(bars + 10).clamp(8, 80);
    for (node, name) in rows.into_iter().zip(&labels) {
        let (glyph, style) = mark(node);
        let room = widest.saturating_sub(indent(node));
        let name = clipped(name, room);
        let time = micros(node.took());
        let (lead, blocks) = bar(tree, node, cells);
        let line = Line::default().then(PLAIN, " ").then(style, glyph).to(names + indent(node));
        let line = line.then(if node.began { BOLD } else { PLAIN }, &name).to(times);
        let line = line.then(DIM, &format!("{time:>9}")).to(bars + lead).then(style, &blocks);
        let line = match node.ending() {
            "" => line,
            ending if line.width() + 1 + ending.len() <= page.width() => line.then(style, &format!(" {ending}")),
            _ => line,
        };
        page.line(line);
    }
}

/// A text of at most so many columns, with what was cut told by an ellipsis.
fn clipped(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if width(&kept) > columns.saturating_sub(1) {
            kept.pop();
            break;
        }
    }
    format!("{kept}…")
}

fn mark(node: &Node) -> (&'static str, anstyle::Style) {
    let span = &node.span;
    match (span.fault, span.error || span.throttle, span.end) {
        (true, ..) => ("✖", CRITICAL),
        (_, true, _) => ("▲", WARNING),
        (.., None) => ("…", DIM),
        _ => (" ", PLAIN),
    }
}

/// An exception with so many frames of its stack.
pub(super) fn exception(page: &mut Page, column: usize, thrown: &Thrown, frames: usize) {
    let name = thrown.name.as_ref().map_or("exception".into(), |name| name.shown());
    let message = thrown.message.as_ref().map_or(String::new(), |message| format!(": {}", message.shown()));
    page.fill(Line::at(column)).words(CRITICAL, &format!("{name}{message}")).end();
    for frame in thrown.stack.iter().take(frames) {
        page.fill(Line::at(column + 2)).words(DIM, &format!("at {}", frame.shown())).end();
    }
    if thrown.stack.len() > frames {
        let more = format!("… {} more frames", count((thrown.stack.len() - frames) as u64));
        page.fill(Line::at(column + 2)).words(DIM, &more).end();
    }
}

/// Parts of which the same is to be told, the first of each with how many there are, in their order.
fn alike<'a, K: Eq + Hash>(
    nodes: impl Iterator<Item = &'a Node>,
    key: impl Fn(&'a Node) -> K,
) -> Vec<(&'a Node, usize)> {
    let mut told: Vec<(&Node, usize)> = Vec::new();
    let mut places: HashMap<K, usize> = HashMap::new();
    for node in nodes {
        let place = *places.entry(key(node)).or_insert(told.len());
        match told.get_mut(place) {
            Some((_, times)) => *times += 1,
            None => told.push((node, 1)),
        }
    }
    told
}

/// What was thrown in a part, without the ids, which always differ.
fn thrown(node: &Node) -> Vec<(&Option<AwsText>, &Option<AwsText>, &[AwsText])> {
    node.span.exceptions.iter().map(|thrown| (&thrown.name, &thrown.message, &*thrown.stack)).collect()
}

fn repeated(times: usize) -> String {
    if times > 1 { format!(", {times} times") } else { String::new() }
}

/// A trace as styled text.
pub fn text(tree: &Tree, telling: &Telling) -> String {
    let mut page = Page::new(telling.width);
    page.fill(label("", "trace", BOLD)).item(BOLD, &tree.id.shown()).item(PLAIN, &tree.summary()).end();
    page.blank();
    waterfall(&mut page, tree, Which::All);
    let threw = tree.nodes.iter().filter(|node| !node.span.exceptions.is_empty());
    for (node, times) in alike(threw, |node| (node.label(), thrown(node))) {
        page.blank();
        page.fill(Line::at(DETAIL)).words(DIM, &format!("in {}{}", node.label(), repeated(times))).end();
        for thrown in &node.span.exceptions {
            exception(&mut page, DETAIL, thrown, 12);
        }
    }
    let noted = tree.nodes.iter().filter(|node| !node.span.annotations.is_empty());
    for (at, (node, times)) in alike(noted, |node| (node.label(), &node.span.annotations)).into_iter().enumerate() {
        if at == 0 {
            page.blank();
        }
        let mut fill = page.fill(label("", "notes", DIM)).whole(DIM, &format!("{}{}", node.label(), repeated(times)));
        for (key, value) in &node.span.annotations {
            fill = fill.item(PLAIN, &format!("{}={}", key.shown(), value.shown()));
        }
        fill.end();
    }
    if !tree.remarks.is_empty() {
        page.blank();
    }
    for remark in &tree.remarks {
        page.fill(label("!", "note", WARNING)).words(PLAIN, remark).end();
    }
    page.blank();
    page.fill(Line::at(NAMES)).words(DIM, "solid bars: what the end waited for; shaded: what ran beside it").end();
    demo(&mut page, telling);
    page.finish()
}
