//! From what the SDK reports to a [`Failure`]: which kind, what AWS said, and what to do about it.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::{
    assume_role::AssumeRoleError, assume_role_with_web_identity::AssumeRoleWithWebIdentityError,
};
use aws_smithy_runtime_api::client::{
    orchestrator::HttpResponse,
    result::{ConnectorError, SdkError},
};
use aws_smithy_types::{error::metadata::ProvideErrorMetadata, retry::ErrorKind};

use super::carried::Carried;
use crate::{
    domain::failure::{Failure, Kind},
    source::calls,
};

/// The failure behind an error of the SDK.
pub(super) fn failure<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Failure
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match error {
        // An answer that succeeded and can't be parsed comes as an error of the service without a code.
        SdkError::ServiceError(service) if service.raw().status().is_success() => {
            Failure::new(operation, Kind::Malformed, chain(error))
        }
        SdkError::ServiceError(service) => of_service(operation, service.err().meta(), service.raw().status().as_u16()),
        SdkError::TimeoutError(_) => {
            Failure::new(operation, Kind::Timeout, format!("no answer in time to {operation}"))
        }
        SdkError::ResponseError(response) => {
            let status = response.raw().status();
            let kind = if status.is_server_error() { Kind::Server } else { Kind::Malformed };
            Failure::new(
                operation,
                kind,
                format!("HTTP {}, and an answer that can't be understood: {}", status.as_u16(), chain(error)),
            )
        }
        SdkError::DispatchFailure(dispatch) => of_chain(operation, error).unwrap_or_else(|| {
            let message = chain(error);
            if message.starts_with("failed to apply endpoint") {
                let hint =
                    "begin AWS_ENDPOINT_URL (or endpoint_url in the profile) with https:// or http://, or unset it";
                return Failure::new(operation, Kind::Other, message).with_hint(hint);
            }
            let kind = if dispatch.as_connector_error().is_some_and(broke) { Kind::Network } else { Kind::Other };
            Failure::new(operation, kind, message)
        }),
        _ => of_chain(operation, error).unwrap_or_else(|| Failure::new(operation, Kind::Other, chain(error))),
    }
}

/// Whether a connection did not come about or broke. That the other side closed it before it answered is no matter of
/// input and output to the SDK, but a transient one.
fn broke(connector: &ConnectorError) -> bool {
    connector.is_io() || connector.is_timeout() || connector.as_other() == Some(ErrorKind::TransientError)
}

/// What the credentials behind a request failed with, where that is the cause.
fn of_chain(operation: &'static str, error: &(dyn Error + 'static)) -> Option<Failure> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(carried) = error.downcast_ref::<Carried>() {
            return Some(carried.0.clone());
        }
        if let Some(credentials) = error.downcast_ref::<CredentialsError>() {
            return Some(of_credentials(operation, credentials));
        }
        cause = error.source();
    }
    None
}

/// The failure behind credentials that could not be loaded.
pub(super) fn of_credentials(operation: &'static str, error: &CredentialsError) -> Failure {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(failure) = behind(operation, error) {
            return failure;
        }
        cause = error.source();
    }
    let said = chain(error);
    let lower = said.to_lowercase();
    match error {
        CredentialsError::CredentialsNotLoaded(_) => {
            Failure::new(operation, Kind::Expired, "no credentials were found").with_hint(
                "set AWS_PROFILE, or sign in (aws sso login), or give a profile with --profile; slmon looks where the AWS SDKs look",
            )
        }
        CredentialsError::ProviderTimedOut(_) => {
            Failure::new(operation, Kind::Timeout, said).with_hint("whatever provides the credentials did not answer; try it by itself")
        }
        CredentialsError::InvalidConfiguration(_) => Failure::new(operation, Kind::Other, said)
            .with_hint("check the profile in the AWS configuration files (~/.aws/config)"),
        // The last place where the SDK looks: nobody has signed in anywhere.
        _ if lower.contains("imds") => Failure::new(operation, Kind::Expired, "no credentials were found").with_hint(
            "set AWS_PROFILE, or sign in (aws sso login), or give a profile with --profile; slmon looks where the AWS SDKs look",
        ),
        _ if lower.contains("external process") => Failure::new(operation, Kind::Expired, said)
            .with_hint("the profile's credential_process failed: run it by itself to see why"),
        _ if lower.contains("sso") || lower.contains("token") => Failure::new(operation, Kind::Expired, said)
            .with_hint("sign in again: aws sso login, with --profile where one is used"),
        _ => Failure::new(operation, Kind::Expired, said).with_hint("renew the credentials, and run this once more"),
    }
}

/// The failure that one cause of a credentials error tells by itself: a role that slmon or a profile assumes, or a
/// connection that did not come about.
fn behind(operation: &'static str, cause: &(dyn Error + 'static)) -> Option<Failure> {
    if let Some(carried) = cause.downcast_ref::<Carried>() {
        return Some(carried.0.clone());
    }
    if let Some(role) = cause.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>() {
        let failure = failure(calls::ASSUME_ROLE, role);
        let hint = "see that the profile's role exists, that its trust policy names the credentials that the profile \
                    starts from, and that they may assume it";
        return Some(if failure.kind == Kind::Denied { failure.with_hint(hint) } else { failure });
    }
    if let Some(role) = cause.downcast_ref::<SdkError<AssumeRoleWithWebIdentityError, HttpResponse>>() {
        let failure = failure(operation, role);
        let hint = "see that the role exists, and that its trust policy names the issuer, audience and subject of the \
                    web identity token";
        return Some(if failure.kind == Kind::Denied { failure.with_hint(hint) } else { failure });
    }
    let connector = cause.downcast_ref::<ConnectorError>()?;
    broke(connector).then(|| Failure::new(operation, Kind::Network, chain(connector)))
}

const THROTTLING: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
    "LimitExceededException",
    "BandwidthLimitExceeded",
    "ProvisionedThroughputExceededException",
    "PriorRequestNotComplete",
    "TransactionInProgressException",
    "EC2ThrottledException",
];

fn of_service(operation: &'static str, meta: &aws_smithy_types::error::ErrorMetadata, status: u16) -> Failure {
    let code = meta.code().unwrap_or_default().rsplit('#').next().unwrap_or_default();
    let said = meta.message().unwrap_or_default();
    let message = match (code.is_empty(), said.is_empty()) {
        (false, false) => format!("{code}: {said}"),
        (false, true) => code.to_owned(),
        (true, false) => said.to_owned(),
        (true, true) => format!("HTTP {status} without a message"),
    };
    let lower = said.to_lowercase();
    let failure = |kind| Failure::new(operation, kind, message.clone());
    match code {
        _ if skewed(code, &lower) => failure(Kind::Other)
            .with_hint("this machine's clock is off, so AWS refuses what it signs: set the clock (timedatectl, or your host's settings)"),
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "AuthorizationError" | "NotAuthorized" | "Forbidden" => {
            failure(if lower.contains("service control policy") { Kind::Scp } else { Kind::Denied })
        }
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => failure(Kind::Expired),
        "UnrecognizedClientException" | "InvalidClientTokenId" | "AuthFailure" | "InvalidSignatureException" | "SignatureDoesNotMatch" => {
            failure(Kind::Expired).with_hint("AWS does not know these credentials, or their secret is wrong: renew them")
        }
        "OptInRequired" | "RegionDisabledException" => failure(Kind::RegionDisabled),
        "AWSOrganizationsNotInUseException" => failure(Kind::Other)
            .with_hint("the account of these credentials is in no organization: name its management account, or list accounts under [[accounts]]"),
        code if THROTTLING.contains(&code) || status == 429 => failure(Kind::Throttled),
        _ if status >= 500 => failure(Kind::Server),
        _ if status == 403 => failure(Kind::Denied),
        _ => failure(Kind::Other),
    }
}

fn skewed(code: &str, lower: &str) -> bool {
    matches!(code, "RequestTimeTooSkewed" | "RequestInTheFuture")
        || lower.contains("signature expired")
        || lower.contains("signature not yet current")
}

/// What layers of the SDK say of what they wrap, which tells nobody anything.
const WRAPPERS: &[&str] = &[
    "dispatch failure",
    "service error",
    "io error",
    "client error (Connect)",
    "client error (SendRequest)",
    "other",
    "an error occurred while loading credentials",
];

/// The SDK prints the whole request that it can't send, and with it the external id.
fn without_request(text: String) -> String {
    match text.split_once(" to request `Request {") {
        Some((what, request)) => match request.rsplit_once("}`: ") {
            Some((_, why)) => format!("{what}: {why}"),
            None => what.to_owned(),
        },
        None => text,
    }
}

/// An error and its causes in one line, without wrappers, and without repeating what a cause says again.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        let text = without_request(error.to_string());
        cause = error.source();
        let tells = cause.is_none() || !WRAPPERS.contains(&text.as_str());
        if tells && !parts.last().is_some_and(|last| last.contains(&text)) {
            parts.push(text);
        }
    }
    parts.join(": ")
}
