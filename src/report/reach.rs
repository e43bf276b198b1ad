//! How far back CloudWatch could tell, in sentences: windows of functions that are read in longer points than the run's, and
//! what could not be compared.

use std::collections::BTreeMap;

use super::build::Sweep;
use crate::domain::{
    text::{counted, minutes},
    window::{Frame, Window},
};

/// What has to be said of it; nothing where all was read as it was asked.
pub(super) fn notes(sweep: &Sweep<'_>) -> Vec<String> {
    let Some(frame) = sweep.horizon.frame(None) else { return Vec::new() };
    own_windows(sweep, &frame).into_iter().chain(baseline(sweep, &frame)).collect()
}

/// A window of a function's own may reach beyond what is kept at the run's resolution.
fn own_windows(sweep: &Sweep<'_>, frame: &Frame) -> Vec<String> {
    let mut coarser: BTreeMap<i64, u64> = BTreeMap::new();
    for judged in &sweep.judgement.functions {
        let state = sweep.fleet.target(&judged.target);
        let function = state.and_then(|state| state.row(judged.place));
        let own = function.and_then(|function| sweep.horizon.frame(function.class.window));
        if let Some(own) = own.filter(|own| own.period > frame.period) {
            *coarser.entry(own.period).or_default() += 1;
        }
    }
    let note = |(period, functions): (i64, u64)| {
        let (own, of) = if functions == 1 { ("has", "its") } else { ("have", "their") };
        format!(
            "{} {own} a window of {of} own that reaches further back, to where CloudWatch keeps only points of {}",
            counted(functions, "production function"),
            minutes(period),
        )
    };
    coarser.into_iter().map(note).collect()
}

fn baseline(sweep: &Sweep<'_>, frame: &Frame) -> Option<String> {
    let asked = sweep.horizon.baseline?;
    let points = minutes(frame.period);
    match frame.baseline.map_or(0, Window::minutes) {
        0 => Some(format!(
            "the window is compared with nothing: of what lies before it, CloudWatch keeps no points of {points} any more"
        )),
        kept if kept < asked => Some(format!(
            "the window is compared with the {} before it, not {}: of what lies before, CloudWatch keeps no points of {points} any more",
            minutes(kept),
            minutes(asked),
        )),
        _ => None,
    }
}
