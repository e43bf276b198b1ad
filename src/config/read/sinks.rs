//! Who is told of alerts: `[[notify]]`. Secrets come out of variables and files only.

use std::path::Path;

use super::{Complaint, Reader, View, check_name, glob, one_of, region};
use crate::{
    config::problem::Problem,
    domain::{
        account::Region,
        finding::Severity,
        roster::Secret,
        rules::scope::TagPattern,
        sink::{Channel, Filter, SinkRules},
    },
};

/// Which keys say how a kind of sink is told.
const KINDS: &[(&str, &[&str])] = &[
    ("webhook", &["url", "url_env", "url_file", "token_env", "token_file"]),
    ("slack", &["url_env", "url_file"]),
    ("pagerduty", &["url", "key_env", "key_file"]),
    ("command", &["command"]),
    ("eventbridge", &["bus", "region", "profile"]),
];
const CHANNEL: [&str; 11] = [
    "url",
    "url_env",
    "url_file",
    "token_env",
    "token_file",
    "key_env",
    "key_file",
    "command",
    "bus",
    "region",
    "profile",
];
/// From so many alerts at once on, one message tells them all.
const GROUP_FROM: u32 = 5;
/// Where events go to, but for accounts in `PagerDuty`'s European service region.
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";

impl Reader<'_> {
    pub(in crate::config) fn sinks(&mut self, root: &View<'_>) -> Vec<SinkRules> {
        let mut sinks: Vec<SinkRules> = Vec::new();
        for view in root.tables("notify") {
            for key in ["name", "kind"].into_iter().filter(|key| view.get(key).is_none()) {
                let title = format!("[[notify]] without `{key}`");
                self.problems.push(Problem::new(view.origin(), title, "a name and a kind are needed"));
            }
            let taken: Vec<String> = sinks.iter().map(|sink| sink.name.clone()).collect();
            let name = self.text(&view, "name", |text| own_name(text, &taken));
            let kinds = &[("webhook", 0), ("slack", 1), ("pagerduty", 2), ("command", 3), ("eventbridge", 4)];
            let kind = self.text(&view, "kind", one_of(kinds));
            let channel = kind.and_then(|kind: usize| self.channel(&view, KINDS.get(kind)?));
            let filter = self.filter(&view);
            let group_from = self.number(&view, "group_from").unwrap_or(GROUP_FROM);
            if let (Some(name), Some(channel)) = (name, channel) {
                sinks.push(SinkRules { name, channel, filter, group_from });
            }
        }
        sinks
    }

    fn channel(&mut self, view: &View<'_>, (kind, takes): &(&'static str, &[&str])) -> Option<Channel> {
        for key in CHANNEL.iter().filter(|key| !takes.contains(key)) {
            if let Some(node) = view.get(key) {
                let help =
                    (*kind == "slack" && *key == "url").then(|| "it is a secret: url_env or url_file".to_owned());
                let words = format!("a sink of the kind {kind} has none; it takes {}", takes.join(", "));
                self.refuse(&view.path(key), node, Complaint::from(words).help(help));
            }
        }
        match *kind {
            "webhook" => {
                let plain = self.text(view, "url", address).map(Secret::new);
                let url = plain.or_else(|| self.secret(view, ["url_env", "url_file"], address));
                let token = self.secret(view, ["token_env", "token_file"], header);
                self.needs(view, "url, url_env or url_file", &["url", "url_env", "url_file"]);
                Some(Channel::Webhook { url: url?, token })
            }
            "slack" => {
                self.needs(view, "url_env or url_file", &["url_env", "url_file"]);
                Some(Channel::Slack { url: self.secret(view, ["url_env", "url_file"], address)? })
            }
            "pagerduty" => {
                self.needs(view, "key_env or key_file", &["key_env", "key_file"]);
                let url = self.text(view, "url", address).unwrap_or_else(|| PAGERDUTY.into());
                Some(Channel::PagerDuty { url, key: self.secret(view, ["key_env", "key_file"], header)? })
            }
            "eventbridge" => {
                let bus = self.text(view, "bus", bus).unwrap_or_else(|| "default".into());
                let of_arn = bus.split(':').nth(3).and_then(Region::parse).filter(|_| bus.starts_with("arn:"));
                if of_arn.is_none() {
                    self.needs(view, "region", &["region"]);
                }
                let region = self.text(view, "region", region).or(of_arn)?;
                let profile = self.text(view, "profile", |text| Ok::<_, Complaint>(text.trim().to_owned()));
                Some(Channel::EventBridge { bus, region, profile })
            }
            _ => {
                self.needs(view, "command", &["command"]);
                let argv = self.some_words(view, "command", |text| Ok::<_, Complaint>(text.to_owned()))?;
                (!argv.is_empty()).then_some(Channel::Command { argv })
            }
        }
    }

    fn needs(&mut self, view: &View<'_>, what: &str, keys: &[&str]) {
        if !keys.iter().any(|key| view.get(key).is_some()) {
            let problem =
                Problem::new(view.origin(), "[[notify]] that can't tell anything", format!("{what} is missing"));
            self.problems.push(problem);
        }
    }

    /// A secret out of the variable or the file that is named.
    fn secret(
        &mut self,
        view: &View<'_>,
        keys: [&str; 2],
        check: fn(&str) -> Result<String, Complaint>,
    ) -> Option<Secret> {
        let (env, read_file, directory) = (self.env, self.read_file, self.directory);
        let within =
            |what: String| move |complaint: Complaint| Complaint::from(format!("in {what}, {}", complaint.needed));
        let of_variable = self.text(view, keys[0], |text| {
            let name = text.trim();
            let value = env.get(name).filter(|value| !value.trim().is_empty());
            let value = value.ok_or_else(|| Complaint::from(format!("the variable {name} is not set")))?;
            check(value.trim()).map_err(within(format!("the variable {name}")))
        });
        let of_file = self.text(view, keys[1], |text| {
            let path = directory.unwrap_or(Path::new("")).join(text.trim());
            let value = read_file(&path);
            let value = value.map_err(|error| Complaint::from(format!("{} can't be read: {error}", path.display())))?;
            check(value.trim()).map_err(within(path.display().to_string()))
        });
        of_variable.or(of_file).map(Secret::new)
    }

    fn filter(&mut self, view: &View<'_>) -> Filter {
        let severities = &[("warning", Severity::Warning), ("critical", Severity::Critical)];
        Filter {
            severity: self.text(view, "severity", one_of(severities)),
            clients: self.words(view, "clients", glob).unwrap_or_default(),
            accounts: self.words(view, "accounts", glob).unwrap_or_default(),
            tags: self.words(view, "tags", tag).unwrap_or_default(),
            checks: self.words(view, "checks", check_name).unwrap_or_default(),
        }
    }
}

fn own_name(text: &str, taken: &[String]) -> Result<String, Complaint> {
    let name = text.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if taken.iter().any(|other| other == name) {
        return Err("another [[notify]] has this name".into());
    }
    let good = name.len() <= 64 && name.chars().all(fits);
    good.then(|| name.to_owned()).ok_or_else(|| "at most 64 letters, digits and -_. are needed".into())
}

/// An address: over TLS, or on this machine.
fn address(text: &str) -> Result<String, Complaint> {
    let text = text.trim();
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let here = local
        .iter()
        .any(|begin| text.strip_prefix(begin).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])));
    let good = (text.starts_with("https://") || here) && text.bytes().all(|byte| (0x21..0x7f).contains(&byte));
    good.then(|| text.to_owned()).ok_or_else(|| "an address is needed that begins with https://".into())
}

/// The name of an event bus, or its ARN. Source: the EventBridge API reference, `EventBusName`.
fn bus(text: &str) -> Result<String, Complaint> {
    let text = text.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
    let good = !text.is_empty() && text.len() <= 1600 && text.chars().all(fits);
    good.then(|| text.to_owned()).ok_or_else(|| "the name of an event bus is needed, or its ARN".into())
}

/// What goes into a header, or a field like it.
fn header(text: &str) -> Result<String, Complaint> {
    let good = text.len() <= 4096 && text.bytes().all(|byte| (0x21..0x7f).contains(&byte));
    good.then(|| text.to_owned()).ok_or_else(|| "a key or token is needed: letters, digits and signs".into())
}

fn tag(text: &str) -> Result<TagPattern, Complaint> {
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key, Some(glob(value)?)),
        None => (text, None),
    };
    let key = key.trim();
    if key.is_empty() {
        return Err("a tag's key is needed, and a glob on its value, such as team=pay-*".into());
    }
    Ok(TagPattern { key: key.into(), value })
}
