//! AWS in process: an HTTP client for the SDK's real clients that answers from a closure, over no socket.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use ciborium::Value;

/// A request as it went out.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `GetMetricData`, `AssumeRole` and so on.
    pub(crate) operation: String,
    /// The region in the signature.
    pub(crate) region: String,
    /// The access key in the signature.
    pub(crate) key: String,
    /// The body as text; of CBOR, its debug form.
    pub(crate) body: String,
    /// The host that it went to.
    pub(crate) host: String,
    /// The body of a CBOR request.
    pub(crate) cbor: Option<Value>,
    /// Method, path and query, and the range that is asked for.
    #[cfg_attr(not(feature = "s3"), expect(dead_code, reason = "read where S3 is asked"))]
    pub(crate) line: (String, Option<String>),
}

/// What comes back.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A status and a JSON body.
    Json(u16, String),
    /// A status and an XML body.
    Xml(u16, String),
    /// A status and a CBOR body.
    Cbor(u16, Value),
    /// A status and a CBOR body of which half has arrived.
    Truncated(Value),
    /// A status, one header, and a body of any kind.
    #[cfg(feature = "s3")]
    Raw(u16, (&'static str, &'static str), Vec<u8>),
    /// A stream of events.
    Frames(Vec<u8>),
    /// The connection is reset.
    Reset,
    /// Nothing, ever.
    Hang,
}

type Answer = dyn Fn(&Asked) -> Reply + Send + Sync;

/// The client. Clones share what they were asked.
#[derive(Clone)]
pub(crate) struct Fake {
    answer: Arc<Answer>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}

impl Fake {
    pub(crate) fn new(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self { answer: Arc::new(answer), asked: Arc::default() }
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The bodies of the requests of an operation that speaks JSON, in the order in which they went out.
    pub(crate) fn bodies(&self, operation: &str) -> Vec<serde_json::Value> {
        let asked = self.asked().into_iter().filter(|asked| asked.operation == operation);
        asked.map(|asked| serde_json::from_str(&asked.body).unwrap()).collect()
    }

    /// How often an operation was asked.
    pub(crate) fn count(&self, operation: &str) -> usize {
        self.asked().iter().filter(|asked| asked.operation == operation).count()
    }

    /// A configuration whose every request ends here.
    pub(crate) fn sdk(&self) -> SdkConfig {
        self.sdk_in("eu-west-1")
    }

    /// The same with credentials of another region.
    pub(crate) fn sdk_in(&self, region: &'static str) -> SdkConfig {
        let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_secs(6))
            .operation_timeout(Duration::from_secs(16))
            .build();
        let keys = Credentials::new("AKIABASE", "secret", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Some(aws_config::Region::new(region)))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .retry_config(retries)
            .timeout_config(timeouts)
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .http_client(SharedHttpClient::new(self.clone()))
            .build()
    }
}

impl HttpClient for Fake {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Fake {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let asked = read(&request);
        self.asked.lock().unwrap().push(asked.clone());
        let reply = (self.answer)(&asked);
        HttpConnectorFuture::new(async move {
            let header: Option<(&'static str, &'static str)> = match &reply {
                #[cfg(feature = "s3")]
                Reply::Raw(_, given, _) => Some(*given),
                _ => None,
            };
            let (status, body, kind) = match reply {
                #[cfg(feature = "s3")]
                Reply::Raw(status, _, body) => (status, body, "application/octet-stream"),
                Reply::Json(status, body) => (status, body.into_bytes(), "application/x-amz-json-1.1"),
                Reply::Xml(status, body) => (status, body.into_bytes(), "text/xml"),
                Reply::Cbor(status, body) => (status, encode(&body), "application/cbor"),
                Reply::Truncated(body) => {
                    let whole = encode(&body);
                    (200, whole[..whole.len() / 2].to_vec(), "application/cbor")
                }
                Reply::Frames(frames) => (200, frames, "application/vnd.amazon.eventstream"),
                Reply::Reset => {
                    let reset = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "connection reset by peer");
                    return Err(ConnectorError::io(reset.into()));
                }
                Reply::Hang => std::future::pending().await,
            };
            let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
            response.headers_mut().insert("content-type", kind);
            if let Some((name, value)) = header {
                response.headers_mut().insert(name, value);
            }
            if kind == "application/cbor" {
                response.headers_mut().insert("smithy-protocol", "rpc-v2-cbor");
            }
            Ok(response)
        })
    }
}

fn encode(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

/// The operation is in the target header, in the path, or in the form; region and key are in the signature.
fn read(request: &HttpRequest) -> Asked {
    let bytes = request.body().bytes().unwrap_or_default();
    let cbor: Option<Value> = (request.headers().get("smithy-protocol") == Some("rpc-v2-cbor"))
        .then(|| ciborium::from_reader(bytes).unwrap());
    let body = cbor.as_ref().map_or_else(|| String::from_utf8_lossy(bytes).into_owned(), |value| format!("{value:?}"));
    let path = request.uri().split("://").nth(1).and_then(|rest| rest.split_once('/')).map_or("", |(_, path)| path);
    let target = request.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next());
    let form = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
    let operation = match (target, form, path) {
        (Some(target), _, _) => target,
        (_, Some(action), _) => action,
        (_, _, path) if path.starts_with("2016-08-19/account-settings") => "GetAccountSettings",
        (_, _, path) if path.starts_with("2015-03-31/functions") => "ListFunctions",
        (_, _, path) if path.starts_with("2017-03-31/tags") => "ListTags",
        (_, _, "TraceSummaries") => "GetTraceSummaries",
        (_, _, "Traces") => "BatchGetTraces",
        (_, _, "ServiceGraph") => "GetServiceGraph",
        (_, _, path) => path.rsplit('/').next().unwrap_or_default(),
    };
    let signature = request.headers().get("authorization").unwrap_or_default();
    let scope: Vec<&str> = signature.split("Credential=").nth(1).unwrap_or_default().split(['/', ',']).collect();
    let field = |place: usize| scope.get(place).copied().unwrap_or_default().to_owned();
    let host = request.uri().split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default().to_owned();
    let range = request.headers().get("range").map(ToOwned::to_owned);
    let line = (format!("{} /{path}", request.method()), range);
    Asked { operation: operation.to_owned(), host, region: field(2), key: field(0), body: body.clone(), cbor, line }
}

/// An epoch time as CBOR has it.
pub(crate) fn epoch(seconds: i64) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
    Value::Tag(1, Box::new(Value::Float(seconds as f64)))
}

/// A CBOR map.
pub(crate) fn map(pairs: Vec<(&str, Value)>) -> Value {
    Value::Map(pairs.into_iter().map(|(key, value)| (Value::Text(key.into()), value)).collect())
}

/// The field of a CBOR map.
pub(crate) fn field<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.as_map()?.iter().find(|(k, _)| k.as_text() == Some(key)).map(|(_, value)| value)
}
