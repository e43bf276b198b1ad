//! Metrics as CloudWatch answers them: sums by period, late by some minutes, cut into pages. Knows no function's life.

use std::collections::BTreeSet;

use super::{
    Sim,
    fault::Effect,
    locked, traffic,
    world::{WorldAccount, WorldFunction, WorldTable},
};
use crate::{
    domain::{
        account::Target,
        failure::{Failure, Kind},
        function::table_name,
        series::{Metric, Of},
        window::{Minute, period_for},
    },
    source::{MetricPart, MetricRequest, MetricStatus, calls},
};

/// The most metrics that one request may ask for.
const MOST_QUERIES: usize = 500;

/// Where the metrics of tables are.
const TABLES: &str = Metric::ConsumedRead.namespace();

type Points = Vec<(Minute, f64)>;

impl Sim {
    pub(super) fn metric_pages(
        &self,
        account: &WorldAccount,
        target: &Target,
        request: &MetricRequest,
    ) -> Result<Vec<Vec<MetricPart>>, Failure> {
        check(request)?;
        let distinct: BTreeSet<_> = request.queries.iter().collect();
        // Up to five statistics of one metric are billed as one.
        let billed: BTreeSet<_> = distinct.iter().map(|(of, metric)| (of, metric.as_str())).collect();
        locked(&self.usage).metrics += billed.len() as u64;
        let mut pages = Paging { pages: vec![Vec::new()], size: self.world.pages.points.max(1), room: 0 };
        pages.room = pages.size;
        for (query, (of, metric)) in request.queries.iter().enumerate() {
            let status = self.status(target, of, *metric);
            let functions = account.functions_in(&target.region).filter(|function| match of {
                Of::Region => true,
                Of::One(name) => function.name == *name,
            });
            let mut points = match status {
                MetricStatus::Complete | MetricStatus::Partial if metric.namespace() == TABLES => {
                    let table =
                        account.tables.iter().filter(|table| table.region == target.region).find(
                            |table| matches!(of, Of::One(name) if table_name(name.raw()) == Some(table.name.raw())),
                        );
                    table.map_or_else(Points::new, |table| self.points_of_table(table, *metric, request))
                }
                MetricStatus::Complete | MetricStatus::Partial => {
                    let functions: Vec<_> = functions.collect();
                    self.points(account, &functions, *metric, request)
                }
                MetricStatus::Forbidden | MetricStatus::InternalError => Points::new(),
            };
            if status == MetricStatus::Partial {
                // The newest come first, so what is missing is the older half.
                points.truncate(points.len() / 2);
            }
            pages.add(query, points, status);
        }
        Ok(pages.pages)
    }

    fn status(&self, target: &Target, of: &Of, metric: Metric) -> MetricStatus {
        let request = self.request(calls::GET_METRIC_DATA, &target.account.id, Some(&target.region), 0);
        let hitting = self.world.faults.iter().filter(|fault| fault.hits(&request));
        let mut statuses = hitting.filter_map(|fault| match &fault.effect {
            Effect::Metrics { function, metric: only, status }
                if function.as_ref().is_none_or(|function| matches!(of, Of::One(name) if name == function))
                    && only.is_none_or(|only| only.as_str() == metric.as_str()) =>
            {
                Some(*status)
            }
            _ => None,
        });
        statuses.next().unwrap_or(MetricStatus::Complete)
    }

    /// What a scenario gives for a table. A minute in which it gives nothing has no datapoint.
    fn points_of_table(&self, table: &WorldTable, metric: Metric, request: &MetricRequest) -> Points {
        let patterns = table.metrics.iter().find(|(of, _)| *of == metric).map(|(_, patterns)| patterns.as_slice());
        let Some(patterns) = patterns else { return Points::new() };
        self.shown(metric, request, |minute, shown| {
            let value = traffic::total(patterns, Minute(minute));
            (shown >= 1.0 && value > 0).then_some(value).into_iter()
        })
    }

    /// Newest first, as AWS orders them. A period that AWS no longer keeps at that age has no points.
    fn points(
        &self,
        account: &WorldAccount,
        functions: &[&WorldFunction],
        metric: Metric,
        request: &MetricRequest,
    ) -> Points {
        let keys: Vec<_> = functions.iter().map(|function| (*function, self.world.key(account, function))).collect();
        let datapoints = |minute: i64, shown: f64| {
            keys.iter().filter_map(move |(function, key)| {
                if let Some(said) = function.traffic.said(metric, Minute(minute)) {
                    return said.filter(|_| shown >= 1.0);
                }
                let counts = function.traffic.at(*key, Minute(minute)).published(shown);
                counts.datapoint(metric, *key, Minute(minute))
            })
        };
        // What is taken in a minute is what all functions take of it together.
        self.shown(metric, request, |minute, shown| {
            let each = datapoints(minute, shown);
            let sum = (metric == Metric::ClaimedMaximum).then(|| each.clone().sum::<u32>());
            let all = sum.is_none().then_some(each).into_iter().flatten();
            sum.filter(|sum| *sum > 0).into_iter().chain(all)
        })
    }

    /// The statistic of each period over what each minute gives, as far as it is shown: of the last minute, a share.
    fn shown<I: Iterator<Item = u32>>(
        &self,
        metric: Metric,
        request: &MetricRequest,
        datapoints: impl Fn(i64, f64) -> I,
    ) -> Points {
        let now = self.now();
        let period = request.period;
        if period_for(request.read.start, Minute::floor(now)).is_none_or(|kept| kept > period) {
            return Points::new();
        }
        let shown_until = now.as_second() - self.world.delay;
        let last = Minute(shown_until.div_euclid(60) + 1);
        let read = request.read.widened(period);
        let mut points = Points::new();
        let mut start = read.start.0;
        while start < read.end.0.min(last.0) {
            let values = (start..(start + period).min(last.0))
                .flat_map(|minute| datapoints(minute, (shown_until - minute * 60) as f64 / 60.0));
            points.extend(together(metric, values).map(|value| (Minute(start), value)));
            start += period;
        }
        points.reverse();
        points
    }
}

/// The statistic over the datapoints of a period; none where there is none.
fn together(metric: Metric, values: impl Iterator<Item = u32>) -> Option<f64> {
    let (mut sum, mut most, mut n) = (0.0, 0, 0);
    for value in values {
        sum += f64::from(value);
        most = value.max(most);
        n += 1;
    }
    (n > 0).then(|| match metric {
        Metric::DurationAverage => sum / f64::from(n),
        Metric::DurationP95 => f64::from(most),
        _ if metric.statistic() == "Maximum" => f64::from(most),
        _ => sum,
    })
}

fn check(request: &MetricRequest) -> Result<(), Failure> {
    let refused = |message: &str| Err(Failure::new(calls::GET_METRIC_DATA, Kind::Other, message));
    if request.queries.len() > MOST_QUERIES {
        return refused("ValidationError: The collection MetricDataQueries must not have a size greater than 500.");
    }
    if request.read.minutes() <= 0 {
        return refused("ValidationError: The parameter StartTime must be less than the parameter EndTime.");
    }
    if !matches!(request.period, 1 | 5 | 60) {
        return refused("ValidationError: The parameter Period must be 60, 300 or 3600 here.");
    }
    Ok(())
}

/// Parts laid into pages of so many datapoints; what is cut goes on, on the next page.
struct Paging {
    pages: Vec<Vec<MetricPart>>,
    size: usize,
    room: usize,
}

impl Paging {
    fn add(&mut self, query: usize, mut points: Points, status: MetricStatus) {
        while points.len() > self.room {
            let rest = points.split_off(self.room);
            if !points.is_empty() {
                self.push(MetricPart { query, points, status: MetricStatus::Partial });
            }
            self.pages.push(Vec::new());
            self.room = self.size;
            points = rest;
        }
        self.room -= points.len();
        self.push(MetricPart { query, points, status });
    }

    fn push(&mut self, part: MetricPart) {
        if let Some(page) = self.pages.last_mut() {
            page.push(part);
        }
    }
}
