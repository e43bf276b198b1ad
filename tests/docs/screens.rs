//! The pictures of the dashboard: the demo estate at a fixed instant, watched for two minutes, as SVG.

use std::{sync::Arc, time::Duration};

use slmon::{
    domain::{rules::Rules, window::Minute},
    engine::watch::{self, Control, Pace, Snapshot, Watching},
    source::sim::{Sim, World},
    tui::{
        self,
        commands::Command,
        model::{Model, Msg},
        still,
    },
};

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

/// Each picture with its file's name.
pub(crate) fn draw() -> Vec<(String, String)> {
    let now: jiff::Timestamp = NOW.parse().expect("an instant");
    let snapshot = watched();
    let picture = |(name, theme, title, commands): &(&str, &str, &str, &[Command])| {
        let mut model = model(theme, Some(snapshot.clone()));
        for command in *commands {
            tui::frame(&mut model, SIZE.0, SIZE.1, now);
            model.update(Msg::Do(*command));
        }
        let frame = tui::frame(&mut model, SIZE.0, SIZE.1, now);
        (format!("docs/screens/{name}.svg"), still::svg(&frame, title))
    };
    PICTURES.iter().map(picture).collect()
}
