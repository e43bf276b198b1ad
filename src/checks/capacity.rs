//! The check `capacity`: a DynamoDB table consumes nearly what it has, or more is asked of it. It is the rule by which tables
//! were scaled before AWS did that: 80 % over five minutes, by CloudWatch's own numbers.

use std::cmp::Ordering;

use super::{Check, Evidence, more::More, since::since_from};
use crate::domain::{
    finding::{Finding, Outcome, Severity},
    function::ResourceType,
    need::{Need, Stretch},
    rules::{
        limits::Limits,
        more::{Extra, Number},
    },
    series::{Metric, Series},
    text::{count, counted, percent, percent_limit},
    window::{Minute, Window},
};

/// Consumed, provisioned, and refused for want of it.
pub(super) struct Capacity;

/// An hour, so that it can be told since when; the last [`JUDGED`] minutes of it are judged.
const STRETCH: Stretch = Stretch::Back { minutes: 60, period: 5 };
/// Minutes that are judged, in whole periods of five.
const JUDGED: i64 = 15;

/// Reads or writes.
struct Side {
    noun: &'static str,
    consumed: Metric,
    provisioned: Metric,
    throttled: Metric,
}

const SIDES: [Side; 2] = [
    Side {
        noun: "read",
        consumed: Metric::ConsumedRead,
        provisioned: Metric::ProvisionedRead,
        throttled: Metric::ReadThrottles,
    },
    Side {
        noun: "write",
        consumed: Metric::ConsumedWrite,
        provisioned: Metric::ProvisionedWrite,
        throttled: Metric::WriteThrottles,
    },
];

impl Check for Capacity {
    fn id(&self) -> &'static str {
        Extra::Capacity.as_str()
    }

    fn about(&self) -> &'static str {
        "a DynamoDB table consumes nearly the capacity that it has provisioned, over five minutes, or refuses requests for \
         want of it"
    }

    fn extra(&self) -> Option<Extra> {
        Some(Extra::Capacity)
    }

    fn looks_at(&self) -> ResourceType {
        ResourceType::Table
    }

    fn needs(&self, _limits: &Limits) -> Vec<Need> {
        let of = |side: &Side| {
            let provisioned = Need::of(side.provisioned, STRETCH).after(side.consumed);
            [Need::of(side.consumed, STRETCH), Need::of(side.throttled, STRETCH), provisioned]
        };
        SIDES.iter().flat_map(of).collect()
    }

    fn evaluate(&self, evidence: &Evidence<'_>, limits: &Limits) -> Outcome {
        let mut unknown = None;
        let mut known = |told: Result<Option<Finding>, String>| {
            told.unwrap_or_else(|why| {
                unknown.get_or_insert(why);
                None
            })
        };
        let refused = known(self.refused(evidence, limits));
        let mut consumed: Vec<Finding> =
            SIDES.iter().filter_map(|side| known(self.consumed(side, evidence, limits))).collect();
        // Of two sides, the one that consumes the greater share says the number.
        consumed.sort_by(|a, b| b.value.partial_cmp(&a.value).unwrap_or(Ordering::Equal));
        let fires: Vec<Finding> = refused.into_iter().chain(consumed).collect();
        let Some(worst) = fires.first() else { return unknown.map_or(Outcome::Ok, Outcome::Unknown) };
        let (since, since_open) = earliest(fires.iter().map(|finding| (finding.since, finding.since_open)));
        let said: Vec<&str> = fires.iter().map(|finding| finding.reason.as_str()).collect();
        Outcome::Finding(Finding { reason: said.join("; "), since, since_open, ..worst.clone() })
    }
}

impl Capacity {
    /// What was refused, reads and writes together; an error is why that is not known.
    fn refused(&self, evidence: &Evidence<'_>, limits: &Limits) -> Result<Option<Finding>, String> {
        let mut of_sides: Vec<(u64, &Side, &Series, Window)> = Vec::new();
        let mut unknown = None;
        for side in &SIDES {
            match evidence.more(side.throttled, STRETCH) {
                More::Known(series, read) => {
                    let window = judged(read);
                    of_sides.push((series.sum(window).unwrap_or(0), side, series, window));
                }
                More::Unknown(why) => unknown = Some(why),
            }
        }
        let all: u64 = of_sides.iter().map(|(n, ..)| n).sum();
        let numbers = [
            (Severity::Critical, limits.more.get(Number::CapacityCritical)),
            (Severity::Warning, limits.more.get(Number::CapacityThrottled)),
        ];
        let fires = numbers.into_iter().find_map(|(severity, number)| {
            let (least, set_by) = number.filter(|(least, _)| all > 0 && all as f64 >= *least)?;
            Some((severity, least, set_by))
        });
        let Some((severity, least, set_by)) = fires else { return unknown.map_or(Ok(None), Err) };
        let each: Vec<String> =
            of_sides.iter().filter(|(n, ..)| *n > 0).map(|(n, side, ..)| counted(*n, side.noun)).collect();
        let began =
            of_sides.iter().filter(|(n, ..)| *n > 0).map(|(_, _, series, window)| since_from(series, *window, 1));
        let (since, since_open) = earliest(began);
        Ok(Some(Finding {
            check: self.id(),
            severity,
            value: Some(all as f64),
            threshold: least,
            unit: "requests",
            threshold_source: set_by.to_owned(),
            reason: format!("{} refused for want of capacity, limit {least}", each.join(" and ")),
            since,
            since_open,
            baseline: None,
        }))
    }

    /// The five minutes that consumed most of what there was; an error is why that is not known.
    fn consumed(&self, side: &Side, evidence: &Evidence<'_>, limits: &Limits) -> Result<Option<Finding>, String> {
        let (series, window) = match evidence.more(side.consumed, STRETCH) {
            More::Known(series, read) => (series, judged(read)),
            More::Unknown(why) => return Err(why),
        };
        let Some((least, set_by)) = limits.more.get(Number::CapacityConsumed) else { return Ok(None) };
        if series.sum(window).unwrap_or(0) == 0 {
            return Ok(None);
        }
        let provisioned = match evidence.more(side.provisioned, STRETCH) {
            More::Known(series, _) => series,
            More::Unknown(why) => return Err(why),
        };
        let a_point = (series.period() * 60) as f64;
        let most = series
            .points()
            .filter(|(minute, _)| window.contains(*minute))
            .filter_map(|(minute, units)| {
                let has = provisioned_at(provisioned, minute)?;
                Some((f64::from(units) / a_point / f64::from(has), has))
            })
            .max_by(|(a, _), (b, _)| a.total_cmp(b));
        let Some((share, has)) = most.filter(|(share, _)| share >= &least) else { return Ok(None) };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
        let (since, since_open) = since_from(series, window, (least * f64::from(has) * a_point).ceil() as u32);
        Ok(Some(Finding {
            check: self.id(),
            severity: Severity::Warning,
            value: Some(share),
            threshold: least,
            unit: super::SHARE,
            threshold_source: set_by.to_owned(),
            reason: format!(
                "{} of {} {} capacity units a second consumed over 5 min, limit {}",
                percent(share),
                count(u64::from(has)),
                side.noun,
                percent_limit(least)
            ),
            since,
            since_open,
            baseline: None,
        }))
    }
}

/// The part of what was read that is judged.
fn judged(read: Window) -> Window {
    Window::ending(read.end, JUDGED.min(read.minutes()))
}

/// What was provisioned in a period, or in the one beside it, since CloudWatch may give it late; none where the table has as
/// much as is needed, as it has from the moment on in which it is switched to that.
fn provisioned_at(series: &Series, minute: Minute) -> Option<u32> {
    let near = |(at, value): &(Minute, u32)| *value > 0 && (at.0 - minute.0).abs() <= series.period();
    series.points().filter(near).min_by_key(|(at, _)| ((at.0 - minute.0).abs(), at.0)).map(|(_, value)| value)
}

/// The earliest beginning.
fn earliest(all: impl Iterator<Item = (Option<Minute>, bool)>) -> (Option<Minute>, bool) {
    // Of two that are as early, the one that may have begun before.
    all.filter(|(since, _)| since.is_some()).min_by_key(|(since, open)| (*since, !open)).unwrap_or((None, false))
}
