//! What the screens remember, and what happens to it: `update` takes a message and says what is to be done outside.
//! Nothing here draws, waits or reads.

use std::{collections::BTreeMap, sync::Arc};

use crossterm::event::KeyCode;

use super::{
    board::{Board, Key, Row, State},
    commands::{self, Chord, Command},
    filter::Filter,
    theme::{SHIPPED, Theme},
};
use crate::{
    domain::account::TargetKey,
    engine::watch::{Focus, Snapshot},
};

/// Which screen is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Screen {
    /// What fails in production.
    Alerts,
    /// All functions.
    Functions,
    /// Accounts and regions.
    Accounts,
    /// What tags hide.
    Spots,
    /// One function.
    Function(Key),
}

impl Screen {
    /// Its name in the breadcrumb.
    pub fn title(&self) -> String {
        match self {
            Self::Alerts => "Alerts".into(),
            Self::Functions => "Functions".into(),
            Self::Accounts => "Accounts".into(),
            Self::Spots => "Blind spots".into(),
            Self::Function(key) => key.name.shown().into_owned(),
        }
    }
}

/// What a row of a list is about, so that a selection survives every new order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKey {
    /// A function.
    Function(Key),
    /// A target.
    Target(TargetKey),
    /// One of several rows about the same thing.
    Place(usize),
}

/// Where a list stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListState {
    /// What is selected.
    pub selected: Option<RowKey>,
    /// What somebody selected: it is again as soon as it is in sight again.
    pub wanted: Option<RowKey>,
    /// The place of the selection when it was last seen.
    pub place: usize,
    /// The first row in sight.
    pub offset: usize,
}

/// What happens to the model.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A key.
    Key(Chord),
    /// The wheel: so many rows, up where negative.
    Wheel(i32),
    /// A row that was clicked, counted from the first in sight.
    Click(usize),
    /// The fleet as it is now.
    Snapshot(Arc<Snapshot>),
    /// What became of something outside.
    Said(String),
}

/// What is to be done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// End the program.
    Quit,
    /// Hand the program to the shell.
    Suspend,
    /// Put a text on the clipboard; the second names what it is.
    Copy(String, &'static str),
    /// Read again now.
    Refresh,
    /// Stop reading, or go on.
    Pause(bool),
}

/// What the screens remember.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are switches that somebody flips, each by itself")]
pub struct Model {
    /// What is shown; none before the first snapshot.
    pub board: Option<Board>,
    /// From where one came, the screen that is shown last.
    pub trail: Vec<Screen>,
    /// Where each list stands.
    pub lists: BTreeMap<Screen, ListState>,
    /// Whether what fails outside of production is shown.
    pub dev: bool,
    /// What narrows the rows.
    pub filter: Filter,
    /// Whether the filter is being typed.
    pub typing: bool,
    /// The first command that help shows; none where help is closed.
    pub help: Option<usize>,
    /// Whether reading is stopped.
    pub paused: bool,
    /// A line about what was just done.
    pub said: Option<String>,
    /// The theme.
    pub theme: Theme,
    /// Whether colours are used.
    pub colours: bool,
    /// How many rows a list has in sight.
    pub page: usize,
    /// Whether the demo is shown.
    pub demo: bool,
    shipped: usize,
}

impl Model {
    /// A model before its first snapshot.
    pub fn new(theme: &str, colours: bool, demo: bool) -> Self {
        let mut model = Self {
            board: None,
            trail: vec![Screen::Alerts],
            lists: BTreeMap::new(),
            dev: false,
            filter: Filter::default(),
            typing: false,
            help: None,
            paused: false,
            said: None,
            theme: Theme::default(),
            colours,
            page: 1,
            demo,
            shipped: SHIPPED.iter().position(|(name, _)| *name == theme).unwrap_or(0),
        };
        model.take_theme();
        model
    }

    /// The screen that is shown.
    pub fn screen(&self) -> &Screen {
        self.trail.last().unwrap_or(&Screen::Alerts)
    }

    /// Where the list of this screen stands.
    pub fn list(&self) -> ListState {
        self.lists.get(self.screen()).cloned().unwrap_or_default()
    }

    /// The rows of functions on this screen, in their order.
    pub fn functions(&self) -> Vec<&Row> {
        let Some(board) = &self.board else { return Vec::new() };
        let rows = board.rows.iter();
        match self.screen() {
            Screen::Alerts => rows
                .filter(|row| row.state <= State::Warning || self.dev && row.state == State::Hidden)
                .filter(|row| self.filter.admits(board, row))
                .collect(),
            Screen::Functions => {
                rows.filter(|row| row.state != State::Unwatched && self.filter.admits(board, row)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What is in sight, for whoever reads it.
    pub fn focus(&self) -> Focus {
        let Some(board) = &self.board else { return Focus::default() };
        let rows = self.functions().into_iter().skip(self.list().offset).take(self.page);
        let rows = rows.filter_map(|row| board.key(row)).map(|key| ((key.account, key.region), key.name));
        let mut rows: Vec<_> = rows.collect();
        if let Screen::Function(key) = self.screen() {
            rows.push(((key.account.clone(), key.region.clone()), key.name.clone()));
        }
        Focus { rows, look: None, dev: self.dev }
    }

    /// What the rows of this screen are about, in their order.
    pub fn row_keys(&self) -> Vec<RowKey> {
        let Some(board) = &self.board else { return Vec::new() };
        match self.screen() {
            Screen::Alerts | Screen::Functions => {
                self.functions().into_iter().filter_map(|row| board.key(row)).map(RowKey::Function).collect()
            }
            Screen::Accounts => {
                board.snapshot.fleet.targets().map(|state| RowKey::Target(state.target.key())).collect()
            }
            Screen::Spots => (0..super::view::spots::rows(board).len()).map(RowKey::Place).collect(),
            Screen::Function(_) => Vec::new(),
        }
    }

    /// Takes a message in and says what is to be done outside.
    pub fn update(&mut self, msg: Msg) -> Option<Effect> {
        match msg {
            Msg::Snapshot(snapshot) => {
                self.board = Some(Board::new(snapshot));
                self.settle();
                None
            }
            Msg::Said(text) => {
                self.said = Some(text);
                None
            }
            Msg::Wheel(rows) => {
                self.go(i64::from(rows));
                None
            }
            Msg::Click(row) => {
                let offset = self.list().offset;
                self.select(offset + row);
                None
            }
            Msg::Key(chord) if chord.is_control('z') => Some(Effect::Suspend),
            Msg::Key(chord) if self.typing && !chord.is_control('c') => {
                self.type_into_filter(chord);
                None
            }
            Msg::Key(chord) => {
                self.said = None;
                self.carry_out(commands::of(chord)?)
            }
        }
    }

    fn carry_out(&mut self, command: Command) -> Option<Effect> {
        if let Some(first) = self.help {
            let most = commands::ALL.len() - 1;
            self.help = match command {
                Command::Quit => return Some(Effect::Quit),
                Command::Up => Some(first.saturating_sub(1)),
                Command::Down => Some((first + 1).min(most)),
                Command::PageUp | Command::First => Some(0),
                Command::PageDown | Command::Last => Some(most),
                _ => None,
            };
            return None;
        }
        let page = i64::try_from(self.page.max(1)).unwrap_or(1);
        match command {
            Command::Alerts => self.jump(Screen::Alerts),
            Command::Functions => self.jump(Screen::Functions),
            Command::Accounts => self.jump(Screen::Accounts),
            Command::Spots => self.jump(Screen::Spots),
            Command::Up => self.go(-1),
            Command::Down => self.go(1),
            Command::PageUp => self.go(-page),
            Command::PageDown => self.go(page),
            Command::First => self.select(0),
            Command::Last => self.select(usize::MAX),
            Command::Open => {
                if let Some(RowKey::Function(key)) = self.list().selected {
                    self.trail.push(Screen::Function(key));
                }
            }
            Command::Back => {
                if self.trail.len() > 1 {
                    self.trail.pop();
                } else if !self.filter.is_empty() {
                    self.filter = Filter::default();
                }
                self.settle();
            }
            Command::Dev => {
                self.dev = !self.dev;
                self.settle();
            }
            Command::Filter => self.typing = matches!(self.screen(), Screen::Alerts | Screen::Functions),
            Command::Help => self.help = Some(0),
            Command::Theme => {
                self.shipped = (self.shipped + 1) % SHIPPED.len();
                self.take_theme();
                self.said = Some(format!("theme {}", SHIPPED[self.shipped].0));
            }
            Command::CopyName => return self.copy("name", |key, _| key.name.shown().into_owned()),
            Command::CopyArn => return self.copy("ARN", |_, arn| arn),
            Command::Refresh => return Some(Effect::Refresh),
            Command::Pause => {
                self.paused = !self.paused;
                return Some(Effect::Pause(self.paused));
            }
            Command::Quit => return Some(Effect::Quit),
        }
        None
    }

    fn take_theme(&mut self) {
        let theme = SHIPPED.get(self.shipped).and_then(|(name, _)| Theme::shipped(name)).unwrap_or_default();
        self.theme = if self.colours { theme } else { theme.without_colours() };
    }

    fn copy(&self, what: &'static str, text: impl Fn(&Key, String) -> String) -> Option<Effect> {
        let board = self.board.as_ref()?;
        let key = match self.screen() {
            Screen::Function(key) => key.clone(),
            _ => match self.list().selected? {
                RowKey::Function(key) => key,
                _ => return None,
            },
        };
        let (_, function) = board.facts(board.row(&key)?)?;
        Some(Effect::Copy(text(&key, function.found.arn.shown().into_owned()), what))
    }

    /// To another screen of the first level.
    fn jump(&mut self, screen: Screen) {
        self.trail = vec![screen];
        self.settle();
    }

    fn type_into_filter(&mut self, chord: Chord) {
        match chord.code() {
            KeyCode::Enter => self.typing = false,
            KeyCode::Esc => {
                self.typing = false;
                self.filter = Filter::default();
            }
            KeyCode::Backspace => {
                let mut text = self.filter.text().to_owned();
                text.pop();
                self.filter = Filter::parse(&text);
            }
            KeyCode::Up => self.go(-1),
            KeyCode::Down => self.go(1),
            _ if chord.is_control('u') => self.filter = Filter::default(),
            _ => {
                if let Some(c) = chord.typed() {
                    self.filter = Filter::parse(&format!("{}{c}", self.filter.text()));
                }
            }
        }
        self.settle();
    }

    /// Moves the selection by so many rows.
    fn go(&mut self, by: i64) {
        let place = i64::try_from(self.list().place).unwrap_or(0);
        self.select(usize::try_from(place.saturating_add(by)).unwrap_or(0));
    }

    /// Selects the row at this place, or the last one, because somebody asked for it.
    fn select(&mut self, place: usize) {
        self.point_at(place);
        let list = self.list();
        self.lists.insert(self.screen().clone(), ListState { wanted: list.selected.clone(), ..list });
    }

    fn point_at(&mut self, place: usize) {
        let keys = self.row_keys();
        let place = place.min(keys.len().saturating_sub(1));
        let selected = keys.into_iter().nth(place);
        let page = self.page.max(1);
        let list = self.lists.entry(self.trail.last().cloned().unwrap_or(Screen::Alerts)).or_default();
        list.selected = selected;
        list.place = place;
        list.offset = list.offset.clamp(place.saturating_sub(page - 1), place);
    }

    /// Puts the selection where what it is about now stands, or near to where it stood.
    pub fn settle(&mut self) {
        let list = self.list();
        let keys = self.row_keys();
        let place_of = |key: &Option<RowKey>| key.as_ref().and_then(|key| keys.iter().position(|known| known == key));
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
