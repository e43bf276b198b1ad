//! The dashboard: a model, messages that change it, and a screen drawn from it. It reads the same fleet and the same
//! findings as every other front and knows none of them; the time, the colours and what answers are arguments.

pub mod alive;
pub mod board;
pub mod commands;
pub mod console;
pub mod filter;
mod input;
pub mod lines;
pub mod list;
pub mod model;
pub mod overlay;
pub mod places;
pub mod plain;
pub mod still;
mod terminal;
pub mod theme;
pub mod view;

#[cfg(test)]
mod tests;

use std::{io, sync::Arc, time::Duration};

use crossterm::event::{Event, KeyEventKind, MouseButton, MouseEventKind};
use jiff::Timestamp;
use ratatui::layout::Rect;
use tokio::{
    sync::{mpsc::UnboundedSender, watch, watch::Receiver},
    task::spawn_blocking,
    time::{Instant, sleep_until, timeout},
};

use self::{
    alive::Alive,
    board::Board,
    commands::Chord,
    input::Input,
    model::{Asks, Effect, Kept, LogAsks, Model, Msg},
    terminal::Screen,
};
use crate::{
    domain::life::Hush,
    engine::{
        inquiry::{Asked, Told},
        logbook::{LogAsked, ToldLogs},
        watch::{Control, Focus, Snapshot},
    },
};

/// How whoever looks elsewhere is told of new alerts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notify {
    /// Not at all.
    #[default]
    Off,
    /// By the terminal's bell.
    Bell,
    /// By OSC 9, which `iTerm2`, `WezTerm`, Windows Terminal and others show.
    Osc9,
    /// By OSC 777, which urxvt, foot, Ghostty and others show.
    Osc777,
}

/// What the dashboard can do outside of its terminal.
pub trait Outside {
    /// Puts a text on the clipboard of this machine; false where there is none, or the screen is on another machine.
    fn copy(&self, text: &str) -> bool;
    /// Opens an address in a browser, or says why it can't.
    fn open(&self, address: &str) -> Result<(), String>;
    /// Keeps how lists stand for the next time.
    fn keep(&self, kept: &Kept);
}

/// What the dashboard is given.
pub struct Stage {
    /// The fleet as it changes; none before the first answer.
    pub snapshots: Receiver<Option<Arc<Snapshot>>>,
    /// Asks the engine to read again, or to stop.
    pub control: UnboundedSender<Control>,
    /// Asks X-Ray for what a screen shows.
    pub questions: UnboundedSender<Asked>,
    /// What was answered.
    pub told: Receiver<Told>,
    /// What is known of the lives of alerts.
    pub alive: Receiver<Arc<Alive>>,
    /// Asks to be silent about alerts, or no longer.
    pub asks: std::sync::mpsc::Sender<Hush>,
    /// Asks for lines of logs that a screen shows.
    pub log_questions: UnboundedSender<LogAsked>,
    /// What was answered.
    pub told_logs: Receiver<ToldLogs>,
    /// The exit code, as soon as the program is asked to end from outside.
    pub ends: Receiver<Option<u8>>,
    /// What it can do outside of its terminal.
    pub outside: Box<dyn Outside>,
    /// How whoever looks elsewhere is told of new alerts.
    pub notify: Notify,
    /// Whether the mouse is the dashboard's.
    pub mouse: bool,
    /// Whether a multiplexer keeps escape sequences that are meant for the terminal.
    pub wraps: bool,
}

/// Between two frames while nobody looks.
const UNSEEN: Duration = Duration::from_secs(5);

/// How long a signal may take to come after the terminal that it tells of is gone.
const HANG_UP: Duration = Duration::from_secs(1);

/// Shows the dashboard until somebody ends it, and gives the exit code. The terminal is as before when this returns,
/// whatever happens.
pub async fn run(model: Model, mut stage: Stage, now: impl Fn() -> Timestamp) -> io::Result<u8> {
    let shown = show(model, &mut stage, now).await;
    if shown.is_err() && timeout(HANG_UP, stage.ends.wait_for(Option::is_some)).await.is_ok() {
        let code = *stage.ends.borrow();
        return Ok(code.unwrap_or(0));
    }
    shown
}

async fn show(mut model: Model, stage: &mut Stage, now: impl Fn() -> Timestamp) -> io::Result<u8> {
    let mut screen = Screen::enter(stage.mouse)?;
    let mut input = Input::start();
    let mut boards = boards(stage.snapshots.clone(), stage.alive.clone());
    let mut dirty = true;
    // When what has come while nobody looks is drawn.
    let mut later: Option<Instant> = None;
    let mut focus = Focus::default();
    let mut asks = Asks::default();
    let mut log_asks = LogAsks::default();
    let mut title = String::new();
    let mut area = Rect::default();
    loop {
        if dirty {
            screen.draw(|buf| {
                area = buf.area;
                fit(&mut model, area);
                view::draw(&model, buf, now());
            })?;
            (dirty, later) = (false, None);
            let seen = model.focus();
            if seen != focus {
                focus = seen;
                let _ = stage.control.send(Control::Focus(focus.clone()));
            }
            let wanted = model.asks();
            if wanted != asks {
                asks = wanted;
                ask(&model, &stage.questions, false);
            }
            let wanted = model.log_asks();
            if wanted != log_asks {
                log_asks = wanted;
                ask_logs(&model, &stage.log_questions, false);
            }
            let said = model.title();
            if said != title {
                terminal::title(&said)?;
                title = said;
            }
        }
        let minute = Instant::now() + to_next_minute(now());
        let wake = later.map_or(minute, |later| later.min(minute));
        let mut effects: Vec<Effect> = Vec::new();
        let mut more = false;
        tokio::select! {
            biased;
            events = input.events.recv() => {
                for event in events.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))? {
                    let msg = message(&event, &model, area);
                    // What means nothing draws nothing.
                    dirty |= msg.is_some() || matches!(event, Event::Resize(..));
                    effects.extend(msg.and_then(|msg| model.update(msg)));
                }
                more = true;
            }
            _ = stage.ends.changed() => {
                let code = *stage.ends.borrow();
                return Ok(code.unwrap_or(0));
            }
            changed = boards.changed() => {
                if changed.is_err() {
                    return Err(io::Error::other("reading ended by a mistake in slmon itself: start it again"));
                }
                let board = boards.borrow_and_update().clone();
                if let Some(board) = board {
                    // Where nobody looks there is no hurry, but for what the first glance is to find.
                    let at_once = model.focused || !model.board.as_ref().is_some_and(|board| board.snapshot.is_whole());
                    effects.extend(model.update(Msg::Board(board)));
                    if at_once {
                        dirty = true;
                    } else {
                        later.get_or_insert(Instant::now() + UNSEEN);
                    }
                }
            }
            Ok(()) = stage.told.changed() => {
                let told = stage.told.borrow_and_update().clone();
                model.update(Msg::Told(told));
                dirty = true;
            }
            Ok(()) = stage.told_logs.changed() => {
                let told = stage.told_logs.borrow_and_update().clone();
                model.update(Msg::Logs(told));
                dirty = true;
            }
            // Ages are shown in whole minutes.
            () = sleep_until(wake) => {
                if Instant::now() >= minute {
                    model.update(Msg::Tick);
                }
                dirty = true;
            }
        }
        for effect in effects {
            match effect {
                Effect::Quit => return Ok(0),
                Effect::Suspend => {
                    screen.suspend().await?;
                    title.clear();
                    dirty = true;
                }
                Effect::Refresh => {
                    let _ = stage.control.send(Control::Refresh);
                    ask(&model, &stage.questions, true);
                    ask_logs(&model, &stage.log_questions, true);
                }
                Effect::Hush(hush) => {
                    if stage.asks.send(hush).is_err() {
                        model.update(Msg::Said("alerts are not kept here, so nothing was done".into()));
                    }
                }
                Effect::Pause(paused) => {
                    let _ = stage.control.send(Control::Pause(paused));
                }
                effect => {
                    let said = outside(stage, effect)?;
                    if let Some(said) = said {
                        model.update(Msg::Said(said));
                    }
                }
            }
        }
        if more {
            input.more();
        }
    }
}

/// Asks what the screen shows; again, where what was answered before is not enough.
fn ask(model: &Model, questions: &UnboundedSender<Asked>, again: bool) {
    let question = model.question();
    let patience = question.as_ref().map(|(_, patience)| *patience).unwrap_or_default();
    let _ = questions.send(Asked { question: question.map(|(question, _)| question), patience, again });
}

/// Asks for the lines that the screen shows; again, where those that were read before are not enough.
fn ask_logs(model: &Model, questions: &UnboundedSender<LogAsked>, again: bool) {
    let _ = questions.send(LogAsked { question: model.log_question(), patience: model.log_patience(), again });
}

/// Does what is outside of the screen, and says what was done.
fn outside(stage: &Stage, effect: Effect) -> io::Result<Option<String>> {
    Ok(match effect {
        Effect::Copy(text, what) => Some(copy(stage, &text, what)?),
        Effect::OpenUrl(address) => match stage.outside.open(&address) {
            Ok(()) => Some(format!("opened in the browser: {address}")),
            // An address that can't be opened here is still good for somewhere else.
            Err(why) => Some(format!("{why}: {}", copy(stage, &address, "address")?)),
        },
        Effect::Keep(kept) => {
            stage.outside.keep(&kept);
            None
        }
        Effect::Notify(text) => {
            terminal::notify(stage.notify, &text, stage.wraps)?;
            None
        }
        Effect::Quit | Effect::Suspend | Effect::Refresh | Effect::Pause(_) | Effect::Hush(_) => None,
    })
}

fn copy(stage: &Stage, text: &str, what: &str) -> io::Result<String> {
    if stage.outside.copy(text) {
        return Ok(format!("{what} copied: {}", first_line(text)));
    }
    terminal::copy(text, stage.wraps)?;
    Ok(format!("{what} sent to the terminal's clipboard (OSC 52): {}", first_line(text)))
}

/// As much of a text as there is room for where it is said.
fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Boards are made of snapshots and lives beside the task that reads keys.
fn boards(
    mut snapshots: Receiver<Option<Arc<Snapshot>>>,
    mut alive: Receiver<Arc<Alive>>,
) -> Receiver<Option<Arc<Board>>> {
    let (sender, boards) = watch::channel(None);
    tokio::spawn(async move {
        let mut kept = true;
        loop {
            tokio::select! {
                changed = snapshots.changed() => if changed.is_err() { return },
                // Without anybody who keeps lives, snapshots are shown all the same.
                changed = alive.changed(), if kept => kept = changed.is_ok(),
            }
            let snapshot = snapshots.borrow_and_update().clone();
            let lives = alive.borrow_and_update().clone();
            let Some(snapshot) = snapshot else { continue };
            let Ok(board) = spawn_blocking(move || Board::with(snapshot, lives)).await else { return };
            if sender.send(Some(Arc::new(board))).is_err() {
                return;
            }
        }
    });
    boards
}

fn to_next_minute(now: Timestamp) -> Duration {
    let past = now.as_second().rem_euclid(60);
    Duration::from_secs(u64::try_from(60 - past).unwrap_or(60))
}

/// What an event of the terminal means; nothing for those that only ask for a new drawing.
fn message(event: &Event, model: &Model, area: Rect) -> Option<Msg> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => Chord::of(*key).map(Msg::Key),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::ScrollUp => Some(Msg::Wheel(-3)),
            MouseEventKind::ScrollDown => Some(Msg::Wheel(3)),
            MouseEventKind::Down(MouseButton::Left) => {
                let head = view::column_at(model, area, (mouse.column, mouse.row));
                let row = || view::row_at(model, area, (mouse.column, mouse.row)).map(Msg::Click);
                head.map(Msg::SortBy).or_else(row)
            }
            _ => None,
        },
        Event::FocusGained => Some(Msg::Focused(true)),
        Event::FocusLost => Some(Msg::Focused(false)),
        Event::Paste(text) => Some(Msg::Paste(text.clone())),
        Event::Key(_) | Event::Resize(..) => None,
    }
}

/// Tells a model how much of it is in sight.
fn fit(model: &mut Model, area: Rect) {
    model.fit_page(view::page(model, area));
    model.sheet = view::sheet(model, area);
    model.log.room = view::room(model, area);
    model.scroll = model.scroll.min(model.sheet.1);
    model.settle();
}

/// One frame of a model as cells, as for pictures and tests.
pub fn frame(model: &mut Model, width: u16, height: u16, now: Timestamp) -> ratatui::buffer::Buffer {
    let area = Rect { x: 0, y: 0, width, height };
    let mut buf = ratatui::buffer::Buffer::empty(area);
    fit(model, area);
    view::draw(model, &mut buf, now);
    buf
}

/// What a theme looks like: each role by its word, and each state as rows have it.
pub fn sample(model: &Model, width: u16) -> ratatui::buffer::Buffer {
    view::sample(model, width)
}
