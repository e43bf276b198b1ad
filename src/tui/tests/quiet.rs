//! What somebody acknowledged or muted, as it is shown and as it is asked for.

use super::*;
use crate::{
    domain::life::{Acknowledgement, Change, Did, Happening, Life, Means, Mute, NO_END, Phase},
    tui::{
        alive::{Alive, Quiet},
        model::Effect,
    },
};

/// The alerts of a row's function, open and acknowledged so.
fn known(board: &Board, row: &Row, until: Minute) -> Alive {
    let key = board.key(row).unwrap();
    let mut alive = Alive::default();
    for finding in &board.judged(row).unwrap().findings {
        let now = board.snapshot.horizon.now;
        let ack = Acknowledgement { until, severity: finding.severity, at: None, by: Some("ann".into()), reason: None };
        let life = Life { phase: Phase::Firing, ack: Some(ack), ..Life::new(now) };
        let alert = crate::domain::life::AlertKey::new(
            (key.account.clone(), key.region.clone()),
            key.name.clone(),
            finding.check,
        );
        alive.lives.lives.insert(alert, life);
    }
    alive
}

fn muted(board: &Board, row: &Row, check: Option<&str>) -> Alive {
    let key = board.key(row).unwrap();
    let mut alive = Alive::default();
    alive.lives.mutes.push(Mute {
        target: (key.account, key.region),
        function: key.name,
        check: check.map(str::to_owned),
        until: board.snapshot.horizon.now.plus(90),
        at: None,
        by: Some("bob".into()),
        reason: Some("replaced on Monday".into()),
    });
    alive
}

fn shown(alive: Alive, keys: &str) -> (Model, String) {
    let mut model = model(None);
    model.update(Msg::Board(Arc::new(Board::with(incident(), Arc::new(alive)))));
    type_keys(&mut model, keys);
    let frame = frame(&mut model, 120, 40, now());
    (model, text(&frame))
}

#[test]
fn a_row_says_that_somebody_knows_until_when_and_who() {
    let board = Board::new(incident());
    let (name, at) = (board.key(&board.rows[0]).unwrap().name, board.snapshot.horizon.now.plus(60));
    let clock = crate::domain::text::clock(at, board.snapshot.horizon.now);
    let (model, page) = shown(known(&board, &board.rows[0], at), "1");
    let line = page.lines().find(|line| line.contains(name.raw())).unwrap();
    assert!(line.trim_start().starts_with('✗') && line.contains(&format!("✓ ack to {clock}")), "{line}");
    assert!(page.contains(&format!("acknowledged until {clock} UTC by ann · ")), "{page}");
    assert_eq!(model.board.unwrap().counts, board.counts, "it fires all the same");
    let (_, page) = shown(known(&board, &board.rows[0], NO_END), "1 enter");
    assert!(page.contains("acknowledged until it is over by ann"), "{page}");
    // What is worse than what somebody knew, and what has ended, is news again.
    let mut worse = known(&board, &board.rows[0], at);
    worse.lives.lives.values_mut().for_each(|life| {
        life.ack.as_mut().unwrap().severity = crate::domain::finding::Severity::Warning;
    });
    for alive in [worse, known(&board, &board.rows[0], at.plus(-60))] {
        assert_eq!(Board::with(incident(), Arc::new(alive)).rows[0].quiet, None);
    }
}

#[test]
fn where_there_is_little_room_an_acknowledgement_costs_no_column() {
    let board = Board::new(incident());
    let head = |alive: Alive| {
        let mut model = model(None);
        model.update(Msg::Board(Arc::new(Board::with(incident(), Arc::new(alive)))));
        type_keys(&mut model, "1");
        let page = text(&frame(&mut model, 80, 24, now()));
        let head = page.lines().find(|line| line.contains("FUNCTION")).unwrap();
        (head.split_whitespace().map(str::to_owned).collect::<Vec<_>>(), page)
    };
    let at = board.snapshot.horizon.now.plus(60);
    let ((before, _), (after, page)) = (head(Alive::default()), head(known(&board, &board.rows[0], at)));
    assert_eq!(before, after);
    assert!(page.contains(" ✓") && page.contains("acknowledged until "), "{page}");
}

#[test]
fn what_is_muted_leaves_the_alerts_and_is_counted_with_the_muted() {
    let board = Board::new(incident());
    let row = &board.rows[0];
    let key = board.key(row).unwrap();
    let after = Board::with(incident(), Arc::new(muted(&board, row, None)));
    assert_eq!(after.counts.muted, board.counts.muted + 1);
    assert_eq!(after.counts.critical + 1, board.counts.critical);
    assert_eq!(after.row(&key).unwrap().state, State::Muted);
    let (_, page) = shown(muted(&board, row, None), "1");
    let list = page.split("── why").next().unwrap();
    assert!(!list.contains(key.name.raw()) && page.contains("◌"), "{page}");
    // Of one check only: what else fires still does.
    let other = Board::with(incident(), Arc::new(muted(&board, row, Some("no-such-check"))));
    assert_eq!((other.row(&key).unwrap().state, other.counts), (row.state, board.counts));
    // It is no news either.
    let mut model = model(Some(quiet()));
    model.update(Msg::Focused(false));
    assert!(
        model
            .update(Msg::Board(Arc::new(Board::with(incident(), Arc::new(known(&board, row, NO_END))))))
            .is_some_and(|effect| matches!(effect, Effect::Notify(text) if !text.starts_with(key.name.raw())))
    );
}

#[test]
fn a_key_asks_until_when_and_the_same_key_takes_it_back() {
    let mut model = model(Some(incident()));
    type_keys(&mut model, "1");
    let (key, at) = {
        let board = model.board.clone().unwrap();
        (board.key(&board.rows[0]).unwrap(), board.snapshot.horizon.now)
    };
    let hush = |effect: Option<Effect>| match effect {
        Some(Effect::Hush(hush)) => hush,
        other => panic!("{other:?}"),
    };
    let hour = hush(type_keys(&mut model, "A enter"));
    assert_eq!((hour.means, hour.until, &hour.function), (Means::Acknowledge, Some(at.plus(60)), &key.name));
    let over = hush(type_keys(&mut model, "A end enter"));
    assert_eq!(over.until, Some(NO_END));
    type_keys(&mut model, "M");
    let page = text(&frame(&mut model, 80, 24, now()));
    assert!(page.contains("1 hour") && page.contains("until the morning") && page.contains("08:00 UTC"), "{page}");
    assert!(!page.contains("no longer"), "{page}");
    let week = hush(type_keys(&mut model, "end enter"));
    assert_eq!((week.means, week.until), (Means::Mute, Some(at.plus(7 * 1440))));
    // On its page, too; and what is muted can be taken back.
    let board = Board::new(incident());
    model.update(Msg::Board(Arc::new(Board::with(incident(), Arc::new(known(&board, &board.rows[0], NO_END))))));
    let back = hush(type_keys(&mut model, "enter A end enter"));
    assert_eq!(back.until, None);
    // What does not fire has nothing to be known of.
    type_keys(&mut model, "2 G A");
    assert!(model.overlay.is_none() && model.said.is_some());
}

#[test]
fn what_became_of_it_is_said_once_and_so_is_what_can_not_be_kept() {
    let mut model = model(Some(incident()));
    let send = |model: &mut Model, alive: &Alive| {
        model.update(Msg::Board(Arc::new(Board::with(incident(), Arc::new(alive.clone())))));
        let said = model.said.take();
        model.update(Msg::Board(Arc::new(Board::with(incident(), Arc::new(alive.clone())))));
        (said, model.said.clone())
    };
    let told = Alive { said: Some("f is muted".into()), serial: 1, ..Alive::default() };
    assert_eq!(send(&mut model, &told), (Some("f is muted".into()), None));
    let full = Alive { trouble: Some("alerts are not kept: disk full".into()), ..told };
    assert_eq!(send(&mut model, &full), (Some("alerts are not kept: disk full".into()), None));
}

#[test]
fn recent_tells_what_became_of_an_alert() {
    let snapshot = incident();
    let episode = snapshot.episodes[0].clone();
    let happened = |at: i64, did, by: Option<&str>| Happening {
        at: episode.began.plus(at),
        target: episode.target.clone(),
        function: episode.function.clone(),
        check: Some(episode.check.into()),
        did,
        severity: None,
        reason: String::new(),
        until: None,
        by: by.map(str::to_owned),
    };
    let lately = vec![
        happened(1, Did::Step(Change::Fired), None),
        happened(2, Did::Step(Change::Worsened), None),
        happened(3, Did::Acknowledged, Some("ann\u{1b}")),
        happened(9, Did::Step(Change::Recovering), None),
    ];
    let (_, page) = shown(Alive { lately, ..Alive::default() }, "3");
    let line = page.lines().find(|line| line.contains(" noticed")).expect(&page);
    let order = ["recovering", "acknowledged by ann", "worsened", "noticed"].map(|word| line.find(word).expect(line));
    assert!(order.is_sorted(), "the newest first: {line}");
    assert!(!line.contains('\u{1b}'));
}

#[test]
fn quiet_has_words_for_who_has_little_room() {
    let ack = Acknowledgement {
        until: NO_END,
        severity: crate::domain::finding::Severity::Critical,
        at: None,
        by: None,
        reason: None,
    };
    let quiet = Quiet::Acknowledged(ack);
    assert_eq!(
        (quiet.short(Minute(0)), quiet.words(Minute(0))),
        ("✓ ack".into(), "acknowledged until it is over".into())
    );
}
