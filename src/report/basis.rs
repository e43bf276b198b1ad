//! What some formats need beside what the JSON says: every production function that was judged, every target, and by
//! which rule the verdict was reached.

use super::{Report, Status, Unseen};
use crate::domain::{
    account::{AccountId, Region},
    finding::{FailOn, Judged, Severity},
    rules::StageKind,
    text::AwsText,
    window::Minute,
};

/// What a [`Report`] rests on. It is no part of the JSON.
#[derive(Clone, Debug, Default)]
pub struct Basis {
    /// From which severity on the run fails.
    pub fail_on: FailOn,
    /// Whether somebody interrupted the run.
    pub interrupted: bool,
    /// What was asked for by name and is certainly not there: a sentence each.
    pub unmatched: Vec<String>,
    /// The names of the checks, in their order.
    pub checks: Vec<&'static str>,
    /// Every watched production function that exists, by target and name.
    pub judged: Vec<JudgedRow>,
    /// Every target, by account and region; those of an account that is out of reach are not among them.
    pub targets: Vec<SeenRow>,
}

/// One production function, and what the checks make of it.
#[derive(Clone, Debug)]
pub struct JudgedRow {
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
    /// Its stage.
    pub stage: StageKind,
    /// Who looks after it.
    pub owner: Option<AwsText>,
    /// Where it is written what to do.
    pub runbook: Option<AwsText>,
    /// Until when it is muted, and who says so; to be read only where the verdict says that it is.
    pub mute: Option<(Minute, String)>,
    /// The minute in which code or configuration last changed; none where that was not read.
    pub last_modified: Option<Minute>,
    /// By check that fires, when that was against the beginning of the failing, in words.
    pub deployed: Vec<(&'static str, String)>,
    /// What the checks make of it.
    pub judged: Judged,
}

/// One target, and whether it was read whole.
#[derive(Clone, Debug)]
pub struct SeenRow {
    /// Whose account.
    pub client: Option<AwsText>,
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// Whether all that was asked of it could be read.
    pub seen: bool,
}

impl Basis {
    /// Whether something of that severity fails the run.
    pub fn fails(&self, severity: Severity) -> bool {
        match self.fail_on {
            FailOn::Critical => severity == Severity::Critical,
            FailOn::Warning => true,
            FailOn::Never => false,
        }
    }
}

impl JudgedRow {
    /// When the function last changed, against the beginning of what this check found.
    pub fn deployed(&self, check: &str) -> Option<&str> {
        self.deployed.iter().find(|(of, _)| *of == check).map(|(_, words)| words.as_str())
    }
}

impl Report {
    /// Whether it can't be told because there was no production function to judge, and for no other reason.
    pub fn is_empty_handed(&self) -> bool {
        let judged = self.functions.production.saturating_sub(self.verdicts.unknown);
        self.status == Status::Unknown && self.is_covered() && judged == 0 && self.verdicts.unknown == 0
    }

    /// What was asked for by name, is not there, and keeps the verdict from being told: a sentence each.
    pub fn lacks(&self) -> &[String] {
        if self.status == Status::Unknown { &self.basis.unmatched } else { &[] }
    }

    /// Whether all was seen, but for what is accepted, or enough of it.
    pub fn is_covered(&self) -> bool {
        self.coverage.unseen.is_empty() || self.coverage.is_enough()
    }

    /// Why it is no failure that nothing is known of a place (an account, or one region of it): it is accepted, or
    /// enough was seen without it.
    pub fn excuse(&self, account: &AccountId, region: &Region) -> Option<&'static str> {
        let at = |row: &Unseen| {
            row.account.as_ref() == Some(account) && row.region.as_ref().is_none_or(|unseen| unseen == region)
        };
        if self.coverage.accepted.iter().any(at) {
            return Some("accepted as unseen");
        }
        (self.coverage.is_enough() && self.coverage.unseen.iter().any(at)).then_some("enough was seen without it")
    }
}
