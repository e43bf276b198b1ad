//! `slmon` without a command: the dashboard.

use std::sync::Arc;

use tokio::sync::{mpsc::unbounded_channel, watch};

use super::{
    Refusal,
    args::{self, Scope},
    clock,
    desktop::{self, Desktop},
    environment, remember,
    still::Still,
    sweep,
};
use crate::{
    config::Flags,
    domain::text::nearest,
    engine::watch::{self as watching, Pace, Watching},
    tui::{self, Stage, commands::Keymap, console::Portal, model::Model, theme},
};

pub(super) async fn run(scope: &Scope, args: &args::Dashboard) -> Result<u8, Refusal> {
    let start = sweep::start(scope, Flags::default())?;
    let config = start.config();
    let dashboard = &config.dashboard;
    let theme = known_theme(args.theme.as_ref().unwrap_or(&dashboard.theme))?;
    let own = dashboard.keys.iter().map(|(name, keys)| (name.as_str(), keys.as_slice()));
    let keys = Keymap::new(own).map_err(Refusal::usage)?;
    let still = args.snapshot.as_ref().map(|screen| Still::parse(screen, args.size.as_deref())).transpose()?;
    let pace = Pace {
        minutes: config.alert.window,
        settle: config.alert.settle,
        limit: config.alert.deadline,
        budget: dashboard.budget,
    };
    let watched = Watching {
        source: sweep::source(&start, scope),
        roster: Arc::new(config.roster.clone()),
        rules: Arc::new(config.rules.clone()),
        pace,
        cached: if still.is_some() { None } else { remember::recall(&start, scope) },
    };
    let desktop = Desktop::new(&start.variables, scope.demo.is_none() && still.is_none());
    let colours = environment::colours(scope.color, &start.variables);
    let mut model = Model::new(theme, colours, scope.demo.is_some());
    model.keys = keys;
    model.kept = desktop.recall().unwrap_or_default();
    model.portal = dashboard.portal.clone().map(|url| Portal { url, role: dashboard.portal_role.clone() });
    let (publish, snapshots) = watch::channel(None);
    let (control, asked) = unbounded_channel();
    let engine = tokio::spawn(watching::watch(watched, publish, asked, clock::now));
    if let Some(still) = still {
        let written = still.write(model, snapshots, control, config.alert.deadline).await;
        engine.abort();
        return written;
    }
    let (end, ends) = watch::channel(None);
    sweep::on_signal(move |code| {
        let _ = end.send(Some(code));
    });
    let last = snapshots.clone();
    let stage = Stage {
        snapshots,
        control,
        ends,
        outside: Box::new(desktop),
        notify: desktop::notify(dashboard.notify, &start.variables),
        wraps: desktop::wraps(&start.variables),
    };
    let shown = tui::run(model, stage, clock::now).await;
    engine.abort();
    // The next start shows at once what this one has found.
    let last = last.borrow().clone();
    if let Some(last) = last.filter(|last| last.cached.is_none() && last.under_way.is_none()) {
        remember::keep_found(&start, scope, &last.fleet);
    }
    shown.map_err(|error| Refusal::usage(format!("the terminal can't be used: {error}")))
}

fn known_theme(name: &str) -> Result<&str, Refusal> {
    let names = theme::SHIPPED.iter().map(|(name, _)| *name);
    if names.clone().any(|known| known == name) {
        return Ok(name);
    }
    let near = nearest(name, names.clone()).map_or_else(|| ".".into(), |near| format!("; did you mean `{near}`?"));
    let all = names.collect::<Vec<_>>().join(", ");
    Err(Refusal::usage(format!("there is no theme `{name}`{near} There are: {all}")))
}
