//! What lies over a screen to choose from: the palette, help, and the pickers of sorting, columns and groups. One list
//! that narrows as one types.

use std::collections::BTreeMap;

use frizbee::{Config, Matcher};

use crate::domain::{
    life::{Means, NO_END},
    text::clock,
    window::Minute,
};

use super::{
    board::Key,
    commands::{self, Command},
    list::{COLUMNS, Column, Group, name_of},
    model::{Model, Screen},
    places::By,
    theme::Theme,
};

/// What is chosen from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Everything by its name.
    Palette,
    /// Every command with its keys.
    Help,
    /// By which column is sorted.
    Sort,
    /// Which columns are in sight.
    Columns,
    /// By what rows are put together.
    Group,
    /// Which theme; the place of the one before.
    Theme(usize),
    /// Until when somebody is silent about the function.
    End(Means),
}

impl Kind {
    /// What stands above the list.
    pub fn title(self) -> &'static str {
        match self {
            Self::Palette => "Palette",
            Self::Help => "Help",
            Self::Sort => "Sort by",
            Self::Columns => "Columns",
            Self::Group => "Put together by",
            Self::Theme(_) => "Theme",
            Self::End(Means::Acknowledge) => "Acknowledge",
            Self::End(Means::Mute) => "Mute",
        }
    }
}

/// An overlay that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlay {
    /// What is chosen from.
    pub kind: Kind,
    /// What was typed.
    pub text: String,
    /// Which of the choices that fit is selected.
    pub place: usize,
}

/// What a choice does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// As if its key had been pressed.
    Do(Command),
    /// Sorts by a column; none: the worst first.
    Sort(Option<Column>),
    /// Sorts accounts and regions by something; none: the worst first.
    SortPlaces(Option<By>),
    /// Shows a column, or leaves it out.
    Toggle(Column),
    /// Puts rows together.
    Group(Group),
    /// Takes a theme, by its place.
    Theme(usize),
    /// Goes to a function.
    Go(Key),
    /// Is silent about a function until then, or no longer.
    Hush(Key, Means, Option<Minute>),
}

/// One thing to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its name.
    pub name: String,
    /// What it does.
    pub note: String,
    /// Whether it holds now; none where that makes no sense.
    pub held: Option<bool>,
    /// What it does.
    pub act: Act,
}

/// Tags that are offered to put rows together by: those that most functions have.
const TAGS: usize = 12;
/// Functions that the palette offers.
const FUNCTIONS: usize = 20;

impl Overlay {
    /// An overlay of a kind, with nothing typed.
    pub fn new(kind: Kind) -> Self {
        Self { kind, text: String::new(), place: 0 }
    }

    /// What can be chosen now: what fits what was typed, the best first.
    pub fn choices(&self, model: &Model) -> Vec<Choice> {
        let mut choices = match self.kind {
            Kind::Help => commands(),
            Kind::Palette => [commands(), sorts(model, "sort by "), groups(model, "put together by ")].concat(),
            Kind::Sort => sorts(model, ""),
            Kind::Columns => columns(model),
            Kind::Group => groups(model, ""),
            Kind::Theme(_) => themes(model),
            Kind::End(means) => ends(model, means),
        };
        if self.text.is_empty() {
            return choices;
        }
        let mut matcher = Matcher::new(self.text.as_str(), &Config::default().max_typos(Some(0)));
        let lower = self.text.to_lowercase();
        let fit = |matcher: &mut Matcher, name: &str, note: &str| {
            let literal = name.to_lowercase().contains(&lower);
            let noted = note.to_lowercase().contains(&lower);
            let score = matcher.match_one(name, 0).map(|found| found.score);
            (literal || noted || score.is_some()).then_some((!literal, score.is_none(), u16::MAX - score.unwrap_or(0)))
        };
        let mut fitting: Vec<_> = choices
            .drain(..)
            .filter_map(|choice| Some((fit(&mut matcher, &choice.name, &choice.note)?, choice)))
            .collect();
        fitting.sort_by_key(|(fit, _)| *fit);
        choices.extend(fitting.into_iter().map(|(_, choice)| choice));
        if self.kind == Kind::Palette {
            choices.extend(functions(model, &lower, &mut matcher));
        }
        choices
    }
}

fn commands() -> Vec<Choice> {
    let choice = |entry: &commands::Entry| Choice {
        name: entry.name.to_owned(),
        note: entry.help.to_owned(),
        held: None,
        act: Act::Do(entry.command),
    };
    commands::ALL.iter().map(choice).collect()
}

/// Minutes until the earliest morning that is tomorrow's, and the hour at which it begins, in UTC.
const MORNING: (i64, i64) = (4 * 60, 8 * 60);
const DAY: i64 = 24 * 60;

/// The next 8 o'clock in UTC that is no less than four hours away.
fn morning(now: Minute) -> Minute {
    let from = now.plus(MORNING.0);
    from.plus((MORNING.1 - from.0).rem_euclid(DAY))
}

/// Until when one can be silent about the function that was chosen.
fn ends(model: &Model, means: Means) -> Vec<Choice> {
    let (Some(board), Some(key)) = (&model.board, &model.hushed) else { return Vec::new() };
    let now = board.snapshot.horizon.now;
    let mut ends = vec![("1 hour".to_owned(), now.plus(60)), ("4 hours".to_owned(), now.plus(4 * 60))];
    ends.push(("until the morning".to_owned(), morning(now)));
    match means {
        Means::Acknowledge => ends.push(("until it is over".to_owned(), NO_END)),
        Means::Mute => ends.push(("7 days".to_owned(), now.plus(7 * DAY))),
    }
    let choice = |(name, until): (String, Minute)| Choice {
        name,
        note: if until == NO_END { "or worse than it is".into() } else { format!("till {} UTC", clock(until, now)) },
        held: None,
        act: Act::Hush(key.clone(), means, Some(until)),
    };
    let mut choices: Vec<Choice> = ends.into_iter().map(choice).collect();
    let (known, muted) = board.alive.has(key, now);
    if means == Means::Acknowledge && known || means == Means::Mute && muted {
        choices.push(Choice {
            name: "no longer".into(),
            note: "takes it back".into(),
            held: None,
            act: Act::Hush(key.clone(), means, None),
        });
    }
    choices
}

fn themes(model: &Model) -> Vec<Choice> {
    let choice = |(place, (name, _)): (usize, &(String, Theme))| Choice {
        name: name.clone(),
        note: String::new(),
        held: Some(place == model.chosen),
        act: Act::Theme(place),
    };
    model.shelf.iter().enumerate().map(choice).collect()
}

fn sorts(model: &Model, before: &str) -> Vec<Choice> {
    if *model.screen() == Screen::Accounts {
        return sorts_of_places(model, before);
    }
    let Some(order) = model.order() else { return Vec::new() };
    let worst = Choice {
        name: format!("{before}the worst first"),
        note: "by state, then by failures".into(),
        held: Some(order.sort.is_none()),
        act: Act::Sort(None),
    };
    let by = COLUMNS.iter().filter(|spec| spec.column != Column::Trend).map(|spec| {
        let held = order.sort.filter(|(column, _)| *column == spec.column);
        let note = match held {
            Some((_, false)) => "again: the other way round",
            _ => "",
        };
        Choice {
            name: format!("{before}{}", spec.name),
            note: note.into(),
            held: Some(held.is_some()),
            act: Act::Sort(Some(spec.column)),
        }
    });
    std::iter::once(worst).chain(by).collect()
}

fn sorts_of_places(model: &Model, before: &str) -> Vec<Choice> {
    let worst = Choice {
        name: format!("{before}the worst first"),
        note: "out of reach, failing, not all read".into(),
        held: Some(model.by.is_none()),
        act: Act::SortPlaces(None),
    };
    let by = By::ALL.iter().map(|(by, name)| {
        let held = model.by.filter(|(known, _)| known == by);
        let note = if held.is_some_and(|(_, reversed)| !reversed) { "again: the other way round" } else { "" };
        Choice {
            name: format!("{before}{name}"),
            note: note.into(),
            held: Some(held.is_some()),
            act: Act::SortPlaces(Some(*by)),
        }
    });
    std::iter::once(worst).chain(by).collect()
}

fn columns(model: &Model) -> Vec<Choice> {
    let Some(order) = model.order() else { return Vec::new() };
    let choice = |column: Column| Choice {
        name: name_of(column).to_owned(),
        note: String::new(),
        held: Some(order.columns.contains(&column)),
        act: Act::Toggle(column),
    };
    // A list without names tells nothing.
    COLUMNS.iter().map(|spec| spec.column).filter(|column| *column != Column::Function).map(choice).collect()
}

fn groups(model: &Model, before: &str) -> Vec<Choice> {
    let (Some(order), Some(board)) = (model.order(), &model.board) else { return Vec::new() };
    let mut tags: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, function) in board.rows.iter().filter_map(|row| board.facts(row)) {
        for (key, _) in function.found.tags.iter() {
            *tags.entry(key.raw()).or_default() += 1;
        }
    }
    let mut tags: Vec<_> = tags.into_iter().collect();
    tags.sort_by_key(|(key, n)| (std::cmp::Reverse(*n), *key));
    let known = [Group::Nothing, Group::Client, Group::Account, Group::Region, Group::Stage];
    let by_tag = tags.into_iter().take(TAGS).map(|(key, _)| Group::Tag(key.to_owned()));
    let choice = |group: Group| Choice {
        name: format!("{before}{}", group.words()),
        note: String::new(),
        held: Some(order.group == group),
        act: Act::Group(group),
    };
    known.into_iter().chain(by_tag).map(choice).collect()
}

/// Functions whose names hold what was typed.
fn functions(model: &Model, lower: &str, matcher: &mut Matcher) -> Vec<Choice> {
    let Some(board) = &model.board else { return Vec::new() };
    let mut fitting: Vec<_> = board
        .rows
        .iter()
        .filter_map(|row| {
            let name = row.text.split('\n').next().unwrap_or_default();
            let literal = name.contains(lower);
            let score = matcher.match_one(name, 0).map(|found| found.score);
            (literal || score.is_some()).then_some(((!literal, u16::MAX - score.unwrap_or(0)), row))
        })
        .collect();
    fitting.sort_by_key(|(fit, row)| (*fit, row.state, row.rank));
    let choice = |row| {
        let (state, function) = board.facts(row)?;
        let account = &state.target.account;
        let whose = account.name.as_ref().map_or(account.id.to_string(), |name| name.shown().into_owned());
        Some(Choice {
            name: function.found.name.shown().into_owned(),
            note: format!("{} {}, {}", row.state.sign(), whose, state.target.region),
            held: None,
            act: Act::Go(board.key(row)?),
        })
    };
    fitting.into_iter().take(FUNCTIONS).filter_map(|(_, row)| choice(row)).collect()
}
