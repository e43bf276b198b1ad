//! What lies over a screen to choose from.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    widgets::{Block, BorderType, Clear, Widget},
};
use unicode_width::UnicodeWidthStr;

use super::{
    super::{
        model::Model,
        overlay::{Act, Choice, Kind, Overlay},
        theme::Role,
    },
    text::{elide, put, put_all, span},
};

/// Cells that the keys of a command take.
const KEYS: u16 = 24;

pub(super) fn draw(model: &Model, overlay: &Overlay, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let choices = overlay.choices(model);
    let wide = matches!(overlay.kind, Kind::Palette | Kind::Help);
    let width = area.width.min(if wide { 84 } else { 44 });
    // It keeps its size while one types.
    let most = Overlay::new(overlay.kind).choices(model).len();
    let height = span(most + 3).clamp(5, area.height.max(5)).min(area.height);
    let panel = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    Clear.render(panel, buf);
    buf.set_style(panel, theme.ground());
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.style(Role::Border))
        .title(format!(" {} ", overlay.kind.title()))
        .title_style(theme.style(Role::Title))
        .title_bottom(hint(overlay.kind));
    let inner = block.inner(panel);
    block.render(panel, buf);
    if inner.height < 2 {
        return;
    }
    let x = put_all(
        buf,
        inner,
        (inner.x + 1, inner.y),
        &[
            ("› ", theme.style(Role::Accent)),
            (&overlay.text, theme.style(Role::Text)),
            ("▏", theme.style(Role::Accent)),
        ],
    );
    if overlay.text.is_empty() {
        put(buf, inner, (x + 1, inner.y), "type to narrow", theme.style(Role::Muted));
    }
    let list = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
    if choices.is_empty() {
        put(
            buf,
            list,
            (list.x + 1, list.y),
            "nothing of that name: Backspace takes a letter back",
            theme.style(Role::Muted),
        );
        return;
    }
    let place = overlay.place.min(choices.len() - 1);
    // The selection stays in sight.
    let first = (place + 1).saturating_sub(usize::from(list.height));
    for (line, choice) in choices.iter().enumerate().skip(first).take(usize::from(list.height)) {
        let y = list.y + span(line - first);
        let here = line == place;
        if here {
            buf.set_style(Rect { y, height: 1, ..list }, theme.style(Role::Selection));
        }
        one(model, overlay.kind, choice, here, buf, Rect { y, height: 1, ..list });
    }
}

fn hint(kind: Kind) -> &'static str {
    match kind {
        Kind::Columns => " ↑ ↓ · Space shows or hides · Esc closes ",
        Kind::Help | Kind::Palette => " ↑ ↓ · Enter does it · Esc closes ",
        Kind::Theme(_) => " ↑ ↓ tries on · Enter takes · Esc back ",
        Kind::Sort | Kind::Group => " ↑ ↓ · Enter chooses · Esc closes ",
    }
}

fn one(model: &Model, kind: Kind, choice: &Choice, here: bool, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let style = |role| if here { theme.style(Role::Selection) } else { theme.style(role) };
    let inside = Rect { width: area.width.saturating_sub(1), ..area };
    let mut x = inside.x + 1;
    if kind == Kind::Help {
        let keys = match choice.act {
            Act::Do(command) => model.keys.keys_of(command),
            _ => Vec::new(),
        };
        let mut at = x;
        for key in keys {
            // Where keys are underlined, what is between them is not.
            at = put(buf, Rect { width: KEYS - 1, ..inside }, (at, inside.y), &key, style(Role::Accent)) + 2;
        }
        put(buf, inside, (x + KEYS, inside.y), &choice.note, style(Role::Text));
        return;
    }
    if let Some(held) = choice.held {
        let sign = match (kind, held) {
            (Kind::Columns, true) => "[x] ",
            (Kind::Columns, false) => "[ ] ",
            (_, true) => "● ",
            (_, false) => "  ",
        };
        put(buf, inside, (x, inside.y), sign.trim_end(), style(Role::Accent));
        x += span(sign.width());
    } else {
        x = put(buf, inside, (x, inside.y), "  ", style(Role::Text));
    }
    let keys = match choice.act {
        Act::Do(command) => model.keys.key_of(command),
        _ => String::new(),
    };
    let end = inside.right().saturating_sub(span(keys.width()) + 1);
    let name = elide(&choice.name, usize::from(end.saturating_sub(x))).into_owned();
    x = put(buf, inside, (x, inside.y), &name, style(Role::Text));
    if !choice.note.is_empty() {
        let note = elide(&choice.note, usize::from(end.saturating_sub(x + 3))).into_owned();
        put(buf, inside, (x + 2, inside.y), &note, style(Role::Muted));
    }
    put(buf, inside, (end, inside.y), &keys, style(Role::Accent));
}
