//! Where something is, in words: client, account, region.

use crate::domain::{
    account::{AccountId, Region},
    text::AwsText,
};

/// `Acme`, `acme-shop (111122223333)`, `eu-west-1`: what is known of it.
pub(in crate::report) fn place(
    client: Option<&AwsText>,
    name: Option<&AwsText>,
    account: Option<&AccountId>,
    region: Option<&Region>,
) -> Vec<String> {
    let client = client.map(|client| client.shown().into_owned());
    let name = name.filter(|name| !name.raw().trim().is_empty());
    let account = match (name, account) {
        (Some(name), Some(id)) => Some(format!("{} ({id})", name.shown())),
        (None, Some(id)) => Some(id.to_string()),
        (Some(name), None) => Some(name.shown().into_owned()),
        (None, None) => None,
    };
    [client, account, region.map(ToString::to_string)].into_iter().flatten().filter(|part| !part.is_empty()).collect()
}
