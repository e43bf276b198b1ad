//! What of a file can be judged though somewhere it is no TOML. The parser goes on behind a mistake, and what it makes of the
//! lines around it may be something else than what was meant: of a table with a mistake nothing else is said.

use std::{collections::BTreeSet, ops::Range};

use super::{
    origin::{Origin, Source},
    problem::Problem,
};

/// The lines of which nothing is said, counted from 1.
#[derive(Default)]
pub(super) struct Doubt(Vec<Range<usize>>);

impl Doubt {
    /// What is in doubt by these mistakes.
    pub(super) fn of(source: &Source, broken: &[Problem]) -> Self {
        let end = source.text.trim_end().len();
        let is_last = |problem: &Problem| matches!(problem.origin(), Origin::File(_, span) if span.start >= end);
        // Something has no end, and has taken in whatever comes after it.
        if broken.iter().any(is_last) {
            return Self(std::iter::once(1..usize::MAX).collect());
        }
        let lines: BTreeSet<usize> = broken.iter().filter_map(Problem::line).collect();
        // Where each table begins: the first is that of the keys without a header.
        let headers = source.text.lines().zip(1..).filter(|(line, _)| line.trim_start().starts_with('['));
        let mut begins: Vec<usize> = [1].into_iter().chain(headers.map(|(_, line)| line)).collect();
        begins.dedup();
        let mut doubt = Vec::new();
        for (place, begin) in begins.iter().enumerate() {
            let end = begins.get(place + 1).copied().unwrap_or(usize::MAX);
            // A mistake at the next header may be that something before it has no end.
            if lines.range(begin..).next().is_some_and(|line| *line <= end) {
                doubt.push(*begin..end);
            }
        }
        Self(doubt)
    }

    /// Whether there is none.
    pub(super) fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether what was found counts: it stands in a table without a mistake, or not in the file at all.
    pub(super) fn spares(&self, problem: &Problem) -> bool {
        match (problem.origin(), problem.line()) {
            (Origin::Default, _) => self.is_none(),
            (_, Some(line)) => !self.0.iter().any(|lines| lines.contains(&line)),
            _ => true,
        }
    }
}
