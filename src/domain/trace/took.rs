//! How long traces took: shares of them, and how many took how long.

use hdrhistogram::Histogram;
use serde::Serialize;

use super::words::seconds;

/// Seconds within which shares of the traces ended, none where there are too few to tell, and how many took how long.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Took {
    /// How many.
    pub traces: u64,
    /// A half.
    pub p50: Option<f64>,
    /// 95 %.
    pub p95: Option<f64>,
    /// 99 %.
    pub p99: Option<f64>,
    /// The longest.
    pub longest: Option<f64>,
    /// Upper bounds in seconds, and how many took up to that and longer than the one before.
    pub histogram: Vec<(f64, u64)>,
}

/// Fewer than so many traces say nothing of a share: 10 / (1 - share), as CloudWatch has it for percentiles.
const FEW: [(f64, u64); 3] = [(0.5, 2), (0.95, 200), (0.99, 1000)];

impl Took {
    /// Of so many durations in seconds.
    pub fn of(durations: impl Iterator<Item = f64>) -> Self {
        // From a millisecond to an hour with two digits; what lies outside counts as its end.
        let Ok(mut histogram) = Histogram::<u64>::new_with_bounds(1, 3_600_000, 2) else { return Self::default() };
        for duration in durations {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
            histogram.saturating_record((duration * 1000.0).ceil().max(1.0) as u64);
        }
        let traces = histogram.len();
        let value =
            |(share, few): (f64, u64)| (traces >= few).then(|| histogram.value_at_quantile(share) as f64 / 1000.0);
        let [p50, p95, p99] = FEW.map(value);
        let buckets = histogram.iter_log(1, 2.0).filter(|it| it.count_since_last_iteration() > 0);
        Self {
            traces,
            p50,
            p95,
            p99,
            longest: (traces > 0).then(|| histogram.max() as f64 / 1000.0),
            histogram: buckets
                .map(|it| ((it.value_iterated_to() + 1) as f64 / 1000.0, it.count_since_last_iteration()))
                .collect(),
        }
    }

    /// `p50 120 ms · p95 2.1 s · longest 10.2 s`; what too few traces tell is left out.
    pub fn words(&self) -> String {
        let part = |name: &str, value: Option<f64>| value.map(|value| format!("{name} {}", seconds(value)));
        [part("p50", self.p50), part("p95", self.p95), part("p99", self.p99), part("longest", self.longest)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_told_only_of_enough_traces() {
        let took = Took::of((1..=250).map(|n| f64::from(n) / 1000.0));
        assert_eq!((took.traces, took.p99), (250, None));
        assert!((took.p50.unwrap() - 0.125).abs() < 0.003 && (took.p95.unwrap() - 0.238).abs() < 0.004, "{took:?}");
        assert_eq!(took.histogram.iter().map(|(_, count)| count).sum::<u64>(), 250);
        assert_eq!(Took::of(std::iter::empty()), Took { traces: 0, ..Took::default() });
        assert_eq!(Took::of([f64::NAN, -1.0, 1e12].into_iter()).traces, 3);
    }
}
