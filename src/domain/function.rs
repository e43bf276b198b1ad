//! Functions, and tables beside them, as AWS describes them: facts only, no judgement.

use std::{collections::HashSet, sync::Arc};

use jiff::Timestamp;

use super::text::AwsText;

/// The tags of a function, sorted by key in byte order. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tags(Option<Arc<[(AwsText, AwsText)]>>);

impl Tags {
    /// Tags from pairs in any order; of two equal keys (AWS has none) the later stands.
    pub fn new(pairs: impl IntoIterator<Item = (AwsText, AwsText)>) -> Self {
        let sorted: std::collections::BTreeMap<_, _> = pairs.into_iter().collect();
        Self((!sorted.is_empty()).then(|| sorted.into_iter().collect()))
    }

    /// The value under exactly this key.
    pub fn get(&self, key: &str) -> Option<&AwsText> {
        self.iter().find(|(k, _)| k.raw() == key).map(|(_, value)| value)
    }

    /// The same tags, shared with all that were interned before: as a whole where these are alike, else by their keys
    /// and values. What an estate writes in its tags, it writes in thousands of places.
    #[must_use]
    pub fn interned(&self, known: &mut Interned) -> Self {
        if let Some(known) = known.tags.get(self) {
            return known.clone();
        }
        let mut share = |text: &AwsText| {
            if let Some(known) = known.texts.get(text) {
                return known.clone();
            }
            known.texts.insert(text.clone());
            text.clone()
        };
        let shared = self.0.as_ref().map(|pairs| pairs.iter().map(|(key, value)| (share(key), share(value))).collect());
        known.tags.insert(Self(shared.clone()));
        Self(shared)
    }

    /// The pairs, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&AwsText, &AwsText)> {
        self.0.iter().flat_map(|pairs| pairs.iter()).map(|(key, value)| (key, value))
    }
}

/// Tags that are kept once.
#[derive(Debug, Default)]
pub struct Interned {
    tags: HashSet<Tags>,
    texts: HashSet<AwsText>,
}

/// What can be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResourceType {
    /// A Lambda function.
    Function,
    /// A DynamoDB table.
    Table,
}

/// A function or a table that discovery found, with its tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    /// The function's ARN, without version or alias; or the table's.
    pub arn: AwsText,
    /// The function's name, up to 64 characters; of a table, what its ARN ends with: `table/orders`. No function's name
    /// holds a slash, so that the two are never taken for each other.
    pub name: AwsText,
    /// All its tags; empty where it has none.
    pub tags: Tags,
}

impl Discovered {
    /// What it is.
    pub fn resource_type(&self) -> ResourceType {
        resource_type(self.name.raw())
    }
}

/// What a row's name is of.
pub fn resource_type(name: &str) -> ResourceType {
    if name.starts_with(TABLE) { ResourceType::Table } else { ResourceType::Function }
}

/// What the name of a table begins with in its ARN, and here.
const TABLE: &str = "table/";

/// The table's name in CloudWatch, out of `table/orders`; none for what is no table.
pub fn table_name(name: &str) -> Option<&str> {
    name.strip_prefix(TABLE)
}

/// `table/orders` in `arn:<partition>:dynamodb:<region>:<account>:table/orders`; none for its indexes, streams and backups.
pub fn table_of_arn(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    let (scheme, service) = (parts.next()?, parts.nth(1)?);
    let name = parts.nth(2)?;
    let is_table = table_name(name).is_some_and(|table| !table.is_empty() && !table.contains('/'));
    (scheme == "arn" && service == "dynamodb" && is_table && parts.next().is_none()).then_some(name)
}

/// The function's name in `arn:<partition>:lambda:<region>:<account>:function:<name>`.
pub fn name_of_arn(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    let (scheme, service) = (parts.next()?, parts.nth(1)?);
    let (kind, name) = (parts.nth(2)?, parts.next()?);
    (scheme == "arn" && service == "lambda" && kind == "function" && !name.is_empty()).then_some(name)
}

/// What `ListFunctions` says of a function, less its environment variables, which are never kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// The function's name.
    pub name: AwsText,
    /// The function's ARN.
    pub arn: AwsText,
    /// The runtime's identifier, `python3.13`; none for container images.
    pub runtime: Option<AwsText>,
    /// The longest it may run, in seconds.
    pub timeout: Option<u32>,
    /// Memory in MiB.
    pub memory: Option<u32>,
    /// When code or configuration last changed.
    pub last_modified: Option<Timestamp>,
    /// Whether it sends traces of its own accord (`Active`); with `PassThrough`, only where whoever calls it does. None
    /// where AWS does not say.
    pub tracing: Option<bool>,
    /// The log group that it writes to; none where AWS does not say.
    pub log_group: Option<AwsText>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_comes_out_of_the_arn() {
        assert_eq!(name_of_arn("arn:aws:lambda:eu-west-1:111122223333:function:pay:live"), Some("pay"));
        assert_eq!(name_of_arn("arn:aws-cn:lambda:cn-north-1:111122223333:function:pay"), Some("pay"));
        assert_eq!(name_of_arn("arn:aws:lambda:eu-west-1:111122223333:event-source-mapping:x"), None);
        assert_eq!(name_of_arn("arn:aws:lambda:eu-west-1:111122223333:function:"), None);
    }

    #[test]
    fn a_table_is_told_from_its_indexes_and_from_a_function_of_its_name() {
        let arn = |rest: &str| format!("arn:aws:dynamodb:eu-west-1:111122223333:{rest}");
        assert_eq!(table_of_arn(&arn("table/orders")), Some("table/orders"));
        for other in [
            "table/",
            "table/orders/index/by-day",
            "table/orders/stream/2026-11-23T09:00:00.000",
            "global-table/orders",
        ] {
            assert_eq!(table_of_arn(&arn(other)), None, "{other}");
        }
        assert_eq!(table_of_arn("arn:aws:lambda:eu-west-1:111122223333:function:orders"), None);
        assert_eq!((resource_type("table/orders"), table_name("table/orders")), (ResourceType::Table, Some("orders")));
        assert_eq!((resource_type("orders"), table_name("orders")), (ResourceType::Function, None));
    }
}
