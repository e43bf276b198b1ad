//! What is written for people holds: commands run, options exist, configurations load, policies are those of the code,
//! links lead somewhere, and what can be made from the code is made from it.
//!
//! `SLMON_DOCS=write cargo test --test docs` writes the generated parts anew (tables, policies, the picture); without
//! it they are compared.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "in a test, that is how one fails")]

mod generated;
mod markdown;
mod picture;
mod screens;
mod shell;
#[path = "../support/mod.rs"]
mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use clap::{CommandFactory, Parser};
use markdown::Page;
use serde_json::Value;
use slmon::{
    cli::args::Cli,
    config::{self, Flags, Inputs},
};
use support::slmon;

/// Whether generated parts are to be written.
#[expect(clippy::disallowed_methods, reason = "a switch for whoever runs the test")]
fn writing() -> bool {
    std::env::var("SLMON_DOCS").is_ok_and(|value| value == "write")
}

const STALE: &str = "is not what the code says; write it anew: SLMON_DOCS=write cargo test --test docs";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages for users and contributors.
fn pages() -> Vec<Page> {
    let mut files = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    let docs = fs::read_dir(root().join("docs")).expect("docs").map(|entry| entry.expect("an entry").path());
    files.extend(docs.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    files.sort();
    assert!(files.len() > 5, "{files:?}");
    files.into_iter().map(Page::read).collect()
}

#[test]
fn generated_parts_are_current() {
    let mut known: BTreeMap<&str, String> = generated::parts();
    let all: BTreeSet<&str> = known.keys().copied().collect();
    let mut used = BTreeSet::new();
    for page in pages() {
        for part in page.parts() {
            let now =
                known.get_mut(part.name.as_str()).unwrap_or_else(|| panic!("{page}: nothing makes {}", part.name));
            used.insert(part.name.clone());
            if part.text.trim() != now.trim() {
                assert!(writing(), "{page}: {} {STALE}\n{now}", part.name);
                page.write_part(&part.name, now);
            }
        }
    }
    let unused: Vec<_> = all.into_iter().filter(|name| !used.contains(*name)).collect();
    assert!(unused.is_empty(), "made for no page: {unused:?}");
}

#[test]
fn the_picture_is_current() {
    let file = root().join("docs/report.svg");
    let now = picture::draw();
    if writing() {
        fs::write(&file, &now).expect("docs/report.svg can be written");
    }
    let before = fs::read_to_string(&file).unwrap_or_default();
    assert!(before == now, "docs/report.svg {STALE}");
}

#[test]
fn the_pictures_of_the_screens_are_current() {
    let page = fs::read_to_string(root().join("docs/screens.md")).unwrap_or_default();
    for (name, now) in screens::draw() {
        let file = root().join(&name);
        if writing() {
            fs::create_dir_all(file.parent().expect("a folder")).expect("docs/screens");
            fs::write(&file, &now).expect("the picture can be written");
        }
        let before = fs::read_to_string(&file).unwrap_or_default();
        assert!(before == now, "{name} {STALE}");
        assert!(page.contains(name.trim_start_matches("docs/")), "docs/screens.md does not show {name}");
    }
}

#[test]
fn the_test_command_of_the_readme_is_there() {
    use std::os::unix::fs::PermissionsExt;
    let readme = Page::read(root().join("README.md"));
    assert!(readme.blocks().any(|block| block.language == "sh" && block.text.trim() == "tests/run"));
    let run = fs::metadata(root().join("tests/run")).expect("tests/run");
    assert!(run.permissions().mode() & 0o111 != 0, "tests/run can't be run");
}

/// Every command of ours in a page's blocks of code.
fn commands(page: &Page) -> Vec<shell::Command> {
    let shells = page.blocks().filter(|block| matches!(block.language.as_str(), "sh" | "yaml"));
    shells.flat_map(|block| shell::commands(&block.text)).collect()
}

#[test]
fn what_needs_no_aws_runs_and_ends_as_it_says() {
    let mut ran = 0;
    for page in pages() {
        for command in commands(&page) {
            let alone = ["--demo", "--help", "--version"];
            let offline = |word: &String| alone.iter().any(|flag| word.starts_with(flag));
            let shows =
                command.words.iter().all(|word| word != "--config") && command.words.iter().any(|w| w == "config");
            // Without a command it is the dashboard, which wants a terminal: tests/dashboard.rs.
            let dashboard = command.words == ["--demo"];
            if !dashboard && (command.words.iter().any(offline) || shows) {
                eprintln!("{page}: slmon {}", command.words.join(" "));
                slmon().args(&command.words).run().ended_with(command.exit);
                ran += 1;
            }
        }
    }
    assert!(ran >= 5, "{ran}");
}

#[test]
fn every_command_is_understood() {
    for page in pages() {
        let spans = page.spans().filter(|span| span.starts_with("slmon ") && !span.contains('…'));
        let spans = spans.flat_map(|span| shell::commands(&span));
        for command in commands(&page).into_iter().chain(spans) {
            let words = std::iter::once("slmon".to_owned()).chain(command.words.clone());
            if let Err(error) = Cli::try_parse_from(words) {
                // A word alone is the name of a command, and no call of it.
                let named = command.words.len() == 1 && error.kind() == clap::error::ErrorKind::MissingRequiredArgument;
                let shown = error.kind() == clap::error::ErrorKind::DisplayHelp;
                assert!(shown || named, "{page}: slmon {}\n{error}", command.words.join(" "));
            }
        }
    }
}

#[test]
fn options_that_are_named_exist() {
    // Those of cargo, git and the AWS CLI, where a page speaks of them.
    let others = ["--features", "--release", "--git", "--locked", "--path", "--test", "--lib"];
    let command = Cli::command();
    let commands = std::iter::once(&command).chain(command.get_subcommands());
    let ours: BTreeSet<String> = commands
        .flat_map(clap::Command::get_arguments)
        .filter_map(|argument| argument.get_long())
        .chain(["help", "version"])
        .map(|name| format!("--{name}"))
        .collect();
    for page in pages() {
        for span in page.spans() {
            for word in
                span.split(|c: char| c.is_whitespace() || "=[,".contains(c)).filter(|word| word.starts_with("--"))
            {
                assert!(ours.contains(word) || others.contains(&word), "{page}: {word} in `{span}`");
            }
        }
    }
}

#[test]
fn every_configuration_loads() {
    let set = [("ACME_EXTERNAL_ID", "s3"), ("SLACK_URL", "https://hooks.example.com/x"), ("PAGERDUTY_KEY", "k3y")];
    let variables = BTreeMap::from(set.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let mut loaded = 0;
    for page in pages() {
        for block in page.blocks().filter(|block| block.language == "toml") {
            let read_file = |path: &Path| match path.extension() {
                Some(extension) if extension == "toml" => Ok(block.text.clone()),
                Some(extension) if extension == "external-id" => Ok("s3".to_owned()),
                _ => Err(io::Error::from(io::ErrorKind::NotFound)),
            };
            let path = PathBuf::from("/etc/slmon/config.toml");
            let (path, flags) = (Some(path.as_path()), &Flags::default());
            let read = config::load(&Inputs { path, env: &variables, flags, read_file: &read_file });
            assert!(
                read.is_ok(),
                "{page}:\n{}\n{}",
                block.text,
                read.err().map_or_else(String::new, |e| e.render(false))
            );
            loaded += 1;
        }
    }
    assert!(loaded >= 8, "{loaded}");
}

/// A policy in a page is one of those that are made from the calls, or lets somebody assume the role.
#[test]
fn no_policy_is_written_by_hand() {
    let made: Vec<Value> = generated::policies().into_values().collect();
    for page in pages() {
        for block in page.blocks().filter(|block| block.language == "json" && block.text.contains("\"Statement\"")) {
            let policy: Value = serde_json::from_str(&block.text).expect("a policy is JSON");
            assert!(made.contains(&policy), "{page}: make it in tests/docs/generated.rs\n{}", block.text);
        }
    }
}

#[test]
fn every_block_of_code_is_one_that_is_held() {
    let held = ["sh", "yaml", "toml", "json", "text", "mermaid", "markdown", "xml"];
    for page in pages() {
        for block in page.blocks() {
            assert!(held.contains(&block.language.as_str()), "{page}: a block of {:?}\n{}", block.language, block.text);
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let pages = pages();
    for page in &pages {
        for link in page.links() {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target =
                if file.is_empty() { page.path.clone() } else { page.path.parent().expect("a folder").join(file) };
            let target = target.canonicalize().unwrap_or_else(|_| panic!("{page}: no file at {link}"));
            if !anchor.is_empty() {
                let other = Page::read(target);
                assert!(other.anchors().any(|known| known == anchor), "{page}: no heading for {link}");
            }
        }
    }
}

/// What the page says of the source has to be there: files and folders in code spans.
#[test]
fn paths_that_are_named_exist() {
    let tops = ["src/", "tests/", "docs/", ".ci/"];
    for page in pages() {
        for span in
            page.spans().filter(|span| tops.iter().any(|top| span.starts_with(top)) && !span.contains(['…', '*', ' ']))
        {
            assert!(root().join(&span).exists(), "{page}: `{span}`");
        }
    }
}

#[test]
fn the_readme_leads_to_every_page() {
    let readme = Page::read(root().join("README.md"));
    let links: BTreeSet<PathBuf> = readme.links().filter_map(|link| root().join(link).canonicalize().ok()).collect();
    for page in pages().into_iter().filter(|page| page.path != readme.path) {
        assert!(links.contains(&page.path.canonicalize().expect("it is there")), "README.md does not lead to {page}");
    }
}

/// `slmon man` writes a page a command, and each page has every flag that its command has.
#[test]
fn the_manual_pages_are_those_of_the_commands() {
    use clap::CommandFactory;
    let folder = tempfile::tempdir().expect("a folder");
    slmon().args(["man", folder.path().to_str().expect("its name is text")]).run().ended_with(0);
    let mut command = slmon::cli::args::Cli::command();
    command.build();
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let name = format!("slmon-{}.1", sub.get_name());
        let page = std::fs::read_to_string(folder.path().join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        for flag in sub.get_arguments().filter(|flag| !flag.is_hide_set()).filter_map(clap::Arg::get_long) {
            assert!(page.contains(&format!("\\-\\-{}", flag.replace('-', "\\-"))), "{name} has no --{flag}");
        }
    }
    assert!(
        std::fs::read_to_string(folder.path().join("slmon.1")).expect("the first page").contains(".SH ENVIRONMENT")
    );
}
