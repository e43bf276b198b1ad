//! `slmon map`: who calls whom, as far as something fails.

use tokio::time::Instant;

use super::{
    Refusal,
    args::{Map, Scope},
    output,
    sweep::{self, telling},
    traces::{api, enter, window},
};
use crate::{
    config::Flags,
    domain::{
        account::Target, fleet::Fleet, rules::Glob, text::clean, trace::LONGEST, trace::graph::Graph, window::Minute,
    },
    engine::{End, explain},
    report::{self, Coverage, build::coverage_of},
    source::Source,
};

/// The formats of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Mermaid,
    Json,
}

const FORMATS: &[(&str, Format)] = &[("text", Format::Text), ("mermaid", Format::Mermaid), ("json", Format::Json)];

pub(super) async fn run(scope: &Scope, args: &Map) -> Result<u8, Refusal> {
    let outputs = output::parse(&args.formats, FORMATS)?;
    let minutes = window(&args.window, LONGEST)?;
    if let Some(name) = &args.name {
        Glob::new(name).map_err(|why| Refusal::usage(format!("{name:?} is no glob: {why}")))?;
    }
    let start = sweep::start(scope, Flags::default())?;
    let until = Instant::now() + start.config().alert.deadline;
    let swept = enter(&start, scope, "map").await;
    if swept.end == End::Interrupted {
        return Ok(130);
    }
    let coverage = coverage_of(&swept.fleet, &start.config().accept_unseen, start.minute());
    let asked = Drawn { name: args.name.as_deref(), all: args.all, minutes, to: start.minute() };
    let (map, code) = drawn(&*swept.source, &swept.fleet, asked, coverage, until).await;
    let telling = telling(&start, scope);
    output::write_all(&outputs, |format| match format {
        Format::Text => report::map::text(&map, &telling),
        Format::Mermaid => report::map::mermaid(&map),
        Format::Json => report::map::json(&map),
    })?;
    Ok(code)
}

/// Which part of the map is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Drawn<'a> {
    /// The function around which; none for every call.
    pub name: Option<&'a str>,
    /// What does not fail, too.
    pub all: bool,
    /// Minutes that are looked back.
    pub minutes: i64,
    /// Until when.
    pub to: Minute,
}

/// Who calls whom, and the exit code.
pub async fn drawn(
    source: &dyn Source,
    fleet: &Fleet,
    asked: Drawn<'_>,
    coverage: Coverage,
    until: Instant,
) -> (report::map::Map, u8) {
    let (from, to) = (asked.to.plus(-asked.minutes).timestamp(), asked.to.timestamp());
    let targets: Vec<Target> = fleet.targets().map(|state| state.target.clone()).collect();
    let (whole, failures) = explain::map(source, &targets, (from, to), until).await;
    let mut remarks: Vec<String> = failures
        .iter()
        .map(|(target, failure)| {
            format!("{} {}: {}; {}", target.account.id, target.region, failure.message.shown(), failure.hint)
        })
        .collect();
    let around = asked.name.map(|name| report::map::find(&whole, name));
    let missing = around.as_ref().is_some_and(Vec::is_empty);
    if missing {
        let name = clean(asked.name.unwrap_or_default());
        remarks.insert(
            0,
            format!("X-Ray knows no function {name} in this time: it did not run, has no tracing, or is out of scope"),
        );
    }
    let around = around.unwrap_or_default();
    let graph = match asked.name {
        None if asked.all => whole,
        None => failing(&whole),
        Some(_) => around.iter().fold(Graph::default(), |graph, key| graph.with(&whole.around(key, asked.all))),
    };
    let seen = coverage.unseen.is_empty() && failures.is_empty() && !missing;
    let map = report::map::Map {
        from,
        to,
        around,
        graph,
        missing,
        only_failing: !asked.all,
        coverage,
        remarks,
        api: api(&source.usage()),
    };
    (map, if seen { 0 } else { 3 })
}

/// Every call that fails, with both of its ends.
fn failing(whole: &Graph) -> Graph {
    whole.only(|stats| stats.failed() > 0)
}
