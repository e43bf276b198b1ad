//! The composition root: arguments and one file a command. Only here is decided which source answers, what the time
//! is, and what goes to the terminal.

mod accounts;
mod alert;
pub mod args;
pub mod checks;
mod clock;
mod completions;
mod cost;
mod dashboard;
mod desktop;
mod doctor;
mod environment;
mod exit_style;
pub mod explain;
mod functions;
mod grep;
mod hush;
mod keeper;
mod listing;
mod logs;
mod man;
pub mod map;
mod notify;
#[cfg(feature = "s3")]
mod objects;
mod output;
mod pattern;
mod plain;
mod policy;
mod progress;
mod remember;
mod scope;
mod show_config;
mod signer;
mod state;
mod still;
mod sweep;
mod themes;
pub mod traces;
mod wait;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, error::ErrorKind};

use self::args::{Cli, Command};

/// A mistake in usage or configuration, or an output that can't be written: what an edit mends.
pub const USAGE: u8 = 2;

/// Why a command did not run to its end, in words for people.
#[derive(Debug)]
pub(crate) struct Refusal(String);

impl Refusal {
    pub(crate) fn usage(text: impl std::fmt::Display) -> Self {
        Self(format!("slmon: {text}"))
    }

    /// What says by itself that it is an error, and where.
    pub(crate) fn rendered(text: String) -> Self {
        Self(text)
    }

    /// The reason alone.
    fn why(&self) -> &str {
        self.0.strip_prefix("slmon: ").unwrap_or(&self.0)
    }
}

/// Runs the program with the process's arguments.
pub fn run() -> ExitCode {
    if completions::answer() {
        return ExitCode::SUCCESS;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            let shown = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return if shown { ExitCode::SUCCESS } else { exit_style::refused(&error.to_string()) };
        }
    };
    environment::settle_colors(cli.scope.color);
    let is_alone = cli.dashboard.plain || cli.dashboard.snapshot.is_some();
    if cli.command.is_some() && (is_alone || cli.dashboard.theme.is_some()) {
        let why = "--plain, --snapshot and --theme are for the dashboard, which is slmon without a command";
        output::say(&format!("slmon: {why}"));
        return exit_style::refused(why);
    }
    if cli.command.is_none() && !is_alone && !environment::has_screen() {
        output::say(&Cli::command().render_help().ansi().to_string());
        output::say(
            "slmon: the dashboard needs a terminal; without one, give a command, such as `slmon alert`, or --plain, or --snapshot alerts",
        );
        return ExitCode::from(USAGE);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::say(&format!("slmon: no threads can be started: {error}"));
            return exit_style::refused(&format!("no threads can be started: {error}"));
        }
    };
    let result = runtime.block_on(async {
        match &cli.command {
            None if cli.dashboard.plain || environment::is_dumb() && cli.dashboard.snapshot.is_none() => {
                plain::run(&cli.scope).await
            }
            None => dashboard::run(&cli.scope, &cli.dashboard).await,
            Some(Command::Alert(args)) => alert::run(&cli.scope, args).await,
            Some(Command::Explain(args)) => explain::run(&cli.scope, args).await,
            Some(Command::Traces(args)) => traces::list(&cli.scope, args).await,
            Some(Command::Trace(args)) => traces::one(&cli.scope, args).await,
            Some(Command::Map(args)) => map::run(&cli.scope, args).await,
            Some(Command::Logs(args)) => logs::run(&cli.scope, args).await,
            Some(Command::Cost(args)) => cost::run(&cli.scope, args).await,
            Some(Command::Grep(args)) => grep::run(&cli.scope, args).await,
            Some(Command::Functions(args)) => functions::run(&cli.scope, args).await,
            Some(Command::Accounts(args)) => accounts::run(&cli.scope, args).await,
            Some(Command::Checks(args)) => checks::run(&cli.scope, args),
            Some(Command::Config) => show_config::run(&cli.scope),
            Some(Command::Policy(args)) => policy::run(&cli.scope, args),
            Some(Command::Watch(args)) => watch::run(&cli.scope, args).await,
            Some(Command::Notify(args)) => notify::run(&cli.scope, args).await,
            Some(Command::Ack(args)) => hush::acknowledge(&cli.scope, args),
            Some(Command::Mute(args)) => hush::mute(&cli.scope, args),
            Some(Command::Mutes(args)) => hush::list(&cli.scope, args),
            Some(Command::Themes(args)) => themes::run(&cli.scope, args),
            Some(Command::Completions { shell }) => completions::run(shell),
            Some(Command::Man { folder }) => man::run(folder.as_deref()),
        }
    });
    // A name that is still being resolved, or a request that hangs, must not keep the program from ending.
    runtime.shutdown_background();
    match result {
        Ok(code) => ExitCode::from(code),
        Err(Refusal(text)) => {
            output::say(&text);
            exit_style::refused(&text)
        }
    }
}
