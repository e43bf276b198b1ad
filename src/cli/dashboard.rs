//! `slmon` without a command: the dashboard.

use std::sync::Arc;

use tokio::{
    sync::{
        mpsc::{UnboundedSender, unbounded_channel},
        watch,
    },
    task::JoinHandle,
};

use super::{
    Refusal,
    args::{self, Scope},
    clock,
    desktop::{self, Desktop},
    environment,
    keeper::{self, Keeper},
    remember,
    still::Still,
    sweep, themes,
};
use crate::{
    config::Flags,
    engine::{
        inquiry::{self, Asked, Told},
        logbook::{self, LogAsked, ToldLogs},
        watch::{self as watching, Control, Pace, Snapshot, Watching},
    },
    source::Source,
    tui::{self, Stage, commands::Keymap, console::Portal, model::Model, theme::Depth},
};

/// An engine that watches until this is dropped.
pub(super) struct Engine {
    /// Who answers, with the accounts that it has entered.
    pub(super) source: Arc<dyn Source>,
    pub(super) snapshots: watch::Receiver<Option<Arc<Snapshot>>>,
    pub(super) control: UnboundedSender<Control>,
    pub(super) questions: UnboundedSender<Asked>,
    pub(super) told: watch::Receiver<Told>,
    pub(super) log_questions: UnboundedSender<LogAsked>,
    pub(super) told_logs: watch::Receiver<ToldLogs>,
    tasks: [JoinHandle<()>; 3],
}

impl Engine {
    /// Starts it; with what an earlier run has found, where that is wanted.
    pub(super) fn start(start: &sweep::Start, scope: &Scope, cached: bool) -> Self {
        let config = start.config();
        let pace = Pace {
            minutes: config.alert.window,
            settle: config.alert.settle,
            limit: config.alert.deadline,
            budget: config.dashboard.budget,
        };
        let source = sweep::source(start, scope);
        let watched = Watching {
            source: source.clone(),
            roster: Arc::new(config.roster.clone()),
            rules: Arc::new(config.rules.clone()),
            pace,
            cached: if cached { remember::recall(start, scope) } else { None },
        };
        let (publish, snapshots) = watch::channel(None);
        let (control, asked) = unbounded_channel();
        let task = tokio::spawn(watching::watch(watched, publish, asked, clock::now));
        let (answer, told) = watch::channel(Told::default());
        let (questions, asked) = unbounded_channel();
        let answers = tokio::spawn(inquiry::answer(source.clone(), asked, answer, clock::now));
        let (answer, told_logs) = watch::channel(ToldLogs::default());
        let (log_questions, asked) = unbounded_channel();
        let logs = tokio::spawn(logbook::answer(source.clone(), asked, answer, Arc::new(clock::now)));
        Self { source, snapshots, control, questions, told, log_questions, told_logs, tasks: [task, answers, logs] }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

pub(super) async fn run(scope: &Scope, args: &args::Dashboard) -> Result<u8, Refusal> {
    let start = sweep::start(scope, Flags::default())?;
    let config = start.config();
    let dashboard = &config.dashboard;
    // The demo knows nothing of where it runs; its terminal, browser and themes are as real as any.
    let variables = environment::variables();
    let named = match args.theme.as_ref().unwrap_or(&dashboard.theme).as_str() {
        "auto" if environment::is_light(&variables) => &dashboard.theme_light,
        "auto" => &dashboard.theme_dark,
        name => name,
    };
    let (shelf, chosen) = themes::shelf(&variables, named)?;
    let own = dashboard.keys.iter().map(|(name, keys)| (name.as_str(), keys.as_slice()));
    let keys = Keymap::new(own).map_err(Refusal::usage)?;
    let still = args
        .snapshot
        .as_ref()
        .map(|screen| Still::parse(screen, args.size.as_deref(), args.snapshot_format))
        .transpose()?;
    let desktop = Desktop::new(&variables, scope.demo.is_none() && still.is_none());
    let colours = environment::colours(scope.color, &variables);
    let mut model = Model::new("terminal", colours, scope.demo.is_some());
    // A picture is for whoever shows it later.
    let depth = if still.is_some() { Depth::Full } else { environment::depth(scope.color, &variables) };
    model.take_shelf(shelf.into_iter().map(|(name, theme)| (name, depth.of(&theme))).collect(), chosen);
    model.keys = keys;
    model.kept = desktop.recall().unwrap_or_default();
    model.portal = dashboard.portal.clone().map(|url| Portal { url, role: dashboard.portal_role.clone() });
    let engine = Engine::start(&start, scope, still.is_none());
    if let Some(still) = still {
        return still.write(model, &engine, config.alert.deadline, keeper::known(&start, scope)).await;
    }
    let keeper = Keeper::start(&start, scope, engine.snapshots.clone());
    let (end, ends) = watch::channel(None);
    sweep::on_signal(move |code| {
        let _ = end.send(Some(code));
    });
    let last = engine.snapshots.clone();
    let stage = Stage {
        snapshots: engine.snapshots.clone(),
        control: engine.control.clone(),
        questions: engine.questions.clone(),
        told: engine.told.clone(),
        alive: keeper.alive,
        asks: keeper.asks,
        log_questions: engine.log_questions.clone(),
        told_logs: engine.told_logs.clone(),
        ends,
        outside: Box::new(desktop),
        notify: desktop::notify(dashboard.notify, &variables),
        mouse: dashboard.mouse,
        wraps: desktop::wraps(&variables),
    };
    let shown = tui::run(model, stage, clock::now).await;
    drop((engine, keeper.passing));
    // The next start shows at once what this one has found.
    let last = last.borrow().clone();
    if let Some(last) = last.filter(|last| last.cached.is_none() && last.under_way.is_none()) {
        remember::keep_found(&start, scope, &last.fleet);
    }
    shown.map_err(|error| Refusal::usage(format!("the terminal can't be used: {error}")))
}
