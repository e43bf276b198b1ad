//! The words of a text, and which of them speak of a stage.

/// The lists of words that speak of a stage. All lower-case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// Words for production, which are also the tag values that mean it outright.
    pub production: Vec<String>,
    /// Words for anything else.
    pub other: Vec<String>,
    /// Words of either list that count only as the last word of a text (`live` of `live-chat` says nothing).
    pub last_only: Vec<String>,
    /// Words that, right before a production word, turn it into its opposite.
    pub negations: Vec<String>,
}

/// What one word says of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Production.
    Production,
    /// Another stage.
    Other,
}

/// Splits at every character that is no letter or digit and at lower-to-upper case; lower-cases, and drops trailing
/// digits (a word of digits alone is gone).
pub fn words(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut before_lower = false;
    for c in text.chars() {
        if !c.is_alphanumeric() || before_lower && c.is_uppercase() {
            found.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = found.last_mut()
        {
            word.push(c);
        }
        before_lower = c.is_lowercase();
    }
    found
        .iter()
        .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()).to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

impl Vocabulary {
    /// The stage words of a text in order, each with what it says.
    pub fn stage_words(&self, text: &str) -> Vec<(String, Says)> {
        let all = words(text);
        let last = all.len().saturating_sub(1);
        let is = |list: &[String], word: &str| list.iter().any(|w| w == word);
        all.iter()
            .enumerate()
            .filter(|(at, word)| *at == last || !is(&self.last_only, word))
            .filter_map(|(at, word)| {
                if is(&self.production, word) {
                    let negated = at > 0 && is(&self.negations, &all[at - 1]);
                    let alike = all.get(at + 1).is_some_and(|next| next == "like");
                    Some((word.clone(), if negated || alike { Says::Other } else { Says::Production }))
                } else {
                    is(&self.other, word).then(|| (word.clone(), Says::Other))
                }
            })
            .collect()
    }

    /// Whether a tag's value, trimmed and in any case, is one of the words for production as it stands.
    pub fn is_production_value(&self, value: &str) -> bool {
        self.production.contains(&value.trim().to_lowercase())
    }
}

impl Default for Vocabulary {
    fn default() -> Self {
        let list = |words: &str| words.split(' ').map(String::from).collect();
        Self {
            production: list("prod production prd live"),
            other: list(
                "dev development staging stg test testing qa uat nonprod preprod preproduction nonproduction stage demo preview sandbox",
            ),
            last_only: list("live test demo preview stage sandbox"),
            negations: list("non not pre"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_split_into_words() {
        assert_eq!(words("paymentsProd2_eu-west-1"), ["payments", "prod", "eu", "west"]);
        assert_eq!(words("PRD2"), ["prd"]);
        assert_eq!(words("123--"), Vec::<String>::new());
        assert_eq!(words("ZahlungÜber"), ["zahlung", "über"]);
    }

    #[test]
    fn stage_words_and_what_turns_them() {
        let says =
            |text: &str| Vocabulary::default().stage_words(text).iter().map(|(_, says)| *says).collect::<Vec<_>>();
        assert_eq!(says("prod-cleanup-dev"), [Says::Production, Says::Other]);
        assert_eq!(says("non-prod"), [Says::Other]);
        assert_eq!(says("prod-like"), [Says::Other]);
        assert_eq!(says("live-chat"), []);
        assert_eq!(says("chat-live"), [Says::Production]);
        assert_eq!(says("test-runner-prod"), [Says::Production]);
        assert_eq!(says("product-api"), []);
        assert_eq!(says("nonProd"), [Says::Other]);
    }
}
