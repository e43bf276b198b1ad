//! Read back by an XML parser, and by the structure that the schema names. `tests/formats.rs` validates the pages that
//! are kept here against `docs/schema/junit.xsd`.

use insta::assert_snapshot;
use proptest::prelude::*;
use roxmltree::{Document, Node};

use super::*;
use crate::{
    domain::{finding::FailOn, text::steers},
    report::{based, samples},
};

fn elements<'a>(node: Node<'a, 'a>, name: &'a str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.children().filter(move |child| child.has_tag_name(name))
}

fn number(node: Node<'_, '_>, attribute: &str) -> usize {
    node.attribute(attribute).unwrap_or_else(|| panic!("{attribute} is missing")).parse().unwrap()
}

/// What a reader counts: tests, failures, errors, skipped.
type Counted = [usize; 4];

/// Reads a document and holds it to its own numbers.
fn read(text: &str) -> Counted {
    assert!(!text.chars().any(|c| c != '\n' && steers(c)), "{text:?}");
    let document = Document::parse(text).unwrap();
    let root = document.root_element();
    assert!(root.has_tag_name("testsuites"));
    let mut total = [0; 4];
    let mut names = BTreeSet::new();
    for suite in root.children().filter(Node::is_element) {
        assert!(suite.has_tag_name("testsuite") && suite.attribute("name").is_some());
        let mut counted = [0; 4];
        for case in elements(suite, "testcase") {
            let (class, name) = (case.attribute("classname").unwrap(), case.attribute("name").unwrap());
            assert!(names.insert((class.to_owned(), name.to_owned())), "{class} {name} twice");
            let inside: Vec<_> =
                case.children().filter(Node::is_element).map(|child| child.tag_name().name()).collect();
            assert!(inside.len() <= 1, "{inside:?}");
            counted[0] += 1;
            match inside.first() {
                Some(&"failure") => counted[1] += 1,
                Some(&"error") => counted[2] += 1,
                Some(&"skipped") => counted[3] += 1,
                None | Some(&"system-out") => {}
                Some(other) => panic!("<{other}>"),
            }
        }
        let said = ["tests", "failures", "errors", "skipped"].map(|attribute| number(suite, attribute));
        assert_eq!(said, counted);
        total = [0, 1, 2, 3].map(|n| total[n] + counted[n]);
    }
    assert_eq!(
        ["tests", "failures", "errors"].map(|attribute| number(root, attribute)),
        [total[0], total[1], total[2]]
    );
    total
}

fn found<'a>(document: &'a Document<'a>, name: &str) -> Node<'a, 'a> {
    document.descendants().find(|node| node.attribute("name") == Some(name)).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn pages() {
    for (name, report) in based::all() {
        assert_snapshot!(name, render(&report));
    }
}

#[test]
fn a_run_that_fails_has_a_test_that_fails() {
    for (name, report) in based::all() {
        let [_, failures, errors, _] = read(&render(&report));
        assert_eq!(failures + errors > 0, report.exit_code != 0, "{name}");
    }
    let mut interrupted = based::based(samples::quiet());
    (interrupted.basis.interrupted, interrupted.exit_code) = (true, 130);
    assert_eq!(read(&render(&interrupted))[2], 1);
}

#[test]
fn each_verdict_is_what_a_pipeline_takes_it_for() {
    let text = render(&based::based(samples::firing()));
    let document = Document::parse(&text).unwrap();
    let child = |name: &str, tag: &str| {
        found(&document, name)
            .children()
            .find(|child| child.has_tag_name(tag))
            .unwrap_or_else(|| panic!("{name} {tag}"))
    };
    let failure = child("checkout-api errors", "failure");
    assert_eq!(failure.attribute("type"), Some("critical"));
    assert_eq!(failure.attribute("message"), Some("41 of 812 failed (5.0 %), limit 5 %"));
    assert_eq!(found(&document, "checkout-api errors").attribute("classname"), Some("111122223333.eu-west-1"));
    assert!(found(&document, "checkout-api throttles").children().next().is_none(), "it passes");
    assert!(child("nightly-export errors", "system-out").text().unwrap().starts_with("warning: 1 of 1 failed"));
    assert!(child("christmas-lottery errors", "skipped").attribute("message").unwrap().starts_with("idle"));
    assert_eq!(child("gift-cards errors", "error").attribute("type"), Some("unknown"));
    let muted = child("search-indexer errors", "skipped").attribute("message").unwrap();
    assert_eq!(
        muted,
        "muted until 1 Dec 00:00 UTC by tag monitor:mute-until; would be critical: 212 of 900 failed (23.6 %), limit 5 %; last changed 29 h before the first error"
    );
    let unseen = document.descendants().filter(|node| node.attribute("type") == Some("scp")).count();
    assert_eq!(unseen, 3, "each target that is unseen");
    let accepted = child("seen by sts:AssumeRole", "skipped").attribute("message").unwrap();
    assert!(accepted.contains("accepted until 2026-12-01T00:00:00Z: moves to the new organization"), "{accepted}");
}

#[test]
fn a_check_that_does_not_look_at_a_function_is_no_test_of_it() {
    let mut report = based::based(samples::firing());
    report.basis.checks.push("burn");
    let named = |report: &Report| render(report).matches(" burn\"").count();
    let all = report.basis.judged.len();
    assert_eq!(named(&report), all);
    report.basis.judged[0].judged.off.push("burn");
    assert_eq!(named(&report), all - 1);
}

#[test]
fn what_fails_follows_the_gate() {
    let failures = |fail_on| {
        let mut report = based::based(samples::firing());
        report.basis.fail_on = fail_on;
        read(&render(&report))[1]
    };
    assert_eq!([failures(FailOn::Critical), failures(FailOn::Warning), failures(FailOn::Never)], [2, 5, 0]);
}

#[test]
fn what_is_unknown_where_that_is_accepted_is_skipped() {
    let mut report = based::based(samples::firing());
    report.coverage.accepted[0].account = Some(samples::account("111122223333"));
    let text = render(&report);
    let document = Document::parse(&text).unwrap();
    let inside = found(&document, "gift-cards errors").first_child().unwrap();
    assert!(inside.has_tag_name("skipped") && inside.attribute("message").unwrap().contains("accepted"));
}

#[test]
fn a_thousand_alerts_are_a_thousand_tests() {
    let mut report = samples::many(1000);
    for (n, alert) in report.alerts.iter_mut().enumerate() {
        alert.function = format!("f{n}").into();
    }
    let [tests, failures, ..] = read(&render(&based::based(report)));
    assert_eq!((tests, failures), (2 * 1002, 333));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_makes_well_formed_xml(
        name in any::<String>(), message in any::<String>(), other in "(<|>|&|\"|'|\\]\\]>|&lt;|\u{fffe}|\u{ffff}|\\n|a){0,12}",
    ) {
        read(&render(&based::based(samples::written_by(&name, &message, &other))));
    }
}
