//! Whether a file has only keys that exist and values of their form. Says nothing of whether a value is good.

use super::{
    problem::Problem,
    schema::{self, CLAUSE, Kind},
    tree::{Entry, Node, Value},
};
use crate::domain::text::nearest;

/// All keys that are unknown and all values of a wrong form.
pub(super) fn check(root: &Node) -> Vec<Problem> {
    let mut problems = Vec::new();
    table(root, "", &mut problems);
    problems
}

fn table(node: &Node, path: &str, problems: &mut Vec<Problem>) {
    for entry in node.entries() {
        let at = schema::join(path, &entry.key);
        match schema::find(&at) {
            Some(key) => value(&entry.node, &at, key.kind, problems),
            None => problems.push(unknown(entry, path)),
        }
    }
}

fn value(node: &Node, path: &str, kind: Kind, problems: &mut Vec<Problem>) {
    let wrong = |node: &Node| {
        Problem::new(
            node.origin.clone(),
            format!("{} needs {}", schema::said(path), needs(kind, path)),
            format!("this is {}", node.value.kind()),
        )
    };
    match (kind, &node.value) {
        (Kind::Text | Kind::When | Kind::Share, Value::Text(_))
        | (Kind::When, Value::Date(_))
        | (Kind::Share, Value::Integer(_) | Value::Float(_))
        | (Kind::Switch, Value::Switch(_))
        | (Kind::Number, Value::Integer(_)) => {}
        (Kind::Words, Value::List(items)) => {
            problems.extend(items.iter().filter(|item| !matches!(item.value, Value::Text(_))).map(|item| {
                Problem::new(
                    item.origin.clone(),
                    format!("{} is a list of strings", schema::said(path)),
                    format!("this is {}", item.value.kind()),
                )
                .help("put it in quotes")
            }));
        }
        (Kind::Labels, Value::Table(entries)) => {
            problems.extend(
                entries
                    .iter()
                    .filter(|entry| !matches!(entry.node.value, Value::Text(_)))
                    .map(|entry| wrong(&entry.node)),
            );
        }
        (Kind::Bindings, Value::Table(entries)) => {
            for entry in entries {
                let texts = |items: &[Node]| items.iter().all(|item| matches!(item.value, Value::Text(_)));
                if !matches!(&entry.node.value, Value::List(items) if texts(items)) {
                    problems.push(wrong(&entry.node));
                }
            }
        }
        (Kind::Clauses, Value::List(items)) => {
            for item in items {
                clause(item, path, problems);
            }
        }
        (Kind::Table, Value::Table(_)) => table(node, path, problems),
        (Kind::Tables, Value::List(items)) => {
            for item in items {
                match item.value {
                    Value::Table(_) => table(item, path, problems),
                    _ => problems.push(wrong(item)),
                }
            }
        }
        _ => problems.push(wrong(node).maybe_help(mend(kind, path, &node.value))),
    }
}

fn clause(node: &Node, path: &str, problems: &mut Vec<Problem>) {
    if !matches!(node.value, Value::Table(_)) {
        let title = format!("{} needs {}", schema::said(path), needs(Kind::Clauses, path));
        problems.push(Problem::new(node.origin.clone(), title, format!("this is {}", node.value.kind())));
    }
    for entry in node.entries() {
        if !CLAUSE.contains(&entry.key.as_str()) {
            let near = nearest(&entry.key, CLAUSE.iter().copied());
            let help = near
                .map_or_else(|| "known here: `count` and `rate`".to_string(), |near| format!("did you mean `{near}`?"));
            problems.push(
                Problem::new(
                    entry.key_origin.clone(),
                    format!("unknown key `{}` of {}", entry.key, schema::said(path)),
                    "",
                )
                .help(help),
            );
        } else if entry.node.as_number().is_none() {
            let title = format!("`{}` of {} needs a number", entry.key, schema::said(path));
            problems.push(Problem::new(
                entry.node.origin.clone(),
                title,
                format!("this is {}", entry.node.value.kind()),
            ));
        }
    }
}

fn needs(kind: Kind, path: &str) -> String {
    match kind {
        Kind::Text => "a string".into(),
        Kind::When => "a date or an instant, such as 2026-12-01".into(),
        Kind::Share => "a share, such as \"95%\" or 0.95".into(),
        Kind::Switch => "true or false".into(),
        Kind::Number => "a whole number".into(),
        Kind::Words => "a list of strings".into(),
        Kind::Clauses => "a list of limits, such as [{ count = 3, rate = 0.05 }]".into(),
        Kind::Labels => "a glob and a stage in quotes, such as \"*-sandbox\" = \"other\"".into(),
        Kind::Bindings => "a command and a list of keys, such as down = [\"j\", \"down\"]".into(),
        Kind::Table => format!("a table: [{path}]"),
        Kind::Tables => format!("tables: [[{path}]]"),
    }
}

fn mend(kind: Kind, path: &str, found: &Value) -> Option<String> {
    match (kind, found) {
        (Kind::Text, Value::Integer(_)) if schema::split(path).1 == "id" => {
            Some("put it in quotes, since an account id can begin with 0".into())
        }
        (Kind::Text, Value::Integer(_) | Value::Float(_) | Value::Switch(_) | Value::Date(_)) => {
            Some("put it in quotes".into())
        }
        (Kind::Words, Value::Text(_)) => Some("put it in brackets: [\"…\"]".into()),
        (Kind::Switch | Kind::Number, Value::Text(_)) => Some("leave the quotes away".into()),
        (Kind::Clauses, Value::Table(_)) => Some("put it in brackets: [{ … }]".into()),
        (Kind::Tables, Value::Table(_)) => Some(format!("there can be several: write [[{path}]], in double brackets")),
        _ => None,
    }
}

/// An unknown key, and what is most likely meant: a near one here, the same one elsewhere, a near one elsewhere.
fn unknown(entry: &Entry, table: &str) -> Problem {
    let title = format!("unknown key `{}` {}", entry.key, schema::place(table));
    let here: Vec<&str> = schema::children(table).map(|key| schema::split(key.path).1).collect();
    let help = nearest(&entry.key, here.iter().copied())
        .map(|near| format!("did you mean {}?", written(&schema::join(table, near))))
        .or_else(|| elsewhere(&entry.key))
        .unwrap_or_else(|| {
            format!("known here: {}", here.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", "))
        });
    Problem::new(entry.key_origin.clone(), title, "").help(help)
}

/// A key that was found next to the mistyped one: tables in their brackets.
fn written(path: &str) -> String {
    match schema::find(path).map(|key| key.kind) {
        Some(Kind::Tables) => format!("[[{path}]]"),
        _ => format!("`{}`", schema::split(path).1),
    }
}

fn elsewhere(word: &str) -> Option<String> {
    let last = |path: &'static str| schema::split(path).1;
    let name = schema::KEYS
        .iter()
        .map(|key| last(key.path))
        .find(|name| *name == word)
        .or_else(|| nearest(word, schema::KEYS.iter().map(|key| last(key.path))))?;
    let mut places: Vec<String> = Vec::new();
    for key in schema::KEYS.iter().filter(|key| last(key.path) == name) {
        let said = if key.kind == Kind::Tables { format!("[[{}]]", key.path) } else { schema::said(key.path) };
        // Overrides repeat the names of what they override; the plain place is what is meant.
        if places.is_empty() || !key.path.starts_with("override.") {
            places.push(said);
        }
    }
    Some(format!("did you mean {}?", places.join(" or ")))
}
