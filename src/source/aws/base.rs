//! The credentials at hand: the standard chain or a profile, loaded once, and whom they belong to.

use std::sync::Arc;

use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_sdk_sts::config::IdentityCache;
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::os_shim_internal::{Env, Fs};

use super::{
    ATTEMPT, CALL,
    credentials::{Renewing, Shared},
    error,
    meter::Meter,
    partition_of,
};
use crate::{
    domain::{
        account::{AccountId, Region},
        failure::{Failure, Kind},
        roster::{Base, Caller},
    },
    source::calls,
};

/// Credentials at hand with the SDK's configuration that goes with them.
#[derive(Debug)]
pub(super) struct Hand {
    pub(super) sdk: SdkConfig,
    pub(super) credentials: Arc<Renewing>,
    profile: Option<String>,
}

impl Hand {
    /// Reads the shared configuration. Nothing goes over the network but, on an EC2 instance without a region in its
    /// environment, the question for that region.
    pub(super) async fn load(base: &Base, http: SharedHttpClient) -> Self {
        let profile = match base {
            Base::Default => None,
            Base::Profile(name) => Some(name.clone()),
        };
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(CALL).build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .identity_cache(IdentityCache::no_cache())
            .timeout_config(timeouts);
        if let Ok(name) = AppName::new(concat!("slmon-", env!("CARGO_PKG_VERSION"))) {
            loader = loader.app_name(name);
        }
        if let Some(profile) = &profile {
            loader = loader.profile_name(profile);
        }
        Self::new(&loader.load().await, profile)
    }

    /// From a configuration that is there already.
    pub(super) fn new(sdk: &SdkConfig, profile: Option<String>) -> Self {
        let provider = sdk.credentials_provider().unwrap_or_else(|| SharedCredentialsProvider::new(Nothing));
        let time = sdk.time_source().unwrap_or_else(|| SharedTimeSource::new(SystemTimeSource::new()));
        let credentials = Arc::new(Renewing::new(provider, time));
        let shared = SharedCredentialsProvider::new(Shared(credentials.clone()));
        let sdk = sdk.to_builder().identity_cache(IdentityCache::no_cache()).credentials_provider(shared).build();
        Self { sdk, credentials, profile }
    }

    /// The region that goes with these credentials, if one is set.
    pub(super) fn region(&self) -> Option<Region> {
        self.sdk.region().and_then(|region| Region::parse(region.as_ref()))
    }

    /// STS, in the region at hand or the partition's first one: a session from any of them is good in all.
    pub(super) fn sts(&self, meter: &Meter, partition: &str) -> aws_sdk_sts::Client {
        let mut config = aws_sdk_sts::config::Builder::from(&self.sdk).interceptor(meter.clone());
        if self.sdk.region().is_none() {
            config = config.region(Some(aws_sdk_sts::config::Region::new(first_region(partition))));
        }
        aws_sdk_sts::Client::from_conf(config.build())
    }

    /// Whom the credentials belong to.
    pub(super) async fn caller(&self, meter: &Meter) -> Result<Caller, Failure> {
        if let Err(error) = self.credentials.load().await {
            return Err(self.explain(error::of_credentials(calls::GET_CALLER_IDENTITY, &error)).await);
        }
        let region = self.region();
        let partition = region.as_ref().map_or("aws", Region::partition);
        let identity = match self.sts(meter, partition).get_caller_identity().send().await {
            Ok(identity) => identity,
            Err(error) => return Err(self.explain(error::failure(calls::GET_CALLER_IDENTITY, &error)).await),
        };
        let account = identity
            .account()
            .and_then(AccountId::parse)
            .ok_or_else(|| Failure::new(calls::GET_CALLER_IDENTITY, Kind::Malformed, "the answer names no account"))?;
        let partition = identity.arn().and_then(partition_of).unwrap_or(partition).to_owned();
        Ok(Caller { account, partition, region })
    }

    /// The SDK for Rust ignores `mfa_serial`, so a profile that needs a code fails without saying why. It is said here.
    pub(super) async fn explain(&self, failure: Failure) -> Failure {
        if !matches!(failure.kind, Kind::Denied | Kind::Expired | Kind::Other) {
            return failure;
        }
        let files = EnvConfigFiles::default();
        let Ok(profiles) = aws_config::profile::load(&Fs::real(), &Env::real(), &files, None).await else {
            return failure;
        };
        let mut name = self.profile.clone().unwrap_or_else(|| profiles.selected_profile().to_owned());
        for _ in 0..8 {
            let Some(profile) = profiles.get_profile(&name) else { break };
            if profile.get("mfa_serial").is_some() {
                return failure.with_hint(format!(
                    "the profile {name} asks for an MFA code, which slmon can't ask you for: \
                     run eval \"$(aws configure export-credentials --profile {name} --format env)\" first, or use aws sso login"
                ));
            }
            let Some(source) = profile.get("source_profile").filter(|source| *source != name) else { break };
            name = source.to_owned();
        }
        if failure.kind == Kind::Expired
            && let Some(profile) = &self.profile
        {
            let hint = failure.hint.replace(
                "aws sso login, with --profile where one is used",
                &format!("aws sso login --profile {profile}"),
            );
            return failure.with_hint(hint);
        }
        failure
    }
}

/// A region of the partition that is enabled in every account.
pub(super) fn first_region(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-eusc" => "eusc-de-east-1",
        "aws-iso" => "us-iso-east-1",
        "aws-iso-b" => "us-isob-east-1",
        "aws-iso-e" => "eu-isoe-west-1",
        "aws-iso-f" => "us-isof-south-1",
        _ => "us-east-1",
    }
}

/// Where the chain yields no provider at all.
#[derive(Debug)]
struct Nothing;

impl aws_credential_types::provider::ProvideCredentials for Nothing {
    fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        use aws_credential_types::provider::{error::CredentialsError, future};
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded_no_source()))
    }
}
