//! Posting JSON over HTTP, by the client that the AWS SDK brings along: one TLS stack and one way through proxies for the whole
//! program. What is posted, and what an answer means to a sink, is none of its business.

use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::HttpRequest,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use serde_json::Value;

use super::{PATIENCE, Refused, said};

/// More of an answer than this is not read.
const LONGEST: usize = 64 << 10;

/// A client.
pub struct Post {
    http: SharedHttpConnector,
    patience: Duration,
}

impl Default for Post {
    fn default() -> Self {
        Self::new(PATIENCE)
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The status, 100 to 599.
    pub(super) status: u16,
    /// When it wants to be asked again.
    pub(super) after: Option<Duration>,
    /// How its text begins.
    pub(super) text: String,
}

impl Post {
    /// A client that heeds the variables of proxies, and waits so long for an answer.
    pub fn new(patience: Duration) -> Self {
        let settings = HttpConnectorSettings::builder().connect_timeout(patience / 2).read_timeout(patience).build();
        let connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .proxy_config(ProxyConfig::from_env())
            .sleep_impl(TokioSleep::new())
            .connector_settings(settings)
            .build();
        Self { http: SharedHttpConnector::new(connector), patience }
    }

    /// Posts a text with these headers, as it is signed.
    pub(super) async fn post_text(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: String,
    ) -> Result<Answer, Refused> {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").map_err(|_| Refused::later("no POST can be made"))?;
        request.set_uri(url).map_err(|_| Refused::later("its address is none"))?;
        for (name, value) in headers {
            let set = request.headers_mut().try_insert(name.clone(), value.clone());
            set.map_err(|_| Refused::later(format!("{name} can't go into a header")))?;
        }
        self.call(request).await
    }

    /// Posts; the answer, or why there is none. An address may be a secret, and is not in the reason.
    pub(super) async fn post(
        &self,
        url: &str,
        content: &'static str,
        token: Option<&str>,
        body: &Value,
    ) -> Result<Answer, Refused> {
        let mut request = HttpRequest::new(SdkBody::from(body.to_string()));
        request.set_method("POST").map_err(|_| Refused::later("no POST can be made"))?;
        request.set_uri(url).map_err(|_| Refused::later("its address is none"))?;
        let headers = request.headers_mut();
        headers.insert("content-type", content);
        headers.insert("user-agent", concat!("slmon/", env!("CARGO_PKG_VERSION")));
        if let Some(token) = token {
            let value = format!("Bearer {token}");
            headers
                .try_insert("authorization", value)
                .map_err(|_| Refused::later("its token can't go into a header"))?;
        }
        self.call(request).await
    }

    async fn call(&self, request: HttpRequest) -> Result<Answer, Refused> {
        let answer = tokio::time::timeout(self.patience, self.http.call(request)).await;
        let Ok(answer) = answer else { return Err(Refused::later("no answer in time")) };
        let answer = answer.map_err(|error| {
            let kind =
                if error.is_timeout() { "no answer in time" } else { "no connection, or no answer that is HTTP" };
            Refused::later(kind)
        })?;
        let status = answer.status().as_u16();
        let after = answer.headers().get("retry-after").and_then(|after| after.parse().ok()).map(Duration::from_secs);
        let text = tokio::time::timeout(self.patience / 4, start(answer.into_body())).await.unwrap_or_default();
        Ok(Answer { status, after, text })
    }
}

async fn start(body: SdkBody) -> String {
    let (mut body, mut bytes) = (ByteStream::new(body), Vec::new());
    while let Some(Ok(part)) = body.next().await {
        bytes.extend_from_slice(&part);
        if bytes.len() >= LONGEST {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Answer {
    /// Whether it was taken (2xx); else why not. What the message is at fault for is not tried again: 400, 413 and 422.
    pub(super) fn taken(&self) -> Result<(), Refused> {
        if (200..300).contains(&self.status) {
            return Ok(());
        }
        Err(Refused {
            why: format!("answered {}{}", self.status, said(&self.text)),
            is_final: matches!(self.status, 400 | 413 | 422),
            after: self.after.filter(|_| self.status == 429 || self.status == 503),
        })
    }
}
