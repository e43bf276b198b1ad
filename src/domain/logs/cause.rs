//! Why an invocation failed, as its log says it: what Lambda ended it for, or what it threw, in each runtime's words.

use serde::Serialize;
use serde_json::Value;

use super::{
    Level,
    line::{Line, What},
    report::Report,
};

/// What kind of failure it is. The order is that of what says most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseKind {
    /// It used more memory than it may.
    OutOfMemory,
    /// It ran until its timeout.
    Timeout,
    /// Its code could not be loaded.
    Import,
    /// It may not do what it wanted to.
    Denied,
    /// Whom it called refused it for rate.
    ThrottledDependency,
    /// It threw, and nobody caught it.
    Exception,
    /// Its process ended.
    Exited,
    /// An error was written to the log, which need not have failed the invocation.
    Logged,
}

impl CauseKind {
    /// The kind by an exception's type and message.
    pub fn of(exception: &str, message: &str) -> Self {
        classify(exception, message)
    }

    /// It in a word or two for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::OutOfMemory => "out of memory",
            Self::Timeout => "timeout",
            Self::Import => "code that can't be loaded",
            Self::Denied => "permission denied",
            Self::ThrottledDependency => "throttled by what it calls",
            Self::Exception => "exception that nobody caught",
            Self::Exited => "process that ended",
            Self::Logged => "error in the log",
        }
    }
}

/// Why an invocation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What kind of failure it is.
    pub kind: CauseKind,
    /// The exception's type as the runtime tells it to whoever invokes; none where there is none.
    pub exception: Option<String>,
    /// The message: its first line.
    pub message: String,
}

impl Cause {
    fn new(exception: Option<&str>, message: &str) -> Self {
        let exception = exception.map(str::trim).filter(|name| !name.is_empty());
        let message = first_line(message);
        let kind = classify(exception.unwrap_or_default(), message);
        Self { kind, exception: exception.map(ToOwned::to_owned), message: shortened(message).to_owned() }
    }

    fn of_kind(kind: CauseKind, exception: Option<&str>, message: &str) -> Self {
        Self { kind, ..Self::new(exception, message) }
    }
}

/// The longest message that is kept, in bytes.
const LONGEST: usize = 600;

/// As much of a message as is kept.
pub fn shortened(message: &str) -> &str {
    let end = (0..=LONGEST.min(message.len())).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
    &message[..end]
}

fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

/// The kind by type and message.
fn classify(exception: &str, message: &str) -> CauseKind {
    let named = |words: &[&str]| words.iter().any(|word| exception.contains(word));
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if named(&["OutOfMemory", "MemoryError"]) || says(&["signal: killed", "heap out of memory"]) {
        CauseKind::OutOfMemory
    } else if named(&["Sandbox.Timedout"]) || says(&["Task timed out"]) {
        CauseKind::Timeout
    } else if named(&[
        "ImportModuleError",
        "ImportError",
        "ModuleNotFound",
        "HandlerNotFound",
        "UserCodeSyntaxError",
        "InvalidEntrypoint",
        "MalformedHandlerName",
        "ClassNotFound",
        "NoClassDefFound",
        "LoadError",
    ]) || says(&["Unable to import module", "Cannot find module", "Could not load file or assembly"])
    {
        CauseKind::Import
    } else if named(&["AccessDenied", "UnauthorizedOperation", "NotAuthorized", "AuthorizationError"])
        || says(&["AccessDenied", "Access Denied", "is not authorized to perform", "UnauthorizedOperation"])
    {
        CauseKind::Denied
    } else if named(&["Throttl", "ThroughputExceeded", "TooManyRequests", "RequestLimitExceeded", "SlowDown"])
        || says(&["ThrottlingException", "Rate exceeded", "ThroughputExceeded", "TooManyRequestsException", "SlowDown"])
    {
        CauseKind::ThrottledDependency
    } else if named(&["Runtime.ExitError", "Runtime.Unknown"]) {
        CauseKind::Exited
    } else {
        CauseKind::Exception
    }
}

/// What an event says of a failure; none where it says nothing of one.
pub fn cause(line: &Line) -> Option<Cause> {
    match &line.what {
        What::Report(report) => of_report(report),
        What::Start | What::End | What::Platform => None,
        What::Said => line.json.as_ref().and_then(of_json).or_else(|| of_text(line)).or_else(|| logged(line)),
    }
}

fn of_report(report: &Report) -> Option<Cause> {
    let error = report.error.as_deref();
    match report.status.as_deref()? {
        "timeout" => {
            let seconds = report.duration.unwrap_or_default() / 1000.0;
            Some(Cause::of_kind(
                CauseKind::Timeout,
                Some(TIMEOUT),
                &format!("Task timed out after {seconds:.2} seconds"),
            ))
        }
        _ if error == Some("Runtime.OutOfMemory") || error == Some("Runtime.ExitError") && report.is_full() => {
            let (used, size) = (report.used.unwrap_or_default(), report.size.unwrap_or_default());
            let message = format!("{used} MB used of {size} MB");
            Some(Cause::of_kind(CauseKind::OutOfMemory, Some("Runtime.OutOfMemory"), &message))
        }
        // What it threw says its own line; that the report says so as well tells nothing new.
        _ => error.map(|error| Cause::of_kind(CauseKind::Exited, Some(error), "")),
    }
}

/// What Lambda calls an invocation that ran until its timeout.
const TIMEOUT: &str = "Sandbox.Timedout";

/// `errorType` and `errorMessage` wherever they are, and what Powertools and the commonest loggers write of an exception.
fn of_json(value: &Value) -> Option<Cause> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    let thrown = |value: &Value| {
        let (name, message) = (text(value, "errorType"), text(value, "errorMessage"));
        (name.is_some() || message.is_some())
            .then(|| Cause::new(name.as_deref(), message.as_deref().unwrap_or_default()))
    };
    for holder in [Some(value), value.get("message"), value.get("record"), value.get("error")].into_iter().flatten() {
        if let Some(cause) = thrown(holder) {
            return Some(cause);
        }
    }
    if let Some(inner) = text(value, "message").as_deref().and_then(json_within) {
        return Some(inner);
    }
    // Caught, and written by a logger.
    let caught = |name: Option<String>, message: Option<String>| {
        name.map(|name| {
            let cause = Cause::new(Some(&name), &message.unwrap_or_default());
            Cause { kind: cause.kind.max(CauseKind::Logged), ..cause }
        })
    };
    if let Some(name) = text(value, "exception_name") {
        let last = text(value, "exception").and_then(|trace| trace.lines().last().map(ToOwned::to_owned));
        let message = last.and_then(|last| last.split_once(": ").map(|(_, message)| message.to_owned()));
        return caught(Some(name), message);
    }
    ["error", "err", "exception"].iter().filter_map(|key| value.get(*key)).find_map(|holder| {
        let name = ["name", "type", "class"].iter().find_map(|key| text(holder, key));
        caught(name, text(holder, "message"))
    })
}

/// JSON with `errorType` inside a message: what Node and Go write before they tell Lambda.
fn json_within(text: &str) -> Option<Cause> {
    if !text.contains("\"errorType\"") && !text.contains("\"errorMessage\"") {
        return None;
    }
    let begins = text.find('{')?;
    let mut values = serde_json::Deserializer::from_str(&text[begins..]).into_iter::<Value>();
    let value = values.next()?.ok()?;
    let name = value.get("errorType").and_then(Value::as_str).map(|name| {
        // Ruby: `Function<NoMethodError>`.
        name.split_once('<').and_then(|(_, rest)| rest.strip_suffix('>')).unwrap_or(name).to_owned()
    });
    let message = value.get("errorMessage").and_then(Value::as_str).unwrap_or_default();
    (name.is_some() || !message.is_empty()).then(|| Cause::new(name.as_deref(), message))
}

fn of_text(line: &Line) -> Option<Cause> {
    let message = line.message.trim_end();
    if message.starts_with("Task timed out after ") {
        return Some(Cause::of_kind(CauseKind::Timeout, Some(TIMEOUT), message));
    }
    if ["Runtime exited", "Process exited", "Couldn't find valid bootstrap", "fork/exec "]
        .iter()
        .any(|start| message.starts_with(start))
    {
        let last = message.lines().last().map(str::trim).filter(|last| last.starts_with("Runtime."));
        let killed = message.contains("signal: killed");
        let kind = if killed { CauseKind::OutOfMemory } else { CauseKind::Exited };
        return Some(Cause::of_kind(kind, last.or(Some("Runtime.ExitError")), message));
    }
    json_within(message).or_else(|| python(line)).or_else(|| panicked(message)).or_else(|| of_stack(message))
}

/// `KeyError: 'item'`, and below it a traceback: what the runtime writes of what nobody caught. Of what a logger writes,
/// the traceback's last line has it.
fn python(line: &Line) -> Option<Cause> {
    let message = &line.message;
    let (head, traceback) = match message.split_once("Traceback (most recent call last):") {
        Some((head, rest)) => (head.trim(), Some(rest)),
        None => (message.lines().next().unwrap_or_default().trim(), None),
    };
    let uncaught = line.request.is_none() && line.level == Some(Level::Error);
    if uncaught && let Some((name, said)) = typed(head) {
        return Some(Cause::new(Some(name), said));
    }
    let last = traceback?.lines().rev().find(|line| !line.trim().is_empty() && !line.starts_with([' ', '\u{a0}']))?;
    let (name, said) = typed(last.trim())?;
    let cause = Cause::new(Some(name), said);
    Some(if line.level.is_some() { Cause { kind: CauseKind::Logged, ..cause } } else { cause })
}

/// `Type: message`, or the type alone.
fn typed(text: &str) -> Option<(&str, &str)> {
    let (name, said) = text.split_once(':').unwrap_or((text, ""));
    let is_name = !name.is_empty()
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$'))
        && name.bytes().any(|byte| byte.is_ascii_uppercase());
    (is_name && (said.is_empty() || said.starts_with(' '))).then(|| (name, said.trim()))
}

/// Go: `panic: …` and goroutines. Rust: `thread 'main' panicked at src/main.rs:1:2:` and the message below.
fn panicked(message: &str) -> Option<Cause> {
    if let Some(at) = message.find(" panicked at ") {
        let rest = &message[at..];
        let said = rest.split_once('\n').map_or(rest, |(_, below)| below);
        return Some(Cause::new(Some("panic"), said));
    }
    let said = message.strip_prefix("panic: ").or_else(|| message.split_once("\npanic: ").map(|(_, said)| said))?;
    Some(Cause::new(Some("panic"), said))
}

/// Java and .NET: a stack, and before it `Type: message`, or `message: Type`.
fn of_stack(message: &str) -> Option<Cause> {
    let at = ["\n\tat ", "\n   at ", "\n    at "].iter().filter_map(|mark| message.find(mark)).min()?;
    let head = &message[..at];
    for line in head.lines().rev() {
        let line = line.trim().trim_start_matches("Exception in thread ").trim_start_matches("\"main\" ");
        // What Lambda's Java writes says the name twice: it is one, whatever it is called.
        let twice = |name: &str| head.lines().any(|line| line.trim().ends_with(&format!(": {name}")));
        if let Some((name, said)) = typed(line)
            && (name.contains('.') || is_throwable(name) || twice(name))
        {
            return Some(Cause::new(Some(name), said));
        }
        if let Some((said, name)) =
            line.rsplit_once(": ").filter(|(_, name)| typed(name).is_some() && is_throwable(name))
        {
            return Some(Cause::new(Some(name), said));
        }
    }
    None
}

fn is_throwable(name: &str) -> bool {
    ["Exception", "Error", "Throwable"].iter().any(|end| name.ends_with(end))
}

/// A line that calls itself an error.
fn logged(line: &Line) -> Option<Cause> {
    let grave = line.level.is_some_and(|level| level >= Level::Error);
    grave.then(|| Cause::of_kind(CauseKind::Logged, None, &line.message))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::line::read, *};

    const ID: &str = "8f5a1c1e-2d4b-4c7a-9a10-0123456789ab";

    #[track_caller]
    fn says(text: &str, kind: CauseKind, exception: Option<&str>, message: &str) {
        let found = cause(&read(text)).unwrap_or_else(|| panic!("nothing in {text}"));
        assert_eq!(
            (found.kind, found.exception.as_deref(), found.message.as_str()),
            (kind, exception, message),
            "{text}"
        );
    }

    #[test]
    fn what_lambda_ends_an_invocation_for() {
        use CauseKind::{Exited, Import, OutOfMemory, Timeout};
        says(
            &format!("2026-11-23T10:00:03.000Z {ID} Task timed out after 3.00 seconds\n\n"),
            Timeout,
            Some(TIMEOUT),
            "Task timed out after 3.00 seconds",
        );
        says(
            &format!("REPORT RequestId: {ID}\tDuration: 3000.00 ms\tStatus: timeout"),
            Timeout,
            Some(TIMEOUT),
            "Task timed out after 3.00 seconds",
        );
        says(
            &format!(
                r#"{{"time":"2026-11-23T10:00:03.000Z","type":"platform.report","record":{{"requestId":"{ID}","metrics":{{"durationMs":3000.0}},"status":"timeout"}}}}"#
            ),
            Timeout,
            Some(TIMEOUT),
            "Task timed out after 3.00 seconds",
        );
        let full = "Memory Size: 128 MB\tMax Memory Used: 128 MB\tStatus: error\tError Type: Runtime";
        for kind in ["OutOfMemory", "ExitError"] {
            says(
                &format!("REPORT RequestId: {ID}\t{full}.{kind}"),
                OutOfMemory,
                Some("Runtime.OutOfMemory"),
                "128 MB used of 128 MB",
            );
        }
        says(
            &format!("RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError"),
            OutOfMemory,
            Some("Runtime.ExitError"),
            "Runtime exited with error: signal: killed",
        );
        says(
            &format!("RequestId: {ID} Error: Runtime exited with error: exit status 1\nRuntime.ExitError"),
            Exited,
            Some("Runtime.ExitError"),
            "Runtime exited with error: exit status 1",
        );
        says(
            &format!(
                "RequestId: {ID} Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap]\nRuntime.InvalidEntrypoint"
            ),
            Exited,
            Some("Runtime.InvalidEntrypoint"),
            "Couldn't find valid bootstrap(s): [/var/task/bootstrap]",
        );
        says(
            "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'requests'\nTraceback (most recent call last):",
            Import,
            Some("Runtime.ImportModuleError"),
            "Unable to import module 'app': No module named 'requests'",
        );
    }

    #[test]
    fn what_each_runtime_throws_in_both_formats() {
        use CauseKind::{Denied, Exception, Logged, ThrottledDependency};
        says(
            "[ERROR] KeyError: 'item'\nTraceback (most recent call last):\n\u{a0}\u{a0}File \"/var/task/app.py\", line 12",
            Exception,
            Some("KeyError"),
            "'item'",
        );
        says("[ERROR] ZeroDivisionError\nTraceback (most recent call last):", Exception, Some("ZeroDivisionError"), "");
        says(
            r#"{"timestamp":"2026-11-23T10:00:00Z","log_level":"ERROR","errorMessage":"'item'","errorType":"KeyError","requestId":"r","stackTrace":[]}"#,
            Exception,
            Some("KeyError"),
            "'item'",
        );
        says(
            &format!(
                "2026-11-23T10:00:00.000Z\t{ID}\tERROR\tInvoke Error \t{{\"errorType\":\"TypeError\",\"errorMessage\":\"x is undefined\",\"stack\":[]}}"
            ),
            Exception,
            Some("TypeError"),
            "x is undefined",
        );
        says(
            r#"{"timestamp":"2026-11-23T10:00:00.000Z","level":"ERROR","requestId":"r","message":{"errorType":"TypeError","errorMessage":"x","stackTrace":[]}}"#,
            Exception,
            Some("TypeError"),
            "x",
        );
        says(
            "Order is null: java.lang.NullPointerException\njava.lang.NullPointerException: Order is null\n\tat shop.Pay.run(Pay.java:7)",
            Exception,
            Some("java.lang.NullPointerException"),
            "Order is null",
        );
        says(
            &format!(
                "2026-11-23T10:00:00.000Z\t{ID}\tfail\tSystem.NullReferenceException: Object reference not set\n   at Shop.Pay()"
            ),
            Exception,
            Some("System.NullReferenceException"),
            "Object reference not set",
        );
        says(
            "No route: NullReferenceException\n   at Shop.Pay()",
            Exception,
            Some("NullReferenceException"),
            "No route",
        );
        says(
            "2026/11/23 10:00:00 {\"errorMessage\":\"boom\",\"errorType\":\"errorString\"}",
            Exception,
            Some("errorString"),
            "boom",
        );
        says(
            "panic: runtime error: index out of range\n\ngoroutine 1 [running]:",
            Exception,
            Some("panic"),
            "runtime error: index out of range",
        );
        says("thread 'main' panicked at src/main.rs:10:5:\nno order", Exception, Some("panic"), "no order");
        says(
            "Error raised from handler method\n{\n  \"errorMessage\": \"no implicit conversion\",\n  \"errorType\": \"Function<TypeError>\",\n  \"stackTrace\": []\n}",
            Exception,
            Some("TypeError"),
            "no implicit conversion",
        );
        says(
            "[ERROR] ClientError: An error occurred (AccessDeniedException) when calling PutItem\nTraceback (most recent call last):",
            Denied,
            Some("ClientError"),
            "An error occurred (AccessDeniedException) when calling PutItem",
        );
        says(
            "[ERROR] ProvisionedThroughputExceededException: slow down\nTraceback (most recent call last):",
            ThrottledDependency,
            Some("ProvisionedThroughputExceededException"),
            "slow down",
        );
        says(
            &format!(
                "[ERROR]\t2026-11-23T10:00:00Z\t{ID}\tcaught\nTraceback (most recent call last):\n  File \"x\"\nValueError: bad"
            ),
            Logged,
            Some("ValueError"),
            "bad",
        );
        says(r#"{"level":"ERROR","message":"no order","service":"pay"}"#, Logged, None, "no order");
        says(
            r#"{"level":"error","msg":"x","err":{"type":"RangeError","message":"too far"}}"#,
            Logged,
            Some("RangeError"),
            "too far",
        );
    }

    #[test]
    fn what_is_fine_has_no_cause() {
        for text in [
            "START RequestId: r",
            "REPORT RequestId: r\tDuration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB",
            "paid",
            r#"{"level":"info","message":"paid"}"#,
            "INFO no error",
            "",
        ] {
            assert_eq!(cause(&read(text)), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_a_cause_or_none(text in "(?s)(?:\\[ERROR\\]|Traceback \\(most recent call last\\):|\n\tat |panic: |errorType|[:{}\"]|.){0,60}") {
            cause(&read(&text));
        }
    }
}
