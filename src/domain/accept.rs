//! What is known to be out of reach, and accepted as that until an end: `[[accept_unseen]]`.

use super::{
    account::{Account, Region},
    rules::Glob,
    window::Minute,
};

/// Targets known to be out of reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptUnseen {
    /// The account's id or name.
    pub account: Glob,
    /// The region; none means all of them, and the account as a whole.
    pub region: Option<Glob>,
    /// It is accepted till then.
    pub until: Minute,
    /// Why.
    pub reason: String,
}

impl AcceptUnseen {
    /// Whether it speaks of an account, in whatever region.
    pub fn names(&self, account: &Account) -> bool {
        let named = account.name.as_ref().is_some_and(|name| self.account.is_match(name.raw()));
        named || self.account.is_match(account.id.as_str())
    }

    /// Whether it speaks of an account in a region; without one, in any region.
    pub fn covers(&self, account: &Account, region: Option<&Region>) -> bool {
        let of_region = match (&self.region, region) {
            (None, _) => true,
            (Some(glob), Some(region)) => glob.is_match(region.as_str()),
            (Some(glob), None) => glob.as_str() == "*",
        };
        of_region && self.names(account)
    }

    /// Whether its end has come.
    pub fn has_ended(&self, now: Minute) -> bool {
        self.until <= now
    }
}

/// What accepts that an account is unseen in all of these regions (in any, where they are not known): one entry, or one
/// for each region, of which the one that ends first is given.
pub fn accepts<'a>(
    all: &'a [AcceptUnseen],
    account: &Account,
    regions: &[&Region],
    now: Minute,
) -> Option<&'a AcceptUnseen> {
    let of = |region| all.iter().find(|accept| !accept.has_ended(now) && accept.covers(account, region));
    let each = || regions.iter().map(|region| of(Some(region))).collect::<Option<Vec<_>>>();
    of(None).or_else(|| each()?.into_iter().min_by_key(|accept| accept.until))
}
