//! What the checks that are off unless they are named need to be read, and what they look at of it.

use std::collections::BTreeMap;

use super::{ALL, Check, Evidence, is_on};
use crate::domain::{
    function::ResourceType,
    need::{Need, Stretch},
    observation::Reading,
    rules::{limits::Limits, more::Extra},
    series::{Metric, Series},
    window::{Horizon, Window},
};

/// Watching reads what only some checks need less often than errors; what is older than so many minutes tells nothing
/// more. Beyond the longest interval to which a budget stretches, with a reading's own time.
const LATE: i64 = 40;

/// What was read of a metric for a check, or why that tells nothing.
pub(super) enum More<'a> {
    /// A complete answer, and the stretch of it that is judged; no datapoint counts as none.
    Known(&'a Series, Window),
    /// Not or not wholly read, and why.
    Unknown(String),
}

impl<'a> Evidence<'a> {
    /// A metric over the stretch that a check needs, up to where it was read.
    pub(super) fn more(&self, metric: Metric, stretch: Stretch) -> More<'a> {
        self.look(self.function.more(metric, stretch), metric, stretch)
    }

    /// The same of what was read of the function's region.
    pub(super) fn look(&self, reading: &'a Reading, metric: Metric, stretch: Stretch) -> More<'a> {
        let name = metric.as_str();
        match reading {
            Reading::Known(series) => {
                let read = series.read();
                if self.window.end.0 - read.end.0 > LATE + series.period() {
                    return More::Unknown(format!("{name} was read only up to {}", read.end));
                }
                let end = read.end.min(self.window.end);
                More::Known(
                    series,
                    match stretch {
                        Stretch::Window => Window::ending(end, self.window.minutes()),
                        Stretch::Back { .. } | Stretch::Ran { .. } => read,
                    },
                )
            }
            Reading::NotAsked => More::Unknown(format!("{name} was not read for it")),
            Reading::Unknown(failure) => {
                More::Unknown(format!("{name} could not be read: {}", failure.message.shown()))
            }
        }
    }
}

/// The checks that look at a function, or a table, with these limits and have metrics of their own.
fn on<'l>(of: ResourceType, limits: &'l Limits, horizon: &'l Horizon) -> impl Iterator<Item = &'static dyn Check> + 'l {
    let all = ALL.iter().copied().filter(move |check| check.extra().is_some() && check.looks_at() == of);
    all.filter(move |check| check.is_asked(horizon) && is_on(*check, limits))
}

/// What has to be read of a function with these limits, beside errors, throttles and invocations, or of a table: each metric
/// and stretch once.
pub fn needs(of: ResourceType, limits: &Limits, horizon: &Horizon) -> Vec<Need> {
    if !limits.more.any() {
        return Vec::new();
    }
    let mut all: BTreeMap<(Metric, Stretch, bool), Option<Metric>> = BTreeMap::new();
    for need in on(of, limits, horizon).flat_map(|check| check.needs(limits)) {
        let after = all.entry((need.metric, need.stretch, need.region)).or_insert(need.after);
        // What one check always needs is not asked for again because of another.
        *after = after.and(need.after);
    }
    all.into_iter().map(|((metric, stretch, region), after)| Need { metric, stretch, region, after }).collect()
}

/// Whether a check that looks at a function with these limits needs its configuration.
pub fn wants_configuration(limits: &Limits, horizon: &Horizon) -> bool {
    limits.more.any() && on(ResourceType::Function, limits, horizon).any(Check::needs_configuration)
}

/// Whether a check that looks at a function with these limits needs the account's limit of instances that run at once.
pub fn wants_limit(limits: &Limits, horizon: &Horizon) -> bool {
    limits.more.any() && on(ResourceType::Function, limits, horizon).any(Check::needs_limit)
}

/// A check as a list of all of them tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: &'static str,
    /// What it says, in a sentence without its full stop.
    pub about: &'static str,
    /// Which of the checks it is that are off unless they are named; none for the others.
    pub extra: Option<Extra>,
    /// What it looks at.
    pub of: ResourceType,
    /// What it reads of a function, or of a table.
    pub needs: Vec<Need>,
    /// Whether it needs the function's configuration.
    pub configuration: bool,
    /// Whether it needs the account's limit.
    pub limit: bool,
}

/// Every check, as it is for functions with these limits.
pub fn listed(limits: &Limits) -> Vec<Listed> {
    let of = |check: &&dyn Check| Listed {
        name: check.id(),
        about: check.about(),
        extra: check.extra(),
        of: check.looks_at(),
        needs: check.needs(limits),
        configuration: check.needs_configuration(),
        limit: check.needs_limit(),
    };
    ALL.iter().map(of).collect()
}

#[cfg(test)]
mod tests;
