//! Who gets which message, what a sink makes of answers from a real server on this machine, and how the queue is told: in
//! order, without loss, by ids that stay.

mod queue;
mod sinks;

use std::{
    collections::VecDeque,
    path::Path,
    sync::{Mutex, PoisonError},
};

use futures::FutureExt;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
};

use super::*;
use crate::{
    domain::{
        finding::Severity,
        life::{AlertKey, Change, Evaluation, Happening, LifeRules, Sign},
        roster::Secret,
        rules::Glob,
        sink::Filter,
        window::Minute,
    },
    store::{Row, Store},
};

const NOW: Minute = Minute(29_700_000);

fn notice(n: u64, change: Change, severity: Severity) -> Notice {
    let mut notice = event::sample("x", NOW).unwrap().notices.remove(0);
    notice.key.function = format!("f{n}").into();
    (notice.step.change, notice.step.severity, notice.step.turn) = (change, severity, n);
    notice.subject.client = Some(if n.is_multiple_of(2) { "Acme" } else { "Beta" }.into());
    notice.subject.tags = vec![("team".into(), "pay".into())];
    notice.subject.runbook = Some("https://wiki.example.com/x".into());
    notice
}

fn rules(name: &str, channel: Channel) -> SinkRules {
    SinkRules { name: name.into(), channel, filter: Filter::default(), group_from: 5 }
}

fn command(argv: &[&str]) -> Channel {
    Channel::Command { argv: argv.iter().map(|text| (*text).to_owned()).collect() }
}

fn pager(url: &str) -> Channel {
    Channel::PagerDuty { url: url.into(), key: Secret::new("k3y") }
}

#[test]
fn many_at_once_are_one_message_and_each_sink_gets_what_it_wants() {
    let notices: Vec<Notice> = (0..12).map(|n| notice(n, Change::Fired, Severity::Critical)).collect();
    let acme = Filter { clients: vec![Glob::new("Ac*").unwrap()], ..Filter::default() };
    let sinks = [
        SinkRules { filter: acme.clone(), ..rules("acme", command(&["x"])) },
        rules("pager", pager("https://x")),
        SinkRules { group_from: 100, ..rules("each", command(&["x"])) },
    ];
    let all = messages(&sinks, &notices);
    let of = |name: &str| all.iter().filter(|message| message.sink == name).collect::<Vec<_>>();
    assert_eq!((of("acme").len(), of("acme")[0].notices.len()), (1, 6));
    assert_eq!((of("pager").len(), of("each").len()), (12, 12));
    assert_eq!(all, messages(&sinks, &notices), "the same steps make the same messages");
    assert_eq!(messages(&sinks[..1], &notices[..3]).len(), 2, "few are told one by one");
    let silent = [Notice {
        step: crate::domain::life::Transition { tell: false, ..notices[0].step.clone() },
        ..notices[0].clone()
    }];
    assert!(messages(&sinks, &silent).is_empty());
    let many: Vec<Notice> = (0..10_000).map(|n| notice(n, Change::Fired, Severity::Critical)).collect();
    assert_eq!(messages(&sinks[..1], &many).len(), 50);
    let wants = |filter: &Filter| filter.admits(&notices[0]);
    let tag =
        |value: &str| crate::domain::rules::scope::TagPattern { key: "team".into(), value: Glob::new(value).ok() };
    assert!(wants(&acme) && wants(&Filter { tags: vec![tag("p*")], ..acme.clone() }));
    assert!(!wants(&Filter { tags: vec![tag("x*")], ..acme.clone() }));
    assert!(!wants(&Filter { checks: vec!["throttles".into()], ..acme.clone() }));
    assert!(!wants(&Filter { accounts: vec![Glob::new("9*").unwrap()], ..acme.clone() }));
    let warning = notice(2, Change::Fired, Severity::Warning);
    assert!(!Filter { severity: Some(Severity::Critical), ..acme }.admits(&warning));
}

#[test]
fn what_several_checks_say_of_one_function_at_once_is_one_message() {
    let notice = |n: u64, check: &str| {
        let mut notice = notice(n, Change::Fired, Severity::Critical);
        notice.key.check = check.into();
        notice
    };
    let notices = [notice(1, "burn"), notice(1, "errors"), notice(2, "errors"), notice(3, "errors")];
    let sinks = [rules("chat", command(&["x"])), rules("pager", pager("https://x"))];
    let all = messages(&sinks, &notices);
    let sizes = |name: &str| -> Vec<usize> {
        all.iter().filter(|message| message.sink == name).map(|message| message.notices.len()).collect()
    };
    assert_eq!((sizes("chat"), sizes("pager")), (vec![2, 1, 1], vec![1, 1, 1, 1]));
    assert!(all[0].id.starts_with("group:") && all[1].id == notices[2].id(), "{all:?}");
    let heading = event::heading(&all[0]);
    assert_eq!(heading, [&notices[0], &notices[1]].map(event::one).join("; "));
    // One that wants to hear of one check gets that alone, by its own id.
    let only = Filter { checks: vec!["burn".into()], ..Filter::default() };
    let only = messages(&[SinkRules { filter: only, ..rules("chat", command(&["x"])) }], &notices);
    assert_eq!((only.len(), &only[0].id), (1, &notices[0].id()));
}

#[test]
fn what_somebody_answers_is_told_in_a_line_that_is_not_long() {
    assert_eq!([said(""), said(" \n\t"), said("no\n")], ["", "", ": no"]);
    assert_eq!(said("\n <html>\u{1b}[2J\n<body>"), ": <html>\u{fffd}[2J…");
    assert_eq!(said(&"ä".repeat(500)), format!(": {}…", "ä".repeat(SAID)));
}

/// How a server answers one connection after the other.
#[derive(Clone, Copy)]
enum Answers {
    With(u16, &'static str),
    Nonsense,
    Never,
    HangsUp,
}

/// A server that answers so, and what it was sent: head and body.
async fn server(answers: Vec<Answers>) -> (String, UnboundedReceiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, received) = unbounded_channel();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        for answer in answers {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            let body = loop {
                let mut part = [0; 4096];
                let read = socket.read(&mut part).await.unwrap();
                bytes.extend_from_slice(&part[..read]);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if let Some((head, body)) = text.split_once("\r\n\r\n")
                    && let Ok(body) = serde_json::from_str::<Value>(body)
                {
                    break (head.to_owned(), body);
                }
            };
            sender.send(body).unwrap();
            let text = match answer {
                Answers::With(status, text) => format!(
                    "HTTP/1.1 {status} X\r\nconnection: close\r\nretry-after: 7\r\ncontent-length: {}\r\n\r\n{text}",
                    text.len()
                ),
                Answers::Nonsense => "220 mail.example.com ESMTP\r\n".to_owned(),
                Answers::HangsUp => String::new(),
                Answers::Never => {
                    kept.push(socket);
                    continue;
                }
            };
            socket.write_all(text.as_bytes()).await.unwrap();
        }
        std::future::pending::<()>().await;
    });
    (address, received)
}

/// Who signs nothing real.
struct Unsigned(String);

impl Signer for Unsigned {
    fn sign<'a>(
        &'a self,
        _: Option<&'a str>,
        _: &'a crate::domain::account::Region,
        body: &'a str,
    ) -> BoxFuture<'a, Result<Signed, String>> {
        let headers = vec![("x-signed".to_owned(), body.len().to_string())];
        let url = self.0.clone();
        async move { if url.is_empty() { Err("no credentials".into()) } else { Ok(Signed { url, headers }) } }.boxed()
    }
}

fn nobody() -> Arc<dyn Signer> {
    Arc::new(Unsigned(String::new()))
}

fn impatient() -> Arc<Post> {
    Arc::new(Post::new(Duration::from_millis(300)))
}

fn message() -> Message {
    let notice = notice(2, Change::Fired, Severity::Critical);
    Message { sink: "s".into(), id: notice.id(), notices: vec![notice] }
}

/// Who finds a cause, slowly.
struct Slow(Duration);

impl Looks for Slow {
    fn up<'a>(&'a self, notices: &'a [Notice]) -> BoxFuture<'a, Vec<More>> {
        async move {
            tokio::time::sleep(self.0).await;
            let one = More { cause: Some(Ok("KeyError: 'id'".into())), trace: Some("https://t".into()), portal: None };
            vec![one; notices.len()]
        }
        .boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_says_what_was_found_and_waits_no_longer_than_ten_seconds_for_it() {
    for (took, cause, trace) in [(9, Some("KeyError: 'id'"), Some("https://t")), (11, None, None)] {
        let folder = tempfile::tempdir().unwrap();
        let shared = queued(folder.path(), &["s"], &[]);
        let message = message();
        let row = Row::Queue(message.clone());
        shared.store.lock().unwrap().turn(NOW, |_| ((), vec![row])).1.unwrap();
        let said: Arc<Mutex<Vec<Message>>> = Arc::default();
        let keeps = Box::new(Keeps(said.clone()));
        let begun = tokio::time::Instant::now();
        let task = tokio::spawn(deliver("s".into(), keeps, shared, Arc::new(Slow(Duration::from_secs(took))), || NOW));
        while said.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        task.abort();
        assert!(begun.elapsed() <= Duration::from_millis(10_200), "{:?}", begun.elapsed());
        let event = event::cloud_event(&said.lock().unwrap()[0]);
        let alert = &event["data"]["alerts"][0];
        assert_eq!((alert["cause"].as_str(), alert["trace"].as_str()), (cause, trace));
        assert_eq!(alert["no_cause"].is_string(), cause.is_none());
        assert_eq!(event["id"], message.id);
    }
}

/// Keeps what it is told.
struct Keeps(Arc<Mutex<Vec<Message>>>);

impl Sink for Keeps {
    fn tell<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), Refused>> {
        self.0.lock().unwrap().push(message.clone());
        async { Ok(()) }.boxed()
    }
}

/// A sink that says what it is told to say, and then yes.
struct Scripted {
    says: Mutex<VecDeque<Result<(), Refused>>>,
    heard: Arc<Mutex<Vec<String>>>,
    hangs: bool,
}

impl Sink for Scripted {
    fn tell<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), Refused>> {
        async move {
            if self.hangs {
                std::future::pending::<()>().await;
            }
            let said = self.says.lock().unwrap().pop_front().unwrap_or(Ok(()));
            self.heard.lock().unwrap().push(format!("{}{}", message.id, if said.is_ok() { "" } else { "!" }));
            said
        }
        .boxed()
    }
}

fn scripted(says: Vec<Result<(), Refused>>) -> (Box<dyn Sink>, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    (Box::new(Scripted { says: Mutex::new(says.into()), heard: heard.clone(), hangs: false }), heard)
}

fn queued(folder: &Path, sinks: &[&str], ids: &[&str]) -> Deliveries {
    let mut store = Store::open(folder, "a", NOW).unwrap();
    let message = |sink: &&str, id: &&str| Message { sink: (*sink).into(), id: (*id).into(), notices: Vec::new() };
    let rows = ids.iter().flat_map(|id| sinks.iter().map(move |sink| Row::Queue(message(sink, id)))).collect();
    store.turn(NOW, |_| ((), rows)).1.unwrap();
    let (told, _) = unbounded_channel();
    Deliveries { store: Arc::new(Mutex::new(store)), bell: Arc::default(), told }
}

fn left(folder: &Path) -> usize {
    Store::open(folder, "a", NOW).unwrap().known().queue.len()
}

/// Whoever is asked what will be asked for soon.
#[derive(Default)]
struct Foresees(Mutex<Vec<Notice>>);

impl Looks for Foresees {
    fn up<'a>(&'a self, notices: &'a [Notice]) -> BoxFuture<'a, Vec<More>> {
        Nothing.up(notices)
    }

    fn soon(&self, notices: &[Notice]) {
        self.0.lock().unwrap().extend_from_slice(notices);
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_next_is_looked_up_while_the_first_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let shared = queued(folder.path(), &[], &[]);
    let notices: Vec<Notice> = (0..20).map(|n| notice(n, Change::Fired, Severity::Critical)).collect();
    let rows = messages(&[SinkRules { group_from: 100, ..rules("s", command(&["x"])) }], &notices);
    shared.store.lock().unwrap().turn(NOW, |_| ((), rows.into_iter().map(Row::Queue).collect())).1.unwrap();
    let (sink, heard) = scripted(vec![Err(Refused::later("no"))]);
    let looks = Arc::new(Foresees::default());
    tokio::spawn(deliver("s".into(), sink, shared, looks.clone(), || NOW));
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(heard.lock().unwrap().len(), 1, "the first is told, in vain");
    assert_eq!(looks.0.lock().unwrap().as_slice(), &notices[..8], "and the next are looked into");
}

#[test]
fn what_is_told_is_what_the_schema_says() {
    let schema: Value = serde_json::from_str(include_str!("../../docs/schema/slmon.notice-1.schema.json")).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let told = [Change::Fired, Change::Worsened, Change::Flapping, Change::Still, Change::Resolved];
    let all: Vec<Notice> = (1..).zip(told).map(|(n, change)| notice(n, change, Severity::Warning)).collect();
    let mut messages: Vec<Message> =
        all.iter().map(|one| Message { sink: "s".into(), id: one.id(), notices: vec![one.clone()] }).collect();
    messages.push(Message { sink: "s".into(), id: "group:1".into(), notices: all });
    messages[0].notices[0].more =
        More { cause: Some(Ok("KeyError".into())), trace: Some("https://t".into()), portal: Some("https://p".into()) };
    for message in &messages {
        let wrong: Vec<String> =
            validator.iter_errors(&event::cloud_event(message)).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
    let mut broken = event::cloud_event(&messages[0]);
    broken["data"]["alerts"][0]["change"] = "recovering".into();
    assert!(!validator.is_valid(&broken), "what nobody is told is no message");
}

#[test]
fn ten_thousand_alerts_in_a_minute_are_one_turn_and_few_messages() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path(), "a", NOW).unwrap();
    let sinks = [rules("chat", command(&["x"])), rules("hook", command(&["x"])), rules("pager", pager("https://x"))];
    let sample = notice(1, Change::Fired, Severity::Critical);
    let key = |n: u64| AlertKey { function: format!("function-{n:05}").into(), ..sample.key.clone() };
    let turn = |store: &mut Store, at: Minute, sign: &Sign| {
        let evaluations = (0..10_000).map(|n| Evaluation {
            key: key(n),
            at,
            sign: sign.clone(),
            muted: false,
            subject: Some(sample.subject.clone()),
        });
        store.turn(at, |known| {
            let mut lives = known.lives.clone();
            let (notices, touched) = lives.turn(&LifeRules::default(), evaluations);
            let life = |key: AlertKey| match lives.lives.get(&key) {
                Some(life) => Row::Life(key.clone(), Box::new(life.clone())),
                None => Row::Past(key),
            };
            let mut rows: Vec<Row> = touched.into_iter().map(life).collect();
            rows.extend(notices.iter().map(|notice| Row::Happened(Happening::of(notice))));
            rows.extend(messages(&sinks, &notices).into_iter().map(Row::Queue));
            (notices.len(), rows)
        })
    };
    let fires = Sign::Fires { severity: Severity::Critical, reason: "41 of 812 failed".into(), since: Some(NOW) };
    let (notices, written) = turn(&mut store, NOW, &fires);
    assert!(notices == 10_000 && written.is_ok());
    let count = |store: &Store, sink: &str| store.known().queue.values().filter(|message| message.sink == sink).count();
    assert_eq!((count(&store, "chat"), count(&store, "hook"), count(&store, "pager")), (100, 100, 10_000));
    assert!(store.known().lately.len() <= 2_000, "what is kept to look back at has a bound");
    // A minute later nothing is new, and nothing is written.
    let length = || std::fs::metadata(folder.path().join("a.alerts")).unwrap().len();
    let before = length();
    assert_eq!((turn(&mut store, NOW.plus(1), &fires).0, length()), (0, before));
    // Another one reads the same.
    let again = Store::open(folder.path(), "a", NOW).unwrap();
    assert_eq!((again.known().queue.len(), again.known().lives.lives.len()), (10_200, 10_000));
    assert_eq!(again.known().next_for("chat"), store.known().next_for("chat"));
}
