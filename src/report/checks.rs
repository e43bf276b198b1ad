//! `slmon checks`: every check, whether it is on, its limits and who set them, what it reads and what that costs.

use serde::Serialize;

use super::{
    Telling,
    canvas::{BOLD, DIM, GOOD, Line, PLAIN, Page, width},
};
use crate::domain::{
    need::{Need, Stretch},
    rules::{
        limits::{Clause, Clauses},
        more::{Number, Unit},
    },
    text::{count, minutes, percent_limit},
    usage::price,
};

/// Metrics are read for such checks each so many minutes while watching.
const WATCHED_EACH: u64 = 5;

/// What `slmon checks` says. Field by field it is the documented JSON.
#[derive(Clone, Debug, Serialize)]
pub struct CheckList {
    /// Name and version of the JSON schema.
    pub schema: &'static str,
    /// The checks, in the order of reports.
    pub checks: Vec<CheckRow>,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct CheckRow {
    /// Its name.
    pub name: &'static str,
    /// What it says, in a sentence without its full stop.
    pub about: &'static str,
    /// Whether it looks at every watched production function.
    pub on: bool,
    /// Who switched it on or off; none for one that can't be.
    pub switched_by: Option<String>,
    /// The overrides that say something else for some functions.
    pub overrides: Vec<String>,
    /// Its limits.
    pub limits: Vec<LimitRow>,
    /// What it looks at: `function` or `table`.
    pub of: &'static str,
    /// What it reads of one.
    pub reads: Vec<ReadRow>,
    /// Whether it needs the function's configuration.
    pub reads_configuration: bool,
    /// Whether it needs the account's limit of instances that run at once.
    pub reads_limit: bool,
    /// What it costs for each function.
    pub cost: Cost,
}

/// One limit of a check.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LimitRow {
    /// Its key in the configuration.
    pub key: &'static str,
    /// The number, in the unit; none for clauses, and where there is none.
    pub value: Option<f64>,
    /// What the number counts: `share`, `count`, `minutes`; none for clauses.
    pub unit: Option<&'static str>,
    /// Any of these fires; none for a number.
    pub clauses: Option<Vec<ClauseRow>>,
    /// The same in words.
    pub says: String,
    /// Who set it.
    pub set_by: String,
}

/// At least so many events, and at least such a share.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClauseRow {
    /// Events in the window.
    pub count: f64,
    /// Share of all calls, 0.0 to 1.0.
    pub rate: f64,
}

/// One metric that a check reads of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadRow {
    /// Its name in CloudWatch.
    pub metric: &'static str,
    /// Its statistic.
    pub statistic: &'static str,
    /// Minutes that are looked at; none for the window of the run.
    pub minutes: Option<i64>,
    /// Minutes of a datapoint; none for the window of the run.
    pub period: Option<i64>,
    /// Whether it is read once, of all functions of the region together.
    pub region: bool,
    /// Only where this metric has something there; none where it is always read.
    pub only_where: Option<&'static str>,
}

/// What a check costs for each function that it looks at. Metrics that several checks read are read once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// Metrics that a sweep bills at least.
    pub metrics: u64,
    /// Metrics that a sweep bills at most.
    pub at_most: u64,
    /// The same in US dollars.
    pub usd_at_most: f64,
    /// US dollars of a day of watching, at most; none where the totals of the region say most of it.
    pub day_usd_at_most: Option<f64>,
}

impl Cost {
    /// The cost of these needs; those of a check that is off unless it is named are read by themselves while watching.
    pub fn of(needs: &[Need], is_extra: bool) -> Self {
        let of_functions = || needs.iter().filter(|need| !need.region);
        let metrics = of_functions().filter(|need| need.after.is_none()).count() as u64;
        let at_most = of_functions().count() as u64;
        let usd = |metrics: u64| (price(metrics as f64) * 1e7).round() / 1e7;
        let day_usd_at_most = is_extra.then(|| usd(at_most * 1440 / WATCHED_EACH));
        Self { metrics, at_most, usd_at_most: usd(at_most), day_usd_at_most }
    }
}

impl LimitRow {
    /// The clauses of one severity, of events with this name.
    pub fn of_clauses(key: &'static str, noun: &str, clauses: &Clauses) -> Self {
        let any = clauses.any.iter().map(|clause| ClauseRow { count: clause.count, rate: clause.rate });
        let says: Vec<String> = clauses.any.iter().map(|clause| said(noun, clause)).collect();
        Self {
            key,
            value: None,
            unit: None,
            clauses: Some(any.collect()),
            says: if says.is_empty() { "never".into() } else { says.join(", or ") },
            set_by: clauses.set_by.to_string(),
        }
    }

    /// One number; none where there is none.
    pub fn of_number(number: Number, set: Option<(f64, &str)>) -> Self {
        let unit = match number.unit() {
            Unit::Share => "share",
            Unit::Count => "count",
            Unit::Minutes => "minutes",
        };
        let says = match (number.unit(), set) {
            (_, None) => "not said: learned".into(),
            (Unit::Share, Some((value, _))) => percent_limit(value),
            (Unit::Count, Some((value, _))) => value.to_string(),
            #[expect(clippy::cast_possible_truncation, reason = "whole minutes of at most some days")]
            (Unit::Minutes, Some((value, _))) => minutes(value as i64),
        };
        let set_by = set.map_or("default", |(_, by)| by).to_owned();
        Self { key: number.key(), value: set.map(|(value, _)| value), unit: Some(unit), clauses: None, says, set_by }
    }
}

/// `3 errors and a share of 5 %`.
fn said(noun: &str, clause: &Clause) -> String {
    let events = if clause.count <= 1.0 { format!("1 {noun}") } else { format!("{} {noun}s", clause.count) };
    if clause.rate > 0.0 { format!("{events} and a share of {}", percent_limit(clause.rate)) } else { events }
}

impl ReadRow {
    /// What a need reads.
    pub fn of(need: &Need) -> Self {
        let (minutes, period) = match need.stretch {
            Stretch::Window => (None, None),
            Stretch::Back { minutes, period } | Stretch::Ran { minutes, period } => (Some(minutes), Some(period)),
        };
        Self {
            metric: need.metric.as_str(),
            statistic: need.metric.statistic(),
            minutes,
            period,
            region: need.region,
            only_where: need.after.map(crate::domain::series::Metric::as_str),
        }
    }

    /// `Errors (Sum) of 3 d in points of 5 min`.
    pub fn says(&self) -> String {
        let mut text = format!("{} ({})", self.metric, self.statistic);
        if let (Some(length), Some(period)) = (self.minutes, self.period) {
            text.push_str(" of ");
            text.push_str(&minutes(length));
            if period > 1 {
                text.push_str(" in points of ");
                text.push_str(&minutes(period));
            }
        }
        if self.region {
            text.push_str(" of the region as a whole");
        }
        if let Some(other) = self.only_where {
            text.extend([" where ", other, " has any"]);
        }
        text
    }
}

impl CheckRow {
    /// `on`, `off`, `on for some`: in one word or some.
    pub fn state(&self) -> &'static str {
        match (self.on, self.overrides.is_empty()) {
            (true, _) => "on",
            (false, true) => "off",
            (false, false) => "off, but for some",
        }
    }

    /// What it costs, in a sentence without its full stop.
    pub fn costs(&self) -> String {
        let Cost { metrics, at_most, day_usd_at_most, .. } = self.cost;
        let metrics = if metrics == at_most { count(metrics) } else { format!("{metrics} to {at_most}") };
        let of = self.of;
        let noun = if at_most == 1 { "metric" } else { "metrics" };
        match day_usd_at_most {
            Some(usd) if self.reads.iter().any(|read| read.region) => {
                format!(
                    "{metrics} {noun} a {of} and sweep, and one a region; watching, at most {} a day each",
                    cents(usd)
                )
            }
            Some(usd) => format!("{metrics} {noun} a {of} and sweep; watching, at most {} a day", cents(usd)),
            None => format!("{metrics} {noun} a {of} and sweep; watching, as good as none where nothing fails"),
        }
    }

    /// Its limits in words, with who set what is not as usual.
    pub fn limits_said(&self) -> Vec<String> {
        let of = |limit: &LimitRow| {
            let by = if limit.set_by == "default" { String::new() } else { format!(" (from {})", limit.set_by) };
            format!("{} {}{by}", limit.key, limit.says)
        };
        self.limits.iter().map(of).collect()
    }
}

/// Dollars of a day for one function, to a tenth of a cent.
fn cents(usd: f64) -> String {
    format!("${usd:.4}")
}

impl CheckList {
    /// The list of these checks.
    pub fn new(checks: Vec<CheckRow>) -> Self {
        Self { schema: "slmon.checks/1", checks }
    }

    /// The documented JSON, with a newline.
    pub fn json(&self) -> String {
        super::json::pretty(self)
    }

    /// A page for people, styled; whoever prints it strips the styles where they don't belong.
    pub fn text(&self, telling: &Telling) -> String {
        let mut page = Page::new(telling.width);
        let names = self.checks.iter().map(|check| width(check.name)).max().unwrap_or(0) + 2;
        for check in &self.checks {
            if page.is_begun() {
                page.blank();
            }
            let style = if check.on { GOOD } else { DIM };
            let head = Line::at(0).then(BOLD, check.name).to(names).then(style, check.state());
            let by = check.switched_by.as_deref().filter(|by| *by != "default").map(|by| format!("by {by}"));
            let head = if by.is_some() { head.then(PLAIN, " ") } else { head };
            page.fill(head).item(DIM, &by.unwrap_or_default()).end();
            page.fill(Line::at(2)).words(PLAIN, check.about).end();
            let row = |label: &str| Line::at(2).then(DIM, label).to(LABELS);
            let limits = check.limits_said();
            limits.iter().fold(page.fill(row("limits")), |fill, text| fill.item(PLAIN, text)).end();
            if !check.overrides.is_empty() {
                page.fill(row("but")).words(PLAIN, &check.overrides.join(", ")).end();
            }
            let reads = check.reads.iter().map(ReadRow::says);
            let reads = reads.chain(check.reads_configuration.then(|| "the function's timeout".to_owned()));
            let reads = reads.chain(check.reads_limit.then(|| "the account's limit".to_owned()));
            reads.fold(page.fill(row("reads")), |fill, text| fill.item(PLAIN, &text)).end();
            page.fill(row("costs")).words(PLAIN, &check.costs()).end();
        }
        page.blank();
        page.fill(Line::at(0))
            .words(DIM, "A check that is off: on = true in its table, [checks.burn], in an [[override]], or slmon alert --check burn.")
            .end();
        page.finish()
    }
}

/// The column where what belongs to a label begins.
const LABELS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::series::Metric;

    #[test]
    fn a_metric_is_billed_as_often_as_it_is_read() {
        let back = Stretch::Back { minutes: 4320, period: 5 };
        let needs = [Need::of(Metric::Errors, back), Need::of(Metric::Invocations, back).after(Metric::Errors)];
        let cost = Cost::of(&needs, true);
        assert_eq!((cost.metrics, cost.at_most), (1, 2));
        assert!((cost.usd_at_most - 0.00002).abs() < 1e-12);
        assert!(cost.day_usd_at_most.is_some_and(|usd| (usd - 0.00576).abs() < 1e-9));
        assert_eq!(ReadRow::of(&needs[1]).says(), "Invocations (Sum) of 3 d in points of 5 min where Errors has any");
    }

    #[test]
    fn limits_are_said_with_their_nouns() {
        let clauses = Clauses::new([Clause::new(3.0, 0.05), Clause::new(1.0, 0.0)], "default");
        assert_eq!(LimitRow::of_clauses("critical", "error", &clauses).says, "3 errors and a share of 5 %, or 1 error");
        assert_eq!(LimitRow::of_clauses("critical", "error", &Clauses::new([], "config")).says, "never");
        assert_eq!(LimitRow::of_number(Number::BurnObjective, Some((0.9995, "config"))).says, "99.95 %");
        assert_eq!(LimitRow::of_number(Number::SilentExpect, None).value, None);
    }
}
