//! Queries of Logs Insights on the wire: how they are asked, what is refused, and what comes garbled or cut.

use std::sync::Mutex;

use futures::TryStreamExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use slmon::{
    domain::{
        account::Target,
        failure::{Failure, Kind},
        logs::{
            LogEvent, LogGroup,
            estimate::With,
            query::{GroupFacts, LogClass, LogQuery, QueryAnswer, QueryState},
        },
        text::AwsText,
    },
    engine::lines::{Batch, Followed, Open, Purse, Spending, Unsearched, Wanted, query_all, search},
    source::Source,
};

use super::{
    fake::{Fake, Reply},
    logs::{answering, entered, page},
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn soon() -> tokio::time::Instant {
    tokio::time::Instant::now() + std::time::Duration::from_mins(10)
}

fn query(groups: &[&str]) -> LogQuery {
    LogQuery {
        groups: groups.iter().map(|name| (*name).into()).collect(),
        start: at(100),
        end: Timestamp::from_millisecond(200_500).unwrap(),
        pattern: Some(r"HTTP 503\/x".into()),
    }
}

/// A row of results.
fn row(fields: &[(&str, &str)]) -> Value {
    fields.iter().map(|(field, value)| json!({"field": field, "value": value})).collect()
}

fn hit(message: &str) -> Value {
    row(&[
        ("@timestamp", "1970-01-01 00:02:30.120"),
        ("@message", message),
        ("@logStream", "s"),
        ("@log", "111122223333:/shop/pay"),
        ("@ptr", "p"),
    ])
}

fn results(status: &str, rows: &[Value], bytes: f64, token: Option<&str>) -> Reply {
    let statistics = json!({"bytesScanned": bytes, "recordsMatched": rows.len(), "recordsScanned": 10.0});
    Reply::Json(
        200,
        json!({"status": status, "results": rows, "statistics": statistics, "nextToken": token}).to_string(),
    )
}

fn refused(code: &str, said: &str) -> Reply {
    Reply::Json(400, json!({"__type": code, "message": said}).to_string())
}

fn begun() -> Reply {
    Reply::Json(200, json!({"queryId": "1"}).to_string())
}

async fn asked(fake: &Fake, groups: &[&str]) -> Result<QueryAnswer, Failure> {
    let (source, target) = entered(fake).await;
    source.queried(&target, &query(groups), &"1".into()).await
}

#[tokio::test]
async fn a_query_is_asked_in_seconds_and_its_bytes_are_counted_once() {
    let polls = Mutex::new(0);
    let fake = answering(move |asked, _| {
        if asked.operation == "StartQuery" {
            return begun();
        }
        let mut polls = polls.lock().unwrap();
        *polls += 1;
        match *polls {
            1 => results("Scheduled", &[], 0.0, None),
            2 => results("Running", &[hit("half of it")], 4e8, None),
            _ => results("Complete", &[hit("HTTP 503/x")], 1e9, None),
        }
    });
    let (source, target) = entered(&fake).await;
    let query = query(&["/shop/pay", "/shop/ship"]);
    let id = source.query(&target, &query).await.unwrap();
    let mut states = Vec::new();
    for _ in 0..3 {
        let answer = source.queried(&target, &query, &id).await.unwrap();
        states.push((answer.state, answer.events.len()));
    }
    assert_eq!(states, [(QueryState::Running, 0), (QueryState::Running, 0), (QueryState::Complete, 1)]);
    let usage = source.usage();
    assert_eq!((usage.scanned, usage.requests["logs:StartQuery"]), (1_000_000_000, 1));
    assert!((usage.dollars_exactly() - 0.005).abs() < 1e-9);
    let body = &fake.bodies("StartQuery")[0];
    // Both ends are a part of it.
    assert_eq!((&body["startTime"], &body["endTime"]), (&json!(100), &json!(201)));
    assert_eq!(body["logGroupNames"], json!(["/shop/pay", "/shop/ship"]));
    let text = body["queryString"].as_str().unwrap();
    assert!(text.contains(r"filter @message like /HTTP 503\/x/ | sort @timestamp desc | limit 10000"), "{text}");
}

#[tokio::test]
async fn results_come_in_pages_and_nothing_of_a_line_is_lost() {
    let long = "x".repeat(256 * 1024);
    let told = long.clone();
    let fake = answering(move |_, body| match body["nextToken"].as_str() {
        None => results("Complete", &[hit("a\u{1b}[2J\u{fffd}")], 1.0, Some("1")),
        _ => results("Complete", &[hit(&told)], 1.0, None),
    });
    let answer = asked(&fake, &["/shop/pay", "/shop/ship"]).await.unwrap();
    let texts: Vec<&str> = answer.events.iter().map(|(_, event)| event.text.raw()).collect();
    assert_eq!(texts, ["a\u{1b}[2J\u{fffd}", long.as_str()]);
    let (group, event) = &answer.events[0];
    assert_eq!((group.raw(), event.at), ("/shop/pay", Timestamp::from_millisecond(150_120).unwrap()));
    assert_eq!(event.text.shown(), "a\u{fffd}[2J\u{fffd}");
}

#[tokio::test]
async fn what_says_neither_when_nor_where_is_malformed_and_a_token_that_repeats_too() {
    let untimed = row(&[("@message", "x"), ("@log", "1:/shop/pay"), ("@timestamp", "yesterday")]);
    let unplaced = row(&[("@message", "x"), ("@timestamp", "1970-01-01 00:02:30")]);
    for (rows, groups, kind) in [
        (vec![untimed], vec!["/shop/pay"], Some(Kind::Malformed)),
        (vec![unplaced.clone()], vec!["/shop/pay", "/shop/ship"], Some(Kind::Malformed)),
        (vec![unplaced], vec!["/shop/pay"], None),
    ] {
        let fake = answering(move |_, _| results("Complete", &rows, 1.0, None));
        assert_eq!(asked(&fake, &groups).await.err().map(|failure| failure.kind), kind);
    }
    let fake = answering(|_, _| results("Complete", &[hit("again")], 1.0, Some("same")));
    assert_eq!(asked(&fake, &["/shop/pay"]).await.unwrap_err().kind, Kind::Malformed);
    let fake = answering(|_, _| Reply::Json(200, "{\"status\": \"Complete\", \"results\": [[".into()));
    assert_eq!(asked(&fake, &["/shop/pay"]).await.unwrap_err().kind, Kind::Malformed);
}

#[tokio::test]
async fn a_query_that_ends_otherwise_says_how() {
    for status in ["Failed", "Cancelled", "Timeout", "Unknown", "SomethingNew"] {
        let fake = answering(move |_, _| results(status, &[], 1.0, None));
        let answer = asked(&fake, &["/shop/pay"]).await.unwrap();
        assert_eq!(answer.state, QueryState::Ended(status.into()));
    }
}

#[tokio::test]
async fn each_call_tells_what_is_denied_throttled_or_gone_and_no_query_is_begun_twice() {
    for (code, kind) in [
        ("AccessDeniedException", Kind::Denied),
        ("LimitExceededException", Kind::Throttled),
        ("ResourceNotFoundException", Kind::Other),
    ] {
        let fake = answering(move |_, _| refused(code, "said"));
        let (source, target) = entered(&fake).await;
        let query = query(&["/shop/pay"]);
        let id: AwsText = "1".into();
        let names = [AwsText::from("/shop/pay")];
        let failures = [
            source.query(&target, &query).await.unwrap_err(),
            source.queried(&target, &query, &id).await.unwrap_err(),
            source.stop(&target, &id).await.unwrap_err(),
            source.groups(&target, &names).try_collect::<Vec<_>>().await.unwrap_err(),
        ];
        let operations = failures.each_ref().map(|failure| (failure.operation, failure.kind));
        let of = |operation| (operation, kind);
        assert_eq!(
            operations,
            ["logs:StartQuery", "logs:GetQueryResults", "logs:StopQuery", "logs:DescribeLogGroups"].map(of)
        );
        assert_eq!(fake.count("StartQuery"), 1, "{code}");
    }
    // The answer may be lost, and the query may be under way.
    let fake = answering(|_, _| Reply::Reset);
    let (source, target) = entered(&fake).await;
    assert_eq!(source.query(&target, &query(&["/shop/pay"])).await.unwrap_err().kind, Kind::Network);
    assert_eq!(fake.count("StartQuery"), 1);
}

#[tokio::test]
async fn log_groups_are_read_until_all_names_are_found() {
    let group = |name: &str, class: Option<&str>| json!({"logGroupName": name, "logGroupClass": class, "storedBytes": 1000, "creationTime": 50_000, "retentionInDays": 14});
    let fake = answering(move |_, body| {
        let (groups, token) = match body["nextToken"].as_str() {
            None => (json!([]), Some("1")),
            Some("1") => (json!([group("/other", None), group("/shop/pay", Some("INFREQUENT_ACCESS"))]), Some("2")),
            Some("2") => (json!([group("/shop/ship", Some("DELIVERY"))]), Some("3")),
            _ => panic!("all names were found"),
        };
        Reply::Json(200, json!({"logGroups": groups, "nextToken": token}).to_string())
    });
    let (source, target) = entered(&fake).await;
    let names: Vec<AwsText> = vec!["/shop/pay".into(), "/shop/ship".into()];
    let pages: Vec<Vec<GroupFacts>> = source.groups(&target, &names).try_collect().await.unwrap();
    let found: Vec<(String, LogClass)> =
        pages.concat().into_iter().map(|facts| (facts.name.raw().to_owned(), facts.class)).collect();
    assert_eq!(
        found,
        [
            ("/other".to_owned(), LogClass::Standard),
            ("/shop/pay".to_owned(), LogClass::InfrequentAccess),
            ("/shop/ship".to_owned(), LogClass::Delivery)
        ]
    );
    assert_eq!(fake.bodies("DescribeLogGroups")[0]["logGroupIdentifiers"], json!(["/shop/pay", "/shop/ship"]));
}

fn followed(target: &Target, function: &str, group: &str) -> Followed {
    let group = LogGroup { name: group.into(), assumed: false };
    Followed { target: target.clone(), function: function.into(), group }
}

/// Asks for what two functions have written.
async fn hunted(fake: &Fake) -> (Vec<(usize, String)>, Vec<Unsearched>) {
    let (source, target) = entered(fake).await;
    let followed = [followed(&target, "pay", "/shop/pay"), followed(&target, "ship", "/shop/ship")];
    let batch = Batch {
        target,
        groups: vec![GroupFacts::new("/shop/pay".into()), GroupFacts::new("/shop/ship".into())],
        writers: [("/shop/pay".into(), vec![0]), ("/shop/ship".into(), vec![1])].into(),
        needed: true,
    };
    let wanted =
        Wanted { span: (at(100), at(200)), now: at(200), filter: None, regex: Some("x"), with: With::Insights };
    let (purse, open) = (Purse::new(0.10), Open::default());
    let spending = Spending { purse: &purse, open: &open };
    let mut found = Vec::new();
    let take = |place: usize, events: Vec<LogEvent>, _| {
        found.extend(events.into_iter().map(|event| (place, event.text.raw().to_owned())));
    };
    let failures = query_all(&source, (&followed, &[batch]), &wanted, spending, soon(), take).await;
    assert!(open.stop_all(&source).await.is_empty());
    (found, failures)
}

#[tokio::test(start_paused = true)]
async fn of_log_groups_of_which_one_is_too_young_the_others_are_read() {
    let fake = answering(|asked, body| match asked.operation.as_str() {
        "StartQuery" if body["logGroupNames"].as_array().is_some_and(|names| names.contains(&json!("/shop/ship"))) => {
            refused("MalformedQueryException", "end date and time is before the log groups creation time")
        }
        "StartQuery" => begun(),
        _ => results("Complete", &[hit("x")], 1.0, None),
    });
    let (found, failures) = hunted(&fake).await;
    assert_eq!((found, failures.len()), (vec![(0, "x".to_owned())], 0));
    assert_eq!(fake.count("StartQuery"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_grows_beyond_what_is_allowed_is_stopped_and_said() {
    let fake = answering(|asked, _| match asked.operation.as_str() {
        "StartQuery" => begun(),
        "StopQuery" => Reply::Json(200, json!({"success": true}).to_string()),
        // Each second another 9 GB: $0.045.
        _ => {
            static POLLS: Mutex<f64> = Mutex::new(0.0);
            let mut polls = POLLS.lock().unwrap();
            *polls += 1.0;
            results("Running", &[], *polls * 9e9, None)
        }
    });
    let (_, failures) = hunted(&fake).await;
    assert_eq!((failures.len(), fake.count("GetQueryResults"), fake.count("StopQuery")), (1, 3, 1));
    let (said, places) = (failures[0].failure.message.raw(), &failures[0].places);
    assert!(said.contains("27 GB") && failures[0].failure.hint.contains("--max-cost"), "{said}");
    assert_eq!((places.as_slice(), failures[0].span), ([0, 1].as_slice(), (at(100), at(200))));
}

#[tokio::test(start_paused = true)]
async fn where_an_account_has_as_many_queries_as_it_may_it_is_waited_for() {
    let starts = Mutex::new(0);
    let fake = answering(move |asked, _| match asked.operation.as_str() {
        "StartQuery" => {
            let mut starts = starts.lock().unwrap();
            *starts += 1;
            if *starts < 4 { refused("LimitExceededException", "too many concurrent queries") } else { begun() }
        }
        _ => results("Complete", &[hit("x")], 1.0, None),
    });
    let began = tokio::time::Instant::now();
    let (found, failures) = hunted(&fake).await;
    assert_eq!((found.len(), failures.len()), (1, 0));
    assert!((15..30).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_pattern_that_is_not_taken_costs_no_line() {
    let fake = answering(|_, body| match body["filterPattern"].as_str() {
        Some(_) => refused("InvalidParameterException", "Invalid filter pattern"),
        None => page(&["one", "two"], None),
    });
    let (source, target) = entered(&fake).await;
    let followed = [followed(&target, "pay", "/shop/pay")];
    let (mut found, mut refused) = (0, 0);
    let failures = search(&source, &followed, (at(100), at(200)), Some("%[Oo]ne%"), soon(), |_, events, searched| {
        found += events.len();
        refused = searched.refused;
    })
    .await;
    assert_eq!((found, refused, failures.len()), (2, 1, 0));
}
