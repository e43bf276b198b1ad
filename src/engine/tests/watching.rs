//! Watching for hours, on tokio's paused clock: what is shown, when it is shown, and what it costs.

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;
use tokio::sync::{mpsc::unbounded_channel, watch};

use super::*;
use crate::{
    checks::judge_fleet,
    domain::{finding::Verdict, fleet::Fleet, observation::Reading, window::Minute},
    engine::watch::{Control, Day, Focus, Look, Pace, Snapshot, Watching, Way},
};

/// What is shown at the end of each minute.
pub(super) struct Watched {
    pub(super) minutes: Vec<Arc<Snapshot>>,
    pub(super) log: Vec<Line>,
}

/// Function and check, and how bad.
pub(super) type Alerts = BTreeSet<(String, &'static str, &'static str)>;

#[derive(Clone, Default)]
pub(super) struct How {
    pub(super) minutes: u64,
    pub(super) budget: Option<f64>,
    pub(super) cached: Option<(Fleet, Minute)>,
    /// After so many minutes, this is asked for.
    pub(super) asks: Vec<(u64, Control)>,
    /// The same half a minute later.
    pub(super) then: Vec<(u64, Control)>,
    /// After so many minutes the machine's clock is set by so many more.
    pub(super) jumps: Vec<(u64, i64)>,
    /// From which second to which no metrics can be read, and how it fails.
    pub(super) broken: Option<(u64, u64, Broken)>,
}

pub(super) fn how(minutes: u64) -> How {
    How { minutes, ..How::default() }
}

/// The same on a machine whose clock is set so.
pub(super) fn jumping(minutes: u64, jumps: &[(u64, i64)]) -> How {
    How { jumps: jumps.to_vec(), ..how(minutes) }
}

pub(super) fn watched(asked: Ask, how: How) -> Watched {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (begun, start) = (Instant::now(), asked.world.now);
        let jumps = how.jumps.clone();
        let set = Arc::new(move |elapsed: Duration| -> i64 {
            jumps.iter().filter(|(after, _)| elapsed >= Duration::from_mins(*after)).map(|(_, by)| by).sum()
        });
        let clock = {
            let set = set.clone();
            move || -> Timestamp {
                let elapsed = begun.elapsed();
                start.plus(set(elapsed)).timestamp().checked_add(elapsed).unwrap()
            }
        };
        let inner = Sim::with_clock(asked.world, clock.clone());
        let seconds = |(from, to, how)| (Duration::from_secs(from)..Duration::from_secs(to), how);
        let broken = how.broken.map(seconds);
        let source = Arc::new(Recorded { inner, begun, log: Mutex::default(), cancel: None, broken });
        let watching = Watching {
            source: source.clone(),
            roster: Arc::new(asked.roster),
            rules: Arc::new(asked.rules),
            pace: Pace { minutes: 15, settle: 3, limit: asked.limit, budget: how.budget },
            cached: how.cached,
        };
        let (publish, snapshots) = watch::channel(None);
        let (control, receiver) = unbounded_channel();
        let task = tokio::spawn(super::super::watch::watch(watching, publish, receiver, clock));
        let mut minutes = Vec::new();
        for minute in 0..how.minutes {
            for (_, ask) in how.asks.iter().filter(|(at, _)| *at == minute) {
                control.send(ask.clone()).unwrap();
            }
            tokio::time::sleep_until(begun + Duration::from_secs(minute * 60 + 30)).await;
            for (_, ask) in how.then.iter().filter(|(at, _)| *at == minute) {
                control.send(ask.clone()).unwrap();
            }
            tokio::time::sleep_until(begun + Duration::from_secs(minute * 60 + 58)).await;
            let seen: Option<Arc<Snapshot>> = snapshots.borrow().clone();
            minutes.extend(seen);
            tokio::time::sleep_until(begun + Duration::from_mins(minute + 1)).await;
        }
        drop(snapshots);
        task.await.unwrap();
        let log = source.log().clone();
        Watched { minutes, log }
    })
}

pub(super) fn alerts(fleet: &Fleet, judgement: &crate::domain::finding::Judgement) -> Alerts {
    let fires = |it: &&crate::domain::finding::JudgedFunction| {
        matches!(it.judged.verdict, Verdict::Critical | Verdict::Warning)
    };
    let name = |it: &crate::domain::finding::JudgedFunction| {
        fleet.target(&it.target).unwrap().known()[it.place].found.name.raw().to_owned()
    };
    let of = |it| -> Vec<_> {
        let it: &crate::domain::finding::JudgedFunction = it;
        it.judged.findings.iter().map(|finding| (name(it), finding.check, finding.severity.as_str())).collect()
    };
    judgement.functions.iter().filter(fires).flat_map(of).collect()
}

impl Watched {
    pub(super) fn alerts(&self) -> Vec<Alerts> {
        self.minutes.iter().map(|snapshot| alerts(&snapshot.fleet, &snapshot.judgement)).collect()
    }

    pub(super) fn last(&self) -> &Snapshot {
        self.minutes.last().unwrap()
    }

    fn ways(&self) -> Vec<Way> {
        self.last().pulses.values().map(|pulse| pulse.way).collect()
    }

    fn verdicts(&self, minute: usize) -> Vec<Verdict> {
        self.minutes[minute].judgement.functions.iter().map(|it| it.judged.verdict).collect()
    }
}

/// What somebody sees who reads everything in each minute.
fn everything(text: &str, minutes: u64) -> Vec<Alerts> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut all = Vec::new();
        for minute in 0..minutes {
            let asked = ask(text);
            let now = asked.world.now.plus(i64::try_from(minute).unwrap());
            let sim = Arc::new(Sim::with_clock(asked.world, move || now.timestamp()));
            let settings = Settings {
                horizon: Horizon::new(now.plus(-3), 15, now),
                depth: Depth::Judge { hidden: false, spots: false },
            };
            let (roster, rules) = (Arc::new(asked.roster), Arc::new(asked.rules));
            let cancel = CancellationToken::new();
            let (fleet, _) = once(sim, roster, rules, settings, asked.limit, &cancel, |_| {}).await;
            all.push(alerts(&fleet, &judge_fleet(&fleet, &settings.horizon)));
        }
        all
    })
}

fn functions(n: usize, stage: &str, more: &str) -> String {
    let one = |n: usize| {
        format!("    {{ name = \"{stage}-{n:03}\", tags = {{ monitor = \"true\", stage = \"{stage}\" }}, {more} }},\n")
    };
    (0..n).map(one).collect::<Vec<_>>().concat()
}

pub(super) fn account(functions: &str) -> String {
    format!("[[accounts]]\nid = \"111111111111\"\nfunctions = [\n{functions}]\n")
}

/// Three metrics of each function in each minute.
fn naive(functions: u64, minutes: u64) -> u64 {
    3 * functions * minutes
}

#[test]
fn a_quiet_estate_costs_two_metrics_a_minute_and_is_quiet_not_idle() {
    let quiet = watched(ask(&account(&functions(60, "prod", "invocations = 60"))), how(120));
    let billed = quiet.last().meter.usage.metrics;
    assert!(billed * 50 <= naive(60, 120), "{billed} metrics");
    assert_eq!(quiet.ways(), [Way::Sentinel]);
    assert!(quiet.alerts().iter().all(BTreeSet::is_empty));
    assert!(quiet.last().fleet.targets().all(|state| state.known().iter().all(|function| function.presumed)));
    assert!((quiet.last().meter.dollars_per_hour - 2.0 * 60.0 * 0.00001).abs() < 1e-9);
}

#[test]
fn dev_that_always_fails_is_not_paid_for_every_minute() {
    let estate = functions(20, "prod", "invocations = 60")
        + &functions(2, "dev", "invocations = 60, errors = 3")
        + &functions(18, "qa", "invocations = 9");
    let noisy = watched(ask(&account(&estate)), how(180));
    let billed = noisy.last().meter.usage.metrics;
    assert!(billed * 4 <= naive(40, 180), "{billed} metrics");
    assert_eq!(noisy.ways(), [Way::Residual], "{:?}", noisy.last().pulses);
    assert!(noisy.alerts().iter().all(BTreeSet::is_empty));
    let all_of_it = functions(5, "prod", "invocations = 60") + &functions(30, "dev", "invocations = 60, errors = 3");
    let direct = watched(ask(&account(&all_of_it)), how(180));
    assert_eq!(direct.ways(), [Way::Direct], "{:?}", direct.last().pulses);
    assert!(direct.last().meter.usage.metrics * 4 <= naive(35, 180));
}

#[test]
fn what_can_not_be_read_any_more_is_no_longer_fine_and_what_fired_still_does() {
    let estate = functions(2, "prod", "invocations = 60") + &functions(1, "live", "invocations = 60, errors = 30");
    let text = account(&estate)
        + "[[faults]]\naccount = \"111111111111\"\noperation = \"cloudwatch:GetMetricData\"\nfails = \"denied\"\nfrom = \"10m\"\nto = \"30m\"\n";
    let seen = watched(ask(&text), how(60));
    assert_eq!(seen.verdicts(8), [Verdict::Critical, Verdict::Ok, Verdict::Ok]);
    assert_eq!(seen.verdicts(20), [Verdict::Critical, Verdict::Unknown, Verdict::Unknown]);
    let pulse = seen.minutes[20].pulses.values().next().unwrap().clone();
    assert!(pulse.failures > 1 && pulse.every > 1 && pulse.every <= 15, "{pulse:?}");
    assert!(!seen.minutes[20].fleet.targets().any(TargetState::is_seen));
    assert_eq!(seen.verdicts(59)[0], Verdict::Critical);
    assert!(seen.verdicts(59)[1..].iter().all(|verdict| *verdict != Verdict::Unknown), "{:?}", seen.verdicts(59));
    assert!(seen.last().fleet.targets().all(TargetState::is_seen));
}

/// Two that are fine, and one that fails.
fn estate() -> String {
    account(&(functions(2, "prod", "invocations = 60") + &functions(1, "live", "invocations = 60, errors = 30")))
}

#[test]
fn nothing_is_fine_any_more_as_soon_as_it_can_not_be_read_even_in_the_minute_of_a_reading() {
    let broken = Some((615, 3600, Broken::Denied));
    let seen = watched(ask(&estate()), How { then: vec![(10, Control::Refresh)], broken, ..how(30) });
    assert_eq!(seen.verdicts(9), [Verdict::Critical, Verdict::Ok, Verdict::Ok]);
    for minute in 10..30 {
        let then = seen.verdicts(minute);
        assert_eq!(then, [Verdict::Critical, Verdict::Unknown, Verdict::Unknown], "minute {minute}");
    }
    let pulse = seen.last().pulses.values().next().unwrap().clone();
    assert!(pulse.is_stale(&"live-000".into()) && !pulse.is_live(seen.last().horizon.now), "{pulse:?}");
    assert_eq!(pulse.judged_to, Some(seen.minutes[10].horizon.at), "what was judged, and not what the clock says");
}

#[test]
fn who_looks_on_as_nothing_can_be_read_sees_the_age_grow() {
    let seen = watched(ask(&estate()), How { broken: Some((615, 3600, Broken::Denied)), ..how(40) });
    let now: Vec<i64> = seen.minutes.iter().map(|snapshot| snapshot.horizon.now.0).collect();
    assert!(now.windows(2).all(|pair| pair[1] == pair[0] + 1), "{now:?}");
}

#[test]
fn what_comes_into_sight_does_not_shorten_a_back_off() {
    let rows =
        |n: usize| (0..2).map(|at| (target(), format!("prod-{at:03}").as_str().into())).take(1 + n % 2).collect();
    let looks = (15..40).map(|n| (n as u64, Control::Focus(Focus { rows: rows(n), dev: n % 2 == 0, look: None })));
    let calls = |asks: Vec<(u64, Control)>| {
        let broken = Some((120, 3600, Broken::Denied));
        let seen = watched(ask(&estate()), How { asks, broken, ..how(40) });
        seen.log.iter().filter(|line| line.operation == "cloudwatch:GetMetricData").count()
    };
    assert_eq!(calls(looks.collect()), calls(Vec::new()));
}

fn target() -> crate::domain::account::TargetKey {
    (AccountId::parse("111111111111").unwrap(), crate::domain::account::Region::parse("eu-west-1").unwrap())
}

#[test]
fn a_fault_of_our_own_is_a_failure_like_any_other() {
    let seen = watched(ask(&estate()), How { broken: Some((600, 1200, Broken::Panics)), ..how(50) });
    assert_eq!(seen.verdicts(15), [Verdict::Critical, Verdict::Unknown, Verdict::Unknown]);
    let failure = seen.minutes[15].fleet.targets().next().unwrap().unread[0].failure.clone();
    assert!(failure.hint.contains("report it"), "{failure:?}");
    assert_eq!(seen.verdicts(49)[0], Verdict::Critical);
    assert!(seen.last().fleet.targets().all(TargetState::is_seen) && seen.last().read_at > seen.minutes[30].read_at);
    // One that has never been read is not waited for for ever.
    let never = watched(ask(&estate()), How { broken: Some((0, 3600, Broken::Panics)), ..how(10) });
    assert!(never.last().under_way.is_none());
    assert!(never.verdicts(9).iter().all(|verdict| *verdict == Verdict::Unknown));
}

#[test]
fn where_nothing_was_ever_published_each_function_is_read() {
    let silent = watched(ask(&account(&functions(3, "prod", ""))), how(30));
    assert_eq!(silent.ways(), [Way::Direct]);
    assert!(silent.verdicts(29).iter().all(|verdict| *verdict == Verdict::Idle));
    assert!(silent.last().fleet.targets().all(|state| state.known().iter().all(|function| !function.presumed)));
}

#[test]
fn a_budget_holds_by_reading_quiet_targets_less_often() {
    let all: Vec<String> = (1..=20)
        .map(|n| {
            let errors = if n == 1 { 30 } else { 0 };
            let functions = functions(3, "prod", &format!("invocations = 60, errors = {errors}"));
            format!("[[accounts]]\nid = \"{n:012}\"\nfunctions = [\n{functions}]\n")
        })
        .collect();
    let text = all.concat();
    let free = watched(ask(&text), how(60));
    let held = watched(ask(&text), How { budget: Some(0.3), ..how(60) });
    assert!(free.last().meter.dollars_per_hour * 24.0 > 0.3 && free.last().meter.stretched == 0);
    assert!(held.last().meter.dollars_per_hour * 24.0 <= 0.3, "{:?}", held.last().meter);
    assert!(held.last().meter.stretched > 0);
    assert!(held.last().meter.usage.metrics < free.last().meter.usage.metrics);
    let failing = held.last().pulses.iter().next().unwrap().1;
    assert!(held.last().pulses.values().all(|pulse| pulse.every >= 1 && pulse.every <= 30));
    assert_eq!(failing.every, 5, "what fails is read as before");
}

#[test]
fn a_budget_that_can_not_hold_says_what_it_costs_at_least() {
    let text = |n: usize| format!("[[accounts]]\nid = \"{n:012}\"\nfunctions = [\n{}]\n", functions(1, "prod", ""));
    let all: Vec<String> = (1..=12).map(text).collect();
    let with = |budget| watched(ask(&all.concat()), How { budget: Some(budget), ..how(30) }).last().meter.clone();
    let short = with(0.01);
    assert!(short.least.is_some_and(|least| least > 0.01 && (least - short.dollars_per_hour * 24.0).abs() < 1e-9));
    assert_eq!(with(5.0).least, None);
}

#[test]
fn nothing_is_read_while_paused_and_all_of_it_when_asked_again() {
    let text = account(&functions(3, "prod", "invocations = 60"));
    let asks = vec![(10, Control::Pause(true)), (30, Control::Pause(false)), (40, Control::Refresh)];
    let paused = watched(ask(&text), How { asks, ..how(45) });
    let mut minutes: Vec<u64> = paused
        .log
        .iter()
        .filter(|line| line.operation == "cloudwatch:GetMetricData")
        .map(|line| line.from.as_secs() / 60)
        .collect();
    minutes.dedup();
    assert!(!minutes.iter().any(|minute| (10..30).contains(minute)), "{minutes:?}");
    assert!(minutes.contains(&30) && minutes.contains(&40), "{minutes:?}");
    // Asked for, each function is read by itself, so it is known to have run.
    assert_eq!(paused.verdicts(40), [Verdict::Ok; 3]);
}

#[test]
fn what_was_found_before_is_shown_until_there_is_an_answer() {
    let text = account(&functions(3, "prod", "invocations = 60"))
        + "[[faults]]\noperation = \"sts:AssumeRole\"\nfails = \"network\"\nto = \"5m\"\n";
    let before = {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(ask(&account(&functions(5, "prod", ""))).sweep_now()).fleet
    };
    let at = ask(&text).world.now.plus(-60);
    let seen = watched(ask(&text), How { cached: Some((before, at)), ..how(20) });
    assert_eq!(seen.minutes[0].cached, Some(at));
    assert_eq!(seen.minutes[0].fleet.targets().next().unwrap().known().len(), 5);
    assert_eq!((seen.last().cached, seen.last().fleet.targets().next().unwrap().known().len()), (None, 3));
}

/// Minutes that are watched.
const MINUTES: u64 = 150;
/// Minutes within which everything that lasts is shown, and for which something over may still be shown.
const LATE: usize = 6;

fn pattern() -> impl Strategy<Value = String> {
    (0u64..100, 1u64..40, prop::sample::select(vec!["0.5", "1", "3", "40"])).prop_map(|(from, lasts, rate)| {
        format!("{{ from = \"{from}m\", to = \"{}m\", per_minute = {rate} }}", from + lasts)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_the_same_alerts_are_raised_as_by_reading_everything_each_minute(
        errors in prop::collection::vec(prop::option::of(pattern()), 4),
        throttles in prop::collection::vec(prop::option::of(pattern()), 4),
        dev in prop::sample::select(vec!["0", "0.2", "7"]),
        others in 1usize..8,
    ) {
        let own: Vec<String> = errors.iter().zip(&throttles).enumerate().map(|(n, (errors, throttles))| {
            let none = || "0".to_owned();
            let (errors, throttles) = (errors.clone().unwrap_or_else(none), throttles.clone().unwrap_or_else(none));
            let tags = "{ monitor = \"true\", stage = \"prod\" }";
            format!("    {{ name = \"f{n}\", tags = {tags}, invocations = 60, errors = {errors}, throttles = {throttles} }},\n")
        }).collect();
        let text = account(&(own.concat() + &functions(others, "dev", &format!("invocations = 60, errors = {dev}"))));
        let (shown, all) = (watched(ask(&text), how(MINUTES)).alerts(), everything(&text, MINUTES));
        prop_assert_eq!(shown.len(), all.len());
        for minute in LATE..all.len() {
            let lately = &all[minute - LATE..=minute];
            for alert in &all[minute] {
                if lately.iter().all(|then| then.contains(alert)) {
                    prop_assert!(shown[minute].contains(alert), "{alert:?} is missing after {minute} minutes of\n{text}");
                }
            }
            for alert in &shown[minute] {
                prop_assert!(lately.iter().any(|then| then.contains(alert)), "{alert:?} is too much after {minute} minutes of\n{text}");
            }
        }
    }
}

/// Stretches in which something fired, in minutes from the start: function, check, from, to.
type Fired = Vec<(String, &'static str, i64, Option<i64>)>;

impl Watched {
    fn fired(&self, start: Minute) -> Fired {
        let from = |minute: Minute| minute.0 - start.0;
        let mut fired: Fired = (self.last().episodes.iter())
            .map(|it| (it.function.raw().to_owned(), it.check, from(it.began), it.ended.map(from)))
            .collect();
        fired.sort();
        fired
    }
}

#[test]
fn what_failed_overnight_is_read_once_and_what_fails_since_goes_on_or_ends() {
    let own = |name: &str, errors: &str| {
        format!(
            "    {{ name = \"{name}\", tags = {{ monitor = \"true\", stage = \"prod\" }}, invocations = 60, errors = {errors} }},\n"
        )
    };
    let during = |from: &str, to: &str| format!("{{ from = \"{from}\", to = \"{to}\", per_minute = 40 }}");
    let text = account(
        &(own("a-night", &during("-600m", "-590m"))
            + &own("b-lasting", &during("-300m", "300m"))
            + &own("c-ending", &during("-120m", "20m"))
            + &own("d-coming", &during("30m", "300m"))
            + &own("e-fine", "0")),
    );
    let start = ask(&text).world.now;
    let seen = watched(ask(&text), how(60));
    let fired = seen.fired(start);
    let names: Vec<_> = fired.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["a-night", "b-lasting", "c-ending", "d-coming"], "{fired:?}");
    let near = |at: i64, of: i64| (at - of).abs() <= 2;
    // A minute fires if it fails, and until the window of fifteen minutes has left the last one that did behind.
    assert_eq!(fired[0], ("a-night".into(), "errors", -600, Some(-576)));
    assert!(near(fired[1].2, -300) && fired[1].3.is_none(), "{fired:?}");
    assert!(near(fired[2].2, -120) && fired[2].3.is_some_and(|end| near(end, 34)), "{fired:?}");
    assert!(near(fired[3].2, 30) && fired[3].3.is_none(), "{fired:?}");
    assert_eq!(seen.last().day, Day::Read { read: 1, of: 1 });
    let long = seen.log.iter().filter(|line| line.operation == "cloudwatch:GetMetricData").count();
    let quiet = watched(ask(&account(&own("e-fine", "0"))), how(60));
    assert!(long > 0 && quiet.last().episodes.is_empty() && quiet.last().day == Day::Read { read: 1, of: 1 });
    // Where the totals say that nothing failed, nothing is read of the day.
    assert_eq!(quiet.last().meter.usage.metrics, 2 * 60);
}

#[test]
fn what_fired_in_the_hour_before_the_start_is_known_to_the_minute() {
    let own = |name: &str, more: &str| {
        format!(
            "    {{ name = \"{name}\", tags = {{ monitor = \"true\", stage = \"prod\" }}, invocations = 60, {more} }},\n"
        )
    };
    let during = |from: &str, to: &str| format!("{{ from = \"{from}\", to = \"{to}\", per_minute = 40 }}");
    let text = account(
        &(own("a-over", &format!("errors = {}", during("-45m", "-40m")))
            + &own("b-lasting", &format!("throttles = {}", during("-21m", "300m")))
            + &own("c-fine", "errors = 0")),
    );
    let start = ask(&text).world.now;
    let seen = watched(ask(&text), how(30));
    assert_eq!(
        seen.fired(start),
        [("a-over".into(), "errors", -45, Some(-26)), ("b-lasting".into(), "throttles", -21, None)]
    );
    // A restart moves nothing.
    let mut again = ask(&text);
    again.world.now = start.plus(7);
    assert_eq!(watched(again, how(10)).fired(start), seen.fired(start));
}

#[test]
fn the_charts_of_who_is_looked_at_are_read_each_minute_and_of_nobody_else() {
    let text = account(&functions(3, "prod", "invocations = 60"));
    let target = watched(ask(&text), how(1)).last().fleet.targets().next().unwrap().target.key();
    let look = |name: &str| Look { target: target.clone(), function: name.into(), hours: 6 };
    let focus = |look| Control::Focus(Focus { look, ..Focus::default() });
    let asks = vec![(5, focus(Some(look("prod-000")))), (10, focus(Some(look("prod-001")))), (15, focus(None))];
    let seen = watched(ask(&text), How { asks, ..how(20) });
    let of = |minute: usize| seen.minutes[minute].chart.as_ref().map(|chart| chart.function.raw().to_owned());
    assert_eq!(
        [4, 5, 9, 10, 15].map(of),
        [None, Some("prod-000".into()), Some("prod-000".into()), Some("prod-001".into()), None]
    );
    let chart = seen.minutes[9].chart.clone().unwrap();
    assert_eq!((chart.read.minutes(), chart.period, chart.readings.len()), (360, 1, 7));
    assert!(chart.readings.values().all(|reading| matches!(reading, Reading::Known(_))));
    assert!(chart.read.end > seen.minutes[5].chart.as_ref().unwrap().read.end);
    // Five metrics, of one of them three statistics; what was due in the moment when somebody went on may be asked for, too.
    let billed = seen.last().meter.usage.metrics;
    assert!((2 * 20 + 5 * 10..=2 * 20 + 5 * 12).contains(&billed), "{billed}");
}
