//! Watching: round after round, and what whoever shows a fleet gets to see of it.

mod snapshot;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::sync::{mpsc::UnboundedReceiver, watch::Sender};
use tokio_util::sync::CancellationToken;

pub use self::snapshot::{Chart, Control, Day, Episode, Focus, Look, Meter, Pulse, Snapshot, Way};
use super::{
    Again, Rounds,
    plan::{self, Depth, Settings},
};
use crate::domain::window::{Horizon, Minute};

/// How an engine watches.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Minutes of the window.
    pub minutes: i64,
    /// Minutes by which the window ends before now.
    pub settle: i64,
    /// Between the beginnings of two rounds.
    pub every: Duration,
    /// The longest that a round may take.
    pub limit: Duration,
}

/// Watches until nobody listens any more: what is found is found anew every [`plan::REDISCOVERY`] minutes, metrics are read
/// in each round.
pub async fn watch(
    mut rounds: Rounds,
    pace: Pace,
    publish: Sender<Option<Arc<Snapshot>>>,
    mut control: UnboundedReceiver<Control>,
    now: impl Fn() -> Timestamp,
) {
    let (mut version, mut found) = (0, None);
    let cancel = CancellationToken::new();
    loop {
        let minute = Minute::floor(now());
        let horizon = Horizon::new(minute.plus(-pace.settle), pace.minutes, minute);
        let settings = Settings { horizon, depth: Depth::Judge { hidden: true, spots: false } };
        let recent = found.is_some_and(|found: Minute| minute.0 - found.0 < plan::REDISCOVERY);
        let again = if recent { Again::Unseen } else { Again::All };
        if !recent {
            found = Some(minute);
        }
        tokio::select! {
            _ = rounds.round(settings, again, pace.limit, &cancel, |_| {}) => {}
            () = publish.closed() => return,
        }
        version += 1;
        let meter = Meter { usage: rounds.source().usage(), ..Meter::default() };
        let snapshot = Snapshot { version, meter, ..Snapshot::of(rounds.fleet().clone(), horizon) };
        if publish.send(Some(Arc::new(snapshot))).is_err() || !pause(&mut control, pace.every, &publish).await {
            return;
        }
    }
}

/// Waits until the next round is due: the time has come, or somebody asks for it. False where nobody listens any more.
async fn pause(
    control: &mut UnboundedReceiver<Control>,
    every: Duration,
    publish: &Sender<Option<Arc<Snapshot>>>,
) -> bool {
    let mut paused = false;
    let due = tokio::time::sleep(every);
    tokio::pin!(due);
    loop {
        tokio::select! {
            () = publish.closed() => return false,
            () = &mut due, if !paused => return true,
            asked = control.recv() => match asked {
                Some(Control::Refresh) => return true,
                Some(Control::Pause(stopped)) => paused = stopped,
                Some(Control::Focus(_)) => {}
                None => return false,
            },
        }
    }
}
