//! `slmon ack`, `slmon mute` and `slmon mutes`, run: what is said, kept, shared and refused.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "in a test, that is how one fails")]

mod support;

use std::path::Path;

use support::{Slmon, schema::assert_valid, slmon};

const KEY: &str = "111122223333:eu-west-1:checkout-api";

fn run(state: &Path, args: &[&str]) -> Slmon {
    slmon().env("XDG_STATE_HOME", state).env("USER", "ann").region("eu-west-1").args(args)
}

#[test]
fn what_is_muted_is_listed_with_who_and_why_and_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| run(folder.path(), args);
    let empty = run(&["mutes"]).run().ended_with(0);
    assert!(empty.stdout.contains("nothing is acknowledged or muted here"), "{}", empty.stdout);
    let muted = run(&["mute", KEY, "--for", "2h", "--reason", "replaced\u{1b}[2J"]).run().ended_with(0);
    assert!(
        muted.stdout.starts_with("checkout-api is muted until ") && !muted.stdout.contains('\u{1b}'),
        "{}",
        muted.stdout
    );
    // From now on its name is known.
    let by_name = run(&["mute", "checkout-api", "--check", "throttles", "--until", "2999-01-01", "--format", "json"]);
    let json = by_name.run().ended_with(0).json();
    assert_valid("slmon.mutes-1", &json);
    assert_eq!(json["mutes"].as_array().unwrap().len(), 2);
    let list = run(&["mutes", "--format", "json"]).run().ended_with(0).json();
    assert_valid("slmon.mutes-1", &list);
    assert_eq!((&list["mutes"][0]["by"], &list["mutes"][1]["check"]), (&"ann".into(), &"throttles".into()));
    let text = run(&["mutes"]).run().ended_with(0).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("WHAT") && lines[0].ends_with("UNTIL (UTC)       BY"), "{text}");
    assert!(lines.iter().any(|line| line.contains("2999-01-01 00:00") && line.ends_with("ann")), "{text}");
    assert!(text.contains(&format!("{KEY}:throttles  2999")) && text.contains("replaced"), "{text}");
    // Who says it again hears whom they replace, and how it is taken back.
    let again = run(&["mute", KEY, "--for", "3h"]).env("USER", "bob").run().ended_with(0).stdout;
    assert!(
        again.contains(", instead of ann's since ") && again.contains(&format!("`slmon mute {KEY} --undo`")),
        "{again}"
    );
    let back = run(&["mute", KEY, "--undo"]).run().ended_with(0);
    assert_eq!(back.stdout, "checkout-api is muted no longer\n");
    let again = run(&["mute", KEY, "--undo"]).run().ended_with(1);
    assert!(again.stdout.contains("is not muted here"), "{}", again.stdout);
    assert_eq!(run(&["mutes", "--format", "json"]).run().ended_with(0).json()["mutes"], serde_json::json!([]));
}

#[test]
fn somebody_did_it_even_where_no_variable_says_who() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["mute", KEY, "--for", "2h"]).env("USER", "").run().ended_with(0);
    let list = run(folder.path(), &["mutes", "--format", "json"]).run().ended_with(0).json();
    assert!(list["mutes"][0]["by"].as_str().unwrap().starts_with("uid "), "{list}");
    assert!(list["mutes"][0]["at"].is_string(), "{list}");
}

#[test]
fn there_is_nothing_to_know_of_what_does_not_fire() {
    let folder = tempfile::tempdir().unwrap();
    let none = run(folder.path(), &["ack", KEY]).run().ended_with(1);
    assert!(none.stdout.contains("no alert of it is open"), "{}", none.stdout);
    let json = run(folder.path(), &["ack", KEY, "--format", "json"]).run().ended_with(1).json();
    assert_valid("slmon.mutes-1", &json);
}

#[test]
fn what_an_edit_mends_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |args: &[&str]| run(folder.path(), args).run().ended_with(2).stderr;
    let endless = refused(&["mute", KEY]);
    let ways = ["--for 2h", "--until 2026-12-01", "--undo", "slmon ack"];
    assert!(ways.iter().all(|way| endless.contains(way)), "{endless}");
    assert!(refused(&["mute", KEY, "--for", "soon"]).contains("--for soon"));
    assert!(refused(&["mute", KEY, "--until", "2020-01-01"]).contains("that end has come"));
    assert!(refused(&["mute", KEY, "--for", "1h", "--check", "erors"]).contains("errors is meant?"));
    assert!(
        refused(&["mute", &format!("{KEY}:errors"), "--for", "1h", "--check", "throttles"]).contains("say one of them")
    );
    assert!(refused(&["mute", "nobody", "--for", "1h"]).contains("no function nobody is known here"));
    for region in ["eu-west-1", "us-east-1"] {
        run(folder.path(), &["mute", &format!("111122223333:{region}:twice"), "--for", "1h"]).run().ended_with(0);
    }
    let several =
        run(folder.path(), &["--region", "eu-west-1,us-east-1", "mute", "twice", "--undo"]).run().ended_with(2);
    assert!(
        several.stderr.contains("several functions") && several.stderr.contains(":us-east-1:twice"),
        "{}",
        several.stderr
    );
    let file = slmon();
    let file = file.file("state", "");
    let output = run(Path::new(&file), &["mutes"]).run().ended_with(2);
    assert!(output.stderr.contains("can't be used"), "{}", output.stderr);
}

#[test]
fn the_policy_of_an_event_bus_stands_apart() {
    let config = "[[notify]]\nname = \"bus\"\nkind = \"eventbridge\"\nbus = \"ops\"\nregion = \"eu-west-1\"\n";
    let policy = slmon().config(config).args(["policy", "events"]).run().ended_with(0).json();
    assert_eq!(policy["Statement"][0]["Action"], serde_json::json!(["events:PutEvents"]));
    assert_eq!(policy["Statement"][0]["Resource"], serde_json::json!(["arn:aws:events:eu-west-1:*:event-bus/ops"]));
    for which in ["member", "hub"] {
        let other = slmon().config(config).args(["policy", which]).run().ended_with(0);
        assert!(!other.stdout.contains("events:"), "{}", other.stdout);
    }
}
