//! Objects in memory: how they are unpacked and scanned, and what is broken in them.

use std::{
    collections::BTreeMap,
    io::Write,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use flate2::{Compression, write::GzEncoder};
use futures::{FutureExt, stream};
use proptest::prelude::*;

use super::*;
use crate::{
    domain::roster::Base,
    source::{Answer, Pages},
};

/// A bucket in memory, whose content comes in small pieces, and breaks off so many times.
#[derive(Default)]
struct Bucket {
    objects: BTreeMap<String, Vec<u8>>,
    breaks: AtomicUsize,
    asked: Mutex<Vec<u64>>,
}

impl Bucket {
    fn new(objects: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> Self {
        let objects = objects.into_iter().map(|(key, content)| (key.to_owned(), content)).collect();
        Self { objects, ..Self::default() }
    }
}

fn reset() -> Failure {
    Failure::new(calls::GET_OBJECT, Kind::Network, "connection reset")
}

impl Objects for Bucket {
    fn list<'a>(&'a self, place: &'a Place) -> Pages<'a, Object> {
        let objects = self.objects.iter().filter(|(key, _)| key.starts_with(&place.prefix));
        let objects = objects.map(|(key, content)| Object {
            key: key.as_str().into(),
            size: content.len() as u64,
            modified: None,
            etag: None,
        });
        // A page that is empty is not the last one.
        let pages = [Ok(Vec::new())].into_iter().chain(objects.map(|object| Ok(vec![object])));
        stream::iter(pages.collect::<Vec<_>>()).boxed()
    }

    fn content<'a>(&'a self, _: &'a Place, object: &'a Object, from: u64) -> Answer<'a, Content> {
        self.asked.lock().unwrap().push(from);
        let content = &self.objects[object.key.raw()][usize::try_from(from).unwrap()..];
        let mut pieces: Vec<_> = content.chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let breaks = self.breaks.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        if breaks {
            pieces.truncate(pieces.len().div_ceil(2));
            pieces.push(Err(reset()));
        }
        futures::future::ready(Ok(stream::iter(pieces).boxed())).boxed()
    }
}

/// So many lines.
fn lines(count: u64, line: impl Fn(u64) -> String) -> String {
    (0..count).fold(String::new(), |text, n| text + &line(n) + "\n")
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 1).unwrap()
}

/// What is found, as `key:number:text`, in order; and what could not be read.
async fn found(bucket: Arc<Bucket>, prefix: &str, pattern: &str) -> (Vec<String>, Vec<String>) {
    let place = Place { base: Base::Default, bucket: "logs".into(), prefix: prefix.into() };
    let (send, mut heard) = mpsc::channel(16);
    let until = Instant::now() + Duration::from_mins(1);
    let pattern = Pattern::new(pattern, false).unwrap();
    let searching = tokio::spawn(search(bucket, Arc::new(place), None, pattern, until, send));
    let (mut lines, mut unread, mut ended) = (Vec::new(), Vec::new(), 0);
    while let Some(heard) = heard.recv().await {
        match heard {
            Heard::Line(key, told) => lines.push(format!("{}:{}:{}", key.raw(), told.number, told.text)),
            Heard::Unread(key, failure) => unread.push(format!("{}: {}", key.raw(), failure.message.raw())),
            Heard::Unlisted(failure) => unread.push(failure.message.raw().to_owned()),
            Heard::Listed(_, _, all) => ended += usize::from(all),
            Heard::Searched(_) => {}
        }
    }
    searching.await.unwrap();
    assert_eq!(ended, 1, "the end of the list is told");
    lines.sort();
    (lines, unread)
}

#[tokio::test(start_paused = true)]
async fn plain_and_packed_are_found_alike_over_members_and_frames() {
    let (one, two) = (b"GET /a 200\nGET /b 503\n".as_slice(), b"GET /c 503\r\nlast 503".as_slice());
    let all = [one, two].concat();
    let bucket = Bucket::new([
        ("a/gzip", [gzip(one), gzip(two)].concat()),
        ("a/plain", all.clone()),
        ("a/zstd", [zstd(one), zstd(two)].concat()),
        ("a/empty", Vec::new()),
        ("b/other", all),
    ]);
    let (lines, unread) = found(Arc::new(bucket), "a/", " 503$").await;
    let of = |key: &str| [format!("{key}:2:GET /b 503"), format!("{key}:3:GET /c 503"), format!("{key}:4:last 503")];
    assert_eq!(lines, [of("a/gzip"), of("a/plain"), of("a/zstd")].concat());
    assert!(unread.is_empty(), "{unread:?}");
}

#[tokio::test(start_paused = true)]
async fn what_breaks_off_goes_on_where_it_did_and_gives_up_where_it_always_does() {
    let text = lines(40, |n| format!("line {n}"));
    let bucket = Arc::new(Bucket { breaks: 3.into(), ..Bucket::new([("k", gzip(text.as_bytes()))]) });
    let (lines, unread) = found(bucket.clone(), "", "line").await;
    assert_eq!((lines.len(), unread.len()), (40, 0), "{unread:?}");
    let asked = bucket.asked.lock().unwrap().clone();
    assert!(asked.len() == 4 && asked.is_sorted() && asked[1] > 0, "each time from where it ended: {asked:?}");
    let dead = Bucket { breaks: usize::MAX.into(), ..Bucket::new([("k", b"x".repeat(5))]) };
    let (_, unread) = found(Arc::new(dead), "", "line").await;
    assert_eq!(unread, ["k: connection reset"]);
}

#[tokio::test(start_paused = true)]
async fn broken_objects_are_told_and_disturb_no_other() {
    let text = lines(2000, |n| format!("line {n} {}", n * 7919 % 1000));
    let mut broken = gzip(text.as_bytes());
    let middle = broken.len() / 2;
    broken[middle..middle + 40].fill(0x55);
    let mut cut = gzip(text.as_bytes());
    cut.truncate(middle);
    let mut bent = zstd(text.as_bytes());
    bent.truncate(middle);
    let objects = [("bent", bent), ("broken", broken), ("cut", cut), ("good", b"line 1999 x\n".to_vec())];
    let (lines, mut unread) = found(Arc::new(Bucket::new(objects)), "", "^line (0|1999) ").await;
    unread.sort();
    assert!(
        lines.contains(&"good:1:line 1999 x".into()) && lines.iter().any(|line| line.starts_with("broken:1:line 0 "))
    );
    assert_eq!(unread.len(), 3, "{unread:?}");
    assert!(
        unread[0].starts_with("bent: broken zstd: ") && unread[1].starts_with("broken: broken gzip: "),
        "{unread:?}"
    );
    assert!(unread[2].starts_with("cut: broken gzip: ") && unread[2].contains("; read up to "), "{unread:?}");
}

#[tokio::test(start_paused = true)]
async fn binary_and_endless_lines_are_judged() {
    let long = [b"needle ".as_slice(), &b"x".repeat(600_000), b" needle2 ", &b"y".repeat(10), b"\nneedle\n"].concat();
    let binary =
        [0xff, 0xfe_u8 - 1, 0, b'n', b'e', b'e', b'd', b'l', b'e', 0x1b, b'[', b'2', b'J', 0x80, b'\n'].to_vec();
    let bucket = Arc::new(Bucket::new([("binary", binary), ("long", gzip(&long))]));
    let (lines, unread) = found(bucket, "", "needle(2|$|\\W)").await;
    assert!(unread.is_empty(), "{unread:?}");
    assert_eq!(lines.len(), 3, "{:?}", lines.iter().map(String::len).collect::<Vec<_>>());
    assert!(lines[0].starts_with("binary:1:\u{fffd}"), "{}", lines[0]);
    assert!(lines[1].len() < 300_000 && lines[1].contains("needle"), "a long line is cut around what fits");
    assert_eq!(lines[2], "long:2:needle");
}

#[test]
fn a_pattern_stays_in_its_line() {
    assert!(Pattern::new("a\\nb", false).is_err(), "no line holds the end of one");
    // What would take others years.
    let pattern = Pattern::new("(a+)+$", true).unwrap();
    let (send, wire) = mpsc::channel(1);
    send.try_send(Bytes::from([b"a".repeat(50_000), b"b\n".to_vec()].concat())).unwrap();
    drop(send);
    let mut count = 0;
    scan::scan(&mut unpack::Wire::new(wire), &pattern, |_| {
        count += 1;
        true
    })
    .unwrap();
    assert_eq!(count, 0);
}

proptest! {
    /// The same lines as a loop over lines with the regex crate finds.
    #[test]
    fn it_finds_what_a_loop_over_lines_finds(lines in prop::collection::vec("[ab 5]{0,6}", 0..20), pattern in prop::sample::select(vec!["a", "ab", "^a", "b$", "a.b", "5+", r"\bb\b", "", "^$"])) {
        let text = lines.join("\n");
        let regex = regex::Regex::new(pattern).unwrap();
        let wanted: Vec<(u64, String)> = text.lines().enumerate().filter(|(_, line)| regex.is_match(line))
            .map(|(at, line)| (at as u64 + 1, line.to_owned())).collect();
        let (send, wire) = mpsc::channel(64);
        for piece in text.as_bytes().chunks(5) {
            send.try_send(Bytes::copy_from_slice(piece)).unwrap();
        }
        drop(send);
        let mut found = Vec::new();
        let pattern = Pattern::new(pattern, false).unwrap();
        scan::scan(&mut unpack::Wire::new(wire), &pattern, |told| { found.push((told.number, told.text)); true }).unwrap();
        prop_assert_eq!(found, wanted);
    }
}
