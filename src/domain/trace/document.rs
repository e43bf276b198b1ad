//! Segment documents: JSON as X-Ray's daemon was sent it, by whatever wrote it. What can't be read is told and left out;
//! nothing in it disturbs the rest.

use serde_json::{Map, Value};

use crate::domain::{account::AccountId, text::AwsText};

/// A segment or a subsegment.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "X-Ray's own flags, each independent of the others")]
pub struct Span {
    /// Its id, 16 hexadecimal digits.
    pub id: Box<str>,
    /// The id of what it is a part of, or was called from.
    pub parent: Option<Box<str>>,
    /// Whether it is a document of its own.
    pub is_segment: bool,
    /// Whether X-Ray made it up from what a caller said.
    pub inferred: bool,
    /// Its name.
    pub name: AwsText,
    /// `AWS::Lambda`, `AWS::DynamoDB::Table`: what a segment stands for.
    pub origin: Option<AwsText>,
    /// `aws`, `remote`: what a subsegment calls.
    pub namespace: Option<AwsText>,
    /// Microseconds since the epoch.
    pub start: i64,
    /// Microseconds since the epoch; none while it is in progress.
    pub end: Option<i64>,
    /// A fault: 5xx, an exception.
    pub fault: bool,
    /// An error: 4xx.
    pub error: bool,
    /// Refused: 429.
    pub throttle: bool,
    /// The account that it ran in.
    pub account: Option<AccountId>,
    /// The region that it ran in.
    pub region: Option<AwsText>,
    /// `PutItem`.
    pub operation: Option<AwsText>,
    /// The table, queue, topic or function that it is about.
    pub resource: Option<AwsText>,
    /// The id of the request, which logs bear as well.
    pub request_id: Option<AwsText>,
    /// How often the SDK tried it again.
    pub retries: u64,
    /// `POST https://…`, and the status.
    pub http: Option<(AwsText, Option<i64>)>,
    /// A query, as it was written.
    pub sql: Option<AwsText>,
    /// What was thrown in it.
    pub exceptions: Vec<Thrown>,
    /// The id of the exception that it failed by, where that stands somewhere else.
    pub caused_by: Option<Box<str>>,
    /// Annotations, by key.
    pub annotations: Vec<(AwsText, AwsText)>,
    /// Metadata, by namespace and key; values as JSON.
    pub metadata: Vec<(AwsText, AwsText)>,
}

impl Span {
    /// Whether it failed in any way.
    pub fn failed(&self) -> bool {
        self.fault || self.error || self.throttle
    }
}

/// An exception with its stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Thrown {
    /// Its id.
    pub id: Option<Box<str>>,
    /// Its type.
    pub name: Option<AwsText>,
    /// Its message.
    pub message: Option<AwsText>,
    /// Whether it came from whoever was called.
    pub remote: bool,
    /// Frames, the innermost first: `process (app.py:42)`.
    pub stack: Vec<AwsText>,
}

/// Spans of one document are read down to this depth; deeper ones can only be hostile.
const DEEPEST: usize = 100;

/// The spans of a document, the segment first, and how many parts in it can't be read.
///
/// # Errors
/// Why the document can't be read, in a sentence.
pub fn parse(id: &AwsText, document: &str) -> Result<(Vec<Span>, usize), String> {
    let value: Value = serde_json::from_str(document).map_err(|error| format!("it is no JSON: {error}"))?;
    let Value::Object(object) = value else { return Err("it is no JSON object".into()) };
    let (mut spans, mut unreadable) = (Vec::new(), 0);
    // Of a document without an id, the answer's word stands.
    let mut object = object;
    object.entry("id").or_insert_with(|| Value::String(id.raw().to_owned()));
    span(&object, None, 0, (&mut spans, &mut unreadable))?;
    Ok((spans, unreadable))
}

fn span(
    object: &Map<String, Value>,
    parent: Option<&str>,
    depth: usize,
    (spans, unreadable): (&mut Vec<Span>, &mut usize),
) -> Result<(), String> {
    let id = text(object, "id").ok_or("it has no id")?;
    let start = seconds(object, "start_time").ok_or("it does not say when it began")?;
    let running = object.get("in_progress").and_then(Value::as_bool) == Some(true);
    let end = seconds(object, "end_time").filter(|_| !running).map(|end| end.max(start));
    let flag = |key: &str| object.get(key).and_then(Value::as_bool) == Some(true);
    let empty = Map::new();
    let of = |key: &str| object.get(key).and_then(Value::as_object).unwrap_or(&empty);
    let aws = of("aws");
    let (exceptions, caused_by) = cause(object.get("cause"));
    let arn = text(aws, "function_arn").or_else(|| text(object, "resource_arn")).or_else(|| text(aws, "resource_arn"));
    let account = text(aws, "account_id").and_then(AccountId::parse).or_else(|| arn.and_then(AccountId::of_arn));
    let region = text(aws, "region").or_else(|| arn.and_then(|arn| arn.split(':').nth(3)).filter(|it| !it.is_empty()));
    let named = ["table_name", "queue_url", "topic_arn", "bucket_name", "function_name", "stream_name", "key_id"];
    let resource = named.iter().find_map(|key| text(aws, key)).or_else(|| {
        let all = aws.get("resource_names").and_then(Value::as_array)?;
        all.first().and_then(Value::as_str)
    });
    spans.push(Span {
        id: id.into(),
        parent: text(object, "parent_id").or(parent).filter(|parent| *parent != id).map(Into::into),
        is_segment: depth == 0 && text(object, "type") != Some("subsegment"),
        inferred: flag("inferred"),
        name: text(object, "name").unwrap_or("(without a name)").into(),
        origin: text(object, "origin").map(Into::into),
        namespace: text(object, "namespace").map(Into::into),
        start,
        end,
        fault: flag("fault"),
        error: flag("error"),
        throttle: flag("throttle"),
        account,
        region: region.map(Into::into),
        operation: text(aws, "operation").map(Into::into),
        resource: resource.map(Into::into),
        request_id: text(aws, "request_id").map(Into::into),
        retries: aws.get("retries").and_then(Value::as_u64).unwrap_or(0),
        http: http(of("http")),
        sql: text(of("sql"), "sanitized_query").map(Into::into),
        exceptions,
        caused_by,
        annotations: of("annotations").iter().map(|(key, value)| (key.as_str().into(), word(value))).collect(),
        metadata: metadata(of("metadata")),
    });
    let inner = object.get("subsegments").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for inner in inner {
        // A part that can't be read does not take the rest with it.
        let read = match inner.as_object().filter(|_| depth < DEEPEST) {
            Some(inner) => span(inner, Some(id), depth + 1, (&mut *spans, &mut *unreadable)),
            None => Err(String::new()),
        };
        *unreadable += usize::from(read.is_err());
    }
    Ok(())
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Seconds since the epoch as microseconds. What is no time of this era is none.
fn seconds(object: &Map<String, Value>, key: &str) -> Option<i64> {
    let seconds = object.get(key)?.as_f64().filter(|seconds| (0.0..1e11).contains(seconds))?;
    #[expect(clippy::cast_possible_truncation, reason = "within the bounds above")]
    Some((seconds * 1e6).round() as i64)
}

/// A value of an annotation or of metadata: a text as it is, the rest as JSON.
fn word(value: &Value) -> AwsText {
    value.as_str().map_or_else(|| value.to_string().into(), Into::into)
}

fn metadata(object: &Map<String, Value>) -> Vec<(AwsText, AwsText)> {
    let mut pairs = Vec::new();
    for (space, value) in object {
        match value.as_object() {
            Some(inner) => {
                pairs.extend(inner.iter().map(|(key, value)| (format!("{space}.{key}").into(), word(value))));
            }
            None => pairs.push((space.as_str().into(), word(value))),
        }
    }
    pairs
}

fn http(object: &Map<String, Value>) -> Option<(AwsText, Option<i64>)> {
    let part = |key: &str| object.get(key).and_then(Value::as_object);
    let status = part("response").and_then(|response| response.get("status")?.as_i64());
    let request = part("request").and_then(|request| {
        let url = text(request, "url")?;
        Some(format!("{} {url}", text(request, "method").unwrap_or("")).trim().to_owned())
    });
    (request.is_some() || status.is_some()).then(|| (request.unwrap_or_default().into(), status))
}

fn cause(value: Option<&Value>) -> (Vec<Thrown>, Option<Box<str>>) {
    match value {
        Some(Value::String(id)) => (Vec::new(), Some(id.as_str().into())),
        Some(Value::Object(cause)) => {
            let thrown = cause.get("exceptions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            (thrown.iter().filter_map(Value::as_object).map(exception).collect(), None)
        }
        _ => (Vec::new(), None),
    }
}

fn exception(object: &Map<String, Value>) -> Thrown {
    let frames = object.get("stack").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let frame = |frame: &Map<String, Value>| {
        let line = frame.get("line").and_then(Value::as_i64).map_or(String::new(), |line| format!(":{line}"));
        let path = text(frame, "path").unwrap_or("?");
        let label = text(frame, "label").unwrap_or("?");
        AwsText::from(format!("{label} ({path}{line})"))
    };
    Thrown {
        id: text(object, "id").map(Into::into),
        name: text(object, "type").map(Into::into),
        message: text(object, "message").map(Into::into),
        remote: object.get("remote").and_then(Value::as_bool) == Some(true),
        stack: frames.iter().filter_map(Value::as_object).map(frame).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_document_is_its_segment_and_what_is_in_it() {
        let (spans, unreadable) = parse(
            &"1111111111111111".into(),
            r#"{"id":"1111111111111111","name":"pay","start_time":1800000000.25,"end_time":1800000001.5,"fault":true,
               "parent_id":"2222222222222222","origin":"AWS::Lambda::Function","cause":"eeeeeeeeeeeeeeee",
               "aws":{"function_arn":"arn:aws:lambda:eu-west-1:111122223333:function:pay","request_id":"r"},
               "annotations":{"customer":"acme","n":3},"metadata":{"app":{"cart":{"items":2}}},
               "subsegments":[{"id":"3333333333333333","name":"DynamoDB","start_time":1800000000.5,"namespace":"aws",
                 "in_progress":true,"aws":{"operation":"GetItem","table_name":"orders","retries":2},
                 "http":{"request":{"url":"https://x/","method":"GET"},"response":{"status":500}},
                 "cause":{"exceptions":[{"id":"eeeeeeeeeeeeeeee","type":"KeyError","message":"m","stack":[{"path":"app.py","line":7,"label":"run"}]}]}},
                {"name":"broken"}, 7]}"#,
        )
        .unwrap();
        assert_eq!((spans.len(), unreadable), (2, 2));
        let (segment, call) = (&spans[0], &spans[1]);
        assert_eq!((segment.start, segment.end), (1_800_000_000_250_000, Some(1_800_000_001_500_000)));
        assert_eq!(segment.account.as_ref().unwrap().as_str(), "111122223333");
        assert_eq!(segment.region.as_ref().unwrap().raw(), "eu-west-1");
        assert_eq!(segment.caused_by.as_deref(), Some("eeeeeeeeeeeeeeee"));
        assert_eq!(segment.annotations[1].1.raw(), "3");
        assert_eq!(segment.metadata[0].0.raw(), "app.cart");
        assert!(segment.is_segment && !call.is_segment && call.end.is_none());
        assert_eq!(call.parent.as_deref(), Some("1111111111111111"));
        assert_eq!((call.retries, call.resource.as_ref().unwrap().raw()), (2, "orders"));
        assert_eq!(call.exceptions[0].stack[0].raw(), "run (app.py:7)");
        assert_eq!(call.http.as_ref().unwrap().1, Some(500));
    }

    #[test]
    fn what_is_no_document_says_why() {
        let why = |text: &str| parse(&"1".into(), text).unwrap_err();
        assert!(why("{").starts_with("it is no JSON: "));
        assert_eq!(why("[]"), "it is no JSON object");
        assert_eq!(why("{}"), "it does not say when it began");
        assert_eq!(why(r#"{"start_time":1e300}"#), "it does not say when it began");
    }

    proptest! {
        #[test]
        fn no_document_makes_it_panic(text in r#"[\{\}\[\]":,a-z0-9\.\-e ]{0,120}"#) {
            let _ = parse(&"1".into(), &text);
        }
    }
}
