//! The engine of the dashboard against an emulator, over several rounds with functions that run and fail between them. What
//! time it is the test says: a round is not waited for.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "in a test, that is how one fails")]

mod support;

use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use slmon::{
    domain::{
        roster::{Access, Base, ByHand, Roster},
        rules::Rules,
    },
    engine::watch::{self, Control, Pace, Snapshot, Watching},
    source::{aws::Aws, limit::Limited},
    tui::{
        board::{Board, State},
        plain,
    },
};
use support::{Estate, PATIENCE, estate, ministack};
use tokio::sync::{mpsc::UnboundedSender, watch::Receiver};

/// An engine that watches an estate, and the clock by which it does.
struct Watched {
    estate: Estate,
    clock: Arc<Mutex<Timestamp>>,
    snapshots: Receiver<Option<Arc<Snapshot>>>,
    control: UnboundedSender<Control>,
}

impl Watched {
    fn start(estate: Estate) -> Self {
        let clock = Arc::new(Mutex::new(estate.at.parse().unwrap()));
        let keys = &estate.credentials;
        let keys = Credentials::new(
            &keys.access_key_id,
            &keys.secret_access_key,
            keys.session_token.clone(),
            None,
            "the estate's",
        );
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(estate.region.clone()))
            .endpoint_url(&estate.endpoint)
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .build();
        let own = ByHand { id: None, name: None, client: None, access: Access::default(), regions: None };
        let watching = Watching {
            source: Arc::new(Limited::new(Aws::preset(Base::Default, &sdk))),
            roster: Arc::new(Roster { accounts: vec![own], ..Roster::default() }),
            rules: Arc::new(Rules::default()),
            pace: Pace { minutes: 15, settle: 0, limit: PATIENCE, budget: None },
            cached: None,
        };
        let (publish, snapshots) = tokio::sync::watch::channel(None);
        let (control, asked) = tokio::sync::mpsc::unbounded_channel();
        let now = clock.clone();
        tokio::spawn(watch::watch(watching, publish, asked, move || *now.lock().unwrap()));
        Self { estate, clock, snapshots, control }
    }

    /// The board as soon as it is as it should be.
    async fn board(&mut self, what: &str, is_so: impl Fn(&Board) -> bool) -> Board {
        let good = self.snapshots.wait_for(|snapshot| {
            snapshot.clone().is_some_and(|snapshot| snapshot.is_whole() && is_so(&Board::new(snapshot)))
        });
        if let Ok(found) = tokio::time::timeout(PATIENCE, good).await {
            return Board::new(found.unwrap().clone().unwrap());
        }
        let last = self.snapshots.borrow().clone();
        panic!("{what}: {:#?}", last.map(|snapshot| plain::lines(None, &Board::new(snapshot))));
    }

    /// Makes it so late, and has all of it read again.
    fn at(&self, at: Timestamp) {
        *self.clock.lock().unwrap() = at;
        self.control.send(Control::Refresh).unwrap();
    }

    async fn invoke(&self, name: &'static str, ok: u64, fail: u64) {
        let estate = self.estate.clone();
        let at = tokio::task::spawn_blocking(move || estate.invoke(name, ok, fail)).await.unwrap();
        self.at(at.parse().unwrap());
    }

    fn later(&self, minutes: i64) {
        let now = *self.clock.lock().unwrap();
        self.at(now.checked_add(SignedDuration::from_mins(minutes)).unwrap());
    }
}

/// How a function stands, with its errors and calls.
fn row(board: &Board, name: &str) -> (State, Option<u64>, Option<u64>) {
    let is_it = |row: &&slmon::tui::board::Row| board.facts(row).unwrap().1.found.name.raw() == name;
    let row = board.rows.iter().find(is_it).expect(name);
    (row.state, row.errors, row.invocations)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_between_two_rounds_is_shown_and_so_is_its_end() {
    let tags = |stage: &str| json!({ "monitor": "true", "stage": stage });
    let wanted = json!([
        { "name": "checkout", "tags": tags("prod") },
        { "name": "search", "tags": tags("prod") },
        { "name": "david-dev", "tags": tags("dev") },
    ]);
    let estate = tokio::task::spawn_blocking(move || estate::functions(ministack(), &wanted)).await.unwrap();
    let mut watched = Watched::start(estate);
    let quiet = watched.board("all was read", |board| board.counts.production == 2).await;
    assert_eq!((quiet.counts.critical, quiet.counts.hidden), (0, 0));

    watched.invoke("checkout", 1, 4).await;
    let failing = watched.board("checkout fails", |board| board.counts.critical == 1).await;
    assert_eq!(row(&failing, "checkout"), (State::Critical, Some(4), Some(5)));
    assert_ne!(row(&failing, "search").0, State::Critical);
    let told = plain::lines(Some(&quiet), &failing);
    assert!(told.iter().any(|line| line.contains("checkout") && line.contains("4 of 5 failed")), "{told:?}");

    // What is not production fails as well: it is counted, and alerts nobody.
    watched.control.send(Control::Focus(watch::Focus { dev: true, ..Default::default() })).unwrap();
    watched.invoke("david-dev", 0, 3).await;
    let noisy = watched.board("david-dev fails", |board| board.counts.hidden == 1).await;
    assert_eq!((noisy.counts.hidden_errors, noisy.counts.critical), (3, 1));
    assert_eq!(plain::lines(Some(&failing), &noisy), Vec::<String>::new());

    // More of the same, in another round: what was read is replaced and not added up.
    watched.invoke("checkout", 3, 0).await;
    let same = watched.board("more calls", |board| row(board, "checkout").2 == Some(8)).await;
    assert_eq!(row(&same, "checkout"), (State::Critical, Some(4), Some(8)));

    watched.later(40);
    let over = watched.board("it is over", |board| board.counts.critical == 0).await;
    assert_eq!(row(&over, "checkout").0, State::Idle);
    let ended: Vec<_> = over.snapshot.episodes.iter().map(|it| (it.function.raw(), it.ended.is_some())).collect();
    assert_eq!(ended, [("checkout", true)]);
    assert_eq!(over.counts.unseen, 0, "{:?}", over.troubles);
}
