//! `slmon policy` and `slmon accounts --doctor`, run.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "in a test, that is how one fails")]

mod support;

use serde_json::Value;
use support::{Output, Slmon, schema::assert_valid, slmon};

const HUB: &str = "arn:aws:iam::999900001111:role/ops";

fn policy(args: &[&str]) -> Slmon {
    slmon().args(["policy"]).args(args)
}

fn actions(policy: &Value) -> Vec<String> {
    let statements = policy["Statement"].as_array().unwrap();
    statements.iter().flat_map(|it| it["Action"].as_array().unwrap()).map(|it| it.as_str().unwrap().into()).collect()
}

#[test]
fn the_policy_of_the_role_needs_no_network_and_no_credentials() {
    let all = actions(&policy(&[]).run().ended_with(0).json());
    assert!(
        all.contains(&"cloudwatch:GetMetricData".into()) && !all.iter().any(|it| it.starts_with("sts:")),
        "{all:?}"
    );
    let frugal = actions(&policy(&["--without", "configurations,all-regions"]).run().ended_with(0).json());
    let left_out: Vec<_> = all.iter().filter(|it| !frugal.contains(it)).collect();
    assert_eq!(left_out, ["lambda:ListFunctions", "account:ListRegions"]);
}

#[test]
fn who_may_assume_the_role_is_named_and_asked_for_the_external_id() {
    let trust = policy(&["trust", "--hub", HUB, "--external-id", "hush"]).run().ended_with(0);
    let statement = &trust.json()["Statement"][0];
    assert_eq!(statement["Principal"]["AWS"], HUB);
    assert_eq!(statement["Condition"]["StringEquals"]["sts:ExternalId"], "hush");
    assert_eq!(trust.stderr, "");
    let open = policy(&["trust", "--hub", "999900001111"]).run().ended_with(0);
    assert!(open.stderr.contains("without an external id"), "{}", open.stderr);
    assert_eq!(open.json()["Statement"][0]["Principal"]["AWS"], "arn:aws:iam::999900001111:root");
}

#[test]
fn home_may_enter_the_roles_of_the_configuration() {
    let config = "[[organizations]]\nrole = \"team/slmon\"\n[[accounts]]\nid = \"444455556666\"\nrole = \"reader\"\n";
    let hub = policy(&["hub"]).config(config).run().ended_with(0).json();
    assert_eq!(
        hub["Statement"][0]["Resource"],
        serde_json::json!(["arn:aws:iam::*:role/team/slmon", "arn:aws:iam::444455556666:role/reader"])
    );
    assert_eq!(actions(&hub), ["sts:AssumeRole", "organizations:ListAccounts"]);
}

#[test]
fn the_template_is_json_and_asks_for_what_it_was_not_given() {
    let template = policy(&["--format", "cloudformation", "--hub", HUB]).run().ended_with(0).json();
    assert_eq!(template["Parameters"]["HubPrincipal"]["Default"], HUB);
    assert!(template["Parameters"]["ExternalId"].get("Default").is_none());
    let role = &template["Resources"]["SlmonRole"]["Properties"];
    let config = "regions = [\"cn-north-1\"]\n[[organizations]]\nrole = \"team/reader\"\n";
    let of_config = policy(&["--format", "cloudformation"]).config(config).run().ended_with(0).json();
    assert_eq!(of_config["Parameters"]["RoleName"]["Default"], "reader");
    assert_eq!(of_config["Resources"]["SlmonRole"]["Properties"]["Path"], "/team/");
    assert!(of_config.to_string().contains("arn:aws-cn:lambda"), "the partition is that of the regions");
    assert_eq!(role["Policies"][0]["PolicyDocument"], policy(&[]).run().json());
}

#[test]
fn mistakes_are_told_with_what_is_meant() {
    let refused = |args: &[&str], part: &str| {
        let output: Output = policy(args).run().ended_with(2);
        assert!(output.stderr.contains(part), "{part:?} in:\n{}", output.stderr);
        assert_eq!(output.stdout, "");
    };
    refused(&["--without", "all-region"], "did you mean all-regions?");
    refused(&["--without", "metrics"], "nothing works without metrics");
    refused(&["trust"], "--hub");
    refused(&["trust", "--hub", "ops"], "neither the ARN");
    refused(&["trust", "--hub", "arn:aws:sts::999900001111:assumed-role/ops/me"], "neither the ARN");
    refused(&["trust", "--hub", "arn:aws:iam::999900001111:role/*"], "neither the ARN");
    refused(&["trust", "--partition", "aws-cn", "--hub", HUB], "neither the ARN");
    refused(&["hub", "--format", "cloudformation"], "slmon policy hub");
    refused(&["--format", "yaml"], "cloudformation");
    let accounts = "[[accounts]]\nid = \"444455556666\"\nrole = \"r\"\nexternal_id = \"a1\"\n\
                    [[accounts]]\nid = \"444455557777\"\nrole = \"r\"\nexternal_id = \"b2\"\n";
    let output = policy(&["trust", "--hub", HUB]).config(accounts).run().ended_with(2);
    assert!(output.stderr.contains("several external ids"), "{}", output.stderr);
}

#[test]
fn the_doctor_finds_what_is_shut_in_the_demo() {
    let doctor = slmon().args(["--demo", "accounts", "--doctor"]).run().ended_with(1);
    assert!(doctor.stdout.contains("sts:AssumeRole · missing in 1 place"), "{}", doctor.stdout);
    let json = slmon().args(["--demo", "accounts", "--doctor", "--format", "json"]).run().ended_with(1).json();
    assert_valid("slmon.doctor-1", &json);
    assert_eq!(json["verdict"], "ill");
    assert!(json["roles"].as_array().unwrap().iter().all(|role| role["external_id"] == "required"), "{json}");
    let without = slmon().args(["accounts", "--without", "configurations"]).run().ended_with(2);
    assert!(without.stderr.contains("--doctor"), "{}", without.stderr);
}

#[test]
fn where_nobody_answers_the_doctor_can_not_tell() {
    let run = slmon().env("AWS_ACCESS_KEY_ID", "AKIANOBODY").env("AWS_SECRET_ACCESS_KEY", "nothing");
    let run = run.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").region("eu-west-1");
    let json = run.args(["accounts", "--doctor", "--format", "json"]).run().ended_with(3).json();
    assert_eq!(json["verdict"], "unknown");
}
