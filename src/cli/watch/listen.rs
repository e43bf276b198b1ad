//! `/metrics` and `/healthz`, for whoever asks on the address that was given: HTTP/1.1, GET and HEAD, one answer a connection.
//! What is answered was made in the last turn; a request makes nothing and asks nobody.

use std::{collections::BTreeMap, fmt::Write as _, io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::timeout,
};

use crate::{
    domain::{
        life::{AlertKey, Lives},
        text::counted,
        window::Minute,
    },
    engine::watch::Snapshot,
    report::{Report, openmetrics},
};

/// The longest that a request may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest head of a request.
const LONGEST: usize = 8 << 10;
/// Connections at the same time; more wait.
const AT_ONCE: usize = 16;

/// What is answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Board {
    metrics: Arc<str>,
    /// Whether it can see; none before the first turn.
    health: Option<Result<String, String>>,
}

impl Board {
    /// What was seen, when that was, what of it is silent, and how much is still to be told to whom.
    pub(super) fn of(
        report: &Report,
        (snapshot, now): (&Snapshot, Minute),
        lives: &Lives,
        queued: &BTreeMap<String, usize>,
    ) -> Self {
        let mut metrics = openmetrics::render(report);
        metrics.truncate(metrics.trim_end_matches("# EOF\n").len());
        metrics.push_str(&openmetrics::silenced(report, |alert| {
            let target = (alert.account.clone(), alert.region.clone());
            lives.silent(&AlertKey::new(target, alert.function.clone(), alert.check), alert.severity, now)
        }));
        if !queued.is_empty() {
            metrics.push_str("# TYPE slmon_notify_queued gauge\n# HELP slmon_notify_queued Messages that a sink has not taken yet.\n");
            for (sink, queued) in queued {
                let _ = writeln!(metrics, "slmon_notify_queued{{sink=\"{sink}\"}} {queued}");
            }
        }
        metrics.push_str("# EOF\n");
        Self { metrics: metrics.into(), health: Some(health(report, snapshot, now)) }
    }
}

/// Whether enough is seen (`min_coverage`), and has been of late: no target is read less often than every half hour.
fn health(report: &Report, snapshot: &Snapshot, now: Minute) -> Result<String, String> {
    let coverage = &report.coverage;
    let age = snapshot.read_at.map(|at| now.0 - at.0);
    let seen = format!("{} of {} seen", coverage.seen, counted(coverage.targets as u64, "target"));
    match age {
        None => Err(format!("nothing was read yet; {seen}")),
        Some(age) if age > STALE => Err(format!("nothing was read for {age} minutes; {seen}")),
        Some(_) if !coverage.is_enough() => Err(seen),
        Some(_) => Ok(seen),
    }
}

/// Minutes after which what was read is old.
const STALE: i64 = 45;

/// Listens; the address, with the port where the system chose it.
pub(super) async fn listen(address: SocketAddr, boards: watch::Receiver<Board>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let room = Arc::new(Semaphore::new(AT_ONCE));
    tokio::spawn(async move {
        loop {
            let Ok(permit) = room.clone().acquire_owned().await else { return };
            // Where no connection can be taken (no file handles left), it is tried again in a while.
            let Ok((socket, _)) = listener.accept().await else {
                tokio::time::sleep(PATIENCE / 5).await;
                continue;
            };
            let boards = boards.clone();
            tokio::spawn(async move {
                let _ = timeout(PATIENCE, answer(socket, &boards)).await;
                drop(permit);
            });
        }
    });
    Ok(address)
}

async fn answer(mut socket: TcpStream, boards: &watch::Receiver<Board>) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        if head.len() > LONGEST || socket.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let line = String::from_utf8_lossy(&head);
    let mut words = line.lines().next().unwrap_or_default().split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let board = boards.borrow().clone();
    let (status, content, body) = reply(method, path, &board);
    let shown = if method == "HEAD" { "" } else { body.as_str() };
    let text = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{shown}",
        body.len()
    );
    socket.write_all(text.as_bytes()).await?;
    socket.shutdown().await
}

const TEXT: &str = "text/plain; charset=utf-8";

fn reply(method: &str, path: &str, board: &Board) -> (&'static str, &'static str, String) {
    let path = path.split('?').next().unwrap_or_default();
    match (method, path, &board.health) {
        ("GET" | "HEAD", "/healthz", Some(Ok(seen))) => ("200 OK", TEXT, format!("ok: {seen}\n")),
        ("GET" | "HEAD", "/healthz", Some(Err(why))) => {
            ("503 Service Unavailable", TEXT, format!("can't see: {why}\n"))
        }
        ("GET" | "HEAD", "/metrics", Some(_)) => {
            ("200 OK", "application/openmetrics-text; version=1.0.0; charset=utf-8", board.metrics.to_string())
        }
        ("GET" | "HEAD", "/healthz" | "/metrics", None) => {
            ("503 Service Unavailable", TEXT, "nothing was read yet\n".into())
        }
        ("GET" | "HEAD", ..) => ("404 Not Found", TEXT, "there are /metrics and /healthz\n".into()),
        _ => ("405 Method Not Allowed", TEXT, "only GET and HEAD\n".into()),
    }
}
