//! The check `throttles`: requests to production functions that were refused for lack of concurrency.

use super::{Check, Decision, Evidence, Sum, decide, since};
use crate::domain::{
    finding::{Finding, Outcome},
    rules::limits::Limits,
    series::Metric,
    text::{count, percent, percent_limit},
};

/// Throttles against all requests. AWS counts a throttled request neither as an invocation nor as an error, so the
/// requests are invocations and throttles together.
pub(super) struct Throttles;

impl Check for Throttles {
    fn id(&self) -> &'static str {
        "throttles"
    }

    fn evaluate(&self, evidence: &Evidence<'_>, limits: &Limits) -> Outcome {
        let (throttles, series) = match evidence.sum(Metric::Throttles) {
            Sum::Known(0, _) => return Outcome::Ok,
            Sum::Known(throttles, series) => (throttles, series),
            Sum::Unknown(why) => return Outcome::Unknown(why),
        };
        let invocations = evidence.sum(Metric::Invocations);
        let share = match &invocations {
            Sum::Known(invocations, _) => Some(throttles as f64 / (throttles + invocations) as f64),
            Sum::Unknown(_) => None,
        };
        match (decide(&limits.throttles, throttles, share), invocations) {
            (Decision::Ok, _) => Outcome::Ok,
            (Decision::Unknown, Sum::Unknown(why)) => {
                Outcome::Unknown(format!("{} requests throttled, but {why}", count(throttles)))
            }
            (Decision::Unknown, Sum::Known(..)) => Outcome::Ok,
            (Decision::Fires(severity, clause, set_by), invocations) => {
                let throttled = match (&invocations, share) {
                    (Sum::Known(invocations, _), Some(share)) => {
                        format!(
                            "{} of {} requests throttled ({})",
                            count(throttles),
                            count(throttles + invocations),
                            percent(share)
                        )
                    }
                    _ => format!("{} requests throttled", count(throttles)),
                };
                let limit = match (clause.rate > 0.0, clause.count.ceil()) {
                    (true, from) => format!("{} from {from}", percent_limit(clause.rate)),
                    (false, from) => from.to_string(),
                };
                let (since, since_open) = since::since(series, evidence.window);
                Outcome::Finding(Finding {
                    check: self.id(),
                    severity,
                    value: share.unwrap_or(0.0),
                    threshold: clause.rate,
                    threshold_source: set_by.to_owned(),
                    reason: format!("{throttled}, limit {limit}"),
                    since,
                    since_open,
                })
            }
        }
    }
}
