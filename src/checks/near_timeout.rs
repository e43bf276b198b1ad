//! The check `near-timeout`: the longest run of the window against the function's own timeout. What comes that near is
//! soon cut off, and then it is an error.

use super::{Check, Evidence, more::More, since::since_from};
use crate::domain::{
    finding::{Finding, Outcome, Severity},
    need::{Need, Stretch},
    rules::{
        limits::Limits,
        more::{Extra, Number},
    },
    series::Metric,
    text::{millis, percent, percent_limit},
};

/// The longest run against the timeout.
pub(super) struct NearTimeout;

impl Check for NearTimeout {
    fn id(&self) -> &'static str {
        Extra::NearTimeout.as_str()
    }

    fn about(&self) -> &'static str {
        "the longest run of the window comes near the function's own timeout"
    }

    fn extra(&self) -> Option<Extra> {
        Some(Extra::NearTimeout)
    }

    fn needs(&self, _limits: &Limits) -> Vec<Need> {
        vec![Need::of(Metric::DurationMaximum, Stretch::Window)]
    }

    fn needs_configuration(&self) -> bool {
        true
    }

    fn evaluate(&self, evidence: &Evidence<'_>, limits: &Limits) -> Outcome {
        let (series, window) = match evidence.more(Metric::DurationMaximum, Stretch::Window) {
            More::Known(series, window) => (series, window),
            More::Unknown(why) => return Outcome::Unknown(why),
        };
        let Some(longest) = series.most(window) else { return Outcome::Ok };
        let configuration = evidence.function.configuration.as_ref();
        let Some(timeout) = configuration.and_then(|configuration| configuration.timeout).filter(|it| *it > 0) else {
            return Outcome::Unknown("its timeout could not be read".into());
        };
        let timeout = u64::from(timeout) * 1000;
        let share = f64::from(longest) / timeout as f64;
        let numbers = [
            (Severity::Critical, limits.more.get(Number::NearTimeoutCritical)),
            (Severity::Warning, limits.more.get(Number::NearTimeoutWarning)),
        ];
        let fires = numbers.into_iter().find_map(|(severity, number)| {
            let (limit, set_by) = number.filter(|(limit, _)| share >= *limit)?;
            Some((severity, limit, set_by))
        });
        let Some((severity, limit, set_by)) = fires else { return Outcome::Ok };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a timeout of 15 minutes"
        )]
        let (since, since_open) = since_from(series, window, (limit * timeout as f64).ceil() as u32);
        Outcome::Finding(Finding {
            check: self.id(),
            severity,
            value: Some(share),
            threshold: limit,
            unit: super::SHARE,
            threshold_source: set_by.to_owned(),
            reason: format!(
                "ran for up to {} of the {} of its timeout ({}), limit {}",
                millis(u64::from(longest)),
                millis(timeout),
                percent(share),
                percent_limit(limit),
            ),
            since,
            since_open,
            baseline: None,
        })
    }
}
