//! What a function's callers do, minute by minute: computed when it is asked for, never stored. Knows no request, no
//! page and no fault.

use super::{hash, living::Living};
use crate::domain::{series::Metric, window::Minute};

/// How a function is used, and how it fails.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Traffic {
    /// Nobody calls it.
    #[default]
    None,
    /// As a scenario says it.
    Scripted(Script),
    /// As the demo estate lives: with the clock.
    Living(Living),
}

/// What a scenario says of each metric: the sum of its patterns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// Times the code runs.
    pub invocations: Vec<Pattern>,
    /// Of these, so many fail.
    pub errors: Vec<Pattern>,
    /// Requests refused on top of the invocations.
    pub throttles: Vec<Pattern>,
    /// Other metrics: the datapoint of each minute, none where it would be 0.
    pub more: Vec<(Metric, Vec<Pattern>)>,
}

/// So many events in each minute of a stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pattern {
    /// The first minute; none means since ever.
    pub from: Option<Minute>,
    /// The minute after the last; none means for ever.
    pub to: Option<Minute>,
    /// Events in a minute. A fraction spreads them: 0.1 is one in the first of ten minutes.
    pub per_minute: f64,
    /// Only each so many minutes, counted from `from`, or else from midnight UTC; 1 is each minute.
    pub every: i64,
}

/// What happened to a function in one minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Times the code ran.
    pub invocations: u32,
    /// Of these, so many failed.
    pub errors: u32,
    /// Requests refused.
    pub throttles: u32,
}

impl Traffic {
    /// What happened in one minute to the function of this key.
    pub fn at(&self, key: u64, minute: Minute) -> Counts {
        match self {
            Self::None => Counts::default(),
            Self::Scripted(script) => Counts {
                invocations: total(&script.invocations, minute),
                errors: total(&script.errors, minute),
                throttles: total(&script.throttles, minute),
            },
            Self::Living(living) => living.at(key, minute),
        }
    }

    /// The datapoint of a metric that a scenario, or a side story, gives beside invocations, errors and throttles; none where it gives none,
    /// so that it follows from those.
    pub fn said(&self, metric: Metric, minute: Minute) -> Option<Option<u32>> {
        let script = match self {
            Self::Scripted(script) => script,
            Self::Living(living) => return living.said(metric, minute).map(Some),
            Self::None => return None,
        };
        // What is taken of the account's limit is what runs at once.
        let metric = if metric == Metric::ClaimedMaximum { Metric::ConcurrencyMaximum } else { metric };
        let said = script.more.iter().find(|(of, _)| of.as_str() == metric.as_str());
        said.map(|(_, patterns)| Some(total(patterns, minute)).filter(|value| *value > 0))
    }

    /// When the function was last deployed, where its life says so.
    pub fn last_deployed(&self, key: u64, now: Minute) -> Option<Minute> {
        match self {
            Self::Living(living) => living.last_deployed(key, now),
            Self::None | Self::Scripted(_) => None,
        }
    }
}

/// What patterns add up to in a minute.
pub(super) fn total(patterns: &[Pattern], minute: Minute) -> u32 {
    patterns.iter().map(|pattern| pattern.at(minute)).sum()
}

impl Pattern {
    fn at(&self, minute: Minute) -> u32 {
        let outside = self.from.is_some_and(|from| minute < from) || self.to.is_some_and(|to| minute >= to);
        let since = minute.0 - self.from.map_or(0, |from| from.0);
        let every = self.every.max(1);
        if outside || since.rem_euclid(every) != 0 {
            return 0;
        }
        // The difference of two sums, so that any stretch holds its share but for one event.
        let turn = since.div_euclid(every);
        let until = |turn: i64| (turn as f64 * self.per_minute).ceil();
        whole(until(turn + 1) - until(turn))
    }
}

/// A number of events, as a whole number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and below 0 is 0 here")]
pub(super) fn whole(events: f64) -> u32 {
    events as u32
}

impl Counts {
    /// What is visible of it once this share of the minute has been published.
    #[must_use]
    pub fn published(self, share: f64) -> Self {
        let part = |n: u32| whole((f64::from(n) * share.clamp(0.0, 1.0)).floor());
        Self { invocations: part(self.invocations), errors: part(self.errors), throttles: part(self.throttles) }
    }

    /// The datapoint of a metric, for the function of this key. Without a request there is none; with one, Errors and
    /// Throttles are there as 0.
    pub fn datapoint(self, metric: Metric, key: u64, minute: Minute) -> Option<u32> {
        let (value, there) = match metric {
            Metric::Invocations => (self.invocations, self.invocations > 0),
            Metric::Errors => (self.errors, self.invocations + self.errors > 0),
            Metric::Throttles => (self.throttles, self.invocations + self.errors + self.throttles > 0),
            Metric::DurationAverage | Metric::DurationP95 | Metric::DurationMaximum => {
                (self.duration(metric, key, minute), self.invocations > 0)
            }
            Metric::ConcurrencyMaximum | Metric::ClaimedMaximum => {
                (self.concurrency(key, minute), self.invocations > 0)
            }
            Metric::IteratorAgeMaximum
            | Metric::DeadLetterErrors
            | Metric::AsyncEventsDropped
            | Metric::DestinationDeliveryFailures
            // Of tables, functions know nothing.
            | Metric::ConsumedRead
            | Metric::ConsumedWrite
            | Metric::ProvisionedRead
            | Metric::ProvisionedWrite
            | Metric::ReadThrottles
            | Metric::WriteThrottles => (0, false),
        };
        there.then_some(value)
    }

    /// So many at once as the calls of a minute need (Little's law), and more where they come in bursts.
    fn concurrency(self, key: u64, minute: Minute) -> u32 {
        let busy =
            f64::from(self.invocations) * f64::from(self.duration(Metric::DurationAverage, key, minute)) / 60_000.0;
        let burst = 1.5 + hash::unit(hash::pair(hash::at(key, minute.0), 7));
        whole((busy * burst).ceil().max(1.0))
    }

    /// Milliseconds: each function has its own pace, and what fails much also takes longer.
    fn duration(self, metric: Metric, key: u64, minute: Minute) -> u32 {
        let chance = hash::pair(hash::at(key, minute.0), 3);
        let pace = 20.0 + 600.0 * hash::unit(hash::mix(key)).powi(2);
        let failing = f64::from(self.errors) / f64::from(self.invocations.max(1));
        let average = pace * (0.85 + 0.3 * hash::unit(chance)) * (1.0 + 2.0 * failing);
        whole(match metric {
            Metric::DurationP95 => average * (1.8 + 0.6 * hash::unit(hash::mix(chance))),
            Metric::DurationMaximum => average * (3.0 + 4.0 * hash::unit(hash::pair(chance, 5))),
            _ => average,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(from: i64, to: i64, per_minute: f64, every: i64) -> Pattern {
        Pattern { from: Some(Minute(from)), to: Some(Minute(to)), per_minute, every }
    }

    #[test]
    fn patterns_count_in_their_stretch_and_at_their_beat() {
        let counts = |pattern: Pattern| (95..110).map(|m| pattern.at(Minute(m))).collect::<Vec<_>>();
        assert_eq!(counts(pattern(100, 103, 3.0, 1)), [0, 0, 0, 0, 0, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(counts(pattern(96, 110, 2.0, 5)), [0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(counts(pattern(96, 110, 0.25, 1)), [0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0]);
    }

    #[test]
    fn without_a_request_there_is_no_datapoint_and_with_one_errors_are_there_as_zero() {
        let all = |counts: Counts| {
            [Metric::Invocations, Metric::Errors, Metric::Throttles]
                .map(|metric| counts.datapoint(metric, 7, Minute(0)))
        };
        assert_eq!(all(Counts::default()), [None, None, None]);
        assert_eq!(all(Counts { invocations: 7, ..Counts::default() }), [Some(7), Some(0), Some(0)]);
        assert_eq!(all(Counts { throttles: 2, ..Counts::default() }), [None, None, Some(2)]);
    }

    proptest! {
        #[test]
        fn what_is_published_only_grows(invocations in 0u32..500, errors in 0u32..500, early in 0.0f64..1.0, more in 0.0f64..1.0) {
            let counts = Counts { invocations, errors: errors.min(invocations), throttles: 0 };
            let (first, later) = (counts.published(early), counts.published(early + more));
            prop_assert!(first.invocations <= later.invocations && first.errors <= later.errors);
            prop_assert!(first.errors <= first.invocations && later.invocations <= invocations);
            prop_assert_eq!(counts.published(1.0), counts);
        }
    }
}
