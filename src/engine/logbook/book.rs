//! Lines of logs as they come in, in order, and never more than can be kept: the oldest are let go. It asks nothing and
//! knows no clock.

use std::sync::Arc;

use crate::domain::logs::{LogEvent, shown::ShownLine};

/// Lines that are kept.
pub const KEPT: usize = 10_000;
/// Bytes of text that are kept: lines may be a megabyte each.
const BYTES: usize = 64 << 20;

/// A line of a book.
#[derive(Debug)]
pub struct BookLine {
    /// Its number: no two lines of a book ever have the same.
    pub number: u64,
    /// The place of the function that wrote it.
    pub place: usize,
    /// The line.
    pub line: ShownLine,
    /// Whether it was heard as it was written.
    live: bool,
}

/// Lines, by time.
#[derive(Debug)]
pub struct Book {
    /// The lines that are kept.
    pub lines: Vec<Arc<BookLine>>,
    /// How many were let go.
    pub let_go: u64,
    next: u64,
    bytes: usize,
    /// Lines and bytes of text that are kept.
    most: (usize, usize),
}

impl Default for Book {
    fn default() -> Self {
        Self::new()
    }
}

impl Book {
    /// An empty one.
    pub fn new() -> Self {
        Self { lines: Vec::new(), let_go: 0, next: 0, bytes: 0, most: (KEPT, BYTES) }
    }

    /// Takes lines in, but for those that it has already.
    pub fn add(&mut self, lines: impl IntoIterator<Item = (usize, ShownLine)>, live: bool) {
        let known = self.lines.len();
        let mut fresh = Vec::new();
        for (place, line) in lines {
            if Self::has(&self.lines[..known], place, &line.event, live) {
                continue;
            }
            self.bytes += line.event.text.raw().len();
            fresh.push(Arc::new(BookLine { number: self.next, place, line, live }));
            self.next += 1;
        }
        self.lines.extend(fresh);
        // Almost all of it is in order: sorting looks at each line once.
        self.lines.sort_by_key(|line| line.line.event.at);
        let mut gone = self.lines.len().saturating_sub(self.most.0);
        let mut bytes = self.bytes - self.lines[..gone].iter().map(|it| it.line.event.text.raw().len()).sum::<usize>();
        while bytes > self.most.1 && gone < self.lines.len() {
            bytes -= self.lines[gone].line.event.text.raw().len();
            gone += 1;
        }
        (self.bytes, self.let_go) = (bytes, self.let_go + gone as u64);
        self.lines.drain(..gone);
    }

    /// The number of the line with an event.
    pub(super) fn number_of(&self, place: usize, event: &LogEvent) -> Option<u64> {
        at(&self.lines, event).find(|it| it.place == place && it.line.event == *event).map(|it| it.number)
    }

    /// Whether an event is there already. What a live tail tells bears no id: it is the same if all else is, and if it was
    /// read in another way.
    fn has(lines: &[Arc<BookLine>], place: usize, event: &LogEvent, live: bool) -> bool {
        at(lines, event).any(|it| {
            let other = &it.line.event;
            let same = it.place == place && other.stream == event.stream && other.text == event.text;
            same && match (&other.id, &event.id) {
                (Some(one), Some(another)) => one == another,
                _ => it.live != live,
            }
        })
    }
}

/// The lines of the time of an event.
fn at<'l>(lines: &'l [Arc<BookLine>], event: &LogEvent) -> impl Iterator<Item = &'l Arc<BookLine>> + use<'l> {
    let at = event.at;
    let first = lines.partition_point(|line| line.line.event.at < at);
    lines[first..].iter().take_while(move |line| line.line.event.at == at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(at: i64, text: &str, id: Option<u64>) -> ShownLine {
        ShownLine::new(LogEvent {
            at: jiff::Timestamp::from_millisecond(at).unwrap(),
            stream: "s".into(),
            text: text.into(),
            id: id.map(|id| id.to_string().into()),
        })
    }

    #[test]
    fn what_is_read_and_heard_stands_there_once_and_in_order() {
        let mut book = Book::new();
        book.add([(0, line(5, "b", None)), (0, line(5, "b", None)), (0, line(9, "c", None))], true);
        // The same as it is read; one that is older; and another function's.
        book.add([(0, line(1, "a", Some(1))), (0, line(5, "b", Some(2))), (1, line(5, "b", Some(3)))], false);
        book.add([(0, line(1, "a", Some(1)))], false);
        let texts: Vec<_> = book.lines.iter().map(|it| (it.place, it.line.event.text.raw())).collect();
        assert_eq!(texts, [(0, "a"), (0, "b"), (0, "b"), (1, "b"), (0, "c")]);
        assert_eq!(book.let_go, 0);
    }

    #[test]
    fn memory_is_bounded_by_lines_and_by_bytes() {
        let mut book = Book { most: (100, 1000), ..Book::new() };
        book.add((0..110).map(|n| (0, line(n, "x", None))), true);
        assert_eq!((book.lines.len(), book.let_go), (100, 10));
        let long = "x".repeat(500);
        book.add((0..3).map(|n| (0, line(1000 + n, &long, None))), true);
        assert_eq!((book.lines.len(), book.let_go), (2, 111));
        // One that is longer than all that is kept is let go as well.
        book.add([(0, line(2000, &"x".repeat(1001), None))], true);
        assert_eq!((book.lines.len(), book.let_go), (0, 114));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_in_order_and_numbered(batches in prop::collection::vec(prop::collection::vec((0i64..40, 0usize..3), 0..20), 0..6)) {
            let mut book = Book::new();
            for (n, batch) in batches.into_iter().enumerate() {
                book.add(batch.into_iter().map(|(at, place)| (place, line(at, "x", None))), n % 2 == 0);
            }
            prop_assert!(book.lines.is_sorted_by_key(|it| it.line.event.at));
            let mut numbers: Vec<u64> = book.lines.iter().map(|it| it.number).collect();
            numbers.sort_unstable();
            numbers.dedup();
            prop_assert_eq!(numbers.len(), book.lines.len());
        }
    }
}
