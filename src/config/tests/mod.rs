//! The configuration as its users meet it: files, variables and flags in, values or error texts out.

mod bad_values;
mod docs;
mod errors;
mod layers;
mod properties;
mod values;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use super::*;

/// Where the tests' file is.
const FILE: &str = "/etc/slmon/config.toml";

/// What surrounds a configuration.
#[derive(Default)]
struct World {
    path: Option<PathBuf>,
    env: BTreeMap<String, String>,
    flags: Flags,
    files: BTreeMap<PathBuf, String>,
}

impl World {
    /// Nothing but a file, named by `--config`.
    fn of(toml: &str) -> Self {
        Self { path: Some(FILE.into()), ..Self::default() }.file(FILE, toml)
    }

    fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.into(), text.into());
        self
    }

    fn var(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    fn flags(mut self, set: impl FnOnce(&mut Flags)) -> Self {
        set(&mut self.flags);
        self
    }

    fn load(&self) -> Result<Loaded, ConfigErrors> {
        let read_file = |path: &Path| self.files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into());
        load(&Inputs { path: self.path.as_deref(), env: &self.env, flags: &self.flags, read_file: &read_file })
    }

    fn config(&self) -> Config {
        self.load().unwrap().config
    }

    fn errors(&self) -> String {
        self.load().unwrap_err().to_string()
    }
}

fn config(toml: &str) -> Config {
    World::of(toml).config()
}

fn errors(toml: &str) -> String {
    World::of(toml).errors()
}
