//! A regular expression that somebody typed; and where it is wrong, a pointer to the place.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use regex::{Regex, RegexBuilder};
use regex_syntax::{ast::parse::Parser, hir::translate::Translator};

use super::Refusal;
use crate::domain::text::clean;

/// A pattern, in which `^` and `$` mean lines.
pub(super) fn compiled(pattern: &str, ignore_case: bool) -> Result<Regex, Refusal> {
    let mut builder = RegexBuilder::new(pattern);
    builder.case_insensitive(ignore_case).multi_line(true);
    builder.build().map_err(|error| {
        let said = pointed(pattern).map(Refusal::rendered);
        said.unwrap_or_else(|| Refusal::usage(format!("the pattern is no regular expression: {}", short(&error))))
    })
}

/// What is wrong, where it has a place: that line of the pattern, and the place below it.
fn pointed(pattern: &str) -> Option<String> {
    let (span, why) = match Parser::new().parse(pattern) {
        Err(error) => (*error.span(), error.kind().to_string()),
        Ok(ast) => {
            let error = Translator::new().translate(pattern, &ast).err()?;
            (*error.span(), error.kind().to_string())
        }
    };
    let (start, end) = (span.start.offset, span.end.offset);
    let begins = pattern[..start].rfind('\n').map_or(0, |at| at + 1);
    let ends = pattern[start..].find('\n').map_or(pattern.len(), |at| start + at);
    // What steers a terminal takes one place, as it did.
    let clean = |text: &str| clean(text).into_owned();
    let end = end.clamp(start, ends);
    let (before, wrong, after) =
        (clean(&pattern[begins..start]), clean(&pattern[start..end]), clean(&pattern[end..ends]));
    // What is missing is pointed at where it is missed.
    let long = if wrong.is_empty() { after.chars().next().map_or(0, char::len_utf8) } else { wrong.len() };
    let place = before.len()..before.len() + long;
    let text = format!("{before}{wrong}{after}");
    let snippet = Snippet::source(text).path("the pattern").annotation(AnnotationKind::Primary.span(place).label(&why));
    let title = Level::ERROR.primary_title("the pattern is no regular expression");
    Some(Renderer::plain().render(&[title.element(snippet)]))
}

/// An error's last line, which says what is wrong.
fn short(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_wrong_is_pointed_at() {
        let said = pointed("a(b|c").unwrap();
        assert!(said.contains("a(b|c") && said.contains("^ unclosed group") && said.lines().count() <= 5, "{said}");
        let said = pointed("fine\nx{2,1}").unwrap();
        assert!(said.contains("x{2,1}") && !said.contains("fine"), "{said}");
        assert!(compiled("[a-z]+", false).is_ok() && pointed("[a-z]+").is_none());
        assert!(pointed(r"\p{Nothing}").is_some(), "what is only wrong by its meaning has a place, too");
        // What is right and too big has no place.
        let big = compiled(r"(\w{1000}){1000}", false).unwrap_err();
        assert!(big.why().contains("the pattern is no regular expression: "), "{}", big.why());
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_a_pattern_or_is_pointed_at(text in "(?s)[\\PC\\n\u{1b}()\\[\\]{}*+?|\\\\äé]{0,24}") {
            prop_assert_eq!(pointed(&text).is_none(), regex_syntax::parse(&text).is_ok());
        }
    }
}
