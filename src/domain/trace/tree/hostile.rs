//! Traces as nobody should write them: each span has one place all the same, and none takes long.

use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Node, Tree};
use crate::domain::{
    text::AwsText,
    trace::{FUNCTION, LAMBDA, RawTrace, words::bar},
};

const T: f64 = 1_800_000_000.0;

fn tree(documents: impl IntoIterator<Item = Value>) -> Tree {
    texts(documents.into_iter().map(|document| document.to_string()))
}

fn texts(documents: impl IntoIterator<Item = String>) -> Tree {
    let id = AwsText::from("1-x");
    let documents = documents.into_iter().map(|text| ("".into(), text)).collect();
    Tree::new(&id, &[RawTrace { id: id.clone(), documents, limit_exceeded: false }])
}

/// What holds of every tree: spans in order, each once, no time that runs backwards, and words for each.
fn whole(tree: &Tree) {
    let mut ids = HashSet::new();
    for (at, node) in tree.nodes.iter().enumerate() {
        assert!(ids.insert(&node.span.id), "twice: {}", node.span.id);
        match node.parent {
            Some(parent) => {
                assert!(parent < at && at <= parent + tree.nodes[parent].below);
                assert_eq!(node.depth, tree.nodes[parent].depth + 1);
            }
            None => assert_eq!(node.depth, 0),
        }
        assert!(node.own >= 0 && node.own <= node.took(), "{node:?}");
        let (lead, blocks) = bar(tree, node, 40);
        assert!(lead < 40 && !blocks.is_empty() && lead + blocks.chars().count() <= 41, "{lead} {blocks}");
        let said = format!("{} {} {}", node.label(), node.what(), node.ending());
        assert!(!said.chars().any(char::is_control), "{said:?}");
    }
    assert!(tree.took() >= 0 && !tree.summary().is_empty());
    assert_eq!(tree.nodes.is_empty(), tree.slowest().is_none() && tree.nodes.iter().all(|node| !node.critical));
    assert!(tree.remarks.iter().all(|remark| !remark.chars().any(char::is_control)), "{:?}", tree.remarks);
    assert_eq!(tree.failed() > 0, tree.began().is_some());
    assert!(tree.nodes.iter().filter(|node| node.began).count() <= 1);
}

fn named(tree: &Tree, which: impl Fn(&Node) -> bool) -> Vec<&str> {
    tree.nodes.iter().filter(|node| which(node)).map(|node| node.span.name.raw()).collect()
}

#[test]
fn ten_thousand_spans_in_one_chain_or_side_by_side_have_their_places() {
    let span = |n: usize, parent: usize| {
        json!({"id": n.to_string(), "parent_id": parent.to_string(), "name": "s", "fault": true,
               "start_time": T + n as f64 / 1e4, "end_time": T + 2.0})
    };
    let chain = tree((0..10_000).map(|n| span(n, if n == 0 { 77_777 } else { n - 1 })));
    whole(&chain);
    assert_eq!((chain.nodes.len(), chain.nodes[9_999].depth), (10_000, 9_999));
    assert!(chain.nodes[9_999].began && chain.nodes.iter().all(|node| node.failing && node.critical));
    let fan = tree((0..10_000).rev().map(|n| span(n, 0)));
    whole(&fan);
    assert_eq!((fan.nodes.len(), fan.nodes[0].below), (10_000, 9_999));
    // A circle of all of them is cut once.
    let circle = tree((0..10_000).map(|n| span(n, (n + 1) % 10_000)));
    whole(&circle);
    assert_eq!(circle.nodes.len(), 10_000);
    assert!(circle.remarks.iter().any(|said| said.ends_with("as parents: the circle was cut")), "{:?}", circle.remarks);
}

#[test]
fn a_document_nested_without_end_is_left_out_and_the_others_stay() {
    let open = format!(r#"{{"id":"1","name":"x","start_time":{T},"subsegments":["#);
    let deep = format!("{}{}", open.repeat(10_000), "]}".repeat(10_000));
    let fine = json!({"id": "2", "name": "fine", "start_time": T, "end_time": T + 1.0}).to_string();
    let tree = texts([deep, "[".repeat(100_000), fine]);
    whole(&tree);
    assert_eq!(named(&tree, |_| true), ["fine"]);
    assert!(tree.remarks[0].contains("can't be read") && tree.remarks[0].contains("1 more"), "{:?}", tree.remarks);
}

#[test]
fn what_was_set_going_and_ended_last_is_what_the_end_waited_for() {
    let tree = tree([
        json!({"id": "1", "name": "api", "start_time": T, "end_time": T + 0.2}),
        json!({"id": "2", "parent_id": "1", "name": "mail", "start_time": T + 0.05, "end_time": T + 0.1}),
        json!({"id": "3", "parent_id": "1", "name": "worker", "start_time": T + 0.15, "end_time": T + 5.0}),
        json!({"id": "4", "parent_id": "3", "name": "table", "start_time": T + 1.0, "end_time": T + 4.9}),
    ]);
    whole(&tree);
    assert_eq!(named(&tree, |node| node.critical), ["api", "mail", "worker", "table"]);
    assert_eq!(tree.slowest().unwrap().0.span.name.raw(), "table");
}

#[test]
fn the_outline_has_each_attempt_once_and_leaves_out_what_is_fine_and_quick() {
    let span = |id: &str, parent: &str, name: &str, start: f64, took: f64, fault: bool| {
        json!({"id": id, "parent_id": parent, "name": name, "origin": FUNCTION, "fault": fault,
               "start_time": T + start, "end_time": T + start + took})
    };
    let tree = tree([
        json!({"id": "1", "name": "queue", "start_time": T, "end_time": T + 60.0}),
        span("2", "1", "sync", 0.0, 1.0, true),
        span("3", "2", "table", 0.1, 0.5, true),
        span("4", "1", "sync", 59.0, 1.0, true),
        span("5", "4", "table", 59.1, 0.5, true),
        span("6", "1", "audit", 0.0, 0.5, false),
    ]);
    let told: Vec<_> = tree.outline().map(|node| &*node.span.id).collect();
    assert_eq!(told, ["1", "2", "3", "4"]);
}

#[test]
fn a_first_attempt_is_no_retry_and_a_function_called_init_no_cold_start() {
    let attempt = |id: &str, parent: &str, name: &str| json!({"id": id, "parent_id": parent, "type": "subsegment", "name": name, "start_time": T, "end_time": T + 1.0});
    let lambda = |id: &str| json!({"id": id, "name": "Init", "origin": LAMBDA, "start_time": T, "end_time": T + 1.0});
    let code = |id: &str, parent: &str| json!({"id": id, "parent_id": parent, "name": "Init", "origin": FUNCTION, "start_time": T, "end_time": T + 1.0});
    let once = [
        lambda("1"),
        attempt("2", "1", "Attempt #1"),
        code("3", "1"),
        lambda("4"),
        attempt("5", "4", "Attempt #1"),
        code("6", "4"),
    ];
    assert_eq!((tree(once.clone()).retries, tree(once.clone()).cold_start), (0, false));
    let again = [attempt("7", "4", "Attempt #2"), code("8", "4"), attempt("9", "3", "Initialization")];
    let again = tree(once.into_iter().chain(again));
    assert_eq!((again.retries, again.cold_start), (1, true));
}

/// A segment or subsegment of which anything may be wrong.
fn anything() -> impl Strategy<Value = Value> {
    let leaf =
        (0..12u8, proptest::option::of(0..14u8), "[\\PC\u{1b}\u{202e}\n]{0,12}", -3.0..3.0_f64, -3.0..6.0_f64, 0..64u8);
    let leaf = leaf.prop_map(|(id, parent, name, start, took, flags)| {
        let is = |flag: u8| flags & flag != 0;
        let mut span = json!({"id": id.to_string(), "name": name, "start_time": T + start, "fault": is(1), "error": is(2),
            "origin": if is(4) { FUNCTION } else { LAMBDA }, "inferred": is(8), "in_progress": is(16),
            "annotations": {name.clone(): name}, "aws": {"operation": name, "retries": took.abs()}});
        if let Some(parent) = parent {
            span["parent_id"] = parent.to_string().into();
        }
        if took < 5.0 {
            span["end_time"] = (T + start + took).into();
        }
        if is(32) {
            span["cause"] = json!({"exceptions": [{"id": "e", "type": name, "message": name, "stack": [{"line": 1}, 7]}]});
        }
        span
    });
    leaf.prop_recursive(3, 12, 4, |inner| {
        (inner.clone(), proptest::collection::vec(inner, 0..4)).prop_map(|(mut span, below)| {
            span["subsegments"] = below.into();
            span
        })
    })
}

proptest! {
    #[test]
    fn whatever_documents_say_each_span_has_one_place(documents in proptest::collection::vec(anything(), 0..12)) {
        whole(&tree(documents));
    }

    #[test]
    fn the_order_of_documents_says_nothing(documents in proptest::collection::vec(anything(), 0..8), turn in 0..8usize) {
        // As long as no two of them claim one id.
        let mut ids = HashSet::new();
        let mut documents: Vec<Value> = documents
            .into_iter()
            .map(|mut span| { span["subsegments"] = json!([]); span })
            .filter(|span| ids.insert(span["id"].to_string()))
            .collect();
        let forth = tree(documents.clone());
        documents.reverse();
        if !documents.is_empty() {
            let by = turn % documents.len();
            documents.rotate_left(by);
        }
        let back = tree(documents);
        let ids = |tree: &Tree| tree.nodes.iter().map(|node| node.span.id.clone()).collect::<HashSet<_>>();
        prop_assert_eq!(ids(&forth), ids(&back));
        prop_assert_eq!((forth.start, forth.end), (back.start, back.end));
    }
}
