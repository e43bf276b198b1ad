//! What the screens show, made once a snapshot: rows in their order, and the counts that are always in sight. It knows
//! facts and findings, and nothing of keys, colours or cells.

mod counts;

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

pub use self::counts::Counts;
use super::alive::{Alive, Quiet};
use crate::{
    domain::{
        account::{Account, AccountId, Region, TargetKey},
        failure::Failure,
        finding::{Judged, JudgedFunction, Severity, SpotText, Verdict},
        fleet::{Function, TargetState},
        function::{ResourceType, resource_type},
        observation::Reading,
        rules::StageKind,
        series::Metric,
        text::{AwsText, minutes},
        window::{Minute, Window},
    },
    engine::watch::Snapshot,
};

/// Which function, whatever row it is in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// The function's name.
    pub name: AwsText,
}

impl Key {
    /// What it is the name of.
    pub fn resource_type(&self) -> ResourceType {
        resource_type(self.name.raw())
    }
}

/// How a function fares, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Production that fails.
    Critical,
    /// Production with a warning.
    Warning,
    /// Production of which nobody can tell.
    Unknown,
    /// Fails, and is not production: hidden.
    Hidden,
    /// Watched, and nothing says its stage.
    Stageless,
    /// Production that is muted.
    Muted,
    /// Production that ran, and nothing fires.
    Ok,
    /// Production that did not fail, by the totals of its region; whether it ran was not asked.
    Quiet,
    /// Production that did not run.
    Idle,
    /// Production that is about to be read for the first time.
    Pending,
    /// Watched, not production, and not failing.
    Other,
    /// Not watched.
    Unwatched,
}

impl State {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Hidden => "failing",
            Self::Stageless => "no stage",
            Self::Muted => "muted",
            Self::Ok => "ok",
            Self::Quiet => "quiet",
            Self::Idle => "idle",
            Self::Pending => "reading",
            Self::Other => "not prod",
            Self::Unwatched => "unwatched",
        }
    }

    /// The sign for it: one cell wide in every font.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Critical => "✗",
            Self::Warning => "▲",
            Self::Unknown | Self::Stageless => "?",
            Self::Hidden => "×",
            Self::Muted => "◌",
            Self::Ok => "●",
            Self::Quiet => "◦",
            Self::Idle => "○",
            Self::Pending => "…",
            Self::Other | Self::Unwatched => "·",
        }
    }
}

/// One function as a row. Its facts are in the board's target `at`, at `place`.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its target's place among the board's targets.
    pub at: usize,
    /// Its place among the target's functions.
    pub place: usize,
    /// Its place by client, account, region and name.
    pub rank: usize,
    /// What a filter looks through, in small letters: its name, and after a line feed each client, account and region.
    pub text: Box<str>,
    /// How it fares.
    pub state: State,
    /// Its place in the judgement; none where it is not judged.
    pub judged: Option<usize>,
    /// Errors in the window, where they were read.
    pub errors: Option<u64>,
    /// Throttles in the window, where they were read.
    pub throttles: Option<u64>,
    /// Calls in the window, where they were read.
    pub invocations: Option<u64>,
    /// Since when it fails.
    pub since: Option<Minute>,
    /// Whether it may fail for longer: as far back as anybody read.
    pub since_open: bool,
    /// Up to which minute it was last read, where it can't be read now.
    pub stale: Option<Minute>,
    /// What is silent about it, where somebody asked for that.
    pub quiet: Option<Quiet>,
}

impl Row {
    /// The share of calls that failed, where that is known.
    pub fn rate(&self) -> Option<f64> {
        let (errors, invocations) = (self.errors?, self.invocations?);
        let calls = errors.max(invocations);
        (calls > 0).then(|| errors as f64 / calls as f64)
    }
}

/// What the screens show.
#[derive(Clone, Debug)]
pub struct Board {
    /// What it was made of.
    pub snapshot: Arc<Snapshot>,
    /// What is known of the lives of its alerts.
    pub alive: Arc<Alive>,
    /// Its targets, by client, account and region.
    pub targets: Vec<Arc<TargetState>>,
    /// Every function that exists: the worst first, then by client, account, region and name.
    pub rows: Vec<Row>,
    /// What tags hide, by kind: the place of a target, of a function in it, and of the spot.
    pub spots: Vec<(usize, usize, usize)>,
    /// What could not be read.
    pub troubles: Vec<Trouble>,
    /// The counts.
    pub counts: Counts,
}

/// Something that could not be read, and why.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// Whose: the account, or the client whose organization could not be listed.
    pub whose: String,
    /// In which region; none where it is the account as a whole.
    pub region: Option<Region>,
    /// What parts; none where it is the whole.
    pub parts: Vec<String>,
    /// Why.
    pub failure: Failure,
}

impl Board {
    /// Makes it where nothing is known of lives.
    pub fn new(snapshot: Arc<Snapshot>) -> Self {
        Self::with(snapshot, Arc::default())
    }

    /// Makes it.
    pub fn with(snapshot: Arc<Snapshot>, alive: Arc<Alive>) -> Self {
        let fleet = &snapshot.fleet;
        let mut targets: Vec<Arc<TargetState>> =
            fleet.targets().filter_map(|state| fleet.shared(&state.target.key())).collect();
        targets.sort_by(|a, b| whose(a).cmp(&whose(b)));
        let mut rows = rows(&snapshot, &targets);
        alive.apply(&snapshot, &targets, &mut rows);
        let failures = |row: &Row| row.errors.unwrap_or(0).max(row.throttles.unwrap_or(0));
        rows.sort_unstable_by_key(|row| (row.state, Reverse(failures(row)), row.rank));
        let counts = counts::counts(&snapshot, &targets, &rows);
        let (spots, troubles) = (spots(&targets), troubles(&snapshot, &targets));
        Self { snapshot, alive, targets, rows, spots, troubles, counts }
    }

    /// The target of a row.
    pub fn target(&self, row: &Row) -> Option<&TargetState> {
        self.targets.get(row.at).map(|state| &**state)
    }

    /// The target of a row, and its function.
    pub fn facts(&self, row: &Row) -> Option<(&TargetState, &Function)> {
        let state = self.target(row)?;
        Some((state, state.row(row.place)?))
    }

    /// What the checks make of a row.
    pub fn judged(&self, row: &Row) -> Option<&Judged> {
        row.judged.and_then(|place| self.snapshot.judgement.functions.get(place)).map(|judged| &judged.judged)
    }

    /// A blind spot, and the function that it is about.
    pub fn spot(&self, place: usize) -> Option<(Key, &SpotText)> {
        let (at, place, n) = *self.spots.get(place)?;
        let state = self.targets.get(at)?;
        let function = state.row(place)?;
        let (account, region) = state.target.key();
        let key = Key { account, region, name: function.found.name.clone() };
        Some((key, function.class.spots.get(n)?))
    }

    /// The row's function, whatever row it is in.
    pub fn key(&self, row: &Row) -> Option<Key> {
        let (state, function) = self.facts(row)?;
        let (account, region) = state.target.key();
        Some(Key { account, region, name: function.found.name.clone() })
    }

    /// Whether a row is about this function.
    pub fn is_of(&self, row: &Row, key: &Key) -> bool {
        let here = |state: &TargetState| state.target.account.id == key.account && state.target.region == key.region;
        self.facts(row).is_some_and(|(state, function)| function.found.name == key.name && here(state))
    }

    /// The row of a function.
    pub fn row(&self, key: &Key) -> Option<&Row> {
        self.rows.iter().find(|row| self.is_of(row, key))
    }
}

fn spots(targets: &[Arc<TargetState>]) -> Vec<(usize, usize, usize)> {
    let mut spots = Vec::new();
    for (at, state) in targets.iter().enumerate() {
        for (place, function) in state.rows().enumerate().filter(|(_, function)| !function.is_gone()) {
            spots.extend(function.class.spots.iter().enumerate().map(|(n, spot)| (spot.kind, at, place, n)));
        }
    }
    spots.sort_unstable();
    spots.into_iter().map(|(_, at, place, n)| (at, place, n)).collect()
}

/// The name of an account, or its id where it has none.
pub fn called(account: &Account) -> String {
    account.name.as_ref().map_or_else(|| account.id.to_string(), |name| name.shown().into_owned())
}

fn troubles(snapshot: &Snapshot, targets: &[Arc<TargetState>]) -> Vec<Trouble> {
    let listings = snapshot.fleet.listings().iter().map(|(client, failure)| {
        // Where nothing is configured, the first question is who one is.
        let who = failure.operation == "sts:GetCallerIdentity";
        let (whose, part) = match (client, who) {
            (Some(client), _) => (client.shown().into_owned(), "its accounts"),
            (None, true) => ("your credentials".to_owned(), "everything"),
            (None, false) => ("an organization".to_owned(), "its accounts"),
        };
        Trouble { whose, region: None, parts: vec![part.to_owned()], failure: failure.clone() }
    });
    let accounts = snapshot.fleet.accounts().filter_map(|state| {
        let failure = state.failure.clone()?;
        Some(Trouble { whose: called(&state.entry.account), region: None, parts: Vec::new(), failure })
    });
    let targets = targets.iter().flat_map(|state| {
        // What failed for the same reason is told once, with all that it left unread.
        let mut troubles: Vec<Trouble> = Vec::new();
        for unread in &state.unread {
            let same = troubles.iter_mut().find(|it| it.failure == unread.failure);
            if let Some(trouble) = same {
                trouble.parts.extend(unread.part.clone());
                continue;
            }
            troubles.push(Trouble {
                whose: called(&state.target.account),
                region: Some(state.target.region.clone()),
                parts: unread.part.iter().cloned().collect(),
                failure: unread.failure.clone(),
            });
        }
        troubles
    });
    listings.chain(accounts).chain(targets).collect()
}

/// Whose a target is, and where.
fn whose(state: &TargetState) -> impl Ord + use<'_> {
    let account = &state.target.account;
    (&account.client, &account.name, &account.id, &state.target.region)
}

fn rows(snapshot: &Snapshot, targets: &[Arc<TargetState>]) -> Vec<Row> {
    let mut judged: BTreeMap<TargetKey, Vec<(usize, &JudgedFunction)>> = BTreeMap::new();
    for (n, function) in snapshot.judgement.functions.iter().enumerate() {
        match judged.get_mut(&function.target) {
            Some(of_it) => of_it.push((n, function)),
            None => drop(judged.insert(function.target.clone(), vec![(n, function)])),
        }
    }
    let mut rows = Vec::new();
    for (at, state) in targets.iter().enumerate() {
        // Both are in the order of the target's functions.
        let mut judged = judged.remove(&state.target.key()).unwrap_or_default().into_iter().peekable();
        for (place, function) in state.rows().enumerate() {
            let judged = judged.next_if(|(_, judged)| judged.place == place);
            if function.is_gone() {
                continue;
            }
            let rank = rows.len();
            rows.push(row(snapshot, (at, place, rank), state, function, judged));
        }
    }
    rows
}

/// What a filter looks through.
fn text(state: &TargetState, function: &Function) -> Box<str> {
    let account = &state.target.account;
    let raw = |text: &Option<AwsText>| text.as_ref().map(|text| text.raw().to_lowercase()).unwrap_or_default();
    let name = function.found.name.raw().to_lowercase();
    let (client, account, id) = (raw(&account.client), raw(&account.name), account.id.as_str());
    format!("{name}\n{client}\n{account}\n{id}\n{}", state.target.region.as_str()).into()
}

fn row(
    snapshot: &Snapshot,
    (at, place, rank): (usize, usize, usize),
    of: &TargetState,
    function: &Function,
    judged: Option<(usize, &JudgedFunction)>,
) -> Row {
    // What is not production may have been read some minutes ago: its window ends where its reading does.
    let sum = |metric| match (function.reading(metric), snapshot.horizon.frame(function.class.window)) {
        (Reading::Known(series), Some(frame)) => {
            let window = Window::ending(series.read().end.min(frame.window.end), frame.window.minutes());
            Some(series.sum(window).unwrap_or(0))
        }
        _ => None,
    };
    let row = |state, errors, throttles, invocations, since| Row {
        at,
        place,
        rank,
        text: text(of, function),
        state,
        judged: judged.map(|(place, _)| place),
        errors,
        throttles,
        invocations,
        since,
        since_open: false,
        stale: None,
        quiet: None,
    };
    if let Some((_, JudgedFunction { judged, .. })) = judged {
        let state = match judged.verdict {
            Verdict::Critical => State::Critical,
            Verdict::Warning => State::Warning,
            Verdict::Unknown if is_pending(function) => State::Pending,
            Verdict::Unknown => State::Unknown,
            Verdict::Muted => State::Muted,
            Verdict::Ok => State::Ok,
            Verdict::Idle if function.presumed => State::Quiet,
            Verdict::Idle => State::Idle,
        };
        let open = judged.findings.iter().any(|finding| finding.since_open);
        let since = judged.findings.iter().filter_map(|finding| finding.since).min();
        // What fails since before the first minute that was read has an episode that knows more.
        let earlier = began(snapshot, of, function).filter(|began| open && since.is_some_and(|since| *began < since));
        let since_open = open && earlier.is_none();
        let since = earlier.or(since);
        let pulse = snapshot.pulses.get(&of.target.key());
        let is_stale = pulse.is_some_and(|pulse| pulse.is_stale(&function.found.name));
        let read_to = is_stale.then(|| function.known_to()).flatten();
        return Row {
            since_open,
            stale: read_to,
            ..row(state, judged.errors, judged.throttles, judged.invocations, since)
        };
    }
    let errors = sum(Metric::Errors);
    let state = match (function.class.watched, function.class.stage.kind) {
        (false, _) => State::Unwatched,
        (true, StageKind::Unknown) => State::Stageless,
        (true, StageKind::Production) => State::Unknown,
        (true, StageKind::Other) if errors.is_some_and(|errors| errors > 0) => State::Hidden,
        (true, StageKind::Other) => State::Other,
    };
    row(state, errors, sum(Metric::Throttles), sum(Metric::Invocations), None)
}

/// When what fires on a function now began, as far as the last day tells.
fn began(snapshot: &Snapshot, of: &TargetState, function: &Function) -> Option<Minute> {
    let (key, name) = (of.target.key(), &function.found.name);
    let firing = snapshot.episodes.iter().filter(|it| it.ended.is_none() && it.target == key && it.function == *name);
    firing.map(|it| it.began).min()
}

/// That a row can't be read now and how old it is, in words; nothing where it can.
pub fn stale(board: &Board, row: &Row) -> Option<String> {
    let age = board.snapshot.horizon.at.0 - row.stale?.0;
    Some(if age > 0 { format!("stale {}", minutes(age)) } else { "stale".into() })
}

/// Whether nobody has asked anything of it yet.
fn is_pending(function: &Function) -> bool {
    function.more.is_empty()
        && matches!((&function.errors, &function.throttles), (Reading::NotAsked, Reading::NotAsked))
}

/// The worst finding of a function.
pub fn worst(judged: &Judged) -> Option<Severity> {
    judged.findings.iter().map(|finding| finding.severity).max()
}
