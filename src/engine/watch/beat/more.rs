//! What only some checks need, read beside errors and throttles: the totals of a region say nothing of it, so it is read
//! directly, and at an interval of its own. Pure.

use super::{Beat, Request, production};
use crate::{
    checks,
    domain::{
        fleet::{Function, TargetState},
        observation::Reading,
    },
    engine::{
        plan,
        watch::pass::{Pass, Stage},
    },
};

/// Minutes between two readings of what only some checks need.
pub(in crate::engine::watch) const MORE: i64 = 5;

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
            let is_due = pass.more || *function.more(need.metric, need.stretch) == Reading::NotAsked;
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
        let needs = |function: &Function| {
            let needs = checks::needs(&function.class.limits, &pass.horizon).into_iter();
            needs.filter(|need| need.after.is_none() || plan::follows(function, need)).count() as u64
        };
        self.more = production(state).map(needs).sum();
    }
}
