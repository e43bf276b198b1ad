//! What a run that was refused exits with. Nagios takes 2 for CRITICAL and reads standard output alone, so there a mistake
//! in usage is 3, UNKNOWN, with a status line, even where the arguments could not be understood.

use std::{
    ffi::{OsStr, OsString},
    process::ExitCode,
};

use super::{USAGE, output};
use crate::report::nagios;

const FLAG: &str = "--exit-style";
const NAGIOS: &str = "nagios";

/// The exit code of a run that was refused; its reason stands on standard error already.
pub(super) fn refused(why: &str) -> ExitCode {
    if !asks_for_nagios(std::env::args_os()) {
        return ExitCode::from(USAGE);
    }
    // Where standard output can't be written, the code still tells.
    let _ = output::write(&nagios::refused(why), None);
    ExitCode::from(nagios::UNKNOWN)
}

/// Whether the arguments, understood or not, ask for Nagios' exit codes.
fn asks_for_nagios(args: impl Iterator<Item = OsString>) -> bool {
    let mut args = args.take_while(|arg| arg != "--").peekable();
    while let Some(arg) = args.next() {
        let value = arg.to_str().and_then(|arg| arg.strip_prefix(FLAG));
        let asks = match value {
            Some("") => args.peek().is_some_and(|next| next.as_os_str() == OsStr::new(NAGIOS)),
            Some(value) => value.strip_prefix('=') == Some(NAGIOS),
            None => false,
        };
        if asks {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_is_seen_wherever_it_stands() {
        let asks = |line: &str| asks_for_nagios(line.split(' ').map(OsString::from));
        assert!(asks("slmon alert --exit-style nagios --no-such-flag"));
        assert!(asks("slmon alret --exit-style=nagios"));
        assert!(!asks("slmon alert --exit-style slmon --format nagios"));
        assert!(!asks("slmon alert --exit-style"));
        assert!(!asks("slmon alert -- --exit-style nagios"));
        assert!(!asks("slmon alert --exit-styles=nagios"));
    }
}
