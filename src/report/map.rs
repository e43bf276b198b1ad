//! Who calls whom, as text, as a Mermaid diagram and as JSON.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Api, Coverage, Telling,
    canvas::{BOLD, CRITICAL, DIM, Line, PLAIN, Page, WARNING},
    text::{NAMES, demo, label, unseen_section},
};
use crate::domain::{
    account::AccountId,
    function::name_of_arn,
    rules::Glob,
    text::{AwsText, clean, counted, percent, usd},
    trace::{
        ServiceName,
        graph::{Graph, Key, Stats},
        words::seconds,
    },
};

/// The name and version of the JSON schema.
pub const SCHEMA: &str = "slmon.map/1";

/// What `slmon map` found.
#[derive(Clone, Debug)]
pub struct Map {
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// The functions around which it is drawn; none for all of it.
    pub around: Vec<Key>,
    /// What is drawn.
    pub graph: Graph,
    /// Whether somebody asked for a function that X-Ray does not know; the first remark says so.
    pub missing: bool,
    /// Whether what does not fail was left out.
    pub only_failing: bool,
    /// What was seen of what there is to see.
    pub coverage: Coverage,
    /// What could not be read, in sentences.
    pub remarks: Vec<String>,
    /// What the run asked of AWS.
    pub api: Api,
}

#[derive(Serialize)]
struct NodeRow<'a> {
    #[serde(flatten)]
    service: &'a ServiceName,
    #[serde(flatten)]
    stats: &'a Stats,
    p95: Option<f64>,
}

#[derive(Serialize)]
struct EdgeRow<'a> {
    from: &'a ServiceName,
    to: &'a ServiceName,
    #[serde(flatten)]
    stats: &'a Stats,
    p95: Option<f64>,
}

/// The map as JSON.
pub fn json(map: &Map) -> String {
    let services: Vec<_> =
        map.graph.nodes().map(|(service, stats)| NodeRow { service, stats, p95: stats.percentile(0.95) }).collect();
    let calls: Vec<_> =
        map.graph.edges().map(|(from, to, stats)| EdgeRow { from, to, stats, p95: stats.percentile(0.95) }).collect();
    super::json::pretty(&serde_json::json!({
        "schema": SCHEMA, "from": map.from, "to": map.to, "only_failing": map.only_failing, "around": map.around,
        "coverage": map.coverage, "services": services, "calls": calls, "remarks": map.remarks, "api": map.api,
    }))
}

/// `12 a minute · 41 % failed · p95 10.2 s`.
fn edge(stats: &Stats, minutes: f64) -> String {
    let rate = stats.total() as f64 / minutes.max(1.0);
    let rate = if rate >= 9.95 { format!("{rate:.0}") } else { format!("{rate:.1}") };
    let mut parts = vec![format!("{rate} a minute")];
    if stats.failed() > 0 {
        parts.push(format!("{} failed", percent(stats.share().unwrap_or(0.0))));
    }
    if stats.throttles > 0 && stats.throttles == stats.failed() {
        parts.push("throttled".into());
    }
    parts.extend(stats.percentile(0.95).map(|p95| format!("p95 {}", seconds(p95))));
    parts.join(" · ")
}

/// The map as styled text: what calls each function, and what it calls, deeper and deeper.
pub fn text(map: &Map, telling: &Telling) -> String {
    let mut page = Page::new(telling.width);
    let minutes = map.to.duration_since(map.from).as_secs_f64() / 60.0;
    let failed = |key: &&Key| map.graph.stats(key).map_or(0, Stats::failed);
    let mut around: Vec<&Key> = map.around.iter().collect();
    around.sort_by_key(|key| std::cmp::Reverse(failed(key)));
    // Of several of one name, those are meant that fail.
    if map.only_failing && around.first().is_some_and(|key| failed(key) > 0) {
        around.retain(|key| failed(key) > 0);
    }
    let fine = map.around.len() - around.len();
    for (at, key) in around.into_iter().enumerate() {
        if at > 0 {
            page.blank();
        }
        let callers = map.graph.callers(key);
        for (at, (from, stats)) in callers.iter().enumerate() {
            let word = if at == 0 { "callers" } else { "" };
            row(&mut page, label("", word, BOLD), 0, from, &edge(stats, minutes), stats);
        }
        if callers.is_empty() {
            page.fill(label("", "callers", BOLD)).words(DIM, "none that X-Ray knows").end();
        }
        let own = map.graph.stats(key).map_or(String::new(), |stats| edge(stats, minutes));
        let account = key.account.as_ref().map(|account| account.as_str().to_owned()).unwrap_or_default();
        let fill = page.fill(label("", "function", BOLD)).whole(BOLD, &key.shown());
        fill.item(PLAIN, &own).item(DIM, &account).end();
        let mut drawn = BTreeSet::new();
        let mut first = true;
        below(&mut page, map, key, 0, minutes, &mut drawn, &mut first);
        if first {
            let fails = map.graph.stats(key).is_some_and(|stats| stats.failed() > 0);
            let text = match (map.only_failing, fails) {
                (false, _) => "nothing that X-Ray knows",
                (true, true) => "nothing that fails: it fails by itself",
                (true, false) => "nothing that fails",
            };
            page.fill(label("", "calls", BOLD)).words(DIM, text).end();
        }
    }
    if map.missing {
        let why = map.remarks.first().map_or("X-Ray does not know it", String::as_str);
        page.fill(label("?", "map", WARNING)).words(PLAIN, why).end();
    } else if map.around.is_empty() {
        for (from, to, stats) in map.graph.edges() {
            let calls = format!("{} → {}", from.shown(), to.shown());
            page.fill(mark(stats)).whole(PLAIN, &calls).item(DIM, &edge(stats, minutes)).end();
        }
        if map.graph.edges().next().is_none() {
            let text =
                if map.only_failing { "no call fails in this time" } else { "X-Ray knows of no call in this time" };
            page.fill(label("·", "map", DIM)).words(PLAIN, text).end();
        }
    }
    page.blank();
    if fine > 0 {
        let text = format!("{} of this name did not fail", counted(fine as u64, "other function"));
        page.fill(Line::at(NAMES)).words(DIM, &text).end();
    }
    if map.only_failing {
        page.fill(Line::at(NAMES)).words(DIM, "only what fails is drawn: --all draws the rest").end();
    }
    unseen_section(&mut page, &map.coverage);
    for remark in map.remarks.iter().skip(usize::from(map.missing)) {
        page.fill(label("!", "note", WARNING)).words(PLAIN, remark).end();
    }
    page.fill(label("·", "cost", DIM))
        .item(DIM, &format!("{} requests", map.api.requests))
        .item(DIM, &usd(map.api.usd))
        .item(DIM, "sampled by X-Ray: shares are estimates")
        .end();
    demo(&mut page, telling);
    page.finish()
}

fn mark(stats: &Stats) -> Line {
    match (stats.faults, stats.failed()) {
        (1.., _) => label("✖", "", CRITICAL),
        (_, 1..) => label("▲", "", WARNING),
        _ => label("", "", PLAIN),
    }
}

fn row(page: &mut Page, start: Line, indent: usize, key: &Key, told: &str, stats: &Stats) {
    let (glyph, style) = match (stats.faults, stats.failed()) {
        (1.., _) => ("✖ ", CRITICAL),
        (_, 1..) => ("▲ ", WARNING),
        _ => ("  ", PLAIN),
    };
    let start = start.to(NAMES + indent * 2).then(style, glyph);
    let account = key.account.as_ref().map(|account| account.as_str().to_owned()).unwrap_or_default();
    page.fill(start).whole(PLAIN, &key.shown()).item(style, told).item(DIM, &account).end();
}

fn below(
    page: &mut Page,
    map: &Map,
    key: &Key,
    depth: usize,
    minutes: f64,
    drawn: &mut BTreeSet<Key>,
    first: &mut bool,
) {
    // A circle is drawn once, and no chain without end.
    if depth > 12 || !drawn.insert(key.clone()) {
        return;
    }
    for (to, stats) in map.graph.callees(key) {
        let start = label("", if *first { "calls" } else { "" }, BOLD);
        *first = false;
        row(page, start, depth, to, &edge(stats, minutes), stats);
        below(page, map, to, depth + 1, minutes, drawn, first);
    }
}

/// The map as a Mermaid flowchart. Names stand in quotes, cleaned of what Mermaid reads.
pub fn mermaid(map: &Map) -> String {
    let minutes = map.to.duration_since(map.from).as_secs_f64() / 60.0;
    let numbers: BTreeMap<&Key, usize> = map.graph.nodes().map(|(key, _)| key).zip(0..).collect();
    let mut out = String::from("flowchart LR\n");
    for (key, number) in &numbers {
        let _ = writeln!(out, "  n{number}[\"{}\"]", quoted(&key.shown()));
    }
    let mut failing = Vec::new();
    for (at, (from, to, stats)) in map.graph.edges().enumerate() {
        let (Some(from), Some(to)) = (numbers.get(from), numbers.get(to)) else { continue };
        let _ = writeln!(out, "  n{from} -->|\"{}\"| n{to}", quoted(&edge(stats, minutes)));
        if stats.failed() > 0 {
            failing.push(at.to_string());
        }
    }
    if !failing.is_empty() {
        let _ = writeln!(out, "  linkStyle {} stroke:#c00,stroke-width:3px", failing.join(","));
    }
    let focus: Vec<_> =
        map.around.iter().filter_map(|key| numbers.get(key)).map(|number| format!("n{number}")).collect();
    if !focus.is_empty() {
        let _ = writeln!(out, "  classDef focus stroke-width:3px\n  class {} focus", focus.join(","));
    }
    out
}

/// A text in Mermaid's quotes: its entities for what would end or change it.
fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for c in clean(text).chars() {
        match c {
            '"' | '#' | '<' | '>' | '`' | '&' | ';' => {
                let _ = write!(quoted, "#{};", u32::from(c));
            }
            _ => quoted.push(c),
        }
    }
    quoted
}

/// The functions in a graph that a name, a glob or an ARN means; an ARN means that of its account.
pub fn find(graph: &Graph, name: &str) -> Vec<Key> {
    let (bare, account) = (name_of_arn(name), AccountId::of_arn(name));
    let glob = Glob::new(bare.unwrap_or(name)).ok();
    let exact = |known: &AwsText| known.raw() == bare.unwrap_or(name);
    let fits = |known: &AwsText| exact(known) || glob.as_ref().is_some_and(|glob| glob.is_match(known.raw()));
    let found = graph.functions_named(fits).into_iter();
    let here = |key: &&Key| bare.is_none() || key.account.is_none() || key.account == account;
    found.filter(here).cloned().collect()
}
