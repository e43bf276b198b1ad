//! What the integration tests share: emulators of AWS, estates in them, the real binary, and a terminal around it.
//!
//! `mod support;` brings it into a test binary. A test makes or names an estate ([`estate`]), runs the binary against it
//! ([`slmon`]), and looks at what it said. Nothing is shared between tests but the servers: each test has accounts of
//! its own ([`random_account`]), so that all run in parallel.

#![allow(dead_code, unused_imports, reason = "each test binary uses a part of this")]
#![allow(unreachable_pub, reason = "a test binary exports nothing; `pub` says here what tests use")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "in a test, that is how one fails")]
#![allow(clippy::disallowed_methods, reason = "what starts programs has to see and clear the environment")]

pub mod binary;
pub mod emulator;
pub mod estate;
pub mod pty;
pub mod schema;
pub mod silent;

use std::{
    process::{self, Command},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

pub use binary::{Output, Running, Slmon, slmon};
pub use emulator::{Emulator, Kind, consume, microburst, ministack, ministack_auth, moto, seed};
pub use estate::{Credentials, Estate};
pub use pty::{Screen, Terminal, key};
pub use schema::assert_valid;
pub use silent::Silent;

/// How long a test waits for anything before it fails; far longer than anything should take.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// The id of an account that no other test uses: 12 digits, the first of which is no zero.
pub fn random_account() -> String {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    #[expect(clippy::disallowed_methods, reason = "what makes ids differ from one run to the next")]
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("the clock is past 1970");
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let seed = u64::from(now.subsec_nanos()) ^ now.as_secs().rotate_left(32) ^ u64::from(process::id()).rotate_left(16);
    // The run's part is mixed, the call's part is added after it: two calls of one run can't meet.
    let run = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 8;
    format!("{}", 100_000_000_000 + run.wrapping_add(call) % 900_000_000_000)
}

/// An instant so many minutes ago, on a full minute, in RFC 3339.
pub fn minutes_ago(minutes: i64) -> String {
    #[expect(clippy::disallowed_methods, reason = "data of the emulators and of the demo is of now")]
    let now = jiff::Timestamp::now();
    let minute = now.as_second().div_euclid(60) - minutes;
    jiff::Timestamp::from_second(minute * 60).expect("an instant of this century").to_string()
}

/// Sends a signal (`INT`, `TERM`, …) to a process that this test started.
pub fn signal(process: u32, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status().expect("kill runs");
    assert!(status.success(), "kill -{name} {process}: {status}");
}
