//! The sink `pagerduty`: the Events API v2. One incident is one `dedup_key`, so that telling it twice opens nothing twice.
//! Source: `PagerDuty`'s documentation, "Send an alert event" (fields, their lengths, 202 for a yes, 429 for too many).

use std::sync::Arc;

use futures::{FutureExt, future::BoxFuture};
use serde_json::{Value, json};

use super::{Post, Refused, Sink, event, hashed, said};
use crate::{
    domain::{life::Notice, roster::Secret},
    store::Message,
};

/// Characters of a `dedup_key`, and of a summary, at most.
const LONGEST: (usize, usize) = (255, 1024);

pub(super) struct PagerDuty {
    pub(super) post: Arc<Post>,
    pub(super) url: String,
    pub(super) key: Secret,
}

impl Sink for PagerDuty {
    fn tell<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), Refused>> {
        async move {
            for notice in &message.notices {
                let body = body(self.key.reveal(), notice);
                let answer = self.post.post(&self.url, "application/json", None, &body).await?;
                answer.taken()?;
                if answer.status != 202 {
                    let why = format!("answered {}, where PagerDuty answers 202{}", answer.status, said(&answer.text));
                    return Err(Refused::later(why));
                }
            }
            Ok(())
        }
        .boxed()
    }
}

fn body(key: &str, notice: &Notice) -> Value {
    let incident = notice.incident();
    let dedup = if incident.len() <= LONGEST.0 {
        incident
    } else {
        format!("slmon:{:016x}:{}", hashed(&[first(notice)]), notice.step.opened.0)
    };
    if notice.is_over() {
        return json!({ "routing_key": key, "event_action": "resolve", "dedup_key": dedup });
    }
    let (of, step, subject) = (&notice.key, &notice.step, &notice.subject);
    let links = event::pages(notice).into_iter().map(|(word, href)| json!({ "href": href, "text": word }));
    json!({
        "routing_key": key,
        "event_action": "trigger",
        "dedup_key": dedup,
        "client": "slmon",
        "payload": {
            "summary": event::one(notice).chars().take(LONGEST.1).collect::<String>(),
            "source": format!("{}/{}", of.target.0, of.target.1),
            "severity": step.severity,
            "timestamp": step.at,
            "component": of.function,
            "group": subject.client,
            "class": of.check,
            "custom_details": {
                "change": step.change.word(), "reason": step.reason, "since": step.since, "place": event::place(notice),
                "arn": subject.arn, "owner": subject.owner, "runbook": subject.runbook,
                "cause": event::cause(notice),
            },
        },
        "links": links.collect::<Vec<_>>(),
    })
}

/// The same step as the first of its incident, so that its id is the incident's.
fn first(notice: &Notice) -> Notice {
    let mut first = notice.clone();
    first.step.turn = 0;
    first
}
