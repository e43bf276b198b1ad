//! The meter: an interceptor in every client that counts what goes over the wire, attempt by attempt and page by page.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataInput;
use aws_sdk_cloudwatchlogs::operation::get_query_results::{GetQueryResultsInput, GetQueryResultsOutput};
use aws_sdk_xray::operation::{batch_get_traces::BatchGetTracesOutput, get_trace_summaries::GetTraceSummariesOutput};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
                FinalizerInterceptorContextRef,
            },
        },
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

use super::queries::scanned;
use crate::{domain::usage::Usage, source::calls};

/// Counts requests by operation, the metrics that `GetMetricData` bills, the traces that X-Ray does, and what queries and
/// live tails of logs cost. Clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    requests: BTreeMap<&'static str, u64>,
    metrics: u64,
    traces: u64,
    /// Bytes that each query has looked through so far.
    queries: BTreeMap<String, u64>,
    tailed: u64,
}

/// The query that is asked about.
#[derive(Debug)]
struct Asked(String);

impl Storable for Asked {
    type Storer = StoreReplace<Self>;
}

/// How many metrics one request will be billed for.
#[derive(Debug)]
struct Billed(u64);

impl Storable for Billed {
    type Storer = StoreReplace<Self>;
}

impl Meter {
    pub(super) fn usage(&self) -> Usage {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Usage {
            requests: counts.requests.clone(),
            metrics: counts.metrics,
            traces: counts.traces,
            scanned: counts.queries.values().sum(),
            tailed: counts.tailed,
        }
    }

    /// Counts minutes of a live tail that have begun.
    pub(super) fn tailed(&self, minutes: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).tailed += minutes;
    }
}

/// Up to five statistics of one metric in one request are billed as one metric.
fn billed(input: &GetMetricDataInput) -> u64 {
    let mut statistics: std::collections::HashMap<_, HashSet<&str>> = std::collections::HashMap::new();
    for stat in input.metric_data_queries().iter().filter_map(|query| query.metric_stat()) {
        let Some(metric) = stat.metric() else { continue };
        let dimensions: Vec<_> = metric.dimensions().iter().map(|d| (d.name(), d.value())).collect();
        statistics
            .entry((metric.namespace(), metric.metric_name(), dimensions))
            .or_default()
            .insert(stat.stat().unwrap_or_default());
    }
    statistics.values().map(|statistics| statistics.len().div_ceil(5) as u64).sum()
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn read_before_execution(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(input) = context.input().downcast_ref::<GetMetricDataInput>() {
            cfg.interceptor_state().store_put(Billed(billed(input)));
        }
        if let Some(id) = context.input().downcast_ref::<GetQueryResultsInput>().and_then(|input| input.query_id()) {
            cfg.interceptor_state().store_put(Asked(id.to_owned()));
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let name = cfg.load::<Metadata>().map_or("", Metadata::name);
        // S3's actions are not called as its operations are.
        let name = if matches!(name, "ListObjectsV2" | "HeadBucket") { "ListBucket" } else { name };
        let named = |action: &str| action.rsplit(':').next() == Some(name);
        let action = calls::ALL.iter().find(|call| named(call.action)).map_or("other", |call| call.action);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.requests.entry(action).or_default() += 1;
        Ok(())
    }

    /// A request that was refused is not billed; one that was answered is, even where the answer is cut on its way.
    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answered = context.response().is_some_and(|response| response.status().is_success());
        if answered && let Some(Billed(metrics)) = cfg.load::<Billed>() {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            counts.metrics += metrics;
        }
        Ok(())
    }

    /// How many traces or bytes were looked through or handed out only the answer says; a query says it again each time.
    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Ok(output)) = context.output_or_error() else { return Ok(()) };
        if let (Some(answer), Some(Asked(id))) = (output.downcast_ref::<GetQueryResultsOutput>(), cfg.load::<Asked>()) {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let so_far = counts.queries.entry(id.clone()).or_default();
            *so_far = scanned(answer).max(*so_far);
        }
        let scanned = output
            .downcast_ref::<GetTraceSummariesOutput>()
            .and_then(aws_sdk_xray::operation::get_trace_summaries::GetTraceSummariesOutput::traces_processed_count);
        let read = output.downcast_ref::<BatchGetTracesOutput>().map_or(0, |output| output.traces().len() as u64);
        let traces = read + scanned.and_then(|scanned| u64::try_from(scanned).ok()).unwrap_or(0);
        if traces > 0 {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            counts.traces += traces;
        }
        Ok(())
    }
}
