//! When the questions beside the watching are asked, and what becomes of their answers.

use std::{collections::BTreeMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use tokio::time::Instant;

use super::{MINUTE, Watcher};
use crate::{
    domain::{account::TargetKey, window::Minute},
    engine::watch::{
        Chart, Day, Episode, Look,
        aside::{self, Aside},
        recent::{self, Recent},
    },
};

/// Targets whose last day is read at the same time: it is not urgent.
const AT_ONCE: usize = 4;
/// Until a function that is looked at and not known yet is asked for.
const SOON: Duration = Duration::from_secs(1);
/// Until a day that could not be read is asked for again.
const AGAIN: Duration = Duration::from_mins(5);

/// How far the last day of a target is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DayOf {
    /// It is asked for at this moment.
    Due(Instant),
    /// It has been asked for.
    Asked,
    /// It has been read.
    Read,
}

/// What is asked beside the watching, and what was learnt.
#[derive(Default)]
pub(super) struct Beside {
    recent: Recent,
    days: BTreeMap<TargetKey, DayOf>,
    listed: Arc<[Episode]>,
    /// Whether something fired or ended since it was listed.
    stale: bool,
    /// The charts that were read last.
    pub(super) chart: Option<Arc<Chart>>,
    /// When they are read again; none while they are, and where nobody looks.
    chart_due: Option<Instant>,
}

impl Beside {
    /// When there is something to ask; days are asked for only after the start.
    pub(super) fn due(&self, is_starting: bool) -> impl Iterator<Item = Instant> + '_ {
        let is_free = self.is_free() && !is_starting;
        let due = |day: &DayOf| match day {
            DayOf::Due(at) => Some(*at),
            DayOf::Asked | DayOf::Read => None,
        };
        self.days.values().filter_map(due).filter(move |_| is_free).chain(self.chart_due)
    }

    fn is_free(&self) -> bool {
        self.days.values().filter(|day| **day == DayOf::Asked).count() < AT_ONCE
    }

    /// Somebody looks at another function, or at none.
    pub(super) fn look(&mut self, look: Option<&Look>) {
        let same = |chart: &Arc<Chart>| {
            look.is_some_and(|look| (&look.target, &look.function) == (&chart.target, &chart.function))
        };
        self.chart = self.chart.take().filter(same);
        self.chart_due = look.map(|_| Instant::now());
    }

    /// A target was read for the first time.
    pub(super) fn begin(&mut self, key: &TargetKey) {
        self.days.entry(key.clone()).or_insert_with(|| DayOf::Due(Instant::now()));
    }

    /// What fired in the last day, and how much of it is known.
    pub(super) fn told(&mut self, of: usize) -> (Arc<[Episode]>, Day) {
        if std::mem::take(&mut self.stale) {
            self.listed = self.recent.list().into();
        }
        let read = self.days.values().filter(|day| **day == DayOf::Read).count();
        let day = if read == 0 { Day::NotRead } else { Day::Read { read, of } };
        (self.listed.clone(), day)
    }
}

impl Watcher<'_> {
    /// Asks what is due beside the watching.
    pub(super) fn ask_beside(&mut self, minute: Minute) {
        let now = Instant::now();
        let horizon = self.pace.horizon(minute);
        if self.beside.chart_due.is_some_and(|due| due <= now) {
            let look = self.focus.look.clone();
            let target = look.as_ref().and_then(|look| self.core.fleet.target(&look.target));
            match (look.clone(), target.map(|state| state.target.clone())) {
                (Some(look), Some(target)) => {
                    self.beside.chart_due = None;
                    let source = self.core.source.clone();
                    let fault = Aside::Chart(look.clone(), aside::uncharted(&look, horizon));
                    self.spawn_beside(fault, async move { aside::chart(&*source, target, look, horizon).await });
                }
                // One that the cache tells of may not have been found yet.
                (Some(_), None) => self.beside.chart_due = Some(now + SOON),
                (None, _) => self.beside.chart_due = None,
            }
        }
        // What fires now comes first.
        if self.is_starting() {
            return;
        }
        let due: Vec<TargetKey> = {
            let due = self.beside.days.iter().filter(|(_, day)| matches!(day, DayOf::Due(at) if *at <= now));
            due.map(|(key, _)| key.clone()).collect()
        };
        for key in due {
            if !self.beside.is_free() {
                return;
            }
            let (Some(state), Some(beat)) = (self.core.fleet.shared(&key), self.beats.get(&key)) else {
                // It is no more.
                self.beside.days.remove(&key);
                continue;
            };
            // What the first reading looked back at was judged with it.
            let before = horizon.frame(None).map_or(horizon.at, |frame| frame.read.start);
            let metrics = recent::worth_reading(&state, beat.is_published(), before);
            if metrics.is_empty() {
                self.day_read(&key, Vec::new());
                continue;
            }
            self.beside.days.insert(key.clone(), DayOf::Asked);
            let source = self.core.source.clone();
            let work = async move { aside::day(&*source, state, metrics, horizon).await };
            self.spawn_beside(Aside::Day(key, None), work);
        }
    }

    /// Asks something beside the watching; what is told where slmon itself fails over it.
    fn spawn_beside(&mut self, fault: Aside, work: impl Future<Output = Aside> + Send + 'static) {
        let sender = self.asides.0.clone();
        self.tasks.spawn(async move {
            let aside = AssertUnwindSafe(work).catch_unwind().await.unwrap_or(fault);
            let _ = sender.send(aside).await;
        });
    }

    fn day_read(&mut self, key: &TargetKey, episodes: Vec<Episode>) {
        self.beside.days.insert(key.clone(), DayOf::Read);
        self.beside.recent.learn(episodes);
        self.beside.stale = true;
        self.changed = true;
    }

    /// Takes in what was asked beside the watching.
    pub(super) fn fold_beside(&mut self, aside: Aside) {
        match aside {
            Aside::Day(key, Some(episodes)) => self.day_read(&key, episodes),
            Aside::Day(key, None) => {
                self.beside.days.insert(key, DayOf::Due(Instant::now() + AGAIN));
            }
            Aside::Chart(look, chart) => {
                // Somebody may have gone on to another function, which is asked for already.
                if self.focus.look.as_ref() == Some(&look) {
                    self.beside.chart = Some(Arc::new(chart));
                    self.beside.chart_due = Some(Instant::now() + MINUTE);
                    self.changed = true;
                }
            }
        }
    }

    /// A target has been judged, and so has the time since it was judged before.
    pub(super) fn judged_beside(&mut self, key: &TargetKey, now: Minute, past: Vec<Episode>) {
        if let (Some(state), Some(judgement)) = (self.shown.target(key), self.judged.get(key)) {
            self.beside.recent.judged(state, judgement);
            self.beside.recent.learn(past);
            self.beside.recent.forget(now);
            self.beside.stale = true;
        }
    }
}
