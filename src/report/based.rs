//! The samples with what they rest on: functions and targets that fit what each of them reports.

use super::{Basis, JudgedRow, Report, SeenRow, samples};
use crate::domain::{
    finding::{Doubt, Finding, Judged, Severity, Verdict},
    rules::StageKind,
    window::Window,
};

/// Every sample there is, by name.
pub(crate) fn all() -> Vec<(&'static str, Report)> {
    samples::all().into_iter().map(|(name, report)| (name, based(report))).collect()
}

/// The report with a basis that fits: a function for each alert and each mute, and some that are fine, idle, unknown.
pub(crate) fn based(report: Report) -> Report {
    let window = Window { start: report.window.start, end: report.window.end };
    let judged = |verdict, findings, doubts| Judged {
        verdict,
        findings,
        silenced: vec![],
        doubts,
        off: Vec::new(),
        window,
        errors: Some(0),
        throttles: Some(0),
        invocations: None,
    };
    let mut rows: Vec<JudgedRow> = Vec::new();
    for alert in &report.alerts {
        let finding = Finding {
            check: alert.check,
            severity: alert.severity,
            value: alert.value,
            threshold: alert.threshold,
            unit: alert.unit,
            threshold_source: alert.threshold_source.clone(),
            reason: alert.reason.clone(),
            since: alert.since,
            since_open: alert.since_open,
            baseline: alert.baseline,
        };
        let verdict = match alert.severity {
            Severity::Critical => Verdict::Critical,
            Severity::Warning => Verdict::Warning,
        };
        rows.push(JudgedRow {
            client: alert.client.clone(),
            account: alert.account.clone(),
            account_name: alert.account_name.clone(),
            region: alert.region.clone(),
            function: alert.function.clone(),
            stage: StageKind::Production,
            owner: alert.owner.clone(),
            runbook: alert.runbook.clone(),
            mute: None,
            last_modified: alert.last_modified,
            deployed: alert.deployed.iter().map(|words| (alert.check, words.clone())).collect(),
            judged: Judged {
                errors: alert.errors,
                throttles: alert.throttles,
                invocations: alert.invocations,
                ..judged(verdict, vec![finding], vec![])
            },
        });
    }
    for muted in &report.muted {
        let finding = muted.severity.map(|severity| Finding {
            check: "errors",
            severity,
            value: Some(0.236),
            threshold: 0.05,
            unit: "share",
            threshold_source: "default".into(),
            reason: muted.reason.clone().unwrap_or_default(),
            since: None,
            since_open: false,
            baseline: None,
        });
        rows.push(JudgedRow {
            client: muted.client.clone(),
            account: muted.account.clone(),
            account_name: muted.account_name.clone(),
            region: muted.region.clone(),
            function: muted.function.clone(),
            stage: StageKind::Production,
            owner: muted.owner.clone(),
            runbook: None,
            mute: Some((muted.until, muted.muted_by.clone())),
            last_modified: muted.last_modified,
            deployed: muted.deployed.iter().map(|words| ("errors", words.clone())).collect(),
            judged: judged(Verdict::Muted, finding.into_iter().collect(), vec![]),
        });
    }
    let plain = |name: &str, judged| JudgedRow {
        client: Some("Acme".into()),
        account: samples::account("111122223333"),
        account_name: Some("acme-shop".into()),
        region: samples::region("eu-west-1"),
        function: name.into(),
        stage: StageKind::Production,
        owner: None,
        runbook: None,
        mute: None,
        last_modified: None,
        deployed: Vec::new(),
        judged,
    };
    let doubt = Doubt { check: "errors", why: "Errors could not be read: <InternalError>".into() };
    let verdicts = &report.verdicts;
    if verdicts.ok > 0 {
        rows.push(plain("basket", judged(Verdict::Ok, vec![], vec![])));
    }
    if verdicts.idle > 0 {
        rows.push(plain("christmas-lottery", judged(Verdict::Idle, vec![], vec![])));
    }
    if verdicts.unknown > 0 {
        let judged = Judged { errors: None, ..judged(Verdict::Unknown, vec![], vec![doubt]) };
        rows.push(plain("gift-cards", judged));
    }
    rows.sort_by(|a, b| (&a.account, &a.region, &a.function).cmp(&(&b.account, &b.region, &b.function)));
    // As in AWS: of one name there is one in a place. Of several the alert stays, which came first.
    rows.dedup_by(|a, b| {
        (&a.account, &a.region) == (&b.account, &b.region) && a.function.shown() == b.function.shown()
    });
    let mut targets: Vec<SeenRow> = rows
        .iter()
        .map(|row| SeenRow {
            client: row.client.clone(),
            account: row.account.clone(),
            region: row.region.clone(),
            seen: true,
        })
        .collect();
    let out = |row: &super::Unseen| {
        let (account, region) = (row.account.clone()?, row.region.clone()?);
        Some(SeenRow { client: row.client.clone(), account, region, seen: false })
    };
    targets.extend(report.coverage.unseen.iter().chain(&report.coverage.accepted).filter_map(out));
    targets.dedup_by(|a, b| (&a.account, &a.region) == (&b.account, &b.region));
    let basis = Basis { checks: vec!["errors", "throttles"], judged: rows, targets, ..report.basis };
    Report { basis, ..report }
}
