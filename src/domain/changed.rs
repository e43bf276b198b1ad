//! When a function last changed, against when it began to fail: the first thing to ask after a deployment. AWS's
//! `LastModified` moves with the configuration as well as with the code, so the word is *changed*.

use super::{finding::Finding, window::Minute};

/// `changed 4 min before the first error`. Nothing where either is not known. `period` is the minutes that a datapoint
/// covers: so exactly is it known when the failing began.
pub fn changed(at: Option<Minute>, finding: &Finding, period: i64) -> Option<String> {
    let (at, since) = (at?, finding.since?);
    let event = match finding.check {
        "errors" | "errors-baseline" => "error",
        "throttles" => "throttle",
        _ => "sign of it",
    };
    // Where the failing may have begun earlier than was read, `since` is only the first that was.
    let first = if finding.since_open { format!("first {event} that was read") } else { format!("first {event}") };
    let before = since.0 - at.0;
    Some(if before > 0 {
        // What lies that far back is hardly the reason; the word says so.
        let last = if before > RECENT { "last " } else { "" };
        format!("{last}changed {} before the {first}", span(before))
    } else if before > -period.max(1) {
        let same = if period > 1 { format!("{period} min") } else { "minute".into() };
        format!("changed in the same {same} as the {first}")
    } else {
        format!("last changed {} after the {first}", span(-before))
    })
}

/// Minutes between a change and the first failure that make it a likely reason.
const RECENT: i64 = 60;

/// A span as exactly as it matters: `47 min`, `3 h`, `12 d`. Rounded down.
fn span(minutes: i64) -> String {
    match minutes {
        ..120 => format!("{minutes} min"),
        120..2880 => format!("{} h", minutes / 60),
        _ => format!("{} d", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::finding::Severity;

    const SINCE: Minute = Minute(29_700_000);

    fn finding(check: &'static str, since: Option<Minute>, since_open: bool) -> Finding {
        Finding {
            check,
            severity: Severity::Critical,
            value: None,
            threshold: 0.05,
            unit: "share",
            threshold_source: "default".into(),
            reason: String::new(),
            since,
            since_open,
            baseline: None,
        }
    }

    fn said(before: i64) -> String {
        changed(Some(SINCE.plus(-before)), &finding("errors", Some(SINCE), false), 1).unwrap()
    }

    #[test]
    fn before_with_after_and_unknown() {
        assert_eq!(said(4), "changed 4 min before the first error");
        assert_eq!(said(60), "changed 60 min before the first error");
        assert_eq!(said(61), "last changed 61 min before the first error");
        assert_eq!(said(200), "last changed 3 h before the first error");
        assert_eq!(said(12 * 1440 + 700), "last changed 12 d before the first error");
        assert_eq!(said(0), "changed in the same minute as the first error");
        assert_eq!(said(-6), "last changed 6 min after the first error");
        let errors = finding("errors", Some(SINCE), false);
        assert_eq!(changed(None, &errors, 1), None);
        assert_eq!(changed(Some(SINCE), &finding("errors", None, false), 1), None);
    }

    #[test]
    fn no_more_is_said_than_is_known() {
        let open = finding("throttles", Some(SINCE), true);
        let said = changed(Some(SINCE.plus(-9)), &open, 1).unwrap();
        assert_eq!(said, "changed 9 min before the first throttle that was read");
        // Of a datapoint of five minutes nobody knows in which of them it began.
        let coarse =
            |before: i64| changed(Some(SINCE.plus(-before)), &finding("errors", Some(SINCE), false), 5).unwrap();
        assert_eq!(coarse(-4), "changed in the same 5 min as the first error");
        assert_eq!(coarse(-5), "last changed 5 min after the first error");
    }

    proptest! {
        #[test]
        fn the_order_is_always_told_right(before in -1_000_000i64..1_000_000) {
            let said = said(before);
            prop_assert_eq!(said.contains(" before "), before > 0);
            prop_assert_eq!(said.contains(" after "), before < 0);
            prop_assert!(!said.contains(" 0 ") && !said.contains('-'), "{}", said);
        }
    }
}
