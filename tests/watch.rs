//! Watching without a screen: who is told, what a service manager hears, what is answered, and every way to end.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "in a test, that is how one fails")]

mod support;

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::net::UnixDatagram,
    path::Path,
};

use serde_json::Value;
use support::{Output, PATIENCE, slmon};

/// Looking for a cause may take a message eight seconds: only one test is about that.
const NO_CAUSES: &str = "[alerts]\ncause_cost = \"off\"\n";

/// Somebody who hears what a service manager hears.
struct Manager(UnixDatagram);

impl Manager {
    fn at(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(socket)
    }

    /// The next that is no sign of life.
    fn hears(&self) -> String {
        loop {
            let mut bytes = [0; 256];
            let length = self.0.recv(&mut bytes).expect("it is told something");
            let words = String::from_utf8_lossy(&bytes[..length]).into_owned();
            if words != "WATCHDOG=1" {
                return words.lines().next().unwrap().to_owned();
            }
        }
    }
}

/// A sink: answers one request after the other with a status, and returns what it was told.
fn told(listener: &TcpListener, status: u16) -> Value {
    let (socket, _) = listener.accept().unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut reader = BufReader::new(socket);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let answer = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    reader.into_inner().write_all(answer.as_bytes()).unwrap();
    serde_json::from_slice(&body).unwrap()
}

fn get(port: u16, request: &str) -> String {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(format!("{request} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    text
}

fn events(output: &Output) -> Vec<Value> {
    output.stdout.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

fn of<'e>(events: &'e [Value], kind: &str) -> Vec<&'e Value> {
    events.iter().filter(|event| event["event"] == kind).collect()
}

#[test]
fn it_tells_answers_reloads_and_ends() {
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = |port: u16| {
        format!(
            "{NO_CAUSES}[[notify]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/x\"\ngroup_from = 3\n"
        )
    };
    let run = slmon();
    let (file, socket) = (run.file("own.toml", &config(sink.local_addr().unwrap().port())), run.home().join("manager"));
    let manager = Manager::at(&socket);
    let run = run
        .args(["--demo", "watch", "--log-format", "json", "--listen", &format!("127.0.0.1:{free}"), "--config"])
        .args([&file])
        .env("NOTIFY_SOCKET", &socket)
        .env("WATCHDOG_USEC", "2000000");
    let running = run.start();
    let first = told(&sink, 500);
    assert_eq!(told(&sink, 204), first, "what is not taken comes again, with the same id");
    assert_eq!(first["type"], "slmon.alerts");
    assert_eq!(manager.hears(), "READY=1");
    // Two of the demo's 16 targets can't be seen.
    let health = get(free, "GET /healthz");
    assert!(health.starts_with("HTTP/1.1 503") && health.contains("14 of 16 targets seen"), "{health}");
    let metrics = get(free, "GET /metrics");
    assert!(metrics.contains("slmon_alert{") && metrics.ends_with("# EOF\n"), "{metrics}");
    assert!(get(free, "GET /x").starts_with("HTTP/1.1 404") && get(free, "POST /metrics").starts_with("HTTP/1.1 405"));
    assert!(get(free, "HEAD /metrics").ends_with("\r\n\r\n"));
    // A broken configuration leaves the old one.
    fs::write(&file, "[[notify]\n").unwrap();
    running.signal("HUP");
    assert_eq!((manager.hears(), manager.hears()), ("RELOADING=1".into(), "READY=1".into()));
    fs::write(&file, config(1)).unwrap();
    running.signal("HUP");
    assert_eq!((manager.hears(), manager.hears()), ("RELOADING=1".into(), "READY=1".into()));
    running.signal("TERM");
    assert_eq!(manager.hears(), "STOPPING=1");
    let output = running.finish().ended_with(0);
    let events = events(&output);
    assert_eq!((of(&events, "reload-failed").len(), of(&events, "reloaded").len()), (1, 1));
    assert_eq!(of(&events, "reloaded")[0]["changed"], serde_json::json!(["[[notify]] hook"]));
    assert_eq!(of(&events, "started").len(), 1, "it goes on and does not start again");
    assert!(of(&events, "reload-failed")[0]["why"].as_str().unwrap().contains("own.toml:1"));
    let fired: BTreeSet<&str> = of(&events, "alert").iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(fired.len(), of(&events, "alert").len(), "nothing is told twice");
    let incident = |alert: &Value| alert["incident"].as_str().unwrap().to_owned();
    let logged: BTreeSet<String> = of(&events, "alert").iter().map(|event| incident(&event["alert"])).collect();
    let alerts = first["data"]["alerts"].as_array().unwrap();
    assert!(alerts.len() >= 5 && alerts.iter().all(|alert| logged.contains(&incident(alert))), "{alerts:?}");
    assert_eq!(of(&events, "unseen")[0]["unseen"]["operation"], "sts:AssumeRole");
    assert_eq!((of(&events, "delayed").len(), of(&events, "told").len(), of(&events, "ended").len()), (1, 1, 1));
    assert_eq!((&of(&events, "well")[0]["tries"], &of(&events, "well")[0]["waited"]), (&1.into(), &1.into()));
    let untold: Vec<&Value> = of(&events, "alert").into_iter().filter(|event| event["told"] == false).collect();
    assert!(untold.iter().all(|event| event["untold"].is_string()), "{untold:?}");
    assert_eq!(output.stderr, "");
}

#[test]
fn what_nobody_has_taken_is_kept_for_the_next_start_and_said() {
    // The demo leaves nothing behind, so it is what is said at the end that counts here.
    let refuses = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = refuses.local_addr().unwrap().port();
    let run = slmon().named_config(&format!(
        "{NO_CAUSES}[[notify]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/\"\n"
    ));
    let running = run.args(["--demo", "watch"]).start();
    told(&refuses, 503);
    drop(refuses);
    running.signal("INT");
    let output = running.finish().ended_with(0);
    assert!(
        output.stdout.contains("hook has not taken") && output.stdout.contains("1 message kept for the next start"),
        "{}",
        output.stdout
    );
}

#[test]
fn what_an_edit_mends_is_refused_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = slmon().args(["--demo", "watch", "--listen", &address]).run().ended_with(2);
    assert!(output.stderr.contains(&format!("--listen {address}: ")), "{}", output.stderr);
    let file = slmon();
    let file = file.file("state", "");
    let output = slmon().env("XDG_STATE_HOME", &file).region("eu-west-1").args(["watch"]).run().ended_with(2);
    assert!(output.stderr.contains("can't be used"), "{}", output.stderr);
    let output = slmon().args(["notify", "test"]).run().ended_with(2);
    assert!(output.stderr.contains("no [[notify]]"), "{}", output.stderr);
}

#[test]
fn a_test_is_sent_to_each_or_to_one_and_leaves_nothing_open() {
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = sink.local_addr().unwrap().port();
    let config = format!(
        "[[notify]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/\"\n[[notify]]\nname = \"never\"\nkind = \"command\"\ncommand = [\"false\"]\n"
    );
    let running = slmon().config(&config).args(["notify", "test"]).start();
    let (fired, over) = (told(&sink, 200), told(&sink, 200));
    assert_eq!((&fired["type"], &over["type"]), (&"slmon.alert.fired".into(), &"slmon.alert.resolved".into()));
    assert_eq!(fired["subject"], over["subject"]);
    let output = running.finish().ended_with(1);
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            "hook   webhook    has taken the test, and that it is over",
            "never  command    false ended with exit status: 1"
        ]
    );
    let output = slmon().config(&config).args(["notify", "test", "hok"]).run().ended_with(2);
    assert!(output.stderr.contains("hook is meant?"), "{}", output.stderr);
}

#[test]
fn a_reload_finds_everything_anew_by_other_rules_and_tells_others() {
    let (first, second) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let hook = |name: &str, listener: &TcpListener| {
        let port = listener.local_addr().unwrap().port();
        format!("{NO_CAUSES}[[notify]]\nname = \"{name}\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/\"\n")
    };
    let run = slmon();
    let (file, socket) = (run.file("own.toml", &hook("first", &first)), run.home().join("manager"));
    let manager = Manager::at(&socket);
    let running = run
        .args(["--demo", "watch", "--log-format", "json", "--config"])
        .args([&file])
        .env("NOTIFY_SOCKET", &socket)
        .start();
    let fired = told(&first, 204);
    assert_eq!(manager.hears(), "READY=1");
    // Nobody is watched any more, and somebody else is told: what was told before is over.
    fs::write(&file, format!("[discovery]\ntag = \"nobody-has-it\"\n{}", hook("second", &second))).unwrap();
    running.signal("HUP");
    let over = told(&second, 204);
    let changes = |event: &Value| -> BTreeSet<String> {
        let alerts = event["data"]["alerts"].as_array().unwrap();
        alerts.iter().map(|alert| alert["change"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(changes(&fired), BTreeSet::from(["fired".to_owned()]));
    assert_eq!(changes(&over), BTreeSet::from(["resolved".to_owned()]));
    let incidents = |event: &Value| -> BTreeSet<String> {
        let alerts = event["data"]["alerts"].as_array().unwrap();
        alerts.iter().map(|alert| alert["incident"].as_str().unwrap().to_owned()).collect()
    };
    assert!(incidents(&over).is_subset(&incidents(&fired)), "{over}");
    running.signal("TERM");
    let events = events(&running.finish().ended_with(0));
    let others = &of(&events, "reloaded")[0]["changed"];
    let all = ["[[notify]] first (gone)", "[[notify]] second (new)", "discovery.tag"];
    assert_eq!(*others, serde_json::json!(all));
}

#[test]
fn what_the_configuration_mutes_is_said_once_and_why_nobody_is_told() {
    let run = slmon();
    // It fails at any time of the day.
    let mute = "[[mute]]\nfunction = \"wishlist-digest\"\nuntil = 2999-01-01\nreason = \"replaced on Monday\"\n";
    let (file, socket) = (run.file("own.toml", mute), run.home().join("manager"));
    let manager = Manager::at(&socket);
    let run = run.args(["--demo", "watch", "--log-format", "json", "--config"]).args([&file]);
    let running = run.env("NOTIFY_SOCKET", &socket).start();
    assert_eq!(manager.hears(), "READY=1");
    running.signal("TERM");
    let events = events(&running.finish().ended_with(0));
    // Read at the end, there was a second turn: what is muted is not said again.
    let muted: Vec<&Value> = of(&events, "muted").into_iter().filter(|it| it["hides"].is_string()).collect();
    let of_it: BTreeSet<String> =
        muted.iter().map(|it| format!("{}{}{}", it["account"], it["region"], it["check"])).collect();
    assert!(!muted.is_empty() && of_it.len() == muted.len(), "{muted:?}");
    let by_rule: Vec<&&Value> = muted.iter().filter(|it| it["function"] == "wishlist-digest").collect();
    assert!(by_rule[0]["by"].as_str().unwrap().contains("[[mute]] 1 (line 1): replaced on Monday"), "{by_rule:?}");
    assert_eq!(by_rule[0]["until"], "2999-01-01T00:00:00Z");
    let untold: BTreeSet<String> =
        of(&events, "alert").iter().map(|event| event["untold"].as_str().unwrap().to_owned()).collect();
    assert!(untold.contains("the configuration has no [[notify]]"), "{untold:?}");
    assert!(
        untold.iter().any(|why| why.starts_with("muted by [[mute]] 1 (line 1): replaced on Monday until 2999")),
        "{untold:?}"
    );
}

#[test]
fn a_message_says_the_cause_and_leads_to_pages() {
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = sink.local_addr().unwrap().port();
    let config = format!(
        "[dashboard]\naccess_portal = \"https://acme.awsapps.com/start\"\n[[notify]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/\"\ngroup_from = 100\n"
    );
    let run = slmon().named_config(&config);
    let running = run.args(["--demo", "watch"]).start();
    let mut causes = 0;
    for _ in 0..5 {
        let alert = told(&sink, 204)["data"]["alerts"][0].clone();
        assert!(alert["cause"].is_string() != alert["no_cause"].is_string(), "the one or the other: {alert}");
        assert!(alert["portal"].as_str().unwrap().starts_with("https://acme.awsapps.com/start/#/console?"), "{alert}");
        // Which alerts come first follows the clock, and a cause that the log alone tells has no trace.
        causes += u32::from(alert["cause"].is_string());
        if let Some(trace) = alert["trace"].as_str() {
            assert!(alert["cause"].is_string() && trace.contains("xray"), "{alert}");
        }
    }
    assert!(causes > 0, "the demo has causes to find");
    running.signal("TERM");
    running.finish().ended_with(0);
}

#[test]
fn a_full_disk_is_said_once_and_everybody_is_told_all_the_same() {
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = sink.local_addr().unwrap().port();
    let run = slmon();
    let config = format!(
        "{NO_CAUSES}[[notify]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/\"\ngroup_from = 3\n"
    );
    let file = run.file("own.toml", &config);
    // Files may have no more than a block; what would be longer is refused as by a full disk.
    let running = run.limited().args(["--demo", "watch", "--log-format", "json", "--config"]).args([&file]).start();
    assert_eq!(told(&sink, 204)["type"], "slmon.alerts");
    running.signal("TERM");
    let events = events(&running.finish().ended_with(0));
    let said: Vec<&str> = of(&events, "store").iter().map(|event| event["said"].as_str().unwrap()).collect();
    assert!(said.len() == 1 && said[0].contains("alerts can't be kept"), "{said:?}");
    assert_eq!(of(&events, "told").len(), 1);
    let mute =
        slmon().limited().region("eu-west-1").args(["mute", "111122223333:eu-west-1:f", "--for", "1h", "--reason"]);
    let output = mute.args(["x".repeat(2000)]).run().ended_with(2);
    assert!(output.stderr.contains("can't be used"), "{}", output.stderr);
}

#[test]
fn what_watching_has_cost_is_told_by_day() {
    let tags = serde_json::json!({ "monitor": "true", "stage": "prod" });
    let estate =
        support::estate::functions(support::ministack(), &serde_json::json!([{ "name": "pay", "tags": tags }]));
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| slmon().estate(&estate).env("XDG_STATE_HOME", folder.path()).args(args);
    let before = run(&["cost", "--format", "json"]).run().ended_with(0).json();
    assert_eq!(before["spent"], serde_json::json!([]), "nobody has watched yet");
    let socket = folder.path().join("manager");
    let manager = Manager::at(&socket);
    let running = run(&["watch"]).env("NOTIFY_SOCKET", &socket).start();
    assert_eq!(manager.hears(), "READY=1");
    running.signal("TERM");
    running.finish().ended_with(0);
    let told = run(&["cost", "--format", "json"]).run().ended_with(0).json();
    support::schema::assert_valid("slmon.cost-1", &told);
    let days = told["spent"].as_array().unwrap();
    let sum = |key: &str| days.iter().map(|day| day[key].as_u64().unwrap()).sum::<u64>();
    assert!(sum("requests") > 0 && sum("metrics") > 0, "{told:#}");
    let text = run(&["cost"]).run().ended_with(0).stdout;
    assert!(text.contains("What slmon watch has cost"), "{text}");
}
