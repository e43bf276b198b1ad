//! Traces as X-Ray tells them: summaries with their root causes, whole traces as spans, and who calls whom. A trace is a
//! sample of what happened: it explains failures, and nothing here counts them.

pub mod causes;
pub mod document;
pub mod graph;
pub mod mask;
pub mod took;
pub mod tree;
pub mod words;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::{account::AccountId, text::AwsText, window::Minute};

/// The longest stretch of one request. Source: measured by others; X-Ray's documentation gives none.
pub const LONGEST: i64 = 360;

/// How many traces one request can ask for whole. Source: as above; six code bases agree on it.
pub const BATCH: usize = 5;

/// Names that fit into one filter expression.
const NAMED: usize = 20;

/// Which traces are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceRequest {
    /// From when on.
    pub start: Timestamp,
    /// Until when (exclusive); at most [`LONGEST`] minutes later.
    pub end: Timestamp,
    /// Of which function, and how it ended; none for all traces there are.
    pub filter: Option<TraceFilter>,
}

/// Which traces are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wanted {
    /// Those in which the function's code failed.
    Failed,
    /// Those in which Lambda refused to run it.
    Throttled,
    /// Those in which either happened.
    FailedOrThrottled,
    /// All in which it ran or was refused.
    All,
}

/// Traces of functions, in X-Ray's filter language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceFilter {
    /// The functions; none for any.
    pub functions: Vec<AwsText>,
    /// How they ended.
    pub wanted: Wanted,
}

impl TraceFilter {
    /// Traces of one function.
    pub fn of(function: AwsText, wanted: Wanted) -> Self {
        Self { functions: vec![function], wanted }
    }

    /// Traces of any of these functions: where there are more than fit into an expression, of any function there is, and
    /// [`is_about`](Self::is_about) sorts them out.
    pub fn of_any(functions: &BTreeSet<AwsText>, wanted: Wanted) -> Self {
        let named = if functions.len() > NAMED { Vec::new() } else { functions.iter().cloned().collect() };
        Self { functions: named, wanted }
    }

    /// Whether a trace that such a filter lets through is about one of these functions.
    pub fn is_about(functions: &BTreeSet<AwsText>, summary: &Summary) -> bool {
        functions.len() <= NAMED || summary.services.iter().any(|service| functions.contains(&service.name))
    }

    /// The filter expression. Lambda's own node of a function looks fine where only its code failed, so the node of its
    /// code is asked for. Whether an exception that nobody caught is an error or a fault is not documented: both are.
    pub fn expression(&self) -> String {
        let node = |kind: &str, name: &AwsText| {
            let name = name.raw().replace('\\', "\\\\").replace('"', "\\\"");
            format!("service(id(name: \"{name}\", type: \"{kind}\"))")
        };
        let failed = ("AWS::Lambda::Function", " { fault = true OR error = true }");
        let throttled = ("AWS::Lambda", " { throttle = true }");
        let kinds = match self.wanted {
            Wanted::Failed => vec![failed],
            Wanted::Throttled => vec![throttled],
            Wanted::FailedOrThrottled => vec![failed, throttled],
            Wanted::All => vec![("AWS::Lambda", "")],
        };
        let any = |(kind, inner): &(&str, &str)| format!("service(id(type: \"{kind}\")){inner}");
        let each: Vec<String> = if self.functions.is_empty() {
            kinds.iter().map(any).collect()
        } else {
            let of = |name| kinds.iter().map(move |(kind, inner)| format!("{}{inner}", node(kind, name)));
            self.functions.iter().flat_map(of).collect()
        };
        each.join(" OR ")
    }
}

/// A trace in short.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "X-Ray's own flags, each independent of the others")]
pub struct Summary {
    /// `1-67891233-abcdef012345678912345678`.
    pub id: AwsText,
    /// When it began.
    pub start: Timestamp,
    /// Seconds from its first start to its last end.
    pub duration: f64,
    /// Seconds until its first service answered.
    pub response_time: f64,
    /// Its first service had a fault: what HTTP calls 5xx.
    pub fault: bool,
    /// Its first service had an error: what HTTP calls 4xx.
    pub error: bool,
    /// Its first service was refused.
    pub throttle: bool,
    /// Some of its segments are still missing.
    pub partial: bool,
    /// The status that its first service answered with, where that was HTTP.
    pub status: Option<i32>,
    /// What was asked of its first service, `GET https://…`, where that was HTTP.
    pub request: Option<AwsText>,
    /// Services in it.
    pub services: Vec<ServiceName>,
    /// What faults and errors began with.
    pub causes: Vec<RootCause>,
}

impl Summary {
    /// Whether anything in it failed.
    pub fn failed(&self) -> bool {
        self.fault || self.error || self.throttle || !self.causes.is_empty()
    }

    /// How it failed, as its first cause says, else as its first service does; none where nothing did.
    pub fn failing(&self) -> Option<Failing> {
        let own = match (self.throttle, self.fault, self.error) {
            (true, ..) => Some(Failing::Throttle),
            (_, true, _) => Some(Failing::Fault),
            (_, _, true) => Some(Failing::Error),
            _ => None,
        };
        self.causes.first().map(|cause| cause.failing).or(own)
    }

    /// Whether Lambda refused to run a function in it: its own node is there, and that of the code is not. Of one that is
    /// still partial, the code may be yet to come.
    pub fn refused(&self, function: &AwsText) -> bool {
        let is = |kind: &str| {
            let of_kind = |it: &ServiceName| it.kind.as_ref().is_some_and(|own| own.raw() == kind);
            self.services.iter().any(|service| service.name == *function && of_kind(service))
        };
        self.throttle || !self.partial && is(LAMBDA) && !is(FUNCTION)
    }

    /// When it ended.
    pub fn end(&self) -> Timestamp {
        let after = jiff::SignedDuration::try_from_secs_f64(self.duration.max(0.0)).unwrap_or_default();
        self.start.checked_add(after).unwrap_or(self.start)
    }

    /// What was thrown in it, masked: `KeyError: item #`; none where nothing was recorded.
    pub fn exception(&self) -> Option<String> {
        let chains = self.causes.iter().flat_map(|cause| cause.services.iter().rev());
        let thrown = chains.flat_map(|service| service.path.iter().rev()).find_map(|part| part.exceptions.last())?;
        let name = thrown.name.as_ref().map_or("exception", AwsText::raw);
        let message =
            thrown.message.as_ref().map_or(String::new(), |message| format!(": {}", mask::mask(message.raw())));
        Some(format!("{name}{message}"))
    }

    /// The functions in it, each once: those whose code ran, and those that Lambda refused to run, of which it has its own
    /// node alone.
    pub fn functions(&self) -> impl Iterator<Item = &AwsText> {
        let of = |kind: &'static str| {
            let named = move |service: &&ServiceName| service.kind.as_ref().is_some_and(|it| it.raw() == kind);
            self.services.iter().filter(named).map(|service| &service.name)
        };
        let mut seen = BTreeSet::new();
        of(FUNCTION).chain(of(LAMBDA)).filter(move |name| seen.insert(*name))
    }
}

/// The type of the node that stands for a function's code.
pub const FUNCTION: &str = "AWS::Lambda::Function";
/// The type of the node that stands for Lambda itself, which runs the code.
pub const LAMBDA: &str = "AWS::Lambda";

/// A service in a trace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ServiceName {
    /// Its name: a function's, a table's, a host's.
    pub name: AwsText,
    /// `AWS::Lambda::Function`, `AWS::DynamoDB::Table`, `remote`; none where X-Ray does not say.
    #[serde(rename = "type")]
    pub kind: Option<AwsText>,
    /// Where it lives, where X-Ray says.
    pub account: Option<AccountId>,
}

impl ServiceName {
    /// What it is, in a word for people: `function`, `DynamoDB table`, `HTTP`.
    pub fn what(&self) -> String {
        kind_in_words(self.kind.as_ref().map_or("", AwsText::raw))
    }
}

/// A node's type in a word for people. Two nodes bear the name of each function: Lambda's, and that of its code.
pub fn kind_in_words(kind: &str) -> String {
    match kind {
        "" => String::new(),
        FUNCTION => "function".into(),
        LAMBDA => "Lambda".into(),
        "remote" => "HTTP".into(),
        "client" => "caller".into(),
        "AWS::ApiGateway::Stage" => "API Gateway".into(),
        "AWS::SQS::Queue" => "SQS queue".into(),
        "AWS::SNS" | "AWS::SNS::Topic" => "SNS topic".into(),
        "AWS::S3::Bucket" => "S3 bucket".into(),
        "AWS::StepFunctions::StateMachine" => "state machine".into(),
        other => AwsText::from(other.strip_prefix("AWS::").unwrap_or(other).replace("::", " ").as_str()).shown().into(),
    }
}

/// Whether a root cause is a fault or an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Failing {
    /// Whoever was asked failed: 5xx.
    Fault,
    /// Whoever asked did wrong: 4xx.
    Error,
    /// Lambda refused to run it.
    Throttle,
}

impl Failing {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Error => "error",
            Self::Throttle => "throttle",
        }
    }
}

/// A chain of services that failed, from the first to the one that it began with.
#[derive(Clone, Debug, PartialEq)]
pub struct RootCause {
    /// Fault or error.
    pub failing: Failing,
    /// The chain.
    pub services: Vec<CauseService>,
    /// Whether the caller of the first service was told of the failure.
    pub client_impacting: bool,
}

/// A service in the chain of a root cause.
#[derive(Clone, Debug, PartialEq)]
pub struct CauseService {
    /// Which.
    pub service: ServiceName,
    /// Whether X-Ray knows it only from its callers.
    pub inferred: bool,
    /// The segment and its subsegments that failed, from the outer to the inner.
    pub path: Vec<CauseEntity>,
}

/// A segment or subsegment in the chain of a root cause.
#[derive(Clone, Debug, PartialEq)]
pub struct CauseEntity {
    /// Its name.
    pub name: AwsText,
    /// Whether it is a call to somebody else.
    pub remote: bool,
    /// What was thrown in it.
    pub exceptions: Vec<Exception>,
}

/// What was thrown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Exception {
    /// Its type: `KeyError`; none where it was not recorded.
    pub name: Option<AwsText>,
    /// Its message, as the program wrote it.
    pub message: Option<AwsText>,
}

/// A page of summaries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TracePage {
    /// What was found, in any order.
    pub summaries: Vec<Summary>,
    /// How many traces X-Ray looked through for this page, which is what it bills; filters don't reduce it.
    pub scanned: u64,
    /// Whether no page follows.
    pub last: bool,
}

/// A whole trace as X-Ray hands it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawTrace {
    /// Its id.
    pub id: AwsText,
    /// Segment documents: an id, and JSON.
    pub documents: Vec<(AwsText, String)>,
    /// Whether it was too large for X-Ray, which has dropped some of it.
    pub limit_exceeded: bool,
}

/// The answer to a request for whole traces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceBatch {
    /// What was found.
    pub traces: Vec<RawTrace>,
    /// Ids that X-Ray did not get to, and may at another time.
    pub unprocessed: Vec<AwsText>,
}

/// Where an account's trace segments go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Destination {
    /// To X-Ray, where they can be read.
    XRay,
    /// To CloudWatch Logs (Transaction Search), where X-Ray finds 1 % of them by default and none whole.
    CloudWatchLogs,
}

/// Stretches of at most [`LONGEST`] minutes, the newest first.
pub fn chunks(start: Minute, end: Minute) -> Vec<(Timestamp, Timestamp)> {
    let mut chunks = Vec::new();
    let mut until = end;
    while until > start {
        let from = Minute((until.0 - LONGEST).max(start.0));
        chunks.push((from.timestamp(), until.timestamp()));
        until = from;
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_asks_for_the_code_of_a_function_and_quotes_its_name() {
        let failed = TraceFilter::of("pay\"x".into(), Wanted::Failed).expression();
        assert_eq!(
            failed,
            r#"service(id(name: "pay\"x", type: "AWS::Lambda::Function")) { fault = true OR error = true }"#
        );
        let throttled = TraceFilter::of("pay".into(), Wanted::Throttled).expression();
        assert_eq!(throttled, r#"service(id(name: "pay", type: "AWS::Lambda")) { throttle = true }"#);
        let two = TraceFilter { functions: vec!["a".into(), "b".into()], wanted: Wanted::All }.expression();
        assert_eq!(
            two,
            r#"service(id(name: "a", type: "AWS::Lambda")) OR service(id(name: "b", type: "AWS::Lambda"))"#
        );
    }

    #[test]
    fn a_day_is_four_chunks_the_newest_first_and_without_a_gap() {
        let day = chunks(Minute(0), Minute(1440));
        assert_eq!(day.len(), 4);
        assert_eq!(day[0].1, Minute(1440).timestamp());
        assert!(day.windows(2).all(|two| two[0].0 == two[1].1));
        assert_eq!(chunks(Minute(0), Minute(361)).last(), Some(&(Minute(0).timestamp(), Minute(1).timestamp())));
        assert!(chunks(Minute(5), Minute(5)).is_empty());
    }
}
