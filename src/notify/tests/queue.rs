//! What waits for a sink, and what comes of it where that fails.

use super::*;

#[tokio::test(start_paused = true)]
async fn what_is_not_taken_is_told_again_later_and_later_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let shared = queued(folder.path(), &["s"], &["a", "b"]);
    let no = || Err(Refused::later("no"));
    let (sink, heard) = scripted(vec![no(), no(), no(), Ok(()), no()]);
    let task = tokio::spawn(deliver("s".into(), sink, shared.clone(), Arc::new(Nothing), || NOW));
    tokio::time::sleep(Duration::from_millis(6_900)).await;
    assert_eq!(*heard.lock().unwrap(), ["a!", "a!", "a!"], "after 0, 1 and 3 seconds");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(*heard.lock().unwrap(), ["a!", "a!", "a!", "a", "b!", "b"]);
    assert_eq!(left(folder.path()), 0);
    // What is queued later is told at once.
    let row = Row::Queue(Message { sink: "s".into(), id: "c".into(), notices: Vec::new() });
    shared.store.lock().unwrap_or_else(PoisonError::into_inner).turn(NOW, |_| ((), vec![row])).1.unwrap();
    shared.bell.notify_waiters();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(heard.lock().unwrap().last().unwrap(), "c");
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_dead_sink_delays_nobody_and_loses_nothing_for_days() {
    let folder = tempfile::tempdir().unwrap();
    let shared = queued(folder.path(), &["dead", "hangs", "alive"], &["a", "b", "c"]);
    let says = std::iter::repeat_with(|| Err(Refused::later("no"))).take(2000).collect();
    let (dead, tried) = scripted(says);
    let hangs = Box::new(Scripted { says: Mutex::default(), heard: Arc::default(), hangs: true });
    let (alive, heard) = scripted(Vec::new());
    for (name, sink) in [("dead", dead), ("hangs", hangs), ("alive", alive)] {
        tokio::spawn(deliver(name.into(), sink, shared.clone(), Arc::new(Nothing), || NOW));
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(*heard.lock().unwrap(), ["a", "b", "c"]);
    tokio::time::sleep(Duration::from_hours(72)).await;
    let attempts = tried.lock().unwrap().len();
    assert!((72 * 12 - 12..=72 * 12 + 12).contains(&attempts), "every five minutes: {attempts}");
    assert_eq!(left(folder.path()), 6);
}

#[tokio::test(start_paused = true)]
async fn a_dead_sink_says_so_seldom_and_that_it_is_well_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut shared = queued(folder.path(), &["s"], &["a", "b", "c"]);
    let (sender, mut told) = unbounded_channel();
    shared.told = sender;
    // Each answer has another number in it; after the tenth it is another reason.
    let why = |n: u32| if n <= 10 { format!("answered 503: request {n}") } else { "no answer in time".into() };
    let (sink, heard) = scripted((1..=20).map(|n| Err(Refused::later(why(n)))).collect());
    tokio::spawn(deliver("s".into(), sink, shared, Arc::new(Nothing), || NOW));
    tokio::time::sleep(Duration::from_hours(3)).await;
    assert_eq!(heard.lock().unwrap().len(), 23);
    let (mut lines, mut taken) = (Vec::new(), 0);
    while let Ok(one) = told.try_recv() {
        match one {
            Told::Delayed { tries, waiting, .. } => lines.push((tries, waiting)),
            Told::Well { tries, waited, .. } => lines.push((tries + 100, waited)),
            Told::Taken { .. } => taken += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(lines, [(1, 3), (2, 3), (4, 3), (8, 3), (11, 3), (16, 3), (120, 3)]);
    assert_eq!(taken, 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_itself_at_fault_is_left_after_three_attempts() {
    let folder = tempfile::tempdir().unwrap();
    let mut shared = queued(folder.path(), &["s"], &["bad", "good"]);
    let (sender, mut told) = unbounded_channel();
    shared.told = sender;
    let bad = || Err(Refused { why: "answered 400".into(), is_final: true, after: None });
    let (sink, heard) = scripted(vec![bad(), bad(), bad()]);
    tokio::spawn(deliver("s".into(), sink, shared, Arc::new(Nothing), || NOW));
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(*heard.lock().unwrap(), ["bad!", "bad!", "bad!", "good"]);
    assert_eq!(left(folder.path()), 0);
    let mut all = Vec::new();
    while let Ok(told) = told.try_recv() {
        all.push(told);
    }
    assert!(matches!(&all[2], Told::Refused { id, why, .. } if id == "bad" && why == "answered 400"), "{all:?}");
}

/// Killed after any number of steps and begun again, each message is told, in order, by the same id.
#[tokio::test(start_paused = true)]
async fn whoever_is_killed_in_between_tells_it_again_by_the_same_id() {
    for killed_after in 0..12_u64 {
        let folder = tempfile::tempdir().unwrap();
        let shared = queued(folder.path(), &["s"], &["a", "b", "c", "d"]);
        let no = || Err(Refused::later("no"));
        let (sink, before) = scripted(vec![no(), Ok(()), no(), Ok(()), no(), Ok(())]);
        let task = tokio::spawn(deliver("s".into(), sink, shared, Arc::new(Nothing), || NOW));
        tokio::time::sleep(Duration::from_millis(400 * killed_after)).await;
        task.abort();
        let _ = task.await;
        let (sink, after) = scripted(Vec::new());
        let shared = queued(folder.path(), &[], &[]);
        tokio::spawn(deliver("s".into(), sink, shared, Arc::new(Nothing), || NOW));
        tokio::time::sleep(Duration::from_millis(1)).await;
        let taken: Vec<String> = [before, after].iter().flat_map(|heard| heard.lock().unwrap().clone()).collect();
        let taken: Vec<&str> = taken.iter().map(String::as_str).filter(|id| !id.ends_with('!')).collect();
        assert_eq!(taken, ["a", "b", "c", "d"], "killed after {killed_after}");
        assert_eq!(left(folder.path()), 0);
    }
}
