//! The check `errors`: production invocations that end in an error, by number and by share of all invocations.

use super::{
    Check, Evidence, Weighing,
    errors_baseline::{Comparison, compare, too_few},
    weigh, weighed,
};
use crate::domain::{
    finding::{Finding, Outcome, Severity},
    need::Need,
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

    fn about(&self) -> &'static str {
        "invocations that end in an error, by number and by share of all invocations"
    }

    fn needs(&self, _limits: &Limits) -> Vec<Need> {
        weighed(Metric::Errors).to_vec()
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
        match weigh(&weighing, evidence) {
            // A run that compares says where it could not: this function is judged by its limits alone.
            Outcome::Finding(finding) if finding.severity < Severity::Critical => {
                let reason = match compare(evidence, &limits.errors) {
                    Comparison::TooFew { calls, minutes } => format!("{}; {}", finding.reason, too_few(calls, minutes)),
                    _ => finding.reason,
                };
                Outcome::Finding(Finding { reason, ..finding })
            }
            outcome => outcome,
        }
    }
}
