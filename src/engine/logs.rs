//! What logs say of why a function fails, and lines as they are asked for. Knows no clock but the deadline, and keeps
//! nothing: what is in a log goes into no fleet.

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, timeout_at};

use crate::{
    domain::{
        account::Target,
        failure::{Failure, Kind},
        fleet::Function,
        function::Configuration,
        logs::{
            LogEvent, LogGroup, LogPage, LogRequest,
            cause::cause,
            groups::{CauseGroup, LogCauses, LogCut, LogFolding, invocation, report_of},
            line::read,
            pattern,
        },
        text::AwsText,
        window::Minute,
    },
    source::{Pages, Source, calls},
};

/// Whose log is asked, and of when.
#[derive(Clone, Debug)]
pub struct LogAsk {
    /// Where the function lives.
    pub target: Target,
    /// Its name.
    pub function: AwsText,
    /// Where it writes.
    pub group: LogGroup,
    /// From this minute on.
    pub from: Minute,
    /// Until this one.
    pub to: Minute,
    /// Since when it fails, where that is known.
    pub since: Option<Minute>,
    /// The longest that it may run, in seconds, where that is known.
    pub timeout: Option<u32>,
}

impl LogAsk {
    /// What is asked about a function; where it writes is looked up where that is not known yet.
    pub async fn new(
        source: &dyn Source,
        target: &Target,
        function: &Function,
        (from, to): (Minute, Minute),
        since: Option<Minute>,
        until: Instant,
    ) -> Self {
        let looked_up = match &function.configuration {
            None => timeout_at(until, configuration(source, target, &function.found.name)).await.ok().flatten(),
            Some(_) => None,
        };
        let configuration = function.configuration.as_ref().or(looked_up.as_ref());
        Self {
            target: target.clone(),
            function: function.found.name.clone(),
            group: LogGroup::of(&function.found.name, configuration),
            from,
            to,
            since,
            timeout: configuration.and_then(|configuration| configuration.timeout),
        }
    }
}

/// The configuration of one function, out of those of its target; none where that can't be read.
async fn configuration(source: &dyn Source, target: &Target, function: &AwsText) -> Option<Configuration> {
    let mut pages = source.functions(target);
    while let Some(Ok(page)) = pages.next().await {
        if let Some(found) = page.into_iter().find(|found| found.name == *function) {
            return Some(found);
        }
    }
    None
}

/// Minutes of the first request, which are the newest. Each later one goes back twice as far.
const FIRST: i64 = 10;
/// So many failures tell enough.
const ENOUGH: u64 = 400;
/// So many events of one stretch are enough.
const EVENTS: usize = 20_000;
/// The longest that a function may run, in seconds. Source: Lambda's quotas.
const LONGEST_RUN: u32 = 900;

/// What the log says about why a function fails, with the lines of one invocation. `request` is one that is known to
/// have failed, as by its trace; without it the newest failure of the commonest cause is shown.
pub async fn causes(source: &dyn Source, ask: &LogAsk, request: Option<&AwsText>, until: Instant) -> LogCauses {
    let to = ask.to.timestamp();
    let mut causes = LogCauses {
        group: ask.group.clone(),
        groups: Vec::new(),
        failed: 0,
        from: to,
        to,
        cut: None,
        failure: None,
        example: Vec::new(),
        report: None,
    };
    let mut folding = LogFolding::default();
    let (mut end, mut length) = (ask.to, FIRST);
    while end > ask.from {
        let start = Minute((end.0 - length).max(ask.from.0));
        let asked = ask.request((start.timestamp(), end.timestamp()), Some(pattern::failures()), None);
        let read = events(source, &ask.target, &asked, EVENTS, until).await;
        for event in read.events.iter().filter(|event| ask.group.holds(&ask.function, event)) {
            folding.add(event);
        }
        if let Some(failure) = read.failure {
            causes.failure = Some(failure);
            break;
        }
        causes.cut = read.cut;
        if causes.cut == Some(LogCut::Time) {
            break;
        }
        causes.from = start.timestamp();
        if causes.cut.is_some() {
            break;
        }
        if folding.failures() >= ENOUGH {
            causes.cut = (start > ask.from).then_some(LogCut::Enough);
            break;
        }
        (end, length) = (start, length * 2);
    }
    (causes.groups, causes.failed) = folding.finish(ask.since.map(Minute::timestamp), causes.from);
    if causes.failure.is_none() {
        let group = causes.groups.first();
        causes.example = example(source, ask, group, request, until).await;
        causes.report = report_of(&causes.example);
    }
    causes
}

impl LogAsk {
    fn request(
        &self,
        (start, end): (Timestamp, Timestamp),
        pattern: Option<String>,
        stream: Option<AwsText>,
    ) -> LogRequest {
        LogRequest { group: self.group.name.clone(), start, end, pattern, stream }
    }
}

/// The lines of the invocation that is named, else of that of a group's example.
async fn example(
    source: &dyn Source,
    ask: &LogAsk,
    group: Option<&CauseGroup>,
    request: Option<&AwsText>,
    until: Instant,
) -> Vec<LogEvent> {
    let wanted = request.or_else(|| group.and_then(|group| group.request.as_ref()));
    let longest = SignedDuration::from_secs(i64::from(ask.timeout.unwrap_or(LONGEST_RUN).min(LONGEST_RUN)) + 2);
    let later = |at: Timestamp, by| at.checked_add(by).unwrap_or(at);
    let mut event = group.map(|group| group.example.clone());
    // What is shown of a failure ends with it; what has only begun goes on for as long as it may run.
    let mut after = SignedDuration::from_secs(2);
    if let Some(id) = request {
        // An invocation that began right before the end of what is looked at ends after it.
        let span = (ask.from.timestamp(), later(ask.to.timestamp(), longest));
        let asked = ask.request(span, Some(pattern::quoted(id.raw())), None);
        let found = events(source, &ask.target, &asked, EVENTS, until).await.events;
        let failing = found.iter().find(|event| cause(&read(event.text.raw())).is_some());
        if failing.is_none() && !found.is_empty() {
            after = longest;
        }
        event = failing.or(found.last()).cloned().or(event);
    }
    let Some(event) = event else { return Vec::new() };
    let span = (event.at.checked_sub(longest).unwrap_or(event.at), later(event.at, after));
    let asked = ask.request(span, None, Some(event.stream.clone()));
    let mut stream = events(source, &ask.target, &asked, EVENTS, until).await.events;
    stream.retain(|other| other.stream == event.stream);
    stream.sort_by_key(|event| event.at);
    let own = invocation(&stream, wanted.map(AwsText::raw), event.at);
    if own.is_empty() { vec![event] } else { own }
}

/// What reading events brought until it ended or was cut.
#[derive(Debug, Default)]
pub struct ReadEvents {
    /// Events, as they came.
    pub events: Vec<LogEvent>,
    /// Why it was cut.
    pub cut: Option<LogCut>,
    /// From when on all was read, where it was read from the newest on and cut.
    pub from: Option<Timestamp>,
    /// Why it ended early.
    pub failure: Option<Failure>,
}

/// Whether a log group is of the class Infrequent Access, which `FilterLogEvents` does not read.
pub fn is_infrequent(failure: &Failure) -> bool {
    failure.message.raw().contains("INFREQUENT_ACCESS")
}

/// What to do about a log group that `FilterLogEvents` does not read.
pub(super) fn explained(failure: Failure) -> Failure {
    if !is_infrequent(&failure) {
        return failure;
    }
    failure.with_hint(
        "Logs Insights alone reads the class Infrequent Access: `slmon logs`, and `slmon grep --with auto`, ask it within --max-cost",
    )
}

/// Minutes of the newest stretch. The next goes back as far as what is still wanted should reach.
const NEWEST: i64 = 15;

/// Reads the newest events of a stretch of time, so many at most: stretch by stretch into the past, since each comes from its
/// oldest event on.
pub async fn newest(
    source: &dyn Source,
    target: &Target,
    request: &LogRequest,
    most: usize,
    until: Instant,
) -> ReadEvents {
    let mut all = ReadEvents::default();
    let (mut end, mut length) = (request.end, SignedDuration::from_mins(NEWEST));
    while end > request.start {
        let start = end.checked_sub(length).unwrap_or(request.start).max(request.start);
        let left = most - all.events.len();
        let asked = LogRequest { start, end, ..request.clone() };
        let mut read = last(source, target, &asked, left, until).await;
        if end < request.end {
            // Whether the end belongs to a stretch or to the next, each event is read once.
            read.events.retain(|event| event.at < end);
            if read.failure.is_some() || read.cut == Some(LogCut::Time) {
                // It begins with the oldest: between those and what there is already, some would be missing.
                read.events.clear();
                all.from = Some(end);
                if read.failure.take_if(|failure| failure.kind == Kind::Deadline).is_some() {
                    read.cut = Some(LogCut::Time);
                }
            }
        }
        all.events.splice(0..0, read.events);
        (all.cut, all.failure) = (read.cut, read.failure);
        if all.cut.is_none() && all.failure.is_none() && all.events.len() >= most && start > request.start {
            (all.cut, all.from) = (Some(LogCut::Enough), Some(start));
        }
        if all.cut == Some(LogCut::Enough) {
            all.from = all.from.or(all.events.first().map(|event| event.at));
        }
        if all.cut.is_some() || all.failure.is_some() {
            return all;
        }
        (end, length) = (start, length_for(most, all.events.len(), (start, request.end)));
    }
    all
}

/// How far back so many events more should reach, where there were so many in a stretch that was read: where there were few,
/// one request more is enough.
fn length_for(most: usize, found: usize, (from, to): (Timestamp, Timestamp)) -> SignedDuration {
    let seconds = to.duration_since(from).as_secs().max(1);
    let [left, found] = [most - found, found.max(1)].map(|n| i64::try_from(n).unwrap_or(i64::MAX));
    SignedDuration::from_secs(seconds.saturating_mul(left) / found).max(SignedDuration::from_mins(NEWEST))
}

/// Reads all events and keeps the last, so many at most.
async fn last(source: &dyn Source, target: &Target, request: &LogRequest, most: usize, until: Instant) -> ReadEvents {
    let mut read = ReadEvents::default();
    let mut cut = None;
    let mut pages = source.events(target, request);
    while let Some(more) = next(&mut pages, &mut read, until).await {
        read.events.extend(more);
        let beyond = read.events.len().saturating_sub(most);
        if beyond > 0 {
            read.events.drain(..beyond);
            cut = Some(LogCut::Enough);
        }
    }
    read.cut = read.cut.or(cut);
    read
}

/// Reads pages of events until there are so many.
pub async fn events(
    source: &dyn Source,
    target: &Target,
    request: &LogRequest,
    most: usize,
    until: Instant,
) -> ReadEvents {
    let mut read = ReadEvents::default();
    let mut pages = source.events(target, request);
    while let Some(more) = next(&mut pages, &mut read, until).await {
        read.events.extend(more);
        if read.events.len() >= most {
            read.cut = Some(LogCut::Enough);
            break;
        }
    }
    read
}

/// The events of the next page; none where it is the end, and then `read` says why, unless that is all there is.
async fn next(pages: &mut Pages<'_, LogPage>, read: &mut ReadEvents, until: Instant) -> Option<Vec<LogEvent>> {
    match timeout_at(until, pages.next()).await {
        Err(_) if read.events.is_empty() => {
            let late = Failure::new(calls::FILTER_LOG_EVENTS, Kind::Deadline, "there was no time left for it");
            read.failure = Some(late);
            None
        }
        Err(_) => {
            read.cut = Some(LogCut::Time);
            None
        }
        Ok(None) => None,
        Ok(Some(Err(failure))) => {
            read.failure = Some(explained(failure));
            None
        }
        Ok(Some(Ok(page))) => Some(page.into_iter().flat_map(|page| page.events).collect()),
    }
}
