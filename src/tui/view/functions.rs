//! Every watched function.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    super::{model::Model, theme::Role},
    centred, rows,
};

pub(super) fn draw(model: &Model, buf: &mut Buffer, area: Rect) {
    let Some(board) = &model.board else { return };
    if model.lines.is_empty() {
        let text = if model.filter.is_empty() {
            "No function is watched: set the tag monitor=true on what matters".to_owned()
        } else {
            format!("No watched function fits `{}`: Esc clears the filter", model.filter.text())
        };
        centred(buf, area, area.y + area.height / 3, &text, model.theme.style(Role::Muted));
        return;
    }
    rows::draw(model, board, &model.kept.functions, buf, area);
}
