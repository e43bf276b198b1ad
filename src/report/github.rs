//! The format `github`: workflow commands that GitHub Actions turns into annotations. It shows ten of a type and step,
//! so the worst come first and the tenth counts the rest. `https://docs.github.com/actions` has the syntax; its runner
//! (`ActionCommand`) the escapes.

use std::fmt::Write as _;

use super::{Alert, Report, Status, Telling, Unseen, text::told, words};
use crate::domain::{
    finding::{FailOn, Severity},
    text::{clean, count, counted, usd},
};

/// So many of one type GitHub shows of a step.
const SHOWN: usize = 10;
/// Characters of a title; more are cut by GitHub.
const TITLE: usize = 250;
/// Characters of one text of somebody else.
const TEXT: usize = 1_000;
/// So many things are named in a list.
const NAMED: usize = 10;

/// The annotations, one a line.
pub fn render(report: &Report, telling: &Telling) -> String {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    for alert in &report.alerts {
        let fails = alert.severity == Severity::Critical || report.basis.fails(alert.severity);
        if fails { &mut errors } else { &mut warnings }.push(of_alert(alert, report));
    }
    let decides =
        !report.alerts.iter().any(|alert| report.basis.fails(alert.severity)) && report.basis.fail_on != FailOn::Never;
    let unseen = of_unseen(&report.coverage.unseen);
    if decides && !report.coverage.is_enough() { &mut errors } else { &mut warnings }.extend(unseen);
    let untold = report.status == Status::Unknown || report.basis.interrupted;
    if decides && untold { &mut errors } else { &mut warnings }.extend(of_verdict(report));
    let mut out = String::new();
    for (command, notes, noun) in [("error", errors, "error"), ("warning", warnings, "warning")] {
        let listed = if notes.len() > SHOWN { SHOWN - 1 } else { notes.len() };
        for note in &notes[..listed] {
            note.write(command, &mut out);
        }
        if let Some(note) = rest(&notes[listed..], noun) {
            note.write(command, &mut out);
        }
    }
    summary(report, telling).write("notice", &mut out);
    out
}

/// What stands in one annotation.
struct Note {
    title: String,
    lines: Vec<String>,
}

impl Note {
    fn write(&self, command: &str, out: &mut String) {
        let title = property(&words::clip(&self.title, TITLE));
        let lines: Vec<_> = self.lines.iter().map(|line| data(&words::clip(&clean(line), TEXT))).collect();
        // A line of ours ends as one of anybody else's never could: those are clean.
        let _ = writeln!(out, "::{command} title={title}::{}", lines.join("%0A"));
    }
}

fn of_alert(alert: &Alert, report: &Report) -> Note {
    let mut lines = vec![alert.reason.clone(), words::alert_at(alert)];
    lines.extend(words::since(alert.since, alert.since_open, report));
    lines.extend(alert.deployed.clone());
    lines.extend(alert.cause_line());
    lines.extend(words::unusual(alert, report));
    lines.extend(alert.owner.as_ref().map(|owner| format!("owner {}", owner.shown())));
    lines.extend(alert.runbook.as_ref().map(|runbook| format!("runbook {}", runbook.shown())));
    Note { title: format!("{} {}: {}", alert.severity.as_str(), alert.check, alert.function.shown()), lines }
}

/// What fails alike is one annotation.
fn of_unseen(rows: &[Unseen]) -> Vec<Note> {
    let note = |told: super::text::Told<'_>| {
        let part = told.first.part.as_ref().map(|part| format!(", {}", clean(part))).unwrap_or_default();
        let what = format!("{} {}{part}", told.first.operation, told.first.kind.as_str());
        let title = match told.places.as_slice() {
            [place] => format!("unseen: {place}"),
            places => format!("unseen: {} accounts", count(places.len() as u64)),
        };
        let places = (told.places.len() > 1).then(|| named(&told.places));
        let texts = [told.message, told.hint].into_iter().filter(|text| !text.is_empty());
        Note { title, lines: [what].into_iter().chain(texts).chain(places).collect() }
    };
    told(rows).into_iter().map(note).collect()
}

/// Why nothing can be told, where that is nobody's failure to answer.
fn of_verdict(report: &Report) -> Vec<Note> {
    let mut notes = Vec::new();
    if report.verdicts.unknown > 0 {
        let functions = counted(report.verdicts.unknown as u64, "production function");
        notes.push(Note {
            title: format!("{functions} not judged"),
            lines: vec!["what is needed could not be read: neither fine nor failing".into()],
        });
    }
    if report.basis.interrupted {
        let lines = vec!["what was not seen by then is unseen".into()];
        notes.push(Note { title: "interrupted".into(), lines });
    } else if !report.lacks().is_empty() {
        notes.push(Note { title: "in scope, and not there".into(), lines: report.lacks().to_vec() });
    } else if report.is_empty_handed() {
        let hint = "see slmon functions for what is watched, its stage and why; --allow-empty makes this fine";
        notes.push(Note { title: "no production function to judge".into(), lines: vec![hint.into()] });
    }
    notes
}

/// One that counts those that GitHub would not show.
fn rest(notes: &[Note], noun: &str) -> Option<Note> {
    let titles: Vec<_> = notes.iter().map(|note| note.title.clone()).collect();
    (!notes.is_empty()).then(|| Note {
        title: format!("{} more {noun}s", count(notes.len() as u64)),
        lines: vec![named(&titles), "slmon alert --format json lists all".into()],
    })
}

/// The first of them, and how many more there are.
fn named(all: &[String]) -> String {
    let first = all.iter().take(NAMED).map(|name| words::clip(name, 90)).collect::<Vec<_>>().join("; ");
    if all.len() > NAMED { format!("{first}; and {} more", count((all.len() - NAMED) as u64)) } else { first }
}

fn summary(report: &Report, telling: &Telling) -> Note {
    let mut lines = vec![
        format!("{}; {}", words::window(report), words::seen(report)),
        report
            .scope_words()
            .map_or_else(|| words::verdicts(report), |scope| format!("scope: {scope}; {}", words::verdicts(report))),
        format!("exit {}: {}", report.exit_code, report.exit_reason()),
    ];
    if telling.demo {
        lines.push("the embedded demo estate: nothing is real".into());
    }
    let muted: Vec<_> = report
        .muted
        .iter()
        .map(|muted| {
            let until = words::muted_until(muted.until, &muted.muted_by, report);
            let would = [Some(words::would_be(muted)), muted.deployed.clone()];
            let would = would.into_iter().flatten().collect::<Vec<_>>().join("; ");
            format!("{} {until} ({would})", muted.function.shown())
        })
        .collect();
    let accepted: Vec<_> = told(&report.coverage.accepted)
        .iter()
        .filter_map(|told| {
            let reason = clean(&told.first.acceptance.as_ref()?.reason).into_owned();
            Some(format!("{} ({reason})", named(&told.places)))
        })
        .collect();
    for (word, list) in [("muted", muted), ("unseen and accepted", accepted)] {
        if !list.is_empty() {
            lines.push(format!("{} {word}: {}", count(list.len() as u64), named(&list)));
        }
    }
    if !report.blind_spots.is_empty() {
        let spots = counted(report.blind_spots.len() as u64, "blind spot");
        let kinds = words::spot_kinds(report);
        let mended = report.blind_spots.iter().any(|spot| spot.command.is_some());
        let how = if mended { ": slmon functions --blind-spots prints the commands that mend them" } else { "" };
        lines.push(format!("{spots} ({kinds}){how}"));
    }
    lines.extend(report.notes.iter().cloned());
    lines.push(format!("cost: {}, {}", counted(report.api.requests, "request"), usd(report.api.usd)));
    Note { title: format!("slmon: {}", report.headline()), lines }
}

/// The escapes of a command's message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The escapes of a command's property.
fn property(text: &str) -> String {
    data(&clean(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests;
