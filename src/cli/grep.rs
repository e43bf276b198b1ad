//! `slmon grep`: one regular expression over the logs of everything that is watched, in all accounts at once.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use regex::{Regex, RegexBuilder};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    Refusal,
    args::{CountBy, Grep, LineFormat, Scope},
    clock, environment,
    logs::{minutes, print, settings, unseen},
    output,
    progress::Line,
    sweep::{self, Ending},
};
use crate::{
    config::Flags,
    domain::{
        logs::{LogEvent, pattern, secrets},
        text::counted,
    },
    engine::{
        End,
        lines::{followed, search},
    },
    report::{
        self,
        lines::{By, Counts, SCHEMA, Telling, UnreadRow, Whose, ranked},
        unmatched,
    },
};

/// Found.
pub(super) const FOUND: u8 = 0;
/// Nothing was found, and all was searched.
pub(super) const NONE: u8 = 1;
/// Nothing was found, and not all could be searched.
pub(super) const UNKNOWN: u8 = 3;
/// Somebody interrupted it.
pub(super) const INTERRUPTED: u8 = 130;
/// How far back is looked where nobody says it.
const SINCE: &str = "1h";
/// Minutes from which on lines tell their day.
const DATED: i64 = 720;
/// A search without a deadline of its own takes as long as it takes, up to this.
pub(super) const LONGEST: std::time::Duration = std::time::Duration::from_hours(24);

/// What becomes of what is found.
struct Hits<'a> {
    args: &'a Grep,
    regex: Regex,
    telling: Telling,
    whose: &'a [Whose],
    by: BTreeMap<String, u64>,
    count: u64,
    /// Ends the search: nobody reads what it finds, or that can't be written.
    over: CancellationToken,
    /// Why it can't be written.
    refused: Option<Refusal>,
}

pub(super) async fn run(scope: &Scope, args: &Grep) -> Result<u8, Refusal> {
    if let Some(place) = &args.objects {
        return in_objects(scope, args, place).await;
    }
    if args.by == Some(CountBy::Object) {
        return Err(Refusal::usage("--by object is for s3://bucket/prefix: log events are in no object"));
    }
    let minutes = minutes(args.since.as_deref().unwrap_or(SINCE))?;
    let regex = compiled(args)?;
    let start = sweep::start(scope, Flags::default())?;
    let ending = Ending::on_signals();
    let until = Instant::now() + if scope.deadline.is_some() { start.config().alert.deadline } else { LONGEST };
    let swept = sweep::sweep_until(&start, scope, settings(&start), "grep", &ending).await;
    if swept.end == End::Interrupted {
        return Ok(INTERRUPTED);
    }
    for unmatched in unmatched(&swept.fleet, false) {
        output::say(&format!("slmon: {}", unmatched.sentence));
    }
    let all = followed(&swept.fleet);
    let unseen = unseen(&start, &swept.fleet);
    let whose: Vec<Whose> = all.iter().map(|one| Whose::new(&one.target, &one.function, &one.group)).collect();
    let now = clock::now();
    let span = (now.checked_sub(SignedDuration::from_mins(minutes)).unwrap_or(now), now);
    let case = if args.ignore_case { "(?i)" } else { "" };
    let narrowed = pattern::literals(&format!("{case}{}", args.pattern)).map(|texts| pattern::any_of(&texts));
    if narrowed.is_none() && environment::stderr_is_terminal() {
        output::say("slmon: the pattern has no text that must be there, so every line is fetched and judged here");
    }
    let telling = Telling::new(whose.clone(), minutes >= DATED, args.no_mask);
    let over = CancellationToken::new();
    let mut hits =
        Hits { args, regex, telling, whose: &whose, by: BTreeMap::new(), count: 0, over: over.clone(), refused: None };
    let line = Line::new("grep", environment::progress_columns(&start.variables));
    let (failures, interrupted) = {
        let searching = search(&*swept.source, &all, span, narrowed.as_deref(), until, |place, events, searched| {
            hits.take(place, events, &line);
            line.say(format!(
                "grep: {} found in {}, {} of {} stretches searched",
                counted(hits.count, "event"),
                counted(all.len() as u64, "log"),
                searched.done,
                searched.all
            ));
        });
        tokio::select! {
            failures = searching => (failures, false),
            () = ending.cancel.cancelled() => (Vec::new(), true),
            () = over.cancelled() => (Vec::new(), false),
        }
    };
    drop(line);
    ending.swept();
    if over.is_cancelled() {
        return hits.refused.take().map_or(Ok(FOUND), Err);
    }
    let gone =
        |failure: &crate::domain::failure::Failure| failure.message.raw().starts_with("ResourceNotFoundException");
    let unread: Vec<_> = failures.into_iter().filter(|(_, failure)| !gone(failure)).collect();
    let unread: Vec<_> = unread.into_iter().map(|(place, failure)| (&whose[place], failure)).collect();
    let unread = UnreadRow::of(&unread);
    for row in &unread {
        output::say(&format!("slmon: {}", row.sentence()));
    }
    let complete = unread.is_empty() && unseen == 0 && !all.is_empty();
    if all.is_empty() {
        output::say("slmon: no watched function in scope: `slmon functions` lists what there is");
    }
    let count = hits.count;
    if hits.counts() {
        output::stream(&hits.counted(span, unread, interrupted))?;
    }
    Ok(match (interrupted, count) {
        (true, _) => INTERRUPTED,
        (_, 0) if complete => NONE,
        (_, 0) => UNKNOWN,
        _ => FOUND,
    })
}

#[cfg(feature = "s3")]
async fn in_objects(scope: &Scope, args: &Grep, place: &str) -> Result<u8, Refusal> {
    super::objects::run(scope, args, place).await
}

#[cfg(not(feature = "s3"))]
#[expect(clippy::unused_async, reason = "it is awaited where it does something")]
async fn in_objects(_: &Scope, _: &Grep, _: &str) -> Result<u8, Refusal> {
    Err(Refusal::usage("this slmon was built without S3: build it with `cargo build --release --features s3`"))
}

/// The pattern, in which `^` and `$` mean lines.
pub(super) fn compiled(args: &Grep) -> Result<Regex, Refusal> {
    let mut builder = RegexBuilder::new(&args.pattern);
    builder.case_insensitive(args.ignore_case).multi_line(true);
    builder.build().map_err(|error| Refusal::usage(format!("the pattern is no regular expression: {error}")))
}

impl Hits<'_> {
    fn counts(&self) -> bool {
        self.args.count || self.args.by.is_some() || self.args.count_by.is_some()
    }

    fn take(&mut self, place: usize, events: Vec<LogEvent>, line: &Line) {
        let mut lines = Vec::new();
        for event in events {
            let Some(found) = self.regex.captures(event.text.raw()) else { continue };
            self.count += 1;
            if let Some(template) = &self.args.count_by {
                let mut key = String::new();
                found.expand(template, &mut key);
                let key = if self.args.no_mask { key } else { secrets::mask(&key).into_owned() };
                *self.by.entry(key).or_default() += 1;
            } else if let Some(by) = self.args.by {
                *self.by.entry(By::from(by).key(&self.whose[place], &event)).or_default() += 1;
            } else if !self.args.count {
                lines.push((place, event));
            }
        }
        if lines.is_empty() || self.over.is_cancelled() {
            return;
        }
        line.clear();
        match print(&self.telling, self.args.format, &lines) {
            Ok(true) => return,
            Ok(false) => {}
            Err(refusal) => self.refused = Some(refusal),
        }
        self.over.cancel();
    }

    fn counted(self, span: (Timestamp, Timestamp), unread: Vec<UnreadRow>, interrupted: bool) -> String {
        let by_time = self.args.by == Some(CountBy::Minute) && self.args.count_by.is_none();
        let grouped = self.args.by.is_some() || self.args.count_by.is_some();
        let counts = Counts {
            schema: SCHEMA,
            pattern: self.args.pattern.clone(),
            from: span.0,
            to: span.1,
            count: self.count,
            by: grouped.then(|| ranked(self.by, by_time)),
            unread,
            interrupted,
        };
        match self.args.format {
            LineFormat::Text => counts.text(),
            LineFormat::Json => report::json::pretty(&counts),
        }
    }
}

impl From<CountBy> for By {
    fn from(by: CountBy) -> Self {
        match by {
            CountBy::Function => Self::Function,
            CountBy::Minute => Self::Minute,
            CountBy::Client => Self::Client,
            // An object is no place of an event; who asks for it has been refused.
            CountBy::Account | CountBy::Object => Self::Account,
        }
    }
}
