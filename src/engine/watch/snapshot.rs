//! What whoever shows a fleet gets to see of it: facts and conclusions at one moment, how each target is read, and what
//! it costs. Values only.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    checks,
    domain::{
        account::TargetKey,
        finding::{Judgement, Severity},
        fleet::{Fleet, TargetState},
        observation::Reading,
        series::Metric,
        text::AwsText,
        usage::Usage,
        window::{Horizon, Minute, Window},
    },
    engine::Progress,
};

/// The fleet at one moment, with what the checks make of it. Cheap to hand on.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Grows with each snapshot.
    pub version: u64,
    /// What has been observed.
    pub fleet: Arc<Fleet>,
    /// What the checks make of it: each function over the window up to which it was read.
    pub judgement: Arc<Judgement>,
    /// The window that a target read now is judged over.
    pub horizon: Horizon,
    /// What it costs.
    pub meter: Meter,
    /// How far finding has come, while accounts or functions are being found for the first time.
    pub under_way: Option<Progress>,
    /// The minute in which anything was last read; none before the first answer.
    pub read_at: Option<Minute>,
    /// When the functions were found that are shown before the first answer, where they come from the cache.
    pub cached: Option<Minute>,
    /// How each target is read.
    pub pulses: Arc<BTreeMap<TargetKey, Pulse>>,
    /// What fired in the last day: the newest first.
    pub episodes: Arc<[Episode]>,
    /// Whether the last day has been read, so that `episodes` is all there was.
    pub day: Day,
    /// The metrics of the function that somebody looks at.
    pub chart: Option<Arc<Chart>>,
}

impl Snapshot {
    /// A fleet that was just read, over one window, and nothing about how it is watched.
    pub fn of(fleet: Fleet, horizon: Horizon) -> Self {
        let judgement = checks::judge_fleet(&fleet, &horizon);
        Self {
            version: 1,
            fleet: Arc::new(fleet),
            judgement: Arc::new(judgement),
            horizon,
            meter: Meter::default(),
            under_way: None,
            read_at: Some(horizon.now),
            cached: None,
            pulses: Arc::default(),
            episodes: Arc::default(),
            day: Day::NotRead,
            chart: None,
        }
    }

    /// Whether everything was asked at least once: each account and target was read, or is known to be out of reach.
    pub fn is_whole(&self) -> bool {
        let asked = |state: &TargetState| {
            let pulse = self.pulses.get(&state.target.key());
            pulse.is_some_and(|pulse| pulse.read_at.is_some() || pulse.failures > 0) || !state.unread.is_empty()
        };
        self.under_way.is_none()
            && self.cached.is_none()
            && self.fleet.accounts().all(|state| state.opened || state.failure.is_some())
            && self.fleet.targets().all(asked)
    }
}

/// How failures are looked for in a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// By the totals of the region: two metrics say whether anything failed at all.
    Sentinel,
    /// By the totals less what is known to fail always.
    Residual,
    /// By each watched production function.
    Direct,
}

impl Way {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sentinel => "sentinel",
            Self::Residual => "residual",
            Self::Direct => "direct",
        }
    }
}

/// How a target is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulse {
    /// How its failures are looked for.
    pub way: Way,
    /// Why so, in words.
    pub why: String,
    /// Minutes between two readings.
    pub every: i64,
    /// The minute in which it was last read whole; none before the first time.
    pub read_at: Option<Minute>,
    /// The minute up to which it was then judged; none before the first time.
    pub judged_to: Option<Minute>,
    /// The minute in which its functions were last found; none before the first time.
    pub found_at: Option<Minute>,
    /// The minute in which it is read again.
    pub due: Minute,
    /// Metrics that a reading bills, as far as can be told beforehand.
    pub metrics: u64,
    /// Metrics that were billed for it since the start.
    pub billed: u64,
    /// Requests for metrics since the start.
    pub requests: u64,
    /// Readings in a row that failed.
    pub failures: u32,
    /// Functions that the last reading could read, where it failed.
    pub answered: Arc<BTreeSet<AwsText>>,
}

impl Pulse {
    /// Whether the last reading was to say something of a function and could not.
    pub fn is_stale(&self, function: &AwsText) -> bool {
        self.failures > 0 && !self.answered.contains(function)
    }

    /// Whether it was read no longer ago than it is meant to be.
    pub fn is_live(&self, now: Minute) -> bool {
        self.failures == 0 && self.read_at.is_some_and(|at| now.0 - at.0 <= self.every + 1)
    }
}

/// What watching costs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meter {
    /// Requests and metrics since the start.
    pub usage: Usage,
    /// US dollars an hour, as the targets are read now.
    pub dollars_per_hour: f64,
    /// US dollars a day that it may cost; none where there is no budget.
    pub budget: Option<f64>,
    /// Targets that are read less often, so that the budget holds.
    pub stretched: usize,
    /// US dollars a day that it costs at least, where the budget can't hold.
    pub least: Option<f64>,
}

/// How much is known of the last day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Day {
    /// Nothing has been read yet.
    #[default]
    NotRead,
    /// It has been read in so many of so many targets; what failed there is told as it is found.
    Read {
        /// Targets whose last day was read.
        read: usize,
        /// All targets.
        of: usize,
    },
}

/// A stretch in which a check fired on a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// Where.
    pub target: TargetKey,
    /// On which function.
    pub function: AwsText,
    /// Which check.
    pub check: &'static str,
    /// How bad it was at its worst.
    pub severity: Severity,
    /// The first minute in which it fired: what happened up to its end made it fire.
    pub began: Minute,
    /// The first minute in which it fired no longer; none where it still does.
    pub ended: Option<Minute>,
    /// What was found when it was worst, in words.
    pub reason: String,
}

/// The metrics of one function over some hours.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// Where.
    pub target: TargetKey,
    /// Which function.
    pub function: AwsText,
    /// The stretch that was read.
    pub read: Window,
    /// Minutes a datapoint covers.
    pub period: i64,
    /// What became of each metric.
    pub readings: BTreeMap<Metric, Reading>,
}

/// Which function somebody looks at, and over how many hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Where.
    pub target: TargetKey,
    /// Which function.
    pub function: AwsText,
    /// Hours.
    pub hours: i64,
}

/// What is on screen, and so is read first and more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Focus {
    /// Functions whose rows are in sight.
    pub rows: Vec<(TargetKey, AwsText)>,
    /// The function whose charts are in sight.
    pub look: Option<Look>,
    /// Whether what fails outside of production is shown.
    pub dev: bool,
}

/// What may be asked of an engine that watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// Read again now, all of it.
    Refresh,
    /// Stop reading, or go on.
    Pause(bool),
    /// This is on screen now.
    Focus(Focus),
}
