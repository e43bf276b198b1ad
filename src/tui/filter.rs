//! The filter that narrows rows as one types: words that all have to fit. `pay` is found anywhere in what is shown,
//! `!pay` leaves it out, `client:acme`, `account:`, `region:`, `name:`, `stage:`, `state:`, `owner:` look at one thing,
//! `tag:team=pay` at a tag, and `err>5`, `rate>0.1`, `thr>0` at numbers.

use super::board::{Board, Row};
use crate::domain::{account::Account, fleet::Function, text::AwsText};

/// What narrows the rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq)]
struct Term {
    not: bool,
    test: Test,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    /// Anywhere in what is shown of the row.
    Anywhere(String),
    /// In one field.
    Field(Field, String),
    /// A tag: its key, and what its value contains.
    Tag(String, Option<String>),
    /// A number that is greater, or smaller.
    Number(Number, std::cmp::Ordering, f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Client,
    Account,
    Region,
    Name,
    Stage,
    State,
    Owner,
}

const FIELDS: &[(&str, Field)] = &[
    ("client", Field::Client),
    ("account", Field::Account),
    ("region", Field::Region),
    ("name", Field::Name),
    ("stage", Field::Stage),
    ("state", Field::State),
    ("owner", Field::Owner),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Errors,
    Throttles,
    Rate,
}

const NUMBERS: &[(&str, Number)] = &[("err", Number::Errors), ("thr", Number::Throttles), ("rate", Number::Rate)];

impl Filter {
    /// Reads what was typed. Nothing is a mistake: what is no known form is looked for as it stands.
    pub fn parse(text: &str) -> Self {
        let terms = text.split_whitespace().filter_map(term).collect();
        Self { text: text.to_owned(), terms }
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it narrows nothing.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a row is in it.
    pub fn admits(&self, board: &Board, row: &Row) -> bool {
        if self.terms.is_empty() {
            return true;
        }
        let Some((state, function)) = board.facts(row) else { return false };
        self.terms.iter().all(|term| term.not != term.test.holds(row, &state.target.account, function))
    }
}

fn term(word: &str) -> Option<Term> {
    let (not, word) = word.strip_prefix('!').map_or((false, word), |word| (true, word));
    if word.is_empty() {
        return None;
    }
    let lower = word.to_lowercase();
    let field = lower.split_once(':').and_then(|(name, value)| {
        if name == "tag" {
            let (key, value) =
                value.split_once('=').map_or((value, None), |(key, value)| (key, Some(value.to_owned())));
            return Some(Test::Tag(key.to_owned(), value));
        }
        FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| Test::Field(*field, value.to_owned()))
    });
    let number = || {
        let at = lower.find(['<', '>'])?;
        let (name, rest) = lower.split_at(at);
        let (_, number) = NUMBERS.iter().find(|(known, _)| *known == name)?;
        let order = if rest.starts_with('<') { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater };
        Some(Test::Number(*number, order, rest[1..].parse().ok()?))
    };
    let test = field.or_else(number).unwrap_or(Test::Anywhere(lower));
    Some(Term { not, test })
}

impl Test {
    fn holds(&self, row: &Row, account: &Account, function: &Function) -> bool {
        let has = |text: &str, part: &str| text.to_lowercase().contains(part);
        let optional = |text: Option<&AwsText>, part: &str| text.is_some_and(|text| has(text.raw(), part));
        match self {
            Self::Anywhere(part) => {
                has(function.found.name.raw(), part)
                    || optional(account.client.as_ref(), part)
                    || optional(account.name.as_ref(), part)
                    || account.id.as_str().contains(part.as_str())
                    || row.target.1.as_str().contains(part.as_str())
            }
            Self::Field(field, part) => match field {
                Field::Client => optional(account.client.as_ref(), part),
                Field::Account => optional(account.name.as_ref(), part) || account.id.as_str().contains(part.as_str()),
                Field::Region => row.target.1.as_str().contains(part.as_str()),
                Field::Name => has(function.found.name.raw(), part),
                Field::Stage => {
                    function.class.stage.kind.as_str().starts_with(part.as_str())
                        || optional(function.class.stage.label.as_ref(), part)
                }
                Field::State => row.state.word().starts_with(part.as_str()),
                Field::Owner => optional(function.class.owner.as_ref(), part),
            },
            Self::Tag(key, value) => {
                function.found.tags.iter().any(|(k, v)| {
                    k.raw().to_lowercase() == *key && value.as_ref().is_none_or(|value| has(v.raw(), value))
                })
            }
            Self::Number(number, order, than) => {
                let number = match number {
                    Number::Errors => row.errors.map(|n| n as f64),
                    Number::Throttles => row.throttles.map(|n| n as f64),
                    Number::Rate => row.rate(),
                };
                number.is_some_and(|number| number.partial_cmp(than) == Some(*order))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_what_is_none_is_looked_for_as_it_stands() {
        let tests = |text| Filter::parse(text).terms.into_iter().map(|term| (term.not, term.test)).collect::<Vec<_>>();
        assert_eq!(
            tests("pay !client:Acme tag:team=pay err>5 rate<0.5 foo:bar err>x !"),
            [
                (false, Test::Anywhere("pay".into())),
                (true, Test::Field(Field::Client, "acme".into())),
                (false, Test::Tag("team".into(), Some("pay".into()))),
                (false, Test::Number(Number::Errors, std::cmp::Ordering::Greater, 5.0)),
                (false, Test::Number(Number::Rate, std::cmp::Ordering::Less, 0.5)),
                (false, Test::Anywhere("foo:bar".into())),
                (false, Test::Anywhere("err>x".into())),
            ]
        );
        assert!(Filter::parse("  ").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_is_typed_makes_it_fall_over(text in ".{0,60}") {
            let filter = Filter::parse(&text);
            proptest::prop_assert_eq!(filter.text(), text);
        }
    }
}
