//! Text: what AWS (that is, anybody who can name or tag a function) wrote, and how numbers are said to people.
//!
//! [`AwsText`] has no `Display` on purpose: whoever prints it has to choose between the exact bytes and the safe form.

use std::{borrow::Cow, fmt, sync::Arc};

use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};

use super::window::Minute;

/// Text that comes from AWS: a function's name, a tag, an error message. Cheap to clone.
///
/// It may hold escape sequences, control characters and bidirectional overrides, so it has no `Display`:
/// [`raw`](Self::raw) is for comparing, requests and machine formats, [`shown`](Self::shown) for people.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AwsText(Arc<str>);

impl AwsText {
    /// Wraps the text as it came.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text as AWS sent it.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// The text fit for a terminal: every character that could steer it (C0, C1, bidirectional and zero-width
    /// controls, line separators) becomes `�`, so that nothing is silently dropped.
    pub fn shown(&self) -> Cow<'_, str> {
        clean(&self.0)
    }
}

/// `text` with every character that could steer a terminal replaced by `�`; see [`AwsText::shown`].
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(steers) {
        Cow::Owned(text.chars().map(|c| if steers(c) { '\u{FFFD}' } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether the character could steer a terminal; see [`AwsText::shown`].
pub fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

impl fmt::Debug for AwsText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Serialize for AwsText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl From<&str> for AwsText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for AwsText {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// A count with thousands separated: `12,345`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A count and its noun: `1 function`, `2,000 functions`. The plural is the singular and an `s`.
pub fn counted(n: u64, noun: &str) -> String {
    let stem = noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    match (n, stem) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{} {stem}ies", count(n)),
        (_, None) => format!("{} {noun}s", count(n)),
    }
}

/// A share (0.0 to 1.0) as a percentage with as many digits as tell something: `5.1 %`, `100 %`, `0.02 %`.
///
/// A share below one half of the last digit is never shown as zero, nor one short of the whole as `100 %`.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let text = if percent == 0.0 || percent >= 99.95 && share >= 1.0 {
        format!("{percent:.0}")
    } else if percent < 0.1 {
        format!("{:.2}", percent.max(0.01))
    } else {
        format!("{:.1}", percent.min(99.9))
    };
    format!("{text} %")
}

/// A limit (0.0 to 1.0) as a percentage without needless digits: `5 %`, `0.5 %`, `12.25 %`.
pub fn percent_limit(share: f64) -> String {
    let rounded = format!("{:.4}", share * 100.0);
    format!("{} %", rounded.trim_end_matches('0').trim_end_matches('.'))
}

/// A number of minutes the way people write it: `15 min`, `2 h`, `1 h 30 min`, `3 d`.
pub fn minutes(n: i64) -> String {
    match (n / 1440, n % 1440 / 60, n % 60) {
        (0, 0, m) => format!("{m} min"),
        (0, h, 0) => format!("{h} h"),
        (0, h, m) => format!("{h} h {m} min"),
        (d, 0, _) => format!("{d} d"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}

/// Bytes for people, as AWS bills them: `812 B`, `1.2 GB`.
pub fn bytes(n: u64) -> String {
    let units = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let exact = n as f64;
    match units.iter().find(|(size, _)| exact >= *size) {
        Some((size, unit)) if exact / size < 9.95 => format!("{:.1} {unit}", exact / size),
        Some((size, unit)) => format!("{:.0} {unit}", exact / size),
        None => format!("{n} B"),
    }
}

/// How long something took: `212 ms`, `12.0 s`.
pub fn millis(ms: u64) -> String {
    if ms < 1000 { format!("{ms} ms") } else { format!("{}.{} s", count(ms / 1000), ms % 1000 / 100) }
}

/// Dollars: to the cent, and below a cent with four digits, since reading traces and logs often costs less; never zero for
/// what cost something: `$1,234.50`, `$0.06`, `$0.0003`, `under $0.0001`.
pub fn usd(dollars: f64) -> String {
    if dollars > 0.0 && dollars < 0.000_05 {
        return "under $0.0001".into();
    }
    if dollars > 0.0 && dollars < 0.009_95 {
        return format!("${dollars:.4}");
    }
    let text = format!("{dollars:.2}");
    match text.split_once('.').map(|(whole, cents)| (whole.parse(), cents)) {
        Some((Ok(whole), cents)) => format!("${}.{cents}", count(whole)),
        _ => format!("${text}"),
    }
}

/// A minute on the clock, in UTC, with its date where that is not the one of `near`: `14:51`, `22 Nov 14:51`.
pub fn clock(at: Minute, near: Minute) -> String {
    let (at, near) = (at.timestamp().to_zoned(TimeZone::UTC), near.timestamp().to_zoned(TimeZone::UTC));
    let format = match (at.date() == near.date(), at.year() == near.year()) {
        (true, _) => "%H:%M",
        (false, true) => "%-d %b %H:%M",
        (false, false) => "%-d %b %Y %H:%M",
    };
    at.strftime(format).to_string()
}

/// The known word nearest to a mistyped one, if one is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let far = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_as_a_replacement() {
        let text = AwsText::from("pay\u{1b}[31m\u{202e}\u{200b}x\u{9b}2J\n");
        assert_eq!(text.shown(), "pay\u{FFFD}[31m\u{FFFD}\u{FFFD}x\u{FFFD}2J\u{FFFD}");
        assert_eq!(text.raw(), "pay\u{1b}[31m\u{202e}\u{200b}x\u{9b}2J\n");
        assert!(matches!(AwsText::from("zahlung-überfällig").shown(), Cow::Borrowed(_)));
    }

    #[test]
    fn numbers_for_people() {
        assert_eq!([count(0), count(999), count(1000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([counted(1, "error"), counted(1200, "error")], ["1 error", "1,200 errors"]);
        assert_eq!([minutes(15), minutes(120), minutes(90), minutes(4321)], ["15 min", "2 h", "1 h 30 min", "3 d"]);
        assert_eq!([percent_limit(0.05), percent_limit(0.005), percent_limit(1.0)], ["5 %", "0.5 %", "100 %"]);
    }

    #[test]
    fn short_spans() {
        assert_eq!([millis(0), millis(999), millis(1000), millis(12_034)], ["0 ms", "999 ms", "1.0 s", "12.0 s"]);
    }

    #[test]
    fn money_is_never_rounded_to_nothing() {
        assert_eq!(
            [0.0, 0.000_01, 0.0003, 0.003, 0.009_96, 0.06, 1234.5, f64::NAN].map(usd),
            ["$0.00", "under $0.0001", "$0.0003", "$0.0030", "$0.01", "$0.06", "$1,234.50", "$NaN"].map(String::from)
        );
    }

    #[test]
    fn a_minute_carries_its_date_where_it_is_another() {
        let at = |text: &str| Minute::floor(text.parse().unwrap());
        let near = at("2026-11-23T14:45:00Z");
        assert_eq!(clock(at("2026-11-23T04:05:00Z"), near), "04:05");
        assert_eq!(clock(at("2026-11-02T23:59:00Z"), near), "2 Nov 23:59");
        assert_eq!(clock(at("2027-01-01T00:00:00Z"), near), "1 Jan 2027 00:00");
    }

    #[test]
    fn a_share_is_neither_rounded_to_nothing_nor_to_all() {
        assert_eq!([percent(0.0), percent(0.0505), percent(1.0)], ["0 %", "5.1 %", "100 %"].map(String::from));
        assert_eq!([percent(0.000_001), percent(0.999_99)], ["0.01 %", "99.9 %"].map(String::from));
    }

    #[test]
    fn a_typo_finds_its_word() {
        assert_eq!(nearest("regoins", ["regions", "organizations"]), Some("regions"));
        assert_eq!(nearest("colour", ["regions", "organizations"]), None);
    }
}
