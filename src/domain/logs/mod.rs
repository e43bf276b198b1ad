//! Logs as CloudWatch Logs holds them: events, what a line says, and what it says of why a function failed. Nothing here
//! counts failures: metrics do.

pub mod carry;
pub mod cause;
pub mod estimate;
pub mod groups;
pub mod line;
pub mod pattern;
pub mod query;
pub mod report;
pub mod secrets;
pub mod shown;
pub mod words;

use jiff::Timestamp;
use serde::Serialize;

use super::{function::Configuration, text::AwsText};

/// An event of a log group: what was written at once, which may be several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// When it was written, to the millisecond.
    pub at: Timestamp,
    /// The stream: of a function, one of its execution environments.
    pub stream: AwsText,
    /// What was written, up to 1 MiB.
    pub text: AwsText,
    /// AWS's id of it; none where it comes from a live tail.
    pub id: Option<AwsText>,
}

/// Which events of one log group are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRequest {
    /// The log group's name.
    pub group: AwsText,
    /// From when on.
    pub start: Timestamp,
    /// Until when, exclusive.
    pub end: Timestamp,
    /// What an event has to hold, as [`pattern`] writes it; none for all events.
    pub pattern: Option<String>,
    /// Of this stream alone.
    pub stream: Option<AwsText>,
}

/// A page of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPage {
    /// What was found, which may be nothing though more follows.
    pub events: Vec<LogEvent>,
    /// Whether no page follows.
    pub last: bool,
}

/// What a live tail brings: what was written since the last time, and whether that is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tailed {
    /// Events with the name of the log group that each is of.
    pub events: Vec<(AwsText, LogEvent)>,
    /// Whether there was more than is handed out (500 events a second): this is a sample then.
    pub sampled: bool,
}

/// Log groups that one live tail can follow. Source: `StartLiveTail`, "logGroupIdentifiers".
pub const TAIL_GROUPS: usize = 10;

/// The log group that a function writes to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct LogGroup {
    /// Its name.
    pub name: AwsText,
    /// Whether the name is Lambda's default, since the function's configuration could not be read.
    pub assumed: bool,
}

impl LogGroup {
    /// Where a function writes: what its configuration says, and Lambda's default where nobody knows it.
    pub fn of(function: &AwsText, configuration: Option<&Configuration>) -> Self {
        match configuration.and_then(|known| known.log_group.clone()) {
            Some(name) => Self { name, assumed: false },
            None => Self { name: format!("/aws/lambda/{}", function.raw()).into(), assumed: true },
        }
    }

    /// Whether an event of this group may be the function's. Several functions can write to one group of a name of its
    /// own; the streams bear their names then: `2026/11/23/pay[$LATEST]…`.
    pub fn holds(&self, function: &AwsText, event: &LogEvent) -> bool {
        function_of_stream(event.stream.raw()).is_none_or(|name| name == function.raw())
    }
}

/// The function's name in a stream's; none in those of a group that is its own: `2026/11/23/[$LATEST]…`. Source: Lambda's
/// documentation, "Configuring CloudWatch log groups".
fn function_of_stream(stream: &str) -> Option<&str> {
    let mut parts = stream.splitn(4, '/');
    let is_number = |part: Option<&str>| part.is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    if !(is_number(parts.next()) && is_number(parts.next()) && is_number(parts.next())) {
        return None;
    }
    parts.next()?.split_once('[').map(|(name, _)| name).filter(|name| !name.is_empty())
}

/// How grave a line says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Steps.
    Trace,
    /// For whoever looks for a fault.
    Debug,
    /// What happens.
    Info,
    /// What may become a fault.
    Warn,
    /// A fault.
    Error,
    /// A fault that ends it.
    Fatal,
}

impl Level {
    /// The level that a word of any logging library means.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "trace" | "trce" | "verbose" | "finest" => Self::Trace,
            "debug" | "dbug" | "fine" => Self::Debug,
            "info" | "information" | "notice" => Self::Info,
            "warn" | "warning" => Self::Warn,
            "error" | "err" | "fail" | "severe" => Self::Error,
            "fatal" | "critical" | "crit" | "panic" | "emergency" | "alert" => Self::Fatal,
            _ => return None,
        })
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(stream: &str) -> LogEvent {
        LogEvent { at: Timestamp::UNIX_EPOCH, stream: stream.into(), text: "x".into(), id: None }
    }

    #[test]
    fn a_stream_of_a_shared_group_says_whose_it_is() {
        let group = LogGroup { name: "/shop".into(), assumed: false };
        assert!(group.holds(&"pay".into(), &event("2026/11/23/pay[$LATEST]0123")));
        assert!(!group.holds(&"pay".into(), &event("2026/11/23/pay-live[$LATEST]0123")));
        assert!(group.holds(&"pay".into(), &event("2026/11/23/[$LATEST]0123")));
        assert!(group.holds(&"pay".into(), &event("anything")));
    }

    #[test]
    fn a_group_that_nobody_knows_is_lambdas_default_and_says_so() {
        let group = LogGroup::of(&"pay".into(), None);
        assert_eq!((group.name.raw(), group.assumed), ("/aws/lambda/pay", true));
    }
}
