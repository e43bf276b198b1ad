//! The formats as their consumers read them, and as the binary writes them: files, several at once, exit codes.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "in a test, that is how one fails")]

mod support;

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use support::{Slmon, consume, slmon};

/// A run on the demo estate, where something fires and an account is unseen.
fn demo(args: &[&str]) -> Slmon {
    slmon().args(["--demo", "alert"]).args(args)
}

/// The pages that the unit tests keep of a format, each in a file as slmon would have written it.
fn pages(format: &str, folder: &Path) -> Vec<PathBuf> {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/report/{format}/snapshots"));
    let mut pages = Vec::new();
    for entry in fs::read_dir(kept).expect("there are pages") {
        let path = entry.expect("an entry").path();
        let kept = fs::read_to_string(&path).expect("a page");
        let (_, page) = kept.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).expect("a header");
        let file = folder.join(path.file_stem().expect("a name"));
        fs::write(&file, page).expect("it can be written");
        pages.push(file);
    }
    assert!(pages.len() >= 10, "{pages:?}");
    pages
}

fn names(files: &[PathBuf]) -> impl Iterator<Item = &OsStr> {
    files.iter().map(|file| file.as_os_str())
}

fn schema() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/junit.xsd")
}

#[test]
fn junit_is_what_the_schema_says() {
    let folder = tempfile::tempdir().unwrap();
    let (schema, pages) = (schema(), pages("junit", folder.path()));
    let arguments: Vec<_> = [OsStr::new("junit"), schema.as_os_str()].into_iter().chain(names(&pages)).collect();
    for (page, told) in pages.iter().zip(consume(&arguments)) {
        assert!(told["tests"].as_u64() > Some(0), "{}: {told}", page.display());
    }
}

#[test]
fn broken_junit_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let good = fs::read_to_string(&pages("junit", folder.path())[0]).unwrap();
    let broken = [
        ("<testsuite ", "<suite "),
        ("classname=", "class="),
        (" time=\"0\"", " time=\"soon\""),
        (" name=\"slmon\"", ""),
        ("</testsuites>", ""),
        ("<testsuites ", "<testsuites skipped=\"1\" "),
    ];
    let files: Vec<PathBuf> = broken
        .iter()
        .enumerate()
        .map(|(n, (from, to))| {
            assert!(good.contains(from), "{from}");
            let file = folder.path().join(format!("broken-{n}"));
            fs::write(&file, good.replace(from, to)).unwrap();
            file
        })
        .collect();
    let schema = schema();
    let arguments: Vec<_> = [OsStr::new("junit"), schema.as_os_str()].into_iter().chain(names(&files)).collect();
    for (told, (from, to)) in consume(&arguments).iter().zip(broken) {
        assert!(told.get("error").is_some(), "{to:?} for {from:?}: {told}");
    }
}

#[test]
fn prometheus_reads_openmetrics() {
    let folder = tempfile::tempdir().unwrap();
    let pages = pages("openmetrics", folder.path());
    let arguments: Vec<_> = [OsStr::new("openmetrics")].into_iter().chain(names(&pages)).collect();
    for (page, told) in pages.iter().zip(consume(&arguments)) {
        let billed = json!({ "type": "counter", "unit": "metrics", "samples": 1 });
        assert_eq!(told["slmon_api_metrics"], billed, "{}: {told}", page.display());
    }
}

#[test]
fn one_sweep_writes_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let files: BTreeMap<&str, PathBuf> = ["text", "json", "markdown", "junit", "github", "nagios", "openmetrics"]
        .into_iter()
        .map(|format| (format, folder.path().join(format)))
        .collect();
    let formats = files.iter().map(|(format, file)| format!("--format={format}={}", file.display()));
    let output = demo(&[]).args(formats).run();
    assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{}", output.stderr);
    let text = |format: &str| fs::read_to_string(&files[format]).unwrap();
    let report: Value = serde_json::from_str(&text("json")).unwrap();
    let alerts = report["alerts"].as_array().unwrap();
    assert!(!alerts.is_empty());
    let critical = alerts.iter().filter(|alert| alert["severity"] == "critical").count();
    let schema = schema();
    let junit = consume(&["junit".as_ref(), schema.as_os_str(), files["junit"].as_os_str()]);
    assert_eq!(junit[0]["failures"], json!(critical), "{junit:?}");
    let unseen = report["coverage"]["unseen"].as_array().unwrap().len() as u64;
    assert_eq!(junit[0]["errors"].as_u64(), Some(unseen + report["verdicts"]["unknown"].as_u64().unwrap()));
    let judged = report["functions"]["production"].as_u64().unwrap();
    assert_eq!(junit[0]["tests"].as_u64(), Some(2 * judged + unseen), "each function and check");
    let metrics = consume(&["openmetrics".as_ref(), files["openmetrics"].as_os_str()]);
    assert_eq!(metrics[0]["slmon_alert"]["samples"], json!(alerts.len()), "{metrics:?}");
    assert_eq!(metrics[0]["slmon_function_errors"]["samples"].as_u64(), Some(judged));
    // What fires follows the clock: a hostile name may be among it, which each format cleans in its own way, and more
    // than GitHub shows.
    let plain = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let names = alerts.iter().map(|alert| alert["function"].as_str().unwrap());
    for (place, name) in names.enumerate().filter(|(_, name)| plain(name)) {
        for format in ["text", "markdown", "junit", "nagios", "openmetrics"] {
            assert!(text(format).contains(name), "{name} in {format}");
        }
        assert!(place >= 5 || text("github").contains(name), "{name} in github");
    }
    assert!(text("nagios").starts_with("SLMON CRITICAL - "));
}

#[test]
fn a_jobs_summary_is_added_to_and_any_other_file_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (summary, other) = (folder.path().join("summary.md"), folder.path().join("other.md"));
    for file in [&summary, &other] {
        fs::write(file, "# Before").unwrap();
    }
    let formats = [&summary, &other].map(|file| format!("--format=markdown={}", file.display()));
    let output = demo(&[]).args(formats).env("GITHUB_STEP_SUMMARY", &summary).run();
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(fs::read_to_string(&summary).unwrap().starts_with("# Before\n\n## ✖ slmon: "));
    assert!(fs::read_to_string(&other).unwrap().starts_with("## ✖ slmon: "));
}

#[test]
fn a_summary_that_is_not_there_is_made_and_one_without_a_name_is_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let summary = folder.path().join("summary.md");
    let format = format!("--format=markdown={}", summary.display());
    let output = demo(&[]).args([format]).env("GITHUB_STEP_SUMMARY", &summary).run();
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(fs::read_to_string(&summary).unwrap().starts_with("## ✖ slmon: "));
    let none = demo(&["--format", "markdown="]).run();
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains("names no file"), "{}", none.stderr);
}

#[test]
fn nagios_gets_its_codes() {
    let code = |args: &[&str]| demo(&["--exit-style", "nagios"]).args(args).run();
    let critical = code(&["--format", "nagios"]);
    assert_eq!(critical.code, 2, "{}", critical.stdout);
    assert!(critical.stdout.starts_with("SLMON CRITICAL - "));
    assert_eq!(code(&["--fail-on", "never"]).code, 0);
    let json: Value = serde_json::from_str(&code(&["--format", "json"]).stdout).unwrap();
    assert_eq!((&json["exit_code"], &json["status"]), (&json!(2), &json!("firing")), "the report says what happens");
}

#[test]
fn a_mistake_is_unknown_to_nagios() {
    let mistakes: [(&[&str], &str); 4] = [
        (&["--no-such-flag"], "unexpected argument"),
        (&["--at", "tomorrow"], "--at tomorrow"),
        (&["--format", "xml"], "there is no format \"xml\""),
        (&["--format", "nagios=/no/such/folder/file"], "can't be written"),
    ];
    for (args, why) in mistakes {
        let nagios = demo(&["--exit-style=nagios"]).args(args).run();
        assert_eq!(nagios.code, 3, "{args:?}: {}", nagios.stderr);
        assert!(nagios.stdout.starts_with("SLMON UNKNOWN - ") && nagios.stdout.contains(why), "{}", nagios.stdout);
        assert_eq!(nagios.stdout.lines().count(), 1);
        let plain = demo(args).run();
        assert_eq!((plain.code, plain.stdout.as_str()), (2, ""), "{args:?}");
    }
}
