//! Searching logs by queries of Logs Insights, within the service's quotas and what may be spent. A query that nobody
//! waits for any more is stopped, so that it costs no more.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, sleep, timeout, timeout_at},
};

use super::{
    AT_ONCE, Followed,
    plan::{Batch, Wanted},
    purse::Purse,
    search::{Pace, Searched},
};
use crate::{
    domain::{
        account::{Target, TargetKey},
        failure::{Failure, Kind},
        logs::{
            LogEvent,
            estimate::{QUERIES, queries},
            query::{GroupFacts, LogQuery, QUERY_ROWS, QueryState},
        },
        text::{AwsText, bytes, usd},
        usage::DOLLARS_PER_BYTE,
    },
    source::{Source, calls},
};

/// How often a query is asked how far it has come.
const POLL: Duration = Duration::from_secs(1);
/// Requests a second of each kind: half of what an account may make, which others share. Source: CloudWatch Logs' quotas,
/// "`StartQuery`" and "`GetQueryResults`".
const A_SECOND: u32 = 5;
/// How long is waited where an account has as many queries under way as it may.
const FULL: Duration = Duration::from_secs(5);
/// How long ending queries may take.
const ENDING: Duration = Duration::from_secs(3);

/// Queries under way.
#[derive(Debug, Default)]
pub struct Open(Mutex<Vec<(Target, AwsText)>>);

impl Open {
    fn add(&self, target: &Target, id: &AwsText) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((target.clone(), id.clone()));
    }

    fn remove(&self, id: &AwsText) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(_, open)| open != id);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Stops what is under way, where nobody waits for it any more. Returns those that could not be stopped.
    pub async fn stop_all(&self, source: &dyn Source) -> Vec<(Target, Failure)> {
        let open = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let stopped = stream::iter(open).map(|(target, id)| async move {
            let late = || Failure::new(calls::STOP_QUERY, Kind::Deadline, "there was no time left for it");
            let stopped = timeout(ENDING, source.stop(&target, &id)).await.unwrap_or_else(|_| Err(late()));
            stopped.err().filter(|failure| !is_over(failure)).map(|failure| (target, failure))
        });
        stopped.buffer_unordered(AT_ONCE).filter_map(futures::future::ready).collect().await
    }
}

/// Whether a query can't be stopped since it is over.
fn is_over(failure: &Failure) -> bool {
    ["InvalidParameterException", "ResourceNotFoundException"]
        .iter()
        .any(|code| failure.message.raw().starts_with(code))
}

/// What may be spent, and what is under way.
#[derive(Clone, Copy, Debug)]
pub struct Spending<'a> {
    /// What may be spent.
    pub purse: &'a Purse,
    /// What is under way, for whoever ends it early.
    pub open: &'a Open,
}

/// A stretch of time of the log groups of a batch.
struct Job<'a> {
    batch: &'a Batch,
    start: Timestamp,
    end: Timestamp,
}

/// What could not be searched by queries.
#[derive(Clone, Debug)]
pub struct Unsearched {
    /// Functions, by their places.
    pub places: Vec<usize>,
    /// From when on, and until when.
    pub span: (Timestamp, Timestamp),
    /// Why.
    pub failure: Failure,
    /// Whether nothing else can or may read them.
    pub needed: bool,
}

/// Asks Logs Insights for events that fit, the newest stretches first, and hands each query's over when it is complete.
/// What could not be searched is returned; nothing of it was handed over.
pub async fn query_all(
    source: &dyn Source,
    (followed, batches): (&[Followed], &[Batch]),
    wanted: &Wanted<'_>,
    spending: Spending<'_>,
    until: Instant,
    mut found: impl FnMut(usize, Vec<LogEvent>, Searched),
) -> Vec<Unsearched> {
    let mut places: HashMap<TargetKey, Arc<Place>> = HashMap::new();
    let mut jobs = Vec::new();
    for batch in batches {
        places.entry(batch.target.key()).or_default();
        jobs.extend(cut(batch, wanted));
    }
    jobs.sort_by_key(|job: &Job| std::cmp::Reverse(job.end));
    let mut searched = Searched { all: jobs.len(), ..Searched::default() };
    let learned = Learned::default();
    let (sender, mut turned) = mpsc::channel::<(&Batch, Said)>(AT_ONCE);
    let (learned, places) = (&learned, &places);
    let read = stream::iter(jobs).for_each_concurrent(None, move |job| {
        let sender = sender.clone();
        async move {
            let Some(place) = places.get(&job.batch.target.key()) else { return };
            let asking = Asking { source, target: &job.batch.target, place, learned, spending, until };
            asking.job(&job, wanted, &sender).await;
        }
    });
    let mut unsearched = Vec::new();
    let fold = async {
        while let Some((batch, said)) = turned.recv().await {
            let mut events = Vec::new();
            match said {
                Said::Events(more) => events = more,
                Said::Unsearched(more) => unsearched.push(more),
                Said::Over => searched.done += 1,
            }
            searched.looked_at += events.len() as u64;
            let mut of_each: BTreeMap<usize, Vec<LogEvent>> = BTreeMap::new();
            for (group, event) in events {
                let writers = batch.writers.get(&group).into_iter().flatten();
                for place in writers.filter(|place| followed[**place].group.holds(&followed[**place].function, &event))
                {
                    of_each.entry(*place).or_default().push(event.clone());
                }
            }
            let first = batch.writers.values().flatten().next().copied().unwrap_or_default();
            if of_each.is_empty() {
                of_each.insert(first, Vec::new());
            }
            for (place, mut events) in of_each {
                events.reverse();
                found(place, events, searched);
            }
            // Many may be ready at once, and somebody may want to end it.
            tokio::task::yield_now().await;
        }
    };
    futures::join!(read, fold);
    unsearched
}

/// What comes of a stretch.
enum Said {
    Events(Vec<(AwsText, LogEvent)>),
    Unsearched(Unsearched),
    /// It is done.
    Over,
}

/// Cuts the stretch of a batch by how much there is, the newest first.
fn cut<'a>(batch: &'a Batch, wanted: &Wanted<'_>) -> Vec<Job<'a>> {
    let (from, to) = wanted.span;
    let parts = i64::try_from(queries(size(&batch.groups, wanted.span, wanted.now))).unwrap_or(1);
    let length = ((to.as_second() - from.as_second()) / parts).max(1);
    let (mut jobs, mut end) = (Vec::new(), to);
    for part in 1..=parts {
        let start = end.checked_sub(SignedDuration::from_secs(length)).unwrap_or(from).max(from);
        let start = if part == parts { from } else { start };
        jobs.push(Job { batch, start, end });
        end = start;
    }
    jobs
}

fn size(groups: &[GroupFacts], span: (Timestamp, Timestamp), now: Timestamp) -> u64 {
    groups.iter().map(|facts| facts.bytes(span, now)).fold(0, u64::saturating_add)
}

/// The quotas of a target.
struct Place {
    under_way: Semaphore,
    starts: Pace,
    polls: Pace,
    /// Why no query there comes to anything.
    broken: OnceLock<Failure>,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            under_way: Semaphore::new(QUERIES),
            starts: Pace::new(A_SECOND),
            polls: Pace::new(A_SECOND),
            broken: OnceLock::new(),
        }
    }
}

/// How much was expected and how much it was, so far: what is stored need not be what is looked through.
#[derive(Default)]
struct Learned {
    expected: AtomicU64,
    took: AtomicU64,
}

impl Learned {
    fn price(&self, bytes: u64) -> f64 {
        let (expected, took) = (self.expected.load(Ordering::Relaxed), self.took.load(Ordering::Relaxed));
        let factor = if expected == 0 { 1.0 } else { (took as f64 / expected as f64).max(0.1) };
        bytes as f64 * factor * DOLLARS_PER_BYTE
    }

    fn learn(&self, expected: u64, took: u64) {
        self.expected.fetch_add(expected, Ordering::Relaxed);
        self.took.fetch_add(took, Ordering::Relaxed);
    }
}

/// Who asks a target.
struct Asking<'a> {
    source: &'a dyn Source,
    target: &'a Target,
    place: &'a Place,
    learned: &'a Learned,
    spending: Spending<'a>,
    until: Instant,
}

/// Log groups and the stretch of time in which they are still to be searched.
struct Rest {
    groups: Vec<GroupFacts>,
    end: Timestamp,
}

impl Asking<'_> {
    /// Asks query after query until a stretch is done: each hands out its newest events only.
    async fn job<'b>(&self, job: &Job<'b>, wanted: &Wanted<'_>, sender: &mpsc::Sender<(&'b Batch, Said)>) {
        let _place = self.place.under_way.acquire().await.ok();
        let there = |facts: &&GroupFacts| facts.bytes((job.start, job.end), wanted.now) > 0 || facts.stored == 0;
        let groups: Vec<GroupFacts> = job.batch.groups.iter().filter(there).cloned().collect();
        let say = async |said: Said| {
            // Nobody listens any more only where all is over.
            let _ = sender.send((job.batch, said)).await;
        };
        let unsearched = |groups: &[GroupFacts], span: (Timestamp, Timestamp), failure: &Failure| {
            let writers = groups.iter().filter_map(|facts| job.batch.writers.get(&facts.name)).flatten();
            let (places, failure) = (writers.copied().collect(), failure.clone());
            Said::Unsearched(Unsearched { places, span, failure, needed: job.batch.needed })
        };
        let mut rests = vec![Rest { groups, end: job.end }];
        while let Some(Rest { groups, end }) = rests.pop() {
            if groups.is_empty() || end <= job.start {
                continue;
            }
            let query = LogQuery {
                groups: groups.iter().map(|facts| facts.name.clone()).collect(),
                start: job.start,
                end,
                pattern: wanted.regex.map(ToOwned::to_owned),
            };
            match self.query(&query, size(&groups, (job.start, end), wanted.now)).await {
                Ok(mut events) => {
                    if let Some((rest, lost)) = after(&events, end) {
                        events.retain(|(_, event)| event.at >= rest);
                        if let Some(lost) = lost {
                            // Somebody else may read that second whole.
                            events.retain(|_| job.batch.needed);
                            say(unsearched(&groups, (rest, end), &lost)).await;
                        }
                        rests.push(Rest { groups, end: rest });
                    }
                    events.retain(|(_, event)| job.start <= event.at && event.at < end);
                    say(Said::Events(events)).await;
                }
                // AWS refuses what is from before a log group was made or what it keeps; of one of several groups, all.
                Err(failure) if is_before_its_time(&failure) => {
                    let several = groups.len() > 1;
                    rests.extend(groups.into_iter().filter(|_| several).map(|facts| Rest { groups: vec![facts], end }));
                }
                Err(failure) => {
                    say(unsearched(&groups, (job.start, end), &failure)).await;
                    for Rest { groups, end } in rests.drain(..) {
                        say(unsearched(&groups, (job.start, end), &failure)).await;
                    }
                    // What is denied or garbled once is so again, and may cost something again.
                    if matches!(failure.kind, Kind::Denied | Kind::Scp | Kind::Malformed | Kind::RegionDisabled) {
                        let _ = self.place.broken.set(failure);
                    }
                }
            }
        }
        say(Said::Over).await;
    }

    /// One query, from its start to its end.
    async fn query(&self, query: &LogQuery, bytes: u64) -> Result<Vec<(AwsText, LogEvent)>, Failure> {
        if let Some(failure) = self.place.broken.get() {
            return Err(failure.clone());
        }
        let price = self.learned.price(bytes);
        if !self.spending.purse.take(price) {
            return Err(over_cost(self.spending.purse, price));
        }
        let mut held = price;
        let id = match self.begin(query).await {
            Ok(id) => id,
            Err(failure) => {
                self.spending.purse.put_back(held);
                return Err(failure);
            }
        };
        self.spending.open.add(self.target, &id);
        let waited = self.wait(query, &id, &mut held).await;
        match waited {
            Ok((events, scanned)) => {
                self.spending.open.remove(&id);
                self.learned.learn(bytes, scanned);
                self.spending.purse.put_back(held - scanned as f64 * DOLLARS_PER_BYTE);
                Ok(events)
            }
            Err((failure, is_over)) => {
                self.spending.open.remove(&id);
                if !is_over {
                    let stopped = timeout(ENDING, self.source.stop(self.target, &id)).await;
                    if !matches!(stopped, Ok(Ok(()))) {
                        self.spending.open.add(self.target, &id);
                    }
                }
                Err(failure)
            }
        }
    }

    /// Begins a query, as soon as the account has one less than it may have.
    async fn begin(&self, query: &LogQuery) -> Result<AwsText, Failure> {
        let late = || Failure::new(calls::START_QUERY, Kind::Deadline, "there was no time left for it");
        let begun = async {
            loop {
                self.place.starts.turn().await;
                match self.source.query(self.target, query).await {
                    Err(failure) if failure.kind == Kind::Throttled => sleep(FULL).await,
                    answer => return answer,
                }
            }
        };
        timeout_at(self.until, begun).await.unwrap_or_else(|_| Err(late()))
    }

    /// Waits for a query; what it costs is taken out as it grows. A failure comes with whether the query is over.
    async fn wait(
        &self,
        query: &LogQuery,
        id: &AwsText,
        held: &mut f64,
    ) -> Result<(Vec<(AwsText, LogEvent)>, u64), (Failure, bool)> {
        let late = || Failure::new(calls::GET_QUERY_RESULTS, Kind::Deadline, "there was no time left for it");
        loop {
            let asked = async {
                sleep(POLL).await;
                self.place.polls.turn().await;
                self.source.queried(self.target, query, id).await
            };
            let answer = timeout_at(self.until, asked).await.unwrap_or_else(|_| Err(late()));
            // What can't be understood are the results of a query that is over.
            let answer = answer.map_err(|failure| {
                let is_over = failure.kind == Kind::Malformed;
                (failure, is_over)
            })?;
            let cost = answer.scanned as f64 * DOLLARS_PER_BYTE;
            if cost > *held {
                let purse = self.spending.purse;
                let covered = purse.take(cost - *held);
                if !covered {
                    purse.overspend(cost - *held);
                }
                *held = cost;
                if !covered && answer.state == QueryState::Running {
                    return Err((over_cost_by_now(purse, answer.scanned), false));
                }
            }
            match answer.state {
                QueryState::Running => {}
                QueryState::Complete => return Ok((answer.events, answer.scanned)),
                QueryState::Ended(word) => {
                    let said = format!("the query has ended as {}", word.raw());
                    let hint = "a shorter --since, or --with filter, which does without Logs Insights";
                    return Err((Failure::new(calls::GET_QUERY_RESULTS, Kind::Other, said).with_hint(hint), true));
                }
            }
        }
    }
}

/// Until when is still to be searched, where a query has handed out as many events as it does: what it has not handed out
/// is older. The second of the oldest comes once more; where all are of one second, what that has beyond is lost.
fn after(events: &[(AwsText, LogEvent)], end: Timestamp) -> Option<(Timestamp, Option<Failure>)> {
    if events.len() < QUERY_ROWS {
        return None;
    }
    let oldest = events.iter().map(|(_, event)| event.at).min()?;
    let second = Timestamp::from_second(oldest.as_second()).ok()?;
    let next = second.checked_add(SignedDuration::from_secs(1)).ok()?;
    if next < end {
        return Some((next, None));
    }
    let said = format!("more than {QUERY_ROWS} events fit within the second of {second}");
    let lost = Failure::new(calls::GET_QUERY_RESULTS, Kind::Other, said)
        .with_hint("a pattern that fits less, or --with filter, which hands out all");
    Some((second, Some(lost)))
}

/// Whether AWS refuses a query since a log group was not there yet, or does not keep what is so old.
fn is_before_its_time(failure: &Failure) -> bool {
    let said = failure.message.raw();
    said.starts_with("MalformedQueryException") && (said.contains("creation time") || said.contains("retention"))
}

fn over_cost(purse: &Purse, price: f64) -> Failure {
    let said = format!(
        "the next query of Logs Insights would cost about {}, and {} is left of {}",
        usd(price),
        usd(purse.left()),
        usd(purse.dollars())
    );
    Failure::new(calls::START_QUERY, Kind::Other, said).with_hint("--max-cost allows more; --with filter is free")
}

fn over_cost_by_now(purse: &Purse, scanned: u64) -> Failure {
    let said = format!(
        "a query of Logs Insights was stopped when it had looked through {}, which is all that {} pays",
        bytes(scanned),
        usd(purse.dollars())
    );
    Failure::new(calls::GET_QUERY_RESULTS, Kind::Other, said).with_hint("--max-cost allows more; --with filter is free")
}
