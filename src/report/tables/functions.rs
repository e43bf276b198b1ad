//! `slmon functions`: which functions there are, which are watched, and which stage each has by which evidence.

use std::collections::BTreeMap;

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::{
    domain::{
        account::{AccountId, Region},
        function::table_name,
        rules::{Stage, StageKind},
        text::{AwsText, clean, count, counted},
        window::Minute,
    },
    report::{
        Coverage, FunctionCounts, ReportScope, Telling,
        canvas::{BOLD, DIM, GOOD, Line, PLAIN, Page, UNKNOWN},
        text::{accepted_section, demo, place, scope, unseen_section},
    },
};

/// What `slmon functions` says. Field by field it is the documented JSON.
#[derive(Clone, Debug, Serialize)]
pub struct FunctionList {
    /// Name and version of the JSON schema.
    pub schema: &'static str,
    /// Which part of the estate it is of; none where that is all of it.
    pub scope: Option<ReportScope>,
    /// What was seen of what there is to see.
    pub coverage: Coverage,
    /// Watched functions by stage.
    pub summary: FunctionCounts,
    /// The functions.
    pub functions: Vec<FunctionRow>,
}

/// One function and what the rules make of it.
#[derive(Clone, Debug, Serialize)]
pub struct FunctionRow {
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
    /// Its ARN.
    pub arn: AwsText,
    /// Whether it is watched.
    pub watched: bool,
    /// Its stage and the evidence.
    pub stage: Stage,
    /// All its tags.
    pub tags: BTreeMap<AwsText, AwsText>,
    /// The runtime's identifier; none for container images and where it was not read.
    pub runtime: Option<AwsText>,
}

impl FunctionList {
    /// The list of these functions, in this order.
    pub fn new(coverage: Coverage, functions: Vec<FunctionRow>) -> Self {
        let is_function = |row: &&FunctionRow| table_name(row.function.raw()).is_none();
        let watched = || functions.iter().filter(is_function).filter(|row| row.watched);
        let of = |kind| watched().filter(|row| row.stage.kind == kind).count();
        let summary = FunctionCounts {
            watched: watched().count(),
            production: of(StageKind::Production),
            other: of(StageKind::Other),
            unknown: of(StageKind::Unknown),
        };
        Self { schema: "slmon.functions/1", scope: None, coverage, summary, functions }
    }

    /// The same list, of a part of the estate.
    #[must_use]
    pub fn within(self, scope: Option<ReportScope>) -> Self {
        Self { scope, ..self }
    }

    /// The documented JSON, with a newline.
    pub fn json(&self) -> String {
        crate::report::json::pretty(self)
    }

    /// A table for people, styled; whoever prints it strips the styles where they don't belong.
    pub fn text(&self, telling: &Telling) -> String {
        let mut page = Page::new(telling.width);
        self.table(&mut page);
        let Coverage { targets, seen, .. } = self.coverage;
        let summary = &self.summary;
        let all_seen = self.coverage.unseen.is_empty();
        let tables = self.functions.iter().filter(|row| table_name(row.function.raw()).is_some()).count();
        let of_tables = (tables > 0).then(|| counted(tables as u64, "table"));
        page.fill(Line::at(0))
            .item(BOLD, &counted((self.functions.len() - tables) as u64, "function"))
            .item(PLAIN, &format!("{} watched", count(summary.watched as u64)))
            .item(PLAIN, &format!("{} production", count(summary.production as u64)))
            .item(DIM, &format!("{} other", count(summary.other as u64)))
            .item(DIM, &format!("{} without a stage (never alert)", count(summary.unknown as u64)))
            .item(
                if all_seen { DIM } else { UNKNOWN },
                &format!("{} of {} seen", count(seen as u64), counted(targets as u64, "target")),
            )
            .item(PLAIN, &of_tables.unwrap_or_default())
            .end();
        unseen_section(&mut page, &self.coverage);
        accepted_section(&mut page, &self.coverage.accepted, Minute::floor(telling.now));
        scope(&mut page, self.scope.as_ref());
        demo(&mut page, telling);
        page.finish()
    }
}

/// Between two columns.
const GAP: usize = 2;
/// Columns a page has to have for runtimes to be shown.
const RUNTIMES_FROM: usize = 100;

impl FunctionList {
    /// One line a function, under a heading for each account and region: what a target's functions share is said once.
    fn table(&self, page: &mut Page) {
        let columns = Columns::of(&self.functions, page.width());
        let mut before = None;
        for row in &self.functions {
            let target = (&row.client, &row.account, &row.region);
            if before.replace(target) != Some(target) {
                if page.is_begun() {
                    page.blank();
                } else {
                    columns.head(page);
                }
                row.heading(page);
            }
            columns.row(page, row);
        }
        if page.is_begun() {
            page.blank();
        }
    }
}

/// Where the columns begin.
struct Columns {
    /// Whether it is said of each function if it is watched.
    watched: bool,
    stage: usize,
    name: usize,
    runtime: Option<usize>,
    why: usize,
}

impl Columns {
    fn of(rows: &[FunctionRow], page: usize) -> Self {
        let watched = rows.iter().any(|row| !row.watched);
        let stage = if watched { "WATCHED".width() + GAP } else { 0 };
        let name = stage + "? production".width() + GAP;
        // A third of the page for names leaves enough for the evidence.
        let names = rows.iter().map(|row| row.function.shown().width()).filter(|width| *width <= page / 3);
        let after = name + names.max().unwrap_or_default().max("FUNCTION".width()) + GAP;
        let runtimes =
            rows.iter().filter_map(|row| row.runtime.as_ref()).map(|runtime| runtime.shown().width().min(24));
        let runtime = (page >= RUNTIMES_FROM).then_some(after);
        let why = runtime.map_or(after, |at| at + runtimes.max().unwrap_or_default().max("RUNTIME".width()) + GAP);
        Self { watched, stage, name, runtime, why }
    }

    fn head(&self, page: &mut Page) {
        let line = Line::at(0).then(DIM, if self.watched { "WATCHED" } else { "" });
        let line = line.to(self.stage).then(DIM, "STAGE").to(self.name).then(DIM, "FUNCTION");
        let line = match self.runtime {
            Some(at) => line.to(at).then(DIM, "RUNTIME"),
            None => line,
        };
        page.line(line.to(self.why).then(DIM, "WHY"));
    }

    fn row(&self, page: &mut Page, row: &FunctionRow) {
        let line = match (self.watched, row.watched) {
            (false, _) => Line::at(0),
            (true, true) => Line::at(0).then(GOOD, "✔ yes"),
            (true, false) => Line::at(0).then(DIM, "– no"),
        };
        let (style, mark) = match row.stage.kind {
            StageKind::Production if row.watched => (GOOD, "● production"),
            StageKind::Production => (DIM, "● production"),
            StageKind::Other => (DIM, "– other"),
            StageKind::Unknown => (UNKNOWN, "? unknown"),
        };
        let name = if row.watched { BOLD } else { PLAIN };
        let mut line = line.to(self.stage).then(style, mark).to(self.name).then(name, &row.function.shown());
        let next = self.runtime.unwrap_or(self.why);
        if line.width() + GAP > next {
            page.line(line);
            line = Line::at(next);
        }
        if let Some(at) = self.runtime {
            let runtime = row.runtime.as_ref().map_or("–".into(), |runtime| runtime.shown());
            line = line.to(at).then(DIM, &runtime);
            if line.width() + GAP > self.why {
                page.line(line);
                line = Line::at(self.why);
            }
        }
        page.fill(line.to(self.why)).hang(self.why).words(PLAIN, &row.why()).end();
    }
}

impl FunctionRow {
    /// The evidence; the function's own name, which stands beside it, is not said again.
    fn why(&self) -> String {
        let own = format!("name {}", self.function.shown());
        let evidence = clean(&self.stage.evidence);
        evidence.strip_prefix(&own).map_or_else(|| evidence.to_string(), |rest| format!("its name{rest}"))
    }

    fn heading(&self, page: &mut Page) {
        let place = place(self.client.as_ref(), self.account_name.as_ref(), Some(&self.account), Some(&self.region));
        let mut line = page.fill(Line::at(0));
        for part in &place {
            line = line.item(BOLD, part);
        }
        line.end();
    }
}
