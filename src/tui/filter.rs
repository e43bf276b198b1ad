//! The filter that narrows rows as one types: words that all have to fit. `pay` is found anywhere in whose a function is and
//! in its name, there also with letters between (`ordcr` finds `orders-create`); `'pay` only as it stands, `!pay` leaves it out, `client:acme`, `account:`, `region:`, `name:`, `stage:`, `state:`, `owner:` look at one thing,
//! `tag:team=pay` at a tag, and `err>5`, `rate>0.1`, `thr>0` at numbers.

use frizbee::{Config, Matcher};

use super::board::{Board, Row};
use crate::domain::{account::Target, fleet::Function, text::AwsText};

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
    /// Anywhere in what is shown of the row; in its name, also with letters between.
    Fuzzy(String),
    /// Anywhere in what is shown of the row, as it stands.
    Anywhere(String),
    /// In one field.
    Field(Field, String),
    /// A tag: its key, and what its value contains.
    Tag(String, Option<String>),
    /// A number that is greater, or smaller.
    Number(Number, std::cmp::Ordering, f64),
}

/// How well a row fits, the better first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// Each word stands in it.
    Literal,
    /// The letters of a word are in its name, with others between.
    Fuzzy,
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

const NUMBERS: &[(&str, Number)] = &[
    ("err", Number::Errors),
    ("errors", Number::Errors),
    ("thr", Number::Throttles),
    ("throttles", Number::Throttles),
    ("rate", Number::Rate),
];

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

    /// What of it is about functions alone: fields, tags and stages, no words that may stand anywhere and no numbers.
    #[must_use]
    pub fn of_functions(&self) -> Self {
        let about = |term: &&Term| matches!(term.test, Test::Field(..) | Test::Tag(..));
        Self { text: self.text.clone(), terms: self.terms.iter().filter(about).cloned().collect() }
    }

    /// Whether it lets a trace through. `text` is all that is shown of it, in small letters; then its client, account,
    /// region, and functions. What a trace does not tell was judged of its functions.
    pub fn fits_trace(&self, text: &str, (client, account, region, functions): (&str, &str, &str, &str)) -> bool {
        self.terms.iter().all(|term| {
            let has = |whole: &str, part: &String| whole.to_lowercase().contains(part.as_str());
            let held = match &term.test {
                Test::Fuzzy(part) | Test::Anywhere(part) => text.contains(part.as_str()),
                Test::Field(Field::Client, part) => has(client, part),
                Test::Field(Field::Account, part) => has(account, part),
                Test::Field(Field::Region, part) => has(region, part),
                Test::Field(Field::Name, part) => has(functions, part),
                Test::Field(..) | Test::Tag(..) | Test::Number(..) => return true,
            };
            held != term.not
        })
    }

    /// What looks through rows; it keeps its memory from row to row.
    pub fn sieve(&self) -> Sieve<'_> {
        let config = Config::default().max_typos(Some(0));
        let matcher = |term: &Term| match &term.test {
            Test::Fuzzy(part) => Some(Matcher::new(part.as_str(), &config)),
            _ => None,
        };
        Sieve { terms: self.terms.iter().map(|term| (term, matcher(term))).collect() }
    }
}

/// A filter at work.
pub struct Sieve<'f> {
    terms: Vec<(&'f Term, Option<Matcher>)>,
}

impl Sieve<'_> {
    /// How well a row fits; not at all where it is left out.
    pub fn fit(&mut self, board: &Board, row: &Row) -> Option<Fit> {
        if self.terms.is_empty() {
            return Some(Fit::Literal);
        }
        let (state, function) = board.facts(row)?;
        let mut fit = Fit::Literal;
        for (term, matcher) in &mut self.terms {
            let held = term.test.fit(row, &state.target, function, matcher.as_mut());
            if term.not == held.is_some() {
                return None;
            }
            fit = fit.max(held.unwrap_or(Fit::Literal));
        }
        Some(fit)
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
        let than = match rest[1..].strip_suffix('%') {
            Some(percent) => percent.parse::<f64>().ok()? / 100.0,
            None => rest[1..].parse().ok()?,
        };
        Some(Test::Number(*number, order, than))
    };
    let anywhere = || match lower.strip_prefix('\'') {
        Some("") => None,
        Some(exact) => Some(Test::Anywhere(exact.to_owned())),
        // What is left out is what one can see: letters that happen to be there are no reason.
        None if not => Some(Test::Anywhere(lower.clone())),
        None => Some(Test::Fuzzy(lower.clone())),
    };
    let test = field.or_else(number).or_else(anywhere)?;
    Some(Term { not, test })
}

impl Test {
    fn fit(&self, row: &Row, target: &Target, function: &Function, matcher: Option<&mut Matcher>) -> Option<Fit> {
        if self.holds(row, target, function) {
            return Some(Fit::Literal);
        }
        let name = row.text.split('\n').next().unwrap_or_default();
        matcher.and_then(|matcher| matcher.match_one(name, 0)).map(|_| Fit::Fuzzy)
    }

    fn holds(&self, row: &Row, target: &Target, function: &Function) -> bool {
        let has = |text: &str, part: &str| text.to_lowercase().contains(part);
        let optional = |text: Option<&AwsText>, part: &str| text.is_some_and(|text| has(text.raw(), part));
        let account = &target.account;
        match self {
            Self::Fuzzy(part) | Self::Anywhere(part) => row.text.contains(part.as_str()),
            Self::Field(field, part) => match field {
                Field::Client => optional(account.client.as_ref(), part),
                Field::Account => optional(account.name.as_ref(), part) || account.id.as_str().contains(part.as_str()),
                Field::Region => target.region.as_str().contains(part.as_str()),
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
            tests("'pay !client:Acme tag:team=pay err>5 rate<0.5 'foo:bar !err>x ! '"),
            [
                (false, Test::Anywhere("pay".into())),
                (true, Test::Field(Field::Client, "acme".into())),
                (false, Test::Tag("team".into(), Some("pay".into()))),
                (false, Test::Number(Number::Errors, std::cmp::Ordering::Greater, 5.0)),
                (false, Test::Number(Number::Rate, std::cmp::Ordering::Less, 0.5)),
                (false, Test::Anywhere("foo:bar".into())),
                (true, Test::Anywhere("err>x".into())),
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
