//! Accounts, regions and targets: where functions live and whose they are.

use std::{fmt, sync::Arc};

use serde::Serialize;

use super::text::AwsText;

/// A twelve-digit AWS account id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct AccountId(Arc<str>);

impl AccountId {
    /// The id, if it is twelve digits.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())).then(|| Self(text.into()))
    }

    /// The account that an ARN names in its fifth field, if it names one.
    pub fn of_arn(arn: &str) -> Option<Self> {
        arn.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(3)).and_then(Self::parse)
    }

    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A region's code, such as `eu-west-1`: lower-case letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Region(Arc<str>);

/// The regions there are today, for suggestions only: a code that is not here is still asked for.
const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// Regions of the partition `aws` that no account has to enable: those from before 20 March 2019. Source: the AWS Account
/// Management reference, "Enable or disable AWS Regions in your account".
const ALWAYS_ENABLED: &[&str] = &[
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

impl Region {
    /// The region, if the text has the form of a region's code (`letters-words-digit`).
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let area = parts.next()?;
        let number = parts.next_back()?;
        let words: Vec<&str> = parts.collect();
        let well_formed = (2..=4).contains(&area.len())
            && area.bytes().all(|b| b.is_ascii_lowercase())
            && !words.is_empty()
            && words.iter().all(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase()))
            && (1..=2).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_digit());
        well_formed.then(|| Self(text.into()))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The codes of the regions known when this was built.
    pub fn all_known() -> impl Iterator<Item = &'static str> {
        REGIONS.iter().copied()
    }

    /// Whether the code is one of those known when this was built.
    pub fn is_known(&self) -> bool {
        REGIONS.contains(&self.as_str())
    }

    /// Whether every account of its partition has it, without having to enable it.
    pub fn is_always_enabled(&self) -> bool {
        self.partition() != "aws" || ALWAYS_ENABLED.contains(&self.as_str())
    }

    /// The known region that a mistyped code most likely means.
    pub fn nearest_known(text: &str) -> Option<&'static str> {
        super::text::nearest(text, REGIONS.iter().copied())
    }

    /// The partition, as it stands in ARNs. Source: the endpoint metadata that AWS ships with its SDKs.
    pub fn partition(&self) -> &'static str {
        let prefixes = [
            ("cn-", "aws-cn"),
            ("us-gov-", "aws-us-gov"),
            ("us-iso-", "aws-iso"),
            ("us-isob-", "aws-iso-b"),
            ("eu-isoe-", "aws-iso-e"),
            ("us-isof-", "aws-iso-f"),
            ("eusc-", "aws-eusc"),
        ];
        prefixes.iter().find(|(prefix, _)| self.0.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An account that is watched: its id, its name where one is known, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The twelve-digit id.
    pub id: AccountId,
    /// The name from Organizations or the configuration.
    pub name: Option<AwsText>,
    /// Whose account it is: the configuration's free word.
    pub client: Option<AwsText>,
}

/// One account in one region: the unit that is read, and that can be unseen. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The account.
    pub account: Arc<Account>,
    /// The region.
    pub region: Region,
}

impl Target {
    /// What tells this target from every other.
    pub fn key(&self) -> TargetKey {
        (self.account.id.clone(), self.region.clone())
    }
}

/// What tells one target from another.
pub type TargetKey = (AccountId, Region);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_regions_are_checked_for_form() {
        assert!(AccountId::parse("111122223333").is_some());
        assert!(["11112222333", "1111222233334", "11112222333x", ""].iter().all(|id| AccountId::parse(id).is_none()));
        assert_eq!(
            AccountId::of_arn("arn:aws:iam::444455556666:role/x").map(|id| id.to_string()),
            Some("444455556666".into())
        );
        assert!(
            ["eu-west-1", "us-gov-east-1", "eusc-de-east-1", "zz-nowhere-9"].iter().all(|r| Region::parse(r).is_some())
        );
        assert!(
            ["eu_west_1", "EU-WEST-1", "eu-west", "west", "", "eu--1", "eu-west-1 "]
                .iter()
                .all(|r| Region::parse(r).is_none())
        );
        assert!(REGIONS.iter().all(|r| Region::parse(r).is_some()));
    }

    #[test]
    fn the_partition_follows_from_the_region() {
        let partition = |r: &str| Region::parse(r).unwrap().partition();
        assert_eq!(
            [partition("eu-west-1"), partition("cn-north-1"), partition("us-gov-west-1"), partition("eusc-de-east-1")],
            ["aws", "aws-cn", "aws-us-gov", "aws-eusc"]
        );
        assert_eq!(Region::nearest_known("eu-wst-1"), Some("eu-west-1"));
    }
}
