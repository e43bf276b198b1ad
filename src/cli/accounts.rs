//! `slmon accounts`: each target, reached or not, and what is missing.

use super::{
    Refusal,
    args::{Accounts, Scope},
    doctor,
    listing::{Listed, listing},
};
use crate::{
    domain::{
        account::{Account, Region},
        failure::Failure,
        fleet::{Fleet, TargetState},
    },
    engine::plan::Depth,
    report::{
        ReportScope,
        tables::{AccountList, State, TargetRow},
    },
};

pub(super) async fn run(scope: &Scope, args: &Accounts) -> Result<u8, Refusal> {
    if args.doctor {
        return doctor::run(scope, args).await;
    }
    listing(scope, &args.listing, Depth::Probe, "accounts", |_, fleet, _, coverage, telling| {
        let list = AccountList::new(rows(fleet), coverage).within(ReportScope::of(&fleet.rules().scope));
        Listed { text: list.text(telling), json: list.json() }
    })
    .await
}

fn rows(fleet: &Fleet) -> Vec<TargetRow> {
    let listings = fleet
        .listings()
        .iter()
        .map(|(client, failure)| TargetRow { client: client.clone(), ..out(None, None, failure) });
    let failed =
        fleet.accounts().filter_map(|state| Some(out(Some(&state.entry.account), None, state.failure.as_ref()?)));
    let mut rows: Vec<TargetRow> = listings.chain(failed).chain(fleet.targets().map(target)).collect();
    // What is out of reach first; then as people think of accounts: by client and name.
    rows.sort_by(|a, b| {
        let key = |row: &TargetRow| {
            (row.state == State::Seen, row.client.clone(), row.account_name.clone(), row.account.clone())
        };
        key(a).cmp(&key(b))
    });
    rows
}

/// A row for what is out of reach.
fn out(account: Option<&Account>, region: Option<&Region>, failure: &Failure) -> TargetRow {
    TargetRow {
        client: account.and_then(|account| account.client.clone()),
        account: account.map(|account| account.id.clone()),
        account_name: account.and_then(|account| account.name.clone()),
        region: region.cloned(),
        state: State::Unseen,
        operation: Some(failure.operation),
        kind: Some(failure.kind),
        message: Some(failure.message.clone()),
        hint: Some(failure.hint.clone()),
        functions: None,
        production: None,
        latency_ms: None,
    }
}

fn target(state: &TargetState) -> TargetRow {
    let (account, region) = (&state.target.account, &state.target.region);
    let watched = || state.known().iter().filter(|function| function.class.watched);
    let known = state.functions.as_ref();
    let counted = TargetRow {
        client: account.client.clone(),
        account: Some(account.id.clone()),
        account_name: account.name.clone(),
        region: Some(region.clone()),
        state: State::Seen,
        operation: None,
        kind: None,
        message: None,
        hint: None,
        functions: known.map(|_| watched().count()),
        production: known.map(|_| watched().filter(|function| function.class.alerts()).count()),
        latency_ms: state.took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
    };
    match (state.unread.first().map(|unread| &unread.failure), &state.detour) {
        (None, None) => counted,
        // It was seen all the same, and there is something to mend.
        (None, Some(detour)) => TargetRow {
            operation: Some(detour.operation),
            kind: Some(detour.kind),
            message: Some("its functions were read one by one".into()),
            hint: Some(detour.hint.clone()),
            ..counted
        },
        (Some(failure), _) => TargetRow {
            state: if known.is_some() { State::Partial } else { State::Unseen },
            functions: counted.functions,
            production: counted.production,
            latency_ms: counted.latency_ms,
            ..out(Some(account), Some(region), failure)
        },
    }
}
