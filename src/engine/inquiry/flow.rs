//! The newest traces as they come: when each target is read again, and what of it was there before. It asks nothing by
//! itself: [`poll`] does, and the time is an argument.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::{
    super::explain::{Allowance, Found, pages},
    About, FunctionKey, Newest, ToldNewest, TraceSeen, Watched,
};
use crate::{
    domain::{
        account::{Target, TargetKey},
        failure::{Failure, Kind},
        text::AwsText,
        trace::{
            Summary, TraceFilter, TraceRequest, Wanted,
            causes::{CostLimit, Cut},
        },
        usage::DOLLARS_PER_TRACE,
    },
    source::{Source, calls},
};

/// Seconds of the past that are read first.
const FIRST: i64 = 900;
/// Seconds that each later reading looks back beyond the one before: X-Ray shows a trace some time after it ended.
const LATE: i64 = 60;
/// The longest stretch of one reading, in seconds, however long ago the one before was.
const LONGEST: i64 = 300;
/// Seconds between two readings of a target in which something fails, and of another.
const EVERY: (f64, f64) = (5.0, 60.0);
/// The longest between two readings.
const SELDOM: f64 = 3600.0;
/// Dollars an hour that all of it may cost: where something fails, and elsewhere.
const HOURLY: (f64, f64) = (0.08, 0.02);
/// Targets that are read at once.
const AT_ONCE: usize = 16;
/// Traces that are kept.
const KEPT: usize = 2000;
/// How long a reading may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is read of a target now.
pub(super) struct Request {
    about: About,
    target: Target,
    asked: TraceRequest,
    functions: BTreeSet<AwsText>,
    /// What it may cost, in dollars.
    dollars: f64,
}

/// What came of it.
pub(super) struct Poll {
    /// For whom it was read.
    pub(super) about: About,
    target: Target,
    /// How long the stretch was.
    seconds: f64,
    end: Timestamp,
    functions: BTreeSet<AwsText>,
    found: Found,
}

/// Reads a target.
pub(super) async fn poll(source: &dyn Source, request: Request) -> Poll {
    let Request { about, target, asked, functions, dollars } = request;
    let allowance = Allowance::new(CostLimit::Question(dollars));
    let found = pages(source, &target, &asked, (&allowance, KEPT as u64), Instant::now() + PATIENCE).await;
    let seconds = asked.end.duration_since(asked.start).as_secs_f64();
    Poll { about, target, seconds, end: asked.end, functions, found }
}

/// Seconds between two readings, so that they cost no more than so many dollars an hour, where reading a second of the
/// past costs so much.
pub(super) fn every(second: f64, hourly: f64) -> f64 {
    let whole = second * 3600.0;
    if whole * 2.0 <= hourly {
        // Each reading looks back beyond the one before: the more often, the more of it is paid again.
        LATE as f64 / (hourly / whole - 1.0)
    } else {
        // Less often than it looks back: some of the time is left out.
        second * (LONGEST as f64) * 3600.0 / hourly
    }
}

/// How far the reading of a target is.
struct Cursor {
    watched: Watched,
    /// Until when it was read; none before the first time.
    read_to: Option<Timestamp>,
    due: Instant,
    asked: bool,
    every: f64,
    /// Whether some of the time was left out.
    gap: bool,
    failure: Option<Failure>,
    failures: u32,
}

/// What was spent in the last hour, whoever looked at what.
#[derive(Default)]
pub(super) struct Purse(Vec<(Instant, f64)>);

impl Purse {
    /// Dollars that are left of this hour.
    fn left(&mut self, now: Instant) -> f64 {
        self.0.retain(|(at, _)| now - *at < Duration::from_hours(1));
        HOURLY.0 + HOURLY.1 - self.0.iter().map(|(_, dollars)| dollars).sum::<f64>()
    }
}

/// The newest traces.
pub(super) struct Flow {
    function: Option<FunctionKey>,
    all: bool,
    cursors: BTreeMap<TargetKey, Cursor>,
    rows: BTreeMap<(Reverse<Timestamp>, AwsText), Arc<TraceSeen>>,
    starts: HashMap<AwsText, Timestamp>,
    scanned: u64,
}

impl Flow {
    pub(super) fn new(newest: &Newest, now: Instant) -> Self {
        let mut flow = Self {
            function: newest.function.clone(),
            all: newest.all,
            cursors: BTreeMap::new(),
            rows: BTreeMap::new(),
            starts: HashMap::new(),
            scanned: 0,
        };
        flow.take(newest, false, now);
        flow
    }

    /// What it is about.
    pub(super) fn about(&self) -> About {
        About::Newest(self.function.clone(), self.all)
    }

    /// Takes over where, and of which functions, traces are wanted from now on.
    pub(super) fn take(&mut self, newest: &Newest, again: bool, now: Instant) {
        let wanted: BTreeMap<TargetKey, &Watched> = newest.watched.iter().map(|it| (it.target.key(), it)).collect();
        self.cursors.retain(|key, _| wanted.contains_key(key));
        for (key, watched) in wanted {
            if let Some(cursor) = self.cursors.get_mut(&key) {
                // What has begun to fail is not waited for, and what is newly wanted has a past.
                if watched.failing && !cursor.watched.failing || again {
                    cursor.due = now;
                }
                if !watched.functions.is_subset(&cursor.watched.functions) {
                    (cursor.due, cursor.read_to) = (now, None);
                }
                cursor.watched = watched.clone();
            } else {
                let cursor = Cursor {
                    watched: watched.clone(),
                    read_to: None,
                    due: now,
                    asked: false,
                    every: EVERY.1,
                    gap: false,
                    failure: None,
                    failures: 0,
                };
                self.cursors.insert(key, cursor);
            }
        }
    }

    /// Dollars an hour for a target in which something fails, and for another. Where nothing fails, all is for the others.
    fn shares(&self) -> (f64, f64) {
        let failing = self.cursors.values().filter(|cursor| cursor.watched.failing).count();
        let others = self.cursors.len() - failing;
        let all = HOURLY.0 + HOURLY.1;
        match (failing, others) {
            (0, others) => (all, all / others.max(1) as f64),
            (failing, 0) => (all / failing as f64, all),
            (failing, others) => (HOURLY.0 / failing as f64, HOURLY.1 / others as f64),
        }
    }

    /// When a target is to be read, where so many are being read.
    pub(super) fn due(&self, under_way: usize) -> Option<Instant> {
        let waiting = self.cursors.values().filter(|cursor| !cursor.asked).map(|cursor| cursor.due);
        waiting.min().filter(|_| under_way < AT_ONCE)
    }

    /// What is to be read now, what fails first.
    pub(super) fn begin(&mut self, purse: &mut Purse, now: Instant, at: Timestamp) -> Vec<Request> {
        let left = purse.left(now);
        if left <= 0.0 {
            // All of the hour is spent: the oldest of it is a minute older in a minute.
            for cursor in self.cursors.values_mut().filter(|cursor| !cursor.asked && cursor.due <= now) {
                (cursor.due, cursor.gap) = (now + Duration::from_mins(1), true);
            }
            return Vec::new();
        }
        let under_way = self.cursors.values().filter(|cursor| cursor.asked).count();
        let (shares, about) = (self.shares(), self.about());
        let mut due: Vec<&mut Cursor> =
            self.cursors.values_mut().filter(|cursor| !cursor.asked && cursor.due <= now).collect();
        due.sort_by_key(|cursor| (!cursor.watched.failing, cursor.due));
        let wanted = if self.all { Wanted::All } else { Wanted::FailedOrThrottled };
        let each = left / AT_ONCE.min(due.len().max(1)) as f64;
        let mut requests = Vec::new();
        for cursor in due.into_iter().take(AT_ONCE.saturating_sub(under_way)) {
            let before = |seconds: i64| at.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(at);
            let start = match cursor.read_to {
                None => before(FIRST),
                Some(read_to) => {
                    let wanted = read_to.checked_sub(SignedDuration::from_secs(LATE)).unwrap_or(read_to);
                    cursor.gap = wanted < before(LONGEST);
                    wanted.max(before(LONGEST))
                }
            };
            cursor.asked = true;
            let functions = cursor.watched.functions.clone();
            let filter = Some(TraceFilter::of_any(&functions, wanted));
            requests.push(Request {
                about: about.clone(),
                target: cursor.watched.target.clone(),
                asked: TraceRequest { start, end: at, filter },
                functions,
                // A first look may take an hour's share.
                dollars: if cursor.watched.failing { shares.0 } else { shares.1 }.min(each),
            });
        }
        requests
    }

    /// Takes in what was read.
    pub(super) fn fold(&mut self, poll: Poll, purse: &mut Purse, now: Instant) {
        let Poll { target, seconds, end, functions, found, .. } = poll;
        purse.0.push((now, found.scanned as f64 * DOLLARS_PER_TRACE));
        let shares = self.shares();
        let Some(cursor) = self.cursors.get_mut(&target.key()) else { return };
        cursor.asked = false;
        let (base, share) = if cursor.watched.failing { (EVERY.0, shares.0) } else { (EVERY.1, shares.1) };
        let second = found.scanned as f64 * DOLLARS_PER_TRACE / seconds.max(1.0);
        cursor.every = every(second, share).clamp(base, SELDOM);
        let late = || Failure::new(calls::GET_TRACE_SUMMARIES, Kind::Deadline, "the answer took too long");
        if let Some(failure) = found.failure.or_else(|| matches!(found.cut, Some(Cut::Time)).then(late)) {
            cursor.failures += 1;
            // What is forbidden stays so for a while; what was only late comes soon.
            let most: f64 = if failure.kind == Kind::Denied { 900.0 } else { 300.0 };
            cursor.every = cursor.every.max(15.0 * f64::from(1 << cursor.failures.min(6))).min(most.max(base));
            cursor.failure = Some(failure);
        } else {
            cursor.failures = 0;
            cursor.failure = None;
            cursor.gap |= found.cut.is_some();
            cursor.read_to = Some(end);
        }
        cursor.due = now + Duration::from_secs_f64(cursor.every);
        self.scanned += found.scanned;
        for summary in found.summaries {
            if TraceFilter::is_about(&functions, &summary) {
                self.put(&target, summary);
            }
        }
        while self.rows.len() > KEPT {
            if let Some(((_, id), _)) = self.rows.pop_last() {
                self.starts.remove(&id);
            }
        }
    }

    /// A trace in its place: one that is known already, from this target or another, is replaced by what tells more.
    fn put(&mut self, target: &Target, summary: Summary) {
        let id = summary.id.clone();
        if let Some(start) = self.starts.get(&id)
            && let Some(known) = self.rows.get(&(Reverse(*start), id.clone()))
        {
            let more = |summary: &Summary| (!summary.partial, summary.causes.len(), summary.services.len());
            if more(&known.summary) >= more(&summary) {
                return;
            }
            self.rows.remove(&(Reverse(*start), id.clone()));
        }
        self.starts.insert(id.clone(), summary.start);
        let seen = TraceSeen { target: target.clone(), summary };
        self.rows.insert((Reverse(seen.summary.start), id), Arc::new(seen));
    }

    /// What is known now.
    pub(super) fn told(&self) -> ToldNewest {
        let failures = self.cursors.values().filter_map(|it| Some((it.watched.target.clone(), it.failure.clone()?)));
        let read = self.cursors.values().filter(|it| it.read_to.is_some() || it.failure.is_some()).count();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 5 and 3,600")]
        let every = |cursor: &Cursor| cursor.every as u64;
        let every =
            (self.cursors.values().map(every).min().unwrap_or(0), self.cursors.values().map(every).max().unwrap_or(0));
        ToldNewest {
            about: self.about(),
            rows: self.rows.values().cloned().collect(),
            read: (read, self.cursors.len()),
            failures: failures.collect(),
            scanned: self.scanned,
            every,
            gaps: self.cursors.values().any(|cursor| cursor.gap),
        }
    }
}
