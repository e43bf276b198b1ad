//! Moments as people type them on a command line: instants, times of day, `20m ago`. In UTC, as everything is told.

use jiff::{
    SignedDuration, Span, SpanRelativeTo, Timestamp,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};

use super::window::Minute;

/// The minute in which a moment lies, as seen at `now`: an RFC 3339 instant; a date, which is its first moment, or a date
/// and a time of day, in UTC; a time of day alone, which is the last time that it was that late; or so long `ago`.
///
/// # Errors
/// What is needed, in words, with examples.
pub fn moment(text: &str, now: Timestamp) -> Result<Minute, String> {
    let text = text.trim();
    let utc = |at: DateTime| at.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    let at = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| ago(text, now))
        .or_else(|| time_of_day(text, now))
        .or_else(|| date(text).and_then(utc));
    at.map(Minute::floor).ok_or_else(|| {
        "an instant is needed, such as 2026-12-01T08:00:00Z, \"2026-12-01 08:00\" or 08:00 (both in UTC), or \"20m ago\"".into()
    })
}

fn ago(text: &str, now: Timestamp) -> Option<Timestamp> {
    let span: Span = text.strip_suffix("ago")?.trim_end().parse().ok()?;
    let seconds = span.total((jiff::Unit::Second, SpanRelativeTo::days_are_24_hours())).ok()?;
    let span = SignedDuration::try_from_secs_f64(seconds).ok().filter(|span| !span.is_negative())?;
    now.checked_sub(span).ok()
}

/// `8:00`, `08:00`, `08:00:30`; no other form, since jiff reads a time out of much.
fn time_of_day(text: &str, now: Timestamp) -> Option<Timestamp> {
    let at = clock(text)?;
    let today = now.to_zoned(TimeZone::UTC).date();
    let on = |date: Date| date.to_datetime(at).to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    on(today).filter(|at| *at <= now).or_else(|| on(today.yesterday().ok()?))
}

fn clock(text: &str) -> Option<Time> {
    let parts: Vec<i8> = text
        .split(':')
        .map(|part| {
            let digits = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten()
        })
        .collect::<Option<_>>()?;
    match parts.as_slice() {
        [hour, minute] => Time::new(*hour, *minute, 0, 0).ok(),
        [hour, minute, second] => Time::new(*hour, *minute, *second, 0).ok(),
        _ => None,
    }
}

/// `2026-12-01`, `2026-12-01 08:00`, `2026-12-01T08:00:00`.
fn date(text: &str) -> Option<DateTime> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, clock(time.trim_start())?),
        None => (text, Time::midnight()),
    };
    let date = (date.len() == "2026-12-01".len()).then(|| date.parse::<Date>().ok()).flatten()?;
    Some(date.to_datetime(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let now = "2026-11-23T10:05:40Z".parse().unwrap();
        moment(text, now).map_or_else(|why| why, |at| at.to_string())
    }

    #[test]
    fn moments_are_read_as_people_type_them() {
        for (text, at) in [
            ("2026-11-22T10:00:59Z", "2026-11-22T10:00:00Z"),
            ("2026-11-22T10:00:00+01:00", "2026-11-22T09:00:00Z"),
            ("2026-11-22", "2026-11-22T00:00:00Z"),
            ("2026-11-22 14:00", "2026-11-22T14:00:00Z"),
            ("2026-11-22T14:00:30", "2026-11-22T14:00:00Z"),
            ("10:05", "2026-11-23T10:05:00Z"),
            (" 9:30 ", "2026-11-23T09:30:00Z"),
            ("10:05:41", "2026-11-22T10:05:00Z"),
            ("23:50", "2026-11-22T23:50:00Z"),
            ("20m ago", "2026-11-23T09:45:00Z"),
            ("20mago", "2026-11-23T09:45:00Z"),
            ("1h 30m ago", "2026-11-23T08:35:00Z"),
            ("90s ago", "2026-11-23T10:04:00Z"),
            ("3d ago", "2026-11-20T10:05:00Z"),
            ("0s ago", "2026-11-23T10:05:00Z"),
        ] {
            assert_eq!(said(text), at, "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_told_with_examples() {
        for text in [
            "",
            "yesterday",
            "20m",
            "ago",
            "-5m ago",
            "24:00",
            "10:60",
            "10",
            "10:5x",
            "1:2:3:4",
            "2026-11-22 25:00",
            "2026-13-01",
            "20261122",
            "2026-11-22T10",
            "99999999d ago",
            "\u{202e}",
        ] {
            let why = said(text);
            assert!(why.contains("2026-12-01T08:00:00Z") && why.contains("20m ago"), "{text}: {why}");
        }
    }
}
