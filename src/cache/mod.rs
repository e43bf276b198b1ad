//! The cache of the discovery: which accounts, regions and functions the last sweep found, on disk. It completes words
//! in a shell, and lets a screen show something at once. The gate never reads it.
//!
//! It holds names and tags: no metrics, no environment variables, no credentials and no external ids. It knows no clock
//! and no environment: the folder and the time are arguments. What can't be written is no failure of the run.

mod estate;
mod page;

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;

pub use estate::{CachedAccount, CachedTarget, Estate};

/// More files than this are not kept: the oldest go.
const KEPT: usize = 16;
/// A file that is longer was not written by slmon: 80,000 functions take some 10 MB.
const LONGEST: u64 = 200 << 20;
const SUFFIX: &str = "discovery";

/// One estate's place in the cache. Two estates never share one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
    file: PathBuf,
}

/// What was found, and how long ago.
#[derive(Clone, Debug, PartialEq)]
pub struct Cached {
    /// How long ago it was found.
    pub age: Duration,
    /// What was found.
    pub estate: Estate,
}

impl Cache {
    /// The place in a folder of an estate that these texts identify: the roster, and whose the credentials are.
    pub fn of<'t>(folder: &Path, identity: impl IntoIterator<Item = &'t str>) -> Self {
        let name = format!("{:016x}.{SUFFIX}", fingerprint(identity));
        Self { folder: folder.to_path_buf(), file: folder.join(name) }
    }

    /// The place that was written last, whichever estate it is of.
    pub fn newest(folder: &Path) -> Option<Self> {
        let file = written(folder).into_iter().next_back()?;
        Some(Self { folder: folder.to_path_buf(), file })
    }

    /// Writes what was found: wholly or not at all, readable by nobody else.
    pub fn store(&self, estate: &Estate, now: Timestamp) -> io::Result<()> {
        make_private(&self.folder)?;
        let mut file = tempfile::Builder::new().prefix(".").tempfile_in(&self.folder)?;
        file.write_all(&page::written(estate, now)?)?;
        file.persist(&self.file)?;
        let files = written(&self.folder);
        for old in files.iter().take(files.len().saturating_sub(KEPT)) {
            let _ = fs::remove_file(old);
        }
        Ok(())
    }

    /// What was found last. None where there is nothing, or nothing that slmon of this version wrote: a cache that
    /// can't be read is no cache.
    pub fn load(&self, now: Timestamp) -> Option<Cached> {
        let metadata = fs::metadata(&self.file).ok()?;
        if !metadata.is_file() || metadata.len() > LONGEST {
            return None;
        }
        let (at, estate) = page::read(&fs::read(&self.file).ok()?)?;
        let age = Duration::try_from(now.duration_since(at)).ok()?;
        Some(Cached { age, estate })
    }
}

/// The files of a folder, the oldest first.
fn written(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let ours = entries.flatten().map(|entry| entry.path());
    let ours = ours.filter(|path| path.extension().is_some_and(|extension| extension == SUFFIX));
    let mut files: Vec<_> = ours.filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path))).collect();
    files.sort();
    files.into_iter().map(|(_, path)| path).collect()
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// FNV-1a, 64 bits: the same in every build, and no secret goes in.
fn fingerprint<'t>(texts: impl IntoIterator<Item = &'t str>) -> u64 {
    let bytes = texts.into_iter().flat_map(|text| text.bytes().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests;
