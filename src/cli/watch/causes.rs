//! What a message says beside what has happened: the top cause, as `slmon alert --explain` finds it, and pages. It takes ten
//! seconds and so many cents an hour at most; where nothing was found, the reason stands in its place.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use tokio::{
    sync::{OnceCell, watch},
    time::Instant,
};

use crate::{
    cli::{clock, explain},
    config::Config,
    domain::{
        account::Target,
        life::{AlertKey, Change, More, Notice},
        window::Minute,
    },
    engine::{explain::Allowance, watch::Snapshot},
    notify::Looks,
    report::Alert,
    source::Source,
    tui::console::{self, Portal},
};

/// The longest that is looked, with some room for what waits for it.
const LONGEST: Duration = Duration::from_secs(8);
/// Alerts of a message whose causes are looked for; of a group, the first.
const MOST: usize = 5;
/// Steps that are remembered, for sinks that are told later.
const REMEMBERED: usize = 512;

type Cell = Arc<OnceCell<More>>;

pub(super) struct Finder {
    pub(super) source: Arc<dyn Source>,
    pub(super) snapshots: watch::Receiver<Option<Arc<Snapshot>>>,
    pub(super) config: Arc<Config>,
    /// The hour, and what is left of what it may cost.
    spent: Mutex<(i64, Arc<Allowance>)>,
    /// What was found, by the step's id: each sink says the same, and it is paid once.
    known: Mutex<BTreeMap<String, Cell>>,
}

impl Finder {
    pub(super) fn new(
        source: Arc<dyn Source>,
        snapshots: watch::Receiver<Option<Arc<Snapshot>>>,
        config: Arc<Config>,
    ) -> Self {
        let spent = Mutex::new((0, Arc::new(Allowance::new(0.0))));
        Self { source, snapshots, config, spent, known: Mutex::default() }
    }

    /// What may be spent in this hour.
    fn allowance(&self) -> Arc<Allowance> {
        let hour = Minute::floor(clock::now()).0.div_euclid(60);
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.0 != hour {
            *spent = (hour, Arc::new(Allowance::new(self.config.cause_cost)));
        }
        spent.1.clone()
    }

    fn cell(&self, notice: &Notice) -> Cell {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            // Those that somebody waits for are held by whoever waits.
            known.clear();
        }
        known.entry(notice.id()).or_default().clone()
    }

    async fn look(&self, notice: &Notice) -> More {
        let snapshot = self.snapshots.borrow().clone();
        let Some(snapshot) = snapshot else { return none("nothing was read yet") };
        let key = &notice.key;
        let target = snapshot.fleet.target(&key.target).map(|state| state.target.clone());
        let Some(target) = target else { return none("its account is read no longer") };
        let portal = portal(&self.config);
        let page = portal.as_ref().and_then(|portal| console::address(Some(portal), &target, key.function.raw()));
        let more = More { portal: page, ..More::default() };
        if self.config.cause_cost <= 0.0 {
            return More { cause: Some(Err("looking for causes is off (cause_cost)".into())), ..more };
        }
        let mut alerts: Vec<Alert> = super::report_of(&self.config, &snapshot).alerts;
        alerts.retain(|alert| is_of(alert, key));
        if alerts.is_empty() {
            return More { cause: Some(Err("it fires no longer".into())), ..more };
        }
        let judged = explain::Judged {
            source: &*self.source,
            fleet: &snapshot.fleet,
            judgement: &snapshot.judgement,
            horizon: snapshot.horizon,
        };
        let (allowance, until) = (self.allowance(), Instant::now() + LONGEST);
        explain::alerts(&judged, &mut alerts, (&allowance, until)).await;
        let cause = alerts.pop().and_then(|alert| alert.cause);
        let trace = cause.as_ref().and_then(|cause| cause.example.as_ref());
        let trace = trace.and_then(|id| console::trace(portal.as_ref(), &target, id.raw()));
        let cause = match cause {
            Some(cause) if cause.failing.is_some() => Ok(cause.text),
            Some(cause) => Err(cause.text),
            None => Err("neither traces nor the log tell one".into()),
        };
        More { cause: Some(cause), trace, ..more }
    }
}

impl Looks for Finder {
    fn up<'a>(&'a self, notices: &'a [Notice]) -> BoxFuture<'a, Vec<More>> {
        async move {
            let begins = |notice: &Notice| !matches!(notice.step.change, Change::Resolved | Change::Recovering);
            let all = notices.iter().enumerate().map(|(place, notice)| async move {
                if !begins(notice) {
                    return More { portal: self.page(notice), ..More::default() };
                }
                if place >= MOST {
                    let why = format!("of a message, the first {MOST} are looked into");
                    return More { cause: Some(Err(why)), portal: self.page(notice), ..More::default() };
                }
                self.cell(notice).get_or_init(|| self.look(notice)).await.clone()
            });
            futures::future::join_all(all).await
        }
        .boxed()
    }
}

impl Finder {
    /// The function's page through the access portal, where there is one.
    fn page(&self, notice: &Notice) -> Option<String> {
        let portal = portal(&self.config)?;
        let (account, region) = notice.key.target.clone();
        let account = crate::domain::account::Account { id: account, name: None, client: None };
        let target = Target { account: Arc::new(account), region };
        console::address(Some(&portal), &target, notice.key.function.raw())
    }
}

fn portal(config: &Config) -> Option<Portal> {
    let dashboard = &config.dashboard;
    dashboard.portal.clone().map(|url| Portal { url, role: dashboard.portal_role.clone() })
}

fn is_of(alert: &Alert, key: &AlertKey) -> bool {
    (&alert.account, &alert.region) == (&key.target.0, &key.target.1)
        && alert.function == key.function
        && alert.check == key.check
}

fn none(why: &str) -> More {
    More { cause: Some(Err(why.to_owned())), ..More::default() }
}
