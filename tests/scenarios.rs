//! Whole estates as data: each file below `tests/scenarios/` describes one, how it is looked at, and what `slmon alert`
//! has to say of it. What stands in `[ask]` and `[expect]` is documented here; the rest in `source::sim::scenario`.
//!
//! ```toml
//! [ask]
//! at = "2026-11-23T10:00:00Z"     # the end of the window; without it: now less the settle time
//! since = "2026-11-23T09:50:00Z"  # the beginning of the window; without it: as long before as the configuration says
//! wait = "10m"                    # a round a minute till so long after `since` (without it: now), as --wait has it
//! interrupt = "500ms"             # Ctrl-C after so long
//! client = ["Acme"]               # the scope: `client`, `account`, `region`, `function` and `tag`, as the flags
//! blind_spots = true              # --blind-spots
//! max_cost = 0.10                 # what X-Ray may cost, in dollars, of each command
//!
//! [expect]
//! exit_code = 1                   # these two are always needed
//! status = "firing"
//! # Lists are compared whole and in order, and are empty where they are not given. An entry is its text, or a table
//! # of its text (`is`) and more keys of the report's JSON (`cause/text` is the key `text` of `cause`;
//! # "null" is what is not known, which TOML can't say).
//! alerts = ["shop api errors critical", { is = "shop web throttles warning", reason = "…" }]   # account's name
//! muted = ["shop api"]
//! unseen = ["111122223333 sts:AssumeRole denied", "111122223333 eu-west-1 tag:GetResources deadline (metrics)"]
//! accepted = []                   # as unseen
//! blind_spots = ["stage-conflict api"]
//! notes = ["a part of the sentence"]
//! # Compared where given; what a table of numbers leaves out is 0.
//! verdicts = { ok = 1 }
//! functions = { watched = 1, production = 1 }
//! hidden = { functions = 1, errors = 20 }                                # or false
//! stages = { api = "production: tag stage=prod" }                        # of the functions that are named
//! window = { start = "…", minutes = 15 }                                 # and other keys of the JSON
//! coverage = { targets = 2, seen = 1 }
//! api = { metrics = 6 }
//! scope = { clients = ["Acme"] }
//! # `slmon explain FUNCTION`, `slmon traces` and `slmon map [FUNCTION]` over the same world. An entry is what is asked, the
//! # exit code, places in the command's JSON with what is there, and parts of its text.
//! explain = [{ function = "api", exit_code = 0, says = ["KeyError"], json = { "/functions/0/errors" = 3 } }]
//! traces = [{ all = true, hidden = true, window = "15m", limit = 50, exit_code = 0 }]
//! map = [{ function = "api", all = true, window = "30m", exit_code = 0 }]
//! ```
//!
//! Every scenario is also judged with `--explain`: that changes neither verdict nor exit code, and an alert's `cause` is
//! what it says then, in every format.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "in a test, that is how one fails")]

#[path = "support/schema.rs"]
#[allow(unreachable_pub, reason = "a test binary exports nothing; `pub` says there what tests use")]
mod schema;
#[path = "support/told.rs"]
mod told;

use std::{collections::BTreeMap, fs, ops::ControlFlow, path::Path, sync::Arc, time::Duration};

use serde_json::{Value, json};
use slmon::{
    checks, cli,
    config::{self, Flags, Inputs},
    domain::{
        fleet::{Fleet, TargetState},
        rules::{Glob, instant, scope::TagPattern, span_minutes},
        trace::causes::CostLimit,
        window::{Horizon, Minute},
    },
    engine::{
        self, End, Rounds,
        explain::Allowance,
        plan::{Depth, Settings},
        wait::{self, Round, Wait},
    },
    report::{
        self, Report, Telling,
        build::{Sweep, build},
    },
    source::{
        Source,
        limit::Limited,
        sim::{Scenario, Sim},
    },
};
use tokio_util::sync::CancellationToken;

#[test]
fn every_scenario_comes_out_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 20, "the scenarios are in {}", folder.display());
    let mut wrong = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let problems = look(&text).unwrap_or_else(|why| vec![why]);
        if !problems.is_empty() {
            let name = file.file_name().unwrap().display();
            wrong.push(format!("== {name}\n{}\n", problems.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} scenarios:\n\n{}", wrong.len(), files.len(), wrong.join("\n"));
}

/// Everything in which a scenario comes out otherwise than expected; an error where it can't be run.
fn look(text: &str) -> Result<Vec<String>, String> {
    let scenario = Scenario::parse(text).map_err(|error| error.to_string())?;
    let mut ask = scenario.ask.clone();
    let at = taken(&mut ask, "at").map(|at| instant(&at)).transpose()?;
    let since = taken(&mut ask, "since").map(|since| instant(&since)).transpose()?;
    let wait = taken(&mut ask, "wait").map(|wait| span_minutes(&wait)).transpose()?;
    let interrupt = taken(&mut ask, "interrupt").map(|after| after.parse::<jiff::SignedDuration>().unwrap());
    let scope = InScope {
        clients: globs(&mut ask, "client"),
        accounts: globs(&mut ask, "account"),
        regions: texts(&mut ask, "region"),
        functions: globs(&mut ask, "function"),
        tags: texts(&mut ask, "tag"),
    };
    let dollars = ask.remove("max_cost").map_or(0.10, |cost| cost.as_float().expect("dollars"));
    let spots = ask.remove("blind_spots").is_some_and(|given| given.as_bool() == Some(true));
    if let Some(key) = ask.keys().next() {
        return Err(format!("[ask] knows no {key}"));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let interrupt = interrupt.map(jiff::SignedDuration::unsigned_abs);
    let asked = Asked { at, since, wait, interrupt, spots, scope, dollars };
    let (fleet, plain, report) = runtime.block_on(run(&scenario, asked))?;
    let telling = Telling { now: scenario.world.now.timestamp(), width: 100, demo: false };
    let page = report::text::render(&plain, &telling);
    let mut expect = scenario.expect.clone();
    let commands = told::Commands { scenario: &scenario, at, dollars, telling: &telling };
    let mut problems = runtime.block_on(commands.compare(&mut expect))?;
    problems.extend(Comparison::of(&fleet, &report).with(&expect)?);
    problems.extend(told::explained(&plain, &report, &telling));
    let steering = |c: char| c.is_control() && !matches!(c, '\n' | '\x1b') || c == '\u{202e}';
    let plain = anstream::adapter::strip_str(&page).to_string();
    if plain.contains(steering) || plain.contains('\x1b') {
        problems.push("  the text report holds characters that steer a terminal".into());
    }
    Ok(problems)
}

fn taken(ask: &mut toml::Table, key: &str) -> Option<String> {
    ask.remove(key).map(|value| value.as_str().map_or_else(|| value.to_string(), String::from))
}

/// What is asked beside the configuration.
struct Asked {
    at: Option<Minute>,
    since: Option<Minute>,
    wait: Option<i64>,
    interrupt: Option<Duration>,
    spots: bool,
    scope: InScope,
    dollars: f64,
}

/// The scope that is asked for.
struct InScope {
    clients: Vec<Glob>,
    accounts: Vec<Glob>,
    regions: Vec<String>,
    functions: Vec<Glob>,
    tags: Vec<String>,
}

fn texts(ask: &mut toml::Table, key: &str) -> Vec<String> {
    let all = ask.remove(key).and_then(|value| value.as_array().cloned()).unwrap_or_default();
    all.iter().map(|value| value.as_str().expect("a list of texts").to_owned()).collect()
}

fn globs(ask: &mut toml::Table, key: &str) -> Vec<Glob> {
    texts(ask, key).iter().map(|text| Glob::new(text).unwrap()).collect()
}

fn tag(text: &str) -> TagPattern {
    let (key, value) = text.split_once('=').map_or((text, None), |(key, value)| (key, Some(value)));
    TagPattern { key: key.into(), value: value.map(|value| Glob::new(value).unwrap()) }
}

/// What `slmon alert` does, over the scenario's world; and the same with `--explain`.
async fn run(scenario: &Scenario, asked: Asked) -> Result<(Fleet, Report, Report), String> {
    let Asked { at, since, wait: waits, interrupt, spots, scope: asked, dollars } = asked;
    let now = scenario.world.now;
    let (env, flags) = (BTreeMap::new(), Flags { regions: asked.regions, ..Flags::default() });
    let read_file = |_: &Path| scenario.config.clone().ok_or_else(|| std::io::ErrorKind::NotFound.into());
    let path = scenario.config.as_ref().map(|_| Path::new("config.toml"));
    let loaded = config::load(&Inputs { path, env: &env, flags: &flags, read_file: &read_file });
    let config = loaded.map_err(|errors| errors.render(false))?.config;
    let source = Sim::new(scenario.world.clone());
    let roster = if scenario.config.is_some() { config.roster.clone() } else { source.roster() };
    let source = Arc::new(Limited::new(source));
    let end = at.unwrap_or(now.plus(-config.alert.settle));
    let window = Horizon::new(end, config.alert.window, now);
    let horizon = since.map_or(window, |since| Horizon::since(since, end, now)).against(config.alert.baseline);
    let settings = Settings { horizon, depth: Depth::Judge { hidden: config.alert.hidden, spots } };
    let cancel = CancellationToken::new();
    if let Some(after) = interrupt {
        let cancel = cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            cancel.cancel();
        });
    }
    let mut rules = config.rules.clone();
    rules.scope.clients = asked.clients;
    rules.scope.accounts = asked.accounts;
    rules.scope.functions = asked.functions;
    rules.scope.tags = asked.tags.iter().map(|text| tag(text)).collect();
    let rules = Arc::new(rules);
    let (roster, limit) = (Arc::new(roster), config.alert.deadline);
    let judge = |fleet: &Fleet, horizon: Horizon, end: End| {
        build(&Sweep {
            fleet,
            judgement: &checks::judge_fleet(fleet, &horizon),
            horizon,
            usage: source.usage(),
            fail_on: config.alert.fail_on,
            allow_empty: config.alert.allow_empty,
            hidden: config.alert.hidden,
            settle: config.alert.settle,
            interrupted: end == End::Interrupted,
            remarks: &[],
            accepts: &config.accept_unseen,
            min_coverage: config.alert.min_coverage,
        })
    };
    let (fleet, horizon, end) = if let Some(minutes) = waits {
        let began = tokio::time::Instant::now();
        let clock = || now.timestamp().checked_add(began.elapsed()).unwrap();
        let (settle, baseline, hidden) = (config.alert.settle, config.alert.baseline, config.alert.hidden);
        let what = Wait { since: since.unwrap_or(now), minutes, settle, baseline, hidden, spots, limit };
        let mut rounds = Rounds::new(source.clone(), roster, rules);
        let told = |round: &Round<'_>| {
            let report = judge(round.fleet, round.horizon, End::Complete);
            let fires = report.alerts.iter().any(|alert| report.basis.fails(alert.severity));
            if fires { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let waited = wait::wait(&mut rounds, &what, &clock, &cancel, |_| {}, told).await;
        (rounds.into_fleet(), waited.horizon, waited.end)
    } else {
        let (fleet, end) = engine::once(source.clone(), roster, rules, settings, limit, &cancel, |_| {}).await;
        (fleet, horizon, end)
    };
    let report = judge(&fleet, horizon, end);
    let mut explained = judge(&fleet, horizon, end);
    if end != End::Interrupted {
        let judgement = checks::judge_fleet(&fleet, &horizon);
        let judged = cli::explain::Judged { source: &*source, fleet: &fleet, judgement: &judgement, horizon };
        let within = (&Allowance::new(CostLimit::Run(dollars)), tokio::time::Instant::now() + limit);
        cli::explain::alerts(&judged, &mut explained.alerts, within).await;
    }
    Ok((fleet, report, explained))
}

/// A report beside what is expected of it.
struct Comparison<'a> {
    fleet: &'a Fleet,
    report: Value,
    problems: Vec<String>,
}

/// A list of the report: its key here, where it is in the JSON, and how an entry is said in a line.
type List = (&'static str, &'static str, fn(&Value) -> String);

const LISTS: &[List] = &[
    ("alerts", "/alerts", |alert| words(alert, &["account_name", "function", "check", "severity"])),
    ("muted", "/muted", |muted| words(muted, &["account_name", "function"])),
    ("unseen", "/coverage/unseen", unseen),
    ("accepted", "/coverage/accepted", unseen),
    ("blind_spots", "/blind_spots", |spot| words(spot, &["kind", "function"])),
];

const NUMBERS: &[&str] = &["verdicts", "functions"];
const TABLES: &[&str] = &["hidden", "window", "coverage", "api", "scope"];

fn words(entry: &Value, keys: &[&str]) -> String {
    let words: Vec<_> = keys.iter().filter_map(|key| entry[key].as_str()).collect();
    words.join(" ")
}

fn unseen(row: &Value) -> String {
    let part = row["part"].as_str().map_or(String::new(), |part| format!(" ({part})"));
    words(row, &["account", "region", "operation", "kind"]) + &part
}

impl<'a> Comparison<'a> {
    fn of(fleet: &'a Fleet, report: &Report) -> Self {
        Self { fleet, report: serde_json::to_value(report).unwrap(), problems: Vec::new() }
    }

    fn with(mut self, expect: &toml::Table) -> Result<Vec<String>, String> {
        let mut expect = serde_json::to_value(expect).unwrap();
        let expect = expect.as_object_mut().unwrap();
        for key in ["exit_code", "status"] {
            let wanted = expect.remove(key).ok_or(format!("[expect] needs {key}"))?;
            self.same(key, &wanted, &self.report[key].clone());
        }
        for list in LISTS {
            self.list(list, &expect.remove(list.0).unwrap_or(json!([])))?;
        }
        self.notes(&expect.remove("notes").unwrap_or(json!([])));
        for key in NUMBERS {
            if let Some(mut wanted) = expect.remove(*key) {
                let numbers = self.report[key].as_object().unwrap().clone();
                for other in numbers.keys() {
                    let all = wanted.as_object_mut().ok_or(format!("{key} is a table"))?;
                    all.entry(other.as_str()).or_insert(json!(0));
                }
                self.table(key, &wanted);
            }
        }
        for key in TABLES {
            if let Some(wanted) = expect.remove(*key) {
                self.table(key, &wanted);
            }
        }
        self.stages(&expect.remove("stages").unwrap_or(json!({})));
        match expect.keys().next() {
            Some(key) => Err(format!("[expect] knows no {key}")),
            None => Ok(self.problems),
        }
    }

    fn same(&mut self, what: &str, wanted: &Value, found: &Value) {
        let alike = wanted == found
            || wanted.as_f64().is_some() && wanted.as_f64() == found.as_f64()
            || wanted == "null" && found.is_null();
        if !alike {
            self.problems.push(format!("  {what}\n    - {wanted}\n    + {found}"));
        }
    }

    /// Keys of a table of the report. `false` is for one that is not there.
    fn table(&mut self, key: &str, wanted: &Value) {
        let found = self.report[key].clone();
        match wanted.as_object() {
            Some(wanted) => {
                for (inner, wanted) in wanted {
                    self.same(&format!("{key}.{inner}"), wanted, &found[inner]);
                }
            }
            None => self.same(key, &json!(*wanted != json!(false)), &json!(!found.is_null())),
        }
    }

    fn list(&mut self, (key, pointer, say): &List, wanted: &Value) -> Result<(), String> {
        let found = self.report.pointer(pointer).and_then(Value::as_array).unwrap().clone();
        let said: Vec<String> = found.iter().map(say).collect();
        let mut lines = Vec::new();
        for entry in wanted.as_array().ok_or(format!("{key} is a list"))? {
            let line = entry.as_str().or(entry["is"].as_str()).ok_or(format!("{key}: {entry} has no `is`"))?;
            lines.push(line.to_owned());
        }
        if said != lines {
            self.problems.push(format!("  {key}\n{}", difference(&lines, &said)));
            return Ok(());
        }
        for (entry, found) in wanted.as_array().unwrap().iter().zip(&found) {
            let more = entry.as_object().into_iter().flatten().filter(|(key, _)| *key != "is");
            for (inner, wanted) in more {
                let place = if inner == "evidence" { "/stage/evidence".into() } else { format!("/{inner}") };
                let at = found.pointer(&place).unwrap_or(&Value::Null);
                self.same(&format!("{key}: {} {inner}", say(found)), wanted, at);
            }
        }
        Ok(())
    }

    fn notes(&mut self, wanted: &Value) {
        let strings = |value: &Value| -> Vec<String> {
            value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let (wanted, found) = (strings(wanted), strings(&self.report["notes"]));
        let alike = wanted.len() == found.len() && wanted.iter().zip(&found).all(|(part, note)| note.contains(part));
        if !alike {
            self.problems.push(format!("  notes\n{}", difference(&wanted, &found)));
        }
    }

    fn stages(&mut self, wanted: &Value) {
        for (name, wanted) in wanted.as_object().unwrap() {
            let mut all = self.fleet.targets().flat_map(TargetState::known);
            let function = all.find(|function| function.found.name.raw() == name);
            let found = function.map(|function| {
                let stage = &function.class.stage;
                let watched = if function.class.watched { "" } else { "unwatched " };
                format!("{watched}{}: {}", stage.kind.as_str(), stage.evidence)
            });
            self.same(&format!("stages.{name}"), wanted, &json!(found));
        }
    }
}

/// All lines of both, in the order of what is expected: `-` for what is missing, `+` for what is too much.
fn difference(wanted: &[String], found: &[String]) -> String {
    let mut rest: Vec<&String> = found.iter().collect();
    let mut lines = Vec::new();
    for line in wanted {
        match rest.iter().position(|found| *found == line) {
            Some(at) => {
                rest.remove(at);
                lines.push(format!("      {line}"));
            }
            None => lines.push(format!("    - {line}")),
        }
    }
    lines.extend(rest.into_iter().map(|line| format!("    + {line}")));
    if !lines.iter().any(|line| !line.starts_with("      ")) {
        lines.push(format!("    in another order: {}", found.join(" | ")));
    }
    lines.join("\n")
}

#[test]
fn a_mistake_in_a_scenario_is_told() {
    let text = |expect: &str| format!("now = \"2026-11-23T10:00:00Z\"\n[expect]\n{expect}");
    let said = |expect: &str| match look(&text(expect)) {
        Ok(problems) => problems.join("\n"),
        Err(why) => why,
    };
    assert_eq!(said("exit_code = 3\nstatus = \"unknown\""), "");
    assert_eq!(said("exit_code = 3"), "[expect] needs status");
    assert_eq!(said("exit_code = 3\nstatus = \"unknown\"\nalert = []"), "[expect] knows no alert");
    assert_eq!(said("exit_code = 0\nstatus = \"unknown\""), "  exit_code\n    - 0\n    + 3");
    let missing = said("exit_code = 3\nstatus = \"unknown\"\nalerts = [\"shop api errors critical\"]");
    assert_eq!(missing, "  alerts\n    - shop api errors critical");
    assert_eq!(
        said("exit_code = 3\nstatus = \"unknown\"\nverdicts = { okay = 1 }"),
        "  verdicts.okay\n    - 1\n    + null"
    );
}
