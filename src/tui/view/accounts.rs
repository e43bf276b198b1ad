//! Accounts and regions: what was read, and what was not and why.

use std::collections::BTreeMap;

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{
    super::{
        board::{Board, called},
        model::Model,
        places::{self, By, Facts, Grid, Reach},
        theme::Role,
    },
    alerts::rule,
    centred,
    table::{self, Cell, Column, Holds},
    table_look,
    text::{elide, put, span, wrap},
};
use crate::{
    domain::{
        failure::Kind,
        text::{AwsText, clock, count, counted, minutes, usd},
        usage::price,
    },
    engine::watch::Way,
};

const COLUMNS: &[Column] = &[
    Column { title: "", least: 1, most: 1, holds: Holds::Names, rank: 0 },
    Column { title: "CLIENT", least: 10, most: 20, holds: Holds::Names, rank: 4 },
    Column { title: "ACCOUNT", least: 14, most: 28, holds: Holds::Names, rank: 1 },
    Column { title: "ID", least: 12, most: 12, holds: Holds::Names, rank: 9 },
    Column { title: "REGION", least: 14, most: 14, holds: Holds::Names, rank: 2 },
    Column { title: "WATCHED", least: 7, most: 7, holds: Holds::Numbers, rank: 5 },
    Column { title: "FAILING", least: 7, most: 7, holds: Holds::Numbers, rank: 6 },
    Column { title: "READ", least: 15, most: 15, holds: Holds::Names, rank: 8 },
    Column { title: "REQUESTS", least: 8, most: 9, holds: Holds::Numbers, rank: 10 },
    Column { title: "COST", least: 7, most: 9, holds: Holds::Numbers, rank: 7 },
    Column { title: "STATE", least: 32, most: 60, holds: Holds::Names, rank: 3 },
];

/// The column that shows by what is sorted.
fn sorted(model: &Model) -> Option<(usize, bool)> {
    model.by.map(|(by, reversed)| {
        let column = match by {
            By::Client => 1,
            By::Account => 2,
            By::Region => 4,
            By::Watched => 5,
            By::Failing => 6,
            By::Cost => 9,
        };
        (column, reversed)
    })
}

/// Lines about the selected row, with the line above them, by the height of the screen.
fn below(area: Rect) -> u16 {
    match area.height {
        17.. => 5,
        13.. => 3,
        _ => 0,
    }
}

/// How a target is read and why so, and what that has cost.
fn reading(board: &Board, facts: &Facts<'_>) -> Option<String> {
    let key = facts.target?.target.key();
    let Some(pulse) = board.snapshot.pulses.get(&key) else {
        return Some("its functions have not been found yet".into());
    };
    let now = board.snapshot.horizon.now;
    let again = if pulse.due <= now { "now".to_owned() } else { format!("at {}", clock(pulse.due, now)) };
    let asked = counted(pulse.requests, "request");
    let (billed, cost) = (counted(pulse.billed, "metric"), usd(price(pulse.billed as f64)));
    let way = match pulse.way {
        Way::Sentinel => "two totals of the region tell whether anything fails",
        Way::Residual => "totals of the region less what always fails",
        Way::Direct => "each production function by itself",
    };
    let every = minutes(pulse.every);
    Some(format!(
        "{} ({way}): {}; every {every}, again {again}; {asked} for {billed} so far, {cost}",
        pulse.way.word(),
        pulse.why
    ))
}

/// Where the list stands.
pub(super) fn list(_model: &Model, area: Rect) -> Rect {
    Rect { height: area.height - below(area), ..area }
}

pub(super) fn draw(model: &Model, buf: &mut Buffer, area: Rect) {
    let Some(board) = &model.board else { return };
    let list_area = self::list(model, area);
    let places = &model.places;
    let list = model.list();
    let failing = places::failing(board);
    let known = |place: usize| places::facts(board, places.get(place)?, &failing);
    if places.is_empty() {
        let text = if model.narrow.is_empty() {
            "No account yet".to_owned()
        } else {
            format!("No account fits “{}”: Esc shows all", model.narrow.text())
        };
        centred(buf, list_area, list_area.y + list_area.height / 3, &text, model.theme.style(Role::Muted));
    } else if model.map {
        map(model, board, &failing, buf, list_area);
    } else {
        let look = table::Look { sorted: sorted(model), ..table_look(model) };
        let cells = |place: usize| known(place).map(|facts| cells(model, board, &facts)).unwrap_or_default();
        table::draw(buf, list_area, look, COLUMNS, (list.offset, places.len(), Some(list.place)), cells);
    }
    let left = Rect { y: list_area.bottom(), height: area.height - list_area.height, ..area };
    if let Some(facts) = known(list.place).filter(|_| left.height > 0) {
        selected(model, board, &facts, buf, left);
    }
}

/// What is known of the selected place: why not all of it is read, and how it is read.
fn selected(model: &Model, board: &Board, facts: &Facts<'_>, buf: &mut Buffer, area: Rect) {
    let region = facts.target.map(|state| format!(" {}", state.target.region)).unwrap_or_default();
    let narrow = if model.narrow.is_empty() { String::new() } else { format!(" · /{}", model.narrow.text()) };
    rule(model, buf, area, &format!("{}{region}{narrow}", whose(facts)));
    let width = usize::from(area.width.saturating_sub(2));
    let (_, word, role) = state_of(board, facts);
    let state = facts.failure.map(|(failure, _)| (format!("{word}: {}", failure.hint), role));
    let read = reading(board, facts).map(|text| (text, Role::Text));
    let lines = state
        .into_iter()
        .chain(read)
        .flat_map(|(text, role)| wrap(&text, width).into_iter().map(move |line| (line, role)));
    for (place, (line, role)) in lines.take(usize::from(area.height - 1)).enumerate() {
        put(buf, area, (area.x + 1, area.y + 1 + span(place)), &line, model.theme.style(role));
    }
}

/// Whose a place is: the account's name, or the client whose organization it is.
fn whose(facts: &Facts<'_>) -> String {
    facts.account.map_or_else(
        || facts.client.map_or_else(|| "an organization".into(), |client| client.shown().into_owned()),
        called,
    )
}

/// Whether a place was read, in a sign, in words and a colour.
fn state_of(board: &Board, facts: &Facts<'_>) -> (&'static str, String, Role) {
    let role = match facts.reach {
        Reach::Out => Role::Critical,
        _ => Role::Warning,
    };
    match (facts.failure, facts.watched) {
        (Some((failure, part)), _) => {
            let part = part.map(|part| format!(" ({part})")).unwrap_or_default();
            let read = facts.target.and_then(|state| board.snapshot.pulses.get(&state.target.key())?.read_at);
            let age = read.map(|at| board.snapshot.horizon.now.0 - at.0).filter(|age| *age > 0);
            let since = age.map(|age| format!(", stale {}", minutes(age))).unwrap_or_default();
            let word = match failure.kind {
                Kind::Expired => "expired".to_owned(),
                kind => format!("{} {}", kind.as_str(), failure.operation),
            };
            ("!", format!("{word}{since}{part}"), role)
        }
        (None, None) => ("…", "reading".to_owned(), Role::Muted),
        (None, Some(watched)) => {
            let now = board.snapshot.horizon.now;
            let pulse = facts.target.and_then(|state| board.snapshot.pulses.get(&state.target.key()));
            match (pulse.map(|pulse| (pulse.is_live(now), pulse.read_at)), watched) {
                (Some((false, Some(at))), _) => ("!", format!("stale {}", minutes(now.0 - at.0)), Role::Warning),
                (_, 0) => ("○", "live, nothing watched".to_owned(), Role::Muted),
                _ => ("●", "live".to_owned(), Role::Ok),
            }
        }
    }
}

/// The lines and columns of the map that are in sight.
struct Sight {
    /// Cells of the names.
    name: u16,
    /// Where the first region begins.
    left: u16,
    /// Cells of a region.
    cell: u16,
    first: (usize, usize),
    lines: usize,
    columns: usize,
}

impl Sight {
    fn new(grid: &Grid, selected: usize, area: Rect) -> Self {
        let widest = grid.lines.iter().map(|line| line.title.width()).max().unwrap_or(0);
        let name = span(widest).clamp(8, (area.width / 3).clamp(8, 28));
        let left = area.x + name + 3;
        let room = area.right().saturating_sub(left);
        // A region takes what it needs, and less where they are many.
        let cell = (room / span(grid.regions.len().max(1))).clamp(11, 16);
        // A line for the regions above, and one for the legend below.
        let lines = usize::from(area.height.saturating_sub(2)).max(1);
        let columns = usize::from(room / cell).max(1);
        let (line, column) = grid.find(selected).unwrap_or((0, None));
        let first = ((line + 1).saturating_sub(lines), (column.unwrap_or(0) + 1).saturating_sub(columns));
        Self { name, left, cell, first, lines, columns }
    }
}

/// The place of the map that stands in this cell of the screen.
pub(super) fn place_at(model: &Model, area: Rect, (x, y): (u16, u16)) -> Option<usize> {
    let area = list(model, area);
    let grid = places::grid(model.board.as_ref()?, &model.places);
    let sight = Sight::new(&grid, model.list().place, area);
    let line = usize::from(y.checked_sub(area.y + 1)?);
    let line = grid.lines.get(sight.first.0 + line).filter(|_| line < sight.lines)?;
    let column = x.checked_sub(sight.left).map(|x| usize::from(x / sight.cell)).filter(|n| *n < sight.columns);
    column.and_then(|column| *line.cells.get(sight.first.1 + column)?).or(line.whole)
}

/// What the shades and signs of the map say, in full and in fewer words.
const LEGEND: [&str; 2] = [
    "██✗ fails  ▓▓! out of reach  ▒▒! in part  ░░● live  ○ none watched  … reading",
    "✗ fails  ! unread  ● live  ○ none",
];

/// A line for each account and a column for each region: the worst that is known there.
fn map(model: &Model, board: &Board, failing: &BTreeMap<usize, usize>, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let grid = places::grid(board, &model.places);
    let at = model.list().place;
    let sight = Sight::new(&grid, at, area);
    let here = grid.find(at).map(|(line, _)| line);
    let columns = sight.first.1..(sight.first.1 + sight.columns).min(grid.regions.len());
    let left = |column: usize| sight.left + span(column - sight.first.1) * sight.cell;
    let wide = usize::from(sight.cell - 1);
    for (column, region) in grid.regions.iter().enumerate().skip(columns.start).take(columns.len()) {
        put(buf, area, (left(column), area.y), &elide(region.as_str(), wide), theme.style(Role::Muted));
    }
    for (n, line) in grid.lines.iter().enumerate().skip(sight.first.0).take(sight.lines) {
        let y = area.y + 1 + span(n - sight.first.0);
        let style = theme.style(if here == Some(n) { Role::Title } else { Role::Text });
        put(buf, area, (area.x + 1, y), &elide(&line.title, usize::from(sight.name)), style);
        let mut cell = |place: usize, x: u16, width: u16| {
            let Some(facts) = model.places.get(place).and_then(|place| places::facts(board, place, failing)) else {
                return;
            };
            let (heat, text, role) = heat(board, &facts);
            let style = theme.style(if place == at { Role::Selection } else { role });
            if place == at {
                buf.set_style(Rect { x, y, width, height: 1 }.intersection(area), style);
            }
            let text = elide(&format!("{heat}{text}"), usize::from(width)).into_owned();
            put(buf, area, (x, y), &text, style);
        };
        if let Some(whole) = line.whole {
            cell(whole, sight.left, area.right().saturating_sub(sight.left + 1));
            continue;
        }
        for column in columns.clone() {
            if let Some(place) = line.cells.get(column).copied().flatten() {
                cell(place, left(column), sight.cell - 1);
            }
        }
    }
    let fits = |text: &&&str| text.width() + 2 <= usize::from(area.width);
    let legend = LEGEND.iter().find(fits).copied().unwrap_or_default();
    put(buf, area, (area.x + 1, area.bottom().saturating_sub(1)), legend, theme.style(Role::Muted));
}

/// The worst of a place: as a shade, as a sign with a number or a word, and as a colour.
fn heat(board: &Board, facts: &Facts<'_>) -> (&'static str, String, Role) {
    let number = |n: usize| count(n as u64);
    let unread = if facts.failure.is_some() { " !" } else { "" };
    let (sign, word, role) = state_of(board, facts);
    match facts.reach {
        Reach::Fails => ("██", format!("✗ {}{unread}", number(facts.failing)), Role::Critical),
        Reach::Out => ("▓▓", format!("{sign} {word}"), role),
        Reach::Partly => ("▒▒", format!("{sign} {}", number(facts.watched.unwrap_or(0))), role),
        Reach::Live => ("░░", format!("{sign} {}", number(facts.watched.unwrap_or(0))), role),
        Reach::Pending | Reach::Empty => ("  ", sign.to_owned(), role),
    }
}

fn cells(model: &Model, board: &Board, facts: &Facts<'_>) -> Vec<Cell> {
    let theme = &model.theme;
    let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
    let shown = |text: Option<&AwsText>| text.map(|text| text.shown().into_owned()).unwrap_or_default();
    let pulse = facts.target.and_then(|state| board.snapshot.pulses.get(&state.target.key()));
    let read = pulse.map(|pulse| format!("{}, {}", pulse.way.word(), minutes(pulse.every))).unwrap_or_default();
    let cost = facts.billed.map(|billed| format!("${:.4}", price(billed as f64))).unwrap_or_default();
    let (sign, word, role) = state_of(board, facts);
    let fails = facts.failing > 0;
    let number = |n: usize| count(n as u64);
    vec![
        if fails { ("✗".to_owned(), theme.style(Role::Critical)) } else { (sign.to_owned(), theme.style(role)) },
        (shown(facts.client), muted),
        (whose(facts), text),
        (facts.account.map(|account| account.id.to_string()).unwrap_or_default(), muted),
        (facts.target.map_or_else(|| "all regions".into(), |state| state.target.region.to_string()), text),
        (facts.watched.map_or_else(|| "–".into(), number), muted),
        if fails { (number(facts.failing), theme.style(Role::Critical)) } else { (String::new(), muted) },
        (read, muted),
        (pulse.map(|pulse| count(pulse.requests)).unwrap_or_default(), muted),
        (cost, muted),
        (word, theme.style(role)),
    ]
}
