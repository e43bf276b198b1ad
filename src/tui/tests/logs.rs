//! Lines of logs on the screen: how one gets there, moves in them, and what is said where there are none.

use std::sync::OnceLock;

use super::{traces::Desk, *};
use crate::{
    domain::{failure::Kind, logs::Level, text::AwsText},
    engine::logbook::{Book, Live, LogQuestion, LogsOf, ToldLines, ToldLogs},
    source::sim::fault::{Effect as Fails, Fault},
    tui::model::Lines,
};

fn looking(keys: &str) -> (Model, Desk) {
    let desk = Desk::new(world());
    let mut model = model(Some(demo()));
    desk.type_keys(&mut model, keys);
    (model, desk)
}

/// The screen's text at 120×40.
fn seen(model: &mut Model) -> String {
    text(&frame(model, 120, 40, now()))
}

/// Lines of what fires, that can be had without asking.
pub(super) fn lines() -> ToldLogs {
    static ONCE: OnceLock<ToldLogs> = OnceLock::new();
    ONCE.get_or_init(|| looking("7").0.log.told).clone()
}

/// The same, with another text in each line.
fn with(change: impl Fn(&mut ToldLines)) -> ToldLogs {
    let mut told = lines();
    let mut changed = ToldLines::clone(told.lines.as_ref().unwrap());
    change(&mut changed);
    told.lines = Some(Arc::new(changed));
    told
}

#[test]
fn from_a_functions_page_its_failing_line_is_one_key_away() {
    let (mut model, desk) = looking("1 enter");
    let page = seen(&mut model);
    assert!(page.contains("one that failed, in its log") && page.contains("L shows its lines"), "{page}");
    let Screen::Function(key) = model.screen().clone() else { panic!("a function") };
    let causes = &model.log_causes(&key).unwrap().causes;
    assert!(page.contains(&causes.groups[0].headline()), "{page}");
    desk.type_keys(&mut model, "L");
    assert!(matches!(model.screen(), Screen::Logs(Lines::Around(of, _)) if *of == key));
    let line = model.line(model.list().place).unwrap().clone();
    assert!(line.line.fails && model.lines().unwrap().own.contains(&line.number));
    assert!(model.log.open.contains_key(&line.number), "what says it is unfolded");
    let page = seen(&mut model);
    assert!(page.contains("around its newest failure at 14:0"), "{page}");
    // Folded, unfolded by the long key, folded by the arrow; and then the arrow goes back.
    desk.type_keys(&mut model, "enter");
    assert!(model.log.open.is_empty());
    desk.type_keys(&mut model, "space");
    assert!(model.log.open.len() == 1 && !model.paused);
    desk.type_keys(&mut model, "left");
    assert!(model.log.open.is_empty());
    desk.type_keys(&mut model, "left");
    assert_eq!(model.screen(), &Screen::Function(key));
}

#[test]
fn one_request_is_shown_whole_also_from_a_line_that_does_not_bear_its_id() {
    let (mut model, desk) = looking("1 enter L");
    let all = model.count();
    desk.type_keys(&mut model, "i");
    let Screen::Logs(Lines::Request(_, id, _)) = model.screen().clone() else { panic!("{:?}", model.screen()) };
    assert!(model.count() > 1 && model.count() < all);
    let first = model.line(0).unwrap().clone();
    assert!(first.line.text(false).contains(id.raw()));
    assert!(seen(&mut model).contains("all that this request wrote"));
    desk.type_keys(&mut model, "f");
    assert!(model.said.as_ref().unwrap().contains("nothing to follow") && !model.log.follow);
    desk.type_keys(&mut model, "esc");
    assert_eq!(model.count(), all);
}

#[test]
fn one_comes_back_to_the_lines_as_one_left_them() {
    let (mut model, desk) = looking("1 enter L");
    seen(&mut model);
    desk.type_keys(&mut model, "/ d e n i e d enter k k");
    let (place, lines, page) = (model.list().place, model.lines().unwrap().clone(), seen(&mut model));
    assert!(page.contains("/denied match "), "{page}");
    desk.type_keys(&mut model, "i");
    assert!(matches!(model.screen(), Screen::Logs(Lines::Request(..))) && model.log.search.text.is_empty());
    seen(&mut model);
    desk.type_keys(&mut model, "esc");
    assert!(Arc::ptr_eq(model.lines().unwrap(), &lines) && model.list().place == place);
    assert_eq!(seen(&mut model), page);
    // Whoever wants it anew gets it.
    desk.type_keys(&mut model, "R");
    assert!(!Arc::ptr_eq(model.lines().unwrap(), &lines));
    let chosen = model.lines().unwrap().chosen;
    assert_eq!(model.line(model.list().place).map(|line| line.number), chosen, "and is at the failure");
    assert!(model.log.open.keys().all(|number| Some(*number) == chosen), "nothing of the lines before is unfolded");
    // What was followed stands still where one left it.
    let (mut model, desk) = looking("7");
    seen(&mut model);
    desk.type_keys(&mut model, "k k k");
    let (place, lines) = (model.list().place, model.lines().unwrap().clone());
    desk.type_keys(&mut model, "i");
    desk.type_keys(&mut model, "esc");
    assert!(Arc::ptr_eq(model.lines().unwrap(), &lines) && model.list().place == place && model.log.follow);
    assert!(seen(&mut model).contains("standing still"), "{}", seen(&mut model));
}

#[test]
fn a_search_that_is_given_up_leads_back_and_one_that_goes_round_says_so() {
    let (mut model, _) = looking("1 enter L");
    seen(&mut model);
    type_keys(&mut model, "k k");
    let place = model.list().place;
    type_keys(&mut model, "/ z z z z");
    assert!(seen(&mut model).contains("no match"), "{}", seen(&mut model));
    assert_eq!(model.list().place, place);
    type_keys(&mut model, "esc / r e p o r t");
    assert_ne!(model.list().place, place);
    type_keys(&mut model, "esc");
    assert_eq!(model.list().place, place);
    type_keys(&mut model, "/ m e m o r y enter");
    let line = model.line(model.list().place).unwrap().clone();
    assert!(line.line.text(false).contains("Memory") && !line.line.head(false).contains("Memory"));
    assert!(model.log.open.contains_key(&line.number), "what is found is in sight");
    type_keys(&mut model, "g n");
    assert_eq!(model.said, None);
    type_keys(&mut model, "g N");
    assert!(model.said.as_ref().unwrap().contains("on from the last"));
}

#[test]
fn a_trace_leads_to_the_lines_of_all_functions_it_went_through() {
    let (mut model, desk) = looking("1 j enter enter");
    let Screen::Trace(id, _) = model.screen().clone() else { panic!("{:?}", model.screen()) };
    desk.type_keys(&mut model, "L");
    let told = model.lines().unwrap().clone();
    assert_eq!(told.of, LogsOf::Trace(id));
    assert!(!told.functions.is_empty() && model.count() > 2, "{}", seen(&mut model));
    let line = model.line(model.list().place).unwrap();
    assert!(line.line.fails, "it is entered where it says why");
    // From the list of traces as well, where its parts were not read yet.
    desk.type_keys(&mut model, "6");
    desk.type_keys(&mut model, "L");
    desk.answer(&mut model);
    assert!(
        matches!(model.screen(), Screen::Logs(Lines::Trace(..))) && model.lines().is_some(),
        "{}",
        seen(&mut model)
    );
}

#[test]
fn what_fires_is_followed_and_stands_still_as_soon_as_somebody_goes_up() {
    let (mut model, _desk) = looking("7");
    assert!(model.log.follow && matches!(model.lines().unwrap().live, Live::On { .. }));
    let last = model.count() - 1;
    assert_eq!(model.list().place, last, "one stands at the newest");
    let page = seen(&mut model);
    assert!(page.contains("● live since 14:05 UTC · ") && page.contains(" a minute · f stops"), "{page}");
    type_keys(&mut model, "k k");
    let stands = seen(&mut model);
    // Three more lines come in.
    let more = |told: &mut ToldLines| {
        let lines: Vec<_> = told.lines.iter().cloned().collect();
        let again = lines[..3].iter().cloned();
        told.lines = lines.iter().cloned().chain(again).collect();
    };
    model.update(Msg::Logs(with(more)));
    let page = seen(&mut model);
    assert!(page.contains("standing still · 3 new lines below · G goes on"), "{page}");
    let body = |page: &str| page.lines().skip(3).take(30).map(ToOwned::to_owned).collect::<Vec<_>>();
    assert_eq!(body(&page), body(&stands));
    type_keys(&mut model, "G");
    assert_eq!((model.list().place, model.count()), (last + 3, last + 4));
    // Going down to the last one does the same.
    type_keys(&mut model, "k");
    model.update(Msg::Logs(lines()));
    type_keys(&mut model, "j");
    assert!(model.log.held.is_none() && model.list().place == last);
    // And stopping leaves it at that.
    type_keys(&mut model, "f");
    assert!(!model.log.follow && matches!(model.log_question(), Some(LogQuestion::Lines(ask)) if !ask.live));
    assert!(seen(&mut model).contains("f stops") || seen(&mut model).contains("not followed"), "{}", seen(&mut model));
}

#[test]
fn what_nobody_looks_at_is_followed_no_longer() {
    for (away, minutes, why) in [(true, 5, "nobody has looked for 5 min"), (false, 60, "no key was pressed for 60 min")]
    {
        let (mut model, _desk) = looking("7");
        if away {
            model.update(Msg::Focused(false));
        }
        for _ in 1..minutes {
            model.update(Msg::Tick);
        }
        assert!(model.log.follow);
        let asks = model.log_asks();
        model.update(Msg::Tick);
        assert!(!model.log.follow && model.log_asks() != asks);
        let page = seen(&mut model);
        assert!(page.contains(&format!("stopped, since {why} · f follows again")), "{page}");
        type_keys(&mut model, "F");
        assert!(model.log.follow && model.log_asks() == asks);
        type_keys(&mut model, "1");
        assert!(model.log_question().is_none(), "who goes elsewhere follows nothing");
    }
}

#[test]
fn that_it_ended_is_said_and_it_is_not_begun_anew_by_itself() {
    let (mut model, _desk) = looking("7");
    model.update(Msg::Logs(with(|told| told.live = Live::Ended("after 3 h, as AWS does".into()))));
    assert!(!model.log.follow);
    assert!(seen(&mut model).contains("ended after 3 h, as AWS does · f follows again"), "{}", seen(&mut model));
    model.update(Msg::Logs(with(|told| {
        told.live = Live::On { since: now(), sessions: 2, polled: 1 };
        told.let_go = 1234;
    })));
    type_keys(&mut model, "f");
    let page = seen(&mut model);
    assert!(page.contains("2 live tails, $0.02 a minute · 1 asked every 3 s: no live tail to be had"), "{page}");
    let page = text(&frame(&mut model, 200, 60, now()));
    assert!(page.contains("1,234 older lines let go"), "{page}");
}

#[test]
fn whose_lines_are_followed_goes_with_the_filter_and_who_is_in_stays() {
    let firing = |keys: &str| {
        let mut model = model(Some(demo()));
        type_keys(&mut model, keys);
        let names: BTreeSet<AwsText> = model.log.firing.0.iter().map(|one| one.function.clone()).collect();
        (model, names)
    };
    let (_, all) = firing("7");
    let counts = model(Some(demo())).board.unwrap().counts;
    assert_eq!(all.len(), counts.critical + counts.warning);
    let (mut model, claims) = firing("2 / n a m e : c l a i m enter 7");
    assert!(!claims.is_empty() && claims.iter().all(|name| name.raw().contains("claim")));
    assert!(seen(&mut model).contains("of /name:claim"), "{}", seen(&mut model));
    // What fires no longer is followed all the same; a question about the same is none.
    let (mut model, _) = firing("7");
    let asks = model.log_asks();
    model.update(Msg::Snapshot(quiet()));
    assert_eq!(model.log_asks(), asks);
    let (mut model, nobody) = firing("2 / c l i e n t : n o b o d y enter 7");
    assert!(nobody.is_empty() && model.log_question().is_none());
    assert!(seen(&mut model).contains("The filter leaves out all of production"), "{}", seen(&mut model));
}

#[test]
fn lines_are_narrowed_by_level_searched_and_wrapped() {
    let (mut model, _desk) = looking("7");
    let all = model.count();
    type_keys(&mut model, "e");
    assert_eq!(model.log.least, Some(Level::Info));
    type_keys(&mut model, "e e");
    assert!(model.count() > 0 && model.count() < all);
    assert!((0..model.count()).all(|place| model.line(place).unwrap().line.level >= Some(Level::Error)));
    assert!(seen(&mut model).contains("from error"), "{}", seen(&mut model));
    type_keys(&mut model, "e");
    assert_eq!(model.count(), all);
    type_keys(&mut model, "/ R E P O R T enter");
    let first = model.list().place;
    let holds = |model: &Model| model.line(model.list().place).unwrap().line.head(false).starts_with("REPORT");
    assert!(holds(&model) && !model.filter.text().contains("REPORT"));
    type_keys(&mut model, "N");
    assert!(holds(&model) && model.list().place < first);
    type_keys(&mut model, "n");
    assert_eq!(model.list().place, first);
    let marked = frame(&mut model, 120, 40, now());
    let reversed = |cell: &&ratatui::buffer::Cell| cell.modifier.contains(ratatui::style::Modifier::REVERSED);
    let line: String = marked.content.iter().filter(reversed).map(ratatui::buffer::Cell::symbol).collect();
    assert!(line.contains("REPORT"), "what is found stands out: {line}");
    type_keys(&mut model, "/ ctrl-u n o s u c h enter");
    assert_eq!(model.said.as_deref(), Some("no line in sight holds \"nosuch\""));
    type_keys(&mut model, "esc");
    assert!(model.log.search.text.is_empty() && matches!(model.screen(), Screen::Logs(_)));
    assert!(!model.log.wrap);
    type_keys(&mut model, "w");
    assert!(model.log.wrap && seen(&mut model).contains("wrapped"));
}

#[test]
fn secrets_are_masked_until_somebody_asks_and_again_on_the_next_screen() {
    let (mut model, _desk) = looking("7 / e m a i l enter");
    let line = model.line(model.list().place).unwrap().clone();
    assert!(line.line.has_secrets());
    let page = seen(&mut model);
    assert!(page.contains("what looks like a secret is masked: S shows it") && !page.contains("@mail"), "{page}");
    let Some(Effect::Copy(copied, "line")) = type_keys(&mut model, "y") else { panic!("a line is copied") };
    assert!(!copied.contains("@mail"), "{copied}");
    type_keys(&mut model, "S");
    let page = seen(&mut model);
    assert!(page.contains("SECRETS SHOWN") && page.contains("@mail.example"), "{page}");
    let Some(Effect::Copy(copied, "line")) = type_keys(&mut model, "y") else { panic!("a line is copied") };
    assert!(copied.contains("@mail.example"));
    type_keys(&mut model, "1 7");
    model.update(Msg::Logs(lines()));
    assert!(!model.log.secrets && !seen(&mut model).contains("@mail"));
}

/// The demo where a call fails everywhere.
fn failing(operation: &'static str, fails: Fails) -> World {
    let mut world = world();
    world.faults.push(Fault { operation: Some(operation), ..Fault::everywhere(fails) });
    world
}

#[test]
fn what_can_not_be_read_is_said_in_place_with_what_to_do() {
    let desk = Desk::new(failing("logs:FilterLogEvents", Fails::Fails(Kind::Denied, None)));
    let mut model = model(Some(demo()));
    for (keys, says) in [
        ("1 enter", "can't be read (denied): "),
        ("1 enter", "allow logs:FilterLogEvents in the policy of the role"),
        ("L", "The log can't be read"),
        ("L", "allow logs:FilterLogEvents in the policy of the role"),
    ] {
        desk.type_keys(&mut model, keys);
        let page = text(&frame(&mut model, 200, 60, now()));
        assert!(page.contains(says), "{keys}: {page}");
    }
    // What is written from now on can be followed all the same.
    desk.type_keys(&mut model, "f");
    let page = seen(&mut model);
    assert!(page.contains("● live since") || page.contains("beginning to follow"), "{page}");
}

/// A failure of all that was asked, as a screen tells it.
fn unread(message: &str) -> String {
    let (mut model, _desk) = looking("1 enter L");
    let told = model.log.told.clone();
    let failure = crate::domain::failure::Failure::new("logs:FilterLogEvents", Kind::Other, message);
    let mut changed = ToldLines::clone(told.lines.as_ref().unwrap());
    (changed.lines, changed.unread) = (Arc::default(), vec![(0, failure)]);
    model.update(Msg::Logs(ToldLogs { lines: Some(Arc::new(changed)), ..told }));
    seen(&mut model)
}

#[test]
fn a_group_that_is_gone_or_of_another_class_is_told_apart() {
    let page = unread("ResourceNotFoundException: The specified log group does not exist.");
    assert!(page.contains("there is no log group /aws/lambda/") && page.contains("it was deleted"), "{page}");
    let page = unread(
        "InvalidOperationException: The log group /x is of log-group-class INFREQUENT_ACCESS. FilterLogEvents is not supported for this log class.",
    );
    assert!(page.contains("of the class Infrequent Access: Logs Insights alone reads it"), "{page}");
}

#[test]
fn a_function_that_does_not_fail_shows_its_newest_lines_and_one_that_did_not_run_says_so() {
    let (mut model, desk) = looking("2");
    let board = model.board.clone().unwrap();
    let fine = board.rows.iter().position(|row| row.state == State::Ok && row.errors.unwrap_or(0) == 0).unwrap();
    let idle = board.rows.iter().position(|row| row.state == State::Idle).unwrap();
    for (place, says) in [(fine, "it does not fail: "), (idle, "No line in the last day")] {
        let key = board.key(&board.rows[place]).unwrap();
        model.update(Msg::Choose(crate::tui::overlay::Act::Go(key)));
        desk.type_keys(&mut model, "L");
        let page = seen(&mut model);
        assert!(matches!(model.screen(), Screen::Logs(Lines::Newest(_))) && page.contains(says), "{page}");
        type_keys(&mut model, "esc");
    }
    let page = seen(&mut model);
    assert!(page.contains("its log is read where it fails · L shows its lines"), "{page}");
}

#[test]
fn hostile_lines_steer_nothing_and_long_ones_can_be_read_to_their_end() {
    use crate::domain::logs::{LogEvent, shown::ShownLine};
    let long = format!("{{\"message\":\"{}\",\"then\":\"here\"}}", "x ".repeat(128 * 1024));
    let texts = [
        "\u{1b}[2J\u{1b}]0;owned\u{7}gone",
        "\u{202e}txt.exe\u{2066} and \u{200f} more",
        "\u{0}\u{1}\u{2}\u{fffd}\u{80}\u{9b}31m binary",
        "日本語のログ 🦀🦀🦀 é e\u{301}",
        "[ERROR] KeyError: 'a'\r\nTraceback\r\n\u{a0}\u{a0}File",
        &long,
        "",
    ];
    let read =
        ShownLine::new(LogEvent { at: now(), stream: "s\u{1b}[31m".into(), text: long.as_str().into(), id: None });
    assert!(read.unfolded(false).last().is_some_and(|line| line == "}"));
    let (mut model, _desk) = looking("7");
    let mut book = Book::new();
    let event = |text: &&str| LogEvent { at: now(), stream: "s\u{1b}[31m".into(), text: (*text).into(), id: None };
    book.add(texts.iter().map(|text| (0, ShownLine::new(event(text)))), true);
    let told = ToldLines { lines: book.lines.into(), ..ToldLines::clone(model.lines().unwrap()) };
    model.update(Msg::Logs(ToldLogs { lines: Some(Arc::new(told)), ..model.log.told.clone() }));
    assert_eq!(model.count(), texts.len());
    type_keys(&mut model, "g enter j enter j enter j enter j enter j enter w");
    let mut all = String::new();
    type_keys(&mut model, "g");
    // So many pages are about as many as it has.
    for _ in 0..500 {
        let frame = frame(&mut model, 80, 24, now());
        assert!(frame.content.iter().all(|cell| !cell.symbol().contains(crate::domain::text::steers)));
        all += &text(&frame);
        type_keys(&mut model, "page-down");
    }
    assert!(all.contains("\"then\": \"here\""), "the end of the long line was in sight");
}

#[test]
fn a_press_means_the_line_below_it_also_where_lines_are_unfolded() {
    let (mut model, _desk) = looking("1 enter L");
    let place = model.list().place;
    let screen = seen(&mut model);
    let (row, _) = screen
        .lines()
        .enumerate()
        .find(|(_, line)| {
            line.contains("│ ") && line.contains("Traceback") || line.contains("│ {") || line.contains("│ ")
        })
        .unwrap();
    let msg = press(&mut model, (120, 40), (60, u16::try_from(row).unwrap()));
    assert!(matches!(msg, Some(Msg::Click(at)) if at == place), "{msg:?}\n{screen}");
    assert!(press(&mut model, (120, 40), (60, 38)).is_none());
}
