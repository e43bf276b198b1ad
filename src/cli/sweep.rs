//! A sweep as the commands start it: which source, with which bounds, and what ends it early.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Refusal, args::Scope, clock, environment, progress::Line, remember, scope};
use crate::{
    config::{self, Config, Flags, Inputs, Loaded},
    domain::{fleet::Fleet, usage::Usage, window::Minute},
    engine::{self, End, plan::Settings},
    report::Telling,
    source::{
        Source,
        aws::Aws,
        limit::Limited,
        sim::{Sim, World},
    },
};

/// What every command starts from.
pub(super) struct Start {
    pub(super) now: Timestamp,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) loaded: Loaded,
}

impl Start {
    pub(super) fn config(&self) -> &Config {
        &self.loaded.config
    }

    pub(super) fn minute(&self) -> Minute {
        Minute::floor(self.now)
    }
}

/// Reads the configuration.
pub(super) fn start(scope: &Scope, flags: Flags) -> Result<Start, Refusal> {
    let mut variables = environment::variables();
    if scope.demo.is_some() {
        only_demo(scope, &mut variables)?;
    }
    let flags = Flags {
        profile: scope.profile.clone(),
        role: scope.role.clone(),
        external_id: scope.external_id.clone(),
        organization: scope.organization,
        regions: scope.regions.clone(),
        deadline: scope.deadline.clone(),
        no_cache: scope.no_cache,
        ..flags
    };
    let inputs =
        Inputs { path: scope.config.as_deref(), env: &variables, flags: &flags, read_file: &environment::read_file };
    let mut loaded = config::load(&inputs).map_err(|errors| {
        let color = environment::stderr_is_terminal();
        Refusal::rendered(errors.render(color))
    })?;
    let now = clock::now();
    let config = &mut loaded.config;
    if let Some(seed) = scope.demo {
        config.roster = World::demo(seed, Minute::floor(now)).roster();
    }
    config.rules.scope = scope::read(scope, &config.rules.scope, &config.roster)?;
    Ok(Start { now, variables, loaded })
}

/// What the formats need to know beside what they tell.
pub(super) fn telling(start: &Start, scope: &Scope) -> Telling {
    Telling { now: clock::now(), width: environment::width(&start.variables), demo: scope.demo.is_some() }
}

/// The demo has accounts of its own, and looks the same to everybody: flags that name other accounts make no sense, and
/// a configuration counts only where it is named on the command line.
fn only_demo(scope: &Scope, variables: &mut BTreeMap<String, String>) -> Result<(), Refusal> {
    let given = [
        ("--profile", scope.profile.is_some()),
        ("--role", scope.role.is_some()),
        ("--external-id", scope.external_id.is_some()),
        ("--organization", scope.organization),
    ];
    if let Some((flag, _)) = given.iter().find(|(_, given)| *given) {
        return Err(Refusal::usage(format!("{flag} and --demo don't go together: the demo has accounts of its own")));
    }
    variables.retain(|name, _| !name.starts_with("SLMON_") && name != "XDG_CONFIG_HOME" && name != "HOME");
    Ok(())
}

/// A fleet after a sweep, and what it took.
pub(super) struct Swept {
    /// Who answered, with the accounts that it has entered.
    pub(super) source: Arc<dyn Source>,
    pub(super) fleet: Fleet,
    pub(super) end: End,
    pub(super) usage: Usage,
    /// What ends the program from here on.
    pub(super) ending: Ending,
}

/// The demo estate or AWS, bounded.
pub(super) fn source(start: &Start, scope: &Scope) -> Arc<dyn Source> {
    match scope.demo {
        Some(seed) => Arc::new(Limited::new(Sim::with_clock(World::demo(seed, start.minute()), clock::now))),
        None => Arc::new(Limited::new(Aws::new())),
    }
}

/// Sweeps once. Ctrl-C, and a request to terminate, end it at once; what was seen by then is kept.
pub(super) async fn sweep(start: &Start, scope: &Scope, settings: Settings, what: &str) -> Swept {
    let (source, roster) = (source(start, scope), Arc::new(start.config().roster.clone()));
    let ending = Ending::on_signals();
    let line = Line::new(what, environment::progress_columns(&start.variables));
    let rules = Arc::new(start.config().rules.clone());
    let limit = start.config().alert.deadline;
    let progress = |progress| line.show(what, progress);
    let (fleet, end) = engine::once(source.clone(), roster, rules, settings, limit, &ending.cancel, progress).await;
    drop(line);
    ending.swept();
    let swept = Swept { fleet, end, usage: source.usage(), source, ending };
    remember::keep(start, scope, &swept);
    swept
}

/// What ends a sweep early, and what is still to be ended after it.
pub(super) struct Ending {
    pub(super) cancel: CancellationToken,
    swept: Arc<AtomicBool>,
}

impl Ending {
    /// Catches signals from now on.
    pub(super) fn on_signals() -> Self {
        let ending = Self { cancel: CancellationToken::new(), swept: Arc::new(AtomicBool::new(false)) };
        end_on_signals(ending.cancel.clone(), ending.swept.clone());
        ending
    }

    /// Runs what follows the sweep until it ends, or a signal comes: whether it ended. After that a signal ends the program.
    pub(super) async fn unless(&self, follows: impl Future<Output = ()>) -> bool {
        self.swept.store(false, Ordering::Relaxed);
        let ended = tokio::select! {
            () = follows => true,
            () = self.cancel.cancelled() => false,
        };
        self.swept();
        ended
    }

    /// From here on a signal ends the program.
    pub(super) fn swept(&self) {
        self.swept.store(true, Ordering::Relaxed);
    }
}

/// Ends the sweep on Ctrl-C and on a request to terminate, both caught from the moment at which this returns. After the
/// sweep, and the second time, ends the program: a report that nobody reads must not keep it.
fn end_on_signals(cancel: CancellationToken, swept: Arc<AtomicBool>) {
    let mut signals = Signals::catch();
    tokio::spawn(async move {
        loop {
            signals.next().await;
            if swept.swap(true, Ordering::Relaxed) {
                std::process::exit(INTERRUPTED);
            }
            cancel.cancel();
        }
    });
}

/// Runs once when the program is asked to end, or loses its terminal, with the exit code for it.
pub(super) fn on_signal(run: impl FnOnce(u8) + Send + 'static) {
    let (mut signals, mut hangup) = (Signals::catch(), Hangup::catch());
    tokio::spawn(async move {
        tokio::select! {
            code = signals.next() => run(code),
            () = hangup.next() => run(HUNG_UP),
        }
    });
}

/// The exit code of a run that somebody interrupted.
const INTERRUPTED: i32 = 130;
/// The exit code of a program that lost its terminal: 128 and the signal's number.
const HUNG_UP: u8 = 129;

#[cfg(unix)]
struct Signals(Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>);

#[cfg(unix)]
impl Signals {
    fn catch() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self(signal(SignalKind::interrupt()).ok().zip(signal(SignalKind::terminate()).ok()))
    }

    /// The exit code for the signal that came.
    async fn next(&mut self) -> u8 {
        let Some((interrupt, terminate)) = &mut self.0 else { return std::future::pending().await };
        tokio::select! {
            _ = interrupt.recv() => 130,
            _ = terminate.recv() => 143,
        }
    }
}

#[cfg(unix)]
struct Hangup(Option<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Hangup {
    fn catch() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self(signal(SignalKind::hangup()).ok())
    }

    async fn next(&mut self) {
        match &mut self.0 {
            Some(hangup) => drop(hangup.recv().await),
            None => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn catch() -> Self {
        Self
    }

    async fn next(&mut self) -> u8 {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        130
    }
}

#[cfg(not(unix))]
struct Hangup;

#[cfg(not(unix))]
impl Hangup {
    fn catch() -> Self {
        Self
    }

    async fn next(&mut self) {
        std::future::pending().await
    }
}
