//! `slmon functions`: what is discovered, its stage, and why.

use super::{
    Refusal,
    args::{Functions, Scope},
    listing::{Listed, listing},
};
use crate::{
    checks,
    domain::fleet::{Function, TargetState},
    engine::plan::Depth,
    report::{
        ReportScope, spots,
        tables::{FunctionList, FunctionRow, SpotList},
    },
};

pub(super) async fn run(scope: &Scope, args: &Functions) -> Result<u8, Refusal> {
    if args.blind_spots {
        return blind_spots(scope, args).await;
    }
    let depth = Depth::Discover { all: args.all, configurations: true };
    listing(scope, &args.listing, depth, "functions", |_, fleet, _, coverage, telling| {
        let rows = fleet.targets().flat_map(|state| {
            // Of a deleted function the tags are still there for hours; `alert` tells of those.
            let shown = |function: &&Function| (args.all || function.class.watched) && !function.is_gone();
            state.rows().filter(shown).map(|function| row(state, function))
        });
        let mut rows: Vec<FunctionRow> = rows.collect();
        rows.sort_by(|a, b| {
            let key = |row: &FunctionRow| {
                (row.client.clone(), row.account_name.clone(), row.account.clone(), row.region.clone())
            };
            key(a).cmp(&key(b))
        });
        let list = FunctionList::new(coverage, rows).within(ReportScope::of(&fleet.rules().scope));
        Listed { text: list.text(telling), json: list.json() }
    })
    .await
}

/// What tags hide. It is judged over the window of the configuration which production fails without the tag.
async fn blind_spots(scope: &Scope, args: &Functions) -> Result<u8, Refusal> {
    listing(scope, &args.listing, Depth::Spots, "functions", |_, fleet, horizon, coverage, telling| {
        let spots = spots::blind_spots(fleet, &checks::judge_fleet(fleet, horizon), Vec::new());
        let searched =
            fleet.targets().filter_map(|state| state.search.through.or(Some(state.functions.as_ref()?.len())));
        let list = SpotList::new(coverage, searched.sum(), spots);
        Listed { text: list.text(telling), json: list.json() }
    })
    .await
}

fn row(state: &TargetState, function: &Function) -> FunctionRow {
    let account = &state.target.account;
    FunctionRow {
        client: account.client.clone(),
        account: account.id.clone(),
        account_name: account.name.clone(),
        region: state.target.region.clone(),
        function: function.found.name.clone(),
        arn: function.found.arn.clone(),
        watched: function.class.watched,
        stage: function.class.stage.clone(),
        tags: function.found.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        runtime: function.configuration.as_ref().and_then(|configuration| configuration.runtime.clone()),
    }
}
