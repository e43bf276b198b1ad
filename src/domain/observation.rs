//! Observations: what one fetch taught, or why it failed. Facts, never conclusions.

use std::{sync::Arc, time::Duration};

use super::{
    account::{AccountId, Region, TargetKey},
    failure::Failure,
    function::{Configuration, Discovered},
    need::Stretch,
    roster::Entry,
    series::{Metric, Of, Series},
    text::AwsText,
    window::Horizon,
};

/// What became of reading one metric of one function.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Reading {
    /// Nobody has asked.
    #[default]
    NotAsked,
    /// A complete answer; a gap in it is a minute without a datapoint.
    Known(Series),
    /// Asked, and not or not wholly answered.
    Unknown(Arc<Failure>),
}

/// What one fetch taught.
#[derive(Clone, Debug)]
pub enum Observation {
    /// An account that is to be read.
    Account(Entry),
    /// The accounts of an organization could not be listed (or not all of them).
    ListingFailed {
        /// Whose organization.
        client: Option<AwsText>,
        /// Why.
        failure: Failure,
    },
    /// An account could not be entered, or its regions not be listed.
    AccountFailed {
        /// The account.
        account: AccountId,
        /// Why.
        failure: Failure,
    },
    /// The regions in which an account is read.
    Regions {
        /// The account.
        account: AccountId,
        /// Its regions.
        regions: Vec<Region>,
    },
    /// The functions of a target, all of those that were asked for.
    Functions {
        /// The target.
        target: TargetKey,
        /// The functions, in any order.
        found: Vec<Discovered>,
        /// How long it took to read them.
        took: Duration,
        /// Why they had to be read one by one, where that was so.
        detour: Option<Failure>,
    },
    /// The tables of a target that carry the tag.
    Tables {
        /// The target.
        target: TargetKey,
        /// The tables, in any order.
        found: Vec<Discovered>,
    },
    /// The configurations of a target's functions.
    Configurations {
        /// The target.
        target: TargetKey,
        /// The configurations, in any order.
        found: Vec<Configuration>,
        /// Whether these are all, so that a function that is not among them does not exist.
        complete: bool,
    },
    /// Metrics of a target's functions, and of all of them together.
    Readings {
        /// The target.
        target: TargetKey,
        /// What of, which metric and what became of it.
        readings: Vec<(Of, Metric, Reading)>,
    },
    /// Metrics of a target's functions, and of all of them together, that some check needs beside errors, throttles and invocations.
    More {
        /// The target.
        target: TargetKey,
        /// Over which stretch.
        stretch: Stretch,
        /// What of, which metric and what became of it.
        readings: Vec<(Of, Metric, Reading)>,
    },
    /// How many instances the account may run at once in the region.
    Concurrency {
        /// The target.
        target: TargetKey,
        /// So many.
        limit: u32,
    },
    /// The totals of a region hold nothing that was not found in single functions: up to the end of the horizon's window,
    /// those that were not read have no failures.
    Quiet {
        /// The target.
        target: TargetKey,
        /// Of which metric.
        metric: Metric,
        /// Up to when.
        horizon: Horizon,
    },
    /// All functions of a target, watched or not, which were searched for blind spots. The verdict rests on nothing of
    /// this.
    Searched {
        /// The target.
        target: TargetKey,
        /// The functions, in any order.
        found: Vec<Discovered>,
    },
    /// A target could not be searched for blind spots, or not whole. It is not unseen for that.
    SearchFailed {
        /// The target.
        target: TargetKey,
        /// What could not be searched; none where it is the whole target.
        part: Option<String>,
        /// Why.
        failure: Failure,
    },
    /// A target could not be read, or not in part.
    TargetFailed {
        /// The target.
        target: TargetKey,
        /// What could not be read; none where it is the whole target.
        part: Option<String>,
        /// Why.
        failure: Failure,
    },
}
