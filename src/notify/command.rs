//! The sink `command`: a program that gets a `CloudEvent` on its standard input, a line of JSON. It has taken the message when it
//! ends with 0.

use std::process::Stdio;

use futures::{FutureExt, future::BoxFuture};
use tokio::{io::AsyncWriteExt, process};

use super::{PATIENCE, Refused, Sink, event};
use crate::store::Message;

pub(super) struct Command {
    pub(super) argv: Vec<String>,
}

impl Sink for Command {
    fn tell<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), Refused>> {
        async move {
            let run = run(&self.argv, format!("{}\n", event::cloud_event(message)));
            tokio::time::timeout(PATIENCE, run).await.unwrap_or_else(|_| Err(Refused::later("it did not end in time")))
        }
        .boxed()
    }
}

/// What is dropped is killed: a program that hangs is not left behind.
async fn run(argv: &[String], input: String) -> Result<(), Refused> {
    let Some((program, arguments)) = argv.split_first() else { return Err(Refused::later("there is no program")) };
    let mut child = process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Refused::later(format!("{program} can't be started: {error}")))?;
    let stdin = child.stdin.take();
    let feed = async move {
        if let Some(mut stdin) = stdin {
            // One that reads nothing may still say yes.
            let _ = stdin.write_all(input.as_bytes()).await;
            drop(stdin);
        }
    };
    let (output, ()) = tokio::join!(child.wait_with_output(), feed);
    let output = output.map_err(|error| Refused::later(format!("{program} can't be waited for: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Refused::later(format!("{program} ended with {}{}", output.status, super::said(&said))))
}
