//! Hours of watching on tokio's paused clock, and what is told of them.

use super::{
    ask,
    watching::{Watched, account, how, watched},
};
use crate::{
    domain::life::{LifeRules, Lives, Notice},
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
