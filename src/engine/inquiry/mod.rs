//! What somebody who looks at a screen asks X-Ray: why a function fails, one trace whole, who calls whom, and the newest
//! traces as they come. One question at a time, beside the watching; what is answered folds into no fleet, and nothing
//! is asked while nobody looks.

mod flow;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use jiff::Timestamp;
use tokio::{
    sync::{mpsc::UnboundedReceiver, watch},
    time::{Instant, sleep_until},
};

use self::flow::{Flow, Poll, Purse};
use super::explain::{self, Allowance, Ask};
use crate::{
    domain::{
        account::{Target, TargetKey},
        failure::Failure,
        text::AwsText,
        trace::{
            Summary,
            causes::{Causes, CostLimit},
            graph::Graph,
            tree::Tree,
        },
        window::Minute,
    },
    source::Source,
};

/// Which function, and where.
pub type FunctionKey = (TargetKey, AwsText);

/// What a question is about: of two about the same, one is enough.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// Why a function fails.
    Causes(FunctionKey),
    /// A trace.
    Trace(AwsText),
    /// Who calls a function, and what it calls.
    Map(FunctionKey),
    /// The newest traces, of one function or of all that is watched; those that failed, or all.
    Newest(Option<FunctionKey>, bool),
}

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// Why a function fails.
    Causes(Ask),
    /// A trace, from all that may know a part of it.
    Trace(AwsText, Vec<Target>),
    /// Who calls whom in the last minutes, in these targets.
    Map(FunctionKey, Vec<Target>),
    /// The newest traces.
    Newest(Newest),
}

/// Whose newest traces are wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Newest {
    /// Of this function alone.
    pub function: Option<FunctionKey>,
    /// Those that did not fail, too.
    pub all: bool,
    /// Where, and of which functions.
    pub watched: Vec<Watched>,
}

/// The functions of a target whose traces are wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// Where.
    pub target: Target,
    /// Which.
    pub functions: BTreeSet<AwsText>,
    /// Whether any of them fails as far as metrics tell: it is read more often.
    pub failing: bool,
}

impl Question {
    /// What it is about.
    pub fn about(&self) -> About {
        match self {
            Self::Causes(ask) => About::Causes((ask.target.key(), ask.function.clone())),
            Self::Trace(id, _) => About::Trace(id.clone()),
            Self::Map(function, _) => About::Map(function.clone()),
            Self::Newest(newest) => About::Newest(newest.function.clone(), newest.all),
        }
    }
}

/// What is asked for from now on.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The question; none where nobody asks anything.
    pub question: Option<Question>,
    /// How long it has to stand before it is asked, since somebody may only be passing by.
    pub patience: Duration,
    /// Whether an answer that is known already is not enough.
    pub again: bool,
}

/// What was answered so far. Cheap to hand on.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Grows with each answer.
    pub version: u64,
    /// What is being asked at this moment.
    pub asking: Option<About>,
    /// Why functions fail.
    pub causes: BTreeMap<FunctionKey, Arc<ToldCauses>>,
    /// Traces.
    pub traces: BTreeMap<AwsText, Arc<ToldTrace>>,
    /// The map that was asked for last.
    pub map: Option<Arc<ToldMap>>,
    /// The newest traces that were asked for last.
    pub newest: Option<Arc<ToldNewest>>,
}

/// Why a function fails, and when that was read.
#[derive(Debug)]
pub struct ToldCauses {
    /// What traces say.
    pub causes: Causes,
    /// When they were read.
    pub at: Timestamp,
}

/// A trace, and when it was read.
#[derive(Debug)]
pub struct ToldTrace {
    /// The trace; none where nobody knows it.
    pub tree: Option<Tree>,
    /// Who could not be asked.
    pub failures: Vec<(Target, Failure)>,
    /// When it was read.
    pub at: Timestamp,
}

/// Who calls whom around a function.
#[derive(Debug)]
pub struct ToldMap {
    /// The function.
    pub function: FunctionKey,
    /// All that was read.
    pub graph: Graph,
    /// Who could not be asked.
    pub failures: Vec<(Target, Failure)>,
    /// Minutes that it covers.
    pub minutes: i64,
    /// When it was read.
    pub at: Timestamp,
}

/// The newest traces.
#[derive(Debug)]
pub struct ToldNewest {
    /// Whose.
    pub about: About,
    /// The traces, the newest first.
    pub rows: Arc<[Arc<TraceSeen>]>,
    /// Targets that were read at least once, and all.
    pub read: (usize, usize),
    /// What could not be read.
    pub failures: Vec<(Target, Failure)>,
    /// Traces that X-Ray looked through for it.
    pub scanned: u64,
    /// Seconds between two readings: of the target that is read most often, and of that which is read least often.
    pub every: (u64, u64),
    /// Whether so much is traced that only a part of the time is read.
    pub gaps: bool,
}

/// A trace in short, and who told of it.
#[derive(Debug, PartialEq)]
pub struct TraceSeen {
    /// Where it was found.
    pub target: Target,
    /// The trace.
    pub summary: Summary,
}

/// What one question may cost, in dollars: as much as a command may (`--max-cost`).
pub const QUESTION: f64 = 0.10;
/// Minutes of a map.
const MAP: i64 = 30;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long an answer is good for, in seconds. After that whoever comes by again gets a new one.
const FRESH: i64 = 300;
/// Lists of newest traces that go on where they were when somebody comes back.
const PARKED: usize = 4;
/// Answers that are kept of each kind.
const KEPT: usize = 64;

enum Answer {
    Causes(FunctionKey, ToldCauses),
    Trace(AwsText, ToldTrace),
    Map(ToldMap),
}

/// Answers what is asked until nobody asks any more.
pub async fn answer(
    source: Arc<dyn Source>,
    mut questions: UnboundedReceiver<Asked>,
    publish: watch::Sender<Told>,
    now: impl Fn() -> Timestamp,
) {
    let mut told = Told::default();
    // What is asked as soon as its time has come.
    let mut next: Option<(Instant, Question)> = None;
    let mut work: Option<BoxFuture<'_, Answer>> = None;
    // What somebody looks at, and what they looked at before, which goes on where it was.
    let mut flow: Option<Flow> = None;
    let mut parked: Vec<Flow> = Vec::new();
    let mut purse = Purse::default();
    let mut polls: FuturesUnordered<BoxFuture<'_, Poll>> = FuturesUnordered::new();
    loop {
        let flow_due = flow.as_ref().and_then(|flow| flow.due(polls.len()));
        let wake = next.as_ref().map(|(at, _)| *at).into_iter().chain(flow_due).min();
        let changed = tokio::select! {
            biased;
            () = publish.closed() => return,
            asked = questions.recv() => {
                let Some(asked) = asked else { return };
                if let (Some(flow), Some(Question::Newest(newest))) = (&mut flow, &asked.question)
                    && flow.about() == About::Newest(newest.function.clone(), newest.all)
                {
                    flow.take(newest, asked.again, Instant::now());
                    continue;
                }
                // What is under way comes in all the same, since it is paid.
                parked.extend(flow.take());
                if parked.len() > PARKED {
                    parked.remove(0);
                }
                let about = asked.question.as_ref().map(Question::about);
                if about.is_none() || about != told.asking || asked.again {
                    work = None;
                    told.asking = None;
                }
                let known = about.as_ref().is_some_and(|about| told.has(about, now())) && !asked.again;
                let is_asked = about.is_some() && about == told.asking;
                next = asked.question.filter(|_| !known && !is_asked).map(|it| (Instant::now() + asked.patience, it));
                true
            }
            Some(poll) = polls.next() => {
                let is_its = |flow: &&mut Flow| flow.about() == poll.about;
                if let Some(flow) = flow.iter_mut().find(is_its) {
                    flow.fold(poll, &mut purse, Instant::now());
                    told.newest = Some(Arc::new(flow.told()));
                    true
                } else {
                    if let Some(flow) = parked.iter_mut().find(is_its) {
                        flow.fold(poll, &mut purse, Instant::now());
                    }
                    false
                }
            }
            Some(answer) = async { Some(work.as_mut()?.await) } => {
                work = None;
                told.asking = None;
                told.take(answer);
                true
            }
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {
                let at = Instant::now();
                if let Some((_, question)) = next.take_if(|(due, _)| *due <= at) {
                    told.asking = Some(question.about());
                    match question {
                        Question::Newest(newest) => {
                            let about = About::Newest(newest.function.clone(), newest.all);
                            let begun = match parked.iter().position(|flow| flow.about() == about) {
                                Some(place) => {
                                    let mut flow = parked.remove(place);
                                    flow.take(&newest, false, at);
                                    flow
                                }
                                None => Flow::new(&newest, at),
                            };
                            told.newest = Some(Arc::new(begun.told()));
                            flow = Some(begun);
                        }
                        question => work = Some(ask(&*source, question, now())),
                    }
                }
                if let Some(flow) = &mut flow {
                    for request in flow.begin(&mut purse, at, now()) {
                        polls.push(flow::poll(&*source, request).boxed());
                    }
                }
                true
            }
        };
        if changed {
            told.version += 1;
            let _ = publish.send(told.clone());
        }
    }
}

fn ask(source: &dyn Source, question: Question, now: Timestamp) -> BoxFuture<'_, Answer> {
    let until = Instant::now() + PATIENCE;
    async move {
        match question {
            Question::Causes(mut ask) => {
                // Up to now: whoever wrote the question down may have had an older clock.
                ask.to = Minute::floor(now).plus(1);
                let key = (ask.target.key(), ask.function.clone());
                let causes = explain::causes(source, &ask, &Allowance::new(CostLimit::Question(QUESTION)), until).await;
                Answer::Causes(key, ToldCauses { causes, at: now })
            }
            Question::Trace(id, targets) => {
                let whole = explain::whole(source, &targets, &id, until).await;
                Answer::Trace(id, ToldTrace { tree: whole.tree, failures: whole.failures, at: now })
            }
            Question::Map(function, targets) => {
                let to = Minute::floor(now).plus(1);
                let span = (to.plus(-MAP).timestamp(), to.timestamp());
                let (graph, failures) = explain::map(source, &targets, span, until).await;
                Answer::Map(ToldMap { function, graph, failures, minutes: MAP, at: now })
            }
            // It has no one answer: `answer` begins a flow.
            Question::Newest(_) => std::future::pending().await,
        }
    }
    .boxed()
}

impl Told {
    /// Whether there is an answer, of whatever age; of the newest traces: whether each target was read once.
    pub fn knows(&self, about: &About) -> bool {
        match about {
            About::Causes(key) => self.causes.contains_key(key),
            About::Trace(id) => self.traces.contains_key(id),
            About::Map(key) => self.map.as_ref().is_some_and(|told| told.function == *key),
            About::Newest(..) => {
                self.newest.as_ref().is_some_and(|told| told.about == *about && told.read.0 == told.read.1)
            }
        }
    }

    /// Whether an answer is known that is good enough at this moment.
    fn has(&self, about: &About, now: Timestamp) -> bool {
        let fresh = |at: Timestamp| now.as_second() - at.as_second() < FRESH;
        match about {
            About::Causes(key) => self.causes.get(key).is_some_and(|told| fresh(told.at)),
            // A trace that has ended stays as it is.
            About::Trace(id) => self.traces.get(id).is_some_and(|told| {
                let ended = told.tree.as_ref().is_some_and(|tree| tree.nodes.iter().all(|it| it.span.end.is_some()));
                ended && told.failures.is_empty() || fresh(told.at) && told.tree.is_some()
            }),
            About::Map(key) => self.map.as_ref().is_some_and(|told| told.function == *key && fresh(told.at)),
            About::Newest(..) => false,
        }
    }

    fn take(&mut self, answer: Answer) {
        match answer {
            Answer::Causes(key, told) => {
                forget_oldest(&mut self.causes, |told| told.at);
                self.causes.insert(key, Arc::new(told));
            }
            Answer::Trace(id, told) => {
                forget_oldest(&mut self.traces, |told| told.at);
                self.traces.insert(id, Arc::new(told));
            }
            Answer::Map(told) => self.map = Some(Arc::new(told)),
        }
    }
}

fn forget_oldest<K: Ord + Clone, V>(kept: &mut BTreeMap<K, Arc<V>>, at: impl Fn(&V) -> Timestamp) {
    if kept.len() >= KEPT
        && let Some(oldest) = kept.iter().min_by_key(|(_, told)| at(told)).map(|(key, _)| key.clone())
    {
        kept.remove(&oldest);
    }
}
