//! What the screens show, made once a snapshot: rows in their order, and the counts that are always in sight. It knows
//! facts and findings, and nothing of keys, colours or cells.

use std::{cmp::Ordering, sync::Arc};

use crate::{
    domain::{
        account::{AccountId, Region, TargetKey},
        finding::{Judged, JudgedFunction, Severity, Verdict},
        fleet::{Fleet, Function, TargetState},
        observation::Reading,
        rules::StageKind,
        series::Metric,
        text::AwsText,
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

/// One function as a row. Its facts are in the fleet, at `target` and `place`.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where it is.
    pub target: TargetKey,
    /// Its place among the target's functions.
    pub place: usize,
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
}

impl Row {
    /// The share of calls that failed, where that is known.
    pub fn rate(&self) -> Option<f64> {
        let (errors, invocations) = (self.errors?, self.invocations?);
        let calls = errors.max(invocations);
        (calls > 0).then(|| errors as f64 / calls as f64)
    }
}

/// The counts that are always in sight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Watched functions that exist.
    pub watched: usize,
    /// Of these, production.
    pub production: usize,
    /// Production that fails.
    pub critical: usize,
    /// Production with a warning.
    pub warning: usize,
    /// Production that ran, and nothing fires.
    pub ok: usize,
    /// Production that did not fail, by the totals of its region.
    pub quiet: usize,
    /// Production that did not run.
    pub idle: usize,
    /// Production that is about to be read for the first time.
    pub pending: usize,
    /// Production of which nobody can tell.
    pub unknown: usize,
    /// Production that is muted.
    pub muted: usize,
    /// Watched functions without a stage.
    pub stageless: usize,
    /// Functions that fail outside of production.
    pub hidden: usize,
    /// Their errors.
    pub hidden_errors: u64,
    /// Blind spots.
    pub spots: usize,
    /// Targets.
    pub targets: usize,
    /// Targets that were seen whole.
    pub seen: usize,
    /// Accounts.
    pub accounts: usize,
    /// Clients.
    pub clients: usize,
    /// Organizations that could not be listed, and accounts and targets that could not be read.
    pub unseen: usize,
}

/// What the screens show.
#[derive(Clone, Debug)]
pub struct Board {
    /// What it was made of.
    pub snapshot: Arc<Snapshot>,
    /// Every function that exists: the worst first, then by client, account, region and name.
    pub rows: Vec<Row>,
    /// The counts.
    pub counts: Counts,
}

impl Board {
    /// Makes it.
    pub fn new(snapshot: Arc<Snapshot>) -> Self {
        let mut rows = rows(&snapshot);
        rows.sort_by(|a, b| worse(&snapshot.fleet, a, b));
        let counts = counts(&snapshot, &rows);
        Self { snapshot, rows, counts }
    }

    /// The target of a row, and its function.
    pub fn facts(&self, row: &Row) -> Option<(&TargetState, &Function)> {
        let state = self.snapshot.fleet.target(&row.target)?;
        Some((state, state.known().get(row.place)?))
    }

    /// What the checks make of a row.
    pub fn judged(&self, row: &Row) -> Option<&Judged> {
        row.judged.and_then(|place| self.snapshot.judgement.functions.get(place)).map(|judged| &judged.judged)
    }

    /// The row's function, whatever row it is in.
    pub fn key(&self, row: &Row) -> Option<Key> {
        let (_, function) = self.facts(row)?;
        let (account, region) = row.target.clone();
        Some(Key { account, region, name: function.found.name.clone() })
    }

    /// The row of a function.
    pub fn row(&self, key: &Key) -> Option<&Row> {
        let here = |row: &&Row| row.target.0 == key.account && row.target.1 == key.region;
        let named = |row: &&Row| self.facts(row).is_some_and(|(_, function)| function.found.name == key.name);
        self.rows.iter().find(|row| here(row) && named(row))
    }
}

fn rows(snapshot: &Snapshot) -> Vec<Row> {
    let mut judged = snapshot.judgement.functions.iter().enumerate().peekable();
    let mut rows = Vec::new();
    // Both are in the order of targets and of their functions.
    for state in snapshot.fleet.targets() {
        let key = state.target.key();
        for (place, function) in state.known().iter().enumerate() {
            let here = |(_, judged): &(usize, &JudgedFunction)| judged.target == key && judged.place == place;
            let judged = judged.next_if(here);
            if function.is_gone() {
                continue;
            }
            rows.push(row(snapshot, &key, place, function, judged));
        }
    }
    rows
}

fn row(
    snapshot: &Snapshot,
    target: &TargetKey,
    place: usize,
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
        target: target.clone(),
        place,
        state,
        judged: judged.map(|(place, _)| place),
        errors,
        throttles,
        invocations,
        since,
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
        let since = judged.findings.iter().filter_map(|finding| finding.since).min();
        return row(state, judged.errors, judged.throttles, judged.invocations, since);
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

/// Whether nobody has asked anything of it yet.
fn is_pending(function: &Function) -> bool {
    matches!((&function.errors, &function.throttles), (Reading::NotAsked, Reading::NotAsked))
}

/// The worse first, of two alike the one with more failures; then by whose it is and its name.
fn worse(fleet: &Fleet, a: &Row, b: &Row) -> Ordering {
    let failures = |row: &Row| row.errors.unwrap_or(0).max(row.throttles.unwrap_or(0));
    let by_state = a.state.cmp(&b.state).then_with(|| failures(b).cmp(&failures(a)));
    by_state.then_with(|| place(fleet, a).cmp(&place(fleet, b)))
}

/// Whose a row is, and its name.
fn place<'a>(fleet: &'a Fleet, row: &'a Row) -> impl Ord + use<'a> {
    let state = fleet.target(&row.target);
    let account = state.map(|state| &state.target.account);
    let name = state.and_then(|state| state.known().get(row.place)).map(|function| &function.found.name);
    (account.map(|account| (&account.client, &account.name)), &row.target, name)
}

fn counts(snapshot: &Snapshot, rows: &[Row]) -> Counts {
    let fleet = &snapshot.fleet;
    let mut counts = Counts {
        targets: fleet.target_count(),
        seen: fleet.targets().filter(|state| state.is_seen()).count(),
        accounts: fleet.accounts().count(),
        unseen: fleet.listings().len()
            + fleet.accounts().filter(|account| account.failure.is_some()).count()
            + fleet.targets().filter(|state| !state.unread.is_empty()).count(),
        ..Counts::default()
    };
    let mut clients: Vec<_> = fleet.accounts().filter_map(|state| state.entry.account.client.as_ref()).collect();
    clients.sort();
    clients.dedup();
    counts.clients = clients.len();
    for row in rows {
        let function = fleet.target(&row.target).and_then(|state| state.known().get(row.place));
        counts.spots += function.map_or(0, |function| function.class.spots.len());
        counts.watched += usize::from(row.state != State::Unwatched);
        counts.production += usize::from(row.judged.is_some());
        match row.state {
            State::Critical => counts.critical += 1,
            State::Warning => counts.warning += 1,
            State::Unknown => counts.unknown += 1,
            State::Muted => counts.muted += 1,
            State::Ok => counts.ok += 1,
            State::Quiet => counts.quiet += 1,
            State::Idle => counts.idle += 1,
            State::Pending => counts.pending += 1,
            State::Stageless => counts.stageless += 1,
            State::Hidden => {
                counts.hidden += 1;
                counts.hidden_errors += row.errors.unwrap_or(0);
            }
            State::Other | State::Unwatched => {}
        }
    }
    counts
}

/// The worst finding of a function.
pub fn worst(judged: &Judged) -> Option<Severity> {
    judged.findings.iter().map(|finding| finding.severity).max()
}
