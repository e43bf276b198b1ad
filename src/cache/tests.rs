//! The cache: what comes back, what does not, and who may read it.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::domain::{
    account::{Account, AccountId, Region},
    function::{Discovered, Tags},
    text::AwsText,
};

fn estate() -> Estate {
    let (id, region) = (AccountId::parse("111122223333").unwrap(), Region::parse("cn-north-1").unwrap());
    let function = |name: &str, arn: &str| Discovered {
        arn: arn.into(),
        name: name.into(),
        tags: Tags::new([("monitor".into(), "true".into()), ("t".into(), "\u{1b}[2J\"".into())]),
    };
    let functions = vec![
        function("api", "arn:aws-cn:lambda:cn-north-1:111122223333:function:api"),
        function("odd", "arn:of:another:kind"),
    ];
    let account = Account { id, name: Some("shop".into()), client: Some(AwsText::new("Acme")) };
    let unread = CachedTarget { region: Region::parse("eu-west-1").unwrap(), functions: None };
    let targets = vec![CachedTarget { region, functions: Some(functions) }, unread];
    Estate { accounts: vec![CachedAccount { account: account.into(), targets }] }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn what_was_found_comes_back_with_its_age_and_nobody_else_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("deep/slmon");
    let cache = Cache::of(&inside, ["a"]);
    assert_eq!(cache.load(at("2026-11-23T10:00:00Z")), None);
    cache.store(&estate(), at("2026-11-23T10:00:00Z")).unwrap();
    let cached = cache.load(at("2026-11-23T10:15:00Z")).unwrap();
    assert_eq!((cached.age, &cached.estate), (Duration::from_mins(15), &estate()));
    assert_eq!(cached.estate.observations().count(), 3);
    assert_eq!(cache.load(at("2026-11-23T09:00:00Z")), None, "a file of the future");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&inside), mode(&cache.file)), (0o700, 0o600));
    assert_eq!(fs::read_dir(&inside).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn two_estates_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (Cache::of(folder.path(), ["a", "b"]), Cache::of(folder.path(), ["ab", ""]));
    one.store(&estate(), at("2026-11-23T10:00:00Z")).unwrap();
    assert_eq!(other.load(at("2026-11-23T10:00:00Z")), None);
    assert_eq!(Cache::newest(folder.path()), Some(one));
}

#[test]
fn what_slmon_did_not_write_is_no_cache() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::of(folder.path(), ["a"]);
    let now = at("2026-11-23T10:00:00Z");
    cache.store(&estate(), now).unwrap();
    let good = fs::read_to_string(&cache.file).unwrap();
    let broken = [
        good[..good.len() / 2].to_owned(),
        good.replace("slmon.cache/1", "slmon.cache/2"),
        good.replace("111122223333", "11112222333x"),
        good.replace("cn-north-1", "../../etc"),
        good.replace("\"tags\":[[0,1", "\"tags\":[[0,9"),
        good.replace("\"tags\":[[0,1,", "\"tags\":[[0,1,0,"),
        good.replace("[\"api\",0,", "[\"api\",7,"),
        "[".repeat(100_000),
    ];
    for text in broken {
        assert_ne!(text, good);
        fs::write(&cache.file, text).unwrap();
        assert_eq!(cache.load(now), None);
    }
}

#[test]
fn a_folder_that_is_none_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let cache = Cache::of(&folder.path().join("file"), ["a"]);
    assert!(cache.store(&estate(), at("2026-11-23T10:00:00Z")).is_err());
    assert_eq!(cache.load(at("2026-11-23T10:00:00Z")), None);
    assert_eq!(Cache::newest(&folder.path().join("none")), None);
}
