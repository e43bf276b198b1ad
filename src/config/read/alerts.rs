//! How alerts live: `[alerts]`.

use super::{Complaint, Reader, View};
use crate::domain::{life::LifeRules, rules::span_minutes};

impl Reader<'_> {
    pub(in crate::config) fn alerts(&mut self, root: &View<'_>) -> LifeRules {
        let view = root.table("alerts");
        let usual = LifeRules::default();
        LifeRules {
            evaluations: self.number(&view, "for").unwrap_or(usual.evaluations),
            below: self.share(&view, "resolve_below").unwrap_or(usual.below),
            clear: self.text(&view, "resolve_after", span).unwrap_or(usual.clear),
            idle: self.text(&view, "resolve_idle", span).unwrap_or(usual.idle),
            changes: self.number(&view, "flapping_changes").unwrap_or(usual.changes),
            within: self.text(&view, "flapping_within", span).unwrap_or(usual.within),
            steady: self.text(&view, "steady_after", span).unwrap_or(usual.steady),
        }
    }

    /// US dollars an hour that looking for causes of what is told may cost.
    pub(in crate::config) fn cause_cost(&mut self, root: &View<'_>) -> f64 {
        self.text(&root.table("alerts"), "cause_cost", dollars).unwrap_or(CAUSE_COST)
    }

    /// A whole number of at least 1.
    pub(super) fn number(&mut self, view: &View<'_>, key: &str) -> Option<u32> {
        let node = view.get(key)?;
        let number = node.as_number().filter(|number| (1.0..=1000.0).contains(number));
        if number.is_none() && node.as_number().is_some() {
            self.refuse(&view.path(key), node, "a whole number from 1 to 1000 is needed");
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above: 1 to 1000")]
        number.map(|number| number as u32)
    }
}

/// US dollars an hour, where nothing is said.
const CAUSE_COST: f64 = 0.05;

fn dollars(text: &str) -> Result<f64, Complaint> {
    let text = text.trim();
    let number =
        text.strip_prefix('$').unwrap_or(text).parse::<f64>().ok().filter(|dollars| (0.0..1e6).contains(dollars));
    match text {
        "off" => Ok(0.0),
        _ => number.ok_or_else(|| "an amount in dollars is needed, such as 0.05, or off".into()),
    }
}

fn span(text: &str) -> Result<i64, Complaint> {
    span_minutes(text).map_err(|_| "whole minutes are needed, such as 5m".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DEFAULT, tree};

    #[test]
    fn the_embedded_file_says_what_the_code_says() {
        let (env, read) =
            (std::collections::BTreeMap::new(), |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into()));
        let mut reader = Reader { env: &env, read_file: &read, directory: None, problems: Vec::new() };
        assert!((reader.cause_cost(&View::root(&tree::parse_default(DEFAULT))) - CAUSE_COST).abs() < 1e-9);
        assert!(dollars("$0.10").is_ok() && dollars("off").is_ok_and(|none| none == 0.0) && dollars("much").is_err());
        assert_eq!(reader.alerts(&View::root(&tree::parse_default(DEFAULT))), LifeRules::default());
        assert!(reader.problems.is_empty());
        assert!(span("0m").is_err() && span("soon").is_err() && span("90m").is_ok_and(|minutes| minutes == 90));
    }
}
