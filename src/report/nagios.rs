//! The format `nagios`: one status line with performance data, then the details, for Nagios, Icinga and whatever else
//! runs such plugins; and the exit codes that go with it. The rules are the Monitoring Plugins Development Guidelines.

use std::fmt::Write as _;

use super::{Report, Status, Telling, text::told, words};
use crate::domain::{
    finding::{FailOn, Severity},
    text::{clean, count, counted},
};

/// Nagios reads 8 KiB of a plugin's output. In bytes.
const LIMIT: usize = 8_000;
/// Characters of one line.
const LINE: usize = 400;

/// What cannot be told, and a mistake in usage.
pub const UNKNOWN: u8 = 3;

/// The exit code by the rules of plugins: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
pub fn code(report: &Report) -> u8 {
    match report.status {
        _ if report.basis.interrupted => UNKNOWN,
        _ if report.basis.fail_on == FailOn::Never => 0,
        Status::Ok => 0,
        Status::Warning => 1,
        Status::Firing if report.alerts_of(Severity::Critical) == 0 => 1,
        Status::Firing => 2,
        Status::Unknown => UNKNOWN,
    }
}

/// The status line of a run that did not come to a report.
pub fn refused(why: &str) -> String {
    let first = why.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let first = first.strip_prefix("error: ").or_else(|| first.strip_prefix("slmon: ")).unwrap_or(first);
    format!("SLMON UNKNOWN - {}\n", plain(first))
}

/// The status line with performance data, and the details below it.
pub fn render(report: &Report, telling: &Telling) -> String {
    let word = ["OK", "WARNING", "CRITICAL", "UNKNOWN"][usize::from(code(report))];
    let why = match report.basis {
        _ if report.basis.interrupted => " (interrupted)",
        _ if report.basis.fail_on == FailOn::Never => " (--fail-on never)",
        _ if telling.demo => " (demo)",
        _ => "",
    };
    let scope = report.scope_words().map(|scope| plain(&format!("; scope: {scope}"))).unwrap_or_default();
    let mut out = format!(
        "SLMON {word} - {}{why}; {}{scope} | {}\n",
        plain(&report.headline()),
        words::seen(report),
        performance(report).join(" ")
    );
    let lines = details(report);
    for (n, line) in lines.iter().enumerate() {
        let line = plain(line);
        // Room is kept for the line that counts what is left out.
        if out.len() + line.len() + 100 > LIMIT {
            let rest = counted((lines.len() - n) as u64, "more line");
            let _ = writeln!(out, "... and {rest}: slmon alert --format json lists all");
            break;
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// `label=value;warn;crit;min;max`, without a value that is not known. No label needs quotes.
fn performance(report: &Report) -> Vec<String> {
    let gates = report.basis.fail_on != FailOn::Never;
    let (critical, warning) = if gates { (";;0;0", ";0;;0") } else { (";;;0", ";;;0") };
    let (coverage, verdicts) = (&report.coverage, &report.verdicts);
    let mut data = vec![
        format!("critical={}{critical}", report.alerts_of(Severity::Critical)),
        format!("warning={}{warning}", report.alerts_of(Severity::Warning)),
        format!("unseen={};;;0", coverage.unseen.len()),
        format!("targets_seen={};;;0;{}", coverage.seen, coverage.targets),
        format!("production={};;;0", report.functions.production),
        format!("idle={};;;0", verdicts.idle),
        format!("unknown={};;;0", verdicts.unknown),
        format!("muted={};;;0", verdicts.muted),
    ];
    if let Some(hidden) = &report.hidden {
        data.push(format!("hidden_functions={};;;0", hidden.functions));
        data.push(format!("hidden_errors={};;;0", hidden.errors));
    }
    data.push(format!("blind_spots={};;;0", report.blind_spots.len()));
    data.push(format!("api_metrics={};;;0", report.api.metrics));
    data.push(format!("api_usd={:.5};;;0", report.api.usd));
    data
}

fn details(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for alert in &report.alerts {
        let since = words::since(alert.since, alert.since_open, report);
        let mut line = format!(
            "{} {} {}: {} - {}",
            alert.severity.as_str().to_uppercase(),
            alert.function.shown(),
            alert.check,
            alert.reason,
            words::alert_at(alert)
        );
        let owner = alert.owner.as_ref().map(|owner| format!("owner {}", owner.shown()));
        let runbook = alert.runbook.as_ref().map(|runbook| format!("runbook {}", runbook.shown()));
        for more in since
            .into_iter()
            .chain(alert.deployed.clone())
            .chain(alert.cause_line())
            .chain(words::unusual(alert, report))
            .chain(owner)
            .chain(runbook)
        {
            line.push_str(" - ");
            line.push_str(&more);
        }
        lines.push(line);
    }
    for (word, rows) in [("UNSEEN", &report.coverage.unseen), ("ACCEPTED", &report.coverage.accepted)] {
        for told in told(rows) {
            let first = told.places.first().map_or("", String::as_str);
            let more = match told.places.len() {
                0 | 1 => String::new(),
                n => format!(" and {} more", count(n as u64 - 1)),
            };
            let part = told.first.part.as_ref().map(|part| format!(", {part}")).unwrap_or_default();
            let then = match &told.first.acceptance {
                Some(acceptance) => format!("until {}: {}", acceptance.until, acceptance.reason),
                None => told.hint.clone(),
            };
            let (operation, kind) = (told.first.operation, told.first.kind.as_str());
            lines.push(format!("{word} {first}{more}: {operation} {kind}{part} - {then}"));
        }
    }
    lines.extend(report.muted.iter().map(|muted| {
        let place = words::at(muted.client.as_ref(), muted.account_name.as_ref(), &muted.account, Some(&muted.region));
        let until = words::muted_until(muted.until, &muted.muted_by, report);
        let deployed = muted.deployed.as_ref().map(|words| format!(" - {words}")).unwrap_or_default();
        format!("MUTED {} {until}: {}{deployed} - {place}", muted.function.shown(), words::would_be(muted))
    }));
    if !report.blind_spots.is_empty() {
        let mended = report.blind_spots.iter().any(|spot| spot.command.is_some());
        let how = if mended { " - slmon functions --blind-spots" } else { "" };
        lines.push(format!("BLIND SPOTS {}{how}", words::spot_kinds(report)));
    }
    lines.extend(report.notes.iter().map(|note| format!("NOTE {note}")));
    lines.push(format!("{}; {}", words::window(report), words::verdicts(report)));
    lines
}

/// One line of a plugin: clean, and without the bar, behind which performance data would begin.
fn plain(text: &str) -> String {
    words::clip(&clean(text).replace('|', "¦"), LINE)
}

#[cfg(test)]
mod tests;
