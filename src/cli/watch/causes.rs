//! What a message says beside what has happened: the top cause, as `slmon alert --explain` finds it, and pages. It takes ten
//! seconds and so many cents an hour at most; where nothing was found, the reason stands in its place.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use tokio::{
    sync::{OnceCell, Semaphore, watch},
    time::Instant,
};

use crate::{
    cli::{clock, explain},
    config::Config,
    domain::{
        account::{Account, Target},
        life::{AlertKey, Change, More, Notice},
        window::Minute,
    },
    engine::{explain::Hourly, watch::Snapshot},
    notify::Looks,
    report::Alert,
    source::Source,
    tui::console::{self, Portal},
};

/// The longest that is looked, with some room for what waits for it.
const LONGEST: Duration = Duration::from_secs(8);
/// Alerts of a message whose causes are looked for; of a group, the first.
const MOST: usize = 5;
/// Functions that are looked into at the same time.
const AT_ONCE: usize = 12;
/// Functions that are remembered, for sinks that are told later.
const REMEMBERED: usize = 512;

/// Of a function, by check.
type Found = BTreeMap<&'static str, More>;
type Cell = Arc<OnceCell<Found>>;

/// Looks for causes: once for a function and moment, whoever asks, and for several at the same time.
#[derive(Clone)]
pub(super) struct Finder(Arc<Shared>);

struct Shared {
    /// By what it looks; none before the first watching.
    eyes: Mutex<Option<Arc<Eyes>>>,
    /// What it may cost.
    hourly: Hourly,
    /// What was found, by function and step: each sink says the same, and it is paid once.
    known: Mutex<BTreeMap<String, Cell>>,
    room: Semaphore,
}

/// What one configuration sees.
pub(super) struct Eyes {
    pub(super) source: Arc<dyn Source>,
    pub(super) snapshots: watch::Receiver<Option<Arc<Snapshot>>>,
    pub(super) config: Config,
}

impl Finder {
    pub(super) fn new() -> Self {
        let (eyes, room) = (Mutex::new(None), Semaphore::new(AT_ONCE));
        Self(Arc::new(Shared { eyes, hourly: Hourly::default(), known: Mutex::default(), room }))
    }

    /// From now on it looks by these. What was found, and what this hour has cost, stays.
    pub(super) fn look_by(&self, eyes: Eyes) {
        *self.0.eyes.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(eyes));
    }
}

impl Looks for Finder {
    fn up<'a>(&'a self, notices: &'a [Notice]) -> BoxFuture<'a, Vec<More>> {
        async move {
            let all = notices.iter().enumerate().map(|(place, notice)| async move {
                if !begins(notice) {
                    return More { portal: self.0.page(notice), ..More::default() };
                }
                if place >= MOST {
                    let why = format!("of a message, the first {MOST} are looked into");
                    return More { cause: Some(Err(why)), portal: self.0.page(notice), ..More::default() };
                }
                self.0.clone().of(notice.clone()).await
            });
            futures::future::join_all(all).await
        }
        .boxed()
    }

    fn soon(&self, notices: &[Notice]) {
        for notice in notices.iter().take(MOST).filter(|notice| begins(notice)) {
            // What is known already is no work.
            tokio::spawn(self.0.clone().of(notice.clone()).map(drop));
        }
    }
}

fn begins(notice: &Notice) -> bool {
    !matches!(notice.step.change, Change::Resolved | Change::Recovering)
}

impl Shared {
    fn eyes(&self) -> Option<Arc<Eyes>> {
        self.eyes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn cell(&self, notice: &Notice) -> Cell {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            // Those that somebody waits for are held by whoever waits.
            known.clear();
        }
        let (AlertKey { target: (account, region), function, .. }, at) = (&notice.key, notice.step.at.0);
        known.entry(format!("{account}:{region}:{}:{at}", function.raw())).or_default().clone()
    }

    /// What is found of one alert. Whoever comes later waits for what the first found.
    async fn of(self: Arc<Self>, notice: Notice) -> More {
        let Some(eyes) = self.eyes() else { return none("nothing was read yet") };
        let portal = portal(&eyes.config);
        let page = portal.as_ref().and_then(|_| self.page(&notice));
        if eyes.config.cause_cost <= 0.0 {
            let cause = Some(Err("looking for causes is off (cause_cost)".into()));
            return More { cause, portal: page, ..More::default() };
        }
        let cell = self.cell(&notice);
        // What could not be looked at is not remembered.
        let found = match cell.get_or_try_init(|| self.look(&eyes, &notice)).await {
            Ok(found) => found,
            Err(why) => return More { portal: page, ..none(why) },
        };
        found
            .get(notice.key.check.as_str())
            .cloned()
            .unwrap_or_else(|| More { portal: page, ..none("it fires no longer") })
    }

    async fn look(&self, eyes: &Eyes, notice: &Notice) -> Result<Found, &'static str> {
        let _room = self.room.acquire().await.map_err(|_| "slmon ends")?;
        let snapshot = eyes.snapshots.borrow().clone();
        let snapshot = snapshot.ok_or("nothing was read yet")?;
        let key = &notice.key;
        let target = snapshot.fleet.target(&key.target).map(|state| state.target.clone());
        let target = target.ok_or("its account is read no longer")?;
        let mut alerts: Vec<Alert> = super::report_of(&eyes.config, &snapshot).alerts;
        alerts.retain(|alert| is_of(alert, key));
        if alerts.is_empty() {
            return Ok(Found::new());
        }
        let judged = explain::Judged::of(&*eyes.source, &snapshot);
        let allowance = self.hourly.at(Minute::floor(clock::now()), eyes.config.cause_cost);
        let until = Instant::now() + LONGEST;
        explain::alerts(&judged, &mut alerts, (&allowance, until)).await;
        let portal = portal(&eyes.config);
        Ok(alerts.into_iter().map(|alert| (alert.check, more(alert, &target, portal.as_ref()))).collect())
    }

    /// The function's page through the access portal, where there is one.
    fn page(&self, notice: &Notice) -> Option<String> {
        let eyes = self.eyes()?;
        let portal = portal(&eyes.config)?;
        let (id, region) = notice.key.target.clone();
        let seen = eyes.snapshots.borrow().clone();
        let seen = seen.and_then(|seen| Some(seen.fleet.target(&notice.key.target)?.target.clone()));
        let account = || Arc::new(Account { id, name: None, client: None });
        let target = seen.unwrap_or_else(|| Target { account: account(), region });
        console::address(Some(&portal), &target, notice.key.function.raw())
    }
}

/// What an alert that was looked into says.
fn more(alert: Alert, target: &Target, portal: Option<&Portal>) -> More {
    let cause = alert.cause;
    let trace = cause.as_ref().and_then(|cause| cause.example.as_ref());
    let trace = trace.and_then(|id| console::trace(portal, target, id.raw()));
    let page = portal.and_then(|portal| console::address(Some(portal), target, alert.function.raw()));
    let cause = match cause {
        Some(cause) if cause.failing.is_some() => Ok(cause.text),
        Some(cause) => Err(cause.text),
        None => Err("neither traces nor the log tell one".into()),
    };
    More { cause: Some(cause), trace, portal: page }
}

fn portal(config: &Config) -> Option<Portal> {
    let dashboard = &config.dashboard;
    dashboard.portal.clone().map(|url| Portal { url, role: dashboard.portal_role.clone() })
}

fn is_of(alert: &Alert, key: &AlertKey) -> bool {
    (&alert.account, &alert.region) == (&key.target.0, &key.target.1) && alert.function == key.function
}

fn none(why: &str) -> More {
    More { cause: Some(Err(why.to_owned())), ..More::default() }
}
