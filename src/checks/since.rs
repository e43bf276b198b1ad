//! Since when something fails.

use crate::domain::{
    series::Series,
    window::{Minute, Window},
};

/// Failing minutes further apart than this belong to two different incidents.
const QUIET: i64 = 5;

/// The first minute of the stretch of failing that reaches into the window, and whether it may have begun before what
/// was read. Up to five minutes without a failure don't end a stretch (for longer periods, one period).
pub(super) fn since(series: &Series, window: Window) -> (Option<Minute>, bool) {
    since_from(series, window, 1)
}

/// The same for a metric that is too great from this value on.
pub(super) fn since_from(series: &Series, window: Window, least: u32) -> (Option<Minute>, bool) {
    let quiet = QUIET.max(series.period());
    let mut first: Option<Minute> = None;
    let failing = series.points().rev().filter(|(minute, value)| *minute < window.end && *value >= least);
    for (minute, _) in failing {
        if first.is_some_and(|first| first.0 - minute.0 > quiet + series.period()) {
            break;
        }
        first = Some(minute);
    }
    let open = first.is_some_and(|first| first.0 - series.read().start.0 <= quiet);
    (first, open)
}
