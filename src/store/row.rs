//! Rows as they are written: plain texts and numbers, from which the values of the domain are made again.

use serde::{Deserialize, Serialize};

use super::{Message, Row};
use crate::domain::{
    account::{AccountId, Region},
    finding::Severity,
    life::{Acknowledgement, AlertKey, Change, Did, Happening, Life, More, Mute, Notice, Phase, Subject, Transition},
    text::AwsText,
    usage::Spent,
    window::Minute,
};

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Written {
    Life(Key, Box<Alive>),
    Past(Key),
    Mute(Muted),
    Happened(Box<Happened>),
    Queue { sink: String, id: String, notices: Vec<Told> },
    Done { sink: String, id: String },
    Spent { day: i64, requests: u64, metrics: u64, usd: f64 },
}

#[derive(Deserialize, Serialize)]
pub(super) struct Muted {
    account: String,
    region: String,
    function: String,
    check: Option<String>,
    until: i64,
    #[serde(default)]
    at: Option<i64>,
    #[serde(default)]
    by: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Happened {
    at: i64,
    account: String,
    region: String,
    function: String,
    check: Option<String>,
    did: String,
    severity: Option<String>,
    reason: String,
    until: Option<i64>,
    by: Option<String>,
}

/// Account, region, function, check.
#[derive(Deserialize, Serialize)]
pub(super) struct Key(String, String, String, String);

#[derive(Deserialize, Serialize)]
pub(super) struct Alive {
    phase: Where,
    at: i64,
    opened: i64,
    worst: String,
    told: Option<String>,
    reason: String,
    since: Option<i64>,
    changes: Vec<i64>,
    flapping: Option<i64>,
    ack: Option<(i64, String)>,
    #[serde(default)]
    ack_at: Option<i64>,
    #[serde(default)]
    ack_by: Option<String>,
    #[serde(default)]
    ack_reason: Option<String>,
    turns: u64,
    subject: Whose,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Where {
    Quiet(u32),
    Firing,
    Recovering { calm: Option<i64>, clear: Option<i64> },
}

#[derive(Deserialize, Serialize)]
struct Whose {
    client: Option<String>,
    account_name: Option<String>,
    arn: Option<String>,
    owner: Option<String>,
    runbook: Option<String>,
    tags: Vec<(String, String)>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Told {
    key: Key,
    change: String,
    at: i64,
    opened: i64,
    severity: String,
    reason: String,
    since: Option<i64>,
    turn: u64,
    subject: Whose,
}

impl Written {
    pub(super) fn of(row: &Row) -> Self {
        match row {
            Row::Life(key, life) => Self::Life(Key::of(key), Box::new(Alive::of(life))),
            Row::Past(key) => Self::Past(Key::of(key)),
            Row::Mute(mute) => Self::Mute(Muted {
                account: mute.target.0.to_string(),
                region: mute.target.1.to_string(),
                function: mute.function.raw().to_owned(),
                check: mute.check.clone(),
                until: mute.until.0,
                at: number(mute.at),
                by: mute.by.clone(),
                reason: mute.reason.clone(),
            }),
            Row::Happened(happening) => Self::Happened(Box::new(Happened::of(happening))),
            Row::Queue(message) => Self::Queue {
                sink: message.sink.clone(),
                id: message.id.clone(),
                notices: message.notices.iter().map(Told::of).collect(),
            },
            Row::Done(sink, id) => Self::Done { sink: sink.clone(), id: id.clone() },
            Row::Spent(day, spent) => {
                Self::Spent { day: day.0, requests: spent.requests, metrics: spent.metrics, usd: spent.usd }
            }
        }
    }

    pub(super) fn read(self) -> Option<Row> {
        Some(match self {
            Self::Life(key, life) => Row::Life(key.read()?, Box::new(life.read()?)),
            Self::Past(key) => Row::Past(key.read()?),
            Self::Mute(mute) => Row::Mute(Mute {
                target: (AccountId::parse(&mute.account)?, Region::parse(&mute.region)?),
                function: mute.function.into(),
                check: mute.check,
                until: Minute(mute.until),
                at: minute(mute.at),
                by: mute.by,
                reason: mute.reason,
            }),
            Self::Happened(happened) => Row::Happened(happened.read()?),
            Self::Queue { sink, id, notices } => {
                let notices = notices.into_iter().map(Told::read).collect::<Option<_>>()?;
                Row::Queue(Message { sink, id, notices })
            }
            Self::Done { sink, id } => Row::Done(sink, id),
            Self::Spent { day, requests, metrics, usd } => Row::Spent(Minute(day), Spent { requests, metrics, usd }),
        })
    }
}

impl Key {
    fn of(AlertKey { target: (account, region), function, check }: &AlertKey) -> Self {
        Self(account.to_string(), region.to_string(), function.raw().to_owned(), check.clone())
    }

    fn read(self) -> Option<AlertKey> {
        let target = (AccountId::parse(&self.0)?, Region::parse(&self.1)?);
        Some(AlertKey::new(target, self.2.into(), self.3))
    }
}

impl Happened {
    fn of(happening: &Happening) -> Self {
        Self {
            at: happening.at.0,
            account: happening.target.0.to_string(),
            region: happening.target.1.to_string(),
            function: happening.function.raw().to_owned(),
            check: happening.check.clone(),
            did: match happening.did {
                Did::Step(change) => change.word().into(),
                did => did.word().into(),
            },
            severity: happening.severity.map(|severity| severity.as_str().into()),
            reason: happening.reason.clone(),
            until: number(happening.until),
            by: happening.by.clone(),
        }
    }

    fn read(self) -> Option<Happening> {
        let acts = [Did::Acknowledged, Did::Unacknowledged, Did::Muted, Did::Unmuted];
        let act = || acts.into_iter().find(|did| did.word() == self.did);
        Some(Happening {
            at: Minute(self.at),
            target: (AccountId::parse(&self.account)?, Region::parse(&self.region)?),
            did: Change::parse(&self.did).map(Did::Step).or_else(act)?,
            function: self.function.into(),
            check: self.check,
            severity: self.severity.as_deref().and_then(severity),
            reason: self.reason,
            until: minute(self.until),
            by: self.by,
        })
    }
}

impl Alive {
    fn of(life: &Life) -> Self {
        let phase = match life.phase {
            Phase::Quiet(fired) => Where::Quiet(fired),
            Phase::Firing => Where::Firing,
            Phase::Recovering { calm, clear } => Where::Recovering { calm: number(calm), clear: number(clear) },
        };
        Self {
            phase,
            at: life.at.0,
            opened: life.opened.0,
            worst: life.worst.as_str().into(),
            told: life.told.map(|told| told.as_str().into()),
            reason: life.reason.clone(),
            since: number(life.since),
            changes: life.changes.iter().map(|at| at.0).collect(),
            flapping: number(life.flapping),
            ack: life.ack.as_ref().map(|ack| (ack.until.0, ack.severity.as_str().into())),
            ack_at: life.ack.as_ref().and_then(|ack| number(ack.at)),
            ack_by: life.ack.as_ref().and_then(|ack| ack.by.clone()),
            ack_reason: life.ack.as_ref().and_then(|ack| ack.reason.clone()),
            turns: life.turns,
            subject: Whose::of(&life.subject),
        }
    }

    fn read(self) -> Option<Life> {
        let ack = match self.ack {
            Some((until, word)) => Some(Acknowledgement {
                until: Minute(until),
                severity: severity(&word)?,
                at: minute(self.ack_at),
                by: self.ack_by,
                reason: self.ack_reason,
            }),
            None => None,
        };
        Some(Life {
            phase: match self.phase {
                Where::Quiet(fired) => Phase::Quiet(fired),
                Where::Firing => Phase::Firing,
                Where::Recovering { calm, clear } => Phase::Recovering { calm: minute(calm), clear: minute(clear) },
            },
            at: Minute(self.at),
            opened: Minute(self.opened),
            worst: severity(&self.worst)?,
            told: self.told.as_deref().and_then(severity),
            reason: self.reason,
            since: minute(self.since),
            changes: self.changes.into_iter().map(Minute).collect(),
            flapping: minute(self.flapping),
            ack,
            turns: self.turns,
            subject: self.subject.read(),
        })
    }
}

impl Whose {
    fn of(subject: &Subject) -> Self {
        let text = |text: &Option<AwsText>| text.as_ref().map(|text| text.raw().to_owned());
        let tags = subject.tags.iter().map(|(key, value)| (key.raw().to_owned(), value.raw().to_owned()));
        Self {
            client: text(&subject.client),
            account_name: text(&subject.account_name),
            arn: text(&subject.arn),
            owner: text(&subject.owner),
            runbook: text(&subject.runbook),
            tags: tags.collect(),
        }
    }

    fn read(self) -> Subject {
        Subject {
            client: self.client.map(AwsText::from),
            account_name: self.account_name.map(AwsText::from),
            arn: self.arn.map(AwsText::from),
            owner: self.owner.map(AwsText::from),
            runbook: self.runbook.map(AwsText::from),
            tags: self.tags.into_iter().map(|(key, value)| (key.into(), value.into())).collect(),
        }
    }
}

impl Told {
    fn of(notice: &Notice) -> Self {
        let step = &notice.step;
        Self {
            key: Key::of(&notice.key),
            change: step.change.word().into(),
            at: step.at.0,
            opened: step.opened.0,
            severity: step.severity.as_str().into(),
            reason: step.reason.clone(),
            since: number(step.since),
            turn: step.turn,
            subject: Whose::of(&notice.subject),
        }
    }

    fn read(self) -> Option<Notice> {
        let step = Transition {
            change: Change::parse(&self.change)?,
            at: Minute(self.at),
            opened: Minute(self.opened),
            severity: severity(&self.severity)?,
            reason: self.reason,
            since: minute(self.since),
            tell: true,
            turn: self.turn,
        };
        Some(Notice { key: self.key.read()?, step, subject: self.subject.read(), more: More::default() })
    }
}

fn severity(word: &str) -> Option<Severity> {
    [Severity::Warning, Severity::Critical].into_iter().find(|severity| severity.as_str() == word)
}

fn number(at: Option<Minute>) -> Option<i64> {
    at.map(|at| at.0)
}

fn minute(at: Option<i64>) -> Option<Minute> {
    at.map(Minute)
}
