//! What a service manager is told: ready, alive, reloading, stopping. Source: the manual page `sd_notify(3)`: a datagram to the socket
//! that `NOTIFY_SOCKET` names. Nobody to tell is no failure.

use std::{collections::BTreeMap, time::Duration};

/// Who is told, and how often it wants to hear.
pub(super) struct Service {
    socket: Option<String>,
    watchdog: Option<Duration>,
}

impl Service {
    pub(super) fn of(variables: &BTreeMap<String, String>) -> Self {
        let micros = variables.get("WATCHDOG_USEC").and_then(|text| text.parse().ok()).filter(|micros| *micros > 0);
        let meant = variables.get("WATCHDOG_PID").is_none_or(|pid| *pid == std::process::id().to_string());
        let watchdog = micros.filter(|_| meant).map(Duration::from_micros);
        Self { socket: variables.get("NOTIFY_SOCKET").cloned(), watchdog }
    }

    /// How often it has to hear that all is well: half of the time after which it takes slmon for dead.
    pub(super) fn every(&self) -> Option<Duration> {
        self.watchdog.map(|watchdog| (watchdog / 2).max(Duration::from_millis(100)))
    }

    #[cfg(unix)]
    pub(super) fn say(&self, words: &str) {
        use std::os::unix::net::UnixDatagram;
        let Some(name) = &self.socket else { return };
        let Ok(socket) = UnixDatagram::unbound() else { return };
        let monotonic = monotonic(words);
        let words = monotonic.as_deref().unwrap_or(words).as_bytes();
        let _ = match name.strip_prefix('@') {
            Some(name) => to_abstract(&socket, name, words),
            None => socket.send_to(words, name).map(|_| ()),
        };
    }

    #[cfg(not(unix))]
    pub(super) fn say(&self, _: &str) {}
}

/// A reload has to say when it began.
#[cfg(unix)]
fn monotonic(words: &str) -> Option<String> {
    (words == "RELOADING=1").then(|| {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        format!("{words}\nMONOTONIC_USEC={}", now.tv_sec * 1_000_000 + now.tv_nsec / 1_000)
    })
}

#[cfg(target_os = "linux")]
fn to_abstract(socket: &std::os::unix::net::UnixDatagram, name: &str, words: &[u8]) -> std::io::Result<()> {
    use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};
    socket.send_to_addr(words, &SocketAddr::from_abstract_name(name)?).map(|_| ())
}

#[cfg(all(unix, not(target_os = "linux")))]
fn to_abstract(_: &std::os::unix::net::UnixDatagram, _: &str, _: &[u8]) -> std::io::Result<()> {
    Ok(())
}
