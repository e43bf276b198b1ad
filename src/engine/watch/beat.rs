//! How one target is watched: what to ask of it next, and by which way failures are looked for. Pure: the time is an
//! argument, and nothing here waits or asks.

mod more;

pub(super) use self::more::{MORE, billed};

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    super::plan,
    Pulse, Way,
    pass::{Pass, Stage},
};
use crate::{
    domain::{
        account::Target,
        fleet::{Function, TargetState},
        need::Stretch,
        observation::Reading,
        series::{Metric, Of, Series},
        text::{AwsText, counted},
        window::{Frame, Horizon, Minute, Window},
    },
    source::MetricRequest,
};

/// Metrics that a reading may bill and is still made every minute: about 6 US cents a day.
pub(super) const CHEAP: u64 = 4;
/// Minutes between two readings that are not cheap.
pub(super) const SELDOM: i64 = 5;
/// The longest that a failing target is left alone, in minutes.
const LONGEST_BACK_OFF: i64 = 15;
/// Minutes that the totals are read back at first: they tell whether a region publishes any.
const FIRST_LOOK: i64 = 1440;
/// Minutes between two readings of what is not production, to find out who fails always.
pub(super) const SWEEP: i64 = 60;
/// So many readings in a row for which production was read in vain make a target noisy.
const IN_VAIN: u32 = 2;
/// Errors and throttles, which the totals know.
const COUNTED: [Metric; 2] = [Metric::Errors, Metric::Throttles];

/// What is known of watching one target.
#[derive(Clone, Debug)]
pub(super) struct Beat {
    pub(super) way: Way,
    pub(super) why: String,
    /// Whether the region publishes totals; not known before the first reading.
    published: Option<bool>,
    /// Functions that are not production and fail always.
    noisy: BTreeSet<AwsText>,
    /// Whether they are all that fails outside of production, as far as is known.
    explained: bool,
    /// What of the totals is in no function that was read, and was looked for in vain.
    excused: BTreeMap<(Metric, Minute), u32>,
    /// Readings in a row for which production was read in vain.
    in_vain: u32,
    /// When what is not production was last read.
    swept_at: Option<Minute>,
    /// When all of production was last read, function by function.
    full_at: Option<Minute>,
    /// When the totals were last read.
    looked_at: Option<Minute>,
    pub(super) read_at: Option<Minute>,
    /// Up to which minute it has been judged.
    pub(super) judged_to: Option<Minute>,
    pub(super) found_at: Option<Minute>,
    pub(super) failures: u32,
    /// Functions that the last reading could read, where it failed.
    answered: Arc<BTreeSet<AwsText>>,
    pub(super) billed: u64,
    pub(super) requests: u64,
    /// By how much its interval is stretched, so that a budget holds.
    pub(super) stretch: i64,
    steady: u64,
    direct: u64,
    /// When what only some checks need was last read, and how many metrics that bills.
    more_at: Option<Minute>,
    more: u64,
}

/// A request, and over which stretch it is where only some checks need it.
pub(super) type Request = (MetricRequest, Option<Stretch>);

type Asked<'a> = Vec<(&'a Function, Metric)>;

impl Beat {
    pub(super) fn new() -> Self {
        Self {
            way: Way::Sentinel,
            why: "nothing has been read yet".into(),
            published: None,
            noisy: BTreeSet::new(),
            explained: false,
            excused: BTreeMap::new(),
            in_vain: 0,
            swept_at: None,
            full_at: None,
            looked_at: None,
            read_at: None,
            judged_to: None,
            found_at: None,
            failures: 0,
            answered: Arc::default(),
            billed: 0,
            requests: 0,
            stretch: 1,
            steady: 2,
            direct: 0,
            more_at: None,
            more: 0,
        }
    }

    /// Minutes until it is read again.
    pub(super) fn every(&self) -> i64 {
        let usual = self.usual() * self.stretch;
        let doublings = self.failures.min(4);
        if doublings == 0 { usual } else { (usual << doublings).min(LONGEST_BACK_OFF).max(usual) }
    }

    /// Whether the region is known to publish totals.
    pub(super) fn is_published(&self) -> bool {
        self.published == Some(true)
    }

    /// Whether the last reading was to say something of a function and could not.
    pub(super) fn is_lost(&self, function: &Function) -> bool {
        self.failures > 0 && !self.answered.contains(&function.found.name)
    }

    /// Minutes between two readings without budget and back-off.
    pub(super) fn usual(&self) -> i64 {
        if self.steady <= CHEAP { 1 } else { SELDOM }
    }

    /// Metrics that a reading bills, as far as can be told beforehand.
    pub(super) fn steady(&self) -> u64 {
        self.steady
    }

    pub(super) fn pulse(&self, due: Minute) -> Pulse {
        Pulse {
            way: self.way,
            why: self.why.clone(),
            every: self.every(),
            read_at: self.read_at,
            judged_to: self.judged_to,
            found_at: self.found_at,
            due,
            metrics: self.steady,
            billed: self.billed,
            requests: self.requests,
            failures: self.failures,
            answered: self.answered.clone(),
        }
    }

    /// The requests of a stage; none where there is nothing to ask in it.
    pub(super) fn ask(&self, state: &TargetState, pass: &mut Pass) -> Vec<Request> {
        let requests = match pass.stage {
            Stage::Look => self.look(state, pass),
            Stage::Production => self.production(state, pass),
            Stage::Invocations => self.invocations(state, pass),
            Stage::Others => self.others(state, pass),
            Stage::More | Stage::MoreOf => return self.more(state, pass),
            Stage::Done => Vec::new(),
        };
        requests.into_iter().map(|request| (request, None)).collect()
    }

    /// Whether the totals that were read in this pass may be trusted: they reach to its end, and the region publishes them.
    pub(super) fn trusts(&self, state: &TargetState, pass: &Pass) -> bool {
        let Some(frame) = pass.horizon.frame(None) else { return false };
        let whole =
            |metric: &Metric| state.totals.series(*metric).is_some_and(|series| series.read().end >= frame.read.end);
        !pass.failed && COUNTED.iter().all(whole) && self.sees_totals(state).or(self.published) == Some(true)
    }

    fn look(&self, state: &TargetState, pass: &mut Pass) -> Vec<MetricRequest> {
        let horizon = &pass.horizon;
        let mut requests = Vec::new();
        if self.published != Some(false) || self.looked_at.is_none_or(|at| horizon.now.0 - at.0 >= SWEEP) {
            requests.extend(totals(state, horizon));
        }
        let mut asked: Asked<'_> = Vec::new();
        if pass.thorough || self.published == Some(false) || self.way == Way::Direct {
            pass.full = true;
            asked.extend(production(state).flat_map(|function| COUNTED.map(|metric| (function, metric))));
        } else {
            let hot = production(state).filter(|function| self.is_hot(function, horizon));
            asked.extend(hot.flat_map(|function| COUNTED.map(|metric| (function, metric))));
            if self.way == Way::Residual {
                let noisy = state.known().iter().filter(|function| self.noisy.contains(&function.found.name));
                asked.extend(noisy.flat_map(|function| COUNTED.map(|metric| (function, metric))));
            }
        }
        requests.extend(batches(&state.target, asked, horizon));
        requests
    }

    /// Production that was not read yet in this reading, where the totals don't say that it did not fail.
    fn production(&self, state: &TargetState, pass: &mut Pass) -> Vec<MetricRequest> {
        if pass.full {
            return Vec::new();
        }
        let horizon = &pass.horizon;
        let trusted = self.trusts(state, pass);
        let mut asked: Asked<'_> = Vec::new();
        for metric in COUNTED {
            let open = self.unexplained(state, metric);
            let covered = state.totals.series(metric).map(Series::read).filter(|_| trusted);
            for function in production(state) {
                let Some(frame) = horizon.frame(function.class.window) else { continue };
                let (is_read, reaches) = match (function.reading(metric), covered) {
                    (Reading::Known(series), _) if series.read().end >= frame.read.end => (true, true),
                    (Reading::Known(series), Some(covered)) => (false, series.read().end >= covered.start),
                    (_, Some(covered)) => (false, covered.start <= frame.window.start),
                    (_, None) => (false, false),
                };
                let span = self.span(&frame);
                if !is_read && (!reaches || open.keys().any(|minute| span.contains(*minute))) {
                    asked.push((function, metric));
                }
            }
        }
        pass.full = !asked.is_empty();
        batches(&state.target, asked, horizon)
    }

    /// Invocations of what failed, and of what is in sight and was not asked for lately.
    fn invocations(&self, state: &TargetState, pass: &Pass) -> Vec<MetricRequest> {
        let horizon = &pass.horizon;
        let known_to = |function: &Function| match &function.invocations {
            Reading::Known(series) => Some(series.read().end),
            _ => None,
        };
        let asked = production(state).filter(|function| {
            let Some(frame) = horizon.frame(function.class.window) else { return false };
            let end = known_to(function);
            let in_sight = || {
                pass.rows.binary_search(&function.found.name).is_ok()
                    && end.is_none_or(|end| end <= frame.read.end.plus(-SELDOM))
            };
            let is_new = pass.thorough || end.is_none_or(|end| end < frame.read.end);
            self.failed(function, &frame) && is_new || in_sight()
        });
        batches(&state.target, asked.map(|function| (function, Metric::Invocations)).collect(), horizon)
    }

    /// What is not production: because somebody looks at it, or to find out who fails always.
    fn others(&self, state: &TargetState, pass: &Pass) -> Vec<MetricRequest> {
        let horizon = &pass.horizon;
        let lately = |every: i64| self.swept_at.is_some_and(|at| horizon.now.0 - at.0 < every);
        let open = || COUNTED.iter().any(|metric| !self.unexplained(state, *metric).is_empty());
        let blind = self.published == Some(false);
        let wanted =
            pass.dev && (pass.thorough || !lately(SELDOM)) || !lately(SWEEP) && (blind || pass.thorough || open());
        if !wanted {
            return Vec::new();
        }
        let others = state.known().iter().filter(|function| is_other(function));
        let metrics: &[Metric] = if blind { &COUNTED[..1] } else { &COUNTED };
        let asked = others.flat_map(|function| metrics.iter().map(move |metric| (function, *metric)));
        batches(&state.target, asked.collect(), horizon)
    }

    /// What a reading taught: by which way to go on, and why.
    pub(super) fn conclude(&mut self, state: &TargetState, pass: &Pass, swept: bool) {
        let horizon = &pass.horizon;
        if pass.failed {
            self.failures += 1;
            let whole = |name: &AwsText| COUNTED.iter().all(|metric| pass.answered.contains(&(name.clone(), *metric)));
            let answered = pass.answered.iter().map(|(name, _)| name).filter(|name| whole(name)).cloned();
            self.answered = Arc::new(answered.collect());
            self.why =
                format!("{}; the last {} failed", way_in_words(self.way), counted(u64::from(self.failures), "reading"));
            return;
        }
        self.failures = 0;
        self.answered = Arc::default();
        self.read_at = Some(horizon.now);
        if pass.full {
            self.full_at = Some(horizon.at);
        }
        if swept {
            self.swept_at = Some(horizon.now);
        }
        self.conclude_more(state, pass);
        let production = production(state).count() as u64;
        let hot = self::production(state).filter(|function| self.is_hot(function, horizon)).count() as u64;
        self.direct = 2 * production + hot;
        if let Some(published) = self.sees_totals(state) {
            self.published = Some(published);
        }
        if is_looked_at(state, horizon) {
            self.looked_at = Some(horizon.now);
        }
        if swept {
            // What was excused may be explained now, and must not count twice.
            self.excused.clear();
        }
        let mut open = false;
        let recent = horizon.frame(None).map_or(horizon.at, |frame| frame.read.start);
        self.excused.retain(|(_, minute), _| minute.0 > horizon.at.0 - FIRST_LOOK);
        for metric in COUNTED {
            let left = self.unexplained(state, metric);
            // Of the day before, nothing but the totals was read.
            open |= left.keys().any(|minute| *minute >= recent);
            // A total that nothing explains was failures of somebody else: it must not be looked for again each minute.
            for (minute, more) in left {
                *self.excused.entry((metric, minute)).or_default() += more;
            }
        }
        let silent = || {
            let noisy = state.known().iter().filter(|function| self.noisy.contains(&function.found.name));
            !noisy.into_iter().any(failed_at_all)
        };
        self.in_vain = match (open, self.way) {
            (true, _) if pass.full => self.in_vain + 1,
            (false, Way::Direct) if pass.full => 0,
            (false, Way::Sentinel) => 0,
            (false, Way::Residual) if silent() => 0,
            _ => self.in_vain,
        };
        if swept {
            let noisy = state.known().iter().filter(|function| is_other(function) && failed_at_all(function));
            self.noisy = noisy.map(|function| function.found.name.clone()).collect();
            self.explained = !open;
        } else if open && self.way == Way::Residual {
            self.explained = false;
        }
        let residual = 2 + 2 * self.noisy.len() as u64 + 3 * hot;
        (self.way, self.steady, self.why) = if self.published == Some(false) {
            let why = "AWS publishes no totals here, so each watched production function is read".to_owned();
            (Way::Direct, self.direct, why)
        } else if self.in_vain < IN_VAIN {
            (Way::Sentinel, 2 + 3 * hot, "the totals of the region say whether anything failed".to_owned())
        } else if self.explained && !self.noisy.is_empty() && residual <= self.direct {
            let noisy = counted(self.noisy.len() as u64, "function");
            (Way::Residual, residual, format!("the totals less {noisy} that are not production and fail always"))
        } else {
            let why = "what is not production fails all the time, so each watched production function is read";
            (Way::Direct, self.direct + 2, why.to_owned())
        };
    }

    /// Whether the region publishes totals, where that can be told: they are there, or they are not though something ran.
    fn sees_totals(&self, state: &TargetState) -> Option<bool> {
        let totals = COUNTED.iter().filter_map(|metric| state.totals.series(*metric));
        if totals.clone().any(|series| !series.is_empty()) {
            return Some(true);
        }
        // A day without a datapoint, and nobody has told yet: nothing rests on totals that were never seen.
        (totals.count() == COUNTED.len() && self.published.is_none()).then_some(false)
    }

    /// Minutes in which the totals hold more than the functions that were read and what is excused, and how much more.
    fn unexplained(&self, state: &TargetState, metric: Metric) -> BTreeMap<Minute, u32> {
        let Some(totals) = state.totals.series(metric) else { return BTreeMap::new() };
        let mut left: BTreeMap<Minute, u32> = totals.points().filter(|(_, value)| *value > 0).collect();
        if left.is_empty() {
            return left;
        }
        let mut take = |minute: Minute, value: u32| {
            if let Some(rest) = left.get_mut(&minute) {
                *rest = rest.saturating_sub(value);
            }
        };
        for function in state.known() {
            if let Reading::Known(series) = function.reading(metric) {
                series.points().for_each(|(minute, value)| take(minute, value));
            }
        }
        for ((of, minute), value) in &self.excused {
            if *of == metric {
                take(*minute, *value);
            }
        }
        left.retain(|_, value| *value > 0);
        left
    }

    /// The window, and what of the time before it nobody has judged yet: at first, all that is read.
    fn span(&self, frame: &Frame) -> Window {
        let unjudged = |judged: Minute| frame.window.start.plus(-(frame.window.end.0 - judged.0).clamp(0, 60));
        let start = self.judged_to.map_or(frame.read.start.min(frame.window.start), unjudged);
        Window { start, end: frame.window.end }
    }

    /// Functions that failed since they were judged last, with the stretch that has not been judged: up to the minute
    /// before the last one, which is judged anyway.
    pub(super) fn unjudged<'s>(&self, state: &'s TargetState, horizon: &Horizon) -> Vec<(&'s Function, Window)> {
        let failed = production(state).filter_map(|function| {
            let frame = horizon.frame(function.class.window)?;
            let start = self.judged_to.unwrap_or(frame.read.start).max(frame.read.start);
            let stretch = Window { start, end: horizon.at };
            (stretch.minutes() > 1 && self.failed(function, &frame)).then_some((function, stretch))
        });
        failed.collect()
    }

    fn failed(&self, function: &Function, frame: &Frame) -> bool {
        let span = self.span(frame);
        COUNTED.iter().any(|metric| match function.reading(*metric) {
            Reading::Known(series) => series.sum(span).is_some_and(|sum| sum > 0),
            _ => false,
        })
    }

    fn is_hot(&self, function: &Function, horizon: &Horizon) -> bool {
        horizon.frame(function.class.window).is_some_and(|frame| self.failed(function, &frame))
    }
}

/// The totals, as far back as needed to say something of each function.
fn totals(state: &TargetState, horizon: &Horizon) -> Vec<MetricRequest> {
    let Some(frame) = horizon.frame(None) else { return Vec::new() };
    let known = COUNTED.iter().filter_map(|metric| state.totals.series(*metric)).map(|series| series.read().end).min();
    let since = match known {
        Some(end) => end.plus(-overlap(frame)).min(frame.read.start),
        None => horizon.at.plus(-FIRST_LOOK),
    };
    let start = since.max(horizon.at.plus(-FIRST_LOOK));
    let read = Window { start, end: frame.read.end };
    let queries = COUNTED.map(|metric| (Of::Region, metric)).to_vec();
    vec![MetricRequest { read, period: 1, queries }]
}

/// Whether the totals reach to the end of the window.
fn is_looked_at(state: &TargetState, horizon: &Horizon) -> bool {
    let end = state.totals.series(Metric::Errors).map(|series| series.read().end);
    end.is_some_and(|end| end >= horizon.at)
}

/// The newest minutes are not final: so many of them are read again each time.
fn overlap(frame: Frame) -> i64 {
    frame.read.minutes()
}

fn way_in_words(way: Way) -> &'static str {
    match way {
        Way::Sentinel => "by the totals of the region",
        Way::Residual => "by the totals less what always fails",
        Way::Direct => "function by function",
    }
}

pub(super) fn production(state: &TargetState) -> impl Iterator<Item = &Function> {
    state.known().iter().filter(|function| function.alerts())
}

pub(super) fn is_other(function: &Function) -> bool {
    function.is_watched() && !function.class.alerts()
}

fn failed_at_all(function: &Function) -> bool {
    COUNTED.iter().any(|metric| match function.reading(*metric) {
        Reading::Known(series) => series.points().any(|(_, value)| value > 0),
        _ => false,
    })
}

fn batches(target: &Target, asked: Asked<'_>, horizon: &Horizon) -> Vec<MetricRequest> {
    let jobs = plan::batches(target, asked.into_iter(), horizon).into_iter();
    jobs.filter_map(|job| match job {
        plan::Job::Metrics { request, .. } => Some(request),
        _ => None,
    })
    .collect()
}
