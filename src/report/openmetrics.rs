//! The format `openmetrics`: gauges for Prometheus, through the textfile collector of its node exporter, a push gateway
//! or anything else that reads OpenMetrics 1.0. What was not read is absent, never 0.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{Alert, JudgedRow, Report};
use crate::domain::{
    account::{AccountId, Region},
    text::{AwsText, clean},
};

/// The exposition, up to its `# EOF`.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    let judged = &report.basis.judged;
    let of_functions = |value: fn(&JudgedRow) -> Option<u64>| {
        judged.iter().filter_map(move |row| Some((of_function(row), number(value(row)?))))
    };
    let in_window = "of a watched production function in the window";
    family(
        &mut out,
        "slmon_function_errors",
        Gauge("errors"),
        &format!("Errors {in_window}."),
        of_functions(|row| row.judged.errors),
    );
    family(
        &mut out,
        "slmon_function_throttles",
        Gauge("throttles"),
        &format!("Throttled requests {in_window}."),
        of_functions(|row| row.judged.throttles),
    );
    family(
        &mut out,
        "slmon_function_invocations",
        Gauge("invocations"),
        &format!("Invocations {in_window}, where they were asked."),
        of_functions(|row| row.judged.invocations),
    );
    let alerts = report.alerts.iter().map(|alert| (of_alert(alert), "1".to_owned()));
    let changed = judged.iter().filter(|row| !row.judged.findings.is_empty());
    family(
        &mut out,
        "slmon_function_last_modified_timestamp_seconds",
        Gauge("seconds"),
        "When code or configuration of a function that fires, or would if it were not muted, last changed.",
        changed.filter_map(|row| Some((of_function(row), row.last_modified?.epoch_seconds().to_string()))),
    );
    family(&mut out, "slmon_alert", Gauge(""), "A check that fires on a production function.", alerts);
    let causes = report.alerts.iter().filter_map(|alert| {
        let cause = alert.cause.as_ref().filter(|cause| cause.failing.is_some())?;
        let place = place(alert.client.as_ref(), Some(&alert.account), Some(&alert.region));
        let told = |text: Option<&AwsText>| text.map(|text| text.shown().into_owned()).unwrap_or_default();
        let of = [("function", alert.function.shown().into_owned()), ("check", alert.check.to_owned())];
        let service = cause.service.as_ref().map(super::super::domain::trace::ServiceName::shown).unwrap_or_default();
        let what = [("exception", told(cause.exception.as_ref())), ("service", service)];
        Some(([&place[..], &of, &what].concat(), cause.traces.to_string()))
    });
    family(
        &mut out,
        "slmon_alert_cause_traces",
        Gauge(""),
        "Sampled traces of an alert that began with its commonest cause, where --explain asked for it.",
        causes,
    );
    let muted = report.muted.iter().map(|muted| {
        let place = place(muted.client.as_ref(), Some(&muted.account), Some(&muted.region));
        let of = [("function", muted.function.shown().into_owned())];
        ([&place[..], &of].concat(), "1".to_owned())
    });
    family(&mut out, "slmon_muted", Gauge(""), "A production function that is muted.", muted);
    family(&mut out, "slmon_target_seen", Gauge(""), "Whether an account and region were read whole.", targets(report));
    let accepted = report
        .coverage
        .accepted
        .iter()
        .map(|row| (place(row.client.as_ref(), row.account.as_ref(), row.region.as_ref()), "1".to_owned()));
    family(
        &mut out,
        "slmon_target_accepted",
        Gauge(""),
        "An account or region that is unseen, and accepted so.",
        accepted,
    );
    let scope = report.scope.iter().flat_map(|scope| {
        let kinds = [
            ("client", &scope.clients),
            ("account", &scope.accounts),
            ("region", &scope.regions),
            ("function", &scope.functions),
            ("tag", &scope.tags),
        ];
        let one = |kind: &str, value: &String| vec![("flag", kind.to_owned()), ("value", value.clone())];
        kinds.into_iter().flat_map(move |(kind, all)| all.iter().map(move |value| (one(kind, value), "1".to_owned())))
    });
    family(&mut out, "slmon_scope", Gauge(""), "What the run was narrowed to; absent where it was not.", scope);
    let verdicts = &report.verdicts;
    let verdicts = [
        ("critical", verdicts.critical),
        ("idle", verdicts.idle),
        ("muted", verdicts.muted),
        ("ok", verdicts.ok),
        ("unknown", verdicts.unknown),
        ("warning", verdicts.warning),
    ];
    let verdicts = verdicts.map(|(word, n)| (vec![("verdict", word.to_owned())], n.to_string()));
    family(&mut out, "slmon_functions", Gauge(""), "Watched production functions by verdict.", verdicts);
    family(&mut out, "slmon_exit_code", Gauge(""), "The exit code of the run.", one(report.exit_code.to_string()));
    let end = report.window.end.epoch_seconds().to_string();
    family(
        &mut out,
        "slmon_window_end_timestamp_seconds",
        Gauge("seconds"),
        "The end of the window that was judged.",
        one(end),
    );
    family(
        &mut out,
        "slmon_window_resolution_seconds",
        Gauge("seconds"),
        "What a datapoint of the window covers: longer the older the window is.",
        one((report.window.period * 60).to_string()),
    );
    family(
        &mut out,
        "slmon_api_metrics",
        Counter("metrics"),
        "Metrics that AWS bills of this run.",
        one(report.api.metrics.to_string()),
    );
    out.push_str("# EOF\n");
    out
}

/// The family of what fires and is silent by somebody's hand, with the labels of its `slmon_alert` and `how`: for whoever knows
/// of that, which the report does not. Without an end of its own.
pub fn silenced(report: &Report, how: impl Fn(&Alert) -> Option<&'static str>) -> String {
    let mut out = String::new();
    let silent = report.alerts.iter().filter_map(|alert| {
        let mut labels = of_alert(alert);
        labels.push(("how", how(alert)?.to_owned()));
        Some((labels, "1".to_owned()))
    });
    let help = "A check that fires and is acknowledged or muted by hand; its slmon_alert stands beside it.";
    family(&mut out, "slmon_alert_silenced", Gauge(""), help, silent);
    out
}

type Labels = Vec<(&'static str, String)>;

/// The type of a family, with its unit; the empty one is none.
#[derive(Clone, Copy)]
enum Kind {
    Gauge(&'static str),
    Counter(&'static str),
}

use Kind::{Counter, Gauge};

/// One family: what it is, and its samples, sorted and each set of labels once. Without a sample it is left out.
fn family(out: &mut String, name: &str, kind: Kind, help: &str, samples: impl IntoIterator<Item = (Labels, String)>) {
    let samples: BTreeMap<Labels, String> = samples.into_iter().collect();
    if samples.is_empty() {
        return;
    }
    let (word, unit, suffix) = match kind {
        Gauge(unit) => ("gauge", unit, ""),
        Counter(unit) => ("counter", unit, "_total"),
    };
    // A String takes all that is written to it.
    let _ = writeln!(out, "# TYPE {name} {word}");
    if !unit.is_empty() {
        let _ = writeln!(out, "# UNIT {name} {unit}");
    }
    let _ = writeln!(out, "# HELP {name} {help}");
    for (labels, value) in samples {
        let labels: Vec<_> = labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(out, "{name}{suffix}{labels} {value}");
    }
}

fn one(value: String) -> [(Labels, String); 1] {
    [(Vec::new(), value)]
}

fn number(n: u64) -> String {
    n.to_string()
}

/// A label without a value is as good as none: so says the specification.
fn place(client: Option<&AwsText>, account: Option<&AccountId>, region: Option<&Region>) -> Labels {
    vec![
        ("client", client.map(|client| client.shown().into_owned()).unwrap_or_default()),
        ("account", account.map(ToString::to_string).unwrap_or_default()),
        ("region", region.map(ToString::to_string).unwrap_or_default()),
    ]
}

fn of_alert(alert: &Alert) -> Labels {
    let mut labels = place(alert.client.as_ref(), Some(&alert.account), Some(&alert.region));
    labels.push(("function", alert.function.shown().into_owned()));
    labels.push(("stage", alert.stage.kind.as_str().to_owned()));
    labels.push(("check", alert.check.to_owned()));
    labels.push(("severity", alert.severity.as_str().to_owned()));
    labels
}

fn of_function(row: &JudgedRow) -> Labels {
    let mut labels = place(row.client.as_ref(), Some(&row.account), Some(&row.region));
    labels.push(("function", row.function.shown().into_owned()));
    labels.push(("stage", row.stage.as_str().to_owned()));
    labels
}

/// Every target, and what is out of reach as far as it is known: a whole account has no region.
fn targets(report: &Report) -> Vec<(Labels, String)> {
    let coverage = &report.coverage;
    let unseen = coverage.unseen.iter().chain(&coverage.accepted);
    let unseen =
        unseen.map(|row| (place(row.client.as_ref(), row.account.as_ref(), row.region.as_ref()), "0".to_owned()));
    let seen = report.basis.targets.iter().map(|target| {
        let place = place(target.client.as_ref(), Some(&target.account), Some(&target.region));
        (place, u8::from(target.seen).to_string())
    });
    seen.chain(unseen).collect()
}

/// The escapes of a label's value.
fn escaped(text: &str) -> String {
    clean(text).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests;
