//! Which functions a list shows and in which order: columns, sorting, groups and the filter. Made once for each change,
//! so that moving through a list asks for nothing.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Serialize};

use super::{
    board::{Board, Row, State},
    filter::{Filter, Fit},
};
use crate::domain::{
    fleet::{Function, TargetState},
    text::{AwsText, clean},
};

/// What a column of functions shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    /// The function's name.
    Function,
    /// How it fares.
    State,
    /// Its stage.
    Stage,
    /// Whose it is.
    Client,
    /// In which account.
    Account,
    /// The account's id.
    AccountId,
    /// In which region.
    Region,
    /// Errors, and of how many calls.
    Errors,
    /// The share of calls that failed.
    Rate,
    /// Throttles.
    Throttles,
    /// Calls.
    Invocations,
    /// Since when it fails.
    Since,
    /// Failures over the time that was read.
    Trend,
    /// When it was last changed.
    Changed,
    /// Who answers for it.
    Owner,
    /// Its runtime.
    Runtime,
    /// Its memory.
    Memory,
    /// Its timeout.
    Timeout,
}

/// A column with what is said of it.
#[derive(Debug)]
pub struct Spec {
    /// Which.
    pub column: Column,
    /// Its word in pickers.
    pub name: &'static str,
    /// Whether the alerts show it.
    pub alerts: bool,
    /// Whether the functions show it where nobody has chosen.
    pub functions: bool,
}

const fn spec(column: Column, name: &'static str, alerts: bool, functions: bool) -> Spec {
    Spec { column, name, alerts, functions }
}

/// Every column, in its order from left to right.
pub const COLUMNS: &[Spec] = &[
    spec(Column::Function, "function", true, true),
    spec(Column::State, "state", false, true),
    spec(Column::Stage, "stage", false, true),
    spec(Column::Client, "client", true, true),
    spec(Column::Account, "account", true, true),
    spec(Column::AccountId, "account id", false, false),
    spec(Column::Region, "region", true, true),
    spec(Column::Errors, "errors", true, true),
    spec(Column::Rate, "rate", true, true),
    spec(Column::Throttles, "throttles", true, true),
    spec(Column::Invocations, "invocations", false, false),
    spec(Column::Since, "since", true, false),
    spec(Column::Trend, "trend", true, false),
    spec(Column::Changed, "changed", true, false),
    spec(Column::Owner, "owner", true, true),
    spec(Column::Runtime, "runtime", false, false),
    spec(Column::Memory, "memory", false, false),
    spec(Column::Timeout, "timeout", false, false),
];

/// Its word.
pub fn name_of(column: Column) -> &'static str {
    COLUMNS.iter().find(|spec| spec.column == column).map_or("", |spec| spec.name)
}

/// By what functions are put together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// By nothing.
    #[default]
    Nothing,
    /// Whose they are.
    Client,
    /// In which account.
    Account,
    /// In which region.
    Region,
    /// By stage.
    Stage,
    /// By the value of a tag.
    Tag(String),
}

impl Group {
    /// The words for it.
    pub fn words(&self) -> String {
        match self {
            Self::Nothing => "nothing".into(),
            Self::Client => "client".into(),
            Self::Account => "account".into(),
            Self::Region => "region".into(),
            Self::Stage => "stage".into(),
            Self::Tag(key) => format!("tag {}", clean(key)),
        }
    }

    fn of(&self, state: &TargetState, function: &Function) -> String {
        let account = &state.target.account;
        let shown = |text: Option<&AwsText>| text.map(|text| text.shown().into_owned());
        match self {
            Self::Nothing => String::new(),
            Self::Client => shown(account.client.as_ref()).unwrap_or_else(|| "no client".into()),
            Self::Account => {
                let name = shown(account.name.as_ref()).map(|name| format!("{name} ")).unwrap_or_default();
                format!("{name}{}", account.id)
            }
            Self::Region => state.target.region.to_string(),
            Self::Stage => stage(function),
            Self::Tag(key) => {
                let value = function.found.tags.iter().find(|(known, _)| known.raw() == key);
                value.map_or_else(|| format!("without the tag {key}"), |(_, value)| value.shown().into_owned())
            }
        }
    }
}

/// The word for a function's stage.
pub fn stage(function: &Function) -> String {
    let stage = &function.class.stage;
    stage.label.as_ref().map_or_else(|| stage.kind.as_str().to_owned(), |label| label.shown().into_owned())
}

/// How a list stands: what somebody chose, which is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// By which column, and whether the other way round; none: the worst first.
    pub sort: Option<(Column, bool)>,
    /// By what they are put together.
    pub group: Group,
    /// The columns in sight.
    pub columns: BTreeSet<Column>,
    /// Groups whose rows are out of sight.
    #[serde(skip)]
    pub folded: BTreeSet<String>,
}

impl Order {
    /// That of the alerts where nobody has chosen.
    pub fn alerts() -> Self {
        Self::usual(|spec| spec.alerts)
    }

    /// That of the functions where nobody has chosen.
    pub fn functions() -> Self {
        Self::usual(|spec| spec.functions)
    }

    fn usual(shown: fn(&Spec) -> bool) -> Self {
        let columns = COLUMNS.iter().filter(|spec| shown(spec)).map(|spec| spec.column).collect();
        Self { sort: None, group: Group::Nothing, columns, folded: BTreeSet::new() }
    }

    /// Sorts by a column, or the other way round where it does already.
    pub fn by(&mut self, column: Column) {
        self.sort = Some(match self.sort {
            Some((known, reversed)) if known == column => (column, !reversed),
            _ => (column, false),
        });
    }
}

/// How lists stand, for the next time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The alerts.
    pub alerts: Order,
    /// The functions.
    pub functions: Order,
}

impl Default for Kept {
    fn default() -> Self {
        Self { alerts: Order::alerts(), functions: Order::functions() }
    }
}

/// A line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A function: its place among the board's rows.
    Row(usize),
    /// The head of a group.
    Heading(Heading),
}

/// The head of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// What its functions have in common.
    pub title: String,
    /// How many they are.
    pub functions: usize,
    /// How many of them alert.
    pub failing: usize,
    /// Whether they are out of sight.
    pub folded: bool,
}

/// The lines of a list, in their order: those of `admits` that fit the filter.
pub fn arrange(board: &Board, filter: &Filter, order: &Order, admits: impl Fn(&Row) -> bool) -> Vec<Line> {
    let mut sieve = filter.sieve();
    let mut fitting: Vec<(Fit, usize)> = Vec::new();
    for (place, row) in board.rows.iter().enumerate() {
        if admits(row)
            && let Some(fit) = sieve.fit(board, row)
        {
            fitting.push((fit, place));
        }
    }
    if let Some((column, reversed)) = order.sort {
        sort(board, &mut fitting, column, reversed);
    } else if !filter.is_empty() {
        // The rows are in their order already; what was typed as it stands comes first.
        fitting.sort_by_key(|(fit, _)| *fit);
    }
    let rows = fitting.into_iter().map(|(_, place)| place);
    if order.group == Group::Nothing {
        return rows.map(Line::Row).collect();
    }
    grouped(board, order, rows)
}

fn grouped(board: &Board, order: &Order, rows: impl Iterator<Item = usize>) -> Vec<Line> {
    // In the order of their first rows: so the group with the worst stands first.
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    for place in rows {
        let Some((state, function)) = board.rows.get(place).and_then(|row| board.facts(row)) else { continue };
        let title = order.group.of(state, function);
        let at = *places.entry(title.clone()).or_insert_with(|| {
            groups.push((title, Vec::new()));
            groups.len() - 1
        });
        if let Some((_, rows)) = groups.get_mut(at) {
            rows.push(place);
        }
    }
    let mut lines = Vec::new();
    for (title, rows) in groups {
        let alerts = |place: &&usize| board.rows.get(**place).is_some_and(|row| row.state <= State::Warning);
        let failing = rows.iter().filter(alerts).count();
        let folded = order.folded.contains(&title);
        lines.push(Line::Heading(Heading { title, functions: rows.len(), failing, folded }));
        if !folded {
            lines.extend(rows.into_iter().map(Line::Row));
        }
    }
    lines
}

/// By what a row is sorted: numbers the highest first, words from A to Z; what is not known comes last.
#[derive(PartialEq)]
enum Sorted {
    Number(Option<f64>),
    Word(Option<String>),
}

impl Sorted {
    fn compare(&self, other: &Self, reversed: bool) -> Ordering {
        let turned = |ordering: Ordering| if reversed { ordering.reverse() } else { ordering };
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => match (a, b) {
                (Some(a), Some(b)) => turned(b.total_cmp(a)),
                _ => b.is_some().cmp(&a.is_some()),
            },
            (Self::Word(a), Self::Word(b)) => match (a, b) {
                (Some(a), Some(b)) => turned(a.cmp(b)),
                _ => b.is_some().cmp(&a.is_some()),
            },
            _ => Ordering::Equal,
        }
    }
}

fn sort(board: &Board, fitting: &mut [(Fit, usize)], column: Column, reversed: bool) {
    let key = |place: usize| {
        let row = board.rows.get(place)?;
        let (state, function) = board.facts(row)?;
        Some((sorted(column, row, state, function), row.rank))
    };
    let mut keys: Vec<_> = fitting.iter().map(|it| (key(it.1), *it)).collect();
    keys.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some((a, rank)), Some((b, other))) => a.compare(b, reversed).then(rank.cmp(other)),
        _ => Ordering::Equal,
    });
    for (place, (_, it)) in fitting.iter_mut().zip(keys) {
        *place = it;
    }
}

fn sorted(column: Column, row: &Row, state: &TargetState, function: &Function) -> Sorted {
    let account = &state.target.account;
    let word = |text: Option<&AwsText>| Sorted::Word(text.map(|text| text.raw().to_lowercase()));
    let number = |n: Option<u64>| Sorted::Number(n.map(|n| n as f64));
    let configuration = function.configuration.as_ref();
    match column {
        Column::Function => word(Some(&function.found.name)),
        Column::State => Sorted::Word(Some(format!("{:02}", row.state as u8))),
        Column::Stage => Sorted::Word(Some(stage(function).to_lowercase())),
        Column::Client => word(account.client.as_ref()),
        Column::Account => word(account.name.as_ref()),
        Column::AccountId => Sorted::Word(Some(account.id.to_string())),
        Column::Region => Sorted::Word(Some(state.target.region.to_string())),
        Column::Errors | Column::Trend => number(row.errors),
        Column::Rate => Sorted::Number(row.rate()),
        Column::Throttles => number(row.throttles),
        Column::Invocations => number(row.invocations),
        Column::Since => Sorted::Number(row.since.map(|since| since.0 as f64)),
        Column::Changed => {
            let changed = configuration.and_then(|configuration| configuration.last_modified);
            Sorted::Number(changed.map(|at| at.as_second() as f64))
        }
        Column::Owner => word(function.class.owner.as_ref()),
        Column::Runtime => word(configuration.and_then(|configuration| configuration.runtime.as_ref())),
        Column::Memory => number(configuration.and_then(|it| it.memory).map(u64::from)),
        Column::Timeout => number(configuration.and_then(|it| it.timeout).map(u64::from)),
    }
}
