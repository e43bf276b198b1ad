//! Lines of logs: for people, with the function's name in front and the level in colour, and as JSON, an object a line.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use anstyle::{AnsiColor, Color, Style};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{
    Api, Unseen,
    canvas::{BOLD, CRITICAL, DIM, PLAIN, WARNING, width},
};
use crate::domain::{
    account::{AccountId, Region, Target},
    failure::Failure,
    logs::{
        Level, LogEvent, LogGroup,
        line::{What, read},
        secrets,
        words::{as_written, clock, lines},
    },
    text::{AwsText, clean, count},
};

/// Whose a line is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Whose {
    /// Whose account.
    pub client: Option<AwsText>,
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub account_name: Option<AwsText>,
    /// The region.
    pub region: Region,
    /// The function's name.
    pub function: AwsText,
    /// The log group's name.
    pub log_group: AwsText,
}

impl Whose {
    /// A function of a target with its log group.
    pub fn new(target: &Target, function: &AwsText, group: &LogGroup) -> Self {
        Self {
            client: target.account.client.clone(),
            account: target.account.id.clone(),
            account_name: target.account.name.clone(),
            region: target.region.clone(),
            function: function.clone(),
            log_group: group.name.clone(),
        }
    }

    fn account(&self) -> String {
        self.account_name.as_ref().map_or_else(|| self.account.to_string(), |name| name.shown().into_owned())
    }
}

/// How lines are told.
#[derive(Clone, Debug)]
pub struct Telling {
    labels: Vec<String>,
    whose: Vec<Whose>,
    columns: usize,
    /// Whether the day is told with the time.
    pub dated: bool,
    /// Whether secrets are told as they are.
    pub secrets: bool,
    /// Whether Lambda's reports are told as they were written, rather than in words.
    pub written: bool,
}

/// The longest name that others are aligned with, in columns.
const LONGEST: usize = 64;
const COLOURS: [AnsiColor; 5] =
    [AnsiColor::Cyan, AnsiColor::Green, AnsiColor::Magenta, AnsiColor::Blue, AnsiColor::BrightCyan];

impl Telling {
    /// Lines of these functions. A name that is not one function's alone has its account behind it, its region, or both: what
    /// tells them apart.
    pub fn new(whose: Vec<Whose>, dated: bool, secrets: bool) -> Self {
        let mut named: BTreeMap<&AwsText, Vec<&Whose>> = BTreeMap::new();
        for one in &whose {
            named.entry(&one.function).or_default().push(one);
        }
        let label = |one: &Whose| {
            let (function, all) = (one.function.shown(), &named[&one.function]);
            let differ = |of: &dyn Fn(&Whose) -> String| all.iter().map(|it| of(it)).collect::<BTreeSet<_>>().len();
            let (account, region) = (Whose::account, |it: &Whose| it.region.to_string());
            match (all.len(), differ(&account), differ(&region)) {
                (1, ..) => function.into_owned(),
                (n, accounts, _) if accounts == n => format!("{function} ({})", account(one)),
                (n, 1, regions) if regions == n => format!("{function} ({})", region(one)),
                _ => format!("{function} ({} {})", account(one), region(one)),
            }
        };
        let labels: Vec<String> = whose.iter().map(label).collect();
        let columns = labels.iter().map(|label| width(label)).filter(|width| *width <= LONGEST).max().unwrap_or(0);
        Self { labels, whose, columns, dated, secrets, written: false }
    }

    /// An event as styled lines.
    pub fn text(&self, place: usize, event: &LogEvent) -> String {
        let (line, shown) = if self.written { as_written(event, self.secrets) } else { lines(event, self.secrets) };
        let day =
            if self.dated { event.at.to_zoned(TimeZone::UTC).strftime("%-d %b ").to_string() } else { String::new() };
        let (label, colour) = (&self.labels[place], COLOURS[place % COLOURS.len()]);
        let gap = " ".repeat(self.columns.saturating_sub(width(label)));
        let name = Style::new().fg_color(Some(Color::Ansi(colour)));
        let (style, level) = match line.level {
            Some(level @ (Level::Error | Level::Fatal)) => (CRITICAL, level.as_str()),
            Some(level @ Level::Warn) => (WARNING, level.as_str()),
            Some(level @ (Level::Debug | Level::Trace)) => (DIM, level.as_str()),
            Some(level) => (PLAIN, level.as_str()),
            None if line.what == What::Said => (PLAIN, ""),
            None => (DIM, ""),
        };
        let head =
            format!("{DIM}{day}{}{DIM:#} {name}{label}{name:#}{gap} {style}{level:<5}{style:#} ", clock(event.at));
        let below = " ".repeat(width(&day) + 13 + self.columns.max(width(label)) + 7);
        let mut text = String::new();
        for (at, line) in shown.iter().enumerate() {
            let begins = if at == 0 { &head } else { &below };
            // A String takes all that is written to it.
            let _ = writeln!(text, "{begins}{style}{line}{style:#}");
        }
        text
    }

    /// An event as an object on a line.
    pub fn json(&self, place: usize, event: &LogEvent) -> String {
        #[derive(Serialize)]
        struct Row<'a> {
            at: Timestamp,
            #[serde(flatten)]
            whose: &'a Whose,
            stream: &'a AwsText,
            level: Option<Level>,
            request: Option<String>,
            text: &'a str,
        }
        let line = read(event.text.raw());
        let masked = if self.secrets { event.text.raw().into() } else { secrets::mask(event.text.raw()) };
        let row = Row {
            at: event.at,
            whose: &self.whose[place],
            stream: &event.stream,
            level: line.level,
            request: line.request,
            text: &masked,
        };
        serde_json::to_string(&row).unwrap_or_default() + "\n"
    }
}

/// What hits are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The function.
    Function,
    /// The minute in which it was written.
    Minute,
    /// Whose account.
    Client,
    /// The account.
    Account,
}

impl By {
    /// What an event counts for.
    pub fn key(self, whose: &Whose, event: &LogEvent) -> String {
        match self {
            Self::Function => format!("{} {} {}", whose.account(), whose.region, whose.function.raw()),
            Self::Minute => event.at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%MZ").to_string(),
            Self::Client => whose.client.as_ref().map_or("(no client)", AwsText::raw).to_owned(),
            Self::Account => whose.account(),
        }
    }
}

/// The name and version of the JSON of a search's counts.
pub const SCHEMA: &str = "slmon.grep/1";

/// What a search counted.
#[derive(Clone, Debug, Serialize)]
pub struct Counts {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The regular expression.
    pub pattern: String,
    /// From when on was searched.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// Events that fit.
    pub count: u64,
    /// The same by what they were to be counted by; none where by nothing.
    pub by: Option<Vec<Counted>>,
    /// What could not be searched.
    pub unread: Vec<UnreadRow>,
    /// What could not be entered or read at all: nobody knows what functions there are.
    pub unseen: Vec<Unseen>,
    /// Whether somebody interrupted it.
    pub interrupted: bool,
    /// By what it was searched.
    pub read_by: ReadBy,
    /// What it asked of AWS.
    pub api: Api,
}

/// By what logs were searched: how many by each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReadBy {
    /// By `FilterLogEvents`.
    pub filter: usize,
    /// By Logs Insights.
    pub insights: usize,
}

/// So many of something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// What.
    pub key: String,
    /// How many.
    pub count: u64,
}

/// What could not be searched.
#[derive(Clone, Debug, Serialize)]
pub struct UnreadRow {
    /// Whose account.
    pub client: Option<AwsText>,
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub account_name: Option<AwsText>,
    /// The region.
    pub region: Region,
    /// Functions.
    pub functions: Vec<AwsText>,
    /// The call that failed.
    pub operation: &'static str,
    /// Why.
    pub kind: crate::domain::failure::Kind,
    /// What AWS said.
    pub message: AwsText,
    /// What to do about it.
    pub hint: String,
}

impl UnreadRow {
    /// What could not be searched, once a target and reason.
    pub fn of(unread: &[(&Whose, Failure)]) -> Vec<Self> {
        let mut rows: Vec<Self> = Vec::new();
        for (whose, failure) in unread {
            let same = |row: &&mut Self| {
                (&row.account, &row.region, row.kind) == (&whose.account, &whose.region, failure.kind)
                    && row.hint == failure.hint
                    && row.message == failure.message
            };
            match rows.iter_mut().find(same) {
                Some(row) => row.functions.push(whose.function.clone()),
                None => rows.push(Self {
                    client: whose.client.clone(),
                    account: whose.account.clone(),
                    account_name: whose.account_name.clone(),
                    region: whose.region.clone(),
                    functions: vec![whose.function.clone()],
                    operation: failure.operation,
                    kind: failure.kind,
                    message: failure.message.clone(),
                    hint: failure.hint.clone(),
                }),
            }
        }
        rows
    }

    /// It in a sentence, fit to be shown.
    pub fn sentence(&self) -> String {
        let name = self.account_name.as_ref().map(|name| format!(" ({})", name.shown())).unwrap_or_default();
        let functions = match self.functions.as_slice() {
            [one] => one.shown().into_owned(),
            several => format!("{} functions", count(several.len() as u64)),
        };
        format!(
            "{}{name} {}: {functions} not read ({}): {}; {}",
            self.account,
            self.region,
            self.kind.as_str(),
            self.message.shown(),
            self.hint
        )
    }
}

impl Counts {
    /// The counts for people: the number, or a line for each key, the most first; minutes in their order.
    pub fn text(&self) -> String {
        counted_text(self.count, self.by.as_deref())
    }
}

/// A number alone, or a line for each key.
pub(super) fn counted_text(all: u64, by: Option<&[Counted]>) -> String {
    let Some(by) = by else { return format!("{all}\n") };
    let columns = by.iter().map(|row| count(row.count).len()).max().unwrap_or(0);
    let row = |row: &Counted| format!("{BOLD}{:>columns$}{BOLD:#}  {}\n", count(row.count), clean(&row.key));
    by.iter().map(row).collect()
}

/// Counts by key: the most first, and minutes in their order.
pub fn ranked(counts: BTreeMap<String, u64>, by_time: bool) -> Vec<Counted> {
    let mut rows: Vec<Counted> = counts.into_iter().map(|(key, count)| Counted { key, count }).collect();
    if !by_time {
        rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.key.cmp(&b.key)));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whose(account: &str, function: &str) -> Whose {
        Whose {
            client: None,
            account: AccountId::parse(account).unwrap(),
            account_name: Some("shop".into()),
            region: Region::parse("eu-west-1").unwrap(),
            function: function.into(),
            log_group: "/aws/lambda/pay".into(),
        }
    }

    fn event(text: &str) -> LogEvent {
        LogEvent { at: "2026-11-23T10:00:03.120Z".parse().unwrap(), stream: "s".into(), text: text.into(), id: None }
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn names_stand_in_front_and_what_is_below_is_indented() {
        let telling = Telling::new(vec![whose("111122223333", "pay"), whose("111122223333", "ship-it")], false, false);
        let text = plain(&telling.text(0, &event("[ERROR] KeyError: 'x'\nTraceback\u{1b}[2J\n")));
        assert_eq!(text, "10:00:03.120 pay     error KeyError: 'x'\n                           Traceback\u{fffd}[2J\n");
    }

    #[test]
    fn a_name_that_two_bear_has_its_place_behind_it_and_secrets_are_hidden() {
        let mut other = whose("444455556666", "pay");
        other.account_name = Some("shop-dev".into());
        let mut far = other.clone();
        far.region = Region::parse("us-east-1").unwrap();
        let label =
            |all: &[&Whose]| Telling::new(all.iter().map(|it| (*it).clone()).collect(), true, false).labels[1].clone();
        let one = whose("111122223333", "pay");
        assert_eq!(label(&[&one, &other]), "pay (shop-dev)");
        assert_eq!(label(&[&other, &far]), "pay (us-east-1)");
        assert_eq!(label(&[&one, &far, &other]), "pay (shop-dev us-east-1)");
        let telling = Telling::new(vec![one, other], true, false);
        let text = plain(&telling.text(1, &event("password=x1")));
        assert_eq!(text, "23 Nov 10:00:03.120 pay (shop-dev)       password=<secret>\n");
        let row: serde_json::Value = serde_json::from_str(&telling.json(1, &event("password=x1"))).unwrap();
        assert_eq!((&row["text"], &row["account"]), (&"password=<secret>".into(), &"444455556666".into()));
    }

    #[test]
    fn what_could_not_be_read_is_told_once_a_place() {
        let (one, two) = (whose("111122223333", "pay"), whose("111122223333", "ship"));
        let denied = Failure::new("logs:FilterLogEvents", crate::domain::failure::Kind::Denied, "no");
        let rows = UnreadRow::of(&[(&one, denied.clone()), (&two, denied)]);
        assert_eq!(rows.len(), 1);
        assert!(rows[0].sentence().starts_with("111122223333 (shop) eu-west-1: 2 functions not read (denied): no; "));
    }

    #[test]
    fn counts_are_ranked_and_minutes_are_not() {
        let counts = |()| BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]);
        let keys = |rows: Vec<Counted>| rows.into_iter().map(|row| row.key).collect::<String>();
        assert_eq!((keys(ranked(counts(()), false)), keys(ranked(counts(()), true))), ("ba".into(), "ab".into()));
    }
}
