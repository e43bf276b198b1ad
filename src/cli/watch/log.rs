//! What `slmon watch` says: a line for each thing that happens, in words or as JSON, on standard output. Nobody has to read it:
//! a log that can't be written ends nothing.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use serde_json::{Value, json};

use crate::{
    cli::{args::LogFormat, clock},
    domain::{
        life::{Happening, Notice},
        text::{clean, counted},
    },
    notify::{self, Told},
    report::{Muted, Unseen},
};

/// Something that happens.
pub(super) enum Event {
    Started {
        sinks: usize,
    },
    /// Something that fires is muted by a tag or the configuration.
    Muted(Box<Muted>),
    Listening(SocketAddr),
    Ready,
    /// With why nobody is told, where that is so.
    Alert(Box<Notice>, Option<String>),
    Unseen(Box<Unseen>),
    Seen(Box<Unseen>),
    Told(Told),
    /// Somebody acknowledged or muted something, or took it back.
    Hushed(Box<Happening>),
    Store(String),
    /// How many sinks there are to tell, and what is other than before.
    Reloaded {
        sinks: usize,
        changed: Vec<String>,
    },
    /// The configuration that was read again is broken, and how.
    Kept(String),
    Ending,
    Ended {
        left: usize,
    },
}

/// Where it is written.
pub(super) struct Log {
    format: LogFormat,
}

impl Log {
    pub(super) fn new(format: LogFormat) -> Self {
        Self { format }
    }

    pub(super) fn write(&mut self, event: &Event) {
        let at = clock::now().round(jiff::Unit::Second).unwrap_or_else(|_| clock::now());
        let line = match self.format {
            LogFormat::Text => format!("{at} {}\n", words(event)),
            LogFormat::Json => {
                let mut line = document(event);
                if let Value::Object(keys) = &mut line {
                    keys.insert("time".into(), at.to_string().into());
                }
                format!("{line}\n")
            }
        };
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush());
    }
}

fn words(event: &Event) -> String {
    match event {
        Event::Started { sinks: 0 } => "started; the configuration has no [[notify]], so nobody is told".into(),
        Event::Started { sinks } => format!("started; {} to tell", counted(*sinks as u64, "sink")),
        Event::Listening(address) => format!("listening on {address}"),
        Event::Ready => "ready: all that can be read was read once".into(),
        Event::Alert(notice, untold) => {
            let untold = untold.as_ref().map(|why| format!(" (nobody is told: {why})")).unwrap_or_default();
            format!("{} ({}){untold}", notify::one(notice), notify::place(notice))
        }
        Event::Muted(row) => {
            let check = row.check.map(|check| format!(" {check}")).unwrap_or_default();
            let (what, by) = (row.function.shown(), clean(&row.muted_by));
            let hides = row.reason.as_ref().map(|reason| format!("; it hides: {reason}")).unwrap_or_default();
            format!("muted {what}{check} ({} {}) until {} by {by}{hides}", row.account, row.region, row.until)
        }
        Event::Unseen(row) => format!("unseen {}: {}; {}", place(row), row.message.shown(), clean(&row.hint)),
        Event::Seen(row) => format!("seen again {}", place(row)),
        Event::Told(Told::Taken { sink, id }) => format!("told {sink}: {}", clean(id)),
        Event::Told(Told::Delayed { sink, id, why, tries: 1, again, .. }) => {
            format!("{sink} has not taken {}: {}; again in {} s, and so on", clean(id), clean(why), again.as_secs())
        }
        Event::Told(Told::Delayed { sink, why, tries, waiting, again, .. }) => {
            let (tries, waiting) = (counted(u64::from(*tries), "attempt"), counted(*waiting as u64, "message"));
            let again = again.as_secs();
            format!("{sink} takes nothing after {tries}: {}; {waiting} waiting; again in {again} s", clean(why))
        }
        Event::Told(Told::Well { sink, tries, waited }) => {
            let (tries, waited) = (counted(u64::from(*tries), "attempt"), counted(*waited as u64, "message"));
            format!("{sink} is well again after {tries} in vain; {waited} waited")
        }
        Event::Told(Told::Refused { sink, id, why }) => {
            format!("{sink} will not take {}: {}; it is told no more", clean(id), clean(why))
        }
        Event::Told(Told::Unwritten(why)) => {
            format!("what was told can't be kept in mind, so it is told again after a restart: {}", clean(why))
        }
        Event::Hushed(happening) => {
            let until = happening.until.map(|until| format!(" until {until}")).unwrap_or_default();
            let by = happening.by.as_ref().map(|by| format!(" by {}", clean(by))).unwrap_or_default();
            let check = happening.check.as_ref().map(|check| format!(" {check}")).unwrap_or_default();
            let (account, region) = &happening.target;
            let what = happening.function.shown();
            format!("{} {what}{check} ({account} {region}){until}{by}", happening.did.word())
        }
        Event::Store(said) => clean(said).into_owned(),
        Event::Reloaded { sinks, changed } => {
            let changed = if changed.is_empty() { "nothing".into() } else { changed.join(", ") };
            let sinks = match sinks {
                0 => "it has no [[notify]], so nobody is told".into(),
                sinks => format!("{} to tell", counted(*sinks as u64, "sink")),
            };
            format!(
                "reloaded: the configuration was read again, and all is found anew by it; other than before: {}; {sinks}",
                clean(&changed)
            )
        }
        Event::Kept(why) => format!("the configuration is broken, and the old one stays:\n{why}"),
        Event::Ending => "asked to end".into(),
        Event::Ended { left: 0 } => "ended".into(),
        Event::Ended { left } => format!("ended; {} kept for the next start", counted(*left as u64, "message")),
    }
}

fn place(row: &Unseen) -> String {
    let parts = [
        row.account.as_ref().map(ToString::to_string),
        row.region.as_ref().map(ToString::to_string),
        Some(row.operation.to_string()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn document(event: &Event) -> Value {
    match event {
        Event::Started { sinks } => json!({ "event": "started", "sinks": sinks }),
        Event::Listening(address) => json!({ "event": "listening", "address": address.to_string() }),
        Event::Ready => json!({ "event": "ready" }),
        Event::Alert(notice, untold) => {
            let alert = notify::alert(notice);
            json!({ "event": "alert", "id": notice.id(), "told": untold.is_none(), "untold": untold, "alert": alert })
        }
        Event::Muted(row) => json!({
            "event": "muted",
            "account": row.account,
            "region": row.region,
            "function": row.function,
            "check": row.check,
            "until": row.until,
            "by": row.muted_by,
            "hides": row.reason,
        }),
        Event::Unseen(row) => json!({ "event": "unseen", "unseen": row }),
        Event::Seen(row) => json!({ "event": "seen", "seen": row }),
        Event::Told(Told::Taken { sink, id }) => json!({ "event": "told", "sink": sink, "id": id }),
        Event::Told(Told::Delayed { sink, id, why, tries, waiting, again }) => json!({
            "event": "delayed",
            "sink": sink,
            "id": id,
            "why": why,
            "tries": tries,
            "waiting": waiting,
            "again_in_s": again.as_secs(),
        }),
        Event::Told(Told::Well { sink, tries, waited }) => {
            json!({ "event": "well", "sink": sink, "tries": tries, "waited": waited })
        }
        Event::Told(Told::Refused { sink, id, why }) => {
            json!({ "event": "refused", "sink": sink, "id": id, "why": why })
        }
        Event::Told(Told::Unwritten(why)) => json!({ "event": "unwritten", "why": why }),
        Event::Hushed(happening) => json!({
            "event": happening.did.word(),
            "account": happening.target.0,
            "region": happening.target.1,
            "function": happening.function,
            "check": happening.check,
            "until": happening.until,
            "by": happening.by,
            "reason": happening.reason,
        }),
        Event::Store(said) => json!({ "event": "store", "said": said }),
        Event::Reloaded { sinks, changed } => json!({ "event": "reloaded", "sinks": sinks, "changed": changed }),
        Event::Kept(why) => json!({ "event": "reload-failed", "why": why }),
        Event::Ending => json!({ "event": "ending" }),
        Event::Ended { left } => json!({ "event": "ended", "left": left }),
    }
}
