//! The typed reading of the merged tree: what each value means, and every value that is not good, none of them
//! stopping the rest. Forms are checked before (`shape`); a value of a wrong form is passed over here.

pub(super) mod alert;
pub(super) mod alerts;
mod checks;
pub(super) mod roster;
pub(super) mod rules;
pub(super) mod screen;
pub(super) mod sinks;

use std::{collections::BTreeMap, io, path::Path};

use jiff::Timestamp;

use super::{
    origin::Origin,
    problem::Problem,
    schema,
    tree::{Node, Value},
};
use crate::domain::{
    account::{AccountId, Region},
    mute::checks,
    rules::{Glob, instant},
    text::{AwsText, nearest},
    window::Minute,
};

/// What is needed instead of a value, and what helps.
pub(super) struct Complaint {
    needed: String,
    help: Option<String>,
}

impl From<String> for Complaint {
    fn from(needed: String) -> Self {
        Self { needed, help: None }
    }
}

impl From<&str> for Complaint {
    fn from(needed: &str) -> Self {
        needed.to_string().into()
    }
}

impl Complaint {
    fn help(self, help: Option<String>) -> Self {
        Self { help, ..self }
    }
}

/// A table that is being read, and its path in the list of keys.
pub(super) struct View<'t> {
    node: Option<&'t Node>,
    path: String,
}

impl<'t> View<'t> {
    pub(super) fn root(node: &'t Node) -> Self {
        Self { node: Some(node), path: String::new() }
    }

    fn get(&self, key: &str) -> Option<&'t Node> {
        self.node.and_then(|node| node.get(key))
    }

    fn path(&self, key: &str) -> String {
        schema::join(&self.path, key)
    }

    fn table(&self, key: &str) -> Self {
        Self { node: self.get(key), path: self.path(key) }
    }

    fn tables(&self, key: &str) -> impl Iterator<Item = Self> {
        let path = self.path(key);
        let items: &'t [Node] = self.get(key).map_or(&[], Node::items);
        items
            .iter()
            .filter(|item| matches!(item.value, Value::Table(_)))
            .map(move |item| Self { node: Some(item), path: path.clone() })
    }

    fn origin(&self) -> Origin {
        self.node.map_or(Origin::Default, |node| node.origin.clone())
    }
}

/// Reads values and keeps what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) env: &'a BTreeMap<String, String>,
    pub(super) read_file: &'a dyn Fn(&Path) -> io::Result<String>,
    /// Where the configuration file is, for files that it names.
    pub(super) directory: Option<&'a Path>,
    pub(super) problems: Vec<Problem>,
}

impl Reader<'_> {
    /// Keeps a complaint about a value.
    fn refuse(&mut self, path: &str, node: &Node, complaint: impl Into<Complaint>) {
        let complaint = complaint.into();
        let problem =
            Problem::new(node.origin.clone(), format!("bad value for {}", schema::said(path)), complaint.needed);
        let secret = path.ends_with("external_id");
        let problem = match node.as_text().filter(|text| !secret && !text.trim().is_empty()) {
            Some(text) => problem.said(text),
            None => problem,
        };
        self.problems.push(problem.maybe_help(complaint.help));
    }

    /// A text and what it means.
    fn text<T, C: Into<Complaint>>(
        &mut self,
        view: &View<'_>,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, C>,
    ) -> Option<T> {
        let node = view.get(key)?;
        self.parse(&view.path(key), node, parse)
    }

    /// A list of texts and what each means.
    fn words<T, C: Into<Complaint>>(
        &mut self,
        view: &View<'_>,
        key: &str,
        parse: impl Fn(&str) -> Result<T, C>,
    ) -> Option<Vec<T>> {
        let node = view.get(key)?;
        let path = view.path(key);
        Some(node.items().iter().filter_map(|item| self.parse(&path, item, &parse)).collect())
    }

    /// A list of texts that must not be empty.
    fn some_words<T, C: Into<Complaint>>(
        &mut self,
        view: &View<'_>,
        key: &str,
        parse: impl Fn(&str) -> Result<T, C>,
    ) -> Option<Vec<T>> {
        if let Some(node) = view.get(key)
            && matches!(&node.value, Value::List(items) if items.is_empty())
        {
            self.refuse(&view.path(key), node, "at least one is needed");
        }
        self.words(view, key, parse)
    }

    fn parse<T, C: Into<Complaint>>(
        &mut self,
        path: &str,
        node: &Node,
        parse: impl FnOnce(&str) -> Result<T, C>,
    ) -> Option<T> {
        let text = node.as_text()?;
        let read = if text.trim().is_empty() { Err("it is empty".into()) } else { parse(text).map_err(Into::into) };
        read.map_err(|complaint: Complaint| self.refuse(path, node, complaint)).ok()
    }
}

pub(super) fn switch(view: &View<'_>, key: &str) -> Option<bool> {
    view.get(key).and_then(Node::as_switch)
}

/// Any text, which travels into reports.
#[expect(clippy::unnecessary_wraps, reason = "stands where a parser stands")]
fn free(text: &str) -> Result<AwsText, Complaint> {
    Ok(text.trim().into())
}

#[expect(clippy::unnecessary_wraps, reason = "stands where a parser stands")]
fn word(text: &str) -> Result<String, Complaint> {
    Ok(text.trim().to_lowercase())
}

fn glob(text: &str) -> Result<Glob, Complaint> {
    Glob::new(text.trim()).map_err(|why| format!("this is no glob: {why}").into())
}

fn account_id(text: &str) -> Result<AccountId, Complaint> {
    AccountId::parse(text.trim()).ok_or_else(|| "an account id is needed: twelve digits".into())
}

fn region(text: &str) -> Result<Region, Complaint> {
    let text = text.trim();
    Region::parse(text).ok_or_else(|| {
        let near = Region::nearest_known(text).map(|near| format!("did you mean `{near}`?"));
        Complaint::from("a region's code is needed, such as eu-west-1").help(near)
    })
}

/// An instant with its offset, or a date. A time without an offset is refused: it would mean another one on every
/// machine.
fn when(text: &str) -> Result<Minute, Complaint> {
    let text = text.trim();
    if text.parse::<Timestamp>().is_err() && text.len() > "2026-12-01".len() {
        return Err("a date or an instant with its offset is needed, such as 2026-12-01 or 2026-12-01T08:00:00Z".into());
    }
    instant(text).map_err(Into::into)
}

/// The name of a check, whether a run asks for it or not.
fn check_name(text: &str) -> Result<String, Complaint> {
    let text = text.trim();
    let near = nearest(text, checks()).map(|near| format!("did you mean `{near}`?"));
    let known = checks().collect::<Vec<_>>().join(", ");
    let refused = || Complaint::from(format!("the name of a check is needed: {known}")).help(near);
    if checks().any(|name| name == text) { Ok(text.to_owned()) } else { Err(refused()) }
}

/// One of a few words.
fn one_of<T: Copy>(choices: &'static [(&'static str, T)]) -> impl Fn(&str) -> Result<T, Complaint> {
    move |text| {
        let said = text.trim().to_lowercase();
        choices.iter().find(|(name, _)| *name == said).map(|(_, choice)| *choice).ok_or_else(|| {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let near = nearest(&said, names.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            Complaint::from(format!("one of {} is needed", names.join(", "))).help(near)
        })
    }
}
