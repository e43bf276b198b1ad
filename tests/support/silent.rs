//! An endpoint that takes connections and never says a word.

use std::{
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, Receiver},
    thread,
};

use super::PATIENCE;

/// A listener on this machine; its connections stay open for as long as it lives.
#[derive(Debug)]
pub struct Silent {
    url: String,
    connections: Receiver<TcpStream>,
}

impl Silent {
    /// Listens on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it has an address"));
        let (sender, connections) = mpsc::channel();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if sender.send(connection).is_err() {
                    return;
                }
            }
        });
        Self { url, connections }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until somebody has come, and keeps them waiting.
    #[track_caller]
    pub fn wait_for_somebody(&self) -> TcpStream {
        self.connections.recv_timeout(PATIENCE).expect("somebody connects")
    }

    /// Whether anybody has come so far.
    pub fn was_asked(&self) -> bool {
        self.connections.try_recv().is_ok()
    }
}
