//! What the commands that list have in common: sweep without judging, print, and an exit code that tells whether all
//! was seen.

use super::{
    Refusal,
    args::{Listing, Scope},
    output,
    sweep::{self, Start, telling},
};
use crate::{
    config::Flags,
    domain::{fleet::Fleet, window::Horizon},
    engine::{
        End,
        plan::{Depth, Settings},
    },
    report::{Coverage, Telling, build::coverage_of, unmatched},
};

/// A listing in both of its formats.
pub(super) struct Listed {
    pub(super) text: String,
    pub(super) json: String,
}

/// The formats of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Json,
}

pub(super) const FORMATS: &[(&str, Format)] = &[("text", Format::Text), ("json", Format::Json)];

/// Sweeps to the given depth and prints. Exit code 0: everything was seen that is not accepted as unseen, and searched
/// where it was to be; 3: not; 130:
/// interrupted.
pub(super) async fn listing(
    scope: &Scope,
    args: &Listing,
    depth: Depth,
    what: &str,
    list: impl FnOnce(&Start, &Fleet, &Horizon, Coverage, &Telling) -> Listed,
) -> Result<u8, Refusal> {
    let outputs = output::parse(&args.formats, FORMATS)?;
    let start = sweep::start(scope, Flags::default())?;
    let (alert, now) = (&start.config().alert, start.minute());
    let horizon = Horizon::new(now.plus(-alert.settle), alert.window, now);
    let swept = sweep::sweep(&start, scope, Settings { horizon, depth }, what).await;
    let coverage = coverage_of(&swept.fleet, &start.config().accept_unseen, start.minute());
    let all = matches!(depth, Depth::Discover { all: true, .. });
    for unmatched in unmatched(&swept.fleet, all) {
        output::say(&format!("slmon: {}", unmatched.sentence));
    }
    let searched = swept.fleet.targets().all(|state| state.search.unread.is_empty());
    let whole = coverage.unseen.is_empty() && searched;
    let listed = list(&start, &swept.fleet, &horizon, coverage, &telling(&start, scope));
    output::write_all(&outputs, |format| match format {
        Format::Text => listed.text.clone(),
        Format::Json => listed.json.clone(),
    })?;
    Ok(match swept.end {
        End::Interrupted => 130,
        _ if whole => 0,
        _ => 3,
    })
}
