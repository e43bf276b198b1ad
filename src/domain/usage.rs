//! What a run has cost: requests by operation and metrics billed.

use std::collections::BTreeMap;

/// Requests as they went over the wire (each attempt and each page is one), and what they cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests by operation in IAM's spelling, `cloudwatch:GetMetricData`.
    pub requests: BTreeMap<&'static str, u64>,
    /// Metrics that `GetMetricData` bills.
    pub metrics: u64,
    /// Traces that X-Ray looked through or handed out whole. Filters don't reduce what is looked through.
    pub traces: u64,
    /// Bytes that Logs Insights looked through.
    pub scanned: u64,
    /// Minutes of live tails, each begun minute a whole one.
    pub tailed: u64,
}

/// What reading has cost over some time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// Requests, as they went over the wire.
    pub requests: u64,
    /// Metrics that were billed.
    pub metrics: u64,
    /// US dollars, all together.
    pub usd: f64,
}

impl Spent {
    /// What a run has cost so far.
    pub fn of(usage: &Usage) -> Self {
        Self { requests: usage.total(), metrics: usage.metrics, usd: usage.dollars_exactly() }
    }

    /// What came on top of what it was before.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(before.requests),
            metrics: self.metrics.saturating_sub(before.metrics),
            usd: (self.usd - before.usd).max(0.0),
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, more: &Self) -> Self {
        Self { requests: self.requests + more.requests, metrics: self.metrics + more.metrics, usd: self.usd + more.usd }
    }
}

/// US dollars for one metric requested by `GetMetricData`. Source: CloudWatch's price list, us-east-1.
const DOLLARS_PER_METRIC: f64 = 0.01 / 1000.0;

/// US dollars for one trace that is looked through or handed out. Source: X-Ray's price list, $0.50 a million; the first
/// million a month is free, which nothing here counts on.
pub const DOLLARS_PER_TRACE: f64 = 0.5 / 1_000_000.0;

/// US dollars for one byte that Logs Insights looks through. Source: CloudWatch's price list, $0.005 a GB in most regions.
pub const DOLLARS_PER_BYTE: f64 = 0.005 / 1e9;

/// US dollars for one minute of a live tail. Source: CloudWatch's price list; 1,800 minutes a month are free, which nothing
/// here counts on.
pub const DOLLARS_PER_TAILED_MINUTE: f64 = 0.01;

/// The price of so many metrics in US dollars.
pub fn price(metrics: f64) -> f64 {
    metrics * DOLLARS_PER_METRIC
}

impl Usage {
    /// All requests together.
    pub fn total(&self) -> u64 {
        self.requests.values().sum()
    }

    /// The price in US dollars, without the noise of binary fractions.
    pub fn dollars_exactly(&self) -> f64 {
        let dollars = self.metrics as f64 * DOLLARS_PER_METRIC
            + self.traces as f64 * DOLLARS_PER_TRACE
            + self.scanned as f64 * DOLLARS_PER_BYTE
            + self.tailed as f64 * DOLLARS_PER_TAILED_MINUTE;
        (dollars * 1e7).round() / 1e7
    }

    /// The price in US dollars, rounded to a hundredth of a cent.
    pub fn dollars(&self) -> f64 {
        (self.dollars_exactly() * 10_000.0).round() / 10_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_billed_is_in_the_price() {
        let usage = Usage { metrics: 1000, traces: 20_000, scanned: 2_000_000_000, tailed: 3, ..Usage::default() };
        assert!((usage.dollars_exactly() - (0.01 + 0.01 + 0.01 + 0.03)).abs() < 1e-9);
    }
}
