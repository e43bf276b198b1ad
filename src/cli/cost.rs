//! `slmon cost`: what a day of watching would cost. It finds functions and reads no metric.

use std::collections::BTreeMap;

use super::{
    Refusal,
    args::{Cost, Scope},
    listing::{Listed, listing},
    state,
};
use crate::{
    domain::{fleet::TargetState, function::ResourceType, window::Horizon},
    engine::{
        plan::Depth,
        watch::forecast::{self, CheckLoad, forecast},
    },
    report::{
        ReportScope,
        tables::{AddedRow, Cost as Report, CostRow, Day, Load, SpentRow},
    },
};

pub(super) async fn run(scope: &Scope, args: &Cost) -> Result<u8, Refusal> {
    let depth = Depth::Discover { all: false, configurations: false };
    listing(scope, &args.listing, depth, "cost", |start, fleet, horizon, coverage, telling| {
        // What could not be listed costs nobody knows what; what holds nothing that is watched is looked at all the same.
        let known = fleet.targets().filter(|state| state.functions.is_some());
        let mut checks: BTreeMap<_, CheckLoad> = BTreeMap::new();
        let rows: Vec<(CostRow, u64)> = known
            .map(|state| {
                for (check, load) in forecast::by_check(state) {
                    let sum = checks.entry(check).or_default();
                    let more = (sum.rows + load.rows, sum.quiet + load.quiet, sum.all + load.all);
                    *sum = CheckLoad { rows: more.0, quiet: more.1, all: more.2 };
                }
                row(state, horizon)
            })
            .collect();
        let alert = rows.iter().map(|(row, more)| 2 * row.production + row.others + more).sum();
        let rows = rows.into_iter().map(|(row, _)| row).collect();
        // The demo is watched by nobody, and whoever named it wants nothing to do with alerts of their own.
        let spent = if scope.demo.is_some() { BTreeMap::new() } else { state::spent(start) };
        let spent = spent.iter().rev().map(|(day, spent)| SpentRow::new(*day, spent)).collect();
        let cost = Report::new(rows, alert, start.config().dashboard.budget, coverage);
        let cost = cost.adding(checks.into_iter().map(|(check, load)| added(check, load)).collect());
        let cost = cost.within(ReportScope::of(&fleet.rules().scope)).having(spent);
        Listed { text: cost.text(telling), json: cost.json() }
    })
    .await
}

/// A target, and what checks need of it beside errors and throttles in one sweep.
fn row(state: &TargetState, horizon: &Horizon) -> (CostRow, u64) {
    let (account, forecast) = (&state.target.account, forecast(state, horizon));
    let row = CostRow {
        client: account.client.clone(),
        account: account.id.clone(),
        account_name: account.name.clone(),
        region: state.target.region.clone(),
        production: forecast.production,
        others: forecast.others,
        quiet: load(forecast.quiet),
        noisy: load(forecast.noisy),
        all: load(forecast.all),
    };
    (row, forecast.more)
}

fn added((check, of): (&'static str, ResourceType), load: CheckLoad) -> AddedRow {
    let (functions, tables) = match of {
        ResourceType::Function => (load.rows, 0),
        ResourceType::Table => (0, load.rows),
    };
    AddedRow { check, functions, tables, quiet: Day::of(load.quiet), all: Day::of(load.all) }
}

fn load(load: forecast::Load) -> Load {
    Load { plan: load.way.word(), every_minutes: load.every, metrics: load.metrics }
}
