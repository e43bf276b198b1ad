//! What of a message stays the same from one failure to the next: numbers, ids and instants are masked.

/// Bytes of a message that are looked at.
const LONGEST: usize = 4096;

/// A message without what is different each time: numbers and ids become `#`, UUIDs `<uuid>`, instants `<time>`. A
/// status stays, since a 404 is not a 502. White space is one space. Of a message that is too long to be one, the begin.
pub fn mask(message: &str) -> String {
    let masked = masked(message);
    // Lambda puts the instant and the request in front of what it says of a timeout.
    match masked.strip_prefix("<time> <uuid> ") {
        Some(said) => said.to_owned(),
        None => masked,
    }
}

fn masked(message: &str) -> String {
    let message = &message[..message.floor_char_boundary(LONGEST)];
    let words: Vec<&str> = message.split_whitespace().collect();
    let mut masked = String::with_capacity(message.len());
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            masked.push(' ');
        }
        let is_status = at > 0 && says_status(words[at - 1]) && is_three_digits(word);
        if is_status || says_status_itself(word) {
            masked.push_str(word);
        } else {
            mask_word(word, &mut masked);
        }
    }
    masked
}

const STATUS: [&str; 5] = ["http", "status", "code", "statuscode", "http/1.1"];

fn says_status(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '/').to_ascii_lowercase();
    STATUS.contains(&word.as_str())
}

fn is_three_digits(word: &str) -> bool {
    let digits = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// `status=502`, `(HTTP:404)`.
fn says_status_itself(word: &str) -> bool {
    word.split_once(['=', ':']).is_some_and(|(key, value)| says_status(key) && is_three_digits(value))
}

fn mask_word(word: &str, masked: &mut String) {
    let mut rest = word;
    while !rest.is_empty() {
        let is_inside = |c: char| c.is_alphanumeric();
        let Some(begins) = rest.find(is_inside) else {
            masked.push_str(rest);
            return;
        };
        masked.push_str(&rest[..begins]);
        rest = &rest[begins..];
        if let Some(after) = uuid(rest) {
            masked.push_str("<uuid>");
            rest = after;
        } else if let Some(after) = instant(rest) {
            masked.push_str("<time>");
            rest = after;
        } else if let Some(after) = number(rest) {
            masked.push('#');
            rest = after;
        } else {
            let ends = rest.find(|c: char| !is_inside(c)).unwrap_or(rest.len());
            let (run, after) = rest.split_at(ends);
            mask_run(run, masked);
            rest = after;
        }
    }
}

/// Letters and digits without anything between. An id may happen to have no letter, so it is masked as a number is.
fn mask_run(run: &str, masked: &mut String) {
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    let is_hex = run.bytes().all(|byte| byte.is_ascii_hexdigit());
    // Of letters alone, eight that are hexadecimal digits are no word.
    let is_id = is_hex && (digits > 0 && run.len() >= 6 || run.len() >= 8);
    if is_id || digits > 0 && run.len() >= 16 {
        masked.push('#');
        return;
    }
    // `order12345` is one order of many; `sha256` and `v2` are names.
    let letters = run.trim_end_matches(|c: char| c.is_ascii_digit());
    if run.len() - letters.len() >= 4 {
        masked.push_str(letters);
        masked.push('#');
    } else {
        masked.push_str(run);
    }
}

/// What follows after `8-4-4-4-12` hexadecimal digits.
fn uuid(text: &str) -> Option<&str> {
    let mut rest = text;
    for (at, length) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if at > 0 {
            rest = rest.strip_prefix('-')?;
        }
        let part = rest.get(..length)?;
        if !part.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        rest = &rest[length..];
    }
    (!rest.starts_with(char::is_alphanumeric)).then_some(rest)
}

/// What follows after `2026-11-23T10:00…`, or after the date alone.
fn instant(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let shape = |at: usize, c: u8| match c {
        b'0' => bytes.get(at).is_some_and(u8::is_ascii_digit),
        _ => bytes.get(at) == Some(&c),
    };
    if !b"0000-00-00".iter().enumerate().all(|(at, c)| shape(at, *c)) {
        return None;
    }
    let inside = |c: char| c.is_ascii_digit() || matches!(c, 'T' | 'Z' | ':' | '.' | '+' | '-');
    let ends = text.find(|c| !inside(c)).unwrap_or(text.len());
    Some(text[ends..].trim_start_matches(['.', ':']))
}

/// What follows after digits, with points and commas between them: `3`, `3.00`, `1,234`. No number where letters follow,
/// unless these are a unit.
fn number(text: &str) -> Option<&str> {
    let mut ends = 0;
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(ends) {
        let between = matches!(byte, b'.' | b',') && ends > 0 && bytes.get(ends + 1).is_some_and(u8::is_ascii_digit);
        if !byte.is_ascii_digit() && !between {
            break;
        }
        ends += 1;
    }
    let after = &text[ends..];
    let unit: String = after.chars().take_while(|c| c.is_alphanumeric()).collect();
    let is_unit =
        unit.is_empty() || matches!(unit.as_str(), "ms" | "s" | "m" | "h" | "kB" | "KB" | "MB" | "GB" | "MiB");
    (ends > 0 && is_unit).then_some(after)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_differs_each_time_is_masked_and_what_tells_stays() {
        for (message, masked) in [
            ("Task timed out after 3.00 seconds", "Task timed out after # seconds"),
            ("order 12345 not found", "order # not found"),
            ("order12345 not found in v2", "order# not found in v2"),
            ("RequestId: 5f1e0bf2-6c2b-4d0f-9a77-0a3d5f0f6d11 Error: x", "RequestId: <uuid> Error: x"),
            ("no such key 'a1b2c3d4e5f6'", "no such key '#'"),
            (
                "POST https://api.example.com/v1/items/77 gave HTTP 502",
                "POST https://api.example.com/v1/items/# gave HTTP 502",
            ),
            ("failed with status=404 after 12ms", "failed with status=404 after #ms"),
            ("expired at 2026-11-23T10:00:00.000Z.", "expired at <time>"),
            ("  many\n spaces\t", "many spaces"),
            ("arn:aws:sqs:eu-west-1:111122223333:jobs", "arn:aws:sqs:eu-west-#:#:jobs"),
            ("überfällig 7 €", "überfällig # €"),
            ("", ""),
        ] {
            assert_eq!(mask(message), masked, "{message}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_masked_and_masking_twice_changes_nothing(text in ".{0,200}") {
            let once = mask(&text);
            prop_assert_eq!(mask(&once), once);
        }

        #[test]
        fn messages_that_differ_in_a_number_are_one(a in 0u32..1_000_000, b in 0u32..1_000_000) {
            prop_assert_eq!(mask(&format!("item {a} of cart {b} is gone")), mask(&format!("item {b} of cart {a} is gone")));
        }
    }
}
