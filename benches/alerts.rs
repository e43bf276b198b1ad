//! Figures about alerts, never verdicts: a storm of ten thousand in a minute through lives, store and queue; and a soak: a day
//! of watching the demo in simulated time, with what it holds of memory, files and tasks hour by hour.
//! `cargo bench --bench alerts`, with `storm` or `soak` for one of them.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a program that measures, and prints it"
)]

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures::{FutureExt, future::BoxFuture};
use slmon::{
    domain::{
        account::{AccountId, Region},
        finding::Severity,
        life::{AlertKey, Evaluation, Happening, LifeRules, Notice, Sign, Subject},
        rules::Rules,
        sink::{Channel, Filter, SinkRules},
        window::Minute,
    },
    engine::{
        follow,
        watch::{self, Pace, Watching},
    },
    notify::{self, Deliveries, Nothing, Refused, Sink},
    source::sim::{Sim, World},
    store::{Message, Row, Store},
};

const NOW: Minute = Minute(29_700_000);

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| {
        !asked.iter().any(|arg| ["storm", "soak"].contains(&arg.as_str())) || asked.iter().any(|arg| arg == name)
    };
    if wanted("storm") {
        storm();
    }
    if wanted("soak") {
        soak();
    }
}

fn sinks() -> Vec<SinkRules> {
    let sink = |name: &str, argv: &str| SinkRules {
        name: name.into(),
        channel: Channel::Command { argv: vec![argv.into()] },
        filter: Filter::default(),
        group_from: 5,
    };
    vec![sink("chat", "x"), sink("bus", "x")]
}

fn decide(
    known: &slmon::store::Known,
    evaluations: impl IntoIterator<Item = Evaluation>,
    sinks: &[SinkRules],
) -> (Vec<Notice>, Vec<Row>) {
    let mut lives = known.lives.clone();
    let (notices, touched) = lives.turn(&LifeRules::default(), evaluations);
    let row = |key: AlertKey| match lives.lives.get(&key) {
        Some(life) => Row::Life(key.clone(), Box::new(life.clone())),
        None => Row::Past(key),
    };
    let mut rows: Vec<Row> = touched.into_iter().map(row).collect();
    rows.extend(notices.iter().map(|notice| Row::Happened(Happening::of(notice))));
    rows.extend(notify::messages(sinks, &notices).into_iter().map(Row::Queue));
    (notices, rows)
}

/// Ten thousand alerts that begin in one minute, go on for one, and end.
fn storm() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path(), "a", NOW).unwrap();
    let (target, sinks) = ((AccountId::parse("111122223333").unwrap(), Region::parse("eu-west-1").unwrap()), sinks());
    let tags = vec![("monitor".into(), "true".into()), ("team".into(), "pay".into())];
    let subject = Subject { client: Some("Acme".into()), tags, ..Subject::default() };
    let fires = Sign::Fires { severity: Severity::Critical, reason: "41 of 812 failed".into(), since: Some(NOW) };
    println!("10,000 alerts in a minute; {:.1} MiB resident before", resident());
    for (what, minute, sign) in
        [("begin", 0, fires.clone()), ("go on", 1, fires), ("are calm", 2, Sign::Clear), ("end", 7, Sign::Clear)]
    {
        let evaluations = (0..10_000).map(|n| Evaluation {
            key: AlertKey::new(target.clone(), format!("function-{n:05}").into(), "errors"),
            at: NOW.plus(minute),
            sign: sign.clone(),
            muted: false,
            subject: Some(subject.clone()),
        });
        let begun = Instant::now();
        let (notices, written) = store.turn(NOW.plus(minute), |known| decide(known, evaluations, &sinks));
        written.unwrap();
        let took = begun.elapsed();
        let bytes = fs::metadata(folder.path().join("a.alerts")).unwrap().len();
        println!(
            "  {what:9} {:6} steps, {:4} messages queued, {:5.1} ms, file {:5.1} MiB, {:.1} MiB resident",
            notices.len(),
            store.known().queue.len(),
            took.as_secs_f64() * 1e3,
            bytes as f64 / f64::from(1 << 20),
            resident(),
        );
    }
    let begun = Instant::now();
    let again = Store::open(folder.path(), "a", NOW).unwrap();
    println!("  read anew: {} lives, {:.1} ms", again.known().lives.lives.len(), begun.elapsed().as_secs_f64() * 1e3);
}

/// Takes everything, but nothing in one minute of ten.
struct Moody(AtomicU64, Arc<AtomicU64>);

impl Sink for Moody {
    fn tell<'a>(&'a self, _: &'a Message) -> BoxFuture<'a, Result<(), Refused>> {
        let taken = !self.0.fetch_add(1, Ordering::Relaxed).is_multiple_of(10);
        if taken {
            self.1.fetch_add(1, Ordering::Relaxed);
        }
        async move { if taken { Ok(()) } else { Err(Refused { why: "not now".into(), is_final: false, after: None }) } }
            .boxed()
    }
}

/// A day of watching the demo, with everything that `slmon watch` runs: the engine, the lives, the store and the sinks.
fn soak() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (folder, begun) = (tempfile::tempdir().unwrap(), Instant::now());
    runtime.block_on(async {
        let sinks = sinks();
        let start = tokio::time::Instant::now();
        let clock = move || NOW.timestamp().checked_add(start.elapsed()).unwrap();
        let sim = Arc::new(Sim::with_clock(World::demo(1, NOW), clock));
        let store = Arc::new(Mutex::new(Store::open(folder.path(), "a", NOW).unwrap()));
        println!("a simulated day of watching the demo; before: {}", held());
        let roster = Arc::new(sim.roster());
        let pace = Pace { minutes: 15, settle: 3, limit: Duration::from_mins(5), budget: None };
        let watching = Watching { source: sim, roster, rules: Arc::new(Rules::default()), pace, cached: None };
        let (publish, snapshots) = tokio::sync::watch::channel(None);
        let (control, receiver) = tokio::sync::mpsc::unbounded_channel();
        let engine = tokio::spawn(watch::watch(watching, publish, receiver, clock));
        let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
        let shared = Deliveries { store: store.clone(), bell: Arc::default(), told };
        let taken = Arc::new(AtomicU64::new(0));
        let mut tellers = tokio::task::JoinSet::new();
        for rules in &sinks {
            let sink = Box::new(Moody(AtomicU64::new(1), taken.clone()));
            let now = move || Minute::floor(clock());
            tellers.spawn(notify::deliver(rules.name.clone(), sink, shared.clone(), Arc::new(Nothing), now));
        }
        let (mut steps, mut by_change) = (0, BTreeMap::new());
        for hour in 0..=24 {
            let turns = if hour == 0 { 6 } else { 360 };
            for _ in 0..turns {
                tokio::time::sleep(Duration::from_secs(10)).await;
                while hears.try_recv().is_ok() {}
                let snapshot: Option<Arc<watch::Snapshot>> = snapshots.borrow().clone();
                let Some(snapshot) = snapshot.filter(|snapshot| snapshot.is_whole()) else { continue };
                let now = Minute::floor(clock());
                let turn = |known: &slmon::store::Known| {
                    let evaluations = follow::evaluations(&snapshot, &known.lives, LifeRules::default().below);
                    decide(known, evaluations, &sinks)
                };
                let (notices, written) = store.lock().unwrap().turn(now, turn);
                written.unwrap();
                steps += notices.len();
                for notice in notices {
                    *by_change.entry(notice.step.change.word()).or_insert(0) += 1;
                }
                shared.bell.notify_waiters();
            }
            let bytes = fs::metadata(folder.path().join("a.alerts")).unwrap().len();
            let (lives, queued) = {
                let store = store.lock().unwrap();
                (store.known().lives.lives.len(), store.known().queue.len())
            };
            println!(
                "  hour {hour:2}: {}; {steps} steps, {} told, {queued} queued, {lives} lives, file {} KiB",
                held(),
                taken.load(Ordering::Relaxed),
                bytes >> 10
            );
        }
        println!("  steps: {by_change:?}");
        tellers.shutdown().await;
        drop((snapshots, control));
        engine.await.unwrap();
        drop((shared, store));
        tokio::time::sleep(Duration::from_mins(1)).await;
        println!("  after:   {}; {:.1} s of real time", held(), begun.elapsed().as_secs_f64());
    });
}

/// What the process holds, in words.
fn held() -> String {
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let files = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    format!("{:6.0} KiB resident, {files:2} file handles, {tasks:2} tasks", resident() * 1024.0)
}

/// Resident memory in MiB. Source: the manual page `proc(5)`: the second number of `statm`, in pages of 4 KiB.
fn resident() -> f64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0.0);
    pages * 4.0 / 1024.0
}
