//! What a function says about itself: the `monitor:` tags of its owner.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    limits::{Limits, SetBy},
    more::{Number, Word},
};
use crate::domain::{
    finding::{Mend, Severity, SpotKind, SpotText},
    function::Tags,
    text::{AwsText, nearest},
    window::Minute,
};

/// What all of the function's own tags say, as far as they can be read.
#[derive(Debug, Default)]
pub(super) struct Own {
    pub(super) errors: (Option<f64>, Option<f64>),
    pub(super) throttles: (Option<f64>, Option<f64>),
    /// Numbers of checks that are off unless they are named, by the names of their tags.
    pub(super) more: Vec<(&'static str, Word)>,
    pub(super) cap: Option<Severity>,
    pub(super) mute_until: Option<Minute>,
    pub(super) window: Option<i64>,
    pub(super) owner: Option<AwsText>,
    pub(super) runbook: Option<AwsText>,
    pub(super) unreadable: Vec<SpotText>,
}

const PREFIX: &str = "monitor:";
const NAMES: &[&str] = &[
    "errors",
    "error-rate",
    "throttles",
    "throttle-rate",
    "slo",
    "expect",
    "severity",
    "mute-until",
    "window",
    "owner",
    "runbook",
];

impl Own {
    pub(super) fn read(tags: &Tags) -> Self {
        let mut own = Self::default();
        for (key, value) in tags.iter() {
            if let Some(name) = key.raw().strip_prefix(PREFIX) {
                own.take(name, value);
            }
        }
        own
    }

    fn take(&mut self, name: &str, value: &AwsText) {
        let text = value.raw().trim();
        let read = match name {
            "errors" => number(text).map(|n| self.errors.0 = Some(n)),
            "error-rate" => share(text).map(|n| self.errors.1 = Some(n)),
            "throttles" => number(text).map(|n| self.throttles.0 = Some(n)),
            "throttle-rate" => share(text).map(|n| self.throttles.1 = Some(n)),
            "slo" => objective(text).map(|n| self.more.push(("slo", Word::Is(Number::BurnObjective, n)))),
            "expect" => expected(text).map(|n| self.more.push(("expect", Word::Is(Number::SilentExpect, n)))),
            "severity" => severity(text).map(|cap| self.cap = Some(cap)),
            "mute-until" => instant(text).map(|until| self.mute_until = Some(until)),
            "window" => span_minutes(text).map(|window| self.window = Some(window)),
            "owner" => {
                self.owner = (!text.is_empty()).then(|| text.into());
                Ok(())
            }
            "runbook" => {
                self.runbook = (!text.is_empty()).then(|| text.into());
                Ok(())
            }
            unknown => Err(match nearest(unknown, NAMES.iter().copied()) {
                Some(near) => format!("there is no such tag; {PREFIX}{near}?"),
                None => "there is no such tag".into(),
            }),
        };
        if let Err(why) = read {
            let detail = format!("{PREFIX}{}={}: {why}", AwsText::from(name).shown(), value.shown());
            self.unreadable.push(SpotText {
                kind: SpotKind::TagUnreadable,
                detail,
                mend: Mend::Remove(vec![format!("{PREFIX}{name}").into()]),
            });
        }
    }

    /// Whether it says anything of thresholds.
    pub(super) fn says_limits(&self) -> bool {
        self.errors != (None, None) || self.throttles != (None, None) || !self.more.is_empty()
    }

    /// Lays the function's own thresholds over the ones that hold so far.
    pub(super) fn apply(&self, limits: &mut Limits) {
        for (name, word) in &self.more {
            limits.more.take(*word, &format!("tag {PREFIX}{name}").into());
        }
        let set_by = |count: Option<f64>, names: [&str; 2]| -> SetBy {
            format!("tag {PREFIX}{}", if count.is_some() { names[0] } else { names[1] }).into()
        };
        let (count, rate) = self.errors;
        limits.errors.take_own(count, rate, &set_by(count, ["errors", "error-rate"]));
        let (count, rate) = self.throttles;
        limits.throttles.take_own(count, rate, &set_by(count, ["throttles", "throttle-rate"]));
    }
}

fn number(text: &str) -> Result<f64, String> {
    let n: f64 = text.parse().map_err(|_| "a number of events is needed, such as 5".to_string())?;
    (n.is_finite() && n >= 0.0).then_some(n).ok_or_else(|| "a number of 0 or more is needed".into())
}

fn share(text: &str) -> Result<f64, String> {
    let n: f64 = text.parse().map_err(|_| "a fraction is needed, such as 0.02 for 2 %".to_string())?;
    (0.0..=1.0).contains(&n).then_some(n).ok_or_else(|| "a fraction from 0 to 1 is needed, such as 0.02 for 2 %".into())
}

/// An objective in percent, as everybody writes it: `99.9`.
fn objective(text: &str) -> Result<f64, String> {
    let percent: f64 = text.parse().map_err(|_| "percents are needed, such as 99.9".to_string())?;
    let (least, most) = Number::BurnObjective.bounds();
    let share = percent / 100.0;
    (least..=most).contains(&share).then_some(share).ok_or_else(|| "percents from 50 to 99.999 are needed".into())
}

fn expected(text: &str) -> Result<f64, String> {
    let minutes = span_minutes(text)? as f64;
    let (_, most) = Number::SilentExpect.bounds();
    (minutes <= most).then_some(minutes).ok_or_else(|| "at most 14d: for so long back it is read".into())
}

fn severity(text: &str) -> Result<Severity, String> {
    match text.to_lowercase().as_str() {
        "warning" => Ok(Severity::Warning),
        "critical" => Ok(Severity::Critical),
        _ => Err("warning or critical is needed".into()),
    }
}

/// An RFC 3339 instant, or a date, which means its first moment in UTC. Rounded up to a whole minute.
///
/// # Errors
/// What is needed, in words.
pub fn instant(text: &str) -> Result<Minute, String> {
    let needed = || "a date or an instant is needed, such as 2026-12-01 or 2026-12-01T08:00:00Z".to_string();
    let at: Timestamp = match text.parse::<Timestamp>() {
        Ok(at) => at,
        // jiff reads a date out of an instant without an offset and drops its time.
        Err(_) if text.len() > "2026-12-01".len() => return Err(needed()),
        Err(_) => text
            .parse::<Date>()
            // The last days of the year 9999, by which people say "for ever", are beyond jiff's instants.
            .map(|date| date.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp()))
            .map_err(|_| needed())?,
    };
    let whole = Minute::floor(at);
    Ok(if whole.timestamp() == at { whole } else { whole.plus(1) })
}

/// A span of whole minutes, of at least one: `15m`, `24h`, `1h 30m`, `2d`.
///
/// # Errors
/// What is needed, in words.
pub fn span_minutes(text: &str) -> Result<i64, String> {
    let needed = || "a span of whole minutes is needed, such as 15m or 24h".to_string();
    let span: jiff::Span = match text.parse() {
        Ok(span) => span,
        Err(_) if is_span(text) => return Err(TOO_LONG.into()),
        Err(_) => return Err(needed()),
    };
    let relative = jiff::SpanRelativeTo::days_are_24_hours();
    let total = span.total((jiff::Unit::Second, relative)).map_err(|_| needed())?;
    if total > 455.0 * 86_400.0 {
        return Err(TOO_LONG.into());
    }
    if total < 60.0 || total % 60.0 != 0.0 {
        return Err(needed());
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked above: at most 455 days of minutes")]
    Ok((total / 60.0) as i64)
}

const TOO_LONG: &str = "CloudWatch keeps metrics for 455 days, and no span may be longer";

/// Whether it looks like a span, however long: numbers, each with its unit.
fn is_span(text: &str) -> bool {
    let text = text.trim();
    let units = text.split(|c: char| c.is_ascii_digit() || c == ' ').filter(|unit| !unit.is_empty());
    text.starts_with(|c: char| c.is_ascii_digit())
        && units.clone().count() > 0
        && units.into_iter().all(|unit| matches!(unit, "m" | "h" | "d" | "w"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_instants() {
        assert_eq!(
            [span_minutes("15m"), span_minutes("24h"), span_minutes("1h 30m"), span_minutes("2d")],
            [15, 1440, 90, 2880].map(Ok)
        );
        assert!(["", "0m", "90s", "soon", "-5m", "1000d"].iter().all(|text| span_minutes(text).is_err()));
        assert_eq!([span_minutes("1000d"), span_minutes("99999999d")], [Err(TOO_LONG.into()), Err(TOO_LONG.into())]);
        assert_eq!(instant("2026-12-01").unwrap().to_string(), "2026-12-01T00:00:00Z");
        assert_eq!(instant("2026-12-01T08:00:30+01:00").unwrap().to_string(), "2026-12-01T07:01:00Z");
        assert!(instant("9999-12-31").is_ok());
        assert!(instant("tomorrow").is_err() && instant("2026-12-01T08:00:00").is_err());
    }

    #[test]
    fn what_cannot_be_read_is_a_blind_spot_and_changes_nothing() {
        let tags = [
            ("monitor:errors", "many"),
            ("monitor:error-rate", "5"),
            ("monitor:throttels", "3"),
            ("monitor:owner", "team-pay"),
        ];
        let own = Own::read(&Tags::new(tags.map(|(k, v)| (k.into(), v.into()))));
        let details: Vec<_> = own.unreadable.iter().map(|spot| spot.detail.as_str()).collect();
        assert_eq!(
            details,
            [
                "monitor:error-rate=5: a fraction from 0 to 1 is needed, such as 0.02 for 2 %",
                "monitor:errors=many: a number of events is needed, such as 5",
                "monitor:throttels=3: there is no such tag; monitor:throttles?",
            ]
        );
        let mut limits = Limits::default();
        own.apply(&mut limits);
        assert_eq!((limits, own.owner), (Limits::default(), Some("team-pay".into())));
    }
}
