//! The check `concurrency`: the account's limit of instances that run at once in a region is nearly reached. All functions
//! of the region share it, so one alert a region is enough: it is that of the watched production function that takes most.
//! Source: the Lambda developer guide, "Types of metrics": `ClaimedAccountConcurrency` is what is unavailable for further
//! invocations, reserved and provisioned concurrency with it.

use super::{Check, Evidence, more::More, since::since_from};
use crate::domain::{
    finding::{Finding, Outcome, Severity},
    fleet::{Function, TargetState},
    need::{Need, Stretch},
    observation::Reading,
    rules::{
        limits::Limits,
        more::{Extra, Number},
    },
    series::Metric,
    text::{count, percent, percent_limit},
};

/// The account's limit, near.
pub(super) struct Concurrency;

impl Check for Concurrency {
    fn id(&self) -> &'static str {
        Extra::Concurrency.as_str()
    }

    fn about(&self) -> &'static str {
        "the account's limit of instances that run at once in a region is nearly reached: one alert a region, of the watched \
         production function that takes most of it"
    }

    fn extra(&self) -> Option<Extra> {
        Some(Extra::Concurrency)
    }

    fn needs(&self, _limits: &Limits) -> Vec<Need> {
        vec![
            Need::of(Metric::ClaimedMaximum, Stretch::Window).of_region(),
            Need::of(Metric::ConcurrencyMaximum, Stretch::Window),
        ]
    }

    fn needs_limit(&self) -> bool {
        true
    }

    fn evaluate(&self, evidence: &Evidence<'_>, limits: &Limits) -> Outcome {
        let Some(state) = evidence.target else { return Outcome::Unknown("its region was not looked at".into()) };
        let reading = state.more(Metric::ClaimedMaximum, Stretch::Window);
        let (series, window) = match evidence.look(reading, Metric::ClaimedMaximum, Stretch::Window) {
            More::Known(series, window) => (series, window),
            // One of the region's functions says it for all of them.
            More::Unknown(why) if leads(state, evidence.function) => return Outcome::Unknown(why),
            More::Unknown(_) => return Outcome::Ok,
        };
        let Some(claimed) = series.most(window) else { return Outcome::Ok };
        let Some(limit) = state.concurrency.filter(|limit| *limit > 0) else {
            let says = leads(state, evidence.function);
            return if says { Outcome::Unknown("the account's limit could not be read".into()) } else { Outcome::Ok };
        };
        let share = f64::from(claimed) / f64::from(limit);
        let numbers = [
            (Severity::Critical, limits.more.get(Number::ConcurrencyCritical)),
            (Severity::Warning, limits.more.get(Number::ConcurrencyWarning)),
        ];
        let fires = numbers.into_iter().find_map(|(severity, number)| {
            let (least, set_by) = number.filter(|(least, _)| share >= *least)?;
            Some((severity, least, set_by))
        });
        let Some((severity, least, set_by)) = fires.filter(|_| leads(state, evidence.function)) else {
            return Outcome::Ok;
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a limit")]
        let (since, since_open) = since_from(series, window, (least * f64::from(limit)).ceil() as u32);
        let own = most(evidence.function);
        Outcome::Finding(Finding {
            check: self.id(),
            severity,
            value: Some(share),
            threshold: least,
            unit: super::SHARE,
            threshold_source: set_by.to_owned(),
            reason: format!(
                "{} of the {} instances that the account may run at once in the region are taken ({}), limit {}; up to {} \
                 by this function, more than by any other that is watched",
                count(u64::from(claimed)),
                count(u64::from(limit)),
                percent(share),
                percent_limit(least),
                count(u64::from(own)),
            ),
            since,
            since_open,
            baseline: None,
        })
    }
}

/// The most instances of a function that ran at once, as far as was read.
fn most(function: &Function) -> u32 {
    match function.more(Metric::ConcurrencyMaximum, Stretch::Window) {
        Reading::Known(series) => series.points().map(|(_, value)| value).max().unwrap_or(0),
        _ => 0,
    }
}

/// Whether no watched production function of the region at which this check looks takes more; of two that take as much, the
/// first by name.
fn leads(state: &TargetState, function: &Function) -> bool {
    let own = (most(function), &function.found.name);
    let rivals =
        state.known().iter().filter(|other| other.alerts() && other.class.limits.more.is_on(Extra::Concurrency));
    rivals
        .map(|other| (most(other), &other.found.name))
        .all(|(taken, name)| taken < own.0 || taken == own.0 && name >= own.1)
}
