//! Who calls whom: the service graphs of several targets merged into one, and reduced to what matters around a function.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{FUNCTION, LAMBDA, ServiceName};
use crate::domain::{account::AccountId, text::AwsText};

/// A service as one answer of X-Ray tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its number in this answer.
    pub reference: i32,
    /// Which.
    pub name: ServiceName,
    /// How it answered.
    pub stats: Stats,
    /// What it calls.
    pub calls: Vec<Call>,
}

/// A call of one service to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The number of the one that is called, in this answer.
    pub to: i32,
    /// How it answered.
    pub stats: Stats,
}

/// Sampled requests and how they ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Stats {
    /// Fine.
    pub ok: u64,
    /// 4xx, but for those refused.
    pub errors: u64,
    /// 5xx.
    pub faults: u64,
    /// 429.
    pub throttles: u64,
    /// Seconds, all requests together.
    pub seconds: f64,
    /// Requests by how long they took, in seconds.
    #[serde(skip)]
    pub histogram: Vec<(f64, u64)>,
}

impl Stats {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.ok + self.errors + self.faults + self.throttles
    }

    /// Those that were not fine.
    pub fn failed(&self) -> u64 {
        self.errors + self.faults + self.throttles
    }

    /// The share that was not fine; none where there was nothing.
    pub fn share(&self) -> Option<f64> {
        (self.total() > 0).then(|| self.failed() as f64 / self.total() as f64)
    }

    /// Seconds within which so large a share ended; none without a histogram.
    pub fn percentile(&self, share: f64) -> Option<f64> {
        let mut sorted = self.histogram.clone();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let all: u64 = sorted.iter().map(|(_, count)| count).sum();
        let mut until = 0;
        sorted.into_iter().find_map(|(seconds, count)| {
            until += count;
            (until as f64 >= all as f64 * share && all > 0).then_some(seconds)
        })
    }

    fn add(&mut self, other: &Self) {
        self.ok += other.ok;
        self.errors += other.errors;
        self.faults += other.faults;
        self.throttles += other.throttles;
        self.seconds += other.seconds;
        self.histogram.extend(other.histogram.iter().copied());
    }
}

/// A place in the graph: what tells one service from another.
pub type Key = ServiceName;

/// The services of an estate and their calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    nodes: BTreeMap<Key, Stats>,
    edges: BTreeMap<(Key, Key), Stats>,
}

impl Graph {
    /// Merges an answer in: the pages of one question together, since numbers hold over all of them. A function is one
    /// node, though X-Ray has two: Lambda's, and that of its code.
    pub fn add(&mut self, services: &[Service], home: &AccountId) {
        let key = |service: &Service| {
            let kind = service
                .name
                .kind
                .as_ref()
                .map(|kind| if kind.raw() == LAMBDA { FUNCTION.into() } else { kind.clone() });
            let account = service.name.account.clone().or_else(|| Some(home.clone()));
            ServiceName { name: service.name.name.clone(), kind, account }
        };
        let by_number: BTreeMap<i32, &Service> = services.iter().map(|it| (it.reference, it)).collect();
        let has_code: BTreeSet<Key> = services.iter().filter(|it| is(&it.name, FUNCTION)).map(key).collect();
        for service in services {
            let from = key(service);
            // What Lambda answers to callers is told by its edges; what the code did, by its own node.
            let stats = self.nodes.entry(from.clone()).or_default();
            if is(&service.name, LAMBDA) && has_code.contains(&from) {
                let refused = Stats { throttles: service.stats.throttles, ..Stats::default() };
                stats.add(&refused);
            } else {
                stats.add(&service.stats);
            }
            for call in &service.calls {
                let Some(to) = by_number.get(&call.to) else { continue };
                let to = key(to);
                if to != from {
                    self.edges.entry((from.clone(), to)).or_default().add(&call.stats);
                }
            }
        }
    }

    /// The services.
    pub fn nodes(&self) -> impl Iterator<Item = (&Key, &Stats)> {
        self.nodes.iter()
    }

    /// The calls.
    pub fn edges(&self) -> impl Iterator<Item = (&Key, &Key, &Stats)> {
        self.edges.iter().map(|((from, to), stats)| (from, to, stats))
    }

    /// How a service answered.
    pub fn stats(&self, key: &Key) -> Option<&Stats> {
        self.nodes.get(key)
    }

    /// The functions of this name, in whatever account.
    pub fn functions(&self, name: &AwsText) -> Vec<&Key> {
        self.functions_named(|known| known == name)
    }

    /// The functions whose names a test passes, in whatever account.
    pub fn functions_named(&self, fits: impl Fn(&AwsText) -> bool) -> Vec<&Key> {
        self.nodes.keys().filter(|key| is(key, FUNCTION) && fits(&key.name)).collect()
    }

    /// Who calls a service, those whose calls fail most first.
    pub fn callers(&self, key: &Key) -> Vec<(&Key, &Stats)> {
        worst_first(
            self.edges.iter().filter(|((_, to), _)| to == key).map(|((from, _), stats)| (from, stats)).collect(),
        )
    }

    /// What a service calls, what fails most first.
    pub fn callees(&self, key: &Key) -> Vec<(&Key, &Stats)> {
        worst_first(
            self.edges.iter().filter(|((from, _), _)| from == key).map(|((_, to), stats)| (to, stats)).collect(),
        )
    }

    /// The part around a service on which something fails: its callers, theirs as far as their calls fail, and what it
    /// calls and they call as far as that fails. With `all`, everything that is connected to it. A queue has handed a
    /// message over, whatever becomes of it: who calls the service itself is told in any case.
    #[must_use]
    pub fn around(&self, key: &Key, all: bool) -> Self {
        let mut kept: BTreeSet<&Key> = BTreeSet::new();
        for down in [true, false] {
            let mut waiting = vec![key];
            let mut seen = BTreeSet::new();
            while let Some(at) = waiting.pop() {
                if !seen.insert(at) {
                    continue;
                }
                kept.extend(self.nodes.get_key_value(at).map(|(key, _)| key));
                let next = if down { self.callees(at) } else { self.callers(at) };
                let shown = |(_, stats): &(&Key, &Stats)| all || stats.failed() > 0 || !down && at == key;
                waiting.extend(next.into_iter().filter(shown).map(|(key, _)| key));
            }
        }
        let nodes = self.nodes.iter().filter(|(key, _)| kept.contains(key)).map(|(key, it)| (key.clone(), it.clone()));
        let edges = self.edges.iter().filter(|((from, to), stats)| {
            kept.contains(from) && kept.contains(to) && (all || stats.failed() > 0 || to == key)
        });
        Self { nodes: nodes.collect(), edges: edges.map(|(key, stats)| (key.clone(), stats.clone())).collect() }
    }

    /// The calls that fit, with both of their ends.
    #[must_use]
    pub fn only(&self, fits: impl Fn(&Stats) -> bool) -> Self {
        let edges: BTreeMap<_, _> = self
            .edges
            .iter()
            .filter(|(_, stats)| fits(stats))
            .map(|(key, stats)| (key.clone(), stats.clone()))
            .collect();
        let kept: BTreeSet<&Key> = edges.keys().flat_map(|(from, to)| [from, to]).collect();
        let nodes = self.nodes.iter().filter(|(key, _)| kept.contains(key)).map(|(key, it)| (key.clone(), it.clone()));
        Self { nodes: nodes.collect(), edges }
    }

    /// This and another part of the same graph.
    #[must_use]
    pub fn with(mut self, other: &Self) -> Self {
        self.nodes.extend(other.nodes.iter().map(|(key, stats)| (key.clone(), stats.clone())));
        self.edges.extend(other.edges.iter().map(|(key, stats)| (key.clone(), stats.clone())));
        self
    }

    /// From a service on along what fails most, to where it ends; the service itself first.
    pub fn failing_path(&self, key: &Key) -> Vec<Key> {
        let mut path = vec![key.clone()];
        while let Some(last) = path.last() {
            let next = self.callees(last).into_iter().find(|(to, stats)| stats.failed() > 0 && !path.contains(to));
            match next {
                Some((to, _)) => path.push(to.clone()),
                None => break,
            }
        }
        path
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

fn is(name: &ServiceName, kind: &str) -> bool {
    name.kind.as_ref().is_some_and(|it| it.raw() == kind)
}

fn worst_first<'a>(mut edges: Vec<(&'a Key, &'a Stats)>) -> Vec<(&'a Key, &'a Stats)> {
    edges.sort_by(|a, b| b.1.failed().cmp(&a.1.failed()).then(b.1.total().cmp(&a.1.total())).then(a.0.cmp(b.0)));
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(reference: i32, name: &str, kind: &str, faults: u64, to: &[(i32, u64)]) -> Service {
        let stats = |faults| Stats { ok: 10 - faults, faults, histogram: vec![(0.1, 9), (2.0, 1)], ..Stats::default() };
        Service {
            reference,
            name: ServiceName { name: name.into(), kind: Some(kind.into()), account: None },
            stats: stats(faults),
            calls: to.iter().map(|(to, faults)| Call { to: *to, stats: stats(*faults) }).collect(),
        }
    }

    fn graph() -> Graph {
        let mut graph = Graph::default();
        let services = [
            service(0, "api", "AWS::ApiGateway::Stage", 4, &[(1, 4)]),
            service(1, "pay", LAMBDA, 0, &[(2, 4)]),
            service(2, "pay", FUNCTION, 4, &[(3, 4), (4, 0), (77, 1)]),
            service(3, "orders", "AWS::DynamoDB::Table", 4, &[]),
            service(4, "mail.example", "remote", 0, &[]),
            service(5, "other", FUNCTION, 0, &[(4, 0)]),
            service(6, "jobs", "AWS::SQS::Queue", 0, &[(1, 0)]),
            service(7, "clock", "client", 0, &[(6, 0)]),
        ];
        graph.add(&services, &AccountId::parse("111122223333").unwrap());
        graph
    }

    #[test]
    fn a_function_is_one_node_with_its_callers_and_what_it_calls() {
        let graph = graph();
        let [pay] = graph.functions(&"pay".into())[..] else { panic!("one function") };
        assert_eq!(graph.stats(pay).unwrap().faults, 4);
        let names = |list: Vec<(&Key, &Stats)>| list.iter().map(|it| it.0.name.raw().to_owned()).collect::<Vec<_>>();
        assert_eq!(names(graph.callers(pay)), ["api", "jobs"]);
        assert_eq!(names(graph.callees(pay)), ["orders", "mail.example"]);
        assert_eq!(graph.callees(pay)[0].1.share(), Some(0.4));
    }

    #[test]
    fn the_failing_part_leaves_out_what_is_fine_but_for_who_calls_it() {
        let graph = graph();
        let pay = graph.functions(&"pay".into())[0].clone();
        let names = |graph: &Graph| graph.nodes().map(|(key, _)| key.name.raw().to_owned()).collect::<Vec<_>>();
        assert_eq!(names(&graph.around(&pay, false)), ["api", "jobs", "orders", "pay"]);
        assert_eq!(names(&graph.around(&pay, true)), ["api", "clock", "jobs", "mail.example", "orders", "pay"]);
        let path: Vec<_> = graph.failing_path(&pay).iter().map(|key| key.name.raw().to_owned()).collect();
        assert_eq!(path, ["pay", "orders"]);
    }

    #[test]
    fn percentiles_come_from_the_histogram() {
        let stats = Stats { histogram: vec![(2.0, 1), (0.1, 9)], ..Stats::default() };
        assert_eq!((stats.percentile(0.5), stats.percentile(0.95)), (Some(0.1), Some(2.0)));
        assert_eq!(Stats::default().percentile(0.5), None);
    }
}
