//! A whole trace as a tree of spans, in the order in which it is read: who called whom, what took how long, and where it
//! failed. Made of documents that may be broken, incomplete, circular, or of clocks that disagree.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{
    FUNCTION, LAMBDA, RawTrace,
    document::{Span, parse},
};
use crate::domain::{account::AccountId, text::AwsText};

/// A trace as a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// Its id.
    pub id: AwsText,
    /// Its spans: each after what it is a part of, siblings by when they began.
    pub nodes: Vec<Node>,
    /// Microseconds since the epoch at which the first of them began.
    pub start: i64,
    /// Microseconds since the epoch at which the last of them ended.
    pub end: i64,
    /// What is wrong with it, in sentences fit to be shown.
    pub remarks: Vec<String>,
    /// Whether a function was started for it.
    pub cold_start: bool,
    /// Attempts beyond the first.
    pub retries: usize,
    /// Accounts that it ran in.
    pub accounts: BTreeSet<AccountId>,
}

/// A span in its tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The span.
    pub span: Span,
    /// How deep it lies; 0 at the top.
    pub depth: usize,
    /// The place of what it is a part of.
    pub parent: Option<usize>,
    /// How many spans lie below it; these follow it.
    pub below: usize,
    /// When it ended, or, of one in progress, when the trace did so far.
    pub end: i64,
    /// Microseconds in which nothing below it ran.
    pub own: i64,
    /// Whether the trace would have ended earlier without it.
    pub critical: bool,
    /// Whether it lies on the way from the top to where the failure began.
    pub failing: bool,
    /// Whether the failure began here.
    pub began: bool,
}

impl Node {
    /// Microseconds that it took.
    pub fn took(&self) -> i64 {
        self.end - self.span.start
    }

    /// Whether it is the start of a function that was not running before. A function may bear any name, its parts have
    /// those that Lambda gives them.
    pub fn is_cold_start(&self) -> bool {
        !self.span.is_segment && matches!(self.span.name.raw(), "Initialization" | "Init" | "Restore")
    }

    /// What it is, in a word for people; empty where it is a part of its segment and nothing else.
    pub fn what(&self) -> String {
        let span = &self.span;
        match (&span.origin, &span.namespace) {
            (Some(origin), _) => super::kind_in_words(origin.raw()),
            (None, Some(namespace)) if namespace.raw() == "remote" => "HTTP".into(),
            (None, _) => String::new(),
        }
    }
}

impl Tree {
    /// Joins what one or several accounts told of one trace. Whatever documents they both have count once.
    pub fn new(id: &AwsText, parts: &[RawTrace]) -> Self {
        let mut remarks = Vec::new();
        let spans = collect(parts, &mut remarks);
        let spans = fold_inferred(spans);
        let (parents, missing, cut) = parents_of(&spans);
        if missing > 0 {
            let (segments, verb) = if missing == 1 { ("part was", "its") } else { ("parts were", "their") };
            remarks.push(format!(
                "{missing} {segments} called from something that is not in the trace: it stands at the top, {verb} caller is in an account or region that could not be read, was not sampled, or has not arrived"
            ));
        }
        if cut > 0 {
            let circles = if cut == 1 { "the circle was cut".into() } else { format!("{cut} circles were cut") };
            remarks.push(format!("parts name each other as parents: {circles}"));
        }
        let start = spans.iter().map(|span| span.start).min().unwrap_or(0);
        let end = spans.iter().map(|span| span.end.unwrap_or(span.start)).max().unwrap_or(start);
        let running = spans.iter().filter(|span| span.end.is_none()).count();
        if running > 0 {
            let parts = if running == 1 { "1 part is".into() } else { format!("{running} parts are") };
            remarks.push(format!("{parts} still in progress, or never told of an end"));
        }
        let mut nodes = arrange(spans, &parents, end);
        measure(&mut nodes);
        critical(&mut nodes);
        failing(&mut nodes);
        if let Some(by) = disagreement(&nodes) {
            remarks.push(format!(
                "clocks disagree: something began {:.1} ms before what called it, so bars may be off by that",
                by as f64 / 1000.0
            ));
        }
        if parts.iter().any(|part| part.limit_exceeded) {
            remarks.push("it was too large for X-Ray, which has dropped parts of it".into());
        }
        let cold_start = nodes.iter().any(Node::is_cold_start);
        let accounts = nodes.iter().filter_map(|node| node.span.account.clone()).collect();
        let retries = retries(&nodes);
        Self { id: id.clone(), nodes, start, end, remarks, cold_start, retries, accounts }
    }

    /// Microseconds that it took.
    pub fn took(&self) -> i64 {
        self.end - self.start
    }

    /// Where the failure began.
    pub fn began(&self) -> Option<&Node> {
        self.nodes.iter().find(|node| node.began)
    }

    /// The request in which a function ran, where that is known.
    pub fn request_of(&self, function: &AwsText) -> Option<&AwsText> {
        let spans = self.nodes.iter().map(|node| &node.span);
        spans.filter(|span| span.name == *function).find_map(|span| span.request_id.as_ref())
    }

    /// Where something was thrown that the failure came from: where it began, else the deepest part on the way there.
    pub fn threw(&self) -> Option<&Node> {
        let mut way = self.nodes.iter().rev().filter(|node| node.failing);
        way.find(|node| !node.span.exceptions.is_empty())
    }

    /// What tells how it failed: the way to where the failure began, the other attempts, and what the end waited for.
    pub fn outline(&self) -> impl Iterator<Item = &Node> {
        let tried: HashSet<(Option<usize>, &str)> =
            self.nodes.iter().filter(|node| node.failing).map(|node| (node.parent, node.span.name.raw())).collect();
        self.nodes.iter().filter(move |node| {
            let again = node.span.failed() && tried.contains(&(node.parent, node.span.name.raw()));
            node.failing || again || node.critical && node.own * 20 > self.took()
        })
    }

    /// Parts that failed.
    pub fn failed(&self) -> usize {
        self.nodes.iter().filter(|node| node.span.failed()).count()
    }
}

fn collect(parts: &[RawTrace], remarks: &mut Vec<String>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut known: HashMap<Box<str>, usize> = HashMap::new();
    let (mut broken, mut unreadable): (Vec<String>, usize) = (Vec::new(), 0);
    for (id, document) in parts.iter().flat_map(|part| &part.documents) {
        match parse(id, document) {
            Ok((found, without)) => {
                unreadable += without;
                for span in found {
                    match known.get(&span.id) {
                        // Of a segment that was sent while it ran and again at its end, the end counts.
                        Some(at) if spans[*at].end.is_none() && span.end.is_some() => spans[*at] = span,
                        Some(_) => {}
                        None => {
                            known.insert(span.id.clone(), spans.len());
                            spans.push(span);
                        }
                    }
                }
            }
            Err(why) => broken.push(format!("{}: {why}", id.shown())),
        }
    }
    if unreadable > 0 {
        let (parts, are) = if unreadable == 1 { ("part of a segment", "is") } else { ("parts of segments", "are") };
        remarks.push(format!("{unreadable} {parts} can't be read and {are} left out, with what is in them"));
    }
    if let Some(first) = broken.first() {
        let more = broken.len() - 1;
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        remarks.push(format!("a segment can't be read and is left out ({first}{more})"));
    }
    spans
}

/// What X-Ray infers of a table or a host says nothing beyond the call to it but what it is: the call takes that over.
fn fold_inferred(spans: Vec<Span>) -> Vec<Span> {
    let at: HashMap<Box<str>, usize> = spans.iter().enumerate().map(|(at, span)| (span.id.clone(), at)).collect();
    let parents: HashSet<Box<str>> = spans.iter().filter_map(|span| span.parent.clone()).collect();
    let mut origins: HashMap<usize, AwsText> = HashMap::new();
    let mut gone = HashSet::new();
    for (place, span) in spans.iter().enumerate().filter(|(_, span)| span.inferred && !parents.contains(&span.id)) {
        let call = span.parent.as_ref().and_then(|parent| at.get(parent)).filter(|call| !spans[**call].is_segment);
        if let (Some(call), Some(origin)) = (call, &span.origin) {
            origins.insert(*call, origin.clone());
            gone.insert(place);
        }
    }
    let folded = spans.into_iter().enumerate().filter(|(place, _)| !gone.contains(place)).map(|(place, mut span)| {
        if let Some(origin) = origins.get(&place) {
            span.origin = Some(origin.clone());
        }
        span
    });
    folded.collect()
}

/// The place of each span's parent, how many have one that is not there, and how many circles were cut.
fn parents_of(spans: &[Span]) -> (Vec<Option<usize>>, usize, usize) {
    let at: HashMap<&str, usize> = spans.iter().enumerate().map(|(at, span)| (&*span.id, at)).collect();
    let mut missing = 0;
    let mut parents: Vec<Option<usize>> = spans
        .iter()
        .map(|span| {
            let parent = span.parent.as_deref()?;
            let found = at.get(parent).copied();
            missing += usize::from(found.is_none());
            found
        })
        .collect();
    // Each way to the top is walked once: `done` is a span from which the top is known to be reached.
    let mut done = vec![false; spans.len()];
    let mut cut = 0;
    for begin in 0..spans.len() {
        let mut way = Vec::new();
        let mut on_way = HashSet::new();
        let mut next = Some(begin);
        while let Some(place) = next.filter(|place| !done[*place]) {
            if !on_way.insert(place) {
                parents[place] = None;
                cut += 1;
                break;
            }
            way.push(place);
            next = parents[place];
        }
        for place in way {
            done[place] = true;
        }
    }
    (parents, missing, cut)
}

fn arrange(spans: Vec<Span>, parents: &[Option<usize>], end: i64) -> Vec<Node> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); spans.len()];
    let mut top = Vec::new();
    for (place, parent) in parents.iter().enumerate() {
        match parent {
            Some(parent) => children[*parent].push(place),
            None => top.push(place),
        }
    }
    let key = |place: &usize| (spans[*place].start, spans[*place].id.clone());
    top.sort_by_key(key);
    for list in &mut children {
        list.sort_by_key(key);
    }
    let mut nodes: Vec<Node> = Vec::with_capacity(spans.len());
    let mut spans: Vec<Option<Span>> = spans.into_iter().map(Some).collect();
    let mut waiting: Vec<(usize, usize, Option<usize>)> = top.into_iter().rev().map(|place| (place, 0, None)).collect();
    while let Some((place, depth, parent)) = waiting.pop() {
        let Some(span) = spans[place].take() else { continue };
        let at = nodes.len();
        let ended = span.end.unwrap_or(end.max(span.start));
        nodes.push(Node {
            span,
            depth,
            parent,
            below: 0,
            end: ended,
            own: 0,
            critical: false,
            failing: false,
            began: false,
        });
        waiting.extend(children[place].iter().rev().map(|child| (*child, depth + 1, Some(at))));
    }
    for at in (0..nodes.len()).rev() {
        if let Some(parent) = nodes[at].parent {
            let below = nodes[at].below + 1;
            nodes[parent].below += below;
        }
    }
    nodes
}

/// What each took by itself: its time less that in which something directly below it ran. Siblings are in order.
fn measure(nodes: &mut [Node]) {
    let mut covered: Vec<(i64, i64)> = nodes.iter().map(|node| (0, node.span.start)).collect();
    for at in 0..nodes.len() {
        let Some(parent) = nodes[at].parent else { continue };
        let (start, end) = (nodes[at].span.start, nodes[at].end.min(nodes[parent].end));
        let (sum, until) = &mut covered[parent];
        let from = start.max(*until);
        if end > from {
            *sum += end - from;
            *until = end;
        }
    }
    for (node, (sum, _)) in nodes.iter_mut().zip(covered) {
        node.own = (node.took() - sum).max(0);
    }
}

/// The critical path: from the end backwards to what ended last before it. What was called without waiting for it ends
/// after its caller, so what counts of a part is when the last below it ended.
fn critical(nodes: &mut [Node]) {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut ends: Vec<i64> = nodes.iter().map(|node| node.end).collect();
    let mut top = Vec::new();
    for at in (0..nodes.len()).rev() {
        match nodes[at].parent {
            Some(parent) => {
                children[parent].push(at);
                ends[parent] = ends[parent].max(ends[at]);
            }
            None => top.push(at),
        }
    }
    let Some(last) = top.into_iter().max_by_key(|at| (ends[*at], *at)) else { return };
    let mut waiting = vec![last];
    while let Some(at) = waiting.pop() {
        nodes[at].critical = true;
        let mut until = ends[at];
        let mut below = std::mem::take(&mut children[at]);
        below.sort_by_key(|child| std::cmp::Reverse((ends[*child], *child)));
        for child in below {
            // A millisecond of slack: ends are rounded by whoever wrote them.
            if ends[child] <= until + 1000 && ends[child] > nodes[child].span.start {
                until = nodes[child].span.start;
                waiting.push(child);
            }
        }
    }
}

/// Where the failure began, and the way to it: the first that threw, else the deepest that failed.
fn failing(nodes: &mut [Node]) {
    let ids: HashMap<Box<str>, usize> = nodes
        .iter()
        .enumerate()
        .flat_map(|(at, node)| node.span.exceptions.iter().filter_map(move |thrown| Some((thrown.id.clone()?, at))))
        .collect();
    // An exception that a deeper span failed by began there: the one that names it is nearer to the cause.
    let deepest = |at: &usize| (nodes[*at].depth, std::cmp::Reverse(nodes[*at].span.start));
    let failed = || (0..nodes.len()).filter(|at| nodes[*at].span.failed());
    let threw = failed().filter(|at| {
        let span = &nodes[*at].span;
        !span.exceptions.is_empty() || span.caused_by.as_ref().is_some_and(|id| ids.contains_key(id))
    });
    let Some(began) = threw.max_by_key(deepest).or_else(|| failed().max_by_key(deepest)) else { return };
    // What lies below it and failed as well, it failed by.
    let below = began + 1..began + 1 + nodes[began].below;
    let began = below.filter(|at| nodes[*at].span.failed()).max_by_key(deepest).unwrap_or(began);
    nodes[began].began = true;
    let mut next = Some(began);
    while let Some(at) = next {
        nodes[at].failing = true;
        next = nodes[at].parent;
    }
}

/// By how many microseconds a segment began before what called it, at most; none where that is what rounding makes.
fn disagreement(nodes: &[Node]) -> Option<i64> {
    let early = nodes.iter().filter(|node| node.span.is_segment).filter_map(|node| {
        let parent = &nodes[node.parent?].span;
        Some(parent.start - node.span.start)
    });
    early.max().filter(|by| *by > 5_000)
}

/// Attempts beyond the first: a function's code that was called several times from one place, or what Lambda numbers.
fn retries(nodes: &[Node]) -> usize {
    let mut runs: HashMap<(Option<usize>, &AwsText), usize> = HashMap::new();
    let code = nodes.iter().filter(|node| {
        let origin = node.span.origin.as_ref().map(AwsText::raw);
        origin == Some(FUNCTION) && node.span.is_segment
    });
    for node in code {
        *runs.entry((node.parent, &node.span.name)).or_default() += 1;
    }
    let again: usize = runs.values().map(|runs| runs - 1).sum();
    let number = |node: &&Node| node.span.name.raw().strip_prefix("Attempt #")?.parse::<u32>().ok();
    let numbered = nodes.iter().filter(|node| number(node).is_some_and(|number| number > 1)).count();
    again.max(numbered)
}

/// Whether the node is Lambda itself, and not the code that it runs.
pub fn is_lambda(span: &Span) -> bool {
    span.origin.as_ref().is_some_and(|origin| origin.raw() == LAMBDA)
}

#[cfg(test)]
mod hostile;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const T: f64 = 1_800_000_000.0;

    fn segment(id: u64, parent: Option<u64>, start: f64, end: f64, rest: &str) -> (AwsText, String) {
        let parent = parent.map_or(String::new(), |parent| format!("\"parent_id\":\"{parent}\","));
        let (start, end) = (T + start, T + end);
        let text = format!(
            "{{\"id\":\"{id}\",{parent}\"name\":\"s{id}\",\"start_time\":{start:.6},\"end_time\":{end:.6}{rest}}}"
        );
        (id.to_string().as_str().into(), text)
    }

    fn tree(documents: Vec<(AwsText, String)>) -> Tree {
        let id = AwsText::from("1-x");
        Tree::new(&id, &[RawTrace { id: id.clone(), documents, limit_exceeded: false }])
    }

    fn names(tree: &Tree, which: impl Fn(&Node) -> bool) -> Vec<&str> {
        tree.nodes.iter().filter(|node| which(node)).map(|node| node.span.name.raw()).collect()
    }

    #[test]
    fn parts_follow_what_they_belong_to_in_the_order_of_their_begin() {
        let tree = tree(vec![
            segment(3, Some(1), 0.6, 0.9, ""),
            segment(2, Some(1), 0.1, 0.5, ""),
            segment(1, None, 0.0, 1.0, ""),
            segment(4, Some(2), 0.2, 0.4, ""),
        ]);
        assert_eq!(names(&tree, |_| true), ["s1", "s2", "s4", "s3"]);
        assert_eq!(tree.nodes.iter().map(|node| node.depth).collect::<Vec<_>>(), [0, 1, 2, 1]);
        assert_eq!(tree.nodes.iter().map(|node| node.below).collect::<Vec<_>>(), [3, 1, 0, 0]);
        assert_eq!(tree.nodes.iter().map(|node| node.own).collect::<Vec<_>>(), [300_000, 200_000, 200_000, 300_000]);
        assert_eq!((tree.took(), tree.remarks.len()), (1_000_000, 0));
    }

    #[test]
    fn the_critical_path_is_what_the_end_waited_for() {
        let tree = tree(vec![
            segment(1, None, 0.0, 1.0, ""),
            segment(2, Some(1), 0.0, 0.3, ""),
            segment(3, Some(1), 0.3, 1.0, ""),
            segment(4, Some(1), 0.1, 0.5, ""),
            segment(5, Some(3), 0.5, 1.0, ""),
        ]);
        assert_eq!(names(&tree, |node| node.critical), ["s1", "s2", "s3", "s5"]);
    }

    #[test]
    fn a_failure_began_where_it_was_thrown_first() {
        let thrown = r#","fault":true,"cause":{"exceptions":[{"id":"e","type":"E","message":"m"}]}"#;
        let tree = tree(vec![
            segment(1, None, 0.0, 1.0, r#","fault":true,"cause":"e""#),
            segment(2, Some(1), 0.1, 0.9, thrown),
            segment(3, Some(2), 0.2, 0.8, r#","error":true"#),
            segment(4, Some(1), 0.3, 0.4, ""),
        ]);
        assert_eq!(names(&tree, |node| node.failing), ["s1", "s2", "s3"]);
        assert_eq!(tree.began().unwrap().span.name.raw(), "s3");
    }

    #[test]
    fn circles_are_cut_missing_parents_are_told_and_broken_parts_left_out() {
        let tree = tree(vec![
            segment(1, Some(2), 0.0, 1.0, ""),
            segment(2, Some(1), 0.1, 0.9, ""),
            segment(3, Some(99), 0.2, 0.8, ""),
            segment(4, Some(4), 0.2, 0.8, ""),
            ("5".into(), "{\u{1b}[2J".into()),
        ]);
        assert_eq!(tree.nodes.len(), 4);
        let said = tree.remarks.join("\n");
        assert!(said.contains("the circle was cut") && said.contains("not in the trace"), "{said}");
        assert!(said.contains("a segment can't be read") && !said.contains('\u{1b}'), "{said}");
    }

    #[test]
    fn the_same_segment_of_two_accounts_counts_once_and_its_end_stands() {
        let running = ("1".into(), format!("{{\"id\":\"1\",\"name\":\"s1\",\"start_time\":{T},\"in_progress\":true}}"));
        let id = AwsText::from("1-x");
        let part = |documents| RawTrace { id: id.clone(), documents, limit_exceeded: false };
        let both = [
            part(vec![running.clone()]),
            part(vec![segment(1, None, 0.0, 1.0, ""), segment(2, Some(1), 0.2, 0.3, "")]),
        ];
        let joined = Tree::new(&id, &both);
        assert_eq!((joined.nodes.len(), joined.took(), joined.remarks.len()), (2, 1_000_000, 0));
        let alone = Tree::new(&id, &both[..1]);
        assert!(alone.remarks[0].contains("still in progress"), "{:?}", alone.remarks);
    }

    #[test]
    fn what_is_inferred_of_a_call_becomes_the_call() {
        let sub = r#","subsegments":[{"id":"7","name":"DynamoDB","namespace":"aws","start_time":1800000000.1,"end_time":1800000000.2}]"#;
        let tree = tree(vec![
            segment(1, None, 0.0, 1.0, sub),
            segment(8, Some(7), 0.1, 0.2, r#","inferred":true,"origin":"AWS::DynamoDB::Table""#),
        ]);
        assert_eq!(tree.nodes.len(), 2);
        assert_eq!(tree.nodes[1].what(), "DynamoDB Table");
    }

    #[test]
    fn clocks_that_disagree_and_retries_are_told() {
        let code = r#","origin":"AWS::Lambda::Function""#;
        let tree = tree(vec![
            segment(1, None, 0.5, 1.0, ""),
            ("2".into(), segment(2, Some(1), 0.1, 0.9, code).1.replace("s2", "pay")),
            ("3".into(), segment(3, Some(1), 0.6, 0.9, code).1.replace("s3", "pay")),
        ]);
        assert!(tree.remarks[0].contains("400.0 ms before"), "{:?}", tree.remarks);
        assert_eq!(tree.retries, 1);
    }

    proptest! {
        #[test]
        fn any_parents_give_each_span_one_place(parents in proptest::collection::vec(0u64..40, 0..40), spread in 0.0f64..5.0) {
            let documents: Vec<_> = parents
                .iter()
                .zip(0u64..)
                .map(|(parent, id)| segment(id, Some(*parent), spread * id as f64 % 3.0, spread * *parent as f64 % 7.0, ""))
                .collect();
            let tree = tree(documents);
            prop_assert_eq!(tree.nodes.len(), parents.len());
            for (at, node) in tree.nodes.iter().enumerate() {
                prop_assert!(node.parent.is_none_or(|parent| parent < at && tree.nodes[parent].depth + 1 == node.depth));
                prop_assert!(node.own >= 0 && node.took() >= 0 && at + node.below < tree.nodes.len().max(1));
            }
        }
    }

    /// Whether every part stands once, after what it is a part of, and no time is negative.
    fn is_sound(tree: &Tree, ids: &HashSet<String>) -> bool {
        let mut seen = HashSet::new();
        let once = tree.nodes.iter().all(|node| seen.insert(node.span.id.to_string()));
        let placed = tree.nodes.iter().enumerate().all(|(at, node)| {
            let after = node.parent.is_none_or(|parent| parent < at && tree.nodes[parent].depth + 1 == node.depth);
            after && node.own >= 0 && node.own <= node.took() && at + node.below < tree.nodes.len()
        });
        once && placed && seen == *ids
    }

    #[test]
    fn ten_thousand_parts_one_below_the_other_or_side_by_side_are_each_there_once() {
        let ids: HashSet<String> = (0..10_000).map(|id: u64| id.to_string()).collect();
        let deep = tree((0..10_000).map(|id| segment(id, id.checked_sub(1), 0.0, 1.0, "")).collect());
        assert!(is_sound(&deep, &ids));
        assert_eq!(deep.nodes.last().unwrap().depth, 9_999);
        let wide = tree((0..10_000).map(|id| segment(id, (id > 0).then_some(0), 0.0, 1.0, "")).collect());
        assert!(is_sound(&wide, &ids));
        // A circle of all of them is cut once.
        let circle = tree((0..10_000).map(|id| segment(id, Some((id + 1) % 10_000), 0.0, 1.0, "")).collect());
        assert!(is_sound(&circle, &ids) && circle.remarks[0].contains("circle"), "{:?}", circle.remarks);
    }

    #[test]
    fn a_document_nested_without_end_is_told_and_takes_nothing_with_it() {
        let open = "{\"id\":\"9\",\"start_time\":1,\"subsegments\":[".repeat(10_000);
        let tree = tree(vec![("9".into(), open), segment(1, None, 0.0, 1.0, "")]);
        assert_eq!(tree.nodes.len(), 1);
        assert!(tree.remarks[0].contains("can't be read"), "{:?}", tree.remarks);
    }

    #[test]
    fn parts_of_a_segment_that_cannot_be_read_are_counted() {
        let broken = r#","subsegments":[{"name":"no id"},{"id":"8","start_time":1800000000.1},7]"#;
        let tree = tree(vec![segment(1, None, 0.0, 1.0, broken)]);
        assert_eq!(tree.nodes.len(), 2);
        assert!(tree.remarks.iter().any(|remark| remark.starts_with("2 parts of segments")), "{:?}", tree.remarks);
    }

    #[test]
    fn the_critical_path_follows_what_nobody_waited_for() {
        let tree = tree(vec![
            segment(1, None, 0.0, 0.2, ""),
            segment(2, Some(1), 0.05, 0.1, ""),
            segment(3, Some(1), 0.5, 2.0, ""),
        ]);
        assert_eq!(names(&tree, |node| node.critical), ["s1", "s2", "s3"]);
    }

    #[test]
    fn two_functions_that_ran_once_each_are_no_retry() {
        let tried = |number: u32| {
            format!(
                r#","subsegments":[{{"id":"a{number}","name":"Attempt #{number}","start_time":1800000000.1,"end_time":1800000000.2}}]"#
            )
        };
        assert_eq!(
            tree(vec![segment(1, None, 0.0, 1.0, &tried(1)), segment(2, Some(1), 0.0, 1.0, &tried(1))]).retries,
            0
        );
        assert_eq!(tree(vec![segment(1, None, 0.0, 1.0, &tried(1)), segment(2, None, 0.0, 1.0, &tried(2))]).retries, 1);
    }

    proptest! {
        #[test]
        fn documents_of_whatever_kind_make_a_sound_tree(
            parts in proptest::collection::vec((0u64..30, proptest::option::of(0u64..40), -5.0f64..5.0, -5.0f64..5.0, 0usize..8), 0..60),
            text in ".{0,40}",
        ) {
            let quoted = serde_json::to_string(&text).unwrap();
            let rest = [
                String::new(),
                r#","in_progress":true"#.into(),
                r#","fault":true,"cause":"eeee""#.into(),
                format!(r#","error":true,"cause":{{"exceptions":[{{"id":"eeee","type":{quoted},"message":{quoted}}}]}}"#),
                format!(r#","inferred":true,"origin":{quoted}"#),
                r#","origin":"AWS::Lambda::Function","throttle":true"#.into(),
                format!(r#","annotations":{{{quoted}:{quoted}}},"metadata":{{{quoted}:{{{quoted}:[1]}}}}"#),
                format!(r#","http":{{"request":{{"url":{quoted}}}}},"aws":{{"operation":{quoted},"retries":3}}"#),
            ];
            let documents: Vec<_> = parts.iter().map(|(id, parent, start, end, kind)| segment(*id, *parent, *start, *end, &rest[*kind])).collect();
            let tree = tree(documents);
            // What is inferred of a call is told by the call; in these there is none.
            let ids: HashSet<String> = parts.iter().map(|part| part.0.to_string()).collect();
            prop_assert!(is_sound(&tree, &ids));
            for node in &tree.nodes {
                prop_assert!(!node.label().chars().any(char::is_control));
            }
            prop_assert!(tree.slowest().is_none_or(|(_, share)| (0.0..=1.0).contains(&share)));
            prop_assert_eq!(tree.began().is_some(), tree.failed() > 0);
        }
    }
}
