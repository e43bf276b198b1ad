//! `slmon alert`: sweep once or watch for a while, judge, report, and the exit code.

use tokio::time::Instant;

use super::{
    Refusal,
    args::{Alert, ExitStyle, Scope},
    explain, output,
    sweep::{self, Start, telling},
    traces::api,
    wait,
};
use crate::{
    checks,
    config::Flags,
    domain::{fleet::Fleet, moment::moment, rules::span_minutes, text, usage::Usage, window::Horizon},
    engine::{
        End,
        plan::{Depth, Settings},
        wait::Wait,
    },
    report::{
        self, Report, Telling,
        build::{Sweep, build},
    },
};

/// The formats of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Json,
    Markdown,
    Junit,
    Github,
    Nagios,
    Openmetrics,
}

const FORMATS: &[(&str, Format)] = &[
    ("text", Format::Text),
    ("json", Format::Json),
    ("markdown", Format::Markdown),
    ("junit", Format::Junit),
    ("github", Format::Github),
    ("nagios", Format::Nagios),
    ("openmetrics", Format::Openmetrics),
];

/// The variable that names the file to which each step of a job on GitHub adds its summary.
const GITHUB_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

pub(super) async fn run(scope: &Scope, args: &Alert) -> Result<u8, Refusal> {
    let mut outputs = output::parse(&args.formats, FORMATS)?;
    let flags = Flags {
        window: args.window.clone(),
        baseline: args.baseline.clone(),
        settle: args.settle.clone(),
        fail_on: args.fail_on.clone(),
        no_hidden: args.no_hidden,
        allow_empty: args.allow_empty,
        min_coverage: args.min_coverage.clone(),
        blind_spots: args.blind_spots,
        checks: args.checks.clone(),
        ..Flags::default()
    };
    let start = sweep::start(scope, flags)?;
    output::add_to(&mut outputs, start.variables.get(GITHUB_SUMMARY));
    let asked = asked(&start, args)?;
    let allowance = explain::allowance(&args.cost)?;
    let deadline = start.config().alert.deadline;
    let mut until = Instant::now() + deadline;
    let alert = &start.config().alert;
    let report_of = |fleet: &Fleet, horizon: Horizon, usage: Usage, interrupted: bool, remarks: &[String]| {
        let judgement = checks::judge_fleet(fleet, &horizon);
        build(&Sweep {
            fleet,
            judgement: &judgement,
            horizon,
            usage,
            fail_on: alert.fail_on,
            allow_empty: alert.allow_empty,
            hidden: alert.hidden,
            settle: alert.settle,
            interrupted,
            remarks,
            accepts: &start.config().accept_unseen,
            min_coverage: alert.min_coverage,
        })
    };
    let (swept, horizon, remarks) = match asked {
        Asked::Once(horizon) => {
            let settings = Settings { horizon, depth: Depth::Judge { hidden: alert.hidden, spots: alert.blind_spots } };
            (sweep::sweep(&start, scope, settings, "alert").await, horizon, Vec::new())
        }
        Asked::Wait(what) => {
            let judge = |fleet: &Fleet, horizon, usage| report_of(fleet, horizon, usage, false, &[]);
            let (swept, horizon, remark) = wait::watch(&start, scope, &what, judge).await;
            // Each round had as long, and so has what follows the last.
            until = Instant::now() + deadline;
            (swept, horizon, vec![remark])
        }
    };
    let interrupted = swept.end == End::Interrupted;
    let mut report = report_of(&swept.fleet, horizon, swept.usage.clone(), interrupted, &remarks);
    if args.explain && !interrupted {
        let judgement = checks::judge_fleet(&swept.fleet, &horizon);
        let (source, fleet) = (&*swept.source, &swept.fleet);
        let judged = explain::Judged { source, fleet, judgement: &judgement, horizon };
        let causes = explain::alerts(&judged, &mut report.alerts, (&allowance, until));
        if !swept.ending.unless(causes).await {
            report = report_of(fleet, horizon, swept.usage.clone(), true, &remarks);
        }
        report.api = api(&swept.source.usage());
    }
    if args.exit_style == ExitStyle::Nagios {
        report.exit_code = report::nagios::code(&report);
    }
    let telling = telling(&start, scope);
    output::write_all(&outputs, |format| render(format, &report, &telling))?;
    Ok(report.exit_code)
}

fn render(format: Format, report: &Report, telling: &Telling) -> String {
    match format {
        Format::Text => report::text::render(report, telling),
        Format::Json => report::json::render(report),
        Format::Markdown => report::markdown::render(report, telling),
        Format::Junit => report::junit::render(report),
        Format::Github => report::github::render(report, telling),
        Format::Nagios => report::nagios::render(report, telling),
        Format::Openmetrics => report::openmetrics::render(report),
    }
}

/// One sweep, or the rounds of a wait.
enum Asked {
    Once(Horizon),
    Wait(Wait),
}

/// Minutes after which a wait that is over is a mistake and no late start.
const STALE_WAIT: i64 = 720;

/// The longest wait: sessions and runners don't last much longer.
const LONGEST_WAIT: i64 = 1440;

/// The window, as far as CloudWatch has anything of it.
fn asked(start: &Start, args: &Alert) -> Result<Asked, Refusal> {
    let alert = &start.config().alert;
    let now = start.minute();
    let read = |flag: &str, text: &Option<String>| {
        let read = text.as_ref().map(|text| (text, moment(text, start.now)));
        let read = read.map(|(text, at)| at.map_err(|why| Refusal::usage(format!("{flag} {text}: {why}"))));
        read.transpose()
    };
    let (at, since) = (read("--at", &args.at)?, read("--since", &args.since)?);
    // The minute that runs now may be judged: its end lies ahead.
    for (flag, at, latest) in [("--at", at, now.plus(1)), ("--since", since, now)] {
        if let Some(at) = at.filter(|at| *at > latest) {
            return Err(Refusal::usage(format!("{flag} {at} is in the future: it is {now} now")));
        }
    }
    let (asked, whole) = if let Some(text) = &args.wait {
        let minutes = span_minutes(text).and_then(|minutes| match minutes {
            ..=LONGEST_WAIT => Ok(minutes),
            _ => Err("at most a day; for longer, run slmon alert by a timer".into()),
        });
        let minutes = minutes.map_err(|why| Refusal::usage(format!("--wait {text}: {why}")))?;
        let wait = Wait {
            since: since.unwrap_or(now),
            minutes,
            settle: alert.settle,
            baseline: alert.baseline,
            hidden: alert.hidden,
            spots: alert.blind_spots,
            limit: alert.deadline,
        };
        // A late start judges what it was to watch. Half a day later it is a mistake: a local time that is later than now
        // in UTC is taken for yesterday's.
        if wait.over() < now.plus(-STALE_WAIT) {
            return Err(Refusal::usage(format!(
                "--wait {text} from {} on was over at {}: times are in UTC; to judge what is past, give --since alone",
                wait.since,
                wait.over()
            )));
        }
        (Asked::Wait(wait), wait.horizon(wait.over().max(now)))
    } else {
        let end = at.unwrap_or(now.plus(-alert.settle));
        let horizon = match since {
            None => Horizon::new(end, alert.window, now),
            Some(since) if since < end => Horizon::since(since, end, now),
            Some(since) if at.is_some() => {
                return Err(Refusal::usage(format!("--since {since} is not before --at {end}")));
            }
            Some(since) => {
                return Err(Refusal::usage(format!(
                    "--since {since} leaves nothing to judge yet: the window ends {} ago (--settle), at {end}; to wait for it, add --wait 10m",
                    text::minutes(alert.settle),
                )));
            }
        };
        let horizon = horizon.against(alert.baseline);
        (Asked::Once(horizon), horizon)
    };
    match whole.frame(None) {
        Some(_) => Ok(asked),
        None => Err(Refusal::usage(format!(
            "the window from {} on is too long ago: CloudWatch keeps metrics for 455 days",
            whole.at.plus(-whole.minutes)
        ))),
    }
}
