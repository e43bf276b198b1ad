//! What the screens remember, and what happens to it: `update` takes a message and says what is to be done outside.
//! Nothing here draws, waits or reads.

mod among;
mod carry;
mod choose;
mod left;
mod logs;
mod news;
mod select;
mod traces;
mod why;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub use self::{
    logs::{FOLLOWED, Lines, LogAsks, LogView},
    traces::{Asks, Side, Walk},
};
pub use super::list::Kept;
use super::{
    board::{Board, Key, Row, State},
    commands::{Chord, Command, Keymap},
    console::Portal,
    filter::Filter,
    list::{self, Column, Line, Order},
    overlay::{Act, Overlay},
    places::{self, By, Place},
    theme::{SHIPPED, Theme},
};
use crate::{
    domain::{
        account::{AccountId, Region, TargetKey},
        finding::SpotKind,
        life::Hush,
        text::AwsText,
        trace::took::Took,
        why::Reason,
        window::Minute,
    },
    engine::{inquiry::Told, logbook::ToldLogs, watch::Snapshot},
};

/// Over how many hours charts go, one after the other.
const HOURS: [i64; 3] = [1, 6, 24];

/// What is said while all is read again.
const READING: &str = "reading all of it again";

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
    /// Lines of logs.
    Logs(Lines),
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
            Self::Logs(of) => of.title(),
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
    /// An account that is out of reach.
    Account(AccountId),
    /// An organization that could not be listed, by its client.
    Listing(Option<AwsText>),
    /// Why a function fails: what was thrown, and where.
    Cause(String),
    /// A trace.
    Trace(AwsText),
    /// A part of a trace, by its id.
    Span(Box<str>),
    /// A line of a log, by its number.
    Line(u64),
    /// A blind spot: its function, its kind, and what was found.
    Spot(Key, SpotKind, String),
    /// What could not be read: whose, where, which call, and the first of its parts.
    Trouble(String, Option<Region>, &'static str, Option<String>),
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
    /// Rows that there was room for when it was last drawn; 0: it was not.
    pub page: usize,
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
    /// The place of a row that was clicked.
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
    /// What was answered of logs.
    Logs(ToldLogs),
    /// A minute has passed.
    Tick,
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
    /// Be silent about alerts, or no longer.
    Hush(Hush),
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
    /// While the functions of one target are looked at: how long the trail is there, and the filter that held before.
    pub detour: Option<(usize, Filter)>,
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
    /// The accounts and regions in sight, in their order.
    pub places: Vec<Place>,
    /// By what they are sorted, and whether the other way round; none: the worst first.
    pub by: Option<(By, bool)>,
    /// What narrows them.
    pub narrow: Filter,
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
    /// The first line in sight of a function's page.
    pub scroll: usize,
    /// How many lines of that page are in sight, and how many are not.
    pub sheet: (usize, usize),
    /// Whether the demo is shown.
    pub demo: bool,
    /// Whether somebody looks, as far as the terminal tells.
    pub focused: bool,
    /// When whoever looks elsewhere was last told.
    pub notified: Option<Minute>,
    /// Alerts that somebody saw or was told of.
    pub known: BTreeSet<Key>,
    /// When a key was last pressed, by the clock of what is shown.
    pub acted: Option<Minute>,
    /// Whether the terminal tells where somebody looks.
    pub reports_focus: bool,
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
    /// Why the function of this screen fails.
    reasons: Vec<Reason>,
    /// Places of the lines, or of the parts of a trace, that hold what is searched.
    found: Vec<usize>,
    /// Parts of traces whose own parts are out of sight, by their ids.
    pub folded: BTreeSet<Box<str>>,
    /// What is searched in a trace.
    pub search: String,
    /// Where one is on the map.
    pub walk: Walk,
    /// The function that an end is chosen for.
    pub hushed: Option<Key>,
    /// Where one is among lines of logs.
    pub log: LogView,
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
            detour: None,
            typing: false,
            overlay: None,
            keys: Keymap::default(),
            kept: Kept::default(),
            lines: Vec::new(),
            hours: HOURS[0],
            cross: None,
            map: false,
            places: Vec::new(),
            by: None,
            narrow: Filter::default(),
            portal: None,
            paused: false,
            said: None,
            theme: Theme::default(),
            colours,
            page: 1,
            scroll: 0,
            sheet: (1, 0),
            demo,
            focused: true,
            notified: None,
            known: BTreeSet::new(),
            acted: None,
            reports_focus: false,
            shelf: Theme::all_shipped(),
            chosen: SHIPPED.iter().position(|(name, _)| *name == theme).unwrap_or(0),
            told: Told::default(),
            everything: false,
            traces: Vec::new(),
            took: Took::default(),
            spans: Vec::new(),
            reasons: Vec::new(),
            found: Vec::new(),
            folded: BTreeSet::new(),
            search: String::new(),
            walk: Walk::default(),
            hushed: None,
            log: LogView::default(),
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
        self.places = match (&self.board, self.screen()) {
            (Some(board), Screen::Accounts) => places::arrange(board, &self.narrow, self.by),
            _ => Vec::new(),
        };
        self.arrange_traces();
        self.arrange_logs();
        self.look_for();
        if *self.screen() != Screen::Alerts {
            self.arrange_why();
        }
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

    /// Takes a message in and says what is to be done outside.
    pub fn update(&mut self, msg: Msg) -> Option<Effect> {
        if matches!(msg, Msg::Key(_) | Msg::Wheel(_) | Msg::Click(_) | Msg::Focused(true)) {
            self.touched();
        }
        match msg {
            Msg::Logs(told) => {
                self.hear_logs(told);
                None
            }
            Msg::Tick => {
                self.tick();
                None
            }
            Msg::Snapshot(snapshot) => self.update(Msg::Board(Arc::new(Board::new(snapshot)))),
            Msg::Board(board) => {
                let news = self.news(&board);
                self.hear(&board);
                if self.said.as_deref() == Some(READING) {
                    self.said = None;
                }
                self.board = Some(board);
                self.arrange();
                news.map(Effect::Notify)
            }
            Msg::Focused(focused) => {
                self.reports_focus = true;
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
                self.turn(i64::from(rows));
                None
            }
            Msg::Click(row) => {
                if self.overlay.is_some() || row >= self.count() {
                    return None;
                }
                // A second click on the same row goes into it.
                if row == self.list().place {
                    return self.carry_out(Command::Open);
                }
                self.select(row);
                None
            }
            Msg::Do(command) => self.carry_out(command),
            // Who types looks, whatever the terminal says.
            Msg::Key(chord) if !self.focused || self.acted != self.minute() => {
                (self.focused, self.acted) = (true, self.minute());
                self.update(Msg::Key(chord))
            }
            Msg::Key(chord) if chord.is_control('z') => Some(Effect::Suspend),
            Msg::Key(chord) if self.typing && !chord.is_control('c') => {
                self.type_into_filter(chord);
                None
            }
            Msg::Key(chord) if self.overlay.is_some() && !chord.is_control('c') => self.choose(chord),
            // Among lines the long key unfolds, as it does wherever texts are folded.
            Msg::Key(chord) if chord.typed() == Some(' ') && matches!(self.screen(), Screen::Logs(_)) => {
                self.said = None;
                self.carry_out(Command::Open)
            }
            Msg::Key(chord) => {
                self.said = None;
                self.carry_out(self.keys.of(chord)?)
            }
        }
    }
}
