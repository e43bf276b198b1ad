//! `slmon --snapshot SCREEN`: one frame of the dashboard on standard output, as soon as all has been read once.

use std::{io::IsTerminal, sync::Arc, time::Duration};

use tokio::sync::watch::Receiver;

use super::{Refusal, args::FrameFormat, clock, dashboard::Engine, output};
use crate::{
    domain::text::{clean, nearest},
    engine::{
        inquiry::Asked,
        logbook::LogAsked,
        watch::{Control, Day, Snapshot},
    },
    tui::{
        self,
        alive::Alive,
        board::Board,
        commands::{self, Command},
        model::{Model, Msg},
        overlay::Act,
        still,
    },
};

/// Screens by the names of their commands.
const SCREENS: &[Command] = &[
    Command::Alerts,
    Command::Functions,
    Command::Recent,
    Command::Accounts,
    Command::Spots,
    Command::Traces,
    Command::Logs,
    Command::Errors,
    Command::Help,
];

/// What a frame shows.
enum Shows {
    /// A screen.
    Screen(Command),
    /// A function, by its name; then what a command makes of that.
    Function(String, Option<Command>),
}

/// Screens of one function, and the commands that lead there from its page.
const OF_FUNCTIONS: [(&str, Option<Command>); 5] = [
    ("function:", None),
    ("traces:", Some(Command::FunctionTraces)),
    ("trace:", Some(Command::Open)),
    ("map:", Some(Command::Map)),
    ("logs:", Some(Command::FunctionLogs)),
];

/// A frame that was asked for.
pub(super) struct Still {
    shows: Shows,
    size: (u16, u16),
    format: FrameFormat,
}

impl Still {
    /// Reads a screen and a size such as `120x40`.
    pub(super) fn parse(screen: &str, size: Option<&str>, format: FrameFormat) -> Result<Self, Refusal> {
        let of_function = OF_FUNCTIONS.iter().find_map(|(prefix, then)| Some((screen.strip_prefix(prefix)?, *then)));
        let shows = match of_function {
            Some((name, then)) => Shows::Function(name.to_owned(), then),
            None => Shows::Screen(named(screen)?),
        };
        let usual = || terminal_size::terminal_size().filter(|_| std::io::stdout().is_terminal());
        let size = match size {
            Some(text) => read_size(text)?,
            None => usual().map_or((120, 40), |(width, height)| (width.0, height.0)),
        };
        Ok(Self { shows, size, format })
    }

    /// Waits until all has been read once, at most for `limit`, and writes the frame.
    pub(super) async fn write(
        &self,
        mut model: Model,
        engine: &Engine,
        limit: Duration,
        alive: Arc<Alive>,
    ) -> Result<u8, Refusal> {
        let mut snapshots = engine.snapshots.clone();
        let until = tokio::time::Instant::now() + limit;
        let needs_day = matches!(self.shows, Shows::Screen(Command::Recent));
        let read = |snapshot: &Snapshot| snapshot.is_whole() && (!needs_day || has_day(snapshot));
        if let Some(snapshot) = wait(&mut snapshots, until, read).await {
            model.update(Msg::Board(Arc::new(Board::with(snapshot, alive.clone()))));
        }
        match &self.shows {
            Shows::Screen(command) => {
                model.update(Msg::Do(*command));
                if !matches!(command, Command::Help) {
                    self.answered(&mut model, engine, until).await;
                }
            }
            Shows::Function(name, then) => {
                let board = model.board.clone();
                let found = board.as_ref().and_then(|board| {
                    let of_it = |row: &&tui::board::Row| {
                        board.facts(row).is_some_and(|(_, function)| function.found.name.raw() == name)
                    };
                    board.key(board.rows.iter().find(of_it)?)
                });
                let Some(key) = found else {
                    let names = board.iter().flat_map(|board| {
                        board.rows.iter().filter_map(|row| board.facts(row)).map(|(_, it)| it.found.name.raw())
                    });
                    let near = nearest(name, names).map(|near| format!("; did you mean `{}`?", clean(near)));
                    let near = near.unwrap_or_default();
                    return Err(Refusal::usage(format!("no function `{}` was found{near}", clean(name))));
                };
                model.update(Msg::Choose(Act::Go(key)));
                let _ = engine.control.send(Control::Focus(model.focus()));
                let shown = wait(&mut snapshots, until, |snapshot| snapshot.chart.is_some()).await;
                if let Some(snapshot) = shown {
                    model.update(Msg::Board(Arc::new(Board::with(snapshot, alive.clone()))));
                }
                self.answered(&mut model, engine, until).await;
                if let Some(then) = then {
                    model.update(Msg::Do(*then));
                    self.answered(&mut model, engine, until).await;
                }
            }
        }
        let frame = tui::frame(&mut model, self.size.0, self.size.1, clock::now());
        let styled = model.colours && anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
        let text = match self.format {
            FrameFormat::Svg => still::svg(&frame, &format!("slmon: {}", model.screen().title())),
            FrameFormat::Ansi => still::ansi(&frame),
            FrameFormat::Text if styled => still::ansi(&frame),
            FrameFormat::Text => still::text(&frame),
        };
        output::write(&text, None)?;
        // Of nothing that could be read the frame says why.
        let is_blind = model.board.is_none_or(|board| board.counts.unseen > 0 && board.counts.seen == 0);
        Ok(if is_blind { 3 } else { 0 })
    }

    /// Asks what the screen asks, and waits for the answer.
    async fn answered(&self, model: &mut Model, engine: &Engine, until: tokio::time::Instant) {
        tui::frame(model, self.size.0, self.size.1, clock::now());
        // A picture is of what is there: nothing is followed for it.
        model.log.follow = false;
        Self::answered_log(model, engine, until).await;
        let Some((question, _)) = model.question() else { return };
        let about = question.about();
        let asked = Asked { question: Some(question), patience: Duration::ZERO, again: false };
        let mut told = engine.told.clone();
        if engine.questions.send(asked).is_ok() {
            let _ = tokio::time::timeout_at(until, told.wait_for(|told| told.knows(&about))).await;
        }
        let told = told.borrow().clone();
        model.update(Msg::Told(told));
        // What traces do not tell, the log may.
        Self::answered_log(model, engine, until).await;
    }

    async fn answered_log(model: &mut Model, engine: &Engine, until: tokio::time::Instant) {
        let Some(question) = model.log_question().filter(|question| !model.log.told.knows(question)) else { return };
        let mut told = engine.told_logs.clone();
        let asked = LogAsked { question: Some(question.clone()), patience: Duration::ZERO, again: false };
        if engine.log_questions.send(asked).is_ok() {
            let _ = tokio::time::timeout_at(until, told.wait_for(|told| told.knows(&question))).await;
        }
        let told = told.borrow().clone();
        model.update(Msg::Logs(told));
    }
}

/// The newest snapshot as soon as it is as it should be, or when the time is over.
async fn wait(
    snapshots: &mut Receiver<Option<Arc<Snapshot>>>,
    until: tokio::time::Instant,
    is_good: impl Fn(&Snapshot) -> bool,
) -> Option<Arc<Snapshot>> {
    let good = snapshots.wait_for(|snapshot| snapshot.as_ref().is_some_and(|snapshot| is_good(snapshot)));
    let _ = tokio::time::timeout_at(until, good).await;
    snapshots.borrow().clone()
}

fn has_day(snapshot: &Snapshot) -> bool {
    let readable = snapshot.pulses.values().filter(|pulse| pulse.read_at.is_some()).count();
    readable == 0 || matches!(snapshot.day, Day::Read { read, .. } if read >= readable)
}

fn named(screen: &str) -> Result<Command, Refusal> {
    let names = || SCREENS.iter().filter_map(|command| commands::entry(*command)).map(|entry| entry.name);
    let known = commands::ALL.iter().find(|entry| entry.name == screen && SCREENS.contains(&entry.command));
    known.map(|entry| entry.command).ok_or_else(|| {
        let near = nearest(screen, names()).map_or_else(|| ".".to_owned(), |near| format!("; did you mean `{near}`?"));
        let all = names().collect::<Vec<_>>().join(", ");
        Refusal::usage(format!(
            "there is no screen `{}`{near} There are: {all}, and function:NAME, traces:NAME, trace:NAME, map:NAME and logs:NAME",
            clean(screen)
        ))
    })
}

fn read_size(text: &str) -> Result<(u16, u16), Refusal> {
    let read = || {
        let (width, height) = text.split_once('x')?;
        let size: (u16, u16) = (width.parse().ok()?, height.parse().ok()?);
        (size.0 > 0 && size.1 > 0 && size.0 <= 1000 && size.1 <= 1000).then_some(size)
    };
    read()
        .ok_or_else(|| Refusal::usage(format!("`{}` is no size: write columns and lines, such as 120x40", clean(text))))
}
