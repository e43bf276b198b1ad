//! The tables at three widths.

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{
    domain::{
        failure::{Failure, Kind},
        rules::{Stage, StageKind},
        text::{AwsText, steers},
    },
    report::{
        Coverage,
        canvas::width,
        samples::{self, account, region, telling},
    },
};

fn plain(styled: &str) -> String {
    anstream::adapter::strip_str(styled).to_string()
}

fn function(name: &str, kind: StageKind, evidence: &str) -> FunctionRow {
    FunctionRow {
        client: Some("Acme".into()),
        account: account("111122223333"),
        account_name: Some("acme-shop".into()),
        region: region("eu-west-1"),
        function: name.into(),
        arn: format!("arn:aws:lambda:eu-west-1:111122223333:function:{name}").into(),
        watched: true,
        stage: Stage { kind, label: None, evidence: evidence.into() },
        tags: [("monitor".into(), "true".into())].into(),
        runtime: Some("python3.13".into()),
    }
}

fn functions() -> FunctionList {
    let long = "acme-shop-production-order-confirmation-email-dispatcher-handler";
    FunctionList::new(
        samples::unseen().coverage,
        vec![
            function("checkout-api", StageKind::Production, "tag stage=prod"),
            function(long, StageKind::Production, &format!("name {long} (inferred)")),
            FunctionRow { runtime: None, ..function("image-resize", StageKind::Other, "tag env=dev") },
            FunctionRow {
                watched: false,
                client: None,
                account_name: None,
                ..function("newsletter", StageKind::Unknown, "nothing says")
            },
            function("請求書-発行-本番", StageKind::Production, "tag Environment=PROD"),
        ],
    )
}

fn target(id: &str, name: &str, at: &str, failure: Option<Failure>) -> TargetRow {
    let failed = failure.is_some();
    let (operation, kind, message, hint) = failure.map_or((None, None, None, None), |failure| {
        (Some(failure.operation), Some(failure.kind), Some(failure.message), Some(failure.hint))
    });
    TargetRow {
        client: Some("Acme".into()),
        account: Some(account(id)),
        account_name: Some(name.into()),
        region: Some(region(at)),
        state: if failed { State::Unseen } else { State::Seen },
        operation,
        kind,
        message,
        hint,
        functions: (!failed).then_some(1204),
        production: (!failed).then_some(310),
        latency_ms: (!failed).then_some(212),
    }
}

fn accounts() -> AccountList {
    let denied = Failure::new(
        "sts:AssumeRole",
        Kind::Denied,
        "User: arn:aws:sts::999900001111:assumed-role/ops/david is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/slmon",
    );
    let throttled = Failure::new("cloudwatch:GetMetricData", Kind::Throttled, "Rate exceeded");
    let listing = Failure::new("organizations:ListAccounts", Kind::Denied, "You don't have permissions");
    AccountList::new(
        vec![
            target("111122223333", "acme-shop", "eu-west-1", None),
            target("111122223333", "acme-shop", "us-east-1", None),
            TargetRow {
                region: None,
                ..target("444455556666", "beta-warehouse-production", "eu-west-1", Some(denied))
            },
            TargetRow {
                state: State::Partial,
                functions: Some(812),
                production: Some(0),
                latency_ms: Some(12_034),
                ..target(
                    "777788889999",
                    "an account with a name of fifty characters, or so",
                    "ap-southeast-2",
                    Some(throttled),
                )
            },
            TargetRow {
                account: None,
                account_name: None,
                region: None,
                ..target("777788889999", "", "eu-west-1", Some(listing))
            },
        ],
        Coverage { targets: 5, ..Coverage::default() },
    )
}

fn fits(styled: &str, columns: u16, names: &[&AwsText]) {
    let text = plain(styled);
    for line in text.lines() {
        let unbreakable = names.iter().any(|name| !name.raw().is_empty() && line.contains(name.shown().trim_end()));
        assert!(width(line) <= usize::from(columns) || unbreakable, "{} columns at {columns}: {line}", width(line));
    }
    assert!(!text.chars().any(|c| c != '\n' && steers(c)), "{text:?}");
    let codes = styled.split('\u{1b}').skip(1).all(|code| code.starts_with('['));
    assert!(codes);
}

#[test]
fn tables_as_they_are_printed() {
    for columns in [80, 120, 200] {
        assert_snapshot!(format!("functions_{columns}"), plain(&functions().text(&telling(columns))));
        assert_snapshot!(format!("accounts_{columns}"), plain(&accounts().text(&telling(columns))));
    }
    assert_snapshot!("accounts_styled", accounts().text(&telling(120)).replace('\u{1b}', "\\x1b"));
    assert_snapshot!("functions_styled", functions().text(&telling(120)).replace('\u{1b}', "\\x1b"));
    let none = plain(&FunctionList::new(samples::quiet().coverage, vec![]).text(&telling(120)));
    assert_eq!(none.lines().count(), 1);
}

#[test]
fn tables_fit() {
    for columns in [60, 80, 100, 120, 160, 200] {
        let list = functions();
        let names: Vec<_> = list.functions.iter().map(|row| &row.function).collect();
        fits(&list.text(&telling(columns)), columns, &names);
        let list = accounts();
        let names: Vec<_> = list.targets.iter().filter_map(|row| row.account_name.as_ref()).collect();
        fits(&list.text(&telling(columns)), columns, &names);
    }
}

fn valid(schema: &str, json: &str) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    let value: Value = serde_json::from_str(json).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<_> = validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert_eq!(faults, Vec::<String>::new());
    for key in schema["required"].as_array().unwrap() {
        let mut broken = value.clone();
        broken.as_object_mut().unwrap().remove(key.as_str().unwrap());
        assert!(!validator.is_valid(&broken), "without {key}");
    }
}

const FUNCTIONS: &str = include_str!("../../../docs/schema/slmon.functions-1.schema.json");
const ACCOUNTS: &str = include_str!("../../../docs/schema/slmon.accounts-1.schema.json");

#[test]
fn json_is_what_the_schemas_say() {
    valid(FUNCTIONS, &functions().json());
    valid(ACCOUNTS, &accounts().json());
    assert!(!jsonschema::is_valid(
        &serde_json::from_str(ACCOUNTS).unwrap(),
        &serde_json::json!({"schema": "slmon.accounts/1", "targets": [{"state": "lost"}]})
    ));
}

#[test]
fn the_summaries_count_what_is_watched() {
    let summary = functions().summary;
    assert_eq!((summary.watched, summary.production, summary.other, summary.unknown), (4, 3, 1, 0));
    let summary = accounts().summary;
    assert_eq!((summary.accounts, summary.targets, summary.seen, summary.partial, summary.unseen), (3, 5, 2, 1, 2));
    assert_eq!((summary.functions, summary.production), (3220, 620));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_of_anybody_elses_breaks_a_table(name in any::<String>(), other in "[\\x00-\\x7f\\u{9b}\\u{202e}]{0,30}", columns in 80u16..220) {
        let mut list = functions();
        for row in &mut list.functions {
            (row.function, row.client, row.runtime) = (name.as_str().into(), Some(other.as_str().into()), Some(other.as_str().into()));
            row.stage.evidence.clone_from(&other);
        }
        let text = list.text(&telling(columns));
        prop_assert!(plain(&text).contains(name.as_str()) || AwsText::from(name.as_str()).shown() != name || name.trim() != name);
        prop_assert!(!plain(&text).chars().any(|c| c != '\n' && steers(c)));
        valid(FUNCTIONS, &list.json());
    }
}
