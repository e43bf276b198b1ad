//! A table that builds only the rows in sight. Columns give way by their rank where there is no room, and nothing pushes
//! another column off the screen. It knows no model.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};
use unicode_width::UnicodeWidthStr;

use super::text::{elide, put, span};
use crate::domain::text::count as number;

/// One column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// What stands above it.
    pub title: &'static str,
    /// The least it makes sense with.
    pub least: u16,
    /// The most it takes.
    pub most: u16,
    /// What it holds.
    pub holds: Holds,
    /// Who stays: of two the one with the lower rank.
    pub rank: u8,
}

/// What a column holds, and so how it stands and what gives way where it has less room than it wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Names: their middle gives way.
    Names,
    /// Numbers: they end where the column ends, and nothing of them gives way.
    Numbers,
    /// Time from left to right: what is oldest gives way.
    Time,
}

/// A cell: its text and its style.
pub(super) type Cell = (String, Style);

/// What stands on a line of a table.
pub(super) enum Drawn {
    /// A cell a column.
    Cells(Vec<Cell>),
    /// Pieces of text across all columns.
    Across(Vec<Cell>),
}

impl From<Vec<Cell>> for Drawn {
    fn from(cells: Vec<Cell>) -> Self {
        Self::Cells(cells)
    }
}

/// The styles of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// The titles.
    pub title: Style,
    /// The row that is selected.
    pub selection: Style,
    /// The place of the selection among all.
    pub place: Style,
    /// The line along which one scrolls.
    pub bar: Style,
    /// The place of the column by which it is sorted, and whether the other way round.
    pub sorted: Option<(usize, bool)>,
}

/// Draws the titles and the rows from `offset` on. `row` makes what stands on a line.
pub(super) fn draw<D: Into<Drawn>>(
    buf: &mut Buffer,
    area: Rect,
    look: Look,
    columns: &[Column],
    (offset, count, selected): (usize, usize, Option<usize>),
    row: impl Fn(usize) -> D,
) {
    if area.height == 0 {
        return;
    }
    let rows = in_sight(area, (offset, count), row);
    let titles: Vec<String> = titles(columns, look.sorted);
    let widths = widths(columns, &titles, &rows, area.width.saturating_sub(GAP * 2));
    let draw_row = |buf: &mut Buffer, y: u16, cells: &[(&str, Style)]| {
        let mut x = area.x + 1;
        for ((column, width), (text, style)) in columns.iter().zip(&widths).zip(cells) {
            let Some(width) = *width else { continue };
            let text = match column.holds {
                Holds::Time => newest(text, usize::from(width)).into(),
                Holds::Names | Holds::Numbers => elide(text, usize::from(width)),
            };
            let indent = if column.holds == Holds::Numbers { width.saturating_sub(span(text.width())) } else { 0 };
            put(buf, area, (x + indent, y), &text, *style);
            x += width + GAP;
        }
    };
    let titles: Vec<(&str, Style)> = titles.iter().map(|title| (title.as_str(), look.title)).collect();
    draw_row(buf, area.y, &titles);
    place(buf, Rect { height: 1, ..area }, look.place, (selected.unwrap_or(offset), count));
    scrollbar(buf, Rect { y: area.y + 1, height: area.height - 1, ..area }, look.bar, (offset, count));
    for (line, drawn) in rows.iter().enumerate() {
        let y = area.y + 1 + span(line);
        let here = selected == Some(offset + line);
        if here {
            buf.set_style(Rect { y, height: 1, ..area }, look.selection);
        }
        // On the selection, colours are those of the selection; weight stays.
        let styled = |style: &Style| {
            if here { look.selection.add_modifier(style.add_modifier & Modifier::BOLD) } else { *style }
        };
        match drawn {
            Drawn::Cells(cells) => {
                let cells: Vec<(&str, Style)> =
                    cells.iter().map(|(text, style)| (text.as_str(), styled(style))).collect();
                draw_row(buf, y, &cells);
            }
            Drawn::Across(pieces) => {
                let inside = Rect { width: area.width.saturating_sub(1), ..area };
                pieces.iter().fold(area.x + 1, |x, (text, style)| put(buf, inside, (x, y), text, styled(style)));
            }
        }
    }
}

/// Which of how many is selected: at the right end of the titles' line, or where they leave room for it first.
fn place(buf: &mut Buffer, line: Rect, style: Style, (selected, count): (usize, usize)) {
    let (at, of) = (number(selected as u64 + 1), number(count as u64));
    let line = line.intersection(buf.area);
    let is_free = |buf: &Buffer, x: u16| buf[(x, line.y)].symbol() == " ";
    for text in [format!("{at} of {of}"), format!("{at}/{of}")] {
        // Two cells stay free on both sides of it.
        let wide = span(text.width()) + 4;
        let first = line.x..line.right().saturating_sub(wide);
        let ends = line.right().checked_sub(wide - 1).filter(|x| *x > line.x);
        let room = ends.into_iter().chain(first).find(|x| (*x..(x + wide).min(line.right())).all(|x| is_free(buf, x)));
        if let Some(x) = room.filter(|_| count > 0) {
            put(buf, line, (x + 2, line.y), &text, style);
            return;
        }
    }
}

/// Which part of all lines is in sight, along the right end of the area; nothing where all are.
pub(super) fn scrollbar(buf: &mut Buffer, area: Rect, style: Style, (offset, count): (usize, usize)) {
    let lines = usize::from(area.height);
    if count <= lines || lines == 0 || area.width == 0 {
        return;
    }
    let thumb = (lines * lines / count).max(1);
    let first = (offset * (lines - thumb)).div_ceil((count - lines).max(1)).min(lines - thumb);
    for line in 0..lines {
        let sign = if (first..first + thumb).contains(&line) { "┃" } else { "│" };
        put(buf, area, (area.right() - 1, area.y + span(line)), sign, style);
    }
}

fn in_sight<D: Into<Drawn>>(area: Rect, (offset, count): (usize, usize), row: impl Fn(usize) -> D) -> Vec<Drawn> {
    let lines = count.saturating_sub(offset).min(usize::from(area.height.saturating_sub(1)));
    (offset..offset + lines).map(|place| row(place).into()).collect()
}

fn titles(columns: &[Column], sorted: Option<(usize, bool)>) -> Vec<String> {
    let title = |(place, column): (usize, &Column)| match sorted {
        // Numbers stand with the highest first, words from A to Z.
        Some((at, reversed)) if at == place => {
            let falls = (column.holds == Holds::Numbers) != reversed;
            format!("{} {}", column.title, if falls { "↓" } else { "↑" })
        }
        _ => column.title.to_owned(),
    };
    columns.iter().enumerate().map(title).collect()
}

/// The place of the column that holds this column of cells.
pub(super) fn column_at<D: Into<Drawn>>(
    area: Rect,
    columns: &[Column],
    sorted: Option<(usize, bool)>,
    of: (usize, usize),
    row: impl Fn(usize) -> D,
    x: u16,
) -> Option<usize> {
    let rows = in_sight(area, of, row);
    let widths = widths(columns, &titles(columns, sorted), &rows, area.width.saturating_sub(GAP * 2));
    let mut left = area.x + 1;
    for (place, width) in widths.iter().enumerate().filter_map(|(place, width)| Some((place, (*width)?))) {
        if (left..left + width + GAP).contains(&x) {
            return Some(place);
        }
        left += width + GAP;
    }
    None
}

/// The end of a line of one-cell signs.
fn newest(text: &str, width: usize) -> String {
    let signs = text.chars().count();
    text.chars().skip(signs.saturating_sub(width)).collect()
}

/// Cells between two columns.
const GAP: u16 = 2;

/// The width of each column; none for those that have no room.
fn widths(columns: &[Column], titles: &[String], rows: &[Drawn], room: u16) -> Vec<Option<u16>> {
    let cell = |row: &Drawn, place: usize| match row {
        Drawn::Cells(cells) => cells.get(place).map(|(text, _)| text.width()),
        Drawn::Across(_) => None,
    };
    let wanted = |(place, column): (usize, &Column)| {
        let widest = rows.iter().filter_map(|row| cell(row, place)).max().unwrap_or(0);
        let title = titles.get(place).map_or(0, |title| title.width());
        let most = column.most.max(span(title));
        span(widest.max(title)).clamp(column.least.min(most), most)
    };
    let wanted: Vec<u16> = columns.iter().enumerate().map(wanted).collect();
    let mut kept: Vec<bool> = vec![true; columns.len()];
    let needs = |kept: &[bool], of: &dyn Fn(usize) -> u16| {
        let widths: u16 = (0..columns.len()).filter(|place| kept[*place]).map(of).sum();
        let gaps = kept.iter().filter(|kept| **kept).count().saturating_sub(1);
        widths + GAP * span(gaps)
    };
    let least = |place: usize| match columns[place].holds {
        Holds::Numbers => wanted[place],
        Holds::Names | Holds::Time => columns[place].least.min(wanted[place]),
    };
    while needs(&kept, &least) > room {
        let drop = (0..columns.len()).filter(|place| kept[*place]).max_by_key(|place| columns[*place].rank);
        match drop {
            Some(place) => kept[place] = false,
            None => break,
        }
    }
    // What is left over goes to the columns in the order of their ranks, up to what they want.
    let mut widths: Vec<Option<u16>> = (0..columns.len()).map(|place| kept[place].then(|| least(place))).collect();
    let mut over = room.saturating_sub(needs(&kept, &least));
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|place| columns[*place].rank);
    for place in order {
        if let Some(width) = &mut widths[place] {
            let more = (wanted[place] - *width).min(over);
            *width += more;
            over -= more;
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column { title: "NAME", least: 6, most: 20, holds: Holds::Names, rank: 0 },
        Column { title: "ERRORS", least: 6, most: 10, holds: Holds::Numbers, rank: 1 },
        Column { title: "OWNER", least: 5, most: 10, holds: Holds::Names, rank: 2 },
    ];

    fn rows() -> Vec<Drawn> {
        let cell = |text: &str| (text.to_owned(), Style::new());
        vec![Drawn::Cells(vec![cell("a-function-of-a-long-name"), cell("12"), cell("team")])]
    }

    fn widths(columns: &[Column], rows: &[Drawn], room: u16) -> Vec<Option<u16>> {
        super::widths(columns, &titles(columns, None), rows, room)
    }

    #[test]
    fn a_click_on_a_head_finds_its_column() {
        let area = Rect { x: 0, y: 0, width: 60, height: 3 };
        let at = |x| column_at(area, COLUMNS, Some((1, false)), (0, 1), |n| rows().remove(n), x);
        assert_eq!([0, 1, 20, 23, 30, 33, 59].map(at), [None, Some(0), Some(0), Some(1), Some(1), Some(2), None]);
    }

    #[test]
    fn columns_give_way_by_rank_and_share_what_is_left() {
        assert_eq!(widths(COLUMNS, &rows(), 60), [Some(20), Some(6), Some(5)]);
        assert_eq!(widths(COLUMNS, &rows(), 30), [Some(15), Some(6), Some(5)]);
        assert_eq!(widths(COLUMNS, &rows(), 20), [Some(12), Some(6), None]);
        assert_eq!(widths(COLUMNS, &rows(), 9), [Some(9), None, None]);
        assert_eq!(widths(COLUMNS, &rows(), 3), [None, None, None]);
    }

    proptest::proptest! {
        #[test]
        fn no_size_makes_it_fall_over(width in 0u16..80, height in 0u16..6, offset in 0usize..5) {
            let area = Rect { x: 0, y: 0, width, height };
            let none = Style::new();
            let look = Look { title: none, selection: none, place: none, bar: none, sorted: None };
            draw(&mut Buffer::empty(area), area, look, COLUMNS, (offset, 1, Some(0)), |n| rows().remove(n));
        }
    }
}
