//! The arguments of `slmon checks`.

use clap::Args;

use super::Listing;

/// `slmon checks`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  slmon checks                                what is on, and what would cost how much
  slmon checks --check burn,silent            as it were with these
  slmon checks --format json | jq -r '.checks[] | select(.on) | .name'")]
pub struct Checks {
    /// As if this check were on, too: burn, near-timeout, iterator-age, dead-letter, silent, concurrency or capacity; may be given several times
    #[arg(long = "check", value_name = "NAME")]
    pub checks: Vec<String>,
    /// How to print.
    #[command(flatten)]
    pub listing: Listing,
}
