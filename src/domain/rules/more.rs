//! Checks that are off unless somebody names them, and the numbers that each has. One list: configuration, overrides,
//! `slmon checks` and the pages read it.

use std::collections::BTreeMap;

use super::limits::SetBy;

/// A check that is off unless it is named, since it costs metrics of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Extra {
    /// How fast the error budget of an objective is used up.
    Burn,
    /// How near the longest runs come to the timeout.
    NearTimeout,
    /// How old the records of a stream are when they are read.
    IteratorAge,
    /// Asynchronous events that are given up, or lost.
    DeadLetter,
    /// Nothing runs where something should.
    Silent,
    /// The account's limit of instances that run at once is near.
    Concurrency,
    /// What a DynamoDB table has is nearly consumed, or more is asked of it.
    Capacity,
}

impl Extra {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Burn,
        Self::NearTimeout,
        Self::IteratorAge,
        Self::DeadLetter,
        Self::Silent,
        Self::Concurrency,
        Self::Capacity,
    ];

    /// The check's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Burn => "burn",
            Self::NearTimeout => "near-timeout",
            Self::IteratorAge => "iterator-age",
            Self::DeadLetter => "dead-letter",
            Self::Silent => "silent",
            Self::Concurrency => "concurrency",
            Self::Capacity => "capacity",
        }
    }
}

/// What a number counts, and so how a configuration writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A share, 0.0 to 1.0: `"90%"` or 0.9.
    Share,
    /// A whole number of at least 1.
    Count,
    /// Minutes: `"5m"`.
    Minutes,
}

/// One number of such a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Number {
    /// The share of calls that must not fail.
    BurnObjective,
    /// Errors that it takes in the longer stretch.
    BurnErrors,
    /// The share of the timeout from which it warns.
    NearTimeoutWarning,
    /// The share of the timeout from which it is critical.
    NearTimeoutCritical,
    /// Minutes from which it warns.
    IteratorAgeWarning,
    /// Minutes from which it is critical.
    IteratorAgeCritical,
    /// Events given up from which it warns.
    DeadLetterWarning,
    /// Events lost from which it is critical.
    DeadLetterCritical,
    /// Minutes without an invocation that are too long; none where that is learned.
    SilentExpect,
    /// So many times the longest gap of the last two weeks are too long.
    SilentTimes,
    /// The share of the account's limit from which it warns.
    ConcurrencyWarning,
    /// The share of the account's limit from which it is critical.
    ConcurrencyCritical,
    /// The share of what a table has from which it warns.
    CapacityConsumed,
    /// Refused reads and writes from which it warns.
    CapacityThrottled,
    /// Refused reads and writes from which it is critical.
    CapacityCritical,
}

impl Number {
    /// All of them, by check.
    pub const ALL: &[Self] = &[
        Self::BurnObjective,
        Self::BurnErrors,
        Self::NearTimeoutWarning,
        Self::NearTimeoutCritical,
        Self::IteratorAgeWarning,
        Self::IteratorAgeCritical,
        Self::DeadLetterWarning,
        Self::DeadLetterCritical,
        Self::SilentExpect,
        Self::SilentTimes,
        Self::ConcurrencyWarning,
        Self::ConcurrencyCritical,
        Self::CapacityConsumed,
        Self::CapacityThrottled,
        Self::CapacityCritical,
    ];

    /// Whose number it is.
    pub fn check(self) -> Extra {
        match self {
            Self::BurnObjective | Self::BurnErrors => Extra::Burn,
            Self::NearTimeoutWarning | Self::NearTimeoutCritical => Extra::NearTimeout,
            Self::IteratorAgeWarning | Self::IteratorAgeCritical => Extra::IteratorAge,
            Self::DeadLetterWarning | Self::DeadLetterCritical => Extra::DeadLetter,
            Self::SilentExpect | Self::SilentTimes => Extra::Silent,
            Self::ConcurrencyWarning | Self::ConcurrencyCritical => Extra::Concurrency,
            Self::CapacityConsumed | Self::CapacityThrottled | Self::CapacityCritical => Extra::Capacity,
        }
    }

    /// Its key in the table of its check.
    pub fn key(self) -> &'static str {
        match self {
            Self::BurnObjective => "objective",
            Self::BurnErrors => "errors",
            Self::NearTimeoutWarning
            | Self::IteratorAgeWarning
            | Self::DeadLetterWarning
            | Self::ConcurrencyWarning => "warning",
            Self::NearTimeoutCritical
            | Self::IteratorAgeCritical
            | Self::DeadLetterCritical
            | Self::ConcurrencyCritical
            | Self::CapacityCritical => "critical",
            Self::CapacityConsumed => "consumed",
            Self::CapacityThrottled => "throttled",
            Self::SilentExpect => "expect",
            Self::SilentTimes => "times",
        }
    }

    /// What it counts.
    pub fn unit(self) -> Unit {
        match self {
            Self::BurnObjective
            | Self::NearTimeoutWarning
            | Self::NearTimeoutCritical
            | Self::ConcurrencyWarning
            | Self::ConcurrencyCritical
            | Self::CapacityConsumed => Unit::Share,
            Self::BurnErrors
            | Self::DeadLetterWarning
            | Self::DeadLetterCritical
            | Self::SilentTimes
            | Self::CapacityThrottled
            | Self::CapacityCritical => Unit::Count,
            Self::IteratorAgeWarning | Self::IteratorAgeCritical | Self::SilentExpect => Unit::Minutes,
        }
    }

    /// What it is where nobody says anything; none where there is no number then.
    pub fn usual(self) -> Option<f64> {
        match self {
            Self::BurnObjective => Some(0.999),
            Self::BurnErrors | Self::SilentTimes => Some(3.0),
            Self::NearTimeoutWarning => Some(0.9),
            Self::NearTimeoutCritical => Some(0.98),
            Self::ConcurrencyWarning | Self::CapacityConsumed => Some(0.8),
            Self::CapacityCritical => Some(10.0),
            Self::ConcurrencyCritical => Some(0.95),
            Self::IteratorAgeWarning => Some(5.0),
            Self::IteratorAgeCritical => Some(30.0),
            Self::DeadLetterWarning | Self::DeadLetterCritical | Self::CapacityThrottled => Some(1.0),
            Self::SilentExpect => None,
        }
    }

    /// The least and the greatest that it may be.
    pub fn bounds(self) -> (f64, f64) {
        match self {
            // Nobody can use up a budget of nothing.
            Self::BurnObjective => (0.5, 0.99999),
            Self::NearTimeoutWarning
            | Self::NearTimeoutCritical
            | Self::ConcurrencyWarning
            | Self::ConcurrencyCritical
            | Self::CapacityConsumed => (0.01, 1.0),
            Self::SilentExpect => (1.0, 14.0 * 1440.0),
            _ => (1.0, 1e6),
        }
    }

    /// Whether what is on its way to be over has to come below a share of it. A share of a timeout is not, nor one of an
    /// account's or a table's limit: what takes half of it is well. Neither is silence, which is over as soon as something runs.
    fn shrinks(self) -> bool {
        matches!(
            self,
            Self::BurnErrors
                | Self::IteratorAgeWarning
                | Self::IteratorAgeCritical
                | Self::DeadLetterWarning
                | Self::DeadLetterCritical
                | Self::CapacityThrottled
                | Self::CapacityCritical
        )
    }
}

/// What somebody says of such a check.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Word {
    /// It is on, or off.
    On(Extra, bool),
    /// One of its numbers.
    Is(Number, f64),
}

impl Word {
    /// Of which check it is.
    pub fn check(self) -> Extra {
        match self {
            Self::On(extra, _) => extra,
            Self::Is(number, _) => number.check(),
        }
    }
}

/// Which of these checks are on for a function, and their numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct MoreLimits {
    on: BTreeMap<Extra, (bool, SetBy)>,
    numbers: BTreeMap<Number, (f64, SetBy)>,
    scale: f64,
}

impl Default for MoreLimits {
    fn default() -> Self {
        let by: SetBy = "default".into();
        let usual = |number: &Number| Some((*number, (number.usual()?, by.clone())));
        Self {
            on: Extra::ALL.iter().map(|extra| (*extra, (false, by.clone()))).collect(),
            numbers: Number::ALL.iter().filter_map(usual).collect(),
            scale: 1.0,
        }
    }
}

impl MoreLimits {
    /// Whether a check is on.
    pub fn is_on(&self, extra: Extra) -> bool {
        self.on.get(&extra).is_some_and(|(on, _)| *on)
    }

    /// Who switched a check on or off: by default it is off.
    pub fn switched_by(&self, extra: Extra) -> &str {
        self.on.get(&extra).map_or("default", |(_, by)| by)
    }

    /// Whether any is on.
    pub fn any(&self) -> bool {
        self.on.values().any(|(on, _)| *on)
    }

    /// A number and who set it; none where there is none.
    pub fn get(&self, number: Number) -> Option<(f64, &str)> {
        let (value, by) = self.numbers.get(&number)?;
        Some((if number.shrinks() { value * self.scale } else { *value }, by))
    }

    /// By how much its limits are shrunk: 1.0, but for what is on its way to be over.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Takes in what somebody says.
    pub fn take(&mut self, word: Word, by: &SetBy) {
        match word {
            Word::On(extra, on) => drop(self.on.insert(extra, (on, by.clone()))),
            Word::Is(number, value) => drop(self.numbers.insert(number, (value, by.clone()))),
        }
    }

    pub(super) fn scaled(&mut self, share: f64) {
        self.scale *= share;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_off_and_have_numbers_until_somebody_says_otherwise() {
        let mut limits = MoreLimits::default();
        assert!(!limits.any() && Extra::ALL.iter().all(|extra| !limits.is_on(*extra)));
        assert_eq!(limits.get(Number::BurnObjective), Some((0.999, "default")));
        assert_eq!(limits.get(Number::SilentExpect), None);
        limits.take(Word::On(Extra::Burn, true), &"config".into());
        limits.take(Word::Is(Number::SilentExpect, 5.0), &"tag monitor:expect".into());
        assert!(limits.any() && limits.is_on(Extra::Burn) && !limits.is_on(Extra::Silent));
        assert_eq!(limits.get(Number::SilentExpect), Some((5.0, "tag monitor:expect")));
        limits.take(Word::On(Extra::Burn, false), &"override 1".into());
        assert!(!limits.any());
    }

    #[test]
    fn every_number_has_a_check_a_key_of_its_own_and_a_usual_value_within_its_bounds() {
        let mut keys: Vec<_> = Number::ALL.iter().map(|number| (number.check(), number.key())).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), Number::ALL.len());
        for number in Number::ALL {
            let (least, most) = number.bounds();
            assert!(number.usual().is_none_or(|usual| (least..=most).contains(&usual)), "{number:?}");
        }
    }

    #[test]
    fn limits_shrink_where_less_of_them_is_well() {
        let mut limits = MoreLimits::default();
        limits.scaled(0.5);
        assert_eq!(limits.get(Number::IteratorAgeWarning), Some((2.5, "default")));
        assert_eq!(limits.get(Number::NearTimeoutWarning), Some((0.9, "default")));
        assert!((limits.scale() - 0.5).abs() < 1e-9);
    }
}
