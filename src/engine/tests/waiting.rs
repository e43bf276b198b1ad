//! Rounds over a fleet that is kept, and the wait that is made of them: minutes pass on tokio's paused clock.

use std::{ops::ControlFlow, sync::atomic::AtomicI64, sync::atomic::Ordering::Relaxed};

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{
    checks::judge_fleet,
    engine::wait::{Wait, Waited, wait},
};

/// What the rounds of a wait were like.
struct Watch {
    /// A line a round: when, over how many minutes, how many of the targets were seen, and what fires.
    lines: Vec<String>,
    log: Vec<Line>,
    ended: Waited,
    took: Duration,
}

impl Watch {
    /// The calls of an operation to an account, by the minute in which they began.
    fn minutes(&self, operation: &str, account: &str) -> Vec<u64> {
        let of = |line: &&Line| line.operation == operation && line.account == account;
        let mut minutes: Vec<u64> = self.log.iter().filter(of).map(|line| line.from.as_secs() / 60).collect();
        minutes.dedup();
        minutes
    }
}

/// How a test differs from ten minutes from now on, in one respect.
#[derive(Clone, Copy)]
struct How {
    minutes: i64,
    /// Minutes before the beginning at which the window begins.
    since: i64,
    cancel_after: Option<Duration>,
    /// After so long by the machine, its clock leaps by so many seconds.
    leap: Option<(Duration, i64)>,
    ends_when_firing: bool,
}

const HOW: How = How { minutes: 10, since: 0, cancel_after: None, leap: None, ends_when_firing: true };

fn watch(asked: Ask, how: How) -> Watch {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(watch_now(asked, how))
}

async fn watch_now(asked: Ask, how: How) -> Watch {
    let (begun, start) = (Instant::now(), asked.world.now);
    let leap = Arc::new(AtomicI64::new(0));
    let seconds = leap.clone();
    let clock = move || -> Timestamp {
        let at = start.timestamp().checked_add(begun.elapsed()).unwrap();
        at.checked_add(SignedDuration::from_secs(seconds.load(Relaxed))).unwrap()
    };
    let cancel = CancellationToken::new();
    if let Some((after, by)) = how.leap {
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            leap.store(by, Relaxed);
        });
    }
    if let Some(after) = how.cancel_after {
        let cancel = cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            cancel.cancel();
        });
    }
    let source = Arc::new(Recorded {
        inner: Sim::with_clock(asked.world, clock.clone()),
        begun,
        log: Mutex::default(),
        cancel: None,
        broken: None,
    });
    let mut rounds = Rounds::new(source.clone(), Arc::new(asked.roster), Arc::new(asked.rules));
    let what = Wait {
        since: start.plus(-how.since),
        minutes: how.minutes,
        settle: 3,
        baseline: None,
        hidden: true,
        spots: false,
        limit: asked.limit,
    };
    let mut lines = Vec::new();
    let ended = wait(
        &mut rounds,
        &what,
        &clock,
        &cancel,
        |_| {},
        |round| {
            let judged = judge_fleet(round.fleet, &round.horizon);
            let fires: Vec<_> = judged.functions.iter().filter(|it| !it.judged.findings.is_empty()).collect();
            let names =
                fires.iter().map(|it| round.fleet.target(&it.target).unwrap().known()[it.place].found.name.raw());
            let names: Vec<_> = names.collect();
            let seen = round.fleet.targets().filter(|state| state.is_seen()).count();
            let last = if round.last { " last" } else { "" };
            let at = round.horizon.now.timestamp().strftime("%H:%M").to_string();
            lines.push(format!("{at} {} min, {seen} seen, {}{last}", round.horizon.minutes, names.join(" ")));
            if how.ends_when_firing && !names.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
    )
    .await;
    let log = source.log().clone();
    Watch { lines, log, ended, took: begun.elapsed() }
}

/// Two accounts, each with a function in production that is called 60 times a minute; `api` of the first fails as told.
fn estate(errors: &str, more: &str) -> Ask {
    ask(&format!(
        r#"
[[accounts]]
id = "111111111111"
functions = [
    {{ name = "api", tags = {{ monitor = "true", stage = "prod" }}, invocations = 60, errors = {errors} }},
]
[[accounts]]
id = "222222222222"
functions = [{{ name = "web", tags = {{ monitor = "true", stage = "prod" }}, invocations = 60 }}]
{more}
"#
    ))
}

const NEVER: &str = "0";

#[test]
fn a_quiet_wait_is_a_round_a_minute_until_the_window_has_settled() {
    let quiet = watch(estate(NEVER, ""), HOW);
    assert_eq!(quiet.lines.len(), 14);
    assert_eq!(
        quiet.lines[..5].join("|"),
        "10:00 0 min, 2 seen, |10:01 0 min, 2 seen, |10:02 0 min, 2 seen, |10:03 0 min, 2 seen, |10:04 1 min, 2 seen, "
    );
    assert_eq!(quiet.lines[13], "10:13 10 min, 2 seen,  last");
    assert_eq!((quiet.ended.end, quiet.ended.rounds, quiet.ended.horizon.minutes), (End::Complete, 14, 10));
    assert_eq!(quiet.took, Duration::from_mins(13));
    // Found at the beginning, five minutes after it, and in the end; no metrics before there is a minute to judge.
    assert_eq!(quiet.minutes("tag:GetResources", A), [0, 5, 13]);
    assert_eq!(quiet.minutes("cloudwatch:GetMetricData", A), (4..=13).collect::<Vec<_>>());
    assert_eq!(quiet.minutes("sts:AssumeRole", A), [0]);
}

#[test]
fn an_incident_ends_the_wait_in_the_minute_in_which_it_shows() {
    // It begins at 10:04, and the window ends three minutes before now.
    let failing = watch(estate("{ from = \"4m\", per_minute = 30 }", ""), HOW);
    assert_eq!(failing.lines.last().unwrap(), "10:08 5 min, 2 seen, api");
    assert_eq!((failing.ended.rounds, failing.ended.horizon.minutes), (9, 5));
    // What failed before the window begins does not count.
    let before = watch(estate("{ to = \"0m\", per_minute = 30 }", ""), HOW);
    assert!(before.lines.last().unwrap().ends_with("2 seen,  last"), "{:?}", before.lines);
}

/// In its second account, two rounds long, the call fails.
fn two_rounds(operation: &str) -> String {
    format!(
        "[[faults]]\naccount = \"{B}\"\noperation = \"{operation}\"\nfails = \"server\"\nfrom = \"6m\"\nto = \"8m\""
    )
}

#[test]
fn what_is_unseen_for_two_rounds_is_seen_again_and_nothing_of_it_lingers() {
    let lines = |watch: &Watch| {
        watch.lines.iter().map(|line| line[..5].to_owned() + &line[line.find(',').unwrap()..]).collect::<Vec<_>>()
    };
    let metrics = watch(estate(NEVER, &two_rounds("cloudwatch:GetMetricData")), HOW);
    let expected: Vec<_> = (0..14)
        .map(|n| {
            format!("10:{n:02}, {} seen, {}", if n == 6 || n == 7 { 1 } else { 2 }, if n == 13 { " last" } else { "" })
        })
        .collect();
    assert_eq!(lines(&metrics), expected);
    assert_eq!(metrics.minutes("tag:GetResources", B), [0, 5, 13], "only its metrics were tried again");
    // Its functions are found in the first round, not, and not, and then.
    let fault = two_rounds("tag:GetResources").replace("6m", "0m").replace("8m", "2m");
    let hidden = watch(estate(NEVER, &fault), HOW);
    assert_eq!(lines(&hidden)[..3].join("|"), "10:00, 1 seen, |10:01, 1 seen, |10:02, 2 seen, ");
    assert_eq!(hidden.minutes("tag:GetResources", B), [0, 1, 2, 5, 13]);
    assert_eq!(hidden.minutes("tag:GetResources", A), [0, 5, 13]);
    // An account that can't be entered, and an organization that can't be listed.
    let fault = two_rounds("sts:AssumeRole").replace("6m", "0m").replace("8m", "2m");
    let out = watch(estate(NEVER, &fault), HOW);
    assert_eq!(lines(&out)[..3].join("|"), "10:00, 1 seen, |10:01, 1 seen, |10:02, 2 seen, ");
    assert_eq!(out.minutes("sts:AssumeRole", B), [0, 1, 2]);
    let listing = "[[faults]]\noperation = \"organizations:ListAccounts\"\nfails = \"server\"\nto = \"2m\"";
    let unlisted = watch(estate(NEVER, listing), HOW);
    assert_eq!(lines(&unlisted)[..3].join("|"), "10:00, 0 seen, |10:01, 0 seen, |10:02, 2 seen, ");
}

#[test]
fn a_target_that_can_not_be_discovered_again_is_unseen_and_still_judged() {
    let fault =
        format!("[[faults]]\naccount = \"{A}\"\noperation = \"tag:GetResources\"\nfails = \"server\"\nfrom = \"5m\"");
    let failing = watch(estate("{ from = \"4m\", per_minute = 30 }", &fault), HOW);
    assert_eq!(failing.lines.last().unwrap(), "10:08 5 min, 1 seen, api");
}

#[test]
fn a_reading_of_an_earlier_round_is_never_taken_for_one_of_this() {
    // It fails and is then read no more: whether it still does is not known, however the reading fails.
    for effect in ["fails = \"server\"", "hangs = true"] {
        let fault =
            format!("[[faults]]\naccount = \"{A}\"\noperation = \"cloudwatch:GetMetricData\"\n{effect}\nfrom = \"9m\"");
        let how = How { ends_when_firing: false, ..HOW };
        let watch = watch(estate("{ from = \"4m\", per_minute = 30 }", &fault), how);
        assert_eq!(watch.lines[8], "10:08 5 min, 2 seen, api");
        assert_eq!(watch.lines[9], "10:09 6 min, 1 seen, ");
    }
}

#[test]
fn a_function_that_failed_before_it_was_deleted_is_judged_in_every_round() {
    let gone = ask(
        "[[accounts]]\nid = \"111111111111\"\nfunctions = [{ name = \"api\", deleted = true, tags = { monitor = \"true\", stage = \"prod\" }, invocations = 60, errors = { from = \"2m\", per_minute = 30 } }]",
    );
    let lines = watch(gone, How { ends_when_firing: false, ..HOW }).lines;
    assert!(lines[6..].iter().all(|line| line.contains(", api")), "{lines:#?}");
}

#[test]
fn a_wait_that_is_over_is_one_round_and_a_long_one_discovers_every_quarter_of_an_hour() {
    let over = watch(estate(NEVER, ""), How { since: 60, ..HOW });
    assert_eq!(over.lines, ["10:00 10 min, 2 seen,  last"]);
    assert_eq!(over.took, Duration::ZERO);
    let long = watch(estate(NEVER, ""), How { minutes: 40, ..HOW });
    assert_eq!(long.minutes("tag:GetResources", A), [0, 5, 20, 35, 43]);
    // Begun long after the deployment, everything is new as it is.
    let late = watch(estate(NEVER, ""), How { since: 8, minutes: 10, ..HOW });
    assert_eq!(late.minutes("tag:GetResources", A), [0, 5]);
    assert_eq!(late.lines[0], "10:00 5 min, 2 seen, ");
}

#[test]
fn an_interruption_ends_it_at_once_in_a_round_and_between_two() {
    let cut = watch(estate(NEVER, ""), How { cancel_after: Some(Duration::from_secs(330)), ..HOW });
    assert_eq!((cut.ended.end, cut.ended.rounds, cut.lines.len(), cut.took.as_secs()), (End::Interrupted, 6, 6, 330));
    let slow = estate(NEVER, "[[faults]]\nslow = \"2s\"");
    let cut = watch(slow, How { cancel_after: Some(Duration::from_secs(301)), ..HOW });
    assert_eq!((cut.ended.end, cut.ended.rounds, cut.lines.len(), cut.took.as_secs()), (End::Interrupted, 6, 5, 301));
}

#[test]
fn a_clock_that_leaps_makes_no_burst_and_no_wait_without_end() {
    let leap = |by| watch(estate(NEVER, ""), How { leap: Some((Duration::from_secs(330), by)), ..HOW });
    let asleep = leap(3600);
    assert_eq!(asleep.lines.len(), 7, "{:#?}", asleep.lines);
    assert_eq!(asleep.lines[6], "11:06 10 min, 2 seen,  last");
    let back = leap(-3600);
    assert_eq!(back.lines.len(), 14);
    assert_eq!(back.took.as_secs(), 13 * 60);
}

#[test]
fn a_round_longer_than_a_minute_is_followed_by_the_next_full_one() {
    let slow = Ask {
        limit: Duration::from_secs(100),
        ..estate(NEVER, "[[faults]]\noperation = \"cloudwatch:GetMetricData\"\nhangs = true")
    };
    let watch = watch(slow, HOW);
    let times: Vec<_> = watch.lines.iter().map(|line| &line[..5]).collect();
    assert_eq!(times, ["10:00", "10:01", "10:02", "10:03", "10:04", "10:06", "10:08", "10:10", "10:12", "10:13"]);
}

/// An account by hand whose region only its credentials know, and for two rounds they don't say it.
#[test]
fn an_account_whose_regions_could_not_be_found_does_not_vanish_in_the_next_round() {
    let fault = "[[faults]]\noperation = \"sts:GetCallerIdentity\"\nfails = \"server\"\nto = \"2m\"";
    let asked = estate(NEVER, fault);
    let by_hand = crate::domain::roster::ByHand {
        id: AccountId::parse(A),
        name: None,
        client: None,
        access: crate::domain::roster::Access {
            base: Base::Default,
            role: Some(crate::domain::roster::Role { name: "slmon".into(), external_id: None }),
        },
        regions: None,
    };
    let roster = Roster { accounts: vec![by_hand], organizations: Vec::new(), regions: None };
    let watch = watch(Ask { roster, ..asked }, HOW);
    assert_eq!(watch.lines[..3].join("|"), "10:00 0 min, 0 seen, |10:01 0 min, 0 seen, |10:02 0 min, 1 seen, ");
}
