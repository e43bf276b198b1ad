//! Telling an event bus, against emulators of EventBridge: what is signed and posted here is taken there.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "in a test, that is how one fails")]

mod support;

use serde_json::{Value, json};
use support::{ministack, moto, random_account, seed, slmon};

const CONFIG: &str = "[[notify]]\nname = \"bus\"\nkind = \"eventbridge\"\nregion = \"eu-west-1\"\n";

#[test]
fn an_event_bus_takes_the_test() {
    for emulator in [moto(), ministack()] {
        let run = slmon().endpoint(emulator).region("eu-west-1").account("111122223333").config(CONFIG);
        let output = run.args(["notify", "test"]).run().ended_with(0);
        assert_eq!(output.stdout, "bus  eventbridge  has taken the test, and that it is over\n");
    }
}

/// What is put on the bus goes by a rule, as somebody would write it, to a queue.
#[test]
fn a_rule_brings_what_is_told_to_its_target() {
    let (emulator, account) = (ministack(), random_account());
    let at = |more: Value| {
        let mut all = json!({ "endpoint": emulator.url(), "account": account, "region": "eu-west-1" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let pattern = json!({
        "source": ["slmon"],
        "detail-type": ["slmon.alert.fired"],
        "detail": { "data": { "alerts": { "severity": ["warning"] } } },
    });
    let rule = seed("subscribe", &at(json!({ "pattern": pattern })));
    assert_eq!(rule["failed"], 0);
    let run = slmon().endpoint(emulator).region("eu-west-1").account(&account).config(CONFIG);
    run.args(["notify", "test"]).run().ended_with(0);
    let got = seed("received", &at(json!({ "queue": rule["queue"], "count": 1 })));
    let event = &got[0];
    assert_eq!((&event["source"], &event["detail-type"]), (&"slmon".into(), &"slmon.alert.fired".into()), "{got}");
    assert_eq!((&event["account"], &event["region"]), (&account.as_str().into(), &"eu-west-1".into()));
    assert_eq!(event["detail"]["data"]["schema"], "slmon.notice/1");
    assert_eq!(event["detail"]["type"], event["detail-type"]);
    let left = seed("received", &at(json!({ "queue": rule["queue"], "count": 9 })));
    let again = left.as_array().unwrap().iter().all(|other| other["detail"]["id"] == event["detail"]["id"]);
    assert!(again, "that it is over is not asked for: {left}");
}

#[test]
fn nobody_there_is_said() {
    let run =
        slmon().env("AWS_ENDPOINT_URL_EVENTBRIDGE", "http://127.0.0.1:1").region("eu-west-1").account("111122223333");
    let output = run.config(CONFIG).args(["notify", "test"]).run().ended_with(1);
    assert!(output.stdout.contains("no connection"), "{}", output.stdout);
    let none =
        slmon().region("eu-west-1").env("AWS_EC2_METADATA_DISABLED", "true").config(CONFIG).args(["notify", "test"]);
    let output = none.run().ended_with(1);
    assert!(output.stdout.contains("credentials"), "{}", output.stdout);
}
