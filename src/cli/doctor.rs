//! `slmon accounts --doctor`: tries each call once, and says what is missing and what mends it.

use super::{
    Refusal,
    args::{Accounts, Scope},
    listing::{FORMATS, Format},
    output,
    sweep::{self, telling},
};
use crate::{
    config::Flags,
    domain::{doctor::Tried, window::Horizon},
    engine::{
        End, doctor,
        plan::{Depth, Settings},
    },
    report::{ReportScope, tables::DoctorList},
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
    let denied: Vec<&str> = examination.tried.iter().filter(of_role).map(|tried| tried.operation).collect();
    let lacking: Vec<&'static str> = calls::ALL
        .iter()
        .filter(|call| policy::is_of_member(call) && denied.contains(&call.action))
        .map(|call| call.action)
        .collect();
    let statement = (!lacking.is_empty()).then(|| serde_json::json!(policy::mending(&lacking)));
    let list = DoctorList::new(&examination, ReportScope::of(&swept.fleet.rules().scope), statement);
    let why = |operation: &str| calls::ALL.iter().find(|call| call.action == operation).map_or("", |call| call.why);
    let telling = telling(&start, scope);
    output::write_all(&outputs, |format| match format {
        Format::Text => list.text(&telling, &why),
        Format::Json => list.json(),
    })?;
    Ok(list.verdict.code())
}
