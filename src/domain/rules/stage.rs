//! Which stage a function belongs to, and by which evidence: the contract's list, first that applies.

use super::{
    glob::Glob,
    words::{Says, Vocabulary},
};
use crate::domain::{
    account::Account,
    finding::{Mend, SpotKind, SpotText},
    function::Discovered,
    text::{AwsText, clean},
};

/// What a function's stage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StageKind {
    /// Its failures alert.
    Production,
    /// Its failures are counted and hidden.
    Other,
    /// Nothing says; its failures never alert and are counted in sight.
    Unknown,
}

impl StageKind {
    /// The word that stands in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }
}

/// A stage with the label found and the evidence for it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Stage {
    /// Production, other or unknown.
    pub kind: StageKind,
    /// The label as it was written: the tag's value, or the word found in a name.
    pub label: Option<AwsText>,
    /// What was read, and whether it is inferred. Fit to be shown.
    pub evidence: String,
}

/// How a stage is found.
#[derive(Clone, Debug)]
pub struct StageRules {
    /// Tag keys that name a stage, in their order, lower-case.
    pub tags: Vec<String>,
    /// The words that speak of a stage.
    pub vocabulary: Vocabulary,
    /// Whether names of stacks and functions are read.
    pub names: bool,
    /// What the configuration says of accounts: a glob on id or name, and the stage's word.
    pub accounts: Vec<(Glob, String)>,
}

/// The tag that CloudFormation puts on each resource of a stack.
const STACK_NAME: &str = "aws:cloudformation:stack-name";

impl StageRules {
    /// The stage of a function in an account, and what its tags leave in doubt.
    pub fn stage_of(&self, account: &Account, function: &Discovered) -> (Stage, Vec<SpotText>) {
        let mut spots = Vec::new();
        let tagged = self.tagged(function);
        if let Some(conflict) = self.conflict(&tagged) {
            spots.push(conflict);
        }
        let stage = tagged
            .first()
            .map(|(key, value)| self.of_value(key, value))
            .or_else(|| self.of_account(account))
            .or_else(|| self.names.then(|| self.of_names(function)).flatten())
            .unwrap_or_else(|| {
                spots.push(SpotText {
                    kind: SpotKind::StageMissing,
                    detail: format!("no tag {}, and nothing in its names says a stage", self.tags.join(", ")),
                    mend: self.naming_production(),
                });
                Stage { kind: StageKind::Unknown, label: None, evidence: "nothing says".into() }
            });
        (stage, spots)
    }

    /// What a word of the configuration means: `production` words, else another stage of that label.
    pub fn of_word(&self, word: &str, evidence: String) -> Stage {
        let kind = match word.trim().to_lowercase().as_str() {
            "unknown" => StageKind::Unknown,
            word if self.vocabulary.is_production_value(word) => StageKind::Production,
            _ => StageKind::Other,
        };
        Stage { kind, label: Some(word.into()), evidence }
    }

    /// Stage tags with a value, in the order in which they decide: by the configured order of keys, of two spellings
    /// of one key the exact one first, then byte order (tags are sorted).
    fn tagged<'a>(&self, function: &'a Discovered) -> Vec<(&'a AwsText, &'a AwsText)> {
        let mut found = Vec::new();
        for key in &self.tags {
            let mut spellings: Vec<_> = function
                .tags
                .iter()
                .filter(|(k, v)| k.raw().trim().eq_ignore_ascii_case(key) && !v.raw().trim().is_empty())
                .collect();
            spellings.sort_by_key(|(k, _)| k.raw() != key);
            found.extend(spellings);
        }
        found
    }

    fn conflict(&self, tagged: &[(&AwsText, &AwsText)]) -> Option<SpotText> {
        let kinds: Vec<_> = tagged.iter().map(|(key, value)| self.of_value(key, value).kind).collect();
        // The first decides; without those that contradict it, it does so undisputed.
        let against = tagged.iter().zip(&kinds).filter(|(_, kind)| Some(*kind) != kinds.first());
        let against: Vec<AwsText> = against.map(|((key, _), _)| AwsText::clone(key)).collect();
        (kinds.windows(2).any(|pair| pair[0] != pair[1])).then(|| SpotText {
            kind: SpotKind::StageConflict,
            detail: tagged.iter().map(|(k, v)| format!("{}={}", k.shown(), v.shown())).collect::<Vec<_>>().join(", "),
            mend: Mend::Remove(against),
        })
    }

    /// The tag that says production, where there is a key for it.
    fn naming_production(&self) -> Mend {
        let words = &self.vocabulary.production;
        let word = words.iter().find(|word| *word == "production").or(words.first());
        match (self.tags.first(), word) {
            (Some(key), Some(word)) => Mend::Set(key.clone(), word.clone()),
            _ => Mend::Otherwise,
        }
    }

    fn of_value(&self, key: &AwsText, value: &AwsText) -> Stage {
        let written = format!("tag {}={}", key.shown(), value.shown());
        let label = Some(AwsText::from(value.raw().trim()));
        if self.vocabulary.is_production_value(value.raw()) {
            return Stage { kind: StageKind::Production, label, evidence: written };
        }
        let found = self.vocabulary.stage_words(value.raw());
        let production = !found.is_empty() && found.iter().all(|(_, says)| *says == Says::Production);
        if production {
            Stage { kind: StageKind::Production, label, evidence: format!("{written} (inferred)") }
        } else {
            Stage { kind: StageKind::Other, label, evidence: written }
        }
    }

    fn of_account(&self, account: &Account) -> Option<Stage> {
        let name = account.name.as_ref().map(AwsText::raw);
        let (glob, word) = self
            .accounts
            .iter()
            .find(|(glob, _)| glob.is_match(account.id.as_str()) || name.is_some_and(|name| glob.is_match(name)))?;
        Some(self.of_word(word, format!("stage.accounts {} = {}", clean(glob.as_str()), clean(word))))
    }

    fn of_names(&self, function: &Discovered) -> Option<Stage> {
        let stack = function.tags.get(STACK_NAME).map(|name| ("stack name", name));
        [stack, Some(("name", &function.name))].into_iter().flatten().find_map(|(what, text)| {
            let (word, says) = self.vocabulary.stage_words(text.raw()).pop()?;
            let kind = if says == Says::Production { StageKind::Production } else { StageKind::Other };
            let evidence = format!("{what} {} (inferred)", text.shown());
            Some(Stage { kind, label: Some(word.into()), evidence })
        })
    }
}

impl Default for StageRules {
    fn default() -> Self {
        Self {
            tags: ["stage", "env", "environment"].map(String::from).to_vec(),
            vocabulary: Vocabulary::default(),
            names: true,
            accounts: Vec::new(),
        }
    }
}
