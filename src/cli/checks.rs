//! `slmon checks`: which checks there are, which are on in this configuration, and what each costs. It asks nobody.

use super::{
    Refusal,
    args::{Checks, Scope},
    output, sweep,
};
use crate::{
    checks,
    config::Flags,
    domain::{
        function::ResourceType,
        rules::{
            Rules,
            more::{Extra, Number},
        },
    },
    report::checks::{CheckList, CheckRow, Cost, LimitRow, ReadRow},
};

/// How the list is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Json,
}

const FORMATS: &[(&str, Format)] = &[("text", Format::Text), ("json", Format::Json)];

pub(super) fn run(scope: &Scope, args: &Checks) -> Result<u8, Refusal> {
    let outputs = output::parse(&args.listing.formats, FORMATS)?;
    let start = sweep::start(scope, Flags { checks: args.checks.clone(), ..Flags::default() })?;
    let list = list(&start.config().rules, start.config().alert.baseline.is_some());
    let telling = sweep::telling(&start, scope);
    output::write_all(&outputs, |format| match format {
        Format::Text => list.text(&telling),
        Format::Json => list.json(),
    })?;
    Ok(0)
}

/// Every check under these rules; whether the gate compares with a baseline.
pub fn list(rules: &Rules, baseline: bool) -> CheckList {
    let limits = &rules.limits;
    let row = |listed: checks::Listed| CheckRow {
        name: listed.name,
        about: listed.about,
        on: match listed.extra {
            Some(extra) => limits.more.is_on(extra),
            None => baseline || listed.name != "errors-baseline",
        },
        switched_by: listed.extra.map(|extra| limits.more.switched_by(extra).to_owned()),
        overrides: listed.extra.map(|extra| overrides(rules, extra)).unwrap_or_default(),
        limits: match (listed.name, listed.extra) {
            (_, Some(extra)) => Number::ALL
                .iter()
                .filter(|number| number.check() == extra)
                .map(|number| LimitRow::of_number(*number, limits.more.get(*number)))
                .collect(),
            ("throttles", None) => vec![
                LimitRow::of_clauses("critical", "throttle", &limits.throttles.critical),
                LimitRow::of_clauses("warning", "throttle", &limits.throttles.warning),
            ],
            _ => vec![
                LimitRow::of_clauses("critical", "error", &limits.errors.critical),
                LimitRow::of_clauses("warning", "error", &limits.errors.warning),
            ],
        },
        of: match listed.of {
            ResourceType::Function => "function",
            ResourceType::Table => "table",
        },
        cost: Cost::of(&listed.needs, listed.extra.is_some()),
        reads: listed.needs.iter().map(ReadRow::of).collect(),
        reads_configuration: listed.configuration,
        reads_limit: listed.limit,
    };
    CheckList::new(checks::listed(limits).into_iter().map(row).collect())
}

/// The overrides that say anything of a check.
fn overrides(rules: &Rules, extra: Extra) -> Vec<String> {
    let says = |over: &&crate::domain::rules::Override| over.limits.more.iter().any(|(word, _)| word.check() == extra);
    rules.overrides.iter().filter(says).map(|over| over.name.clone()).collect()
}
