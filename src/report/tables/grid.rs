//! A table without lines: a bold header, then rows whose first cell is a glyph and a word, which tells them apart.
//! The widths are comfy-table's to find; the colours come afterwards, since it counts them as text.

use anstyle::Style;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets::NOTHING};

use crate::report::canvas::{BOLD, Line, PLAIN, Page, width};

/// One row of a table.
pub(super) struct Row {
    /// What stands above the row: what it and those that follow have in common.
    pub(super) heading: Option<String>,
    /// Glyph and word.
    pub(super) mark: (Style, &'static str),
    /// What it is called: kept whole, on a line of its own where it is too long for its column.
    pub(super) name: String,
    /// The other cells.
    pub(super) cells: Vec<String>,
    /// What stands below the row.
    pub(super) below: Vec<(Style, String)>,
}

/// A column after the name's.
#[derive(Clone, Copy)]
pub(super) struct Column {
    head: &'static str,
    /// Columns a page has to have for this one to be shown.
    from: usize,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Never broken.
    Code,
    /// Never broken, and to the right.
    Number,
}

impl Column {
    pub(super) const fn code(head: &'static str, from: usize) -> Self {
        Self { head, from, kind: Kind::Code }
    }

    pub(super) const fn number(head: &'static str, from: usize) -> Self {
        Self { head, from, kind: Kind::Number }
    }
}

/// Between two columns.
const GAP: u16 = 2;

/// Draws the table. `mark` heads the first column, `name` the second, `rest` the others.
pub(super) fn draw(page: &mut Page, [mark, name]: [&str; 2], rest: &[Column], rows: &[Row]) {
    // Not quite half of the page for names leaves enough for what is said of them.
    let cap = page.width() * 9 / 20;
    let names = rows.iter().map(|row| width(&row.name)).filter(|width| *width <= cap);
    let name_width = names.max().unwrap_or_default().max(width(name));
    let mark_width = rows.iter().map(|row| width(row.mark.1)).max().unwrap_or_default().max(width(mark));
    let shown: Vec<_> = rest.iter().enumerate().filter(|(_, column)| column.from <= page.width()).collect();
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(columns(page.width()));
    table.set_header([mark, name].into_iter().chain(shown.iter().map(|(_, column)| column.head)));
    for row in rows {
        let name = if width(&row.name) <= name_width { row.name.as_str() } else { "" };
        let cells = shown.iter().filter_map(|(n, _)| row.cells.get(*n).map(String::as_str));
        table.add_row([row.mark.1, name].into_iter().chain(cells));
    }
    let fixed = |width: usize| ColumnConstraint::Absolute(Width::Fixed(columns(width) + GAP));
    let mut constraints = vec![fixed(mark_width), fixed(name_width)];
    constraints.extend(shown.iter().map(|_| ColumnConstraint::ContentWidth));
    let last = constraints.len() - 1;
    for (n, (column, constraint)) in table.column_iter_mut().zip(constraints).enumerate() {
        column.set_padding((0, if n == last { 0 } else { GAP })).set_constraint(constraint);
        if n > 1 && shown.get(n - 2).is_some_and(|(_, column)| column.kind == Kind::Number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    write(page, &table, mark_width, name_width, rows);
}

fn columns(width: usize) -> u16 {
    u16::try_from(width).unwrap_or(u16::MAX - GAP)
}

fn write(page: &mut Page, table: &Table, mark_width: usize, name_width: usize, rows: &[Row]) {
    let indent = mark_width + usize::from(GAP);
    let mut rows = rows.iter();
    let mut open: Option<&Row> = None;
    for (n, text) in table.lines().enumerate() {
        let text = text.trim_end();
        if n == 0 {
            page.line(Line::at(0).then(BOLD, text));
        } else if text.starts_with(' ') || text.is_empty() {
            page.line(Line::at(0).then(PLAIN, text));
        } else if let Some(row) = rows.next() {
            close(page, open.replace(row), indent);
            if let Some(heading) = &row.heading {
                page.fill(Line::at(0)).words(BOLD, heading).end();
            }
            let (style, mark) = row.mark;
            let rest = text.strip_prefix(mark).unwrap_or(text);
            let line = Line::at(0).then(style, mark);
            if width(&row.name) > name_width {
                page.line(line.to(indent).then(PLAIN, &row.name));
                page.line(Line::at(width(mark)).then(PLAIN, rest));
            } else {
                let (before, after) = rest.split_at(rest.find(&row.name).unwrap_or_default());
                let after = after.strip_prefix(&row.name).unwrap_or(after);
                page.line(line.then(PLAIN, before).then(PLAIN, &row.name).then(PLAIN, after));
            }
        }
    }
    close(page, open, indent);
}

/// Writes what stands below a row, once the last of its lines is written.
fn close(page: &mut Page, row: Option<&Row>, indent: usize) {
    for (style, text) in row.iter().flat_map(|row| &row.below) {
        page.fill(Line::at(indent)).hang(indent + 2).words(*style, text).end();
    }
}
