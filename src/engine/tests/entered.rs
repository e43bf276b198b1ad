//! The estate of a scenario, entered: what tests begin with that ask it something.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        fleet::Fleet,
        rules::Rules,
        window::{Horizon, Minute},
    },
    engine::{
        once,
        plan::{Depth, Settings},
    },
    source::sim::{Scenario, Sim},
};

/// An estate in memory whose accounts are entered and whose functions are found.
pub(in crate::engine) struct Entered {
    pub(in crate::engine) sim: Arc<Sim>,
    pub(in crate::engine) fleet: Fleet,
    /// The minute of the scenario.
    pub(in crate::engine) now: Minute,
    /// Its time, which passes as tokio's does.
    pub(in crate::engine) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// Enters the estate of a scenario's text; with the configurations of its functions, or without.
pub(in crate::engine) async fn entered(text: &str, configurations: bool) -> Entered {
    let world = Scenario::parse(text).unwrap().world;
    let (now, begun) = (world.now, Instant::now());
    let clock = move || now.timestamp().checked_add(begun.elapsed()).unwrap();
    let sim = Arc::new(Sim::with_clock(world, clock));
    let settings =
        Settings { horizon: Horizon::new(now, 15, now), depth: Depth::Discover { all: false, configurations } };
    let (roster, rules, never) = (Arc::new(sim.roster()), Arc::new(Rules::default()), CancellationToken::new());
    let (fleet, _) = once(sim.clone(), roster, rules, settings, Duration::from_secs(30), &never, |_| {}).await;
    Entered { sim, fleet, now, clock: Arc::new(clock) }
}
