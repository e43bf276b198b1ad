//! The checks as the contract words them, limit by limit.

use std::{collections::BTreeMap, sync::Arc};

use proptest::prelude::*;

use super::*;
use crate::domain::{
    account::{Account, AccountId},
    failure::{Failure, Kind},
    function::{Discovered, Tags},
    rules::Rules,
    window::Minute,
};

pub(super) const AT: Minute = Minute(29_700_000);
pub(super) const HORIZON: Horizon = Horizon::new(AT, 15, Minute(29_700_003));

fn series(points: &[(i64, u32)]) -> Reading {
    let mut series = Series::gaps(Window::ending(AT, 35), 1);
    for (back, value) in points {
        series.set(AT.plus(-back), f64::from(*value));
    }
    Reading::Known(series)
}

pub(super) fn unread() -> Reading {
    Reading::Unknown(Arc::new(Failure::new("cloudwatch:GetMetricData", Kind::Server, "internal")))
}

pub(super) fn function(tags: &[(&str, &str)], errors: Reading, throttles: Reading, invocations: Reading) -> Function {
    let account = Account { id: AccountId::parse("444455556666").unwrap(), name: None, client: None };
    let all = [&[("monitor", "true"), ("stage", "prod")], tags].concat();
    let found = Discovered {
        arn: "arn:aws:lambda:eu-west-1:444455556666:function:f".into(),
        name: "f".into(),
        tags: Tags::new(all.iter().map(|(k, v)| ((*k).into(), (*v).into()))),
    };
    let class = Rules::default().classify(&account, "eu-west-1", &found);
    Function {
        found,
        class,
        configuration: None,
        exists: None,
        errors,
        throttles,
        invocations,
        more: BTreeMap::new(),
        presumed: false,
    }
}

fn fires(tags: &[(&str, &str)], errors: u32, throttles: u32, invocations: u32) -> Vec<(&'static str, Severity)> {
    let judged = judge(
        &function(tags, series(&[(3, errors)]), series(&[(3, throttles)]), series(&[(3, invocations)])),
        &HORIZON,
    );
    judged.findings.iter().map(|finding| (finding.check, finding.severity)).collect()
}

#[test]
fn errors_fire_by_number_and_share() {
    use Severity::{Critical, Warning};
    assert_eq!(fires(&[], 3, 0, 60), [("errors", Critical)]);
    assert_eq!(fires(&[], 3, 0, 61), [("errors", Warning)]);
    assert_eq!(fires(&[], 2, 0, 2), [("errors", Warning)]);
    assert_eq!(fires(&[], 100, 0, 10_000), [("errors", Critical)]);
    assert_eq!(fires(&[], 99, 0, 9_900), [("errors", Warning)]);
    assert_eq!(fires(&[], 1, 0, 101), []);
    assert_eq!(fires(&[], 5, 0, 0), [("errors", Critical)]);
    assert_eq!(fires(&[], 0, 0, 500), []);
}

#[test]
fn throttles_fire_against_all_requests() {
    use Severity::{Critical, Warning};
    assert_eq!(fires(&[], 0, 10, 190), [("throttles", Critical)]);
    assert_eq!(fires(&[], 0, 10, 191), [("throttles", Warning)]);
    assert_eq!(fires(&[], 0, 9, 0), [("throttles", Warning)]);
    assert_eq!(fires(&[], 4, 20, 4), [("errors", Critical), ("throttles", Critical)]);
}

#[test]
fn a_functions_own_numbers_hold_and_its_severity_is_capped() {
    use Severity::{Critical, Warning};
    assert_eq!(fires(&[("monitor:errors", "10")], 9, 0, 10), [("errors", Warning)]);
    assert_eq!(fires(&[("monitor:errors", "10")], 4, 0, 10), []);
    assert_eq!(fires(&[("monitor:error-rate", "0.5")], 60, 0, 100), [("errors", Critical)]);
    assert_eq!(fires(&[("monitor:severity", "warning")], 60, 0, 100), [("errors", Warning)]);
}

#[test]
fn missing_is_idle_zero_is_ok_and_unread_is_unknown() {
    let verdict =
        |errors, throttles, invocations| judge(&function(&[], errors, throttles, invocations), &HORIZON).verdict;
    assert_eq!(verdict(series(&[]), series(&[]), Reading::NotAsked), Verdict::Idle);
    assert_eq!(verdict(series(&[(20, 4)]), series(&[]), Reading::NotAsked), Verdict::Idle);
    assert_eq!(verdict(series(&[(2, 0)]), series(&[]), Reading::NotAsked), Verdict::Ok);
    assert_eq!(verdict(unread(), series(&[(2, 0)]), Reading::NotAsked), Verdict::Unknown);
    assert_eq!(verdict(series(&[(2, 5)]), series(&[]), unread()), Verdict::Unknown);
    assert_eq!(verdict(unread(), series(&[(2, 50)]), series(&[(2, 5)])), Verdict::Critical);
}

#[test]
fn what_the_number_alone_decides_fires_without_invocations() {
    let judged = |errors, throttles| {
        judge(&function(&[], series(&[(2, errors)]), series(&[(2, throttles)]), unread()), &HORIZON)
    };
    let throttled = judged(0, 20);
    assert_eq!((throttled.verdict, throttled.findings[0].severity), (Verdict::Warning, Severity::Warning));
    let failing = judged(20, 0);
    assert_eq!((failing.verdict, failing.findings.len(), failing.doubts.len()), (Verdict::Unknown, 0, 1));
    assert_eq!(judged(0, 0).verdict, Verdict::Ok);
}

#[test]
fn a_mute_holds_till_its_end_and_keeps_what_it_mutes() {
    let muted = |until: &str| {
        judge(&function(&[("monitor:mute-until", until)], series(&[(2, 5)]), series(&[]), series(&[(2, 5)])), &HORIZON)
    };
    let after = AT.plus(1).to_string();
    assert_eq!((muted(&after).verdict, muted(&after).findings.len()), (Verdict::Muted, 1));
    assert_eq!(muted(&AT.to_string()).verdict, Verdict::Critical);
}

#[test]
fn the_window_has_an_inclusive_start_and_an_exclusive_end() {
    let at = |back| judge(&function(&[], series(&[(back, 5)]), series(&[]), series(&[(back, 5)])), &HORIZON).errors;
    assert_eq!([at(16), at(15), at(1), at(0)], [Some(0), Some(5), Some(5), Some(0)]);
}

#[test]
fn since_is_the_first_minute_of_the_stretch() {
    let since = |points: &[(i64, u32)]| {
        let judged = judge(&function(&[], series(points), series(&[]), series(points)), &HORIZON);
        judged.findings.first().map(|f| (f.since.map(|m| AT.0 - m.0), f.since_open))
    };
    assert_eq!(since(&[(2, 5), (3, 5), (9, 1), (12, 0), (16, 2)]), Some((Some(9), false)));
    assert_eq!(since(&[(2, 5), (8, 5), (14, 5), (20, 5), (26, 1)]), Some((Some(26), false)));
    assert_eq!(since(&(1..=35).map(|back| (back, 5)).collect::<Vec<_>>()), Some((Some(35), true)));
}

proptest! {
    /// More errors of as many calls never make a verdict better.
    #[test]
    fn more_errors_are_never_better(errors in 0u32..300, more in 0u32..300, invocations in 0u32..20_000) {
        let worst = |errors| fires(&[], errors, 0, invocations).first().map(|(_, severity)| *severity);
        prop_assert!(worst(errors + more) >= worst(errors));
    }
}

#[test]
fn each_check_can_be_muted_and_filtered_by_its_name() {
    let all: std::collections::BTreeSet<&str> = ALL.iter().map(|check| check.id()).collect();
    assert_eq!(all, crate::domain::mute::checks().collect());
}
