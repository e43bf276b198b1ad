//! Drawing: a model in, cells out. Nothing here changes the model, waits or reads the clock.

mod accounts;
mod alerts;
mod causes;
mod charts;
mod errors;
mod frame;
mod function;
mod functions;
mod logged;
mod logs;
mod map;
mod overlay;
mod recent;
mod rows;
mod silence;
pub mod spark;
mod spots;
mod table;
pub mod text;
mod traces;
mod waterfall;

use jiff::Timestamp;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    board::State,
    list,
    model::{Model, Screen},
    theme::{Role, Theme},
};
use text::{put, span};

/// Below this nothing can be shown.
pub const LEAST: (u16, u16) = (40, 10);

/// Draws the screen.
pub fn draw(model: &Model, buf: &mut Buffer, now: Timestamp) {
    let area = buf.area;
    buf.set_style(area, model.theme.ground());
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let style = model.theme.style(Role::Text);
        put(buf, area, (area.x, area.y), &format!("too small: {}×{}", area.width, area.height), style);
        put(buf, area, (area.x, area.y + 1), &format!("slmon needs {}×{}", LEAST.0, LEAST.1), style);
        return;
    }
    frame::header(model, buf, Rect { height: frame::HEADER, ..area }, now);
    frame::footer(model, buf, Rect { y: area.bottom() - 1, height: 1, ..area });
    let body = body(area);
    if model.board.is_none() {
        frame::loading(model, buf, body);
    } else {
        match model.screen() {
            Screen::Alerts => alerts::draw(model, buf, body),
            Screen::Functions => functions::draw(model, buf, body),
            Screen::Recent => recent::draw(model, buf, body),
            Screen::Errors => errors::draw(model, buf, body),
            Screen::Accounts => accounts::draw(model, buf, body),
            Screen::Spots => spots::draw(model, buf, body),
            Screen::Function(key) => function::draw(model, key, buf, body),
            Screen::Traces(_) => traces::draw(model, buf, body),
            Screen::Trace(id, at) => waterfall::draw(model, id, at, buf, body),
            Screen::Map(key) => map::draw(model, key, buf, body),
            Screen::Logs(of) => logs::draw(model, of, buf, body),
        }
    }
    if let Some(overlay) = &model.overlay {
        overlay::draw(model, overlay, buf, body);
    }
}

/// How many rows a list has in sight on a screen of this size.
pub fn page(model: &Model, area: Rect) -> usize {
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return 1;
    }
    usize::from(list(model, body(area)).height.saturating_sub(1)).max(1)
}

/// How many lines of a function's page are in sight on a screen of this size, and how many are not.
pub fn sheet(model: &Model, area: Rect) -> (usize, usize) {
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return (1, 0);
    }
    let body = body(area);
    let hidden = match model.screen() {
        Screen::Function(key) => function::hidden(model, key, body),
        _ => 0,
    };
    (usize::from(body.height), hidden)
}

/// Columns and lines that there are for lines of logs on a screen of this size.
pub fn room(model: &Model, area: Rect) -> (u16, u16) {
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return (LEAST.0, 1);
    }
    let list = logs::list(model, body(area));
    (list.width, list.height)
}

/// Where the list of this screen stands, with its titles.
fn list(model: &Model, body: Rect) -> Rect {
    match model.screen() {
        Screen::Alerts => alerts::list(model, body),
        Screen::Recent => recent::list(model, body),
        Screen::Accounts => accounts::list(model, body),
        Screen::Spots => spots::list(body),
        Screen::Errors => errors::list(body),
        Screen::Function(key) => function::list(model, key, body),
        Screen::Traces(_) => traces::list(body),
        Screen::Trace(..) => waterfall::list(body),
        Screen::Logs(_) => logs::list(model, body),
        Screen::Functions | Screen::Map(_) => body,
    }
}

/// The place of the row that stands in this cell.
pub fn row_at(model: &Model, area: Rect, (x, y): (u16, u16)) -> Option<usize> {
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return None;
    }
    let body = body(area);
    let list = list(model, body);
    if !(body.y..body.bottom()).contains(&y) {
        return None;
    }
    if model.map && *model.screen() == Screen::Accounts {
        return accounts::place_at(model, body, (x, y));
    }
    if matches!(model.screen(), Screen::Logs(_)) {
        return logs::place_at(model, list, (x, y));
    }
    // A function's page may be scrolled.
    let y = y + if matches!(model.screen(), Screen::Function(_)) { span(model.scroll) } else { 0 };
    let row = y.checked_sub(list.y + 1).filter(|_| (list.x..list.right()).contains(&x) && y < list.bottom())?;
    let place = model.list().offset + usize::from(row);
    (place < model.count()).then_some(place)
}

/// The column of functions whose head stands in this cell.
pub fn column_at(model: &Model, area: Rect, (x, y): (u16, u16)) -> Option<list::Column> {
    let (board, order) = (model.board.as_ref()?, model.order()?);
    let is_head = y == frame::HEADER && area.width >= LEAST.0 && area.height >= LEAST.1;
    let body = body(area);
    is_head.then(|| rows::column_at(model, board, order, body, x)).flatten()
}

fn body(area: Rect) -> Rect {
    Rect { y: area.y + frame::HEADER, height: area.height - frame::HEADER - 1, ..area }
}

/// The style of a state.
fn of_state(theme: &Theme, state: State) -> Style {
    theme.style(match state {
        State::Critical => Role::Critical,
        State::Warning | State::Unknown => Role::Warning,
        State::Ok | State::Quiet => Role::Ok,
        State::Muted | State::Stageless => Role::Info,
        State::Hidden | State::Idle | State::Pending | State::Other | State::Unwatched => Role::Muted,
    })
}

fn table_look(model: &Model) -> table::Look {
    table::Look {
        title: model.theme.style(Role::Muted),
        selection: model.theme.style(Role::Selection),
        place: model.theme.style(Role::Text),
        bar: model.theme.style(Role::Border),
        sorted: None,
    }
}

/// Each role of a theme by its word, and each state as rows have it.
pub fn sample(model: &Model, width: u16) -> Buffer {
    const STATES: [State; 8] = [
        State::Critical,
        State::Warning,
        State::Unknown,
        State::Ok,
        State::Quiet,
        State::Idle,
        State::Muted,
        State::Hidden,
    ];
    let lines = Role::ALL.len().max(STATES.len() + 2);
    let area = Rect { x: 0, y: 0, width, height: span(lines) + 1 };
    let mut buf = Buffer::empty(area);
    let theme = &model.theme;
    buf.set_style(area, theme.ground());
    for (line, (word, role)) in Role::ALL.iter().enumerate() {
        let style = theme.style(*role);
        buf.set_style(Rect { x: 1, y: span(line), width: 24, height: 1 }.intersection(area), style);
        put(&mut buf, area, (1, span(line)), &format!("{word:12} 12 of 345"), style);
    }
    for (line, state) in STATES.iter().enumerate() {
        let text = format!("{} {:10} ▁▂▃▅▇", state.sign(), state.word());
        put(&mut buf, area, (30, span(line)), &text, of_state(theme, *state));
    }
    let selected = Rect { x: 29, y: span(STATES.len()), width: 24, height: 1 }.intersection(area);
    buf.set_style(selected, theme.style(Role::Selection));
    put(&mut buf, area, (30, span(STATES.len())), "✗ selected", theme.style(Role::Selection));
    buf
}

/// A line of words in the middle of an area.
fn centred(buf: &mut Buffer, area: Rect, y: u16, text: &str, style: Style) {
    use unicode_width::UnicodeWidthStr;
    let text = text::elide(text, usize::from(area.width));
    let indent = usize::from(area.width).saturating_sub(text.width()) / 2;
    put(buf, area, (area.x + span(indent), y), &text, style);
}
