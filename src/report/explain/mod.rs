//! Why a function fails, on one page: checks, when it changed, error groups, and how one of its traces failed. The value
//! behind `slmon explain` in each of its formats.

mod build;
pub mod causes;
pub mod logs;
pub mod markdown;
pub mod text;

use jiff::Timestamp;
use serde::Serialize;

use super::{Alert, Api, Coverage, ReportWindow, trace::TraceRow};
use crate::domain::{
    account::{AccountId, Region},
    finding::Verdict,
    rules::Stage,
    text::{AwsText, counted},
    trace::{
        Destination, Failing, ServiceName,
        causes::{Age, Causes, ErrorGroup},
        tree::Tree,
    },
    window::Minute,
};

/// The name and version of the JSON schema.
pub const SCHEMA: &str = "slmon.explain/1";

/// What `slmon explain` found. Field by field it is the documented JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Explanations {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The window that was judged.
    pub window: ReportWindow,
    /// What was seen of what there is to see.
    pub coverage: Coverage,
    /// The functions, the worst first.
    pub functions: Vec<Explanation>,
    /// Functions that were meant as well and are not explained: there are too many.
    pub more: usize,
    /// What the run asked of AWS.
    pub api: Api,
}

/// One function, and why it fails.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// Whose account.
    pub client: Option<AwsText>,
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub account_name: Option<AwsText>,
    /// The region.
    pub region: Region,
    /// The function's name.
    pub function: AwsText,
    /// Its ARN.
    pub arn: AwsText,
    /// Its stage and the evidence.
    pub stage: Stage,
    /// What the checks make of it; none where it is not production, and so not judged.
    pub verdict: Option<Verdict>,
    /// Errors in the window; none where they could not be read.
    pub errors: Option<u64>,
    /// Throttles in the window.
    pub throttles: Option<u64>,
    /// Invocations in the window.
    pub invocations: Option<u64>,
    /// What fires.
    pub alerts: Vec<Alert>,
    /// Its runtime.
    pub runtime: Option<AwsText>,
    /// The longest it may run, in seconds.
    pub timeout: Option<u32>,
    /// Its memory in MiB.
    pub memory: Option<u32>,
    /// When code or configuration last changed.
    pub last_modified: Option<Minute>,
    /// Who looks after it.
    pub owner: Option<AwsText>,
    /// Where it is written what to do.
    pub runbook: Option<AwsText>,
    /// Why it fails, by its traces and its log: what failed before what was only logged, then the commonest.
    pub causes: Vec<causes::CauseRow>,
    /// Who was asked for causes, and how much was read there.
    pub sources: Vec<causes::SourceRow>,
    /// What its traces say.
    pub traces: TracesRow,
    /// What its log says; none where it was not read, since nothing failed.
    pub logs: Option<logs::LogsRow>,
    /// One of its failed traces, whole.
    pub example: Option<TraceRow>,
    /// Whether it is watched at all.
    pub watched: bool,
    /// The same as a tree, for formats that draw it.
    #[serde(skip)]
    pub tree: Option<Tree>,
    /// How much the causes rest on, in a sentence.
    #[serde(skip)]
    pub basis: String,
}

/// What the traces of a function say.
#[derive(Clone, Debug, Serialize)]
pub struct TracesRow {
    /// From when on they were read.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// Failed traces that were found: a sample.
    pub failed: u64,
    /// Of these, so many are not complete yet.
    pub in_progress: u64,
    /// Traces that X-Ray looked through, which is what it bills.
    pub scanned: u64,
    /// Whether the function has active tracing; none where that is not known.
    pub tracing: Option<bool>,
    /// Where traces go, where that was asked.
    pub destination: Option<Destination>,
    /// What is missing and what to do about it, in sentences.
    pub remarks: Vec<String>,
    /// What failed for the same reason, the commonest first.
    pub groups: Vec<GroupRow>,
}

/// Failed traces with one cause.
#[derive(Clone, Debug, Serialize)]
pub struct GroupRow {
    /// Fault, error or throttle.
    pub failing: Failing,
    /// The exception's type; none where none was recorded.
    pub exception: Option<AwsText>,
    /// Its message, without what differs each time.
    pub message: Option<AwsText>,
    /// The message of the example, as it was written.
    pub example_message: Option<AwsText>,
    /// The last service of the chain that failed.
    pub service: ServiceName,
    /// The chain.
    pub chain: Vec<ServiceName>,
    /// Sampled traces.
    pub traces: u64,
    /// When the first of them began.
    pub first: Timestamp,
    /// When the last of them began.
    pub last: Timestamp,
    /// Whether it was there before the alert began.
    pub age: Age,
    /// The id of the newest.
    pub example: AwsText,
    /// Why no exception was recorded, as far as that can be told.
    pub guess: Option<String>,
}

impl TracesRow {
    /// What traces say of a function whose timeout is so many seconds.
    /// With `quiet`, its metrics say that nothing failed.
    pub fn new(causes: &Causes, function: &AwsText, timeout: Option<u32>, quiet: bool) -> Self {
        let mut remarks = if quiet && causes.groups.is_empty() && causes.failure.is_none() {
            let unread = causes.scanned == 0 && causes.cut.is_some();
            let traces = if unread { "; its traces were not read" } else { ", and no trace of it did" };
            vec![format!("by its metrics nothing failed in this window{traces}")]
        } else {
            causes.remarks(function)
        };
        if quiet && !causes.groups.is_empty() {
            remarks.push(
                "by its metrics nothing failed in the window that is judged: these traces are from before it, or from the \
                 last minutes, which metrics don't show yet"
                    .to_owned(),
            );
        }
        let group = |group: &ErrorGroup| GroupRow {
            failing: group.failing,
            exception: group.exception.clone(),
            message: group.message.clone(),
            example_message: group.example_message.clone(),
            service: group.service.clone(),
            chain: group.chain.clone(),
            traces: group.traces,
            first: group.first,
            last: group.last,
            age: group.age,
            example: group.example.clone(),
            guess: group.guess(timeout),
        };
        Self {
            from: causes.from,
            to: causes.to,
            failed: causes.failed,
            in_progress: causes.in_progress,
            scanned: causes.scanned,
            tracing: causes.tracing,
            destination: causes.destination,
            remarks,
            groups: causes.groups.iter().map(group).collect(),
        }
    }
}

impl Explanation {
    /// `python3.13 · 512 MiB · times out after 10 s · tracing on`.
    fn configuration(&self) -> String {
        let tracing = self.traces.tracing.map(|on| if on { "tracing on" } else { "tracing off" }.to_owned());
        [
            self.runtime.as_ref().map(|runtime| runtime.shown().into_owned()),
            self.memory.map(|memory| format!("{memory} MiB")),
            self.timeout.map(|timeout| format!("times out after {timeout} s")),
            tracing,
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
    }

    /// What the checks make of it, in words.
    fn finding(&self) -> String {
        let told = |n: Option<u64>, noun: &str| n.map(|n| counted(n, noun));
        let counts =
            [told(self.errors, "error"), told(self.throttles, "throttle"), told(self.invocations, "invocation")];
        let counts = counts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        match self.verdict {
            None if !self.watched => "not watched, so it raises no alert, and its metrics are not read".into(),
            None if counts.is_empty() => "not production, so it raises no alert".into(),
            None => format!("not production, so it raises no alert; {counts}"),
            Some(Verdict::Idle) => "it did not run in this window".into(),
            Some(Verdict::Unknown) => "what it did could not be read".into(),
            Some(Verdict::Muted) => format!("muted; {counts}"),
            Some(_) => format!("nothing fires; {counts}"),
        }
    }
}
