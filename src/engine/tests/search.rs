//! The search for blind spots: what it finds, and that no verdict can tell whether it took place.

use super::*;

const ESTATE: &str = r#"
[[accounts]]
id = "111111111111"
functions = [
    { name = "api", tags = { monitor = "true", stage = "prod" }, invocations = 10, errors = 5 },
    { name = "capital", tags = { Monitor = "true", stage = "prod" }, invocations = 10, errors = 5 },
    { name = "legacy-prod", invocations = 10, errors = 5 },
    { name = "legacy-dev", invocations = 10, errors = 5 },
]

[[accounts]]
id = "222222222222"
functions = [{ name = "api", tags = { monitor = "true", stage = "prod" }, invocations = 10, errors = 5 }]
"#;

fn searching(text: &str) -> Ask {
    Ask { depth: Depth::Judge { hidden: true, spots: true }, ..ask(text) }
}

fn unsearched(swept: &Swept) -> Vec<String> {
    let rows = swept.fleet.targets().flat_map(|state| {
        state.search.unread.iter().map(|unread| {
            let part = unread.part.as_ref().map(|part| format!(" ({part})")).unwrap_or_default();
            format!("{} {} {}{part}", state.target.account.id, unread.failure.operation, unread.failure.kind.as_str())
        })
    });
    rows.collect()
}

/// All that a verdict rests on.
fn facts(swept: &Swept) -> (Vec<String>, Vec<String>, usize) {
    let functions = swept.fleet.targets().flat_map(|state| state.known().iter().map(|f| format!("{f:?}")));
    let seen = swept.fleet.targets().filter(|state| state.is_seen()).count();
    (swept.rows(), functions.collect(), seen)
}

#[test]
fn what_is_found_stands_beside_what_is_judged() {
    let swept = searching(ESTATE).sweep();
    let state = swept.target("111111111111", "eu-west-1");
    let names = |functions: &[Function]| functions.iter().map(|f| f.found.name.raw().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(state.known()), ["api"]);
    assert_eq!(names(&state.search.found), ["capital", "legacy-prod"]);
    assert_eq!(state.search.through, Some(4));
    assert!(state.search.found.iter().all(|f| matches!(f.invocations, Reading::Known(_))), "{:?}", state.search.found);
    assert_eq!((swept.end, unsearched(&swept)), (End::Complete, Vec::new()));
}

#[test]
fn at_every_deadline_the_facts_are_those_without_the_search() {
    let slow = format!("{ESTATE}\n[[faults]]\naccount = \"222222222222\"\nslow = \"15ms\"");
    for deadline in 0..200 {
        let with = Ask { limit: ms(deadline), ..searching(&slow) }.sweep();
        let without = Ask { limit: ms(deadline), ..ask(&slow) }.sweep();
        assert_eq!(facts(&with), facts(&without), "at {deadline} ms");
        for state in with.fleet.targets().filter(|state| state.functions.is_some()) {
            let told = state.search.through.is_some() || !state.search.unread.is_empty();
            assert!(told, "at {deadline} ms the search of {} is kept to itself", state.target.account.id);
        }
    }
}

#[test]
fn whatever_fails_in_the_search_is_told_there_alone() {
    let denied = |call: &str| format!("operation = \"{call}\"\nfails = \"denied\"");
    for (fault, row) in [
        (denied("lambda:ListFunctions"), "lambda:ListFunctions denied (functions without tags)"),
        (
            "operation = \"lambda:ListFunctions\"\nhangs = true".into(),
            "lambda:ListFunctions deadline (functions without tags)",
        ),
        // Discovery takes one page of one function, the search two.
        ("operation = \"tag:GetResources\"\npage = 1\nfails = \"throttled\"".into(), "tag:GetResources throttled"),
        (
            "operation = \"cloudwatch:GetMetricData\"\nfunction = \"legacy-prod\"\nanswers = \"internal-error\"".into(),
            "cloudwatch:GetMetricData server (metrics of legacy-prod)",
        ),
    ] {
        let text = format!("pages = {{ tagged = 1 }}\n{ESTATE}\n[[faults]]\naccount = \"111111111111\"\n{fault}");
        let swept = searching(&text).sweep();
        assert_eq!(unsearched(&swept), [format!("111111111111 {row}")]);
        assert_eq!((swept.end, swept.rows()), (End::Complete, Vec::new()), "{row}");
    }
}

#[test]
fn a_listing_for_blind_spots_reads_no_metric_of_what_is_watched() {
    let swept = Ask { depth: Depth::Spots, ..ask(ESTATE) }.sweep();
    assert!(matches!(swept.function("111111111111", "api").errors, Reading::NotAsked));
    assert_eq!(swept.target("111111111111", "eu-west-1").search.found.len(), 2);
    assert_eq!((swept.end, swept.rows(), unsearched(&swept)), (End::Complete, Vec::new(), Vec::new()));
}
