//! A message as a `CloudEvent` in JSON (`CloudEvents` 1.0, JSON format), and as lines for people.

use serde_json::{Value, json};

use crate::{
    domain::{
        account::{AccountId, Region},
        finding::Severity,
        life::{AlertKey, Change, More, Notice, Subject, Transition},
        text::{AwsText, clock, counted},
        window::Minute,
    },
    store::Message,
};

/// The event: `data.alerts` has one alert, or several where many changed at once.
pub(super) fn cloud_event(message: &Message) -> Value {
    let (kind, subject) = match message.notices.as_slice() {
        [notice] => (format!("slmon.alert.{}", notice.step.change.word()), notice.incident()),
        _ => ("slmon.alerts".into(), message.id.clone()),
    };
    let at = message.notices.iter().map(|notice| notice.step.at).max();
    json!({
        "specversion": "1.0",
        "id": message.id,
        "source": "slmon",
        "type": kind,
        "subject": subject,
        "time": at.map(|at| at.to_string()),
        "datacontenttype": "application/json",
        "data": {
            "schema": "slmon.notice/1",
            "summary": heading(message),
            "alerts": message.notices.iter().map(alert).collect::<Vec<_>>(),
        },
    })
}

/// One alert, as it stands in `data.alerts`.
pub fn alert(notice: &Notice) -> Value {
    let (key, step, subject) = (&notice.key, &notice.step, &notice.subject);
    json!({
        "incident": notice.incident(),
        "change": step.change.word(),
        "client": subject.client,
        "account": key.target.0,
        "account_name": subject.account_name,
        "region": key.target.1,
        "function": key.function,
        "arn": subject.arn,
        "check": key.check,
        "severity": step.severity,
        "reason": step.reason,
        "since": step.since,
        "opened": step.opened,
        "at": step.at,
        "owner": subject.owner,
        "runbook": subject.runbook,
        "console": console(notice),
        "portal": notice.more.portal,
        "trace": notice.more.trace,
        "cause": notice.more.cause.as_ref().and_then(|cause| cause.as_ref().ok()),
        "no_cause": notice.more.cause.as_ref().and_then(|cause| cause.as_ref().err()),
    })
}

/// Whether a message tells several alerts of one function.
pub(super) fn is_of_one(message: &Message) -> bool {
    let of = |notice: &Notice| (notice.key.target.clone(), notice.key.function.clone());
    message.notices.len() > 1 && message.notices.windows(2).all(|two| of(&two[0]) == of(&two[1]))
}

/// What has happened, in one line.
pub(super) fn heading(message: &Message) -> String {
    match message.notices.as_slice() {
        [notice] => one(notice),
        notices if is_of_one(message) => notices.iter().map(one).collect::<Vec<_>>().join("; "),
        notices => {
            let of = |change: Change| notices.iter().filter(|notice| notice.step.change == change).count();
            let parts = Change::ALL.iter().filter(|change| of(**change) > 0);
            let parts: Vec<_> = parts.map(|change| format!("{} {}", of(*change), state_of(*change))).collect();
            format!("{}: {}", counted(notices.len() as u64, "alert"), parts.join(", "))
        }
    }
}

/// One alert in one line.
pub fn one(notice: &Notice) -> String {
    let (step, function) = (&notice.step, notice.key.function.shown());
    match step.change {
        Change::Resolved => format!("{function}: {} is over", notice.key.check),
        // What it fired for is past, and says nothing of now.
        Change::Recovering => format!("{function} {} recovers; it fired with {}", step.severity.as_str(), step.reason),
        change => format!("{function} {} {}: {}", step.severity.as_str(), said(change), step.reason),
    }
}

/// The word for alerts of which this is true.
fn state_of(change: Change) -> &'static str {
    match change {
        Change::Fired => "new",
        Change::Worsened => "worse",
        Change::Recovering => "recovering",
        Change::Again => "firing again",
        Change::Flapping => "flapping",
        Change::Still => "still firing",
        Change::Resolved => "over",
    }
}

fn said(change: Change) -> &'static str {
    match change {
        Change::Fired => "fires",
        Change::Worsened => "is worse",
        Change::Recovering => "recovers",
        Change::Again => "fires again",
        Change::Flapping => "comes and goes, and is not told again until it is steady",
        Change::Still => "still fires",
        Change::Resolved => "over",
    }
}

/// Where it is, since when, and whose.
pub fn place(notice: &Notice) -> String {
    let (key, step, subject) = (&notice.key, &notice.step, &notice.subject);
    let shown = |text: &AwsText| text.shown().into_owned();
    let account = match &subject.account_name {
        Some(name) => format!("{} {}", shown(name), key.target.0),
        None => key.target.0.to_string(),
    };
    let parts = [
        subject.client.as_ref().map(shown),
        Some(account),
        Some(key.target.1.to_string()),
        step.since.map(|since| format!("since {} UTC", clock(since, step.at))),
        subject.owner.as_ref().map(|owner| format!("owner {}", owner.shown())),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The page of the function in the AWS console; none where the partition has none that is known. Source: the AWS general
/// reference, "console endpoints".
pub(super) fn console(notice: &Notice) -> Option<String> {
    let region = &notice.key.target.1;
    let host = match region.partition() {
        "aws" => "console.aws.amazon.com",
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        _ => return None,
    };
    let name = notice.key.function.raw();
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    plain.then(|| format!("https://{region}.{host}/lambda/home?region={region}#/functions/{name}?tab=monitoring"))
}

/// The pages that a message leads to, each with its name.
pub(super) fn pages(notice: &Notice) -> Vec<(&'static str, String)> {
    let pages = [
        ("console", notice.more.portal.clone().or_else(|| console(notice))),
        ("trace", notice.more.trace.clone()),
        ("runbook", runbook(notice).map(str::to_owned)),
    ];
    pages.into_iter().filter_map(|(word, page)| Some((word, page?))).collect()
}

/// What is known of the cause, in a line: what it is, or why nothing is.
pub(super) fn cause(notice: &Notice) -> Option<String> {
    notice.more.cause.as_ref().map(|cause| match cause {
        Ok(cause) => format!("cause: {cause}"),
        Err(why) => format!("cause not known: {why}"),
    })
}

/// Where it is written what to do, where that is an address.
pub(super) fn runbook(notice: &Notice) -> Option<&str> {
    let runbook = notice.subject.runbook.as_ref()?.raw();
    let is_address = runbook.starts_with("https://") || runbook.starts_with("http://");
    (is_address && !runbook.contains(|c: char| c.is_whitespace() || c.is_control() || "<>|\"".contains(c)))
        .then_some(runbook)
}

/// A message that says that it is a test.
pub(super) fn sample(sink: &str, now: Minute) -> Option<Message> {
    let target = (AccountId::parse("111122223333")?, Region::parse("eu-west-1")?);
    let step = Transition {
        change: Change::Fired,
        at: now,
        opened: now,
        severity: Severity::Warning,
        reason: "this is a test of slmon; nothing fails".into(),
        since: Some(now),
        tell: true,
        turn: 1,
    };
    let subject = Subject { client: Some("Test".into()), account_name: Some("test".into()), ..Subject::default() };
    let fired = Notice {
        key: AlertKey::new(target, "slmon-notify-test".into(), "errors"),
        step,
        subject,
        more: More::default(),
    };
    Some(Message { sink: sink.into(), id: format!("test:{}", fired.id()), notices: vec![fired] })
}

/// The same message, over: so that a test leaves no incident behind.
pub(super) fn over(message: &Message) -> Message {
    let mut over = message.clone();
    over.id.push_str(":over");
    over.notices.iter_mut().for_each(|notice| notice.step.change = Change::Resolved);
    over
}
