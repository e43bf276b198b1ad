//! The file's form: a line that says which version it has and the how many-th writing it is, then lines of rows, each with
//! a sum of its bytes. A line without its end is none.

use std::{
    fs::File,
    io::{self, Read, Seek},
};

use super::{Row, row};

/// Another number is another version's.
const VERSION: &str = "slmon.alerts/1";

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    /// Bytes up to the end of the last whole line.
    pub(super) whole: u64,
    /// Whole lines that can't be read.
    pub(super) spoilt: usize,
}

/// The first line.
pub(super) fn header(writing: u64) -> Vec<u8> {
    format!("{VERSION} {writing}\n").into_bytes()
}

/// Which writing a file is, and where its rows begin; none where it is no file of ours.
pub(super) fn head(file: &mut File) -> io::Result<Option<(u64, u64)>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(64).read_to_end(&mut bytes)?;
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
    let line = String::from_utf8_lossy(&bytes[..end]);
    let writing = line.strip_prefix(VERSION).and_then(|rest| rest.strip_prefix(' ')).and_then(|text| text.parse().ok());
    Ok(writing.map(|writing| (writing, end as u64 + 1)))
}

/// A line of rows.
pub(super) fn line(rows: &[Row]) -> io::Result<Vec<u8>> {
    let rows: Vec<row::Written> = rows.iter().map(row::Written::of).collect();
    let text = serde_json::to_string(&rows)?;
    Ok(format!("{:016x} {text}\n", sum(text.as_bytes())).into_bytes())
}

/// Reads lines of rows.
pub(super) fn read(bytes: &[u8]) -> Page {
    let mut page = Page::default();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(line) = line.strip_suffix(b"\n") else { break };
        page.whole += line.len() as u64 + 1;
        match rows(line) {
            Some(rows) => page.rows.extend(rows),
            None => page.spoilt += 1,
        }
    }
    page
}

fn rows(line: &[u8]) -> Option<Vec<Row>> {
    let (said, text) = line.split_at_checked(17)?;
    if format!("{:016x} ", sum(text)).as_bytes() != said {
        return None;
    }
    let rows: Vec<row::Written> = serde_json::from_slice(text).ok()?;
    rows.into_iter().map(row::Written::read).collect()
}

/// FNV-1a, 64 bits.
fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
