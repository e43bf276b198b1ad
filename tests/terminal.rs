//! `slmon alert` at a terminal: colours, the progress line, widths, and Ctrl-C.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "in a test, that is how one fails")]

mod support;

use support::{Screen, Silent, Slmon, Terminal, key, slmon};

fn demo() -> Slmon {
    slmon().args(["--demo", "alert"])
}

#[test]
fn the_report_is_coloured_and_the_progress_line_comes_and_goes() {
    let terminal = demo().terminal(160, 120);
    // The demo has an account that is slow enough for the line to be seen.
    let progress = terminal.wait_for("alert: 8 accounts");
    assert!(progress.contains("read"), "{progress}");
    assert!(!progress.contains("FIRING"), "first the progress, then the report:\n{progress}");
    let (code, screen) = terminal.finish();
    assert_eq!(code, 1, "{screen}");
    assert_eq!(
        screen.find("✖ FIRING"),
        Some((0, 0)),
        "the line is gone, and the report stands in its place:\n{screen}"
    );
    assert!(!screen.contains("alert: 8 accounts"), "{screen}");
    let colours = ["✖ FIRING", "▲ warning", "? unseen"].map(|text| screen.cell_of(text).fgcolor());
    assert_eq!(colours, [1, 3, 5].map(vt100::Color::Idx), "red, yellow, magenta");
    assert!(!screen.raw().hide_cursor() && !screen.raw().alternate_screen());
}

#[test]
fn colours_can_be_switched_off() {
    for run in [demo().env("NO_COLOR", "1"), demo().args(["--color", "never"]), demo().env("TERM", "dumb")] {
        let (code, screen) = run.terminal(160, 120).finish();
        assert_eq!((code, screen.cell_of("✖ FIRING").fgcolor()), (1, vt100::Color::Default), "{screen}");
    }
}

/// The longest row.
fn longest(screen: &Screen) -> usize {
    screen.rows().iter().map(|row| row.chars().count()).max().unwrap_or(0)
}

#[test]
fn the_report_keeps_to_the_width_of_the_terminal() {
    // A screen that is wider than the terminal said to be would show what does not fit.
    for columns in [80, 120, 200] {
        let (_, screen) = demo().terminal(220, columns).finish();
        let rows = screen.rows();
        assert!(longest(&screen) <= usize::from(columns), "{screen}");
        let wrapped = (0..rows.len()).filter(|row| screen.raw().row_wrapped(u16::try_from(*row).unwrap()));
        let wrapped: Vec<_> = wrapped.map(|row| &rows[row]).collect();
        assert!(wrapped.is_empty(), "lines that the terminal had to break at {columns}: {wrapped:#?}");
    }
}

#[test]
fn the_smallest_terminal_is_no_reason_to_crash() {
    for command in
        [&["--demo", "alert"][..], &["--demo", "functions"], &["--demo", "accounts"], &["--help"], &["config"]]
    {
        let (code, screen) = slmon().args(command).terminal(5, 20).finish();
        assert!(code < 4, "{command:?} ended with {code}:\n{screen}");
        assert!(!screen.contains("panicked"), "{command:?}:\n{screen}");
        assert!(!screen.to_string().is_empty(), "{command:?} said nothing");
    }
}

/// `slmon alert` at an endpoint that never answers, when it hangs there.
fn hanging(silent: &Silent) -> Terminal {
    let run = slmon().env("AWS_ACCESS_KEY_ID", "AKIANOBODY").env("AWS_SECRET_ACCESS_KEY", "nothing");
    let run = run.env("AWS_ENDPOINT_URL", silent.url()).region("eu-west-1").args(["alert"]);
    run.terminal(24, 100)
}

#[test]
fn ctrl_c_ends_it_says_what_was_not_seen_and_leaves_a_sane_terminal() {
    let silent = Silent::start();
    let terminal = hanging(&silent);
    let _connection = silent.wait_for_somebody();
    terminal.wait_for("alert: finding accounts");
    terminal.send(&key::ctrl('c'));
    let (code, screen) = terminal.finish();
    assert_eq!(code, 130, "{screen}");
    assert!(!screen.contains("finding accounts"), "the progress line is gone:\n{screen}");
    assert!(screen.contains("? UNKNOWN") && screen.contains("sts:GetCallerIdentity · interrupted"), "{screen}");
    assert!(screen.contains("exit 130: interrupted"), "{screen}");
    assert!(!screen.raw().hide_cursor(), "the cursor is there again");
    assert_eq!(screen.raw().cursor_position().1, 0, "the shell's prompt begins on a line of its own");
}

#[test]
fn mistakes_are_coloured_for_people() {
    let (code, screen) = slmon().args(["alert"]).config("regoins = []\n").terminal(24, 100).finish();
    assert_eq!(code, 2, "{screen}");
    assert!(screen.contains("did you mean `regions`?") && screen.contains("^^^^^^^"), "{screen}");
    assert_ne!(screen.cell_of("error").fgcolor(), vt100::Color::Default, "{screen}");
}

#[test]
fn the_progress_line_goes_to_standard_error_alone() {
    // A pipe behind standard output, a terminal behind standard error.
    let run = demo();
    let out = run.home().join("out");
    let (status, screen, text) = run.shell("\"$0\" \"$@\" > out", 24, 100, || std::fs::read_to_string(out));
    assert_eq!(status, 1, "{screen}");
    let text = text.expect("the file was written");
    assert!(text.starts_with("✖ FIRING") && !text.contains('\x1b'), "{text}");
    assert_eq!(screen.to_string(), "", "nothing is left of the line");
}
