//! The scope: which part of the estate is looked at. Several values of one kind are alternatives, different kinds must
//! all hold, and a kind without a value narrows nothing. Pure; who asked for it is none of its business.

use std::fmt;

use super::glob::Glob;
use crate::domain::{
    account::{Account, AccountId, Region},
    function::Discovered,
    roster::{ByHand, Organization, Regions, Roster},
    text::{AwsText, nearest},
};

/// Which part of the estate is looked at; the default is all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Whose accounts: globs on the client.
    pub clients: Vec<Glob>,
    /// Which accounts: globs on the id or the name.
    pub accounts: Vec<Glob>,
    /// Which regions.
    pub regions: Vec<Region>,
    /// Which functions: globs on the name.
    pub functions: Vec<Glob>,
    /// Which functions: what their tags say.
    pub tags: Vec<TagPattern>,
}

/// A tag that a function must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagPattern {
    /// The key, exactly.
    pub key: String,
    /// What its value must match; none where any will do.
    pub value: Option<Glob>,
}

impl TagPattern {
    /// Whether a function has such a tag.
    pub fn admits(&self, function: &Discovered) -> bool {
        let value = function.tags.get(&self.key);
        value.is_some_and(|value| self.value.as_ref().is_none_or(|glob| glob.is_match(value.raw())))
    }
}

impl fmt::Display for TagPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        self.value.as_ref().map_or(Ok(()), |value| write!(f, "={}", value.as_str()))
    }
}

/// A value of a scope that can't match anything, which the roster alone shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// What it is a value of: `client`, `account` or `region`.
    pub kind: &'static str,
    /// The value.
    pub value: String,
    /// The known one that is most likely meant.
    pub nearest: Option<String>,
    /// All that are known.
    pub known: Vec<String>,
}

fn any<T>(list: &[T], fits: impl FnMut(&T) -> bool) -> bool {
    list.is_empty() || list.iter().any(fits)
}

fn is_named(glob: &Glob, id: Option<&AccountId>, name: Option<&AwsText>) -> bool {
    id.is_some_and(|id| glob.is_match(id.as_str())) || name.is_some_and(|name| glob.is_match(name.raw()))
}

impl Scope {
    /// Whether nothing is narrowed.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether accounts of that client (or of none) are in scope.
    pub fn admits_client(&self, client: Option<&AwsText>) -> bool {
        any(&self.clients, |glob| client.is_some_and(|client| glob.is_match(client.raw())))
    }

    /// Whether an account is in scope, by its client, its id and its name.
    pub fn admits_account(&self, account: &Account) -> bool {
        self.admits_client(account.client.as_ref())
            && any(&self.accounts, |glob| is_named(glob, Some(&account.id), account.name.as_ref()))
    }

    /// Whether a region is in scope.
    pub fn admits_region(&self, region: &Region) -> bool {
        any(&self.regions, |one| one == region)
    }

    /// Whether a function is in scope, by its name and its tags; its account and region are another question.
    pub fn admits_function(&self, function: &Discovered) -> bool {
        any(&self.functions, |glob| glob.is_match(function.name.raw()))
            && any(&self.tags, |pattern| pattern.admits(function))
    }

    /// The regions of an account that are in scope; none where there is not one. Of an account that is read in all its
    /// regions this shows only later.
    #[must_use]
    pub fn narrowed(&self, regions: &Regions) -> Option<Regions> {
        let Regions::These(these) = regions else { return Some(Regions::All) };
        let inside: Vec<Region> = these.iter().filter(|region| self.admits_region(region)).cloned().collect();
        // No region at all stands for an account whose regions could not be found: it is unseen, not out of scope.
        (!inside.is_empty() || self.regions.is_empty() || these.is_empty()).then_some(Regions::These(inside))
    }

    /// Whether accounts in scope could be among those that an organization lists; where not, it is not asked.
    pub fn reaches(&self, organization: &Organization, roster: &Roster) -> bool {
        self.admits_client(organization.client.as_ref())
            && self.meets(organization.regions.as_ref(), roster)
            && any(&self.accounts, |glob| lists(organization, glob, roster))
    }

    /// Whether an account by hand could be in scope; where not, nothing is asked of it.
    pub fn leads_to(&self, account: &ByHand, roster: &Roster) -> bool {
        self.admits_client(account.client.as_ref())
            && self.meets(account.regions.as_ref(), roster)
            && any(&self.accounts, |glob| names(account, glob))
    }

    fn meets(&self, own: Option<&Regions>, roster: &Roster) -> bool {
        own.or(roster.regions.as_ref()).is_none_or(|regions| self.narrowed(regions).is_some())
    }

    /// Values that can't match anything, whatever an organization might list: clients that nobody has, accounts that
    /// nobody brings, regions in which nothing is read.
    pub fn misfits(&self, roster: &Roster) -> Vec<Misfit> {
        let mut misfits = Vec::new();
        let clients = roster.organizations.iter().map(|organization| organization.client.as_ref());
        let clients: Vec<&AwsText> =
            clients.chain(roster.accounts.iter().map(|account| account.client.as_ref())).flatten().collect();
        for glob in &self.clients {
            if !clients.iter().any(|client| glob.is_match(client.raw())) {
                misfits.push(Misfit::new("client", glob.as_str(), clients.iter().map(|client| client.raw())));
            }
        }
        let organizations = || roster.organizations.iter().filter(|one| self.admits_client(one.client.as_ref()));
        let by_hand = || roster.accounts.iter().filter(|one| self.admits_client(one.client.as_ref()));
        // Of a client that nobody has, there is nothing more to say.
        if !misfits.is_empty() {
            return misfits;
        }
        for glob in &self.accounts {
            let listed = organizations().any(|organization| lists(organization, glob, roster));
            if !listed && !by_hand().any(|account| names(account, glob)) {
                let ids = by_hand().filter_map(|account| account.id.as_ref()).map(AccountId::as_str);
                let known = ids.chain(by_hand().filter_map(|account| account.name.as_ref()).map(AwsText::raw));
                misfits.push(Misfit::new("account", glob.as_str(), known));
            }
        }
        let own = organizations().map(|one| one.regions.as_ref()).chain(by_hand().map(|one| one.regions.as_ref()));
        let read: Vec<Option<&Regions>> = own.map(|own| own.or(roster.regions.as_ref())).collect();
        for region in &self.regions {
            let may = |regions: Option<&Regions>| match regions {
                Some(Regions::These(these)) => these.contains(region),
                Some(Regions::All) | None => true,
            };
            if !read.iter().copied().any(may) {
                let these = read.iter().flatten().flat_map(|regions| match regions {
                    Regions::These(these) => these.as_slice(),
                    Regions::All => &[],
                });
                misfits.push(Misfit::new("region", region.as_str(), these.map(Region::as_str)));
            }
        }
        misfits
    }

    /// Every value in words, by kind: `client Acme or Beta`, `function checkout-*`. Not cleaned for a terminal.
    pub fn words(&self) -> Vec<String> {
        let kinds = [
            ("client", self.clients.iter().map(|glob| glob.as_str().to_owned()).collect::<Vec<_>>()),
            ("account", self.accounts.iter().map(|glob| glob.as_str().to_owned()).collect()),
            ("region", self.regions.iter().map(ToString::to_string).collect()),
            ("function", self.functions.iter().map(|glob| glob.as_str().to_owned()).collect()),
            ("tag", self.tags.iter().map(ToString::to_string).collect()),
        ];
        let said = |(kind, values): (&str, Vec<String>)| format!("{kind} {}", values.join(" or "));
        kinds.into_iter().filter(|(_, values)| !values.is_empty()).map(said).collect()
    }
}

/// Whether an organization could list an account that a glob names. One that is given by hand is never taken from it.
fn lists(organization: &Organization, glob: &Glob, roster: &Roster) -> bool {
    let Some(id) = AccountId::parse(glob.as_str()) else { return true };
    !organization.exclude.contains(&id) && !roster.accounts.iter().any(|account| account.id.as_ref() == Some(&id))
}

/// Whether a glob names, or could name, an account by hand: one without an id is known only later.
fn names(account: &ByHand, glob: &Glob) -> bool {
    is_named(glob, account.id.as_ref(), account.name.as_ref()) || account.id.is_none()
}

impl Misfit {
    fn new<'a>(kind: &'static str, value: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let mut known: Vec<String> = known.map(String::from).collect();
        known.sort();
        known.dedup();
        let nearest = nearest(value, known.iter().map(String::as_str)).map(String::from);
        Self { kind, value: value.to_owned(), nearest, known }
    }
}

#[cfg(test)]
mod tests;
