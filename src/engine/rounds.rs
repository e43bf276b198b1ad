//! Rounds over a fleet that is kept: the first finds everything, a later one reads again what may have changed. When a
//! round is due is for others to say; this knows no clock but the deadline.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc::channel,
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    BACKLOG, Core, End, Progress, Task, Waiting, enters,
    plan::{self, Settings, Step},
    roster,
};
use crate::{
    domain::{
        account::TargetKey,
        fleet::Fleet,
        roster::{Entry, Regions, Roster},
        rules::Rules,
    },
    source::{Source, calls},
};

/// What a later round finds again, beside reading metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// What was unseen in the round before: listings, accounts, and the functions of targets.
    Unseen,
    /// Everything: accounts and regions that are new, and the functions and tags of every target.
    All,
}

/// A source and the fleet that is known of it, from round to round. Sessions live in the source.
///
/// A round forgets every reading and every failure of the one before. Functions stay, so that a target whose functions
/// can't be found again is unseen, and what was known in it is judged all the same.
pub struct Rounds {
    source: Arc<dyn Source>,
    roster: Arc<Roster>,
    fleet: Fleet,
    begun: bool,
}

impl Rounds {
    /// Nothing is known yet, and nothing is asked before the first round.
    pub fn new(source: Arc<dyn Source>, roster: Arc<Roster>, rules: Arc<Rules>) -> Self {
        Self { source, roster, fleet: Fleet::new(rules), begun: false }
    }

    /// What is known after the last round.
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// The source, for what it has been asked so far.
    pub fn source(&self) -> &Arc<dyn Source> {
        &self.source
    }

    /// What is known, where no more rounds follow.
    pub fn into_fleet(self) -> Fleet {
        self.fleet
    }

    /// One round: asks what the plan says, and ends when nothing is due, or with the deadline, or when it is cancelled.
    /// What could not be read by then is in the fleet as a failure. The first round finds everything, whatever `again`
    /// says.
    pub async fn round(
        &mut self,
        settings: Settings,
        again: Again,
        limit: Duration,
        cancel: &CancellationToken,
        mut progress: impl FnMut(Progress),
    ) -> End {
        let deadline = Instant::now() + limit;
        // A channel of its own: what a round before has left under way must not come in here.
        let (sender, mut receiver) = channel(BACKLOG);
        let mut core = Core {
            source: self.source.clone(),
            settings,
            deadline,
            fleet: &mut self.fleet,
            tasks: JoinSet::new(),
            sender,
            waiting: Waiting::default(),
            done: 0,
        };
        if self.begun {
            core.resume(&self.roster, again);
        } else {
            core.find_accounts(&self.roster);
        }
        self.begun = true;
        let end = tokio::select! {
            biased;
            () = cancel.cancelled() => End::Interrupted,
            () = sleep_until(deadline) => End::Deadline,
            () = core.run(&mut receiver, &mut progress) => End::Complete,
        };
        core.tasks.abort_all();
        // What has come and not been folded yet was seen all the same.
        while let Ok((finished, observations)) = receiver.try_recv() {
            core.fold(finished, observations);
        }
        core.close(end, limit);
        end
    }
}

impl Core<'_> {
    /// Begins a later round: what failed is tried again, and each target goes on where the plan says.
    fn resume(&mut self, roster: &Arc<Roster>, again: Again) {
        let anew = again == Again::All;
        let (mut failed, mut open): (Vec<Entry>, Vec<Entry>) = (Vec::new(), Vec::new());
        let mut list = anew || !self.fleet.listings().is_empty();
        for state in self.fleet.accounts() {
            if state.failure.is_some() || !state.opened {
                // Where its regions could not be found, only who names it can.
                list |= state.entry.regions == Regions::These(Vec::new());
                failed.push(state.entry.clone());
            } else if anew && state.entry.regions == Regions::All {
                open.push(state.entry.clone());
            }
        }
        let targets: Vec<(TargetKey, Step)> =
            self.fleet.targets().map(|state| (state.target.key(), plan::resume(state, anew))).collect();
        self.fleet.begin_round(anew);
        if list {
            self.find_accounts(roster);
        }
        for entry in failed {
            let (source, id) = (self.source.clone(), entry.account.id.clone());
            self.waiting.accounts.insert(id.clone(), enters(&entry));
            self.spawn(Task::Enter(id), async move { roster::enter(&*source, &entry).await });
        }
        for entry in open {
            let (source, id) = (self.source.clone(), entry.account.id.clone());
            self.waiting.accounts.insert(id.clone(), calls::LIST_REGIONS);
            self.spawn(Task::Regions(id), async move { roster::regions(&*source, &entry.account).await });
        }
        let keys = targets.iter().map(|(key, _)| key.clone()).collect();
        self.waiting.targets.extend(targets.into_iter().map(|(key, step)| (key, (step, 0))));
        self.start(keys);
    }
}
