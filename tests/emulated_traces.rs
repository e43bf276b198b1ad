//! Traces in moto, a third party's X-Ray: what was put there comes back through the program, and what moto can't do is
//! said. It knows no filter (500) and draws no map; what these bring is held on the wire (`tests/wire`).

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "in a test, that is how one fails")]

mod support;

use serde_json::{Value, json};
use support::{Estate, Silent, Slmon, assert_valid, estate, minutes_ago, moto, slmon};

/// One production function that failed in 4 of 10, in an account of its own.
fn failing() -> Estate {
    let past = json!([{ "before": 5, "Invocations": 10, "Errors": 4 }]);
    let tags = json!({ "monitor": "true", "stage": "prod" });
    estate::functions(moto(), &json!([{ "name": "pay", "tags": tags, "metrics": past }]))
}

fn account(estate: &Estate) -> &str {
    &estate.functions[0].account
}

/// The second at which the traces begin.
fn began() -> i64 {
    minutes_ago(2).parse::<jiff::Timestamp>().unwrap().as_second()
}

fn id(second: i64, number: u64) -> String {
    format!("1-{second:08x}-{number:024x}")
}

/// A segment of half a second, with what it has beside that.
fn segment(trace: &str, id: &str, name: &str, more: &Value) -> Value {
    let start = i64::from_str_radix(trace.split('-').nth(1).unwrap(), 16).unwrap();
    let mut segment = json!({"id": id, "trace_id": trace, "name": name, "start_time": start,
        "end_time": start + 1});
    segment.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    segment
}

/// The API, and the function behind it: its two nodes, and what was thrown.
fn told(trace: &str) -> (Value, Vec<Value>) {
    let api = segment(
        trace,
        "a000000000000001",
        "shop-api/prod",
        &json!({"origin": "AWS::ApiGateway::Stage", "fault": true,
        "http": {"request": {"method": "POST", "url": "https://api.example/pay"}, "response": {"status": 502}}}),
    );
    let lambda = segment(
        trace,
        "a000000000000002",
        "pay",
        &json!({"origin": "AWS::Lambda", "parent_id": "a000000000000001", "fault": true}),
    );
    let start = lambda["start_time"].clone();
    let code = segment(
        trace,
        "a000000000000003",
        "pay",
        &json!({"origin": "AWS::Lambda::Function",
        "parent_id": "a000000000000002", "fault": true, "annotations": {"order": 7},
        "cause": {"exceptions": [{"id": "b000000000000001", "type": "KeyError", "message": "order \u{1b}[2J7",
            "stack": [{"path": "app.py", "line": 12, "label": "handler"}]}]},
        "subsegments": [{"id": "a000000000000004", "name": "DynamoDB", "namespace": "aws", "start_time": start,
            "end_time": start, "aws": {"operation": "GetItem", "table_name": "orders"}}]}),
    );
    (api, vec![lambda, code])
}

fn spans(trace: &Value) -> Vec<String> {
    let spans = trace["spans"].as_array().unwrap().iter();
    spans.map(|span| format!("{} {}", span["name"].as_str().unwrap(), span["type"].as_str().unwrap_or("-"))).collect()
}

#[test]
fn a_trace_that_was_put_there_comes_back_whole() {
    let (estate, trace) = (failing(), id(began(), 1));
    let (api, function) = told(&trace);
    estate.trace(&json!([api, function[0], function[1]]));
    let run = || slmon().estate(&estate).args(["trace", &trace]);
    let json = run().args(["--format", "json"]).run().ended_with(0).json();
    assert_valid("slmon.trace-1", &json);
    let expected =
        ["shop-api/prod AWS::ApiGateway::Stage", "pay AWS::Lambda", "pay AWS::Lambda::Function", "DynamoDB aws"];
    assert_eq!(spans(&json), expected);
    let code = &json["spans"][2];
    assert_eq!((&code["began"], &code["annotations"]["order"]), (&json!(true), &json!("7")));
    assert_eq!(code["exceptions"][0]["message"], "order \u{1b}[2J7");
    let text = run().run().ended_with(0).stdout;
    for part in ["KeyError: order", "app.py:12", "DynamoDB GetItem orders", "3 parts failed"] {
        assert!(text.contains(part), "{part:?} in:\n{text}");
    }
    assert!(!text.contains('\x1b'), "{text}");

    let stranger = failing();
    let none = slmon().estate(&stranger).args(["trace", &trace]).run().ended_with(3);
    assert!(none.stderr.contains("none of 1 targets knows trace"), "{}", none.stderr);
}

#[test]
fn what_two_accounts_know_of_a_trace_is_joined_over_their_roles() {
    let (front, back, trace) = (failing(), failing(), id(began(), 2));
    let (api, function) = told(&trace);
    front.trace(&json!([api]));
    back.trace(&json!([function[0], function[1]]));
    // Roles need not exist in moto.
    let one = |estate: &Estate| format!("[[accounts]]\nid = \"{}\"\nrole = \"slmon\"\n", account(estate));
    let run = |config: &str| {
        let run = slmon().estate(&front).config(&format!("regions = [\"{}\"]\n{config}", front.region));
        run.args(["trace", &trace, "--format", "json"]).run().ended_with(0).json()
    };
    let whole = run(&(one(&front) + &one(&back)));
    assert_eq!((spans(&whole).len(), &whole["remarks"]), (4, &json!([])));
    let part = run(&one(&back));
    assert_eq!(spans(&part).len(), 3);
    assert!(part["remarks"].to_string().contains("is not in the trace"), "{}", part["remarks"]);
}

/// Runs where moto can't answer: it refuses every filter with a 500.
fn unanswered(estate: &Estate, args: &[&str]) -> Slmon {
    slmon().estate(estate).args(args)
}

#[test]
fn what_moto_can_not_answer_is_said_and_the_verdict_stands() {
    let estate = failing();
    let plain = unanswered(&estate, &["alert", "--at", &estate.at, "--format", "json"]).run().ended_with(1).json();
    let explained = unanswered(&estate, &["alert", "--explain", "--at", &estate.at, "--format", "json"]);
    let explained = explained.run().ended_with(1).json();
    assert_valid("slmon.alert-1", &explained);
    for key in ["status", "exit_code", "verdicts", "coverage"] {
        assert_eq!(plain[key], explained[key], "{key}");
    }
    let cause = &explained["alerts"][0]["cause"];
    assert!(cause["failing"].is_null(), "{cause}");
    assert!(cause["text"].as_str().unwrap().starts_with("X-Ray can't be read (server)"), "{cause}");

    let page = unanswered(&estate, &["explain", "pay", "--at", &estate.at, "--format", "json"]).run().ended_with(3);
    let page = page.json();
    assert_valid("slmon.explain-1", &page);
    assert_eq!(page["functions"][0]["alerts"][0]["check"], "errors", "metrics tell what they know");
    assert!(page["functions"][0]["traces"]["remarks"][0].as_str().unwrap().contains("(server)"), "{page:#}");
    let list = unanswered(&estate, &["traces", "--format", "json"]).run().ended_with(3).json();
    assert_valid("slmon.traces-1", &list);
    assert_eq!((list["traces"].as_array().unwrap().len(), list["remarks"].as_array().unwrap().len()), (0, 1), "{list}");
}

/// An estate whose X-Ray takes connections and says nothing.
fn mute(estate: &Estate, silent: &Silent, args: &[&str]) -> Slmon {
    let run = slmon().estate(estate).env("AWS_ENDPOINT_URL_XRAY", silent.url());
    run.args(args).args(["alert", "--explain", "--at", &estate.at, "--format", "json"])
}

#[test]
fn interrupted_while_traces_are_read_it_reports_what_fires() {
    let (estate, silent) = (failing(), Silent::start());
    let running = mute(&estate, &silent, &[]).start();
    let _connection = silent.wait_for_somebody();
    running.signal("INT");
    let report = running.finish().ended_with(130).json();
    assert_valid("slmon.alert-1", &report);
    assert_eq!((&report["exit_code"], &report["alerts"][0]["check"]), (&json!(130), &json!("errors")));
    assert!(report["alerts"][0]["cause"].is_null());
}

#[test]
fn an_xray_that_is_mute_takes_no_longer_than_the_deadline_and_changes_nothing() {
    let (estate, silent) = (failing(), Silent::start());
    let report = mute(&estate, &silent, &["--deadline", "5s"]).run().ended_with(1).json();
    assert_eq!((&report["status"], &report["coverage"]["unseen"]), (&json!("firing"), &json!([])));
    let text = report["alerts"][0]["cause"]["text"].as_str().unwrap();
    assert!(text.contains("time") || text.contains("deadline"), "{text}");
    assert!(silent.was_asked());
}

#[test]
fn a_map_without_anything_says_so() {
    let estate = failing();
    let all = unanswered(&estate, &["map", "--all", "--format", "json"]).run().ended_with(0).json();
    assert_valid("slmon.map-1", &all);
    assert_eq!(all["calls"], json!([]));
    let one = unanswered(&estate, &["map", "pay"]).run().ended_with(3);
    assert!(one.stdout.contains("X-Ray knows no function pay"), "{}", one.stdout);
}
