//! The words of a scenario, as serde reads them: nothing is resolved here. An unknown key is an error everywhere.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::{Clock, Read};
use crate::{domain::rules::span_minutes, source::sim::traffic::Pattern};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScenario {
    #[serde(default)]
    pub(super) about: String,
    pub(super) now: String,
    #[serde(default = "one_region")]
    pub(super) regions: Vec<String>,
    pub(super) home: Option<String>,
    #[serde(default)]
    pub(super) profiles: BTreeMap<String, String>,
    pub(super) delay: Option<String>,
    #[serde(default)]
    pub(super) pages: RawPages,
    pub(super) config: Option<String>,
    #[serde(default)]
    pub(super) ask: toml::Table,
    #[serde(default)]
    pub(super) expect: toml::Table,
    pub(super) organizations: Option<Vec<RawOrganization>>,
    #[serde(default)]
    pub(super) accounts: Vec<RawAccount>,
    #[serde(default)]
    pub(super) faults: Vec<RawFault>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPages {
    pub(super) accounts: Option<usize>,
    pub(super) tagged: Option<usize>,
    pub(super) functions: Option<usize>,
    pub(super) points: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOrganization {
    pub(super) name: String,
    pub(super) client: Option<String>,
    pub(super) management: Option<String>,
    #[serde(default = "slmon")]
    pub(super) role: String,
    pub(super) external_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAccount {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) client: Option<String>,
    pub(super) organization: Option<String>,
    pub(super) ou: Option<String>,
    #[serde(default = "yes")]
    pub(super) active: bool,
    pub(super) role: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) regions: Option<Vec<String>>,
    #[serde(default = "a_thousand")]
    pub(super) concurrency: u32,
    #[serde(default)]
    pub(super) transaction_search: bool,
    #[serde(default)]
    pub(super) functions: Vec<RawFunction>,
    #[serde(default)]
    pub(super) tables: Vec<RawTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTable {
    pub(super) name: String,
    pub(super) region: Option<String>,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) metrics: BTreeMap<String, Patterns>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "what a scenario says, key by key")]
pub(super) struct RawFunction {
    pub(super) name: String,
    pub(super) count: Option<usize>,
    pub(super) region: Option<String>,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) once_tagged: bool,
    pub(super) runtime: Option<String>,
    #[serde(default = "three_seconds")]
    pub(super) timeout: u32,
    #[serde(default = "least_memory")]
    pub(super) memory: u32,
    pub(super) last_modified: Option<String>,
    #[serde(default)]
    pub(super) deleted: bool,
    #[serde(default)]
    pub(super) traced: bool,
    #[serde(default)]
    pub(super) infrequent: bool,
    pub(super) exception: Option<String>,
    pub(super) message: Option<String>,
    #[serde(default, alias = "invocations_per_minute")]
    pub(super) invocations: Patterns,
    #[serde(default)]
    pub(super) errors: Patterns,
    #[serde(default)]
    pub(super) throttles: Patterns,
    #[serde(default)]
    pub(super) metrics: BTreeMap<String, Patterns>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFault {
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    pub(super) operation: Option<String>,
    #[serde(default)]
    pub(super) page: usize,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) fails: Option<String>,
    pub(super) message: Option<String>,
    pub(super) slow: Option<String>,
    #[serde(default)]
    pub(super) hangs: bool,
    pub(super) empty_pages: Option<usize>,
    pub(super) answers: Option<String>,
    pub(super) function: Option<String>,
    pub(super) metric: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPattern {
    from: Option<String>,
    to: Option<String>,
    per_minute: f64,
    every: Option<String>,
}

impl RawPattern {
    pub(super) fn resolve(self, now: Clock) -> Read<Pattern> {
        if !(0.0..=1e9).contains(&self.per_minute) {
            return Err(format!("per_minute = {}: a number of 0 or more is needed", self.per_minute));
        }
        Ok(Pattern {
            from: self.from.as_deref().map(|text| now.minute(text)).transpose()?,
            to: self.to.as_deref().map(|text| now.minute(text)).transpose()?,
            per_minute: self.per_minute,
            every: self.every.as_deref().map_or(Ok(1), span_minutes)?,
        })
    }
}

/// A number a minute, a pattern, or several that add up.
#[derive(Default)]
pub(super) struct Patterns(pub(super) Vec<RawPattern>);

impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PatternsVisitor)
    }
}

struct PatternsVisitor;

impl<'de> Visitor<'de> for PatternsVisitor {
    type Value = Patterns;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number a minute, a pattern such as { from = \"-10m\", per_minute = 3 }, or a list of patterns")
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Patterns, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: serde::de::Error>(self, per_minute: f64) -> Result<Patterns, E> {
        Ok(Patterns(vec![RawPattern { from: None, to: None, per_minute, every: None }]))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Patterns, A::Error> {
        RawPattern::deserialize(MapAccessDeserializer::new(map)).map(|pattern| Patterns(vec![pattern]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Patterns, A::Error> {
        let mut patterns = Vec::new();
        while let Some(pattern) = seq.next_element()? {
            patterns.push(pattern);
        }
        Ok(Patterns(patterns))
    }
}

fn one_region() -> Vec<String> {
    vec!["eu-west-1".into()]
}

fn slmon() -> String {
    "slmon".into()
}

fn yes() -> bool {
    true
}

fn a_thousand() -> u32 {
    1000
}

fn three_seconds() -> u32 {
    3
}

fn least_memory() -> u32 {
    128
}
