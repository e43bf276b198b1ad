//! Who lives in the demo estate: tables and nothing else. Tags are as people write them.

use crate::source::sim::living::{
    Load::{self, Busy, Nightly, Steady},
    Trouble::{self, Always, BadDeploys, BadNights, Calm, Flaps, SlowBurn, Storms},
    Turn,
};

/// A name, its traffic and its trouble.
pub(super) type Resident = (&'static str, Load, Trouble);
type TagList = &'static [(&'static str, &'static str)];

/// An account.
pub(super) struct Account {
    pub(super) client: &'static str,
    pub(super) name: &'static str,
    pub(super) owner: &'static str,
    /// Each call takes its time.
    pub(super) slow: bool,
    /// It lets slmon in by no role.
    pub(super) shut: bool,
    pub(super) blocks: &'static [Block],
}

/// Functions that are named and tagged alike.
pub(super) struct Block {
    /// In so many regions.
    pub(super) regions: usize,
    /// Whether their trouble is the same in all of these, or in the first alone.
    pub(super) everywhere: bool,
    pub(super) suffix: &'static str,
    /// Ways to tag them, in turn; none where they carry no tags.
    pub(super) tags: &'static [TagList],
    pub(super) residents: &'static [Resident],
}

/// A function that is like no other.
pub(super) struct Single {
    pub(super) account: &'static str,
    pub(super) name: &'static str,
    pub(super) load: Load,
    pub(super) trouble: Trouble,
    pub(super) tags: TagList,
    pub(super) muted_for_days: Option<i64>,
    pub(super) deleted: bool,
}

/// A DynamoDB table, used always alike: units and refused writes a minute, and units a second that it has (0: as many as
/// are needed).
pub(super) struct Table {
    pub(super) account: &'static str,
    pub(super) name: &'static str,
    pub(super) stage: &'static str,
    pub(super) reads: f64,
    pub(super) writes: f64,
    pub(super) provisioned: f64,
    pub(super) throttled: f64,
}

const SHOP: &str = "Juniper & Finch";
const FREIGHT: &str = "Halvorsen Freight";
const INSURER: &str = "Larkspur Mutual";
/// The consultancy's clients.
pub(super) const CLIENTS: [&str; 3] = [SHOP, FREIGHT, INSURER];

/// A seat among the functions of which one is broken at every moment, by its last deployment.
const fn first(seat: usize) -> Trouble {
    Trouble::Turns(Turn { round: 1, seat, seats: 5, minutes: 47, deploys: true, shares: &[0.18, 0.35, 0.6] })
}
/// A seat in the second such round, which changes at other times.
const fn second(seat: usize) -> Trouble {
    Trouble::Turns(Turn { round: 2, seat, seats: 5, minutes: 61, deploys: false, shares: &[0.15, 0.3, 0.85] })
}
/// A seat in a round of small leaks: enough for a warning.
const fn leak(seat: usize) -> Trouble {
    Trouble::Turns(Turn { round: 3, seat, seats: 4, minutes: 35, deploys: false, shares: &[0.022, 0.028] })
}

const IDLE: Load = Steady(0.0);
const SHOP_PROD: &str = "finch-shop-prod";
const SHOP_DEV: &str = "finch-shop-dev";
const CLAIMS_PROD: &str = "larkspur-claims-prod";

const BLOCK: Block = Block { regions: 1, everywhere: false, suffix: "", tags: &[], residents: &[] };

/// The tables. Only the check `capacity` looks at them.
pub(super) const TABLES: [Table; 5] = [
    table(SHOP_PROD, "orders", "prod", 5_220.0, 900.0, 100.0, 0.0),
    table(SHOP_PROD, "sessions", "prod", 2_400.0, 2_000.0, 0.0, 0.0),
    table(SHOP_DEV, "orders", "dev", 290.0, 300.0, 5.0, 12.0),
    table(CLAIMS_PROD, "claims", "prod", 700.0, 1_490.0, 25.0, 3.4),
    table(CLAIMS_PROD, "policies", "prod", 120.0, 20.0, 10.0, 0.0),
];

const fn table(
    account: &'static str,
    name: &'static str,
    stage: &'static str,
    reads: f64,
    writes: f64,
    provisioned: f64,
    throttled: f64,
) -> Table {
    Table { account, name, stage, reads, writes, provisioned, throttled }
}

/// The accounts.
pub(super) const ACCOUNTS: [Account; 8] = [
    account(
        SHOP,
        SHOP_PROD,
        "shop-oncall",
        &[Block { regions: 2, tags: SHOP_PROD_TAGS, residents: SHOP_SERVICES, ..BLOCK }],
    ),
    account(
        SHOP,
        SHOP_DEV,
        "shop-dev",
        &[
            Block { tags: DEV_TAGS, residents: SHOP_DEV_SERVICES, ..BLOCK },
            Block { tags: DEV_TAGS, suffix: "-david-dev", residents: DAVIDS, ..BLOCK },
        ],
    ),
    account(
        SHOP,
        "finch-shared",
        "platform",
        &[
            Block { regions: 2, tags: &[], residents: SHARED_UNTAGGED, ..BLOCK },
            Block { tags: SHARED_TAGS, residents: SHARED, ..BLOCK },
        ],
    ),
    account(
        FREIGHT,
        "halvorsen-tracking",
        "tracking@halvorsen.example",
        &[
            Block { regions: 2, suffix: "-prod", tags: NAMED_PROD_TAGS, residents: TRACKING, ..BLOCK },
            Block { suffix: "-staging", tags: NAMED_TAGS, residents: TRACKING_COPIES, ..BLOCK },
            Block { suffix: "-dev", tags: NAMED_TAGS, residents: TRACKING_DEV, ..BLOCK },
        ],
    ),
    Account {
        slow: true,
        ..account(
            FREIGHT,
            "halvorsen-warehouse",
            "warehouse@halvorsen.example",
            &[
                Block { suffix: "-live", tags: NAMED_TAGS, residents: WAREHOUSE, ..BLOCK },
                Block { suffix: "-test", tags: NAMED_TAGS, residents: WAREHOUSE_COPIES, ..BLOCK },
            ],
        )
    },
    account(
        INSURER,
        CLAIMS_PROD,
        "claims-platform",
        &[
            Block { tags: CLAIMS_PROD_TAGS, residents: CLAIMS, ..BLOCK },
            Block { regions: 2, tags: CLAIMS_PROD_TAGS, residents: CLAIMS_EVERYWHERE, ..BLOCK },
        ],
    ),
    account(
        INSURER,
        "larkspur-claims-dev",
        "claims-platform",
        &[Block { tags: DEV_TAGS, residents: CLAIMS_DEV, ..BLOCK }],
    ),
    Account {
        shut: true,
        ..account(
            INSURER,
            "larkspur-core",
            "core-systems",
            &[Block { regions: 2, everywhere: true, tags: CLAIMS_PROD_TAGS, residents: CORE, ..BLOCK }],
        )
    },
];

const fn account(client: &'static str, name: &'static str, owner: &'static str, blocks: &'static [Block]) -> Account {
    Account { client, name, owner, slow: false, shut: false, blocks }
}

const SHOP_PROD_TAGS: &[TagList] = &[
    &[("monitor", "true"), ("stage", "prod"), ("team", "checkout")],
    &[("monitor", "TRUE"), ("env", "PROD")],
    &[("monitor", "yes"), ("Environment", "prd")],
    &[("monitor", "On"), ("stage", "live"), ("cost-center", "4711")],
    &[("monitor", "true"), ("environment", "prod-eu")],
    &[("monitor", "1"), ("Stage", "production")],
];

const SHOP_SERVICES: &[Resident] = &[
    ("checkout-api", Busy(220.0), first(0)),
    ("cart-api", Busy(260.0), Calm),
    ("catalog-search", Busy(140.0), leak(0)),
    ("price-engine", Busy(90.0), Calm),
    ("stock-sync", Steady(40.0), first(1)),
    ("order-intake", Busy(70.0), first(2)),
    ("payment-capture", Busy(60.0), first(3)),
    ("invoice-renderer", Steady(110.0), SlowBurn),
    ("newsletter-dispatch", Steady(6.0), Calm),
    ("image-resizer", Busy(80.0), Storms),
    ("recommendation-feed", Busy(120.0), BadDeploys),
    ("returns-handler", Busy(12.0), Calm),
    ("voucher-check", Busy(45.0), first(4)),
    ("season-sale-warmup", IDLE, Calm),
];

const DEV_TAGS: &[TagList] = &[
    &[("monitor", "true"), ("stage", "dev")],
    &[("monitor", "TRUE"), ("env", "Development")],
    &[("monitor", "yes"), ("Environment", "dev-eu")],
    &[("monitor", "on"), ("environment", "test")],
];

const SHOP_DEV_SERVICES: &[Resident] = &[
    ("checkout-api", Steady(4.0), Always(0.95)),
    ("cart-api", Steady(3.0), Always(0.7)),
    ("catalog-search", Steady(2.0), Calm),
    ("price-engine", Steady(5.0), Always(1.0)),
    ("stock-sync", Steady(10.0), Always(1.0)),
    ("order-intake", Steady(1.0), Calm),
    ("payment-capture", Steady(3.0), Always(0.9)),
    ("invoice-renderer", Steady(2.0), Flaps),
    ("newsletter-dispatch", IDLE, Calm),
    ("image-resizer", Steady(6.0), Always(0.8)),
    ("recommendation-feed", Steady(2.0), Calm),
    ("returns-handler", IDLE, Calm),
    ("voucher-check", Steady(1.0), Always(0.5)),
    ("season-sale-warmup", IDLE, Calm),
];

const DAVIDS: &[Resident] = &[
    ("checkout-api", Steady(8.0), Always(1.0)),
    ("price-engine", Steady(3.0), Always(0.97)),
    ("hello-world", Steady(1.0), Always(1.0)),
    ("sqs-playground", Steady(20.0), Always(0.9)),
];

const SHARED_UNTAGGED: &[Resident] = &[
    ("log-forwarder", Steady(60.0), Calm),
    ("dns-cleanup", Steady(0.2), Calm),
    ("slack-relay", Steady(2.0), Calm),
    ("secrets-rotation", IDLE, Calm),
];

const SHARED_TAGS: &[TagList] = &[
    &[("monitor", "true"), ("stage", "prod")],
    &[("monitor", "false"), ("stage", "dev")],
    &[("monitor", "true"), ("aws:cloudformation:stack-name", "platform-PROD")],
    &[("monitor", "yes"), ("env", "preprod")],
];

const SHARED: &[Resident] = &[
    ("sso-provisioner", Steady(3.0), Calm),
    ("sandbox-reaper", Steady(1.0), Always(0.6)),
    ("cost-report", Nightly(245), Calm),
    ("backup-verifier", Steady(1.0), Always(0.3)),
    ("artifact-scanner", Steady(9.0), Calm),
    ("ami-cleanup", Steady(0.5), Calm),
    ("edge-redirects", Busy(150.0), Calm),
    ("canary-runner", Steady(5.0), Flaps),
];

const NAMED_PROD_TAGS: &[TagList] =
    &[&[("monitor", "true")], &[("monitor", "yes"), ("aws:cloudformation:stack-name", "tracking-prod")]];
const NAMED_TAGS: &[TagList] = &[&[("monitor", "true")], &[("monitor", "On"), ("team", "dispatch")]];

const TRACKING: &[Resident] = &[
    ("parcel-events", Busy(240.0), second(0)),
    ("eta-predictor", Busy(90.0), second(1)),
    ("route-planner", Steady(130.0), leak(1)),
    ("label-printer", Busy(110.0), leak(2)),
    ("geofence", Busy(80.0), Calm),
    ("webhook-gateway", Busy(180.0), Calm),
    ("driver-app-api", Busy(150.0), Calm),
    ("customs-declaration", Steady(8.0), Calm),
    ("proof-of-delivery", Busy(40.0), Calm),
    ("nightly-manifest", Nightly(185), Calm),
    ("carrier-billing", Steady(5.0), Calm),
    ("temperature-alerts", IDLE, Calm),
];

const TRACKING_COPIES: &[Resident] = &[
    ("parcel-events", Steady(10.0), Flaps),
    ("eta-predictor", Steady(4.0), Calm),
    ("route-planner", Steady(3.0), Always(0.2)),
    ("label-printer", Steady(1.0), Calm),
    ("geofence", Steady(2.0), BadDeploys),
    ("webhook-gateway", Steady(12.0), Storms),
    ("driver-app-api", Steady(6.0), Calm),
    ("customs-declaration", IDLE, Calm),
    ("proof-of-delivery", Steady(1.0), Calm),
    ("carrier-billing", IDLE, Calm),
];

const TRACKING_DEV: &[Resident] = &[
    ("parcel-events", Steady(15.0), Always(0.9)),
    ("eta-predictor", Steady(2.0), Always(1.0)),
    ("route-planner", Steady(2.0), Always(0.85)),
    ("label-printer", IDLE, Calm),
    ("geofence", Steady(1.0), Always(1.0)),
    ("webhook-gateway", Steady(5.0), Always(0.6)),
    ("driver-app-api", Steady(3.0), Always(0.8)),
    ("customs-declaration", Steady(1.0), Always(1.0)),
    ("proof-of-delivery", IDLE, Calm),
    ("carrier-billing", IDLE, Calm),
];

const WAREHOUSE: &[Resident] = &[
    ("pick-list", Busy(60.0), Calm),
    ("inventory-ledger", Busy(200.0), Calm),
    ("dock-scheduler", Steady(12.0), Calm),
    ("forklift-telemetry", Steady(180.0), Calm),
    ("pallet-scanner", Busy(90.0), BadDeploys),
    ("cycle-count", Steady(4.0), Calm),
    ("returns-grading", Busy(20.0), Calm),
    ("supplier-edi", Steady(15.0), Calm),
    ("packing-cost", Busy(35.0), Calm),
    ("bin-optimizer", Nightly(130), Calm),
];

const WAREHOUSE_COPIES: &[Resident] = &[
    ("pick-list", Steady(3.0), Always(0.4)),
    ("inventory-ledger", Steady(6.0), Calm),
    ("dock-scheduler", IDLE, Calm),
    ("forklift-telemetry", Steady(30.0), Always(0.99)),
    ("pallet-scanner", Steady(2.0), Always(1.0)),
    ("cycle-count", IDLE, Calm),
    ("returns-grading", Steady(1.0), Calm),
    ("supplier-edi", Steady(4.0), Always(0.75)),
    ("packing-cost", Steady(1.0), Calm),
    ("bin-optimizer", Steady(1.0), Always(1.0)),
];

const CLAIMS_PROD_TAGS: &[TagList] = &[
    &[("monitor", "true"), ("Environment", "production"), ("data-class", "confidential")],
    &[("monitor", "true"), ("Environment", "PRD2")],
    &[("monitor", "Yes"), ("stage", "prod"), ("aws:cloudformation:stack-name", "claims-prod")],
];

const CLAIMS: &[Resident] = &[
    ("claim-intake", Busy(60.0), second(2)),
    ("document-ocr", Steady(45.0), second(3)),
    ("policy-lookup", Busy(130.0), second(4)),
    ("premium-calculator", Steady(120.0), leak(3)),
    ("fraud-score", Busy(50.0), BadDeploys),
    ("notification-sender", Busy(70.0), Flaps),
    ("broker-portal-api", Busy(110.0), Calm),
    ("letter-generator", Steady(7.0), Calm),
    ("iban-check", Busy(65.0), Calm),
    ("payout-release", Steady(5.0), Calm),
    ("damage-photo-intake", Busy(30.0), Calm),
    ("reserve-forecast", IDLE, Calm),
];

const CLAIMS_EVERYWHERE: &[Resident] = &[
    ("audit-trail", Steady(160.0), Calm),
    ("consent-api", Busy(25.0), Calm),
    ("session-guard", Busy(95.0), Calm),
    ("partner-webhook", Steady(14.0), Calm),
];

const CLAIMS_DEV: &[Resident] = &[
    ("claim-intake", Steady(5.0), Always(0.9)),
    ("document-ocr", Steady(2.0), Always(1.0)),
    ("policy-lookup", Steady(8.0), Always(0.35)),
    ("premium-calculator", Steady(1.0), Calm),
    ("fraud-score", Steady(3.0), Always(0.98)),
    ("notification-sender", Steady(4.0), Flaps),
    ("broker-portal-api", Steady(6.0), Calm),
    ("letter-generator", IDLE, Calm),
    ("iban-check", Steady(2.0), Always(1.0)),
    ("payout-release", Steady(1.0), Always(0.6)),
    ("audit-trail", Steady(9.0), Calm),
    ("mira-ocr-experiment", Steady(12.0), Always(0.93)),
];

const CORE: &[Resident] = &[
    ("ledger-posting", Busy(80.0), Calm),
    ("policy-admin-api", Busy(120.0), Calm),
    ("customer-master", Busy(90.0), BadDeploys),
    ("tax-reporting", Nightly(60), Calm),
    ("payment-run", Nightly(300), BadNights),
    ("mainframe-bridge", Steady(140.0), Calm),
    ("address-service", Busy(75.0), Calm),
    ("interest-calculator", Steady(9.0), Calm),
    ("solvency-export", IDLE, Calm),
    ("gdpr-erasure", Steady(0.3), Calm),
];

const fn single(account: &'static str, name: &'static str, load: Load, trouble: Trouble, tags: TagList) -> Single {
    Single { account, name, load, trouble, tags, muted_for_days: None, deleted: false }
}

/// Those whose tags, names or fates are their own.
pub(super) const SINGLES: &[Single] = &[
    // Means yes and does not say it.
    single(SHOP_PROD, "gift-cards-api", Busy(25.0), Calm, &[("monitor", " ture"), ("stage", "prod")]),
    // The order of the keys decides, and the disagreement shows.
    single(SHOP_PROD, "order-export", Steady(6.0), Calm, &[("monitor", "true"), ("stage", "prod"), ("env", "dev")]),
    single(
        "halvorsen-tracking",
        "fleet-report",
        Steady(2.0),
        Always(0.5),
        &[("monitor", "true"), ("env", "qa"), ("environment", "prod")],
    ),
    // Nothing says their stage.
    single(SHOP_PROD, "shipping-quote", Busy(30.0), Always(0.12), &[("monitor", "true"), ("team", "checkout")]),
    single("halvorsen-tracking", "product-api", Busy(20.0), Calm, &[("monitor", "yes")]),
    // Deleted, and still listed by the tagging API.
    Single {
        deleted: true,
        ..single(SHOP_PROD, "checkout-legacy", IDLE, Calm, &[("monitor", "true"), ("stage", "prod")])
    },
    // Whoever can name or tag a function can try to steer a terminal.
    single(
        SHOP_PROD,
        "loyalty-\u{1b}[31mpoints\u{202e}-api",
        Busy(35.0),
        Flaps,
        &[("monitor", "true"), ("stage", "prod"), ("monitor:owner", "\u{1b}]0;owned\u{7}loyalty\u{200b}-team")],
    ),
    // Thresholds of their owners: one that tolerates a lot, one that tolerates little, one that says nothing readable.
    single(
        SHOP_PROD,
        "tax-rates-sync",
        Steady(20.0),
        Always(0.2),
        &[("monitor", "true"), ("stage", "prod"), ("monitor:error-rate", "0.5")],
    ),
    single(
        CLAIMS_PROD,
        "regulator-feed",
        Steady(30.0),
        Calm,
        &[("monitor", "true"), ("stage", "prod"), ("monitor:errors", "1"), ("monitor:error-rate", "0.001")],
    ),
    single(
        SHOP_PROD,
        "address-verifier",
        Busy(18.0),
        Calm,
        &[("monitor", "true"), ("stage", "prod"), ("monitor:errors", "many")],
    ),
    // At worst a warning.
    single(
        SHOP_PROD,
        "wishlist-digest",
        Steady(10.0),
        Always(0.3),
        &[("monitor", "true"), ("stage", "prod"), ("monitor:severity", "warning"), ("monitor:owner", "crm")],
    ),
    // Muted, with a reason to be found in the runbook.
    Single {
        muted_for_days: Some(3),
        ..single(
            CLAIMS_PROD,
            "fraud-replay",
            Steady(25.0),
            Always(0.4),
            &[
                ("monitor", "true"),
                ("stage", "prod"),
                ("monitor:owner", "fraud-team"),
                ("monitor:runbook", "https://wiki.larkspur.example/runbooks/fraud-replay"),
            ],
        )
    },
    // Nightly jobs that are judged over a day.
    single(
        CLAIMS_PROD,
        "nightly-settlement",
        Nightly(95),
        BadNights,
        &[
            ("monitor", "true"),
            ("stage", "prod"),
            ("monitor:window", "24h"),
            ("monitor:owner", "settlement"),
            ("monitor:runbook", "https://wiki.larkspur.example/runbooks/nightly-settlement"),
        ],
    ),
    single(
        SHOP_PROD,
        "nightly-feed-export",
        Nightly(140),
        Calm,
        &[("monitor", "true"), ("stage", "prod"), ("monitor:window", "24h")],
    ),
    // Production that fails without the tag, and one with the tag's key misspelt.
    single(SHOP_PROD, "legacy-price-import-prod", Steady(8.0), Always(0.7), &[]),
    single(CLAIMS_PROD, "partner-sftp-prod", Steady(3.0), Always(0.25), &[("Monitor", "true"), ("stage", "prod")]),
    // Somebody's own.
    single(SHOP_DEV, "davids-prod-copy", Steady(11.0), Always(0.88), &[("monitor", "true"), ("stage", "prod-like")]),
    single(SHOP_DEV, "load-test-2024", IDLE, Calm, &[("stage", "dev")]),
];
