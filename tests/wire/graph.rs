//! Who calls whom: numbers that hold over all pages of an answer, and accounts that are merged.

use serde_json::{Value, json};
use slmon::{
    domain::{
        account::Target,
        failure::{Failure, Kind},
        text::AwsText,
        trace::graph::Graph,
    },
    engine::explain::map,
};

use super::{
    AT, error,
    fake::{Fake, Reply},
    xray::{enter, minute_of, ok, soon, with_xray},
};

/// A service that answered ten requests, of which so many were faults, with what it calls.
fn service(number: i32, name: &str, kind: &str, faults: u64, edges: &[(i32, u64)]) -> Value {
    let statistics = |faults: u64| {
        json!({"OkCount": 10 - faults, "TotalCount": 10, "TotalResponseTime": 4.5,
            "ErrorStatistics": {"ThrottleCount": 0, "OtherCount": 0, "TotalCount": 0},
            "FaultStatistics": {"OtherCount": faults, "TotalCount": faults}})
    };
    let histogram = json!([{"Value": 2.0, "Count": 1}, {"Value": 0.25, "Count": 9}]);
    let edges: Vec<_> = edges
        .iter()
        .map(|(to, faults)| {
            json!({"ReferenceId": to, "SummaryStatistics": statistics(*faults), "ResponseTimeHistogram": histogram})
        })
        .collect();
    json!({"ReferenceId": number, "Name": name, "Names": [name], "Type": kind, "Root": number == 0,
        "SummaryStatistics": statistics(faults), "ResponseTimeHistogram": histogram, "Edges": edges})
}

fn page(services: &[Value], token: Option<&str>) -> Reply {
    ok(&json!({"Services": services, "NextToken": token, "ContainsOldGroupVersions": false}))
}

async fn read(fake: &Fake, accounts: usize) -> (Graph, Vec<(Target, Failure)>) {
    let entered = enter(fake, accounts).await;
    let span = (AT.plus(-30).timestamp(), AT.timestamp());
    map(&*entered.source, &entered.targets, span, soon()).await
}

fn calls(graph: &Graph) -> Vec<String> {
    let edges = graph.edges();
    edges.map(|(from, to, stats)| format!("{} > {}: {}", from.name.raw(), to.name.raw(), stats.failed())).collect()
}

#[tokio::test]
async fn a_call_to_a_service_on_a_later_page_is_drawn() {
    let fake = with_xray(|asked| match serde_json::from_str::<Value>(&asked.body).unwrap()["NextToken"].as_str() {
        None => page(&[service(0, "api", "AWS::ApiGateway::Stage", 3, &[(1, 3)])], Some("one")),
        Some("one") => page(&[], Some("two")),
        Some("two") => page(&[service(1, "pay", "AWS::Lambda", 0, &[(2, 3)])], Some("three")),
        _ => page(
            &[
                service(2, "pay", "AWS::Lambda::Function", 3, &[(0, 0), (3, 3), (99, 1)]),
                service(3, "orders", "AWS::DynamoDB::Table", 3, &[]),
            ],
            None,
        ),
    });
    let (graph, failures) = read(&fake, 1).await;
    assert!(failures.is_empty());
    assert_eq!(calls(&graph), ["api > pay: 3", "pay > api: 0", "pay > orders: 3"]);
    let [pay] = graph.functions(&AwsText::from("pay"))[..] else { panic!("Lambda's two nodes are one function") };
    let stats = graph.stats(pay).unwrap();
    assert_eq!((stats.total(), stats.faults, stats.percentile(0.95)), (10, 3, Some(2.0)));
    let bodies = fake.bodies("GetServiceGraph");
    assert_eq!(bodies.len(), 4);
    for body in bodies {
        assert_eq!((minute_of(&body, "StartTime"), minute_of(&body, "EndTime")), (AT.plus(-30), AT));
    }
}

#[tokio::test]
async fn the_same_numbers_in_two_accounts_are_different_services() {
    let fake = with_xray(|asked| match asked.key.as_str() {
        "ASIAOTHER" => page(
            &[service(0, "queue", "AWS::SQS::Queue", 0, &[(1, 0)]), service(1, "mail", "AWS::Lambda", 0, &[])],
            None,
        ),
        _ => page(
            &[service(0, "api", "AWS::ApiGateway::Stage", 0, &[(1, 2)]), service(1, "pay", "AWS::Lambda", 2, &[])],
            None,
        ),
    });
    let (graph, failures) = read(&fake, 2).await;
    assert!(failures.is_empty());
    assert_eq!(calls(&graph), ["api > pay: 2", "queue > mail: 0"]);
}

#[tokio::test]
async fn denied_throttled_or_endless_in_one_account_leaves_the_map_of_the_other() {
    for kind in [Kind::Denied, Kind::Throttled, Kind::Malformed] {
        let fake = with_xray(move |asked| match (asked.key.as_str(), kind) {
            ("ASIAOTHER", Kind::Denied) => error("AccessDeniedException"),
            ("ASIAOTHER", Kind::Throttled) => error("ThrottledException"),
            ("ASIAOTHER", _) => page(&[service(0, "mail", "AWS::Lambda", 0, &[])], Some("again")),
            _ => page(&[service(0, "api", "client", 0, &[(1, 0)]), service(1, "pay", "AWS::Lambda", 0, &[])], None),
        });
        let (graph, failures) = read(&fake, 2).await;
        assert_eq!(calls(&graph), ["api > pay: 0"]);
        let [(target, failure)] = failures.as_slice() else { panic!("{failures:?}") };
        assert_eq!((target.account.id.as_str(), failure.kind), (super::xray::OTHER, kind));
        assert_eq!(failure.operation, "xray:GetServiceGraph");
        let found = graph.functions(&AwsText::from("mail")).len();
        assert_eq!(found, usize::from(kind == Kind::Malformed), "what had come is kept");
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_or_nonsense_breaks_nothing() {
    let odd = json!([{"Name": "no number"}, {"ReferenceId": 1}, {"ReferenceId": 2, "Name": "pay", "Type": "AWS::Lambda",
        "SummaryStatistics": {"OkCount": -5, "TotalResponseTime": -1.0}, "DurationHistogram": [{"Value": 1.0, "Count": -3}],
        "Edges": [{}, {"ReferenceId": 2}, {"ReferenceId": 1}]}]);
    let fake = with_xray(move |_| ok(&json!({"Services": odd})));
    let (graph, failures) = read(&fake, 1).await;
    assert!(failures.is_empty());
    let [pay] = graph.functions(&AwsText::from("pay"))[..] else { panic!("one function") };
    let stats = graph.stats(pay).unwrap();
    assert_eq!((stats.total(), stats.share(), stats.percentile(0.95)), (0, None, None));
    assert_eq!(calls(&graph), ["pay > (without a name): 0"]);
    let empty = with_xray(|_| ok(&json!({})));
    assert!(read(&empty, 1).await.0.is_empty());
}
