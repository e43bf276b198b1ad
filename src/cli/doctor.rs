//! `slmon accounts --doctor`: tries each call once, and says what is missing and what mends it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Refusal,
    args::{Accounts, Scope},
    listing::{FORMATS, Format},
    output,
    sweep::{self, telling},
};
use crate::{
    config::Flags,
    domain::{
        account::{AccountId, Region},
        doctor::Tried,
        window::Horizon,
    },
    engine::{
        End, doctor,
        plan::{Depth, Settings},
    },
    report::{
        ReportScope,
        tables::{DoctorList, Mending},
    },
    source::{calls, policy},
};

pub(super) async fn run(scope: &Scope, args: &Accounts) -> Result<u8, Refusal> {
    let outputs = output::parse(&args.listing.formats, FORMATS)?;
    let start = sweep::start(scope, Flags::default())?;
    let without: Vec<_> = args
        .without
        .iter()
        .map(|name| policy::optional(name.trim()))
        .collect::<Result<_, _>>()
        .map_err(|why| Refusal::usage(format!("--without: {why}")))?;
    let left_out: Vec<&str> = without.iter().flat_map(|feature| feature.calls).copied().collect();
    let (alert, now) = (&start.config().alert, start.minute());
    let horizon = Horizon::new(now.plus(-alert.settle), alert.window, now);
    let settings = Settings { horizon, depth: Depth::Discover { all: false, configurations: false } };
    let swept = sweep::sweep(&start, scope, settings, "accounts").await;
    if swept.end == End::Interrupted {
        return Ok(130);
    }
    let examination = doctor::examine(swept.source, &swept.fleet, &horizon, &left_out, alert.deadline).await;
    // What a service control policy denies, or a closed region, no statement mends.
    let of_role = |tried: &&Tried| tried.is_missing() && tried.is_denied();
    let of_member =
        |tried: &&Tried| calls::ALL.iter().any(|call| call.action == tried.operation && policy::is_of_member(call));
    let mut lacking: BTreeMap<(AccountId, &str), BTreeSet<&str>> = BTreeMap::new();
    for tried in examination.tried.iter().filter(of_role).filter(of_member) {
        let Some(account) = &tried.account else { continue };
        let partition = tried.region.as_ref().map_or("aws", Region::partition);
        lacking.entry((account.id.clone(), partition)).or_default().insert(tried.operation);
    }
    // Accounts that lack the same are mended by the same.
    let mut mends: BTreeMap<(BTreeSet<&str>, &str), Vec<AccountId>> = BTreeMap::new();
    for ((account, partition), actions) in lacking {
        mends.entry((actions, partition)).or_default().push(account);
    }
    let mends = mends.into_iter().map(|((actions, partition), accounts)| {
        let actions: Vec<&str> = actions.into_iter().collect();
        Mending { accounts, statements: serde_json::json!(policy::mending(&actions, partition)) }
    });
    let list = DoctorList::new(&examination, ReportScope::of(&swept.fleet.rules().scope), mends.collect());
    let why = |operation: &str| calls::ALL.iter().find(|call| call.action == operation).map_or("", |call| call.why);
    let telling = telling(&start, scope);
    output::write_all(&outputs, |format| match format {
        Format::Text => list.text(&telling, &why),
        Format::Json => list.json(),
    })?;
    Ok(list.verdict.code())
}
