//! The checks that are off unless they are named: that nothing unread is fine, that worse is never better, and how the
//! alert of each comes to its end.

use proptest::prelude::*;

use super::*;
use crate::{
    checks::{
        judge, names, sign,
        tests::{AT, HORIZON, function, unread},
    },
    domain::{
        finding::{Severity, Verdict},
        fleet::Function,
        function::{Configuration, ResourceType},
        life::Sign,
        rules::{
            Rules,
            more::{Number, Word},
        },
    },
};

/// A function that runs, without errors, of which nothing else was read; this check is on.
fn with(extra: Extra, tags: &[(&str, &str)]) -> Function {
    let mut ran = Series::gaps(Window::ending(AT, 35), 1);
    (1..=35).for_each(|back| ran.set(AT.plus(-back), 0.0));
    let reading = || Reading::Known(ran.clone());
    let mut function = function(tags, reading(), reading(), Reading::NotAsked);
    switch_on(&mut function, extra);
    if extra == Extra::Capacity {
        function.found.name = "table/f".into();
        return function;
    }
    function.configuration = Some(Configuration {
        name: "f".into(),
        arn: "f".into(),
        runtime: None,
        timeout: Some(10),
        memory: None,
        last_modified: None,
        tracing: None,
        log_group: None,
    });
    function
}

fn switch_on(function: &mut Function, extra: Extra) {
    let mut limits = (*function.class.limits).clone();
    limits.more.take(Word::On(extra, true), &"config".into());
    function.class.limits = limits.into();
}

/// Enters what each need was read as: `at` says the value at so many minutes before the end.
fn read(function: &mut Function, at: impl Fn(Metric, i64) -> Option<u32>) {
    for need in needs(function.found.resource_type(), &function.class.limits, &HORIZON) {
        let (read, period) = need.stretch.read(&HORIZON, None).unwrap();
        let mut series = Series::gaps(read, period);
        let places = read.minutes() / period;
        for minute in (0..places).map(|place| read.start.plus(place * period)) {
            if let Some(value) = at(need.metric, read.end.0 - minute.0) {
                series.set(minute, f64::from(value));
            }
        }
        function.more.insert((need.metric, need.stretch), Reading::Known(series));
    }
}

fn severity(function: &Function, extra: Extra) -> Option<Severity> {
    let judged = judge(function, &HORIZON);
    judged.findings.iter().find(|finding| finding.check == extra.as_str()).map(|finding| finding.severity)
}

/// A value of each metric that makes its check fire at its worst, or by half of what it takes to fire at all.
fn worst(extra: Extra, share: f64) -> impl Fn(Metric, i64) -> Option<u32> {
    move |metric, back| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers of a test")]
        let times = |value: f64| (value * share).floor() as u32;
        match (extra, metric) {
            (Extra::Burn, Metric::Errors) => Some(times(72.0)),
            (Extra::Burn, _) => Some(5_000),
            (Extra::NearTimeout, _) => Some(times(9_800.0)),
            (Extra::IteratorAge, _) => Some(times(1_800_000.0)),
            (Extra::DeadLetter, _) => (back == 7).then_some(times(1.0)),
            (Extra::Silent, _) => (back > 40).then_some(1),
            (Extra::Capacity, Metric::ReadThrottles) => (back == 5).then_some(times(10.0)),
            (Extra::Capacity, Metric::ConsumedRead) => Some(times(30_000.0)),
            (Extra::Capacity, Metric::ProvisionedRead) => Some(100),
            (Extra::Capacity | Extra::Concurrency, _) => None,
        }
    }
}

/// What looks at a function by itself; `concurrency` looks at its region, too.
const ALONE: &[Extra] =
    &[Extra::Burn, Extra::NearTimeout, Extra::IteratorAge, Extra::DeadLetter, Extra::Silent, Extra::Capacity];

const EXPECTS: &[(&str, &str)] = &[("monitor:expect", "30m")];

#[test]
fn each_fires_at_its_worst_and_its_alert_ends_below_its_limit() {
    for extra in ALONE.iter().copied() {
        let mut function = with(extra, EXPECTS);
        read(&mut function, worst(extra, 1.0));
        assert_eq!(severity(&function, extra), Some(Severity::Critical), "{extra:?}");
        let signs =
            |function: &Function| sign(None, function, &HORIZON, (&judge(function, &HORIZON), extra.as_str()), 0.5);
        assert!(matches!(signs(&function), Sign::Fires { severity: Severity::Critical, .. }), "{extra:?}");
        // Nothing of it: over, or on its way to it.
        read(&mut function, |metric, _| if extra == Extra::Silent { Some(1) } else { worst(extra, 0.0)(metric, 7) });
        assert_eq!((severity(&function, extra), signs(&function)), (None, Sign::Clear), "{extra:?}");
    }
}

#[test]
fn what_is_not_far_below_its_limit_is_not_over() {
    let near = |extra: Extra, share: f64| {
        let mut function = with(extra, &[]);
        read(&mut function, worst(extra, share));
        assert_eq!(severity(&function, extra), None, "{extra:?}");
        sign(None, &function, &HORIZON, (&judge(&function, &HORIZON), extra.as_str()), 0.5)
    };
    // 5 of 30 minutes is where it warns: 4 are near it, 2 are well below.
    assert_eq!(near(Extra::IteratorAge, 4.0 / 30.0), Sign::Near);
    assert_eq!(near(Extra::IteratorAge, 2.0 / 30.0), Sign::Clear);
    // One time the budget is where it warns, at 1 of 14.4.
    assert_eq!(near(Extra::Burn, 0.95 / 14.4), Sign::Near);
    assert_eq!(near(Extra::Burn, 0.45 / 14.4), Sign::Clear);
    // What runs for half of its timeout is well, and so is what runs for 80 %.
    assert_eq!(near(Extra::NearTimeout, 0.8), Sign::Clear);
}

#[test]
fn what_burns_says_since_when() {
    let since = |failed: &dyn Fn(i64) -> u32, calls: &dyn Fn(i64) -> u32| {
        let mut function = with(Extra::Burn, &[]);
        read(&mut function, |metric, back| Some(if metric == Metric::Errors { failed(back) } else { calls(back) }));
        let judged = judge(&function, &HORIZON);
        let finding = judged.findings.iter().find(|finding| finding.check == "burn").expect("it burns");
        let read =
            function.more.values().find_map(|it| if let Reading::Known(it) = it { Some(it.read()) } else { None });
        (finding.since.map(|since| read.unwrap().end.0 - since.0), finding.since_open)
    };
    let always = |_| 1_000;
    assert_eq!(since(&|back| if back <= 70 { 100 } else { 0 }, &always), (Some(70), false));
    // What failed a day ago is another story, and a stretch without calls is none.
    let twice = |back| if back <= 70 || (1400..1500).contains(&back) { 100 } else { 0 };
    assert_eq!(since(&twice, &always), (Some(70), false));
    let sleeps = |back| if (20..=40).contains(&back) { 0 } else { 1_000 };
    assert_eq!(since(&|back| if back <= 70 && sleeps(back) > 0 { 100 } else { 0 }, &sleeps), (Some(70), false));
    // For as long as is read: nobody knows since when.
    assert_eq!(since(&|_| 100, &always), (Some(4320), true));
}

#[test]
fn what_was_not_read_is_never_fine_and_says_nothing_of_other_checks() {
    for extra in ALONE.iter().copied() {
        let mut function = with(extra, EXPECTS);
        let verdict = |function: &Function| {
            let judged = judge(function, &HORIZON);
            let check = |name: &str| sign(None, function, &HORIZON, (&judged, name), 0.5);
            (judged.verdict, check(extra.as_str()), check("errors"))
        };
        // Nobody counts errors of a table.
        let errors = if extra == Extra::Capacity { Sign::Gone } else { Sign::Clear };
        let lost = (Verdict::Unknown, Sign::Unknown, errors);
        assert_eq!(verdict(&function), lost, "{extra:?}: nobody asked");
        read(&mut function, worst(extra, 1.0));
        for need in needs(function.found.resource_type(), &function.class.limits, &HORIZON)
            .iter()
            .filter(|need| need.after.is_none())
        {
            let mut function = function.clone();
            let others = function.more.keys().filter(|(metric, _)| *metric != need.metric).copied().collect::<Vec<_>>();
            function.more.insert((need.metric, need.stretch), unread());
            // Another metric of the same check may still fire.
            for (metric, stretch) in others.into_iter().filter(|_| matches!(extra, Extra::DeadLetter | Extra::Capacity))
            {
                let (read, period) = stretch.read(&HORIZON, None).unwrap();
                function.more.insert((metric, stretch), Reading::Known(Series::gaps(read, period)));
            }
            assert_eq!(verdict(&function), lost, "{extra:?}: {need:?}");
        }
        // What was read an hour before says nothing of now.
        let late = Horizon { at: AT.plus(60), now: AT.plus(63), ..HORIZON };
        assert!(judge(&function, &late).doubts.iter().any(|doubt| doubt.check == extra.as_str()), "{extra:?}");
    }
}

#[test]
fn what_is_read_less_often_is_judged_up_to_where_it_was_read() {
    let mut function = with(Extra::IteratorAge, &[]);
    read(&mut function, |_, back| (back == 14).then_some(1_800_000));
    let then = |late: i64| judge(&function, &Horizon { at: AT.plus(late), now: AT.plus(late + 3), ..HORIZON });
    assert!(then(5).findings.iter().any(|finding| finding.check == "iterator-age"), "{:?}", then(5));
    assert!(then(5).doubts.iter().all(|doubt| doubt.check != "iterator-age"));
}

#[test]
fn one_that_is_off_asks_for_nothing_and_says_nothing() {
    let limits = Limits::default();
    assert!(needs(ResourceType::Function, &limits, &HORIZON).is_empty() && !wants_configuration(&limits, &HORIZON));
    let function = function(&[], unread(), unread(), Reading::NotAsked);
    let judged = judge(&function, &HORIZON);
    assert_eq!(
        judged.off,
        ["burn", "near-timeout", "iterator-age", "dead-letter", "silent", "concurrency", "capacity"]
    );
    assert_eq!(sign(None, &function, &HORIZON, (&judged, "burn"), 0.5), Sign::Gone);
    assert_eq!(names(&Rules::default(), &HORIZON), ["errors", "throttles"]);
}

#[test]
fn two_checks_that_need_the_same_metric_ask_for_it_once() {
    let mut limits = Limits::default();
    for extra in Extra::ALL {
        limits.more.take(Word::On(*extra, true), &"config".into());
    }
    let all = needs(ResourceType::Function, &limits, &HORIZON);
    let mut distinct: Vec<_> = all.iter().map(|need| (need.metric, need.stretch)).collect();
    distinct.dedup();
    assert_eq!((all.len(), distinct.len()), (10, 10));
    let since = Horizon::since(AT.plus(-10), AT, AT.plus(3));
    assert_eq!(
        needs(ResourceType::Function, &limits, &since).len(),
        7,
        "burn and silent look further back than to an instant"
    );
    assert!(wants_configuration(&limits, &HORIZON));
}

#[test]
fn silence_is_learned_from_the_same_hours_and_not_from_a_young_function() {
    let silent = |at: fn(i64) -> bool| {
        let mut function = with(Extra::Silent, &[]);
        read(&mut function, |_, back| at(back).then_some(1));
        severity(&function, Extra::Silent)
    };
    // Every ten minutes, for two weeks, but not in the last half hour.
    assert_eq!(silent(|back| back % 10 == 0 && back >= 35), Some(Severity::Warning));
    assert_eq!(silent(|back| back % 10 == 0 && back >= 30), None);
    // It sleeps for the last six hours of each day.
    assert_eq!(silent(|back| back % 10 == 0 && back % 1440 > 360), None);
    // Only in other hours did it rest for long.
    assert_eq!(
        silent(|back| back % 10 == 0 && back >= 60 && !(600..900).contains(&(back % 1440))),
        Some(Severity::Warning)
    );
    // Six days are too few to learn from.
    assert_eq!(silent(|back| back % 10 == 0 && (60..6 * 1440).contains(&back)), None);
    assert_eq!(silent(|_| false), None);
}

#[test]
fn an_objective_of_its_own_is_that_of_the_tag() {
    let severity = |tags| {
        let mut function = with(Extra::Burn, tags);
        read(&mut function, worst(Extra::Burn, 1.0));
        let set_by = function.class.limits.more.get(Number::BurnObjective).map(|(_, by)| by.to_owned());
        (severity(&function, Extra::Burn), set_by)
    };
    assert_eq!(severity(&[]), (Some(Severity::Critical), Some("default".into())));
    // 1.44 % of a budget of 1 % is 1.44 times too fast: a warning.
    assert_eq!(severity(&[("monitor:slo", "99")]), (Some(Severity::Warning), Some("tag monitor:slo".into())));
    assert_eq!(severity(&[("monitor:slo", "98")]).0, None);
}

#[test]
fn a_table_is_held_against_what_it_has_now() {
    let with_provisioned = |provisioned: fn(i64) -> Option<u32>| {
        let mut table = with(Extra::Capacity, &[]);
        read(&mut table, |metric, back| match metric {
            Metric::ConsumedRead => Some(27_000),
            Metric::ProvisionedRead => provisioned(back),
            _ => None,
        });
        severity(&table, Extra::Capacity)
    };
    // 90 units a second, of 100.
    assert_eq!(with_provisioned(|_| Some(100)), Some(Severity::Warning));
    // CloudWatch may give the newest late.
    assert_eq!(with_provisioned(|back| (back > 5).then_some(100)), Some(Severity::Warning));
    // More since half an hour, or as much as is needed: whatever it had before.
    assert_eq!(with_provisioned(|back| Some(if back > 30 { 100 } else { 200 })), None);
    assert_eq!(with_provisioned(|back| (back > 30).then_some(100)), None);
    assert_eq!(with_provisioned(|_| None), None);
}

#[test]
fn of_reads_and_writes_the_greater_share_is_the_number() {
    let mut table = with(Extra::Capacity, &[]);
    read(&mut table, |metric, _| match metric {
        Metric::ConsumedRead => Some(27_000),
        Metric::ConsumedWrite => Some(28_500),
        Metric::ProvisionedRead | Metric::ProvisionedWrite => Some(100),
        _ => Some(0),
    });
    let judged = judge(&table, &HORIZON);
    let finding = judged.findings.iter().find(|finding| finding.check == "capacity").unwrap();
    assert_eq!(finding.value, Some(0.95));
    assert!(finding.reason.starts_with("95.0 % of 100 write"), "{}", finding.reason);
    assert!(finding.reason.contains("; 90.0 % of 100 read"), "{}", finding.reason);
}

proptest! {
    /// More errors, longer runs, older records and more events never make a verdict better.
    #[test]
    fn worse_is_never_better(share in 0.0f64..2.0, more in 0.0f64..1.0, which in 0usize..4) {
        let extra = Extra::ALL[which];
        let of = |share: f64| {
            let mut function = with(extra, &[]);
            read(&mut function, worst(extra, share));
            severity(&function, extra)
        };
        prop_assert!(of(share + more) >= of(share));
    }

    /// A longer silence never makes a verdict better, and one that was expected fires from its minute on.
    #[test]
    fn silence_fires_from_its_minute_on(silent in 0i64..90) {
        let mut function = with(Extra::Silent, EXPECTS);
        read(&mut function, |_, back| (back > silent).then_some(2));
        prop_assert_eq!(severity(&function, Extra::Silent).is_some(), silent >= 30);
    }

    /// Wherever the errors lie, what burns has at least its number of errors in the longest stretch.
    #[test]
    fn few_errors_burn_nothing(errors in prop::collection::vec(0i64..4320, 0..6), calls in 1u32..50) {
        let mut function = with(Extra::Burn, &[]);
        read(&mut function, |metric, back| match metric {
            Metric::Errors => Some(u32::try_from(errors.iter().filter(|at| **at / 5 == back / 5).count()).unwrap()),
            _ => Some(calls),
        });
        let fires = severity(&function, Extra::Burn);
        prop_assert!(errors.len() >= 3 || fires.is_none(), "{:?}", fires);
    }
}
