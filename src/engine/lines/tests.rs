//! Tests on estates in memory.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::sync::mpsc;

use super::{search::Pace, *};
use crate::{
    domain::{
        account::Region,
        failure::Kind,
        logs::{
            carry,
            estimate::{With, requests_a_second},
            groups::LogCut,
            query::GroupFacts,
        },
    },
    engine::tests::entered,
    source::{calls, sim::Sim},
};

const LOGGED: &str = r#"
about = "two functions fail, in two accounts"
now = "2026-11-23T10:00:00Z"
[[accounts]]
id = "111122223333"
[[accounts.functions]]
name = "pay"
tags = { monitor = "true", stage = "prod" }
runtime = "python3.13"
exception = "KeyError"
message = "order {n}"
invocations = 3
errors = 2
[[accounts]]
id = "444455556666"
[[accounts.functions]]
name = "ship"
tags = { monitor = "true", stage = "prod" }
runtime = "nodejs22.x"
exception = "TypeError"
message = "no route {id}"
invocations = 2
errors = 1
"#;

async fn world(more: &str) -> (Arc<Sim>, Arc<Vec<Followed>>, Timestamp) {
    entered(&format!("{LOGGED}{more}")).await
}

async fn entered(text: &str) -> (Arc<Sim>, Arc<Vec<Followed>>, Timestamp) {
    let entered = entered::entered(text, true).await;
    (entered.sim, Arc::new(followed(&entered.fleet)), entered.now.timestamp())
}

fn before(now: Timestamp, minutes: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_mins(minutes)).unwrap()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

#[tokio::test(start_paused = true)]
async fn lines_of_several_functions_are_merged_by_time() {
    let (sim, followed, now) = world("").await;
    let (found, rest) = between(&*sim, &followed, (before(now, 5), now), None, soon()).await;
    assert!(rest.is_empty() && found.len() > 20);
    assert!(found.windows(2).all(|two| two[0].1.at <= two[1].1.at));
    let both: HashSet<usize> = found.iter().map(|(place, _)| *place).collect();
    assert_eq!(both.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn of_more_than_can_be_shown_it_is_the_newest_and_from_when_on_is_known() {
    let (sim, followed, now) = world("").await;
    let one = &followed[0];
    let request =
        LogRequest { group: one.group.name.clone(), start: before(now, 120), end: now, pattern: None, stream: None };
    let read = async |most| newest(&*sim, &one.target, &request, most, soon()).await;
    let whole = read(1_000_000).await;
    assert!(whole.cut.is_none() && whole.from.is_none() && whole.events.windows(2).all(|two| two[0].at <= two[1].at));
    let (all, _) = between(&*sim, &followed[..1], (request.start, now), None, soon()).await;
    assert_eq!(whole.events.len(), all.len(), "each once");
    // Within the first stretch, and beyond it.
    for most in [20, whole.events.len() / 2] {
        let some = read(most).await;
        assert_eq!(some.events, whole.events[whole.events.len() - most..]);
        assert_eq!((some.cut, some.from.is_some()), (Some(LogCut::Enough), true));
        let shown = whole.events.iter().filter(|event| Some(event.at) > some.from).count();
        assert!(shown <= most, "all from then on is there: {shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_is_shown_whole_with_the_lines_that_dont_bear_its_id() {
    let (sim, followed, now) = world("").await;
    let span = (before(now, 5), now);
    let (found, _) = between(&*sim, &followed, span, Some("\"[ERROR] KeyError\""), soon()).await;
    let failed = &found[0].1;
    let (all, _) = between(&*sim, &followed, span, Some("\"START RequestId\""), soon()).await;
    let begun = all.iter().rev().find(|(_, event)| event.at <= failed.at && event.stream == failed.stream).unwrap();
    let id = begun.1.text.raw().split_whitespace().nth(2).unwrap();
    let (own, _) = of_request(&*sim, &followed, span, id, soon()).await;
    assert!(own.iter().any(|(_, event)| event.text.raw().starts_with("START")));
    assert!(own.last().unwrap().1.text.raw().starts_with("REPORT"), "{own:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_search_finds_in_all_accounts_and_names_what_it_could_not_read() {
    let denied = "[[faults]]\naccount = \"444455556666\"\noperation = \"logs:FilterLogEvents\"\nfails = \"denied\"\n";
    for (more, unread) in [("", 0), (denied, 1)] {
        let (sim, followed, now) = world(more).await;
        let mut hits: HashMap<usize, usize> = HashMap::new();
        let mut last = Searched::default();
        let span = (before(now, 120), now);
        let pattern = pattern::any_of(&["KeyError", "TypeError"]);
        let failures = search(&*sim, &followed, span, Some(&pattern), soon(), |place, events, searched| {
            *hits.entry(place).or_default() += events.len();
            last = searched;
        })
        .await;
        assert_eq!((failures.len(), last.done, last.all), (unread, 4, 4));
        let found: Vec<usize> = hits.into_values().filter(|hits| *hits > 60).collect();
        assert_eq!(found.len(), 2 - unread);
    }
}

#[tokio::test(start_paused = true)]
async fn a_search_keeps_to_the_quota_of_each_target() {
    let pace = Pace::new(requests_a_second(&Region::parse("eu-central-1").unwrap()));
    let began = Instant::now();
    for _ in 0..11 {
        pace.turn().await;
    }
    assert_eq!(began.elapsed().as_millis(), 2000);
}

#[tokio::test(start_paused = true)]
async fn what_is_written_is_heard_by_live_tail_and_where_that_is_denied_by_asking() {
    let denied = "[[faults]]\noperation = \"logs:StartLiveTail\"\nfails = \"denied\"\n";
    for (more, asked) in [("", false), (denied, true)] {
        let (sim, followed, now) = world(more).await;
        let began = Instant::now();
        let clock = Arc::new(move || now.checked_add(SignedDuration::try_from(began.elapsed()).unwrap()).unwrap());
        let (send, mut heard) = mpsc::channel(64);
        let following = tokio::spawn(follow(sim, followed, None, clock, send));
        let (mut remarks, mut found): (Vec<String>, HashSet<(usize, Timestamp, AwsText)>) = Default::default();
        let mut events = 0;
        while found.len() < 20 {
            match heard.recv().await.unwrap() {
                Heard::Remark(remark) | Heard::Polls(remark) => remarks.push(remark),
                Heard::Events(more) => {
                    events += more.len();
                    found.extend(more.into_iter().map(|(place, event)| (place, event.at, event.text)));
                }
            }
        }
        assert_eq!(events, found.len(), "nothing twice");
        assert_eq!(remarks.iter().any(|remark| remark.starts_with("no live tail")), asked, "{remarks:?}");
        drop(heard);
        following.await.unwrap();
    }
}

/// What a search brings, and what is left of it.
struct Brought {
    plan: Plan,
    hits: HashMap<usize, usize>,
    hunted: Hunted,
}

async fn bring(sim: &Sim, followed: &[Followed], with: With, span: (Timestamp, Timestamp), dollars: f64) -> Brought {
    let (filter, regex) = (pattern::any_of(&["KeyError", "TypeError"]), carry::insights("KeyError|TypeError"));
    let wanted = Wanted { span, now: span.1, filter: Some(&filter), regex: regex.as_deref(), with };
    let (purse, open) = (Purse::new(dollars), Open::default());
    let plan = plan(sim, followed, &wanted, &purse, soon()).await;
    let mut hits: HashMap<usize, usize> = HashMap::new();
    let spending = Spending { purse: &purse, open: &open };
    let hunted = hunt(sim, (followed, &plan), &wanted, spending, soon(), |place, events: Vec<LogEvent>, _| {
        assert!(events.iter().all(|event| span.0 <= event.at && event.at < span.1));
        *hits.entry(place).or_default() += events.len();
    })
    .await;
    assert!(open.stop_all(sim).await.is_empty());
    hits.retain(|_, hits| *hits > 0);
    Brought { plan, hits, hunted }
}

#[tokio::test(start_paused = true)]
async fn logs_insights_finds_what_filter_log_events_finds_and_its_bytes_are_counted() {
    let (sim, followed, now) = world("").await;
    let span = (before(now, 120), now);
    let free = bring(&sim, &followed, With::Filter, span, 0.10).await;
    assert_eq!(sim.usage().scanned, 0);
    let paid = bring(&sim, &followed, With::Insights, span, 0.10).await;
    assert_eq!((paid.plan.by_filter.len(), paid.plan.batches.len()), (0, 2));
    assert!(paid.hits == free.hits && free.hits.len() == 2, "{:?} {:?}", free.hits, paid.hits);
    assert!(paid.plan.told[0].starts_with("Logs Insights for 2 logs: looks through about "), "{:?}", paid.plan.told);
    let usage = sim.usage();
    assert!(usage.scanned > 10_000 && usage.dollars_exactly() > 0.0, "{usage:?}");
    assert_eq!((paid.hunted.unread.len(), sim.open_queries()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_small_is_searched_for_free_and_what_nothing_else_reads_by_insights() {
    let world = LOGGED.replace("message = \"no route {id}\"", "message = \"no route {id}\"\ninfrequent = true");
    let (sim, followed, now) = entered(&world).await;
    let span = (before(now, 120), now);
    let brought = bring(&sim, &followed, With::Auto, span, 0.10).await;
    let ways = (brought.plan.by_filter.len(), brought.plan.batches.len(), brought.plan.unread.len());
    assert_eq!((ways, brought.hits.len(), brought.hunted.unread.len()), ((1, 1, 0), 2, 0));
    assert!(brought.plan.told.iter().any(|told| told.contains("nothing else reads the class Infrequent Access")));
    // Without money it is named, with what mends it; and what is free costs nothing.
    let poor = bring(&sim, &followed, With::Auto, span, 0.0).await;
    assert_eq!((poor.plan.batches.len(), poor.hits.len()), (0, 1));
    let failure = &poor.plan.unread[0].1;
    assert!(
        failure.hint.contains("--max-cost") && failure.message.raw().contains("Logs Insights would"),
        "{failure:?}"
    );
    // Asked for by the way that can't, it says which can.
    let (open, purse) = (Open::default(), Purse::new(0.10));
    let spending = Spending { purse: &purse, open: &open };
    let (lines, rest, said) = infrequent(&*sim, &followed[1..], span, Some("no route"), (spending, soon())).await;
    assert!(lines.len() > 60 && rest.is_empty() && said.len() == 1, "{} {rest:?} {said:?}", lines.len());
    assert!(lines.iter().all(|(place, event)| *place == 0 && event.text.raw().contains("no route")));
    let (every, ..) = infrequent(&*sim, &followed[1..], span, None, (spending, soon())).await;
    assert!(every.len() > lines.len() * 3 && every.windows(2).all(|two| two[0].1.at <= two[1].1.at));
    let filtered = bring(&sim, &followed, With::Filter, span, 0.10).await;
    assert!(filtered.hunted.unread[0].1.hint.contains("--with auto"), "{:?}", filtered.hunted.unread);
}

#[tokio::test(start_paused = true)]
async fn who_may_not_describe_log_groups_searches_for_free_and_never_pays_blindly() {
    let denied = "[[faults]]\noperation = \"logs:DescribeLogGroups\"\nfails = \"denied\"\n";
    let (sim, followed, now) = world(denied).await;
    let span = (before(now, 60), now);
    let brought = bring(&sim, &followed, With::Auto, span, 0.10).await;
    assert_eq!((brought.hits.len(), brought.plan.batches.len()), (2, 0));
    let forced = bring(&sim, &followed, With::Insights, span, 0.10).await;
    assert_eq!((forced.plan.unread.len(), forced.plan.batches.len()), (2, 0));
    assert_eq!(sim.usage().scanned, 0);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_nobody_waits_for_is_stopped() {
    let (sim, followed, now) = world("").await;
    let regex = carry::insights("KeyError").unwrap();
    let span = (before(now, 120), now);
    let wanted = Wanted { span, now, filter: None, regex: Some(&regex), with: With::Insights };
    let (purse, open) = (Purse::new(0.10), Open::default());
    let plan = plan(&*sim, &followed, &wanted, &purse, soon()).await;
    let spending = Spending { purse: &purse, open: &open };
    let asking = query_all(&*sim, (&followed, &plan.batches), &wanted, spending, soon(), |_, _, _| {});
    assert!(tokio::time::timeout(Duration::from_millis(1500), asking).await.is_err());
    assert_eq!(sim.open_queries(), 2);
    assert!(open.stop_all(&*sim).await.is_empty());
    assert_eq!((sim.open_queries(), sim.usage().requests["logs:StopQuery"]), (0, 2));
    // At the deadline it stops them itself.
    let soon = Instant::now() + Duration::from_millis(1500);
    let late = query_all(&*sim, (&followed, &plan.batches), &wanted, spending, soon, |_, _, _| {}).await;
    assert_eq!((late.len(), late[0].failure.kind, sim.open_queries()), (2, Kind::Deadline, 0));
}

#[tokio::test(start_paused = true)]
async fn of_so_many_hits_that_one_query_does_not_hold_them_none_is_lost() {
    let busy = LOGGED.replace("invocations = 3\nerrors = 2", "invocations = 60\nerrors = 40");
    let (sim, followed, now) = entered(&busy).await;
    // What is written by now, while time passes.
    let span = (before(now, 230), before(now, 1));
    let every = |with| {
        let (sim, followed) = (sim.clone(), followed.clone());
        async move {
            let regex = carry::insights("RequestId|requestId").unwrap();
            let filter = pattern::any_of(&["RequestId", "requestId"]);
            let wanted = Wanted { span, now, filter: Some(&filter), regex: Some(&regex), with };
            let (purse, open) = (Purse::new(1.0), Open::default());
            let plan = plan(&*sim, &followed, &wanted, &purse, soon()).await;
            let mut ids = Vec::new();
            let mut take =
                |_: usize, events: Vec<LogEvent>, _| ids.extend(events.into_iter().filter_map(|event| event.id));
            let spending = Spending { purse: &purse, open: &open };
            hunt(&*sim, (&followed, &plan), &wanted, spending, soon(), &mut take).await;
            ids.sort();
            ids
        }
    };
    let (free, paid) = (every(With::Filter).await, every(With::Insights).await);
    assert!(free.len() > 15_000, "{}", free.len());
    assert!(free == paid, "{} {}", free.len(), paid.len());
    assert!(sim.usage().requests["logs:StartQuery"] > 2);
}

#[tokio::test(start_paused = true)]
async fn a_live_tail_ends_before_it_costs_more_than_is_allowed_and_is_asked_for_instead() {
    let (sim, followed, now) = world("").await;
    let began = Instant::now();
    let clock = Arc::new(move || now.checked_add(SignedDuration::try_from(began.elapsed()).unwrap()).unwrap());
    let (send, mut heard) = mpsc::channel(64);
    // Two live tails, in two accounts, for two minutes.
    assert_eq!(tails(&followed), 2);
    let purse = Some(Arc::new(Purse::new(0.04)));
    let following = tokio::spawn(follow_within(sim.clone(), followed, (None, purse), clock, send));
    let mut spent = 0;
    while spent < 2 {
        if let Heard::Polls(remark) = heard.recv().await.unwrap() {
            assert!(remark.contains("beyond what --max-cost allows"), "{remark}");
            spent += 1;
        }
    }
    assert!((117..=119).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    // What is written goes on being heard.
    while !matches!(heard.recv().await.unwrap(), Heard::Events(_)) {}
    drop(heard);
    following.await.unwrap();
    assert_eq!(sim.usage().tailed, 4);
}

#[tokio::test(start_paused = true)]
async fn two_hundred_logs_are_searched_as_quickly_as_the_quotas_allow() {
    // 100 in each of two accounts, and each request takes its time.
    let many = LOGGED.replace("name = \"pay\"", "name = \"pay\"\ncount = 100");
    let many = many.replace("name = \"ship\"", "name = \"ship\"\ncount = 100");
    let (sim, followed, now) = entered(&format!("{many}\n[[faults]]\nslow = \"60ms\"\n")).await;
    assert_eq!(followed.len(), 200);
    let began = Instant::now();
    let brought = bring(&sim, &followed, With::Auto, (before(now, 60), now), 0.10).await;
    assert_eq!((brought.hits.len(), brought.hunted.unread.len()), (200, 0));
    // Ten requests a second in each account: 100 of them take 9.9 s, and the sizes are asked for in two requests.
    assert!(began.elapsed() < Duration::from_millis(10_300), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_logs_insights_does_not_search_is_searched_for_free_and_nothing_is_found_twice() {
    let (sim, followed, now) = world("").await;
    let span = (before(now, 60), before(now, 1));
    let free = bring(&sim, &followed, With::Filter, span, 0.10).await;
    for operation in [calls::START_QUERY, calls::GET_QUERY_RESULTS] {
        let denied = format!("[[faults]]\noperation = \"{operation}\"\nfails = \"denied\"\n");
        let (sim, followed, _) = world(&denied).await;
        let (filter, regex) = (pattern::any_of(&["KeyError", "TypeError"]), "KeyError|TypeError");
        let wanted = Wanted { span, now, filter: Some(&filter), regex: Some(regex), with: With::Auto };
        let (purse, open) = (Purse::new(1.0), Open::default());
        let mut plan = plan(&*sim, &followed, &wanted, &purse, soon()).await;
        // Whatever the estimate says.
        plan.by_filter.clear();
        plan.batches = batches(&followed);
        let mut hits: HashMap<usize, usize> = HashMap::new();
        let spending = Spending { purse: &purse, open: &open };
        let hunted = hunt(&*sim, (&followed, &plan), &wanted, spending, soon(), |place, events: Vec<LogEvent>, _| {
            *hits.entry(place).or_default() += events.len();
        })
        .await;
        assert_eq!((hunted.unread.len(), hunted.instead.len(), sim.open_queries()), (0, 2, 0));
        hits.retain(|_, hits| *hits > 0);
        assert_eq!(hits, free.hits);
    }
}

/// All logs of each target, for Logs Insights.
fn batches(followed: &[Followed]) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for (place, one) in followed.iter().enumerate() {
        let same = |batch: &&mut Batch| batch.target == one.target && batch.groups.len() < 50;
        let facts = GroupFacts::new(one.group.name.clone());
        match batches.iter_mut().find(same) {
            Some(batch) => {
                batch.groups.push(facts);
                batch.writers.insert(one.group.name.clone(), vec![place]);
            }
            None => batches.push(Batch {
                target: one.target.clone(),
                groups: vec![facts],
                writers: [(one.group.name.clone(), vec![place])].into(),
                needed: false,
            }),
        }
    }
    batches
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_asked_for_is_said_once_and_what_never_can_is_left() {
    let world = LOGGED.replace("message = \"no route {id}\"", "message = \"no route {id}\"\ninfrequent = true");
    let faults = "[[faults]]\noperation = \"logs:StartLiveTail\"\nfails = \"denied\"\n[[faults]]\naccount = \"111122223333\"\noperation = \"logs:FilterLogEvents\"\nfails = \"server\"\nto = \"2m\"\n";
    let (sim, followed, now) = entered(&format!("{world}{faults}")).await;
    let began = Instant::now();
    let clock = Arc::new(move || now.checked_add(SignedDuration::try_from(began.elapsed()).unwrap()).unwrap());
    let (send, mut heard) = mpsc::channel(64);
    let following = tokio::spawn(follow(sim, followed, None, clock, send));
    let (mut remarks, mut first) = (Vec::new(), None);
    while first.is_none() {
        match heard.recv().await.unwrap() {
            Heard::Remark(remark) | Heard::Polls(remark) => remarks.push(remark),
            Heard::Events(events) => first = events.first().map(|(_, event)| event.at),
        }
    }
    // Two live tails that are denied, a log group that is never read and one that is read later, from where it was left.
    assert_eq!(remarks.len(), 4, "{remarks:#?}");
    assert_eq!(remarks.iter().filter(|remark| remark.contains("Logs Insights alone reads")).count(), 1, "{remarks:#?}");
    assert!(first.unwrap() < now.checked_add(SignedDuration::from_secs(60)).unwrap(), "{first:?}");
    drop(heard);
    following.await.unwrap();
}
