//! The layers above the file: variables and flags, turned into values at the paths of the keys they stand for. Knows
//! the list of keys and gets the environment as a value; reads none itself.

use std::collections::BTreeMap;

use super::{
    Flags,
    origin::Origin,
    problem::Problem,
    schema::{self, FILE_VARIABLE, KEYS, Kind, PREFIX, START},
    tree::{Entry, Node, Value},
};
use crate::domain::{rules::more::Extra, text::nearest};

/// The flag that switches a check on.
const CHECK: &str = "--check";

/// What variables and flags say.
#[derive(Default)]
pub(super) struct Above {
    /// Values and the paths of their keys, the stronger one later.
    pub(super) settings: Vec<(&'static str, Node)>,
    /// What says which accounts there are, by the names of [`START`].
    start: BTreeMap<&'static str, Node>,
    pub(super) problems: Vec<Problem>,
}

impl Above {
    /// Reads variables, then flags. `referred` are variables that the file names: whatever they look like, they are
    /// no mistyped ones of ours.
    pub(super) fn read(env: &BTreeMap<String, String>, flags: &Flags, referred: &[String]) -> Self {
        let mut above = Self::default();
        above.variables(env);
        above.unknown(env, referred);
        above.flags(flags);
        above
    }

    fn variables(&mut self, env: &BTreeMap<String, String>) {
        // An empty variable is one that is not set: that is how scripts switch one off.
        let set = |name: &str| env.get(name).map(String::as_str).filter(|value| !value.trim().is_empty());
        for key in KEYS {
            let Some(long) = key.variable() else { continue };
            let short = key.short.and_then(|name| Some((name, set(name)?)));
            let (name, value) = match (set(&long), short) {
                (Some(_), Some((short, _))) => {
                    let why = format!("{short} is set, too, and means the same; keep one of the two");
                    self.problems.push(Problem::new(variable(&long), "", why));
                    continue;
                }
                (Some(value), None) => (long.as_str(), value),
                (None, Some(short)) => short,
                (None, None) => continue,
            };
            match typed(key.kind, value, &variable(name)) {
                Ok(node) => self.settings.push((key.path, node)),
                Err(problem) => self.problems.push(*problem),
            }
        }
        for start in START {
            let Some(value) = set(start.variable) else { continue };
            let kind = if start.name == "organization" { Kind::Switch } else { Kind::Text };
            match typed(kind, value, &variable(start.variable)) {
                Ok(node) => drop(self.start.insert(start.name, node)),
                Err(problem) => self.problems.push(*problem),
            }
        }
    }

    /// A variable of ours that is only nearly one: silence would mean that it counts.
    fn unknown(&mut self, env: &BTreeMap<String, String>, referred: &[String]) {
        let known: Vec<String> = KEYS
            .iter()
            .flat_map(|key| key.variable().into_iter().chain(key.short.map(Into::into)))
            .chain(START.iter().map(|start| start.variable.into()))
            .chain([FILE_VARIABLE.into()])
            .collect();
        for name in env.keys().filter(|name| !known.contains(name) && !referred.contains(name)) {
            let Some(word) = name.strip_prefix(PREFIX) else { continue };
            // The prefix is no part of the likeness, or every short name would be like every other.
            let words = known.iter().filter_map(|name| name.strip_prefix(PREFIX));
            let last = |key: &&schema::Key| schema::split(key.path).1.eq_ignore_ascii_case(word);
            let whole = || KEYS.iter().filter(last).find_map(schema::Key::variable);
            if let Some(near) = nearest(word, words).map(|near| format!("{PREFIX}{near}")).or_else(whole) {
                let problem = Problem::new(variable(name), "", "there is no such variable");
                self.problems.push(problem.help(format!("did you mean {near}?")));
            }
        }
    }

    fn flags(&mut self, flags: &Flags) {
        let texts = [
            ("alert.window", &flags.window),
            ("alert.baseline", &flags.baseline),
            ("alert.settle", &flags.settle),
            ("alert.fail_on", &flags.fail_on),
            ("alert.deadline", &flags.deadline),
            ("alert.min_coverage", &flags.min_coverage),
        ];
        for (path, value) in texts {
            if let (Some(value), Some(origin)) = (value, flag(path)) {
                self.settings.push((path, Node::text(value, origin)));
            }
        }
        let switches = [
            ("alert.hidden", flags.no_hidden, false),
            ("alert.allow_empty", flags.allow_empty, true),
            ("alert.blind_spots", flags.blind_spots, true),
            ("cache", flags.no_cache, false),
        ];
        for (path, given, means) in switches {
            if let (true, Some(origin)) = (given, flag(path)) {
                self.settings.push((path, Node { value: Value::Switch(means), origin }));
            }
        }
        if let (false, Some(origin)) = (flags.regions.is_empty(), flag("regions")) {
            let words = flags.regions.iter().flat_map(|text| text.split(','));
            self.settings.push(("regions", list(words, &origin)));
        }
        self.checks(&flags.checks);
        for start in START {
            let origin = Origin::Flag(start.flag);
            let node = match start.name {
                "profile" => flags.profile.as_ref().map(|text| Node::text(text, origin)),
                "role" => flags.role.as_ref().map(|text| Node::text(text, origin)),
                "external_id" => flags.external_id.as_ref().map(|text| Node::text(text, origin)),
                _ => flags.organization.then_some(Node { value: Value::Switch(true), origin }),
            };
            if let Some(node) = node {
                self.start.insert(start.name, node);
            }
        }
    }

    /// `--check burn` is `on = true` in `[checks.burn]`.
    fn checks(&mut self, names: &[String]) {
        let known: Vec<&str> = Extra::ALL.iter().map(|extra| extra.as_str()).collect();
        for name in names.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|name| !name.is_empty()) {
            let origin = Origin::Flag(CHECK);
            let path = KEYS.iter().map(|key| key.path).find(|path| {
                known.contains(&name)
                    && path.strip_prefix("checks.").and_then(|rest| rest.strip_suffix(".on")) == Some(name)
            });
            if let Some(path) = path {
                self.settings.push((path, Node { value: Value::Switch(true), origin }));
                continue;
            }
            let help = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("there are {}; `errors` and `throttles` always look", known.join(", ")),
            };
            self.problems
                .push(Problem::new(origin, "", "that is no check that can be switched on").said(name).help(help));
        }
    }

    /// Lays all of it over a tree. What says which accounts there are becomes the one organization or account, in
    /// place of all that the file has: the two lists must not mix, or `--profile x` would read more than x.
    pub(super) fn lay_over(mut self, tree: &mut Node) {
        for (path, node) in self.settings {
            tree.set(path, node);
        }
        let organization = self.start.remove("organization").filter(|node| node.as_switch() == Some(true));
        let Some(origin) = organization.iter().chain(self.start.values()).map(|node| node.origin.clone()).next() else {
            return;
        };
        let entry = |(key, node): (&str, Node)| Entry { key: key.into(), key_origin: node.origin.clone(), node };
        let one = Node::table(self.start.into_iter().map(entry).collect(), origin.clone());
        tree.remove("organizations");
        tree.remove("accounts");
        let path = if organization.is_some() { "organizations" } else { "accounts" };
        tree.set(path, Node::list(vec![one], origin));
    }
}

fn variable(name: &str) -> Origin {
    Origin::Variable(name.into())
}

fn flag(path: &str) -> Option<Origin> {
    schema::find(path).and_then(|key| key.flag).map(Origin::Flag)
}

fn list<'a>(words: impl Iterator<Item = &'a str>, origin: &Origin) -> Node {
    let words = words.map(str::trim).filter(|word| !word.is_empty());
    Node::list(words.map(|word| Node::text(word, origin.clone())).collect(), origin.clone())
}

fn typed(kind: Kind, text: &str, origin: &Origin) -> Result<Node, Box<Problem>> {
    let value = match kind {
        Kind::Words => return Ok(list(text.split(','), origin)),
        Kind::Switch => match text.trim().to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Value::Switch(true),
            "false" | "no" | "off" | "0" => Value::Switch(false),
            _ => return Err(Box::new(Problem::new(origin.clone(), "", "true or false is needed").said(text))),
        },
        _ => Value::Text(text.into()),
    };
    Ok(Node { value, origin: origin.clone() })
}
