//! What the commands that read traces say of a scenario's world, and what `--explain` adds to an alert.

use std::{path::Path, sync::Arc};

use serde_json::Value;
use slmon::{
    checks, cli,
    config::{self, Config, Flags, Inputs},
    domain::{
        fleet::Fleet,
        rules::{Glob, span_minutes},
        text::AwsText,
        trace::causes::CostLimit,
        window::{Horizon, Minute},
    },
    engine::{
        self,
        explain::Allowance,
        plan::{Depth, Settings},
    },
    report::{
        self, Report, Telling,
        build::{Sweep, build, coverage_of},
    },
    source::{
        Source,
        limit::Limited,
        sim::{Scenario, Sim},
    },
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::schema::assert_valid;

/// The commands over one world.
pub(crate) struct Commands<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) at: Option<Minute>,
    pub(crate) dollars: f64,
    pub(crate) telling: &'a Telling,
}

/// What a command said: its JSON, its other formats, and the exit code.
type Told = (Value, Vec<String>, u8);

impl Commands<'_> {
    /// Takes what is expected of the commands out of a scenario's expectations, and says what comes out otherwise.
    pub(crate) async fn compare(&self, expect: &mut toml::Table) -> Result<Vec<String>, String> {
        let mut problems = Vec::new();
        for command in ["explain", "traces", "map"] {
            let entries = expect.remove(command).unwrap_or(toml::Value::Array(Vec::new()));
            for entry in entries.as_array().ok_or(format!("{command} is a list"))? {
                let mut entry = entry.as_table().ok_or(format!("{command}: an entry is a table"))?.clone();
                let told = match command {
                    "explain" => self.explain(&mut entry).await?,
                    "traces" => self.traces(&mut entry).await?,
                    _ => self.map(&mut entry).await?,
                };
                problems.extend(compare(command, &told, &mut entry)?);
                if let Some(key) = entry.keys().next() {
                    return Err(format!("{command} knows no {key}"));
                }
            }
        }
        Ok(problems)
    }

    fn config(&self) -> Result<Config, String> {
        let (env, flags) = (std::collections::BTreeMap::new(), Flags::default());
        let text = self.scenario.config.clone();
        let read_file = |_: &Path| text.clone().ok_or_else(|| std::io::ErrorKind::NotFound.into());
        let path = self.scenario.config.as_ref().map(|_| Path::new("config.toml"));
        let loaded = config::load(&Inputs { path, env: &env, flags: &flags, read_file: &read_file });
        let mut config = loaded.map_err(|errors| errors.render(false))?.config;
        if self.scenario.config.is_none() {
            config.roster = Sim::new(self.scenario.world.clone()).roster();
        }
        Ok(config)
    }

    async fn sweep(&self, config: &Config, settings: Settings) -> (Arc<dyn Source>, Fleet) {
        let source: Arc<dyn Source> = Arc::new(Limited::new(Sim::new(self.scenario.world.clone())));
        let (roster, rules) = (Arc::new(config.roster.clone()), Arc::new(config.rules.clone()));
        let (limit, cancel) = (config.alert.deadline, CancellationToken::new());
        let (fleet, _) = engine::once(source.clone(), roster, rules, settings, limit, &cancel, |_| {}).await;
        (source, fleet)
    }

    async fn discover(&self, config: &Config) -> (Arc<dyn Source>, Fleet) {
        let now = self.scenario.world.now;
        let horizon = Horizon::new(now.plus(-config.alert.settle), config.alert.window, now);
        self.sweep(config, Settings { horizon, depth: Depth::Discover { all: false, configurations: false } }).await
    }

    async fn explain(&self, entry: &mut toml::Table) -> Result<Told, String> {
        let mut config = self.config()?;
        let name = entry.remove("function").ok_or("explain: needs a function")?;
        config.rules.scope.functions = vec![Glob::new(name.as_str().expect("a name")).unwrap()];
        let (alert, now) = (&config.alert, self.scenario.world.now);
        let horizon = Horizon::new(self.at.unwrap_or(now.plus(-alert.settle)), alert.window, now);
        let settings = Settings { horizon, depth: Depth::Judge { hidden: true, spots: false } };
        let until = Instant::now() + alert.deadline;
        let (source, fleet) = self.sweep(&config, settings).await;
        let judgement = checks::judge_fleet(&fleet, &horizon);
        let report = build(&Sweep {
            fleet: &fleet,
            judgement: &judgement,
            horizon,
            usage: source.usage(),
            fail_on: alert.fail_on,
            allow_empty: true,
            hidden: true,
            settle: alert.settle,
            interrupted: false,
            remarks: &[],
            accepts: &config.accept_unseen,
            min_coverage: alert.min_coverage,
        });
        let judged = cli::explain::Judged { source: &*source, fleet: &fleet, judgement: &judgement, horizon };
        let within = (&Allowance::new(CostLimit::Run(self.dollars)), until);
        let (page, code) = cli::explain::explain(&judged, report, self.at.unwrap_or(now), within).await;
        let json = report::json::pretty(&page);
        let text = report::explain::text::render(&page, self.telling);
        let markdown = report::explain::markdown::render(&page, self.telling);
        Ok((valid("slmon.explain-1", &json), vec![text, markdown, json], code))
    }

    async fn traces(&self, entry: &mut toml::Table) -> Result<Told, String> {
        let config = self.config()?;
        let now = self.scenario.world.now;
        let asked = cli::traces::Listed {
            minutes: window(entry, "15m")?,
            to: now.plus(1),
            all: is(entry, "all"),
            hidden: is(entry, "hidden"),
            limit: entry.remove("limit").map_or(50, |limit| usize::try_from(limit.as_integer().unwrap()).unwrap()),
        };
        let until = Instant::now() + config.alert.deadline;
        let (source, fleet) = self.discover(&config).await;
        let coverage = coverage_of(&fleet, &config.accept_unseen, now);
        let within = (&Allowance::new(CostLimit::Run(self.dollars)), until);
        let (list, code) = cli::traces::found(&*source, &fleet, &asked, coverage, within).await;
        let json = report::json::pretty(&list);
        let text = report::traces::text(&list, self.telling);
        Ok((valid("slmon.traces-1", &json), vec![text, json], code))
    }

    async fn map(&self, entry: &mut toml::Table) -> Result<Told, String> {
        let config = self.config()?;
        let now = self.scenario.world.now;
        let name = entry.remove("function").map(|name| name.as_str().expect("a name").to_owned());
        let (all, minutes) = (is(entry, "all"), window(entry, "30m")?);
        let until = Instant::now() + config.alert.deadline;
        let (source, fleet) = self.discover(&config).await;
        let coverage = coverage_of(&fleet, &config.accept_unseen, now);
        let asked = cli::map::Drawn { name: name.as_deref(), all, minutes, to: now };
        let (map, code) = cli::map::drawn(&*source, &fleet, asked, coverage, until).await;
        let json = report::map::json(&map);
        let (text, mermaid) = (report::map::text(&map, self.telling), report::map::mermaid(&map));
        Ok((valid("slmon.map-1", &json), vec![text, mermaid, json], code))
    }
}

fn valid(schema: &str, json: &str) -> Value {
    let value = serde_json::from_str(json).unwrap();
    assert_valid(schema, &value);
    value
}

fn is(entry: &mut toml::Table, key: &str) -> bool {
    entry.remove(key).is_some_and(|value| value.as_bool() == Some(true))
}

fn window(entry: &mut toml::Table, default: &str) -> Result<i64, String> {
    let text = entry.remove("window");
    span_minutes(text.as_ref().map_or(default, |text| text.as_str().expect("a span of time")))
}

/// What people see, without colours and without the breaks of its lines.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn compare(command: &str, (json, formats, code): &Told, entry: &mut toml::Table) -> Result<Vec<String>, String> {
    let mut problems = Vec::new();
    let wanted = entry.remove("exit_code").ok_or(format!("{command}: needs exit_code"))?;
    if wanted.as_integer() != Some(i64::from(*code)) {
        problems.push(format!("  {command}: exit code\n    - {wanted}\n    + {code}"));
    }
    for part in entry.remove("says").iter().flat_map(|says| says.as_array().unwrap()) {
        let (part, text) = (part.as_str().unwrap(), plain(&formats[0]));
        if !text.contains(part) {
            problems.push(format!("  {command}: says\n    - {part}\n    + {text}"));
        }
    }
    let places = entry.remove("json").unwrap_or(toml::Value::Table(toml::Table::new()));
    for (place, wanted) in places.as_table().ok_or("json is a table")? {
        let (wanted, null) = (serde_json::to_value(wanted).unwrap(), Value::Null);
        let found = json.pointer(place).unwrap_or(&null);
        // "null" is for what is not known, which TOML can't say.
        let alike = found == &wanted
            || found.is_null() && wanted == "null"
            || found.as_f64().is_some() && found.as_f64() == wanted.as_f64();
        if !alike {
            problems.push(format!("  {command}: {place}\n    - {wanted}\n    + {found}"));
        }
    }
    problems.extend(formats.iter().filter(|text| steers(text)).map(|text| {
        format!("  {command}: it holds characters that steer a terminal: {:?}", anstream::adapter::strip_str(text))
    }));
    Ok(problems)
}

/// Whether a page holds what steers a terminal beside its own colours.
pub(crate) fn steers(page: &str) -> bool {
    let plain = anstream::adapter::strip_str(page).to_string();
    plain.contains(|c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c))
}

/// What is wrong with a report that `--explain` has added to.
pub(crate) fn explained(plain: &Report, explained: &Report, telling: &Telling) -> Vec<String> {
    let mut problems = Vec::new();
    let all = |report: &Report| serde_json::to_value(report).unwrap();
    let (mut before, mut after) = (all(plain), all(explained));
    assert_valid("slmon.alert-1", &before);
    assert_valid("slmon.alert-1", &after);
    for report in [&mut before, &mut after] {
        for alert in report["alerts"].as_array_mut().unwrap() {
            alert.as_object_mut().unwrap().remove("cause");
        }
    }
    if before != after {
        problems.push("  --explain changes more than causes".into());
    }
    if explained.alerts.iter().any(|alert| alert.cause.is_none()) && explained.exit_code != 130 {
        problems.push("  --explain: an alert has no cause, and no word on why".into());
    }
    let pages = [
        ("text", report::text::render(explained, telling)),
        ("json", report::json::render(explained)),
        ("markdown", report::markdown::render(explained, telling)),
        ("junit", report::junit::render(explained)),
        ("github", report::github::render(explained, telling)),
        ("nagios", report::nagios::render(explained, telling)),
        ("openmetrics", report::openmetrics::render(explained)),
    ];
    for (format, page) in &pages {
        if steers(page) {
            problems.push(format!("  --explain: {format} holds characters that steer a terminal"));
        }
        // Words that no format has to escape, in this order.
        for cause in explained.alerts.iter().filter_map(|alert| alert.cause.as_ref()) {
            let told =
                if *format == "openmetrics" { cause.exception.as_ref().map(AwsText::raw) } else { Some(&*cause.text) };
            let mut words = told.unwrap_or_default().split(|c: char| !c.is_ascii_alphanumeric());
            let words = words.by_ref().filter(|word| !word.is_empty());
            // A line of Nagios is cut where it gets too long, and a reason why nothing was found may be.
            let most = if *format == "nagios" && cause.failing.is_none() { 4 } else { usize::MAX };
            let words: Vec<&str> = words.take(most).collect();
            let mut rest = page.as_str();
            let missing = words.iter().find(|word| match rest.find(**word) {
                Some(at) => {
                    rest = &rest[at + word.len()..];
                    false
                }
                None => true,
            });
            if let Some(missing) = missing {
                problems.push(format!("  --explain: {format} has no {missing:?} of {:?}", cause.text));
            }
        }
    }
    problems
}
