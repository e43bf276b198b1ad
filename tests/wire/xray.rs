//! What the tests of traces share: accounts that are entered, and X-Ray's answers in words of their own.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use slmon::{
    domain::{
        account::Target,
        fleet::Fleet,
        roster::{Base, ByHand},
        rules::Rules,
        trace::causes::{Causes, CostLimit},
        window::Minute,
    },
    engine::{
        self,
        explain::{self, Allowance, Ask},
        plan::{Depth, Settings},
    },
    source::{Source, aws::Aws, limit::Limited},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    AT, HORIZON,
    fake::{Asked, Fake, Reply},
    id, listed, resources, roster, session,
};

/// The second account: the session there has the key `ASIAOTHER`.
pub(crate) const OTHER: &str = "444455556666";

/// AWS with the function `pay` in each account, and X-Ray from a closure.
pub(crate) fn with_xray(xray: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Fake {
    Fake::new(move |asked| match asked.operation.as_str() {
        "AssumeRole" if asked.body.contains(OTHER) => session("ASIAOTHER"),
        "AssumeRole" => session("ASIASESSION"),
        "GetResources" => resources(&["pay"], ""),
        "ListFunctions" => listed(&["pay"]),
        _ => xray(asked),
    })
}

/// AWS as one who has entered it sees it.
pub(crate) struct Entered {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) fleet: Fleet,
    pub(crate) targets: Vec<Target>,
}

/// Enters one account, or two.
pub(crate) async fn enter(fake: &Fake, accounts: usize) -> Entered {
    let source: Arc<dyn Source> = Arc::new(Limited::new(Aws::preset(Base::Default, &fake.sdk())));
    let depth = Depth::Discover { all: false, configurations: false };
    let mut roster = roster();
    if accounts == 2 {
        roster.accounts.push(ByHand { id: Some(id(OTHER)), ..roster.accounts[0].clone() });
    }
    let (settings, cancel) = (Settings { horizon: HORIZON, depth }, CancellationToken::new());
    let (roster, rules, limit) = (Arc::new(roster), Arc::new(Rules::default()), Duration::from_secs(30));
    let (fleet, _) = engine::once(source.clone(), roster, rules, settings, limit, &cancel, |_| {}).await;
    let targets: Vec<_> = fleet.targets().map(|state| state.target.clone()).collect();
    assert_eq!(targets.len(), accounts);
    Entered { source, fleet, targets }
}

/// Long enough for everything but what hangs.
pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(50)
}

/// The failed traces of `pay` in the half hour before the end of the window.
pub(crate) fn failed(target: &Target) -> Ask {
    Ask {
        target: target.clone(),
        function: "pay".into(),
        from: AT.plus(-30),
        to: AT,
        since: Some(AT.plus(-10)),
        errors: true,
        throttles: false,
        tracing: Some(true),
    }
}

impl Entered {
    /// Why `pay` fails in the first account.
    pub(crate) async fn causes(&self, dollars: f64) -> Causes {
        self.causes_of(&failed(&self.targets[0]), dollars).await
    }

    pub(crate) async fn causes_of(&self, ask: &Ask, dollars: f64) -> Causes {
        explain::causes(&*self.source, ask, &Allowance::new(CostLimit::Run(dollars)), soon()).await
    }
}

/// Seconds since the epoch, so many minutes before the end of the window.
pub(crate) fn back(minutes: i64) -> i64 {
    AT.plus(-minutes).epoch_seconds()
}

/// An id of X-Ray's whose trace began at that second.
pub(crate) fn trace_id(second: i64, number: u64) -> String {
    format!("1-{second:08x}-{number:024x}")
}

/// A page of summaries: which, how many were looked through, and the token of the next.
pub(crate) fn page(summaries: &[Value], scanned: u64, token: Option<&str>) -> Reply {
    ok(&json!({"TraceSummaries": summaries, "TracesProcessedCount": scanned, "NextToken": token}))
}

/// A summary of `pay` that failed so many minutes before the end, with one root cause.
pub(crate) fn failing(number: u64, minutes: i64, exception: &str, message: &str) -> Value {
    json!({"Id": trace_id(back(minutes), number), "StartTime": back(minutes), "Duration": 0.25, "ResponseTime": 0.2,
        "HasFault": false, "HasError": false, "HasThrottle": false, "IsPartial": false,
        "ServiceIds": [{"Name": "pay", "Type": "AWS::Lambda"}, {"Name": "pay", "Type": "AWS::Lambda::Function"}],
        "FaultRootCauses": [{"ClientImpacting": true, "Services": [{"Name": "pay", "Names": ["pay"],
            "Type": "AWS::Lambda::Function", "AccountId": "111122223333", "Inferred": false,
            "EntityPath": [{"Name": "pay", "Remote": false, "Exceptions": []},
                {"Name": "Invocation", "Remote": false, "Exceptions": [{"Name": exception, "Message": message}]}]}]}]})
}

/// An answer that succeeds.
pub(crate) fn ok(value: &Value) -> Reply {
    Reply::Json(200, value.to_string())
}

/// The minute of an instant in a request.
pub(crate) fn minute_of(body: &Value, key: &str) -> Minute {
    let seconds = body[key].as_f64().unwrap_or_else(|| panic!("{key} in {body}"));
    #[expect(clippy::cast_possible_truncation, reason = "seconds of this century")]
    Minute((seconds as i64).div_euclid(60))
}
