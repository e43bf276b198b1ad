//! The check `throttles`: requests to production functions that were refused for lack of concurrency.

use super::{Check, Evidence, Weighing, weigh, weighed};
use crate::domain::{
    finding::Outcome,
    need::Need,
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

    fn about(&self) -> &'static str {
        "requests that were refused for lack of concurrency, by number and by share of all requests"
    }

    fn needs(&self, _limits: &Limits) -> Vec<Need> {
        weighed(Metric::Throttles).to_vec()
    }

    fn evaluate(&self, evidence: &Evidence<'_>, limits: &Limits) -> Outcome {
        let weighing = Weighing {
            check: self.id(),
            metric: Metric::Throttles,
            limits: &limits.throttles,
            total: |throttles, invocations| throttles + invocations,
            found: |throttles, of| match of {
                Some((total, share)) => {
                    format!("{} of {} requests throttled ({})", count(throttles), count(total), percent(share))
                }
                None => format!("{} requests throttled", count(throttles)),
            },
            limit: |clause| match (clause.rate > 0.0, clause.count.ceil()) {
                (true, from) => format!("{} from {from}", percent_limit(clause.rate)),
                (false, from) => from.to_string(),
            },
        };
        weigh(&weighing, evidence)
    }
}
