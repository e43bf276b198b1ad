//! The demo estate: its size, its variety, and that it is never dull.

use std::collections::BTreeSet;

use super::*;
use crate::{
    domain::{
        failure::Kind,
        finding::{Severity, SpotKind},
        function::Discovered,
        rules::{Class, Rules, StageKind, limits::CheckLimits},
    },
    source::sim::{
        traffic::Counts,
        world::{WorldAccount, WorldFunction},
    },
};

const SHUT: &str = "larkspur-core";

struct Seen<'a> {
    account: &'a WorldAccount,
    function: &'a WorldFunction,
    class: Class,
}

fn classified(world: &World) -> Vec<Seen<'_>> {
    let rules = Rules::default();
    let functions = world.accounts.iter().flat_map(|account| account.functions.iter().map(move |f| (account, f)));
    functions
        .map(|(account, function)| {
            let owner = Account { id: account.id.clone(), name: Some(account.name.clone()), client: None };
            let found =
                Discovered { arn: account.arn(function), name: function.name.clone(), tags: function.tags.clone() };
            Seen { account, function, class: rules.classify(&owner, function.region.as_str(), &found) }
        })
        .collect()
}

impl Seen<'_> {
    fn sum(&self, world: &World, window: Window) -> Counts {
        let key = world.key(self.account, self.function);
        (window.start.0..window.end.0).map(|m| self.function.traffic.at(key, Minute(m))).fold(
            Counts::default(),
            |sum, counts| Counts {
                invocations: sum.invocations + counts.invocations,
                errors: sum.errors + counts.errors,
                throttles: sum.throttles + counts.throttles,
            },
        )
    }

    /// The worst that fires, by the contract's words.
    fn severity(&self, world: &World, end: Minute) -> Option<Severity> {
        let counts = self.sum(world, Window::ending(end, 15));
        let of = |limits: &CheckLimits, bad: u32, all: u32| {
            let rate = f64::from(bad) / f64::from(all.max(1));
            let fires = |clauses: &crate::domain::rules::limits::Clauses| {
                clauses.any.iter().any(|clause| f64::from(bad) >= clause.count && rate >= clause.rate)
            };
            if fires(&limits.critical) {
                Some(Severity::Critical)
            } else {
                fires(&limits.warning).then_some(Severity::Warning)
            }
        };
        let errors = of(&self.class.limits.errors, counts.errors, counts.invocations.max(counts.errors));
        let throttles = of(&self.class.limits.throttles, counts.throttles, counts.invocations + counts.throttles);
        errors.max(throttles).map(|worst| self.class.cap.map_or(worst, |cap| cap.min(worst)))
    }
}

#[test]
fn there_are_three_clients_eight_accounts_and_about_two_hundred_functions() {
    let world = World::demo(7, NOW);
    let clients: BTreeSet<_> = world.accounts.iter().map(|account| account.client.clone()).collect();
    let ids: BTreeSet<_> = world.accounts.iter().map(|account| account.id.clone()).collect();
    let functions: usize = world.accounts.iter().map(|account| account.functions.len()).sum();
    assert_eq!((clients.len(), ids.len(), world.accounts.len()), (3, 8, 8));
    assert!((180..=220).contains(&functions), "{functions}");
    for account in &world.accounts {
        let names: BTreeSet<_> = account.functions.iter().map(|f| (&f.region, &f.name)).collect();
        assert_eq!(names.len(), account.functions.len(), "{:?} has a name twice", account.name);
    }
    assert_eq!(world.roster().organizations.len(), 3);
}

#[test]
fn every_variant_of_tagging_is_there() {
    let world = World::demo(7, NOW);
    let all = classified(&world);
    let spots: BTreeSet<_> = all.iter().flat_map(|f| &f.class.spots).map(|spot| spot.kind.as_str()).collect();
    for kind in [SpotKind::StageMissing, SpotKind::StageConflict, SpotKind::MonitorValue, SpotKind::TagUnreadable] {
        assert!(spots.contains(kind.as_str()), "{kind:?}");
    }
    let count = |what: fn(&Seen<'_>) -> bool| all.iter().filter(|f| what(f)).count();
    assert!(count(|f| f.class.alerts()) >= 60);
    assert!(count(|f| f.class.watched && f.class.stage.kind == StageKind::Other) >= 50);
    assert!(count(|f| f.class.watched && f.class.stage.kind == StageKind::Unknown) >= 2);
    assert!(count(|f| !f.class.watched) >= 10);
    assert!(count(|f| f.class.stage.evidence.starts_with("stack name")) >= 1);
    assert!(count(|f| f.class.stage.evidence.starts_with("name")) >= 10);
    assert!(count(|f| f.function.deleted && f.class.alerts()) == 1);
    assert!(count(|f| f.class.window == Some(1440)) == 2);
    assert!(count(|f| f.class.owner.is_some() && f.class.runbook.is_some()) >= 3);
    assert!(count(|f| f.function.name.shown() != f.function.name.raw()) == 1);
    let muted = all.iter().find_map(|f| f.class.mute.as_ref()).unwrap();
    assert!(muted.0 > NOW);
}

#[test]
fn at_every_instant_two_are_critical_one_is_a_warning_and_it_is_not_always_the_same() {
    for seed in [7, 4_711] {
        let world = World::demo(seed, NOW);
        let all = classified(&world);
        let alerting: Vec<_> =
            all.iter().filter(|f| f.class.alerts() && f.class.mute.is_none() && f.account.name.raw() != SHUT).collect();
        let (mut critical_ever, mut most) = (BTreeSet::new(), 0);
        for sample in 0..500 {
            let end = NOW.plus(-sample * 3 * 1440 / 500);
            let firing: Vec<_> =
                alerting.iter().filter_map(|f| f.severity(&world, end).map(|severity| (f, severity))).collect();
            let critical: Vec<_> = firing.iter().filter(|(_, severity)| *severity == Severity::Critical).collect();
            assert!(critical.len() >= 2, "{seed} at {end}: {}", critical.len());
            assert!(firing.len() > critical.len(), "{seed} at {end}: no warning");
            let erring = critical.iter().filter(|(f, _)| {
                let counts = f.sum(&world, Window::ending(end, 15));
                counts.errors >= 3 && f64::from(counts.errors) >= 0.05 * f64::from(counts.invocations)
            });
            assert!(erring.count() >= 2, "{seed} at {end}");
            critical_ever.extend(critical.iter().map(|(f, _)| f.function.name.clone()));
            most = most.max(firing.len());
        }
        assert!(critical_ever.len() >= 12, "{critical_ever:?}");
        assert!(most <= 20, "{most} at once is a wall, not a demo");
    }
}

#[test]
fn development_fails_nearly_always_and_does_not_alert() {
    let world = World::demo(7, NOW);
    let noisy = classified(&world)
        .into_iter()
        .filter(|f| f.class.watched && f.class.stage.kind == StageKind::Other)
        .filter(|f| f.sum(&world, Window::ending(NOW, 15)).errors > 3)
        .count();
    assert!(noisy >= 20, "{noisy}");
}

#[test]
fn a_seed_always_says_the_same_and_another_says_something_else() {
    run(async {
        let ask = async |seed: u64| {
            let sim = still(World::demo(seed, NOW));
            let target = entered(&sim, "finch-shop-prod").await.unwrap();
            let found = all(sim.tagged(&target, None)).await.unwrap().concat();
            let queries: Vec<_> = found.iter().map(|f| (f.name.raw(), Metric::Invocations)).collect();
            let parts = all(sim.metrics(&target, &request(Window::ending(NOW, 60), 1, &queries))).await.unwrap();
            (sim.roster(), found, parts)
        };
        let (first, again, other) = (ask(7).await, ask(7).await, ask(8).await);
        assert!(first == again);
        assert!(first.0 != other.0 && first.1 != other.1 && first.2 != other.2);
    });
}

#[test]
fn past_minutes_stay_and_the_newest_grow() {
    run(async {
        let world = World::demo(7, NOW);
        let at = |second: i64| {
            Sim::with_clock(world.clone(), move || Timestamp::from_second(NOW.epoch_seconds() + second).unwrap())
        };
        let points = async |second| {
            let sim = at(second);
            let target = entered(&sim, "finch-shop-prod").await.unwrap();
            let asked = request(Window::ending(NOW.plus(5), 10), 1, &[("cart-api", Metric::Invocations)]);
            let mut points = all(sim.metrics(&target, &asked)).await.unwrap().concat().remove(0).points;
            points.reverse();
            points
        };
        let (now, later) = (points(0).await, points(60).await);
        // 90 seconds late: at :00 the last visible minute is half there.
        assert_eq!(now.last().map(|(minute, _)| *minute), Some(NOW.plus(-2)));
        assert_eq!(later.last().map(|(minute, _)| *minute), Some(NOW.plus(-1)));
        let settled = now.len() - 1;
        assert_eq!(now[..settled], later[..settled]);
        assert!(now[settled].1 < later[settled].1);
    });
}

#[test]
fn time_passes_with_tokios_clock() {
    run(async {
        let sim = Sim::new(World::demo(7, NOW));
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
        assert!(sim.now() > NOW.timestamp() && Minute::floor(sim.now()) == NOW);
    });
}

#[test]
fn all_accounts_but_the_shut_one_can_be_read_and_one_is_slow() {
    run(async {
        let mut world = World::demo(7, NOW);
        let slow = world.faults.pop().unwrap();
        assert!(world.faults.is_empty());
        assert_eq!(slow.effect, Effect::Slow(std::time::Duration::from_millis(250)));
        let sim = still(world);
        let roster = sim.roster();
        let mut denied = Vec::new();
        for organization in &roster.organizations {
            for listed in all(sim.accounts(organization)).await.unwrap().concat() {
                let entry = organization.entry(&listed, None, roster.regions.as_ref().unwrap()).unwrap();
                match sim.enter(&entry).await {
                    Ok(()) => {
                        for region in sim.regions(&entry.account).await.unwrap() {
                            let target = Target { account: entry.account.clone(), region };
                            all(sim.tagged(&target, Some("monitor"))).await.unwrap();
                            all(sim.functions(&target)).await.unwrap();
                        }
                    }
                    Err(failure) => denied.push((listed.name.raw().to_string(), failure.kind)),
                }
            }
        }
        assert_eq!(denied, [(SHUT.to_string(), Kind::Denied)]);
        assert!(sim.usage().total() > 40);
    });
}
