//! Where the alerts of a configuration are kept, and what changes of them by what was judged: for whoever watches, looks, or
//! asks for silence.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use super::{Refusal, args::Scope, output, sweep::Start};
use crate::{
    config::Config,
    domain::{
        life::{Evaluation, Happening, Notice},
        usage::Spent,
        window::Minute,
    },
    engine::{follow, watch::Snapshot},
    notify,
    store::{Known, Row, Store},
};

/// The store of a configuration, and the folder that goes with it where it is the demo's.
pub(super) struct Kept {
    pub(super) store: Store,
    pub(super) folder: PathBuf,
    /// The demo leaves nothing behind.
    pub(super) passing: Option<tempfile::TempDir>,
}

/// Opens the store, or says why it can't be used.
pub(super) fn open(start: &Start, scope: &Scope) -> Result<Kept, Refusal> {
    let passing = scope.demo.map(|_| tempfile::tempdir()).transpose();
    let passing = passing.map_err(|error| Refusal::usage(format!("no folder can be made: {error}")))?;
    let folder = match &passing {
        Some(folder) => folder.path().to_path_buf(),
        None => state_folder(&start.variables).ok_or_else(|| {
            Refusal::usage("there is no place to keep alerts: set XDG_STATE_HOME or HOME to a folder's whole path")
        })?,
    };
    let store = Store::open(&folder, &name_of(start.loaded.file.as_deref()), Minute::floor(super::clock::now()));
    let store = store.map_err(|error| unusable(&folder, &error))?;
    Ok(Kept { store, folder, passing })
}

/// What watching with this configuration has cost, by UTC day; nothing where nobody has watched.
pub(super) fn spent(start: &Start) -> BTreeMap<Minute, Spent> {
    let Some(folder) = state_folder(&start.variables) else { return BTreeMap::new() };
    let name = name_of(start.loaded.file.as_deref());
    if !folder.join(format!("{name}.alerts")).exists() {
        return BTreeMap::new();
    }
    match Store::open(&folder, &name, start.minute()) {
        Ok(mut store) => {
            if let Some(said) = store.said() {
                output::say(&format!("slmon: {said}"));
            }
            store.known().spent.clone()
        }
        Err(error) => {
            output::say(&format!(
                "slmon: what watching has cost is not known: {} can't be read: {error}",
                folder.display()
            ));
            BTreeMap::new()
        }
    }
}

/// That a folder of alerts can't be used.
pub(super) fn unusable(folder: &Path, error: &io::Error) -> Refusal {
    Refusal::usage(format!("{} can't be used: {error}", folder.display()))
}

/// What changes by what was judged: the lives that did, and what is to be told of it, in one line of the store. With
/// `only`, of these evaluations; in silence, nobody is told of anything but the end of what was told.
pub(super) fn decide(
    known: &Known,
    config: &Config,
    snapshot: &Snapshot,
    silent: bool,
    only: impl Fn(&Evaluation) -> bool,
) -> (Vec<Notice>, Vec<Row>) {
    let mut lives = known.lives.clone();
    let mut evaluations = follow::evaluations(snapshot, &lives, config.alerts.below);
    evaluations.retain(only);
    for evaluation in &mut evaluations {
        evaluation.muted |= silent;
    }
    let (notices, touched) = lives.turn(&config.alerts, evaluations);
    let row = |key| match lives.lives.get(&key) {
        Some(life) => Row::Life(key, Box::new(life.clone())),
        None => Row::Past(key),
    };
    let mut rows: Vec<Row> = touched.into_iter().map(row).collect();
    rows.extend(notices.iter().map(|notice| Row::Happened(Happening::of(notice))));
    rows.extend(notify::messages(&config.notify, &notices).into_iter().map(Row::Queue));
    (notices, rows)
}

/// The folder of the state. A relative one would follow the working directory; the XDG specification says to ignore it.
pub(super) fn state_folder(variables: &BTreeMap<String, String>) -> Option<PathBuf> {
    let absolute = |name: &str| variables.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let usual = || Some(absolute("HOME")?.join(".local/state"));
    Some(absolute("XDG_STATE_HOME").or_else(usual)?.join("slmon"))
}

/// The name of a configuration file's store: two files never share one, whatever flags say.
pub(super) fn name_of(file: Option<&Path>) -> String {
    let Some(file) = file else { return "default".into() };
    let path = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
    let plain: String = path
        .to_string_lossy()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '.' })
        .collect();
    let from = plain.len().saturating_sub(150);
    plain[from..].trim_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_has_a_folder_and_each_configuration_a_file_in_it() {
        let folder =
            |pairs: &[(&str, &str)]| state_folder(&pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect());
        assert_eq!(folder(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]), Some("/s/slmon".into()));
        assert_eq!(folder(&[("XDG_STATE_HOME", "s"), ("HOME", "/h")]), Some("/h/.local/state/slmon".into()));
        assert_eq!(folder(&[]), None);
        assert_eq!(name_of(None), "default");
        assert_eq!(name_of(Some(Path::new("/etc/slmon/acme prod.toml"))), "etc.slmon.acme.prod.toml");
    }
}
