//! The check `burn`: how fast the error budget of an objective is used up, in two stretches of time each. The longer one
//! says that it matters, the shorter one that it still goes on. Source: the SRE Workbook (Google), chapter 5, "Alerting on
//! SLOs", multiwindow multi-burn-rate alerts, for an objective over 30 days.

use super::{Check, Evidence, more::More, proportion::Proportion};
use crate::domain::{
    finding::{Finding, Outcome, Severity},
    need::{Need, Stretch},
    rules::{
        limits::Limits,
        more::{Extra, Number},
    },
    series::{Metric, Series},
    text::{count, minutes, percent, percent_limit},
    window::{Horizon, Minute, Window},
};

/// Minutes of the longer and the shorter stretch, and how many times too fast the budget has to be used up in both.
const PAIRS: [(i64, i64, f64, Severity); 3] =
    [(60, 5, 14.4, Severity::Critical), (360, 30, 6.0, Severity::Critical), (4320, 360, 1.0, Severity::Warning)];

/// Three days in points of five minutes: one request has the points of some hundred functions.
const STRETCH: Stretch = Stretch::Back { minutes: 4320, period: 5 };

/// Errors against the budget of an objective.
pub(super) struct Burn;

impl Check for Burn {
    fn id(&self) -> &'static str {
        Extra::Burn.as_str()
    }

    fn about(&self) -> &'static str {
        "the error budget of an objective over 30 days is used up too fast: 14.4 times in 1 h and 5 min, or 6 times in 6 h \
         and 30 min; a warning: 1 time in 3 d and 6 h"
    }

    fn extra(&self) -> Option<Extra> {
        Some(Extra::Burn)
    }

    fn is_asked(&self, horizon: &Horizon) -> bool {
        // Who asks what has happened since a moment does not ask about the three days before.
        !horizon.fixed
    }

    fn needs(&self, _limits: &Limits) -> Vec<Need> {
        vec![Need::of(Metric::Errors, STRETCH), Need::of(Metric::Invocations, STRETCH).after(Metric::Errors)]
    }

    fn evaluate(&self, evidence: &Evidence<'_>, limits: &Limits) -> Outcome {
        let (errors, read) = match evidence.more(Metric::Errors, STRETCH) {
            More::Known(errors, read) => (errors, read),
            More::Unknown(why) => return Outcome::Unknown(why),
        };
        if errors.sum(read).unwrap_or(0) == 0 {
            return Outcome::Ok;
        }
        let invocations = match evidence.more(Metric::Invocations, STRETCH) {
            More::Known(invocations, _) => invocations,
            More::Unknown(why) => return Outcome::Unknown(why),
        };
        let (Some((objective, set_by)), Some((least, _))) =
            (limits.more.get(Number::BurnObjective), limits.more.get(Number::BurnErrors))
        else {
            return Outcome::Ok;
        };
        let budget = 1.0 - objective;
        let of = |length| calls(errors, invocations, read.end, length);
        let burnt = |of: Proportion| of.share() / budget;
        let fires = PAIRS.into_iter().find(|(long, short, times, _)| {
            let (long, short, times) = (of(*long), of(*short), times * limits.more.scale());
            long.failed() as f64 >= least && burnt(long) >= times && burnt(short) >= times
        });
        let Some((long, short, times, severity)) = fires else { return Outcome::Ok };
        let (since, since_open) = began(errors, invocations, read, (long, short), times * budget);
        let said = |length: i64| {
            let of = of(length);
            format!("{} of {} failed in {}", percent(of.share()), count(of.calls()), minutes(length))
        };
        Outcome::Finding(Finding {
            check: self.id(),
            severity,
            value: Some(burnt(of(long))),
            threshold: times,
            unit: "times the budget",
            threshold_source: set_by.to_owned(),
            reason: format!(
                "the error budget is used up {:.1} times too fast: {}, {}; objective {}, limit {times}",
                burnt(of(long)),
                said(long),
                said(short),
                percent_limit(objective),
            ),
            since,
            since_open,
            baseline: None,
        })
    }
}

/// Since when so great a share has failed: the first failing point of the unbroken row of shorter stretches, up to the end of
/// what was read, in each of which it did; one without calls breaks no row, unless it is as long as the longer stretch. And
/// whether it may have begun before what was read.
fn began(
    errors: &Series,
    invocations: &Series,
    read: Window,
    (long, short): (i64, i64),
    share: f64,
) -> (Option<Minute>, bool) {
    let (mut first, mut end) = (read.end, read.end);
    while end.0 - short >= read.start.0 && first.0 - end.0 < long {
        let of = calls(errors, invocations, end, short);
        if of.calls() > 0 {
            if of.share() < share {
                break;
            }
            first = end.plus(-short);
        }
        end = end.plus(-errors.period());
    }
    let failing = errors.points().find(|(at, failed)| *at >= first && *failed > 0).map(|(at, _)| at);
    let open = failing.is_some_and(|at| at.0 - read.start.0 <= short);
    (failing, open)
}

/// Errors and calls in the last minutes up to an end.
fn calls(errors: &Series, invocations: &Series, end: Minute, length: i64) -> Proportion {
    let window = Window::ending(end, length);
    Proportion::of(errors.sum(window).unwrap_or(0), invocations.sum(window).unwrap_or(0))
}
