//! The comparison, condition by condition, on functions with a window and an hour before it.

use proptest::prelude::*;

use crate::{
    checks::{
        judge,
        tests::{AT, HORIZON, function, unread},
    },
    domain::{
        finding::{Judged, Severity, Verdict},
        fleet::Function,
        observation::Reading,
        series::Series,
        window::Window,
    },
};

/// A metric that sums to `now` in the window of 15 minutes and to `before` in the hour before it.
fn reading(now: u32, before: u32) -> Reading {
    let mut series = Series::gaps(Window::ending(AT, 75), 1);
    series.set(AT.plus(-4), f64::from(now));
    if before > 0 {
        series.set(AT.plus(-40), f64::from(before));
    }
    Reading::Known(series)
}

fn of(tags: &[(&str, &str)], now: (u32, u32), before: (u32, u32)) -> Function {
    function(tags, reading(now.0, before.0), reading(0, 0), reading(now.1, before.1))
}

fn judged(tags: &[(&str, &str)], now: (u32, u32), before: (u32, u32)) -> Judged {
    judge(&of(tags, now, before), &HORIZON.against(Some(60)))
}

fn fires(tags: &[(&str, &str)], now: (u32, u32), before: (u32, u32)) -> Vec<(&'static str, Severity)> {
    judged(tags, now, before).findings.iter().map(|finding| (finding.check, finding.severity)).collect()
}

const WARNS: (&str, Severity) = ("errors", Severity::Warning);
const WORSE: (&str, Severity) = ("errors-baseline", Severity::Critical);

#[test]
fn a_share_that_has_risen_by_more_than_chance_is_critical_and_says_by_which_rule() {
    let judged = judged(&[], (33, 812), (27, 3020));
    assert_eq!(judged.verdict, Verdict::Critical);
    let finding = judged.findings.iter().find(|finding| finding.check == "errors-baseline").unwrap();
    assert_eq!(finding.reason, "4.1 % of 812 failed, against 0.9 % of 3,020 in the hour before (p < 0.001)");
    assert_eq!((finding.threshold, finding.threshold_source.as_str()), (0.01, "default"));
    assert_eq!((finding.since, finding.since_open), (Some(AT.plus(-4)), false));
    let baseline = finding.baseline.unwrap();
    assert_eq!((baseline.minutes, baseline.errors, baseline.calls), (60, 27, 3020));
    assert_eq!(baseline.start, AT.plus(-75));
    assert!(baseline.p > 0.0 && baseline.p < 1e-6, "{}", baseline.p);
}

#[test]
fn all_of_the_conditions_have_to_hold() {
    assert_eq!(fires(&[], (33, 812), (27, 3020)), [WARNS, WORSE]);
    // Under its limit of 1 %, though ten times what it was.
    assert_eq!(fires(&[], (60, 6100), (6, 6100)), []);
    // Not twice what it was: 2.0 % against 1.1 %, though hardly by chance.
    assert_eq!(fires(&[], (99, 4950), (220, 20_000)), [WARNS]);
    // Twice what it was, and easily by chance.
    assert_eq!(fires(&[], (4, 100), (2, 100)), [WARNS]);
    // Too few calls now, and before.
    assert_eq!(fires(&[], (2, 19), (0, 5000)), [WARNS]);
    assert_eq!(fires(&[], (2, 20), (0, 5000)), [WARNS, WORSE]);
    assert_eq!(fires(&[], (4, 100), (0, 19)), [WARNS]);
    // Where nothing failed before, twice that is nothing, and the rest decides.
    assert_eq!(fires(&[], (8, 200), (0, 5000)), [WARNS, WORSE]);
    assert_eq!(fires(&[], (0, 200), (0, 5000)), []);
}

#[test]
fn without_being_asked_it_says_nothing() {
    let plain = judge(&of(&[], (33, 812), (27, 3020)), &HORIZON);
    assert_eq!((plain.verdict, plain.findings.len()), (Verdict::Warning, 1));
}

#[test]
fn what_errors_calls_critical_is_told_once_and_a_cap_holds_here_too() {
    assert_eq!(fires(&[], (50, 812), (0, 3020)), [("errors", Severity::Critical)]);
    let capped = [("monitor:severity", "warning")];
    assert_eq!(fires(&capped, (50, 812), (0, 3020)), [WARNS]);
    assert_eq!(fires(&capped, (33, 812), (27, 3020)), [WARNS, ("errors-baseline", Severity::Warning)]);
}

/// Its owner lets ten errors pass: fewer are no matter of comparing, either.
#[test]
fn the_functions_own_number_holds() {
    let own = [("monitor:errors", "20")];
    assert_eq!(fires(&own, (9, 300), (0, 5000)), []);
    assert_eq!(fires(&own, (10, 300), (0, 5000)), [WARNS, WORSE]);
    let rate = [("monitor:error-rate", "0.2")];
    assert_eq!(fires(&rate, (9, 100), (0, 5000)), []);
    assert_eq!(fires(&rate, (10, 100), (0, 5000)), [WARNS, WORSE]);
}

#[test]
fn where_there_is_nothing_to_compare_with_the_alert_says_so() {
    let reason = |now, before| judged(&[], now, before).findings[0].reason.clone();
    assert_eq!(
        reason((8, 300), (0, 0)),
        "8 of 300 failed (2.7 %), limit 1 %; no calls in the hour before to compare with"
    );
    assert_eq!(
        reason((8, 300), (1, 12)),
        "8 of 300 failed (2.7 %), limit 1 %; only 12 calls in the hour before: too few to compare"
    );
    assert_eq!(reason((8, 100), (0, 0)), "8 of 100 failed (8.0 %), limit 5 %");
    assert_eq!(reason((1, 10), (0, 0)), "1 of 10 failed (10.0 %), limit 1 %");
}

#[test]
fn what_was_not_read_is_unknown() {
    let function = function(&[], reading(33, 27), reading(0, 0), unread());
    let judged = judge(&function, &HORIZON.against(Some(60)));
    assert_eq!((judged.verdict, judged.findings.len()), (Verdict::Unknown, 0));
    assert_eq!(judged.doubts.iter().map(|doubt| doubt.check).collect::<Vec<_>>(), ["errors", "errors-baseline"]);
}

proptest! {
    /// Comparing only ever adds, and one more error never makes the verdict better.
    #[test]
    fn comparing_only_adds(errors in 0u32..200, calls in 1u32..3000, before in 0u32..200, all in 0u32..3000) {
        let (now, before) = ((errors.min(calls), calls), (before.min(all), all));
        let plain = judge(&of(&[], now, before), &HORIZON).verdict;
        let compared = judged(&[], now, before).verdict;
        prop_assert!(compared == plain || (plain, compared) == (Verdict::Warning, Verdict::Critical));
        let more = judged(&[], (now.0 + 1, calls), before);
        prop_assert!(compared != Verdict::Critical || more.verdict == Verdict::Critical);
    }
}
