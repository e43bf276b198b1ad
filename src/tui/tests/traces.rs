//! What X-Ray is asked for by the screens, and how one moves in its answers.

use std::{
    sync::{Mutex, OnceLock},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    domain::{failure::Kind, text::AwsText, window::Horizon},
    engine::{
        inquiry::{self, Asked, Question, Told},
        logbook::{self, LogAsked, ToldLogs},
        plan::{Depth, Settings},
    },
    source::sim::fault::{Effect as Fails, Fault},
    tui::model::Side,
};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

/// Answers the questions of screens over an estate, each once.
pub(super) struct Desk {
    sim: Arc<Sim>,
    told: Mutex<Told>,
    logs: Mutex<ToldLogs>,
}

impl Desk {
    pub(super) fn new(world: World) -> Self {
        let sim = Arc::new(Sim::with_clock(world, now));
        runtime().block_on(async {
            let (roster, rules) = (Arc::new(sim.roster()), Arc::new(Rules::default()));
            let minute = Minute::floor(now());
            let settings = Settings {
                horizon: Horizon::new(minute, 15, minute),
                depth: Depth::Discover { all: false, configurations: false },
            };
            let (limit, never) = (Duration::from_mins(5), CancellationToken::new());
            engine::once(sim.clone(), roster, rules, settings, limit, &never, |_| {}).await;
        });
        Self { sim, told: Mutex::default(), logs: Mutex::default() }
    }

    /// Types keys, and waits for what each screen asks.
    pub(super) fn type_keys(&self, model: &mut Model, keys: &str) -> Option<Effect> {
        let mut effect = None;
        for key in keys.split(' ') {
            effect = type_keys(model, key);
            frame(model, 120, 40, now());
            self.answer(model);
        }
        effect
    }

    /// Answers what a screen asks.
    pub(super) fn answer(&self, model: &mut Model) {
        self.answer_traces(model);
        self.answer_logs(model);
    }

    fn answer_logs(&self, model: &mut Model) {
        let Some(question) = model.log_question() else { return };
        let mut told = self.logs.lock().unwrap();
        if !told.knows(&question) {
            let new = runtime().block_on(async {
                let (publish, mut told) = tokio::sync::watch::channel(ToldLogs::default());
                let (questions, asked) = tokio::sync::mpsc::unbounded_channel();
                tokio::spawn(logbook::answer(self.sim.clone(), asked, publish, Arc::new(now)));
                questions
                    .send(LogAsked { question: Some(question.clone()), patience: Duration::ZERO, again: false })
                    .unwrap();
                told.wait_for(|told| told.knows(&question)).await.unwrap().clone()
            });
            told.causes.extend(new.causes);
            told.lines = new.lines;
        }
        model.update(Msg::Logs(told.clone()));
    }

    fn answer_traces(&self, model: &mut Model) {
        let Some((question, _)) = model.question() else { return };
        let about = question.about();
        let mut told = self.told.lock().unwrap();
        if !told.knows(&about) {
            let new = self.ask(question);
            told.causes.extend(new.causes);
            told.traces.extend(new.traces);
            told.map = new.map.or(told.map.take());
            told.newest = new.newest.or(told.newest.take());
        }
        model.update(Msg::Told(told.clone()));
    }

    fn ask(&self, question: Question) -> Told {
        runtime().block_on(async {
            let about = question.about();
            let (publish, mut told) = tokio::sync::watch::channel(Told::default());
            let (questions, asked) = tokio::sync::mpsc::unbounded_channel();
            tokio::spawn(inquiry::answer(self.sim.clone(), asked, publish, now));
            questions.send(Asked { question: Some(question), patience: Duration::ZERO, again: false }).unwrap();
            told.wait_for(|told| told.knows(&about)).await.unwrap().clone()
        })
    }
}

/// Answers to all that can be asked from the first alert on.
pub(super) fn everything() -> Told {
    static ONCE: OnceLock<Told> = OnceLock::new();
    let ask = || {
        let desk = Desk::new(world());
        let mut model = model(Some(demo()));
        desk.type_keys(&mut model, "1 enter enter esc m esc 6");
        model.told
    };
    ONCE.get_or_init(ask).clone()
}

fn looking(keys: &str) -> (Model, Desk) {
    let desk = Desk::new(world());
    let mut model = model(Some(demo()));
    desk.type_keys(&mut model, keys);
    (model, desk)
}

#[test]
fn from_an_alert_its_cause_is_two_keys_away() {
    let (mut model, desk) = looking("1");
    let glance = text(&frame(&mut model, 120, 40, now()));
    assert!(
        glance.contains("cause: AccessDenied: Access Denied (claim #) · in S3 bucket larkspur-claim-uploads"),
        "{glance}"
    );
    desk.type_keys(&mut model, "enter");
    let Screen::Function(key) = model.screen().clone() else { panic!("a function") };
    assert!(model.count() > 0 && model.count() == model.reasons().len());
    assert_eq!(model.reasons()[0].seen_by(), "both", "its log says the same");
    desk.type_keys(&mut model, "enter");
    let Screen::Trace(id, _) = model.screen().clone() else { panic!("{:?}", model.screen()) };
    assert_eq!(id, model.causes(&key).unwrap().causes.groups[0].example);
    let page = text(&frame(&mut model, 80, 24, now()));
    assert!(
        page.contains("thrown      AccessDenied: Access Denied (claim 13044)"),
        "where it failed is selected: {page}"
    );
    assert_eq!(type_keys(&mut model, "y"), Some(Effect::Copy(id.raw().to_owned(), "trace id")));
    let Some(Effect::OpenUrl(address)) = type_keys(&mut model, "o") else { panic!("an address") };
    assert!(address.ends_with(&format!("#xray:traces/{}", id.raw())), "{address}");
    type_keys(&mut model, "esc esc");
    assert_eq!(model.screen(), &Screen::Alerts);
}

#[test]
fn where_no_trace_tells_the_cause_the_log_is_asked_for_it_and_only_there() {
    let mut world = world();
    let fault = Fault::everywhere(Fails::Fails(Kind::Denied, None));
    world.faults.push(Fault { operation: Some("xray:GetTraceSummaries"), ..fault });
    let desk = Desk::new(world);
    let mut model = model(Some(demo()));
    assert!(model.log_question().is_none(), "traces are asked first");
    desk.type_keys(&mut model, "1");
    assert!(matches!(model.log_question(), Some(crate::engine::logbook::LogQuestion::Causes(_))));
    assert!(model.log_patience() > Duration::ZERO, "somebody may only be passing by");
    let glance = text(&frame(&mut model, 120, 40, now()));
    assert!(glance.contains("cause: AccessDenied: Access Denied (claim #) · 1,173 of 1,173 in its log"), "{glance}");
    // Where traces tell it, nothing more is asked.
    let (model, _desk) = looking("1");
    assert!(model.causes(&model.board.as_ref().unwrap().key(model.functions().next().unwrap()).unwrap()).is_some());
    assert!(model.log_question().is_none());
}

#[test]
fn parts_of_a_trace_fold_and_what_is_searched_unfolds() {
    let (mut model, _desk) = looking("1 enter enter");
    let all = model.count();
    type_keys(&mut model, "g left");
    assert_eq!(model.count(), 1, "the first part holds all others");
    type_keys(&mut model, "right");
    assert_eq!(model.count(), all);
    type_keys(&mut model, "G left left");
    assert!(model.list().place < all - 1, "what can't be folded leads to what it is a part of");
    type_keys(&mut model, "g enter / u p l o a d s enter");
    let tree = model.tree().unwrap();
    let RowKey::Span(id) = model.list().selected.unwrap() else { panic!("a part") };
    let part = tree.nodes.iter().find(|node| node.span.id == id).unwrap();
    assert!(part.label().contains("uploads"), "{}", part.label());
    assert_eq!(model.filter.text(), "", "a search is no filter");
    type_keys(&mut model, "/ n o s u c h");
    assert!(model.said.as_ref().unwrap().contains("nosuch"));
}

#[test]
fn one_walks_over_the_map_and_back() {
    let (mut model, _desk) = looking("1 j enter m a");
    let middle = |model: &Model| model.drawn().unwrap().1.name;
    let first = middle(&model);
    type_keys(&mut model, "right");
    assert_eq!(model.walk.side, Side::Callees);
    type_keys(&mut model, "enter");
    assert_ne!(middle(&model), first);
    type_keys(&mut model, "esc");
    assert_eq!(middle(&model), first);
    type_keys(&mut model, "left left");
    assert_ne!(middle(&model), first, "to whoever calls it");
    type_keys(&mut model, "esc esc");
    assert!(matches!(model.screen(), Screen::Function(_)));
}

#[test]
fn the_newest_traces_are_narrowed_by_words_and_fields() {
    let (mut model, desk) = looking("6");
    let all = model.count();
    assert!(all > 20 && model.took.traces == all as u64);
    type_keys(&mut model, "/ c l a i m - i n t a k e enter");
    assert!(model.count() > 0 && model.count() < all);
    let names = |model: &Model| -> BTreeSet<AwsText> {
        let places = 0..model.count();
        places.flat_map(|place| model.seen(place).unwrap().summary.functions().cloned().collect::<Vec<_>>()).collect()
    };
    assert!(names(&model).contains(&"claim-intake".into()));
    type_keys(&mut model, "/ ctrl-u c l i e n t : n o b o d y");
    assert_eq!(model.count(), 0);
    let Some((Question::Newest(newest), _)) = model.question() else { panic!("the newest are asked for") };
    assert!(newest.watched.is_empty(), "what the filter leaves out is not read either");
    type_keys(&mut model, "esc");
    desk.type_keys(&mut model, "a");
    assert!(model.count() > all, "those that did not fail, too");
    desk.type_keys(&mut model, "space");
    assert_eq!(model.question(), None, "paused: nothing is asked");
}

#[test]
fn what_is_asked_changes_with_the_screen_and_not_with_each_key() {
    let mut model = model(Some(demo()));
    let first = model.asks();
    model.update(Msg::Snapshot(demo()));
    assert_eq!(model.asks(), first, "a new snapshot asks nothing new of an alert");
    type_keys(&mut model, "j");
    assert_ne!(model.asks(), first);
    let selected = model.asks();
    type_keys(&mut model, "enter");
    assert_eq!(model.asks(), selected, "its page asks the same");
    type_keys(&mut model, "w w left");
    assert_eq!(model.asks(), selected);
    type_keys(&mut model, "x");
    assert!(matches!(model.question(), Some((Question::Newest(newest), _)) if newest.watched.len() == 1));
    type_keys(&mut model, "4");
    assert_eq!(model.question(), None);
}

#[test]
fn what_can_not_be_asked_is_said_in_place() {
    let mut world = world();
    for operation in ["xray:GetTraceSummaries", "xray:GetServiceGraph"] {
        let fault = Fault::everywhere(Fails::Fails(Kind::Denied, None));
        world.faults.push(Fault { operation: Some(operation), ..fault });
    }
    let desk = Desk::new(world);
    let mut model = model(Some(demo()));
    for (keys, says) in [
        ("1", "cause: AccessDenied: Access Denied (claim #) · 1,173 of 1,173 in its log"),
        ("enter", "allow xray:GetTraceSummaries"),
        ("m", "allow xray:GetServiceGraph"),
        ("6", "allow xray:GetTraceSummaries"),
    ] {
        desk.type_keys(&mut model, keys);
        let seen = text(&frame(&mut model, 200, 60, now()));
        assert!(seen.contains(says), "{keys}: {seen}");
    }
}
