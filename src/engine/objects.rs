//! One regular expression over the lines of many objects: listed and read in parallel, unpacked as they come, and never
//! held whole. What an object holds is judged in threads of its own, since that takes a processor and not a network.

mod scan;
mod unpack;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::StreamExt;
use jiff::Timestamp;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, timeout_at},
};

pub use self::scan::{Pattern, Told};
use crate::{
    domain::{
        failure::{Failure, Kind},
        objects::{Object, Place},
        text::AwsText,
    },
    source::{
        calls,
        objects::{Content, Objects},
    },
};

/// Objects that are read at once. Each holds a few pieces of what it reads, and a line.
const AT_ONCE: usize = 8;
/// Pieces that wait for whoever unpacks them.
const AHEAD: usize = 4;
/// How often in a row an object's content is asked for again, from where it broke off.
const AGAIN: u32 = 4;
/// How long to wait before that, times how often it failed. A paused clock stands still as long as a thread unpacks, so
/// tests don't wait.
const PAUSE: Duration = if cfg!(test) { Duration::ZERO } else { Duration::from_millis(200) };

/// What is heard of a search, in the order in which it happens; lines of one object come in their order.
#[derive(Debug)]
pub enum Heard {
    /// So many more objects have been found, with so many bytes; whether these were the last.
    Listed(u64, u64, bool),
    /// A line fits.
    Line(AwsText, Told),
    /// An object was searched; so many bytes are stored of it.
    Searched(u64),
    /// An object could not be searched, or not to its end.
    Unread(AwsText, Failure),
    /// The place could not be listed, or not to its end.
    Unlisted(Failure),
}

/// Searches the objects of a place, of those written since an instant, if one is given. It ends when all are searched, at
/// `until`, or when nobody listens.
pub async fn search(
    objects: Arc<dyn Objects>,
    place: Arc<Place>,
    since: Option<Timestamp>,
    pattern: Pattern,
    until: Instant,
    heard: mpsc::Sender<Heard>,
) {
    let mut reading = JoinSet::new();
    let mut pages = objects.list(&place);
    loop {
        let page = match timeout_at(until, pages.next()).await {
            Ok(Some(Ok(page))) => page,
            Ok(None) => break,
            Ok(Some(Err(failure))) => {
                let _ = heard.send(Heard::Unlisted(failure)).await;
                break;
            }
            Err(_) => {
                let _ = heard.send(Heard::Unlisted(late(calls::LIST_BUCKET))).await;
                break;
            }
        };
        // What is empty holds no line; consoles make empty objects that stand for folders.
        let wanted = |object: &Object| {
            object.size > 0 && since.is_none_or(|since| object.modified.is_none_or(|modified| modified >= since))
        };
        let page: Vec<Object> = page.into_iter().filter(wanted).collect();
        let bytes = page.iter().map(|object| object.size).sum();
        if heard.send(Heard::Listed(page.len() as u64, bytes, false)).await.is_err() {
            return;
        }
        for object in page {
            while reading.len() >= AT_ONCE {
                reading.join_next().await;
            }
            let (objects, place, pattern, heard) = (objects.clone(), place.clone(), pattern.clone(), heard.clone());
            reading.spawn(async move { one(&*objects, &place, object, pattern, until, heard).await });
        }
    }
    let _ = heard.send(Heard::Listed(0, 0, true)).await;
    drop(heard);
    while reading.join_next().await.is_some() {}
}

/// Searches one object.
async fn one(
    objects: &dyn Objects,
    place: &Place,
    object: Object,
    pattern: Pattern,
    until: Instant,
    heard: mpsc::Sender<Heard>,
) {
    let (pieces, wire) = mpsc::channel::<Bytes>(AHEAD);
    let (key, told) = (object.key.clone(), heard.clone());
    let scanning = tokio::task::spawn_blocking(move || {
        let mut wire = unpack::Wire::new(wire);
        scan::scan(&mut wire, &pattern, |line| told.blocking_send(Heard::Line(key.clone(), line)).is_ok())
    });
    let brought = bring(objects, place, &object, until, pieces).await;
    let scanned = scanning.await;
    let end = match (brought, scanned) {
        // What is cut short on its way can't be unpacked either: the first is the cause.
        (Err(failure), _) | (Ok(()), Ok(Err(failure))) => Heard::Unread(object.key, failure),
        (Ok(()), Ok(Ok(()))) => Heard::Searched(object.size),
        (Ok(()), Err(panicked)) => {
            Heard::Unread(object.key, Failure::new(calls::GET_OBJECT, Kind::Other, panicked.to_string()))
        }
    };
    // Where nobody listens, nobody needs to know.
    let _ = heard.send(end).await;
}

/// Brings an object's content to whoever unpacks it; what breaks off goes on where it did. Whoever unpacks may have enough.
async fn bring(
    objects: &dyn Objects,
    place: &Place,
    object: &Object,
    until: Instant,
    pieces: mpsc::Sender<Bytes>,
) -> Result<(), Failure> {
    let (mut brought, mut failed) = (0, 0);
    loop {
        let content = match timeout_at(until, objects.content(place, object, brought)).await {
            Ok(content) => content?,
            Err(_) => return Err(late(calls::GET_OBJECT)),
        };
        let before = brought;
        let failure = match timeout_at(until, pour(content, &pieces, &mut brought)).await {
            Ok(Ok(())) if brought >= object.size || pieces.is_closed() => return Ok(()),
            Ok(Ok(())) => {
                let said = format!("the answer ended after {brought} of {} bytes", object.size);
                Failure::new(calls::GET_OBJECT, Kind::Malformed, said)
            }
            Ok(Err(failure)) => failure,
            Err(_) => return Err(late(calls::GET_OBJECT)),
        };
        failed = if brought > before { 1 } else { failed + 1 };
        if failed >= AGAIN {
            return Err(failure);
        }
        tokio::time::sleep(PAUSE * failed).await;
    }
}

async fn pour(mut content: Content, pieces: &mpsc::Sender<Bytes>, brought: &mut u64) -> Result<(), Failure> {
    while let Some(piece) = content.next().await {
        let piece = piece?;
        let length = piece.len() as u64;
        if pieces.send(piece).await.is_err() {
            return Ok(());
        }
        *brought += length;
    }
    Ok(())
}

fn late(operation: &'static str) -> Failure {
    Failure::new(operation, Kind::Deadline, "the deadline came first")
}

#[cfg(test)]
mod tests;
