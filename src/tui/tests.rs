//! Screens over the demo estate, driven by keys, in a time that stands still.

mod accounts;
mod lists;
mod logs;
mod mouse;
mod pages;
mod quiet;
mod tables;
mod traces;
mod words;

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

/// The names of the functions in sight, in their order.
fn names(model: &Model) -> Vec<String> {
    let board = model.board.as_ref().unwrap();
    model.functions().map(|row| board.facts(row).unwrap().1.found.name.raw().to_owned()).collect()
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

/// A press of the left button, as the terminal tells it.
fn press(model: &mut Model, (width, height): (u16, u16), (column, row): (u16, u16)) -> Option<Msg> {
    frame(model, width, height, now());
    let kind = MouseEventKind::Down(MouseButton::Left);
    let event = Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
    message(&event, model, Rect { x: 0, y: 0, width, height })
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
