//! The configuration in effect, printed as TOML with each value's origin beside it. External ids are redacted, so
//! that it can go into a ticket. Reads the merged tree and the list of keys only.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
    hash::{DefaultHasher, Hash, Hasher},
};

use unicode_width::UnicodeWidthStr;

use super::{
    origin::Origin,
    schema::{self, Kind},
    tree::{Entry, Node, Value},
};
use crate::domain::text::clean;

/// What stands for an external id. It is no valid one, so that nobody takes the print for a file that works.
const REDACTED: &str = "(redacted)";
/// A list longer than this is broken into lines.
const WIDTH: usize = 90;
/// Comments stand in one column, unless a line reaches beyond this one.
const COLUMN: usize = 72;

/// The configuration in effect, as TOML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    toml: String,
    /// What is said, by where: its hash, as it may be no one else's business.
    said: BTreeMap<String, u64>,
}

impl Effective {
    /// The TOML, with comments that say where each value comes from.
    pub fn as_toml(&self) -> &str {
        &self.toml
    }

    /// Where something else is said than before.
    pub(super) fn changed_since(&self, before: &Self) -> Vec<String> {
        let both: BTreeSet<&String> = self.said.keys().chain(before.said.keys()).collect();
        let word = |place: &String| match (self.said.get(place), before.said.get(place)) {
            (Some(now), Some(before)) if now == before => None,
            (Some(_), None) => Some(format!("{place} (new)")),
            (None, _) => Some(format!("{place} (gone)")),
            _ => Some(place.clone()),
        };
        both.into_iter().filter_map(word).collect()
    }

    pub(super) fn of(root: &Node) -> Self {
        let mut page = Page::default();
        page.note("The configuration in effect, and where each value comes from.");
        if root.get("organizations").is_none() && root.get("accounts").is_none() {
            page.note("Accounts: the one that the default credentials belong to.");
        }
        if root.get("regions").is_none() {
            page.note("Regions: the one that belongs to the credentials.");
        }
        page.table(root, "", "");
        let mut said = BTreeMap::new();
        places(root, "", &mut said);
        Self { toml: page.finish(), said }
    }
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.toml)
    }
}

/// What is said where: by key; of tables of which there may be several by their place, and by name where they have one.
fn places(node: &Node, path: &str, all: &mut BTreeMap<String, u64>) {
    for entry in node.entries() {
        let at = schema::join(path, &entry.key);
        match (&entry.node.value, schema::find(&at).map(|key| key.kind)) {
            (Value::List(items), Some(Kind::Tables)) => {
                for (place, item) in (1..).zip(items) {
                    let name = item.get("name").filter(|_| at == "notify").and_then(Node::as_text);
                    let name = name.map_or_else(|| format!("[[{at}]] {place}"), |name| format!("[[{at}]] {name}"));
                    all.insert(name, hashed(item));
                }
            }
            (Value::Table(_), Some(Kind::Table)) => places(&entry.node, &at, all),
            _ => drop(all.insert(at, hashed(&entry.node))),
        }
    }
}

fn hashed(node: &Node) -> u64 {
    let mut hasher = DefaultHasher::new();
    mix(node, &mut hasher);
    hasher.finish()
}

fn mix(node: &Node, hasher: &mut DefaultHasher) {
    node.value.kind().hash(hasher);
    match &node.value {
        Value::Text(text) | Value::Date(text) => text.hash(hasher),
        Value::Integer(number) => number.hash(hasher),
        Value::Float(number) => number.to_bits().hash(hasher),
        Value::Switch(on) => on.hash(hasher),
        Value::List(items) => {
            items.len().hash(hasher);
            for item in items {
                mix(item, hasher);
            }
        }
        Value::Table(entries) => {
            entries.len().hash(hasher);
            for entry in entries {
                entry.key.hash(hasher);
                mix(&entry.node, hasher);
            }
        }
    }
}

#[derive(Default)]
struct Page(Vec<(String, Option<String>)>);

impl Page {
    fn note(&mut self, text: &str) {
        self.0.push((format!("# {text}"), None));
    }

    fn header(&mut self, text: String, said: Option<String>) {
        self.0.push((String::new(), None));
        self.0.push((text, said));
    }

    /// A table's values, then its tables: TOML wants them in this order.
    fn table(&mut self, node: &Node, path: &str, header: &str) {
        let (tables, values): (Vec<&Entry>, Vec<&Entry>) =
            in_order(node, path).into_iter().partition(|entry| is_table(entry, path));
        if !header.is_empty() && (!values.is_empty() || tables.is_empty()) {
            self.header(header.into(), None);
        } else if !values.is_empty() {
            self.0.push((String::new(), None));
        }
        for entry in values {
            self.value(&key(&entry.key), &schema::join(path, &entry.key), &entry.node);
        }
        for entry in tables {
            let at = schema::join(path, &entry.key);
            match &entry.node.value {
                Value::List(items) => {
                    for item in items {
                        // Of a table that says nothing itself, the header is all that somebody said.
                        let silent = item.entries().iter().all(|entry| matches!(entry.node.origin, Origin::Default));
                        let said = silent.then(|| said(&item.origin));
                        self.header(format!("[[{at}]]"), said);
                        self.dotted(item, &at, "");
                    }
                }
                _ => self.table(&entry.node, &at, &format!("[{at}]")),
            }
        }
    }

    /// The values of a table in `[[tables]]`, with dotted keys for what lies deeper.
    fn dotted(&mut self, node: &Node, path: &str, before: &str) {
        for entry in in_order(node, path) {
            let at = schema::join(path, &entry.key);
            let name = format!("{before}{}", key(&entry.key));
            if is_table(entry, path) {
                self.dotted(&entry.node, &at, &format!("{name}."));
            } else {
                self.value(&name, &at, &entry.node);
            }
        }
    }

    fn value(&mut self, name: &str, path: &str, node: &Node) {
        let said = Some(said(&node.origin));
        if schema::split(path).1 == "external_id" {
            self.0.push((format!("{name} = {}", quoted(REDACTED)), said));
            return;
        }
        let line = format!("{name} = {}", inline(node));
        match &node.value {
            Value::List(items) if line.width() > WIDTH => {
                self.0.push((format!("{name} = ["), said));
                let mut row = String::new();
                for item in items.iter().map(inline) {
                    if !row.is_empty() && row.width() + item.width() + 6 > WIDTH {
                        self.0.push((format!("   {row}"), None));
                        row.clear();
                    }
                    let _ = write!(row, " {item},");
                }
                self.0.push((format!("   {row}"), None));
                self.0.push(("]".into(), None));
            }
            _ => self.0.push((line, said)),
        }
    }

    fn finish(self) -> String {
        let widths = self.0.iter().filter(|(_, said)| said.is_some()).map(|(line, _)| line.width());
        let column = widths.filter(|width| *width <= COLUMN).max().unwrap_or(0);
        let mut page = String::new();
        for (line, said) in self.0 {
            page.push_str(&line);
            if let Some(said) = said {
                let blanks = column.saturating_sub(line.width()) + 2;
                let _ = write!(page, "{}# {said}", " ".repeat(blanks));
            }
            page.push('\n');
        }
        page
    }
}

/// Entries in the order of the list of keys; globs, which are in no list, in the order of their file.
fn in_order<'n>(node: &'n Node, path: &str) -> Vec<&'n Entry> {
    let mut entries: Vec<&Entry> = node.entries().iter().collect();
    entries.sort_by_key(|entry| {
        let at = schema::join(path, &entry.key);
        schema::KEYS.iter().position(|key| key.path == at)
    });
    entries
}

fn is_table(entry: &Entry, path: &str) -> bool {
    let kind = schema::find(&schema::join(path, &entry.key)).map(|key| key.kind);
    matches!(kind, Some(Kind::Table | Kind::Tables | Kind::Labels | Kind::Bindings))
}

fn said(origin: &Origin) -> String {
    match origin {
        Origin::Default => "default".into(),
        Origin::File(source, span) => {
            format!("{}:{}", clean(&source.path.display().to_string()), source.line(span.start))
        }
        Origin::Variable(name) => name.to_string(),
        Origin::Flag(name) => (*name).into(),
    }
}

fn inline(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => quoted(text),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Switch(on) => on.to_string(),
        Value::Date(date) => date.clone(),
        Value::List(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Table(entries) if entries.is_empty() => "{}".into(),
        Value::Table(entries) => {
            let pairs = entries.iter().map(|entry| format!("{} = {}", key(&entry.key), inline(&entry.node)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

fn key(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if bare { key.into() } else { quoted(key) }
}

/// A basic string. What could steer a terminal is escaped: TOML keeps it, and the print stays harmless.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        let mut bytes = [0; 4];
        if matches!(c, '"' | '\\') {
            quoted.extend(['\\', c]);
        } else if clean(c.encode_utf8(&mut bytes)) == *c.encode_utf8(&mut [0; 4]) {
            quoted.push(c);
        } else {
            let _ = write!(quoted, "\\U{:08X}", u32::from(c));
        }
    }
    quoted.push('"');
    quoted
}
