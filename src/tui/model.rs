//! What the screens remember, and what happens to it: `update` takes a message and says what is to be done outside.
//! Nothing here draws, waits or reads.

mod choose;
mod news;
mod select;
mod traces;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crossterm::event::KeyCode;

pub use self::traces::{Asks, Side, Walk};
pub use super::list::Kept;
use super::{
    board::{Board, Key, Row, State},
    commands::{Chord, Command, Keymap},
    console::Portal,
    filter::Filter,
    list::{self, Column, Line, Order},
    overlay::{Act, Kind, Overlay},
    theme::{SHIPPED, Theme},
};
use crate::{
    domain::{account::TargetKey, text::AwsText, trace::took::Took, window::Minute},
    engine::{
        inquiry::Told,
        watch::{Focus, Look, Snapshot},
    },
};

/// Over how many hours charts go, one after the other.
const HOURS: [i64; 3] = [1, 6, 24];

/// Which screen is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Screen {
    /// What fails in production.
    Alerts,
    /// All functions.
    Functions,
    /// What fired in the last day.
    Recent,
    /// Accounts and regions.
    Accounts,
    /// What tags hide.
    Spots,
    /// What could not be read.
    Errors,
    /// One function.
    Function(Key),
    /// The newest traces: of one function, or of all that is watched.
    Traces(Option<Key>),
    /// One trace, and where it was found.
    Trace(AwsText, TargetKey),
    /// Who calls a function, and what it calls.
    Map(Key),
}

impl Screen {
    /// Its name in the breadcrumb.
    pub fn title(&self) -> String {
        match self {
            Self::Alerts => "Alerts".into(),
            Self::Functions => "Functions".into(),
            Self::Recent => "Recent".into(),
            Self::Accounts => "Accounts".into(),
            Self::Spots => "Blind spots".into(),
            Self::Errors => "Error log".into(),
            Self::Function(key) => key.name.shown().into_owned(),
            Self::Traces(None) => "Traces".into(),
            Self::Traces(Some(key)) => format!("Traces of {}", key.name.shown()),
            Self::Trace(id, _) => id.shown().into_owned(),
            Self::Map(key) => format!("Map of {}", key.name.shown()),
        }
    }
}

/// What a row of a list is about, so that a selection survives every new order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKey {
    /// A function.
    Function(Key),
    /// The head of a group of functions.
    Group(String),
    /// A stretch in which a check fired on a function, and when it began.
    Episode(Key, &'static str, Minute),
    /// A target.
    Target(TargetKey),
    /// Why a function fails: what was thrown, and where.
    Cause(String),
    /// A trace.
    Trace(AwsText),
    /// A part of a trace, by its id.
    Span(Box<str>),
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
    /// A command, whatever its key.
    Do(Command),
    /// Something that was chosen, wherever from.
    Choose(Act),
    /// The wheel: so many rows, up where negative.
    Wheel(i32),
    /// A row that was clicked, counted from the first in sight.
    Click(usize),
    /// The head of a column was clicked.
    SortBy(Column),
    /// The fleet as it is now.
    Snapshot(Arc<Snapshot>),
    /// The same, made into what the screens show.
    Board(Arc<Board>),
    /// Whether somebody looks.
    Focused(bool),
    /// A text that was pasted.
    Paste(String),
    /// What became of something outside.
    Said(String),
    /// What was answered.
    Told(Told),
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
    /// Open an address in a browser.
    OpenUrl(String),
    /// Keep how lists stand for the next time.
    Keep(Kept),
    /// Tell whoever looks elsewhere.
    Notify(String),
}

/// What the screens remember.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are switches that somebody flips, each by itself")]
pub struct Model {
    /// What is shown; none before the first snapshot.
    pub board: Option<Arc<Board>>,
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
    /// What lies over the screen.
    pub overlay: Option<Overlay>,
    /// Which key does what.
    pub keys: Keymap,
    /// How the lists of functions stand.
    pub kept: Kept,
    /// The lines of the list of functions in sight, in their order.
    pub lines: Vec<Line>,
    /// Over how many hours charts go.
    pub hours: i64,
    /// Minutes by which the crosshair of charts stands before their end; none where there is no crosshair.
    pub cross: Option<i64>,
    /// Whether accounts are shown as a map.
    pub map: bool,
    /// Where somebody signs in to the accounts.
    pub portal: Option<Portal>,
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
    /// Whether somebody looks, as far as the terminal tells.
    pub focused: bool,
    /// When whoever looks elsewhere was last told.
    pub notified: Option<Minute>,
    /// The themes to choose from, by name.
    pub shelf: Vec<(String, Theme)>,
    /// The place of the one that is shown.
    pub chosen: usize,
    /// What was answered so far.
    pub told: Told,
    /// Whether what does not fail is shown as well, of traces and on maps.
    pub everything: bool,
    /// The places of the traces in sight, in their order.
    pub traces: Vec<usize>,
    /// How long these took.
    pub took: Took,
    /// The places of the parts of the trace in sight.
    pub spans: Vec<usize>,
    /// Parts of traces whose own parts are out of sight, by their ids.
    pub folded: BTreeSet<Box<str>>,
    /// What is searched in a trace.
    pub search: String,
    /// Where one is on the map.
    pub walk: Walk,
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
            overlay: None,
            keys: Keymap::default(),
            kept: Kept::default(),
            lines: Vec::new(),
            hours: HOURS[0],
            cross: None,
            map: false,
            portal: None,
            paused: false,
            said: None,
            theme: Theme::default(),
            colours,
            page: 1,
            demo,
            focused: true,
            notified: None,
            shelf: Theme::all_shipped(),
            chosen: SHIPPED.iter().position(|(name, _)| *name == theme).unwrap_or(0),
            told: Told::default(),
            everything: false,
            traces: Vec::new(),
            took: Took::default(),
            spans: Vec::new(),
            folded: BTreeSet::new(),
            search: String::new(),
            walk: Walk::default(),
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

    /// How the list of functions on this screen stands; none where the screen has no such list.
    pub fn order(&self) -> Option<&Order> {
        match self.screen() {
            Screen::Alerts => Some(&self.kept.alerts),
            Screen::Functions => Some(&self.kept.functions),
            _ => None,
        }
    }

    fn order_mut(&mut self) -> Option<&mut Order> {
        match self.trail.last() {
            Some(Screen::Alerts) => Some(&mut self.kept.alerts),
            Some(Screen::Functions) => Some(&mut self.kept.functions),
            _ => None,
        }
    }

    /// Makes the lines of the list anew, and keeps what is selected selected.
    pub fn arrange(&mut self) {
        let dev = self.dev;
        self.lines = match (&self.board, self.screen()) {
            (Some(board), Screen::Alerts) => {
                let fires = |row: &Row| row.state <= State::Warning || dev && row.state == State::Hidden;
                list::arrange(board, &self.filter, &self.kept.alerts, fires)
            }
            (Some(board), Screen::Functions) => {
                list::arrange(board, &self.filter, &self.kept.functions, |row| row.state != State::Unwatched)
            }
            _ => Vec::new(),
        };
        self.arrange_traces();
        self.settle();
    }

    /// The rows of functions on this screen, in their order.
    pub fn functions(&self) -> impl Iterator<Item = &Row> {
        let row = |line: &Line| match line {
            Line::Row(place) => self.board.as_ref()?.rows.get(*place),
            Line::Heading(_) => None,
        };
        self.lines.iter().filter_map(row)
    }

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

    /// Takes a message in and says what is to be done outside.
    pub fn update(&mut self, msg: Msg) -> Option<Effect> {
        match msg {
            Msg::Snapshot(snapshot) => self.update(Msg::Board(Arc::new(Board::new(snapshot)))),
            Msg::Board(board) => {
                let news = self.news(&board);
                self.board = Some(board);
                self.arrange();
                news.map(Effect::Notify)
            }
            Msg::Focused(focused) => {
                self.focused = focused;
                None
            }
            Msg::Paste(text) => {
                self.paste(&text);
                None
            }
            Msg::Told(told) => {
                let arrives = self.tree().is_none();
                self.told = told;
                self.arrange();
                // A trace is entered where it failed.
                if arrives && let Some(place) = self.failed_part() {
                    self.select(place);
                }
                None
            }
            Msg::SortBy(column) => self.act(Act::Sort(Some(column))),
            Msg::Choose(act) => self.act(act),
            Msg::Said(text) => {
                self.said = Some(text);
                None
            }
            Msg::Wheel(rows) => {
                self.go(i64::from(rows));
                None
            }
            Msg::Click(row) => {
                let list = self.list();
                if self.overlay.is_some() {
                    return None;
                }
                // A second click on the same row goes into it.
                if list.offset + row == list.place && row < self.count() {
                    return self.carry_out(Command::Open);
                }
                self.select(list.offset + row);
                None
            }
            Msg::Do(command) => self.carry_out(command),
            // Who types looks, whatever the terminal says.
            Msg::Key(chord) if !self.focused => {
                self.focused = true;
                self.update(Msg::Key(chord))
            }
            Msg::Key(chord) if chord.is_control('z') => Some(Effect::Suspend),
            Msg::Key(chord) if self.typing && !chord.is_control('c') => {
                self.type_into_filter(chord);
                None
            }
            Msg::Key(chord) if self.overlay.is_some() && !chord.is_control('c') => self.choose(chord),
            Msg::Key(chord) => {
                self.said = None;
                self.carry_out(self.keys.of(chord)?)
            }
        }
    }

    fn carry_out(&mut self, command: Command) -> Option<Effect> {
        let page = i64::try_from(self.page.max(1)).unwrap_or(1);
        match command {
            Command::Alerts => self.jump(Screen::Alerts),
            Command::Functions => self.jump(Screen::Functions),
            Command::Accounts => self.jump(Screen::Accounts),
            Command::Recent => self.jump(Screen::Recent),
            Command::Traces => self.jump(Screen::Traces(None)),
            Command::Spots => self.jump(Screen::Spots),
            Command::Errors => self.jump(Screen::Errors),
            Command::Palette => self.overlay = Some(Overlay::new(Kind::Palette)),
            Command::Help => self.overlay = Some(Overlay::new(Kind::Help)),
            Command::Sort => self.pick(Kind::Sort),
            Command::Columns => self.pick(Kind::Columns),
            Command::Group => self.pick(Kind::Group),
            Command::Reverse => {
                let sort = self.order().map(|order| order.sort.map_or(Column::Function, |(column, _)| column));
                return sort.and_then(|column| self.act(Act::Sort(Some(column))));
            }
            Command::Left if matches!(self.screen(), Screen::Function(_)) => self.move_cross(1),
            Command::Right if matches!(self.screen(), Screen::Function(_)) => self.move_cross(-1),
            Command::Left if matches!(self.screen(), Screen::Trace(..)) => self.fold(Some(true)),
            Command::Right if matches!(self.screen(), Screen::Trace(..)) => self.fold(Some(false)),
            Command::Left if matches!(self.screen(), Screen::Map(_)) => self.step(0, -1, false),
            Command::Right if matches!(self.screen(), Screen::Map(_)) => self.step(0, 1, false),
            Command::Up if matches!(self.screen(), Screen::Map(_)) => self.step(-1, 0, false),
            Command::Down if matches!(self.screen(), Screen::Map(_)) => self.step(1, 0, false),
            Command::Left => return self.carry_out(Command::Back),
            Command::Right => return self.carry_out(Command::Open),
            Command::Hours => {
                let next = HOURS.iter().position(|hours| *hours == self.hours).map_or(0, |place| place + 1);
                self.hours = HOURS[next % HOURS.len()];
                self.cross = None;
            }
            Command::Map if *self.screen() == Screen::Accounts => self.map = !self.map,
            Command::Map => {
                if let Some(key) = self.chosen().filter(|_| !matches!(self.screen(), Screen::Map(_))) {
                    self.walk = Walk::default();
                    self.push(Screen::Map(key));
                }
            }
            Command::FunctionTraces => {
                let key = self.chosen().filter(|_| !matches!(self.screen(), Screen::Traces(_)));
                if let Some(key) = key {
                    self.push(Screen::Traces(Some(key)));
                }
            }
            Command::Everything => {
                self.everything = !self.everything;
                self.walk = Walk::default();
                self.arrange();
            }
            Command::NextMatch => self.find_next(self.span_place() + 1),
            Command::Up => self.go(-1),
            Command::Down => self.go(1),
            Command::PageUp => self.go(-page),
            Command::PageDown => self.go(page),
            Command::First => self.select(0),
            Command::Last => self.select(usize::MAX),
            Command::Open => match self.list().selected {
                Some(RowKey::Function(key) | RowKey::Episode(key, ..)) => self.go_to(key),
                Some(RowKey::Group(title)) => {
                    if let Some(order) = self.order_mut()
                        && !order.folded.remove(&title)
                    {
                        order.folded.insert(title);
                    }
                    self.arrange();
                }
                Some(RowKey::Target(key)) => self.go_to_target(&key),
                Some(RowKey::Cause(_)) => self.go_to_example(),
                Some(RowKey::Trace(id)) => {
                    if let Some(seen) = self.seen(self.list().place) {
                        let at = seen.target.key();
                        self.go_to_trace(id, at);
                    }
                }
                Some(RowKey::Span(_)) => self.fold(None),
                _ if matches!(self.screen(), Screen::Map(_)) => {
                    if self.walk.side == Side::Middle {
                        if let Some(key) = self.middle() {
                            self.go_to(key);
                        }
                    } else {
                        self.step(0, 0, true);
                    }
                }
                _ => {}
            },
            Command::Back => {
                if self.cross.is_some() {
                    self.cross = None;
                } else if let Some(before) =
                    self.walk.before.pop().filter(|_| matches!(self.screen(), Screen::Map(_)))
                {
                    (self.walk.at, self.walk.side) = (Some(before), Side::Middle);
                } else if self.trail.len() > 1 {
                    self.trail.pop();
                } else if !self.filter.is_empty() {
                    self.filter = Filter::default();
                }
                self.arrange();
            }
            Command::Dev => {
                self.dev = !self.dev;
                self.arrange();
            }
            Command::Filter => {
                self.typing = matches!(
                    self.screen(),
                    Screen::Alerts | Screen::Functions | Screen::Traces(_) | Screen::Trace(..)
                );
            }
            Command::Theme => {
                let mut overlay = Overlay::new(Kind::Theme(self.chosen));
                overlay.place = self.chosen;
                self.overlay = Some(overlay);
            }
            Command::CopyName if matches!(self.screen(), Screen::Trace(..) | Screen::Traces(_)) => {
                return self.trace_id().map(|id| Effect::Copy(id.shown().into_owned(), "trace id"));
            }
            Command::CopyName => return self.copy("name", |key, _| key.name.shown().into_owned()),
            Command::CopyArn => return self.copy("ARN", |_, arn| arn),
            Command::Console => {
                let address = self.address();
                return address.map(Effect::OpenUrl);
            }
            Command::CopyLink => return Some(Effect::Copy(self.address()?, "address")),
            Command::Refresh => return Some(Effect::Refresh),
            Command::Pause => {
                self.paused = !self.paused;
                return Some(Effect::Pause(self.paused));
            }
            Command::Quit => return Some(Effect::Quit),
        }
        None
    }

    /// To another screen of the first level.
    fn jump(&mut self, screen: Screen) {
        self.trail = vec![screen];
        self.cross = None;
        self.arrange();
    }

    fn go_to(&mut self, key: Key) {
        self.push(Screen::Function(key));
    }

    fn push(&mut self, screen: Screen) {
        self.trail.push(screen);
        self.cross = None;
        self.arrange();
    }

    /// To a trace of the error group that is selected.
    fn go_to_example(&mut self) {
        let Screen::Function(key) = self.screen().clone() else { return };
        let example = self.groups(&key).get(self.list().place).map(|group| group.example.clone());
        if let Some(id) = example {
            self.go_to_trace(id, (key.account, key.region));
        }
    }

    fn go_to_trace(&mut self, id: AwsText, at: TargetKey) {
        (self.folded, self.search) = (BTreeSet::new(), String::new());
        self.push(Screen::Trace(id, at));
        if let Some(place) = self.failed_part() {
            self.select(place);
        }
    }

    /// To the functions of a target.
    fn go_to_target(&mut self, (account, region): &TargetKey) {
        self.filter = Filter::parse(&format!("account:{account} region:{region}"));
        self.trail.push(Screen::Functions);
        self.arrange();
    }

    /// Moves the crosshair by so many steps into the past.
    fn move_cross(&mut self, by: i64) {
        let chart = self.board.as_ref().and_then(|board| board.snapshot.chart.as_ref());
        let step = chart.map_or(1, |chart| chart.period);
        let cross = self.cross.map_or(0, |cross| cross + by * step);
        self.cross = Some(cross.clamp(0, self.hours * 60 - 1));
    }

    /// What is being typed: a filter, or what is searched in a trace.
    pub fn typed(&self) -> &str {
        if matches!(self.screen(), Screen::Trace(..)) { &self.search } else { self.filter.text() }
    }

    fn type_text(&mut self, text: String) {
        if matches!(self.screen(), Screen::Trace(..)) {
            self.search = text;
            self.find_next(self.span_place());
        } else {
            self.filter = Filter::parse(&text);
        }
    }

    fn type_into_filter(&mut self, chord: Chord) {
        self.said = None;
        match chord.code() {
            KeyCode::Enter => self.typing = false,
            KeyCode::Esc => {
                self.typing = false;
                self.type_text(String::new());
            }
            KeyCode::Backspace => {
                let mut text = self.typed().to_owned();
                text.pop();
                self.type_text(text);
            }
            KeyCode::Up => self.go(-1),
            KeyCode::Down => self.go(1),
            _ if chord.is_control('u') => self.type_text(String::new()),
            _ => {
                if let Some(c) = chord.typed() {
                    self.type_text(format!("{}{c}", self.typed()));
                }
            }
        }
        self.arrange();
    }
}
