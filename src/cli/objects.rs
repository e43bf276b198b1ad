//! `slmon grep PATTERN s3://bucket/prefix`: one regular expression over the lines of log objects.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use regex::Regex;
use tokio::{sync::mpsc, time::Instant};

use super::{
    Refusal,
    args::{CountBy, Grep, LineFormat, Scope, SearchWith},
    clock, environment,
    grep::{FOUND, INTERRUPTED, LONGEST, NONE, UNKNOWN},
    logs::since_minutes,
    output,
    pattern::{Template, compiled},
    progress::Line,
    sweep::{self, Ending, Start},
};
use crate::{
    config::Flags,
    domain::{
        objects::Place,
        roster::Base,
        text::{AwsText, bytes, counted},
        window::Minute,
    },
    engine::objects::{Heard, Pattern, Told, search},
    report::{
        self,
        lines::ranked,
        objects::{self, Counts, SCHEMA, Unread},
    },
    source::{
        aws::Aws,
        objects::Objects,
        sim::{Sim, World},
    },
};

/// Things heard at once: what is found goes out together, and nobody waits for the last of many.
const AT_ONCE: usize = 256;

/// What becomes of what is found.
struct Hits<'a> {
    args: &'a Grep,
    place: &'a Place,
    regex: Regex,
    template: Option<Template<'a>>,
    by: BTreeMap<String, u64>,
    counts: Counts,
    found: (u64, u64),
    all_found: bool,
}

pub(super) async fn run(scope: &Scope, args: &Grep, place: &str) -> Result<u8, Refusal> {
    fits(scope, args)?;
    let base = scope.profile.clone().map_or(Base::Default, Base::Profile);
    let place = Arc::new(Place::parse(place, base).map_err(Refusal::usage)?);
    let regex = compiled(&args.pattern, args.ignore_case)?;
    let template = args.count_by.as_deref().map(|text| Template::new(text, &regex, args.no_mask)).transpose()?;
    let pattern = Pattern::new(&args.pattern, args.ignore_case)
        .map_err(|why| Refusal::usage(format!("the pattern can't be searched for in lines: {why}")))?;
    let start = sweep::start(scope, Flags::default())?;
    let since = args.since.as_deref().map(since_minutes).transpose()?;
    let since = since.and_then(|minutes| start.now.checked_sub(SignedDuration::from_mins(minutes)).ok());
    let ending = Ending::on_signals();
    let until = Instant::now() + if scope.deadline.is_some() { start.config().alert.deadline } else { LONGEST };
    let line = Line::new("grep", environment::progress_columns(&start.variables));
    let mut hits = Hits::new(args, &place, (regex, template), since);
    let (send, mut heard) = mpsc::channel(AT_ONCE);
    let searching = tokio::spawn(search(source(&start, scope), place.clone(), since, pattern, until, send));
    let mut batch = Vec::with_capacity(AT_ONCE);
    let interrupted = loop {
        let count = tokio::select! {
            count = heard.recv_many(&mut batch, AT_ONCE) => count,
            () = ending.cancel.cancelled() => break true,
        };
        if count == 0 {
            break false;
        }
        let (lines, refused) = hits.take(batch.drain(..));
        if !lines.is_empty() || !refused.is_empty() {
            line.clear();
        }
        for unread in refused {
            output::say(&format!("slmon: {}", unread.sentence(&place)));
        }
        if !output::stream(&lines)? {
            searching.abort();
            return Ok(FOUND);
        }
        line.say(hits.progress());
    };
    searching.abort();
    drop((line, heard));
    ending.swept();
    hits.end(interrupted)
}

/// Arguments that mean something for functions alone.
fn fits(scope: &Scope, args: &Grep) -> Result<(), Refusal> {
    let given = [
        ("--client", !scope.clients.is_empty()),
        ("--account", !scope.accounts.is_empty()),
        ("--region", !scope.regions.is_empty()),
        ("--function", !scope.functions.is_empty()),
        ("--tag", !scope.tags.is_empty()),
        ("--role", scope.role.is_some()),
        ("--external-id", scope.external_id.is_some()),
        ("--organization", scope.organization),
    ];
    if let Some((flag, _)) = given.iter().find(|(_, given)| *given) {
        return Err(Refusal::usage(format!(
            "{flag} is about accounts and functions, and objects are read with the credentials at hand: name others with --profile"
        )));
    }
    if args.with != SearchWith::Auto {
        return Err(Refusal::usage("--with is about logs of CloudWatch: objects are read and searched here"));
    }
    if args.max_cost.is_some() {
        return Err(Refusal::usage(
            "--max-cost is about Logs Insights: objects are read and searched here, which S3 bills by the request",
        ));
    }
    match args.by {
        None | Some(CountBy::Objects(_)) => Ok(()),
        Some(CountBy::Events(_)) => Err(Refusal::usage(
            "where and when a line of an object was written is known only to the line: count by object, or by what it says with --count-by '$1'",
        )),
    }
}

fn source(start: &Start, scope: &Scope) -> Arc<dyn Objects> {
    match scope.demo {
        Some(seed) => Arc::new(Sim::with_clock(World::demo(seed, Minute::floor(start.now)), clock::now)),
        None => Arc::new(Aws::new()),
    }
}

impl<'a> Hits<'a> {
    fn new(
        args: &'a Grep,
        place: &'a Place,
        (regex, template): (Regex, Option<Template<'a>>),
        since: Option<Timestamp>,
    ) -> Self {
        let counts = Counts {
            schema: SCHEMA,
            pattern: args.pattern.clone(),
            bucket: place.bucket.clone(),
            prefix: place.prefix.clone(),
            since,
            objects: 0,
            bytes: 0,
            count: 0,
            by: None,
            unread: Vec::new(),
            interrupted: false,
        };
        Self { args, place, regex, template, by: BTreeMap::new(), counts, found: (0, 0), all_found: false }
    }

    fn is_counted(&self) -> bool {
        self.args.count || self.args.by.is_some() || self.args.count_by.is_some()
    }

    /// Takes in what was heard: what goes to standard output now, and what could not be searched.
    fn take(&mut self, heard: impl Iterator<Item = Heard>) -> (String, Vec<Unread>) {
        let (mut lines, mut refused) = (String::new(), Vec::new());
        for heard in heard {
            match heard {
                Heard::Listed(objects, bytes, all) => {
                    self.found = (self.found.0 + objects, self.found.1 + bytes);
                    self.all_found |= all;
                }
                Heard::Line(key, told) => {
                    self.counts.count += 1;
                    match self.key(&key, &told) {
                        Some(counted) => *self.by.entry(counted).or_default() += 1,
                        None if self.args.count => {}
                        None => lines += &self.told(&key, &told),
                    }
                }
                Heard::Searched(bytes) => {
                    self.counts.objects += 1;
                    self.counts.bytes += bytes;
                }
                Heard::Unread(key, failure) => refused.push(Unread::new(Some(key), failure)),
                Heard::Unlisted(failure) => refused.push(Unread::new(None, failure)),
            }
        }
        self.counts.unread.extend(refused.iter().cloned());
        (lines, refused)
    }

    /// What a line is counted by, if by anything.
    fn key(&self, key: &AwsText, told: &Told) -> Option<String> {
        if let Some(template) = &self.template {
            let found = self.regex.captures(&told.text);
            return Some(found.map(|found| template.of(&told.text, &found)).unwrap_or_default());
        }
        self.args.by.map(|_| key.raw().to_owned())
    }

    fn told(&self, key: &AwsText, told: &Told) -> String {
        let line = objects::Line { key, number: told.number, text: &told.text, cut: told.cut };
        match self.args.format {
            LineFormat::Text => line.text(self.args.no_mask),
            LineFormat::Json => line.json(self.place, self.args.no_mask),
        }
    }

    fn progress(&self) -> String {
        let of = if self.all_found { "" } else { " and more" };
        format!(
            "grep: {} found, {} of {}{of} searched, {} of {}",
            counted(self.counts.count, "line"),
            self.counts.objects,
            counted(self.found.0, "object"),
            bytes(self.counts.bytes),
            bytes(self.found.1),
        )
    }

    fn end(mut self, interrupted: bool) -> Result<u8, Refusal> {
        self.counts.interrupted = interrupted;
        let grouped = self.args.by.is_some() || self.args.count_by.is_some();
        let by = std::mem::take(&mut self.by);
        self.counts.by = grouped.then(|| ranked(by, false));
        if self.is_counted() {
            let told = match self.args.format {
                LineFormat::Text => self.counts.text(),
                LineFormat::Json => report::json::pretty(&self.counts),
            };
            output::stream(&told)?;
        }
        let nothing = self.all_found && self.found.0 == 0 && self.counts.unread.is_empty();
        if nothing {
            let written = if self.args.since.is_some() { " that was written since then" } else { "" };
            output::say(&format!(
                "slmon: there is no object at s3://{}/{}{written}",
                self.place.bucket, self.place.prefix
            ));
        } else if environment::stderr_is_terminal() {
            output::say(&format!("slmon: {}", self.counts.sentence()));
        }
        if interrupted {
            output::say("slmon: interrupted: what was found is not all there is");
        }
        Ok(match (interrupted, self.counts.count) {
            (true, _) => INTERRUPTED,
            (_, 0) if self.counts.unread.is_empty() && !nothing => NONE,
            (_, 0) => UNKNOWN,
            _ => FOUND,
        })
    }
}
