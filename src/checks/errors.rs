//! The check `errors`: production invocations that end in an error, by number and by share of all invocations.

use super::{Check, Decision, Evidence, Sum, decide, since};
use crate::domain::{
    finding::{Finding, Outcome},
    rules::limits::Limits,
    series::Metric,
    text::{count, counted, percent, percent_limit},
};

/// Errors against invocations. Errors may outnumber the invocations of a window (they began before it), so the share is
/// of the greater of the two, as the Lambda console has it.
pub(super) struct Errors;

impl Check for Errors {
    fn id(&self) -> &'static str {
        "errors"
    }

    fn evaluate(&self, evidence: &Evidence<'_>, limits: &Limits) -> Outcome {
        let (errors, series) = match evidence.sum(Metric::Errors) {
            Sum::Known(0, _) => return Outcome::Ok,
            Sum::Known(errors, series) => (errors, series),
            Sum::Unknown(why) => return Outcome::Unknown(why),
        };
        let invocations = evidence.sum(Metric::Invocations);
        let share = match &invocations {
            Sum::Known(invocations, _) => Some(errors as f64 / errors.max(*invocations) as f64),
            Sum::Unknown(_) => None,
        };
        match (decide(&limits.errors, errors, share), invocations) {
            (Decision::Ok, _) => Outcome::Ok,
            (Decision::Unknown, Sum::Unknown(why)) => {
                Outcome::Unknown(format!("{} seen, but {why}", counted(errors, "error")))
            }
            (Decision::Unknown, Sum::Known(..)) => Outcome::Ok,
            (Decision::Fires(severity, clause, set_by), invocations) => {
                let failed = match (&invocations, share) {
                    (Sum::Known(invocations, _), Some(share)) => {
                        format!("{} of {} failed ({})", count(errors), count(errors.max(*invocations)), percent(share))
                    }
                    _ => format!("{} failed", count(errors)),
                };
                let from =
                    if clause.count > 3.0 { format!(" from {} errors", clause.count.ceil()) } else { String::new() };
                let (since, since_open) = since::since(series, evidence.window);
                Outcome::Finding(Finding {
                    check: self.id(),
                    severity,
                    value: share.unwrap_or(0.0),
                    threshold: clause.rate,
                    threshold_source: set_by.to_owned(),
                    reason: format!("{failed}, limit {}{from}", percent_limit(clause.rate)),
                    since,
                    since_open,
                })
            }
        }
    }
}
