//! The life of an alert: one check on one function, from the first time that it fires until it is over, and who is told of
//! it when. Pure: what was found, the minute and what silences it are arguments. It knows no store and no sink.

mod hush;
mod lives;

pub use hush::{Before, Did, Happening, Hush, Means, NO_END};
pub use lives::{Evaluation, Lives, More, Mute, Notice};

use super::{
    account::{AccountId, TargetKey},
    finding::Severity,
    text::AwsText,
    window::Minute,
};

/// The numbers by which alerts live: `[alerts]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LifeRules {
    /// Evaluations in a row that have to fire.
    pub evaluations: u32,
    /// The share of its limit (0.0 to 1.0) below which a check is on its way to be over.
    pub below: f64,
    /// Minutes below that share until it is over.
    pub clear: i64,
    /// Minutes of idleness until it is over.
    pub idle: i64,
    /// Changes that are not yet flapping.
    pub changes: u32,
    /// Minutes in which they are counted.
    pub within: i64,
    /// Minutes without a change after which it flaps no longer.
    pub steady: i64,
}

impl Default for LifeRules {
    fn default() -> Self {
        Self { evaluations: 1, below: 0.5, clear: 5, idle: 15, changes: 4, within: 60, steady: 30 }
    }
}

/// Which alert: a check on a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AlertKey {
    /// Where.
    pub target: TargetKey,
    /// On which function.
    pub function: AwsText,
    /// Which check.
    pub check: String,
}

/// Whose function it is, as it was when the alert last fired: what a message says and what a filter looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Whose account it is.
    pub client: Option<AwsText>,
    /// The account's name.
    pub account_name: Option<AwsText>,
    /// The function's ARN.
    pub arn: Option<AwsText>,
    /// Who looks after it.
    pub owner: Option<AwsText>,
    /// Where it is written what to do.
    pub runbook: Option<AwsText>,
    /// Its tags, by key.
    pub tags: Vec<(AwsText, AwsText)>,
}

/// What a check says of a function at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It fires.
    Fires {
        /// How bad it is.
        severity: Severity,
        /// What was found, in words.
        reason: String,
        /// The minute in which the failing began, as far as was read.
        since: Option<Minute>,
    },
    /// It does not fire, and is not far from it.
    Near,
    /// It is below the share of its limit at which it is on its way to be over.
    Clear,
    /// Nothing has run.
    Idle {
        /// The minute after the last that is known to have seen it run; none where no such minute is known.
        since: Option<Minute>,
    },
    /// It could not be read.
    Unknown,
    /// Nobody watches it any more, or it is not there any more.
    Gone,
}

/// Where an alert is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It does not fire; so many evaluations in a row have said that it might.
    Quiet(u32),
    /// It fires.
    Firing,
    /// It fires no longer, and is not over.
    Recovering {
        /// Since when it has been below the share of its limit, or idle.
        calm: Option<Minute>,
        /// Since when it has been below the share, and not idle.
        clear: Option<Minute>,
    },
}

/// Somebody knows of it, until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// It ends then ([`NO_END`]: it has none), or when the alert is over.
    pub until: Minute,
    /// How bad it was: something worse is told.
    pub severity: Severity,
    /// When somebody said so; none where that was not kept.
    pub at: Option<Minute>,
    /// Who knows of it.
    pub by: Option<String>,
    /// Why it needs no telling.
    pub reason: Option<String>,
}

/// What has happened to an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    /// It fires.
    Fired,
    /// It is worse than it was.
    Worsened,
    /// It fires no longer; whether it is over remains to be seen.
    Recovering,
    /// It was recovering, and fires again.
    Again,
    /// It comes and goes: from here on nobody is told until it is steady.
    Flapping,
    /// It fires still, after a time in which nobody was told.
    Still,
    /// It is over.
    Resolved,
}

impl Change {
    /// All of them.
    pub const ALL: &[Self] =
        &[Self::Fired, Self::Worsened, Self::Recovering, Self::Again, Self::Flapping, Self::Still, Self::Resolved];

    /// The word that stands in messages and logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Worsened => "worsened",
            Self::Recovering => "recovering",
            Self::Again => "again",
            Self::Flapping => "flapping",
            Self::Still => "still",
            Self::Resolved => "resolved",
        }
    }

    /// The change of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|change| change.word() == word)
    }
}

/// One step in an alert's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// What has happened.
    pub change: Change,
    /// The minute up to which was judged.
    pub at: Minute,
    /// The minute in which this began to fire: with the alert's key, what tells one incident from another.
    pub opened: Minute,
    /// How bad it was at its worst.
    pub severity: Severity,
    /// Why, in words.
    pub reason: String,
    /// The minute in which the failing began, as far as was read.
    pub since: Option<Minute>,
    /// Whether somebody is to be told; else it is for the log.
    pub tell: bool,
    /// Which step of this alert it is: never the same twice.
    pub turn: u64,
}

/// What is known of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// Where it is.
    pub phase: Phase,
    /// The minute up to which it was last evaluated.
    pub at: Minute,
    /// The minute in which it began to fire.
    pub opened: Minute,
    /// How bad it was at its worst.
    pub worst: Severity,
    /// The worst that somebody was told; none where nobody was.
    pub told: Option<Severity>,
    /// What was found last, in words.
    pub reason: String,
    /// The minute in which the failing began, as far as was read.
    pub since: Option<Minute>,
    /// When it fired and when it was over, of late.
    pub changes: Vec<Minute>,
    /// It flaps, and since when nothing has changed; none where it does not.
    pub flapping: Option<Minute>,
    /// Whether somebody knows of it.
    pub ack: Option<Acknowledgement>,
    /// Steps so far.
    pub turns: u64,
    /// Whose function it is.
    pub subject: Subject,
}

impl Life {
    /// One that has never been evaluated.
    pub fn new(at: Minute) -> Self {
        Self {
            phase: Phase::Quiet(0),
            at: at.plus(-1),
            opened: at,
            worst: Severity::Warning,
            told: None,
            reason: String::new(),
            since: None,
            changes: Vec::new(),
            flapping: None,
            ack: None,
            turns: 0,
            subject: Subject::default(),
        }
    }

    /// Whether it fires, or has and is not over.
    pub fn is_open(&self) -> bool {
        !matches!(self.phase, Phase::Quiet(_))
    }

    /// Whether there is nothing left to remember.
    pub fn is_past(&self, rules: &LifeRules) -> bool {
        let recent = |at: &Minute| at.plus(rules.within) > self.at;
        self.phase == Phase::Quiet(0) && self.flapping.is_none() && !self.changes.iter().any(recent)
    }

    /// Takes in what its check says of the minutes up to `at`; what has happened by that. At most three steps come of it.
    pub fn evaluate(&mut self, rules: &LifeRules, at: Minute, sign: &Sign, muted: bool) -> Vec<Transition> {
        let is_new = at != self.at;
        self.go_to(at);
        if *sign == Sign::Unknown {
            self.wait(at);
            return Vec::new();
        }
        let mut steps = Vec::new();
        let fires = matches!(sign, Sign::Fires { .. });
        let after_ack = self.ack.take_if(|ack| fires && ack.until <= at).is_some();
        match sign {
            Sign::Fires { severity, reason, since } => {
                reason.clone_into(&mut self.reason);
                self.since = *since;
                self.fires(rules, *severity, is_new, &mut steps);
            }
            Sign::Gone => self.close(rules, &mut steps),
            _ => self.calms(rules, sign, &mut steps),
        }
        self.settle(rules, &mut steps);
        self.tell(muted, after_ack, &mut steps);
        steps
    }

    /// Somebody knows of it until then, as they say in a minute. One that is not open can't be acknowledged.
    pub fn acknowledge(&mut self, until: Minute, hush: &Hush, at: Minute) -> bool {
        if self.is_open() {
            let (by, reason) = (hush.by.clone(), hush.reason.clone());
            self.ack = Some(Acknowledgement { until, severity: self.worst, at: Some(at), by, reason });
        }
        self.is_open()
    }

    /// A clock that went back leaves nothing in the future: what is counted from there begins anew.
    fn go_to(&mut self, at: Minute) {
        self.at = at;
        self.changes.iter_mut().for_each(|change| *change = (*change).min(at));
        self.flapping = self.flapping.map(|since| since.min(at));
        if let Phase::Recovering { calm, clear } = &mut self.phase {
            *calm = calm.map(|since| since.min(at));
            *clear = clear.map(|since| since.min(at));
        }
    }

    /// What can't be seen neither goes on nor ends: what is waited for begins anew.
    fn wait(&mut self, at: Minute) {
        if let Phase::Recovering { calm, clear } = &mut self.phase {
            (*calm, *clear) = (None, None);
        }
        self.flapping = self.flapping.map(|_| at);
    }

    fn fires(&mut self, rules: &LifeRules, severity: Severity, is_new: bool, steps: &mut Vec<Transition>) {
        match self.phase {
            Phase::Firing => {}
            Phase::Recovering { .. } => {
                self.phase = Phase::Firing;
                steps.push(self.step(Change::Again));
            }
            Phase::Quiet(before) => {
                let fired = before + u32::from(is_new || before == 0);
                if fired < rules.evaluations {
                    self.phase = Phase::Quiet(fired);
                    return;
                }
                self.phase = Phase::Firing;
                if self.flapping.is_none() {
                    // While it flaps it is one incident, however often it comes and goes.
                    (self.opened, self.told, self.worst) = (self.at, None, severity);
                }
                self.changed(rules, Change::Fired, steps);
            }
        }
        self.worst = self.worst.max(severity);
        for step in steps.iter_mut() {
            step.severity = self.worst;
        }
    }

    fn calms(&mut self, rules: &LifeRules, sign: &Sign, steps: &mut Vec<Transition>) {
        match self.phase {
            Phase::Quiet(_) => self.phase = Phase::Quiet(0),
            Phase::Firing => {
                self.phase = Phase::Recovering { calm: None, clear: None };
                steps.push(self.step(Change::Recovering));
            }
            Phase::Recovering { .. } => {}
        }
        let Phase::Recovering { calm, clear } = &mut self.phase else { return };
        *clear = if *sign == Sign::Clear { clear.or(Some(self.at)) } else { None };
        *calm = if *sign == Sign::Near { None } else { calm.or(Some(self.at)) };
        let lasts = |since: Option<Minute>, minutes: i64| since.is_some_and(|since| self.at.0 - since.0 >= minutes);
        // Idleness counts from when something last ran, which may be long before the failures have left the window.
        let idle = match sign {
            Sign::Idle { since } => lasts(*since, rules.idle) && lasts(*calm, rules.clear),
            _ => false,
        };
        if idle || lasts(*clear, rules.clear) || lasts(*calm, rules.idle) {
            self.close(rules, steps);
        }
    }

    fn close(&mut self, rules: &LifeRules, steps: &mut Vec<Transition>) {
        let was_open = self.is_open();
        self.phase = Phase::Quiet(0);
        if was_open {
            self.ack = None;
            self.changed(rules, Change::Resolved, steps);
        }
    }

    /// It has begun or ended: once too often in too short a time is flapping.
    fn changed(&mut self, rules: &LifeRules, change: Change, steps: &mut Vec<Transition>) {
        self.changes.retain(|at| at.plus(rules.within) > self.at);
        self.changes.push(self.at);
        let was_flapping = self.flapping.is_some();
        if was_flapping || self.changes.len() as u64 > u64::from(rules.changes) {
            self.flapping = Some(self.at);
        }
        let change = if self.flapping.is_some() && !was_flapping { Change::Flapping } else { change };
        steps.push(self.step(change));
    }

    /// What has been steady for long enough flaps no longer.
    fn settle(&mut self, rules: &LifeRules, steps: &mut Vec<Transition>) {
        let steady = self.flapping.is_some_and(|since| self.at.0 - since.0 >= rules.steady);
        if !steady || steps.iter().any(|step| step.change == Change::Flapping) {
            return;
        }
        self.flapping = None;
        self.changes.clear();
        let change = if self.is_open() { Change::Still } else { Change::Resolved };
        let step = self.step(change);
        steps.push(step);
    }

    /// Which of the steps somebody is told; and what is still to be told where nobody was.
    fn tell(&mut self, muted: bool, after_ack: bool, steps: &mut Vec<Transition>) {
        let silent = muted || self.ack.as_ref().is_some_and(|ack| ack.severity >= self.worst);
        let settled = self.flapping.is_none();
        for step in steps.iter_mut() {
            step.tell = match step.change {
                Change::Recovering | Change::Again => false,
                Change::Flapping => !silent,
                Change::Fired | Change::Worsened | Change::Still => settled && !silent,
                // Whoever was told that it began is told that it ended, whatever was muted since.
                Change::Resolved => settled && self.told.take().is_some(),
            };
            if step.tell && step.change != Change::Resolved {
                self.told = Some(self.worst);
            }
        }
        if self.phase != Phase::Firing || silent {
            return;
        }
        let change = match self.told {
            Some(told) if told < self.worst => Change::Worsened,
            Some(_) if !after_ack => return,
            Some(_) | None => Change::Still,
        };
        let step = self.step(change);
        self.told = Some(self.worst);
        steps.push(Transition { tell: true, ..step });
    }

    fn step(&mut self, change: Change) -> Transition {
        self.turns += 1;
        Transition {
            change,
            at: self.at,
            opened: self.opened,
            severity: self.worst,
            reason: self.reason.clone(),
            since: self.since,
            tell: false,
            turn: self.turns,
        }
    }
}

impl AlertKey {
    /// An alert of a target's function.
    pub fn new(target: TargetKey, function: AwsText, check: impl Into<String>) -> Self {
        Self { target, function, check: check.into() }
    }

    /// The account.
    pub fn account(&self) -> &AccountId {
        &self.target.0
    }
}

#[cfg(test)]
mod tests;
