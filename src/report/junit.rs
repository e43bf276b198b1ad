//! The format `junit`: XML that Jenkins, GitLab, Azure DevOps and others show as test results. A test case is a
//! production function and a check; what could not be seen is an error. It is the dialect of Surefire, as Jenkins reads
//! it: `docs/schema/junit.xsd`.

use std::{collections::BTreeSet, fmt::Write as _};

use super::{Alert, JudgedRow, Report, Unseen, text::hidden, words};
use crate::domain::{
    account::{AccountId, Region},
    finding::Verdict,
    text::{clean, counted, usd},
};

/// The report as one document.
pub fn render(report: &Report) -> String {
    let mut suites = vec![own(report)];
    let mut rows = report.basis.judged.as_slice();
    while let Some(first) = rows.first() {
        let place = |row: &JudgedRow| (&row.account, &row.region) == (&first.account, &first.region);
        let (these, rest) = rows.split_at(rows.iter().take_while(|row| place(row)).count());
        rows = rest;
        suites.push(of_target(first, these, report));
    }
    let total = suites.iter().fold(Counts::default(), |total, suite| total.plus(&suite.counts()));
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let Counts { tests, failures, errors, .. } = total;
    let _ = writeln!(
        out,
        "<testsuites name=\"slmon alert\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">"
    );
    for suite in suites {
        suite.write(report, &mut out);
    }
    out.push_str("</testsuites>\n");
    out
}

struct Suite {
    name: String,
    properties: Vec<(&'static str, String)>,
    cases: Vec<Case>,
    output: Vec<String>,
}

struct Case {
    class: String,
    name: String,
    outcome: Outcome,
    /// Lines of context.
    lines: Vec<String>,
}

/// What became of a test case; each but the first with its message.
enum Outcome {
    Passed,
    Skipped(String),
    /// The type first.
    Failed(&'static str, String),
    /// The type first.
    Error(&'static str, String),
}

#[derive(Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn plus(self, other: &Self) -> Self {
        Self {
            tests: self.tests + other.tests,
            failures: self.failures + other.failures,
            errors: self.errors + other.errors,
            skipped: self.skipped + other.skipped,
        }
    }
}

/// What is said of the run as a whole: its verdict, what was not seen, what the tags hide.
fn own(report: &Report) -> Suite {
    let enough = report.coverage.is_enough().then(|| "unseen, and enough was seen without it".to_owned());
    let mut cases: Vec<Case> = report.coverage.unseen.iter().map(|row| unseen(row, enough.clone())).collect();
    cases.extend(report.coverage.accepted.iter().map(|row| {
        let accepted = |by: &super::Acceptance| format!("unseen, and accepted until {}: {}", by.until, by.reason);
        unseen(row, row.acceptance.as_ref().map(accepted))
    }));
    let mut name = BTreeSet::new();
    for case in &mut cases {
        // The same call and part can fail for two reasons; a test case has a name of its own.
        let plain = case.name.clone();
        let mut n = 1;
        while !name.insert((case.class.clone(), case.name.clone())) {
            n += 1;
            case.name = format!("{plain} ({n})");
        }
    }
    let whole = |name: &str, message: &str| Case {
        class: "slmon".into(),
        name: name.into(),
        outcome: Outcome::Error("unknown", message.into()),
        lines: Vec::new(),
    };
    if report.basis.interrupted {
        cases.push(whole("ran to its end", "interrupted: what was not seen by then is unseen"));
    }
    cases.extend(report.lacks().iter().map(|sentence| whole(&format!("in scope: {sentence}"), sentence)));
    if report.lacks().is_empty() && report.is_empty_handed() {
        cases.push(whole("a production function to judge", "there is none: see slmon functions for why"));
    }
    let mut output = vec![report.headline()];
    output.extend(report.scope_words().map(|scope| format!("scope: {scope}")));
    output.push(words::verdicts(report));
    if report.coverage.seen > 0 || report.functions.watched > 0 {
        output.push(hidden(report));
    }
    output.extend(report.notes.iter().map(|note| format!("note: {note}")));
    output.extend(report.blind_spots.iter().map(|spot| {
        let place = words::at(spot.client.as_ref(), None, &spot.account, spot.region.as_ref());
        let function = spot.function.as_ref().map(|name| format!(" {}", name.shown())).unwrap_or_default();
        format!("blind spot {}:{function}: {} ({place}); fix: {}", spot.kind.as_str(), spot.detail, spot.fix)
    }));
    let api = &report.api;
    output.push(format!("cost: {}, {}", counted(api.requests, "request"), usd(api.usd)));
    let mut properties = vec![
        ("exit_code", report.exit_code.to_string()),
        ("exit_reason", report.exit_reason().to_owned()),
        ("window", words::window(report)),
        ("seen", words::seen(report)),
    ];
    properties.extend(report.scope_words().map(|scope| ("scope", scope)));
    Suite { name: "slmon".into(), properties, cases, output }
}

fn unseen(row: &Unseen, excuse: Option<String>) -> Case {
    let class = match (&row.account, &row.region) {
        (Some(account), Some(region)) => class(account, region),
        (Some(account), None) => account.to_string(),
        (None, _) => row.client.as_ref().map_or_else(|| "slmon".into(), |client| client.shown().into_owned()),
    };
    let part = row.part.as_ref().map(|part| format!(" ({part})")).unwrap_or_default();
    let message = format!("{} {}: {}", row.operation, row.kind.as_str(), row.message.shown());
    let mut lines = vec![format!("{} {}", row.operation, row.kind.as_str()), row.message.shown().into_owned()];
    lines.push(format!("to do: {}", row.hint));
    lines.extend(row.client.iter().chain(&row.account_name).map(|name| name.shown().into_owned()));
    let outcome = excuse.map_or(Outcome::Error(row.kind.as_str(), message), Outcome::Skipped);
    Case { class, name: format!("seen by {}{part}", row.operation), outcome, lines }
}

fn of_target<'a>(first: &JudgedRow, rows: &'a [JudgedRow], report: &'a Report) -> Suite {
    let names = [("client", &first.client), ("account_name", &first.account_name)];
    let properties = names.into_iter().filter_map(|(key, name)| Some((key, name.as_ref()?.shown().into_owned())));
    let excuse = report.excuse(&first.account, &first.region);
    let checks = |row: &'a JudgedRow| {
        let looks = report.basis.checks.iter().filter(|check| !row.judged.off.contains(*check));
        looks.map(move |check| case(row, check, excuse, report))
    };
    Suite {
        name: class(&first.account, &first.region),
        properties: properties.collect(),
        cases: rows.iter().flat_map(checks).collect(),
        output: Vec::new(),
    }
}

fn case(row: &JudgedRow, check: &str, excuse: Option<&str>, report: &Report) -> Case {
    let finding = row.judged.findings.iter().find(|finding| finding.check == check);
    let doubt = row.judged.doubts.iter().find(|doubt| doubt.check == check);
    if let Some(silenced) = row.judged.silenced.iter().find(|silenced| silenced.finding.check == check) {
        let (until, would) = (words::muted_until(silenced.until, &silenced.by, report), &silenced.finding);
        let name = format!("{} {check}", row.function.shown());
        let said = format!("muted {until}; would be {}: {}", would.severity.as_str(), would.reason);
        return Case {
            class: class(&row.account, &row.region),
            name,
            outcome: Outcome::Skipped(said),
            lines: Vec::new(),
        };
    }
    let found = || finding.map(|finding| format!("would be {}: {}", finding.severity.as_str(), finding.reason));
    let outcome = match (row.judged.verdict, finding, doubt) {
        (Verdict::Muted, ..) if row.judged.silenced.is_empty() => {
            let until = row.mute.as_ref().map(|(until, by)| words::muted_until(*until, by, report));
            let until = until.map(|until| format!(" {until}")).unwrap_or_default();
            let found = found().unwrap_or_else(|| "nothing would fire".into());
            let deployed = row.deployed(check).map(|words| format!("; {words}")).unwrap_or_default();
            Outcome::Skipped(format!("muted{until}; {found}{deployed}"))
        }
        (_, Some(finding), _) if report.basis.fails(finding.severity) => {
            Outcome::Failed(finding.severity.as_str(), finding.reason.clone())
        }
        (_, None, Some(doubt)) => match excuse {
            Some(excuse) => Outcome::Skipped(format!("unknown, and {excuse}: {}", doubt.why)),
            None => Outcome::Error("unknown", doubt.why.clone()),
        },
        (Verdict::Idle, None, _) => Outcome::Skipped("idle: nothing happened in the window".into()),
        _ => Outcome::Passed,
    };
    let mut lines = Vec::new();
    if let Some(finding) = finding.filter(|_| row.judged.verdict != Verdict::Muted) {
        lines.push(format!("{}: {}", finding.severity.as_str(), finding.reason));
        lines.push(words::at(row.client.as_ref(), row.account_name.as_ref(), &row.account, Some(&row.region)));
        let since = words::since(finding.since, finding.since_open, report);
        lines.extend(since);
        lines.extend(row.deployed(check).map(str::to_owned));
        let is_own = |alert: &&Alert| {
            alert.check == check
                && alert.account == row.account
                && alert.region == row.region
                && alert.function == row.function
        };
        lines.extend(report.alerts.iter().find(is_own).and_then(Alert::cause_line));
        if finding.threshold_source != "default" {
            lines.push(format!("limit from {}", finding.threshold_source));
        }
        lines.extend(row.owner.as_ref().map(|owner| format!("owner: {}", owner.shown())));
        lines.extend(row.runbook.as_ref().map(|runbook| format!("runbook: {}", runbook.shown())));
    }
    let name = format!("{} {check}", row.function.shown());
    Case { class: class(&row.account, &row.region), name, outcome, lines }
}

fn class(account: &AccountId, region: &Region) -> String {
    format!("{account}.{region}")
}

impl Suite {
    fn counts(&self) -> Counts {
        self.cases.iter().fold(Counts::default(), |mut counts, case| {
            counts.tests += 1;
            match case.outcome {
                Outcome::Passed => {}
                Outcome::Skipped(_) => counts.skipped += 1,
                Outcome::Failed(..) => counts.failures += 1,
                Outcome::Error(..) => counts.errors += 1,
            }
            counts
        })
    }

    fn write(&self, report: &Report, out: &mut String) {
        let Counts { tests, failures, errors, skipped } = self.counts();
        // Surefire's time has no zone; a reader takes it for UTC or its own, and shows it at most.
        let at = report.window.end.to_string();
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" \
             skipped=\"{skipped}\" time=\"0\" timestamp=\"{}\">",
            escaped(&self.name),
            at.trim_end_matches('Z')
        );
        if !self.properties.is_empty() {
            out.push_str("    <properties>\n");
            for (name, value) in &self.properties {
                let _ = writeln!(out, "      <property name=\"{name}\" value=\"{}\"/>", escaped(value));
            }
            out.push_str("    </properties>\n");
        }
        for case in &self.cases {
            case.write(out);
        }
        if !self.output.is_empty() {
            let _ = writeln!(out, "    <system-out>{}</system-out>", body(&self.output));
        }
        out.push_str("  </testsuite>\n");
    }
}

impl Case {
    fn write(&self, out: &mut String) {
        let (class, name) = (escaped(&self.class), escaped(&self.name));
        let _ = write!(out, "    <testcase classname=\"{class}\" name=\"{name}\" time=\"0\"");
        let lines = body(&self.lines);
        let inside = match &self.outcome {
            Outcome::Passed if self.lines.is_empty() => String::new(),
            Outcome::Passed => format!("<system-out>{lines}</system-out>"),
            Outcome::Skipped(message) => format!("<skipped message=\"{}\"/>", escaped(message)),
            Outcome::Failed(kind, message) => {
                format!("<failure type=\"{kind}\" message=\"{}\">{lines}</failure>", escaped(message))
            }
            Outcome::Error(kind, message) => {
                format!("<error type=\"{kind}\" message=\"{}\">{lines}</error>", escaped(message))
            }
        };
        let _ = if inside.is_empty() { writeln!(out, "/>") } else { writeln!(out, ">{inside}</testcase>") };
    }
}

fn body(lines: &[String]) -> String {
    lines.iter().map(|line| escaped(line)).collect::<Vec<_>>().join("\n")
}

/// Text as XML 1.0 takes it, in an attribute as well as between tags: clean, which leaves no control character but
/// for two that are no characters at all.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
