//! The parts of pages that are made from the code: tables of limits, words, kinds and exit codes, and the policies.

use std::{collections::BTreeMap, sync::Arc};

use clap::CommandFactory;
use serde_json::{Value, json};
use slmon::{
    cli::{args::Cli, checks},
    domain::{
        account::{Account, AccountId},
        failure::{Failure, Kind},
        finding::SpotKind,
        function::{Discovered, Tags},
        roster::{Access, Organization, Roster},
        rules::{
            Glob, Limits, Rules, StageRules, Vocabulary,
            limits::{CheckLimits, Clause, Clauses},
        },
        text::AwsText,
    },
    source::{
        calls::{self, Place},
        policy,
    },
    tui::commands::ALL,
};

/// Every generated part by name.
pub(crate) fn parts() -> BTreeMap<&'static str, String> {
    let mut parts = BTreeMap::from([
        ("blind-spots", blind_spots()),
        ("calls", calls_table()),
        ("exit-codes", exit_codes()),
        ("features", features()),
        ("keys", keys()),
        ("kinds", kinds()),
        ("limits", limits()),
        ("more-checks", more_checks()),
        ("stages", stages()),
        ("words", words()),
    ]);
    let policy = |policy: &Value| format!("```json\n{}\n```", printed(policy, 0));
    parts.extend(policies().iter().map(|(name, value)| (*name, policy(value))));
    parts
}

fn keys() -> String {
    let rows = ALL.iter().map(|entry| {
        let keys = entry.keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" ");
        [format!("`{}`", entry.name), keys, entry.help.to_owned()]
    });
    table(["command", "keys", "what it does"], rows)
}

fn table(head: [&str; 3], rows: impl IntoIterator<Item = [String; 3]>) -> String {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | ").replace('\n', " "));
    let head = row(&head.map(str::to_owned)) + "| --- | --- | --- |\n";
    rows.into_iter().fold(head, |table, cells| table + &row(&cells))
}

/// A policy in the order in which policies are written.
fn printed(value: &Value, depth: usize) -> String {
    const ORDER: &[&str] = &["Version", "Sid", "Effect", "Principal", "Action", "Resource", "Condition", "Statement"];
    let (outer, inner) = ("  ".repeat(depth), "  ".repeat(depth + 1));
    let lines = |open: char, items: Vec<String>, close: char| {
        let items: Vec<String> = items.into_iter().map(|item| format!("{inner}{item}")).collect();
        format!("{open}\n{}\n{outer}{close}", items.join(",\n"))
    };
    match value {
        Value::Object(keys) => {
            let mut keys: Vec<_> = keys.iter().collect();
            keys.sort_by_key(|(key, _)| ORDER.iter().position(|known| known == key));
            let items: Vec<_> =
                keys.iter().map(|(key, value)| format!("\"{key}\": {}", printed(value, depth + 1))).collect();
            let short = items.join(", ");
            if short.len() < 90 && !short.contains('\n') && depth > 1 {
                format!("{{ {short} }}")
            } else {
                lines('{', items, '}')
            }
        }
        Value::Array(items) if items.len() == 1 && !items[0].is_object() => format!("[{}]", items[0]),
        Value::Array(items) => lines('[', items.iter().map(|item| printed(item, depth + 1)).collect(), ']'),
        other => other.to_string(),
    }
}

fn document(statements: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn made(document: &policy::Document) -> Value {
    serde_json::from_str(&document.pretty()).expect("a policy is JSON")
}

/// What is lost without a feature.
fn features() -> String {
    let rows = policy::MEMBER.iter().chain(policy::HUB).map(|feature| {
        let calls: Vec<_> = feature.calls.iter().map(|call| format!("`{call}`")).collect();
        let lost = feature.lost.unwrap_or("nothing can be judged: it can't be left out");
        [format!("`{}`", feature.name), calls.join(", "), lost.to_owned()]
    });
    table(["feature", "calls", "without it"], rows)
}

pub(crate) fn policies() -> BTreeMap<&'static str, Value> {
    let member = made(&policy::member(&[], "aws"));
    let organization = |include_ous: Vec<String>| Organization {
        client: None,
        lister: Access::default(),
        member: Access::default(),
        include_ous,
        exclude: Vec::new(),
        regions: None,
    };
    let organizations = vec![organization(Vec::new()), organization(vec!["ou-ab12-34567890".into()])];
    let hub = made(&policy::hub(&Roster { organizations, ..Roster::default() }, "slmon", &[], "aws"));
    let trust = made(&policy::trust("arn:aws:iam::999900001111:role/slmon-hub", Some("a-random-text-of-your-own")));
    let issuer = "token.actions.githubusercontent.com";
    let oidc = document(&json!([{
        "Effect": "Allow",
        "Principal": { "Federated": format!("arn:aws:iam::999900001111:oidc-provider/{issuer}") },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": {
            format!("{issuer}:aud"): "sts.amazonaws.com",
            format!("{issuer}:sub"): "repo:your-organization/your-repository:ref:refs/heads/main",
        } },
    }]));
    BTreeMap::from([
        ("oidc-trust-policy", oidc),
        ("member-policy", member),
        ("hub-policy", hub),
        ("events-policy", made(&policy::events(vec!["arn:aws:events:eu-west-1:*:event-bus/default".into()]))),
        ("trust-policy", trust),
    ])
}

fn calls_table() -> String {
    let place = |place| match place {
        Place::Hub => "at home",
        Place::Member => "in each account",
        Place::Apart => "at home, if you use it",
    };
    let rows = calls::ALL.iter().map(|call| [format!("`{}`", call.action), place(call.place).into(), call.why.into()]);
    table(["call", "where", "what for"], rows)
}

fn limits() -> String {
    let Limits { errors, throttles, .. } = Limits::default();
    let row = |check: &str, severity: &str, noun: &str, clauses: &Clauses| {
        let clause = |clause: &Clause| {
            let one = noun.trim_end_matches('s');
            let count = if clause.count <= 1.0 { format!("1 {one}") } else { format!("{} {noun}", clause.count) };
            let rate = (clause.rate > 0.0).then(|| format!(" and a share of {} %", clause.rate * 100.0));
            count + &rate.unwrap_or_default()
        };
        let fires = clauses.any.iter().map(clause).collect::<Vec<_>>().join(", **or** ");
        [format!("`{check}`"), severity.to_owned(), fires]
    };
    let rows = |check: &'static str, noun: &'static str, limits: &CheckLimits| {
        [row(check, "critical", noun, &limits.critical), row(check, "warning", noun, &limits.warning)]
    };
    let all = rows("errors", "errors", &errors).into_iter();
    let all = all.chain(rows("throttles", "throttles", &throttles));
    table(["check", "severity", "fires from"], all)
}

/// The checks that are off unless they are named, as `slmon checks` tells of them.
fn more_checks() -> String {
    let list = checks::list(&Rules::default(), false);
    let rows = list.checks.iter().filter(|check| check.switched_by.is_some()).map(|check| {
        let reads =
            check.reads.iter().map(|read| format!("`{}` {}", read.metric, &read.says()[read.metric.len() + 1..]));
        let reads = reads.chain(check.reads_configuration.then(|| "the function's timeout".to_owned()));
        let limits = check.limits.iter().map(|limit| format!("`{}` {}", limit.key, limit.says));
        let of = [limits.collect::<Vec<_>>().join(", "), reads.collect::<Vec<_>>().join("; "), check.costs()];
        [format!("`{}`", check.name), check.about.to_owned(), of.join(". ")]
    });
    table(["check", "fires where", "limits; what it reads; what that costs"], rows)
}

fn kinds() -> String {
    use Kind::{
        Deadline, Denied, Expired, Interrupted, Malformed, Network, Other, RegionDisabled, Scp, Server, Throttled,
        Timeout,
    };
    let all = [
        (Denied, "IAM refused the call, or the trust policy of a role did"),
        (Scp, "a service control policy of the organization refused the call"),
        (RegionDisabled, "the region is not enabled in the account"),
        (Throttled, "AWS refused for rate, and went on refusing over all retries"),
        (Expired, "there are no credentials, or they have expired, or AWS does not know them"),
        (Network, "no connection: name resolution, refused, reset, TLS"),
        (Timeout, "one call took longer than it may"),
        (Deadline, "the deadline of the whole run came first"),
        (Server, "AWS says that the fault is its own"),
        (Malformed, "the answer can't be understood"),
        (Interrupted, "somebody ended the run"),
        (Other, "anything else; the message says it"),
    ];
    let hint = |kind| Failure::new("CALL", kind, "").hint.replace("CALL", "*the call*");
    table(
        ["kind", "what happened", "the hint, where nothing better is known"],
        all.map(|(kind, what)| [format!("`{}`", kind.as_str()), what.to_owned(), hint(kind)]),
    )
}

fn blind_spots() -> String {
    let meaning = |kind: &SpotKind| kind.meaning(1).replace("1 function", "a function").replace("1 target", "a target");
    let rows =
        SpotKind::ALL.iter().map(|kind| [format!("`{}`", kind.as_str()), meaning(kind), kind.advice().to_owned()]);
    table(["kind", "what it says", "what to do"], rows)
}

/// The table in the help of `slmon alert`.
fn exit_codes() -> String {
    let command = Cli::command();
    let alert = command.find_subcommand("alert").expect("slmon alert");
    let help = alert.get_after_help().expect("its help ends with exit codes").to_string();
    let lines = help.lines().skip_while(|line| !line.starts_with("Exit codes:")).skip(1);
    let codes =
        lines.take_while(|line| !line.trim().is_empty()).map(|line| line.trim().split_once(' ').expect("a code"));
    let rows = codes.map(|(code, meaning)| format!("| {code} | {} |\n", meaning.trim()));
    format!("| code | meaning |\n| --- | --- |\n{}", rows.collect::<String>())
}

fn words() -> String {
    let Vocabulary { production, other, last_only, negations } = Vocabulary::default();
    let rows = [
        ("`production`", production, "production, as a tag's value and as a word"),
        ("`other`", other, "any other stage"),
        ("`last_only`", last_only, "count only as the last word of a text"),
        ("`negations`", negations, "right before a production word, they turn it around"),
    ];
    table(
        ["list", "words", "meaning"],
        rows.map(|(name, words, meaning)| {
            [
                name.to_owned(),
                words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" "),
                meaning.to_owned(),
            ]
        }),
    )
}

type Example = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// Account name, tags, function name.
const EXAMPLES: &[Example] = &[
    ("acme", &[("stage", "prod")], "checkout-api"),
    ("acme", &[("Environment", " PROD ")], "checkout-api"),
    ("acme", &[("env", "prod-eu")], "checkout-api"),
    ("acme", &[("env", "production-eu-west-1")], "checkout-api"),
    ("acme", &[("stage", "non-prod")], "checkout-api"),
    ("acme", &[("stage", "prod-like")], "checkout-api"),
    ("acme", &[("stage", "pink")], "checkout-prod"),
    ("acme", &[("stage", ""), ("env", "prod")], "checkout-api"),
    ("acme", &[("stage", "prod"), ("env", "dev")], "checkout-api"),
    ("acme-sandbox", &[], "checkout-prod"),
    ("acme", &[("aws:cloudformation:stack-name", "shop-prod")], "checkout-api"),
    ("acme", &[], "paymentsProd2"),
    ("acme", &[], "payments-david-dev"),
    ("acme", &[], "prod-cleanup-dev"),
    ("acme", &[], "chat-live"),
    ("acme", &[], "live-chat"),
    ("acme", &[], "product-api"),
];

fn stages() -> String {
    let accounts = vec![(Glob::new("*-sandbox").expect("a glob"), "other".to_owned())];
    let rules = StageRules { accounts, ..StageRules::default() };
    let rows = EXAMPLES.iter().map(|(account, tags, name)| {
        let id = AccountId::parse("111122223333").expect("an id");
        let account = Account { id, name: Some((*account).into()), client: None };
        let pairs = tags.iter().map(|(key, value)| ((*key).into(), (*value).into()));
        let found = Discovered { arn: (*name).into(), name: (*name).into(), tags: Tags::new(pairs) };
        let (stage, spots) = rules.stage_of(&account, &found);
        let tags = tags.iter().map(|(key, value)| format!("`{key}={value}`")).collect::<Vec<_>>().join(" ");
        let tags = if tags.is_empty() { "–".into() } else { tags };
        let name = match account.name.as_ref().map(AwsText::raw) {
            Some("acme") | None => format!("`{name}`"),
            Some(account) => format!("`{name}` in account `{account}`"),
        };
        let spot = spots.first().map(|spot| format!(" · blind spot `{}`", spot.kind.as_str())).unwrap_or_default();
        [tags, name, format!("**{}** · {}{spot}", stage.kind.as_str(), stage.evidence.trim())]
    });
    table(["tags", "function", "stage and evidence"], rows)
}

/// Tags of the function itself that the pages show are understood.
#[test]
fn own_tags_that_are_shown_can_be_read() {
    let mut shown = 0;
    for page in super::pages() {
        for span in page.spans() {
            let Some((key, value)) = span.split_once('=').filter(|(key, _)| key.starts_with("monitor:")) else {
                continue;
            };
            let tags = Tags::new([
                ("monitor".into(), "true".into()),
                ("stage".into(), "prod".into()),
                (key.into(), value.into()),
            ]);
            let id = AccountId::parse("111122223333").expect("an id");
            let account = Arc::new(Account { id, name: None, client: None });
            let class = Rules::default().classify(
                &account,
                "eu-west-1",
                &Discovered { arn: "api".into(), name: "api".into(), tags },
            );
            assert_eq!(class.spots, [], "{page}: `{span}`");
            shown += 1;
        }
    }
    assert!(shown >= 9, "{shown}");
}
