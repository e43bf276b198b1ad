//! Every watched function, the worst first.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    super::{
        board::{Board, Row},
        model::Model,
        theme::Role,
    },
    centred, of_state,
    table::{self, Cell, Column, Holds},
    table_look,
};
use crate::domain::text::{AwsText, count, percent};

const COLUMNS: &[Column] = &[
    Column { title: "", least: 1, most: 1, holds: Holds::Names, rank: 0 },
    Column { title: "FUNCTION", least: 20, most: 64, holds: Holds::Names, rank: 1 },
    Column { title: "STATE", least: 8, most: 9, holds: Holds::Names, rank: 2 },
    Column { title: "STAGE", least: 6, most: 14, holds: Holds::Names, rank: 4 },
    Column { title: "CLIENT", least: 12, most: 20, holds: Holds::Names, rank: 8 },
    Column { title: "ACCOUNT", least: 14, most: 24, holds: Holds::Names, rank: 5 },
    Column { title: "REGION", least: 14, most: 14, holds: Holds::Names, rank: 6 },
    Column { title: "ERRORS", least: 6, most: 9, holds: Holds::Numbers, rank: 3 },
    Column { title: "RATE", least: 4, most: 8, holds: Holds::Numbers, rank: 7 },
    Column { title: "THROTTLES", least: 9, most: 9, holds: Holds::Numbers, rank: 9 },
    Column { title: "OWNER", least: 10, most: 20, holds: Holds::Names, rank: 10 },
];

pub(super) fn draw(model: &Model, buf: &mut Buffer, area: Rect) {
    let Some(board) = &model.board else { return };
    let rows = model.functions();
    let list = model.list();
    if rows.is_empty() {
        let text = if model.filter.is_empty() {
            "No function is watched: set the tag monitor=true on what matters".to_owned()
        } else {
            format!("No watched function fits `{}`: Esc clears the filter", model.filter.text())
        };
        centred(buf, area, area.y + area.height / 3, &text, model.theme.style(Role::Muted));
        return;
    }
    let cells = |place: usize| rows.get(place).map(|row| cells(model, board, row)).unwrap_or_default();
    table::draw(buf, area, table_look(model), COLUMNS, (list.offset, rows.len(), Some(list.place)), cells);
}

fn cells(model: &Model, board: &Board, row: &Row) -> Vec<Cell> {
    let theme = &model.theme;
    let Some((target, function)) = board.facts(row) else { return Vec::new() };
    let (target, account) = (&target.target, &target.target.account);
    let (text, muted, strong) = (theme.style(Role::Text), theme.style(Role::Muted), of_state(theme, row.state));
    let shown = |text: Option<&AwsText>| text.map(|text| text.shown().into_owned()).unwrap_or_default();
    let stage = &function.class.stage;
    let number = |n: Option<u64>| match n {
        None => (String::new(), muted),
        Some(0) => ("0".into(), muted),
        Some(n) => (count(n), strong),
    };
    vec![
        (row.state.sign().to_owned(), strong),
        (function.found.name.shown().into_owned(), text),
        (row.state.word().to_owned(), strong),
        (stage.label.as_ref().map_or(stage.kind.as_str().to_owned(), |label| label.shown().into_owned()), muted),
        (shown(account.client.as_ref()), muted),
        (account.name.as_ref().map_or(account.id.to_string(), |name| name.shown().into_owned()), muted),
        (target.region.to_string(), muted),
        number(row.errors),
        (row.rate().filter(|rate| *rate > 0.0).map(percent).unwrap_or_default(), strong),
        number(row.throttles),
        (shown(function.class.owner.as_ref()), muted),
    ]
}
