//! The newest traces as they come, and how long they took.

use jiff::{Timestamp, tz::TimeZone};
use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    super::{board::called, commands::Command, model::Model, theme::Role},
    alerts::rule,
    causes::{sign, unread},
    centred,
    table::{self, Cell, Column, Holds},
    table_look,
    text::{elide, put, put_all},
};
use crate::{
    domain::{
        text::{AwsText, count, counted, minutes, usd},
        trace::{Failing, Summary, words::seconds},
        usage::DOLLARS_PER_TRACE,
    },
    engine::inquiry::{About, ToldNewest, TraceSeen},
};

const COLUMNS: [Column; 9] = [
    Column { title: "", least: 1, most: 1, holds: Holds::Names, rank: 0 },
    Column { title: "BEGAN", least: 8, most: 15, holds: Holds::Numbers, rank: 1 },
    Column { title: "TOOK", least: 7, most: 10, holds: Holds::Numbers, rank: 3 },
    Column { title: "FUNCTION", least: 16, most: 40, holds: Holds::Names, rank: 2 },
    Column { title: "ENDED", least: 12, most: 12, holds: Holds::Names, rank: 5 },
    Column { title: "WHAT WAS THROWN", least: 28, most: 70, holds: Holds::Names, rank: 4 },
    Column { title: "CLIENT", least: 10, most: 20, holds: Holds::Names, rank: 7 },
    Column { title: "ACCOUNT", least: 12, most: 24, holds: Holds::Names, rank: 6 },
    Column { title: "REGION", least: 9, most: 14, holds: Holds::Names, rank: 8 },
];

/// Lines about how long they took, with the line above them.
const BELOW: u16 = 5;

/// Where the list stands.
pub(super) fn list(area: Rect) -> Rect {
    Rect { height: area.height.saturating_sub(if area.height > 12 { BELOW } else { 1 }), ..area }
}

pub(super) fn draw(model: &Model, buf: &mut Buffer, area: Rect) {
    let list_area = list(area);
    let told = model.newest();
    if model.traces.is_empty() {
        nothing(model, told, buf, list_area);
    } else {
        let state = model.list();
        let row = |place: usize| model.seen(place).map(|seen| cells(model, seen)).unwrap_or_default();
        let in_sight = (state.offset, model.traces.len(), Some(state.place));
        table::draw(buf, list_area, table_look(model), &COLUMNS, in_sight, row);
    }
    let below = Rect { y: list_area.bottom(), height: area.bottom() - list_area.bottom(), ..area };
    if below.height < BELOW {
        let text = told.map(|told| reading(model, told, usize::from(area.width.saturating_sub(2)))).unwrap_or_default();
        put(buf, below, (below.x + 1, below.y), &text, model.theme.style(Role::Muted));
        return;
    }
    took(model, told, buf, below);
}

/// Why there is nothing in sight.
fn nothing(model: &Model, told: Option<&ToldNewest>, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let y = area.y + area.height / 3;
    let everything = model.keys.key_of(Command::Everything);
    let (head, text, role) = match told {
        _ if model.paused => ("Paused", format!("{} goes on reading", model.keys.key_of(Command::Pause)), Role::Title),
        None => ("Asking X-Ray", String::new(), Role::Title),
        Some(told) if told.read.1 == 0 => {
            ("No function to ask for", "no watched production function fits the filter".into(), Role::Warning)
        }
        Some(told) if told.read.0 < told.read.1 => {
            ("Asking X-Ray", format!("{} of {} targets read", told.read.0, told.read.1), Role::Title)
        }
        Some(told) if !told.rows.is_empty() => {
            ("The filter leaves out all traces", format!("{} were found", count(told.rows.len() as u64)), Role::Warning)
        }
        Some(told) if told.failures.len() == told.read.1 => {
            ("No traces can be read", "see below for why".into(), Role::Warning)
        }
        Some(told) if told.about == About::Newest(None, true) || model.everything => (
            "No traces in the last 15 minutes",
            "nothing ran, or active tracing is off: X-Ray knows only what functions send".into(),
            Role::Title,
        ),
        Some(_) => (
            "● No failed trace in the last 15 minutes",
            format!("X-Ray samples: a failure may be in no trace · {everything} shows those that did not fail"),
            Role::Ok,
        ),
    };
    centred(buf, area, y, head, theme.style(role));
    centred(buf, area, y + 2, &text, theme.style(Role::Muted));
}

fn cells(model: &Model, seen: &TraceSeen) -> Vec<Cell> {
    let theme = &model.theme;
    let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
    let summary = &seen.summary;
    let (glyph, role) = sign(summary.failing());
    let account = &seen.target.account;
    let functions: Vec<_> = summary.functions().map(|name| name.shown().into_owned()).collect();
    let functions = match functions.as_slice() {
        [] => summary.services.first().map(|service| service.name.shown().into_owned()).unwrap_or_default(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} +{}", rest.len()),
    };
    vec![
        (glyph.into(), theme.style(role)),
        (began(summary.start), text),
        (seconds(summary.duration), text),
        (functions, text),
        (ended(summary), if summary.failed() { theme.style(role) } else { muted }),
        (summary.exception().map(|it| AwsText::from(it).shown().into_owned()).unwrap_or_default(), text),
        (account.client.as_ref().map(|client| client.shown().into_owned()).unwrap_or_default(), muted),
        (called(account), muted),
        (seen.target.region.to_string(), muted),
    ]
}

fn began(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M:%S").to_string()
}

/// How it ended: the status it answered with, or in a word.
fn ended(summary: &Summary) -> String {
    let word = match (summary.failing(), summary.partial) {
        (_, true) => "in progress",
        (Some(Failing::Throttle), _) => "refused",
        (Some(failing), _) => failing.as_str(),
        (None, _) => "ok",
    };
    // Lambda answers 200 where a function throws: beside a fault that tells nothing.
    let status = summary.status.filter(|status| *status >= 400 || !summary.failed());
    status.map_or_else(|| word.to_owned(), |status| format!("{word} {status}"))
}

/// How they are read, in as many words as there is room for, those that matter most first.
fn reading(model: &Model, told: &ToldNewest, width: usize) -> String {
    let everything = model.keys.key_of(Command::Everything);
    let shown = if model.everything { "all" } else { "only failing" };
    let other = if model.everything { "only failing" } else { "all" };
    let time = |seconds: u64| match seconds {
        ..120 => format!("{seconds} s"),
        more => minutes(more.cast_signed() / 60),
    };
    let every = match told.every {
        (_, 0) => String::new(),
        (least, most) if least == most => format!("every {}", time(most)),
        (least, most) => format!("every {} to {}", time(least), time(most)),
    };
    let dollars = usd(told.scanned as f64 * DOLLARS_PER_TRACE);
    let read = counted(told.read.1 as u64, "target");
    let parts = [
        if told.gaps { "so much is traced that only a part is read".to_owned() } else { String::new() },
        format!("{shown} ({everything}: {other})"),
        if told.read.0 < told.read.1 { format!("{} of {read} read", told.read.0) } else { read },
        every,
        format!("{} looked through, {dollars}", counted(told.scanned, "trace")),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).fold(String::new(), |line, part| {
        let longer = if line.is_empty() { part } else { format!("{line} · {part}") };
        if longer.chars().count() <= width { longer } else { line }
    })
}

/// How long they took, how they are read, and what could not be.
fn took(model: &Model, told: Option<&ToldNewest>, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
    let traces = counted(model.took.traces, "trace");
    rule(model, buf, area, &format!("how long {traces} took, of those sampled by X-Ray"));
    let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let buckets = buckets(model);
    let bars: String = buckets.iter().map(|(_, bar)| *bar).collect();
    let x = put_all(buf, inside, (inside.x, area.y + 1), &[(&bars, theme.style(Role::Accent)), ("  ", muted)]);
    put(buf, inside, (x, area.y + 1), &model.took.words(), text);
    // The ends of the axis, where there is room for both.
    if let (Some((first, _)), Some((last, _))) = (buckets.first(), buckets.last()) {
        let axis = format!("up to {} … up to {}", seconds(*first), seconds(*last));
        put(buf, inside, (inside.x, area.y + 2), &axis, muted);
    }
    let Some(told) = told else { return };
    let fit = |text: &str| elide(text, usize::from(inside.width)).into_owned();
    put(buf, inside, (inside.x, area.y + 3), &reading(model, told, usize::from(inside.width)), muted);
    if let Some((target, failure)) = told.failures.first() {
        let more = told.failures.len() - 1;
        let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        let whose = format!("{} {}{more}", called(&target.account), target.region);
        put(buf, inside, (inside.x, area.y + 4), &fit(&unread(&whose, failure)), theme.style(Role::Warning));
    }
}

/// The histogram from its first to its last bucket, each twice as long as the one before; an empty one is a dot.
fn buckets(model: &Model) -> Vec<(f64, char)> {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = model.took.histogram.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let mut buckets: Vec<(f64, char)> = Vec::new();
    for (upper, count) in &model.took.histogram {
        while let Some((last, _)) = buckets.last().filter(|(last, _)| last * 3.0 < *upper && buckets.len() < 40) {
            buckets.push((last * 2.0, '·'));
        }
        let height = usize::try_from((count * 8).div_ceil(most)).unwrap_or(8).clamp(1, 8);
        buckets.push((*upper, BLOCKS[height - 1]));
    }
    buckets
}
