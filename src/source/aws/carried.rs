//! A failure of ours, on its way through the SDK's errors.

use std::fmt;

use aws_credential_types::provider::error::CredentialsError;

use crate::domain::failure::Failure;

/// A failure on its way through the SDK's errors: what went wrong when a role was assumed comes out again as it was.
#[derive(Debug)]
pub(super) struct Carried(pub(super) Failure);

impl Carried {
    pub(super) fn wrap(failure: Failure) -> CredentialsError {
        CredentialsError::provider_error(Self(failure))
    }
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.operation, self.0.message.shown())
    }
}

impl std::error::Error for Carried {}
