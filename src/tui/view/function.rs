//! One function: how it fares and why, over which time, and what is known of it.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    super::{
        board::{Board, Key, Row, State},
        model::Model,
        theme::Role,
    },
    alerts::rule,
    centred, of_state,
    spark::buckets,
    text::{put, put_all, span, wrap},
};
use crate::domain::{
    finding::Judged,
    fleet::{Function, TargetState},
    observation::Reading,
    rules::limits::{CheckLimits, Clauses},
    series::Metric,
    text::{clock, count, counted, percent_limit},
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
    let chart = if area.height >= 18 { 8 } else { 0 };
    let words = Rect { height: area.height - chart, ..area };
    let mut y = words.y;
    for (label, lines, role) in lines(board, row, state, function) {
        let width = usize::from(area.width.saturating_sub(LABEL + 2));
        for (place, line) in wrap(&lines, width).iter().enumerate() {
            if y >= words.bottom() {
                break;
            }
            if place == 0 {
                put(buf, words, (area.x + 1, y), label, model.theme.style(Role::Muted));
            }
            let style =
                if role == Role::Critical { of_state(&model.theme, row.state) } else { model.theme.style(role) };
            put(buf, words, (area.x + 1 + LABEL, y), line, style);
            y += 1;
        }
    }
    if chart > 0 {
        charts(model, board, function, buf, Rect { y: words.bottom(), height: chart, ..area });
    }
}

type Line = (&'static str, String, Role);

fn lines(board: &Board, row: &Row, state: &TargetState, function: &Function) -> Vec<Line> {
    let account = &state.target.account;
    let class = &function.class;
    let mut lines: Vec<Line> = vec![("state", format!("{} {}", row.state.sign(), row.state.word()), Role::Critical)];
    lines.extend(board.judged(row).into_iter().flat_map(|judged| verdict(board, judged)));
    if row.state == State::Hidden {
        lines.push(("why", "it is not production, so its failures never alert".into(), Role::Text));
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
    if class.alerts() {
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
    if let Some(configuration) = &function.configuration {
        let parts = [
            configuration.runtime.as_ref().map(|runtime| runtime.shown().into_owned()),
            configuration.memory.map(|memory| format!("{memory} MB")),
            configuration.timeout.map(|timeout| format!("timeout {timeout} s")),
            configuration.last_modified.map(|at| format!("changed {}", at.strftime("%-d %b %Y %H:%M UTC"))),
        ];
        lines.push(("runs", parts.into_iter().flatten().collect::<Vec<_>>().join(" · "), Role::Text));
    }
    let tags: Vec<String> = function.found.tags.iter().map(|(k, v)| format!("{}={}", k.shown(), v.shown())).collect();
    lines.push(("tags", tags.join("  "), Role::Muted));
    for spot in &class.spots {
        lines.push(("blind spot", format!("{}: {}", spot.detail, spot.kind.advice()), Role::Info));
    }
    lines
}

fn verdict(board: &Board, judged: &Judged) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for finding in &judged.findings {
        let since = finding.since.map_or(String::new(), |since| {
            let open = if finding.since_open { " or earlier" } else { "" };
            format!(", since {}{open}", clock(since, board.snapshot.horizon.at))
        });
        lines.push((finding.check, format!("{}{since}", finding.reason), Role::Critical));
    }
    for doubt in &judged.doubts {
        lines.push((doubt.check, format!("can't tell: {}", doubt.why), Role::Warning));
    }
    if judged.findings.is_empty() && judged.doubts.is_empty() {
        let text = match (judged.errors, judged.throttles) {
            (Some(errors), Some(throttles)) => {
                format!("{} and {} in the window", counted(errors, "error"), counted(throttles, "throttle"))
            }
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

const SHADES: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Bars of each metric over what was read.
fn charts(model: &Model, board: &Board, function: &Function, buf: &mut Buffer, area: Rect) {
    let Some(frame) = board.snapshot.horizon.frame(function.class.window) else { return };
    let at = board.snapshot.horizon.at;
    rule(model, buf, area, &format!("{} to {} UTC", clock(frame.read.start, at), clock(frame.read.end, at)));
    let theme = &model.theme;
    let metrics = [
        (Metric::Errors, "errors", Role::Critical),
        (Metric::Throttles, "throttles", Role::Warning),
        (Metric::Invocations, "calls", Role::Info),
    ];
    let mut y = area.y + 1;
    for (metric, word, role) in metrics {
        let room = usize::from(area.width.saturating_sub(LABEL + 14));
        let style = theme.style(role);
        put(buf, area, (area.x + 1, y + 1), word, theme.style(Role::Muted));
        let x = area.x + 1 + LABEL;
        match function.reading(metric) {
            Reading::Known(series) => {
                let sums = buckets(series, frame.read, room);
                let most = sums.iter().flatten().copied().max().unwrap_or(0);
                // Two lines of blocks: sixteen heights.
                for (cell, sum) in sums.iter().enumerate() {
                    let x = x + span(cell);
                    let Some(sum) = sum else {
                        put(buf, area, (x, y + 1), "·", theme.style(Role::Muted));
                        continue;
                    };
                    let height = if most == 0 { 0 } else { (sum * 16).div_ceil(most) };
                    let (low, high) = (height.min(8), height.saturating_sub(8));
                    let shade = |height: u64| SHADES[usize::try_from(height.clamp(1, 8) - 1).unwrap_or(0)];
                    put(buf, area, (x, y + 1), shade(low.max(1)), style);
                    if high > 0 {
                        put(buf, area, (x, y), shade(high), style);
                    }
                }
                let total: u64 = sums.iter().flatten().sum();
                let x = x + span(sums.len()) + 2;
                put_all(buf, area, (x, y + 1), &[(&format!("{} in all", count(total)), theme.style(Role::Text))]);
            }
            Reading::NotAsked => {
                put(
                    buf,
                    area,
                    (x, y + 1),
                    "not read: nothing failed that they would explain",
                    theme.style(Role::Muted),
                );
            }
            Reading::Unknown(failure) => {
                let text = format!("not read: {}", failure.message.shown());
                put(buf, area, (x, y + 1), &text, theme.style(Role::Warning));
            }
        }
        y += 2;
    }
}
