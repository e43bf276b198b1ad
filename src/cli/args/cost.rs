//! Arguments of `slmon cost`.

use clap::Args;

use super::Listing;

/// `slmon cost`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    every target was counted
  2    a mistake in usage or configuration
  3    a target could not be read, so what it would cost is not known

Examples:
  slmon cost                                  before the first `slmon watch`
  slmon cost --client Acme --format json | jq '.noisy.usd'")]
pub struct Cost {
    /// How to print.
    #[command(flatten)]
    pub listing: Listing,
}
