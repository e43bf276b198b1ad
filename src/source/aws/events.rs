//! Signing `PutEvents` of EventBridge: the one request by which slmon writes anything, off until somebody configures it. It is
//! signed here by the crate that signs every request of the SDK; a client of its own would be a whole crate of generated code
//! for one call. Nobody sends it here.

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_types::os_shim_internal::Env;

use super::{Aws, error};
use crate::{
    domain::{
        account::Region,
        failure::{Failure, Kind},
        roster::Base,
    },
    source::calls,
};

/// The request's address and headers.
pub type Signed = (String, Vec<(String, String)>);

const HEADERS: [(&str, &str); 2] =
    [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AWSEvents.PutEvents")];

impl Aws {
    /// Signs a request with this body, by these credentials, in a region.
    pub async fn sign_events(&self, base: &Base, region: &Region, body: &str) -> Result<Signed, Failure> {
        let hand = self.hand(base).await;
        let provider = hand.sdk.credentials_provider();
        let provider = provider.ok_or_else(|| other("there are no credentials"))?;
        let credentials = match provider.provide_credentials().await {
            Ok(credentials) => credentials,
            Err(error) => return Err(hand.explain(error::of_credentials(calls::PUT_EVENTS.action, &error)).await),
        };
        let own = Env::real().get("AWS_ENDPOINT_URL_EVENTBRIDGE").ok().filter(|url| !url.is_empty());
        let url = own.or_else(|| hand.sdk.endpoint_url().map(ToOwned::to_owned));
        let url = url.map_or_else(|| format!("https://events.{region}.{}/", suffix(region.partition())), whole);
        let time = hand.sdk.time_source().unwrap_or_else(|| SharedTimeSource::new(SystemTimeSource::new()));
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region.as_str())
            .name("events")
            .time(time.now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| other(&error.to_string()))?
            .into();
        let host = host(&url).ok_or_else(|| other("the address of EventBridge is none"))?;
        let headers = HEADERS.into_iter().chain([("host", host)]);
        let request = SignableRequest::new("POST", url.as_str(), headers, SignableBody::Bytes(body.as_bytes()));
        let request = request.map_err(|error| other(&error.to_string()))?;
        let (instructions, _) = sign(request, &params).map_err(|error| other(&error.to_string()))?.into_parts();
        let (signed, _) = instructions.into_parts();
        let mut all: Vec<(String, String)> =
            HEADERS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.extend(signed.iter().map(|header| (header.name().to_owned(), header.value().to_owned())));
        Ok((url, all))
    }
}

fn other(why: &str) -> Failure {
    Failure::new(calls::PUT_EVENTS.action, Kind::Other, why)
}

/// An address with a path.
fn whole(url: String) -> String {
    if url.ends_with('/') { url } else { url + "/" }
}

/// Host and port of an address.
fn host(url: &str) -> Option<&str> {
    url.split_once("://")?.1.split('/').next().filter(|host| !host.is_empty())
}

/// What names of hosts end in. Source: `partitions.json` of the SDK's endpoint rules, `dnsSuffix`.
fn suffix(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "amazonaws.com.cn",
        "aws-eusc" => "amazonaws.eu",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-iso-e" => "cloud.adc-e.uk",
        "aws-iso-f" => "csp.hci.ic.gov",
        _ => "amazonaws.com",
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use aws_config::SdkConfig;
    use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
    use aws_smithy_async::time::TimeSource;

    use super::*;

    #[derive(Debug)]
    struct Then;

    impl TimeSource for Then {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
        }
    }

    #[tokio::test]
    async fn the_request_is_signed_for_the_service_and_its_body_counts() {
        let keys = Credentials::new("AKIDEXAMPLE", "secret", Some("token".into()), None, "test");
        let sdk =
            SdkConfig::builder().time_source(Then).credentials_provider(SharedCredentialsProvider::new(keys)).build();
        let aws = Aws::preset(Base::Default, &sdk);
        let region = Region::parse("eu-west-1").unwrap();
        let (url, headers) = aws.sign_events(&Base::Default, &region, "{}").await.unwrap();
        assert_eq!(url, "https://events.eu-west-1.amazonaws.com/");
        let of = |headers: &[(String, String)], name: &str| {
            headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap()
        };
        let authorization = of(&headers, "authorization");
        let scope = "Credential=AKIDEXAMPLE/20231114/eu-west-1/events/aws4_request";
        assert!(authorization.contains(scope) && authorization.contains("host;"), "{authorization}");
        assert_eq!(
            (of(&headers, "x-amz-target"), of(&headers, "x-amz-security-token")),
            ("AWSEvents.PutEvents".into(), "token".into())
        );
        let (_, other) = aws.sign_events(&Base::Default, &region, "{ }").await.unwrap();
        assert_ne!(of(&other, "authorization"), authorization);
    }

    #[test]
    fn an_address_has_a_host() {
        assert_eq!(host(&whole("http://127.0.0.1:4566".into())), Some("127.0.0.1:4566"));
        assert_eq!(host("nonsense"), None);
        assert_eq!(suffix(Region::parse("cn-north-1").unwrap().partition()), "amazonaws.com.cn");
    }
}
