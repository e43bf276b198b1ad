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
    domain::{account::Target, text::AwsText, trace::LONGEST, trace::graph::Graph},
    engine::{End, explain},
    report::{self, build::coverage_of},
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
    let start = sweep::start(scope, Flags::default())?;
    let until = Instant::now() + start.config().alert.deadline;
    let swept = enter(&start, scope, "map").await;
    if swept.end == End::Interrupted {
        return Ok(130);
    }
    let to = start.minute();
    let (from, to) = (to.plus(-minutes).timestamp(), to.timestamp());
    let targets: Vec<Target> = swept.fleet.targets().map(|state| state.target.clone()).collect();
    let (whole, failures) = explain::map(&*swept.source, &targets, (from, to), until).await;
    let mut remarks: Vec<String> = failures
        .iter()
        .map(|(target, failure)| {
            format!("{} {}: {}; {}", target.account.id, target.region, failure.message.shown(), failure.hint)
        })
        .collect();
    let around = args.name.as_ref().map(|name| report::map::find(&whole, &AwsText::from(name.as_str())));
    let missing = around.as_ref().is_some_and(Vec::is_empty);
    if missing {
        let name = args.name.as_deref().unwrap_or_default();
        remarks.insert(
            0,
            format!("X-Ray knows no function {name} in this time: it did not run, has no tracing, or is out of scope"),
        );
    }
    let around = around.unwrap_or_default();
    let graph = match args.name {
        None if args.all => whole,
        None => failing(&whole),
        Some(_) => around.iter().fold(Graph::default(), |graph, key| graph.with(&whole.around(key, args.all))),
    };
    let coverage = coverage_of(&swept.fleet, &start.config().accept_unseen, start.minute());
    let seen = coverage.unseen.is_empty() && failures.is_empty() && !missing;
    let map = report::map::Map {
        from,
        to,
        around,
        graph,
        only_failing: !args.all,
        coverage,
        remarks,
        api: api(&swept.source.usage()),
    };
    let telling = telling(&start, scope);
    output::write_all(&outputs, |format| match format {
        Format::Text => report::map::text(&map, &telling),
        Format::Mermaid => report::map::mermaid(&map),
        Format::Json => report::map::json(&map),
    })?;
    Ok(if seen { 0 } else { 3 })
}

/// Every call that fails, with both of its ends.
fn failing(whole: &Graph) -> Graph {
    whole.only(|stats| stats.failed() > 0)
}
