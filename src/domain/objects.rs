//! Log objects in S3: where they are, and what is known of one before it is read.

use jiff::Timestamp;

use super::{roster::Base, text::AwsText};

/// Where objects are, and with which credentials they are read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Whose credentials.
    pub base: Base,
    /// The bucket's name, or the ARN of an access point.
    pub bucket: String,
    /// How the keys begin; empty for all.
    pub prefix: String,
}

impl Place {
    /// `s3://bucket`, `s3://bucket/` or `s3://bucket/prefix`. What is wrong with another text is the error, in words.
    pub fn parse(text: &str, base: Base) -> Result<Self, String> {
        let form = "s3://bucket/prefix";
        let Some(rest) = text.strip_prefix("s3://").or_else(|| text.strip_prefix("S3://")) else {
            return Err(format!("{text:?} is no place of objects: they are at {form}"));
        };
        // An ARN of an access point holds one slash of its own: arn:aws:s3:eu-west-1:111122223333:accesspoint/logs.
        let own = if rest.starts_with("arn:") { rest.find('/').map_or(0, |slash| slash + 1) } else { 0 };
        let end = rest[own..].find('/').map_or(rest.len(), |slash| own + slash);
        let (bucket, prefix) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
        if bucket.is_empty() {
            return Err(format!("{text:?} names no bucket: objects are at {form}"));
        }
        if bucket.contains(|c: char| c.is_whitespace() || "*?[]{}".contains(c)) {
            return Err(format!(
                "{bucket:?} is no bucket's name; a prefix is a plain beginning of keys, not a glob: {form}"
            ));
        }
        Ok(Self { base, bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

/// An object as its bucket lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: AwsText,
    /// Bytes, as they are stored.
    pub size: u64,
    /// When it was written whole.
    pub modified: Option<Timestamp>,
    /// What changes with its content.
    pub etag: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_bucket_and_a_prefix() {
        let parsed = |text: &str| Place::parse(text, Base::Default).map(|place| (place.bucket, place.prefix));
        let is = |bucket: &str, prefix: &str| Ok((bucket.to_owned(), prefix.to_owned()));
        assert_eq!(parsed("s3://logs"), is("logs", ""));
        assert_eq!(parsed("s3://logs/"), is("logs", ""));
        assert_eq!(parsed("s3://logs/alb/2026/"), is("logs", "alb/2026/"));
        let point = "arn:aws:s3:eu-west-1:111122223333:accesspoint/logs";
        assert_eq!(parsed(&format!("s3://{point}/alb")), is(point, "alb"));
        assert_eq!(parsed(&format!("s3://{point}")), is(point, ""));
    }

    #[test]
    fn what_is_no_place_is_told() {
        for (text, words) in [("logs/alb", "no place"), ("s3:///x", "names no bucket"), ("s3://lo*gs/x", "not a glob")]
        {
            let told = Place::parse(text, Base::Default).unwrap_err();
            assert!(told.contains(words), "{told}");
        }
    }
}
