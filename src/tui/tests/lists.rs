//! Lists as targets come in, and filters that are kept: nothing that matters is out of sight unsaid.

use super::*;
use crate::{
    domain::{failure::Kind, window::Horizon},
    source::sim::fault::{Effect as Fails, Fault},
};

#[test]
fn until_somebody_moves_the_worst_stands_on_top_whatever_comes_in() {
    let mut model = model(Some(quiet()));
    frame(&mut model, 120, 16, now());
    model.update(Msg::Snapshot(demo()));
    frame(&mut model, 120, 16, now());
    let list = model.list();
    assert_eq!((list.place, list.offset, list.wanted.clone()), (0, 0, None));
    let board = model.board.clone().unwrap();
    assert_eq!(list.selected, board.key(&board.rows[0]).map(RowKey::Function));
    // Who has chosen keeps what was chosen.
    type_keys(&mut model, "j");
    let chosen = model.list().selected;
    model.update(Msg::Snapshot(incident()));
    assert_eq!(model.list().selected, chosen);
}

#[test]
fn a_filter_that_is_typed_far_down_shows_all_that_it_finds() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "2");
    frame(&mut model, 120, 20, now());
    type_keys(&mut model, "G / f r a u d enter");
    frame(&mut model, 120, 20, now());
    assert_eq!((model.list().offset, model.count() > 1), (0, true));
    type_keys(&mut model, "esc");
    frame(&mut model, 120, 20, now());
    let (list, page) = (model.list(), model.page);
    assert!(list.offset + page <= model.count(), "no line is empty below");
}

#[test]
fn a_filter_that_holds_is_in_sight_and_that_of_a_target_ends_with_the_visit() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "2 / c l i e n t : l a r k enter 1");
    for width in [60, 80, 120] {
        let seen = text(&frame(&mut model, width, 24, now()));
        assert!(seen.lines().next().unwrap().contains("/client:lark"), "{seen}");
    }
    type_keys(&mut model, "esc 4 j enter");
    assert!(text(&frame(&mut model, 120, 24, now())).contains("/account:"));
    type_keys(&mut model, "1");
    assert_eq!(model.filter.text(), "");
    type_keys(&mut model, "/ p a y enter 4 j enter esc");
    assert_eq!((model.screen(), model.filter.text()), (&Screen::Accounts, "pay"));
}

#[test]
fn what_could_not_be_seen_is_the_last_to_leave_the_header() {
    let mut model = model(Some(demo()));
    for screen in ["1", "2", "3", "4", "5", "6"] {
        type_keys(&mut model, screen);
        for width in [40, 60, 80, 120, 200] {
            let seen = text(&frame(&mut model, width, 24, now()));
            let header = seen.lines().nth(1).unwrap();
            assert!(header.contains("of 16") && header.contains("seen"), "{screen} {width}: {header}");
        }
    }
}

#[test]
fn where_nothing_can_be_seen_the_first_line_says_so_and_why() {
    let mut world = world();
    world.faults.push(Fault::everywhere(Fails::Fails(Kind::Expired, None)));
    let mut model = model(Some(watched(world, |roster| roster)));
    for (width, height) in [(40, 12), (80, 24), (120, 40)] {
        let seen = text(&frame(&mut model, width, height, now()));
        assert!(seen.contains("Nothing can be seen") && !seen.contains("monitor=true"), "{seen}");
    }
}

#[test]
fn what_begins_while_nobody_looks_is_told_sooner_or_later() {
    let told = |model: &mut Model, snapshot: &Arc<Snapshot>, minutes: i64| {
        let mut later = (**snapshot).clone();
        later.horizon = Horizon::new(later.horizon.at, 15, later.horizon.now.plus(minutes));
        model.update(Msg::Snapshot(Arc::new(later)))
    };
    let mut away = model(Some(quiet()));
    type_keys(&mut away, "j");
    away.update(Msg::Focused(false));
    assert!(matches!(told(&mut away, &demo(), 1), Some(Effect::Notify(_))));
    assert_eq!(told(&mut away, &demo(), 2), None, "once is enough");
    // What comes within the same minute as a text is told with the next.
    told(&mut away, &quiet(), 3);
    let Some(Effect::Notify(first)) = told(&mut away, &demo(), 4) else { panic!("what begins again is told again") };
    told(&mut away, &quiet(), 4);
    assert_eq!(told(&mut away, &demo(), 4), None);
    assert_eq!(told(&mut away, &demo(), 5), Some(Effect::Notify(first)));
    // A terminal that does not tell where somebody looks: who has not typed for a while is away.
    let mut silent = model(Some(quiet()));
    type_keys(&mut silent, "j");
    assert_eq!(told(&mut silent, &demo(), 2), None);
    told(&mut silent, &quiet(), 3);
    assert!(matches!(told(&mut silent, &demo(), 12), Some(Effect::Notify(_))));
}

#[test]
fn the_other_way_round_ends_with_the_worst() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "2 r");
    let states: Vec<State> = model.functions().map(|row| row.state).collect();
    assert!(states.is_sorted_by(|a, b| a >= b), "{states:?}");
}
