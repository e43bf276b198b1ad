//! What became of each `[[accept_unseen]]`: one whose end has come and that is still needed is a blind spot, and one that
//! is not needed, or speaks of nobody, is said in a note.

use super::{BlindSpot, Coverage, Unseen, fix};
use crate::domain::{
    accept::AcceptUnseen, account::Account, failure::Kind, finding::SpotKind, fleet::Fleet, text::clean, window::Minute,
};

/// Blind spots, and sentences.
pub(super) fn told(
    fleet: &Fleet,
    coverage: &Coverage,
    accepted: &[AcceptUnseen],
    now: Minute,
) -> (Vec<BlindSpot>, Vec<String>) {
    let (mut spots, mut notes) = (Vec::new(), Vec::new());
    for accept in accepted {
        let ended = accept.has_ended(now);
        let (mut known, mut needed) = (false, false);
        for account in fleet.accounts().map(|state| state.entry.account.as_ref()).filter(|one| accept.names(one)) {
            known = true;
            let rows = coverage.unseen.iter().chain(&coverage.accepted).filter(|row| covers(accept, account, row));
            let mut rows = rows.peekable();
            needed |= rows.peek().is_some();
            // Where another one has taken its place, nothing counts again.
            if let (true, Some(row)) = (ended, rows.find(|row| row.acceptance.is_none())) {
                spots.push(spot(accept, account, row));
            }
        }
        notes.extend(note(accept, (ended, known, needed), fleet, coverage));
    }
    (spots, notes)
}

/// Whether something unseen is what was meant: of an account that is out as a whole, any region is.
fn covers(accept: &AcceptUnseen, account: &Account, row: &Unseen) -> bool {
    row.account.as_ref() == Some(&account.id) && (row.region.is_none() || accept.covers(account, row.region.as_ref()))
}

fn spot(accept: &AcceptUnseen, account: &Account, row: &Unseen) -> BlindSpot {
    BlindSpot {
        kind: SpotKind::AcceptanceEnded,
        client: account.client.clone(),
        account: account.id.clone(),
        region: row.region.clone().filter(|_| accept.region.is_some()),
        function: None,
        detail: format!("accepted until {}: {}", accept.until, clean(&accept.reason)),
        fix: fix::sentence(SpotKind::AcceptanceEnded, None),
        command: None,
    }
}

fn reads(fleet: &Fleet, accept: &AcceptUnseen) -> bool {
    fleet.targets().any(|state| accept.covers(&state.target.account, Some(&state.target.region)))
}

/// What is said of one that nothing needs. Of what could not be seen for want of time, nothing is known either way.
fn note(
    accept: &AcceptUnseen,
    (ended, known, needed): (bool, bool, bool),
    fleet: &Fleet,
    coverage: &Coverage,
) -> Option<String> {
    let scope = &fleet.rules().scope;
    let narrowed = !(scope.clients.is_empty() && scope.accounts.is_empty() && scope.regions.is_empty());
    let cut_short = |row: &Unseen| matches!(row.kind, Kind::Deadline | Kind::Interrupted);
    if needed || !fleet.listings().is_empty() || coverage.unseen.iter().any(cut_short) || !known && narrowed {
        return None;
    }
    let region = accept.region.as_ref().map(|region| format!(" in {}", region.as_str())).unwrap_or_default();
    let whom = clean(accept.account.as_str()).into_owned() + &clean(&region);
    let why = match (known, ended, narrowed) {
        (false, ..) => "there is no such account".to_owned(),
        (true, _, false) if !reads(fleet, accept) => "its region is not read".to_owned(),
        // Another region of it may be out of reach.
        (true, _, true) => return None,
        (true, true, _) => format!("it ended on {}, and everything it names can be read", accept.until),
        (true, false, _) => "everything it names can be read".to_owned(),
    };
    Some(format!("[[accept_unseen]] for {whom} is not needed: {why}"))
}
