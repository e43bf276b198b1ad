//! The command line of being silent: what is acknowledged, and what is muted.

use clap::Args;

use super::Listing;

/// What both have in common.
#[derive(Args, Debug)]
pub struct Silence {
    /// Which function: its name, its ARN, or account:region:name; with a check, or as a message has it, one alert
    #[arg(value_name = "FUNCTION|KEY")]
    pub what: String,
    /// For how long
    #[arg(long = "for", id = "duration", value_name = "TIME", conflicts_with = "undo")]
    pub duration: Option<String>,
    /// Why
    #[arg(long, value_name = "WORDS", conflicts_with = "undo")]
    pub reason: Option<String>,
    /// Take it back
    #[arg(long)]
    pub undo: bool,
    /// How to print.
    #[command(flatten)]
    pub listing: Listing,
}

/// `slmon ack`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    it is done
  1    there was nothing to do it to: no alert of it is open, or none was acknowledged
  2    usage, configuration, or a place that can't be read or written

Examples:
  slmon ack checkout-api                      until it is over
  slmon ack checkout-api --for 4h --reason 'the vendor is down'
  slmon ack 111122223333:eu-west-1:checkout-api:errors
                                              as the subject of a message has it
  slmon ack checkout-api --undo")]
pub struct Ack {
    /// Which check; else all that fire
    #[arg(long, value_name = "CHECK")]
    pub check: Option<String>,
    /// Until when [default: until it is over]: 2026-11-23T10:00:00Z or 2026-11-23
    #[arg(long, value_name = "INSTANT", conflicts_with_all = ["duration", "undo"])]
    pub until: Option<String>,
    /// What both have in common.
    #[command(flatten)]
    pub silence: Silence,
}

/// `slmon mute`.
#[derive(Args, Debug)]
#[command(after_help = "\
What is muted so is muted for the dashboard and `slmon watch` with the same configuration file, on this machine. `slmon alert` heeds
tags and the configuration alone: there it is [[mute]].

Exit codes:
  0    it is done
  1    there was nothing to undo
  2    usage, configuration, or a place that can't be read or written

Examples:
  slmon mute legacy-import --for 2d --reason 'replaced on Monday'
  slmon mute 111122223333:eu-west-1:legacy-import --until 2026-12-01 --check throttles
  slmon mute legacy-import --undo")]
pub struct Mute {
    /// Which check; else all
    #[arg(long, value_name = "CHECK")]
    pub check: Option<String>,
    /// Until when: 2026-11-23T10:00:00Z or 2026-11-23
    #[arg(long, value_name = "INSTANT", conflicts_with_all = ["duration", "undo"])]
    pub until: Option<String>,
    /// What both have in common.
    #[command(flatten)]
    pub silence: Silence,
}

/// `slmon mutes`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  slmon mutes                                 what is acknowledged and muted, until when, by whom and why
  slmon mutes --format json")]
pub struct Mutes {
    /// How to print.
    #[command(flatten)]
    pub listing: Listing,
}
