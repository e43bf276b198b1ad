//! Questions and their answers over an estate in memory, in a time that stands still.

use std::{cell::Cell, sync::Arc};

use proptest::prelude::*;
use tokio::sync::{mpsc::UnboundedSender, watch::Receiver};

use super::{flow::every, *};
use crate::{
    domain::{failure::Kind, trace::causes::ErrorGroup},
    engine::tests::entered::{Entered, entered},
    source::{calls, sim::Sim},
};

const ESTATE: &str = r#"
about = "one function of two fails since ten minutes, in one account of two"
now = "2026-11-23T10:00:00Z"
[[accounts]]
id = "111122223333"
[[accounts.functions]]
name = "pay"
tags = { monitor = "true", stage = "prod" }
traced = true
exception = "KeyError"
message = "order {n} of {id}"
invocations = 30
errors = { from = "-10m", to = "30m", per_minute = 4 }
[[accounts.functions]]
name = "quiet"
tags = { monitor = "true", stage = "prod" }
traced = true
invocations = 30
[[accounts]]
id = "444455556666"
[[accounts.functions]]
name = "other"
tags = { monitor = "true", stage = "prod" }
traced = true
invocations = 30
errors = { from = "-10m", to = "30m", per_minute = 1 }
"#;

struct Desk {
    sim: Arc<Sim>,
    targets: Vec<Target>,
    questions: UnboundedSender<Asked>,
    told: Receiver<Told>,
    version: Cell<u64>,
}

impl Desk {
    async fn new(estate: &str) -> Self {
        let Entered { sim, fleet, clock, .. } = entered(estate, false).await;
        let targets = fleet.targets().map(|state| state.target.clone()).collect();
        let (publish, told) = watch::channel(Told::default());
        let (questions, asked) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(answer(sim.clone(), asked, publish, move || clock()));
        Self { sim, targets, questions, told, version: Cell::new(0) }
    }

    fn ask(&self, question: Option<Question>, patience: u64, again: bool) {
        self.questions.send(Asked { question, patience: Duration::from_millis(patience), again }).unwrap();
    }

    fn causes(&self, function: &str) -> Question {
        let (from, to) = (Minute::floor("2026-11-23T09:30:00Z".parse().unwrap()), Minute(0));
        let target = self.targets[0].clone();
        let function = function.into();
        Question::Causes(Ask { target, function, from, to, since: None, errors: true, throttles: true, tracing: None })
    }

    fn newest(&self, all: bool, failing: &[bool]) -> Question {
        let names = [BTreeSet::from(["pay".into(), "quiet".into()]), BTreeSet::from(["other".into()])];
        let watched = self.targets.iter().zip(names).zip(failing).map(|((target, functions), failing)| Watched {
            target: target.clone(),
            functions,
            failing: *failing,
        });
        Question::Newest(Newest { function: None, all, watched: watched.collect() })
    }

    /// Lets so many seconds pass.
    async fn pass(&self, seconds: u64) -> Told {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let told = self.told.borrow().clone();
        assert!(told.version >= self.version.replace(told.version));
        told
    }

    fn requests(&self, call: &str) -> u64 {
        self.sim.usage().requests.get(call).copied().unwrap_or(0)
    }
}

#[tokio::test(start_paused = true)]
async fn who_only_passes_by_costs_nothing_and_an_answer_is_asked_for_once() {
    let desk = Desk::new(ESTATE).await;
    desk.ask(Some(desk.causes("quiet")), 300, false);
    tokio::time::sleep(Duration::from_millis(100)).await;
    desk.ask(Some(desk.causes("pay")), 300, false);
    let told = desk.pass(5).await;
    let keys: Vec<_> = told.causes.keys().map(|(_, name)| name.raw().to_owned()).collect();
    assert_eq!(keys, ["pay"], "the first was left before its time");
    let headlines: Vec<_> = told.causes.values().flat_map(|it| &it.causes.groups).map(ErrorGroup::headline).collect();
    assert_eq!(headlines, ["KeyError: order # of #"]);
    let asked = desk.requests(calls::GET_TRACE_SUMMARIES);
    desk.ask(None, 0, false);
    desk.ask(Some(desk.causes("pay")), 0, false);
    desk.pass(60).await;
    assert_eq!(desk.requests(calls::GET_TRACE_SUMMARIES), asked, "it is known already");
    desk.ask(Some(desk.causes("pay")), 0, true);
    let again = desk.pass(60).await;
    assert!(desk.requests(calls::GET_TRACE_SUMMARIES) > asked && again.causes.len() == 1);
    desk.ask(Some(desk.causes("pay")), 0, false);
    desk.pass(FRESH.cast_unsigned()).await;
    let asked = desk.requests(calls::GET_TRACE_SUMMARIES);
    desk.ask(Some(desk.causes("pay")), 0, false);
    desk.pass(5).await;
    assert!(desk.requests(calls::GET_TRACE_SUMMARIES) > asked, "what is old is asked again when somebody comes by");
}

#[tokio::test(start_paused = true)]
async fn a_trace_is_joined_and_kept_and_a_map_is_drawn() {
    let desk = Desk::new(ESTATE).await;
    desk.ask(Some(desk.causes("pay")), 0, false);
    let example = desk.pass(5).await.causes.values().next().unwrap().causes.groups[0].example.clone();
    desk.ask(Some(Question::Trace(example.clone(), desk.targets.clone())), 0, false);
    let told = desk.pass(5).await;
    let tree = told.traces[&example].tree.as_ref().unwrap();
    assert_eq!(tree.threw().unwrap().span.exceptions[0].name.as_ref().unwrap().raw(), "KeyError");
    let asked = desk.requests(calls::BATCH_GET_TRACES);
    desk.ask(Some(Question::Trace(example, desk.targets.clone())), 0, false);
    desk.pass(3600).await;
    assert_eq!(desk.requests(calls::BATCH_GET_TRACES), asked, "a trace that has ended stays as it is");
    let key = (desk.targets[0].key(), AwsText::from("pay"));
    desk.ask(Some(Question::Map(key.clone(), desk.targets.clone())), 0, false);
    let told = desk.pass(5).await;
    let map = told.map.unwrap();
    assert_eq!((&map.function, map.graph.functions(&"pay".into()).len()), (&key, 1));
}

#[tokio::test(start_paused = true)]
async fn new_traces_come_in_their_order_and_none_comes_twice() {
    let desk = Desk::new(ESTATE).await;
    desk.ask(Some(desk.newest(false, &[true, false])), 0, false);
    let mut seen: BTreeSet<AwsText> = BTreeSet::new();
    let mut before = 0;
    for _ in 0..10 {
        let newest = desk.pass(60).await.newest.unwrap();
        let ids: BTreeSet<AwsText> = newest.rows.iter().map(|seen| seen.summary.id.clone()).collect();
        assert_eq!(ids.len(), newest.rows.len(), "each once");
        assert!(newest.rows.is_sorted_by(|a, b| a.summary.start >= b.summary.start));
        assert!(newest.rows.iter().all(|seen| seen.summary.failed()));
        assert!(ids.is_superset(&seen), "none is lost");
        assert!(ids.len() > before, "new ones come");
        before = ids.len();
        seen = ids;
    }
    // Nothing is missing that one long look would find: 4 and 1 a minute, as far as they are sampled and visible.
    let whole = desk.sim.usage().requests[calls::GET_TRACE_SUMMARIES];
    assert!(whole > 100, "what fails is read every few seconds: {whole}");
    desk.ask(Some(desk.newest(true, &[false, false])), 0, false);
    let all = desk.pass(5).await.newest.unwrap();
    assert!(all.rows.iter().any(|seen| !seen.summary.failed()) && all.rows.iter().any(|seen| seen.summary.failed()));
    let quiet = desk.requests(calls::GET_TRACE_SUMMARIES);
    desk.pass(50).await;
    assert_eq!(desk.requests(calls::GET_TRACE_SUMMARIES), quiet, "where nothing fails, once a minute is enough");
    desk.ask(Some(desk.newest(true, &[true, false])), 0, false);
    desk.pass(6).await;
    assert!(desk.requests(calls::GET_TRACE_SUMMARIES) > quiet, "what begins to fail is not waited for");
    desk.ask(None, 0, false);
    desk.pass(1).await;
    let left = desk.requests(calls::GET_TRACE_SUMMARIES);
    desk.pass(3600).await;
    assert_eq!(desk.requests(calls::GET_TRACE_SUMMARIES), left, "nobody looks any more");
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_finds_what_was_read_and_pays_for_nothing_twice() {
    let desk = Desk::new(ESTATE).await;
    desk.ask(Some(desk.newest(false, &[false, false])), 0, false);
    let first = desk.pass(5).await.newest.unwrap();
    let paid = desk.sim.usage().traces;
    for n in 0..20 {
        desk.ask(Some(Question::Trace("1-6b04480a-000000000000000000000000".into(), Vec::new())), 0, false);
        desk.pass(1).await;
        desk.ask(Some(desk.newest(n % 2 == 0, &[false, false])), 0, false);
        desk.pass(1).await;
    }
    desk.ask(Some(desk.newest(false, &[false, false])), 0, false);
    let back = desk.pass(1).await.newest.unwrap();
    assert_eq!(back.read, (2, 2), "it is there at once");
    let ids = |told: &ToldNewest| told.rows.iter().map(|seen| seen.summary.id.clone()).collect::<BTreeSet<_>>();
    assert!(ids(&back).is_superset(&ids(&first)));
    // Both lists were read once, and each a minute later.
    assert!(desk.sim.usage().traces < paid * 4, "{} of {paid}", desk.sim.usage().traces);
}

#[tokio::test(start_paused = true)]
async fn who_is_denied_is_told_and_nobody_else_is_disturbed() {
    let denied =
        "\n[[faults]]\naccount = \"444455556666\"\noperation = \"xray:GetTraceSummaries\"\nfails = \"denied\"\n";
    let desk = Desk::new(&format!("{ESTATE}{denied}")).await;
    desk.ask(Some(desk.newest(false, &[true, true])), 0, false);
    let newest = desk.pass(60).await.newest.unwrap();
    assert_eq!(newest.read, (2, 2));
    let [(target, failure)] = newest.failures.as_slice() else { panic!("{:?}", newest.failures) };
    assert_eq!((target.account.id.as_str(), failure.kind), ("444455556666", Kind::Denied));
    assert!(newest.rows.len() > 10 && newest.rows.iter().all(|seen| seen.target.account.id.as_str() == "111122223333"));
    let of_denied = newest.every.1;
    assert!(of_denied >= 30, "what is forbidden is not asked for every few seconds: {of_denied}");
}

proptest! {
    #[test]
    fn whatever_is_traced_an_hour_costs_no_more_than_its_share(per_second in 0.001f64..100_000.0, share in 0.0005f64..0.1) {
        let second = per_second * crate::domain::usage::DOLLARS_PER_TRACE;
        let every = every(second, share).max(5.0);
        let window = (every + 60.0).min(300.0);
        let hourly = 3600.0 / every * window * second;
        prop_assert!(hourly <= share * 1.01, "{hourly} of {share}, every {every} s");
    }
}
