//! Carries out discovery: by tag, of everything, or one by one where the tagging API is denied.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures::{
    StreamExt, TryStreamExt,
    future::{join, try_join},
    stream,
};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout, timeout_at};

use super::plan::Reach;
use crate::{
    domain::{
        account::Target,
        failure::{Failure, Kind},
        function::{Configuration, Discovered, Tags},
        observation::Observation,
        rules::Glob,
        text::{AwsText, counted},
    },
    source::{Pages, Source, calls},
};

/// Calls a second to Lambda's control plane, whose 15 a second an account shares with its owner's deployments.
const GENTLE: u32 = 5;
/// Time between two of them.
const SPACING: Duration = Duration::from_millis(1000 / GENTLE as u64);
/// Of these, under way at once.
const TAGS_AT_ONCE: usize = 4;
/// Pages of configurations that are read at once before the pace drops to [`GENTLE`].
const BURST: usize = 4;
/// Pages of configurations that a verdict waits for. What is not among them is left undecided.
const PAGES: usize = 12;
/// And so long at most: a verdict does not wait for what only explains it.
const EXPLAINING: Duration = Duration::from_secs(5);
/// What discovery leaves for metrics at most; of a short run, a tenth.
const SPARE: Duration = Duration::from_secs(3);
/// What Lambda says of a function that was deleted since it was listed.
const GONE: &str = "ResourceNotFoundException";

/// The functions of a target, or why not: those with the tag's key, or as far as `reach` says; of what has to be asked
/// one by one, only what one of the names matches.
pub(super) async fn discover(
    source: &dyn Source,
    target: &Target,
    (key, reach, names): (&str, Reach, &[Glob]),
    deadline: Instant,
) -> Vec<Observation> {
    let begun = Instant::now();
    let left = deadline.saturating_duration_since(begun);
    let latest = latest(begun, deadline);
    let all = reach != Reach::Tagged;
    let tagged = source.tagged(target, (!all).then_some(key)).try_concat();
    let mut listing = Listing::new(source, target);
    let found = if all {
        let limit = if reach == Reach::Most { begun + left / 2 } else { latest };
        let read = async {
            // What has not come by then is told below.
            let _ = timeout_at(limit, listing.read(BURST, usize::MAX)).await;
            Ok(())
        };
        try_join(tagged, read).await.map(|(found, ())| found)
    } else {
        tagged.await
    };
    let target_key = target.key();
    let failed = |failure| vec![Observation::TargetFailed { target: target.key(), part: None, failure }];
    match found {
        Ok(mut found) => {
            let mut more = Vec::new();
            if all {
                add_untagged(&mut found, &listing.found);
                if let Some(failure) = listing.unread(begun.elapsed()) {
                    let part = Some("functions without tags".into());
                    more.push(Observation::TargetFailed { target: target_key.clone(), part, failure });
                }
                more.push(listing.observed(target));
            }
            let found = Observation::Functions { target: target_key, found, took: begun.elapsed(), detour: None };
            [found].into_iter().chain(more).collect()
        }
        Err(denied) if denied.kind == Kind::Denied && denied.operation == calls::GET_RESOURCES => {
            listing.names = names;
            let detour = one_by_one(source, target, (!all).then_some(key), listing, &denied, latest);
            match timeout_at(latest, detour).await {
                Ok(Ok((found, configurations))) => {
                    let took = begun.elapsed();
                    let found = Observation::Functions { target: target_key, found, took, detour: Some(denied) };
                    vec![found, configurations]
                }
                Ok(Err(failure)) => failed(failure),
                Err(_) => {
                    let without = "without it, functions are asked one by one, for which the deadline left no time";
                    let hint = format!("{}; {without}", denied.hint);
                    failed(denied.with_hint(hint))
                }
            }
        }
        Err(failure) => failed(failure),
    }
}

/// The tables of a target that carry the tag's key, or that they could not be found.
pub(super) async fn tables(source: &dyn Source, target: &Target, key: &str) -> Vec<Observation> {
    let target_key = target.key();
    vec![match source.tables(target, key).try_concat().await {
        Ok(found) => Observation::Tables { target: target_key, found },
        Err(failure) => {
            Observation::TargetFailed { target: target_key, part: Some("DynamoDB tables".to_owned()), failure }
        }
    }]
}

/// When to leave off, so that something is left for metrics.
fn latest(begun: Instant, deadline: Instant) -> Instant {
    let left = deadline.saturating_duration_since(begun);
    begun + left.saturating_sub(SPARE.min(left / 10))
}

/// All functions of a target, watched or not, to search them for blind spots: those with tags from the tagging API,
/// those without any from Lambda. `tells_gone`: also says which functions exist.
pub(super) async fn search(
    source: &dyn Source,
    target: &Target,
    tells_gone: bool,
    deadline: Instant,
) -> Vec<Observation> {
    let begun = Instant::now();
    let latest = latest(begun, deadline);
    let mut listing = Listing::new(source, target);
    let (tagged, _) = join(
        timeout_at(latest, source.tagged(target, None).try_concat()),
        timeout_at(latest, listing.read(BURST, usize::MAX)),
    )
    .await;
    let failed = |part: Option<&str>, failure| Observation::SearchFailed {
        target: target.key(),
        part: part.map(str::to_owned),
        failure,
    };
    let mut found = match tagged {
        Ok(Ok(found)) => found,
        Ok(Err(failure)) => return vec![failed(None, failure)],
        Err(_) => {
            let message = "the list of all functions with tags did not end in the time that the deadline leaves for it";
            return vec![failed(None, Failure::new(calls::GET_RESOURCES, Kind::Deadline, message))];
        }
    };
    if listing.is_whole() {
        // The tagging API lists functions for hours after they were deleted.
        let there: HashSet<&AwsText> = listing.found.iter().map(|configuration| &configuration.name).collect();
        found.retain(|function| there.contains(&function.name));
    }
    add_untagged(&mut found, &listing.found);
    let mut observations = vec![Observation::Searched { target: target.key(), found }];
    if let Some(failure) = listing.unread(begun.elapsed()) {
        observations.push(failed(Some("functions without tags"), failure));
    }
    if tells_gone {
        observations.push(listing.observed(target));
    }
    observations
}

/// Functions that the tagging API has never seen have no tags.
fn add_untagged(found: &mut Vec<Discovered>, configurations: &[Configuration]) {
    let known: HashSet<AwsText> = found.iter().map(|function| function.name.clone()).collect();
    let untagged = configurations.iter().filter(|configuration| !known.contains(&configuration.name));
    found.extend(untagged.map(|configuration| Discovered {
        arn: configuration.arn.clone(),
        name: configuration.name.clone(),
        tags: Tags::default(),
    }));
}

/// The configurations of a target, as far as they have come. Reading may be left off at any moment and taken up again.
struct Listing<'a> {
    pages: Pages<'a, Configuration>,
    pace: Interval,
    found: Vec<Configuration>,
    /// Pages that have come.
    came: usize,
    /// How it ended, once it has.
    end: Option<Result<(), Failure>>,
    /// The names whose tags are worth asking for; all where empty.
    names: &'a [Glob],
}

impl<'a> Listing<'a> {
    fn new(source: &'a dyn Source, target: &'a Target) -> Self {
        let mut pace = interval(SPACING);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { pages: source.functions(target), pace, found: Vec::new(), came: 0, end: None, names: &[] }
    }

    /// The next page: one of the first `burst` at once, any other at the pace. None where it has ended.
    async fn page(&mut self, burst: usize) -> Option<&[Configuration]> {
        if self.end.is_some() {
            return None;
        }
        if self.came >= burst {
            self.pace.tick().await;
        }
        match self.pages.next().await {
            Some(Ok(configurations)) => {
                let before = self.found.len();
                self.found.extend(configurations);
                self.came += 1;
                return self.found.get(before..);
            }
            Some(Err(failure)) => self.end = Some(Err(failure)),
            None => self.end = Some(Ok(())),
        }
        None
    }

    /// All pages, at most so many.
    async fn read(&mut self, burst: usize, most: usize) {
        while self.came < most && self.page(burst).await.is_some() {}
    }

    /// Those whose tags are worth asking for.
    fn wanted(&self) -> impl Iterator<Item = &Configuration> {
        let names = self.names;
        self.found.iter().filter(move |one| names.is_empty() || names.iter().any(|glob| glob.is_match(one.name.raw())))
    }

    fn is_whole(&self) -> bool {
        matches!(self.end, Some(Ok(())))
    }

    /// Why these are not all, where they are not.
    fn unread(&self, took: Duration) -> Option<Failure> {
        match &self.end {
            Some(Ok(())) => None,
            Some(Err(failure)) => Some(failure.clone()),
            None => {
                let message = format!(
                    "{} came in the {} s that the deadline leaves for this list, and there may be more",
                    counted(self.found.len() as u64, "function"),
                    took.as_secs_f64().round(),
                );
                Some(Failure::new(calls::LIST_FUNCTIONS, Kind::Deadline, message))
            }
        }
    }

    fn observed(self, target: &Target) -> Observation {
        Observation::Configurations { target: target.key(), complete: self.is_whole(), found: self.found }
    }
}

/// Where `GetResources` is denied: every function by `ListFunctions`, and its tags by `ListTags`, as fast as is fair;
/// those that carry the tag `key`, or all. Where it shows that this can't be done in time, or is denied as well, the
/// target is unseen at once.
async fn one_by_one(
    source: &dyn Source,
    target: &Target,
    key: Option<&str>,
    mut listing: Listing<'_>,
    denied: &Failure,
    latest: Instant,
) -> Result<(Vec<Discovered>, Observation), Failure> {
    loop {
        let wanted = listing.wanted().count();
        let needed = SPACING * u32::try_from(wanted).unwrap_or(u32::MAX);
        if !needed.is_zero() && Instant::now() + needed >= latest {
            let hint = format!(
                "{}; without it, at least {} would have to be asked one by one, which takes {} s: more than the deadline leaves",
                denied.hint,
                counted(wanted as u64, "function"),
                needed.as_secs(),
            );
            return Err(denied.clone().with_hint(hint));
        }
        if listing.page(0).await.is_none() {
            break;
        }
    }
    if !listing.is_whole() {
        return Err(denied.clone());
    }
    let names: Vec<(AwsText, AwsText)> = listing.wanted().map(|c| (c.name.clone(), c.arn.clone())).collect();
    let Listing { pace, found: configurations, .. } = listing;
    let paced = stream::unfold((pace, names.into_iter()), |(mut pace, mut rest)| async move {
        let next = rest.next()?;
        pace.tick().await;
        Some((next, (pace, rest)))
    });
    let tags: Result<HashMap<AwsText, Tags>, Failure> = paced
        .map(|(name, arn)| async move {
            let tags = source.tags(target, &arn).await;
            (name, tags)
        })
        .buffer_unordered(TAGS_AT_ONCE)
        .filter_map(|(name, tags)| async move {
            match tags {
                Ok(tags) => Some(Ok((name, tags))),
                Err(failure) if is_gone(&failure) => None,
                Err(failure) => Some(Err(failure)),
            }
        })
        .try_collect()
        .await;
    let mut tags = tags.map_err(|failure| {
        if failure.kind == Kind::Denied {
            return denied.clone();
        }
        let hint = format!("{}; or {}, and tags need not be asked one by one", failure.hint, denied.hint);
        failure.with_hint(hint)
    })?;
    let found = configurations.iter().filter_map(|configuration| {
        let tags = tags.remove(&configuration.name)?;
        let wanted = key.is_none_or(|key| tags.get(key).is_some());
        wanted.then(|| Discovered { arn: configuration.arn.clone(), name: configuration.name.clone(), tags })
    });
    let found = found.collect();
    Ok((found, Observation::Configurations { target: target.key(), found: configurations, complete: true }))
}

/// Whether a function was deleted since it was listed. Its name may hold any word, so only the code tells.
fn is_gone(failure: &Failure) -> bool {
    failure.kind == Kind::Other && failure.message.raw().split(':').next() == Some(GONE)
}

/// How many instances the account may run at once in the region.
pub(super) async fn concurrency(source: &dyn Source, target: &Target) -> Vec<Observation> {
    let target_key = target.key();
    vec![match source.concurrency(target).await {
        Ok(limit) => Observation::Concurrency { target: target_key, limit },
        Err(failure) => {
            let part = Some("the account's limit of concurrency".to_owned());
            Observation::TargetFailed { target: target_key, part, failure }
        }
    }]
}

/// Configurations until all that are wanted have been seen. Where no verdict rests on them, a failure stays without
/// consequence, and a target with thousands of functions is not read to its end.
pub(super) async fn configurations(
    source: &dyn Source,
    target: &Target,
    wanted: &[AwsText],
    needed: bool,
) -> Vec<Observation> {
    let mut listing = Listing::new(source, target);
    if wanted.is_empty() {
        listing.read(BURST, usize::MAX).await;
    } else {
        let mut wanted: HashSet<&str> = wanted.iter().map(AwsText::raw).collect();
        let read = async {
            while (needed || listing.came < PAGES) && !wanted.is_empty() {
                let Some(page) = listing.page(BURST).await else { break };
                for configuration in page {
                    wanted.remove(configuration.name.raw());
                }
            }
        };
        // What has come by then is all that there is to tell.
        if needed {
            read.await;
        } else {
            let _ = timeout(EXPLAINING, read).await;
        }
    }
    let failed = match &listing.end {
        Some(Err(failure)) if needed => Some(failure.clone()),
        _ => None,
    };
    let failed = failed.map(|failure| {
        let part = Some("timeouts of functions".to_owned());
        Observation::TargetFailed { target: target.key(), part, failure }
    });
    let came = listing.is_whole() || !listing.found.is_empty();
    came.then(|| listing.observed(target)).into_iter().chain(failed).collect()
}
