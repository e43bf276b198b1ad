//! `slmon checks`, and checks that are named on the command line: without any AWS.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "in a test, that is how one fails")]

mod support;

use support::{assert_valid, slmon};

#[test]
fn the_checks_are_listed_with_their_limits_and_costs() {
    let listed = slmon().args(["checks"]).run().ended_with(0);
    for part in ["burn", "off", "99.9 %", "Errors (Sum) of 3 d in points of 5 min", "the function's timeout", "a day"] {
        assert!(listed.stdout.contains(part), "{part:?} in:\n{}", listed.stdout);
    }
    let json = slmon().args(["checks", "--format", "json"]).run().ended_with(0).json();
    assert_valid("slmon.checks-1", &json);
    let checks = json["checks"].as_array().expect("a list");
    assert_eq!(checks.len(), 10);
    let on = |name: &str| checks.iter().find(|check| check["name"] == name).map(|check| check["on"] == true);
    assert_eq!([on("errors"), on("burn"), on("errors-baseline")], [Some(true), Some(false), Some(false)]);
}

#[test]
fn what_is_on_and_by_whom_is_told() {
    let config = "regions = [\"eu-west-1\"]\n[checks.silent]\non = true\ntimes = 5\n[[override]]\nfunction = \"api\"\nchecks.burn.on = true\n";
    let run = slmon().config(config).args(["checks", "--check", "dead-letter", "--format", "json"]);
    let json = run.run().ended_with(0).json();
    assert_valid("slmon.checks-1", &json);
    let checks = json["checks"].as_array().expect("a list");
    let of = |name: &str| checks.iter().find(|check| check["name"] == name).expect("the check");
    assert_eq!((&of("silent")["on"], &of("silent")["switched_by"]), (&true.into(), &"config".into()));
    assert_eq!(of("silent")["limits"][1]["set_by"], "config");
    assert_eq!(of("dead-letter")["switched_by"], "--check");
    assert_eq!((&of("burn")["on"], of("burn")["overrides"].as_array().map(Vec::len)), (&false.into(), Some(1)));
}

#[test]
fn a_check_that_there_is_not_is_refused_with_the_one_that_is_meant() {
    let refused = slmon().args(["--demo", "alert", "--check", "brun"]).run().ended_with(2);
    assert_eq!(refused.stdout, "");
    assert!(refused.stderr.contains("--check") && refused.stderr.contains("did you mean burn?"), "{}", refused.stderr);
    let always = slmon().args(["checks", "--check", "errors"]).run().ended_with(2);
    assert!(always.stderr.contains("`errors` and `throttles` always look"), "{}", always.stderr);
}

#[test]
fn named_checks_look_at_the_demo_and_leave_its_verdict_what_it_is() {
    let run = |args: &[&str]| {
        let output = slmon().args(["--demo", "alert", "--format", "json"]).args(args).run().ended_with(1);
        let report = output.json();
        assert_valid("slmon.alert-1", &report);
        report
    };
    let (plain, more) = (run(&[]), run(&["--check", "near-timeout,iterator-age", "--check", "dead-letter"]));
    let metrics = |report: &serde_json::Value| report["api"]["metrics"].as_u64().expect("a number");
    assert!(metrics(&more) > metrics(&plain), "{} metrics, and {}", metrics(&more), metrics(&plain));
}

/// What docs/checks.md says: one command and one configuration show all of them.
#[test]
fn the_demo_has_something_to_show_for_each_check() {
    let fired = |run: support::Slmon| -> std::collections::BTreeSet<String> {
        let told = run.run().ended_with(1).json();
        told["alerts"].as_array().unwrap().iter().map(|alert| alert["check"].as_str().unwrap().to_owned()).collect()
    };
    let page = std::fs::read_to_string("docs/checks.md").unwrap();
    let command = page.lines().find(|line| line.starts_with("slmon --demo alert --check burn")).expect("a command");
    let args = command.split_whitespace().skip(1).take_while(|word| *word != "#").chain(["--format", "json"]);
    let shown = fired(slmon().args(args));
    for check in ["burn", "near-timeout", "iterator-age", "dead-letter", "concurrency"] {
        assert!(shown.contains(check), "{check}: {shown:?}");
    }
    let config = page.split("```toml\n").find(|text| text.contains("season-sale-warmup")).expect("a configuration");
    let config = config.split("```").next().unwrap();
    assert!(fired(slmon().named_config(config).args(["--demo", "alert", "--format", "json"])).contains("silent"));
}
