//! Logs of an estate in memory: what Lambda and programs write about the same invocations that traces sample, by the same
//! request ids. Computed when it is asked for.

use futures::{StreamExt, stream};
use jiff::{Timestamp, Unit, tz::TimeZone};
use serde_json::json;

use super::{Sample, timestamp};
use crate::{
    domain::{
        account::Target,
        failure::{Failure, Kind},
        logs::{LogEvent, LogPage, LogRequest, Tailed, pattern::Matcher},
        text::AwsText,
        window::Minute,
    },
    source::{
        Tail, calls,
        sim::{
            Sim, chunked, hash, locked,
            world::{WorldAccount, WorldFunction},
        },
    },
};

/// Of what a function does in a minute, at most so much is in its log: failures, what was fine, what was refused.
const LOGGED: [u32; 3] = [40, 4, 0];
/// Minutes for which logs are kept here: the demo remembers what it has to explain, and no more.
pub(super) const KEPT: i64 = 240;
/// Seconds until an event can be read.
const DELAY: i64 = 2;
/// Events on a page.
const PAGE: usize = 1000;

impl Sim {
    /// Pages of events, the oldest first.
    pub(in crate::source::sim) fn event_pages(
        &self,
        account: &WorldAccount,
        target: &Target,
        request: &LogRequest,
    ) -> Result<Vec<Vec<LogPage>>, Failure> {
        let function = writes(calls::FILTER_LOG_EVENTS, account, target, &request.group)?;
        if function.infrequent {
            let name = request.group.raw();
            let said = format!(
                "InvalidOperationException: The log group {name} is of log-group-class INFREQUENT_ACCESS. FilterLogEvents is not supported for this log class."
            );
            return Err(Failure::new(calls::FILTER_LOG_EVENTS, Kind::Other, said));
        }
        let mut found = self.written(account, function, (request.start, request.end));
        let pattern = Matcher::new(request.pattern.as_deref().unwrap_or_default());
        found.retain(|event| {
            let own = request.stream.as_ref().is_none_or(|stream| *stream == event.stream);
            own && pattern.holds(event.text.raw())
        });
        let pages = chunked(found, PAGE);
        let last = pages.len();
        Ok((1..).zip(pages).map(|(at, events)| vec![LogPage { events, last: at == last }]).collect())
    }

    /// What is written from now on, a second at a time.
    pub(in crate::source::sim) fn tailed<'a>(
        &'a self,
        account: &'a WorldAccount,
        target: &'a Target,
        groups: &'a [AwsText],
        pattern: Option<&'a str>,
    ) -> Result<Tail<'a>, Failure> {
        let functions: Result<Vec<_>, Failure> =
            groups.iter().map(|group| Ok((group, writes(calls::START_LIVE_TAIL, account, target, group)?))).collect();
        let (functions, pattern) = (functions?, Matcher::new(pattern.unwrap_or_default()));
        let began = tokio::time::Instant::now();
        let seen = |at: Timestamp| at.checked_sub(jiff::SignedDuration::from_secs(DELAY)).unwrap_or(at);
        let state = (functions, pattern, seen(self.now()), 0);
        let second = stream::unfold(state, move |(functions, pattern, from, counted)| async move {
            let minutes = began.elapsed().as_secs() / 60 + 1;
            locked(&self.usage).tailed += minutes - counted;
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            let to = seen(self.now());
            let mut events = Vec::new();
            for (group, function) in &functions {
                let written = self.written(account, function, (from, to));
                events.extend(written.into_iter().map(|event| ((*group).clone(), event)));
            }
            events.retain(|(_, event)| pattern.holds(event.text.raw()));
            events.sort_by_key(|(_, event)| event.at);
            Some((Ok(Tailed { events, sampled: false }), (functions, pattern, to, minutes)))
        });
        Ok(second.boxed())
    }

    /// Events of a function in a stretch of time, as far as they can be read by now, in order.
    pub(super) fn written(
        &self,
        account: &WorldAccount,
        function: &WorldFunction,
        (start, end): (Timestamp, Timestamp),
    ) -> Vec<LogEvent> {
        let now = self.now();
        let oldest = Minute::floor(now).plus(-KEPT);
        let readable = now.checked_sub(jiff::SignedDuration::from_secs(DELAY)).unwrap_or(now).min(end);
        let Some(story) = function.story.as_ref().or(function.untraced.as_ref()) else { return Vec::new() };
        // An invocation writes until its end, which may be some minutes after it began.
        let first = Minute::floor(start).plus(-i64::from(function.timeout / 60) - 1).max(oldest);
        let mut events = Vec::new();
        for minute in first.0..=Minute::floor(readable).0 {
            for sample in self.invocations(account, function, story, Minute(minute), LOGGED) {
                sample.write(&mut events);
            }
        }
        events.retain(|event| start <= event.at && event.at < readable);
        // Of one invocation the order is that in which they were written.
        events.sort_by_key(|event| event.at);
        events
    }
}

impl Sample<'_> {
    fn write(&self, events: &mut Vec<LogEvent>) {
        let (id, before) = (self.request(), events.len());
        let runtime = self.function.runtime.as_ref().map_or("", AwsText::raw);
        let structured = self.key.is_multiple_of(4) && (runtime.starts_with("python") || runtime.starts_with("nodejs"));
        let ends_it = self.failed() && self.story.exception.is_none() && !self.story.times_out;
        for attempt in 0..self.attempts() {
            let from = self.start + 0.004 + (self.took + 0.02) * attempt as f64;
            let to = from + self.took;
            let mut put = |at: f64, text: String| {
                // An event has the same id whoever asks for it.
                let number = hash::pair(self.chance, 0x106 + (events.len() - before) as u64);
                events.push(LogEvent {
                    at: milliseconds(at),
                    stream: self.stream(),
                    text: text.into(),
                    id: Some(format!("{number:056}").into()),
                });
            };
            let cold = attempt == 0 && self.chance.is_multiple_of(12);
            let size = u64::from(self.function.memory);
            let used = if ends_it { size } else { size * (30 + self.chance % 50) / 100 };
            let ms = self.took * 1000.0;
            if structured {
                let time = timestamp(from).to_string();
                put(
                    from,
                    json!({"time": time, "type": "platform.start", "record": {"requestId": id, "version": "$LATEST"}})
                        .to_string(),
                );
            } else {
                put(from, format!("START RequestId: {id} Version: $LATEST\n"));
            }
            put(from + 0.001, self.says(&id, structured, "INFO", &self.greeting(), milliseconds(from + 0.001)));
            if self.failed() {
                self.fails(&id, structured, milliseconds(to), |text| put(to, text));
            }
            if structured {
                let status = match (self.failed(), self.story.times_out) {
                    (false, _) => "success",
                    (true, true) => "timeout",
                    (true, false) => "error",
                };
                let mut record = json!({"requestId": id, "status": status, "metrics": {"durationMs": rounded(ms),
                    "billedDurationMs": ms.ceil(), "memorySizeMB": size, "maxMemoryUsedMB": used}});
                if cold {
                    record["metrics"]["initDurationMs"] = json!(380.0);
                }
                if ends_it {
                    record["errorType"] = json!("Runtime.OutOfMemory");
                }
                put(
                    to,
                    json!({"time": timestamp(to).to_string(), "type": "platform.report", "record": record}).to_string(),
                );
            } else {
                put(to, format!("END RequestId: {id}\n"));
                let init = if cold { "Init Duration: 380.00 ms\t" } else { "" };
                let status = match (self.failed(), self.story.times_out, ends_it) {
                    (true, true, _) => "Status: timeout",
                    (true, _, true) => "Status: error\tError Type: Runtime.OutOfMemory",
                    _ => "",
                };
                put(
                    to,
                    format!(
                        "REPORT RequestId: {id}\tDuration: {ms:.2} ms\tBilled Duration: {:.0} ms\tMemory Size: {size} MB\tMax Memory Used: {used} MB\t{init}{status}\n",
                        ms.ceil()
                    ),
                );
            }
        }
    }

    fn stream(&self) -> AwsText {
        let day = timestamp(self.start).to_zoned(TimeZone::UTC).strftime("%Y/%m/%d").to_string();
        let environment = hash::pair(self.key, self.chance % 3);
        format!("{day}/[$LATEST]{environment:016x}{:016x}", hash::mix(environment)).into()
    }

    /// What a program that is about to do its work says, now and then more than it should.
    fn greeting(&self) -> String {
        let n = self.chance % 90_000 + 10_000;
        if self.chance.is_multiple_of(9) {
            format!("request {n} of customer-{}@mail.example", n % 977)
        } else {
            format!("request {n}")
        }
    }

    /// A line of the program's own, as its runtime writes it.
    fn says(&self, id: &str, structured: bool, level: &str, message: &str, at: Timestamp) -> String {
        let runtime = self.function.runtime.as_ref().map_or("", AwsText::raw);
        if structured {
            return json!({"timestamp": at.to_string(), "level": level, "message": message, "requestId": id})
                .to_string();
        }
        match runtime {
            _ if runtime.starts_with("python") => format!("[{level}]\t{at}\t{id}\t{message}\n"),
            _ if runtime.starts_with("nodejs") || runtime.starts_with("dotnet") => {
                format!("{at}\t{id}\t{}\t{message}\n", if runtime.starts_with("nodejs") { level } else { "info" })
            }
            _ => format!("{level} {message}\n"),
        }
    }

    /// What is written when it fails: by Lambda, where that ends it; else by the runtime.
    fn fails(&self, id: &str, structured: bool, at: Timestamp, mut put: impl FnMut(String)) {
        let runtime = self.function.runtime.as_ref().map_or("", AwsText::raw);
        if self.story.times_out {
            if !structured {
                put(format!("{at} {id} Task timed out after {}.00 seconds\n\n", self.function.timeout));
            }
            return;
        }
        let Some(name) = self.story.exception.as_ref().map(AwsText::raw) else {
            if !structured {
                put(format!("RequestId: {id} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n"));
            }
            return;
        };
        let said = self.said(&self.story.message);
        let said = said.raw();
        let line = 20 + self.key % 200;
        let thrown = json!({"errorType": name, "errorMessage": said, "stackTrace": [format!("app.process:{line}")]});
        put(match runtime {
            _ if structured && runtime.starts_with("python") => {
                let mut thrown = thrown;
                thrown["timestamp"] = json!(at.to_string());
                thrown["log_level"] = json!("ERROR");
                thrown["requestId"] = json!(id);
                thrown.to_string()
            }
            _ if structured => {
                json!({"timestamp": at.to_string(), "level": "ERROR", "requestId": id, "message": thrown}).to_string()
            }
            _ if runtime.starts_with("python") => format!(
                "[ERROR] {name}: {said}\nTraceback (most recent call last):\n\u{a0}\u{a0}File \"/var/task/app.py\", line 12, in lambda_handler\n\u{a0}\u{a0}\u{a0}\u{a0}return process(event)\n\u{a0}\u{a0}File \"/var/task/app.py\", line {line}, in process\n"
            ),
            _ if runtime.starts_with("nodejs") => format!("{at}\t{id}\tERROR\tInvoke Error \t{thrown}\n"),
            _ if runtime.starts_with("java") => {
                format!(
                    "{said}: {name}\n{name}: {said}\n\tat shop.App.process(App.java:{line})\n\tat shop.App.handle(App.java:12)\n"
                )
            }
            _ if runtime.starts_with("dotnet") => {
                format!("{at}\t{id}\tfail\t{name}: {said}\n   at Shop.App.Process() in /src/App.cs:line {line}\n")
            }
            _ if runtime.starts_with("ruby") => format!("Error raised from handler method\n{thrown:#}\n"),
            _ => format!("{} {thrown}\n", at.to_zoned(TimeZone::UTC).strftime("%Y/%m/%d %H:%M:%S")),
        });
    }
}

/// Who writes to a log group.
pub(super) fn writes<'a>(
    operation: &'static str,
    account: &'a WorldAccount,
    target: &Target,
    group: &AwsText,
) -> Result<&'a WorldFunction, Failure> {
    let name = group.raw().strip_prefix("/aws/lambda/");
    let mut there = account.functions_in(&target.region).filter(|function| !function.deleted);
    there.find(|function| Some(function.name.raw()) == name).ok_or_else(|| {
        let said = "ResourceNotFoundException: The specified log group does not exist.";
        Failure::new(operation, Kind::Other, said).with_hint("see that the log group is there")
    })
}

fn rounded(ms: f64) -> f64 {
    (ms * 100.0).round() / 100.0
}

/// To the millisecond, as logs have it.
fn milliseconds(seconds: f64) -> Timestamp {
    let at = timestamp((seconds * 1000.0).floor() / 1000.0);
    at.round(Unit::Millisecond).unwrap_or(at)
}
