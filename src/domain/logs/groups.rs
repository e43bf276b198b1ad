//! Causes that were found in a log, folded into groups: what is the same but for numbers and ids is one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::{
    LogEvent, LogGroup,
    cause::{Cause, CauseKind, cause},
    line::{What, read},
    report::Report,
    secrets,
};
use crate::domain::{
    failure::Failure,
    text::AwsText,
    trace::{causes::Age, mask::mask},
};

/// Failures of one cause, as the log tells them.
#[derive(Clone, Debug, PartialEq)]
pub struct CauseGroup {
    /// What kind of failure it is.
    pub kind: CauseKind,
    /// The exception's type; none where there is none.
    pub exception: Option<AwsText>,
    /// Its message without what differs each time, and without secrets.
    pub message: AwsText,
    /// So many failures say it.
    pub lines: u64,
    /// The first of them that was read.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
    /// Whether it was there before the alert.
    pub age: Age,
    /// The newest event of it.
    pub example: LogEvent,
    /// The request that this one is of, where it says so.
    pub request: Option<AwsText>,
    /// The requests that say it, where they say so.
    pub requests: BTreeSet<AwsText>,
    /// The traces of these, where Lambda wrote them down.
    pub traces: BTreeSet<AwsText>,
}

/// What a log says about why a function fails.
#[derive(Clone, Debug, PartialEq)]
pub struct LogCauses {
    /// Where it was read.
    pub group: LogGroup,
    /// Failures of one cause, the commonest first.
    pub groups: Vec<CauseGroup>,
    /// Failures that were found, without what was only logged.
    pub failed: u64,
    /// From when on it was read; later than asked where the reading was cut.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// Whether reading stopped early: there was no time left, or more than is needed to tell.
    pub cut: Option<LogCut>,
    /// What could not be read.
    pub failure: Option<Failure>,
    /// The invocation that the first group's example is of: its events, in order.
    pub example: Vec<LogEvent>,
    /// Its report, where Lambda wrote one.
    pub report: Option<Report>,
}

/// Why a reading of logs stopped early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogCut {
    /// There was no time left.
    Time,
    /// There was more than is needed to tell.
    Enough,
}

type Key = (CauseKind, Option<String>, String);

/// Folds events into groups.
#[derive(Debug, Default)]
pub struct LogFolding {
    groups: BTreeMap<Key, CauseGroup>,
    /// What is known of a request so far. Several lines may tell of its failure, and the one that says most counts.
    requests: HashMap<String, (Cause, LogEvent)>,
    /// The traces of requests, as their reports have them.
    traces: HashMap<String, AwsText>,
    /// Failures without what was only logged.
    failed: u64,
}

impl LogFolding {
    /// How many failures were folded in, without what was only logged.
    pub fn failures(&self) -> u64 {
        let failed = |cause: &Cause| cause.kind != CauseKind::Logged;
        self.failed + self.requests.values().filter(|(cause, _)| failed(cause)).count() as u64
    }

    /// Takes an event in.
    pub fn add(&mut self, event: &LogEvent) {
        let line = read(event.text.raw());
        if let (Some(request), What::Report(report)) = (&line.request, &line.what)
            && let Some(trace) = &report.trace
        {
            self.traces.insert(request.clone(), trace.as_str().into());
        }
        let Some(cause) = cause(&line) else { return };
        let Some(request) = line.request else {
            self.failed += u64::from(cause.kind != CauseKind::Logged);
            self.put(cause, event, None);
            return;
        };
        let known = self.requests.get(&request);
        if known.is_none_or(|(known, _)| cause.kind < known.kind) {
            self.requests.insert(request, (cause, event.clone()));
        }
    }

    fn put(&mut self, cause: Cause, event: &LogEvent, request: Option<&str>) {
        let message = mask(&secrets::mask(&cause.message));
        let key = (cause.kind, cause.exception.clone(), message.clone());
        let group = self.groups.entry(key).or_insert_with(|| CauseGroup {
            kind: cause.kind,
            exception: cause.exception.map(AwsText::from),
            message: message.into(),
            lines: 0,
            first: event.at,
            last: event.at,
            age: Age::Unknown,
            example: event.clone(),
            request: None,
            requests: BTreeSet::new(),
            traces: BTreeSet::new(),
        });
        group.lines += 1;
        group.requests.extend(request.map(AwsText::from));
        group.traces.extend(request.and_then(|request| self.traces.get(request).cloned()));
        group.first = group.first.min(event.at);
        if event.at >= group.last {
            group.last = event.at;
            group.example = event.clone();
            group.request = request.map(AwsText::from);
        }
    }

    /// The groups: what failed before what was only logged, then the commonest, then the newest first. `since` is when
    /// the alert began, and `from` since when was read: a group is new only where something from before was read. And how many
    /// failures these are, without what was only logged.
    pub fn finish(mut self, since: Option<Timestamp>, from: Timestamp) -> (Vec<CauseGroup>, u64) {
        let mut requests: Vec<_> = std::mem::take(&mut self.requests).into_iter().collect();
        requests.sort_by(|a, b| a.1.1.at.cmp(&b.1.1.at).then_with(|| a.0.cmp(&b.0)));
        for (request, (cause, event)) in requests {
            self.failed += u64::from(cause.kind != CauseKind::Logged);
            self.put(cause, &event, Some(&request));
        }
        let mut groups: Vec<CauseGroup> = self.groups.into_values().collect();
        for group in &mut groups {
            group.age = match since {
                Some(since) if from < since => {
                    if group.first < since {
                        Age::Known
                    } else {
                        Age::New
                    }
                }
                _ => Age::Unknown,
            };
        }
        let rank = |group: &CauseGroup| (group.kind == CauseKind::Logged, std::cmp::Reverse((group.lines, group.last)));
        groups.sort_by_key(rank);
        (groups, self.failed)
    }
}

/// The events of one invocation, out of those of its stream: from its start to its report. Where neither was read, those
/// that bear its id, and those right around `at`.
pub fn invocation(events: &[LogEvent], request: Option<&str>, at: Timestamp) -> Vec<LogEvent> {
    let lines: Vec<_> = events.iter().map(|event| read(event.text.raw())).collect();
    let is_own = |id: &Option<String>| request.is_none() || id.as_deref().is_none_or(|id| Some(id) == request);
    let of_it = |place: &usize| is_own(&lines[*place].request);
    let last_before = |what: fn(&What) -> bool| {
        let mut before = (0..events.len()).rev().filter(|place| events[*place].at <= at && what(&lines[*place].what));
        before.find(of_it)
    };
    let begins = last_before(|what| *what == What::Start);
    let ends = (0..events.len())
        .filter(|place| begins.is_none_or(|begins| *place >= begins) && matches!(lines[*place].what, What::Report(_)))
        .find(|place| of_it(place) && events[*place].at >= at);
    let inside = |place: &usize| begins.is_none_or(|begins| *place >= begins) && ends.is_none_or(|ends| *place <= ends);
    (0..events.len()).filter(inside).filter(of_it).map(|place| events[place].clone()).collect()
}

/// The report of an invocation among its events.
pub fn report_of(events: &[LogEvent]) -> Option<Report> {
    events.iter().rev().find_map(|event| match read(event.text.raw()).what {
        What::Report(report) => Some(report),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "8f5a1c1e-2d4b-4c7a-9a10-0123456789ab";
    const OTHER: &str = "11111111-2d4b-4c7a-9a10-0123456789ab";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn event(second: i64, text: &str) -> LogEvent {
        LogEvent { at: at(second), stream: "s".into(), text: text.into(), id: None }
    }

    fn fold(events: &[LogEvent], since: Option<i64>, from: i64) -> (Vec<CauseGroup>, u64) {
        let mut folding = LogFolding::default();
        for event in events {
            folding.add(event);
        }
        folding.finish(since.map(at), at(from))
    }

    #[test]
    fn what_differs_in_numbers_is_one_group_and_the_newest_is_its_example() {
        let events = [
            event(1, "[ERROR] KeyError: order 17\nTraceback"),
            event(9, "[ERROR] KeyError: order 222\nTraceback"),
            event(5, "paid"),
        ];
        let (groups, failed) = fold(&events, Some(5), 0);
        assert_eq!((groups.len(), failed), (1, 2));
        let group = &groups[0];
        assert_eq!((group.message.raw(), group.lines, group.age), ("order #", 2, Age::Known));
        assert_eq!((group.first, group.last, &group.example), (at(1), at(9), &events[1]));
    }

    #[test]
    fn several_lines_of_one_request_are_one_failure_and_the_one_that_says_most_counts() {
        let events = [
            event(1, &format!("2026-11-23T10:00:00.000Z\t{ID}\tERROR\tthat was it")),
            event(2, &format!("RequestId: {ID} Error: Runtime exited with error: exit status 1\nRuntime.ExitError")),
            event(
                2,
                &format!(
                    "REPORT RequestId: {ID}\tMemory Size: 128 MB\tMax Memory Used: 128 MB\tStatus: error\tError Type: Runtime.OutOfMemory"
                ),
            ),
        ];
        let (groups, failed) = fold(&events, None, 0);
        assert_eq!((groups.len(), failed), (1, 1));
        assert_eq!((groups[0].kind, groups[0].request.as_ref().map(AwsText::raw)), (CauseKind::OutOfMemory, Some(ID)));
    }

    #[test]
    fn a_group_bears_no_secret() {
        let (groups, _) = fold(&[event(1, "[ERROR] LoginError: password=hunter2 refused\nTraceback")], None, 0);
        assert_eq!(groups[0].message.raw(), "password=<secret> refused");
    }

    #[test]
    fn an_invocation_is_cut_out_of_its_stream() {
        let events = [
            event(1, &format!("START RequestId: {OTHER} Version: 1")),
            event(2, &format!("REPORT RequestId: {OTHER}\tDuration: 1 ms")),
            event(3, &format!("START RequestId: {ID} Version: 1")),
            event(4, "reading"),
            event(4, &format!("[INFO]\t2026-11-23T10:00:00.000Z\t{OTHER}\tnot its own")),
            event(5, "[ERROR] KeyError: 'x'\nTraceback"),
            event(6, &format!("REPORT RequestId: {ID}\tDuration: 2 ms")),
            event(7, "later"),
        ];
        let own = invocation(&events, Some(ID), at(5));
        let seconds: Vec<i64> = own.iter().map(|event| event.at.as_second()).collect();
        assert_eq!(seconds, [3, 4, 5, 6]);
        assert_eq!(report_of(&own).unwrap().duration, Some(2.0));
        assert_eq!(invocation(&events, None, at(5)).len(), 5);
    }
}
