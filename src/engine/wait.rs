//! Watching what a deployment does: a round a minute over a window that begins at a moment and grows, until it is as long
//! as was asked for and has settled. Knows no report; the wall clock is an argument, and waiting is tokio's.

use std::{ops::ControlFlow, time::Duration};

use jiff::Timestamp;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    Again, End, Progress, Rounds,
    plan::{Depth, REDISCOVERY, Settings},
};
use crate::domain::{
    fleet::Fleet,
    window::{Horizon, Minute},
};

/// Minutes after the beginning at which everything is discovered again: the deployment itself may create functions.
const NEW_FUNCTIONS: i64 = 5;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The first minute of the window.
    pub since: Minute,
    /// Minutes of the window in the end.
    pub minutes: i64,
    /// Minutes by which a round's window ends before now.
    pub settle: i64,
    /// Minutes before the window that it is compared with.
    pub baseline: Option<i64>,
    /// Whether what fails outside of production is read.
    pub hidden: bool,
    /// Whether the last round searches for blind spots.
    pub spots: bool,
    /// How long a round may take.
    pub limit: Duration,
}

impl Wait {
    /// The question of a round at `now`: the window grows from nothing to all that was asked for.
    pub fn horizon(&self, now: Minute) -> Horizon {
        let at = Minute((now.0 - self.settle).clamp(self.since.0, self.since.0 + self.minutes));
        Horizon::since(self.since, at, now).against(self.baseline)
    }

    /// When the last round is due: the whole window has settled.
    pub fn over(&self) -> Minute {
        self.since.plus(self.minutes + self.settle)
    }

    /// What a round finds again, by when everything was last found.
    fn again(&self, now: Minute, found: Minute) -> Again {
        let created = self.since.plus(NEW_FUNCTIONS);
        let due = now.0 - found.0 >= REDISCOVERY || found < created && created <= now;
        if due || now >= self.over() && found < now { Again::All } else { Again::Unseen }
    }
}

/// A round that is over.
#[derive(Debug)]
pub struct Round<'a> {
    /// What is known.
    pub fleet: &'a Fleet,
    /// What was asked. A window without a minute was not judged: there was nothing yet.
    pub horizon: Horizon,
    /// Whether it was the last one.
    pub last: bool,
}

/// How the waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waited {
    /// What the last round asked.
    pub horizon: Horizon,
    /// How that round ended; interrupted, too, where that was between two rounds.
    pub end: End,
    /// How many rounds there were.
    pub rounds: u32,
}

/// Rounds until the wait is over, or `told` of a round ends it, or it is cancelled. The first begins at once, each other
/// one on a full minute. What is unseen in a round is tried again in the next.
pub async fn wait(
    rounds: &mut Rounds,
    wait: &Wait,
    clock: &(dyn Fn() -> Timestamp + Send + Sync),
    cancel: &CancellationToken,
    mut progress: impl FnMut(Progress),
    mut told: impl FnMut(&Round<'_>) -> ControlFlow<()>,
) -> Waited {
    let clock = Steady { wall: clock, start: clock(), began: Instant::now() };
    let mut found = None;
    let mut count = 0;
    loop {
        let now = Minute::floor(clock.now());
        let horizon = wait.horizon(now);
        let again = found.map_or(Again::All, |found| wait.again(now, found));
        if again == Again::All {
            found = Some(now);
        }
        // Before the first minute is there, metrics would cost and say nothing; what can't be entered shows already.
        let depth = if horizon.minutes > 0 {
            Depth::Judge { hidden: wait.hidden, spots: wait.spots && now >= wait.over() }
        } else {
            Depth::Discover { all: false, configurations: false }
        };
        let end = rounds.round(Settings { horizon, depth }, again, wait.limit, cancel, &mut progress).await;
        count += 1;
        let last = now >= wait.over();
        let waited = Waited { horizon, end, rounds: count };
        if end == End::Interrupted || told(&Round { fleet: rounds.fleet(), horizon, last }).is_break() || last {
            return waited;
        }
        // A round that took more than a minute is followed by none that makes up for it.
        let now = Minute::floor(clock.now());
        let next = if now >= wait.over() { now } else { now.plus(1) };
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Waited { end: End::Interrupted, ..waited },
            () = clock.reaches(next.timestamp()) => {}
        }
    }
}

/// A wall clock that never goes back: where it is set back, time goes on as the machine counts it. Where it leaps ahead,
/// since it was set or the machine has slept, the minutes between are gone and nothing is made up for.
struct Steady<'a> {
    wall: &'a (dyn Fn() -> Timestamp + Send + Sync),
    start: Timestamp,
    began: Instant,
}

impl Steady<'_> {
    fn now(&self) -> Timestamp {
        let counted = self.start.checked_add(self.began.elapsed()).unwrap_or(self.start);
        (self.wall)().max(counted)
    }

    /// Sleeps until then; not at all where that has passed.
    async fn reaches(&self, then: Timestamp) {
        while let Ok(left) = Duration::try_from(then.duration_since(self.now()))
            && !left.is_zero()
        {
            sleep(left).await;
        }
    }
}
