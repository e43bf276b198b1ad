//! The one task that owns a watched fleet: it starts what is due, folds what comes, judges what changed and publishes it.

mod beside;
mod found;
mod publish;

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    sync::{
        mpsc::{self, Receiver, UnboundedReceiver},
        watch,
    },
    task::JoinSet,
    time::{Instant, sleep_until},
};

use self::beside::Beside;
use super::{
    super::{BACKLOG, Core, Sent, Task, Waiting, enters, metrics, plan, roster},
    Control, Focus, Pace, Snapshot,
    aside::Aside,
    beat::Beat,
    budget, guarded,
    judged::{is_quiet, judge, named},
    pass::{self, Pass, Stage},
    recent,
};
use crate::{
    domain::{
        account::{AccountId, TargetKey},
        finding::Judgement,
        fleet::{Fleet, Function},
        need::Stretch,
        observation::{Observation, Reading},
        roster::Roster,
        series::{Metric, Of},
        window::{Horizon, Minute},
    },
    source::{MetricRequest, Source, calls},
};

const MINUTE: Duration = Duration::from_mins(1);
/// Minutes until what could not be found or entered is tried again: at first, and at most.
const RETRY: (u32, u32) = (1, 15);
/// Between two snapshots while things are found for the first time, and afterwards.
const PUBLISHED: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
/// The longest by which a target's first interval is stretched, so that not all are read in the same moment.
const JITTER: u64 = 8_000;

/// What a request for metrics taught.
struct Told {
    target: TargetKey,
    observations: Vec<Observation>,
}

pub(super) struct Watcher<'a> {
    core: Core<'a>,
    found: Receiver<Sent>,
    told: (mpsc::Sender<Told>, Receiver<Told>),
    asides: (mpsc::Sender<Aside>, Receiver<Aside>),
    beside: Beside,
    tasks: JoinSet<()>,
    roster: Arc<Roster>,
    pace: Pace,
    beats: BTreeMap<TargetKey, Beat>,
    due: BTreeMap<TargetKey, Instant>,
    passes: BTreeMap<TargetKey, Pass>,
    /// When functions are found again.
    find: BTreeMap<TargetKey, Instant>,
    /// Accounts out of reach: when each is tried again, and how often it was.
    out: BTreeMap<AccountId, (Instant, u32)>,
    list: Instant,
    /// Whether the accounts have been listed once.
    listed: bool,
    /// Targets of which all is to be read, since somebody asked.
    thorough: BTreeSet<TargetKey>,
    focus: Focus,
    paused: bool,
    shown: Fleet,
    cached: Option<Minute>,
    judged: BTreeMap<TargetKey, Judgement>,
    version: u64,
    changed: bool,
    published: Option<Instant>,
    read_at: Option<Minute>,
    /// Targets that are read less often for a budget, and what a day costs at least where it can't hold.
    stretched: (usize, Option<f64>),
}

impl<'a> Watcher<'a> {
    pub(super) fn new(
        source: Arc<dyn Source>,
        roster: Arc<Roster>,
        fleet: &'a mut Fleet,
        pace: Pace,
        cached: Option<(Fleet, Minute)>,
    ) -> Self {
        let (sender, found) = mpsc::channel(BACKLOG);
        let now = Instant::now();
        let horizon = pace.horizon(Minute(0));
        let depth = plan::Depth::Discover { all: false, configurations: true };
        let (shown, cached) = match cached {
            Some((fleet, at)) => (fleet, Some(at)),
            None => (Fleet::new(fleet.rules().clone()), None),
        };
        let core = Core {
            source,
            settings: plan::Settings { horizon, depth },
            deadline: now + pace.limit,
            fleet,
            tasks: JoinSet::new(),
            sender,
            waiting: Waiting::default(),
            done: 0,
        };
        Self {
            core,
            found,
            told: mpsc::channel(BACKLOG),
            asides: mpsc::channel(BACKLOG),
            beside: Beside::default(),
            tasks: JoinSet::new(),
            roster,
            pace,
            beats: BTreeMap::new(),
            due: BTreeMap::new(),
            passes: BTreeMap::new(),
            find: BTreeMap::new(),
            out: BTreeMap::new(),
            list: now,
            listed: false,
            thorough: BTreeSet::new(),
            focus: Focus::default(),
            paused: false,
            shown,
            changed: cached.is_some(),
            cached,
            judged: BTreeMap::new(),
            version: 0,
            published: None,
            read_at: None,
            stretched: (0, None),
        }
    }

    pub(super) async fn run(
        &mut self,
        publish: &watch::Sender<Option<Arc<Snapshot>>>,
        control: &mut UnboundedReceiver<Control>,
        now: &impl Fn() -> Timestamp,
    ) {
        loop {
            let minute = Minute::floor(now());
            self.begin(minute);
            self.publish(publish, minute);
            let wake = self.wake();
            // In this order, so that the same answers lead to the same steps.
            tokio::select! {
                biased;
                () = publish.closed() => return,
                asked = control.recv() => match asked {
                    Some(asked) => self.asked(asked),
                    None => return,
                },
                Some(sent) = self.found.recv() => {
                    self.find(sent, Minute::floor(now()));
                    while let Ok(sent) = self.found.try_recv() {
                        self.find(sent, Minute::floor(now()));
                    }
                }
                Some(told) = self.told.1.recv() => {
                    self.fold(told);
                    while let Ok(told) = self.told.1.try_recv() {
                        self.fold(told);
                    }
                }
                Some(aside) = self.asides.1.recv() => self.fold_beside(aside),
                () = sleep_until(wake) => {}
            }
            self.listed |= self.core.waiting.listings.is_empty();
            while self.core.tasks.try_join_next().is_some() {}
            while self.tasks.try_join_next().is_some() {}
        }
    }

    fn asked(&mut self, asked: Control) {
        match asked {
            Control::Refresh => {
                let now = Instant::now();
                self.thorough = self.due.keys().cloned().collect();
                self.due.values_mut().for_each(|due| *due = now);
                self.out.values_mut().for_each(|(due, _)| *due = now);
            }
            Control::Pause(paused) => self.paused = paused,
            Control::Focus(focus) => {
                let now = Instant::now();
                // One that fails is left alone until it is due, whatever is looked at.
                let backs_off = |key: &TargetKey| self.beats.get(key).is_some_and(|beat| beat.failures > 0);
                if focus.dev && !self.focus.dev {
                    self.due.iter_mut().filter(|(key, _)| !backs_off(key)).for_each(|(_, due)| *due = now);
                }
                // What comes into sight is read first.
                for (target, name) in &focus.rows {
                    let state = self.core.fleet.target(target);
                    let function = state.and_then(|state| named(state, name.raw()));
                    let unread = function.is_some_and(|f| f.class.alerts() && f.invocations == Reading::NotAsked);
                    if unread
                        && !backs_off(target)
                        && let Some(due) = self.due.get_mut(target)
                    {
                        *due = now;
                    }
                }
                if focus.look != self.focus.look {
                    self.beside.look(focus.look.as_ref());
                }
                self.focus = focus;
            }
        }
        self.changed = true;
    }

    /// When there is something to do though nothing comes.
    fn wake(&self) -> Instant {
        let now = Instant::now();
        let publish = match self.published {
            // What nothing is read of grows older all the same.
            Some(at) => Some(at + if self.changed { self.between() } else { MINUTE }),
            None => self.changed.then_some(now),
        };
        let idle = |key: &&TargetKey| !self.passes.contains_key(*key);
        let due = self.due.iter().filter(|(key, _)| idle(key)).map(|(_, due)| *due);
        let find = self.find.iter().filter(|(key, _)| !self.is_finding(key)).map(|(_, due)| *due);
        let out =
            self.out.iter().filter(|(id, _)| !self.core.waiting.accounts.contains_key(*id)).map(|(_, (due, _))| *due);
        let list = self.core.waiting.listings.is_empty().then_some(self.list);
        let work =
            due.chain(find).chain(out).chain(list).chain(self.beside.due(self.is_starting())).filter(|_| !self.paused);
        work.chain(publish).min().unwrap_or(now + MINUTE)
    }

    fn between(&self) -> Duration {
        if self.is_starting() { PUBLISHED.0 } else { PUBLISHED.1 }
    }

    fn is_starting(&self) -> bool {
        !self.core.waiting.is_over() && (self.find.is_empty() || !self.listed)
            || self.beats.values().any(|beat| beat.read_at.is_none() && beat.failures == 0)
    }

    fn is_finding(&self, key: &TargetKey) -> bool {
        self.core.waiting.targets.get(key).is_some_and(|(_, jobs)| *jobs > 0)
    }

    /// Starts what is due.
    fn begin(&mut self, minute: Minute) {
        if self.paused {
            return;
        }
        let now = Instant::now();
        self.core.deadline = now + self.pace.limit;
        if self.list <= now && self.core.waiting.listings.is_empty() {
            self.core.fleet.list_again();
            let roster = self.roster.clone();
            self.core.find_accounts(&roster);
            // Where there is nobody to ask, nothing will come that could be shown.
            self.changed |= self.core.waiting.is_over();
            self.list = now + MINUTE * u32::try_from(plan::REDISCOVERY).unwrap_or(15);
        }
        let waiting = &self.core.waiting.accounts;
        let out: Vec<AccountId> = self
            .out
            .iter()
            .filter(|(id, (due, _))| *due <= now && !waiting.contains_key(*id))
            .map(|(id, _)| id.clone())
            .collect();
        for id in out {
            let Some(entry) = self.core.fleet.account(&id).map(|state| state.entry.clone()) else { continue };
            let source = self.core.source.clone();
            self.core.waiting.accounts.insert(id.clone(), enters(&entry));
            self.core.spawn(Task::Enter(id), async move { roster::enter(&*source, &entry).await });
        }
        let find: Vec<TargetKey> =
            self.find.iter().filter(|(_, due)| **due <= now).map(|(key, _)| key.clone()).collect();
        for key in find {
            if self.is_finding(&key) || self.passes.contains_key(&key) {
                continue;
            }
            self.find.remove(&key);
            self.core.fleet.retry(&key, |operation| operation != calls::GET_METRIC_DATA);
            self.core.waiting.targets.insert(key.clone(), (plan::Step::Nothing, 0));
            self.core.start(vec![key]);
        }
        let due: Vec<TargetKey> = self.due.iter().filter(|(_, due)| **due <= now).map(|(key, _)| key.clone()).collect();
        for key in due {
            if !self.passes.contains_key(&key) {
                self.read(&key, minute);
            }
        }
        self.ask_beside(minute);
    }

    /// Begins a reading of a target.
    fn read(&mut self, key: &TargetKey, minute: Minute) {
        let horizon = self.pace.horizon(minute);
        let mut rows: Vec<_> =
            self.focus.rows.iter().filter(|(target, _)| target == key).map(|(_, name)| name.clone()).collect();
        rows.sort();
        self.core.fleet.retry(key, |operation| operation == calls::GET_METRIC_DATA);
        let thorough = self.thorough.remove(key);
        self.passes.insert(key.clone(), Pass::new(horizon, thorough, self.focus.dev, rows));
        self.ask(key);
    }

    /// Asks what the stage of a reading asks, or of the first after it that asks anything; ends the reading where none
    /// does.
    fn ask(&mut self, key: &TargetKey) {
        loop {
            let (Some(pass), Some(beat)) = (self.passes.get_mut(key), self.beats.get_mut(key)) else { return };
            let Some(state) = self.core.fleet.target(key) else { return };
            let requests = beat.ask(state, pass);
            if !requests.is_empty() {
                pass.waiting = requests.len();
                let target = state.target.clone();
                for (request, stretch) in requests {
                    beat.billed += request.queries.len() as u64;
                    beat.requests += 1;
                    let (source, sender, target) = (self.core.source.clone(), self.told.0.clone(), target.clone());
                    self.tasks.spawn(async move { tell(&*source, &target, (&request, stretch), &sender).await });
                }
                return;
            }
            if pass.stage == Stage::Done {
                self.conclude(key);
                return;
            }
            self.leave(key);
        }
    }

    /// Goes from one stage of a reading to the next.
    fn leave(&mut self, key: &TargetKey) {
        let (Some(pass), Some(beat)) = (self.passes.get_mut(key), self.beats.get(key)) else { return };
        let stage = pass.stage;
        pass.stage = pass::after(stage);
        let horizon = pass.horizon;
        let trusts = self.core.fleet.target(key).is_some_and(|state| beat.trusts(state, pass));
        if stage == Stage::Production && trusts {
            // All that the totals don't explain has been read, so what was not read did not fail.
            for metric in [Metric::Errors, Metric::Throttles] {
                self.core.fleet.apply(Observation::Quiet { target: key.clone(), metric, horizon });
            }
        }
    }

    fn fold(&mut self, told: Told) {
        let Told { target, observations } = told;
        for observation in observations {
            if matches!(observation, Observation::TargetFailed { .. })
                && let Some(pass) = self.passes.get_mut(&target)
            {
                // What only some checks need leaves what the others say as it is.
                pass.failed |= pass.stage < Stage::More;
            }
            if let Observation::Readings { readings, .. } = &observation
                && let Some(pass) = self.passes.get_mut(&target)
            {
                let read = readings.iter().filter_map(|(of, metric, reading)| match (of, reading) {
                    (Of::One(name), Reading::Known(_)) => Some((name.clone(), *metric)),
                    _ => None,
                });
                pass.answered.extend(read);
            }
            let observation = self.keep_known(observation);
            self.core.fleet.apply(observation);
        }
        let Some(pass) = self.passes.get_mut(&target) else { return };
        pass.waiting -= 1;
        if pass.waiting == 0 {
            pass.swept |= pass.stage == Stage::Others;
            self.leave(&target);
            self.ask(&target);
        }
    }

    /// What was read before stays where it can't be read now: it bears its age.
    fn keep_known(&self, observation: Observation) -> Observation {
        let Observation::Readings { target, mut readings } = observation else { return observation };
        if let Some(state) = self.core.fleet.target(&target) {
            readings.retain(|(of, metric, reading)| {
                let known = match of {
                    Of::Region => state.totals.series(*metric).is_some(),
                    Of::One(name) => named(state, name.raw())
                        .is_some_and(|function| matches!(function.reading(*metric), Reading::Known(_))),
                };
                !(known && matches!(reading, Reading::Unknown(_)))
            });
        }
        Observation::Readings { target, readings }
    }

    /// Ends a reading: how to go on, and when.
    fn conclude(&mut self, key: &TargetKey) {
        let Some(pass) = self.passes.remove(key) else { return };
        let (Some(beat), Some(state)) = (self.beats.get_mut(key), self.core.fleet.target(key)) else { return };
        let first = beat.read_at.is_none();
        let mut episodes = Vec::new();
        if !pass.failed {
            for (function, stretch) in beat.unjudged(state, &pass.horizon) {
                episodes.extend(recent::past(key, function, stretch, &pass.horizon));
            }
            beat.judged_to = Some(pass.horizon.at);
            self.beside.begin(key);
            self.read_at = self.read_at.max(Some(pass.horizon.now));
        }
        beat.conclude(state, &pass, pass.swept);
        let jitter = if first { Duration::from_millis(scattered(key, self.beats.len())) } else { Duration::ZERO };
        self.show(key, &pass.horizon);
        self.judged_beside(key, pass.horizon.at, episodes);
        let judged = &self.judged;
        self.stretched = budget::hold(&mut self.beats, |key| judged.get(key).is_none_or(is_quiet), self.pace.budget);
        let every = self.beats.get(key).map_or(1, Beat::every);
        let wait = MINUTE * u32::try_from(every).unwrap_or(1) + jitter;
        let at_once = self.thorough.contains(key);
        self.due.insert(key.clone(), Instant::now() + if at_once { Duration::ZERO } else { wait });
    }

    /// Takes a target over into what is shown, and judges it.
    fn show(&mut self, key: &TargetKey, horizon: &Horizon) {
        self.leave_cache();
        self.shown.adopt_target(self.core.fleet, key);
        if let Some(state) = self.shown.target(key) {
            let beat = self.beats.get(key);
            let is_lost = |function: &Function| beat.is_some_and(|beat| beat.is_lost(function));
            self.judged.insert(key.clone(), judge(state, horizon, is_lost));
        }
        self.changed = true;
    }

    /// What the cache told gives way to the first answer.
    fn leave_cache(&mut self) {
        if self.cached.take().is_some() {
            self.shown = Fleet::new(self.core.fleet.rules().clone());
            self.shown.adopt_accounts(self.core.fleet);
        }
    }
}

async fn tell(
    source: &dyn Source,
    target: &crate::domain::account::Target,
    (request, stretch): (&MetricRequest, Option<Stretch>),
    sender: &mpsc::Sender<Told>,
) {
    let observations = guarded::read(source, target, request).await;
    let observations = match stretch {
        Some(stretch) => metrics::more(observations, stretch),
        None => observations,
    };
    let _ = sender.send(Told { target: target.key(), observations }).await;
}

/// Milliseconds that are always the same for a target, and spread those of many.
fn scattered(key: &TargetKey, targets: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish() % (50 * targets as u64 + 1).min(JITTER)
}
