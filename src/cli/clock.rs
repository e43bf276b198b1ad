//! The only file that reads the clock.

use jiff::Timestamp;

/// The instant of the run.
#[expect(clippy::disallowed_methods, reason = "everybody else gets the time as an argument")]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}
