//! The examination: tries each call once, as small as it can be, on what a sweep has found. What it learns is about
//! permissions; nothing of it goes into the fleet.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use crate::{
    domain::{
        account::{Account, Region, Target},
        doctor::{Door, Examination, Outcome, Tried},
        failure::{Failure, Kind},
        fleet::{AccountState, Fleet, TargetState},
        logs::{LogGroup, LogRequest, query::LogQuery},
        roster::{Entry, Regions},
        series::{Metric, Of},
        text::AwsText,
        trace::TraceRequest,
        window::{Horizon, Window},
    },
    source::{MetricRequest, Source, calls},
};

/// Examinations of accounts and of targets at once; the source bounds what of that goes out together.
const AT_ONCE: usize = 256;
/// An external id that no role has.
const WRONG: &str = "slmon-doctor:this-is-not-the-external-id";
/// A function that there may not be: whether metrics may be read shows all the same.
const NOBODY: &str = "slmon-doctor";
/// A query that there is not.
const NO_QUERY: &str = "00000000-0000-4000-8000-000000000000";
/// A second of which no log group holds anything.
const EPOCH: (Timestamp, Timestamp) = (Timestamp::UNIX_EPOCH, Timestamp::constant(1, 0));
/// A trace of the epoch, which there is not.
const NO_TRACE: &str = "1-00000001-000000000000000000000000";

/// Tries every call but those that `leaves_out` names on every account and target of a fleet. What is not answered by the
/// limit could not be told.
pub async fn examine(
    source: Arc<dyn Source>,
    fleet: &Fleet,
    horizon: &Horizon,
    leaves_out: &[&str],
    limit: Duration,
) -> Examination {
    let wanted = |operation: &str| !leaves_out.contains(&operation);
    let late = |operation| Outcome::Failed(Failure::new(operation, Kind::Deadline, "there was no time left for it"));
    let until = Instant::now() + limit;
    let mut examination = Examination::default();
    examination.tried.extend(out_of_reach(fleet));
    let mut jobs = Vec::new();
    for state in fleet.accounts().filter(|state| state.failure.is_none()) {
        jobs.extend(of_account(&source, state).into_iter().filter(|job| wanted(job.operation)));
    }
    for state in fleet.targets() {
        examination.tried.push(discovery(state));
        jobs.extend(of_target(&source, state, horizon).into_iter().filter(|job| wanted(job.operation)));
    }
    let tried = stream::iter(jobs).map(|job| async move {
        Tried {
            account: Some(job.account),
            region: job.region,
            operation: job.operation,
            outcome: timeout_at(until, job.work).await.unwrap_or_else(|_| late(job.operation)),
        }
    });
    examination.tried.extend(tried.buffered(AT_ONCE).collect::<Vec<_>>().await);
    let key = |tried: &Tried| {
        let account = tried.account.as_ref();
        (
            account.map(|account| (account.client.clone(), account.name.clone(), account.id.clone())),
            tried.region.clone(),
        )
    };
    examination.tried.sort_by_cached_key(key);
    let entered = fleet.accounts().filter(|state| state.failure.is_none() && state.entry.access.role.is_some());
    let doors = stream::iter(entered.map(|state| state.entry.clone())).map(|entry| {
        let source = source.clone();
        async move {
            let account = entry.account.clone();
            let knocked = timeout_at(until, knock(&*source, &entry)).await;
            let late =
                || Door::Unknown(Failure::new(calls::ASSUME_ROLE, Kind::Deadline, "there was no time left for it"));
            (account, knocked.unwrap_or_else(|_| late()))
        }
    });
    examination.doors = doors.buffered(AT_ONCE).collect().await;
    examination
}

/// One call to try.
struct Attempt {
    account: Arc<Account>,
    region: Option<Region>,
    operation: &'static str,
    work: futures::future::BoxFuture<'static, Outcome>,
}

/// What the sweep could not enter at all.
fn out_of_reach(fleet: &Fleet) -> Vec<Tried> {
    let failed = |account, failure: &Failure| Tried {
        account,
        region: None,
        operation: failure.operation,
        outcome: Outcome::Failed(failure.clone()),
    };
    let listings = fleet.listings().iter().map(|(_, failure)| failed(None, failure));
    let accounts = fleet.accounts().filter_map(|state| {
        let account = Some(state.entry.account.clone());
        match &state.failure {
            Some(failure) => Some(failed(account, failure)),
            None if state.entry.access.role.is_some() => {
                Some(Tried { account, region: None, operation: calls::ASSUME_ROLE, outcome: Outcome::Allowed })
            }
            None => None,
        }
    });
    listings.chain(accounts).collect()
}

/// What the sweep has learned already: whether functions can be found with their tags.
fn discovery(state: &TargetState) -> Tried {
    let unread = state.unread.first().map(|unread| &unread.failure);
    let failure = state.detour.as_ref().or(unread).filter(|failure| failure.operation != calls::GET_METRIC_DATA);
    Tried {
        account: Some(state.target.account.clone()),
        region: Some(state.target.region.clone()),
        operation: calls::GET_RESOURCES,
        outcome: failure.map_or(Outcome::Allowed, |failure| Outcome::Failed(failure.clone())),
    }
}

/// Only where its regions are to be found is there a need to list them.
fn of_account(source: &Arc<dyn Source>, state: &AccountState) -> Option<Attempt> {
    let account = state.entry.account.clone();
    let (source, asked) = (source.clone(), account.clone());
    (state.entry.regions == Regions::All).then(|| Attempt {
        account,
        region: None,
        operation: calls::LIST_REGIONS,
        work: Box::pin(async move { outcome(source.regions(&asked).await) }),
    })
}

fn of_target(source: &Arc<dyn Source>, state: &TargetState, horizon: &Horizon) -> Vec<Attempt> {
    let first = state.known().first();
    let attempt = |operation, work| {
        let Target { account, region } = state.target.clone();
        Attempt { account, region: Some(region), operation, work }
    };
    let name = first.map_or(AwsText::from(NOBODY), |function| function.found.name.clone());
    let read = Window::ending(horizon.at, 1);
    let request = MetricRequest { read, period: 1, queries: vec![(Of::One(name), Metric::Errors)] };
    let (here, target) = (source.clone(), state.target.clone());
    let metrics =
        async move { outcome(here.metrics(&target, &request).next().await.unwrap_or_else(|| Ok(Vec::new()))) };
    let (here, target) = (source.clone(), state.target.clone());
    let functions = async move { outcome(here.functions(&target).next().await.unwrap_or_else(|| Ok(Vec::new()))) };
    let (here, target) = (source.clone(), state.target.clone());
    let arn = first.map(|function| function.found.arn.clone());
    let tags = async move {
        match arn {
            Some(arn) => outcome(here.tags(&target, &arn).await),
            None => Outcome::NotTried("there is no function to ask for its tags".into()),
        }
    };
    let here = source.clone();
    let (target, minute) = (state.target.clone(), (read.start.timestamp(), read.end.timestamp()));
    let request = TraceRequest { start: minute.0, end: minute.1, filter: None };
    let summaries =
        async move { outcome(here.summaries(&target, &request).next().await.unwrap_or_else(|| Ok(Vec::new()))) };
    let (here, target) = (source.clone(), state.target.clone());
    let traces = async move { outcome(here.traces(&target, &[AwsText::from(NO_TRACE)]).await) };
    let (here, target) = (source.clone(), state.target.clone());
    let services =
        async move { outcome(here.services(&target, minute).next().await.unwrap_or_else(|| Ok(Vec::new()))) };
    let configuration = first.and_then(|function| function.configuration.as_ref());
    let name = first.map_or(AwsText::from(NOBODY), |function| function.found.name.clone());
    let group = LogGroup::of(&name, configuration).name;
    let (here, target, asked) = (source.clone(), state.target.clone(), group.clone());
    let events = async move {
        let request = LogRequest { group: asked, start: minute.0, end: minute.1, pattern: None, stream: None };
        found(here.events(&target, &request).next().await.unwrap_or_else(|| Ok(Vec::new())))
    };
    // It is ended as soon as it has begun.
    let (here, target, asked) = (source.clone(), state.target.clone(), group.clone());
    let tail = async move { found(here.tail(&target, &[asked], None).await.map(drop)) };
    let queries = of_queries(source, &state.target, group);
    let (here, target) = (source.clone(), state.target.clone());
    let settings = async move { outcome(here.concurrency(&target).await) };
    let (here, target) = (source.clone(), state.target.clone());
    let destination = async move { outcome(here.destination(&target).await) };
    let mut attempts = vec![
        attempt(calls::GET_TRACE_SUMMARIES, Box::pin(summaries)),
        attempt(calls::BATCH_GET_TRACES, Box::pin(traces)),
        attempt(calls::GET_SERVICE_GRAPH, Box::pin(services)),
        attempt(calls::GET_TRACE_SEGMENT_DESTINATION, Box::pin(destination)),
        attempt(calls::FILTER_LOG_EVENTS, Box::pin(events)),
        attempt(calls::START_LIVE_TAIL, Box::pin(tail)),
        attempt(calls::GET_METRIC_DATA, Box::pin(metrics)),
        attempt(calls::GET_ACCOUNT_SETTINGS, Box::pin(settings)),
        attempt(calls::LIST_FUNCTIONS, Box::pin(functions)),
        attempt(calls::LIST_TAGS, Box::pin(tags)),
    ];
    attempts.extend(queries.into_iter().map(|(operation, work)| attempt(operation, work)));
    attempts
}

type Work = futures::future::BoxFuture<'static, Outcome>;

/// Queries of logs, none of which looks through anything.
fn of_queries(source: &Arc<dyn Source>, target: &Target, group: AwsText) -> Vec<(&'static str, Work)> {
    let (here, target) = (source.clone(), target.clone());
    let names = [group.clone()];
    let (there, place) = (here.clone(), target.clone());
    let groups = async move { outcome(there.groups(&place, &names).next().await.unwrap_or_else(|| Ok(Vec::new()))) };
    let query = LogQuery { groups: vec![group], start: EPOCH.0, end: EPOCH.1, pattern: None };
    let (there, place, asked) = (here.clone(), target.clone(), query.clone());
    let begin = async move {
        let begun = there.query(&place, &asked).await;
        if let Ok(id) = &begun {
            // It has nothing to look through. Whether it can be ended is told elsewhere.
            let _ = there.stop(&place, id).await;
        }
        let begun = begun.map(drop);
        // No log group is as old as that, which is told to whoever may ask.
        if begun.as_ref().is_err_and(|failure| failure.message.raw().starts_with("MalformedQueryException")) {
            return Outcome::Allowed;
        }
        found(begun)
    };
    let (there, place) = (here.clone(), target.clone());
    let results = async move { of_no_query(there.queried(&place, &query, &NO_QUERY.into()).await) };
    let stop = async move { of_no_query(here.stop(&target, &NO_QUERY.into()).await) };
    vec![
        (calls::DESCRIBE_LOG_GROUPS, Box::pin(groups)),
        (calls::START_QUERY, Box::pin(begin)),
        (calls::GET_QUERY_RESULTS, Box::pin(results)),
        (calls::STOP_QUERY, Box::pin(stop)),
    ]
}

/// What is said of a query that there is not: who may not ask for it is told so all the same.
fn of_no_query<T>(answer: Result<T, Failure>) -> Outcome {
    let known = ["InvalidParameterException", "ResourceNotFoundException"];
    match answer {
        Err(failure) if known.iter().any(|code| failure.message.raw().starts_with(code)) => Outcome::Allowed,
        answer => outcome(answer),
    }
}

fn outcome<T>(answer: Result<T, Failure>) -> Outcome {
    answer.map_or_else(Outcome::Failed, |_| Outcome::Allowed)
}

/// The same of a log group, which there need not be: who may not read it is told so all the same.
fn found<T>(answer: Result<T, Failure>) -> Outcome {
    match answer {
        Err(failure) if failure.message.raw().starts_with("ResourceNotFoundException") => Outcome::Allowed,
        answer => outcome(answer),
    }
}

/// Whether the role opens to who does not know its external id.
async fn knock(source: &dyn Source, entry: &Entry) -> Door {
    let configured = entry.access.role.as_ref().and_then(|role| role.external_id.as_ref());
    if configured.is_none() {
        return Door::NoId;
    }
    for (id, door) in [(None, Door::Open), (Some(WRONG), Door::AnyId)] {
        match source.assumable(entry, id).await {
            Ok(true) => return door,
            Ok(false) => {}
            Err(failure) => return Door::Unknown(failure),
        }
    }
    Door::Shut
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{
        domain::{roster::Roster, rules::Rules},
        engine::{
            once,
            plan::{Depth, Settings},
        },
        source::sim::{Scenario, Sim},
    };

    /// What of a world is missing or open, a line each.
    fn found(text: &str) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let world = Scenario::parse(text).unwrap().world;
            let now = world.now;
            let sim: Arc<dyn Source> = Arc::new(Sim::new(world.clone()));
            let roster: Arc<Roster> = Arc::new(world.roster());
            let horizon = Horizon::new(now.plus(-3), 15, now);
            let settings = Settings { horizon, depth: Depth::Discover { all: false, configurations: false } };
            let (cancel, limit) = (CancellationToken::new(), Duration::from_secs(30));
            let rules = Arc::new(Rules::default());
            let (fleet, _) = once(sim.clone(), roster, rules, settings, limit, &cancel, |_| {}).await;
            let examination = examine(sim, &fleet, &horizon, &[], limit).await;
            let missing = examination.tried.iter().filter(|tried| tried.is_missing() || tried.is_unknown());
            let missing = missing.map(|tried| {
                let account = tried.account.as_ref().map_or(String::new(), |account| account.id.to_string());
                let region = tried.region.as_ref().map_or(String::new(), ToString::to_string);
                format!("{account} {region} {}", tried.operation)
            });
            let open = examination.doors.iter().filter(|(_, door)| *door != Door::Shut);
            missing.chain(open.map(|(account, door)| format!("{} {}", account.id, door.as_str()))).collect()
        })
    }

    const WORLD: &str = r#"
        about = "one account of an organization"
        now = "2026-11-23T10:00:00Z"
        regions = ["eu-west-1"]
        home = "999999999999"

        [[organizations]]
        name = "acme"
        external_id = "hush"

        [[accounts]]
        id = "111122223333"
        organization = "acme"
        external_id = "hush"

        [[accounts.functions]]
        name = "pay"
        tags = { monitor = "true", stage = "prod" }
    "#;

    #[test]
    fn where_all_is_allowed_and_the_door_is_shut_nothing_is_found() {
        assert_eq!(found(WORLD), Vec::<String>::new());
    }

    #[test]
    fn each_call_that_is_denied_is_named() {
        let operations = [
            calls::GET_METRIC_DATA,
            calls::LIST_FUNCTIONS,
            calls::LIST_TAGS,
            calls::GET_RESOURCES,
            calls::DESCRIBE_LOG_GROUPS,
            calls::START_QUERY,
            calls::GET_QUERY_RESULTS,
            calls::STOP_QUERY,
        ];
        for operation in operations {
            let fault = format!("{WORLD}\n[[faults]]\noperation = \"{operation}\"\nfails = \"denied\"\n");
            assert!(found(&fault).contains(&format!("111122223333 eu-west-1 {operation}")), "{operation}");
        }
        let shut = format!("{WORLD}\n[[faults]]\noperation = \"sts:AssumeRole\"\nfails = \"denied\"\n");
        assert_eq!(found(&shut), ["111122223333  sts:AssumeRole"]);
    }

    #[test]
    fn a_role_without_an_external_id_is_told() {
        assert_eq!(found(&WORLD.replace("external_id = \"hush\"", "")), ["111122223333 none"]);
    }

    #[test]
    fn a_role_that_opens_without_its_external_id_is_told() {
        let (before, account) = WORLD.split_once("[[accounts]]").unwrap();
        let open = format!("{before}[[accounts]]{}", account.replace("external_id = \"hush\"", ""));
        assert_eq!(found(&open), ["111122223333 not-required"]);
    }
}
