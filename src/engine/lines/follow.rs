//! Logs as they are written: by live tails, and where there is none to be had, by asking again and again. Knows no clock
//! but the one it is given.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};

use super::{Followed, MOST, purse::Purse};
use crate::{
    domain::{
        account::{Target, TargetKey},
        failure::{Failure, Kind},
        logs::{LogEvent, LogRequest, TAIL_GROUPS},
        text::AwsText,
        usage::DOLLARS_PER_TAILED_MINUTE,
    },
    engine::logs::{events, is_infrequent},
    source::{Source, calls},
};

/// What is heard of logs that are followed.
#[derive(Debug)]
pub enum Heard {
    /// Events, in order, with the places of their functions.
    Events(Vec<(usize, LogEvent)>),
    /// Something that whoever listens should know, in a sentence fit to be shown.
    Remark(String),
    /// That no live tail follows up to ten log groups any more, which are asked again and again instead; in a sentence fit to
    /// be shown.
    Polls(String),
}

/// What a live tail is billed by, from its beginning on.
const MINUTE: Duration = Duration::from_mins(1);
/// A live tail that is not to go on ends so long before its minute does: AWS counts from before its answer is here.
const MARGIN: Duration = Duration::from_secs(2);
/// How often log groups are asked that no live tail follows.
const POLL: Duration = Duration::from_secs(3);
/// Seconds that are read again each time, since events come late.
const LATE: i64 = 30;

/// How many live tails following takes.
pub fn tails(followed: &[Followed]) -> usize {
    let mut groups: BTreeMap<TargetKey, HashSet<&AwsText>> = BTreeMap::new();
    for one in followed {
        groups.entry(one.target.key()).or_default().insert(&one.group.name);
    }
    groups.values().map(|groups| groups.len().div_ceil(TAIL_GROUPS)).sum()
}

/// Follows the logs until nobody listens any more: by live tails, and where there is none to be had, by asking again and
/// again.
pub async fn follow(
    source: Arc<dyn Source>,
    followed: Arc<Vec<Followed>>,
    pattern: Option<String>,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    heard: mpsc::Sender<Heard>,
) {
    follow_within(source, followed, (pattern, None), now, heard).await;
}

/// The same for no more than a purse holds: before a minute begins that it can't pay, a live tail ends and is asked for
/// instead.
pub async fn follow_within(
    source: Arc<dyn Source>,
    followed: Arc<Vec<Followed>>,
    (pattern, purse): (Option<String>, Option<Arc<Purse>>),
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    heard: mpsc::Sender<Heard>,
) {
    let mut by_target: BTreeMap<TargetKey, BTreeMap<AwsText, Vec<usize>>> = BTreeMap::new();
    for (place, one) in followed.iter().enumerate() {
        by_target.entry(one.target.key()).or_default().entry(one.group.name.clone()).or_default().push(place);
    }
    let mut tails = tokio::task::JoinSet::new();
    for groups in by_target.into_values() {
        let groups: Vec<(AwsText, Vec<usize>)> = groups.into_iter().collect();
        for part in groups.chunks(TAIL_GROUPS) {
            let following = Following {
                source: source.clone(),
                followed: followed.clone(),
                groups: part.to_vec(),
                pattern: pattern.clone(),
                purse: purse.clone(),
                now: now.clone(),
                heard: heard.clone(),
            };
            tails.spawn(following.run());
        }
    }
    drop(heard);
    tails.join_all().await;
}

/// Up to ten log groups of one target.
struct Following {
    source: Arc<dyn Source>,
    followed: Arc<Vec<Followed>>,
    groups: Vec<(AwsText, Vec<usize>)>,
    pattern: Option<String>,
    purse: Option<Arc<Purse>>,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    heard: mpsc::Sender<Heard>,
}

/// Why a live tail ends for good.
enum Over {
    /// Nobody listens any more.
    Alone,
    /// There is none to be had.
    Failed(Failure),
    /// What is allowed pays no further minute.
    Spent,
}

impl Following {
    async fn run(self) {
        let target = &self.target();
        let place = format!("{} {}", target.account.id, target.region);
        let every = POLL.as_secs();
        let remark = match self.tail().await {
            Over::Alone => return,
            Over::Failed(failure) => {
                let said = failure.message.shown();
                format!("no live tail in {place} ({}): {said}; asking every {every} s instead", failure.kind.as_str())
            }
            Over::Spent => {
                format!(
                    "no live tail in {place} beyond what --max-cost allows; asking every {every} s instead, which is free"
                )
            }
        };
        if self.heard.send(Heard::Polls(remark)).await.is_ok() {
            self.poll().await;
        }
    }

    fn target(&self) -> Target {
        let first = self.groups.first().and_then(|(_, places)| places.first()).copied().unwrap_or_default();
        self.followed[first].target.clone()
    }

    /// Whether another minute of a live tail can be paid; if so, it is.
    fn pays(&self) -> bool {
        self.purse.as_ref().is_none_or(|purse| purse.take(DOLLARS_PER_TAILED_MINUTE))
    }

    /// Says something; whether somebody listens.
    async fn say(&self, heard: Heard) -> bool {
        self.heard.send(heard).await.is_ok()
    }

    /// Follows by live tails, one after the other, since AWS ends each after three hours. Returns why there is none any
    /// more.
    async fn tail(&self) -> Over {
        let names: Vec<AwsText> = self.groups.iter().map(|(name, _)| name.clone()).collect();
        let target = self.target();
        loop {
            if !self.pays() {
                return Over::Spent;
            }
            let mut tail = match self.source.tail(&target, &names, self.pattern.as_deref()).await {
                Ok(tail) => tail,
                Err(failure) => {
                    if let Some(purse) = &self.purse {
                        purse.put_back(DOLLARS_PER_TAILED_MINUTE);
                    }
                    return Over::Failed(failure);
                }
            };
            let (mut heard_any, mut sampled) = (false, false);
            let mut paid_until = Instant::now() + MINUTE.saturating_sub(MARGIN);
            loop {
                let said = tokio::select! {
                    said = tail.next() => said,
                    () = self.heard.closed() => return Over::Alone,
                    () = sleep_until(paid_until), if self.purse.is_some() => {
                        if !self.pays() {
                            return Over::Spent;
                        }
                        paid_until += MINUTE;
                        continue;
                    }
                };
                match said {
                    Some(Ok(tailed)) => {
                        heard_any = true;
                        if tailed.sampled && !sampled {
                            let remark = format!(
                                "more than 500 lines a second in {} {}: what follows is a sample",
                                target.account.id, target.region
                            );
                            if !self.say(Heard::Remark(remark)).await {
                                return Over::Alone;
                            }
                        }
                        sampled = tailed.sampled;
                        let events = self.placed(tailed.events);
                        if !events.is_empty() && !self.say(Heard::Events(events)).await {
                            return Over::Alone;
                        }
                    }
                    Some(Err(failure)) if heard_any && failure.kind != Kind::Denied => {
                        let said = failure.message.shown();
                        if !said.starts_with("SessionTimeoutException") {
                            let remark = format!(
                                "the live tail in {} {} broke off and begins anew: {said}",
                                target.account.id, target.region
                            );
                            if !self.say(Heard::Remark(remark)).await {
                                return Over::Alone;
                            }
                        }
                        break;
                    }
                    Some(Err(failure)) => return Over::Failed(failure),
                    None if heard_any => break,
                    None => {
                        let said = "it ended as it began";
                        return Over::Failed(Failure::new(calls::START_LIVE_TAIL, Kind::Malformed, said));
                    }
                }
            }
            sleep(POLL).await;
        }
    }

    /// Events with the places of the functions that wrote them.
    fn placed(&self, events: Vec<(AwsText, LogEvent)>) -> Vec<(usize, LogEvent)> {
        let mut known = Vec::new();
        for (group, event) in events {
            let writers = self.groups.iter().find(|(name, _)| *name == group).map(|(_, writers)| writers);
            let own = |place: &&usize| self.followed[**place].group.holds(&self.followed[**place].function, &event);
            let place = writers.into_iter().flatten().find(own).copied();
            known.extend(place.map(|place| (place, event)));
        }
        known.sort_by_key(|(_, event)| event.at);
        known
    }

    /// Asks again and again for what has come since. What can't be read is said once, and asked for again from where it
    /// could be; what may not be read is not.
    async fn poll(&self) {
        let target = self.target();
        let began = (self.now)();
        let asked = |(name, _): &(AwsText, Vec<usize>)| Polled {
            name: name.clone(),
            from: began,
            known: HashSet::new(),
            failed: None,
        };
        let mut groups: Vec<Polled> = self.groups.iter().map(asked).collect();
        while !groups.is_empty() {
            let mut kept = Vec::new();
            for mut group in std::mem::take(&mut groups) {
                let now = (self.now)();
                let request = LogRequest {
                    group: group.name.clone(),
                    start: group.from,
                    end: now,
                    pattern: self.pattern.clone(),
                    stream: None,
                };
                let read = events(&*self.source, &target, &request, MOST, Instant::now() + POLL * 10).await;
                let fresh = read.events.iter().filter(|event| !group.known.contains(&id(event)));
                let fresh = self.placed(fresh.map(|event| (group.name.clone(), event.clone())).collect());
                if !fresh.is_empty() && !self.say(Heard::Events(fresh)).await {
                    return;
                }
                let never = read
                    .failure
                    .as_ref()
                    .is_some_and(|failure| matches!(failure.kind, Kind::Denied | Kind::Scp) || is_infrequent(failure));
                if let Some(failure) = read.failure {
                    group.known.extend(read.events.iter().map(id));
                    let again = group.failed.as_ref() == Some(&failure.message);
                    if !again && !self.say(Heard::Remark(unread(&group.name, &failure))).await {
                        return;
                    }
                    group.failed = Some(failure.message);
                } else {
                    let late = now.checked_sub(SignedDuration::from_secs(LATE)).unwrap_or(now).max(began);
                    group.known = read.events.iter().map(id).collect();
                    (group.from, group.failed) = (late, None);
                }
                if !never {
                    kept.push(group);
                }
            }
            groups = kept;
            tokio::select! {
                () = sleep(POLL) => {}
                () = self.heard.closed() => return,
            }
        }
    }
}

/// A log group that is asked again and again.
struct Polled {
    name: AwsText,
    from: Timestamp,
    /// Events that were told already.
    known: HashSet<AwsText>,
    /// Why it could not be read the last time.
    failed: Option<AwsText>,
}

fn id(event: &LogEvent) -> AwsText {
    event.id.clone().unwrap_or_else(|| event.text.clone())
}

fn unread(group: &AwsText, failure: &Failure) -> String {
    let (kind, said) = (failure.kind.as_str(), failure.message.shown());
    format!("{} can't be read ({kind}): {said}; {}", group.shown(), failure.hint)
}
