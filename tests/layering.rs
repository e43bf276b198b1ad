//! The house: who may name whom. One crate can't forbid an import, so this test reads every file below `src` and does.
//!
//! [`RULES`] is the table, [`check`] what is done with it, `layering/names.rs` how names are found. A rule that stands in
//! the way is a decision to make in `docs/architecture.md`, and then one row here.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "in a test, that is how one fails")]

#[path = "layering/names.rs"]
mod names;

use std::{collections::BTreeSet, fs, path::Path};

use names::{Name, said};

/// What the files of a folder may name.
struct Rule {
    /// The folder as a module; `""` is `src/lib.rs`, and the longest that fits a file counts.
    folder: &'static str,
    /// Modules of ours besides itself: with all that is in them, but for `except`. `*` is every one.
    may: &'static [&'static str],
    /// Modules in those, or in itself, that it may not name.
    except: &'static [&'static str],
    /// Modules that its tests may name as well.
    tests_may: &'static [&'static str],
    /// Other crates, and parts of `std`, that it may not name.
    never: &'static [&'static [&'static str]],
    /// The rule, for whoever broke it.
    words: &'static str,
}

const AWS: &[&str] = &["aws_*"];
const SCREEN: &[&str] = &["ratatui", "crossterm"];
const ARGUMENTS: &[&str] = &["clap"];
const RUNTIME: &[&str] = &["tokio", "tokio_util"];
const FILES: &[&str] = &["std::fs"];
const MACHINE: &[&str] = &["std::net", "std::env", "std::process", "std::thread"];
const CLOCK: &[&str] = &["std::time::Instant", "std::time::SystemTime", "*::now"];

const RULES: &[Rule] = &[
    Rule {
        folder: "",
        may: &["cli", "run"],
        except: &[],
        tests_may: &[],
        never: &[AWS, SCREEN, ARGUMENTS, RUNTIME],
        words: "src/lib.rs declares the modules and names nothing but cli; src/main.rs names slmon::cli or slmon::run",
    },
    Rule {
        folder: "domain",
        may: &[],
        except: &[],
        tests_may: &[],
        never: &[AWS, SCREEN, ARGUMENTS, RUNTIME, FILES, MACHINE, CLOCK],
        words: "domain names nothing else of ours and no clock, file, network, process, terminal or AWS type",
    },
    Rule {
        folder: "cache",
        may: &["domain"],
        except: &[],
        tests_may: &[],
        never: &[AWS, SCREEN, ARGUMENTS, RUNTIME, MACHINE, CLOCK],
        words: "cache names domain alone; its folder and the time are arguments, and the gate never reads it",
    },
    Rule {
        folder: "checks",
        may: &["domain"],
        except: &[],
        tests_may: &[],
        never: &[AWS, SCREEN, ARGUMENTS, RUNTIME, FILES, MACHINE, CLOCK],
        words: "checks names domain alone; time, files and the network are none of its business",
    },
    Rule {
        folder: "config",
        may: &["domain"],
        except: &[],
        tests_may: &[],
        never: &[AWS, SCREEN, ARGUMENTS, RUNTIME, MACHINE, CLOCK],
        words: "config names domain alone; the environment and the time are arguments",
    },
    Rule {
        folder: "report",
        may: &["domain"],
        except: &[],
        tests_may: &[],
        never: &[AWS, SCREEN, ARGUMENTS, RUNTIME, MACHINE, CLOCK],
        words: "report names domain alone: one Report value, and no other front",
    },
    Rule {
        folder: "source",
        may: &["domain"],
        except: &["source::aws", "source::sim"],
        tests_may: &[],
        never: &[AWS, SCREEN, ARGUMENTS],
        words: "source names domain; source::aws alone names aws_* crates, and cli alone names source::aws",
    },
    Rule {
        folder: "source::aws",
        may: &["domain", "source"],
        except: &["source::sim"],
        tests_may: &[],
        never: &[SCREEN, ARGUMENTS],
        words: "source::aws names domain, source's trait and aws_* crates",
    },
    Rule {
        folder: "source::sim",
        may: &["domain", "source"],
        except: &["source::aws"],
        tests_may: &[],
        never: &[AWS, SCREEN, ARGUMENTS],
        words: "source::sim names domain and source's trait; source::aws alone names aws_* crates",
    },
    Rule {
        folder: "engine",
        may: &["domain", "checks", "source"],
        except: &["source::aws", "source::sim"],
        tests_may: &["source::sim"],
        never: &[AWS, SCREEN, ARGUMENTS],
        words: "engine names domain, checks and source's trait, but not who answers (source::aws, source::sim)",
    },
    Rule {
        folder: "store",
        may: &["domain"],
        except: &[],
        tests_may: &[],
        never: &[AWS, SCREEN, ARGUMENTS, RUNTIME, MACHINE, CLOCK],
        words: "store names domain alone; its folder and the time are arguments",
    },
    Rule {
        folder: "notify",
        may: &["domain", "engine", "store"],
        except: &[],
        tests_may: &[],
        never: &[AWS, SCREEN, ARGUMENTS],
        words: "notify names domain, engine and store, and no other front",
    },
    Rule {
        folder: "notify::post",
        may: &["domain", "notify"],
        except: &[],
        tests_may: &[],
        never: &[SCREEN, ARGUMENTS, &["aws_sdk_*", "aws_config", "aws_types", "aws_credential_types", "aws_runtime"]],
        words: "notify::post names the HTTP client that the AWS SDK brings along, and nothing of AWS itself",
    },
    Rule {
        folder: "journal",
        may: &["domain", "engine"],
        except: &[],
        tests_may: &[],
        never: &[AWS, SCREEN, ARGUMENTS],
        words: "journal names domain and engine, and no other front",
    },
    Rule {
        folder: "tui",
        may: &["domain", "checks", "engine"],
        except: &[],
        tests_may: &["source::sim"],
        never: &[AWS, ARGUMENTS],
        words: "tui names domain, checks and engine, and no other front",
    },
    Rule {
        folder: "cli",
        may: &["*"],
        except: &[],
        tests_may: &[],
        never: &[AWS],
        words: "cli puts everything together, but source::aws alone names aws_* crates",
    },
];

/// Past this many lines a file hides two.
const CEILING: usize = 500;

#[test]
fn the_house_is_in_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    assert!(!files.is_empty(), "no file below src");
    let found: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let path = file.strip_prefix(root).expect("it is below the root").to_str().expect("its name is UTF-8");
            check(path, &fs::read_to_string(file).expect("it can be read"))
        })
        .collect();
    assert!(found.is_empty(), "the house is not in order:\n{}\n", found.join("\n"));
}

/// Everything that is wrong with a file: `path:line: what`, and the rule in words.
fn check(path: &str, source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let module = module_of(path);
    let length = production_lines(path, source);
    if !source.starts_with("//!") {
        found.push(format!("{path}:1: a file begins with `//!`: what it is for, and what it must not know"));
    }
    if length > CEILING {
        found.push(format!("{path}:{length}: {length} lines without its tests; past {CEILING} a file hides two"));
    }
    let Some(rule) = rule_for(&module) else {
        found.push(format!("{path}:1: no rule says what this folder may name: give it a row in tests/layering.rs"));
        return found;
    };
    let said = said(source, &module, &outside()).unwrap_or_else(|error| panic!("{path}: {error}"));
    let names = said.names.iter().filter(|name| !rule.allows(name, is_all_tests(path)));
    let mut wrong: Vec<(usize, String)> = names.map(|name| (name.line, rule.complaint(name))).collect();
    let taken = said.taken_in.iter();
    wrong.extend(
        taken.map(|line| (*line, "`include!` and `#[path]` hide where a file stands: declare a module".into())),
    );
    wrong.sort();
    wrong.dedup();
    found.extend(wrong.into_iter().map(|(line, what)| format!("{path}:{line}: {what}")));
    found
}

impl Rule {
    fn allows(&self, name: &Name, tests: bool) -> bool {
        let Some((first, inside)) = name.path.split_first() else { return true };
        if first != "crate" {
            return !self.never.iter().copied().flatten().any(|never| is_called(&name.path, never));
        }
        if inside.is_empty() {
            return !name.renamed;
        }
        let is_in =
            |module: &&str| inside.len() >= parts(module) && module.split("::").eq(inside[..parts(module)].iter());
        if (tests || name.in_test) && self.tests_may.iter().any(&is_in) {
            return true;
        }
        if self.except.iter().any(&is_in) {
            return false;
        }
        let own = !self.folder.is_empty() && is_in(&self.folder);
        own || name.guessed || self.may.contains(&"*") || self.may.iter().any(&is_in)
    }

    fn complaint(&self, name: &Name) -> String {
        let path = name.path.join("::");
        let written = if name.written == path { String::new() } else { format!(" (written `{}`)", name.written) };
        let who = if self.folder.is_empty() { "the root" } else { self.folder };
        format!("{who} may not name `{path}`{written}: {}", self.words)
    }
}

/// Whether a path outside of this crate is one of `aws_*`, `tokio`, `std::fs`, `*::now`.
fn is_called(path: &[String], pattern: &str) -> bool {
    if let Some(last) = pattern.strip_prefix("*::") {
        return path.len() > 1 && path.last().is_some_and(|word| word == last);
    }
    if let Some(start) = pattern.strip_suffix('*') {
        return path[0].starts_with(start);
    }
    // A glob of what holds it brings it as well.
    let brings = |(word, wanted): (&String, &str)| word == wanted || word == "*";
    (path.len() >= parts(pattern) || path.last().is_some_and(|word| word == "*"))
        && path.iter().zip(pattern.split("::")).all(brings)
}

fn parts(module: &str) -> usize {
    module.split("::").count()
}

fn rule_for(module: &[String]) -> Option<&'static Rule> {
    let fits = |rule: &&Rule| {
        let folder: Vec<&str> = rule.folder.split("::").filter(|part| !part.is_empty()).collect();
        if folder.is_empty() { module.is_empty() } else { module.iter().take(folder.len()).eq(folder.iter()) }
    };
    RULES.iter().filter(fits).max_by_key(|rule| rule.folder.len())
}

/// `src/domain/rules/mod.rs` is `domain::rules`; `src/lib.rs` and `src/main.rs` are the root.
fn module_of(path: &str) -> Vec<String> {
    let inside = path.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs")).expect("a file below src");
    let parts = inside.strip_suffix("/mod").unwrap_or(inside);
    if matches!(parts, "lib" | "main") { Vec::new() } else { parts.split('/').map(str::to_owned).collect() }
}

/// Lines before `#[cfg(test)] mod tests`; a file of tests has none.
fn production_lines(path: &str, source: &str) -> usize {
    if is_all_tests(path) {
        return 0;
    }
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let tests = lines.windows(2).position(|two| two[0] == "#[cfg(test)]" && two[1].starts_with("mod tests"));
    tests.unwrap_or(lines.len())
}

/// Whether a file is one of tests by its name: `tests.rs`, `tests/….rs`, `…_tests.rs`.
fn is_all_tests(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.ends_with("_tests.rs")
}

/// The crates that a file could name: those of Cargo.toml, and the compiler's.
fn outside() -> BTreeSet<String> {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).expect("Cargo.toml");
    let manifest: toml::Table = manifest.parse().expect("Cargo.toml is TOML");
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"].into_iter();
    let listed = tables.filter_map(|table| manifest.get(table)?.as_table()).flat_map(toml::Table::keys);
    let always = ["std", "core", "alloc", "ratatui", "crossterm"].into_iter().map(str::to_owned);
    listed.map(|name| name.replace('-', "_")).chain(always).collect()
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            collect(&entry, files);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
}

/// That this test can fail: what would break each rule, and what comes close and does not.
mod can_fail {
    use super::{CEILING, check};

    /// Asserts that a file with these lines (the first is line 2) is wrong at these lines, for a reason that has these words.
    #[track_caller]
    fn wrong(path: &str, source: &str, expected: &[(usize, &str)]) {
        let found = check(path, &format!("//! A file.\n{source}"));
        let fits = |(found, (line, words)): (&String, &(usize, &str))| {
            found.starts_with(&format!("{path}:{line}: ")) && found.contains(words)
        };
        let all = found.len() == expected.len() && found.iter().zip(expected).all(fits);
        assert!(all, "expected {expected:?}, and found:\n{}", found.join("\n"));
    }

    #[track_caller]
    fn right(path: &str, source: &str) {
        wrong(path, source, &[]);
    }

    #[test]
    fn a_direct_import() {
        wrong("src/report/text.rs", "use crate::tui;", &[(2, "report names domain alone")]);
        wrong(
            "src/domain/fleet.rs",
            "use crate::checks::Check;",
            &[(2, "`crate::checks::Check`: domain names nothing")],
        );
        wrong("src/checks/errors.rs", "use slmon::config;", &[(2, "`crate::config` (written `slmon::config`)")]);
        right("src/report/text.rs", "use crate::domain::text;\nuse super::Report;\nuse crate::report::Report as R;");
    }

    #[test]
    fn a_grouped_import() {
        wrong(
            "src/checks/mod.rs",
            "use crate::{\n    domain::fleet,\n    cli,\n};",
            &[(4, "checks may not name `crate::cli`")],
        );
        wrong("src/engine/core.rs", "use crate::source::{self, Source, aws::{self}};", &[(2, "`crate::source::aws`")]);
        wrong(
            "src/tui/mod.rs",
            "use {crate::{domain, engine}, crate::report::Report};",
            &[(2, "`crate::report::Report`")],
        );
    }

    #[test]
    fn an_inline_path() {
        wrong(
            "src/engine/plan.rs",
            "\nfn f() {\n    crate::cli::x();\n}",
            &[(4, "engine may not name `crate::cli::x`")],
        );
        wrong("src/engine/plan.rs", "fn f(x: &crate::tui::Model) {}", &[(2, "`crate::tui::Model`")]);
        wrong("src/engine/plan.rs", "type T = Vec<Box<dyn crate::notify::Sink>>;", &[(2, "`crate::notify::Sink`")]);
        wrong("src/engine/plan.rs", "impl crate::journal::Entry for X {}", &[(2, "`crate::journal::Entry`")]);
        wrong("src/engine/plan.rs", "pub(in crate::cli) fn f() {}", &[(2, "`crate::cli`")]);
    }

    #[test]
    fn paths_that_climb() {
        wrong(
            "src/domain/rules/stage.rs",
            "use super::super::super::cli;",
            &[(2, "(written `super::super::super::cli`)")],
        );
        wrong("src/domain/mod.rs", "use super::cli;", &[(2, "domain may not name `crate::cli`")]);
        wrong("src/domain/mod.rs", "use self::super::cli;", &[(2, "domain may not name `crate::cli`")]);
        wrong(
            "src/domain/a.rs",
            "mod inner {\n    fn f() { super::super::super::cli::f() }\n}",
            &[(3, "`crate::cli::f`")],
        );
        right(
            "src/domain/rules/stage.rs",
            "use super::super::fleet;\nuse super::words;\nuse self::inner::X;\nmod inner {}",
        );
    }

    #[test]
    fn a_name_for_the_root_or_for_a_module() {
        let root = "the root";
        let aliased = "use crate as c;\nfn f() { c::cli::f() }";
        wrong("src/checks/a.rs", aliased, &[(2, "may not name `crate`"), (3, "`crate::cli::f` (written `c::cli::f`)")]);
        wrong("src/checks/a.rs", "extern crate self as me;\nuse me::cli;", &[(2, "`crate`"), (3, "`crate::cli`")]);
        wrong(
            "src/engine/a.rs",
            "use crate::source as s;\nuse s::aws as real;\nfn f() { real::new() }",
            &[(3, "(written `s::aws`)"), (4, "`crate::source::aws::new`")],
        );
        wrong("src/lib.rs", "pub mod source;\npub use source::aws;", &[(3, root)]);
    }

    #[test]
    fn globs() {
        wrong("src/tui/mod.rs", "use crate::*;", &[(2, "`crate::*`")]);
        wrong("src/engine/a.rs", "use crate::source::*;\nfn f() { aws::new() }", &[(3, "`crate::source::aws::new`")]);
        wrong("src/domain/a.rs", "use std::*;", &[(2, "`std::*`")]);
        right(
            "src/engine/a.rs",
            "use crate::domain::*;\nuse crate::source::*;\nfn f() { fleet::new(); Metric::all() }",
        );
    }

    #[test]
    fn another_crate() {
        wrong("src/cli/mod.rs", "fn f() { ::aws_sdk_lambda::Client::new() }", &[(2, "source::aws alone names aws_*")]);
        wrong("src/source/limit.rs", "use aws_config::SdkConfig;", &[(2, "cli alone names source::aws")]);
        wrong("src/domain/a.rs", "use tokio::sync::mpsc;", &[(2, "`tokio::sync::mpsc`")]);
        wrong("src/domain/a.rs", "#[tokio::test]\nasync fn f() {}", &[(2, "`tokio::test`")]);
        wrong("src/domain/a.rs", "#[derive(clap::Parser)]\nstruct X;", &[(2, "`clap::Parser`")]);
        wrong("src/report/a.rs", "use ratatui::text::Line;", &[(2, "`ratatui::text::Line`")]);
        wrong(
            "src/domain/a.rs",
            "use std::{fmt, fs};\nuse std::net::IpAddr;",
            &[(2, "`std::fs`"), (3, "`std::net::IpAddr`")],
        );
        wrong("src/domain/a.rs", "extern crate tokio as t;\nuse t::sync;", &[(2, "`tokio`"), (3, "`tokio::sync`")]);
        right("src/source/aws/mod.rs", "use aws_config::SdkConfig;\nuse crate::source::Source;\nuse super::calls;");
    }

    #[test]
    fn a_clock() {
        let used = "use jiff::Timestamp;\nfn f() { Timestamp::now() }";
        wrong("src/domain/a.rs", used, &[(3, "`jiff::Timestamp::now` (written `Timestamp::now`)")]);
        wrong(
            "src/checks/a.rs",
            "fn f(x: Option<Timestamp>) { x.unwrap_or_else(Timestamp::now) }",
            &[(2, "Timestamp::now")],
        );
        wrong("src/domain/a.rs", "use std::time::{Duration, Instant};", &[(2, "`std::time::Instant`")]);
        right("src/domain/a.rs", "use std::time::Duration;\nfn f(now: Duration) { let now = now; g(now) }");
        right("src/engine/a.rs", "fn f() { tokio::time::Instant::now() }");
    }

    #[test]
    fn a_path_inside_a_macro_or_an_attribute() {
        wrong(
            "src/engine/a.rs",
            "fn f() {\n    assert_eq!(1,\n        crate::cli::x());\n}",
            &[(4, "`crate::cli::x`")],
        );
        wrong("src/engine/a.rs", "fn f() { vec![[g(::clap::crate_name)]] }", &[(2, "`clap::crate_name`")]);
        wrong("src/engine/a.rs", "macro_rules! m { () => { $crate::cli::x() } }", &[(2, "`crate::cli::x`")]);
        wrong(
            "src/engine/a.rs",
            "m! { use crate::{domain, report::{text, json}}; }",
            &[(2, "`crate::report::json`"), (2, "`crate::report::text`")],
        );
        wrong("src/engine/a.rs", "fn f() { crate::tui::m!(1) }", &[(2, "`crate::tui::m`")]);
        wrong(
            "src/domain/a.rs",
            "struct S {\n    #[serde(with = \"crate::cli::x\")]\n    a: u8,\n}",
            &[(3, "`crate::cli::x`")],
        );
        right("src/engine/a.rs", "fn f() { format!(\"crate::cli::x {}\", <T as Into<U>>::into(crate::domain::x())) }");
        right("src/engine/a.rs", "/// As [`crate::cli::x`] does.\nfn f() {}");
    }

    #[test]
    fn what_only_tests_may_name() {
        let by_tests = "#[cfg(test)]\nmod tests {\n    use crate::source::sim;\n    fn f() { sim::new() }\n}";
        right("src/engine/a.rs", by_tests);
        right("src/engine/plan/tests.rs", "use crate::source::sim;");
        wrong("src/engine/a.rs", "use crate::source::sim;", &[(2, "`crate::source::sim`")]);
        wrong("src/engine/a.rs", &by_tests.replace("sim", "aws"), &[(4, "source::aws"), (5, "source::aws")]);
    }

    #[test]
    fn the_root_and_the_binary() {
        right("src/main.rs", "fn main() -> std::process::ExitCode { slmon::run() }");
        right("src/lib.rs", "pub mod cli;\npub mod domain;\npub use cli::run;");
        wrong(
            "src/main.rs",
            "fn main() { slmon::engine::start() }",
            &[(2, "the root may not name `crate::engine::start`")],
        );
        wrong("src/lib.rs", "pub mod domain;\npub use domain::text;", &[(3, "`crate::domain::text`")]);
    }

    #[test]
    fn the_fronts_do_not_know_each_other() {
        let fronts = ["tui", "report", "notify", "journal"];
        for front in fronts {
            for other in fronts.into_iter().filter(|other| *other != front) {
                let expected = format!("{front} may not name `crate::{other}::x`");
                wrong(&format!("src/{front}/mod.rs"), &format!("use crate::{other}::x;"), &[(2, &expected)]);
            }
            wrong(&format!("src/{front}/mod.rs"), "use crate::source::aws;", &[(2, "`crate::source::aws`")]);
        }
    }

    #[test]
    fn what_hides_where_a_file_stands() {
        wrong("src/engine/a.rs", "#[path = \"../cli/x.rs\"]\nmod x;", &[(2, "`#[path]`")]);
        wrong("src/engine/a.rs", "include!(\"../cli/x.rs\");", &[(2, "`include!`")]);
        wrong("src/engine/a.rs", "#[cfg(test)]\n#[path = \"../x.rs\"]\nmod tests;", &[(3, "`#[path]`")]);
        right("src/engine/a.rs", "#[cfg(test)]\n#[path = \"a_tests.rs\"]\nmod tests;");
        right("src/config/a.rs", "const TEXT: &str = include_str!(\"default.toml\");");
    }

    #[test]
    fn files_have_a_head_and_an_end() {
        let found = check("src/domain/a.rs", "use std::fmt;\n");
        assert_eq!(found, ["src/domain/a.rs:1: a file begins with `//!`: what it is for, and what it must not know"]);
        let long = "const X: u8 = 0;\n".repeat(CEILING - 1);
        right("src/domain/a.rs", &format!("{long}#[cfg(test)]\nmod tests {{\n{long}}}"));
        wrong("src/domain/a.rs", &format!("{long}\n"), &[(CEILING + 1, "501 lines")]);
        wrong("src/elsewhere/a.rs", "", &[(1, "no rule says what this folder may name")]);
    }
}

/// The bans of deny.toml, held here as well, since cargo-deny is not on every machine: TLS and HTTP of the generation with
/// known holes, and bindings to the system's OpenSSL.
#[test]
fn what_is_banned_is_not_locked() {
    let lock: toml::Table = fs::read_to_string("Cargo.lock").expect("it is there").parse().expect("it is TOML");
    let text = |package: &toml::Value, key: &str| package[key].as_str().expect("a text").to_owned();
    let packages = lock["package"].as_array().expect("packages").iter();
    let packages: Vec<(String, String)> =
        packages.map(|package| (text(package, "name"), text(package, "version"))).collect();
    assert!(
        packages.iter().any(|(name, version)| name == "rustls" && version.starts_with("0.23.")),
        "the list is read"
    );
    for (name, version) in &packages {
        let old = match name.as_str() {
            "rustls" => ["0.19.", "0.20.", "0.21."].iter().any(|old| version.starts_with(old)),
            "hyper" | "h2" => version.starts_with("0.1") && name == "hyper" || version.starts_with("0.3"),
            "openssl" | "openssl-sys" | "native-tls" => true,
            _ => false,
        };
        assert!(!old, "{name} {version} is banned: see deny.toml");
    }
}
