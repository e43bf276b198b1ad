//! What has been found: accounts, regions and functions; and when each is looked for again.

use std::time::Duration;

use tokio::time::Instant;

use super::{Beat, MINUTE, RETRY, Sent, Task, Watcher, plan, scattered};
use crate::{
    domain::{
        account::TargetKey,
        observation::Observation,
        window::{Horizon, Minute},
    },
    source::calls,
};

impl Watcher<'_> {
    /// Takes in what was found: accounts, regions, functions.
    pub(super) fn find(&mut self, (finished, observations): Sent, minute: Minute) {
        let now = Instant::now();
        if let Some(Task::Enter(id) | Task::Regions(id)) = &finished {
            let id = id.clone();
            if observations.iter().any(|observation| matches!(observation, Observation::AccountFailed { .. })) {
                let tries = self.out.get(&id).map_or(0, |(_, tries)| *tries) + 1;
                self.out.insert(id, (now + retry_after(tries), tries));
            } else {
                self.out.remove(&id);
                self.core.fleet.reached(&id);
            }
        }
        let failed = observations.iter().any(|observation| matches!(observation, Observation::ListingFailed { .. }));
        if failed {
            self.list = self.list.min(now + retry_after(2));
        }
        let mut touched: Vec<TargetKey> = match &finished {
            Some(Task::Target(key) | Task::Search(key)) => vec![key.clone()],
            _ => Vec::new(),
        };
        let due = self.core.fold(finished, observations);
        self.core.start(due.clone());
        touched.extend(due);
        for key in touched {
            self.found_in(&key, minute);
        }
        if self.core.waiting.listings.is_empty() && self.core.waiting.accounts.is_empty() || self.beats.is_empty() {
            if self.cached.is_none() {
                self.shown.adopt_accounts(self.core.fleet);
            }
            self.changed = true;
        }
    }

    /// Something of a target's functions has come.
    fn found_in(&mut self, key: &TargetKey, minute: Minute) {
        let now = Instant::now();
        let Some(state) = self.core.fleet.target(key) else { return };
        let (known, whole) = (
            state.functions.is_some(),
            state.unread.iter().all(|unread| unread.failure.operation == calls::GET_METRIC_DATA),
        );
        if known && !self.beats.contains_key(key) {
            self.beats.insert(key.clone(), Beat::new());
            self.due.insert(key.clone(), now);
        }
        if !self.is_finding(key) {
            let again = if known && whole { plan::REDISCOVERY } else { 2 };
            let jitter = Duration::from_millis(scattered(key, self.find.len()));
            self.find.insert(key.clone(), now + MINUTE * u32::try_from(again).unwrap_or(15) + jitter);
            if let Some(beat) = self.beats.get_mut(key).filter(|_| known && whole) {
                beat.found_at = Some(minute);
            }
        }
        // A reading under way shows the target when it ends.
        if !self.passes.contains_key(key) {
            let horizon = Horizon::new(minute.plus(-self.pace.settle), self.pace.minutes, minute);
            self.show(key, &horizon);
        }
    }
}

fn retry_after(tries: u32) -> Duration {
    MINUTE * (RETRY.0 << tries.saturating_sub(1).min(8)).min(RETRY.1)
}
