//! Screens over the demo estate, driven by keys, in a time that stands still.

mod lists;
mod logs;
mod quiet;
mod tables;
mod traces;

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    sync::{Arc, OnceLock},
};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use jiff::Timestamp;
use proptest::prelude::*;
use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    board::{Board, Key, Row, State, Trouble},
    commands::{self, Chord},
    frame, list, message,
    model::{Effect, Model, Msg, RowKey, Screen},
    plain,
    tests::traces::Desk,
};
use crate::{
    domain::{roster::Roster, rules::Rules, window::Minute},
    engine::{
        self,
        watch::{Control, Pace, Pulse, Snapshot, Watching},
    },
    source::sim::{Sim, World},
};

const NOW: &str = "2026-11-23T14:05:20Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A snapshot of an estate that has been watched for two minutes, with what the engine reads for who looks at a function.
fn watched(world: World, roster: impl FnOnce(Roster) -> Roster) -> Arc<Snapshot> {
    watched_by(world, roster, Rules::default())
}

/// The same by these rules.
fn watched_by(world: World, roster: impl FnOnce(Roster) -> Roster, rules: Rules) -> Arc<Snapshot> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let begun = tokio::time::Instant::now();
        let start = now().checked_sub(jiff::SignedDuration::from_mins(2)).unwrap();
        let clock = move || start.checked_add(begun.elapsed()).unwrap();
        let sim = Arc::new(Sim::with_clock(world, clock));
        let pace = Pace { minutes: 15, settle: 3, limit: std::time::Duration::from_mins(5), budget: None };
        let roster = Arc::new(roster(sim.roster()));
        let watching = Watching { source: sim, roster, rules: Arc::new(rules), pace, cached: None };
        let (publish, snapshots) = tokio::sync::watch::channel(None);
        let (control, receiver) = tokio::sync::mpsc::unbounded_channel();
        let task = tokio::spawn(engine::watch::watch(watching, publish, receiver, clock));
        tokio::time::sleep(std::time::Duration::from_mins(1)).await;
        let mut model = Model::new("terminal", true, true);
        let seen: Option<Arc<Snapshot>> = snapshots.borrow().clone();
        model.update(Msg::Snapshot(seen.unwrap()));
        frame(&mut model, 120, 40, now());
        type_keys(&mut model, "2 enter");
        control.send(Control::Focus(model.focus())).unwrap();
        tokio::time::sleep(std::time::Duration::from_mins(1)).await;
        let seen: Option<Arc<Snapshot>> = snapshots.borrow().clone();
        drop(snapshots);
        task.await.unwrap();
        seen.unwrap()
    })
}

fn world() -> World {
    World::demo(1, Minute::floor(now()).plus(-2))
}

/// The same without what can't be read.
fn whole() -> World {
    let world = world();
    World {
        faults: Vec::new(),
        accounts: world.accounts.into_iter().filter(|it| it.name.raw() != "larkspur-core").collect(),
        ..world
    }
}

/// The same without what fails or can't be told.
fn fine() -> World {
    let board = Board::new(incident());
    let fired: BTreeSet<Key> = board
        .snapshot
        .episodes
        .iter()
        .map(|it| {
            let (account, region) = it.target.clone();
            Key { account, region, name: it.function.clone() }
        })
        .collect();
    let bad = |row: &&Row| row.state <= State::Muted || !board.facts(row).unwrap().1.class.spots.is_empty();
    let bad: BTreeSet<Key> = board.rows.iter().filter(bad).filter_map(|row| board.key(row)).chain(fired).collect();
    let mut world = whole();
    for account in &mut world.accounts {
        let key = |it: &crate::source::sim::world::WorldFunction| Key {
            account: account.id.clone(),
            region: it.region.clone(),
            name: it.name.clone(),
        };
        account.functions.retain(|it| !bad.contains(&key(it)));
    }
    world
}

/// The demo: production fails, and an account is out of reach.
fn demo() -> Arc<Snapshot> {
    static ONCE: OnceLock<Arc<Snapshot>> = OnceLock::new();
    ONCE.get_or_init(|| watched(world(), |roster| roster)).clone()
}

fn incident() -> Arc<Snapshot> {
    static ONCE: OnceLock<Arc<Snapshot>> = OnceLock::new();
    ONCE.get_or_init(|| watched(whole(), |roster| roster)).clone()
}

fn quiet() -> Arc<Snapshot> {
    static ONCE: OnceLock<Arc<Snapshot>> = OnceLock::new();
    ONCE.get_or_init(|| watched(fine(), |roster| roster)).clone()
}

fn nothing() -> Arc<Snapshot> {
    watched(world(), |_| Roster::default())
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

/// How a frame looks: its text, then a letter a cell for its style, in runs, and what the letters stand for.
fn looks(buf: &Buffer) -> String {
    let mut legend: Vec<String> = Vec::new();
    let mut styles = String::new();
    for y in 0..buf.area.height {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for x in 0..buf.area.width {
            let cell = &buf[(x, y)];
            let weight = if cell.modifier.is_empty() { String::new() } else { format!(" {:?}", cell.modifier) };
            let style = format!("{:?} on {:?}{weight}", cell.fg, cell.bg);
            let at = legend.iter().position(|known| *known == style).unwrap_or_else(|| {
                legend.push(style);
                legend.len() - 1
            });
            match runs.last_mut() {
                Some((known, n)) if *known == at => *n += 1,
                _ => runs.push((at, 1)),
            }
        }
        let letter = |at: usize| char::from(b'a' + u8::try_from(at).unwrap());
        let line: Vec<String> = runs.iter().map(|(at, n)| format!("{}{n}", letter(*at))).collect();
        styles += &(line.join(" ") + "\n");
    }
    let legend: Vec<String> = legend
        .iter()
        .enumerate()
        .map(|(at, style)| format!("{} = {style}", char::from(b'a' + u8::try_from(at).unwrap())))
        .collect();
    format!("{}\n\n{styles}\n{}", text(buf), legend.join("\n"))
}

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

#[test]
fn every_screen_at_every_size_in_every_state() {
    let screens = [
        ("alerts", "1"),
        ("dev", "1 d"),
        ("functions", "2"),
        ("grouped", "2 b c l i e n t enter"),
        ("function", "2 enter"),
        ("crosshair", "2 enter left left"),
        ("recent", "3"),
        ("accounts", "4"),
        ("map", "4 m"),
        ("spots", "5"),
        ("errors", "!"),
        ("cause", "1 enter"),
        ("trace", "1 enter enter"),
        ("graph", "1 j enter m"),
        ("graph-of-all", "1 j enter m a right"),
        ("traces", "6"),
        ("logs", "1 enter L"),
        ("logs-live", "7"),
        ("palette", ": s o r t"),
        ("themes", "t down down"),
        ("help", "?"),
    ];
    let states = [
        ("production fails, an account is out of reach", Some(demo()), Desk::new(world())),
        ("production fails", Some(incident()), Desk::new(whole())),
        ("all is quiet", Some(quiet()), Desk::new(fine())),
        ("there is nothing", Some(nothing()), Desk::new(world())),
        ("before the first answer", None, Desk::new(world())),
    ];
    for (name, keys) in screens {
        for (width, height) in SIZES {
            let mut all = String::new();
            for (state, snapshot, desk) in &states {
                let mut model = model(snapshot.clone());
                frame(&mut model, width, height, now());
                desk.type_keys(&mut model, keys);
                let frame = frame(&mut model, width, height, now());
                write!(all, "# {state}\n\n{}\n\n", looks(&frame)).unwrap();
            }
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), all.trim_end());
        }
    }
}

#[test]
fn colours_carry_what_signs_and_words_say() {
    for theme in ["catppuccin-mocha", "catppuccin-latte", "monochrome"] {
        let mut model = Model::new(theme, true, true);
        model.update(Msg::Snapshot(demo()));
        insta::assert_snapshot!(format!("styles-{theme}"), looks(&frame(&mut model, 80, 24, now())));
    }
}

/// The header's first line, and the text of a screen, of the demo whose targets are read so.
fn read_so(keys: &str, change: impl Fn(usize, &mut Pulse)) -> (String, String) {
    let mut snapshot = Snapshot::clone(&incident());
    let pulses = Arc::make_mut(&mut snapshot.pulses);
    pulses.values_mut().enumerate().for_each(|(n, pulse)| change(n, pulse));
    snapshot.horizon.at = snapshot.horizon.at.plus(7);
    snapshot.horizon.now = snapshot.horizon.now.plus(7);
    let mut model = model(Some(Arc::new(snapshot)));
    type_keys(&mut model, keys);
    let text = text(&frame(&mut model, 200, 60, now().checked_add(jiff::SignedDuration::from_mins(7)).unwrap()));
    (text.lines().next().unwrap().to_owned(), text)
}

#[test]
fn the_header_tells_what_was_judged_and_not_what_time_it_is() {
    let judged = |at: i64| Some(Minute::floor(now()).plus(7 - 3 + at));
    let (head, _) = read_so("1", |_, pulse| (pulse.judged_to, pulse.every) = (judged(-4), 5));
    assert!(head.contains("judged to 14:05 UTC"), "{head}");
    let (head, _) = read_so("1", |n, pulse| (pulse.judged_to, pulse.every) = (judged(if n == 0 { -4 } else { 0 }), 5));
    assert!(head.contains("judged to 14:05 UTC"), "{head}");
    let (head, _) = read_so("1", |n, pulse| (pulse.judged_to, pulse.every) = (judged(if n == 0 { -4 } else { 0 }), 1));
    assert!(head.contains("judged to 14:05–14:09 UTC"), "{head}");
}

#[test]
fn what_fires_and_can_not_be_read_says_how_old_it_is() {
    let (head, alerts) = read_so("1", |_, pulse| pulse.failures = 2);
    assert!(head.contains("stale 8 min") && !head.contains("live"), "{head}");
    assert!(alerts.contains(", stale 8 min") || alerts.contains(", stale 7 min"), "{alerts}");
    let (_, page) = read_so("1 enter", |_, pulse| pulse.failures = 2);
    assert!(page.contains(" min: it can't be read now, and was last read up to 14:0"), "{page}");
    let (head, _) = read_so("1", |n, pulse| pulse.failures = u32::from(n == 0));
    assert!(head.contains(" targets live"), "{head}");
    let (_, accounts) = read_so("4", |_, pulse| pulse.every = 1);
    assert!(accounts.contains("stale 8 min") && !accounts.contains("live"), "{accounts}");
}

#[test]
fn a_budget_that_can_not_hold_is_said() {
    let mut snapshot = Snapshot::clone(&incident());
    (snapshot.meter.budget, snapshot.meter.least) = (Some(0.3), Some(0.576));
    let text = text(&frame(&mut model(Some(Arc::new(snapshot))), 200, 60, now()));
    assert!(text.contains("$0.58/day at least: $0.30/day can't hold"), "{text}");
}

#[test]
fn a_terminal_that_is_too_small_is_told_so() {
    insta::assert_snapshot!("tiny", text(&frame(&mut model(Some(demo())), 30, 5, now())));
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
        model.functions().count()
    };
    let all = rows("");
    assert_eq!(rows("stage:prod") + rows("!stage:prod"), all);
    assert!(rows("err>0") < all && rows("err>0") > rows("err>100"));
    assert_eq!(rows("client:nobody"), 0);
}

/// The names of the functions in sight, in their order.
fn names(model: &Model) -> Vec<String> {
    let board = model.board.as_ref().unwrap();
    model.functions().map(|row| board.facts(row).unwrap().1.found.name.raw().to_owned()).collect()
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
fn letters_with_others_between_find_a_name_and_what_stands_as_typed_comes_first() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "2 / p a y");
    let found = names(&model);
    let literal = found.iter().take_while(|name| name.contains("pay")).count();
    assert!(literal > 0 && literal < found.len(), "{found:?}");
    assert!(found[literal..].iter().all(|name| !name.contains("pay")));
    type_keys(&mut model, "esc / ' p a y");
    assert_eq!(names(&model).len(), literal);
}

#[test]
fn the_palette_does_what_it_names_and_goes_to_functions() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, ": r e c e n t enter");
    assert_eq!(model.screen(), &Screen::Recent);
    type_keys(&mut model, ": f r a u d - s c o r e enter");
    assert!(matches!(model.screen(), Screen::Function(key) if key.name.raw() == "fraud-score"), "{:?}", model.screen());
    type_keys(&mut model, "esc ? q u i t");
    assert_eq!(type_keys(&mut model, "enter"), Some(Effect::Quit));
    type_keys(&mut model, ": backspace");
    assert_eq!(model.overlay, None, "Backspace with nothing typed closes");
}

#[test]
fn the_crosshair_reads_minutes_and_esc_takes_it_away_first() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "2 enter left left right");
    assert_eq!(model.cross, Some(0));
    type_keys(&mut model, "right right left");
    assert_eq!(model.cross, Some(1));
    let look = model.focus().look.unwrap();
    assert_eq!(look.hours, 1);
    type_keys(&mut model, "w");
    assert_eq!((model.cross, model.focus().look.unwrap().hours), (None, 6));
    type_keys(&mut model, "left esc");
    assert!(model.cross.is_none() && matches!(model.screen(), Screen::Function(_)));
    type_keys(&mut model, "esc");
    assert_eq!((model.screen(), model.focus().look), (&Screen::Functions, None));
}

#[test]
fn whoever_looks_elsewhere_is_told_once_of_what_begins_to_fail() {
    let mut model = model(Some(quiet()));
    assert_eq!(model.title(), "slmon");
    assert_eq!(model.update(Msg::Snapshot(demo())), None, "who looks sees it");
    let mut away = self::model(Some(quiet()));
    away.update(Msg::Focused(false));
    let Some(Effect::Notify(text)) = away.update(Msg::Snapshot(demo())) else { panic!("nobody was told") };
    assert!(text.ends_with("more alerts"), "{text}");
    assert!(away.title().starts_with("slmon ✗"), "{}", away.title());
    away.update(Msg::Snapshot(quiet()));
    assert_eq!(away.update(Msg::Snapshot(demo())), None, "once a minute is enough");
}

#[test]
fn what_is_pasted_is_text_and_no_command() {
    let mut model = model(Some(demo()));
    assert_eq!(model.update(Msg::Paste("q".into())), None);
    type_keys(&mut model, "2 /");
    model.update(Msg::Paste("claim\nq".into()));
    assert_eq!(model.filter.text(), "claim");
}

#[test]
fn a_theme_is_tried_on_and_esc_gives_the_one_before_back() {
    let mut model = model(Some(demo()));
    let before = model.theme.clone();
    type_keys(&mut model, "t down");
    assert_ne!(model.theme, before);
    type_keys(&mut model, "esc");
    assert_eq!(model.theme, before);
    type_keys(&mut model, "t n o r d enter");
    assert_eq!(model.theme.name, "Nord");
    assert!(model.said.as_ref().unwrap().contains("theme = \"nord\""));
}

#[test]
fn the_console_is_opened_or_its_address_copied() {
    let mut model = model(Some(demo()));
    let Some(Effect::OpenUrl(address)) = type_keys(&mut model, "o") else { panic!("an address is opened") };
    assert!(address.starts_with("https://eu-central-1.console.aws.amazon.com/lambda/home?"), "{address}");
    assert_eq!(type_keys(&mut model, "u"), Some(Effect::Copy(address, "address")));
    let Some(Effect::OpenUrl(address)) = type_keys(&mut model, "5 o") else { panic!("a blind spot has a function") };
    assert!(address.contains(".console.aws.amazon.com/lambda/home?"), "{address}");
}

#[test]
fn a_target_leads_to_its_functions_and_an_episode_to_its_function() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "4 enter");
    assert_eq!(model.screen(), &Screen::Errors, "what is out of reach has no functions");
    type_keys(&mut model, "esc j enter");
    assert_eq!(model.screen(), &Screen::Functions);
    let targets: BTreeSet<usize> = model.functions().map(|row| row.at).collect();
    assert_eq!(targets.len(), 1);
    type_keys(&mut model, "3 enter");
    assert!(matches!(model.screen(), Screen::Function(_)));
}

/// A press of the left button, as the terminal tells it.
fn press(model: &mut Model, (width, height): (u16, u16), (column, row): (u16, u16)) -> Option<Msg> {
    frame(model, width, height, now());
    let kind = MouseEventKind::Down(MouseButton::Left);
    let event = Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
    message(&event, model, Rect { x: 0, y: 0, width, height })
}

#[test]
fn a_click_means_the_row_below_it_and_nothing_else() {
    let mut model = model(Some(demo()));
    assert!(matches!(press(&mut model, (80, 24), (5, 5)), Some(Msg::Click(1))));
    let screen = text(&frame(&mut model, 80, 24, now()));
    let why = screen.lines().position(|line| line.starts_with("── why")).unwrap();
    for line in why..24 {
        let msg = press(&mut model, (80, 24), (5, u16::try_from(line).unwrap()));
        assert!(msg.is_none(), "a click below the list, on line {line}, means {msg:?}");
    }
    let moved = MouseEvent { kind: MouseEventKind::Moved, column: 5, row: 5, modifiers: KeyModifiers::NONE };
    assert!(message(&Event::Mouse(moved), &model, Rect { x: 0, y: 0, width: 80, height: 24 }).is_none());
}

#[test]
fn the_wheel_scrolls_what_lies_on_top() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "2 j ?");
    let before = model.list();
    model.update(Msg::Wheel(3));
    assert_eq!((model.overlay.as_ref().unwrap().place, model.list()), (3, before));
    model.update(Msg::Wheel(-7));
    assert_eq!(model.overlay.as_ref().unwrap().place, 0);
    type_keys(&mut model, "esc t");
    let theme = model.theme.clone();
    model.update(Msg::Wheel(1));
    assert_ne!(model.theme, theme, "a theme is tried on");
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

#[test]
fn help_can_be_read_where_it_is_narrow() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "?");
    for _ in commands::ALL {
        let screen = text(&frame(&mut model, 40, 10, now()));
        let entry = &commands::ALL[model.overlay.as_ref().unwrap().place];
        let words: Vec<&str> = entry.help.split(' ').collect();
        assert!(words[..2].iter().all(|word| screen.contains(word)), "{}:\n{screen}", entry.name);
        type_keys(&mut model, "down");
    }
}

/// What stands between the head and the foot of a screen.
fn page(model: &mut Model, width: u16, height: u16) -> String {
    let screen = text(&frame(model, width, height, now()));
    screen.lines().skip(3).take(usize::from(height) - 4).collect::<Vec<_>>().join("\n")
}

#[test]
fn all_of_a_functions_page_is_reached_on_every_screen() {
    for keys in ["1 enter", "2 G k k enter"] {
        let mut wide = model(Some(demo()));
        type_keys(&mut wide, keys);
        let whole = page(&mut wide, 200, 100);
        let labels = [
            "errors",
            "throttles",
            "invocations",
            "duration",
            "runs",
            "where",
            "ARN",
            "stage",
            "limits",
            "owner",
            "runbook",
            "tags",
        ];
        let there: Vec<&str> = labels.into_iter().filter(|label| whole.contains(label)).collect();
        assert!(there.len() > 3, "{whole}");
        for (width, height) in [(80, 24), (40, 10)] {
            let mut model = model(Some(demo()));
            type_keys(&mut model, keys);
            let mut seen = String::new();
            for _ in 0..90 {
                seen += &page(&mut model, width, height);
                type_keys(&mut model, "j");
            }
            for label in &there {
                assert!(seen.contains(label), "{label} at {width}×{height} after {keys}");
            }
            type_keys(&mut model, "g");
            let first = text(&frame(&mut model, width, height, now()));
            if model.sheet.1 == 0 {
                continue;
            }
            assert!(width < 80 || first.contains("PgDn more below"), "{first}");
            type_keys(&mut model, "page-down");
            assert_ne!(text(&frame(&mut model, width, height, now())), first);
        }
    }
}

#[test]
fn the_ends_of_a_day_can_be_told_apart() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "3");
    let screen = text(&frame(&mut model, 120, 40, now()));
    assert!(screen.contains("┊ is 0, 6, 12 and 18 h UTC"), "{screen}");
}

#[test]
fn accounts_say_what_is_out_of_reach_first_and_why() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "4");
    for (width, height) in [(80, 24), (120, 40)] {
        let screen = text(&frame(&mut model, width, height, now()));
        let first = screen.lines().nth(4).unwrap();
        assert!(first.contains("larkspur-core"), "what is out of reach is a row, and the first one:\n{screen}");
        assert!(first.contains("denied sts:AssumeRole"), "with the permission that is missing:\n{screen}");
    }
    let all = model.places.len();
    type_keys(&mut model, "/ r e g i o n : u s - e a s t - 1 enter");
    assert!(model.places.len() < all && !model.places.is_empty() && model.filter.is_empty());
    type_keys(&mut model, "esc");
    assert_eq!(model.places.len(), all);
    let worst = model.places.clone();
    type_keys(&mut model, "s w a t c h e d enter");
    assert_ne!(model.places, worst);
    type_keys(&mut model, "r s w o r s t enter");
    assert_eq!(model.places, worst);
}

#[test]
fn on_the_map_of_accounts_keys_and_clicks_go_where_they_point() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "4 m");
    let screen = text(&frame(&mut model, 120, 40, now()));
    assert!(screen.contains("✗ fails") && screen.contains("denied sts:AssumeRole"), "{screen}");
    let line = |model: &Model| {
        let board = model.board.as_ref().unwrap();
        crate::tui::places::grid(board, &model.places).find(model.list().place).unwrap()
    };
    assert_eq!(line(&model).0, 0);
    type_keys(&mut model, "j");
    assert_eq!(line(&model).0, 1, "down is down");
    type_keys(&mut model, "j");
    let (row, column) = line(&model);
    assert_eq!(row, 2);
    type_keys(&mut model, "l");
    assert!(model.screen() == &Screen::Accounts && line(&model).0 == row && line(&model).1 >= column);
    for row in 0..40 {
        for column in 0..120 {
            if let Some(Msg::Click(place)) = press(&mut model, (120, 40), (column, row)) {
                model.update(Msg::Click(place));
                assert_eq!((line(&model).0, model.screen()), (usize::from(row) - 4, &Screen::Accounts));
                break;
            }
        }
    }
    type_keys(&mut model, "g");
    let at = model.list().place;
    assert!(press(&mut model, (120, 40), (60, 39)).is_none() && model.list().place == at);
}

fn any_msg() -> impl Strategy<Value = Msg> {
    let keys: Vec<Chord> = commands::ALL.iter().flat_map(|entry| entry.keys).map(|key| key.parse().unwrap()).collect();
    prop_oneof![
        8 => prop::sample::select(keys).prop_map(Msg::Key),
        2 => any::<char>().prop_map(|c| Msg::Key(Chord::of(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)).unwrap())),
        1 => any::<i32>().prop_map(Msg::Wheel),
        1 => (0usize..400).prop_map(Msg::Click),
        1 => Just(Msg::Snapshot(demo())),
        1 => Just(Msg::Told(traces::everything())),
        1 => Just(Msg::Logs(logs::lines())),
        1 => Just(Msg::Tick),
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
            let (list, count) = (model.list(), model.count());
            prop_assert!(list.selected.is_none() == (count == 0));
            prop_assert!(count == 0 || model.key_at(list.place) == list.selected);
            prop_assert!(list.offset <= list.place);
        }
    }
}

#[test]
fn in_words_each_change_is_told_once() {
    let failing = Board::new(demo());
    let first = plain::lines(None, &failing);
    assert!(first[0].contains(" summary: ") && first[0].contains(" critical, "), "{}", first[0]);
    let told = |lines: &[String], word: &str| lines.iter().filter(|line| line[5..].starts_with(word)).count();
    let counts = failing.counts;
    assert_eq!((told(&first, " critical: "), told(&first, " warning: ")), (counts.critical, counts.warning));
    assert!(told(&first, " unseen: ") == 1 && first.iter().all(|line| line.is_ascii()), "{first:?}");
    assert_eq!(plain::lines(Some(&failing), &failing), [""; 0]);
    let begun = plain::begun(None, &failing);
    assert_eq!(begun.len(), counts.critical + counts.warning);
    assert!(plain::begun(Some(&failing), &failing).is_empty());
    let said = plain::cause(&failing, &begun[0], Ok("KeyError: 'a'")).unwrap();
    assert!(said.contains(" cause: ") && said.ends_with(": KeyError: 'a'"), "{said}");
    assert!(plain::cause(&failing, &begun[0], Err("denied")).unwrap().contains(" cause not known: "));
    let gone = plain::lines(Some(&failing), &Board::new(nothing()));
    assert_eq!((told(&gone, " gone: "), told(&gone, " seen again: ")), (counts.critical + counts.warning, 1));
    // The same estate, where one of them fails no longer and another one can't be told of.
    let mut calmer = failing.clone();
    let places: Vec<_> = (0..calmer.rows.len()).filter(|place| calmer.rows[*place].state == State::Critical).collect();
    calmer.rows[places[0]].state = State::Ok;
    calmer.rows[places[1]].state = State::Unknown;
    let ends = plain::lines(Some(&failing), &calmer);
    assert_eq!((told(&ends, " ok again: "), told(&ends, " can't tell any more: "), ends.len()), (1, 1, 2), "{ends:?}");
    assert_eq!(told(&plain::lines(Some(&calmer), &failing), " critical: "), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn in_words_nothing_is_said_twice_and_nothing_steers_the_terminal(order in proptest::collection::vec(0usize..4, 1..8)) {
        let boards = [demo, incident, quiet, nothing].map(|snapshot| Board::new(snapshot()));
        let mut before: Option<&Board> = None;
        for board in order.iter().filter_map(|place| boards.get(*place)) {
            let lines = plain::lines(before, board);
            prop_assert!(lines.iter().all(|line| !line.is_empty() && !line.contains(char::is_control)), "{lines:?}");
            let told: BTreeSet<&String> = lines.iter().collect();
            prop_assert_eq!(told.len(), lines.len());
            prop_assert_eq!(plain::lines(Some(board), board), Vec::<String>::new());
            before = Some(board);
        }
    }
}
