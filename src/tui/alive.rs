//! What is known of the lives of alerts beside what is judged: acknowledged, muted, flapping, and what happened of late. Values
//! only; who keeps them is none of the screens' business.

use std::sync::Arc;

use super::board::{Key, Row, State};
use crate::{
    domain::{
        finding::{Judged, Severity, Verdict},
        fleet::TargetState,
        life::{Acknowledgement, AlertKey, Happening, Life, Lives, Mute, NO_END, Phase},
        text::{clean, clock},
        window::Minute,
    },
    engine::watch::Snapshot,
};

/// What is known of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alive {
    /// The alerts that are open or were of late, and what is muted.
    pub lives: Lives,
    /// What happened in the last day: the newest last.
    pub lately: Vec<Happening>,
    /// Why nothing of it is kept, where that is so.
    pub trouble: Option<String>,
    /// What became of what was asked for last.
    pub said: Option<String>,
    /// Grows with each thing that is said.
    pub serial: u64,
}

/// What is silent about a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// Somebody knows of all that fires.
    Acknowledged(Acknowledgement),
    /// It is muted.
    Muted(Mute),
}

impl Quiet {
    /// `acknowledged until 14:00 UTC by ann`, seen in a minute.
    pub fn words(&self, now: Minute) -> String {
        match self {
            Self::Acknowledged(ack) => said("acknowledged", ack.until, ack.by.as_deref(), None, now),
            Self::Muted(mute) => said("muted", mute.until, mute.by.as_deref(), mute.reason.as_deref(), now),
        }
    }

    /// The same where there is little room: `✓ ack to 14:00`.
    pub fn short(&self, now: Minute) -> String {
        let (word, until) = match self {
            Self::Acknowledged(ack) => ("ack", ack.until),
            Self::Muted(mute) => ("muted", mute.until),
        };
        let sign = self.sign();
        if until == NO_END { format!("{sign} {word}") } else { format!("{sign} {word} to {}", clock(until, now)) }
    }

    /// The same where there is next to none.
    pub fn sign(&self) -> &'static str {
        match self {
            Self::Acknowledged(_) => "✓",
            Self::Muted(_) => "◌",
        }
    }
}

fn said(word: &str, until: Minute, by: Option<&str>, reason: Option<&str>, now: Minute) -> String {
    let until = if until == NO_END { "until it is over".into() } else { format!("until {} UTC", clock(until, now)) };
    let by = by.map(|by| format!(" by {}", clean(by))).unwrap_or_default();
    let reason = reason.map(|reason| format!(": {}", clean(reason))).unwrap_or_default();
    format!("{word} {until}{by}{reason}")
}

impl Alive {
    /// Makes rows of what they are and of what is silent about them: what is muted does not alert.
    pub(super) fn apply(&self, snapshot: &Snapshot, targets: &[Arc<TargetState>], rows: &mut [Row]) {
        if self.lives.mutes.is_empty() && self.lives.lives.values().all(|life| life.ack.is_none()) {
            return;
        }
        let now = snapshot.horizon.now;
        for row in rows.iter_mut().filter(|row| row.state != State::Muted) {
            let judged = row.judged.and_then(|place| snapshot.judgement.functions.get(place));
            let facts = targets.get(row.at).and_then(|state| Some((state.target.key(), state.row(row.place)?)));
            let (Some(judged), Some(((account, region), function))) = (judged, facts) else { continue };
            let key = Key { account, region, name: function.found.name.clone() };
            let judged = &judged.judged;
            row.quiet = self.quiet(&key, judged, now);
            row.state = match (&row.quiet, self.loud(&key, judged, now)) {
                (Some(Quiet::Muted(_)), _) => State::Muted,
                (_, Some(Severity::Warning)) if judged.verdict == Verdict::Critical => State::Warning,
                _ => row.state,
            };
        }
    }

    /// How bad the worst is that is not muted.
    fn loud(&self, key: &Key, judged: &Judged, now: Minute) -> Option<Severity> {
        let loud = judged.findings.iter().filter(|it| self.lives.muted(&Self::key(key, it.check), now).is_none());
        loud.map(|finding| finding.severity).max()
    }

    fn key(key: &Key, check: &str) -> AlertKey {
        AlertKey::new((key.account.clone(), key.region.clone()), key.name.clone(), check)
    }

    /// What is silent about a function with these findings; none where something of it is not.
    pub fn quiet(&self, key: &Key, judged: &Judged, now: Minute) -> Option<Quiet> {
        let mut quiet = None;
        for finding in &judged.findings {
            let alert = Self::key(key, finding.check);
            if let Some(mute) = self.lives.muted(&alert, now) {
                quiet.get_or_insert(Quiet::Muted(mute.clone()));
                continue;
            }
            let ack = self.lives.lives.get(&alert).and_then(|life| life.ack.clone());
            quiet = Some(Quiet::Acknowledged(ack.filter(|ack| ack.until > now && ack.severity >= finding.severity)?));
        }
        // Muted as a whole, it is muted whatever it does.
        quiet.or_else(|| self.lives.muted(&Self::key(key, ""), now).cloned().map(Quiet::Muted))
    }

    /// Whether something of a function is muted or acknowledged, so that it can be taken back.
    pub fn has(&self, key: &Key, now: Minute) -> (bool, bool) {
        let target = (key.account.clone(), key.region.clone());
        let known = self.lives.of(&target, &key.name, None).any(|(_, life)| life.ack.is_some());
        let of_it = |mute: &Mute| mute.target == target && mute.function == key.name && mute.until > now;
        (known, self.lives.mutes.iter().any(of_it))
    }

    /// What happened to a function's alerts of a check: the newest first.
    pub fn lately<'a>(&'a self, alert: &'a AlertKey) -> impl Iterator<Item = &'a Happening> {
        self.lately.iter().rev().filter(|happening| happening.is_about(alert))
    }

    /// Where an alert is in its life, in a word; none where it is over or nobody knows.
    pub fn phase(&self, alert: &AlertKey) -> Option<&'static str> {
        let life: &Life = self.lives.lives.get(alert)?;
        match life.phase {
            _ if life.flapping.is_some() => Some("flapping"),
            Phase::Recovering { .. } => Some("recovering"),
            Phase::Firing => Some("firing"),
            Phase::Quiet(_) => None,
        }
    }
}
