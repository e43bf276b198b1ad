//! Where the configuration file is. Never the working directory: a cloned repository must not be able to say which
//! accounts are read and which command is run.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Inputs,
    origin::{Origin, Source},
    problem::Problem,
    schema::FILE_VARIABLE,
};

/// The file, if there is one. One that somebody named has to be there.
pub(super) fn read(inputs: &Inputs<'_>) -> Result<Option<Arc<Source>>, Box<Problem>> {
    let set = |name: &str| inputs.env.get(name).filter(|value| !value.is_empty());
    let named = inputs
        .path
        .map(|path| (path.to_path_buf(), Origin::Flag("--config")))
        .or_else(|| Some((PathBuf::from(set(FILE_VARIABLE)?), Origin::Variable(FILE_VARIABLE.into()))));
    // A relative directory would be looked up in the working directory; the XDG specification says to ignore it.
    let absolute = |name: &str| set(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let usual = || {
        let directory = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))?;
        Some(directory.join("slmon/config.toml"))
    };
    let (path, by) = match named {
        Some((path, by)) => (path, Some(by)),
        None => match usual() {
            Some(path) => (path, None),
            None => return Ok(None),
        },
    };
    match ((inputs.read_file)(&path), by) {
        (Ok(text), _) => Ok(Some(Arc::new(Source { path, text }))),
        (Err(error), None) if is_absent(&error) => Ok(None),
        (Err(error), Some(by)) if is_absent(&error) => {
            let help = "create it (`slmon config` prints one to start from), or leave it out to use the usual place";
            Err(Problem::new(by, "", format!("there is no file {}", path.display())).help(help).into())
        }
        (Err(error), by) => Err(unreadable(&path, by.unwrap_or(Origin::Default), &error).into()),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn unreadable(path: &Path, by: Origin, error: &io::Error) -> Problem {
    let why = format!("the file {} can't be read: {error}", path.display());
    Problem::new(by, why.clone(), why)
}
