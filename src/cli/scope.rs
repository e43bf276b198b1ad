//! The scope as it is typed: from flags to a [`Scope`], and a sentence for each value that can't be meant.

use super::{Refusal, args};
use crate::domain::{
    roster::Roster,
    rules::{
        Glob, Scope,
        scope::{Misfit, TagPattern},
    },
    text::clean,
};

/// So many known names are listed where none is near.
const LISTED: usize = 8;

/// Reads the flags into a scope, which may have regions already, and sees that each value can match something.
pub(super) fn read(args: &args::Scope, scope: &Scope, roster: &Roster) -> Result<Scope, Refusal> {
    let scope = Scope {
        clients: globs("--client", &args.clients)?,
        accounts: globs("--account", &args.accounts)?,
        regions: scope.regions.clone(),
        functions: globs("--function", &args.functions)?,
        tags: values("--tag", &args.tags)?.iter().map(|text| tag(text)).collect::<Result<_, _>>()?,
    };
    match scope.misfits(roster).as_slice() {
        [] => Ok(scope),
        misfits => Err(Refusal::usage(misfits.iter().map(misfit).collect::<Vec<_>>().join("\nslmon: "))),
    }
}

fn globs(flag: &str, texts: &[String]) -> Result<Vec<Glob>, Refusal> {
    let glob = |text: &String| {
        Glob::new(text).map_err(|why| Refusal::usage(format!("{flag} {}: this is no glob: {why}", clean(text))))
    };
    values(flag, texts)?.iter().map(glob).collect()
}

fn tag(text: &str) -> Result<TagPattern, Refusal> {
    let refused = |why: String| Refusal::usage(format!("--tag {}: {why}", clean(text)));
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key.trim(), Some(value.trim())),
        None => (text, None),
    };
    if key.is_empty() {
        return Err(refused("a tag's key is needed before =, such as team=payments".into()));
    }
    let value = value.map(Glob::new).transpose().map_err(|why| refused(format!("its value is no glob: {why}")))?;
    Ok(TagPattern { key: key.into(), value })
}

/// The values of a flag, each trimmed.
fn values(flag: &str, texts: &[String]) -> Result<Vec<String>, Refusal> {
    let all: Vec<String> = texts.iter().flat_map(|text| split(text)).collect();
    if all.iter().any(String::is_empty) {
        return Err(Refusal::usage(format!("{flag} has an empty value; leave the flag away to narrow nothing")));
    }
    Ok(all)
}

/// Splits at commas, but for those in `{a,b}` and `[…]` and behind a backslash, which belong to a glob.
fn split(text: &str) -> Vec<String> {
    let (mut all, mut open, mut escaped) = (vec![String::new()], 0_u32, false);
    for c in text.chars() {
        match c {
            ',' if open == 0 && !escaped => {
                all.push(String::new());
                continue;
            }
            '{' | '[' if !escaped => open += 1,
            '}' | ']' if !escaped => open = open.saturating_sub(1),
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        if let Some(last) = all.last_mut() {
            last.push(c);
        }
    }
    all.iter().map(|value| value.trim().to_owned()).collect()
}

fn misfit(misfit: &Misfit) -> String {
    let Misfit { kind, value, nearest, known } = misfit;
    let what = match *kind {
        "client" => "no organization or account of the configuration has this client",
        "account" => "no account of the configuration has this id or name, and no organization in scope can list it",
        _ => "no account in scope is read in this region",
    };
    let listed: Vec<_> = known.iter().take(LISTED).map(|name| clean(name)).collect();
    let near = match (nearest, known.len()) {
        (Some(near), _) => format!("; nearest is {}", clean(near)),
        (None, 0) => String::new(),
        (None, n) if n > LISTED => format!("; there are {} and {} more", listed.join(", "), n - LISTED),
        (None, _) => format!("; there {} {}", if known.len() == 1 { "is" } else { "are" }, listed.join(", ")),
    };
    format!("--{kind} {}: {what}{near}", clean(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_part_values_but_not_globs() {
        assert_eq!(split("a-*, b"), ["a-*", "b"]);
        assert_eq!(split("{a,b}-*,[x,y]z"), ["{a,b}-*", "[x,y]z"]);
        assert_eq!(split("Acme\\, Inc.,Beta"), ["Acme\\, Inc.", "Beta"]);
        assert_eq!(split("a\\\\,b"), ["a\\\\", "b"]);
        assert_eq!([split(""), split("a,")], [vec![""], vec!["a", ""]]);
    }

    #[test]
    fn a_tag_is_a_key_and_perhaps_a_glob() {
        let read = |text: &str| tag(text).map(|pattern| (pattern.key, pattern.value.map(|v| v.as_str().to_owned())));
        assert_eq!(read("team").unwrap(), ("team".into(), None));
        assert_eq!(read("team = pay-*").unwrap(), ("team".into(), Some("pay-*".into())));
        assert_eq!(read("team=a=b").unwrap(), ("team".into(), Some("a=b".into())));
        assert_eq!(read("team=").unwrap(), ("team".into(), Some(String::new())));
        assert!(tag("=x").unwrap_err().0.contains("a tag's key is needed"));
        assert!(tag("team=[x").unwrap_err().0.contains("no glob"));
    }
}
