//! The budget: what watching costs as it is, and whose readings are stretched so that it holds. Pure.

use std::collections::BTreeMap;

use super::beat::Beat;
use crate::domain::{account::TargetKey, usage};

/// By how much an interval is stretched, one after the other.
const LADDER: [i64; 3] = [2, 4, 6];
/// The longest interval that anything is stretched to, in minutes: shorter than what each reading looks back.
const LONGEST: i64 = 30;

/// US dollars an hour.
pub(super) fn dollars_per_hour<'a>(beats: impl Iterator<Item = &'a Beat>) -> f64 {
    let an_hour = |beat: &Beat| beat.steady() as f64 * 60.0 / beat.every() as f64 + beat.more_an_hour();
    let each = beats.map(|beat| usage::price(an_hour(beat)));
    // A sum of nothing would be -0.0.
    each.fold(0.0, |sum, dollars| sum + dollars)
}

/// Stretches intervals until a budget of so many dollars a day holds, those of quiet targets first: how many were
/// stretched. Where it can't hold, all are stretched as far as they go: how many dollars a day it costs then.
pub(super) fn hold(
    beats: &mut BTreeMap<TargetKey, Beat>,
    is_quiet: impl Fn(&TargetKey) -> bool,
    budget: Option<f64>,
) -> (usize, Option<f64>) {
    for beat in beats.values_mut() {
        beat.stretch = 1;
    }
    let Some(budget) = budget else { return (0, None) };
    let mut cost = dollars_per_hour(beats.values()) * 24.0;
    let (quiet, firing): (Vec<_>, Vec<_>) = beats.keys().cloned().partition(|key| is_quiet(key));
    for keys in [quiet, firing] {
        for stretch in LADDER {
            for key in &keys {
                if cost <= budget {
                    break;
                }
                let Some(beat) = beats.get_mut(key).filter(|beat| beat.usual() * stretch <= LONGEST) else { continue };
                let before = dollars_per_hour(std::iter::once(&*beat));
                beat.stretch = stretch;
                cost -= (before - dollars_per_hour(std::iter::once(&*beat))) * 24.0;
            }
        }
    }
    (beats.values().filter(|beat| beat.stretch > 1).count(), (cost > budget).then_some(cost))
}
