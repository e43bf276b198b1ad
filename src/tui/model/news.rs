//! What whoever looks elsewhere gets to know, and what comes from there.

use std::collections::BTreeSet;

use super::{
    super::board::{Board, Key, State},
    Model,
};

impl Model {
    /// What stands in the title of the terminal's window.
    pub fn title(&self) -> String {
        let Some(board) = &self.board else { return "slmon".into() };
        let counts = &board.counts;
        let counts = [("✗", counts.critical), ("▲", counts.warning)];
        let shown = counts.iter().filter(|(_, n)| *n > 0).map(|(sign, n)| format!(" {sign}{n}"));
        std::iter::once("slmon".to_owned()).chain(shown).collect()
    }

    /// What fails since the last board, in words, where nobody looks and nobody was told just now.
    pub(super) fn news(&mut self, board: &Board) -> Option<String> {
        let before = self.board.as_ref()?;
        let now = board.snapshot.horizon.now;
        let started = before.snapshot.under_way.is_none() && before.snapshot.read_at.is_some();
        if self.focused || !started || self.notified.is_some_and(|at| now.0 - at.0 < 1) {
            return None;
        }
        let critical = |board: &Board| -> BTreeSet<Key> {
            let rows = board.rows.iter().filter(|row| row.state == State::Critical);
            rows.filter_map(|row| board.key(row)).collect()
        };
        let (known, all) = (critical(before), critical(board));
        let mut new = all.difference(&known);
        let first = new.next()?.name.shown().into_owned();
        let more = new.count();
        self.notified = Some(now);
        Some(if more > 0 {
            format!("{first} and {more} more fail in production")
        } else {
            format!("{first} fails in production")
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
