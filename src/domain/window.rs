//! Windows of whole minutes, and which resolution CloudWatch still keeps for them.

use std::fmt;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// A minute, counted from the epoch. Datapoints are stamped with the minute in which they start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Minute(pub i64);

impl Minute {
    /// The minute that `at` lies in.
    pub fn floor(at: Timestamp) -> Self {
        Self(at.as_second().div_euclid(60))
    }

    /// The minute `n` minutes later (earlier where `n` is negative).
    #[must_use]
    pub fn plus(self, n: i64) -> Self {
        Self(self.0 + n)
    }

    /// Seconds since the epoch at which this minute begins.
    pub fn epoch_seconds(self) -> i64 {
        self.0 * 60
    }

    /// The instant at which this minute begins. Minutes outside of jiff's range clamp to its ends.
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_second(self.0.saturating_mul(60)).unwrap_or(if self.0 < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

impl Serialize for Minute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Minutes from `start` (inclusive) to `end` (exclusive).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first minute.
    pub start: Minute,
    /// The minute after the last.
    pub end: Minute,
}

impl Window {
    /// The `minutes` minutes that end before `end`.
    pub fn ending(end: Minute, minutes: i64) -> Self {
        Self { start: end.plus(-minutes), end }
    }

    /// How many minutes it holds.
    pub fn minutes(self) -> i64 {
        self.end.0 - self.start.0
    }

    /// Whether it holds the minute.
    pub fn contains(self, minute: Minute) -> bool {
        self.start <= minute && minute < self.end
    }

    /// The smallest window on bounds of `period` minutes that holds this one.
    #[must_use]
    pub fn widened(self, period: i64) -> Self {
        Self {
            start: Minute(self.start.0.div_euclid(period) * period),
            end: Minute((self.end.0 + period - 1).div_euclid(period) * period),
        }
    }
}

/// Minutes a datapoint of the given age is kept for: 1-minute points 15 days, 5-minute points 63, hours 455.
/// Source: the CloudWatch API reference, `GetMetricData`, parameter `StartTime`.
const RETENTION: [(i64, i64); 3] = [(15 * 1440, 1), (63 * 1440, 5), (455 * 1440, 60)];

/// The finest period, in minutes, that CloudWatch still has for data that begins at `start`; none beyond 455 days.
pub fn period_for(start: Minute, now: Minute) -> Option<i64> {
    let age = now.0 - start.0;
    RETENTION.iter().find(|(kept, _)| age < *kept).map(|(_, period)| *period)
}

/// At least so many minutes are read, because a longer look costs nothing and tells since when something fails.
pub const LEAST_READ: i64 = 35;

/// A window as asked for, and what is read to judge it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The window that is judged, widened to the bounds of the period.
    pub window: Window,
    /// What is read: the window and some minutes before it.
    pub read: Window,
    /// Minutes a datapoint covers: 1, 5 or 60.
    pub period: i64,
    /// The stretch right before the window that it is compared with, as far as CloudWatch keeps it at this period;
    /// none where that was not asked for, or nothing of it is kept so.
    pub baseline: Option<Window>,
}

impl Frame {
    /// The frame for `minutes` minutes up to `at` as seen at `now`, or nothing where CloudWatch keeps no data any more.
    pub fn new(at: Minute, minutes: i64, now: Minute) -> Option<Self> {
        Self::reading(at, minutes, now, LEAST_READ)
    }

    /// The same where at least `least` minutes are read.
    fn reading(at: Minute, minutes: i64, now: Minute, least: i64) -> Option<Self> {
        let asked = Window::ending(at, minutes);
        let period = period_for(asked.start, now)?;
        // Widened, it may begin before what is kept at that period.
        let period = period_for(asked.widened(period).start, now).unwrap_or(period);
        let window = asked.widened(period);
        let earlier = Window { start: at.plus(-minutes.max(least)), end: window.end }.widened(period);
        let still_kept = period_for(earlier.start, now) == Some(period);
        Some(Self { window, read: if still_kept { earlier } else { window }, period, baseline: None })
    }

    /// The same frame, read from `minutes` minutes before the window on, to compare with them. On bounds of the period;
    /// what CloudWatch keeps only in longer periods is left out, since the window must not widen for it.
    fn comparing(self, minutes: i64, now: Minute) -> Self {
        let kept = RETENTION.iter().find(|(_, period)| *period == self.period).map_or(0, |(kept, _)| *kept);
        let whole = |minutes: i64| (minutes + self.period - 1).div_euclid(self.period) * self.period;
        let start = Minute((self.window.start.0 - whole(minutes)).max(whole(now.0 - kept + 1)));
        let baseline = Window { start, end: self.window.start };
        if baseline.minutes() <= 0 {
            return self;
        }
        let read = Window { start: start.min(self.read.start), end: self.read.end };
        Self { read, baseline: Some(baseline), ..self }
    }
}

/// The question of a run: over how many minutes, up to when, and as seen when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// The minute up to which is judged (exclusive).
    pub at: Minute,
    /// Minutes of the window.
    pub minutes: i64,
    /// The minute of the run, from which the age of data counts.
    pub now: Minute,
    /// Minutes right before the window that it is compared with, where that is asked for.
    pub baseline: Option<i64>,
    /// Whether the window holds for every function, whatever its own: somebody asks what happened since a moment.
    pub fixed: bool,
    /// Minutes that are read at least.
    pub least: i64,
}

impl Horizon {
    /// A window of `minutes` minutes up to `at` as seen at `now`, compared with nothing.
    pub const fn new(at: Minute, minutes: i64, now: Minute) -> Self {
        Self { at, minutes, now, baseline: None, fixed: false, least: LEAST_READ }
    }

    /// What happened from `since` up to `at`, as seen at `now`: before that, nothing counts.
    pub const fn since(since: Minute, at: Minute, now: Minute) -> Self {
        Self { at, minutes: at.0 - since.0, now, baseline: None, fixed: true, least: LEAST_READ }
    }

    /// The same question, where at least so many minutes are read.
    #[must_use]
    pub const fn reading(self, least: i64) -> Self {
        Self { least, ..self }
    }

    /// The same question, compared with so many minutes before the window.
    #[must_use]
    pub const fn against(self, baseline: Option<i64>) -> Self {
        Self { baseline, ..self }
    }

    /// The frame for a function: its own window where that is wider, may count, and CloudWatch still has it, else the run's.
    /// None where CloudWatch keeps nothing of the run's window any more.
    pub fn frame(&self, own: Option<i64>) -> Option<Frame> {
        // A window that reaches beyond what CloudWatch keeps is judged as far as it keeps anything.
        let kept = RETENTION.last().map_or(0, |(kept, period)| kept - period) - (self.now.0 - self.at.0) - 1;
        own.filter(|_| !self.fixed)
            .map(|own| own.min(kept))
            .filter(|own| *own > self.minutes)
            .and_then(|own| Frame::reading(self.at, own, self.now, self.least))
            .or_else(|| Frame::reading(self.at, self.minutes, self.now, self.least))
            .map(|frame| self.baseline.map_or(frame, |minutes| frame.comparing(minutes, self.now)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Minute = Minute(29_700_000);

    #[test]
    fn the_age_decides_the_period_and_the_window_widens_to_it() {
        let fresh = Frame::new(NOW, 15, NOW).unwrap();
        assert_eq!((fresh.period, fresh.window.minutes(), fresh.read.minutes()), (1, 15, 35));
        let month = Frame::new(NOW.plus(-30 * 1440 - 2), 15, NOW).unwrap();
        assert_eq!((month.period, month.window.minutes()), (5, 20));
        let year = Frame::new(NOW.plus(-400 * 1440 - 7), 15, NOW).unwrap();
        assert_eq!((year.period, year.window.minutes() % 60), (60, 0));
        assert_eq!(Frame::new(NOW.plus(-456 * 1440), 15, NOW), None);
    }

    #[test]
    fn a_baseline_lies_right_before_the_window_as_far_as_it_is_kept_at_its_period() {
        let frame = |back: i64, minutes, baseline| {
            let frame = Horizon::new(NOW.plus(-back), minutes, NOW).against(Some(baseline)).frame(None).unwrap();
            (frame.period, frame.baseline.map(Window::minutes), frame.read.minutes())
        };
        assert_eq!(frame(3, 15, 60), (1, Some(60), 75));
        assert_eq!(frame(3, 15, 10), (1, Some(10), 35));
        // 15 days less 25 minutes: of the hour before, nine single minutes are left.
        assert_eq!(frame(15 * 1440 - 25, 15, 60), (1, Some(9), 24));
        assert_eq!(frame(15 * 1440 - 16, 15, 60), (1, None, 15));
        assert_eq!(frame(30 * 1440, 15, 62), (5, Some(65), 80));
        assert_eq!(frame(100 * 1440, 60, 30), (60, Some(60), 120));
    }

    #[test]
    fn a_minute_prints_as_rfc_3339() {
        assert_eq!(Minute::floor("2026-11-23T09:45:59Z".parse().unwrap()).to_string(), "2026-11-23T09:45:00Z");
    }

    proptest! {
        #[test]
        fn a_frame_holds_what_was_asked(back in 0i64..455 * 1440 - 1440, minutes in 1i64..1440) {
            let at = NOW.plus(-back);
            let frame = Frame::new(at, minutes, NOW).unwrap();
            prop_assert!(frame.window.start <= at.plus(-minutes) && frame.window.end >= at);
            prop_assert!(frame.read.start <= frame.window.start && frame.read.end == frame.window.end);
            prop_assert_eq!(frame.window.start.0 % frame.period, 0);
            prop_assert!(frame.window.minutes() < minutes + 2 * frame.period);
            prop_assert!(period_for(frame.read.start, NOW).is_none_or(|kept| kept == frame.period));
        }

        #[test]
        fn a_baseline_changes_nothing_but_what_is_read(back in 0i64..454 * 1440, minutes in 1i64..1440, baseline in 1i64..1440) {
            let horizon = Horizon::new(NOW.plus(-back), minutes, NOW);
            let (plain, compared) = (horizon.frame(None).unwrap(), horizon.against(Some(baseline)).frame(None).unwrap());
            prop_assert_eq!((plain.window, plain.period), (compared.window, compared.period));
            prop_assert!(compared.read.start <= plain.read.start && compared.read.end == plain.read.end);
            if let Some(before) = compared.baseline {
                prop_assert!(before.end == compared.window.start && before.minutes() > 0);
                prop_assert!(before.minutes() < baseline + compared.period && before.start >= compared.read.start);
                prop_assert_eq!(before.start.0 % compared.period, 0);
                prop_assert_eq!(period_for(before.start, NOW), Some(compared.period));
            }
        }
    }
}
