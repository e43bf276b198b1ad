//! Pieces of text on the screen: cut to their place, never over it.

use std::borrow::Cow;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// A number as a number of cells.
pub fn span(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

/// Writes a text on one line, cut at the right end of the area; what lies outside of it is left out. Gives the column
/// after it.
pub fn put(buf: &mut Buffer, area: Rect, (x, y): (u16, u16), text: &str, style: Style) -> u16 {
    let inside = area.intersection(buf.area);
    if y < inside.y || y >= inside.bottom() || x < inside.x || x >= inside.right() {
        return x;
    }
    buf.set_stringn(x, y, text, usize::from(inside.right() - x), style).0
}

/// Writes pieces of text one after the other.
pub fn put_all(buf: &mut Buffer, area: Rect, (x, y): (u16, u16), pieces: &[(&str, Style)]) -> u16 {
    pieces.iter().fold(x, |x, (text, style)| put(buf, area, (x, y), text, *style))
}

/// The text in so many cells: where it is longer, its middle gives way, since names share beginnings and ends.
pub fn elide(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    if width == 0 {
        return Cow::Borrowed("");
    }
    let room = width - 1;
    let head = take(text.graphemes(true), room.div_ceil(2));
    let mut tail: Vec<&str> = text.graphemes(true).rev().collect();
    let kept = take(tail.iter().copied(), room / 2).graphemes(true).count();
    tail.truncate(kept);
    tail.reverse();
    Cow::Owned(format!("{head}…{}", tail.concat()))
}

/// As many graphemes as fit in so many cells.
fn take<'a>(graphemes: impl Iterator<Item = &'a str>, width: usize) -> String {
    let (mut taken, mut used) = (String::new(), 0);
    for grapheme in graphemes {
        used += grapheme.width();
        if used > width {
            break;
        }
        taken.push_str(grapheme);
    }
    taken
}

/// As many parts of a line as there is room for, with dots between them, what stands first first; that in any case.
pub fn fitting(parts: impl IntoIterator<Item = String>, width: usize) -> String {
    let mut line = String::new();
    for part in parts {
        let longer = if line.is_empty() { part } else { format!("{line} · {part}") };
        if line.is_empty() || longer.width() <= width {
            line = longer;
        }
    }
    elide(&line, width).into_owned()
}

/// The text in lines of so many cells, broken at blanks where there are any.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word = word;
        loop {
            let blank = usize::from(!line.is_empty());
            if line.width() + blank + word.width() <= width {
                if blank == 1 {
                    line.push(' ');
                }
                line.push_str(word);
                break;
            }
            if line.is_empty() {
                // A word that is longer than a line is broken.
                let head = take(word.graphemes(true), width);
                if head.is_empty() {
                    break;
                }
                let (head, rest) = word.split_at(head.len());
                lines.push(head.to_owned());
                word = rest;
            } else {
                lines.push(std::mem::take(&mut line));
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_give_way_in_their_middle() {
        assert_eq!(elide("orders-create-handler", 30), "orders-create-handler");
        assert_eq!(elide("orders-create-handler", 11), "order…ndler");
        assert_eq!(elide("注文を作成する関数", 8), "注文…数");
        assert_eq!(elide("abc", 1), "…");
    }

    #[test]
    fn of_parts_those_stay_that_there_is_room_for() {
        let parts = || ["changed just now", "by tag stage=prod", "run"].map(str::to_owned);
        assert_eq!(fitting(parts(), 60), "changed just now · by tag stage=prod · run");
        assert_eq!(fitting(parts(), 24), "changed just now · run");
        assert_eq!(fitting(parts(), 10), elide("changed just now", 10));
        assert_eq!(fitting([], 10), "");
    }

    #[test]
    fn lines_break_at_blanks() {
        assert_eq!(wrap("allow it in the policy", 8), ["allow it", "in the", "policy"]);
        assert_eq!(wrap("arn:aws:lambda", 6), ["arn:aw", "s:lamb", "da"]);
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_its_place(text in ".{0,80}", width in 1usize..40) {
            prop_assert!(elide(&text, width).width() <= width);
            for line in wrap(&text, width.max(2)) {
                prop_assert!(line.width() <= width.max(2), "{line:?}");
            }
        }
    }
}
