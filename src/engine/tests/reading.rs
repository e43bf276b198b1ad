//! What is asked of a target, in which order, and what stands where it is refused.

use super::*;
use crate::domain::rules::{Glob, Override};

#[test]
fn a_denied_list_of_functions_costs_the_ghost_check_only() {
    let ghost = TWO.replace("{ name = \"idle\", tags", "{ name = \"idle\", deleted = true, tags");
    let exists = |swept: &Swept| [swept.function(A, "api").exists, swept.function(A, "idle").exists];
    let swept = ask(&ghost).sweep();
    assert_eq!((exists(&swept), swept.rows()), ([Some(true), Some(false)], Vec::new()));
    let denied = ask(&format!("{ghost}\n[[faults]]\noperation = \"lambda:ListFunctions\"\nfails = \"denied\"")).sweep();
    assert_eq!((denied.end, exists(&denied), denied.rows()), (End::Complete, [None, None], Vec::new()));
    denied.keeps_nothing_to_itself();
}

/// Functions without the tag beside two with it.
const MIXED: &str = r#"
[[accounts]]
id = "111111111111"
functions = [
    { name = "api", tags = { monitor = "true", stage = "prod" }, invocations = 60 },
    { name = "legacy-billing", invocations = 60, errors = 6 },
    { name = "other", tags = { team = "pay" }, invocations = 60 },
    { name = "gone", tags = { monitor = "true" }, deleted = true },
]
[[faults]]
slow = "10ms"
"#;

fn watching(asked: Ask, function: &str) -> Ask {
    let over = Override {
        function: Some(Glob::new(function).unwrap()),
        watch: Some(true),
        stage: Some("production".into()),
        name: "override 1".into(),
        ..Override::default()
    };
    Ask { rules: Rules { overrides: vec![over], ..Rules::default() }, ..asked }
}

#[test]
fn an_override_finds_functions_that_carry_no_tag() {
    let swept = ask(MIXED).sweep();
    assert_eq!(swept.names(A), ["api", "gone"]);
    let swept = watching(ask(MIXED), "legacy-*").sweep();
    assert_eq!(swept.names(A), ["api", "gone", "legacy-billing", "other"]);
    let legacy = swept.function(A, "legacy-billing");
    assert!(legacy.class.alerts() && matches!(legacy.invocations, Reading::Known(_)));
    assert!(!swept.function(A, "other").class.watched);
    assert_eq!(swept.function(A, "gone").exists, Some(false));
    assert_eq!((swept.end, swept.rows(), swept.took), (End::Complete, Vec::new(), ms(50)));
    let denied = "\n[[faults]]\noperation = \"lambda:ListFunctions\"\nfails = \"denied\"";
    let swept = watching(ask(&format!("{MIXED}{denied}")), "legacy-*").sweep();
    assert_eq!(swept.rows(), ["111111111111 eu-west-1 lambda:ListFunctions denied (functions without tags)"]);
    assert_eq!(swept.names(A), ["api", "gone", "other"]);
}

const NO_TAGGING: &str = "\n[[faults]]\noperation = \"tag:GetResources\"\nfails = \"denied\"\n";

#[test]
fn where_tagging_is_denied_functions_are_read_one_by_one_and_gently() {
    let swept = ask(&format!("{MIXED}{NO_TAGGING}")).sweep();
    let state = swept.target(A, "eu-west-1");
    assert_eq!((swept.end, swept.rows(), swept.names(A)), (End::Complete, Vec::new(), vec!["api"]));
    assert_eq!(state.detour.as_ref().map(|failure| failure.operation), Some("tag:GetResources"));
    let control_plane: Vec<_> = swept.log.iter().filter(|line| line.operation.starts_with("lambda:")).collect();
    assert_eq!(control_plane.len(), 1 + 3);
    for pair in control_plane.windows(2) {
        assert!(pair[1].from >= pair[0].from + ms(190), "{pair:?}");
    }
    let all = watching(ask(&format!("{MIXED}{NO_TAGGING}")), "legacy-*").sweep();
    assert_eq!(all.names(A), ["api", "legacy-billing", "other"]);
}

#[test]
fn never_more_than_five_calls_a_second_to_the_control_plane_on_a_detour() {
    let many = "pages = { functions = 5 }\n[[accounts]]\nid = \"111111111111\"\n[[accounts.functions]]\nname = \"f\"\ncount = 43\ntags = { monitor = \"true\", stage = \"prod\" }\ninvocations = 1\n";
    let swept = ask(&format!("{many}{NO_TAGGING}")).sweep();
    assert_eq!((swept.end, swept.names(A).len()), (End::Complete, 43));
    let begun: Vec<_> = swept.log.iter().filter(|line| line.operation.starts_with("lambda:")).map(|l| l.from).collect();
    assert_eq!(begun.len(), 9 + 43);
    assert!(begun.windows(6).all(|six| six[5] >= six[0] + ms(1000)), "{begun:?}");
}

#[test]
fn a_detour_that_the_deadline_does_not_leave_time_for_is_not_begun() {
    let many =
        "[[accounts]]\nid = \"111111111111\"\n[[accounts.functions]]\nname = \"f\"\ncount = 40\ninvocations = 1\n";
    let swept = Ask { limit: ms(5000), ..ask(&format!("{many}{NO_TAGGING}")) }.sweep();
    assert_eq!(swept.rows(), ["111111111111 eu-west-1 tag:GetResources denied"]);
    assert_eq!((swept.end, swept.calls("lambda:ListTags", "").len()), (End::Complete, 0));
    let hint = &swept.target(A, "eu-west-1").unread[0].failure.hint;
    assert!(hint.contains("allow tag:GetResources") && hint.contains("40 functions") && hint.contains("8 s"), "{hint}");
}

#[test]
fn where_the_detour_is_denied_as_well_the_tagging_api_is_named() {
    for operation in ["lambda:ListFunctions", "lambda:ListTags"] {
        let denied = format!("\n[[faults]]\noperation = \"{operation}\"\nfails = \"denied\"\n");
        let swept = ask(&format!("{MIXED}{NO_TAGGING}{denied}")).sweep();
        assert_eq!(swept.rows(), ["111111111111 eu-west-1 tag:GetResources denied"]);
        assert_eq!(swept.end, End::Complete);
    }
}

#[test]
fn pages_are_read_to_the_last_and_empty_ones_end_nothing() {
    let text = "pages = { tagged = 7, points = 50 }\n[[accounts]]\nid = \"111111111111\"\n[[accounts.functions]]\nname = \"f\"\ncount = 20\ntags = { monitor = \"true\", stage = \"prod\" }\ninvocations = 10\nerrors = 1\n\
        [[faults]]\noperation = \"tag:GetResources\"\nempty_pages = 2\n";
    let swept = ask(text).sweep();
    assert_eq!((swept.end, swept.rows(), swept.names(A).len()), (End::Complete, Vec::new(), 20));
    assert_eq!(swept.calls("tag:GetResources", "").len(), 5);
    for function in swept.target(A, "eu-west-1").known() {
        let Reading::Known(errors) = &function.errors else { panic!("{:?}", function.errors) };
        assert_eq!(errors.points().count(), 35);
    }
}

#[test]
fn a_target_that_fails_in_the_middle_keeps_what_was_whole() {
    // The second page of 500 metrics fails: what came whole on the first is known, the rest is not, and nothing is
    // asked again that the failure would only repeat.
    let text = "pages = { points = 350 }\n[[accounts]]\nid = \"111111111111\"\n[[accounts.functions]]\nname = \"f\"\ncount = 10\ntags = { monitor = \"true\", stage = \"prod\" }\ninvocations = 10\n\
        [[faults]]\noperation = \"cloudwatch:GetMetricData\"\npage = 1\nfails = \"server\"\n";
    let swept = ask(text).sweep();
    assert_eq!(swept.rows(), ["111111111111 eu-west-1 cloudwatch:GetMetricData server (metrics of 5 functions)"]);
    let known = |function: &&Function| {
        matches!((&function.errors, &function.throttles), (Reading::Known(_), Reading::Known(_)))
    };
    assert_eq!(swept.target(A, "eu-west-1").known().iter().filter(known).count(), 5);
}

#[test]
fn what_is_not_watched_is_not_asked_for_metrics_and_what_is_fine_not_for_invocations() {
    let swept = watching(ask(MIXED), "api").sweep();
    assert_eq!(swept.calls("cloudwatch:GetMetricData", "").len(), 1);
    assert_eq!(swept.function(A, "other").errors, Reading::NotAsked);
    assert_eq!(swept.function(A, "api").invocations, Reading::NotAsked);
}

#[test]
fn discovery_asks_for_no_metrics() {
    for (all, configurations, lists) in [(false, false, 0), (false, true, 1), (true, true, 1)] {
        let asked = Ask { depth: Depth::Discover { all, configurations }, ..ask(MIXED) };
        let swept = asked.sweep();
        assert_eq!((swept.end, swept.calls("cloudwatch:GetMetricData", "").len()), (End::Complete, 0));
        assert_eq!(swept.calls("lambda:ListFunctions", "").len(), lists);
        assert_eq!(swept.names(A).len(), if all { 4 } else { 2 });
    }
}
