//! What is wrong: one file a check, one list of them. Each is three-valued: fine, a finding, or unknown with its
//! reason. Screen and gate use this one predicate. This module knows facts; it does not know how they were read.

mod burn;
mod capacity;
mod concurrency;
mod dead_letter;
mod errors;
mod errors_baseline;
mod iterator_age;
mod more;
mod near_timeout;
mod proportion;
mod silent;
mod since;
mod throttles;

pub use self::more::{Listed, listed, needs, wants_configuration, wants_limit};

use crate::domain::{
    account::TargetKey,
    finding::{
        Doubt, Finding, Judged, JudgedFunction, Judgement, Outcome, OverlookedFunction, Severity, Silenced, Verdict,
    },
    fleet::{Fleet, Function, TargetState},
    function::ResourceType,
    life::Sign,
    need::{Need, Stretch},
    observation::Reading,
    rules::{
        Rules,
        limits::{CheckLimits, Clause, Limits},
        more::Extra,
    },
    series::{Metric, Series},
    window::{Horizon, Minute, Window},
};

/// A check: a name, and what it makes of the evidence.
pub trait Check: Sync {
    /// The name that stands in reports.
    fn id(&self) -> &'static str;
    /// What it says, in a sentence without its full stop.
    fn about(&self) -> &'static str;
    /// Which of the checks it is that are off unless they are named; none for one that always looks.
    fn extra(&self) -> Option<Extra> {
        None
    }
    /// Whether a run asks for it.
    fn is_asked(&self, _horizon: &Horizon) -> bool {
        true
    }
    /// What it looks at.
    fn looks_at(&self) -> ResourceType {
        ResourceType::Function
    }
    /// What has to be read of a function (or table) with these limits. What is beside errors, throttles and invocations of the window
    /// is read for this check's sake.
    fn needs(&self, limits: &Limits) -> Vec<Need>;
    /// Whether it needs what `ListFunctions` says of the function.
    fn needs_configuration(&self) -> bool {
        false
    }
    /// Whether it needs the account's limit of instances that run at once.
    fn needs_limit(&self) -> bool {
        false
    }
    /// What it makes of the evidence under these limits.
    fn evaluate(&self, evidence: &Evidence<'_>, limits: &Limits) -> Outcome;
}

/// Every check there is.
pub const ALL: &[&dyn Check] = &[
    &errors::Errors,
    &throttles::Throttles,
    &errors_baseline::ErrorsBaseline,
    &burn::Burn,
    &near_timeout::NearTimeout,
    &iterator_age::IteratorAge,
    &dead_letter::DeadLetter,
    &silent::Silent,
    &concurrency::Concurrency,
    &capacity::Capacity,
];

/// What the numbers of a check count that weighs shares.
const SHARE: &str = "share";

/// What errors, throttles and a comparison of errors need, in the window: the second where there are some of the first.
const fn weighed(metric: Metric) -> [Need; 2] {
    [Need::of(metric, Stretch::Window), Need::of(Metric::Invocations, Stretch::Window).after(metric)]
}

/// What a check looks at: the metrics of a function, or of a table, over a window.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The window.
    pub window: Window,
    /// Where the run compares: the stretch right before the window, or none where CloudWatch keeps nothing of it.
    pub baseline: Option<Option<Window>>,
    /// The function, or the table.
    pub function: &'a Function,
    /// The target that it is of, for what its functions share; none where it is judged by itself.
    pub target: Option<&'a TargetState>,
}

/// A metric's sum over the window, or why there is none.
enum Sum<'a> {
    /// A complete answer; no datapoint counts as 0.
    Known(u64, &'a Series),
    /// Not or not wholly read, and why.
    Unknown(String),
}

impl<'a> Evidence<'a> {
    fn sum(&self, metric: Metric) -> Sum<'a> {
        match self.function.reading(metric) {
            // What watching read earlier says nothing of the minutes since.
            Reading::Known(series) if series.read().end < self.window.end => {
                let (metric, end) = (metric.as_str(), series.read().end);
                Sum::Unknown(format!("{metric} was read only up to {end}"))
            }
            Reading::Known(series) => Sum::Known(series.sum(self.window).unwrap_or(0), series),
            Reading::NotAsked => Sum::Unknown(format!("{} was not read", metric.as_str())),
            Reading::Unknown(failure) => {
                Sum::Unknown(format!("{} could not be read: {}", metric.as_str(), failure.message.shown()))
            }
        }
    }

    fn known(&self, metric: Metric) -> Option<u64> {
        match self.sum(metric) {
            Sum::Known(sum, _) => Some(sum),
            Sum::Unknown(_) => None,
        }
    }

    /// The minute after the last datapoint of errors or throttles up to the end of the window, as far back as was read.
    fn last_run(&self) -> Option<Minute> {
        let last = |metric: &Metric| match self.function.reading(*metric) {
            Reading::Known(series) => {
                let before = |minute: &Minute| *minute < self.window.end;
                let last = series.points().rev().map(|(minute, _)| minute).find(before);
                Some(last.map_or(series.read().start, |minute| minute.plus(series.period())))
            }
            _ => None,
        };
        [Metric::Errors, Metric::Throttles].iter().filter_map(last).max()
    }

    /// Whether there is no datapoint of errors or throttles at all, though both were read whole.
    fn is_idle(&self) -> bool {
        [Metric::Errors, Metric::Throttles].iter().all(|metric| match self.function.reading(*metric) {
            Reading::Known(series) => series.sum(self.window).is_none(),
            _ => false,
        })
    }
}

/// Which clause fires, if one does.
enum Decision<'a> {
    Ok,
    Fires(Severity, Clause, &'a str),
    Unknown,
}

/// Decides for a number of events and their share of all calls. Where the share is not known, a clause that the number
/// alone decides still fires, though something worse may hide behind one that only the share could decide; without any
/// such clause it is unknown.
fn decide(limits: &CheckLimits, count: u64, share: Option<f64>) -> Decision<'_> {
    let mut undecided = false;
    for (severity, clauses) in [(Severity::Critical, &limits.critical), (Severity::Warning, &limits.warning)] {
        let mut reached = clauses.any.iter().filter(|clause| count > 0 && count as f64 >= clause.count).peekable();
        if reached.peek().is_none() {
            continue;
        }
        match share {
            Some(share) => {
                if let Some(clause) = reached.find(|clause| share >= clause.rate) {
                    return Decision::Fires(severity, *clause, &clauses.set_by);
                }
            }
            None => match reached.find(|clause| clause.rate <= 0.0) {
                Some(clause) => return Decision::Fires(severity, *clause, &clauses.set_by),
                None => undecided = true,
            },
        }
    }
    if undecided { Decision::Unknown } else { Decision::Ok }
}

/// How a check that counts events weighs them.
struct Weighing<'a> {
    check: &'static str,
    /// What counts.
    metric: Metric,
    limits: &'a CheckLimits,
    /// All calls, from the events and the invocations.
    total: fn(u64, u64) -> u64,
    /// What was found, in words: the events, and of how many they are which share.
    found: fn(u64, Option<(u64, f64)>) -> String,
    /// The limit, in words.
    limit: fn(&Clause) -> String,
}

fn weigh(weighing: &Weighing<'_>, evidence: &Evidence<'_>) -> Outcome {
    let (events, series) = match evidence.sum(weighing.metric) {
        Sum::Known(0, _) => return Outcome::Ok,
        Sum::Known(events, series) => (events, series),
        Sum::Unknown(why) => return Outcome::Unknown(why),
    };
    let (of, why) = match evidence.sum(Metric::Invocations) {
        Sum::Known(invocations, _) => {
            let total = (weighing.total)(events, invocations);
            (Some((total, events as f64 / total as f64)), String::new())
        }
        Sum::Unknown(why) => (None, why),
    };
    match decide(weighing.limits, events, of.map(|(_, share)| share)) {
        Decision::Ok => Outcome::Ok,
        Decision::Unknown => Outcome::Unknown(format!("{}, but {why}", (weighing.found)(events, None))),
        Decision::Fires(severity, clause, set_by) => {
            let (since, since_open) = since::since(series, evidence.window);
            Outcome::Finding(Finding {
                check: weighing.check,
                severity,
                value: of.map(|(_, share)| share),
                threshold: clause.rate,
                unit: SHARE,
                threshold_source: set_by.to_owned(),
                reason: format!("{}, limit {}", (weighing.found)(events, of), (weighing.limit)(&clause)),
                since,
                since_open,
                baseline: None,
            })
        }
    }
}

/// Judges one watched production function.
pub fn judge(function: &Function, horizon: &Horizon) -> Judged {
    judge_by(None, function, horizon, |_| true)
}

/// The same by the checks that count errors and throttles alone: for minutes of which nothing else was read.
pub fn judge_counted(function: &Function, horizon: &Horizon) -> Judged {
    judge_by(None, function, horizon, |check| check.extra().is_none())
}

fn judge_by(
    target: Option<&TargetState>,
    function: &Function,
    horizon: &Horizon,
    counts: impl Fn(&dyn Check) -> bool,
) -> Judged {
    let frame = horizon.frame(function.class.window);
    let window = frame.map_or(Window::ending(horizon.at, horizon.minutes), |frame| frame.window);
    let baseline = horizon.baseline.map(|_| frame.and_then(|frame| frame.baseline));
    let evidence = Evidence { window, baseline, function, target };
    let muted = function.class.mute.as_ref().is_some_and(|(until, _)| *until > horizon.at);
    let (mut findings, mut silenced, mut doubts, mut off) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for check in ALL.iter().copied().filter(|check| check.is_asked(horizon) && counts(*check)) {
        if !looks(check, function) {
            off.push(check.id());
            continue;
        }
        match check.evaluate(&evidence, &function.class.limits) {
            Outcome::Ok => {}
            Outcome::Finding(finding) => {
                let finding = capped(finding, function.class.cap);
                match mute_of(function, check.id(), horizon.at).filter(|_| !muted) {
                    Some((until, by)) => silenced.push(Silenced { finding, until, by }),
                    None => findings.push(finding),
                }
            }
            Outcome::Unknown(why) => doubts.push(Doubt { check: check.id(), why }),
        }
    }
    let worst = findings.iter().map(|finding| finding.severity).max();
    let verdict = match worst {
        _ if muted => Verdict::Muted,
        Some(Severity::Critical) => Verdict::Critical,
        _ if !doubts.is_empty() && worst.is_none() => Verdict::Unknown,
        Some(Severity::Warning) => Verdict::Warning,
        None if !silenced.is_empty() => Verdict::Muted,
        None if evidence.is_idle() => Verdict::Idle,
        None => Verdict::Ok,
    };
    Judged {
        verdict,
        findings,
        silenced,
        doubts,
        off,
        window,
        errors: evidence.known(Metric::Errors),
        throttles: evidence.known(Metric::Throttles),
        invocations: evidence.known(Metric::Invocations),
    }
}

/// Until when a check is muted on a function though the function is not, and who says so.
fn mute_of(function: &Function, check: &str, at: Minute) -> Option<(Minute, String)> {
    let of = function.class.muted_checks.iter().filter(|(muted, until, _)| muted == check && *until > at);
    of.max_by_key(|(_, until, _)| *until).map(|(_, until, by)| (*until, by.clone()))
}

/// What a check says of a watched production function that was judged: whether it fires, and else how far it is from that;
/// `below` is the share of its limits below which it is on its way to be over.
pub fn sign(
    target: Option<&TargetState>,
    function: &Function,
    horizon: &Horizon,
    (judged, check): (&Judged, &str),
    below: f64,
) -> Sign {
    let silenced = judged.silenced.iter().map(|silenced| &silenced.finding);
    if let Some(finding) = judged.findings.iter().chain(silenced).find(|finding| finding.check == check) {
        let (severity, reason, since) = (finding.severity, finding.reason.clone(), finding.since);
        return Sign::Fires { severity, reason, since };
    }
    let mut asked = ALL.iter().copied().filter(|known| known.is_asked(horizon));
    let Some(check) = asked.find(|known| known.id() == check) else { return Sign::Unknown };
    if !looks(check, function) {
        return Sign::Gone;
    }
    // What another check could not tell is no doubt about this one.
    if judged.doubts.iter().any(|doubt| doubt.check == check.id()) {
        return Sign::Unknown;
    }
    let evidence = Evidence { window: judged.window, baseline: None, function, target };
    match check.evaluate(&evidence, &function.class.limits.scaled(below)) {
        Outcome::Finding(_) => Sign::Near,
        Outcome::Unknown(_) => Sign::Unknown,
        // Of what the totals of its region tell, it is known that it did not fail, and not whether it ran.
        Outcome::Ok if evidence.is_idle() && !function.presumed => Sign::Idle { since: evidence.last_run() },
        Outcome::Ok => Sign::Clear,
    }
}

/// Whether a check looks at this function, or this table.
fn looks(check: &dyn Check, function: &Function) -> bool {
    check.looks_at() == function.found.resource_type() && is_on(check, &function.class.limits)
}

/// Whether a check looks at what has these limits.
fn is_on(check: &dyn Check, limits: &Limits) -> bool {
    check.extra().is_none_or(|extra| limits.more.is_on(extra))
}

fn capped(finding: Finding, cap: Option<Severity>) -> Finding {
    match cap.filter(|cap| *cap < finding.severity) {
        Some(cap) => {
            Finding { severity: cap, reason: format!("{}, capped at {}", finding.reason, cap.as_str()), ..finding }
        }
        None => finding,
    }
}

/// Judges all of a fleet. Functions that are known not to exist any more are left out.
pub fn judge_fleet(fleet: &Fleet, horizon: &Horizon) -> Judgement {
    let checks = names(fleet.rules(), horizon);
    let mut judgement = Judgement { checks, functions: Vec::new(), hidden: (0, 0), overlooked: Vec::new() };
    for state in fleet.targets() {
        judge_target(state, |_| *horizon, &mut judgement);
    }
    judgement
}

/// The names of the checks that a run asks for: those that look at any function.
pub fn names(rules: &Rules, horizon: &Horizon) -> Vec<&'static str> {
    let on = |check: &&dyn Check| check.extra().is_none_or(|extra| rules.names(extra));
    ALL.iter().copied().filter(|check| check.is_asked(horizon)).filter(on).map(Check::id).collect()
}

/// Whether any check that is named somewhere looks at tables, so that they have to be found.
pub fn looks_at_tables(rules: &Rules) -> bool {
    let of_tables = ALL.iter().filter(|check| check.looks_at() == ResourceType::Table);
    of_tables.filter_map(|check| check.extra()).any(|extra| rules.names(extra))
}

/// Judges a target, each of its functions over a horizon of its own, and adds what comes of it.
pub fn judge_target(state: &TargetState, horizon: impl Fn(&Function) -> Horizon, judgement: &mut Judgement) {
    let target = state.target.key();
    let watched = state.rows().enumerate().filter(|(_, f)| f.is_watched());
    for (place, function) in watched {
        if function.class.alerts() {
            judgement.functions.push(JudgedFunction {
                target: target.clone(),
                place,
                judged: judge_by(Some(state), function, &horizon(function), |_| true),
            });
        } else if let Some(frame) = horizon(function).frame(function.class.window)
            && let Some(errors) =
                (Evidence { window: frame.window, baseline: None, function, target: None }).known(Metric::Errors)
            && errors > 0
        {
            judgement.hidden.0 += 1;
            judgement.hidden.1 += errors;
        }
    }
    let overlooked = state.overlooked().filter_map(|function| overlooked(&target, function, &horizon(function)));
    judgement.overlooked.extend(overlooked);
}

/// A function that nobody watches, judged as if it were; where its metrics were read, and it fails.
fn overlooked(target: &TargetKey, function: &Function, horizon: &Horizon) -> Option<OverlookedFunction> {
    let judged = judge_counted(function, horizon);
    let fails = matches!(judged.verdict, Verdict::Warning | Verdict::Critical);
    fails.then(|| OverlookedFunction {
        target: target.clone(),
        function: function.found.name.clone(),
        arn: function.found.arn.clone(),
        judged,
    })
}

#[cfg(test)]
mod tests;
