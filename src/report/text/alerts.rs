//! What fires. Three layouts, the widest that fits: all of an alert in one row; name, reason and age in one row and
//! the place below; or name and age in one row and the rest below. A name too long for its column stands alone,
//! whole, so that the columns of all others hold.

use super::{DETAIL, NAMES, place::place, severity_label};
use crate::{
    domain::{
        text::{clean, clock, minutes},
        window::Minute,
    },
    report::{
        Alert, Report, Telling,
        canvas::{BOLD, DIM, Line, PLAIN, Page, width},
    },
};

/// Between two columns.
const GAP: usize = 2;
/// Columns for names, at most: the longest there can be first, then what most get along with.
const NAME_CAPS: [usize; 4] = [64, 48, 36, 28];
/// Reasons, places and ages longer than these don't make a column wider: they go below.
const LONGEST_REASON: usize = 60;
const LONGEST_PLACE: usize = 72;
/// The age's column: with a date where there is room, else only as wide as today's clock times.
const LONGEST_AGES: [usize; 2] = [40, 26];
/// So many alerts are set apart by empty lines; more stand close.
const AIRY: usize = 8;

struct Row<'a> {
    alert: &'a Alert,
    name: String,
    reason: String,
    age: String,
    place: String,
    /// The same, part by part.
    parts: Vec<String>,
    /// When it last changed, owner, runbook, own window and who set the limit.
    extras: Vec<String>,
}

/// A column: where it begins and how wide its cells may be.
#[derive(Clone, Copy)]
struct Column {
    at: usize,
    width: usize,
}

impl Column {
    fn takes(self, cell: &str) -> bool {
        width(cell) <= self.width
    }
}

/// The columns; what has none stands below, and so does a cell that is too wide for its own.
#[derive(Clone, Copy)]
struct Columns {
    name: Column,
    reason: Option<Column>,
    age: Option<Column>,
    place: Option<Column>,
}

pub(super) fn section(page: &mut Page, report: &Report, telling: &Telling) {
    let rows: Vec<_> = report.alerts.iter().map(|alert| Row::new(alert, report, telling)).collect();
    if rows.is_empty() {
        return;
    }
    let columns = Columns::fitting(&rows, page.width());
    let airy = rows.len() <= AIRY && (columns.place.is_none() || rows.iter().any(|row| !row.extras.is_empty()));
    page.blank();
    for (n, row) in rows.iter().enumerate() {
        if airy && n > 0 {
            page.blank();
        }
        row.draw(page, columns);
    }
}

impl<'a> Row<'a> {
    fn new(alert: &'a Alert, report: &Report, telling: &Telling) -> Self {
        let own_window = (alert.window_minutes != report.window.minutes)
            .then(|| format!("over its own window of {}", minutes(alert.window_minutes)));
        let limit = (alert.threshold_source != "default").then(|| format!("limit from {}", alert.threshold_source));
        let owner = alert.owner.as_ref().map(|owner| format!("owner {}", owner.shown()));
        let runbook = alert.runbook.as_ref().map(|runbook| format!("runbook {}", runbook.shown()));
        let account = Some(&alert.account);
        let parts = place(alert.client.as_ref(), alert.account_name.as_ref(), account, Some(&alert.region));
        Self {
            alert,
            name: alert.function.shown().into_owned(),
            reason: clean(alert.reason.trim()).into_owned(),
            age: age(alert, report, Minute::floor(telling.now)),
            place: parts.join(" · "),
            parts,
            extras: [alert.deployed.clone(), alert.cause_line(), owner, limit, own_window, runbook]
                .into_iter()
                .flatten()
                .map(|extra| clean(extra.trim()).into_owned())
                .filter(|extra| !extra.is_empty())
                .collect(),
        }
    }

    fn draw(&self, page: &mut Page, columns: Columns) {
        let mut line = severity_label(self.alert.severity).then(BOLD, &self.name);
        let mut age = columns.age;
        if !columns.name.takes(&self.name) {
            page.line(line);
            line = Line::at(NAMES);
            // Alone on its row, an age would speak of nothing.
            age = age.filter(|_| columns.reason.is_some());
        }
        let reason_beside = columns.reason.filter(|column| column.takes(&self.reason));
        let age_beside = age.filter(|column| column.takes(&self.age));
        let place_beside = columns.place.filter(|column| column.takes(&self.place));
        let cells =
            [(reason_beside, &self.reason, PLAIN), (age_beside, &self.age, PLAIN), (place_beside, &self.place, DIM)];
        for (column, cell, style) in cells {
            if let Some(column) = column {
                line = line.to(column.at).then(style, cell);
            }
        }
        // What belongs to the place goes on beside it, where there is room.
        let extras_width: usize = self.extras.iter().map(|extra| 3 + width(extra)).sum();
        let extras_beside = place_beside.is_some() && line.width() + extras_width <= page.width();
        if extras_beside {
            line = self.extras.iter().fold(line, |line, extra| line.then(DIM, " · ").then(DIM, extra));
        }
        if line.width() > NAMES {
            page.line(line);
        }
        let mut below = page.fill(Line::at(DETAIL));
        if reason_beside.is_none() {
            below = below.item(PLAIN, &self.reason).next_line();
        }
        if age_beside.is_none() {
            below = below.item(PLAIN, &self.age);
        }
        if place_beside.is_none() {
            below = self.parts.iter().fold(below, |below, part| below.item(DIM, part));
        }
        if !extras_beside {
            below = self.extras.iter().fold(below, |below, extra| below.item(DIM, extra));
        }
        below.end();
    }
}

impl Columns {
    fn fitting(rows: &[Row<'_>], page: usize) -> Self {
        let widest = |cell: for<'r> fn(&'r Row<'_>) -> &'r String, cap: usize| {
            rows.iter().map(|row| width(cell(row))).filter(|width| *width <= cap).max().unwrap_or_default()
        };
        let reason = widest(|row| &row.reason, LONGEST_REASON);
        let [dated, age] = LONGEST_AGES.map(|cap| widest(|row| &row.age, cap));
        let place = widest(|row| &row.place, LONGEST_PLACE);
        let names = NAME_CAPS.map(|cap| widest(|row| &row.name, cap));
        // Side by side, as many as there is room for; the room that each name's column leaves decides.
        let choices = [
            &[reason, dated, place][..],
            &[reason, age, place],
            &[reason, dated],
            &[reason, age],
            &[dated],
            &[age],
            &[],
        ];
        for cells in choices {
            let needed: usize = cells.iter().map(|width| GAP + width).sum();
            let Some(name) = names.into_iter().find(|name| NAMES + name + needed <= page) else { continue };
            let mut at = NAMES + name;
            let mut columns = cells.iter().map(|width| {
                let column = Column { at: at + GAP, width: *width };
                at = column.at + width;
                column
            });
            let reason = if cells.len() > 1 { columns.next() } else { None };
            let (age, place) = (columns.next(), columns.next());
            return Self { name: Column { at: NAMES, width: name }, reason, age, place };
        }
        Self { name: Column { at: NAMES, width: 0 }, reason: None, age: None, place: None }
    }
}

/// `since 14:51 (24 min)`, `for over 31 min`; nothing where it is not known. It lasts until now, or, where the
/// window lies in the past, until that ends: of what came after, nothing is known.
fn age(alert: &Alert, report: &Report, now: Minute) -> String {
    let Some(since) = alert.since else { return String::new() };
    let recent = now <= report.window.end.plus(10);
    let until = if recent && !alert.since_open { now } else { report.window.end };
    let age = minutes((until.0 - since.0).max(1));
    if alert.since_open {
        format!("for over {age}")
    } else {
        format!("since {} ({age})", clock(since, report.window.end))
    }
}
