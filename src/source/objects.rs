//! The seam for objects in S3: what a bucket holds, and an object's content from some byte on.

use bytes::Bytes;
use futures::stream::BoxStream;

use super::{Answer, Pages};
use crate::domain::{
    failure::Failure,
    objects::{Object, Place},
};

/// An object's content in pieces, as it is stored: nothing is unpacked. After a failure nothing follows.
pub type Content = BoxStream<'static, Result<Bytes, Failure>>;

/// Who has objects.
pub trait Objects: Send + Sync {
    /// The objects of a place by key, 1,000 a page.
    fn list<'a>(&'a self, place: &'a Place) -> Pages<'a, Object>;

    /// An object's content from byte `from` on. It fails where the object has changed since it was listed.
    fn content<'a>(&'a self, place: &'a Place, object: &'a Object, from: u64) -> Answer<'a, Content>;
}
