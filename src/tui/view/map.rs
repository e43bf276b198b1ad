//! Who calls a function and what it calls: callers on the left, what is in the middle, what it calls on the right, with
//! how each call ended. One walks over it.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};
use unicode_width::UnicodeWidthStr;

use super::{
    super::{
        board::{Key, called},
        commands::Command,
        model::{Model, Side},
        theme::Role,
    },
    alerts::rule,
    causes::unread,
    centred,
    text::{elide, put, span, wrap},
};
use crate::{
    domain::{
        text::{counted, percent},
        trace::{
            graph::{Graph, Key as Node, Stats},
            words::seconds,
        },
    },
    engine::inquiry::{About, ToldMap},
};

/// Lines of a node, with the empty one after it.
const NODE: u16 = 3;
/// Lines below the map, with the line above them.
const BELOW: u16 = 5;
/// Cells between two columns, for the lines that join them.
const JOIN: u16 = 6;

pub(super) fn draw(model: &Model, key: &Key, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let Some(told) = model.mapped() else {
        let about = About::Map(((key.account.clone(), key.region.clone()), key.name.clone()));
        let text = if model.is_asking(&about) { "Asking X-Ray who calls whom" } else { "Waiting to ask X-Ray" };
        centred(buf, area, area.y + area.height / 3, text, theme.style(Role::Title));
        return;
    };
    let below_height = if area.height > 14 { BELOW } else { 0 };
    let above = Rect { height: area.height - below_height, ..area };
    match model.drawn() {
        None => unknown(model, key, told, buf, above),
        Some((graph, middle)) => {
            columns(model, told, &graph, &middle, buf, above);
            if below_height > 0 {
                below(model, told, &graph, &middle, buf, Rect { y: above.bottom(), height: below_height, ..area });
            }
        }
    }
}

fn unknown(model: &Model, key: &Key, told: &ToldMap, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let y = area.y + area.height / 3;
    let head = format!("X-Ray knows no call of {} in the last {} min", key.name.shown(), told.minutes);
    centred(buf, area, y, &head, theme.style(Role::Title));
    let why = match told.failures.first() {
        Some((target, failure)) => unread(&format!("{} {}", called(&target.account), target.region), failure),
        None => "It did not run, or its active tracing is off.".into(),
    };
    for (place, line) in wrap(&why, usize::from(area.width.saturating_sub(8))).iter().enumerate().take(4) {
        centred(buf, area, y + 2 + span(place), line, theme.style(Role::Muted));
    }
}

/// `12/min · 41 % failed · p95 10.2 s`, in as few words as there is room for.
fn told_of(what: &str, stats: &Stats, minutes: i64, width: usize) -> String {
    let rate = stats.total() as f64 / minutes.max(1) as f64;
    let rate = if rate >= 9.95 { format!("{rate:.0}/min") } else { format!("{rate:.1}/min") };
    let share = percent(stats.share().unwrap_or(0.0));
    let word = if stats.throttles == stats.failed() { "throttled" } else { "failed" };
    let failed = (stats.failed() > 0).then(|| format!("{share} {word}"));
    let brief = (stats.failed() > 0).then_some(share);
    let p95 = stats.percentile(0.95).map(|p95| format!("p95 {}", seconds(p95)));
    let what = Some(what.to_owned()).filter(|what| !what.is_empty());
    let rate = Some(rate);
    let forms = [
        [&what, &rate, &failed, &p95],
        [&None, &rate, &failed, &p95],
        [&None, &rate, &brief, &p95],
        [&None, &None, &brief, &p95],
        [&None, &rate, &brief, &None],
    ];
    let text =
        |form: &[&Option<String>; 4]| form.iter().filter_map(|part| part.as_deref()).collect::<Vec<_>>().join(" · ");
    let fits = |text: &String| text.width() <= width;
    let mut texts = forms.iter().map(text);
    texts.find(fits).unwrap_or_else(|| text(&forms[4]))
}

fn mark(stats: &Stats) -> (&'static str, Role) {
    match (stats.faults, stats.failed()) {
        (1.., _) => ("✗", Role::Critical),
        (_, 1..) => ("▲", Role::Warning),
        _ => ("●", Role::Ok),
    }
}

/// A node to draw: which, how its call ended, and whether one is on it.
struct Spot<'a> {
    node: &'a Node,
    stats: &'a Stats,
    here: bool,
}

fn columns(model: &Model, told: &ToldMap, graph: &Graph, middle: &Node, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let side = area.width.saturating_sub(2 + 2 * JOIN) / 3;
    let widths = [side, area.width.saturating_sub(2 + 2 * JOIN + 2 * side), side];
    let left = area.x + 1;
    let columns = [left, left + widths[0] + JOIN, left + widths[0] + widths[1] + 2 * JOIN];
    let titles = ["CALLERS", "", "CALLS"];
    for ((x, title), width) in columns.iter().zip(titles).zip(widths) {
        put(buf, Rect { width, x: *x, ..area }, (*x, area.y), title, theme.style(Role::Muted));
    }
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let callers = graph.callers(middle);
    let calls = graph.callees(middle);
    let centre = body.y + (body.height / 2).saturating_sub(2);
    let walk = &model.walk;
    let own = graph.stats(middle).cloned().unwrap_or_default();
    let spot = Spot { node: middle, stats: &own, here: walk.side == Side::Middle };
    node(model, told, &spot, buf, Rect { x: columns[1], y: centre, width: widths[1], height: NODE });
    for (edges, of, x, width) in
        [(&callers, Side::Callers, columns[0], widths[0]), (&calls, Side::Callees, columns[2], widths[2])]
    {
        let on = (walk.side == of).then_some(walk.place);
        stack(model, told, edges, (of, on), buf, (Rect { x, width, ..body }, centre));
    }
    let none = |side: Side| match (side, model.everything) {
        (Side::Callers, false) => "none whose calls fail",
        (_, false) => "nothing that fails",
        (Side::Callers, true) => "none that X-Ray knows",
        (_, true) => "nothing that X-Ray knows",
    };
    for (empty, side, x, width) in [
        (callers.is_empty(), Side::Callers, columns[0], widths[0]),
        (calls.is_empty(), Side::Callees, columns[2], widths[2]),
    ] {
        if empty {
            put(buf, Rect { x, width, ..body }, (x, centre), none(side), theme.style(Role::Muted));
        }
    }
}

/// One side of the map, in the middle of its height, and the lines that join it to what is in the middle.
fn stack(
    model: &Model,
    told: &ToldMap,
    edges: &[(&Node, &Stats)],
    (side, on): (Side, Option<usize>),
    buf: &mut Buffer,
    (area, centre): (Rect, u16),
) {
    if edges.is_empty() || area.height < NODE {
        return;
    }
    let room = usize::from(area.height / NODE).max(1);
    // Where not all fit, those around the one that one is on do; a line tells of the rest.
    let shown = edges.len().min(if edges.len() > room { room.saturating_sub(1).max(1) } else { room });
    let first = on.map_or(0, |on| on.saturating_sub(shown - 1)).min(edges.len() - shown);
    let lines = span(shown) * NODE - 1;
    let top = centre.saturating_sub(lines / 2).max(area.y).min(area.bottom().saturating_sub(lines)).max(area.y);
    let style = model.theme.style(Role::Border);
    let mut rows = Vec::new();
    for (place, (key, stats)) in edges.iter().enumerate().skip(first).take(shown) {
        let y = top + span(place - first) * NODE;
        let spot = Spot { node: key, stats, here: on == Some(place) };
        node(model, told, &spot, buf, Rect { y, height: NODE.min(area.bottom().saturating_sub(y)), ..area });
        rows.push((y, mark(stats).1));
    }
    if edges.len() > shown {
        let text = format!("… {} more", edges.len() - shown);
        let y = (top + lines + 1).min(area.bottom().saturating_sub(1));
        put(buf, area, (area.x + 2, y), &text, model.theme.style(Role::Muted));
    }
    join(model, &rows, side, buf, (area, centre), style);
}

/// Lines from each node of a side to the middle.
fn join(model: &Model, rows: &[(u16, Role)], side: Side, buf: &mut Buffer, (area, centre): (Rect, u16), style: Style) {
    let (from, turn) = match side {
        Side::Callers => (area.right(), area.right() + 2),
        _ => (area.x.saturating_sub(4), area.x.saturating_sub(4)),
    };
    let whole = buf.area;
    let all: Vec<u16> = rows.iter().map(|(y, _)| *y).chain([centre]).collect();
    let (Some(top), Some(bottom)) = (all.iter().min(), all.iter().max()) else { return };
    for y in *top..=*bottom {
        put(buf, whole, (turn, y), "│", style);
    }
    for (y, role) in rows {
        let coloured = if *role == Role::Ok { style } else { model.theme.style(*role) };
        match side {
            Side::Callers => {
                put(buf, whole, (from + 1, *y), "─", coloured);
            }
            _ => {
                put(buf, whole, (turn + 1, *y), "─▸", coloured);
            }
        }
    }
    // Where lines meet: what goes up, down, to the sides and to the middle.
    for y in *top..=*bottom {
        let out = rows.iter().any(|(row, _)| *row == y);
        let (up, down, into) = (y > *top, y < *bottom, y == centre);
        let (left, right) = if side == Side::Callers { (out, into) } else { (into, out) };
        let sign = match (up, down, left, right) {
            (false, false, ..) => "─",
            (true, true, true, false) => "┤",
            (true, true, false, true) => "├",
            (true, true, true, true) => "┼",
            (true, false, true, false) => "┘",
            (true, false, false, true) => "└",
            (true, false, true, true) => "┴",
            (false, true, true, false) => "┐",
            (false, true, false, true) => "┌",
            (false, true, true, true) => "┬",
            _ => "│",
        };
        put(buf, whole, (turn, y), sign, style);
    }
    let link = if side == Side::Callers { (turn + 1, "─▸") } else { (turn.saturating_sub(1), "─") };
    put(buf, whole, (link.0, centre), link.1, style);
}

/// Two lines: what it is, and how it answered.
fn node(model: &Model, told: &ToldMap, spot: &Spot<'_>, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let (sign, role) = mark(spot.stats);
    let width = usize::from(area.width);
    let mut name = theme.style(Role::Title);
    if spot.here {
        buf.set_style(Rect { height: 1, ..area }.intersection(buf.area), theme.style(Role::Selection));
        name = theme.style(Role::Selection).add_modifier(Modifier::BOLD);
    }
    let sign_style = if spot.here { theme.style(Role::Selection) } else { theme.style(role) };
    put(buf, area, (area.x, area.y), sign, sign_style);
    put(buf, area, (area.x + 2, area.y), &elide(&spot.node.name.shown(), width.saturating_sub(2)), name);
    if area.height < 2 {
        return;
    }
    let text = told_of(&spot.node.what(), spot.stats, told.minutes, width.saturating_sub(2));
    let style = if spot.stats.failed() > 0 { theme.style(role) } else { theme.style(Role::Muted) };
    put(buf, area, (area.x + 2, area.y + 1), &elide(&text, width.saturating_sub(2)), style);
}

/// The path on which most fails, and what is drawn.
fn below(model: &Model, told: &ToldMap, graph: &Graph, middle: &Node, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    rule(model, buf, area, &format!("the last {} min, sampled by X-Ray", told.minutes));
    let width = usize::from(area.width.saturating_sub(2));
    let path = graph.failing_path(middle);
    let names: Vec<String> = path.iter().map(Node::shown).collect();
    let text = match names.as_slice() {
        [] | [_] => "nothing that it calls fails: where it fails, it fails by itself".to_owned(),
        names => format!("most fails on {}", names.join(" → ")),
    };
    let mut y = area.y + 1;
    for line in wrap(&text, width).iter().take(2) {
        put(buf, area, (area.x + 1, y), line, theme.style(Role::Text));
        y += 1;
    }
    let everything = model.keys.key_of(Command::Everything);
    let drawn = if model.everything {
        format!("all calls · {everything}: only what fails")
    } else {
        format!("only what fails · {everything}: all calls")
    };
    let drawn = format!("{drawn} · shares are of sampled requests");
    put(buf, area, (area.x + 1, y), &elide(&drawn, width), theme.style(Role::Muted));
    if let Some((target, failure)) = told.failures.first() {
        let more = told.failures.len() - 1;
        let more = if more > 0 { format!(" (and {})", counted(more as u64, "target")) } else { String::new() };
        let text = unread(&format!("{} {}{more}", called(&target.account), target.region), failure);
        put(buf, area, (area.x + 1, y + 1), &elide(&text, width), theme.style(Role::Warning));
    }
}
