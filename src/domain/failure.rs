//! Failures are data: what could not be read, why, and what to do about it.

use serde::Serialize;

use super::text::AwsText;

/// Why something could not be read. The names are those of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// IAM refused the call.
    Denied,
    /// A service control policy of the organization refused the call.
    Scp,
    /// The region is not enabled in the account, or there is none of that name.
    RegionDisabled,
    /// AWS refused for rate, and kept refusing over all retries.
    Throttled,
    /// The credentials have expired, or there are none that work.
    Expired,
    /// No connection: name resolution, refused, reset, TLS.
    Network,
    /// One call took longer than it may.
    Timeout,
    /// The deadline of the whole run came first.
    Deadline,
    /// AWS answered that the fault is its own (5xx).
    Server,
    /// The answer could not be understood.
    Malformed,
    /// The user interrupted the run.
    Interrupted,
    /// Anything else; the message says it.
    Other,
}

impl Kind {
    /// The word that stands in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Scp => "scp",
            Self::RegionDisabled => "region-disabled",
            Self::Throttled => "throttled",
            Self::Expired => "expired",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Deadline => "deadline",
            Self::Server => "server",
            Self::Malformed => "malformed",
            Self::Interrupted => "interrupted",
            Self::Other => "other",
        }
    }
}

/// One thing that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The call as IAM names it: `cloudwatch:GetMetricData`.
    pub operation: &'static str,
    /// Why.
    pub kind: Kind,
    /// What AWS or the network said.
    pub message: AwsText,
    /// What to do about it, in a sentence.
    pub hint: String,
}

impl Failure {
    /// A failure with the kind's general hint.
    pub fn new(operation: &'static str, kind: Kind, message: impl Into<AwsText>) -> Self {
        Self { operation, kind, message: message.into(), hint: general_hint(operation, kind) }
    }

    /// The same failure with a hint that knows more.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

fn general_hint(operation: &str, kind: Kind) -> String {
    match kind {
        Kind::Denied => format!("allow {operation} in the policy of the role"),
        Kind::Scp => format!(
            "a service control policy of the organization denies {operation} here; leave the region out, or have the policy changed"
        ),
        Kind::RegionDisabled => "enable the region in the account, or leave it out of regions".into(),
        Kind::Throttled => {
            format!("something else uses up the quota of {operation}; try again, or have the quota raised")
        }
        Kind::Expired => "sign in again, or renew the credentials, and run this once more".into(),
        Kind::Network => "check the network, proxy and DNS between here and AWS".into(),
        Kind::Timeout => "AWS did not answer in time; try again".into(),
        Kind::Deadline => "give the run more time with --deadline".into(),
        Kind::Server => "AWS reports a fault of its own; try again, and look at its health dashboard".into(),
        Kind::Malformed => "the answer was cut or garbled on its way; try again, and check proxies in between".into(),
        Kind::Interrupted => "run it again and let it finish".into(),
        Kind::Other => "see the message".into(),
    }
}
