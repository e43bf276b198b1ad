//! Regular expressions carried over to who reads logs for us. What is written here finds whatever the original finds, and
//! may find more: what comes is judged again by the original. Nothing is written that could take exponential time there.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// The longest that is carried over to Logs Insights. Source: `StartQuery`, "queryString": 10,000 characters.
const LONGEST: usize = 4_000;
/// The longest filter pattern. Source: `FilterLogEvents`, "filterPattern".
const LONGEST_FILTER: usize = 1_024;
/// A pattern of fewer characters finds too much to be worth the asking.
const SHORTEST: usize = 2;
/// Repetitions beyond this are as good as endless.
const MANY: u32 = 16;
/// The most repetitions that are written.
const MOST: u32 = 1_000;
/// Whatever there is.
const ANYTHING: &str = r"[\s\S]*";

/// A regular expression as Logs Insights reads it between slashes; none where it would narrow nothing.
pub fn insights(regex: &str) -> Option<String> {
    let hir = parsed(regex)?;
    if hir.properties().minimum_len().is_some_and(|least| least < SHORTEST) {
        return None;
    }
    let written = written(&hir);
    let tells = written.replace(ANYTHING, "");
    (written.len() <= LONGEST && tells.chars().filter(char::is_ascii_alphanumeric).count() >= SHORTEST)
        .then_some(written)
}

fn parsed(regex: &str) -> Option<Hir> {
    regex_syntax::ParserBuilder::new().multi_line(true).build().parse(regex).ok()
}

fn written(hir: &Hir) -> String {
    match hir.kind() {
        // Where something stands is judged afterwards.
        HirKind::Empty | HirKind::Look(_) => String::new(),
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => text.chars().map(escaped).collect(),
            Err(_) => ANYTHING.into(),
        },
        HirKind::Class(class) => one_of(class),
        HirKind::Repetition(repetition) => repeated(repetition),
        HirKind::Capture(capture) => grouped(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(grouped_if_any_of).collect(),
        HirKind::Alternation(parts) => parts.iter().map(written).collect::<Vec<_>>().join("|"),
    }
}

fn grouped(hir: &Hir) -> String {
    let inside = written(hir);
    if inside.is_empty() { inside } else { format!("(?:{inside})") }
}

fn grouped_if_any_of(hir: &Hir) -> String {
    if matches!(hir.kind(), HirKind::Alternation(_)) { grouped(hir) } else { written(hir) }
}

fn escaped(c: char) -> String {
    match c {
        '\n' => r"\n".into(),
        '\r' => r"\r".into(),
        '\t' => r"\t".into(),
        c if c.is_ascii_control() => format!(r"\x{:02X}", u32::from(c)),
        c if c.is_ascii_alphanumeric() || !c.is_ascii() || " _-:=@,;#<>!%&~'\"`".contains(c) => c.to_string(),
        c => format!("\\{c}"),
    }
}

/// The ASCII characters of a class, and whether it has others.
fn ascii(class: &Class) -> (Vec<char>, bool) {
    let has = |c: char| match class {
        Class::Unicode(class) => class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&c)),
        Class::Bytes(class) => {
            class.ranges().iter().any(|range| (u32::from(range.start())..=u32::from(range.end())).contains(&c.into()))
        }
    };
    let other = match class {
        Class::Unicode(class) => class.ranges().last().is_some_and(|range| !range.end().is_ascii()),
        Class::Bytes(class) => class.ranges().last().is_some_and(|range| !range.end().is_ascii()),
    };
    (('\0'..='\x7f').filter(|c| has(*c)).collect(), other)
}

/// A class; of one with characters beyond ASCII all of those may stand there.
fn one_of(class: &Class) -> String {
    let (within, other) = ascii(class);
    if within.is_empty() && !other {
        return r"[^\s\S]".into();
    }
    if !other {
        return format!("[{}]", ranges(&within, |c| format!(r"\x{:02X}", u32::from(c))));
    }
    let without: Vec<char> = ('\0'..='\x7f').filter(|c| !within.contains(c)).collect();
    if without.is_empty() {
        return r"[\s\S]".into();
    }
    format!("[^{}]", ranges(&without, |c| format!(r"\x{:02X}", u32::from(c))))
}

/// Characters as what stands between brackets. Letters and digits stand for themselves.
fn ranges(characters: &[char], written: impl Fn(char) -> String) -> String {
    let name = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { written(c) };
    let mut runs: Vec<(char, char)> = Vec::new();
    for c in characters {
        match runs.last_mut() {
            Some((_, last)) if u32::from(*last) + 1 == u32::from(*c) => *last = *c,
            _ => runs.push((*c, *c)),
        }
    }
    let run = |(first, last): &(char, char)| match u32::from(*last) - u32::from(*first) {
        0 => name(*first),
        1 => format!("{}{}", name(*first), name(*last)),
        _ => format!("{}-{}", name(*first), name(*last)),
    };
    runs.iter().map(run).collect()
}

/// A repetition. What could be taken apart in many ways becomes whatever there is: who looks for a match by trying each
/// way would take exponential time.
fn repeated(repetition: &Repetition) -> String {
    let many = repetition.max.is_none_or(|max| max > MANY);
    let ambiguous = if many { varies(&repetition.sub) } else { repetition.max > Some(1) && endless(&repetition.sub) };
    if ambiguous {
        return ANYTHING.into();
    }
    let inside = match repetition.sub.kind() {
        HirKind::Class(class) => one_of(class),
        _ => grouped(&repetition.sub),
    };
    if inside.is_empty() {
        return inside;
    }
    let min = repetition.min.min(MOST);
    let count = match (min, repetition.max.filter(|max| *max <= MOST)) {
        (0, None) => "*".into(),
        (1, None) => "+".into(),
        (0, Some(1)) => "?".into(),
        (min, None) => format!("{{{min},}}"),
        (min, Some(max)) => format!("{{{min},{max}}}"),
    };
    format!("{inside}{count}")
}

/// Whether what it finds can be of several lengths, or found in several ways.
fn varies(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Repetition(_) | HirKind::Alternation(_) => true,
        HirKind::Capture(capture) => varies(&capture.sub),
        HirKind::Concat(parts) => parts.iter().any(varies),
        _ => false,
    }
}

/// Whether something in it repeats without end.
fn endless(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Repetition(repetition) => repetition.max.is_none_or(|max| max > MANY) || endless(&repetition.sub),
        HirKind::Capture(capture) => endless(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(endless),
        _ => false,
    }
}

/// A regular expression as a filter pattern of CloudWatch Logs, between its percent signs; none where it would narrow
/// nothing. There are neither groups nor characters beyond ASCII: so it is the part of the original that tells most.
/// Source: CloudWatch Logs' documentation, "Supported regular expressions (regex) syntax".
pub fn filter(regex: &str) -> Option<String> {
    let run = best(&parsed(regex)?)?;
    let pattern = format!("%{}%", run.text);
    (run.worth >= ENOUGH && pattern.len() <= LONGEST_FILTER).then_some(pattern)
}

/// What is worth asking for: two characters that are known, or as much.
const ENOUGH: u32 = 4;
/// Of a character that is known.
const KNOWN: u32 = 2;
/// One character that can't be written: a filter pattern may count its bytes.
const SOME: &str = ".{1,4}";

/// A part of a regular expression as a filter pattern, and how much it narrows.
#[derive(Clone, Debug, Default)]
struct Run {
    text: String,
    worth: u32,
}

/// The part that narrows most.
fn best(hir: &Hir) -> Option<Run> {
    if let HirKind::Alternation(parts) = hir.kind() {
        let parts: Vec<Run> = parts.iter().map(best).collect::<Option<_>>()?;
        let worth = parts.iter().map(|part| part.worth).min()?;
        let texts: Vec<String> = parts.into_iter().map(|part| part.text).collect();
        return Some(Run { text: texts.join("|"), worth });
    }
    let (mut found, mut run) = (Vec::new(), Run::default());
    extend(hir, &mut run, &mut found);
    found.push(run);
    found.into_iter().filter(|run| run.worth > 0).max_by_key(|run| run.worth)
}

/// Adds to a run what stands next; ends it where that can't be written.
fn extend(hir: &Hir, run: &mut Run, found: &mut Vec<Run>) {
    let mut add = |unit: Option<(String, u32)>| {
        let Some((text, worth)) = unit else {
            found.push(std::mem::take(run));
            return false;
        };
        run.text.push_str(&text);
        run.worth += worth;
        true
    };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Capture(capture) => extend(&capture.sub, run, found),
        HirKind::Concat(parts) => parts.iter().for_each(|part| extend(part, run, found)),
        HirKind::Literal(literal) => {
            for c in String::from_utf8_lossy(&literal.0).chars() {
                add(unit(c));
            }
        }
        HirKind::Class(class) => {
            add(class_unit(class));
        }
        HirKind::Repetition(repetition) => {
            if !add(repeated_unit(repetition)) && repetition.min > 0 {
                found.extend(best(&repetition.sub));
            }
        }
        // Alternatives can only stand at the top, with nothing beside them.
        HirKind::Alternation(_) => {
            add(None);
            found.extend(best(hir));
        }
    }
}

/// A character, and what it is worth; none where it may part what can be found.
fn unit(c: char) -> Option<(String, u32)> {
    Some(match c {
        c if c.is_control() || c == '\u{fffd}' => return None,
        ' ' => (r"\s".into(), 1),
        c if c.is_ascii_alphanumeric() || ":_#=@/;,-".contains(c) => (c.to_string(), KNOWN),
        c if r"^$?[]{}|\*+.".contains(c) => (format!("\\{c}"), KNOWN),
        c if c.is_ascii() => (".".into(), 0),
        _ => (SOME.into(), 0),
    })
}

fn class_unit(class: &Class) -> Option<(String, u32)> {
    let (within, other) = ascii(class);
    if within.iter().any(char::is_ascii_control) {
        return None;
    }
    if other {
        return Some((SOME.into(), 0));
    }
    let worth = match within.len() {
        0 => return None,
        1..=2 => KNOWN,
        3..=10 => 1,
        _ => 0,
    };
    if within.iter().all(|c| c.is_ascii_alphanumeric() || ":_#=@/;,".contains(*c)) {
        return Some((format!("[{}]", ranges(&within, |c| c.to_string())), worth));
    }
    Some((".".into(), 0))
}

/// A repetition of one character.
fn repeated_unit(repetition: &Repetition) -> Option<(String, u32)> {
    let (text, worth) = match repetition.sub.kind() {
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            let mut characters = text.chars();
            unit(characters.next().filter(|_| characters.next().is_none())?)?
        }
        HirKind::Class(class) => class_unit(class)?,
        _ => return None,
    };
    let min = repetition.min;
    if text == SOME || min > MANY {
        return None;
    }
    let count = match (min, repetition.max) {
        (0, Some(1)) => "?".into(),
        (0, None) => "*".into(),
        (1, None) => "+".into(),
        (min, Some(max)) if max <= MANY => format!("{{{min},{max}}}"),
        // Only both ends of a range are documented.
        (min, _) => {
            let times = usize::try_from(min).ok()?;
            return Some((format!("{}{text}*", text.repeat(times)), worth * min));
        }
    };
    Some((format!("{text}{count}"), worth * min))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    #[test]
    fn what_insights_is_asked_is_what_was_meant() {
        let of = |regex: &str| insights(regex).unwrap();
        assert_eq!(of("HTTP 503"), "HTTP 503");
        assert_eq!(of(r"status=(5[0-9]{2})"), "status=(?:5[0-9]{2,2})");
        assert_eq!(of("^ERROR: a/b$"), r"ERROR: a\/b");
        assert_eq!(of("(?i)no"), "[Nn][Oo]");
        assert_eq!(of("one|two words"), "one|two words");
        assert_eq!(of("x(?:one|two)y"), "x(?:one|two)y");
        assert_eq!(of(r"ab\.\*"), r"ab\.\*");
        // Who writes more than ASCII may be read otherwise elsewhere: so much more is asked for.
        assert_eq!(of(r"ab\d"), r"ab[^\x00-\x2F\x3A-\x7F]");
        assert_eq!(insights("x?"), None);
        assert_eq!(insights(r"\s+.*"), None);
        assert_eq!(insights("("), None);
        assert_eq!(of(r"ab[^\s\S]"), r"ab[^\s\S]");
    }

    #[test]
    fn nothing_is_asked_that_takes_exponential_time_elsewhere() {
        assert_eq!(insights("(a+)+b!c").unwrap(), r"[\s\S]*b!c");
        assert_eq!(insights("(?:x|xy)*why").unwrap(), r"[\s\S]*why");
        assert_eq!(insights("(?:(a*)b){2,9}cd").unwrap(), r"[\s\S]*cd");
        assert_eq!(insights("(a+)+$"), None);
        // Here it is judged in linear time.
        let regex = Regex::new("(a+)+$").unwrap();
        assert!(!regex.is_match(&("a".repeat(200_000) + "!")));
    }

    #[test]
    fn filter_patterns_have_neither_groups_nor_case() {
        let of = |regex: &str| filter(regex).unwrap();
        assert_eq!(of("(?i)no route"), r"%[Nn][Oo]\s[Rr][Oo][Uu][Tt][Ee]%");
        assert_eq!(of("(?i)timeouts!"), "%[Tt][Ii][Mm][Ee][Oo][Uu][Tt].{1,4}.%");
        assert_eq!(of("[0-9]{3}-[0-9]{4}"), "%[0-9]{3,3}-[0-9]{4,4}%");
        assert_eq!(of("(?i)(ab)+(error)+"), of("(?i)error"));
        assert_eq!(of("(?i)one|two"), "%[Oo][Nn][Ee]|[Tt][Ww][Oo]%");
        assert_eq!(filter("(?i)s"), None);
        assert_eq!(filter(r"\d+"), None);
        assert_eq!(filter("a|.*"), None);
    }

    /// A character in another case, or what else the regular expression `(?i)c` finds.
    fn other(c: char, chance: usize) -> char {
        match (c, chance % 3) {
            ('s', 2) => 'ſ',
            ('k', 2) => '\u{212a}',
            ('7', 1) => '٧',
            (c, 1) => c.to_ascii_uppercase(),
            (c, _) => c,
        }
    }

    #[track_caller]
    fn finds(regex: &str, text: &str) {
        if let Some(carried) = insights(regex) {
            assert!(Regex::new(&carried).unwrap().is_match(text), "{regex} {carried} {text:?}");
        }
        if let Some(carried) = filter(regex) {
            let inside = carried.trim_matches('%');
            assert!(!inside.contains('%') && inside.is_ascii() && !inside.contains(['(', ')']), "{carried}");
            // Whether a character beyond ASCII counts once or by its bytes, it is found.
            assert!(Regex::new(inside).unwrap().is_match(text), "{regex} {carried} {text:?}");
            let bytes = regex::bytes::Regex::new(&format!("(?s-u){inside}")).unwrap();
            assert!(bytes.is_match(text.as_bytes()), "{regex} {carried} {text:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_original_finds_is_found_elsewhere_too(
            regex in "(?:\\(\\?i\\))?(?:[a-c]{1,3}|\\(ab\\|bc\\)|\\[ab\\]|c\\?|b\\+|\\(a\\*b\\)\\*|\\||\\^|\\$|\\.|\\\\d|\\\\s|s|k|!|[1-2]\\{1,3\\}){1,6}",
            text in "[a-cA-CsSkKſK12! \n.]{0,14}",
        ) {
            let Ok(original) = regex::RegexBuilder::new(&regex).multi_line(true).build() else { return Ok(()) };
            if !original.is_match(&text) {
                return Ok(());
            }
            finds(&regex, &text);
        }

        #[test]
        fn words_are_found_in_whatever_case(word in "[skab7! .é]{1,7}", chances in prop::array::uniform7(0_usize..3)) {
            let regex = format!("(?i){}", regex::escape(&word).replace('7', r"\d"));
            let written: String = word.chars().zip(chances).map(|(c, chance)| other(c, chance)).collect();
            prop_assert!(Regex::new(&regex).unwrap().is_match(&written));
            finds(&regex, &format!("so {written} it is"));
            finds(&regex::escape(&word), &format!("so {word} it is"));
        }
    }
}
