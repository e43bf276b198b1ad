//! What the configuration, the overrides and a function's own tags make of a discovered function: whether it is
//! watched, its stage, its thresholds. Pure: facts and rules in, a [`Class`] out.

pub mod glob;
pub mod limits;
pub mod more;
mod own;
pub mod scope;
pub mod stage;
pub mod watch;
pub mod words;

use std::sync::Arc;

pub use glob::Glob;
pub use limits::{Limits, LimitsPatch};
pub use own::{instant, span_minutes};
pub use scope::Scope;
pub use stage::{Stage, StageKind, StageRules};
pub use watch::WatchRules;
pub use words::Vocabulary;

use super::{
    account::Account,
    finding::{Severity, SpotText},
    function::Discovered,
    mute::MuteRule,
    text::AwsText,
    window::Minute,
};

/// All that decides whether and how a function is seen.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Which functions are watched.
    pub watch: WatchRules,
    /// Which stage a function belongs to.
    pub stage: StageRules,
    /// The thresholds that hold where nothing else is said.
    pub limits: Arc<Limits>,
    /// What the configuration says of some functions; of two that say the same thing, the later holds.
    pub overrides: Vec<Override>,
    /// What the configuration mutes.
    pub mutes: Vec<MuteRule>,
    /// Which part of the estate is looked at.
    pub scope: Scope,
}

/// `[[override]]`: what the configuration says of the functions that it matches. What is none stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Override {
    /// The account's id or name.
    pub account: Option<Glob>,
    /// The region.
    pub region: Option<Glob>,
    /// The function's name.
    pub function: Option<Glob>,
    /// A tag's key, exactly, and its value.
    pub tag: Option<(String, Glob)>,
    /// Watch it, whatever its tag says.
    pub watch: Option<bool>,
    /// Its stage, in the configuration's word.
    pub stage: Option<String>,
    /// Its thresholds.
    pub limits: LimitsPatch,
    /// The worst severity it may have.
    pub severity: Option<Severity>,
    /// It is muted till then.
    pub mute_until: Option<Minute>,
    /// Its own window, in minutes.
    pub window: Option<i64>,
    /// Who looks after it.
    pub owner: Option<AwsText>,
    /// Where it is written what to do.
    pub runbook: Option<AwsText>,
    /// How evidence names this override: `override 2`.
    pub name: String,
}

impl Override {
    /// Whether it could match any function of the account at all.
    pub fn touches(&self, account: &Account) -> bool {
        self.account.as_ref().is_none_or(|glob| {
            glob.is_match(account.id.as_str()) || account.name.as_ref().is_some_and(|name| glob.is_match(name.raw()))
        })
    }

    fn matches(&self, account: &Account, region: &str, function: &Discovered) -> bool {
        self.touches(account)
            && self.region.as_ref().is_none_or(|glob| glob.is_match(region))
            && self.function.as_ref().is_none_or(|glob| glob.is_match(function.name.raw()))
            && self
                .tag
                .as_ref()
                .is_none_or(|(key, glob)| function.tags.get(key).is_some_and(|value| glob.is_match(value.raw())))
    }
}

/// What the rules make of one function.
#[derive(Clone, Debug)]
pub struct Class {
    /// Whether it is watched.
    pub watched: bool,
    /// Its stage and the evidence.
    pub stage: Stage,
    /// Its thresholds.
    pub limits: Arc<Limits>,
    /// The worst severity it may have.
    pub cap: Option<Severity>,
    /// Muted till then, and who says so.
    pub mute: Option<(Minute, String)>,
    /// Checks that are muted by themselves, till when, and who says so.
    pub muted_checks: Vec<(String, Minute, String)>,
    /// Its own window, in minutes.
    pub window: Option<i64>,
    /// Who looks after it.
    pub owner: Option<AwsText>,
    /// Where it is written what to do.
    pub runbook: Option<AwsText>,
    /// Whether nobody has said if it is to be watched: it carries no tag of that key, and no override speaks of it.
    pub unasked: bool,
    /// What its tags leave in doubt; empty where it is not watched, but for a near-miss of the tag itself.
    pub spots: Vec<SpotText>,
}

impl Class {
    /// Whether it is watched and production: what alerts.
    pub fn alerts(&self) -> bool {
        self.watched && self.stage.kind == StageKind::Production
    }

    /// Whether it is production that nobody has said to watch or to leave out.
    pub fn is_overlooked(&self) -> bool {
        self.unasked && self.stage.kind == StageKind::Production
    }
}

impl Rules {
    /// Whether some override asks to watch functions of the account that carry no tag, so that discovery has to list
    /// all of them.
    pub fn watches_untagged(&self, account: &Account) -> bool {
        self.overrides.iter().any(|over| over.watch == Some(true) && over.touches(account))
    }

    /// Whether a check that is off unless it is named is on for any function.
    pub fn names(&self, extra: more::Extra) -> bool {
        let on = |(word, _): &(more::Word, limits::SetBy)| *word == more::Word::On(extra, true);
        self.limits.more.is_on(extra) || self.overrides.iter().any(|over| over.limits.more.iter().any(on))
    }

    /// What the rules make of a function.
    pub fn classify(&self, account: &Account, region: &str, function: &Discovered) -> Class {
        let (tagged, near_miss) = self.watch.is_watched(&function.tags);
        let matching: Vec<&Override> =
            self.overrides.iter().filter(|over| over.matches(account, region, function)).collect();
        let said = matching.iter().rev().find_map(|over| over.watch);
        let watched = said.unwrap_or(tagged);
        let own = if watched { own::Own::read(&function.tags) } else { own::Own::default() };
        let (stage, doubts) = self.stage_of(account, function, &matching);
        let mut limits = self.limits.clone();
        let patched = matching.iter().any(|over| over.limits != LimitsPatch::default());
        if patched || own.says_limits() {
            let limits = Arc::make_mut(&mut limits);
            for over in &matching {
                over.limits.apply(limits);
            }
            own.apply(limits);
        }
        let last = |pick: fn(&Override) -> Option<AwsText>| matching.iter().rev().find_map(|over| pick(over));
        let muted_by = matching.iter().rev().find_map(|over| over.mute_until.map(|until| (until, over.name.clone())));
        let muted_by = own.mute_until.map(|until| (until, "tag monitor:mute-until".into())).or(muted_by);
        let (of_check, of_all): (Vec<_>, Vec<_>) = self
            .mutes
            .iter()
            .filter(|mute| mute.covers(account, region, &function.name))
            .partition(|mute| mute.check.is_some());
        let of_check = of_check.into_iter().filter_map(|mute| Some((mute.check.clone()?, mute.until, mute.evidence())));
        // Of several the one that ends last holds.
        let of_all = of_all.into_iter().map(|mute| (mute.until, mute.evidence()));
        let mute = muted_by.into_iter().chain(of_all).reduce(|a, b| if b.0 > a.0 { b } else { a });
        let spots = match said {
            _ if watched => own.unreadable.into_iter().chain(doubts).collect(),
            // What the configuration leaves out is left out, however it is tagged.
            Some(_) => Vec::new(),
            None => near_miss.into_iter().collect(),
        };
        Class {
            watched,
            unasked: said.is_none() && function.tags.get(&self.watch.key).is_none(),
            stage,
            limits,
            cap: own.cap.or_else(|| matching.iter().rev().find_map(|over| over.severity)),
            mute,
            muted_checks: of_check.collect(),
            window: own.window.or_else(|| matching.iter().rev().find_map(|over| over.window)),
            owner: own.owner.or_else(|| last(|over| over.owner.clone())),
            runbook: own.runbook.or_else(|| last(|over| over.runbook.clone())),
            spots,
        }
    }

    fn stage_of(&self, account: &Account, function: &Discovered, matching: &[&Override]) -> (Stage, Vec<SpotText>) {
        let said = matching.iter().rev().find_map(|over| over.stage.as_ref().map(|word| (word, &over.name)));
        match said {
            Some((word, name)) => (self.stage.of_word(word, format!("{name} of the configuration")), Vec::new()),
            None => self.stage.stage_of(account, function),
        }
    }
}

#[cfg(test)]
mod tests;
