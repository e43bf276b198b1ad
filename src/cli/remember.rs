//! Where the cache of the discovery is, whose it is, and when a sweep writes it. Nothing here can change a verdict.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    args::Scope,
    sweep::{Start, Swept},
};
use crate::{
    cache::{Cache, Estate},
    domain::{fleet::Fleet, rules::Scope as Narrowed, window::Minute},
    engine::End,
};

/// Variables of AWS that say whose the default credentials are, and who answers.
const IDENTITY: &[&str] =
    &["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN", "AWS_ENDPOINT_URL"];

/// The folder of the cache. A relative one would follow the working directory; the XDG specification says to ignore it.
pub(super) fn folder(variables: &BTreeMap<String, String>) -> Option<PathBuf> {
    let absolute = |name: &str| variables.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let usual =
        || absolute("LOCALAPPDATA").filter(|_| cfg!(windows)).or_else(|| Some(absolute("HOME")?.join(".cache")));
    Some(absolute("XDG_CACHE_HOME").or_else(usual)?.join("slmon"))
}

/// Keeps what a sweep has found, where that is all there is. The demo is kept nowhere.
pub(super) fn keep(start: &Start, scope: &Scope, swept: &Swept) {
    if swept.end == End::Complete {
        keep_found(start, scope, &swept.fleet);
    }
}

/// Keeps what was found, where nothing narrows it.
pub(super) fn keep_found(start: &Start, scope: &Scope, fleet: &Fleet) {
    let asked = &start.config().rules.scope;
    // What a narrowed sweep finds is less than there is. Regions are a part of the roster, and so of whose it is.
    let narrowed = !Narrowed { regions: Vec::new(), ..asked.clone() }.is_all();
    if scope.demo.is_some() || !start.config().cache || narrowed {
        return;
    }
    let Some(folder) = folder(&start.variables) else { return };
    // A cache that can't be written says nothing of production: the next start is slower, and that is all.
    if let Some(estate) = Estate::of(fleet) {
        let _ = of(start, &folder).store(&estate, start.now);
    }
}

/// What was found last and when, as a fleet of its own; none of the demo, or where nothing is kept.
pub(super) fn recall(start: &Start, scope: &Scope) -> Option<(Fleet, Minute)> {
    if scope.demo.is_some() || !start.config().cache {
        return None;
    }
    let cached = of(start, &folder(&start.variables)?).load(start.now)?;
    let mut fleet = Fleet::new(Arc::new(start.config().rules.clone()));
    cached.estate.observations().for_each(|observation| fleet.apply(observation));
    let minutes = i64::try_from(cached.age.as_secs() / 60).unwrap_or(i64::MAX);
    Some((fleet, start.minute().plus(-minutes)))
}

/// The place of the estate that is configured. External ids are not in it: they are redacted where a roster is printed.
fn of(start: &Start, folder: &Path) -> Cache {
    let roster = format!("{:?}", start.config().roster);
    let variables = IDENTITY.iter().map(|name| start.variables.get(*name).map_or("", String::as_str));
    Cache::of(folder, [roster.as_str()].into_iter().chain(variables))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_follows_the_xdg_specification() {
        let folder = |pairs: &[(&str, &str)]| folder(&pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect());
        assert_eq!(folder(&[("XDG_CACHE_HOME", "/c"), ("HOME", "/h")]), Some("/c/slmon".into()));
        assert_eq!(folder(&[("XDG_CACHE_HOME", "c"), ("HOME", "/h")]), Some("/h/.cache/slmon".into()));
        assert_eq!(folder(&[]), None);
    }
}
