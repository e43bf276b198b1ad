//! What tags hide: a row each, and what to do about the selected one.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    super::{board::Board, model::Model, theme::Role},
    alerts::rule,
    centred,
    table::{self, Column, Holds},
    table_look,
    text::{put, span, wrap},
};
use crate::domain::{
    finding::SpotText,
    fleet::{Function, TargetState},
};

const COLUMNS: &[Column] = &[
    Column { title: "KIND", least: 13, most: 16, holds: Holds::Names, rank: 0 },
    Column { title: "FUNCTION", least: 14, most: 48, holds: Holds::Names, rank: 1 },
    Column { title: "ACCOUNT", least: 14, most: 24, holds: Holds::Names, rank: 3 },
    Column { title: "REGION", least: 14, most: 14, holds: Holds::Names, rank: 4 },
    Column { title: "WHAT WAS FOUND", least: 36, most: 90, holds: Holds::Names, rank: 2 },
];

/// Every blind spot, with whose it is: by kind.
pub fn rows(board: &Board) -> Vec<(&TargetState, &Function, &SpotText)> {
    let functions = board.rows.iter().filter_map(|row| board.facts(row));
    let mut rows: Vec<_> = functions
        .flat_map(|(state, function)| function.class.spots.iter().map(move |spot| (state, function, spot)))
        .collect();
    rows.sort_by(|(a, f, x), (b, g, y)| {
        x.kind.cmp(&y.kind).then_with(|| (a.target.key(), &f.found.name).cmp(&(b.target.key(), &g.found.name)))
    });
    rows
}

/// Draws the screen.
pub(super) fn draw(model: &Model, buf: &mut Buffer, area: Rect) {
    let Some(board) = &model.board else { return };
    let rows = rows(board);
    if rows.is_empty() {
        let y = area.y + area.height / 3;
        centred(buf, area, y, "Tags hide nothing", model.theme.style(Role::Ok));
        let text = "Every watched function says its stage, and every tag of slmon's can be read.";
        centred(buf, area, y + 2, text, model.theme.style(Role::Muted));
        return;
    }
    let below = if area.height > 10 { 4 } else { 0 };
    let list_area = Rect { height: area.height - below, ..area };
    let list = model.list();
    let (text, muted) = (model.theme.style(Role::Text), model.theme.style(Role::Muted));
    let cells = |place: usize| {
        let Some((state, function, spot)) = rows.get(place) else { return Vec::new() };
        let account = &state.target.account;
        vec![
            (spot.kind.as_str().to_owned(), model.theme.style(Role::Info)),
            (function.found.name.shown().into_owned(), text),
            (account.name.as_ref().map_or(account.id.to_string(), |name| name.shown().into_owned()), muted),
            (state.target.region.to_string(), muted),
            (spot.detail.clone(), muted),
        ]
    };
    table::draw(buf, list_area, table_look(model), COLUMNS, (list.offset, rows.len(), Some(list.place)), cells);
    let Some((_, _, spot)) = rows.get(list.place).filter(|_| below > 0) else { return };
    let left = Rect { y: list_area.bottom(), height: below, ..area };
    rule(model, buf, left, "what to do");
    let words = format!("{}. {}: {}.", spot.kind.meaning(1), spot.detail, spot.kind.advice());
    for (place, line) in wrap(&words, usize::from(area.width.saturating_sub(2))).iter().take(3).enumerate() {
        put(buf, left, (area.x + 1, left.y + 1 + span(place)), line, text);
    }
}
