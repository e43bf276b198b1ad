//! `slmon functions`: which functions there are, which are watched, and which stage each has by which evidence.

use std::collections::BTreeMap;

use serde::Serialize;

use super::grid::{Column, Row, draw};
use crate::{
    domain::{
        account::{AccountId, Region},
        rules::{Stage, StageKind},
        text::{AwsText, clean, count, counted},
    },
    report::{
        Coverage, FunctionCounts, Telling,
        canvas::{BOLD, DIM, GOOD, Line, PLAIN, Page, UNKNOWN},
        text::{place, unseen_section},
    },
};

/// What `slmon functions` says. Field by field it is the documented JSON.
#[derive(Clone, Debug, Serialize)]
pub struct FunctionList {
    /// Name and version of the JSON schema.
    pub schema: &'static str,
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
        let watched = || functions.iter().filter(|row| row.watched);
        let of = |kind| watched().filter(|row| row.stage.kind == kind).count();
        let summary = FunctionCounts {
            watched: watched().count(),
            production: of(StageKind::Production),
            other: of(StageKind::Other),
            unknown: of(StageKind::Unknown),
        };
        Self { schema: "slmon.functions/1", coverage, summary, functions }
    }

    /// The documented JSON, with a newline.
    pub fn json(&self) -> String {
        crate::report::json::pretty(self)
    }

    /// A table for people, styled; whoever prints it strips the styles where they don't belong.
    pub fn text(&self, telling: &Telling) -> String {
        let mut page = Page::new(telling.width);
        if !self.functions.is_empty() {
            let rows: Vec<_> = self.functions.iter().map(FunctionRow::row).collect();
            let rest = [
                Column::text("STAGE", 0),
                Column::text("ACCOUNT", 0),
                Column::code("REGION", 0),
                Column::code("RUNTIME", 100),
            ];
            draw(&mut page, ["WATCHED", "FUNCTION"], &rest, &rows);
            page.blank();
        }
        let Coverage { targets, seen, .. } = self.coverage;
        let summary = &self.summary;
        let all_seen = self.coverage.unseen.is_empty();
        page.fill(Line::at(0))
            .item(BOLD, &counted(self.functions.len() as u64, "function"))
            .item(PLAIN, &format!("{} watched", count(summary.watched as u64)))
            .item(PLAIN, &format!("{} production", count(summary.production as u64)))
            .item(DIM, &format!("{} other", count(summary.other as u64)))
            .item(DIM, &format!("{} without a stage (never alert)", count(summary.unknown as u64)))
            .item(
                if all_seen { DIM } else { UNKNOWN },
                &format!("{} of {} seen", count(seen as u64), counted(targets as u64, "target")),
            )
            .end();
        unseen_section(&mut page, &self.coverage);
        page.finish()
    }
}

impl FunctionRow {
    fn row(&self) -> Row {
        let account = place(self.client.as_ref(), self.account_name.as_ref(), Some(&self.account), None);
        Row {
            mark: if self.watched { (GOOD, "✔ yes") } else { (DIM, "– no") },
            name: self.function.shown().into_owned(),
            cells: vec![
                format!("{} · {}", self.stage.kind.as_str(), clean(&self.stage.evidence)),
                account.join(" · "),
                self.region.to_string(),
                self.runtime.as_ref().map_or_else(|| "–".into(), |runtime| runtime.shown().into_owned()),
            ],
            below: vec![],
        }
    }
}
