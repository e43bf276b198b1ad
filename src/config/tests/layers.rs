//! Each layer beats the one below it, and the print says which one did.

use insta::assert_snapshot;

use super::{FILE, World, config};
use crate::domain::{
    account::{AccountId, Region},
    roster::{Access, Base, ByHand, Regions, Role, Secret},
    rules::Rules,
};

/// The line of the print that says a key.
fn line(world: &World, key: &str) -> String {
    let print = world.load().unwrap().effective.to_string();
    let line = print.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap_or_default();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_embedded_file_says_what_the_domain_takes_as_default() {
    let rules = config("").rules;
    assert_eq!(format!("{rules:?}"), format!("{:?}", Rules::default()));
    assert_eq!(config("").alert, super::AlertSettings::default());
}

#[test]
fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
    let mut world = World::of("");
    assert_eq!(line(&world, "window"), "window = \"15m\" # default");
    world = world.file(FILE, "\n[alert]\nwindow = \"20m\"\n");
    assert_eq!(line(&world, "window"), "window = \"20m\" # /etc/slmon/config.toml:3");
    world = world.var("SLMON_ALERT_WINDOW", "25m");
    assert_eq!(line(&world, "window"), "window = \"25m\" # SLMON_ALERT_WINDOW");
    world.env.clear();
    world = world.var("SLMON_WINDOW", "26m");
    assert_eq!(line(&world, "window"), "window = \"26m\" # SLMON_WINDOW");
    world = world.flags(|flags| flags.window = Some("30m".into()));
    assert_eq!(line(&world, "window"), "window = \"30m\" # --window");
    assert_eq!(world.config().alert.window, 30);
}

#[test]
fn tables_merge_by_key_and_lists_are_replaced() {
    let config = config("[stage]\ntags = [\"tier\"]\n[checks.errors]\nwarning = [{ count = 9 }]\n");
    assert_eq!(config.rules.stage.tags, ["tier"]);
    assert_eq!(config.rules.stage.vocabulary, crate::domain::rules::Vocabulary::default());
    let errors = &config.rules.limits.errors;
    assert_eq!((&*errors.warning.set_by, errors.warning.any[0].rate), ("config", 0.0));
    assert_eq!((&*errors.critical.set_by, errors.critical.any.len()), ("default", 2));
}

#[test]
fn variables_are_typed_by_their_key_and_empty_ones_are_not_set() {
    let config = World::default()
        .var("SLMON_REGIONS", "eu-west-1, us-east-1,eu-west-1")
        .var("SLMON_DISCOVERY_TAG", "watch")
        .var("SLMON_STAGE_LAST_ONLY", "live")
        .var("SLMON_STAGE_NAMES", "off")
        .var("SLMON_ALLOW_EMPTY", "1")
        .var("SLMON_WINDOW", "")
        .var("SLMON_CONFIG", "")
        .var("SLMON_UNHEARD_OF", "x")
        .config();
    let Some(Regions::These(regions)) = &config.roster.regions else { panic!() };
    assert_eq!(regions.iter().map(Region::as_str).collect::<Vec<_>>(), ["eu-west-1", "us-east-1"]);
    assert_eq!(config.rules.watch.key, "watch");
    assert_eq!(config.rules.stage.vocabulary.last_only, ["live"]);
    assert!(!config.rules.stage.names && config.alert.allow_empty);
    assert_eq!(config.alert.window, 15);
}

#[test]
fn switches_are_flags_too() {
    let world = World::of("alert = { hidden = true }").flags(|flags| {
        flags.no_hidden = true;
        flags.allow_empty = true;
        flags.settle = Some("0m".into());
    });
    let alert = world.config().alert;
    assert_eq!((alert.hidden, alert.allow_empty, alert.settle), (false, true, 0));
    assert_eq!(line(&world, "hidden"), "hidden = false # --no-hidden");
}

#[test]
fn the_usual_place_may_be_empty_and_the_working_directory_is_never_read() {
    let text = "[alert]\nwindow = \"20m\"\n";
    let window = |world: World| world.config().alert.window;
    assert_eq!(window(World::default().var("HOME", "/home/u")), 15);
    let home = || World::default().var("HOME", "/home/u").file("/home/u/.config/slmon/config.toml", text);
    assert_eq!(window(home()), 20);
    assert_eq!(window(home().var("XDG_CONFIG_HOME", "/xdg")), 15);
    assert_eq!(
        window(home().var("XDG_CONFIG_HOME", "xdg").file("xdg/slmon/config.toml", "[alert]\nwindow = \"9m\"")),
        20
    );
    assert_eq!(window(World::default().file("slmon/config.toml", text).file("config.toml", text)), 15);
    let named = home().file("/n.toml", "[alert]\nwindow = \"9m\"").var("SLMON_CONFIG", "/n.toml");
    assert_eq!(named.load().unwrap().file, Some("/n.toml".into()));
    assert_eq!(window(named), 9);
}

#[test]
fn regions_said_above_the_file_stand_for_its_own_and_narrow_those_of_others() {
    let file = "regions = [\"all\"]\n[[organizations]]\nregions = [\"us-east-1\"]\n";
    assert_eq!(World::of(file).config().rules.scope.regions, []);
    let eu = vec![Region::parse("eu-west-1").unwrap()];
    let flag = World::of(file).flags(|flags| flags.regions = vec!["eu-west-1".into()]).config();
    assert_eq!(flag.roster.regions, Some(Regions::These(eu.clone())));
    assert!(flag.roster.organizations[0].regions.is_some(), "what is its own stays, and is narrowed");
    assert_eq!(flag.rules.scope.regions, eu);
    let file = "regions = [\"eu-west-1\", \"us-east-1\"]\n";
    assert_eq!(World::of(file).var("SLMON_REGIONS", "eu-west-1").config().rules.scope.regions, eu);
    let all = World::of(file).flags(|flags| flags.regions = vec!["all".into()]).config();
    assert_eq!((all.roster.regions, all.rules.scope.regions), (Some(Regions::All), vec![]));
}

fn own(access: Access) -> ByHand {
    ByHand { id: None, name: None, client: None, access, regions: None }
}

fn role(name: &str, external_id: Option<&str>) -> Role {
    Role { name: name.into(), external_id: external_id.map(Secret::new) }
}

#[test]
fn with_nothing_at_all_it_is_the_account_of_the_default_credentials() {
    assert_eq!(World::default().config().roster.accounts, [own(Access::default())]);
}

#[test]
fn flags_and_variables_that_say_an_account_replace_those_of_the_file() {
    let file = "[[organizations]]\n[[accounts]]\nid = \"111122223333\"\n";
    let plain = World::of(file).var("SLMON_PROFILE", "beta").config().roster;
    assert!(plain.organizations.is_empty());
    assert_eq!(plain.accounts, [own(Access { base: Base::Profile("beta".into()), role: None })]);

    let arn = "arn:aws:iam::444455556666:role/slmon";
    let by_arn = World::of(file).flags(|flags| flags.role = Some(arn.into())).config().roster.accounts;
    assert_eq!(by_arn[0].id, AccountId::parse("444455556666"));
    assert_eq!(by_arn[0].access.role, Some(role(arn, None)));

    let world = World::of(file).var("SLMON_ROLE", "reader").var("SLMON_EXTERNAL_ID", "s3").flags(|flags| {
        flags.organization = true;
        flags.profile = Some("acme".into());
    });
    let roster = world.config().roster;
    assert!(roster.accounts.is_empty());
    let base = Base::Profile("acme".into());
    assert_eq!(roster.organizations[0].lister, Access { base: base.clone(), role: None });
    assert_eq!(roster.organizations[0].member, Access { base, role: Some(role("reader", Some("s3"))) });

    let off = World::of(file).var("SLMON_ORGANIZATION", "no").config().roster;
    assert_eq!((off.organizations.len(), off.accounts.len()), (1, 1));
}

#[test]
fn the_print_names_each_origin_and_no_external_id() {
    let toml = r#"
[[accounts]]
id = "111122223333"
role = "slmon"
external_id = "s3cret"

[[organizations]]
client = "Acme \u001b[31m"
external_id_env = "ACME"

[stage.accounts]
"z-*" = "other"
"a-*" = "production"

[[override]]
function = "legacy-*"
mute_until = 2026-12-01
checks.errors.critical = [{ count = 50, rate = 0.2 }]
checks.throttles.warning = []
"#;
    let world = World::of(toml)
        .var("ACME", "s3cret")
        .var("SLMON_DISCOVERY_VALUES", "true,yes")
        .flags(|flags| flags.regions = vec!["eu-west-1,eu-central-1".into(), "us-east-1".into()]);
    assert_snapshot!(world.load().unwrap().effective.as_toml(), @r#"
    # The configuration in effect, and where each value comes from.

    regions = ["eu-west-1", "eu-central-1", "us-east-1"]                   # --region
    cache = true                                                           # default

    [[organizations]]
    client = "Acme \U0000001B[31m"                                         # /etc/slmon/config.toml:8
    role = "slmon"                                                         # default
    external_id_env = "ACME"                                               # /etc/slmon/config.toml:9

    [[accounts]]
    id = "111122223333"                                                    # /etc/slmon/config.toml:3
    role = "slmon"                                                         # /etc/slmon/config.toml:4
    external_id = "(redacted)"                                             # /etc/slmon/config.toml:5

    [discovery]
    tag = "monitor"                                                        # default
    values = ["true", "yes"]                                               # SLMON_DISCOVERY_VALUES

    [stage]
    tags = ["stage", "env", "environment"]                                 # default
    production = ["prod", "production", "prd", "live"]                     # default
    other = [                                                              # default
        "dev", "development", "staging", "stg", "test", "testing", "qa", "uat", "nonprod",
        "preprod", "preproduction", "nonproduction", "stage", "demo", "preview", "sandbox",
    ]
    last_only = ["live", "test", "demo", "preview", "stage", "sandbox"]    # default
    negations = ["non", "not", "pre"]                                      # default
    names = true                                                           # default

    [stage.accounts]
    "z-*" = "other"                                                        # /etc/slmon/config.toml:12
    "a-*" = "production"                                                   # /etc/slmon/config.toml:13

    [checks.errors]
    critical = [{ count = 3, rate = 0.05 }, { count = 100, rate = 0.01 }]  # default
    warning = [{ count = 1, rate = 0.01 }]                                 # default

    [checks.throttles]
    critical = [{ count = 10, rate = 0.05 }]                               # default
    warning = [{ count = 1, rate = 0.0 }]                                  # default

    [checks.burn]
    on = false                                                             # default
    objective = "99.9%"                                                    # default
    errors = 3                                                             # default

    [checks.near-timeout]
    on = false                                                             # default
    warning = "90%"                                                        # default
    critical = "98%"                                                       # default

    [checks.iterator-age]
    on = false                                                             # default
    warning = "5m"                                                         # default
    critical = "30m"                                                       # default

    [checks.dead-letter]
    on = false                                                             # default
    warning = 1                                                            # default
    critical = 1                                                           # default

    [checks.silent]
    on = false                                                             # default
    times = 3                                                              # default

    [checks.concurrency]
    on = false                                                             # default
    warning = "80%"                                                        # default
    critical = "95%"                                                       # default

    [checks.capacity]
    on = false                                                             # default
    consumed = "80%"                                                       # default
    throttled = 1                                                          # default
    critical = 10                                                          # default

    [alert]
    window = "15m"                                                         # default
    baseline = "off"                                                       # default
    settle = "3m"                                                          # default
    fail_on = "critical"                                                   # default
    deadline = "30s"                                                       # default
    hidden = true                                                          # default
    allow_empty = false                                                    # default
    min_coverage = "100%"                                                  # default
    blind_spots = false                                                    # default

    [watch]
    budget = "off"                                                         # default

    [alerts]
    for = 1                                                                # default
    cause_cost = "0.05"                                                    # default
    resolve_below = 0.5                                                    # default
    resolve_after = "5m"                                                   # default
    resolve_idle = "15m"                                                   # default
    flapping_changes = 4                                                   # default
    flapping_within = "1h"                                                 # default
    steady_after = "30m"                                                   # default

    [dashboard]
    theme = "terminal"                                                     # default
    theme_dark = "catppuccin-mocha"                                        # default
    theme_light = "catppuccin-latte"                                       # default
    mouse = true                                                           # default
    notify = "auto"                                                        # default
    access_portal = "off"                                                  # default
    access_portal_role = "off"                                             # default

    [keys]

    [[override]]
    function = "legacy-*"                                                  # /etc/slmon/config.toml:16
    checks.errors.critical = [{ count = 50, rate = 0.2 }]                  # /etc/slmon/config.toml:18
    checks.throttles.warning = []                                          # /etc/slmon/config.toml:19
    mute_until = 2026-12-01                                                # /etc/slmon/config.toml:17
    "#);
    let started = World::default().flags(|flags| flags.organization = true);
    assert_snapshot!(started.load().unwrap().effective.as_toml(), @r#"
    # The configuration in effect, and where each value comes from.
    # Regions: the one that belongs to the credentials.

    cache = true                                                           # default

    [[organizations]]                                                      # --organization
    role = "slmon"                                                         # default

    [discovery]
    tag = "monitor"                                                        # default
    values = ["true", "yes", "on", "1"]                                    # default

    [stage]
    tags = ["stage", "env", "environment"]                                 # default
    production = ["prod", "production", "prd", "live"]                     # default
    other = [                                                              # default
        "dev", "development", "staging", "stg", "test", "testing", "qa", "uat", "nonprod",
        "preprod", "preproduction", "nonproduction", "stage", "demo", "preview", "sandbox",
    ]
    last_only = ["live", "test", "demo", "preview", "stage", "sandbox"]    # default
    negations = ["non", "not", "pre"]                                      # default
    names = true                                                           # default

    [stage.accounts]

    [checks.errors]
    critical = [{ count = 3, rate = 0.05 }, { count = 100, rate = 0.01 }]  # default
    warning = [{ count = 1, rate = 0.01 }]                                 # default

    [checks.throttles]
    critical = [{ count = 10, rate = 0.05 }]                               # default
    warning = [{ count = 1, rate = 0.0 }]                                  # default

    [checks.burn]
    on = false                                                             # default
    objective = "99.9%"                                                    # default
    errors = 3                                                             # default

    [checks.near-timeout]
    on = false                                                             # default
    warning = "90%"                                                        # default
    critical = "98%"                                                       # default

    [checks.iterator-age]
    on = false                                                             # default
    warning = "5m"                                                         # default
    critical = "30m"                                                       # default

    [checks.dead-letter]
    on = false                                                             # default
    warning = 1                                                            # default
    critical = 1                                                           # default

    [checks.silent]
    on = false                                                             # default
    times = 3                                                              # default

    [checks.concurrency]
    on = false                                                             # default
    warning = "80%"                                                        # default
    critical = "95%"                                                       # default

    [checks.capacity]
    on = false                                                             # default
    consumed = "80%"                                                       # default
    throttled = 1                                                          # default
    critical = 10                                                          # default

    [alert]
    window = "15m"                                                         # default
    baseline = "off"                                                       # default
    settle = "3m"                                                          # default
    fail_on = "critical"                                                   # default
    deadline = "30s"                                                       # default
    hidden = true                                                          # default
    allow_empty = false                                                    # default
    min_coverage = "100%"                                                  # default
    blind_spots = false                                                    # default

    [watch]
    budget = "off"                                                         # default

    [alerts]
    for = 1                                                                # default
    cause_cost = "0.05"                                                    # default
    resolve_below = 0.5                                                    # default
    resolve_after = "5m"                                                   # default
    resolve_idle = "15m"                                                   # default
    flapping_changes = 4                                                   # default
    flapping_within = "1h"                                                 # default
    steady_after = "30m"                                                   # default

    [dashboard]
    theme = "terminal"                                                     # default
    theme_dark = "catppuccin-mocha"                                        # default
    theme_light = "catppuccin-latte"                                       # default
    mouse = true                                                           # default
    notify = "auto"                                                        # default
    access_portal = "off"                                                  # default
    access_portal_role = "off"                                             # default

    [keys]
    "#);
}

/// The configuration without what a second reading can't know: where things stood at first.
fn without_origins(config: &super::Config) -> String {
    let text = format!("{config:?}").replace("\"default\"", "\"config\"");
    text.split(" (line ").map(|part| part.split_once(')').map_or(part, |(_, rest)| rest)).collect::<Vec<_>>().join("")
}

#[test]
fn the_print_is_a_configuration_that_means_the_same() {
    let start = World::default().flags(|flags| {
        flags.organization = true;
        flags.role = Some("reader".into());
        flags.regions = vec!["all".into()];
    });
    let texts = [String::new(), super::docs::everything(), start.load().unwrap().effective.to_string()];
    for text in texts {
        let first = super::docs::all_set(World::of(&text)).load().unwrap();
        let second = super::docs::all_set(World::of(first.effective.as_toml())).load().unwrap();
        assert_eq!(without_origins(&first.config), without_origins(&second.config), "{}", first.effective);
    }
}
