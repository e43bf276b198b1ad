//! The dashboard in a terminal: what it draws, what keys do, and that the terminal is as before on every way out.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "in a test, that is how one fails")]

mod support;

use support::{Screen, Slmon, Terminal, key, slmon};

fn demo() -> Slmon {
    slmon().args(["--demo"])
}

/// The dashboard of the demo, with its first rows.
fn started() -> Terminal {
    let terminal = demo().terminal(40, 120);
    terminal.wait_for("14 of 16 targets seen");
    terminal
}

/// Nothing of the dashboard is left.
fn is_restored(screen: &Screen) {
    assert!(!screen.raw().alternate_screen(), "the screen of before is back:\n{screen}");
    assert!(!screen.raw().hide_cursor(), "the cursor is there again");
    assert_eq!(screen.raw().mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is the terminal's again");
}

#[test]
fn it_shows_what_fails_and_every_screen_is_a_key_away() {
    let terminal = started();
    let alerts = terminal.wait_for("not alerting");
    assert!(alerts.contains("critical") && alerts.raw().alternate_screen(), "{alerts}");
    terminal.send("2");
    terminal.wait_for("slmon › Functions");
    terminal.send("/state:ok");
    terminal.wait_for("/state:ok");
    terminal.send(key::ENTER);
    terminal.send(key::ENTER);
    terminal.wait_for("ARN");
    terminal.send(key::ESCAPE);
    terminal.wait_until("the functions again", |screen| !screen.contains("ARN"));
    terminal.send("4");
    terminal.wait_for("out of reach as a whole");
    terminal.send("5");
    terminal.wait_for("what to do");
    terminal.send("?");
    terminal.wait_for("Help");
    terminal.send(key::ESCAPE);
    terminal.wait_until("help is closed", |screen| !screen.contains("Help"));
    terminal.send("q");
    let (code, screen) = terminal.finish();
    assert_eq!(code, 0, "{screen}");
    is_restored(&screen);
}

#[test]
fn it_follows_the_size_of_the_terminal() {
    let terminal = started();
    terminal.resize(24, 80);
    terminal.wait_until("a footer in the last row", |screen| screen.rows()[23].contains("open"));
    terminal.resize(5, 30);
    terminal.wait_for("too small: 30×5");
    terminal.resize(30, 100);
    terminal.wait_until("a footer in the last row", |screen| screen.rows()[29].contains("open"));
    terminal.send(&key::ctrl('c'));
    let (code, screen) = terminal.finish();
    assert_eq!(code, 0, "{screen}");
    is_restored(&screen);
}

#[test]
fn a_signal_ends_it_and_the_terminal_is_as_before() {
    for (signal, code) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
        let terminal = started();
        terminal.signal(signal);
        let (ended, screen) = terminal.finish();
        assert_eq!(ended, code, "{signal}:\n{screen}");
        is_restored(&screen);
    }
}

#[test]
fn a_network_that_is_dead_shows_the_frame_at_once_and_then_what_is_wrong() {
    let run = slmon().env("AWS_ACCESS_KEY_ID", "AKIANOBODY").env("AWS_SECRET_ACCESS_KEY", "nothing");
    let run = run.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").region("eu-west-1").args(["--deadline", "1s"]);
    let terminal = run.terminal(24, 80);
    terminal.wait_for("Finding accounts");
    terminal.wait_for("sts:GetCallerIdentity");
    terminal.send("q");
    let (code, screen) = terminal.finish();
    assert_eq!(code, 0, "{screen}");
    is_restored(&screen);
}
