//! Blind spots of a fleet: what tags hide, what fails unwatched, what could not be searched; each with what mends it.

use super::{
    BlindSpot,
    fix::{self, Patient},
};
use crate::domain::{
    account::Account,
    finding::{Judgement, Mend, SpotKind},
    fleet::{Fleet, Function, TargetState},
    roster::Base,
    text::{AwsText, clean, counted},
};

/// What the tags hide, and what could not be searched for that; by kind, then by target.
pub fn blind_spots(fleet: &Fleet, judgement: &Judgement, mut spots: Vec<BlindSpot>) -> Vec<BlindSpot> {
    for state in fleet.targets() {
        let by = SpotsOf { state, profile: profile(fleet, &state.target.account) };
        spots.extend(state.rows().flat_map(|function| by.function(function)));
        spots.extend(state.search.found.iter().flat_map(|function| by.function(function)));
        spots.extend(by.unsearched());
    }
    let ask = fleet.rules().watch.asking();
    for overlooked in &judgement.overlooked {
        let Some(state) = fleet.target(&overlooked.target) else { continue };
        let by = SpotsOf { state, profile: profile(fleet, &state.target.account) };
        let found = overlooked.judged.findings.iter();
        let found: Vec<_> = found
            .map(|finding| format!("{} {}: {}", finding.severity.as_str(), finding.check, finding.reason))
            .collect();
        let named = Some((&overlooked.function, &overlooked.arn));
        spots.push(by.spot(SpotKind::FailsUntagged, named, found.join("; "), &ask));
    }
    spots.sort_by_key(|spot| spot.kind);
    spots
}

/// The profile whose credentials are of the account: where a role leads there, slmon's own may only read.
fn profile<'a>(fleet: &'a Fleet, account: &Account) -> Option<&'a str> {
    let access = &fleet.account(&account.id)?.entry.access;
    match (&access.base, &access.role) {
        (Base::Profile(profile), None) => Some(profile),
        _ => None,
    }
}

/// The blind spots of one target.
struct SpotsOf<'a> {
    state: &'a TargetState,
    profile: Option<&'a str>,
}

impl SpotsOf<'_> {
    fn spot(&self, kind: SpotKind, function: Option<(&AwsText, &AwsText)>, detail: String, mend: &Mend) -> BlindSpot {
        let (account, region) = (&self.state.target.account, &self.state.target.region);
        let command = function.and_then(|(_, arn)| fix::command(mend, &Patient { region, arn, profile: self.profile }));
        BlindSpot {
            kind,
            client: account.client.clone(),
            account: account.id.clone(),
            region: Some(region.clone()),
            function: function.map(|(name, _)| name.clone()),
            detail,
            fix: fix::sentence(kind, command.as_deref()),
            command,
        }
    }

    fn function(&self, function: &Function) -> Vec<BlindSpot> {
        let named = Some((&function.found.name, &function.found.arn));
        let mut spots = Vec::new();
        if function.exists == Some(false) && function.class.watched {
            let judged = if function.is_gone() { "" } else { "; what it did before is judged" };
            let detail = format!("the tagging API lists it, Lambda does not know it any more{judged}");
            spots.push(self.spot(SpotKind::Deleted, named, detail, &Mend::Otherwise));
        }
        if !function.is_gone() {
            let of_tags = function.class.spots.iter();
            spots.extend(of_tags.map(|spot| self.spot(spot.kind, named, spot.detail.clone(), &spot.mend)));
        }
        spots
    }

    fn unsearched(&self) -> impl Iterator<Item = BlindSpot> {
        self.state.search.unread.iter().map(|unread| {
            let failure = &unread.failure;
            let part = unread.part.as_ref().map(|part| format!("{}: ", clean(part))).unwrap_or_default();
            let (operation, kind) = (failure.operation, failure.kind.as_str());
            let detail = format!("{part}{operation} {kind}, {}", failure.message.shown());
            let spot = self.spot(SpotKind::Unsearched, None, detail, &Mend::Otherwise);
            BlindSpot { fix: clean(&failure.hint).into_owned(), ..spot }
        })
    }
}

/// How much was searched for blind spots, where any was.
pub(super) fn searched(fleet: &Fleet) -> Option<String> {
    let (targets, functions) = fleet
        .targets()
        .filter_map(|state| state.search.through)
        .fold((0, 0), |(targets, functions), through| (targets + 1, functions + through));
    (targets > 0).then(|| {
        format!(
            "searched for blind spots: {} in {}, whatever their tags",
            counted(functions as u64, "function"),
            counted(targets, "target"),
        )
    })
}
