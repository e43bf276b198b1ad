//! What of a fleet is kept, and the observations it becomes again.

use std::{sync::Arc, time::Duration};

use crate::domain::{
    account::{Account, Region},
    fleet::Fleet,
    function::Discovered,
    observation::Observation,
    roster::{Access, Entry, Regions},
};

/// Accounts with their regions and functions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estate {
    /// The accounts by id.
    pub accounts: Vec<CachedAccount>,
}

/// An account and its regions.
#[derive(Clone, Debug, PartialEq)]
pub struct CachedAccount {
    /// Its id, its name and whose it is.
    pub account: Arc<Account>,
    /// Its regions.
    pub targets: Vec<CachedTarget>,
}

/// A region of an account.
#[derive(Clone, Debug, PartialEq)]
pub struct CachedTarget {
    /// The region.
    pub region: Region,
    /// Its functions, where they could be read.
    pub functions: Option<Vec<Discovered>>,
}

impl Estate {
    /// What of a fleet is kept. None where it is not worth it: less than half of its targets could be read, so that an
    /// older file tells more.
    pub fn of(fleet: &Fleet) -> Option<Self> {
        let seen = fleet.targets().filter(|state| state.functions.is_some()).count();
        if seen == 0 || 2 * seen < fleet.target_count() || !fleet.listings().is_empty() {
            return None;
        }
        let accounts = fleet.accounts().map(|state| {
            let account = state.entry.account.clone();
            let own = fleet.targets().filter(|target| target.target.account.id == account.id);
            let targets = own.map(|target| CachedTarget {
                region: target.target.region.clone(),
                functions: target
                    .functions
                    .as_ref()
                    .map(|functions| functions.iter().map(|function| function.found.clone()).collect()),
            });
            CachedAccount { targets: targets.collect(), account }
        });
        Some(Self { accounts: accounts.collect() })
    }

    /// The same as observations, for a fleet of their own. How an account is entered is not kept, so they never go
    /// into a fleet that is swept.
    pub fn observations(self) -> impl Iterator<Item = Observation> {
        self.accounts.into_iter().flat_map(|CachedAccount { account, targets }| {
            let regions: Vec<Region> = targets.iter().map(|target| target.region.clone()).collect();
            let id = account.id.clone();
            let entry = Entry { account, access: Access::default(), regions: Regions::These(regions.clone()) };
            let opened = [Observation::Account(entry), Observation::Regions { account: id.clone(), regions }];
            let found = targets.into_iter().filter_map(move |target| {
                let key = (id.clone(), target.region);
                Some(Observation::Functions {
                    target: key,
                    found: target.functions?,
                    took: Duration::ZERO,
                    detour: None,
                })
            });
            opened.into_iter().chain(found)
        })
    }
}
