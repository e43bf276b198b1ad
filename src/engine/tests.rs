//! The engine over the embedded estate: what is asked, what is folded, and what ends a sweep early. Time is tokio's,
//! paused, so that every test takes no time and every moment is exact.

mod accounts;
mod ends;
pub(super) mod entered;
mod following;
mod more;
mod reading;
mod search;
mod waiting;
mod watching;

use std::sync::{Mutex, PoisonError};

use futures::{FutureExt, StreamExt};
use jiff::Timestamp;

use super::{plan::Depth, *};
use crate::{
    domain::{
        account::{Account, Region, Target},
        fleet::{Function, TargetState},
        function::{Configuration, Discovered, Tags},
        logs::{
            LogPage, LogRequest,
            query::{GroupFacts, LogQuery, QueryAnswer},
        },
        observation::Reading,
        roster::{Base, Caller, Listed},
        series::Metric,
        trace::{Destination, TraceBatch, TracePage, TraceRequest, graph::Service},
        usage::Usage,
        window::Horizon,
    },
    source::{
        Answer, MetricPart, MetricRequest, Pages, Tail,
        sim::{Scenario, Sim, World},
    },
};

/// What is asked and for how long.
struct Ask {
    world: World,
    roster: Roster,
    rules: Rules,
    depth: Depth,
    limit: Duration,
    cancel_after: Option<Duration>,
    /// Cancels as the first answer to this call has come.
    cancel_with: Option<&'static str>,
}

/// What came of it.
struct Swept {
    fleet: Fleet,
    end: End,
    usage: Usage,
    took: Duration,
    log: Vec<Line>,
    progress: Vec<Progress>,
}

/// One request: when it began, and when its answer came, if it did.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    operation: &'static str,
    account: String,
    region: String,
    from: Duration,
    to: Option<Duration>,
}

fn ask(text: &str) -> Ask {
    let text = format!("now = \"2026-11-23T10:00:00Z\"\n{text}");
    let world = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}")).world;
    Ask {
        roster: world.roster(),
        world,
        rules: Rules::default(),
        depth: Depth::Judge { hidden: true, spots: false },
        limit: Duration::from_secs(30),
        cancel_after: None,
        cancel_with: None,
    }
}

impl Ask {
    /// The window over which it is judged.
    fn horizon(&self) -> Horizon {
        Horizon::new(self.world.now.plus(-3), 15, self.world.now)
    }

    fn sweep(self) -> Swept {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(self.sweep_now())
    }

    async fn sweep_now(self) -> Swept {
        let horizon = self.horizon();
        let cancel = CancellationToken::new();
        let source = Arc::new(Recorded {
            inner: Sim::new(self.world),
            begun: Instant::now(),
            log: Mutex::default(),
            cancel: self.cancel_with.map(|call| (call, cancel.clone())),
            broken: None,
        });
        let settings = Settings { horizon, depth: self.depth };
        if let Some(after) = self.cancel_after {
            let cancel = cancel.clone();
            tokio::spawn(async move {
                tokio::time::sleep(after).await;
                cancel.cancel();
            });
        }
        let (roster, rules) = (Arc::new(self.roster), Arc::new(self.rules));
        let mut progress = Vec::new();
        let (fleet, end) =
            once(source.clone(), roster, rules, settings, self.limit, &cancel, |p| progress.push(p)).await;
        let log = source.log().clone();
        Swept { fleet, end, usage: source.usage(), took: source.begun.elapsed(), log, progress }
    }
}

impl Swept {
    /// What is unread, a row each: whose, where, the call, why, and which part.
    fn rows(&self) -> Vec<String> {
        let row = |place: &str, failure: &Failure| format!("{place} {} {}", failure.operation, failure.kind.as_str());
        let listings = self.fleet.listings().iter();
        let listings = listings.map(|(client, failure)| row(client.as_ref().map_or("-", AwsText::raw), failure));
        let accounts = self
            .fleet
            .accounts()
            .filter_map(|state| state.failure.as_ref().map(|failure| row(state.entry.account.id.as_str(), failure)));
        let targets = self.fleet.targets().flat_map(|state| {
            let place = format!("{} {}", state.target.account.id, state.target.region);
            state.unread.iter().map(move |unread| {
                let part = unread.part.as_ref().map_or(String::new(), |part| format!(" ({part})"));
                row(&place, &unread.failure) + &part
            })
        });
        listings.chain(accounts).chain(targets).collect()
    }

    fn target(&self, account: &str, region: &str) -> &TargetState {
        let key = (AccountId::parse(account).unwrap(), Region::parse(region).unwrap());
        self.fleet.target(&key).unwrap_or_else(|| panic!("no target {account} {region}"))
    }

    fn function(&self, account: &str, name: &str) -> &Function {
        let state = self.target(account, "eu-west-1");
        state.known().iter().find(|f| f.found.name.raw() == name).unwrap_or_else(|| panic!("no function {name}"))
    }

    /// The names of a target's functions.
    fn names(&self, account: &str) -> Vec<&str> {
        self.target(account, "eu-west-1").known().iter().map(|function| function.found.name.raw()).collect()
    }

    /// The requests of an operation in an account; all of them where it is empty.
    fn calls(&self, operation: &str, account: &str) -> Vec<&Line> {
        let of = |line: &&Line| line.operation == operation && (account.is_empty() || line.account == account);
        self.log.iter().filter(of).collect()
    }

    /// When the last answer about an account came.
    fn done_at(&self, account: &str) -> Option<Duration> {
        self.log.iter().filter(|line| line.account == account).filter_map(|line| line.to).max()
    }

    /// The fleet never keeps still about what it does not know.
    fn keeps_nothing_to_itself(&self) {
        for state in self.fleet.accounts() {
            assert!(state.opened || state.failure.is_some(), "{:?} is silent", state.entry.account);
        }
        for state in self.fleet.targets().filter(|state| state.unread.is_empty()) {
            assert!(state.functions.is_some(), "{:?} is silent", state.target);
            for function in state.known().iter().filter(|function| function.class.watched) {
                let known = |metric| matches!(function.reading(metric), Reading::Known(_));
                let failed = matches!(&function.errors, Reading::Known(series) if series.points().any(|(_, n)| n > 0));
                let whole = known(Metric::Errors)
                    && (!function.class.alerts() || known(Metric::Throttles))
                    && (!function.class.alerts() || !failed || known(Metric::Invocations));
                assert!(whole, "{:?} is silent", function.found.name);
            }
        }
    }
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A source that writes down what is asked of it and when.
struct Recorded {
    inner: Sim,
    begun: Instant,
    log: Mutex<Vec<Line>>,
    cancel: Option<(&'static str, CancellationToken)>,
    /// From when to when no metrics can be read, and how it fails.
    broken: Option<(std::ops::Range<Duration>, Broken)>,
}

/// How reading metrics fails.
#[derive(Clone, Copy, PartialEq)]
enum Broken {
    /// By a fault of slmon's own.
    Panics,
    /// It is not allowed.
    Denied,
}

impl Recorded {
    fn log(&self) -> std::sync::MutexGuard<'_, Vec<Line>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn noted<T>(&self, operation: &'static str, place: (&str, &str), call: impl Future<Output = T>) -> T {
        let (account, region) = (place.0.to_owned(), place.1.to_owned());
        let at = self.log().len();
        self.log().push(Line { operation, account, region, from: self.begun.elapsed(), to: None });
        let answer = call.await;
        self.log()[at].to = Some(self.begun.elapsed());
        if let Some((_, cancel)) = self.cancel.as_ref().filter(|(call, _)| *call == operation) {
            cancel.cancel();
        }
        answer
    }

    fn pages<'a, T: Send + 'a>(
        &'a self,
        operation: &'static str,
        place: (&'a str, &'a str),
        pages: Pages<'a, T>,
    ) -> Pages<'a, T> {
        futures::stream::unfold(pages, move |mut pages| async move {
            // The simulation ends a stream without a request.
            let mut next = Box::pin(pages.next());
            let page = match (&mut next).now_or_never() {
                Some(None) => None,
                Some(Some(page)) => Some(self.noted(operation, place, async { page }).await),
                None => self.noted(operation, place, &mut next).await,
            };
            drop(next);
            page.map(|page| (page, pages))
        })
        .boxed()
    }
}

fn place(target: &Target) -> (&str, &str) {
    (target.account.id.as_str(), target.region.as_str())
}

impl Source for Recorded {
    fn caller<'a>(&'a self, base: &'a Base) -> Answer<'a, Caller> {
        self.noted(calls::GET_CALLER_IDENTITY, ("", ""), self.inner.caller(base)).boxed()
    }

    fn accounts<'a>(&'a self, organization: &'a Organization) -> Pages<'a, Listed> {
        self.pages(calls::LIST_ACCOUNTS, ("", ""), self.inner.accounts(organization))
    }

    fn enter<'a>(&'a self, entry: &'a Entry) -> Answer<'a, ()> {
        self.noted(enters(entry), (entry.account.id.as_str(), ""), self.inner.enter(entry)).boxed()
    }

    fn assumable<'a>(&'a self, entry: &'a Entry, external_id: Option<&'a str>) -> Answer<'a, bool> {
        self.noted(calls::ASSUME_ROLE, (entry.account.id.as_str(), ""), self.inner.assumable(entry, external_id))
            .boxed()
    }

    fn regions<'a>(&'a self, account: &'a Account) -> Answer<'a, Vec<Region>> {
        self.noted(calls::LIST_REGIONS, (account.id.as_str(), ""), self.inner.regions(account)).boxed()
    }

    fn tagged<'a>(&'a self, target: &'a Target, key: Option<&'a str>) -> Pages<'a, Discovered> {
        self.pages(calls::GET_RESOURCES, place(target), self.inner.tagged(target, key))
    }

    fn tables<'a>(&'a self, target: &'a Target, key: &'a str) -> Pages<'a, Discovered> {
        self.pages(calls::GET_RESOURCES, place(target), self.inner.tables(target, key))
    }

    fn functions<'a>(&'a self, target: &'a Target) -> Pages<'a, Configuration> {
        self.pages(calls::LIST_FUNCTIONS, place(target), self.inner.functions(target))
    }

    fn tags<'a>(&'a self, target: &'a Target, arn: &'a AwsText) -> Answer<'a, Tags> {
        self.noted(calls::LIST_TAGS, place(target), self.inner.tags(target, arn)).boxed()
    }

    fn metrics<'a>(&'a self, target: &'a Target, request: &'a MetricRequest) -> Pages<'a, MetricPart> {
        let broken = self.broken.as_ref().filter(|(when, _)| when.contains(&self.begun.elapsed()));
        assert!(broken.is_none_or(|(_, how)| *how != Broken::Panics), "a fault of slmon's own, made for a test");
        if broken.is_some() {
            let denied = Failure::new(calls::GET_METRIC_DATA, Kind::Denied, "not any more");
            return self.pages(
                calls::GET_METRIC_DATA,
                place(target),
                futures::stream::once(async { Err(denied) }).boxed(),
            );
        }
        self.pages(calls::GET_METRIC_DATA, place(target), self.inner.metrics(target, request))
    }

    fn summaries<'a>(&'a self, target: &'a Target, request: &'a TraceRequest) -> Pages<'a, TracePage> {
        self.pages(calls::GET_TRACE_SUMMARIES, place(target), self.inner.summaries(target, request))
    }

    fn traces<'a>(&'a self, target: &'a Target, ids: &'a [AwsText]) -> Answer<'a, TraceBatch> {
        self.noted(calls::BATCH_GET_TRACES, place(target), self.inner.traces(target, ids)).boxed()
    }

    fn services<'a>(&'a self, target: &'a Target, span: (Timestamp, Timestamp)) -> Pages<'a, Service> {
        self.pages(calls::GET_SERVICE_GRAPH, place(target), self.inner.services(target, span))
    }

    fn concurrency<'a>(&'a self, target: &'a Target) -> Answer<'a, u32> {
        self.noted(calls::GET_ACCOUNT_SETTINGS, place(target), self.inner.concurrency(target)).boxed()
    }

    fn destination<'a>(&'a self, target: &'a Target) -> Answer<'a, Destination> {
        self.noted(calls::GET_TRACE_SEGMENT_DESTINATION, place(target), self.inner.destination(target)).boxed()
    }

    fn events<'a>(&'a self, target: &'a Target, request: &'a LogRequest) -> Pages<'a, LogPage> {
        self.pages(calls::FILTER_LOG_EVENTS, place(target), self.inner.events(target, request))
    }

    fn tail<'a>(&'a self, target: &'a Target, groups: &'a [AwsText], pattern: Option<&'a str>) -> Answer<'a, Tail<'a>> {
        self.noted(calls::START_LIVE_TAIL, place(target), self.inner.tail(target, groups, pattern)).boxed()
    }

    fn groups<'a>(&'a self, target: &'a Target, names: &'a [AwsText]) -> Pages<'a, GroupFacts> {
        self.pages(calls::DESCRIBE_LOG_GROUPS, place(target), self.inner.groups(target, names))
    }

    fn query<'a>(&'a self, target: &'a Target, query: &'a LogQuery) -> Answer<'a, AwsText> {
        self.noted(calls::START_QUERY, place(target), self.inner.query(target, query)).boxed()
    }

    fn queried<'a>(&'a self, target: &'a Target, query: &'a LogQuery, id: &'a AwsText) -> Answer<'a, QueryAnswer> {
        self.noted(calls::GET_QUERY_RESULTS, place(target), self.inner.queried(target, query, id)).boxed()
    }

    fn stop<'a>(&'a self, target: &'a Target, id: &'a AwsText) -> Answer<'a, ()> {
        self.noted(calls::STOP_QUERY, place(target), self.inner.stop(target, id)).boxed()
    }

    fn usage(&self) -> Usage {
        self.inner.usage()
    }
}

/// Two accounts of an organization, each with a failing production function and a silent one, and each call takes
/// 10 ms.
const TWO: &str = r#"
[[accounts]]
id = "111111111111"
functions = [
    { name = "api", tags = { monitor = "true", stage = "prod" }, invocations = 60, errors = 6 },
    { name = "idle", tags = { monitor = "true", stage = "prod" } },
]
[[accounts]]
id = "222222222222"
functions = [
    { name = "api", tags = { monitor = "true", stage = "prod" }, invocations = 60, errors = 6 },
    { name = "idle", tags = { monitor = "true", stage = "prod" } },
]
[[faults]]
slow = "10ms"
"#;

const A: &str = "111111111111";
const B: &str = "222222222222";

/// `TWO` with something more broken.
fn two(fault: &str) -> Ask {
    ask(&format!("{TWO}\n[[faults]]\n{fault}"))
}
