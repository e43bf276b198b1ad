//! A metric over time. A gap is a gap: "no datapoint" and "0" are different things here and everywhere after.

use super::{
    text::AwsText,
    window::{Minute, Window},
};

/// What a metric is of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Of {
    /// All functions of a region together, whatever their tags: the series without a dimension. Source: the Lambda
    /// developer guide, "Viewing metrics", aggregate metrics of the region.
    Region,
    /// One function, or one table by its [name](super::function::Discovered::name).
    One(AwsText),
}

/// The metrics that are asked for: sums, but for durations, concurrency and what is provisioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// Invocations that ended in an error: an exception, a timeout, a fault of the runtime.
    Errors,
    /// Requests refused for lack of concurrency. AWS counts them neither as invocations nor as errors.
    Throttles,
    /// Times the code ran, with or without success.
    Invocations,
    /// How long the code ran: milliseconds, on average.
    DurationAverage,
    /// How long the code ran at most in 95 of 100 cases: milliseconds.
    DurationP95,
    /// How long the code ran at most: milliseconds.
    DurationMaximum,
    /// How many instances ran at once at most. Source: the Lambda developer guide, "Types of metrics", which says to look at
    /// its maximum.
    ConcurrencyMaximum,
    /// How many instances of the account's limit were taken at most, in the region as a whole.
    ClaimedMaximum,
    /// The age of the last record of a batch of a stream when it was read, at most: milliseconds.
    IteratorAgeMaximum,
    /// Events that the dead-letter queue of the function did not take.
    DeadLetterErrors,
    /// Events that were given up: too old, or their retries used up. Counted, too, where a queue or destination takes them.
    AsyncEventsDropped,
    /// Events that a destination did not take.
    DestinationDeliveryFailures,
    /// Read capacity units that a table consumed. Source of these six: the DynamoDB developer guide, "DynamoDB metrics and
    /// dimensions".
    ConsumedRead,
    /// Write capacity units that a table consumed.
    ConsumedWrite,
    /// Read capacity units a second that a table has; none where it has as many as are needed. AWS gives it every 5 minutes.
    ProvisionedRead,
    /// Write capacity units a second that a table has; none where it has as many as are needed.
    ProvisionedWrite,
    /// Reads beyond what a table has, which were refused.
    ReadThrottles,
    /// Writes beyond what a table or one of its indexes has, which were refused.
    WriteThrottles,
}

impl Metric {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Errors,
        Self::Throttles,
        Self::Invocations,
        Self::DurationAverage,
        Self::DurationP95,
        Self::DurationMaximum,
        Self::ConcurrencyMaximum,
        Self::ClaimedMaximum,
        Self::IteratorAgeMaximum,
        Self::DeadLetterErrors,
        Self::AsyncEventsDropped,
        Self::DestinationDeliveryFailures,
        Self::ConsumedRead,
        Self::ConsumedWrite,
        Self::ProvisionedRead,
        Self::ProvisionedWrite,
        Self::ReadThrottles,
        Self::WriteThrottles,
    ];

    /// The name in CloudWatch.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Errors => "Errors",
            Self::Throttles => "Throttles",
            Self::Invocations => "Invocations",
            Self::DurationAverage | Self::DurationP95 | Self::DurationMaximum => "Duration",
            Self::ConcurrencyMaximum => "ConcurrentExecutions",
            Self::ClaimedMaximum => "ClaimedAccountConcurrency",
            Self::IteratorAgeMaximum => "IteratorAge",
            Self::DeadLetterErrors => "DeadLetterErrors",
            Self::AsyncEventsDropped => "AsyncEventsDropped",
            Self::DestinationDeliveryFailures => "DestinationDeliveryFailures",
            Self::ConsumedRead => "ConsumedReadCapacityUnits",
            Self::ConsumedWrite => "ConsumedWriteCapacityUnits",
            Self::ProvisionedRead => "ProvisionedReadCapacityUnits",
            Self::ProvisionedWrite => "ProvisionedWriteCapacityUnits",
            Self::ReadThrottles => "ReadThrottleEvents",
            Self::WriteThrottles => "WriteThrottleEvents",
        }
    }

    /// The namespace in CloudWatch.
    pub const fn namespace(self) -> &'static str {
        match self {
            Self::ConsumedRead
            | Self::ConsumedWrite
            | Self::ProvisionedRead
            | Self::ProvisionedWrite
            | Self::ReadThrottles
            | Self::WriteThrottles => "AWS/DynamoDB",
            _ => "AWS/Lambda",
        }
    }

    /// The statistic in CloudWatch.
    pub fn statistic(self) -> &'static str {
        match self {
            Self::Errors
            | Self::Throttles
            | Self::Invocations
            | Self::DeadLetterErrors
            | Self::AsyncEventsDropped
            | Self::DestinationDeliveryFailures
            | Self::ConsumedRead
            | Self::ConsumedWrite
            | Self::ReadThrottles
            | Self::WriteThrottles => "Sum",
            Self::DurationAverage => "Average",
            Self::DurationP95 => "p95",
            Self::DurationMaximum
            | Self::ConcurrencyMaximum
            | Self::ClaimedMaximum
            | Self::IteratorAgeMaximum
            | Self::ProvisionedRead
            | Self::ProvisionedWrite => "Maximum",
        }
    }
}

/// Sums per period over a stretch of time, with a bitmap of the periods that have a datapoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    start: Minute,
    period: u32,
    places: usize,
    /// A value a place; empty where each datapoint has the same, `same`.
    values: Box<[u32]>,
    same: u32,
    present: Box<[u64]>,
}

impl Series {
    /// A series of gaps over `read`, with one place each `period` minutes.
    pub fn gaps(read: Window, period: i64) -> Self {
        let period = u32::try_from(period.max(1)).unwrap_or(1);
        let places = usize::try_from(read.minutes().max(0)).unwrap_or(0).div_ceil(period as usize);
        let (values, present) = (vec![0; places].into(), vec![0; places.div_ceil(64)].into());
        Self { start: read.start, period, places, values, same: 0, present }
    }

    /// Enters a datapoint, over an earlier one of the same period. Points outside of the stretch are left out, and
    /// values are rounded to whole events.
    pub fn set(&mut self, minute: Minute, value: f64) {
        let Some(place) = self.place(minute) else { return };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates, and events are no fewer than 0"
        )]
        let value = value.round() as u32;
        if self.values.is_empty() {
            self.values = vec![self.same; self.places].into();
        }
        self.values[place] = value;
        self.present[place / 64] |= 1 << (place % 64);
    }

    /// The datapoint of the period that holds `minute`; none for a gap.
    pub fn get(&self, minute: Minute) -> Option<u32> {
        self.place(minute).and_then(|place| self.at(place))
    }

    /// The sum over the datapoints that start in `window`; none where there is not one.
    pub fn sum(&self, window: Window) -> Option<u64> {
        // From the first period that starts in it to the last.
        let place = |minute: Minute| {
            let places = (minute.0 - self.start.0 + self.period() - 1).div_euclid(self.period());
            usize::try_from(places.max(0)).unwrap_or(usize::MAX).min(self.places)
        };
        let present = (place(window.start)..place(window.end)).filter_map(|place| self.at(place));
        present.fold(None, |sum, value| Some(sum.unwrap_or(0) + u64::from(value)))
    }

    /// The greatest of the datapoints that start in `window`; none where there is not one.
    pub fn most(&self, window: Window) -> Option<u32> {
        self.points().filter(|(minute, _)| window.contains(*minute)).map(|(_, value)| value).max()
    }

    /// The datapoints in order, each with the minute in which it starts.
    pub fn points(&self) -> impl DoubleEndedIterator<Item = (Minute, u32)> + '_ {
        (0..self.places).filter_map(|place| self.at(place).map(|value| (self.minute(place), value)))
    }

    /// The same datapoints over another stretch: what lies outside of it is left out, what is new in it is gaps.
    #[must_use]
    pub fn over(&self, read: Window) -> Self {
        let mut other = Self::gaps(read, self.period());
        for (minute, value) in self.points() {
            other.set(minute, f64::from(value));
        }
        other
    }

    /// The same datapoints, in a bit each where all of them have the same value: what fails in no minute of three days has
    /// hundreds of zeros.
    #[must_use]
    pub fn compact(self) -> Self {
        let same = self.points().next().map_or(0, |(_, value)| value);
        let alike = self.points().all(|(_, value)| value == same);
        if alike { Self { values: Box::default(), same, ..self } } else { self }
    }

    /// The periods in which there was anything, as a datapoint of 1 each: a bit a period.
    #[must_use]
    pub fn marks(&self) -> Self {
        let read = self.read();
        let mut marks = Self { values: Box::default(), same: 1, ..Self::gaps(read, self.period()) };
        for (minute, _) in self.points().filter(|(_, value)| *value > 0) {
            if let Some(place) = marks.place(minute) {
                marks.present[place / 64] |= 1 << (place % 64);
            }
        }
        marks
    }

    /// Whether there is not one datapoint.
    pub fn is_empty(&self) -> bool {
        self.present.iter().all(|word| *word == 0)
    }

    /// The stretch that was read.
    pub fn read(&self) -> Window {
        Window { start: self.start, end: self.minute(self.places) }
    }

    /// Minutes a datapoint covers.
    pub fn period(&self) -> i64 {
        i64::from(self.period)
    }

    fn at(&self, place: usize) -> Option<u32> {
        (self.present[place / 64] >> (place % 64) & 1 == 1)
            .then(|| self.values.get(place).copied().unwrap_or(self.same))
    }

    fn minute(&self, place: usize) -> Minute {
        self.start.plus(i64::try_from(place).unwrap_or(i64::MAX).saturating_mul(self.period()))
    }

    fn place(&self, minute: Minute) -> Option<usize> {
        let place = usize::try_from((minute.0 - self.start.0).div_euclid(self.period())).ok()?;
        (place < self.places).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn missing_is_not_zero() {
        let read = Window::ending(Minute(100), 10);
        let mut series = Series::gaps(read, 1);
        assert_eq!((series.sum(read), series.is_empty()), (None, true));
        series.set(Minute(95), 0.0);
        assert_eq!((series.sum(read), series.get(Minute(95)), series.get(Minute(96))), (Some(0), Some(0), None));
        assert_eq!(series.sum(Window::ending(Minute(95), 5)), None);
    }

    proptest! {
        #[test]
        fn in_fewer_bits_it_says_the_same(points in prop::collection::vec((0i64..120, 0u32..3), 0..60), all in prop::option::of(0u32..3), more in (10i64..100, 0u32..9)) {
            let read = Window { start: Minute(10), end: Minute(100) };
            let mut series = Series::gaps(read, 5);
            for (minute, value) in &points {
                series.set(Minute(*minute), f64::from(all.unwrap_or(*value)));
            }
            let mut compact = series.clone().compact();
            let told = |series: &Series| series.points().collect::<Vec<_>>();
            prop_assert_eq!((told(&compact), compact.read(), compact.sum(read)), (told(&series), read, series.sum(read)));
            let ran: Vec<_> = told(&series).into_iter().filter(|(_, value)| *value > 0).map(|(at, _)| (at, 1)).collect();
            prop_assert_eq!(told(&series.marks()), ran);
            for series in [&mut series, &mut compact] {
                series.set(Minute(more.0), f64::from(more.1));
            }
            prop_assert_eq!(told(&compact), told(&series));
        }

        #[test]
        fn the_last_value_of_a_period_stands(points in prop::collection::vec((0i64..120, 0u32..1000), 0..80), period in prop::sample::select(vec![1i64, 5])) {
            let read = Window { start: Minute(10), end: Minute(100) };
            let mut series = Series::gaps(read, period);
            let mut model = std::collections::BTreeMap::new();
            for (minute, value) in points {
                series.set(Minute(minute), f64::from(value));
                if read.contains(Minute(minute)) {
                    model.insert((minute - 10).div_euclid(period) * period + 10, value);
                }
            }
            let got: Vec<_> = series.points().map(|(m, v)| (m.0, v)).collect();
            prop_assert_eq!(&got, &model.iter().map(|(m, v)| (*m, *v)).collect::<Vec<_>>());
            prop_assert_eq!(series.sum(read), (!model.is_empty()).then(|| model.values().map(|v| u64::from(*v)).sum()));
        }
    }
}
