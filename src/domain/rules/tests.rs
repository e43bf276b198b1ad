//! The rules as the contract words them, case by case.

use proptest::prelude::*;

use super::{
    limits::{Clause, Clauses},
    *,
};
use crate::domain::{account::AccountId, finding::SpotKind, function::Tags};

fn account(name: &str) -> Account {
    Account { id: AccountId::parse("444455556666").unwrap(), name: Some(name.into()), client: None }
}

fn function(name: &str, tags: &[(&str, &str)]) -> Discovered {
    Discovered {
        arn: format!("arn:aws:lambda:eu-west-1:444455556666:function:{name}").into(),
        name: name.into(),
        tags: Tags::new(tags.iter().map(|(k, v)| ((*k).into(), (*v).into()))),
    }
}

fn class(rules: &Rules, name: &str, tags: &[(&str, &str)]) -> Class {
    rules.classify(&account("shop"), "eu-west-1", &function(name, tags))
}

fn stage(name: &str, tags: &[(&str, &str)]) -> (StageKind, String) {
    let stage = class(&Rules::default(), name, tags).stage;
    (stage.kind, stage.evidence)
}

#[test]
fn a_tag_decides_before_any_name() {
    use StageKind::{Other, Production};
    for (value, kind) in [
        ("prod", Production),
        (" PROD ", Production),
        ("live", Production),
        ("prod-eu", Production),
        ("PRD2", Production),
        ("production-eu-west-1", Production),
        ("prod-dev", Other),
        ("pre-prod", Other),
        ("nonprod", Other),
        ("blue", Other),
        ("prod-like", Other),
        ("live-test", Other),
    ] {
        assert_eq!(stage("api-dev", &[("stage", value)]).0, kind, "{value}");
    }
    assert_eq!(stage("x", &[("stage", "prod-eu")]).1, "tag stage=prod-eu (inferred)");
    assert_eq!(stage("x", &[("Environment", "PROD")]).1, "tag Environment=PROD");
}

#[test]
fn keys_decide_in_their_order_and_the_exact_spelling_first() {
    assert_eq!(stage("x", &[("environment", "prod"), ("stage", "dev")]).0, StageKind::Other);
    assert_eq!(stage("x", &[("STAGE", "dev"), ("stage", "prod")]).0, StageKind::Production);
    assert_eq!(stage("x", &[("Stage", "prod"), ("STAGE", "dev")]).0, StageKind::Other);
    assert_eq!(stage("x", &[(" stage ", "prod")]).0, StageKind::Production);
    assert_eq!(stage("x", &[("stage", "  "), ("env", "prod")]).0, StageKind::Production);
}

#[test]
fn keys_that_disagree_are_a_blind_spot_of_what_is_watched() {
    let tags = [("stage", "prod"), ("env", "dev"), ("monitor", "true")];
    let spots = class(&Rules::default(), "x", &tags).spots;
    assert_eq!(
        spots.iter().map(|s| (s.kind, s.detail.as_str())).collect::<Vec<_>>(),
        [(SpotKind::StageConflict, "stage=prod, env=dev")]
    );
    assert!(class(&Rules::default(), "x", &tags[..2]).spots.is_empty());
}

#[test]
fn names_decide_last_and_can_be_switched_off() {
    use StageKind::{Other, Production, Unknown};
    for (name, kind) in [
        ("payments-prod", Production),
        ("payments-david-dev", Other),
        ("prod-cleanup-dev", Other),
        ("product-api", Unknown),
    ] {
        assert_eq!(stage(name, &[]).0, kind, "{name}");
    }
    assert_eq!(stage("payments-dev", &[("aws:cloudformation:stack-name", "pay-live")]).0, Production);
    let mut rules = Rules::default();
    rules.stage.names = false;
    assert_eq!(class(&rules, "payments-prod", &[]).stage.kind, Unknown);
}

#[test]
fn the_configuration_speaks_of_accounts_before_names_do() {
    let mut rules = Rules::default();
    rules.stage.accounts =
        vec![(Glob::new("*-sandbox").unwrap(), "other".into()), (Glob::new("4444*").unwrap(), "production".into())];
    assert_eq!(class(&rules, "payments-dev", &[]).stage.kind, StageKind::Production);
    let sandbox = rules.classify(&account("beta-sandbox"), "eu-west-1", &function("pay-prod", &[]));
    assert_eq!(
        (sandbox.stage.kind, sandbox.stage.evidence.as_str()),
        (StageKind::Other, "stage.accounts *-sandbox = other")
    );
}

#[test]
fn a_functions_own_numbers_replace_the_critical_clauses_and_raise_the_warning() {
    let limits = |tags: &[(&str, &str)]| class(&Rules::default(), "x", &[&[("monitor", "true")], tags].concat()).limits;
    let own = limits(&[("monitor:errors", "5")]);
    assert_eq!(own.errors.critical, Clauses::new([Clause::new(5.0, 0.05)], "tag monitor:errors"));
    assert_eq!(own.errors.warning, Clauses::new([Clause::new(2.5, 0.01)], "tag monitor:errors"));
    let rate = limits(&[("monitor:error-rate", "0.2")]);
    assert_eq!(rate.errors.critical.any, [Clause::new(3.0, 0.2)]);
    assert_eq!(rate.errors.warning.any, [Clause::new(1.0, 0.1)]);
    let low = limits(&[("monitor:errors", "1"), ("monitor:throttle-rate", "0.5")]);
    assert_eq!(low.errors.warning, Limits::default().errors.warning);
    assert_eq!(low.throttles.critical.any, [Clause::new(10.0, 0.5)]);
    assert_eq!(low.throttles.warning, Limits::default().throttles.warning);
}

#[test]
fn an_override_watches_what_has_no_tag_and_the_functions_own_tags_stand_above_it() {
    let legacy = Override {
        account: Some(Glob::new("4444*").unwrap()),
        function: Some(Glob::new("legacy-*").unwrap()),
        watch: Some(true),
        stage: Some("production".into()),
        limits: LimitsPatch {
            errors_critical: Some(Clauses::new([Clause::new(50.0, 0.2)], "override 1")),
            ..LimitsPatch::default()
        },
        owner: Some("beta-ops".into()),
        name: "override 1".into(),
        ..Override::default()
    };
    let rules = Rules { overrides: vec![legacy], ..Rules::default() };
    let plain = class(&rules, "legacy-api", &[]);
    assert!(plain.alerts() && rules.watches_untagged(&account("shop")));
    assert_eq!(
        (plain.owner, plain.stage.evidence.as_str()),
        (Some("beta-ops".into()), "override 1 of the configuration")
    );
    assert_eq!(plain.limits.errors.critical.any, [Clause::new(50.0, 0.2)]);
    let own = class(&rules, "legacy-api", &[("monitor:errors", "7"), ("monitor:owner", "team-x")]);
    assert_eq!((own.limits.errors.critical.any[0], own.owner), (Clause::new(7.0, 0.2), Some("team-x".into())));
    assert!(!class(&rules, "other-api", &[]).watched);
}

proptest! {
    #[test]
    fn any_name_and_tag_is_classified_and_never_shown_raw(name in ".{0,40}", key in "(?i)stage|env|monitor|monitor:errors|x", value in ".{0,20}") {
        let class = class(&Rules::default(), &name, &[(&key, &value), ("monitor", "on")]);
        let shown = class.spots.iter().map(|spot| &spot.detail).chain([&class.stage.evidence]);
        for text in shown {
            prop_assert!(!text.chars().any(char::is_control), "{text:?}");
        }
    }
}
