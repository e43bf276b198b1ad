//! The commands that read traces, as a shell sees them: formats, exit codes, mistakes, and what `--explain` leaves alone.
//! All on the demo, whose traces follow the clock; what its answers are is a matter of `tests/scenarios`.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "in a test, that is how one fails")]

mod support;

use std::fs;

use serde_json::Value;
use support::{Output, Silent, Slmon, assert_valid, consume, minutes_ago, slmon};

fn demo(args: &[&str]) -> Slmon {
    slmon().args(["--demo"]).args(args)
}

/// A refusal: exit 2, nothing on standard output, and these words on standard error.
#[track_caller]
fn assert_refused(args: &[&str], words: &[&str]) {
    let output = demo(args).run().ended_with(2);
    assert_eq!(output.stdout, "", "a refusal leaves standard output empty");
    for word in words {
        assert!(output.stderr.contains(word), "{word:?} in:\n{}", output.stderr);
    }
}

/// Runs for JSON of a schema. The demo has an account that nobody may enter, hence 3 where all accounts are asked.
#[track_caller]
fn told(args: &[&str], schema: &str) -> Value {
    let code = if args.contains(&"--account") || args.iter().any(|arg| arg.starts_with("arn:")) { 0 } else { 3 };
    let told = demo(args).args(["--format", "json"]).run().ended_with(code).json();
    assert_valid(schema, &told);
    told
}

fn rows<'a>(told: &'a Value, key: &str) -> &'a [Value] {
    told[key].as_array().unwrap_or_else(|| panic!("no list {key} in {told:#}"))
}

fn steers(text: &str) -> bool {
    text.contains(|c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c))
}

#[test]
fn explain_changes_no_exit_code_and_no_verdict_and_every_format_has_the_cause() {
    let at = minutes_ago(60);
    let folder = tempfile::tempdir().unwrap();
    let formats = ["text", "json", "markdown", "junit", "github", "nagios", "openmetrics"];
    let file = |format: &str| folder.path().join(format);
    let outputs = formats.map(|format| format!("--format={format}={}", file(format).display()));
    let explained = demo(&["alert", "--explain", "--at", &at]).args(outputs).start();
    let plain = demo(&["alert", "--at", &at, "--format", "json"]).run().ended_with(1).json();
    explained.finish().ended_with(1);
    let text = |format: &str| fs::read_to_string(file(format)).unwrap();
    let report: Value = serde_json::from_str(&text("json")).unwrap();
    assert_valid("slmon.alert-1", &report);
    for key in ["status", "exit_code", "exit_reason", "window", "functions", "verdicts", "hidden", "muted"] {
        assert_eq!(report[key], plain[key], "{key}");
    }
    let alerts = rows(&report, "alerts");
    assert_eq!(alerts.len(), rows(&plain, "alerts").len());
    assert!(rows(&plain, "alerts").iter().all(|alert| alert["cause"].is_null()), "nobody asked");
    assert!(report["api"]["traces"].as_u64() > Some(0) && plain["api"]["traces"] == 0);
    let worst = alerts.iter().find(|alert| !alert["cause"]["exception"].is_null()).expect("a cause");
    let exception = worst["cause"]["exception"].as_str().unwrap();
    for format in formats {
        assert!(text(format).contains(exception), "{exception} in {format}");
        assert!(!steers(&text(format)), "{format}");
    }
    let schema = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/junit.xsd");
    let junit = consume(&["junit".as_ref(), schema.as_os_str(), file("junit").as_os_str()]);
    assert!(junit[0]["failures"].as_u64() > Some(0), "{junit:?}");
    let metrics = consume(&["openmetrics".as_ref(), file("openmetrics").as_os_str()]);
    let found = alerts.iter().filter(|alert| !alert["cause"]["failing"].is_null()).count() as u64;
    assert_eq!(metrics[0]["slmon_alert_cause_traces"]["samples"].as_u64(), Some(found), "{metrics:?}");
}

#[test]
fn nagios_codes_and_never_failing_stay_what_they_are() {
    let code = |args: &[&str]| demo(&["alert", "--explain", "--format", "nagios"]).args(args).run().code;
    assert_eq!(code(&["--exit-style", "nagios"]), 2);
    assert_eq!(code(&["--fail-on", "never"]), 0);
    assert_eq!(code(&["--max-cost", "0"]), 1, "nothing may be spent");
}

#[test]
fn from_an_alert_to_its_function_and_to_one_of_its_traces() {
    let report = demo(&["alert", "--explain", "--format", "json"]).run().ended_with(1).json();
    // A cause that the logs alone tell has no trace, and which alert is worst changes with the minute.
    let alert = rows(&report, "alerts").iter().find(|alert| !alert["cause"]["example"].is_null()).expect("a trace");
    let (name, account) = (alert["function"].as_str().unwrap(), alert["account"].as_str().unwrap());
    let example = alert["cause"]["example"].as_str().unwrap();

    let page = told(&["--account", account, "explain", name], "slmon.explain-1");
    let function = &rows(&page, "functions")[0];
    assert_eq!((&function["function"], &function["account"]), (&alert["function"], &alert["account"]));
    assert!(!rows(&function["traces"], "groups").is_empty() && function["example"].is_object());
    let by_arn = told(&["explain", alert["arn"].as_str().unwrap()], "slmon.explain-1");
    assert_eq!(rows(&by_arn, "functions")[0]["arn"], alert["arn"]);
    for format in ["text", "markdown"] {
        let page = demo(&["--account", account, "explain", name, "--format", format]).run();
        assert!(page.stdout.contains(name) && page.stdout.contains("sampled by X-Ray"), "{}", page.stdout);
        assert!(!steers(&page.stdout), "{format}");
    }

    let trace = demo(&["trace", example, "--format", "json"]).run().ended_with(0).json();
    assert_valid("slmon.trace-1", &trace);
    let began: Vec<_> = rows(&trace, "spans").iter().filter(|span| span["began"] == true).collect();
    assert_eq!((trace["id"].as_str(), began.len()), (Some(example), 1));
    // W3C writes the same id in another way.
    let w3c = example.trim_start_matches("1-").replace('-', "");
    let shown = demo(&["trace", &w3c]).run().ended_with(0);
    assert!(shown.stdout.contains(example) && shown.stdout.contains("solid bars"), "{}", shown.stdout);
}

#[test]
fn what_nobody_watches_is_explained_as_well() {
    let page = told(&["explain", "partner-sftp-prod"], "slmon.explain-1");
    let function = &rows(&page, "functions")[0];
    assert_eq!((&function["function"], &function["verdict"]), (&"partner-sftp-prod".into(), &Value::Null));
    assert_eq!((&function["watched"], &function["alerts"]), (&false.into(), &serde_json::json!([])));
    let text = demo(&["explain", "partner-sftp-prod"]).run().ended_with(3).stdout;
    assert!(text.contains("unwatched") && text.contains("not watched, so it raises no alert"), "{text}");
}

#[test]
fn traces_are_listed_newest_first_and_no_more_than_asked() {
    let list = told(&["traces", "--limit", "5"], "slmon.traces-1");
    let starts: Vec<_> = rows(&list, "traces").iter().map(|row| row["start"].as_str().unwrap()).collect();
    assert!(starts.len() == 5 && starts.is_sorted_by(|a, b| a >= b), "{starts:?}");
    assert!(rows(&list, "traces").iter().all(|row| !row["failing"].is_null() && !rows(row, "functions").is_empty()));
    let most = told(&["traces", "--all", "--hidden"], "slmon.traces-1");
    assert!(most["took"]["traces"].as_u64() > list["took"]["traces"].as_u64());
    assert!(rows(&most, "traces").len() == 50 && most["more"].as_u64() > Some(0));
    let text = demo(&["traces"]).run().ended_with(3).stdout;
    assert!(text.contains("p50") && text.contains("looked through"), "{text}");
}

#[test]
fn the_map_is_drawn_in_each_of_its_formats() {
    let map = told(&["map", "--all"], "slmon.map-1");
    assert!(!rows(&map, "calls").is_empty() && rows(&map, "services").len() > 5);
    let failing = told(&["map"], "slmon.map-1");
    let fails = |call: &Value| ["errors", "faults", "throttles"].iter().any(|key| call[key].as_u64() > Some(0));
    assert!(rows(&failing, "calls").iter().all(fails) && !rows(&failing, "calls").is_empty());
    let name = rows(&failing, "calls").iter().find(|call| call["from"]["type"] == "AWS::Lambda::Function");
    let name = name.expect("a function whose call fails")["from"]["name"].as_str().unwrap().to_owned();
    let around = told(&["map", &name], "slmon.map-1");
    assert_eq!(rows(&around, "around")[0]["name"].as_str(), Some(&*name));
    // A glob may mean more; an ARN means the one.
    let globbed = told(&["map", &format!("{}*", &name[..name.len() - 2])], "slmon.map-1");
    assert!(rows(&globbed, "around").iter().any(|found| found["name"] == name.as_str()));
    assert_refused(&["map", "pay[ments"], &["is no glob"]);
    let mermaid = demo(&["map", &name, "--format", "mermaid"]).run().ended_with(3).stdout;
    assert!(mermaid.starts_with("flowchart LR\n") && mermaid.contains(&name) && mermaid.contains("-->"), "{mermaid}");
    let text = demo(&["map", &name]).run().ended_with(3).stdout;
    assert!(text.contains("callers") && text.contains("a minute"), "{text}");
}

#[test]
fn what_is_not_there_is_said_and_ends_with_3() {
    let none = demo(&["explain", "no-such-function"]).run().ended_with(3);
    assert!(none.stderr.contains("no-such-function"), "{}", none.stderr);
    let id = "1-5759e988-bd862e3fe1be46a994272793";
    let none = demo(&["trace", id]).run().ended_with(3);
    assert!(none.stderr.contains(&format!("knows trace {id}")) && none.stdout.is_empty(), "{}", none.stderr);
    let none = demo(&["map", "no-such-function"]).run().ended_with(3);
    assert!(none.stdout.contains("X-Ray knows no function no-such-function"), "{}", none.stdout);
}

#[test]
fn mistakes_are_told_before_anything_is_asked() {
    for cost in ["lots", "-1", "NaN", "inf", ""] {
        assert_refused(&["explain", "x", &format!("--max-cost={cost}")], &["--max-cost", "an amount in dollars"]);
        assert_refused(&["traces", &format!("--max-cost={cost}")], &["--max-cost"]);
        assert_refused(&["alert", "--explain", &format!("--max-cost={cost}")], &["--max-cost"]);
    }
    assert_refused(&["traces", "--window", "31d"], &["--window 31d is too long"]);
    assert_refused(&["map", "--window", "7h"], &["--window 7h is too long"]);
    assert_refused(&["--function", "a", "explain", "b"], &["--function", "give one of them"]);
    assert_refused(&["explain", "arn:aws:s3:::bucket"], &["is no ARN of a Lambda function"]);
    assert_refused(&["explain", "x", "--at", "2099-01-01"], &["in the future"]);
    for id in ["", "1-2-3", "1-67891233-abcdef01234567891234567", "2-67891233-abcdef012345678912345678", "\u{1b}[2J"] {
        assert_refused(&["trace", id], &["is no trace id"]);
    }
    assert_refused(
        &["explain", "x", "--format", "junit"],
        &["there is no format \"junit\"", "text, markdown and json"],
    );
    assert_refused(&["map", "--format", "mermaid=no/such/folder/map"], &["can't be written"]);
}

#[test]
fn each_can_be_interrupted() {
    let commands: [&[&str]; 5] = [
        &["explain", "pay"],
        &["traces"],
        &["trace", "1-67891233-abcdef012345678912345678"],
        &["map"],
        &["alert", "--explain"],
    ];
    for args in commands {
        let silent = Silent::start();
        let keys = slmon().env("AWS_ACCESS_KEY_ID", "AKIANOBODY").env("AWS_SECRET_ACCESS_KEY", "nothing");
        let running = keys.region("eu-west-1").env("AWS_ENDPOINT_URL", silent.url()).args(args).start();
        let _connection = silent.wait_for_somebody();
        running.signal("INT");
        let Output { stderr, .. } = running.finish().ended_with(130);
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
}

#[test]
fn an_arn_means_its_function_whatever_is_in_its_name() {
    let all = slmon().args(["--demo", "functions", "--format", "json"]).run().json();
    let hostile = |row: &&Value| row["arn"].as_str().is_some_and(|arn| arn.contains('['));
    let arn = all["functions"].as_array().unwrap().iter().find(hostile).unwrap()["arn"].as_str().unwrap().to_owned();
    for command in ["explain", "logs"] {
        let output = slmon().args(["--demo", command, &arn]).run();
        assert!(
            !output.stderr.contains("no glob") && output.stdout.contains("loyalty-"),
            "{command}: {}",
            output.stderr
        );
    }
    let page = slmon().args(["--demo", "explain", &arn, "--format", "markdown"]).run().stdout;
    assert!(!page.contains(":`"), "a colon belongs to the sentence: {page}");
}
