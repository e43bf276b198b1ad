//! What mends a blind spot: a sentence, and where a tag does it, the command to run. Commands are for a POSIX shell and
//! the AWS CLI, in one line, and nothing in them could steer a terminal: names and tags are anybody's text.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::domain::{
    account::Region,
    finding::{Mend, SpotKind},
    text::{AwsText, steers},
};

/// The function that a command is about, and how it is reached.
#[derive(Clone, Copy, Debug)]
pub struct Patient<'a> {
    /// Where it is.
    pub region: &'a Region,
    /// Its ARN.
    pub arn: &'a AwsText,
    /// The profile whose credentials are of its account, where that is known.
    pub profile: Option<&'a str>,
}

/// The command that mends it; none where no tag does.
pub fn command(mend: &Mend, patient: &Patient<'_>) -> Option<String> {
    let (verb, arguments) = match mend {
        Mend::Otherwise => return None,
        Mend::Set(key, value) => ("tag-resource", format!("--tags {}", tags(key, value))),
        Mend::Remove(keys) if keys.is_empty() => return None,
        Mend::Remove(keys) => ("untag-resource", format!("--tag-keys {}", tag_keys(keys))),
    };
    let mut command = format!("aws lambda {verb}");
    if let Some(profile) = patient.profile {
        let _ = write!(command, " --profile {}", quoted(profile));
    }
    let _ = write!(command, " --region {} --resource {} {arguments}", patient.region, quoted(patient.arn.raw()));
    Some(command)
}

/// What to do, with the command at its end.
pub(super) fn sentence(kind: SpotKind, command: Option<&str>) -> String {
    let advice = kind.advice();
    match (kind, command) {
        (_, None) => advice.to_owned(),
        (SpotKind::StageConflict, Some(command)) => {
            format!("{advice}; this leaves the one that decides now: {command}")
        }
        (SpotKind::TagUnreadable, Some(command)) => format!("{advice}; this removes it: {command}"),
        (SpotKind::StageMissing, Some(command)) => format!("{advice}; for production: {command}"),
        (_, Some(command)) => format!("{advice}; to watch it: {command}"),
    }
}

/// The CLI's shorthand where it can't be misread, else JSON.
fn tags(key: &str, value: &str) -> String {
    if is_simple(key) && is_simple(value) {
        return format!("{key}={value}");
    }
    let map: Map<String, Value> = [(key.to_owned(), Value::from(value))].into_iter().collect();
    quoted(&Value::from(map).to_string())
}

fn tag_keys(keys: &[AwsText]) -> String {
    if keys.iter().all(|key| is_simple(key.raw())) {
        return keys.iter().map(AwsText::raw).collect::<Vec<_>>().join(" ");
    }
    quoted(&Value::from(keys.iter().map(AwsText::raw).collect::<Vec<_>>()).to_string())
}

/// Neither the shell nor the CLI reads anything into it.
fn is_simple(text: &str) -> bool {
    let simple = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(simple)
}

/// One word of a shell: as it is, in single quotes, or, where it holds what could steer a terminal, as `$'…'` with that
/// escaped byte by byte, which bash, zsh and ksh read.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:/@%+,=-".contains(c);
    if text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(plain) {
        return text.to_owned();
    }
    if !text.chars().any(steers) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut out = String::from("$'");
    let mut bytes = [0; 4];
    for c in text.chars() {
        match c {
            '\'' | '\\' => out.extend(['\\', c]),
            c if steers(c) => {
                // Three octal digits at most are read, so that what follows is never taken for one more.
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    let _ = write!(out, "\\{byte:03o}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::region;

    fn made(mend: &Mend, arn: &str, profile: Option<&str>) -> String {
        let (region, arn) = (region("eu-west-1"), AwsText::from(arn));
        command(mend, &Patient { region: &region, arn: &arn, profile }).unwrap()
    }

    const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:api";

    #[test]
    fn commands_as_people_would_type_them() {
        let set = Mend::Set("monitor".into(), "true".into());
        assert_eq!(
            made(&set, ARN, None),
            format!("aws lambda tag-resource --region eu-west-1 --resource {ARN} --tags monitor=true")
        );
        assert_eq!(
            made(&set, ARN, Some("beta ops")),
            format!(
                "aws lambda tag-resource --profile 'beta ops' --region eu-west-1 --resource {ARN} --tags monitor=true"
            )
        );
        let remove = |keys: &[&str]| Mend::Remove(keys.iter().map(|key| AwsText::from(*key)).collect());
        assert!(
            made(&remove(&["env", "Env"]), ARN, None)
                .ends_with("lambda:eu-west-1:111122223333:function:api --tag-keys env Env")
        );
        assert!(made(&remove(&["monitor:error's"]), ARN, None).ends_with(r#" --tag-keys '["monitor:error'\''s"]'"#));
        let odd = Mend::Set("watch me".into(), "a,b".into());
        assert!(made(&odd, ARN, None).ends_with(r#" --tags '{"watch me":"a,b"}'"#));
        assert_eq!(
            command(&Mend::Otherwise, &Patient { region: &region("eu-west-1"), arn: &ARN.into(), profile: None }),
            None
        );
    }

    #[test]
    fn what_steers_a_terminal_is_escaped_and_still_exact() {
        assert_eq!(quoted("a\u{1b}7\u{202e}'b\\"), r"$'a\0337\342\200\256\'b\\'");
    }
}
