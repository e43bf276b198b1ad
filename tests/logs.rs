//! `slmon logs` and `slmon grep` as they are run, on the demo estate.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "in a test, that is how one fails")]

mod support;

use serde_json::Value;
use support::{assert_valid, slmon};

/// A part of the demo in which something fails all the time.
const DEV: [&str; 3] = ["--demo", "--account", "larkspur-claims-dev"];

fn run(args: &[&str], code: i32) -> (String, String) {
    let output = slmon().args(DEV).args(args).run().ended_with(code);
    (output.stdout, output.stderr)
}

#[test]
fn lines_of_functions_are_merged_by_time_and_bear_no_secret() {
    let (shown, _) = run(&["logs", "*", "--since", "20m", "--format", "json"], 0);
    let rows: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() > 20, "{shown}");
    for row in &rows {
        assert_valid("slmon.log-line-1", row);
    }
    let times: Vec<&str> = rows.iter().map(|row| row["at"].as_str().unwrap()).collect();
    let instants: Vec<jiff::Timestamp> = times.iter().map(|at| at.parse().unwrap()).collect();
    assert!(instants.is_sorted());
    assert!(!shown.contains("@mail.example"), "{shown}");
    let (shown, _) = run(&["logs", "*", "--since", "20m", "--no-mask"], 0);
    assert!(shown.contains("@mail.example") && !shown.contains('\u{1b}'));
}

#[test]
fn one_request_is_shown_whole() {
    let (shown, _) = run(&["logs", "document-ocr", "--since", "30m", "--grep", "timed out", "--format", "json"], 0);
    let failed: Value = serde_json::from_str(shown.lines().last().unwrap()).unwrap();
    let request = failed["request"].as_str().unwrap();
    let (shown, _) = run(&["logs", "document-ocr", "--since", "30m", "--request", request], 0);
    let told: Vec<&str> = shown.lines().collect();
    assert!(told.first().unwrap().contains("START RequestId"), "{shown}");
    let last = told.last().unwrap();
    assert!(last.contains(&format!("REPORT {request} took ")) && last.contains(" · billed "), "{shown}");
}

#[test]
fn a_search_counts_and_its_exit_code_tells() {
    let (counted, _) = run(&["grep", r"timed out after (\d+)", "--since", "30m", "--count-by", "$1 s"], 0);
    assert!(counted.trim().ends_with("10 s"), "{counted}");
    let by = ["grep", "timed out", "--since", "30m", "--by", "function", "--format", "json"];
    let counts: Value = serde_json::from_str(&run(&by, 0).0).unwrap();
    assert_eq!(counts["by"][0]["key"], "larkspur-claims-dev eu-central-1 document-ocr");
    assert_eq!(counts["by"][0]["count"], counts["count"]);
    assert_valid("slmon.grep-1", &counts);
    let (_, said) = run(&["grep", "timed out", "--count-by", "$1"], 2);
    assert!(said.contains("--count-by $1: there is no group 1"), "{said}");
    let (named, _) = run(&["grep", r"([a-z0-9.-]+)@mail.example", "--since", "30m", "--count-by", "by $1"], 0);
    assert!(named.lines().all(|line| line.ends_with("  by <email>")), "{named}");
    assert_eq!(run(&["grep", "nothing like it", "--since", "30m", "--count"], 1).0, "0\n");
    let (_, said) = run(&["grep", "(?P<", "--since", "30m"], 2);
    assert!(said.contains("the pattern is no regular expression"), "{said}");
}

#[test]
fn logs_insights_finds_the_same_and_what_it_costs_is_said() {
    let found = |more: &[&str]| {
        let args = ["grep", r"timed out after (\d+)", "--since", "30m", "--count", "--format", "json"];
        let (counted, said) = run(&[&args, more].concat(), 0);
        let counts: Value = serde_json::from_str(&counted).unwrap();
        assert_valid("slmon.grep-1", &counts);
        (counts, said)
    };
    let (free, said) = found(&[]);
    assert!(said.contains("FilterLogEvents for ") && said.contains(", free; Logs Insights would cost "), "{said}");
    assert_eq!((&free["read_by"]["insights"], &free["api"]["log_bytes"]), (&0.into(), &0.into()));
    let (paid, said) = found(&["--with", "insights"]);
    assert!(said.contains("looks through about ") && said.contains("Logs Insights looked through "), "{said}");
    // One more may have failed since.
    let (free, more) = (free["count"].as_u64().unwrap(), paid["count"].as_u64().unwrap());
    assert!(free.abs_diff(more) <= 3, "{free} {more}");
    assert!(paid["api"]["log_bytes"].as_u64() > Some(1000) && paid["api"]["usd"].as_f64() > Some(0.0), "{paid:#}");
    // With other letters, too.
    let (loud, _) = run(&["grep", "TIMED OUT", "-i", "--since", "30m", "--count"], 0);
    assert!(free.abs_diff(loud.trim().parse().unwrap()) <= 3, "{free} {loud}");
}

#[test]
fn what_may_not_be_spent_is_not_and_the_sum_is_said() {
    let args = ["grep", "timed out", "--since", "30m", "--count", "--with", "insights", "--max-cost", "0"];
    let (_, said) = run(&args, 3);
    assert!(said.contains("Logs Insights would look through about") && said.contains("--max-cost"), "{said}");
    let (_, said) = run(&["grep", r"\d+", "--with", "insights"], 2);
    assert!(said.contains("--with filter does"), "{said}");
    let (_, said) = run(&["grep", "x", "--max-cost", "much"], 2);
    assert!(said.contains("an amount in dollars"), "{said}");
    let (_, said) = run(&["logs", "*", "--max-cost=-1"], 2);
    assert!(said.contains("an amount in dollars"), "{said}");
}

#[test]
fn where_not_all_could_be_searched_nothing_found_is_no_answer() {
    let output = slmon().args(["--demo", "--client", "Larkspur*", "grep", "nothing like it", "--since", "1m"]).run();
    let output = output.ended_with(3);
    assert!(output.stderr.contains("not read (denied)"), "{}", output.stderr);
}

#[test]
fn whose_log_has_to_be_said() {
    let output = slmon().args(["--demo", "logs"]).run().ended_with(2);
    assert!(output.stderr.contains("whose log?"), "{}", output.stderr);
}

#[test]
fn of_several_arns_each_means_its_own_function_and_one_that_is_not_there_is_named() {
    let (shown, _) = run(&["logs", "*", "--since", "20m", "--format", "json"], 0);
    let row: Value = serde_json::from_str(shown.lines().last().unwrap()).unwrap();
    let part = |key: &str| row[key].as_str().unwrap().to_owned();
    let arn = |account: &str| format!("arn:aws:lambda:{}:{account}:function:{}", part("region"), part("function"));
    let args = ["--demo", "logs", &arn(&part("account")), &arn("111122223333"), "--since", "20m", "--format", "json"];
    let output = slmon().args(args).run().ended_with(3);
    let rows: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(
        !rows.is_empty() && rows.iter().all(|it| it["account"] == row["account"] && it["function"] == row["function"])
    );
    let said = format!("no watched function {} was found in 111122223333", part("function"));
    assert!(output.stderr.contains(&said), "{}", output.stderr);
    let (_, said) = run(&["logs", "document-ocr", "table/orders"], 2);
    assert!(said.contains("table/orders is a table"), "{said}");
}

#[test]
fn following_ends_with_its_deadline_and_where_nobody_reads_it() {
    let args = ["logs", "document-ocr", "--since", "1m", "--follow"];
    let output = slmon().args(DEV).args(args).args(["--deadline", "2s"]).run().ended_with(0);
    assert!(output.stderr.contains("live tail"), "{}", output.stderr);
    // Without a line to write, and so without an error, it sees that its reader has gone.
    slmon().args(DEV).args(args).args(["--grep", "nothing like it"]).unheard().run().ended_with(0);
}
