//! What a day of watching a target would bill, before anything of it is read: by how much of it fails, since that decides
//! what has to be asked. Pure, and by the same numbers as the watching itself.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Way,
    beat::{CHEAP, MORE, SELDOM, SWEEP, billed, is_other, production},
};
use crate::{
    checks::{self, Listed},
    domain::{fleet::TargetState, function::ResourceType, window::Horizon},
};

/// Minutes of a day.
const DAY: u64 = 1440;

/// A day of watching one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Production functions that are watched.
    pub production: u64,
    /// Functions that are watched and not production.
    pub others: u64,
    /// Metrics that checks need beside errors and throttles in each reading of theirs, where nothing fails.
    pub more: u64,
    /// Nothing fails.
    pub quiet: Load,
    /// Whatever is not production fails all the time, and production does not.
    pub noisy: Load,
    /// Everything fails all the time.
    pub all: Load,
}

/// What is asked over a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// How failures are looked for.
    pub way: Way,
    /// Minutes between two readings.
    pub every: u64,
    /// Metrics that `GetMetricData` bills in a day.
    pub metrics: u64,
}

impl Load {
    /// So many metrics a reading, and so many more in a day.
    fn new(way: Way, steady: u64, more: u64) -> Self {
        let every = if steady <= CHEAP { 1 } else { SELDOM.unsigned_abs() };
        Self { way, every, metrics: steady * (DAY / every) + more }
    }
}

/// What a day would bill; `horizon` says what the checks look at.
pub fn forecast(state: &TargetState, horizon: &Horizon) -> Forecast {
    let (more, more_at_most) = (billed(state, horizon, |_, _| false), billed(state, horizon, |_, _| true));
    let readings = DAY / MORE.unsigned_abs();
    let others = state.known().iter().filter(|function| is_other(function)).count() as u64;
    let production = production(state).count() as u64;
    // Who fails always is found out by reading all of them, as long as the totals hold what nothing explains.
    let sweeps = 2 * others * (DAY / SWEEP.unsigned_abs());
    let counted = |hot: u64, fails: bool| {
        let (residual, direct) = (2 + 2 * others + 3 * hot, 2 * production + hot + 2);
        match () {
            () if !fails || others == 0 => Load::new(Way::Sentinel, 2 + 3 * hot, 0),
            () if residual <= direct => Load::new(Way::Residual, residual, 0),
            () => Load::new(Way::Direct, direct, sweeps),
        }
    };
    let load = |hot: u64, fails: bool| {
        let (load, more) = (counted(hot, fails), if hot > 0 { more_at_most } else { more });
        Load { metrics: load.metrics + more * readings, ..load }
    };
    Forecast { production, others, more, quiet: load(0, false), noisy: load(0, true), all: load(production, true) }
}

/// What one of the checks that are off unless they are named reads of a target in a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckLoad {
    /// Production functions, or tables, that it looks at.
    pub rows: u64,
    /// Metrics where nothing fails.
    pub quiet: u64,
    /// Metrics where everything fails.
    pub all: u64,
}

/// What each check that is on reads, by its name and what it looks at. What two of them read is billed once, and counted here for both.
pub fn by_check(state: &TargetState) -> BTreeMap<(&'static str, ResourceType), CheckLoad> {
    let readings = DAY / MORE.unsigned_abs();
    let (mut loads, mut of_region) = (BTreeMap::<_, CheckLoad>::new(), BTreeSet::new());
    for row in state.rows().filter(|row| row.alerts()) {
        let (limits, of) = (&row.class.limits, row.found.resource_type());
        let is_on = |check: &Listed| check.of == of && check.extra.is_some_and(|extra| limits.more.is_on(extra));
        for check in checks::listed(limits).into_iter().filter(is_on) {
            let load = loads.entry((check.name, of)).or_default();
            load.rows += 1;
            for need in check.needs {
                let is_first = !need.region || of_region.insert((check.name, need));
                load.quiet += if is_first && need.after.is_none() { readings } else { 0 };
                load.all += if is_first { readings } else { 0 };
            }
        }
    }
    loads
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            fleet::Fleet,
            roster::Roster,
            rules::{
                Rules,
                more::{Extra, Word},
            },
            usage,
            window::Minute,
        },
        engine::{
            self,
            plan::{Depth, Settings},
        },
        source::sim::{Sim, World},
    };

    const NOW: Minute = Minute(29_700_000);
    const HORIZON: Horizon = Horizon::new(Minute(29_699_997), 15, NOW);

    async fn fleet(rules: Rules) -> Fleet {
        let now = NOW;
        let world = World::demo(1, now);
        let roster: Roster = world.roster();
        let settings = Settings {
            horizon: Horizon::new(now.plus(-3), 15, now),
            depth: Depth::Discover { all: false, configurations: false },
        };
        let cancel = tokio_util::sync::CancellationToken::new();
        let limit = std::time::Duration::from_mins(1);
        let source = std::sync::Arc::new(Sim::new(world));
        let (roster, rules) = (std::sync::Arc::new(roster), std::sync::Arc::new(rules));
        engine::once(source, roster, rules, settings, limit, &cancel, |_| {}).await.0
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_target_costs_three_cents_a_day_and_more_failures_never_cost_less() {
        let fleet = fleet(Rules::default()).await;
        let forecasts: Vec<Forecast> = fleet.targets().map(|state| forecast(state, &HORIZON)).collect();
        assert!(forecasts.len() > 3);
        for one in &forecasts {
            assert_eq!((one.quiet.metrics, one.quiet.every), (2880, 1));
            assert!(one.quiet.metrics <= one.all.metrics, "{one:?}");
        }
        assert!((usage::price(2880.0) - 0.0288).abs() < 1e-9);
        assert!(forecasts.iter().any(|one| one.noisy.way != Way::Sentinel), "{forecasts:?}");
    }
    #[tokio::test(start_paused = true)]
    async fn checks_with_metrics_of_their_own_cost_what_they_read_every_five_minutes() {
        let mut rules = Rules::default();
        let mut limits = (*rules.limits).clone();
        limits.more.take(Word::On(Extra::Burn, true), &"config".into());
        rules.limits = limits.into();
        let (plain, burning) = (fleet(Rules::default()).await, fleet(rules).await);
        for (plain, burning) in plain.targets().zip(burning.targets()) {
            let (plain, burning) = (forecast(plain, &HORIZON), forecast(burning, &HORIZON));
            assert_eq!((plain.more, burning.more), (0, plain.production));
            assert_eq!(burning.quiet.metrics - plain.quiet.metrics, plain.production * 288);
            assert_eq!(burning.all.metrics - plain.all.metrics, 2 * plain.production * 288);
            assert_eq!(burning.quiet.way, plain.quiet.way);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_check_that_is_on_is_told_with_what_it_adds() {
        let mut rules = Rules::default();
        let mut limits = (*rules.limits).clone();
        for extra in [Extra::Burn, Extra::Concurrency] {
            limits.more.take(Word::On(extra, true), &"config".into());
        }
        rules.limits = limits.into();
        for state in fleet(rules).await.targets().filter(|state| production(state).count() > 0) {
            let (loads, forecast) = (by_check(state), forecast(state, &HORIZON));
            let of = ResourceType::Function;
            let functions = forecast.production;
            let burn = CheckLoad { rows: functions, quiet: functions * 288, all: functions * 2 * 288 };
            // Of the region it reads a metric, once.
            let taken = CheckLoad { rows: functions, quiet: (functions + 1) * 288, all: (functions + 1) * 288 };
            assert_eq!(loads, BTreeMap::from([(("burn", of), burn), (("concurrency", of), taken)]));
            assert_eq!(burn.quiet + taken.quiet, forecast.more * 288, "together they are what it adds up to");
        }
        assert!(fleet(Rules::default()).await.targets().all(|state| by_check(state).is_empty()));
    }
}
