//! Finds the accounts: from organizations, page by page, and those given by hand.

use std::sync::Arc;

use futures::{StreamExt, future::join};
use tokio::sync::mpsc::Sender;

use super::Sent;
use crate::{
    domain::{
        account::{Account, AccountId},
        failure::{Failure, Kind},
        observation::Observation,
        roster::{ByHand, Caller, Entry, Organization, Regions, Roster},
    },
    source::{Source, calls},
};

/// The regions of an entry, or a failure that says that none is named anywhere.
fn regions_of(own: Option<&Regions>, roster: &Roster, caller: Option<&Caller>) -> Result<Regions, Failure> {
    let own = own.or(roster.regions.as_ref()).cloned();
    own.or_else(|| caller.and_then(|caller| caller.region.clone()).map(|region| Regions::These(vec![region])))
        .ok_or_else(|| {
            Failure::new(
                calls::GET_CALLER_IDENTITY,
                Kind::Other,
                "no region is named, neither here nor with the credentials",
            )
            .with_hint(
                "name regions: --region eu-west-1, regions = [\"eu-west-1\"] in the configuration, or AWS_REGION",
            )
        })
}

/// Sends an observation for each account of an organization, as soon as its page has come.
pub(super) async fn organization(
    source: &dyn Source,
    roster: &Roster,
    organization: &Organization,
    out: &Sender<Sent>,
) {
    let failed = |failure| vec![Observation::ListingFailed { client: organization.client.clone(), failure }];
    let mut pages = source.accounts(organization);
    let (caller, mut page) = join(source.caller(&organization.member.base), pages.next()).await;
    if let (Err(caller), Some(Err(_))) = (&caller, &page) {
        // Credentials that work for nothing: the first call says it best.
        let _ = out.send((None, failed(caller.clone()))).await;
        return;
    }
    let caller = caller.ok();
    let regions = match regions_of(organization.regions.as_ref(), roster, caller.as_ref()) {
        Ok(regions) => regions,
        Err(failure) => {
            let _ = out.send((None, failed(failure))).await;
            return;
        }
    };
    // One without an id is the account of its credentials, which are known here where they are the same.
    let by_hand = |id: &AccountId| {
        roster.accounts.iter().any(|account| match &account.id {
            Some(by_hand) => by_hand == id,
            None => {
                account.access.base == organization.member.base
                    && caller.as_ref().is_some_and(|caller| caller.account == *id)
            }
        })
    };
    while let Some(answer) = page {
        let observations = match answer {
            Ok(listed) => listed
                .iter()
                .filter(|listed| !by_hand(&listed.id))
                .filter_map(|listed| organization.entry(listed, caller.as_ref(), &regions))
                .map(Observation::Account)
                .collect(),
            Err(failure) => failed(failure),
        };
        if out.send((None, observations)).await.is_err() {
            return;
        }
        page = pages.next().await;
    }
}

/// The entry of an account given by hand; where no id is given, that of the credentials' own account.
pub(super) async fn by_hand(source: &dyn Source, roster: &Roster, account: &ByHand) -> Vec<Observation> {
    let regions_known = account.regions.is_some() || roster.regions.is_some();
    let caller =
        if account.id.is_some() && regions_known { None } else { Some(source.caller(&account.access.base).await) };
    let caller = caller.transpose();
    let id = match (&account.id, &caller) {
        (Some(id), _) => id.clone(),
        (None, Ok(Some(caller))) => caller.account.clone(),
        (None, Err(failure)) => {
            return vec![Observation::ListingFailed { client: account.client.clone(), failure: failure.clone() }];
        }
        (None, Ok(None)) => return Vec::new(),
    };
    let own = Arc::new(Account { id: id.clone(), name: account.name.clone(), client: account.client.clone() });
    let entry = |regions| Observation::Account(Entry { account: own.clone(), access: account.access.clone(), regions });
    let regions = caller.and_then(|caller| regions_of(account.regions.as_ref(), roster, caller.as_ref()));
    match regions {
        Ok(regions) => vec![entry(regions)],
        Err(failure) => vec![entry(Regions::These(Vec::new())), Observation::AccountFailed { account: id, failure }],
    }
}

/// Enters an account. Its regions, where they are named; nothing where it has to be asked for them.
pub(super) async fn enter(source: &dyn Source, entry: &Entry) -> Vec<Observation> {
    let account = entry.account.id.clone();
    match (source.enter(entry).await, &entry.regions) {
        (Err(failure), _) => vec![Observation::AccountFailed { account, failure }],
        (Ok(()), Regions::These(regions)) => vec![Observation::Regions { account, regions: regions.clone() }],
        (Ok(()), Regions::All) => Vec::new(),
    }
}

/// The regions that are enabled in an account.
pub(super) async fn regions(source: &dyn Source, account: &Account) -> Vec<Observation> {
    let id = account.id.clone();
    vec![match source.regions(account).await {
        // An account without a region is none that was seen.
        Ok(regions) if regions.is_empty() => Observation::AccountFailed {
            account: id,
            failure: Failure::new(calls::LIST_REGIONS, Kind::Malformed, "the answer names no region that is enabled")
                .with_hint("name the regions to read instead of all"),
        },
        Ok(regions) => Observation::Regions { account: id, regions },
        Err(failure) => Observation::AccountFailed { account: id, failure },
    }]
}
