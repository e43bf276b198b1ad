//! What commands do: where one goes, what is typed, and how things are shown from then on.

use std::collections::BTreeSet;

use crossterm::event::KeyCode;

use super::{
    super::{
        board::Key,
        commands::{Chord, Command},
        filter::Filter,
        list::Column,
        overlay::{Act, Kind, Overlay},
        places,
    },
    Effect, HOURS, Lines, Model, READING, RowKey, Screen, Side, Walk,
};
use crate::domain::{account::TargetKey, life::Means, text::AwsText};

impl Model {
    pub(super) fn carry_out(&mut self, command: Command) -> Option<Effect> {
        let page = i64::try_from(self.page.max(1)).unwrap_or(1);
        match command {
            Command::Map | Command::FunctionTraces | Command::FunctionLogs if self.is_at_table() => {
                self.said = Some("a table has neither traces nor a log of its own, and calls nobody".into());
            }
            _ if self.turn_page(command) || self.walk_accounts(command) || self.among_lines(command) => {}
            Command::Alerts => self.jump(Screen::Alerts),
            Command::Functions => self.jump(Screen::Functions),
            Command::Accounts => self.jump(Screen::Accounts),
            Command::Recent => self.jump(Screen::Recent),
            Command::Traces => self.jump(Screen::Traces(None)),
            Command::Logs => {
                // Whoever asks for it once more has what fires now.
                self.log.of = None;
                self.jump(Screen::Logs(Lines::Firing));
            }
            Command::Spots => self.jump(Screen::Spots),
            Command::Errors => self.jump(Screen::Errors),
            Command::Palette => self.overlay = Some(Overlay::new(Kind::Palette)),
            Command::Help => self.overlay = Some(Overlay::new(Kind::Help)),
            Command::Sort if *self.screen() == Screen::Accounts => self.overlay = Some(Overlay::new(Kind::Sort)),
            Command::Sort => self.pick(Kind::Sort),
            Command::Columns => self.pick(Kind::Columns),
            Command::Group => self.pick(Kind::Group),
            Command::Reverse if *self.screen() == Screen::Accounts => {
                return self.by.and_then(|(by, _)| self.act(Act::SortPlaces(Some(by))));
            }
            Command::Reverse => {
                let order = self.order_mut()?;
                // The worst first is by state; the other way round it ends with the worst.
                let (column, reversed) = order.sort.unwrap_or((Column::State, false));
                order.sort = Some((column, !reversed));
                self.arrange();
                self.select(0);
                return Some(Effect::Keep(self.kept.clone()));
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
            Command::FunctionLogs if matches!(self.screen(), Screen::Trace(..) | Screen::Traces(_)) => {
                self.go_to_logs_of_trace();
            }
            Command::FunctionLogs => {
                if let Some(key) = self.chosen() {
                    self.go_to_logs(key);
                }
            }
            Command::Follow | Command::Level | Command::Secrets | Command::Request | Command::PreviousMatch => {}
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
            Command::Open => self.open(),
            Command::Back => {
                if self.cross.is_some() {
                    self.cross = None;
                } else if matches!(self.screen(), Screen::Map(_)) && !self.walk.before.is_empty() {
                    (self.walk.at, self.walk.side) = (self.walk.before.pop(), Side::Middle);
                } else if self.trail.len() > 1 {
                    self.trail.pop();
                    self.end_detour();
                } else if *self.screen() == Screen::Accounts {
                    self.narrow = Filter::default();
                } else if !self.filter.is_empty() {
                    self.filter = Filter::default();
                }
                self.arrange();
            }
            Command::Dev => {
                self.dev = !self.dev;
                if *self.screen() == Screen::Logs(Lines::Firing) {
                    // Who is followed stays, but for this.
                    self.log.of = None;
                }
                self.arrange();
            }
            Command::Filter => {
                // Whoever follows lines begins at the last, whatever comes in meanwhile.
                self.log.begin = if self.log.at_end { usize::MAX } else { self.list().place };
                self.typing = matches!(
                    self.screen(),
                    Screen::Alerts
                        | Screen::Functions
                        | Screen::Accounts
                        | Screen::Traces(_)
                        | Screen::Trace(..)
                        | Screen::Logs(_)
                );
            }
            Command::Theme => {
                let mut overlay = Overlay::new(Kind::Theme(self.chosen));
                overlay.place = self.chosen;
                self.overlay = Some(overlay);
            }
            Command::Acknowledge => self.pick_end(Means::Acknowledge),
            Command::Mute => self.pick_end(Means::Mute),
            Command::CopyName if matches!(self.screen(), Screen::Logs(_)) => {
                let line = self.line(self.list().place)?;
                return Some(Effect::Copy(line.line.copied(self.log.secrets), "line"));
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
            Command::Refresh => {
                self.said = Some(if self.paused { "paused: nothing is read" } else { READING }.into());
                return Some(Effect::Refresh);
            }
            Command::Pause => {
                self.paused = !self.paused;
                return Some(Effect::Pause(self.paused));
            }
            Command::Quit => return Some(Effect::Quit),
        }
        None
    }

    /// Moves over the map of accounts, where it is shown.
    fn walk_accounts(&mut self, command: Command) -> bool {
        let step = match command {
            Command::Up => (-1, 0),
            Command::Down => (1, 0),
            Command::Left => (0, -1),
            Command::Right => (0, 1),
            _ => return false,
        };
        let Some(board) = self.board.as_ref().filter(|_| self.map && *self.screen() == Screen::Accounts) else {
            return false;
        };
        let place = places::grid(board, &self.places).step(self.list().place, step);
        self.select(place);
        true
    }

    /// Opens what is selected.
    fn open(&mut self) {
        // Whoever opens something means it, whatever comes into the list meanwhile.
        if !matches!(self.screen(), Screen::Map(_)) {
            self.select(self.list().place);
        }
        match self.list().selected {
            Some(RowKey::Function(key) | RowKey::Episode(key, ..) | RowKey::Spot(key, ..)) => self.go_to(key),
            Some(RowKey::Group(title)) => {
                if let Some(order) = self.order_mut()
                    && !order.folded.remove(&title)
                {
                    order.folded.insert(title);
                }
                self.arrange();
            }
            Some(RowKey::Target(key)) => self.go_to_target(&key),
            // What is out of reach as a whole has no functions; the error log has what was answered.
            Some(RowKey::Account(_) | RowKey::Listing(_)) => self.push(Screen::Errors),
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
        }
    }

    /// Moves the page of a function, where a command is about that: row by row behind the last of its error groups.
    fn turn_page(&mut self, command: Command) -> bool {
        if !matches!(self.screen(), Screen::Function(_)) {
            return false;
        }
        let (seen, hidden) = self.sheet;
        let (scroll, page) = (self.scroll, seen.max(2) - 1);
        let to = match command {
            Command::Down if scroll > 0 || self.list().place + 1 >= self.count() => scroll + 1,
            Command::Up if scroll > 0 => scroll - 1,
            Command::PageDown => scroll + page,
            Command::PageUp => scroll.saturating_sub(page),
            Command::First => 0,
            Command::Last => hidden,
            _ => return false,
        };
        self.scroll = to.min(hidden);
        // The error groups have a first and a last as well.
        !matches!(command, Command::First | Command::Last)
    }

    /// To another screen of the first level.
    fn jump(&mut self, screen: Screen) {
        if *self.screen() != screen {
            self.begin_with_failing(&screen);
        }
        self.trail = vec![screen];
        self.cross = None;
        self.end_detour();
        self.scroll = 0;
        self.arrange();
    }

    /// Away from the functions of a target: the filter that was there before holds again.
    fn end_detour(&mut self) {
        if let Some((_, filter)) = self.detour.take_if(|(depth, _)| self.trail.len() < *depth) {
            self.filter = filter;
        }
    }

    pub(super) fn go_to(&mut self, key: Key) {
        self.push(Screen::Function(key));
    }

    /// Traces and maps begin with what fails.
    fn begin_with_failing(&mut self, screen: &Screen) {
        if matches!(screen, Screen::Traces(_) | Screen::Map(_) | Screen::Logs(_))
            && !matches!(self.screen(), Screen::Trace(..))
        {
            self.everything = false;
        }
    }

    pub(super) fn push(&mut self, screen: Screen) {
        self.begin_with_failing(&screen);
        self.trail.push(screen);
        self.cross = None;
        self.scroll = 0;
        self.arrange();
    }

    /// To a trace of the cause that is selected; where none tells of it, to its lines.
    fn go_to_example(&mut self) {
        let Screen::Function(key) = self.screen().clone() else { return };
        match self.trace_of_reason(&key) {
            Some(id) => self.go_to_trace(id, (key.account, key.region)),
            None => self.go_to_logs(key),
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
        let filter = Filter::parse(&format!("account:{account} region:{region}"));
        let before = std::mem::replace(&mut self.filter, filter);
        self.trail.push(Screen::Functions);
        self.detour = Some((self.trail.len(), before));
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
        match self.screen() {
            Screen::Trace(..) => &self.search,
            Screen::Logs(_) => &self.log.search.text,
            Screen::Accounts => self.narrow.text(),
            _ => self.filter.text(),
        }
    }

    pub(super) fn type_text(&mut self, text: String) {
        if matches!(self.screen(), Screen::Trace(..)) {
            self.search = text;
            self.look_for();
            self.find_next(self.span_place());
        } else if matches!(self.screen(), Screen::Logs(_)) {
            self.search_lines(text);
        } else if *self.screen() == Screen::Accounts {
            self.narrow = Filter::parse(&text);
        } else {
            self.filter = Filter::parse(&text);
        }
    }

    pub(super) fn type_into_filter(&mut self, chord: Chord) {
        self.said = None;
        match chord.code() {
            KeyCode::Enter => {
                self.typing = false;
                // What was not found is said once it is no longer typed.
                match self.screen() {
                    Screen::Trace(..) => self.find_next(self.span_place()),
                    Screen::Logs(_) => self.searched_lines(),
                    _ => {}
                }
            }
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
        // What is searched changes no list.
        if !matches!(self.screen(), Screen::Trace(..) | Screen::Logs(_)) {
            self.arrange();
        }
    }
}
