//! The fleet: everything observed, folded into one value. [`Fleet::apply`] is the only fold there is.

mod target;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use super::{
    account::{Account, AccountId, Target, TargetKey},
    failure::Failure,
    function::{Configuration, Discovered},
    need::Stretch,
    observation::{Observation, Reading},
    roster::{Entry, Regions},
    rules::{Class, Rules},
    series::{Metric, Of, Series},
    text::AwsText,
    window::Minute,
};

/// A function with what the rules make of it and what its metrics said. A DynamoDB table is kept in the same form: nobody
/// asks for its errors, and Lambda knows no configuration of it.
#[derive(Clone, Debug)]
pub struct Function {
    /// As it was discovered.
    pub found: Discovered,
    /// What the rules make of it.
    pub class: Class,
    /// What `ListFunctions` says of it, where that was asked.
    pub configuration: Option<Configuration>,
    /// Whether `ListFunctions` knows it, where that was asked.
    pub exists: Option<bool>,
    /// The metric Errors.
    pub errors: Reading,
    /// The metric Throttles.
    pub throttles: Reading,
    /// The metric Invocations.
    pub invocations: Reading,
    /// Metrics that some check needs beside those, where one does.
    pub more: BTreeMap<(Metric, Stretch), Reading>,
    /// Whether it was not read up to the end, and the totals of the region say that it did not fail there. Whether it
    /// ran at all is not known then.
    pub presumed: bool,
}

impl Function {
    /// The minute up to which both Errors and Throttles are known; none where one of them is not.
    pub fn known_to(&self) -> Option<Minute> {
        match (&self.errors, &self.throttles) {
            (Reading::Known(errors), Reading::Known(throttles)) => Some(errors.read().end.min(throttles.read().end)),
            _ => None,
        }
    }

    /// Whether it is a ghost: the tagging API lists it, Lambda does not know it, and it has not run. One that has failed
    /// before it was deleted is none: its failures were there.
    pub fn is_gone(&self) -> bool {
        let silent = |reading: &Reading| match reading {
            Reading::Known(series) => series.is_empty(),
            Reading::NotAsked => true,
            Reading::Unknown(_) => false,
        };
        self.exists == Some(false) && silent(&self.errors) && silent(&self.throttles)
    }

    /// Whether it is watched, and there.
    pub fn is_watched(&self) -> bool {
        self.class.watched && !self.is_gone()
    }

    /// Whether it is watched, production, and there: what is judged.
    pub fn alerts(&self) -> bool {
        self.class.alerts() && !self.is_gone()
    }

    /// The reading of a metric that some check needs over a stretch.
    pub fn more(&self, metric: Metric, stretch: Stretch) -> &Reading {
        self.more.get(&(metric, stretch)).unwrap_or(&Reading::NotAsked)
    }

    /// The reading of errors, throttles or invocations; of other metrics, as if nobody had asked.
    pub fn reading(&self, metric: Metric) -> &Reading {
        match metric {
            Metric::Errors => &self.errors,
            Metric::Throttles => &self.throttles,
            Metric::Invocations => &self.invocations,
            _ => &Reading::NotAsked,
        }
    }

    fn reading_mut(&mut self, metric: Metric) -> Option<&mut Reading> {
        match metric {
            Metric::Errors => Some(&mut self.errors),
            Metric::Throttles => Some(&mut self.throttles),
            Metric::Invocations => Some(&mut self.invocations),
            _ => None,
        }
    }
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// What part of it; none where it is the whole.
    pub part: Option<String>,
    /// Why.
    pub failure: Failure,
}

/// One target and what is known of it.
#[derive(Clone, Debug)]
pub struct TargetState {
    /// The account and the region.
    pub target: Target,
    /// Its functions by name, once they have been discovered.
    pub functions: Option<Vec<Function>>,
    /// Its tables by name, where some check looks at tables and they have been discovered.
    pub tables: Vec<Function>,
    /// How long discovery took.
    pub took: Option<Duration>,
    /// Why its functions had to be read one by one, where that was so.
    pub detour: Option<Failure>,
    /// What could not be read; of one operation and part, once.
    pub unread: Vec<Unread>,
    /// What was searched for blind spots, where it was.
    pub search: Search,
    /// What was read of all its functions together.
    pub totals: Totals,
    /// Metrics of all its functions together that some check needs beside those, where one does.
    pub more: BTreeMap<(Metric, Stretch), Reading>,
    /// How many instances the account may run at once in the region, where some check needs that.
    pub concurrency: Option<u32>,
}

/// Metrics of all functions of a target together, whatever their tags.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// The metric Errors.
    pub errors: Reading,
    /// The metric Throttles.
    pub throttles: Reading,
}

/// What a search for blind spots found beside the functions that a verdict rests on.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Functions that are not watched and that a blind spot may be told of, by name. None of them is among the
    /// target's functions.
    pub found: Vec<Function>,
    /// How many functions were looked through, watched or not; none where nothing was searched.
    pub through: Option<usize>,
    /// What could not be searched; of one operation and part, once.
    pub unread: Vec<Unread>,
}

impl Totals {
    /// The series of a metric, where it was read.
    pub fn series(&self, metric: Metric) -> Option<&Series> {
        match (metric, &self.errors, &self.throttles) {
            (Metric::Errors, Reading::Known(series), _) | (Metric::Throttles, _, Reading::Known(series)) => {
                Some(series)
            }
            _ => None,
        }
    }
}

/// One account and what is known of it as a whole.
#[derive(Clone, Debug)]
pub struct AccountState {
    /// How it is entered, and where it is read.
    pub entry: Entry,
    /// Whether its regions are known, so that its targets exist.
    pub opened: bool,
    /// Why the whole account is out of reach.
    pub failure: Option<Failure>,
}

/// What was come across and is out of scope: names, so that one that was meant can be told, and nothing else.
#[derive(Clone, Debug, Default)]
pub struct Beyond {
    /// Accounts by id.
    pub accounts: BTreeMap<AccountId, Arc<Account>>,
    /// Names of functions; kept only where the scope names functions.
    pub functions: BTreeSet<AwsText>,
}

/// Everything observed that is in scope.
#[derive(Clone, Debug)]
pub struct Fleet {
    rules: Arc<Rules>,
    accounts: BTreeMap<AccountId, AccountState>,
    targets: BTreeMap<TargetKey, Arc<TargetState>>,
    listings: Vec<(Option<AwsText>, Failure)>,
    beyond: Beyond,
}

impl Fleet {
    /// An empty fleet, seen by these rules.
    pub fn new(rules: Arc<Rules>) -> Self {
        Self {
            rules,
            accounts: BTreeMap::new(),
            targets: BTreeMap::new(),
            listings: Vec::new(),
            beyond: Beyond::default(),
        }
    }

    /// The rules by which functions are classified.
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// The accounts by id.
    pub fn accounts(&self) -> impl Iterator<Item = &AccountState> {
        self.accounts.values()
    }

    /// One account.
    pub fn account(&self, id: &AccountId) -> Option<&AccountState> {
        self.accounts.get(id)
    }

    /// The targets by account and region. Those of an account that is out of reach are not among them.
    pub fn targets(&self) -> impl Iterator<Item = &TargetState> {
        self.targets.values().map(|state| &**state)
    }

    /// One target.
    pub fn target(&self, key: &TargetKey) -> Option<&TargetState> {
        self.targets.get(key).map(|state| &**state)
    }

    /// A target to be kept by whoever asks: it stays as it is now, whatever is observed.
    pub fn shared(&self, key: &TargetKey) -> Option<Arc<TargetState>> {
        self.targets.get(key).cloned()
    }

    fn target_mut(&mut self, key: &TargetKey) -> Option<&mut TargetState> {
        self.targets.get_mut(key).map(Arc::make_mut)
    }

    /// Organizations whose accounts could not all be listed: whose, and why.
    pub fn listings(&self) -> &[(Option<AwsText>, Failure)] {
        &self.listings
    }

    /// How many targets there are, with those of accounts out of reach as far as their regions are known.
    pub fn target_count(&self) -> usize {
        let hidden =
            self.accounts.values().filter(|account| !account.opened).map(|account| match &account.entry.regions {
                Regions::These(regions) => regions.len(),
                Regions::All => 1,
            });
        self.targets.len() + hidden.sum::<usize>()
    }

    /// Forgets what has to be read anew: every reading and every failure, so that none is taken for one of the next round.
    /// Accounts, targets and functions stay; with `anew`, what `ListFunctions` said of them does not.
    pub fn begin_round(&mut self, anew: bool) {
        self.listings.clear();
        for account in self.accounts.values_mut() {
            account.failure = None;
        }
        for target in self.targets.values_mut().map(Arc::make_mut) {
            target.unread.clear();
            target.totals = Totals::default();
            target.more.clear();
            target.concurrency = target.concurrency.filter(|_| !anew);
            target.search = Search::default();
            let tables = target.tables.iter_mut();
            for function in target.functions.iter_mut().flatten().chain(tables) {
                // One that failed before it was deleted would be taken for a ghost, now that its failures are forgotten.
                if anew || function.exists == Some(false) && !function.is_gone() {
                    function.exists = None;
                }
                if anew {
                    function.configuration = None;
                }
                function.errors = Reading::NotAsked;
                function.throttles = Reading::NotAsked;
                function.invocations = Reading::NotAsked;
                function.more.clear();
                function.presumed = false;
            }
        }
    }

    /// Forgets what could not be read by these operations of a target, since it is about to be tried again.
    pub fn retry(&mut self, target: &TargetKey, operations: impl Fn(&str) -> bool) {
        if let Some(state) = self.target_mut(target) {
            state.unread.retain(|unread| !operations(unread.failure.operation));
        }
    }

    /// Forgets the failures of listings, since they are about to be tried again.
    pub fn list_again(&mut self) {
        self.listings.clear();
    }

    /// Forgets why an account is out of reach, since it is not any more.
    pub fn reached(&mut self, account: &AccountId) {
        if let Some(state) = self.accounts.get_mut(account) {
            state.failure = None;
        }
    }

    /// Takes over what another fleet knows of listings and accounts, and the targets that it has and this one has not.
    pub fn adopt_accounts(&mut self, other: &Self) {
        self.accounts.clone_from(&other.accounts);
        self.listings.clone_from(&other.listings);
        self.beyond.clone_from(&other.beyond);
        for (key, state) in &other.targets {
            self.targets.entry(key.clone()).or_insert_with(|| state.clone());
        }
    }

    /// Takes over what another fleet knows of a target. The two share it until one of them changes it.
    pub fn adopt_target(&mut self, other: &Self, key: &TargetKey) {
        if let Some(state) = other.targets.get(key) {
            self.targets.insert(key.clone(), state.clone());
        }
    }

    /// What was come across and is out of scope.
    pub fn beyond(&self) -> &Beyond {
        &self.beyond
    }

    /// What of an observation is in scope; none where nothing is. This is the one place where facts are left out of a
    /// fleet for the scope's sake, so that all that counts, asks and judges sees what is in scope and nothing else.
    pub fn narrow(&mut self, observation: Observation) -> Option<Observation> {
        let rules = self.rules.clone();
        let scope = &rules.scope;
        if scope.is_all() {
            return Some(observation);
        }
        Some(match observation {
            Observation::Account(entry) => {
                let regions = scope.narrowed(&entry.regions).filter(|_| scope.admits_account(&entry.account));
                let Some(regions) = regions else {
                    self.beyond.accounts.insert(entry.account.id.clone(), entry.account);
                    return None;
                };
                Observation::Account(Entry { regions, ..entry })
            }
            Observation::Regions { account, mut regions } => {
                regions.retain(|region| scope.admits_region(region));
                Observation::Regions { account, regions }
            }
            Observation::Functions { target, found, took, detour } => {
                let (found, out): (Vec<_>, Vec<_>) =
                    found.into_iter().partition(|function| scope.admits_function(function));
                if !scope.functions.is_empty() {
                    self.beyond.functions.extend(out.into_iter().map(|function| function.name));
                }
                Observation::Functions { target, found, took, detour }
            }
            Observation::Tables { target, mut found } => {
                found.retain(|table| scope.admits_function(table));
                Observation::Tables { target, found }
            }
            Observation::Searched { target, mut found } => {
                found.retain(|function| scope.admits_function(function));
                Observation::Searched { target, found }
            }
            other => other,
        })
    }

    /// Folds in what of an observation is in scope. What speaks of an account or target that is not known is left out.
    pub fn apply(&mut self, observation: Observation) {
        let Some(observation) = self.narrow(observation) else { return };
        match observation {
            Observation::Account(entry) => {
                // Of two that lead to one account the first tells how to enter it; both tell where it is read.
                if let Some(known) = self.accounts.get_mut(&entry.account.id) {
                    known.entry.regions = known.entry.regions.with(&entry.regions);
                } else {
                    let id = entry.account.id.clone();
                    self.accounts.insert(id, AccountState { entry, opened: false, failure: None });
                }
            }
            Observation::ListingFailed { client, failure } => {
                self.listings.push((client, failure));
                // By whose it is, whichever came first.
                self.listings.sort_by(|(a, x), (b, y)| {
                    a.cmp(b).then(x.operation.cmp(y.operation)).then_with(|| x.message.cmp(&y.message))
                });
            }
            Observation::AccountFailed { account, failure } => {
                if let Some(state) = self.accounts.get_mut(&account) {
                    state.failure = Some(failure);
                }
            }
            Observation::Regions { account, regions } => {
                let Some(state) = self.accounts.get_mut(&account) else { return };
                state.opened = true;
                let account: Arc<Account> = state.entry.account.clone();
                for region in regions {
                    let target = Target { account: account.clone(), region };
                    self.targets.entry(target.key()).or_insert_with(|| Arc::new(TargetState::new(target)));
                }
            }
            Observation::Functions { target, found, took, detour } => {
                let rules = self.rules.clone();
                if let Some(state) = self.target_mut(&target) {
                    state.discover(&rules, found, took);
                    state.detour = detour;
                }
            }
            Observation::Tables { target, found } => {
                let rules = self.rules.clone();
                if let Some(state) = self.target_mut(&target) {
                    let known = std::mem::take(&mut state.tables);
                    state.tables = state.taken_over(&rules, known, found);
                }
            }
            Observation::Configurations { target, found, complete } => {
                if let Some(state) = self.target_mut(&target) {
                    state.configure(found, complete);
                }
            }
            Observation::Readings { target, readings } => {
                if let Some(state) = self.target_mut(&target) {
                    for (of, metric, reading) in readings {
                        if let Some(place) = state.reading_mut(&of, metric) {
                            *place = reading;
                        }
                        if let Of::One(name) = &of
                            && let Some(function) = state.function_mut(name.raw())
                        {
                            function.presumed = false;
                        }
                    }
                }
            }
            Observation::More { target, stretch, readings } => {
                if let Some(state) = self.target_mut(&target) {
                    for (of, metric, reading) in readings {
                        let more = match &of {
                            Of::Region => Some(&mut state.more),
                            Of::One(name) => state.function_mut(name.raw()).map(|function| &mut function.more),
                        };
                        let reading = match reading {
                            Reading::Known(series) => Reading::Known(stretch.kept(series)),
                            other => other,
                        };
                        more.map(|more| more.insert((metric, stretch), reading));
                    }
                }
            }
            Observation::Concurrency { target, limit } => {
                if let Some(state) = self.target_mut(&target) {
                    state.concurrency = Some(limit);
                }
            }
            Observation::Quiet { target, metric, horizon } => {
                if let Some(state) = self.target_mut(&target) {
                    state.presume(metric, &horizon);
                }
            }
            Observation::Searched { target, found } => {
                let rules = self.rules.clone();
                if let Some(state) = self.target_mut(&target) {
                    state.search(&rules, found);
                }
            }
            Observation::SearchFailed { target, part, failure } => {
                if let Some(state) = self.target_mut(&target) {
                    miss(&mut state.search.unread, Unread { part, failure });
                }
            }
            Observation::TargetFailed { target, part, failure } => {
                if let Some(state) = self.target_mut(&target) {
                    miss(&mut state.unread, Unread { part, failure });
                }
            }
        }
    }
}

/// Enters what could not be read, by operation and part, whichever came first.
fn miss(all: &mut Vec<Unread>, unread: Unread) {
    let place = |known: &Unread| (known.failure.operation, &known.part).cmp(&(unread.failure.operation, &unread.part));
    match all.binary_search_by(place) {
        Ok(known) => all[known] = unread,
        Err(place) => all.insert(place, unread),
    }
}

#[cfg(test)]
mod tests;
