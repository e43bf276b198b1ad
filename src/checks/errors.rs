//! The check `errors`: production invocations that end in an error, by number and by share of all invocations.

use super::{Check, Evidence, Weighing, weigh};
use crate::domain::{
    finding::Outcome,
    rules::limits::Limits,
    series::Metric,
    text::{count, percent, percent_limit},
};

/// Errors against invocations. Errors may outnumber the invocations of a window (they began before it), so the share is
/// of the greater of the two, as the Lambda console has it.
pub(super) struct Errors;

impl Check for Errors {
    fn id(&self) -> &'static str {
        "errors"
    }

    fn evaluate(&self, evidence: &Evidence<'_>, limits: &Limits) -> Outcome {
        let weighing = Weighing {
            check: self.id(),
            metric: Metric::Errors,
            limits: &limits.errors,
            total: u64::max,
            found: |errors, of| match of {
                Some((total, share)) => format!("{} of {} failed ({})", count(errors), count(total), percent(share)),
                None => format!("{} failed", count(errors)),
            },
            limit: |clause| match clause.count.ceil() {
                from if from > 3.0 => format!("{} from {from} errors", percent_limit(clause.rate)),
                _ => percent_limit(clause.rate),
            },
        };
        weigh(&weighing, evidence)
    }
}
