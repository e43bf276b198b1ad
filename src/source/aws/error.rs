//! From what the SDK reports to a [`Failure`]: which kind, what AWS said, and what to do about it.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::{display::DisplayErrorContext, metadata::ProvideErrorMetadata};

use super::credentials::Carried;
use crate::domain::failure::{Failure, Kind};

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
            let kind = if dispatch.is_timeout() || dispatch.is_io() { Kind::Network } else { Kind::Other };
            Failure::new(operation, kind, message)
        }),
        _ => of_chain(operation, error).unwrap_or_else(|| Failure::new(operation, Kind::Other, chain(error))),
    }
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
        if let Some(carried) = error.downcast_ref::<Carried>() {
            return carried.0.clone();
        }
        cause = error.source();
    }
    let said = DisplayErrorContext(error).to_string();
    let said = said.split(" (").next().unwrap_or(&said).to_owned();
    let lower = chain(error).to_lowercase();
    match error {
        CredentialsError::CredentialsNotLoaded(_) => {
            Failure::new(operation, Kind::Expired, "no credentials were found").with_hint(
                "set AWS_PROFILE, or sign in (aws sso login), or give a profile with --profile; slmon looks where the AWS SDKs look",
            )
        }
        CredentialsError::ProviderTimedOut(_) => {
            Failure::new(operation, Kind::Timeout, said).with_hint("whatever provides the credentials did not answer; try it by itself")
        }
        CredentialsError::InvalidConfiguration(_) => Failure::new(operation, Kind::Other, chain(error))
            .with_hint("check the profile in the AWS configuration files (~/.aws/config)"),
        _ if lower.contains("sso") || lower.contains("token") => Failure::new(operation, Kind::Expired, chain(error))
            .with_hint("sign in again: aws sso login, with --profile where one is used"),
        _ => Failure::new(operation, Kind::Expired, chain(error)).with_hint("renew the credentials, and run this once more"),
    }
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

/// An error and its causes in one line, without repeating what a cause says again.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !parts.last().is_some_and(|last| last.contains(&text)) {
            parts.push(text);
        }
        cause = error.source();
    }
    parts.join(": ")
}
