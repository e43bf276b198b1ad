//! Whole traces: parts over pages and accounts, ids that were not got to, documents that can't be read.

use serde_json::{Value, json};
use slmon::{
    domain::{failure::Kind, text::AwsText},
    engine::explain::{Whole, whole},
};

use super::{
    error,
    fake::{Fake, Reply},
    xray::{back, enter, ok, soon, trace_id, with_xray},
};

fn id() -> String {
    trace_id(back(2), 1)
}

/// A segment document: its id, its name, and what it was called from.
fn segment(id: &str, name: &str, parent: Option<&str>, more: &Value) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
    let start = back(2) as f64;
    let mut document = json!({"id": id, "trace_id": self::id(), "name": name, "start_time": start,
        "end_time": start + 0.5});
    let object = document.as_object_mut().unwrap();
    object.extend(parent.map(|parent| ("parent_id".to_owned(), json!(parent))));
    object.extend(more.as_object().unwrap().clone());
    json!({"Id": id, "Document": document.to_string()})
}

fn answer(segments: &[Value], token: Option<&str>) -> Reply {
    ok(&json!({"Traces": [{"Id": id(), "Duration": 0.5, "LimitExceeded": false, "Segments": segments}],
        "UnprocessedTraceIds": [], "NextToken": token}))
}

async fn read(fake: &Fake, accounts: usize) -> (Whole, u64) {
    let entered = enter(fake, accounts).await;
    let whole = whole(&*entered.source, &entered.targets, &AwsText::from(id().as_str()), soon()).await;
    (whole, entered.source.usage().traces)
}

fn names(whole: &Whole) -> Vec<String> {
    let nodes = whole.tree.iter().flat_map(|tree| &tree.nodes);
    nodes.map(|node| format!("{}{}", "  ".repeat(node.depth), node.span.name.raw())).collect()
}

#[tokio::test]
async fn a_trace_whose_parts_come_on_several_pages_is_one() {
    let fake = with_xray(|asked| match serde_json::from_str::<Value>(&asked.body).unwrap()["NextToken"].as_str() {
        None => answer(&[segment("a000000000000001", "api", None, &json!({}))], Some("one")),
        Some("one") => ok(&json!({"Traces": [], "NextToken": "two"})),
        _ => answer(&[segment("a000000000000002", "pay", Some("a000000000000001"), &json!({"fault": true}))], None),
    });
    let (whole, _) = read(&fake, 1).await;
    assert_eq!((names(&whole), whole.failures.len()), (vec!["api".to_owned(), "  pay".to_owned()], 0));
    let bodies = fake.bodies("BatchGetTraces");
    assert_eq!(bodies.len(), 3);
    assert!(bodies.iter().all(|body| body["TraceIds"] == json!([id()])), "{bodies:?}");
}

#[tokio::test]
async fn an_id_that_xray_did_not_get_to_is_asked_again_and_not_for_ever() {
    for (answered, asked, found) in [(2, 2, true), (usize::MAX, 3, false)] {
        let counted = std::sync::atomic::AtomicUsize::new(0);
        let fake = with_xray(move |_| {
            if counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1 < answered {
                return ok(&json!({"Traces": [], "UnprocessedTraceIds": [id()]}));
            }
            answer(&[segment("a000000000000001", "pay", None, &json!({}))], None)
        });
        let (whole, billed) = read(&fake, 1).await;
        assert_eq!((fake.count("BatchGetTraces"), whole.tree.is_some()), (asked, found));
        assert_eq!(billed, u64::from(found), "what was handed out is billed");
        assert!(whole.failures.is_empty(), "X-Ray calls ids that it does not know unprocessed, too");
    }
}

#[tokio::test]
async fn parts_of_two_accounts_are_joined_and_what_both_have_counts_once() {
    let fake = with_xray(|asked| {
        let api = segment("a000000000000001", "api", None, &json!({}));
        let pay = segment("a000000000000002", "pay", Some("a000000000000001"), &json!({}));
        if asked.key == "ASIAOTHER" { answer(&[pay, api], None) } else { answer(&[api], None) }
    });
    let (whole, _) = read(&fake, 2).await;
    assert_eq!(names(&whole), ["api", "  pay"]);
}

#[tokio::test]
async fn denied_in_one_account_says_so_and_shows_what_the_other_knows() {
    let fake = with_xray(|asked| match asked.key.as_str() {
        "ASIAOTHER" => error("AccessDeniedException"),
        _ => answer(&[segment("a000000000000002", "pay", Some("a000000000000001"), &json!({}))], None),
    });
    let (whole, _) = read(&fake, 2).await;
    assert_eq!(names(&whole), ["pay"]);
    let [(target, failure)] = whole.failures.as_slice() else { panic!("{:?}", whole.failures) };
    assert_eq!((target.account.id.as_str(), failure.kind), (super::xray::OTHER, Kind::Denied));
    assert_eq!(failure.operation, "xray:BatchGetTraces");
    let remarks = whole.tree.unwrap().remarks.join("\n");
    assert!(remarks.contains("in an account or region that could not be read"), "{remarks}");
}

#[tokio::test]
async fn a_document_that_can_not_be_read_takes_nothing_else_with_it() {
    let fake = with_xray(|_| {
        let good = segment("a000000000000002", "pay", None, &json!({}));
        ok(&json!({"Traces": [{"Id": id(), "LimitExceeded": true, "Segments": [
            {"Id": "a000000000000003", "Document": "{\"id\": \"a0000"},
            {"Id": "a000000000000004", "Document": "[]"}, {"Id": "a000000000000005"}, good]}, {"Segments": []}]}))
    });
    let (whole, _) = read(&fake, 1).await;
    assert_eq!(names(&whole), ["pay"]);
    let remarks = whole.tree.unwrap().remarks.join("\n");
    for part in ["can't be read and is left out (a000000000000003", "and 1 more", "too large for X-Ray"] {
        assert!(remarks.contains(part), "{part:?} in {remarks}");
    }
}

#[tokio::test]
async fn a_token_that_comes_twice_and_an_answer_that_is_cut_are_malformed() {
    let cut = match answer(&[segment("a000000000000001", "pay", None, &json!({}))], None) {
        Reply::Json(_, text) => text[..60].to_owned(),
        other => panic!("{other:?}"),
    };
    let endless = with_xray(|_| answer(&[segment("a000000000000001", "pay", None, &json!({}))], Some("again")));
    for fake in [endless, with_xray(move |_| Reply::Json(200, cut.clone()))] {
        let (whole, _) = read(&fake, 1).await;
        assert!(whole.tree.is_none());
        assert_eq!(whole.failures[0].1.kind, Kind::Malformed);
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_hangs_is_named_and_the_other_is_shown() {
    let fake = with_xray(|asked| match asked.key.as_str() {
        "ASIAOTHER" => Reply::Hang,
        _ => answer(&[segment("a000000000000002", "pay", None, &json!({}))], None),
    });
    let (whole, _) = read(&fake, 2).await;
    assert_eq!((names(&whole), whole.failures[0].1.kind), (vec!["pay".to_owned()], Kind::Timeout));
}
