//! Who gets which message, what a sink makes of answers from a real server on this machine, and how the queue is told: in
//! order, without loss, by ids that stay.

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
    domain::{finding::Severity, life::Change, roster::Secret, rules::Glob, sink::Filter, window::Minute},
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

fn impatient() -> Arc<Post> {
    Arc::new(Post::new(Duration::from_millis(300)))
}

fn message() -> Message {
    let notice = notice(2, Change::Fired, Severity::Critical);
    Message { sink: "s".into(), id: notice.id(), notices: vec![notice] }
}

#[tokio::test]
async fn a_webhook_gets_a_cloud_event_and_says_yes_by_its_status_alone() {
    let answers = vec![
        Answers::With(204, ""),
        Answers::With(500, "oh no\u{1b}[2J"),
        Answers::With(429, ""),
        Answers::With(400, "bad"),
        Answers::Nonsense,
        Answers::Never,
        Answers::HangsUp,
    ];
    let (url, mut received) = server(answers).await;
    let channel = Channel::Webhook { url: Secret::new(url), token: Some(Secret::new("t0ken")) };
    let sink = sink(&rules("s", channel), &impatient());
    let mut said = Vec::new();
    for _ in 0..7 {
        said.push(sink.tell(&message()).await);
    }
    assert_eq!(said[0], Ok(()));
    let refused: Vec<Refused> = said.into_iter().skip(1).map(Result::unwrap_err).collect();
    let words: Vec<&str> = refused.iter().map(|refused| refused.why.as_str()).collect();
    let none = "no connection, or no answer that is HTTP";
    assert_eq!(
        words,
        ["answered 500: oh no\u{FFFD}[2J", "answered 429", "answered 400: bad", none, "no answer in time", none]
    );
    assert_eq!(
        refused.iter().map(|refused| refused.is_final).collect::<Vec<_>>(),
        [false, false, true, false, false, false]
    );
    assert_eq!(refused[1].after, Some(Duration::from_secs(7)));
    let (head, event) = received.recv().await.unwrap();
    let head = head.to_lowercase();
    assert!(head.starts_with("post /hook http/1.1") && head.contains("application/cloudevents+json"), "{head}");
    assert!(head.contains("authorization: bearer t0ken"), "{head}");
    assert_eq!((event["specversion"].as_str(), event["id"].as_str()), (Some("1.0"), Some(message().id.as_str())));
    assert_eq!(
        (event["type"].as_str(), event["time"].as_str()),
        (Some("slmon.alert.fired"), Some(NOW.to_string().as_str()))
    );
    let alert = &event["data"]["alerts"][0];
    assert_eq!((alert["function"].as_str(), alert["severity"].as_str()), (Some("f2"), Some("critical")));
    assert!(alert["console"].as_str().unwrap().ends_with("#/functions/f2?tab=monitoring"));
    assert_eq!(alert["runbook"], "https://wiki.example.com/x");
    for _ in 1..7 {
        assert_eq!(received.recv().await.unwrap().1["id"], event["id"], "a repeat bears the same id");
    }
}

#[tokio::test]
async fn nobody_listens() {
    let channel = Channel::Slack { url: Secret::new("http://127.0.0.1:1/secret") };
    let refused = sink(&rules("s", channel), &impatient()).tell(&message()).await.unwrap_err();
    assert_eq!(refused.why, "no connection, or no answer that is HTTP");
}

#[tokio::test]
async fn slack_says_ok_and_nothing_else_is_a_yes() {
    let (url, mut received) = server(vec![Answers::With(200, "ok"), Answers::With(200, "<html>sign in</html>")]).await;
    let sink = sink(&rules("s", Channel::Slack { url: Secret::new(url) }), &impatient());
    let mut hostile = message();
    hostile.notices[0].step.reason = "<!channel> & so on".into();
    assert_eq!(sink.tell(&hostile).await, Ok(()));
    assert_eq!(sink.tell(&message()).await.unwrap_err().why, "the answer is not one of Slack");
    let text = received.recv().await.unwrap().1["text"].as_str().unwrap().to_owned();
    assert!(
        text.starts_with(
            ":red_circle: *f2 critical fires: &lt;!channel&gt; &amp; so on*\nAcme · test 111122223333 · eu-west-1"
        ),
        "{text}"
    );
    assert!(text.contains("|console>") && text.ends_with("<https://wiki.example.com/x|runbook>"), "{text}");
}

#[tokio::test]
async fn pagerduty_opens_and_ends_one_incident() {
    let (url, mut received) =
        server(vec![Answers::With(202, "{}"), Answers::With(202, "{}"), Answers::With(200, "")]).await;
    let sink = sink(&rules("s", pager(&url)), &impatient());
    let mut over = message();
    (over.notices[0].step.change, over.notices[0].step.turn) = (Change::Resolved, 9);
    assert_eq!((sink.tell(&message()).await, sink.tell(&over).await), (Ok(()), Ok(())));
    assert!(sink.tell(&message()).await.unwrap_err().why.contains("where PagerDuty answers 202"));
    let (trigger, resolve) = (received.recv().await.unwrap().1, received.recv().await.unwrap().1);
    assert_eq!((&trigger["event_action"], &resolve["event_action"]), (&"trigger".into(), &"resolve".into()));
    assert_eq!((&trigger["dedup_key"], &trigger["routing_key"]), (&resolve["dedup_key"], &"k3y".into()));
    assert_eq!(trigger["payload"]["severity"], "critical");
    let mut long = message();
    long.notices[0].key.function = "f".repeat(300).into();
    long.notices[0].step.turn = 4;
    let (url, mut received) = server(vec![Answers::With(202, ""), Answers::With(202, "")]).await;
    let sink = super::sink(&rules("s", pager(&url)), &impatient());
    sink.tell(&long).await.unwrap();
    long.notices[0].step.turn = 5;
    sink.tell(&long).await.unwrap();
    let (one, other) = (received.recv().await.unwrap().1, received.recv().await.unwrap().1);
    assert!(one["dedup_key"].as_str().unwrap().len() <= 255 && one["dedup_key"] == other["dedup_key"]);
}

#[tokio::test]
async fn a_command_has_taken_what_it_ends_with_0_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("got");
    let run = |script: String| async move {
        let sink = sink(&rules("s", command(&["sh", "-c", &script])), &impatient());
        sink.tell(&message()).await.map_err(|refused| refused.why)
    };
    assert_eq!(run(format!("cat > {}", file.display())).await, Ok(()));
    let event: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(event["data"]["alerts"][0]["check"], "errors");
    assert_eq!(run("true".into()).await, Ok(()), "it need not read");
    assert_eq!(
        run("echo no such room >&2; exit 3".into()).await.unwrap_err(),
        "sh ended with exit status: 3: no such room"
    );
    let sink = sink(&rules("s", command(&["/no/such/program"])), &impatient());
    assert!(sink.tell(&message()).await.unwrap_err().why.contains("can't be started"));
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

#[tokio::test(start_paused = true)]
async fn what_is_not_taken_is_told_again_later_and_later_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let shared = queued(folder.path(), &["s"], &["a", "b"]);
    let no = || Err(Refused::later("no"));
    let (sink, heard) = scripted(vec![no(), no(), no(), Ok(()), no()]);
    let task = tokio::spawn(deliver("s".into(), sink, shared.clone(), || NOW));
    tokio::time::sleep(Duration::from_millis(6_900)).await;
    assert_eq!(*heard.lock().unwrap(), ["a!", "a!", "a!"], "after 0, 1 and 3 seconds");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(*heard.lock().unwrap(), ["a!", "a!", "a!", "a", "b!", "b"]);
    assert_eq!(left(folder.path()), 0);
    // What is queued later is told at once.
    let row = Row::Queue(Message { sink: "s".into(), id: "c".into(), notices: Vec::new() });
    shared.store.lock().unwrap_or_else(PoisonError::into_inner).turn(NOW, |_| ((), vec![row])).1.unwrap();
    shared.bell.notify_waiters();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(heard.lock().unwrap().last().unwrap(), "c");
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_dead_sink_delays_nobody_and_loses_nothing_for_days() {
    let folder = tempfile::tempdir().unwrap();
    let shared = queued(folder.path(), &["dead", "hangs", "alive"], &["a", "b", "c"]);
    let says = std::iter::repeat_with(|| Err(Refused::later("no"))).take(2000).collect();
    let (dead, tried) = scripted(says);
    let hangs = Box::new(Scripted { says: Mutex::default(), heard: Arc::default(), hangs: true });
    let (alive, heard) = scripted(Vec::new());
    for (name, sink) in [("dead", dead), ("hangs", hangs), ("alive", alive)] {
        tokio::spawn(deliver(name.into(), sink, shared.clone(), || NOW));
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(*heard.lock().unwrap(), ["a", "b", "c"]);
    tokio::time::sleep(Duration::from_hours(72)).await;
    let attempts = tried.lock().unwrap().len();
    assert!((72 * 12 - 12..=72 * 12 + 12).contains(&attempts), "every five minutes: {attempts}");
    assert_eq!(left(folder.path()), 6);
}

#[tokio::test(start_paused = true)]
async fn what_is_itself_at_fault_is_left_after_three_attempts() {
    let folder = tempfile::tempdir().unwrap();
    let mut shared = queued(folder.path(), &["s"], &["bad", "good"]);
    let (sender, mut told) = unbounded_channel();
    shared.told = sender;
    let bad = || Err(Refused { why: "answered 400".into(), is_final: true, after: None });
    let (sink, heard) = scripted(vec![bad(), bad(), bad()]);
    tokio::spawn(deliver("s".into(), sink, shared, || NOW));
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(*heard.lock().unwrap(), ["bad!", "bad!", "bad!", "good"]);
    assert_eq!(left(folder.path()), 0);
    let mut all = Vec::new();
    while let Ok(told) = told.try_recv() {
        all.push(told);
    }
    assert!(matches!(&all[2], Told::Refused { id, why, .. } if id == "bad" && why == "answered 400"), "{all:?}");
}

/// Killed after any number of steps and begun again, each message is told, in order, by the same id.
#[tokio::test(start_paused = true)]
async fn whoever_is_killed_in_between_tells_it_again_by_the_same_id() {
    for killed_after in 0..12_u64 {
        let folder = tempfile::tempdir().unwrap();
        let shared = queued(folder.path(), &["s"], &["a", "b", "c", "d"]);
        let no = || Err(Refused::later("no"));
        let (sink, before) = scripted(vec![no(), Ok(()), no(), Ok(()), no(), Ok(())]);
        let task = tokio::spawn(deliver("s".into(), sink, shared, || NOW));
        tokio::time::sleep(Duration::from_millis(400 * killed_after)).await;
        task.abort();
        let _ = task.await;
        let (sink, after) = scripted(Vec::new());
        let shared = queued(folder.path(), &[], &[]);
        tokio::spawn(deliver("s".into(), sink, shared, || NOW));
        tokio::time::sleep(Duration::from_millis(1)).await;
        let taken: Vec<String> = [before, after].iter().flat_map(|heard| heard.lock().unwrap().clone()).collect();
        let taken: Vec<&str> = taken.iter().map(String::as_str).filter(|id| !id.ends_with('!')).collect();
        assert_eq!(taken, ["a", "b", "c", "d"], "killed after {killed_after}");
        assert_eq!(left(folder.path()), 0);
    }
}
