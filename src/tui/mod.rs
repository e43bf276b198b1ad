//! The dashboard: a model, messages that change it, and a screen drawn from it. It reads the same fleet and the same
//! findings as every other front and knows none of them; the time, the colours and what answers are arguments.

pub mod board;
pub mod commands;
pub mod console;
pub mod filter;
pub mod list;
pub mod model;
pub mod overlay;
mod terminal;
pub mod theme;
pub mod view;

#[cfg(test)]
mod tests;

use std::{io, sync::Arc, time::Duration};

use crossterm::event::{Event, EventStream, KeyEventKind, MouseButton, MouseEventKind};
use futures::StreamExt;
use jiff::Timestamp;
use ratatui::layout::Rect;
use tokio::sync::{mpsc::UnboundedSender, watch::Receiver};

use self::{
    commands::Chord,
    model::{Effect, Model, Msg},
    terminal::Screen,
};
use crate::engine::watch::{Control, Focus, Snapshot};

/// What the dashboard is given.
#[derive(Debug)]
pub struct Stage {
    /// The fleet as it changes; none before the first answer.
    pub snapshots: Receiver<Option<Arc<Snapshot>>>,
    /// Asks the engine to read again, or to stop.
    pub control: UnboundedSender<Control>,
    /// The exit code, as soon as the program is asked to end from outside.
    pub ends: Receiver<Option<u8>>,
}

/// Shows the dashboard until somebody ends it, and gives the exit code. The terminal is as before when this returns,
/// whatever happens.
pub async fn run(mut model: Model, mut stage: Stage, now: impl Fn() -> Timestamp) -> io::Result<u8> {
    let mut screen = Screen::enter()?;
    let mut events = EventStream::new();
    let mut dirty = true;
    let mut focus = Focus::default();
    loop {
        if dirty {
            screen.draw(|buf| {
                model.page = view::page(&model, buf.area);
                model.settle();
                view::draw(&model, buf, now());
            })?;
            dirty = false;
            let seen = model.focus();
            if seen != focus {
                focus = seen;
                let _ = stage.control.send(Control::Focus(focus.clone()));
            }
        }
        let effect = tokio::select! {
            biased;
            event = events.next() => match event {
                Some(Ok(event)) => {
                    dirty = true;
                    message(&event).and_then(|msg| model.update(msg))
                }
                // The terminal is gone.
                Some(Err(_)) | None => Some(Effect::Quit),
            },
            _ = stage.ends.changed() => {
                let code = *stage.ends.borrow();
                return Ok(code.unwrap_or(0));
            }
            changed = stage.snapshots.changed() => {
                let snapshot = stage.snapshots.borrow_and_update().clone();
                match (changed, snapshot) {
                    (Ok(()), Some(snapshot)) => {
                        dirty = true;
                        model.update(Msg::Snapshot(snapshot))
                    }
                    _ => None,
                }
            }
            // Ages are shown in whole minutes.
            () = tokio::time::sleep(to_next_minute(now())) => {
                dirty = true;
                None
            }
        };
        match effect {
            None => {}
            Some(Effect::Quit) => return Ok(0),
            Some(Effect::Suspend) => {
                drop(events);
                screen.suspend()?;
                events = EventStream::new();
                dirty = true;
            }
            Some(Effect::Copy(text, what)) => {
                terminal::copy(&text)?;
                model.update(Msg::Said(format!("{what} sent to the terminal's clipboard (OSC 52): {text}")));
            }
            Some(Effect::Refresh) => {
                let _ = stage.control.send(Control::Refresh);
                model.update(Msg::Said("reading again".into()));
            }
            Some(Effect::OpenUrl(url)) => {
                model.update(Msg::Said(url));
            }
            Some(Effect::Keep(_)) => {}
            Some(Effect::Pause(paused)) => {
                let _ = stage.control.send(Control::Pause(paused));
            }
        }
    }
}

fn to_next_minute(now: Timestamp) -> Duration {
    let past = now.as_second().rem_euclid(60);
    Duration::from_secs(u64::try_from(60 - past).unwrap_or(60))
}

/// What an event of the terminal means; nothing for those that only ask for a new drawing.
fn message(event: &Event) -> Option<Msg> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => Chord::of(*key).map(Msg::Key),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::ScrollUp => Some(Msg::Wheel(-3)),
            MouseEventKind::ScrollDown => Some(Msg::Wheel(3)),
            MouseEventKind::Down(MouseButton::Left) => {
                mouse.row.checked_sub(view::first_row()).map(|row| Msg::Click(usize::from(row)))
            }
            _ => None,
        },
        _ => None,
    }
}

/// One frame of a model as cells, as for pictures and tests.
pub fn frame(model: &mut Model, width: u16, height: u16, now: Timestamp) -> ratatui::buffer::Buffer {
    let area = Rect { x: 0, y: 0, width, height };
    let mut buf = ratatui::buffer::Buffer::empty(area);
    model.page = view::page(model, area);
    model.settle();
    view::draw(model, &mut buf, now);
    buf
}
