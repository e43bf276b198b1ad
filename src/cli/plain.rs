//! `slmon --plain`: the dashboard in lines of words, each as soon as it happens, until somebody ends it.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use tokio::{sync::watch, time::Instant};

use super::{Refusal, args::Scope, clock, dashboard::Engine, explain, keeper::Keeper, sweep, watch::report_of};
use crate::{
    config::{Config, Flags},
    domain::window::Minute,
    engine::{explain::Hourly, watch::Snapshot},
    report::{Alert, AlertCause},
    source::Source,
    tui::{
        board::{Board, Key},
        plain,
    },
};

/// Between two lines that say how it stands.
const SUMMARY: Duration = Duration::from_hours(1);
/// Alerts whose causes are looked for at once; the others wait for these.
const MOST: usize = 10;
/// The longest that is looked for them.
const LONGEST: Duration = Duration::from_secs(20);

pub(super) async fn run(scope: &Scope) -> Result<u8, Refusal> {
    let start = sweep::start(scope, Flags::default())?;
    let mut engine = Engine::start(&start, scope, false);
    let keeper = Keeper::start(&start, scope, engine.snapshots.clone());
    let (end, mut ends) = watch::channel(None);
    sweep::on_signal(move |code| {
        let _ = end.send(Some(code));
    });
    // What is not read by then is told as it comes.
    let begin = Instant::now() + start.config().alert.deadline;
    let mut before: Option<Board> = None;
    let mut summary = Instant::now() + SUMMARY;
    let config = Arc::new(start.config().clone());
    let mut causes = Causes { source: engine.source.clone(), config, hourly: Hourly::default(), wanted: Vec::new() };
    let mut looking: Option<BoxFuture<'static, Vec<Found>>> = None;
    loop {
        let wake = if before.is_none() { begin } else { summary };
        let came = tokio::select! {
            _ = ends.changed() => {
                let code = *ends.borrow();
                return Ok(code.unwrap_or(0));
            }
            changed = engine.snapshots.changed() => changed.is_ok(),
            Some(found) = async { Some(looking.as_mut()?.await) } => {
                looking = before.as_ref().and_then(|board| causes.look(&board.snapshot));
                let said = before.iter().flat_map(|board| found.iter().filter_map(|found| found.said(board)));
                if !is_read(write(&said.collect::<Vec<_>>()))? {
                    return Ok(0);
                }
                continue;
            }
            () = tokio::time::sleep_until(wake) => false,
        };
        let Some(snapshot) = engine.snapshots.borrow_and_update().clone() else {
            if Instant::now() >= begin {
                return Err(Refusal::usage("nothing has answered; try `slmon accounts`"));
            }
            continue;
        };
        let mut lines = Vec::new();
        if before.is_some() || snapshot.is_whole() || Instant::now() >= begin {
            let after = Board::with(snapshot, keeper.alive.borrow().clone());
            lines = plain::lines(before.as_ref(), &after);
            causes.wanted.extend(plain::begun(before.as_ref(), &after));
            if looking.is_none() {
                looking = causes.look(&after.snapshot);
            }
            if !came && before.is_some() && Instant::now() >= summary {
                lines.push(plain::summary(&after));
                summary = Instant::now() + SUMMARY;
            }
            before = Some(after);
        }
        if !is_read(write(&lines))? {
            return Ok(0);
        }
    }
}

/// Whether anybody still reads what was written.
fn is_read(written: io::Result<()>) -> Result<bool, Refusal> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Refusal::usage(format!("standard output can't be written: {error}"))),
        Ok(()) => Ok(true),
    }
}

/// Why what began to alert fails, as `slmon alert --explain` finds it.
struct Causes {
    source: Arc<dyn Source>,
    config: Arc<Config>,
    /// What it may cost.
    hourly: Hourly,
    /// Those that nobody looked into yet.
    wanted: Vec<Key>,
}

/// What an alert's traces or its log tell; none where they were not asked.
struct Found(Key, Option<AlertCause>);

impl Found {
    fn said(&self, board: &Board) -> Option<String> {
        let cause = self.1.as_ref()?;
        plain::cause(board, &self.0, if cause.failing.is_some() { Ok(&cause.text) } else { Err(&cause.text) })
    }
}

impl Causes {
    /// Begins to look into those that are wanted; none where there are none, or where that may cost nothing.
    fn look(&mut self, snapshot: &Arc<Snapshot>) -> Option<BoxFuture<'static, Vec<Found>>> {
        let beyond = self.wanted.split_off(MOST.min(self.wanted.len()));
        let wanted = std::mem::replace(&mut self.wanted, beyond);
        if wanted.is_empty() || self.config.cause_cost <= 0.0 {
            return None;
        }
        let allowance = self.hourly.at(Minute::floor(clock::now()), self.config.cause_cost);
        let (source, snapshot) = (self.source.clone(), snapshot.clone());
        let is_of = |alert: &Alert, key: &Key| {
            (&alert.account, &alert.region, &alert.function) == (&key.account, &key.region, &key.name)
        };
        // What tells of no call that fails has no cause that traces or logs could tell.
        let alerts = report_of(&self.config, &snapshot).alerts;
        let mut chosen: Vec<Alert> = Vec::new();
        for key in &wanted {
            let own = alerts.iter().filter(|alert| is_of(alert, key));
            chosen.extend(own.filter(|alert| explain::is_failing(alert)).take(1).cloned());
        }
        let look = async move {
            let judged = explain::Judged::of(&*source, &snapshot);
            explain::alerts(&judged, &mut chosen, (&allowance, Instant::now() + LONGEST)).await;
            let found = wanted.into_iter().map(|key| {
                let cause = chosen.iter().find(|alert| is_of(alert, &key)).and_then(|alert| alert.cause.clone());
                Found(key, cause)
            });
            found.collect()
        };
        Some(look.boxed())
    }
}

fn write(lines: &[String]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for line in lines {
        stdout.write_all(format!("{line}\n").as_bytes())?;
        stdout.flush()?;
    }
    Ok(())
}
