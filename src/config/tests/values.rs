//! What good values mean.

use super::{World, config};
use crate::domain::{
    account::AccountId,
    finding::Severity,
    roster::{Access, Base, Regions, Secret},
    rules::{
        limits::{Clause, Clauses},
        more::{Extra, Number, Word},
    },
};

#[test]
fn an_organization_is_listed_by_one_access_and_entered_by_another() {
    let config = config(
        "regions = [\"all\"]\n[[organizations]]\nclient = \"Acme\"\nprofile = \"acme\"\nmanagement_role = \"lister\"\nexternal_id = \"s3\"\n\
         include_ous = [\"ou-ab12-11112222\"]\nexclude = [\"111122223333\"]\nregions = [\"eu-central-1\"]\n",
    );
    let organization = &config.roster.organizations[0];
    let name = |access: &Access| access.role.as_ref().map(|role| role.name.clone()).unwrap_or_default();
    assert_eq!((name(&organization.lister), name(&organization.member)), ("lister".into(), "slmon".into()));
    assert_eq!(organization.lister.base, Base::Profile("acme".into()));
    assert_eq!(organization.member.base, organization.lister.base);
    assert_eq!(organization.member.role.as_ref().unwrap().external_id, Some(Secret::new("s3")));
    assert_eq!(organization.client.as_ref().unwrap().raw(), "Acme");
    assert_eq!(organization.exclude, [AccountId::parse("111122223333").unwrap()]);
    assert!(matches!(&organization.regions, Some(Regions::These(regions)) if regions.len() == 1));
    assert_eq!(config.roster.regions, Some(Regions::All));
    assert!(config.roster.accounts.is_empty());
}

#[test]
fn an_account_takes_its_id_from_its_role() {
    let roster = config("[[accounts]]\nname = \"shop\"\nrole = \"arn:aws:iam::444455556666:role/a/slmon\"\n").roster;
    assert_eq!(roster.accounts[0].id, AccountId::parse("444455556666"));
    assert_eq!(roster.accounts[0].name.as_ref().unwrap().raw(), "shop");
    let plain = config("[[accounts]]\nid = \"444455556666\"\n").roster;
    assert_eq!(plain.accounts[0].access, Access::default());
}

#[test]
fn external_ids_come_from_a_value_a_variable_or_a_file_beside_the_configuration() {
    let of = |world: World| world.config().roster.accounts[0].access.role.clone().unwrap().external_id;
    let toml = |line: &str| World::of(&format!("[[accounts]]\nrole = \"slmon\"\n{line}\n"));
    assert_eq!(of(toml("external_id = \"a:b/c\"")), Some(Secret::new("a:b/c")));
    // A variable of the file's own choice is no mistyped one of ours.
    assert_eq!(of(toml("external_id_env = \"SLMON_PROFILES\"").var("SLMON_PROFILES", "s3")), Some(Secret::new("s3")));
    assert_eq!(of(toml("external_id_file = \"acme\"").file("/etc/slmon/acme", "s3\n")), Some(Secret::new("s3")));
    assert_eq!(of(toml("external_id_file = \"/acme\"").file("/acme", "s3")), Some(Secret::new("s3")));
}

#[test]
fn words_are_lower_cased_and_keys_are_not() {
    let rules = config(
        "[discovery]\ntag = \"Watch\"\nvalues = [\"YES\"]\n[stage]\ntags = [\"Tier\"]\nproduction = [\"Gold\"]\n",
    )
    .rules;
    assert_eq!((rules.watch.key.as_str(), rules.watch.values.as_slice()), ("Watch", &["yes".to_string()][..]));
    assert_eq!((rules.stage.tags[0].as_str(), rules.stage.vocabulary.production[0].as_str()), ("tier", "gold"));
}

#[test]
fn accounts_keep_the_order_of_the_file() {
    let accounts =
        config("[stage.accounts]\n\"z*\" = \"Production\"\n\"a*\" = \"other\"\n\"m\" = \"dev\"\n").rules.stage.accounts;
    let said: Vec<(&str, &str)> = accounts.iter().map(|(glob, word)| (glob.as_str(), word.as_str())).collect();
    assert_eq!(said, [("z*", "Production"), ("a*", "other"), ("m", "dev")]);
}

#[test]
fn an_override_is_named_by_its_number_and_line() {
    let overrides = config(
        "[[override]]\nfunction = \"a\"\nwatch = false\n\n[[override]]\naccount = \"4444*\"\nregion = \"eu-*\"\ntag = \"team=pay-*\"\n\
         stage = \"production\"\nchecks.errors.critical = [{ rate = 0.2 }, { count = 2.5 }]\nseverity = \"warning\"\n\
         mute_until = 2026-12-01T08:00:00+01:00\nwindow = \"24h\"\nowner = \"ops\"\nrunbook = \"https://x\"\n",
    )
    .rules
    .overrides;
    assert_eq!((overrides[0].name.as_str(), overrides[0].watch), ("override 1 (line 1)", Some(false)));
    let second = &overrides[1];
    let critical = Clauses::new([Clause::new(1.0, 0.2), Clause::new(2.5, 0.0)], "override 2 (line 5)");
    assert_eq!(second.limits.errors_critical, Some(critical));
    assert_eq!(second.limits.errors_warning, None);
    let (key, glob) = second.tag.as_ref().unwrap();
    assert_eq!((key.as_str(), glob.as_str()), ("team", "pay-*"));
    assert_eq!(second.mute_until.unwrap().to_string(), "2026-12-01T07:00:00Z");
    assert_eq!((second.window, second.severity), (Some(1440), Some(Severity::Warning)));
    assert_eq!(second.owner.as_ref().unwrap().raw(), "ops");
}

#[test]
fn what_is_accepted_has_an_end_and_a_reason() {
    let toml = "[[accept_unseen]]\naccount = \"7777*\"\nuntil = 2026-12-31\nreason = \"closing\"\n";
    let accepted = &config(toml).accept_unseen[0];
    assert_eq!((accepted.account.as_str(), accepted.region.as_ref()), ("7777*", None));
    assert_eq!((accepted.until.to_string().as_str(), accepted.reason.as_str()), ("2026-12-31T00:00:00Z", "closing"));
}

#[test]
fn sinks_take_their_secrets_from_variables_and_files_and_never_show_them() {
    use crate::domain::sink::Channel;
    let world = World::of(
        "[[notify]]\nname = \"chat\"\nkind = \"slack\"\nurl_file = \"chat\"\nseverity = \"critical\"\ntags = [\"team=pay-*\", \"a\"]\ngroup_from = 9\n\
         [[notify]]\nname = \"on-call\"\nkind = \"pagerduty\"\nkey_env = \"PD\"\n[[notify]]\nname = \"c\"\nkind = \"command\"\ncommand = [\"x\", \"y\"]\n",
    );
    let world = world.var("PD", "k3y").file("/etc/slmon/chat", "https://hooks.example.com/s3cret\n");
    let sinks = world.config().notify;
    assert_eq!(sinks[0].channel, Channel::Slack { url: Secret::new("https://hooks.example.com/s3cret") });
    assert_eq!((sinks[0].group_from, sinks[1].group_from), (9, 5));
    assert_eq!((sinks[0].filter.severity, sinks[0].filter.tags.len()), (Some(Severity::Critical), 2));
    let key = Secret::new("k3y");
    assert_eq!(sinks[1].channel, Channel::PagerDuty { url: "https://events.pagerduty.com/v2/enqueue".into(), key });
    let shown = format!("{sinks:?}{}", world.load().unwrap().effective);
    assert!(!shown.contains("s3cret") && !shown.contains("k3y"), "{shown}");
}

#[test]
fn a_sink_that_can_tell_nothing_is_refused_with_what_is_missing() {
    let said = |toml: &str| World::of(&format!("[[notify]]\n{toml}\n")).var("BAD", "ftp://s3cret").errors();
    for (toml, words) in [
        ("name = \"a\"", "[[notify]] without `kind`"),
        ("kind = \"command\"\ncommand = [\"x\"]", "[[notify]] without `name`"),
        ("name = \"a\"\nkind = \"slak\"", "did you mean `slack`?"),
        ("name = \"a\"\nkind = \"slack\"\nurl = \"https://x\"", "it is a secret: url_env or url_file"),
        ("name = \"a\"\nkind = \"slack\"", "url_env or url_file is missing"),
        ("name = \"a\"\nkind = \"pagerduty\"\nkey_env = \"NONE\"", "the variable NONE is not set"),
        ("name = \"a\"\nkind = \"webhook\"\nurl = \"http://example.com\"", "begins with https://"),
        ("name = \"a\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1.example.com\"", "begins with https://"),
        ("name = \"a\"\nkind = \"webhook\"\nurl_env = \"BAD\"", "in the variable BAD, an address is needed"),
        ("name = \"a b\"\nkind = \"command\"\ncommand = [\"x\"]", "letters, digits and -_."),
        ("name = \"a\"\nkind = \"command\"\ncommand = []", "at least one is needed"),
        ("name = \"a\"\nkind = \"command\"\ncommand = [\"x\"]\nchecks = [\"error\"]", "did you mean `errors`?"),
        (
            "name = \"a\"\nkind = \"command\"\ncommand = [\"x\"]\nchecks = [\"silent\", \"brun\"]",
            "did you mean `burn`?",
        ),
        ("name = \"a\"\nkind = \"command\"\ncommand = [\"x\"]\ngroup_from = 0", "a whole number from 1"),
        (
            "name = \"a\"\nkind = \"command\"\ncommand = [\"x\"]\n[[notify]]\nname = \"a\"\nkind = \"command\"\ncommand = [\"x\"]",
            "another [[notify]] has this name",
        ),
    ] {
        let errors = said(toml);
        assert!(errors.contains(words) && !errors.contains("s3cret"), "{toml}\n{errors}");
    }
}

#[test]
fn checks_are_switched_on_by_file_variable_flag_and_override_and_each_says_so() {
    let world = World::of(
        "[checks.silent]\non = true\nexpect = \"2h\"\n[[override]]\nfunction = \"api\"\nchecks.burn.on = true\nchecks.burn.objective = 0.99\n",
    );
    let world = world.var("SLMON_CHECKS_NEAR_TIMEOUT_ON", "yes").var("SLMON_CHECKS_NEAR_TIMEOUT_WARNING", "75%");
    let rules = world.flags(|flags| flags.checks = vec!["dead-letter, iterator-age".into()]).config().rules;
    let more = &rules.limits.more;
    let switched = |extra: Extra| (more.is_on(extra), more.switched_by(extra).to_owned());
    assert_eq!(switched(Extra::Silent), (true, "config".into()));
    assert_eq!(switched(Extra::NearTimeout), (true, "SLMON_CHECKS_NEAR_TIMEOUT_ON".into()));
    assert_eq!(switched(Extra::DeadLetter), (true, "--check".into()));
    assert_eq!(switched(Extra::IteratorAge), (true, "--check".into()));
    assert_eq!(switched(Extra::Burn), (false, "default".into()));
    assert_eq!(more.get(Number::SilentExpect), Some((120.0, "config")));
    assert_eq!(more.get(Number::NearTimeoutWarning), Some((0.75, "SLMON_CHECKS_NEAR_TIMEOUT_WARNING")));
    assert_eq!(more.get(Number::BurnErrors), Some((3.0, "default")));
    let words: Vec<_> = rules.overrides[0].limits.more.iter().map(|(word, _)| *word).collect();
    assert_eq!(words, [Word::On(Extra::Burn, true), Word::Is(Number::BurnObjective, 0.99)]);
    assert!(rules.names(Extra::Burn) && rules.names(Extra::Silent));
}

#[test]
fn numbers_of_checks_that_make_no_sense_are_refused() {
    for (line, needed) in [
        ("burn.objective = \"100%\"", "50 % to 99.999 % is needed"),
        ("burn.objective = 0.2", "50 % to 99.999 % is needed"),
        ("near-timeout.critical = 0", "1 % to 100 % is needed"),
        ("iterator-age.warning = \"90s\"", "a span of whole minutes is needed"),
        ("dead-letter.critical = 0", "1 to 1000000 is needed"),
        ("silent.expect = \"20d\"", "1 min to 14 d is needed"),
        ("silent.times = \"3\"", "needs a whole number"),
        ("silent.time = 3", "did you mean `times`?"),
        ("slient.on = true", "did you mean `silent`?"),
    ] {
        let errors = World::of(&format!("[checks]\n{line}\n")).errors();
        assert!(errors.contains(needed), "{line}:\n{errors}");
    }
}
