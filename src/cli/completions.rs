//! Completion in shells. The script that `slmon completions` prints asks slmon itself at each tab, so it knows the names
//! of clients, accounts and functions from the cache of the discovery. No network, ever, and no failure: what can't be
//! read completes to nothing.
//!
//! Shells ask with the variable [`VARIABLE`] and `--` as the first argument. Both are needed: a variable that is left
//! over somewhere must not turn `slmon alert` into something that ends with 0.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
};

use clap::{CommandFactory, builder::StyledStr};
use clap_complete::{
    CompleteEnv,
    engine::{ArgValueCompleter, CompletionCandidate},
    env::Shells,
};

use super::{Refusal, args::Cli, clock, environment, output, remember};
use crate::{
    cache::{Cache, CachedAccount, Estate},
    domain::account::Region,
};

const VARIABLE: &str = "_SLMON_COMPLETE";
const BINARY: &str = "slmon";

/// Values and what stands beside each.
type Values = BTreeMap<String, String>;

/// What a cache holds for a flag.
type Names = fn(&Estate) -> Values;

/// Which values a flag has, where the command has that flag.
const FLAGS: &[(&str, Names)] = &[
    ("client", clients),
    ("account", accounts),
    ("function", functions),
    ("region", regions),
    ("profile", |_| profiles()),
];

/// `slmon completions SHELL`.
pub(super) fn run(shell: &str) -> Result<u8, Refusal> {
    let shells = Shells::builtins();
    let Some(shell) = shells.completer(shell) else {
        return Err(Refusal::usage(format!("there are no completions for {shell:?}")));
    };
    let mut script = Vec::new();
    let written = shell.write_registration(VARIABLE, BINARY, BINARY, BINARY, &mut script);
    written.map_err(|error| Refusal::usage(format!("the script can't be made: {error}")))?;
    output::write(&String::from_utf8_lossy(&script), None)?;
    Ok(0)
}

/// Answers a shell, if it is one that asks.
pub(super) fn answer() -> bool {
    let args: Vec<OsString> = std::env::args_os().collect();
    let asked = args.get(1).is_some_and(|first| first == "--") && args.len() > 2;
    // A shell has no use for a message: what can't be completed is not.
    asked && CompleteEnv::with_factory(command).var(VARIABLE).try_complete(args, None).unwrap_or(true)
}

fn command() -> clap::Command {
    attach(Cli::command())
}

/// Gives each flag of the table its values.
fn attach(command: clap::Command) -> clap::Command {
    FLAGS.iter().fold(command, |command, (long, values)| {
        let id = command.get_arguments().find(|arg| arg.get_long() == Some(*long)).map(|arg| arg.get_id().clone());
        let Some(id) = id else { return command };
        let values = *values;
        let complete = move |typed: &OsStr| candidates(values(&known()), typed);
        command.mut_arg(id, |arg| arg.add(ArgValueCompleter::new(complete)))
    })
}

/// What the sweep before this has found.
fn known() -> Estate {
    let cache = remember::folder(&environment::variables()).and_then(|folder| Cache::newest(&folder));
    cache.and_then(|cache| cache.load(clock::now())).map(|cached| cached.estate).unwrap_or_default()
}

/// Those that begin with what is typed. A value that could steer a terminal, or end a word, is none.
fn candidates(values: Values, typed: &OsStr) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    let harmless = |text: &str| text.chars().all(|c| c.is_alphanumeric() || "-_.@/+ ".contains(c));
    let fits = values.into_iter().filter(|(value, _)| value.starts_with(&*typed) && harmless(value));
    fits.map(|(value, beside)| {
        let beside = harmless(&beside).then_some(beside).filter(|beside| !beside.is_empty());
        CompletionCandidate::new(value).help(beside.map(StyledStr::from))
    })
    .collect()
}

fn name(account: &CachedAccount) -> String {
    account.account.name.as_ref().map(|name| name.raw().to_owned()).unwrap_or_default()
}

fn clients(estate: &Estate) -> Values {
    estate
        .accounts
        .iter()
        .filter_map(|row| Some((row.account.client.as_ref()?.raw().to_owned(), String::new())))
        .collect()
}

/// Ids with their names, and names with their ids.
fn accounts(estate: &Estate) -> Values {
    let both = estate.accounts.iter().flat_map(|row| {
        let (id, name) = (row.account.id.to_string(), name(row));
        [(id.clone(), name.clone()), (name, id)]
    });
    both.filter(|(value, _)| !value.is_empty()).collect()
}

fn functions(estate: &Estate) -> Values {
    let targets = estate.accounts.iter().flat_map(|row| row.targets.iter().map(move |target| (row, target)));
    targets
        .flat_map(|(row, target)| {
            target.functions.iter().flatten().map(move |found| (found.name.raw().to_owned(), name(row)))
        })
        .collect()
}

/// Those that were read, and those that there are.
fn regions(estate: &Estate) -> Values {
    let read: BTreeSet<&str> =
        estate.accounts.iter().flat_map(|row| &row.targets).map(|target| target.region.as_str()).collect();
    let known = Region::all_known().chain(["all"]).map(|region| (region.to_owned(), String::new()));
    known.chain(read.into_iter().map(|region| (region.to_owned(), "in use".to_owned()))).collect()
}

/// The profiles that the AWS configuration files name.
fn profiles() -> Values {
    let variables = environment::variables();
    let home = |file: &str| Some(format!("{}/.aws/{file}", variables.get("HOME")?));
    let files = [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")];
    let paths = files.iter().filter_map(|(variable, file)| variables.get(*variable).cloned().or_else(|| home(file)));
    let texts = paths.filter_map(|path| environment::read_file(path.as_ref()).ok());
    texts
        .flat_map(|text| text.lines().filter_map(profile).collect::<Vec<_>>())
        .map(|name| (name, String::new()))
        .collect()
}

/// The profile that a line begins: `[profile shop]`, and `[shop]` in the file of credentials.
fn profile(line: &str) -> Option<String> {
    let name = line.trim().strip_prefix('[')?.split(']').next()?.trim();
    match name.split_once(char::is_whitespace) {
        Some(("profile", name)) => Some(name.trim().to_owned()),
        Some(_) => None,
        None => Some(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_read_from_both_kinds_of_files() {
        let read = |line: &str| profile(line);
        assert_eq!(read("[profile shop]"), Some("shop".into()));
        assert_eq!(read(" [default] # x"), Some("default".into()));
        assert_eq!(read("[sso-session corp]"), None);
        assert_eq!(read("region = x"), None);
    }

    #[test]
    fn what_could_steer_a_terminal_or_run_is_not_offered() {
        let values = ["api", "app", "b", "a\u{1b}[2J", "a$(reboot)", "a`x`", "a;b"];
        let values = values.map(|value| (value.to_owned(), String::new()));
        let offered = candidates(values.into(), OsStr::new("a"));
        let offered: Vec<_> = offered.iter().map(|candidate| candidate.get_value().to_string_lossy()).collect();
        assert_eq!(offered, ["api", "app"]);
    }
}
