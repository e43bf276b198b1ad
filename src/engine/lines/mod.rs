//! Lines of several functions' logs: as they are there, as they are written, and those that a pattern finds. Within the
//! service's quotas, and knowing no clock but the one it is given.

mod follow;
mod hunt;
mod infrequent;
mod plan;
mod purse;
mod query;
mod search;

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

pub use self::{
    follow::{Heard, follow, follow_within, tails},
    hunt::{Hunted, hunt},
    infrequent::infrequent,
    plan::{Batch, Plan, Wanted, plan},
    purse::Purse,
    query::{Open, Spending, Unsearched, query_all},
    search::{Part, Searched, search, search_some},
};
use super::logs::{ReadEvents, events, newest};
use crate::{
    domain::{
        account::Target,
        fleet::Fleet,
        logs::{LogEvent, LogGroup, LogRequest, groups::invocation, pattern},
        text::AwsText,
    },
    source::Source,
};

/// A function whose log is read.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Where it lives.
    pub target: Target,
    /// Its name.
    pub function: AwsText,
    /// Where it writes.
    pub group: LogGroup,
}

/// The watched functions of a fleet with their log groups, by account, region and name.
pub fn followed(fleet: &Fleet) -> Vec<Followed> {
    let mut followed = Vec::new();
    for state in fleet.targets() {
        let watched = state.known().iter().filter(|function| function.is_watched());
        followed.extend(watched.map(|function| Followed {
            target: state.target.clone(),
            function: function.found.name.clone(),
            group: LogGroup::of(&function.found.name, function.configuration.as_ref()),
        }));
    }
    followed
}

/// Functions whose logs are read at once; the source bounds what of that goes out together.
const AT_ONCE: usize = 64;
/// Events of one function that are read at most where all are asked for.
const MOST: usize = 10_000;

/// Reads the events of a stretch of time of each function, in order over all of them; and what could not be read. Of each
/// function at most 10,000 are read, the newest.
pub async fn between(
    source: &dyn Source,
    followed: &[Followed],
    span: (Timestamp, Timestamp),
    pattern: Option<&str>,
    until: Instant,
) -> (Vec<(usize, LogEvent)>, Vec<(usize, ReadEvents)>) {
    let asked = stream::iter(0..followed.len()).map(|place| async move {
        let one = &followed[place];
        let request = LogRequest {
            group: one.group.name.clone(),
            start: span.0,
            end: span.1,
            pattern: pattern.map(ToOwned::to_owned),
            stream: None,
        };
        (place, newest(source, &one.target, &request, MOST, until).await)
    });
    let (mut found, mut rest) = (Vec::new(), Vec::new());
    for (place, mut read) in asked.buffered(AT_ONCE).collect::<Vec<_>>().await {
        let own = |event: &LogEvent| followed[place].group.holds(&followed[place].function, event);
        found.extend(std::mem::take(&mut read.events).into_iter().filter(own).map(|event| (place, event)));
        if read.failure.is_some() || read.cut.is_some() {
            rest.push((place, read));
        }
    }
    found.sort_by_key(|(_, event)| event.at);
    (found, rest)
}

/// All events of one request, also those that don't bear its id: out of the streams in which it stands.
pub async fn of_request(
    source: &dyn Source,
    followed: &[Followed],
    span: (Timestamp, Timestamp),
    id: &str,
    until: Instant,
) -> (Vec<(usize, LogEvent)>, Vec<(usize, ReadEvents)>) {
    let (bearing, mut rest) = between(source, followed, span, Some(&pattern::quoted(id)), until).await;
    let mut streams: BTreeMap<(usize, AwsText), (Timestamp, Timestamp)> = BTreeMap::new();
    for (place, event) in bearing {
        let stretch = streams.entry((place, event.stream.clone())).or_insert((event.at, event.at));
        *stretch = (stretch.0.min(event.at), stretch.1.max(event.at));
    }
    let mut found = Vec::new();
    for ((place, stream), (first, last)) in streams {
        let end = last.checked_add(SignedDuration::from_secs(2)).unwrap_or(last);
        let group = followed[place].group.name.clone();
        let request = LogRequest { group, start: first, end, pattern: None, stream: Some(stream.clone()) };
        let mut read = events(source, &followed[place].target, &request, MOST, until).await;
        let mut all = std::mem::take(&mut read.events);
        all.retain(|event| event.stream == stream);
        all.sort_by_key(|event| event.at);
        found.extend(invocation(&all, Some(id), last).into_iter().map(|event| (place, event)));
        if read.failure.is_some() || read.cut.is_some() {
            rest.push((place, read));
        }
    }
    found.sort_by_key(|(_, event)| event.at);
    (found, rest)
}

#[cfg(test)]
mod tests;
