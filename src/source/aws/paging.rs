//! Page tokens: an empty one is the end, and one that repeats is an error instead of an endless or a cut-off answer.

use crate::domain::failure::{Failure, Kind};

/// The token of the next page, if there is one.
pub(super) fn again(
    operation: &'static str,
    asked: Option<&str>,
    token: Option<&str>,
) -> Result<Option<String>, Failure> {
    let token = token.filter(|token| !token.is_empty()).map(ToOwned::to_owned);
    if token.is_some() && token.as_deref() == asked {
        return Err(Failure::new(
            operation,
            Kind::Malformed,
            "the same page token came twice, so the answer has no end",
        ));
    }
    Ok(token)
}
