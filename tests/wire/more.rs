//! What checks ask for that are off unless they are named, as it goes over the wire: each metric with its statistic, its
//! period and its stretch, in requests of their own.

use std::sync::Mutex;

use slmon::domain::rules::{
    Limits,
    more::{Extra, Word},
};

use super::*;

/// A query: metric, statistic and the seconds of a datapoint; and the minutes of the request.
type Shape = (String, String, i64, i64);

fn shapes(asked: &Asked) -> Vec<Shape> {
    let body = asked.cbor.as_ref().expect("CBOR");
    let time = |key: &str| match field(body, key) {
        Some(Value::Tag(1, seconds)) => match &**seconds {
            Value::Float(seconds) => *seconds,
            Value::Integer(seconds) => i64::try_from(*seconds).unwrap() as f64,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    #[expect(clippy::cast_possible_truncation, reason = "some days of minutes")]
    let minutes = ((time("EndTime") - time("StartTime")) / 60.0) as i64;
    let queries = field(body, "MetricDataQueries").and_then(Value::as_array).expect("queries");
    let shape = |query: &Value| {
        let stat = field(query, "MetricStat").unwrap();
        let metric = field(field(stat, "Metric").unwrap(), "MetricName").and_then(Value::as_text).unwrap();
        let statistic = field(stat, "Stat").and_then(Value::as_text).unwrap();
        let period = field(stat, "Period").and_then(Value::as_integer).unwrap();
        (metric.to_owned(), statistic.to_owned(), i64::try_from(period).unwrap(), minutes)
    };
    queries.iter().map(shape).collect()
}

async fn sweep_with(fake: &Fake, extras: &[Extra]) -> Seen {
    let mut limits = Limits::default();
    for extra in extras {
        limits.more.take(Word::On(*extra, true), &"config".into());
    }
    let rules = Rules { limits: limits.into(), ..Rules::default() };
    sweep_by(fake, roster(), Duration::from_secs(30), rules).await
}

#[tokio::test]
async fn each_metric_is_asked_with_its_statistic_its_period_and_its_stretch() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let kept = log.clone();
    let fake = with_metrics(move |asked| {
        kept.lock().unwrap().extend(shapes(asked));
        same(asked, &[(2, 0.0)])
    });
    let of_functions = [Extra::Burn, Extra::NearTimeout, Extra::IteratorAge, Extra::DeadLetter, Extra::Silent];
    let seen = sweep_with(&fake, &of_functions).await;
    assert_eq!(seen.unseen(), []);
    let mut asked = log.lock().unwrap().clone();
    asked.sort();
    asked.dedup();
    let shape =
        |metric: &str, statistic: &str, period, minutes| (metric.to_owned(), statistic.to_owned(), period, minutes);
    assert_eq!(
        asked,
        [
            shape("AsyncEventsDropped", "Sum", 60, 35),
            shape("DeadLetterErrors", "Sum", 60, 35),
            shape("DestinationDeliveryFailures", "Sum", 60, 35),
            shape("Duration", "Maximum", 60, 35),
            shape("Errors", "Sum", 60, 35),
            shape("Errors", "Sum", 300, 4320),
            shape("Invocations", "Sum", 300, 20340),
            shape("IteratorAge", "Maximum", 60, 35),
            shape("Throttles", "Sum", 60, 35),
        ]
    );
}

#[tokio::test]
async fn the_longest_run_is_held_against_the_timeout_that_lambda_tells() {
    let fake = with_metrics(|asked| same(asked, &[(2, 820_000.0)]));
    let seen = sweep_with(&fake, &[Extra::NearTimeout]).await;
    let found = seen.judgement.functions.iter().flat_map(|function| &function.judged.findings);
    let near: Vec<_> = found.filter(|finding| finding.check == "near-timeout").collect();
    // Of 900 seconds; everything else that this AWS answers is as great.
    assert_eq!(near.len(), 2);
    assert!(near[0].reason.starts_with("ran for up to 820.0 s of the 900.0 s of its timeout (91.1 %)"), "{near:?}");
}

#[tokio::test]
async fn configurations_that_are_denied_make_what_rests_on_them_unknown() {
    let fake = Fake::new(|asked| match asked.operation.as_str() {
        "AssumeRole" => session("ASIASESSION"),
        "GetResources" => resources(&["pay"], ""),
        "GetMetricData" => same(asked, &[(2, 0.0)]),
        "ListFunctions" => {
            Reply::Json(403, r#"{"Message": "User is not authorized to perform: lambda:ListFunctions"}"#.into())
        }
        other => panic!("nobody should ask {other}"),
    });
    let denied = ("lambda:ListFunctions", Kind::Denied, Some("timeouts of functions".to_owned()));
    let seen = sweep_with(&fake, &[Extra::NearTimeout]).await;
    assert_eq!((seen.unseen(), seen.verdicts()), (vec![denied], vec![Verdict::Unknown]));
    assert_eq!(sweep_with(&fake, &[]).await.unseen(), []);
}

#[tokio::test]
async fn tables_are_asked_for_by_their_type_and_their_metrics_by_their_name() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let kept = log.clone();
    let fake = Fake::new(move |asked| match asked.operation.as_str() {
        "AssumeRole" => session("ASIASESSION"),
        "GetResources" if asked.body.contains("dynamodb:table") => {
            let arn = |rest: &str| format!("arn:aws:dynamodb:eu-west-1:111122223333:table/{rest}");
            let tags = serde_json::json!([{"Key": "monitor", "Value": "true"}, {"Key": "stage", "Value": "prod"}]);
            let row = |rest: &str| serde_json::json!({"ResourceARN": arn(rest), "Tags": tags});
            let all = [row("pay"), row("pay/index/by-day")];
            Reply::Json(200, serde_json::json!({"ResourceTagMappingList": all, "PaginationToken": ""}).to_string())
        }
        "GetResources" => resources(&["pay"], ""),
        "ListFunctions" => listed(&["pay"]),
        "GetMetricData" => {
            kept.lock().unwrap().extend(places(asked));
            let of = |(id, metric, of): (String, String, Vec<String>)| {
                assert_eq!(of, ["pay"], "{metric}");
                let value = match metric.as_str() {
                    "ConsumedWriteCapacityUnits" => 2_700.0,
                    "ProvisionedWriteCapacityUnits" => 10.0,
                    _ => 0.0,
                };
                result(&id, &[(8, value)], "Complete")
            };
            page(dimensions(asked).into_iter().map(of).collect(), None)
        }
        other => panic!("nobody should ask {other}"),
    });
    let seen = sweep_with(&fake, &[Extra::Capacity]).await;
    let found: Vec<_> = seen.judgement.functions.iter().flat_map(|it| &it.judged.findings).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].reason.starts_with("90.0 % of 10 write capacity units a second"), "{found:?}");
    let asked = log.lock().unwrap().clone();
    let of = |place: (&str, &str)| asked.iter().filter(|it| (it.0.as_str(), it.1.as_str()) == place).count();
    // Consumed and refused, and what is provisioned of what was consumed: of the table alone.
    assert_eq!(of(("AWS/DynamoDB", "TableName")), 5, "{asked:?}");
    assert_eq!(of(("AWS/Lambda", "FunctionName")), asked.len() - 5, "{asked:?}");
}

/// The namespace of each query, and the name of its dimension.
fn places(asked: &Asked) -> Vec<(String, String)> {
    let text = |value: Option<&Value>| value.and_then(Value::as_text).unwrap_or_default().to_owned();
    let queries = asked.cbor.as_ref().and_then(|body| field(body, "MetricDataQueries")).and_then(Value::as_array);
    let place = |query: &Value| {
        let metric = field(query, "MetricStat").and_then(|stat| field(stat, "Metric")).unwrap();
        let dimension = &field(metric, "Dimensions").and_then(Value::as_array).unwrap()[0];
        (text(field(metric, "Namespace")), text(field(dimension, "Name")))
    };
    queries.into_iter().flatten().map(place).collect()
}

/// Queries by their ids, each with its metric, and its dimensions' values.
fn dimensions(asked: &Asked) -> Vec<(String, String, Vec<String>)> {
    let text = |value: Option<&Value>| value.and_then(Value::as_text).unwrap_or_default().to_owned();
    let queries = asked.cbor.as_ref().and_then(|body| field(body, "MetricDataQueries")).and_then(Value::as_array);
    let query = |query: &Value| {
        let metric = field(query, "MetricStat").and_then(|stat| field(stat, "Metric")).unwrap();
        let dimensions = field(metric, "Dimensions").and_then(Value::as_array).into_iter().flatten();
        let values = dimensions.map(|dimension| text(field(dimension, "Value"))).collect();
        (text(field(query, "Id")), text(field(metric, "MetricName")), values)
    };
    queries.into_iter().flatten().map(query).collect()
}

#[tokio::test]
async fn what_is_taken_of_the_accounts_limit_is_asked_without_a_dimension_and_held_against_its_settings() {
    let fake = |settings: Reply| {
        Fake::new(move |asked| match asked.operation.as_str() {
            "AssumeRole" => session("ASIASESSION"),
            "GetResources" => resources(&["pay", "mail"], ""),
            "ListFunctions" => listed(&["pay", "mail"]),
            "GetAccountSettings" => settings.clone(),
            "GetMetricData" => {
                let of = |(id, metric, of): (String, String, Vec<String>)| {
                    assert_eq!(of.is_empty(), metric == "ClaimedAccountConcurrency", "{metric} of {of:?}");
                    let value = match metric.as_str() {
                        "ClaimedAccountConcurrency" => 870.0,
                        "ConcurrentExecutions" if of == ["pay"] => 600.0,
                        "ConcurrentExecutions" => 90.0,
                        _ => 0.0,
                    };
                    result(&id, &[(2, value)], "Complete")
                };
                page(dimensions(asked).into_iter().map(of).collect(), None)
            }
            other => panic!("nobody should ask {other}"),
        })
    };
    let told = r#"{"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}, "AccountUsage": {"FunctionCount": 2}}"#;
    let seen = sweep_with(&fake(Reply::Json(200, told.into())), &[Extra::Concurrency]).await;
    assert_eq!((seen.unseen(), seen.verdicts()), (vec![], vec![Verdict::Ok, Verdict::Warning]));
    let reason = &seen.judgement.functions[1].judged.findings[0].reason;
    assert!(reason.starts_with("870 of the 1,000 instances"), "{reason}");
    for (settings, kind) in [
        (
            Reply::Json(403, r#"{"Message": "User is not authorized to perform: lambda:GetAccountSettings"}"#.into()),
            Kind::Denied,
        ),
        (Reply::Json(200, "{}".into()), Kind::Malformed),
    ] {
        let seen = sweep_with(&fake(settings), &[Extra::Concurrency]).await;
        let part = Some("the account's limit of concurrency".to_owned());
        assert_eq!(seen.unseen(), [("lambda:GetAccountSettings", kind, part)]);
        assert_eq!(seen.verdicts(), [Verdict::Ok, Verdict::Unknown]);
    }
}
