//! Lines of several functions' logs: as they are there, as they are written, and those that a pattern finds. Within the
//! service's quotas, and knowing no clock but the one it is given.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::{Mutex, mpsc},
    time::{Instant, sleep, sleep_until, timeout_at},
};

use super::logs::{ReadEvents, events};
use crate::{
    domain::{
        account::{Region, Target, TargetKey},
        failure::{Failure, Kind},
        fleet::Fleet,
        logs::{LogEvent, LogGroup, LogPage, LogRequest, TAIL_GROUPS, groups::invocation, pattern},
        text::AwsText,
    },
    source::{Source, calls},
};

/// A function whose log is read.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Where it lives.
    pub target: Target,
    /// Its name.
    pub function: AwsText,
    /// Where it writes.
    pub group: LogGroup,
}

/// The watched functions of a fleet with their log groups, by account, region and name.
pub fn followed(fleet: &Fleet) -> Vec<Followed> {
    let mut followed = Vec::new();
    for state in fleet.targets() {
        let watched = state.known().iter().filter(|function| function.class.watched && !function.is_gone());
        followed.extend(watched.map(|function| Followed {
            target: state.target.clone(),
            function: function.found.name.clone(),
            group: LogGroup::of(&function.found.name, function.configuration.as_ref()),
        }));
    }
    followed
}

/// Functions whose logs are read at once; the source bounds what of that goes out together.
const AT_ONCE: usize = 64;
/// Events of one function that are read at most where all are asked for.
const MOST: usize = 10_000;

/// Reads the events of a stretch of time of each function, in order over all of them; and what could not be read. Of each
/// function at most 10,000 are read.
pub async fn between(
    source: &dyn Source,
    followed: &[Followed],
    span: (Timestamp, Timestamp),
    pattern: Option<&str>,
    until: Instant,
) -> (Vec<(usize, LogEvent)>, Vec<(usize, ReadEvents)>) {
    let asked = stream::iter(0..followed.len()).map(|place| async move {
        let one = &followed[place];
        let request = LogRequest {
            group: one.group.name.clone(),
            start: span.0,
            end: span.1,
            pattern: pattern.map(ToOwned::to_owned),
            stream: None,
        };
        (place, events(source, &one.target, &request, MOST, until).await)
    });
    let (mut found, mut rest) = (Vec::new(), Vec::new());
    for (place, mut read) in asked.buffered(AT_ONCE).collect::<Vec<_>>().await {
        let own = |event: &LogEvent| followed[place].group.holds(&followed[place].function, event);
        found.extend(std::mem::take(&mut read.events).into_iter().filter(own).map(|event| (place, event)));
        if read.failure.is_some() || read.cut.is_some() {
            rest.push((place, read));
        }
    }
    found.sort_by_key(|(_, event)| event.at);
    (found, rest)
}

/// All events of one request, also those that don't bear its id: out of the streams in which it stands.
pub async fn of_request(
    source: &dyn Source,
    followed: &[Followed],
    span: (Timestamp, Timestamp),
    id: &str,
    until: Instant,
) -> (Vec<(usize, LogEvent)>, Vec<(usize, ReadEvents)>) {
    let (bearing, mut rest) = between(source, followed, span, Some(&pattern::quoted(id)), until).await;
    let mut streams: BTreeMap<(usize, AwsText), (Timestamp, Timestamp)> = BTreeMap::new();
    for (place, event) in bearing {
        let stretch = streams.entry((place, event.stream.clone())).or_insert((event.at, event.at));
        *stretch = (stretch.0.min(event.at), stretch.1.max(event.at));
    }
    let mut found = Vec::new();
    for ((place, stream), (first, last)) in streams {
        let end = last.checked_add(SignedDuration::from_secs(2)).unwrap_or(last);
        let group = followed[place].group.name.clone();
        let request = LogRequest { group, start: first, end, pattern: None, stream: Some(stream.clone()) };
        let mut read = events(source, &followed[place].target, &request, MOST, until).await;
        let mut all = std::mem::take(&mut read.events);
        all.retain(|event| event.stream == stream);
        all.sort_by_key(|event| event.at);
        found.extend(invocation(&all, Some(id), last).into_iter().map(|event| (place, event)));
        if read.failure.is_some() || read.cut.is_some() {
            rest.push((place, read));
        }
    }
    found.sort_by_key(|(_, event)| event.at);
    (found, rest)
}

/// What is heard of logs that are followed.
#[derive(Debug)]
pub enum Heard {
    /// Events, in order, with the places of their functions.
    Events(Vec<(usize, LogEvent)>),
    /// Something that whoever listens should know, in a sentence fit to be shown.
    Remark(String),
    /// That there is no live tail to be had of up to ten log groups, which are asked again and again instead; in a sentence
    /// fit to be shown.
    Polls(String),
}

/// How often log groups are asked that no live tail follows.
const POLL: Duration = Duration::from_secs(3);
/// Seconds that are read again each time, since events come late.
const LATE: i64 = 30;

/// Follows the logs until nobody listens any more: by live tails, and where there is none to be had, by asking again and
/// again.
pub async fn follow(
    source: Arc<dyn Source>,
    followed: Arc<Vec<Followed>>,
    pattern: Option<String>,
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
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    heard: mpsc::Sender<Heard>,
}

impl Following {
    async fn run(self) {
        let failure = self.tail().await;
        let Some(failure) = failure else { return };
        let target = &self.target();
        let place = format!("{} {}", target.account.id, target.region);
        let said = failure.message.shown();
        let remark = format!(
            "no live tail in {place} ({}): {said}; asking every {} s instead",
            failure.kind.as_str(),
            POLL.as_secs()
        );
        if self.heard.send(Heard::Polls(remark)).await.is_ok() {
            self.poll().await;
        }
    }

    fn target(&self) -> Target {
        let first = self.groups.first().and_then(|(_, places)| places.first()).copied().unwrap_or_default();
        self.followed[first].target.clone()
    }

    /// Follows by live tails, one after the other, since AWS ends each after three hours. Returns why there is none to be
    /// had; nothing where nobody listens any more.
    async fn tail(&self) -> Option<Failure> {
        let names: Vec<AwsText> = self.groups.iter().map(|(name, _)| name.clone()).collect();
        let target = self.target();
        loop {
            let mut tail = match self.source.tail(&target, &names, self.pattern.as_deref()).await {
                Ok(tail) => tail,
                Err(failure) => return Some(failure),
            };
            let (mut heard_any, mut sampled) = (false, false);
            loop {
                let said = tokio::select! {
                    said = tail.next() => said,
                    () = self.heard.closed() => return None,
                };
                match said {
                    Some(Ok(tailed)) => {
                        heard_any = true;
                        if tailed.sampled && !sampled {
                            let remark = format!(
                                "more than 500 lines a second in {} {}: what follows is a sample",
                                target.account.id, target.region
                            );
                            self.heard.send(Heard::Remark(remark)).await.ok()?;
                        }
                        sampled = tailed.sampled;
                        let events = self.placed(tailed.events);
                        if !events.is_empty() {
                            self.heard.send(Heard::Events(events)).await.ok()?;
                        }
                    }
                    Some(Err(failure)) if heard_any && failure.kind != Kind::Denied => {
                        let said = failure.message.shown();
                        if !said.starts_with("SessionTimeoutException") {
                            let remark = format!(
                                "the live tail in {} {} broke off and begins anew: {said}",
                                target.account.id, target.region
                            );
                            self.heard.send(Heard::Remark(remark)).await.ok()?;
                        }
                        break;
                    }
                    Some(Err(failure)) => return Some(failure),
                    None if heard_any => break,
                    None => return Some(Failure::new(calls::START_LIVE_TAIL, Kind::Malformed, "it ended as it began")),
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

    /// Asks again and again for what has come since.
    async fn poll(&self) {
        let target = self.target();
        let mut seen: HashMap<AwsText, (Timestamp, HashSet<AwsText>)> = HashMap::new();
        let began = (self.now)();
        loop {
            for (name, _) in &self.groups {
                let now = (self.now)();
                let (from, known) = seen.remove(name).unwrap_or((began, HashSet::new()));
                let request = LogRequest {
                    group: name.clone(),
                    start: from,
                    end: now,
                    pattern: self.pattern.clone(),
                    stream: None,
                };
                let read = events(&*self.source, &target, &request, MOST, Instant::now() + POLL * 10).await;
                if let Some(failure) = read.failure {
                    let said = failure.message.shown();
                    let remark =
                        format!("{} can't be read ({}): {said}; {}", name.shown(), failure.kind.as_str(), failure.hint);
                    if self.heard.send(Heard::Remark(remark)).await.is_err() {
                        return;
                    }
                    if matches!(failure.kind, Kind::Denied | Kind::Scp) {
                        return;
                    }
                }
                let id = |event: &LogEvent| event.id.clone().unwrap_or_else(|| event.text.clone());
                let fresh = read.events.iter().filter(|event| !known.contains(&id(event)));
                let fresh = self.placed(fresh.map(|event| (name.clone(), event.clone())).collect());
                let late = now.checked_sub(SignedDuration::from_secs(LATE)).unwrap_or(now).max(began);
                seen.insert(name.clone(), (late, read.events.iter().map(id).collect()));
                if !fresh.is_empty() && self.heard.send(Heard::Events(fresh)).await.is_err() {
                    return;
                }
            }
            tokio::select! {
                () = sleep(POLL) => {}
                () = self.heard.closed() => return,
            }
        }
    }
}

/// How many requests for events an account may make a second in a region. Source: CloudWatch Logs' quotas,
/// "`FilterLogEvents`".
fn quota(region: &Region) -> u32 {
    match region.as_str() {
        "us-east-1" => 25,
        "eu-central-1" => 5,
        _ => 10,
    }
}

/// Lets requests through at a pace.
struct Pace {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    fn new(region: &Region) -> Self {
        Self { gap: Duration::from_secs(1) / quota(region), next: Mutex::default() }
    }

    async fn turn(&self) {
        let mut next = self.next.lock().await;
        let now = Instant::now();
        let at = next.map_or(now, |next| next.max(now));
        *next = Some(at + self.gap);
        drop(next);
        sleep_until(at).await;
    }
}

/// How far a search has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    /// Stretches of log groups that are done.
    pub done: usize,
    /// Those that there are.
    pub all: usize,
    /// Events that were looked through here; the service has left out most of them.
    pub looked_at: u64,
}

/// The shortest stretch of a log group that is searched by itself, in seconds.
const STRETCH: i64 = 3600;
/// Stretches into which one log group is cut at most.
const STRETCHES: i64 = 8;

/// Searches logs for events that fit, the newest stretches first, and hands each page's over as soon as it is there.
/// What could not be read is returned, once a function.
pub async fn search(
    source: &dyn Source,
    followed: &[Followed],
    (from, to): (Timestamp, Timestamp),
    pattern: Option<&str>,
    until: Instant,
    mut found: impl FnMut(usize, Vec<LogEvent>, Searched),
) -> Vec<(usize, Failure)> {
    let mut gates: HashMap<TargetKey, Arc<Pace>> = HashMap::new();
    for one in followed {
        gates.entry(one.target.key()).or_insert_with(|| Arc::new(Pace::new(&one.target.region)));
    }
    let length = ((to.as_second() - from.as_second()) / STRETCHES).max(STRETCH);
    let mut stretches = Vec::new();
    let mut end = to;
    while end > from {
        let start = end.checked_sub(SignedDuration::from_secs(length)).unwrap_or(from).max(from);
        stretches.extend((0..followed.len()).map(|place| (place, start, end)));
        end = start;
    }
    let mut searched = Searched { all: stretches.len(), ..Searched::default() };
    let (sender, mut turned) = mpsc::channel(AT_ONCE);
    let read = stream::iter(stretches).for_each_concurrent(AT_ONCE, move |(place, start, end)| {
        let (one, sender) = (&followed[place], sender.clone());
        let gate = gates.get(&one.target.key()).cloned();
        async move {
            let group = one.group.name.clone();
            let request = LogRequest { group, start, end, pattern: pattern.map(ToOwned::to_owned), stream: None };
            let mut asked = source.events(&one.target, &request);
            loop {
                if let Some(gate) = &gate {
                    gate.turn().await;
                }
                let late = || Failure::new(calls::FILTER_LOG_EVENTS, Kind::Deadline, "there was no time left for it");
                let page = match timeout_at(until, asked.next()).await {
                    Ok(page) => page,
                    Err(_) => Some(Err(late())),
                };
                let ended = match &page {
                    Some(Ok(page)) => page.iter().any(|page| page.last),
                    _ => true,
                };
                // Nobody listens any more only where all is over.
                let _ = sender.send((place, page)).await;
                if ended {
                    return;
                }
            }
        }
    });
    let mut failures: BTreeMap<usize, Failure> = BTreeMap::new();
    let fold = async {
        while let Some((place, page)) = turned.recv().await {
            let mut events = Vec::new();
            match page {
                Some(Ok(page)) => {
                    for LogPage { events: more, last } in page {
                        searched.done += usize::from(last);
                        events.extend(more);
                    }
                }
                ended => {
                    searched.done += 1;
                    failures.extend(ended.and_then(Result::err).map(|failure| (place, failure)));
                }
            }
            searched.looked_at += events.len() as u64;
            events.retain(|event| followed[place].group.holds(&followed[place].function, event));
            found(place, events, searched);
        }
    };
    futures::join!(read, fold);
    failures.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{
        domain::{rules::Rules, window::Horizon},
        engine::{
            once,
            plan::{Depth, Settings},
        },
        source::sim::{Scenario, Sim},
    };

    const LOGGED: &str = r#"
about = "two functions fail, in two accounts"
now = "2026-11-23T10:00:00Z"
[[accounts]]
id = "111122223333"
[[accounts.functions]]
name = "pay"
tags = { monitor = "true", stage = "prod" }
runtime = "python3.13"
exception = "KeyError"
message = "order {n}"
invocations = 3
errors = 2
[[accounts]]
id = "444455556666"
[[accounts.functions]]
name = "ship"
tags = { monitor = "true", stage = "prod" }
runtime = "nodejs22.x"
exception = "TypeError"
message = "no route {id}"
invocations = 2
errors = 1
"#;

    async fn world(more: &str) -> (Arc<Sim>, Arc<Vec<Followed>>, Timestamp) {
        let scenario = Scenario::parse(&format!("{LOGGED}{more}")).unwrap();
        let now = scenario.world.now;
        let sim = Arc::new(Sim::new(scenario.world));
        let roster = Arc::new(sim.roster());
        let settings = Settings {
            horizon: Horizon::new(now, 15, now),
            depth: Depth::Discover { all: false, configurations: true },
        };
        let limit = Duration::from_secs(30);
        let (fleet, _) =
            once(sim.clone(), roster, Arc::new(Rules::default()), settings, limit, &CancellationToken::new(), |_| {})
                .await;
        (sim, Arc::new(followed(&fleet)), now.timestamp())
    }

    fn before(now: Timestamp, minutes: i64) -> Timestamp {
        now.checked_sub(SignedDuration::from_mins(minutes)).unwrap()
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_mins(1)
    }

    #[tokio::test(start_paused = true)]
    async fn lines_of_several_functions_are_merged_by_time() {
        let (sim, followed, now) = world("").await;
        let (found, rest) = between(&*sim, &followed, (before(now, 5), now), None, soon()).await;
        assert!(rest.is_empty() && found.len() > 20);
        assert!(found.windows(2).all(|two| two[0].1.at <= two[1].1.at));
        let both: HashSet<usize> = found.iter().map(|(place, _)| *place).collect();
        assert_eq!(both.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_is_shown_whole_with_the_lines_that_dont_bear_its_id() {
        let (sim, followed, now) = world("").await;
        let span = (before(now, 5), now);
        let (found, _) = between(&*sim, &followed, span, Some("\"[ERROR] KeyError\""), soon()).await;
        let failed = &found[0].1;
        let (all, _) = between(&*sim, &followed, span, Some("\"START RequestId\""), soon()).await;
        let begun = all.iter().rev().find(|(_, event)| event.at <= failed.at && event.stream == failed.stream).unwrap();
        let id = begun.1.text.raw().split_whitespace().nth(2).unwrap();
        let (own, _) = of_request(&*sim, &followed, span, id, soon()).await;
        assert!(own.iter().any(|(_, event)| event.text.raw().starts_with("START")));
        assert!(own.last().unwrap().1.text.raw().starts_with("REPORT"), "{own:#?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_search_finds_in_all_accounts_and_names_what_it_could_not_read() {
        let denied =
            "[[faults]]\naccount = \"444455556666\"\noperation = \"logs:FilterLogEvents\"\nfails = \"denied\"\n";
        for (more, unread) in [("", 0), (denied, 1)] {
            let (sim, followed, now) = world(more).await;
            let mut hits: HashMap<usize, usize> = HashMap::new();
            let mut last = Searched::default();
            let span = (before(now, 120), now);
            let pattern = pattern::any_of(&["KeyError", "TypeError"]);
            let failures = search(&*sim, &followed, span, Some(&pattern), soon(), |place, events, searched| {
                *hits.entry(place).or_default() += events.len();
                last = searched;
            })
            .await;
            assert_eq!((failures.len(), last.done, last.all), (unread, 4, 4));
            let found: Vec<usize> = hits.into_values().filter(|hits| *hits > 60).collect();
            assert_eq!(found.len(), 2 - unread);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_search_keeps_to_the_quota_of_each_target() {
        let pace = Pace::new(&Region::parse("eu-central-1").unwrap());
        let began = Instant::now();
        for _ in 0..11 {
            pace.turn().await;
        }
        assert_eq!(began.elapsed().as_millis(), 2000);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_written_is_heard_by_live_tail_and_where_that_is_denied_by_asking() {
        let denied = "[[faults]]\noperation = \"logs:StartLiveTail\"\nfails = \"denied\"\n";
        for (more, asked) in [("", false), (denied, true)] {
            let (sim, followed, now) = world(more).await;
            let began = Instant::now();
            let clock = Arc::new(move || now.checked_add(SignedDuration::try_from(began.elapsed()).unwrap()).unwrap());
            let (send, mut heard) = mpsc::channel(64);
            let following = tokio::spawn(follow(sim, followed, None, clock, send));
            let (mut remarks, mut found): (Vec<String>, HashSet<(usize, Timestamp, AwsText)>) = Default::default();
            let mut events = 0;
            while found.len() < 20 {
                match heard.recv().await.unwrap() {
                    Heard::Remark(remark) | Heard::Polls(remark) => remarks.push(remark),
                    Heard::Events(more) => {
                        events += more.len();
                        found.extend(more.into_iter().map(|(place, event)| (place, event.at, event.text)));
                    }
                }
            }
            assert_eq!(events, found.len(), "nothing twice");
            assert_eq!(remarks.iter().any(|remark| remark.starts_with("no live tail")), asked, "{remarks:?}");
            drop(heard);
            following.await.unwrap();
        }
    }
}
