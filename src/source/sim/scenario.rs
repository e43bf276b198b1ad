//! A world as a data file: what a test or a bug report says of an estate, in TOML. `tests/scenarios/` has examples.
//! Knows how a scenario is written, and nothing of who runs it: `[expect]` and `config` pass through as they are.
//!
//! ```toml
//! about = "one sentence"
//! now = "2026-11-23T10:00:00Z"          # all other times count from here: "-10m", "0m", "2h"
//! regions = ["eu-west-1"]               # enabled in each account that names none; the first is the credentials'
//! home = "999999999999"                 # the account of the default credentials
//! profiles = { acme = "111122223333" }  # and of profiles
//! delay = "90s"                         # until CloudWatch shows what happened
//! pages = { tagged = 100, functions = 50, accounts = 20, points = 100800 }
//! config = "…"                          # slmon's configuration
//!
//! [[organizations]]                     # without any, all accounts are in one that home may list
//! name = "acme"                         # what accounts call it; also client, management, role, external_id
//!
//! [[accounts]]
//! id = "111122223333"                   # also name, client, organization (or "none"), ou, active, role,
//! external_id = "demanded"              # regions; concurrency: how many instances may run at once
//!
//! [[accounts.functions]]
//! name = "api"                          # also region, runtime, timeout, memory, last_modified, deleted, once_tagged
//! count = 3                             # api-1, api-2, api-3
//! tags = { monitor = "true" }
//! invocations = 60                      # a minute; so are errors and throttles
//! traced = true                         # X-Ray has traces of it; also exception, message ({id} and {n} differ)
//! metrics = { IteratorAge = 90000 }     # other metrics of CloudWatch: the datapoint of each minute
//! infrequent = true                     # its log group is of the class Infrequent Access
//! errors = { from = "-10m", to = "0m", per_minute = 3, every = "5m" }   # or a list of these, which add up
//!
//! [[accounts.tables]]                   # DynamoDB tables
//! name = "orders"                       # also region
//! tags = { monitor = "true" }
//! metrics = { ConsumedReadCapacityUnits = 500, ProvisionedReadCapacityUnits = 10 }
//!
//! [[faults]]                            # where: account (id or name), region, operation, page; when: from, to
//! operation = "sts:AssumeRole"
//! fails = "denied"                      # a kind of failure, with message; or slow = "600ms", hangs = true,
//!                                       # empty_pages = 2, or answers = "partial" (forbidden, internal-error) for
//!                                       # function and metric
//!
//! [ask]                                 # what is asked, and
//! [expect]                              # what is expected: the test runner's own words
//! ```

mod raw;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use self::raw::{RawAccount, RawFault, RawFunction, RawScenario, RawTable};
use super::{
    fault::{Effect, Fault},
    story::Story,
    traffic::{Pattern, Script, Traffic},
    world::{PageSizes, World, WorldAccount, WorldFunction, WorldOrganization, WorldTable},
};
use crate::{
    domain::{
        account::{AccountId, Region},
        failure::Kind,
        function::Tags,
        roster::{Role, Secret},
        rules::span_minutes,
        series::Metric,
        text::nearest,
        window::Minute,
    },
    source::{MetricStatus, calls},
};

/// An estate with what is expected of whoever looks at it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it shows, in a sentence.
    pub about: String,
    /// The estate.
    pub world: World,
    /// A configuration to look at it with, in slmon's own format.
    pub config: Option<String>,
    /// What is asked beside the configuration: the test runner's own words.
    pub ask: toml::Table,
    /// What is expected: the test runner's own words.
    pub expect: toml::Table,
}

/// Why a scenario can't be read, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScenarioError(String);

type Read<T> = Result<T, String>;

/// Who the default credentials belong to where a scenario does not say it.
const HOME: &str = "999999999999";

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// What can't be read and where, in a sentence.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let raw = RawScenario::deserialize(toml::Deserializer::parse(text).map_err(|e| in_a_sentence(text, &e))?)
            .map_err(|error| in_a_sentence(text, &error))?;
        Self::resolve(raw).map_err(ScenarioError)
    }

    fn resolve(raw: RawScenario) -> Read<Self> {
        let now = Clock(Minute::floor(timestamp(&raw.now)?));
        let regions = raw.regions.iter().map(|region| parse_region(region)).collect::<Read<Vec<_>>>()?;
        let home_region = regions.first().cloned().ok_or("regions: at least one is needed")?;
        let home = parse_account(raw.home.as_deref().unwrap_or(HOME))?;
        let profiles = raw.profiles.into_iter().map(|(name, id)| Ok((name, parse_account(&id)?)));
        let mut organizations = Vec::new();
        for organization in raw.organizations.iter().flatten() {
            organizations.push(WorldOrganization {
                name: organization.name.clone(),
                client: organization.client.as_deref().map(Into::into),
                management: organization.management.as_deref().map_or(Ok(home.clone()), parse_account)?,
                role: Role {
                    name: organization.role.clone(),
                    external_id: organization.external_id.as_deref().map(Secret::new),
                },
            });
        }
        if raw.organizations.is_none() {
            organizations.push(WorldOrganization {
                name: String::new(),
                client: None,
                management: home.clone(),
                role: Role { name: "slmon".into(), external_id: None },
            });
        }
        let accounts = raw
            .accounts
            .into_iter()
            .map(|account| now.account(account, &regions, &organizations))
            .collect::<Read<Vec<_>>>()?;
        if let (None, [only]) = (&raw.organizations, organizations.as_mut_slice()) {
            let client = accounts.first().and_then(|account| account.client.clone());
            only.client = client.filter(|client| accounts.iter().all(|it| it.client.as_ref() == Some(client)));
        }
        let faults = raw
            .faults
            .into_iter()
            .enumerate()
            .map(|(at, fault)| now.fault(fault, &accounts).map_err(|why| format!("fault {}: {why}", at + 1)))
            .collect::<Read<Vec<_>>>()?;
        let sizes = PageSizes::default();
        let world = World {
            now: now.0,
            seed: 0,
            home,
            home_region,
            profiles: profiles.collect::<Read<BTreeMap<_, _>>>()?,
            organizations,
            accounts,
            faults,
            delay: raw.delay.as_deref().map_or(Ok(90), seconds)?,
            pages: PageSizes {
                accounts: raw.pages.accounts.unwrap_or(sizes.accounts),
                tagged: raw.pages.tagged.unwrap_or(sizes.tagged),
                functions: raw.pages.functions.unwrap_or(sizes.functions),
                points: raw.pages.points.unwrap_or(sizes.points),
            },
        };
        Ok(Self { about: raw.about, world, config: raw.config, ask: raw.ask, expect: raw.expect })
    }
}

/// The scenario's instant, from which its minutes are counted.
#[derive(Clone, Copy)]
struct Clock(Minute);

impl Clock {
    fn account(self, raw: RawAccount, regions: &[Region], organizations: &[WorldOrganization]) -> Read<WorldAccount> {
        let id = parse_account(&raw.id)?;
        let regions = match raw.regions {
            Some(own) => own.iter().map(|region| parse_region(region)).collect::<Read<Vec<_>>>()?,
            None => regions.to_vec(),
        };
        // Without any organization described, all accounts are in the one that there is.
        let organization = raw.organization.or_else(|| {
            organizations.iter().find(|organization| organization.name.is_empty()).map(|it| it.name.clone())
        });
        if let Some(name) = organization.as_ref().filter(|name| name.as_str() != "none")
            && !organizations.iter().any(|organization| organization.name == *name)
        {
            return Err(format!("account {id}: there is no organization {name}"));
        }
        let mut functions = Vec::new();
        for function in raw.functions {
            let name = function.name.clone();
            functions.extend(
                self.functions(function, &regions)
                    .map_err(|why| format!("account {id}, function {}: {why}", name.escape_debug()))?,
            );
        }
        let mut tables = Vec::new();
        for table in raw.tables {
            let name = table.name.clone();
            let table = self.table(table, &regions);
            tables.push(table.map_err(|why| format!("account {id}, table {}: {why}", name.escape_debug()))?);
        }
        Ok(WorldAccount {
            name: raw.name.unwrap_or_else(|| format!("account-{id}")).into(),
            client: raw.client.map(Into::into),
            organization: organization.filter(|name| name != "none"),
            ou: raw.ou,
            active: raw.active,
            role: raw.role,
            external_id: raw.external_id.map(Secret::new),
            id,
            regions,
            functions,
            tables,
            concurrency: raw.concurrency,
            transaction_search: raw.transaction_search,
        })
    }

    fn table(self, raw: RawTable, regions: &[Region]) -> Read<WorldTable> {
        let metrics = raw.metrics.into_iter().map(|(name, raw)| Ok((parse_metric(&name)?, self.patterns(raw)?)));
        Ok(WorldTable {
            region: region_of(raw.region.as_deref(), regions)?,
            name: raw.name.into(),
            tags: Tags::new(raw.tags.into_iter().map(|(key, value)| (key.into(), value.into()))),
            metrics: metrics.collect::<Read<Vec<_>>>()?,
        })
    }

    fn patterns(self, raw: raw::Patterns) -> Read<Vec<Pattern>> {
        raw.0.into_iter().map(|pattern| pattern.resolve(self)).collect()
    }

    /// One function, or as many as `count` says, numbered.
    fn functions(self, raw: RawFunction, regions: &[Region]) -> Read<Vec<WorldFunction>> {
        let region = region_of(raw.region.as_deref(), regions)?;
        let patterns = |raw| self.patterns(raw);
        let script = Script {
            invocations: patterns(raw.invocations)?,
            errors: patterns(raw.errors)?,
            throttles: patterns(raw.throttles)?,
            more: raw
                .metrics
                .into_iter()
                .map(|(name, raw)| Ok((parse_metric(&name)?, patterns(raw)?)))
                .collect::<Read<Vec<_>>>()?,
        };
        let modified = raw.last_modified.as_deref().map_or(Ok(self.0.plus(-30 * 1440)), |text| self.minute(text))?;
        let exception = raw.exception.map(Into::into).or_else(|| (!raw.traced).then_some("RuntimeError".into()));
        let story = Story { exception, message: raw.message.unwrap_or_default().into(), ..Story::default() };
        let one = WorldFunction {
            region,
            name: raw.name.as_str().into(),
            tags: Tags::new(raw.tags.into_iter().map(|(key, value)| (key.into(), value.into()))),
            once_tagged: raw.once_tagged,
            runtime: raw.runtime.map(Into::into),
            timeout: raw.timeout,
            memory: raw.memory,
            last_modified: Some(modified.timestamp()),
            deleted: raw.deleted,
            story: raw.traced.then(|| story.clone()),
            untraced: (!raw.traced).then_some(story),
            infrequent: raw.infrequent,
            traffic: if script == Script::default() { Traffic::None } else { Traffic::Scripted(script) },
        };
        Ok(match raw.count {
            None => vec![one],
            Some(count) => {
                (1..=count).map(|n| WorldFunction { name: format!("{}-{n}", raw.name).into(), ..one.clone() }).collect()
            }
        })
    }

    fn fault(self, raw: RawFault, accounts: &[WorldAccount]) -> Read<Fault> {
        let account = match &raw.account {
            None => None,
            Some(text) => {
                let named =
                    accounts.iter().find(|account| account.name.raw() == text).map(|account| account.id.clone());
                Some(named.or_else(|| AccountId::parse(text)).ok_or(format!("there is no account {text}"))?)
            }
        };
        let operation = raw.operation.as_deref().map(parse_operation).transpose()?;
        let metrics = raw.function.is_some() || raw.metric.is_some();
        if metrics && raw.answers.is_none() {
            return Err("function and metric belong to answers = …".into());
        }
        if raw.message.is_some() && raw.fails.is_none() {
            return Err("message belongs to fails = …".into());
        }
        let message = raw.message.map(Into::into);
        let mut effects = Vec::new();
        effects.extend(raw.fails.as_deref().map(parse_kind).transpose()?.map(|kind| Effect::Fails(kind, message)));
        effects.extend(raw.slow.as_deref().map(duration).transpose()?.map(Effect::Slow));
        effects.extend(raw.hangs.then_some(Effect::Hangs));
        effects.extend(raw.empty_pages.map(Effect::EmptyPages));
        if let Some(status) = &raw.answers {
            effects.push(Effect::Metrics {
                function: raw.function.map(Into::into),
                metric: raw.metric.as_deref().map(parse_metric).transpose()?,
                status: parse_status(status)?,
            });
        }
        let [effect] = <[Effect; 1]>::try_from(effects)
            .map_err(|_| "exactly one of fails, slow, hangs, empty_pages and answers is needed")?;
        Ok(Fault {
            account,
            region: raw.region.as_deref().map(parse_region).transpose()?,
            operation,
            page: raw.page,
            from: raw.from.as_deref().map(|text| self.minute(text)).transpose()?,
            to: raw.to.as_deref().map(|text| self.minute(text)).transpose()?,
            effect,
        })
    }

    /// `-10m`, `0m`, `2h`: so long after now.
    fn minute(self, text: &str) -> Read<Minute> {
        let (sign, span) = text.strip_prefix('-').map_or((1, text), |span| (-1, span));
        let minutes = if matches!(span, "0" | "0m" | "now") { Ok(0) } else { span_minutes(span) };
        let minutes = minutes.map_err(|_| format!("{text}: a time from now is needed, such as -10m, 0m or 2h"))?;
        Ok(self.0.plus(sign * minutes))
    }
}

/// Where something lives: in the region that is named, or in the first of its account's.
fn region_of(named: Option<&str>, regions: &[Region]) -> Read<Region> {
    let region = match named {
        Some(region) => parse_region(region)?,
        None => regions.first().cloned().ok_or("its account has no region")?,
    };
    if regions.contains(&region) { Ok(region) } else { Err(format!("{region} is not enabled in its account")) }
}

fn timestamp(text: &str) -> Read<Timestamp> {
    text.parse().map_err(|_| format!("now = {text}: an instant is needed, such as 2026-11-23T10:00:00Z"))
}

fn parse_account(text: &str) -> Read<AccountId> {
    AccountId::parse(text).ok_or_else(|| format!("{text}: an account id of twelve digits is needed"))
}

fn parse_region(text: &str) -> Read<Region> {
    Region::parse(text).ok_or_else(|| format!("{text}: a region's code is needed, such as eu-west-1"))
}

fn duration(text: &str) -> Read<std::time::Duration> {
    let span = text.parse::<jiff::SignedDuration>().ok().and_then(|span| span.try_into().ok());
    span.ok_or_else(|| format!("{text}: a duration is needed, such as 600ms or 2s"))
}

fn seconds(text: &str) -> Read<i64> {
    Ok(i64::try_from(duration(text)?.as_secs()).unwrap_or(i64::MAX))
}

fn parse_operation(text: &str) -> Read<&'static str> {
    let mut known = calls::ALL.iter().map(|call| call.action);
    known.clone().find(|action| *action == text).ok_or_else(|| match nearest(text, known.by_ref()) {
        Some(near) => format!("slmon makes no call {text}; {near}?"),
        None => format!("slmon makes no call {text}"),
    })
}

fn parse_kind(text: &str) -> Read<Kind> {
    one_of(
        "a failure",
        text,
        &[
            Kind::Denied,
            Kind::Scp,
            Kind::RegionDisabled,
            Kind::Throttled,
            Kind::Expired,
            Kind::Network,
            Kind::Timeout,
            Kind::Deadline,
            Kind::Server,
            Kind::Malformed,
            Kind::Interrupted,
            Kind::Other,
        ]
        .map(|kind| (kind.as_str(), kind)),
    )
}

fn parse_metric(text: &str) -> Read<Metric> {
    let all: Vec<_> = Metric::ALL.iter().map(|metric| (metric.as_str(), *metric)).collect();
    one_of("a metric", text, &all)
}

fn parse_status(text: &str) -> Read<MetricStatus> {
    one_of(
        "a status",
        text,
        &[
            ("partial", MetricStatus::Partial),
            ("forbidden", MetricStatus::Forbidden),
            ("internal-error", MetricStatus::InternalError),
        ],
    )
}

fn one_of<T: Copy>(what: &str, text: &str, known: &[(&str, T)]) -> Read<T> {
    known.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
        format!("{text}: {what} is one of {}", words.join(", "))
    })
}

fn in_a_sentence(text: &str, error: &toml::de::Error) -> ScenarioError {
    let line = error.span().map(|span| text[..span.start.min(text.len())].lines().count().max(1));
    ScenarioError(match line {
        Some(line) => format!("line {line}: {}", error.message()),
        None => error.message().into(),
    })
}
