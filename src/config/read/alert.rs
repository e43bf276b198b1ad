//! What the gate is asked, and which unseen targets it accepts.

use std::time::Duration;

use super::{Complaint, Reader, View, free, glob, one_of, switch, when};
use crate::{
    config::{AlertSettings, problem::Problem},
    domain::{accept::AcceptUnseen, finding::FailOn, rules::span_minutes},
};

impl Reader<'_> {
    pub(in crate::config) fn alert(&mut self, root: &View<'_>) -> AlertSettings {
        let view = root.table("alert");
        let usual = AlertSettings::default();
        AlertSettings {
            window: self.text(&view, "window", span_minutes).unwrap_or(usual.window),
            baseline: self.text(&view, "baseline", baseline).unwrap_or(usual.baseline),
            settle: self.text(&view, "settle", settle).unwrap_or(usual.settle),
            fail_on: self.text(&view, "fail_on", one_of(FailOn::ALL)).unwrap_or(usual.fail_on),
            deadline: self.text(&view, "deadline", deadline).unwrap_or(usual.deadline),
            hidden: switch(&view, "hidden").unwrap_or(usual.hidden),
            allow_empty: switch(&view, "allow_empty").unwrap_or(usual.allow_empty),
            min_coverage: self.share(&view, "min_coverage").unwrap_or(usual.min_coverage),
            blind_spots: switch(&view, "blind_spots").unwrap_or(usual.blind_spots),
        }
    }

    pub(super) fn share(&mut self, view: &View<'_>, key: &str) -> Option<f64> {
        let node = view.get(key)?;
        let Some(number) = node.as_number() else { return self.text(view, key, share) };
        let share = whole(number);
        if share.is_none() {
            self.refuse(&view.path(key), node, SHARE);
        }
        share
    }

    pub(in crate::config) fn accept_unseen(&mut self, root: &View<'_>) -> Vec<AcceptUnseen> {
        let mut accepted = Vec::new();
        for view in root.tables("accept_unseen") {
            let missing: Vec<&str> =
                ["account", "until", "reason"].into_iter().filter(|key| view.get(key).is_none()).collect();
            if !missing.is_empty() {
                let title = format!("[[accept_unseen]] without `{}`", missing.join("`, `"));
                let why = "what is accepted needs an account, an end and a reason";
                self.problems.push(Problem::new(view.origin(), title, why));
            }
            let account = self.text(&view, "account", glob);
            let region = self.text(&view, "region", glob);
            let until = self.text(&view, "until", when);
            let reason = self.text(&view, "reason", free).map(|reason| reason.raw().to_string());
            if let (Some(account), Some(until), Some(reason)) = (account, until, reason) {
                accepted.push(AcceptUnseen { account, region, until, reason });
            }
        }
        accepted
    }
}

/// More is no "right before" any longer, and would take many more requests.
const LONGEST_BASELINE: i64 = 1440;

fn baseline(text: &str) -> Result<Option<i64>, Complaint> {
    match text.trim() {
        "off" => Ok(None),
        text => span_minutes(text)
            .ok()
            .filter(|minutes| *minutes <= LONGEST_BASELINE)
            .map(Some)
            .ok_or_else(|| "whole minutes of at most a day are needed, such as 1h, or off".into()),
    }
}

const SHARE: &str = "a share of at most the whole is needed, such as 95% or 0.95";

/// A share in percent or as a fraction. A number above 1 without its sign could mean either.
fn share(text: &str) -> Result<f64, Complaint> {
    let text = text.trim();
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let share = match text.strip_suffix('%') {
        Some(percent) => number(percent).map(|percent| percent / 100.0),
        None => number(text),
    };
    let meant = number(text).filter(|number| (1.0..=100.0).contains(number)).map(|_| format!("write `{text}%`"));
    share.and_then(whole).ok_or_else(|| Complaint::from(SHARE).help(meant))
}

fn whole(share: f64) -> Option<f64> {
    (0.0..=1.0).contains(&share).then_some(share)
}

fn settle(text: &str) -> Result<i64, Complaint> {
    match seconds(text) {
        Some(0.0) => Ok(0),
        _ => span_minutes(text).map_err(|_| "whole minutes are needed, such as 3m, or 0m".into()),
    }
}

fn deadline(text: &str) -> Result<Duration, Complaint> {
    let longest = 86_400.0;
    seconds(text)
        .filter(|seconds| *seconds > 0.0 && *seconds <= longest)
        .map(Duration::from_secs_f64)
        .ok_or_else(|| "a span of at most a day is needed, such as 30s or 2m".into())
}

fn seconds(text: &str) -> Option<f64> {
    let span: jiff::Span = text.trim().parse().ok()?;
    span.total((jiff::Unit::Second, jiff::SpanRelativeTo::days_are_24_hours())).ok()
}
