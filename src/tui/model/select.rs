//! The selection of a list: about a function, a target or a blind spot, and never about a row's number.

use super::{
    super::{board::Key, list::Line, places::Place},
    ListState, Model, RowKey, Screen,
};
use crate::engine::watch::{Focus, Look};

impl Model {
    /// What is in sight, for whoever reads it.
    pub fn focus(&self) -> Focus {
        let Some(board) = &self.board else { return Focus::default() };
        let lines = self.lines.iter().skip(self.list().offset).take(self.page);
        let rows = lines.filter_map(|line| match line {
            Line::Row(place) => board.key(board.rows.get(*place)?),
            Line::Heading(_) => None,
        });
        let mut rows: Vec<_> = rows.map(|key| ((key.account, key.region), key.name)).collect();
        let mut look = None;
        if let Screen::Function(key) = self.screen() {
            let target = (key.account.clone(), key.region.clone());
            rows.push((target.clone(), key.name.clone()));
            look = Some(Look { target, function: key.name.clone(), hours: self.hours });
        }
        Focus { rows, look, dev: self.dev }
    }

    /// How many rows the list of this screen has.
    pub fn count(&self) -> usize {
        let Some(board) = &self.board else { return 0 };
        match self.screen() {
            Screen::Alerts | Screen::Functions => self.lines.len(),
            Screen::Recent => board.snapshot.episodes.len(),
            Screen::Accounts => self.places.len(),
            Screen::Spots => board.spots.len(),
            Screen::Errors => board.troubles.len(),
            Screen::Function(_) => self.reasons().len(),
            Screen::Traces(_) => self.traces.len(),
            Screen::Trace(..) => self.spans.len(),
            Screen::Logs(_) => self.log.rows.len(),
            Screen::Map(_) => 0,
        }
    }

    /// What a row of this screen is about.
    pub fn key_at(&self, place: usize) -> Option<RowKey> {
        let board = self.board.as_ref()?;
        match self.screen() {
            Screen::Alerts | Screen::Functions => match self.lines.get(place)? {
                Line::Row(place) => board.key(board.rows.get(*place)?).map(RowKey::Function),
                Line::Heading(heading) => Some(RowKey::Group(heading.title.clone())),
            },
            Screen::Recent => {
                let episode = board.snapshot.episodes.get(place)?;
                let (account, region) = episode.target.clone();
                let key = Key { account, region, name: episode.function.clone() };
                Some(RowKey::Episode(key, episode.check, episode.began))
            }
            Screen::Accounts => match self.places.get(place)? {
                Place::Target(at) => board.targets.get(*at).map(|state| RowKey::Target(state.target.key())),
                Place::Account(id) => Some(RowKey::Account(id.clone())),
                Place::Listing(at) => {
                    let (client, _) = board.snapshot.fleet.listings().get(*at)?;
                    Some(RowKey::Listing(client.clone()))
                }
            },
            Screen::Spots => {
                let (key, spot) = board.spot(place)?;
                Some(RowKey::Spot(key, spot.kind, spot.detail.clone()))
            }
            Screen::Errors => board.troubles.get(place).map(|it| {
                RowKey::Trouble(it.whose.clone(), it.region.clone(), it.failure.operation, it.parts.first().cloned())
            }),
            Screen::Function(key) => self.reason_at(key, place).map(RowKey::Cause),
            Screen::Traces(_) => self.seen(place).map(|seen| RowKey::Trace(seen.summary.id.clone())),
            Screen::Trace(..) => {
                let node = self.tree()?.nodes.get(*self.spans.get(place)?)?;
                Some(RowKey::Span(node.span.id.clone()))
            }
            Screen::Logs(_) => self.line(place).map(|line| RowKey::Line(line.number)),
            Screen::Map(_) => None,
        }
    }

    /// Where what a row is about stands on this screen.
    pub(super) fn place_of(&self, key: &RowKey) -> Option<usize> {
        match key {
            RowKey::Function(key) => {
                let board = self.board.as_ref()?;
                self.lines.iter().position(|line| match line {
                    Line::Row(place) => board.rows.get(*place).is_some_and(|row| board.is_of(row, key)),
                    Line::Heading(_) => false,
                })
            }
            _ => (0..self.count()).find(|place| self.key_at(*place).as_ref() == Some(key)),
        }
    }

    /// Moves the selection by so many rows.
    pub(super) fn go(&mut self, by: i64) {
        let place = i64::try_from(self.list().place).unwrap_or(0);
        self.select(usize::try_from(place.saturating_add(by)).unwrap_or(0));
    }

    /// Selects the row at this place, or the last one, because somebody asked for it.
    pub(super) fn select(&mut self, place: usize) {
        self.point_at(place);
        let list = self.list();
        self.lists.insert(self.screen().clone(), ListState { wanted: list.selected.clone(), ..list });
        if matches!(self.screen(), Screen::Logs(_)) {
            self.went_to_line();
        }
    }

    /// So many rows are in sight.
    pub fn fit_page(&mut self, page: usize) {
        self.page = page;
        self.lists.entry(self.trail.last().cloned().unwrap_or(Screen::Alerts)).or_default().page = page;
    }

    pub(super) fn point_at(&mut self, place: usize) {
        let count = self.count();
        let place = place.min(count.saturating_sub(1));
        let selected = self.key_at(place);
        // Whoever comes back to a list finds it as it was, whatever there was room for elsewhere.
        let page = Some(self.list().page).filter(|page| *page > 0).unwrap_or(self.page).max(1);
        if matches!(self.screen(), Screen::Logs(_)) {
            let (offset, skip) = self.bring_into_sight(place, self.list().offset);
            self.lists.insert(self.screen().clone(), ListState { selected, place, offset, ..self.list() });
            self.log.skip = skip;
            return;
        }
        let list = self.lists.entry(self.trail.last().cloned().unwrap_or(Screen::Alerts)).or_default();
        list.selected = selected;
        list.place = place;
        // No line stays empty below while there are rows above.
        list.offset = list.offset.clamp(place.saturating_sub(page - 1), place).min(count.saturating_sub(page));
        if *self.screen() == Screen::Alerts {
            self.arrange_why();
        }
    }

    /// Puts the selection where what it is about now stands, or near to where it stood.
    pub fn settle(&mut self) {
        if matches!(self.screen(), Screen::Logs(_)) {
            return self.settle_lines();
        }
        let list = self.list();
        // Until somebody moves, one stands at the top, whatever comes in above.
        if list.wanted.is_none() {
            self.point_at(0);
            return;
        }
        let place_of = |key: &Option<RowKey>| {
            let key = key.as_ref()?;
            // It mostly stands where it stood.
            if self.key_at(list.place).as_ref() == Some(key) { Some(list.place) } else { self.place_of(key) }
        };
        let found = place_of(&list.wanted).or_else(|| place_of(&list.selected));
        // What is selected stays on the line of the screen on which it was.
        if let Some(place) = found {
            let line = list.place.saturating_sub(list.offset);
            let list = self.lists.entry(self.trail.last().cloned().unwrap_or(Screen::Alerts)).or_default();
            list.offset = place.saturating_sub(line);
        }
        self.point_at(found.unwrap_or(list.place));
    }
}
