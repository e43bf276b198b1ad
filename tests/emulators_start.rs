//! The emulators start, take an estate, and tell it back: the harness works before anything of slmon does.

mod support;

use serde_json::{Value, json};
use support::{Emulator, Kind, estate, microburst, ministack, random_account, slmon};

/// Asserts an answer's pages and items.
#[track_caller]
fn assert_listed(told: &Value, pages: usize, items: usize) {
    let listed = told["items"].as_array().map(Vec::len);
    assert_eq!((told["pages"].as_u64(), listed), (Some(pages as u64), Some(items)), "pages and items of {told}");
}

#[test]
fn accounts_are_12_digits_and_no_two_are_the_same() {
    let ids: std::collections::BTreeSet<String> = (0..1000).map(|_| random_account()).collect();
    assert_eq!(ids.len(), 1000);
    assert!(ids.iter().all(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())), "{ids:?}");
}

#[test]
fn ministack_runs_functions_and_counts_what_happened() {
    let wanted = json!([{ "name": "checkout", "tags": { "monitor": "true" }, "invoke": { "ok": 2, "fail": 1 } }]);
    let made = estate::functions(ministack(), &wanted);
    let told = made.read(None);
    assert_eq!(told["account"], json!(made.functions[0].account));
    assert_listed(&told["tagged"], 1, 1);
    assert_eq!(told["sums"]["checkout"], json!({ "Invocations": 3.0, "Errors": 1.0, "Throttles": 0.0 }));
}

#[test]
fn ministack_keeps_the_past_that_it_is_given() {
    let past = json!([{ "before": 3, "Invocations": 9, "Errors": 2 }, { "before": 16, "Invocations": 1 }]);
    let made = estate::functions(ministack(), &json!([{ "name": "checkout", "metrics": past }]));
    let told = made.read(None);
    assert_eq!(told["sums"]["checkout"], json!({ "Invocations": 9.0, "Errors": 2.0 }), "the 15 minutes before `at`");
    assert_listed(&told["tagged"], 1, 0);
}

#[test]
fn iam_is_enforced_in_the_organization() {
    let estate = estate::organization();
    let as_in = |account: &str| estate.read(Some((&estate.role_in(account), &estate.external_id)));
    let denied = json!({ "error": "AccessDeniedException" });

    let own = estate.read(None);
    assert_eq!(own["account"], json!(estate.account("management")));
    assert_listed(&own["accounts"], 1, 7);
    assert_listed(&own["functions"], 1, 1);
    let closed = own["accounts"]["items"].as_array().and_then(|all| all.iter().find(|one| one["Name"] == "closed"));
    assert_eq!(closed.map(|account| &account["Status"]), Some(&json!("SUSPENDED")));

    let shop = as_in("shop");
    assert_eq!(shop["account"], json!(estate.account("shop")));
    assert_eq!(shop["accounts"], denied, "a member lists no accounts");
    assert_listed(&shop["tagged"], 1, 6);
    assert_listed(&shop["functions"], 1, 7);
    assert!(shop["regions"]["items"].as_array().is_some_and(|regions| regions.len() > 10), "{}", shop["regions"]);
    assert_eq!(shop["sums"]["checkout-api"], json!({ "Invocations": 6.0, "Errors": 4.0, "Throttles": 0.0 }));
    assert_eq!(shop["sums"]["reports-idle"], json!({}));

    assert_eq!(as_in("blind")["tagged"], denied);
    assert_listed(&as_in("blind")["functions"], 1, 1);
    assert_eq!(as_in("unmeasured")["sums"], denied, "also in the protocol that the Rust SDK speaks");
    for account in ["stranger", "bare", "closed"] {
        assert_eq!(as_in(account), json!({ "assume": { "error": "AccessDenied" } }), "{account}");
    }
}

#[test]
fn moto_answers_in_pages() {
    let estate = estate::paging();
    assert_eq!((estate.accounts.len(), estate.functions.len()), (25, 160));
    let told = estate.read(None);
    assert_eq!(told["account"], json!(estate.account("management")));
    assert_listed(&told["accounts"], 2, 25);
    assert_listed(&told["tagged"], 5, 160);
    assert_listed(&told["functions"], 1, 160);
    assert_eq!(told["sums"]["paged-040"], json!({ "Invocations": 20.0, "Errors": 5.0 }));
    assert_eq!(told["sums"]["paged-041"], json!({ "Invocations": 20.0, "Errors": 0.0 }));

    let elsewhere = format!("arn:aws:iam::{}:role/{}", estate.account("member-07"), estate.role);
    let told = estate.read(Some((&elsewhere, &estate.external_id)));
    assert_eq!(told["account"], json!(estate.account("member-07")));
    assert_listed(&told["functions"], 1, 0);
}

#[test]
fn microburst_throttles_twice_delays_and_resets() {
    let proxy = microburst();
    let wanted = json!([{ "name": "checkout", "metrics": [{ "before": 3, "Errors": 2 }] }]);
    let made = estate::functions(ministack(), &wanted).through(&proxy);
    let sums = json!({ "checkout": { "Errors": 2.0 } });
    assert_eq!(made.read(None)["sums"], sums, "without a rule everything passes");

    let twice =
        json!({ "service": "cloudwatch", "operation": "GetMetricData", "times": 2, "error": { "code": "Throttling" } });
    proxy.faults(&json!([twice]));
    let told = [0, 1, 2].map(|_| made.read(None)["sums"].clone());
    assert_eq!(told, [json!({ "error": "Throttling" }), json!({ "error": "Throttling" }), sums]);
    let fired: Vec<Value> = proxy.fired().iter().map(|event| event["operation"].clone()).collect();
    assert_eq!(fired, ["GetMetricData", "GetMetricData"]);

    let slow = json!({ "service": "resourcegroupstaggingapi", "latency": { "min": 50, "max": 50 } });
    proxy.faults(&json!([slow, { "service": "lambda", "reset": true }]));
    let told = made.read(None);
    assert_listed(&told["tagged"], 1, 0);
    assert_eq!(told["functions"], json!({ "error": "ConnectionClosedError" }));
    let actions: Vec<Value> = proxy.fired()[2..].iter().map(|event| event["action"].clone()).collect();
    assert_eq!(actions, ["latency:50ms", "reset"]);
}

#[test]
fn an_emulator_ends_when_it_is_dropped() {
    let emulator = Emulator::start(Kind::Moto, &[]);
    let address = emulator.url().trim_start_matches("http://").to_owned();
    assert!(std::net::TcpStream::connect(&address).is_ok(), "it listens");
    drop(emulator);
    assert!(std::net::TcpStream::connect(&address).is_err(), "nobody listens any more");
}

#[test]
fn the_binary_runs_with_and_without_a_terminal() {
    slmon().args(["--help"]).run().ended_with(0);
    let (code, screen) = slmon().args(["--help"]).terminal(24, 80).finish();
    assert_eq!(code, 0, "{screen}");
}
