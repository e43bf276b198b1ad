//! By what each log is searched: by `FilterLogEvents`, which is free, or by Logs Insights, where that is worth its price
//! or alone can read it. Asks for nothing but classes and sizes of log groups, which is free.

use std::{collections::BTreeMap, time::Duration};

use futures::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use super::{
    Followed,
    purse::Purse,
    search::{Part, STRETCHES},
};
use crate::{
    domain::{
        account::{Target, TargetKey},
        failure::{Failure, Kind},
        logs::{
            estimate::{Estimate, With, about, pages},
            query::{GroupFacts, LogClass, QUERY_GROUPS},
        },
        text::{AwsText, bytes, counted, usd},
    },
    source::{Source, calls},
};

/// What is searched for, and how it may be.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// From when on, and until when.
    pub span: (Timestamp, Timestamp),
    /// The instant of the search.
    pub now: Timestamp,
    /// The filter pattern that leaves out most of what does not fit; none where there is none.
    pub filter: Option<&'a str>,
    /// The same as a regular expression for Logs Insights.
    pub regex: Option<&'a str>,
    /// By what it may be searched.
    pub with: With,
}

/// Log groups of one target that are asked together.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Where they are.
    pub target: Target,
    /// What is known of them, [`QUERY_GROUPS`] at most.
    pub groups: Vec<GroupFacts>,
    /// The functions that write to each, by their places.
    pub writers: BTreeMap<AwsText, Vec<usize>>,
    /// Whether nothing else can or may read them.
    pub needed: bool,
}

/// By what each log is searched.
#[derive(Debug, Default)]
pub struct Plan {
    /// Logs that `FilterLogEvents` reads.
    pub by_filter: Vec<Part>,
    /// What Logs Insights is asked.
    pub batches: Vec<Batch>,
    /// What is not read, and why.
    pub unread: Vec<(usize, Failure)>,
    /// What Logs Insights alone would read and is not asked for, since that would cost more than may be spent: why, and what
    /// to give. The same for all of it.
    pub dear: Option<Failure>,
    /// What was chosen and why, in sentences.
    pub told: Vec<String>,
}

/// Targets that are asked for their log groups at once.
const AT_ONCE: usize = 64;
/// How long a search waits to know how much there is.
const PATIENCE: Duration = Duration::from_secs(15);

type Groups = BTreeMap<AwsText, Vec<usize>>;
type Known = Result<BTreeMap<AwsText, GroupFacts>, Failure>;

/// Decides by what each log is searched. No more than the purse holds is planned to be spent; nothing of it is taken.
pub async fn plan(
    source: &dyn Source,
    followed: &[Followed],
    wanted: &Wanted<'_>,
    purse: &Purse,
    until: Instant,
) -> Plan {
    let mut targets: BTreeMap<TargetKey, (Target, Groups)> = BTreeMap::new();
    for (place, one) in followed.iter().enumerate() {
        let (_, groups) = targets.entry(one.target.key()).or_insert_with(|| (one.target.clone(), Groups::new()));
        groups.entry(one.group.name.clone()).or_default().push(place);
    }
    if wanted.with == With::Filter {
        let part = |place| Part { place, span: wanted.span, cuts: STRETCHES };
        return Plan { by_filter: (0..followed.len()).map(part).collect(), ..Plan::default() };
    }
    let until = until.min(Instant::now() + PATIENCE);
    let asked = stream::iter(targets.into_values()).map(|(target, groups)| async move {
        let known = facts(source, &target, groups.keys().cloned().collect(), until).await;
        (target, groups, known)
    });
    let mut choosing = Choosing { wanted, left: purse.left(), plan: Plan::default(), totals: Totals::default() };
    let mut candidates = Vec::new();
    for (target, groups, known) in asked.buffered(AT_ONCE).collect::<Vec<_>>().await {
        choosing.sort(&target, groups, known, &mut candidates);
    }
    // What nothing else reads goes first, then what takes longest.
    candidates.sort_by(|a: &Candidate, b| {
        b.batch.needed.cmp(&a.batch.needed).then_with(|| b.estimate.filter.total_cmp(&a.estimate.filter))
    });
    for candidate in candidates {
        choosing.choose(candidate);
    }
    if let Some(dear) = choosing.totals.over_cost(purse, choosing.left) {
        let places = std::mem::take(&mut choosing.totals.unread);
        choosing.plan.unread.extend(places.into_iter().map(|place| (place, dear.clone())));
        choosing.plan.dear = Some(dear);
    }
    choosing.plan.told = choosing.totals.sentences(purse);
    choosing.plan
}

/// What is known of log groups; those that there are not are not among them.
async fn facts(source: &dyn Source, target: &Target, names: Vec<AwsText>, until: Instant) -> Known {
    let mut known = BTreeMap::new();
    for names in names.chunks(QUERY_GROUPS) {
        let mut pages = source.groups(target, names);
        loop {
            let late = || Failure::new(calls::DESCRIBE_LOG_GROUPS, Kind::Deadline, "there was no time left for it");
            match timeout_at(until, pages.next()).await.map_err(|_| late())? {
                None => break,
                Some(page) => {
                    let page = page?.into_iter().filter(|facts| names.contains(&facts.name));
                    known.extend(page.map(|facts| (facts.name.clone(), facts)));
                }
            }
        }
    }
    Ok(known)
}

/// Log groups of a target that Logs Insights may be asked for.
struct Candidate {
    batch: Batch,
    estimate: Estimate,
}

struct Choosing<'a> {
    wanted: &'a Wanted<'a>,
    left: f64,
    plan: Plan,
    totals: Totals,
}

impl Choosing<'_> {
    fn sort(&mut self, target: &Target, groups: Groups, known: Known, candidates: &mut Vec<Candidate>) {
        let known = match known {
            Ok(known) => known,
            Err(failure) => {
                self.totals.unknown += groups.values().flatten().count();
                for place in groups.into_values().flatten() {
                    match self.wanted.with {
                        With::Insights => {
                            let hint = "what a query costs can't be known without; --with filter does without";
                            self.plan.unread.push((place, failure.clone().with_hint(hint)));
                        }
                        _ => self.by_filter(place, STRETCHES, 0.0),
                    }
                }
                return;
            }
        };
        let narrowed = self.wanted.filter.is_some();
        let (mut free, mut needed) = (Vec::new(), Vec::new());
        for (name, writers) in groups {
            let Some(facts) = known.get(&name) else {
                // It may have come into being since, and is said to be missing where it is asked for.
                for place in writers {
                    self.by_filter(place, 1, 0.0);
                }
                continue;
            };
            match (facts.class, self.wanted.with) {
                (LogClass::Delivery, _) => {
                    let said = format!("the log group {} is of the class Delivery, which nothing reads", name.raw());
                    let failure = Failure::new(calls::FILTER_LOG_EVENTS, Kind::Other, said)
                        .with_hint("its events are handed on to S3 or Firehose: look there");
                    self.plan.unread.extend(writers.into_iter().map(|place| (place, failure.clone())));
                }
                (LogClass::InfrequentAccess, _) | (_, With::Insights) => needed.push((facts.clone(), writers)),
                _ => free.push((facts.clone(), writers)),
            }
        }
        for (groups, needed) in [(free, false), (needed, true)] {
            if groups.is_empty() {
                continue;
            }
            let facts = groups.iter().map(|(facts, _)| facts);
            let estimate =
                Estimate::of(facts, &target.region, self.wanted.span, (self.wanted.now, narrowed && !needed));
            let writers = groups.iter().map(|(facts, writers)| (facts.name.clone(), writers.clone())).collect();
            let groups = groups.into_iter().map(|(facts, _)| facts).collect();
            let batch = Batch { target: target.clone(), groups, writers, needed };
            candidates.push(Candidate { batch, estimate });
        }
    }

    fn choose(&mut self, Candidate { batch, estimate }: Candidate) {
        let needed = batch.needed;
        let asked = self.wanted.regex.is_some();
        let affordable = estimate.dollars() <= self.left;
        if asked && affordable && (needed || estimate.is_worth_it()) {
            self.left -= estimate.dollars();
            self.totals.queried(&batch, &estimate, needed && self.wanted.with != With::Insights);
            for groups in batch.groups.chunks(QUERY_GROUPS) {
                let own = |(name, _): &(&AwsText, &Vec<usize>)| groups.iter().any(|facts| facts.name == **name);
                let writers = batch.writers.iter().filter(own).map(|(name, writers)| (name.clone(), writers.clone()));
                let writers = writers.collect();
                self.plan.batches.push(Batch {
                    target: batch.target.clone(),
                    groups: groups.to_vec(),
                    writers,
                    needed,
                });
            }
        } else if needed {
            let places = batch.writers.into_values().flatten();
            if asked {
                self.totals.unread.extend(places);
                self.totals.needed.0 = self.totals.needed.0.saturating_add(estimate.bytes);
                self.totals.needed.1 += estimate.dollars();
            } else {
                self.plan.unread.extend(places.map(|place| (place, can_not_be_asked())));
            }
        } else {
            if asked && estimate.is_worth_it() {
                self.totals.too_dear(&estimate);
            }
            let narrowed = self.wanted.filter.is_some();
            for facts in &batch.groups {
                let requests = pages(facts.bytes(self.wanted.span, self.wanted.now), narrowed);
                let stretches = i64::try_from(requests).unwrap_or(STRETCHES).min(STRETCHES);
                for place in batch.writers.get(&facts.name).into_iter().flatten() {
                    self.by_filter(*place, stretches, estimate.filter);
                }
            }
            self.totals.compare(&estimate);
        }
    }

    fn by_filter(&mut self, place: usize, stretches: i64, seconds: f64) {
        self.plan.by_filter.push(Part { place, span: self.wanted.span, cuts: stretches });
        self.totals.filtered += 1;
        self.totals.filter = self.totals.filter.max(seconds);
    }
}

/// A pattern that tells Logs Insights nothing.
fn can_not_be_asked() -> Failure {
    let said = "Logs Insights alone reads log groups of the class Infrequent Access, and the pattern tells it nothing";
    Failure::new(calls::START_QUERY, Kind::Other, said).with_hint("give a pattern with a text that must be there")
}

/// What was chosen, all targets together.
#[derive(Debug, Default)]
struct Totals {
    filtered: usize,
    /// Seconds of the target that takes longest: they are read at once.
    filter: f64,
    queried: usize,
    only: usize,
    bytes: u64,
    dollars: f64,
    insights: f64,
    instead_of: f64,
    /// What would have been worth its price.
    dear: Option<(u64, f64)>,
    /// What Logs Insights would have cost for what is read by `FilterLogEvents`.
    compared: (u64, f64),
    unknown: usize,
    /// What Logs Insights alone would read, for more than is left: bytes and dollars, and whose logs that are.
    needed: (u64, f64),
    unread: Vec<usize>,
}

impl Totals {
    /// Queries that would cost more than is left, all together; none where there are none.
    fn over_cost(&self, purse: &Purse, left: f64) -> Option<Failure> {
        if self.unread.is_empty() {
            return None;
        }
        let (looked, price) = (bytes(self.needed.0), usd(self.needed.1));
        let left = if left > 0.0 { usd(left) } else { "nothing".into() };
        let said =
            format!("Logs Insights would look through about {looked}, {price}, and {left} is left of what it may cost");
        let enough = ((purse.dollars() + self.needed.1) * 110.0).ceil() / 100.0;
        let hint = format!("--max-cost {enough:.2} allows it; a shorter --since costs less");
        Some(Failure::new(calls::START_QUERY, Kind::Other, said).with_hint(hint))
    }

    fn queried(&mut self, batch: &Batch, estimate: &Estimate, only: bool) {
        let logs = batch.writers.values().flatten().count();
        self.queried += logs;
        self.only += if only { logs } else { 0 };
        self.bytes = self.bytes.saturating_add(estimate.bytes);
        self.dollars += estimate.dollars();
        self.insights = self.insights.max(estimate.insights);
        if !only {
            self.instead_of = self.instead_of.max(estimate.filter);
        }
    }

    fn too_dear(&mut self, estimate: &Estimate) {
        let (bytes, seconds) = self.dear.unwrap_or_default();
        self.dear = Some((bytes.saturating_add(estimate.bytes), seconds.max(estimate.insights)));
    }

    fn compare(&mut self, estimate: &Estimate) {
        self.compared.0 = self.compared.0.saturating_add(estimate.bytes);
        self.compared.1 += estimate.dollars();
    }

    fn sentences(&self, purse: &Purse) -> Vec<String> {
        let mut told = Vec::new();
        if self.queried > 0 {
            let why = match (self.only, self.instead_of > 0.0) {
                (0, _) => format!("; FilterLogEvents would take about {}", about(self.instead_of)),
                (only, false) if only == self.queried => "; nothing else reads the class Infrequent Access".into(),
                (only, _) => format!(
                    "; FilterLogEvents would take about {}, and {} of the class Infrequent Access nothing else reads",
                    about(self.instead_of),
                    counted(only as u64, "log")
                ),
            };
            told.push(format!(
                "Logs Insights for {}: looks through about {}, {}, in about {}{why}",
                counted(self.queried as u64, "log"),
                bytes(self.bytes),
                usd(self.dollars),
                about(self.insights),
            ));
        }
        let sized = self.filtered.saturating_sub(self.unknown);
        if sized > 0 {
            let compared = match self.dear {
                Some((looked, seconds)) => format!(
                    "; Logs Insights would take about {} and look through about {}, {}, more than is left of {} (--max-cost)",
                    about(seconds),
                    bytes(looked),
                    usd(looked as f64 * crate::domain::usage::DOLLARS_PER_BYTE),
                    usd(purse.dollars()),
                ),
                None => format!("; Logs Insights would cost {}", usd(self.compared.1)),
            };
            let logs = counted(sized as u64, "log");
            told.push(format!("FilterLogEvents for {logs}: about {}, free{compared}", about(self.filter)));
        }
        if self.unknown > 0 && self.filtered > 0 {
            let logs = counted(self.unknown as u64, "log");
            told.push(format!(
                "FilterLogEvents for {logs} of unknown size (logs:DescribeLogGroups is not answered), free"
            ));
        }
        told
    }
}
