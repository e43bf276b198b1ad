//! The real binary against third-party emulators: an organization under IAM, answers in pages, faults on the way.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "in a test, that is how one fails")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use slmon::source::calls;
use support::{Estate, Slmon, assert_valid, estate, microburst, ministack, slmon};

/// The configuration of an estate's organization.
fn organization(estate: &Estate, more: &str) -> String {
    format!(
        "regions = [\"{}\"]\n[[organizations]]\nclient = \"Acme\"\nrole = \"{}\"\nexternal_id = \"{}\"\n{more}",
        estate.region, estate.role, estate.external_id
    )
}

/// `slmon alert` over the window that ends where the estate does.
fn alert(estate: &Estate) -> Slmon {
    slmon().estate(estate).args(["--deadline", "50s", "alert", "--at", &estate.at])
}

/// Runs it for its JSON.
#[track_caller]
fn report(run: Slmon, code: i32) -> Value {
    let output = run.args(["--format", "json"]).run().ended_with(code);
    assert_eq!(output.stderr, "", "nothing on standard error");
    let report = output.json();
    assert_valid("slmon.alert-1", &report);
    assert_eq!(report["exit_code"], json!(code));
    report
}

/// Another JSON of slmon's, by its schema.
#[track_caller]
fn listed(run: Slmon, schema: &str, code: i32) -> Value {
    let listed = run.args(["--format", "json"]).run().ended_with(code).json();
    assert_valid(schema, &listed);
    listed
}

fn rows<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("{pointer} in {value:#}"))
}

/// Alerts as function, check, severity, errors and invocations.
fn alerts(report: &Value) -> BTreeSet<String> {
    let told = |alert: &Value| {
        let text = |key: &str| alert[key].as_str().unwrap_or("-").to_owned();
        let [function, check, severity] = ["function", "check", "severity"].map(text);
        format!("{function} {check} {severity} {} of {}", alert["errors"], alert["invocations"])
    };
    rows(report, "/alerts").iter().map(told).collect()
}

fn set<const N: usize>(items: [&str; N]) -> BTreeSet<String> {
    items.into_iter().map(Into::into).collect()
}

/// Unseen rows by the account's name.
fn unseen(report: &Value) -> BTreeMap<&str, &Value> {
    rows(report, "/coverage/unseen").iter().map(|row| (row["account_name"].as_str().unwrap_or("-"), row)).collect()
}

#[track_caller]
fn assert_row(row: &Value, operation: &str, kind: &str, hints: &[&str]) {
    assert_eq!((row["operation"].as_str(), row["kind"].as_str()), (Some(operation), Some(kind)), "{row:#}");
    for hint in hints {
        assert!(row["hint"].as_str().is_some_and(|said| said.contains(hint)), "{hint:?} in the hint of {row:#}");
    }
}

#[test]
fn an_organization_under_iam_is_seen_as_far_as_it_lets_itself_be_seen() {
    let estate = estate::organization();
    let told = report(alert(estate).config(&organization(estate, "")), 1);

    // What really ran and really failed, in the account that is open and in the one that denies the tagging API.
    assert_eq!(alerts(&told), set(["checkout-api errors critical 4 of 6", "billing-api errors critical 3 of 3"]));
    let first = &rows(&told, "/alerts")[0];
    let expected = json!(["Acme", estate.account("shop"), "shop", "eu-west-1", "4 of 6 failed (66.7 %), limit 5 %"]);
    assert_eq!(
        json!([first["client"], first["account"], first["account_name"], first["region"], first["reason"]]),
        expected
    );
    // When its own ListFunctions says that it was made.
    assert!(
        first["last_modified"].as_str().is_some_and(|at| at.starts_with("20") && at.ends_with(":00Z")),
        "{first:#}"
    );
    assert!(first["deployed"].as_str().is_some_and(|words| words.contains("changed ")), "{first:#}");

    let unseen = unseen(&told);
    let who: Vec<_> = unseen.keys().copied().collect();
    assert_eq!(who, ["bare", "stranger", "unmeasured"], "{told:#}");
    for name in ["bare", "stranger"] {
        let role = estate.role_in(name);
        assert_row(unseen[name], "sts:AssumeRole", "denied", &[&role, "trust policy", "with this external id"]);
        assert_eq!(unseen[name]["region"], Value::Null, "the whole account is out");
    }
    let role = estate.role_in("unmeasured");
    let hint = format!("allow cloudwatch:GetMetricData in the policy of {role}");
    assert_row(unseen["unmeasured"], "cloudwatch:GetMetricData", "denied", &[&hint]);
    assert_eq!(unseen["unmeasured"]["part"], "metrics of search-api");

    // The others are unharmed, and each function counts as what it is.
    assert_eq!(told["coverage"]["seen"], 3, "management, shop and blind");
    assert_eq!(
        told["functions"],
        // management 1; shop 5 (two of them no production); blind 1; unmeasured 1
        json!({ "watched": 8, "production": 6, "other": 1, "unknown": 1 })
    );
    let verdicts = json!({ "ok": 2, "warning": 0, "critical": 2, "idle": 1, "unknown": 1, "muted": 0 });
    assert_eq!(told["verdicts"], verdicts);
    assert_eq!(told["hidden"], json!({ "functions": 2, "errors": 4, "throttles": null }));
    let spots: BTreeSet<String> = rows(&told, "/blind_spots")
        .iter()
        .map(|spot| format!("{} {}", spot["function"].as_str().unwrap_or("-"), spot["kind"].as_str().unwrap_or("-")))
        .collect();
    assert_eq!(spots, set(["payments stage-missing", "misspelt monitor-value"]));
    assert!(told["notes"].to_string().contains("tag:GetResources"), "the detour is told: {}", told["notes"]);
    assert!(told["api"]["requests"].as_u64().is_some_and(|n| n > 10), "{}", told["api"]);
    assert!(!told.to_string().contains(&estate.external_id), "the external id is in the report");
    assert!(!told.to_string().contains(estate.account("closed")), "nobody asks a suspended account");
}

#[test]
fn what_is_fine_is_fine_and_what_can_not_be_judged_is_not() {
    let estate = estate::organization();
    let only = |names: &[&str]| {
        let others = estate.accounts.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        let exclude: Vec<&String> = others.map(|(_, id)| id).collect();
        organization(estate, &format!("exclude = {exclude:?}\n"))
    };
    // The account of the credentials is all well, and read without a role.
    let told = report(alert(estate).config(&only(&["management"])), 0);
    assert_eq!((&told["status"], &told["verdicts"]["ok"]), (&json!("ok"), &json!(1)));
    assert_eq!(told["exit_reason"], "nothing fires, and all was seen");

    // Known to be out of reach, with a reason and an end.
    let accept = "[[accept_unseen]]\naccount = \"bare\"\nuntil = 2099-01-01\nreason = \"moves out\"\n";
    let told = report(alert(estate).config(&format!("{}{accept}", only(&["management", "bare"]))), 0);
    assert_eq!(rows(&told, "/coverage/accepted")[0]["reason"], "moves out");
    let over = accept.replace("2099", "2020");
    let told = report(alert(estate).config(&format!("{}{over}", only(&["management", "bare"]))), 3);
    assert_row(unseen(&told)["bare"], "sts:AssumeRole", "denied", &[]);

    // Nothing is left to judge.
    let nothing = organization(estate, &format!("exclude = [\"{}\"]\n", estate.account("management")));
    let nothing = format!(
        "{nothing}[discovery]\ntag = \"nobody-has-this\"\n[[accept_unseen]]\naccount = \"*\"\nuntil = 2099-01-01\nreason = \"x\"\n"
    );
    assert_eq!(report(alert(estate).config(&nothing), 3)["status"], "unknown");
    assert_eq!(report(alert(estate).args(["--allow-empty"]).config(&nothing), 0)["status"], "ok");
}

#[test]
fn the_wrong_external_id_opens_nothing_and_another_organization_goes_on() {
    let estate = estate::organization();
    let config = format!(
        "regions = [\"eu-west-1\"]\n[[accounts]]\nid = \"{}\"\nname = \"shop\"\nclient = \"Beta\"\nrole = \"slmon\"\n\
         external_id = \"wrong\"\n[[accounts]]\nname = \"hub\"\n",
        estate.account("shop")
    );
    let told = report(alert(estate).config(&config), 3);
    let row = unseen(&told)["shop"];
    assert_row(row, "sts:AssumeRole", "denied", &[&estate.role_in("shop"), "with this external id"]);
    assert_eq!((&row["client"], &told["verdicts"]["ok"]), (&json!("Beta"), &json!(1)));
    // By flags alone, and by the role's ARN.
    let flags = ["--role", &estate.role_in("shop"), "--external-id", &estate.external_id];
    assert_eq!(alerts(&report(alert(estate).args(flags), 1)), set(["checkout-api errors critical 4 of 6"]));
}

#[test]
fn a_profile_whose_role_wants_mfa_says_so() {
    let estate = estate::organization();
    let keys = &estate.credentials;
    let profiles = format!(
        "[profile base]\naws_access_key_id = {}\naws_secret_access_key = {}\n[profile ops]\nrole_arn = {}\n\
         source_profile = base\nregion = eu-west-1\nmfa_serial = arn:aws:iam::111122223333:mfa/me\n[profile plain]\n\
         role_arn = {}\nsource_profile = base\nregion = eu-west-1\n",
        keys.access_key_id,
        keys.secret_access_key,
        estate.role_in("bare"),
        estate.role_in("bare")
    );
    let row = |profile: &str| {
        let run = slmon().env("AWS_ENDPOINT_URL", &estate.endpoint).profiles(&profiles);
        unseen(&report(run.args(["--profile", profile, "alert"]), 3))["-"].clone()
    };
    assert_row(
        &row("ops"),
        "sts:AssumeRole",
        "denied",
        &["ops asks for an MFA code", "export-credentials --profile ops"],
    );
    assert_row(&row("plain"), "sts:AssumeRole", "denied", &["the profile's role", "trust policy"]);
    // Once its keys are in the environment, as the hint says, the profile is not what fails any more.
    let run = slmon().estate(estate).profiles(&profiles).env("AWS_PROFILE", "ops").args(["alert"]);
    let told = report(run.args(["--role", &estate.role_in("bare")]), 3);
    assert_row(unseen(&told)["-"], "sts:AssumeRole", "denied", &["trust policy", "without an external id"]);
}

#[test]
fn an_administrators_role_is_held_to_reading() {
    let (estate, wide, narrowed) = estate::admin(&calls::session_policy(calls::Place::Member));
    assert_eq!((wide, narrowed), (json!(true), json!("AccessDeniedException")), "the policy that goes with each role");
    let told = report(alert(&estate).args(["--role", &estate.role]), 1);
    // The seed itself has invoked it once more, without a failure.
    assert_eq!(alerts(&told), set(["checkout errors critical 3 of 4"]));
}

#[test]
fn functions_and_accounts_tell_the_organization() {
    let estate = estate::organization();
    let run = |args: &[&str]| slmon().estate(estate).config(&organization(estate, "")).args(args);
    let told = listed(run(&["accounts"]), "slmon.accounts-1", 3);
    let state = |name: &str| {
        let row = rows(&told, "/targets").iter().find(|row| row["account"] == estate.account(name)).expect(name);
        json!([row["state"], row["kind"], row["functions"], row["production"]])
    };
    assert_eq!(state("management"), json!(["seen", null, 1, 1]));
    assert_eq!(state("shop"), json!(["seen", null, 5, 3]));
    assert_eq!(state("blind"), json!(["seen", "denied", 1, 1]), "seen, by a detour that says what to mend");
    assert_eq!(state("unmeasured"), json!(["partial", "denied", 1, 1]), "one metric is asked for");
    assert_eq!(state("stranger"), json!(["unseen", "denied", null, null]));
    assert_eq!(state("bare"), json!(["unseen", "denied", null, null]));

    let told = listed(run(&["functions"]), "slmon.functions-1", 3);
    let names: Vec<_> = rows(&told, "/functions").iter().map(|row| row["function"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 8, "{names:?}");
    let orders = rows(&told, "/functions").iter().find(|row| row["function"] == "orders-worker").unwrap();
    assert_eq!(orders["stage"], json!({ "kind": "production", "label": "PROD", "evidence": "tag Environment=PROD" }));
    assert_eq!(orders["runtime"], "python3.12");
    let told = listed(run(&["functions", "--all"]), "slmon.functions-1", 3);
    let unwatched: BTreeSet<String> = rows(&told, "/functions")
        .iter()
        .filter(|row| row["watched"] == false)
        .map(|row| row["function"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(unwatched, set(["scratch", "misspelt"]));
    let told = listed(run(&["functions", "--blind-spots"]), "slmon.blind-spots-1", 3);
    let spots = rows(&told, "/blind_spots").iter();
    let spots = spots.map(|spot| format!("{} {}", spot["function"].as_str().unwrap_or("-"), spot["kind"]));
    let spots: BTreeSet<String> = spots.map(|spot| spot.replace('"', "")).collect();
    assert_eq!(spots, set(["payments stage-missing", "misspelt monitor-value", "- unsearched"]), "blind can't be");
    let text = run(&["functions"]).run().ended_with(3).stdout;
    assert!(text.contains("orders-worker") && text.contains("PROD"), "{text}");
}

#[test]
fn all_pages_of_accounts_and_functions_are_read() {
    let estate = estate::paging();
    let told = report(alert(estate).config(&organization(estate, "")), 1);
    let failing =
        ["paged-000", "paged-040", "paged-080", "paged-120"].map(|name| format!("{name} errors critical 5 of 20"));
    assert_eq!(alerts(&told), failing.into_iter().collect());
    assert_eq!(told["functions"], json!({ "watched": 160, "production": 150, "other": 10, "unknown": 0 }));
    assert_eq!((&told["coverage"]["targets"], &told["coverage"]["seen"]), (&json!(25), &json!(25)));
    assert_eq!(
        told["api"]["metrics"].as_u64(),
        Some(150 * 2 + 10 + 4),
        "two of production, one of others, and who failed"
    );

    let run = |args: &[&str]| slmon().estate(estate).config(&organization(estate, "")).args(args);
    let functions = listed(run(&["functions"]), "slmon.functions-1", 0);
    let names: BTreeSet<_> =
        rows(&functions, "/functions").iter().map(|row| row["function"].as_str().unwrap()).collect();
    assert_eq!((names.len(), rows(&functions, "/functions").len()), (160, 160), "each once");
    let accounts = listed(run(&["accounts"]), "slmon.accounts-1", 0);
    assert_eq!(accounts["summary"]["accounts"], 25);
    assert_eq!(accounts["summary"]["functions"], 160);
}

/// One production function that fails in 2 of 10, in an account of its own.
fn one() -> Estate {
    let past = json!([{ "before": 5, "Invocations": 10, "Errors": 2 }]);
    let tags = json!({ "monitor": "true", "stage": "prod" });
    estate::functions(ministack(), &json!([{ "name": "checkout", "tags": tags, "metrics": past }]))
}

#[test]
fn a_warning_fails_only_where_it_is_asked_to() {
    let estate = one();
    let told = report(alert(&estate), 0);
    assert_eq!((&told["status"], alerts(&told)), (&json!("warning"), set(["checkout errors warning 2 of 10"])));
    assert_eq!(report(alert(&estate).args(["--fail-on", "warning"]), 1)["status"], "firing");
    assert_eq!(report(alert(&estate).args(["--fail-on", "never"]), 0)["status"], "warning");
    // A window that ends before it happened.
    let earlier = report(slmon().estate(&estate).args(["alert", "--at", &support::minutes_ago(30)]), 0);
    assert_eq!((&earlier["status"], &earlier["verdicts"]["idle"]), (&json!("ok"), &json!(1)));
}

#[test]
fn tags_of_the_function_itself_set_its_limits() {
    let past = json!([{ "before": 5, "Invocations": 1000, "Errors": 40, "Throttles": 2 }]);
    let function = |name: &str, more: Value| {
        let mut tags = json!({ "monitor": "true", "stage": "prod" });
        tags.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "name": name, "tags": tags, "metrics": past })
    };
    let wanted = json!([
        function("tolerant", json!({ "monitor:errors": "100", "monitor:throttles": "5", "monitor:owner": "pay" })),
        function("strict", json!({ "monitor:error-rate": "0.02", "monitor:throttles": "100" })),
        function("capped", json!({ "monitor:error-rate": "0.02", "monitor:severity": "warning" })),
        function(
            "muted",
            json!({ "monitor:errors": "1", "monitor:error-rate": "0.001", "monitor:mute-until": "2099-01-01" })
        ),
        function("garbled", json!({ "monitor:errors": "many" })),
    ]);
    let estate = estate::functions(ministack(), &wanted);
    let told = report(alert(&estate), 1);
    assert!(alerts(&told).contains("strict errors critical 40 of 1000"), "{:#?}", alerts(&told));
    assert!(alerts(&told).contains("capped errors warning 40 of 1000"), "{:#?}", alerts(&told));
    assert!(!alerts(&told).iter().any(|alert| alert.starts_with("muted") || alert.starts_with("tolerant")));
    let muted = &rows(&told, "/muted")[0];
    assert_eq!((&muted["function"], &muted["severity"]), (&json!("muted"), &json!("critical")));
    assert!(rows(&told, "/blind_spots").iter().any(|spot| spot["function"] == "garbled"));
}

#[test]
fn a_table_that_consumes_what_it_has_warns_and_one_that_refuses_is_critical() {
    let tags = json!({ "monitor": "true", "stage": "prod" });
    let past = |metrics: Value| {
        let minute = |before: i64| {
            let mut metrics = metrics.clone();
            metrics["before"] = json!(before);
            metrics
        };
        (6..30).map(minute).collect::<Vec<_>>()
    };
    let busy = past(json!({ "ConsumedReadCapacityUnits": 528, "ProvisionedReadCapacityUnits": 10 }));
    let refuses = past(
        json!({ "ConsumedWriteCapacityUnits": 60, "ProvisionedWriteCapacityUnits": 10, "WriteThrottleEvents": 7 }),
    );
    let tables = json!([
        { "name": "busy", "tags": tags, "metrics": busy },
        { "name": "checkout", "tags": tags, "metrics": refuses },
        { "name": "dev", "tags": { "monitor": "true", "stage": "dev" }, "metrics": refuses },
    ]);
    let past = json!([{ "before": 5, "Invocations": 9, "Errors": 0, "Throttles": 0 }]);
    let functions = json!([{ "name": "checkout", "tags": tags, "metrics": past }]);
    let estate = estate::functions_and_tables(ministack(), &functions, &tables);
    assert_eq!(report(alert(&estate), 0)["verdicts"]["ok"], json!(1), "nobody asks for tables");
    let told = report(alert(&estate).args(["--check", "capacity"]), 1);
    let found = set(["table/busy capacity warning null of null", "table/checkout capacity critical null of null"]);
    assert_eq!(alerts(&told), found, "{told:#}");
    let reason = |n: usize| rows(&told, "/alerts")[n]["reason"].as_str().unwrap().to_owned();
    assert!(reason(0).contains("writes refused for want of capacity, limit 10"), "{}", reason(0));
    assert!(reason(1).starts_with("88.0 % of 10 read capacity units a second"), "{}", reason(1));
}

#[test]
fn all_regions_of_an_account_are_found_and_read() {
    let estate = one();
    let told = report(alert(&estate).args(["--region", "all"]), 0);
    let targets = told["coverage"]["targets"].as_u64().unwrap();
    assert!(targets > 10, "{targets} regions");
    assert_eq!(told["coverage"]["seen"].as_u64(), Some(targets));
    assert_eq!(alerts(&told), set(["checkout errors warning 2 of 10"]));
}

#[test]
fn no_function_at_all_can_not_be_judged() {
    let estate = estate::functions(ministack(), &json!([]));
    let told = report(alert(&estate), 3);
    assert_eq!(told["exit_reason"], "can't tell: no production function to judge");
    assert!(told["notes"].to_string().contains("no function carries the tag monitor=true"), "{}", told["notes"]);
    assert_eq!(report(alert(&estate).args(["--allow-empty"]), 0)["status"], "ok");
}

#[test]
fn a_region_that_nobody_has_is_named_and_the_rest_is_seen() {
    let estate = one();
    // Only STS is the emulator's here, and the tagging API is looked for where the region says.
    let run =
        slmon().region("eu-west-1").credentials(&estate.credentials).env("AWS_ENDPOINT_URL_STS", &estate.endpoint);
    let run = run.args(["--region", "eu-wst-1", "--deadline", "50s", "alert"]);
    let told = report(run, 3);
    assert_row(
        &rows(&told, "/coverage/unseen")[0],
        "tag:GetResources",
        "network",
        &["eu-wst-1", "eu-west-1 is meant?"],
    );
}

#[test]
fn throttled_twice_is_not_told_and_throttled_for_ever_is() {
    let proxy = microburst();
    let estate = one().through(&proxy);
    let throttle = |times: Value| json!([{ "service": "cloudwatch", "operation": "GetMetricData", "times": times, "error": { "code": "Throttling" } }]);
    proxy.faults(&throttle(json!(2)));
    let told = report(alert(&estate), 0);
    assert_eq!((&told["coverage"]["seen"], alerts(&told).len()), (&json!(1), 1));
    assert_eq!(proxy.fired().len(), 2, "it was throttled");

    proxy.faults(&throttle(Value::Null));
    let told = report(alert(&estate), 3);
    assert_row(&rows(&told, "/coverage/unseen")[0], "cloudwatch:GetMetricData", "throttled", &["quota"]);
    assert_eq!(told["verdicts"]["unknown"], 1, "{told:#}");
}

#[test]
fn a_region_that_resets_connections_is_unseen_and_a_slow_one_is_waited_for() {
    let proxy = microburst();
    let estate = one().through(&proxy);
    let slow = json!({ "region": "eu-west-1", "latency": { "min": 300, "max": 300 } });
    proxy.faults(&json!([{ "region": "us-east-1", "service": "resourcegroupstaggingapi", "reset": true }, slow]));
    let told = report(alert(&estate).args(["--region", "eu-west-1,us-east-1"]), 3);
    let rows = rows(&told, "/coverage/unseen");
    assert_eq!((rows.len(), &rows[0]["region"]), (1, &json!("us-east-1")), "{told:#}");
    assert_row(&rows[0], "tag:GetResources", "network", &["network"]);
    assert_eq!((&told["coverage"]["seen"], alerts(&told)), (&json!(1), set(["checkout errors warning 2 of 10"])));
    let actions: BTreeSet<String> =
        proxy.fired().iter().map(|event| event["action"].as_str().unwrap().to_owned()).collect();
    assert_eq!(actions, set(["latency:300ms", "reset"]));
}

#[test]
fn the_doctor_tells_what_is_denied_and_the_statement_that_mends_it() {
    let estate = estate::organization();
    let run =
        slmon().estate(estate).config(&organization(estate, "")).args(["accounts", "--doctor", "--format", "json"]);
    let told = run.run().ended_with(1).json();
    support::schema::assert_valid("slmon.doctor-1", &told);
    let missing: BTreeSet<String> = rows(&told, "/calls")
        .iter()
        .filter(|row| row["outcome"] == "missing")
        .map(|row| format!("{} {}", row["account"].as_str().unwrap(), row["operation"].as_str().unwrap()))
        .collect();
    for (name, operation) in [
        ("blind", "tag:GetResources"),
        ("unmeasured", "cloudwatch:GetMetricData"),
        ("stranger", "sts:AssumeRole"),
        ("bare", "sts:AssumeRole"),
    ] {
        assert!(missing.contains(&format!("{} {operation}", estate.account(name))), "{name}: {missing:?}");
    }
    let mends: BTreeSet<String> = rows(&told, "/mends")
        .iter()
        .map(|mend| format!("{} {}", mend["accounts"][0].as_str().unwrap(), mend["statements"][0]["Action"][0]))
        .collect();
    assert!(mends.contains(&format!("{} \"tag:GetResources\"", estate.account("blind"))), "{mends:?}");
    assert!(mends.contains(&format!("{} \"cloudwatch:GetMetricData\"", estate.account("unmeasured"))), "{mends:?}");
}

/// What is found is kept for completion, in a file that nobody else can read; and no verdict ever rests on it.
#[test]
fn what_was_found_completes_names_and_changes_no_verdict() {
    let estate = estate::paging();
    let kept = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let run = slmon().estate(estate).config(&organization(estate, "")).args(args);
        run.env("XDG_CACHE_HOME", kept.path())
    };
    run(&["functions"]).run().ended_with(0);
    let folder = kept.path().join("slmon");
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
    let asked = run(&["--", "slmon", "alert", "--function", "paged-15"]).env("_SLMON_COMPLETE", "bash");
    let offered = asked.env("_CLAP_COMPLETE_INDEX", "3").env("_CLAP_IFS", "\n").run().ended_with(0).stdout;
    let offered: Vec<_> = offered.lines().collect();
    assert!(offered.contains(&"paged-150") && offered.len() == 10, "{offered:?}");

    let honest = report(run(&["alert"]), 1);
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains("paged-150"), "what is poisoned next is there");
    std::fs::write(file, text.replace("paged-", "ghost-")).unwrap();
    let poisoned = report(run(&["alert", "--no-cache"]), 1);
    assert_eq!((&honest["alerts"], &honest["functions"]), (&poisoned["alerts"], &poisoned["functions"]));
    assert!(std::fs::read_to_string(file).unwrap().contains("ghost-"), "--no-cache writes nothing");
}
