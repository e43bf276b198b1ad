//! What whoever looks elsewhere gets to know, and what comes from there.

use std::collections::BTreeSet;

use super::{
    super::board::{Board, Key, State},
    Model,
};
use crate::domain::window::Minute;

/// Minutes without a key after which nobody is taken to look, where the terminal does not tell.
const AWAY: i64 = 5;

impl Model {
    /// What stands in the title of the terminal's window.
    pub fn title(&self) -> String {
        let Some(board) = &self.board else { return "slmon".into() };
        let counts = &board.counts;
        let counts = [("✗", counts.critical), ("▲", counts.warning)];
        let shown = counts.iter().filter(|(_, n)| *n > 0).map(|(sign, n)| format!(" {sign}{n}"));
        std::iter::once("slmon".to_owned()).chain(shown).collect()
    }

    /// The minute up to which what is shown was read.
    pub(super) fn minute(&self) -> Option<Minute> {
        self.board.as_ref().map(|board| board.snapshot.horizon.now)
    }

    /// Whether somebody looks: as the terminal tells, or else by the keys.
    fn is_watched(&self, now: Minute) -> bool {
        self.focused && (self.reports_focus || self.acted.is_some_and(|at| now.0 - at.0 < AWAY))
    }

    /// What became of what somebody asked for, and what is wrong with what keeps alerts: each once.
    pub(super) fn hear(&mut self, board: &Board) {
        let before = self.board.as_ref().map(|board| &board.alive);
        let alive = &board.alive;
        if before.map_or(0, |before| before.serial) != alive.serial {
            self.said.clone_from(&alive.said);
        } else if alive.trouble.is_some() && before.and_then(|before| before.trouble.as_ref()) != alive.trouble.as_ref()
        {
            self.said.clone_from(&alive.trouble);
        }
    }

    /// What fires in production and nobody has seen yet, in words, where nobody looks. At most one such text a minute; what
    /// comes meanwhile is told with the next.
    pub(super) fn news(&mut self, board: &Board) -> Option<String> {
        let now = board.snapshot.horizon.now;
        // Who has started it looks.
        self.acted.get_or_insert(now);
        // What somebody knows of is no news.
        let alerts = board.rows.iter().filter(|row| row.state <= State::Warning && row.quiet.is_none());
        let all: BTreeSet<Key> = alerts.clone().filter_map(|row| board.key(row)).collect();
        let before = self.board.as_ref();
        let started = before.is_some_and(|it| it.snapshot.under_way.is_none() && it.snapshot.read_at.is_some());
        if !started || self.is_watched(now) {
            self.known = all;
            return None;
        }
        // What ended may begin again.
        self.known.retain(|key| all.contains(key));
        if self.notified.is_some_and(|at| now.0 - at.0 < 1) {
            return None;
        }
        let new: Vec<_> = alerts.filter(|row| board.key(row).is_some_and(|key| !self.known.contains(&key))).collect();
        let first = new.first()?;
        let name = board.key(first)?.name.shown().into_owned();
        let verb = if first.state == State::Critical { "fails" } else { "has a warning" };
        self.notified = Some(now);
        self.known = all;
        Some(match new.len() {
            1 => format!("{name} {verb} in production"),
            n => format!("{name} {verb} in production, and {} more alerts", n - 1),
        })
    }

    /// Takes in a text that was pasted: it is text, and never commands.
    pub(super) fn paste(&mut self, text: &str) {
        let line: String = text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
        if let Some(overlay) = &mut self.overlay {
            overlay.text.push_str(&line);
            overlay.place = 0;
        } else if self.typing {
            self.type_text(format!("{}{line}", self.typed()));
            self.arrange();
        }
    }
}
