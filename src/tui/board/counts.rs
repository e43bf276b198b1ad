//! How many there are of each, which is always in sight.

use std::sync::Arc;

use super::{Row, State};
use crate::{
    domain::{account::Region, fleet::TargetState, function::ResourceType, text::counted},
    engine::watch::Snapshot,
};

/// The counts that are always in sight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Watched functions that exist.
    pub watched: usize,
    /// Of these, production.
    pub production: usize,
    /// Watched tables of production, where some check looks at tables: all that follows counts them, too.
    pub tables: usize,
    /// Production that fails.
    pub critical: usize,
    /// Production with a warning.
    pub warning: usize,
    /// Production that ran, and nothing fires.
    pub ok: usize,
    /// Production that did not fail, by the totals of its region.
    pub quiet: usize,
    /// Production that did not run.
    pub idle: usize,
    /// Production that is about to be read for the first time.
    pub pending: usize,
    /// Production of which nobody can tell.
    pub unknown: usize,
    /// Production that is muted.
    pub muted: usize,
    /// Watched functions without a stage.
    pub stageless: usize,
    /// Functions that fail outside of production.
    pub hidden: usize,
    /// Their errors.
    pub hidden_errors: u64,
    /// Blind spots.
    pub spots: usize,
    /// Targets.
    pub targets: usize,
    /// Targets that were seen whole.
    pub seen: usize,
    /// Accounts.
    pub accounts: usize,
    /// Regions.
    pub regions: usize,
    /// Clients.
    pub clients: usize,
    /// Organizations that could not be listed, and accounts and targets that could not be read.
    pub unseen: usize,
}

impl Counts {
    /// `310 production functions`, and how many tables where there are any.
    pub fn judged(&self) -> String {
        let functions = counted(self.production as u64, "production function");
        if self.tables == 0 { functions } else { format!("{functions} and {}", counted(self.tables as u64, "table")) }
    }
}

/// Counts rows.
pub(super) fn counts(snapshot: &Snapshot, targets: &[Arc<TargetState>], rows: &[Row]) -> Counts {
    let fleet = &snapshot.fleet;
    let mut counts = Counts {
        targets: fleet.target_count(),
        seen: fleet.targets().filter(|state| state.is_seen()).count(),
        accounts: fleet.accounts().count(),
        unseen: fleet.listings().len()
            + fleet.accounts().filter(|account| account.failure.is_some()).count()
            + fleet.targets().filter(|state| !state.unread.is_empty()).count(),
        ..Counts::default()
    };
    let mut clients: Vec<_> = fleet.accounts().filter_map(|state| state.entry.account.client.as_ref()).collect();
    clients.sort();
    clients.dedup();
    counts.clients = clients.len();
    let mut regions: Vec<&Region> = targets.iter().map(|state| &state.target.region).collect();
    regions.sort();
    regions.dedup();
    counts.regions = regions.len();
    for row in rows {
        let function = targets.get(row.at).and_then(|state| state.row(row.place));
        counts.spots += function.map_or(0, |function| function.class.spots.len());
        if function.is_some_and(|function| function.found.resource_type() == ResourceType::Table) {
            counts.tables += usize::from(row.judged.is_some());
        } else {
            counts.watched += usize::from(row.state != State::Unwatched);
            counts.production += usize::from(row.judged.is_some());
        }
        match row.state {
            State::Critical => counts.critical += 1,
            State::Warning => counts.warning += 1,
            State::Unknown => counts.unknown += 1,
            State::Muted => counts.muted += 1,
            State::Ok => counts.ok += 1,
            State::Quiet => counts.quiet += 1,
            State::Idle => counts.idle += 1,
            State::Pending => counts.pending += 1,
            State::Stageless => counts.stageless += 1,
            State::Hidden => {
                counts.hidden += 1;
                counts.hidden_errors += row.errors.unwrap_or(0);
            }
            State::Other | State::Unwatched => {}
        }
    }
    counts
}
