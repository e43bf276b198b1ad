//! `slmon logs`: lines of functions' logs, merged by time, and followed as they are written.

use std::{collections::BTreeSet, future::pending, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::mpsc,
    time::{Instant, interval, sleep_until},
};

use super::{
    Refusal,
    args::{LineFormat, Logs, Scope},
    clock, environment,
    explain::{dollars, no_table, of_arn},
    output,
    sweep::{self, Start, Swept},
};
use crate::{
    config::Flags,
    domain::{
        account::{AccountId, Region, Target},
        fleet::Fleet,
        logs::{LogEvent, groups::LogCut, pattern},
        rules::{Glob, span_minutes},
        text::{AwsText, clean, clock as time_of_day, counted, minutes, usd},
        usage::DOLLARS_PER_TAILED_MINUTE,
        window::{Horizon, Minute},
    },
    engine::{
        End,
        lines::{
            Followed, Heard, Open, Purse, Spending, between, follow_within, followed, infrequent, of_request, tails,
        },
        logs::{ReadEvents, is_infrequent},
        plan::{Depth, Settings},
    },
    report::{
        Unseen,
        build::coverage_of,
        lines::{Telling, UnreadRow, Whose},
        unmatched,
    },
    source::Source,
};

/// How often is looked whether anybody still reads: what nobody reads may cost something.
const LOOK: Duration = Duration::from_secs(2);
/// What Logs Insights may cost where nothing else is said, in dollars.
const QUERIES: f64 = 0.10;
/// Minutes from which on lines tell their day.
const DATED: i64 = 720;

pub(super) async fn run(scope: &Scope, args: &Logs) -> Result<u8, Refusal> {
    let back = since_minutes(&args.since)?;
    let purse = args.max_cost.as_deref().map(dollars).transpose()?.map(|dollars| Arc::new(Purse::new(dollars)));
    let (scope, meant) = &named(scope, &args.names)?;
    let start = sweep::start(scope, Flags::default())?;
    let until = Instant::now() + start.config().alert.deadline;
    let swept = enter(&start, scope, "logs").await;
    if swept.end == End::Interrupted {
        return Ok(130);
    }
    let all: Arc<Vec<Followed>> = Arc::new(followed(&swept.fleet).into_iter().filter(|one| meant.holds(one)).collect());
    let unseen = unseen(&start, &swept.fleet);
    if all.is_empty() {
        // What matches nothing has been said, where everything was seen.
        if unmatched(&swept.fleet, false).is_empty() {
            output::say("slmon: no watched function of this name was found");
        }
        output::say("slmon: `slmon functions` lists what there is");
        return Ok(3);
    }
    let whose: Vec<Whose> = all.iter().map(|one| Whose::new(&one.target, &one.function, &one.group)).collect();
    let telling = Telling::new(whose.clone(), back >= DATED, args.no_mask);
    let term = args.grep.as_ref().map(|term| pattern::quoted(term));
    let (now, source) = (clock::now(), &*swept.source);
    let from = now.checked_sub(SignedDuration::from_mins(back)).unwrap_or(now);
    let (mut found, mut rest) = match &args.request {
        Some(id) => of_request(source, &all, (from, now), id.trim(), until).await,
        None => between(source, &all, (from, now), term.as_deref(), until).await,
    };
    let queried = Queried { source, all: &all, span: (from, now), until };
    queried.instead(args, purse.as_deref(), &mut found, &mut rest).await;
    if let Some(term) = &args.grep {
        found.retain(|(_, event)| event.text.raw().contains(term.as_str()));
    }
    let missing = meant.missing(&all);
    for said in &missing {
        output::say(&format!("slmon: {said}"));
    }
    let complete = told(&rest, (&all, &whose), now) && unseen.is_empty() && missing.is_empty();
    let mut heard_before = Before::default();
    heard_before.take(&found);
    if !print(&telling, args.format, &found)? {
        return Ok(0);
    }
    if !args.follow {
        if found.is_empty() {
            output::say(&format!("slmon: {}", nothing(args, back, complete)));
        }
        return Ok(if complete { 0 } else { 3 });
    }
    let (send, mut heard) = mpsc::channel(64);
    if let Some(price) = price_of(tails(&all), purse.as_deref()) {
        output::say(&format!("slmon: {price}"));
    }
    let following = follow_within(swept.source.clone(), all, (term, purse), Arc::new(clock::now), send);
    let following = tokio::spawn(following);
    // Where somebody says when the run ends, following ends then; else somebody ends it.
    let end = async {
        match scope.deadline {
            Some(_) => sleep_until(until).await,
            None => pending().await,
        }
    };
    tokio::pin!(end);
    let mut look = interval(LOOK);
    loop {
        let said = tokio::select! {
            said = heard.recv() => said,
            () = &mut end => return Ok(if complete { 0 } else { 3 }),
            _ = look.tick() => {
                if !environment::stdout_is_read() {
                    return Ok(0);
                }
                continue;
            }
        };
        let Some(said) = said else { break };
        match said {
            Heard::Remark(remark) | Heard::Polls(remark) => output::say(&format!("slmon: {remark}")),
            Heard::Events(mut events) => {
                events.retain(|event| !heard_before.holds(event));
                if let Some(term) = &args.grep {
                    events.retain(|(_, event)| event.text.raw().contains(term.as_str()));
                }
                if !print(&telling, args.format, &events)? {
                    return Ok(0);
                }
            }
        }
    }
    let _ = following.await;
    // Nothing is left to follow: each place has said why.
    Ok(3)
}

/// What Logs Insights is asked for.
struct Queried<'a> {
    source: &'a dyn Source,
    all: &'a [Followed],
    span: (Timestamp, Timestamp),
    until: Instant,
}

impl Queried<'_> {
    /// Has Logs Insights read what it alone reads, for no more than may be spent.
    async fn instead(
        &self,
        args: &Logs,
        purse: Option<&Purse>,
        found: &mut Vec<(usize, LogEvent)>,
        rest: &mut Vec<(usize, ReadEvents)>,
    ) {
        let only = |read: &ReadEvents| read.failure.as_ref().is_some_and(is_infrequent);
        let mut places: Vec<usize> = rest.iter().filter(|(_, read)| only(read)).map(|(place, _)| *place).collect();
        places.dedup();
        if places.is_empty() {
            return;
        }
        rest.retain(|(_, read)| !only(read));
        let some: Vec<Followed> = places.iter().map(|place| self.all[*place].clone()).collect();
        let usual = Purse::new(QUERIES);
        let open = Open::default();
        let spending = Spending { purse: purse.unwrap_or(&usual), open: &open };
        let term = args.request.as_deref().map(str::trim).or(args.grep.as_deref());
        let asked = infrequent(self.source, &some, self.span, term, (spending, self.until));
        let (lines, unread, said) = tokio::select! {
            read = asked => read,
            _ = tokio::signal::ctrl_c() => Default::default(),
        };
        open.stop_all(self.source).await;
        for told in said {
            output::say(&format!("slmon: {told}"));
        }
        if args.request.is_some() {
            output::say(
                "slmon: of log groups of the class Infrequent Access only lines that bear the request's id are shown",
            );
        }
        found.extend(lines.into_iter().map(|(place, event)| (places[place], event)));
        found.sort_by_key(|(_, event)| event.at);
        rest.extend(unread.into_iter().map(|(place, read)| (places[place], read)));
    }
}

/// What following costs; none where it may cost nothing, which whoever follows says.
fn price_of(tails: usize, purse: Option<&Purse>) -> Option<String> {
    let price = tails as f64 * DOLLARS_PER_TAILED_MINUTE;
    let price = format!(
        "{} at ${price:.2} a minute beyond AWS's 1,800 free minutes a month",
        counted(tails as u64, "live tail")
    );
    match purse {
        Some(purse) if purse.dollars() <= 0.0 => None,
        Some(purse) => Some(format!("{price}, up to {}", usd(purse.dollars()))),
        None => Some(format!("{price}; --max-cost limits that")),
    }
}

/// What was read right before following began, which a live tail may tell once more.
#[derive(Default)]
struct Before(Vec<(usize, Timestamp, AwsText)>);

impl Before {
    fn take(&mut self, events: &[(usize, LogEvent)]) {
        let last = events.last().map(|(_, event)| event.at).unwrap_or_default();
        let recent = last.checked_sub(SignedDuration::from_mins(2)).unwrap_or(last);
        let recent = events.iter().rev().take_while(|(_, event)| event.at >= recent);
        self.0 = recent.map(|(place, event)| (*place, event.at, event.text.clone())).collect();
    }

    fn holds(&self, (place, event): &(usize, LogEvent)) -> bool {
        self.0.iter().any(|(known, at, text)| known == place && *at == event.at && *text == event.text)
    }
}

/// Enters every account in scope and finds what is watched there, with its log groups.
pub(super) async fn enter(start: &Start, scope: &Scope, what: &str) -> Swept {
    let swept = sweep::sweep(start, scope, settings(start), what).await;
    for unmatched in unmatched(&swept.fleet, false) {
        output::say(&format!("slmon: {}", unmatched.sentence));
    }
    swept
}

/// What of the fleet has to be known to read logs.
pub(super) fn settings(start: &Start) -> Settings {
    let (alert, now) = (&start.config().alert, start.minute());
    let horizon = Horizon::new(now.plus(-alert.settle), alert.window, now);
    Settings { horizon, depth: Depth::Discover { all: false, configurations: true } }
}

/// A span of whole minutes to look back.
pub(super) fn since_minutes(since: &str) -> Result<i64, Refusal> {
    span_minutes(since).map_err(|why| Refusal::usage(format!("--since {since}: {why}")))
}

/// Whose logs are meant.
struct Meant(Vec<Name>);

/// As somebody names functions.
enum Name {
    Glob(Glob),
    Arn(String, AccountId, Region),
}

impl Name {
    fn means(&self, one: &Followed) -> bool {
        let (function, target) = (one.function.raw(), &one.target);
        match self {
            Self::Glob(glob) => glob.is_match(function),
            Self::Arn(name, account, region) => {
                name == function && (account, region) == (&target.account.id, &target.region)
            }
        }
    }
}

impl Meant {
    fn new(names: &[String]) -> Result<Self, Refusal> {
        let name = |name: &String| {
            no_table(name)?;
            if name.starts_with("arn:") {
                let (function, account, region) = of_arn(name)?;
                return Ok(Name::Arn(function.to_owned(), account, region));
            }
            let refused = |why| Refusal::usage(format!("{}: this is no glob: {why}", clean(name)));
            Glob::new(name).map(Name::Glob).map_err(refused)
        };
        names.iter().map(name).collect::<Result<_, _>>().map(Self)
    }

    fn holds(&self, one: &Followed) -> bool {
        self.0.is_empty() || self.0.iter().any(|name| name.means(one))
    }

    /// Functions that were named by their ARNs and are not watched, as far as could be seen.
    fn missing(&self, all: &[Followed]) -> Vec<String> {
        let missing = self.0.iter().filter(|name| !all.iter().any(|one| name.means(one)));
        let said = |name: &Name| match name {
            Name::Glob(_) => None,
            Name::Arn(name, account, region) => {
                let said = format!("no watched function {} was found in {account} {region}", clean(name));
                Some(format!("{said}: `slmon functions --all` tells whether it lacks the tag"))
            }
        };
        missing.filter_map(said).collect()
    }
}

/// The scope of functions by their names, or by what their ARNs say.
fn named(scope: &Scope, names: &[String]) -> Result<(Scope, Meant), Refusal> {
    if !names.is_empty() && !scope.functions.is_empty() {
        return Err(Refusal::usage("names of functions and --function don't go together: give one of them"));
    }
    if names.is_empty() && scope.functions.is_empty() {
        return Err(Refusal::usage("whose log? Give names of functions, or --function with a glob"));
    }
    let meant = Meant::new(names)?;
    let mut scope = scope.clone();
    let mut places = Vec::new();
    for (name, meant) in names.iter().zip(&meant.0) {
        match meant {
            Name::Glob(_) => scope.functions.push(name.clone()),
            Name::Arn(function, account, region) => {
                scope.functions.push(Glob::escaped(function));
                places.push((account.to_string(), region.to_string()));
            }
        }
    }
    // Nobody else is entered where all say where they are.
    if !names.is_empty() && places.len() == names.len() {
        let (accounts, regions): (BTreeSet<String>, BTreeSet<String>) = places.into_iter().unzip();
        if scope.accounts.is_empty() {
            scope.accounts = accounts.into_iter().collect();
        }
        if scope.regions.is_empty() {
            scope.regions = regions.into_iter().collect();
        }
    }
    Ok((scope, meant))
}

/// What could not be entered or read, each of it said.
pub(super) fn unseen(start: &Start, fleet: &Fleet) -> Vec<Unseen> {
    let coverage = coverage_of(fleet, &start.config().accept_unseen, start.minute());
    for row in &coverage.unseen {
        let account = row.account.as_ref().map(ToString::to_string).unwrap_or_default();
        let region = row.region.as_ref().map(ToString::to_string).unwrap_or_default();
        let place = format!("{account} {region}");
        output::say(&format!(
            "slmon: {} not read ({}): {}; {}",
            place.trim(),
            row.kind.as_str(),
            row.message.shown(),
            row.hint
        ));
    }
    coverage.unseen
}

/// Says what could not be read of logs, or is more than is shown; and whether that was nothing. A log group that there is not
/// has no lines.
fn told(rest: &[(usize, ReadEvents)], (all, whose): (&[Followed], &[Whose]), now: Timestamp) -> bool {
    let (mut unread, mut is_cut) = (Vec::new(), false);
    for (place, read) in rest {
        let one = &all[*place];
        let group = one.group.name.shown();
        match &read.failure {
            Some(failure) if failure.message.raw().starts_with("ResourceNotFoundException") => {
                let assumed = if one.group.assumed { " (a name that is only assumed)" } else { "" };
                output::say(&format!("slmon: there is no log group {group}{assumed}: nothing was ever written"));
            }
            Some(failure) => unread.push((&whose[*place], failure.clone())),
            None => {
                is_cut = true;
                let from = read.from.map(|from| time_of_day(Minute::floor(from), Minute::floor(now)));
                let said = from.map_or_else(
                    || format!("not all lines of {group} are shown"),
                    |from| format!("only the newest lines of {group} are shown, from {from} on"),
                );
                let why = match read.cut {
                    Some(LogCut::Time) => "there was no time left for more: give it some with --deadline, or ",
                    _ => "",
                };
                let Target { account, region } = &one.target;
                output::say(&format!("slmon: {} {region}: {said}: {why}narrow it with --since or --grep", account.id));
            }
        }
    }
    for row in UnreadRow::of(&unread) {
        output::say(&format!("slmon: {}", row.sentence()));
    }
    !is_cut && unread.is_empty()
}

/// What is said where nothing was found, in all or in what could be read.
fn nothing(args: &Logs, back: i64, complete: bool) -> String {
    let back = minutes(back);
    let said = match (&args.request, &args.grep) {
        (Some(id), _) => format!("no line of request {} in {back}", clean(id.trim())),
        (None, Some(term)) => format!("no line in {back} holds {:?}", clean(term)),
        (None, None) => format!("no line in {back}"),
    };
    if complete { format!("{said}: --since looks further back") } else { format!("{said}, in what could be read") }
}

/// Prints events; whether anybody still reads them.
pub(super) fn print(telling: &Telling, format: LineFormat, events: &[(usize, LogEvent)]) -> Result<bool, Refusal> {
    let told = events.iter().map(|(place, event)| match format {
        LineFormat::Text => telling.text(*place, event),
        LineFormat::Json => telling.json(*place, event),
    });
    output::stream(&told.collect::<String>())
}
