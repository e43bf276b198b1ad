//! An estate that answers from memory: for `--demo`, for screenshots, and for tests that hold whole scenarios as data.
//!
//! It answers as AWS does, page by page and with its failures, but knows no AWS type, no network and no clock of the
//! machine: its time begins at its world's instant and passes with tokio's.

mod answers;
pub mod demo;
pub mod fault;
mod hash;
pub mod living;
mod metrics;
#[cfg(feature = "s3")]
mod objects;
pub mod scenario;
pub mod story;
mod traces;
pub mod traffic;
pub mod world;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{StreamExt, stream};
use jiff::Timestamp;

use self::{fault::Request, world::WorldAccount};
pub use self::{
    fault::{Effect, Fault},
    scenario::{Scenario, ScenarioError},
    world::World,
};
use super::Pages;
use crate::domain::{
    account::{AccountId, Region, Target},
    failure::{Failure, Kind},
    roster::Roster,
    usage::Usage,
    window::Minute,
};

/// A world that answers.
pub struct Sim {
    world: World,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    usage: Mutex<Usage>,
    entered: Mutex<BTreeSet<AccountId>>,
    queries: Mutex<traces::queries::Queries>,
    #[cfg(feature = "s3")]
    packed: objects::Packs,
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim").field("world", &self.world).finish_non_exhaustive()
    }
}

/// A question that is answered in pages: what is asked, where, and which calls come before the first page.
struct Question {
    before: Vec<&'static str>,
    operation: &'static str,
    account: AccountId,
    region: Option<Region>,
}

impl Question {
    fn of_target(operation: &'static str, target: &Target) -> Self {
        let region = Some(target.region.clone());
        Self { before: Vec::new(), operation, account: target.account.id.clone(), region }
    }
}

/// How far the answer to a question has come.
enum Turn<F, T> {
    Asked(F),
    More(std::vec::IntoIter<Vec<T>>, usize),
    Done,
}

impl Sim {
    /// A world whose time passes as tokio's does, from the world's instant on.
    pub fn new(world: World) -> Self {
        let (start, began) = (world.now.timestamp(), tokio::time::Instant::now());
        Self::with_clock(world, move || start.checked_add(began.elapsed()).unwrap_or(start))
    }

    /// A world that lives by another clock.
    pub fn with_clock(world: World, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self {
            world,
            clock: Box::new(clock),
            usage: Mutex::default(),
            entered: Mutex::default(),
            queries: Mutex::default(),
            #[cfg(feature = "s3")]
            packed: objects::Packs::default(),
        }
    }

    /// The world that answers.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// What a configuration would say of this world, so that none is needed.
    pub fn roster(&self) -> Roster {
        self.world.roster()
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn request<'a>(
        &'a self,
        operation: &'static str,
        account: &'a AccountId,
        region: Option<&'a Region>,
        page: usize,
    ) -> Request<'a> {
        Request { operation, home: &self.world.home, account, region, page, now: Minute::floor(self.now()) }
    }

    /// One request: it is counted, and takes or fails as the faults say.
    async fn ask(
        &self,
        operation: &'static str,
        account: &AccountId,
        region: Option<&Region>,
        page: usize,
    ) -> Result<(), Failure> {
        *locked(&self.usage).requests.entry(operation).or_default() += 1;
        let request = self.request(operation, account, region, page);
        let faults = || self.world.faults.iter().filter(|fault| fault.hits(&request)).map(|fault| &fault.effect);
        let slow: Duration =
            faults().map(|effect| if let Effect::Slow(by) = effect { *by } else { Duration::ZERO }).sum();
        if !slow.is_zero() {
            tokio::time::sleep(slow).await;
        }
        for effect in faults() {
            match effect {
                Effect::Hangs => std::future::pending::<()>().await,
                Effect::Fails(kind, message) => return Err(request.failure(*kind, message.as_ref())),
                Effect::Slow(_) | Effect::EmptyPages(_) | Effect::Metrics { .. } => {}
            }
        }
        Ok(())
    }

    /// The pages that `make` finds, each a request of its own.
    fn pages<'a, T: Send + 'a>(
        &'a self,
        question: Question,
        make: impl FnOnce() -> Result<Vec<Vec<T>>, Failure> + Send + 'a,
    ) -> Pages<'a, T> {
        let question = std::sync::Arc::new(question);
        stream::unfold(Turn::Asked(make), move |turn| {
            let question = question.clone();
            async move {
                let (answer, next) = self.turn(&question, turn).await?;
                Some((answer, next))
            }
        })
        .boxed()
    }

    async fn turn<T, F: FnOnce() -> Result<Vec<Vec<T>>, Failure>>(
        &self,
        question: &Question,
        turn: Turn<F, T>,
    ) -> Option<(Result<Vec<T>, Failure>, Turn<F, T>)> {
        let Question { before, operation, account, region } = question;
        let found = match turn {
            Turn::Done => return None,
            Turn::Asked(make) => {
                for operation in before {
                    if let Err(failure) = self.ask(operation, account, region.as_ref(), 0).await {
                        return Some((Err(failure), Turn::Done));
                    }
                }
                let first = self.ask(operation, account, region.as_ref(), 0).await;
                first.and_then(|()| make()).map(|pages| (self.with_empty_pages(question, pages).into_iter(), 0))
            }
            Turn::More(pages, page) => {
                self.ask(operation, account, region.as_ref(), page).await.map(|()| (pages, page))
            }
        };
        Some(match found {
            Err(failure) => (Err(failure), Turn::Done),
            Ok((mut pages, page)) => {
                let answer = pages.next().unwrap_or_default();
                (Ok(answer), if pages.len() == 0 { Turn::Done } else { Turn::More(pages, page + 1) })
            }
        })
    }

    fn with_empty_pages<T>(&self, question: &Question, pages: Vec<Vec<T>>) -> Vec<Vec<T>> {
        let request = self.request(question.operation, &question.account, question.region.as_ref(), 0);
        let empty = self.world.faults.iter().filter(|fault| fault.hits(&request)).map(|fault| match fault.effect {
            Effect::EmptyPages(pages) => pages,
            _ => 0,
        });
        std::iter::repeat_with(Vec::new).take(empty.sum()).chain(pages).collect()
    }

    /// The account of a target that can be read: entered, with the region enabled.
    fn readable(&self, operation: &'static str, target: &Target) -> Result<&WorldAccount, Failure> {
        let id = &target.account.id;
        let entered = locked(&self.entered).contains(id);
        let account = self.world.account(id).filter(|_| entered).ok_or_else(|| {
            Failure::new(operation, Kind::Other, format!("account {id} has not been entered"))
                .with_hint("enter the account before asking for what is in it")
        })?;
        if account.regions.contains(&target.region) {
            return Ok(account);
        }
        Err(self.request(operation, id, Some(&target.region), 0).failure(Kind::RegionDisabled, None))
    }
}

/// What a lock holds. Nothing here can leave it half-written.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Things cut into pages of so many; nothing is one empty page.
fn chunked<T>(things: impl IntoIterator<Item = T>, size: usize) -> Vec<Vec<T>> {
    let mut pages = vec![Vec::new()];
    for thing in things {
        match pages.last_mut() {
            Some(page) if page.len() < size.max(1) => page.push(thing),
            _ => pages.push(vec![thing]),
        }
    }
    pages
}
