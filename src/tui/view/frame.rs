//! What stands around every screen: where one is and how it stands above, the keys that matter here below.

use jiff::Timestamp;
use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{
    super::{
        commands::{self, Command},
        model::{Lines, Model, Screen},
        theme::Role,
    },
    centred,
    text::{elide, put, put_all, span},
};
use crate::{
    domain::{
        function::ResourceType,
        text::{clock, count, counted, minutes, usd},
        window::Minute,
    },
    engine::watch::{Pulse, Snapshot},
};

/// Lines of the header.
pub(super) const HEADER: u16 = 3;

/// Where one is, how old the data is, and how production stands.
pub(super) fn header(model: &Model, buf: &mut Buffer, area: Rect, now: Timestamp) {
    let theme = &model.theme;
    buf.set_style(Rect { height: 1, ..area }, theme.style(Role::Bar));
    // Where one is stays, whatever is said beside it.
    let filter = if filters(model.screen()) { model.filter.text().width() + 3 } else { 0 };
    let trail: usize = filter + model.trail.iter().map(|screen| screen.title().width() + 3).sum::<usize>() + 7;
    let room = usize::from(area.width).saturating_sub(trail.min(24 + filter));
    let right = age(model, now).into_iter().find(|text| text.width() < room).unwrap_or_default();
    let end = area.right().saturating_sub(span(right.width()) + 1);
    let left = Rect { width: end.saturating_sub(area.x + 1), ..area };
    let mut x = put(buf, left, (area.x + 1, area.y), "slmon", theme.style(Role::Title));
    for (place, screen) in model.trail.iter().enumerate() {
        let last = place + 1 == model.trail.len();
        x = put(buf, left, (x, area.y), " › ", theme.style(Role::Muted));
        let title = elide(&screen.title(), usize::from(left.right().saturating_sub(x))).into_owned();
        x = put(buf, left, (x, area.y), &title, theme.style(if last { Role::Text } else { Role::Muted }));
    }
    // A filter that holds is never out of sight.
    if !model.filter.is_empty() && !model.typing && filters(model.screen()) {
        let text = format!("  /{}", model.filter.text());
        put(
            buf,
            left,
            (x, area.y),
            &elide(&text, usize::from(left.right().saturating_sub(x))),
            theme.style(Role::Accent),
        );
    }
    put(buf, area, (end, area.y), &right, theme.style(Role::Muted));
    verdict(model, buf, Rect { y: area.y + 1, height: 1, ..area });
}

/// Whether the filter narrows what this screen shows.
fn filters(screen: &Screen) -> bool {
    matches!(screen, Screen::Alerts | Screen::Functions | Screen::Traces(_))
}

/// How old the data is, or how far the first reading has come: in full, and in fewer words.
fn age(model: &Model, now: Timestamp) -> Vec<String> {
    let demo = if model.demo { "demo · " } else { "" };
    let Some(board) = &model.board else { return vec![format!("{demo}starting"), "starting".into()] };
    let snapshot = &board.snapshot;
    let minute = Minute::floor(now);
    let unread = snapshot.pulses.values().filter(|pulse| pulse.failures > 0).count();
    if let Some(at) = snapshot.cached {
        let at = clock(at, minute);
        return vec![format!("{demo}functions as of {at}, reading"), format!("as of {at}")];
    }
    let read = match (snapshot.read_at, snapshot.under_way) {
        _ if model.paused => "PAUSED".to_owned(),
        (None, Some(progress)) => format!("reading {} of {} targets", progress.done, progress.targets),
        (None, None) if !snapshot.pulses.is_empty() || !board.troubles.is_empty() => "nothing could be read".to_owned(),
        (None, None) => "nothing to read".to_owned(),
        (Some(_), Some(progress)) if progress.done < progress.targets => {
            format!("reading {} of {} targets", progress.done, progress.targets)
        }
        (Some(at), _) if unread > 0 && unread == snapshot.pulses.len() => match minute.0 - at.0 {
            0 => "stale".to_owned(),
            age => format!("stale {}", minutes(age)),
        },
        (Some(_), _) if unread > 0 => {
            let all = snapshot.pulses.len();
            format!("{} of {} live", count((all - unread) as u64), counted(all as u64, "target"))
        }
        (Some(at), _) if minute.0 - at.0 <= 1 => "live".to_owned(),
        (Some(at), _) => format!("read {} ago", minutes(minute.0 - at.0)),
    };
    let mut all = vec![format!("{demo}{read}"), read.clone()];
    if let Some(judged) = judged_to(snapshot, minute) {
        all.insert(0, format!("{demo}{read} · judged to {judged} UTC"));
    }
    all
}

/// Up to which minute all that is read has been judged; from which to which, where targets differ by more than how
/// often they are read. Where nothing can be read any more, up to when it was; none where nothing was.
fn judged_to(snapshot: &Snapshot, near: Minute) -> Option<String> {
    if snapshot.pulses.is_empty() {
        let read = snapshot.read_at.is_some() && snapshot.fleet.target_count() > 0;
        return read.then(|| clock(snapshot.horizon.at, near));
    }
    let of = |pulse: &Pulse| Some((pulse.judged_to?, pulse.every));
    let pulses = || snapshot.pulses.values();
    let mut read: Vec<_> = pulses().filter(|pulse| pulse.failures == 0).filter_map(of).collect();
    if read.is_empty() {
        read = pulses().filter_map(of).collect();
    }
    let ends = || read.iter().map(|(at, _)| *at);
    let (oldest, newest) = (ends().min()?, ends().max()?);
    let late = read.iter().any(|(at, every)| newest.0 - at.0 > *every);
    let range = || format!("{}–{}", clock(oldest, near), clock(newest, near));
    Some(if late { range() } else { clock(oldest, near) })
}

/// Production in one line: how many fail, and what else there is.
fn verdict(model: &Model, buf: &mut Buffer, area: Rect) {
    let Some(board) = &model.board else { return };
    let (theme, counts) = (&model.theme, &board.counts);
    let quiet = theme.style(Role::Muted);
    let mut pieces: Vec<(String, _)> = Vec::new();
    let mut add = |n: usize, sign: &str, word: &str, role: Role| {
        if n > 0 {
            pieces.push((format!("{sign} {} {word}", count(n as u64)), theme.style(role)));
        }
    };
    add(counts.critical, "✗", "critical", Role::Critical);
    add(counts.warning, "▲", "warning", Role::Warning);
    add(counts.unknown, "?", "can't tell", Role::Warning);
    add(counts.ok, "●", "fine", Role::Ok);
    add(counts.quiet, "◦", "quiet", Role::Ok);
    add(counts.pending, "…", "reading", Role::Muted);
    add(counts.idle, "○", "idle", Role::Muted);
    add(counts.muted, "◌", "muted", Role::Info);
    if pieces.is_empty() {
        pieces.push(("no production function yet".into(), quiet));
    }
    // What could not be seen is the last to give way: of what is fine, what tells least goes first.
    let unseen = format!("{} of {} seen", counts.seen, counts.targets);
    let least = if counts.unseen > 0 { unseen.width() + 4 } else { 0 };
    let wide = |pieces: &[(String, _)]| pieces.iter().map(|(text, _): &(String, _)| text.width() + 3).sum::<usize>();
    while pieces.len() > 1 && wide(&pieces) + least > usize::from(area.width) {
        pieces.pop();
    }
    let mut x = area.x + 1;
    for (place, (text, style)) in pieces.iter().enumerate() {
        let gap = if place == 0 { "" } else { "   " };
        x = put_all(buf, area, (x, area.y), &[(gap, quiet), (text, *style)]);
    }
    let seen = if counts.unseen == 0 {
        format!("{} seen", counted(counts.targets as u64, "target"))
    } else {
        format!("{} of {} targets seen", counts.seen, counts.targets)
    };
    let meter = &board.snapshot.meter;
    let spent = format!("{} requests, {}", count(meter.usage.total()), usd(meter.usage.dollars()));
    let pace = match (meter.stretched, meter.budget) {
        (_, Some(budget)) if meter.least.is_some() => {
            let least = usd(meter.least.unwrap_or_default());
            format!("{}/h, {least}/day at least: {}/day can't hold", usd(meter.dollars_per_hour), usd(budget))
        }
        (0, _) | (_, None) => format!("{}/h", usd(meter.dollars_per_hour)),
        (n, Some(budget)) => {
            let targets = counted(n as u64, "target");
            format!("{}/h, {targets} less often for {}/day", usd(meter.dollars_per_hour), usd(budget))
        }
    };
    let accounts = counted(counts.accounts as u64, "account");
    let regions = counted(counts.regions as u64, "region");
    let clients = if counts.clients > 0 { counted(counts.clients as u64, "client") + " · " } else { String::new() };
    let watched = counted(counts.watched as u64, "function");
    let everything = format!("{clients}{accounts} × {regions} · {watched} watched · {seen} · {spent} · {pace}");
    let widest = format!("{accounts} × {regions} · {seen} · {spent} · {pace}");
    let rate = format!("{seen} · {pace}");
    let wide = format!("{seen} · {} · {pace}", usd(meter.usage.dollars()));
    let short = if counts.unseen == 0 { String::new() } else { unseen };
    let text = [everything, widest, wide, rate, seen, short]
        .into_iter()
        .find(|text| text.width() + 3 < usize::from(area.right().saturating_sub(x)));
    if let Some(text) = text {
        let at = area.right() - span(text.width()) - 1;
        let style = if counts.unseen > 0 { theme.style(Role::Warning) } else { quiet };
        put(buf, area, (at, area.y), &text, style);
    }
}

/// The keys that matter here; or what is being typed, or what was just done.
pub(super) fn footer(model: &Model, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    buf.set_style(area, theme.style(Role::Bar));
    let start = (area.x + 1, area.y);
    if model.typing {
        let found = match model.screen() {
            Screen::Traces(_) => counted(model.traces.len() as u64, "trace"),
            Screen::Accounts => counted(model.places.len() as u64, "row"),
            Screen::Trace(..) | Screen::Logs(_) => model.match_in_words().unwrap_or_default(),
            _ => counted(model.functions().count() as u64, "row"),
        };
        let x =
            put_all(buf, area, start, &[("/", theme.style(Role::Accent)), (model.typed(), theme.style(Role::Text))]);
        let x = put(buf, area, (x, area.y), "▏", theme.style(Role::Accent));
        let forms = match model.screen() {
            Screen::Accounts => " · client:  account:  region:  !not",
            Screen::Traces(_) => " · client:  account:  region:  name:  !not",
            Screen::Trace(..) | Screen::Logs(_) => "",
            _ => " · client:  stage:  tag:team=pay  err>5  !not",
        };
        let hints = [
            format!("   {found}{forms} · Enter keeps, Esc clears"),
            format!("   {found}{forms}"),
            format!("   {found} · Enter keeps, Esc clears"),
            format!("   {found}"),
        ];
        let room = usize::from(area.right().saturating_sub(x));
        let hint = hints.iter().find(|hint| hint.width() <= room).map_or("", String::as_str);
        put(buf, area, (x, area.y), hint, theme.style(Role::Muted));
        return;
    }
    if let Some(said) = &model.said {
        let said = elide(said, usize::from(area.width.saturating_sub(2)));
        put(buf, area, start, &said, theme.style(Role::Text));
        return;
    }
    let mut x = start.0;
    for (key, word) in hints(model) {
        let width = span(key.width() + word.width() + 3);
        if x + width > area.right() {
            break;
        }
        x = put_all(
            buf,
            area,
            (x, area.y),
            &[
                (&key, theme.style(Role::Accent)),
                (" ", theme.style(Role::Muted)),
                (&word, theme.style(Role::Muted)),
                ("  ", theme.style(Role::Muted)),
            ],
        );
    }
}

/// Keys and words for this screen, the one needed most first.
fn hints(model: &Model) -> Vec<(String, String)> {
    let here: &[Command] = match model.screen() {
        Screen::Alerts => &[
            Command::Open,
            Command::Acknowledge,
            Command::Mute,
            Command::Dev,
            Command::Filter,
            Command::Sort,
            Command::Group,
        ],
        Screen::Functions => &[Command::Open, Command::Filter, Command::Sort, Command::Group, Command::Columns],
        Screen::Function(_) => &[
            Command::Open,
            Command::Back,
            Command::PageDown,
            Command::FunctionLogs,
            Command::FunctionTraces,
            Command::Map,
            Command::Hours,
            Command::Left,
            Command::Acknowledge,
            Command::Mute,
            Command::Console,
            Command::CopyName,
        ],
        Screen::Traces(_) => &[
            Command::Open,
            Command::Everything,
            Command::Filter,
            Command::FunctionLogs,
            Command::Map,
            Command::CopyName,
        ],
        Screen::Trace(..) => &[
            Command::Open,
            Command::Back,
            Command::FunctionLogs,
            Command::Filter,
            Command::NextMatch,
            Command::CopyName,
            Command::Console,
        ],
        Screen::Logs(_) => &[
            Command::Open,
            Command::Back,
            Command::NextMatch,
            Command::Follow,
            Command::Filter,
            Command::CopyName,
            Command::Everything,
            Command::Help,
            Command::Level,
            Command::Hours,
            Command::Request,
        ],
        Screen::Map(_) => &[Command::Open, Command::Back, Command::Everything, Command::FunctionTraces],
        Screen::Recent => &[Command::Open],
        Screen::Accounts => &[Command::Map, Command::Open, Command::Filter, Command::Sort],
        Screen::Spots | Screen::Errors => &[],
    };
    let screens = [
        (Command::Alerts, "alerts"),
        (Command::Functions, "functions"),
        (Command::Recent, "recent"),
        (Command::Accounts, "accounts"),
        (Command::Spots, "spots"),
        (Command::Traces, "traces"),
        (Command::Logs, "logs"),
        (Command::Errors, "errors"),
    ];
    // A command without a key is left out.
    let hint = |command: Command, word: &str| (model.keys.key_of(command), word.to_owned());
    let word = |command: Command| match (model.screen(), command) {
        (Screen::Function(key), Command::Open | Command::FunctionLogs | Command::FunctionTraces | Command::Map)
            if key.resource_type() == ResourceType::Table =>
        {
            None
        }
        (Screen::Function(_), Command::PageDown) => (model.scroll < model.sheet.1).then_some("more below"),
        (Screen::Function(key), Command::Open) => {
            let only_logged = !model.reasons().is_empty() && model.trace_of_reason(key).is_none();
            Some(if only_logged { "its lines" } else { "a trace of it" })
        }
        (Screen::Trace(..), Command::Open) => Some("fold"),
        (Screen::Trace(..) | Screen::Logs(_), Command::Filter) => Some("search"),
        (Screen::Logs(_), Command::Open) => Some(if model.is_unfolded() { "fold" } else { "unfold" }),
        (Screen::Logs(_), Command::Back) if model.trail.len() == 1 && model.match_in_words().is_none() => None,
        (Screen::Logs(_), Command::NextMatch) => model.has_match().then_some("next match"),
        (Screen::Logs(_), Command::Hours) => Some("wrap"),
        (Screen::Logs(_), Command::Follow) if model.log.follow => Some("stop"),
        (Screen::Logs(Lines::Around(..)), Command::Everything) => {
            Some(if model.everything { "around its failure" } else { "newest" })
        }
        (Screen::Logs(_), Command::Everything)
        | (Screen::Logs(Lines::Trace(..) | Lines::Request(..)), Command::Follow)
        | (Screen::Logs(Lines::Request(..)), Command::Request) => None,
        (Screen::Logs(_), Command::CopyName) => Some("copy"),
        (Screen::Trace(..) | Screen::Traces(_), Command::CopyName) => Some("copy id"),
        (Screen::Map(_), Command::Open) => Some("into the middle"),
        _ => commands::entry(command)?.hint,
    };
    let own = |command: Command| Some(hint(command, word(command)?));
    let rest = [Command::Help, Command::Palette].into_iter().filter(|command| !here.contains(command));
    let here = here.iter().copied().chain(rest).filter_map(own);
    let screens = screens.map(|(command, word)| hint(command, word));
    let hints = here.chain(screens).chain(own(Command::Quit));
    hints.filter(|(key, _)| !key.is_empty()).collect()
}

/// Before the first answer.
pub(super) fn loading(model: &Model, buf: &mut Buffer, area: Rect) {
    let y = area.y + area.height / 3;
    centred(buf, area, y, "Finding accounts", model.theme.style(Role::Title));
    centred(
        buf,
        area,
        y + 2,
        "The first rows appear as soon as the first account answers.",
        model.theme.style(Role::Muted),
    );
}
