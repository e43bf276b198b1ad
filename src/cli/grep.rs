//! `slmon grep`: one regular expression over the logs of everything that is watched, in all accounts at once.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

use jiff::{SignedDuration, Timestamp};
use regex::Regex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    Refusal,
    args::{CountBy, EventsBy, Grep, LineFormat, Scope, SearchWith},
    clock, environment,
    explain::dollars,
    logs::{print, settings, since_minutes, unseen},
    output,
    pattern::{Template, compiled},
    progress::Line,
    sweep::{self, Ending},
    traces::api,
};
use crate::{
    config::Flags,
    domain::{
        account::Target,
        failure::Failure,
        logs::{LogEvent, carry, estimate::With, pattern},
        text::{bytes, counted, usd},
        usage::{DOLLARS_PER_BYTE, Usage},
    },
    engine::{
        End,
        lines::{Hunted, Open, Purse, Searched, Spending, Wanted, followed, hunt, plan},
    },
    report::{
        self, Api, Unseen,
        lines::{By, Counts, ReadBy, SCHEMA, Telling, UnreadRow, Whose, ranked},
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
/// What Logs Insights may cost where nobody says it, in dollars.
const MAX_COST: &str = "0.10";
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
    /// What they are counted by.
    by: Option<By>,
    /// The same, of what the pattern has found.
    template: Option<Template<'a>>,
    counted: BTreeMap<String, u64>,
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
    let by = match args.by {
        Some(CountBy::Objects(_)) => {
            return Err(Refusal::usage("--by object is for s3://bucket/prefix: log events are in no object"));
        }
        Some(CountBy::Events(by)) => Some(By::from(by)),
        None => None,
    };
    let minutes = since_minutes(args.since.as_deref().unwrap_or(SINCE))?;
    let regex = compiled(&args.pattern, args.ignore_case)?;
    let template = args.count_by.as_deref().map(|text| Template::new(text, &regex, args.no_mask)).transpose()?;
    let purse = Purse::new(dollars(args.max_cost.as_deref().unwrap_or(MAX_COST))?);
    let narrowed = Narrowed::new(args);
    if args.with == SearchWith::Insights && narrowed.regex.is_none() {
        let said = "--with insights: nothing of this pattern can be asked of Logs Insights, which would hand out every line; --with filter does";
        return Err(Refusal::usage(said));
    }
    let start = sweep::start(scope, Flags::default())?;
    let ending = Ending::on_signals();
    let until = Instant::now() + if scope.deadline.is_some() { start.config().alert.deadline } else { LONGEST };
    let swept = sweep::sweep_until(&start, scope, settings(&start), "grep", &ending).await;
    if swept.end == End::Interrupted {
        return Ok(nothing_searched());
    }
    for unmatched in unmatched(&swept.fleet, false) {
        output::say(&format!("slmon: {}", unmatched.sentence));
    }
    let all = followed(&swept.fleet);
    let unseen = unseen(&start, &swept.fleet);
    let whose: Vec<Whose> = all.iter().map(|one| Whose::new(&one.target, &one.function, &one.group)).collect();
    let now = clock::now();
    let span = (now.checked_sub(SignedDuration::from_mins(minutes)).unwrap_or(now), now);
    if narrowed.filter.is_none() && !all.is_empty() && args.with != SearchWith::Insights {
        output::say(
            "slmon: nothing of this pattern can be asked of CloudWatch Logs, so every line is fetched and judged here",
        );
    }
    let wanted = Wanted {
        span,
        now,
        filter: narrowed.filter.as_deref(),
        regex: narrowed.regex.as_deref(),
        with: args.with.into(),
    };
    let planned = plan(&*swept.source, &all, &wanted, &purse, until);
    let plan = tokio::select! {
        plan = planned => plan,
        () = ending.cancel.cancelled() => return Ok(nothing_searched()),
    };
    for told in &plan.told {
        output::say(&format!("slmon: {told}"));
    }
    let mut telling = Telling::new(whose.clone(), minutes >= DATED, args.no_mask);
    telling.written = true;
    let over = CancellationToken::new();
    let hits = Hits {
        args,
        regex,
        telling,
        whose: &whose,
        by,
        template,
        counted: BTreeMap::new(),
        count: 0,
        over: over.clone(),
        refused: None,
    };
    let line = Line::new("grep", environment::progress_columns(&start.variables));
    let finding = Finding { hits: RefCell::new(hits), line, logs: all.len(), searched: Cell::default() };
    let open = Open::default();
    let (hunted, interrupted) = {
        let spending = Spending { purse: &purse, open: &open };
        let searching = hunt(&*swept.source, (&all, &plan), &wanted, spending, until, |place, events, searched| {
            finding.take(place, events, searched);
        });
        tokio::select! {
            hunted = searching => (hunted, false),
            () = ending.cancel.cancelled() => (Hunted::default(), true),
            () = over.cancelled() => (Hunted::default(), false),
        }
    };
    let Finding { hits, line, searched, .. } = finding;
    let mut hits = hits.into_inner();
    drop(line);
    let stopped = open.count();
    for (queries, targets, failure) in unstopped(open.stop_all(&*swept.source).await) {
        output::say(&format!(
            "slmon: {} could not be stopped in {targets} ({}): what goes on costs what it looks through: {}",
            counted(queries, "query"),
            failure.kind.as_str(),
            failure.message.shown()
        ));
    }
    if interrupted {
        let Searched { done, all: parts, .. } = searched.get();
        let how_far = match done {
            0 => "before any part was searched to its end".to_owned(),
            _ => format!("when {done} of {} were searched", counted(parts as u64, "part")),
        };
        let queries = match stopped {
            0 => String::new(),
            _ => format!("; {} ended early, and cost what they had looked through", counted(stopped as u64, "query")),
        };
        output::say(&format!("slmon: interrupted {how_far}: what was found is not all there is{queries}"));
    }
    let instead = hunted.instead.len();
    for (logs, failure) in reasons(hunted.instead) {
        output::say(&format!(
            "slmon: {} by FilterLogEvents after all, since Logs Insights did not search them ({}): {}",
            counted(logs as u64, "log"),
            failure.kind.as_str(),
            failure.message.shown()
        ));
    }
    if searched.get().refused > 0 {
        output::say(
            "slmon: CloudWatch Logs did not take the pattern that narrows, so every line was fetched and judged here",
        );
    }
    ending.swept();
    if over.is_cancelled() {
        return hits.refused.take().map_or(Ok(FOUND), Err);
    }
    let gone = |failure: &Failure| failure.message.raw().starts_with("ResourceNotFoundException");
    let failures = plan.unread.into_iter().chain(hunted.unread);
    let unread: Vec<_> = failures.filter(|(_, failure)| !gone(failure)).collect();
    let unread: Vec<_> = unread.into_iter().map(|(place, failure)| (&whose[place], failure)).collect();
    let unread = UnreadRow::of(&unread);
    // What would cost too much is one sentence, and not one a target.
    let is_dear =
        |row: &&UnreadRow| plan.dear.as_ref().is_some_and(|it| it.message == row.message && it.hint == row.hint);
    for row in unread.iter().filter(|row| !is_dear(row)) {
        output::say(&format!("slmon: {}", row.sentence()));
    }
    if let Some(failure) = &plan.dear {
        let rows = unread.iter().filter(is_dear);
        let logs = rows.map(|row| row.functions.len() as u64).sum();
        let (logs, said) = (counted(logs, "log"), failure.message.shown());
        output::say(&format!("slmon: {logs} not searched: {said}; {}", failure.hint));
    }
    let complete = unread.is_empty() && unseen.is_empty() && !all.is_empty();
    if all.is_empty() {
        output::say("slmon: no watched function in scope: `slmon functions` lists what there is");
    }
    let count = hits.count;
    if hits.counts() {
        let read_by = ReadBy {
            filter: plan.by_filter.len() + instead,
            insights: plan.batches.iter().flat_map(|batch| batch.writers.values()).flatten().count() - instead,
        };
        output::stream(&hits.counted(span, (unread, unseen, interrupted), (read_by, api(&swept.source.usage()))))?;
    }
    if !interrupted && count > 0 && environment::stderr_is_terminal() {
        let accounts: BTreeSet<_> = whose.iter().map(|one| &one.account).collect();
        output::say(&format!(
            "slmon: {} found in {} of {}",
            counted(count, "event"),
            counted(all.len() as u64, "log"),
            counted(accounts.len() as u64, "account")
        ));
    }
    if count == 0 && !interrupted && !complete && !all.is_empty() {
        output::say("slmon: nothing was found in what was searched, and not all could be: see above");
    }
    if let Some(spent) = spent(&swept.source.usage()) {
        output::say(&format!("slmon: {spent}"));
    }
    Ok(match (interrupted, count) {
        (true, _) => INTERRUPTED,
        (_, 0) if complete => NONE,
        (_, 0) => UNKNOWN,
        _ => FOUND,
    })
}

/// Interrupted before it came to searching.
fn nothing_searched() -> u8 {
    output::say("slmon: interrupted before anything was searched");
    INTERRUPTED
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

impl Hits<'_> {
    fn counts(&self) -> bool {
        self.args.count || self.by.is_some() || self.args.count_by.is_some()
    }

    fn take(&mut self, place: usize, events: Vec<LogEvent>, line: &Line) {
        let mut lines = Vec::new();
        for event in events {
            let Some(found) = self.regex.captures(event.text.raw()) else { continue };
            self.count += 1;
            if let Some(template) = &self.template {
                *self.counted.entry(template.of(event.text.raw(), &found)).or_default() += 1;
            } else if let Some(by) = self.by {
                *self.counted.entry(by.key(&self.whose[place], &event)).or_default() += 1;
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

    fn counted(
        self,
        span: (Timestamp, Timestamp),
        (unread, unseen, interrupted): (Vec<UnreadRow>, Vec<Unseen>, bool),
        (read_by, api): (ReadBy, Api),
    ) -> String {
        let by_time = self.by == Some(By::Minute) && self.args.count_by.is_none();
        let grouped = self.by.is_some() || self.args.count_by.is_some();
        let counts = Counts {
            schema: SCHEMA,
            pattern: self.args.pattern.clone(),
            from: span.0,
            to: span.1,
            count: self.count,
            by: grouped.then(|| ranked(self.counted, by_time)),
            unread,
            unseen,
            interrupted,
            read_by,
            api,
        };
        match self.args.format {
            LineFormat::Text => counts.text(),
            LineFormat::Json => report::json::pretty(&counts),
        }
    }
}

/// Where what is found goes, whoever finds it.
struct Finding<'a> {
    hits: RefCell<Hits<'a>>,
    line: Line,
    logs: usize,
    searched: Cell<Searched>,
}

impl Finding<'_> {
    fn take(&self, place: usize, events: Vec<LogEvent>, searched: Searched) {
        self.searched.set(searched);
        let mut hits = self.hits.borrow_mut();
        hits.take(place, events, &self.line);
        self.line.say(format!(
            "grep: {} found in {}, {} of {} stretches searched",
            counted(hits.count, "event"),
            counted(self.logs as u64, "log"),
            searched.done,
            searched.all
        ));
    }
}

/// The pattern as who hands out lines reads it.
struct Narrowed {
    /// A filter pattern of CloudWatch Logs: terms, or where none has to be there a regular expression of its kind.
    filter: Option<String>,
    /// A regular expression of Logs Insights.
    regex: Option<String>,
}

impl Narrowed {
    fn new(args: &Grep) -> Self {
        let pattern = if args.ignore_case { format!("(?i){}", args.pattern) } else { args.pattern.clone() };
        let terms = pattern::literals(&pattern).map(|texts| pattern::any_of(&texts));
        Self { filter: terms.or_else(|| carry::filter(&pattern)), regex: carry::insights(&pattern) }
    }
}

/// Queries that could not be stopped, by why: how many, and where.
fn unstopped(failed: Vec<(Target, Failure)>) -> Vec<(u64, String, Failure)> {
    let mut reasons: Vec<(u64, BTreeSet<String>, Failure)> = Vec::new();
    for (target, failure) in failed {
        let place = format!("{} {}", target.account.id, target.region);
        match reasons.iter_mut().find(|(.., known)| known.kind == failure.kind) {
            Some((queries, places, _)) => {
                *queries += 1;
                places.insert(place);
            }
            None => reasons.push((1, BTreeSet::from([place]), failure)),
        }
    }
    let said = |places: BTreeSet<String>| places.into_iter().collect::<Vec<_>>().join(", ");
    reasons.into_iter().map(|(queries, places, failure)| (queries, said(places), failure)).collect()
}

/// How many logs each reason is of.
fn reasons(instead: BTreeMap<usize, Failure>) -> Vec<(usize, Failure)> {
    let mut reasons: Vec<(usize, Failure)> = Vec::new();
    for failure in instead.into_values() {
        match reasons.iter_mut().find(|(_, known)| known.message == failure.message) {
            Some((logs, _)) => *logs += 1,
            None => reasons.push((1, failure)),
        }
    }
    reasons
}

/// What was spent, where that was anything.
fn spent(usage: &Usage) -> Option<String> {
    (usage.scanned > 0).then(|| {
        let price = usage.scanned as f64 * DOLLARS_PER_BYTE;
        format!("Logs Insights looked through {}, {}", bytes(usage.scanned), usd(price))
    })
}

impl From<SearchWith> for With {
    fn from(with: SearchWith) -> Self {
        match with {
            SearchWith::Auto => Self::Auto,
            SearchWith::Filter => Self::Filter,
            SearchWith::Insights => Self::Insights,
        }
    }
}

impl From<EventsBy> for By {
    fn from(by: EventsBy) -> Self {
        match by {
            EventsBy::Function => Self::Function,
            EventsBy::Minute => Self::Minute,
            EventsBy::Client => Self::Client,
            EventsBy::Account => Self::Account,
        }
    }
}
