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
        text::{AwsText, clean, minutes},
        trace::{
            LONGEST, TraceFilter, TraceRequest, Wanted,
            causes::Cut,
            took::Took,
            words::{NO_TIME, over_cost},
        },
        usage::{DOLLARS_PER_TRACE, Usage},
        window::{Horizon, Minute},
    },
    engine::{
        End,
        explain::{Allowance, Found, pages, whole},
        plan::{Depth, Settings},
    },
    report::{
        self, Api, Coverage,
        build::coverage_of,
        trace::{TraceReport, TraceRow},
        traces::{SCHEMA, TraceList, TraceListRow},
    },
    source::Source,
};

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
    let span = span_minutes(text).map_err(|why| Refusal::usage(format!("--window {text}: {why}")))?;
    if span > most {
        return Err(Refusal::usage(format!("--window {text} is too long: {} at most", minutes(most))));
    }
    Ok(span)
}

/// The meter's end, for reports.
pub(super) fn api(usage: &Usage) -> Api {
    Api {
        requests: usage.total(),
        metrics: usage.metrics,
        traces: usage.traces,
        log_bytes: usage.scanned,
        tail_minutes: usage.tailed,
        usd: usage.dollars_exactly(),
    }
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
    let asked = Listed { minutes, to: start.minute().plus(1), all: args.all, hidden: args.hidden, limit: args.limit };
    let coverage = coverage_of(&swept.fleet, &start.config().accept_unseen, start.minute());
    let (list, code) = found(&*swept.source, &swept.fleet, &asked, coverage, (&allowance, until)).await;
    let telling = telling(&start, scope);
    output::write_all(&outputs, |format| match format {
        listing::Format::Text => report::traces::text(&list, &telling),
        listing::Format::Json => report::json::pretty(&list),
    })?;
    Ok(code)
}

/// Which traces are listed.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// Minutes that are looked back.
    pub minutes: i64,
    /// Until when (exclusive).
    pub to: Minute,
    /// Those that did not fail, too.
    pub all: bool,
    /// Those of functions that are not production, too.
    pub hidden: bool,
    /// How many at most.
    pub limit: usize,
}

/// The newest traces of what is watched, and the exit code. No more is read than may be spent, and not for longer than
/// until then.
pub async fn found(
    source: &dyn Source,
    fleet: &Fleet,
    asked: &Listed,
    coverage: Coverage,
    (allowance, until): (&Allowance, Instant),
) -> (TraceList, u8) {
    let Listed { minutes, to, all, hidden, limit } = *asked;
    let from = to.plus(-minutes);
    let wanted = if all { Wanted::All } else { Wanted::FailedOrThrottled };
    let targets = watched(fleet, hidden);
    let (mut rows, mut seen, mut remarks, mut cut) = (Vec::new(), BTreeSet::new(), BTreeSet::new(), None);
    let mut price = Price::new(targets.len(), minutes);
    // Traces a minute of each target, as far as it was read; none of those that can't be.
    let mut rates: Vec<Option<f64>> = vec![Some(0.0); targets.len()];
    // The newest minutes of all targets first, and each time further back: so what is allowed is spent on the newest, and
    // what a minute costs is known before many are asked for.
    for (start, end) in stretches(from, to) {
        let length = (end.0 - start.0) as f64;
        let asks = targets.iter().zip(&rates).enumerate().filter_map(|(place, ((target, names), rate))| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
            let traces = ((*rate)? * length * SPARE).ceil() as u64;
            Some((place, target, names, traces))
        });
        let read = stream::iter(asks.collect::<Vec<_>>()).map(|(place, target, names, traces)| async move {
            let filter = Some(TraceFilter::of_any(names, wanted));
            let request = TraceRequest { start: start.timestamp(), end: end.timestamp(), filter };
            let found = if allowance.hold(traces) {
                let found = pages(source, target, &request, (allowance, u64::MAX), until).await;
                allowance.release(traces);
                found
            } else {
                Found { cut: Some(Cut::Cost { allowed: allowance.limit(), rest: None }), ..Found::default() }
            };
            (place, found)
        });
        for (place, found) in read.buffered(AT_ONCE).collect::<Vec<_>>().await {
            let Some((target, names)) = targets.get(place) else { continue };
            price.add(length, &found);
            let minutes = (to.0 - start.0) as f64;
            let before = minutes - length;
            if let Some(rate) = rates.get_mut(place) {
                *rate = rate.filter(|_| found.failure.is_none());
                *rate = rate.map(|rate| (rate * before + found.scanned as f64) / minutes);
            }
            for summary in found.summaries.iter().filter(|summary| TraceFilter::is_about(names, summary)) {
                if seen.insert(summary.id.clone()) {
                    rows.push(TraceListRow::new(target, summary));
                }
            }
            remarks.extend(found.failure.map(|failure| {
                format!("{} {}: {}; {}", target.account.id, target.region, failure.message.shown(), failure.hint)
            }));
            cut = cut.or(found.cut);
        }
        if cut.is_some() {
            break;
        }
    }
    let whole = remarks.is_empty();
    let mut remarks: Vec<String> = remarks.into_iter().collect();
    remarks.extend(cut.map(|cut| match cut {
        Cut::Cost { allowed, .. } => over_cost(allowed, price.of_all()),
        _ => NO_TIME.to_owned(),
    }));
    rows.sort_by(|a, b| b.start.cmp(&a.start).then_with(|| a.id.cmp(&b.id)));
    let took = Took::of(rows.iter().map(|row| row.duration));
    let more = rows.len().saturating_sub(limit);
    rows.truncate(limit);
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
        api: api(&source.usage()),
    };
    (list, if whole { 0 } else { 3 })
}

/// Minutes of the first stretch; each later one is so many times longer.
const FIRST: (i64, i64) = (1, 4);
/// What is set aside for a stretch, beside what those before it took.
const SPARE: f64 = 1.25;

/// Stretches that are read one after the other, the newest first and short.
fn stretches(from: Minute, to: Minute) -> Vec<(Minute, Minute)> {
    let (mut end, mut length, mut stretches) = (to, FIRST.0, Vec::new());
    while end > from {
        let start = Minute((end.0 - length).max(from.0));
        stretches.push((start, end));
        (end, length) = (start, (length * FIRST.1).min(LONGEST));
    }
    stretches
}

/// What was looked through, and of how much of the time that was asked for; in minutes, all targets together.
struct Price {
    asked: f64,
    read: f64,
    scanned: u64,
}

impl Price {
    fn new(targets: usize, minutes: i64) -> Self {
        Self { asked: targets as f64 * minutes as f64, read: 0.0, scanned: 0 }
    }

    fn add(&mut self, minutes: f64, found: &Found) {
        self.scanned += found.scanned;
        if found.cut.is_none() && found.failure.is_none() {
            self.read += minutes;
        }
    }

    /// What all of it would cost in dollars, as far as what was read tells.
    fn of_all(&self) -> Option<f64> {
        let a_minute = self.scanned as f64 * DOLLARS_PER_TRACE / self.read.max(1.0);
        (self.read >= 1.0 && self.scanned > 0).then_some(a_minute * self.asked)
    }
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
    let coverage = coverage_of(&swept.fleet, &start.config().accept_unseen, start.minute());
    for unseen in coverage.unseen.iter().take(5) {
        let account = unseen.account.as_ref().map(ToString::to_string).unwrap_or_default();
        output::say(&format!("slmon: {account} could not be asked: {}; {}", unseen.message.shown(), unseen.hint));
    }
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
        listing::Format::Json => report::json::pretty(&TraceReport {
            trace: TraceRow::new(&tree),
            coverage: coverage.clone(),
            api: api(&source.usage()),
        }),
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
            clean(text)
        ))),
    }
}
