//! Lines of log groups of the class Infrequent Access, which Logs Insights alone reads.

use std::cell::RefCell;

use jiff::Timestamp;
use tokio::time::Instant;

use super::{
    Followed, MOST,
    plan::{Wanted, plan},
    query::{Spending, query_all},
};
use crate::{
    domain::{
        failure::Failure,
        logs::{LogEvent, carry, estimate::With, groups::LogCut},
    },
    engine::logs::ReadEvents,
    source::Source,
};

/// Finds every line that is not empty.
const EVERY: &str = r"[\s\S]";

/// Reads the events of a stretch of time that hold a text, for no more than may be spent, of log groups that nothing else
/// reads; and what could not be read. What is read is said in a sentence for each. Of each function the newest 10,000 are
/// kept.
pub async fn infrequent(
    source: &dyn Source,
    followed: &[Followed],
    span: (Timestamp, Timestamp),
    term: Option<&str>,
    (spending, until): (Spending<'_>, Instant),
) -> (Vec<(usize, LogEvent)>, Vec<(usize, ReadEvents)>, Vec<String>) {
    let regex = term.and_then(|term| carry::insights(&regex_syntax::escape(term)));
    let regex = regex.unwrap_or_else(|| EVERY.to_owned());
    let wanted = Wanted { span, now: span.1, filter: None, regex: Some(&regex), with: With::Insights };
    let plan = plan(source, followed, &wanted, spending.purse, until).await;
    let found: RefCell<Vec<(usize, LogEvent)>> = RefCell::default();
    let take = |place: usize, events: Vec<LogEvent>, _| {
        let own = events.into_iter().filter(|event| term.is_none_or(|term| event.text.raw().contains(term)));
        found.borrow_mut().extend(own.map(|event| (place, event)));
    };
    let unsearched = query_all(source, (followed, &plan.batches), &wanted, spending, until, take).await;
    let failed =
        |(place, failure): (usize, Failure)| (place, ReadEvents { failure: Some(failure), ..ReadEvents::default() });
    let mut rest: Vec<(usize, ReadEvents)> = plan.unread.into_iter().map(failed).collect();
    for unsearched in unsearched {
        rest.extend(unsearched.places.iter().map(|place| failed((*place, unsearched.failure.clone()))));
    }
    let mut found = found.into_inner();
    found.sort_by_key(|(_, event)| event.at);
    for place in 0..followed.len() {
        let own = found.iter().filter(|(of, _)| *of == place).count();
        if own > MOST {
            let mut over = own - MOST;
            found.retain(|(of, _)| {
                let drop = *of == place && over > 0;
                over -= usize::from(drop);
                !drop
            });
            rest.push((place, ReadEvents { cut: Some(LogCut::Enough), ..ReadEvents::default() }));
        }
    }
    (found, rest, plan.told)
}
