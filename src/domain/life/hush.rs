//! Being silent about alerts: what somebody asks for, and what became of alerts of late, for whoever looks back. Values only.

use super::{Acknowledgement, AlertKey, Change, Mute, Notice};
use crate::domain::{
    account::TargetKey,
    finding::Severity,
    text::{AwsText, clean, clock},
    window::Minute,
};

/// An acknowledgement with this end lasts until the alert is over.
pub const NO_END: Minute = Minute(i64::MAX);

/// How one is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// Somebody knows of what fires now: nobody is told of it again, but when it is worse, and when it is over.
    Acknowledge,
    /// Nobody is told of the function, whatever happens to it.
    Mute,
}

/// What somebody asks for: to be silent about a function's alerts, or no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hush {
    /// Where.
    pub target: TargetKey,
    /// Which function.
    pub function: AwsText,
    /// Which check; none: all of them.
    pub check: Option<String>,
    /// How.
    pub means: Means,
    /// Until when; none: no longer.
    pub until: Option<Minute>,
    /// Who asks.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// What has happened to an alert, or what somebody did about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Did {
    /// A step in its life.
    Step(Change),
    /// Somebody knows of it.
    Acknowledged,
    /// Nobody does any longer.
    Unacknowledged,
    /// It is muted.
    Muted,
    /// It is muted no longer.
    Unmuted,
}

impl Did {
    /// The word that stands in lists.
    pub fn word(self) -> &'static str {
        match self {
            Self::Step(Change::Fired) => "noticed",
            Self::Step(change) => change.word(),
            Self::Acknowledged => "acknowledged",
            Self::Unacknowledged => "unacknowledged",
            Self::Muted => "muted",
            Self::Unmuted => "unmuted",
        }
    }
}

/// One thing that happened, for whoever looks back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: Minute,
    /// Where.
    pub target: TargetKey,
    /// To which function.
    pub function: AwsText,
    /// To which check's alert; none: to all of the function.
    pub check: Option<String>,
    /// What.
    pub did: Did,
    /// How bad the alert was at its worst, where it is about one.
    pub severity: Option<Severity>,
    /// Why, in words; empty where nobody said.
    pub reason: String,
    /// Until when, where it has an end.
    pub until: Option<Minute>,
    /// Who did it, where somebody did and said so.
    pub by: Option<String>,
}

impl Happening {
    /// A step in an alert's life.
    pub fn of(notice: &Notice) -> Self {
        let Notice { key, step, .. } = notice;
        Self {
            at: step.at,
            target: key.target.clone(),
            function: key.function.clone(),
            check: Some(key.check.clone()),
            did: Did::Step(step.change),
            severity: Some(step.severity),
            reason: step.reason.clone(),
            until: None,
            by: None,
        }
    }

    /// Whether it is about an alert.
    pub fn is_about(&self, key: &AlertKey) -> bool {
        let check = self.check.as_ref().is_none_or(|check| *check == key.check);
        check && (&self.target, &self.function) == (&key.target, &key.function)
    }
}

impl Hush {
    /// What was done, when it was: about one alert, or about all of the function.
    pub fn happened(&self, check: Option<String>, severity: Option<Severity>, at: Minute) -> Happening {
        let did = match (self.means, self.until.is_some()) {
            (Means::Acknowledge, true) => Did::Acknowledged,
            (Means::Acknowledge, false) => Did::Unacknowledged,
            (Means::Mute, true) => Did::Muted,
            (Means::Mute, false) => Did::Unmuted,
        };
        Happening {
            at,
            target: self.target.clone(),
            function: self.function.clone(),
            check,
            did,
            severity,
            reason: self.reason.clone().unwrap_or_default(),
            until: self.until.filter(|until| *until != NO_END),
            by: self.by.clone(),
        }
    }
}

impl Hush {
    /// What was done, in words, as seen in a minute.
    pub fn said(&self, now: Minute) -> String {
        let name = self.function.shown();
        let check = self.check.as_ref().map(|check| format!(" ({check})")).unwrap_or_default();
        let until = match self.until {
            Some(NO_END) => " until it is over".to_owned(),
            Some(until) => format!(" until {} UTC", clock(until, now)),
            None => String::new(),
        };
        let reason = self.reason.as_ref().map(|reason| format!(": {}", clean(reason))).unwrap_or_default();
        match (self.means, self.until) {
            (Means::Acknowledge, Some(_)) => format!("{name}{check} is acknowledged{until}{reason}"),
            (Means::Acknowledge, None) => format!("{name}{check} is acknowledged no longer"),
            (Means::Mute, Some(_)) => format!("{name}{check} is muted{until}{reason}"),
            (Means::Mute, None) => format!("{name}{check} is muted no longer"),
        }
    }
}

/// What somebody had said of the same before, and what is said now replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// Who said it.
    pub by: Option<String>,
    /// When; none where that was not kept.
    pub at: Option<Minute>,
    /// It would have ended then ([`NO_END`]: with the alert).
    pub until: Minute,
}

impl Before {
    /// That it is replaced, in words, as seen in a minute: `instead of ann's since 12:03 UTC, until 14:00 UTC`.
    pub fn said(&self, now: Minute) -> String {
        let whose = self.by.as_ref().map_or_else(|| "an earlier one".to_owned(), |by| format!("{}'s", clean(by)));
        let since = self.at.map(|at| format!(" since {} UTC", clock(at, now))).unwrap_or_default();
        let until = match self.until {
            NO_END => "until it is over".to_owned(),
            until => format!("until {} UTC", clock(until, now)),
        };
        format!("instead of {whose}{since}, {until}")
    }
}

impl From<&Acknowledgement> for Before {
    fn from(ack: &Acknowledgement) -> Self {
        Self { by: ack.by.clone(), at: ack.at, until: ack.until }
    }
}

impl From<&Mute> for Before {
    fn from(mute: &Mute) -> Self {
        Self { by: mute.by.clone(), at: mute.at, until: mute.until }
    }
}
