//! Queries of an estate in memory over what its functions have written.

use std::{collections::BTreeMap, time::Duration};

use regex::Regex;
use tokio::time::Instant;

use super::logs::{KEPT, writes};
use crate::{
    domain::{
        account::Target,
        failure::{Failure, Kind},
        logs::{
            LogEvent,
            query::{GroupFacts, LogClass, LogQuery, QUERY_GROUPS, QUERY_ROWS, QueryAnswer, QueryState},
        },
        text::AwsText,
        window::Minute,
    },
    source::{
        calls,
        sim::{Sim, locked, world::WorldAccount},
    },
};

/// How long a query takes.
const TAKES: Duration = Duration::from_secs(2);
/// Minutes by which it is told how much there is.
const MEASURED: i64 = 5;

/// Queries that were begun, by their ids.
#[derive(Debug, Default)]
pub(in crate::source::sim) struct Queries(BTreeMap<AwsText, Begun>);

#[derive(Debug)]
struct Begun {
    at: Instant,
    stopped: bool,
    events: Vec<(AwsText, LogEvent)>,
    scanned: u64,
    /// Bytes that are on the meter already.
    counted: u64,
}

impl Begun {
    /// How much of it is done, from 0 to 1.
    fn part(&self) -> f64 {
        (self.at.elapsed().as_secs_f64() / TAKES.as_secs_f64()).min(1.0)
    }
}

impl Sim {
    /// What is known of log groups.
    pub(in crate::source::sim) fn group_facts(
        &self,
        account: &WorldAccount,
        target: &Target,
        names: &[AwsText],
    ) -> Vec<GroupFacts> {
        let now = Minute::floor(self.now());
        let known = names.iter().filter_map(|name| {
            let function = writes(calls::DESCRIBE_LOG_GROUPS, account, target, name).ok()?;
            let some = self.written(account, function, (now.plus(-MEASURED).timestamp(), now.timestamp()));
            let bytes: usize = some.iter().map(|event| event.text.raw().len()).sum();
            Some(GroupFacts {
                name: name.clone(),
                class: if function.infrequent { LogClass::InfrequentAccess } else { LogClass::Standard },
                stored: bytes as u64 * (KEPT / MEASURED).unsigned_abs(),
                created: Some(now.plus(-KEPT).timestamp()),
                retention: None,
            })
        });
        known.collect()
    }

    /// Begins a query; what it will have found is known at once.
    pub(in crate::source::sim) fn begin_query(
        &self,
        account: &WorldAccount,
        target: &Target,
        query: &LogQuery,
    ) -> Result<AwsText, Failure> {
        let refused = |said: String| Failure::new(calls::START_QUERY, Kind::Other, said);
        if query.groups.is_empty() || query.groups.len() > QUERY_GROUPS {
            return Err(refused(format!("InvalidParameterException: {} log groups", query.groups.len())));
        }
        let regex = query.pattern.as_deref().map(Regex::new).transpose();
        let regex = regex.map_err(|error| refused(format!("MalformedQueryException: {error}")))?;
        let (mut events, mut scanned) = (Vec::new(), 0);
        for group in &query.groups {
            let function = writes(calls::START_QUERY, account, target, group)?;
            for event in self.written(account, function, (query.start, query.end)) {
                scanned += event.text.raw().len() as u64;
                if regex.as_ref().is_none_or(|regex| regex.is_match(event.text.raw())) {
                    events.push((group.clone(), event));
                }
            }
        }
        events.sort_by_key(|(_, event)| std::cmp::Reverse(event.at));
        events.truncate(QUERY_ROWS);
        let mut queries = locked(&self.queries);
        let id = AwsText::from(format!("query-{}", queries.0.len() + 1));
        queries.0.insert(id.clone(), Begun { at: Instant::now(), stopped: false, events, scanned, counted: 0 });
        Ok(id)
    }

    /// How far a query has come.
    pub(in crate::source::sim) fn query_answer(&self, id: &AwsText) -> Result<QueryAnswer, Failure> {
        let mut queries = locked(&self.queries);
        let query = queries.0.get_mut(id).ok_or_else(|| unknown(calls::GET_QUERY_RESULTS))?;
        let part = query.part();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a count of bytes")]
        let scanned = if query.stopped { query.counted } else { (query.scanned as f64 * part) as u64 };
        locked(&self.usage).scanned += scanned.saturating_sub(query.counted);
        query.counted = scanned.max(query.counted);
        let (state, events) = match part {
            _ if query.stopped => (QueryState::Ended("Cancelled".into()), Vec::new()),
            part if part < 1.0 => (QueryState::Running, Vec::new()),
            _ => (QueryState::Complete, query.events.clone()),
        };
        Ok(QueryAnswer { state, events, scanned })
    }

    /// Ends a query.
    pub(in crate::source::sim) fn stop_query(&self, id: &AwsText) -> Result<(), Failure> {
        let mut queries = locked(&self.queries);
        let query = queries.0.get_mut(id).ok_or_else(|| unknown(calls::STOP_QUERY))?;
        query.stopped = true;
        Ok(())
    }

    /// Queries that were begun and neither ended nor stopped.
    #[cfg(test)]
    pub(crate) fn open_queries(&self) -> usize {
        locked(&self.queries).0.values().filter(|query| !query.stopped && query.part() < 1.0).count()
    }
}

fn unknown(operation: &'static str) -> Failure {
    Failure::new(operation, Kind::Other, "ResourceNotFoundException: The specified query does not exist.")
}
