//! As much of Markdown as the pages use: blocks of code, code spans, links, headings, and generated parts.

use std::{fmt, fs, path::PathBuf};

/// A page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    text: String,
}

/// A fenced block of code, with the indentation of its fence taken away.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) text: String,
}

/// A part between `<!-- made: NAME -->` and `<!-- /made -->`.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) text: String,
}

const BEGIN: &str = "<!-- made: ";
const END: &str = "<!-- /made -->";

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.path.strip_prefix(super::root()).unwrap_or(&self.path);
        name.display().fmt(f)
    }
}

impl Page {
    pub(crate) fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path, text }
    }

    pub(crate) fn blocks(&self) -> impl Iterator<Item = Block> {
        let mut blocks = Vec::new();
        let mut open: Option<(usize, Block)> = None;
        for line in self.text.lines() {
            let fence = line.trim_start().strip_prefix("```");
            match (&mut open, fence) {
                (None, Some(language)) => {
                    let indent = line.len() - line.trim_start().len();
                    open = Some((indent, Block { language: language.trim().to_owned(), text: String::new() }));
                }
                (Some(_), Some(_)) => blocks.extend(open.take().map(|(_, block)| block)),
                (Some((indent, block)), None) => {
                    block.text.push_str(line.get(*indent..).unwrap_or_default());
                    block.text.push('\n');
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{self}: a block of code has no end");
        blocks.into_iter()
    }

    /// Lines outside of blocks of code.
    fn prose(&self) -> impl Iterator<Item = &str> {
        let mut inside = false;
        self.text.lines().filter(move |line| {
            let fence = line.trim_start().starts_with("```");
            inside ^= fence;
            !inside && !fence
        })
    }

    /// What stands between single backticks; a span does not go over the end of its paragraph.
    pub(crate) fn spans(&self) -> impl Iterator<Item = String> {
        let mut paragraphs = vec![String::new()];
        for line in self.prose() {
            if line.trim().is_empty() || line.starts_with('|') {
                paragraphs.push(String::new());
            }
            if let Some(paragraph) = paragraphs.last_mut() {
                paragraph.push(' ');
                paragraph.push_str(line);
            }
        }
        let spans = paragraphs.into_iter().flat_map(|paragraph| {
            paragraph.split('`').skip(1).step_by(2).map(|span| span.trim().to_owned()).collect::<Vec<_>>()
        });
        spans.collect::<Vec<_>>().into_iter()
    }

    /// Where links and pictures lead.
    pub(crate) fn links(&self) -> impl Iterator<Item = String> {
        let all: String = self.prose().flat_map(|line| [line, "\n"]).collect();
        let links: Vec<String> =
            all.split("](").skip(1).filter_map(|rest| rest.split(')').next()).map(ToOwned::to_owned).collect();
        links.into_iter()
    }

    /// Headings as GitHub makes anchors of them.
    pub(crate) fn anchors(&self) -> impl Iterator<Item = String> {
        let headings = self.prose().filter(|line| line.starts_with('#'));
        let anchor = |line: &str| -> String {
            let kept = line.trim_start_matches('#').trim().to_lowercase();
            let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        };
        headings.map(anchor).collect::<Vec<_>>().into_iter()
    }

    pub(crate) fn parts(&self) -> Vec<Part> {
        let begins = self.text.split(BEGIN).skip(1);
        let parts = begins.map(|rest| {
            let (name, rest) = rest.split_once(" -->\n").unwrap_or_else(|| panic!("{self}: {BEGIN}… has no end"));
            let (text, _) = rest.split_once(END).unwrap_or_else(|| panic!("{self}: {name} has no {END}"));
            Part { name: name.to_owned(), text: text.to_owned() }
        });
        parts.collect()
    }

    /// Writes a generated part anew, in the file as it is now.
    pub(crate) fn write_part(&self, name: &str, now: &str) {
        let text = fs::read_to_string(&self.path).expect("the page");
        let begin = format!("{BEGIN}{name} -->\n");
        let (before, rest) = text.split_once(&begin).expect("its beginning");
        let (_, after) = rest.split_once(END).expect("its end");
        // Other tests read the page meanwhile: it is there whole at every moment.
        let beside = self.path.with_extension("md.new");
        fs::write(&beside, format!("{before}{begin}{}\n{END}{after}", now.trim_end())).expect("a file beside it");
        fs::rename(&beside, &self.path).expect("the page");
    }
}
