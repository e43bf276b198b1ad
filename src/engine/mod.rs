//! The engine: one task owns the fleet, folds in what comes, and asks the plan what is due. It knows the source's trait
//! and no AWS, and it reports nothing by itself.

mod discover;
pub mod doctor;
pub mod explain;
pub mod follow;
pub mod inquiry;
pub mod lines;
pub mod logbook;
pub mod logs;
mod metrics;
#[cfg(feature = "s3")]
pub mod objects;
pub mod plan;
mod roster;
mod rounds;
pub mod wait;
pub mod watch;

use std::{collections::BTreeMap, future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use tokio::{
    sync::mpsc::{Receiver, Sender},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use self::plan::{Job, Settings, Step};
pub use self::rounds::{Again, Rounds};
use crate::{
    domain::{
        account::{AccountId, TargetKey},
        failure::{Failure, Kind},
        fleet::Fleet,
        observation::Observation,
        roster::{Entry, Organization, Regions, Roster},
        rules::Rules,
        text::AwsText,
    },
    source::{Source, calls},
};

/// How a sweep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All was asked and answered.
    Complete,
    /// The deadline came first.
    Deadline,
    /// Somebody interrupted it.
    Interrupted,
}

/// How far a sweep has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Accounts found.
    pub accounts: usize,
    /// Targets found.
    pub targets: usize,
    /// Targets of which nothing is left to ask.
    pub done: usize,
}

/// Observations that may wait to be folded before whoever reads has to wait as well.
const BACKLOG: usize = 256;

/// One sweep over everything: the first round over a fleet that nobody keeps.
pub async fn once(
    source: Arc<dyn Source>,
    roster: Arc<Roster>,
    rules: Arc<Rules>,
    settings: Settings,
    limit: Duration,
    cancel: &CancellationToken,
    progress: impl FnMut(Progress),
) -> (Fleet, End) {
    let mut rounds = Rounds::new(source, roster, rules);
    let end = rounds.round(settings, Again::Unseen, limit, cancel, progress).await;
    (rounds.into_fleet(), end)
}

/// Who has sent observations and has finished with it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Task {
    /// The listing of this number.
    Listing(usize),
    Enter(AccountId),
    Regions(AccountId),
    Target(TargetKey),
    /// One that only searches a target for blind spots.
    Search(TargetKey),
}

/// Tasks under way: listings by number, with whose they are; accounts; and how many jobs of each target. With the call
/// that each waits for, as far as that is known here.
#[derive(Debug, Default)]
struct Waiting {
    listings: BTreeMap<usize, (Option<AwsText>, &'static str)>,
    accounts: BTreeMap<AccountId, &'static str>,
    /// Regions that were named while their account was being entered.
    more: BTreeMap<AccountId, Regions>,
    targets: BTreeMap<TargetKey, (Step, usize)>,
    /// The jobs of all targets.
    jobs: usize,
}

impl Waiting {
    fn is_over(&self) -> bool {
        self.listings.is_empty() && self.accounts.is_empty() && self.jobs == 0
    }
}

/// The call that lists an organization.
fn lists(organization: &Organization) -> &'static str {
    if organization.include_ous.is_empty() { calls::LIST_ACCOUNTS } else { calls::LIST_ACCOUNTS_FOR_PARENT }
}

/// The call that enters an account.
fn enters(entry: &Entry) -> &'static str {
    if entry.access.role.is_some() { calls::ASSUME_ROLE } else { calls::GET_CALLER_IDENTITY }
}

/// What a task taught, and who has finished; none for one that sends more.
type Sent = (Option<Task>, Vec<Observation>);

struct Core<'a> {
    source: Arc<dyn Source>,
    settings: Settings,
    deadline: Instant,
    fleet: &'a mut Fleet,
    tasks: JoinSet<()>,
    sender: Sender<Sent>,
    waiting: Waiting,
    done: usize,
}

impl Core<'_> {
    fn find_accounts(&mut self, roster: &Arc<Roster>) {
        let rules = self.fleet.rules().clone();
        let scope = &rules.scope;
        for (place, organization) in roster.organizations.iter().enumerate() {
            if !scope.reaches(organization, roster) {
                continue;
            }
            self.waiting.listings.insert(place, (organization.client.clone(), lists(organization)));
            let (source, roster, sender) = (self.source.clone(), roster.clone(), self.sender.clone());
            self.spawn(Task::Listing(place), async move {
                if let Some(organization) = roster.organizations.get(place) {
                    roster::organization(&*source, &roster, organization, &sender).await;
                }
                Vec::new()
            });
        }
        for (place, account) in roster.accounts.iter().enumerate() {
            if !scope.leads_to(account, roster) {
                continue;
            }
            let number = roster.organizations.len() + place;
            self.waiting.listings.insert(number, (account.client.clone(), calls::GET_CALLER_IDENTITY));
            let (source, roster) = (self.source.clone(), roster.clone());
            self.spawn(Task::Listing(number), async move {
                match roster.accounts.get(place) {
                    Some(account) => roster::by_hand(&*source, &roster, account).await,
                    None => Vec::new(),
                }
            });
        }
    }

    fn spawn(&mut self, task: Task, work: impl Future<Output = Vec<Observation>> + Send + 'static) {
        let sender = self.sender.clone();
        self.tasks.spawn(async move {
            // A panic is a fault of ours; whatever it was about was not seen.
            let observations = match AssertUnwindSafe(work).catch_unwind().await {
                Ok(observations) => observations,
                Err(_) => fault(&task),
            };
            let _ = sender.send((Some(task), observations)).await;
        });
    }

    async fn run(&mut self, receiver: &mut Receiver<Sent>, progress: &mut impl FnMut(Progress)) {
        while !self.waiting.is_over() {
            while self.tasks.try_join_next().is_some() {}
            let Some((finished, observations)) = receiver.recv().await else { return };
            let due = self.fold(finished, observations);
            self.start(due);
            progress(Progress {
                accounts: self.fleet.accounts().count(),
                targets: self.fleet.target_count(),
                done: self.done,
            });
        }
    }

    /// Folds observations in; the targets for which something may be due now.
    fn fold(&mut self, finished: Option<Task>, observations: Vec<Observation>) -> Vec<TargetKey> {
        let mut due = Vec::new();
        let mut entered = Vec::new();
        match finished {
            Some(Task::Enter(account)) => {
                self.waiting.accounts.remove(&account);
                if observations.is_empty() {
                    entered.push((account.clone(), Regions::All));
                }
                entered.extend(self.waiting.more.remove(&account).map(|more| (account, more)));
            }
            Some(Task::Regions(account)) => {
                self.waiting.accounts.remove(&account);
            }
            Some(Task::Target(key) | Task::Search(key)) => {
                if let Some((_, jobs)) = self.waiting.targets.get_mut(&key) {
                    *jobs -= 1;
                    self.waiting.jobs -= 1;
                    if *jobs == 0 {
                        due.push(key);
                    }
                }
            }
            Some(Task::Listing(number)) => {
                self.waiting.listings.remove(&number);
            }
            None => {}
        }
        for observation in observations {
            let Some(observation) = self.fleet.narrow(observation) else { continue };
            match &observation {
                Observation::Account(entry) if self.fleet.account(&entry.account.id).is_none() => {
                    let (source, entry) = (self.source.clone(), entry.clone());
                    let id = entry.account.id.clone();
                    self.waiting.accounts.insert(id.clone(), enters(&entry));
                    self.spawn(Task::Enter(id), async move { roster::enter(&*source, &entry).await });
                }
                Observation::Account(entry) => {
                    // Another way to an account that is known: nothing of where it is read is lost.
                    let id = entry.account.id.clone();
                    let known = self.fleet.account(&id).map(|state| &state.entry.regions);
                    if let Some(more) = known.and_then(|known| known.lacks(&entry.regions)) {
                        if self.waiting.accounts.contains_key(&id) {
                            let more = self.waiting.more.get(&id).map_or(more.clone(), |before| before.with(&more));
                            self.waiting.more.insert(id, more);
                        } else {
                            entered.push((id, more));
                        }
                    }
                }
                Observation::Regions { account, regions } => {
                    for region in regions {
                        let key = (account.clone(), region.clone());
                        self.waiting.targets.entry(key.clone()).or_insert_with(|| {
                            due.push(key);
                            (Step::Nothing, 0)
                        });
                    }
                }
                _ => {}
            }
            self.fleet.apply(observation);
        }
        for (account, regions) in entered {
            due.extend(self.open(account, regions));
        }
        due
    }

    /// Opens regions of an account that has been entered: those that are named, or, where it is to be read in all, once
    /// it has said which these are.
    fn open(&mut self, id: AccountId, regions: Regions) -> Vec<TargetKey> {
        let Some(state) = self.fleet.account(&id).filter(|state| state.failure.is_none()) else { return Vec::new() };
        match regions {
            Regions::These(regions) => self.fold(None, vec![Observation::Regions { account: id, regions }]),
            Regions::All => {
                let (source, account) = (self.source.clone(), state.entry.account.clone());
                self.waiting.accounts.insert(id.clone(), calls::LIST_REGIONS);
                self.spawn(Task::Regions(id), async move { roster::regions(&*source, &account).await });
                Vec::new()
            }
        }
    }

    /// Starts what the plan says is due.
    fn start(&mut self, due: Vec<TargetKey>) {
        for key in due {
            let step = self.waiting.targets.get(&key).map_or(Step::Nothing, |(step, _)| *step);
            let Some(state) = self.fleet.target(&key) else { continue };
            let failed = step == Step::Discovery && state.functions.is_none();
            let (step, jobs) = if failed {
                (Step::Details, Vec::new())
            } else {
                plan::next(state, step, self.fleet.rules(), &self.settings)
            };
            self.waiting.jobs += jobs.len();
            self.waiting.targets.insert(key.clone(), (step, jobs.len()));
            if jobs.is_empty() {
                self.done += 1;
            }
            for job in jobs {
                let (source, deadline) = (self.source.clone(), self.deadline);
                if step.is_search() {
                    let work = async move { only_searching(carry_out(&*source, &job, deadline).await) };
                    self.spawn(Task::Search(key.clone()), work);
                } else {
                    self.spawn(Task::Target(key.clone()), async move { carry_out(&*source, &job, deadline).await });
                }
            }
        }
    }

    /// Enters what was still under way as unread.
    fn close(&mut self, end: End, limit: Duration) {
        let (kind, why) = match end {
            End::Complete => return,
            End::Deadline => (Kind::Deadline, format!("the deadline of {} s came first", limit.as_secs_f64())),
            End::Interrupted => (Kind::Interrupted, "the run was interrupted".to_owned()),
        };
        let failure = |operation| Failure::new(operation, kind, why.as_str());
        let waiting = std::mem::take(&mut self.waiting);
        let mut searched = Vec::new();
        for (client, operation) in waiting.listings.into_values() {
            self.fleet.apply(Observation::ListingFailed { client, failure: failure(operation) });
        }
        for (account, operation) in waiting.accounts {
            self.fleet.apply(Observation::AccountFailed { account, failure: failure(operation) });
        }
        for (target, (step, jobs)) in waiting.targets {
            let Some(state) = self.fleet.target(&target) else { continue };
            let after = |step| plan::after(state, step, self.fleet.rules(), &self.settings).1;
            let still_due = |step| after(step).iter().any(|job| matches!(job, Job::Metrics { .. } | Job::More { .. }));
            if self.settings.depth.searches() && state.functions.is_some() {
                let unfinished = || !plan::next(state, step, self.fleet.rules(), &self.settings).1.is_empty();
                let listed = step > Step::Search || step == Step::Search && jobs == 0;
                let (operation, part) = if listed {
                    (calls::GET_METRIC_DATA, Some("metrics of what is not watched".to_owned()))
                } else {
                    (calls::GET_RESOURCES, None)
                };
                if jobs > 0 || unfinished() {
                    let (target, failure) = (target.clone(), failure(operation));
                    searched.push(Observation::SearchFailed { target, part, failure });
                }
            }
            let metrics = |part: &str| (calls::GET_METRIC_DATA, Some(part.to_owned()));
            let (operation, part) = match (step, jobs > 0) {
                (Step::Nothing, _) | (Step::Discovery, true) => (calls::GET_RESOURCES, None),
                (Step::Discovery, false) if state.functions.is_some() && still_due(step) => metrics("metrics"),
                (Step::Metrics, true) => metrics("metrics"),
                (Step::Metrics, false) | (Step::Details, true) if still_due(Step::Metrics) => metrics("invocations"),
                _ => continue,
            };
            self.fleet.apply(Observation::TargetFailed { target, part, failure: failure(operation) });
        }
        for observation in searched {
            self.fleet.apply(observation);
        }
    }
}

/// What is said of a call over which slmon itself has failed.
fn fault_in(operation: &'static str) -> Failure {
    Failure::new(operation, Kind::Other, "slmon itself has failed here")
        .with_hint("this is a fault of slmon's: report it, with what standard error says above")
}

/// What a task that has panicked leaves behind.
fn fault(task: &Task) -> Vec<Observation> {
    let failure = fault_in;
    match task {
        Task::Enter(account) => {
            vec![Observation::AccountFailed { account: account.clone(), failure: failure(calls::ASSUME_ROLE) }]
        }
        Task::Regions(account) => {
            vec![Observation::AccountFailed { account: account.clone(), failure: failure(calls::LIST_REGIONS) }]
        }
        Task::Target(target) => {
            vec![Observation::TargetFailed {
                target: target.clone(),
                part: None,
                failure: failure(calls::GET_RESOURCES),
            }]
        }
        Task::Search(target) => {
            vec![Observation::SearchFailed {
                target: target.clone(),
                part: None,
                failure: failure(calls::GET_RESOURCES),
            }]
        }
        Task::Listing(_) => vec![Observation::ListingFailed { client: None, failure: failure(calls::LIST_ACCOUNTS) }],
    }
}

/// What a search for blind spots can't read makes nothing unseen: no verdict rests on it.
fn only_searching(observations: Vec<Observation>) -> Vec<Observation> {
    let only = |observation| match observation {
        Observation::TargetFailed { target, part, failure } => Observation::SearchFailed { target, part, failure },
        other => other,
    };
    observations.into_iter().map(only).collect()
}

async fn carry_out(source: &dyn Source, job: &Job, deadline: Instant) -> Vec<Observation> {
    match job {
        Job::Discover { target, key, reach, names } => {
            discover::discover(source, target, (key, *reach, names), deadline).await
        }
        Job::Tables { target, key } => discover::tables(source, target, key).await,
        Job::Metrics { target, request } => metrics::read(source, target, request).await,
        Job::More { target, stretch, request } => metrics::more(metrics::read(source, target, request).await, *stretch),
        Job::Concurrency { target } => discover::concurrency(source, target).await,
        Job::Search { target, tells_gone } => discover::search(source, target, *tells_gone, deadline).await,
        Job::Configurations { target, wanted, needed } => {
            discover::configurations(source, target, wanted, *needed).await
        }
    }
}

#[cfg(test)]
mod tests;
