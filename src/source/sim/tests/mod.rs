//! The estate as whoever asks sees it: everything goes through [`Source`](crate::source::Source).

mod demo;
mod paging;
mod scenario;

use std::{future::Future, sync::Arc};

use futures::StreamExt;

use super::*;
use crate::{
    domain::{
        account::Account,
        roster::{Access, Base, Entry, Regions, Role},
        series::{Metric, Of},
        window::Window,
    },
    source::{MetricPart, MetricRequest, Source},
};

/// 2026-11-23T10:00:00Z, the `now` of the scenarios.
const NOW: Minute = Minute(29_923_800);

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

/// A world whose clock stands still.
fn still(world: World) -> Sim {
    let now = world.now.timestamp();
    Sim::with_clock(world, move || now)
}

fn parsed(text: &str) -> Sim {
    still(Scenario::parse(text).unwrap().world)
}

async fn all<T>(mut pages: Pages<'_, T>) -> Result<Vec<Vec<T>>, Failure> {
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.push(page?);
    }
    Ok(found)
}

fn entry(sim: &Sim, name: &str) -> Entry {
    let account = sim.world().accounts.iter().find(|account| account.name.raw() == name).unwrap();
    let organizations = &sim.world().organizations;
    let organization = organizations.iter().find(|it| Some(&it.name) == account.organization.as_ref());
    let role = organization.map_or(Role { name: "slmon".into(), external_id: None }, |it| it.role.clone());
    Entry {
        account: Arc::new(Account {
            id: account.id.clone(),
            name: Some(account.name.clone()),
            client: account.client.clone(),
        }),
        access: Access { base: Base::Default, role: Some(role) },
        regions: Regions::All,
    }
}

async fn entered(sim: &Sim, name: &str) -> Result<Target, Failure> {
    let entry = entry(sim, name);
    sim.enter(&entry).await?;
    let regions = sim.regions(&entry.account).await?;
    Ok(Target { account: entry.account, region: regions[0].clone() })
}

fn request(read: Window, period: i64, queries: &[(&str, Metric)]) -> MetricRequest {
    let queries = queries.iter().map(|(name, metric)| (Of::One((*name).into()), *metric)).collect();
    MetricRequest { read, period, queries }
}

/// The parts of each query, laid together: sum and last status.
async fn sums(sim: &Sim, target: &Target, request: &MetricRequest) -> Result<Vec<Option<f64>>, Failure> {
    let parts: Vec<MetricPart> = all(sim.metrics(target, request)).await?.into_iter().flatten().collect();
    let of = |query| {
        let points: Vec<f64> =
            parts.iter().filter(|part| part.query == query).flat_map(|part| &part.points).map(|(_, n)| *n).collect();
        (!points.is_empty()).then(|| points.into_iter().sum())
    };
    Ok((0..request.queries.len()).map(of).collect())
}
