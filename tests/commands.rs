//! The commands that mend blind spots, read by a real shell: whatever names and tags hold, each word arrives as it is,
//! and nothing else is run.

#![allow(clippy::expect_used, reason = "in a test, that is how one fails")]

use std::process::Command;

use proptest::prelude::*;
use slmon::{
    domain::{
        account::Region,
        finding::Mend,
        text::{AwsText, steers},
    },
    report::fix::{Patient, command},
};

/// The arguments that bash would run `aws` with.
fn arguments(command: &str) -> Vec<String> {
    let script = format!("aws() {{ printf '%s\\0' \"$@\"; }}\n{command}");
    let output = Command::new("bash").args(["-c", &script]).output().expect("bash runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{script:?}: {output:?}");
    let said = String::from_utf8(output.stdout).expect("text");
    said.split_terminator('\0').map(str::to_owned).collect()
}

fn made(mend: &Mend, arn: &str, profile: Option<&str>) -> String {
    let (region, arn) = (Region::parse("eu-west-1").expect("a region"), AwsText::from(arn));
    command(mend, &Patient { region: &region, arn: &arn, profile }).expect("a tag mends it")
}

fn anybodys() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z:-]{1,12}",
        "[^\\x00]{1,20}",
        "[\\x01-\\x1f\\x7f$`'\"\\\\;&|<>(){}*?~!# \u{202e}\u{200b}0-9]{1,20}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn a_shell_reads_every_word_as_it_is(
        arn in anybodys(), profile in proptest::option::of(anybodys()), key in anybodys(), value in anybodys(),
        keys in proptest::collection::vec(anybodys(), 1..4),
    ) {
        let keys: Vec<AwsText> = keys.into_iter().map(AwsText::from).collect();
        for mend in [Mend::Set(key.clone(), value.clone()), Mend::Remove(keys.clone())] {
            let command = made(&mend, &arn, profile.as_deref());
            prop_assert!(!command.chars().any(steers), "{:?}", command);
            let said = arguments(&command);
            let mut said = said.iter().map(String::as_str);
            prop_assert_eq!(said.next(), Some("lambda"));
            said.next();
            if let Some(profile) = &profile {
                prop_assert_eq!([said.next(), said.next()], [Some("--profile"), Some(profile.as_str())]);
            }
            prop_assert_eq!([said.next(), said.next()], [Some("--region"), Some("eu-west-1")]);
            prop_assert_eq!([said.next(), said.next()], [Some("--resource"), Some(arn.as_str())]);
            let option = said.next();
            let rest: Vec<&str> = said.collect();
            if let Mend::Set(key, value) = &mend {
                let given = serde_json::json!({ key: value }).to_string();
                prop_assert!(rest == [given.as_str()] || rest == [format!("{key}={value}")], "{:?}", rest);
                prop_assert_eq!(option, Some("--tags"));
            } else {
                let all: Vec<&str> = keys.iter().map(AwsText::raw).collect();
                prop_assert!(rest == all || rest == [serde_json::json!(all).to_string()], "{:?}", rest);
                prop_assert_eq!(option, Some("--tag-keys"));
            }
        }
    }
}
