//! What checks need that are off unless they are named: it is asked for where one needs it and nowhere else, in the sweep and
//! while watching, and whether it can be read changes nothing for the others.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    watching::{How, Watched, account, alerts, how, watched},
    *,
};
use crate::{
    checks::judge_fleet,
    domain::{
        finding::{Severity, Verdict},
        need::Stretch,
        rules::more::{Extra, Word},
        series::Metric,
    },
    engine::watch::{Control, Way},
};

/// An estate in which these checks are on.
fn with(text: &str, extras: &[Extra]) -> Ask {
    let mut asked = ask(text);
    let mut limits = (*asked.rules.limits).clone();
    for extra in extras {
        limits.more.take(Word::On(*extra, true), &"config".into());
    }
    asked.rules.limits = limits.into();
    asked
}

fn function(name: &str, stage: &str, more: &str) -> String {
    format!(
        "    {{ name = \"{name}\", tags = {{ monitor = \"true\", stage = \"{stage}\" }}, invocations = 60, {more} }},\n"
    )
}

fn fleet(n: usize) -> String {
    (0..n).map(|n| function(&format!("f{n:02}"), "prod", "timeout = 60")).collect()
}

#[test]
fn a_sweep_asks_for_what_is_needed_and_of_production_alone() {
    let text = account(&(fleet(5) + &function("dev", "dev", "timeout = 60")));
    let billed = |extras: &[Extra]| with(&text, extras).sweep().usage.metrics;
    let none = billed(&[]);
    assert_eq!(billed(&[Extra::IteratorAge]) - none, 5);
    assert_eq!(billed(&[Extra::DeadLetter]) - none, 3 * 5);
    // Errors of three days, and invocations of nobody, since nothing failed.
    assert_eq!(billed(&[Extra::Burn]) - none, 5);
    assert_eq!(billed(Extra::ALL) - none, (1 + 1 + 1 + 3 + 1 + 1) * 5 + 1);
}

#[test]
fn tables_are_looked_for_where_a_check_looks_at_them_and_nowhere_else() {
    let table = |name: &str, stage: &str, metrics: &str| {
        format!(
            "    {{ name = \"{name}\", tags = {{ monitor = \"true\", stage = \"{stage}\" }}, metrics = {{ {metrics} }} }},\n"
        )
    };
    let tables = table("busy", "prod", "ConsumedReadCapacityUnits = 540, ProvisionedReadCapacityUnits = 10")
        + &table("idle", "prod", "ProvisionedReadCapacityUnits = 10")
        + &table("dev", "dev", "ReadThrottleEvents = 9");
    let text = account(&fleet(2)) + "tables = [\n" + &tables + "]\n";
    let (off, on) = (with(&text, &[Extra::Burn]).sweep(), with(&text, &[Extra::Burn, Extra::Capacity]).sweep());
    let asked = |swept: &Swept| swept.calls("tag:GetResources", "").len();
    assert_eq!((asked(&off), asked(&on)), (1, 2));
    // Consumed and refused of two tables, both ways, and what is provisioned where something was consumed.
    assert_eq!(on.usage.metrics - off.usage.metrics, 2 * 4 + 1);
    let alerts = |swept: &Swept| {
        let judged = judge_fleet(&swept.fleet, &with(&text, &[]).horizon());
        judged.functions.iter().map(|it| it.judged.findings.len()).sum::<usize>()
    };
    assert_eq!((alerts(&off), alerts(&on)), (0, 1));
    let known: Vec<usize> = on.fleet.targets().map(|state| state.known().len()).collect();
    assert_eq!(known, [2], "a table is no function");
}

#[test]
fn configurations_are_listed_in_whole_where_a_verdict_rests_on_them() {
    // Twenty pages: more than are read to explain a verdict.
    let text = account(&fleet(20)) + "[pages]\nfunctions = 1\n";
    let timeouts = |extras: &[Extra]| {
        let fleet = with(&text, extras).sweep().fleet;
        let known = fleet.targets().flat_map(TargetState::known).filter(|it| it.configuration.is_some()).count();
        (known, fleet.targets().all(TargetState::is_seen))
    };
    assert_eq!(timeouts(&[Extra::IteratorAge]), (0, true));
    assert_eq!(timeouts(&[Extra::NearTimeout]), (20, true));
}

#[test]
fn a_long_stretch_is_asked_in_requests_that_have_room_for_it() {
    let swept = with(&account(&fleet(120)), &[Extra::Burn, Extra::Silent]).sweep();
    // 100,800 points a request: of three days in points of five minutes for 116 functions, of two weeks for 24.
    assert_eq!(swept.calls("cloudwatch:GetMetricData", "").len(), 1 + 2 + 5);
    let weeks = swept.fleet.targets().flat_map(TargetState::known);
    let read = |it: &crate::domain::fleet::Function| {
        it.more
            .iter()
            .map(|((metric, stretch), reading)| match (stretch, reading) {
                (Stretch::Back { minutes, .. } | Stretch::Ran { minutes, .. }, Reading::Known(series)) => {
                    (*metric, series.read().minutes() == *minutes)
                }
                other => panic!("{other:?}"),
            })
            .collect::<Vec<_>>()
    };
    for function in weeks {
        assert_eq!(read(function), [(Metric::Errors, true), (Metric::Invocations, true)]);
    }
}

/// Metrics that watching bills in so many minutes, and by which way it looks for failures at the end.
fn watch_for(text: &str, extras: &[Extra], minutes: u64) -> (u64, Vec<Way>) {
    let seen = watched(with(text, extras), how(minutes));
    (seen.last().meter.usage.metrics, seen.last().pulses.values().map(|pulse| pulse.way).collect())
}

#[test]
fn watching_reads_it_every_five_minutes_and_errors_by_the_totals_as_before() {
    let text = account(&fleet(10));
    let (plain, ways) = watch_for(&text, &[], 60);
    let (more, with_more) = watch_for(&text, &[Extra::DeadLetter], 60);
    assert_eq!((ways, with_more), (vec![Way::Sentinel], vec![Way::Sentinel]));
    assert_eq!(more - plain, 3 * 10 * 60 / 5);
    let seen = watched(with(&text, &[Extra::DeadLetter]), how(30));
    let dollars = (2.0 * 60.0 + 3.0 * 10.0 * 12.0) * 0.00001;
    assert!((seen.last().meter.dollars_per_hour - dollars).abs() < 1e-9, "{:?}", seen.last().meter);
}

#[test]
fn a_budget_stretches_it_and_a_refresh_reads_it_at_once() {
    let text = account(&fleet(10));
    let tight = How { budget: Some(0.05), ..how(60) };
    let (billed, _) = watch_for(&text, &[Extra::DeadLetter], 60);
    let held = watched(with(&text, &[Extra::DeadLetter]), tight);
    assert!(held.last().meter.usage.metrics < billed && held.last().meter.dollars_per_hour * 24.0 <= 0.05);
    let refreshed = How { asks: vec![(12, Control::Refresh)], ..how(14) };
    let fresh = watched(with(&text, &[Extra::DeadLetter]), refreshed).last().meter.usage.metrics;
    assert_eq!(fresh - watch_for(&text, &[Extra::DeadLetter], 14).0, 2 * 10 + 3 * 10, "all of it, once more");
}

#[test]
fn where_it_can_not_be_read_nothing_is_fine_and_nothing_else_is_lost() {
    let text = account(
        &(fleet(1)
            + &function("g-behind", "prod", "metrics = { IteratorAge = 2000000 }")
            + &function("h-fails", "prod", "errors = 30")),
    ) + "[[faults]]\noperation = \"cloudwatch:GetMetricData\"\nmetric = \"IteratorAge\"\nanswers = \"forbidden\"\nfrom = \"10m\"\nto = \"30m\"\n";
    let seen = watched(with(&text, &[Extra::IteratorAge]), how(45));
    let verdicts = |minute: usize| -> Vec<Verdict> {
        seen.minutes[minute].judgement.functions.iter().map(|it| it.judged.verdict).collect()
    };
    assert_eq!(verdicts(8), [Verdict::Ok, Verdict::Critical, Verdict::Critical]);
    // What fails goes on to fire, and its target is read every minute as before.
    assert_eq!(verdicts(20), [Verdict::Unknown, Verdict::Unknown, Verdict::Critical]);
    let pulse = seen.minutes[20].pulses.values().next().unwrap();
    assert_eq!((pulse.failures, pulse.read_at), (0, Some(seen.minutes[20].horizon.now)));
    assert_eq!(verdicts(44)[1..], [Verdict::Critical, Verdict::Critical]);
    assert_ne!(verdicts(44)[0], Verdict::Unknown);
}

#[test]
fn a_function_that_comes_later_is_read_as_soon_as_it_is_found() {
    let text = account(&(fleet(2) + &function("late", "prod", "metrics = { IteratorAge = 2000000 }")));
    let first = watched(with(&text, &[Extra::IteratorAge]), how(2));
    assert!(fires(&first, 1).contains_key("late"), "with the first reading: {:?}", first.last().judgement);
}

#[test]
fn a_regions_limit_is_read_once_a_region_and_its_alert_ends_when_there_is_room_again() {
    let taken = "metrics = { ConcurrentExecutions = [{ per_minute = 20 }, { from = \"10m\", to = \"30m\", per_minute = 960 }] }";
    let text = account(&(fleet(3) + &function("g-greedy", "prod", taken)));
    let (plain, more) = (watch_for(&text, &[], 60), watch_for(&text, &[Extra::Concurrency], 60));
    assert_eq!(more.0 - plain.0, (4 + 1) * 60 / 5, "of four functions, and of their region");
    let seen = watched(with(&text, &[Extra::Concurrency]), how(60));
    assert!(fires(&seen, 9).is_empty());
    assert_eq!(fires(&seen, 25), BTreeMap::from([("g-greedy".to_owned(), Severity::Critical)]));
    assert!(fires(&seen, 59).is_empty());
    // The limit is asked for when functions are found, at the start and every fifteen minutes.
    let asked = seen.log.iter().filter(|line| line.operation == "lambda:GetAccountSettings").count();
    assert!((2..=6).contains(&asked), "{asked}");
    let denied = text + "[[faults]]\noperation = \"lambda:GetAccountSettings\"\nfails = \"denied\"\n";
    let seen = watched(with(&denied, &[Extra::Concurrency]), how(10));
    let unknown = seen.last().judgement.functions.iter().filter(|it| it.judged.verdict == Verdict::Unknown).count();
    assert_eq!((unknown, seen.last().fleet.targets().all(TargetState::is_seen)), (1, false));
}

#[test]
fn a_tables_alert_begins_while_it_refuses_and_ends_when_it_does_not_any_more() {
    let table = "{ name = \"t\", tags = { monitor = \"true\", stage = \"prod\" }, metrics = { ConsumedReadCapacityUnits = 60, ProvisionedReadCapacityUnits = 10, ReadThrottleEvents = { from = \"10m\", to = \"20m\", per_minute = 4 } } }";
    let text = account(&fleet(3)) + &format!("tables = [{table}]\n");
    let (plain, more) = (watch_for(&text, &[], 60), watch_for(&text, &[Extra::Capacity], 60));
    assert_eq!(
        (more.0 - plain.0, more.1),
        (5 * 60 / 5, plain.1),
        "consumed and refused, and what is provisioned of reads"
    );
    let seen = watched(with(&text, &[Extra::Capacity]), how(60));
    assert!(fires(&seen, 9).is_empty());
    assert_eq!(fires(&seen, 25), BTreeMap::from([("table/t".to_owned(), Severity::Critical)]));
    assert!(fires(&seen, 50).is_empty());
    let denied = text + "[[faults]]\noperation = \"tag:GetResources\"\nfails = \"denied\"\nfrom = \"5m\"\n";
    let seen = watched(with(&denied, &[Extra::Capacity]), how(40));
    assert!(!seen.last().fleet.targets().all(TargetState::is_seen), "what can't be found any more is said");
    assert!(fires(&seen, 25).contains_key("table/t"), "and what was known is read on");
}

fn fires(seen: &Watched, minute: usize) -> BTreeMap<String, Severity> {
    let snapshot = &seen.minutes[minute];
    let more = |it: &&crate::domain::finding::JudgedFunction| {
        it.judged.findings.iter().any(|finding| Extra::ALL.iter().any(|extra| extra.as_str() == finding.check))
    };
    let named = |it: &crate::domain::finding::JudgedFunction| {
        let name = snapshot.fleet.target(&it.target).unwrap().row(it.place).unwrap().found.name.raw().to_owned();
        (name, it.judged.findings[0].severity)
    };
    snapshot.judgement.functions.iter().filter(more).map(named).collect()
}

/// What somebody sees who sweeps in each minute.
fn everything(text: &str, extras: &[Extra], minutes: u64) -> Vec<super::watching::Alerts> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut all = Vec::new();
        for minute in 0..minutes {
            let asked = with(text, extras);
            let now = asked.world.now.plus(i64::try_from(minute).unwrap());
            let sim = Arc::new(Sim::with_clock(asked.world, move || now.timestamp()));
            let depth = Depth::Judge { hidden: false, spots: false };
            let settings = Settings { horizon: Horizon::new(now.plus(-3), 15, now), depth };
            let (roster, rules) = (Arc::new(asked.roster), Arc::new(asked.rules));
            let cancel = CancellationToken::new();
            let (fleet, _) = once(sim, roster, rules, settings, asked.limit, &cancel, |_| {}).await;
            all.push(alerts(&fleet, &judge_fleet(&fleet, &settings.horizon)));
        }
        all
    })
}

const MINUTES: u64 = 70;
/// Minutes within which everything that lasts is shown: an interval, and a minute each for the settling and the reading.
const LATE: usize = 8;

fn pattern(value: u32) -> impl Strategy<Value = String> {
    (0u64..40, 1u64..30).prop_map(move |(from, lasts)| {
        format!("{{ from = \"{from}m\", to = \"{}m\", per_minute = {value} }}", from + lasts)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_the_same_alerts_are_raised_as_by_sweeping_each_minute(
        ages in prop::collection::vec(pattern(400_000), 2),
        lost in prop::collection::vec(pattern(2), 2),
        errors in prop::option::of(pattern(9)),
    ) {
        let own = ages.iter().zip(&lost).enumerate().map(|(n, (age, lost))| {
            let errors = errors.clone().unwrap_or_else(|| "0".to_owned());
            let more = format!("errors = {errors}, metrics = {{ IteratorAge = {age}, DeadLetterErrors = {lost} }}");
            function(&format!("f{n}"), "prod", &more)
        });
        let (text, extras) = (account(&own.collect::<String>()), [Extra::IteratorAge, Extra::DeadLetter]);
        let all = everything(&text, &extras, MINUTES);
        let shown = watched(with(&text, &extras), how(MINUTES)).alerts();
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
