//! Why a function fails, as its traces tell it: what is thrown, who calls it, and what it calls. A value only; who makes
//! traces of it is [`traces`](super::traces).

use crate::domain::{account::AccountId, text::AwsText, trace::Failing};

/// What the traces of a function say.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// Whether it is a fault or an error.
    pub failing: Failing,
    /// The exception's type; none where nothing is recorded, as where Lambda ends a function for its timeout.
    pub exception: Option<AwsText>,
    /// The exception's message: `{id}` and `{n}` are different each time.
    pub message: AwsText,
    /// Who calls it: a name, and the type of its node.
    pub caller: Option<(AwsText, AwsText)>,
    /// What it calls.
    pub calls: Vec<Hop>,
    /// How often it is run for one request that fails.
    pub attempts: usize,
    /// Seconds from one of these to the next: what a queue keeps a message hidden for.
    pub pause: f64,
    /// Whether it fails by running until its timeout.
    pub times_out: bool,
    /// Seconds after which a request fails that waits for somebody else; none where it takes as long as any other.
    pub fails_after: Option<f64>,
}

impl Default for Story {
    fn default() -> Self {
        Self {
            failing: Failing::Fault,
            exception: Some("RuntimeError".into()),
            message: "request {id} failed".into(),
            caller: None,
            calls: Vec::new(),
            attempts: 1,
            pause: 0.0,
            times_out: false,
            fails_after: None,
        }
    }
}

/// A call to somebody else.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    /// Who: a table, a host, a function.
    pub name: AwsText,
    /// The type of its node.
    pub kind: AwsText,
    /// `PutItem`.
    pub operation: Option<AwsText>,
    /// When it begins and ends, as shares of the time of whoever calls.
    pub span: (f64, f64),
    /// How it fails, where the request fails.
    pub fails: Option<Failing>,
    /// What it throws then, where it is a function.
    pub exception: Option<(AwsText, AwsText)>,
    /// How often the SDK tries again.
    pub retries: u64,
    /// The account that it lives in, where that is another one.
    pub account: Option<AccountId>,
    /// What it calls.
    pub calls: Vec<Hop>,
}

impl Hop {
    /// A call that is always fine.
    pub fn fine(name: &str, kind: &str, operation: Option<&str>, span: (f64, f64)) -> Self {
        Self {
            name: name.into(),
            kind: kind.into(),
            operation: operation.map(Into::into),
            span,
            fails: None,
            exception: None,
            retries: 0,
            account: None,
            calls: Vec::new(),
        }
    }
}
