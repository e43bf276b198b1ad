//! What is written for people holds: the embedded file and the page on the configuration know every key, and every
//! example loads.

use super::World;
use crate::config::{
    DEFAULT,
    schema::{CLAUSE, KEYS, Kind, START, split},
};

const PAGE: &str = include_str!("../../../docs/configuration.md");

/// The embedded file with everything that it has as a comment switched on, where it is TOML.
pub(super) fn everything() -> String {
    let lines = DEFAULT.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest)
            if rest.starts_with('[')
                || rest.split_once(" = ").is_some_and(|(key, _)| !key.trim_matches('"').contains(' ')) =>
        {
            rest
        }
        _ => line,
    });
    // An external id is said in one way only, and the account is one that can be left to itself.
    lines
        .filter(|line| !line.starts_with("external_id = ") && !line.starts_with("external_id_file = "))
        .flat_map(|line| [line, "\n"])
        .collect()
}

#[test]
fn the_embedded_file_shows_every_key() {
    World::of(&everything()).var("ACME_EXTERNAL_ID", "s3").config();
    for key in KEYS {
        let (table, last) = split(key.path);
        let headers = [format!("[{}]", key.path), format!("[[{}]]", key.path), format!("[{}.", key.path)];
        let dotted = key.path.split_once('.').map_or(key.path, |(_, rest)| rest);
        let shown = DEFAULT.lines().any(|line| {
            let line = line.trim_start_matches("# ");
            headers.iter().any(|header| line.starts_with(header))
                || line.starts_with(&format!("{last} = "))
                || line.starts_with(&format!("{dotted} = "))
                || key.kind == Kind::Table && line.starts_with(&format!("{dotted}."))
        });
        assert!(shown, "{} ({table})", key.path);
    }
}

#[test]
fn the_page_names_every_key_variable_and_flag() {
    for key in KEYS {
        let last = split(key.path).1;
        let said = match key.kind {
            Kind::Tables => format!("[[{}]]", key.path),
            Kind::Table => last.to_string(),
            _ => format!("`{last}`"),
        };
        let words = [Some(said), key.short.map(String::from), key.flag.map(|flag| format!("`{flag}"))];
        for word in words.into_iter().flatten() {
            assert!(PAGE.contains(&word), "{}: {word}", key.path);
        }
    }
    for word in CLAUSE.iter().copied().chain(START.iter().flat_map(|start| [start.variable, start.flag])) {
        assert!(PAGE.contains(word), "{word}");
    }
}

#[test]
fn every_example_of_the_page_loads() {
    let examples: Vec<&str> = PAGE.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 5);
    for example in examples {
        let world = World::of(example).var("ACME_EXTERNAL_ID", "s3").file("/etc/slmon/beta.external-id", "s3");
        assert!(world.load().is_ok(), "{example}\n{}", world.errors());
    }
}
