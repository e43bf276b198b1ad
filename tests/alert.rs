//! `slmon alert` and `slmon config` without any AWS: the demo, the command line, the configuration, credentials that
//! are not there, and endpoints that are dead or silent.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "in a test, that is how one fails")]

mod support;

use std::{fs, io::Read, net::TcpListener, sync::mpsc, thread};

use serde_json::{Value, json};
use support::{Output, Silent, Slmon, assert_valid, minutes_ago, slmon};

/// With keys that are none, and a region.
fn with_keys() -> Slmon {
    slmon().env("AWS_ACCESS_KEY_ID", "AKIANOBODY").env("AWS_SECRET_ACCESS_KEY", "nothing").region("eu-west-1")
}

fn demo(args: &[&str]) -> Slmon {
    slmon().args(["--demo", "alert"]).args(args)
}

/// Runs it for its JSON.
#[track_caller]
fn report(run: Slmon, code: i32) -> Value {
    let [report] = reports([(run, code)]);
    report
}

/// Runs several at once, for the demo has an account that takes its time.
#[track_caller]
fn reports<const N: usize>(runs: [(Slmon, i32); N]) -> [Value; N] {
    runs.map(|(run, code)| (run.args(["--format", "json"]).start(), code))
        .map(|(running, code)| read(&running.finish().ended_with(code), code))
}

#[track_caller]
fn read(output: &Output, code: i32) -> Value {
    let report = output.json();
    assert_valid("slmon.alert-1", &report);
    assert_eq!(report["exit_code"], json!(code), "the report says how the program ends");
    report
}

/// The one unseen row of a report.
#[track_caller]
fn the_unseen(report: &Value) -> &Value {
    let rows = report["coverage"]["unseen"].as_array().expect("a list");
    assert_eq!(rows.len(), 1, "one unseen row: {rows:#?}");
    &rows[0]
}

/// Fails unless a row has this operation, kind, and these words in message and hint.
#[track_caller]
fn assert_row(row: &Value, operation: &str, kind: &str, message: &str, hint: &str) {
    let text = |key: &str| row[key].as_str().unwrap_or_default();
    assert_eq!((text("operation"), text("kind")), (operation, kind), "{row:#}");
    assert!(text("message").contains(message), "{message:?} in the message of {row:#}");
    assert!(text("hint").contains(hint), "{hint:?} in the hint of {row:#}");
}

/// A refusal: exit 2, nothing on standard output, and these words on standard error.
#[track_caller]
fn assert_refused(run: Slmon, words: &[&str]) -> Output {
    let output = run.run().ended_with(2);
    assert_eq!(output.stdout, "", "a refusal leaves standard output empty");
    for word in words {
        assert!(output.stderr.contains(word), "{word:?} in:\n{}", output.stderr);
    }
    output
}

#[test]
fn the_demo_needs_nothing_and_tells_what_fails() {
    let output = demo(&[]).run().ended_with(1);
    assert!(output.stdout.starts_with("✖ FIRING"), "{}", output.stdout);
    for part in ["critical", "? unseen", "exit 1: something fires, and not all was seen", "the embedded demo estate"] {
        assert!(output.stdout.contains(part), "{part:?} in:\n{}", output.stdout);
    }
    assert!(!output.stdout.contains('\x1b'), "no colours into a pipe");
    assert_eq!(output.stderr, "", "no progress into a pipe");
}

#[test]
fn the_same_seed_is_the_same_estate() {
    let at = minutes_ago(60);
    let run = |seed: &str| (slmon().args([seed, "alert", "--at", &at]), 1);
    let [mut first, mut same, other] = reports([run("--demo=7"), run("--demo=7"), run("--demo=8")]);
    // Changes go on while the test runs, and what is judged lies an hour back.
    for report in [&mut first, &mut same] {
        for alert in report["alerts"].as_array_mut().expect("alerts").iter_mut() {
            alert.as_object_mut().expect("a row").retain(|key, _| key != "last_modified" && key != "deployed");
        }
    }
    for key in ["alerts", "functions", "verdicts", "coverage", "hidden", "window"] {
        assert_eq!(first[key], same[key], "{key}");
    }
    assert_ne!(first["alerts"], other["alerts"]);
    assert_eq!(first["window"]["end"], json!(at));
}

#[test]
fn the_demo_tells_what_its_tags_hide_and_what_mends_it() {
    // Far enough back for CloudWatch to have all of it: what fails untagged there, fails always.
    let at = minutes_ago(60);
    let [plain, searched] = reports([(demo(&["--at", &at]), 1), (demo(&["--at", &at, "--blind-spots"]), 1)]);
    let kinds = |report: &Value| {
        let spots = report["blind_spots"].as_array().expect("blind spots").iter();
        spots.map(|spot| format!("{} {}", spot["kind"], spot["function"]).replace('"', "")).collect::<Vec<_>>()
    };
    let more: Vec<_> = kinds(&searched).into_iter().filter(|spot| !kinds(&plain).contains(spot)).collect();
    let expected = [
        "fails-untagged partner-sftp-prod",
        "fails-untagged legacy-price-import-prod",
        "monitor-key partner-sftp-prod",
    ];
    assert_eq!(more, expected);
    for key in ["status", "exit_code", "verdicts", "functions", "coverage", "hidden"] {
        assert_eq!(plain[key], searched[key], "{key}");
    }
    let listed = slmon().args(["--demo", "functions", "--blind-spots"]);
    let listed = listed.args(["--format", "json", "--format", "text=spots.txt"]).run().ended_with(3).json();
    assert_valid("slmon.blind-spots-1", &listed);
    let commands =
        listed["blind_spots"].as_array().expect("blind spots").iter().filter_map(|spot| spot["command"].as_str());
    assert!(commands.clone().count() >= 8 && commands.clone().all(|command| command.starts_with("aws lambda ")));
    assert_refused(slmon().args(["--demo", "functions", "--blind-spots", "--all"]), &["--blind-spots", "--all"]);
}

#[test]
fn one_run_writes_several_formats() {
    let run = demo(&["--format", "text", "--format", "json=report.json", "--color", "always"]);
    let file = run.home().join("report.json");
    let running = run.args(["--at", &minutes_ago(10)]).start();
    let (output, told) = running.finish_and(|| fs::read_to_string(file).expect("the file was written"));
    let output = output.ended_with(1);
    assert!(output.stdout.contains("\x1b[") && output.stdout.contains("FIRING"), "{}", output.stdout);
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_valid("slmon.alert-1", &told);
    assert_eq!(told["exit_code"], 1);
}

#[test]
fn colours_go_where_they_belong() {
    let runs = [
        demo(&["--color", "always"]),
        demo(&["--color", "auto"]),
        demo(&["--color", "never"]).env("CLICOLOR_FORCE", "1"),
        demo(&[]).env("NO_COLOR", "1"),
    ];
    let coloured = runs.map(Slmon::start).map(|run| run.finish().ended_with(1).stdout.contains('\x1b'));
    assert_eq!(coloured, [true, false, false, false]);
    let run = demo(&["--color", "always", "--format", "text=report.txt"]);
    let file = run.home().join("report.txt");
    let (output, text) = run.start().finish_and(|| fs::read_to_string(file).expect("the file was written"));
    assert_eq!(output.ended_with(1).stdout, "");
    assert!(text.contains("FIRING") && !text.contains('\x1b'), "a file has no colours:\n{text}");
}

#[test]
fn an_output_that_can_not_be_written_is_told_before_anything_is_asked() {
    let silent = Silent::start();
    let run = with_keys().env("AWS_ENDPOINT_URL", silent.url());
    let run = run.args(["alert", "--format", "text", "--format", "json=missing/folder/report.json"]);
    assert_refused(run, &["missing/folder/report.json", "can't be written"]);
    assert!(!silent.was_asked());
}

#[test]
fn a_file_that_is_there_survives_until_the_report_replaces_it() {
    let run = demo(&["--format", "json=report.json", "--window", "0"]);
    let file = run.file("report.json", "of yesterday");
    let (output, text) = run.start().finish_and(|| fs::read_to_string(file).expect("it is still there"));
    output.ended_with(2);
    assert_eq!(text, "of yesterday");
}

#[test]
fn formats_are_checked() {
    assert_refused(demo(&["--format", "yaml"]), &["there is no format \"yaml\"", "text, json, markdown"]);
    assert_refused(demo(&["--format", "text", "--format", "json"]), &["standard output", "json=FILE"]);
    assert_refused(demo(&["--format", "json=x", "--format", "text=x"]), &["can't both go to x"]);
    assert_refused(demo(&["--format", "json="]), &["names no file"]);
}

#[test]
fn a_closed_pipe_changes_no_verdict() {
    let runs = [demo(&[]), demo(&["--format", "json", "--fail-on", "never"]), slmon().args(["alert"])];
    assert_eq!(runs.map(|run| run.unheard().start()).map(|run| run.finish().code), [1, 0, 3]);
}

#[test]
fn fail_on_and_allow_empty_decide_the_exit_code() {
    assert_refused(demo(&["--fail-on", "sometimes"]), &["critical, warning, never"]);
    let [never, warning] = reports([(demo(&["--fail-on", "never"]), 0), (demo(&["--fail-on", "warning"]), 1)]);
    assert_eq!((&never["status"], &warning["status"]), (&json!("firing"), &json!("firing")));

    // Nothing worse than warnings, and what can't be seen is accepted.
    let accepted = "[[accept_unseen]]\naccount = \"*\"\nuntil = 2099-01-01\nreason = \"it is a demo\"\n";
    let mild = format!("[[override]]\nfunction = \"*\"\nseverity = \"warning\"\n{accepted}");
    let [told, strict] =
        reports([(demo(&[]).named_config(&mild), 0), (demo(&["--fail-on", "warning"]).named_config(&mild), 1)]);
    assert_eq!((&told["status"], &told["coverage"]["unseen"]), (&json!("warning"), &json!([])));
    assert_ne!(told["coverage"]["accepted"], json!([]), "what is accepted is still listed");
    assert_eq!(strict["status"], "firing");

    let empty = format!("[discovery]\ntag = \"nobody-has-this\"\n{accepted}");
    let unseen = "[discovery]\ntag = \"nobody-has-this\"\n";
    let [refused, allowed, not_empty] = reports([
        (demo(&[]).named_config(&empty), 3),
        (demo(&["--allow-empty"]).named_config(&empty), 0),
        (demo(&["--allow-empty"]).named_config(unseen), 3),
    ]);
    assert_eq!(refused["exit_reason"], "can't tell: no production function to judge");
    assert_eq!(allowed["status"], "ok");
    assert_eq!(not_empty["status"], "unknown", "what can't be seen is not empty");
}

#[test]
fn windows_and_instants_that_can_not_be_judged_are_refused() {
    for window in ["0", "0m", "90s", "soon"] {
        assert_refused(demo(&["--window", window]), &["--window", "whole minutes", window]);
    }
    assert_refused(demo(&["--window", "20000h"]), &["--window", "455 days", "20000h"]);
    assert_refused(demo(&["--at", "2090-01-01T00:00:00Z"]), &["--at 2090-01-01T00:00:00Z is in the future"]);
    assert_refused(demo(&["--at", &minutes_ago(500 * 1440)]), &["too long ago", "455 days"]);
    assert_refused(demo(&["--at", "yesterday"]), &["--at yesterday", "2026-12-01T08:00:00Z"]);
    let never = |args: &[&str]| (demo(args).args(["--fail-on", "never"]), 0);
    let [month, hours] = reports([never(&["--at", &minutes_ago(30 * 1440 + 2)]), never(&["--window", "2h"])]);
    assert_eq!(month["window"]["period"], 5, "one-minute data is gone after 15 days");
    assert_eq!(hours["window"]["minutes"], 120);
}

#[test]
fn moments_are_read_as_people_type_them() {
    let never = |args: &[&str]| (demo(args).args(["--fail-on", "never"]), 0);
    let [ago, instant] =
        reports([never(&["--at", "90m ago", "--window", "5m"]), never(&["--since", &minutes_ago(30)])]);
    assert_eq!((&ago["window"]["minutes"], &ago["window"]["period"]), (&json!(5), &json!(1)));
    let minutes = instant["window"]["minutes"].as_i64().expect("a number");
    // A minute may pass between here and there.
    assert!((27..=28).contains(&minutes), "{minutes}");
    assert_refused(demo(&["--since", "tomorrow"]), &["--since tomorrow", "2026-12-01T08:00:00Z", "20m ago"]);
    assert_refused(demo(&["--since", "2090-01-01"]), &["--since 2090-01-01T00:00:00Z is in the future"]);
    assert_refused(demo(&["--since", "500d ago"]), &["too long ago", "455 days"]);
    assert_refused(demo(&["--since", "1m ago"]), &["nothing to judge yet", "--wait 10m"]);
    assert_refused(demo(&["--since", "10m ago", "--at", "20m ago"]), &["is not before --at"]);
    assert_refused(demo(&["--since", "10m ago", "--window", "5m"]), &["--since", "--window"]);
}

#[test]
fn a_wait_that_fires_at_once_tells_its_rounds_on_standard_error_and_its_report_on_standard_output() {
    let running = demo(&["--since", "30m ago", "--wait", "2h", "--baseline", "1h", "--format", "json"]).start();
    let output = running.finish().ended_with(1);
    let told = read(&output, 1);
    let lines: Vec<_> = output.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{}", output.stderr);
    assert!(lines[0].starts_with("slmon: watching ") && lines[0].contains("the last round is at "), "{}", lines[0]);
    assert!(lines[1].contains(" targets seen  ") && lines[1].contains(" critical"), "{}", lines[1]);
    assert!(told["notes"][0].as_str().is_some_and(|note| note.starts_with("the wait of 2 h ended after 1 round")));
    // It is over, and a round is all that it takes; compared with before, what is worse says so.
    let over = report(demo(&["--since", "3h ago", "--wait", "10m", "--fail-on", "never"]), 0);
    assert_eq!(over["window"]["minutes"], json!(10));
    assert_eq!(over["notes"][0], json!("waited for all of the 10 min, in 1 round"));
}

#[test]
fn a_wait_and_a_baseline_that_make_no_sense_are_refused() {
    for wait in ["0m", "90s", "soon"] {
        assert_refused(demo(&["--wait", wait]), &["--wait", "whole minutes", wait]);
    }
    assert_refused(demo(&["--wait", "10m", "--since", "23h ago"]), &["was over at", "UTC", "--since alone"]);
    assert_refused(demo(&["--wait", "2d"]), &["--wait 2d: at most a day"]);
    assert_refused(demo(&["--wait", "10m", "--at", "10:00"]), &["--wait", "--at"]);
    assert_refused(demo(&["--wait", "10m", "--window", "10m"]), &["--wait", "--window"]);
    assert_refused(demo(&["--baseline", "2d"]), &["--baseline", "at most a day", "off"]);
    assert_refused(
        demo(&[]).named_config("[alert]\nbaseline = \"always\"\n"),
        &["bad value for `baseline` in [alert]", "such as 1h, or off"],
    );
}

#[test]
fn of_the_past_nothing_is_said_to_last_until_today() {
    let text = demo(&["--at", &minutes_ago(2 * 1440)]).run().ended_with(1).stdout;
    assert!(text.contains("for over 35 min"), "{text}");
    assert!(!text.contains("for over 2 d"), "{text}");
}

#[test]
fn every_mistake_in_the_configuration_is_told_at_once_with_its_place() {
    let run =
        with_keys().args(["alert"]).config("regoins = [\"eu-west-1\"]\n[alert]\ndeadline = \"soon\"\nwindw = 1\n");
    let output = assert_refused(
        run,
        &[
            "unknown key `regoins`",
            "config.toml:1:1",
            "^^^^^^^",
            "did you mean `regions`?",
            "bad value for `deadline` in [alert]",
            "config.toml:3:12",
            "unknown key `windw` in [alert]",
            "did you mean `window`?",
        ],
    );
    assert!(!output.stderr.contains('\x1b'), "no colours into a pipe");
    assert_refused(with_keys().args(["--config", "nowhere.toml", "alert"]), &["there is no file nowhere.toml"]);
    assert_refused(
        with_keys().args(["alert"]).env("SLMON_CONFIG", "nowhere.toml"),
        &["SLMON_CONFIG", "there is no file nowhere.toml"],
    );
    assert_refused(with_keys().args(["alert", "--deadline", "0"]), &["--deadline", "30s"]);
    assert_refused(with_keys().args(["alert", "--region", "eu_west_1"]), &["--region", "eu-west-1"]);
}

#[test]
fn nothing_is_read_from_the_working_directory() {
    let run = demo(&["--fail-on", "never"]);
    run.file("config.toml", "nonsense = 1");
    run.file("slmon.toml", "nonsense = 1");
    run.run().ended_with(0);
}

#[test]
fn the_command_line_helps() {
    let help = slmon().args(["--help"]).run().ended_with(0);
    let without_terminal = slmon().run().ended_with(2);
    assert!(without_terminal.stderr.contains("the dashboard needs a terminal"), "{}", without_terminal.stderr);
    for part in ["Usage: slmon", "alert", "functions", "accounts", "config", "slmon --demo alert"] {
        assert!(help.stdout.contains(part), "{part:?} in:\n{}", help.stdout);
    }
    let help = slmon().args(["alert", "--help"]).run().ended_with(0);
    assert!(help.stdout.contains("Exit codes:") && help.stdout.contains("--fail-on"), "{}", help.stdout);
    assert!(slmon().args(["--version"]).run().ended_with(0).stdout.starts_with("slmon "));
    assert_refused(slmon().args(["alert", "--windw", "5m"]), &["--windw", "--window"]);
    assert_refused(slmon().args(["alrt"]), &["alrt", "alert"]);
}

#[test]
fn the_configuration_in_effect_says_where_it_comes_from_and_no_secret() {
    let run =
        slmon().args(["config", "--deadline", "7s"]).env("SLMON_WINDOW", "25m").env("BETA_ID", "hush-variable").config(
            "regions = [\"eu-west-1\"]\n[[organizations]]\nclient = \"Acme\"\nrole = \"slmon\"\n\
             external_id = \"hush-file\"\n[[accounts]]\nid = \"444455556666\"\nrole = \"slmon\"\n\
             external_id_env = \"BETA_ID\"\n[alert]\nwindow = \"20m\"\nsettle = \"4m\"\n",
        );
    let text = run.run().ended_with(0).stdout;
    assert!(!text.contains("hush"), "a secret in:\n{text}");
    let origin = |key: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap_or_default();
        line.rsplit_once('#').map(|(value, origin)| (value.trim().to_owned(), origin.trim().to_owned()))
    };
    let said = |value: &str, origin: &str| Some((value.to_owned(), origin.to_owned()));
    assert_eq!(origin("window"), said("window = \"25m\"", "SLMON_WINDOW"), "a variable beats the file");
    assert_eq!(origin("deadline"), said("deadline = \"7s\"", "--deadline"));
    assert_eq!(origin("fail_on"), said("fail_on = \"critical\"", "default"));
    assert!(origin("settle").is_some_and(|(_, origin)| origin.ends_with("config.toml:12")), "{text}");
    assert!(text.contains("external_id_env = \"BETA_ID\""), "{text}");
}

#[test]
fn without_credentials_it_can_not_tell_and_says_what_to_do() {
    let told = report(slmon().args(["alert"]).region("eu-west-1"), 3);
    assert_eq!(told["status"], "unknown");
    assert_row(the_unseen(&told), "sts:GetCallerIdentity", "expired", "no credentials were found", "AWS_PROFILE");
    let text = slmon().args(["alert"]).run().ended_with(3).stdout;
    assert!(text.starts_with("? UNKNOWN   nothing could be seen"), "{text}");
    assert!(!text.contains("nothing fails"), "{text}");
    for command in ["functions", "accounts"] {
        let text = slmon().args([command]).run().ended_with(3).stdout;
        assert!(text.contains("no credentials were found"), "{text}");
    }
}

const PROFILES: &str = "\
[profile keys]
aws_access_key_id = AKIAPROFILE
aws_secret_access_key = x
region = eu-west-1
[profile mfa]
mfa_serial = arn:aws:iam::111122223333:mfa/me
role_arn = arn:aws:iam::111122223333:role/ops
region = eu-west-1
[profile orphan]
role_arn = arn:aws:iam::111122223333:role/ops
source_profile = gone
[profile sso]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = ops
region = eu-west-1
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.example/start
[profile old-sso]
sso_region = eu-west-1
sso_start_url = https://corp.example/start
sso_account_id = 111122223333
sso_role_name = ops
[profile broken]
credential_process = false
";

#[test]
fn a_profile_that_can_not_work_says_why() {
    let row = |profile: &str| {
        let told = report(slmon().profiles(PROFILES).args(["--profile", profile, "--region", "eu-west-1", "alert"]), 3);
        the_unseen(&told).clone()
    };
    let caller = "sts:GetCallerIdentity";
    assert_row(&row("kyes"), caller, "expired", "there is no profile kyes", "did you mean keys?");
    assert_row(&row("orphan"), caller, "expired", "no profile gone in", "list-profiles");
    assert_row(&row("mfa"), caller, "other", "", "the profile mfa asks for an MFA code");
    assert_row(&row("mfa"), caller, "other", "", "aws configure export-credentials --profile mfa");
    assert_row(&row("sso"), caller, "expired", "SSO token", "aws sso login --profile sso");
    assert_row(&row("old-sso"), caller, "expired", "sso", "aws sso login --profile old-sso");
    assert_row(&row("broken"), caller, "expired", "external process", "credential_process");
    let chosen = slmon().profiles(PROFILES).env("AWS_PROFILE", "old-sos").args(["alert"]);
    assert_row(the_unseen(&report(chosen, 3)), caller, "expired", "no profile old-sos", "did you mean old-sso?");
}

#[test]
fn a_profile_that_is_named_beats_keys_in_the_environment() {
    let run = with_keys().profiles(PROFILES).args(["--profile", "broken", "alert"]);
    assert_row(&the_unseen(&report(run, 3)).clone(), "sts:GetCallerIdentity", "expired", "external process", "");
}

#[test]
fn a_dead_endpoint_is_the_network_and_named() {
    let dead = "http://127.0.0.1:1";
    let told = report(with_keys().env("AWS_ENDPOINT_URL", dead).args(["alert"]), 3);
    let row = the_unseen(&told);
    assert_row(row, "sts:GetCallerIdentity", "network", "Connection refused", dead);
    assert!(!row["message"].as_str().unwrap().contains("dispatch failure"), "in words for people: {row}");
    let role = ["--role", "arn:aws:iam::111122223333:role/slmon", "--region", "eu-west-1", "alert"];
    let told = report(with_keys().env("AWS_ENDPOINT_URL", dead).args(role), 3);
    assert_row(the_unseen(&told), "sts:AssumeRole", "network", "Connection refused", dead);
    assert_eq!(the_unseen(&told)["account"], "111122223333");
}

#[test]
fn an_endpoint_that_is_no_url_is_told_without_the_request() {
    let role = ["--role", "arn:aws:iam::111122223333:role/slmon", "--external-id", "hush", "alert"];
    let told = report(with_keys().env("AWS_ENDPOINT_URL", "nonsense").args(role), 3);
    assert_row(the_unseen(&told), "sts:AssumeRole", "other", "endpoint `nonsense`", "https://");
    assert!(!told.to_string().contains("hush"), "the external id is in the report: {told}");
}

#[test]
fn a_region_at_hand_that_is_none_is_told() {
    let told = report(with_keys().region("eu_west_1").args(["alert"]), 3);
    assert_row(the_unseen(&told), "sts:GetCallerIdentity", "other", "`eu_west_1` is no region's code", "AWS_REGION");
}

/// Two accounts of a silent endpoint: one of the credentials, one by a role.
fn hanging(silent: &Silent) -> Slmon {
    with_keys().env("AWS_ENDPOINT_URL", silent.url()).config(
        "regions = [\"eu-west-1\"]\n[[accounts]]\nclient = \"Acme\"\n[[accounts]]\nid = \"444455556666\"\nrole = \"slmon\"\n",
    )
}

#[test]
fn an_interrupted_sweep_says_what_was_not_seen() {
    for (signal, format) in [("INT", "json"), ("TERM", "json"), ("INT", "text")] {
        let silent = Silent::start();
        let running = hanging(&silent).args(["alert", "--format", format]).start();
        let _connection = silent.wait_for_somebody();
        running.signal(signal);
        let output = running.finish().ended_with(130);
        if format == "text" {
            assert!(output.stdout.contains("interrupted") && output.stdout.contains("exit 130"), "{}", output.stdout);
            continue;
        }
        let told = output.json();
        assert_valid("slmon.alert-1", &told);
        let rows: Vec<_> = told["coverage"]["unseen"].as_array().unwrap().iter().collect();
        assert_eq!(rows.len(), 2, "{told:#}");
        assert_row(rows[0], "sts:GetCallerIdentity", "interrupted", "", "");
        assert_row(rows[1], "sts:AssumeRole", "interrupted", "", "");
        assert_eq!(rows[1]["account"], "444455556666");
    }
}

#[test]
fn the_deadline_ends_a_hanging_sweep() {
    let silent = Silent::start();
    let told = report(hanging(&silent).args(["--deadline", "2s", "alert"]), 3);
    let rows: Vec<_> = told["coverage"]["unseen"].as_array().unwrap().iter().collect();
    assert_eq!(rows.len(), 2, "{told:#}");
    for row in rows {
        assert_row(row, row["operation"].as_str().unwrap(), "deadline", "the deadline of 2 s", "--deadline");
    }
    let listed = hanging(&silent).args(["--deadline", "1s", "accounts"]).run().ended_with(3);
    assert!(listed.stdout.contains("deadline"), "{}", listed.stdout);
}

#[test]
fn a_proxy_of_the_environment_is_used() {
    let proxy = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let url = format!("http://{}", proxy.local_addr().expect("it has an address"));
    let (sender, asked) = mpsc::channel();
    thread::spawn(move || {
        for mut connection in proxy.incoming().flatten() {
            let mut head = [0; 256];
            let read = connection.read(&mut head).unwrap_or_default();
            let _ = sender.send(String::from_utf8_lossy(&head[..read]).into_owned());
        }
    });
    let told = report(with_keys().args(["alert"]).region("eu-west-1").env("HTTPS_PROXY", url), 3);
    assert_eq!(the_unseen(&told)["kind"], "network");
    let head = asked.recv().expect("somebody asked the proxy");
    assert!(head.starts_with("CONNECT sts.eu-west-1.amazonaws.com:443"), "{head}");
}

#[test]
fn a_day_of_watching_is_reckoned_before_anything_is_read() {
    let demo = |args: &[&str]| slmon().args(["--demo", "cost"]).args(args);
    // The demo has an account that can't be entered: what it would cost nobody knows.
    let told = demo(&["--format", "json"]).run().ended_with(3).json();
    assert_valid("slmon.cost-1", &told);
    let targets = told["targets"].as_array().unwrap();
    let sum: u64 = targets.iter().map(|row| row["quiet"]["metrics"].as_u64().unwrap()).sum();
    assert_eq!(
        (told["quiet"]["metrics"].as_u64(), sum),
        (Some(sum), 2880 * targets.len() as u64),
        "two totals a minute"
    );
    assert!(
        told["noisy"]["usd"].as_f64() > told["quiet"]["usd"].as_f64() && !told["unseen"].as_array().unwrap().is_empty()
    );
    let text = demo(&[]).run().ended_with(3).stdout;
    assert!(text.contains("dev fails all day") && text.contains("could not be read"), "{text}");
    assert!(!text.contains("switched on"), "{text}");
    let run = slmon().named_config("[checks.burn]\non = true\n[checks.silent]\non = true\n");
    let text = run.args(["--demo", "cost"]).run().ended_with(3).stdout;
    let added = text.split_once("the checks that are switched on\n").unwrap().1;
    let lines: Vec<&str> = added.lines().take(2).collect();
    assert!(lines[0].starts_with("burn ") && lines[0].contains(", at most $"), "{text}");
    assert!(lines[1].starts_with("silent ") && lines[1].ends_with(" functions"), "{text}");
    assert_eq!(demo(&["--client", "Nobody"]).run().code, 2, "what nobody has is not free, but a mistake");
}
