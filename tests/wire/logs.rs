//! Logs on the wire: tokens, empty pages, what is refused, and the frames of a live tail.

use std::{sync::Arc, time::Duration};

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde_json::{Value, json};
use slmon::{
    domain::{
        account::{Account, Target},
        failure::{Failure, Kind},
        logs::{LogEvent, LogPage, LogRequest},
        roster::{Access, Base, Entry, Regions, Role},
        text::AwsText,
    },
    source::{Source, aws::Aws, limit::Limited},
};

use super::{
    fake::{Asked, Fake, Reply},
    id, region, session,
};

fn request(pattern: Option<&str>) -> LogRequest {
    let at = |second| Timestamp::from_second(second).unwrap();
    LogRequest {
        group: "/shop/pay".into(),
        start: at(100),
        end: at(200),
        pattern: pattern.map(Into::into),
        stream: None,
    }
}

pub(crate) async fn entered(fake: &Fake) -> (Limited<Aws>, Target) {
    let source = Limited::new(Aws::preset(Base::Default, &fake.sdk()));
    let account = Arc::new(Account { id: id("111122223333"), name: None, client: None });
    let role = Some(Role { name: "slmon".into(), external_id: None });
    let regions = Regions::These(vec![region("eu-west-1")]);
    let entry = Entry { account: account.clone(), access: Access { base: Base::Default, role }, regions };
    source.enter(&entry).await.unwrap();
    (source, Target { account, region: region("eu-west-1") })
}

/// A source that answers everything but entering with this.
pub(crate) fn answering(answer: impl Fn(&Asked, &Value) -> Reply + Send + Sync + 'static) -> Fake {
    Fake::new(move |asked| match asked.operation.as_str() {
        "AssumeRole" => session("ASIAONE"),
        _ => answer(asked, &serde_json::from_str(&asked.body).unwrap()),
    })
}

async fn all(fake: &Fake, request: &LogRequest) -> Result<Vec<Vec<LogEvent>>, Failure> {
    let (source, target) = entered(fake).await;
    let pages: Vec<Vec<LogPage>> = source.events(&target, request).try_collect().await?;
    let last: Vec<bool> = pages.iter().flatten().map(|page| page.last).collect();
    assert!(last.split_last().is_some_and(|(last, rest)| *last && !rest.contains(&true)), "{last:?}");
    Ok(pages.into_iter().flatten().map(|page| page.events).collect())
}

pub(crate) fn page(texts: &[&str], token: Option<&str>) -> Reply {
    let events: Vec<_> = texts
        .iter()
        .map(|text| json!({"eventId": "1", "timestamp": 150_000, "message": text, "logStreamName": "2026/11/23/[$LATEST]0"}))
        .collect();
    Reply::Json(200, json!({"events": events, "nextToken": token, "searchedLogStreams": []}).to_string())
}

#[tokio::test]
async fn an_empty_page_with_a_token_is_not_the_last_one() {
    let fake = answering(|_, body| match body["nextToken"].as_str() {
        None => page(&[], Some("1")),
        Some("1") => page(&["one\u{1b}[2J"], Some("2")),
        _ => page(&["two"], None),
    });
    let pages = all(&fake, &request(Some("\"x\""))).await.unwrap();
    let counts: Vec<usize> = pages.iter().map(Vec::len).collect();
    assert_eq!(counts, [0, 1, 1]);
    assert_eq!(pages[1][0].text.raw(), "one\u{1b}[2J");
    assert_eq!(pages[1][0].at, Timestamp::from_second(150).unwrap());
    let asked: Value = serde_json::from_str(&fake.asked().last().unwrap().body).unwrap();
    assert_eq!((&asked["logGroupName"], &asked["filterPattern"]), (&json!("/shop/pay"), &json!("\"x\"")));
    assert_eq!((&asked["startTime"], &asked["endTime"]), (&json!(100_000), &json!(200_000)));
}

#[tokio::test]
async fn a_token_that_repeats_is_an_error_and_no_endless_answer() {
    let fake = answering(|_, _| page(&["again"], Some("same")));
    assert_eq!(all(&fake, &request(None)).await.unwrap_err().kind, Kind::Malformed);
}

#[tokio::test]
async fn what_is_denied_throttled_or_gone_is_told_apart() {
    for (code, kind) in [
        ("AccessDeniedException", Kind::Denied),
        ("ThrottlingException", Kind::Throttled),
        ("ResourceNotFoundException", Kind::Other),
    ] {
        let fake = answering(move |_, _| Reply::Json(400, json!({"__type": code, "message": "said"}).to_string()));
        let failure = all(&fake, &request(None)).await.unwrap_err();
        assert_eq!((failure.kind, failure.operation), (kind, "logs:FilterLogEvents"), "{code}");
        assert!(failure.message.raw().starts_with(code) || kind != Kind::Other);
    }
}

/// A frame of an event stream.
fn frame(kind: (&str, &str), payload: &Value, into: &mut Vec<u8>) {
    let header = |name: &str, value: &str| Header::new(name.to_owned(), HeaderValue::String(value.to_owned().into()));
    let name = if kind.0 == "exception" { ":exception-type" } else { ":event-type" };
    let message = Message::new(payload.to_string())
        .add_header(header(":message-type", kind.0))
        .add_header(header(name, kind.1))
        .add_header(header(":content-type", "application/json"));
    write_message_to(&message, into).unwrap();
}

fn update(texts: &[&str], sampled: bool, into: &mut Vec<u8>) {
    let results: Vec<_> = texts
        .iter()
        .map(|text| json!({"logGroupIdentifier": "111122223333:/shop/pay", "logStreamName": "s", "message": text, "timestamp": 150_000, "ingestionTime": 150_100}))
        .collect();
    let payload = json!({"sessionMetadata": {"sampled": sampled}, "sessionResults": results});
    frame(("event", "sessionUpdate"), &payload, into);
}

#[tokio::test]
async fn frames_become_events_and_what_ends_a_session_is_told() {
    let mut frames = Vec::new();
    frame(("event", "initial-response"), &json!({}), &mut frames);
    frame(("event", "sessionStart"), &json!({"sessionId": "1", "logGroupIdentifiers": []}), &mut frames);
    update(&["one", "two"], false, &mut frames);
    update(&[], false, &mut frames);
    update(&["three"], true, &mut frames);
    frame(("exception", "SessionTimeoutException"), &json!({"message": "Session has timed out."}), &mut frames);
    let fake = answering(move |_, _| Reply::Frames(frames.clone()));
    let (source, target) = entered(&fake).await;
    let groups = [AwsText::from("/shop/pay")];
    let tail = source.tail(&target, &groups, Some("x")).await.unwrap();
    let said: Vec<_> = tail.collect().await;
    let texts: Vec<Vec<&str>> =
        said.iter().flatten().map(|tailed| tailed.events.iter().map(|(_, event)| event.text.raw()).collect()).collect();
    assert_eq!(texts, [vec![], vec!["one", "two"], vec![], vec!["three"]]);
    let sampled: Vec<bool> = said.iter().flatten().map(|tailed| tailed.sampled).collect();
    assert_eq!(sampled, [false, false, false, true]);
    assert_eq!(said[1].as_ref().unwrap().events[0].0.raw(), "/shop/pay");
    let failure = said.last().unwrap().as_ref().unwrap_err();
    assert!(failure.message.raw().starts_with("SessionTimeoutException"), "{failure:?}");
    let asked = fake.asked().into_iter().find(|asked| asked.operation == "StartLiveTail").unwrap();
    assert!(asked.host.starts_with("stream-logs.eu-west-1."), "{}", asked.host);
    assert!(asked.body.contains("arn:aws:logs:eu-west-1:111122223333:log-group:/shop/pay"), "{}", asked.body);
}

#[tokio::test]
async fn a_frame_that_is_garbled_ends_the_tail_with_a_failure() {
    let mut frames = Vec::new();
    update(&["one"], false, &mut frames);
    let end = frames.len();
    update(&["two"], false, &mut frames);
    frames[end + 40] ^= 0xff;
    let fake = answering(move |_, _| Reply::Frames(frames.clone()));
    let (source, target) = entered(&fake).await;
    let groups = [AwsText::from("/shop/pay")];
    let said: Vec<_> = source.tail(&target, &groups, None).await.unwrap().collect().await;
    assert!(said[0].is_ok() && said.len() == 2, "{said:?}");
    assert!(said[1].is_err());
}

#[tokio::test]
async fn a_tail_that_is_refused_says_so_at_once() {
    let denied = json!({"__type": "AccessDeniedException", "message": "no"}).to_string();
    let fake = answering(move |_, _| Reply::Json(400, denied.clone()));
    let (source, target) = entered(&fake).await;
    let groups = [AwsText::from("/shop/pay")];
    let refused = tokio::time::timeout(Duration::from_secs(20), source.tail(&target, &groups, None)).await.unwrap();
    assert_eq!(refused.err().map(|failure| failure.kind), Some(Kind::Denied));
}

#[tokio::test]
async fn a_line_of_256_kib_is_whole_and_half_a_character_loses_no_page() {
    let long = "y".repeat(256 * 1024);
    let told = long.clone();
    let fake = answering(move |_, _| page(&[&told, "b\u{0}c\u{9b}31m"], None));
    let pages = all(&fake, &request(None)).await.unwrap();
    assert_eq!(pages[0][0].text.raw(), long);
    assert_eq!(pages[0][1].text.shown(), "b\u{fffd}c\u{fffd}31m");
    // Half of a character, as JSON can write it: what can't be understood is said, and ends.
    let body = r#"{"events":[{"timestamp":150000,"message":"\ud800","logStreamName":"s"}]}"#;
    let fake = answering(move |_, _| Reply::Json(200, body.into()));
    assert_eq!(all(&fake, &request(None)).await.unwrap_err().kind, Kind::Malformed);
}

#[tokio::test]
async fn a_tail_whose_stream_is_cut_brings_what_came_and_a_failure() {
    let mut frames = Vec::new();
    let long = "z".repeat(256 * 1024);
    update(&[&long], false, &mut frames);
    update(&["two"], false, &mut frames);
    frames.truncate(frames.len() - 10);
    let fake = answering(move |_, _| Reply::Frames(frames.clone()));
    let (source, target) = entered(&fake).await;
    let groups = [AwsText::from("/shop/pay")];
    let said: Vec<_> = source.tail(&target, &groups, None).await.unwrap().collect().await;
    assert_eq!(said[0].as_ref().unwrap().events[0].1.text.raw(), long);
    assert!(said.len() == 2 && said[1].is_err(), "{said:?}");
    // A minute has begun, and is billed.
    assert_eq!(source.usage().tailed, 1);
}
