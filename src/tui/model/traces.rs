//! What the screens ask X-Ray for, and where one is in its answers: error groups, traces, the parts of one trace, and who
//! calls whom.

use std::{collections::BTreeSet, time::Duration};

use super::{
    super::{
        board::{Board, Key, State},
        filter::Filter,
    },
    Lines, Model, RowKey, Screen,
};
use crate::{
    domain::{
        account::{AccountId, Target, TargetKey},
        function::ResourceType,
        text::AwsText,
        trace::{
            document::Span,
            graph::{Graph, Key as Node},
            took::Took,
            tree::Tree,
        },
    },
    engine::{
        explain::Ask,
        inquiry::{
            About, FunctionKey, Newest, Question, ToldCauses, ToldMap, ToldNewest, ToldTrace, TraceSeen, Watched,
        },
    },
};

/// How long a selected alert stands before its traces are asked for, since somebody may only be passing by.
pub(super) const PASSING: Duration = Duration::from_millis(300);
/// Targets that are asked for a map.
const MAPPED: usize = 60;

/// What is asked on this screen: as long as it stays the same, nothing new is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asks {
    about: Option<About>,
    /// The newest traces go with what is watched and fails.
    version: Option<u64>,
    filter: Option<Filter>,
}

/// Where one is on a map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// What is in the middle; none: the function that the map is about.
    pub at: Option<Node>,
    /// Those that were in the middle before.
    pub before: Vec<Node>,
    /// On which side one is.
    pub side: Side,
    /// Which of that side, from above.
    pub place: usize,
}

/// A part of the map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// Who calls it.
    Callers,
    /// It.
    #[default]
    Middle,
    /// What it calls.
    Callees,
}

pub(super) fn place_of(key: &Key) -> FunctionKey {
    ((key.account.clone(), key.region.clone()), key.name.clone())
}

impl Model {
    /// What is asked on this screen.
    pub fn asks(&self) -> Asks {
        let about = match self.screen() {
            Screen::Alerts => self.glanced().map(|key| About::Causes(place_of(&key))),
            Screen::Function(key) => Some(About::Causes(place_of(key))),
            Screen::Traces(of) if !self.paused => Some(About::Newest(of.as_ref().map(place_of), self.everything)),
            Screen::Trace(id, _) | Screen::Logs(Lines::Trace(id, _)) => Some(About::Trace(id.clone())),
            Screen::Map(key) => Some(About::Map(place_of(key))),
            _ => None,
        };
        let streams = matches!(about, Some(About::Newest(..)));
        let version = self.board.as_ref().filter(|_| streams).map(|board| board.snapshot.version);
        Asks { about, version, filter: streams.then(|| self.filter.clone()) }
    }

    /// The alert that is selected, whose traces are worth a question.
    pub(super) fn glanced(&self) -> Option<Key> {
        let Some(RowKey::Function(key)) = self.list().selected else { return None };
        let board = self.board.as_ref()?;
        let fires = board.row(&key).is_some_and(|row| row.state <= State::Warning);
        (fires && self.overlay.is_none()).then_some(key)
    }

    /// The question of this screen, and how long it has to stand.
    pub fn question(&self) -> Option<(Question, Duration)> {
        let board = self.board.as_ref()?;
        let asked = |question| Some((question, Duration::ZERO));
        match self.screen() {
            Screen::Alerts => Some((causes_of(board, &self.glanced()?)?, PASSING)),
            Screen::Function(key) => asked(causes_of(board, key)?),
            Screen::Traces(of) if !self.paused => asked(Question::Newest(self.newest_of(board, of.as_ref()))),
            Screen::Trace(id, at) | Screen::Logs(Lines::Trace(id, at)) => {
                asked(Question::Trace(id.clone(), self.may_know(board, id, at)))
            }
            Screen::Map(key) => asked(Question::Map(place_of(key), neighbours(board, key))),
            _ => None,
        }
    }

    /// Whose newest traces are wanted: those of production, and with `d` of what fails elsewhere; as far as the filter
    /// lets their functions through.
    fn newest_of(&self, board: &Board, of: Option<&Key>) -> Newest {
        let scope = self.filter.of_functions();
        let mut sieve = scope.sieve();
        let mut watched: Vec<Watched> = Vec::new();
        let mut places: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
        for row in &board.rows {
            let Some((state, function)) = board.facts(row) else { continue };
            let wanted = if let Some(key) = of {
                board.is_of(row, key)
            } else {
                let shown = function.class.alerts() || self.dev && row.state == State::Hidden;
                function.class.watched && shown && sieve.fit(board, row).is_some()
            };
            if !wanted {
                continue;
            }
            let place = *places.entry(row.at).or_insert_with(|| {
                watched.push(Watched { target: state.target.clone(), functions: BTreeSet::new(), failing: false });
                watched.len() - 1
            });
            watched[place].functions.insert(function.found.name.clone());
            watched[place].failing |=
                of.is_some() || matches!(row.state, State::Critical | State::Warning | State::Hidden);
        }
        Newest { function: of.map(place_of), all: self.everything, watched }
    }

    /// Who may know a part of a trace: where it was found first, then every region of the accounts that it went through.
    fn may_know(&self, board: &Board, id: &AwsText, at: &TargetKey) -> Vec<Target> {
        let mut accounts: BTreeSet<&AccountId> = BTreeSet::from([&at.0]);
        let seen = self.told.newest.iter().flat_map(|told| told.rows.iter()).filter(|seen| seen.summary.id == *id);
        accounts.extend(seen.flat_map(|seen| &seen.summary.services).filter_map(|service| service.account.as_ref()));
        let groups =
            self.told.causes.values().flat_map(|told| &told.causes.groups).filter(|group| group.example == *id);
        accounts.extend(groups.flat_map(|group| &group.chain).filter_map(|service| service.account.as_ref()));
        let targets = board.targets.iter().map(|state| &state.target);
        let mut known: Vec<Target> = targets.filter(|target| accounts.contains(&target.account.id)).cloned().collect();
        known.sort_by_key(|target| target.key() != *at);
        known
    }

    /// What traces say about a function, as far as it was asked.
    pub fn causes(&self, key: &Key) -> Option<&ToldCauses> {
        self.told.causes.get(&place_of(key)).map(|told| &**told)
    }

    /// Whether that is being asked.
    pub fn is_asking(&self, about: &About) -> bool {
        self.told.asking.as_ref() == Some(about)
    }

    /// The trace that is looked at.
    pub fn trace(&self) -> Option<&ToldTrace> {
        let Screen::Trace(id, _) = self.screen() else { return None };
        self.told.traces.get(id).map(|told| &**told)
    }

    /// Its parts.
    pub fn tree(&self) -> Option<&Tree> {
        self.trace()?.tree.as_ref()
    }

    /// The place of the part in which the trace that is looked at failed: that which threw, else where it began.
    pub(super) fn failed_part(&self) -> Option<usize> {
        let tree = self.tree()?;
        let part = tree.threw().or(tree.began())?;
        self.spans.iter().position(|place| tree.nodes[*place].span.id == part.span.id)
    }

    /// The map that is looked at.
    pub fn mapped(&self) -> Option<&ToldMap> {
        let Screen::Map(key) = self.screen() else { return None };
        self.told.map.as_ref().filter(|told| told.function == place_of(key)).map(|told| &**told)
    }

    /// The newest traces of this screen.
    pub fn newest(&self) -> Option<&ToldNewest> {
        let Screen::Traces(of) = self.screen() else { return None };
        let about = About::Newest(of.as_ref().map(place_of), self.everything);
        self.told.newest.as_ref().filter(|told| told.about == about).map(|told| &**told)
    }

    /// A trace of the list, by its place.
    pub fn seen(&self, place: usize) -> Option<&TraceSeen> {
        self.newest()?.rows.get(*self.traces.get(place)?).map(|seen| &**seen)
    }

    /// Makes the rows of this screen's traces, or of its trace's parts, anew.
    pub(super) fn arrange_traces(&mut self) {
        let (mut traces, mut spans) = (Vec::new(), Vec::new());
        let mut took = Took::default();
        match self.screen() {
            Screen::Traces(_) => {
                if let Some(told) = self.newest() {
                    traces.extend((0..told.rows.len()).filter(|place| self.fits(&told.rows[*place])));
                    took = Took::of(traces.iter().map(|place| told.rows[*place].summary.duration));
                }
            }
            Screen::Trace(..) => {
                if let Some(tree) = self.tree() {
                    let mut place = 0;
                    while let Some(node) = tree.nodes.get(place) {
                        spans.push(place);
                        place += 1 + if self.folded.contains(&node.span.id) { node.below } else { 0 };
                    }
                }
            }
            _ => {}
        }
        (self.traces, self.spans, self.took) = (traces, spans, took);
    }

    /// Whether the filter lets a trace through.
    fn fits(&self, seen: &TraceSeen) -> bool {
        let summary = &seen.summary;
        let account = &seen.target.account;
        let optional = |text: &Option<AwsText>| text.as_ref().map(|text| text.raw().to_owned()).unwrap_or_default();
        let names: Vec<&str> = summary.functions().map(AwsText::raw).collect();
        let names = names.join(" ");
        let (client, name) = (optional(&account.client), optional(&account.name));
        let (id, region) = (account.id.as_str(), seen.target.region.as_str());
        let exception = summary.exception().unwrap_or_default();
        let status = summary.status.map(|status| status.to_string()).unwrap_or_default();
        let text = [names.as_str(), &client, &name, id, region, &exception, &status, summary.id.raw()].join("\n");
        self.filter.fits_trace(&text.to_lowercase(), (&client, &format!("{name} {id}"), region, &names))
    }

    /// Folds a part of a trace, or unfolds it.
    pub(super) fn fold(&mut self, fold: Option<bool>) {
        let Some(RowKey::Span(id)) = self.list().selected else { return };
        let below = self.node(&id).map_or(0, |node| node.below);
        let is_folded = self.folded.contains(&id);
        match fold.unwrap_or(!is_folded) {
            true if below > 0 && !is_folded => drop(self.folded.insert(id)),
            // What can't be folded any more leads to what it is a part of.
            true => {
                let parent = self.node(&id).and_then(|node| node.parent);
                let place = parent.and_then(|parent| self.spans.iter().position(|place| *place == parent));
                if let Some(place) = place {
                    self.select(place);
                }
            }
            false => drop(self.folded.remove(&id)),
        }
        self.arrange();
    }

    fn node(&self, id: &str) -> Option<&crate::domain::trace::tree::Node> {
        self.tree()?.nodes.iter().find(|node| &*node.span.id == id)
    }

    /// To the next part of the trace that holds what was searched, round and round; unfolded where it is folded.
    pub(super) fn find_next(&mut self, from: usize) {
        let Some(tree) = self.tree().filter(|_| !self.search.is_empty()) else { return };
        let next = self.found.iter().find(|place| **place >= from).or(self.found.first());
        let Some(found) = next.copied() else {
            self.said = Some(format!("no part of this trace holds \"{}\"", self.search));
            return;
        };
        let mut up = tree.nodes[found].parent;
        let mut unfolded = Vec::new();
        while let Some(parent) = up {
            unfolded.push(tree.nodes[parent].span.id.clone());
            up = tree.nodes[parent].parent;
        }
        for id in unfolded {
            self.folded.remove(&id);
        }
        self.arrange();
        if let Some(place) = self.spans.iter().position(|place| *place == found) {
            self.select(place);
        }
    }

    /// The parts of the trace that hold what is searched.
    pub(super) fn found_parts(&self) -> Vec<usize> {
        let (Some(tree), words) = (self.tree(), self.search.to_lowercase()) else { return Vec::new() };
        if words.is_empty() {
            return Vec::new();
        }
        (0..tree.nodes.len()).filter(|place| holds(&tree.nodes[*place].span, &words)).collect()
    }

    /// The place among all parts of the one that is selected.
    pub(super) fn span_place(&self) -> usize {
        self.spans.get(self.list().place).copied().unwrap_or(0)
    }

    /// What is drawn of a map: all of it, or what fails; and what is in the middle.
    pub fn drawn(&self) -> Option<(Graph, Node)> {
        let told = self.mapped()?;
        let (target, name) = &told.function;
        let functions = told.graph.functions(name);
        let own = functions.iter().find(|node| node.account.as_ref() == Some(&target.0)).or(functions.first());
        let about = (*own?).clone();
        let graph = if self.everything { told.graph.clone() } else { told.graph.around(&about, false) };
        let middle = self.walk.at.clone().filter(|node| graph.stats(node).is_some()).unwrap_or(about);
        Some((graph, middle))
    }

    /// Walks over the map: along a side, to another one, or into what is there.
    pub(super) fn step(&mut self, along: i64, across: i64, into: bool) {
        let Some((graph, middle)) = self.drawn() else { return };
        let asking: Vec<Node> = graph.callers(&middle).into_iter().map(|(node, _)| node.clone()).collect();
        let asked: Vec<Node> = graph.callees(&middle).into_iter().map(|(node, _)| node.clone()).collect();
        let side = |side: Side| match side {
            Side::Callers => asking.as_slice(),
            Side::Middle => &[],
            Side::Callees => asked.as_slice(),
        };
        let walk = &mut self.walk;
        let last = side(walk.side).len().saturating_sub(1);
        walk.place = walk.place.min(last);
        walk.place = usize::try_from(i64::try_from(walk.place).unwrap_or(0) + along).unwrap_or(0).min(last);
        let next = match (walk.side, across) {
            (Side::Middle, -1) if !asking.is_empty() => Some(Side::Callers),
            (Side::Middle, 1) if !asked.is_empty() => Some(Side::Callees),
            (Side::Callers, 1) | (Side::Callees, -1) => Some(Side::Middle),
            _ => None,
        };
        let further = matches!((walk.side, across), (Side::Callers, -1) | (Side::Callees, 1)) || into;
        if let Some(next) = next {
            (walk.side, walk.place) = (next, 0);
        } else if further && let Some(node) = side(walk.side).get(walk.place).cloned() {
            walk.before.push(middle);
            // What follows on this side is next.
            let more = if walk.side == Side::Callers { graph.callers(&node) } else { graph.callees(&node) };
            if more.is_empty() || into {
                walk.side = Side::Middle;
            }
            (walk.at, walk.place) = (Some(node), 0);
        }
    }

    /// The function in the middle of the map, where it is one that is known here.
    pub(super) fn middle(&self) -> Option<Key> {
        let board = self.board.as_ref()?;
        let (_, node) = self.drawn()?;
        let is_it = |row: &&super::super::board::Row| {
            let of = board.facts(row);
            of.is_some_and(|(state, function)| {
                function.found.name == node.name
                    && node.account.as_ref().is_none_or(|id| *id == state.target.account.id)
            })
        };
        board.key(board.rows.iter().find(is_it)?)
    }
}

/// Whether a part of a trace holds words in small letters.
fn holds(span: &Span, words: &str) -> bool {
    let thrown = span.exceptions.iter().flat_map(|it| [&it.name, &it.message]).flatten();
    let noted = span.annotations.iter().flat_map(|(key, value)| [key, value]);
    let named = [Some(&span.name), span.operation.as_ref(), span.resource.as_ref(), span.request_id.as_ref()];
    let texts = named.into_iter().flatten().chain(thrown).chain(noted);
    let mut texts = texts.chain(span.http.iter().map(|(request, _)| request));
    texts.any(|text| text.raw().to_lowercase().contains(words))
}

fn causes_of(board: &Board, key: &Key) -> Option<Question> {
    // A table is in no trace under its own name.
    let row = board.row(key).filter(|_| key.resource_type() == ResourceType::Function)?;
    let (state, function) = board.facts(row)?;
    let horizon = board.snapshot.horizon;
    Some(Question::Causes(Ask::of(state, function, board.judged(row), (horizon, horizon.now))))
}

/// Targets whose services may call each other: those of the same client, the function's own first.
fn neighbours(board: &Board, key: &Key) -> Vec<Target> {
    let own = |target: &Target| target.account.id == key.account && target.region == key.region;
    let Some(home) = board.targets.iter().map(|state| &state.target).find(|target| own(target)) else {
        return Vec::new();
    };
    let same = board.targets.iter().map(|state| &state.target);
    let mut same: Vec<Target> = same.filter(|target| target.account.client == home.account.client).cloned().collect();
    same.sort_by_key(|target| (!own(target), target.account.id != key.account, target.region != key.region));
    same.truncate(MAPPED);
    same
}
