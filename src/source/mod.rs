//! The seam between what slmon asks and who answers: one method a question, in domain types.
//!
//! Answers come as futures and as pages; dropping either cancels the question. A page is one request, so that whoever
//! decorates a source can limit and time each. No failure here is retried by anybody but the AWS SDK.

pub mod aws;
pub mod calls;
pub mod limit;
#[cfg(feature = "s3")]
pub mod objects;
pub mod policy;
pub mod sim;

use futures::{future::BoxFuture, stream::BoxStream};
use jiff::Timestamp;

use crate::domain::{
    account::{Account, Region, Target},
    failure::Failure,
    function::{Configuration, Discovered, Tags},
    logs::{
        LogPage, LogRequest, Tailed,
        query::{GroupFacts, LogQuery, QueryAnswer},
    },
    roster::{Base, Caller, Entry, Listed, Organization},
    series::{Metric, Of},
    text::AwsText,
    trace::{Destination, TraceBatch, TracePage, TraceRequest, graph::Service},
    usage::Usage,
    window::{Minute, Window},
};

/// One answer, or why there is none.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Failure>>;

/// Pages in order; an empty one is not the last one. After a failure nothing follows.
pub type Pages<'a, T> = BoxStream<'a, Result<Vec<T>, Failure>>;

/// What is written to log groups from now on, about once a second, also where it is nothing. It ends with a failure, or
/// where AWS ends it, which it does after three hours.
pub type Tail<'a> = BoxStream<'a, Result<Tailed, Failure>>;

/// One request for metrics of functions or tables over a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricRequest {
    /// What is read, on bounds of the period.
    pub read: Window,
    /// Minutes a datapoint covers: 1, 5 or 60.
    pub period: i64,
    /// What of and which metrics: 500 at most, and 100,800 datapoints at most.
    pub queries: Vec<(Of, Metric)>,
}

/// How a part of the answer to one query ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricStatus {
    /// These points are all there are.
    Complete,
    /// More points follow, on a later page or in a new request.
    Partial,
    /// The caller may not read this metric.
    Forbidden,
    /// AWS could not compute this one.
    InternalError,
}

/// A part of the answer to one query; the parts of a query follow each other over pages.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricPart {
    /// The query's place in the request.
    pub query: usize,
    /// Datapoints in any order: the minute in which each starts, and the sum.
    pub points: Vec<(Minute, f64)>,
    /// How this part ended.
    pub status: MetricStatus,
}

/// Who answers. Methods about a target need its account to have been entered.
pub trait Source: Send + Sync {
    /// Who the credentials at hand belong to.
    fn caller<'a>(&'a self, base: &'a Base) -> Answer<'a, Caller>;

    /// The active accounts of an organization.
    fn accounts<'a>(&'a self, organization: &'a Organization) -> Pages<'a, Listed>;

    /// Makes an account readable: assumes its role, or sees that the credentials at hand are its own.
    fn enter<'a>(&'a self, entry: &'a Entry) -> Answer<'a, ()>;

    /// Whether the role of an entry can be assumed with this external id (none: without any) instead of its own. What
    /// that gives is thrown away: nothing is read with it, and nothing that is held changes.
    fn assumable<'a>(&'a self, entry: &'a Entry, external_id: Option<&'a str>) -> Answer<'a, bool>;

    /// The regions that are enabled in an account.
    fn regions<'a>(&'a self, account: &'a Account) -> Answer<'a, Vec<Region>>;

    /// Functions with all their tags: those that carry the tag `key`, or, without one, all that carry or once carried
    /// any. Functions that were deleted in the last hours may be among them.
    fn tagged<'a>(&'a self, target: &'a Target, key: Option<&'a str>) -> Pages<'a, Discovered>;

    /// DynamoDB tables that carry the tag `key`, with all their tags. Tables that were deleted in the last hours may be among
    /// them.
    fn tables<'a>(&'a self, target: &'a Target, key: &'a str) -> Pages<'a, Discovered>;

    /// The configuration of every function, without its tags.
    fn functions<'a>(&'a self, target: &'a Target) -> Pages<'a, Configuration>;

    /// How many instances the account may run at once in the region.
    fn concurrency<'a>(&'a self, target: &'a Target) -> Answer<'a, u32>;

    /// The tags of one function.
    fn tags<'a>(&'a self, target: &'a Target, arn: &'a AwsText) -> Answer<'a, Tags>;

    /// Metrics of functions and tables.
    fn metrics<'a>(&'a self, target: &'a Target, request: &'a MetricRequest) -> Pages<'a, MetricPart>;

    /// Traces in short, the newest first, one [`TracePage`] a page.
    fn summaries<'a>(&'a self, target: &'a Target, request: &'a TraceRequest) -> Pages<'a, TracePage>;

    /// Whole traces by their ids, [`BATCH`](crate::domain::trace::BATCH) at most: as far as the target knows them.
    fn traces<'a>(&'a self, target: &'a Target, ids: &'a [AwsText]) -> Answer<'a, TraceBatch>;

    /// Who called whom in a stretch of time, of at most [`LONGEST`](crate::domain::trace::LONGEST) minutes. The numbers
    /// of services hold over all pages.
    fn services<'a>(&'a self, target: &'a Target, span: (Timestamp, Timestamp)) -> Pages<'a, Service>;

    /// Where traces of the target go.
    fn destination<'a>(&'a self, target: &'a Target) -> Answer<'a, Destination>;

    /// Events of a log group, the oldest first, one [`LogPage`] a page.
    fn events<'a>(&'a self, target: &'a Target, request: &'a LogRequest) -> Pages<'a, LogPage>;

    /// Follows log groups by their names, [`TAIL_GROUPS`](crate::domain::logs::TAIL_GROUPS) at most.
    fn tail<'a>(&'a self, target: &'a Target, groups: &'a [AwsText], pattern: Option<&'a str>) -> Answer<'a, Tail<'a>>;

    /// What is known of log groups by their names, [`QUERY_GROUPS`](crate::domain::logs::query::QUERY_GROUPS) at most. Others
    /// may be among them, and of one that there is not nothing is known.
    fn groups<'a>(&'a self, target: &'a Target, names: &'a [AwsText]) -> Pages<'a, GroupFacts>;

    /// Begins a query of Logs Insights, which costs what it looks through, and answers its id. It goes on until it is over
    /// or [stopped](Self::stop).
    fn query<'a>(&'a self, target: &'a Target, query: &'a LogQuery) -> Answer<'a, AwsText>;

    /// How far a query has come, and what it has found.
    fn queried<'a>(&'a self, target: &'a Target, query: &'a LogQuery, id: &'a AwsText) -> Answer<'a, QueryAnswer>;

    /// Ends a query that nobody waits for any more.
    fn stop<'a>(&'a self, target: &'a Target, id: &'a AwsText) -> Answer<'a, ()>;

    /// What has been asked so far.
    fn usage(&self) -> Usage;
}
