//! What each kind of sink is sent, and what of its answers is a yes.

use super::*;

#[tokio::test]
async fn an_event_bus_gets_entries_that_are_signed_as_they_are_sent() {
    let yes = r#"{"FailedEntryCount":0,"Entries":[{"EventId":"x"}]}"#;
    let no = r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure","ErrorMessage":"later"}]}"#;
    let answers = vec![Answers::With(200, no), Answers::With(200, yes), Answers::Never];
    let (url, mut received) = server(answers).await;
    let region = crate::domain::account::Region::parse("eu-west-1").unwrap();
    let channel = Channel::EventBridge { bus: "ops".into(), region, profile: None };
    let signer: Arc<dyn Signer> = Arc::new(Unsigned(url));
    let bus = sink(&rules("s", channel.clone()), &impatient(), &signer);
    let refused = bus.tell(&message()).await.unwrap_err();
    assert!(!refused.is_final && refused.why.contains("InternalFailure: later"), "{refused:?}");
    assert_eq!(bus.tell(&message()).await, Ok(()));
    let ((head, first), (_, second)) = (received.recv().await.unwrap(), received.recv().await.unwrap());
    assert_eq!(first, second, "the same entries each time");
    assert!(head.to_lowercase().contains(&format!("x-signed: {}", first.to_string().len())), "{head}");
    assert_eq!(
        (first["Entries"][0]["EventBusName"].as_str(), first["Entries"][0]["Source"].as_str()),
        (Some("ops"), Some("slmon"))
    );
    assert!(bus.tell(&message()).await.unwrap_err().why.contains("no answer in time"));
    let unsigned = sink(&rules("s", channel), &impatient(), &nobody());
    assert_eq!(unsigned.tell(&message()).await.unwrap_err().why, "no credentials");
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
    let sink = sink(&rules("s", channel), &impatient(), &nobody());
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
    let refused = sink(&rules("s", channel), &impatient(), &nobody()).tell(&message()).await.unwrap_err();
    assert_eq!(refused.why, "no connection, or no answer that is HTTP");
}

#[tokio::test]
async fn slack_says_ok_and_nothing_else_is_a_yes() {
    let (url, mut received) = server(vec![Answers::With(200, "ok"), Answers::With(200, "<html>sign in</html>")]).await;
    let sink = sink(&rules("s", Channel::Slack { url: Secret::new(url) }), &impatient(), &nobody());
    let mut hostile = message();
    hostile.notices[0].step.reason = "<!channel> & so on".into();
    assert_eq!(sink.tell(&hostile).await, Ok(()));
    assert_eq!(sink.tell(&message()).await.unwrap_err().why, "the answer is not one of Slack: <html>sign in</html>");
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
    let sink = sink(&rules("s", pager(&url)), &impatient(), &nobody());
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
    let sink = super::sink(&rules("s", pager(&url)), &impatient(), &nobody());
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
        let sink = sink(&rules("s", command(&["sh", "-c", &script])), &impatient(), &nobody());
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
    let sink = sink(&rules("s", command(&["/no/such/program"])), &impatient(), &nobody());
    assert!(sink.tell(&message()).await.unwrap_err().why.contains("can't be started"));
}
