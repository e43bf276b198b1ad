//! Logs against an emulator that really runs functions: read, searched, and followed where there is no live tail. (The
//! emulator's live tails bring what is put into a log, and not what its functions write: frames are tested on the wire.)

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "in a test, that is how one fails")]

mod support;

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use jiff::Timestamp;
use serde_json::{Value, json};
use slmon::{
    domain::{
        account::{Account, AccountId, Target},
        logs::LogGroup,
        roster::{Access, Base, Entry, Regions},
    },
    engine::lines::{Followed, Heard, follow},
    source::{Source, aws::Aws, limit::Limited},
};
use support::{Estate, PATIENCE, assert_valid, estate, microburst, ministack, slmon};
use tokio::sync::mpsc;

fn one() -> Estate {
    let tags = json!({ "monitor": "true", "stage": "prod" });
    estate::functions(ministack(), &json!([{ "name": "checkout", "tags": tags, "invoke": { "ok": 1, "fail": 2 } }]))
}

#[test]
fn lines_are_shown_and_searched() {
    let estate = one();
    let run = |args: &[&str], code| slmon().estate(&estate).args(args).run().ended_with(code).stdout;
    let shown = run(&["logs", "checkout", "--since", "1h", "--format", "json"], 0);
    let rows: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.iter().all(|row| row["log_group"] == "/aws/lambda/checkout" && row["function"] == "checkout"));
    assert!(rows.iter().any(|row| row["text"].as_str().unwrap().contains("asked to fail")), "{shown}");
    let counted = run(&["grep", "asked to (fail)", "--since", "1h", "--count-by", "$1", "--format", "json"], 0);
    let counts: Value = serde_json::from_str(&counted).unwrap();
    assert_eq!((&counts["by"][0]["key"], counts["count"].as_u64() >= Some(2)), (&json!("fail"), true), "{counts:#}");
    // Logs Insights finds the same.
    let counted =
        run(&["grep", "asked to (?:fail)", "--since", "1h", "--count", "--with", "insights", "--format", "json"], 0);
    let paid: Value = serde_json::from_str(&counted).unwrap();
    assert_valid("slmon.grep-1", &paid);
    assert_eq!((&paid["count"], &paid["read_by"]["insights"]), (&counts["count"], &json!(1)), "{paid:#}");
    run(&["grep", "this is nowhere", "--since", "1h"], 1);
    run(&["grep", "(", "--since", "1h"], 2);
}

/// Follows what a function writes, and returns the first remarks and events until it has failed once more.
async fn followed(estate: &Estate, endpoint: &str) -> (Vec<String>, Vec<String>) {
    let keys = &estate.credentials;
    let keys = Credentials::new(&keys.access_key_id, &keys.secret_access_key, keys.session_token.clone(), None, "test");
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(estate.region.clone()))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .build();
    let source = Arc::new(Limited::new(Aws::preset(Base::Default, &sdk)));
    let id = AccountId::parse(&estate.functions[0].account).unwrap();
    let account = Arc::new(Account { id, name: None, client: None });
    let region = slmon::domain::account::Region::parse(&estate.region).unwrap();
    let regions = Regions::These(vec![region.clone()]);
    source.enter(&Entry { account: account.clone(), access: Access::default(), regions }).await.unwrap();
    let function = "checkout".into();
    let group = LogGroup::of(&function, None);
    let places = Arc::new(vec![Followed { target: Target { account, region }, function, group }]);
    let (send, mut heard) = mpsc::channel(64);
    #[expect(clippy::disallowed_methods, reason = "functions really run")]
    tokio::spawn(follow(source, places, None, Arc::new(Timestamp::now), send));
    let (mut remarks, mut lines) = (Vec::new(), Vec::new());
    let waiting = async {
        let mut again = tokio::time::interval(std::time::Duration::from_secs(2));
        loop {
            tokio::select! {
                // What is written before a live tail has begun is not heard: so it fails until it is.
                _ = again.tick() => {
                    let estate = estate.clone();
                    tokio::task::spawn_blocking(move || estate.invoke("checkout", 0, 1)).await.unwrap();
                }
                said = heard.recv() => match said.unwrap() {
                    Heard::Remark(remark) | Heard::Polls(remark) => remarks.push(remark),
                    Heard::Events(events) => {
                        lines.extend(events.into_iter().map(|(_, event)| event.text.raw().to_owned()));
                        if lines.iter().any(|line| line.contains("asked to fail")) {
                            return;
                        }
                    }
                },
            }
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("nothing was heard"));
    (remarks, lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_live_tail_it_is_asked_for_again_and_again() {
    let (estate, proxy) = tokio::task::spawn_blocking(|| {
        let proxy = microburst();
        let denied =
            json!([{ "service": "logs", "operation": "StartLiveTail", "error": { "code": "AccessDeniedException" } }]);
        proxy.faults(&denied);
        (one(), proxy)
    })
    .await
    .unwrap();
    let (remarks, _) = followed(&estate, proxy.url()).await;
    assert!(remarks[0].starts_with("no live tail"), "{remarks:?}");
}
