//! Error groups: failed traces that began with the same exception in the same service, folded into one.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use serde::Serialize;

use super::{CauseService, Destination, Exception, FUNCTION, Failing, RootCause, ServiceName, Summary, mask::mask};
use crate::domain::{failure::Failure, text::AwsText};

/// Sampled traces that failed for the same reason.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorGroup {
    /// What it was.
    pub failing: Failing,
    /// The exception's type; none where none was recorded.
    pub exception: Option<AwsText>,
    /// The exception's message without what differs each time; none where none was recorded.
    pub message: Option<AwsText>,
    /// Where it was thrown: the function whose traces these are, or one that it called.
    pub thrown_in: ServiceName,
    /// The last service of the chain that failed.
    pub service: ServiceName,
    /// The services of the chain, from the first that failed.
    pub chain: Vec<ServiceName>,
    /// Sampled traces. A sample: failures are never counted by it.
    pub traces: u64,
    /// Their ids.
    pub traced: BTreeSet<AwsText>,
    /// When the first of them began.
    pub first: Timestamp,
    /// When the last of them began.
    pub last: Timestamp,
    /// Whether it was there before the alert.
    pub age: Age,
    /// The id of the newest of them.
    pub example: AwsText,
    /// The message of that one, as it was written.
    pub example_message: Option<AwsText>,
    /// Seconds that the longest of them took.
    pub longest: f64,
}

/// Whether a group was there before the alert began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Age {
    /// Not seen before the alert began.
    New,
    /// Seen before.
    Known,
    /// Nothing from before was read.
    Unknown,
}

impl ErrorGroup {
    /// The exception in a word: `KeyError`, or what it was instead.
    pub fn title(&self) -> String {
        match (&self.exception, self.failing) {
            (Some(exception), _) => exception.shown().into_owned(),
            (None, Failing::Throttle) => "Throttled".into(),
            (None, failing) => format!("{} without an exception", failing.as_str()),
        }
    }

    /// Whether Lambda refused to run it: then nothing ran that could throw or write a line.
    pub fn is_refused(&self) -> bool {
        self.failing == Failing::Throttle && self.exception.is_none()
    }

    /// Whether it says no more than that it failed. What was refused says why.
    pub fn is_nameless(&self) -> bool {
        self.exception.is_none() && self.failing != Failing::Throttle
    }

    /// Whether the longest of them ran until a timeout, in seconds, as near as X-Ray can tell.
    pub fn ran_out(&self, timeout: u32) -> bool {
        self.longest >= f64::from(timeout) * 0.98
    }

    /// Where it went wrong, where that is not the function itself: `DynamoDB table orders`.
    pub fn elsewhere(&self, function: &AwsText) -> Option<String> {
        let own = self.service.name == *function;
        (!own).then(|| format!("{} {}", self.service.what(), self.service.name.shown()).trim_start().to_owned())
    }
}

/// What traces say about why a function fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Causes {
    /// What failed for the same reason, the commonest first.
    pub groups: Vec<ErrorGroup>,
    /// Traces that were found: those that failed.
    pub failed: u64,
    /// Of these, so many are not complete yet and have no cause so far: X-Ray shows an asynchronous call as failed until
    /// its end is known.
    pub in_progress: u64,
    /// From when on traces were read; later than asked where the reading was cut.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// Traces that X-Ray looked through.
    pub scanned: u64,
    /// Why not everything was read.
    pub cut: Option<Cut>,
    /// What could not be read.
    pub failure: Option<Failure>,
    /// Where traces go, where that was asked: only where there were none.
    pub destination: Option<Destination>,
    /// Whether the function's configuration has tracing on; none where that is not known.
    pub tracing: Option<bool>,
}

/// What reading traces may cost, in US dollars, and where that is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CostLimit {
    /// In a run, by `--max-cost`.
    Run(f64),
    /// In an hour, by `cause_cost` of the configuration.
    Hour(f64),
    /// For one question of the dashboard, by the program.
    Question(f64),
}

impl CostLimit {
    /// In US dollars.
    pub fn dollars(self) -> f64 {
        let (Self::Run(dollars) | Self::Hour(dollars) | Self::Question(dollars)) = self;
        dollars
    }
}

/// Why a reading of traces stopped early.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cut {
    /// Going on would have cost more than was allowed.
    Cost {
        /// What was allowed.
        allowed: CostLimit,
        /// What the rest would cost, in US dollars, as far as that can be told.
        rest: Option<f64>,
    },
    /// There was no time left.
    Time,
    /// There were more traces than are needed to tell.
    Enough,
}

/// Folds traces into groups.
#[derive(Debug, Default)]
pub struct Folding {
    seen: HashSet<AwsText>,
    groups: BTreeMap<Key, ErrorGroup>,
    failed: u64,
    in_progress: u64,
}

type Key = (Failing, Option<AwsText>, Option<String>, AwsText, Option<AwsText>);

impl Folding {
    /// How many traces were folded in.
    pub fn traces(&self) -> u64 {
        self.failed
    }

    /// Takes a trace of a function in, unless it was there before.
    pub fn add(&mut self, function: &AwsText, summary: &Summary, throttled: bool) {
        if !self.seen.insert(summary.id.clone()) {
            return;
        }
        self.failed += 1;
        let about = |cause: &&RootCause| cause.services.iter().any(|it| it.service.name == *function);
        let mut causes: Vec<&RootCause> = summary.causes.iter().filter(about).collect();
        if causes.is_empty() {
            causes = summary.causes.iter().collect();
        }
        if causes.is_empty() {
            let failing = if throttled || summary.throttle {
                Failing::Throttle
            } else if summary.partial {
                self.in_progress += 1;
                return;
            } else if summary.error && !summary.fault {
                Failing::Error
            } else {
                Failing::Fault
            };
            let own = ServiceName { name: function.clone(), kind: Some(FUNCTION.into()), account: None };
            self.put(summary, failing, &Exception { name: None, message: None }, &own, std::slice::from_ref(&own));
            return;
        }
        let mut keys = HashSet::new();
        for cause in causes {
            let Some(last) = cause.services.last() else { continue };
            let thrown = cause.services.iter().rev().find_map(|it| Some((it, thrown_in(it)?)));
            let (by, exception) = thrown
                .map_or_else(|| (last, Exception { name: None, message: None }), |(by, thrown)| (by, thrown.clone()));
            // The same exception is often told of the function and of what it called: once a trace is enough.
            if keys.insert((exception.clone(), last.service.clone())) {
                let chain: Vec<ServiceName> = cause.services.iter().map(|it| it.service.clone()).collect();
                let failing = if throttled && exception.name.is_none() { Failing::Throttle } else { cause.failing };
                self.put(summary, failing, &exception, &by.service, &chain);
            }
        }
    }

    fn put(
        &mut self,
        summary: &Summary,
        failing: Failing,
        thrown: &Exception,
        by: &ServiceName,
        chain: &[ServiceName],
    ) {
        let Some(service) = chain.last() else { return };
        let message = thrown.message.as_ref().map(|message| mask(message.raw()));
        let key = (failing, thrown.name.clone(), message.clone(), service.name.clone(), service.kind.clone());
        let group = self.groups.entry(key).or_insert_with(|| ErrorGroup {
            failing,
            exception: thrown.name.clone(),
            message: message.map(AwsText::from),
            thrown_in: by.clone(),
            service: service.clone(),
            chain: chain.to_vec(),
            traces: 0,
            traced: BTreeSet::new(),
            first: summary.start,
            last: summary.start,
            age: Age::Unknown,
            example: summary.id.clone(),
            example_message: thrown.message.clone(),
            longest: 0.0,
        });
        group.traces += 1;
        group.traced.insert(summary.id.clone());
        group.first = group.first.min(summary.start);
        group.longest = group.longest.max(summary.duration);
        if summary.start >= group.last {
            group.last = summary.start;
            group.example = summary.id.clone();
            group.example_message.clone_from(&thrown.message);
        }
    }

    /// The groups, the commonest first, of two the newer first. `since` is when the alert began, and `from` since when traces were read: a group is new
    /// only where something from before the alert was read.
    pub fn finish(self, since: Option<Timestamp>, from: Timestamp) -> (Vec<ErrorGroup>, u64, u64) {
        let mut groups: Vec<ErrorGroup> = self.groups.into_values().collect();
        for group in &mut groups {
            group.age = match since {
                Some(since) if group.first < since => Age::Known,
                Some(since) if from < since => Age::New,
                _ => Age::Unknown,
            };
        }
        groups.sort_by(|a, b| b.traces.cmp(&a.traces).then(b.last.cmp(&a.last)).then(a.example.cmp(&b.example)));
        (groups, self.failed, self.in_progress)
    }
}

/// What was thrown in a service: in its innermost part that tells.
fn thrown_in(service: &CauseService) -> Option<&Exception> {
    service.path.iter().rev().find_map(|entity| entity.exceptions.last())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::CauseEntity;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn service(name: &str, kind: &str, thrown: Option<(&str, &str)>) -> CauseService {
        let exceptions = thrown
            .iter()
            .map(|(name, message)| Exception { name: Some((*name).into()), message: Some((*message).into()) });
        CauseService {
            service: ServiceName { name: name.into(), kind: Some(kind.into()), account: None },
            inferred: false,
            path: vec![CauseEntity { name: name.into(), remote: false, exceptions: exceptions.collect() }],
        }
    }

    fn summary(id: &str, second: i64, services: Vec<CauseService>) -> Summary {
        let causes = if services.is_empty() {
            Vec::new()
        } else {
            vec![RootCause { failing: Failing::Fault, services, client_impacting: true }]
        };
        Summary {
            id: id.into(),
            start: at(second),
            duration: 0.5,
            response_time: 0.5,
            fault: true,
            error: false,
            throttle: false,
            partial: false,
            status: None,
            request: None,
            services: Vec::new(),
            causes,
        }
    }

    fn fold(summaries: &[Summary], since: Option<i64>, from: i64) -> (Vec<ErrorGroup>, u64, u64) {
        let mut folding = Folding::default();
        for summary in summaries {
            folding.add(&"pay".into(), summary, false);
        }
        folding.finish(since.map(at), at(from))
    }

    #[test]
    fn the_same_exception_with_other_numbers_is_one_group_and_a_trace_counts_once() {
        let key = |n: u32| vec![service("pay", FUNCTION, Some(("KeyError", &format!("order {n}"))))];
        let again = summary("a", 1, key(1));
        let (groups, failed, _) =
            fold(&[again.clone(), summary("b", 9, key(22)), again, summary("c", 5, key(3))], Some(2), 0);
        assert_eq!((groups.len(), failed), (1, 3));
        let group = &groups[0];
        assert_eq!((group.traces, group.first, group.last), (3, at(1), at(9)));
        assert_eq!(group.message.as_ref().map(AwsText::raw), Some("order #"));
        assert_eq!((group.example.raw(), group.example_message.as_ref().unwrap().raw()), ("b", "order 22"));
        assert_eq!(group.age, Age::Known);
        assert_eq!(group.elsewhere(&"pay".into()), None);
    }

    #[test]
    fn the_last_service_of_the_chain_is_to_blame_and_the_innermost_exception_says_why() {
        let chain = vec![
            service("pay", FUNCTION, Some(("RuntimeError", "could not save"))),
            service("orders", "AWS::DynamoDB::Table", None),
        ];
        let (groups, ..) = fold(&[summary("a", 5, chain)], Some(2), 0);
        assert_eq!(groups[0].title(), "RuntimeError");
        assert_eq!(groups[0].thrown_in.name.raw(), "pay");
        assert_eq!(groups[0].elsewhere(&"pay".into()).as_deref(), Some("DynamoDB Table orders"));
        assert_eq!(groups[0].age, Age::New);
    }

    #[test]
    fn a_segment_in_progress_is_no_fault_and_a_fault_without_an_exception_is_one() {
        let wrapper = Summary { partial: true, ..summary("a", 5, Vec::new()) };
        let (groups, failed, in_progress) = fold(&[wrapper, summary("b", 6, Vec::new())], None, 0);
        assert_eq!((failed, in_progress, groups.len()), (2, 1, 1));
        assert_eq!(groups[0].title(), "fault without an exception");
        assert_eq!(groups[0].age, Age::Unknown);
    }

    #[test]
    fn nothing_is_called_new_where_nothing_from_before_was_read() {
        let (groups, ..) = fold(&[summary("a", 5, vec![service("pay", FUNCTION, Some(("E", "m")))])], Some(2), 3);
        assert_eq!(groups[0].age, Age::Unknown);
    }
}
