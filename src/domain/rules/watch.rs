//! Which functions are watched: the tag's key exactly, its value loosely.

use crate::domain::{
    finding::{Mend, SpotKind, SpotText},
    function::Tags,
    text::{AwsText, clean},
};

/// The tag that asks for watching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchRules {
    /// The key, exactly. AWS's keys are case-sensitive.
    pub key: String,
    /// Values that mean yes, lower-case.
    pub values: Vec<String>,
}

impl Default for WatchRules {
    fn default() -> Self {
        Self { key: "monitor".into(), values: ["true", "yes", "on", "1"].map(String::from).to_vec() }
    }
}

/// Values that clearly say no.
const NO: &[&str] = &["", "false", "no", "off", "0", "none", "never", "disabled", "n", "f"];
/// Values that clearly mean yes, whatever the configuration's list is.
const MEANS_YES: &[&str] = &["y", "t", "enabled", "enable", "active", "ok", "always", "ja", "si", "oui"];

/// Endings that make another form of a word: `monitoring`.
const FORMS: &[&str] = &["s", "ed", "ing"];
/// Letters that a key has to have before a slip in it is told.
const SLIPS_FROM: usize = 4;

/// How a key resembles the one that counts.
enum Likeness {
    /// The same but for capitals and blanks.
    Spelling,
    /// Another form of the word, or one letter too many, too few, wrong or swapped.
    Slip,
}

impl WatchRules {
    /// Whether the tags ask for watching; and a near-miss of key or value, where they seem to mean it. Where the exact
    /// key is there, it alone counts.
    pub fn is_watched(&self, tags: &Tags) -> (bool, Option<SpotText>) {
        let Some(value) = tags.get(&self.key) else { return (false, self.near_key(tags)) };
        let meant = value.raw().trim().to_lowercase();
        if self.values.contains(&meant) {
            return (true, None);
        }
        let spot = self.nearly_says_yes(&meant).then(|| SpotText {
            kind: SpotKind::MonitorValue,
            detail: format!("{}={} is not one of {}", clean(&self.key), value.shown(), self.values.join(", ")),
            mend: self.asking(),
        });
        (false, spot)
    }

    /// The tag that asks for watching.
    pub fn asking(&self) -> Mend {
        self.values.first().map_or(Mend::Otherwise, |yes| Mend::Set(self.key.clone(), yes.clone()))
    }

    fn nearly_says_yes(&self, meant: &str) -> bool {
        let near = |yes: &String| meant.chars().count() > 1 && strsim::osa_distance(meant, yes) == 1;
        !NO.contains(&meant) && (MEANS_YES.contains(&meant) || self.values.iter().any(near))
    }

    /// A tag that is the right one but for its key: in other capitals, with blanks around it, as another form of the
    /// word, or one slip away. The looser the likeness, the plainer its value has to say yes.
    fn near_key(&self, tags: &Tags) -> Option<SpotText> {
        let (key, value) = tags.iter().find(|(key, value)| {
            let meant = value.raw().trim().to_lowercase();
            let yes = self.values.contains(&meant) || MEANS_YES.contains(&meant.as_str());
            match self.likeness(key) {
                Some(Likeness::Spelling) => yes || self.nearly_says_yes(&meant),
                Some(Likeness::Slip) => yes,
                None => false,
            }
        })?;
        let detail = format!("{}={}: the key that counts is {}", key.shown(), value.shown(), clean(&self.key));
        Some(SpotText { kind: SpotKind::MonitorKey, detail, mend: self.asking() })
    }

    fn likeness(&self, key: &AwsText) -> Option<Likeness> {
        let [wanted, found] = [&self.key, key.raw()].map(|key| key.trim().to_lowercase());
        if wanted == found {
            return Some(Likeness::Spelling);
        }
        // Of two or three letters, nearly every word is one slip away.
        let long = wanted.chars().count() >= SLIPS_FROM;
        let form = found.strip_prefix(&wanted).is_some_and(|rest| FORMS.contains(&rest));
        (long && (form || strsim::osa_distance(&wanted, &found) == 1)).then_some(Likeness::Slip)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_value_is_judged_loosely_and_the_key_exactly() {
        let rules = WatchRules::default();
        let watched = |key: &str, value: &str| rules.is_watched(&Tags::new([(key.into(), value.into())]));
        for yes in ["true", " TRUE ", "Yes", "on", "1"] {
            assert_eq!(watched("monitor", yes), (true, None), "{yes}");
        }
        for no in ["false", "", "off", "no", "datadog", "0"] {
            assert_eq!(watched("monitor", no), (false, None), "{no}");
        }
        for near in ["ture", "treu", "yess", "enabled", "y"] {
            let (is, spot) = watched("monitor", near);
            assert!(!is && spot.is_some(), "{near}");
        }
    }

    fn near(key: &str, value: &str) -> bool {
        let (watched, spot) = WatchRules::default().is_watched(&Tags::new([(key.into(), value.into())]));
        assert!(!watched, "{key}={value}");
        spot.is_some_and(|spot| spot.kind == SpotKind::MonitorKey)
    }

    #[test]
    fn keys_that_are_nearly_right_are_told_and_other_words_are_not() {
        for key in ["Monitor", "MONITOR", "monitor ", " Monitor", "monitr", "moniotr", "monitor_", "monitoring"] {
            assert!(near(key, "true") && near(key, " YES "), "{key}");
            assert!(!near(key, "false") && !near(key, ""), "{key}");
        }
        // Of the right word even a slip in the value is told, of a slip in the key it is not.
        assert!(near("Monitor", "ture") && !near("monitr", "ture"));
        for key in ["monitor:owner", "moonlight", "monitored-by", "mentor", "motor", "on"] {
            assert!(!near(key, "true"), "{key}");
        }
        assert!(!near("Monitor", "datadog"));
    }

    #[test]
    fn where_the_exact_key_is_there_it_alone_counts() {
        let both = |value: &str| Tags::new([("monitor".into(), value.into()), ("Monitor".into(), "true".into())]);
        let kind = |value: &str| WatchRules::default().is_watched(&both(value)).1.map(|spot| spot.kind);
        assert_eq!([kind("true"), kind("false"), kind("ture")], [None, None, Some(SpotKind::MonitorValue)]);
    }

    #[test]
    fn of_a_short_key_only_the_spelling_is_told() {
        let rules = WatchRules { key: "ops".into(), ..WatchRules::default() };
        let kind = |key: &str| rules.is_watched(&Tags::new([(key.into(), "true".into())])).1.map(|spot| spot.kind);
        assert_eq!([kind("OPS"), kind("apps"), kind("op")], [Some(SpotKind::MonitorKey), None, None]);
    }

    proptest! {
        #[test]
        fn any_spelling_of_the_key_is_told_and_never_watches(upper in proptest::collection::vec(any::<bool>(), 7), left in " {0,2}", right in " {0,2}") {
            let word: String = "monitor".chars().zip(upper).map(|(c, up)| if up { c.to_ascii_uppercase() } else { c }).collect();
            let key = format!("{left}{word}{right}");
            prop_assume!(key != "monitor");
            prop_assert!(near(&key, "true"));
        }

        #[test]
        fn no_key_but_the_exact_one_watches(key in "[a-zA-Z ]{0,9}", value in "[a-zA-Z0-9 ]{0,6}") {
            prop_assume!(key != "monitor");
            near(&key, &value);
        }
    }
}
