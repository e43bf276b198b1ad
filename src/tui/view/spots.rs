//! What tags hide: a row each, and what to do about the selected one.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    super::{board::Board, commands::Command, model::Model, theme::Role},
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

/// A blind spot, with whose it is.
fn spot(board: &Board, place: usize) -> Option<(&TargetState, &Function, &SpotText)> {
    let (at, place, n) = *board.spots.get(place)?;
    let state = board.targets.get(at)?;
    let function = state.row(place)?;
    Some((state, function, function.class.spots.get(n)?))
}

/// Where the list stands.
pub(super) fn list(area: Rect) -> Rect {
    Rect { height: area.height - if area.height > 10 { 4 } else { 0 }, ..area }
}

/// Draws the screen.
pub(super) fn draw(model: &Model, buf: &mut Buffer, area: Rect) {
    let Some(board) = &model.board else { return };
    let count = board.spots.len();
    if count == 0 {
        let y = area.y + area.height / 3;
        if board.counts.watched == 0 || board.counts.unseen > 0 {
            let (head, role) = match board.counts.watched {
                0 => ("Nothing could be read that has tags", Role::Warning),
                _ => ("Tags hide nothing in what could be seen", Role::Title),
            };
            centred(buf, area, y, head, model.theme.style(role));
            let errors = model.keys.key_of(Command::Errors);
            let text = format!("{errors} lists what could not be read, why, and what to do");
            centred(buf, area, y + 2, &text, model.theme.style(Role::Muted));
            return;
        }
        centred(buf, area, y, "Tags hide nothing", model.theme.style(Role::Ok));
        let text = "Every watched function says its stage, and every tag of slmon's can be read.";
        centred(buf, area, y + 2, text, model.theme.style(Role::Muted));
        return;
    }
    let list_area = self::list(area);
    let below = area.height - list_area.height;
    let list = model.list();
    let (text, muted) = (model.theme.style(Role::Text), model.theme.style(Role::Muted));
    let cells = |place: usize| {
        let Some((state, function, spot)) = spot(board, place) else { return Vec::new() };
        let account = &state.target.account;
        vec![
            (spot.kind.as_str().to_owned(), model.theme.style(Role::Info)),
            (function.found.name.shown().into_owned(), text),
            (account.name.as_ref().map_or(account.id.to_string(), |name| name.shown().into_owned()), muted),
            (state.target.region.to_string(), muted),
            (spot.detail.clone(), muted),
        ]
    };
    table::draw(buf, list_area, table_look(model), COLUMNS, (list.offset, count, Some(list.place)), cells);
    let Some((_, _, spot)) = spot(board, list.place).filter(|_| below > 0) else { return };
    let left = Rect { y: list_area.bottom(), height: below, ..area };
    rule(model, buf, left, "what to do");
    let words = format!("{}. {}: {}.", spot.kind.meaning(1), spot.detail, spot.kind.advice());
    for (place, line) in wrap(&words, usize::from(area.width.saturating_sub(2))).iter().take(3).enumerate() {
        put(buf, left, (area.x + 1, left.y + 1 + span(place)), line, text);
    }
}
