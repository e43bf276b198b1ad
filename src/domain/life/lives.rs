//! All alerts that are open or were of late, and what is muted.

use std::collections::BTreeMap;

use super::{AlertKey, Change, Life, LifeRules, Sign, Subject, Transition};
use crate::domain::{account::TargetKey, finding::Severity, text::AwsText, window::Minute};

/// What a check says of a function, and up to when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Which alert.
    pub key: AlertKey,
    /// The minute up to which was judged.
    pub at: Minute,
    /// What the check says.
    pub sign: Sign,
    /// Whether tags or the configuration mute the function.
    pub muted: bool,
    /// Whose function it is; none where it is not there any more.
    pub subject: Option<Subject>,
}

/// A step in an alert's life, with all that a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Which alert.
    pub key: AlertKey,
    /// What has happened.
    pub step: Transition,
    /// Whose function it is.
    pub subject: Subject,
    /// What was looked up for whoever is told; not kept.
    pub more: More,
}

/// What is looked up for a message in the moment in which it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct More {
    /// What its traces, or else its log, say of the cause; or why nothing is known of it.
    pub cause: Option<Result<String, String>>,
    /// The page of a trace of it in the AWS console.
    pub trace: Option<String>,
    /// The function's page in the AWS console through the access portal, where one is configured.
    pub portal: Option<String>,
}

/// Somebody does not want to hear of a function until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mute {
    /// Where.
    pub target: TargetKey,
    /// Which function.
    pub function: AwsText,
    /// Which check; none: all of them.
    pub check: Option<String>,
    /// It ends then.
    pub until: Minute,
    /// When somebody said so; none where that was not kept.
    pub at: Option<Minute>,
    /// Who said so.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

impl Mute {
    /// Whether it holds for an alert in this minute.
    pub fn covers(&self, key: &AlertKey, at: Minute) -> bool {
        let check = self.check.as_ref().is_none_or(|check| *check == key.check);
        self.until > at && check && (&self.target, &self.function) == (&key.target, &key.function)
    }

    fn is_of(&self, other: &Self) -> bool {
        (&self.target, &self.function, &self.check) == (&other.target, &other.function, &other.check)
    }
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lives {
    /// By alert.
    pub lives: BTreeMap<AlertKey, Life>,
    /// What somebody muted.
    pub mutes: Vec<Mute>,
}

impl Lives {
    /// Whether an alert is open, or counted for flapping, or has fired too few times yet.
    pub fn knows(&self, key: &AlertKey) -> bool {
        self.lives.contains_key(key)
    }

    /// Takes in what was judged, in whatever order; what has happened by that, by alert. The alerts that changed are in
    /// the second list.
    pub fn turn(
        &mut self,
        rules: &LifeRules,
        evaluations: impl IntoIterator<Item = Evaluation>,
    ) -> (Vec<Notice>, Vec<AlertKey>) {
        let (mut notices, mut touched) = (Vec::new(), Vec::new());
        let mut evaluations: Vec<_> = evaluations.into_iter().collect();
        evaluations.sort_by(|a, b| a.key.cmp(&b.key));
        for Evaluation { key, at, sign, muted, subject } in evaluations {
            let fires = matches!(sign, Sign::Fires { .. });
            let known = self.lives.get(&key).map(|life| life.at);
            if known.map_or(!fires, |known| is_old(at, known)) {
                continue;
            }
            let muted = muted || self.mutes.iter().any(|mute| mute.covers(&key, at));
            let life = self.lives.entry(key.clone()).or_insert_with(|| Life::new(at));
            let before = life.clone();
            if let Some(subject) = subject.filter(|_| fires) {
                life.subject = subject;
            }
            let steps = life.evaluate(rules, at, &sign, muted);
            notices.extend(steps.into_iter().map(|step| Notice {
                key: key.clone(),
                step,
                subject: life.subject.clone(),
                more: More::default(),
            }));
            if life.is_past(rules) {
                self.lives.remove(&key);
                touched.push(key);
            } else if is_news(&before, life) {
                touched.push(key);
            }
        }
        (notices, touched)
    }

    /// What mutes an alert in this minute: of several, what ends last.
    pub fn muted(&self, key: &AlertKey, at: Minute) -> Option<&Mute> {
        self.mutes.iter().filter(|mute| mute.covers(key, at)).max_by_key(|mute| mute.until)
    }

    /// How an alert of this severity is silent in this minute, in a word: `muted`, or `acknowledged` unless it is worse than what
    /// somebody knows of.
    pub fn silent(&self, key: &AlertKey, severity: Severity, at: Minute) -> Option<&'static str> {
        if self.muted(key, at).is_some() {
            return Some("muted");
        }
        let ack = self.lives.get(key)?.ack.as_ref()?;
        (ack.until > at && ack.severity >= severity).then_some("acknowledged")
    }

    /// The alerts of a function (of one check, or of all) that are known.
    pub fn of<'a>(
        &'a self,
        target: &'a TargetKey,
        function: &'a AwsText,
        check: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a AlertKey, &'a Life)> {
        // The first key that a function can have.
        let first = AlertKey::new(target.clone(), function.clone(), "");
        let of_it = move |key: &&AlertKey| key.target == *target && key.function == *function;
        self.lives
            .range(first..)
            .take_while(move |(key, _)| of_it(key))
            .filter(move |(key, _)| check.is_none_or(|check| key.check == check))
    }

    /// Mutes a function until then, instead of what was said of it before. An end that has come unmutes it.
    pub fn mute(&mut self, mute: Mute, now: Minute) {
        self.mutes.retain(|known| known.until > now && !known.is_of(&mute));
        if mute.until > now {
            self.mutes.push(mute);
        }
    }
}

/// Minutes by which one of several who watch may be behind another: no target is read less often.
const BEHIND: i64 = 45;

/// Whether what was judged up to a minute says nothing new to who knows more. What is still older is no old news: then it is the
/// clock that went back.
fn is_old(at: Minute, known: Minute) -> bool {
    (1..=BEHIND).contains(&(known.0 - at.0))
}

/// Whether what is known of an alert has changed by more than the minute up to which it is known.
fn is_news(before: &Life, after: &Life) -> bool {
    let still = |life: &Life| Life { at: Minute(0), reason: String::new(), ..life.clone() };
    still(before) != still(after)
}

impl Notice {
    /// What tells this step from every other of every alert: the same whenever and wherever it is told.
    pub fn id(&self) -> String {
        format!("{}:{}", self.incident(), self.step.turn)
    }

    /// What tells this incident from every other: the same for all of its steps.
    pub fn incident(&self) -> String {
        let AlertKey { target: (account, region), function, check } = &self.key;
        format!("{account}:{region}:{}:{check}:{}", function.raw(), self.step.opened.0)
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.step.change == Change::Resolved
    }
}
