//! From what was judged to the lives of alerts: what each check says of each function that has an alert, or gets one.
//! Pure: a snapshot in, evaluations out.

use std::collections::{BTreeMap, BTreeSet};

use super::watch::Snapshot;
use crate::{
    checks,
    domain::{
        account::{Account, TargetKey},
        finding::{JudgedFunction, Verdict},
        fleet::{Function, TargetState},
        life::{AlertKey, Evaluation, Lives, Sign, Subject},
        window::Horizon,
    },
};

/// What a snapshot says of the alerts that are known, and of those that begin. `below` is the share of its limits below
/// which a check is on its way to be over. What was not read in this run says nothing.
pub fn evaluations(snapshot: &Snapshot, lives: &Lives, below: f64) -> Vec<Evaluation> {
    let mut all = Vec::new();
    let mut judged: BTreeMap<TargetKey, Vec<&JudgedFunction>> = BTreeMap::new();
    for function in &snapshot.judgement.functions {
        judged.entry(function.target.clone()).or_default().push(function);
    }
    let mut known: BTreeMap<&TargetKey, Vec<&AlertKey>> = BTreeMap::new();
    for key in lives.lives.keys() {
        known.entry(&key.target).or_default().push(key);
    }
    for state in snapshot.fleet.targets() {
        let key = state.target.key();
        if !is_read(snapshot, &key) {
            continue;
        }
        let functions = judged.remove(&key).unwrap_or_default();
        let known = known.remove(&key).unwrap_or_default();
        all.extend(of_target(snapshot, state, &functions, &known, below));
    }
    all
}

/// Whether a target was read in this run, so that what is known of it is no memory.
fn is_read(snapshot: &Snapshot, key: &TargetKey) -> bool {
    snapshot.cached.is_none() && snapshot.pulses.get(key).is_some_and(|pulse| pulse.read_at.is_some())
}

fn of_target(
    snapshot: &Snapshot,
    state: &TargetState,
    judged: &[&JudgedFunction],
    known: &[&AlertKey],
    below: f64,
) -> Vec<Evaluation> {
    let mut all = Vec::new();
    let known: BTreeSet<&AlertKey> = known.iter().copied().collect();
    let mut met: BTreeSet<AlertKey> = BTreeSet::new();
    for function in judged {
        let Some(found) = state.known().get(function.place) else { continue };
        // Most functions neither fire nor have fired: nothing is to be asked of them.
        let quiet = function.judged.findings.is_empty();
        for check in &snapshot.judgement.checks {
            let key = AlertKey::new(function.target.clone(), found.found.name.clone(), *check);
            if quiet && !known.contains(&key) {
                continue;
            }
            let at = function.judged.window.end;
            let horizon = Horizon { at, ..snapshot.horizon };
            let sign = checks::sign(Some(state), found, &horizon, (&function.judged, check), below);
            met.insert(key.clone());
            let muted = function.judged.verdict == Verdict::Muted;
            all.push(Evaluation { key, at, sign, muted, subject: Some(subject(&state.target.account, found)) });
        }
    }
    // What is not among the functions that were judged is gone, if its target was seen whole.
    let sign = if state.is_seen() { Sign::Gone } else { Sign::Unknown };
    let gone = known.iter().filter(|key| !met.contains(**key)).map(|key| Evaluation {
        key: (*key).clone(),
        at: snapshot.horizon.at,
        sign: sign.clone(),
        muted: false,
        subject: None,
    });
    all.extend(gone);
    all
}

fn subject(account: &Account, function: &Function) -> Subject {
    Subject {
        client: account.client.clone(),
        account_name: account.name.clone(),
        arn: Some(function.found.arn.clone()),
        owner: function.class.owner.clone(),
        runbook: function.class.runbook.clone(),
        tags: function.found.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
    }
}
