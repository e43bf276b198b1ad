//! Objects of S3: listed page by page, and read as a stream.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use aws_sdk_s3::{
    Client,
    config::{Builder, Region as S3Region, RequestChecksumCalculation, ResponseChecksumValidation},
    error::DisplayErrorContext,
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use tokio::sync::OnceCell;

use super::{
    Aws, base, error,
    paging::{again, pages},
};
use crate::{
    domain::{
        account::Region,
        failure::{Failure, Kind},
        objects::{Object, Place},
        roster::Base,
    },
    source::{
        Answer, Pages, calls,
        objects::{Content, Objects},
    },
};

/// Where S3 says in which region a bucket is, also where it refuses. Source: the S3 API reference, `HeadBucket`.
const REGION: &str = "x-amz-bucket-region";

/// Clients by credentials and bucket, each of the bucket's region.
pub(super) type Shelves = Mutex<HashMap<(Base, String), Arc<OnceCell<Client>>>>;

impl Objects for Aws {
    fn list<'a>(&'a self, place: &'a Place) -> Pages<'a, Object> {
        let listed = async move {
            let client = self.shelf(place).await?;
            Ok(pages(move |asked| {
                let call = client.list_objects_v2().bucket(&place.bucket).prefix(&place.prefix);
                let call = call.set_continuation_token(asked.clone());
                async move {
                    let answer =
                        call.send().await.map_err(|error| of(place, error::failure(calls::LIST_BUCKET, &error)))?;
                    let token = answer.next_continuation_token().filter(|_| answer.is_truncated() == Some(true));
                    let next = again(calls::LIST_BUCKET, asked.as_deref(), token)?;
                    let objects = answer.contents().iter().filter_map(|object| {
                        Some(Object {
                            key: object.key()?.into(),
                            size: object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                            modified: object.last_modified().and_then(|at| Timestamp::from_second(at.secs()).ok()),
                            etag: object.e_tag().map(ToOwned::to_owned),
                        })
                    });
                    Ok((objects.collect(), next))
                }
            }))
        };
        stream::once(listed).try_flatten().boxed()
    }

    fn content<'a>(&'a self, place: &'a Place, object: &'a Object, from: u64) -> Answer<'a, Content> {
        async move {
            let client = self.shelf(place).await?;
            let call = client
                .get_object()
                .bucket(&place.bucket)
                .key(object.key.raw())
                .set_range((from > 0).then(|| format!("bytes={from}-")))
                .set_if_match(object.etag.clone());
            let answer = call.send().await.map_err(|error| of(place, error::failure(calls::GET_OBJECT, &error)))?;
            let pieces = stream::unfold(Some(answer.body), |body| async move {
                let mut body = body?;
                match body.next().await? {
                    Ok(piece) => Some((Ok::<Bytes, Failure>(piece), Some(body))),
                    Err(error) => {
                        let said = DisplayErrorContext(&error).to_string();
                        Some((Err(Failure::new(calls::GET_OBJECT, Kind::Network, said)), None))
                    }
                }
            });
            Ok(pieces.boxed())
        }
        .boxed()
    }
}

impl Aws {
    /// A client for the region in which a bucket is; where that is, is asked once.
    async fn shelf(&self, place: &Place) -> Result<Client, Failure> {
        let cell = {
            let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
            shelves.entry((place.base.clone(), place.bucket.clone())).or_default().clone()
        };
        cell.get_or_try_init(|| self.find_shelf(place)).await.cloned()
    }

    async fn find_shelf(&self, place: &Place) -> Result<Client, Failure> {
        let hand = self.hand(&place.base).await;
        hand.check(calls::LIST_BUCKET)?;
        if let Err(error) = hand.credentials.load().await {
            return Err(hand.explain(error::of_credentials(calls::LIST_BUCKET, &error)).await);
        }
        let at_hand = hand.region().map_or_else(|| base::first_region("aws").to_owned(), |region| region.to_string());
        let client = |region: String| {
            let config = Builder::from(&hand.sdk)
                .region(Some(S3Region::new(region)))
                // Whoever answers at an endpoint of one's own has one name, and not one a bucket.
                .force_path_style(hand.sdk.endpoint_url().is_some())
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(ResponseChecksumValidation::WhenSupported)
                .interceptor(self.meter.clone());
            Client::from_conf(config.build())
        };
        let here = client(at_hand.clone());
        let elsewhere = match here.head_bucket().bucket(&place.bucket).send().await {
            Ok(found) => found.bucket_region().map(ToOwned::to_owned),
            Err(error) => match region_said(&error) {
                Some(region) => Some(region),
                // Nothing to be heard but that it does not work: listing tells why, in words that HEAD has no room for.
                None if matches!(error, SdkError::ServiceError(_) | SdkError::ResponseError(_)) => None,
                None => return Err(hand.explain(error::failure(calls::LIST_BUCKET, &error)).await),
            },
        };
        Ok(match elsewhere.filter(|region| *region != at_hand && Region::parse(region).is_some()) {
            Some(region) => client(region),
            None => here,
        })
    }
}

fn region_said<E>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    error.raw_response()?.headers().get(REGION).map(ToOwned::to_owned)
}

/// A failure with what to do about it: the credentials here are those at hand, and no role of an account's.
fn of(place: &Place, failure: Failure) -> Failure {
    let said = failure.message.raw().to_owned();
    let code = said.split(':').next().unwrap_or_default();
    let hint = match (failure.kind, code) {
        (_, "NoSuchBucket") => {
            format!("there is no bucket {}: check its name, and the account in which it is", place.bucket)
        }
        (_, "NoSuchKey") => "it was deleted after it was listed".to_owned(),
        (_, "PreconditionFailed") => "it was written anew while it was read; search it again".to_owned(),
        (_, "InvalidObjectState") => "it is archived: restore it first (aws s3api restore-object)".to_owned(),
        (Kind::Denied, _) => {
            let bucket = &place.bucket;
            let list = if failure.operation == calls::LIST_BUCKET {
                format!("s3:ListBucket on {bucket} and ")
            } else {
                String::new()
            };
            format!(
                "allow these credentials {list}s3:GetObject on the objects of {bucket} (and kms:Decrypt where they are encrypted with \
                 a key of your own), or name others with --profile"
            )
        }
        _ => return failure,
    };
    failure.with_hint(hint)
}
