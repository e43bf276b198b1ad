//! What a function's log says of why it fails, on its page: the commonest causes, and the last lines of an invocation that
//! failed.

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{
    super::{board::Key, commands::Command, lines::cut, model::Model, theme::Role},
    alerts::rule,
    text::{put, put_all, span, wrap},
};
use crate::{
    domain::{
        function::ResourceType,
        logs::{
            cause::CauseKind,
            groups::{CauseGroup, LogCauses},
            shown::{ShownLine, Tone},
            words::clock,
        },
        text::{count, minutes},
        trace::causes::Age,
        window::Minute,
    },
    engine::logbook::ToldLogCauses,
};

/// Causes that are told.
const CAUSES: usize = 3;
/// Lines of the invocation that are shown, the last ones.
const LINES: usize = 4;

/// Lines that all of it takes, where there is room for so many.
pub(super) fn lines(model: &Model, key: &Key, width: u16, most: u16) -> u16 {
    let body = match model.log_causes(key) {
        _ if key.resource_type() == ResourceType::Table => return 0,
        _ if !model.fails(key) => 0,
        None => 0,
        Some(told) if told.causes.groups.is_empty() => remarks(&told.causes, width).len(),
        Some(told) => told.causes.groups.len().min(CAUSES) + example(&told.causes).len(),
    };
    span(1 + body).min(most)
}

/// Draws it.
pub(super) fn draw(model: &Model, key: &Key, buf: &mut Buffer, area: Rect) {
    if area.height == 0 {
        return;
    }
    let told = model.log_causes(key).filter(|_| model.fails(key));
    rule(model, buf, area, &head(model, key, told, usize::from(area.width.saturating_sub(6))));
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let Some(ToldLogCauses { causes, .. }) = told else { return };
    if causes.groups.is_empty() {
        for (n, line) in remarks(causes, area.width).iter().enumerate().take(usize::from(below.height)) {
            put(buf, below, (below.x + 1, below.y + span(n)), line, model.theme.style(Role::Muted));
        }
        return;
    }
    let causes_shown = causes.groups.len().min(CAUSES);
    for (n, group) in causes.groups.iter().take(CAUSES).enumerate().take(usize::from(below.height)) {
        cause(model, group, buf, Rect { y: below.y + span(n), height: 1, ..below });
    }
    let example = example(causes);
    // Of too little room, the last lines get it.
    let room = usize::from(below.height).saturating_sub(causes_shown);
    for (n, line) in example.iter().skip(example.len().saturating_sub(room)).enumerate() {
        said(model, line, buf, Rect { y: below.y + span(causes_shown + n), height: 1, ..below });
    }
}

fn head(model: &Model, key: &Key, told: Option<&ToldLogCauses>, width: usize) -> String {
    let logs = model.keys.key_of(Command::FunctionLogs);
    let hint = if logs.is_empty() { String::new() } else { format!(" · {logs} shows its lines") };
    let Some(told) = told else {
        return match (model.fails(key), model.is_asking_log(key)) {
            (true, true) => "by its log: reading…".into(),
            (true, false) => "by its log".into(),
            (false, _) => format!("its log is read where it fails{hint}"),
        };
    };
    let now = model.board.as_ref().map_or(Minute(0), |board| board.snapshot.horizon.now);
    let age = match now.0 - Minute::floor(told.at).0 {
        ..2 => String::new(),
        old => format!(" · read {} ago", minutes(old)),
    };
    let full = format!("by its log: {}{age}{hint}", told.causes.basis());
    let short = format!("by its log{age}{hint}");
    [full, short].into_iter().find(|text| text.width() <= width).unwrap_or_else(|| "by its log".into())
}

fn remarks(causes: &LogCauses, width: u16) -> Vec<String> {
    let width = usize::from(width.saturating_sub(2));
    causes.remarks().iter().flat_map(|remark| wrap(remark, width)).take(4).collect()
}

/// The last lines of the invocation that failed, but for those that only say that it began or ended.
fn example(causes: &LogCauses) -> Vec<ShownLine> {
    let lines = causes.example.iter().rev().map(|event| ShownLine::new(event.clone()));
    let telling = lines.filter(|line| !matches!(line.tone, Tone::Start | Tone::End | Tone::Platform));
    let mut lines: Vec<ShownLine> = telling.take(LINES).collect();
    lines.reverse();
    lines
}

/// How often it failed for this reason.
fn cause(model: &Model, group: &CauseGroup, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
    let (sign, role) = if group.kind == CauseKind::Logged { ("▲", Role::Warning) } else { ("✗", Role::Critical) };
    let times = format!("{:>6} ×", count(group.lines));
    let x = put_all(buf, area, (area.x + 1, area.y), &[(sign, theme.style(role)), (&times, text), ("  ", text)]);
    let age = if group.age == Age::New { " · new" } else { "" };
    let kind = group.kind_in_words().map(|kind| format!(" · {kind}")).unwrap_or_default();
    let room = usize::from(area.right().saturating_sub(x + 1));
    let headline = cut(&group.headline(), room.saturating_sub(age.width()).max(8)).into_owned();
    let x = put(buf, area, (x, area.y), &headline, text);
    let x = put(buf, area, (x, area.y), age, theme.style(Role::Warning));
    if usize::from(area.right().saturating_sub(x + 1)) > kind.width() {
        put(buf, area, (x, area.y), &kind, muted);
    }
}

/// A line of the invocation.
fn said(model: &Model, line: &ShownLine, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let muted = theme.style(Role::Muted);
    let time = clock(line.event.at);
    let role = match line.tone {
        _ if line.fails => Role::Critical,
        Tone::Said => Role::Text,
        _ => Role::Muted,
    };
    let x =
        put_all(buf, area, (area.x + 3, area.y), &[("│ ", theme.style(Role::Border)), (&time, muted), ("  ", muted)]);
    let room = usize::from(area.right().saturating_sub(x + 1));
    put(buf, area, (x, area.y), &cut(line.head(false), room), theme.style(role));
}
