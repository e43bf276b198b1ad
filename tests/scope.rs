//! The scope and the share that is enough, on the command line: what narrows, what is refused, and what every format
//! says of it. The demo estate has no AWS; it has one account of eight that can't be entered.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "in a test, that is how one fails")]

mod support;

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};
use support::{Slmon, assert_valid, slmon};

fn demo(command: &str, args: &[&str]) -> Slmon {
    slmon().args(["--demo", command]).args(args)
}

#[track_caller]
fn told(run: Slmon, schema: &str, code: i32) -> Value {
    let told = run.args(["--format", "json"]).run().ended_with(code).json();
    assert_valid(schema, &told);
    told
}

fn all<'a>(rows: &'a Value, key: &str) -> BTreeSet<&'a str> {
    rows.as_array().expect("a list").iter().filter_map(|row| row[key].as_str()).collect()
}

#[track_caller]
fn assert_refused(run: Slmon, words: &[&str]) {
    let output = run.run().ended_with(2);
    assert_eq!(output.stdout, "");
    for word in words {
        assert!(output.stderr.contains(word), "{word:?} in:\n{}", output.stderr);
    }
}

const SHOP: [&str; 4] = ["--client", "juniper*", "--account", "finch-shop-prod,finch-shared"];

#[test]
fn every_command_knows_the_same_words() {
    let whole = told(demo("functions", &[]), "slmon.functions-1", 3);
    assert_eq!(whole["scope"], Value::Null);
    let scope = json!({
        "clients": ["juniper*"], "accounts": ["finch-shop-prod", "finch-shared"], "regions": [], "functions": [], "tags": [],
    });
    let functions = told(demo("functions", &SHOP), "slmon.functions-1", 0);
    assert_eq!(functions["scope"], scope);
    assert_eq!(all(&functions["functions"], "account_name"), ["finch-shared", "finch-shop-prod"].into());
    assert_eq!(functions["coverage"]["targets"], 4);

    let accounts = told(demo("accounts", &SHOP), "slmon.accounts-1", 0);
    assert_eq!((&accounts["scope"], &accounts["summary"]["accounts"]), (&scope, &json!(2)));

    let never = ["--fail-on", "never", "--region", "eu-central-1", "--function", "c*", "--tag", "stage=prod"];
    let alert = told(demo("alert", &SHOP).args(never), "slmon.alert-1", 0);
    assert_eq!(alert["scope"]["regions"], json!(["eu-central-1"]));
    assert_eq!(alert["coverage"]["targets"], 2);
    let names = all(&functions["functions"], "function");
    let judged = names.iter().filter(|name| name.starts_with('c')).count();
    assert!((1..=judged as u64).contains(&alert["functions"]["watched"].as_u64().unwrap()), "{alert:#}");
    assert!(all(&alert["alerts"], "function").iter().all(|name| name.starts_with('c')), "{alert:#}");

    // The same words stand before the command as behind it.
    let before = slmon().args(["--demo"]).args(SHOP).args(["functions"]);
    assert_eq!(told(before, "slmon.functions-1", 0)["functions"], functions["functions"]);
}

#[test]
fn what_can_not_be_meant_is_refused_with_what_is_near() {
    let none = "no organization or account of the configuration has this client";
    assert_refused(demo("alert", &["--client", "Larkspur Mutua"]), &[none, "nearest is Larkspur Mutual"]);
    assert_refused(demo("accounts", &["--client", "x"]), &[none, "there are Halvorsen Freight, Juniper & Finch"]);
    assert_refused(demo("functions", &["--client", ""]), &["--client has an empty value"]);
    assert_refused(demo("functions", &["--account", "a,,b"]), &["--account has an empty value"]);
    assert_refused(
        demo("alert", &["--region", "eu-west-1"]),
        &["--region eu-west-1", "no account in scope", "eu-central-1"],
    );
    assert_refused(demo("alert", &["--region", "eu_west_1"]), &["did you mean `eu-west-1`?"]);
    assert_refused(demo("alert", &["--function", "[a"]), &["--function [a: this is no glob"]);
    assert_refused(demo("alert", &["--tag", "=x"]), &["--tag =x: a tag's key is needed"]);
    assert_refused(demo("alert", &["--tag", "x=[a"]), &["--tag x=[a: its value is no glob"]);
    assert_refused(demo("alert", &["--clients", "x"]), &["--clients", "--client"]);
    assert_refused(demo("alert", &["--client", "a\u{1b}[31mb"]), &["a\u{fffd}[31mb"]);
    let by_hand =
        "[[accounts]]\nid = \"444455556666\"\nname = \"shop\"\nclient = \"Beta\"\nregions = [\"eu-west-1\"]\n";
    let file = |args: &[&str]| slmon().args(["alert"]).args(args).config(by_hand);
    assert_refused(file(&["--account", "shpo"]), &["--account shpo", "nearest is shop"]);
    assert_refused(file(&["--account", "444455556667"]), &["nearest is 444455556666"]);
    assert_refused(file(&["--client", "Acme"]), &["--client Acme", "there is Beta"]);
    assert_refused(file(&["--region", "us-east-1"]), &["--region us-east-1", "there is eu-west-1"]);
    for share in ["95", "101%", "-1%", "most", "NaN"] {
        assert_refused(demo("alert", &[&format!("--min-coverage={share}")]), &["--min-coverage", "95% or 0.95"]);
    }
    assert_refused(demo("alert", &["--min-coverage", "95"]), &["write `95%`"]);
    let nagios = demo("alert", &["--client", "x", "--exit-style", "nagios"]).run().ended_with(3);
    assert!(nagios.stdout.starts_with("SLMON UNKNOWN - --client x: no organization"), "{}", nagios.stdout);
}

#[test]
fn what_is_not_there_can_not_be_told() {
    let misspelt = told(demo("alert", &["--account", "finch-shop-prd"]), "slmon.alert-1", 3);
    assert_eq!(misspelt["notes"], json!(["no account is named finch-shop-prd; nearest is finch-shop-prod"]));
    assert_eq!(misspelt["status"], "unknown");
    let shop = ["--account", "finch-shop-prod", "--function", "chekout-*"];
    let text = demo("alert", &shop).run().ended_with(3).stdout;
    assert!(text.contains("no watched function matches chekout-*"), "{text}");
    demo("alert", &shop).args(["--allow-empty"]).run().ended_with(0);
    let listed = demo("functions", &shop).run().ended_with(0);
    assert!(listed.stderr.contains("no watched function matches chekout-*"), "{}", listed.stderr);
}

#[test]
fn enough_may_be_seen_without_all() {
    // Nothing worse than warnings: what decides is what is unseen, 2 of 16 targets.
    let mild = "[[override]]\nfunction = \"*\"\nseverity = \"warning\"\n";
    let run = |args: &[&str]| demo("alert", args).named_config(mild);
    assert_eq!(told(run(&[]), "slmon.alert-1", 3)["coverage"]["share"], 0.875);
    let enough = told(run(&["--min-coverage", "87.5%"]), "slmon.alert-1", 0);
    assert_eq!(
        (&enough["status"], &enough["exit_reason"]),
        (&json!("warning"), &json!("only warnings, and enough was seen"))
    );
    assert_eq!(enough["coverage"]["unseen"].as_array().map(Vec::len), Some(1), "it is listed all the same");
    told(run(&["--min-coverage", "0.88"]), "slmon.alert-1", 3);
    let file = format!("{mild}[alert]\nmin_coverage = 0.5\n");
    told(demo("alert", &[]).named_config(&file), "slmon.alert-1", 0);
}

#[test]
fn every_format_says_its_scope() {
    let formats = ["text", "markdown", "junit", "github", "nagios", "openmetrics"];
    let asked = formats.iter().flat_map(|format| ["--format".to_owned(), format!("{format}={format}.out")]);
    let asked: Vec<String> = asked.collect();
    let run = demo("alert", &SHOP).args(["--fail-on", "never"]).args(asked.iter().map(String::as_str));
    let folder = run.home().to_owned();
    let (output, texts) = run.start().finish_and(|| {
        formats.map(|format| fs::read_to_string(folder.join(format!("{format}.out"))).expect("it was written"))
    });
    output.ended_with(0);
    for (format, text) in formats.iter().zip(texts) {
        let said = text.contains("finch-shop-prod or finch-shared")
            || text.contains("slmon_scope{flag=\"account\",value=\"finch-shared\"} 1");
        assert!(said, "{format}:\n{text}");
    }
}
