//! What of a line is nobody's business: keys, tokens, passwords and e-mail addresses are masked by their looks. A mask that
//! hides too much is a nuisance, one that hides too little a leak; what it can't know it can't hide.

use std::{borrow::Cow, sync::LazyLock};

use regex::{Captures, Regex};

/// What stands instead of a secret.
const SECRET: &str = "<secret>";
/// What stands instead of an e-mail address.
const EMAIL: &str = "<email>";

/// Patterns, and what each leaves. `$1` and the like are what stays.
const PATTERNS: &[(&str, &str)] = &[
    // A key's whole text, also where its end has not come.
    (r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.)*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)", SECRET),
    // AWS: access keys, session tokens, signatures.
    (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", SECRET),
    (r"\b(?:IQoJ|FwoG)[A-Za-z0-9/+]{60,}={0,2}", SECRET),
    (r"(?i)\b(X-Amz-(?:Signature|Security-Token|Credential)=)[^&\s\x22']+", "${1}<secret>"),
    // JSON web tokens.
    (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)?", SECRET),
    // Those of well-known services, by how they begin.
    (
        r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{20,}|AIza[A-Za-z0-9_-]{35}|npm_[A-Za-z0-9]{36}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})",
        SECRET,
    ),
    // Headers that hold credentials.
    (
        r#"(?i)\b((?:proxy-)?authorization|x-api-key|x-amz-security-token|(?:set-)?cookie)(\\?["']?\s*[:=]\s*\[?\s*\\?["']?)((?:bearer|basic|digest|token|aws4-hmac-sha256)\s+)?[^"'\\\s\r\n][^"'\\\r\n]*"#,
        "${1}${2}${3}<secret>",
    ),
    (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/._~=-]{12,}", "${1} <secret>"),
    // A password in an address.
    (r"(?i)\b([a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s/@]+@", "${1}:<secret>@"),
    (r"\b[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}\b", EMAIL),
];

/// `password=…`, `"apiKey": "…"`: whatever is called so.
const NAMED: &str = r#"(?i)((?:password|passwd|passphrase|pwd|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key|secret[_-]?key)(?:[_-]?(?:id|value|key|hash))?s?)(\\?["']?\s*(?:=>|[:=])\s*)(\\?"(?:[^"\\]|\\[^"])*(?:\\?"|\z)|'[^']*(?:'|\z)|[^\s,;&"'\\{}()\[\]]+)"#;

static MASKS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    PATTERNS.iter().filter_map(|(pattern, left)| Regex::new(pattern).ok().map(|regex| (regex, *left))).collect()
});

static BY_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(NAMED).ok());

/// The text without secrets, as far as they can be told by their looks.
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(text);
    for (regex, left) in MASKS.iter() {
        if let Cow::Owned(next) = regex.replace_all(&masked, *left) {
            masked = Cow::Owned(next);
        }
    }
    if let Some(regex) = BY_NAME.as_ref()
        && let Cow::Owned(next) = regex.replace_all(&masked, named)
    {
        masked = Cow::Owned(next);
    }
    masked
}

/// What `NAMED` found, masked where it is a value and no word of a sentence: `token: invalid` is one.
fn named(found: &Captures<'_>) -> String {
    let (name, between, value) = (&found[1], &found[2], &found[3]);
    let mark: String = value.chars().take_while(|c| matches!(c, '\\' | '"' | '\'')).collect();
    let bare = value.trim_matches(['"', '\'', '\\']);
    let said = mark.is_empty() && !between.contains('=') && bare.bytes().all(|byte| byte.is_ascii_alphabetic());
    let nothing = bare.is_empty() || matches!(bare, "null" | "None" | "nil" | "true" | "false" | "undefined");
    if said || nothing || bare == SECRET { found[0].to_owned() } else { format!("{name}{between}{mark}{SECRET}{mark}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(MASKS.len(), PATTERNS.len());
        assert!(BY_NAME.is_some());
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
        ] {
            assert_eq!(mask(text), text);
        }
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
