//! Which accounts there are to see, and how each is entered.

use std::{fmt, sync::Arc};

use super::{
    account::{Account, AccountId, Region},
    text::AwsText,
};

/// Credentials at hand, before any role is assumed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub enum Base {
    /// The standard chain of the AWS SDKs.
    #[default]
    Default,
    /// A profile of the shared configuration files.
    Profile(String),
}

/// A text that is not printed by accident: an external id.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A role to assume.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Role {
    /// The role's name (with its path, if it has one) or its whole ARN.
    pub name: String,
    /// The external id that the role's trust policy asks for.
    pub external_id: Option<Secret>,
}

impl Role {
    /// The role's ARN in an account of a partition.
    pub fn arn(&self, partition: &str, account: &AccountId) -> String {
        if self.name.starts_with("arn:") {
            self.name.clone()
        } else {
            format!("arn:{partition}:iam::{account}:role/{}", self.name.trim_start_matches('/'))
        }
    }
}

/// How an account is entered: with credentials at hand, or through a role assumed with them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Access {
    /// The credentials at hand.
    pub base: Base,
    /// The role to assume with them.
    pub role: Option<Role>,
}

/// Which regions of an account are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Regions {
    /// These.
    These(Vec<Region>),
    /// Each that is enabled in the account.
    All,
}

impl Regions {
    /// What `more` has beyond these; none where it has nothing.
    #[must_use]
    pub fn lacks(&self, more: &Self) -> Option<Self> {
        match (self, more) {
            (Self::All, _) => None,
            (Self::These(_), Self::All) => Some(Self::All),
            (Self::These(these), Self::These(more)) => {
                let more: Vec<Region> = more.iter().filter(|region| !these.contains(region)).cloned().collect();
                (!more.is_empty()).then_some(Self::These(more))
            }
        }
    }

    /// These, and what `more` has beyond them.
    #[must_use]
    pub fn with(&self, more: &Self) -> Self {
        match (self, self.lacks(more)) {
            (_, None) => self.clone(),
            (Self::These(these), Some(Self::These(more))) => Self::These(these.iter().chain(&more).cloned().collect()),
            _ => Self::All,
        }
    }
}

/// An organization: who lists its accounts, and how each is entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Whose organization it is.
    pub client: Option<AwsText>,
    /// Who lists its accounts: its management account or a delegated administrator.
    pub lister: Access,
    /// How each member is entered.
    pub member: Access,
    /// Only accounts below these organizational units; all where empty.
    pub include_ous: Vec<String>,
    /// Accounts that are left out.
    pub exclude: Vec<AccountId>,
    /// The regions to read, where they differ from the roster's.
    pub regions: Option<Regions>,
}

/// An account given by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByHand {
    /// Its id; none means the account that the credentials belong to.
    pub id: Option<AccountId>,
    /// Its name.
    pub name: Option<AwsText>,
    /// Whose account it is.
    pub client: Option<AwsText>,
    /// How it is entered.
    pub access: Access,
    /// The regions to read, where they differ from the roster's.
    pub regions: Option<Regions>,
}

/// All there is to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// The organizations.
    pub organizations: Vec<Organization>,
    /// Accounts by hand; each is taken as written here, whatever an organization says of the same id.
    pub accounts: Vec<ByHand>,
    /// The regions to read where nothing else is said; none means the region of the credentials.
    pub regions: Option<Regions>,
}

/// Who the credentials at hand belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// The partition in the caller's ARN.
    pub partition: String,
    /// The region that belongs to these credentials.
    pub region: Option<Region>,
}

/// An account that an organization lists. Only active ones are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: AccountId,
    /// Its name in the organization.
    pub name: AwsText,
}

/// An account that is to be read: whose it is, how it is entered, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The account.
    pub account: Arc<Account>,
    /// How it is entered.
    pub access: Access,
    /// The regions to read.
    pub regions: Regions,
}

impl Organization {
    /// The entry for an account that this organization lists; none where it is excluded. The account that the
    /// credentials belong to is entered with them, without a role.
    pub fn entry(&self, listed: &Listed, caller: Option<&Caller>, regions: &Regions) -> Option<Entry> {
        if self.exclude.contains(&listed.id) {
            return None;
        }
        let own = caller.is_some_and(|caller| caller.account == listed.id);
        let role = if own { None } else { self.member.role.clone() };
        Some(Entry {
            account: Arc::new(Account {
                id: listed.id.clone(),
                name: Some(listed.name.clone()),
                client: self.client.clone(),
            }),
            access: Access { base: self.member.base.clone(), role },
            regions: self.regions.as_ref().unwrap_or(regions).clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(id: &str) -> Listed {
        Listed { id: AccountId::parse(id).unwrap(), name: "shop".into() }
    }

    #[test]
    fn an_organizations_account_is_entered_by_role_its_own_without_and_an_excluded_one_not_at_all() {
        let role = Role { name: "slmon".into(), external_id: Some(Secret::new("s3")) };
        let organization = Organization {
            client: Some("Acme".into()),
            lister: Access::default(),
            member: Access { base: Base::Default, role: Some(role.clone()) },
            include_ous: vec![],
            exclude: vec![AccountId::parse("111122223333").unwrap()],
            regions: None,
        };
        let caller =
            Caller { account: AccountId::parse("999900001111").unwrap(), partition: "aws".into(), region: None };
        let entry = |id: &str| organization.entry(&listed(id), Some(&caller), &Regions::All);
        assert_eq!(entry("444455556666").unwrap().access.role, Some(role));
        assert_eq!(entry("999900001111").unwrap().access.role, None);
        assert_eq!(entry("111122223333"), None);
    }

    #[test]
    fn a_role_is_a_name_or_an_arn_and_its_external_id_stays_out_of_debug_output() {
        let id = AccountId::parse("111122223333").unwrap();
        let role = |name: &str| Role { name: name.into(), external_id: Some(Secret::new("s3cret")) };
        assert_eq!(role("team/slmon").arn("aws-cn", &id), "arn:aws-cn:iam::111122223333:role/team/slmon");
        assert_eq!(role("arn:aws:iam::1:role/x").arn("aws-cn", &id), "arn:aws:iam::1:role/x");
        assert!(!format!("{:?}", role("x")).contains("s3cret"));
    }
}
