//! What reading logs may cost, all questions together. Sums are set aside before something is asked that costs, so that
//! what is allowed is never passed.

use std::sync::atomic::{AtomicU64, Ordering};

/// Sums are counted in billionths of a dollar: a megabyte that Logs Insights looks through is 5,000 of them.
const A_DOLLAR: f64 = 1e9;

/// Dollars that may be spent, and those that are.
#[derive(Debug)]
pub struct Purse {
    allowed: u64,
    spent: AtomicU64,
}

impl Purse {
    /// So many dollars.
    pub fn new(dollars: f64) -> Self {
        Self { allowed: small(dollars), spent: AtomicU64::new(0) }
    }

    /// What was allowed, in dollars.
    pub fn dollars(&self) -> f64 {
        self.allowed as f64 / A_DOLLAR
    }

    /// What is left of it.
    pub fn left(&self) -> f64 {
        self.allowed.saturating_sub(self.spent.load(Ordering::Relaxed)) as f64 / A_DOLLAR
    }

    /// Takes a sum out, if there is as much.
    pub fn take(&self, dollars: f64) -> bool {
        let within = |spent: u64| spent.checked_add(small(dollars)).filter(|sum| *sum <= self.allowed);
        self.spent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).is_ok()
    }

    /// Puts back what was set aside and not spent.
    pub fn put_back(&self, dollars: f64) {
        let less = |spent: u64| Some(spent.saturating_sub(small(dollars)));
        // Never refused.
        let _ = self.spent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Counts what was spent beyond what was set aside: it can't be taken back.
    pub fn overspend(&self, dollars: f64) {
        self.spent.fetch_add(small(dollars), Ordering::Relaxed);
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sums are neither negative nor that great")]
fn small(dollars: f64) -> u64 {
    (dollars.max(0.0) * A_DOLLAR).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_taken_than_is_there() {
        let purse = Purse::new(0.10);
        assert!(purse.take(0.06) && !purse.take(0.05) && purse.take(0.04));
        purse.put_back(0.01);
        assert!((purse.left() - 0.01).abs() < 1e-9);
        assert!(!Purse::new(0.0).take(0.000_001) && Purse::new(0.0).take(0.0));
    }
}
