//! Searching logs by `FilterLogEvents`, within the service's quotas.

use std::{collections::BTreeMap, time::Duration};

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::{Mutex, mpsc},
    time::{Instant, sleep_until, timeout_at},
};

use super::{AT_ONCE, Followed};
use crate::{
    domain::{
        account::TargetKey,
        failure::{Failure, Kind},
        logs::{LogEvent, LogPage, LogRequest, estimate::requests_a_second},
    },
    engine::logs::explained,
    source::{Source, calls},
};

/// Lets requests through at a pace.
pub(super) struct Pace {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// So many a second.
    pub(super) fn new(a_second: u32) -> Self {
        Self { gap: Duration::from_secs(1) / a_second.max(1), next: Mutex::default() }
    }

    pub(super) async fn turn(&self) {
        let mut next = self.next.lock().await;
        let now = Instant::now();
        let at = next.map_or(now, |next| next.max(now));
        *next = Some(at + self.gap);
        drop(next);
        sleep_until(at).await;
    }
}

/// How far a search has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    /// Stretches of log groups that are done.
    pub done: usize,
    /// Those that there are.
    pub all: usize,
    /// Events that were looked through here; the service has left out most of them.
    pub looked_at: u64,
    /// Stretches of which the service refused to leave anything out, so that every line was fetched.
    pub refused: usize,
}

/// The shortest stretch of a log group that is searched by itself, in seconds.
const STRETCH: i64 = 3600;
/// Stretches into which one log group is cut at most.
pub(super) const STRETCHES: i64 = 8;
/// Stretches of one target under way at once: enough for its quota, however far away it is.
const OF_ONE: usize = 8;

/// Searches logs for events that fit, the newest stretches first, and hands each page's over as soon as it is there.
/// What could not be read is returned, once a function.
pub async fn search(
    source: &dyn Source,
    followed: &[Followed],
    span: (Timestamp, Timestamp),
    pattern: Option<&str>,
    until: Instant,
    found: impl FnMut(usize, Vec<LogEvent>, Searched),
) -> Vec<(usize, Failure)> {
    let all: Vec<Part> = (0..followed.len()).map(|place| Part { place, span, cuts: STRETCHES }).collect();
    search_some(source, (followed, &all), pattern, until, found).await
}

/// A stretch of time of a function's log that is to be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The function's place.
    pub place: usize,
    /// From when on, and until when.
    pub span: (Timestamp, Timestamp),
    /// How many requests with pages of their own it is cut into at most.
    pub cuts: i64,
}

/// A stretch of the log group of a function.
#[derive(Clone, Copy)]
struct Stretch {
    place: usize,
    start: Timestamp,
    end: Timestamp,
}

/// The same of some functions' logs.
pub async fn search_some(
    source: &dyn Source,
    (followed, some): (&[Followed], &[Part]),
    pattern: Option<&str>,
    until: Instant,
    mut found: impl FnMut(usize, Vec<LogEvent>, Searched),
) -> Vec<(usize, Failure)> {
    let mut targets: BTreeMap<TargetKey, Vec<Stretch>> = BTreeMap::new();
    for part in some {
        targets.entry(followed[part.place].target.key()).or_default().extend(cut(part));
    }
    let mut searched = Searched { all: targets.values().map(Vec::len).sum(), ..Searched::default() };
    let (sender, mut turned) = mpsc::channel(AT_ONCE);
    // Each target has a quota of its own, and so a pace: none waits for another.
    let read = stream::iter(targets.into_values()).for_each_concurrent(None, move |mut stretches| {
        let sender = sender.clone();
        async move {
            stretches.sort_by_key(|stretch| std::cmp::Reverse(stretch.end));
            let Some(first) = stretches.first() else { return };
            let pace = Pace::new(requests_a_second(&followed[first.place].target.region));
            let (pace, sender) = (&pace, &sender);
            stream::iter(stretches)
                .for_each_concurrent(OF_ONE, |stretch| {
                    one_stretch(source, &followed[stretch.place], stretch, pattern, (pace, until), sender)
                })
                .await;
        }
    });
    let mut failures: BTreeMap<usize, Failure> = BTreeMap::new();
    let fold = async {
        while let Some((place, said)) = turned.recv().await {
            let mut events = Vec::new();
            match said {
                Said::Page(page) => {
                    for LogPage { events: more, last } in page {
                        searched.done += usize::from(last);
                        events.extend(more);
                    }
                }
                Said::Refused => searched.refused += 1,
                Said::Ended(failure) => {
                    searched.done += 1;
                    failures.extend(failure.map(|failure| (place, explained(failure))));
                }
            }
            searched.looked_at += events.len() as u64;
            events.retain(|event| followed[place].group.holds(&followed[place].function, event));
            found(place, events, searched);
        }
    };
    futures::join!(read, fold);
    failures.into_iter().collect()
}

/// Cuts a stretch of time, the newest first.
fn cut(&Part { place, span: (from, to), cuts }: &Part) -> Vec<Stretch> {
    let length = ((to.as_second() - from.as_second()) / cuts.max(1)).max(STRETCH);
    let (mut stretches, mut end) = (Vec::new(), to);
    while end > from {
        let start = end.checked_sub(SignedDuration::from_secs(length)).unwrap_or(from).max(from);
        // What would be left over is a part of it.
        let start = if start.as_second() - from.as_second() < length / 2 { from } else { start };
        stretches.push(Stretch { place, start, end });
        end = start;
    }
    stretches
}

/// What comes of a stretch.
enum Said {
    Page(Vec<LogPage>),
    /// The service takes the pattern for none.
    Refused,
    /// No page follows.
    Ended(Option<Failure>),
}

async fn one_stretch(
    source: &dyn Source,
    one: &Followed,
    Stretch { place, start, end }: Stretch,
    pattern: Option<&str>,
    (pace, until): (&Pace, Instant),
    sender: &mpsc::Sender<(usize, Said)>,
) {
    let mut pattern = pattern.map(ToOwned::to_owned);
    loop {
        let request = LogRequest { group: one.group.name.clone(), start, end, pattern: pattern.clone(), stream: None };
        let mut asked = source.events(&one.target, &request);
        let refused = loop {
            let turned = timeout_at(until, async {
                pace.turn().await;
                asked.next().await
            });
            let said = match turned.await {
                Ok(Some(Ok(found))) => Said::Page(found),
                Ok(Some(Err(failure))) if pattern.is_some() && is_no_pattern(&failure) => Said::Refused,
                Ok(ended) => Said::Ended(ended.and_then(Result::err)),
                Err(_) => {
                    let late = "there was no time left for it";
                    Said::Ended(Some(Failure::new(calls::FILTER_LOG_EVENTS, Kind::Deadline, late)))
                }
            };
            let refused = matches!(said, Said::Refused);
            let over = match &said {
                Said::Page(found) => found.iter().any(|part| part.last),
                _ => true,
            };
            // Nobody listens any more only where all is over.
            let _ = sender.send((place, said)).await;
            if over {
                break refused;
            }
        };
        if !refused {
            return;
        }
        pattern = None;
    }
}

/// Whether the service does not take a pattern. Without one it hands out every line.
fn is_no_pattern(failure: &Failure) -> bool {
    failure.kind == Kind::Other && failure.message.raw().starts_with("InvalidParameterException")
}
