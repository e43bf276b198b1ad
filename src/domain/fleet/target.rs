//! What the fold makes of observations about one target.

use std::{collections::BTreeMap, time::Duration};

use super::{Function, Search, TargetState, Totals};
use crate::domain::{
    account::Target,
    function::{Configuration, Discovered, Interned, ResourceType, resource_type},
    need::Stretch,
    observation::Reading,
    rules::{Class, Rules},
    series::{Metric, Of, Series},
    text::AwsText,
    window::Horizon,
};

impl Function {
    /// One of which nothing has been asked yet.
    pub(super) fn new(found: Discovered, class: Class) -> Self {
        Self {
            found,
            class,
            configuration: None,
            exists: None,
            errors: Reading::NotAsked,
            throttles: Reading::NotAsked,
            invocations: Reading::NotAsked,
            more: BTreeMap::new(),
            presumed: false,
        }
    }
}

impl TargetState {
    /// The functions, as far as they are known.
    pub fn known(&self) -> &[Function] {
        self.functions.as_deref().unwrap_or_default()
    }

    /// All that may be watched: the functions, as far as they are known, and behind them the tables.
    pub fn rows(&self) -> impl Iterator<Item = &Function> {
        self.known().iter().chain(&self.tables)
    }

    /// One of the [rows](Self::rows) by its place.
    pub fn row(&self, place: usize) -> Option<&Function> {
        let functions = self.known();
        functions.get(place).or_else(|| self.tables.get(place.checked_sub(functions.len())?))
    }

    /// Functions of which nobody has said whether they are to be watched, though they are production; as far as they
    /// are known.
    pub fn overlooked(&self) -> impl Iterator<Item = &Function> {
        let all = self.known().iter().chain(&self.search.found);
        all.filter(|function| function.class.is_overlooked() && !function.is_gone())
    }

    /// The reading of a metric of all its functions together that some check needs over a stretch.
    pub fn more(&self, metric: Metric, stretch: Stretch) -> &Reading {
        self.more.get(&(metric, stretch)).unwrap_or(&Reading::NotAsked)
    }

    /// Whether all that was asked of it could be read.
    pub fn is_seen(&self) -> bool {
        self.functions.is_some() && self.unread.is_empty()
    }

    /// One of which nothing is known yet.
    pub(super) fn new(target: Target) -> Self {
        Self {
            target,
            functions: None,
            tables: Vec::new(),
            took: None,
            detour: None,
            unread: Vec::new(),
            search: Search::default(),
            totals: Totals::default(),
            more: BTreeMap::new(),
            concurrency: None,
        }
    }

    pub(super) fn reading_mut(&mut self, of: &Of, metric: Metric) -> Option<&mut Reading> {
        match (of, metric) {
            (Of::One(name), _) => self.function_mut(name.raw())?.reading_mut(metric),
            (Of::Region, Metric::Errors) => Some(&mut self.totals.errors),
            (Of::Region, Metric::Throttles) => Some(&mut self.totals.throttles),
            (Of::Region, _) => None,
        }
    }

    /// Watched production that was not read up to the end of its window did not fail there, as far as the totals reach.
    pub(super) fn presume(&mut self, metric: Metric, horizon: &Horizon) {
        let Some(covered) = self.totals.series(metric).map(Series::read) else { return };
        for function in self.functions.iter_mut().flatten().filter(|function| function.class.alerts()) {
            let Some(frame) = horizon.frame(function.class.window) else { continue };
            let reading = match function.reading(metric) {
                Reading::Known(series) if series.read().end >= frame.read.end => continue,
                Reading::Known(series) if series.read().end >= covered.start => series.over(frame.read),
                Reading::NotAsked if covered.start <= frame.window.start => Series::gaps(frame.read, frame.period),
                _ => continue,
            };
            function.presumed = true;
            if let Some(place) = function.reading_mut(metric) {
                *place = Reading::Known(reading);
            }
        }
    }

    pub(super) fn discover(&mut self, rules: &Rules, found: Vec<Discovered>, took: Duration) {
        let known = self.functions.take().unwrap_or_default();
        self.functions = Some(self.taken_over(rules, known, found));
        self.took = Some(took);
    }

    /// What was found, by name, with what is known of it already.
    pub(super) fn taken_over(&self, rules: &Rules, known: Vec<Function>, mut found: Vec<Discovered>) -> Vec<Function> {
        let mut interned = Interned::default();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found.dedup_by(|a, b| a.name == b.name);
        let mut before = known.into_iter().peekable();
        let rows = found.into_iter().map(|mut found| {
            found.tags = found.tags.interned(&mut interned);
            let class = rules.classify(&self.target.account, self.target.region.as_str(), &found);
            while before.peek().is_some_and(|old| old.found.name < found.name) {
                before.next();
            }
            match before.next_if(|old| old.found.name == found.name) {
                Some(old) => Function { found, class, ..old },
                None => Function::new(found, class),
            }
        });
        rows.collect()
    }

    pub(super) fn configure(&mut self, found: Vec<Configuration>, complete: bool) {
        if complete {
            self.functions.iter_mut().flatten().for_each(|function| function.exists = Some(false));
        }
        for configuration in found {
            if let Some(function) = self.function_mut(configuration.name.raw()) {
                function.exists = Some(true);
                function.configuration = Some(configuration);
            }
        }
    }

    /// Keeps what a blind spot may be told of. What is watched stays out: it came after the discovery on which the
    /// verdict rests, and the next run judges it.
    pub(super) fn search(&mut self, rules: &Rules, mut found: Vec<Discovered>) {
        self.search.through = Some(found.len());
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found.dedup_by(|a, b| a.name == b.name);
        let known = self.functions.as_deref().unwrap_or_default();
        let is_known = |name: &AwsText| known.binary_search_by(|function| function.found.name.cmp(name)).is_ok();
        let mut kept = Vec::new();
        for found in found {
            if is_known(&found.name) {
                continue;
            }
            let class = rules.classify(&self.target.account, self.target.region.as_str(), &found);
            if !class.watched && (class.is_overlooked() || !class.spots.is_empty()) {
                kept.push(Function::new(found, class));
            }
        }
        self.search.found = kept;
    }

    pub(super) fn function_mut(&mut self, name: &str) -> Option<&mut Function> {
        let place =
            |functions: &[Function]| functions.binary_search_by(|function| function.found.name.raw().cmp(name)).ok();
        if resource_type(name) == ResourceType::Table {
            return place(&self.tables).and_then(|place| self.tables.get_mut(place));
        }
        match place(self.known()) {
            Some(place) => self.functions.as_mut()?.get_mut(place),
            None => place(&self.search.found).and_then(|place| self.search.found.get_mut(place)),
        }
    }
}
