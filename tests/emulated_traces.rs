//! Traces in a third-party emulator, put there segment by segment and read back through the real binary. moto keeps
//! documents as they are; it knows no filter and draws no map, so the rest of X-Ray is held in `tests/wire`.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "in a test, that is how one fails")]

mod support;

use serde_json::{Value, json};
use support::{Estate, Slmon, estate, slmon};

/// Both accounts, or only that of the credentials.
fn run(estate: &Estate, both: bool, args: &[&str]) -> Slmon {
    let other = format!("[[accounts]]\nid = \"{}\"\nname = \"other\"\nrole = \"slmon\"\n", estate.account("other"));
    let other = if both { other } else { String::new() };
    let config = format!("regions = [\"{}\"]\n[[accounts]]\nname = \"home\"\n{other}", estate.region);
    slmon().estate(estate).config(&config).args(["--deadline", "50s"]).args(args)
}

fn names(trace: &Value) -> Vec<String> {
    let told = |span: &Value| {
        let marks = ["failing", "began"]
            .iter()
            .filter(|mark| span[**mark] == true)
            .fold(String::new(), |all, mark| all + " " + mark);
        format!("{} {}{marks}", span["name"].as_str().unwrap(), span["type"].as_str().unwrap_or("-"))
    };
    trace["spans"].as_array().unwrap().iter().map(told).collect()
}

#[test]
fn a_trace_is_joined_from_the_accounts_that_know_its_parts() {
    let (estate, id, unknown) = estate::traces();
    let told = run(&estate, true, &["trace", &id, "--format", "json"]).run().ended_with(0).json();
    assert_eq!(
        names(&told),
        [
            "checkout AWS::Lambda failing",
            "checkout AWS::Lambda::Function failing",
            "Lambda aws failing",
            "adapter AWS::Lambda failing",
            "adapter AWS::Lambda::Function failing began",
            "Initialization -",
            "audit AWS::Lambda",
        ]
    );
    assert_eq!((&told["id"], &told["cold_start"]), (&json!(id), &json!(true)));
    let began = &told["spans"][4];
    assert_eq!(began["account"], json!(estate.account("other")));
    let thrown = json!({ "type": "AcquirerUnavailable", "message": "no answer \u{1b}[2Jfor payment 4711",
        "stack": ["capture (/var/task/app.py:42)"] });
    assert_eq!(began["exceptions"], json!([thrown]));
    assert_eq!(told["spans"][1]["annotations"], json!({ "customer": "acme" }));
    let remarks = told["remarks"].to_string();
    assert!(remarks.contains("1 part was called from something that is not in the trace"), "{remarks}");

    let text = run(&estate, true, &["trace", &id]).run().ended_with(0).stdout;
    for part in ["AcquirerUnavailable: no answer", "at capture (/var/task/app.py:42)", "cold start", "2 accounts"] {
        assert!(text.contains(part), "{part:?} in\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "{text:?}");

    // The half that one account knows is told by itself, and its failure begins where it is last seen.
    let half = run(&estate, false, &["trace", &id, "--format", "json"]).run().ended_with(0).json();
    let known = ["checkout AWS::Lambda failing", "checkout AWS::Lambda::Function failing", "Lambda aws failing began"];
    assert_eq!(names(&half)[..3], known);
    assert_eq!(names(&half).len(), 4);

    let none = run(&estate, true, &["trace", &unknown]).run().ended_with(3);
    assert_eq!(none.stdout, "");
    assert!(none.stderr.contains(&format!("none of 2 targets knows trace {unknown}")), "{}", none.stderr);
}

#[test]
fn what_the_emulator_can_not_answer_is_said_and_the_rest_is_told() {
    let (estate, ..) = estate::traces();
    // moto answers 500 to each filter.
    let page = run(&estate, false, &["explain", "checkout", "--at", &estate.at]).run().ended_with(3);
    for part in ["5 of 10 failed (50.0 %)", "X-Ray can't be read (server)"] {
        assert!(page.stdout.contains(part), "{part:?} in\n{}", page.stdout);
    }
    let told = slmon().estate(&estate).args(["alert", "--explain", "--at", &estate.at, "--format", "json"]);
    let told = told.run().ended_with(1).json();
    let cause = told["alerts"][0]["cause"]["text"].as_str().unwrap_or_default();
    assert!(cause.contains("X-Ray can't be read (server)"), "{told:#}");
    let list = run(&estate, false, &["traces"]).run().ended_with(3);
    assert!(list.stdout.contains("none were found in this time") && list.stdout.contains("note"), "{}", list.stdout);
    // Its map is empty.
    let map = run(&estate, false, &["map", "checkout", "--format", "json"]).run().ended_with(3).json();
    assert_eq!((&map["services"], &map["calls"]), (&json!([]), &json!([])));
    assert!(map["remarks"][0].as_str().unwrap().contains("X-Ray knows no function checkout"), "{map:#}");
}
