//! Rows as they are written: plain texts and numbers, from which the values of the domain are made again.

use serde::{Deserialize, Serialize};

use super::{Message, Row};
use crate::domain::{
    account::{AccountId, Region},
    finding::Severity,
    life::{Acknowledgement, AlertKey, Change, Life, Mute, Notice, Phase, Subject, Transition},
    text::AwsText,
    window::Minute,
};

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Written {
    Life(Key, Box<Alive>),
    Past(Key),
    Mute { account: String, region: String, function: String, check: Option<String>, until: i64 },
    Queue { sink: String, id: String, notices: Vec<Told> },
    Done { sink: String, id: String },
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
            Row::Mute(mute) => Self::Mute {
                account: mute.target.0.to_string(),
                region: mute.target.1.to_string(),
                function: mute.function.raw().to_owned(),
                check: mute.check.clone(),
                until: mute.until.0,
            },
            Row::Queue(message) => Self::Queue {
                sink: message.sink.clone(),
                id: message.id.clone(),
                notices: message.notices.iter().map(Told::of).collect(),
            },
            Row::Done(sink, id) => Self::Done { sink: sink.clone(), id: id.clone() },
        }
    }

    pub(super) fn read(self) -> Option<Row> {
        Some(match self {
            Self::Life(key, life) => Row::Life(key.read()?, Box::new(life.read()?)),
            Self::Past(key) => Row::Past(key.read()?),
            Self::Mute { account, region, function, check, until } => Row::Mute(Mute {
                target: (AccountId::parse(&account)?, Region::parse(&region)?),
                function: function.into(),
                check,
                until: Minute(until),
            }),
            Self::Queue { sink, id, notices } => {
                let notices = notices.into_iter().map(Told::read).collect::<Option<_>>()?;
                Row::Queue(Message { sink, id, notices })
            }
            Self::Done { sink, id } => Row::Done(sink, id),
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
            ack: life.ack.map(|ack| (ack.until.0, ack.severity.as_str().into())),
            turns: life.turns,
            subject: Whose::of(&life.subject),
        }
    }

    fn read(self) -> Option<Life> {
        let ack = match self.ack {
            Some((until, word)) => Some(Acknowledgement { until: Minute(until), severity: severity(&word)? }),
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
        Some(Notice { key: self.key.read()?, step, subject: self.subject.read() })
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
