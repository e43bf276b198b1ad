//! What lies over a screen to choose from.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::Line,
    widgets::{Block, BorderType, Clear, Widget},
};
use unicode_width::UnicodeWidthStr;

use super::{
    super::{
        model::Model,
        overlay::{Act, Choice, Kind, Overlay},
        theme::Role,
    },
    table::scrollbar,
    text::{elide, put, put_all, span, wrap},
};

/// Cells that the keys of a command take, on wide and on narrow screens: there, the first keys stand for all.
const KEYS: (u16, u16) = (24, 9);
/// Lines for what is cut in the list, with the line above them.
const NOTE: u16 = 3;

pub(super) fn draw(model: &Model, overlay: &Overlay, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let choices = overlay.choices(model);
    let wide = matches!(overlay.kind, Kind::Palette | Kind::Help);
    let width = area.width.min(match overlay.kind {
        _ if wide => 84,
        Kind::End(_) => 60,
        _ => 44,
    });
    // It keeps its size while one types.
    let most = Overlay::new(overlay.kind).choices(model).len();
    // On a narrow screen what the selected command does stands whole below.
    let note = if kind_is_cut(overlay.kind, width) && area.height >= 6 { NOTE } else { 0 };
    let height = span(most + 3).saturating_add(note).clamp(5, area.height.max(5)).min(area.height);
    let panel = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    Clear.render(panel, buf);
    buf.set_style(panel, theme.ground());
    let place = overlay.place.min(choices.len().saturating_sub(1));
    let number = if choices.is_empty() { String::new() } else { format!(" {} of {} ", place + 1, choices.len()) };
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.style(Role::Border))
        .title(match (&model.hushed, overlay.kind) {
            (Some(key), Kind::End(_)) => {
                format!(" {} {} ", overlay.kind.title(), elide(&key.name.shown(), usize::from(width / 2)))
            }
            _ => format!(" {} ", overlay.kind.title()),
        })
        .title_style(theme.style(Role::Title))
        .title_bottom(hint(overlay.kind))
        .title(Line::from(number).style(theme.style(Role::Text)).right_aligned());
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
    let note = note.min(inner.height.saturating_sub(2));
    let list = Rect { y: inner.y + 1, height: inner.height - 1 - note, ..inner };
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
    // The selection stays in sight.
    let first = (place + 1).saturating_sub(usize::from(list.height));
    // Names end where the longest ends, so that notes begin below each other.
    let names = choices.iter().map(|choice| choice.name.width()).max().unwrap_or(0).min(usize::from(list.width / 2));
    for (line, choice) in choices.iter().enumerate().skip(first).take(usize::from(list.height)) {
        let y = list.y + span(line - first);
        let here = line == place;
        if here {
            buf.set_style(Rect { y, height: 1, ..list }, theme.style(Role::Selection));
        }
        one(model, overlay.kind, choice, (here, names), buf, Rect { y, height: 1, ..list });
    }
    let bar = Rect { x: list.x, width: list.width + 1, ..list };
    scrollbar(buf, bar, theme.style(Role::Border), (first, choices.len()));
    if let Some(choice) = choices.get(place).filter(|_| note > 1) {
        let below = Rect { y: list.bottom(), height: note, ..list };
        put(buf, below, below.as_position().into(), &"─".repeat(usize::from(below.width)), theme.style(Role::Border));
        let lines = wrap(&choice.note, usize::from(below.width.saturating_sub(2)));
        for (line, text) in lines.iter().take(usize::from(note - 1)).enumerate() {
            put(buf, below, (below.x + 1, below.y + 1 + span(line)), text, theme.style(Role::Text));
        }
    }
}

/// Whether the list leaves no room for what commands do.
fn kind_is_cut(kind: Kind, width: u16) -> bool {
    matches!(kind, Kind::Help | Kind::Palette) && width < 60
}

fn hint(kind: Kind) -> &'static str {
    match kind {
        Kind::Columns => " ↑ ↓ · Space shows or hides · Esc closes ",
        Kind::Help | Kind::Palette => " ↑ ↓ · Enter does it · Esc closes ",
        Kind::Theme(_) => " ↑ ↓ tries on · Enter takes · Esc back ",
        Kind::Sort | Kind::Group | Kind::End(_) => " ↑ ↓ · Enter chooses · Esc closes ",
    }
}

fn one(model: &Model, kind: Kind, choice: &Choice, (here, names): (bool, usize), buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let style = |role| if here { theme.style(Role::Selection) } else { theme.style(role) };
    let inside = Rect { width: area.width.saturating_sub(1), ..area };
    let mut x = inside.x + 1;
    if kind == Kind::Help {
        let keys = match choice.act {
            Act::Do(command) => model.keys.keys_of(command),
            _ => Vec::new(),
        };
        let room = if area.width < 60 { KEYS.1 } else { KEYS.0 };
        let mut at = x;
        for key in keys {
            if at + span(key.width()) >= x + room {
                break;
            }
            // Where keys are underlined, what is between them is not.
            at = put(buf, inside, (at, inside.y), &key, style(Role::Accent)) + 2;
        }
        x += room;
        let note = elide(&choice.note, usize::from(inside.right().saturating_sub(x))).into_owned();
        put(buf, inside, (x, inside.y), &note, style(Role::Text));
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
    let room = usize::from(end.saturating_sub(x));
    let room = if choice.note.is_empty() { room } else { room.min(names) };
    let name = elide(&choice.name, room).into_owned();
    put(buf, inside, (x, inside.y), &name, style(Role::Text));
    x += span(names);
    if !choice.note.is_empty() {
        let note = elide(&choice.note, usize::from(end.saturating_sub(x + 3))).into_owned();
        put(buf, inside, (x + 2, inside.y), &note, style(Role::Muted));
    }
    put(buf, inside, (end, inside.y), &keys, style(Role::Accent));
}
