//! Filter patterns of CloudWatch Logs: what an event has to hold to be handed out. Terms alone are used: of its other forms
//! not every kind of log group knows all.

use regex_syntax::hir::{Hir, HirKind};

/// What failures are written with, in any runtime: an event that has one of these may tell why something failed.
const FAILURES: &[&str] = &[
    "ERROR",
    "Error",
    "Exception",
    "errorType",
    "errorMessage",
    "Task timed out",
    "Process exited",
    "Runtime exited",
    "Status: timeout",
    "Status: error",
    "\"status\":\"timeout\"",
    "\"status\":\"error\"",
    "panic",
    "FATAL",
    "CRITICAL",
    "\"error\"",
    "\"fatal\"",
    // Stacks of the JVM, whose exceptions may be called anything.
    ".java:",
    ".kt:",
    ".scala:",
];

/// The pattern of events that may tell why something failed.
pub fn failures() -> String {
    any_of(FAILURES)
}

/// The pattern of events that hold one of these texts.
pub fn any_of<T: AsRef<str>>(terms: &[T]) -> String {
    match terms {
        [one] => quoted(one.as_ref()),
        _ => terms.iter().map(|term| format!("?{}", quoted(term.as_ref()))).collect::<Vec<_>>().join(" "),
    }
}

/// A text as one term.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A filter pattern is at most so long. Source: `FilterLogEvents`, "filterPattern".
const LONGEST: usize = 1024;
/// Alternatives that are asked for at most.
const MOST: usize = 12;
/// A shorter text narrows nothing.
const SHORTEST: usize = 2;

/// Texts of which whatever a regular expression finds has one; none where there are no such texts. So the server can leave
/// out most of what can't be found.
pub fn literals(regex: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::parse(regex).ok()?;
    let found = required(&hir)?;
    (any_of(&found).len() <= LONGEST).then_some(found)
}

/// The same of a part of a regular expression.
fn required(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            // An event is whatever was written at once; what a pattern can't hold parts it.
            let longest = text.split(char::is_control).max_by_key(|part| part.len())?;
            (longest.trim().len() >= SHORTEST).then(|| vec![longest.to_owned()])
        }
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Concat(parts) => parts.iter().filter_map(required).max_by_key(worth),
        HirKind::Alternation(parts) => {
            let all: Option<Vec<Vec<String>>> = parts.iter().map(required).collect();
            let mut all: Vec<String> = all?.into_iter().flatten().collect();
            all.sort();
            all.dedup();
            (all.len() <= MOST).then_some(all)
        }
        _ => None,
    }
}

/// How much texts narrow: the shortest of them counts, and few are better than many.
#[expect(clippy::ptr_arg, reason = "what max_by_key hands over")]
fn worth(texts: &Vec<String>) -> (usize, std::cmp::Reverse<usize>) {
    (texts.iter().map(String::len).min().unwrap_or_default(), std::cmp::Reverse(texts.len()))
}

/// A pattern that texts are held against, as CloudWatch Logs reads it: terms, or one regular expression between percent
/// signs.
#[derive(Clone, Debug)]
pub enum Matcher {
    /// Terms, each with its mark: `?` for any of those, `-` for what must not be there.
    Terms(Vec<(Option<char>, String)>),
    /// A regular expression; none where it is none.
    Regex(Option<regex::Regex>),
}

impl Matcher {
    /// Reads a pattern.
    pub fn new(pattern: &str) -> Self {
        let inside = pattern.strip_prefix('%').and_then(|rest| rest.strip_suffix('%'));
        if let Some(inside) = inside {
            return Self::Regex(regex::Regex::new(inside).ok());
        }
        let mut terms = Vec::new();
        let mut rest = pattern.trim_start();
        while !rest.is_empty() {
            let (mark, after) = match rest.chars().next() {
                Some(mark @ ('?' | '-')) => (Some(mark), &rest[1..]),
                _ => (None, rest),
            };
            let (term, after) = term(after);
            terms.push((mark, term));
            rest = after.trim_start();
        }
        Self::Terms(terms)
    }

    /// Whether a text has what the pattern asks for.
    pub fn holds(&self, text: &str) -> bool {
        let terms = match self {
            Self::Regex(regex) => return regex.as_ref().is_some_and(|regex| regex.is_match(text)),
            Self::Terms(terms) => terms,
        };
        let (mut any, mut of_any) = (false, false);
        for (mark, term) in terms {
            let found = text.contains(term.as_str());
            match mark {
                Some('?') => {
                    any = true;
                    of_any |= found;
                }
                Some(_) if found => return false,
                None if !found => return false,
                _ => {}
            }
        }
        !any || of_any
    }
}

/// Whether a text has what a pattern asks for, as CloudWatch Logs reads it.
pub fn holds(pattern: &str, text: &str) -> bool {
    Matcher::new(pattern).holds(text)
}

/// The first term of a pattern, and what follows.
fn term(text: &str) -> (String, &str) {
    let Some(inside) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let (mut term, mut escaped) = (String::new(), false);
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => {
                term.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (term, &inside[at + 1..]),
            c => term.push(c),
        }
    }
    (term, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(regex: &str) -> Option<Vec<String>> {
        literals(regex)
    }

    #[test]
    fn the_longest_text_that_must_be_there_is_found() {
        let one = |text: &str| Some(vec![text.to_owned()]);
        assert_eq!(of("timeout"), one("timeout"));
        assert_eq!(of(r"status=(\d{3}) for order"), one(" for order"));
        assert_eq!(of(r"(?:HTTP)+ 5\d\d"), one("HTTP"));
        assert_eq!(of("Timeout|AccessDenied"), Some(vec!["AccessDenied".into(), "Timeout".into()]));
        assert_eq!(of("a|bcd"), None);
        assert_eq!(of(r"\d+"), None);
        assert_eq!(of("(?i)timeout"), None);
        assert_eq!(of("(timeout)?x{0,2}"), None);
        assert_eq!(of("("), None);
        assert_eq!(of("one\nlonger"), one("longer"));
    }

    #[test]
    fn patterns_are_read_as_cloudwatch_logs_reads_them() {
        assert_eq!(any_of(&["a \"b\""]), r#""a \"b\"""#);
        assert!(holds(&any_of(&["a \"b\""]), r#"x a "b" y"#) && !holds(&any_of(&["a"]), "b"));
        assert!(holds(&any_of(&["x", "y"]), "only y") && !holds(&any_of(&["x", "y"]), "z"));
        assert!(holds("ERROR -quiet", "ERROR loud") && !holds("ERROR -quiet", "ERROR quiet"));
        assert!(holds("", "anything"));
        assert!(holds("%[Nn]o%", "a No") && !holds("%[Nn]o%", "NO") && !holds("%(%", "(") && holds("%", "%"));
        assert!(failures().len() <= LONGEST);
    }

    proptest! {
        #[test]
        fn whatever_is_found_has_one_of_the_texts(
            regex in "(?:[a-c]{1,3}|\\(ab\\|bc\\)|\\[ab\\]|c\\?|b\\+|\\|){1,6}",
            text in "[a-c]{0,12}",
        ) {
            let Ok(compiled) = regex::Regex::new(&regex) else { return Ok(()) };
            if let Some(literals) = literals(&regex) && compiled.is_match(&text) {
                prop_assert!(holds(&any_of(&literals), &text), "{} {:?} {}", regex, literals, text);
            }
        }

        #[test]
        fn any_term_finds_itself(term in "[^\\p{Cc}]{2,20}") {
            let within = ["a", &term, "b"].concat();
            prop_assert!(holds(&quoted(&term), &within));
        }
    }
}
