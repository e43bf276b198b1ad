//! Carries out one request for metrics: pages are merged by query, and what did not come whole is asked for once more.

use std::{borrow::Cow, sync::Arc};

use futures::StreamExt;

use super::plan;
use crate::{
    domain::{
        account::Target,
        failure::{Failure, Kind},
        function::table_name,
        need::Stretch,
        observation::{Observation, Reading},
        series::{Metric, Of, Series},
        text::counted,
    },
    source::{MetricRequest, MetricStatus, Source, calls},
};

/// What has come of the answer to one query.
struct Gathered {
    series: Series,
    status: Option<MetricStatus>,
}

/// Asks, merges, asks again for what is not whole, and says what became of each query.
pub(super) async fn read(source: &dyn Source, target: &Target, request: &MetricRequest) -> Vec<Observation> {
    let (mut gathered, mut failed) = gather(source, target, request).await;
    let unfinished = |gathered: &Gathered| {
        matches!(gathered.status, None | Some(MetricStatus::Partial | MetricStatus::InternalError))
    };
    if failed.is_none() {
        // A request of its own for what AWS could not compute or cut short: another metric's trouble is not this one's.
        let places: Vec<usize> = (0..gathered.len()).filter(|place| unfinished(&gathered[*place])).collect();
        if !places.is_empty() {
            let queries = places.iter().map(|place| request.queries[*place].clone()).collect();
            let (again, second) = gather(source, target, &MetricRequest { queries, ..request.clone() }).await;
            for (place, again) in places.into_iter().zip(again) {
                if !unfinished(&again) {
                    gathered[place] = again;
                }
            }
            failed = second;
        }
    }
    conclude(target, request, gathered, failed)
}

/// What was read over a stretch for some check: it is no reading of the window, even where the metric is the same.
pub(super) fn more(observations: Vec<Observation>, stretch: Stretch) -> Vec<Observation> {
    let more = |observation| match observation {
        Observation::Readings { target, readings } => Observation::More { target, stretch, readings },
        // Not to be taken for the same part of what every function is read for.
        Observation::TargetFailed { target, part, failure } => {
            Observation::TargetFailed { target, part: part.map(|part| format!("{part}, for more checks")), failure }
        }
        other => other,
    };
    observations.into_iter().map(more).collect()
}

async fn gather(source: &dyn Source, target: &Target, request: &MetricRequest) -> (Vec<Gathered>, Option<Failure>) {
    let mut gathered: Vec<Gathered> = request
        .queries
        .iter()
        .map(|_| Gathered { series: Series::gaps(request.read, request.period), status: None })
        .collect();
    let mut pages = source.metrics(target, request);
    while let Some(page) = pages.next().await {
        let parts = match page {
            Ok(parts) => parts,
            Err(failure) => return (gathered, Some(failure)),
        };
        for part in parts {
            if let Some(of) = gathered.get_mut(part.query) {
                for (minute, value) in part.points {
                    of.series.set(minute, value);
                }
                of.status = Some(part.status);
            }
        }
    }
    (gathered, None)
}

fn conclude(
    target: &Target,
    request: &MetricRequest,
    gathered: Vec<Gathered>,
    failed: Option<Failure>,
) -> Vec<Observation> {
    let failed = failed.map(Arc::new);
    let mut readings: Vec<(Of, Metric, Reading)> = Vec::with_capacity(gathered.len());
    let mut unread: Vec<(Arc<Failure>, Vec<Of>)> = Vec::new();
    for ((of, metric), gathered) in request.queries.iter().zip(gathered) {
        let why = match gathered.status {
            Some(MetricStatus::Complete) => None,
            Some(MetricStatus::Forbidden) => Some(Arc::new(forbidden(*metric))),
            status => Some(failed.clone().unwrap_or_else(|| Arc::new(unfinished(*metric, status)))),
        };
        let reading = match why {
            None => Reading::Known(gathered.series),
            Some(failure) => {
                match unread.iter_mut().find(|(known, _)| *known == failure) {
                    Some((_, names)) => names.push(of.clone()),
                    None => unread.push((failure.clone(), vec![of.clone()])),
                }
                Reading::Unknown(failure)
            }
        };
        readings.push((of.clone(), *metric, reading));
    }
    let full = request.queries.len() >= plan::most(request.read, request.period);
    let functions = |names: &[Of]| {
        let tables = names.iter().all(|of| matches!(of, Of::One(name) if table_name(name.raw()).is_some()));
        counted(names.len() as u64, if tables { "table" } else { "function" })
    };
    let key = target.key();
    let mut observations = vec![Observation::Readings { target: key.clone(), readings }];
    for (failure, mut names) in unread {
        names.dedup();
        let part = match names.as_slice() {
            [one] => format!("metrics of {}", shown(one)),
            // A full request is hardly the only one, and what is unread of another is another part.
            [first, ..] if full => format!("metrics of {}, from {} on", functions(&names), shown(first)),
            more => format!("metrics of {}", functions(more)),
        };
        let failure = Failure::clone(&failure);
        observations.push(Observation::TargetFailed { target: key.clone(), part: Some(part), failure });
    }
    observations
}

fn shown(of: &Of) -> Cow<'_, str> {
    match of {
        Of::Region => Cow::Borrowed("the region as a whole"),
        Of::One(name) => name.shown(),
    }
}

fn forbidden(metric: Metric) -> Failure {
    let message = format!("CloudWatch answers Forbidden for {}", metric.as_str());
    Failure::new(calls::GET_METRIC_DATA, Kind::Denied, message)
}

fn unfinished(metric: Metric, status: Option<MetricStatus>) -> Failure {
    let (kind, said) = match status {
        Some(MetricStatus::InternalError) => (Kind::Server, "answers InternalError for"),
        Some(MetricStatus::Partial) => (Kind::Malformed, "gives only a part of"),
        _ => (Kind::Malformed, "leaves out"),
    };
    Failure::new(calls::GET_METRIC_DATA, kind, format!("CloudWatch {said} {}, asked twice", metric.as_str()))
}
