//! `slmon watch`: watching without a screen. Every ten seconds what the engine has judged goes into the lives of alerts; what
//! changes by that is logged, kept, and told to whom the configuration names. Nothing is kept here that has to last: a
//! process that begins with the same store goes on where the last one ended.

mod causes;
mod listen;
mod log;
mod service;
mod tellers;
mod untold;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval, timeout_at},
};

use self::{
    causes::{Eyes, Finder},
    listen::Board,
    log::{Event, Log},
    service::Service,
    tellers::Tellers,
};
use super::{
    Refusal,
    args::{self, Scope},
    clock,
    dashboard::Engine,
    environment, state,
    sweep::{self, Hangup, Signals, Start},
};
use crate::{
    config::{Config, Flags},
    domain::{
        life::{Did, Happening, Notice},
        text::counted,
        usage::Spent,
        window::Minute,
    },
    engine::watch::Snapshot,
    notify::{Deliveries, Told},
    report::{
        Muted, Report, Unseen,
        build::{Sweep, build},
    },
    store::Row,
};

/// Between two turns. What comes within it is told together.
const TURN: Duration = Duration::from_secs(10);
/// Minutes after which what was spent meanwhile is kept.
const SPENT: i64 = 15;
/// What is left of the five seconds within which it ends, for telling.
const DRAIN: Duration = Duration::from_millis(4_500);

pub(super) async fn run(scope: &Scope, args: &args::Watch) -> Result<u8, Refusal> {
    let mut start = sweep::start(scope, Flags::default())?;
    let (mut ending, mut hangup) = (Signals::catch(), Hangup::catch());
    let mut log = Log::new(args.log_format);
    let kept = state::open(&start, scope)?;
    // Whoever looks at the same alerts takes no steps while this is held.
    let watching = kept.store.watching().map_err(|error| state::unusable(&kept.folder, &error))?;
    let variables = environment::variables();
    let (board, boards) = watch::channel(Board::default());
    if let Some(address) = args.listen {
        let address = listen::listen(address, boards).await;
        let address = address.map_err(|error| {
            Refusal::usage(format!("--listen {}: {error}", args.listen.map_or(String::new(), |at| at.to_string())))
        })?;
        log.write(&Event::Listening(address));
    }
    let service = Service::of(&variables);
    let (told, hears) = mpsc::unbounded_channel();
    let shared = Deliveries { store: Arc::new(Mutex::new(kept.store)), bell: Arc::default(), told };
    let seen = shared.store.lock().unwrap_or_else(PoisonError::into_inner).known().lately.back().cloned();
    let finder = Finder::new();
    let mut front = Front {
        log,
        tellers: Tellers::new(shared.clone(), finder.clone()),
        finder,
        shared,
        hears,
        board,
        unseen: BTreeMap::new(),
        muted: BTreeMap::new(),
        ready: false,
        full: false,
        service,
        seen,
        spent: (Spent::default(), Minute::floor(clock::now())),
        _kept: (kept.passing, watching),
    };
    front.log.write(&Event::Started { sinks: start.config().notify.len() });
    loop {
        match front.watch(&start, scope, &mut ending, &mut hangup).await {
            End::Asked => return Ok(0),
            End::Reloaded(anew) => {
                let (sinks, changed) = (anew.config().notify.len(), anew.loaded.changed_since(&start.loaded));
                front.log.write(&Event::Reloaded { sinks, changed });
                start = *anew;
            }
        }
    }
}

/// How watching with one configuration ends.
enum End {
    Asked,
    Reloaded(Box<Start>),
}

/// What outlives a configuration.
struct Front {
    log: Log,
    shared: Deliveries,
    hears: mpsc::UnboundedReceiver<Told>,
    board: watch::Sender<Board>,
    tellers: Tellers,
    finder: Finder,
    /// What can't be seen, and why: as it was said last.
    unseen: BTreeMap<String, Unseen>,
    /// What fires and is muted by a tag or the configuration, as it was said: the alert and by whom, and until when.
    muted: BTreeMap<String, Minute>,
    ready: bool,
    /// Whether it was said that the store can't be written.
    full: bool,
    service: Service,
    /// The last of what happened that was said.
    seen: Option<Happening>,
    /// What this configuration's watching had spent when that was kept last, and when.
    spent: (Spent, Minute),
    /// Held until the end: the demo's folder, and that somebody watches.
    _kept: (Option<tempfile::TempDir>, std::fs::File),
}

impl Front {
    async fn watch(&mut self, start: &Start, scope: &Scope, ending: &mut Signals, hangup: &mut Hangup) -> End {
        let config = start.config();
        let engine = Engine::start(start, scope, false);
        let begun = Instant::now();
        // Its meter begins at nothing.
        self.spent.0 = Spent::default();
        let (source, snapshots) = (engine.source.clone(), engine.snapshots.clone());
        self.finder.look_by(Eyes { source, snapshots, config: config.clone() });
        self.forget_others(config);
        let mut ticks = interval(self.service.every().map_or(TURN, |every| every.min(TURN)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first turn is taken as soon as it can be.
        let (mut fresh, mut turned) = (engine.snapshots.clone(), None);
        loop {
            tokio::select! {
                _ = ending.next() => {
                    self.service.say("STOPPING=1");
                    self.log.write(&Event::Ending);
                    let snapshot = engine.snapshots.borrow().clone();
                    if let Some(snapshot) = snapshot {
                        self.turn(config, &snapshot);
                        self.keep_spent(&snapshot);
                    }
                    self.drain().await;
                    return End::Asked;
                }
                () = hangup.next() => {
                    self.service.say("RELOADING=1");
                    let anew = sweep::start(scope, Flags::default());
                    self.service.say("READY=1");
                    match anew {
                        Ok(anew) => {
                            let snapshot = engine.snapshots.borrow().clone();
                            if let Some(snapshot) = snapshot {
                                self.keep_spent(&snapshot);
                            }
                            return End::Reloaded(Box::new(anew));
                        }
                        Err(Refusal(why)) => self.log.write(&Event::Kept(why)),
                    }
                }
                Some(told) = self.hears.recv() => self.log.write(&Event::Told(told)),
                _ = ticks.tick() => {
                    self.service.say("WATCHDOG=1");
                    self.tellers.tell(&config.notify, &mut self.log);
                    let snapshot = engine.snapshots.borrow().clone();
                    self.turn_if_due(config, snapshot, begun, &mut turned);
                }
                Ok(()) = fresh.changed(), if turned.is_none() => {
                    let snapshot = fresh.borrow_and_update().clone();
                    self.turn_if_due(config, snapshot, begun, &mut turned);
                }
            }
        }
    }

    /// Takes in what was judged where that is due: when all was read once, or should have been, and then from turn to turn.
    fn turn_if_due(
        &mut self,
        config: &Config,
        snapshot: Option<Arc<Snapshot>>,
        begun: Instant,
        turned: &mut Option<Instant>,
    ) {
        let is_due = turned.is_none_or(|turned| turned.elapsed() >= TURN);
        let is_late = begun.elapsed() >= config.alert.deadline;
        let Some(snapshot) = snapshot.filter(|snapshot| is_due && (snapshot.is_whole() || is_late)) else { return };
        *turned = Some(Instant::now());
        self.turn(config, &snapshot);
        if !std::mem::replace(&mut self.ready, true) {
            self.service.say("READY=1");
            self.log.write(&Event::Ready);
        }
    }

    /// Takes in what was judged.
    fn turn(&mut self, config: &Config, snapshot: &Snapshot) {
        let now = Minute::floor(clock::now());
        let report = report_of(config, snapshot);
        self.hidden(&report, now);
        let (notices, written) = {
            let mut store = self.shared.store.lock().unwrap_or_else(PoisonError::into_inner);
            let turned = store.turn(now, |known| state::decide(known, config, snapshot, false, |_| true));
            if let Some(said) = store.said() {
                self.log.write(&Event::Store(said));
            }
            // What others asked for meanwhile.
            let lately = &store.known().lately;
            let new = lately.iter().rev().take_while(|happening| Some(*happening) != self.seen.as_ref());
            let mut new: Vec<Happening> = new.filter(|it| !matches!(it.did, Did::Step(_))).cloned().collect();
            new.reverse();
            for happening in new {
                self.log.write(&Event::Hushed(Box::new(happening)));
            }
            self.seen = lately.back().cloned();
            let (notices, written) = turned;
            let why = |notice: &Notice| untold::why(notice, &config.notify, store.known(), &report.muted);
            let notices: Vec<_> = notices.into_iter().map(|notice| (why(&notice), notice)).collect();
            (notices, written)
        };
        match (&written, std::mem::replace(&mut self.full, written.is_err())) {
            (Err(error), false) => self.log.write(&Event::Store(format!(
                "alerts can't be kept: {error}; they are told all the same, and told again after a restart; make room, or the folder writable"
            ))),
            (Ok(()), true) => self.log.write(&Event::Store("alerts are kept again".into())),
            _ => {}
        }
        for (untold, notice) in notices {
            self.log.write(&Event::Alert(Box::new(notice), untold));
        }
        self.shared.bell.notify_waiters();
        if now.0 - self.spent.1.0 >= SPENT {
            self.keep_spent(snapshot);
        }
        self.look(&report);
        let queued = self.queued();
        let store = self.shared.store.lock().unwrap_or_else(PoisonError::into_inner);
        let board = Board::of(&report, (snapshot, now), &store.known().lives, &queued);
        drop(store);
        self.board.send_replace(board);
    }

    /// Says what fires and is muted by a tag or the configuration: each once, for as long as the same mute lasts.
    fn hidden(&mut self, report: &Report, now: Minute) {
        self.muted.retain(|_, until| *until > now);
        for row in report.muted.iter().filter(|row| row.severity.is_some()) {
            let Muted { account, region, function, check, until, muted_by, .. } = row;
            let said = format!("{account}:{region}:{}:{}:{muted_by}", function.raw(), check.unwrap_or_default());
            // One that goes on for longer is no other.
            if self.muted.insert(said, *until).is_none() {
                self.log.write(&Event::Muted(Box::new(row.clone())));
            }
        }
    }

    /// Keeps what was spent since that was kept last. What a crash loses of it is a quarter of an hour.
    fn keep_spent(&mut self, snapshot: &Snapshot) {
        let (now, spent) = (Minute::floor(clock::now()), Spent::of(&snapshot.meter.usage));
        let more = spent.since(&self.spent.0);
        self.spent = (spent, now);
        if more.requests > 0 {
            let day = Minute(now.0 - now.0.rem_euclid(1440));
            let mut store = self.shared.store.lock().unwrap_or_else(PoisonError::into_inner);
            // That the store can't be written has been said.
            let _ = store.turn(now, |_| ((), vec![Row::Spent(day, more)]));
        }
    }

    fn queued(&self) -> BTreeMap<String, usize> {
        let store = self.shared.store.lock().unwrap_or_else(PoisonError::into_inner);
        let mut queued = BTreeMap::new();
        for message in store.known().queue.values() {
            *queued.entry(message.sink.clone()).or_insert(0) += 1;
        }
        queued
    }

    /// Says what can't be seen any more, and what can again.
    fn look(&mut self, report: &Report) {
        let key = |row: &Unseen| {
            let place = |text: Option<String>| text.unwrap_or_else(|| "-".into());
            let account = row.account.as_ref().map(ToString::to_string);
            format!("{}/{} {}", place(account), place(row.region.as_ref().map(ToString::to_string)), row.operation)
        };
        let now: BTreeMap<String, Unseen> = report.coverage.unseen.iter().map(|row| (key(row), row.clone())).collect();
        for (key, row) in &now {
            if !self.unseen.contains_key(key) {
                self.log.write(&Event::Unseen(Box::new(row.clone())));
            }
        }
        for (key, row) in &self.unseen {
            if !now.contains_key(key) {
                self.log.write(&Event::Seen(Box::new(row.clone())));
            }
        }
        self.unseen = now;
    }

    /// What is queued for somebody who is configured no longer is told to nobody.
    fn forget_others(&mut self, config: &Config) {
        let now = Minute::floor(clock::now());
        let mut store = self.shared.store.lock().unwrap_or_else(PoisonError::into_inner);
        let (lost, _) = store.turn(now, |known| {
            let is_known = |sink: &str| config.notify.iter().any(|rules| rules.name == sink);
            let lost = known.queue.values().filter(|message| !is_known(&message.sink));
            let rows: Vec<Row> = lost.map(|message| Row::Done(message.sink.clone(), message.id.clone())).collect();
            (rows.len(), rows)
        });
        drop(store);
        if lost > 0 {
            let (are, they) = if lost == 1 { ("is", "it was") } else { ("are", "they were") };
            let messages = counted(lost as u64, "message");
            let why = format!("{messages} {are} told to nobody: who {they} for is configured no longer");
            self.log.write(&Event::Store(why));
        }
    }

    /// Goes on telling, for as long as there is.
    async fn drain(&mut self) {
        let until = Instant::now() + DRAIN;
        while !self.queued().is_empty() {
            let Ok(Some(told)) = timeout_at(until, self.hears.recv()).await else { break };
            self.log.write(&Event::Told(told));
        }
        while let Ok(told) = self.hears.try_recv() {
            self.log.write(&Event::Told(told));
        }
        self.log.write(&Event::Ended { left: self.queued().values().sum() });
    }
}

pub(super) fn report_of(config: &Config, snapshot: &Snapshot) -> Report {
    let alert = &config.alert;
    build(&Sweep {
        fleet: &snapshot.fleet,
        judgement: &snapshot.judgement,
        horizon: snapshot.horizon,
        usage: snapshot.meter.usage.clone(),
        fail_on: alert.fail_on,
        allow_empty: alert.allow_empty,
        hidden: false,
        settle: alert.settle,
        interrupted: false,
        remarks: &[],
        accepts: &config.accept_unseen,
        min_coverage: alert.min_coverage,
    })
}
