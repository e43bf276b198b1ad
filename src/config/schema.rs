//! Every key that there is, in one list: the unknown-key check, the environment's names, the flags' names and the
//! order of the printed configuration are all read from it. Says what form a value has, not which values are good.

/// The form of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string.
    Text,
    /// A date or an instant, quoted or not.
    When,
    /// A share: a number of at most 1, or a text such as `95%`.
    Share,
    /// `true` or `false`.
    Switch,
    /// A whole number.
    Number,
    /// A list of strings.
    Words,
    /// A list of `{ count, rate }`.
    Clauses,
    /// A table from globs to words.
    Labels,
    /// A table from commands to lists of keys.
    Bindings,
    /// A table whose keys are in this list.
    Table,
    /// `[[tables]]` whose keys are in this list.
    Tables,
}

/// One key.
pub(super) struct Key {
    /// Its path, dotted; the elements of `[[tables]]` have no index.
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    /// A shorter variable beside the one made from the path.
    pub(super) short: Option<&'static str>,
    /// The flag that beats it.
    pub(super) flag: Option<&'static str>,
}

const fn key(path: &'static str, kind: Kind) -> Key {
    Key { path, kind, short: None, flag: None }
}

const fn flag(path: &'static str, kind: Kind, short: Option<&'static str>, flag: &'static str) -> Key {
    Key { path, kind, short, flag: Some(flag) }
}

use Kind::{Bindings, Clauses, Labels, Number, Share, Switch, Table, Tables, Text, When, Words};

/// All keys, parents before their children.
pub(super) const KEYS: &[Key] = &[
    flag("regions", Words, None, "--region"),
    flag("cache", Switch, None, "--no-cache"),
    key("organizations", Tables),
    key("organizations.client", Text),
    key("organizations.profile", Text),
    key("organizations.management_role", Text),
    key("organizations.role", Text),
    key("organizations.external_id", Text),
    key("organizations.external_id_env", Text),
    key("organizations.external_id_file", Text),
    key("organizations.include_ous", Words),
    key("organizations.exclude", Words),
    key("organizations.regions", Words),
    key("accounts", Tables),
    key("accounts.id", Text),
    key("accounts.name", Text),
    key("accounts.client", Text),
    key("accounts.profile", Text),
    key("accounts.role", Text),
    key("accounts.external_id", Text),
    key("accounts.external_id_env", Text),
    key("accounts.external_id_file", Text),
    key("accounts.regions", Words),
    key("discovery", Table),
    key("discovery.tag", Text),
    key("discovery.values", Words),
    key("stage", Table),
    key("stage.tags", Words),
    key("stage.production", Words),
    key("stage.other", Words),
    key("stage.last_only", Words),
    key("stage.negations", Words),
    key("stage.names", Switch),
    key("stage.accounts", Labels),
    key("checks", Table),
    key("checks.errors", Table),
    key("checks.errors.critical", Clauses),
    key("checks.errors.warning", Clauses),
    key("checks.throttles", Table),
    key("checks.throttles.critical", Clauses),
    key("checks.throttles.warning", Clauses),
    key("checks.burn", Table),
    key("checks.burn.on", Switch),
    key("checks.burn.objective", Share),
    key("checks.burn.errors", Number),
    key("checks.near-timeout", Table),
    key("checks.near-timeout.on", Switch),
    key("checks.near-timeout.warning", Share),
    key("checks.near-timeout.critical", Share),
    key("checks.iterator-age", Table),
    key("checks.iterator-age.on", Switch),
    key("checks.iterator-age.warning", Text),
    key("checks.iterator-age.critical", Text),
    key("checks.dead-letter", Table),
    key("checks.dead-letter.on", Switch),
    key("checks.dead-letter.warning", Number),
    key("checks.dead-letter.critical", Number),
    key("checks.silent", Table),
    key("checks.silent.on", Switch),
    key("checks.silent.expect", Text),
    key("checks.silent.times", Number),
    key("checks.concurrency", Table),
    key("checks.concurrency.on", Switch),
    key("checks.concurrency.warning", Share),
    key("checks.concurrency.critical", Share),
    key("checks.capacity", Table),
    key("checks.capacity.on", Switch),
    key("checks.capacity.consumed", Share),
    key("checks.capacity.throttled", Number),
    key("checks.capacity.critical", Number),
    key("alert", Table),
    flag("alert.window", Text, Some("SLMON_WINDOW"), "--window"),
    flag("alert.baseline", Text, Some("SLMON_BASELINE"), "--baseline"),
    flag("alert.settle", Text, Some("SLMON_SETTLE"), "--settle"),
    flag("alert.fail_on", Text, Some("SLMON_FAIL_ON"), "--fail-on"),
    flag("alert.deadline", Text, Some("SLMON_DEADLINE"), "--deadline"),
    flag("alert.hidden", Switch, Some("SLMON_HIDDEN"), "--no-hidden"),
    flag("alert.allow_empty", Switch, Some("SLMON_ALLOW_EMPTY"), "--allow-empty"),
    flag("alert.min_coverage", Share, Some("SLMON_MIN_COVERAGE"), "--min-coverage"),
    flag("alert.blind_spots", Switch, Some("SLMON_BLIND_SPOTS"), "--blind-spots"),
    key("watch", Table),
    key("watch.budget", Text),
    key("alerts", Table),
    key("alerts.for", Number),
    key("alerts.cause_cost", Text),
    key("alerts.resolve_below", Share),
    key("alerts.resolve_after", Text),
    key("alerts.resolve_idle", Text),
    key("alerts.flapping_changes", Number),
    key("alerts.flapping_within", Text),
    key("alerts.steady_after", Text),
    key("notify", Tables),
    key("notify.name", Text),
    key("notify.kind", Text),
    key("notify.bus", Text),
    key("notify.region", Text),
    key("notify.profile", Text),
    key("notify.url", Text),
    key("notify.url_env", Text),
    key("notify.url_file", Text),
    key("notify.token_env", Text),
    key("notify.token_file", Text),
    key("notify.key_env", Text),
    key("notify.key_file", Text),
    key("notify.command", Words),
    key("notify.severity", Text),
    key("notify.clients", Words),
    key("notify.accounts", Words),
    key("notify.tags", Words),
    key("notify.checks", Words),
    key("notify.group_from", Number),
    key("dashboard", Table),
    key("dashboard.theme", Text),
    key("dashboard.theme_dark", Text),
    key("dashboard.theme_light", Text),
    key("dashboard.mouse", Switch),
    key("dashboard.notify", Text),
    key("dashboard.access_portal", Text),
    key("dashboard.access_portal_role", Text),
    key("keys", Bindings),
    key("override", Tables),
    key("override.account", Text),
    key("override.region", Text),
    key("override.function", Text),
    key("override.tag", Text),
    key("override.watch", Switch),
    key("override.stage", Text),
    key("override.checks", Table),
    key("override.checks.errors", Table),
    key("override.checks.errors.critical", Clauses),
    key("override.checks.errors.warning", Clauses),
    key("override.checks.throttles", Table),
    key("override.checks.throttles.critical", Clauses),
    key("override.checks.throttles.warning", Clauses),
    key("override.checks.burn", Table),
    key("override.checks.burn.on", Switch),
    key("override.checks.burn.objective", Share),
    key("override.checks.burn.errors", Number),
    key("override.checks.near-timeout", Table),
    key("override.checks.near-timeout.on", Switch),
    key("override.checks.near-timeout.warning", Share),
    key("override.checks.near-timeout.critical", Share),
    key("override.checks.iterator-age", Table),
    key("override.checks.iterator-age.on", Switch),
    key("override.checks.iterator-age.warning", Text),
    key("override.checks.iterator-age.critical", Text),
    key("override.checks.dead-letter", Table),
    key("override.checks.dead-letter.on", Switch),
    key("override.checks.dead-letter.warning", Number),
    key("override.checks.dead-letter.critical", Number),
    key("override.checks.silent", Table),
    key("override.checks.silent.on", Switch),
    key("override.checks.silent.expect", Text),
    key("override.checks.silent.times", Number),
    key("override.checks.concurrency", Table),
    key("override.checks.concurrency.on", Switch),
    key("override.checks.concurrency.warning", Share),
    key("override.checks.concurrency.critical", Share),
    key("override.checks.capacity", Table),
    key("override.checks.capacity.on", Switch),
    key("override.checks.capacity.consumed", Share),
    key("override.checks.capacity.throttled", Number),
    key("override.checks.capacity.critical", Number),
    key("override.severity", Text),
    key("override.mute_until", When),
    key("override.window", Text),
    key("override.owner", Text),
    key("override.runbook", Text),
    key("mute", Tables),
    key("mute.account", Text),
    key("mute.region", Text),
    key("mute.function", Text),
    key("mute.client", Text),
    key("mute.check", Text),
    key("mute.until", When),
    key("mute.reason", Text),
    key("accept_unseen", Tables),
    key("accept_unseen.account", Text),
    key("accept_unseen.region", Text),
    key("accept_unseen.until", When),
    key("accept_unseen.reason", Text),
];

/// The keys of a clause.
pub(super) const CLAUSE: &[&str] = &["count", "rate"];

/// A value that says which accounts there are without a file. There are no such keys, only variables and flags.
pub(super) struct StartKey {
    pub(super) name: &'static str,
    pub(super) variable: &'static str,
    pub(super) flag: &'static str,
}

/// All of them.
pub(super) const START: &[StartKey] = &[
    StartKey { name: "profile", variable: "SLMON_PROFILE", flag: "--profile" },
    StartKey { name: "role", variable: "SLMON_ROLE", flag: "--role" },
    StartKey { name: "external_id", variable: "SLMON_EXTERNAL_ID", flag: "--external-id" },
    StartKey { name: "organization", variable: "SLMON_ORGANIZATION", flag: "--organization" },
];

/// The variable that names the configuration file.
pub(super) const FILE_VARIABLE: &str = "SLMON_CONFIG";

/// What each variable of ours begins with.
pub(super) const PREFIX: &str = "SLMON_";

/// The key at a path.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// A path's parent and its last key.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

/// The path of a key in a table; the root's path is empty.
pub(super) fn join(table: &str, key: &str) -> String {
    if table.is_empty() { key.into() } else { format!("{table}.{key}") }
}

/// The keys right in a table.
pub(super) fn children(table: &str) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| split(key.path).0 == table)
}

impl Key {
    /// The variable made from its path, if a variable can say it: what stands in `[[tables]]` and what is no text,
    /// list of texts, share or switch can only be said in a file.
    pub(super) fn variable(&self) -> Option<String> {
        let single = KEYS.iter().filter(|key| key.kind == Tables).all(|table| !self.is_in(table.path));
        (single && matches!(self.kind, Text | Words | Switch | Share))
            .then(|| format!("{PREFIX}{}", self.path.to_uppercase().replace(['.', '-'], "_")))
    }

    fn is_in(&self, table: &str) -> bool {
        self.path.strip_prefix(table).is_some_and(|rest| rest.starts_with('.'))
    }
}

/// A path the way people find it in a file: `` `window` in [alert] ``, `` `checks.errors` in [[override]] ``.
pub(super) fn said(path: &str) -> String {
    if let Some(table) = KEYS.iter().find(|key| key.kind == Tables && path.starts_with(&format!("{}.", key.path))) {
        return format!("`{}` in [[{}]]", &path[table.path.len() + 1..], table.path);
    }
    match split(path) {
        ("", key) => format!("`{key}`"),
        (table, key) => format!("`{key}` in [{table}]"),
    }
}

/// Where a table's keys stand, for people: `[alert]`, `[[accounts]]`.
pub(super) fn place(table: &str) -> String {
    match (table, find(table).map(|key| key.kind)) {
        ("", _) => "at the top of the file".into(),
        (_, Some(Tables)) => format!("in [[{table}]]"),
        _ if KEYS.iter().any(|key| key.kind == Tables && table.starts_with(&format!("{}.", key.path))) => {
            let (outer, inner) = table.split_once('.').unwrap_or((table, ""));
            format!("in `{inner}` of [[{outer}]]")
        }
        _ => format!("in [{table}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_said_the_way_they_stand_in_a_file() {
        assert_eq!(said("regions"), "`regions`");
        assert_eq!(said("alert.window"), "`window` in [alert]");
        assert_eq!(said("override.checks.errors.critical"), "`checks.errors.critical` in [[override]]");
        assert_eq!(place("override.checks.errors"), "in `checks.errors` of [[override]]");
    }

    #[test]
    fn every_key_has_its_parent_and_every_variable_one_meaning() {
        let mut names: Vec<String> =
            KEYS.iter().flat_map(|key| key.variable().into_iter().chain(key.short.map(Into::into))).collect();
        names.extend(START.iter().map(|start| start.variable.to_string()));
        names.push(FILE_VARIABLE.into());
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
        for key in KEYS {
            let parent = split(key.path).0;
            assert!(
                parent.is_empty() || find(parent).is_some_and(|key| matches!(key.kind, Table | Tables)),
                "{}",
                key.path
            );
        }
    }
}
