//! One line on standard error that says how far a sweep has come: on a terminal, and nowhere else.

use std::{
    io::Write,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::{domain::text::counted, engine::Progress};

const FRAMES: [&str; 6] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇"];
const PACE: Duration = Duration::from_millis(120);
/// To the beginning of the line, and rid of what stands there.
const CLEAR: &str = "\r\x1b[2K";

/// The line; it disappears when it is dropped. It is no longer than its words: what a terminal echoes after it (`^C`)
/// must stay on it, to be cleared with it.
pub(super) struct Line(Option<Arc<Mutex<State>>>);

struct State {
    message: String,
    frame: usize,
    columns: usize,
    shown: bool,
    over: bool,
}

impl Line {
    /// A line of at most so many columns; without them, none.
    pub(super) fn new(what: &str, columns: Option<u16>) -> Self {
        let Some(columns) = columns else { return Self(None) };
        let columns = usize::from(columns).saturating_sub(1);
        let message = format!("{what}: finding accounts");
        let state = Arc::new(Mutex::new(State { message, frame: 0, columns, shown: false, over: false }));
        tokio::spawn(tick(state.clone()));
        Self(Some(state))
    }

    /// Says how far something else has come.
    pub(super) fn say(&self, message: String) {
        let Some(state) = &self.0 else { return };
        state.lock().unwrap_or_else(PoisonError::into_inner).message = message;
    }

    /// Makes room for what goes to the terminal beside it; it comes back by itself.
    pub(super) fn clear(&self) {
        let Some(state) = &self.0 else { return };
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut state.shown) {
            write(CLEAR);
        }
    }

    pub(super) fn show(&self, what: &str, progress: Progress) {
        let Some(state) = &self.0 else { return };
        state.lock().unwrap_or_else(PoisonError::into_inner).message = format!(
            "{what}: {}, {} of {} read",
            counted(progress.accounts as u64, "account"),
            progress.done,
            counted(progress.targets as u64, "target"),
        );
    }
}

async fn tick(state: Arc<Mutex<State>>) {
    let mut pace = interval_at(Instant::now() + PACE, PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pace.tick().await;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.over {
            return;
        }
        let frame = FRAMES[state.frame % FRAMES.len()];
        let text: String = format!("{frame} {}", state.message).chars().take(state.columns).collect();
        write(&format!("{CLEAR}{text}"));
        state.frame += 1;
        state.shown = true;
    }
}

/// If nobody can read it, nothing can be done.
fn write(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

impl Drop for Line {
    fn drop(&mut self) {
        let Some(state) = &self.0 else { return };
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.over = true;
        if state.shown {
            write(CLEAR);
        }
    }
}
