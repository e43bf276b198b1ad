//! From pieces that come over the network to what they hold: plain, gzip or zstd, told by how it begins. Names and
//! headers say it, too, and are wrong too often.

use std::io::{self, BufRead, Read};

use bytes::{Buf, Bytes};
use flate2::bufread::MultiGzDecoder;
use tokio::sync::mpsc;

/// How gzip begins. Source: RFC 1952, 2.3.1.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// How zstd begins. Source: RFC 8878, 3.1.1.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The largest window that zstd may ask for, as a power of two: 128 MiB, what its own tool takes without being told more.
const WINDOW: u32 = 27;

/// What arrives, as something that can be read where waiting is allowed. It ends where nothing follows.
pub(super) struct Wire {
    pieces: mpsc::Receiver<Bytes>,
    piece: Bytes,
}

impl Wire {
    pub(super) fn new(pieces: mpsc::Receiver<Bytes>) -> Self {
        Self { pieces, piece: Bytes::new() }
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let piece = self.fill_buf()?;
        let length = piece.len().min(into.len());
        into[..length].copy_from_slice(&piece[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Wire {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(&[]),
            }
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, length: usize) {
        self.piece.advance(length);
    }
}

/// How an object is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packed {
    Plain,
    Gzip,
    Zstd,
}

impl Packed {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// Reads what is packed, member by member and frame by frame.
pub(super) fn unpacked(wire: &mut Wire) -> io::Result<(Packed, Box<dyn Read + '_>)> {
    let mut head = Vec::with_capacity(ZSTD.len());
    while head.len() < ZSTD.len() {
        let piece = wire.fill_buf()?;
        let length = piece.len().min(ZSTD.len() - head.len());
        if length == 0 {
            break;
        }
        head.extend_from_slice(&piece[..length]);
        wire.consume(length);
    }
    let packed = match () {
        () if head.starts_with(&GZIP) => Packed::Gzip,
        () if head.starts_with(&ZSTD) => Packed::Zstd,
        () => Packed::Plain,
    };
    let whole = Read::chain(io::Cursor::new(head), wire);
    Ok((
        packed,
        match packed {
            Packed::Plain => Box::new(whole),
            Packed::Gzip => Box::new(MultiGzDecoder::new(whole)),
            Packed::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(whole)?;
                decoder.window_log_max(WINDOW)?;
                Box::new(decoder)
            }
        },
    ))
}
