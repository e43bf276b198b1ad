//! One reading of a target while it is under way: what is asked, stage by stage, and what became of it. A value only.

use std::collections::BTreeSet;

use crate::domain::{series::Metric, text::AwsText, window::Horizon};

/// What is asked of a target in one reading, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// The totals, what failed lately, and what fails always; or all of production.
    Look,
    /// Production, where the totals hold more than is explained.
    Production,
    /// Invocations of what failed.
    Invocations,
    /// What is not production, to find out who fails always, or because somebody looks at it.
    Others,
    /// What checks need that are off unless they are named, where it is due.
    More,
    /// What they need because of that.
    MoreOf,
    /// Nothing more.
    Done,
}

/// The stage after one.
pub(super) fn after(stage: Stage) -> Stage {
    match stage {
        Stage::Look => Stage::Production,
        Stage::Production => Stage::Invocations,
        Stage::Invocations => Stage::Others,
        Stage::Others => Stage::More,
        Stage::More => Stage::MoreOf,
        Stage::MoreOf | Stage::Done => Stage::Done,
    }
}

/// A reading under way.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact about the reading, by itself")]
pub(super) struct Pass {
    pub(super) horizon: Horizon,
    pub(super) stage: Stage,
    /// Requests that have not been answered yet.
    pub(super) waiting: usize,
    /// Whether all of production is read in it.
    pub(super) full: bool,
    pub(super) failed: bool,
    /// What was read of functions in it.
    pub(super) answered: BTreeSet<(AwsText, Metric)>,
    /// Whether what is not production was read in it.
    pub(super) swept: bool,
    /// Whether what only some checks need is read again in it.
    pub(super) more: bool,
    /// Whether somebody asked for all of it.
    pub(super) thorough: bool,
    /// Whether what fails outside of production is shown.
    pub(super) dev: bool,
    /// Rows in sight, whose invocations are read, too.
    pub(super) rows: Vec<AwsText>,
}

impl Pass {
    pub(super) fn new(horizon: Horizon, thorough: bool, dev: bool, rows: Vec<AwsText>) -> Self {
        Self {
            horizon,
            stage: Stage::Look,
            waiting: 0,
            full: false,
            failed: false,
            answered: BTreeSet::new(),
            swept: false,
            more: false,
            thorough,
            dev,
            rows,
        }
    }
}
