//! What traces say, in sentences: the same for every front.

use super::{
    Destination, Failing, ServiceName,
    causes::{Age, Causes, CostLimit, Cut, ErrorGroup},
    tree::{Node, Tree},
};
use crate::domain::{
    text::{AwsText, counted, usd},
    usage::DOLLARS_PER_TRACE,
};

/// Seconds as people say them: `3 ms`, `812 ms`, `10.2 s`, `4 min 10 s`.
pub fn seconds(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    if seconds < 0.01 {
        format!("{:.1} ms", seconds * 1000.0)
    } else if seconds < 0.9995 {
        format!("{:.0} ms", seconds * 1000.0)
    } else if seconds < 99.95 {
        format!("{seconds:.1} s")
    } else {
        let whole = seconds.round();
        format!("{:.0} min {:02.0} s", (whole / 60.0).floor(), whole % 60.0)
    }
}

/// Microseconds in the same words.
pub fn micros(micros: i64) -> String {
    seconds(micros as f64 / 1e6)
}

impl ServiceName {
    /// `orders (DynamoDB Table)`, fit to be shown.
    pub fn shown(&self) -> String {
        match self.what() {
            what if what.is_empty() => self.name.shown().into_owned(),
            what => format!("{} ({what})", self.name.shown()),
        }
    }
}

impl Age {
    /// `new: not seen before the alert began`, where that is known.
    pub fn in_words(self) -> Option<&'static str> {
        match self {
            Self::New => Some("new: not seen before the alert began"),
            Self::Known => Some("known: seen before the alert began"),
            Self::Unknown => None,
        }
    }
}

impl ErrorGroup {
    /// `KeyError: 'item-<id>'`, fit to be shown.
    pub fn headline(&self) -> String {
        match &self.message {
            Some(message) if !message.raw().is_empty() => format!("{}: {}", self.title(), message.shown()),
            _ => self.title(),
        }
    }

    /// `shop-api/prod (API Gateway) → checkout (function) → carts (DynamoDB Table)`, fit to be shown.
    pub fn path(&self) -> String {
        self.chain.iter().map(ServiceName::shown).collect::<Vec<_>>().join(" → ")
    }

    /// Why it has no exception, as far as that can be told. `timeout` is the function's, in seconds.
    pub fn guess(&self, timeout: Option<u32>) -> Option<String> {
        let timeout = timeout.filter(|timeout| self.ran_out(*timeout));
        match (&self.exception, self.failing, timeout) {
            (Some(_), ..) => None,
            (None, Failing::Throttle, _) => Some(REFUSED.into()),
            (None, _, Some(timeout)) => {
                Some(format!("it ran for {}: Lambda ends it after {timeout} s", seconds(self.longest)))
            }
            (None, ..) => Some(
                "nothing was recorded: the runtime may have been ended (memory, exit), or does not tell X-Ray; its log says more".into(),
            ),
        }
    }
}

impl Causes {
    /// What is missing and what to do about it, in sentences fit to be shown. `function` is what it is about.
    pub fn remarks(&self, function: &AwsText) -> Vec<String> {
        let mut remarks = Vec::new();
        if let Some(failure) = &self.failure {
            let said = failure.message.shown();
            remarks.push(format!("X-Ray can't be read ({}): {said}; {}", failure.kind.as_str(), failure.hint));
        }
        let unread = matches!(self.cut, Some(Cut::Cost { .. } | Cut::Time)) && self.failed == 0;
        if self.groups.is_empty() && self.failure.is_none() && !unread {
            remarks.push(match (self.tracing, self.destination) {
                (_, Some(Destination::CloudWatchLogs)) => {
                    "no failed trace was found: this account sends traces to CloudWatch Logs (Transaction Search), where X-Ray \
                     indexes 1 % unless told otherwise, and hands out none whole; look in the log group aws/spans"
                        .into()
                }
                (Some(false), _) => format!(
                    "no failed trace was found: active tracing is off; turn it on with aws lambda update-function-configuration --function-name {} --tracing-config Mode=Active (its role needs xray:PutTraceSegments)",
                    function.shown()
                ),
                _ if self.in_progress > 0 => {
                    "the traces of this time are still in progress: look again in a minute".into()
                }
                _ => "no failed trace was found: Lambda samples one request a second and 5 % of the rest, so a failure may be \
                      in none; its log has it"
                    .into(),
            });
        }
        match self.cut {
            Some(Cut::Cost { allowed, rest }) => {
                let spent = self.scanned as f64 * DOLLARS_PER_TRACE;
                remarks.push(over_cost(allowed, rest.map(|rest| spent + rest)));
            }
            Some(Cut::Time) => remarks.push(NO_TIME.into()),
            Some(Cut::Enough) | None => {}
        }
        remarks
    }
}

/// Why requests are throttled by Lambda. Source: the Lambda developer guide, "Types of metrics for Lambda functions", Throttles.
pub const REFUSED: &str =
    "Lambda refused to run it: its reserved concurrency, or what the account has left, is used up";

/// Why not all traces were read, where there was no time.
pub const NO_TIME: &str = "the deadline came before all traces were read: give it more time with --deadline";

/// Why not all traces were read, where that would have cost more than is allowed. `whole` is what all of it would cost, in US
/// dollars, as far as that can be told.
pub fn over_cost(allowed: CostLimit, whole: Option<f64>) -> String {
    let (dollars, said) = (allowed.dollars(), usd(allowed.dollars()));
    let stopped = format!("reading stopped before it would have cost more than {said}");
    match (allowed, whole.filter(|whole| *whole > dollars)) {
        (CostLimit::Run(_), Some(whole)) => {
            // A little more than it is thought to be: it is an estimate.
            let enough = (whole * 110.0).ceil() / 100.0;
            format!("{stopped}; all of it would cost about {}: --max-cost {enough:.2} allows that", usd(whole))
        }
        (CostLimit::Run(_), None) => format!("{stopped}: --max-cost allows more"),
        (CostLimit::Hour(_), _) => {
            format!(
                "reading stopped, since looking for causes may cost {said} an hour: cause_cost in [alerts] allows more"
            )
        }
        (CostLimit::Question(_), _) => format!("{stopped}: `slmon explain` with --max-cost reads more"),
    }
}

impl Node {
    /// Its name with what it does and to what: `DynamoDB PutItem orders`, fit to be shown.
    pub fn label(&self) -> String {
        let span = &self.span;
        let mut label = span.name.shown().into_owned();
        for more in [&span.operation, &span.resource].into_iter().flatten() {
            if !label.contains(&*more.shown()) {
                label = format!("{label} {}", more.shown());
            }
        }
        if span.retries > 0 {
            label = format!("{label} ×{}", span.retries + 1);
        }
        let what = self.what();
        if what.is_empty() || label.to_lowercase().contains(&what.to_lowercase()) || span.operation.is_some() {
            label
        } else {
            format!("{label} ({what})")
        }
    }

    /// How it ended, in a word; empty where it was fine.
    pub fn ending(&self) -> &'static str {
        let span = &self.span;
        match (span.throttle, span.fault, span.error, span.end) {
            (true, ..) => "throttled",
            (_, true, ..) => "fault",
            (_, _, true, _) => "error",
            (.., None) => "in progress",
            _ => "",
        }
    }
}

impl Tree {
    /// `10.2 s · cold start · 2 retries · 3 parts failed · 2 accounts`.
    pub fn summary(&self) -> String {
        let mut parts = vec![micros(self.took())];
        if self.cold_start {
            parts.push("cold start".into());
        }
        match self.retries {
            0 => {}
            1 => parts.push("1 retry".into()),
            n => parts.push(format!("{n} retries")),
        }
        match self.failed() {
            0 => parts.push("nothing failed".into()),
            n => parts.push(format!("{} failed", counted(n as u64, "part"))),
        }
        if self.accounts.len() > 1 {
            parts.push(format!("{} accounts", self.accounts.len()));
        }
        parts.join(" · ")
    }

    /// Where most of the time on the critical path went: the place of the node, and its share of the whole.
    pub fn slowest(&self) -> Option<(&Node, f64)> {
        let own = self.nodes.iter().filter(|node| node.critical).max_by_key(|node| node.own)?;
        (self.took() > 0).then(|| (own, own.own as f64 / self.took() as f64))
    }
}

/// A bar in a chart of so many cells: how many are empty before it, and its blocks. Solid on the critical path, else shaded.
pub fn bar(tree: &Tree, node: &Node, cells: usize) -> (usize, String) {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let all = tree.took().max(1);
    let place = |at: i64| {
        let at = (at - tree.start).clamp(0, all);
        // In eighths of a cell. Cells are few and so the product fits.
        usize::try_from(i128::from(at) * (cells as i128 * 8) / i128::from(all)).unwrap_or(0)
    };
    let (from, to) = (place(node.span.start), place(node.end));
    let lead = (from / 8).min(cells.saturating_sub(1));
    let long = to.saturating_sub(lead * 8).max(1);
    let (whole, rest) = (long / 8, long % 8);
    let blocks = if node.critical {
        format!("{}{}", "█".repeat(whole), EIGHTHS[rest])
    } else {
        "░".repeat(whole + usize::from(rest >= 4 || whole == 0))
    };
    (lead, blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_in_words() {
        let said: Vec<_> = [0.0004, 0.012, 0.9994, 10.24, 119.7, 250.0].into_iter().map(seconds).collect();
        assert_eq!(said, ["0.4 ms", "12 ms", "999 ms", "10.2 s", "2 min 00 s", "4 min 10 s"]);
    }

    #[test]
    fn what_costs_too_much_says_what_allows_more_there() {
        let said = |limit, whole| over_cost(limit, whole);
        assert!(said(CostLimit::Run(0.10), Some(0.20)).ends_with("$0.20: --max-cost 0.22 allows that"));
        assert!(said(CostLimit::Run(0.10), None).ends_with(": --max-cost allows more"));
        assert!(said(CostLimit::Hour(0.05), Some(0.20)).ends_with("$0.05 an hour: cause_cost in [alerts] allows more"));
        assert!(said(CostLimit::Question(0.05), None).ends_with("`slmon explain` with --max-cost reads more"));
    }
}
