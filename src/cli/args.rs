//! The command line, as typed. What it means is resolved elsewhere.

mod checks;
mod cost;
mod hush;
mod lines;
mod policy;
mod watch;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::{
    checks::Checks,
    cost::Cost,
    hush::{Ack, Mute, Mutes, Silence},
    lines::{CountBy, EventsBy, Grep, LineFormat, Logs, SearchWith},
    policy::{Policy, PolicyOf},
    watch::{LogFormat, NotifyArgs, NotifyWhat, Watch},
};

/// Which production Lambda functions fail, over many AWS accounts, and nothing else.
///
/// slmon finds functions by the tag `monitor: true` in every account of an organization, reads their errors and
/// throttles, and reports what fails in production. What fails in development is counted and hidden.
#[derive(Debug, Parser)]
#[command(name = "slmon", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    /// Where accounts are, and how they are entered.
    #[command(flatten)]
    pub scope: Scope,
    /// The dashboard, which is what there is without a command.
    #[command(flatten)]
    pub dashboard: Dashboard,
    /// What to do; without one, the dashboard is shown.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  slmon --demo alert                          see it work: no AWS account, no network
  slmon alert                                 the account of your AWS credentials, in their region
  slmon --profile ops --role slmon --organization --region eu-west-1 alert
                                              every account of the organization, by the role slmon
  slmon alert --client Acme --function 'checkout-*'
                                              a part of it, and nothing else is asked for
  slmon --config fleet.toml functions         what is watched, its stage, and why";

/// The dashboard.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Dashboard")]
pub struct Dashboard {
    /// Theme of the dashboard, above the one that is configured: its name, or a file in the form of base16
    #[arg(long, value_name = "THEME")]
    pub theme: Option<String>,
    /// Tell it in lines of words, as it happens: for screen readers, dumb terminals and files
    #[arg(long, conflicts_with = "snapshot")]
    pub plain: bool,
    /// Write one frame to standard output and end: alerts, functions, recent, accounts, blind-spots, traces, logs, error-log,
    /// help, or function:NAME, traces:NAME, trace:NAME, map:NAME, logs:NAME
    #[arg(long, value_name = "SCREEN")]
    pub snapshot: Option<String>,
    /// Columns and lines of that frame [default: the terminal's, else 120x40]
    #[arg(long, value_name = "WxH", requires = "snapshot")]
    pub size: Option<String>,
    /// Form of that frame: text (with styles on a terminal), ansi (with styles) or svg
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, requires = "snapshot")]
    pub snapshot_format: FrameFormat,
}

/// The form of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FrameFormat {
    /// Text, with styles where the output is a terminal.
    #[default]
    Text,
    /// Text with styles.
    Ansi,
    /// A picture.
    Svg,
}

/// Where accounts are, how they are entered, and which part of it all is looked at.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Where to look")]
pub struct Scope {
    /// Configuration file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help = "Configuration file [default: $SLMON_CONFIG, else slmon/config.toml in $XDG_CONFIG_HOME or ~/.config]"
    )]
    pub config: Option<PathBuf>,
    /// Show the embedded demo estate instead of AWS; the same seed gives the same estate
    #[arg(long, global = true, value_name = "SEED", num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    pub demo: Option<u64>,
    /// Profile of the AWS configuration files whose credentials are used
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Role to assume: its name, or its ARN
    #[arg(long, global = true, value_name = "ROLE")]
    pub role: Option<String>,
    /// External id that the role asks for
    #[arg(long, global = true, value_name = "ID")]
    pub external_id: Option<String>,
    /// Read every account of the organization that the credentials can list
    #[arg(long, global = true)]
    pub organization: bool,
    /// Only accounts of this client, a glob. Several values are alternatives, different flags must all hold
    #[arg(long = "client", global = true, value_name = "CLIENT", help_heading = "Scope")]
    pub clients: Vec<String>,
    /// Only this account: a glob on its id or name
    #[arg(long = "account", global = true, value_name = "ACCOUNT", help_heading = "Scope")]
    pub accounts: Vec<String>,
    /// Region to read, or "all" for each that is enabled in an account; narrows what has regions of its own
    #[arg(long = "region", global = true, value_name = "REGION", value_delimiter = ',', help_heading = "Scope")]
    pub regions: Vec<String>,
    /// Only functions of this name, a glob
    #[arg(long = "function", global = true, value_name = "GLOB", help_heading = "Scope")]
    pub functions: Vec<String>,
    /// Only functions with this tag: its key exactly, and a glob on its value
    #[arg(long = "tag", global = true, value_name = "KEY[=GLOB]", help_heading = "Scope")]
    pub tags: Vec<String>,
    /// The whole run ends by then; what is missing is reported as unseen
    #[arg(long, global = true, value_name = "TIME", help_heading = "Limits")]
    pub deadline: Option<String>,
    /// Don't keep what was found for completion in shells
    #[arg(long, global = true, help_heading = "Output")]
    pub no_cache: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sweep every account once and answer with an exit code
    Alert(Alert),
    /// Tell on one page why a function fails: checks, when it changed, exceptions, and one trace of it
    Explain(Explain),
    /// List the newest traces of what is watched
    Traces(Traces),
    /// Show one trace whole, joined from every account that knows a part of it
    Trace(Trace),
    /// Show who calls whom around a function, and on which way it fails
    Map(Map),
    /// Show log lines of functions, merged by time; follow them as they are written
    Logs(Logs),
    /// Search the logs of everything that is watched, in all accounts at once
    Grep(Grep),
    /// List the functions that are discovered, with their stage and why
    Functions(Functions),
    /// List the accounts and regions: reached or not, and what is missing
    Accounts(Accounts),
    /// List the checks: which are on, their limits and who set them, what each reads and costs
    Checks(Checks),
    /// Tell what a day of watching would cost, before anything is read but functions and tags
    Cost(Cost),
    /// Print the configuration in effect, and where each value comes from
    Config,
    /// Print the IAM policies that slmon needs, made from the calls that it makes
    Policy(Policy),
    /// Watch without a screen: a line for each thing that happens, and whoever [[notify]] names is told
    Watch(Watch),
    /// Know of what fires: nobody is told of it again, but when it is worse, and when it is over
    Ack(Ack),
    /// Mute a function until an end, for the dashboard and slmon watch
    Mute(Mute),
    /// List what is acknowledged and muted, until when, by whom and why
    Mutes(Mutes),
    /// Try who is told of alerts
    Notify(NotifyArgs),
    /// List the themes of the dashboard; check one, or look at it
    Themes(Themes),
    /// Print a script that completes flags and names in a shell: `source <(slmon completions bash)`
    Completions {
        /// The shell
        #[arg(value_name = "SHELL", value_parser = ["bash", "zsh", "fish", "powershell", "elvish"])]
        shell: String,
    },
    /// Write the manual pages into a folder, or print the first
    Man {
        /// The folder; it is made where it is not there
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

/// `slmon themes`.
#[derive(Args, Debug)]
pub struct Themes {
    /// What to do; without it, themes are listed
    #[command(subcommand)]
    pub what: Option<ThemesWhat>,
}

/// What to do with a theme.
#[derive(Debug, Subcommand)]
pub enum ThemesWhat {
    /// Tell the contrast of each colour on the background: exit code 1 where the file's is not enough, and slmon pushes it
    Check {
        /// Its name, or a file in the form of base16
        #[arg(value_name = "THEME")]
        theme: String,
    },
    /// Show what each role looks like
    Preview {
        /// Its name, or a file in the form of base16
        #[arg(value_name = "THEME")]
        theme: String,
    },
}

/// `slmon accounts`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes of --doctor:
  0    every call is allowed, and every role asks for its external id
  1    a permission is missing, or a role opens without its external id
  3    something could not be told

Examples:
  slmon accounts                              reached or not, and what is missing
  slmon accounts --doctor                     try each call, and print the statement that mends what is denied
  slmon accounts --doctor --without configurations,tags-one-by-one")]
pub struct Accounts {
    /// Try each call on each account and region once, and each role without its external id; say what to mend
    #[arg(long)]
    pub doctor: bool,
    /// Don't try what these features need; `slmon policy --help` names them
    #[arg(long, value_name = "FEATURE", value_delimiter = ',', requires = "doctor")]
    pub without: Vec<String>,
    /// How to print.
    #[command(flatten)]
    pub listing: Listing,
}

/// `slmon alert`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    nothing fires, everything was seen, and a production function was judged
  1    something fires (also where something else could not be seen)
  2    a mistake in usage or configuration, or an output that can't be written
  3    can't tell: something could not be seen, or there was no production function to judge
  130  interrupted

Examples:
  slmon alert --window 1h                     the last hour
  slmon alert --fail-on warning               warnings fail, too
  slmon alert --format text --format json=report.json
  slmon alert --format github --format markdown=\"$GITHUB_STEP_SUMMARY\" --format junit=slmon.xml
  slmon alert --format nagios --exit-style nagios --deadline 50s
  slmon alert --at 2026-11-23T10:00:00Z       as it was then
  slmon alert --wait 10m --baseline 1h        after a deploy: watches for ten minutes from now on
  slmon alert --since \"20m ago\"              what has failed since then")]
#[expect(clippy::struct_excessive_bools, reason = "flags, each independent of the others")]
pub struct Alert {
    /// How far back to look, in whole minutes [default: 15m]
    #[arg(long, value_name = "TIME")]
    pub window: Option<String>,
    /// The instant up to which is judged: 2026-11-23T10:00:00Z, "2026-11-23 10:00" or 10:00 (both in UTC), "2h ago"
    /// [default: now, less --settle, on a full minute]
    #[arg(long, value_name = "INSTANT")]
    pub at: Option<String>,
    /// The instant from which on is judged, instead of a window of fixed length: the time of a deployment
    #[arg(long, value_name = "INSTANT", conflicts_with = "window")]
    pub since: Option<String>,
    /// Watch for so long from --since on (default: now), a round a minute, told on standard error; ends as soon as
    /// something fires, else with the last round, when the numbers of the whole time have settled. --deadline bounds each
    /// round
    #[arg(long, value_name = "TIME", conflicts_with_all = ["window", "at"])]
    pub wait: Option<String>,
    /// Compare with so long right before the window: also critical where a share of errors is over its limit, at
    /// least twice that of before, and not by chance [default: off]
    #[arg(long, value_name = "TIME")]
    pub baseline: Option<String>,
    /// A further check: burn, near-timeout, iterator-age, dead-letter, silent, concurrency or capacity; may be given
    /// several times. Each reads metrics of its own: `slmon checks` says which, and what they cost
    #[arg(long = "check", value_name = "NAME")]
    pub checks: Vec<String>,
    /// How long late data is waited for [default: 3m]
    #[arg(long, value_name = "TIME")]
    pub settle: Option<String>,
    /// From which severity on the exit code is 1 [default: critical]
    #[arg(long, value_name = "SEVERITY", value_parser = ["critical", "warning", "never"])]
    pub fail_on: Option<String>,
    /// No production function at all is fine
    #[arg(long)]
    pub allow_empty: bool,
    /// The share of targets in scope that is enough to have seen, such as 95% [default: 100%]
    #[arg(long, value_name = "SHARE")]
    pub min_coverage: Option<String>,
    /// Don't read what fails outside of production
    #[arg(long)]
    pub no_hidden: bool,
    /// Search all functions for what tags hide: keys that are nearly right, and production that fails without the tag
    #[arg(long)]
    pub blind_spots: bool,
    /// Add to each alert what its traces say: the exception that most of them began with. Changes no verdict
    #[arg(long)]
    pub explain: bool,
    /// What X-Ray may cost.
    #[command(flatten)]
    pub cost: MaxCost,
    /// Report as text, json, markdown, junit, github, nagios or openmetrics, to standard output or to a file; may be
    /// given several times
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "text")]
    pub formats: Vec<String>,
    /// What the exit codes mean; nagios: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, which a mistake in usage is, too
    #[arg(long, value_name = "STYLE", default_value = "slmon", hide_possible_values = false)]
    pub exit_style: ExitStyle,
}

/// What the exit codes mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ExitStyle {
    /// Those below
    #[default]
    Slmon,
    /// Those of Nagios' plugins
    Nagios,
}

/// `slmon explain`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    it was read and told, whether it fails or not
  2    a mistake in usage or configuration
  3    no such function, or something could not be read
  130  interrupted

Examples:
  slmon explain checkout-api                  why it fails, as far as metrics, traces and logs tell
  slmon explain checkout-api --format markdown >> ticket.md
  slmon explain arn:aws:lambda:eu-west-1:111122223333:function:checkout-api --window 1h
  slmon --demo explain payment-capture        see it work: no AWS account, no network")]
pub struct Explain {
    /// Its name, a glob, or its ARN
    #[arg(value_name = "FUNCTION")]
    pub name: String,
    /// How far back to look, in whole minutes [default: 15m]; traces are read from before the failing began
    #[arg(long, value_name = "TIME")]
    pub window: Option<String>,
    /// The instant up to which is judged, as of `slmon alert` [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub at: Option<String>,
    /// What X-Ray may cost.
    #[command(flatten)]
    pub cost: MaxCost,
    /// Print as text, markdown or json; to standard output or to a file
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "text")]
    pub formats: Vec<String>,
}

/// What X-Ray may cost.
#[derive(Args, Clone, Debug)]
pub struct MaxCost {
    /// What reading traces may cost, in dollars: X-Ray bills each trace that it looks through ($0.50 a million), and
    /// filters don't reduce that. Reading stops before it would cost more
    #[arg(
        long,
        value_name = "DOLLARS",
        allow_negative_numbers = true,
        default_value = "0.10",
        help_heading = "Limits"
    )]
    pub max_cost: String,
}

/// `slmon traces`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  slmon traces                                what failed in production in the last 15 minutes
  slmon traces --all --function 'checkout-*'  what did not fail, too
  slmon traces --client Acme --window 1h --format json")]
pub struct Traces {
    /// How far back to look, in whole minutes
    #[arg(long, value_name = "TIME", default_value = "15m")]
    pub window: String,
    /// Those that did not fail, too
    #[arg(long)]
    pub all: bool,
    /// Those of functions that are not production, too
    #[arg(long)]
    pub hidden: bool,
    /// How many are listed
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
    /// What X-Ray may cost.
    #[command(flatten)]
    pub cost: MaxCost,
    /// How to print.
    #[command(flatten)]
    pub listing: Listing,
}

/// `slmon trace`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  slmon trace 1-67891233-abcdef012345678912345678
  slmon --region eu-west-1 trace 1-67891233-abcdef012345678912345678 --format json")]
pub struct Trace {
    /// Its id, as X-Ray writes it (1-…-…) or as W3C does (32 hexadecimal digits)
    #[arg(value_name = "ID")]
    pub id: String,
    /// How to print.
    #[command(flatten)]
    pub listing: Listing,
}

/// `slmon map`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  slmon map checkout-api                      callers and what it calls, as far as something fails
  slmon map checkout-api --all --format mermaid > map.mmd
  slmon map --window 1h --format json         every call that fails")]
pub struct Map {
    /// The function's name, a glob, or an ARN; without it, every call that fails is listed
    #[arg(value_name = "FUNCTION")]
    pub name: Option<String>,
    /// What does not fail, too
    #[arg(long)]
    pub all: bool,
    /// How far back to look, in whole minutes, at most 6h
    #[arg(long, value_name = "TIME", default_value = "30m")]
    pub window: String,
    /// Print as text, mermaid or json; to standard output or to a file
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "text")]
    pub formats: Vec<String>,
}

/// `slmon functions`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  slmon functions                             what is watched
  slmon functions --all                       everything, watched or not
  slmon functions --blind-spots               what tags hide, and the commands that mend it
  slmon functions --format json | jq -r '.functions[] | select(.stage.kind == \"unknown\") | .arn'")]
pub struct Functions {
    /// Those that are not watched, too
    #[arg(long)]
    pub all: bool,
    /// Instead, what tags hide among all functions, with the command that mends it; reads metrics of production without
    /// the tag
    #[arg(long, conflicts_with = "all")]
    pub blind_spots: bool,
    /// How to print.
    #[command(flatten)]
    pub listing: Listing,
}

/// How a listing is printed.
#[derive(Args, Debug)]
pub struct Listing {
    /// Print as a table for people, or as JSON; to standard output or to a file
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "text")]
    pub formats: Vec<String>,
}
