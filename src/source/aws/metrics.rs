//! Metrics: one `GetMetricData` a request, its pages as they come. Parts of one query are merged by whoever asked.

use std::sync::Arc;

use aws_sdk_cloudwatch::types::{Dimension, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode};
use aws_smithy_types::DateTime;

use super::{
    error,
    member::Member,
    paging::{again, pages},
};
use crate::{
    domain::{account::Region, function::table_name, series::Of, window::Minute},
    source::{MetricPart, MetricRequest, MetricStatus, Pages, calls},
};

pub(super) fn metrics<'a>(member: Arc<Member>, region: &Region, request: &MetricRequest) -> Pages<'a, MetricPart> {
    let client = member.cloudwatch(region);
    let queries: Vec<MetricDataQuery> = request.queries.iter().enumerate().map(|(at, _)| query(request, at)).collect();
    let start = DateTime::from_secs(request.read.start.epoch_seconds());
    let end = DateTime::from_secs(request.read.end.epoch_seconds());
    let call = client.get_metric_data().start_time(start).end_time(end).scan_by(ScanBy::TimestampAscending);
    let call = call.set_metric_data_queries(Some(queries));
    pages(move |asked| {
        let (member, call) = (member.clone(), call.clone());
        async move {
            let ask = || async {
                let call = call.clone().set_next_token(asked.clone());
                call.send().await.map_err(|error| error::failure(calls::GET_METRIC_DATA, &error))
            };
            let answer = member.call(ask).await?;
            let next = again(calls::GET_METRIC_DATA, asked.as_deref(), answer.next_token())?;
            Ok((answer.metric_data_results().iter().filter_map(part).collect(), next))
        }
    })
}

/// Ids must begin with a lower-case letter, so names can't be ids: the query's place is.
fn query(request: &MetricRequest, at: usize) -> MetricDataQuery {
    let (of, metric) = &request.queries[at];
    let dimensions = match of {
        Of::Region => None,
        Of::One(name) => {
            let (dimension, value) = match table_name(name.raw()) {
                Some(table) => ("TableName", table),
                None => ("FunctionName", name.raw()),
            };
            Some(vec![Dimension::builder().name(dimension).value(value).build()])
        }
    };
    let (statistic, namespace) = (metric.statistic(), metric.namespace());
    let metric = aws_sdk_cloudwatch::types::Metric::builder()
        .namespace(namespace)
        .metric_name(metric.as_str())
        .set_dimensions(dimensions)
        .build();
    let period = i32::try_from(request.period * 60).unwrap_or(60);
    let stat = MetricStat::builder().metric(metric).period(period).stat(statistic).build();
    MetricDataQuery::builder().id(format!("q{at}")).metric_stat(stat).return_data(true).build()
}

fn part(result: &MetricDataResult) -> Option<MetricPart> {
    let query = result.id()?.strip_prefix('q')?.parse().ok()?;
    let points = result.timestamps().iter().zip(result.values());
    let points = points.map(|(at, value)| (Minute(at.secs().div_euclid(60)), *value)).collect();
    let status = match result.status_code() {
        // As many values as timestamps, or something was lost on its way.
        _ if result.timestamps().len() != result.values().len() => MetricStatus::InternalError,
        Some(StatusCode::Complete) => MetricStatus::Complete,
        Some(StatusCode::PartialData) => MetricStatus::Partial,
        Some(StatusCode::Forbidden) => MetricStatus::Forbidden,
        _ => MetricStatus::InternalError,
    };
    Some(MetricPart { query, points, status })
}
