//! JSON that validates, and JSON that must not.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::report::samples;

fn schema() -> jsonschema::Validator {
    let text = include_str!("../../../docs/schema/slmon.alert-1.schema.json");
    let schema: Value = serde_json::from_str(text).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::validator_for(&schema).unwrap()
}

fn faults(schema: &jsonschema::Validator, value: &Value) -> Vec<String> {
    schema.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn rendered(report: &Report) -> Value {
    let text = render(report);
    assert!(text.ends_with("}\n"));
    assert!(!text.chars().any(|c| c != '\n' && steers(c)), "{text:?}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_report_is_what_the_schema_says() {
    let schema = schema();
    for (name, report) in samples::all() {
        assert_eq!(faults(&schema, &rendered(&report)), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn the_contracts_example_is_what_the_schema_says() {
    let example = json!({
        "schema": "slmon.alert/1", "status": "firing", "exit_code": 1,
        "window": {"start": "2026-11-23T09:45:00Z", "end": "2026-11-23T10:00:00Z", "minutes": 15},
        "coverage": {"targets": 120, "seen": 118, "accepted": [],
            "unseen": [{"client": "Acme", "account": "111122223333", "region": null, "operation": "sts:AssumeRole",
                "kind": "denied", "message": "…", "hint": "…"}]},
        "functions": {"watched": 3012, "production": 1200, "other": 1500, "unknown": 312},
        "verdicts": {"ok": 900, "warning": 3, "critical": 2, "idle": 280, "unknown": 14, "muted": 1},
        "hidden": {"functions": 37, "errors": 812, "throttles": null},
        "alerts": [{"client": "Acme", "account": "111122223333", "account_name": "acme-shop", "region": "eu-west-1",
            "function": "checkout-api", "arn": "arn:aws:lambda:eu-west-1:111122223333:function:checkout-api",
            "stage": {"kind": "production", "label": "PROD", "evidence": "tag Environment=PROD"},
            "check": "errors", "severity": "critical", "errors": 41, "throttles": 0, "invocations": 812,
            "value": 0.0505, "threshold": 0.05, "threshold_source": "default",
            "reason": "41 of 812 failed (5.0 %), limit 5 %", "since": "2026-11-23T09:51:00Z", "owner": null, "runbook": null}],
        "muted": [],
        "blind_spots": [{"kind": "stage-conflict", "account": "111122223333", "region": "eu-west-1", "function": "pay",
            "detail": "stage=prod, env=dev"}],
        "api": {"requests": 512, "metrics": 6024, "usd": 0.06}
    });
    assert_eq!(faults(&schema(), &example), Vec::<String>::new());
}

#[test]
fn a_broken_report_is_not() {
    let schema = schema();
    let good = rendered(&samples::firing());
    let broken: [(&str, Value); 13] = [
        ("/status", json!("fine")),
        ("/schema", json!("slmon.alert/2")),
        ("/exit_code", json!("1")),
        ("/window/start", json!("2026-11-23 14:45")),
        ("/coverage/unseen/0/kind", json!("forbidden")),
        ("/coverage/unseen/0/account", json!("1111")),
        ("/coverage/accepted/0/until", Value::Null),
        ("/alerts/0/severity", json!("fatal")),
        ("/alerts/0/since", json!(14)),
        ("/blind_spots/0/kind", json!("Stage_Missing")),
        ("/hidden/errors", json!(-1)),
        ("/scope", json!("all")),
        ("/coverage/share", json!(1.5)),
    ];
    for (place, value) in broken {
        let mut report = good.clone();
        *report.pointer_mut(place).unwrap() = value;
        assert!(!schema.is_valid(&report), "{place}");
    }
    for key in good.as_object().unwrap().keys().filter(|key| !["notes", "exit_reason", "scope"].contains(&key.as_str()))
    {
        let mut report = good.clone();
        report.as_object_mut().unwrap().remove(key);
        assert!(!schema.is_valid(&report), "without {key}");
    }
    let mut more = good;
    more["added"] = json!(true);
    assert!(schema.is_valid(&more), "keys may be added");
}

#[test]
fn machines_get_what_aws_said_and_screens_are_not_steered() {
    let value = rendered(&samples::hostile());
    assert_eq!(value["alerts"][0]["function"], samples::hostile().alerts[0].function.raw());
    assert!(render(&samples::hostile()).contains("\\u202e") && render(&samples::hostile()).contains("\\u009b"));
    assert_eq!(value["exit_reason"], "something fires, and not all was seen");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_makes_valid_json(name in any::<String>(), message in any::<String>(), other in any::<String>()) {
        let report = samples::written_by(&name, &message, &other);
        let value = rendered(&report);
        prop_assert_eq!(faults(&schema(), &value), Vec::<String>::new());
        prop_assert_eq!(value["alerts"][0]["function"].as_str(), Some(name.as_str()));
        prop_assert_eq!(value["coverage"]["unseen"][0]["message"].as_str(), Some(message.as_str()));
    }
}
