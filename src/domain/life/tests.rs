//! The life of an alert, by examples and over random histories.

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::domain::account::Region;

const RULES: LifeRules =
    LifeRules { evaluations: 1, below: 0.5, clear: 5, idle: 15, changes: 4, within: 60, steady: 30 };

fn fires(severity: Severity) -> Sign {
    Sign::Fires { severity, reason: "41 of 812 failed".into(), since: None }
}

/// What is told (in capitals) and logged over a history: `w` a warning, `c` critical, `n` near, `.` clear, `i` idle, `?` unknown,
/// `g` gone; one a minute.
fn told(rules: &LifeRules, history: &str) -> String {
    let mut life = Life::new(Minute(0));
    said(&mut life, rules, 0, history, |_| false)
}

fn said(life: &mut Life, rules: &LifeRules, from: i64, history: &str, muted: impl Fn(i64) -> bool) -> String {
    let mut out = Vec::new();
    for (minute, sign) in (from..).zip(history.chars()) {
        for step in life.evaluate(rules, Minute(minute), &sign_of(sign), muted(minute)) {
            let word = step.change.word();
            let word = if step.tell { word.to_uppercase() } else { word.to_owned() };
            out.push(format!("{minute} {word}"));
        }
    }
    out.join(", ")
}

fn sign_of(letter: char) -> Sign {
    match letter {
        'w' => fires(Severity::Warning),
        'c' => fires(Severity::Critical),
        'n' => Sign::Near,
        'i' => Sign::Idle { since: None },
        '?' => Sign::Unknown,
        'g' => Sign::Gone,
        _ => Sign::Clear,
    }
}

#[test]
fn it_fires_once_gets_worse_once_and_is_over_once() {
    assert_eq!(told(&RULES, "ww"), "0 FIRED");
    assert_eq!(told(&RULES, "wcwcc"), "0 FIRED, 1 WORSENED");
    assert_eq!(told(&RULES, "cc......."), "0 FIRED, 2 recovering, 7 RESOLVED");
    assert_eq!(told(&RULES, ".n.i?g"), "");
}

#[test]
fn what_is_near_or_unknown_is_not_over_and_idleness_takes_longer() {
    assert_eq!(told(&RULES, "cnnnnnnnnnnnnnnnnnnnn"), "0 FIRED, 1 recovering");
    assert_eq!(told(&RULES, "c..n......"), "0 FIRED, 1 recovering, 9 RESOLVED");
    assert_eq!(told(&RULES, "c....?......"), "0 FIRED, 1 recovering, 11 RESOLVED");
    assert_eq!(told(&RULES, "ciiiiiiiiiiiiiiii"), "0 FIRED, 1 recovering, 16 RESOLVED");
    assert_eq!(told(&RULES, "c..i..i..i..i..i..."), "0 FIRED, 1 recovering, 16 RESOLVED");
    assert_eq!(told(&RULES, "c???????????????????????c"), "0 FIRED");
    assert_eq!(told(&RULES, "c..c......"), "0 FIRED, 1 recovering, 3 again, 4 recovering, 9 RESOLVED");
    assert_eq!(told(&RULES, "cg"), "0 FIRED, 1 RESOLVED");
}

#[test]
fn idleness_counts_from_when_something_last_ran() {
    let over = |ran: i64, idle: i64| {
        let rules = LifeRules { idle, ..RULES };
        let mut life = Life::new(Minute(0));
        life.evaluate(&rules, Minute(0), &sign_of('c'), false);
        (1..100).find(|at| {
            life.evaluate(&rules, Minute(*at), &Sign::Idle { since: Some(Minute(ran)) }, false);
            !life.is_open()
        })
    };
    // Long idle when its failures leave the window: it takes as long as what runs, and no longer.
    assert_eq!((over(-20, 15), over(0, 15)), (Some(6), Some(15)));
    assert_eq!(over(-20, 60), Some(40));
}

#[test]
fn it_fires_only_after_so_many_evaluations_in_a_row() {
    let rules = LifeRules { evaluations: 3, ..RULES };
    assert_eq!(told(&rules, "cc.cc.ccc"), "8 FIRED");
    assert_eq!(told(&rules, "c?c?c"), "4 FIRED");
    let mut life = Life::new(Minute(0));
    for _ in 0..9 {
        assert!(life.evaluate(&rules, Minute(7), &sign_of('c'), false).is_empty(), "one minute is one evaluation");
    }
}

#[test]
fn what_comes_and_goes_is_told_once_until_it_is_steady() {
    let rules = LifeRules { clear: 0, ..RULES };
    let goes = "c.c.c.c.c".to_owned();
    let begin = "0 FIRED, 1 recovering, 1 RESOLVED, 2 FIRED, 3 recovering, 3 RESOLVED, 4 FLAPPING, \
                 5 recovering, 5 resolved, 6 fired, 7 recovering, 7 resolved, 8 fired";
    assert_eq!(told(&rules, &goes), begin);
    assert_eq!(told(&rules, &format!("{goes}{}", "c".repeat(40))), format!("{begin}, 38 STILL"));
    let over = format!("{goes}{}", ".".repeat(40));
    assert_eq!(told(&rules, &over), format!("{begin}, 9 recovering, 9 resolved, 39 RESOLVED"));
    // What is not seen is not steady.
    let unseen = format!("{goes}{}{}", "?".repeat(40), "c".repeat(40));
    assert_eq!(told(&rules, &unseen), format!("{begin}, 78 STILL"));
}

#[test]
fn while_it_flaps_it_is_one_incident() {
    let rules = LifeRules { clear: 0, ..RULES };
    let mut life = Life::new(Minute(0));
    let history = format!("c.c.c.c.c{}", ".".repeat(40));
    let steps: Vec<Transition> = (0..)
        .zip(history.chars())
        .flat_map(|(at, sign)| life.evaluate(&rules, Minute(at), &sign_of(sign), false))
        .collect();
    let flaps = steps.iter().find(|step| step.change == Change::Flapping).unwrap();
    assert_eq!(steps.iter().rfind(|step| step.tell).unwrap().opened, flaps.opened);
}

#[test]
fn what_is_muted_is_told_when_that_ends_and_still_fires() {
    let mut life = Life::new(Minute(0));
    assert_eq!(said(&mut life, &RULES, 0, "cccccc", |at| at < 3), "0 fired, 3 STILL");
    let mut life = Life::new(Minute(0));
    assert_eq!(said(&mut life, &RULES, 0, "c......c", |at| at < 6), "0 fired, 1 recovering, 6 resolved, 7 FIRED");
    // Whoever was told of the beginning is told of the end.
    let mut life = Life::new(Minute(0));
    assert_eq!(said(&mut life, &RULES, 0, "c......", |at| at > 0), "0 FIRED, 1 recovering, 6 RESOLVED");
}

#[test]
fn what_somebody_knows_is_told_again_when_that_ends_or_when_it_is_worse() {
    let mut life = Life::new(Minute(0));
    assert!(!life.acknowledge(Minute(9), &knows(), Minute(0)), "nothing is open");
    assert_eq!(said(&mut life, &RULES, 0, "w", |_| false), "0 FIRED");
    assert!(life.acknowledge(Minute(5), &knows(), Minute(0)));
    assert_eq!(said(&mut life, &RULES, 1, "wwwwww", |_| false), "5 STILL");
    assert!(life.acknowledge(Minute(99), &knows(), Minute(0)));
    assert_eq!(said(&mut life, &RULES, 7, "ccc", |_| false), "7 WORSENED");
    assert_eq!(said(&mut life, &RULES, 10, "......c", |_| false), "10 recovering, 15 RESOLVED, 16 FIRED");
}

#[test]
fn nothing_is_forgotten_that_still_counts() {
    let mut life = Life::new(Minute(0));
    said(&mut life, &RULES, 0, "c......", |_| false);
    assert!(!life.is_past(&RULES));
    life.evaluate(&RULES, Minute(66), &Sign::Clear, false);
    assert!(life.is_past(&RULES));
}

fn key(n: u8) -> AlertKey {
    let target = (AccountId::parse("111122223333").unwrap(), Region::parse("eu-west-1").unwrap());
    AlertKey::new(target, format!("f{n}").into(), "errors")
}

fn signs() -> impl Strategy<Value = Sign> {
    let letters = prop_oneof![4 => Just('c'), 2 => Just('w'), 6 => Just('.'), 2 => Just('n'), 2 => Just('i'), 2 => Just('?'), 1 => Just('g')];
    letters.prop_map(sign_of)
}

/// What was told over a history, checked step by step: openings and ends take turns, and no step bears an id twice.
fn in_order(life: &mut Life, rules: &LifeRules, history: &[(i64, Sign, bool)]) -> Vec<Transition> {
    let (mut at, mut open, mut told, mut turns) = (Minute(10_000), false, Vec::new(), Vec::new());
    for (later, sign, muted) in history {
        at = at.plus(*later);
        let steps = life.evaluate(rules, at, sign, *muted);
        if *sign == Sign::Unknown {
            assert!(steps.is_empty());
        }
        assert!(steps.len() <= 4, "{steps:?}");
        turns.extend(steps.iter().map(|step| step.turn));
        for step in steps.into_iter().filter(|step| step.tell) {
            match step.change {
                Change::Fired => assert!(!std::mem::replace(&mut open, true), "fired twice"),
                Change::Flapping | Change::Still => open = true,
                Change::Worsened => assert!(open),
                Change::Resolved => assert!(std::mem::take(&mut open), "over twice"),
                Change::Recovering | Change::Again => panic!("for the log only"),
            }
            told.push(step);
        }
        assert_eq!(open, life.told.is_some());
        // What was told is over, or still open.
        assert!(!open || life.is_open() || life.flapping.is_some());
    }
    assert!(turns.windows(2).all(|two| two[0] < two[1]));
    told
}

proptest! {
    #[test]
    fn any_history_is_told_in_order(
        history in vec((-90i64..90, signs(), prop::bool::weighted(0.1)), 0..200),
        evaluations in 1u32..4, clear in 0i64..6, changes in 1u32..6,
    ) {
        let rules = LifeRules { evaluations, clear, changes, ..RULES };
        in_order(&mut Life::new(Minute(10_000)), &rules, &history);
    }

    #[test]
    fn whatever_it_does_it_is_told_so_often_and_no_more(history in vec((1i64..4, signs(), Just(false)), 0..300)) {
        let rules = LifeRules { clear: 0, ..RULES };
        let told = in_order(&mut Life::new(Minute(10_000)), &rules, &history);
        for first in &told {
            let hour = |step: &&Transition| (0..60).contains(&(step.at.0 - first.at.0)) && step.change != Change::Worsened;
            prop_assert!(told.iter().filter(hour).count() <= 2 * (rules.changes as usize + 2), "{told:?}");
        }
    }

    #[test]
    fn the_order_of_targets_does_not_matter(
        rounds in vec(vec(signs(), 5), 1..30), seeds in vec(0usize..120, 30),
    ) {
        let (mut one, mut other) = (Lives::default(), Lives::default());
        for (minute, (signs, seed)) in rounds.iter().zip(seeds).enumerate() {
            let at = Minute(i64::try_from(minute).unwrap());
            let of = |(n, sign): (u8, &Sign)| Evaluation { key: key(n), at, sign: sign.clone(), muted: false, subject: None };
            let straight: Vec<_> = (0..).zip(signs).map(of).collect();
            let mut shuffled = straight.clone();
            shuffled.rotate_left(seed % 5);
            shuffled.swap(seed % 3, 4);
            prop_assert_eq!(one.turn(&RULES, straight), other.turn(&RULES, shuffled));
        }
        prop_assert_eq!(one, other);
    }
}

#[test]
fn mutes_are_by_function_and_check_and_have_an_end() {
    let mut lives = Lives::default();
    let mute = |until| Mute {
        target: key(1).target,
        function: "f1".into(),
        check: None,
        until: Minute(until),
        at: None,
        by: None,
        reason: None,
    };
    lives.mute(mute(5), Minute(0));
    let fire = |lives: &mut Lives, at| {
        let sign = fires(Severity::Critical);
        let evaluation =
            |n| Evaluation { key: key(n), at: Minute(at), sign: sign.clone(), muted: false, subject: None };
        let (notices, _) = lives.turn(&RULES, [1, 2].map(evaluation));
        notices.iter().map(|notice| (notice.key.function.raw().to_owned(), notice.step.tell)).collect::<Vec<_>>()
    };
    assert_eq!(fire(&mut lives, 1), [("f1".into(), false), ("f2".into(), true)]);
    assert_eq!(fire(&mut lives, 4), []);
    assert_eq!(fire(&mut lives, 5), [("f1".into(), true)]);
    lives.mute(mute(9), Minute(5));
    lives.mute(mute(5), Minute(5));
    assert_eq!(lives.mutes, []);
}

#[test]
fn a_step_bears_the_same_id_wherever_it_is_told() {
    let run = || {
        let mut lives = Lives::default();
        let evaluation = |at, sign| Evaluation { key: key(1), at: Minute(at), sign, muted: false, subject: None };
        let mut ids = Vec::new();
        for (at, sign) in (100..).zip("c......c".chars()) {
            ids.extend(lives.turn(&RULES, [evaluation(at, sign_of(sign))]).0.iter().map(Notice::id));
        }
        ids
    };
    let incident = "111122223333:eu-west-1:f1:errors";
    let expected = [(100, 1), (100, 2), (100, 3), (107, 4)].map(|(at, turn)| format!("{incident}:{at}:{turn}"));
    assert_eq!(run(), expected);
    assert_eq!(run(), run());
}

/// Somebody who knows of an alert.
fn knows() -> Hush {
    let AlertKey { target, function, .. } = key(1);
    Hush { target, function, check: None, means: Means::Acknowledge, until: Some(NO_END), by: None, reason: None }
}

#[test]
fn what_is_replaced_is_said_with_whose_it_was() {
    let at = |text: &str| Minute::floor(text.parse().unwrap());
    let before = |by: Option<&str>, at, until| Before { by: by.map(str::to_owned), at, until };
    let now = at("2026-11-23T14:05:00Z");
    let anns = before(Some("ann\u{1b}"), Some(at("2026-11-23T12:03:00Z")), at("2026-11-24T14:00:00Z"));
    assert_eq!(anns.said(now), "instead of ann\u{fffd}'s since 12:03 UTC, until 24 Nov 14:00 UTC");
    assert_eq!(before(None, None, NO_END).said(now), "instead of an earlier one, until it is over");
}

#[test]
fn who_is_behind_says_nothing_of_what_another_has_seen() {
    let mut lives = Lives::default();
    let mut turn = |at: i64, sign: Sign| {
        let evaluation = Evaluation { key: key(1), at: Minute(at), sign, muted: false, subject: None };
        let (notices, _) = lives.turn(&RULES, [evaluation]);
        notices.iter().map(|notice| notice.step.change).collect::<Vec<_>>()
    };
    assert_eq!(turn(100, fires(Severity::Critical)), [Change::Fired]);
    // Another slmon has not read that far.
    for _ in 0..5 {
        assert_eq!((turn(95, Sign::Near), turn(100, fires(Severity::Critical))), (vec![], vec![]));
    }
    assert_eq!(turn(105, Sign::Near), [Change::Recovering]);
    assert_eq!(turn(104, fires(Severity::Critical)), []);
    // A clock that went back by hours is believed.
    assert_eq!(turn(20, fires(Severity::Critical)), [Change::Again]);
}
