//! Metrics as CloudWatch answers them: sums by period, late by some minutes, cut into pages. Knows no function's life.

use std::collections::BTreeSet;

use super::{
    Sim,
    fault::Effect,
    locked,
    world::{WorldAccount, WorldFunction},
};
use crate::{
    domain::{
        account::Target,
        failure::{Failure, Kind},
        series::Metric,
        text::AwsText,
        window::{Minute, period_for},
    },
    source::{MetricPart, MetricRequest, MetricStatus, calls},
};

/// The most metrics that one request may ask for.
const MOST_QUERIES: usize = 500;

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
        locked(&self.usage).metrics += distinct.len() as u64;
        let mut pages = Paging { pages: vec![Vec::new()], size: self.world.pages.points.max(1), room: 0 };
        pages.room = pages.size;
        for (query, (name, metric)) in request.queries.iter().enumerate() {
            let status = self.status(target, name, *metric);
            let function = account.functions_in(&target.region).find(|function| function.name == *name);
            let mut points = match (status, function) {
                (MetricStatus::Complete | MetricStatus::Partial, Some(function)) => {
                    self.points(account, function, *metric, request)
                }
                _ => Points::new(),
            };
            if status == MetricStatus::Partial {
                // The newest come first, so what is missing is the older half.
                points.truncate(points.len() / 2);
            }
            pages.add(query, points, status);
        }
        Ok(pages.pages)
    }

    fn status(&self, target: &Target, name: &AwsText, metric: Metric) -> MetricStatus {
        let request = self.request(calls::GET_METRIC_DATA, &target.account.id, Some(&target.region), 0);
        let hitting = self.world.faults.iter().filter(|fault| fault.hits(&request));
        let mut statuses = hitting.filter_map(|fault| match &fault.effect {
            Effect::Metrics { function, metric: only, status }
                if function.as_ref().is_none_or(|function| function == name)
                    && only.is_none_or(|only| only == metric) =>
            {
                Some(*status)
            }
            _ => None,
        });
        statuses.next().unwrap_or(MetricStatus::Complete)
    }

    /// Newest first, as AWS orders them. A period that AWS no longer keeps at that age has no points.
    fn points(
        &self,
        account: &WorldAccount,
        function: &WorldFunction,
        metric: Metric,
        request: &MetricRequest,
    ) -> Points {
        let now = self.now();
        let period = request.period;
        if period_for(request.read.start, Minute::floor(now)).is_none_or(|kept| kept > period) {
            return Points::new();
        }
        let shown_until = now.as_second() - self.world.delay;
        let last = Minute(shown_until.div_euclid(60) + 1);
        let read = request.read.widened(period);
        let key = self.world.key(account, function);
        let datapoint = |minute: i64| {
            let shown = (shown_until - minute * 60) as f64 / 60.0;
            function.traffic.at(key, Minute(minute)).published(shown).datapoint(metric)
        };
        let mut points = Points::new();
        let mut start = read.start.0;
        while start < read.end.0.min(last.0) {
            let values: Vec<_> = (start..(start + period).min(last.0)).filter_map(datapoint).collect();
            if !values.is_empty() {
                points.push((Minute(start), values.into_iter().map(f64::from).sum()));
            }
            start += period;
        }
        points.reverse();
        points
    }
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
