//! What of a line is nobody's business: keys, tokens, passwords and e-mail addresses are masked by their looks. A mask that
//! hides too much is a nuisance, one that hides too little a leak; what it can't know it can't hide.

use std::{borrow::Cow, ops::Range, sync::LazyLock};

use regex::{Captures, Regex};

/// What stands instead of a secret.
const SECRET: &str = "<secret>";
/// What stands instead of an e-mail address.
const EMAIL: &str = "<email>";

/// Patterns of secrets, the group `s` of each; of one without that group, the whole.
const PATTERNS: &[&str] = &[
    // A key's whole text, also where its end has not come; and a line of it alone.
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.)*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
    r"(?m)^(?:[A-Za-z0-9+/]{64}|MII[A-Za-z0-9+/]{40,}={0,2})\r?$",
    // AWS: access keys, session tokens, signatures.
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    r"\b(?:IQoJ|FwoG)[A-Za-z0-9/+]{60,}={0,2}",
    r"(?i)\bX-Amz-(?:Signature|Security-Token|Credential)=(?P<s>[^&\s\x22']+)",
    r"(?i)secret_?access_?key[^A-Za-z0-9/+]{1,4}(?P<s>[A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+]|$)",
    // JSON web tokens.
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)?",
    // Those of well-known services, by how they begin.
    r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{20,}|AIza[A-Za-z0-9_-]{35}|npm_[A-Za-z0-9]{36}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})",
    r"(?i)\bhooks\.slack\.com/[a-z]+/(?P<s>[A-Za-z0-9/_-]+)",
    // Headers that hold credentials.
    r#"(?i)\b(?:(?:proxy-)?authorization|x-api-key|x-amz-security-token|(?:set-)?cookie)\\?["']?\s*[:=]\s*\[?\s*\\?["']?(?:(?:bearer|basic|digest|token|aws4-hmac-sha256)\s+)?(?P<s>[^"'\\\s\r\n][^"'\\\r\n]*)"#,
    r"(?i)\b(?:bearer|basic)\s+(?P<s>[A-Za-z0-9+/._~=-]{12,})",
    // A password in an address, and on a command line.
    r"(?i)\b[a-z][a-z0-9+.-]*://[^\s:/@]*:(?P<s>[^\s/@]+)@",
    r#"(?i)(?:^|\s)--?[a-z-]*(?:password|passwd|passphrase|secret|token|api-key|access-key)\s+(?P<s>"[^"]*"|'[^']*'|[^\s"'-][^\s"']*)"#,
];

/// Addresses.
const ADDRESS: &str = r"\b[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}\b";

/// `password=…`, `"apiKey": "…"`: whatever is called so. A value in quotes goes on over quotes that are escaped, also where
/// it is JSON in JSON.
const NAMED: &str = r#"(?i)(?P<name>(?:password|passwd|passphrase|pwd|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key|secret[_-]?key)(?:[_-]?(?:id|value|key|hash))?s?)\\?["']?\s*(?P<by>=>|[:=])\s*(?P<value>\\"(?:[^"\\]|\\\\(?:\\["\\]|[^\\])|\\[^"\\])*(?:\\?"|\z)|"(?:[^"\\]|\\(?s:.))*(?:"|\z)|'[^']*(?:'|\z)|[^\s,;&"'\\{}()\[\]]+)"#;

static MASKS: LazyLock<Vec<Regex>> =
    LazyLock::new(|| PATTERNS.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect());
static ADDRESSES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(ADDRESS).ok());
static BY_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(NAMED).ok());

/// The text without secrets, as far as they can be told by their looks.
pub fn mask(text: &str) -> Cow<'_, str> {
    Secrets::of(text).hidden(0..text.len())
}

/// Where in a text secrets are, as far as they can be told by their looks.
#[derive(Debug)]
pub struct Secrets<'a> {
    text: &'a str,
    /// Where, in order and apart from each other, and what stands there instead.
    places: Vec<(Range<usize>, &'static str)>,
}

impl<'a> Secrets<'a> {
    /// Those of a text.
    pub fn of(text: &'a str) -> Self {
        let mut places: Vec<Range<usize>> = Vec::new();
        for regex in MASKS.iter() {
            places.extend(regex.captures_iter(text).filter_map(|it| it.name("s").or(it.get(0)).map(|it| it.range())));
        }
        places.extend(BY_NAME.iter().flat_map(|regex| regex.captures_iter(text)).filter_map(|it| named(text, &it)));
        places.sort_by_key(|place| (place.start, place.end));
        let mut apart: Vec<(Range<usize>, &'static str)> = Vec::new();
        for place in places {
            match apart.last_mut() {
                Some((last, _)) if place.start < last.end => last.end = last.end.max(place.end),
                _ => apart.push((place, SECRET)),
            }
        }
        // Addresses stand between them.
        let ends = apart.iter().map(|(place, _)| place.start).chain([text.len()]);
        let begins = [0].into_iter().chain(apart.iter().map(|(place, _)| place.end));
        let addresses: Vec<_> = begins.zip(ends).flat_map(|(begin, end)| addresses(text, begin..end)).collect();
        apart.extend(addresses);
        apart.sort_by_key(|(place, _)| place.start);
        Self { text, places: apart }
    }

    /// A part of the text without what is secret in it, as the whole text tells.
    pub fn hidden(&self, part: Range<usize>) -> Cow<'a, str> {
        let mut hidden = String::new();
        let mut from = part.start;
        for (place, instead) in self.places.iter().filter(|(it, _)| it.start < part.end && part.start < it.end) {
            hidden += &self.text[from..place.start.max(from)];
            hidden += instead;
            from = place.end.min(part.end);
        }
        if from == part.start {
            Cow::Borrowed(&self.text[part])
        } else {
            Cow::Owned(hidden + &self.text[from..part.end])
        }
    }
}

/// Addresses in a part of a text.
fn addresses(text: &str, part: Range<usize>) -> Vec<(Range<usize>, &'static str)> {
    let found = ADDRESSES.iter().flat_map(|regex| regex.find_iter(&text[part.clone()]));
    found.map(|it| (part.start + it.start()..part.start + it.end(), EMAIL)).collect()
}

/// Where the value is that `NAMED` found, where it is one and no word of a sentence: `token: invalid` is one, `tokens: 17` and
/// `PWD=/var/task` are none either.
fn named(whole: &str, found: &Captures<'_>) -> Option<Range<usize>> {
    let (name, by, value) = (found.name("name")?, found.name("by")?.as_str(), found.name("value")?);
    let before = whole[..name.start()].chars().next_back();
    let is_alone = before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.'));
    let name = name.as_str();
    let text = value.as_str();
    let quote = text.len() - text.trim_start_matches(['"', '\'', '\\']).len();
    let bare = text.trim_matches(['"', '\'', '\\']);
    let is_bare = quote == 0;
    let is_word = bare.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_pass = name.to_ascii_lowercase().starts_with("pass");
    let said = is_bare && !by.contains('=') && is_word && !is_pass;
    let counted =
        is_bare && is_alone && name.eq_ignore_ascii_case("tokens") && bare.bytes().all(|byte| byte.is_ascii_digit());
    let folder = is_bare && is_alone && name.eq_ignore_ascii_case("pwd") && bare.starts_with('/');
    let nothing = bare.is_empty() || matches!(bare, "null" | "None" | "nil" | "true" | "false" | "undefined");
    let start = value.start() + quote;
    (!(said || counted || folder || nothing)).then(|| start..start + bare.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(MASKS.len(), PATTERNS.len());
        assert!(BY_NAME.is_some() && ADDRESSES.is_some());
    }

    #[test]
    fn what_looks_like_a_secret_is_hidden_and_what_stands_around_it_stays() {
        let jwt = format!("eyJ{}.eyJ{}.sig-nature_1", "hbGciOiJIUzI1", "zdWIiOiIxMjM0");
        let github = format!("ghp_{}", "a1B2".repeat(9));
        for (text, masked) in [
            ("key AKIAIOSFODNN7EXAMPLE used".to_owned(), "key <secret> used"),
            (
                "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
                "aws_secret_access_key = <secret>",
            ),
            (r#"{"password":"hunter2","user":"ann"}"#.into(), r#"{"password":"<secret>","user":"ann"}"#),
            (r#"{\"apiKey\":\"k1\",\"n\":1}"#.into(), r#"{\"apiKey\":\"<secret>\",\"n\":1}"#),
            ("DB_PASSWORD=x1 next".into(), "DB_PASSWORD=<secret> next"),
            ("{'token' => 'abc'}".into(), "{'token' => '<secret>'}"),
            ("postgres://app:pa55@db.local/x".into(), "postgres://app:<secret>@db.local/x"),
            ("Authorization: Bearer abc.def".into(), "Authorization: Bearer <secret>"),
            (r#""authorization": "Basic YWJjOmRlZg==", "x": 1"#.into(), r#""authorization": "Basic <secret>", "x": 1"#),
            (format!("got {jwt}!"), "got <secret>!"),
            (format!("push with {github}"), "push with <secret>"),
            ("mail to ann.b+c@mail.example.com failed".into(), "mail to <email> failed"),
            (
                "https://b.s3.amazonaws.com/k?X-Amz-Signature=0a1b&x=1".into(),
                "https://b.s3.amazonaws.com/k?X-Amz-Signature=<secret>&x=1",
            ),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc".into(), "<secret>"),
            (format!("MIIE{}", "aB3/".repeat(15)), "<secret>"),
            (r#"{"Password":"a\"b","n":1}"#.into(), r#"{"Password":"<secret>","n":1}"#),
            (r#"{\"Password\":\"a\\\"b\",\"n\":1}"#.into(), r#"{\"Password\":\"<secret>\",\"n\":1}"#),
            ("mysql --password hunter2 -h db".into(), "mysql --password <secret> -h db"),
            (r#"mysql --password "my secret" -h db"#.into(), "mysql --password <secret> -h db"),
            (r#"{"msg":"cfg {\"password\":\"hunter2"}"#.into(), r#"{"msg":"cfg {\"password\":\"<secret>"}"#),
            ("DB_PWD=/s3cr3t access_tokens=918273".into(), "DB_PWD=<secret> access_tokens=<secret>"),
            ("AKIAIOSFODNN7EXAMPLE.bob@mail.example.com".into(), "<secret>.<email>"),
            ("password: hunter".into(), "password: <secret>"),
            (
                "POST https://hooks.slack.com/services/T0/B0/x9Y".into(),
                "POST https://hooks.slack.com/services/<secret>",
            ),
            ("aws_secret_access_key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(), "aws_secret_access_key <secret>"),
        ] {
            assert_eq!(mask(&text), masked, "{text}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "KeyError: 'token'",
            "Unexpected token: invalid JSON",
            "password: null",
            "2026-11-23T10:00:00.000Z 8f5a1c1e-2d4b-4c7a-9a10-0123456789ab Task timed out after 3.00 seconds",
            "arn:aws:lambda:eu-west-1:111122223333:function:pay",
            "secret not found",
            "user@localhost",
            "tokens: 17, of 4096",
            "PWD=/var/task",
            "usage: pay --token",
        ] {
            assert_eq!(mask(text), text);
        }
    }

    #[test]
    fn a_part_is_as_secret_as_it_is_in_the_whole() {
        let text = "user=ann password=hunter2 mail=ann@mail.example.com";
        let secrets = Secrets::of(text);
        let part = |part: &str| secrets.hidden(text.find(part).map(|at| at..at + part.len()).unwrap());
        assert_eq!(part("hunter2"), SECRET);
        assert_eq!(part("hunt"), SECRET, "a part of it");
        assert_eq!(part("ann pass"), "ann pass");
        assert_eq!(part("ter2 mail=ann"), "<secret> mail=<email>");
    }

    proptest! {
        #[test]
        fn a_value_that_is_called_secret_never_stays(
            before in "[a-z ]{0,20}",
            name in "(?:db_)?(?:password|secret|api_key|accessToken)",
            between in "(?:=|: \"|\": \"| => ')",
            value in "[A-Z0-9]{6,20}z9",
        ) {
            let text = [&before, " ", &name, &between, &value].concat();
            prop_assert!(!mask(&text).contains(&value), "{}", mask(&text));
        }

        #[test]
        fn any_text_can_be_masked(text in "(?s).{0,300}") {
            mask(&text);
        }
    }
}
