//! The alerts' store beside the dashboard: what other slmons wrote is seen within two seconds, and what somebody asks for is
//! written. Where nobody watches who tells, the steps in the alerts' lives are taken here, in silence; where somebody does,
//! they are its business. A store that can't be used is said and shows nothing: the dashboard goes on without it.

use std::{
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use tokio::sync::watch::{self, Receiver};

use super::{args::Scope, clock, environment, state, sweep::Start};
use crate::{
    config::Config,
    domain::{
        life::{Hush, Means},
        window::Minute,
    },
    engine::watch::Snapshot,
    store::Store,
    tui::alive::Alive,
};

/// Between two looks at the file.
const LOOK: Duration = Duration::from_secs(2);
/// So many looks are one turn of the lives: ten seconds.
const TURN: u32 = 5;

/// The store, kept by a thread of its own until this is dropped: locks and disks may take their time.
pub(super) struct Keeper {
    pub(super) alive: Receiver<Arc<Alive>>,
    pub(super) asks: Sender<Hush>,
    /// The demo's folder, which goes with whoever holds this: the thread may end after the program.
    pub(super) passing: Option<tempfile::TempDir>,
}

impl Keeper {
    /// Starts it over what is judged.
    pub(super) fn start(start: &Start, scope: &Scope, snapshots: Receiver<Option<Arc<Snapshot>>>) -> Self {
        let (publish, alive) = watch::channel(Arc::default());
        let (asks, asked) = channel::<Hush>();
        let (opened, passing) = match state::open(start, scope) {
            Ok(kept) => (Ok(kept.store), kept.passing),
            Err(refusal) => (Err(refusal), None),
        };
        let config = start.config().clone();
        let by = Some(environment::who(&start.variables));
        thread::spawn(move || {
            let mut keeping = match opened {
                Ok(store) => Keeping { store, config, by, wait: 0, trouble: None, said: None, serial: 0 },
                Err(refusal) => {
                    let why = format!("alerts are not kept: {}", refusal.why());
                    let mut told = Alive { trouble: Some(why.clone()), ..Alive::default() };
                    let _ = publish.send(Arc::new(told.clone()));
                    // What is asked for is answered all the same.
                    while asked.recv().is_ok() {
                        told.serial += 1;
                        told.said = Some(format!("nothing was done: {why}"));
                        let _ = publish.send(Arc::new(told.clone()));
                    }
                    return;
                }
            };
            let _ = publish.send(Arc::new(keeping.alive()));
            loop {
                match asked.recv_timeout(LOOK) {
                    Ok(hush) => keeping.hush(hush, &snapshots),
                    Err(RecvTimeoutError::Timeout) => keeping.look(&snapshots),
                    Err(RecvTimeoutError::Disconnected) => return,
                }
                let next = keeping.alive();
                publish.send_if_modified(|last| {
                    let changed = **last != next;
                    if changed {
                        *last = Arc::new(next);
                    }
                    changed
                });
            }
        });
        Self { alive, asks, passing }
    }
}

/// What is known now, for whoever shows it once.
pub(super) fn known(start: &Start, scope: &Scope) -> Arc<Alive> {
    let known = |store: &Store| Alive {
        lives: store.known().lives.clone(),
        lately: store.known().lately.iter().cloned().collect(),
        ..Alive::default()
    };
    state::open(start, scope).map_or_else(|_| Arc::default(), |kept| Arc::new(known(&kept.store)))
}

struct Keeping {
    store: Store,
    config: Config,
    by: Option<String>,
    /// Looks until the next turn.
    wait: u32,
    /// Why nothing is kept.
    trouble: Option<String>,
    /// What became of what was asked for last, and the how many-th that was.
    said: Option<String>,
    serial: u64,
}

impl Keeping {
    /// Takes in what others wrote; and takes a turn, where nobody else does.
    fn look(&mut self, snapshots: &Receiver<Option<Arc<Snapshot>>>) {
        let now = Minute::floor(clock::now());
        let snapshot = snapshots.borrow().clone().filter(|snapshot| snapshot.is_whole());
        self.wait = self.wait.saturating_sub(1);
        let due = self.wait == 0;
        // Held while the turn is taken, so that nobody begins to watch in the middle of it.
        let alone = if due && snapshot.is_some() { self.store.unwatched().ok().flatten() } else { None };
        let written = match (snapshot, &alone) {
            (Some(snapshot), Some(_)) => {
                self.wait = TURN;
                let config = &self.config;
                self.store.turn(now, |known| ((), state::decide(known, config, &snapshot, true, |_| true).1)).1
            }
            // Most looks find nothing new, and take no lock from those who write.
            _ if !self.store.is_behind() => return,
            _ => self.store.turn(now, |_| ((), Vec::new())).1,
        };
        drop(alone);
        self.trouble = written.err().map(|error| format!("alerts are not kept: {error}"));
    }

    /// Does what somebody asks for.
    fn hush(&mut self, hush: Hush, snapshots: &Receiver<Option<Arc<Snapshot>>>) {
        let now = Minute::floor(clock::now());
        let hush = Hush { by: hush.by.or_else(|| self.by.clone()), ..hush };
        let (mut hushed, mut written) = self.store.hush(&hush, now);
        let snapshot = snapshots.borrow().clone();
        if let (0, Means::Acknowledge, Some(_), Some(snapshot)) = (hushed.done, hush.means, hush.until, snapshot) {
            // What fires on the screen may not have begun in the file yet.
            let is_of =
                |key: &crate::domain::life::AlertKey| key.target == hush.target && key.function == hush.function;
            let config = &self.config;
            let rows = |known: &_| ((), state::decide(known, config, &snapshot, true, |it| is_of(&it.key)).1);
            written = self.store.turn(now, rows).1;
            let again = self.store.hush(&hush, now);
            (hushed, written) = (again.0, written.and(again.1));
        }
        self.serial += 1;
        self.said = Some(match (&written, hushed.done, hushed.before) {
            (Err(error), ..) => format!("it holds here, and can't be kept: {error}"),
            (Ok(()), 0, _) => format!("{}: there is nothing to do it to", hush.function.shown()),
            (Ok(()), _, Some(before)) => format!("{}, {}", hush.said(now), before.said(now)),
            (Ok(()), _, None) => hush.said(now),
        });
    }

    fn alive(&mut self) -> Alive {
        let said = self.store.said();
        if let Some(said) = said {
            self.serial += 1;
            self.said = Some(said);
        }
        let known = self.store.known();
        Alive {
            lives: known.lives.clone(),
            lately: known.lately.iter().cloned().collect(),
            trouble: self.trouble.clone(),
            said: self.said.clone(),
            serial: self.serial,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration as Span};

    use super::*;
    use crate::{
        config::{self, Flags, Inputs},
        domain::{
            life::{Change, Did, NO_END},
            rules::Rules,
        },
        engine::{
            self,
            watch::{Pace, Watching},
        },
        source::sim::{Sim, World},
    };

    /// The demo after a minute of watching it.
    fn snapshot() -> Arc<Snapshot> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let begun = tokio::time::Instant::now();
            let start: jiff::Timestamp = "2026-11-23T14:05:20Z".parse().unwrap();
            let clock = move || start.checked_add(begun.elapsed()).unwrap();
            let sim = Arc::new(Sim::with_clock(World::demo(1, Minute::floor(start)), clock));
            let pace = Pace { minutes: 15, settle: 3, limit: Span::from_mins(5), budget: None };
            let roster = Arc::new(sim.roster());
            let watching = Watching { source: sim, roster, rules: Arc::new(Rules::default()), pace, cached: None };
            let (publish, snapshots) = watch::channel(None);
            let (_control, receiver) = tokio::sync::mpsc::unbounded_channel();
            let task = tokio::spawn(engine::watch::watch(watching, publish, receiver, clock));
            tokio::time::sleep(Span::from_mins(1)).await;
            let seen: Option<Arc<Snapshot>> = snapshots.borrow().clone();
            drop(snapshots);
            task.await.unwrap();
            seen.unwrap()
        })
    }

    fn keeping(folder: &std::path::Path) -> Keeping {
        let (env, flags) = (BTreeMap::new(), Flags::default());
        let read = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
        let config = config::load(&Inputs { path: None, env: &env, flags: &flags, read_file: &read }).unwrap().config;
        let store = Store::open(folder, "a", Minute(0)).unwrap();
        Keeping { store, config, by: Some("ann".into()), wait: 0, trouble: None, said: None, serial: 0 }
    }

    fn acknowledge(keeping: &Keeping, snapshot: &Snapshot) -> Hush {
        let judged = snapshot.judgement.functions.iter().find(|it| !it.judged.findings.is_empty()).unwrap();
        let function = snapshot.fleet.target(&judged.target).unwrap().known()[judged.place].found.name.clone();
        assert!(keeping.by.is_some());
        let (target, means) = (judged.target.clone(), Means::Acknowledge);
        Hush { target, function, check: None, means, until: Some(NO_END), by: None, reason: None }
    }

    #[test]
    fn alone_it_takes_the_steps_in_silence_and_whoever_watches_next_tells_what_still_fires() {
        let (folder, snapshot) = (tempfile::tempdir().unwrap(), snapshot());
        let mut keeping = keeping(folder.path());
        let (_publish, snapshots) = watch::channel(Some(snapshot.clone()));
        keeping.look(&snapshots);
        let alive = keeping.alive();
        assert!(alive.lives.lives.len() > 5 && alive.trouble.is_none());
        assert!(alive.lives.lives.values().all(|life| life.told.is_none()));
        assert!(alive.lately.iter().any(|it| it.did == Did::Step(Change::Fired)));
        let mut watching = Store::open(folder.path(), "a", Minute(0)).unwrap();
        let decide = |known: &_| state::decide(known, &keeping.config, &snapshot, false, |_| true);
        let notices = watching.turn(Minute(0), decide).0;
        assert!(
            notices.len() > 5 && notices.iter().all(|notice| notice.step.tell && notice.step.change == Change::Still)
        );
    }

    #[test]
    fn while_somebody_watches_it_takes_no_step_but_what_it_is_asked_for_and_sees_what_others_wrote() {
        let (folder, snapshot) = (tempfile::tempdir().unwrap(), snapshot());
        let (mut keeping, mut other) = (keeping(folder.path()), Store::open(folder.path(), "a", Minute(0)).unwrap());
        let held = other.watching().unwrap();
        let (_publish, snapshots) = watch::channel(Some(snapshot.clone()));
        keeping.look(&snapshots);
        assert!(keeping.alive().lives.lives.is_empty());
        // What fires on the screen can be acknowledged though nobody has taken its first step yet.
        let hush = acknowledge(&keeping, &snapshot);
        keeping.hush(hush.clone(), &snapshots);
        let alive = keeping.alive();
        assert!(
            alive.said.as_ref().is_some_and(|said| said.ends_with("is acknowledged until it is over")),
            "{alive:?}"
        );
        assert!(alive.lives.lives.iter().all(|(key, life)| {
            key.function == hush.function && life.ack.as_ref().is_some_and(|ack| ack.by.as_deref() == Some("ann"))
        }));
        // Who does it again hears whom they replace.
        keeping.by = Some("bob".into());
        keeping.hush(hush.clone(), &snapshots);
        let said = keeping.alive().said.unwrap();
        assert!(said.contains(" is acknowledged until it is over, instead of ann's since "), "{said}");
        // What another one writes is seen at the next look.
        other.hush(&Hush { until: None, ..hush.clone() }, Minute(0)).1.unwrap();
        keeping.look(&snapshots);
        assert!(keeping.alive().lives.lives.values().all(|life| life.ack.is_none()));
        drop(held);
        keeping.wait = 0;
        keeping.look(&snapshots);
        assert!(keeping.alive().lives.lives.len() > 5, "now it is alone");
    }

    #[test]
    fn what_can_not_be_written_holds_here_and_is_said() {
        let (folder, snapshot) = (tempfile::tempdir().unwrap(), snapshot());
        let inside = folder.path().join("inside");
        let mut keeping = keeping(&inside);
        std::fs::remove_dir_all(&inside).unwrap();
        std::fs::write(&inside, "no folder any more").unwrap();
        let (_publish, snapshots) = watch::channel(Some(snapshot.clone()));
        keeping.look(&snapshots);
        assert!(keeping.alive().trouble.unwrap().starts_with("alerts are not kept: "));
        let hush = Hush { means: Means::Mute, ..acknowledge(&keeping, &snapshot) };
        keeping.hush(hush, &snapshots);
        let alive = keeping.alive();
        assert!(alive.said.unwrap().starts_with("it holds here, and can't be kept: "));
        assert_eq!(alive.lives.mutes.len(), 1);
    }
}
