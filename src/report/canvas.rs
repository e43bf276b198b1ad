//! Lines of styled text that fit a number of columns. What is written here is cleaned here, so that no text of
//! anybody else's can steer the terminal, whichever format forgot to.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Color, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::domain::text::clean;

pub(super) const PLAIN: Style = Style::new();
pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const CRITICAL: Style = colour(AnsiColor::Red);
pub(super) const WARNING: Style = colour(AnsiColor::Yellow);
pub(super) const UNKNOWN: Style = colour(AnsiColor::Magenta);
pub(super) const GOOD: Style = colour(AnsiColor::Green);

const fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(colour))).bold()
}

/// Between two things on one line.
const DOT: &str = " · ";

/// Narrower than this nothing is readable: better that the terminal wraps.
const LEAST_WIDTH: usize = 40;

/// Columns that the text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// One line in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    spans: Vec<(Style, String)>,
    width: usize,
}

impl Line {
    /// An empty line that begins at a column.
    pub(super) fn at(column: usize) -> Self {
        Self::default().to(column)
    }

    /// Adds text.
    #[must_use]
    pub(super) fn then(mut self, style: Style, text: &str) -> Self {
        let text = clean(text).into_owned();
        self.width += width(&text);
        match self.spans.last_mut() {
            Some((last, so_far)) if *last == style => so_far.push_str(&text),
            _ => self.spans.push((style, text)),
        }
        self
    }

    /// Fills up with blanks to a column; a line that is already there stays.
    #[must_use]
    pub(super) fn to(self, column: usize) -> Self {
        let missing = column.saturating_sub(self.width);
        if missing == 0 { self } else { self.then(PLAIN, &" ".repeat(missing)) }
    }

    /// Columns so far.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    fn is_blank(&self) -> bool {
        self.spans.iter().all(|(_, text)| text.trim().is_empty())
    }

    fn write_to(mut self, out: &mut String) {
        while let Some((_, text)) = self.spans.last_mut() {
            text.truncate(text.trim_end().len());
            if !text.is_empty() {
                break;
            }
            self.spans.pop();
        }
        for (style, text) in self.spans.iter().filter(|(_, text)| !text.is_empty()) {
            // A String takes all that is written to it.
            let _ = write!(out, "{style}{text}{style:#}");
        }
        out.push('\n');
    }
}

/// Lines of at most so many columns.
#[derive(Debug)]
pub(super) struct Page {
    width: usize,
    out: String,
}

impl Page {
    /// An empty page.
    pub(super) fn new(width: u16) -> Self {
        Self { width: usize::from(width).max(LEAST_WIDTH), out: String::new() }
    }

    /// Columns there are.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Whether anything was written yet.
    pub(super) fn is_begun(&self) -> bool {
        !self.out.is_empty()
    }

    /// Adds a line as it is, whatever its width.
    pub(super) fn line(&mut self, line: Line) {
        line.write_to(&mut self.out);
    }

    /// Adds an empty line.
    pub(super) fn blank(&mut self) {
        self.out.push('\n');
    }

    /// Begins a paragraph that breaks where the page ends; its further lines begin where `start` ends.
    pub(super) fn fill(&mut self, start: Line) -> Fill<'_> {
        let hang = start.width();
        Fill { page: self, line: start, hang, fresh: true }
    }

    /// All that was written.
    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// A paragraph in the making.
#[derive(Debug)]
pub(super) struct Fill<'a> {
    page: &'a mut Page,
    line: Line,
    hang: usize,
    /// Whether nothing stands on the line yet that the next thing had to be set apart from.
    fresh: bool,
}

impl Fill<'_> {
    /// Begins further lines at another column.
    #[must_use]
    pub(super) fn hang(mut self, column: usize) -> Self {
        self.hang = column;
        self
    }

    /// Adds a thing that is set apart from the one before by a dot, and broken only where it fills more than a line.
    #[must_use]
    pub(super) fn item(self, style: Style, text: &str) -> Self {
        let text = clean(text.trim());
        if text.is_empty() {
            return self;
        }
        if width(&text) <= self.room() { self.push(DOT, style, &text) } else { self.broken(DOT, style, &text) }
    }

    /// Adds words that go on after what is there.
    #[must_use]
    pub(super) fn words(self, style: Style, text: &str) -> Self {
        let text = clean(text);
        self.broken(" ", style, &text)
    }

    /// Adds text that is never broken, after a blank.
    #[must_use]
    pub(super) fn whole(self, style: Style, text: &str) -> Self {
        self.push(" ", style, &clean(text))
    }

    /// Goes on at a column, where the line has not passed it yet.
    #[must_use]
    pub(super) fn column(mut self, column: usize) -> Self {
        if self.line.width() < column {
            self.line = self.line.to(column);
            self.fresh = true;
        }
        self
    }

    /// Goes on at the beginning of a line.
    #[must_use]
    pub(super) fn next_line(mut self) -> Self {
        if !self.fresh || self.line.width() > self.hang {
            self.page.line(std::mem::replace(&mut self.line, Line::at(self.hang)));
            self.fresh = true;
        }
        self
    }

    /// Ends the paragraph. One that is empty leaves no line.
    pub(super) fn end(self) {
        if !self.line.is_blank() {
            self.page.line(self.line);
        }
    }

    fn room(&self) -> usize {
        self.page.width.saturating_sub(self.hang)
    }

    fn broken(mut self, first: &str, style: Style, text: &str) -> Self {
        let mut joiner = first;
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let mut rest = word;
            while width(rest) > self.room() {
                let (head, tail) = split_at_width(rest, self.room());
                self = self.push(joiner, style, head);
                (joiner, rest) = ("", tail);
            }
            self = self.push(joiner, style, rest);
            joiner = " ";
        }
        self
    }

    fn push(mut self, joiner: &str, style: Style, text: &str) -> Self {
        let begun = !self.fresh || self.line.width() > self.hang;
        if begun && self.line.width() + width(joiner) + width(text) > self.page.width {
            self = self.next_line();
        }
        if !self.fresh {
            let between = if joiner == DOT { DIM } else { style };
            self.line = self.line.then(between, joiner);
        }
        self.line = self.line.then(style, text);
        self.fresh = false;
        self
    }
}

/// The longest beginning of at most so many columns (of one character at least), and the rest.
fn split_at_width(text: &str, columns: usize) -> (&str, &str) {
    let mut taken = 0;
    let cut = text.char_indices().skip(1).find(|(at, c)| {
        taken = width(&text[..*at]);
        taken + c.width().unwrap_or(0) > columns
    });
    text.split_at(cut.map_or(text.len(), |(at, _)| at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(page: Page) -> String {
        anstream::adapter::strip_str(&page.finish()).to_string()
    }

    #[test]
    fn a_paragraph_breaks_between_things_and_hangs() {
        let mut page = Page::new(40);
        page.fill(Line::at(0).then(BOLD, "label").to(8))
            .item(PLAIN, "one of the things")
            .item(DIM, "another")
            .item(PLAIN, "and yet another one")
            .end();
        assert_eq!(plain(page), "label   one of the things · another\n        and yet another one\n");
    }

    #[test]
    fn a_word_wider_than_the_page_is_broken_and_a_name_is_not() {
        let mut page = Page::new(40);
        page.fill(Line::at(4)).words(PLAIN, &"x".repeat(50)).end();
        page.fill(Line::at(4)).whole(PLAIN, &"y".repeat(50)).end();
        assert_eq!(plain(page), format!("    {}\n    {}\n    {}\n", "x".repeat(36), "x".repeat(14), "y".repeat(50)));
    }

    #[test]
    fn wide_characters_count_twice_and_controls_never_get_through() {
        let mut page = Page::new(40);
        page.fill(Line::at(0)).words(PLAIN, &"表".repeat(30)).end();
        page.line(Line::at(0).then(PLAIN, "a\u{1b}[2J\u{202e}b"));
        let text = plain(page);
        assert!(text.lines().all(|line| width(line) <= 40));
        assert!(text.ends_with("a\u{FFFD}[2J\u{FFFD}b\n"));
    }
}
