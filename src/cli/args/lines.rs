//! Arguments of the commands that read logs.

use clap::{Args, ValueEnum, builder::PossibleValue};

/// `slmon logs`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    what there is was shown
  2    a mistake in usage or configuration
  3    no such function, something could not be read, or there is more than is shown
  130  interrupted, after what was printed

Examples:
  slmon logs checkout-api                     the last 15 minutes
  slmon logs checkout-api payment-capture --follow
                                              two functions merged by time, as they write
  slmon logs checkout-api --since 2h --request 8f5a1c1e-2d4b-4c7a-9a10-0123456789ab
                                              one invocation whole
  slmon --demo logs payment-capture --grep AcquirerUnavailable")]
pub struct Logs {
    /// Names of functions, globs, or ARNs
    #[arg(value_name = "FUNCTION")]
    pub names: Vec<String>,
    /// How far back to look, in whole minutes
    #[arg(long, value_name = "TIME", default_value = "15m")]
    pub since: String,
    /// Go on with what is written from now on: by CloudWatch's live tail, which costs $0.01 a minute beyond 1,800 a month,
    /// or where that is not to be had by asking every few seconds, which is free. It goes on until somebody ends it, or
    /// until the --deadline that is given
    #[arg(long, short)]
    pub follow: bool,
    /// What live tails may cost, in dollars: before they would cost more, slmon asks every few seconds instead, which is
    /// free; and what Logs Insights may, which alone reads log groups of the class Infrequent Access [default: no limit for
    /// live tails, 0.10 for Logs Insights]
    #[arg(long, value_name = "DOLLARS", allow_negative_numbers = true, help_heading = "Limits")]
    pub max_cost: Option<String>,
    /// Only this request's lines, also those that don't bear its id
    #[arg(long, value_name = "ID", conflicts_with_all = ["follow", "grep"])]
    pub request: Option<String>,
    /// Only what holds this text
    #[arg(long, value_name = "TERM")]
    pub grep: Option<String>,
    /// Show keys, tokens, passwords and e-mail addresses as they are
    #[arg(long)]
    pub no_mask: bool,
    /// Print as lines for people, or as JSON, an object a line
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: LineFormat,
}

/// How lines are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LineFormat {
    /// Lines for people.
    #[default]
    Text,
    /// JSON.
    Json,
}

/// `slmon grep`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    something was found
  1    nothing was found, and all was searched
  2    a mistake in usage or configuration
  3    nothing was found, and not all could be searched: what could not is named
  130  interrupted: what was found so far is kept

Patterns are regular expressions as Rust's regex crate reads them, and take linear time whatever they are. What must be \
there narrows what CloudWatch Logs hands out; a pattern that says nothing of that has every line fetched.

Examples:
  slmon grep 'HTTP 503' --since 7d --by account
  slmon grep 'status=(5\\d\\d)' --since 1d --count-by '$1'
  slmon grep AccessDenied --client Acme --function 'checkout-*'
  slmon grep 'order 4711' --since 3d --format json
  slmon grep ' 503 ' s3://acme-logs/alb/ --since 7d --by object")]
pub struct Grep {
    /// A regular expression; `^` and `$` mean lines
    #[arg(value_name = "PATTERN")]
    pub pattern: String,
    /// Log objects instead of log groups, `s3://bucket/prefix`: plain, gzip or zstd, read with the credentials at hand (or
    /// --profile)
    #[arg(value_name = "S3")]
    pub objects: Option<String>,
    /// How far back to look, in whole minutes [default: 1h; in objects: all that there are]. Of objects, those written since
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Letters are the same in both cases
    #[arg(long, short)]
    pub ignore_case: bool,
    /// Print how many events fit, and not which
    #[arg(long)]
    pub count: bool,
    /// Count by what they are of
    #[arg(long, value_name = "WHAT", value_enum)]
    pub by: Option<CountBy>,
    /// Count by what the pattern's groups have found: '$1', '${name} from $2'
    #[arg(long, value_name = "TEMPLATE", conflicts_with = "by")]
    pub count_by: Option<String>,
    /// By what logs are searched: `FilterLogEvents` is free and slow; Logs Insights is quick and costs $0.005 a GB that it
    /// looks through. Auto takes the first unless that would take minutes, and says what it takes and why
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    pub with: SearchWith,
    /// What Logs Insights may cost, in dollars: what would cost more is not asked [default: 0.10]
    #[arg(long, value_name = "DOLLARS", allow_negative_numbers = true, help_heading = "Limits")]
    pub max_cost: Option<String>,
    /// Show keys, tokens, passwords and e-mail addresses as they are
    #[arg(long)]
    pub no_mask: bool,
    /// Print as lines for people, or as JSON: an object a line, or one of counts
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: LineFormat,
}

/// What hits are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountBy {
    /// What an event is of.
    Events(EventsBy),
    /// What a line of an object is of.
    Objects(ObjectsBy),
}

/// What events of logs are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EventsBy {
    /// The function
    Function,
    /// The minute in which it was written
    Minute,
    /// Whose account
    Client,
    /// The account
    Account,
}

/// What lines of objects are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ObjectsBy {
    /// The object, of s3://…
    Object,
}

impl ValueEnum for CountBy {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: &[CountBy] = &[
            CountBy::Events(EventsBy::Function),
            CountBy::Events(EventsBy::Minute),
            CountBy::Events(EventsBy::Client),
            CountBy::Events(EventsBy::Account),
            CountBy::Objects(ObjectsBy::Object),
        ];
        ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Events(by) => by.to_possible_value(),
            Self::Objects(by) => by.to_possible_value(),
        }
    }
}

/// By what logs are searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SearchWith {
    /// What the estimate says is better
    #[default]
    Auto,
    /// `FilterLogEvents`, which is free
    Filter,
    /// Logs Insights, within --max-cost; what would cost more is named as not searched
    Insights,
}
