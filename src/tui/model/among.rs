//! Moving among lines of logs: by lines of the screen where they are wrapped or unfolded, along what is searched, and out
//! of what is followed.

use std::sync::Arc;

use super::{
    super::{
        board::Key,
        commands::Command,
        lines::{Grid, Unfolded, cut, tall},
    },
    Lines, Model, RowKey, Screen,
    logs::Search,
};
use crate::domain::{logs::Level, text::count};

/// Minutes after which nothing is followed any more where the terminal says that nobody looks, and where no key is pressed.
const UNSEEN: (u32, u32) = (5, 60);

impl Model {
    /// Does what a command means among lines; false where it means what it means elsewhere.
    pub(super) fn among_lines(&mut self, command: Command) -> bool {
        let Screen::Logs(of) = self.screen().clone() else { return false };
        let (place, count) = (self.list().place, self.count());
        match command {
            Command::Up if self.log.skip > 0 && self.list().offset == place => self.log.skip -= 1,
            Command::Down if self.is_cut() => self.log.skip += 1,
            Command::Last => {
                self.let_go();
                self.select(usize::MAX);
            }
            Command::Refresh => {
                if !self.log.follow {
                    self.let_go();
                }
                return false;
            }
            Command::PageUp | Command::PageDown => self.turn_lines(command == Command::PageDown),
            Command::Open => self.unfold(place),
            Command::Left if self.line(place).is_some_and(|line| self.log.open.contains_key(&line.number)) => {
                self.unfold(place);
            }
            Command::Right => {
                if self.line(place).is_some_and(|line| !self.log.open.contains_key(&line.number)) {
                    self.unfold(place);
                }
            }
            Command::Hours => self.log.wrap = !self.log.wrap,
            Command::Level => {
                self.log.least = match self.log.least {
                    None => Some(Level::Info),
                    Some(Level::Info) => Some(Level::Warn),
                    Some(Level::Warn) => Some(Level::Error),
                    Some(_) => None,
                };
                self.arrange();
            }
            Command::Secrets => {
                self.log.secrets = !self.log.secrets;
                let open: Vec<u64> = std::mem::take(&mut self.log.open).into_keys().collect();
                let places: Vec<usize> =
                    (0..count).filter(|it| self.line(*it).is_some_and(|it| open.contains(&it.number))).collect();
                for place in places {
                    self.unfold(place);
                }
                self.look_for();
            }
            Command::Follow => self.follow(&of),
            Command::Everything if matches!(of, Lines::Around(..)) => {
                self.everything = !self.everything;
                self.arrange();
            }
            Command::Everything => {
                let logs = self.keys.key_of(Command::FunctionLogs);
                self.said = Some(format!(
                    "these are all the lines there are: on a function, {logs} shows those around its newest failure"
                ));
            }
            Command::Request => self.go_to_request(place),
            Command::FunctionLogs | Command::Map | Command::FunctionTraces if self.chosen().is_none() => {}
            Command::FunctionLogs => {
                let key = self.chosen().filter(|key| of.function() != Some(key));
                if let Some(key) = key {
                    self.go_to_logs(key);
                }
            }
            Command::NextMatch => self.find_line(place + 1, true),
            Command::PreviousMatch => self.find_line(place + count.max(1) - 1, false),
            Command::Back if !self.log.search.text.is_empty() => {
                self.log.search = Search::default();
                self.look_for();
            }
            _ => return false,
        }
        self.settle();
        true
    }

    /// Begins to follow, or stops.
    fn follow(&mut self, of: &Lines) {
        if self.paused {
            let pause = self.keys.key_of(Command::Pause);
            self.said = Some(format!("reading is paused: {pause} on another screen goes on"));
            return;
        }
        match of {
            Lines::Trace(..) | Lines::Request(..) => {
                self.said = Some("what has ended writes no more lines: there is nothing to follow".into());
                return;
            }
            Lines::Around(..) if !self.everything => {
                self.everything = true;
                self.arrange();
            }
            _ => {}
        }
        self.let_go();
        let log = &mut self.log;
        (log.follow, log.stopped, log.idle) = (!log.follow, None, (0, 0));
        if log.follow {
            (log.held, log.at_end) = (None, true);
        }
        self.arrange();
    }

    /// A minute has passed: what nobody looks at is followed no longer.
    pub(super) fn tick(&mut self) {
        self.log.idle = (if self.focused { 0 } else { self.log.idle.0 + 1 }, self.log.idle.1 + 1);
        if !self.log.follow {
            return;
        }
        let why = if self.log.idle.0 >= UNSEEN.0 {
            format!("nobody has looked for {} min", UNSEEN.0)
        } else if self.log.idle.1 >= UNSEEN.1 {
            format!("no key was pressed for {} min", UNSEEN.1)
        } else {
            return;
        };
        (self.log.follow, self.log.stopped) = (false, Some(why));
    }

    /// Somebody is there.
    pub(super) fn touched(&mut self) {
        self.log.idle = (0, 0);
    }

    /// Unfolds a line, or folds it.
    pub(super) fn unfold(&mut self, place: usize) {
        let secrets = self.log.secrets;
        let Some(line) = self.line(place).cloned() else { return };
        if self.log.open.remove(&line.number).is_none() {
            let Some(grid) = self.grid() else { return };
            self.log.open.insert(line.number, Arc::new(Unfolded::new(line.line.unfolded(secrets), &grid)));
        }
        self.settle();
    }

    /// Whether the selected line is taller than the screen and goes on below.
    fn is_cut(&self) -> bool {
        let list = self.list();
        list.offset == list.place && self.log.skip + usize::from(self.log.room.1) < self.tall(list.place)
    }

    fn tall(&self, place: usize) -> usize {
        let (Some(grid), Some(line)) = (self.grid(), self.line(place)) else { return 1 };
        tall(&self.log, &grid, line)
    }

    /// The columns of the lines in sight.
    fn grid(&self) -> Option<Grid> {
        self.lines().map(|told| Grid::new(self.log.room.0, told))
    }

    /// A page down or up, by lines of the screen.
    fn turn_lines(&mut self, down: bool) {
        let height = usize::from(self.log.room.1).max(1);
        if down && self.is_cut() {
            self.log.skip += height - 1;
            return;
        }
        if !down && self.log.skip > 0 && self.list().offset == self.list().place {
            self.log.skip = self.log.skip.saturating_sub(height - 1);
            return;
        }
        let (mut place, count) = (self.list().place, self.count());
        let mut left = height.saturating_sub(1).max(1);
        while left > 0 && (if down { place + 1 < count } else { place > 0 }) {
            place = if down { place + 1 } else { place - 1 };
            left = left.saturating_sub(self.tall(place));
        }
        self.select(place);
    }

    /// Puts the selected line into sight, as a whole where there is room for it, and leaves no line of the screen empty
    /// while there are lines above. Gives the first line in sight, and by how much it is scrolled.
    pub(super) fn bring_into_sight(&self, place: usize, offset: usize) -> (usize, usize) {
        let height = usize::from(self.log.room.1).max(1);
        // The highest at which a line stands so that all of it is in sight.
        let above = |place: usize| {
            let (mut first, mut used) = (place, self.tall(place));
            while first > 0 && used < height {
                first -= 1;
                used += self.tall(first);
            }
            (first, used.saturating_sub(height))
        };
        let own = self.tall(place);
        let (least, most) = if own > height { ((place, 0), (place, own - height)) } else { (above(place), (place, 0)) };
        let skip = if offset == self.list().offset { self.log.skip } else { 0 };
        (offset, skip).clamp(least, most).min(above(self.count().saturating_sub(1)))
    }

    /// Keeps one at the last line as more come in, and all else where it stands.
    pub(super) fn settle_lines(&mut self) {
        if let Some(grid) = self.grid() {
            let anew = self.log.open.iter().filter_map(|(number, open)| Some((*number, Arc::new(open.anew(&grid)?))));
            let anew: Vec<_> = anew.collect();
            self.log.open.extend(anew);
        }
        if self.log.at_end {
            self.point_at(usize::MAX);
            return;
        }
        let list = self.list();
        let key = list.wanted.or(list.selected);
        let found = match &key {
            Some(key) if self.key_at(list.place).as_ref() == Some(key) => Some(list.place),
            Some(RowKey::Line(number)) => {
                let lines = self.lines().map(|told| &told.lines);
                let known = lines.and_then(|lines| lines.iter().position(|line| line.number == *number));
                // What is out of sight leaves the one that follows it.
                known.map(|known| self.log.rows.partition_point(|row| *row < known))
            }
            _ => None,
        };
        self.point_at(found.unwrap_or(list.place));
    }

    /// Somebody went to a line: what is followed stands still as long as that is not the last one.
    pub(super) fn went_to_line(&mut self) {
        self.log.at_end = self.list().place + 1 >= self.count();
        if self.log.at_end {
            // What is not followed stands still until somebody asks for it anew.
            if self.log.held.is_some() && (self.log.follow || !self.log.restored) {
                self.let_go();
                self.log.at_end = true;
                self.arrange();
            }
        } else if self.log.follow && self.log.held.is_none() {
            self.log.held = self.newest_lines().cloned();
        }
    }

    /// Whether the selected line is unfolded.
    pub fn is_unfolded(&self) -> bool {
        self.line(self.list().place).is_some_and(|line| self.log.open.contains_key(&line.number))
    }

    /// To the next line that holds what is searched, down or up, round and round; unfolded where that is out of sight.
    pub(super) fn find_line(&mut self, from: usize, down: bool) {
        let here = self.list().place;
        if self.log.search.finds.is_none() || self.count() == 0 {
            return;
        }
        let Some(place) = self.nearest(from % self.count(), down) else {
            self.none_found();
            return;
        };
        let several = self.found.len() > 1;
        if several && down && place < here {
            self.said = Some("past the last match: on from the first".into());
        } else if several && !down && place > here {
            self.said = Some("past the first match: on from the last".into());
        }
        self.select(place);
        self.show_match(place);
    }

    /// The next line that holds what is searched, from a place on, down or up.
    fn nearest(&self, from: usize, down: bool) -> Option<usize> {
        let found = &self.found;
        let next = if down {
            found.iter().find(|place| **place >= from).or(found.first())
        } else {
            found.iter().rfind(|place| **place <= from).or(found.last())
        };
        next.copied()
    }

    /// Unfolds a line where what is searched stands in what is folded.
    fn show_match(&mut self, place: usize) {
        let (Some(finds), secrets) = (&self.log.search.finds, self.log.secrets) else { return };
        let columns = self.grid().filter(|_| !self.log.wrap).map_or(usize::MAX, |grid| grid.text);
        let hidden = self.line(place).filter(|it| !finds.is_match(&cut(it.line.head(secrets), columns)));
        if hidden.is_some_and(|it| !self.log.open.contains_key(&it.number)) {
            self.unfold(place);
        }
    }

    /// The lines that hold what is searched.
    fn found_lines(&self) -> Vec<usize> {
        let (Some(finds), secrets) = (&self.log.search.finds, self.log.secrets) else { return Vec::new() };
        let holds = |place: &usize| {
            let line = self.line(*place);
            line.is_some_and(|it| finds.is_match(it.line.head(secrets)) || finds.is_match(it.line.text(secrets)))
        };
        (0..self.count()).filter(holds).collect()
    }

    /// Looks anew for what is searched, among lines or in a trace.
    pub(super) fn look_for(&mut self) {
        self.found = match self.screen() {
            Screen::Logs(_) => self.found_lines(),
            Screen::Trace(..) => self.found_parts(),
            _ => Vec::new(),
        };
    }

    /// Where one is among the lines, or the parts of a trace, that hold what is searched: `match 3 of 12`; none where nothing is
    /// searched.
    pub fn match_in_words(&self) -> Option<String> {
        let (is_searched, place) = match self.screen() {
            Screen::Logs(_) => (self.log.search.finds.is_some(), self.list().place),
            Screen::Trace(..) => (!self.search.is_empty(), self.span_place()),
            _ => (false, 0),
        };
        let nth = self.found.partition_point(|found| *found <= place) as u64;
        is_searched.then(|| match self.found.len() as u64 {
            0 => "no match".to_owned(),
            all => format!("match {} of {}", count(nth), count(all)),
        })
    }

    /// Whether anything holds what is searched.
    pub fn has_match(&self) -> bool {
        !self.found.is_empty()
    }

    /// What is typed is looked for from where one was when one began to type; from the last line, upwards. Nothing typed leads
    /// back there.
    pub(super) fn search_lines(&mut self, text: String) {
        self.log.search = Search::new(text);
        self.look_for();
        let begin = self.log.begin.min(self.count().saturating_sub(1));
        let found = self.nearest(begin, begin + 1 < self.count());
        self.select(found.unwrap_or(begin));
    }

    /// What was typed holds: what was not found is said, and what is folded is shown.
    pub(super) fn searched_lines(&mut self) {
        let place = self.list().place;
        if self.found.contains(&place) {
            self.show_match(place);
        } else if self.log.search.finds.is_some() {
            self.none_found();
        }
    }

    fn none_found(&mut self) {
        self.said = Some(format!("no line in sight holds \"{}\"", self.log.search.text));
    }

    /// To all lines of the request that the selected line is of.
    fn go_to_request(&mut self, place: usize) {
        let Some((told, line)) = self.lines().zip(self.line(place)) else { return };
        // An environment runs one request at a time: what bears no id is of the one that its stream told before.
        let before = told.lines.iter().rev().skip_while(|it| it.number != line.number);
        let mut own = before.filter(|it| it.place == line.place && it.line.event.stream == line.line.event.stream);
        let Some(request) = own.find_map(|it| it.line.request.as_deref()) else {
            self.said = Some("neither this line nor one before it says which request it is of".into());
            return;
        };
        let Some(one) = told.functions.get(line.place) else { return };
        let (account, region) = one.target.key();
        let key = Key { account, region, name: one.function.clone() };
        let lines = Lines::Request(key, request.into(), line.line.event.at.as_second());
        if *self.screen() != Screen::Logs(lines.clone()) {
            self.push(Screen::Logs(lines));
        }
    }
}
