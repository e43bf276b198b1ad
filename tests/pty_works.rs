//! The terminal of the tests shows what a program draws, types what a test types, and knows how the program ended.

#![allow(clippy::expect_used, reason = "in a test, that is how one fails")]

mod support;

use std::collections::BTreeMap;

use support::{Terminal, key};

/// A shell's script in a terminal of 6 rows and 40 columns.
fn shell(script: &str) -> Terminal {
    let args = ["-c".into(), script.into()];
    let env = BTreeMap::from([("PATH".into(), "/usr/bin:/bin".into()), ("TERM".into(), "xterm-256color".into())]);
    Terminal::start("sh".as_ref(), &args, &env, tempfile::tempdir().expect("a directory"), 6, 40)
}

#[test]
fn cells_have_text_and_style() {
    let (code, screen) = shell(r"printf 'plain \033[1;31mred\033[0m\r\n  日本 below'; exit 3").finish();
    assert_eq!((code, screen.to_string().as_str()), (3, "plain red\n  日本 below"));
    assert_eq!(screen.find("red"), Some((0, 6)));
    assert_eq!(screen.find("below"), Some((1, 7)), "columns, not letters");
    assert_eq!(screen.cell_of("red").fgcolor(), vt100::Color::Idx(1));
    assert!(screen.cell_of("red").bold() && !screen.cell_of("plain").bold());
    assert!(!screen.contains("nothing of this"));
}

#[test]
fn the_size_is_what_was_asked_and_changes() {
    let terminal =
        shell(r#"trap 'echo "now $(stty size)"; exit 0' WINCH; stty size; echo ready; while :; do read x; done"#);
    assert!(terminal.wait_for("ready").contains("6 40"));
    terminal.resize(10, 50);
    let (code, screen) = terminal.finish();
    assert!(screen.contains("now 10 50"), "{screen}");
    assert_eq!(code, 0);
}

#[test]
fn keys_arrive_and_ctrl_c_interrupts() {
    let terminal = shell(r#"read line; echo "got <$line>"; exec cat"#);
    terminal.send(&format!("some text{}", key::ENTER));
    terminal.wait_for("got <some text>");
    terminal.send(&key::ctrl('c'));
    assert_eq!(terminal.finish().0, 130);
}

#[test]
fn a_signal_ends_it() {
    let terminal = shell("echo ready; exec cat");
    terminal.wait_for("ready");
    terminal.signal("TERM");
    assert_eq!(terminal.finish().0, 143);
}

#[test]
fn questions_are_answered_as_a_terminal_does() {
    let terminal = shell(r"stty raw -echo; printf 'ab\033[6n'; dd bs=1 count=6 2>/dev/null | od -An -c; stty sane");
    let (_, screen) = terminal.finish();
    let shown: String = screen.to_string().split_whitespace().collect();
    assert!(shown.contains("033[1;3R"), "{screen}");
}

#[test]
#[should_panic(expected = "not so when the program ended; the screen is:\nbye")]
fn a_wait_for_what_never_comes_ends_with_the_program() {
    shell("echo bye").wait_for("hello");
}
