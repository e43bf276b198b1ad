//! One account that has been entered: its credentials, and clients for its regions.

use std::{future::Future, sync::Arc};

use aws_config::SdkConfig;
use aws_smithy_runtime::client::retries::RetryPartition;

use super::{credentials::Renewing, meter::Meter};
use crate::domain::{
    account::{AccountId, Region},
    failure::{Failure, Kind},
};

/// An account that has been entered.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: AccountId,
    pub(super) sdk: SdkConfig,
    pub(super) credentials: Arc<Renewing>,
    pub(super) role: Option<String>,
    pub(super) partition: String,
    pub(super) meter: Meter,
}

/// How often a call is made again because its session had ended. Sessions last for 15 minutes at least, unless somebody
/// revokes them; then one renewal is one chance.
const RENEWALS: usize = 6;

/// A client of one service in one region, which counts, and retries at nobody else's expense: the SDK would share one
/// retry budget between all accounts of a region.
macro_rules! client {
    ($name:ident, $krate:ident) => {
        pub(super) fn $name(&self, region: &Region) -> $krate::Client {
            let config = $krate::config::Builder::from(&self.sdk)
                .region(Some($krate::config::Region::new(region.as_str().to_owned())))
                .retry_partition(self.retries(region))
                .interceptor(self.meter.clone());
            $krate::Client::from_conf(config.build())
        }
    };
}

impl Member {
    client!(tagging, aws_sdk_resourcegroupstagging);
    client!(lambda, aws_sdk_lambda);
    client!(logs, aws_sdk_cloudwatchlogs);
    client!(cloudwatch, aws_sdk_cloudwatch);
    client!(account, aws_sdk_account);
    client!(xray, aws_sdk_xray);

    fn retries(&self, region: &Region) -> RetryPartition {
        RetryPartition::custom(format!("{}/{region}", self.id)).build()
    }

    /// Makes a call, and makes it again with new credentials where AWS calls the session expired.
    pub(super) async fn call<T, F>(&self, call: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut renewals = 0;
        loop {
            let generation = self.credentials.generation();
            match call().await {
                Err(failure) if failure.kind == Kind::Expired && !is_unknown(&failure) && renewals < RENEWALS => {
                    renewals += 1;
                    if !self.credentials.renew(generation).await {
                        return Err(self.explain(failure));
                    }
                }
                Err(failure) => return Err(self.explain(failure)),
                answer => return answer,
            }
        }
    }

    /// Entering the account has worked, so credentials that one region does not know mean that the region is not
    /// enabled there; and what is denied is denied to a known role.
    fn explain(&self, failure: Failure) -> Failure {
        if failure.kind == Kind::Expired && is_unknown(&failure) {
            return Failure::new(failure.operation, Kind::RegionDisabled, failure.message);
        }
        match (&failure.kind, &self.role) {
            (Kind::Denied, Some(role)) => {
                let hint = format!("allow {} in the policy of {role}", failure.operation);
                failure.with_hint(hint)
            }
            (Kind::Denied, None) => {
                let hint = format!("allow {} to the credentials in use", failure.operation);
                failure.with_hint(hint)
            }
            _ => failure,
        }
    }
}

/// Whether AWS does not know the credentials at all, which renewing them does not mend.
fn is_unknown(failure: &Failure) -> bool {
    let codes = ["UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure"];
    codes.iter().any(|code| failure.message.raw().starts_with(code))
}
