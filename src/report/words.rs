//! Phrases that several formats share. All of them are clean: nothing in them could steer a terminal.

use super::{Alert, Muted, Report, Status, text::place};
use crate::domain::{
    account::{AccountId, Region},
    finding::{Severity, SpotKind},
    function::table_name,
    text::{AwsText, clean, clock, count, counted, minutes},
    window::Minute,
};

/// Glyph and word, so that neither a colour nor a picture carries anything alone.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "✖ critical",
        Severity::Warning => "▲ warning",
    }
}

/// The glyph of a status.
pub(super) fn glyph(status: Status) -> &'static str {
    match status {
        Status::Firing => "✖",
        Status::Warning => "▲",
        Status::Ok => "✔",
        Status::Unknown => "?",
    }
}

/// `2026-11-23 14:45–15:00 UTC (15 min)`.
pub(super) fn window(report: &Report) -> String {
    let window = &report.window;
    let day = |minute: Minute| minute.to_string().chars().take(10).collect::<String>();
    let time = |minute: Minute| minute.to_string().chars().skip(11).take(5).collect::<String>();
    let (start, end) = (day(window.start), day(window.end));
    let end =
        if start == end { format!("–{}", time(window.end)) } else { format!(" – {end} {}", time(window.end)) };
    format!("{start} {}{end} UTC ({}{})", time(window.start), minutes(window.minutes), resolution(report))
}

/// `, in points of 5 min`, where a point covers more than a minute.
pub(super) fn resolution(report: &Report) -> String {
    match report.window.period {
        1 => String::new(),
        period => format!(", in points of {}", minutes(period)),
    }
}

/// `116 of 120 targets seen`.
pub(super) fn seen(report: &Report) -> String {
    let covered = &report.coverage;
    match covered.targets {
        0 => "no target known".into(),
        1 if covered.seen == 1 => "the one target seen".into(),
        all if covered.seen == all => format!("all {} targets seen", count(all as u64)),
        all => format!("{} of {} targets seen", count(covered.seen as u64), count(all as u64)),
    }
}

/// `14:51`, `before 14:32`, with a date where it is not the window's; nothing where it is not known.
pub(super) fn begun(since: Option<Minute>, open: bool, report: &Report) -> Option<String> {
    let at = clock(since?, report.window.end);
    Some(if open { format!("before {at}") } else { at })
}

/// `since 14:51 UTC`, `began before 14:32 UTC`.
pub(super) fn since(since: Option<Minute>, open: bool, report: &Report) -> Option<String> {
    let word = if open { "began" } else { "since" };
    Some(format!("{word} {} UTC", begun(since, open, report)?))
}

/// `Acme · acme-shop (111122223333) · eu-west-1`: what is known of it.
pub(super) fn at(
    client: Option<&AwsText>,
    name: Option<&AwsText>,
    account: &AccountId,
    region: Option<&Region>,
) -> String {
    place(client, name, Some(account), region).join(" · ")
}

/// Where an alert is.
pub(super) fn alert_at(alert: &Alert) -> String {
    at(alert.client.as_ref(), alert.account_name.as_ref(), &alert.account, Some(&alert.region))
}

/// What belongs to an alert's reason where it is not as usual: its own window, who set the limit.
pub(super) fn unusual(alert: &Alert, report: &Report) -> Vec<String> {
    let own = (alert.window_minutes != report.window.minutes)
        .then(|| format!("over its own window of {}", minutes(alert.window_minutes)));
    let limit = (alert.threshold_source != "default").then(|| format!("limit from {}", clean(&alert.threshold_source)));
    own.into_iter().chain(limit).collect()
}

/// `until 1 Dec 00:00 UTC by tag monitor:mute-until`.
pub(super) fn muted_until(until: Minute, by: &str, report: &Report) -> String {
    format!("until {} UTC by {}", clock(until, report.window.end), clean(by))
}

/// `would be critical: 212 of 900 failed`, or that nothing would fire.
pub(super) fn would_be(muted: &Muted) -> String {
    match (muted.severity, &muted.reason) {
        (Some(severity), Some(reason)) => format!("would be {}: {}", severity.as_str(), clean(reason)),
        (Some(severity), None) => format!("would be {}", severity.as_str()),
        (None, _) => "nothing would fire".into(),
    }
}

/// `1,200 production functions and 4 tables`: all that have a verdict.
pub(super) fn judged(report: &Report) -> String {
    let tables = report.basis.judged.iter().filter(|row| table_name(row.function.raw()).is_some()).count();
    let functions = counted(report.functions.production as u64, "production function");
    if tables == 0 { functions } else { format!("{functions} and {}", counted(tables as u64, "table")) }
}

/// `1,200 production functions judged: 2 critical, 3 warning, 898 ok`, without what there is none of.
pub(super) fn verdicts(report: &Report) -> String {
    let parts = report.verdicts.worded();
    let parts: Vec<_> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{} {word}", count(*n as u64))).collect();
    let functions = judged(report);
    if parts.is_empty() { format!("{functions} judged") } else { format!("{functions} judged: {}", parts.join(", ")) }
}

/// `2 fails-untagged, 17 stage-missing`.
pub(super) fn spot_kinds(report: &Report) -> String {
    let of = |kind: &SpotKind| report.blind_spots.iter().filter(|spot| spot.kind == *kind).count();
    let kinds = SpotKind::ALL.iter().map(|kind| (of(kind), kind)).filter(|(n, _)| *n > 0);
    kinds.map(|(n, kind)| format!("{} {}", count(n as u64), kind.as_str())).collect::<Vec<_>>().join(", ")
}

/// At most so many characters; what is cut ends in `…`.
pub(super) fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{minute, quiet};

    #[test]
    fn a_window_carries_its_dates() {
        let mut report = quiet();
        assert_eq!(window(&report), "2026-11-23 14:45–15:00 UTC (15 min)");
        report.window.end = minute("2026-11-24T00:05:00Z");
        report.window.period = 5;
        assert_eq!(window(&report), "2026-11-23 14:45 – 2026-11-24 00:05 UTC (15 min, in points of 5 min)");
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!([clip("über", 4), clip("übers", 4), clip("", 0)], ["über", "übe…", ""].map(String::from));
    }
}
