//! Lines of logs on a screen: which columns there is room for, how each line is broken, and so how tall it is. The model and
//! the drawing both ask here, so that what one scrolls by is what one sees.

use jiff::{Timestamp, tz::TimeZone};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::model::LogView;
use crate::{
    domain::{logs::words::clock, text::counted},
    engine::logbook::{BookLine, ToldLines},
};

/// From this width on there is room for milliseconds and for words of levels.
const WIDE: u16 = 96;
/// Cells by which what is unfolded stands further to the right.
pub const INDENT: usize = 2;
/// Pieces into which a text is broken at most: an event has a megabyte at most.
const TALLEST: usize = 100_000;

/// What is unfolded below a line, broken for a width: an event may be long, and frames are many.
#[derive(Clone, Debug)]
pub struct Unfolded {
    lines: Vec<String>,
    pieces: Vec<String>,
    width: usize,
}

impl Unfolded {
    /// Breaks lines for the columns of a screen.
    pub fn new(lines: Vec<String>, grid: &Grid) -> Self {
        let width = grid.text.saturating_sub(INDENT).max(8);
        let pieces = lines.iter().flat_map(|line| broken(line, width)).take(TALLEST).collect();
        Self { lines, pieces, width: grid.text }
    }

    /// The same for other columns; nothing where these are as wide.
    pub fn anew(&self, grid: &Grid) -> Option<Self> {
        (self.width != grid.text).then(|| Self::new(self.lines.clone(), grid))
    }
}

/// Cells of each column; none where it is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// The time.
    pub time: usize,
    /// The level.
    pub level: usize,
    /// The function.
    pub function: usize,
    /// What was written.
    pub text: usize,
    /// Whether the time tells the day.
    dated: bool,
}

impl Grid {
    /// The columns of lines on a screen of this width.
    pub fn new(width: u16, told: &ToldLines) -> Self {
        let wide = width >= WIDE;
        let day = |line: &BookLine| line.line.event.at.as_second().div_euclid(86400);
        let dated = match (told.lines.first(), told.lines.last()) {
            (Some(first), Some(last)) => day(first) != day(last),
            _ => false,
        };
        let names = told.functions.iter().map(|one| one.function.shown().width()).max().unwrap_or(0);
        let function = if told.functions.len() < 2 { 0 } else { names.min(if wide { 28 } else { 14 }) };
        let time = if wide { 12 } else { 8 } + if dated { 6 } else { 0 };
        let level = if wide { 7 } else { 1 };
        let grid = Self { time, level, function, text: 0, dated };
        // At the right end one scrolls, and a cell before that stays free.
        Self { text: usize::from(width).saturating_sub(grid.before() + 2).max(8), ..grid }
    }

    /// Cells before what was written.
    pub fn before(&self) -> usize {
        let function = if self.function > 0 { self.function + 1 } else { 0 };
        2 + self.time + 1 + self.level + 1 + function
    }

    /// A time in its column, in UTC.
    pub fn at(&self, at: Timestamp) -> String {
        let time = clock(at);
        let day = if self.dated { at.to_zoned(TimeZone::UTC).strftime("%m-%d ").to_string() } else { String::new() };
        let time = if self.level > 1 { time.as_str() } else { time.get(..8).unwrap_or(&time) };
        format!("{day}{time}")
    }
}

/// A line as it stands on the screen: its folded text, broken where lines are wrapped, then what is unfolded below.
pub fn laid<'v>(view: &'v LogView, grid: &Grid, line: &BookLine) -> (Vec<String>, &'v [String]) {
    let head = line.line.head(view.secrets);
    let mut folded = if view.wrap { broken(head, grid.text) } else { vec![head.to_owned()] };
    // What says how much is folded goes onto a line of its own where there is no room for it.
    let more = more(view, line).width();
    if view.wrap && folded.last().is_some_and(|last| more > 0 && last.width() + more > grid.text) {
        folded.push(String::new());
    }
    (folded, view.open.get(&line.number).map(|open| open.pieces.as_slice()).unwrap_or_default())
}

/// How much of a line is folded, in words; nothing where nothing is.
pub fn more(view: &LogView, line: &BookLine) -> String {
    let is_open = view.open.contains_key(&line.number);
    match (line.line.more as u64, line.line.json) {
        (0, _) => String::new(),
        _ if is_open => String::new(),
        (n, true) => format!(" ⋯ {}", counted(n, "field")),
        (n, false) => format!(" ⋯ {}", counted(n, "line")),
    }
}

/// How many lines of the screen it takes.
pub fn tall(view: &LogView, grid: &Grid, line: &BookLine) -> usize {
    if !view.wrap && !view.open.contains_key(&line.number) {
        return 1;
    }
    let (folded, open) = laid(view, grid, line);
    folded.len() + open.len()
}

/// A text in so many cells; where it is longer, its end gives way.
pub fn cut(text: &str, width: usize) -> std::borrow::Cow<'_, str> {
    if text.width() <= width {
        return text.into();
    }
    let (mut kept, mut used) = (String::new(), 0);
    for grapheme in text.graphemes(true) {
        used += grapheme.width();
        if used >= width {
            break;
        }
        kept.push_str(grapheme);
    }
    (kept + "…").into()
}

/// A text in pieces of so many cells, broken behind a blank where there is one near the end. Nothing is left out.
pub fn broken(text: &str, width: usize) -> Vec<String> {
    if text.width() <= width {
        return vec![text.to_owned()];
    }
    let mut pieces = Vec::new();
    let (mut piece, mut used) = (String::new(), 0);
    for grapheme in text.graphemes(true) {
        let cells = grapheme.width();
        if used + cells > width && !piece.is_empty() {
            let rest = match piece.rfind(' ') {
                Some(at) if at + 1 < piece.len() && piece[..at].width() * 2 > width => piece.split_off(at + 1),
                _ => String::new(),
            };
            used = rest.width();
            pieces.push(std::mem::replace(&mut piece, rest));
            if pieces.len() >= TALLEST {
                return pieces;
            }
        }
        piece.push_str(grapheme);
        used += cells;
    }
    pieces.push(piece);
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_broken_behind_blanks_and_keep_theirs() {
        assert_eq!(broken("    at f (a.js:1)", 12), ["    at f ", "(a.js:1)"]);
        assert_eq!(broken("aaaaaaaaaaaaaaaa", 8), ["aaaaaaaa", "aaaaaaaa"]);
        assert_eq!(broken("", 8), [""]);
    }

    proptest! {
        #[test]
        fn nothing_of_a_line_is_lost_and_no_piece_is_too_wide(text in "[^\\p{C}]{0,120}", width in 8usize..40) {
            let pieces = broken(&text, width);
            prop_assert_eq!(pieces.concat(), text);
            prop_assert!(pieces.iter().all(|piece| piece.width() <= width), "{:?}", pieces);
        }
    }
}
