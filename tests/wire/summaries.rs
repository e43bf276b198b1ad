//! Traces in short: what is asked of X-Ray and what becomes of its answers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::{Value, json};
use slmon::{
    cli::traces::{Listed, found},
    domain::{
        failure::Kind,
        text::AwsText,
        trace::{
            Destination, Failing, LONGEST, TraceFilter, TraceRequest, Wanted,
            causes::{Age, CostLimit, Cut, ErrorGroup},
        },
    },
    engine::explain::{self, Allowance},
    report::build::coverage_of,
};

use super::{
    AT, HORIZON, error,
    fake::Reply,
    session,
    xray::{back, enter, failed, failing, minute_of, ok, page, soon, trace_id, with_xray},
};

fn headlines(groups: &[ErrorGroup]) -> Vec<String> {
    groups.iter().map(ErrorGroup::headline).collect()
}

#[tokio::test]
async fn the_filter_names_the_function_and_asks_for_what_failed_and_what_was_refused() {
    let fake = with_xray(|asked| match asked.operation.as_str() {
        "GetTraceSummaries" => page(&[failing(1, 3, "KeyError", "order 7")], 40, None),
        _ => ok(&json!({"Destination": "XRay"})),
    });
    let entered = enter(&fake, 1).await;
    let mut ask = failed(&entered.targets[0]);
    ask.throttles = true;
    ask.function = "pay\\\"x".into();
    entered.causes_of(&ask, 1.0).await;
    let bodies = fake.bodies("GetTraceSummaries");
    // In one request or in two.
    let filters = bodies.iter().map(|body| body["FilterExpression"].as_str().unwrap());
    let mut filters: Vec<String> = filters.flat_map(|filter| filter.split(" OR service(")).map(String::from).collect();
    for filter in &mut filters {
        *filter = format!("service({}", filter.trim_start_matches("service("));
    }
    filters.sort_unstable();
    assert_eq!(
        filters,
        [
            r#"service(id(name: "pay\\\"x", type: "AWS::Lambda")) { throttle = true }"#,
            r#"service(id(name: "pay\\\"x", type: "AWS::Lambda::Function")) { fault = true OR error = true }"#,
        ]
    );
    for body in &bodies {
        assert_eq!((minute_of(body, "StartTime"), minute_of(body, "EndTime")), (AT.plus(-30), AT));
        assert_eq!((&body["Sampling"], body.get("NextToken")), (&json!(false), None), "all, and from the first page");
    }
}

#[tokio::test]
async fn a_day_is_asked_for_in_stretches_that_xray_allows_without_a_gap() {
    let fake = with_xray(|asked| match asked.operation.as_str() {
        "GetTraceSummaries" => page(&[], 1, None),
        _ => ok(&json!({"Destination": "XRay"})),
    });
    let entered = enter(&fake, 1).await;
    let mut ask = failed(&entered.targets[0]);
    ask.from = AT.plus(-1440);
    let causes = entered.causes_of(&ask, 1.0).await;
    assert_eq!((causes.from, causes.cut), (ask.from.timestamp(), None));
    let spans = fake.bodies("GetTraceSummaries");
    let spans: Vec<_> = spans.iter().map(|body| (minute_of(body, "StartTime"), minute_of(body, "EndTime"))).collect();
    assert_eq!((spans.first().unwrap().1, spans.last().unwrap().0), (AT, ask.from));
    assert!(spans.windows(2).all(|two| two[0].0 == two[1].1), "the newest first: {spans:?}");
    assert!(spans.iter().all(|(from, to)| to.0 - from.0 <= LONGEST), "{spans:?}");
}

#[tokio::test]
async fn empty_pages_are_not_the_end_and_all_pages_are_of_one_question() {
    let fake = with_xray(|asked| match serde_json::from_str::<Value>(&asked.body).unwrap()["NextToken"].as_str() {
        None => page(&[], 1000, Some("one")),
        Some("one") => page(&[failing(1, 3, "KeyError", "order 7")], 2000, Some("two")),
        // An empty token is the end.
        _ => page(&[failing(2, 2, "KeyError", "order 8"), failing(1, 3, "KeyError", "order 7")], 500, Some("")),
    });
    let entered = enter(&fake, 1).await;
    let causes = entered.causes(1.0).await;
    assert_eq!((headlines(&causes.groups), causes.failed), (vec!["KeyError: order #".into()], 2), "one came twice");
    assert_eq!((causes.scanned, causes.failure, causes.cut), (3500, None, None));
    let usage = entered.source.usage();
    assert_eq!((usage.traces, usage.requests["xray:GetTraceSummaries"]), (3500, 3), "what is billed");
    let bodies = fake.bodies("GetTraceSummaries");
    for key in ["StartTime", "EndTime", "FilterExpression"] {
        assert!(bodies.iter().all(|body| body[key] == bodies[0][key]), "{key}");
    }
}

#[tokio::test]
async fn a_token_that_comes_twice_ends_the_reading_and_what_was_found_is_kept() {
    let fake = with_xray(|_| page(&[failing(1, 3, "KeyError", "order 7")], 10, Some("again")));
    let causes = enter(&fake, 1).await.causes(1.0).await;
    assert_eq!(causes.failure.map(|failure| failure.kind), Some(Kind::Malformed));
    assert_eq!((headlines(&causes.groups), fake.count("GetTraceSummaries")), (vec!["KeyError: order #".into()], 2));
}

#[tokio::test]
async fn root_causes_are_read_with_their_chain_and_what_xray_leaves_out_is_left_out() {
    let table = json!({"Id": trace_id(back(2), 1), "Duration": 1.5, "HasFault": true,
        "ServiceIds": null, "Annotations": {}, "Http": {"HttpURL": "https://api.example/pay", "HttpStatus": 502,
            "HttpMethod": "POST"},
        "FaultRootCauses": [{"ClientImpacting": true, "Services": [
            {"Name": "pay", "Type": "AWS::Lambda::Function", "AccountId": "111122223333",
                "EntityPath": [{"Name": "pay", "Exceptions": [{"Name": "SaveError", "Message": "not saved"}]}]},
            {"Name": "orders", "Type": "AWS::DynamoDB::Table", "AccountId": "not an account", "Inferred": true,
                "EntityPath": [{"Name": "orders", "Remote": true}]}]}]});
    let mail = json!({"Id": trace_id(back(20), 2), "StartTime": back(20), "HasError": true,
        "ErrorRootCauses": [{"Services": [{"Name": "pay", "Type": "AWS::Lambda::Function", "EntityPath": [
            {"Name": "pay", "Exceptions": [{"Message": "no such address: a@b.example"}]}]}]}]});
    let nameless = json!({"StartTime": back(3), "HasFault": true});
    let running = json!({"Id": trace_id(back(1), 3), "StartTime": back(1), "IsPartial": true, "HasFault": true});
    let fake = with_xray(move |_| page(&[table.clone(), mail.clone(), nameless.clone(), running.clone()], 4, None));
    let causes = enter(&fake, 1).await.causes(1.0).await;
    assert_eq!((causes.failed, causes.in_progress, causes.failure), (3, 1, None));
    let [orders, mail] = causes.groups.as_slice() else { panic!("{:#?}", causes.groups) };
    assert_eq!(orders.path(), "pay (function) → orders (DynamoDB Table)");
    assert_eq!(
        (orders.headline(), orders.failing, orders.age),
        ("SaveError: not saved".into(), Failing::Fault, Age::New)
    );
    assert_eq!(orders.first.as_second(), back(2), "its id says when it began");
    assert_eq!((orders.longest, orders.guess(Some(1))), (1.5, None), "who threw was not ended");
    assert_eq!(orders.chain.iter().map(|it| it.account.is_some()).collect::<Vec<_>>(), [true, false]);
    assert_eq!((mail.failing, mail.age, mail.exception.as_ref()), (Failing::Error, Age::Known, None));
    assert_eq!(mail.example_message.as_ref().map(AwsText::raw), Some("no such address: a@b.example"));
}

#[tokio::test]
async fn denied_in_one_account_says_what_to_allow_and_the_other_is_read() {
    let fake = with_xray(|asked| match asked.key.as_str() {
        "ASIAOTHER" => error("AccessDeniedException"),
        _ => page(&[failing(1, 3, "KeyError", "order 7")], 1, None),
    });
    let entered = enter(&fake, 2).await;
    let (own, other) = (failed(&entered.targets[0]), failed(&entered.targets[1]));
    let (own, other) = (entered.causes_of(&own, 1.0).await, entered.causes_of(&other, 1.0).await);
    assert_eq!((headlines(&own.groups), own.failure), (vec!["KeyError: order #".into()], None));
    let failure = other.failure.expect("a failure");
    assert_eq!((failure.operation, failure.kind), ("xray:GetTraceSummaries", Kind::Denied));
    let hint = "allow xray:GetTraceSummaries in the policy of arn:aws:iam::444455556666:role/slmon";
    assert!(failure.hint.starts_with(hint), "{}", failure.hint);
    assert_eq!(fake.count("GetTraceSegmentDestination"), 0, "who is denied is not asked on");
}

#[tokio::test]
async fn throttled_twice_is_not_told_and_throttled_for_ever_is() {
    for (times, kind) in [(2, None), (usize::MAX, Some(Kind::Throttled))] {
        let left = Arc::new(AtomicUsize::new(times));
        let fake = with_xray(move |_| {
            if left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                return Reply::Json(429, json!({"__type": "ThrottledException", "Message": "slow down"}).to_string());
            }
            page(&[failing(1, 3, "KeyError", "order 7")], 7, None)
        });
        let entered = enter(&fake, 1).await;
        let causes = entered.causes(1.0).await;
        assert_eq!(causes.failure.map(|failure| failure.kind), kind);
        assert_eq!((fake.count("GetTraceSummaries"), causes.groups.len()), (3, usize::from(kind.is_none())));
        assert_eq!(entered.source.usage().requests["xray:GetTraceSummaries"], 3, "each attempt counts");
    }
}

#[tokio::test]
async fn what_is_cut_garbled_or_refused_is_named_for_what_it_is() {
    let cut = match page(&[failing(1, 3, "KeyError", "order 7")], 7, None) {
        Reply::Json(_, text) => text[..100].to_owned(),
        other => panic!("{other:?}"),
    };
    let bad = json!({"TraceSummaries": [{"Id": 7}]}).to_string();
    let refused = json!({"__type": "InvalidRequestException", "Message": "Invalid filter expression"}).to_string();
    for (reply, kind, said) in [
        (Reply::Json(200, cut), Kind::Malformed, ""),
        (Reply::Json(200, bad), Kind::Malformed, ""),
        (Reply::Json(200, "<html>a proxy</html>".into()), Kind::Malformed, ""),
        (Reply::Json(503, "<html>a balancer</html>".into()), Kind::Server, ""),
        (Reply::Json(400, refused), Kind::Other, "Invalid filter expression"),
        (Reply::Reset, Kind::Network, "reset"),
    ] {
        let fake = with_xray({
            let reply = reply.clone();
            move |_| reply.clone()
        });
        let causes = enter(&fake, 1).await.causes(1.0).await;
        let failure = causes.failure.unwrap_or_else(|| panic!("{reply:?} is no failure"));
        assert_eq!(failure.kind, kind, "{reply:?}: {}", failure.message.shown());
        assert!(failure.message.raw().contains(said), "{}", failure.message.shown());
    }
}

#[tokio::test]
async fn a_session_that_ends_between_two_pages_is_renewed() {
    let sessions = Arc::new(AtomicUsize::new(0));
    let fake = super::Fake::new(move |asked| match asked.operation.as_str() {
        "AssumeRole" => session(&format!("ASIA{}", sessions.fetch_add(1, Ordering::Relaxed))),
        "GetResources" => super::resources(&["pay"], ""),
        "ListFunctions" => super::listed(&["pay"]),
        _ if asked.body.contains("second") && asked.key == "ASIA0" => error("ExpiredTokenException"),
        _ if asked.body.contains("second") => page(&[failing(2, 2, "KeyError", "order 8")], 1, None),
        _ => page(&[failing(1, 3, "KeyError", "order 7")], 1, Some("second")),
    });
    let causes = enter(&fake, 1).await.causes(1.0).await;
    assert_eq!((causes.failed, causes.failure, fake.count("AssumeRole")), (2, None, 2));
}

#[tokio::test(start_paused = true)]
async fn what_never_answers_is_given_up() {
    let fake = with_xray(|_| Reply::Hang);
    let causes = enter(&fake, 1).await.causes(1.0).await;
    assert_eq!(causes.failure.map(|failure| failure.kind), Some(Kind::Timeout));
}

#[tokio::test]
async fn nothing_more_is_asked_when_another_page_might_cost_more_than_is_allowed() {
    let pages = AtomicUsize::new(0);
    let fake = with_xray(move |_| page(&[], 80_000, Some(&format!("token-{}", pages.fetch_add(1, Ordering::Relaxed)))));
    let entered = enter(&fake, 1).await;
    // $0.10 are 200,000 traces.
    let causes = entered.causes(0.10).await;
    assert!(matches!(causes.cut, Some(Cut::Cost { .. })), "{:?}", causes.cut);
    let usage = entered.source.usage();
    assert_eq!((usage.requests["xray:GetTraceSummaries"], usage.traces), (2, 160_000));
    assert!(usage.dollars_exactly() <= 0.10);
}

#[tokio::test]
async fn what_runs_at_once_sets_aside_what_it_may_cost() {
    let pages = AtomicUsize::new(0);
    let fake = with_xray(move |_| page(&[], 30_000, Some(&format!("token-{}", pages.fetch_add(1, Ordering::Relaxed)))));
    let entered = enter(&fake, 1).await;
    let (allowance, target) = (Allowance::new(CostLimit::Run(0.10)), &entered.targets[0]);
    let filter = Some(TraceFilter::of("pay".into(), Wanted::Failed));
    let request = TraceRequest { start: AT.plus(-30).timestamp(), end: AT.timestamp(), filter };
    let reading = (0..4).map(|_| explain::pages(&*entered.source, target, &request, (&allowance, u64::MAX), soon()));
    let found = futures::future::join_all(reading).await;
    assert!(found.iter().all(|found| matches!(found.cut, Some(Cut::Cost { .. }))));
    // Four whose price nobody knew, and two of the four that want to go on.
    assert_eq!((fake.count("GetTraceSummaries"), entered.source.usage().traces), (6, 180_000));
}

#[tokio::test]
async fn nothing_is_asked_where_nothing_may_be_spent() {
    let fake = with_xray(|asked| panic!("nobody should ask {}", asked.operation));
    let entered = enter(&fake, 1).await;
    let ask = failed(&entered.targets[0]);
    let mut untraced = ask.clone();
    untraced.tracing = Some(false);
    let causes = entered.causes_of(&untraced, 0.0).await;
    assert!(matches!(causes.cut, Some(Cut::Cost { .. })), "{:?}", causes.cut);
    // What was not read is not called nothing.
    let remarks = causes.remarks(&"pay".into());
    assert!(remarks.len() == 1 && remarks[0].starts_with("reading stopped"), "{remarks:?}");
}

/// More functions than fit into a filter.
const MANY: usize = 25;

#[tokio::test]
async fn where_many_are_watched_all_are_asked_for_and_those_of_others_are_left_out() {
    let names: Vec<String> = (0..MANY).map(|n| format!("job-{n}")).collect();
    let fake = super::Fake::new(move |asked| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match asked.operation.as_str() {
            "AssumeRole" => session("ASIASESSION"),
            "GetResources" => super::resources(&names, ""),
            "ListFunctions" => super::listed(&names),
            _ => {
                let of = |name: &str, number| {
                    let mut summary = failing(number, 3, "KeyError", "order 7");
                    summary["ServiceIds"] = json!([{"Name": name, "Type": "AWS::Lambda::Function"}]);
                    summary
                };
                page(&[of("job-24", 1), of("somebody-elses", 2)], 2, None)
            }
        }
    });
    let entered = enter(&fake, 1).await;
    let coverage = coverage_of(&entered.fleet, &[], HORIZON.now);
    let asked = Listed { minutes: 15, to: HORIZON.now, all: false, hidden: false, limit: 50 };
    let within = (&Allowance::new(CostLimit::Run(0.10)), soon());
    let (list, code) = found(&*entered.source, &entered.fleet, &asked, coverage, within).await;
    let functions: Vec<_> = list.traces.iter().flat_map(|row| &row.functions).map(AwsText::raw).collect();
    assert_eq!((functions, code), (vec!["job-24"], 0));
    let filters = fake.bodies("GetTraceSummaries");
    let filters: Vec<_> = filters.iter().map(|body| body["FilterExpression"].as_str().unwrap()).collect();
    assert!(filters.iter().all(|filter| !filter.contains("name:") && filter.len() < 2000), "{filters:?}");
}

#[tokio::test]
async fn where_no_trace_is_found_it_is_asked_where_they_go() {
    let to = |answer: Reply| {
        with_xray(move |asked| match asked.operation.as_str() {
            "GetTraceSummaries" => page(&[], 0, None),
            "GetTraceSegmentDestination" => answer.clone(),
            other => panic!("nobody should ask {other}"),
        })
    };
    for (answer, destination, said) in [
        (
            ok(&json!({"Destination": "CloudWatchLogs", "Status": "ACTIVE"})),
            Some(Destination::CloudWatchLogs),
            "Transaction Search",
        ),
        (ok(&json!({"Destination": "XRay"})), Some(Destination::XRay), "a failure may be in none"),
        (error("AccessDeniedException"), None, "a failure may be in none"),
    ] {
        let causes = enter(&to(answer), 1).await.causes(1.0).await;
        assert_eq!((causes.destination, causes.failure.clone()), (destination, None));
        assert!(causes.remarks(&"pay".into())[0].contains(said), "{:?}", causes.remarks(&"pay".into()));
    }
}
