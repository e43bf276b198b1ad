//! `slmon config`: the configuration in effect, and where each value comes from.

use super::{Refusal, args::Scope, output, sweep};
use crate::config::Flags;

pub(super) fn run(scope: &Scope) -> Result<u8, Refusal> {
    let start = sweep::start(scope, Flags::default())?;
    output::write(start.loaded.effective.as_toml(), None)?;
    Ok(0)
}
