//! Traces of an estate in memory: a sample of what its functions did, computed when it is asked for. An id says which
//! invocation it was, so nothing is stored.

mod documents;
mod drawing;
pub(super) mod logs;
pub(super) mod queries;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::{
    documents::{Writing, status},
    drawing::Drawing,
};
use super::{
    Sim, hash,
    story::{Hop, Story},
    world::{WorldAccount, WorldFunction},
};
use crate::domain::{
    account::{AccountId, Target},
    series::Metric,
    text::AwsText,
    trace::{
        CauseEntity, CauseService, Exception, FUNCTION, Failing, LAMBDA, RawTrace, RootCause, ServiceName, Summary,
        TraceFilter, TracePage, Wanted, graph::Service,
    },
    window::Minute,
};

/// Of what a function does in a minute, at most so many are sampled: failed, fine, refused.
const SAMPLED: [u32; 3] = [8, 5, 3];
/// The number of the first of each of these, so that an invocation bears the same whatever is sampled.
const NUMBERS: [u64; 3] = [0, 1000, 2000];
/// Seconds until X-Ray shows a trace.
const DELAY: f64 = 20.0;
/// Seconds that it takes to start a function that was not running.
const STARTING: f64 = 0.38;

/// A sampled invocation.
struct Sample<'a> {
    account: &'a WorldAccount,
    function: &'a WorldFunction,
    story: &'a Story,
    /// How it failed; none where it did not.
    failing: Option<Failing>,
    number: u64,
    chance: u64,
    key: u64,
    /// Seconds since the epoch.
    start: f64,
    /// Seconds that one attempt took.
    took: f64,
}

impl Sim {
    /// Pages of summaries, the newest first.
    pub(super) fn summary_pages(
        &self,
        account: &WorldAccount,
        target: &Target,
        (start, end): (Timestamp, Timestamp),
        filter: Option<&TraceFilter>,
    ) -> Vec<Vec<TracePage>> {
        let mut found = Vec::new();
        let mut scanned = 0;
        if !account.transaction_search {
            for function in account.functions_in(&target.region) {
                for sample in self.samples(account, function, (start, end)) {
                    scanned += 1;
                    if filter.is_none_or(|filter| sample.fits(filter)) {
                        found.push(sample.summary());
                    }
                }
            }
        }
        found.sort_by(|a, b| b.start.cmp(&a.start).then_with(|| a.id.cmp(&b.id)));
        let pages: Vec<Vec<Summary>> = super::chunked(found, 100);
        let share = scanned / pages.len() as u64;
        let last = pages.len();
        let page = |(at, summaries)| vec![TracePage { summaries, scanned: share, last: at == last }];
        (1..).zip(pages).map(page).collect()
    }

    /// The sampled invocations of a function that began in a stretch of time and can be seen by now.
    fn samples<'a>(
        &'a self,
        account: &'a WorldAccount,
        function: &'a WorldFunction,
        (start, end): (Timestamp, Timestamp),
    ) -> impl Iterator<Item = Sample<'a>> {
        let minutes = Minute::floor(start).0..=Minute::floor(end).0;
        let now = self.now();
        let inside = move |sample: &Sample<'_>| {
            let at = timestamp(sample.start);
            start <= at && at < end && timestamp(sample.end() + DELAY) <= now
        };
        minutes.flat_map(move |minute| self.samples_of(account, function, Minute(minute))).filter(inside)
    }

    fn samples_of<'a>(
        &'a self,
        account: &'a WorldAccount,
        function: &'a WorldFunction,
        minute: Minute,
    ) -> Vec<Sample<'a>> {
        match &function.story {
            Some(story) => self.invocations(account, function, story, minute, SAMPLED),
            None => Vec::new(),
        }
    }

    /// What a function did in a minute: of failures, of what was fine and of what was refused, at most so many.
    fn invocations<'a>(
        &'a self,
        account: &'a WorldAccount,
        function: &'a WorldFunction,
        story: &'a Story,
        minute: Minute,
        most: [u32; 3],
    ) -> Vec<Sample<'a>> {
        if function.deleted {
            return Vec::new();
        }
        let key = self.world().key(account, function);
        let counts = function.traffic.at(key, minute);
        let average = counts.datapoint(Metric::DurationAverage, key, minute).unwrap_or(20);
        let there = [counts.errors, counts.invocations.saturating_sub(counts.errors), counts.throttles];
        let kinds = [Some(story.failing), None, Some(Failing::Throttle)];
        let mut samples = Vec::new();
        for (((there, most), failing), first) in there.into_iter().zip(most).zip(kinds).zip(NUMBERS) {
            for place in 0..there.min(most) {
                let number = first + u64::from(place);
                let chance = hash::pair(hash::at(key, minute.0), 0x7ACE + number);
                let usual = f64::from(average) / 1000.0 * (0.4 + 1.2 * hash::unit(hash::mix(chance)));
                samples.push(Sample {
                    account,
                    function,
                    story,
                    failing,
                    number,
                    chance,
                    key,
                    start: minute.epoch_seconds() as f64 + (hash::unit(hash::pair(chance, 1)) * 59_000.0).floor() / 1e3,
                    took: match failing {
                        Some(Failing::Throttle) => 0.003,
                        Some(_) if story.times_out => f64::from(function.timeout),
                        Some(_) if story.fails_after.is_some() => {
                            story.fails_after.unwrap_or(usual).min(f64::from(function.timeout))
                        }
                        _ => usual.clamp(0.002, f64::from(function.timeout)),
                    },
                });
            }
        }
        samples
    }

    /// What an account knows of the trace of this id: documents of what ran in it. None where it knows nothing.
    pub(super) fn raw_trace(&self, account: &AccountId, target: &Target, id: &AwsText) -> Option<RawTrace> {
        let mut parts = id.raw().split('-');
        let (version, seconds, rest) = (parts.next()?, parts.next()?, parts.next()?);
        let second = i64::from_str_radix(seconds, 16).ok().filter(|_| version == "1" && rest.len() == 24)?;
        let minute = Minute(second.div_euclid(60));
        for place in self.world().accounts.iter().filter(|place| !place.transaction_search) {
            for function in &place.functions {
                let own = self.world().key(place, function) & KEY;
                if rest.get(..12) != Some(format!("{own:012x}").as_str()) {
                    continue;
                }
                let samples = self.samples_of(place, function, minute);
                let sample = samples.into_iter().find(|sample| sample.id() == *id)?;
                let here = function.region == target.region;
                let visible = timestamp(sample.end() + DELAY) <= self.now();
                let documents: Vec<_> = sample
                    .documents()
                    .into_iter()
                    .filter(|(owner, ..)| *owner == *account && (here || place.id != *account))
                    .map(|(_, id, document)| (id, document.to_string()))
                    .collect();
                let trace = RawTrace { id: id.clone(), documents, limit_exceeded: false };
                return (visible && !trace.documents.is_empty()).then_some(trace);
            }
        }
        None
    }

    /// Who called whom.
    pub(super) fn service_pages(
        &self,
        account: &WorldAccount,
        target: &Target,
        span: (Timestamp, Timestamp),
    ) -> Vec<Vec<Service>> {
        let mut drawing = Drawing::default();
        if !account.transaction_search {
            for function in account.functions_in(&target.region) {
                for sample in self.samples(account, function, span) {
                    drawing.add(&sample);
                }
            }
        }
        super::chunked(drawing.services(), 50)
    }
}

/// The part of a function's key that stands in ids.
const KEY: u64 = 0xffff_ffff_ffff;

fn timestamp(seconds: f64) -> Timestamp {
    let since = jiff::SignedDuration::try_from_secs_f64(seconds).unwrap_or_default();
    Timestamp::from_duration(since).unwrap_or_default()
}

impl Sample<'_> {
    fn id(&self) -> AwsText {
        let second = timestamp(self.start).as_second();
        let chance = self.chance & 0xffff_ffff;
        format!("1-{second:08x}-{:012x}{:04x}{chance:08x}", self.key & KEY, self.number).into()
    }

    /// The request's id, which its log bears as well.
    fn request(&self) -> String {
        format!("{:08x}-4d2f-4b1c-9e0a-{:012x}", self.chance >> 32, self.chance & KEY)
    }

    fn attempts(&self) -> usize {
        if self.failed() { self.story.attempts.max(1) } else { 1 }
    }

    fn failed(&self) -> bool {
        self.failing.is_some_and(|failing| failing != Failing::Throttle)
    }

    fn end(&self) -> f64 {
        self.attempt(self.attempts() - 1) + self.took + 0.016
    }

    /// When the code begins to run for the so manieth time, counted from 0.
    fn attempt(&self, number: usize) -> f64 {
        let starting = if self.is_cold() { STARTING } else { 0.0 };
        self.start + 0.004 + starting + (self.took + self.story.pause) * number as f64
    }

    /// Whether the function was started for it.
    fn is_cold(&self) -> bool {
        self.failing != Some(Failing::Throttle) && self.chance.is_multiple_of(12)
    }

    /// Where the code was, as its runtime tells it: the innermost frame first.
    fn stack(&self) -> Value {
        let runtime = self.function.runtime.as_ref().map_or("", AwsText::raw);
        let line = 20 + self.key % 200;
        let frames = if runtime.starts_with("nodejs") {
            [("/var/task/src/service.js", line, "process"), ("/var/task/index.js", 12, "handler")]
        } else if runtime.starts_with("java") {
            [
                ("Service.java", line, "com.example.Service.process"),
                ("Handler.java", 31, "com.example.Handler.handleRequest"),
            ]
        } else {
            [("/var/task/app.py", line, "process"), ("/var/task/app.py", 12, "lambda_handler")]
        };
        frames.map(|(path, line, label)| json!({"path": path, "line": line, "label": label})).into()
    }

    fn fits(&self, filter: &TraceFilter) -> bool {
        let named = filter.functions.is_empty() || filter.functions.contains(&self.function.name);
        named
            && match filter.wanted {
                Wanted::Failed => self.failed(),
                Wanted::Throttled => self.failing == Some(Failing::Throttle),
                Wanted::FailedOrThrottled => self.failing.is_some(),
                Wanted::All => true,
            }
    }

    fn said(&self, text: &AwsText) -> AwsText {
        let id = format!("{:08x}", hash::pair(self.chance, 5) & 0xffff_ffff);
        let n = (hash::pair(self.chance, 6) % 90_000 + 10_000).to_string();
        text.raw()
            .replace("{id}", &id)
            .replace("{n}", &n)
            .replace("{timeout}", &self.function.timeout.to_string())
            .into()
    }

    fn name(&self, name: &AwsText, kind: &str) -> ServiceName {
        ServiceName { name: name.clone(), kind: Some(kind.into()), account: Some(self.account.id.clone()) }
    }

    /// Whether the first service says that it failed. Lambda answers 200 where a function throws, so its own node looks
    /// fine unless somebody in front of it tells otherwise.
    fn shows(&self) -> bool {
        self.failing == Some(Failing::Throttle)
            || self.failed()
                && (self.story.times_out || self.story.caller.as_ref().is_some_and(|(_, kind)| kind.raw() == GATEWAY))
    }

    fn summary(&self) -> Summary {
        let shown = self.failing.filter(|_| self.shows());
        let mut services = Vec::new();
        services.extend(self.story.caller.iter().map(|(name, kind)| self.name(name, kind.raw())));
        services.push(self.name(&self.function.name, LAMBDA));
        if self.failing != Some(Failing::Throttle) {
            services.push(self.name(&self.function.name, FUNCTION));
            for hop in &self.story.calls {
                self.services_of(hop, &mut services);
            }
        }
        let gateway = self.story.caller.as_ref().filter(|(_, kind)| kind.raw() == GATEWAY);
        Summary {
            id: self.id(),
            start: timestamp(self.start),
            duration: self.end() - self.start,
            response_time: self.end() - self.start,
            fault: shown == Some(Failing::Fault),
            error: matches!(shown, Some(Failing::Error | Failing::Throttle)),
            throttle: shown == Some(Failing::Throttle),
            partial: false,
            status: gateway.map(|_| status(self.failing)),
            request: gateway.map(|(name, _)| format!("POST https://api.example/{}", name.raw()).into()),
            services,
            causes: self
                .failing
                .filter(|_| self.failed())
                .map(|failing| self.root_cause(failing))
                .into_iter()
                .collect(),
        }
    }

    fn services_of(&self, hop: &Hop, services: &mut Vec<ServiceName>) {
        let account = hop.account.as_ref().unwrap_or(&self.account.id);
        services.push(ServiceName { account: Some(account.clone()), ..self.name(&hop.name, hop.kind.raw()) });
        for hop in &hop.calls {
            self.services_of(hop, services);
        }
    }

    fn root_cause(&self, failing: Failing) -> RootCause {
        let service = |service: ServiceName, inferred, thrown: Option<Exception>| CauseService {
            path: vec![CauseEntity {
                name: service.name.clone(),
                remote: inferred,
                exceptions: thrown.into_iter().collect(),
            }],
            service,
            inferred,
        };
        let thrown = self
            .story
            .exception
            .as_ref()
            .map(|name| Exception { name: Some(name.clone()), message: Some(self.said(&self.story.message)) });
        let mut services = Vec::new();
        if let Some((name, kind)) = self.story.caller.as_ref().filter(|(_, kind)| kind.raw() == GATEWAY) {
            services.push(service(self.name(name, kind.raw()), false, None));
        }
        services.push(service(self.name(&self.function.name, FUNCTION), false, thrown));
        let mut next = self.story.calls.iter().find(|hop| hop.fails.is_some());
        while let Some(hop) = next {
            let account = hop.account.clone().or_else(|| Some(self.account.id.clone()));
            let thrown = hop
                .exception
                .as_ref()
                .map(|(name, message)| Exception { name: Some(name.clone()), message: Some(self.said(message)) });
            let named = ServiceName { account, ..self.name(&hop.name, hop.kind.raw()) };
            services.push(service(named, hop.kind.raw() != FUNCTION, thrown));
            next = hop.calls.iter().find(|hop| hop.fails.is_some());
        }
        RootCause { failing, services, client_impacting: self.shows() }
    }

    /// Segment documents: whose account, an id, and the document.
    fn documents(&self) -> Vec<(AccountId, AwsText, Value)> {
        Writing::of(self)
    }
}

const GATEWAY: &str = "AWS::ApiGateway::Stage";
