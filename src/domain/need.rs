//! What a check needs to be read: which metric, over which stretch of time. The plan asks for it and nothing else.

use super::{
    series::{Metric, Series},
    window::{Horizon, Minute, Window, period_for},
};

/// The stretch of time over which a check looks at a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stretch {
    /// The window over which errors and throttles are judged.
    Window,
    /// So many minutes up to the end of the window, in points of so many minutes: 1, 5 or 60.
    Back {
        /// Minutes; a multiple of the period.
        minutes: i64,
        /// Minutes a datapoint covers.
        period: i64,
    },
    /// The same, of which nothing is kept but in which points there was anything.
    Ran {
        /// Minutes; a multiple of the period.
        minutes: i64,
        /// Minutes a datapoint covers.
        period: i64,
    },
}

impl Stretch {
    /// What is kept of a series that was read for it.
    #[must_use]
    pub fn kept(self, series: Series) -> Series {
        if matches!(self, Self::Ran { .. }) { series.marks() } else { series.compact() }
    }

    /// What is read of a function with this window of its own, and the minutes of a datapoint. None where CloudWatch keeps
    /// nothing so fine any more. A stretch back ends with the last whole period, since one that goes on is not final.
    pub fn read(self, horizon: &Horizon, own: Option<i64>) -> Option<(Window, i64)> {
        match self {
            Self::Window => horizon.frame(own).map(|frame| (frame.read, frame.period)),
            Self::Back { minutes, period } | Self::Ran { minutes, period } => {
                let end = Minute(horizon.at.0.div_euclid(period) * period);
                let read = Window::ending(end, minutes);
                let kept = period_for(read.start, horizon.now)?;
                (kept <= period).then_some((read, period))
            }
        }
    }
}

/// One metric that a check needs of a function, or of its region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Need {
    /// Which, with its statistic.
    pub metric: Metric,
    /// Over which stretch.
    pub stretch: Stretch,
    /// Whether it is that of all functions of the region together.
    pub region: bool,
    /// Only where this metric has something over the same stretch; none where it is always needed.
    pub after: Option<Metric>,
}

impl Need {
    /// A metric that is always needed.
    pub const fn of(metric: Metric, stretch: Stretch) -> Self {
        Self { metric, stretch, region: false, after: None }
    }

    /// The same, of all functions of the region together.
    #[must_use]
    pub const fn of_region(self) -> Self {
        Self { region: true, ..self }
    }

    /// The same, only where another metric has something over the stretch.
    #[must_use]
    pub const fn after(self, metric: Metric) -> Self {
        Self { after: Some(metric), ..self }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Minute = Minute(29_700_003);

    #[test]
    fn a_stretch_back_ends_with_a_whole_period_and_is_not_read_where_nothing_so_fine_is_kept() {
        let days = Stretch::Back { minutes: 4320, period: 5 };
        let read = |at: i64| days.read(&Horizon::new(Minute(at), 15, NOW), None);
        assert_eq!(read(29_700_000), Some((Window::ending(Minute(29_700_000), 4320), 5)));
        assert_eq!(read(29_699_999), Some((Window::ending(Minute(29_699_995), 4320), 5)));
        assert_eq!(read(NOW.0 - 61 * 1440), None, "of three days before, only hours are kept");
        let window = Stretch::Window.read(&Horizon::new(Minute(29_700_000), 15, NOW), Some(60));
        assert_eq!(window.map(|(read, period)| (read.minutes(), period)), Some((60, 1)));
    }

    proptest! {
        #[test]
        fn what_is_read_lies_on_bounds_of_its_period(back in 0i64..70 * 1440, periods in 1i64..900, period in prop::sample::select(vec![1i64, 5, 60])) {
            let stretch = Stretch::Back { minutes: periods * period, period };
            if let Some((read, points)) = stretch.read(&Horizon::new(NOW.plus(-back), 15, NOW), None) {
                prop_assert_eq!((points, read.minutes()), (period, periods * period));
                prop_assert_eq!(read.start.0 % period, 0);
                prop_assert!(read.end <= NOW.plus(-back) && read.end > NOW.plus(-back - period));
                prop_assert!(period_for(read.start, NOW).is_some_and(|kept| kept <= period));
            }
        }
    }
}
