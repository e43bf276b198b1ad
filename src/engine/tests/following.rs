//! Hours of watching on tokio's paused clock, and what is told of them.

use super::{
    ask,
    watching::{Watched, account, how, watched},
};
use crate::{
    domain::{
        life::{LifeRules, Lives, Notice},
        rules::more::{Extra, Word},
    },
    engine::follow,
};

fn function(name: &str, more: &str) -> String {
    format!("    {{ name = \"{name}\", tags = {{ monitor = \"true\", stage = \"prod\" }}, {more} }},\n")
}

/// What is told over the minutes: `minute function change`, and the reason of the first.
fn told(seen: &Watched) -> (Vec<String>, Vec<Notice>) {
    let (mut lives, rules) = (Lives::default(), LifeRules::default());
    let start = seen.minutes[0].horizon.now;
    let mut all = Vec::new();
    for snapshot in &seen.minutes {
        let evaluations = follow::evaluations(snapshot, &lives, rules.below);
        let (notices, _) = lives.turn(&rules, evaluations);
        all.extend(notices.into_iter().filter(|notice| notice.step.tell).map(|notice| (snapshot.horizon.now, notice)));
    }
    let line = |(now, notice): &(crate::domain::window::Minute, Notice)| {
        format!("{} {} {}", now.0 - start.0, notice.key.function.raw(), notice.step.change.word())
    };
    (all.iter().map(line).collect(), all.into_iter().map(|(_, notice)| notice).collect())
}

#[test]
fn an_incident_is_told_once_and_so_is_its_end() {
    let text = account(
        &(function("a-lasting", "invocations = 60, errors = { from = \"10m\", to = \"70m\", per_minute = 30 }")
            + &function("b-always", "invocations = 60, errors = 30")
            + &function("c-fine", "invocations = 60")),
    );
    let (lines, notices) = told(&watched(ask(&text), how(120)));
    // It fires as soon as its first minute has settled; its last errors leave the window after fifteen minutes, and
    // five more have to stay below half of the limit. The totals alone say that it did not fail, which is slower.
    assert!(
        lines[0] == "0 b-always fired" && ["14 a-lasting fired", "15 a-lasting fired"].contains(&lines[1].as_str()),
        "{lines:?}"
    );
    let minute: i64 = lines[2].strip_suffix(" a-lasting resolved").unwrap().parse().unwrap();
    assert!((90..=105).contains(&minute), "{lines:?}");
    assert_eq!(lines.len(), 3);
    assert_eq!(notices[1].incident(), notices[2].incident());
    assert!(notices[1].step.reason.contains("failed") && notices[1].subject.arn.is_some());
}

#[test]
fn what_can_not_be_seen_begins_and_ends_nothing() {
    let text = account(
        &(function("a", "invocations = 60, errors = { from = \"-20m\", to = \"10m\", per_minute = 30 }")
            + &function("b", "invocations = 60, errors = { from = \"20m\", to = \"200m\", per_minute = 30 }")),
    ) + "[[faults]]\naccount = \"111111111111\"\noperation = \"cloudwatch:GetMetricData\"\nfails = \"denied\"\nfrom = \"5m\"\nto = \"60m\"\n";
    let (lines, _) = told(&watched(ask(&text), how(120)));
    let minute = |line: &str| line.split(' ').next().unwrap().parse::<i64>().unwrap();
    let words = |line: &String| line.split_once(' ').unwrap().1.to_owned();
    assert_eq!(lines.iter().map(words).collect::<Vec<_>>(), ["a fired", "b fired", "a resolved"], "{lines:?}");
    assert!(minute(&lines[0]) == 0 && minute(&lines[1]) >= 60 && minute(&lines[2]) >= 65, "{lines:?}");
}

#[test]
fn a_check_with_metrics_of_its_own_is_told_once_and_so_is_its_end() {
    let lost = "{ from = \"10m\", to = \"12m\", per_minute = 1 }";
    let behind = "{ from = \"10m\", to = \"40m\", per_minute = 2000000 }";
    let text = account(
        &(function("a-lost", &format!("invocations = 60, metrics = {{ DeadLetterErrors = {lost} }}"))
            + &function("b-behind", &format!("invocations = 60, metrics = {{ IteratorAge = {behind} }}"))
            + &function("c-fine", "invocations = 60")),
    );
    let mut asked = ask(&text);
    let mut limits = (*asked.rules.limits).clone();
    for extra in [Extra::DeadLetter, Extra::IteratorAge] {
        limits.more.take(Word::On(extra, true), &"config".into());
    }
    asked.rules.limits = limits.into();
    let (lines, notices) = told(&watched(asked, how(120)));
    let of = |name: &str| -> Vec<(i64, &str)> {
        let words = lines.iter().filter_map(|line| line.split_once(' '));
        words.filter_map(|(at, rest)| Some((at.parse().unwrap(), rest.strip_prefix(name)?.trim()))).collect()
    };
    let (lost, behind) = (of("a-lost"), of("b-behind"));
    assert!(matches!(lost[..], [(14..=20, "fired"), (32..=50, "resolved")]), "{lines:?}");
    assert!(matches!(behind[..], [(14..=20, "fired"), (60..=78, "resolved")]), "{lines:?}");
    assert_eq!(lines.len(), 4, "{lines:?}");
    let keys: Vec<_> = notices.iter().map(|notice| notice.key.check.as_str()).collect();
    assert!(keys.contains(&"dead-letter") && keys.contains(&"iterator-age"), "{keys:?}");
}
