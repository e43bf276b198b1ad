//! Who signs what is told to EventBridge: the credentials at hand, or a profile's.

use futures::{FutureExt, future::BoxFuture};

use crate::{
    domain::{account::Region, roster::Base},
    notify::{Signed, Signer},
    source::aws::Aws,
};

/// By AWS's credentials, which are loaded when the first request is signed.
#[derive(Default)]
pub(super) struct ByAws(tokio::sync::OnceCell<Aws>);

impl Signer for ByAws {
    fn sign<'a>(
        &'a self,
        profile: Option<&'a str>,
        region: &'a Region,
        body: &'a str,
    ) -> BoxFuture<'a, Result<Signed, String>> {
        async move {
            let aws = self.0.get_or_init(|| async { Aws::new() }).await;
            let base = profile.map_or(Base::Default, |name| Base::Profile(name.to_owned()));
            let signed = aws.sign_events(&base, region, body).await;
            let (url, headers) = signed.map_err(|failure| format!("{}; {}", failure.message.shown(), failure.hint))?;
            Ok(Signed { url, headers })
        }
        .boxed()
    }
}
