//! The source that asks AWS, and the only place that names the AWS SDK. It knows nothing of fleets, checks or screens.
//!
//! One HTTP client for everything; base credentials loaded once; one session, and one retry budget, an account.

mod base;
mod carried;
mod credentials;
mod discovery;
mod error;
pub mod events;
mod logs;
mod member;
mod meter;
mod metrics;
#[cfg(feature = "s3")]
mod objects;
mod organizations;
mod paging;
mod queries;
mod traces;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_http_client::{
    Builder, Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector},
    runtime_components::RuntimeComponents,
};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use tokio::sync::OnceCell;

use self::{
    base::Hand,
    credentials::{Renewing, RoleProvider, Shared},
    member::Member,
    meter::Meter,
};
use super::{
    Answer, MetricPart, MetricRequest, Pages, Source, Tail,
    calls::{self, Place},
};
use crate::domain::{
    account::{Account, AccountId, Region, Target},
    failure::{Failure, Kind},
    function::{Configuration, Discovered, Tags},
    logs::{
        LogPage, LogRequest,
        query::{GroupFacts, LogQuery, QueryAnswer},
    },
    roster::{Base, Caller, Entry, Listed, Organization, Regions, Role, Secret},
    text::AwsText,
    trace::{Destination, TraceBatch, TracePage, TraceRequest, graph::Service},
    usage::Usage,
};

/// The longest that one attempt of a call may take. The SDK has no such limit of its own, and a GET that is never
/// answered would hang for ever.
const ATTEMPT: Duration = Duration::from_secs(6);
/// The longest that a call may take with all its attempts.
const CALL: Duration = Duration::from_secs(16);

/// AWS.
pub struct Aws {
    http: SharedHttpClient,
    hands: Mutex<HashMap<Base, Arc<OnceCell<Arc<Hand>>>>>,
    members: RwLock<HashMap<AccountId, Arc<Member>>>,
    meter: Meter,
    #[cfg(feature = "s3")]
    shelves: objects::Shelves,
}

impl Aws {
    /// AWS over HTTPS.
    pub fn new() -> Self {
        // As the SDK builds its own default client, which heeds HTTPS_PROXY and NO_PROXY; but one for all services.
        Self::over(Builder::new().build_with_connector_fn(|settings, components| {
            let mut connector = Connector::builder()
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .proxy_config(ProxyConfig::from_env());
            connector.set_connector_settings(settings.cloned());
            connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
            connector.build()
        }))
    }

    /// AWS over an HTTP client of one's own.
    pub fn over(http: SharedHttpClient) -> Self {
        Self {
            http: SharedHttpClient::new(OneClient(http)),
            hands: Mutex::default(),
            members: RwLock::default(),
            meter: Meter::default(),
            #[cfg(feature = "s3")]
            shelves: objects::Shelves::default(),
        }
    }

    /// Takes a configuration that is there already for the credentials at hand, and its HTTP client for everything,
    /// instead of reading the environment and its files.
    pub fn preset(base: Base, sdk: &aws_config::SdkConfig) -> Self {
        let aws = sdk.http_client().map_or_else(Self::new, |http| Self::over(http.clone()));
        let profile = match &base {
            Base::Default => None,
            Base::Profile(name) => Some(name.clone()),
        };
        let sdk = sdk.to_builder().http_client(aws.http.clone()).build();
        let cell = OnceCell::new_with(Some(Arc::new(Hand::new(&sdk, profile))));
        aws.hands.lock().unwrap_or_else(PoisonError::into_inner).insert(base, Arc::new(cell));
        aws
    }

    async fn hand(&self, base: &Base) -> Arc<Hand> {
        let cell = {
            let mut hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
            hands.entry(base.clone()).or_default().clone()
        };
        cell.get_or_init(|| async { Arc::new(Hand::load(base, self.http.clone()).await) }).await.clone()
    }

    fn member(&self, account: &AccountId, operation: &'static str) -> Result<Arc<Member>, Failure> {
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        members.get(account).cloned().ok_or_else(|| {
            Failure::new(operation, Kind::Other, format!("account {account} has not been entered"))
                .with_hint("report this: it is a fault of slmon's")
        })
    }

    /// The account through a role, or with the credentials at hand.
    async fn open(&self, entry: &Entry) -> Result<Member, Failure> {
        let (access, account) = (&entry.access, &entry.account.id);
        let hand = self.hand(&access.base).await;
        let Some(role) = &access.role else {
            let caller = hand.caller(&self.meter).await?;
            if *account != caller.account {
                return Err(not_its_own(account, &caller.account));
            }
            return Ok(Member {
                id: caller.account,
                sdk: hand.sdk.clone(),
                credentials: hand.credentials.clone(),
                role: None,
                partition: caller.partition,
                meter: self.meter.clone(),
            });
        };
        let first = match &entry.regions {
            Regions::These(regions) => regions.first(),
            Regions::All => None,
        };
        self.assume(&hand, role, Place::Member, Some(account), first).await
    }

    /// Assumes a role. Its partition is that of its ARN, else of the credentials' region, else of the first region that
    /// is to be read.
    async fn assume(
        &self,
        hand: &Hand,
        role: &Role,
        place: Place,
        account: Option<&AccountId>,
        first: Option<&Region>,
    ) -> Result<Member, Failure> {
        hand.check(calls::ASSUME_ROLE)?;
        let named = partition_of(&role.name).map(ToOwned::to_owned);
        let region = hand.region();
        let partition = named.unwrap_or_else(|| region.as_ref().or(first).map_or("aws", Region::partition).to_owned());
        let account = match account.cloned().or_else(|| AccountId::of_arn(&role.name)) {
            Some(account) => account,
            None => hand.caller(&self.meter).await?.account,
        };
        let arn = role.arn(&partition, &account);
        let provider = RoleProvider {
            sts: hand.sts_for_roles(&self.meter, &partition),
            role: role.clone(),
            place,
            hint: format!(
                "check that {arn} exists, that its trust policy lets these credentials assume it{}, and that they may sts:AssumeRole it",
                if role.external_id.is_some() { " with this external id" } else { " without an external id" },
            ),
            arn: arn.clone(),
        };
        let time = hand.sdk.time_source().unwrap_or_else(|| SharedTimeSource::new(SystemTimeSource::new()));
        let credentials = Arc::new(Renewing::new(SharedCredentialsProvider::new(provider), time));
        if let Err(error) = credentials.load().await {
            return Err(hand.explain(error::of_credentials(calls::ASSUME_ROLE, &error)).await);
        }
        let shared = SharedCredentialsProvider::new(Shared(credentials.clone()));
        let sdk = hand.sdk.clone().into_builder().credentials_provider(shared).build();
        Ok(Member { id: account, sdk, credentials, role: Some(arn), partition, meter: self.meter.clone() })
    }
}

impl Default for Aws {
    fn default() -> Self {
        Self::new()
    }
}

fn not_its_own(wanted: &AccountId, own: &AccountId) -> Failure {
    Failure::new(
        calls::GET_CALLER_IDENTITY,
        Kind::Other,
        format!("the credentials belong to account {own}, not to {wanted}"),
    )
    .with_hint("give the account a role to assume, or the profile that is its own")
}

/// The partition in an ARN.
fn partition_of(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:").and_then(|rest| rest.split(':').next())
}

impl Source for Aws {
    fn caller<'a>(&'a self, base: &'a Base) -> Answer<'a, Caller> {
        async move { self.hand(base).await.caller(&self.meter).await }.boxed()
    }

    fn accounts<'a>(&'a self, organization: &'a Organization) -> Pages<'a, Listed> {
        let pages = async move {
            let hand = self.hand(&organization.lister.base).await;
            let sdk = match &organization.lister.role {
                None => hand.sdk.clone(),
                Some(role) => self.assume(&hand, role, Place::Hub, None, None).await?.sdk,
            };
            let partition = sdk.region().and_then(|region| Region::parse(region.as_ref()));
            let partition = partition.as_ref().map_or("aws", Region::partition);
            // Organizations is one service a partition; it only needs to be told which.
            let region = sdk.region().map_or_else(|| base::first_region(partition).to_owned(), ToString::to_string);
            let config = aws_sdk_organizations::config::Builder::from(&sdk)
                .region(Some(aws_sdk_organizations::config::Region::new(region)))
                .retry_partition(RetryPartition::custom(format!("organizations/{:?}", organization.lister)).build())
                .interceptor(self.meter.clone());
            let client = aws_sdk_organizations::Client::from_conf(config.build());
            Ok(organizations::accounts(client, &organization.include_ous))
        };
        stream::once(pages).try_flatten().boxed()
    }

    fn enter<'a>(&'a self, entry: &'a Entry) -> Answer<'a, ()> {
        async move {
            let member = self.open(entry).await?;
            let mut members = self.members.write().unwrap_or_else(PoisonError::into_inner);
            members.insert(entry.account.id.clone(), Arc::new(member));
            Ok(())
        }
        .boxed()
    }

    fn assumable<'a>(&'a self, entry: &'a Entry, external_id: Option<&'a str>) -> Answer<'a, bool> {
        async move {
            let mut entry = entry.clone();
            if let Some(role) = &mut entry.access.role {
                role.external_id = external_id.map(Secret::new);
            }
            // Opened, and not entered: no other call can find the session.
            match self.open(&entry).await {
                Ok(_) => Ok(true),
                Err(failure) if failure.kind == Kind::Denied => Ok(false),
                Err(failure) => Err(failure),
            }
        }
        .boxed()
    }

    fn regions<'a>(&'a self, account: &'a Account) -> Answer<'a, Vec<Region>> {
        async move {
            let member = self.member(&account.id, calls::LIST_REGIONS)?;
            let home = member.sdk.region().and_then(|region| Region::parse(region.as_ref()));
            let home = home.or_else(|| Region::parse(base::first_region(&member.partition)));
            let home = home.ok_or_else(|| Failure::new(calls::LIST_REGIONS, Kind::Other, "no region to ask in"))?;
            discovery::regions(&member, &home).await
        }
        .boxed()
    }

    fn tagged<'a>(&'a self, target: &'a Target, key: Option<&'a str>) -> Pages<'a, Discovered> {
        match self.member(&target.account.id, calls::GET_RESOURCES) {
            Ok(member) => discovery::tagged(member, &target.region, key)
                .map_err(|failure| in_region(failure, &target.region))
                .boxed(),
            Err(failure) => stream::once(async { Err(failure) }).boxed(),
        }
    }

    fn tables<'a>(&'a self, target: &'a Target, key: &'a str) -> Pages<'a, Discovered> {
        match self.member(&target.account.id, calls::GET_RESOURCES) {
            Ok(member) => discovery::tables(member, &target.region, key)
                .map_err(|failure| in_region(failure, &target.region))
                .boxed(),
            Err(failure) => stream::once(async { Err(failure) }).boxed(),
        }
    }

    fn functions<'a>(&'a self, target: &'a Target) -> Pages<'a, Configuration> {
        match self.member(&target.account.id, calls::LIST_FUNCTIONS) {
            Ok(member) => discovery::functions(member, &target.region)
                .map_err(|failure| in_region(failure, &target.region))
                .boxed(),
            Err(failure) => stream::once(async { Err(failure) }).boxed(),
        }
    }

    fn tags<'a>(&'a self, target: &'a Target, arn: &'a AwsText) -> Answer<'a, Tags> {
        async move {
            let member = self.member(&target.account.id, calls::LIST_TAGS)?;
            discovery::tags(&member, &target.region, arn).await
        }
        .boxed()
    }

    fn metrics<'a>(&'a self, target: &'a Target, request: &'a MetricRequest) -> Pages<'a, MetricPart> {
        match self.member(&target.account.id, calls::GET_METRIC_DATA) {
            Ok(member) => metrics::metrics(member, &target.region, request)
                .map_err(|failure| in_region(failure, &target.region))
                .boxed(),
            Err(failure) => stream::once(async { Err(failure) }).boxed(),
        }
    }

    fn summaries<'a>(&'a self, target: &'a Target, request: &'a TraceRequest) -> Pages<'a, TracePage> {
        match self.member(&target.account.id, calls::GET_TRACE_SUMMARIES) {
            Ok(member) => traces::summaries(member, &target.region, request)
                .map_err(|failure| in_region(failure, &target.region))
                .boxed(),
            Err(failure) => stream::once(async { Err(failure) }).boxed(),
        }
    }

    fn traces<'a>(&'a self, target: &'a Target, ids: &'a [AwsText]) -> Answer<'a, TraceBatch> {
        async move {
            let member = self.member(&target.account.id, calls::BATCH_GET_TRACES)?;
            traces::batch(&member, &target.region, ids).await
        }
        .boxed()
    }

    fn services<'a>(&'a self, target: &'a Target, span: (Timestamp, Timestamp)) -> Pages<'a, Service> {
        match self.member(&target.account.id, calls::GET_SERVICE_GRAPH) {
            Ok(member) => traces::services(member, &target.region, span)
                .map_err(|failure| in_region(failure, &target.region))
                .boxed(),
            Err(failure) => stream::once(async { Err(failure) }).boxed(),
        }
    }

    fn concurrency<'a>(&'a self, target: &'a Target) -> Answer<'a, u32> {
        async move {
            let member = self.member(&target.account.id, calls::GET_ACCOUNT_SETTINGS)?;
            let limit = discovery::concurrency(&member, &target.region).await;
            limit.map_err(|failure| in_region(failure, &target.region))
        }
        .boxed()
    }

    fn destination<'a>(&'a self, target: &'a Target) -> Answer<'a, Destination> {
        async move {
            let member = self.member(&target.account.id, calls::GET_TRACE_SEGMENT_DESTINATION)?;
            traces::destination(&member, &target.region).await
        }
        .boxed()
    }

    fn events<'a>(&'a self, target: &'a Target, request: &'a LogRequest) -> Pages<'a, LogPage> {
        match self.member(&target.account.id, calls::FILTER_LOG_EVENTS) {
            Ok(member) => logs::events(member, &target.region, request)
                .map_err(|failure| in_region(failure, &target.region))
                .boxed(),
            Err(failure) => stream::once(async { Err(failure) }).boxed(),
        }
    }

    fn tail<'a>(&'a self, target: &'a Target, groups: &'a [AwsText], pattern: Option<&'a str>) -> Answer<'a, Tail<'a>> {
        async move {
            let member = self.member(&target.account.id, calls::START_LIVE_TAIL)?;
            logs::tail(&member, &target.region, groups, pattern).await
        }
        .boxed()
    }

    fn groups<'a>(&'a self, target: &'a Target, names: &'a [AwsText]) -> Pages<'a, GroupFacts> {
        match self.member(&target.account.id, calls::DESCRIBE_LOG_GROUPS) {
            Ok(member) => queries::groups(member, &target.region, names)
                .map_err(|failure| in_region(failure, &target.region))
                .boxed(),
            Err(failure) => stream::once(async { Err(failure) }).boxed(),
        }
    }

    fn query<'a>(&'a self, target: &'a Target, query: &'a LogQuery) -> Answer<'a, AwsText> {
        async move {
            let member = self.member(&target.account.id, calls::START_QUERY)?;
            queries::query(&member, &target.region, query).await
        }
        .boxed()
    }

    fn queried<'a>(&'a self, target: &'a Target, query: &'a LogQuery, id: &'a AwsText) -> Answer<'a, QueryAnswer> {
        async move {
            let member = self.member(&target.account.id, calls::GET_QUERY_RESULTS)?;
            queries::queried(&member, &target.region, query, id).await
        }
        .boxed()
    }

    fn stop<'a>(&'a self, target: &'a Target, id: &'a AwsText) -> Answer<'a, ()> {
        async move {
            let member = self.member(&target.account.id, calls::STOP_QUERY)?;
            queries::stop(&member, &target.region, id).await
        }
        .boxed()
    }

    fn usage(&self) -> Usage {
        self.meter.usage()
    }
}

/// A region that does not exist has no address: of one that nobody knows, that is the likely reason.
fn in_region(failure: Failure, region: &Region) -> Failure {
    if failure.kind != Kind::Network || region.is_known() {
        return failure;
    }
    let meant = Region::nearest_known(region.as_str()).map_or(String::new(), |near| format!("; {near} is meant?"));
    failure.with_hint(format!("there may be no region {region}{meant}"))
}

/// The shared client, less a check that would build a connector anew for each service client.
#[derive(Debug)]
struct OneClient(SharedHttpClient);

impl HttpClient for OneClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }
}
