//! A list of functions: the columns that are in sight, and the heads of groups.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    super::{
        board::{Board, Row, State, called, stale},
        list::{COLUMNS, Column, Heading, Line, Order, stage},
        model::Model,
        theme::Role,
    },
    of_state,
    spark::spark,
    table::{self, Cell, Drawn, Holds},
    table_look,
};
use crate::domain::{
    observation::Reading,
    series::Metric,
    text::{AwsText, clock, count, counted, percent},
    window::{Minute, Window},
};

/// How a column looks. Of two the one with the lower rank stays where there is no room for both.
const fn look(column: Column) -> table::Column {
    let (title, least, most, holds, rank) = match column {
        Column::Function => ("FUNCTION", 18, 56, Holds::Names, 1),
        Column::State => ("STATE", 8, 24, Holds::Names, 6),
        Column::Stage => ("STAGE", 8, 14, Holds::Names, 11),
        Column::Client => ("CLIENT", 10, 20, Holds::Names, 7),
        Column::Account => ("ACCOUNT", 14, 24, Holds::Names, 8),
        Column::AccountId => ("ACCOUNT ID", 12, 12, Holds::Names, 13),
        Column::Region => ("REGION", 14, 14, Holds::Names, 10),
        Column::Errors => ("ERRORS", 6, 16, Holds::Numbers, 2),
        Column::Rate => ("RATE", 4, 8, Holds::Numbers, 3),
        Column::Throttles => ("THROTTLES", 9, 9, Holds::Numbers, 5),
        Column::Invocations => ("CALLS", 5, 12, Holds::Numbers, 12),
        Column::Since => ("SINCE", 5, 28, Holds::Numbers, 4),
        Column::Trend => ("LAST HOUR", TREND.0, TREND.0, Holds::Time, 9),
        Column::Changed => ("CHANGED", 7, 14, Holds::Numbers, 15),
        Column::Owner => ("OWNER", 10, 20, Holds::Names, 14),
        Column::Runtime => ("RUNTIME", 8, 14, Holds::Names, 16),
        Column::Memory => ("MEMORY", 6, 9, Holds::Numbers, 17),
        Column::Timeout => ("TIMEOUT", 7, 8, Holds::Numbers, 18),
    };
    table::Column { title, least, most, holds, rank }
}

/// Minutes of a day, less those that may lie between two readings.
pub(super) const DAY: i64 = 24 * 60 - 15;
/// Minutes of the trend.
const HOUR: i64 = 60;
/// Its cells on a screen of usual width, and on a wide one: five minutes each, or two.
const TREND: (u16, u16) = (12, 30);

/// Its cells on a screen so wide.
const fn trend(width: u16) -> u16 {
    if width < 150 { TREND.0 } else { TREND.1 }
}

/// How a column looks on a screen so wide.
fn fitted(column: Column, width: u16) -> table::Column {
    let look = look(column);
    if column == Column::Trend { table::Column { least: trend(width), most: trend(width), ..look } } else { look }
}

const SIGN: table::Column = table::Column { title: "", least: 1, most: 1, holds: Holds::Names, rank: 0 };

fn shown(order: &Order) -> impl Iterator<Item = Column> + '_ {
    COLUMNS.iter().map(|spec| spec.column).filter(|column| order.columns.contains(column))
}

/// The columns of a list, and the place of the one by which it is sorted.
fn columns(order: &Order, width: u16) -> (Vec<table::Column>, Option<(usize, bool)>) {
    let columns = std::iter::once(SIGN).chain(shown(order).map(|column| fitted(column, width))).collect();
    let sorted = order.sort.and_then(|(column, reversed)| {
        let place = shown(order).position(|shown| shown == column)?;
        Some((place + 1, reversed))
    });
    (columns, sorted)
}

/// Draws the lines in sight.
pub(super) fn draw(model: &Model, board: &Board, order: &Order, buf: &mut Buffer, area: Rect) {
    let list = model.list();
    let (columns, sorted) = columns(order, area.width);
    let selected = (!model.lines.is_empty()).then_some(list.place);
    let look = table::Look { sorted, ..table_look(model) };
    table::draw(buf, area, look, &columns, (list.offset, model.lines.len(), selected), |place| {
        drawn(model, board, order, (place, area.width))
    });
}

/// The column whose head is in this cell of the line of heads.
pub(super) fn column_at(model: &Model, board: &Board, order: &Order, area: Rect, x: u16) -> Option<Column> {
    let (columns, sorted) = columns(order, area.width);
    let (offset, count) = (model.list().offset, model.lines.len());
    let row = |place| drawn(model, board, order, (place, area.width));
    let place = table::column_at(area, &columns, sorted, (offset, count), row, x)?;
    shown(order).nth(place.checked_sub(1)?)
}

fn drawn(model: &Model, board: &Board, order: &Order, (place, width): (usize, u16)) -> Drawn {
    match model.lines.get(place) {
        Some(Line::Row(row)) => {
            Drawn::Cells(board.rows.get(*row).map(|row| cells(model, board, order, row, width)).unwrap_or_default())
        }
        Some(Line::Heading(heading)) => Drawn::Across(head(model, heading)),
        None => Drawn::Cells(Vec::new()),
    }
}

fn head(model: &Model, heading: &Heading) -> Vec<Cell> {
    let theme = &model.theme;
    let sign = if heading.folded { "▸ " } else { "▾ " };
    let mut cells = vec![
        (sign.to_owned(), theme.style(Role::Accent)),
        (heading.title.clone(), theme.style(Role::Title)),
        (format!("  {}", counted(heading.functions as u64, "function")), theme.style(Role::Muted)),
    ];
    if heading.failing > 0 {
        cells.push((format!("  ✗ {} failing", count(heading.failing as u64)), theme.style(Role::Critical)));
    }
    cells
}

fn cells(model: &Model, board: &Board, order: &Order, row: &Row, width: u16) -> Vec<Cell> {
    let strong = of_state(&model.theme, row.state);
    let sign = (row.state.sign().to_owned(), strong);
    std::iter::once(sign).chain(shown(order).map(|column| cell(model, board, row, (column, width)))).collect()
}

fn cell(model: &Model, board: &Board, row: &Row, (column, width): (Column, u16)) -> Cell {
    let theme = &model.theme;
    let Some((state, function)) = board.facts(row) else { return (String::new(), Style::new()) };
    let account = &state.target.account;
    let (text, muted, strong) = (theme.style(Role::Text), theme.style(Role::Muted), of_state(theme, row.state));
    let words = |text: Option<&AwsText>| (text.map(|text| text.shown().into_owned()).unwrap_or_default(), muted);
    let number = |n: Option<u64>, style: Style| match n {
        None => (String::new(), muted),
        Some(0) => ("0".into(), muted),
        Some(n) => (count(n), style),
    };
    let at = board.snapshot.horizon.at;
    let configuration = function.configuration.as_ref();
    match column {
        Column::Function => {
            let style = if row.state == State::Hidden { muted } else { text };
            (function.found.name.shown().into_owned(), style)
        }
        Column::State => {
            // Of what can't be told, the word says enough.
            let old = stale(board, row).filter(|_| row.state <= State::Warning);
            let word = row.state.word();
            let quiet = row.quiet.as_ref().map(|quiet| quiet.short(board.snapshot.horizon.now));
            (old.or(quiet).map_or(word.to_owned(), |more| format!("{word}, {more}")), strong)
        }
        Column::Stage => (stage(function), muted),
        Column::Client => words(account.client.as_ref()),
        Column::Account => (called(account), muted),
        Column::AccountId => (account.id.to_string(), muted),
        Column::Region => (state.target.region.to_string(), muted),
        Column::Errors => match (row.errors, row.invocations) {
            // Where there is little room, the rate beside it tells of how many.
            (Some(errors), Some(invocations)) if errors > 0 && width >= 100 => {
                (format!("{} of {}", count(errors), count(errors.max(invocations))), strong)
            }
            (None | Some(0), _) if row.state == State::Unknown => ("?".into(), muted),
            (errors, _) => number(errors, strong),
        },
        Column::Rate => (row.rate().filter(|rate| *rate > 0.0).map(percent).unwrap_or_default(), strong),
        Column::Throttles if row.state == State::Unknown && row.throttles == Some(0) => ("?".into(), muted),
        Column::Throttles => number(row.throttles, strong),
        Column::Invocations => number(row.invocations, text),
        Column::Since => match row.since {
            // Beyond what is known of the last day, no minute would be true.
            Some(since) => {
                let since = match at.0 - since.0 {
                    DAY.. => "> 24 h".into(),
                    // Nobody read further back.
                    hour @ 60.. if row.since_open => format!("> {} h", hour / 60),
                    _ => clock(since, at),
                };
                match stale(board, row) {
                    Some(old) => (format!("{since}, {old}"), theme.style(Role::Warning)),
                    None => match &row.quiet {
                        // Below the list it is told in words, and no other column has to go for it.
                        Some(quiet) if width < 100 => (format!("{since} {}", quiet.sign()), theme.style(Role::Info)),
                        Some(quiet) => (format!("{since}, {}", quiet.short(at)), theme.style(Role::Info)),
                        None => (since, text),
                    },
                }
            }
            None => (String::new(), text),
        },
        Column::Trend => {
            let metric = if row.errors.unwrap_or(0) > 0 { Metric::Errors } else { Metric::Throttles };
            let trend = match (function.reading(metric), board.snapshot.horizon.frame(None)) {
                (Reading::Known(series), Some(frame)) => {
                    spark(series, Window::ending(frame.read.end, HOUR), usize::from(trend(width)))
                }
                _ => String::new(),
            };
            (trend, strong)
        }
        Column::Changed => {
            let changed = configuration.and_then(|configuration| configuration.last_modified);
            (changed.map(|changed| clock(Minute::floor(changed), at)).unwrap_or_default(), muted)
        }
        Column::Owner => words(function.class.owner.as_ref()),
        Column::Runtime => words(configuration.and_then(|configuration| configuration.runtime.as_ref())),
        Column::Memory => {
            (configuration.and_then(|it| it.memory).map(|memory| format!("{memory} MB")).unwrap_or_default(), muted)
        }
        Column::Timeout => {
            (configuration.and_then(|it| it.timeout).map(|timeout| format!("{timeout} s")).unwrap_or_default(), muted)
        }
    }
}
