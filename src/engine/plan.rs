//! The plan: what to ask next of a target, from what is known of it. Pure: no clock, no network, no waiting.

use std::collections::BTreeMap;

use crate::{
    checks,
    domain::{
        account::Target,
        fleet::{Function, TargetState},
        need::{Need, Stretch},
        observation::Reading,
        rules::{Glob, Rules},
        series::{Metric, Of},
        text::AwsText,
        window::{Frame, Horizon, Window},
    },
    source::{MetricRequest, calls},
};

/// Queries that `GetMetricData` takes in one request. Source: the CloudWatch API reference.
const QUERIES: usize = 500;
/// Datapoints that `GetMetricData` returns for one request before it pages. Source: the CloudWatch API reference.
const DATAPOINTS: i64 = 100_800;

/// How far a sweep goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Functions that are tagged, or all of them; with their configurations.
    Discover {
        /// Those without the tag, too.
        all: bool,
        /// Their configurations, too.
        configurations: bool,
    },
    /// Functions that are tagged; and whether the other calls that a verdict needs would be answered.
    Probe,
    /// Everything that a verdict needs.
    Judge {
        /// Errors of what is watched and not production, too.
        hidden: bool,
        /// Afterwards, a search for blind spots among all functions.
        spots: bool,
    },
    /// Functions that are tagged, and the search for blind spots among all functions.
    Spots,
}

impl Depth {
    /// Whether all functions are searched for blind spots.
    pub fn searches(self) -> bool {
        matches!(self, Self::Spots | Self::Judge { spots: true, .. })
    }
}

/// What a sweep is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The window.
    pub horizon: Horizon,
    /// How far it goes.
    pub depth: Depth,
}

/// Which functions discovery finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those that carry the tag.
    Tagged,
    /// All, but those without any tag only as far as they come soon: the others are to be judged in time.
    Most,
    /// All, as long as the deadline lets it.
    All,
}

/// One thing to ask of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// Its functions.
    Discover {
        /// The target.
        target: Target,
        /// The tag's key, which the fallback needs, too.
        key: String,
        /// Whether all of them, whatever their tags.
        reach: Reach,
        /// The names that are in scope, for functions whose tags have to be asked one by one; all where empty.
        names: Vec<Glob>,
    },
    /// Its tables that carry the tag.
    Tables {
        /// The target.
        target: Target,
        /// The tag's key.
        key: String,
    },
    /// Metrics.
    Metrics {
        /// The target.
        target: Target,
        /// What to ask.
        request: MetricRequest,
    },
    /// Metrics that some check needs beside errors, throttles and invocations.
    More {
        /// The target.
        target: Target,
        /// Over which stretch.
        stretch: Stretch,
        /// What to ask.
        request: MetricRequest,
    },
    /// How many instances the account may run at once in the region.
    Concurrency {
        /// The target.
        target: Target,
    },
    /// Configurations, until all that are wanted have been seen.
    Configurations {
        /// The target.
        target: Target,
        /// Names that are wanted; all where empty.
        wanted: Vec<AwsText>,
        /// Whether a verdict rests on them, so that all have to be seen. Else they only explain one.
        needed: bool,
    },
    /// All functions, watched or not, to search them for blind spots.
    Search {
        /// The target.
        target: Target,
        /// Whether what is found also tells which functions do not exist any more. A verdict must not learn it from here.
        tells_gone: bool,
    },
}

/// What has been asked of a target so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Nothing.
    #[default]
    Nothing,
    /// Its functions.
    Discovery,
    /// Errors and throttles.
    Metrics,
    /// What only some functions need; the verdict needs nothing beyond it.
    Details,
    /// All functions, to search them for blind spots.
    Search,
    /// Errors and throttles of production that nobody watches.
    SearchMetrics,
    /// Invocations of those of them that fail; nothing is left to ask.
    SearchDetails,
}

impl Step {
    /// Whether it only searches for blind spots, so that no verdict rests on what it asks.
    pub fn is_search(self) -> bool {
        self > Self::Details
    }
}

/// Minutes after which a fleet that is kept is discovered anew, since functions and tags change.
pub const REDISCOVERY: i64 = 15;

/// Where a round over a fleet that is kept begins with a target: at the beginning, where all is to be found anew or its
/// functions could not be found the last time; else with its metrics.
pub fn resume(state: &TargetState, anew: bool) -> Step {
    let failed = state.unread.iter().any(|unread| unread.failure.operation != calls::GET_METRIC_DATA);
    if anew || failed || state.functions.is_none() { Step::Nothing } else { Step::Discovery }
}

/// What to ask of a target next, once all that was asked has been answered; and the step that this is. Nothing more
/// where the jobs are empty.
pub fn next(state: &TargetState, step: Step, rules: &Rules, settings: &Settings) -> (Step, Vec<Job>) {
    let (mut step, mut jobs) = after(state, step, rules, settings);
    while jobs.is_empty() {
        let (following, more) = after(state, step, rules, settings);
        if following == step {
            break;
        }
        (step, jobs) = (following, more);
    }
    (step, jobs)
}

/// The step after one, and its jobs: none where there is nothing to ask in it.
pub(super) fn after(state: &TargetState, step: Step, rules: &Rules, settings: &Settings) -> (Step, Vec<Job>) {
    match (step, settings.depth) {
        (Step::Nothing, depth) => {
            let reach = match depth {
                Depth::Discover { all: true, .. } => Reach::All,
                _ if !rules.watches_untagged(&state.target.account) => Reach::Tagged,
                Depth::Discover { .. } | Depth::Probe | Depth::Spots => Reach::All,
                Depth::Judge { .. } => Reach::Most,
            };
            let (key, names) = (rules.watch.key.clone(), rules.scope.functions.clone());
            let tables = tables(state, rules, depth);
            let discover = Job::Discover { target: state.target.clone(), key, reach, names };
            (Step::Discovery, [discover].into_iter().chain(tables).collect())
        }
        (Step::Discovery, Depth::Discover { all, configurations }) => {
            // Discovery of all functions has read their configurations already.
            let wanted =
                configurations && !all && !rules.watches_untagged(&state.target.account) && !state.known().is_empty();
            let job = Job::Configurations { target: state.target.clone(), wanted: Vec::new(), needed: false };
            let limit = configurations.then(|| concurrency(state, &settings.horizon)).flatten();
            (Step::Details, wanted.then_some(job).into_iter().chain(limit).collect())
        }
        (Step::Discovery, Depth::Probe) => (Step::Details, probe(state, &settings.horizon)),
        (Step::Discovery, Depth::Judge { hidden, .. }) => (Step::Metrics, metrics(state, hidden, &settings.horizon)),
        (Step::Metrics, Depth::Judge { .. }) => (Step::Details, details(state, &settings.horizon)),
        (Step::Details, depth) if depth.searches() => (Step::Search, search(state, rules, depth)),
        (Step::Search, _) => (Step::SearchMetrics, overlooked(state, &settings.horizon)),
        (Step::SearchMetrics, _) => (Step::SearchDetails, overlooked_details(state, &settings.horizon)),
        (Step::SearchDetails, _) => (Step::SearchDetails, Vec::new()),
        _ => (Step::Details, Vec::new()),
    }
}

/// The tables, where some check looks at them.
fn tables(state: &TargetState, rules: &Rules, depth: Depth) -> Option<Job> {
    let wanted = depth != Depth::Spots && checks::looks_at_tables(rules);
    wanted.then(|| Job::Tables { target: state.target.clone(), key: rules.watch.key.clone() })
}

/// All functions; nothing where discovery has listed all of them anyway.
fn search(state: &TargetState, rules: &Rules, depth: Depth) -> Vec<Job> {
    let listed = rules.watches_untagged(&state.target.account);
    let job = Job::Search { target: state.target.clone(), tells_gone: depth == Depth::Spots };
    (!listed).then_some(job).into_iter().collect()
}

/// Errors and throttles of production that nobody watches.
fn overlooked(state: &TargetState, horizon: &Horizon) -> Vec<Job> {
    let asked = state.overlooked().flat_map(|function| [(function, Metric::Errors), (function, Metric::Throttles)]);
    batches(&state.target, asked, horizon)
}

/// Invocations of what of it failed.
fn overlooked_details(state: &TargetState, horizon: &Horizon) -> Vec<Job> {
    let failed = state.overlooked().filter(|function| has_failed(function, horizon));
    batches(&state.target, failed.map(|function| (function, Metric::Invocations)), horizon)
}

/// Whether errors or throttles were read in the window that counts.
fn has_failed(function: &Function, horizon: &Horizon) -> bool {
    let window = horizon.frame(function.class.window).map(|frame| frame.window);
    let failed = |reading: &Reading| match (reading, window) {
        (Reading::Known(series), Some(window)) => series.sum(window).is_some_and(|sum| sum > 0),
        _ => false,
    };
    failed(&function.errors) || failed(&function.throttles)
}

/// Errors and throttles of watched production, errors of what else is watched.
fn metrics(state: &TargetState, hidden: bool, horizon: &Horizon) -> Vec<Job> {
    let watched = || state.known().iter().filter(|function| function.is_watched());
    let production = watched().filter(|function| function.class.alerts());
    let production = production.flat_map(|function| [(function, Metric::Errors), (function, Metric::Throttles)]);
    let others =
        watched().filter(|function| hidden && !function.class.alerts()).map(|function| (function, Metric::Errors));
    let mut jobs = batches(&state.target, production.chain(others), horizon);
    jobs.extend(more(state, horizon, |_, need| need.after.is_none()));
    jobs.extend(concurrency(state, horizon).filter(|_| state.concurrency.is_none()));
    let lacks = |function: &&Function| {
        function.class.alerts()
            && function.configuration.is_none()
            && checks::wants_configuration(&function.class.limits, horizon)
    };
    let wanted: Vec<AwsText> = watched().filter(lacks).map(|function| function.found.name.clone()).collect();
    if !wanted.is_empty() {
        jobs.push(Job::Configurations { target: state.target.clone(), wanted, needed: true });
    }
    jobs
}

/// The account's limit, where some check needs it.
fn concurrency(state: &TargetState, horizon: &Horizon) -> Option<Job> {
    let needs = |function: &Function| function.alerts() && checks::wants_limit(&function.class.limits, horizon);
    state.known().iter().any(needs).then(|| Job::Concurrency { target: state.target.clone() })
}

/// What the checks need of watched production beside errors, throttles and invocations, as far as it is wanted.
pub(super) fn more(state: &TargetState, horizon: &Horizon, wanted: impl Fn(&Function, &Need) -> bool) -> Vec<Job> {
    let mut by_stretch: BTreeMap<(Stretch, i64, i64), (Window, i64, Queries)> = BTreeMap::new();
    let production = state.rows().filter(|f| f.alerts());
    for function in production {
        for need in checks::needs(function.found.resource_type(), &function.class.limits, horizon) {
            let read = need.stretch.read(horizon, function.class.window);
            let Some((read, period)) = read.filter(|_| wanted(function, &need)) else { continue };
            let place = (need.stretch, read.start.0, period);
            let (.., queries) = by_stretch.entry(place).or_insert_with(|| (read, period, Vec::new()));
            let of = if need.region { Of::Region } else { Of::One(function.found.name.clone()) };
            // Of the region, each function needs the same.
            if !need.region || !queries.contains(&(of.clone(), need.metric)) {
                queries.push((of, need.metric));
            }
        }
    }
    let mut jobs = Vec::new();
    for ((stretch, ..), (read, period, queries)) in by_stretch {
        jobs.extend(queries.chunks(most(read, period)).map(|queries| Job::More {
            target: state.target.clone(),
            stretch,
            request: MetricRequest { read, period, queries: queries.to_vec() },
        }));
    }
    jobs
}

/// What became of what a check needs.
pub(super) fn reading<'a>(state: &'a TargetState, function: &'a Function, need: &Need) -> &'a Reading {
    if need.region { state.more(need.metric, need.stretch) } else { function.more(need.metric, need.stretch) }
}

/// Whether a metric is needed because of another one, that was read and has something, and was not read yet.
pub(super) fn follows(function: &Function, need: &Need) -> bool {
    let happened = |metric| match function.more(metric, need.stretch) {
        Reading::Known(series) => series.points().any(|(_, value)| value > 0),
        _ => false,
    };
    need.after.is_some_and(happened)
}

/// One metric of one function: the least that tells whether metrics can be read.
fn probe(state: &TargetState, horizon: &Horizon) -> Vec<Job> {
    let first = state.known().iter().find(|function| function.class.watched);
    batches(&state.target, first.map(|function| (function, Metric::Errors)).into_iter(), horizon)
}

/// Invocations where something failed; and configurations where a function failed, or has no datapoint and may not
/// exist any more.
fn details(state: &TargetState, horizon: &Horizon) -> Vec<Job> {
    let failed = |function: &&Function| function.class.alerts() && has_failed(function, horizon);
    let silent = |function: &Function| {
        let empty = |reading: &Reading| match reading {
            Reading::Known(series) => series.is_empty(),
            Reading::NotAsked => true,
            Reading::Unknown(_) => false,
        };
        matches!(function.errors, Reading::Known(_)) && empty(&function.errors) && empty(&function.throttles)
    };
    let unread = |function: &&Function| failed(function) && function.invocations == Reading::NotAsked;
    let invocations = state.known().iter().filter(unread).map(|function| (function, Metric::Invocations));
    let mut jobs = batches(&state.target, invocations, horizon);
    let unasked = |function: &Function, need: &Need| *reading(state, function, need) == Reading::NotAsked;
    jobs.extend(more(state, horizon, |function, need| follows(function, need) && unasked(function, need)));
    let doubtful = |function: &&Function| {
        function.class.watched && function.exists.is_none() && (silent(function) || failed(function))
    };
    let wanted: Vec<AwsText> =
        state.known().iter().filter(doubtful).map(|function| function.found.name.clone()).collect();
    if !wanted.is_empty() {
        jobs.push(Job::Configurations { target: state.target.clone(), wanted, needed: false });
    }
    jobs
}

type Queries = Vec<(Of, Metric)>;

/// Queries that fit in one request over a stretch of time.
pub(super) fn most(read: Window, period: i64) -> usize {
    let points = (read.minutes() / period).max(1);
    usize::try_from(DATAPOINTS / points).unwrap_or(1).clamp(1, QUERIES)
}

/// As few requests as AWS's limits allow. Functions with a window of their own are asked in requests of their own,
/// since a request has one stretch of time.
pub(super) fn batches<'a>(
    target: &Target,
    asked: impl Iterator<Item = (&'a Function, Metric)>,
    horizon: &Horizon,
) -> Vec<Job> {
    let mut by_frame: BTreeMap<(i64, i64, i64), (Frame, Queries)> = BTreeMap::new();
    for (function, metric) in asked {
        let Some(frame) = horizon.frame(function.class.window) else { continue };
        let Window { start, end } = frame.read;
        let (_, queries) = by_frame.entry((start.0, end.0, frame.period)).or_insert_with(|| (frame, Vec::new()));
        queries.push((Of::One(function.found.name.clone()), metric));
    }
    let mut jobs = Vec::new();
    for (frame, queries) in by_frame.into_values() {
        jobs.extend(queries.chunks(most(frame.read, frame.period)).map(|queries| Job::Metrics {
            target: target.clone(),
            request: MetricRequest { read: frame.read, period: frame.period, queries: queries.to_vec() },
        }));
    }
    jobs
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::*;
    use crate::domain::{
        account::{Account, AccountId, Region},
        fleet::Fleet,
        function::{Discovered, Tags},
        observation::Observation,
        roster::{Access, Entry, Regions},
        series::Series,
        window::Minute,
    };

    const HORIZON: Horizon = Horizon::new(Minute(29_700_000), 15, Minute(29_700_003));
    const JUDGE: Settings = Settings { horizon: HORIZON, depth: Depth::Judge { hidden: true, spots: false } };

    fn fleet(functions: &[(String, &[(&str, &str)])]) -> Fleet {
        let mut fleet = Fleet::new(Arc::new(Rules::default()));
        let id = AccountId::parse("111122223333").unwrap();
        let region = Region::parse("eu-west-1").unwrap();
        let account = Arc::new(Account { id: id.clone(), name: None, client: None });
        let regions = vec![region.clone()];
        fleet.apply(Observation::Account(Entry {
            account,
            access: Access::default(),
            regions: Regions::These(regions.clone()),
        }));
        fleet.apply(Observation::Regions { account: id.clone(), regions });
        let found = functions.iter().map(|(name, tags)| Discovered {
            arn: name.as_str().into(),
            name: name.as_str().into(),
            tags: Tags::new(tags.iter().map(|(k, v)| ((*k).into(), (*v).into()))),
        });
        fleet.apply(Observation::Functions {
            target: (id, region),
            found: found.collect(),
            took: Duration::ZERO,
            detour: None,
        });
        fleet
    }

    fn requests(jobs: &[Job]) -> Vec<(usize, i64)> {
        jobs.iter()
            .filter_map(|job| match job {
                Job::Metrics { request, .. } => Some((request.queries.len(), request.read.minutes())),
                _ => None,
            })
            .collect()
    }

    const PROD: &[(&str, &str)] = &[("monitor", "true"), ("stage", "prod")];
    const DEV: &[(&str, &str)] = &[("monitor", "true"), ("stage", "dev")];
    const NIGHTLY: &[(&str, &str)] = &[("monitor", "true"), ("stage", "prod"), ("monitor:window", "24h")];

    #[test]
    fn production_costs_two_metrics_the_rest_one_and_what_is_not_watched_none() {
        let functions: Vec<_> = (0..300).map(|n| (format!("f{n}"), if n < 200 { PROD } else { DEV })).collect();
        let mut functions = functions;
        functions.push(("unwatched".into(), &[("stage", "prod")]));
        let fleet = fleet(&functions);
        let state = fleet.targets().next().unwrap();
        let (step, jobs) = next(state, Step::Discovery, fleet.rules(), &JUDGE);
        assert_eq!((step, requests(&jobs)), (Step::Metrics, vec![(500, 35)]));
        let frugal = Settings { depth: Depth::Judge { hidden: false, spots: false }, ..JUDGE };
        assert_eq!(requests(&next(state, Step::Discovery, fleet.rules(), &frugal).1), [(400, 35)]);
    }

    #[test]
    fn batches_keep_within_queries_and_datapoints() {
        let functions: Vec<_> = (0..251).map(|n| (format!("f{n}"), PROD)).collect();
        let day: Vec<_> = (0..40).map(|n| (format!("n{n}"), NIGHTLY)).collect();
        let fleet = fleet(&[functions, day].concat());
        let state = fleet.targets().next().unwrap();
        let (_, jobs) = next(state, Step::Discovery, fleet.rules(), &JUDGE);
        assert_eq!(requests(&jobs), [(70, 1440), (10, 1440), (500, 35), (2, 35)]);
    }

    #[test]
    fn what_failed_is_asked_for_invocations_and_what_is_silent_for_its_existence() {
        let mut fleet =
            fleet(&[("failing".into(), PROD), ("fine".into(), PROD), ("silent".into(), PROD), ("dev".into(), DEV)]);
        let target = fleet.targets().next().unwrap().target.key();
        let reading = |value: Option<f64>| {
            let mut series = Series::gaps(Window::ending(HORIZON.at, 35), 1);
            if let Some(value) = value {
                series.set(HORIZON.at.plus(-2), value);
            }
            Reading::Known(series)
        };
        let readings = [("failing", Some(4.0)), ("fine", Some(0.0)), ("silent", None), ("dev", Some(9.0))];
        let readings = readings.iter().flat_map(|(name, value)| {
            [
                (Of::One((*name).into()), Metric::Errors, reading(*value)),
                (Of::One((*name).into()), Metric::Throttles, reading(None)),
            ]
        });
        fleet.apply(Observation::Readings { target, readings: readings.collect() });
        let state = fleet.targets().next().unwrap();
        let (step, jobs) = next(state, Step::Metrics, fleet.rules(), &JUDGE);
        assert_eq!((step, requests(&jobs)), (Step::Details, vec![(1, 35)]));
        let Some(Job::Configurations { wanted, .. }) = jobs.last() else { panic!("{jobs:?}") };
        assert_eq!(wanted.iter().map(AwsText::raw).collect::<Vec<_>>(), ["failing", "silent"]);
        assert_eq!(next(state, Step::Details, fleet.rules(), &JUDGE).1, []);
    }
}
