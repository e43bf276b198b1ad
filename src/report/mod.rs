//! One report, told in several formats. This module knows facts and findings; it does not know where they came from.

mod acceptance;
#[cfg(test)]
mod based;
pub mod basis;
pub mod build;
mod canvas;
mod cause;
pub mod checks;
pub mod explain;
pub mod fix;
pub mod github;
pub mod json;
pub mod junit;
pub mod lines;
pub mod map;
pub mod markdown;
pub mod nagios;
#[cfg(feature = "s3")]
pub mod objects;
pub mod openmetrics;
mod reach;
#[cfg(test)]
pub(crate) mod samples;
mod scope;
mod share;
pub mod spots;
pub mod tables;
pub mod text;
pub mod trace;
pub mod traces;
mod verdict;
mod words;

use jiff::Timestamp;
use serde::Serialize;

pub use self::{
    basis::{Basis, JudgedRow, SeenRow},
    cause::AlertCause,
    scope::{ReportScope, Unmatched, unmatched},
};
use crate::domain::{
    account::{AccountId, Region},
    failure::Kind,
    finding::{Baseline, Severity, SpotKind},
    rules::Stage,
    text::AwsText,
    window::Minute,
};

/// The name and version of the JSON schema.
pub const SCHEMA: &str = "slmon.alert/1";

/// What `slmon alert` found: the value behind every format. Field by field it is the documented JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The verdict in one word.
    pub status: Status,
    /// The exit code that goes with it.
    pub exit_code: u8,
    /// Which part of the estate it is about; none where that is all of it.
    pub scope: Option<ReportScope>,
    /// The window that was judged.
    pub window: ReportWindow,
    /// What was seen of what there is to see.
    pub coverage: Coverage,
    /// Functions by stage.
    pub functions: FunctionCounts,
    /// Production functions by verdict.
    pub verdicts: VerdictCounts,
    /// What fails and is not production; none where it was not read.
    pub hidden: Option<Hidden>,
    /// What fires, worst first.
    pub alerts: Vec<Alert>,
    /// What is muted.
    pub muted: Vec<Muted>,
    /// What the tags hide.
    pub blind_spots: Vec<BlindSpot>,
    /// Sentences about how far the verdict reaches, fit to be shown: a widened window, functions that are judged late.
    pub notes: Vec<String>,
    /// What the run asked of AWS.
    pub api: Api,
    /// What the verdict rests on, for formats that tell of every function.
    #[serde(skip)]
    pub basis: Basis,
}

/// The verdict in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nothing fires and all was seen.
    Ok,
    /// Only warnings, and they don't count as failing.
    Warning,
    /// Something fires.
    Firing,
    /// Nothing fires, but not all could be seen.
    Unknown,
}

/// The window that was judged.
#[derive(Clone, Debug, Serialize)]
pub struct ReportWindow {
    /// First minute.
    pub start: Minute,
    /// The minute after the last.
    pub end: Minute,
    /// How many minutes.
    pub minutes: i64,
    /// Minutes a datapoint covers.
    pub period: i64,
}

/// What was seen of what there is to see.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Coverage {
    /// Accounts × regions.
    pub targets: usize,
    /// Those that were read whole.
    pub seen: usize,
    /// The share that was seen of what is not accepted as unseen, 0.0 to 1.0; none where the number is not known.
    pub share: Option<f64>,
    /// The share that is enough, where a verdict depends on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_share: Option<f64>,
    /// Known to be out of reach, and accepted till an end.
    pub accepted: Vec<Unseen>,
    /// Could not be read.
    pub unseen: Vec<Unseen>,
}

impl Coverage {
    /// Whether the share that was seen is enough. A hair's breadth is lost in computing with shares, but what is unseen is
    /// never nothing.
    pub fn is_enough(&self) -> bool {
        let (Some(share), Some(min)) = (self.share, self.min_share) else { return false };
        share + 1e-9 >= min && (min < 1.0 || self.unseen.is_empty())
    }
}

/// Something that could not be read: an account, a target, or a part of it.
#[derive(Clone, Debug, Serialize)]
pub struct Unseen {
    /// Whose account.
    pub client: Option<AwsText>,
    /// The account; none where an organization could not be listed.
    pub account: Option<AccountId>,
    /// The account's name.
    pub account_name: Option<AwsText>,
    /// The region; none where the whole account is out.
    pub region: Option<Region>,
    /// What of the target; none where it is the whole.
    pub part: Option<String>,
    /// The call, as IAM names it.
    pub operation: &'static str,
    /// Why.
    pub kind: Kind,
    /// What AWS or the network said.
    pub message: AwsText,
    /// What to do.
    pub hint: String,
    /// Of what is accepted: till when, and why. Absent otherwise.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<Acceptance>,
}

/// Why something unseen does not count, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Acceptance {
    /// When it counts again.
    pub until: Minute,
    /// Why it is accepted.
    pub reason: String,
}

/// Functions by stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FunctionCounts {
    /// All that are watched.
    pub watched: usize,
    /// Of those, production.
    pub production: usize,
    /// Of those, another stage.
    pub other: usize,
    /// Of those, without a stage.
    pub unknown: usize,
}

/// Production functions by verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VerdictCounts {
    /// Ran, and nothing fires.
    pub ok: usize,
    /// A warning fires.
    pub warning: usize,
    /// Something critical fires.
    pub critical: usize,
    /// Nothing happened.
    pub idle: usize,
    /// Could not be judged.
    pub unknown: usize,
    /// Muted.
    pub muted: usize,
}

impl VerdictCounts {
    /// Each verdict with its word, worst first.
    pub fn worded(&self) -> [(usize, &'static str); 6] {
        [
            (self.critical, "critical"),
            (self.warning, "warning"),
            (self.ok, "ok"),
            (self.idle, "idle"),
            (self.unknown, "unknown"),
            (self.muted, "muted"),
        ]
    }
}

/// Watched functions that fail and are not production.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Hidden {
    /// How many fail.
    pub functions: usize,
    /// Their errors together.
    pub errors: u64,
    /// Their throttles together; none where they were not read.
    pub throttles: Option<u64>,
}

/// A check that fires on a production function.
#[derive(Clone, Debug, Serialize)]
pub struct Alert {
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
    /// The check.
    pub check: &'static str,
    /// How bad.
    pub severity: Severity,
    /// Errors in the window; none where they could not be read.
    pub errors: Option<u64>,
    /// Throttles in the window.
    pub throttles: Option<u64>,
    /// Invocations in the window.
    pub invocations: Option<u64>,
    /// What was found; of errors and throttles the share, none where it is not known of how many.
    pub value: Option<f64>,
    /// The number from which it fires; of errors and throttles the share.
    pub threshold: f64,
    /// What the two count, in words.
    pub unit: &'static str,
    /// Who set the threshold.
    pub threshold_source: String,
    /// What was found, in words.
    pub reason: String,
    /// Since when.
    pub since: Option<Minute>,
    /// Whether it may have begun before that.
    pub since_open: bool,
    /// What it was compared with, where that made it fire.
    pub baseline: Option<Baseline>,
    /// The minute in which code or configuration last changed; none where that was not read.
    pub last_modified: Option<Minute>,
    /// The same against `since`, in words; none where either is not known.
    pub deployed: Option<String>,
    /// Minutes of the window it was judged over: its own where it has one.
    pub window_minutes: i64,
    /// Who looks after it.
    pub owner: Option<AwsText>,
    /// Where it is written what to do.
    pub runbook: Option<AwsText>,
    /// What its traces say. Absent where nobody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<AlertCause>,
}

/// A production function that is muted.
#[derive(Clone, Debug, Serialize)]
pub struct Muted {
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
    /// The check that is muted; none where all of them are.
    pub check: Option<&'static str>,
    /// Until when.
    pub until: Minute,
    /// Who says so.
    pub muted_by: String,
    /// What it would be if it were not muted; none where nothing would fire.
    pub severity: Option<Severity>,
    /// What would be reported, in words; none where nothing would fire.
    pub reason: Option<String>,
    /// Of what would fire, the minute in which code or configuration last changed; none where that was not read.
    pub last_modified: Option<Minute>,
    /// The same against the beginning of the failing, in words; none where either is not known.
    pub deployed: Option<String>,
    /// Who looks after it.
    pub owner: Option<AwsText>,
}

/// What a function's tags hide.
#[derive(Clone, Debug, Serialize)]
pub struct BlindSpot {
    /// What kind.
    pub kind: SpotKind,
    /// Whose account.
    pub client: Option<AwsText>,
    /// The account.
    pub account: AccountId,
    /// The region; none where it concerns the whole account.
    pub region: Option<Region>,
    /// The function's name; none where it concerns the whole target.
    pub function: Option<AwsText>,
    /// What was found, fit to be shown.
    pub detail: String,
    /// What mends it, in words, with the command at its end where there is one. Fit to be shown.
    pub fix: String,
    /// The command that mends it, for a POSIX shell; none where no tag does.
    pub command: Option<String>,
}

/// What the run asked of AWS.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Api {
    /// Requests, each attempt and page counted.
    pub requests: u64,
    /// Metrics billed.
    pub metrics: u64,
    /// Traces looked through or read.
    pub traces: u64,
    /// Bytes that Logs Insights looked through.
    pub log_bytes: u64,
    /// Minutes of live tails.
    pub tail_minutes: u64,
    /// What it all costs, in US dollars.
    pub usd: f64,
}

/// What the formats need to know beside the report.
#[derive(Clone, Debug)]
pub struct Telling {
    /// The instant of the run, for ages.
    pub now: Timestamp,
    /// Columns to fit into.
    pub width: u16,
    /// Whether the report is of the embedded demo estate.
    pub demo: bool,
}
