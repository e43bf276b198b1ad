//! `slmon ack`, `slmon mute` and `slmon mutes`: being silent about alerts, in the store that `slmon watch` and the dashboard share.

use std::collections::BTreeSet;

use super::{
    Refusal,
    args::{self, Scope},
    environment,
    listing::{FORMATS, Format},
    output, remember, state,
    sweep::{self, Start},
};
use crate::{
    config::Flags,
    domain::{
        account::{AccountId, Region, TargetKey},
        fleet::Fleet,
        function::{name_of_arn, table_of_arn},
        life::{Before, Hush, Means, NO_END},
        mute::checks,
        rules::{instant, span_minutes},
        text::{AwsText, clean, nearest},
        window::Minute,
    },
    report::tables::MuteList,
    store::Store,
};

/// The exit code where there was nothing to do it to.
const NOTHING: u8 = 1;

/// `slmon ack`.
pub(super) fn acknowledge(scope: &Scope, args: &args::Ack) -> Result<u8, Refusal> {
    let asked = Asked { silence: &args.silence, check: args.check.as_deref(), until: args.until.as_deref() };
    hush(scope, &asked, Means::Acknowledge)
}

/// `slmon mute`.
pub(super) fn mute(scope: &Scope, args: &args::Mute) -> Result<u8, Refusal> {
    let asked = Asked { silence: &args.silence, check: args.check.as_deref(), until: args.until.as_deref() };
    if asked.until.is_none() && asked.silence.duration.is_none() && !asked.silence.undo {
        let what = clean(&asked.silence.what);
        return Err(Refusal::usage(format!(
            "a mute has an end: --for 2h (or 3d), or --until 2026-12-01 (or 2026-12-01T10:00:00Z). `slmon mute {what} --undo` takes one back, and \
             `slmon ack {what}` lasts until the alert is over"
        )));
    }
    hush(scope, &asked, Means::Mute)
}

/// `slmon mutes`.
pub(super) fn list(scope: &Scope, args: &args::Mutes) -> Result<u8, Refusal> {
    let outputs = output::parse(&args.listing.formats, FORMATS)?;
    let start = sweep::start(scope, Flags::default())?;
    let mut kept = state::open(&start, scope)?;
    say_of(&mut kept);
    let list = MuteList::new(&kept.store.known().lives, &start.config().rules.mutes, start.minute(), |_, _| true);
    let telling = sweep::telling(&start, scope);
    output::write_all(&outputs, |format| match format {
        Format::Text => list.text(&telling),
        Format::Json => list.json(),
    })?;
    Ok(0)
}

/// Says what is wrong with the file of alerts: that it was set aside, above all.
fn say_of(kept: &mut state::Kept) {
    if let Some(said) = kept.store.said() {
        output::say(&format!("slmon: {said}"));
    }
}

/// What was asked for, as typed.
struct Asked<'a> {
    silence: &'a args::Silence,
    check: Option<&'a str>,
    until: Option<&'a str>,
}

fn hush(scope: &Scope, asked: &Asked<'_>, means: Means) -> Result<u8, Refusal> {
    let silence = asked.silence;
    let outputs = output::parse(&silence.listing.formats, FORMATS)?;
    let start = sweep::start(scope, Flags::default())?;
    let now = start.minute();
    let until = until(asked.until, silence.duration.as_deref(), now)?;
    let mut kept = state::open(&start, scope)?;
    say_of(&mut kept);
    let (target, function, check) = find(&silence.what, &start, scope, &kept.store)?;
    let check = match (asked.check.map(str::trim), check) {
        (Some(one), Some(other)) if one != other => {
            return Err(Refusal::usage(format!("--check {one}, and the key is of the check {other}: say one of them")));
        }
        (Some(one), _) => Some(one.to_owned()),
        (None, other) => other,
    };
    if let Some(check) = check.as_deref().filter(|check| !checks().any(|known| known == *check)) {
        let near = nearest(check, checks()).map(|near| format!("; {near} is meant?")).unwrap_or_default();
        return Err(Refusal::usage(format!(
            "there is no check {}{near} (there is: {})",
            clean(check),
            checks().collect::<Vec<_>>().join(", ")
        )));
    }
    let hush = Hush {
        target,
        function,
        check,
        means,
        // An acknowledgement without an end lasts until the alert is over.
        until: if silence.undo { None } else { Some(until.unwrap_or(NO_END)) },
        by: Some(environment::who(&start.variables)),
        reason: silence.reason.clone(),
    };
    let (hushed, written) = kept.store.hush(&hush, now);
    written.map_err(|error| state::unusable(&kept.folder, &error))?;
    let is_of = |target: &TargetKey, function: &AwsText| *target == hush.target && *function == hush.function;
    let list = MuteList::new(&kept.store.known().lives, &[], now, is_of);
    let said = if hushed.done == 0 { nothing(&hush) } else { said(&hush, hushed.before.as_ref(), now) };
    output::write_all(&outputs, |format| match format {
        Format::Text => format!("{said}\n"),
        Format::Json => list.json(),
    })?;
    Ok(if hushed.done == 0 { NOTHING } else { 0 })
}

/// What was done, whom that replaces, and how it is taken back.
fn said(hush: &Hush, before: Option<&Before>, now: Minute) -> String {
    let instead = before.map(|before| format!(", {}", before.said(now))).unwrap_or_default();
    let done = format!("{}{instead}", hush.said(now));
    if hush.until.is_none() {
        return done;
    }
    let word = if hush.means == Means::Mute { "mute" } else { "ack" };
    let check = hush.check.as_ref().map(|check| format!(":{check}")).unwrap_or_default();
    let (account, region) = &hush.target;
    let key = format!("{account}:{region}:{}{check}", hush.function.shown());
    format!("{done}\n`slmon {word} {key} --undo` takes it back; `slmon mutes` lists what is silent")
}

fn nothing(hush: &Hush) -> String {
    let name = hush.function.shown();
    match (hush.means, hush.until) {
        (Means::Acknowledge, Some(_)) => {
            format!("{name}: no alert of it is open, as far as slmon watch or the dashboard knows")
        }
        (Means::Acknowledge, None) => format!("{name}: no alert of it is acknowledged"),
        (Means::Mute, _) => format!("{name} is not muted here: a tag's or the configuration's mute ends there"),
    }
}

/// The end that is meant; none where none was said.
fn until(until: Option<&str>, duration: Option<&str>, now: Minute) -> Result<Option<Minute>, Refusal> {
    let end = match (until, duration) {
        (Some(text), _) => instant(text.trim()).map_err(|why| Refusal::usage(format!("--until {text}: {why}")))?,
        (None, Some(text)) => {
            let minutes = span_minutes(text).map_err(|why| Refusal::usage(format!("--for {text}: {why}")))?;
            now.plus(minutes)
        }
        (None, None) => return Ok(None),
    };
    if end <= now {
        return Err(Refusal::usage(format!("that end has come: {end}")));
    }
    Ok(Some(end))
}

/// Which function is meant, and of which check where a key says so: by ARN or key, else by its name among what is known here.
fn find(
    what: &str,
    start: &Start,
    scope: &Scope,
    store: &Store,
) -> Result<(TargetKey, AwsText, Option<String>), Refusal> {
    let what = what.trim();
    if let Some(found) = of_arn(what).or_else(|| of_key(what)) {
        return Ok(found);
    }
    let lives = &store.known().lives;
    let mut known: BTreeSet<(TargetKey, AwsText)> =
        lives.lives.keys().map(|key| (key.target.clone(), key.function.clone())).collect();
    known.extend(lives.mutes.iter().map(|mute| (mute.target.clone(), mute.function.clone())));
    let cached = remember::recall(start, scope);
    known.extend(cached.iter().flat_map(|(fleet, _)| functions(fleet)));
    let asked = &start.config().rules.scope;
    let account =
        |id: &AccountId| asked.accounts.is_empty() || asked.accounts.iter().any(|glob| glob.is_match(id.as_str()));
    let region = |region: &Region| asked.regions.is_empty() || asked.regions.contains(region);
    let mut found: Vec<_> =
        known.iter().filter(|((id, at), name)| name.raw() == what && account(id) && region(at)).collect();
    // Of several, the one whose alert is open is meant.
    let is_open = |(target, name): &&(TargetKey, AwsText)| {
        lives.lives.iter().any(|(key, life)| life.is_open() && (&key.target, &key.function) == (target, name))
    };
    if found.iter().filter(|it| is_open(it)).count() == 1 {
        found.retain(is_open);
    }
    match (found.pop(), found.len()) {
        (Some((target, name)), 0) => Ok((target.clone(), name.clone(), None)),
        (Some(last), _) => {
            found.push(last);
            let keys: Vec<String> =
                found.iter().map(|((id, region), name)| format!("  {id}:{region}:{}", name.shown())).collect();
            Err(Refusal::usage(format!(
                "{} is the name of several functions; say which:\n{}",
                clean(what),
                keys.join("\n")
            )))
        }
        (None, _) => {
            let near = nearest(what, known.iter().map(|(_, name)| name.raw()));
            let near = near.map(|near| format!("; {} is meant?", clean(near))).unwrap_or_default();
            Err(Refusal::usage(format!(
                "no function {} is known here{near}. Write account:region:name, or its ARN, or let `slmon functions` find it first{}",
                clean(what),
                if scope.demo.is_some() { " (the demo keeps nothing: try A and M in its dashboard)" } else { "" },
            )))
        }
    }
}

fn functions(fleet: &Fleet) -> impl Iterator<Item = (TargetKey, AwsText)> {
    fleet.targets().flat_map(|state| {
        let key = state.target.key();
        state.rows().map(move |function| (key.clone(), function.found.name.clone()))
    })
}

/// `arn:aws:lambda:eu-west-1:111122223333:function:name`, with or without a version behind it; or that of a table.
fn of_arn(text: &str) -> Option<(TargetKey, AwsText, Option<String>)> {
    let name = name_of_arn(text).or_else(|| table_of_arn(text))?;
    let region = text.split(':').nth(3).and_then(Region::parse)?;
    Some(((AccountId::of_arn(text)?, region), name.into(), None))
}

/// `account:region:name`, with a check behind it, and what else a message's subject and id have.
fn of_key(text: &str) -> Option<(TargetKey, AwsText, Option<String>)> {
    let parts: Vec<&str> = text.split(':').collect();
    let [account, region, name, rest @ ..] = parts.as_slice() else { return None };
    let check = rest.first().map(|check| (*check).to_owned());
    Some(((AccountId::parse(account)?, Region::parse(region)?), (*name).into(), check))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_by_its_arn_or_by_the_key_of_a_message() {
        let said = |text: &str| {
            let found = of_arn(text).or_else(|| of_key(text));
            found.map(|((id, region), name, check)| format!("{id} {region} {} {check:?}", name.raw()))
        };
        let plain = Some("111122223333 eu-west-1 f None".to_owned());
        assert_eq!(said("arn:aws:lambda:eu-west-1:111122223333:function:f"), plain);
        assert_eq!(said("arn:aws:lambda:eu-west-1:111122223333:function:f:live"), plain);
        assert_eq!(said("111122223333:eu-west-1:f"), plain);
        let table = Some("111122223333 eu-west-1 table/f None".to_owned());
        assert_eq!(said("arn:aws:dynamodb:eu-west-1:111122223333:table/f"), table);
        assert_eq!(said("111122223333:eu-west-1:table/f"), table);
        let of_check = Some("111122223333 eu-west-1 f Some(\"errors\")".to_owned());
        assert_eq!(said("111122223333:eu-west-1:f:errors"), of_check);
        assert_eq!(said("111122223333:eu-west-1:f:errors:29865171:3"), of_check);
        assert_eq!((said("checkout-api"), said("1:2:3"), said("arn:aws:s3:::x")), (None, None, None));
    }

    #[test]
    fn an_end_is_an_instant_or_a_span_and_has_not_come() {
        let now = instant("2026-11-23T10:00:00Z").unwrap();
        let end = |until: Option<&str>, span: Option<&str>| {
            super::until(until, span, now).ok().flatten().map(|end| end.to_string())
        };
        assert_eq!(end(Some("2026-11-24"), None).as_deref(), Some("2026-11-24T00:00:00Z"));
        assert_eq!(end(None, Some("4h")).as_deref(), Some("2026-11-23T14:00:00Z"));
        assert_eq!((end(Some("2026-11-23"), None), end(None, Some("soon"))), (None, None));
    }
}
