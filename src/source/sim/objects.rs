//! The demo's bucket: access logs of a load balancer, an object an hour over two days, packed in three ways. In the last
//! hours one host behind it answers 503 to many.

use std::{
    collections::BTreeMap,
    io::Write,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures::{FutureExt, StreamExt, stream};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{Sim, hash};
use crate::{
    domain::{
        failure::{Failure, Kind},
        objects::{Object, Place},
        window::Minute,
    },
    source::{
        Answer, Pages, calls,
        objects::{Content, Objects},
    },
};

/// The bucket.
const BUCKET: &str = "acme-logs";
/// Hours that it holds.
const HOURS: i64 = 48;
/// Lines in an hour.
const LINES: i64 = 240;
/// Hours since which a host fails.
const FAILING: i64 = 3;

impl Objects for Sim {
    fn list<'a>(&'a self, place: &'a Place) -> Pages<'a, Object> {
        if place.bucket != BUCKET {
            let failure =
                Failure::new(calls::LIST_BUCKET, Kind::Other, "NoSuchBucket: The specified bucket does not exist")
                    .with_hint(format!("the demo has one bucket: s3://{BUCKET}"));
            return stream::once(async { Err(failure) }).boxed();
        }
        let objects = self.hours().into_iter().filter(|hour| hour.key.starts_with(&place.prefix));
        let objects = objects.map(|hour| Object {
            size: self.packed(&hour).len() as u64,
            key: hour.key.as_str().into(),
            modified: hour.begins.checked_add(SignedDuration::from_mins(62)).ok(),
            etag: None,
        });
        stream::once(futures::future::ready(Ok(objects.collect()))).boxed()
    }

    fn content<'a>(&'a self, _: &'a Place, object: &'a Object, from: u64) -> Answer<'a, Content> {
        let found = self.hours().into_iter().find(|hour| hour.key == object.key.raw());
        let content = found.map(|hour| self.packed(&hour));
        let rest =
            content.and_then(|content| usize::try_from(from).ok().map(|from| content.slice(from.min(content.len())..)));
        let answer: Result<Content, Failure> = match rest {
            Some(rest) => Ok(stream::once(futures::future::ready(Ok(rest))).boxed()),
            None => Err(Failure::new(calls::GET_OBJECT, Kind::Other, "NoSuchKey: The specified key does not exist.")),
        };
        futures::future::ready(answer).boxed()
    }
}

/// How an object is packed.
#[derive(Clone, Copy)]
enum Packed {
    Plain,
    Gzip,
    Zstd,
}

/// What an object holds.
struct Hour {
    key: String,
    packed: Packed,
    begins: Timestamp,
    /// Whether a host fails in it.
    fails: bool,
}

/// Objects that were packed already, by their keys and by whether a host fails in them.
pub(super) type Packs = Mutex<BTreeMap<(String, bool), Bytes>>;

impl Sim {
    /// What an object is made of, which is packed once.
    fn packed(&self, hour: &Hour) -> Bytes {
        let mut packs = self.packed.lock().unwrap_or_else(PoisonError::into_inner);
        packs.entry((hour.key.clone(), hour.fails)).or_insert_with(|| Bytes::from(hour.packed())).clone()
    }

    fn hours(&self) -> Vec<Hour> {
        let now = Minute::floor(self.now()).timestamp();
        let hour = now.as_second() - now.as_second().rem_euclid(3600);
        let of = |ago: i64| {
            let begins = Timestamp::from_second(hour - ago * 3600).ok()?;
            let number = begins.as_second() / 3600;
            let ways = [(Packed::Plain, ".log"), (Packed::Gzip, ".log.gz"), (Packed::Zstd, ".log.zst")];
            let (packed, ending) = ways[usize::try_from(number.rem_euclid(3)).unwrap_or(0)];
            let key = begins.to_zoned(TimeZone::UTC).strftime(&format!("alb/shop/%Y/%m/%d/%H00{ending}")).to_string();
            Some(Hour { key, packed, begins, fails: ago <= FAILING })
        };
        // The hour that is under way has not been written yet.
        (1..=HOURS).rev().filter_map(of).collect()
    }
}

impl Hour {
    fn packed(&self) -> Vec<u8> {
        let text = self.lines();
        match self.packed {
            Packed::Plain => text.into_bytes(),
            Packed::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                // A Vec takes all that is written to it.
                let _ = encoder.write_all(text.as_bytes());
                encoder.finish().unwrap_or_default()
            }
            Packed::Zstd => zstd::encode_all(text.as_bytes(), 1).unwrap_or_default(),
        }
    }

    /// Lines as Elastic Load Balancing writes them. Source: its user guide, "Access logs for your Application Load Balancer".
    fn lines(&self) -> String {
        let seed = hash::text(1, &self.key);
        let line = |n: i64| {
            let chance = |what: u64| hash::pair(hash::at(seed, n), what);
            let host = hash::below(chance(1), 3) + 11;
            let path = ["/checkout", "/cart", "/catalogue", "/login", "/orders/4711"][hash::below(chance(2), 5)];
            let fails = self.fails && host == 12 && hash::unit(chance(3)) < 0.4;
            let missing = hash::unit(chance(4)) < 0.02;
            let status = if fails {
                503
            } else if missing {
                404
            } else {
                200
            };
            let took = if fails { 0.001 } else { 0.01 + hash::unit(chance(5)) / 4.0 };
            let at = self.begins.checked_add(SignedDuration::from_secs(n * 3600 / LINES)).unwrap_or(self.begins);
            format!(
                "https {at} app/shop/50dc6c495c0c9188 203.0.113.{}:46532 10.0.0.{host}:80 0.000 {took:.3} 0.000 {status} {status} \
                 412 1187 \"GET https://shop.example.com:443{path} HTTP/2.0\"\n",
                hash::below(chance(6), 250) + 1,
            )
        };
        (0..LINES).map(line).collect()
    }
}
