//! Where something was said: a place in a file, a variable, a flag, or the defaults.

use std::{ops::Range, path::PathBuf, sync::Arc};

/// A configuration file as it was read.
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

impl Source {
    /// The line, from 1, that a byte lies in.
    pub(super) fn line(&self, at: usize) -> usize {
        1 + self.text.bytes().take(at).filter(|byte| *byte == b'\n').count()
    }
}

/// Where something was said. The later variant beats the earlier.
#[derive(Clone)]
pub(super) enum Origin {
    Default,
    File(Arc<Source>, Range<usize>),
    Variable(Arc<str>),
    Flag(&'static str),
}
