//! How much was seen: the share of targets, and the sentence where that is enough.

use std::collections::HashMap;

use super::{Coverage, Unseen};
use crate::domain::{
    account::{AccountId, Region},
    fleet::Fleet,
    roster::Regions,
    text::{percent, percent_limit},
};

/// The share of targets that were seen, of those that are not accepted as unseen. It is not known where an organization
/// could not be listed. An account of which nobody knows the regions counts as many as the largest one that is known.
pub(super) fn share(fleet: &Fleet, coverage: &Coverage) -> Option<f64> {
    if !fleet.listings().is_empty() {
        return None;
    }
    let mut sizes: HashMap<&AccountId, usize> = HashMap::new();
    for state in fleet.targets() {
        *sizes.entry(&state.target.account.id).or_default() += 1;
    }
    let largest = sizes.values().copied().max().unwrap_or(1);
    let is_accepted = |id: &AccountId, region: Option<&Region>| {
        let of = |row: &&Unseen| row.account.as_ref() == Some(id) && row.region.as_ref() == region;
        coverage.accepted.iter().any(|row| of(&row)) && !coverage.unseen.iter().any(|row| of(&row))
    };
    let closed = fleet.accounts().filter(|state| !state.opened || state.failure.is_some());
    let closed = closed.filter(|state| !is_accepted(&state.entry.account.id, None));
    let closed = closed.map(|state| match &state.entry.regions {
        Regions::These(regions) => regions.len().max(1),
        Regions::All => largest,
    });
    let open = fleet.targets().filter(|state| !is_accepted(&state.target.account.id, Some(&state.target.region)));
    let all = closed.sum::<usize>() + open.count();
    Some(if all == 0 { 1.0 } else { coverage.seen as f64 / all as f64 })
}

/// That not all was seen and that this is enough, where it is so.
pub(super) fn enough(coverage: &Coverage) -> Option<String> {
    let min = coverage.min_share.filter(|_| !coverage.unseen.is_empty() && coverage.is_enough())?;
    Some(format!(
        "{} of what there is was seen, and at least {} is enough (min_coverage)",
        percent(coverage.share.unwrap_or_default()),
        percent_limit(min)
    ))
}
