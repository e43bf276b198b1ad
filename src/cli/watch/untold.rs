//! Why a step that is logged is told to nobody: so that whoever reads the log does not have to guess.

use crate::{
    domain::{
        life::{Change, Notice},
        sink::SinkRules,
        text::clean,
    },
    report::Muted,
    store::Known,
};

/// Why; none where somebody is told.
pub(super) fn why(notice: &Notice, sinks: &[SinkRules], known: &Known, muted: &[Muted]) -> Option<String> {
    if notice.step.tell {
        return match sinks {
            [] => Some("the configuration has no [[notify]]".into()),
            _ if sinks.iter().any(|rules| rules.filter.admits(notice)) => None,
            _ => Some("no [[notify]] wants it, by its severity, clients, accounts, tags or checks".into()),
        };
    }
    match notice.step.change {
        Change::Recovering => return Some("whether it is over remains to be seen, and that is told".into()),
        Change::Again => return Some("it was not over".into()),
        _ => {}
    }
    let by = |by: Option<&String>| by.map(|by| format!(" by {}", clean(by))).unwrap_or_default();
    let key = &notice.key;
    if let Some(mute) = known.lives.muted(key, notice.step.at) {
        return Some(format!("muted{} until {}", by(mute.by.as_ref()), mute.until));
    }
    let is_of = |row: &&Muted| {
        (&row.account, &row.region, &row.function) == (&key.target.0, &key.target.1, &key.function)
            && row.check.is_none_or(|check| check == key.check)
    };
    if let Some(row) = muted.iter().find(is_of) {
        return Some(format!("muted by {} until {}", clean(&row.muted_by), row.until));
    }
    let life = known.lives.lives.get(key);
    if let Some(ack) = life.and_then(|life| life.ack.as_ref()) {
        return Some(format!("acknowledged{}", by(ack.by.as_ref())));
    }
    Some(match notice.step.change {
        _ if life.is_some_and(|life| life.flapping.is_some()) => {
            "it comes and goes, and is told when it is steady".into()
        }
        Change::Resolved => "nobody was told that it began".into(),
        _ => "it was told before".into(),
    })
}
