//! What fails in production, the worst first; why the selected one does; and, always in sight, what is not shown here.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use unicode_width::UnicodeWidthStr;

use super::{
    super::{
        board::{Board, Row, State},
        model::{Model, RowKey},
        theme::Role,
    },
    centred, of_state,
    spark::spark,
    table::{self, Cell, Column, Holds},
    table_look,
    text::{elide, put, put_all, span},
};
use crate::domain::{
    observation::Reading,
    series::Metric,
    text::{AwsText, clock, count, counted, percent},
};

const COLUMNS: &[Column] = &[
    Column { title: "", least: 1, most: 1, holds: Holds::Names, rank: 0 },
    Column { title: "FUNCTION", least: 18, most: 48, holds: Holds::Names, rank: 1 },
    Column { title: "CLIENT", least: 12, most: 20, holds: Holds::Names, rank: 8 },
    Column { title: "ACCOUNT", least: 14, most: 24, holds: Holds::Names, rank: 5 },
    Column { title: "REGION", least: 14, most: 14, holds: Holds::Names, rank: 6 },
    Column { title: "ERRORS", least: 6, most: 16, holds: Holds::Numbers, rank: 2 },
    Column { title: "RATE", least: 4, most: 8, holds: Holds::Numbers, rank: 3 },
    Column { title: "THROTTLES", least: 9, most: 9, holds: Holds::Numbers, rank: 9 },
    Column { title: "SINCE", least: 5, most: 14, holds: Holds::Numbers, rank: 4 },
    Column { title: "TREND", least: 12, most: 35, holds: Holds::Time, rank: 7 },
    Column { title: "OWNER", least: 10, most: 20, holds: Holds::Names, rank: 10 },
];

/// Lines about the selected row, with the line above them.
const WHY: u16 = 3;
/// Lines about what is not shown, with the line above them.
const BELOW: u16 = 6;

/// Where the list stands.
pub(super) fn list(model: &Model, area: Rect) -> Rect {
    let why = if area.height > 12 && !model.functions().is_empty() { WHY } else { 0 };
    let below = if area.height > 9 { BELOW } else { 2 };
    Rect { height: area.height.saturating_sub(why + below), ..area }
}

pub(super) fn draw(model: &Model, buf: &mut Buffer, area: Rect) {
    let Some(board) = &model.board else { return };
    let list_area = list(model, area);
    let rows = model.functions();
    if rows.is_empty() {
        quiet(model, board, buf, list_area);
    } else {
        let list = model.list();
        let selected = (!rows.is_empty()).then_some(list.place);
        let cells = |place: usize| rows.get(place).map(|row| cells(model, board, row)).unwrap_or_default();
        table::draw(buf, list_area, table_look(model), COLUMNS, (list.offset, rows.len(), selected), cells);
    }
    let left = Rect { y: list_area.bottom(), height: area.bottom() - list_area.bottom(), ..area };
    let below = if area.height > 9 { BELOW } else { 2 };
    if left.height > below {
        why(model, board, buf, Rect { height: left.height - below, ..left });
    }
    out_of_sight(model, board, buf, Rect { y: left.bottom() - below, height: below, ..left });
}

/// The cells of a function that may fail.
fn cells(model: &Model, board: &Board, row: &Row) -> Vec<Cell> {
    let theme = &model.theme;
    let Some((state, function)) = board.facts(row) else { return Vec::new() };
    let account = &state.target.account;
    let (text, muted, strong) = (theme.style(Role::Text), theme.style(Role::Muted), of_state(theme, row.state));
    let shown = |text: Option<&AwsText>| text.map(|text| text.shown().into_owned()).unwrap_or_default();
    let name = if row.state == State::Hidden { muted } else { text };
    let snapshot = &board.snapshot;
    let frame = snapshot.horizon.frame(None);
    let metric = if row.errors.unwrap_or(0) > 0 { Metric::Errors } else { Metric::Throttles };
    let trend = match (function.reading(metric), frame) {
        (Reading::Known(series), Some(frame)) => spark(series, frame.read, 35),
        _ => String::new(),
    };
    vec![
        (row.state.sign().to_owned(), strong),
        (function.found.name.shown().into_owned(), name),
        (shown(account.client.as_ref()), muted),
        (account.name.as_ref().map_or(account.id.to_string(), |name| name.shown().into_owned()), muted),
        (state.target.region.to_string(), muted),
        errors(row, strong, muted),
        (row.rate().filter(|rate| *rate > 0.0).map(percent).unwrap_or_default(), strong),
        throttles(row, strong, muted),
        (row.since.map(|since| clock(since, snapshot.horizon.at)).unwrap_or_default(), text),
        (trend, strong),
        (shown(function.class.owner.as_ref()), muted),
    ]
}

fn errors(row: &Row, strong: Style, muted: Style) -> Cell {
    match (row.errors, row.invocations) {
        (Some(0), _) => ("0".into(), muted),
        (Some(errors), Some(invocations)) => {
            (format!("{} of {}", count(errors), count(errors.max(invocations))), strong)
        }
        (Some(errors), None) => (count(errors), strong),
        (None, _) => ("?".into(), muted),
    }
}

fn throttles(row: &Row, strong: Style, muted: Style) -> Cell {
    match row.throttles {
        Some(0) => ("0".into(), muted),
        Some(throttles) => (count(throttles), strong),
        None => (String::new(), muted),
    }
}

/// Nothing fires.
fn quiet(model: &Model, board: &Board, buf: &mut Buffer, area: Rect) {
    let (theme, counts) = (&model.theme, &board.counts);
    let y = area.y + area.height / 3;
    let judged = counts.ok + counts.idle;
    let (head, role) = match (counts.critical + counts.warning, counts.production, board.snapshot.read_at) {
        (0, _, None) => ("Reading".to_owned(), Role::Title),
        (0, 0, _) => ("No production function is watched".to_owned(), Role::Warning),
        (0, ..) if counts.unseen > 0 || counts.unknown > 0 => {
            ("Nothing fires in what could be seen".to_owned(), Role::Warning)
        }
        (0, ..) => ("● Production is fine".to_owned(), Role::Ok),
        _ => ("The filter leaves out all that fires".to_owned(), Role::Warning),
    };
    centred(buf, area, y, &head, theme.style(role));
    let text = format!(
        "{} judged: {} fine, {} idle",
        counted(judged as u64, "production function"),
        count(counts.ok as u64),
        count(counts.idle as u64)
    );
    centred(buf, area, y + 2, &text, theme.style(Role::Muted));
}

/// Why the selected row fires.
fn why(model: &Model, board: &Board, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    rule(model, buf, area, "why");
    let Some(RowKey::Function(key)) = model.list().selected else { return };
    let Some((row, (_, function))) = board.row(&key).and_then(|row| Some((row, board.facts(row)?))) else { return };
    let mut text = String::new();
    if let Some(judged) = board.judged(row) {
        let reasons: Vec<String> =
            judged.findings.iter().map(|finding| format!("{}: {}", finding.check, finding.reason)).collect();
        text = reasons.join("; ");
    } else if row.state == State::Hidden {
        text = format!("{}, and it is not production: never alerted", counted(row.errors.unwrap_or(0), "error"));
    }
    let fit = |text: &str| elide(text, usize::from(area.width.saturating_sub(2))).into_owned();
    put(buf, area, (area.x + 1, area.y + 1), &fit(&text), theme.style(Role::Text));
    let stage = &function.class.stage;
    let mut facts = format!("{} by {}", stage.kind.as_str(), stage.evidence);
    if let Some(runbook) = &function.class.runbook {
        facts = format!("{facts} · runbook {}", runbook.shown());
    }
    put(buf, area, (area.x + 1, area.y + 2), &fit(&facts), theme.style(Role::Muted));
}

/// What is not among the rows, always in sight.
fn out_of_sight(model: &Model, board: &Board, buf: &mut Buffer, area: Rect) {
    let (theme, counts) = (&model.theme, &board.counts);
    rule(model, buf, area, "not alerting");
    let functions = |n: usize| counted(n as u64, "function");
    let lines = [
        ("hidden", counts.hidden, {
            let shown = if model.dev { "d hides them" } else { "d shows them" };
            format!(
                "{} outside of production fail, {} · {shown}",
                functions(counts.hidden),
                counted(counts.hidden_errors, "error")
            )
        }),
        (
            "no stage",
            counts.stageless,
            format!("{} watched, and nothing says the stage: never alerted", functions(counts.stageless)),
        ),
        ("muted", counts.muted, format!("{} till the end of its mute", functions(counts.muted))),
        ("blind spots", counts.spots, format!("{} in tags · 5 lists them", counted(counts.spots as u64, "doubt"))),
        ("unseen", counts.unseen, unseen(board)),
    ];
    let mut lines: Vec<_> = lines.into_iter().filter(|(_, n, _)| *n > 0).collect();
    // What could not be seen is the last to give way.
    if lines.len() > usize::from(area.height.saturating_sub(1)) {
        lines.reverse();
        lines.truncate(usize::from(area.height.saturating_sub(1)));
    }
    if lines.is_empty() {
        put(
            buf,
            area,
            (area.x + 1, area.y + 1),
            "nothing is hidden, muted, doubtful or unseen",
            theme.style(Role::Muted),
        );
    }
    for (place, (word, _, text)) in lines.iter().enumerate() {
        let y = area.y + 1 + span(place);
        let role = if *word == "unseen" { Role::Warning } else { Role::Text };
        let x = area.x + 1;
        put(buf, area, (x, y), word, theme.style(role));
        let text = elide(text, usize::from(area.width.saturating_sub(15))).into_owned();
        put(buf, area, (x + 13, y), &text, theme.style(Role::Muted));
    }
}

fn unseen(board: &Board) -> String {
    let fleet = &board.snapshot.fleet;
    let accounts =
        fleet.accounts().filter_map(|state| Some((state.failure.as_ref()?, state.entry.account.clone(), None)));
    let targets = fleet.targets().filter_map(|state| {
        Some((&state.unread.first()?.failure, state.target.account.clone(), Some(state.target.region.clone())))
    });
    let first = accounts.chain(targets).next();
    let what = first.map_or_else(
        || fleet.listings().first().map(|(_, failure)| format!("{} {}", failure.operation, failure.kind.as_str())),
        |(failure, account, region)| {
            let name = account.name.as_ref().map_or(account.id.to_string(), |name| name.shown().into_owned());
            let region = region.map(|region| format!(" {region}")).unwrap_or_default();
            Some(format!("{name}{region}: {} {}", failure.operation, failure.kind.as_str()))
        },
    );
    let more = board.counts.unseen.saturating_sub(1);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}{more} · 4 lists them", what.unwrap_or_default())
}

/// A line across the screen with a word in it.
pub(super) fn rule(model: &Model, buf: &mut Buffer, area: Rect, word: &str) {
    let theme = &model.theme;
    let rest = usize::from(area.width).saturating_sub(word.width() + 4);
    put_all(
        buf,
        area,
        (area.x, area.y),
        &[
            ("── ", theme.style(Role::Border)),
            (word, theme.style(Role::Muted)),
            (" ", theme.style(Role::Border)),
            (&"─".repeat(rest), theme.style(Role::Border)),
        ],
    );
}
