//! Why a function fails, as its traces tell it: error groups, the commonest first; or why there are none.

use jiff::Timestamp;
use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    super::{board::Key, commands::Command, model::Model, theme::Role},
    alerts::rule,
    table::{self, Cell, Column, Holds},
    table_look,
    text::{elide, put, span, wrap},
};
use crate::{
    domain::{
        failure::Failure,
        function::ResourceType,
        text::{clock, count, minutes},
        trace::{
            Failing,
            causes::{Age, ErrorGroup},
        },
        window::Minute,
    },
    engine::inquiry::{About, ToldCauses},
};

const COLUMNS: [Column; 7] = [
    Column { title: "", least: 1, most: 1, holds: Holds::Names, rank: 0 },
    Column { title: "TRACES", least: 6, most: 7, holds: Holds::Numbers, rank: 2 },
    Column { title: "WHAT WAS THROWN", least: 20, most: 90, holds: Holds::Names, rank: 1 },
    Column { title: "BEGAN IN", least: 12, most: 44, holds: Holds::Names, rank: 3 },
    Column { title: "SEEN", least: 4, most: 6, holds: Holds::Names, rank: 5 },
    Column { title: "FIRST", least: 6, most: 13, holds: Holds::Numbers, rank: 6 },
    Column { title: "LAST", least: 6, most: 13, holds: Holds::Numbers, rank: 4 },
];

/// Lines that all of it takes, where there is room for so many.
pub(super) fn lines(model: &Model, key: &Key, width: u16, most: u16) -> u16 {
    if key.resource_type() == ResourceType::Table {
        return 0;
    }
    let groups = model.groups(key).len();
    let wanted = if groups > 0 { span(groups) + 3 } else { 1 + span(remarks(model, key, width).len()) };
    wanted.min(most)
}

/// Draws it.
pub(super) fn draw(model: &Model, key: &Key, buf: &mut Buffer, area: Rect) {
    if area.height == 0 {
        return;
    }
    let told = model.causes(key);
    rule(model, buf, area, &head(model, key, told, usize::from(area.width.saturating_sub(6))));
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let groups = model.groups(key);
    if groups.is_empty() {
        for (place, line) in remarks(model, key, area.width).iter().enumerate().take(usize::from(below.height)) {
            put(buf, below, (below.x + 1, below.y + span(place)), line, model.theme.style(Role::Muted));
        }
        return;
    }
    let state = model.list();
    // What is cut in the list stands whole below it.
    let below = if below.height > 2 {
        example(
            model,
            key,
            &groups[state.place.min(groups.len() - 1)],
            buf,
            Rect { y: below.bottom() - 1, height: 1, ..below },
        );
        Rect { height: below.height - 1, ..below }
    } else {
        below
    };
    let now = model.board.as_ref().map_or(Minute(0), |board| board.snapshot.horizon.now);
    let in_sight = (state.offset, groups.len(), Some(state.place));
    let row = |place: usize| groups.get(place).map(|group| cells(model, key, group, now)).unwrap_or_default();
    table::draw(buf, below, table_look(model), &COLUMNS, in_sight, row);
}

/// The selected group's newest example, and the way on which it failed.
fn example(model: &Model, key: &Key, group: &ErrorGroup, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let width = usize::from(area.width.saturating_sub(2));
    let message = match &group.example_message {
        Some(message) => Some(format!("e.g. {}", message.shown())),
        None => Some(what(model, key, group)),
    };
    let path = (group.chain.len() > 1).then(|| group.path());
    let text = match (message, path) {
        (Some(message), Some(path)) => {
            let both = format!("{message} · {path}");
            if both.chars().count() <= width { both } else { message }
        }
        (message, path) => message.or(path).unwrap_or_default(),
    };
    put(buf, area, (area.x + 1, area.y), &elide(&text, width), theme.style(Role::Muted));
}

fn head(model: &Model, key: &Key, told: Option<&ToldCauses>, width: usize) -> String {
    let asking = model.is_asking(&About::Causes(((key.account.clone(), key.region.clone()), key.name.clone())));
    let Some(told) = told.filter(|told| !told.causes.groups.is_empty()) else {
        return if asking { "why: asking X-Ray…" } else { "why, by its traces" }.into();
    };
    let now = model.board.as_ref().map_or(Minute(0), |board| board.snapshot.horizon.now);
    let old = now.0 - Minute::floor(told.at).0;
    let refresh = model.keys.key_of(Command::Refresh);
    let age = match old {
        _ if asking => "asking again…".to_owned(),
        ..2 => "read just now".to_owned(),
        old => format!("read {} ago, {refresh} reads again", minutes(old)),
    };
    let failed = count(told.causes.failed - told.causes.in_progress);
    let full = format!("why, by {failed} failed traces that X-Ray sampled · {age}");
    let short = format!("why, by {failed} sampled traces · {age}");
    [full, short].into_iter().find(|text| text.chars().count() <= width).unwrap_or_else(|| "why".into())
}

/// Why there are no groups, wrapped.
fn remarks(model: &Model, key: &Key, width: u16) -> Vec<String> {
    let width = usize::from(width.saturating_sub(2));
    let Some(told) = model.causes(key) else { return vec![String::new()] };
    let remarks = told.causes.remarks(&key.name);
    remarks.iter().flat_map(|remark| wrap(remark, width)).take(4).collect()
}

fn cells(model: &Model, key: &Key, group: &ErrorGroup, now: Minute) -> Vec<Cell> {
    let theme = &model.theme;
    let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
    let (sign, role) = sign(Some(group.failing));
    let (age, age_style) = match group.age {
        Age::New => ("new", theme.style(Role::Warning)),
        Age::Known => ("before", muted),
        Age::Unknown => ("", muted),
    };
    vec![
        (sign.into(), theme.style(role)),
        (count(group.traces), text),
        (what(model, key, group), text),
        (place(key, group), text),
        (age.into(), age_style),
        (at(group.first, now), muted),
        (at(group.last, now), muted),
    ]
}

/// Where it went wrong.
fn place(key: &Key, group: &ErrorGroup) -> String {
    let own =
        if group.failing == Failing::Throttle && group.exception.is_none() { "Lambda itself" } else { "its own code" };
    group.elsewhere(&key.name).unwrap_or_else(|| own.into())
}

/// What was thrown, or what is known instead.
fn what(model: &Model, key: &Key, group: &ErrorGroup) -> String {
    let timeout = model.board.as_ref().and_then(|board| {
        let (_, function) = board.facts(board.row(key)?)?;
        function.configuration.as_ref()?.timeout
    });
    group.guess(timeout).unwrap_or_else(|| group.headline())
}

/// A clock time, to the minute.
fn at(at: Timestamp, now: Minute) -> String {
    clock(Minute::floor(at), now)
}

/// The sign of a failure, and how it is coloured.
pub(super) fn sign(failing: Option<Failing>) -> (&'static str, Role) {
    match failing {
        Some(Failing::Fault) => ("✗", Role::Critical),
        Some(Failing::Error | Failing::Throttle) => ("▲", Role::Warning),
        None => ("●", Role::Ok),
    }
}

/// The commonest cause in one line, for whoever glances at an alert; and how it is coloured.
pub(super) fn glance(model: &Model, key: &Key, width: usize) -> Option<(String, Role)> {
    let about = About::Causes(((key.account.clone(), key.region.clone()), key.name.clone()));
    let Some(told) = model.causes(key) else {
        return model.is_asking(&about).then(|| ("cause: asking X-Ray…".into(), Role::Muted));
    };
    let Some(group) = told.causes.groups.first() else {
        let remark = told.causes.remarks(&key.name).into_iter().next()?;
        return Some((elide(&format!("cause: {remark}"), width).into_owned(), Role::Muted));
    };
    let place = group.elsewhere(&key.name).map(|place| format!(" · in {place}")).unwrap_or_default();
    let new = if group.age == Age::New { " · new" } else { "" };
    let more = match told.causes.groups.len() {
        1 => String::new(),
        n => format!(" · and {} more", n - 1),
    };
    let sampled = told.causes.failed - told.causes.in_progress;
    let full = format!("{place} · {} of {sampled} sampled{new}{more}", group.traces);
    let short = format!("{place} · {} ×{new}", group.traces);
    let least = format!(" · {} ×{new}", group.traces);
    let head = format!("cause: {}", what(model, key, group));
    // What was thrown keeps the better half of the line; how often, and whether it is new, stays.
    let room = |tail: &str| width.saturating_sub(tail.chars().count());
    let tail = [full, short].into_iter().find(|tail| room(tail) >= head.chars().count().min(44)).unwrap_or(least);
    let text = format!("{}{tail}", elide(&head, room(&tail)));
    Some((text, Role::Text))
}

/// A failure to read, with what to do about it.
pub(super) fn unread(whose: &str, failure: &Failure) -> String {
    format!("{whose}: {}; {}", failure.message.shown(), failure.hint)
}
