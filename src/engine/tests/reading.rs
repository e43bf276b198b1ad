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

/// So many production functions `f` by page of configurations, and something broken.
fn many(count: usize, page: usize, faults: &str) -> Ask {
    let function = format!(
        "name = \"f\"\ncount = {count}\ntags = {{ monitor = \"true\", stage = \"prod\" }}\ninvocations = 60\nerrors = 6"
    );
    let account = format!("[[accounts]]\nid = \"{A}\"\n[[accounts.functions]]\n{function}");
    ask(&format!("pages = {{ functions = {page} }}\n{account}\n[[faults]]\nslow = \"10ms\"\n{faults}"))
}

fn broken(operation: &str, effect: &str) -> String {
    format!("\n[[faults]]\noperation = \"{operation}\"\n{effect}\n")
}

#[test]
fn a_detour_is_left_with_the_page_that_shows_that_it_is_too_long() {
    let swept = many(5000, 50, NO_TAGGING).sweep();
    assert_eq!(swept.rows(), ["111111111111 eu-west-1 tag:GetResources denied"]);
    // 27 s are left for it, so 150 functions are too many.
    assert_eq!((swept.end, swept.calls("lambda:ListFunctions", "").len()), (End::Complete, 3));
    assert!(swept.took < ms(1000), "{:?}", swept.took);
    let hint = &swept.target(A, "eu-west-1").unread[0].failure.hint;
    assert!(hint.contains("allow tag:GetResources") && hint.contains("at least 150 functions"), "{hint}");
}

#[test]
fn a_detour_that_takes_too_long_ends_before_the_deadline_and_still_tells_what_to_allow() {
    for (operation, effect) in [
        ("lambda:ListTags", "slow = \"4s\""),
        ("lambda:ListTags", "hangs = true"),
        ("lambda:ListFunctions", "hangs = true"),
    ] {
        let asked = many(40, 50, &(NO_TAGGING.to_owned() + &broken(operation, effect)));
        let swept = Ask { limit: ms(20_000), ..asked }.sweep();
        assert_eq!(swept.rows(), ["111111111111 eu-west-1 tag:GetResources denied"], "{operation} {effect}");
        assert_eq!(swept.end, End::Complete);
        assert!(swept.took > ms(17_000) && swept.took < ms(18_500), "{:?}", swept.took);
        let hint = &swept.target(A, "eu-west-1").unread[0].failure.hint;
        assert!(hint.contains("allow tag:GetResources") && hint.contains("left no time"), "{hint}");
    }
}

#[test]
fn only_the_code_says_that_a_function_is_gone() {
    let says = |text: &str| broken("lambda:ListTags", &format!("fails = \"other\"\nmessage = \"{text}\""));
    let gone = "ResourceNotFoundException: Function not found: arn:aws:lambda:eu-west-1:111111111111:function:f";
    let swept = many(3, 50, &(NO_TAGGING.to_owned() + &says(gone))).sweep();
    assert_eq!((swept.rows(), swept.names(A).len()), (Vec::new(), 0));
    let other = "ValidationException: function:onNotFound, ResourceNotFoundException";
    let swept = many(3, 50, &(NO_TAGGING.to_owned() + &says(other))).sweep();
    assert_eq!(swept.rows(), ["111111111111 eu-west-1 lambda:ListTags other"]);
    let hint = &swept.target(A, "eu-west-1").unread[0].failure.hint;
    assert!(hint.contains("allow tag:GetResources"), "{hint}");
}

#[test]
fn tagged_functions_are_judged_while_a_long_list_is_left_off() {
    let swept = Ask { limit: ms(10_000), ..watching(many(200, 1, ""), "legacy-*") }.sweep();
    assert_eq!(swept.rows(), ["111111111111 eu-west-1 lambda:ListFunctions deadline (functions without tags)"]);
    assert_eq!((swept.end, swept.names(A).len()), (End::Complete, 200));
    swept.keeps_nothing_to_itself();
    let judged = swept.target(A, "eu-west-1").known().iter().filter(|f| matches!(f.errors, Reading::Known(_)));
    assert_eq!(judged.count(), 200);
    assert!(swept.calls("cloudwatch:GetMetricData", "")[0].from < ms(5100));
    let message = swept.target(A, "eu-west-1").unread[0].failure.message.raw();
    assert!(message.contains("functions came in the 5 s"), "{message}");
    // What came of the list counts.
    let swept = Ask { limit: ms(10_000), ..watching(untagged(many(200, 1, "")), "f*") }.sweep();
    let known = swept.names(A).len();
    assert!((20..40).contains(&known), "{known}");
    swept.keeps_nothing_to_itself();
}

fn untagged(mut asked: Ask) -> Ask {
    let functions = asked.world.accounts.iter_mut().flat_map(|account| &mut account.functions);
    functions.for_each(|function| function.tags = Tags::default());
    asked
}

#[test]
fn pages_that_came_before_a_list_failed_count() {
    let failing = many(10, 1, &broken("lambda:ListFunctions", "page = 3\nfails = \"server\""));
    let swept = watching(untagged(failing), "f*").sweep();
    assert_eq!(swept.rows(), ["111111111111 eu-west-1 lambda:ListFunctions server (functions without tags)"]);
    assert_eq!(swept.names(A).len(), 3);
}

#[test]
fn discovery_of_all_reads_a_long_list_to_its_end() {
    let asked = Ask { depth: Depth::Discover { all: true, configurations: true }, ..many(100, 1, "") };
    let swept = asked.sweep();
    assert_eq!((swept.end, swept.rows(), swept.calls("lambda:ListFunctions", "").len()), (End::Complete, vec![], 100));
    assert!(swept.took > ms(15_000), "{:?}", swept.took);
    let asked = Ask { depth: Depth::Discover { all: true, configurations: true }, ..many(300, 1, "") };
    let swept = asked.sweep();
    assert_eq!(swept.rows(), ["111111111111 eu-west-1 lambda:ListFunctions deadline (functions without tags)"]);
    assert_eq!((swept.end, swept.names(A).len()), (End::Complete, 300));
}

#[test]
fn where_tagging_fails_nobody_waits_for_the_list_nor_reads_it_twice() {
    let hanging = broken("lambda:ListFunctions", "hangs = true") + &broken("tag:GetResources", "fails = \"server\"");
    let swept = watching(many(3, 50, &hanging), "legacy-*").sweep();
    assert_eq!(swept.rows(), ["111111111111 eu-west-1 tag:GetResources server"]);
    assert_eq!(swept.took, ms(30));
    for slow in ["1ms", "700ms"] {
        let denied = NO_TAGGING.to_owned() + &broken("tag:GetResources", &format!("slow = \"{slow}\""));
        let swept = watching(many(40, 5, &denied), "legacy-*").sweep();
        assert_eq!((swept.end, swept.rows(), swept.names(A).len()), (End::Complete, Vec::new(), 40));
        assert_eq!(swept.calls("lambda:ListFunctions", "").len(), 8, "{slow}");
    }
}

#[test]
fn configurations_are_read_until_all_that_are_wanted_have_been_seen() {
    let text = |second: &str| {
        format!(
            "pages = {{ functions = 1 }}\n[[accounts]]\nid = \"{A}\"\nfunctions = [\n\
            {{ name = \"a\", tags = {{ monitor = \"true\", stage = \"prod\" }}, invocations = 60, errors = 6 }},\n\
            {{ name = \"b\", {second} }},\n{{ name = \"c\" }},\n{{ name = \"d\" }},\n{{ name = \"e\" }},\n]\n"
        )
    };
    let lists = |second: &str| {
        let swept = ask(&text(second)).sweep();
        let exists: Vec<_> = swept.target(A, "eu-west-1").known().iter().map(|function| function.exists).collect();
        (swept.calls("lambda:ListFunctions", "").len(), exists)
    };
    let tags = "tags = { monitor = \"true\", stage = \"prod\" }";
    assert_eq!(lists(&format!("{tags}, invocations = 60")), (1, vec![Some(true), None]));
    assert_eq!(lists(&format!("{tags}, invocations = 60, errors = 6")), (2, vec![Some(true), Some(true)]));
    assert_eq!(lists(&format!("{tags}, deleted = true")), (4, vec![Some(true), Some(false)]));
}

#[test]
fn two_requests_that_fail_are_two_parts() {
    let swept = many(510, 50, &broken("cloudwatch:GetMetricData", "fails = \"server\"")).sweep();
    let row = |part| format!("111111111111 eu-west-1 cloudwatch:GetMetricData server ({part})");
    let first = swept.names(A)[0];
    let second = swept.names(A)[250];
    let parts = ["metrics of 10 functions".to_owned()]
        .into_iter()
        .chain([first, second].map(|name| format!("metrics of 250 functions, from {name} on")));
    assert_eq!(swept.rows(), parts.map(row).collect::<Vec<_>>());
}
