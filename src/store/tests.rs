//! The file: what comes back, who may read it, and what a crash, a full disk, a second slmon and garbage leave of it.

use std::{
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::*;
use crate::domain::{
    account::{AccountId, Region},
    finding::Severity,
    life::{Evaluation, Hush, LifeRules, Means, Sign, Subject},
};

const NOW: Minute = Minute(29_700_000);

fn key(n: i64) -> AlertKey {
    let target = (AccountId::parse("111122223333").unwrap(), Region::parse("eu-west-1").unwrap());
    AlertKey::new(target, format!("f{n}\u{1b}\"").into(), "errors")
}

fn subject() -> Subject {
    Subject { client: Some("Acme".into()), tags: vec![("team".into(), "pay\n".into())], ..Subject::default() }
}

/// One minute of what somebody does who watches: function 1 fires, goes and comes; function 2 fires in minute 3.
fn minute(store: &mut Store, n: i64) -> (Vec<String>, io::Result<()>) {
    let fires = |severity| Sign::Fires { severity, reason: "so many failed".into(), since: Some(NOW) };
    let signs = [
        (1, if n % 8 < 2 { fires(Severity::Critical) } else { Sign::Clear }),
        (2, if n >= 3 { fires(Severity::Warning) } else { Sign::Clear }),
    ];
    let at = NOW.plus(n);
    store.turn(at, |known| {
        let mut lives = known.lives.clone();
        let evaluations =
            signs.map(|(of, sign)| Evaluation { key: key(of), at, sign, muted: false, subject: Some(subject()) });
        let (notices, touched) = lives.turn(&LifeRules::default(), evaluations);
        let mut rows: Vec<Row> = touched
            .into_iter()
            .map(|key| match lives.lives.get(&key) {
                Some(life) => Row::Life(key, Box::new(life.clone())),
                None => Row::Past(key),
            })
            .collect();
        let told: Vec<Notice> = notices.into_iter().filter(|notice| notice.step.tell).collect();
        let message = |notice: &Notice| Message { sink: "chat".into(), id: notice.id(), notices: vec![notice.clone()] };
        rows.extend(told.iter().map(|notice| Row::Queue(message(notice))));
        (told.iter().map(Notice::id).collect(), rows)
    })
}

fn open(folder: &Path) -> Store {
    Store::open(folder, "a", NOW).unwrap()
}

/// What is known, without what differs by when it was last read.
fn said(store: &Store) -> String {
    let known = store.known();
    let queue: Vec<_> = known.queue.values().collect();
    format!("{:?} {:?} {queue:?} {:?}", known.lives.lives, known.lives.mutes, known.lately)
}

#[test]
fn what_was_written_comes_back_and_nobody_else_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("deep/slmon");
    let mut store = open(&inside);
    for n in 0..12 {
        minute(&mut store, n).1.unwrap();
    }
    let hush = |n: i64, means| Hush {
        target: key(n).target,
        function: key(n).function,
        check: None,
        means,
        until: Some(NOW.plus(60)),
        by: Some("ann".into()),
        reason: Some("known".into()),
    };
    assert_eq!(store.hush(&hush(2, Means::Acknowledge), NOW).0.done, 1);
    assert_eq!(store.hush(&hush(9, Means::Acknowledge), NOW).0.done, 0, "there is nothing to know");
    assert_eq!(store.hush(&hush(7, Means::Mute), NOW).0.done, 1);
    store
        .turn(NOW, |known| ((), vec![Row::Done("chat".into(), known.queue.values().next().unwrap().id.clone())]))
        .1
        .unwrap();
    let again = open(&inside);
    assert_eq!(said(&again), said(&store));
    assert_eq!((again.known().lives.mutes.len(), again.known().queue.len()), (1, 3));
    assert_eq!(again.known().next_for("chat").unwrap().notices[0].subject, subject());
    let ack = again.known().lives.lives[&key(2)].ack.clone().unwrap();
    assert_eq!((ack.until, ack.by.as_deref(), ack.at), (NOW.plus(60), Some("ann"), Some(NOW)));
    assert_eq!(again.known().lives.mutes[0].reason.as_deref(), Some("known"));
    let lately: Vec<_> = again.known().lately.iter().map(|it| (it.did.word(), it.by.as_deref())).collect();
    assert_eq!(lately, [("acknowledged", Some("ann")), ("muted", Some("ann"))]);
    // Undone: the first by what it is about, the other by its function.
    for means in [Means::Acknowledge, Means::Mute] {
        let undo = Hush { until: None, ..hush(if means == Means::Mute { 7 } else { 2 }, means) };
        assert_eq!((store.hush(&undo, NOW).0.done, store.hush(&undo, NOW).0.done), (1, 0));
    }
    let again = open(&inside);
    assert!(again.known().lives.mutes.iter().all(|mute| mute.until < NOW));
    assert_eq!(again.known().lives.lives[&key(2)].ack, None);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&inside), mode(&store.path)), (0o700, 0o600));
}

#[test]
fn a_file_that_is_cut_anywhere_is_one_of_those_that_were_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let mut states = vec![said(&store)];
    for n in 0..9 {
        minute(&mut store, n).1.unwrap();
        states.push(said(&store));
    }
    let whole = fs::read(&store.path).unwrap();
    let begin = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let mut reached = 0;
    for length in begin..=whole.len() {
        fs::write(&store.path, &whole[..length]).unwrap();
        let mut cut = open(folder.path());
        let state = states.iter().rposition(|state| *state == said(&cut)).expect("a state that was there");
        assert!(state >= reached && cut.said().is_none());
        reached = state;
        if length % 97 == 0 {
            // Life goes on, and nothing runs into what was cut off.
            minute(&mut cut, 20).1.unwrap();
            assert_eq!(said(&open(folder.path())), said(&cut));
        }
    }
    assert_eq!(reached, states.len() - 1);
}

#[test]
fn what_could_not_be_written_is_written_with_the_next_that_can() {
    for failing in 0..10 {
        for half in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let mut store = open(folder.path());
            let calls = Arc::new(AtomicUsize::new(0));
            store.append = Box::new({
                let calls = calls.clone();
                move |file, bytes| {
                    let full = calls.fetch_add(1, Ordering::Relaxed) == failing;
                    let bytes = if full && half {
                        &bytes[..bytes.len() / 2]
                    } else if full {
                        &[]
                    } else {
                        bytes
                    };
                    file.write_all(bytes)?;
                    if full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
                }
            });
            let (mut told, mut failed) = (Vec::new(), 0);
            for n in 0..12 {
                let (ids, written) = minute(&mut store, n);
                told.extend(ids);
                failed += usize::from(written.is_err());
            }
            let again = open(folder.path());
            assert_eq!(said(&again), said(&store), "call {failing}");
            assert!(failing >= calls.load(Ordering::Relaxed) || failed == 1);
            let queued: Vec<_> = again.known().queue.values().map(|message| message.id.clone()).collect();
            assert_eq!(queued, told);
            assert_eq!(told.len(), 4, "{told:?}");
        }
    }
}

#[test]
fn two_that_take_turns_tell_everything_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut one, mut other) = (open(folder.path()), open(folder.path()));
    let mut told = Vec::new();
    for n in 0..24 {
        let (first, second) = if n % 3 == 0 { (&mut one, &mut other) } else { (&mut other, &mut one) };
        told.extend(minute(first, n).0);
        assert_eq!(minute(second, n).0, Vec::<String>::new(), "minute {n}");
    }
    let mut alone = open(tempfile::tempdir().unwrap().path());
    let expected: Vec<String> = (0..24).flat_map(|n| minute(&mut alone, n).0).collect();
    assert_eq!(told, expected);
    assert_eq!(open(folder.path()).known().queue.len(), told.len());
}

#[test]
fn what_is_spoilt_is_set_aside_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    for n in 0..9 {
        minute(&mut store, n).1.unwrap();
    }
    let before = said(&store);
    let mut bytes = fs::read(&store.path).unwrap();
    let lines: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
    bytes[lines[0] + 40] ^= 1;
    fs::write(&store.path, &bytes).unwrap();
    let mut again = open(folder.path());
    let words = again.said().unwrap();
    assert!(words.contains("1 line that can't be read") && words.contains("spoilt-"), "{words}");
    assert_eq!(again.said(), None);
    assert_ne!(said(&again), before, "what was on that line is lost");
    assert_eq!(again.known().queue.len(), 3, "and nothing else is");
    let aside: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let aside = aside.iter().find(|path| path.to_string_lossy().contains("spoilt")).unwrap();
    assert_eq!(fs::read(aside).unwrap(), bytes);
    for garbage in [&b"garbage"[..], b"slmon.alerts/2 7\nfrom the future\n", b"\n\n", b"\xff\xfe"] {
        fs::write(&store.path, garbage).unwrap();
        let mut fresh = open(folder.path());
        assert!(fresh.said().unwrap().contains("is not one that slmon wrote"));
        minute(&mut fresh, 0).1.unwrap();
        assert_eq!(said(&open(folder.path())), said(&fresh));
    }
}

#[test]
fn a_file_that_has_grown_is_written_anew_while_another_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut one, mut other) = (open(folder.path()), open(folder.path()));
    let id = |n: i32| n.to_string() + &"x".repeat(2000);
    for n in 0..700 {
        let message = Message { sink: "s".into(), id: id(n), notices: Vec::new() };
        one.turn(NOW, |_| ((), vec![Row::Queue(message), Row::Done("s".into(), id(n - 1))])).1.unwrap();
    }
    assert!(fs::metadata(&one.path).unwrap().len() < WORTH_IT, "it has been written anew");
    other.turn(NOW, |_| ((), Vec::new())).1.unwrap();
    assert_eq!(said(&one), said(&other));
    assert_eq!(other.known().queue.len(), 1);
}

#[test]
fn what_was_spent_adds_up_by_day_over_restarts_and_a_month_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let more = Spent { requests: 2, metrics: 10, usd: 0.0001 };
    for day in 0..40 {
        let mut store = open(folder.path());
        for _ in 0..2 {
            let ((), written) = store.turn(NOW, |_| ((), vec![Row::Spent(NOW.plus(day * 1440), more)]));
            written.unwrap();
        }
    }
    let store = open(folder.path());
    let spent = &store.known().spent;
    assert_eq!((spent.len(), spent.first_key_value().unwrap().0), (31, &NOW.plus(9 * 1440)));
    assert!(spent.values().all(|day| *day == more.plus(&more)), "{spent:?}");
}

#[test]
fn who_asks_for_the_same_again_hears_whom_they_replace() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    for n in 0..3 {
        minute(&mut store, n).1.unwrap();
    }
    let key = store.known().lives.lives.iter().find(|(_, life)| life.is_open()).unwrap().0.clone();
    let hush = |means, by: &str, until| Hush {
        target: key.target.clone(),
        function: key.function.clone(),
        check: None,
        means,
        until: Some(until),
        by: Some(by.into()),
        reason: None,
    };
    for means in [Means::Acknowledge, Means::Mute] {
        assert_eq!(store.hush(&hush(means, "ann", NOW.plus(60)), NOW).0.before, None);
        // Another slmon sees it, too.
        let mut other = open(folder.path());
        let before = other.hush(&hush(means, "bob", NOW.plus(90)), NOW.plus(4)).0.before.unwrap();
        assert_eq!((before.by.as_deref(), before.at, before.until), (Some("ann"), Some(NOW), NOW.plus(60)));
        let late = other.hush(&hush(means, "cid", NOW.plus(900)), NOW.plus(90)).0.before;
        assert_eq!(late, None, "one that has ended replaces nothing");
        let undo = Hush { until: None, ..hush(means, "cid", NOW) };
        assert_eq!(other.hush(&undo, NOW.plus(91)).0.before, None);
    }
}

#[test]
fn what_others_wrote_is_noticed_without_a_lock() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, mut other) = (open(folder.path()), open(folder.path()));
    assert!(!store.is_behind() && !other.is_behind());
    minute(&mut other, 0).1.unwrap();
    assert!(store.is_behind() && !other.is_behind());
    store.turn(NOW, |_| ((), Vec::new())).1.unwrap();
    assert!(!store.is_behind());
    // As long as before, and written anew.
    let (writing, _) = other.read.unwrap();
    other.rewrite(writing).unwrap();
    assert!(store.is_behind() && !other.is_behind());
    // What could not be written is tried again.
    store.turn(NOW, |_| ((), Vec::new())).1.unwrap();
    store.append = Box::new(|_, _| Err(io::ErrorKind::StorageFull.into()));
    minute(&mut store, 3).1.unwrap_err();
    assert!(store.is_behind());
}
