//! The bounds, against a source that says how many of its answers are under way. Time is tokio's, paused.

use std::collections::BTreeMap;

use futures::future::join_all;
use tokio::time::{Instant, sleep};

use super::*;
use crate::domain::{account::AccountId, logs::query::QueryState, window::Minute};

/// How many answers are under way, and how many were at most.
#[derive(Debug, Default)]
struct Gauge {
    now: BTreeMap<String, usize>,
    most: BTreeMap<String, usize>,
    most_of_all: usize,
    calls: usize,
}

/// Answers after a while that depends on the account; of those that begin with a 9, never.
#[derive(Default)]
struct Scripted {
    gauge: Mutex<Gauge>,
    latency: Duration,
}

/// One answer under way, until it is dropped.
struct UnderWay<'a>(&'a Scripted, String);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        *self.0.gauge.lock().unwrap().now.get_mut(&self.1).unwrap() -= 1;
    }
}

impl Scripted {
    async fn answer<T>(&self, account: &AccountId, region: &str, value: T) -> Result<T, Failure> {
        let key = format!("{account} {region}");
        let _under_way = {
            let mut gauge = self.gauge.lock().unwrap();
            let own = gauge.now.entry(key.clone()).or_default();
            *own += 1;
            let own = *own;
            let all = gauge.now.values().sum::<usize>();
            let most = gauge.most.entry(key.clone()).or_default();
            *most = own.max(*most);
            gauge.most_of_all = gauge.most_of_all.max(all);
            gauge.calls += 1;
            UnderWay(self, key)
        };
        if account.as_str().starts_with('9') {
            std::future::pending::<()>().await;
        }
        sleep(self.latency).await;
        Ok(value)
    }
}

impl Source for Scripted {
    fn caller<'a>(&'a self, _: &'a Base) -> Answer<'a, Caller> {
        let caller = Caller { account: id(1), partition: "aws".into(), region: None };
        async move { self.answer(&id(1), "", caller).await }.boxed()
    }

    fn accounts<'a>(&'a self, _: &'a Organization) -> Pages<'a, Listed> {
        stream::empty().boxed()
    }

    fn enter<'a>(&'a self, entry: &'a Entry) -> Answer<'a, ()> {
        self.answer(&entry.account.id, "", ()).boxed()
    }

    fn assumable<'a>(&'a self, entry: &'a Entry, _: Option<&'a str>) -> Answer<'a, bool> {
        self.answer(&entry.account.id, "", false).boxed()
    }

    fn regions<'a>(&'a self, account: &'a Account) -> Answer<'a, Vec<Region>> {
        self.answer(&account.id, "", Vec::new()).boxed()
    }

    fn tagged<'a>(&'a self, target: &'a Target, _: Option<&'a str>) -> Pages<'a, Discovered> {
        self.three_pages(target)
    }

    fn tables<'a>(&'a self, target: &'a Target, _: &'a str) -> Pages<'a, Discovered> {
        self.three_pages(target)
    }

    fn functions<'a>(&'a self, target: &'a Target) -> Pages<'a, Configuration> {
        self.three_pages(target)
    }

    fn tags<'a>(&'a self, target: &'a Target, _: &'a AwsText) -> Answer<'a, Tags> {
        self.answer(&target.account.id, target.region.as_str(), Tags::default()).boxed()
    }

    fn metrics<'a>(&'a self, target: &'a Target, _: &'a MetricRequest) -> Pages<'a, MetricPart> {
        self.three_pages(target)
    }

    fn summaries<'a>(&'a self, target: &'a Target, _: &'a TraceRequest) -> Pages<'a, TracePage> {
        self.three_pages(target)
    }

    fn traces<'a>(&'a self, target: &'a Target, _: &'a [AwsText]) -> Answer<'a, TraceBatch> {
        self.answer(&target.account.id, target.region.as_str(), TraceBatch::default()).boxed()
    }

    fn services<'a>(&'a self, target: &'a Target, _: (Timestamp, Timestamp)) -> Pages<'a, Service> {
        self.three_pages(target)
    }

    fn concurrency<'a>(&'a self, target: &'a Target) -> Answer<'a, u32> {
        self.answer(&target.account.id, target.region.as_str(), 1000).boxed()
    }

    fn destination<'a>(&'a self, target: &'a Target) -> Answer<'a, Destination> {
        self.answer(&target.account.id, target.region.as_str(), Destination::XRay).boxed()
    }

    fn events<'a>(&'a self, target: &'a Target, _: &'a LogRequest) -> Pages<'a, LogPage> {
        self.three_pages(target)
    }

    fn tail<'a>(&'a self, target: &'a Target, _: &'a [AwsText], _: Option<&'a str>) -> Answer<'a, Tail<'a>> {
        self.answer(&target.account.id, target.region.as_str(), stream::pending().boxed()).boxed()
    }

    fn groups<'a>(&'a self, target: &'a Target, _: &'a [AwsText]) -> Pages<'a, GroupFacts> {
        self.three_pages(target)
    }

    fn query<'a>(&'a self, target: &'a Target, _: &'a LogQuery) -> Answer<'a, AwsText> {
        self.answer(&target.account.id, target.region.as_str(), AwsText::from("query")).boxed()
    }

    fn queried<'a>(&'a self, target: &'a Target, _: &'a LogQuery, _: &'a AwsText) -> Answer<'a, QueryAnswer> {
        let answer = QueryAnswer { state: QueryState::Running, events: Vec::new(), scanned: 0 };
        self.answer(&target.account.id, target.region.as_str(), answer).boxed()
    }

    fn stop<'a>(&'a self, target: &'a Target, _: &'a AwsText) -> Answer<'a, ()> {
        self.answer(&target.account.id, target.region.as_str(), ()).boxed()
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }
}

impl Scripted {
    fn three_pages<'a, T: Send + 'a>(&'a self, target: &'a Target) -> Pages<'a, T> {
        let page = move |_| self.answer(&target.account.id, target.region.as_str(), Vec::new());
        stream::iter(0..3).then(page).boxed()
    }
}

fn id(n: u64) -> AccountId {
    AccountId::parse(&format!("{n:012}")).unwrap()
}

fn target(account: AccountId, region: &str) -> Target {
    let account = Arc::new(Account { id: account, name: None, client: None });
    Target { account, region: Region::parse(region).unwrap() }
}

fn hanging(n: u64) -> Target {
    target(id(900_000_000_000 + n), "eu-west-1")
}

fn limited(latency: u64) -> Limited<Scripted> {
    Limited::new(Scripted { latency: Duration::from_millis(latency), ..Scripted::default() })
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(future)
}

/// Everything that can be asked of a target, many times and at once; how many pages came.
async fn ask(source: &Limited<Scripted>, target: &Target, times: usize) -> usize {
    let request =
        MetricRequest { read: crate::domain::window::Window::ending(Minute(100), 15), period: 1, queries: Vec::new() };
    let arn = AwsText::from("arn");
    let one = async || {
        let (tagged, functions, metrics, tags) = futures::join!(
            source.tagged(target, None).count(),
            source.functions(target).count(),
            source.metrics(target, &request).count(),
            source.tags(target, &arn),
        );
        tagged + functions + metrics + usize::from(tags.is_ok())
    };
    join_all((0..times).map(|_| one())).await.into_iter().sum()
}

#[test]
fn a_target_has_four_under_way_and_all_together_a_hundred_and_sixty() {
    run(async {
        let source = limited(50);
        let targets: Vec<Target> =
            (0..100).map(|n| target(id(n / 2), ["eu-west-1", "us-east-1"][(n % 2) as usize])).collect();
        let pages: usize = join_all(targets.iter().map(|target| ask(&source, target, 3))).await.into_iter().sum();
        assert_eq!(pages, 100 * 3 * 10);
        let gauge = source.inner.gauge.lock().unwrap();
        assert_eq!((gauge.most.len(), gauge.calls, gauge.most_of_all), (100, 3000, GLOBAL));
        assert!(gauge.most.values().all(|most| *most <= TARGET), "{:?}", gauge.most);
    });
}

#[test]
fn one_target_with_much_to_ask_holds_up_nobody() {
    run(async {
        let source = limited(50);
        let (busy, other) = (target(id(1), "eu-west-1"), target(id(1), "us-east-1"));
        let begun = Instant::now();
        let much = ask(&source, &busy, 200);
        let little = async {
            let answered = source.tags(&other, &"arn".into()).await.is_ok();
            (answered, begun.elapsed())
        };
        let (pages, (answered, after)) = futures::join!(much, little);
        assert_eq!((pages, answered, after), (2000, true, Duration::from_millis(50)));
        assert_eq!(source.inner.gauge.lock().unwrap().most["000000000001 eu-west-1"], TARGET);
    });
}

#[test]
fn what_hangs_gives_its_place_back_and_ends_by_itself() {
    run(async {
        let source = limited(50);
        // More hanging requests than there are places, all of them there before anybody else.
        let silent: Vec<Target> = (0..GLOBAL as u64).map(hanging).collect();
        let begun = Instant::now();
        let hang = join_all(silent.iter().map(|target| async {
            let failure = source.tags(target, &"arn".into()).await.unwrap_err();
            (failure, begun.elapsed())
        }));
        let healthy = target(id(7), "eu-west-1");
        let ask_the_healthy = async {
            tokio::task::yield_now().await;
            let answered = source.tags(&healthy, &"arn".into()).await.is_ok();
            (answered, begun.elapsed())
        };
        let (failures, (answered, after)) = futures::join!(hang, ask_the_healthy);
        assert_eq!((answered, after), (true, PATIENCE + Duration::from_millis(50)));
        for (failure, after) in failures {
            assert_eq!((failure.kind, failure.operation, after), (Kind::Timeout, calls::LIST_TAGS, CALL));
            assert_eq!(failure.message.raw(), "no answer to lambda:ListTags in 20 s");
        }
    });
}

#[test]
fn after_a_page_that_never_came_nothing_follows() {
    run(async {
        let source = limited(50);
        let target = hanging(1);
        let pages: Vec<_> = source.functions(&target).collect().await;
        let kinds: Vec<_> = pages.iter().map(|page| page.as_ref().map_err(|failure| failure.kind)).collect();
        assert_eq!(kinds, [Err(Kind::Timeout)]);
        // And what waited for its place was given it back.
        let entry = Entry {
            account: target.account.clone(),
            access: crate::domain::roster::Access::default(),
            regions: crate::domain::roster::Regions::All,
        };
        let failure = source.enter(&entry).await.unwrap_err();
        assert_eq!((failure.kind, failure.operation), (Kind::Timeout, calls::GET_CALLER_IDENTITY));
        assert_eq!(source.global.available_permits(), GLOBAL);
        assert!(source.inner.gauge.lock().unwrap().now.values().all(|now| *now == 0));
    });
}

#[test]
fn a_question_that_is_dropped_is_no_longer_asked() {
    run(async {
        let source = limited(50);
        let target = target(id(1), "eu-west-1");
        assert!(timeout(Duration::from_millis(10), source.tags(&target, &"arn".into())).await.is_err());
        assert_eq!(source.inner.gauge.lock().unwrap().now["000000000001 eu-west-1"], 0);
        assert_eq!(source.global.available_permits(), GLOBAL);
    });
}
