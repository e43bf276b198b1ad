//! Traces: summaries page by page, whole traces, who calls whom, and where traces go.

use std::sync::Arc;

use aws_sdk_xray::types::{
    EdgeStatistics, HistogramEntry, RootCauseException, ServiceId, ServiceStatistics, TraceSegmentDestination,
    TraceSummary,
};
use aws_smithy_types::DateTime;
use jiff::Timestamp;

use super::{
    error,
    member::Member,
    paging::{again, pages},
};
use crate::{
    domain::{
        account::{AccountId, Region},
        failure::Failure,
        text::AwsText,
        trace::{
            CauseEntity, CauseService, Destination, Exception, Failing, RawTrace, RootCause, ServiceName, Summary,
            TraceBatch, TracePage, TraceRequest,
            graph::{Call, Service, Stats},
        },
    },
    source::{Pages, calls},
};

pub(super) fn summaries<'a>(member: Arc<Member>, region: &Region, request: &TraceRequest) -> Pages<'a, TracePage> {
    let client = member.xray(region);
    let call = client
        .get_trace_summaries()
        .start_time(instant(request.start))
        .end_time(instant(request.end))
        .sampling(false)
        .set_filter_expression(request.filter.as_ref().map(crate::domain::trace::TraceFilter::expression));
    pages(move |asked| {
        let (member, call) = (member.clone(), call.clone());
        async move {
            let ask = || async {
                let call = call.clone().set_next_token(asked.clone());
                call.send().await.map_err(|error| error::failure(calls::GET_TRACE_SUMMARIES, &error))
            };
            let answer = member.call(ask).await?;
            let next = again(calls::GET_TRACE_SUMMARIES, asked.as_deref(), answer.next_token())?;
            let scanned = answer.traces_processed_count().and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
            let summaries = answer.trace_summaries().iter().filter_map(summary).collect();
            Ok((vec![TracePage { summaries, scanned, last: next.is_none() }], next))
        }
    })
}

fn summary(summary: &TraceSummary) -> Option<Summary> {
    let id = summary.id()?;
    let start = summary.start_time().and_then(at).or_else(|| of_id(id))?;
    let http = summary.http();
    let request = http.and_then(|http| {
        let url = http.http_url()?;
        Some(format!("{} {url}", http.http_method().unwrap_or("")).trim().into())
    });
    // Two types of the SDK that are alike in all but their names.
    macro_rules! causes {
        ($failing:expr, $causes:expr) => {
            $causes.iter().map(|cause| {
                let services = cause.services().iter().map(|service| CauseService {
                    service: named(service.name(), service.r#type(), service.account_id()),
                    inferred: service.inferred() == Some(true),
                    path: service
                        .entity_path()
                        .iter()
                        .map(|part| entity(part.name(), part.remote(), part.exceptions()))
                        .collect(),
                });
                let client_impacting = cause.client_impacting() == Some(true);
                RootCause { failing: $failing, services: services.collect(), client_impacting }
            })
        };
    }
    let faults = causes!(Failing::Fault, summary.fault_root_causes());
    let errors = causes!(Failing::Error, summary.error_root_causes());
    Some(Summary {
        id: id.into(),
        start,
        duration: summary.duration().unwrap_or(0.0),
        response_time: summary.response_time().unwrap_or(0.0),
        fault: summary.has_fault() == Some(true),
        error: summary.has_error() == Some(true),
        throttle: summary.has_throttle() == Some(true),
        partial: summary.is_partial() == Some(true),
        status: http.and_then(aws_sdk_xray::types::Http::http_status),
        request,
        services: summary.service_ids().iter().map(service_id).collect(),
        causes: faults.chain(errors).collect(),
    })
}

fn entity(name: Option<&str>, remote: Option<bool>, exceptions: &[RootCauseException]) -> CauseEntity {
    let exceptions = exceptions.iter().map(|thrown| Exception {
        name: thrown.name().filter(|name| !name.is_empty()).map(Into::into),
        message: thrown.message().filter(|message| !message.is_empty()).map(Into::into),
    });
    CauseEntity {
        name: name.unwrap_or_default().into(),
        remote: remote == Some(true),
        exceptions: exceptions.collect(),
    }
}

fn service_id(service: &ServiceId) -> ServiceName {
    named(service.name(), service.r#type(), service.account_id())
}

fn named(name: Option<&str>, kind: Option<&str>, account: Option<&str>) -> ServiceName {
    ServiceName {
        name: name.unwrap_or("(without a name)").into(),
        kind: kind.filter(|kind| !kind.is_empty()).map(Into::into),
        account: account.and_then(AccountId::parse),
    }
}

/// The second in which a trace began stands in its id: `1-<hexadecimal seconds>-…`.
fn of_id(id: &str) -> Option<Timestamp> {
    let second = i64::from_str_radix(id.split('-').nth(1)?, 16).ok()?;
    Timestamp::from_second(second).ok()
}

fn at(time: &DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}

fn instant(at: Timestamp) -> DateTime {
    DateTime::from_secs_and_nanos(at.as_second(), at.subsec_nanosecond().max(0).cast_unsigned())
}

pub(super) async fn batch(member: &Member, region: &Region, ids: &[AwsText]) -> Result<TraceBatch, Failure> {
    let client = member.xray(region);
    let (mut batch, mut token) = (TraceBatch::default(), None);
    loop {
        let asked: Option<String> = token;
        let ask = || async {
            client
                .batch_get_traces()
                .set_trace_ids(Some(ids.iter().map(|id| id.raw().to_owned()).collect()))
                .set_next_token(asked.clone())
                .send()
                .await
                .map_err(|error| error::failure(calls::BATCH_GET_TRACES, &error))
        };
        let answer = member.call(ask).await?;
        for trace in answer.traces() {
            let Some(id) = trace.id() else { continue };
            let documents = trace.segments().iter().filter_map(|segment| {
                Some((AwsText::from(segment.id().unwrap_or_default()), segment.document()?.to_owned()))
            });
            // A trace that is large may come in parts, on several pages.
            match batch.traces.iter_mut().find(|known| known.id.raw() == id) {
                Some(known) => known.documents.extend(documents),
                None => batch.traces.push(RawTrace {
                    id: id.into(),
                    documents: documents.collect(),
                    limit_exceeded: trace.limit_exceeded() == Some(true),
                }),
            }
        }
        batch.unprocessed.extend(answer.unprocessed_trace_ids().iter().map(|id| AwsText::from(id.as_str())));
        token = again(calls::BATCH_GET_TRACES, asked.as_deref(), answer.next_token())?;
        if token.is_none() {
            return Ok(batch);
        }
    }
}

pub(super) fn services<'a>(
    member: Arc<Member>,
    region: &Region,
    (start, end): (Timestamp, Timestamp),
) -> Pages<'a, Service> {
    let call = member.xray(region).get_service_graph().start_time(instant(start)).end_time(instant(end));
    pages(move |asked| {
        let (member, call) = (member.clone(), call.clone());
        async move {
            let ask = || async {
                let call = call.clone().set_next_token(asked.clone());
                call.send().await.map_err(|error| error::failure(calls::GET_SERVICE_GRAPH, &error))
            };
            let answer = member.call(ask).await?;
            let next = again(calls::GET_SERVICE_GRAPH, asked.as_deref(), answer.next_token())?;
            Ok((answer.services().iter().filter_map(service).collect(), next))
        }
    })
}

fn service(service: &aws_sdk_xray::types::Service) -> Option<Service> {
    let calls = service.edges().iter().filter_map(|edge| {
        let stats = edge.summary_statistics().map(of_edge).unwrap_or_default();
        Some(Call {
            to: edge.reference_id()?,
            stats: Stats { histogram: histogram(edge.response_time_histogram()), ..stats },
        })
    });
    let stats = service.summary_statistics().map(of_service).unwrap_or_default();
    let own = histogram(service.response_time_histogram());
    let own = if own.is_empty() { histogram(service.duration_histogram()) } else { own };
    Some(Service {
        reference: service.reference_id()?,
        name: named(service.name(), service.r#type(), service.account_id()),
        stats: Stats { histogram: own, ..stats },
        calls: calls.collect(),
    })
}

fn histogram(entries: &[HistogramEntry]) -> Vec<(f64, u64)> {
    entries.iter().map(|entry| (entry.value(), u64::try_from(entry.count()).unwrap_or(0))).collect()
}

fn count(count: Option<i64>) -> u64 {
    count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
}

/// Two types of the SDK that are alike in all but their names.
macro_rules! stats {
    ($name:ident, $from:ty) => {
        fn $name(stats: &$from) -> Stats {
            let (errors, faults) = (stats.error_statistics(), stats.fault_statistics());
            Stats {
                ok: count(stats.ok_count()),
                errors: count(errors.and_then(|errors| errors.other_count())),
                faults: count(faults.and_then(|faults| faults.total_count())),
                throttles: count(errors.and_then(|errors| errors.throttle_count())),
                seconds: stats.total_response_time().unwrap_or(0.0),
                histogram: Vec::new(),
            }
        }
    };
}

stats!(of_service, ServiceStatistics);
stats!(of_edge, EdgeStatistics);

pub(super) async fn destination(member: &Member, region: &Region) -> Result<Destination, Failure> {
    let client = member.xray(region);
    let answer = member
        .call(|| async {
            let call = client.get_trace_segment_destination();
            call.send().await.map_err(|error| error::failure(calls::GET_TRACE_SEGMENT_DESTINATION, &error))
        })
        .await?;
    Ok(match answer.destination() {
        Some(TraceSegmentDestination::CloudWatchLogs) => Destination::CloudWatchLogs,
        _ => Destination::XRay,
    })
}
