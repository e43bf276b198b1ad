//! Why a function fails: its failed traces, folded into error groups; one trace whole, from every account that knows a part
//! of it; and who calls whom. Knows no clock but the deadline, and keeps nothing: traces go into no fleet.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use futures::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use crate::{
    domain::{
        account::Target,
        failure::{Failure, Kind},
        finding::Judged,
        fleet::{Function, TargetState},
        text::AwsText,
        trace::{
            LONGEST, RawTrace, Summary, TraceFilter, TraceRequest, Wanted,
            causes::{Causes, CostLimit, Cut, Folding},
            graph::Graph,
            tree::Tree,
        },
        usage::DOLLARS_PER_TRACE,
        window::{Horizon, Minute},
    },
    source::{Source, calls},
};

/// Whose traces are asked for, and of when.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Where the function lives.
    pub target: Target,
    /// Its name.
    pub function: AwsText,
    /// From this minute on.
    pub from: Minute,
    /// Until this one.
    pub to: Minute,
    /// Since when it fails, where that is known.
    pub since: Option<Minute>,
    /// Whether traces in which it failed are wanted.
    pub errors: bool,
    /// Whether traces in which it was refused are wanted.
    pub throttles: bool,
    /// Whether it has tracing on, where that is known.
    pub tracing: Option<bool>,
}

/// Minutes of traces that are read from before the failing began, to tell what is new.
pub const BEFORE: i64 = 15;
/// Minutes of traces that are read at most.
const MOST: i64 = 1440;

impl Ask {
    /// What is asked of a function's traces, up to a minute: from some time before it began to fail.
    pub fn of(
        state: &TargetState,
        function: &Function,
        judged: Option<&Judged>,
        (horizon, to): (Horizon, Minute),
    ) -> Self {
        let start = judged.map_or(horizon.at.plus(-horizon.minutes), |judged| judged.window.start);
        let findings = || judged.into_iter().flat_map(|judged| &judged.findings);
        let from = findings().filter_map(|finding| finding.since).min();
        let from = from.map_or(start, |since| since.min(start)).plus(-BEFORE);
        // Where it may have begun earlier than was read, nothing can be called new.
        let open = findings().any(|finding| finding.since_open);
        let since = findings().filter_map(|finding| finding.since).min().filter(|_| !open);
        Self {
            target: state.target.clone(),
            function: function.found.name.clone(),
            from: Minute(from.0.max(to.0 - MOST)),
            to,
            since,
            // What has not failed in the window may have failed a minute after it.
            errors: true,
            throttles: judged.is_none_or(|judged| judged.throttles != Some(0)),
            tracing: function.configuration.as_ref().and_then(|configuration| configuration.tracing),
        }
    }
}

/// How many traces may be looked through, all questions together.
#[derive(Debug)]
pub struct Allowance {
    limit: CostLimit,
    /// Traces that were looked through, and those that are set aside for requests under way.
    spent: AtomicU64,
    /// The most that a page took so far: another may take as much.
    dearest: AtomicU64,
}

impl Allowance {
    /// All of it is left.
    pub fn new(limit: CostLimit) -> Self {
        Self { limit, spent: AtomicU64::new(0), dearest: AtomicU64::new(0) }
    }

    /// What was allowed.
    pub fn limit(&self) -> CostLimit {
        self.limit
    }

    /// Whether so many traces can be paid that are read whole; if so, they are.
    pub fn pay(&self, traces: u64) -> bool {
        let within = |spent| (dollars(spent + traces) <= self.limit.dollars()).then_some(spent + traces);
        self.spent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).is_ok()
    }

    /// Sets so many traces aside for what is asked next, until they are [released](Self::release); false where that is not left.
    pub fn hold(&self, traces: u64) -> bool {
        self.pay(traces)
    }

    /// Gives back what was set aside: what it took was counted page by page.
    pub fn release(&self, traces: u64) {
        self.spent.fetch_sub(traces, Ordering::Relaxed);
    }

    /// Sets aside what a page may take: so much, or none where that is not left. What the first takes, nobody knows.
    fn reserve(&self) -> Option<u64> {
        let page = self.dearest.load(Ordering::Relaxed).max(1);
        let within = |spent| (dollars(spent + page) <= self.limit.dollars()).then_some(spent + page);
        self.spent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).ok().map(|_| page)
    }

    /// Replaces what was set aside by what it took.
    fn settle(&self, reserved: u64, took: u64) {
        self.dearest.fetch_max(took, Ordering::Relaxed);
        self.spent.fetch_add(took, Ordering::Relaxed);
        self.spent.fetch_sub(reserved, Ordering::Relaxed);
    }

    /// Whether so many more traces can be paid.
    fn covers(&self, traces: u64) -> bool {
        dollars(self.spent.load(Ordering::Relaxed) + traces) <= self.limit.dollars()
    }
}

/// What looking for causes may cost in each hour.
#[derive(Default)]
pub struct Hourly(Mutex<Option<(i64, Arc<Allowance>)>>);

impl Hourly {
    /// What is left in the hour of this minute, where so many US dollars are allowed; all of it where that has changed.
    pub fn at(&self, minute: Minute, dollars: f64) -> Arc<Allowance> {
        let (hour, limit) = (minute.0.div_euclid(60), CostLimit::Hour(dollars));
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*left {
            Some((of, allowance)) if *of == hour && allowance.limit == limit => allowance.clone(),
            _ => left.insert((hour, Arc::new(Allowance::new(limit)))).1.clone(),
        }
    }
}

fn dollars(traces: u64) -> f64 {
    traces as f64 * DOLLARS_PER_TRACE
}

/// Minutes of the first request. Each later one goes back twice as far, so that the price of a minute is known before much
/// of it is asked for.
const FIRST: i64 = 30;
/// So many failed traces tell enough.
const ENOUGH: u64 = 400;

/// What traces say about why a function fails.
pub async fn causes(source: &dyn Source, ask: &Ask, allowance: &Allowance, until: Instant) -> Causes {
    let mut reading = Reading { source, ask, allowance, until, folding: Folding::default(), scanned: 0 };
    let to = ask.to.timestamp();
    let mut causes = Causes {
        groups: Vec::new(),
        failed: 0,
        in_progress: 0,
        from: to,
        to,
        scanned: 0,
        cut: None,
        failure: None,
        destination: None,
        tracing: ask.tracing,
    };
    let (mut end, mut length) = (ask.to, FIRST);
    // What was read in part reaches further back than what was read whole.
    let mut so_far = to;
    while end > ask.from {
        let start = Minute((end.0 - length).max(ask.from.0));
        match reading.stretch(start, end).await {
            Ok((None, _)) => (causes.from, so_far) = (start.timestamp(), start.timestamp()),
            Ok((Some(cut), reached)) => {
                causes.cut = Some(reading.with_rest(cut, reached));
                so_far = reached;
                break;
            }
            Err(failure) => {
                causes.failure = Some(failure);
                break;
            }
        }
        if reading.folding.traces() >= ENOUGH {
            causes.cut = (start > ask.from).then_some(Cut::Enough);
            break;
        }
        let a_minute = reading.scanned.div_ceil(u64::try_from(ask.to.0 - start.0).unwrap_or(1).max(1));
        length = (length * 2).min(LONGEST);
        let next = a_minute * u64::try_from((start.0 - ask.from.0).clamp(0, length)).unwrap_or(0);
        end = start;
        if end > ask.from && !allowance.covers(next) {
            let cut = Cut::Cost { allowed: allowance.limit, rest: None };
            causes.cut = Some(reading.with_rest(cut, start.timestamp()));
            break;
        }
    }
    let known_from = match causes.cut {
        Some(Cut::Enough) => reading.before(causes.from).await,
        _ => causes.from,
    };
    (causes.scanned, causes.from) = (reading.scanned, so_far);
    let since = ask.since.map(Minute::timestamp);
    (causes.groups, causes.failed, causes.in_progress) = reading.folding.finish(since, known_from);
    if causes.groups.is_empty() && causes.failure.is_none() && ask.tracing != Some(false) {
        causes.destination = timeout_at(until, source.destination(&ask.target)).await.ok().and_then(Result::ok);
    }
    causes
}

struct Reading<'a> {
    source: &'a dyn Source,
    ask: &'a Ask,
    allowance: &'a Allowance,
    until: Instant,
    folding: Folding,
    scanned: u64,
}

impl Reading<'_> {
    /// Reads a stretch in one request, what failed and what was refused, since X-Ray bills all that it looks through each
    /// time. Answers why it was cut, and how far back it came.
    async fn stretch(&mut self, start: Minute, end: Minute) -> Result<(Option<Cut>, Timestamp), Failure> {
        let wanted = match (self.ask.errors, self.ask.throttles) {
            (true, true) => Wanted::FailedOrThrottled,
            (false, true) => Wanted::Throttled,
            _ => Wanted::Failed,
        };
        let filter = Some(TraceFilter::of(self.ask.function.clone(), wanted));
        let request = TraceRequest { start: start.timestamp(), end: end.timestamp(), filter };
        let found = pages(self.source, &self.ask.target, &request, (self.allowance, ENOUGH), self.until).await;
        let mut reached = end.timestamp();
        for summary in &found.summaries {
            reached = reached.min(summary.start.max(request.start));
            self.folding.add(&self.ask.function, summary, summary.refused(&self.ask.function));
        }
        self.scanned += found.scanned;
        match found.failure {
            Some(failure) => Err(failure),
            None => Ok((found.cut, reached)),
        }
    }

    /// Where there are so many traces that the reading ended after the failing began, reads those from right before, to
    /// tell what is new. Answers from when on all that is new is known to be.
    async fn before(&mut self, from: Timestamp) -> Timestamp {
        match self.ask.since {
            Some(since) if since > self.ask.from && since.timestamp() < from => {
                let start = Minute(self.ask.from.0.max(since.0 - BEFORE));
                let read = self.stretch(start, since).await;
                if matches!(read, Ok((None, _))) { start.timestamp() } else { from }
            }
            _ => from,
        }
    }

    /// A cut with what the rest would cost, by what was looked through until there.
    fn with_rest(&self, cut: Cut, reached: Timestamp) -> Cut {
        let Cut::Cost { allowed, .. } = cut else { return cut };
        let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64().max(0.0);
        let read = seconds(reached, self.ask.to.timestamp());
        let left = seconds(self.ask.from.timestamp(), reached);
        let rest = (read >= 1.0 && self.scanned > 0).then(|| dollars(self.scanned) / read * left);
        Cut::Cost { allowed, rest }
    }
}

/// What a request brought until it ended or was cut.
#[derive(Debug, Default)]
pub struct Found {
    /// Summaries, as they came.
    pub summaries: Vec<Summary>,
    /// Traces that were looked through.
    pub scanned: u64,
    /// Why it was cut.
    pub cut: Option<Cut>,
    /// Why it ended early.
    pub failure: Option<Failure>,
}

/// Reads pages of summaries until there are so many, or the next one would cost more than is allowed.
pub async fn pages(
    source: &dyn Source,
    target: &Target,
    request: &TraceRequest,
    (allowance, enough): (&Allowance, u64),
    until: Instant,
) -> Found {
    let mut found = Found::default();
    let mut pages = source.summaries(target, request);
    loop {
        let Some(reserved) = allowance.reserve() else {
            found.cut = Some(Cut::Cost { allowed: allowance.limit, rest: None });
            return found;
        };
        let answer = timeout_at(until, pages.next()).await;
        let page = match answer {
            Ok(Some(Ok(page))) => page,
            Ok(None) => Vec::new(),
            Ok(Some(Err(failure))) => {
                found.failure = Some(failure);
                Vec::new()
            }
            Err(_) => {
                found.cut = Some(Cut::Time);
                Vec::new()
            }
        };
        let scanned = page.iter().map(|page| page.scanned).sum();
        allowance.settle(reserved, scanned);
        found.scanned += scanned;
        // Without a page it is over.
        let last = page.iter().all(|page| page.last);
        found.summaries.extend(page.into_iter().flat_map(|page| page.summaries));
        if last {
            return found;
        }
        if found.summaries.len() as u64 >= enough {
            found.cut = Some(Cut::Enough);
            return found;
        }
    }
}

/// A trace, as far as it could be read.
#[derive(Debug)]
pub struct Whole {
    /// The trace; none where nobody knows it.
    pub tree: Option<Tree>,
    /// Who could not be asked.
    pub failures: Vec<(Target, Failure)>,
}

/// How often what X-Ray did not get to is asked again.
const AGAIN: usize = 3;
/// Targets that are asked at once.
const AT_ONCE: usize = 64;

/// Reads a trace from every target given, and joins what they know.
pub async fn whole(source: &dyn Source, targets: &[Target], id: &AwsText, until: Instant) -> Whole {
    let ids = [id.clone()];
    let ids = &ids;
    let asked = targets.iter().map(|target| async move {
        let late = || Failure::new(calls::BATCH_GET_TRACES, Kind::Deadline, "there was no time left for it");
        (target, timeout_at(until, part(source, target, ids)).await.unwrap_or_else(|_| Err(late())))
    });
    let (mut parts, mut failures) = (Vec::new(), Vec::new());
    for (target, answer) in stream::iter(asked.collect::<Vec<_>>()).buffered(AT_ONCE).collect::<Vec<_>>().await {
        match answer {
            Ok(found) => parts.extend(found),
            Err(failure) => failures.push((target.clone(), failure)),
        }
    }
    Whole { tree: (!parts.is_empty()).then(|| Tree::new(id, &parts)), failures }
}

async fn part(source: &dyn Source, target: &Target, ids: &[AwsText]) -> Result<Vec<RawTrace>, Failure> {
    let mut found = Vec::new();
    for _ in 0..AGAIN {
        let batch = source.traces(target, ids).await?;
        found.extend(batch.traces);
        if batch.unprocessed.is_empty() || !found.is_empty() {
            return Ok(found);
        }
    }
    // X-Ray also calls ids that it does not know unprocessed.
    Ok(found)
}

/// Who called whom in a stretch of time, over targets, and who could not be asked.
pub async fn map(
    source: &dyn Source,
    targets: &[Target],
    span: (Timestamp, Timestamp),
    until: Instant,
) -> (Graph, Vec<(Target, Failure)>) {
    let asked = targets.iter().map(|target| async move {
        let mut services = Vec::new();
        let mut pages = source.services(target, span);
        loop {
            match timeout_at(until, pages.next()).await {
                Ok(Some(Ok(page))) => services.extend(page),
                Ok(Some(Err(failure))) => return (target, services, Some(failure)),
                Ok(None) => return (target, services, None),
                Err(_) => {
                    let late = Failure::new(calls::GET_SERVICE_GRAPH, Kind::Deadline, "there was no time left for it");
                    return (target, services, Some(late));
                }
            }
        }
    });
    let (mut graph, mut failures) = (Graph::default(), Vec::new());
    for (target, services, failure) in
        stream::iter(asked.collect::<Vec<_>>()).buffered(AT_ONCE).collect::<Vec<_>>().await
    {
        graph.add(&services, &target.account.id);
        failures.extend(failure.map(|failure| (target.clone(), failure)));
    }
    (graph, failures)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        domain::trace::causes::{Age, ErrorGroup},
        engine::tests::entered,
        source::sim::Sim,
    };

    const TRACED: &str = r#"
about = "one function fails since ten minutes"
now = "2026-11-23T10:00:00Z"
[[accounts]]
id = "111122223333"
[[accounts.functions]]
name = "pay"
tags = { monitor = "true", stage = "prod" }
traced = true
exception = "KeyError"
message = "order {n} of {id}"
invocations = 30
errors = { from = "-10m", per_minute = 4 }
throttles = { from = "-5m", per_minute = 1 }
[[accounts.functions]]
name = "quiet"
tags = { monitor = "true", stage = "prod" }
traced = true
invocations = 30
"#;

    async fn entered(text: &str) -> (Arc<Sim>, Target, Minute) {
        let entered = entered::entered(text, true).await;
        let target = entered.fleet.targets().next().unwrap().target.clone();
        (entered.sim, target, entered.now)
    }

    fn ask(target: &Target, function: &str, now: Minute, minutes: i64) -> Ask {
        Ask {
            target: target.clone(),
            function: function.into(),
            from: now.plus(-minutes),
            to: now,
            since: Some(now.plus(-10)),
            errors: true,
            throttles: true,
            tracing: Some(true),
        }
    }

    fn soon() -> Instant {
        Instant::now() + std::time::Duration::from_secs(20)
    }

    fn a_dollar() -> Allowance {
        Allowance::new(CostLimit::Run(1.0))
    }

    #[tokio::test(start_paused = true)]
    async fn failed_traces_become_groups_and_what_was_refused_is_one_of_them() {
        let (sim, target, now) = entered(TRACED).await;
        let causes = causes(&*sim, &ask(&target, "pay", now, 30), &a_dollar(), soon()).await;
        let told: Vec<_> = causes.groups.iter().map(ErrorGroup::headline).collect();
        assert_eq!(told, ["KeyError: order # of #", "Throttled"]);
        assert!(causes.groups.iter().all(|group| group.age == Age::New), "{:?}", causes.groups);
        assert!(causes.failed > 30 && causes.scanned > causes.failed && causes.cut.is_none());
        let whole = whole(&*sim, std::slice::from_ref(&target), &causes.groups[0].example, soon()).await;
        let tree = whole.tree.unwrap();
        let thrown = tree.began().unwrap().span.exceptions[0].name.clone();
        assert_eq!(thrown.unwrap().raw(), "KeyError");
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_fail_has_no_group_and_says_where_its_traces_go() {
        let (sim, target, now) = entered(TRACED).await;
        let causes = causes(&*sim, &ask(&target, "quiet", now, 30), &a_dollar(), soon()).await;
        assert!(causes.groups.is_empty() && causes.failed == 0);
        assert!(causes.destination.is_some());
        assert!(causes.remarks(&"quiet".into())[0].starts_with("no failed trace was found"));
    }

    #[tokio::test(start_paused = true)]
    async fn reading_stops_before_it_costs_more_than_is_allowed() {
        let (sim, target, now) = entered(TRACED).await;
        let allowed = 700.0 * DOLLARS_PER_TRACE;
        let allowance = Allowance::new(CostLimit::Run(allowed));
        let causes = causes(&*sim, &ask(&target, "quiet", now, 24 * 60), &allowance, soon()).await;
        let Some(Cut::Cost { rest: Some(rest), .. }) = causes.cut else { panic!("{:?}", causes.cut) };
        assert!(rest > 0.0 && causes.scanned as f64 * DOLLARS_PER_TRACE <= allowed, "{}", causes.scanned);
        assert!(sim.usage().traces as f64 * DOLLARS_PER_TRACE <= allowed);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_denied_is_told_and_nothing_else_is_lost() {
        let denied = "\n[[faults]]\noperation = \"xray:GetTraceSummaries\"\nfails = \"denied\"\n";
        let (sim, target, now) = entered(&format!("{TRACED}{denied}")).await;
        let causes = causes(&*sim, &ask(&target, "pay", now, 30), &a_dollar(), soon()).await;
        assert_eq!(causes.failure.as_ref().map(|failure| failure.kind), Some(Kind::Denied));
        assert!(causes.remarks(&"pay".into())[0].starts_with("X-Ray can't be read (denied)"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stretch_is_looked_through_once_for_what_failed_and_what_was_refused() {
        let (sim, target, now) = entered(TRACED).await;
        let causes = causes(&*sim, &ask(&target, "pay", now, 30), &a_dollar(), soon()).await;
        let every = TraceRequest { start: now.plus(-30).timestamp(), end: now.timestamp(), filter: None };
        let all = pages(&*sim, &target, &every, (&a_dollar(), ENOUGH), soon()).await;
        // Pages round what they looked through.
        assert!(causes.scanned.abs_diff(all.scanned) < 10, "each once: {} {}", causes.scanned, all.scanned);
    }

    #[tokio::test(start_paused = true)]
    async fn of_so_many_traces_that_reading_stops_it_is_still_told_what_is_new() {
        let text = TRACED.replace("from = \"-10m\", per_minute = 4", "from = \"-100m\", per_minute = 30");
        let (sim, target, now) = entered(&text).await;
        let asked = Ask { since: Some(now.plus(-100)), ..ask(&target, "pay", now, 115) };
        let causes = causes(&*sim, &asked, &a_dollar(), soon()).await;
        assert_eq!(causes.cut, Some(Cut::Enough));
        assert_eq!(causes.groups[0].age, Age::New, "{:?}", causes.groups);
    }

    #[tokio::test(start_paused = true)]
    async fn where_nothing_may_be_spent_nothing_is_said_of_traces_that_were_not_read() {
        let (sim, target, now) = entered(TRACED).await;
        let causes = causes(&*sim, &ask(&target, "pay", now, 30), &Allowance::new(CostLimit::Run(0.0)), soon()).await;
        assert_eq!(causes.scanned, 0);
        let remarks = causes.remarks(&"pay".into());
        assert!(remarks.len() == 1 && remarks[0].contains("--max-cost"), "{remarks:?}");
    }

    #[test]
    fn each_hour_may_cost_as_much_again_whoever_asks() {
        let (hourly, at) = (Hourly::default(), Minute(60 * 1000));
        let first = hourly.at(at, 0.05);
        assert!(first.pay(60_000), "three cents");
        assert!(!hourly.at(at.plus(59), 0.05).pay(60_000), "the same hour");
        assert!(hourly.at(at.plus(60), 0.05).pay(60_000), "the next");
        assert!(hourly.at(at.plus(60), 0.10).pay(60_000), "what is allowed has changed");
    }
}
