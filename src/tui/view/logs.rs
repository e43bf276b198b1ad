//! Lines of logs: when, how grave, whose, and what was written; and below whether they are followed, where the selected one
//! stands, and what could not be read.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};
use unicode_width::UnicodeWidthStr;

use super::{
    super::{
        board::called,
        commands::Command,
        lines::{Grid, INDENT, cut, laid, more, tall},
        model::{Lines, Model, Screen},
        theme::Role,
    },
    alerts::rule,
    silence,
    table::scrollbar,
    text::{elide, put, span, wrap},
};
use crate::{
    domain::{
        logs::{
            Level,
            shown::Tone,
            words::{clock, unread},
        },
        text::{clean, clock as minute, count, counted, usd},
        usage::DOLLARS_PER_TAILED_MINUTE,
        window::Minute,
    },
    engine::{
        lines::{Followed, tails},
        logbook::{BookLine, Live, ToldLines},
    },
};

/// Where the lines stand.
pub(super) fn list(_model: &Model, area: Rect) -> Rect {
    let below = match area.height {
        ..10 => 1,
        10..28 => 3,
        _ => 4,
    };
    Rect { y: area.y + 1, height: area.height.saturating_sub(1 + below), ..area }
}

pub(super) fn draw(model: &Model, of: &Lines, buf: &mut Buffer, area: Rect) {
    let list_area = list(model, area);
    let told = model.lines();
    head(model, of, told.map(|told| &**told), buf, Rect { height: 1, ..area });
    match told.filter(|_| !model.log.rows.is_empty()) {
        Some(told) => rows(model, told, buf, list_area),
        None => silence::draw(model, of, told.map(|told| &**told), buf, list_area),
    }
    let below = Rect { y: list_area.bottom(), height: area.bottom() - list_area.bottom(), ..area };
    foot(model, told.map(|told| &**told), buf, below);
}

/// The place of the line that stands in a cell.
pub(super) fn place_at(model: &Model, list: Rect, (x, y): (u16, u16)) -> Option<usize> {
    let told = model.lines()?;
    if !(list.x..list.right()).contains(&x) || !(list.y..list.bottom()).contains(&y) {
        return None;
    }
    let grid = Grid::new(list.width, told);
    let mut left = usize::from(y - list.y) + model.log.skip;
    for place in model.list().offset..model.log.rows.len() {
        let height = tall(&model.log, &grid, model.line(place)?);
        if left < height {
            return Some(place);
        }
        left -= height;
    }
    None
}

/// A time of the day, to the second.
fn second(at: jiff::Timestamp) -> String {
    clock(at).get(..8).unwrap_or_default().to_owned()
}

/// Columns of what is searched that are told in the head.
const SEARCHED: usize = 20;

/// Whose lines these are, and how many; what is searched and left out, and where one is.
fn head(model: &Model, of: &Lines, told: Option<&ToldLines>, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let rows = model.log.rows.len();
    let place = if rows > 0 {
        format!("{} of {}", count(model.list().place as u64 + 1), count(rows as u64))
    } else {
        String::new()
    };
    let searched = Some(&model.log.search.text).filter(|text| !text.is_empty());
    let switches = [
        searched.map(|text| {
            let found = model.match_in_words().map(|found| format!(" {found}")).unwrap_or_default();
            format!("/{}{found}", elide(text, SEARCHED))
        }),
        model.log.least.map(|least| format!("from {}", word(least))),
        model.log.wrap.then(|| "wrapped".to_owned()),
        model.log.secrets.then(|| "SECRETS SHOWN".to_owned()),
        Some(place).filter(|place| !place.is_empty()),
    ];
    let right = switches.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let end = area.right().saturating_sub(span(right.width()) + 2);
    let room = usize::from(end.saturating_sub(area.x + 3));
    let left = whose(model, of, told);
    let left = left.iter().find(|text| text.width() <= room).or(left.last()).map(|text| elide(text, room).into_owned());
    put(buf, area, (area.x + 1, area.y), &left.unwrap_or_default(), theme.style(Role::Title));
    let role = if model.log.secrets { Role::Warning } else { Role::Muted };
    put(buf, area, (end, area.y), &right, theme.style(role));
}

/// Whose lines these are, in more words and in fewer.
fn whose(model: &Model, of: &Lines, told: Option<&ToldLines>) -> Vec<String> {
    let log = &model.log;
    let all = told.map_or(0, |told| told.lines.len());
    let lines = match log.rows.len() {
        rows if rows == all => counted(all as u64, "line"),
        rows => format!("{} of {}", count(rows as u64), counted(all as u64, "line")),
    };
    let group = told.and_then(|told| told.functions.first()).map(|one| one.group.name.shown().into_owned());
    let group = group.map(|group| format!(" · {group}")).unwrap_or_default();
    let since = |(from, to): (jiff::Timestamp, jiff::Timestamp)| match to.as_second() - from.as_second() {
        ..43_200 => format!(" since {}", second(from)),
        _ => format!(" since {}", minute(Minute::floor(from), Minute::floor(to))),
    };
    let from = told.and_then(|told| told.span).map(since).unwrap_or_default();
    let span = told.and_then(|told| told.span);
    let span = span.map(|(from, to)| format!(", {} to {}", second(from), second(to))).unwrap_or_default();
    let (what, where_) = match of {
        Lines::Firing => {
            let (known, more) = (log.firing.0.len(), log.firing.1);
            let functions = match more {
                0 => counted(known as u64, "function"),
                more => format!("the worst {known} of {} functions", count((known + more) as u64)),
            };
            let which =
                if model.filter.is_empty() { "that fire".into() } else { format!("of /{}", model.filter.text()) };
            (format!("{functions} {which}"), String::new())
        }
        Lines::Newest(key) if !model.fails(key) => {
            ("it does not fail: its newest lines".into(), format!("{from}{group}"))
        }
        Lines::Newest(_) => ("its newest lines".into(), format!("{from}{group}")),
        // Where nothing says why it fails, these are the newest lines.
        Lines::Around(..) if model.everything || told.is_some_and(|told| !told.reading && told.chosen.is_none()) => {
            ("its newest lines".into(), format!("{from}{group}"))
        }
        Lines::Around(..) => {
            let chosen = told.and_then(|told| told.lines.iter().find(|line| Some(line.number) == told.chosen));
            let at = chosen.map(|line| format!(" at {}", second(line.line.event.at))).unwrap_or_default();
            (format!("around its newest failure{at}"), format!("{span}{group}"))
        }
        Lines::Trace(id, _) => {
            let functions = told.map_or(0, |told| told.functions.len());
            (format!("what {} wrote", counted(functions as u64, "function")), format!(" in trace {}", id.shown()))
        }
        Lines::Request(..) => ("all that this request wrote".into(), group),
    };
    // With lines left out, that is what has to be said where there is room for little.
    let least = if log.rows.len() == all { what.clone() } else { lines.clone() };
    vec![format!("{what} · {lines}{where_}"), format!("{what} · {lines}"), least]
}

/// The word of a level.
pub(super) fn word(level: Level) -> &'static str {
    match level {
        Level::Warn => "warning",
        level => level.as_str(),
    }
}

/// The sign of a level, its word, and how it is coloured.
fn graded(level: Option<Level>) -> (&'static str, &'static str, Role) {
    match level {
        Some(Level::Fatal) => ("✗", "fatal", Role::Critical),
        Some(Level::Error) => ("✗", "error", Role::Critical),
        Some(Level::Warn) => ("▲", "warn", Role::Warning),
        Some(Level::Info) => (" ", "info", Role::Info),
        Some(Level::Debug) => ("·", "debug", Role::Muted),
        Some(Level::Trace) => ("·", "trace", Role::Muted),
        None => (" ", "", Role::Muted),
    }
}

fn rows(model: &Model, told: &ToldLines, buf: &mut Buffer, area: Rect) {
    let state = model.list();
    let grid = Grid::new(area.width, told);
    let (mut y, mut skip) = (0, model.log.skip);
    for place in state.offset..model.log.rows.len() {
        if y >= usize::from(area.height) {
            break;
        }
        let Some(line) = model.line(place) else { break };
        let left = Rect { y: area.y + span(y), height: area.height - span(y), ..area };
        y += row(model, told, &grid, (line, place == state.place), skip, buf, left);
        skip = 0;
    }
    scrollbar(buf, area, model.theme.style(Role::Border), (state.offset, model.log.rows.len()));
}

/// Draws a line, without the first `skip` of its lines on the screen; and says how many it took.
fn row(
    model: &Model,
    told: &ToldLines,
    grid: &Grid,
    (line, here): (&BookLine, bool),
    skip: usize,
    buf: &mut Buffer,
    area: Rect,
) -> usize {
    let theme = &model.theme;
    let log = &model.log;
    let (folded, open) = laid(log, grid, line);
    let styled = |style: Style| {
        if here { theme.style(Role::Selection).add_modifier(style.add_modifier & Modifier::BOLD) } else { style }
    };
    let (sign, level, graded) = graded(line.line.level);
    let quiet = line.line.tone != Tone::Said || line.line.level.is_some_and(|level| level <= Level::Debug);
    let said = theme.style(match (line.line.fails, quiet) {
        (true, _) => Role::Critical,
        (_, true) => Role::Muted,
        _ => Role::Text,
    });
    let muted = theme.style(Role::Muted);
    let text = area.x + span(grid.before());
    let inside = Rect { width: area.width - 1, ..area };
    let taken = (folded.len() + open.len()).saturating_sub(skip).min(usize::from(area.height));
    for (n, piece) in folded.iter().enumerate().skip(skip).take(usize::from(area.height)) {
        let y = area.y + span(n - skip);
        if here {
            buf.set_style(Rect { y, height: 1, ..inside }, theme.style(Role::Selection));
        }
        if told.own.contains(&line.number) {
            put(buf, inside, (area.x, y), "▌", styled(theme.style(Role::Accent)));
        }
        if n == 0 {
            let mut x = area.x + 2;
            put(buf, inside, (x, y), &grid.at(line.line.event.at), styled(muted));
            x += span(grid.time) + 1;
            let level = if grid.level > 1 { format!("{sign} {level}") } else { sign.to_owned() };
            put(buf, inside, (x, y), &level, styled(theme.style(graded)));
            x += span(grid.level) + 1;
            let name = told.functions.get(line.place).map(|one| one.function.shown()).unwrap_or_default();
            put(buf, inside, (x, y), &elide(&name, grid.function), styled(muted));
        }
        // What is folded says how much there is of it, behind as much of the text as there is room for.
        let last = n + 1 == folded.len();
        let more = if last { more(log, line) } else { String::new() };
        let piece = cut(piece, grid.text.saturating_sub(more.width()).max(8));
        let end = put(buf, inside, (text, y), &piece, styled(said));
        let hides = !more.is_empty()
            && log.search.finds.as_ref().is_some_and(|finds| {
                !finds.is_match(line.line.head(log.secrets)) && finds.is_match(line.line.text(log.secrets))
            });
        put(buf, inside, (end, y), &more, styled(if hides { found(model) } else { muted }));
        mark(model, &piece, buf, (text, y));
    }
    let first = skip.saturating_sub(folded.len());
    let y = area.y + span(folded.len().saturating_sub(skip));
    let style = if line.line.fails { theme.style(Role::Text) } else { muted };
    for (n, piece) in open.iter().enumerate().skip(first) {
        let y = y + span(n - first);
        if y >= area.bottom() {
            break;
        }
        put(buf, inside, (text, y), "│", theme.style(if here { Role::Accent } else { Role::Border }));
        put(buf, inside, (text + span(INDENT), y), piece, style);
        mark(model, piece, buf, (text + span(INDENT), y));
    }
    taken
}

fn found(model: &Model) -> Style {
    model.theme.style(Role::Accent).add_modifier(Modifier::REVERSED)
}

/// Lets what is searched stand out.
fn mark(model: &Model, text: &str, buf: &mut Buffer, (x, y): (u16, u16)) {
    let Some(finds) = &model.log.search.finds else { return };
    for hit in finds.find_iter(text).take(20) {
        let at = Rect { x: x + span(text[..hit.start()].width()), y, width: span(hit.as_str().width()), height: 1 };
        buf.set_style(at.intersection(buf.area), found(model));
    }
}

/// What could not be read and why, in sentences; those of several functions with their names.
pub(super) fn troubles(told: &ToldLines) -> Vec<String> {
    let mut said: Vec<(String, Vec<&Followed>)> = Vec::new();
    for (place, failure) in &told.unread {
        let Some(one) = told.functions.get(*place) else { continue };
        let sentence = unread(&one.group, failure);
        match said.iter_mut().find(|(known, _)| *known == sentence) {
            Some((_, whose)) => whose.push(one),
            None => said.push((sentence, vec![one])),
        }
    }
    said.into_iter().map(|(sentence, _)| sentence).collect()
}

/// Whether lines are followed, where the selected one stands, and what could not be read.
fn foot(model: &Model, told: Option<&ToldLines>, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let (state, role) = following(model, told, usize::from(area.width.saturating_sub(6)));
    rule(model, buf, area, &state);
    buf.set_style(
        Rect { x: area.x + 3, width: span(state.width()), height: 1, ..area }.intersection(area),
        theme.style(role),
    );
    let inside = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(1),
    };
    let Some(told) = told else { return };
    let mut lines: Vec<(String, Role)> = Vec::new();
    let line = model.line(model.list().place);
    lines.extend(line.and_then(|line| Some((place_of(told, line)?, Role::Muted))));
    let more = told.more.iter().filter_map(|place| told.functions.get(*place));
    let more = more.map(|one| format!("there is more in {} than was read", one.group.name.shown()));
    let unknown = match model.screen() {
        Screen::Logs(Lines::Trace(id, _)) => model.requests_of_trace(id).map_or(0, |(_, unknown)| unknown),
        _ => 0,
    };
    let unknown = (unknown > 0).then(|| {
        format!("{} of it in accounts or regions that slmon does not know", counted(unknown as u64, "function"))
    });
    let troubles = troubles(told).into_iter().chain(told.remarks.iter().rev().cloned()).chain(unknown).chain(more);
    let mut said: Vec<(String, Role)> = troubles.map(|text| (text, Role::Warning)).collect();
    if line.is_some_and(|line| line.line.has_secrets()) && !model.log.secrets {
        let key = model.keys.key_of(Command::Secrets);
        said.push((format!("what looks like a secret is masked: {key} shows it"), Role::Info));
    }
    let room = usize::from(inside.height).saturating_sub(lines.len());
    if said.len() > room && room > 0 {
        let rest = said.len() - room;
        said.truncate(room);
        if let Some((last, _)) = said.last_mut() {
            let more = format!(" (and {rest} more)");
            let room = usize::from(inside.width).saturating_sub(more.width());
            *last = format!("{}{more}", cut(last, room));
        }
    }
    // A sentence that is longer than the line goes on below, where there is room.
    if let ([(text, role)], 2..) = (said.as_slice(), room) {
        let role = *role;
        lines.extend(wrap(text, usize::from(inside.width)).into_iter().take(room).map(|line| (line, role)));
    } else {
        lines.extend(said);
    }
    for (n, (text, role)) in lines.iter().take(usize::from(inside.height)).enumerate() {
        let text = cut(text, usize::from(inside.width));
        put(buf, inside, (inside.x, inside.y + span(n)), &text, theme.style(*role));
    }
}

/// Whose line it is, and of which request.
fn place_of(told: &ToldLines, line: &BookLine) -> Option<String> {
    let one = told.functions.get(line.place)?;
    let request = line.line.request.as_deref().map(|id| format!("request {}", clean(id)));
    let parts = [
        Some(one.function.shown().into_owned()),
        Some(called(&one.target.account)),
        Some(one.target.region.to_string()),
        request,
        Some(format!("stream {}", line.line.event.stream.shown())),
    ];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
}

/// Whether lines are followed, in words that fit.
fn following(model: &Model, told: Option<&ToldLines>, width: usize) -> (String, Role) {
    let key = |command| model.keys.key_of(command);
    let (follow, last) = (key(Command::Follow), key(Command::Last));
    let ended = matches!(model.screen(), Screen::Logs(Lines::Trace(..) | Lines::Request(..)));
    let let_go = told.map_or(0, |told| told.let_go);
    let let_go = if let_go > 0 { format!(" · {} older lines let go", count(let_go)) } else { String::new() };
    let live = model.log.told.lines.as_ref().map(|told| &told.live);
    let paid = told.map_or(1, |told| tails(&told.functions)).max(1);
    let (long, short, role) = match (live, &model.log.stopped) {
        _ if ended => ("it has ended: there is nothing to follow".into(), "ended".into(), Role::Muted),
        _ if model.paused && model.log.follow => ("PAUSED: nothing is followed".into(), "PAUSED".into(), Role::Warning),
        (_, Some(why)) => (
            format!("stopped, since {why} · {follow} follows again"),
            format!("stopped · {follow} follows again"),
            Role::Warning,
        ),
        (Some(Live::Ended(why)), _) => {
            (format!("ended {why} · {follow} follows again"), format!("ended · {follow} follows again"), Role::Warning)
        }
        (Some(Live::On { since, sessions, polled }), _) if model.log.follow => {
            let paid = match sessions {
                0 => String::new(),
                n => format!(
                    " · {}, {} a minute",
                    counted(*n as u64, "live tail"),
                    usd(*n as f64 * DOLLARS_PER_TAILED_MINUTE)
                ),
            };
            let asked = match (polled, sessions) {
                (0, _) => String::new(),
                (_, 0) => " · asked every 3 s: no live tail to be had".to_owned(),
                (n, _) => format!(" · {n} asked every 3 s: no live tail to be had"),
            };
            let since = minute(Minute::floor(*since), Minute::floor(*since));
            if model.log.held.is_some() {
                let fresh = counted(model.fresh_lines(), "new line");
                (
                    format!("standing still · {fresh} below · {last} goes on{paid}{asked}"),
                    format!("standing still · {fresh} · {last} goes on{paid}"),
                    Role::Info,
                )
            } else {
                (format!("● live since {since} UTC{paid}{asked} · {follow} stops"), format!("● live{paid}"), Role::Ok)
            }
        }
        _ if model.log.follow => ("beginning to follow".into(), "beginning to follow".into(), Role::Muted),
        _ => (
            format!(
                "not followed · {follow} follows what is written from now on, by {}, at {} a minute",
                counted(paid as u64, "live tail"),
                usd(paid as f64 * DOLLARS_PER_TAILED_MINUTE)
            ),
            format!("not followed · {follow} follows"),
            Role::Muted,
        ),
    };
    let full = format!("{long}{let_go}");
    let all = [full, long, format!("{short}{let_go}"), short.clone()];
    (all.into_iter().find(|text| text.width() <= width).unwrap_or(short), role)
}
