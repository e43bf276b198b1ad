//! What decides how a function is seen: `[discovery]`, `[stage]`, `[checks]` and `[[override]]`.

use std::sync::Arc;

use super::{Complaint, Reader, View, check_name, free, glob, one_of, switch, when, word};
use crate::{
    config::{
        origin::Origin,
        problem::Problem,
        schema,
        tree::{Node, Value},
    },
    domain::{
        finding::Severity,
        mute::MuteRule,
        rules::{
            Glob, Limits, LimitsPatch, Override, Rules, Scope, StageRules, Vocabulary, WatchRules,
            limits::{CheckLimits, Clause, Clauses},
            more::MoreLimits,
            span_minutes, words,
        },
        text::nearest,
    },
};

const SELECTORS: &[&str] = &["account", "region", "function", "tag"];
const MUTED: &[&str] = &["client", "account", "region", "function"];
const SEVERITIES: &[(&str, Severity)] = &[("warning", Severity::Warning), ("critical", Severity::Critical)];

impl Reader<'_> {
    pub(in crate::config) fn rules(&mut self, root: &View<'_>) -> Rules {
        let watch = self.watch(&root.table("discovery"));
        let stage = self.stage(&root.table("stage"));
        let limits = Arc::new(self.limits(&root.table("checks")));
        let mut overrides = Vec::new();
        for (at, view) in root.tables("override").enumerate() {
            overrides.push(self.one_override(at + 1, &view, &stage.vocabulary));
        }
        let mutes = root.tables("mute").enumerate().filter_map(|(at, view)| self.mute(at + 1, &view)).collect();
        Rules { watch, stage, limits, overrides, mutes, scope: Scope::default() }
    }

    fn watch(&mut self, view: &View<'_>) -> WatchRules {
        let usual = WatchRules::default();
        WatchRules {
            key: self.text(view, "tag", tag_key).unwrap_or(usual.key),
            values: self.some_words(view, "values", word).unwrap_or(usual.values),
        }
    }

    fn stage(&mut self, view: &View<'_>) -> StageRules {
        let usual = StageRules::default();
        let vocabulary = Vocabulary {
            production: self.some_words(view, "production", word).unwrap_or(usual.vocabulary.production),
            other: self.words(view, "other", one_word).unwrap_or(usual.vocabulary.other),
            last_only: self.words(view, "last_only", one_word).unwrap_or(usual.vocabulary.last_only),
            negations: self.words(view, "negations", one_word).unwrap_or(usual.vocabulary.negations),
        };
        let mut accounts = Vec::new();
        let path = view.path("accounts");
        for entry in view.get("accounts").map_or(&[][..], Node::entries) {
            let key = Node::text(entry.key.as_str(), entry.key_origin.clone());
            let account = self.parse(&path, &key, glob);
            let stage = self.parse(&path, &entry.node, |text| stage_word(text, &vocabulary));
            accounts.extend(account.zip(stage));
        }
        StageRules {
            tags: self.words(view, "tags", word).unwrap_or(usual.tags),
            names: switch(view, "names").unwrap_or(usual.names),
            vocabulary,
            accounts,
        }
    }

    fn limits(&mut self, view: &View<'_>) -> Limits {
        let usual = Limits::default();
        let patch = self.patch(view, None);
        let of = |critical: Option<Clauses>, warning: Option<Clauses>, usual: CheckLimits| CheckLimits {
            critical: critical.unwrap_or(usual.critical),
            warning: warning.unwrap_or(usual.warning),
        };
        let mut more = MoreLimits::default();
        for (word, by) in &patch.more {
            more.take(*word, by);
        }
        Limits {
            errors: of(patch.errors_critical, patch.errors_warning, usual.errors),
            throttles: of(patch.throttles_critical, patch.throttles_warning, usual.throttles),
            more,
        }
    }

    fn patch(&mut self, view: &View<'_>, by: Option<&str>) -> LimitsPatch {
        let (errors, throttles) = (view.table("errors"), view.table("throttles"));
        LimitsPatch {
            errors_critical: self.clauses(&errors, "critical", by),
            errors_warning: self.clauses(&errors, "warning", by),
            throttles_critical: self.clauses(&throttles, "critical", by),
            throttles_warning: self.clauses(&throttles, "warning", by),
            more: self.more(view, by),
        }
    }

    /// The clauses of one severity. An empty list is one that never fires.
    fn clauses(&mut self, view: &View<'_>, key: &str, by: Option<&str>) -> Option<Clauses> {
        let node = view.get(key)?;
        let Value::List(items) = &node.value else { return None };
        let path = view.path(key);
        let any: Vec<Clause> = items.iter().filter_map(|item| self.clause(&path, item)).collect();
        let by = by.map_or_else(|| said_by(&node.origin), Into::into);
        Some(Clauses::new(any, by))
    }

    fn clause(&mut self, path: &str, node: &Node) -> Option<Clause> {
        let Value::Table(entries) = &node.value else { return None };
        if entries.is_empty() {
            self.refuse(path, node, "a count, a rate or both are needed, such as { count = 3, rate = 0.05 }");
        }
        // What is left away holds always: no call is needed for a rate alone but one, and no rate for a count alone.
        let mut clause = Clause::new(1.0, 0.0);
        if let Some(count) = node.get("count") {
            clause.count = count.as_number()?;
            if !(clause.count.is_finite() && clause.count > 0.0) {
                self.refuse(path, count, "a count above 0 is needed");
            }
        }
        if let Some(rate) = node.get("rate") {
            clause.rate = rate.as_number()?;
            if !(0.0..=1.0).contains(&clause.rate) {
                self.refuse(path, rate, "a fraction from 0 to 1 is needed, such as 0.05 for 5 %");
            }
        }
        Some(clause)
    }

    fn one_override(&mut self, number: usize, view: &View<'_>, vocabulary: &Vocabulary) -> Override {
        let name = match view.origin() {
            Origin::File(source, span) => format!("override {number} (line {})", source.line(span.start)),
            _ => format!("override {number}"),
        };
        self.has_a_point(view);
        Override {
            account: self.text(view, "account", glob),
            region: self.text(view, "region", glob),
            function: self.text(view, "function", glob),
            tag: self.text(view, "tag", tag_selector),
            watch: switch(view, "watch"),
            stage: self.text(view, "stage", |text| stage_word(text, vocabulary)),
            limits: self.patch(&view.table("checks"), Some(&name)),
            severity: self.text(view, "severity", one_of(SEVERITIES)),
            mute_until: self.text(view, "mute_until", when),
            window: self.text(view, "window", span_minutes),
            owner: self.text(view, "owner", free),
            runbook: self.text(view, "runbook", free),
            name,
        }
    }

    fn mute(&mut self, number: usize, view: &View<'_>) -> Option<MuteRule> {
        let missing: Vec<&str> = ["until", "reason"].into_iter().filter(|key| view.get(key).is_none()).collect();
        if !missing.is_empty() {
            let title = format!("[[mute]] without `{}`", missing.join("`, `"));
            self.problems.push(Problem::new(view.origin(), title, "what is muted needs an end and a reason"));
        }
        if !MUTED.iter().any(|key| view.get(key).is_some()) {
            let problem = Problem::new(view.origin(), "this [[mute]] selects nothing", "it would mute every function");
            self.problems.push(problem.help(format!("say at least one of `{}`", MUTED.join("`, `"))));
        }
        let name = match view.origin() {
            Origin::File(source, span) => format!("[[mute]] {number} (line {})", source.line(span.start)),
            _ => format!("[[mute]] {number}"),
        };
        Some(MuteRule {
            account: self.text(view, "account", glob),
            region: self.text(view, "region", glob),
            function: self.text(view, "function", glob),
            client: self.text(view, "client", glob),
            check: self.text(view, "check", check_name),
            until: self.text(view, "until", when)?,
            reason: self.text(view, "reason", free)?.raw().to_owned(),
            name,
        })
    }

    /// An override has to match something and to change something.
    fn has_a_point(&mut self, view: &View<'_>) {
        let keys: Vec<&str> = view.node.map_or(&[][..], Node::entries).iter().map(|entry| entry.key.as_str()).collect();
        let known = |key: &&&str| schema::find(&view.path(key)).is_some();
        if keys.iter().any(|key| !known(&key)) {
            // An unknown key may well be the one that is missed.
            return;
        }
        if !keys.iter().any(|key| SELECTORS.contains(key)) {
            let why = "it would match every function";
            let problem = Problem::new(view.origin(), "this override selects nothing", why);
            self.problems.push(problem.help(
                "say `account`, `region`, `function` or `tag`; what holds for all of them goes to [checks] or [stage]",
            ));
        }
        let changes = |key: &&str| {
            let node = view.get(key);
            !SELECTORS.contains(key) && (*key != "checks" || node.is_some_and(says_something))
        };
        if !keys.iter().any(changes) {
            let effects: Vec<String> = schema::children(&view.path)
                .map(|key| schema::split(key.path).1)
                .filter(|key| !SELECTORS.contains(key))
                .map(|key| format!("`{key}`"))
                .collect();
            let problem = Problem::new(view.origin(), "this override changes nothing", "");
            self.problems.push(problem.help(format!("say at least one of {}", effects.join(", "))));
        }
    }
}

/// Whether some value lies in a table or below it.
fn says_something(node: &Node) -> bool {
    match &node.value {
        Value::Table(entries) => entries.iter().any(|entry| says_something(&entry.node)),
        _ => true,
    }
}

pub(super) fn said_by(origin: &Origin) -> Arc<str> {
    match origin {
        Origin::Default => "default".into(),
        Origin::File(..) => "config".into(),
        Origin::Variable(name) => name.clone(),
        Origin::Flag(name) => (*name).into(),
    }
}

/// A tag's key. AWS takes 128 characters and refuses a request with more.
fn tag_key(text: &str) -> Result<String, Complaint> {
    if text.chars().count() > 128 {
        return Err("a tag's key has at most 128 characters".into());
    }
    Ok(text.into())
}

fn tag_selector(text: &str) -> Result<(String, Glob), Complaint> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((tag_key(key)?, glob(value)?)),
        _ => Err("a tag's key and a glob for its value are needed, such as team=pay-*".into()),
    }
}

/// A word that names are searched for. Names are split into words, so that one with a hyphen or a digit at its end
/// would never be found.
fn one_word(text: &str) -> Result<String, Complaint> {
    let word = text.trim().to_lowercase();
    let split = words::words(text.trim());
    if split.len() == 1 && split[0] == word {
        return Ok(word);
    }
    let help = (!split.is_empty()).then(|| format!("names are split into words: `{}`", split.join("`, `")));
    Err(Complaint::from("one word is needed, without digits at its end").help(help))
}

/// A stage in the configuration's words. One that is in no list is refused, since as a label it would silently mean
/// "not production".
fn stage_word(text: &str, vocabulary: &Vocabulary) -> Result<String, Complaint> {
    let word = text.trim().to_lowercase();
    let mut known =
        vocabulary.production.iter().chain(&vocabulary.other).map(String::as_str).chain(["other", "unknown"]);
    if known.clone().any(|known| known == word) {
        return Ok(text.trim().into());
    }
    let help = match nearest(&word, known.by_ref()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "another label has to stand in `production` or `other` in [stage] first".into(),
    };
    let production = vocabulary.production.iter().find(|word| *word == "production").or(vocabulary.production.first());
    let production = production.map_or("production", String::as_str);
    let needed = format!("a stage is needed: {production}, other, unknown or a word of [stage]");
    Err(Complaint::from(needed).help(Some(help)))
}
