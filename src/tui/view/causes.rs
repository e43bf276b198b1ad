//! Why a function fails, as its traces and its log tell it: one list, the commonest first; or why there is none.

use jiff::Timestamp;
use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{
    super::{board::Key, commands::Command, model::Model, theme::Role},
    alerts::rule,
    table::{self, Cell, Column, Holds},
    table_look,
    text::{elide, fitting, put, span, wrap},
};
use crate::{
    domain::{
        failure::Failure,
        function::ResourceType,
        logs::groups::LogCauses,
        text::{clock, count, counted, minutes},
        trace::{
            Failing,
            causes::{Age, ErrorGroup},
        },
        why::{Reason, Told, words::Read},
        window::Minute,
    },
    engine::inquiry::About,
};

const COLUMNS: [Column; 8] = [
    Column { title: "", least: 1, most: 1, holds: Holds::Names, rank: 0 },
    Column { title: "TIMES", least: 5, most: 7, holds: Holds::Numbers, rank: 2 },
    Column { title: "WHY IT FAILED", least: 30, most: 90, holds: Holds::Names, rank: 1 },
    Column { title: "TOLD BY", least: 7, most: 7, holds: Holds::Names, rank: 3 },
    Column { title: "BEGAN IN", least: 12, most: 44, holds: Holds::Names, rank: 4 },
    Column { title: "SEEN", least: 6, most: 6, holds: Holds::Names, rank: 6 },
    Column { title: "FIRST", least: 6, most: 13, holds: Holds::Numbers, rank: 7 },
    Column { title: "LAST", least: 6, most: 13, holds: Holds::Numbers, rank: 5 },
];

/// Lines that all of it takes, where there is room for so many.
pub(super) fn lines(model: &Model, key: &Key, width: u16, most: u16) -> u16 {
    if key.resource_type() == ResourceType::Table {
        return 0;
    }
    let reasons = model.reasons().len();
    let wanted = if reasons > 0 {
        // The longest of their examples, so that nothing moves as one goes from one to the other.
        let (told, columns) = (model.told_why(key), usize::from(width.saturating_sub(2)));
        let tall = |reason| example_lines(&told, reason, columns, EXAMPLE).len();
        let example = model.reasons().iter().take(usize::from(most)).map(tall).max().unwrap_or(1);
        span(reasons) + 2 + span(example) + span(lost(model, key, width).len())
    } else {
        1 + span(remarks(model, key, width).len())
    };
    wanted.min(most)
}

/// Draws it.
pub(super) fn draw(model: &Model, key: &Key, buf: &mut Buffer, area: Rect) {
    if area.height == 0 {
        return;
    }
    rule(model, buf, area, &head(model, key, usize::from(area.width.saturating_sub(6))));
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let (told, reasons) = (model.told_why(key), model.reasons());
    if reasons.is_empty() {
        for (place, line) in remarks(model, key, area.width).iter().enumerate().take(usize::from(below.height)) {
            put(buf, below, (below.x + 1, below.y + span(place)), line, model.theme.style(Role::Muted));
        }
        return;
    }
    let lost = lost(model, key, area.width);
    let below = if usize::from(below.height) >= 3 + lost.len() {
        for (place, line) in lost.iter().rev().enumerate() {
            put(buf, below, (below.x + 1, below.bottom() - 1 - span(place)), line, model.theme.style(Role::Warning));
        }
        Rect { height: below.height - span(lost.len()), ..below }
    } else {
        below
    };
    let state = model.list();
    // What is cut in the list stands whole below it.
    let below = if below.height > 2 {
        let selected = &reasons[state.place.min(reasons.len() - 1)];
        let room = usize::from(below.height).saturating_sub(1 + reasons.len()).clamp(1, EXAMPLE);
        let lines = example_lines(&told, selected, usize::from(area.width.saturating_sub(2)), room);
        let top = below.bottom() - span(lines.len());
        for (n, line) in lines.iter().enumerate() {
            put(buf, below, (below.x + 1, top + span(n)), line, model.theme.style(Role::Muted));
        }
        Rect { height: top - below.y, ..below }
    } else {
        below
    };
    let now = model.board.as_ref().map_or(Minute(0), |board| board.snapshot.horizon.now);
    let in_sight = (state.offset, reasons.len(), Some(state.place));
    let row = |place: usize| reasons.get(place).map(|reason| cells(model, key, &told, reason, now)).unwrap_or_default();
    table::draw(buf, below, table_look(model), &COLUMNS, in_sight, row);
}

/// Lines that the example of a cause takes at most.
const EXAMPLE: usize = 3;

/// The newest example of a cause, how often it was seen, what it means and the way on which it failed: what was said first.
fn example(told: &Told<'_>, reason: &Reason) -> Vec<String> {
    let newest = told.traced(reason).max_by_key(|group| group.last);
    let said =
        newest.and_then(|group| group.example_message.as_ref()).map(|message| format!("e.g. {}", message.shown()));
    let message = said.or_else(|| told.line(reason)).or_else(|| told.meaning(reason));
    let path = newest.filter(|group| group.chain.len() > 1).map(ErrorGroup::path);
    let into = if reason.traces > 0 { "in " } else { "" };
    let seen = format!("{into}{}", reason.seen(told));
    let meaning = told.meaning(reason).filter(|meaning| message.as_ref() != Some(meaning));
    [message, Some(seen), meaning, path].into_iter().flatten().collect()
}

/// The same in lines; in one, as many parts as there is room for.
fn example_lines(told: &Told<'_>, reason: &Reason, width: usize, most: usize) -> Vec<String> {
    let parts = example(told, reason);
    if most > 1 {
        let mut lines = wrap(&parts.join(" · "), width);
        if lines.len() > most {
            let rest = lines.split_off(most - 1).join(" ");
            lines.push(elide(&rest, width).into_owned());
        }
        return lines;
    }
    vec![fitting(parts, width)]
}

fn head(model: &Model, key: &Key, width: usize) -> String {
    let asking = model.is_asking(&About::Causes(((key.account.clone(), key.region.clone()), key.name.clone())));
    let (traces, log) = (model.causes(key), model.log_causes(key));
    let reading = asking || model.is_asking_log(key);
    if model.reasons().is_empty() {
        return match (asking, model.is_asking_log(key)) {
            (true, _) => "why: asking X-Ray…",
            (_, true) => "why: reading its log…",
            _ => "why, by its traces and its log",
        }
        .into();
    }
    let now = model.board.as_ref().map_or(Minute(0), |board| board.snapshot.horizon.now);
    let read = traces.map(|told| told.at).into_iter().chain(log.map(|told| told.at)).min();
    let old = read.map_or(0, |at| now.0 - Minute::floor(at).0);
    let refresh = model.keys.key_of(Command::Refresh);
    let age = match old {
        _ if reading && traces.is_some() && log.is_some() => " · asking again…".to_owned(),
        _ if reading => " · still asking…".to_owned(),
        ..2 => String::new(),
        old => format!(" · read {} ago, {refresh} reads again", minutes(old)),
    };
    let told = model.told_why(key);
    let (of_traces, of_log) = (told.of_traces(now), told.of_log(now));
    let full = format!("why, by {of_traces}, and {of_log}{age}");
    let any = |n: Option<u64>, noun: &str, read: Read| {
        let newest = if read == Read::Part { "the newest " } else { "" };
        n.filter(|n| *n > 0).map(|n| format!("{newest}{}", counted(n, noun)))
    };
    let sampled = traces.map(|told| told.causes.failed - told.causes.in_progress);
    let sampled = any(sampled, "sampled trace", told.read_of_traces());
    let (failed, written) = log.map_or((0, 0), |told| (told.causes.failed, told.causes.written()));
    let of_log = if failed > 0 { (failed, "failure") } else { (written, "logged error") };
    let logged = any(Some(of_log.0), of_log.1, told.read_of_log()).map(|failures| format!("{failures} in its log"));
    let short = [sampled, logged].into_iter().flatten().collect::<Vec<_>>().join(" and ");
    let short = format!("why, by {short}{age}");
    [full, short].into_iter().find(|text| text.width() <= width).unwrap_or_else(|| "why".into())
}

/// Why there are no causes, wrapped.
fn remarks(model: &Model, key: &Key, width: u16) -> Vec<String> {
    let width = usize::from(width.saturating_sub(2));
    let Some(told) = model.causes(key) else { return vec![String::new()] };
    let remarks = told.causes.remarks(&key.name);
    remarks.iter().flat_map(|remark| wrap(remark, width)).take(4).collect()
}

/// What traces could not tell, where the log tells some of it, wrapped.
fn lost(model: &Model, key: &Key, width: u16) -> Vec<String> {
    let Some(told) = model.causes(key).filter(|told| told.causes.failure.is_some()) else { return Vec::new() };
    let width = usize::from(width.saturating_sub(2));
    told.causes.remarks(&key.name).iter().flat_map(|remark| wrap(remark, width)).take(2).collect()
}

fn cells(model: &Model, key: &Key, told: &Told<'_>, reason: &Reason, now: Minute) -> Vec<Cell> {
    let theme = &model.theme;
    let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
    let traced = told.traced(reason).next();
    let (sign, role) = match traced {
        Some(group) => sign(Some(group.failing)),
        None if reason.failed => sign(Some(Failing::Fault)),
        None => sign(Some(Failing::Error)),
    };
    let (age, age_style) = match reason.age {
        Age::New => ("new", theme.style(Role::Warning)),
        Age::Known => ("before", muted),
        Age::Unknown => ("", muted),
    };
    let times = if reason.failures > 0 { count(reason.failures) } else { "?".into() };
    vec![
        (sign.into(), theme.style(role)),
        (times, text),
        (what(told, reason), text),
        (reason.seen_by().into(), muted),
        (traced.map(|group| place(key, group)).unwrap_or_default(), text),
        (age.into(), age_style),
        (at(reason.first, now), muted),
        (at(reason.last, now), muted),
    ]
}

/// Where it went wrong.
fn place(key: &Key, group: &ErrorGroup) -> String {
    let own = if group.is_refused() { "Lambda itself" } else { "its own code" };
    group.elsewhere(&key.name).unwrap_or_else(|| own.into())
}

/// What was thrown, or what is known instead.
fn what(told: &Told<'_>, reason: &Reason) -> String {
    told.meaning(reason).filter(|_| !reason.is_clear(told)).unwrap_or_else(|| told.headline(reason))
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

/// The commonest cause in one line, for whoever glances at an alert; and how it is coloured. Where traces tell of none and
/// the log was not asked yet, why traces don't.
pub(super) fn glance(model: &Model, key: &Key, width: usize) -> Option<(String, Role)> {
    let about = About::Causes(((key.account.clone(), key.region.clone()), key.name.clone()));
    let (told, reasons) = (model.told_why(key), model.reasons());
    let Some(reason) = reasons.first() else {
        let Some(traces) = told.traces else {
            return model.is_asking(&about).then(|| ("cause: asking X-Ray…".into(), Role::Muted));
        };
        if model.is_asking_log(key) {
            return Some(("cause: no trace tells it; reading its log…".into(), Role::Muted));
        }
        let of_log = told.log.map(LogCauses::remarks).unwrap_or_default();
        let remark = traces.remarks(&key.name).into_iter().chain(of_log).next()?;
        return Some((elide(&format!("cause: {remark}"), width).into_owned(), Role::Muted));
    };
    let elsewhere = told.traced(reason).find_map(|group| group.elsewhere(&key.name));
    let place = elsewhere.map(|place| format!(" · in {place}")).unwrap_or_default();
    let new = if reason.age == Age::New { " · new" } else { "" };
    let more = match reasons.len() {
        1 => String::new(),
        n => format!(" · and {} more", n - 1),
    };
    let (full, short) = if reason.traced.is_empty() {
        let of = told.log.map_or(0, |log| log.failed);
        (
            format!(" · {} of {} in its log{new}{more}", count(reason.lines), count(of)),
            format!(" · {} in its log{new}", count(reason.lines)),
        )
    } else {
        let sampled = told.traces.map_or(0, |traces| traces.failed - traces.in_progress);
        (
            format!("{place} · {} of {sampled} sampled{new}{more}", reason.traces),
            format!("{place} · {} ×{new}", reason.traces),
        )
    };
    let least = format!(" · {} ×{new}", reason.traces.max(reason.lines));
    let head = format!("cause: {}", what(&told, reason));
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
