//! Checks that are off unless they are named: `[checks.burn]` and the others, of all functions or of an override's.

use std::sync::Arc;

use super::{Complaint, Reader, View, rules::said_by, switch};
use crate::{
    config::tree::Node,
    domain::{
        rules::{
            limits::SetBy,
            more::{Extra, Number, Unit, Word},
            span_minutes,
        },
        text::{minutes, percent_limit},
    },
};

impl Reader<'_> {
    /// What a table of checks says of them, and who says it: `by`, or else the layer that each word comes from.
    pub(super) fn more(&mut self, view: &View<'_>, by: Option<&str>) -> Vec<(Word, SetBy)> {
        let mut words = Vec::new();
        for extra in Extra::ALL {
            let table = view.table(extra.as_str());
            let said = |node: &Node| -> SetBy { by.map_or_else(|| said_by(&node.origin), Arc::from) };
            if let (Some(node), Some(on)) = (table.get("on"), switch(&table, "on")) {
                words.push((Word::On(*extra, on), said(node)));
            }
            for number in Number::ALL.iter().filter(|number| number.check() == *extra) {
                let Some(node) = table.get(number.key()) else { continue };
                if let Some(value) = self.number_of(&table, *number) {
                    words.push((Word::Is(*number, value), said(node)));
                }
            }
        }
        words
    }

    fn number_of(&mut self, view: &View<'_>, number: Number) -> Option<f64> {
        let (key, (least, most)) = (number.key(), number.bounds());
        let node = view.get(key)?;
        let value = match number.unit() {
            // 99.9 percents are not quite 0.999.
            Unit::Share => (self.share(view, key)? * 1e9).round() / 1e9,
            Unit::Count => node.as_number()?,
            Unit::Minutes => self.text(view, key, |text| span_minutes(text).map_err(Complaint::from))? as f64,
        };
        if (least..=most).contains(&value) {
            return Some(value);
        }
        let said = |value: f64| match number.unit() {
            Unit::Share => percent_limit(value),
            Unit::Count => value.to_string(),
            #[expect(clippy::cast_possible_truncation, reason = "bounds are whole minutes")]
            Unit::Minutes => minutes(value as i64),
        };
        self.refuse(&view.path(key), node, format!("{} to {} is needed", said(least), said(most)));
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{DEFAULT, tree},
        domain::rules::more::MoreLimits,
    };

    #[test]
    fn the_embedded_file_says_what_the_code_says() {
        let (env, read) =
            (std::collections::BTreeMap::new(), |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into()));
        let mut reader = Reader { env: &env, read_file: &read, directory: None, problems: Vec::new() };
        let words = reader.more(&View::root(&tree::parse_default(DEFAULT)).table("checks"), None);
        let mut limits = MoreLimits::default();
        // Each is said in the file, and says what it is anyway.
        assert_eq!(
            words.len(),
            Extra::ALL.len() + Number::ALL.iter().filter(|number| number.usual().is_some()).count()
        );
        for (word, by) in &words {
            limits.take(*word, by);
        }
        assert!(reader.problems.is_empty() && limits == MoreLimits::default());
        for number in Number::ALL {
            assert_eq!(limits.get(*number), number.usual().map(|usual| (usual, "default")), "{number:?}");
        }
        let switched: Vec<_> = Extra::ALL.iter().map(|extra| limits.switched_by(*extra)).collect();
        assert_eq!(switched, vec!["default"; Extra::ALL.len()]);
    }
}
