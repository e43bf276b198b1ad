//! The configuration: layers in (embedded defaults, file, variables, flags), one typed [`Config`] out, or everything
//! that is wrong with it, each with its place.
//!
//! Names `domain` and nothing else of this crate. Reads no environment, no clock and no file by itself and prints
//! nothing: all of that is an argument or a return value.

mod above;
mod doubt;
mod effective;
mod locate;
mod origin;
mod problem;
mod read;
mod schema;
mod shape;
mod tree;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

pub use effective::Effective;
pub use problem::ConfigErrors;

use crate::domain::{
    accept::AcceptUnseen,
    finding::FailOn,
    life::LifeRules,
    roster::{Regions, Roster},
    rules::Rules,
    sink::SinkRules,
};
use origin::Origin;
use read::{Reader, View};
use tree::Node;

/// The embedded defaults, commented for people.
pub const DEFAULT: &str = include_str!("default.toml");

/// The role that is assumed in each account of an organization where none is named.
const MEMBER_ROLE: &str = "slmon";

/// All that the configuration is made of.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// `--config`.
    pub path: Option<&'a Path>,
    /// The environment.
    pub env: &'a BTreeMap<String, String>,
    /// The other flags.
    pub flags: &'a Flags,
    /// How a file is read.
    pub read_file: &'a dyn Fn(&Path) -> io::Result<String>,
}

/// Flags that say what the configuration says, as they were typed.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Flags {
    /// `--profile`.
    pub profile: Option<String>,
    /// `--role`.
    pub role: Option<String>,
    /// `--external-id`.
    pub external_id: Option<String>,
    /// `--organization`.
    pub organization: bool,
    /// `--region`, each of which may hold several with commas between them.
    pub regions: Vec<String>,
    /// `--window`.
    pub window: Option<String>,
    /// `--baseline`.
    pub baseline: Option<String>,
    /// `--settle`.
    pub settle: Option<String>,
    /// `--fail-on`.
    pub fail_on: Option<String>,
    /// `--deadline`.
    pub deadline: Option<String>,
    /// `--no-hidden`.
    pub no_hidden: bool,
    /// `--allow-empty`.
    pub allow_empty: bool,
    /// `--min-coverage`.
    pub min_coverage: Option<String>,
    /// `--blind-spots`.
    pub blind_spots: bool,
    /// `--no-cache`.
    pub no_cache: bool,
    /// `--check`, each of which may hold several with commas between them.
    pub checks: Vec<String>,
}

/// What holds.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which accounts and regions there are to see.
    pub roster: Roster,
    /// How functions are seen.
    pub rules: Rules,
    /// Unseen targets that are accepted.
    pub accept_unseen: Vec<AcceptUnseen>,
    /// What the gate is asked.
    pub alert: AlertSettings,
    /// Whether what was found is kept on disk.
    pub cache: bool,
    /// What the dashboard may cost and how it looks.
    pub dashboard: Dashboard,
    /// How alerts live, for whoever is told of them.
    pub alerts: LifeRules,
    /// Who is told of them.
    pub notify: Vec<SinkRules>,
    /// US dollars an hour that looking for causes of what is told may cost.
    pub cause_cost: f64,
}

/// `[watch]` and `[dashboard]`: what the dashboard may cost and how it looks.
#[derive(Clone, Debug, PartialEq)]
pub struct Dashboard {
    /// US dollars a day that reading metrics may cost; none where there is no budget.
    pub budget: Option<f64>,
    /// The theme's name; `auto` is one of the two below.
    pub theme: String,
    /// The one for terminals with a dark background.
    pub theme_dark: String,
    /// The one for terminals with a light background.
    pub theme_light: String,
    /// How whoever looks elsewhere is told of new alerts.
    pub notify: Notify,
    /// Whether the mouse is the dashboard's; else the terminal's own, which selects text with it.
    pub mouse: bool,
    /// The address of the AWS access portal; none where nobody signs in through one.
    pub portal: Option<String>,
    /// The permission set with which the console is opened; none: the portal asks.
    pub portal_role: Option<String>,
    /// Keys that somebody chose, by command.
    pub keys: Vec<(String, Vec<String>)>,
}

/// How whoever looks elsewhere is told of new alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notify {
    /// As the terminal can, as far as its variables tell.
    Auto,
    /// Not at all.
    Off,
    /// By the bell.
    Bell,
    /// By the sequence OSC 9.
    Osc9,
    /// By the sequence OSC 777.
    Osc777,
}

impl Default for Dashboard {
    fn default() -> Self {
        Self {
            budget: None,
            theme: "terminal".into(),
            theme_dark: "catppuccin-mocha".into(),
            theme_light: "catppuccin-latte".into(),
            notify: Notify::Auto,
            mouse: true,
            portal: None,
            portal_role: None,
            keys: Vec::new(),
        }
    }
}

/// `[alert]`: what the gate looks at and when it fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlertSettings {
    /// The window, in minutes.
    pub window: i64,
    /// How many minutes right before the window it is compared with, if it is.
    pub baseline: Option<i64>,
    /// How many minutes are left to settle.
    pub settle: i64,
    /// What makes it fail.
    pub fail_on: FailOn,
    /// When it stops waiting.
    pub deadline: Duration,
    /// Whether failures outside production are counted.
    pub hidden: bool,
    /// Whether no production function at all is fine.
    pub allow_empty: bool,
    /// The share of targets (0.0 to 1.0) that is enough to have seen.
    pub min_coverage: f64,
    /// Whether all functions are searched for blind spots.
    pub blind_spots: bool,
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            window: 15,
            baseline: None,
            settle: 3,
            fail_on: FailOn::Critical,
            deadline: Duration::from_secs(30),
            hidden: true,
            allow_empty: false,
            min_coverage: 1.0,
            blind_spots: false,
        }
    }
}

/// A configuration that holds.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The same for people, with where each value comes from.
    pub effective: Effective,
    /// The file that was read, if one was.
    pub file: Option<PathBuf>,
}

impl Loaded {
    /// What is other than in a configuration that held before: keys, tables of which there may be several by their place, and
    /// sinks by their names.
    pub fn changed_since(&self, before: &Self) -> Vec<String> {
        self.effective.changed_since(&before.effective)
    }
}

/// Reads all layers.
pub fn load(inputs: &Inputs<'_>) -> Result<Loaded, ConfigErrors> {
    let mut problems = Vec::new();
    let mut tree = tree::parse_default(DEFAULT);
    let source = locate::read(inputs).unwrap_or_else(|problem| {
        problems.push(*problem);
        None
    });
    let (mut referred, mut broken, mut doubt) = (Vec::new(), Vec::new(), doubt::Doubt::default());
    if let Some(source) = &source {
        let file;
        (file, broken) = tree::parse(source);
        doubt = doubt::Doubt::of(source, &broken);
        problems.extend(shape::check(&file));
        referred = referred_variables(&file);
        tree.merge(file);
    }
    let mut above = above::Above::read(inputs.env, inputs.flags, &referred);
    problems.append(&mut above.problems);
    above.lay_over(&mut tree);
    name_member_roles(&mut tree);

    let root = View::root(&tree);
    let directory = source.as_ref().and_then(|source| source.path.parent());
    let mut reader = Reader { env: inputs.env, read_file: inputs.read_file, directory, problems };
    let roster = reader.roster(&root);
    let mut rules = reader.rules(&root);
    // Regions said above the file narrow what has its own there; what has none is read in them.
    let said_above =
        |node: &Node| node.items().iter().any(|item| matches!(item.origin, Origin::Flag(_) | Origin::Variable(_)));
    if let (Some(Regions::These(regions)), true) = (&roster.regions, tree.get("regions").is_some_and(said_above)) {
        rules.scope.regions.clone_from(regions);
    }
    let cache = read::switch(&root, "cache").unwrap_or(true);
    let (accept_unseen, alert) = (reader.accept_unseen(&root), reader.alert(&root));
    let dashboard = reader.dashboard(&root);
    let (alerts, notify) = (reader.alerts(&root), reader.sinks(&root));
    let cause_cost = reader.cause_cost(&root);
    let config = Config { roster, rules, accept_unseen, alert, cache, dashboard, alerts, notify, cause_cost };
    let mut problems = reader.problems;
    // Half a line would be called wrong twice.
    problems.retain(|problem| doubt.spares(problem));
    problems.extend(broken);
    if !problems.is_empty() {
        return Err(ConfigErrors::new(problems));
    }
    let file = source.as_ref().map(|source| source.path.clone());
    Ok(Loaded { config, effective: Effective::of(&tree), file })
}

/// Variables that the file names by itself.
fn referred_variables(file: &Node) -> Vec<String> {
    ["organizations", "accounts", "notify"]
        .iter()
        .filter_map(|key| file.get(key))
        .flat_map(Node::items)
        .flat_map(Node::entries)
        .filter(|entry| entry.key.ends_with("_env"))
        .filter_map(|entry| Some(entry.node.as_text()?.trim().to_string()))
        .collect()
}

/// Writes the default role into each organization without one, so that the printed configuration shows it.
fn name_member_roles(tree: &mut Node) {
    let Some(organizations) = tree.get_mut("organizations") else { return };
    for organization in organizations.items_mut() {
        if organization.get("role").is_none() && matches!(organization.value, tree::Value::Table(_)) {
            organization.set("role", Node::text(MEMBER_ROLE, Origin::Default));
        }
    }
}

#[cfg(test)]
mod tests;
