//! Errors of form, of variables and of flags, as their whole text; `bad_values` has the rest.

use std::{io, path::Path};

use insta::assert_snapshot;

use super::{Flags, Inputs, World, errors, load};

#[test]
fn text_that_is_no_toml() {
    assert_snapshot!(errors("regions = [\"eu-west-1\"\n[alert\nwindow = 15m\n"), @r#"
    error: this is no TOML
     --> /etc/slmon/config.toml:2:1
      |
    2 | [alert
      | ^ missing comma between array elements, expected `,`

    error: this is no TOML
     --> /etc/slmon/config.toml:3:1
      |
    3 | window = 15m
      | ^ missing comma between array elements, expected `,`
    "#);
    assert_snapshot!(errors("[alert]\nwindow = \"15m\"\nwindow = \"20m\"\n"), @r#"
    error: this is no TOML
     --> /etc/slmon/config.toml:3:1
      |
    3 | window = "20m"
      | ^^^^^^ duplicate key
    "#);
}

#[test]
fn a_line_that_is_no_toml_hides_no_mistake_of_other_tables() {
    let text = "regions = [\"eu-west-1\"]\n[alert]\nwindow = 15m\nsettel = \"3m\"\n\n[watch]\nbugdet = \"off\"\n\n[stage]\nnames = yes\n\n[discovery]\nvalues = \"true\"\n";
    assert_snapshot!(errors(text), @r#"
    error: this is no TOML
     --> /etc/slmon/config.toml:3:10
      |
    3 | window = 15m
      |          ^^^ string values must be quoted, expected literal string

    error: unknown key `bugdet` in [watch]
     --> /etc/slmon/config.toml:7:1
      |
    7 | bugdet = "off"
      | ^^^^^^
      |
      = help: did you mean `budget`?

    error: this is no TOML
      --> /etc/slmon/config.toml:10:9
       |
    10 | names = yes
       |         ^^^ string values must be quoted, expected literal string

    error: `values` in [discovery] needs a list of strings
      --> /etc/slmon/config.toml:13:10
       |
    13 | values = "true"
       |          ^^^^^^ this is a string
       |
       = help: put it in brackets: ["…"]
    "#);
}

/// A configuration of many tables with one line spoilt: where that makes it no TOML, nothing is said of other lines.
#[test]
fn a_spoilt_line_is_never_laid_at_the_door_of_others() {
    let good = "regions = [\n  \"eu-west-1\",\n  \"us-east-1\",\n]\ncache = true\n\n[[organizations]]\nclient = \"Acme\"\nprofile = \"acme\"\nrole = \"slmon\"\nexternal_id = \"abcdef\"\nexclude = [\"111122223333\"]\n\n[[accounts]]\nid = \"444455556666\"\nname = \"shop\"\n\n[stage]\nnames = true\naccounts = { \"444455556666\" = \"production\", \"*-sandbox\" = \"other\" }\n\n[checks.errors]\ncritical = [{ count = 3, rate = 0.05 }, { count = 100, rate = 0.01 }]\nwarning = [{ count = 1, rate = 0.01 }]\n\n[[override]]\naccount = \"4444*\"\nchecks.errors.critical = [{ count = 50, rate = 0.2 }]\nowner = \"beta-ops\"\n\n[[notify]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:1/\"\n\n[alert]\nwindow = \"15m\"\nfail_on = \"critical\"\n\n[[mute]]\nfunction = \"legacy-*\"\nuntil = 2999-12-01\nreason = \"replaced\"\n";
    assert!(World::of(good).load().is_ok());
    let lines: Vec<&str> = good.lines().collect();
    let mut spoilt = 0;
    for (place, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        let cuts = (0..line.len()).step_by(4).map(|at| format!("{}{}", &line[..at], &line[at + 1..]));
        let halves = (0..line.len()).step_by(3).map(|at| line[..at].to_owned());
        let more = ["\"", "'", "[", "]", "{", "}", "=", "\"\"\""].iter().map(|more| format!("{line}{more}"));
        for other in cuts.chain(halves).chain(more) {
            let mut text = lines.clone();
            text[place] = &other;
            let Err(errors) = World::of(&text.join("\n")).load() else { continue };
            let said = errors.to_string();
            if !said.contains("this is no TOML") {
                continue;
            }
            spoilt += 1;
            let others = said.split("\n\n").filter(|one| !one.starts_with("error: this is no TOML"));
            assert_eq!(others.collect::<Vec<_>>(), Vec::<&str>::new(), "{other}\n\n{said}");
        }
    }
    assert!(spoilt > 300, "{spoilt}");
}

#[test]
fn unknown_keys_and_what_is_meant() {
    assert_snapshot!(errors("regoins = [\"eu-west-1\"]\n"), @r#"
    error: unknown key `regoins` at the top of the file
     --> /etc/slmon/config.toml:1:1
      |
    1 | regoins = ["eu-west-1"]
      | ^^^^^^^
      |
      = help: did you mean `regions`?
    "#);
    assert_snapshot!(errors("tag = \"monitor\"\n"), @r#"
    error: unknown key `tag` at the top of the file
     --> /etc/slmon/config.toml:1:1
      |
    1 | tag = "monitor"
      | ^^^
      |
      = help: did you mean `tag` in [discovery]?
    "#);
    assert_snapshot!(errors("profile = \"acme\"\n"), @r#"
    error: unknown key `profile` at the top of the file
     --> /etc/slmon/config.toml:1:1
      |
    1 | profile = "acme"
      | ^^^^^^^
      |
      = help: did you mean `profile` in [[organizations]] or `profile` in [[accounts]] or `profile` in [[notify]]?
    "#);
    assert_snapshot!(errors("[overrides]\nx = 1\n"), @r#"
    error: unknown key `overrides` at the top of the file
     --> /etc/slmon/config.toml:1:2
      |
    1 | [overrides]
      |  ^^^^^^^^^
      |
      = help: did you mean [[override]]?
    "#);
    assert_snapshot!(errors("[discovery]\ncolour = \"red\"\n"), @r#"
    error: unknown key `colour` in [discovery]
     --> /etc/slmon/config.toml:2:1
      |
    2 | colour = "red"
      | ^^^^^^
      |
      = help: known here: `tag`, `values`
    "#);
    assert_snapshot!(errors("[checks]\nerrors.critical = [{ count = 3, rat = 0.05 }]\nerrors.warnings = []\n"), @r#"
    error: unknown key `rat` of `critical` in [checks.errors]
     --> /etc/slmon/config.toml:2:33
      |
    2 | errors.critical = [{ count = 3, rat = 0.05 }]
      |                                 ^^^
      |
      = help: did you mean `rate`?

    error: unknown key `warnings` in [checks.errors]
     --> /etc/slmon/config.toml:3:8
      |
    3 | errors.warnings = []
      |        ^^^^^^^^
      |
      = help: did you mean `warning`?
    "#);
    assert_snapshot!(errors("[[override]]\nfunction = \"a\"\nchecks.error.critical = []\n"), @r#"
    error: unknown key `error` in `checks` of [[override]]
     --> /etc/slmon/config.toml:3:8
      |
    3 | checks.error.critical = []
      |        ^^^^^
      |
      = help: did you mean `errors`?
    "#);
}

#[test]
fn values_of_a_wrong_form() {
    assert_snapshot!(errors("regions = \"eu-west-1\"\n"), @r#"
    error: `regions` needs a list of strings
     --> /etc/slmon/config.toml:1:11
      |
    1 | regions = "eu-west-1"
      |           ^^^^^^^^^^^ this is a string
      |
      = help: put it in brackets: ["…"]
    "#);
    assert_snapshot!(errors("regions = [\"eu-west-1\", 1]\n"), @r#"
    error: `regions` is a list of strings
     --> /etc/slmon/config.toml:1:25
      |
    1 | regions = ["eu-west-1", 1]
      |                         ^ this is an integer
      |
      = help: put it in quotes
    "#);
    assert_snapshot!(errors("[[accounts]]\nid = 111122223333\n"), @r#"
    error: `id` in [[accounts]] needs a string
     --> /etc/slmon/config.toml:2:6
      |
    2 | id = 111122223333
      |      ^^^^^^^^^^^^ this is an integer
      |
      = help: put it in quotes, since an account id can begin with 0
    "#);
    assert_snapshot!(errors("[override]\nfunction = \"a\"\n"), @r#"
    error: `override` needs tables: [[override]]
     --> /etc/slmon/config.toml:1:1
      |
    1 | [override]
      | ^^^^^^^^^^ this is a table
      |
      = help: there can be several: write [[override]], in double brackets
    "#);
    assert_snapshot!(errors("organizations = [1]\n"), @r#"
    error: `organizations` needs tables: [[organizations]]
     --> /etc/slmon/config.toml:1:18
      |
    1 | organizations = [1]
      |                  ^ this is an integer
    "#);
    assert_snapshot!(errors("discovery = \"monitor\"\n"), @r#"
    error: `discovery` needs a table: [discovery]
     --> /etc/slmon/config.toml:1:13
      |
    1 | discovery = "monitor"
      |             ^^^^^^^^^ this is a string
    "#);
    assert_snapshot!(errors("[stage]\nnames = \"yes\"\naccounts = { a = 1 }\n"), @r#"
    error: `names` in [stage] needs true or false
     --> /etc/slmon/config.toml:2:9
      |
    2 | names = "yes"
      |         ^^^^^ this is a string
      |
      = help: leave the quotes away

    error: `accounts` in [stage] needs a glob and a stage in quotes, such as "*-sandbox" = "other"
     --> /etc/slmon/config.toml:3:18
      |
    3 | accounts = { a = 1 }
      |                  ^ this is an integer
    "#);
    assert_snapshot!(errors("[checks]\nerrors.critical = { count = 1 }\nerrors.warning = [1]\nthrottles.warning = [{ count = \"1\" }]\n"), @r#"
    error: `critical` in [checks.errors] needs a list of limits, such as [{ count = 3, rate = 0.05 }]
     --> /etc/slmon/config.toml:2:19
      |
    2 | errors.critical = { count = 1 }
      |                   ^^^^^^^^^^^^^ this is a table
      |
      = help: put it in brackets: [{ … }]

    error: `warning` in [checks.errors] needs a list of limits, such as [{ count = 3, rate = 0.05 }]
     --> /etc/slmon/config.toml:3:19
      |
    3 | errors.warning = [1]
      |                   ^ this is an integer

    error: `count` of `warning` in [checks.throttles] needs a number
     --> /etc/slmon/config.toml:4:32
      |
    4 | throttles.warning = [{ count = "1" }]
      |                                ^^^ this is a string
    "#);
    assert_snapshot!(errors("[[accept_unseen]]\naccount = \"a\"\nuntil = 5\nreason = \"r\"\n"), @r#"
    error: `until` in [[accept_unseen]] needs a date or an instant, such as 2026-12-01
     --> /etc/slmon/config.toml:3:9
      |
    3 | until = 5
      |         ^ this is an integer
    "#);
}

#[test]
fn variables_and_flags_err_in_one_sentence() {
    let world = World::default()
        .var("SLMON_REGIONS", "eu_west_1,eu-central-1")
        .var("SLMON_REGION", "eu-west-1")
        .var("SLMON_ALERT_HIDDEN", "maybe")
        .var("SLMON_WINDOW", "90s")
        .var("SLMON_ALERT_SETTLE", "3m")
        .var("SLMON_SETTLE", "3m")
        .var("SLMON_LOG", "debug")
        .flags(|flags| {
            flags.deadline = Some("soon".into());
            flags.role = Some("arn:aws:iam::1:role/x".into());
        });
    assert_snapshot!(world.errors(), @r#"
    error: SLMON_ALERT_HIDDEN: true or false is needed, not `maybe`

    error: SLMON_ALERT_SETTLE: SLMON_SETTLE is set, too, and means the same; keep one of the two

    error: SLMON_REGION: there is no such variable; did you mean SLMON_REGIONS?

    error: SLMON_REGIONS: a region's code is needed, such as eu-west-1, not `eu_west_1`; did you mean `eu-west-1`?

    error: SLMON_WINDOW: a span of whole minutes is needed, such as 15m or 24h, not `90s`

    error: --deadline: a span of at most a day is needed, such as 30s or 2m, not `soon`

    error: --role: a role's ARN is needed, such as arn:aws:iam::111122223333:role/slmon, not `arn:aws:iam::1:role/x`
    "#);
}

#[test]
fn a_file_that_is_named_has_to_be_there() {
    let world = World { path: Some("/nowhere/slmon.toml".into()), ..World::default() };
    assert_snapshot!(world.errors(), @"error: --config: there is no file /nowhere/slmon.toml; create it (`slmon config` prints one to start from), or leave it out to use the usual place");
    assert_snapshot!(World::default().var("SLMON_CONFIG", "/nowhere/slmon.toml").errors(), @"error: SLMON_CONFIG: there is no file /nowhere/slmon.toml; create it (`slmon config` prints one to start from), or leave it out to use the usual place");
}

#[test]
fn all_errors_at_once_in_the_order_of_the_file_then_variables_then_flags() {
    let toml = "regions = [\"eu_west_1\"]\ncolor = true\n\n[alert]\nwindow = \"0m\"\nhidden = 1\n\n[[override]]\nstage = \"prod\"\n";
    let world = World::of(toml).var("SLMON_DISCOVERY_TAGS", "x").flags(|flags| flags.fail_on = Some("nver".into()));
    assert_snapshot!(world.errors(), @r#"
    error: bad value for `regions`
     --> /etc/slmon/config.toml:1:12
      |
    1 | regions = ["eu_west_1"]
      |            ^^^^^^^^^^^ a region's code is needed, such as eu-west-1
      |
      = help: did you mean `eu-west-1`?

    error: unknown key `color` at the top of the file
     --> /etc/slmon/config.toml:2:1
      |
    2 | color = true
      | ^^^^^
      |
      = help: known here: `regions`, `cache`, `organizations`, `accounts`, `discovery`, `stage`, `checks`, `alert`, `watch`, `alerts`, `notify`, `dashboard`, `keys`, `override`, `mute`, `accept_unseen`

    error: bad value for `window` in [alert]
     --> /etc/slmon/config.toml:5:10
      |
    5 | window = "0m"
      |          ^^^^ a span of whole minutes is needed, such as 15m or 24h

    error: `hidden` in [alert] needs true or false
     --> /etc/slmon/config.toml:6:10
      |
    6 | hidden = 1
      |          ^ this is an integer

    error: this override selects nothing
     --> /etc/slmon/config.toml:8:1
      |
    8 | [[override]]
      | ^^^^^^^^^^^^ it would match every function
      |
      = help: say `account`, `region`, `function` or `tag`; what holds for all of them goes to [checks] or [stage]

    error: SLMON_DISCOVERY_TAGS: there is no such variable; did you mean SLMON_DISCOVERY_TAG?

    error: --fail-on: one of critical, warning, never is needed, not `nver`; did you mean `never`?
    "#);
    assert_eq!(world.load().unwrap_err().len(), 7);
}

#[test]
fn what_steers_a_terminal_is_not_shown_raw() {
    let text =
        errors("\"a\\u001b[31m\" = 1\nregions = [\"\u{9b}2J\u{202e}\"] # \u{200b}\n[alert]\nwindow = \"\u{7}\"\n");
    assert!(
        !text
            .chars()
            .any(|c| c != '\n' && crate::domain::text::clean(&c.to_string()).contains('\u{FFFD}') && c != '\u{FFFD}'),
        "{text:?}"
    );
    let text = World::default().var("SLMON_WINDOW", "\u{1b}[2J").errors();
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn a_file_that_is_there_and_cannot_be_read_is_an_error_wherever_it_is() {
    let read_file = |_: &Path| Err(io::ErrorKind::PermissionDenied.into());
    let (env, flags) = ([("HOME".to_string(), "/home/u".to_string())].into(), Flags::default());
    let errors = load(&Inputs { path: None, env: &env, flags: &flags, read_file: &read_file }).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "error: the file /home/u/.config/slmon/config.toml can't be read: permission denied"
    );
}

#[test]
fn very_many_errors_are_counted() {
    let text: String = (0..60).map(|n| format!("x{n} = 1\n")).collect::<Vec<_>>().concat();
    assert!(errors(&text).ends_with("\n\nand 10 more"));
}

#[test]
fn a_variable_named_by_the_end_of_its_path_is_refused() {
    assert_snapshot!(World::default().var("SLMON_TAG", "x").errors(), @"error: SLMON_TAG: there is no such variable; did you mean SLMON_DISCOVERY_TAG?");
}

#[test]
fn colour_is_asked_for() {
    let errors = World::of("x = 1").load().unwrap_err();
    assert!(errors.render(true).contains("\u{1b}[") && !errors.render(false).contains('\u{1b}'));
}
