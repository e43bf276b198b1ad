//! One tree for all layers: values that remember where they were said, and how a higher layer is laid over a lower
//! one. Knows TOML's shapes and nothing of what any key means.

use std::{ops::Range, sync::Arc};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    origin::{Origin, Source},
    problem::Problem,
};

#[derive(Clone)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Switch(bool),
    /// TOML's dates and times, as text.
    Date(String),
    List(Vec<Node>),
    /// In the order of the file: of two globs the first decides.
    Table(Vec<Entry>),
}

impl Value {
    /// What it is, for people.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Switch(_) => "a boolean",
            Self::Date(_) => "a date or time",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

#[derive(Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Where the key itself stands.
    pub(super) key_origin: Origin,
    pub(super) node: Node,
}

impl Node {
    pub(super) fn text(text: impl Into<String>, origin: Origin) -> Self {
        Self { value: Value::Text(text.into()), origin }
    }

    pub(super) fn list(items: Vec<Node>, origin: Origin) -> Self {
        Self { value: Value::List(items), origin }
    }

    pub(super) fn table(entries: Vec<Entry>, origin: Origin) -> Self {
        Self { value: Value::Table(entries), origin }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Date(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_switch(&self) -> Option<bool> {
        if let Value::Switch(on) = self.value { Some(on) } else { None }
    }

    pub(super) fn as_number(&self) -> Option<f64> {
        match self.value {
            Value::Integer(number) => Some(number as f64),
            Value::Float(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn items(&self) -> &[Node] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    pub(super) fn items_mut(&mut self) -> &mut [Node] {
        if let Value::List(items) = &mut self.value { items } else { &mut [] }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        if let Value::Table(entries) = &self.value { entries } else { &[] }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let Value::Table(entries) = &mut self.value else { return None };
        entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.node)
    }

    pub(super) fn remove(&mut self, key: &str) {
        if let Value::Table(entries) = &mut self.value {
            entries.retain(|entry| entry.key != key);
        }
    }

    /// Lays a higher layer over this one: tables by key, everything else as a whole.
    pub(super) fn merge(&mut self, higher: Node) {
        match (&mut self.value, higher.value) {
            (Value::Table(mine), Value::Table(theirs)) => {
                for entry in theirs {
                    match mine.iter_mut().find(|mine| mine.key == entry.key) {
                        Some(mine) => mine.node.merge(entry.node),
                        None => mine.push(entry),
                    }
                }
            }
            (mine, theirs) => {
                *mine = theirs;
                self.origin = higher.origin;
            }
        }
    }

    /// Lays one value over this tree, at a dotted path.
    pub(super) fn set(&mut self, path: &str, node: Node) {
        let mut higher = node;
        for key in path.rsplit('.') {
            let origin = higher.origin.clone();
            let entry = Entry { key: key.into(), key_origin: origin.clone(), node: higher };
            higher = Node::table(vec![entry], origin);
        }
        self.merge(higher);
    }
}

/// The tree of a file, and each place where the file is no TOML.
pub(super) fn parse(source: &Arc<Source>) -> (Node, Vec<Problem>) {
    let at = |span: Range<usize>| Origin::File(source.clone(), span);
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    let mut lines = Vec::new();
    let mut problems = Vec::new();
    for error in errors {
        let span = error.span().unwrap_or(source.text.len()..source.text.len());
        let line = source.line(span.start);
        // The first of a line is the one that counts: the parser goes on and trips over its rest.
        if !lines.contains(&line) {
            lines.push(line);
            problems.push(Problem::new(at(span), "this is no TOML", error.message()));
        }
    }
    (Node::table(entries(document.into_inner(), &at), at(0..0)), problems)
}

/// The tree of the embedded defaults.
pub(super) fn parse_default(text: &str) -> Node {
    let at = |_| Origin::Default;
    Node::table(entries(DeTable::parse_recoverable(text).0.into_inner(), &at), Origin::Default)
}

fn entries(table: DeTable<'_>, at: &dyn Fn(Range<usize>) -> Origin) -> Vec<Entry> {
    let mut entries: Vec<_> = table.into_iter().collect();
    // The parser sorts by name; the order in which things are written is the one that counts.
    entries.sort_by_key(|(key, _)| key.span().start);
    let entry = |(key, value): (Spanned<_>, Spanned<DeValue<'_>>)| Entry {
        key_origin: at(key.span()),
        key: std::borrow::Cow::into_owned(key.into_inner()),
        node: node(value, at),
    };
    entries.into_iter().map(entry).collect()
}

fn node(value: Spanned<DeValue<'_>>, at: &dyn Fn(Range<usize>) -> Origin) -> Node {
    let origin = at(value.span());
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            // Beyond what anybody counts; not finite, so that whoever reads it refuses it.
            .map_or(Value::Float(f64::INFINITY), Value::Integer),
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(on) => Value::Switch(on),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(items) => Value::List(items.into_iter().map(|item| node(item, at)).collect()),
        DeValue::Table(table) => Value::Table(entries(table, at)),
    };
    Node { value, origin }
}
