//! Metrics for whoever waits for them: a fault of slmon's own is a failure like any other.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;

use super::super::{fault_in, metrics};
use crate::{
    domain::{
        account::Target,
        observation::{Observation, Reading},
    },
    source::{MetricRequest, Source, calls},
};

/// Reads metrics; where slmon itself fails over it, each of them is unread.
pub(super) async fn read(source: &dyn Source, target: &Target, request: &MetricRequest) -> Vec<Observation> {
    let work = async { metrics::read(source, target, request).await };
    if let Ok(observations) = AssertUnwindSafe(work).catch_unwind().await {
        return observations;
    }
    let failure = Arc::new(fault_in(calls::GET_METRIC_DATA));
    let unread = |(of, metric): &(_, _)| (Clone::clone(of), *metric, Reading::Unknown(failure.clone()));
    let (target, readings) = (target.key(), request.queries.iter().map(unread).collect());
    let failed =
        Observation::TargetFailed { target: target.clone(), part: Some("metrics".into()), failure: (*failure).clone() };
    vec![Observation::Readings { target, readings }, failed]
}
