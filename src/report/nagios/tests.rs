//! Read back by the guideline's own grammar of performance data.

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

/// One value of performance data.
#[derive(Debug, PartialEq)]
struct Datum {
    label: String,
    value: f64,
    /// Warning and critical, as ranges.
    limits: [String; 2],
}

/// `'label'=value[UOM];[warn];[crit];[min];[max]`, separated by blanks; quotes where a label holds a blank.
fn perfdata(text: &str) -> Vec<Datum> {
    let mut data = Vec::new();
    for word in text.split(' ') {
        let (label, rest) = word.split_once('=').unwrap_or_else(|| panic!("no = in {word:?}"));
        assert!(!label.is_empty() && !label.contains(['\'', '=', ';']), "{label:?}");
        let fields: Vec<_> = rest.split(';').collect();
        assert!(fields.len() <= 5, "{rest}");
        let number = fields[0].trim_end_matches(|c: char| c.is_alphabetic() || c == '%');
        let unit = &fields[0][number.len()..];
        assert!(["", "s", "us", "ms", "%", "B", "KB", "MB", "TB", "c"].contains(&unit), "{unit}");
        let field = |n: usize| fields.get(n).copied().unwrap_or_default().to_owned();
        for range in [field(1), field(2)] {
            let range = range.strip_prefix('@').unwrap_or(&range).to_owned();
            let ends = range.split(':').filter(|end| !end.is_empty() && *end != "~");
            assert!(ends.clone().count() <= 2 && ends.clone().all(|end| end.parse::<f64>().is_ok()), "{range}");
        }
        for end in [field(3), field(4)] {
            assert!(end.is_empty() || end.parse::<f64>().is_ok(), "{end}");
        }
        data.push(Datum { label: label.into(), value: number.parse().unwrap(), limits: [field(1), field(2)] });
    }
    data
}

/// Whether a value is outside of a range of the form that slmon writes, `0`.
fn fires(datum: &Datum, limit: usize) -> bool {
    match datum.limits[limit].as_str() {
        "" => false,
        end => datum.value < 0.0 || datum.value > end.parse().unwrap(),
    }
}

fn holds(report: &Report) -> Vec<Datum> {
    let text = render(report, &telling(100));
    assert!(text.len() <= LIMIT && text.ends_with('\n'), "{}", text.len());
    assert!(!text.chars().any(|c| c != '\n' && steers(c)), "{text:?}");
    let (first, below) = text.split_once('\n').unwrap();
    let (said, data) = first.split_once(" | ").unwrap();
    assert!(!data.contains('|') && !below.contains('|'), "a second bar begins more performance data");
    let word = ["OK", "WARNING", "CRITICAL", "UNKNOWN"][usize::from(code(report))];
    assert!(said.starts_with(&format!("SLMON {word} - ")), "{said}");
    let data = perfdata(data);
    let mut labels: Vec<_> = data.iter().map(|datum| &datum.label).collect();
    labels.sort();
    labels.dedup();
    assert_eq!(labels.len(), data.len(), "each label once");
    data
}

#[test]
fn pages() {
    for (name, report) in based::all() {
        assert_snapshot!(name, render(&report, &telling(100)));
    }
}

#[test]
fn every_page_is_a_plugins() {
    for (name, report) in based::all() {
        let data = holds(&report);
        let critical = data.iter().any(|datum| fires(datum, 1));
        let warning = data.iter().any(|datum| fires(datum, 0));
        match code(&report) {
            2 => assert!(critical, "{name}"),
            1 => assert!(warning && !critical, "{name}"),
            0 => assert!(!warning && !critical, "{name}"),
            _ => {}
        }
    }
}

#[test]
fn the_codes_are_a_plugins() {
    let code_of = |report: Report| code(&report);
    assert_eq!(code_of(samples::quiet()), 0);
    assert_eq!(code_of(samples::warning()), 1);
    assert_eq!(code_of(samples::firing()), 2);
    assert_eq!(code_of(samples::unseen()), 3);
    assert_eq!(code_of(samples::empty()), 3);
    let firing = Report { status: Status::Firing, ..samples::warning() };
    assert_eq!(code_of(firing), 1, "warnings that fail a run are warnings still");
    let mut never = samples::firing();
    never.basis.fail_on = FailOn::Never;
    assert!(
        render(&never, &telling(100)).starts_with("SLMON OK - 2 critical, 3 warnings in production (--fail-on never)")
    );
    let mut interrupted = samples::firing();
    interrupted.basis.interrupted = true;
    assert_eq!(code_of(interrupted), 3);
}

#[test]
fn what_is_not_known_is_absent() {
    let data = holds(&samples::expired());
    assert!(!data.iter().any(|datum| datum.label.starts_with("hidden")), "{data:?}");
    assert_eq!(data.iter().find(|datum| datum.label == "unseen").map(|datum| datum.value), Some(120.0));
}

#[test]
fn of_a_thousand_alerts_those_left_out_are_counted() {
    let report = based::based(samples::many(1000));
    let text = render(&report, &telling(100));
    let listed = text.lines().filter(|line| line.starts_with("CRITICAL ") || line.starts_with("WARNING ")).count();
    let rest = text.lines().last().unwrap();
    // One more line than alerts: the window and what was judged.
    assert_eq!(rest, format!("... and {} more lines: slmon alert --format json lists all", 1001 - listed));
    assert!(listed > 20);
    holds(&report);
}

#[test]
fn a_refusal_is_a_status_line() {
    let line = refused("error: unexpected argument '--nope'|x found\n\nUsage: …\n");
    assert_eq!(line, "SLMON UNKNOWN - unexpected argument '--nope'¦x found\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_of_anybody_elses_makes_performance_data(
        name in any::<String>(), message in any::<String>(), other in "[|=;'\\n\\r a-z\u{85}\u{2028}]{0,30}",
    ) {
        holds(&based::based(samples::written_by(&name, &message, &other)));
    }
}
