//! Telling what is in the queue: each sink by a task of its own, in order, again and again until it has taken a message. A
//! sink that is dead delays nobody else, and nothing that it has not taken leaves the queue.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc::UnboundedSender},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{Looks, PATIENCE, Refused, Sink, event};
use crate::{
    domain::{life::More, window::Minute},
    store::{Message, Row, Store},
};

/// Between two attempts, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(5));
/// So often is a message tried that is itself at fault.
const IN_VAIN: u32 = 3;

/// What came of telling, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A sink has taken a message.
    Taken {
        /// The sink.
        sink: String,
        /// The message.
        id: String,
    },
    /// A sink has not taken a message; it is tried again. Said of the first attempt, of each after which there were twice as
    /// many, and where the reason is another one.
    Delayed {
        /// The sink.
        sink: String,
        /// The message.
        id: String,
        /// Why.
        why: String,
        /// So often it was tried.
        tries: u32,
        /// Messages that wait for it.
        waiting: usize,
        /// When it is tried again.
        again: Duration,
    },
    /// A sink that took nothing takes messages again.
    Well {
        /// The sink.
        sink: String,
        /// So often it was tried before.
        tries: u32,
        /// Messages that waited for it.
        waited: usize,
    },
    /// A sink will never take a message.
    Refused {
        /// The sink.
        sink: String,
        /// The message.
        id: String,
        /// Why.
        why: String,
    },
    /// What was told could not be kept in mind: after a restart it is told again.
    Unwritten(String),
}

/// What the tasks share.
#[derive(Clone)]
pub struct Deliveries {
    /// Where the queue is.
    pub store: Arc<Mutex<Store>>,
    /// Rung when something was queued.
    pub bell: Arc<Notify>,
    /// Who hears what came of it.
    pub told: UnboundedSender<Told>,
}

/// Tells a sink what is in the queue for it, until this is dropped. `now` says the minute.
pub async fn deliver(
    name: String,
    sink: Box<dyn Sink>,
    shared: Deliveries,
    looks: Arc<dyn Looks>,
    now: impl Fn() -> Minute + Send + Sync + 'static,
) {
    let (mut tries, mut reason) = (0_u32, String::new());
    // What was looked up for a message counts for each time that it is told.
    let mut whole: Option<Message> = None;
    loop {
        // Listened for before the queue is looked at, so that nothing rings unheard in between.
        let rung = shared.bell.notified();
        tokio::pin!(rung);
        rung.as_mut().enable();
        let coming = coming(&shared, &name);
        let Some(message) = coming.first().cloned() else {
            rung.await;
            continue;
        };
        let message = if let Some(whole) = whole.take().filter(|whole| whole.id == message.id) {
            whole
        } else {
            // What comes next is looked up meanwhile.
            for message in &coming {
                looks.soon(&message.notices);
            }
            with_more(message, &*looks).await
        };
        let answer = timeout(PATIENCE * 2, sink.tell(&message)).await;
        let answer = answer.unwrap_or_else(|_| Err(Refused::later("no answer in time")));
        tries += 1;
        let (sink, id) = (name.clone(), message.id.clone());
        match answer {
            Ok(()) => {
                if tries > 1 {
                    let waited = waiting(&shared, &name);
                    let _ = shared.told.send(Told::Well { sink: name.clone(), tries: tries - 1, waited });
                }
                done(&shared, Told::Taken { sink, id }, &message, now());
            }
            Err(refused) if refused.is_final && tries >= IN_VAIN => {
                done(&shared, Told::Refused { sink, id, why: refused.why }, &message, now());
            }
            Err(refused) => {
                let again = pause(tries, refused.after);
                let is_other = kind(&refused.why) != kind(&reason);
                reason.clone_from(&refused.why);
                if is_other || tries.is_power_of_two() {
                    let (why, waiting) = (refused.why, waiting(&shared, &name));
                    let _ = shared.told.send(Told::Delayed { sink, id, why, tries, waiting, again });
                }
                whole = Some(message);
                sleep(again).await;
                continue;
            }
        }
        (tries, reason) = (0, String::new());
    }
}

/// Messages of a sink that are looked at beforehand.
const AHEAD: usize = 8;

/// The first in the queue of a sink.
fn coming(shared: &Deliveries, sink: &str) -> Vec<Message> {
    let store = shared.store.lock().unwrap_or_else(PoisonError::into_inner);
    store.known().queue.values().filter(|message| message.sink == sink).take(AHEAD).cloned().collect()
}

/// Messages that wait for a sink.
fn waiting(shared: &Deliveries, sink: &str) -> usize {
    let store = shared.store.lock().unwrap_or_else(PoisonError::into_inner);
    store.known().queue.values().filter(|message| message.sink == sink).count()
}

/// A reason without what differs each time: numbers of requests and times in an answer's text.
fn kind(why: &str) -> &str {
    why.split(':').next().unwrap_or_default()
}

/// The longest that a message waits for what is looked up.
const LOOKED: Duration = Duration::from_secs(10);

/// A message with what can be looked up in time.
async fn with_more(mut message: Message, looks: &dyn Looks) -> Message {
    let more = timeout(LOOKED, looks.up(&message.notices)).await;
    let late = |n| vec![More { cause: Some(Err("it could not be looked up in time".into())), ..More::default() }; n];
    let more = more.unwrap_or_else(|_| late(message.notices.len()));
    message.notices.iter_mut().zip(more).for_each(|(notice, more)| notice.more = more);
    message
}

/// How long to wait after so many attempts: what the sink asks for, else twice as long each time.
fn pause(tries: u32, asked: Option<Duration>) -> Duration {
    asked.unwrap_or_else(|| PAUSES.0 * (1 << tries.saturating_sub(1).min(9))).clamp(PAUSES.0, PAUSES.1)
}

fn done(shared: &Deliveries, told: Told, message: &Message, now: Minute) {
    let row = Row::Done(message.sink.clone(), message.id.clone());
    let mut store = shared.store.lock().unwrap_or_else(PoisonError::into_inner);
    let written = store.turn(now, |_| ((), vec![row])).1;
    // Whoever finds the queue empty finds this said.
    let _ = shared.told.send(told);
    drop(store);
    if let Err(error) = written {
        let _ = shared.told.send(Told::Unwritten(error.to_string()));
    }
}

/// Tells each of these sinks a test, and that it is over, all at once; what each said, in their order.
pub async fn test(sinks: Vec<(String, Box<dyn Sink>)>, now: Minute) -> Vec<(String, Result<(), Refused>)> {
    let mut tasks = JoinSet::new();
    for (place, (name, sink)) in sinks.into_iter().enumerate() {
        tasks.spawn(async move {
            let told = match event::sample(&name, now) {
                Some(message) => match sink.tell(&message).await {
                    Ok(()) => sink.tell(&event::over(&message)).await,
                    refused => refused,
                },
                None => Err(Refused::later("no test can be made")),
            };
            (place, name, told)
        });
    }
    let mut all = tasks.join_all().await;
    all.sort_by_key(|(place, ..)| *place);
    all.into_iter().map(|(_, name, told)| (name, told)).collect()
}
