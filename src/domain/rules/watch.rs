//! Which functions are watched: the tag's key exactly, its value loosely.

use crate::domain::{
    finding::{SpotKind, SpotText},
    function::Tags,
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

impl WatchRules {
    /// Whether the tags ask for watching; and a near-miss of the value, where they seem to mean it.
    pub fn is_watched(&self, tags: &Tags) -> (bool, Option<SpotText>) {
        let Some(value) = tags.get(&self.key) else { return (false, None) };
        let meant = value.raw().trim().to_lowercase();
        if self.values.contains(&meant) {
            return (true, None);
        }
        let near = |yes: &String| meant.chars().count() > 1 && strsim::osa_distance(&meant, yes) == 1;
        let near_miss =
            !NO.contains(&meant.as_str()) && (MEANS_YES.contains(&meant.as_str()) || self.values.iter().any(near));
        let spot = near_miss.then(|| SpotText {
            kind: SpotKind::MonitorValue,
            detail: format!("{}={} is not one of {}", self.key, value.shown(), self.values.join(", ")),
        });
        (false, spot)
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(watched("Monitor", "true"), (false, None));
    }
}
