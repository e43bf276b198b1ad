//! Screens of lines as somebody left them, and the way back to what was read since.

use std::{collections::BTreeMap, sync::Arc};

use super::{super::lines::Unfolded, ListState, Model, Screen, logs::Search};
use crate::{domain::logs::Level, engine::logbook::ToldLines};

/// A screen of lines as somebody left it for another that lies above it.
#[derive(Clone, Debug)]
pub(super) struct Left {
    pub(super) screen: Screen,
    /// Whether it showed the newest lines, rather than those around a failure.
    pub(super) everything: bool,
    /// Whether its lines were followed.
    pub(super) follow: bool,
    pub(super) lines: Arc<ToldLines>,
    pub(super) list: ListState,
    pub(super) skip: usize,
    pub(super) open: BTreeMap<u64, Arc<Unfolded>>,
    pub(super) search: Search,
    pub(super) least: Option<Level>,
}

/// Screens of lines that are kept at most.
const LEFT: usize = 4;

impl Model {
    /// Keeps the lines of the screen that was left, where one comes back to it.
    pub(super) fn leave_lines(&mut self) {
        let trail = &self.trail;
        self.log.left.retain(|left| trail.contains(&left.screen));
        let [.., before @ Screen::Logs(of), _] = trail.as_slice() else { return };
        let Some(everything) = [false, true].into_iter().find(|it| self.log.of == Some(of.asked(*it))) else { return };
        let (Some(lines), Some(list)) = (self.lines().cloned(), self.lists.get(before).cloned()) else { return };
        let log = &self.log;
        if lines.reading {
            return;
        }
        // What was unfolded with its secrets is not unfolded any more where these are out of sight.
        let open = if log.secrets { BTreeMap::new() } else { log.open.clone() };
        let search = log.search.clone();
        let left = Left {
            screen: before.clone(),
            everything,
            follow: log.follow,
            lines,
            list,
            skip: log.skip,
            open,
            search,
            least: log.least,
        };
        self.log.left.push(left);
        let beyond = self.log.left.len().saturating_sub(LEFT);
        self.log.left.drain(..beyond);
    }

    /// Lets go of lines that stood still: those that were read last are in sight. Of lines from before these, the
    /// numbers mean nothing any more.
    pub(super) fn let_go(&mut self) {
        self.log.held = None;
        let restored = std::mem::take(&mut self.log.restored);
        if restored {
            self.log.open.clear();
            self.lists.remove(&self.screen().clone());
            self.log.skip = 0;
        }
        self.arrange();
        if restored {
            self.enter_chosen();
        }
    }

    /// A failure is entered at the line that says it.
    pub(super) fn enter_chosen(&mut self) {
        let Some(chosen) = self.newest_lines().and_then(|told| told.chosen) else { return };
        let place = (0..self.count()).find(|place| self.line(*place).is_some_and(|it| it.number == chosen));
        let Some(place) = place else { return };
        if self.line(place).is_some_and(|line| line.line.more > 0) {
            self.unfold(place);
        }
        // What led to it stands above, what followed below.
        let (screen, above) = (self.screen().clone(), usize::from(self.log.room.1) / 3);
        self.lists.insert(screen, ListState { offset: place.saturating_sub(above), ..self.list() });
        (self.log.skip, self.log.at_end) = (0, false);
        self.select(place);
    }
}
