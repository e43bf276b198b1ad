//! The arguments of `slmon policy`.

use clap::{Args, ValueEnum};

/// `slmon policy`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  slmon policy > slmon.json                   for the role in each account
  slmon policy trust --hub 999900001111 --external-id \"$ID\"
                                              who may assume it
  slmon policy hub                            for the credentials that slmon starts with
  slmon policy events                         for them as well, where an event bus is told of alerts
  slmon policy --format cloudformation --hub arn:aws:iam::999900001111:role/ops > slmon.template.json
                                              a template that makes the role, for a stack or a StackSet")]
pub struct Policy {
    /// Which policy
    #[arg(value_name = "POLICY", default_value = "member")]
    pub which: PolicyOf,
    /// Who assumes the role: ARN of a role or user, or the id of an account
    #[arg(long, value_name = "ARN|ACCOUNT")]
    pub hub: Option<String>,
    /// Leave out what a feature needs: configurations, concurrency, tags-one-by-one, traces, logs, all-regions, organizations,
    /// organizational-units; may be given several times
    #[arg(long, value_name = "FEATURE", value_delimiter = ',')]
    pub without: Vec<String>,
    /// The partition of the ARNs [default: that of the first region that is read]
    #[arg(long, value_name = "PARTITION", value_parser = ["aws", "aws-cn", "aws-us-gov"])]
    pub partition: Option<String>,
    /// Print as json, or as a cloudformation template that makes the role with its trust policy; to standard output or
    /// to a file
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "json")]
    pub formats: Vec<String>,
}

/// Whose policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PolicyOf {
    /// What the role in each account is allowed
    Member,
    /// Who may assume that role
    Trust,
    /// What the credentials that slmon starts with are allowed
    Hub,
    /// What they are allowed as well where [[notify]] names an event bus: the one call that writes
    Events,
}
