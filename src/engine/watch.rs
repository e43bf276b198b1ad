//! Watching: round after round, and what whoever shows a fleet gets to see of it.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::sync::{mpsc::UnboundedReceiver, watch::Sender};
use tokio_util::sync::CancellationToken;

use super::{
    End, Progress, once,
    plan::{Depth, Settings},
};
use crate::{
    checks,
    domain::{
        finding::Judgement,
        fleet::Fleet,
        roster::Roster,
        rules::Rules,
        usage::Usage,
        window::{Horizon, Minute},
    },
    source::Source,
};

/// The fleet at one moment, with what the checks make of it. Cheap to hand on.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Grows with each snapshot.
    pub version: u64,
    /// What has been observed.
    pub fleet: Arc<Fleet>,
    /// What the checks make of it.
    pub judgement: Arc<Judgement>,
    /// The window that is judged.
    pub horizon: Horizon,
    /// What it has cost since the start.
    pub usage: Usage,
    /// How far the round has come that is under way; none between rounds.
    pub under_way: Option<Progress>,
    /// The minute in which the last whole round ended.
    pub read_at: Option<Minute>,
}

/// What may be asked of an engine that watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Read again now.
    Refresh,
    /// Stop reading, or go on.
    Pause(bool),
}

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

/// Watches until nobody listens any more.
pub async fn watch(
    source: Arc<dyn Source>,
    roster: Arc<Roster>,
    rules: Arc<Rules>,
    pace: Pace,
    publish: Sender<Option<Arc<Snapshot>>>,
    mut control: UnboundedReceiver<Control>,
    now: impl Fn() -> Timestamp,
) {
    let mut version = 0;
    loop {
        let minute = Minute::floor(now());
        let horizon = Horizon { at: minute.plus(-pace.settle), minutes: pace.minutes, now: minute };
        let settings = Settings { horizon, depth: Depth::Judge { hidden: true } };
        let cancel = CancellationToken::new();
        let round = once(source.clone(), roster.clone(), rules.clone(), settings, pace.limit, &cancel, |_| {});
        let (fleet, _end): (Fleet, End) = tokio::select! {
            round = round => round,
            () = publish.closed() => return,
        };
        version += 1;
        let judgement = checks::judge_fleet(&fleet, &horizon);
        let snapshot = Snapshot {
            version,
            fleet: Arc::new(fleet),
            judgement: Arc::new(judgement),
            horizon,
            usage: source.usage(),
            under_way: None,
            read_at: Some(Minute::floor(now())),
        };
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
                None => return false,
            },
        }
    }
}
