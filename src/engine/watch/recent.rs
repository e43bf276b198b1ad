//! What fired in the last day: out of what was read at the start, and out of each judgement since. Pure: the time is an
//! argument.

use std::collections::{BTreeMap, BTreeSet};

use super::{Episode, judged::named};
use crate::{
    checks,
    domain::{
        account::TargetKey,
        finding::{Finding, Judged, Judgement, Verdict},
        fleet::{Function, TargetState},
        observation::Reading,
        series::{Metric, Series},
        text::AwsText,
        window::{Horizon, Minute, Window},
    },
};

/// Minutes that are looked back.
pub(super) const DAY: i64 = 1440;

/// What fired, by function and check.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    episodes: BTreeMap<(TargetKey, AwsText, &'static str), Vec<Episode>>,
}

impl Recent {
    /// Takes in what a target's functions were judged: what fires begins or goes on, what is fine again ends.
    pub(super) fn judged(&mut self, state: &TargetState, judgement: &Judgement) {
        let target = state.target.key();
        let mut firing = BTreeSet::new();
        for function in &judgement.functions {
            let Some(found) = state.row(function.place) else { continue };
            let judged = &function.judged;
            if judged.verdict == Verdict::Unknown {
                // Nobody can tell whether it goes on.
                firing.extend(checks::ALL.iter().map(|check| (found.found.name.clone(), check.id())));
            }
            for finding in fires(judged) {
                let of = (found.found.name.clone(), finding.check);
                firing.insert(of.clone());
                let known = self.episodes.entry((target.clone(), of.0, of.1)).or_default();
                match known.last_mut().filter(|episode| episode.ended.is_none()) {
                    Some(episode) => worsen(episode, finding),
                    None => known.push(begin(&target, &found.found.name, finding, last(judged.window.end))),
                }
            }
        }
        let of_it = self.episodes.iter_mut().filter(|((of, ..), _)| *of == target);
        for ((_, name, check), known) in of_it {
            if firing.contains(&(name.clone(), *check)) {
                continue;
            }
            let judged = judgement
                .functions
                .iter()
                .find(|judged| state.row(judged.place).is_some_and(|function| function.found.name == *name));
            if let Some(open) = known.last_mut().filter(|episode| episode.ended.is_none()) {
                // One that is gone ended when it was last seen to fire, as far as anybody knows.
                let end = judged.map_or(open.began.plus(1), |judged| last(judged.judged.window.end));
                open.ended = Some(end.max(open.began.plus(1)));
            }
        }
    }

    /// Takes in what was read of the past: it is one with what it touches.
    pub(super) fn learn(&mut self, past: Vec<Episode>) {
        for episode in past {
            let known = self.episodes.entry((episode.target.clone(), episode.function.clone(), episode.check));
            let known = known.or_default();
            known.push(episode);
            known.sort_by_key(|episode| episode.began);
            let mut joined: Vec<Episode> = Vec::with_capacity(known.len());
            for next in known.drain(..) {
                match joined.last_mut() {
                    Some(last) if last.ended.is_none_or(|ended| next.began <= ended) => join(last, next),
                    _ => joined.push(next),
                }
            }
            *known = joined;
        }
    }

    /// Forgets what ended before the last day.
    pub(super) fn forget(&mut self, now: Minute) {
        let old = |episode: &Episode| episode.ended.is_some_and(|ended| ended <= now.plus(-DAY));
        self.episodes.values_mut().for_each(|known| known.retain(|episode| !old(episode)));
        self.episodes.retain(|_, known| !known.is_empty());
    }

    /// All of it: what still fires first, then what ended last.
    pub(super) fn list(&self) -> Vec<Episode> {
        let mut all: Vec<Episode> = self.episodes.values().flatten().cloned().collect();
        let end = |episode: &Episode| episode.ended.map_or(i64::MAX, |ended| ended.0);
        all.sort_by(|a, b| (end(b), b.began, &a.target, &a.function).cmp(&(end(a), a.began, &b.target, &b.function)));
        all
    }
}

fn fires(judged: &Judged) -> impl Iterator<Item = &Finding> {
    let counts = matches!(judged.verdict, Verdict::Critical | Verdict::Warning);
    judged.findings.iter().filter(move |_| counts)
}

/// The minute that a window up to this one is about: what happened in it makes a check fire, or no longer.
fn last(end: Minute) -> Minute {
    end.plus(-1)
}

fn begin(target: &TargetKey, name: &AwsText, finding: &Finding, at: Minute) -> Episode {
    Episode {
        target: target.clone(),
        function: name.clone(),
        check: finding.check,
        severity: finding.severity,
        began: at,
        ended: None,
        reason: finding.reason.clone(),
    }
}

fn worsen(episode: &mut Episode, finding: &Finding) {
    if finding.severity > episode.severity {
        (episode.severity, episode.reason) = (finding.severity, finding.reason.clone());
    }
}

fn join(last: &mut Episode, next: Episode) {
    last.ended = match (last.ended, next.ended) {
        (Some(a), Some(b)) => Some(a.max(b)),
        _ => None,
    };
    if next.severity > last.severity {
        (last.severity, last.reason) = (next.severity, next.reason);
    }
}

/// The minutes of a stretch, such as a day, in which a function fired, had it been judged in each of them. Its readings
/// are those of the stretch.
pub(super) fn past(target: &TargetKey, function: &Function, day: Window, horizon: &Horizon) -> Vec<Episode> {
    let minutes = horizon.frame(function.class.window).map_or(horizon.minutes, |frame| frame.window.minutes());
    let mut failed: BTreeSet<Minute> = BTreeSet::new();
    for metric in [Metric::Errors, Metric::Throttles] {
        if let Reading::Known(series) = function.reading(metric) {
            failed.extend(series.points().filter(|(_, value)| *value > 0).map(|(minute, _)| minute));
        }
    }
    let mut episodes: Vec<Episode> = Vec::new();
    let mut open: BTreeMap<&'static str, usize> = BTreeMap::new();
    for at in (day.start.0 + 1..=day.end.0).map(Minute) {
        let window = Window::ending(at, minutes);
        if failed.range(window.start..window.end).next().is_none() {
            for place in std::mem::take(&mut open).into_values() {
                episodes[place].ended = Some(last(at));
            }
            continue;
        }
        let judged = checks::judge_counted(function, &Horizon { at, ..*horizon });
        let firing: BTreeMap<_, _> = fires(&judged).map(|finding| (finding.check, finding)).collect();
        open.retain(|check, place| {
            let goes_on = firing.contains_key(check);
            if !goes_on {
                episodes[*place].ended = Some(last(at));
            }
            goes_on
        });
        for (check, finding) in firing {
            if let Some(place) = open.get(check) {
                worsen(&mut episodes[*place], finding);
            } else {
                open.insert(check, episodes.len());
                episodes.push(begin(target, &function.found.name, finding, last(at)));
            }
        }
    }
    // Whether it goes on is for those to say who look now.
    for place in open.values() {
        episodes[*place].ended = Some(day.end);
    }
    episodes
}

/// Which of the counted metrics a target's totals say something happened in, before what every reading looks at; all of
/// them where there are no totals to go by.
pub(super) fn worth_reading(state: &TargetState, is_published: bool, before: Minute) -> Vec<Metric> {
    let happened = |metric: &Metric| match state.totals.series(*metric) {
        Some(series) if is_published => series.points().any(|(minute, value)| value > 0 && minute < before),
        _ => true,
    };
    [Metric::Errors, Metric::Throttles].into_iter().filter(happened).collect()
}

/// A function of a target as it was read: its readings are replaced, and what was not asked is known to be none.
pub(super) fn with_day(
    state: &TargetState,
    name: &AwsText,
    readings: &BTreeMap<Metric, Reading>,
    day: Window,
) -> Option<Function> {
    let mut function = named(state, name.raw())?.clone();
    let reading = |metric| {
        let none = || Reading::Known(Series::gaps(day, 1));
        readings.get(&metric).cloned().unwrap_or_else(none)
    };
    function.errors = reading(Metric::Errors);
    function.throttles = reading(Metric::Throttles);
    function.invocations = reading(Metric::Invocations);
    function.presumed = false;
    Some(function)
}
