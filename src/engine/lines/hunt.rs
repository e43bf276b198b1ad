//! A search as it was planned: by `FilterLogEvents` and by Logs Insights at once, and what Logs Insights could not search
//! by the other, where that can.

use std::{cell::RefCell, collections::BTreeMap};

use tokio::time::Instant;

use super::{
    Followed,
    plan::{Plan, Wanted},
    query::{Spending, Unsearched, query_all},
    search::{Part, STRETCHES, Searched, search_some},
};
use crate::{
    domain::{
        failure::{Failure, Kind},
        logs::{LogEvent, estimate::With},
    },
    source::Source,
};

/// What a search did not find out.
#[derive(Debug, Default)]
pub struct Hunted {
    /// What could not be read, once a function.
    pub unread: Vec<(usize, Failure)>,
    /// Functions whose logs, or parts of them, were read by `FilterLogEvents` instead of Logs Insights, and why that was.
    pub instead: BTreeMap<usize, Failure>,
}

/// Searches logs as it was planned, and hands over what is found as soon as it is there.
pub async fn hunt(
    source: &dyn Source,
    (followed, plan): (&[Followed], &Plan),
    wanted: &Wanted<'_>,
    spending: Spending<'_>,
    until: Instant,
    found: impl FnMut(usize, Vec<LogEvent>, Searched),
) -> Hunted {
    let finding = RefCell::new((found, [Searched::default(); 3]));
    let take = |by: usize, place: usize, events: Vec<LogEvent>, searched: Searched| {
        let (found, all) = &mut *finding.borrow_mut();
        all[by] = searched;
        found(place, events, together(all));
    };
    let filtering =
        search_some(source, (followed, &plan.by_filter), wanted.filter, until, |place, events, searched| {
            take(0, place, events, searched);
        });
    let querying = async {
        let unsearched =
            query_all(source, (followed, &plan.batches), wanted, spending, until, |place, events, searched| {
                take(1, place, events, searched);
            });
        let (parts, hunted) = sorted(unsearched.await, wanted.with);
        let failed = search_some(source, (followed, &parts), wanted.filter, until, |place, events, searched| {
            take(2, place, events, searched);
        });
        (failed.await, hunted)
    };
    let (failed, (again, mut hunted)) = futures::join!(filtering, querying);
    let mut unread: BTreeMap<usize, Failure> = std::mem::take(&mut hunted.unread).into_iter().collect();
    unread.extend(failed.into_iter().chain(again));
    Hunted { unread: unread.into_iter().collect(), ..hunted }
}

/// What is searched in another way, and what is not.
fn sorted(unsearched: Vec<Unsearched>, with: With) -> (Vec<Part>, Hunted) {
    let (mut parts, mut hunted) = (Vec::new(), Hunted::default());
    for Unsearched { places, span, failure, needed } in unsearched {
        if needed || with == With::Insights || failure.kind == Kind::Deadline {
            hunted.unread.extend(places.into_iter().map(|place| (place, failure.clone())));
            continue;
        }
        for place in places {
            parts.push(Part { place, span, cuts: STRETCHES });
            hunted.instead.insert(place, failure.clone());
        }
    }
    (parts, hunted)
}

fn together(all: &[Searched; 3]) -> Searched {
    let sum = |of: fn(&Searched) -> usize| all.iter().map(of).sum();
    Searched {
        done: sum(|searched| searched.done),
        all: sum(|searched| searched.all),
        looked_at: all.iter().map(|searched| searched.looked_at).sum(),
        refused: sum(|searched| searched.refused),
    }
}
