//! What an examination of permissions found: each call that was tried, and each role's door. Facts, never conclusions
//! beyond them.

use std::sync::Arc;

use super::{
    account::{Account, Region},
    failure::{Failure, Kind},
};

/// How a call that was tried ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Allowed,
    /// It was not.
    Failed(Failure),
    /// There was nothing to try it on, or no time; why.
    NotTried(String),
}

/// A call that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Where; none of an organization that could not be listed.
    pub account: Option<Arc<Account>>,
    /// In which region; none where the call is the account's.
    pub region: Option<Region>,
    /// The call as IAM names it.
    pub operation: &'static str,
    /// How it ended.
    pub outcome: Outcome,
}

impl Tried {
    /// Whether somebody has to allow it: IAM or an organization's policy refused, or the region is closed.
    pub fn is_missing(&self) -> bool {
        matches!(&self.outcome, Outcome::Failed(failure) if matches!(failure.kind, Kind::Denied | Kind::Scp | Kind::RegionDisabled))
    }

    /// Whether it is IAM that refused, so that a statement mends it.
    pub fn is_denied(&self) -> bool {
        matches!(&self.outcome, Outcome::Failed(failure) if failure.kind == Kind::Denied)
    }

    /// Whether nobody can tell: the network, expired credentials, the deadline.
    pub fn is_unknown(&self) -> bool {
        matches!(&self.outcome, Outcome::Failed(_)) && !self.is_missing()
    }
}

/// Whether a role can be assumed by who does not know its external id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// It is refused without the external id, and with a wrong one.
    Shut,
    /// It is assumed without any.
    Open,
    /// It is refused without one, and assumed with any.
    AnyId,
    /// The configuration has no external id for it, and it was assumed so.
    NoId,
    /// It could not be tried.
    Unknown(Failure),
}

impl Door {
    /// The word that stands in reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Shut => "required",
            Self::Open => "not-required",
            Self::AnyId => "any",
            Self::NoId => "none",
            Self::Unknown(_) => "unknown",
        }
    }

    /// What it means, and what to do; none where all is well.
    pub fn meaning(&self) -> Option<String> {
        match self {
            Self::Shut => None,
            Self::Open => Some("the role can be assumed without its external id: add the condition StringEquals sts:ExternalId to its trust policy".into()),
            Self::AnyId => Some("the role can be assumed with any external id: have its trust policy compare sts:ExternalId with StringEquals".into()),
            Self::NoId => Some("the role asks for no external id: who gets slmon's credentials to assume a role by its ARN gets in (the confused deputy); agree on one".into()),
            Self::Unknown(failure) => Some(format!("whether the role can be assumed without its external id could not be tried: {}", failure.message.shown())),
        }
    }
}

/// What an examination found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examination {
    /// Every call, by account and region.
    pub tried: Vec<Tried>,
    /// Every role that was entered: its account, and how its door stands.
    pub doors: Vec<(Arc<Account>, Door)>,
}
