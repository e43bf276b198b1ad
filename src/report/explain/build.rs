//! From a fleet, a judgement and what traces say to a page.

use super::{
    Explanation, TracesRow,
    causes::{CauseRow, SourceRow},
    logs::LogsRow,
};
use crate::{
    domain::{
        finding::JudgedFunction,
        fleet::{Function, TargetState},
        logs::groups::LogCauses,
        observation::Reading,
        trace::{causes::Causes, tree::Tree},
        why::Told,
        window::{Minute, Window},
    },
    report::{Alert, trace::TraceRow},
};

impl Explanation {
    /// A function with what the checks make of it (none where it is not judged), what fires, what its traces and its log
    /// say, and one trace whole with what of it could not be read. `window` is what was judged.
    pub fn new(
        state: &TargetState,
        function: &Function,
        judged: Option<&JudgedFunction>,
        alerts: &[Alert],
        (causes, logs): (&Causes, Option<&LogCauses>),
        (tree, lost): (Option<Tree>, Vec<String>),
        window: Window,
    ) -> Self {
        let account = &state.target.account;
        let judged = judged.map(|judged| &judged.judged);
        let configuration = function.configuration.as_ref();
        let timeout = configuration.and_then(|configuration| configuration.timeout);
        // What is not production is not judged, and read all the same.
        let read = |reading: &Reading| match reading {
            Reading::Known(series) => series.sum(window),
            _ => None,
        };
        let errors = judged.map_or_else(|| read(&function.errors), |judged| judged.errors);
        let throttles = judged.map_or_else(|| read(&function.throttles), |judged| judged.throttles);
        let is_own = |alert: &&Alert| {
            alert.account == account.id && alert.region == state.target.region && alert.function == function.found.name
        };
        let request =
            tree.as_ref().and_then(|tree| Some((tree.id.clone(), tree.request_of(&function.found.name)?.clone())));
        let told = Told {
            function: &function.found.name,
            traces: Some(causes),
            log: logs,
            timeout,
            requests: request.as_slice(),
        };
        let near = Minute::floor(causes.to);
        let reasons = told.reasons();
        Self {
            client: account.client.clone(),
            account: account.id.clone(),
            account_name: account.name.clone(),
            region: state.target.region.clone(),
            function: function.found.name.clone(),
            arn: function.found.arn.clone(),
            stage: function.class.stage.clone(),
            verdict: judged.map(|judged| judged.verdict),
            errors,
            throttles,
            invocations: judged.and_then(|judged| judged.invocations),
            alerts: alerts.iter().filter(is_own).cloned().collect(),
            runtime: configuration.and_then(|configuration| configuration.runtime.clone()),
            timeout,
            memory: configuration.and_then(|configuration| configuration.memory),
            last_modified: configuration.and_then(|configuration| configuration.last_modified).map(Minute::floor),
            owner: function.class.owner.clone(),
            runbook: function.class.runbook.clone(),
            traces: {
                let quiet = errors == Some(0) && throttles.unwrap_or(0) == 0;
                let mut traces = TracesRow::new(causes, &function.found.name, timeout, quiet);
                traces.remarks.extend(lost);
                traces
            },
            causes: CauseRow::all(&told, &reasons),
            sources: SourceRow::all(&told, near),
            basis: told.basis(near),
            logs: logs.map(|logs| LogsRow::new(logs, &reasons)),
            watched: function.class.watched,
            example: tree.as_ref().map(TraceRow::new),
            tree,
        }
    }
}
