//! `slmon` without a command: the dashboard.

use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc::unbounded_channel, watch};

use super::{Refusal, args::Scope, clock, environment, sweep};
use crate::{
    config::Flags,
    engine::{self, Rounds, watch::Pace},
    tui::{self, Stage, model::Model},
};

/// Between two rounds.
const EVERY: Duration = Duration::from_mins(1);

pub(super) async fn run(scope: &Scope) -> Result<u8, Refusal> {
    let start = sweep::start(scope, Flags::default())?;
    let (source, roster) = (sweep::source(&start, scope), Arc::new(start.config().roster.clone()));
    let alert = &start.config().alert;
    let pace = Pace { minutes: alert.window, settle: alert.settle, every: EVERY, limit: alert.deadline };
    let (publish, snapshots) = watch::channel(None);
    let (control, asked) = unbounded_channel();
    let rules = Arc::new(start.config().rules.clone());
    let engine =
        tokio::spawn(engine::watch::watch(Rounds::new(source, roster, rules), pace, publish, asked, clock::now));
    let (end, ends) = watch::channel(None);
    sweep::on_signal(move |code| {
        let _ = end.send(Some(code));
    });
    let colours = environment::colours(scope.color, &start.variables);
    let model = Model::new("terminal", colours, scope.demo.is_some());
    let shown = tui::run(model, Stage { snapshots, control, ends }, clock::now).await;
    engine.abort();
    shown.map_err(|error| Refusal::usage(format!("the terminal can't be used: {error}")))
}
