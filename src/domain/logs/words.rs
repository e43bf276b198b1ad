//! What logs say, in sentences: the same for every front.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    LogEvent, LogGroup,
    cause::CauseKind,
    groups::{CauseGroup, LogCauses, LogCut},
    line::{Line, What, read},
    report::Report,
    secrets,
};
use crate::domain::{
    failure::{Failure, Kind},
    text::{clean, counted},
    trace::words::seconds,
};

impl CauseGroup {
    /// `KeyError: 'item-#'`, fit to be shown.
    pub fn headline(&self) -> String {
        let name = self.exception.as_ref().map(|name| name.shown().into_owned());
        let name = name.unwrap_or_else(|| self.kind.words().to_owned());
        if self.message.raw().is_empty() { name } else { format!("{name}: {}", self.message.shown()) }
    }

    /// What the kind says beyond the exception, where it says something.
    pub fn kind_in_words(&self) -> Option<&'static str> {
        match self.kind {
            CauseKind::OutOfMemory => Some("out of memory: give it more, or have it use less"),
            CauseKind::Timeout => Some("it ran until its timeout"),
            CauseKind::Import => Some("its code can't be loaded: look at what was deployed last"),
            CauseKind::Denied => Some("permission denied: its role may not do this"),
            CauseKind::ThrottledDependency => Some("throttled by what it calls"),
            CauseKind::Exited => Some("its process ended"),
            CauseKind::Logged => Some("written to the log; it need not have failed the invocation"),
            CauseKind::Exception => None,
        }
    }
}

impl LogCauses {
    /// Lines that were only logged: they need not have failed anything.
    pub fn written(&self) -> u64 {
        self.groups.iter().filter(|it| it.kind == CauseKind::Logged).map(|it| it.lines).sum()
    }

    /// How much it rests on: `from 24 failures in the log group /aws/lambda/pay`, fit to be shown.
    pub fn basis(&self) -> String {
        let assumed =
            if self.group.assumed { " (assumed: the function's configuration could not be read)" } else { "" };
        let written = self.written();
        let failures = (self.failed > 0 || written == 0).then(|| counted(self.failed, "failure"));
        let written = (written > 0).then(|| counted(written, "logged error"));
        let all = [failures, written].into_iter().flatten().collect::<Vec<_>>().join(" and ");
        format!("{all} in the log group {}{assumed}", self.group.name.shown())
    }

    /// What is missing and what to do about it, in sentences fit to be shown.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let name = self.group.name.shown();
        if let Some(failure) = &self.failure {
            remarks.push(unread(&self.group, failure));
        } else if self.groups.is_empty() {
            remarks.push(format!("no line of the log group {name} says why: what is refused writes none, and a program may hide what it caught, or log below a level that is not kept"));
        }
        if self.cut == Some(LogCut::Time) {
            remarks.push("there was no time left to read all of the log".into());
        }
        remarks
    }
}

/// Why a log group could not be read and what to do about it, in a sentence fit to be shown.
pub fn unread(group: &LogGroup, failure: &Failure) -> String {
    let (name, said) = (group.name.shown(), failure.message.shown());
    if said.starts_with("ResourceNotFoundException") {
        let assumed = if group.assumed {
            ", which is only assumed, since the function's configuration could not be read"
        } else {
            ""
        };
        format!("there is no log group {name}{assumed}: it was deleted, or the function's role may not write to it")
    } else if said.contains("INFREQUENT_ACCESS") {
        format!("the log group {name} is of the class Infrequent Access: Logs Insights alone reads it")
    } else if failure.kind == Kind::Deadline {
        format!("there was no time left to read the log group {name}: {}", failure.hint)
    } else {
        format!("the log group {name} can't be read ({}): {said}; {}", failure.kind.as_str(), failure.hint)
    }
}

impl Report {
    /// `took 3.0 s · billed 3.0 s · 128 of 128 MB · cold start 401 ms`.
    pub fn words(&self) -> String {
        let time = |ms: f64| seconds(ms / 1000.0);
        let memory = match (self.used, self.size) {
            (Some(used), Some(size)) => Some(format!("{used} of {size} MB")),
            _ => None,
        };
        let parts = [
            self.duration.map(|ms| format!("took {}", time(ms))),
            self.billed.map(|ms| format!("billed {}", time(ms))),
            memory,
            self.init.map(|ms| format!("cold start {}", time(ms))),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }
}

/// An event's time on the clock, in UTC, to the millisecond: `10:00:03.120`.
pub fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M:%S%.3f").to_string()
}

/// What an event says, line by line, fit to be shown: without its own time, request and level, and, unless these are
/// wanted, without secrets.
pub fn lines(event: &LogEvent, secrets: bool) -> (Line, Vec<String>) {
    told(event, secrets, false)
}

/// The same with Lambda's reports as they were written: whoever searched for a part of one wants to see it.
pub fn as_written(event: &LogEvent, secrets: bool) -> (Line, Vec<String>) {
    told(event, secrets, true)
}

fn told(event: &LogEvent, secrets: bool, written: bool) -> (Line, Vec<String>) {
    let text = event.text.raw();
    let hidden = if secrets { text.into() } else { secrets::mask(text) };
    let line = read(&hidden);
    let said = match &line.what {
        What::Said if line.json.is_some() => line.message.clone(),
        what if line.json.is_some() => {
            let report = if let What::Report(report) = what { report.words() } else { String::new() };
            let parts = [line.message.clone(), line.request.clone().unwrap_or_default(), report];
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        }
        What::Report(report) if !written && !report.words().is_empty() => {
            let what = hidden.split_whitespace().next().unwrap_or_default();
            let ended = report.error.as_deref().or(report.status.as_deref()).map(|why| format!(" · {why}"));
            let request = line.request.as_deref().map(|id| format!("{id} ")).unwrap_or_default();
            format!("{what} {request}{}{}", report.words(), ended.unwrap_or_default())
        }
        What::Said => line.message.clone(),
        // Lambda's own lines are tables.
        _ => hidden.trim_end().lines().next().unwrap_or_default().replace('\t', "  "),
    };
    let mut shown: Vec<String> = said.trim_end().split('\n').map(|line| shown(line.trim_end_matches('\r'))).collect();
    if let (What::Said, Some(rest), Some(last)) = (&line.what, &line.rest, shown.last_mut()) {
        *last = format!("{last}  {}", clean(rest));
    }
    (line, shown)
}

/// Tabs are blanks; what else could steer a terminal is replaced.
fn shown(line: &str) -> String {
    clean(&line.replace('\t', "  ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> LogEvent {
        LogEvent { at: "2026-11-23T10:00:03.120Z".parse().unwrap(), stream: "s".into(), text: text.into(), id: None }
    }

    #[test]
    fn an_event_is_shown_without_what_stands_apart_and_without_secrets() {
        let (_, shown) = lines(&event(r#"{"level":"info","message":"in","password":"x1"}"#), false);
        assert_eq!(shown, [r#"in  {"password":"<secret>"}"#]);
        let (_, shown) = lines(&event("a\u{1b}[2J\tb\nc\n"), false);
        assert_eq!(shown, ["a\u{fffd}[2J  b", "c"]);
        let (_, shown) = lines(&event("password=x1"), true);
        assert_eq!(shown, ["password=x1"]);
        assert_eq!(clock(event("").at), "10:00:03.120");
    }

    #[test]
    fn a_report_is_told_in_words_but_to_whoever_searched_for_a_part_of_it() {
        let text = "REPORT RequestId: r\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 90 MB\tInit Duration: 401.00 ms\tStatus: timeout\nXRAY TraceId: 1-6";
        let (_, shown) = lines(&event(text), false);
        assert_eq!(shown, ["REPORT r took 3.0 s · billed 3.0 s · 90 of 128 MB · cold start 401 ms · timeout"]);
        let (_, shown) = as_written(&event(text), false);
        assert!(shown[0].starts_with("REPORT RequestId: r  Duration: 3000.00 ms  "), "{shown:?}");
        let (_, shown) = lines(&event("REPORT RequestId: r\tsomething new"), false);
        assert_eq!(shown, ["REPORT RequestId: r  something new"]);
    }

    #[test]
    fn what_the_platform_says_in_json_names_its_request() {
        let said = |text: &str| lines(&event(text), false).1.concat();
        assert_eq!(said(r#"{"type":"platform.start","record":{"requestId":"r1"}}"#), "platform.start r1");
        let report = r#"{"type":"platform.report","record":{"requestId":"r1","metrics":{"durationMs":2.0}}}"#;
        assert_eq!(said(report), "platform.report r1 took 2.0 ms");
    }

    #[test]
    fn a_report_in_words() {
        let report = Report::of_line(
            "REPORT RequestId: r\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 90 MB\t",
        );
        assert_eq!(report.words(), "took 3.0 s · billed 3.0 s · 90 of 128 MB");
    }
}
