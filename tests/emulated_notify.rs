//! Telling an event bus, against emulators of EventBridge: what is signed and posted here is taken there.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "in a test, that is how one fails")]

mod support;

use support::{ministack, moto, slmon};

const CONFIG: &str = "[[notify]]\nname = \"bus\"\nkind = \"eventbridge\"\nregion = \"eu-west-1\"\n";

#[test]
fn an_event_bus_takes_the_test() {
    for emulator in [moto(), ministack()] {
        let run = slmon().endpoint(emulator).region("eu-west-1").account("111122223333").config(CONFIG);
        let output = run.args(["notify", "test"]).run().ended_with(0);
        assert_eq!(output.stdout, "bus  eventbridge  has taken the test, and that it is over\n");
    }
}

#[test]
fn nobody_there_is_said() {
    let run =
        slmon().env("AWS_ENDPOINT_URL_EVENTBRIDGE", "http://127.0.0.1:1").region("eu-west-1").account("111122223333");
    let output = run.config(CONFIG).args(["notify", "test"]).run().ended_with(1);
    assert!(output.stdout.contains("no connection"), "{}", output.stdout);
    let none =
        slmon().region("eu-west-1").env("AWS_EC2_METADATA_DISABLED", "true").config(CONFIG).args(["notify", "test"]);
    let output = none.run().ended_with(1);
    assert!(output.stdout.contains("credentials"), "{}", output.stdout);
}
