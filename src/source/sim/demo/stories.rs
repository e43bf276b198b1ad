//! Why the functions of the demo estate fail, as their traces tell it: tables and nothing else.

use crate::{
    domain::{
        account::AccountId,
        text::AwsText,
        trace::{FUNCTION, Failing},
    },
    source::sim::{
        hash,
        living::Aside,
        story::{Hop, Story},
    },
};

const TABLE: &str = "AWS::DynamoDB::Table";
const QUEUE: &str = "AWS::SQS::Queue";
const GATEWAY: &str = "AWS::ApiGateway::Stage";
const BUCKET: &str = "AWS::S3::Bucket";
const HTTP: &str = "remote";
/// Seconds for which a queue hides a message that somebody has taken.
const VISIBILITY: f64 = 30.0;

/// What befalls a function that only further checks see, by the first part of its name.
pub(super) fn aside(name: &str) -> Option<Aside> {
    let known = [
        ("forklift-telemetry", Aside::Behind(8)),
        ("webhook-gateway", Aside::GivesUp),
        ("letter-generator", Aside::Slow(28_800)),
        ("inventory-ledger", Aside::Crowd(810)),
    ];
    known.into_iter().find(|(first, _)| name.starts_with(first)).map(|(_, aside)| aside)
}

/// The story of a function by the first part of its name; `other` is the account in which a client's shared functions
/// live. None where it has no tracing.
pub(super) fn story(name: &str, key: u64, other: &dyn Fn(&str) -> Option<AccountId>) -> Option<Story> {
    let known = STORIES.iter().find(|known| name.starts_with(known.name));
    let fails = |call: Hop| Hop { fails: Some(Failing::Fault), ..call };
    if let Some(known) = known {
        let mut story = known.story();
        match known.name {
            // A deployment that reads a field which old carts lack.
            "checkout-api" => {
                story.calls = vec![
                    Hop::fine("carts", TABLE, Some("GetItem"), (0.05, 0.3)),
                    Hop::fine("price-engine", FUNCTION, Some("Invoke"), (0.35, 0.8)),
                ];
            }
            // A table that is throttled behind a queue.
            "order-intake" => {
                let refused = Hop { fails: Some(Failing::Throttle), retries: 10, ..put("orders", (0.02, 0.98)) };
                story.calls = vec![refused];
                story.fails_after = Some(5.2);
            }
            // A timeout three hops away: an adapter in another account, and whom that calls.
            "payment-capture" => {
                let acquirer = fails(Hop::fine("api.acquirer.example", HTTP, None, (0.03, 1.0)));
                let adapter = Hop {
                    account: other("finch-shared"),
                    exception: Some(("Runtime.Timeout".into(), "Task timed out after 10.00 seconds".into())),
                    calls: vec![acquirer],
                    ..fails(Hop::fine("acquirer-adapter", FUNCTION, Some("Invoke"), (0.012, 0.995)))
                };
                story.calls = vec![Hop::fine("payments", TABLE, Some("GetItem"), (0.002, 0.011)), adapter];
                story.fails_after = Some(10.4);
            }
            "claim-intake" => {
                story.calls = vec![Hop {
                    fails: Some(Failing::Error),
                    ..Hop::fine("larkspur-claim-uploads", BUCKET, Some("GetObject"), (0.1, 0.9))
                }];
            }
            "policy-lookup" => {
                story.calls = vec![fails(Hop::fine("policy-admin.larkspur.example", HTTP, None, (0.1, 0.95)))];
            }
            "voucher-check" => {
                story.calls = vec![Hop { fails: Some(Failing::Error), ..put("vouchers", (0.2, 0.9)) }];
            }
            _ => {}
        }
        return Some(story);
    }
    // A third of the rest has no tracing, as in any estate.
    let chance = hash::pair(key, 77);
    (!chance.is_multiple_of(3)).then(|| common(key))
}

/// The story of a function that nothing is told of.
pub(super) fn common(key: u64) -> Story {
    let (exception, message) = COMMON[hash::below(hash::pair(key, 77), COMMON.len())];
    Story {
        exception: Some(exception.into()),
        message: message.into(),
        calls: vec![Hop::fine("state", TABLE, Some("GetItem"), (0.1, 0.5))],
        ..Story::default()
    }
}

/// The runtime that throws what a story tells; none where any may.
pub(super) fn runtime(story: &Story) -> Option<&'static str> {
    match story.exception.as_ref().map_or("", AwsText::raw) {
        "TypeError" | "ValidationError" | "AcquirerUnavailable" => Some("nodejs22.x"),
        "NullPointerException" => Some("java21"),
        "KeyError" | "ValueError" | "JSONDecodeError" | "ConnectionError" => Some("python3.13"),
        "ProvisionedThroughputExceededException" | "ConditionalCheckFailedException" => Some("python3.12"),
        _ => None,
    }
}

fn put(table: &str, span: (f64, f64)) -> Hop {
    Hop::fine(table, TABLE, Some("PutItem"), span)
}

struct Known {
    name: &'static str,
    exception: Option<&'static str>,
    message: &'static str,
    caller: Option<(&'static str, &'static str)>,
    attempts: usize,
    error: bool,
    times_out: bool,
}

impl Known {
    fn story(&self) -> Story {
        Story {
            failing: if self.error { Failing::Error } else { Failing::Fault },
            exception: self.exception.map(Into::into),
            message: self.message.into(),
            caller: self.caller.map(|(name, kind)| (name.into(), kind.into())),
            calls: Vec::new(),
            attempts: self.attempts,
            pause: if self.attempts > 1 { VISIBILITY } else { 0.0 },
            fails_after: None,
            times_out: self.times_out,
        }
    }
}

const fn known(name: &'static str, exception: &'static str, message: &'static str) -> Known {
    Known { name, exception: Some(exception), message, caller: None, attempts: 1, error: false, times_out: false }
}

const STORIES: &[Known] = &[
    Known {
        caller: Some(("shop-api/prod", GATEWAY)),
        ..known("checkout-api", "TypeError", "Cannot read properties of undefined (reading 'currency') in cart {id}")
    },
    Known {
        caller: Some(("orders-incoming", QUEUE)),
        ..known(
            "order-intake",
            "ProvisionedThroughputExceededException",
            "The level of configured provisioned throughput for the table was exceeded (order {n})",
        )
    },
    Known {
        caller: Some(("shop-api/prod", GATEWAY)),
        ..known("payment-capture", "AcquirerUnavailable", "capture {id}: the adapter gave no answer")
    },
    Known {
        // A message that can't be read comes back until its queue gives it up.
        caller: Some(("stock-updates", QUEUE)),
        attempts: 3,
        ..known("stock-sync", "JSONDecodeError", "Expecting value: line 1 column 1 (char 0)")
    },
    Known {
        error: true,
        ..known("voucher-check", "ConditionalCheckFailedException", "The conditional request failed")
    },
    Known { exception: None, ..known("eta-predictor", "", "") },
    known("parcel-events", "SchemaMismatch", "event {id}: field 'hub' is missing in version {n}"),
    known("claim-intake", "AccessDenied", "Access Denied (claim {n})"),
    Known { exception: None, times_out: true, ..known("document-ocr", "", "") },
    known("policy-lookup", "BadGateway", "policy-admin answered HTTP 502 for policy {n}"),
    known("loyalty-\u{1b}[31mpoints\u{202e}", "Over\u{1b}[2Jflow", "points \u{1b}]0;owned\u{7}\u{202e}of member {n}"),
    known("nightly-settlement", "SettlementMismatch", "ledger and bank differ by {n} cents"),
    known("image-resizer", "ValueError", "image {id} has no pixels"),
    known("pallet-scanner", "KeyError", "'pallet-{id}'"),
    known("fraud-score", "ModelNotFound", "model {id} is not in the registry"),
];

const COMMON: &[(&str, &str)] = &[
    ("KeyError", "'item-{id}'"),
    ("TypeError", "Cannot read properties of null (reading 'id')"),
    ("ConnectionError", "connection to 10.0.3.{n} refused"),
    ("ValidationError", "document {id}: 'amount' must be a number"),
    ("NullPointerException", "Cannot invoke \"Order.getLines()\" because \"order\" is null"),
];
