//! One line on standard error that says how far a sweep has come: on a terminal, and nowhere else.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::environment;
use crate::{domain::text::counted, engine::Progress};

/// The line; it disappears when it is dropped.
pub(super) struct Line(Option<ProgressBar>);

impl Line {
    pub(super) fn new(what: &str) -> Self {
        if !environment::stderr_is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style.tick_strings(&["⠋", "⠙", "⠸", "⠴", "⠦", "⠇", " "]));
        }
        bar.set_message(format!("{what}: finding accounts"));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(Some(bar))
    }

    pub(super) fn show(&self, what: &str, progress: Progress) {
        let Some(bar) = &self.0 else { return };
        bar.set_message(format!(
            "{what}: {}, {} of {} read",
            counted(progress.accounts as u64, "account"),
            progress.done,
            counted(progress.targets as u64, "target"),
        ));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
