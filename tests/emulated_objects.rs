//! Objects in an emulator's S3: found, unpacked, counted.

#![cfg(feature = "s3")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "in a test, that is how one fails")]

mod support;

use std::{fmt::Write as _, io::Write as _};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use support::{assert_valid, estate, ministack, slmon};

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn lines_of_packed_objects_are_found_and_counted() {
    let line = |n: u64| format!("GET /orders/{n} {}\n", if n % 100 == 7 { 503 } else { 200 });
    let text = (0..500).fold(String::new(), |text, n| text + &line(n));
    let bucket = format!("slmon-{}", support::random_account());
    let packed = [
        ("alb/one.log", text.clone().into_bytes()),
        ("alb/two.log.gz", gzip(&text)),
        ("alb/three.zst", zstd::encode_all(text.as_bytes(), 1).unwrap()),
        ("other/four.log", text.clone().into_bytes()),
    ];
    let objects: Value = packed.iter().map(|(key, bytes)| ((*key).to_owned(), json!(hexadecimal(bytes)))).collect();
    let estate = estate::objects(ministack(), &bucket, &objects);
    let place = format!("s3://{bucket}/alb/");
    let run = |args: &[&str], code| slmon().estate(&estate).args(args).run().ended_with(code);
    assert_eq!(run(&["grep", " 503$", &place, "--count"], 0).stdout, "15\n");
    let counts = run(&["grep", "/orders/(\\d)\\d* 503", &place, "--count-by", "$1", "--format", "json"], 0).json();
    assert_valid("slmon.grep-objects-1", &counts);
    assert_eq!((counts["objects"].as_u64(), counts["count"].as_u64()), (Some(3), Some(15)));
    let lines = run(&["grep", "/orders/107 ", &place, "--format", "json"], 0).stdout;
    let mut keys: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["key"].as_str().unwrap().to_owned())
        .collect();
    keys.sort();
    assert_eq!(keys, ["alb/one.log", "alb/three.zst", "alb/two.log.gz"]);
    run(&["grep", "nowhere", &place], 1);
    let missing = run(&["grep", "503", &format!("s3://{bucket}-not")], 3);
    assert!(missing.stderr.contains("there is no bucket"), "{}", missing.stderr);
}
