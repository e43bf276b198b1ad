//! Why a function fails, by all that tells of it: the causes of its traces and of its log in one list, in which nothing
//! stands twice and nothing is counted twice.

#[cfg(test)]
mod tests;
pub mod words;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;

use super::{
    logs::{
        cause::{CauseKind, shortened},
        groups::{CauseGroup, LogCauses},
        secrets,
    },
    text::AwsText,
    trace::{
        causes::{Age, Causes, ErrorGroup},
        mask::mask,
    },
};

/// One cause, whoever told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// Its places among the groups of traces, the commonest first.
    pub traced: Vec<usize>,
    /// Its places among the groups of the log, the commonest first.
    pub logged: Vec<usize>,
    /// Failures, at the least: those that both tell of count once.
    pub failures: u64,
    /// Sampled traces that tell of it.
    pub traces: u64,
    /// Failures of which the log tells it.
    pub lines: u64,
    /// When the first of them was seen.
    pub first: Timestamp,
    /// When the last of them was.
    pub last: Timestamp,
    /// Whether it was there before the alert.
    pub age: Age,
    /// Whether something failed for it: what was only written to a log need not have failed.
    pub failed: bool,
}

/// Seconds between a trace's begin and the line that tells why it failed, at most: so long may a function run. Source: Lambda's
/// quotas.
const NEAR: i64 = 900;

/// Causes of which one of two may tell, and what is known of both.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The function.
    pub function: &'a AwsText,
    /// What traces say; none where they were not read.
    pub traces: Option<&'a Causes>,
    /// What the log says; none where it was not read.
    pub log: Option<&'a LogCauses>,
    /// The longest that the function may run, in seconds, where that is known.
    pub timeout: Option<u32>,
    /// Traces, each with a request of the function in it.
    pub requests: &'a [(AwsText, AwsText)],
}

impl Told<'_> {
    /// The causes in one list: what failed before what was only logged, then the commonest, of two the newer first.
    /// Each group of traces and of the log is in one of them.
    pub fn reasons(&self) -> Vec<Reason> {
        let mut parts = Parts::new(self);
        parts.join_named();
        parts.join_open();
        parts.reasons()
    }
}

/// Groups of both, and which of them are the same.
struct Parts<'a> {
    traced: &'a [ErrorGroup],
    logged: &'a [CauseGroup],
    function: &'a AwsText,
    timeout: Option<u32>,
    /// Groups of traces of which it is not sure that the log has all of their failures under the same name.
    open: Vec<bool>,
    /// The traces of the failures of each group of the log, as far as they are known.
    known: Vec<BTreeSet<&'a AwsText>>,
    /// The number of the cause that each is of: those of traces first, then those of the log.
    of: Vec<usize>,
}

impl<'a> Parts<'a> {
    fn new(told: &Told<'a>) -> Self {
        let traced = told.traces.map_or(&[][..], |traces| &traces.groups);
        let logged = told.log.map_or(&[][..], |log| &log.groups);
        let known = logged.iter().map(|group| {
            let by_request = told.requests.iter().filter(|(_, request)| group.requests.contains(request));
            group.traces.iter().chain(by_request.map(|(trace, _)| trace)).collect()
        });
        Self {
            traced,
            logged,
            function: told.function,
            timeout: told.timeout,
            open: traced.iter().map(ErrorGroup::is_nameless).collect(),
            known: known.collect(),
            of: (0..traced.len() + logged.len()).collect(),
        }
    }

    /// A group of traces and one of the log, by their places, are the same cause.
    fn join(&mut self, traced: usize, logged: usize) {
        let (keep, other) = (self.of[traced], self.of[self.traced.len() + logged]);
        for of in self.of.iter_mut().filter(|of| **of == other) {
            *of = keep;
        }
    }

    /// So many traces of a group are known to be failures of one of the log.
    fn shares(&self, traced: usize, logged: usize) -> usize {
        self.known[logged].iter().filter(|id| self.traced[traced].traced.contains(**id)).count()
    }

    /// What says its name to both: the same exception, the same way in which Lambda ended it, or the same failure.
    fn join_named(&mut self) {
        let named: Vec<usize> = (0..self.traced.len()).filter(|at| self.traced[*at].exception.is_some()).collect();
        let mut is_joined = vec![false; self.traced.len()];
        for at in 0..self.logged.len() {
            let all = |how: fn(&CauseGroup, &ErrorGroup) -> bool| -> Vec<usize> {
                named.iter().copied().filter(|place| how(&self.logged[at], &self.traced[*place])).collect()
            };
            let mut same = all(is_same);
            if same.is_empty() {
                // Where one of the two has no message, it has to be clear which is meant.
                same = Some(all(may_be_same)).filter(|same| same.len() == 1).unwrap_or_default();
            }
            if same.is_empty() {
                same = all(says_alike);
            }
            if same.is_empty() {
                same = all(ends_alike);
            }
            for place in same {
                is_joined[place] = true;
                self.join(place, at);
            }
        }
        for place in named.into_iter().filter(|place| !is_joined[*place]) {
            // What was thrown in something that it called, its own log tells in other words.
            let linked: Vec<usize> = (0..self.logged.len()).filter(|at| self.shares(place, *at) > 0).collect();
            self.open[place] = !linked.is_empty() || self.traced[place].thrown_in.name != *self.function;
            for at in linked {
                self.join(place, at);
            }
        }
    }

    /// Traces that failed without saying what the log would say: by the same failures, by the time that they took, or
    /// because the log has only one cause that no other trace tells of.
    fn join_open(&mut self) {
        let is_alone = |parts: &Self, at: usize| {
            let of = parts.of[parts.traced.len() + at];
            !parts.of[..parts.traced.len()].contains(&of)
        };
        for place in 0..self.traced.len() {
            let (group, logged) = (&self.traced[place], 0..self.logged.len());
            let joined = self.of[self.traced.len()..].contains(&self.of[place]);
            if !self.open[place] || joined {
                continue;
            }
            let ran_out = self.timeout.map(|timeout| group.ran_out(timeout));
            let mut found: Vec<usize> =
                logged.clone().filter(|at| self.shares(place, *at) == group.traced.len()).collect();
            if found.is_empty() && ran_out == Some(true) && group.is_nameless() {
                found = logged.clone().filter(|at| self.logged[*at].kind == CauseKind::Timeout).collect();
            }
            if found.is_empty() {
                let near = |at: &usize| {
                    let seconds = |from: Timestamp, to: Timestamp| to.as_second() - from.as_second();
                    let other = &self.logged[*at];
                    seconds(group.last, other.first) <= NEAR && seconds(other.last, group.first) <= NEAR
                };
                let fits = |at: &usize| match self.logged[*at].kind {
                    CauseKind::Logged => false,
                    CauseKind::Timeout => ran_out != Some(false) && near(at),
                    _ => near(at),
                };
                found = logged.filter(|at| is_alone(self, *at) && fits(at)).collect();
            }
            if let [one] = found[..] {
                self.join(place, one);
            }
        }
    }

    fn reasons(&self) -> Vec<Reason> {
        let mut places: BTreeMap<usize, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for (at, of) in self.of.iter().enumerate() {
            let (traced, logged) = places.entry(*of).or_default();
            match at.checked_sub(self.traced.len()) {
                None => traced.push(at),
                Some(at) => logged.push(at),
            }
        }
        let mut reasons: Vec<Reason> = places.into_values().filter_map(|places| self.reason(places)).collect();
        reasons.sort_by_key(Reason::rank);
        self.count(&mut reasons);
        reasons.sort_by_key(Reason::rank);
        reasons
    }

    fn reason(&self, (traced, logged): (Vec<usize>, Vec<usize>)) -> Option<Reason> {
        let (of_traces, of_log) =
            (|| traced.iter().map(|at| &self.traced[*at]), || logged.iter().map(|at| &self.logged[*at]));
        let ids: BTreeSet<&AwsText> = of_traces().flat_map(|group| &group.traced).collect();
        let (sampled, written) = (ids.len() as u64, of_log().map(|group| group.lines).sum());
        let ages: Vec<Age> = of_traces().map(|it| it.age).chain(of_log().map(|it| it.age)).collect();
        Some(Reason {
            failures: sampled.max(written),
            traces: sampled,
            lines: written,
            first: of_traces().map(|it| it.first).chain(of_log().map(|it| it.first)).min()?,
            last: of_traces().map(|it| it.last).chain(of_log().map(|it| it.last)).max()?,
            age: match () {
                () if ages.contains(&Age::Known) => Age::Known,
                () if ages.contains(&Age::New) => Age::New,
                () => Age::Unknown,
            },
            failed: !traced.is_empty() || of_log().any(|group| group.kind != CauseKind::Logged),
            traced,
            logged,
        })
    }

    /// Counts each failure once: a trace with several causes for the commonest of them, and a trace of which the log may
    /// tell in other words only where the log has no failure left that it may be. What both tell of in different words, and
    /// nothing links, can't be known to be the same.
    fn count(&self, reasons: &mut [Reason]) {
        let mut counted: BTreeSet<&AwsText> = BTreeSet::new();
        let mut own = |reason: &Reason, open: bool| {
            let groups = reason.traced.iter().filter(|at| self.open[**at] == open);
            groups.flat_map(|at| &self.traced[*at].traced).filter(|id| counted.insert(*id)).count() as u64
        };
        let mut left = 0;
        for reason in reasons.iter_mut() {
            let traces = own(reason, false);
            reason.failures = traces.max(reason.lines);
            left += reason.lines.saturating_sub(traces);
        }
        for reason in reasons.iter_mut() {
            let traces = own(reason, true);
            reason.failures += traces.saturating_sub(left);
            left = left.saturating_sub(traces);
        }
    }
}

impl Reason {
    fn rank(&self) -> impl Ord + use<> {
        let first = (self.traced.first().copied(), self.logged.first().copied());
        (!self.failed, Reverse((self.failures, self.traces.max(self.lines), self.last)), first)
    }
}

fn short(name: Option<&AwsText>) -> Option<&str> {
    name.and_then(|name| name.raw().rsplit('.').next())
}

/// The first line of a message as both may have it, without what differs each time and without secrets.
fn said(group: &ErrorGroup) -> String {
    let whole = group.example_message.as_ref().or(group.message.as_ref()).map_or("", AwsText::raw);
    let first = whole.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    mask(&secrets::mask(shortened(first)))
}

/// One exception, and a message that one of the two may begin with the time and the request's id.
fn is_same(logged: &CauseGroup, traced: &ErrorGroup) -> bool {
    let (own, said) = (logged.message.raw(), said(traced));
    let both = !own.is_empty() && !said.is_empty() || own.is_empty() && said.is_empty();
    let names = (short(logged.exception.as_ref()), short(traced.exception.as_ref()));
    names.0.is_some() && names.0 == names.1 && both && (said.ends_with(own) || own.ends_with(&said))
}

/// One exception, where one of the two does not tell the message.
fn may_be_same(logged: &CauseGroup, traced: &ErrorGroup) -> bool {
    let names = (short(logged.exception.as_ref()), short(traced.exception.as_ref()));
    names.0.is_some() && names.0 == names.1 && (logged.message.raw().is_empty() || said(traced).is_empty())
}

/// A line of the log says the message of an exception, without its name.
fn says_alike(logged: &CauseGroup, traced: &ErrorGroup) -> bool {
    let (own, said) = (logged.message.raw(), said(traced));
    logged.kind == CauseKind::Logged && !said.is_empty() && own.ends_with(&said)
}

/// Lambda ended both for the same: X-Ray and the log say that in words of their own.
fn ends_alike(logged: &CauseGroup, traced: &ErrorGroup) -> bool {
    let name = traced.exception.as_ref().map_or("", AwsText::raw);
    let kind = CauseKind::of(name, traced.example_message.as_ref().map_or("", AwsText::raw));
    kind == logged.kind && matches!(kind, CauseKind::Timeout | CauseKind::OutOfMemory | CauseKind::Exited)
}
