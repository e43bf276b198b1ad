//! Who called whom, as sampled invocations add to it.

use std::collections::BTreeMap;

use super::Sample;
use crate::{
    domain::{
        account::AccountId,
        trace::{
            FUNCTION, Failing, LAMBDA, ServiceName,
            graph::{Call, Service, Stats},
        },
    },
    source::sim::story::Hop,
};

/// A service graph as samples add to it.
#[derive(Default)]
pub(super) struct Drawing {
    nodes: BTreeMap<ServiceName, Stats>,
    edges: BTreeMap<(ServiceName, ServiceName), Stats>,
}

impl Drawing {
    pub(super) fn add(&mut self, sample: &Sample<'_>) {
        let lambda = sample.name(&sample.function.name, LAMBDA);
        let shown = sample.failing.filter(|_| sample.shows());
        let took = sample.end() - sample.start;
        if let Some((name, kind)) = &sample.story.caller {
            let caller = sample.name(name, kind.raw());
            count(self.nodes.entry(caller.clone()).or_default(), shown, took);
            count(self.edges.entry((caller, lambda.clone())).or_default(), shown, took);
        }
        count(self.nodes.entry(lambda.clone()).or_default(), shown, took);
        if sample.failing == Some(Failing::Throttle) {
            return;
        }
        let code = sample.name(&sample.function.name, FUNCTION);
        count(self.nodes.entry(code.clone()).or_default(), sample.failing, sample.took);
        count(self.edges.entry((lambda, code.clone())).or_default(), sample.failing, sample.took);
        for hop in &sample.story.calls {
            self.hop(sample, &code, hop, sample.took, &sample.account.id);
        }
    }

    fn hop(&mut self, sample: &Sample<'_>, from: &ServiceName, hop: &Hop, took: f64, caller: &AccountId) {
        let account = hop.account.as_ref().unwrap_or(caller).clone();
        let to = ServiceName { account: Some(account.clone()), ..sample.name(&hop.name, hop.kind.raw()) };
        let (failing, took) = (hop.fails.filter(|_| sample.failed()), took * (hop.span.1 - hop.span.0));
        count(self.nodes.entry(to.clone()).or_default(), failing, took);
        count(self.edges.entry((from.clone(), to.clone())).or_default(), failing, took);
        for hop in &hop.calls {
            self.hop(sample, &to, hop, took, &account);
        }
    }

    pub(super) fn services(self) -> Vec<Service> {
        let numbers: BTreeMap<&ServiceName, i32> = self.nodes.keys().zip(0..).collect();
        let number = |name: &ServiceName| numbers.get(name).copied().unwrap_or(-1);
        let calls = |name: &ServiceName| {
            let own = self.edges.iter().filter(|((from, _), _)| from == name);
            own.map(|((_, to), stats)| Call { to: number(to), stats: stats.clone() }).collect()
        };
        let service = |(name, stats): (&ServiceName, &Stats)| Service {
            reference: number(name),
            name: name.clone(),
            stats: stats.clone(),
            calls: calls(name),
        };
        self.nodes.iter().map(service).collect()
    }
}

fn count(stats: &mut Stats, failing: Option<Failing>, took: f64) {
    match failing {
        None => stats.ok += 1,
        Some(Failing::Fault) => stats.faults += 1,
        Some(Failing::Error) => stats.errors += 1,
        Some(Failing::Throttle) => stats.throttles += 1,
    }
    stats.seconds += took;
    stats.histogram.push((took, 1));
}
