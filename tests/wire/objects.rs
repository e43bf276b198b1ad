//! Objects as S3 hands them out: a bucket in another region, pages, a content that breaks off, and refusals.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use slmon::{
    domain::{
        failure::{Failure, Kind},
        objects::Place,
        roster::Base,
    },
    engine::objects::{Heard, Pattern, search},
    source::aws::Aws,
};
use tokio::{sync::mpsc, time::Instant};

use super::fake::{Asked, Fake, Reply};

const NOWHERE: (&str, &str) = ("x-amz-request-id", "1");

fn error(status: u16, code: &str) -> Reply {
    Reply::Xml(status, format!("<Error><Code>{code}</Code><Message>no</Message></Error>"))
}

fn listed(objects: &[(&str, usize)], next: Option<&str>) -> Reply {
    let mut body = format!("<ListBucketResult><IsTruncated>{}</IsTruncated>", next.is_some());
    for (key, size) in objects {
        write!(body, "<Contents><Key>{key}</Key><Size>{size}</Size><ETag>\"e\"</ETag></Contents>").unwrap();
    }
    if let Some(next) = next {
        write!(body, "<NextContinuationToken>{next}</NextContinuationToken>").unwrap();
    }
    Reply::Xml(200, body + "</ListBucketResult>")
}

fn body(text: &str) -> Reply {
    Reply::Raw(200, NOWHERE, text.into())
}

/// The lines that were found, and what could not be searched.
async fn found(fake: &Fake) -> (Vec<String>, Vec<Failure>) {
    let place = Place { base: Base::Default, bucket: "acme-logs".into(), prefix: "alb/".into() };
    let aws = Aws::preset(Base::Default, &fake.sdk());
    let (send, mut heard) = mpsc::channel(16);
    let until = Instant::now() + Duration::from_mins(1);
    let pattern = Pattern::new("503", false).unwrap();
    let searching = tokio::spawn(search(Arc::new(aws), Arc::new(place), None, pattern, until, send));
    let (mut lines, mut failures) = (Vec::new(), Vec::new());
    while let Some(heard) = heard.recv().await {
        match heard {
            Heard::Line(key, told) => lines.push(format!("{}:{}", key.raw(), told.text)),
            Heard::Unread(_, failure) | Heard::Unlisted(failure) => failures.push(failure),
            Heard::Listed(..) | Heard::Searched(_) => {}
        }
    }
    searching.await.unwrap();
    lines.sort();
    (lines, failures)
}

#[tokio::test]
async fn a_bucket_is_asked_in_its_own_region_and_page_by_page() {
    let fake = Fake::new(|asked: &Asked| match asked.line.0.as_str() {
        line if line.starts_with("HEAD") => Reply::Raw(301, ("x-amz-bucket-region", "eu-central-1"), Vec::new()),
        _ if asked.region != "eu-central-1" => error(301, "PermanentRedirect"),
        line if line.contains("continuation-token=t1") => listed(&[("alb/b", 3)], None),
        line if line.contains("list-type=2") => listed(&[("alb/a", 11), ("alb/folder/", 0)], Some("t1")),
        line if line.contains("alb/a") => body("200\n503 one\n"),
        _ => body("503"),
    });
    let (lines, failures) = found(&fake).await;
    assert_eq!((lines, failures), (vec!["alb/a:503 one".to_owned(), "alb/b:503".to_owned()], Vec::new()));
    let asked = fake.asked();
    assert_eq!(asked.iter().filter(|asked| asked.line.0.starts_with("HEAD")).count(), 1, "where it is, is asked once");
    assert!(asked.iter().all(|asked| !asked.line.0.contains("folder")), "what is empty is not read");
    assert!(asked.iter().any(|asked| asked.line.0.contains("prefix=alb%2F")), "{asked:#?}");
}

#[tokio::test]
async fn what_breaks_off_goes_on_from_there() {
    let ranges = Arc::new(Mutex::new(Vec::new()));
    let heard = ranges.clone();
    let fake = Fake::new(move |asked: &Asked| match asked.line.0.as_str() {
        line if line.starts_with("HEAD") => Reply::Raw(200, NOWHERE, Vec::new()),
        line if line.contains("list-type=2") => listed(&[("alb/a", 12)], None),
        _ => {
            heard.lock().unwrap().push(asked.line.1.clone());
            // The first answer ends early.
            if asked.line.1.is_none() { body("503 on") } else { Reply::Raw(206, NOWHERE, b"e\n503\n".to_vec()) }
        }
    });
    let (lines, failures) = found(&fake).await;
    assert_eq!((lines, failures.len()), (vec!["alb/a:503".to_owned(), "alb/a:503 one".to_owned()], 0));
    assert_eq!(*ranges.lock().unwrap(), [None, Some("bytes=6-".to_owned())]);
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let cases = [
        (403, "AccessDenied", Kind::Denied, "allow these credentials s3:ListBucket on acme-logs"),
        (404, "NoSuchBucket", Kind::Other, "there is no bucket acme-logs"),
    ];
    for (status, code, kind, hint) in cases {
        let fake = Fake::new(move |asked: &Asked| {
            if asked.line.0.starts_with("HEAD") { Reply::Raw(status, NOWHERE, Vec::new()) } else { error(status, code) }
        });
        let (_, failures) = found(&fake).await;
        assert_eq!(failures.len(), 1);
        assert!(failures[0].kind == kind && failures[0].hint.contains(hint), "{failures:?}");
    }
    let codes = [(412, "PreconditionFailed", "written anew"), (403, "InvalidObjectState", "archived")];
    for (status, code, hint) in codes {
        let fake = Fake::new(move |asked: &Asked| match asked.line.0.as_str() {
            line if line.starts_with("HEAD") => Reply::Raw(200, NOWHERE, Vec::new()),
            line if line.contains("list-type=2") => listed(&[("alb/a", 12)], None),
            _ => error(status, code),
        });
        let (_, failures) = found(&fake).await;
        assert!(failures[0].hint.contains(hint), "{failures:?}");
    }
}
