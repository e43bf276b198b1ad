//! `slmon accounts`: which accounts and regions are read, how far each could be, and what to do where it could not.

use std::collections::BTreeSet;

use serde::Serialize;

use super::grid::{Column, Row, draw};
use crate::{
    domain::{
        account::{AccountId, Region},
        failure::Kind,
        text::{AwsText, count, counted, millis},
        window::Minute,
    },
    report::{
        Coverage, ReportScope, Telling, Unseen,
        canvas::{BOLD, DIM, GOOD, Line, PLAIN, Page, UNKNOWN, WARNING},
        text::{accepted_section, demo, place, scope},
    },
};

/// What `slmon accounts` says. Field by field it is the documented JSON.
#[derive(Clone, Debug, Serialize)]
pub struct AccountList {
    /// Name and version of the JSON schema.
    pub schema: &'static str,
    /// Which part of the estate it is of; none where that is all of it.
    pub scope: Option<ReportScope>,
    /// All targets together.
    pub summary: AccountSummary,
    /// What of the unseen is accepted, until when and why.
    pub accepted: Vec<Unseen>,
    /// The targets.
    pub targets: Vec<TargetRow>,
}

/// All targets together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AccountSummary {
    /// Accounts that are named in the rows.
    pub accounts: usize,
    /// Accounts × regions. A row without a region stands for all of its account's.
    pub targets: usize,
    /// Targets that were read whole.
    pub seen: usize,
    /// Targets that were read in part.
    pub partial: usize,
    /// Targets that could not be read, and organizations whose accounts could not be listed.
    pub unseen: usize,
    /// Watched functions, as far as they are known.
    pub functions: usize,
    /// Of those, production.
    pub production: usize,
}

/// One target, or an account that could not be entered.
#[derive(Clone, Debug, Serialize)]
pub struct TargetRow {
    /// Whose account.
    pub client: Option<AwsText>,
    /// The account; none where an organization could not be listed.
    pub account: Option<AccountId>,
    /// Its name.
    pub account_name: Option<AwsText>,
    /// The region; none where the whole account is out.
    pub region: Option<Region>,
    /// How far it could be read.
    pub state: State,
    /// The call that failed.
    pub operation: Option<&'static str>,
    /// Why.
    pub kind: Option<Kind>,
    /// What AWS or the network said.
    pub message: Option<AwsText>,
    /// What to do.
    pub hint: Option<String>,
    /// Watched functions; none where they are not known.
    pub functions: Option<usize>,
    /// Of those, production.
    pub production: Option<usize>,
    /// How long discovery took, in milliseconds.
    pub latency_ms: Option<u64>,
}

/// How far a target could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Whole.
    Seen,
    /// In part.
    Partial,
    /// Not at all.
    Unseen,
}

impl AccountList {
    /// The list of these rows, in this order.
    pub fn new(targets: Vec<TargetRow>, coverage: Coverage) -> Self {
        let count = coverage.targets;
        let of = |state| targets.iter().filter(|row| row.state == state).count();
        let accounts: BTreeSet<_> = targets.iter().filter_map(|row| row.account.as_ref()).collect();
        let summary = AccountSummary {
            accounts: accounts.len(),
            targets: count,
            seen: of(State::Seen),
            partial: of(State::Partial),
            unseen: count.saturating_sub(of(State::Seen) + of(State::Partial)).max(of(State::Unseen)),
            functions: targets.iter().filter_map(|row| row.functions).sum(),
            production: targets.iter().filter_map(|row| row.production).sum(),
        };
        Self { schema: "slmon.accounts/1", scope: None, summary, accepted: coverage.accepted, targets }
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
        if !self.targets.is_empty() {
            let clients = self.targets.iter().any(|row| row.client.is_some());
            let mut before = None;
            let rows = self.targets.iter().map(|row| {
                let heading = clients && before.replace(&row.client) != Some(&row.client);
                let client =
                    || row.client.as_ref().map_or_else(|| "no client".into(), |client| client.shown().into_owned());
                Row { heading: heading.then(client), ..row.row() }
            });
            let rows: Vec<_> = rows.collect();
            let rest = [
                Column::code("REGION", 0),
                Column::number("WATCHED", 0),
                Column::number("PROD", 70),
                Column::number("TOOK", 100),
            ];
            draw(&mut page, ["STATE", "ACCOUNT"], &rest, &rows);
            page.blank();
        }
        let summary = &self.summary;
        let mut line = page
            .fill(Line::at(0))
            .item(BOLD, &counted(summary.accounts as u64, "account"))
            .item(PLAIN, &counted(summary.targets as u64, "target"))
            .item(PLAIN, &format!("{} seen", count(summary.seen as u64)));
        for (n, style, word) in [(summary.partial, WARNING, "partial"), (summary.unseen, UNKNOWN, "unseen")] {
            if n > 0 {
                line = line.item(style, &format!("{} {word}", count(n as u64)));
            }
        }
        line.item(DIM, &format!("{} watched", counted(summary.functions as u64, "function")))
            .item(DIM, &format!("{} production", count(summary.production as u64)))
            .end();
        accepted_section(&mut page, &self.accepted, Minute::floor(telling.now));
        scope(&mut page, self.scope.as_ref());
        demo(&mut page, telling);
        page.finish()
    }
}

impl TargetRow {
    fn row(&self) -> Row {
        let number = |n: Option<usize>| n.map_or_else(|| "?".into(), |n| count(n as u64));
        let (region, account) = match (&self.region, &self.account) {
            (Some(region), _) => (region.to_string(), None),
            (None, Some(_)) => ("all".into(), None),
            (None, None) => ("all".into(), Some("organization")),
        };
        let name = place(None, self.account_name.as_ref(), self.account.as_ref(), None).join(" ");
        let cells = vec![
            region,
            number(self.functions),
            number(self.production),
            self.latency_ms.map_or_else(|| "–".into(), millis),
        ];
        Row {
            heading: None,
            mark: match self.state {
                State::Seen => (GOOD, "✔ seen"),
                State::Partial => (WARNING, "▲ partial"),
                State::Unseen => (UNKNOWN, "? unseen"),
            },
            name: account.map_or(name, String::from),
            cells,
            below: self.failure(),
        }
    }

    fn failure(&self) -> Vec<(anstyle::Style, String)> {
        let what: Vec<_> = self.operation.into_iter().chain(self.kind.map(Kind::as_str)).collect();
        let message = self.message.as_ref().map(|message| message.shown().into_owned());
        let said = [what.join(" · ")].into_iter().chain(message).filter(|text| !text.trim().is_empty());
        let said = said.collect::<Vec<_>>().join(": ");
        let hint = self.hint.as_ref().map(|hint| (PLAIN, format!("→ {hint}")));
        [(DIM, said)].into_iter().chain(hint).filter(|(_, text)| !text.is_empty()).collect()
    }
}
