//! Manual pages, made from what `--help` says: `slmon.1`, and one a command.

use std::{
    io,
    path::{Path, PathBuf},
};

use clap::CommandFactory;
use clap_mangen::Man;

use super::{Refusal, args::Cli, output};

/// What every page ends with, in roff.
const MORE: &str = "\
.SH FILES
.TP
$XDG_CONFIG_HOME/slmon/config.toml
The configuration; ~/.config/slmon/config.toml where the variable is not set.
.TP
$XDG_CACHE_HOME/slmon/
What the last sweep found, for completion in shells; ~/.cache/slmon/ where the variable is not set.
.SH ENVIRONMENT
.TP
SLMON_CONFIG
The configuration file.
.TP
SLMON_PROFILE, SLMON_ROLE, SLMON_EXTERNAL_ID, SLMON_ORGANIZATION, SLMON_WINDOW, ...
As the flags of these names, which beat them. `slmon config` prints what holds, and where it comes from.
.TP
AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, ...
As for every AWS tool.
.TP
NO_COLOR
No colours.
.TP
GITHUB_STEP_SUMMARY
An output that goes to this file is added to it.
";

/// `slmon man [DIR]`: all pages into a folder, or the first to standard output.
pub(super) fn run(folder: Option<&Path>) -> Result<u8, Refusal> {
    let pages = pages().map_err(|error| Refusal::usage(format!("the pages can't be made: {error}")))?;
    let Some(folder) = folder else {
        output::write(pages.first().map_or("", |(_, page)| page), None)?;
        return Ok(0);
    };
    std::fs::create_dir_all(folder)
        .map_err(|error| Refusal::usage(format!("{} can't be made: {error}", folder.display())))?;
    for (name, page) in pages {
        output::write(&page, Some(&folder.join(name)))?;
    }
    Ok(0)
}

/// Every page with its file's name, the one of slmon itself first.
fn pages() -> io::Result<Vec<(PathBuf, String)>> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let commands: Vec<clap::Command> = command.get_subcommands().filter(|sub| !sub.is_hide_set()).cloned().collect();
    std::iter::once(command).chain(commands).map(page).collect()
}

fn page(command: clap::Command) -> io::Result<(PathBuf, String)> {
    let man = Man::new(command).manual("slmon");
    let name = man.get_filename().into();
    let mut page = Vec::new();
    man.render(&mut page)?;
    page.extend(MORE.bytes());
    Ok((name, String::from_utf8_lossy(&page).into_owned()))
}
