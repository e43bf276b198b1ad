//! Thresholds: where a check begins to fire, and which of default, configuration, override and tags said so.

use std::sync::Arc;

use super::more::{MoreLimits, Word};

/// One way to fire: at least so many events, and at least such a share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clause {
    /// Events in the window.
    pub count: f64,
    /// Share of all calls, 0.0 to 1.0.
    pub rate: f64,
}

impl Clause {
    /// A clause.
    pub const fn new(count: f64, rate: f64) -> Self {
        Self { count, rate }
    }
}

/// Where a threshold was set, as a report says it: `default`, `config`, `override 2`, `tag monitor:errors`.
pub type SetBy = Arc<str>;

/// The clauses of one severity, any of which fires; and who set them.
#[derive(Clone, Debug, PartialEq)]
pub struct Clauses {
    /// Any of these fires.
    pub any: Vec<Clause>,
    /// Who set them.
    pub set_by: SetBy,
}

impl Clauses {
    /// Clauses and who set them.
    pub fn new(any: impl Into<Vec<Clause>>, set_by: impl Into<SetBy>) -> Self {
        Self { any: any.into(), set_by: set_by.into() }
    }
}

/// The thresholds of one check.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckLimits {
    /// When it is critical.
    pub critical: Clauses,
    /// When it is a warning.
    pub warning: Clauses,
}

/// The thresholds of all checks for one function.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Of the check `errors`.
    pub errors: CheckLimits,
    /// Of the check `throttles`.
    pub throttles: CheckLimits,
    /// Of the checks that are off unless they are named.
    pub more: MoreLimits,
}

impl Default for Limits {
    fn default() -> Self {
        let set = |any: &[Clause]| Clauses::new(any, "default");
        Self {
            errors: CheckLimits {
                critical: set(&[Clause::new(3.0, 0.05), Clause::new(100.0, 0.01)]),
                warning: set(&[Clause::new(1.0, 0.01)]),
            },
            throttles: CheckLimits {
                critical: set(&[Clause::new(10.0, 0.05)]),
                warning: set(&[Clause::new(1.0, 0.0)]),
            },
            more: MoreLimits::default(),
        }
    }
}

/// What an override changes of the thresholds; what is none stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LimitsPatch {
    /// Errors, critical.
    pub errors_critical: Option<Clauses>,
    /// Errors, warning.
    pub errors_warning: Option<Clauses>,
    /// Throttles, critical.
    pub throttles_critical: Option<Clauses>,
    /// Throttles, warning.
    pub throttles_warning: Option<Clauses>,
    /// Of the other checks, what is said and who says it.
    pub more: Vec<(Word, SetBy)>,
}

impl LimitsPatch {
    /// Lays the patch over limits.
    pub fn apply(&self, limits: &mut Limits) {
        let places = [
            (&self.errors_critical, &mut limits.errors.critical),
            (&self.errors_warning, &mut limits.errors.warning),
            (&self.throttles_critical, &mut limits.throttles.critical),
            (&self.throttles_warning, &mut limits.throttles.warning),
        ];
        for (patch, place) in places {
            if let Some(clauses) = patch {
                place.clone_from(clauses);
            }
        }
        for (word, by) in &self.more {
            limits.more.take(*word, by);
        }
    }
}

impl Limits {
    /// The same limits with all their numbers times `share`.
    #[must_use]
    pub fn scaled(&self, share: f64) -> Self {
        let mut scaled = self.clone();
        let Self { errors, throttles, more } = &mut scaled;
        more.scaled(share);
        for clauses in [&mut errors.critical, &mut errors.warning, &mut throttles.critical, &mut throttles.warning] {
            for clause in &mut clauses.any {
                (clause.count, clause.rate) = (clause.count * share, clause.rate * share);
            }
        }
        scaled
    }
}

impl CheckLimits {
    /// Takes a function's own numbers: one critical clause instead of all (what is not given stays at the first
    /// clause's), and the warning's numbers rise to half of what was given where that is higher.
    pub(super) fn take_own(&mut self, count: Option<f64>, rate: Option<f64>, set_by: &SetBy) {
        if count.is_none() && rate.is_none() {
            return;
        }
        let first = self.critical.any.first().copied().unwrap_or(Clause::new(1.0, 0.0));
        let own = Clause::new(count.unwrap_or(first.count), rate.unwrap_or(first.rate));
        self.critical = Clauses::new([own], set_by.clone());
        let mut raised = false;
        for clause in &mut self.warning.any {
            let before = *clause;
            clause.count = count.map_or(clause.count, |count| clause.count.max(count / 2.0));
            // A warning without a share stays one: it looks at the number alone.
            if clause.rate > 0.0 {
                clause.rate = rate.map_or(clause.rate, |rate| clause.rate.max(rate / 2.0));
            }
            raised |= *clause != before;
        }
        if raised {
            self.warning.set_by = set_by.clone();
        }
    }
}
