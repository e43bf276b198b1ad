//! The check `iterator-age`: how old the records of a stream are when the function reads them. A function that falls
//! behind loses what the stream keeps no longer, and fails in no other metric.

use super::{Check, Evidence, more::More, since::since_from};
use crate::domain::{
    finding::{Finding, Outcome, Severity},
    need::{Need, Stretch},
    rules::{
        limits::Limits,
        more::{Extra, Number},
    },
    series::Metric,
    text::minutes,
};

const MINUTE: f64 = 60_000.0;

/// The age of records, at most.
pub(super) struct IteratorAge;

impl Check for IteratorAge {
    fn id(&self) -> &'static str {
        Extra::IteratorAge.as_str()
    }

    fn about(&self) -> &'static str {
        "records of a stream are too old when they are read: the function falls behind"
    }

    fn extra(&self) -> Option<Extra> {
        Some(Extra::IteratorAge)
    }

    fn needs(&self, _limits: &Limits) -> Vec<Need> {
        vec![Need::of(Metric::IteratorAgeMaximum, Stretch::Window)]
    }

    fn evaluate(&self, evidence: &Evidence<'_>, limits: &Limits) -> Outcome {
        let (series, window) = match evidence.more(Metric::IteratorAgeMaximum, Stretch::Window) {
            More::Known(series, window) => (series, window),
            More::Unknown(why) => return Outcome::Unknown(why),
        };
        // What reads no stream has no such metric.
        let Some(oldest) = series.most(window) else { return Outcome::Ok };
        let numbers = [
            (Severity::Critical, limits.more.get(Number::IteratorAgeCritical)),
            (Severity::Warning, limits.more.get(Number::IteratorAgeWarning)),
        ];
        let fires = numbers.into_iter().find_map(|(severity, number)| {
            let (limit, set_by) = number.filter(|(limit, _)| f64::from(oldest) >= limit * MINUTE)?;
            Some((severity, limit, set_by))
        });
        let Some((severity, limit, set_by)) = fires else { return Outcome::Ok };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
        let (least, said) = ((limit * MINUTE).ceil() as u32, limit.ceil() as i64);
        let (since, since_open) = since_from(series, window, least);
        Outcome::Finding(Finding {
            check: self.id(),
            severity,
            value: Some(f64::from(oldest)),
            threshold: limit * MINUTE,
            unit: "milliseconds",
            threshold_source: set_by.to_owned(),
            reason: format!("reads records that are up to {} old, limit {}", age(oldest), minutes(said)),
            since,
            since_open,
            baseline: None,
        })
    }
}

/// An age in milliseconds as it is said: `42 s`, `12 min`.
fn age(ms: u32) -> String {
    match ms / 1000 {
        seconds @ ..120 => format!("{seconds} s"),
        seconds => minutes(i64::from(seconds / 60)),
    }
}
