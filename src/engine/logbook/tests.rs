//! Questions about logs and their answers over an estate in memory, in a time that stands still but for what is waited for.

use std::cell::RefCell;

use tokio::{
    sync::mpsc::{UnboundedSender, unbounded_channel},
    time::{sleep, timeout},
};

use super::*;
use crate::{
    domain::{
        account::{Account, AccountId, Region, Target},
        failure::Kind,
        logs::{LogGroup, shown::Tone},
    },
    engine::{
        lines::followed,
        tests::entered::{Entered, entered},
    },
};

const ESTATE: &str = r#"
about = "one function of three fails since five minutes"
now = "2026-11-23T10:00:00Z"
[[accounts]]
id = "111122223333"
[[accounts.functions]]
name = "pay"
tags = { monitor = "true", stage = "prod" }
runtime = "python3.13"
exception = "KeyError"
message = "order {n}"
invocations = 30
errors = { from = "-5m", to = "300m", per_minute = 4 }
[[accounts.functions]]
name = "ship"
tags = { monitor = "true", stage = "prod" }
runtime = "nodejs22.x"
traced = true
invocations = 30
[[accounts.functions]]
name = "never"
tags = { monitor = "true", stage = "prod" }
traced = true
invocations = 0
"#;

struct Desk {
    all: Vec<Followed>,
    now: Timestamp,
    questions: UnboundedSender<LogAsked>,
    told: RefCell<watch::Receiver<ToldLogs>>,
}

impl Desk {
    async fn new(more: &str) -> Self {
        let Entered { sim, fleet, now, clock } = entered(&format!("{ESTATE}{more}"), true).await;
        let (publish, told) = watch::channel(ToldLogs::default());
        let (questions, asked) = unbounded_channel();
        tokio::spawn(answer(sim, asked, publish, clock));
        Self { all: followed(&fleet), now: now.timestamp(), questions, told: told.into() }
    }

    fn one(&self, name: &str) -> Followed {
        self.all.iter().find(|one| one.function.raw() == name).unwrap().clone()
    }

    fn about(&self, name: &str) -> LogAsk {
        let Followed { target, function, group } = self.one(name);
        let to = Minute::floor(self.now);
        LogAsk { target, function, group, from: to.plus(-30), to, since: None, timeout: Some(3) }
    }

    fn key(&self, name: &str) -> FunctionKey {
        let one = self.one(name);
        (one.target.key(), one.function)
    }

    fn ask(&self, question: Option<LogQuestion>) {
        self.questions.send(LogAsked { question, patience: Duration::ZERO, again: false }).unwrap();
    }

    fn lines(&self, of: LogsOf, functions: &[&str], how: How, live: bool) {
        let functions = functions.iter().map(|name| self.one(name)).collect();
        self.ask(Some(LogQuestion::Lines(LinesAsk { of, functions, how, live })));
    }

    /// What is told as soon as it is as it should be.
    #[expect(clippy::await_holding_refcell_ref, reason = "each test has one desk and one task")]
    async fn told(&self, is_good: impl Fn(&ToldLines) -> bool) -> Arc<ToldLines> {
        let mut told = self.told.borrow_mut();
        let good = told.wait_for(|told| told.lines.as_ref().is_some_and(|lines| is_good(lines)));
        timeout(Duration::from_hours(4), good).await.unwrap().unwrap().lines.clone().unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn around_a_failure_stands_the_line_that_says_it_among_others_and_its_invocation_is_marked() {
    let desk = Desk::new("").await;
    desk.lines(LogsOf::Around(desk.key("pay"), None), &["pay"], How::Around(desk.about("pay").into(), None), false);
    let told = desk.told(|told| !told.reading).await;
    let chosen = told.lines.iter().find(|line| Some(line.number) == told.chosen).unwrap();
    assert!(chosen.line.fails && chosen.line.head(false).starts_with("KeyError"), "{:?}", chosen.line.head(false));
    let own: Vec<_> = told.lines.iter().filter(|line| told.own.contains(&line.number)).collect();
    assert!(own.iter().any(|line| line.number == chosen.number));
    assert!(own.len() >= 4 && own.len() < told.lines.len(), "{} of {}", own.len(), told.lines.len());
    assert_eq!((own[0].line.tone, own.last().unwrap().line.tone), (Tone::Start, Tone::Report));
    let texts: Vec<_> = told.lines.iter().map(|it| (it.line.event.at, it.line.event.text.raw())).collect();
    assert_eq!(texts.iter().filter(|it| **it == (chosen.line.event.at, chosen.line.event.text.raw())).count(), 1);
    assert_eq!(told.live, Live::Off);
    assert!(desk.told.borrow().borrow().causes.contains_key(&desk.key("pay")), "why it fails is known from then on");
}

#[tokio::test(start_paused = true)]
async fn where_no_line_says_why_the_newest_lines_are_there_and_that_is_said() {
    let desk = Desk::new("").await;
    desk.lines(LogsOf::Around(desk.key("ship"), None), &["ship"], How::Around(desk.about("ship").into(), None), false);
    let told = desk.told(|told| !told.reading).await;
    assert!(told.lines.len() > 20 && told.chosen.is_none());
    assert!(told.remarks[0].contains("says why it fails: these are the newest lines"), "{:?}", told.remarks);
    desk.lines(LogsOf::Newest(desk.key("never")), &["never"], How::Newest, false);
    let told = desk.told(|told| told.of == LogsOf::Newest(desk.key("never")) && !told.reading).await;
    let (from, to) = told.span.unwrap();
    assert_eq!((told.lines.len(), to.as_second() - from.as_second()), (0, 86_400));
}

#[tokio::test(start_paused = true)]
async fn lines_keep_their_function_whoever_else_is_followed_then() {
    let desk = Desk::new("").await;
    desk.lines(LogsOf::Firing, &["ship"], How::Newest, false);
    let told = desk.told(|told| !told.reading && !told.lines.is_empty()).await;
    let ships: Vec<AwsText> = told.lines.iter().map(|line| line.line.event.text.clone()).collect();
    // One that comes in before it, one that comes in behind, and both away again.
    for functions in [&["pay", "ship"][..], &["pay", "ship", "never"][..], &["ship"][..]] {
        desk.lines(LogsOf::Firing, functions, How::Newest, false);
        let told = desk.told(|told| !told.reading && told.functions.len() == functions.len()).await;
        let own = told.lines.iter().filter(|line| ships.contains(&line.line.event.text));
        let names: Vec<&str> = own.map(|line| told.functions[line.place].function.raw()).collect();
        assert!(!names.is_empty() && names.iter().all(|name| *name == "ship"), "{names:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn lines_of_requests_are_those_of_each_function_alone() {
    let desk = Desk::new("").await;
    desk.lines(LogsOf::Firing, &["pay", "ship"], How::Newest, false);
    let told = desk.told(|told| !told.reading).await;
    let request = |place: usize| {
        let own = |line: &&Arc<BookLine>| line.place == place && line.line.tone == Tone::Report;
        told.lines.iter().rev().find(own).unwrap().line.request.clone().unwrap()
    };
    let wanted: Vec<(usize, AwsText)> = vec![(0, (*request(0)).into()), (1, (*request(1)).into())];
    let (from, to) = told.span.unwrap();
    let how = How::Requests(wanted.clone(), (from, to));
    desk.lines(LogsOf::Trace("1-x".into()), &["pay", "ship"], how, false);
    let told = desk.told(|told| matches!(told.of, LogsOf::Trace(_)) && !told.reading).await;
    for (place, id) in wanted {
        let own: Vec<_> = told.lines.iter().filter(|line| line.place == place).collect();
        assert_eq!(own.last().unwrap().line.tone, Tone::Report);
        assert!(own.iter().all(|line| line.line.request.as_deref().is_none_or(|known| known == id.raw())));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_written_comes_in_as_long_as_somebody_looks() {
    let desk = Desk::new("").await;
    desk.lines(LogsOf::Firing, &["pay", "ship"], How::Newest, true);
    let first = desk.told(|told| !told.reading).await;
    assert!(matches!(first.live, Live::On { sessions: 1, polled: 0, .. }), "{:?}", first.live);
    let later = desk.told(|told| told.lines.len() > first.lines.len() + 100).await;
    assert!(later.lines.is_sorted_by_key(|line| line.line.event.at));
    let mut seen: Vec<_> = later
        .lines
        .iter()
        .map(|it| (it.place, it.line.event.at, it.line.event.text.clone(), it.line.event.stream.clone()))
        .collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), later.lines.len(), "nothing stands there twice, however it was read");
    // The same question once more changes nothing.
    desk.lines(LogsOf::Firing, &["pay", "ship"], How::Newest, true);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(desk.told(|_| true).await.live, first.live);
    desk.lines(LogsOf::Firing, &["pay", "ship"], How::Newest, false);
    sleep(Duration::from_secs(1)).await;
    let stopped = desk.told(|told| told.live == Live::Off).await;
    sleep(Duration::from_secs(30)).await;
    assert_eq!(desk.told(|_| true).await.lines.len(), stopped.lines.len(), "what is not followed does not come in");
    desk.ask(None);
    sleep(Duration::from_secs(1)).await;
    assert!(desk.told.borrow().borrow().lines.is_none(), "what nobody looks at is not kept");
}

#[tokio::test(start_paused = true)]
async fn lines_are_followed_for_three_hours_at_most() {
    let desk = Desk::new("").await;
    let of = LogsOf::Newest(desk.key("never"));
    desk.lines(of.clone(), &["never"], How::Newest, true);
    let ended = desk.told(|told| matches!(told.live, Live::Ended(_))).await;
    assert_eq!(ended.live, Live::Ended("after 3 h, as AWS does".into()));
    // Whoever wants it no more leaves it at that; whoever wants it again has it again.
    desk.lines(of.clone(), &["never"], How::Newest, false);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(desk.told(|_| true).await.live, ended.live);
    desk.lines(of, &["never"], How::Newest, true);
    desk.told(|told| matches!(told.live, Live::On { .. })).await;
}

#[tokio::test(start_paused = true)]
async fn another_function_comes_in_beside_those_that_are_followed() {
    let desk = Desk::new("").await;
    desk.lines(LogsOf::Firing, &["pay"], How::Newest, true);
    let first = desk.told(|told| !told.reading).await;
    sleep(Duration::from_secs(5)).await;
    desk.lines(LogsOf::Firing, &["pay", "ship"], How::Newest, true);
    let told = desk.told(|told| told.lines.iter().any(|line| line.place == 1) && !told.reading).await;
    assert!(told.lines.iter().any(|line| line.place == 0));
    assert!(matches!(told.live, Live::On { sessions: 1, .. }) && told.live != first.live, "with a session of its own");
}

#[tokio::test(start_paused = true)]
async fn what_is_denied_is_said_and_asked_in_another_way_where_there_is_one() {
    let live = "[[faults]]\noperation = \"logs:StartLiveTail\"\nfails = \"denied\"\n";
    let desk = Desk::new(live).await;
    desk.lines(LogsOf::Newest(desk.key("pay")), &["pay"], How::Newest, true);
    let told = desk.told(|told| matches!(told.live, Live::On { polled: 1, .. })).await;
    assert!(matches!(told.live, Live::On { sessions: 0, .. }), "what is asked again and again costs nothing");
    assert!(told.remarks[0].starts_with("no live tail in 111122223333"), "{:?}", told.remarks);
    let before = told.lines.len();
    desk.told(|told| told.lines.len() > before + 20).await;

    let both = format!("{live}[[faults]]\noperation = \"logs:FilterLogEvents\"\nfails = \"denied\"\n");
    let desk = Desk::new(&both).await;
    desk.lines(LogsOf::Newest(desk.key("pay")), &["pay"], How::Newest, true);
    let told = desk.told(|told| !told.reading && matches!(told.live, Live::Ended(_))).await;
    assert_eq!(told.unread[0].1.kind, Kind::Denied);
    let Live::Ended(why) = &told.live else { panic!("{:?}", told.live) };
    assert!(why.contains("can't be read (denied)") && why.contains("allow logs:FilterLogEvents"), "{why}");
    desk.ask(Some(LogQuestion::Causes(desk.about("pay").into())));
    let mut causes = desk.told.borrow().clone();
    let causes = causes.wait_for(|told| told.causes.contains_key(&desk.key("pay"))).await.unwrap().causes.clone();
    assert!(causes[&desk.key("pay")].causes.remarks()[0].contains("allow logs:FilterLogEvents"));
}

#[test]
fn sessions_follow_ten_groups_of_one_account_and_region() {
    let target = |id: &str| Target {
        account: Arc::new(Account { id: AccountId::parse(id).unwrap(), name: None, client: None }),
        region: Region::parse("eu-west-1").unwrap(),
    };
    let (one, other) = (target("111122223333"), target("444455556666"));
    let of = |target: &Target, n: usize| Followed {
        target: target.clone(),
        function: format!("f{n}").into(),
        group: LogGroup { name: format!("/g{n}").into(), assumed: false },
    };
    let mut all: Vec<Followed> = (0..11).map(|n| of(&one, n)).collect();
    assert_eq!((tails(&all[..10]), tails(&all)), (1, 2));
    all.push(of(&other, 0));
    // Two functions that write to one group.
    all.push(Followed { function: "another".into(), ..of(&other, 0) });
    assert_eq!((tails(&all), tails(&[])), (3, 0));
}
