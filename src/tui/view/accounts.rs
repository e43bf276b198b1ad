//! Accounts and regions: what was read, and what was not and why.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    super::{board::Board, model::Model, theme::Role},
    alerts::rule,
    table::{self, Cell, Column, Holds},
    table_look,
    text::{elide, put, span},
};
use crate::domain::{
    finding::Verdict,
    fleet::TargetState,
    text::{AwsText, clock, count, counted, minutes},
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
    let billed = counted(pulse.billed, "metric");
    format!("{}, every {}, again {again}; {billed} so far", pulse.why, minutes(pulse.every))
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

pub(super) fn draw(model: &Model, buf: &mut Buffer, area: Rect) {
    let Some(board) = &model.board else { return };
    let outside = outside(board);
    let below = match outside.len() {
        0 => 0,
        n => span(n + 1).min(area.height / 3),
    };
    let how = if area.height > 12 && !board.snapshot.pulses.is_empty() { HOW } else { 0 };
    let list_area = Rect { height: area.height - below - how, ..area };
    let targets: Vec<&TargetState> = board.snapshot.fleet.targets().collect();
    let list = model.list();
    let cells = |place: usize| targets.get(place).map(|state| cells(model, board, state)).unwrap_or_default();
    table::draw(buf, list_area, table_look(model), COLUMNS, (list.offset, targets.len(), Some(list.place)), cells);
    if how > 0
        && let Some(state) = targets.get(list.place)
    {
        let left = Rect { y: list_area.bottom(), height: how, ..area };
        rule(model, buf, left, "how it is read");
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

fn cells(model: &Model, board: &Board, state: &TargetState) -> Vec<Cell> {
    let theme = &model.theme;
    let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
    let account = &state.target.account;
    let shown = |text: Option<&AwsText>| text.map(|text| text.shown().into_owned()).unwrap_or_default();
    let key = state.target.key();
    let watched = state.known().iter().filter(|function| function.class.watched && !function.is_gone()).count();
    let failing = board.snapshot.judgement.functions.iter();
    let failing = failing
        .filter(|judged| judged.target == key && matches!(judged.judged.verdict, Verdict::Critical | Verdict::Warning))
        .count();
    let (sign, word, role) = match (state.functions.is_some(), state.unread.first()) {
        (_, Some(unread)) => {
            let part = unread.part.as_ref().map(|part| format!("{part}: ")).unwrap_or_default();
            let failure = &unread.failure;
            let read = board.snapshot.pulses.get(&key).and_then(|pulse| pulse.read_at);
            let age = read.map(|at| board.snapshot.horizon.now.0 - at.0).filter(|age| *age > 0);
            let since = age.map(|age| format!("stale {}: ", minutes(age))).unwrap_or_default();
            ("!", format!("{since}{part}{} {}", failure.operation, failure.kind.as_str()), Role::Warning)
        }
        (true, None) => ("●", "live".to_owned(), Role::Ok),
        (false, None) => ("…", "reading".to_owned(), Role::Muted),
    };
    let read = board.snapshot.pulses.get(&key).map(|pulse| format!("{}, {}", pulse.way.word(), minutes(pulse.every)));
    let read = read.unwrap_or_default();
    vec![
        (sign.to_owned(), theme.style(role)),
        (shown(account.client.as_ref()), muted),
        (shown(account.name.as_ref()), text),
        (account.id.to_string(), muted),
        (state.target.region.to_string(), text),
        (if watched > 0 { count(watched as u64) } else { "–".into() }, muted),
        if failing > 0 { (count(failing as u64), theme.style(Role::Critical)) } else { (String::new(), muted) },
        (read, muted),
        (word, theme.style(role)),
    ]
}
