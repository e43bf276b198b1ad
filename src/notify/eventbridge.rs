//! The sink `eventbridge`: `PutEvents`, the one call by which slmon writes anything in AWS. Who signs is given: this file posts
//! what is signed, and knows what an answer means. Source: the EventBridge API reference, `PutEvents` (10 entries a
//! request; 256 KB a request, which its user guide counts as source, detail type, detail, resources and 14 bytes of time;
//! `FailedEntryCount`).

use std::sync::Arc;

use futures::{FutureExt, future::BoxFuture};
use serde_json::{Value, json};

use super::{Post, Refused, Sink, event};
use crate::{
    domain::{account::Region, life::Notice, text::clean},
    store::Message,
};

/// Entries of a request at most.
const ENTRIES: usize = 10;
/// Bytes of a request's entries at most, with some room: names of buses and quoting are not counted by AWS.
const BYTES: usize = 240 << 10;
/// What the entries come from.
const SOURCE: &str = "slmon";

/// A request to EventBridge that is signed: where to, with which headers.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed {
    /// The address.
    pub url: String,
    /// The headers, with the signature.
    pub headers: Vec<(String, String)>,
}

/// Who signs requests to EventBridge.
pub trait Signer: Send + Sync {
    /// Signs `PutEvents` with this body in a region, by the credentials at hand or by those of a profile; or says why it can't.
    fn sign<'a>(
        &'a self,
        profile: Option<&'a str>,
        region: &'a Region,
        body: &'a str,
    ) -> BoxFuture<'a, Result<Signed, String>>;
}

pub(super) struct EventBridge {
    pub(super) post: Arc<Post>,
    pub(super) signer: Arc<dyn Signer>,
    pub(super) bus: String,
    pub(super) region: Region,
    pub(super) profile: Option<String>,
}

impl Sink for EventBridge {
    fn tell<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), Refused>> {
        async move {
            for entries in requests(&self.bus, message) {
                let body = json!({ "Entries": entries }).to_string();
                let signed = self.signer.sign(self.profile.as_deref(), &self.region, &body).await;
                let signed = signed.map_err(Refused::later)?;
                let answer = self.post.post_text(&signed.url, &signed.headers, body).await?;
                taken(answer.status, &answer.text)?;
            }
            Ok(())
        }
        .boxed()
    }
}

/// The entries of a message, a request each: one entry, or several where one would be too long.
fn requests(bus: &str, message: &Message) -> Vec<Vec<Value>> {
    let mut entries: Vec<(usize, Value)> = Vec::new();
    for part in parts(bus, message) {
        let entry = entry(bus, &part);
        entries.push((length(&entry), entry));
    }
    let mut requests: Vec<(usize, Vec<Value>)> = Vec::new();
    for (length, entry) in entries {
        match requests.last_mut() {
            Some((bytes, all)) if *bytes + length <= BYTES && all.len() < ENTRIES => {
                *bytes += length;
                all.push(entry);
            }
            _ => requests.push((length, vec![entry])),
        }
    }
    requests.into_iter().map(|(_, entries)| entries).collect()
}

/// A message, halved until each part is short enough; parts bear ids of their own, always the same.
fn parts(bus: &str, message: &Message) -> Vec<Message> {
    if message.notices.len() < 2 || length(&entry(bus, message)) <= BYTES {
        return vec![message.clone()];
    }
    let (first, second) = message.notices.split_at(message.notices.len() / 2);
    let part = |n: u8, notices: &[Notice]| Message {
        sink: message.sink.clone(),
        id: format!("{}/{n}", message.id),
        notices: notices.to_vec(),
    };
    [parts(bus, &part(1, first)), parts(bus, &part(2, second))].concat()
}

fn entry(bus: &str, message: &Message) -> Value {
    let event = event::cloud_event(message);
    let mut resources: Vec<&str> = message
        .notices
        .iter()
        .filter_map(|notice| notice.subject.arn.as_ref())
        .map(crate::domain::text::AwsText::raw)
        .collect();
    resources.dedup();
    let at = message.notices.iter().map(|notice| notice.step.at).max();
    json!({
        "Source": SOURCE,
        "DetailType": event["type"],
        "Detail": event.to_string(),
        "EventBusName": bus,
        "Resources": resources,
        "Time": at.map(crate::domain::window::Minute::epoch_seconds),
    })
}

/// Bytes of an entry as it is sent.
fn length(entry: &Value) -> usize {
    entry.to_string().len()
}

/// Whether all entries were taken; else why not. Only what the entries are at fault for is in vain: a permission, a bus and
/// credentials can be mended.
fn taken(status: u16, text: &str) -> Result<(), Refused> {
    let answer: Value = serde_json::from_str(text).unwrap_or(Value::Null);
    let word = |value: &Value| clean(value.as_str().unwrap_or_default()).into_owned();
    if status != 200 {
        let kind = word(&answer["__type"]);
        let kind = kind.rsplit('#').next().unwrap_or_default();
        let said = [word(&answer["message"]), word(&answer["Message"])].concat();
        let hint = if kind == "AccessDeniedException" { "; allow events:PutEvents (slmon policy events)" } else { "" };
        let why: String = format!("answered {status} {kind}: {said}").chars().take(240).collect();
        return Err(Refused { why: why + hint, is_final: kind == "ValidationException", after: None });
    }
    match answer["FailedEntryCount"].as_u64() {
        Some(0) => Ok(()),
        Some(failed) => {
            let entries = answer["Entries"].as_array().map(Vec::as_slice).unwrap_or_default();
            let first = entries.iter().find(|entry| entry["ErrorCode"].is_string());
            let code = first.map(|entry| word(&entry["ErrorCode"])).unwrap_or_default();
            let said = first.map(|entry| word(&entry["ErrorMessage"])).unwrap_or_default();
            let is_final = matches!(code.as_str(), "MalformedDetail" | "InvalidArgument");
            Err(Refused {
                why: format!("{failed} of {} entries failed: {code}: {said}", entries.len()),
                is_final,
                after: None,
            })
        }
        None => Err(Refused::later(format!("the answer is not one of EventBridge{}", super::said(text)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::window::Minute;

    fn message(notices: usize, reason: &str) -> Message {
        let mut message = event::sample("bus", Minute(29_700_000)).unwrap();
        let first = message.notices.remove(0);
        message.notices = (0..notices)
            .map(|n| {
                let mut notice = first.clone();
                notice.key.function = format!("f{n}").into();
                notice.step.reason = reason.into();
                notice.subject.arn = Some(format!("arn:f{n}").as_str().into());
                notice
            })
            .collect();
        message
    }

    #[test]
    fn a_message_is_an_entry_and_a_long_one_several_that_fit() {
        let one = requests("default", &message(1, "x"));
        assert_eq!((one.len(), one[0].len()), (1, 1));
        let entry = &one[0][0];
        assert_eq!((entry["Source"].as_str(), entry["EventBusName"].as_str()), (Some("slmon"), Some("default")));
        assert_eq!(
            (entry["DetailType"].as_str(), entry["Time"].as_i64()),
            (Some("slmon.alert.fired"), Some(29_700_000 * 60))
        );
        let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
        assert_eq!(detail, event::cloud_event(&message(1, "x")));
        let long = message(100, &"a\"\u{1b}".repeat(4000));
        let all = requests("default", &long);
        assert_eq!(all, requests("default", &long), "the same ids each time");
        let (mut ids, mut told) = (std::collections::BTreeSet::new(), 0);
        for entries in &all {
            assert!(entries.len() <= ENTRIES && json!(entries).to_string().len() <= 256 << 10);
            for entry in entries {
                let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
                assert!(ids.insert(detail["id"].as_str().unwrap().to_owned()));
                told += detail["data"]["alerts"].as_array().unwrap().len();
            }
        }
        assert_eq!(told, 100);
    }

    #[test]
    fn only_an_answer_without_a_failed_entry_is_a_yes() {
        assert_eq!(taken(200, r#"{"FailedEntryCount":0,"Entries":[{"EventId":"x"}]}"#), Ok(()));
        let said =
            |status, text: &str| taken(status, text).map_err(|refused| (refused.is_final, refused.why)).unwrap_err();
        let failed =
            r#"{"FailedEntryCount":1,"Entries":[{"EventId":"x"},{"ErrorCode":"InternalFailure","ErrorMessage":"no"}]}"#;
        assert_eq!(said(200, failed), (false, "1 of 2 entries failed: InternalFailure: no".into()));
        assert!(said(200, r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"MalformedDetail"}]}"#).0);
        let denied =
            said(400, r#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"User is not"}"#);
        assert!(!denied.0 && denied.1.contains("slmon policy events"), "{denied:?}");
        assert!(said(400, r#"{"__type":"ValidationException","message":"too long"}"#).0);
        assert!(!said(503, "busy").0 && !said(200, "<html>").0);
    }
}
