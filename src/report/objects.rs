//! Lines of objects: for people, with key and number in front, and as JSON, an object a line; and their counts.

use anstyle::{AnsiColor, Color, Style};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    canvas::DIM,
    lines::{Counted, counted_text},
};
use crate::domain::{
    failure::{Failure, Kind},
    logs::secrets,
    objects::Place,
    text::{AwsText, bytes, clean, count},
};

/// The name and version of the JSON of a search's counts.
pub const SCHEMA: &str = "slmon.grep-objects/1";
/// Characters of a line that people get to see; a line of JSON may have a million.
const SHOWN: usize = 4_000;

/// A line of an object.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// The object's key.
    pub key: &'a AwsText,
    /// The line's number, from 1.
    pub number: u64,
    /// What it says.
    pub text: &'a str,
    /// Its length in bytes, where the text is a part of it.
    pub cut: Option<u64>,
}

impl Line<'_> {
    /// For people: `key:12  text`.
    pub fn text(&self, secrets: bool) -> String {
        let key = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Magenta)));
        let number = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
        let said = masked(self.text, secrets);
        let said = clean(&said);
        let shown: String = said.chars().take(SHOWN).collect();
        let whole = self.cut.unwrap_or(self.text.len() as u64);
        let rest = if shown.len() < said.len() || self.cut.is_some() {
            format!(" {DIM}… (a line of {}){DIM:#}", bytes(whole))
        } else {
            String::new()
        };
        format!("{key}{}{key:#}:{number}{}{number:#}  {shown}{rest}\n", self.key.shown(), self.number)
    }

    /// As an object on a line.
    pub fn json(&self, place: &Place, secrets: bool) -> String {
        #[derive(Serialize)]
        struct Row<'a> {
            bucket: &'a str,
            key: &'a AwsText,
            line: u64,
            text: &'a str,
            cut_bytes: Option<u64>,
        }
        let text = masked(self.text, secrets);
        let row = Row { bucket: &place.bucket, key: self.key, line: self.number, text: &text, cut_bytes: self.cut };
        serde_json::to_string(&row).unwrap_or_default() + "\n"
    }
}

fn masked(text: &str, secrets: bool) -> std::borrow::Cow<'_, str> {
    if secrets { text.into() } else { secrets::mask(text) }
}

/// An object that could not be searched, or not to its end.
#[derive(Clone, Debug, Serialize)]
pub struct Unread {
    /// Its key; none for the list of objects.
    pub key: Option<AwsText>,
    /// The call that failed.
    pub operation: &'static str,
    /// Why.
    pub kind: Kind,
    /// What AWS or the network said.
    pub message: AwsText,
    /// What to do about it.
    pub hint: String,
}

impl Unread {
    /// What became of an object, or of the list of them.
    pub fn new(key: Option<AwsText>, failure: Failure) -> Self {
        let Failure { operation, kind, message, hint } = failure;
        Self { key, operation, kind, message, hint }
    }

    /// It in a sentence, fit to be shown.
    pub fn sentence(&self, place: &Place) -> String {
        let what = self.key.as_ref().map_or_else(
            || format!("s3://{}/{} was not listed to its end", clean(&place.bucket), clean(&place.prefix)),
            |key| {
                // What is denied was not even begun.
                let far = if self.kind == Kind::Denied { "" } else { " to its end" };
                format!("{} was not searched{far}", key.shown())
            },
        );
        format!("{what} ({}): {}; {}", self.kind.as_str(), self.message.shown(), self.hint)
    }
}

/// What a search counted.
#[derive(Clone, Debug, Serialize)]
pub struct Counts {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The regular expression.
    pub pattern: String,
    /// The bucket.
    pub bucket: String,
    /// How the keys begin.
    pub prefix: String,
    /// Only objects written since then; none where it was not asked for.
    pub since: Option<Timestamp>,
    /// Objects that were searched to their end.
    pub objects: u64,
    /// Bytes of them, as they are stored.
    pub bytes: u64,
    /// Lines that fit.
    pub count: u64,
    /// The same by what they were to be counted by; none where by nothing.
    pub by: Option<Vec<Counted>>,
    /// What could not be searched.
    pub unread: Vec<Unread>,
    /// Whether somebody interrupted it.
    pub interrupted: bool,
}

impl Counts {
    /// The counts for people: the number, or a line for each key.
    pub fn text(&self) -> String {
        counted_text(self.count, self.by.as_deref())
    }

    /// What was searched, in a sentence.
    pub fn sentence(&self) -> String {
        format!("searched {} of {}", plural(self.objects), bytes(self.bytes))
    }
}

fn plural(objects: u64) -> String {
    format!("{} object{}", count(objects), if objects == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::roster::Base;

    fn line<'a>(key: &'a AwsText, text: &'a str) -> Line<'a> {
        Line { key, number: 12, text, cut: None }
    }

    #[test]
    fn a_line_has_its_place_in_front_steers_nothing_and_hides_secrets() {
        let key = AwsText::from("alb/a\u{1b}.log");
        let text = anstream::adapter::strip_str(&line(&key, "GET \u{1b}[2J password=hunter22").text(false)).to_string();
        assert_eq!(text, "alb/a\u{fffd}.log:12  GET \u{fffd}[2J password=<secret>\n");
        let place = Place::parse("s3://logs/alb", Base::Default).unwrap();
        let row: serde_json::Value = serde_json::from_str(&line(&key, "password=x1").json(&place, true)).unwrap();
        assert_eq!(
            (&row["text"], &row["bucket"], row["line"].as_u64()),
            (&"password=x1".into(), &"logs".into(), Some(12))
        );
    }

    #[test]
    fn a_long_line_is_cut_and_says_so() {
        let (key, long) = (AwsText::from("k"), "x".repeat(300_000));
        let text = Line { cut: Some(300_000_000), ..line(&key, &long) }.text(false);
        assert!(text.len() < 5_000 && text.contains("(a line of 300 MB)"), "{}", text.len());
        assert!(line(&key, &long).text(false).contains("(a line of 300 kB)"));
    }
}
