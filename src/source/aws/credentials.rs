//! Credentials: loaded once, renewed when they near their end or AWS calls them expired, and never by two callers at
//! once. The SDK's own identity cache is switched off in favour of this one: it holds 64 identities at most, loads the
//! base credentials anew for every role, and can't be told that a session has ended early.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future},
};
use aws_smithy_async::time::SharedTimeSource;
use tokio::sync::Mutex;

use super::{carried::Carried, error};
use crate::{domain::roster::Role, source::calls};

/// Credentials are renewed when less than this is left of them, or a tenth of a session that is shorter than usual.
const MARGIN: Duration = Duration::from_mins(1);

/// Holds what another provider gave, until it nears its end.
#[derive(Debug)]
pub(super) struct Renewing {
    provider: SharedCredentialsProvider,
    time: SharedTimeSource,
    held: Mutex<Option<Held>>,
    generation: AtomicU64,
}

#[derive(Debug)]
struct Held {
    credentials: Credentials,
    renew_at: Option<SystemTime>,
}

impl Renewing {
    pub(super) fn new(provider: SharedCredentialsProvider, time: SharedTimeSource) -> Self {
        Self { provider, time, held: Mutex::new(None), generation: AtomicU64::new(0) }
    }

    /// The credentials, loaded if need be. Callers that come while they load wait for that one load.
    pub(super) async fn load(&self) -> Result<Credentials, CredentialsError> {
        let mut held = self.held.lock().await;
        let now = self.time.now();
        if let Some(held) = held.as_ref().filter(|held| held.renew_at.is_none_or(|renew_at| now < renew_at)) {
            return Ok(held.credentials.clone());
        }
        let credentials = self.provider.provide_credentials().await?;
        let renew_at = credentials.expiry().map(|expiry| {
            let left = expiry.duration_since(now).unwrap_or_default();
            expiry.checked_sub(MARGIN.min(left / 10)).unwrap_or(expiry)
        });
        self.generation.fetch_add(1, Ordering::Relaxed);
        *held = Some(Held { credentials: credentials.clone(), renew_at });
        Ok(credentials)
    }

    /// Which load the held credentials come from.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// Loads anew what AWS called expired, unless somebody has renewed it since; whether there are other credentials
    /// now. Keys that are set by hand stay what they are, and then asking again is in vain.
    pub(super) async fn renew(&self, generation: u64) -> bool {
        let before = {
            let mut held = self.held.lock().await;
            if self.generation() != generation {
                return true;
            }
            held.take().map(|held| held.credentials)
        };
        match (self.load().await, before) {
            (Ok(now), Some(before)) => now.access_key_id() != before.access_key_id(),
            // Where loading has failed, the call will fail with the same, and say it better.
            _ => true,
        }
    }
}

/// [`Renewing`] as the SDK wants a provider.
#[derive(Clone, Debug)]
pub(super) struct Shared(pub(super) std::sync::Arc<Renewing>);

impl ProvideCredentials for Shared {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.0.load())
    }
}

/// Assumes one role, with the session policy that narrows it to reading.
pub(super) struct RoleProvider {
    pub(super) sts: aws_sdk_sts::Client,
    pub(super) role: Role,
    pub(super) arn: String,
    /// What the role is for, which decides what it is narrowed to.
    pub(super) place: calls::Place,
    pub(super) hint: String,
}

impl fmt::Debug for RoleProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoleProvider({})", self.arn)
    }
}

impl RoleProvider {
    async fn assume(&self) -> Result<Credentials, CredentialsError> {
        let answer = self
            .sts
            .assume_role()
            .role_arn(&self.arn)
            .role_session_name("slmon")
            .set_external_id(self.role.external_id.as_ref().map(|secret| secret.reveal().to_owned()))
            .policy(calls::session_policy(self.place))
            .send()
            .await
            .map_err(|error| {
                let failure = error::failure(calls::ASSUME_ROLE, &error);
                let denied = failure.kind == crate::domain::failure::Kind::Denied;
                Carried::wrap(if denied { failure.with_hint(self.hint.clone()) } else { failure })
            })?;
        let session =
            answer.credentials.ok_or_else(|| CredentialsError::unhandled("AssumeRole answered without credentials"))?;
        let expiry = SystemTime::try_from(session.expiration).ok();
        Ok(Credentials::new(
            session.access_key_id,
            session.secret_access_key,
            Some(session.session_token),
            expiry,
            "slmon",
        ))
    }
}

impl ProvideCredentials for RoleProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}
