//! The check `errors-baseline`, where a run asks for it (`--baseline`): a share of errors over its limit that is also at
//! least twice that of the stretch right before the window, by more than chance. For after a deploy, when few minutes
//! have to tell what the limits of `errors` would tell later.

use super::{
    Check, Evidence, SHARE, Sum,
    errors::Errors,
    proportion::{Proportion, by_chance},
};
use crate::domain::{
    finding::{Baseline, Finding, Outcome, Severity},
    need::Need,
    rules::limits::{CheckLimits, Clause, Limits},
    series::Metric,
    text::{count, counted, minutes, percent},
    window::{Horizon, Minute, Window},
};

/// Calls that it takes on both sides.
const CALLS: u64 = 20;
/// So many times the share of before.
const TIMES: f64 = 2.0;
/// Chance alone makes such a difference more rarely than this.
const CHANCE: f64 = 0.01;

/// Errors against those of right before.
pub(super) struct ErrorsBaseline;

impl Check for ErrorsBaseline {
    fn id(&self) -> &'static str {
        "errors-baseline"
    }

    fn about(&self) -> &'static str {
        "a share of errors at least twice that of right before the window, by more than chance; with --baseline"
    }

    fn needs(&self, _limits: &Limits) -> Vec<Need> {
        super::weighed(Metric::Errors).to_vec()
    }

    fn is_asked(&self, horizon: &Horizon) -> bool {
        horizon.baseline.is_some()
    }

    fn evaluate(&self, evidence: &Evidence<'_>, limits: &Limits) -> Outcome {
        let worse = match compare(evidence, &limits.errors) {
            Comparison::Fine | Comparison::TooFew { .. } => return Outcome::Ok,
            Comparison::Unknown(why) => return Outcome::Unknown(why),
            Comparison::Worse(worse) => worse,
        };
        if let Outcome::Finding(Finding { severity: Severity::Critical, .. }) = Errors.evaluate(evidence, limits) {
            return Outcome::Ok;
        }
        let Worse { now, before, limit, set_by, p, since } = worse;
        let Baseline { minutes, errors, calls, .. } = before;
        let reason = format!(
            "{} of {} failed, against {} of {} in {} ({})",
            percent(now.share()),
            count(now.calls()),
            percent(Proportion::of(errors, calls).share()),
            count(calls),
            stretch(minutes),
            chance(p),
        );
        Outcome::Finding(Finding {
            check: self.id(),
            severity: Severity::Critical,
            value: Some(now.share()),
            threshold: limit.rate,
            unit: SHARE,
            threshold_source: set_by,
            reason,
            since,
            since_open: false,
            baseline: Some(before),
        })
    }
}

/// What the comparison says.
pub(super) enum Comparison {
    /// Not asked for, or no such difference.
    Fine,
    /// It is over its limit, and there were too few calls before to compare with.
    TooFew {
        /// The calls.
        calls: u64,
        /// Minutes of the stretch; 0 where CloudWatch keeps nothing of it at the window's resolution.
        minutes: i64,
    },
    Worse(Worse),
    Unknown(String),
}

/// A share that is worse than before by more than chance.
pub(super) struct Worse {
    now: Proportion,
    before: Baseline,
    /// The limit that it is over.
    limit: Clause,
    set_by: String,
    p: f64,
    since: Option<Minute>,
}

/// Compares the window with the baseline. Pure in what was read; of what the run did not ask it says nothing.
pub(super) fn compare(evidence: &Evidence<'_>, limits: &CheckLimits) -> Comparison {
    let Some(asked) = evidence.baseline else { return Comparison::Fine };
    let (errors, series) = match evidence.sum(Metric::Errors) {
        Sum::Known(0, _) => return Comparison::Fine,
        Sum::Known(errors, series) => (errors, series),
        Sum::Unknown(why) => return Comparison::Unknown(why),
    };
    let (invocations, all) = match evidence.sum(Metric::Invocations) {
        Sum::Known(invocations, all) => (invocations, all),
        Sum::Unknown(why) => return Comparison::Unknown(why),
    };
    let now = Proportion::of(errors, invocations);
    let Some((limit, set_by)) = lowest(limits, errors).filter(|(limit, _)| now.share() >= limit.rate) else {
        return Comparison::Fine;
    };
    if now.calls() < CALLS {
        return Comparison::Fine;
    }
    let stretch = asked.unwrap_or(Window { start: evidence.window.start, end: evidence.window.start });
    let before = Proportion::of(series.sum(stretch).unwrap_or(0), all.sum(stretch).unwrap_or(0));
    if before.calls() < CALLS {
        return Comparison::TooFew { calls: before.calls(), minutes: stretch.minutes() };
    }
    let p = by_chance(now, before);
    if now.share() < TIMES * before.share() || p >= CHANCE {
        return Comparison::Fine;
    }
    let failing = |(minute, value): &(Minute, u32)| evidence.window.contains(*minute) && *value > 0;
    let before = Baseline {
        start: stretch.start,
        minutes: stretch.minutes(),
        errors: before.failed(),
        calls: before.calls(),
        value: before.share(),
        p,
    };
    let since = series.points().find(failing).map(|(minute, _)| minute);
    Comparison::Worse(Worse { now, before, limit, set_by: set_by.to_owned(), p, since })
}

/// The limit with the lowest share among those of the check `errors` whose number is reached, and who set it: what an
/// owner lets pass by number is no matter of comparing, either.
fn lowest(limits: &CheckLimits, errors: u64) -> Option<(Clause, &str)> {
    let all = [&limits.warning, &limits.critical].into_iter();
    let all = all.flat_map(|clauses| clauses.any.iter().map(|clause| (*clause, &*clauses.set_by)));
    let reached = all.filter(|(clause, _)| errors as f64 >= clause.count);
    reached.min_by(|(a, _), (b, _)| a.rate.total_cmp(&b.rate))
}

/// Why nothing was compared, for a reason: `no calls in the hour before to compare with`.
pub(super) fn too_few(calls: u64, minutes: i64) -> String {
    match (calls, minutes) {
        (_, 0) => "nothing before it is kept to compare with".into(),
        (0, minutes) => format!("no calls in {} to compare with", stretch(minutes)),
        (calls, minutes) => format!("only {} in {}: too few to compare", counted(calls, "call"), stretch(minutes)),
    }
}

/// `the hour before`, `the 30 min before`.
fn stretch(n: i64) -> String {
    if n == 60 { "the hour before".into() } else { format!("the {} before", minutes(n)) }
}

/// `p = 0.004`, `p < 0.001`.
fn chance(p: f64) -> String {
    if p < 0.001 { "p < 0.001".into() } else { format!("p = {p:.3}") }
}

#[cfg(test)]
mod tests;
