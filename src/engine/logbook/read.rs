//! Reading lines of logs that are there: the newest, those around a failure, and those of single requests.

use std::time::Duration;

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::{
    super::{
        lines::{Followed, between, of_request},
        logs::{LogAsk, ReadEvents, causes},
    },
    How, LinesAsk, LogsOf,
};
use crate::{
    domain::{
        failure::Failure,
        logs::{LogEvent, cause::cause, groups::LogCauses, line::read},
        text::{AwsText, clock},
        window::Minute,
    },
    source::Source,
};

/// How long reading may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// How far back the newest lines are looked for, in seconds, one stretch after the other until there are enough.
const BACK: [i64; 7] = [15, 60, 300, 1200, 3600, 6 * 3600, 24 * 3600];
/// The same, where many functions are asked.
const BACK_OF_MANY: [i64; 2] = [60, 300];
/// So many lines are enough.
const ENOUGH: usize = 500;
/// Lines that are kept of one reading.
const MOST: usize = 5000;
/// Seconds that are read before a failure's first line and after its last.
const AROUND: i64 = 30;
/// Requests that are read at once.
const AT_ONCE: usize = 8;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) events: Vec<(usize, LogEvent)>,
    /// The one that says why it failed.
    pub(super) chosen: Option<(usize, LogEvent)>,
    /// What the invocation wrote that it is about, where that stands among other lines.
    pub(super) own: Vec<LogEvent>,
    pub(super) unread: Vec<(usize, Failure)>,
    /// Functions of which there is more than was read.
    pub(super) more: Vec<usize>,
    pub(super) span: Option<(Timestamp, Timestamp)>,
    /// What has to be said about it, in sentences.
    pub(super) remarks: Vec<String>,
    /// Why it fails, where that was looked for.
    pub(super) causes: Option<LogCauses>,
}

/// Reads what is asked for.
pub(super) async fn lines(source: &dyn Source, ask: &LinesAsk, now: Timestamp) -> Lines {
    let until = Instant::now() + PATIENCE;
    match &ask.how {
        How::Newest => {
            let many = matches!(ask.of, LogsOf::Firing);
            newest(source, &ask.functions, if many { &BACK_OF_MANY } else { &BACK }, now, until).await
        }
        How::Around(about, exception) => {
            let mut about = about.clone();
            // Up to now: whoever wrote the question down may have had an older clock.
            about.to = Minute::floor(now).plus(1);
            around(source, &ask.functions, &about, exception.as_ref(), now, until).await
        }
        How::Requests(requests, span) => of_requests(source, &ask.functions, requests, *span, until).await,
    }
}

fn before(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(at)
}

/// The newest lines: stretch by stretch into the past, until there are enough.
async fn newest(source: &dyn Source, functions: &[Followed], back: &[i64], now: Timestamp, until: Instant) -> Lines {
    let mut lines = Lines::default();
    let mut end = now;
    for seconds in back {
        let start = before(now, *seconds);
        let (found, rest) = between(source, functions, (start, end), None, until).await;
        lines.events.splice(0..0, found);
        lines.take(rest);
        lines.span = Some((start, now));
        end = start;
        // What can't be read now can't be read further back either.
        let late = Instant::now() >= until;
        if lines.events.len() >= ENOUGH || lines.unread.len() >= functions.len() || late {
            break;
        }
    }
    lines.events.drain(..lines.events.len().saturating_sub(MOST));
    lines
}

/// The lines around the newest failure, those of its request among them; where none is found, the newest lines.
async fn around(
    source: &dyn Source,
    functions: &[Followed],
    ask: &LogAsk,
    exception: Option<&AwsText>,
    now: Timestamp,
    until: Instant,
) -> Lines {
    let causes = causes(source, ask, None, until).await;
    let named = |name: &AwsText| name.raw().rsplit(['.', ':']).next().unwrap_or_default().to_owned();
    let same =
        |wanted: &&AwsText| causes.groups.iter().find(|it| it.exception.as_ref().map(named) == Some(named(wanted)));
    let group = exception.as_ref().and_then(same).or(causes.groups.first());
    let Some(group) = group else {
        let mut lines = newest(source, functions, &BACK, now, until).await;
        if causes.failure.is_none() {
            let from = clock(Minute::floor(causes.from), Minute::floor(now));
            lines.remarks.push(format!("no line since {from} says why it fails: these are the newest lines"));
        }
        lines.causes = Some(causes);
        return lines;
    };
    let mut lines = Lines { chosen: Some((0, group.example.clone())), ..Lines::default() };
    // All that its invocation wrote; and around that, what else was written.
    let wide = before(group.example.at, i64::from(ask.timeout.unwrap_or(900)) + AROUND);
    if causes.example.contains(&group.example) {
        lines.own.clone_from(&causes.example);
    } else if let Some(id) = &group.request {
        let later = before(group.example.at, -AROUND);
        let (found, rest) = of_request(source, functions, (wide, later), id.raw(), until).await;
        lines.take(rest);
        lines.own = found.into_iter().map(|(_, event)| event).collect();
    }
    let times = || lines.own.iter().map(|event| event.at).chain([group.example.at]);
    let (begin, end) = (times().min().unwrap_or(now), times().max().unwrap_or(now));
    let span = (before(begin, AROUND), before(end, -AROUND).min(now.max(before(end, -1))));
    let (mut found, rest) = between(source, functions, span, None, until).await;
    lines.take(rest);
    // Of more than can be kept, what is nearest to the failure.
    found.sort_by_key(|(_, event)| (event.at.as_millisecond() - group.example.at.as_millisecond()).abs());
    found.truncate(MOST);
    for event in &lines.own {
        if !found.iter().any(|(_, known)| known == event) {
            found.push((0, event.clone()));
        }
    }
    if !found.contains(&(0, group.example.clone())) {
        found.push((0, group.example.clone()));
    }
    (lines.events, lines.span) = (found, Some(span));
    lines.causes = Some(causes);
    lines
}

/// All that single requests wrote, each in the log of its function.
async fn of_requests(
    source: &dyn Source,
    functions: &[Followed],
    requests: &[(usize, AwsText)],
    span: (Timestamp, Timestamp),
    until: Instant,
) -> Lines {
    let asked = stream::iter(0..requests.len()).map(|n| async move {
        let (place, id) = &requests[n];
        let own = functions.get(*place..=*place).unwrap_or_default();
        (*place, of_request(source, own, span, id.raw(), until).await)
    });
    let mut lines = Lines { span: Some(span), ..Lines::default() };
    for (place, (found, rest)) in asked.buffered(AT_ONCE).collect::<Vec<_>>().await {
        lines.events.extend(found.into_iter().map(|(_, event)| (place, event)));
        lines.take(rest.into_iter().map(|(_, read)| (place, read)).collect());
    }
    lines.events.sort_by_key(|(_, event)| event.at);
    let failing = lines.events.iter().find(|(_, event)| cause(&read(event.text.raw())).is_some());
    lines.chosen = failing.cloned();
    lines
}

impl Lines {
    /// Takes in what could not be read, each once.
    fn take(&mut self, rest: Vec<(usize, ReadEvents)>) {
        for (place, read) in rest {
            match read.failure {
                Some(failure) if self.unread.iter().all(|(known, _)| *known != place) => {
                    self.unread.push((place, failure));
                }
                None if !self.more.contains(&place) => self.more.push(place),
                _ => {}
            }
        }
    }
}
