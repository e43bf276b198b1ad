//! The recipes of docs/ci.md and the steps of action.yml, run against the demo as far as a shell can run them.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "in a test, that is how one fails")]

mod support;

use std::{fs, path::Path, process::Command};

use support::slmon;

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("the page is there")
}

/// The line of a page that holds this.
fn line<'a>(page: &'a str, part: &str) -> &'a str {
    page.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("no line with {part:?}"))
}

/// A shell whose `slmon` is the demo's, in a folder of its own: exit code and what it printed.
fn shell(script: &str, env: &[(&str, &str)], home: &Path) -> (i32, String) {
    let bin = home.join("bin");
    fs::create_dir_all(&bin).unwrap();
    let program = format!("#!/bin/sh\nexec {} --demo \"$@\"\n", env!("CARGO_BIN_EXE_slmon"));
    fs::write(bin.join("slmon"), program).unwrap();
    #[cfg(unix)]
    fs::set_permissions(bin.join("slmon"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = Command::new("bash");
    command.args(["-c", script]).current_dir(home).env_clear();
    command.env("PATH", format!("{}:/usr/bin:/bin", bin.display())).env("HOME", home);
    command.envs(env.iter().copied());
    let output = command.output().expect("bash runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().expect("it ends by itself"), String::from_utf8(text).expect("text"))
}

/// The script of a step of the action.
fn step(id: &str) -> String {
    let action = page("action.yml");
    let (_, after) = action.split_once(&format!("- id: {id}\n")).expect("the step");
    let (_, script) = after.split_once("run: |\n").expect("its script");
    let lines = script.lines().take_while(|line| line.is_empty() || line.starts_with("        "));
    lines.map(|line| line.strip_prefix("        ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_action_annotates_sums_up_writes_its_files_and_hands_the_exit_code_on() {
    let home = tempfile::tempdir().unwrap();
    let (summary, output) = (home.path().join("summary.md"), home.path().join("output"));
    let env = [
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
        ("GITHUB_OUTPUT", output.to_str().unwrap()),
        ("SLMON_ACTION_ARGS", "--window 30m --function '*'"),
        ("SLMON_ACTION_JUNIT", "slmon.xml"),
        ("SLMON_ACTION_JSON", "report.json"),
    ];
    let (code, said) = shell(&format!("set -e -o pipefail\n{}", step("alert")), &env, home.path());
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("::error title="), "{said}");
    assert_eq!(fs::read_to_string(&output).unwrap(), "exit-code=1\n");
    assert!(fs::read_to_string(&summary).unwrap().contains("critical"));
    let junit = fs::read_to_string(home.path().join("slmon.xml")).unwrap();
    assert!(roxmltree::Document::parse(&junit).is_ok(), "{junit}");
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(home.path().join("report.json")).unwrap()).unwrap();
    assert_eq!((&report["exit_code"], &report["window"]["minutes"]), (&1.into(), &30.into()));
}

#[test]
fn the_action_needs_no_input() {
    let home = tempfile::tempdir().unwrap();
    let env = [
        ("GITHUB_STEP_SUMMARY", "summary.md"),
        ("GITHUB_OUTPUT", "output"),
        ("SLMON_ACTION_ARGS", ""),
        ("SLMON_ACTION_JUNIT", ""),
        ("SLMON_ACTION_JSON", ""),
    ];
    let (code, said) = shell(&format!("set -e -o pipefail\n{}", step("alert")), &env, home.path());
    assert_eq!(code, 1, "{said}");
    let files = fs::read_dir(home.path()).unwrap().count();
    assert_eq!(files, 3, "bin, the summary and the outputs");
}

#[test]
fn the_lines_of_gitlab_and_jenkins_leave_a_report_behind() {
    let page = page("docs/ci.md");
    let gitlab = line(&page, "- slmon alert").trim().trim_start_matches("- ").to_owned();
    let jenkins = line(&page, "steps { sh").split('\'').nth(1).unwrap().to_owned();
    for script in [gitlab, jenkins] {
        let home = tempfile::tempdir().unwrap();
        let (code, said) = shell(&script, &[], home.path());
        assert_eq!(code, 1, "{said}");
        let junit = fs::read_to_string(home.path().join("slmon.xml")).unwrap();
        let document = roxmltree::Document::parse(&junit).unwrap();
        assert!(document.descendants().any(|node| node.has_tag_name("failure")), "{junit}");
    }
}

#[test]
fn the_ticket_tells_why_the_worst_fail_and_the_verdict_is_handed_on() {
    let page = page("docs/ci.md");
    let (_, after) = page.split_once("## The cause, in the job's summary or a ticket").expect("the recipe");
    let script = after.split_once("```sh\n").expect("its script").1.split("```").next().unwrap();
    let home = tempfile::tempdir().unwrap();
    // `jq` as far as the recipe needs it, so that the test needs no more than Python.
    let bin = home.path().join("bin");
    fs::create_dir_all(&bin).unwrap();
    let jq = "#!/bin/sh\nexec python3 -c 'import json, sys; \
        print(*sorted({a[\"arn\"] for a in json.load(open(sys.argv[3]))[\"alerts\"]})[:3], sep=chr(10))' \"$@\"\n";
    fs::write(bin.join("jq"), jq).unwrap();
    #[cfg(unix)]
    fs::set_permissions(bin.join("jq"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (code, said) = shell(script, &[], home.path());
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("cause: "), "{said}");
    let ticket = fs::read_to_string(home.path().join("ticket.md")).unwrap();
    let told = ticket.lines().filter(|line| line.starts_with("## `")).count();
    assert!(ticket.contains("slmon explain · ") && told == 3, "{ticket}");
}

#[test]
fn the_lines_of_nagios_answer_as_a_plugin() {
    let page = page("docs/ci.md");
    for part in ["command_line", "command[check_slmon]"] {
        let command =
            line(&page, part).trim_start_matches("  command_line").trim_start_matches("command[check_slmon]=");
        let command = command.trim().replace("/usr/local/bin/slmon --config /etc/slmon.toml", "slmon");
        let home = tempfile::tempdir().unwrap();
        let (code, said) = shell(&command, &[], home.path());
        assert_eq!(code, 2, "{said}");
        assert!(said.starts_with("SLMON CRITICAL") && said.contains(" | "), "{said}");
    }
    // The object's arguments, but for those of the place where it runs.
    let icinga = page.split("object CheckCommand").nth(1).unwrap();
    let icinga = icinga.split("```").next().unwrap();
    let mut args = vec!["--demo".to_owned(), "alert".into()];
    for argument in
        icinga.lines().filter(|line| line.contains("\"--") && !line.contains('$') && !line.contains("--config"))
    {
        args.extend(argument.split('"').skip(1).step_by(2).map(str::to_owned));
    }
    slmon().args(args).run().ended_with(2);
}

#[test]
fn the_lines_of_cron_mail_and_keep_what_they_say() {
    let page = page("docs/ci.md");
    let home = tempfile::tempdir().unwrap();
    let mails = line(&page, "out=$(slmon").strip_prefix("*/15 * * * * ").unwrap();
    let (code, mail) = shell(mails, &[], home.path());
    assert_eq!(code, 0);
    assert!(mail.starts_with("✖ FIRING"), "{mail}");
    let (_, mail) = shell(&mails.replace("slmon alert", "slmon alert --fail-on never"), &[], home.path());
    assert_eq!(mail, "", "nothing fires: no mail");
    let keeps = line(&page, "slmon.prom").strip_prefix("*/5 * * * * ").unwrap().replace("/var/lib/node_exporter/", "");
    let (code, said) = shell(&keeps, &[], home.path());
    assert_eq!(code, 0, "{said}");
    assert!(fs::read_to_string(home.path().join("slmon.prom")).unwrap().ends_with("# EOF\n"));
    let left: Vec<_> = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "no file of ours is left behind: {left:?}");
}
