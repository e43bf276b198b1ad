//! What could not be read: what was asked, why there is no answer, and what to do.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    super::{board::Trouble, model::Model, theme::Role},
    alerts::rule,
    centred,
    table::{self, Cell, Column, Holds},
    table_look,
    text::{put, span, wrap},
};

const COLUMNS: &[Column] = &[
    Column { title: "", least: 1, most: 1, holds: Holds::Names, rank: 0 },
    Column { title: "ACCOUNT", least: 14, most: 28, holds: Holds::Names, rank: 1 },
    Column { title: "REGION", least: 10, most: 14, holds: Holds::Names, rank: 4 },
    Column { title: "CALL", least: 16, most: 36, holds: Holds::Names, rank: 2 },
    Column { title: "WHY", least: 8, most: 16, holds: Holds::Names, rank: 3 },
    Column { title: "WHAT IS UNREAD", least: 12, most: 60, holds: Holds::Names, rank: 5 },
];

/// Lines about the selected row, with the line above them.
const BELOW: u16 = 7;

/// Where the list stands.
pub(super) fn list(area: Rect) -> Rect {
    Rect { height: area.height - if area.height > 14 { BELOW } else { 0 }, ..area }
}

pub(super) fn draw(model: &Model, buf: &mut Buffer, area: Rect) {
    let Some(board) = &model.board else { return };
    let theme = &model.theme;
    if board.troubles.is_empty() {
        centred(buf, area, area.y + area.height / 3, "● All that was asked was answered", theme.style(Role::Ok));
        return;
    }
    let list_area = list(area);
    let state = model.list();
    let cells = |place: usize| board.troubles.get(place).map(|it| cells(model, it)).unwrap_or_default();
    let count = board.troubles.len();
    table::draw(buf, list_area, table_look(model), COLUMNS, (state.offset, count, Some(state.place)), cells);
    let Some(trouble) = board.troubles.get(state.place).filter(|_| list_area.height < area.height) else { return };
    let below = Rect { y: list_area.bottom(), height: BELOW, ..area };
    rule(model, buf, below, "what happened, and what to do");
    let width = usize::from(area.width.saturating_sub(2));
    let (said, hint) = (trouble.failure.message.shown(), &trouble.failure.hint);
    let said = wrap(&said, width);
    let mut y = below.y + 1;
    for (lines, role, most) in [(said, Role::Muted, 3), (wrap(&format!("→ {hint}"), width), Role::Text, 3)] {
        for line in lines.iter().take(most) {
            put(buf, below, (below.x + 1, y), line, theme.style(role));
            y += span(1);
        }
    }
}

fn cells(model: &Model, trouble: &Trouble) -> Vec<Cell> {
    let theme = &model.theme;
    let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
    let what = match (trouble.parts.as_slice(), &trouble.region) {
        ([], Some(_)) => "all of the region".into(),
        ([], None) => "the account as a whole".into(),
        (parts, _) => parts.join("; "),
    };
    vec![
        ("!".into(), theme.style(Role::Warning)),
        (trouble.whose.clone(), text),
        (trouble.region.as_ref().map(ToString::to_string).unwrap_or_default(), muted),
        (trouble.failure.operation.to_owned(), text),
        (trouble.failure.kind.as_str().to_owned(), theme.style(Role::Warning)),
        (what, muted),
    ]
}
