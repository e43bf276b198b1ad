//! The one fold: what any order of arrival may and may not change.

use proptest::prelude::*;

use super::*;
use crate::domain::{
    account::Region,
    failure::Kind,
    function::Tags,
    roster::Access,
    series::{Of, Series},
    window::{Minute, Window},
};

const READ: Window = Window { start: Minute(100), end: Minute(135) };

fn id(n: usize) -> AccountId {
    AccountId::parse(&format!("{n:012}")).unwrap()
}

fn region(n: usize) -> Region {
    Region::parse(["eu-west-1", "us-east-1", "eu-central-1"][n]).unwrap()
}

fn entry(n: usize, regions: Regions) -> Entry {
    let account = Account { id: id(n), name: Some(format!("shop-{n}").into()), client: None };
    Entry { account: Arc::new(account), access: Access::default(), regions }
}

/// The account's introduction, as far as its targets exist.
fn introduction(n: usize, regions: usize) -> Vec<Observation> {
    let regions: Vec<Region> = (0..regions).map(region).collect();
    vec![
        Observation::Account(entry(n, Regions::These(regions.clone()))),
        Observation::Regions { account: id(n), regions },
    ]
}

fn found(name: &str) -> Discovered {
    let tags = [("monitor", "true"), ("stage", "prod")].map(|(key, value)| (key.into(), value.into()));
    Discovered { arn: format!("arn:{name}").into(), name: name.into(), tags: Tags::new(tags) }
}

fn functions(target: &TargetKey, names: &[&str]) -> Observation {
    let found = names.iter().map(|name| found(name)).collect();
    Observation::Functions { target: target.clone(), found, took: Duration::from_millis(7), detour: None }
}

fn readings(target: &TargetKey, name: &str, metric: Metric, value: u32) -> Observation {
    let mut series = Series::gaps(READ, 1);
    series.set(Minute(120), f64::from(value));
    let readings = vec![(Of::One(name.into()), metric, Reading::Known(series))];
    Observation::Readings { target: target.clone(), readings }
}

fn configurations(target: &TargetKey, names: &[&str], complete: bool) -> Observation {
    let found = names.iter().map(|name| Configuration {
        name: (*name).into(),
        arn: format!("arn:{name}").into(),
        runtime: Some("python3.13".into()),
        timeout: Some(3),
        memory: Some(128),
        last_modified: None,
        tracing: None,
        log_group: None,
    });
    Observation::Configurations { target: target.clone(), found: found.collect(), complete }
}

fn failed(target: &TargetKey, operation: &'static str, part: Option<&str>, message: &str) -> Observation {
    let failure = Failure::new(operation, Kind::Server, message);
    Observation::TargetFailed { target: target.clone(), part: part.map(String::from), failure }
}

fn folded(observations: impl IntoIterator<Item = Observation>) -> Fleet {
    let mut fleet = Fleet::new(Arc::new(Rules::default()));
    observations.into_iter().for_each(|observation| fleet.apply(observation));
    fleet
}

/// All that a fleet holds, in words.
fn said(fleet: &Fleet) -> String {
    format!("{:#?} {:#?} {:#?}", fleet.accounts, fleet.targets, fleet.listings)
}

fn target() -> (Vec<Observation>, TargetKey) {
    (introduction(1, 1), (id(1), region(0)))
}

fn names(fleet: &Fleet, key: &TargetKey) -> Vec<(String, Option<bool>, Option<u32>)> {
    let errors = |function: &Function| match &function.errors {
        Reading::Known(series) => series.get(Minute(120)),
        _ => None,
    };
    let state = fleet.target(key).unwrap();
    state.known().iter().map(|f| (f.found.name.raw().to_owned(), f.exists, errors(f))).collect()
}

/// What one target has to say after its discovery: in any order.
fn details(target: &TargetKey, values: [u32; 4]) -> Vec<Observation> {
    vec![
        readings(target, "a", Metric::Errors, values[0]),
        readings(target, "b", Metric::Errors, values[1]),
        readings(target, "a", Metric::Throttles, values[2]),
        readings(target, "nobody", Metric::Errors, values[3]),
        configurations(target, &["b", "nobody", "a"], true),
        failed(target, "cloudwatch:GetMetricData", Some("metrics of a"), "x"),
        failed(target, "cloudwatch:GetMetricData", Some("metrics of b"), "y"),
        failed(target, "lambda:ListFunctions", None, "z"),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Targets don't know of each other: any interleaving gives the same fleet, and so does any order of what speaks
    /// of different functions, metrics and parts of one target.
    #[test]
    fn the_order_of_arrival_changes_nothing(values in any::<[u32; 4]>(), order in any::<u64>(), accounts in 1usize..4, regions in 1usize..4) {
        let mut shuffled = order;
        let mut draw = |below: usize| {
            shuffled = shuffled.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(shuffled >> 33).unwrap() % below.max(1)
        };
        let mut straight = Vec::new();
        let mut queues: Vec<Vec<Observation>> = Vec::new();
        for account in 1..=accounts {
            let mut queue = introduction(account, regions);
            let mut rest = Vec::new();
            for region in (0..regions).map(region) {
                let key = (id(account), region);
                queue.push(functions(&key, &["b", "a"]));
                rest.extend(details(&key, values));
            }
            straight.extend(queue.iter().chain(&rest).cloned());
            while !rest.is_empty() {
                queue.push(rest.swap_remove(draw(rest.len())));
            }
            queue.reverse();
            queues.push(queue);
        }
        let mut mixed = Vec::new();
        while !queues.is_empty() {
            let at = draw(queues.len());
            match queues[at].pop() {
                Some(observation) => mixed.push(observation),
                None => drop(queues.swap_remove(at)),
            }
        }
        prop_assert_eq!(said(&folded(mixed)), said(&folded(straight)));
    }

    /// The same functions in another order, and twice, are the same functions.
    #[test]
    fn functions_come_in_any_order(names in prop::collection::vec("[a-d]{1,2}", 0..12), turn in 0usize..12) {
        let (introduction, key) = target();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut turned = names.clone();
        turned.rotate_left(turn.min(names.len()));
        let of = |names: &[&str]| folded(introduction.iter().cloned().chain([functions(&key, names)]));
        let fleet = of(&names);
        prop_assert_eq!(said(&fleet), said(&of(&turned)));
        let sorted: std::collections::BTreeSet<_> = names.iter().copied().collect();
        prop_assert!(fleet.target(&key).unwrap().known().iter().map(|f| f.found.name.raw()).eq(sorted));
    }
}

#[test]
fn rediscovery_keeps_the_readings_of_what_stays_and_drops_what_is_gone() {
    let (mut all, key) = target();
    all.push(functions(&key, &["b", "d", "a"]));
    all.extend([("a", 1), ("b", 2), ("d", 4)].map(|(name, value)| readings(&key, name, Metric::Errors, value)));
    all.push(configurations(&key, &["a", "b"], true));
    let before = names(&folded(all.clone()), &key);
    let row = |name: &str, exists, errors| (name.to_owned(), exists, errors);
    assert_eq!(before, [row("a", Some(true), Some(1)), row("b", Some(true), Some(2)), row("d", Some(false), Some(4))]);
    all.push(functions(&key, &["d", "c", "b"]));
    let after = names(&folded(all.clone()), &key);
    assert_eq!(after, [row("b", Some(true), Some(2)), row("c", None, None), row("d", Some(false), Some(4))]);
    all.push(functions(&key, &[]));
    let fleet = folded(all);
    let state = fleet.target(&key).unwrap();
    assert!(state.known().is_empty() && state.functions.is_some() && state.is_seen());
}

#[test]
fn what_speaks_of_the_unknown_is_left_out() {
    let (introduction, key) = target();
    let elsewhere = [(id(2), region(0)), (id(1), region(1))];
    let failure = Failure::new("sts:AssumeRole", Kind::Denied, "no");
    let strange = elsewhere
        .iter()
        .flat_map(|key| [vec![functions(key, &["a"])], details(key, [1; 4])].concat())
        .chain([
            Observation::AccountFailed { account: id(2), failure },
            Observation::Regions { account: id(2), regions: vec![region(0)] },
        ])
        .collect::<Vec<_>>();
    assert_eq!(said(&folded(introduction.iter().cloned().chain(strange))), said(&folded(introduction)));
    // Before discovery there is no function that a reading could be of.
    let (mut early, _) = target();
    early.extend(details(&key, [1; 4]).into_iter().take(5));
    assert!(folded(early).target(&key).unwrap().functions.is_none());
}

#[test]
fn an_account_is_entered_as_it_came_first_and_read_where_any_says() {
    let first = entry(1, Regions::These(vec![region(0)]));
    let mut second = entry(1, Regions::These(vec![region(1), region(0)]));
    second.access.base = crate::domain::roster::Base::Profile("other".into());
    let both = folded([Observation::Account(first.clone()), Observation::Account(second)]);
    let expected = Entry { regions: Regions::These(vec![region(0), region(1)]), ..first.clone() };
    assert_eq!(both.account(&id(1)).unwrap().entry, expected);
    let all = folded([Observation::Account(first.clone()), Observation::Account(entry(1, Regions::All))]);
    assert_eq!(all.account(&id(1)).unwrap().entry, Entry { regions: Regions::All, ..first });
    assert_eq!((both.accounts().count(), all.accounts().count()), (1, 1));
}

#[test]
fn what_is_unread_stands_once_for_an_operation_and_part() {
    let (mut all, key) = target();
    all.push(failed(&key, "cloudwatch:GetMetricData", Some("metrics of f"), "first"));
    all.push(failed(&key, "cloudwatch:GetMetricData", None, "whole"));
    all.push(failed(&key, "cloudwatch:GetMetricData", Some("metrics of f"), "again"));
    all.push(failed(&key, "tag:GetResources", None, "other"));
    let fleet = folded(all);
    let state = fleet.target(&key).unwrap();
    let rows: Vec<_> =
        state.unread.iter().map(|unread| (unread.part.as_deref(), unread.failure.message.raw())).collect();
    assert_eq!(rows, [(None, "whole"), (Some("metrics of f"), "again"), (None, "other")]);
    assert!(!state.is_seen());
}

#[test]
fn configurations_that_are_not_all_leave_the_rest_undecided() {
    let (mut all, key) = target();
    all.push(functions(&key, &["a", "b"]));
    all.push(configurations(&key, &["a"], false));
    assert_eq!(names(&folded(all), &key).iter().map(|(_, exists, _)| *exists).collect::<Vec<_>>(), [Some(true), None]);
}

#[test]
fn targets_out_of_reach_are_counted_as_far_as_they_are_known() {
    let three = Regions::These((0..3).map(region).collect());
    let mut all = introduction(1, 2);
    all.extend([Observation::Account(entry(2, three)), Observation::Account(entry(3, Regions::All))]);
    assert_eq!(folded(all.clone()).target_count(), 2 + 3 + 1);
    let failure = Failure::new("sts:AssumeRole", Kind::Denied, "no");
    all.push(Observation::AccountFailed { account: id(2), failure });
    assert_eq!(folded(all.clone()).target_count(), 2 + 3 + 1);
    all.push(Observation::Regions { account: id(3), regions: (0..3).map(region).collect() });
    let fleet = folded(all);
    assert_eq!((fleet.target_count(), fleet.targets().count()), (2 + 3 + 3, 2 + 3));
}

#[test]
fn what_many_functions_say_is_kept_once() {
    let (mut all, key) = target();
    all.push(functions(&key, &["a", "b"]));
    let fleet = folded(all);
    let [a, b] = fleet.target(&key).unwrap().known() else { panic!() };
    let text = |function: &Function| function.found.tags.get("stage").unwrap().raw().as_ptr();
    assert_eq!(text(a), text(b));
}
