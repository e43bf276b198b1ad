//! Read back as GitHub's runner does.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::{
    domain::text::steers,
    report::{
        based,
        samples::{self, telling},
    },
};

/// A workflow command, read back.
#[derive(Debug)]
struct Command {
    name: String,
    title: String,
    message: String,
}

/// As `ActionCommand.TryParseV2` of the runner reads a line: `::name key=value,key=value::message`.
fn read(line: &str) -> Command {
    let rest = line.strip_prefix("::").expect("a command begins with ::");
    let (head, message) = rest.split_once("::").expect("a command has a second ::");
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let mut title = String::new();
    for property in properties.split(',') {
        let (key, value) = property.split_once('=').expect("a property is key=value");
        assert_eq!(key, "title", "nobody else sets file or line");
        title = unescaped(value, &[("%3A", ":"), ("%2C", ",")]);
    }
    Command { name: name.into(), title, message: unescaped(message, &[]) }
}

/// The runner's own order: `%25` last.
fn unescaped(text: &str, more: &[(&str, &str)]) -> String {
    let all = [("%0D", "\r"), ("%0A", "\n")].iter().chain(more).chain(&[("%25", "%")]);
    all.fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn commands(report: &Report) -> Vec<Command> {
    let text = render(report, &telling(100));
    assert!(!text.chars().any(|c| c != '\n' && steers(c)), "{text:?}");
    let all: Vec<_> = text.lines().map(read).collect();
    for name in ["error", "warning", "notice"] {
        assert!(all.iter().filter(|command| command.name == name).count() <= SHOWN, "{name}");
    }
    assert!(all.iter().all(|command| ["error", "warning", "notice"].contains(&command.name.as_str())));
    assert!(all.iter().all(|command| command.title.chars().count() <= TITLE));
    assert_eq!(all.last().map(|command| command.name.as_str()), Some("notice"));
    all
}

#[test]
fn pages() {
    for (name, report) in based::all() {
        assert_snapshot!(name, render(&report, &telling(100)));
    }
}

#[test]
fn every_line_is_a_command_and_errors_go_with_a_failing_run() {
    for (name, report) in based::all() {
        let errors = commands(&report).iter().filter(|command| command.name == "error").count();
        assert_eq!(errors > 0, report.exit_code != 0, "{name}");
    }
}

#[test]
fn the_words_come_back_as_they_were() {
    let all = commands(&samples::firing());
    assert_eq!(all[0].title, "critical errors: checkout-api");
    assert!(
        all[0]
            .message
            .starts_with("41 of 812 failed (5.0 %), limit 5 %\nAcme · acme-shop (111122223333) · eu-west-1\n")
    );
    let unseen: Vec<_> = all.iter().filter(|command| command.title.starts_with("unseen")).collect();
    assert_eq!(unseen.len(), 1, "what fails alike is told once");
    assert_eq!(unseen[0].name, "warning", "it fires without them, too");
    let notice = all.last().unwrap();
    assert!(notice.message.contains("2 muted: image-resize until 18:00 UTC by override 3 (nothing would fire); "));
    assert!(notice.message.contains("1 unseen and accepted: "), "{}", notice.message);
}

#[test]
fn the_severity_follows_what_fails_the_run() {
    let names = |fail_on, report: Report| {
        let mut report = based::based(report);
        report.basis.fail_on = fail_on;
        commands(&report).iter().map(|command| command.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(FailOn::Critical, samples::warning()), ["warning", "warning", "notice"]);
    assert_eq!(names(FailOn::Warning, samples::warning()), ["error", "error", "notice"]);
    assert!(!names(FailOn::Never, samples::unseen()).contains(&"error".into()));
}

#[test]
fn of_a_thousand_alerts_the_worst_come_first_and_the_rest_is_counted() {
    let report = based::based(samples::many(1000));
    let all = commands(&report);
    let of = |name: &str| all.iter().filter(|command| command.name == name).collect::<Vec<_>>();
    let (errors, warnings) = (of("error"), of("warning"));
    assert_eq!((errors.len(), warnings.len()), (10, 10));
    assert_eq!(errors[9].title, format!("{} more errors", 333 - 9));
    assert_eq!(warnings[9].title, format!("{} more warnings", 667 - 9));
    let (first, name) = (&errors[0].title, report.alerts[0].function.shown());
    assert_eq!(*first, format!("critical errors: {name}"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_of_anybody_elses_makes_a_command(
        name in any::<String>(), message in any::<String>(), other in "(::|%|%0A|,|=|:|\\n|\\r|error|a){0,12}",
    ) {
        let report = based::based(samples::written_by(&name, &message, &other));
        let all = commands(&report);
        prop_assert_eq!(&all[0].title, &words::clip(&format!("critical errors: {}", clean(&name)), TITLE));
        prop_assert!(all[0].message.contains(&*clean(&other)));
    }
}
