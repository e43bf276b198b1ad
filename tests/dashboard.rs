//! The dashboard in a terminal: what it draws, what keys do, and that the terminal is as before on every way out.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "in a test, that is how one fails")]

mod support;

use std::sync::mpsc;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use support::{PATIENCE, Screen, Slmon, Terminal, key, slmon};

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
    // Presses and the wheel, and no moves.
    assert_eq!(alerts.raw().mouse_protocol_mode(), vt100::MouseProtocolMode::PressRelease);
    assert_eq!(alerts.raw().mouse_protocol_encoding(), vt100::MouseProtocolEncoding::Sgr);
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
    terminal.wait_for("denied sts:AssumeRole");
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

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_back() {
    let line = format!("{} --demo", env!("CARGO_BIN_EXE_slmon"));
    let home = tempfile::tempdir().unwrap();
    let env = [("PS1", "ready> ".into()), ("TERM", "xterm-256color".into()), ("HOME", home.path().into())];
    let env = env.map(|(name, value): (&str, std::ffi::OsString)| (name.into(), value)).into_iter().collect();
    let terminal = Terminal::start("/bin/sh".as_ref(), &["-i".into()], &env, home, 40, 120);
    terminal.wait_for("ready>");
    terminal.send(&format!("{line}{}", key::ENTER));
    terminal.wait_for("14 of 16 targets seen");
    terminal.send(&key::ctrl('z'));
    let screen = terminal.wait_for("Stopped");
    is_restored(&screen);
    terminal.send(&format!("fg{}", key::ENTER));
    terminal.wait_until("the dashboard again", |screen| {
        screen.raw().alternate_screen() && screen.contains("14 of 16 targets seen")
    });
    terminal.send("q");
    terminal.wait_until("the shell again", |screen| !screen.raw().alternate_screen());
    terminal.send(&format!("exit{}", key::ENTER));
    let (_, screen) = terminal.finish();
    is_restored(&screen);
}

/// The ground of the first letter of the breadcrumb.
fn ground(run: Slmon) -> vt100::Color {
    let terminal = run.terminal(24, 100);
    let ground = terminal.wait_for("14 of 16 targets seen").cell_of("not alerting").bgcolor();
    terminal.send("q");
    assert_eq!(terminal.finish().0, 0);
    ground
}

#[test]
fn a_theme_is_shown_in_the_colours_that_the_terminal_knows() {
    let nord = |term: &str| demo().env("TERM", term).args(["--theme", "nord"]);
    assert_eq!(ground(nord("xterm").env("COLORTERM", "truecolor")), vt100::Color::Rgb(0x2e, 0x34, 0x40));
    assert!(matches!(ground(nord("xterm-256color")), vt100::Color::Idx(16..)));
    assert_eq!(ground(nord("xterm")), vt100::Color::Default);
    assert_eq!(ground(nord("xterm-256color").env("NO_COLOR", "1")), vt100::Color::Default);
}

#[test]
fn the_theme_follows_the_background_where_asked() {
    let auto = |colours: &str| {
        let run = demo().named_config("[dashboard]\ntheme = \"auto\"\ntheme_light = \"solarized-light\"\n");
        ground(run.env("TERM", "xterm").env("COLORTERM", "truecolor").env("COLORFGBG", colours))
    };
    assert_eq!(auto("0;15"), vt100::Color::Rgb(0xfd, 0xf6, 0xe3));
    assert_eq!(auto("15;0"), vt100::Color::Rgb(0x1e, 0x1e, 0x2e));
}

#[test]
fn it_ends_with_its_terminal() {
    let home = tempfile::tempdir().unwrap();
    let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 80, ..PtySize::default() }).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_slmon"));
    command.arg("--demo");
    command.env_clear();
    command.env("TERM", "xterm-256color");
    command.env("HOME", home.path());
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut drawn = Vec::new();
    let mut buffer = [0; 4096];
    while !drawn.windows(6).any(|bytes| bytes == b"Alerts") {
        let count = reader.read(&mut buffer).unwrap();
        assert_ne!(count, 0, "it ended before it drew anything");
        drawn.extend_from_slice(&buffer[..count]);
    }
    // The window is closed: nothing holds the terminal any more.
    drop(reader);
    drop(pair.master);
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || ended.send(child.wait().unwrap().exit_code()));
    assert_eq!(end.recv_timeout(PATIENCE), Ok(129), "SIGHUP, as a shell says it");
}

/// Fails where it is asked to keep something.
struct Falls;

impl slmon::tui::Outside for Falls {
    fn copy(&self, _: &str) -> bool {
        false
    }

    fn open(&self, _: &str) -> Result<(), String> {
        Ok(())
    }

    fn keep(&self, _: &slmon::tui::model::Kept) {
        panic!("fell over while it was shown");
    }
}

/// Not a test by itself: what the next one starts in a terminal.
#[test]
#[ignore = "it is started in a terminal by a_panic_gives_the_terminal_back"]
fn falls_over() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (_keep, snapshots) = tokio::sync::watch::channel(None);
        let (control, _asked) = tokio::sync::mpsc::unbounded_channel();
        let (questions, _unanswered) = tokio::sync::mpsc::unbounded_channel();
        let (_answers, told) = tokio::sync::watch::channel(slmon::engine::inquiry::Told::default());
        let (log_questions, _unread) = tokio::sync::mpsc::unbounded_channel();
        let (_lines, told_logs) = tokio::sync::watch::channel(slmon::engine::logbook::ToldLogs::default());
        let (_end, ends) = tokio::sync::watch::channel(None);
        let (_lives, alive) = tokio::sync::watch::channel(std::sync::Arc::default());
        let (asks, _unheard) = std::sync::mpsc::channel();
        let stage = slmon::tui::Stage {
            snapshots,
            control,
            questions,
            told,
            alive,
            asks,
            log_questions,
            told_logs,
            ends,
            outside: Box::new(Falls),
            notify: slmon::tui::Notify::Off,
            mouse: true,
            wraps: false,
        };
        let model = slmon::tui::model::Model::new("terminal", true, true);
        let shown = slmon::tui::run(model, stage, || "2026-11-23T14:05:20Z".parse().unwrap()).await;
        unreachable!("it fell: {shown:?}");
    });
}

#[test]
fn a_panic_gives_the_terminal_back() {
    let args = ["--ignored", "--exact", "falls_over", "--nocapture", "--test-threads=1"].map(Into::into);
    let env = std::collections::BTreeMap::from([("TERM".into(), "xterm-256color".into())]);
    let program = std::env::current_exe().unwrap();
    let terminal = Terminal::start(program.as_os_str(), &args, &env, tempfile::tempdir().unwrap(), 24, 80);
    terminal.wait_for("slmon › Alerts");
    terminal.send("s");
    terminal.wait_for("Sort");
    terminal.send(key::ENTER);
    let (code, screen) = terminal.finish();
    assert_eq!(code, 101, "{screen}");
    assert!(screen.contains("fell over while it was shown"), "what happened can be read:\n{screen}");
    is_restored(&screen);
}

#[test]
fn what_somebody_knows_and_what_is_muted_is_said_in_the_rows() {
    let terminal = demo().env("USER", "ann").terminal(30, 120);
    terminal.wait_for("limit 5 %");
    terminal.send("A");
    terminal.wait_for("until it is over");
    terminal.send(key::ENTER);
    terminal.wait_for("is acknowledged until");
    terminal.wait_for("✓ ack to");
    terminal.wait_for("by ann");
    terminal.send("M");
    terminal.wait_for("until the morning");
    terminal.send(key::ENTER);
    terminal.wait_for("is muted until");
    terminal.wait_for("◌ 2 muted");
    terminal.send("3");
    terminal.wait_for(" noticed");
    terminal.send("q");
    assert_eq!(terminal.finish().0, 0);
}

#[test]
fn the_mouse_is_left_to_the_terminal_where_asked() {
    let terminal = demo().named_config("[dashboard]\nmouse = false\n").terminal(24, 80);
    let screen = terminal.wait_for("not alerting");
    assert_eq!(screen.raw().mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    terminal.send("q");
    assert_eq!(terminal.finish().0, 0);
}

#[test]
fn one_frame_is_written_where_there_is_no_terminal() {
    let out = demo().args(["--snapshot", "alerts", "--size", "80x24"]).run().ended_with(0);
    let lines: Vec<&str> = out.stdout.lines().collect();
    assert_eq!(lines.len(), 24);
    assert!(lines[0].starts_with(" slmon › Alerts") && out.stdout.contains("not alerting"), "{}", out.stdout);
    assert!(!out.stdout.contains('\u{1b}'), "styles are for terminals");
    let coloured = demo().args(["--snapshot", "accounts", "--color", "always"]).run().ended_with(0);
    assert!(coloured.stdout.contains("\u{1b}[0;"), "{}", coloured.stdout);
    let picture = demo().args(["--snapshot", "alerts", "--snapshot-format", "svg"]).run().ended_with(0).stdout;
    let picture = roxmltree::Document::parse(&picture).expect("it is XML");
    assert!(picture.descendants().any(|node| node.text().is_some_and(|text| text.contains("not alerting"))));
    let function = demo().args(["--snapshot", "function:tax-rates-sync"]).run().ended_with(0);
    assert!(function.stdout.contains("the last 1 h") && function.stdout.contains("invocations"), "{}", function.stdout);
}

#[test]
fn what_can_not_be_shown_is_told_with_what_can() {
    let wrong = |args: &[&str]| demo().args(args).run().ended_with(2).stderr;
    assert!(wrong(&["--snapshot", "alert"]).contains("there is no screen `alert`; did you mean `alerts`?"));
    assert!(wrong(&["--snapshot", "alerts", "--size", "80"]).contains("`80` is no size"));
    assert!(wrong(&["--snapshot", "function:nobody"]).contains("no function `nobody` was found"));
    assert!(wrong(&["--snapshot", "alerts", "--theme", "nordd"]).contains("did you mean `nord`?"));
    let keys = demo().named_config("[keys]\nup = [\"x\"]\ndown = [\"x\"]\n").args(["--snapshot", "alerts"]);
    assert!(keys.run().ended_with(2).stderr.contains("`x` is bound to both"));
    let none = demo().run().ended_with(2).stderr;
    assert!(none.contains("--snapshot alerts"), "{none}");
}

#[test]
fn how_a_list_stands_is_kept_for_the_next_time_but_not_by_the_demo() {
    let run = demo();
    let state = run.home().join(".local/state");
    let terminal = run.terminal(40, 120);
    terminal.wait_for("14 of 16 targets seen");
    terminal.send("2sfunction");
    terminal.send(key::ENTER);
    terminal.wait_for("FUNCTION ↑");
    terminal.send("q");
    assert_eq!(terminal.finish().0, 0);
    assert!(!state.join("slmon/dashboard.json").exists());
}

#[test]
fn where_nothing_can_be_read_the_frame_says_so_and_it_ends_with_3() {
    let run = slmon().env("AWS_ACCESS_KEY_ID", "AKIANOBODY").env("AWS_SECRET_ACCESS_KEY", "nothing");
    let run = run.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").region("eu-west-1");
    let output = run.args(["--deadline", "30s", "--snapshot", "error-log"]).run().ended_with(3);
    assert!(output.stdout.contains("sts:GetCallerIdentity"), "{}", output.stdout);
}

#[test]
fn in_words_it_ends_with_whoever_reads_it() {
    let output = demo().args(["--plain"]).unheard().run().ended_with(0);
    assert_eq!(output.stderr, "");
    assert!(demo().args(["--plain", "alert"]).run().ended_with(2).stderr.contains("without a command"));
}

#[test]
fn in_words_a_dumb_terminal_gets_lines_and_a_signal_ends_them() {
    let terminal = demo().env("TERM", "dumb").terminal(40, 200);
    let screen = terminal.wait_for("larkspur-core: sts:AssumeRole denied");
    assert!(!screen.raw().alternate_screen());
    terminal.signal("TERM");
    assert_eq!(terminal.finish().0, 143);
}

#[test]
fn themes_are_listed_checked_and_taken_from_ones_own_folder() {
    let run = slmon();
    let folder = run.home().join(".config/slmon/themes");
    std::fs::create_dir_all(&folder).unwrap();
    let grey = (1..16).fold(String::new(), |lines, n| lines + &format!("base{n:02X}: \"303030\"\n"));
    let dim = format!("base00: \"101010\"\n{grey}");
    std::fs::write(folder.join("dim.yaml"), format!("name: Dim\n{dim}")).unwrap();
    std::fs::write(folder.join("broken.yaml"), "base00: x\n").unwrap();
    let home = run.home().to_owned();
    let with = |args: &[&str]| slmon().env("XDG_CONFIG_HOME", home.join(".config")).args(args);
    let list = with(&["themes"]).run().ended_with(0).stdout;
    assert!(list.contains("nord") && list.contains("dim ") && list.contains("can't be read: line 1"), "{list}");
    assert!(with(&["themes", "check", "dim"]).run().ended_with(1).stdout.contains("pushed until it can be read"));
    with(&["themes", "check", "high-contrast-dark"]).run().ended_with(0);
    assert!(with(&["themes", "check", "broken"]).run().ended_with(2).stderr.contains("line 1: base00 is `x`"));
    assert!(with(&["themes", "preview", "dim"]).run().ended_with(0).stdout.contains("critical"));
    with(&["--demo", "--theme", "dim", "--snapshot", "help"]).run().ended_with(0);
}
