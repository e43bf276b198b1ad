//! Carries out discovery: by tag, of everything, or one by one where the tagging API is denied.

use std::{collections::HashMap, time::Duration};

use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};

use crate::{
    domain::{
        account::Target,
        failure::{Failure, Kind},
        function::{Configuration, Discovered, Tags},
        observation::Observation,
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

/// The functions of a target, or why not.
pub(super) async fn discover(
    source: &dyn Source,
    target: &Target,
    key: &str,
    all: bool,
    deadline: Instant,
) -> Vec<Observation> {
    let begun = Instant::now();
    let tagged = source.tagged(target, (!all).then_some(key)).try_concat();
    let (found, listed) = if all {
        let (found, listed) =
            futures::future::join(tagged, listing(source.functions(target), usize::MAX, BURST, &mut gentle())).await;
        (found, Some(listed))
    } else {
        (tagged.await, None)
    };
    let target_key = target.key();
    match found {
        Ok(mut found) => {
            let mut more = Vec::new();
            match listed {
                Some(Ok((configurations, complete))) => {
                    add_untagged(&mut found, &configurations);
                    more.push(Observation::Configurations {
                        target: target_key.clone(),
                        found: configurations,
                        complete,
                    });
                }
                Some(Err(failure)) => {
                    let part = Some("functions without tags".into());
                    more.push(Observation::TargetFailed { target: target_key.clone(), part, failure });
                }
                None => {}
            }
            let found = Observation::Functions { target: target_key, found, took: begun.elapsed(), detour: None };
            [found].into_iter().chain(more).collect()
        }
        Err(failure) if failure.kind == Kind::Denied && failure.operation == calls::GET_RESOURCES => {
            one_by_one(source, target, key, all, failure, begun, deadline).await
        }
        Err(failure) => vec![Observation::TargetFailed { target: target_key, part: None, failure }],
    }
}

/// Functions that the tagging API has never seen have no tags.
fn add_untagged(found: &mut Vec<Discovered>, configurations: &[Configuration]) {
    let known: std::collections::HashSet<AwsText> = found.iter().map(|function| function.name.clone()).collect();
    let untagged = configurations.iter().filter(|configuration| !known.contains(&configuration.name));
    found.extend(untagged.map(|configuration| Discovered {
        arn: configuration.arn.clone(),
        name: configuration.name.clone(),
        tags: Tags::default(),
    }));
}

/// All pages, the first `burst` at once and the others at the pace; at most so many. And whether that was all.
async fn listing(
    mut pages: Pages<'_, Configuration>,
    most: usize,
    burst: usize,
    pace: &mut Interval,
) -> Result<(Vec<Configuration>, bool), Failure> {
    let mut found = Vec::new();
    for page in 0.. {
        if page >= most {
            return Ok((found, false));
        }
        if page >= burst {
            pace.tick().await;
        }
        match pages.next().await {
            Some(configurations) => found.extend(configurations?),
            None => break,
        }
    }
    Ok((found, true))
}

fn gentle() -> Interval {
    let mut pace = interval(SPACING);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace
}

/// Where `GetResources` is denied: every function by `ListFunctions`, and its tags by `ListTags`, as fast as is fair.
/// Where that can't be done before the deadline, or is denied as well, the target is unseen at once.
async fn one_by_one(
    source: &dyn Source,
    target: &Target,
    key: &str,
    all: bool,
    denied: Failure,
    begun: Instant,
    deadline: Instant,
) -> Vec<Observation> {
    let failed = |failure: Failure| vec![Observation::TargetFailed { target: target.key(), part: None, failure }];
    let mut pace = gentle();
    let Ok((configurations, _)) = listing(source.functions(target), usize::MAX, 0, &mut pace).await else {
        return failed(denied);
    };
    let needed = SPACING * u32::try_from(configurations.len()).unwrap_or(u32::MAX);
    if Instant::now() + needed >= deadline {
        let hint = format!(
            "{}; without it, {} would have to be asked one by one, which takes {} s: more than the deadline leaves",
            denied.hint,
            counted(configurations.len() as u64, "function"),
            needed.as_secs(),
        );
        return failed(denied.with_hint(hint));
    }
    let wanted: Vec<(AwsText, AwsText)> = configurations.iter().map(|c| (c.name.clone(), c.arn.clone())).collect();
    let paced = stream::unfold((pace, wanted.into_iter()), |(mut pace, mut rest)| async move {
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
                // Deleted since it was listed.
                Err(failure) if failure.kind == Kind::Other && failure.message.raw().contains("NotFound") => None,
                Err(failure) => Some(Err(failure)),
            }
        })
        .try_collect()
        .await;
    let mut tags = match tags {
        Ok(tags) => tags,
        Err(failure) if failure.kind == Kind::Denied => return failed(denied),
        Err(failure) => return failed(failure),
    };
    let found = configurations
        .iter()
        .filter_map(|configuration| {
            let tags = tags.remove(&configuration.name)?;
            let wanted = all || tags.get(key).is_some();
            wanted.then(|| Discovered { arn: configuration.arn.clone(), name: configuration.name.clone(), tags })
        })
        .collect();
    let target = target.key();
    vec![
        Observation::Functions { target: target.clone(), found, took: begun.elapsed(), detour: Some(denied) },
        Observation::Configurations { target, found: configurations, complete: true },
    ]
}

/// Configurations until all that are wanted have been seen. They only explain a verdict, so a failure stays without
/// consequence, and a target with thousands of functions is not read to its end.
pub(super) async fn configurations(source: &dyn Source, target: &Target, wanted: &[AwsText]) -> Vec<Observation> {
    let read = async |most| listing(source.functions(target), most, BURST, &mut gentle()).await;
    let answer = if wanted.is_empty() {
        read(usize::MAX).await.ok()
    } else {
        timeout(EXPLAINING, read(PAGES)).await.ok().and_then(Result::ok)
    };
    let observed =
        answer.map(|(found, complete)| Observation::Configurations { target: target.key(), found, complete });
    observed.into_iter().collect()
}
