//! The lines of one object that a pattern finds, by ripgrep's own searcher: a line at a time, in as much memory as the
//! longest line takes.

use std::{
    io::{self, Read},
    sync::atomic::{AtomicU64, Ordering},
};

use grep_matcher::{LineTerminator, Matcher as _};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkError, SinkMatch};

use super::unpack::{Packed, Wire, unpacked};
use crate::{
    domain::{
        failure::{Failure, Kind},
        text::bytes,
    },
    source::calls,
};

/// The longest line that is judged, in bytes.
const LONGEST: usize = 32 * 1024 * 1024;
/// Bytes of a line that are kept of one that fits.
const KEPT: usize = 256 * 1024;
/// Bytes that are kept before what fits, where a line is cut.
const BEFORE: usize = 1024;

/// A line that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its number, from 1.
    pub number: u64,
    /// What it says, without its end: at most 256 KiB around what fits. What is no UTF-8 is replaced.
    pub text: String,
    /// Its length in bytes, where it was cut.
    pub cut: Option<u64>,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern(RegexMatcher);

impl Pattern {
    /// A regular expression as Rust's regex crate reads it, of which nothing goes over the end of a line. What is wrong with
    /// it is the error, in words.
    pub fn new(pattern: &str, ignore_case: bool) -> Result<Self, String> {
        let mut builder = RegexMatcherBuilder::new();
        builder.case_insensitive(ignore_case).multi_line(true).line_terminator(Some(b'\n')).crlf(true);
        builder.build(pattern).map(Self).map_err(|error| error.to_string())
    }
}

/// Tells each line that fits, until whoever is told has had enough. What can't be read is a failure; what was found before
/// it has been told.
pub(super) fn scan(wire: &mut Wire, pattern: &Pattern, told: impl FnMut(Told) -> bool) -> Result<(), Failure> {
    let read = AtomicU64::new(0);
    let mut packed = Packed::Plain;
    let result = unpacked(wire).and_then(|(how, content)| {
        packed = how;
        let content = Counted { content, read: &read };
        let mut searcher = SearcherBuilder::new()
            .line_number(true)
            .line_terminator(LineTerminator::crlf())
            .heap_limit(Some(LONGEST))
            // What is binary may hold text, too; what of it steers a terminal is nothing that is shown.
            .binary_detection(BinaryDetection::none())
            .bom_sniffing(true)
            .build();
        searcher.search_reader(&pattern.0, content, Lines { pattern, told })
    });
    result.map_err(|error| failure(packed, read.into_inner(), &error))
}

fn failure(packed: Packed, read: u64, error: &io::Error) -> Failure {
    let unpacked = bytes(read);
    let said = error.to_string();
    if said.contains("allocation limit") {
        let limit = bytes(LONGEST as u64);
        return Failure::new(
            calls::GET_OBJECT,
            Kind::Other,
            format!("a line is longer than {limit}; read up to {unpacked}"),
        )
        .with_hint("search it with another tool: this is no file of lines");
    }
    let said = format!("broken {}: {said}; read up to {unpacked}", packed.as_str());
    Failure::new(calls::GET_OBJECT, Kind::Malformed, said)
        .with_hint("the object was stored broken or cut: what stands before counts, what stands behind can't be read")
}

/// Counts what it reads.
struct Counted<'a, R> {
    content: R,
    read: &'a AtomicU64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.content.read(into)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

struct Lines<'a, F> {
    pattern: &'a Pattern,
    told: F,
}

impl<F: FnMut(Told) -> bool> Sink for Lines<'_, F> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> Result<bool, io::Error> {
        let line = found.bytes();
        let end = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
        let (line, length) = (&line[..end], end as u64);
        let (kept, cut) = if line.len() > KEPT {
            let fits = self.pattern.0.find(line).map_err(io::Error::error_message)?;
            let from = fits.map_or(0, |fits| fits.start().saturating_sub(BEFORE)).min(line.len() - KEPT);
            (&line[from..from + KEPT], Some(length))
        } else {
            (line, None)
        };
        let text = String::from_utf8_lossy(kept).into_owned();
        Ok((self.told)(Told { number: found.line_number().unwrap_or(0), text, cut }))
    }
}
