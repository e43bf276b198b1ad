//! A terminal around a program: what it draws becomes a screen of cells, what the test types goes to it.
//!
//! Nothing here sleeps: a wait ends when output or the program's end makes it true, or fails with the screen.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
    io::{Read, Write},
    num::NonZeroU16,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

use super::{PATIENCE, signal};

/// What keys send.
pub mod key {
    pub const BACKSPACE: &str = "\x7f";
    pub const DOWN: &str = "\x1b[B";
    pub const END: &str = "\x1b[F";
    pub const ENTER: &str = "\r";
    pub const ESCAPE: &str = "\x1b";
    pub const HOME: &str = "\x1b[H";
    pub const LEFT: &str = "\x1b[D";
    pub const PAGE_DOWN: &str = "\x1b[6~";
    pub const PAGE_UP: &str = "\x1b[5~";
    pub const RIGHT: &str = "\x1b[C";
    pub const TAB: &str = "\t";
    pub const UP: &str = "\x1b[A";

    /// A letter with Ctrl.
    pub fn ctrl(letter: char) -> String {
        let code = u8::try_from(letter.to_ascii_lowercase()).expect("an ASCII letter") & 0x1f;
        char::from(code).to_string()
    }
}

/// A program in a terminal; dropped, it is killed.
pub struct Terminal {
    shared: Arc<Shared>,
    master: Box<dyn MasterPty + Send>,
    process: u32,
    _home: TempDir,
}

/// What the threads that read and wait tell the test.
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    writer: Mutex<Box<dyn Write + Send>>,
}

struct State {
    parser: vt100::Parser<Questions>,
    /// The program's end, once it came.
    exit: Option<ExitStatus>,
    /// Whether all output has been read.
    closed: bool,
}

impl Terminal {
    /// Starts `program` in `home` with no environment but `env`.
    pub fn start(
        program: &OsStr,
        args: &[OsString],
        env: &BTreeMap<OsString, OsString>,
        home: TempDir,
        rows: u16,
        columns: u16,
    ) -> Self {
        let pair = native_pty_system().openpty(size(rows, columns)).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        for (name, value) in env {
            command.env(name, value);
        }
        command.cwd(home.path());
        let mut child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let reader = pair.master.try_clone_reader().expect("the terminal can be read");
        let writer = pair.master.take_writer().expect("the terminal can be written");
        let parser =
            vt100::Parser::new_with_callbacks(nonzero(rows), nonzero(columns), 0, Questions { answers: String::new() });
        let shared = Arc::new(Shared {
            state: Mutex::new(State { parser, exit: None, closed: false }),
            changed: Condvar::new(),
            writer: Mutex::new(writer),
        });
        let process = child.process_id().expect("it has an id");
        let reading = Arc::clone(&shared);
        thread::spawn(move || reading.read(reader));
        let waiting = Arc::clone(&shared);
        thread::spawn(move || {
            let exit = child.wait().expect("it ends");
            waiting.change(|state| state.exit = Some(exit));
        });
        Self { shared, master: pair.master, process, _home: home }
    }

    /// Types.
    pub fn send(&self, keys: &str) {
        self.shared.write(keys);
    }

    /// Makes the terminal larger or smaller.
    pub fn resize(&self, rows: u16, columns: u16) {
        self.shared.change(|state| state.parser.screen_mut().set_size(nonzero(rows), nonzero(columns)));
        self.master.resize(size(rows, columns)).expect("the terminal changes its size");
    }

    /// Sends the program a signal: `TERM`, `HUP`, …
    pub fn signal(&self, name: &str) {
        signal(self.process, name);
    }

    /// The screen as it is.
    pub fn screen(&self) -> Screen {
        Screen(self.shared.lock().parser.screen().clone())
    }

    /// Waits until `text` stands in one row of the screen.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> Screen {
        self.wait_until(&format!("{text:?} on the screen"), |screen| screen.find(text).is_some())
    }

    /// Waits until the screen is as it should be; `what` says how that is.
    #[track_caller]
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&Screen) -> bool) -> Screen {
        self.wait_within(PATIENCE, what, is_so)
    }

    /// Waits so long.
    #[track_caller]
    pub fn wait_within(&self, patience: Duration, what: &str, is_so: impl Fn(&Screen) -> bool) -> Screen {
        let seen = |state: &State| Screen(state.parser.screen().clone());
        let state = self.shared.wait(patience, |state| is_so(&seen(state)) || (state.closed && state.exit.is_some()));
        let screen = seen(&state);
        assert!(
            is_so(&screen),
            "{what}: not so {}; the screen is:\n{screen}",
            if state.exit.is_some() { "when the program ended".to_owned() } else { format!("within {patience:?}") }
        );
        screen
    }

    /// Waits for the program's end: its exit code (128 and more for a signal), and what it leaves on the screen.
    #[track_caller]
    pub fn finish(self) -> (i32, Screen) {
        let (code, screen, ()) = self.finish_and(|| ());
        (code, screen)
    }

    /// Waits for its end, and looks at what it left behind before its home goes.
    #[track_caller]
    pub fn finish_and<T>(self, look: impl FnOnce() -> T) -> (i32, Screen, T) {
        let state = self.shared.wait(PATIENCE, |state| state.exit.is_some() && state.closed);
        let screen = Screen(state.parser.screen().clone());
        let exit = state.exit.as_ref().unwrap_or_else(|| panic!("it did not end within {PATIENCE:?}:\n{screen}"));
        let code = match exit.signal() {
            Some("Interrupt") => 130,
            Some("Terminated") => 143,
            Some(_) => 128,
            None => i32::try_from(exit.exit_code()).expect("an exit code is small"),
        };
        drop(state);
        (code, screen, look())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.shared.lock().exit.is_none() {
            signal(self.process, "KILL");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn wait(&self, patience: Duration, is_so: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let waited = self.changed.wait_timeout_while(self.lock(), patience, |state| !is_so(state));
        waited.unwrap_or_else(std::sync::PoisonError::into_inner).0
    }

    fn write(&self, text: &str) {
        let mut writer = self.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        writer.write_all(text.as_bytes()).and_then(|()| writer.flush()).expect("the terminal takes keys");
    }

    /// Until the program's side of the terminal closes, which some systems report as an error.
    fn read(&self, mut reader: Box<dyn Read + Send>) {
        let mut buffer = [0; 8192];
        while let Ok(length @ 1..) = reader.read(&mut buffer) {
            let mut answers = String::new();
            self.change(|state| {
                state.parser.process(&buffer[..length]);
                answers = std::mem::take(&mut state.parser.callbacks_mut().answers);
            });
            if !answers.is_empty() {
                self.write(&answers);
            }
        }
        self.change(|state| state.closed = true);
    }
}

/// Answers what programs ask a terminal, as a plain xterm does: what it is, and where its cursor stands.
struct Questions {
    answers: String,
}

impl vt100::Callbacks for Questions {
    fn unhandled_csi(
        &mut self,
        screen: &mut vt100::Screen,
        first: Option<u8>,
        _: Option<u8>,
        params: &[&[u16]],
        end: char,
    ) {
        match (first, end, params) {
            (None, 'c', _) => self.answers.push_str("\x1b[?62;22c"),
            (None, 'n', [[6]]) => {
                let (row, column) = screen.cursor_position();
                let cursor = format!("\x1b[{};{}R", row + 1, column + 1);
                self.answers.push_str(&cursor);
            }
            _ => {}
        }
    }
}

/// What a terminal shows. As text it is its rows, without the blanks that end them.
#[derive(Clone)]
pub struct Screen(vt100::Screen);

impl Screen {
    /// The rows.
    pub fn rows(&self) -> Vec<String> {
        self.0.rows(0, self.0.size().1.get()).map(|row| row.trim_end().to_owned()).collect()
    }

    /// Whether `text` stands in one row.
    pub fn contains(&self, text: &str) -> bool {
        self.find(text).is_some()
    }

    /// The row and column, from 0, at which `text` first stands in one row.
    pub fn find(&self, text: &str) -> Option<(u16, u16)> {
        self.0.rows(0, self.0.size().1.get()).zip(0..).filter(|(row, _)| row.contains(text)).find_map(|(_, row)| {
            let columns = self.0.size().1.get();
            (0..columns).find(|column| self.text_from(row, *column).starts_with(text)).map(|column| (row, column))
        })
    }

    /// A row's text from a column on; a cell that was never written is a blank.
    fn text_from(&self, row: u16, column: u16) -> String {
        let cells = (column..self.0.size().1.get()).filter_map(|column| self.0.cell(row, column));
        let shown = cells.filter(|cell| !cell.is_wide_continuation());
        shown.map(|cell| if cell.has_contents() { cell.contents() } else { " " }).collect()
    }

    /// A cell: its text, and how it looks (`fgcolor`, `bgcolor`, `bold`, `dim`, `italic`, `underline`, `inverse`).
    #[track_caller]
    pub fn cell(&self, row: u16, column: u16) -> &vt100::Cell {
        self.0.cell(row, column).unwrap_or_else(|| panic!("no cell at row {row}, column {column}"))
    }

    /// The first cell of `text`.
    #[track_caller]
    pub fn cell_of(&self, text: &str) -> &vt100::Cell {
        let (row, column) = self.find(text).unwrap_or_else(|| panic!("no {text:?} on the screen:\n{self}"));
        self.cell(row, column)
    }

    /// The rest: the alternate screen, the cursor, mouse and paste modes.
    pub fn raw(&self) -> &vt100::Screen {
        &self.0
    }
}

impl fmt::Display for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rows().join("\n").trim_end())
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn size(rows: u16, columns: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn nonzero(length: u16) -> NonZeroU16 {
    NonZeroU16::new(length).expect("a terminal has rows and columns")
}
