//! Reports as they come up in life, for the tests of every format.

mod parts;
mod spots;

use jiff::Timestamp;

pub(crate) use self::parts::{enough, nowhere, scoped};

use super::{
    Acceptance, Alert, Api, Basis, Coverage, FunctionCounts, Hidden, Muted, Report, ReportWindow, SCHEMA, Status,
    Telling, Unseen, VerdictCounts, fix,
};
use crate::domain::{
    account::{AccountId, Region},
    failure::{Failure, Kind},
    finding::Severity,
    rules::{Stage, StageKind},
    window::Minute,
};

/// 15:03:20 UTC, which is when all of these were made.
pub(crate) fn now() -> Timestamp {
    "2026-11-23T15:03:20Z".parse().unwrap()
}

pub(crate) fn telling(width: u16) -> Telling {
    Telling { now: now(), width, demo: false }
}

pub(crate) fn minute(text: &str) -> Minute {
    Minute::floor(text.parse().unwrap())
}

pub(crate) fn account(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

pub(crate) fn region(code: &str) -> Region {
    Region::parse(code).unwrap()
}

/// Every report there is, by name.
pub(crate) fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("quiet", quiet()),
        ("one", one()),
        ("firing", firing()),
        ("warning", warning()),
        ("unseen", unseen()),
        ("expired", expired()),
        ("empty", empty()),
        ("muted", muted()),
        ("hostile", hostile()),
        ("many", many(40)),
        ("scoped", scoped()),
        ("nowhere", nowhere()),
        ("enough", enough()),
    ]
}

/// Nothing fires, all was seen.
pub(crate) fn quiet() -> Report {
    Report {
        schema: SCHEMA,
        status: Status::Ok,
        exit_code: 0,
        scope: None,
        window: ReportWindow {
            start: minute("2026-11-23T14:45:00Z"),
            end: minute("2026-11-23T15:00:00Z"),
            minutes: 15,
            period: 1,
        },
        coverage: covered(120, 120),
        functions: FunctionCounts { watched: 3012, production: 1200, other: 1500, unknown: 312 },
        verdicts: VerdictCounts { ok: 920, warning: 0, critical: 0, idle: 280, unknown: 0, muted: 0 },
        hidden: Some(Hidden { functions: 37, errors: 812, throttles: None }),
        alerts: vec![],
        muted: vec![],
        blind_spots: vec![],
        notes: vec![],
        api: Api { requests: 512, metrics: 6024, traces: 0, log_bytes: 0, tail_minutes: 0, usd: 0.060_24 },
        basis: Basis::default(),
    }
}

fn covered(targets: usize, seen: usize) -> Coverage {
    let share = Some(seen as f64 / targets as f64);
    Coverage { targets, seen, accepted: vec![], unseen: vec![], share, min_share: Some(1.0) }
}

/// An alert on a function of Acme's shop.
pub(crate) fn alert(function: &str, severity: Severity) -> Alert {
    Alert {
        client: Some("Acme".into()),
        account: account("111122223333"),
        account_name: Some("acme-shop".into()),
        region: region("eu-west-1"),
        function: function.into(),
        arn: format!("arn:aws:lambda:eu-west-1:111122223333:function:{function}").into(),
        stage: Stage {
            kind: StageKind::Production,
            label: Some("PROD".into()),
            evidence: "tag Environment=PROD".into(),
        },
        check: "errors",
        severity,
        errors: Some(41),
        throttles: Some(0),
        invocations: Some(812),
        value: Some(0.0505),
        threshold: 0.05,
        unit: "share",
        threshold_source: "default".into(),
        reason: "41 of 812 failed (5.0 %), limit 5 %".into(),
        since: Some(minute("2026-11-23T14:51:00Z")),
        since_open: false,
        baseline: None,
        last_modified: Some(minute("2026-11-23T14:47:00Z")),
        deployed: Some("changed 4 min before the first error".into()),
        window_minutes: 15,
        owner: None,
        runbook: None,
        cause: None,
    }
}

/// One alert and nothing else.
pub(crate) fn one() -> Report {
    Report {
        status: Status::Firing,
        exit_code: 1,
        verdicts: VerdictCounts { ok: 919, critical: 1, idle: 280, ..VerdictCounts::default() },
        alerts: vec![alert("checkout-api", Severity::Critical)],
        ..quiet()
    }
}

fn unseen_row(id: &str, name: &str, at: Option<&str>, failure: Failure) -> Unseen {
    Unseen {
        client: Some(if id.starts_with('1') { "Acme" } else { "Beta Logistics" }.into()),
        account: Some(account(id)),
        account_name: Some(name.into()),
        region: at.map(region),
        part: None,
        operation: failure.operation,
        kind: failure.kind,
        message: failure.message,
        hint: failure.hint,
        acceptance: None,
    }
}

fn denied(id: &str) -> Failure {
    Failure::new(
        "sts:AssumeRole",
        Kind::Denied,
        format!("User: arn:aws:sts::999900001111:assumed-role/ops/david is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::{id}:role/slmon"),
    )
    .with_hint(format!("let the trust policy of arn:aws:iam::{id}:role/slmon name account 999900001111"))
}

/// Five alerts of every kind, two targets unseen, one accepted, some muted, blind spots of each kind, notes.
pub(crate) fn firing() -> Report {
    let throttles = Alert {
        client: Some("Beta Logistics".into()),
        account: account("444455556666"),
        account_name: Some("beta-warehouse-production".into()),
        region: region("eu-central-1"),
        check: "throttles",
        errors: Some(0),
        throttles: Some(118),
        invocations: Some(1930),
        value: Some(0.0576),
        reason: "118 of 2,048 calls throttled (5.8 %), limit 5 %".into(),
        since: Some(minute("2026-11-23T14:32:00Z")),
        since_open: true,
        last_modified: Some(minute("2026-11-11T08:00:00Z")),
        deployed: Some("last changed 12 d before the first throttle that was read".into()),
        owner: Some("warehouse@beta.example".into()),
        runbook: Some("https://wiki.beta.example/runbooks/stock-sync-throttled".into()),
        ..alert("stock-sync-worker", Severity::Critical)
    };
    let tagged = Alert {
        threshold_source: "tag monitor:error-rate".into(),
        threshold: 0.02,
        unit: "share",
        reason: "3 of 96 failed (3.1 %), limit 2 %".into(),
        owner: Some("team-payments".into()),
        ..alert("payments-prod-settlement", Severity::Warning)
    };
    let nightly = Alert {
        account_name: None,
        client: None,
        account: account("777788889999"),
        region: region("us-east-1"),
        reason: "1 of 1 failed (100 %), limit 1 %".into(),
        since: Some(minute("2026-11-22T23:10:00Z")),
        last_modified: None,
        deployed: None,
        window_minutes: 1440,
        threshold_source: "override 2".into(),
        ..alert("nightly-export", Severity::Warning)
    };
    let long = Alert {
        reason: "2 of 40 failed (5.0 %), limit 1 %".into(),
        ..alert("acme-shop-production-order-confirmation-email-dispatcher-handler", Severity::Warning)
    };
    let stopped = Failure::new("cloudwatch:GetMetricData", Kind::Scp, "explicit deny in a service control policy");
    let accepted = Unseen {
        acceptance: Some(Acceptance {
            until: minute("2026-12-01T00:00:00Z"),
            reason: "moves to the new organization, ticket OPS-1187".into(),
        }),
        ..unseen_row("222233334444", "beta-legacy", None, denied("222233334444"))
    };
    Report {
        status: Status::Firing,
        exit_code: 1,
        coverage: Coverage {
            targets: 120,
            seen: 116,
            accepted: vec![accepted],
            unseen: ["ap-south-1", "me-south-1", "sa-east-1"]
                .map(|at| unseen_row("123456789012", "acme-data", Some(at), stopped.clone()))
                .into(),
            share: Some(116.0 / 119.0),
            min_share: Some(1.0),
        },
        verdicts: VerdictCounts { ok: 898, warning: 3, critical: 2, idle: 280, unknown: 15, muted: 2 },
        alerts: vec![alert("checkout-api", Severity::Critical), throttles, tagged, nightly, long],
        muted: mutes(),
        blind_spots: spots::spots(),
        notes: vec![
            "2 functions may run longer than the 3 min that are waited (timeouts of 15 min): their last minutes are judged late".into(),
        ],
        ..quiet()
    }
}

fn mutes() -> Vec<Muted> {
    let mute = |function: &str, until: &str, by: &str, would: Option<(Severity, &str)>| Muted {
        client: Some("Acme".into()),
        account: account("111122223333"),
        account_name: Some("acme-shop".into()),
        region: region("eu-west-1"),
        function: function.into(),
        check: None,
        until: minute(until),
        muted_by: by.into(),
        severity: would.map(|(severity, _)| severity),
        reason: would.map(|(_, reason)| reason.into()),
        last_modified: would.map(|_| minute("2026-11-22T09:00:00Z")),
        deployed: would.map(|_| "last changed 29 h before the first error".into()),
        owner: None,
    };
    vec![
        mute("image-resize", "2026-11-23T18:00:00Z", "override 3", None),
        Muted {
            owner: Some("team-search".into()),
            ..mute(
                "search-indexer",
                "2026-12-01T00:00:00Z",
                "tag monitor:mute-until",
                Some((Severity::Critical, "212 of 900 failed (23.6 %), limit 5 %")),
            )
        },
    ]
}

/// Warnings only.
pub(crate) fn warning() -> Report {
    Report {
        status: Status::Warning,
        verdicts: VerdictCounts { ok: 918, warning: 2, idle: 280, ..VerdictCounts::default() },
        alerts: vec![alert("checkout-api", Severity::Warning), alert("basket", Severity::Warning)],
        hidden: None,
        ..quiet()
    }
}

/// Nothing fires, but accounts, regions, parts and an organization could not be read.
pub(crate) fn unseen() -> Report {
    let part = Unseen {
        part: Some("500 of 812 functions".into()),
        ..unseen_row(
            "123456789012",
            "acme-data",
            Some("eu-west-1"),
            Failure::new("cloudwatch:GetMetricData", Kind::Throttled, "Rate exceeded"),
        )
    };
    let organization = Unseen {
        account: None,
        account_name: None,
        ..unseen_row(
            "444455556666",
            "",
            None,
            Failure::new(
                "organizations:ListAccounts",
                Kind::Denied,
                "You don't have permissions to access this resource.",
            ),
        )
    };
    Report {
        status: Status::Unknown,
        exit_code: 3,
        coverage: Coverage {
            targets: 120,
            seen: 112,
            accepted: vec![],
            unseen: vec![
                unseen_row("444455556666", "beta-warehouse", None, denied("444455556666")),
                unseen_row("555566667777", "beta-web", None, denied("555566667777")),
                part,
                organization,
            ],
            share: None,
            min_share: Some(1.0),
        },
        verdicts: VerdictCounts { ok: 905, idle: 280, unknown: 15, ..VerdictCounts::default() },
        ..quiet()
    }
}

/// The same failure everywhere.
pub(crate) fn expired() -> Report {
    let failure = Failure::new("sts:GetCallerIdentity", Kind::Expired, "The SSO session has expired or is invalid")
        .with_hint("run aws sso login --profile ops, then this again");
    let rows = (0..40).flat_map(|n| {
        let id = format!("1000000000{n:02}");
        let failure = failure.clone();
        ["eu-central-1", "eu-west-1", "us-east-1"]
            .map(move |at| unseen_row(&id, &format!("acme-team-{n}"), Some(at), failure.clone()))
    });
    Report {
        status: Status::Unknown,
        exit_code: 3,
        coverage: Coverage { unseen: rows.collect(), ..covered(120, 0) },
        functions: FunctionCounts::default(),
        verdicts: VerdictCounts::default(),
        hidden: None,
        api: Api { requests: 1, metrics: 0, traces: 0, log_bytes: 0, tail_minutes: 0, usd: 0.0 },
        ..quiet()
    }
}

/// No production function at all.
pub(crate) fn empty() -> Report {
    Report {
        status: Status::Unknown,
        exit_code: 3,
        coverage: covered(1, 1),
        functions: FunctionCounts::default(),
        verdicts: VerdictCounts::default(),
        hidden: Some(Hidden::default()),
        api: Api { requests: 3, metrics: 0, traces: 0, log_bytes: 0, tail_minutes: 0, usd: 0.0 },
        ..quiet()
    }
}

/// Quiet only because somebody muted it.
pub(crate) fn muted() -> Report {
    Report {
        verdicts: VerdictCounts { ok: 918, idle: 280, muted: 2, ..VerdictCounts::default() },
        muted: mutes(),
        ..quiet()
    }
}

/// Names and messages of people who mean harm, or write in other scripts.
pub(crate) fn hostile() -> Report {
    let evil = "pay\u{1b}[31m\u{1b}]52;c;aGk=\u{7}\u{9b}2J\r\n\u{202e}txt.exe\u{200b}\u{feff}";
    let mut report = firing();
    let evil_alert = Alert {
        client: Some(evil.into()),
        account_name: Some(evil.into()),
        reason: evil.into(),
        threshold_source: evil.into(),
        owner: Some(evil.into()),
        runbook: Some(evil.into()),
        ..alert(evil, Severity::Critical)
    };
    report.alerts = vec![
        evil_alert,
        alert("zahlung-überfällig", Severity::Critical),
        Alert {
            account_name: Some("請求書発行システム".into()), ..alert("請求書-発行-🚀-本番", Severity::Warning)
        },
        alert(&"表".repeat(64), Severity::Warning),
        alert(&"x".repeat(64), Severity::Warning),
    ];
    report.notes = vec![evil.into()];
    for row in report.coverage.unseen.iter_mut().chain(&mut report.coverage.accepted) {
        (row.message, row.client, row.account_name) = (evil.into(), Some(evil.into()), Some(evil.into()));
        (row.hint, row.part) = (evil.into(), Some(evil.into()));
    }
    for spot in &mut report.blind_spots {
        (spot.function, spot.detail, spot.client) = (Some(evil.into()), evil.into(), Some(evil.into()));
        spot.command = Some(format!("aws lambda tag-resource --resource {} --tags monitor=true", fix::quoted(evil)));
        spot.fix = fix::sentence(spot.kind, spot.command.as_deref());
    }
    for muted in &mut report.muted {
        (muted.function, muted.muted_by, muted.owner) = (evil.into(), evil.into(), Some(evil.into()));
    }
    report
}

/// `n` alerts from thirty accounts.
pub(crate) fn many(n: usize) -> Report {
    const WHAT: [&str; 12] = [
        "checkout-api",
        "orders-create",
        "orders-stream-consumer",
        "payments-prod-settlement",
        "invoice-mailer",
        "stock-sync-worker",
        "login",
        "thumbnail",
        "customer-notification-dispatcher-eu",
        "search-indexer",
        "webhook-receiver",
        "acme-shop-production-order-confirmation-email-dispatcher-handler",
    ];
    const CLIENTS: [&str; 4] = ["Acme", "Beta Logistics", "Gamma", "Delta Versicherungen"];
    let critical = n / 3;
    let alerts = (0..n).map(|i| {
        let place = (i * 7) % 30;
        let failed = (n - i) * 3 + 1;
        let (all, whole, tenth) =
            (failed * 9 + i, failed * 1000 / (failed * 9 + i) / 10, failed * 1000 / (failed * 9 + i) % 10);
        Alert {
            client: Some(CLIENTS[place % 4].into()),
            account: account(&format!("2000000000{place:02}")),
            account_name: Some(
                format!("{}-{}", ["shop", "data", "web"][place % 3], ["prod", "live", "eu"][place % 3]).into(),
            ),
            region: region(["eu-west-1", "eu-central-1", "us-east-1"][i % 3]),
            reason: format!("{failed} of {all} failed ({whole}.{tenth} %), limit 5 %"),
            since: Some(minute("2026-11-23T14:58:00Z").plus(
                -[0, 5, 10, 15, 20, 25, 4, 9, 14, 19, 24, 3, 8, 13, 18, 23, 2, 7, 12, 17, 22, 1, 6, 11, 16, 21][i % 26],
            )),
            since_open: i % 11 == 3,
            owner: (i % 5 == 0).then(|| "team-core".into()),
            ..alert(WHAT[i % 12], if i < critical { Severity::Critical } else { Severity::Warning })
        }
    });
    Report {
        status: Status::Firing,
        exit_code: 1,
        verdicts: VerdictCounts { ok: 880, warning: n - critical, critical, idle: 280, ..VerdictCounts::default() },
        alerts: alerts.collect(),
        ..quiet()
    }
}

/// A full report whose every free text is one of three strings.
pub(crate) fn written_by(name: &str, message: &str, other: &str) -> Report {
    let mut report = firing();
    for alert in &mut report.alerts {
        (alert.function, alert.client, alert.account_name) = (name.into(), Some(other.into()), Some(message.into()));
        (alert.reason, alert.threshold_source) = (message.into(), other.into());
        (alert.owner, alert.runbook) = (Some(other.into()), Some(message.into()));
    }
    for row in report.coverage.unseen.iter_mut().chain(&mut report.coverage.accepted) {
        (row.message, row.client, row.account_name) = (message.into(), Some(other.into()), Some(name.into()));
        (row.hint, row.part) = (other.into(), Some(message.into()));
    }
    for spot in &mut report.blind_spots {
        (spot.function, spot.detail, spot.client) = (Some(name.into()), message.into(), Some(other.into()));
        (spot.fix, spot.command) = (message.into(), Some(format!("aws lambda {}", fix::quoted(name))));
    }
    for muted in &mut report.muted {
        (muted.function, muted.muted_by, muted.owner) = (name.into(), message.into(), Some(other.into()));
    }
    report.notes = vec![message.into(), other.into()];
    report
}
