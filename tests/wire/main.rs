//! The wire, as no emulator does it: page tokens of metrics, partial and forbidden ones, sessions that end early,
//! answers that are cut, refused, or never come. Everything goes through the SDK's real clients and the engine.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "in a test, that is how one fails")]

mod fake;
mod graph;
mod logs;
mod more;
#[cfg(feature = "s3")]
mod objects;
mod queries;
mod summaries;
mod trace;
mod xray;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ciborium::Value;
use fake::{Asked, Fake, Reply, epoch, field, map};
use slmon::{
    checks,
    domain::{
        account::AccountId,
        failure::Kind,
        finding::{Judgement, Verdict},
        fleet::Fleet,
        roster::{Access, Base, ByHand, Organization, Regions, Role, Roster, Secret},
        rules::Rules,
        usage::Usage,
        window::{Horizon, Minute},
    },
    engine::{
        self, End,
        plan::{Depth, Settings},
    },
    source::{Source, aws::Aws, limit::Limited},
};
use tokio_util::sync::CancellationToken;

const AT: Minute = Minute(29_700_000);
const HORIZON: Horizon = Horizon::new(AT, 15, Minute(29_700_003));

fn region(name: &str) -> slmon::domain::account::Region {
    slmon::domain::account::Region::parse(name).unwrap()
}

fn id(text: &str) -> AccountId {
    AccountId::parse(text).unwrap()
}

/// One account by a role, in one region.
fn roster() -> Roster {
    let role = Role { name: "slmon".into(), external_id: Some(Secret::new("s3cret")) };
    let account = ByHand {
        id: Some(id("111122223333")),
        name: Some("shop".into()),
        client: Some("Acme".into()),
        access: Access { base: Base::Default, role: Some(role) },
        regions: None,
    };
    Roster { accounts: vec![account], regions: Some(Regions::These(vec![region("eu-west-1")])), ..Roster::default() }
}

/// How a sweep came out.
struct Seen {
    fleet: Fleet,
    judgement: Judgement,
    end: End,
    usage: Usage,
}

impl Seen {
    fn unseen(&self) -> Vec<(&'static str, Kind, Option<String>)> {
        let listings = self.fleet.listings().iter().map(|(_, failure)| (failure.operation, failure.kind, None));
        let accounts = self.fleet.accounts().filter_map(|state| state.failure.as_ref());
        let accounts = accounts.map(|failure| (failure.operation, failure.kind, None));
        let targets = self.fleet.targets().flat_map(|state| &state.unread);
        let targets = targets.map(|unread| (unread.failure.operation, unread.failure.kind, unread.part.clone()));
        listings.chain(accounts).chain(targets).collect()
    }

    fn verdicts(&self) -> Vec<Verdict> {
        self.judgement.functions.iter().map(|function| function.judged.verdict).collect()
    }
}

async fn sweep_all(fake: &Fake, roster: Roster, limit: Duration) -> Seen {
    sweep_by(fake, roster, limit, Rules::default()).await
}

async fn sweep_by(fake: &Fake, roster: Roster, limit: Duration, rules: Rules) -> Seen {
    let source: Arc<dyn Source> = Arc::new(Limited::new(Aws::preset(Base::Default, &fake.sdk())));
    let settings = Settings { horizon: HORIZON, depth: Depth::Judge { hidden: true, spots: false } };
    let cancel = CancellationToken::new();
    let rules = Arc::new(rules);
    let (fleet, end) = engine::once(source.clone(), Arc::new(roster), rules, settings, limit, &cancel, |_| {}).await;
    let judgement = checks::judge_fleet(&fleet, &HORIZON);
    Seen { fleet, judgement, end, usage: source.usage() }
}

async fn sweep(fake: &Fake) -> Seen {
    sweep_all(fake, roster(), Duration::from_secs(30)).await
}

/// A session that lasts an hour, under the given key.
fn session(key: &str) -> Reply {
    Reply::Xml(
        200,
        format!(
            r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
        <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
        <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"#
        ),
    )
}

/// `GetResources` with the given functions, all of them watched production.
fn resources(names: &[&str], token: &str) -> Reply {
    let tagged: Vec<_> = names
        .iter()
        .map(|name| {
            serde_json::json!({"ResourceARN": format!("arn:aws:lambda:eu-west-1:111122223333:function:{name}"),
                "Tags": [{"Key": "monitor", "Value": "true"}, {"Key": "stage", "Value": "prod"}]})
        })
        .collect();
    Reply::Json(200, serde_json::json!({"ResourceTagMappingList": tagged, "PaginationToken": token}).to_string())
}

fn listed(names: &[&str]) -> Reply {
    let functions: Vec<_> = names
        .iter()
        .map(|name| {
            serde_json::json!({"FunctionName": name, "FunctionArn": format!("arn:aws:lambda:eu-west-1:111122223333:function:{name}"),
                "Runtime": "python3.13", "Timeout": 900, "LastModified": "2026-06-01T09:00:00.000+0000"})
        })
        .collect();
    Reply::Json(200, serde_json::json!({"Functions": functions}).to_string())
}

/// The queries of a `GetMetricData`: id, metric, function.
fn queries(asked: &Asked) -> Vec<(String, String, String)> {
    let text = |value: Option<&Value>| value.and_then(Value::as_text).unwrap_or_default().to_owned();
    let queries = asked.cbor.as_ref().and_then(|body| field(body, "MetricDataQueries")).and_then(Value::as_array);
    queries
        .into_iter()
        .flatten()
        .map(|query| {
            let metric = field(query, "MetricStat").and_then(|stat| field(stat, "Metric")).unwrap();
            let dimension = &field(metric, "Dimensions").and_then(Value::as_array).unwrap()[0];
            (text(field(query, "Id")), text(field(metric, "MetricName")), text(field(dimension, "Value")))
        })
        .collect()
}

fn result(query: &str, points: &[(i64, f64)], status: &str) -> Value {
    map(vec![
        ("Id", Value::Text(query.into())),
        ("Label", Value::Text("x".into())),
        ("Timestamps", Value::Array(points.iter().map(|(back, _)| epoch(AT.plus(-back).epoch_seconds())).collect())),
        ("Values", Value::Array(points.iter().map(|(_, value)| Value::Float(*value)).collect())),
        ("StatusCode", Value::Text(status.into())),
    ])
}

fn page(results: Vec<Value>, token: Option<&str>) -> Reply {
    let mut fields = vec![("MetricDataResults", Value::Array(results))];
    if let Some(token) = token {
        fields.push(("NextToken", Value::Text(token.into())));
    }
    Reply::Cbor(200, map(fields))
}

/// Every metric of every function with the same points, whole.
fn same(asked: &Asked, points: &[(i64, f64)]) -> Reply {
    page(queries(asked).iter().map(|(query, ..)| result(query, points, "Complete")).collect(), None)
}

fn error(code: &str) -> Reply {
    Reply::Json(400, serde_json::json!({"__type": code, "message": format!("{code} it is")}).to_string())
}

/// AWS with functions `pay` and `mail`, and metrics from a closure.
fn with_metrics(metrics: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Fake {
    Fake::new(move |asked| match asked.operation.as_str() {
        "AssumeRole" => session("ASIASESSION"),
        "GetResources" => resources(&["pay", "mail"], ""),
        "ListFunctions" => listed(&["pay", "mail"]),
        "GetMetricData" => metrics(asked),
        other => panic!("nobody should ask {other}"),
    })
}

#[tokio::test]
async fn points_of_one_metric_come_over_several_pages_and_are_one_series() {
    let fake = with_metrics(|asked| {
        let second = asked.body.contains("page-2");
        let points: &[(i64, f64)] = if second { &[(3, 5.0), (2, 5.0)] } else { &[(12, 1.0), (11, 1.0)] };
        let all = queries(asked);
        let results = all.iter().map(|(query, metric, _)| match metric.as_str() {
            "Throttles" => result(query, &[], "Complete"),
            _ => result(query, points, if second { "Complete" } else { "PartialData" }),
        });
        page(results.collect(), (!second).then_some("page-2"))
    });
    let seen = sweep(&fake).await;
    assert_eq!(seen.unseen(), []);
    assert_eq!(seen.judgement.functions.iter().map(|f| f.judged.errors).collect::<Vec<_>>(), [Some(12), Some(12)]);
    assert_eq!(seen.verdicts(), [Verdict::Critical, Verdict::Critical]);
    // Errors and throttles of two functions on two pages, then invocations of both on two.
    assert_eq!(seen.usage.metrics, 2 * 4 + 2 * 2);
    assert_eq!(seen.usage.requests["cloudwatch:GetMetricData"], 4);
}

#[tokio::test]
async fn what_is_partial_or_failed_is_asked_again_by_itself_and_the_rest_stands() {
    let asked_again = Arc::new(AtomicUsize::new(0));
    let counter = asked_again.clone();
    let fake = with_metrics(move |asked| {
        let all = queries(asked);
        if all.len() < 4 && all.iter().any(|(_, metric, _)| metric == "Errors") {
            counter.fetch_add(all.len(), Ordering::Relaxed);
            return same(asked, &[(2, 7.0)]);
        }
        let results = all.iter().map(|(query, metric, function)| match (metric.as_str(), function.as_str()) {
            ("Errors", "pay") => result(query, &[], "InternalError"),
            ("Errors", "mail") => result(query, &[(9, 1.0)], "PartialData"),
            _ => result(query, &[(2, 0.0)], "Complete"),
        });
        page(results.collect(), None)
    });
    let seen = sweep(&fake).await;
    assert_eq!((seen.unseen(), asked_again.load(Ordering::Relaxed)), (vec![], 2));
    assert_eq!(seen.verdicts(), [Verdict::Critical, Verdict::Critical]);
}

#[tokio::test]
async fn a_metric_that_stays_unreadable_makes_its_function_unknown_and_the_target_unseen_in_part() {
    for (status, kind) in
        [("Forbidden", Kind::Denied), ("InternalError", Kind::Server), ("PartialData", Kind::Malformed)]
    {
        let fake = with_metrics(move |asked| {
            let results = queries(asked)
                .iter()
                .map(|(query, metric, function)| {
                    let broken = metric == "Errors" && function == "pay";
                    result(query, &[(2, 0.0)], if broken { status } else { "Complete" })
                })
                .collect();
            page(results, None)
        });
        let seen = sweep(&fake).await;
        assert_eq!(seen.unseen(), [("cloudwatch:GetMetricData", kind, Some("metrics of pay".into()))], "{status}");
        assert_eq!(seen.verdicts(), [Verdict::Ok, Verdict::Unknown], "{status}");
    }
}

#[tokio::test]
async fn a_session_that_ends_early_is_renewed_and_the_call_made_again() {
    let sessions = Arc::new(AtomicUsize::new(0));
    let calls = Arc::new(AtomicUsize::new(0));
    let fake = Fake::new(move |asked| {
        if asked.operation == "AssumeRole" {
            calls.store(0, Ordering::Relaxed);
            return session(&format!("ASIA{}", sessions.fetch_add(1, Ordering::Relaxed)));
        }
        // Each session is good for one call.
        if calls.fetch_add(1, Ordering::Relaxed) >= 1 {
            return match asked.operation.as_str() {
                "GetMetricData" => Reply::Cbor(
                    400,
                    map(vec![
                        ("__type", Value::Text("com.amazon.coral.service#ExpiredTokenException".into())),
                        ("message", Value::Text("The security token included in the request is expired".into())),
                    ]),
                ),
                _ => error("ExpiredTokenException"),
            };
        }
        match asked.operation.as_str() {
            "GetResources" => resources(&["pay"], ""),
            "ListFunctions" => listed(&["pay"]),
            _ => same(asked, &[(2, 9.0)]),
        }
    });
    let seen = sweep(&fake).await;
    assert_eq!(seen.unseen(), []);
    assert_eq!(seen.verdicts(), [Verdict::Critical]);
    assert!(fake.count("AssumeRole") >= 3);
}

#[tokio::test]
async fn a_truncated_a_reset_and_a_garbled_answer_are_named_for_what_they_are() {
    let cut = with_metrics(|asked| {
        Reply::Truncated(map(vec![(
            "MetricDataResults",
            Value::Array(queries(asked).iter().map(|(query, ..)| result(query, &[(2, 0.0)], "Complete")).collect()),
        )]))
    });
    let reset = with_metrics(|_| Reply::Reset);
    for (fake, kind) in [(cut, Kind::Malformed), (reset, Kind::Network)] {
        let seen = sweep(&fake).await;
        assert_eq!(seen.unseen(), [("cloudwatch:GetMetricData", kind, Some("metrics of 2 functions".into()))]);
        assert_eq!(seen.verdicts(), [Verdict::Unknown, Verdict::Unknown]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_answers_ends_by_itself_and_by_the_deadline_and_harms_nobody_else() {
    let two = || {
        let mut roster = roster();
        let mut other = roster.accounts[0].clone();
        other.id = Some(id("444455556666"));
        roster.accounts.push(other);
        roster
    };
    let fake = Fake::new(|asked| match asked.operation.as_str() {
        "AssumeRole" if asked.body.contains("444455556666") => session("ASIAHANGS"),
        "AssumeRole" => session("ASIAWORKS"),
        _ if asked.key == "ASIAHANGS" => Reply::Hang,
        "GetResources" => resources(&["pay"], ""),
        "ListFunctions" => listed(&["pay"]),
        _ => same(asked, &[(2, 0.0)]),
    });
    let patient = sweep_all(&fake, two(), Duration::from_mins(1)).await;
    assert_eq!((patient.end, patient.unseen()), (End::Complete, vec![("tag:GetResources", Kind::Timeout, None)]));
    assert_eq!(patient.verdicts(), [Verdict::Ok]);
    let hasty = sweep_all(&fake, two(), Duration::from_secs(3)).await;
    assert_eq!((hasty.end, hasty.unseen()), (End::Deadline, vec![("tag:GetResources", Kind::Deadline, None)]));
    assert_eq!(hasty.verdicts(), [Verdict::Ok]);
}

#[tokio::test]
async fn empty_pages_are_not_the_end_and_an_endless_answer_is_an_error() {
    let pages = Fake::new(|asked| match asked.operation.as_str() {
        "AssumeRole" => session("ASIA"),
        "GetResources" if asked.body.contains("\"b\"") => resources(&["pay"], ""),
        "GetResources" if asked.body.contains("\"a\"") => resources(&[], "b"),
        "GetResources" => resources(&[], "a"),
        "ListFunctions" => listed(&["pay"]),
        _ => same(asked, &[(2, 0.0)]),
    });
    let seen = sweep(&pages).await;
    assert_eq!((seen.unseen(), seen.verdicts()), (vec![], vec![Verdict::Ok]));

    let endless = Fake::new(|asked| match asked.operation.as_str() {
        "AssumeRole" => session("ASIA"),
        _ => resources(&["pay"], "again"),
    });
    assert_eq!(sweep(&endless).await.unseen(), [("tag:GetResources", Kind::Malformed, None)]);
}

#[tokio::test]
async fn the_role_is_assumed_once_with_its_external_id_and_a_policy_that_only_reads() {
    let fake = with_metrics(|asked| same(asked, &[(2, 0.0)]));
    let seen = sweep(&fake).await;
    assert_eq!(seen.unseen(), []);
    let assumed: Vec<_> = fake.asked().into_iter().filter(|asked| asked.operation == "AssumeRole").collect();
    assert_eq!(assumed.len(), 1);
    for part in [
        "RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fslmon",
        "ExternalId=s3cret",
        "RoleSessionName=slmon",
        "cloudwatch%3AGetMetricData",
    ] {
        assert!(assumed[0].body.contains(part), "{part} in {}", assumed[0].body);
    }
    assert!(!assumed[0].body.contains("DurationSeconds"), "a chained role allows an hour at most");
    assert!(
        fake.asked().iter().filter(|asked| asked.operation != "AssumeRole").all(|asked| asked.key == "ASIASESSION")
    );
}

#[tokio::test]
async fn where_tagging_is_denied_functions_are_read_one_by_one_while_there_is_time() {
    let fake = || {
        Fake::new(|asked| match asked.operation.as_str() {
            "AssumeRole" => session("ASIA"),
            "GetResources" => error("AccessDeniedException"),
            "ListFunctions" => listed(&["pay", "idle", "other"]),
            "ListTags" => Reply::Json(200, r#"{"Tags": {"monitor": "true", "stage": "prod"}}"#.into()),
            _ => same(asked, &[(2, 0.0)]),
        })
    };
    let patient = fake();
    let seen = sweep_all(&patient, roster(), Duration::from_secs(30)).await;
    assert_eq!((seen.unseen(), seen.verdicts().len()), (vec![], 3));
    assert_eq!(patient.count("ListTags"), 3);
    assert!(seen.fleet.targets().all(|state| state.detour.is_some()));

    let hasty = fake();
    let seen = sweep_all(&hasty, roster(), Duration::from_millis(500)).await;
    assert_eq!(seen.unseen(), [("tag:GetResources", Kind::Denied, None)]);
    assert_eq!(hasty.count("ListTags"), 0);
    let hint = &seen.fleet.targets().next().unwrap().unread[0].failure.hint;
    assert!(hint.starts_with("allow tag:GetResources in the policy of arn:aws:iam::111122223333:role/slmon"), "{hint}");
}

#[tokio::test]
async fn each_refusal_gets_its_kind_and_says_what_to_do() {
    for (code, kind, hint) in [
        ("AccessDeniedException", Kind::Denied, "allow cloudwatch:GetMetricData"),
        ("ThrottlingException", Kind::Throttled, "quota"),
        ("UnrecognizedClientException", Kind::RegionDisabled, "enable the region"),
        ("InternalFailure", Kind::Other, "see the message"),
    ] {
        let fake = with_metrics(move |_| {
            Reply::Cbor(
                400,
                map(vec![
                    ("__type", Value::Text(format!("com.amazonaws.cloudwatch#{code}"))),
                    ("message", Value::Text("no".into())),
                ]),
            )
        });
        let seen = sweep(&fake).await;
        assert_eq!(seen.unseen()[0].1, kind, "{code}");
        let unread = &seen.fleet.targets().next().unwrap().unread[0];
        assert!(unread.failure.hint.contains(hint), "{code}: {}", unread.failure.hint);
    }
    let scp = Fake::new(|asked| match asked.operation.as_str() {
        "AssumeRole" => session("ASIA"),
        _ => Reply::Json(
            400,
            r#"{"__type":"AccessDeniedException","message":"with an explicit deny in a service control policy"}"#
                .into(),
        ),
    });
    assert_eq!(sweep(&scp).await.unseen(), [("tag:GetResources", Kind::Scp, None)]);
    let skewed = Fake::new(|_| {
        Reply::Xml(
            403,
            "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired: \
        20261123T090000Z is now earlier than 20261123T094500Z</Message></Error></ErrorResponse>"
                .into(),
        )
    });
    let seen = sweep(&skewed).await;
    assert_eq!(seen.unseen(), [("sts:AssumeRole", Kind::Other, None)]);
    assert!(seen.fleet.accounts().next().unwrap().failure.as_ref().unwrap().hint.contains("clock"));
}

#[tokio::test]
async fn one_throttled_account_leaves_the_retries_of_another_alone() {
    let refused = Arc::new(AtomicUsize::new(0));
    let counter = refused.clone();
    let fake = Fake::new(move |asked| match asked.operation.as_str() {
        "AssumeRole" if asked.body.contains("444455556666") => session("ASIAPATIENT"),
        "AssumeRole" => session("ASIATHROTTLED"),
        "GetResources" if asked.key == "ASIATHROTTLED" => error("ThrottlingException"),
        // Needs its third attempt.
        "GetResources" if counter.fetch_add(1, Ordering::Relaxed) < 2 => error("ThrottlingException"),
        "GetResources" => resources(&["pay"], ""),
        "ListFunctions" => listed(&["pay"]),
        _ => same(asked, &[(2, 0.0)]),
    });
    let mut roster = roster();
    let template = roster.accounts[0].clone();
    roster.accounts =
        (0..60).map(|n| ByHand { id: Some(id(&format!("1111222233{n:02}"))), ..template.clone() }).collect();
    roster.accounts.push(ByHand { id: Some(id("444455556666")), ..template });
    let seen = sweep_all(&fake, roster, Duration::from_secs(30)).await;
    assert_eq!(seen.unseen().len(), 60);
    assert_eq!((seen.verdicts(), refused.load(Ordering::Relaxed)), (vec![Verdict::Ok], 3));
}

#[tokio::test]
async fn an_organization_is_listed_page_by_page_and_what_is_not_active_is_left_out() {
    let fake = Fake::new(|asked| {
        match asked.operation.as_str() {
        "GetCallerIdentity" => Reply::Xml(200, "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>999900001111</Account>\
            <Arn>arn:aws:iam::999900001111:user/ops</Arn><UserId>x</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>".into()),
        "ListAccounts" if asked.body.contains("second") => Reply::Json(200, r#"{"Accounts": [
            {"Id": "222222222222", "Name": "closed", "State": "SUSPENDED", "Status": "ACTIVE"},
            {"Id": "333333333333", "Name": "old", "Status": "ACTIVE"}]}"#.into()),
        "ListAccounts" => Reply::Json(200, r#"{"Accounts": [{"Id": "999900001111", "Name": "management", "State": "ACTIVE"},
            {"Id": "111111111111", "Name": "shop", "State": "ACTIVE", "Status": "SUSPENDED"}], "NextToken": "second"}"#.into()),
        "AssumeRole" => session("ASIA"),
        "GetResources" => resources(&["pay"], ""),
        "ListFunctions" => listed(&["pay"]),
        _ => same(asked, &[(2, 0.0)]),
    }
    });
    let organization = Organization {
        client: Some("Acme".into()),
        lister: Access::default(),
        member: Access { base: Base::Default, role: Some(Role { name: "slmon".into(), external_id: None }) },
        include_ous: vec![],
        exclude: vec![],
        regions: Some(Regions::These(vec![region("eu-west-1"), region("us-east-1")])),
    };
    let seen =
        sweep_all(&fake, Roster { organizations: vec![organization], ..Roster::default() }, Duration::from_secs(30))
            .await;
    assert_eq!(seen.unseen(), []);
    let accounts: Vec<_> = seen.fleet.accounts().map(|state| state.entry.account.id.to_string()).collect();
    assert_eq!(accounts, ["111111111111", "333333333333", "999900001111"]);
    assert_eq!(
        (fake.count("AssumeRole"), seen.fleet.targets().count()),
        (2, 6),
        "the credentials' own account needs no role"
    );
    assert!(
        fake.asked()
            .iter()
            .filter(|asked| asked.operation == "ListAccounts")
            .all(|asked| asked.body.contains("\"MaxResults\":20"))
    );
}

#[tokio::test]
async fn credentials_of_another_account_are_told_apart() {
    let fake = Fake::new(|_| {
        Reply::Xml(
            200,
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>999900001111</Account>\
        <Arn>arn:aws:iam::999900001111:user/ops</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"
                .into(),
        )
    });
    let mut roster = roster();
    roster.accounts[0].access.role = None;
    let seen = sweep_all(&fake, roster, Duration::from_secs(30)).await;
    let failure = seen.fleet.accounts().next().unwrap().failure.clone().unwrap();
    assert_eq!(failure.message.raw(), "the credentials belong to account 999900001111, not to 111122223333");
}

#[tokio::test]
async fn keys_that_stay_expired_are_not_tried_over_and_over() {
    let fake = Fake::new(|asked| match asked.operation.as_str() {
        "GetCallerIdentity" => Reply::Xml(
            200,
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account>\
            <Arn>arn:aws:iam::111122223333:user/ops</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"
                .into(),
        ),
        _ => error("ExpiredTokenException"),
    });
    let mut roster = roster();
    roster.accounts[0].access.role = None;
    let seen = sweep_all(&fake, roster, Duration::from_secs(30)).await;
    assert_eq!(seen.unseen(), [("tag:GetResources", Kind::Expired, None)]);
    assert_eq!(fake.count("GetResources"), 1);
}

#[tokio::test]
async fn a_role_lies_in_the_partition_of_what_is_read() {
    let fake = Fake::new(|_| error("AccessDenied"));
    let mut roster = roster();
    roster.regions = Some(Regions::These(vec![region("cn-north-1")]));
    sweep_all(&fake, roster.clone(), Duration::from_secs(30)).await;
    assert!(
        fake.asked()[0].body.contains("arn%3Aaws%3Aiam"),
        "the credentials are of a region of the standard partition"
    );
    roster.accounts[0].access.role =
        Some(Role { name: "arn:aws-cn:iam::111122223333:role/slmon".into(), external_id: None });
    let fake = Fake::new(|_| error("AccessDenied"));
    sweep_all(&fake, roster, Duration::from_secs(30)).await;
    assert!(fake.asked()[0].body.contains("arn%3Aaws-cn%3Aiam"));
}

#[tokio::test]
async fn a_role_that_lists_accounts_is_narrowed_to_listing_and_the_members_to_reading() {
    let fake = Fake::new(|asked| match asked.operation.as_str() {
        "GetCallerIdentity" => Reply::Xml(
            200,
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>999900001111</Account>\
            <Arn>arn:aws:iam::999900001111:user/ops</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"
                .into(),
        ),
        "AssumeRole" if asked.body.contains("role%2Flister") => session("ASIALISTER"),
        "AssumeRole" => session("ASIAMEMBER"),
        "ListAccounts" => {
            Reply::Json(200, r#"{"Accounts": [{"Id": "111122223333", "Name": "shop", "State": "ACTIVE"}]}"#.into())
        }
        "GetResources" => resources(&["pay"], ""),
        "ListFunctions" => listed(&["pay"]),
        _ => same(asked, &[(2, 0.0)]),
    });
    let role = |name: &str| Some(Role { name: name.into(), external_id: None });
    let organization = Organization {
        client: None,
        lister: Access { base: Base::Default, role: role("arn:aws:iam::999900001111:role/lister") },
        member: Access { base: Base::Default, role: role("slmon") },
        include_ous: vec![],
        exclude: vec![],
        regions: Some(Regions::These(vec![region("eu-west-1")])),
    };
    let seen =
        sweep_all(&fake, Roster { organizations: vec![organization], ..Roster::default() }, Duration::from_secs(30))
            .await;
    assert_eq!((seen.unseen(), seen.verdicts()), (vec![], vec![Verdict::Ok]));
    let policy_of = |role: &str| fake.asked().into_iter().find(|asked| asked.body.contains(role)).unwrap().body;
    assert!(
        policy_of("role%2Flister").contains("organizations%3AListAccounts")
            && !policy_of("role%2Flister").contains("GetMetricData")
    );
    assert!(policy_of("role%2Fslmon").contains("GetMetricData") && !policy_of("role%2Fslmon").contains("ListAccounts"));
    assert!(
        fake.asked().iter().filter(|asked| asked.operation == "ListAccounts").all(|asked| asked.key == "ASIALISTER")
    );
}

#[tokio::test]
async fn a_region_that_is_not_enabled_is_asked_once_and_harms_no_other() {
    let fake = Fake::new(|asked| match asked.operation.as_str() {
        "AssumeRole" => session("ASIA"),
        _ if asked.region == "me-south-1" => error("UnrecognizedClientException"),
        "GetResources" => resources(&["pay"], ""),
        "ListFunctions" => listed(&["pay"]),
        _ => same(asked, &[(2, 0.0)]),
    });
    let mut roster = roster();
    roster.regions = Some(Regions::These(vec![region("eu-west-1"), region("me-south-1")]));
    let seen = sweep_all(&fake, roster, Duration::from_secs(30)).await;
    assert_eq!(seen.unseen(), [("tag:GetResources", Kind::RegionDisabled, None)]);
    assert_eq!((fake.count("AssumeRole"), fake.count("GetResources")), (1, 2));
}

#[tokio::test]
async fn an_account_that_names_no_region_is_not_seen() {
    for (answer, kind) in
        [(r#"{"Regions": []}"#, Kind::Malformed), (r#"{"Regions": [{"RegionName": "Mars"}]}"#, Kind::Malformed)]
    {
        let fake = Fake::new(move |asked| match asked.operation.as_str() {
            "AssumeRole" => session("ASIA"),
            _ => Reply::Json(200, answer.into()),
        });
        let mut roster = roster();
        roster.regions = Some(Regions::All);
        let seen = sweep_all(&fake, roster, Duration::from_secs(30)).await;
        assert_eq!(seen.unseen(), [("account:ListRegions", kind, None)], "{answer}");
    }
}

#[tokio::test]
async fn roles_are_assumed_in_a_region_that_every_account_has() {
    for (at_hand, asked_in) in [("af-south-1", "us-east-1"), ("eu-west-1", "eu-west-1")] {
        let fake = with_metrics(|asked| same(asked, &[(2, 0.0)]));
        let source: Arc<dyn Source> = Arc::new(Limited::new(Aws::preset(Base::Default, &fake.sdk_in(at_hand))));
        let settings = Settings { horizon: HORIZON, depth: Depth::Judge { hidden: true, spots: false } };
        let (roster, rules) = (Arc::new(roster()), Arc::new(Rules::default()));
        let limit = Duration::from_secs(30);
        engine::once(source, roster, rules, settings, limit, &CancellationToken::new(), |_| {}).await;
        assert_eq!(fake.asked()[0].region, asked_in);
    }
}
