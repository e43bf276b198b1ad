//! Where steps in the lives of alerts go: one file a sink, and what they share. A sink gets a message and says whether it has
//! taken it; what is to be told to whom, in which order and how often is decided here and by `deliver`, and kept by
//! `store`. No sink knows another, and none knows where alerts come from.

mod command;
mod deliver;
mod event;
mod eventbridge;
mod pagerduty;
mod post;
mod slack;
mod webhook;

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;

pub use deliver::{Deliveries, Told, deliver, test};
pub use event::{alert, one, place};
pub use eventbridge::{Signed, Signer};
pub use post::Post;

use crate::{
    domain::{
        life::{More, Notice},
        sink::{Channel, SinkRules},
        text::clean,
    },
    store::Message,
};

/// The longest that a sink may take for one message.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// More alerts than this are told in several messages.
const AT_MOST: usize = 100;

/// Somebody who is told.
pub trait Sink: Send + Sync {
    /// Tells it. Telling the same message twice must do no harm: a crash may come between telling and keeping in mind
    /// that it was told.
    fn tell<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), Refused>>;
}

/// Who looks up what a message says beside what has happened: causes and pages.
pub trait Looks: Send + Sync {
    /// What is to be said of each of these steps, in their order. It takes as long as it may, and a reason stands where nothing
    /// was found.
    fn up<'a>(&'a self, notices: &'a [Notice]) -> BoxFuture<'a, Vec<More>>;

    /// Begins to look up what will be asked for soon, where that takes time, and waits for nothing.
    fn soon(&self, _notices: &[Notice]) {}
}

/// Nobody looks anything up.
pub struct Nothing;

impl Looks for Nothing {
    fn up<'a>(&'a self, notices: &'a [Notice]) -> BoxFuture<'a, Vec<More>> {
        let none = vec![More::default(); notices.len()];
        Box::pin(async move { none })
    }
}

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// In words, without any secret.
    pub why: String,
    /// Whether the message is at fault, so that trying again is in vain.
    pub is_final: bool,
    /// When the sink wants to be asked again, if it says so.
    pub after: Option<Duration>,
}

impl Refused {
    fn later(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_final: false, after: None }
    }
}

/// Characters of what somebody answered that are told.
const SAID: usize = 80;

/// How what somebody answered begins, behind a colon: one line of it, not long, and nothing where it is empty.
fn said(text: &str) -> String {
    let Some(line) = text.lines().map(str::trim).find(|line| !line.is_empty()) else { return String::new() };
    let cut: String = line.chars().take(SAID).collect();
    let more = if cut.len() < text.trim().len() { "…" } else { "" };
    format!(": {}{more}", clean(&cut))
}

/// The sink that the configuration means.
pub fn sink(rules: &SinkRules, post: &Arc<Post>, signer: &Arc<dyn Signer>) -> Box<dyn Sink> {
    let post = post.clone();
    match rules.channel.clone() {
        Channel::Webhook { url, token } => Box::new(webhook::Webhook { post, url, token }),
        Channel::Slack { url } => Box::new(slack::Slack { post, url }),
        Channel::PagerDuty { url, key } => Box::new(pagerduty::PagerDuty { post, url, key }),
        Channel::EventBridge { bus, region, profile } => {
            Box::new(eventbridge::EventBridge { post, signer: signer.clone(), bus, region, profile })
        }
        Channel::Command { argv } => Box::new(command::Command { argv }),
    }
}

/// The messages that sinks get of these steps: one a function, since what several checks say of it is one thing that happens; or
/// all together where they are many. The same steps make the same messages, with the same ids.
pub fn messages(sinks: &[SinkRules], notices: &[Notice]) -> Vec<Message> {
    let mut all = Vec::new();
    for rules in sinks {
        let wanted: Vec<Notice> =
            notices.iter().filter(|notice| notice.step.tell && rules.filter.admits(notice)).cloned().collect();
        let of_one = |a: &Notice, b: &Notice| (&a.key.target, &a.key.function) == (&b.key.target, &b.key.function);
        let parts: Vec<&[Notice]> = match rules.channel {
            // PagerDuty groups by itself, and each incident has to end by itself.
            Channel::PagerDuty { .. } => wanted.chunks(1).collect(),
            _ if wanted.len() >= rules.group_from as usize => wanted.chunks(AT_MOST).collect(),
            // They come by function and check.
            _ => wanted.chunk_by(of_one).collect(),
        };
        let id = |notices: &[Notice]| match notices {
            [notice] => notice.id(),
            notices => format!("group:{:016x}", hashed(notices)),
        };
        let message =
            |notices: &[Notice]| Message { sink: rules.name.clone(), id: id(notices), notices: notices.to_vec() };
        all.extend(parts.into_iter().map(message));
    }
    all
}

/// FNV-1a, 64 bits, over the ids.
fn hashed(notices: &[Notice]) -> u64 {
    let bytes = notices.iter().flat_map(|notice| notice.id().into_bytes().into_iter().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests;
