//! What a search of logs takes, before anything is asked: the time of `FilterLogEvents`, which is free and slow, and the
//! time and the price of Logs Insights. Pure: what is known of log groups goes in.

use jiff::Timestamp;

use super::query::{GroupFacts, QUERY_GROUPS};
use crate::domain::{account::Region, usage::DOLLARS_PER_BYTE};

/// How many requests for events an account may make a second in a region. Source: CloudWatch Logs' quotas,
/// "`FilterLogEvents`".
pub fn requests_a_second(region: &Region) -> u32 {
    match region.as_str() {
        "us-east-1" => 25,
        "eu-central-1" => 5,
        _ => 10,
    }
}

/// Bytes on a page of events. Source: `FilterLogEvents`: "1 MB".
const PAGE: u64 = 1_000_000;
/// Bytes that one request looks through where a pattern leaves most of them out. Nobody documents it: taken for a few
/// pages.
const LOOKED_THROUGH: u64 = 5 * PAGE;
/// Bytes a second that one query looks through, and the seconds that each takes beside. Taken for granted, as nothing is
/// promised.
const QUERIED_A_SECOND: f64 = 500e6;
const QUERY: f64 = 4.0;
/// Queries of one target under way at once. An account may have 100, of which 30 were its own for long, and shares them
/// with its dashboards. Source: `StartQuery`.
pub const QUERIES: usize = 10;
/// Bytes that one query is to look through: what it finds is there when it ends.
pub const QUERIED: u64 = 4_000_000_000;
/// The most queries that the stretch of some log groups is cut into.
const CUTS: u64 = 24;
/// Seconds of searching for free that nobody minds.
const PATIENCE: f64 = 60.0;
/// Insights has to be so many times as fast to be worth its price.
const WORTH: f64 = 3.0;

/// By what logs are to be searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum With {
    /// By what the estimate says is better.
    #[default]
    Auto,
    /// By `FilterLogEvents`, which is free.
    Filter,
    /// By Logs Insights, which costs something and is quick.
    Insights,
}

/// What searching some log groups of one target takes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Bytes that were written to them in the stretch of time.
    pub bytes: u64,
    /// Requests by `FilterLogEvents`.
    pub requests: u64,
    /// Seconds that these take within the region's quota.
    pub filter: f64,
    /// Seconds that Logs Insights takes.
    pub insights: f64,
}

impl Estimate {
    /// What is known of log groups of a region, over a stretch of time. `narrowed` is whether a pattern leaves most of what
    /// there is out.
    pub fn of<'a>(
        groups: impl IntoIterator<Item = &'a GroupFacts>,
        region: &Region,
        span: (Timestamp, Timestamp),
        (now, narrowed): (Timestamp, bool),
    ) -> Self {
        let (mut bytes, mut requests, mut count) = (0_u64, 0_u64, 0_usize);
        for group in groups {
            let own = group.bytes(span, now);
            bytes = bytes.saturating_add(own);
            requests += pages(own, narrowed);
            count += 1;
        }
        let queries = count.div_ceil(QUERY_GROUPS) as u64 * queries(bytes);
        let rounds = queries.div_ceil(QUERIES as u64) as f64;
        Self {
            bytes,
            requests,
            filter: requests as f64 / f64::from(requests_a_second(region)),
            insights: rounds * QUERY + bytes as f64 / QUERIED_A_SECOND,
        }
    }

    /// What Logs Insights would cost, in US dollars.
    pub fn dollars(&self) -> f64 {
        self.bytes as f64 * DOLLARS_PER_BYTE
    }

    /// Whether Logs Insights is worth its price.
    pub fn is_worth_it(&self) -> bool {
        self.filter > PATIENCE && self.insights * WORTH < self.filter
    }
}

/// Requests that it takes to look through so many bytes of one log group.
pub fn pages(bytes: u64, narrowed: bool) -> u64 {
    bytes / if narrowed { LOOKED_THROUGH } else { PAGE } + 1
}

/// Queries that a stretch of time is cut into, for so many bytes.
pub fn queries(bytes: u64) -> u64 {
    bytes.div_ceil(QUERIED).clamp(1, CUTS)
}

/// About how long: `20 s`, `9 min`, `3 h`.
pub fn about(seconds: f64) -> String {
    match seconds {
        s if s < 99.5 => format!("{:.0} s", s.max(1.0)),
        s if s < 5_400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.0} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn groups(count: usize, a_day: u64) -> Vec<GroupFacts> {
        let one = GroupFacts { stored: a_day * 10, created: Some(at(0)), ..GroupFacts::new("/shop".into()) };
        vec![one; count]
    }

    fn estimate(count: usize, a_day: u64, hours: i64, region: &str) -> Estimate {
        let now = 10 * 86_400;
        let span = (at(now - hours * 3600), at(now));
        Estimate::of(&groups(count, a_day), &Region::parse(region).unwrap(), span, (at(now), true))
    }

    #[test]
    fn what_is_small_is_free_and_what_is_big_is_quick() {
        let small = estimate(50, 10_000_000, 1, "eu-west-1");
        assert_eq!((small.requests, small.filter, small.is_worth_it()), (50, 5.0, false));
        let big = estimate(50, 1_000_000_000, 24, "eu-west-1");
        assert!(big.is_worth_it() && big.filter > 900.0 && big.insights < 150.0, "{big:?}");
        assert!((big.dollars() - 0.25).abs() < 1e-9, "{big:?}");
        assert!(estimate(50, 1_000_000_000, 24, "eu-central-1").filter > big.filter * 1.9);
    }

    #[test]
    fn numbers_in_words() {
        let bytes: Vec<String> = [0, 999, 1_200, 12_000_000_000, 9_960_000_000].map(crate::domain::text::bytes).into();
        assert_eq!(bytes, ["0 B", "999 B", "1.2 kB", "12 GB", "10 GB"]);
        assert_eq!([0.2, 20.0, 540.0, 10_800.0].map(about), ["1 s", "20 s", "9 min", "3 h"]);
    }
}
