//! What only some checks need, read beside errors and throttles: the totals of a region say nothing of it, so it is read
//! directly, and at an interval of its own. Pure.

use std::collections::BTreeSet;

use super::{Beat, Request};
use crate::{
    checks,
    domain::{
        fleet::{Function, TargetState},
        need::Need,
        observation::Reading,
        window::Horizon,
    },
    engine::{
        plan,
        watch::pass::{Pass, Stage},
    },
};

/// Minutes between two readings of what only some checks need.
pub(in crate::engine::watch) const MORE: i64 = 5;

/// Metrics that one reading bills: what is always needed, and of what follows from something as much as does; of the region,
/// each once.
pub(in crate::engine::watch) fn billed(
    state: &TargetState,
    horizon: &Horizon,
    follows: impl Fn(&Function, &Need) -> bool,
) -> u64 {
    let (mut of_functions, mut of_region) = (0, BTreeSet::new());
    for function in state.rows().filter(|function| function.alerts()) {
        for need in checks::needs(function.found.resource_type(), &function.class.limits, horizon) {
            if need.region {
                of_region.insert(need);
            } else if need.after.is_none() || follows(function, &need) {
                of_functions += 1;
            }
        }
    }
    of_functions + of_region.len() as u64
}

impl Beat {
    /// Metrics an hour that only some checks need.
    pub(in crate::engine::watch) fn more_an_hour(&self) -> f64 {
        self.more as f64 * 60.0 / (MORE * self.stretch) as f64
    }

    /// What only some checks need where it is due; at once where something was never asked for.
    pub(super) fn more(&self, state: &TargetState, pass: &mut Pass) -> Vec<Request> {
        if pass.failed {
            return Vec::new();
        }
        let now = pass.horizon.now.0;
        pass.more |= pass.thorough || self.more_at.is_none_or(|at| now - at.0 >= MORE * self.stretch);
        let jobs = plan::more(state, &pass.horizon, |function, need| {
            let is_due = pass.more || *plan::reading(state, function, need) == Reading::NotAsked;
            match pass.stage {
                Stage::More => need.after.is_none() && is_due,
                _ => plan::follows(function, need) && is_due,
            }
        });
        let request = |job| match job {
            plan::Job::More { request, stretch, .. } => Some((request, Some(stretch))),
            _ => None,
        };
        jobs.into_iter().filter_map(request).collect()
    }

    /// When it is due again, and what it costs.
    pub(super) fn conclude_more(&mut self, state: &TargetState, pass: &Pass) {
        if pass.more {
            self.more_at = Some(pass.horizon.now);
        }
        self.more = billed(state, &pass.horizon, plan::follows);
    }
}
