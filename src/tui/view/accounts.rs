//! Accounts and regions: what was read, and what was not and why.

use std::collections::BTreeMap;

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{
    super::{
        board::{Board, State, called},
        model::Model,
        theme::Role,
    },
    alerts::rule,
    centred,
    table::{self, Cell, Column, Holds},
    table_look,
    text::{elide, put, span},
};
use crate::domain::{
    account::{Account, Region},
    failure::Kind,
    fleet::TargetState,
    text::{AwsText, clock, count, counted, minutes, usd},
    usage::price,
};

const COLUMNS: &[Column] = &[
    Column { title: "", least: 1, most: 1, holds: Holds::Names, rank: 0 },
    Column { title: "CLIENT", least: 10, most: 20, holds: Holds::Names, rank: 4 },
    Column { title: "ACCOUNT", least: 14, most: 28, holds: Holds::Names, rank: 1 },
    Column { title: "ID", least: 12, most: 12, holds: Holds::Names, rank: 7 },
    Column { title: "REGION", least: 14, most: 14, holds: Holds::Names, rank: 2 },
    Column { title: "WATCHED", least: 7, most: 7, holds: Holds::Numbers, rank: 5 },
    Column { title: "FAILING", least: 7, most: 7, holds: Holds::Numbers, rank: 6 },
    Column { title: "READ", least: 15, most: 15, holds: Holds::Names, rank: 8 },
    Column { title: "COST", least: 7, most: 9, holds: Holds::Numbers, rank: 9 },
    Column { title: "STATE", least: 12, most: 60, holds: Holds::Names, rank: 3 },
];

/// Lines about how the selected target is read, with the line above them.
const HOW: u16 = 2;

/// How a target is read and why so, and what that has cost.
fn reading(board: &Board, state: &TargetState) -> String {
    let Some(pulse) = board.snapshot.pulses.get(&state.target.key()) else {
        return "its functions have not been found yet".into();
    };
    let now = board.snapshot.horizon.now;
    let again = if pulse.due <= now { "now".to_owned() } else { format!("at {}", clock(pulse.due, now)) };
    let (billed, cost) = (counted(pulse.billed, "metric"), usd(price(pulse.billed as f64)));
    format!("{}, every {}, again {again}; {billed} so far, {cost}", pulse.why, minutes(pulse.every))
}

/// Lines about what is out of reach as a whole, with the line above them.
fn outside(board: &Board) -> Vec<String> {
    let fleet = &board.snapshot.fleet;
    let listings = fleet.listings().iter().map(|(client, failure)| {
        let whose = client.as_ref().map_or("an organization".into(), |client| client.shown().into_owned());
        format!("{whose}: {} {}: {}", failure.operation, failure.kind.as_str(), failure.hint)
    });
    let accounts = fleet.accounts().filter_map(|state| {
        let (failure, account) = (state.failure.as_ref()?, &state.entry.account);
        let name = account.name.as_ref().map_or(account.id.to_string(), |name| name.shown().into_owned());
        Some(format!("{name}: {} {}: {}", failure.operation, failure.kind.as_str(), failure.hint))
    });
    listings.chain(accounts).collect()
}

/// Where the list stands.
pub(super) fn list(model: &Model, area: Rect) -> Rect {
    let Some(board) = &model.board else { return area };
    let below = match outside(board).len() {
        0 => 0,
        n => span(n + 1).min(area.height / 3),
    };
    let how = if area.height > 12 && !board.snapshot.pulses.is_empty() { HOW } else { 0 };
    Rect { height: area.height - below - how, ..area }
}

pub(super) fn draw(model: &Model, buf: &mut Buffer, area: Rect) {
    let Some(board) = &model.board else { return };
    let outside = outside(board);
    let list_area = self::list(model, area);
    let how = if area.height > 12 && !board.snapshot.pulses.is_empty() { HOW } else { 0 };
    let below = area.height - list_area.height - how;
    let targets = &board.targets;
    let list = model.list();
    let failing = failing(board);
    if targets.is_empty() {
        let text = if outside.is_empty() { "No account yet" } else { "No account could be entered" };
        centred(buf, list_area, list_area.y + list_area.height / 3, text, model.theme.style(Role::Muted));
    } else if model.map {
        map(model, board, &failing, buf, list_area);
    } else {
        let cells = |place: usize| {
            targets.get(place).map(|state| cells(model, board, state, failing.get(&place).copied())).unwrap_or_default()
        };
        table::draw(buf, list_area, table_look(model), COLUMNS, (list.offset, targets.len(), Some(list.place)), cells);
    }
    if how > 0
        && let Some(state) = targets.get(list.place)
    {
        let left = Rect { y: list_area.bottom(), height: how, ..area };
        let title = format!("how {} {} is read", called(&state.target.account), state.target.region);
        rule(model, buf, left, &title);
        let line = reading(board, state);
        let line = elide(&line, usize::from(area.width.saturating_sub(2))).into_owned();
        put(buf, left, (area.x + 1, left.y + 1), &line, model.theme.style(Role::Text));
    }
    if below > 0 {
        let left = Rect { y: list_area.bottom() + how, height: below, ..area };
        rule(model, buf, left, "out of reach as a whole");
        for (place, line) in outside.iter().take(usize::from(below - 1)).enumerate() {
            let line = elide(line, usize::from(area.width.saturating_sub(2))).into_owned();
            let y = left.y + 1 + span(place);
            put(buf, left, (area.x + 1, y), &line, model.theme.style(Role::Warning));
        }
    }
}

/// How many functions fail in each target.
fn failing(board: &Board) -> BTreeMap<usize, usize> {
    let mut failing = BTreeMap::new();
    for row in board.rows.iter().filter(|row| row.state <= State::Warning) {
        *failing.entry(row.at).or_default() += 1;
    }
    failing
}

/// Whether a target was read, in a sign, a word and a colour.
fn state_of(board: &Board, state: &TargetState) -> (&'static str, String, Role) {
    match (state.functions.is_some(), state.unread.first()) {
        (_, Some(unread)) => {
            let part = unread.part.as_ref().map(|part| format!("{part}: ")).unwrap_or_default();
            let failure = &unread.failure;
            let read = board.snapshot.pulses.get(&state.target.key()).and_then(|pulse| pulse.read_at);
            let age = read.map(|at| board.snapshot.horizon.now.0 - at.0).filter(|age| *age > 0);
            let since = age.map(|age| format!("stale {}, ", minutes(age))).unwrap_or_default();
            let word = match failure.kind {
                Kind::Expired => format!("expired: {}", failure.hint),
                kind => format!("{}: {part}{}", kind.as_str(), failure.operation),
            };
            ("!", format!("{since}{word}"), Role::Warning)
        }
        (true, None) => {
            let now = board.snapshot.horizon.now;
            match board.snapshot.pulses.get(&state.target.key()).map(|pulse| (pulse.is_live(now), pulse.read_at)) {
                Some((false, Some(at))) => ("!", format!("stale {}", minutes(now.0 - at.0)), Role::Warning),
                Some((_, None)) => ("…", "reading".to_owned(), Role::Muted),
                _ => ("●", "live".to_owned(), Role::Ok),
            }
        }
        (false, None) => ("…", "reading".to_owned(), Role::Muted),
    }
}

/// Accounts and regions as a map: a sign where there is a target, and how many functions fail there.
fn map(model: &Model, board: &Board, failing: &BTreeMap<usize, usize>, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let mut accounts: Vec<&Account> = Vec::new();
    let mut regions: Vec<&Region> = Vec::new();
    for state in &board.targets {
        if accounts.last().is_none_or(|last| last.id != state.target.account.id) {
            accounts.push(&state.target.account);
        }
        regions.push(&state.target.region);
    }
    regions.sort();
    regions.dedup();
    let name = accounts.iter().map(|account| called(account).width()).max().unwrap_or(0).clamp(8, 28);
    let left = area.x + span(name) + 3;
    let selected = model.list().place;
    let line_of = |state: &TargetState| accounts.iter().position(|account| account.id == state.target.account.id);
    let column_of = |state: &TargetState| regions.iter().position(|region| **region == state.target.region);
    let (lines, columns) = (
        usize::from(area.height.saturating_sub(1)).max(1),
        usize::from((area.right().saturating_sub(left)) / CELL).max(1),
    );
    // The selection stays in sight.
    let at = board.targets.get(selected).and_then(|state| Some((line_of(state)?, column_of(state)?))).unwrap_or((0, 0));
    let (first_line, first_column) = ((at.0 + 1).saturating_sub(lines), (at.1 + 1).saturating_sub(columns));
    for (place, region) in regions.iter().enumerate().skip(first_column).take(columns) {
        let x = left + span(place - first_column) * CELL;
        put(buf, area, (x, area.y), region.as_str(), theme.style(Role::Muted));
    }
    for (place, account) in accounts.iter().enumerate().skip(first_line).take(lines) {
        let y = area.y + 1 + span(place - first_line);
        let style = if place == at.0 { theme.style(Role::Title) } else { theme.style(Role::Text) };
        put(buf, area, (area.x + 1, y), &elide(&called(account), name), style);
        for column in first_column..(first_column + columns).min(regions.len()) {
            put(buf, area, (left + span(column - first_column) * CELL, y), "·", theme.style(Role::Border));
        }
    }
    for (place, state) in board.targets.iter().enumerate() {
        let (Some(line), Some(column)) = (line_of(state), column_of(state)) else { continue };
        if !(first_line..first_line + lines).contains(&line)
            || !(first_column..first_column + columns).contains(&column)
        {
            continue;
        }
        let (x, y) = (left + span(column - first_column) * CELL, area.y + 1 + span(line - first_line));
        let (sign, _, role) = state_of(board, state);
        let (text, role) = if let Some(n) = failing.get(&place) {
            (format!("✗ {} failing", count(*n as u64)), Role::Critical)
        } else {
            let watched = state.known().iter().filter(|f| f.class.watched && !f.is_gone()).count();
            (format!("{sign} {}", count(watched as u64)), role)
        };
        let style = if place == selected { theme.style(Role::Selection) } else { theme.style(role) };
        if place == selected {
            buf.set_style(Rect { x, y, width: CELL - 1, height: 1 }.intersection(area), style);
        }
        put(buf, area, (x, y), &text, style);
    }
}

/// Cells of a region in the map.
const CELL: u16 = 16;

fn cells(model: &Model, board: &Board, state: &TargetState, failing: Option<usize>) -> Vec<Cell> {
    let theme = &model.theme;
    let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
    let account = &state.target.account;
    let shown = |text: Option<&AwsText>| text.map(|text| text.shown().into_owned()).unwrap_or_default();
    let key = state.target.key();
    let watched = state.known().iter().filter(|function| function.class.watched && !function.is_gone()).count();
    let failing = failing.unwrap_or(0);
    let (sign, word, role) = state_of(board, state);
    let read = board.snapshot.pulses.get(&key).map(|pulse| format!("{}, {}", pulse.way.word(), minutes(pulse.every)));
    let read = read.unwrap_or_default();
    let cost =
        board.snapshot.pulses.get(&key).map(|pulse| format!("${:.4}", price(pulse.billed as f64))).unwrap_or_default();
    vec![
        (sign.to_owned(), theme.style(role)),
        (shown(account.client.as_ref()), muted),
        (shown(account.name.as_ref()), text),
        (account.id.to_string(), muted),
        (state.target.region.to_string(), text),
        (if watched > 0 { count(watched as u64) } else { "–".into() }, muted),
        if failing > 0 { (count(failing as u64), theme.style(Role::Critical)) } else { (String::new(), muted) },
        (read, muted),
        (cost, muted),
        (word, theme.style(role)),
    ]
}
