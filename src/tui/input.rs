//! What the terminal says: keys, the mouse, pasted text, its size, its focus.

use std::{io, sync::mpsc, thread, time::Duration};

use crossterm::event::{self, Event};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The terminal's events, read by a thread of their own. It is not crossterm's stream: left and taken up again around a stop
/// by Ctrl-Z, that one hung now and then, and its poll never comes back from a terminal that is gone.
///
/// It reads only when asked for [`Input::more`]: what is typed while somebody else has the terminal is theirs.
pub(super) struct Input {
    /// What came at once; an error is the last.
    pub(super) events: UnboundedReceiver<io::Result<Vec<Event>>>,
    asks: mpsc::Sender<()>,
}

/// Events that are taken in at once, where they come faster than frames.
const AT_ONCE: usize = 64;

impl Input {
    /// Starts, and asks for the first events.
    pub(super) fn start() -> Self {
        let (sender, events) = unbounded_channel();
        let (asks, asked) = mpsc::channel();
        thread::spawn(move || read(&sender, &asked));
        let input = Self { events, asks };
        input.more();
        input
    }

    /// Asks for the next events, after those of before were received.
    pub(super) fn more(&self) {
        // Whoever reads has told already why it ended.
        let _ = self.asks.send(());
    }
}

fn read(sender: &UnboundedSender<io::Result<Vec<Event>>>, asked: &mpsc::Receiver<()>) {
    while asked.recv().is_ok() {
        let events = batch();
        let over = events.is_err();
        if sender.send(events).is_err() || over {
            return;
        }
    }
}

/// Waits for an event, and takes what has come with it.
fn batch() -> io::Result<Vec<Event>> {
    let mut events = vec![event::read()?];
    while events.len() < AT_ONCE && event::poll(Duration::ZERO)? {
        events.push(event::read()?);
    }
    Ok(events)
}
