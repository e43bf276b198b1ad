//! Questions beside the watching: the last day of a target, and the metrics of one function over some hours. Each is asked
//! in a task of its own, and folds into no fleet.

use std::{collections::BTreeMap, sync::Arc};

use super::{super::plan, Chart, Episode, Look, guarded, recent};
use crate::{
    domain::{
        account::{Target, TargetKey},
        fleet::TargetState,
        function::{ResourceType, resource_type},
        observation::{Observation, Reading},
        series::{Metric, Of},
        text::AwsText,
        window::{Horizon, Window},
    },
    source::{MetricRequest, Source},
};

/// The metrics of a function's charts.
pub(super) const CHARTED: [Metric; 7] = [
    Metric::Errors,
    Metric::Throttles,
    Metric::Invocations,
    Metric::DurationAverage,
    Metric::DurationP95,
    Metric::DurationMaximum,
    Metric::ConcurrencyMaximum,
];

/// What came of a question.
pub(super) enum Aside {
    /// The last day of a target: what fired, or nothing where it could not be read whole.
    Day(TargetKey, Option<Vec<Episode>>),
    /// The charts of a function.
    Chart(Look, Chart),
}

/// The same of a table.
pub(super) const CHARTED_OF_TABLES: [Metric; 6] = [
    Metric::ConsumedRead,
    Metric::ConsumedWrite,
    Metric::ProvisionedRead,
    Metric::ProvisionedWrite,
    Metric::ReadThrottles,
    Metric::WriteThrottles,
];

type Readings = BTreeMap<AwsText, BTreeMap<Metric, Reading>>;

/// Asks for metrics of functions, so many at once as fit into a request; none where anything could not be read.
async fn ask(
    source: &dyn Source,
    target: &Target,
    read: Window,
    period: i64,
    queries: &[(Of, Metric)],
) -> (Readings, bool) {
    let (mut known, mut whole) = (Readings::new(), true);
    for queries in queries.chunks(plan::most(read, period)) {
        let request = MetricRequest { read, period, queries: queries.to_vec() };
        for observation in guarded::read(source, target, &request).await {
            match observation {
                Observation::Readings { readings, .. } => {
                    for (of, metric, reading) in readings {
                        if let Of::One(name) = of {
                            known.entry(name).or_default().insert(metric, reading);
                        }
                    }
                }
                Observation::TargetFailed { .. } => whole = false,
                _ => {}
            }
        }
    }
    (known, whole)
}

/// Reads the last day of a target's production, and says what fired: failures of each function, and invocations of those
/// that had any.
pub(super) async fn day(source: &dyn Source, state: Arc<TargetState>, metrics: Vec<Metric>, horizon: Horizon) -> Aside {
    let (target, key) = (&state.target, state.target.key());
    let day = Window::ending(horizon.at, recent::DAY);
    let production = state.known().iter().filter(|f| f.alerts());
    let of = |name: &AwsText| Of::One(name.clone());
    let queries: Vec<_> =
        production.flat_map(|function| metrics.iter().map(|metric| (of(&function.found.name), *metric))).collect();
    let (mut readings, whole) = ask(source, target, day, 1, &queries).await;
    if !whole {
        return Aside::Day(key, None);
    }
    let failed = |known: &BTreeMap<Metric, Reading>| {
        let happened = |reading: &Reading| matches!(reading, Reading::Known(series) if series.points().any(|(_, value)| value > 0));
        known.values().any(happened)
    };
    readings.retain(|_, known| failed(known));
    let queries: Vec<_> = readings.keys().map(|name| (of(name), Metric::Invocations)).collect();
    let (invocations, whole) = ask(source, target, day, 1, &queries).await;
    for (name, known) in invocations {
        readings.entry(name).or_default().extend(known);
    }
    let mut episodes = Vec::new();
    for (name, known) in &readings {
        if let Some(function) = recent::with_day(&state, name, known, day) {
            episodes.extend(recent::past(&key, &function, day, &horizon));
        }
        // Judging a day takes a while; whoever reads keys must not wait for it.
        tokio::task::yield_now().await;
    }
    Aside::Day(key, whole.then_some(episodes))
}

/// A chart of which nothing could be read.
pub(super) fn uncharted(look: &Look, horizon: Horizon) -> Chart {
    let (read, period) = charted(look, horizon);
    let (target, function) = (look.target.clone(), look.function.clone());
    Chart { target, function, read, period, readings: BTreeMap::new() }
}

/// The stretch of a function's charts, and the minutes of a datapoint.
fn charted(look: &Look, horizon: Horizon) -> (Window, i64) {
    let period = if look.hours <= 6 { 1 } else { 5 };
    (Window::ending(horizon.at, look.hours * 60).widened(period), period)
}

/// Reads the metrics of one function over some hours.
pub(super) async fn chart(source: &dyn Source, target: Target, look: Look, horizon: Horizon) -> Aside {
    let (read, period) = charted(&look, horizon);
    let metrics: &[Metric] = match resource_type(look.function.raw()) {
        ResourceType::Function => &CHARTED,
        ResourceType::Table => &CHARTED_OF_TABLES,
    };
    let queries: Vec<_> = metrics.iter().map(|metric| (Of::One(look.function.clone()), *metric)).collect();
    let (mut readings, _) = ask(source, &target, read, period, &queries).await;
    let readings = readings.remove(&look.function).unwrap_or_default();
    let chart = Chart { readings, ..uncharted(&look, horizon) };
    Aside::Chart(look, chart)
}
