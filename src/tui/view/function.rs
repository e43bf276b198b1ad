//! One function: how it fares and why, over which time, and what is known of it. All of it is one page, which is scrolled
//! where the screen is smaller.

use std::sync::Arc;

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    super::{
        board::{Board, Key, Row, State, stale},
        model::Model,
        theme::Role,
    },
    alerts::rule,
    causes, centred, charts, logged, of_state,
    rows::DAY,
    table::scrollbar,
    text::{put, span, wrap},
};
use crate::{
    domain::{
        finding::Judged,
        fleet::{Function, TargetState},
        function::ResourceType,
        observation::Reading,
        rules::{
            limits::{CheckLimits, Clauses, Limits},
            more::Number,
        },
        series::Metric,
        text::{clock, count, counted, percent_limit},
        window::Minute,
    },
    engine::watch::Chart,
};

/// Cells of the words in front of each line.
const LABEL: u16 = 12;

pub(super) fn draw(model: &Model, key: &Key, buf: &mut Buffer, area: Rect) {
    let Some(board) = &model.board else { return };
    let facts = board.row(key).and_then(|row| Some((row, board.facts(row)?)));
    let Some((row, (state, function))) = facts else {
        let text = format!("{} is not there any more: Esc goes back", key.name.shown());
        centred(buf, area, area.y + area.height / 3, &text, model.theme.style(Role::Muted));
        return;
    };
    let parts = parts(model, key, area, board, row, state, function);
    let mut sheet = Buffer::empty(Rect { height: parts.tall, ..area });
    sheet.set_style(sheet.area, model.theme.ground());
    let width = usize::from(area.width.saturating_sub(LABEL + 2));
    let place = |lines: &[Line], buf: &mut Buffer, area: Rect| {
        let mut y = area.y;
        for (label, text, role) in lines {
            for (place, line) in wrap(text, width).iter().enumerate() {
                if y >= area.bottom() {
                    return;
                }
                if place == 0 {
                    put(buf, area, (area.x + 1, y), label, model.theme.style(Role::Muted));
                }
                let style =
                    if *role == Role::Critical { of_state(&model.theme, row.state) } else { model.theme.style(*role) };
                put(buf, area, (area.x + 1 + LABEL, y), line, style);
                y += 1;
            }
        }
    };
    place(&parts.verdict, &mut sheet, parts.above);
    causes::draw(model, key, &mut sheet, parts.causes);
    logged::draw(model, key, &mut sheet, parts.logged);
    let of_it = |chart: &&Arc<Chart>| chart.target == state.target.key() && chart.function == key.name;
    let read = board.snapshot.chart.as_ref().filter(of_it).map(|chart| &**chart);
    charts::draw(model, read, &mut sheet, parts.chart);
    rule(model, &mut sheet, parts.below, "what is known of it");
    let below = Rect { y: parts.below.y + 1, height: parts.below.height - 1, ..parts.below };
    place(&parts.facts, &mut sheet, below);
    // Of all that, what is in sight.
    let first = span(model.scroll).min(parts.tall - area.height);
    for y in area.y..area.bottom() {
        for x in area.x..area.right() {
            buf[(x, y)] = sheet[(x, y + first)].clone();
        }
    }
    let lines = (usize::from(first), usize::from(parts.tall));
    scrollbar(buf, area, model.theme.style(Role::Border), lines);
}

/// Where the error groups stand on the page, whatever part of it is in sight.
pub(super) fn list(model: &Model, key: &Key, area: Rect) -> Rect {
    let Some(board) = &model.board else { return area };
    let facts = board.row(key).and_then(|row| Some((row, board.facts(row)?)));
    let Some((row, (state, function))) = facts else { return area };
    let causes = parts(model, key, area, board, row, state, function).causes;
    Rect { y: causes.y + 1, height: causes.height.saturating_sub(2), ..causes }
}

/// How many lines of the page are out of sight.
pub(super) fn hidden(model: &Model, key: &Key, area: Rect) -> usize {
    let Some(board) = &model.board else { return 0 };
    let facts = board.row(key).and_then(|row| Some((row, board.facts(row)?)));
    let Some((row, (state, function))) = facts else { return 0 };
    usize::from(parts(model, key, area, board, row, state, function).tall - area.height)
}

/// What stands where on the page: how it fares, why, its charts, and what else is known.
struct Parts {
    verdict: Vec<Line>,
    facts: Vec<Line>,
    above: Rect,
    causes: Rect,
    logged: Rect,
    chart: Rect,
    below: Rect,
    /// Lines of all of it: those of the screen, or more.
    tall: u16,
}

/// Each part takes what it needs; where the screen has more, the charts get it.
fn parts(
    model: &Model,
    key: &Key,
    area: Rect,
    board: &Board,
    row: &Row,
    state: &TargetState,
    function: &Function,
) -> Parts {
    let width = usize::from(area.width.saturating_sub(LABEL + 2));
    let tall = |lines: &[Line]| span(lines.iter().map(|(_, text, _)| wrap(text, width).len()).sum::<usize>()).min(999);
    let (verdict, facts) = (above(board, row), lines(board, state, function));
    let top = tall(&verdict);
    let most = if area.height < 24 { 6 } else { (area.height / 3).max(7) };
    let causes = causes::lines(model, key, area.width, most);
    let logged = logged::lines(model, key, area.width, most + 2);
    let needed = tall(&facts) + 1;
    let why = top + causes + logged;
    let chart = charts::least(area.width).max(area.height.saturating_sub(why + needed));
    let at = |y: u16, height: u16| Rect { y, height, ..area };
    Parts {
        verdict,
        facts,
        above: at(area.y, top),
        causes: at(area.y + top, causes),
        logged: at(area.y + top + causes, logged),
        chart: at(area.y + why, chart),
        below: at(area.y + why + chart, needed),
        tall: why + chart + needed,
    }
}

type Line = (&'static str, String, Role);

/// How it fares.
fn above(board: &Board, row: &Row) -> Vec<Line> {
    let mut lines: Vec<Line> = vec![("state", format!("{} {}", row.state.sign(), row.state.word()), Role::Critical)];
    if let (Some(old), Some(end)) = (stale(board, row), row.stale) {
        let end = clock(end, board.snapshot.horizon.at);
        let text = format!("{old}: it can't be read now, and was last read up to {end}; what fired then may be over");
        lines.push(("read", text, Role::Warning));
    }
    let table = board.facts(row).is_some_and(|(_, function)| is_table(function));
    lines.extend(board.judged(row).into_iter().flat_map(|judged| verdict(board, judged, row.since, table)));
    if let Some(quiet) = &row.quiet {
        let (label, now) = (if row.state == State::Muted { "muted" } else { "known" }, board.snapshot.horizon.now);
        lines.push((label, quiet.words(now), Role::Info));
    }
    if row.state == State::Hidden {
        lines.push(("why", "it is not production, so its failures never alert".into(), Role::Text));
    }
    lines
}

/// What else is known of it.
fn lines(board: &Board, state: &TargetState, function: &Function) -> Vec<Line> {
    let account = &state.target.account;
    let class = &function.class;
    let mut lines: Vec<Line> = Vec::new();
    if let Some(configuration) = &function.configuration {
        let tracing = match configuration.tracing {
            Some(true) => "tracing on",
            Some(false) => "tracing off",
            None => "",
        };
        let parts = [
            configuration.runtime.as_ref().map(|runtime| runtime.shown().into_owned()),
            configuration.memory.map(|memory| format!("{memory} MB")),
            configuration.timeout.map(|timeout| format!("timeout {timeout} s")),
            at_once(board, state, function),
            Some(tracing.to_owned()).filter(|tracing| !tracing.is_empty()),
            configuration.last_modified.map(|at| format!("changed {}", at.strftime("%-d %b %Y %H:%M UTC"))),
        ];
        lines.push(("runs", parts.into_iter().flatten().collect::<Vec<_>>().join(" · "), Role::Text));
    }
    let place = [
        account.client.as_ref().map(|client| client.shown().into_owned()),
        account.name.as_ref().map(|name| name.shown().into_owned()),
        Some(account.id.to_string()),
        Some(state.target.region.to_string()),
    ];
    lines.push(("where", place.into_iter().flatten().collect::<Vec<_>>().join(" · "), Role::Text));
    lines.push(("ARN", function.found.arn.shown().into_owned(), Role::Text));
    lines.push(("stage", format!("{}: {}", class.stage.kind.as_str(), class.stage.evidence), Role::Text));
    if is_table(function) {
        lines.push(("limits", capacity(&class.limits), Role::Muted));
    } else if class.alerts() {
        lines.push(("limits", limits(&class.limits.errors, "error"), Role::Muted));
        lines.push(("", limits(&class.limits.throttles, "throttle"), Role::Muted));
    }
    for (label, text) in [("owner", &class.owner), ("runbook", &class.runbook)] {
        if let Some(text) = text {
            lines.push((label, text.shown().into_owned(), Role::Text));
        }
    }
    if let Some((until, by)) = &class.mute {
        lines.push(("muted", format!("until {until} by {by}"), Role::Info));
    }
    let tags: Vec<String> = function.found.tags.iter().map(|(k, v)| format!("{}={}", k.shown(), v.shown())).collect();
    lines.push(("tags", tags.join("  "), Role::Muted));
    for spot in &class.spots {
        lines.push(("blind spot", format!("{}: {}", spot.detail, spot.kind.advice()), Role::Info));
    }
    lines
}

/// How many of it ran at the same time, once its charts are read.
fn at_once(board: &Board, state: &TargetState, function: &Function) -> Option<String> {
    let chart = board.snapshot.chart.as_ref()?;
    if chart.target != state.target.key() || chart.function != function.found.name {
        return None;
    }
    let Reading::Known(series) = chart.readings.get(&Metric::ConcurrencyMaximum)? else { return None };
    let most = series.points().map(|(_, value)| u64::from(value)).max()?;
    Some(format!("concurrency up to {} in {} h", count(most), chart.read.minutes() / 60))
}

fn is_table(function: &Function) -> bool {
    function.found.resource_type() == ResourceType::Table
}

/// From when on a table alerts, where somebody looks.
fn capacity(limits: &Limits) -> String {
    let number = |number| limits.more.get(number).map_or(0.0, |(value, _)| value);
    let set_by = limits.more.get(Number::CapacityConsumed).map_or("default", |(_, by)| by);
    format!(
        "critical from {} refused requests; warning from {}, or {} of its capacity consumed over 5 min ({set_by})",
        number(Number::CapacityCritical),
        number(Number::CapacityThrottled),
        percent_limit(number(Number::CapacityConsumed)),
    )
}

fn verdict(board: &Board, judged: &Judged, began: Option<Minute>, is_table: bool) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for finding in &judged.findings {
        let since = finding.since.map_or(String::new(), |since| {
            let at = board.snapshot.horizon.at;
            // What began before the hour that is read, the last day may know.
            match began.filter(|began| finding.since_open && *began < since) {
                Some(began) if at.0 - began.0 >= DAY => ", for more than 24 h".to_owned(),
                Some(began) => format!(", since {}", clock(began, at)),
                None if finding.since_open => format!(", since {} or earlier", clock(since, at)),
                None => format!(", since {}", clock(since, at)),
            }
        });
        lines.push((finding.check, format!("{}{since}", finding.reason), Role::Critical));
    }
    for silenced in &judged.silenced {
        let until = clock(silenced.until, board.snapshot.horizon.at);
        let text = format!("muted until {until} by {}; would be: {}", silenced.by, silenced.finding.reason);
        lines.push((silenced.finding.check, text, Role::Info));
    }
    for doubt in &judged.doubts {
        lines.push((doubt.check, format!("can't tell: {}", doubt.why), Role::Warning));
    }
    if judged.findings.is_empty() && judged.doubts.is_empty() {
        let text = match (judged.errors, judged.throttles) {
            (Some(errors), Some(throttles)) => {
                format!("{} and {} in the window", counted(errors, "error"), counted(throttles, "throttle"))
            }
            _ if is_table => "none of its checks fires".into(),
            _ => "not read".into(),
        };
        lines.push(("why", text, Role::Text));
    }
    lines
}

/// From when on a check fires, and who says so.
fn limits(limits: &CheckLimits, what: &str) -> String {
    let clauses = |clauses: &Clauses| {
        let any: Vec<String> = clauses
            .any
            .iter()
            .map(|clause| {
                let from = match clause.count.ceil() {
                    1.0 => format!("1 {what}"),
                    from => format!("{from} {what}s"),
                };
                if clause.rate > 0.0 { format!("{from} and {}", percent_limit(clause.rate)) } else { from }
            })
            .collect();
        format!("{} ({})", any.join(", or "), clauses.set_by)
    };
    format!("critical from {}; warning from {}", clauses(&limits.critical), clauses(&limits.warning))
}
