//! What a day of watching a target would bill, before anything of it is read: by how much of it fails, since that decides
//! what has to be asked. Pure, and by the same numbers as the watching itself.

use super::{
    Way,
    beat::{CHEAP, SELDOM, SWEEP, is_other, production},
};
use crate::domain::fleet::TargetState;

/// Minutes of a day.
const DAY: u64 = 1440;

/// A day of watching one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Production functions that are watched.
    pub production: u64,
    /// Functions that are watched and not production.
    pub others: u64,
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

/// What a day would bill.
pub fn forecast(state: &TargetState) -> Forecast {
    let others = state.known().iter().filter(|function| is_other(function)).count() as u64;
    let production = production(state).count() as u64;
    // Who fails always is found out by reading all of them, as long as the totals hold what nothing explains.
    let sweeps = 2 * others * (DAY / SWEEP.unsigned_abs());
    let load = |hot: u64, fails: bool| {
        let (residual, direct) = (2 + 2 * others + 3 * hot, 2 * production + hot + 2);
        match () {
            () if !fails || others == 0 => Load::new(Way::Sentinel, 2 + 3 * hot, 0),
            () if residual <= direct => Load::new(Way::Residual, residual, 0),
            () => Load::new(Way::Direct, direct, sweeps),
        }
    };
    Forecast { production, others, quiet: load(0, false), noisy: load(0, true), all: load(production, true) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            fleet::Fleet,
            roster::Roster,
            rules::Rules,
            usage,
            window::{Horizon, Minute},
        },
        engine::{
            self,
            plan::{Depth, Settings},
        },
        source::sim::{Sim, World},
    };

    async fn fleet() -> Fleet {
        let now = Minute(29_700_000);
        let world = World::demo(1, now);
        let roster: Roster = world.roster();
        let settings = Settings {
            horizon: Horizon::new(now.plus(-3), 15, now),
            depth: Depth::Discover { all: false, configurations: false },
        };
        let cancel = tokio_util::sync::CancellationToken::new();
        let limit = std::time::Duration::from_secs(60);
        let source = std::sync::Arc::new(Sim::new(world));
        let (roster, rules) = (std::sync::Arc::new(roster), std::sync::Arc::new(Rules::default()));
        engine::once(source, roster, rules, settings, limit, &cancel, |_| {}).await.0
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_target_costs_three_cents_a_day_and_more_failures_never_cost_less() {
        let fleet = fleet().await;
        let forecasts: Vec<Forecast> = fleet.targets().map(forecast).collect();
        assert!(forecasts.len() > 3);
        for one in &forecasts {
            assert_eq!((one.quiet.metrics, one.quiet.every), (2880, 1));
            assert!(one.quiet.metrics <= one.all.metrics, "{one:?}");
        }
        assert!((usage::price(2880.0) - 0.0288).abs() < 1e-9);
        assert!(forecasts.iter().any(|one| one.noisy.way != Way::Sentinel), "{forecasts:?}");
    }
}
