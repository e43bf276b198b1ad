//! What somebody who looks at a screen asks of logs: why a function fails by its log, lines that are there, and lines as they
//! are written. One question at a time, beside the watching and beside what is asked of X-Ray; nothing of it is kept
//! beyond what is in sight, and nothing is read or followed while nobody looks.

mod book;
mod read;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, collections::BTreeSet, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use tokio::{
    sync::{
        mpsc::{Receiver, UnboundedReceiver, channel},
        watch,
    },
    task::{JoinHandle, yield_now},
    time::{Instant, sleep_until},
};

use self::read::PATIENCE;
use super::{
    inquiry::FunctionKey,
    lines::{Followed, Heard, follow, tails},
    logs::{LogAsk, causes},
};
use crate::{
    domain::{
        failure::Failure,
        logs::{groups::LogCauses, shown::ShownLine},
        text::AwsText,
        window::Minute,
    },
    source::Source,
};

pub use book::{Book, BookLine, KEPT};

/// Whose lines, and which. Of two questions about the same one is enough.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogsOf {
    /// Of many functions, as they are written.
    Firing,
    /// The newest of a function.
    Newest(FunctionKey),
    /// Those around the newest failure of a function; of that by an exception, where one is named.
    Around(FunctionKey, Option<AwsText>),
    /// Those of all functions that a trace went through.
    Trace(AwsText),
    /// Those of one request of a function.
    Request(FunctionKey, AwsText),
}

/// How lines are found.
#[derive(Clone, Debug)]
pub enum How {
    /// Back from now.
    Newest,
    /// Around the newest failure; of that by an exception, where one is named.
    Around(Box<LogAsk>, Option<AwsText>),
    /// By the ids of requests, each with the place of its function, in a stretch of time.
    Requests(Vec<(usize, AwsText)>, (Timestamp, Timestamp)),
}

/// Lines that are wanted.
#[derive(Clone, Debug)]
pub struct LinesAsk {
    /// Which.
    pub of: LogsOf,
    /// Functions whose logs are read. Of a later question about the same, more may follow, and none goes away.
    pub functions: Vec<Followed>,
    /// How they are found.
    pub how: How,
    /// Whether what is written from now on is wanted as well.
    pub live: bool,
}

/// A question.
#[derive(Clone, Debug)]
pub enum LogQuestion {
    /// Why a function fails, by its log.
    Causes(Box<LogAsk>),
    /// Lines.
    Lines(LinesAsk),
}

/// What is asked for from now on.
#[derive(Clone, Debug)]
pub struct LogAsked {
    /// The question; none where nobody asks anything.
    pub question: Option<LogQuestion>,
    /// How long a question about causes has to stand before it is asked, since somebody may only be passing by.
    pub patience: Duration,
    /// Whether an answer that is known already is not enough.
    pub again: bool,
}

/// Whether lines are followed as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Live {
    /// No.
    #[default]
    Off,
    /// Since then, in so many sessions of live tail.
    On {
        /// Since when.
        since: Timestamp,
        /// Sessions that are paid; those that are asked again and again instead are not.
        sessions: usize,
        /// Those that are asked again and again, since there is no live tail to be had.
        polled: usize,
    },
    /// It was, until it ended for this reason.
    Ended(String),
}

/// Lines that were asked for.
#[derive(Clone, Debug)]
pub struct ToldLines {
    /// Which.
    pub of: LogsOf,
    /// Whose.
    pub functions: Arc<[Followed]>,
    /// The lines, by time.
    pub lines: Arc<[Arc<BookLine>]>,
    /// Whether those that are there already are being read.
    pub reading: bool,
    /// The stretch of time that was read.
    pub span: Option<(Timestamp, Timestamp)>,
    /// The line that says why it failed, by its number.
    pub chosen: Option<u64>,
    /// The lines of the invocation that it is about, by their numbers, where these stand among others.
    pub own: BTreeSet<u64>,
    /// Functions whose log could not be read.
    pub unread: Vec<(usize, Failure)>,
    /// Functions in whose log there is more than was read.
    pub more: Vec<usize>,
    /// What has to be said about it, in sentences fit to be shown; the newest last.
    pub remarks: Vec<String>,
    /// Whether they are followed.
    pub live: Live,
    /// Lines that were let go, so that memory stays bounded.
    pub let_go: u64,
}

/// Why a function fails by its log, and when that was read.
#[derive(Debug)]
pub struct ToldLogCauses {
    /// What the log says.
    pub causes: LogCauses,
    /// When it was read.
    pub at: Timestamp,
}

/// What was answered so far. Cheap to hand on.
#[derive(Clone, Debug, Default)]
pub struct ToldLogs {
    /// The function whose log is being asked why it fails.
    pub asking: Option<FunctionKey>,
    /// Why functions fail, by their logs.
    pub causes: BTreeMap<FunctionKey, Arc<ToldLogCauses>>,
    /// The lines that were asked for last.
    pub lines: Option<Arc<ToldLines>>,
}

impl ToldLogs {
    /// Whether there is an answer to a question, of whatever age.
    pub fn knows(&self, question: &LogQuestion) -> bool {
        match question {
            LogQuestion::Causes(ask) => self.causes.contains_key(&(ask.target.key(), ask.function.clone())),
            LogQuestion::Lines(ask) => self.lines.as_ref().is_some_and(|told| told.of == ask.of && !told.reading),
        }
    }
}

/// How long an answer about causes is good for, in seconds.
const FRESH: i64 = 300;
/// Answers about causes that are kept.
const CAUSES: usize = 64;
/// Between two moments in which what was heard is handed on.
const BEAT: Duration = Duration::from_millis(100);
/// How long lines are followed at most. AWS ends a live tail after three hours; whoever still looks begins anew.
pub const LONGEST: Duration = Duration::from_hours(3);
/// Messages that wait to be taken in: then whoever sends them waits.
const WAITING: usize = 64;
/// Lines that are read between two looks at what else there is to do.
const PORTION: usize = 200;
/// Remarks that are kept.
const REMARKS: usize = 8;

type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

enum Answer {
    Causes(FunctionKey, Box<LogCauses>),
    Lines(LogsOf, Box<read::Lines>, Vec<(usize, ShownLine)>),
}

/// Lines that somebody looks at.
struct Look {
    told: ToldLines,
    book: Book,
    tail: Option<Tail>,
}

/// What is followed; dropping it ends that.
struct Tail {
    heard: Receiver<Heard>,
    task: JoinHandle<()>,
    ends: Instant,
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers what is asked until nobody asks any more.
pub async fn answer(
    source: Arc<dyn Source>,
    mut questions: UnboundedReceiver<LogAsked>,
    publish: watch::Sender<ToldLogs>,
    now: Clock,
) {
    let mut told = ToldLogs::default();
    let mut work: Option<BoxFuture<'static, Answer>> = None;
    let mut look: Option<Look> = None;
    // When what was heard is handed on.
    let mut due: Option<Instant> = None;
    loop {
        let ends = look.as_ref().and_then(|look| look.tail.as_ref()).map(|tail| tail.ends);
        let wake = due.into_iter().chain(ends).min();
        tokio::select! {
            biased;
            () = publish.closed() => return,
            asked = questions.recv() => {
                let Some(asked) = asked else { return };
                take(&source, asked, (&mut told, &mut work, &mut look), &now);
                due = Some(Instant::now());
            }
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {
                if let Some(look) = &mut look
                    && look.tail.take_if(|tail| tail.ends <= Instant::now()).is_some()
                {
                    let hours = LONGEST.as_secs() / 3600;
                    look.told.live = Live::Ended(format!("after {hours} h, as AWS does"));
                }
                due = None;
                told.lines = look.as_ref().map(|look| Arc::new(look.told()));
                let _ = publish.send(told.clone());
            }
            Some(answer) = async { Some(work.as_mut()?.await) } => {
                work = None;
                fold(answer, &mut told, look.as_mut(), now());
                due = Some(Instant::now());
            }
            Some(heard) = async { Some(look.as_mut()?.tail.as_mut()?.heard.recv().await) } => {
                if let Some(look) = &mut look {
                    look.hear(heard);
                }
                due.get_or_insert(Instant::now() + BEAT);
            }
        }
    }
}

/// Takes a question in, and begins with it.
fn take(
    source: &Arc<dyn Source>,
    asked: LogAsked,
    (told, work, look): (&mut ToldLogs, &mut Option<BoxFuture<'static, Answer>>, &mut Option<Look>),
    now: &Clock,
) {
    let at = now();
    match asked.question {
        None => (*work, *look, told.asking) = (None, None, None),
        Some(LogQuestion::Causes(ask)) => {
            *look = None;
            let key = (ask.target.key(), ask.function.clone());
            let fresh = |told: &Arc<ToldLogCauses>| at.as_second() - told.at.as_second() < FRESH;
            if !asked.again && (told.causes.get(&key).is_some_and(fresh) || told.asking.as_ref() == Some(&key)) {
                return;
            }
            told.asking = Some(key.clone());
            let source = source.clone();
            *work = Some(why(source, ask, key, (at, asked.patience)).boxed());
        }
        Some(LogQuestion::Lines(ask)) => {
            told.asking = None;
            // Lines know their function by its place: others may only come behind those that are there.
            let is_it =
                |(one, it): (&Followed, &Followed)| one.function == it.function && one.target.key() == it.target.key();
            let goes_on =
                |known: &[Followed]| known.len() <= ask.functions.len() && known.iter().zip(&ask.functions).all(is_it);
            let same = look.as_ref().is_some_and(|look| look.told.of == ask.of && goes_on(&look.told.functions));
            let known = look.as_ref().is_some_and(|look| look.told.functions.len() == ask.functions.len());
            let begins = ask.live && look.as_ref().is_none_or(|look| look.tail.is_none());
            let again = asked.again || !same || !known || begins;
            let one = look.get_or_insert_with(|| Look::new(&ask));
            if !same {
                *one = Look::new(&ask);
            }
            one.told.functions = ask.functions.clone().into();
            one.follow(source, ask.live, !known, now);
            if again {
                (one.told.reading, one.told.unread) = (true, Vec::new());
                *work = Some(look_up(source.clone(), ask, at).boxed());
            }
        }
    }
}

async fn why(
    source: Arc<dyn Source>,
    mut ask: Box<LogAsk>,
    key: FunctionKey,
    (now, patience): (Timestamp, Duration),
) -> Answer {
    // Whoever goes on in the meantime drops this.
    sleep_until(Instant::now() + patience).await;
    // Up to now: whoever wrote the question down may have had an older clock.
    ask.to = Minute::floor(now).plus(1);
    let causes = causes(&*source, &ask, None, Instant::now() + PATIENCE).await;
    Answer::Causes(key, Box::new(causes))
}

async fn look_up(source: Arc<dyn Source>, ask: LinesAsk, now: Timestamp) -> Answer {
    let mut lines = read::lines(&*source, &ask, now).await;
    let mut shown = Vec::new();
    for (n, (place, event)) in std::mem::take(&mut lines.events).into_iter().enumerate() {
        shown.push((place, ShownLine::new(event)));
        if n % PORTION == PORTION - 1 {
            yield_now().await;
        }
    }
    Answer::Lines(ask.of, Box::new(lines), shown)
}

fn fold(answer: Answer, told: &mut ToldLogs, look: Option<&mut Look>, now: Timestamp) {
    match answer {
        Answer::Causes(key, causes) => {
            told.asking = None;
            told.put(key, *causes, now);
        }
        Answer::Lines(of, mut read, shown) => {
            if let LogsOf::Around(key, _) = &of
                && let Some(causes) = read.causes.take()
            {
                told.put(key.clone(), causes, now);
            }
            let Some(look) = look.filter(|look| look.told.of == of) else { return };
            look.book.add(shown, false);
            let told = &mut look.told;
            told.reading = false;
            told.chosen = read.chosen.and_then(|(place, event)| look.book.number_of(place, &event));
            told.remarks.extend(read.remarks);
            told.own = read.own.iter().filter_map(|event| look.book.number_of(0, event)).collect();
            told.unread = read.unread;
            (told.more, told.span) = (read.more, read.span);
        }
    }
}

impl ToldLogs {
    fn put(&mut self, key: FunctionKey, causes: LogCauses, at: Timestamp) {
        if self.causes.len() >= CAUSES
            && let Some(oldest) = self.causes.iter().min_by_key(|(_, told)| told.at).map(|(key, _)| key.clone())
        {
            self.causes.remove(&oldest);
        }
        self.causes.insert(key, Arc::new(ToldLogCauses { causes, at }));
    }
}

impl Look {
    fn new(ask: &LinesAsk) -> Self {
        let told = ToldLines {
            of: ask.of.clone(),
            functions: Arc::default(),
            lines: Arc::default(),
            reading: false,
            span: None,
            chosen: None,
            own: BTreeSet::new(),
            unread: Vec::new(),
            more: Vec::new(),
            remarks: Vec::new(),
            live: Live::Off,
            let_go: 0,
        };
        Self { told, book: Book::new(), tail: None }
    }

    /// Begins to follow or stops; begins anew where there are other functions.
    fn follow(&mut self, source: &Arc<dyn Source>, live: bool, anew: bool, now: &Clock) {
        if !live {
            self.tail = None;
            if matches!(self.told.live, Live::On { .. }) {
                self.told.live = Live::Off;
            }
            return;
        }
        if self.tail.is_some() && !anew || self.told.functions.is_empty() {
            return;
        }
        let (send, heard) = channel(WAITING);
        let functions = Arc::new(self.told.functions.to_vec());
        let task = tokio::spawn(follow(source.clone(), functions, None, now.clone(), send));
        self.tail = Some(Tail { heard, task, ends: Instant::now() + LONGEST });
        self.told.live = Live::On { since: now(), sessions: tails(&self.told.functions), polled: 0 };
    }

    /// Takes in what was heard; nothing where all that was followed has ended.
    fn hear(&mut self, heard: Option<Heard>) {
        match heard {
            Some(Heard::Events(events)) => {
                self.book.add(events.into_iter().map(|(place, event)| (place, ShownLine::new(event))), true);
            }
            Some(Heard::Remark(remark)) => self.remark(remark),
            Some(Heard::Polls(remark)) => {
                if let Live::On { sessions, polled, .. } = &mut self.told.live {
                    (*sessions, *polled) = (sessions.saturating_sub(1), *polled + 1);
                }
                self.remark(remark);
            }
            None => {
                self.tail = None;
                let why = self.told.remarks.last().cloned();
                self.told.live = Live::Ended(why.unwrap_or_else(|| "there is nothing left to follow".into()));
            }
        }
    }

    fn remark(&mut self, remark: String) {
        let remarks = &mut self.told.remarks;
        remarks.retain(|known| *known != remark);
        remarks.push(remark);
        remarks.drain(..remarks.len().saturating_sub(REMARKS));
    }

    fn told(&self) -> ToldLines {
        let chosen = self.told.chosen.filter(|number| self.book.lines.iter().any(|it| it.number == *number));
        ToldLines { lines: self.book.lines.as_slice().into(), chosen, let_go: self.book.let_go, ..self.told.clone() }
    }
}
