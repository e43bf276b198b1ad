//! What somebody picks: from what lies over a screen, and the function that a command is about.

use crossterm::event::KeyCode;

use super::{
    super::{
        board::Key,
        commands::Chord,
        console,
        overlay::{Act, Kind, Overlay},
        theme::Theme,
    },
    Effect, Model, RowKey, Screen,
};
use crate::domain::{
    function::ResourceType,
    life::{Hush, Means},
    text::AwsText,
};

impl Model {
    /// The function that is looked at or selected.
    pub(super) fn chosen(&self) -> Option<Key> {
        match self.screen() {
            Screen::Function(key) | Screen::Map(key) | Screen::Traces(Some(key)) => Some(key.clone()),
            Screen::Traces(None) => self.function_of_trace(),
            Screen::Logs(_) => self.function_of_line(),
            _ => match self.list().selected? {
                RowKey::Function(key) | RowKey::Episode(key, ..) | RowKey::Spot(key, ..) => Some(key),
                _ => None,
            },
        }
    }

    pub(super) fn copy(&self, what: &'static str, text: impl Fn(&Key, String) -> String) -> Option<Effect> {
        let board = self.board.as_ref()?;
        let key = self.chosen()?;
        let (_, function) = board.facts(board.row(&key)?)?;
        Some(Effect::Copy(text(&key, function.found.arn.shown().into_owned()), what))
    }

    /// The trace that is looked at or selected.
    pub(super) fn trace_id(&self) -> Option<&AwsText> {
        match self.screen() {
            Screen::Trace(id, _) => Some(id),
            _ => self.seen(self.list().place).map(|seen| &seen.summary.id),
        }
    }

    /// The first watched function of the selected trace.
    fn function_of_trace(&self) -> Option<Key> {
        let seen = self.seen(self.list().place)?;
        let (account, region) = seen.target.key();
        let keys = seen.summary.functions().map(|name| Key {
            account: account.clone(),
            region: region.clone(),
            name: name.clone(),
        });
        let board = self.board.as_ref()?;
        keys.into_iter().find(|key| board.row(key).is_some())
    }

    /// Whether a table is chosen.
    pub(super) fn is_at_table(&self) -> bool {
        self.chosen().is_some_and(|key| key.resource_type() == ResourceType::Table)
    }

    /// The address of the chosen function in the console, or of the chosen trace.
    pub(super) fn address(&mut self) -> Option<String> {
        let board = self.board.as_ref()?;
        if let Screen::Logs(_) = self.screen() {
            let line = self.line(self.list().place)?;
            let one = self.lines()?.functions.get(line.place)?;
            let (group, stream) = (one.group.name.raw(), line.line.event.stream.raw());
            return console::stream(self.portal.as_ref(), &one.target, group, stream);
        }
        let traced = match self.screen() {
            Screen::Trace(id, at) => board.snapshot.fleet.target(at).map(|state| (id.clone(), state.target.clone())),
            Screen::Traces(_) => {
                self.seen(self.list().place).map(|seen| (seen.summary.id.clone(), seen.target.clone()))
            }
            _ => None,
        };
        if let Some((id, target)) = traced {
            return console::trace(self.portal.as_ref(), &target, id.raw());
        }
        let key = self.chosen()?;
        let (state, function) = board.facts(board.row(&key)?)?;
        let address = console::address(self.portal.as_ref(), &state.target, function.found.name.raw());
        if address.is_none() {
            self.said = Some(format!("slmon knows no console of the partition {}", state.target.region.partition()));
        }
        address
    }

    /// Until when to be silent about the chosen function; nothing where there is nothing to be silent about.
    pub(super) fn pick_end(&mut self, means: Means) {
        let (Some(board), Some(key)) = (&self.board, self.chosen()) else { return };
        let name = key.name.shown();
        let row = board.row(&key);
        let fires = row.and_then(|row| board.judged(row)).is_some_and(|judged| !judged.findings.is_empty());
        let (known, _) = board.alive.has(&key, board.snapshot.horizon.now);
        let why = match means {
            _ if row.is_none_or(|row| row.judged.is_none()) => "is not watched production, and never alerts",
            Means::Acknowledge if !fires && !known => "does not fire: there is nothing to acknowledge",
            _ => {
                self.hushed = Some(key);
                self.overlay = Some(Overlay::new(Kind::End(means)));
                return;
            }
        };
        self.said = Some(format!("{name} {why}"));
    }

    pub(super) fn pick(&mut self, kind: Kind) {
        if self.order().is_some() {
            self.overlay = Some(Overlay::new(kind));
        }
    }

    /// A key while something lies over the screen.
    pub(super) fn choose(&mut self, chord: Chord) -> Option<Effect> {
        let mut overlay = self.overlay.take()?;
        let choices = overlay.choices(self);
        let last = choices.len().saturating_sub(1);
        let page = self.page.max(2) / 2;
        match chord.code() {
            KeyCode::Esc => {
                if let Kind::Theme(before) = overlay.kind {
                    self.chosen = before;
                    self.take_theme();
                }
                return None;
            }
            KeyCode::Up => overlay.place = overlay.place.min(last).saturating_sub(1),
            KeyCode::Down => overlay.place = (overlay.place + 1).min(last),
            KeyCode::PageUp => overlay.place = overlay.place.min(last).saturating_sub(page),
            KeyCode::PageDown => overlay.place = (overlay.place + page).min(last),
            KeyCode::Home => overlay.place = 0,
            KeyCode::End => overlay.place = last,
            KeyCode::Enter | KeyCode::Char(' ') if chord.code() == KeyCode::Enter || overlay.kind == Kind::Columns => {
                let choice = choices.into_iter().nth(overlay.place.min(last))?;
                if overlay.kind == Kind::Columns {
                    self.overlay = Some(overlay);
                }
                return self.act(choice.act);
            }
            KeyCode::Backspace => {
                // With nothing to take back it closes.
                overlay.text.pop()?;
                overlay.place = 0;
            }
            _ => {
                if let Some(c) = chord.typed() {
                    overlay.text.push(c);
                    overlay.place = 0;
                }
            }
        }
        self.try_on(&overlay);
        self.overlay = Some(overlay);
        None
    }

    /// A theme is tried on as soon as it is selected.
    fn try_on(&mut self, overlay: &Overlay) {
        if matches!(overlay.kind, Kind::Theme(_))
            && let Some(Act::Theme(place)) = overlay.choices(self).get(overlay.place).map(|choice| choice.act.clone())
        {
            self.chosen = place;
            self.take_theme();
        }
    }

    /// The wheel by so many rows: over what lies on top.
    pub(super) fn turn(&mut self, by: i64) {
        let Some(mut overlay) = self.overlay.take() else {
            if matches!(self.screen(), Screen::Function(_)) {
                let line = i64::try_from(self.scroll).unwrap_or(0).saturating_add(by);
                self.scroll = usize::try_from(line).unwrap_or(0).min(self.sheet.1);
                return;
            }
            return self.go(by);
        };
        let last = overlay.choices(self).len().saturating_sub(1);
        let place = i64::try_from(overlay.place.min(last)).unwrap_or(0).saturating_add(by);
        overlay.place = usize::try_from(place).unwrap_or(0).min(last);
        self.try_on(&overlay);
        self.overlay = Some(overlay);
    }

    pub(super) fn act(&mut self, act: Act) -> Option<Effect> {
        match act {
            Act::Do(command) => return self.carry_out(command),
            Act::Theme(place) => {
                self.chosen = place;
                self.take_theme();
                let name = self.shelf.get(place).map_or("", |(name, _)| name.as_str());
                self.said =
                    Some(format!("to keep it, write theme = \"{name}\" below [dashboard] in the configuration"));
                return None;
            }
            Act::Go(key) => {
                self.go_to(key);
                return None;
            }
            Act::Hush(Key { account, region, name }, means, until) => {
                self.said = Some("being written".into());
                let (target, function) = ((account, region), name);
                let hush = Hush { target, function, check: None, means, until, by: None, reason: None };
                return Some(Effect::Hush(hush));
            }
            Act::SortPlaces(by) => {
                let reversed = self.by.filter(|(known, _)| Some(*known) == by).is_some_and(|(_, reversed)| !reversed);
                self.by = by.map(|by| (by, reversed));
                self.arrange();
                self.select(0);
                return None;
            }
            Act::Sort(column) => {
                let order = self.order_mut()?;
                match column {
                    Some(column) => order.by(column),
                    None => order.sort = None,
                }
            }
            Act::Toggle(column) => {
                let order = self.order_mut()?;
                if !order.columns.remove(&column) {
                    order.columns.insert(column);
                }
                return Some(Effect::Keep(self.kept.clone()));
            }
            Act::Group(group) => {
                let order = self.order_mut()?;
                order.folded.clear();
                order.group = group;
            }
        }
        self.arrange();
        // A new order is read from its top.
        self.select(0);
        Some(Effect::Keep(self.kept.clone()))
    }

    /// Takes other themes to choose from, and one of them.
    pub fn take_shelf(&mut self, themes: Vec<(String, Theme)>, chosen: usize) {
        (self.shelf, self.chosen) = (themes, chosen);
        self.take_theme();
    }

    /// Takes the theme that is chosen.
    pub(super) fn take_theme(&mut self) {
        let theme = self.shelf.get(self.chosen).map(|(_, theme)| theme.clone()).unwrap_or_default();
        self.theme = if self.colours { theme } else { theme.without_colours() };
    }
}
