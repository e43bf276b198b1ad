//! The credentials at hand: the standard chain or a profile, loaded once, and whom they belong to.

use std::sync::Arc;

use aws_config::{
    AppName, BehaviorVersion, SdkConfig,
    profile::{ProfileFileCredentialsProvider, ProfileSet},
    provider_config::ProviderConfig,
};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_sdk_sts::config::IdentityCache;
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::os_shim_internal::{Env, Fs};
use tokio::sync::OnceCell;

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
        text::nearest,
    },
    source::calls,
};

/// Credentials at hand with the SDK's configuration that goes with them.
#[derive(Debug)]
pub(super) struct Hand {
    pub(super) sdk: SdkConfig,
    pub(super) credentials: Arc<Renewing>,
    profile: Option<String>,
    caller: OnceCell<Caller>,
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
            .http_client(http.clone())
            .identity_cache(IdentityCache::no_cache())
            .timeout_config(timeouts);
        if let Ok(name) = AppName::new(concat!("slmon-", env!("CARGO_PKG_VERSION"))) {
            loader = loader.app_name(name);
        }
        let Some(name) = profile else { return Self::new(&loader.load().await, None) };
        // The standard chain would let keys in the environment go before a profile that somebody named.
        let sdk = loader.profile_name(&name).no_credentials().load().await;
        let config = ProviderConfig::without_region().with_http_client(http).with_region(sdk.region().cloned());
        let provider = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(&name).build();
        let sdk = sdk.into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build();
        Self::new(&sdk, Some(name))
    }

    /// From a configuration that is there already.
    pub(super) fn new(sdk: &SdkConfig, profile: Option<String>) -> Self {
        let provider = sdk.credentials_provider().unwrap_or_else(|| SharedCredentialsProvider::new(Nothing));
        let time = sdk.time_source().unwrap_or_else(|| SharedTimeSource::new(SystemTimeSource::new()));
        let credentials = Arc::new(Renewing::new(provider, time));
        let shared = SharedCredentialsProvider::new(Shared(credentials.clone()));
        let sdk = sdk.to_builder().identity_cache(IdentityCache::no_cache()).credentials_provider(shared).build();
        Self { sdk, credentials, profile, caller: OnceCell::new() }
    }

    /// The region that goes with these credentials, if one is set.
    pub(super) fn region(&self) -> Option<Region> {
        self.sdk.region().and_then(|region| Region::parse(region.as_ref()))
    }

    /// STS in the region at hand, or the partition's first one.
    fn sts(&self, meter: &Meter, partition: &str) -> aws_sdk_sts::Client {
        let region = self.region().map_or_else(|| first_region(partition).to_owned(), |region| region.to_string());
        self.sts_in(region, meter, partition)
    }

    /// STS for assuming roles. A session from any region is good in all, but the region that is asked has to be enabled
    /// in the account of the role; one that every account has is. Source: the IAM user guide, "Managing AWS STS in an
    /// AWS Region".
    pub(super) fn sts_for_roles(&self, meter: &Meter, partition: &str) -> aws_sdk_sts::Client {
        let at_hand = self.region().filter(|region| region.partition() == partition && region.is_always_enabled());
        let region = at_hand.map_or_else(|| first_region(partition).to_owned(), |region| region.to_string());
        self.sts_in(region, meter, partition)
    }

    fn sts_in(&self, region: String, meter: &Meter, partition: &str) -> aws_sdk_sts::Client {
        let config = aws_sdk_sts::config::Builder::from(&self.sdk)
            .region(Some(aws_sdk_sts::config::Region::new(region)))
            .retry_partition(RetryPartition::custom(format!("sts/{partition}/{:?}", self.profile)).build())
            .interceptor(meter.clone());
        aws_sdk_sts::Client::from_conf(config.build())
    }

    /// Whom the credentials belong to; asked once.
    pub(super) async fn caller(&self, meter: &Meter) -> Result<Caller, Failure> {
        self.caller.get_or_try_init(|| self.ask_caller(meter)).await.cloned()
    }

    async fn ask_caller(&self, meter: &Meter) -> Result<Caller, Failure> {
        self.check(calls::GET_CALLER_IDENTITY)?;
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

    /// What no call can work with, told before the SDK stumbles over it.
    pub(super) fn check(&self, operation: &'static str) -> Result<(), Failure> {
        match self.sdk.region() {
            Some(region) if Region::parse(region.as_ref()).is_none() => {
                let failure = Failure::new(operation, Kind::Other, format!("`{region}` is no region's code"));
                Err(failure.with_hint("set AWS_REGION (or region in the profile) to a code such as eu-west-1"))
            }
            _ => Ok(()),
        }
    }

    /// A failure of the credentials at hand, or of what is asked first with them, with a hint that knows from where
    /// they come.
    pub(super) async fn explain(&self, failure: Failure) -> Failure {
        match failure.kind {
            Kind::Network | Kind::Timeout => self.explain_silence(failure),
            Kind::Denied | Kind::Expired | Kind::Other => self.explain_profile(failure).await,
            _ => failure,
        }
    }

    fn explain_silence(&self, failure: Failure) -> Failure {
        if let Some(url) = self.sdk.endpoint_url() {
            let hint = format!(
                "see that something answers at {url}, which AWS_ENDPOINT_URL (or endpoint_url in the profile) names"
            );
            return failure.with_hint(hint);
        }
        match self.region() {
            Some(region) => super::in_region(failure, &region),
            None => failure,
        }
    }

    /// The SDK for Rust ignores `mfa_serial`, so a profile that needs a code fails without saying why, and it says of a
    /// profile that is not there that there are no credentials. Both are said here.
    async fn explain_profile(&self, failure: Failure) -> Failure {
        // Keys in the environment go before a profile that only the environment names: then it is not in use.
        if self.profile.is_none() && Env::real().get("AWS_ACCESS_KEY_ID").is_ok_and(|key| !key.is_empty()) {
            return failure;
        }
        let files = EnvConfigFiles::default();
        let Ok(profiles) = aws_config::profile::load(&Fs::real(), &Env::real(), &files, None).await else {
            return failure;
        };
        let chosen = self.profile.as_deref().unwrap_or_else(|| profiles.selected_profile());
        let (mut name, mut from) = (chosen, None);
        for _ in 0..8 {
            let Some(profile) = profiles.get_profile(name) else {
                let named = from.is_some() || self.profile.is_some() || name != "default";
                return if named { no_profile(&failure, name, from, &profiles) } else { failure };
            };
            if profile.get("mfa_serial").is_some() {
                return failure.with_hint(format!(
                    "the profile {name} asks for an MFA code, which slmon can't ask you for: \
                     run eval \"$(aws configure export-credentials --profile {chosen} --format env)\" first, and slmon \
                     without this profile; or use a profile that signs in by aws sso login"
                ));
            }
            let Some(source) = profile.get("source_profile").filter(|source| *source != name) else { break };
            (name, from) = (source, Some(name));
        }
        if failure.kind == Kind::Expired && (self.profile.is_some() || chosen != "default") {
            let general = "aws sso login, with --profile where one is used";
            let hint = failure.hint.replace(general, &format!("aws sso login --profile {chosen}"));
            return failure.with_hint(hint);
        }
        failure
    }
}

/// A profile that is named, by another one or by the user, and is not there.
fn no_profile(failure: &Failure, name: &str, from: Option<&str>, profiles: &ProfileSet) -> Failure {
    let by = from.map_or(String::new(), |from| format!("; {from} takes its credentials from it"));
    let near = nearest(name, profiles.profiles()).map_or(String::new(), |near| format!("did you mean {near}? "));
    let message = format!("there is no profile {name} in the AWS configuration files{by}");
    Failure::new(failure.operation, failure.kind, message)
        .with_hint(format!("{near}aws configure list-profiles shows what there is"))
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
