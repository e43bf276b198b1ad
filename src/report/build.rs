//! From a fleet and its judgement to a [`Report`], with the status and the exit code that pipelines rely on.

use std::collections::HashMap;

use super::{
    Acceptance, Alert, Api, Basis, Coverage, FunctionCounts, Hidden, JudgedRow, Muted, Report, ReportScope,
    ReportWindow, SCHEMA, SeenRow, Status, Unmatched, Unseen, VerdictCounts, acceptance, reach,
    share::{enough, share},
    spots::{blind_spots, searched},
    unmatched,
};
use crate::domain::{
    accept::{AcceptUnseen, accepts},
    account::{Account, Region, TargetKey},
    changed::changed,
    failure::Failure,
    finding::{FailOn, Finding, JudgedFunction, Judgement, Severity, Verdict},
    fleet::{Fleet, Function, TargetState},
    function::ResourceType,
    roster::Regions,
    rules::StageKind,
    text::{counted, minutes},
    usage::Usage,
    window::{Horizon, Minute, Window},
};

/// What a report is made of.
pub struct Sweep<'a> {
    /// What was observed.
    pub fleet: &'a Fleet,
    /// What the checks make of it.
    pub judgement: &'a Judgement,
    /// The window that was asked for.
    pub horizon: Horizon,
    /// What it cost.
    pub usage: Usage,
    /// From which severity on it fails.
    pub fail_on: FailOn,
    /// Whether no production function at all is fine.
    pub allow_empty: bool,
    /// Whether failures outside of production were read.
    pub hidden: bool,
    /// Minutes by which the window ends before now.
    pub settle: i64,
    /// Whether somebody interrupted the run.
    pub interrupted: bool,
    /// What whoever ran it has to add, in sentences.
    pub remarks: &'a [String],
    /// What unseen things are accepted, and until when.
    pub accepts: &'a [AcceptUnseen],
    /// The share of targets that is enough to have seen.
    pub min_coverage: f64,
}

/// Makes the report.
pub fn build(sweep: &Sweep<'_>) -> Report {
    let frame = sweep.horizon.frame(None);
    let window = frame.map_or(Window::ending(sweep.horizon.at, sweep.horizon.minutes), |frame| frame.window);
    let now = sweep.horizon.now;
    let min_share = Some(sweep.min_coverage);
    let coverage = Coverage { min_share, ..coverage_of(sweep.fleet, sweep.accepts, now) };
    let (ended, unneeded) = acceptance::told(sweep.fleet, &coverage, sweep.accepts, now);
    let unmatched = unmatched(sweep.fleet, false);
    let functions = counts(sweep.fleet);
    let verdicts = verdicts(sweep.judgement);
    let (alerts, muted) = alerts(sweep);
    let (status, exit_code) = verdict(sweep, &coverage, &alerts, &unmatched);
    let told = unmatched.iter().map(|unmatched| unmatched.sentence.clone());
    let told = told.chain(enough(&coverage)).chain(notes(sweep, window, &functions, &unmatched)).chain(unneeded);
    Report {
        schema: SCHEMA,
        status,
        exit_code,
        scope: ReportScope::of(&sweep.fleet.rules().scope),
        window: ReportWindow {
            start: window.start,
            end: window.end,
            minutes: window.minutes(),
            period: frame.map_or(1, |frame| frame.period),
        },
        notes: told.collect(),
        coverage,
        functions,
        verdicts,
        hidden: sweep.hidden.then_some(Hidden {
            functions: sweep.judgement.hidden.0,
            errors: sweep.judgement.hidden.1,
            throttles: None,
        }),
        alerts,
        muted,
        blind_spots: blind_spots(sweep.fleet, sweep.judgement, ended),
        api: Api {
            requests: sweep.usage.total(),
            metrics: sweep.usage.metrics,
            traces: sweep.usage.traces,
            log_bytes: sweep.usage.scanned,
            tail_minutes: sweep.usage.tailed,
            usd: sweep.usage.dollars(),
        },
        basis: basis(sweep, unmatched),
    }
}

/// The rules of the exit code, in their order: interrupted, firing, can't tell, fine.
fn verdict(sweep: &Sweep<'_>, coverage: &Coverage, alerts: &[Alert], unmatched: &[Unmatched]) -> (Status, u8) {
    let least = match sweep.fail_on {
        FailOn::Warning => Severity::Warning,
        FailOn::Critical | FailOn::Never => Severity::Critical,
    };
    let fires = alerts.iter().any(|alert| alert.severity >= least);
    let says = |judged: &&JudgedFunction| match judged.judged.verdict {
        Verdict::Unknown => false,
        // Too early to tell, silence is no verdict.
        Verdict::Idle => !is_premature(&sweep.horizon),
        // Of one that is muted, nobody may know whether it fails.
        Verdict::Muted => judged.judged.doubts.is_empty(),
        _ => true,
    };
    let judged = sweep.judgement.functions.iter().filter(|judged| !is_table(sweep, judged)).filter(says).count();
    let lacking = !coverage.unseen.is_empty() && !coverage.is_enough();
    let nothing = judged == 0 || unmatched.iter().any(|unmatched| unmatched.certain);
    let blind = lacking || unknown(sweep, coverage) > 0 || nothing && !sweep.allow_empty;
    let status = match (fires, blind, alerts.is_empty()) {
        (true, ..) => Status::Firing,
        (false, true, _) => Status::Unknown,
        (false, false, false) => Status::Warning,
        (false, false, true) => Status::Ok,
    };
    let code = match status {
        _ if sweep.interrupted => 130,
        _ if sweep.fail_on == FailOn::Never => 0,
        Status::Firing => 1,
        Status::Unknown => 3,
        Status::Warning | Status::Ok => 0,
    };
    (status, code)
}

/// Whether it is a table that was judged: where no function was, its verdict makes up for none.
fn is_table(sweep: &Sweep<'_>, judged: &JudgedFunction) -> bool {
    let state = sweep.fleet.target(&judged.target);
    let row = state.and_then(|state| state.row(judged.place));
    row.is_some_and(|row| row.found.resource_type() == ResourceType::Table)
}

/// Functions that could not be judged, and neither is that accepted, nor is enough seen without their target.
fn unknown(sweep: &Sweep<'_>, coverage: &Coverage) -> usize {
    let excused = |judged: &&JudgedFunction| {
        let state = sweep.fleet.target(&judged.target);
        state.is_some_and(|state| {
            coverage.is_enough() && !state.is_seen()
                || accepts(sweep.accepts, &state.target.account, &[&state.target.region], sweep.horizon.now).is_some()
        })
    };
    let unknown = sweep.judgement.functions.iter().filter(|judged| judged.judged.verdict == Verdict::Unknown);
    unknown.filter(|judged| !excused(judged)).count()
}

/// What was seen, and a row for each thing that was not.
pub fn coverage_of(fleet: &Fleet, accepted: &[AcceptUnseen], now: Minute) -> Coverage {
    let mut coverage = Coverage {
        // An organization that could not be listed has one target at least.
        targets: fleet.target_count() + fleet.listings().len(),
        ..Coverage::default()
    };
    let mut enter =
        |account: Option<&Account>, region: Option<&Region>, part: Option<&String>, failure: &Failure, client| {
            let entry = account.and_then(|account| fleet.account(&account.id)).map(|state| &state.entry.regions);
            let regions: Vec<&Region> = match (region, entry) {
                (Some(region), _) => vec![region],
                (None, Some(Regions::These(regions))) => regions.iter().collect(),
                (None, _) => Vec::new(),
            };
            let acceptance = account.and_then(|account| accepts(accepted, account, &regions, now));
            let acceptance = acceptance.map(|by| Acceptance { until: by.until, reason: by.reason.clone() });
            let rows = if acceptance.is_some() { &mut coverage.accepted } else { &mut coverage.unseen };
            rows.push(Unseen {
                client,
                account: account.map(|account| account.id.clone()),
                account_name: account.and_then(|account| account.name.clone()),
                region: region.cloned(),
                part: part.cloned(),
                operation: failure.operation,
                kind: failure.kind,
                message: failure.message.clone(),
                hint: failure.hint.clone(),
                acceptance,
            });
        };
    for (client, failure) in fleet.listings() {
        enter(None, None, None, failure, client.clone());
    }
    for state in fleet.accounts() {
        if let Some(failure) = &state.failure {
            let account = &state.entry.account;
            enter(Some(account), None, None, failure, account.client.clone());
        }
    }
    let mut seen = 0;
    for state in fleet.targets() {
        let account = &state.target.account;
        for unread in &state.unread {
            enter(
                Some(account),
                Some(&state.target.region),
                unread.part.as_ref(),
                &unread.failure,
                account.client.clone(),
            );
        }
        seen += usize::from(state.is_seen());
    }
    coverage.seen = seen;
    coverage.share = share(fleet, &coverage);
    coverage
}

/// Watched functions that exist, as far as that is known.
fn watched(fleet: &Fleet) -> impl Iterator<Item = (&TargetState, &Function)> {
    fleet
        .targets()
        .flat_map(|state| state.known().iter().map(move |function| (state, function)))
        .filter(|(_, function)| function.is_watched())
}

fn counts(fleet: &Fleet) -> FunctionCounts {
    watched(fleet).fold(FunctionCounts::default(), |mut counts, (_, function)| {
        counts.watched += 1;
        match function.class.stage.kind {
            StageKind::Production => counts.production += 1,
            StageKind::Other => counts.other += 1,
            StageKind::Unknown => counts.unknown += 1,
        }
        counts
    })
}

fn verdicts(judgement: &Judgement) -> VerdictCounts {
    judgement.functions.iter().fold(VerdictCounts::default(), |mut counts, function| {
        match function.judged.verdict {
            Verdict::Ok => counts.ok += 1,
            Verdict::Idle => counts.idle += 1,
            Verdict::Warning => counts.warning += 1,
            Verdict::Critical => counts.critical += 1,
            Verdict::Unknown => counts.unknown += 1,
            Verdict::Muted => counts.muted += 1,
        }
        counts
    })
}

fn alerts(sweep: &Sweep<'_>) -> (Vec<Alert>, Vec<Muted>) {
    let (mut alerts, mut muted) = (Vec::new(), Vec::new());
    let targets: HashMap<TargetKey, &TargetState> =
        sweep.fleet.targets().map(|state| (state.target.key(), state)).collect();
    for judged in &sweep.judgement.functions {
        let Some(state) = targets.get(&judged.target) else { continue };
        let Some(function) = state.row(judged.place) else { continue };
        let of_checks = judged
            .judged
            .silenced
            .iter()
            .map(|it| (Some(it.finding.check), it.until, it.by.clone(), Some(&it.finding)));
        muted.extend(of_checks.map(|of| mute(state, function, of, &sweep.horizon)));
        if judged.judged.verdict == Verdict::Muted {
            // Where only checks are muted, they were listed one by one.
            if judged.judged.silenced.is_empty() {
                let worst = judged.judged.findings.iter().max_by_key(|finding| finding.severity);
                let (until, by) = function.class.mute.clone().unwrap_or((judged.judged.window.end, String::new()));
                muted.push(mute(state, function, (None, until, by, worst), &sweep.horizon));
            }
        } else {
            alerts.extend(alerts_of(state, function, judged, sweep.horizon));
        }
    }
    let worse = |a: &Alert, b: &Alert| {
        let failures = |alert: &Alert| if alert.check == "throttles" { alert.throttles } else { alert.errors };
        b.severity
            .cmp(&a.severity)
            .then(failures(b).cmp(&failures(a)))
            // What counts in another unit stands after the failures of the same function.
            .then((a.unit != "share").cmp(&(b.unit != "share")))
            .then(b.value.unwrap_or(0.0).total_cmp(&a.value.unwrap_or(0.0)))
    };
    alerts.sort_by(worse);
    muted.sort_by_key(|muted| std::cmp::Reverse(muted.severity));
    (alerts, muted)
}

fn alerts_of<'a>(
    state: &'a TargetState,
    function: &'a Function,
    judged: &'a JudgedFunction,
    horizon: Horizon,
) -> impl Iterator<Item = Alert> + 'a {
    let account = &state.target.account;
    judged.judged.findings.iter().map(move |finding| Alert {
        client: account.client.clone(),
        account: account.id.clone(),
        account_name: account.name.clone(),
        region: state.target.region.clone(),
        function: function.found.name.clone(),
        arn: function.found.arn.clone(),
        stage: function.class.stage.clone(),
        check: finding.check,
        severity: finding.severity,
        errors: judged.judged.errors,
        throttles: judged.judged.throttles,
        invocations: judged.judged.invocations,
        value: finding.value,
        threshold: finding.threshold,
        unit: finding.unit,
        threshold_source: finding.threshold_source.clone(),
        reason: finding.reason.clone(),
        since: finding.since,
        since_open: finding.since_open,
        baseline: finding.baseline,
        last_modified: last_modified(function),
        deployed: deployed(function, finding, &horizon),
        window_minutes: judged.judged.window.minutes(),
        owner: function.class.owner.clone(),
        runbook: function.class.runbook.clone(),
        cause: None,
    })
}

/// When the function last changed, where `ListFunctions` has said so.
fn last_modified(function: &Function) -> Option<Minute> {
    function.configuration.as_ref()?.last_modified.map(Minute::floor)
}

fn deployed(function: &Function, finding: &Finding, horizon: &Horizon) -> Option<String> {
    let period = horizon.frame(function.class.window).map_or(1, |frame| frame.period);
    changed(last_modified(function), finding, period)
}

/// Which check is muted (none: all), until when, who says so, and what would fire.
type MutedBy<'a> = (Option<&'static str>, Minute, String, Option<&'a Finding>);

fn mute(
    state: &TargetState,
    function: &Function,
    (check, until, muted_by, worst): MutedBy<'_>,
    horizon: &Horizon,
) -> Muted {
    let account = &state.target.account;
    Muted {
        client: account.client.clone(),
        account: account.id.clone(),
        account_name: account.name.clone(),
        region: state.target.region.clone(),
        function: function.found.name.clone(),
        check,
        until,
        muted_by,
        severity: worst.map(|finding| finding.severity),
        reason: worst.map(|finding| finding.reason.clone()),
        last_modified: worst.and_then(|_| last_modified(function)),
        deployed: worst.and_then(|finding| deployed(function, finding, horizon)),
        owner: function.class.owner.clone(),
    }
}

/// Every function that was judged and every target. Names are shared, so that this is cheap.
fn basis(sweep: &Sweep<'_>, unmatched: Vec<Unmatched>) -> Basis {
    let judged = sweep.judgement.functions.iter().filter_map(|judged| {
        let state = sweep.fleet.target(&judged.target)?;
        let function = state.row(judged.place)?;
        let account = &state.target.account;
        Some(JudgedRow {
            client: account.client.clone(),
            account: account.id.clone(),
            account_name: account.name.clone(),
            region: state.target.region.clone(),
            function: function.found.name.clone(),
            stage: function.class.stage.kind,
            owner: function.class.owner.clone(),
            runbook: function.class.runbook.clone(),
            mute: function.class.mute.clone(),
            last_modified: last_modified(function),
            deployed: judged
                .judged
                .findings
                .iter()
                .filter_map(|finding| Some((finding.check, deployed(function, finding, &sweep.horizon)?)))
                .collect(),
            judged: judged.judged.clone(),
        })
    });
    let targets = sweep.fleet.targets().map(|state| SeenRow {
        client: state.target.account.client.clone(),
        account: state.target.account.id.clone(),
        region: state.target.region.clone(),
        seen: state.is_seen(),
    });
    Basis {
        fail_on: sweep.fail_on,
        interrupted: sweep.interrupted,
        unmatched: unmatched.into_iter().filter(|unmatched| unmatched.certain).map(|one| one.sentence).collect(),
        checks: sweep.judgement.checks.clone(),
        judged: judged.collect(),
        targets: targets.collect(),
    }
}

fn notes(sweep: &Sweep<'_>, window: Window, functions: &FunctionCounts, unmatched: &[Unmatched]) -> Vec<String> {
    let mut notes = sweep.remarks.to_vec();
    if window.minutes() != sweep.horizon.minutes {
        notes.push(format!(
            "the window was widened from {} to {}: of data this old, CloudWatch keeps only longer periods",
            minutes(sweep.horizon.minutes),
            minutes(window.minutes()),
        ));
    }
    notes.extend(reach::notes(sweep));
    notes.extend(premature(sweep));
    notes.extend(judged_late(sweep));
    notes.extend(ended_mutes(sweep));
    notes.extend(searched(sweep.fleet));
    let detours = sweep.fleet.targets().filter(|state| state.detour.is_some()).count();
    if detours > 0 {
        notes.push(format!(
            "{} had to be read function by function, because tag:GetResources is denied there: allow it, and this run gets faster",
            counted(detours as u64, "target"),
        ));
    }
    if functions.watched == 0 && unmatched.is_empty() && sweep.fleet.targets().any(TargetState::is_seen) {
        let watch = &sweep.fleet.rules().watch;
        notes.push(format!(
            "no function carries the tag {}={}: tag what matters, or watch it by an [[override]]",
            watch.key,
            watch.values.first().map_or("true", String::as_str)
        ));
    } else if functions.production == 0 && functions.watched > 0 {
        notes.push("none of the watched functions is production: see slmon functions for why".to_owned());
    }
    notes
}

/// What the configuration muted until an end that has come alerts again.
fn ended_mutes<'a>(sweep: &'a Sweep<'_>) -> impl Iterator<Item = String> + 'a {
    let ended = sweep.fleet.rules().mutes.iter().filter(|mute| mute.until <= sweep.horizon.at);
    ended.map(|mute| {
        format!("{} ({}) ended on {}: what it muted alerts again; take it out", mute.name, mute.whom(), mute.until)
    })
}

/// A metric bears the minute in which the invocation began, and appears when it ends.
fn judged_late(sweep: &Sweep<'_>) -> Option<String> {
    let waited = (sweep.horizon.now.0 - sweep.horizon.at.0).max(0);
    let longest = |function: &Function| function.configuration.as_ref().and_then(|configuration| configuration.timeout);
    let late = watched(sweep.fleet)
        .filter(|(_, function)| function.class.alerts())
        .filter_map(|(_, function)| longest(function).filter(|timeout| i64::from(*timeout) > waited * 60));
    let (count, longest) = late.fold((0, 0), |(count, longest), timeout| (count + 1, timeout.max(longest)));
    (count > 0).then(|| {
        format!(
            "{} may run for up to {}, and the window ended {} ago: what they began last may be judged late",
            counted(count, "production function"),
            minutes(i64::from(longest.div_ceil(60))),
            minutes(waited),
        )
    })
}

/// Minutes after which CloudWatch usually shows what happened; of younger ones, silence says nothing.
const SHOWN_AFTER: i64 = 2;

/// Whether the window reaches into minutes that CloudWatch does not show yet.
fn is_premature(horizon: &Horizon) -> bool {
    horizon.now.0 - horizon.at.0 < SHOWN_AFTER
}

fn premature(sweep: &Sweep<'_>) -> Option<String> {
    is_premature(&sweep.horizon).then(|| {
        format!(
            "the window ends less than {} ago, and CloudWatch shows its last minutes later: what is silent there may have failed",
            minutes(SHOWN_AFTER)
        )
    })
}
