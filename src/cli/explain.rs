//! `slmon explain`: why a function fails, on one page; and, for `slmon alert --explain`, what the traces, or else
//! the log, of each alert say.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use futures::{FutureExt, StreamExt, stream};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{
    Refusal,
    args::{Explain, MaxCost, Scope},
    output,
    sweep::{self, Start, Swept, telling},
    traces::api,
};
use crate::{
    checks,
    config::Flags,
    domain::{
        account::{AccountId, Region, Target},
        failure::Failure,
        finding::{JudgedFunction, Judgement, Verdict},
        fleet::{Fleet, Function, TargetState},
        function::{name_of_arn, table_name, table_of_arn},
        logs::{cause::CauseKind, groups::LogCauses},
        moment::moment,
        observation::Reading,
        rules::Glob,
        series::Metric,
        text::{AwsText, clean},
        trace::{
            Destination, Failing,
            causes::{Causes, CostLimit, Cut, ErrorGroup},
            tree::Tree,
            words::over_cost,
        },
        window::{Horizon, Minute, Window},
    },
    engine::{
        self, End,
        explain::{self, Allowance, Ask, BEFORE},
        logs::{self, LogAsk},
        plan::{Depth, Settings},
        watch::Snapshot,
    },
    report::{
        self, Alert, AlertCause, Report,
        build::{Sweep, build},
        explain::{Explanation, Explanations, SCHEMA},
        unmatched,
    },
    source::Source,
};

/// The formats of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Markdown,
    Json,
}

const FORMATS: &[(&str, Format)] = &[("text", Format::Text), ("markdown", Format::Markdown), ("json", Format::Json)];

/// Functions that are explained on one page.
const MOST: usize = 5;
/// Functions whose traces are read at once.
const AT_ONCE: usize = 16;

pub(super) async fn run(scope: &Scope, args: &Explain) -> Result<u8, Refusal> {
    let outputs = output::parse(&args.formats, FORMATS)?;
    let allowance = allowance(&args.cost)?;
    let scope = &about(scope, &args.name)?;
    let start = sweep::start(scope, Flags { window: args.window.clone(), ..Flags::default() })?;
    let until = Instant::now() + start.config().alert.deadline;
    let (alert, now) = (&start.config().alert, start.minute());
    let at = args.at.as_ref().map(|text| {
        moment(text, start.now).map_err(|why| Refusal::usage(format!("--at {text}: {why}"))).and_then(|at| {
            if at > now.plus(1) {
                return Err(Refusal::usage(format!("--at {text} is in the future: it is {now} now")));
            }
            Ok(at)
        })
    });
    let at = at.transpose()?;
    let horizon = Horizon::new(at.unwrap_or(now.plus(-alert.settle)), alert.window, now);
    if horizon.frame(None).is_none() {
        return Err(Refusal::usage("that is too long ago: CloudWatch keeps metrics for 455 days, X-Ray traces for 30"));
    }
    let settings = Settings { horizon, depth: Depth::Judge { hidden: true, spots: false } };
    let mut swept = sweep::sweep(&start, scope, settings, "explain").await;
    if swept.end == End::Interrupted {
        return Ok(130);
    }
    if !has_watched(&swept.fleet) {
        let unwatched = unwatched(&start, &swept, horizon, until).await;
        if unwatched.targets().any(|state| state.known().iter().any(|function| !function.is_gone())) {
            swept.fleet = unwatched;
        } else {
            for unmatched in unmatched(&swept.fleet, false) {
                output::say(&format!("slmon: {}", unmatched.sentence));
            }
        }
    }
    let judgement = checks::judge_fleet(&swept.fleet, &horizon);
    let report = report(&start, &swept, &judgement, horizon);
    let (source, fleet) = (&*swept.source, &swept.fleet);
    let judged = Judged { source, fleet, judgement: &judgement, horizon };
    let (page, code) = explain(&judged, report, at.unwrap_or(now), (&allowance, until)).await;
    let telling = telling(&start, scope);
    output::write_all(&outputs, |format| match format {
        Format::Text => report::explain::text::render(&page, &telling),
        Format::Markdown => report::explain::markdown::render(&page, &telling),
        Format::Json => report::json::pretty(&page),
    })?;
    Ok(code)
}

fn has_watched(fleet: &Fleet) -> bool {
    fleet.targets().any(|state| state.known().iter().any(Function::is_watched))
}

/// What is in scope and not watched: whoever names a function means it, whatever its tags are.
async fn unwatched(start: &Start, swept: &Swept, horizon: Horizon, until: Instant) -> Fleet {
    let config = start.config();
    let (roster, rules) = (Arc::new(config.roster.clone()), Arc::new(config.rules.clone()));
    let settings = Settings { horizon, depth: Depth::Discover { all: true, configurations: true } };
    let limit = until.saturating_duration_since(Instant::now());
    // From here on a signal ends the program.
    let cancel = CancellationToken::new();
    engine::once(Arc::clone(&swept.source), roster, rules, settings, limit, &cancel, |_| {}).await.0
}

/// A fleet that was read and judged, and who can be asked about it.
#[derive(Clone, Copy)]
pub struct Judged<'a> {
    /// Who answers, with the accounts that it has entered.
    pub source: &'a dyn Source,
    /// What was read.
    pub fleet: &'a Fleet,
    /// What the checks make of it.
    pub judgement: &'a Judgement,
    /// The window, and now.
    pub horizon: Horizon,
}

impl<'a> Judged<'a> {
    /// What was seen last by whoever watches.
    pub fn of(source: &'a dyn Source, snapshot: &'a Snapshot) -> Self {
        let Snapshot { fleet, judgement, horizon, .. } = snapshot;
        Self { source, fleet, judgement, horizon: *horizon }
    }
}

/// Why the functions in scope fail, as far as traces up to `to` tell, and the exit code. Of several of one name, those are
/// meant that fire. No more is read than may be spent, and not for longer than until then.
pub async fn explain(
    judged: &Judged<'_>,
    report: Report,
    to: Minute,
    (allowance, until): (&Allowance, Instant),
) -> (Explanations, u8) {
    let Judged { source, fleet, judgement, horizon } = *judged;
    let named = choose(fleet, judgement);
    let fires = |one: &&Chosen<'_>| one.2.is_some_and(|judged| !judged.judged.findings.is_empty());
    let firing = named.iter().filter(fires).count();
    let chosen: Vec<_> = named.iter().take(if firing > 0 { firing.min(MOST) } else { MOST }).collect();
    let read = stream::iter(&chosen).map(|(state, function, judged)| async move {
        let ask = Ask::of(state, function, judged.map(|it| &it.judged), (horizon, to));
        let causes = explain::causes(source, &ask, allowance, until).await;
        let (tree, lost) = example(source, (fleet, state), &causes, (allowance, until)).await;
        let logs = if may_say_why(function, *judged, &causes) {
            let request = tree.as_ref().and_then(|tree| tree.request_of(&function.found.name)).cloned();
            let ask = LogAsk::new(source, &state.target, function, (ask.from, ask.to), ask.since, until).await;
            Some(logs::causes(source, &ask, request.as_ref(), until).await)
                .filter(|logs| !causes.groups.is_empty() || tells(function, *judged, logs))
        } else {
            None
        };
        (*state, *function, *judged, (causes, logs), (tree, lost))
    });
    let read: Vec<_> = read.buffered(AT_ONCE).collect().await;
    let cut = |causes: &Causes| matches!(causes.cut, Some(Cut::Cost { .. } | Cut::Time));
    let unread = read.iter().any(|(.., (causes, logs), _)| {
        let log = logs.as_ref().and_then(|logs| logs.failure.as_ref()).is_some_and(is_unread);
        causes.failure.is_some() || cut(causes) || log
    });
    let functions = read.into_iter().map(|(state, function, judged, (causes, logs), example)| {
        let window = Window { start: report.window.start, end: report.window.end };
        Explanation::new(state, function, judged, &report.alerts, (&causes, logs.as_ref()), example, window)
    });
    let page = Explanations {
        schema: SCHEMA,
        window: report.window.clone(),
        functions: functions.collect(),
        more: named.len() - chosen.len(),
        api: api(&source.usage()),
        coverage: report.coverage,
    };
    let whole = !page.functions.is_empty() && page.coverage.unseen.is_empty() && !unread;
    (page, if whole { 0 } else { 3 })
}

/// Whether there is anything that its log could say: refused requests leave no line.
fn may_say_why(function: &Function, judged: Option<&JudgedFunction>, causes: &Causes) -> bool {
    let failing = |group: &ErrorGroup| group.failing != Failing::Throttle;
    let silent = causes.failure.is_some() || causes.tracing != Some(true);
    !is_quiet(function, judged) || silent || causes.groups.iter().any(failing)
}

/// Whether its metrics say that it did not fail.
fn is_quiet(function: &Function, judged: Option<&JudgedFunction>) -> bool {
    match (judged, function.reading(Metric::Errors)) {
        (Some(judged), _) => judged.judged.errors == Some(0),
        (None, Reading::Known(series)) => series.points().all(|(_, value)| value == 0),
        (None, _) => false,
    }
}

/// What has not failed by its metrics may have failed a minute later; else its log has nothing to explain.
fn tells(function: &Function, judged: Option<&JudgedFunction>, logs: &LogCauses) -> bool {
    !is_quiet(function, judged) || logs.groups.iter().any(|group| group.kind != CauseKind::Logged)
}

/// A log group that there is not is no failure to read: nothing was ever written there.
fn is_unread(failure: &Failure) -> bool {
    !failure.message.raw().starts_with("ResourceNotFoundException")
}

/// What reading traces may cost.
pub(super) fn allowance(cost: &MaxCost) -> Result<Allowance, Refusal> {
    dollars(&cost.max_cost).map(|dollars| Allowance::new(CostLimit::Run(dollars)))
}

/// A sum that `--max-cost` gives.
pub(super) fn dollars(text: &str) -> Result<f64, Refusal> {
    let text = text.trim();
    let dollars =
        text.strip_prefix('$').unwrap_or(text).parse::<f64>().ok().filter(|dollars| (0.0..1e6).contains(dollars));
    dollars.ok_or_else(|| Refusal::usage(format!("--max-cost {text}: an amount in dollars is needed, such as 0.10")))
}

/// The scope of one function: by its name, or by what its ARN says.
pub(super) fn about(scope: &Scope, name: &str) -> Result<Scope, Refusal> {
    if !scope.functions.is_empty() {
        return Err(Refusal::usage("the function's name and --function don't go together: give one of them"));
    }
    no_table(name)?;
    let mut scope = scope.clone();
    if name.starts_with("arn:") {
        let (function, account, region) = of_arn(name)?;
        scope.functions = vec![Glob::escaped(function)];
        scope.regions = vec![region.to_string()];
        if scope.accounts.is_empty() {
            scope.accounts = vec![account.to_string()];
        }
    } else {
        scope.functions = vec![name.to_owned()];
    }
    Ok(scope)
}

/// Refuses a table, which somebody may take for a function.
pub(super) fn no_table(name: &str) -> Result<(), Refusal> {
    match table_of_arn(name).or_else(|| table_name(name)) {
        Some(_) => Err(Refusal::usage(format!(
            "{} is a table: it has neither traces nor a log of its own. `slmon alert --check capacity` says how it fares",
            clean(name)
        ))),
        None => Ok(()),
    }
}

/// The function of an ARN, its account and its region.
pub(super) fn of_arn(arn: &str) -> Result<(&str, AccountId, Region), Refusal> {
    let region = arn.split(':').nth(3).and_then(Region::parse);
    let (Some(function), Some(account), Some(region)) = (name_of_arn(arn), AccountId::of_arn(arn), region) else {
        return Err(Refusal::usage(format!("{} is no ARN of a Lambda function", clean(arn))));
    };
    Ok((function, account, region))
}

fn report(start: &Start, swept: &Swept, judgement: &Judgement, horizon: Horizon) -> Report {
    let alert = &start.config().alert;
    build(&Sweep {
        fleet: &swept.fleet,
        judgement,
        horizon,
        usage: swept.usage.clone(),
        fail_on: alert.fail_on,
        allow_empty: true,
        hidden: true,
        settle: alert.settle,
        interrupted: false,
        remarks: &[],
        accepts: &start.config().accept_unseen,
        min_coverage: alert.min_coverage,
    })
}

type Chosen<'a> = (&'a TargetState, &'a Function, Option<&'a JudgedFunction>);

/// The watched functions in scope, or, where there is none, the others; those that fire first, the worst of them first.
fn choose<'a>(fleet: &'a Fleet, judgement: &'a Judgement) -> Vec<Chosen<'a>> {
    let all = judgement.functions.iter();
    let all: HashMap<_, _> = all.map(|judged| ((&judged.target, judged.place), judged)).collect();
    let watched = has_watched(fleet);
    let mut chosen: Vec<Chosen<'a>> = Vec::new();
    for state in fleet.targets() {
        let key = state.target.key();
        for (place, function) in state.known().iter().enumerate() {
            if function.class.watched == watched && !function.is_gone() {
                chosen.push((state, function, all.get(&(&key, place)).copied()));
            }
        }
    }
    let rank = |chosen: &Chosen<'_>| match chosen.2.map(|judged| judged.judged.verdict) {
        Some(Verdict::Critical) => 0,
        Some(Verdict::Warning) => 1,
        Some(Verdict::Muted) => 2,
        Some(Verdict::Unknown) => 3,
        Some(Verdict::Ok) => 4,
        Some(Verdict::Idle) => 6,
        None => 5,
    };
    let failures = |chosen: &Chosen<'_>| chosen.2.map_or(0, |judged| judged.judged.errors.unwrap_or(0));
    chosen.sort_by_key(|one| (rank(one), std::cmp::Reverse(failures(one))));
    chosen
}

/// The newest trace of the commonest cause, whole, and what of it could not be read, in sentences.
async fn example(
    source: &dyn Source,
    (fleet, state): (&Fleet, &TargetState),
    causes: &Causes,
    (allowance, until): (&Allowance, Instant),
) -> (Option<Tree>, Vec<String>) {
    let Some(group) = causes.groups.first() else { return (None, Vec::new()) };
    let own = &state.target.account.id;
    let mut others: BTreeSet<&AccountId> =
        group.chain.iter().filter_map(|service| service.account.as_ref()).filter(|account| *account != own).collect();
    // Who may know a part of it: the function's own target, and those of other accounts that it went through.
    let mut targets = vec![state.target.clone()];
    let there = fleet.targets().filter(|other| others.contains(&other.target.account.id));
    targets.extend(there.map(|state| state.target.clone()));
    if !allowance.pay(targets.len() as u64) {
        return (None, vec![over_cost(allowance.limit(), None)]);
    }
    let whole = explain::whole(source, &targets, &group.example, until).await;
    let said = |(target, failure): &(Target, Failure)| {
        let (account, region) = (&target.account.id, &target.region);
        format!(
            "what {account} {region} knows of this trace can't be read: {}; {}",
            failure.message.shown(),
            failure.hint
        )
    };
    let mut lost: Vec<String> = whole.failures.iter().map(said).collect();
    others.retain(|account| !targets.iter().any(|target| target.account.id == **account));
    lost.extend(others.iter().map(|account| {
        format!(
            "a part of it ran in {account}, which was not asked: slmon trace {} asks everybody",
            group.example.shown()
        )
    }));
    if whole.tree.is_none() && lost.is_empty() {
        let destination = timeout_at(until, source.destination(&state.target)).await;
        lost.push(match destination {
            Ok(Ok(Destination::CloudWatchLogs)) => TRANSACTION_SEARCH.into(),
            _ => format!("X-Ray does not hand out trace {}: it may be too new", group.example.shown()),
        });
    }
    (whole.tree, lost)
}

/// Why a trace that has a summary can't be read whole.
const TRANSACTION_SEARCH: &str = "no trace can be read whole: this account sends its traces to CloudWatch Logs (Transaction Search); the log group aws/spans has them";

/// Adds to each alert what its traces say, until the deadline. No failure of X-Ray changes a verdict.
pub async fn alerts(judged: &Judged<'_>, alerts: &mut [Alert], (allowance, until): (&Allowance, Instant)) {
    let Judged { source, fleet, judgement, horizon } = *judged;
    for alert in alerts.iter_mut().filter(|alert| !is_failing(alert)) {
        alert.cause = Some(AlertCause::none(NOTHING_FAILED.into()));
    }
    let failing: Vec<Chosen<'_>> = choose(fleet, judgement)
        .into_iter()
        .filter(|(state, function, _)| alerts.iter().any(|alert| is_failing(alert) && is_of(alert, state, function)))
        .collect();
    let to = if horizon.now.0 - horizon.at.0 < BEFORE { horizon.now } else { horizon.at };
    // Boxed one by one, so that whoever waits for them may be moved between threads.
    let read = failing.into_iter().map(|chosen| told(source, chosen, (horizon, to), (allowance, until)).boxed());
    let read: Vec<_> = read.collect();
    for (state, function, causes, logs) in stream::iter(read).buffered(AT_ONCE).collect::<Vec<_>>().await {
        let timeout = function.configuration.as_ref().and_then(|configuration| configuration.timeout);
        for alert in alerts.iter_mut().filter(|alert| is_failing(alert) && is_of(alert, state, function)) {
            let told = logs.as_ref().filter(|_| alert.check != "throttles").and_then(AlertCause::of_log);
            alert.cause = Some(told.unwrap_or_else(|| cause(&causes, alert, &function.found.name, timeout)));
        }
    }
}

/// What traces, or else the log, tell of one that fires.
async fn told<'a>(
    source: &dyn Source,
    (state, function, judged): Chosen<'a>,
    (horizon, to): (Horizon, Minute),
    (allowance, until): (&Allowance, Instant),
) -> (&'a TargetState, &'a Function, Causes, Option<LogCauses>) {
    let ask = Ask::of(state, function, judged.map(|it| &it.judged), (horizon, to));
    let causes = explain::causes(source, &ask, allowance, until).await;
    // The log only where traces tell nothing: it is read in many pages.
    let silent = causes.groups.iter().all(|group| group.exception.is_none());
    let logs = if silent && may_say_why(function, judged, &causes) {
        let ask = LogAsk::new(source, &state.target, function, (ask.from, ask.to), ask.since, until).await;
        Some(logs::causes(source, &ask, None, until).await)
    } else {
        None
    };
    (state, function, causes, logs)
}

/// What is said instead of a cause of what tells of no call that fails.
const NOTHING_FAILED: &str = "this check tells of no call that failed, so neither traces nor logs were asked";

/// Whether a check tells of calls that fail, so that traces and logs of such calls are its cause.
pub(super) fn is_failing(alert: &Alert) -> bool {
    matches!(alert.check, "errors" | "errors-baseline" | "throttles" | "burn")
}

fn is_of(alert: &Alert, state: &TargetState, function: &Function) -> bool {
    let target = &state.target;
    alert.account == target.account.id && alert.region == target.region && alert.function == function.found.name
}

/// The commonest cause of what a check found: of throttles, what was refused, which its metric says by itself.
fn cause(causes: &Causes, alert: &Alert, function: &AwsText, timeout: Option<u32>) -> AlertCause {
    let throttles = alert.check == "throttles";
    let refused = |group: &&ErrorGroup| group.failing == Failing::Throttle;
    match causes.groups.iter().find(|group| refused(group) == throttles) {
        None if throttles => AlertCause::refused(),
        group => AlertCause::new(causes, group, function, timeout),
    }
}
