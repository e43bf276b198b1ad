//! What the traces of an alert say, in a line.

use serde::Serialize;

use super::Alert;
use crate::domain::{
    logs::{cause::CauseKind, groups::LogCauses},
    text::{AwsText, count, counted},
    trace::{
        Failing, ServiceName,
        causes::{Age, Causes, ErrorGroup},
        words::REFUSED,
    },
};

/// The commonest cause of an alert, as its traces tell it, which are a sample; or, where they tell nothing, its log.
#[derive(Clone, Debug, Serialize)]
pub struct AlertCause {
    /// It in a sentence, fit to be shown; or why there is none.
    pub text: String,
    /// Fault, error or throttle; none where no cause was found.
    pub failing: Option<Failing>,
    /// The exception's type.
    pub exception: Option<AwsText>,
    /// Its message, without what differs each time.
    pub message: Option<AwsText>,
    /// The last service of the chain that failed.
    pub service: Option<ServiceName>,
    /// Sampled traces that began with it.
    pub traces: u64,
    /// Of so many that failed.
    pub of: u64,
    /// Whether it was there before the alert.
    pub age: Age,
    /// The id of one of them.
    pub example: Option<AwsText>,
}

impl AlertCause {
    /// The commonest cause that a log tells of; none where it tells of none.
    pub fn of_log(causes: &LogCauses) -> Option<Self> {
        let group = causes.groups.first()?;
        let kind = group.kind_in_words().map(|kind| format!(" ({kind})")).unwrap_or_default();
        let new = if group.age == Age::New { ", new" } else { "" };
        let logged = group.kind == CauseKind::Logged;
        // What failed comes first: where this one was only logged, so were all.
        let of = if logged { causes.groups.iter().map(|it| it.lines).sum() } else { causes.failed };
        let failures = counted(of, if logged { "logged error" } else { "failure" });
        Some(Self {
            text: format!("{}{kind}{new}; {} of {failures} in its log", group.headline(), count(group.lines)),
            failing: Some(if logged { Failing::Error } else { Failing::Fault }),
            exception: group.exception.clone(),
            message: Some(group.message.clone()),
            service: None,
            traces: 0,
            of: 0,
            age: group.age,
            example: None,
        })
    }

    /// Lambda refused requests: so the metric says, where no trace does.
    pub fn refused() -> Self {
        Self { failing: Some(Failing::Throttle), ..Self::none(format!("Throttled ({REFUSED}), by its metric")) }
    }

    /// None, and why.
    pub fn none(why: String) -> Self {
        Self {
            text: why,
            failing: None,
            exception: None,
            message: None,
            service: None,
            traces: 0,
            of: 0,
            age: Age::Unknown,
            example: None,
        }
    }

    /// The cause that a group is, among all that were found; or why there is none.
    pub fn new(causes: &Causes, group: Option<&ErrorGroup>, function: &AwsText, timeout: Option<u32>) -> Self {
        let of = causes.failed - causes.in_progress;
        let Some(group) = group else {
            let text = causes.remarks(function).into_iter().next();
            let none = "no trace of it was sampled: X-Ray keeps a part of all requests".to_owned();
            return Self { of, ..Self::none(text.unwrap_or(none)) };
        };
        let elsewhere = group.elsewhere(function).map(|place| format!(", in {place}")).unwrap_or_default();
        let guess = group.guess(timeout).map(|guess| format!(" ({guess})")).unwrap_or_default();
        let new = if group.age == Age::New { ", new" } else { "" };
        Self {
            text: format!(
                "{}{guess}{elsewhere}{new}; {} of {} sampled",
                group.headline(),
                count(group.traces),
                counted(of, "failed trace")
            ),
            failing: Some(group.failing),
            exception: group.exception.clone(),
            message: group.message.clone(),
            service: Some(group.service.clone()),
            traces: group.traces,
            of,
            age: group.age,
            example: Some(group.example.clone()),
        }
    }
}

impl Alert {
    /// The cause in a line, with what it is: `cause KeyError: …`; none where nobody asked.
    pub(super) fn cause_line(&self) -> Option<String> {
        self.cause.as_ref().map(|cause| format!("cause: {}", cause.text))
    }
}
