//! `slmon watch`: watching without a screen. Every ten seconds what the engine has judged goes into the lives of alerts; what
//! changes by that is logged, kept, and told to whom the configuration names. Nothing is kept here that has to last: a
//! process that begins with the same store goes on where the last one ended.

mod listen;
mod log;
mod service;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, timeout_at},
};

use self::{
    listen::Board,
    log::{Event, Log},
    service::Service,
};
use super::{
    Refusal,
    args::{self, Scope},
    clock,
    dashboard::Engine,
    environment,
    sweep::{self, Hangup, Signals, Start},
};
use crate::{
    config::{Config, Flags},
    domain::{life::Notice, window::Minute},
    engine::{follow, watch::Snapshot},
    notify::{self, Deliveries, Post, Told},
    report::{
        Report, Unseen,
        build::{Sweep, build},
    },
    store::{Known, Row, Store},
};

/// Between two turns. What comes within it is told together.
const TURN: Duration = Duration::from_secs(10);
/// What is left of the five seconds within which it ends, for telling.
const DRAIN: Duration = Duration::from_millis(4_500);

pub(super) async fn run(scope: &Scope, args: &args::Watch) -> Result<u8, Refusal> {
    let mut start = sweep::start(scope, Flags::default())?;
    let (mut ending, mut hangup) = (Signals::catch(), Hangup::catch());
    let mut log = Log::new(args.log_format);
    // The demo leaves nothing behind.
    let passing = scope.demo.map(|_| tempfile::tempdir()).transpose();
    let passing = passing.map_err(|error| Refusal::usage(format!("no folder can be made: {error}")))?;
    let variables = environment::variables();
    let folder = match &passing {
        Some(folder) => folder.path().to_path_buf(),
        None => state_folder(&variables).ok_or_else(|| {
            Refusal::usage("there is no place to keep alerts: set XDG_STATE_HOME or HOME to a folder's whole path")
        })?,
    };
    let store = Store::open(&folder, &name_of(start.loaded.file.as_deref()), Minute::floor(clock::now()));
    let store = store.map_err(|error| Refusal::usage(format!("{} can't be used: {error}", folder.display())))?;
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
    let shared = Deliveries { store: Arc::new(Mutex::new(store)), bell: Arc::default(), told };
    let mut front = Front { log, shared, hears, board, unseen: BTreeMap::new(), ready: false, full: false, service };
    loop {
        match front.watch(&start, scope, &mut ending, &mut hangup).await {
            End::Asked => return Ok(0),
            End::Reloaded(anew) => start = *anew,
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
    /// What can't be seen, and why: as it was said last.
    unseen: BTreeMap<String, Unseen>,
    ready: bool,
    /// Whether it was said that the store can't be written.
    full: bool,
    service: Service,
}

impl Front {
    async fn watch(&mut self, start: &Start, scope: &Scope, ending: &mut Signals, hangup: &mut Hangup) -> End {
        let config = start.config();
        let engine = Engine::start(start, scope, false);
        let begun = Instant::now();
        let mut tellers = Tellers::default();
        self.forget_others(config);
        self.log.write(&Event::Started { sinks: config.notify.len() });
        let mut ticks = interval(self.service.every().map_or(TURN, |every| every.min(TURN)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut turned = begun;
        loop {
            tokio::select! {
                _ = ending.next() => {
                    self.service.say("STOPPING=1");
                    self.log.write(&Event::Ending);
                    let snapshot = engine.snapshots.borrow().clone();
                    if let Some(snapshot) = snapshot {
                        self.turn(config, &snapshot);
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
                            self.log.write(&Event::Reloaded);
                            return End::Reloaded(Box::new(anew));
                        }
                        Err(Refusal(why)) => self.log.write(&Event::Kept(why)),
                    }
                }
                Some(told) = self.hears.recv() => self.log.write(&Event::Told(told)),
                _ = ticks.tick() => {
                    self.service.say("WATCHDOG=1");
                    tellers.begin(&self.shared, config, &mut self.log);
                    let snapshot = engine.snapshots.borrow().clone();
                    let is_late = begun.elapsed() >= config.alert.deadline;
                    let due = !self.ready || turned.elapsed() >= TURN;
                    if let Some(snapshot) = snapshot.filter(|snapshot| due && (snapshot.is_whole() || is_late)) {
                        turned = Instant::now();
                        self.turn(config, &snapshot);
                        if !std::mem::replace(&mut self.ready, true) {
                            self.service.say("READY=1");
                            self.log.write(&Event::Ready);
                        }
                    }
                }
            }
        }
    }

    /// Takes in what was judged.
    fn turn(&mut self, config: &Config, snapshot: &Snapshot) {
        let now = Minute::floor(clock::now());
        let (notices, written) = {
            let mut store = self.shared.store.lock().unwrap_or_else(PoisonError::into_inner);
            let turned = store.turn(now, |known| decide(known, config, snapshot));
            if let Some(said) = store.said() {
                self.log.write(&Event::Store(said));
            }
            turned
        };
        match (&written, std::mem::replace(&mut self.full, written.is_err())) {
            (Err(error), false) => self.log.write(&Event::Store(format!(
                "alerts can't be kept: {error}; they are told all the same, and told again after a restart; make room, or the folder writable"
            ))),
            (Ok(()), true) => self.log.write(&Event::Store("alerts are kept again".into())),
            _ => {}
        }
        for notice in &notices {
            self.log.write(&Event::Alert(Box::new(notice.clone())));
        }
        self.shared.bell.notify_waiters();
        let report = report_of(config, snapshot);
        self.look(&report);
        let queued = self.queued();
        self.board.send_replace(Board::of(&report, snapshot, now, &queued));
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
            let why = format!("{lost} messages are told to nobody: who they were for is configured no longer");
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
        self.log.write(&Event::Ended { left: self.queued().values().sum() });
    }
}

/// Who tells: this slmon, where no other with the same store does.
#[derive(Default)]
struct Tellers {
    /// Held for as long as it tells.
    telling: Option<std::fs::File>,
    tasks: JoinSet<()>,
}

impl Tellers {
    fn begin(&mut self, shared: &Deliveries, config: &Config, log: &mut Log) {
        if self.telling.is_some() || config.notify.is_empty() {
            return;
        }
        let taken = shared.store.lock().unwrap_or_else(PoisonError::into_inner).take_on_telling();
        match taken {
            Ok(taken) => self.telling = taken,
            Err(error) => log.write(&Event::Store(format!("nobody can be told: {error}"))),
        }
        if self.telling.is_none() {
            return;
        }
        let post = Arc::new(Post::default());
        for rules in &config.notify {
            let (name, sink) = (rules.name.clone(), notify::sink(rules, &post));
            self.tasks.spawn(notify::deliver(name, sink, shared.clone(), || Minute::floor(clock::now())));
        }
    }
}

/// What changes by what was judged: the lives that did, and what is to be told of it, in one line of the store.
fn decide(known: &Known, config: &Config, snapshot: &Snapshot) -> (Vec<Notice>, Vec<Row>) {
    let mut lives = known.lives.clone();
    let evaluations = follow::evaluations(snapshot, &lives, config.alerts.below);
    let (notices, touched) = lives.turn(&config.alerts, evaluations);
    let row = |key| match lives.lives.get(&key) {
        Some(life) => Row::Life(key, Box::new(life.clone())),
        None => Row::Past(key),
    };
    let mut rows: Vec<Row> = touched.into_iter().map(row).collect();
    rows.extend(notify::messages(&config.notify, &notices).into_iter().map(Row::Queue));
    (notices, rows)
}

fn report_of(config: &Config, snapshot: &Snapshot) -> Report {
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

/// The folder of the state. A relative one would follow the working directory; the XDG specification says to ignore it.
fn state_folder(variables: &BTreeMap<String, String>) -> Option<PathBuf> {
    let absolute = |name: &str| variables.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let usual = || Some(absolute("HOME")?.join(".local/state"));
    Some(absolute("XDG_STATE_HOME").or_else(usual)?.join("slmon"))
}

/// The name of a configuration file's store: two files never share one, whatever flags say.
fn name_of(file: Option<&Path>) -> String {
    let Some(file) = file else { return "default".into() };
    let path = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
    let plain: String = path
        .to_string_lossy()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '.' })
        .collect();
    let from = plain.len().saturating_sub(150);
    plain[from..].trim_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_has_a_folder_and_each_configuration_a_file_in_it() {
        let folder =
            |pairs: &[(&str, &str)]| state_folder(&pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect());
        assert_eq!(folder(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]), Some("/s/slmon".into()));
        assert_eq!(folder(&[("XDG_STATE_HOME", "s"), ("HOME", "/h")]), Some("/h/.local/state/slmon".into()));
        assert_eq!(folder(&[]), None);
        assert_eq!(name_of(None), "default");
        assert_eq!(name_of(Some(Path::new("/etc/slmon/acme prod.toml"))), "etc.slmon.acme.prod.toml");
    }
}
