//! A decorator that bounds: how many requests are under way, and how long each may take. It knows no AWS, and it
//! retries nothing.
//!
//! A request waits for a permit of its target first and a global one then, so that a target with much to ask holds up
//! nobody else; and a request that takes long gives its global permit back, so that hanging targets don't, either.

use std::{
    collections::HashMap,
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{FutureExt, StreamExt, stream};
use jiff::Timestamp;
use tokio::{sync::Semaphore, time::timeout};

use super::{Answer, MetricPart, MetricRequest, Pages, Source, Tail, calls};
use crate::domain::{
    account::{Account, Region, Target, TargetKey},
    failure::{Failure, Kind},
    function::{Configuration, Discovered, Tags},
    logs::{
        LogPage, LogRequest,
        query::{GroupFacts, LogQuery, QueryAnswer},
    },
    roster::{Base, Caller, Entry, Listed, Organization},
    text::AwsText,
    trace::{Destination, TraceBatch, TracePage, TraceRequest, graph::Service},
    usage::Usage,
};

/// Requests under way at once, all targets together. Beyond about 200, name resolution and connecting begin to fail.
const GLOBAL: usize = 160;
/// Requests under way at once of one target.
const TARGET: usize = 4;
/// A request that takes longer than this gives its global permit back.
const PATIENCE: Duration = Duration::from_secs(1);
/// The longest that any request may take, retries included. Longer than what the AWS client allows itself, so that its
/// own, better word comes first.
const CALL: Duration = Duration::from_secs(20);

/// A source with bounds.
pub struct Limited<S> {
    inner: S,
    global: Semaphore,
    targets: Mutex<HashMap<TargetKey, Arc<Semaphore>>>,
}

impl<S: Source> Limited<S> {
    /// Bounds a source.
    pub fn new(inner: S) -> Self {
        Self { inner, global: Semaphore::new(GLOBAL), targets: Mutex::default() }
    }

    async fn bounded<T>(
        &self,
        target: Option<&Target>,
        operation: &'static str,
        call: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        let own = target.map(|target| {
            let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
            targets.entry(target.key()).or_insert_with(|| Arc::new(Semaphore::new(TARGET))).clone()
        });
        let _own = match &own {
            Some(own) => own.acquire().await.ok(),
            None => None,
        };
        let global = self.global.acquire().await.ok();
        let mut call = pin!(call);
        if let Ok(answer) = timeout(PATIENCE, &mut call).await {
            return Ok(answer);
        }
        drop(global);
        timeout(CALL.saturating_sub(PATIENCE), call).await.map_err(|_| {
            Failure::new(operation, Kind::Timeout, format!("no answer to {operation} in {} s", CALL.as_secs()))
        })
    }

    fn answer<'a, T: Send + 'a>(
        &'a self,
        target: Option<&'a Target>,
        operation: &'static str,
        answer: Answer<'a, T>,
    ) -> Answer<'a, T> {
        async move { self.bounded(target, operation, answer).await? }.boxed()
    }

    fn pages<'a, T: Send + 'a>(
        &'a self,
        target: Option<&'a Target>,
        operation: &'static str,
        pages: Pages<'a, T>,
    ) -> Pages<'a, T> {
        stream::unfold(Some(pages), move |pages| async move {
            let mut pages = pages?;
            match self.bounded(target, operation, pages.next()).await {
                Ok(Some(Ok(page))) => Some((Ok(page), Some(pages))),
                Ok(Some(Err(failure))) | Err(failure) => Some((Err(failure), None)),
                Ok(None) => None,
            }
        })
        .boxed()
    }
}

impl<S: Source> Source for Limited<S> {
    fn caller<'a>(&'a self, base: &'a Base) -> Answer<'a, Caller> {
        self.answer(None, calls::GET_CALLER_IDENTITY, self.inner.caller(base))
    }

    fn accounts<'a>(&'a self, organization: &'a Organization) -> Pages<'a, Listed> {
        self.pages(None, calls::LIST_ACCOUNTS, self.inner.accounts(organization))
    }

    fn enter<'a>(&'a self, entry: &'a Entry) -> Answer<'a, ()> {
        let operation = if entry.access.role.is_some() { calls::ASSUME_ROLE } else { calls::GET_CALLER_IDENTITY };
        self.answer(None, operation, self.inner.enter(entry))
    }

    fn assumable<'a>(&'a self, entry: &'a Entry, external_id: Option<&'a str>) -> Answer<'a, bool> {
        self.answer(None, calls::ASSUME_ROLE, self.inner.assumable(entry, external_id))
    }

    fn regions<'a>(&'a self, account: &'a Account) -> Answer<'a, Vec<Region>> {
        self.answer(None, calls::LIST_REGIONS, self.inner.regions(account))
    }

    fn tagged<'a>(&'a self, target: &'a Target, key: Option<&'a str>) -> Pages<'a, Discovered> {
        self.pages(Some(target), calls::GET_RESOURCES, self.inner.tagged(target, key))
    }

    fn tables<'a>(&'a self, target: &'a Target, key: &'a str) -> Pages<'a, Discovered> {
        self.pages(Some(target), calls::GET_RESOURCES, self.inner.tables(target, key))
    }

    fn functions<'a>(&'a self, target: &'a Target) -> Pages<'a, Configuration> {
        self.pages(Some(target), calls::LIST_FUNCTIONS, self.inner.functions(target))
    }

    fn tags<'a>(&'a self, target: &'a Target, arn: &'a AwsText) -> Answer<'a, Tags> {
        self.answer(Some(target), calls::LIST_TAGS, self.inner.tags(target, arn))
    }

    fn metrics<'a>(&'a self, target: &'a Target, request: &'a MetricRequest) -> Pages<'a, MetricPart> {
        self.pages(Some(target), calls::GET_METRIC_DATA, self.inner.metrics(target, request))
    }

    fn summaries<'a>(&'a self, target: &'a Target, request: &'a TraceRequest) -> Pages<'a, TracePage> {
        self.pages(Some(target), calls::GET_TRACE_SUMMARIES, self.inner.summaries(target, request))
    }

    fn traces<'a>(&'a self, target: &'a Target, ids: &'a [AwsText]) -> Answer<'a, TraceBatch> {
        self.answer(Some(target), calls::BATCH_GET_TRACES, self.inner.traces(target, ids))
    }

    fn services<'a>(&'a self, target: &'a Target, span: (Timestamp, Timestamp)) -> Pages<'a, Service> {
        self.pages(Some(target), calls::GET_SERVICE_GRAPH, self.inner.services(target, span))
    }

    fn concurrency<'a>(&'a self, target: &'a Target) -> Answer<'a, u32> {
        self.answer(Some(target), calls::GET_ACCOUNT_SETTINGS, self.inner.concurrency(target))
    }

    fn destination<'a>(&'a self, target: &'a Target) -> Answer<'a, Destination> {
        self.answer(Some(target), calls::GET_TRACE_SEGMENT_DESTINATION, self.inner.destination(target))
    }

    fn events<'a>(&'a self, target: &'a Target, request: &'a LogRequest) -> Pages<'a, LogPage> {
        self.pages(Some(target), calls::FILTER_LOG_EVENTS, self.inner.events(target, request))
    }

    /// Its beginning is bounded; what follows lasts as long as somebody listens.
    fn tail<'a>(&'a self, target: &'a Target, groups: &'a [AwsText], pattern: Option<&'a str>) -> Answer<'a, Tail<'a>> {
        self.answer(Some(target), calls::START_LIVE_TAIL, self.inner.tail(target, groups, pattern))
    }

    fn groups<'a>(&'a self, target: &'a Target, names: &'a [AwsText]) -> Pages<'a, GroupFacts> {
        self.pages(Some(target), calls::DESCRIBE_LOG_GROUPS, self.inner.groups(target, names))
    }

    fn query<'a>(&'a self, target: &'a Target, query: &'a LogQuery) -> Answer<'a, AwsText> {
        self.answer(Some(target), calls::START_QUERY, self.inner.query(target, query))
    }

    fn queried<'a>(&'a self, target: &'a Target, query: &'a LogQuery, id: &'a AwsText) -> Answer<'a, QueryAnswer> {
        self.answer(Some(target), calls::GET_QUERY_RESULTS, self.inner.queried(target, query, id))
    }

    fn stop<'a>(&'a self, target: &'a Target, id: &'a AwsText) -> Answer<'a, ()> {
        self.answer(Some(target), calls::STOP_QUERY, self.inner.stop(target, id))
    }

    fn usage(&self) -> Usage {
        self.inner.usage()
    }
}

#[cfg(test)]
mod tests;
