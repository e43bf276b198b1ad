//! `slmon --plain`: the dashboard in lines of words, each as soon as it happens, until somebody ends it.

use std::{
    io::{self, Write},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};

use super::{Refusal, args::Scope, dashboard::Engine, keeper::Keeper, sweep};
use crate::{
    config::Flags,
    tui::{board::Board, plain},
};

/// Between two lines that say how it stands.
const SUMMARY: Duration = Duration::from_hours(1);

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
    loop {
        let wake = if before.is_none() { begin } else { summary };
        let came = tokio::select! {
            _ = ends.changed() => {
                let code = *ends.borrow();
                return Ok(code.unwrap_or(0));
            }
            changed = engine.snapshots.changed() => changed.is_ok(),
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
            if !came && before.is_some() && Instant::now() >= summary {
                lines.push(plain::summary(&after));
                summary = Instant::now() + SUMMARY;
            }
            before = Some(after);
        }
        match write(&lines) {
            // Nobody reads any more.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(0),
            Err(error) => return Err(Refusal::usage(format!("standard output can't be written: {error}"))),
            Ok(()) => {}
        }
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
