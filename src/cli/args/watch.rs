//! The command line of watching without a screen, and of who is told.

use clap::{Args, Subcommand, ValueEnum};

/// `slmon watch`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    it was asked to end, and has
  2    usage, configuration, or a place that can't be written

SIGTERM and Ctrl-C end it within 5 seconds; SIGHUP reads the configuration again.

Examples:
  slmon watch                                 until somebody ends it
  slmon watch --log-format json --listen 127.0.0.1:9464
                                              lines of JSON; /metrics and /healthz on this machine")]
pub struct Watch {
    /// Form of the lines on standard output
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,
    /// Answer /metrics (OpenMetrics) and /healthz here
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<std::net::SocketAddr>,
}

/// The form of a log's lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Words.
    #[default]
    Text,
    /// A JSON document a line.
    Json,
}

/// `slmon notify`.
#[derive(Args, Debug)]
pub struct NotifyArgs {
    /// What to do
    #[command(subcommand)]
    pub what: NotifyWhat,
}

/// What to do with who is told.
#[derive(Debug, Subcommand)]
pub enum NotifyWhat {
    /// Send a test, and that it is over, to each [[notify]] of the configuration, or to one: exit code 1 where one has not
    /// taken it
    Test {
        /// Its name
        #[arg(value_name = "NAME")]
        sink: Option<String>,
    },
}
