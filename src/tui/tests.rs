//! Screens over the demo estate, driven by keys, in a time that stands still.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use tokio_util::sync::CancellationToken;

use super::{
    commands::{self, Chord},
    frame,
    model::{Effect, Model, Msg, RowKey, Screen},
};
use crate::{
    domain::{
        roster::Roster,
        rules::Rules,
        window::{Horizon, Minute},
    },
    engine::{
        self, End,
        plan::{Depth, Settings},
        watch::Snapshot,
    },
    source::sim::{Sim, World},
};

const NOW: &str = "2026-11-23T14:05:20Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A snapshot of an estate after one round.
fn snapshot(world: World, roster: impl FnOnce(Roster) -> Roster) -> Arc<Snapshot> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let sim = Arc::new(Sim::new(world));
        let minute = Minute::floor(now());
        let horizon = Horizon::new(minute.plus(-3), 15, minute);
        let settings = Settings { horizon, depth: Depth::Judge { hidden: true, spots: false } };
        let roster = Arc::new(roster(sim.roster()));
        let limit = std::time::Duration::from_mins(5);
        let cancel = CancellationToken::new();
        let rules = Arc::new(Rules::default());
        let (fleet, end) = engine::once(sim.clone(), roster, rules, settings, limit, &cancel, |_| {}).await;
        assert_eq!(end, End::Complete);
        Arc::new(Snapshot::of(fleet, horizon))
    })
}

fn demo() -> Arc<Snapshot> {
    static ONCE: std::sync::OnceLock<Arc<Snapshot>> = std::sync::OnceLock::new();
    ONCE.get_or_init(|| snapshot(World::demo(1, Minute::floor(now())), |roster| roster)).clone()
}

fn model(snapshot: Option<Arc<Snapshot>>) -> Model {
    let mut model = Model::new("terminal", true, true);
    frame(&mut model, 120, 40, now());
    if let Some(snapshot) = snapshot {
        model.update(Msg::Snapshot(snapshot));
    }
    model
}

/// Types keys as a configuration writes them, with blanks between.
fn type_keys(model: &mut Model, keys: &str) -> Option<Effect> {
    keys.split(' ').filter_map(|key| model.update(Msg::Key(key.parse().unwrap()))).last()
}

/// The text of a frame, without blanks at the ends of its lines.
fn text(buf: &Buffer) -> String {
    let line = |y| (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..buf.area.height).map(line).collect::<Vec<_>>().join("\n")
}

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

#[test]
fn every_screen_at_every_size() {
    let screens = [
        ("alerts", "1"),
        ("dev", "1 d"),
        ("functions", "2"),
        ("function", "1 enter"),
        ("accounts", "4"),
        ("spots", "5"),
        ("help", "1 ?"),
    ];
    for (name, keys) in screens {
        for (width, height) in SIZES {
            let mut model = model(Some(demo()));
            frame(&mut model, width, height, now());
            type_keys(&mut model, keys);
            let frame = frame(&mut model, width, height, now());
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), text(&frame));
        }
    }
}

#[test]
fn colours_carry_what_signs_and_words_say() {
    for theme in ["catppuccin-mocha", "catppuccin-latte", "monochrome"] {
        let mut model = Model::new(theme, true, true);
        model.update(Msg::Snapshot(demo()));
        insta::assert_debug_snapshot!(format!("styles-{theme}"), frame(&mut model, 80, 24, now()));
    }
}

#[test]
fn without_colours_no_cell_has_one() {
    let mut model = Model::new("nord", false, true);
    model.update(Msg::Snapshot(demo()));
    let frame = frame(&mut model, 120, 40, now());
    let reset = ratatui::style::Color::Reset;
    assert!(frame.content.iter().all(|cell| cell.fg == reset && cell.bg == reset));
}

#[test]
fn before_the_first_answer_and_of_nothing() {
    insta::assert_snapshot!("loading", text(&frame(&mut model(None), 80, 24, now())));
    let nothing = snapshot(World::demo(1, Minute::floor(now())), |_| Roster::default());
    insta::assert_snapshot!("empty", text(&frame(&mut model(Some(nothing)), 80, 24, now())));
    insta::assert_snapshot!("tiny", text(&frame(&mut model(Some(demo())), 30, 5, now())));
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
fn keys_that_do_something_outside_say_what() {
    let mut model = model(Some(demo()));
    assert_eq!(type_keys(&mut model, "space"), Some(Effect::Pause(true)));
    assert!(text(&frame(&mut model, 120, 40, now())).contains("PAUSED"));
    assert_eq!(type_keys(&mut model, "space"), Some(Effect::Pause(false)));
    assert_eq!(type_keys(&mut model, "R"), Some(Effect::Refresh));
    assert_eq!(type_keys(&mut model, "ctrl-z"), Some(Effect::Suspend));
    assert_eq!(type_keys(&mut model, "/ q"), None, "while a filter is typed, q is a letter");
    assert_eq!(type_keys(&mut model, "ctrl-c"), Some(Effect::Quit));
}

#[test]
fn a_filter_narrows_by_fields_and_numbers() {
    let rows = |filter: &str| {
        let mut model = model(Some(demo()));
        type_keys(&mut model, "2 /");
        for c in filter.chars() {
            model.update(Msg::Key(Chord::of(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)).unwrap()));
        }
        model.functions().len()
    };
    let all = rows("");
    assert_eq!(rows("stage:prod") + rows("!stage:prod"), all);
    assert!(rows("err>0") < all && rows("err>0") > rows("err>100"));
    assert_eq!(rows("client:nobody"), 0);
}

fn any_msg() -> impl Strategy<Value = Msg> {
    let keys: Vec<Chord> = commands::ALL.iter().flat_map(|entry| entry.keys).map(|key| key.parse().unwrap()).collect();
    prop_oneof![
        8 => prop::sample::select(keys).prop_map(Msg::Key),
        2 => any::<char>().prop_map(|c| Msg::Key(Chord::of(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)).unwrap())),
        1 => any::<i32>().prop_map(Msg::Wheel),
        1 => (0usize..400).prop_map(Msg::Click),
        1 => Just(Msg::Snapshot(demo())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn no_keys_and_no_size_make_it_fall_over(
        steps in prop::collection::vec((any_msg(), 0u16..=200, 0u16..=200), 1..16)
    ) {
        let mut model = model(Some(demo()));
        for (msg, width, height) in steps {
            model.update(msg);
            frame(&mut model, width, height, now());
            let (list, rows) = (model.list(), model.row_keys());
            prop_assert!(list.selected.is_none() == rows.is_empty());
            prop_assert!(rows.is_empty() || rows.get(list.place) == list.selected.as_ref());
            prop_assert!(list.offset <= list.place);
        }
    }
}
