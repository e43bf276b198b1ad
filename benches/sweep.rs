//! A whole sweep over an estate in memory: how far from the floor (the longest chain of calls that need each other)
//! with latency, and what the engine itself takes without any.

#![allow(clippy::unwrap_used, reason = "in a benchmark, that is how one fails")]

use std::{sync::Arc, time::Duration};

use criterion::{Criterion, SamplingMode};
use slmon::{
    checks,
    domain::{
        account::{AccountId, Region},
        fleet::Fleet,
        function::Tags,
        rules::Rules,
        window::Horizon,
    },
    engine::{
        self, End,
        plan::{Depth, Settings},
    },
    source::{
        limit::Limited,
        sim::{
            Effect, Fault, Scenario, Sim, World,
            traffic::{Pattern, Script, Traffic},
            world::{WorldAccount, WorldFunction},
        },
    },
};
use tokio_util::sync::CancellationToken;

/// One organization of so many accounts, each with so many functions in each region, of which so many are watched.
struct Estate {
    accounts: usize,
    regions: &'static [&'static str],
    functions: usize,
    watched: usize,
    latency: Duration,
}

impl Estate {
    fn world(&self) -> World {
        let regions: Vec<Region> = self.regions.iter().map(|region| Region::parse(region).unwrap()).collect();
        let mut world = Scenario::parse("now = \"2026-11-23T10:00:00Z\"").unwrap().world;
        let organization = world.organizations[0].name.clone();
        world.accounts = (0..self.accounts)
            .map(|n| WorldAccount {
                concurrency: 1000,
                transaction_search: false,
                id: AccountId::parse(&format!("1{n:011}")).unwrap(),
                name: format!("account-{n}").into(),
                client: None,
                organization: Some(organization.clone()),
                ou: None,
                active: true,
                role: None,
                external_id: None,
                regions: regions.clone(),
                tables: Vec::new(),
                functions: regions
                    .iter()
                    .flat_map(|region| (0..self.functions).map(|n| self.function(region, n)))
                    .collect(),
            })
            .collect();
        world.home_region = regions[0].clone();
        if !self.latency.is_zero() {
            world.faults.push(Fault::everywhere(Effect::Slow(self.latency)));
        }
        world
    }

    /// Half of the watched functions are production; one of each target fails.
    fn function(&self, region: &Region, n: usize) -> WorldFunction {
        let stage = if n.is_multiple_of(2) { "prod" } else { "dev" };
        let tags: &[(&str, &str)] =
            if n < self.watched { &[("monitor", "true"), ("stage", stage)] } else { &[("stage", stage)] };
        let always = |per_minute| vec![Pattern { from: None, to: None, per_minute, every: 1 }];
        let script = Script {
            invocations: always(20.0),
            errors: if n == 0 { always(3.0) } else { Vec::new() },
            throttles: Vec::new(),
            more: Vec::new(),
        };
        WorldFunction {
            story: None,
            untraced: None,
            infrequent: false,
            region: region.clone(),
            name: format!("service-function-{n}").into(),
            tags: Tags::new(tags.iter().map(|(key, value)| ((*key).into(), (*value).into()))),
            once_tagged: false,
            runtime: Some("python3.13".into()),
            timeout: 3,
            memory: 128,
            last_modified: None,
            deleted: false,
            traffic: Traffic::Scripted(script),
        }
    }

    fn alerts(&self) -> usize {
        self.accounts * self.regions.len()
    }
}

async fn sweep(world: World) -> Fleet {
    let now = world.now;
    let source = Sim::new(world);
    let roster = Arc::new(source.roster());
    let horizon = Horizon::new(now.plus(-3), 15, now);
    let settings = Settings { horizon, depth: Depth::Judge { hidden: true, spots: false } };
    let (rules, limit) = (Arc::new(Rules::default()), Duration::from_mins(1));
    let source = Arc::new(Limited::new(source));
    let (fleet, end) = engine::once(source, roster, rules, settings, limit, &CancellationToken::new(), |_| {}).await;
    assert_eq!(end, End::Complete);
    fleet
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(1))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let latency = Duration::from_millis(60);
    // Two pages of accounts, then enter, discover, errors and throttles, invocations.
    let floor = latency * 6;
    for (name, estate) in [
        (
            format!("40 accounts x 3 regions x 50 functions at 60 ms a call (floor {} ms)", floor.as_millis()),
            Estate {
                accounts: 40,
                regions: &["eu-west-1", "us-east-1", "eu-central-1"],
                functions: 50,
                watched: 50,
                latency,
            },
        ),
        (
            "800 targets x 100 functions, a quarter watched, without latency".to_owned(),
            Estate {
                accounts: 200,
                regions: &["eu-west-1", "us-east-1", "eu-central-1", "ap-south-1"],
                functions: 100,
                watched: 25,
                latency: Duration::ZERO,
            },
        ),
    ] {
        let world = estate.world();
        let mut group = criterion.benchmark_group("sweep");
        group.sampling_mode(SamplingMode::Flat);
        group.bench_function(&name, |b| {
            b.iter_batched(
                || world.clone(),
                |world| {
                    let horizon = Horizon::new(world.now.plus(-3), 15, world.now);
                    let fleet = runtime.block_on(sweep(world));
                    let judgement = checks::judge_fleet(&fleet, &horizon);
                    let firing = judgement.functions.iter().filter(|function| !function.judged.findings.is_empty());
                    assert_eq!(firing.count(), estate.alerts());
                    fleet
                },
                criterion::BatchSize::PerIteration,
            );
        });
        group.finish();
    }
    criterion.final_summary();
}
