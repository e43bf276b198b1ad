//! Globs as the configuration writes them: `*` and `?` and `[…]`, case-insensitive, over a whole text.

use globset::{GlobBuilder, GlobMatcher};

/// A compiled glob. Compares by what was written.
#[derive(Clone, Debug)]
pub struct Glob(GlobMatcher);

impl Glob {
    /// Compiles a glob.
    ///
    /// # Errors
    /// What is wrong with the pattern, in words.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let glob =
            GlobBuilder::new(pattern).case_insensitive(true).literal_separator(false).backslash_escape(true).build();
        glob.map(|glob| Self(glob.compile_matcher())).map_err(|error| error.kind().to_string())
    }

    /// A glob, as somebody would write it, that matches this text alone: of a name, no character means more than itself.
    pub fn escaped(text: &str) -> String {
        globset::escape(text)
    }

    /// Whether the whole text matches.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        self.0.glob().glob()
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}
impl Eq for Glob {}
