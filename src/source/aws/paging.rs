//! Pages, one request each. An empty token is the end, and one that repeats is an error instead of an endless or a
//! cut-off answer.

use std::future::Future;

use futures::{StreamExt, stream};

use crate::{
    domain::failure::{Failure, Kind},
    source::Pages,
};

/// What is on a page, and the token of the next one.
pub(super) type Page<T> = (Vec<T>, Option<String>);

/// The pages of an answer. `ask` is given the token of the page it is to fetch; none for the first.
pub(super) fn pages<'a, T, F, A>(ask: F) -> Pages<'a, T>
where
    T: Send + 'a,
    F: Fn(Option<String>) -> A + Send + 'a,
    A: Future<Output = Result<Page<T>, Failure>> + Send + 'a,
{
    stream::try_unfold(Some(None), move |token: Option<Option<String>>| {
        let answer = token.map(&ask);
        async move {
            let Some(answer) = answer else { return Ok(None) };
            let (found, next) = answer.await?;
            Ok(Some((found, next.map(Some))))
        }
    })
    .boxed()
}

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
