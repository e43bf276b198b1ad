//! `slmon traces` and `slmon trace`: the newest traces of what is watched, and one of them whole.

use std::{collections::BTreeSet, sync::Arc};

use futures::{StreamExt, stream};
use tokio::time::Instant;

use super::{
    Refusal,
    args::{Scope, Trace, Traces},
    explain, listing, output,
    sweep::{self, Start, Swept, telling},
};
use crate::{
    config::Flags,
    domain::{
        account::Target,
        fleet::{Fleet, Function},
        rules::{StageKind, span_minutes},
        text::AwsText,
        trace::{TraceFilter, TraceRequest, Wanted, causes::Cut, chunks, took::Took, words::small_usd},
        usage::Usage,
        window::{Horizon, Minute},
    },
    engine::{
        End,
        explain::{Found, pages, whole},
        plan::{Depth, Settings},
    },
    report::{
        self, Api,
        build::coverage_of,
        trace::TraceRow,
        traces::{SCHEMA, TraceList, TraceListRow},
    },
};

/// Names that fit a filter expression; where more are watched, all traces of functions are asked for and sorted out here.
const NAMED: usize = 20;
/// Targets that are read at once.
const AT_ONCE: usize = 16;

/// Enters every account in scope and finds what is watched there.
pub(super) async fn enter(start: &Start, scope: &Scope, what: &str) -> Swept {
    let (alert, now) = (&start.config().alert, start.minute());
    let horizon = Horizon::new(now.plus(-alert.settle), alert.window, now);
    let settings = Settings { horizon, depth: Depth::Discover { all: false, configurations: false } };
    sweep::sweep(start, scope, settings, what).await
}

/// A span of whole minutes that a flag gives, up to a greatest.
pub(super) fn window(text: &str, most: i64) -> Result<i64, Refusal> {
    let minutes = span_minutes(text).map_err(|why| Refusal::usage(format!("--window {text}: {why}")))?;
    if minutes > most {
        let most = crate::domain::text::minutes(most);
        return Err(Refusal::usage(format!("--window {text} is too long: {most} at most")));
    }
    Ok(minutes)
}

/// The meter's end, for reports.
pub(super) fn api(usage: &Usage) -> Api {
    Api { requests: usage.total(), metrics: usage.metrics, traces: usage.traces, usd: usage.dollars_exactly() }
}

/// Targets with what is watched in them.
fn watched(fleet: &Fleet, hidden: bool) -> Vec<(Target, BTreeSet<AwsText>)> {
    let shown = |function: &&Function| {
        let class = &function.class;
        class.watched && !function.is_gone() && (hidden || class.stage.kind == StageKind::Production)
    };
    let targets = fleet.targets().map(|state| {
        let names = state.known().iter().filter(shown);
        (state.target.clone(), names.map(|function| function.found.name.clone()).collect::<BTreeSet<_>>())
    });
    targets.filter(|(_, names)| !names.is_empty()).collect()
}

pub(super) async fn list(scope: &Scope, args: &Traces) -> Result<u8, Refusal> {
    let outputs = output::parse(&args.listing.formats, listing::FORMATS)?;
    let allowance = explain::allowance(&args.cost)?;
    let minutes = window(&args.window, 30 * 1440)?;
    let start = sweep::start(scope, Flags::default())?;
    let until = Instant::now() + start.config().alert.deadline;
    let swept = enter(&start, scope, "traces").await;
    if swept.end == End::Interrupted {
        return Ok(130);
    }
    let (to, source) = (start.minute().plus(1), &*swept.source);
    let from = Minute(to.0 - minutes);
    let wanted: &[Wanted] = if args.all { &[Wanted::All] } else { &[Wanted::Failed, Wanted::Throttled] };
    let targets = watched(&swept.fleet, args.hidden);
    let mut asks = Vec::new();
    // The newest of all targets first, so that what is allowed is spent on these.
    for (start, end) in chunks(from, to) {
        for (target, names) in &targets {
            asks.extend(wanted.iter().map(move |wanted| (target, names, start, end, *wanted)));
        }
    }
    let read = stream::iter(asks).map(|(target, names, start, end, wanted)| {
        let allowance = &allowance;
        async move {
            let functions = if names.len() > NAMED { Vec::new() } else { names.iter().cloned().collect() };
            let request = TraceRequest { start, end, filter: Some(TraceFilter { functions, wanted }) };
            (target, names, pages(source, target, &request, allowance, until).await)
        }
    });
    let (mut rows, mut seen, mut remarks, mut cut) = (Vec::new(), BTreeSet::new(), BTreeSet::new(), None);
    for (target, names, found) in read.buffered(AT_ONCE).collect::<Vec<_>>().await {
        let Found { summaries, failure, cut: own, .. } = found;
        for summary in summaries {
            let about = names.len() <= NAMED || summary.services.iter().any(|service| names.contains(&service.name));
            if about && seen.insert(summary.id.clone()) {
                rows.push(TraceListRow::new(target, &summary));
            }
        }
        remarks.extend(failure.map(|failure| {
            format!("{} {}: {}; {}", target.account.id, target.region, failure.message.shown(), failure.hint)
        }));
        cut = cut.or(own.filter(|cut| *cut != Cut::Enough));
    }
    let whole = remarks.is_empty();
    let mut remarks: Vec<String> = remarks.into_iter().collect();
    remarks.extend(cut.map(|cut| match cut {
        Cut::Cost { allowed, .. } => {
            format!(
                "reading stopped before it would have cost more than {}: allow more with --max-cost",
                small_usd(allowed)
            )
        }
        _ => "there was no time left to read all".to_owned(),
    }));
    rows.sort_by(|a, b| b.start.cmp(&a.start).then_with(|| a.id.cmp(&b.id)));
    let took = Took::of(rows.iter().map(|row| row.duration));
    let more = rows.len().saturating_sub(args.limit);
    rows.truncate(args.limit);
    let coverage = coverage_of(&swept.fleet, &start.config().accept_unseen, start.minute());
    let whole = whole && cut.is_none() && coverage.unseen.is_empty();
    let list = TraceList {
        schema: SCHEMA,
        from: from.timestamp(),
        to: to.timestamp(),
        coverage,
        traces: rows,
        more,
        took,
        remarks,
        api: api(&swept.source.usage()),
    };
    let telling = telling(&start, scope);
    output::write_all(&outputs, |format| match format {
        listing::Format::Text => report::traces::text(&list, &telling),
        listing::Format::Json => report::json::pretty(&list),
    })?;
    Ok(if whole { 0 } else { 3 })
}

pub(super) async fn one(scope: &Scope, args: &Trace) -> Result<u8, Refusal> {
    let outputs = output::parse(&args.listing.formats, listing::FORMATS)?;
    let id = read_id(&args.id)?;
    let start = sweep::start(scope, Flags::default())?;
    let until = Instant::now() + start.config().alert.deadline;
    let swept = enter(&start, scope, "trace").await;
    if swept.end == End::Interrupted {
        return Ok(130);
    }
    let targets: Vec<Target> = swept.fleet.targets().map(|state| state.target.clone()).collect();
    let source = Arc::clone(&swept.source);
    let whole = whole(&*source, &targets, &id, until).await;
    for (target, failure) in whole.failures.iter().take(5) {
        let why = format!("{}; {}", failure.message.shown(), failure.hint);
        output::say(&format!("slmon: {} {} could not be asked: {why}", target.account.id, target.region));
    }
    if whole.failures.len() > 5 {
        output::say(&format!("slmon: and {} more could not be asked", whole.failures.len() - 5));
    }
    let Some(tree) = whole.tree else {
        let why = "X-Ray keeps traces for 30 days, and with Transaction Search hands out none; the account or region may be out of scope";
        output::say(&format!("slmon: none of {} targets knows trace {}: {why}", targets.len(), id.shown()));
        return Ok(3);
    };
    let telling = telling(&start, scope);
    output::write_all(&outputs, |format| match format {
        listing::Format::Text => report::trace::text(&tree, &telling),
        listing::Format::Json => report::json::pretty(&TraceRow::new(&tree)),
    })?;
    Ok(0)
}

/// An id as X-Ray writes it. W3C's is the same without the version and the hyphens.
fn read_id(text: &str) -> Result<AwsText, Refusal> {
    let text = text.trim();
    let is_hex = |part: &str, digits| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        ["1", second, rest] if is_hex(second, 8) && is_hex(rest, 24) => Ok(text.into()),
        [whole] if is_hex(whole, 32) => Ok(format!("1-{}-{}", &whole[..8], &whole[8..]).to_lowercase().into()),
        _ => Err(Refusal::usage(format!(
            "{} is no trace id: it looks like 1-67891233-abcdef012345678912345678",
            crate::domain::text::clean(text)
        ))),
    }
}
