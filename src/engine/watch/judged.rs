//! What the checks make of a target that is read bit by bit.

use crate::{
    checks,
    domain::{
        finding::{Doubt, Judgement, Verdict},
        fleet::{Function, TargetState},
        function::{ResourceType, resource_type},
        observation::Reading,
        window::Horizon,
    },
};

/// Judges a target: each function over the window up to which it was read. What the last reading was to read and could
/// not (`is_lost`) is not called fine, however short ago it was; what fires goes on to fire.
pub(super) fn judge(state: &TargetState, horizon: &Horizon, is_lost: impl Fn(&Function) -> bool) -> Judgement {
    let mut judgement = Judgement { checks: Vec::new(), functions: Vec::new(), hidden: (0, 0), overlooked: Vec::new() };
    let own = |function: &Function| {
        let frame = horizon.frame(function.class.window);
        let known = match &function.errors {
            _ if function.class.alerts() => function.known_to(),
            Reading::Known(series) => Some(series.read().end),
            _ => None,
        };
        match (known, frame) {
            (Some(known), Some(frame)) if known < frame.read.end => Horizon { at: known, ..*horizon },
            _ => *horizon,
        }
    };
    checks::judge_target(state, own, &mut judgement);
    for judged in &mut judgement.functions {
        // What is read of a table is read beside, and bears its own age.
        let function = state.row(judged.place).filter(|row| row.found.resource_type() == ResourceType::Function);
        let is_lost = function.is_some_and(&is_lost);
        if is_lost && matches!(judged.judged.verdict, Verdict::Ok | Verdict::Idle) {
            judged.judged.verdict = Verdict::Unknown;
            let why = format!("it was last read up to {}", judged.judged.window.end);
            judged.judged.doubts.push(Doubt { check: "errors", why });
        }
    }
    judgement
}

/// Whether nothing fires in a target.
pub(super) fn is_quiet(judgement: &Judgement) -> bool {
    let fires = |verdict| matches!(verdict, Verdict::Critical | Verdict::Warning);
    !judgement.functions.iter().any(|judged| fires(judged.judged.verdict))
}

/// The function, or the table, of a name.
pub(super) fn named<'s>(state: &'s TargetState, name: &str) -> Option<&'s Function> {
    let known = match resource_type(name) {
        ResourceType::Function => state.known(),
        ResourceType::Table => &state.tables,
    };
    known.binary_search_by(|function| function.found.name.raw().cmp(name)).ok().and_then(|place| known.get(place))
}
