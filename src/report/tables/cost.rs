//! `slmon cost`: what a day of watching would bill, by how much fails, and what it is made of.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::grid::{Column, Row, draw};
use crate::{
    domain::{
        account::{AccountId, Region},
        text::{AwsText, count, counted, usd},
        usage::{Spent, price},
        window::Minute,
    },
    report::{
        Coverage, ReportScope, Telling, Unseen,
        canvas::{BOLD, DIM, Line, PLAIN, Page, UNKNOWN},
        text::{demo, scope},
    },
};

/// Columns from which on metrics are told beside their price.
const WIDE: usize = 110;
/// Days of what was spent that people get to see; JSON has a month.
const DAYS: usize = 7;
/// Targets that people get to see; JSON has all.
const SHOWN: usize = 20;

/// What `slmon cost` says. Field by field it is the documented JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Cost {
    /// Name and version of the JSON schema.
    pub schema: &'static str,
    /// Which part of the estate it is of; none where that is all of it.
    pub scope: Option<ReportScope>,
    /// A day on which nothing fails.
    pub quiet: Day,
    /// A day on which whatever is not production fails all the time, and production does not.
    pub noisy: Day,
    /// A day on which everything fails all the time.
    pub all: Day,
    /// One run of `slmon alert` where nothing fails.
    pub alert: Day,
    /// What reading errors, throttles and invocations of each watched function every minute would take, for comparison.
    pub polling: Day,
    /// Of the days above, what each check adds that is on and off by default. What two of them read is billed once.
    pub checks: Vec<AddedRow>,
    /// US dollars a day that watching may cost; none without a budget.
    pub budget: Option<f64>,
    /// What `slmon watch` with this configuration has cost, a UTC day a row, the newest first; of the last month.
    pub spent: Vec<SpentRow>,
    /// Targets that could not be read: what they would cost nobody knows.
    pub unseen: Vec<Unseen>,
    /// The targets, those that cost most first.
    pub targets: Vec<CostRow>,
}

/// What a check adds to a day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AddedRow {
    /// Its name.
    pub check: &'static str,
    /// Production functions that it looks at.
    pub functions: u64,
    /// Production tables that it looks at.
    pub tables: u64,
    /// Where nothing fails.
    pub quiet: Day,
    /// Where everything fails.
    pub all: Day,
}

/// What watching has cost in a UTC day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpentRow {
    /// The day, `2026-11-23`.
    pub day: String,
    /// Requests.
    pub requests: u64,
    /// Metrics that were billed.
    pub metrics: u64,
    /// US dollars, all together.
    pub usd: f64,
}

impl SpentRow {
    /// A day that begins with this minute.
    pub fn new(day: Minute, spent: &Spent) -> Self {
        let date = day.timestamp().to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string();
        let usd = (spent.usd * 1e4).round() / 1e4;
        Self { day: date, requests: spent.requests, metrics: spent.metrics, usd }
    }
}

/// Metrics, and what they cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Day {
    /// Metrics that `GetMetricData` bills.
    pub metrics: u64,
    /// US dollars.
    pub usd: f64,
}

impl Day {
    /// So many metrics.
    pub fn of(metrics: u64) -> Self {
        Self { metrics, usd: (price(metrics as f64) * 1e4).round() / 1e4 }
    }
}

/// A day of one target.
#[derive(Clone, Debug, Serialize)]
pub struct CostRow {
    /// Whose account.
    pub client: Option<AwsText>,
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub account_name: Option<AwsText>,
    /// The region.
    pub region: Region,
    /// Production functions that are watched.
    pub production: u64,
    /// Functions that are watched and not production.
    pub others: u64,
    /// Nothing fails.
    pub quiet: Load,
    /// What is not production fails all the time.
    pub noisy: Load,
    /// Everything fails all the time.
    pub all: Load,
}

/// What is asked of a target over a day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Load {
    /// How failures are looked for: `sentinel`, `residual`, `direct`.
    pub plan: &'static str,
    /// Minutes between two readings.
    pub every_minutes: u64,
    /// Metrics that are billed.
    pub metrics: u64,
}

impl Cost {
    /// The sums over these targets, and of `alert`'s metrics.
    pub fn new(mut targets: Vec<CostRow>, alert: u64, budget: Option<f64>, coverage: Coverage) -> Self {
        targets.sort_by(|a, b| {
            (b.noisy.metrics, b.all.metrics).cmp(&(a.noisy.metrics, a.all.metrics)).then_with(|| {
                (&a.client, &a.account_name, &a.account, &a.region).cmp(&(
                    &b.client,
                    &b.account_name,
                    &b.account,
                    &b.region,
                ))
            })
        });
        let sum = |of: fn(&CostRow) -> u64| Day::of(targets.iter().map(of).sum());
        Self {
            schema: "slmon.cost/1",
            scope: None,
            quiet: sum(|row| row.quiet.metrics),
            noisy: sum(|row| row.noisy.metrics),
            all: sum(|row| row.all.metrics),
            alert: Day::of(alert),
            polling: sum(|row| 3 * 1440 * (row.production + row.others)),
            checks: Vec::new(),
            budget,
            spent: Vec::new(),
            unseen: coverage.unseen,
            targets,
        }
    }

    /// The same, of a part of the estate.
    #[must_use]
    pub fn within(self, scope: Option<ReportScope>) -> Self {
        Self { scope, ..self }
    }

    /// The same, with what checks add.
    #[must_use]
    pub fn adding(self, checks: Vec<AddedRow>) -> Self {
        Self { checks, ..self }
    }

    /// The same, and what was spent.
    #[must_use]
    pub fn having(self, spent: Vec<SpentRow>) -> Self {
        Self { spent, ..self }
    }

    /// The documented JSON, with a newline.
    pub fn json(&self) -> String {
        crate::report::json::pretty(self)
    }

    /// A page for people, styled.
    pub fn text(&self, telling: &Telling) -> String {
        let mut page = Page::new(telling.width);
        let functions = self.targets.iter().fold((0, 0), |sum, row| (sum.0 + row.production, sum.1 + row.others));
        let heading = format!(
            "A day of watching {} and {}, in {}",
            counted(functions.0, "production function"),
            counted(functions.1, "other"),
            counted(self.targets.len() as u64, "target"),
        );
        page.line(Line::at(0).then(BOLD, &heading));
        page.blank();
        let days = [
            ("nothing fails", self.quiet, "two totals of each region say so, every minute".to_owned()),
            ("dev fails all day", self.noisy, self.ways(|row| row.noisy.plan)),
            ("everything fails all day", self.all, self.ways(|row| row.all.plan)),
        ];
        for (what, day, how) in days {
            row(&mut page, what, day, &how);
        }
        let every = format!("{} a day, every 5 minutes", usd(self.alert.usd * 288.0));
        row(&mut page, "one slmon alert", self.alert, &every);
        row(&mut page, "polling, to compare", self.polling, "three metrics of each function, every minute");
        page.blank();
        if !self.checks.is_empty() {
            page.line(Line::at(0).then(BOLD, "Of that, the checks that are switched on"));
            for added in &self.checks {
                let most =
                    if added.all == added.quiet { String::new() } else { format!(", at most {}", usd(added.all.usd)) };
                let looks = match added.tables {
                    0 => counted(added.functions, "function"),
                    tables => counted(tables, "table"),
                };
                row(&mut page, added.check, added.quiet, &format!("{looks}{most}"));
            }
            page.blank();
        }
        if !self.spent.is_empty() {
            page.line(Line::at(0).then(BOLD, "What slmon watch has cost, by UTC day"));
            for spent in self.spent.iter().take(DAYS) {
                let how = format!("{} in {}", counted(spent.metrics, "metric"), counted(spent.requests, "request"));
                row(&mut page, &spent.day, Day { metrics: spent.metrics, usd: spent.usd }, &how);
            }
            page.blank();
        }
        if let Some(budget) = self.budget {
            page.fill(Line::at(0)).words(PLAIN, &self.held(budget)).end();
            page.blank();
        }
        if !self.targets.is_empty() {
            self.table(&mut page);
            page.blank();
        }
        if !self.unseen.is_empty() {
            let unseen = counted(self.unseen.len() as u64, "target or account");
            let said = format!("{unseen} could not be read, so this is not all of it: `slmon accounts` says why.");
            page.fill(Line::at(0)).words(UNKNOWN, &said).end();
            page.blank();
        }
        let note = "Metrics at $0.01 for 1,000, the price of us-east-1. Finding functions and reading logs around a failure cost \
             nothing. Beside it: X-Ray's traces, at most $0.10 an hour and only while somebody looks at them; live tails of \
             logs, $0.01 a minute and session. `budget` in [watch] holds a day to a sum.";
        page.fill(Line::at(0)).words(DIM, note).end();
        scope(&mut page, self.scope.as_ref());
        demo(&mut page, telling);
        page.finish()
    }

    /// How many targets are watched in which way.
    fn ways(&self, plan: impl Fn(&CostRow) -> &'static str) -> String {
        let words = [
            ("sentinel", "sentinel"),
            ("residual", "residual (totals less what always fails)"),
            ("direct", "direct (function by function)"),
        ];
        let told = words.iter().filter_map(|(name, words)| {
            let count = self.targets.iter().filter(|row| plan(row) == *name).count();
            (count > 0).then(|| format!("{count} {words}"))
        });
        told.collect::<Vec<_>>().join(", ")
    }

    fn held(&self, budget: f64) -> String {
        let more = |day: Day| day.usd > budget;
        let sum = format!("{} a day", usd(budget));
        match (more(self.quiet), more(self.noisy)) {
            (true, _) => format!(
                "The budget of {sum} is less than a quiet day: every reading is stretched, and news comes later."
            ),
            (_, true) => {
                format!("The budget of {sum} holds on a quiet day; where dev fails all day, readings are stretched.")
            }
            _ if more(self.all) => {
                format!("The budget of {sum} holds unless production fails widely; then readings are stretched.")
            }
            _ => format!("The budget of {sum} holds whatever fails."),
        }
    }

    fn table(&self, page: &mut Page) {
        let rows: Vec<Row> = self
            .targets
            .iter()
            .take(SHOWN)
            .map(|row| {
                let cost = |load: Load| usd(price(load.metrics as f64));
                Row {
                    heading: None,
                    mark: (PLAIN, row.noisy.plan),
                    name: row
                        .account_name
                        .as_ref()
                        .map_or_else(|| row.account.to_string(), |name| name.shown().into_owned()),
                    cells: vec![
                        row.region.to_string(),
                        count(row.production),
                        count(row.others),
                        cost(row.quiet),
                        cost(row.noisy),
                        cost(row.all),
                    ],
                    below: Vec::new(),
                }
            })
            .collect();
        let rest = [
            Column::code("REGION", 0),
            Column::number("PROD", 60),
            Column::number("OTHER", 70),
            Column::number("QUIET", 0),
            Column::number("DEV FAILS", 0),
            Column::number("ALL FAILS", 80),
        ];
        draw(page, ["PLAN", "ACCOUNT"], &rest, &rows);
        if self.targets.len() > SHOWN {
            let rest = counted((self.targets.len() - SHOWN) as u64, "target");
            page.line(Line::at(0).then(DIM, &format!("and {rest} more that cost less: --format json has all")));
        }
    }
}

/// A day, its price and why; on a page that is wide enough its metrics, too.
fn row(page: &mut Page, what: &str, day: Day, how: &str) {
    let mut line = Line::at(0).then(PLAIN, what).to(24);
    if page.width() >= WIDE {
        line = line.then(DIM, &format!("{:>12} metrics", count(day.metrics)));
    }
    line = line.then(BOLD, &format!("{:>12}  ", usd(day.usd)));
    let column = line.width();
    page.fill(line).hang(column).words(DIM, how).end();
}
