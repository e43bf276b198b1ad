//! What whoever shows the fleet gets to see: a snapshot as soon as something has changed, and at least once a minute.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::Instant};

use super::{MINUTE, Watcher};
use crate::{
    checks,
    domain::{account::TargetKey, finding::Judgement, window::Minute},
    engine::{
        Progress,
        watch::{Meter, Snapshot, budget},
    },
};

impl Watcher<'_> {
    pub(super) fn publish(&mut self, publish: &watch::Sender<Option<Arc<Snapshot>>>, minute: Minute) {
        let now = Instant::now();
        let is_due = match self.published {
            Some(at) => now >= at + if self.changed { self.between() } else { MINUTE },
            None => self.changed,
        };
        if !is_due {
            return;
        }
        (self.changed, self.published) = (false, Some(now));
        self.version += 1;
        let horizon = self.pace.horizon(minute);
        let mut judgement = Judgement {
            checks: checks::names(self.shown.rules(), &horizon),
            functions: Vec::new(),
            hidden: (0, 0),
            overlooked: Vec::new(),
        };
        if self.cached.is_some() {
            judgement = checks::judge_fleet(&self.shown, &horizon);
        }
        for judged in self.judged.values() {
            judgement.functions.extend(judged.functions.iter().cloned());
            judgement.hidden.0 += judged.hidden.0;
            judgement.hidden.1 += judged.hidden.1;
        }
        let due = |key: &TargetKey| {
            let left = self.due.get(key).map_or(Duration::ZERO, |due| due.saturating_duration_since(now));
            minute.plus(i64::try_from(left.as_secs() / 60).unwrap_or(0))
        };
        let starting = self.is_starting();
        let progress = Progress {
            accounts: self.core.fleet.accounts().count(),
            targets: self.core.fleet.target_count(),
            done: self.beats.values().filter(|beat| beat.read_at.is_some()).count(),
        };
        let (episodes, day) = self.beside.told(self.core.fleet.target_count());
        let snapshot = Snapshot {
            version: self.version,
            fleet: Arc::new(self.shown.clone()),
            judgement: Arc::new(judgement),
            horizon,
            meter: Meter {
                usage: self.core.source.usage(),
                dollars_per_hour: budget::dollars_per_hour(self.beats.values()),
                budget: self.pace.budget,
                stretched: self.stretched.0,
                least: self.stretched.1,
            },
            under_way: starting.then_some(progress),
            read_at: self.read_at,
            cached: self.cached,
            pulses: Arc::new(self.beats.iter().map(|(key, beat)| (key.clone(), beat.pulse(due(key)))).collect()),
            episodes,
            day,
            chart: self.beside.chart.clone(),
        };
        let _ = publish.send(Some(Arc::new(snapshot)));
    }
}
