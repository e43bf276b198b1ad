//! One trace: its parts as bars on the axis of the whole, and all that is known of the selected one.

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
        model::{Model, Screen},
        theme::Role,
    },
    alerts::rule,
    causes::unread,
    centred,
    text::{elide, put, span, wrap},
};
use crate::{
    domain::{
        account::TargetKey,
        text::AwsText,
        trace::{
            tree::{Node, Tree, is_lambda},
            words::{bar, micros},
        },
    },
    engine::inquiry::About,
};

/// Lines about the trace as a whole, above the titles.
const HEAD: u16 = 1;

/// Where the parts stand, with their titles.
pub(super) fn list(area: Rect) -> Rect {
    let below = match area.height {
        ..12 => 0,
        12..24 => 7,
        24..40 => 11,
        _ => 16,
    };
    Rect { y: area.y + HEAD, height: area.height.saturating_sub(HEAD + below), ..area }
}

pub(super) fn draw(model: &Model, id: &AwsText, at: &TargetKey, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let Some(told) = model.trace() else {
        let asking = model.is_asking(&About::Trace(id.clone()));
        let text = if asking { "Asking X-Ray for all its parts" } else { "Waiting to ask X-Ray" };
        centred(buf, area, area.y + area.height / 3, text, theme.style(Role::Title));
        return;
    };
    let Some(tree) = &told.tree else {
        let y = area.y + area.height / 3;
        centred(buf, area, y, "Nobody who was asked knows this trace", theme.style(Role::Warning));
        let why = match told.failures.first() {
            Some((target, failure)) => unread(&format!("{} {}", called(&target.account), target.region), failure),
            None => "X-Ray keeps traces for 30 days; with Transaction Search it hands out none whole".into(),
        };
        for (place, line) in wrap(&why, usize::from(area.width.saturating_sub(8))).iter().enumerate().take(4) {
            centred(buf, area, y + 2 + span(place), line, theme.style(Role::Muted));
        }
        return;
    };
    head(model, tree, told.failures.len(), buf, area);
    let list_area = list(area);
    rows(model, tree, buf, list_area);
    let below = Rect { y: list_area.bottom(), height: area.bottom() - list_area.bottom(), ..area };
    if below.height > 0 {
        let place = model.spans.get(model.list().place).and_then(|place| tree.nodes.get(*place));
        details(model, tree, place, at, buf, below);
    }
}

fn head(model: &Model, tree: &Tree, unasked: usize, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let x = put(buf, area, (area.x + 1, area.y), &tree.summary(), theme.style(Role::Title));
    let mut more = String::new();
    if let Some((node, share)) = tree.slowest().filter(|(_, share)| *share >= 0.2) {
        more = format!("   most of it: {}, {} ({:.0} %)", node.label(), micros(node.own), share * 100.0);
    }
    if unasked > 0 {
        more = format!("   {unasked} targets could not be asked for their part{more}");
    }
    let room = usize::from(area.right().saturating_sub(x + 1));
    let role = if unasked > 0 { Role::Warning } else { Role::Muted };
    put(buf, area, (x, area.y), &elide(&more, room), theme.style(role));
}

/// Columns of a waterfall: where names end, where bars begin, and the times after them.
struct Places {
    names: usize,
    bars: usize,
    own: bool,
    word: usize,
}

impl Places {
    fn new(rows: &[(&Node, String)], width: usize) -> Self {
        let most = (width * 2 / 5).clamp(14, 64);
        let widest = rows.iter().map(|(node, label)| indent(node) + 2 + label.width()).max().unwrap_or(0);
        let names = widest.clamp(14, most);
        let own = width >= 100;
        let word = if width >= 70 { 11 } else { 1 };
        let bars = width.saturating_sub(2 + 2 + names + 2 + 9 + if own { 11 } else { 0 } + word + 3).max(8);
        Self { names, bars, own, word }
    }
}

/// Deep trees don't push their names off the screen.
fn indent(node: &Node) -> usize {
    node.depth.min(10) * 2
}

fn rows(model: &Model, tree: &Tree, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
    let state = model.list();
    let in_sight = usize::from(area.height.saturating_sub(1));
    let shown: Vec<(&Node, String)> = model
        .spans
        .iter()
        .skip(state.offset)
        .take(in_sight)
        .filter_map(|place| tree.nodes.get(*place))
        .map(|node| (node, node.label()))
        .collect();
    let places = Places::new(&shown, usize::from(area.width));
    let x = area.x + 1;
    let bars = x + 2 + span(places.names) + 2;
    let times = bars + span(places.bars) + 1;
    put(buf, area, (x + 2, area.y), "PART", muted);
    axis(tree, buf, Rect { x: bars, width: span(places.bars), height: 1, ..area }, muted);
    put(buf, area, (times + 5, area.y), "TOOK", muted);
    if places.own {
        put(buf, area, (times + 16, area.y), "ITSELF", muted);
    }
    for (line, (node, label)) in shown.iter().enumerate() {
        let y = area.y + 1 + span(line);
        let here = state.offset + line == state.place;
        if here {
            buf.set_style(Rect { y, height: 1, ..area }, theme.style(Role::Selection));
        }
        let styled = |style: Style| {
            if here { theme.style(Role::Selection).add_modifier(style.add_modifier & Modifier::BOLD) } else { style }
        };
        let (sign, role) = sign(node);
        put(buf, area, (x, y), sign, styled(theme.style(role)));
        let fold = match node.below {
            0 => " ",
            _ if model.folded.contains(&node.span.id) => "▸",
            _ => "▾",
        };
        let left = x + 2 + span(indent(node));
        put(buf, area, (left, y), fold, styled(muted));
        let room = places.names.saturating_sub(indent(node) + 2);
        let name = if node.began { theme.style(Role::Critical).add_modifier(Modifier::BOLD) } else { text };
        put(buf, area, (left + 2, y), &elide(label, room), styled(name));
        let (lead, blocks) = bar(tree, node, places.bars);
        let inside = Rect { x: bars, y, width: span(places.bars), height: 1 };
        let colour = match sign {
            " " | "❄" if node.critical => theme.style(Role::Accent),
            " " => theme.style(Role::Info),
            _ => theme.style(role),
        };
        put(buf, inside, (bars + span(lead), y), &blocks, styled(colour));
        let took = micros(node.took());
        put(buf, area, (times, y), &format!("{took:>9}"), styled(text));
        if places.own {
            let own = micros(node.own);
            put(buf, area, (times + 11, y), &format!("{own:>11}"), styled(muted));
        }
        let at = times + if places.own { 24 } else { 11 };
        let word = elide(node.ending(), places.word).into_owned();
        put(buf, area, (at, y), &word, styled(theme.style(role)));
    }
}

/// The times above the bars: the begin, the middle and the end of the trace.
fn axis(tree: &Tree, buf: &mut Buffer, area: Rect, style: Style) {
    let end = micros(tree.took());
    let middle = micros(tree.took() / 2);
    put(buf, area, (area.x, area.y), "0", style);
    let width = usize::from(area.width);
    if width >= 30 {
        put(buf, area, (area.x + span(width / 2 - middle.width() / 2), area.y), &middle, style);
    }
    if width > end.width() + 2 {
        put(buf, area, (area.right() - span(end.width()), area.y), &end, style);
    }
}

fn sign(node: &Node) -> (&'static str, Role) {
    let span = &node.span;
    match (span.fault, span.error || span.throttle, span.end) {
        (true, ..) => ("✗", Role::Critical),
        (_, true, _) => ("▲", Role::Warning),
        (.., None) => ("…", Role::Muted),
        _ if node.is_cold_start() => ("❄", Role::Info),
        _ => (" ", Role::Text),
    }
}

/// All that is known of a part.
fn details(model: &Model, tree: &Tree, node: Option<&Node>, at: &TargetKey, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let Some(node) = node else { return };
    let title = node.label();
    let room = usize::from(area.width.saturating_sub(8));
    rule(model, buf, area, &elide(&title, room));
    let width = usize::from(area.width.saturating_sub(14));
    let mut y = area.y + 1;
    for (label, text, role) in facts(model, tree, node, at) {
        for (place, line) in wrap(&text, width).iter().enumerate().take(4) {
            if y >= area.bottom() {
                return;
            }
            if place == 0 {
                put(buf, area, (area.x + 1, y), label, theme.style(Role::Muted));
            }
            put(buf, area, (area.x + 13, y), line, theme.style(role));
            y += 1;
        }
    }
}

type Fact = (&'static str, String, Role);

fn facts(model: &Model, tree: &Tree, node: &Node, (account, region): &TargetKey) -> Vec<Fact> {
    let span = &node.span;
    let mut facts: Vec<Fact> = Vec::new();
    for thrown in &span.exceptions {
        let name = thrown.name.as_ref().map_or("exception".into(), |name| name.shown());
        let message = thrown.message.as_ref().map_or(String::new(), |message| format!(": {}", message.shown()));
        facts.push(("thrown", format!("{name}{message}"), Role::Critical));
        let frames = thrown.stack.iter().map(|frame| ("", format!("at {}", frame.shown()), Role::Muted));
        facts.extend(frames.take(8));
        if thrown.stack.len() > 8 {
            facts.push(("", format!("… {} more frames", thrown.stack.len() - 8), Role::Muted));
        }
    }
    if let Some(by) = &span.caused_by
        && let Some(other) = tree
            .nodes
            .iter()
            .find(|other| other.span.id != span.id && other.span.exceptions.iter().any(|it| it.id.as_ref() == Some(by)))
    {
        facts.push(("failed by", other.label(), Role::Text));
    }
    if is_lambda(span) {
        facts.push(("is", "Lambda itself, which runs the code".into(), Role::Muted));
    }
    if let Some((request, status)) = &span.http {
        let status = status.map(|status| format!(" → {status}")).unwrap_or_default();
        facts.push(("HTTP", format!("{}{status}", request.shown()), Role::Text));
    }
    if let Some(sql) = &span.sql {
        facts.push(("SQL", sql.shown().into_owned(), Role::Text));
    }
    if span.retries > 0 {
        facts.push(("retries", format!("the SDK tried it {} times", span.retries + 1), Role::Warning));
    }
    let noted: Vec<String> =
        span.annotations.iter().map(|(key, value)| format!("{}={}", key.shown(), value.shown())).collect();
    if !noted.is_empty() {
        facts.push(("annotations", noted.join("  "), Role::Text));
    }
    for (key, value) in &span.metadata {
        facts.push(("metadata", format!("{}: {}", key.shown(), value.shown()), Role::Muted));
    }
    let whose = span.account.as_ref().unwrap_or(account);
    let name = model.board.as_ref().and_then(|board| {
        let state = board.targets.iter().find(|state| state.target.account.id == *whose)?;
        Some(called(&state.target.account))
    });
    let ids = [
        Some(name.unwrap_or_else(|| whose.to_string())),
        Some(span.region.as_ref().map_or_else(|| region.to_string(), |region| region.shown().into_owned())),
        span.request_id.as_ref().map(|id| format!("request {}", id.shown())),
    ];
    facts.push(("where", ids.into_iter().flatten().collect::<Vec<_>>().join(" · "), Role::Muted));
    for remark in &tree.remarks {
        facts.push(("note", remark.clone(), Role::Warning));
    }
    let next = model.keys.key_of(Command::NextMatch);
    if !model.search.is_empty() && model.said.is_none() && matches!(model.screen(), Screen::Trace(..)) {
        let words = AwsText::from(model.search.as_str()).shown().into_owned();
        let found = model.match_in_words().map(|found| format!(" · {found}")).unwrap_or_default();
        let next = if model.has_match() { format!(" · {next} goes to the next") } else { String::new() };
        facts.push(("search", format!("\"{words}\"{found}{next}"), Role::Info));
    }
    facts
}
