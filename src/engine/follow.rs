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
/// which a check is on its way to be over. What was not read in this run says nothing, and what lies out of its scope
/// is not gone.
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
        let known = known.remove(&key).unwrap_or_default();
        if !is_read(snapshot, &key) {
            continue;
        }
        let functions = judged.remove(&key).unwrap_or_default();
        all.extend(of_target(snapshot, state, &functions, &known, below));
    }
    // What is left is of targets that nobody reads any more.
    if is_all(snapshot) {
        let left = known.into_iter().filter(|(key, _)| snapshot.fleet.account(&key.0).is_none_or(|it| it.opened));
        all.extend(left.flat_map(|(_, keys)| keys).map(|key| gone(key, snapshot, Sign::Gone)));
    }
    all
}

/// Whether all there is was found, so that what is not among it is gone.
fn is_all(snapshot: &Snapshot) -> bool {
    let fleet = &snapshot.fleet;
    snapshot.is_whole()
        && fleet.rules().scope.is_all()
        && fleet.listings().is_empty()
        && fleet.accounts().next().is_some()
}

fn gone(key: &AlertKey, snapshot: &Snapshot, sign: Sign) -> Evaluation {
    Evaluation { key: key.clone(), at: snapshot.horizon.at, sign, muted: false, subject: None }
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
        let Some(found) = state.row(function.place) else { continue };
        // Most functions neither fire nor have fired: nothing is to be asked of them.
        let quiet = function.judged.findings.is_empty() && function.judged.silenced.is_empty();
        let is_stale = snapshot.pulses.get(&function.target).is_some_and(|pulse| pulse.is_stale(&found.found.name));
        for check in &snapshot.judgement.checks {
            let key = AlertKey::new(function.target.clone(), found.found.name.clone(), *check);
            if quiet && !known.contains(&key) {
                continue;
            }
            let at = function.judged.window.end;
            let horizon = Horizon { at, ..snapshot.horizon };
            let sign = match checks::sign(Some(state), found, &horizon, (&function.judged, check), below) {
                sign @ Sign::Fires { .. } => sign,
                // It was to be read and could not be: whether it goes on is not known.
                _ if is_stale => Sign::Unknown,
                sign => sign,
            };
            met.insert(key.clone());
            let is_silenced = function.judged.silenced.iter().any(|silenced| silenced.finding.check == *check);
            let is_muted = function.judged.verdict == Verdict::Muted && function.judged.silenced.is_empty();
            let muted = is_silenced || is_muted;
            all.push(Evaluation { key, at, sign, muted, subject: Some(subject(&state.target.account, found)) });
        }
    }
    // What is not among the functions that were judged is gone, if its target was seen whole.
    let seen = state.is_seen() && snapshot.fleet.rules().scope.is_all();
    let sign = if seen { Sign::Gone } else { Sign::Unknown };
    let unmet = known.iter().filter(|key| !met.contains(**key));
    all.extend(unmet.map(|key| gone(key, snapshot, sign.clone())));
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
