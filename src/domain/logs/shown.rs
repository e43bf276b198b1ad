//! An event as a list of lines shows it: folded into one line, and whole as soon as somebody unfolds it. Secrets are masked
//! once, when it comes in; whoever asks for them gets what was written.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Level, LogEvent,
    cause::cause,
    line::{Line, What, read},
    secrets,
};
use crate::domain::text::clean;

/// Characters of a folded line that are kept: more than any screen shows.
const HEAD: usize = 2000;
/// Lines into which an event is unfolded at most.
const UNFOLDED: usize = 2000;

/// Characters that may stand before the JSON of a line: a time, what a runtime says.
const BEFORE: usize = 60;
/// Brackets of an event with which JSON may begin.
const BRACKETS: usize = 6;

/// Who wrote a line, and about what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Lambda: an invocation begins.
    Start,
    /// Lambda: it has ended.
    End,
    /// Lambda: how it went.
    Report,
    /// Lambda, about something else.
    Platform,
    /// The program.
    Said,
}

/// An event, ready to be shown.
#[derive(Clone, Debug)]
pub struct ShownLine {
    /// The event as it was read.
    pub event: LogEvent,
    /// Who wrote it, and about what.
    pub tone: Tone,
    /// How grave it says it is; of what says why an invocation failed, at least an error.
    pub level: Option<Level>,
    /// The id of the request that it is of, where it says so.
    pub request: Option<Box<str>>,
    /// Whether it says why an invocation failed.
    pub fails: bool,
    /// What is folded: lines of text, or fields of JSON beside its message.
    pub more: usize,
    /// Whether these are fields of JSON.
    pub json: bool,
    /// Its text without secrets, where that differs.
    masked: Option<Arc<str>>,
    head: Box<str>,
    /// The folded line with secrets, where that differs.
    bare: Option<Box<str>>,
}

impl ShownLine {
    /// Reads and masks an event.
    pub fn new(event: LogEvent) -> Self {
        let masked = match secrets::mask(event.text.raw()) {
            std::borrow::Cow::Borrowed(_) => None,
            std::borrow::Cow::Owned(text) => Some(Arc::from(text)),
        };
        let line = read(masked.as_deref().unwrap_or(event.text.raw()));
        let (head, more, json) = fold(&line);
        let bare = masked.as_ref().map(|_| fold(&read(event.text.raw())).0).filter(|bare| *bare != head);
        let fails = cause(&line).is_some();
        let level = if fails { line.level.max(Some(Level::Error)) } else { line.level };
        let tone = match line.what {
            What::Start => Tone::Start,
            What::End => Tone::End,
            What::Report(_) => Tone::Report,
            What::Platform => Tone::Platform,
            What::Said => Tone::Said,
        };
        let request = line.request.map(Box::from);
        Self { event, tone, level, request, fails, more, json, masked, head, bare }
    }

    /// It in one line, fit to be shown; with secrets, where these are wanted.
    pub fn head(&self, secrets: bool) -> &str {
        self.bare.as_deref().filter(|_| secrets).unwrap_or(&self.head)
    }

    /// Whether something in it is masked.
    pub fn has_secrets(&self) -> bool {
        self.masked.is_some()
    }

    /// All that was written, not fit to be shown.
    pub fn text(&self, secrets: bool) -> &str {
        self.masked.as_deref().filter(|_| !secrets).unwrap_or(self.event.text.raw())
    }

    /// All of it, fit to be shown and copied: its lines as they are, without what could steer a terminal.
    pub fn copied(&self, secrets: bool) -> String {
        let lines: Vec<_> = self.text(secrets).trim_end().split('\n').map(clean_but_tabs).collect();
        lines.join("\n")
    }

    /// All of it line by line, fit to be shown: JSON with a field a line, Lambda's report with a figure a line.
    pub fn unfolded(&self, secrets: bool) -> Vec<String> {
        let mut lines = Vec::new();
        let text = self.text(secrets).trim_end();
        // Libraries write brackets of their own before what they log.
        let mut begins = text.match_indices(['{', '[']).take(BRACKETS);
        let json = begins.find_map(|(at, _)| Some((at, structured(&text[at..])?)));
        if let Some((at, value)) = json {
            lines.extend(plain(text[..at].trim_end()));
            let mut said = String::new();
            pretty(&value, 0, &mut said);
            // What was masked before stays so; what a new line brings together is looked at again.
            let said = if secrets { said.into() } else { secrets::mask(&said) };
            lines.extend(plain(&said));
        } else if self.tone == Tone::Report {
            lines.extend(text.split(['\t', '\n']).map(str::trim).filter(|field| !field.is_empty()).flat_map(plain));
        } else {
            lines.extend(plain(text));
        }
        if lines.len() > UNFOLDED {
            let more = lines.len() - UNFOLDED;
            lines.truncate(UNFOLDED);
            lines.push(format!("… {more} more lines"));
        }
        lines
    }
}

/// An object or a list, where a text is one. A number in brackets, as logging libraries write it, is none.
fn structured(text: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(text).ok()?;
    let holds = match &value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().any(|item| item.is_object() || item.is_array()),
        _ => false,
    };
    holds.then_some(value)
}

/// Lines of a text, fit to be shown.
fn plain(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let shown = |line: &str| clean(&line.trim_end_matches('\r').replace('\t', "  ")).into_owned();
    text.split('\n').map(shown).collect()
}

fn clean_but_tabs(line: &str) -> String {
    line.trim_end_matches('\r').split('\t').map(clean).collect::<Vec<_>>().join("\t")
}

/// JSON with a field a line. A text of several lines stays one: a stack has to be read.
fn pretty(value: &Value, depth: usize, out: &mut String) {
    let indent = |depth: usize, out: &mut String| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth.min(20)));
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            out.push('{');
            for (place, (key, value)) in fields.iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                indent(depth + 1, out);
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push_str(": ");
                pretty(value, depth + 1, out);
            }
            indent(depth, out);
            out.push('}');
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (place, value) in items.iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                indent(depth + 1, out);
                pretty(value, depth + 1, out);
            }
            indent(depth, out);
            out.push(']');
        }
        Value::String(text) if text.contains('\n') => {
            out.push('"');
            for (place, line) in text.trim_end().split('\n').enumerate() {
                if place > 0 {
                    indent(depth + 1, out);
                }
                out.push_str(line);
            }
            out.push('"');
        }
        other => out.push_str(&other.to_string()),
    }
}

/// A line, how much of it is folded, and whether that is fields of JSON.
fn fold(line: &Line) -> (Box<str>, usize, bool) {
    let id = line.request.as_deref().unwrap_or_default();
    let json = line.json.is_some();
    let (text, more, json) = match &line.what {
        What::Start => (format!("START {id}"), 0, json),
        What::End => (format!("END {id}"), 0, json),
        What::Report(report) => {
            let begins = line.message.starts_with("INIT_REPORT") || line.message == "platform.initReport";
            let ended = report.error.as_deref().or(report.status.as_deref().filter(|status| *status != "success"));
            let parts = [Some(report.words()).filter(|words| !words.is_empty()), ended.map(ToOwned::to_owned)];
            let said = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
            (format!("{} {said}", if begins { "INIT_REPORT" } else { "REPORT" }), 0, json)
        }
        What::Platform => {
            let rest = line.rest.as_deref().unwrap_or_default();
            (format!("{} {rest}", line.message.lines().next().unwrap_or_default()), 0, json)
        }
        What::Said => said(line),
    };
    let text = clean(&text.trim_end().replace('\t', "  ")).into_owned();
    match text.char_indices().nth(HEAD) {
        Some((at, _)) => (format!("{}…", &text[..at]).into(), more.max(1), json),
        None => (text.into(), more, json),
    }
}

/// What a program said: the first line of its message, and of JSON the error that it bears.
fn said(line: &Line) -> (String, usize, bool) {
    let mut lines = line.message.trim().lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let rest = lines.count();
    let Some(Value::Object(fields)) = &line.json else { return told(line, first, rest) };
    let name = fields.get("errorType").and_then(Value::as_str).filter(|name| !first.contains(name));
    let head = name.map_or_else(|| first.to_owned(), |name| format!("{name}: {first}"));
    let error = ["error", "err", "exception", "exc_info", "cause"].iter().find_map(|key| named(fields.get(*key)?));
    let error = error.filter(|error| !head.contains(error.as_str()));
    // The message, its level and its time are in sight.
    let beside = line.rest.as_deref().and_then(|rest| serde_json::from_str::<Value>(rest).ok());
    let beside = beside.as_ref().and_then(Value::as_object).map_or(0, serde_json::Map::len);
    let more = rest + beside;
    (error.map_or_else(|| head.clone(), |error| format!("{head} · {error}")), more, true)
}

/// A text line: without its level where that stands before it, and with what was thrown where that stands behind it as JSON.
fn told(line: &Line, first: &str, rest: usize) -> (String, usize, bool) {
    let begins = first.find('{').filter(|at| *at <= BEFORE);
    let thrown = begins.and_then(|at| {
        let value = serde_json::from_str(&line.message.trim()[at..]).ok()?;
        Some((first[..at].trim(), named(&value)?, Value::as_object(&value)?.len()))
    });
    if let Some((before, thrown, fields)) = thrown {
        let before = before.trim_matches(|c: char| c.is_ascii_digit() || "/:.-TZ ".contains(c));
        let said = if before.is_empty() { thrown } else { format!("{before} · {thrown}") };
        return (said, fields, true);
    }
    let own = first.split_once([' ', '\t']).filter(|(word, _)| {
        let word = word.trim_matches(|c| "[]:".contains(c));
        line.level.is_some() && Level::parse(word) == line.level
    });
    (own.map_or(first, |(_, said)| said.trim_start()).to_owned(), rest, false)
}

/// An error in one line: a text, or what was thrown.
fn named(error: &Value) -> Option<String> {
    let one = |keys: &[&str]| keys.iter().find_map(|key| error.get(*key)?.as_str()).map(ToOwned::to_owned);
    let said = match error {
        Value::String(text) => text.trim().lines().next().map(ToOwned::to_owned),
        _ => match (one(&["errorType", "name", "type", "code"]), one(&["errorMessage", "message", "msg"])) {
            (Some(name), Some(message)) => Some(format!("{name}: {message}")),
            (name, message) => name.or(message),
        },
    };
    said.filter(|said| !said.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "8f5a1c1e-2d4b-4c7a-9a10-0123456789ab";

    fn shown(text: &str) -> ShownLine {
        ShownLine::new(LogEvent {
            at: "2026-11-23T10:00:03.120Z".parse().unwrap(),
            stream: "s".into(),
            text: text.into(),
            id: None,
        })
    }

    #[track_caller]
    fn folds(text: &str, head: &str, more: usize) {
        let line = shown(text);
        assert_eq!((line.head(false), line.more), (head, more), "{text}");
    }

    #[test]
    fn an_event_is_folded_into_the_line_that_says_it() {
        folds(&format!("START RequestId: {ID} Version: $LATEST\n"), &format!("START {ID}"), 0);
        folds(
            &format!(
                "REPORT RequestId: {ID}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 90 MB\tStatus: timeout\n"
            ),
            "REPORT took 3.0 s · billed 3.0 s · 90 of 128 MB · timeout",
            0,
        );
        folds("[ERROR] KeyError: 'x'\nTraceback (most recent call last):\n  File\n", "KeyError: 'x'", 2);
        folds(r#"{"level":"info","message":"in","order":1,"a":{"b":2}}"#, "in", 2);
        folds(
            r#"{"level":"error","message":"no","error":{"name":"TypeError","message":"x is not y"}}"#,
            "no · TypeError: x is not y",
            1,
        );
        folds(r#"{"log_level":"ERROR","errorType":"KeyError","errorMessage":"'x'"}"#, "KeyError: 'x'", 1);
        folds(r#"2026/11/28 19:01:32 {"errorMessage":"no","errorType":"Denied"}"#, "Denied: no", 2);
        folds(
            r#"2026-11-23T10:00:00.123Z	undefined	ERROR	Invoke Error 	{"errorType":"E","errorMessage":"x"}"#,
            "Invoke Error · E: x",
            2,
        );
        folds("INFO request 5", "request 5", 0);
        folds("INFORMATION", "INFORMATION", 0);
        folds("a\u{1b}[2J\tb", "a\u{fffd}[2J  b", 0);
        folds("", "", 0);
    }

    #[test]
    fn what_ends_an_invocation_is_an_error_whatever_it_calls_itself() {
        let timeout = format!("2026-11-23T10:00:03.120Z {ID} Task timed out after 3.00 seconds");
        for (text, fails, level) in [
            (timeout.as_str(), true, Some(Level::Error)),
            ("REPORT RequestId: x\tDuration: 3 ms\tStatus: timeout", true, Some(Level::Error)),
            ("got it", false, None),
            ("WARN slow", false, Some(Level::Warn)),
        ] {
            let line = shown(text);
            assert_eq!((line.fails, line.level), (fails, level), "{text}");
        }
    }

    #[test]
    fn json_unfolds_with_a_field_a_line_and_a_stack_can_be_read() {
        let line = shown(r#"{"message":"no","stack":"Error: x\n    at f (a.js:1)","n":[],"tags":["a"]}"#);
        let lines = line.unfolded(false);
        assert!(lines.contains(&r#"  "stack": "Error: x"#.to_owned()), "{lines:#?}");
        assert!(lines.contains(&r#"        at f (a.js:1)","#.to_owned()), "{lines:#?}");
        assert_eq!((lines[0].as_str(), lines.last().unwrap().as_str()), ("{", "}"));
        let node = shown(&format!("2026-11-23T10:00:00.123Z\t{ID}\tERROR\tInvoke Error \t{{\"errorType\":\"E\"}}\n"));
        assert_eq!(node.unfolded(false)[1..], ["{", r#"  "errorType": "E""#, "}"]);
        assert_eq!(shown("took [12] ms\nb").unfolded(false), ["took [12] ms", "b"]);
    }

    #[test]
    fn secrets_are_out_of_sight_folded_unfolded_and_copied_until_they_are_wanted() {
        let line = shown(r#"{"message":"mail to ann@mail.example.com","db":{"password":"hunter2"}}"#);
        assert!(line.has_secrets());
        for (secrets, held) in [(false, false), (true, true)] {
            assert_eq!(line.head(secrets).contains("ann@"), held);
            assert_eq!(line.unfolded(secrets).join("\n").contains("hunter2"), held);
            assert_eq!(line.copied(secrets).contains("hunter2"), held);
        }
    }

    proptest! {
        #[test]
        fn whatever_was_written_is_shown_in_lines_that_steer_nothing(text in "(?s).{0,200}", secrets: bool) {
            let line = shown(&text);
            let lines = line.unfolded(secrets);
            let all = lines.iter().map(String::as_str).chain([line.head(secrets)]);
            for shown in all {
                prop_assert!(!shown.contains(crate::domain::text::steers), "{shown:?}");
            }
            let steers = line.copied(secrets).contains(['\u{1b}', '\u{202e}', '\r']);
            prop_assert!(!steers);
        }

        #[test]
        fn a_value_that_is_called_secret_is_in_nothing_that_is_shown(
            name in "(?:password|api_key|secret)",
            value in "[A-Z0-9]{6,20}z9",
            nested: bool,
        ) {
            let inner = format!(r#"{{"{name}":"{value}"}}"#);
            let text = if nested { serde_json::json!({"message": "m", "body": inner}).to_string() } else { inner };
            let line = shown(&text);
            let all = [line.head(false).to_owned(), line.unfolded(false).join("\n"), line.copied(false)];
            prop_assert!(all.iter().all(|shown| !shown.contains(&value)), "{all:?}");
        }
    }
}
