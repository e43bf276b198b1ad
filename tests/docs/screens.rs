//! The pictures of the dashboard: the demo estate at a fixed instant, watched for two minutes, as SVG.

use std::{sync::Arc, time::Duration};

use slmon::{
    domain::{
        rules::Rules,
        window::{Horizon, Minute},
    },
    engine::{
        self,
        inquiry::{self, Asked, Told},
        logbook::{self, LogAsked, ToldLogs},
        plan::{Depth, Settings},
        watch::{self, Control, Pace, Snapshot, Watching},
    },
    source::sim::{Sim, World},
    tui::{
        self,
        commands::Command,
        model::{Model, Msg},
        still,
    },
};

use tokio_util::sync::CancellationToken;

/// The instant of the pictures.
const NOW: &str = "2026-11-23T14:03:00Z";
const SIZE: (u16, u16) = (120, 34);

/// The pictures: the file's name, the theme, what it shows, and the commands that lead there.
pub(crate) const PICTURES: &[(&str, &str, &str, &[Command])] = &[
    ("alerts-dark", "catppuccin-mocha", "The alerts: what fails in production", &[Command::Alerts]),
    ("alerts-light", "catppuccin-latte", "The alerts: what fails in production", &[Command::Alerts]),
    (
        "function-dark",
        "catppuccin-mocha",
        "One function: why it fires, and its charts",
        &[Command::Functions, Command::Open, Command::Hours],
    ),
    ("recent-dark", "catppuccin-mocha", "What fired in the last 24 hours", &[Command::Recent]),
    ("accounts-dark", "catppuccin-mocha", "Accounts and regions, and how each is read", &[Command::Accounts]),
    ("functions-light", "catppuccin-latte", "All functions that are watched", &[Command::Functions]),
    (
        "trace-dark",
        "catppuccin-mocha",
        "One trace: its parts as bars, and where it failed",
        &[Command::Alerts, Command::Down, Command::Open, Command::Open],
    ),
    (
        "map-dark",
        "catppuccin-mocha",
        "Who calls a function, and what it calls",
        &[Command::Alerts, Command::Down, Command::Map, Command::Everything],
    ),
    ("traces-light", "catppuccin-latte", "The newest traces that failed", &[Command::Traces]),
    (
        "logs-dark",
        "catppuccin-mocha",
        "What a function wrote around its failure, with the line that says why",
        &[Command::Alerts, Command::Down, Command::Open, Command::FunctionLogs],
    ),
    ("logs-light", "catppuccin-latte", "What all functions that fire write, as it is written", &[Command::Logs]),
];

fn model(theme: &str, snapshot: Option<Arc<Snapshot>>) -> Model {
    let mut model = Model::new(theme, true, true);
    if let Some(snapshot) = snapshot {
        model.update(Msg::Snapshot(snapshot));
    }
    model
}

/// The demo after it was watched for two minutes, the second one looking at its worst function.
fn watched() -> Arc<Snapshot> {
    let now: jiff::Timestamp = NOW.parse().expect("an instant");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let begun = tokio::time::Instant::now();
        let start = now.checked_sub(jiff::SignedDuration::from_mins(2)).expect("an instant");
        let clock = move || start.checked_add(begun.elapsed()).expect("an instant");
        let sim = Arc::new(Sim::with_clock(World::demo(1, Minute::floor(start)), clock));
        let roster = Arc::new(sim.roster());
        let pace = Pace { minutes: 15, settle: 3, limit: Duration::from_mins(5), budget: None };
        let watching = Watching { source: sim, roster, rules: Arc::new(Rules::default()), pace, cached: None };
        let (publish, snapshots) = tokio::sync::watch::channel(None);
        let (control, receiver) = tokio::sync::mpsc::unbounded_channel();
        let task = tokio::spawn(watch::watch(watching, publish, receiver, clock));
        tokio::time::sleep(Duration::from_mins(1)).await;
        let mut model = model("terminal", snapshots.borrow().clone());
        for command in [Command::Functions, Command::Open, Command::Hours] {
            tui::frame(&mut model, SIZE.0, SIZE.1, now);
            model.update(Msg::Do(command));
        }
        control.send(Control::Focus(model.focus())).expect("somebody listens");
        tokio::time::sleep(Duration::from_mins(1)).await;
        let seen: Option<Arc<Snapshot>> = snapshots.borrow().clone();
        drop(snapshots);
        task.await.expect("it ends");
        seen.expect("a snapshot")
    })
}

/// What the screens ask X-Ray for is answered by the demo at the instant of the pictures.
struct Desk {
    runtime: tokio::runtime::Runtime,
    sim: Arc<Sim>,
}

impl Desk {
    fn new(now: jiff::Timestamp) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let runtime = runtime.expect("a runtime");
        let minute = Minute::floor(now);
        let sim = Arc::new(Sim::with_clock(World::demo(1, minute.plus(-2)), move || now));
        runtime.block_on(async {
            let (roster, rules) = (Arc::new(sim.roster()), Arc::new(Rules::default()));
            let horizon = Horizon::new(minute, 15, minute);
            let settings = Settings { horizon, depth: Depth::Discover { all: false, configurations: false } };
            let (limit, never) = (Duration::from_mins(5), CancellationToken::new());
            engine::once(sim.clone(), roster, rules, settings, limit, &never, |_| {}).await;
        });
        Self { runtime, sim }
    }

    /// Answers what the screen asks of logs.
    fn answer_logs(&self, model: &mut Model, now: jiff::Timestamp) {
        let Some(question) = model.log_question() else { return };
        let told = self.runtime.block_on(async {
            let (publish, mut told) = tokio::sync::watch::channel(ToldLogs::default());
            let (questions, asked) = tokio::sync::mpsc::unbounded_channel();
            tokio::spawn(logbook::answer(self.sim.clone(), asked, publish, Arc::new(move || now)));
            let asked = LogAsked { question: Some(question.clone()), patience: Duration::ZERO, again: false };
            questions.send(asked).expect("somebody listens");
            told.wait_for(|told| told.knows(&question)).await.expect("an answer").clone()
        });
        model.update(Msg::Logs(told));
    }

    fn answer(&self, model: &mut Model, now: jiff::Timestamp) {
        let Some((question, _)) = model.question() else { return };
        let about = question.about();
        let told = self.runtime.block_on(async {
            let (publish, mut told) = tokio::sync::watch::channel(Told::default());
            let (questions, asked) = tokio::sync::mpsc::unbounded_channel();
            tokio::spawn(inquiry::answer(self.sim.clone(), asked, publish, move || now));
            let asked = Asked { question: Some(question), patience: Duration::ZERO, again: false };
            questions.send(asked).expect("somebody listens");
            told.wait_for(|told| told.knows(&about)).await.expect("an answer").clone()
        });
        let mut known = model.told.clone();
        known.causes.extend(told.causes);
        known.traces.extend(told.traces);
        known.map = told.map.or(known.map);
        known.newest = told.newest.or(known.newest);
        model.update(Msg::Told(known));
    }
}

/// Each picture with its file's name.
pub(crate) fn draw() -> Vec<(String, String)> {
    let now: jiff::Timestamp = NOW.parse().expect("an instant");
    let snapshot = watched();
    let desk = Desk::new(now);
    let picture = |(name, theme, title, commands): &(&str, &str, &str, &[Command])| {
        let mut model = model(theme, Some(snapshot.clone()));
        for command in *commands {
            tui::frame(&mut model, SIZE.0, SIZE.1, now);
            model.update(Msg::Do(*command));
            tui::frame(&mut model, SIZE.0, SIZE.1, now);
            desk.answer(&mut model, now);
            desk.answer_logs(&mut model, now);
        }
        let frame = tui::frame(&mut model, SIZE.0, SIZE.1, now);
        (format!("docs/screens/{name}.svg"), still::svg(&frame, title))
    };
    PICTURES.iter().map(picture).collect()
}
