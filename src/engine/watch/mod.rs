//! Watching: target by target, each when it is due, and what whoever shows a fleet gets to see of it.

mod aside;
mod beat;
mod budget;
pub mod forecast;
mod guarded;
mod judged;
mod pass;
mod recent;
mod snapshot;
mod watcher;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::sync::{mpsc::UnboundedReceiver, watch::Sender};

pub use self::snapshot::{Chart, Control, Day, Episode, Focus, Look, Meter, Pulse, Snapshot, Way};
use self::watcher::Watcher;
use crate::{
    domain::{
        fleet::Fleet,
        roster::Roster,
        rules::Rules,
        window::{Horizon, Minute},
    },
    source::Source,
};

/// How an engine watches.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Minutes of the window.
    pub minutes: i64,
    /// Minutes by which the window ends before now.
    pub settle: i64,
    /// The longest that finding the functions of a target may take.
    pub limit: Duration,
    /// US dollars a day that reading metrics may cost; none where there is no budget.
    pub budget: Option<f64>,
}

/// Minutes that each reading looks back at least: the hour that a trend shows. AWS bills metrics, not datapoints.
const LOOK_BACK: i64 = 60;

impl Pace {
    /// The question of a reading in this minute.
    fn horizon(&self, minute: Minute) -> Horizon {
        Horizon::new(minute.plus(-self.settle), self.minutes, minute).reading(LOOK_BACK)
    }
}

/// What is watched, and how.
pub struct Watching {
    /// Who answers.
    pub source: Arc<dyn Source>,
    /// Which accounts.
    pub roster: Arc<Roster>,
    /// By which rules.
    pub rules: Arc<Rules>,
    /// How.
    pub pace: Pace,
    /// What was found in an earlier run and when, to be shown until there are answers.
    pub cached: Option<(Fleet, Minute)>,
}

/// Watches until nobody listens any more.
pub async fn watch(
    watching: Watching,
    publish: Sender<Option<Arc<Snapshot>>>,
    mut control: UnboundedReceiver<Control>,
    now: impl Fn() -> Timestamp,
) {
    let Watching { source, roster, rules, pace, cached } = watching;
    let mut fleet = Fleet::new(rules.clone());
    let mut watcher = Watcher::new(source, roster, &mut fleet, pace, cached);
    watcher.run(&publish, &mut control, &now).await;
}
