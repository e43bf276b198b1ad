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

#[test]
fn the_selection_is_a_function_and_no_row() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "j j");
    let RowKey::Function(selected) = model.list().selected.unwrap() else { panic!("a function is selected") };
    // What fails outside of production comes below, and a filter takes rows from above.
    type_keys(&mut model, "d / ! n a m e : c l a i m enter");
    assert_eq!(model.list().selected, Some(RowKey::Function(selected.clone())));
    assert_eq!(model.list().place, 1);
    type_keys(&mut model, "enter");
    assert_eq!(model.screen(), &Screen::Function(selected.clone()));
    assert_eq!(type_keys(&mut model, "y"), Some(Effect::Copy(selected.name.raw().to_owned(), "name")));
    type_keys(&mut model, "esc");
    assert_eq!((model.screen(), model.list().place), (&Screen::Alerts, 1));
}

#[test]
fn what_was_opened_under_a_filter_stays_selected_without_it() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "2 / n a m e : w i s h enter");
    let selected = model.list().selected.clone();
    type_keys(&mut model, "enter esc esc");
    assert!(model.filter.is_empty() && model.list().place > 0);
    assert_eq!(model.list().selected, selected);
}

#[test]
fn a_filter_narrows_by_fields_and_numbers() {
    let rows = |filter: &str| {
        let mut model = model(Some(demo()));
        type_keys(&mut model, "2 /");
        for c in filter.chars() {
            model.update(Msg::Key(Chord::of(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)).unwrap()));
        }
        model.functions().count()
    };
    let all = rows("");
    assert_eq!(rows("stage:prod") + rows("!stage:prod"), all);
    assert!(rows("err>0") < all && rows("err>0") > rows("err>100"));
    assert_eq!(rows("client:nobody"), 0);
}

#[test]
fn rows_are_sorted_by_any_column_and_what_is_not_known_comes_last() {
    let mut model = model(Some(demo()));
    assert!(matches!(type_keys(&mut model, "2 s n a m e enter"), None | Some(Effect::Keep(_))));
    type_keys(&mut model, "esc s f u n c t i o n enter");
    let sorted = names(&model);
    assert!(sorted.is_sorted_by_key(|name| name.to_lowercase()), "{sorted:?}");
    assert_eq!(model.list().place, 0);
    type_keys(&mut model, "r");
    assert!(names(&model).is_sorted_by_key(|name| std::cmp::Reverse(name.to_lowercase())));
    for spec in list::COLUMNS {
        for _ in 0..2 {
            model.update(Msg::SortBy(spec.column));
            let mut all = names(&model);
            all.sort();
            let mut before = sorted.clone();
            before.sort();
            assert_eq!(all, before, "sorting by {} loses nothing", spec.name);
        }
    }
    model.update(Msg::SortBy(list::Column::Errors));
    let errors: Vec<Option<u64>> = model.functions().map(|row| row.errors).collect();
    let known = errors.iter().take_while(|errors| errors.is_some()).count();
    assert!(errors[..known].is_sorted_by(|a, b| a >= b) && errors[known..].iter().all(Option::is_none));
}

#[test]
fn groups_fold_and_hold_all_functions() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "2");
    let all = model.functions().count();
    let effect = type_keys(&mut model, "b c l i e n t enter");
    assert!(matches!(effect, Some(Effect::Keep(kept)) if kept.functions.group == list::Group::Client));
    let headings = |model: &Model| model.count() - model.functions().count();
    assert_eq!((model.functions().count(), headings(&model)), (all, 3));
    let Some(RowKey::Group(first)) = model.list().selected else { panic!("the first group is selected") };
    type_keys(&mut model, "enter");
    assert_eq!((model.list().selected.clone(), headings(&model)), (Some(RowKey::Group(first)), 3));
    assert!(model.functions().count() < all);
    type_keys(&mut model, "enter b n o t h i n g enter");
    assert_eq!((model.functions().count(), headings(&model)), (all, 0));
}

#[test]
fn a_blind_spot_and_what_could_not_be_read_are_selected_by_what_they_are_about() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "5 j");
    let Some(RowKey::Spot(key, ..)) = model.list().selected else { panic!("a blind spot is selected") };
    assert_eq!(type_keys(&mut model, "y"), Some(Effect::Copy(key.name.shown().into_owned(), "name")));
    // Another one comes in above.
    let mut board = Board::clone(model.board.as_ref().unwrap());
    let last = board.spots.pop().unwrap();
    board.spots.insert(0, last);
    model.update(Msg::Board(Arc::new(board)));
    assert!(matches!(&model.list().selected, Some(RowKey::Spot(same, ..)) if *same == key) && model.list().place == 2);
    type_keys(&mut model, "enter");
    assert_eq!(model.screen(), &Screen::Function(key));
    type_keys(&mut model, "! g");
    let before = model.list().selected;
    let mut board = Board::clone(model.board.as_ref().unwrap());
    let other = Trouble { whose: "another".into(), ..board.troubles[0].clone() };
    board.troubles.insert(0, other);
    model.update(Msg::Board(Arc::new(board)));
    assert!(before.is_some() && model.list().selected == before && model.list().place == 1);
}

#[test]
fn every_list_says_where_one_is() {
    let mut model = model(Some(demo()));
    for (keys, place) in [
        ("1 j", "2"),
        ("2 j", "2"),
        ("3 j", "2"),
        ("4 j", "2"),
        ("5 j", "2"),
        ("! j", "1"),
        ("? down", "2"),
        (": down", "2"),
    ] {
        type_keys(&mut model, keys);
        for (width, height) in [(80, 24), (120, 40), (60, 20)] {
            let screen = text(&frame(&mut model, width, height, now()));
            let says = screen.contains(&format!(" {place} of ")) || screen.contains(&format!(" {place}/"));
            assert!(says, "{keys} at {width}×{height}:\n{screen}");
        }
        if model.overlay.is_some() {
            type_keys(&mut model, "esc");
        }
    }
}
