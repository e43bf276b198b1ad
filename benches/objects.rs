//! A gzip object of 1 GiB (stored) that comes as fast as it can be taken: how fast it is searched, beside how fast it is
//! only unpacked, and the most memory that the search takes.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "in a benchmark, that is how one fails, and how one tells"
)]

use std::{
    fmt::Write as _,
    io::{self, Read, Write},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use flate2::{Compression, bufread::MultiGzDecoder, write::GzEncoder};
use futures::{FutureExt, StreamExt, stream};
use slmon::{
    domain::{
        objects::{Object, Place},
        roster::Base,
        text::bytes,
    },
    engine::objects::{Heard, Pattern, search},
    source::{
        Answer, Pages,
        objects::{Content, Objects},
    },
};
use tokio::{sync::mpsc, time::Instant};

const STORED: usize = 1 << 30;
const PIECE: usize = 64 * 1024;

/// One gzip member, over and over until there are so many bytes of them.
struct Endless {
    member: Bytes,
    members: usize,
}

impl Endless {
    fn new(stored: usize) -> Self {
        let mut text = String::new();
        for n in 0_u64..200_000 {
            let id = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let status = if n % 1000 == 3 { 503 } else { 200 };
            writeln!(
                text,
                "2026-11-28T10:{:02}:00Z app/shop/{id:016x} GET /orders/{} {status} {}",
                n % 60,
                id % 9973,
                id % 811
            )
            .unwrap();
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        let member = Bytes::from(encoder.finish().unwrap());
        let members = stored.div_ceil(member.len());
        Self { member, members }
    }

    fn size(&self) -> u64 {
        (self.member.len() * self.members) as u64
    }
}

impl Objects for Endless {
    fn list<'a>(&'a self, _: &'a Place) -> Pages<'a, Object> {
        let object = Object { key: "one.gz".into(), size: self.size(), modified: None, etag: None };
        stream::iter([Ok(vec![object])]).boxed()
    }

    fn content<'a>(&'a self, _: &'a Place, _: &'a Object, _: u64) -> Answer<'a, Content> {
        let (member, members) = (self.member.clone(), self.members);
        let pieces = (0..members).flat_map(move |_| {
            let member = member.clone();
            (0..member.len()).step_by(PIECE).map(move |at| Ok(member.slice(at..(at + PIECE).min(member.len()))))
        });
        futures::future::ready(Ok(stream::iter(pieces).boxed())).boxed()
    }
}

/// The most memory that this process has taken so far, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn told(what: &str, stored: u64, took: Duration) {
    let speed = stored as f64 / took.as_secs_f64() / 1_048_576.0;
    println!(
        "{what:<24} {:>10} stored in {:>6.2} s: {speed:>7.1} MiB/s; peak {} MiB",
        bytes(stored),
        took.as_secs_f64(),
        peak() / 1024
    );
}

#[tokio::main]
async fn main() {
    let endless = Endless::new(STORED);
    let stored = endless.size();
    let began = Instant::now();
    let mut members = (0..endless.members).map(|_| endless.member.clone());
    let mut whole: Box<dyn Read> = Box::new(io::empty());
    let mut unpacked = 0;
    loop {
        unpacked += io::copy(&mut whole, &mut io::sink()).unwrap();
        let Some(member) = members.next() else { break };
        whole = Box::new(MultiGzDecoder::new(io::Cursor::new(member)));
    }
    told("unpacked alone", stored, began.elapsed());
    for pattern in [" 503 ", r"orders/(\d+) 5\d\d "] {
        let (send, mut heard) = mpsc::channel(256);
        let place = Place { base: Base::Default, bucket: "b".into(), prefix: String::new() };
        let until = Instant::now() + Duration::from_hours(1);
        let (began, mut found) = (Instant::now(), 0_u64);
        let objects = Arc::new(Endless::new(STORED));
        tokio::spawn(search(objects, Arc::new(place), None, Pattern::new(pattern, false).unwrap(), until, send));
        while let Some(heard) = heard.recv().await {
            found += u64::from(matches!(heard, Heard::Line(..)));
        }
        told(&format!("searched for {pattern:?}"), stored, began.elapsed());
        println!("{found} lines of {} unpacked", bytes(unpacked));
    }
}
