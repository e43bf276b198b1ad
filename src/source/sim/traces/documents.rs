//! Segment documents of a sampled invocation, as X-Ray's daemon would have been sent them.

use serde_json::{Value, json};

use super::{GATEWAY, STARTING, Sample};
use crate::{
    domain::{
        account::AccountId,
        text::AwsText,
        trace::{FUNCTION, Failing, LAMBDA},
    },
    source::sim::{hash, story::Hop},
};

pub(super) fn status(failing: Option<Failing>) -> i32 {
    match failing {
        None => 200,
        Some(Failing::Fault) => 502,
        Some(Failing::Error) => 400,
        Some(Failing::Throttle) => 429,
    }
}

fn flag(document: &mut Value, failing: Option<Failing>) {
    let Some(object) = document.as_object_mut() else { return };
    match failing {
        Some(Failing::Fault) => {
            object.insert("fault".into(), true.into());
        }
        Some(Failing::Error) => {
            object.insert("error".into(), true.into());
        }
        Some(Failing::Throttle) => {
            object.insert("error".into(), true.into());
            object.insert("throttle".into(), true.into());
        }
        None => {}
    }
}

/// Documents as they are written.
pub(super) struct Writing<'a> {
    sample: &'a Sample<'a>,
    next: u64,
    documents: Vec<(AccountId, AwsText, Value)>,
}

impl<'a> Writing<'a> {
    /// All documents of a sample.
    pub(super) fn of(sample: &'a Sample<'a>) -> Vec<(AccountId, AwsText, Value)> {
        let mut writing = Self { sample, next: 0, documents: Vec::new() };
        writing.all();
        writing.documents
    }

    fn id(&mut self) -> String {
        self.next += 1;
        format!("{:016x}", hash::pair(self.sample.chance, 1000 + self.next))
    }

    fn put(&mut self, account: &AccountId, id: &str, document: Value) {
        self.documents.push((account.clone(), id.into(), document));
    }

    fn all(&mut self) {
        let sample = self.sample;
        let home = sample.account.id.clone();
        let trace = sample.id();
        let shown = sample.failing.filter(|_| sample.shows());
        let mut parent = None;
        if let Some((name, kind)) = &sample.story.caller {
            let id = self.id();
            let mut document = json!({"id": id, "trace_id": trace, "name": name, "origin": kind,
                "start_time": sample.start - 0.002, "end_time": sample.end()});
            if kind.raw() == GATEWAY {
                let url = format!("https://api.example/{}", name.raw());
                document["http"] =
                    json!({"request": {"method": "POST", "url": url}, "response": {"status": status(sample.failing)}});
                flag(&mut document, sample.failing);
            }
            self.put(&home, &id, document);
            parent = Some(id);
        }
        let arn = sample.account.arn(sample.function);
        let id = self.id();
        let request = sample.request();
        let mut document = json!({"id": id, "trace_id": trace, "name": sample.function.name, "origin": LAMBDA,
            "start_time": sample.start, "end_time": sample.end(), "resource_arn": arn, "aws": {"request_id": request}});
        if let Some(parent) = parent {
            document["parent_id"] = parent.into();
        }
        flag(&mut document, shown);
        self.put(&home, &id, document);
        if sample.failing == Some(Failing::Throttle) {
            return;
        }
        for attempt in 0..sample.attempts() {
            let from = sample.attempt(attempt);
            let thrown = sample.story.exception.as_ref().map(|name| (name, sample.said(&sample.story.message)));
            let failing = sample.failing;
            let name = sample.function.name.clone();
            let aws = json!({"function_arn": arn, "request_id": request});
            let cold = attempt == 0 && sample.is_cold();
            self.code(
                &home,
                &id,
                &name,
                (from, from + sample.took),
                (failing, thrown),
                &sample.story.calls,
                (aws, cold),
            );
        }
    }

    /// The segment of a function's code, with what it calls.
    #[expect(clippy::too_many_arguments, reason = "one segment has so many sides")]
    fn code(
        &mut self,
        account: &AccountId,
        parent: &str,
        name: &AwsText,
        (from, to): (f64, f64),
        (failing, thrown): (Option<Failing>, Option<(&AwsText, AwsText)>),
        calls: &[Hop],
        (aws, cold): (Value, bool),
    ) {
        let id = self.id();
        // A cold start is a part of what the code's segment tells, ahead of the invocation.
        let begin = if cold { from - STARTING } else { from };
        let took = to - from;
        let exception = self.id();
        let cause = thrown.filter(|_| failing.is_some()).map(|(kind, message)| {
            let stack = self.sample.stack();
            json!({"working_directory": "/var/task",
                "exceptions": [{"id": exception, "type": kind, "message": message, "remote": false, "stack": stack}]})
        });
        let mut inner = Vec::new();
        for hop in calls {
            let hop_took = took * 0.98;
            let span = (from + hop_took * hop.span.0, from + hop_took * hop.span.1);
            inner.push(self.hop(account, hop, span, failing.is_some()));
        }
        let mut invocation = json!({"id": self.id(), "name": "Invocation", "start_time": from,
            "end_time": to - took * 0.01, "subsegments": inner});
        flag(&mut invocation, failing);
        if let Some(cause) = &cause {
            invocation["cause"] = cause.clone();
        }
        let mut parts = Vec::new();
        if cold {
            parts.push(json!({"id": self.id(), "name": "Initialization", "start_time": begin, "end_time": from}));
        }
        parts.push(invocation);
        parts.push(json!({"id": self.id(), "name": "Overhead", "start_time": to - took * 0.01, "end_time": to}));
        let mut document = json!({"id": id, "trace_id": self.sample.id(), "parent_id": parent, "name": name,
            "origin": FUNCTION, "start_time": begin, "end_time": to, "aws": aws, "subsegments": parts,
            "annotations": {"client": self.sample.account.client, "cold_start": cold}});
        flag(&mut document, failing);
        if cause.is_some() {
            document["cause"] = exception.into();
        }
        self.put(account, &id, document);
    }

    /// The subsegment of a call; what answers it writes documents of its own.
    fn hop(&mut self, caller: &AccountId, hop: &Hop, (from, to): (f64, f64), failed: bool) -> Value {
        let id = self.id();
        let failing = hop.fails.filter(|_| failed);
        let account = hop.account.clone().unwrap_or_else(|| caller.clone());
        let remote = hop.kind.raw() == "remote";
        let service = hop.kind.raw().split("::").nth(1).unwrap_or("remote");
        let mut part = json!({"id": id, "start_time": from, "end_time": to,
            "name": if remote { hop.name.raw() } else { service }, "namespace": if remote { "remote" } else { "aws" },
            "http": {"response": {"status": status(failing)}}});
        if remote {
            part["http"]["request"] = json!({"method": "POST", "url": format!("https://{}/v1/items", hop.name.raw())});
        } else {
            let retries = if failing.is_some() { hop.retries } else { 0 };
            part["aws"] = json!({"operation": hop.operation, "retries": retries, "resource_names": [hop.name]});
        }
        flag(&mut part, failing);
        let trace = self.sample.id();
        let answer = self.id();
        if hop.kind.raw() == FUNCTION {
            let arn = format!("arn:aws:lambda:{}:{account}:function:{}", self.sample.function.region, hop.name.raw());
            let mut document = json!({"id": answer, "trace_id": trace, "parent_id": id, "name": hop.name,
                "origin": LAMBDA, "start_time": from + 0.001, "end_time": to, "resource_arn": arn});
            flag(&mut document, failing);
            self.put(&account, &answer, document);
            let thrown = hop.exception.as_ref().map(|(name, message)| (name, self.sample.said(message)));
            let span = (from + 0.002, (to - 0.001).max(from + 0.002));
            self.code(
                &account,
                &answer,
                &hop.name,
                span,
                (failing, thrown),
                &hop.calls,
                (json!({"function_arn": arn}), false),
            );
        } else {
            let mut document = json!({"id": answer, "trace_id": trace, "parent_id": id, "name": hop.name,
                "origin": hop.kind, "inferred": true, "start_time": from, "end_time": to});
            flag(&mut document, failing);
            self.put(caller, &answer, document);
        }
        part
    }
}
