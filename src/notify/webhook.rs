//! The sink `webhook`: a `CloudEvent`, structured, posted to an address. Any answer of 2xx is a yes.

use std::sync::Arc;

use futures::{FutureExt, future::BoxFuture};

use super::{Post, Refused, Sink, event};
use crate::{domain::roster::Secret, store::Message};

pub(super) struct Webhook {
    pub(super) post: Arc<Post>,
    pub(super) url: Secret,
    pub(super) token: Option<Secret>,
}

impl Sink for Webhook {
    fn tell<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), Refused>> {
        async move {
            let (token, body) = (self.token.as_ref().map(Secret::reveal), event::cloud_event(message));
            let content = "application/cloudevents+json; charset=UTF-8";
            self.post.post(self.url.reveal(), content, token, &body).await?.taken()
        }
        .boxed()
    }
}
