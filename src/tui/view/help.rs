//! Help: every command with its keys, over the screen.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    widgets::{Block, BorderType, Clear, Widget},
};

use super::{
    super::{
        commands::{ALL, Chord},
        model::Model,
        theme::Role,
    },
    text::{put, span},
};

/// Cells that the keys of a command take.
const KEYS: u16 = 22;

/// Draws the commands from `first` on.
pub(super) fn draw(model: &Model, first: usize, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let width = area.width.min(72);
    let height = span(ALL.len() + 2).min(area.height);
    let x = area.x + (area.width - width) / 2;
    let y = area.y + (area.height - height) / 2;
    let panel = Rect { x, y, width, height };
    Clear.render(panel, buf);
    buf.set_style(panel, theme.ground());
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.style(Role::Border))
        .title(if usize::from(height) < ALL.len() + 2 {
            " Help · ↑ ↓ for more, Esc closes "
        } else {
            " Help · Esc closes "
        })
        .title_style(theme.style(Role::Title));
    let inner = block.inner(panel);
    block.render(panel, buf);
    let first = first.min(ALL.len().saturating_sub(usize::from(inner.height)));
    for (place, entry) in ALL.iter().skip(first).take(usize::from(inner.height)).enumerate() {
        let y = inner.y + span(place);
        let keys: Vec<String> =
            entry.keys.iter().filter_map(|key| key.parse::<Chord>().ok()).map(|key| key.to_string()).collect();
        put(buf, Rect { width: KEYS, ..inner }, (inner.x + 1, y), &keys.join("  "), theme.style(Role::Accent));
        put(buf, inner, (inner.x + KEYS, y), entry.help, theme.style(Role::Text));
    }
}
