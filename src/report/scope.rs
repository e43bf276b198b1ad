//! The scope in reports: which part of the estate a verdict is about, and what of it was asked for and is not there.

use serde::Serialize;

use super::Report;
use crate::domain::{
    account::{Account, Region},
    fleet::{Fleet, Function, TargetState},
    function::Discovered,
    rules::{Glob, Scope},
    text::{AwsText, clean, nearest},
};

/// Which part of the estate a report is about, as it was asked for. What is empty narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReportScope {
    /// Globs on the client.
    pub clients: Vec<String>,
    /// Globs on the account's id or name.
    pub accounts: Vec<String>,
    /// Regions.
    pub regions: Vec<String>,
    /// Globs on the function's name.
    pub functions: Vec<String>,
    /// Tags: `key`, or `key=` and a glob on the value.
    pub tags: Vec<String>,
    /// The same in words: `client Acme or Beta`, one a kind.
    #[serde(skip)]
    pub words: Vec<String>,
}

impl ReportScope {
    /// The scope; none where nothing is narrowed.
    pub fn of(scope: &Scope) -> Option<Self> {
        let globs = |globs: &[Glob]| globs.iter().map(|glob| glob.as_str().to_owned()).collect();
        (!scope.is_all()).then(|| Self {
            clients: globs(&scope.clients),
            accounts: globs(&scope.accounts),
            regions: scope.regions.iter().map(ToString::to_string).collect(),
            functions: globs(&scope.functions),
            tags: scope.tags.iter().map(ToString::to_string).collect(),
            words: scope.words().iter().map(|words| clean(words).into_owned()).collect(),
        })
    }
}

impl Report {
    /// The scope in one line: `client Acme, function checkout-*`.
    pub(super) fn scope_words(&self) -> Option<String> {
        self.scope.as_ref().map(|scope| scope.words.join(", "))
    }
}

/// A value of the scope that matches nothing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// The sentence that says so, fit to be shown.
    pub sentence: String,
    /// Whether it could not be among what was not seen.
    pub certain: bool,
}

/// Every value of the fleet's scope that matches nothing: no account, no region that is read, no watched function (or,
/// with `any`, no function at all).
pub fn unmatched(fleet: &Fleet, any: bool) -> Vec<Unmatched> {
    let scope = &fleet.rules().scope;
    let mut all = Vec::new();
    let listed = fleet.listings().is_empty();
    let account = |glob: &&Glob| !fleet.accounts().any(|state| names(glob, &state.entry.account));
    all.extend(scope.accounts.iter().filter(account).map(|glob| tell(no_account(fleet, glob), listed)));
    let whole = listed && fleet.accounts().all(|state| state.opened && state.failure.is_none());
    let read = |region: &Region| fleet.targets().any(|state| state.target.region == *region);
    let region = scope.regions.iter().filter(|region| whole && !read(region));
    all.extend(region.map(|region| tell(format!("no account is read in {region}: none has it enabled"), true)));
    // Of accounts that are not there, there are no functions: that is said already.
    if fleet.accounts().next().is_none() || whole && fleet.target_count() == 0 {
        return all;
    }
    let whole = whole && fleet.targets().all(TargetState::is_seen);
    let known = |function: &&Function| any || function.class.watched;
    let none = |fits: &dyn Fn(&Discovered) -> bool| {
        !fleet.targets().flat_map(TargetState::rows).filter(known).any(|function| fits(&function.found))
    };
    let noun = if any { "no function" } else { "no watched function" };
    for glob in &scope.functions {
        if none(&|found| glob.is_match(found.name.raw())) {
            let beyond = fleet.beyond().functions.iter().map(AwsText::raw);
            let near = near(nearest(glob.as_str(), beyond.filter(|name| !glob.is_match(name))));
            all.push(tell(format!("{noun} matches {}{near}", clean(glob.as_str())), whole));
        }
    }
    for pattern in &scope.tags {
        if none(&|found| pattern.admits(found)) {
            all.push(tell(format!("{noun} matches --tag {}", clean(&pattern.to_string())), whole));
        }
    }
    all
}

fn tell(sentence: String, certain: bool) -> Unmatched {
    let sentence = if certain { sentence } else { format!("{sentence}, as far as could be seen") };
    Unmatched { sentence, certain }
}

fn names(glob: &Glob, account: &Account) -> bool {
    glob.is_match(account.id.as_str()) || account.name.as_ref().is_some_and(|name| glob.is_match(name.raw()))
}

fn no_account(fleet: &Fleet, glob: &Glob) -> String {
    let scope = &fleet.rules().scope;
    let beyond = || fleet.beyond().accounts.values();
    if let Some(out) = beyond().find(|account| names(glob, account) && scope.admits_client(account.client.as_ref())) {
        let regions: Vec<_> = scope.regions.iter().map(ToString::to_string).collect();
        let name = out.name.as_ref().map_or_else(|| out.id.to_string(), |name| name.shown().into_owned());
        return format!("account {name} is not read in {}", regions.join(" or "));
    }
    let accounts = || fleet.accounts().map(|state| &state.entry.account).chain(beyond());
    let names = accounts().filter_map(|account| account.name.as_ref()).map(AwsText::raw);
    let known = names.chain(accounts().map(|account| account.id.as_str()));
    let near = near(nearest(glob.as_str(), known));
    format!("no account is named {}{near}", clean(glob.as_str()))
}

fn near(name: Option<&str>) -> String {
    name.map(|name| format!("; nearest is {}", clean(name))).unwrap_or_default()
}
