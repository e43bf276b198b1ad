//! What one event says: which request it is of, how grave it is, and its message, in Lambda's text and JSON formats and
//! in what the commonest logging libraries write.

use serde_json::{Map, Value};

use super::{Level, report::Report};

/// What an event is.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// An invocation begins.
    Start,
    /// An invocation has ended.
    End,
    /// How it went: an invocation, or the start of an environment.
    Report(Report),
    /// Something else that Lambda writes.
    Platform,
    /// What the program wrote.
    Said,
}

/// An event as it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it is.
    pub what: What,
    /// How grave it says it is.
    pub level: Option<Level>,
    /// The id of the request that it is of, where it says so.
    pub request: Option<String>,
    /// The message, without time, request and level where these stand apart.
    pub message: String,
    /// Of a JSON event, what is beside the message, as JSON.
    pub rest: Option<String>,
    /// Of a JSON event, all of it.
    pub json: Option<Value>,
}

impl Line {
    fn said(message: &str) -> Self {
        Self { what: What::Said, level: None, request: None, message: message.to_owned(), rest: None, json: None }
    }
}

/// Reads an event.
pub fn read(text: &str) -> Line {
    let text = text.trim_end();
    if text.starts_with('{')
        && let Ok(Value::Object(object)) = serde_json::from_str(text)
    {
        return of_json(object);
    }
    platform(text)
        .or_else(|| tabbed(text))
        .or_else(|| bracketed(text))
        .or_else(|| of_request(text))
        .unwrap_or_else(|| Line { level: level_within(text), ..Line::said(text) })
}

/// What Lambda writes in its text format.
fn platform(text: &str) -> Option<Line> {
    let of_id = |rest: &str| rest.split_whitespace().next().map(ToOwned::to_owned);
    let line = |what, request| Some(Line { what, request, ..Line::said(text) });
    if let Some(rest) = text.strip_prefix("START RequestId: ") {
        return line(What::Start, of_id(rest));
    }
    if let Some(rest) = text.strip_prefix("END RequestId: ") {
        return line(What::End, of_id(rest));
    }
    if let Some(rest) = text.strip_prefix("REPORT RequestId: ") {
        return line(What::Report(Report::of_line(text)), of_id(rest));
    }
    if text.starts_with("INIT_REPORT ") {
        return line(What::Report(Report::of_line(text)), None);
    }
    let others = ["INIT_START ", "EXTENSION\t", "TELEMETRY\t", "XRAY TraceId: ", "LAMBDA_WEB_ADAPTER "];
    others.iter().any(|start| text.starts_with(start)).then(|| Line { what: What::Platform, ..Line::said(text) })
}

/// `<time>\t<request>\t<LEVEL>\t<message>`: Node and .NET.
fn tabbed(text: &str) -> Option<Line> {
    let mut parts = text.splitn(4, '\t');
    let (time, request, level, message) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if !is_time(time) {
        return None;
    }
    let level = Level::parse(level.trim())?;
    Some(Line {
        level: Some(level),
        request: Some(request).filter(|id| is_id(id)).map(ToOwned::to_owned),
        ..Line::said(message)
    })
}

/// `[LEVEL]\t<time>\t<request>\t<message>`, and `[ERROR] KeyError: …`: Python.
fn bracketed(text: &str) -> Option<Line> {
    let (level, rest) = text.strip_prefix('[')?.split_once(']')?;
    let level = Level::parse(level)?;
    let mut parts = rest.strip_prefix('\t').unwrap_or_default().splitn(3, '\t');
    if let (Some(time), Some(request), Some(message)) = (parts.next(), parts.next(), parts.next())
        && is_time(time)
    {
        let request = Some(request).filter(|id| is_id(id)).map(ToOwned::to_owned);
        return Some(Line { level: Some(level), request, ..Line::said(message) });
    }
    Some(Line { level: Some(level), ..Line::said(rest.trim_start()) })
}

/// `RequestId: <request> Error: …`, and `<time> <request> Task timed out …`: Lambda on a program that has ended.
fn of_request(text: &str) -> Option<Line> {
    let mut words = text.splitn(3, ' ');
    let (first, id, message) = (words.next()?, words.next()?, words.next()?);
    if !(first == "RequestId:" || is_time(first)) || !is_id(id) {
        return None;
    }
    let ended = ["Error: ", "Task timed out", "Process exited", "Runtime exited"];
    let level =
        if ended.iter().any(|start| message.starts_with(start)) { Some(Level::Error) } else { level_within(message) };
    Some(Line { level, request: Some(id.to_owned()), ..Line::said(message.strip_prefix("Error: ").unwrap_or(message)) })
}

/// A level that stands as a word of its own near the beginning.
fn level_within(text: &str) -> Option<Level> {
    let end = text.char_indices().nth(80).map_or(text.len(), |(at, _)| at);
    let head = text[..end].lines().next().unwrap_or_default();
    head.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_uppercase()))
        .find_map(Level::parse)
}

fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 19 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-' && bytes[10] == b'T'
}

/// Whether a text looks like a request's id, which is a UUID.
pub fn is_id(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

const MESSAGE: [&str; 6] = ["message", "msg", "errorMessage", "log", "text", "event"];
const LEVEL: [&str; 7] = ["level", "log_level", "levelname", "severity", "lvl", "logLevel", "@l"];
const REQUEST: [&str; 7] = [
    "requestId",
    "AWSRequestId",
    "aws_request_id",
    "function_request_id",
    "request_id",
    "awsRequestId",
    "lambdaRequestId",
];
const TIME: [&str; 4] = ["timestamp", "time", "@timestamp", "ts"];

fn of_json(mut object: Map<String, Value>) -> Line {
    let whole = Value::Object(object.clone());
    let text = |value: &Value| match (value, value["errorType"].as_str(), value["errorMessage"].as_str()) {
        (Value::String(text), ..) => text.clone(),
        (_, Some(name), said) => format!("{name}: {}", said.unwrap_or_default()),
        (other, ..) => other.to_string(),
    };
    if let Some(kind) = object.get("type").and_then(Value::as_str).and_then(|kind| kind.strip_prefix("platform.")) {
        let record = &whole["record"];
        let what = match kind {
            "start" => What::Start,
            "report" | "initReport" => What::Report(Report::of_record(record)),
            "runtimeDone" => What::End,
            _ => What::Platform,
        };
        let request = record["requestId"].as_str().map(ToOwned::to_owned);
        let message = format!("platform.{kind}");
        let rest = Some(record.to_string());
        return Line { what, level: None, request, message, rest, json: Some(whole) };
    }
    let level = LEVEL.iter().find_map(|key| object.get(*key)).and_then(level_of);
    let request = REQUEST.iter().find_map(|key| object.get(*key)?.as_str()).map(ToOwned::to_owned);
    let key = MESSAGE.iter().find(|key| object.get(**key).is_some_and(|value| !value.is_null()));
    let message = key.and_then(|key| object.remove(*key)).map_or_else(|| whole.to_string(), |value| text(&value));
    for key in LEVEL.iter().chain(&REQUEST).chain(&TIME) {
        object.remove(*key);
    }
    let rest = (key.is_some() && !object.is_empty()).then(|| Value::Object(object).to_string());
    Line { what: What::Said, level, request, message, rest, json: Some(whole) }
}

/// A word; or a number, as Pino and Bunyan write it: 10 for trace up to 60 for fatal.
fn level_of(value: &Value) -> Option<Level> {
    match value {
        Value::String(word) => Level::parse(word),
        Value::Number(number) => Some(match number.as_u64()? {
            0..=10 => Level::Trace,
            11..=20 => Level::Debug,
            21..=30 => Level::Info,
            31..=40 => Level::Warn,
            41..=50 => Level::Error,
            _ => Level::Fatal,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "8f5a1c1e-2d4b-4c7a-9a10-0123456789ab";

    #[track_caller]
    fn says(text: &str, level: Option<Level>, request: Option<&str>, message: &str) {
        let line = read(text);
        assert_eq!((line.level, line.request.as_deref(), line.message.as_str()), (level, request, message), "{text}");
    }

    #[test]
    fn each_runtimes_lines_are_taken_apart() {
        let (error, info, id) = (Some(Level::Error), Some(Level::Info), Some(ID));
        says(&format!("2026-11-23T10:00:00.123Z\t{ID}\tERROR\tno such order\n"), error, id, "no such order");
        says("2026-11-23T10:00:00.123Z\tundefined\tINFO\tloading", info, None, "loading");
        says(&format!("2026-11-23T10:00:00.123Z\t{ID}\tfail\tSystem.Exception: x"), error, id, "System.Exception: x");
        says(&format!("[INFO]\t2026-11-23T10:00:00.123Z\t{ID}\tgot it"), info, id, "got it");
        says("[ERROR] KeyError: 'item'\nTraceback", error, None, "KeyError: 'item'\nTraceback");
        says(
            &format!("RequestId: {ID} Error: Runtime exited\nRuntime.ExitError"),
            error,
            id,
            "Runtime exited\nRuntime.ExitError",
        );
        says(
            &format!("2026-11-23T10:00:00.123Z {ID} Task timed out after 3.00 seconds\n\n"),
            error,
            id,
            "Task timed out after 3.00 seconds",
        );
        says("plain words", None, None, "plain words");
        says("2026/11/23 WARN slow: 3 s", Some(Level::Warn), None, "2026/11/23 WARN slow: 3 s");
        says(r#"{"level":"error","msg":"x","requestId":"r"}"#, error, Some("r"), "x");
        says(r#"{"level":50,"message":{"a":1}}"#, error, None, r#"{"a":1}"#);
        says(r#"{"level":"#, None, None, r#"{"level":"#);
    }

    #[test]
    fn what_lambda_writes_is_known_in_both_formats() {
        assert_eq!(read("START RequestId: r Version: $LATEST\n").what, What::Start);
        assert_eq!(read("END RequestId: r").request.as_deref(), Some("r"));
        let text = read("REPORT RequestId: r\tDuration: 2.00 ms\tMemory Size: 128 MB\t");
        let json = read(
            r#"{"type":"platform.report","record":{"requestId":"r","metrics":{"durationMs":2.0,"memorySizeMB":128}}}"#,
        );
        assert_eq!((&text.what, &text.request), (&json.what, &json.request));
        assert!(matches!(text.what, What::Report(Report { size: Some(128), .. })));
    }

    #[test]
    fn a_json_line_keeps_what_is_beside_its_message() {
        let line = read(r#"{"time":"2026-11-23","level":"info","message":"paid","order":7,"service":"pay"}"#);
        assert_eq!(line.rest.as_deref(), Some(r#"{"order":7,"service":"pay"}"#));
        assert_eq!(read(r#"{"message":"paid"}"#).rest, None);
        assert_eq!(read(r#"{"order":7}"#).message, r#"{"order":7}"#);
    }

    proptest! {
        #[test]
        fn any_text_can_be_read_and_nothing_is_lost_of_what_is_no_json(text in "(?s).{0,200}") {
            let line = read(&text);
            prop_assert!(line.json.is_some() || text.contains(line.message.as_str()));
        }
    }
}
