//! The binary: the exit code of the library's `run`.

use std::process::ExitCode;

fn main() -> ExitCode {
    slmon::cli::run()
}
