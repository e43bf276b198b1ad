//! The terminal: taken over and given back, on every way out. Everything that is switched on here is switched off in
//! [`restore`], which may run twice.

use std::{
    io::{self, Stdout, Write, stdout},
    mem::ManuallyDrop,
    panic,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crossterm::{
    clipboard::CopyToClipboard,
    cursor,
    event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange},
    execute, queue,
    style::{Print, force_color_output},
    terminal::{
        BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
        SetTitle, disable_raw_mode, enable_raw_mode,
    },
};
use ratatui::{Terminal, backend::CrosstermBackend, buffer::Buffer};

use super::Notify;

/// The screen as long as it is ours.
pub(super) struct Screen {
    /// Never dropped: it would write once more, to a terminal that is given back or gone, and panic where it can't.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
    /// Whether the mouse is ours.
    mouse: bool,
}

impl Screen {
    /// Takes the terminal over.
    pub(super) fn enter(mouse: bool) -> io::Result<Self> {
        restore_on_panic();
        // crossterm would strip inversion and weight as well where NO_COLOR is set; themes see to it instead.
        force_color_output(true);
        take(mouse)?;
        match Terminal::new(CrosstermBackend::new(stdout())) {
            Ok(terminal) => Ok(Self { terminal: ManuallyDrop::new(terminal), mouse }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// Draws in one go.
    pub(super) fn draw(&mut self, render: impl FnOnce(&mut Buffer)) -> io::Result<()> {
        queue!(stdout(), BeginSynchronizedUpdate)?;
        let drawn = self.terminal.draw(|frame| render(frame.buffer_mut())).map(|_| ());
        execute!(stdout(), EndSynchronizedUpdate)?;
        drawn
    }

    /// Hands the terminal to the shell until the program is continued.
    pub(super) async fn suspend(&mut self) -> io::Result<()> {
        restore();
        stop().await;
        take(self.mouse)?;
        // What is on the screen is somebody else's: all of it is drawn anew. Asking the terminal where its cursor is, as
        // `Terminal::clear` does, would have to wait for an answer among the keys.
        execute!(stdout(), Clear(ClearType::All))?;
        self.terminal = ManuallyDrop::new(Terminal::new(CrosstermBackend::new(stdout()))?);
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Puts a text on the terminal's clipboard, which may be on another machine.
pub(super) fn copy(text: &str, wraps: bool) -> io::Result<()> {
    let mut bytes = Vec::new();
    queue!(bytes, CopyToClipboard::to_clipboard_from(text))?;
    send(&bytes, wraps)
}

/// Says something to whoever looks elsewhere.
pub(super) fn notify(how: Notify, text: &str, wraps: bool) -> io::Result<()> {
    match how {
        Notify::Off => Ok(()),
        Notify::Bell => send(b"\x07", false),
        Notify::Osc9 => send(format!("\x1b]9;{text}\x07").as_bytes(), wraps),
        Notify::Osc777 => send(format!("\x1b]777;notify;slmon;{}\x07", text.replace(';', ",")).as_bytes(), wraps),
    }
}

/// Sets the title of the terminal's window.
pub(super) fn title(text: &str) -> io::Result<()> {
    execute!(stdout(), SetTitle(text))
}

/// Writes an escape sequence; through tmux, which else keeps it, where `wraps`. Source: tmux(1), "allow-passthrough".
fn send(bytes: &[u8], wraps: bool) -> io::Result<()> {
    let mut out = stdout().lock();
    if wraps {
        out.write_all(b"\x1bPtmux;")?;
        for byte in bytes {
            if *byte == 0x1b {
                out.write_all(b"\x1b")?;
            }
            out.write_all(&[*byte])?;
        }
        out.write_all(b"\x1b\\")?;
    } else {
        out.write_all(bytes)?;
    }
    out.flush()
}

/// Keeps the title of the terminal's window, and gives it back. Source: xterm's control sequences, CSI 22 t and 23 t.
const TITLE: (&str, &str) = ("\x1b[22;0t", "\x1b[23;0t");

/// Asks for presses and the wheel of the mouse, and for their places as numbers; and gives them back. Not for moves, which
/// mean nothing here. Source: xterm's control sequences, "Mouse Tracking", modes 1000 and 1006.
#[cfg(unix)]
const MOUSE: (Print<&str>, Print<&str>) = (Print("\x1b[?1000h\x1b[?1006h"), Print("\x1b[?1006l\x1b[?1000l"));

/// A console that knows no such sequences is asked by calls.
#[cfg(not(unix))]
const MOUSE: (crossterm::event::EnableMouseCapture, crossterm::event::DisableMouseCapture) =
    (crossterm::event::EnableMouseCapture, crossterm::event::DisableMouseCapture);

fn take(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    let taken =
        execute!(stdout(), Print(TITLE.0), EnterAlternateScreen, EnableFocusChange, EnableBracketedPaste, cursor::Hide);
    let taken = if mouse { taken.and_then(|()| execute!(stdout(), MOUSE.0)) } else { taken };
    UP.store(true, Ordering::SeqCst);
    if taken.is_err() {
        restore();
    }
    taken
}

/// Gives the terminal back as it was. What can't be written any more has no terminal left to be given back.
fn restore() {
    // First: what is typed as soon as the screen is the shell's again has to be lines.
    let _ = disable_raw_mode();
    if UP.swap(false, Ordering::SeqCst) {
        let _ = execute!(
            stdout(),
            EndSynchronizedUpdate,
            DisableBracketedPaste,
            DisableFocusChange,
            MOUSE.1,
            LeaveAlternateScreen,
            Print(TITLE.1),
            cursor::Show
        );
    }
    let _ = stdout().flush();
}

/// Whether the terminal is ours now.
static UP: AtomicBool = AtomicBool::new(false);

/// A panic of whoever draws ends the program, so the terminal is given back first. One of a job is a failure like any
/// other, which the screen shows: nothing is written over it.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    let draws = thread::current().id();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread::current().id() == draws {
                restore();
            }
            if !UP.load(Ordering::SeqCst) {
                before(info);
            }
        }));
    });
}

/// How long a stop may take to come. A program whose shell knows no jobs is never stopped, and goes on after this.
#[cfg(unix)]
const STOP: Duration = Duration::from_millis(500);

/// Stops this process, and comes back when it is continued. The stop comes a little after it was asked for: nothing may be
/// done to the terminal until it is over, or the shell takes over what was done.
#[cfg(unix)]
async fn stop() {
    use rustix::process::{Signal, getpid, kill_process};
    use tokio::signal::unix::{SignalKind, signal};
    let continued = signal(SignalKind::from_raw(Signal::CONT.as_raw()));
    let _ = kill_process(getpid(), Signal::TSTP);
    if let Ok(mut continued) = continued {
        let _ = tokio::time::timeout(STOP, continued.recv()).await;
    }
}

#[cfg(not(unix))]
async fn stop() {}
