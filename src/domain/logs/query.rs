//! Queries of CloudWatch Logs Insights: what is known of the log groups that they look through, what is asked, and what
//! comes of it.

use jiff::Timestamp;

use super::LogEvent;
use crate::domain::text::AwsText;

/// Log groups that one query looks through at most. Source: `StartQuery`, "logGroupNames".
pub const QUERY_GROUPS: usize = 50;
/// Events that one query hands out at most here; it may be asked for 100,000, page by page. Source: `StartQuery`, "limit".
pub const QUERY_ROWS: usize = 10_000;

/// The class of a log group, which says what can be done with it. Source: CloudWatch Logs' documentation, "Log classes".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogClass {
    /// All there is.
    #[default]
    Standard,
    /// Logs Insights alone reads it.
    InfrequentAccess,
    /// For handing on elsewhere: nothing reads it.
    Delivery,
}

/// What is known of a log group beside its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupFacts {
    /// Its name.
    pub name: AwsText,
    /// Its class.
    pub class: LogClass,
    /// Bytes that it holds.
    pub stored: u64,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Days for which it keeps events; none where it keeps them for ever.
    pub retention: Option<u32>,
}

/// The least that a log group is taken to have lived for, in seconds: what a new one holds says little.
const YOUNGEST: i64 = 3600;
const DAY: i64 = 86_400;

impl GroupFacts {
    /// A log group of which nothing is known.
    pub fn new(name: AwsText) -> Self {
        Self { name, class: LogClass::Standard, stored: 0, created: None, retention: None }
    }

    /// About how many bytes were written to it in a stretch of time: as many as in any other of its life.
    pub fn bytes(&self, (from, to): (Timestamp, Timestamp), now: Timestamp) -> u64 {
        let kept = self.retention.map(|days| i64::from(days) * DAY);
        let age = self.created.map(|created| now.as_second() - created.as_second());
        let life = match (age, kept) {
            (Some(age), Some(kept)) => age.min(kept),
            (Some(age), None) => age,
            (None, Some(kept)) => kept,
            (None, None) => DAY,
        };
        let life = life.max(YOUNGEST);
        let begins = from.as_second().max(now.as_second() - life);
        let within = u64::try_from(to.as_second() - begins).unwrap_or(0);
        let bytes = u128::from(self.stored) * u128::from(within) / u128::from(life.unsigned_abs());
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// One query: the newest [`QUERY_ROWS`] events of some log groups that fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuery {
    /// The log groups by their names, [`QUERY_GROUPS`] at most.
    pub groups: Vec<AwsText>,
    /// From when on.
    pub start: Timestamp,
    /// Until when. AWS knows whole seconds here, so that some more at either end may be handed out.
    pub end: Timestamp,
    /// A regular expression that [`carry`](super::carry) wrote; none for all events.
    pub pattern: Option<String>,
}

/// How far a query has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryState {
    /// It goes on.
    Running,
    /// This is all.
    Complete,
    /// It has ended otherwise, in AWS's word: `Failed`, `Timeout`, `Cancelled`.
    Ended(AwsText),
}

/// What a query has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryAnswer {
    /// How far it has come.
    pub state: QueryState,
    /// Events with the names of their log groups, once it is complete; the newest first.
    pub events: Vec<(AwsText, LogEvent)>,
    /// Bytes that it has looked through, which is what AWS bills.
    pub scanned: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * DAY).unwrap()
    }

    #[test]
    fn a_stretch_has_its_share_of_what_is_stored() {
        let facts = GroupFacts { stored: 1000, created: Some(at(90)), ..GroupFacts::new("/shop".into()) };
        assert_eq!(facts.bytes((at(99), at(100)), at(100)), 100);
        assert_eq!(facts.bytes((at(0), at(100)), at(100)), 1000, "no more than there is");
        let kept = GroupFacts { retention: Some(2), ..facts };
        assert_eq!(kept.bytes((at(99), at(100)), at(100)), 500);
        assert_eq!(kept.bytes((at(0), at(97)), at(100)), 0, "what is not kept is not there");
        let new = GroupFacts { stored: 1000, created: Some(at(100)), ..GroupFacts::new("/shop".into()) };
        let minute = Timestamp::from_second(100 * DAY - 60).unwrap();
        assert!(new.bytes((minute, at(100)), at(100)) <= 1000);
    }
}
