//! What is wrong with a configuration, and how it is shown: the line of the file with a caret under it, or one
//! sentence where it was a variable or a flag. Knows places and words, not keys.

use std::{
    fmt::{self, Write as _},
    ops::Range,
};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::origin::{Origin, Source};
use crate::domain::text::{clean, nearest};

/// More than these are counted, not shown: whoever has that many mends the first and asks again.
const SHOWN: usize = 50;

/// One thing that is wrong.
pub(super) struct Problem {
    origin: Origin,
    title: String,
    /// Stands under the caret.
    label: String,
    /// What was said, where no line of a file shows it.
    said: Option<String>,
    help: Option<String>,
}

impl Problem {
    pub(super) fn new(origin: Origin, title: impl Into<String>, label: impl Into<String>) -> Self {
        Self { origin, title: title.into(), label: label.into(), said: None, help: None }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        self.maybe_help(Some(help.into()))
    }

    pub(super) fn maybe_help(self, help: Option<String>) -> Self {
        Self { help, ..self }
    }

    pub(super) fn said(self, said: impl Into<String>) -> Self {
        Self { said: Some(said.into()), ..self }
    }

    /// Where it was said.
    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The line of the file, from 1, where it was said there.
    pub(super) fn line(&self) -> Option<usize> {
        match &self.origin {
            Origin::File(source, span) => Some(source.line(span.start)),
            _ => None,
        }
    }

    fn order(&self) -> (u8, usize, &str) {
        match &self.origin {
            Origin::Default => (0, 0, &self.title),
            Origin::File(_, span) => (1, span.start, &self.title),
            Origin::Variable(name) => (2, 0, name),
            Origin::Flag(name) => (3, 0, name),
        }
    }

    fn render(&self, renderer: &Renderer) -> String {
        match &self.origin {
            Origin::File(source, span) => self.in_file(source, span, renderer),
            Origin::Default => self.sentence("", renderer),
            Origin::Variable(name) => self.sentence(name, renderer),
            Origin::Flag(name) => self.sentence(name, renderer),
        }
    }

    fn sentence(&self, name: &str, renderer: &Renderer) -> String {
        let mut text = if name.is_empty() { self.title.clone() } else { format!("{name}: ") };
        if !name.is_empty() {
            text.push_str(if self.label.is_empty() { &self.title } else { &self.label });
        }
        if let Some(said) = &self.said {
            let _ = write!(text, ", not `{said}`");
        }
        if let Some(help) = &self.help {
            let _ = write!(text, "; {help}");
        }
        renderer.render(&[annotate_snippets::Group::with_title(Level::ERROR.primary_title(one_line(&text)))])
    }

    fn in_file(&self, source: &Source, span: &Range<usize>, renderer: &Renderer) -> String {
        let Excerpt { line, text, span } = Excerpt::of(source, span);
        let mut annotation = AnnotationKind::Primary.span(span);
        if !self.label.is_empty() {
            annotation = annotation.label(one_line(&self.label));
        }
        let path = one_line(&source.path.display().to_string());
        let snippet = Snippet::source(text).path(path).line_start(line).annotation(annotation);
        let mut group = Level::ERROR.primary_title(one_line(&self.title)).element(snippet);
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(one_line(help)));
        }
        renderer.render(&[group])
    }
}

/// Everything that is wrong with a configuration, in the order of its file, then variables, then flags.
pub struct ConfigErrors(Vec<Problem>);

impl ConfigErrors {
    pub(super) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| a.order().cmp(&b.order()));
        Self(problems)
    }

    /// How many there are.
    #[expect(clippy::len_without_is_empty, reason = "there is always one, or there would be no error")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them, for people: each with its place, what is wrong and what helps.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut shown: Vec<String> = self.0.iter().take(SHOWN).map(|problem| problem.render(&renderer)).collect();
        if self.0.len() > SHOWN {
            shown.push(format!("and {} more", self.0.len() - SHOWN));
        }
        shown.join("\n\n")
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl fmt::Debug for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigErrors {}

fn one_line(text: &str) -> String {
    clean(text).into_owned()
}

/// The line that a span begins on, fit to be shown, and the span in it.
struct Excerpt {
    line: usize,
    text: String,
    span: Range<usize>,
}

impl Excerpt {
    fn of(source: &Source, span: &Range<usize>) -> Self {
        let text = &source.text;
        let start = text.floor_char_boundary(span.start);
        let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let to = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = text.floor_char_boundary(span.end).clamp(start, to);
        let hidden = secrets(&text[from..to]);
        let part = |range: Range<usize>| -> String {
            let shown = text[range.clone()].char_indices().map(|(at, c)| {
                let at = range.start + at - from;
                if hidden.iter().any(|hidden| hidden.contains(&at)) { '*' } else { c }
            });
            // A tab is a blank, as wide as the caret's line takes it to be; a line's last carriage return is none.
            clean(&shown.map(|c| if c == '\t' { ' ' } else { c }).collect::<String>()).into_owned()
        };
        let to = from + text[from..to].trim_end_matches('\r').len();
        let (before, marked, after) =
            (part(from..start.min(to)), part(start.min(to)..end.min(to)), part(end.min(to)..to));
        let span = before.len()..before.len() + marked.len();
        Self { line: source.line(start), text: before + &marked + &after, span }
    }
}

/// Where a line says an external id: errors land in logs, and it is none of theirs. Textual, since the line may be
/// no TOML at all, and a mistyped key hides no less than a right one.
fn secrets(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices('=') {
        let before = line[..at].trim_end();
        let key = before.rsplit([',', '{', '.', ' ', '\t']).next().unwrap_or(before);
        if nearest(key.trim_matches(['"', '\'']), ["external_id"]).is_none() {
            continue;
        }
        let value = line[at + 1..].trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        // All leading quotes, since there can be three.
        let start = line.len() - quote.map_or(value, |quote| value.trim_start_matches(quote)).len();
        let end = match quote {
            Some(quote) => line[start..].find(quote),
            None => line[start..].find([',', '}', '#']),
        };
        let end = end.map_or(line.len(), |end| start + end);
        found.push(start..end);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_external_id_is_never_shown() {
        for (line, hidden) in [
            (r#"external_id = "s3cret""#, "s3cret"),
            (r#"x = { "external_id"='s3cret', role = "y" }"#, "s3cret"),
            (r#"external_id = """s3cret"""#, "s3cret"),
            ("external_id = s3cret", "s3cret"),
            ("externl-id = 's3cret'", "s3cret"),
            (r#"external_id = "s3cret, unclosed"#, "s3cret, unclosed"),
        ] {
            let found: Vec<&str> = secrets(line).into_iter().map(|range| &line[range]).collect();
            assert_eq!(found, [hidden], "{line}");
        }
        assert!(secrets(r#"external_id_env = "ACME""#).is_empty());
    }
}
