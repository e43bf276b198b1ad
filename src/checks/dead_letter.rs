//! The check `dead-letter`: asynchronous events that Lambda gave up, and those that are lost because neither dead-letter
//! queue nor destination took them. Neither is an error of the function.

use super::{Check, Evidence, more::More, since::since};
use crate::domain::{
    finding::{Finding, Outcome, Severity},
    need::{Need, Stretch},
    rules::{
        limits::Limits,
        more::{Extra, Number},
    },
    series::{Metric, Series},
    text::counted,
    window::Window,
};

/// Events given up, and events lost.
pub(super) struct DeadLetter;

/// Events that a queue or destination did not take.
const UNDELIVERED: [Metric; 2] = [Metric::DeadLetterErrors, Metric::DestinationDeliveryFailures];

/// A number that fires: how bad, how many, who set the limit, in words, and where it was read.
type Fires<'a> = (Severity, u64, (f64, &'a str), String, &'a Series, Window);

impl Check for DeadLetter {
    fn id(&self) -> &'static str {
        Extra::DeadLetter.as_str()
    }

    fn about(&self) -> &'static str {
        "asynchronous events are lost: neither dead-letter queue nor destination took them; a warning: they are given up \
         after their retries, whoever takes them then"
    }

    fn extra(&self) -> Option<Extra> {
        Some(Extra::DeadLetter)
    }

    fn needs(&self, _limits: &Limits) -> Vec<Need> {
        let all = [Metric::AsyncEventsDropped, Metric::DeadLetterErrors, Metric::DestinationDeliveryFailures];
        all.map(|metric| Need::of(metric, Stretch::Window)).to_vec()
    }

    fn evaluate(&self, evidence: &Evidence<'_>, limits: &Limits) -> Outcome {
        let mut unknown = None;
        let mut read = |metric: Metric| match evidence.more(metric, Stretch::Window) {
            More::Known(series, window) => Some((series, window, series.sum(window).unwrap_or(0))),
            More::Unknown(why) => {
                unknown.get_or_insert(why);
                None
            }
        };
        let mut fires: Vec<Fires<'_>> = Vec::new();
        for metric in UNDELIVERED {
            let limit = limits.more.get(Number::DeadLetterCritical);
            if let (Some((series, window, n)), Some(limit)) = (read(metric), limit)
                && n > 0
                && n as f64 >= limit.0
            {
                let whose = if metric == Metric::DeadLetterErrors { "dead-letter queue" } else { "destination" };
                let said = format!("{} lost: the {whose} did not take {}", counted(n, "event"), them(n));
                fires.push((Severity::Critical, n, limit, said, series, window));
            }
        }
        let limit = limits.more.get(Number::DeadLetterWarning);
        if let (Some((series, window, n)), Some(limit)) = (read(Metric::AsyncEventsDropped), limit)
            && n > 0
            && n as f64 >= limit.0
        {
            let said =
                format!("{} given up after {} retries", counted(n, "event"), if n == 1 { "its" } else { "their" });
            fires.push((Severity::Warning, n, limit, said, series, window));
        }
        let Some((severity, n, (limit, set_by), _, series, window)) = fires.first() else {
            return unknown.map_or(Outcome::Ok, Outcome::Unknown);
        };
        let said: Vec<&str> = fires.iter().map(|(_, _, _, said, ..)| said.as_str()).collect();
        let (since, since_open) = since(series, *window);
        Outcome::Finding(Finding {
            check: self.id(),
            severity: *severity,
            value: Some(*n as f64),
            threshold: *limit,
            unit: "events",
            threshold_source: (*set_by).to_owned(),
            reason: format!("{}, limit {limit}", said.join("; ")),
            since,
            since_open,
            baseline: None,
        })
    }
}

fn them(n: u64) -> &'static str {
    if n == 1 { "it" } else { "them" }
}
