//! `slmon accounts --doctor`: which permission is missing where, what mends it, and which roles open too easily.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::{
    domain::{
        account::{Account, AccountId, Region},
        doctor::{Door, Examination, Outcome, Tried},
        failure::Kind,
        text::{AwsText, count, counted},
    },
    report::{
        ReportScope, Telling,
        canvas::{BOLD, CRITICAL, DIM, GOOD, Line, PLAIN, Page, UNKNOWN, WARNING},
        text::{demo, place, scope},
    },
};

/// What the doctor says. Field by field it is the documented JSON.
#[derive(Clone, Debug, Serialize)]
pub struct DoctorList {
    /// Name and version of the JSON schema.
    pub schema: &'static str,
    /// What it comes to.
    pub verdict: Health,
    /// Which part of the estate it is of; none where that is all of it.
    pub scope: Option<ReportScope>,
    /// Every call that was tried, by account and region.
    pub calls: Vec<CallRow>,
    /// Every role that was assumed.
    pub roles: Vec<RoleRow>,
    /// The statements that mend what IAM denies, by accounts that lack the same.
    pub mends: Vec<Mending>,
}

/// What to add to the policy of the role in some accounts.
#[derive(Clone, Debug, Serialize)]
pub struct Mending {
    /// The accounts.
    pub accounts: Vec<AccountId>,
    /// The statements, as IAM writes them.
    pub statements: Value,
}

/// What an examination comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Every call is allowed, and no role opens too easily.
    Well,
    /// A permission is missing, or a role opens too easily.
    Ill,
    /// Something could not be told, and nothing else is wrong.
    Unknown,
}

impl Health {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Well => 0,
            Self::Ill => 1,
            Self::Unknown => 3,
        }
    }
}

/// One call that was tried.
#[derive(Clone, Debug, Serialize)]
pub struct CallRow {
    /// Whose account.
    pub client: Option<AwsText>,
    /// The account; none where an organization could not be listed.
    pub account: Option<AccountId>,
    /// Its name.
    pub account_name: Option<AwsText>,
    /// The region; none where the call is the account's.
    pub region: Option<Region>,
    /// The call as IAM names it.
    pub operation: &'static str,
    /// `allowed`, `missing`, `unknown` or `not-tried`.
    pub outcome: &'static str,
    /// Why it was not answered.
    pub kind: Option<Kind>,
    /// What AWS or the network said, or why it was not tried.
    pub message: Option<AwsText>,
    /// What to do.
    pub hint: Option<String>,
}

/// One role that was assumed.
#[derive(Clone, Debug, Serialize)]
pub struct RoleRow {
    /// Whose account.
    pub client: Option<AwsText>,
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub account_name: Option<AwsText>,
    /// `required`, `not-required`, `any`, `none` or `unknown`.
    pub external_id: &'static str,
    /// What it means and what to do; none where the role asks for its external id.
    pub hint: Option<String>,
}

impl DoctorList {
    /// The list of an examination, with what mends it.
    pub fn new(examination: &Examination, scope: Option<ReportScope>, mends: Vec<Mending>) -> Self {
        let calls: Vec<CallRow> = examination.tried.iter().map(call).collect();
        let ill = examination.tried.iter().any(Tried::is_missing)
            || examination.doors.iter().any(|(_, door)| !matches!(door, Door::Shut | Door::Unknown(_)));
        let unknown = examination.tried.is_empty()
            || examination.tried.iter().any(Tried::is_unknown)
            || examination.doors.iter().any(|(_, door)| matches!(door, Door::Unknown(_)));
        let verdict = match (ill, unknown) {
            (true, _) => Health::Ill,
            (false, true) => Health::Unknown,
            (false, false) => Health::Well,
        };
        let roles = examination.doors.iter().map(|(account, door)| role(account, door)).collect();
        Self { schema: "slmon.doctor/1", verdict, scope, calls, roles, mends }
    }

    /// The documented JSON, with a newline.
    pub fn json(&self) -> String {
        crate::report::json::pretty(self)
    }

    /// The list for people, styled. `why` says what a call is for.
    pub fn text(&self, telling: &Telling, why: &dyn Fn(&str) -> &'static str) -> String {
        let mut page = Page::new(telling.width);
        let of = |outcome: &str| self.calls.iter().filter(|row| row.outcome == outcome).count();
        let (glyph, style, word) = match self.verdict {
            Health::Well => ("✔", GOOD, "all is allowed, and every role asks for its external id"),
            Health::Ill => ("✖", CRITICAL, "something is to be mended"),
            Health::Unknown => ("?", UNKNOWN, "not all could be told"),
        };
        page.fill(Line::at(0).then(style, &format!("{glyph} "))).words(BOLD, word).end();
        page.fill(Line::at(2))
            .item(PLAIN, &format!("{} tried", counted(self.calls.len() as u64, "call")))
            .item(DIM, &format!("{} allowed", count(of("allowed") as u64)))
            .item(DIM, &format!("{} missing", count(of("missing") as u64)))
            .item(DIM, &format!("{} unknown", count(of("unknown") as u64)))
            .item(DIM, &format!("{} not tried", count(of("not-tried") as u64)))
            .item(DIM, &counted(self.roles.len() as u64, "role"))
            .end();
        for (outcome, style, glyph) in [("missing", CRITICAL, "✖"), ("unknown", UNKNOWN, "?")] {
            for (operation, rows) in by_operation(&self.calls, outcome) {
                page.blank();
                page.fill(Line::at(0).then(style, &format!("{glyph} ")))
                    .item(BOLD, operation)
                    .item(PLAIN, &format!("{outcome} in {}", counted(rows.len() as u64, "place")))
                    .item(DIM, why(operation))
                    .end();
                Self::places(&mut page, &rows);
            }
        }
        for mending in &self.mends {
            page.blank();
            let accounts = counted(mending.accounts.len() as u64, "account");
            let ids: Vec<&str> = mending.accounts.iter().take(LISTED).map(AccountId::as_str).collect();
            let more = if mending.accounts.len() > LISTED { ", …" } else { "" };
            let words = format!("Add to the policy of what reads {accounts} ({}{more}):", ids.join(", "));
            page.fill(Line::at(0)).words(BOLD, &words).end();
            for line in format!("{:#}", mending.statements).lines() {
                page.line(Line::at(2).then(PLAIN, line));
            }
        }
        self.doors(&mut page);
        scope(&mut page, self.scope.as_ref());
        demo(&mut page, telling);
        page.finish()
    }

    fn places(page: &mut Page, rows: &[&CallRow]) {
        for row in rows.iter().take(LISTED) {
            let mut line = page.fill(Line::at(4)).hang(6);
            for part in place(row.client.as_ref(), row.account_name.as_ref(), row.account.as_ref(), row.region.as_ref())
            {
                line = line.item(PLAIN, &part);
            }
            line.item(DIM, row.kind.map_or("", Kind::as_str)).end();
        }
        if rows.len() > LISTED {
            page.fill(Line::at(4))
                .words(DIM, &format!("and {} more: --format json lists all", rows.len() - LISTED))
                .end();
        }
        let mut hints: Vec<&str> = rows.iter().filter_map(|row| row.hint.as_deref()).collect();
        hints.dedup();
        if let Some(hint) = hints.first() {
            page.fill(Line::at(4).then(DIM, "→ ")).hang(6).words(PLAIN, hint).end();
        }
    }

    fn doors(&self, page: &mut Page) {
        let mut open: BTreeMap<&str, Vec<&RoleRow>> = BTreeMap::new();
        for row in &self.roles {
            if let Some(hint) = &row.hint {
                open.entry(hint).or_default().push(row);
            }
        }
        for (hint, rows) in open {
            page.blank();
            page.fill(Line::at(0).then(WARNING, "▲ "))
                .hang(2)
                .item(BOLD, &counted(rows.len() as u64, "role"))
                .item(PLAIN, hint)
                .end();
            for row in rows.iter().take(LISTED) {
                let mut line = page.fill(Line::at(4)).hang(6);
                for part in place(row.client.as_ref(), row.account_name.as_ref(), Some(&row.account), None) {
                    line = line.item(PLAIN, &part);
                }
                line.end();
            }
            if rows.len() > LISTED {
                let more = rows.len() - LISTED;
                page.fill(Line::at(4)).words(DIM, &format!("and {more} more: --format json lists all")).end();
            }
        }
    }
}

/// So many places are listed.
const LISTED: usize = 6;

fn by_operation<'a>(calls: &'a [CallRow], outcome: &str) -> BTreeMap<&'static str, Vec<&'a CallRow>> {
    let mut by: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in calls.iter().filter(|row| row.outcome == outcome) {
        by.entry(row.operation).or_default().push(row);
    }
    by
}

fn call(tried: &Tried) -> CallRow {
    let account = tried.account.as_ref();
    let (failure, not_tried) = match &tried.outcome {
        Outcome::Allowed => (None, None),
        Outcome::Failed(failure) => (Some(failure), None),
        Outcome::NotTried(why) => (None, Some(why)),
    };
    CallRow {
        client: account.and_then(|account| account.client.clone()),
        account: account.map(|account| account.id.clone()),
        account_name: account.and_then(|account| account.name.clone()),
        region: tried.region.clone(),
        operation: tried.operation,
        outcome: match (failure, not_tried) {
            (None, None) => "allowed",
            (None, Some(_)) => "not-tried",
            (Some(_), _) if tried.is_missing() => "missing",
            (Some(_), _) => "unknown",
        },
        kind: failure.map(|failure| failure.kind),
        message: failure.map(|failure| failure.message.clone()).or_else(|| not_tried.map(|why| why.as_str().into())),
        hint: failure.map(|failure| failure.hint.clone()),
    }
}

fn role(account: &Account, door: &Door) -> RoleRow {
    RoleRow {
        client: account.client.clone(),
        account: account.id.clone(),
        account_name: account.name.clone(),
        external_id: door.as_str(),
        hint: door.meaning(),
    }
}
