//! Who is told of alerts: the values of `[[notify]]`, and which alerts each wants to hear of.

use super::{
    account::Region,
    finding::Severity,
    life::Notice,
    roster::Secret,
    rules::{Glob, scope::TagPattern},
};

/// A place where alerts are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkRules {
    /// Its name: what is still to be told is kept by it.
    pub name: String,
    /// How it is told.
    pub channel: Channel,
    /// What it wants to hear of.
    pub filter: Filter,
    /// From so many alerts at once on, one message tells them all.
    pub group_from: u32,
}

/// How somebody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A `CloudEvent` is posted.
    Webhook {
        /// Where to.
        url: Secret,
        /// What goes as a bearer token with it.
        token: Option<Secret>,
    },
    /// An incoming webhook of Slack.
    Slack {
        /// Its address.
        url: Secret,
    },
    /// The Events API v2 of `PagerDuty`.
    PagerDuty {
        /// Its address: that of the service region.
        url: String,
        /// The integration's key.
        key: Secret,
    },
    /// An event bus of EventBridge: the one place in AWS that slmon writes to.
    EventBridge {
        /// Its name, or its ARN.
        bus: String,
        /// Where it is.
        region: Region,
        /// By whose credentials; none: those at hand.
        profile: Option<String>,
    },
    /// A program that gets a `CloudEvent` on its standard input.
    Command {
        /// The program and its arguments.
        argv: Vec<String>,
    },
}

impl Channel {
    /// The word of the configuration.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Webhook { .. } => "webhook",
            Self::Slack { .. } => "slack",
            Self::PagerDuty { .. } => "pagerduty",
            Self::EventBridge { .. } => "eventbridge",
            Self::Command { .. } => "command",
        }
    }
}

/// What a sink wants to hear of; several values of one kind are alternatives, different kinds must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Nothing below this.
    pub severity: Option<Severity>,
    /// Whose accounts: globs on the client.
    pub clients: Vec<Glob>,
    /// Which accounts: globs on the id or the name.
    pub accounts: Vec<Glob>,
    /// Which functions: what their tags say.
    pub tags: Vec<TagPattern>,
    /// Which checks.
    pub checks: Vec<String>,
}

impl Filter {
    /// Whether it wants to hear of a step. An incident is judged by the worst that it was, so that its end goes where its
    /// beginning went.
    pub fn admits(&self, notice: &Notice) -> bool {
        let subject = &notice.subject;
        let of = |globs: &[Glob], texts: &[Option<&str>]| {
            globs.is_empty() || globs.iter().any(|glob| texts.iter().flatten().any(|text| glob.is_match(text)))
        };
        let tag = |pattern: &TagPattern| {
            let value = |glob: &Glob, value: &str| glob.is_match(value);
            subject.tags.iter().any(|(key, text)| {
                key.raw() == pattern.key && pattern.value.as_ref().is_none_or(|glob| value(glob, text.raw()))
            })
        };
        let (client, name) = (subject.client.as_ref(), subject.account_name.as_ref());
        self.severity.is_none_or(|least| notice.step.severity >= least)
            && of(&self.clients, &[client.map(super::text::AwsText::raw)])
            && of(&self.accounts, &[Some(notice.key.account().as_str()), name.map(super::text::AwsText::raw)])
            && (self.tags.is_empty() || self.tags.iter().any(tag))
            && (self.checks.is_empty() || self.checks.contains(&notice.key.check))
    }
}
