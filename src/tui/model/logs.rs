//! What the screens ask of logs, and where one is among lines: what is in sight, unfolded, searched, and followed.

use std::{collections::BTreeMap, sync::Arc};

use regex::{Regex, RegexBuilder};

use super::{
    super::{
        board::{Board, Key, Row, State},
        lines::Unfolded,
    },
    Model, Screen,
    left::Left,
    traces::place_of,
};
use crate::{
    domain::{
        account::{Target, TargetKey},
        function::ResourceType,
        logs::{Level, LogGroup},
        text::AwsText,
        trace::tree::Tree,
    },
    engine::{
        explain::Ask,
        inquiry::FunctionKey,
        lines::Followed,
        logbook::{BookLine, How, LinesAsk, Live, LogQuestion, LogsOf, ToldLines, ToldLogCauses, ToldLogs},
        logs::LogAsk,
    },
};

/// Functions that are followed together at most.
pub const FOLLOWED: usize = 50;
/// Seconds before a trace began and after it ended in which its lines are looked for.
const MARGIN: (i64, i64) = (1, 60);

/// Whose lines a screen shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lines {
    /// Of production that fires, or that the filter lets through, as they are written.
    Firing,
    /// The newest of a function.
    Newest(Key),
    /// Those around the newest failure of a function; of that by an exception, where one was selected.
    Around(Key, Option<AwsText>),
    /// Those of all functions that a trace went through.
    Trace(AwsText, TargetKey),
    /// Those of one request of a function, which was seen at that second.
    Request(Key, AwsText, i64),
}

impl Lines {
    /// The name of their screen in the breadcrumb.
    pub fn title(&self) -> String {
        match self {
            Self::Firing => "Logs".into(),
            Self::Newest(key) | Self::Around(key, _) => format!("Logs of {}", key.name.shown()),
            Self::Trace(..) => "Its logs".into(),
            Self::Request(_, id, _) => format!("Request {}", id.shown()),
        }
    }

    /// As they are asked for; of those around a failure, or everything.
    pub(super) fn asked(&self, everything: bool) -> LogsOf {
        match self {
            Self::Firing => LogsOf::Firing,
            Self::Newest(key) => LogsOf::Newest(place_of(key)),
            Self::Around(key, _) if everything => LogsOf::Newest(place_of(key)),
            Self::Around(key, exception) => LogsOf::Around(place_of(key), exception.clone()),
            Self::Trace(id, _) => LogsOf::Trace(id.clone()),
            Self::Request(key, id, _) => LogsOf::Request(place_of(key), id.clone()),
        }
    }

    /// The function that they are of, where it is one.
    pub fn function(&self) -> Option<&Key> {
        match self {
            Self::Newest(key) | Self::Around(key, _) | Self::Request(key, ..) => Some(key),
            Self::Firing | Self::Trace(..) => None,
        }
    }
}

/// What is searched among lines.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// As it was typed.
    pub text: String,
    /// What finds it, in small and capital letters alike.
    pub finds: Option<Regex>,
}

impl Search {
    pub(super) fn new(text: String) -> Self {
        let finds = RegexBuilder::new(&regex::escape(&text)).case_insensitive(true).build().ok();
        Self { finds: finds.filter(|_| !text.is_empty()), text }
    }
}

/// Where one is among lines of logs.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are switches that somebody flips, each by itself")]
pub struct LogView {
    /// What was answered.
    pub told: ToldLogs,
    /// Whose lines are looked at.
    pub of: Option<LogsOf>,
    /// Functions that are followed together, in the order in which they came in, and how many more there are.
    pub firing: (Vec<Followed>, usize),
    /// Whether lines are to be followed as they are written.
    pub follow: bool,
    /// Why slmon stopped following them by itself.
    pub stopped: Option<String>,
    /// The lines as they were when somebody went up in what is followed: these stand still.
    pub held: Option<Arc<ToldLines>>,
    /// Whether what stands still is as somebody left it for another screen: from before the lines that were read since.
    pub(super) restored: bool,
    /// Screens of lines that somebody left for others, to come back to.
    pub(super) left: Vec<Left>,
    /// From which place what is typed is searched.
    pub(super) begin: usize,
    /// Whether one stands at the last line, which is where one stays as more come in.
    pub at_end: bool,
    /// Whether long lines are wrapped.
    pub wrap: bool,
    /// The least level that is in sight; none: all.
    pub least: Option<Level>,
    /// Whether secrets are shown.
    pub secrets: bool,
    /// Lines that are unfolded, by their numbers, and what stands below them.
    pub open: BTreeMap<u64, Arc<Unfolded>>,
    /// What is searched.
    pub search: Search,
    /// The places of the lines in sight.
    pub rows: Vec<usize>,
    /// Lines of the screen by which the first line in sight is scrolled.
    pub skip: usize,
    /// Columns and lines that there is room for.
    pub room: (u16, u16),
    /// Minutes since somebody looked, as far as the terminal tells, and since a key was pressed.
    pub(super) idle: (u32, u32),
}

/// What is asked of logs on this screen: as long as it stays the same, nothing new is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogAsks {
    causes: Option<FunctionKey>,
    of: Option<LogsOf>,
    functions: Vec<FunctionKey>,
    live: bool,
}

impl Model {
    /// What is asked of logs on this screen.
    pub fn log_asks(&self) -> LogAsks {
        match self.log_question() {
            None => LogAsks::default(),
            Some(LogQuestion::Causes(ask)) => {
                LogAsks { causes: Some((ask.target.key(), ask.function.clone())), ..LogAsks::default() }
            }
            Some(LogQuestion::Lines(ask)) => {
                let functions = ask.functions.iter().map(|one| (one.target.key(), one.function.clone())).collect();
                LogAsks { causes: None, of: Some(ask.of), functions, live: ask.live }
            }
        }
    }

    /// The question of this screen.
    pub fn log_question(&self) -> Option<LogQuestion> {
        let board = self.board.as_ref()?;
        let of = match self.screen() {
            Screen::Function(key) if self.fails(key) => return Some(LogQuestion::Causes(log_ask(board, key)?.into())),
            Screen::Alerts => {
                let key = self.glanced().filter(|key| self.fails(key) && self.is_silent(key))?;
                return Some(LogQuestion::Causes(log_ask(board, &key)?.into()));
            }
            Screen::Logs(of) => of,
            _ => return None,
        };
        let (functions, how) = match of {
            Lines::Firing => (self.log.firing.0.clone(), How::Newest),
            Lines::Newest(key) => (vec![followed(board, key)?], How::Newest),
            Lines::Around(key, _) if self.everything => (vec![followed(board, key)?], How::Newest),
            Lines::Around(key, exception) => {
                (vec![followed(board, key)?], How::Around(log_ask(board, key)?.into(), exception.clone()))
            }
            Lines::Trace(id, _) => {
                let tree = self.told.traces.get(id)?.tree.as_ref()?;
                let (functions, requests, _) = requests(board, tree);
                (functions, How::Requests(requests, span(tree)?))
            }
            Lines::Request(key, id, second) => {
                let timeout = board
                    .row(key)
                    .and_then(|row| board.facts(row))
                    .and_then(|(_, it)| it.configuration.as_ref()?.timeout);
                let most = i64::from(timeout.unwrap_or(900)) + MARGIN.1;
                let at = |second| jiff::Timestamp::from_second(second).ok();
                let around = (at(second - most)?, at(second + most)?);
                (vec![followed(board, key)?], How::Requests(vec![(0, id.clone())], around))
            }
        };
        let live = self.log.follow && !self.paused;
        let asked = !functions.is_empty();
        asked.then_some(LogQuestion::Lines(LinesAsk { of: self.logs_of()?, functions, how, live }))
    }

    /// Whose lines this screen shows, as they are asked for.
    fn logs_of(&self) -> Option<LogsOf> {
        let Screen::Logs(of) = self.screen() else { return None };
        Some(of.asked(self.everything))
    }

    /// Whether a function fails as far as it was read, so that its log may say why.
    pub fn fails(&self, key: &Key) -> bool {
        let row = self.board.as_ref().and_then(|board| board.row(key));
        row.is_some_and(|row| {
            matches!(row.state, State::Critical | State::Warning | State::Hidden) || row.errors.is_some_and(|n| n > 0)
        })
    }

    /// Why a function fails by its log, as far as it was asked.
    pub fn log_causes(&self, key: &Key) -> Option<&ToldLogCauses> {
        self.log.told.causes.get(&place_of(key)).map(|told| &**told)
    }

    /// Whether that is being asked.
    pub fn is_asking_log(&self, key: &Key) -> bool {
        self.log.told.asking.as_ref() == Some(&place_of(key))
    }

    /// The lines of this screen: as they come, or as they stood when somebody went up in them.
    pub fn lines(&self) -> Option<&Arc<ToldLines>> {
        self.log.held.as_ref().or_else(|| self.newest_lines())
    }

    pub(super) fn newest_lines(&self) -> Option<&Arc<ToldLines>> {
        self.log.told.lines.as_ref().filter(|told| Some(&told.of) == self.log.of.as_ref())
    }

    /// Lines that have come since those in sight stand still.
    pub fn fresh_lines(&self) -> u64 {
        let (Some(held), Some(newest)) = (&self.log.held, self.newest_lines()) else { return 0 };
        if self.log.restored {
            // Of another reading, only the time tells.
            let last = held.lines.last().map(|line| line.line.event.at);
            return newest.lines.iter().rev().take_while(|line| Some(line.line.event.at) > last).count() as u64;
        }
        let all = |told: &ToldLines| told.lines.len() as u64 + told.let_go;
        all(newest).saturating_sub(all(held))
    }

    /// A line of this screen, by its place among those in sight.
    pub fn line(&self, place: usize) -> Option<&Arc<BookLine>> {
        self.lines()?.lines.get(*self.log.rows.get(place)?)
    }

    /// Takes in what was answered of logs.
    pub(super) fn hear_logs(&mut self, told: ToldLogs) {
        let was_reading = self.newest_lines().is_none_or(|told| told.reading);
        self.log.told = told;
        let news = self.newest_lines().cloned();
        if self.log.follow && news.as_ref().is_some_and(|told| matches!(told.live, Live::Ended(_))) {
            self.log.follow = false;
        }
        self.arrange();
        if self.log.restored {
            return;
        }
        if news.is_some_and(|told| was_reading && !told.reading && !self.log.follow) {
            self.enter_chosen();
        }
    }

    /// Makes the rows of this screen's lines anew.
    pub(super) fn arrange_logs(&mut self) {
        if self.logs_of() != self.log.of {
            self.leave_lines();
            let screen = self.screen().clone();
            let back = self.log.left.pop_if(|left| left.screen == screen);
            if let Some(left) = &back {
                self.everything = left.everything;
            }
            let of = self.logs_of();
            let log = &mut self.log;
            // Around a failure or the newest: it is one screen.
            let same = |it: &Lines| [false, true].into_iter().any(|everything| log.of == Some(it.asked(everything)));
            let least = log.least.filter(|_| matches!(&screen, Screen::Logs(it) if same(it)));
            let (told, left, wrap, room) =
                (std::mem::take(&mut log.told), std::mem::take(&mut log.left), log.wrap, log.room);
            let follow = back.as_ref().map_or(of == Some(LogsOf::Firing), |left| left.follow);
            *log = LogView { told, left, wrap, room, least, at_end: true, follow, of, ..LogView::default() };
            // Numbers of lines mean nothing in another book.
            self.lists.retain(|screen, _| !matches!(screen, Screen::Logs(_)));
            if let Some(left) = back {
                self.lists.insert(left.screen, left.list);
                let log = &mut self.log;
                (log.open, log.search, log.least, log.skip, log.at_end) =
                    (left.open, left.search, left.least, left.skip, false);
                (log.held, log.restored) = (Some(left.lines), true);
            }
        }
        if self.log.of == Some(LogsOf::Firing) {
            self.take_firing();
        }
        let log = &self.log;
        let fits = |line: &BookLine| {
            let line = &line.line;
            log.least.is_none_or(|least| line.level.is_some_and(|level| level >= least))
        };
        let rows = self.lines().map(|told| (0..told.lines.len()).filter(|place| fits(&told.lines[*place])).collect());
        self.log.rows = rows.unwrap_or_default();
    }

    /// Takes in whose lines are followed together: what fires in production; where a filter holds, all of production that it
    /// lets through. Who is once among them stays.
    fn take_firing(&mut self) {
        let Some(board) = self.board.clone() else { return };
        let filter = self.filter.clone();
        let mut sieve = filter.sieve();
        let (mut known, mut more) = (std::mem::take(&mut self.log.firing.0), 0);
        for row in &board.rows {
            let Some((state, function)) = board.facts(row) else { continue };
            let shown = function.class.alerts() || self.dev && row.state == State::Hidden;
            let fires = row.state <= State::Warning || self.dev && row.state == State::Hidden;
            let wanted =
                function.class.watched && shown && (fires || !filter.is_empty()) && sieve.fit(&board, row).is_some();
            let is_it = |one: &Followed| one.function == function.found.name && one.target.key() == state.target.key();
            if !wanted || known.iter().any(is_it) {
                continue;
            }
            if known.len() >= FOLLOWED {
                more += 1;
            } else {
                known.extend(board.key(row).and_then(|key| followed(&board, &key)));
            }
        }
        self.log.firing = (known, more);
    }

    /// To the lines of a function: around its newest failure, by the exception that is selected on its page; where it does
    /// not fail, the newest.
    pub(super) fn go_to_logs(&mut self, key: Key) {
        let exception = match self.screen() {
            Screen::Function(_) => self.exception_of_reason(&key),
            _ => None,
        };
        let fails = self.fails(&key);
        self.push(Screen::Logs(if fails { Lines::Around(key, exception) } else { Lines::Newest(key) }));
    }

    /// To the lines of all functions that the trace went through that is looked at or selected.
    pub(super) fn go_to_logs_of_trace(&mut self) {
        let trace = match self.screen() {
            Screen::Trace(id, at) => Some((id.clone(), at.clone())),
            _ => self.seen(self.list().place).map(|seen| (seen.summary.id.clone(), seen.target.key())),
        };
        if let Some((id, at)) = trace {
            self.push(Screen::Logs(Lines::Trace(id, at)));
        }
    }

    /// How many requests a trace has, and those of functions that slmon can't place.
    pub fn requests_of_trace(&self, id: &AwsText) -> Option<(usize, usize)> {
        let tree = self.told.traces.get(id)?.tree.as_ref()?;
        let (_, requests, unknown) = requests(self.board.as_ref()?, tree);
        Some((requests.len(), unknown))
    }

    /// The function that wrote the selected line.
    pub(super) fn function_of_line(&self) -> Option<Key> {
        let line = self.line(self.list().place)?;
        let one = self.lines()?.functions.get(line.place)?;
        let (account, region) = one.target.key();
        Some(Key { account, region, name: one.function.clone() })
    }
}

/// A function with where it writes; none where it is not there.
fn followed(board: &Board, key: &Key) -> Option<Followed> {
    let row = board.row(key).filter(|_| key.resource_type() == ResourceType::Function)?;
    let (state, function) = board.facts(row)?;
    Some(Followed {
        target: state.target.clone(),
        function: function.found.name.clone(),
        group: LogGroup::of(&function.found.name, function.configuration.as_ref()),
    })
}

/// What is asked of a function's log about why it fails.
fn log_ask(board: &Board, key: &Key) -> Option<LogAsk> {
    let row: &Row = board.row(key).filter(|_| key.resource_type() == ResourceType::Function)?;
    let (state, function) = board.facts(row)?;
    let horizon = board.snapshot.horizon;
    let Ask { target, function: name, from, to, since, .. } =
        Ask::of(state, function, board.judged(row), (horizon, horizon.now));
    let configuration = function.configuration.as_ref();
    let group = LogGroup::of(&name, configuration);
    Some(LogAsk { target, function: name, group, from, to, since, timeout: configuration.and_then(|it| it.timeout) })
}

/// The functions that a trace went through, their requests with the places of these, and how many functions slmon can't
/// place: those of accounts or regions that it does not know.
fn requests(board: &Board, tree: &Tree) -> (Vec<Followed>, Vec<(usize, AwsText)>, usize) {
    let (mut functions, mut found): (Vec<Followed>, Vec<(usize, AwsText)>) = Default::default();
    let mut unknown = std::collections::BTreeSet::new();
    for node in &tree.nodes {
        let span = &node.span;
        let is_lambda = span.is_segment && span.origin.as_ref().is_some_and(|it| it.raw().starts_with("AWS::Lambda"));
        let Some(id) = span.request_id.as_ref().filter(|_| is_lambda) else { continue };
        let here = |target: &Target| {
            span.account.as_ref().is_some_and(|account| *account == target.account.id)
                && span.region.as_ref().is_none_or(|region| region.raw() == target.region.as_str())
        };
        let Some(target) = board.targets.iter().map(|state| &state.target).find(|target| here(target)) else {
            unknown.insert((span.account.clone(), span.name.clone()));
            continue;
        };
        let (account, region) = target.key();
        let key = Key { account, region, name: span.name.clone() };
        let place = functions.iter().position(|one| one.function == key.name && one.target.key() == target.key());
        let place = place.unwrap_or_else(|| {
            let assumed = || Followed {
                target: target.clone(),
                function: key.name.clone(),
                group: LogGroup::of(&key.name, None),
            };
            functions.push(followed(board, &key).unwrap_or_else(assumed));
            functions.len() - 1
        });
        if !found.contains(&(place, id.clone())) {
            found.push((place, id.clone()));
        }
    }
    (functions, found, unknown.len())
}

/// The stretch of time in which a trace's lines were written.
fn span(tree: &Tree) -> Option<(jiff::Timestamp, jiff::Timestamp)> {
    let begin = tree.nodes.iter().map(|node| node.span.start).min()?;
    let end = tree.nodes.iter().map(|node| node.end).max()?;
    let at = |microseconds: i64| jiff::Timestamp::from_microsecond(microseconds).ok();
    Some((at(begin - MARGIN.0 * 1_000_000)?, at(end + MARGIN.1 * 1_000_000)?))
}
