//! Every kind of bad value, as its whole text.

use insta::assert_snapshot;

use super::{World, errors};

#[test]
fn bad_accounts_and_regions() {
    assert_snapshot!(errors("regions = [\"EU-WEST-1\", \"eu_central_1\", \"\"]\n"), @r#"
    error: bad value for `regions`
     --> /etc/slmon/config.toml:1:12
      |
    1 | regions = ["EU-WEST-1", "eu_central_1", ""]
      |            ^^^^^^^^^^^ a region's code is needed, such as eu-west-1
      |
      = help: did you mean `eu-west-1`?

    error: bad value for `regions`
     --> /etc/slmon/config.toml:1:25
      |
    1 | regions = ["EU-WEST-1", "eu_central_1", ""]
      |                         ^^^^^^^^^^^^^^ a region's code is needed, such as eu-west-1
      |
      = help: did you mean `eu-central-1`?

    error: bad value for `regions`
     --> /etc/slmon/config.toml:1:41
      |
    1 | regions = ["EU-WEST-1", "eu_central_1", ""]
      |                                         ^^ it is empty
    "#);
    assert_snapshot!(errors("regions = []\n"), @r#"
    error: bad value for `regions`
     --> /etc/slmon/config.toml:1:11
      |
    1 | regions = []
      |           ^^ at least one is needed
    "#);
    assert_snapshot!(errors("regions = [\"eu-west-1\", \"all\"]\n"), @r#"
    error: bad value for `regions`
     --> /etc/slmon/config.toml:1:25
      |
    1 | regions = ["eu-west-1", "all"]
      |                         ^^^^^ `all` stands alone, without other regions
    "#);
    assert_snapshot!(errors("[[accounts]]\nid = \"1111-2222-3333\"\n"), @r#"
    error: bad value for `id` in [[accounts]]
     --> /etc/slmon/config.toml:2:6
      |
    2 | id = "1111-2222-3333"
      |      ^^^^^^^^^^^^^^^^ an account id is needed: twelve digits
    "#);
    assert_snapshot!(errors("[[accounts]]\nid = \"111122223333\"\nrole = \"arn:aws:iam::444455556666:role/slmon\"\n"), @r#"
    error: bad value for `role` in [[accounts]]
     --> /etc/slmon/config.toml:3:8
      |
    3 | role = "arn:aws:iam::444455556666:role/slmon"
      |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ this role belongs to account 444455556666, and `id` is 111122223333
    "#);
    assert_snapshot!(errors("[[accounts]]\nrole = \"arn:aws:iam::444455556666:user/slmon\"\n"), @r#"
    error: bad value for `role` in [[accounts]]
     --> /etc/slmon/config.toml:2:8
      |
    2 | role = "arn:aws:iam::444455556666:user/slmon"
      |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ a role's ARN is needed, such as arn:aws:iam::111122223333:role/slmon
    "#);
    assert_snapshot!(errors("[[accounts]]\nrole = \"role/slmon\"\n\n[[accounts]]\nid = \"111122223333\"\nrole = \"sl mon\"\n"), @r#"
    error: bad value for `role` in [[accounts]]
     --> /etc/slmon/config.toml:2:8
      |
    2 | role = "role/slmon"
      |        ^^^^^^^^^^^^ a role's name is needed, without `role/`
      |
      = help: write `slmon`

    error: bad value for `role` in [[accounts]]
     --> /etc/slmon/config.toml:6:8
      |
    6 | role = "sl mon"
      |        ^^^^^^^^ a role's name is needed: 1 to 64 letters, digits and _+=,.@-, or its ARN
    "#);
    assert_snapshot!(errors("[[accounts]]\nid = \"111122223333\"\n\n[[accounts]]\nrole = \"arn:aws:iam::111122223333:role/slmon\"\n"), @r#"
    error: account 111122223333 is there twice
     --> /etc/slmon/config.toml:5:8
      |
    5 | role = "arn:aws:iam::111122223333:role/slmon"
      |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ [[accounts]] 1 (line 1) has it, too
    "#);
    assert_snapshot!(errors("[[accounts]]\nclient = \"A\"\n\n[[accounts]]\nclient = \"B\"\n"), @r#"
    error: the credentials' own account is there twice
     --> /etc/slmon/config.toml:4:1
      |
    4 | [[accounts]]
      | ^^^^^^^^^^^^ [[accounts]] 1 (line 1) has it, too
    "#);
    assert_snapshot!(errors("[[organizations]]\nrole = \"arn:aws:iam::111122223333:role/slmon\"\nexclude = [\"1\"]\ninclude_ous = [\"Sandbox\"]\nprofile = \" \"\n"), @r#"
    error: bad value for `role` in [[organizations]]
     --> /etc/slmon/config.toml:2:8
      |
    2 | role = "arn:aws:iam::111122223333:role/slmon"
      |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ a role's name is needed, since it is assumed in each account of the organization

    error: bad value for `exclude` in [[organizations]]
     --> /etc/slmon/config.toml:3:12
      |
    3 | exclude = ["1"]
      |            ^^^ an account id is needed: twelve digits

    error: bad value for `include_ous` in [[organizations]]
     --> /etc/slmon/config.toml:4:16
      |
    4 | include_ous = ["Sandbox"]
      |                ^^^^^^^^^ the id of an organizational unit is needed, such as ou-ab12-11112222

    error: bad value for `profile` in [[organizations]]
     --> /etc/slmon/config.toml:5:11
      |
    5 | profile = " "
      |           ^^^ it is empty
    "#);
}

#[test]
fn bad_external_ids_are_not_shown() {
    assert_snapshot!(errors("[[accounts]]\nrole = \"slmon\"\nexternal_id = \"s3cret s3cret\"\n"), @r#"
    error: bad value for `external_id` in [[accounts]]
     --> /etc/slmon/config.toml:3:15
      |
    3 | external_id = "*************"
      |               ^^^^^^^^^^^^^^^ an external id is needed: 2 to 1,224 letters, digits and _+=,.@:/-
    "#);
    assert_snapshot!(errors("accounts = [{ role = \"slmon\", external_id = \"s3cret s3cret\", client = \"\" }]\n"), @r#"
    error: bad value for `external_id` in [[accounts]]
     --> /etc/slmon/config.toml:1:45
      |
    1 | accounts = [{ role = "slmon", external_id = "*************", client = "" }]
      |                                             ^^^^^^^^^^^^^^^ an external id is needed: 2 to 1,224 letters, digits and _+=,.@:/-

    error: bad value for `client` in [[accounts]]
     --> /etc/slmon/config.toml:1:71
      |
    1 | accounts = [{ role = "slmon", external_id = "*************", client = "" }]
      |                                                                       ^^ it is empty
    "#);
    assert_snapshot!(errors("[[accounts]]\nid = \"111122223333\"\nexternal_id = \"s3cret\"\n"), @r#"
    error: bad value for `external_id` in [[accounts]]
     --> /etc/slmon/config.toml:3:15
      |
    3 | external_id = "******"
      |               ^^^^^^^^ an external id goes with a role, and there is none
    "#);
    assert_snapshot!(errors("[[accounts]]\nrole = \"slmon\"\nexternal_id = \"s3cret\"\nexternal_id_env = \"ACME\"\n"), @r#"
    error: bad value for `external_id_env` in [[accounts]]
     --> /etc/slmon/config.toml:4:19
      |
    4 | external_id_env = "ACME"
      |                   ^^^^^^ `external_id` says the external id already
    "#);
    assert_snapshot!(errors("[[accounts]]\nrole = \"slmon\"\nexternal_id_env = \"SLMON_PROFILES\"\n"), @r#"
    error: bad value for `external_id_env` in [[accounts]]
     --> /etc/slmon/config.toml:3:19
      |
    3 | external_id_env = "SLMON_PROFILES"
      |                   ^^^^^^^^^^^^^^^^ the variable SLMON_PROFILES is not set
    "#);
    assert_snapshot!(errors("[[accounts]]\nrole = \"slmon\"\nexternal_id_file = \"acme.id\"\n"), @r#"
    error: bad value for `external_id_file` in [[accounts]]
     --> /etc/slmon/config.toml:3:20
      |
    3 | external_id_file = "acme.id"
      |                    ^^^^^^^^^ /etc/slmon/acme.id can't be read: entity not found
    "#);
    let world = World::of("[[accounts]]\nrole = \"slmon\"\nexternal_id_env = \"ACME\"\n").var("ACME", "s3cret s3cret");
    assert_snapshot!(world.errors(), @r#"
    error: bad value for `external_id_env` in [[accounts]]
     --> /etc/slmon/config.toml:3:19
      |
    3 | external_id_env = "ACME"
      |                   ^^^^^^ in the variable ACME, an external id is needed: 2 to 1,224 letters, digits and _+=,.@:/-
    "#);
    assert_snapshot!(World::default().var("SLMON_ROLE", "slmon").var("SLMON_EXTERNAL_ID", "s3cret s3cret").errors(), @"error: SLMON_EXTERNAL_ID: an external id is needed: 2 to 1,224 letters, digits and _+=,.@:/-");
    assert_snapshot!(World::default().flags(|flags| flags.external_id = Some("s3cret".into())).errors(), @"error: --external-id: an external id goes with a role, and there is none");
}

#[test]
fn bad_rules() {
    assert_snapshot!(errors("[discovery]\ntag = \"\"\nvalues = []\n"), @r#"
    error: bad value for `tag` in [discovery]
     --> /etc/slmon/config.toml:2:7
      |
    2 | tag = ""
      |       ^^ it is empty

    error: bad value for `values` in [discovery]
     --> /etc/slmon/config.toml:3:10
      |
    3 | values = []
      |          ^^ at least one is needed
    "#);
    assert_snapshot!(errors("[stage]\nproduction = []\nother = [\"pre-prod\", \"test2\"]\n"), @r#"
    error: bad value for `production` in [stage]
     --> /etc/slmon/config.toml:2:14
      |
    2 | production = []
      |              ^^ at least one is needed

    error: bad value for `other` in [stage]
     --> /etc/slmon/config.toml:3:10
      |
    3 | other = ["pre-prod", "test2"]
      |          ^^^^^^^^^^ one word is needed, without digits at its end
      |
      = help: names are split into words: `pre`, `prod`

    error: bad value for `other` in [stage]
     --> /etc/slmon/config.toml:3:22
      |
    3 | other = ["pre-prod", "test2"]
      |                      ^^^^^^^ one word is needed, without digits at its end
      |
      = help: names are split into words: `test`
    "#);
    assert_snapshot!(errors("[stage.accounts]\n\"[a\" = \"prodution\"\n\"b\" = \"blue\"\n"), @r#"
    error: bad value for `accounts` in [stage]
     --> /etc/slmon/config.toml:2:1
      |
    2 | "[a" = "prodution"
      | ^^^^ this is no glob: unclosed character class; missing ']'

    error: bad value for `accounts` in [stage]
     --> /etc/slmon/config.toml:2:8
      |
    2 | "[a" = "prodution"
      |        ^^^^^^^^^^^ a stage is needed: production, other, unknown or a word of [stage]
      |
      = help: did you mean `production`?

    error: bad value for `accounts` in [stage]
     --> /etc/slmon/config.toml:3:7
      |
    3 | "b" = "blue"
      |       ^^^^^^ a stage is needed: production, other, unknown or a word of [stage]
      |
      = help: another label has to stand in `production` or `other` in [stage] first
    "#);
    assert_snapshot!(errors("[checks.errors]\ncritical = [{ count = -3, rate = 5 }, {}]\nwarning = [{ count = nan }, { count = 99999999999999999999 }]\n"), @r#"
    error: bad value for `critical` in [checks.errors]
     --> /etc/slmon/config.toml:2:23
      |
    2 | critical = [{ count = -3, rate = 5 }, {}]
      |                       ^^ a count above 0 is needed

    error: bad value for `critical` in [checks.errors]
     --> /etc/slmon/config.toml:2:34
      |
    2 | critical = [{ count = -3, rate = 5 }, {}]
      |                                  ^ a fraction from 0 to 1 is needed, such as 0.05 for 5 %

    error: bad value for `critical` in [checks.errors]
     --> /etc/slmon/config.toml:2:39
      |
    2 | critical = [{ count = -3, rate = 5 }, {}]
      |                                       ^^ a count, a rate or both are needed, such as { count = 3, rate = 0.05 }

    error: bad value for `warning` in [checks.errors]
     --> /etc/slmon/config.toml:3:22
      |
    3 | warning = [{ count = nan }, { count = 99999999999999999999 }]
      |                      ^^^ a count above 0 is needed

    error: bad value for `warning` in [checks.errors]
     --> /etc/slmon/config.toml:3:39
      |
    3 | warning = [{ count = nan }, { count = 99999999999999999999 }]
      |                                       ^^^^^^^^^^^^^^^^^^^^ a count above 0 is needed
    "#);
}

#[test]
fn bad_overrides() {
    assert_snapshot!(errors("[[override]]\nwatch = true\n"), @r#"
    error: this override selects nothing
     --> /etc/slmon/config.toml:1:1
      |
    1 | [[override]]
      | ^^^^^^^^^^^^ it would match every function
      |
      = help: say `account`, `region`, `function` or `tag`; what holds for all of them goes to [checks] or [stage]
    "#);
    assert_snapshot!(errors("[[override]]\nfunction = \"a\"\nchecks.errors = {}\n"), @r#"
    error: this override changes nothing
     --> /etc/slmon/config.toml:1:1
      |
    1 | [[override]]
      | ^^^^^^^^^^^^
      |
      = help: say at least one of `watch`, `stage`, `checks`, `severity`, `mute_until`, `window`, `owner`, `runbook`
    "#);
    assert_snapshot!(errors("[[override]]\ntag = \"team\"\nseverity = \"critcal\"\nstage = \"prod-eu\"\nwindow = \"90s\"\n"), @r#"
    error: bad value for `tag` in [[override]]
     --> /etc/slmon/config.toml:2:7
      |
    2 | tag = "team"
      |       ^^^^^^ a tag's key and a glob for its value are needed, such as team=pay-*

    error: bad value for `severity` in [[override]]
     --> /etc/slmon/config.toml:3:12
      |
    3 | severity = "critcal"
      |            ^^^^^^^^^ one of warning, critical is needed
      |
      = help: did you mean `critical`?

    error: bad value for `stage` in [[override]]
     --> /etc/slmon/config.toml:4:9
      |
    4 | stage = "prod-eu"
      |         ^^^^^^^^^ a stage is needed: production, other, unknown or a word of [stage]
      |
      = help: another label has to stand in `production` or `other` in [stage] first

    error: bad value for `window` in [[override]]
     --> /etc/slmon/config.toml:5:10
      |
    5 | window = "90s"
      |          ^^^^^ a span of whole minutes is needed, such as 15m or 24h
    "#);
    assert_snapshot!(errors("[[override]]\nfunction = \"[z-a]\"\nmute_until = 2026-12-01T08:00:00\n"), @r#"
    error: bad value for `function` in [[override]]
     --> /etc/slmon/config.toml:2:12
      |
    2 | function = "[z-a]"
      |            ^^^^^^^ this is no glob: invalid range; 'z' > 'a'

    error: bad value for `mute_until` in [[override]]
     --> /etc/slmon/config.toml:3:14
      |
    3 | mute_until = 2026-12-01T08:00:00
      |              ^^^^^^^^^^^^^^^^^^^ a date or an instant with its offset is needed, such as 2026-12-01 or 2026-12-01T08:00:00Z
    "#);
    assert_snapshot!(errors("[[override]]\nfunction = \"a\"\nmute_until = \"tomorrow\"\n"), @r#"
    error: bad value for `mute_until` in [[override]]
     --> /etc/slmon/config.toml:3:14
      |
    3 | mute_until = "tomorrow"
      |              ^^^^^^^^^^ a date or an instant is needed, such as 2026-12-01 or 2026-12-01T08:00:00Z
    "#);
}

#[test]
fn bad_gates() {
    assert_snapshot!(errors("[alert]\nwindow = \"0m\"\nsettle = \"30s\"\nfail_on = \"warn\"\ndeadline = \"0s\"\n"), @r#"
    error: bad value for `window` in [alert]
     --> /etc/slmon/config.toml:2:10
      |
    2 | window = "0m"
      |          ^^^^ a span of whole minutes is needed, such as 15m or 24h

    error: bad value for `settle` in [alert]
     --> /etc/slmon/config.toml:3:10
      |
    3 | settle = "30s"
      |          ^^^^^ whole minutes are needed, such as 3m, or 0m

    error: bad value for `fail_on` in [alert]
     --> /etc/slmon/config.toml:4:11
      |
    4 | fail_on = "warn"
      |           ^^^^^^ one of critical, warning, never is needed

    error: bad value for `deadline` in [alert]
     --> /etc/slmon/config.toml:5:12
      |
    5 | deadline = "0s"
      |            ^^^^ a span of at most a day is needed, such as 30s or 2m
    "#);
    assert_snapshot!(errors("[[accept_unseen]]\nregion = \"us-*\"\n"), @r#"
    error: [[accept_unseen]] without `account`, `until`, `reason`
     --> /etc/slmon/config.toml:1:1
      |
    1 | [[accept_unseen]]
      | ^^^^^^^^^^^^^^^^^ what is accepted needs an account, an end and a reason
    "#);
}

#[test]
fn a_share_is_a_number_or_a_percentage_of_at_most_the_whole() {
    let share = |value: &str| World::of(&format!("[alert]\nmin_coverage = {value}\n")).config().alert.min_coverage;
    let shares = ["\"95%\"", "\" 99.5 % \"", "0.95", "\"0.95\"", "1", "0", "\"100%\""].map(share);
    assert!(
        shares.iter().zip([0.95, 0.995, 0.95, 0.95, 1.0, 0.0, 1.0]).all(|(a, b)| (a - b).abs() < 1e-12),
        "{shares:?}"
    );
    assert_snapshot!(errors("[alert]\nmin_coverage = \"95\"\n"), @r#"
    error: bad value for `min_coverage` in [alert]
     --> /etc/slmon/config.toml:2:16
      |
    2 | min_coverage = "95"
      |                ^^^^ a share of at most the whole is needed, such as 95% or 0.95
      |
      = help: write `95%`
    "#);
    assert_snapshot!(errors("[alert]\nmin_coverage = 95\n"), @r#"
    error: bad value for `min_coverage` in [alert]
     --> /etc/slmon/config.toml:2:16
      |
    2 | min_coverage = 95
      |                ^^ a share of at most the whole is needed, such as 95% or 0.95
    "#);
    assert_snapshot!(errors("[alert]\nmin_coverage = [0.95]\n"), @r#"
    error: `min_coverage` in [alert] needs a share, such as "95%" or 0.95
     --> /etc/slmon/config.toml:2:16
      |
    2 | min_coverage = [0.95]
      |                ^^^^^^ this is a list
    "#);
    let variable = World::of("").var("SLMON_MIN_COVERAGE", "90%").config().alert.min_coverage;
    assert!((variable - 0.9).abs() < 1e-12);
}
