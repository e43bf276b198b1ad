//! `slmon alert`: sweep, judge, report, and the exit code.

use super::{
    Refusal,
    args::{Alert, ExitStyle, Scope},
    output,
    sweep::{self, Start, telling},
};
use crate::{
    checks,
    config::Flags,
    domain::{
        rules::instant,
        window::{Horizon, Minute},
    },
    engine::{
        End,
        plan::{Depth, Settings},
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
        settle: args.settle.clone(),
        fail_on: args.fail_on.clone(),
        no_hidden: args.no_hidden,
        allow_empty: args.allow_empty,
        blind_spots: args.blind_spots,
        ..Flags::default()
    };
    let start = sweep::start(scope, flags)?;
    output::add_to(&mut outputs, start.variables.get(GITHUB_SUMMARY));
    let horizon = horizon(&start, args.at.as_deref())?;
    let alert = &start.config().alert;
    let settings = Settings { horizon, depth: Depth::Judge { hidden: alert.hidden, spots: alert.blind_spots } };
    let swept = sweep::sweep(&start, scope, settings, "alert").await;
    let judgement = checks::judge_fleet(&swept.fleet, &horizon);
    let mut report = build(&Sweep {
        fleet: &swept.fleet,
        judgement: &judgement,
        horizon,
        usage: swept.usage,
        fail_on: alert.fail_on,
        allow_empty: alert.allow_empty,
        hidden: alert.hidden,
        settle: alert.settle,
        interrupted: swept.end == End::Interrupted,
        accepts: &|account, regions| start.accepts(account, regions),
    });
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

/// The window, as far as CloudWatch has anything of it.
fn horizon(start: &Start, at: Option<&str>) -> Result<Horizon, Refusal> {
    let alert = &start.config().alert;
    let now = start.minute();
    let at = match at {
        None => now.plus(-alert.settle),
        Some(text) => floor(instant(text).map_err(|why| Refusal::usage(format!("--at {text}: {why}")))?, text),
    };
    // The minute that runs now may be judged: its end lies ahead.
    if at > now.plus(1) {
        return Err(Refusal::usage(format!("--at {at} is in the future: it is {now} now")));
    }
    let horizon = Horizon { at, minutes: alert.window, now };
    match horizon.frame(None) {
        Some(_) => Ok(horizon),
        None => Err(Refusal::usage(format!(
            "the window from {} on is too long ago: CloudWatch keeps metrics for 455 days",
            at.plus(-alert.window)
        ))),
    }
}

/// `instant` rounds up to a whole minute, which suits an end; the end of a window is rounded down.
fn floor(at: Minute, text: &str) -> Minute {
    text.parse::<jiff::Timestamp>().map_or(at, Minute::floor)
}
