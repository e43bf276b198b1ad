//! A table that builds only the rows in sight. Columns give way by their rank where there is no room, and nothing pushes
//! another column off the screen. It knows no model.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};
use unicode_width::UnicodeWidthStr;

use super::text::{elide, put, span};

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

/// The styles of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// The titles.
    pub title: Style,
    /// The row that is selected.
    pub selection: Style,
}

/// Draws the titles and the rows from `offset` on. `rows` makes the cells of a row, one a column.
pub(super) fn draw(
    buf: &mut Buffer,
    area: Rect,
    look: Look,
    columns: &[Column],
    (offset, count, selected): (usize, usize, Option<usize>),
    row: impl Fn(usize) -> Vec<Cell>,
) {
    if area.height == 0 {
        return;
    }
    let in_sight = count.saturating_sub(offset).min(usize::from(area.height - 1));
    let rows: Vec<Vec<Cell>> = (offset..offset + in_sight).map(row).collect();
    let widths = widths(columns, &rows, area.width.saturating_sub(GAP * 2));
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
    let titles: Vec<(&str, Style)> = columns.iter().map(|column| (column.title, look.title)).collect();
    draw_row(buf, area.y, &titles);
    for (line, cells) in rows.iter().enumerate() {
        let y = area.y + 1 + span(line);
        let here = selected == Some(offset + line);
        if here {
            buf.set_style(Rect { y, height: 1, ..area }, look.selection);
        }
        // On the selection, colours are those of the selection; weight stays.
        let cells: Vec<(&str, Style)> = cells
            .iter()
            .map(|(text, style)| {
                let style =
                    if here { look.selection.add_modifier(style.add_modifier & Modifier::BOLD) } else { *style };
                (text.as_str(), style)
            })
            .collect();
        draw_row(buf, y, &cells);
    }
}

/// The end of a line of one-cell signs.
fn newest(text: &str, width: usize) -> String {
    let signs = text.chars().count();
    text.chars().skip(signs.saturating_sub(width)).collect()
}

/// Cells between two columns.
const GAP: u16 = 2;

/// The width of each column; none for those that have no room.
fn widths(columns: &[Column], rows: &[Vec<Cell>], room: u16) -> Vec<Option<u16>> {
    let wanted = |(place, column): (usize, &Column)| {
        let widest = rows.iter().filter_map(|row| row.get(place)).map(|(text, _)| text.width()).max().unwrap_or(0);
        let widest = span(widest.max(column.title.width()));
        widest.clamp(column.least.min(column.most), column.most)
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

    fn rows() -> Vec<Vec<Cell>> {
        let cell = |text: &str| (text.to_owned(), Style::new());
        vec![vec![cell("a-function-of-a-long-name"), cell("12"), cell("team")]]
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
            let look = Look { title: Style::new(), selection: Style::new() };
            draw(&mut Buffer::empty(area), area, look, COLUMNS, (offset, 1, Some(0)), |n| rows().remove(n));
        }
    }
}
