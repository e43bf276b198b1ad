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
    /// A sink has not taken a message; it is tried again.
    Delayed {
        /// The sink.
        sink: String,
        /// The message.
        id: String,
        /// Why.
        why: String,
        /// When it is tried again.
        again: Duration,
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
    let mut tries = 0;
    // What was looked up for a message counts for each time that it is told.
    let mut whole: Option<Message> = None;
    loop {
        // Listened for before the queue is looked at, so that nothing rings unheard in between.
        let rung = shared.bell.notified();
        tokio::pin!(rung);
        rung.as_mut().enable();
        let next = shared.store.lock().unwrap_or_else(PoisonError::into_inner).known().next_for(&name).cloned();
        let Some(message) = next else {
            rung.await;
            continue;
        };
        let message = match whole.take().filter(|whole| whole.id == message.id) {
            Some(whole) => whole,
            None => with_more(message, &*looks).await,
        };
        let answer = timeout(PATIENCE * 2, sink.tell(&message)).await;
        let answer = answer.unwrap_or_else(|_| Err(Refused::later("no answer in time")));
        tries += 1;
        let (sink, id) = (name.clone(), message.id.clone());
        match answer {
            Ok(()) => done(&shared, Told::Taken { sink, id }, &message, now()),
            Err(refused) if refused.is_final && tries >= IN_VAIN => {
                done(&shared, Told::Refused { sink, id, why: refused.why }, &message, now());
            }
            Err(refused) => {
                let again = pause(tries, refused.after);
                let _ = shared.told.send(Told::Delayed { sink, id, why: refused.why, again });
                whole = Some(message);
                sleep(again).await;
                continue;
            }
        }
        tries = 0;
    }
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
    let written = shared.store.lock().unwrap_or_else(PoisonError::into_inner).turn(now, |_| ((), vec![row])).1;
    let _ = shared.told.send(told);
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
