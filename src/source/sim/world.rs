//! A described estate: organizations, accounts, functions with their traffic, and what is broken. A value only: who
//! answers from it is [`Sim`](super::Sim).

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    fault::Fault,
    hash,
    story::Story,
    traffic::{Pattern, Traffic},
};
use crate::domain::{
    account::{AccountId, Region},
    function::Tags,
    roster::{Access, Base, ByHand, Organization, Regions, Role, Roster, Secret},
    series::Metric,
    text::AwsText,
    window::Minute,
};

/// An estate, and the instant at which its clock begins.
#[derive(Clone, Debug)]
pub struct World {
    /// When it is, at the beginning.
    pub now: Minute,
    /// What all chance in it follows from.
    pub seed: u64,
    /// The account that the default credentials belong to.
    pub home: AccountId,
    /// The region of the default credentials.
    pub home_region: Region,
    /// The accounts that the credentials of profiles belong to.
    pub profiles: BTreeMap<String, AccountId>,
    /// The organizations.
    pub organizations: Vec<WorldOrganization>,
    /// The accounts, in organizations or not.
    pub accounts: Vec<WorldAccount>,
    /// What is broken.
    pub faults: Vec<Fault>,
    /// Seconds until CloudWatch shows what happened.
    pub delay: i64,
    /// How many things a page holds.
    pub pages: PageSizes,
}

/// How many things a page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSizes {
    /// Accounts of an organization.
    pub accounts: usize,
    /// Functions with tags.
    pub tagged: usize,
    /// Configurations.
    pub functions: usize,
    /// Datapoints.
    pub points: usize,
}

impl Default for PageSizes {
    /// AWS's own greatest sizes.
    fn default() -> Self {
        Self { accounts: 20, tagged: 100, functions: 50, points: 100_800 }
    }
}

/// An organization.
#[derive(Clone, Debug)]
pub struct WorldOrganization {
    /// What accounts call it.
    pub name: String,
    /// Whose it is.
    pub client: Option<AwsText>,
    /// The account that may list its members.
    pub management: AccountId,
    /// How the roster enters its members.
    pub role: Role,
}

/// An account.
#[derive(Clone, Debug)]
pub struct WorldAccount {
    /// Its id.
    pub id: AccountId,
    /// Its name.
    pub name: AwsText,
    /// Whose it is.
    pub client: Option<AwsText>,
    /// The organization that it is a member of, by name.
    pub organization: Option<String>,
    /// The organizational unit that it lies in.
    pub ou: Option<String>,
    /// Whether it is active; a suspended account is not listed and can't be entered.
    pub active: bool,
    /// The only role that lets slmon in; none lets any role in.
    pub role: Option<String>,
    /// The external id that the role's trust policy asks for.
    pub external_id: Option<Secret>,
    /// Whether its traces go to CloudWatch Logs, where X-Ray does not find them.
    pub transaction_search: bool,
    /// The regions that are enabled.
    pub regions: Vec<Region>,
    /// How many instances it may run at once in each.
    pub concurrency: u32,
    /// Its functions.
    pub functions: Vec<WorldFunction>,
    /// Its DynamoDB tables.
    pub tables: Vec<WorldTable>,
}

/// A DynamoDB table.
#[derive(Clone, Debug)]
pub struct WorldTable {
    /// Where it lives.
    pub region: Region,
    /// Its name.
    pub name: AwsText,
    /// Its tags.
    pub tags: Tags,
    /// The datapoint of each minute of its metrics.
    pub metrics: Vec<(Metric, Vec<Pattern>)>,
}

/// A function.
#[derive(Clone, Debug)]
pub struct WorldFunction {
    /// Where it lives.
    pub region: Region,
    /// Its name.
    pub name: AwsText,
    /// Its tags.
    pub tags: Tags,
    /// Whether it once carried tags, so that the tagging API lists it without any.
    pub once_tagged: bool,
    /// Its runtime; none for a container image.
    pub runtime: Option<AwsText>,
    /// The longest it may run, in seconds.
    pub timeout: u32,
    /// Memory in MiB.
    pub memory: u32,
    /// When it last changed.
    pub last_modified: Option<Timestamp>,
    /// Whether it was deleted; the tagging API still lists it.
    pub deleted: bool,
    /// How it is used, and how it fails.
    pub traffic: Traffic,
    /// What its traces say; none where it has no tracing.
    pub story: Option<Story>,
    /// What its log says where it has no tracing; with tracing, its log says what its traces do.
    pub untraced: Option<Story>,
    /// Whether its log group is of the class Infrequent Access.
    pub infrequent: bool,
}

impl World {
    /// An account.
    pub fn account(&self, id: &AccountId) -> Option<&WorldAccount> {
        self.accounts.iter().find(|account| account.id == *id)
    }

    /// The account that credentials belong to; none where there is no such profile.
    pub fn owner(&self, base: &Base) -> Option<&AccountId> {
        match base {
            Base::Default => Some(&self.home),
            Base::Profile(profile) => self.profiles.get(profile),
        }
    }

    /// The key that a function's life follows from.
    pub fn key(&self, account: &WorldAccount, function: &WorldFunction) -> u64 {
        let place = hash::text(hash::text(self.seed, account.id.as_str()), function.region.as_str());
        hash::text(place, function.name.raw())
    }

    /// What a configuration would say of this estate: its organizations, and by hand the accounts in none.
    pub fn roster(&self) -> Roster {
        let by_hand = self.accounts.iter().filter(|account| account.organization.is_none());
        Roster {
            organizations: self.organizations.iter().map(|organization| self.listing(organization)).collect(),
            accounts: by_hand.map(|account| self.by_hand(account)).collect(),
            regions: Some(self.regions()),
        }
    }

    fn listing(&self, organization: &WorldOrganization) -> Organization {
        let management = &organization.management;
        let own = *management == self.home;
        let partition = self.home_region.partition();
        let arn = format!("arn:{partition}:iam::{management}:role/{}", organization.role.name);
        let role = (!own).then_some(Role { name: arn, external_id: organization.role.external_id.clone() });
        Organization {
            client: organization.client.clone(),
            lister: Access { base: Base::Default, role },
            member: Access { base: Base::Default, role: Some(organization.role.clone()) },
            include_ous: Vec::new(),
            exclude: Vec::new(),
            regions: None,
        }
    }

    fn by_hand(&self, account: &WorldAccount) -> ByHand {
        let name = account.role.clone().unwrap_or_else(|| "slmon".into());
        let role = (account.id != self.home).then(|| Role { name, external_id: account.external_id.clone() });
        ByHand {
            id: Some(account.id.clone()),
            name: Some(account.name.clone()),
            client: account.client.clone(),
            access: Access { base: Base::Default, role },
            regions: None,
        }
    }

    /// The regions by name where all accounts have the same ones.
    fn regions(&self) -> Regions {
        let first = self.accounts.first().map(|account| &account.regions);
        match first.filter(|first| self.accounts.iter().all(|account| account.regions == **first)) {
            Some(regions) => Regions::These(regions.clone()),
            None => Regions::All,
        }
    }
}

impl WorldAccount {
    /// The function's ARN.
    pub fn arn(&self, function: &WorldFunction) -> AwsText {
        let region = &function.region;
        format!("arn:{}:lambda:{region}:{}:function:{}", region.partition(), self.id, function.name.raw()).into()
    }

    /// The table's ARN.
    pub fn table_arn(&self, table: &WorldTable) -> AwsText {
        let region = &table.region;
        format!("arn:{}:dynamodb:{region}:{}:table/{}", region.partition(), self.id, table.name.raw()).into()
    }

    /// The functions of one region, deleted ones too.
    pub fn functions_in(&self, region: &Region) -> impl Iterator<Item = &WorldFunction> {
        self.functions.iter().filter(move |function| function.region == *region)
    }
}
