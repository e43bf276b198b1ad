//! A regular expression that somebody typed; and where it is wrong, a pointer to the place.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use regex::{Captures, Regex, RegexBuilder};
use regex_automata::util::interpolate;
use regex_syntax::{ast::parse::Parser, hir::translate::Translator};

use super::Refusal;
use crate::domain::{logs::secrets::Secrets, text::clean};

/// A pattern, in which `^` and `$` mean lines.
pub(super) fn compiled(pattern: &str, ignore_case: bool) -> Result<Regex, Refusal> {
    let mut builder = RegexBuilder::new(pattern);
    builder.case_insensitive(ignore_case).multi_line(true);
    builder.build().map_err(|error| {
        let said = pointed(pattern).map(Refusal::rendered);
        said.unwrap_or_else(|| Refusal::usage(format!("the pattern is no regular expression: {}", short(&error))))
    })
}

/// What is made of the groups of a pattern where it fits: `$1`, `${name} from $2`.
pub(super) struct Template<'a> {
    text: &'a str,
    regex: Regex,
    /// Whether secrets are told as they are.
    secrets: bool,
}

impl<'a> Template<'a> {
    /// A template that names groups of this pattern, and at least one.
    pub(super) fn new(text: &'a str, regex: &Regex, secrets: bool) -> Result<Self, Refusal> {
        let template = Self { text, regex: regex.clone(), secrets };
        let (mut named, mut unknown) = (0, None);
        let append = |group: usize, _: &mut String| {
            named += 1;
            if group >= regex.captures_len() {
                unknown = Some(group.to_string());
            }
        };
        let mut missing = None;
        let name = |name: &str| {
            let group = template.group(name);
            if group.is_none() {
                missing = Some(name.to_owned());
            }
            group
        };
        interpolate::string(text, append, name, &mut String::new());
        let groups: Vec<String> = regex
            .capture_names()
            .enumerate()
            .skip(1)
            .map(|(n, name)| name.map_or_else(|| format!("${n}"), |name| format!("${{{name}}}")))
            .collect();
        let there = match groups.as_slice() {
            [] => "the pattern has no groups: put ( ) around what is to be counted, or take $0, all that it has found"
                .into(),
            groups => format!("the pattern's groups are {}", groups.join(", ")),
        };
        match missing.or(unknown) {
            Some(group) => Err(Refusal::usage(format!("--count-by {text}: there is no group {group}; {there}"))),
            None if named == 0 => Err(Refusal::usage(format!("--count-by {text:?} names no group; {there}"))),
            None => Ok(template),
        }
    }

    fn group(&self, name: &str) -> Option<usize> {
        self.regex.capture_names().position(|known| known == Some(name))
    }

    /// What it makes of a text in which the pattern has found something: what is secret in the text is secret in its parts.
    pub(super) fn of(&self, text: &str, found: &Captures<'_>) -> String {
        let mut made = String::new();
        if self.secrets {
            found.expand(self.text, &mut made);
            return made;
        }
        let secrets = Secrets::of(text);
        let append = |group: usize, made: &mut String| {
            made.extend(found.get(group).map(|part| secrets.hidden(part.range())));
        };
        interpolate::string(self.text, append, |name| self.group(name), &mut made);
        made
    }
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

    #[test]
    fn a_template_names_groups_that_there_are() {
        let regex = Regex::new(r"status=(\d)\d\d(?: by (?P<who>\w+))?").unwrap();
        let refused = |text| Template::new(text, &regex, false).err().map(|why| why.why().to_owned());
        assert!(["$1", "${1}xx", "$0", "${who}", "$who of $1"].into_iter().all(|text| refused(text).is_none()));
        let why = refused("$2 $3").unwrap();
        assert_eq!(why, "--count-by $2 $3: there is no group 3; the pattern's groups are $1, ${who}");
        assert!(refused("$1xx").unwrap().contains("there is no group 1xx"), "as the regex crate reads it");
        assert!(refused("").unwrap().contains("names no group"));
        let why = Template::new("$1", &Regex::new("x").unwrap(), false).err().unwrap();
        assert!(why.why().contains("the pattern has no groups"), "{}", why.why());
    }

    #[test]
    fn what_is_secret_in_a_line_is_secret_in_what_is_counted() {
        let regex = Regex::new(r"password=(\S+) user=(\S+)").unwrap();
        let text = "password=hunter2 user=ann";
        let of = |secrets| Template::new("$2: $1", &regex, secrets).unwrap().of(text, &regex.captures(text).unwrap());
        assert_eq!([of(false), of(true)], ["ann: <secret>", "ann: hunter2"]);
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_a_pattern_or_is_pointed_at(text in "(?s)[\\PC\\n\u{1b}()\\[\\]{}*+?|\\\\äé]{0,24}") {
            prop_assert_eq!(pointed(&text).is_none(), regex_syntax::parse(&text).is_ok());
        }
    }
}
