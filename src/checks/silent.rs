//! The check `silent`: nothing runs where something should. What should is said by the owner (`monitor:expect=5m`), or
//! learned: the longest gap in the same hours of the last two weeks.

use super::{Check, Evidence, more::More};
use crate::domain::{
    finding::{Finding, Outcome, Severity},
    need::{Need, Stretch},
    rules::{
        limits::Limits,
        more::{Extra, Number},
    },
    series::{Metric, Series},
    text::minutes,
    window::{Horizon, Minute, Window},
};

const DAY: i64 = 1440;
/// Days that it is learned from.
const DAYS: i64 = 14;
/// So many of them need to have something in them: before that, nothing is known to learn from.
const LEARNED: usize = 7;
/// The same hours: this many minutes up to the same time of the day.
const HOURS: i64 = 120;
/// Two weeks, and the hours before the first of these days, in points of five minutes.
const WEEKS: Stretch = Stretch::Ran { minutes: DAYS * DAY + HOURS + 60, period: 5 };
/// Expectations of up to so many minutes are looked at in single minutes.
const FINE: i64 = 180;
/// So many minutes more are read, so that the last run can be told.
const BEFORE: i64 = 60;

/// Nothing runs.
pub(super) struct Silent;

/// What is read of a function with these limits.
fn stretch(limits: &Limits) -> Stretch {
    match limits.more.get(Number::SilentExpect) {
        #[expect(clippy::cast_possible_truncation, reason = "at most two weeks of minutes")]
        Some((expect, _)) => {
            let period = if expect <= FINE as f64 { 1 } else { 5 };
            let long = expect as i64 + BEFORE;
            Stretch::Ran { minutes: (long + period - 1) / period * period, period }
        }
        None => WEEKS,
    }
}

impl Check for Silent {
    fn id(&self) -> &'static str {
        Extra::Silent.as_str()
    }

    fn about(&self) -> &'static str {
        "nothing has run for longer than the tag monitor:expect says; a warning where that is not said: for 3 times the \
         longest gap in the same hours of the last two weeks"
    }

    fn extra(&self) -> Option<Extra> {
        Some(Extra::Silent)
    }

    fn is_asked(&self, horizon: &Horizon) -> bool {
        !horizon.fixed
    }

    fn needs(&self, limits: &Limits) -> Vec<Need> {
        vec![Need::of(Metric::Invocations, stretch(limits))]
    }

    fn evaluate(&self, evidence: &Evidence<'_>, limits: &Limits) -> Outcome {
        let (series, read) = match evidence.more(Metric::Invocations, stretch(limits)) {
            More::Known(series, read) => (series, read),
            More::Unknown(why) => return Outcome::Unknown(why),
        };
        let last = series.points().rev().find(|(_, value)| *value > 0).map(|(minute, _)| minute);
        let silent = read.end.0 - last.map_or(read.start.0, |last| last.0 + series.period());
        let (severity, limit, set_by, why) = if let Some((expect, set_by)) = limits.more.get(Number::SilentExpect) {
            #[expect(clippy::cast_possible_truncation, reason = "at most two weeks of minutes")]
            let expect = expect as i64;
            (Severity::Critical, expect, set_by, format!("expected every {}", minutes(expect)))
        } else {
            let Some((times, set_by)) = limits.more.get(Number::SilentTimes) else { return Outcome::Ok };
            // No gap is shorter than a point, so what has just run need not be compared.
            let short = series.period() as f64 * times;
            let longest = (silent as f64 >= short).then(|| longest_gap(series, read.end)).flatten();
            let Some(longest) = longest else { return Outcome::Ok };
            #[expect(clippy::cast_possible_truncation, reason = "some times two weeks of minutes")]
            let limit = (longest as f64 * times).ceil() as i64;
            let why = format!(
                "the longest gap in the same hours of the last two weeks was {}, limit {times} times that",
                minutes(longest)
            );
            (Severity::Warning, limit, set_by, why)
        };
        if silent < limit {
            return Outcome::Ok;
        }
        let more = if last.is_none() { "more than " } else { "" };
        Outcome::Finding(Finding {
            check: self.id(),
            severity,
            value: Some(silent as f64),
            threshold: limit as f64,
            unit: "minutes",
            threshold_source: set_by.to_owned(),
            reason: format!("nothing has run for {more}{}: {why}", minutes(silent)),
            since: Some(Minute(read.end.0 - silent)),
            since_open: last.is_none(),
            baseline: None,
        })
    }
}

/// The longest stretch without an invocation that reached into the same hours of one of the last days, in minutes; none
/// where too few days have any invocation at all.
fn longest_gap(series: &Series, end: Minute) -> Option<i64> {
    let ran: Vec<Minute> = series.points().filter(|(_, value)| *value > 0).map(|(minute, _)| minute).collect();
    let same = |day: i64| Window::ending(end.plus(-day * DAY), HOURS);
    let lived = (1..=DAYS).filter(|day| {
        let day = Window::ending(end.plus(-(day - 1) * DAY), DAY);
        ran.iter().any(|minute| day.contains(*minute))
    });
    if lived.count() < LEARNED {
        return None;
    }
    let reaches = |from: Minute, to: Minute| (1..=DAYS).map(same).any(|hours| from < hours.end && to > hours.start);
    let gaps = ran.windows(2).filter(|pair| reaches(pair[0], pair[1])).map(|pair| pair[1].0 - pair[0].0);
    gaps.max()
}
