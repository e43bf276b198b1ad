//! The address of a function in the AWS console, through the access portal where there is one.

use crate::domain::{account::Target, function::table_name};

/// Where somebody signs in to the accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portal {
    /// The address of the AWS access portal, `https://acme.awsapps.com/start`.
    pub url: String,
    /// The permission set with which the console is opened; none: the portal asks.
    pub role: Option<String>,
}

/// The console's host in a partition; none where it is not known. Source: the AWS general reference, "console endpoints".
fn host(partition: &str) -> Option<&'static str> {
    match partition {
        "aws" => Some("console.aws.amazon.com"),
        "aws-cn" => Some("console.amazonaws.cn"),
        "aws-us-gov" => Some("console.amazonaws-us-gov.com"),
        _ => None,
    }
}

/// The page that monitors a function or a table. The portal's form is that of the IAM Identity Center user guide, "creating
/// shortcut links to AWS Management Console destinations".
pub fn address(portal: Option<&Portal>, target: &Target, function: &str) -> Option<String> {
    let region = target.region.as_str();
    let host = host(target.region.partition())?;
    let page = if let Some(table) = table_name(function) {
        // Source: where the console of DynamoDB leads to from its list of tables.
        let table = encoded(table);
        format!("https://{region}.{host}/dynamodbv2/home?region={region}#table?name={table}&tab=monitoring")
    } else {
        let name = encoded(function);
        format!("https://{region}.{host}/lambda/home?region={region}#/functions/{name}?tab=monitoring")
    };
    Some(through(portal, target, page))
}

/// The page that shows a trace. Source: where the console of CloudWatch leads to from its list of traces.
pub fn trace(portal: Option<&Portal>, target: &Target, id: &str) -> Option<String> {
    let region = target.region.as_str();
    let host = host(target.region.partition())?;
    let page = format!("https://{region}.{host}/cloudwatch/home?region={region}#xray:traces/{}", encoded(id));
    Some(through(portal, target, page))
}

/// The page that shows a stream of a log group. Source: where the console of CloudWatch leads to from a log group, which
/// encodes twice and writes `$` for the second `%`.
pub fn stream(portal: Option<&Portal>, target: &Target, group: &str, stream: &str) -> Option<String> {
    let region = target.region.as_str();
    let host = host(target.region.partition())?;
    let twice = |text: &str| encoded(&encoded(text)).replace('%', "$");
    let (group, stream) = (twice(group), twice(stream));
    let place = format!("logsV2:log-groups/log-group/{group}/log-events/{stream}");
    let page = format!("https://{region}.{host}/cloudwatch/home?region={region}#{place}");
    Some(through(portal, target, page))
}

/// An address, through the access portal where there is one.
fn through(portal: Option<&Portal>, target: &Target, page: String) -> String {
    let Some(portal) = portal else { return page };
    let role = portal.role.as_ref().map(|role| format!("&role_name={}", encoded(role))).unwrap_or_default();
    let start = portal.url.trim_end_matches('/');
    format!("{start}/#/console?account_id={}{role}&destination={}", target.account.id, encoded(&page))
}

/// Percent-encoded but for what RFC 3986 calls unreserved.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::account::{Account, AccountId, Region};

    fn target(region: &str) -> Target {
        let account = Account { id: AccountId::parse("111122223333").unwrap(), name: None, client: None };
        Target { account: Arc::new(account), region: Region::parse(region).unwrap() }
    }

    #[test]
    fn the_address_is_that_of_the_partition_and_goes_through_the_portal() {
        assert_eq!(
            address(None, &target("eu-west-1"), "pay").unwrap(),
            "https://eu-west-1.console.aws.amazon.com/lambda/home?region=eu-west-1#/functions/pay?tab=monitoring"
        );
        assert!(address(None, &target("cn-north-1"), "pay").unwrap().contains("cn-north-1.console.amazonaws.cn/"));
        let portal = Portal { url: "https://acme.awsapps.com/start/".into(), role: Some("ReadOnly".into()) };
        assert_eq!(
            address(Some(&portal), &target("eu-west-1"), "p\u{1b}y").unwrap(),
            "https://acme.awsapps.com/start/#/console?account_id=111122223333&role_name=ReadOnly&destination=\
             https%3A%2F%2Feu-west-1.console.aws.amazon.com%2Flambda%2Fhome%3Fregion%3Deu-west-1%23%2Ffunctions\
             %2Fp%251By%3Ftab%3Dmonitoring"
        );
    }
}
