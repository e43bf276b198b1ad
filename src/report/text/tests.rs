//! The text at three widths, with its styles and without.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::report::{
    canvas::width,
    samples::{self, telling},
};

fn plain(styled: &str) -> String {
    anstream::adapter::strip_str(styled).to_string()
}

#[test]
fn pages_without_styles() {
    for (name, report) in samples::all() {
        for columns in [80, 120, 200] {
            assert_snapshot!(format!("{name}_{columns}"), plain(&render(&report, &telling(columns))));
        }
    }
}

#[test]
fn pages_with_styles() {
    for (name, report) in [("firing", samples::firing()), ("quiet", samples::quiet()), ("unseen", samples::unseen())] {
        let styled = render(&report, &telling(120)).replace('\u{1b}', "\\x1b");
        assert_snapshot!(format!("{name}_styled"), styled);
    }
}

fn holds(report: &Report, columns: u16) {
    let styled = render(report, &telling(columns));
    let text = plain(&styled);
    for line in text.lines() {
        let of_name = |name: &str| !name.is_empty() && line.contains(name);
        let names = report.alerts.iter().map(|alert| &alert.function);
        let names = names.chain(report.muted.iter().map(|muted| &muted.function));
        let mut names = names.chain(report.blind_spots.iter().filter_map(|spot| spot.function.as_ref()));
        assert!(
            width(line) <= usize::from(columns) || names.any(|name| of_name(&name.shown())),
            "{} columns at {columns}: {line}",
            width(line)
        );
        assert!(line.trim_end() == line, "blanks at the end of {line:?}");
    }
    assert!(!text.chars().any(|c| c != '\n' && crate::domain::text::steers(c)), "{text:?}");
    // Of what is printed, only our own styles may hold an escape character: ESC [ digits and semicolons m.
    for code in styled.split('\u{1b}').skip(1) {
        let end = code.find('m').unwrap();
        assert!(code.starts_with('[') && code[1..end].chars().all(|c| c.is_ascii_digit() || c == ';'), "{code:?}");
    }
    for alert in &report.alerts {
        assert!(text.contains(alert.function.shown().trim_end()), "{:?} is not whole", alert.function);
    }
}

#[test]
fn every_page_fits_and_nothing_steers() {
    for columns in [40, 60, 80, 100, 120, 160, 200, 300] {
        for (_, report) in samples::all() {
            holds(&report, columns);
        }
        holds(&samples::many(200), columns);
    }
}

#[test]
fn the_demo_says_so_on_its_last_line() {
    let text = plain(&render(&samples::quiet(), &Telling { demo: true, ..telling(120) }));
    assert!(text.lines().last().unwrap().contains("embedded demo estate"));
    assert!(!render(&samples::quiet(), &telling(120)).contains("demo"));
}

#[test]
fn words_carry_what_colours_say() {
    let text = plain(&render(&samples::firing(), &telling(120)));
    for word in
        ["FIRING", "✖ critical", "▲ warning", "? unseen", "– muted", "● blind", "– accepted", "– hidden", "exit 1: "]
    {
        assert!(text.contains(word), "{word}");
    }
}

#[test]
fn what_fails_alike_is_told_once() {
    let text = plain(&render(&samples::expired(), &telling(120)));
    assert_eq!(text.matches("aws sso login").count(), 1);
    assert!(text.contains("40 accounts") && text.contains("… and 21 more: --format json lists all"), "{text}");
    // Of several accounts the words are general; of one they are exact, and speak of each region.
    let text = plain(&render(&samples::unseen(), &telling(120)));
    assert!(text.contains("iam::<account>:role/slmon"), "{text}");
    let mut one = samples::unseen();
    one.coverage.unseen.truncate(1);
    let mut other = one.coverage.unseen[0].clone();
    one.coverage.unseen[0].region = Some(samples::region("eu-west-1"));
    other.region = Some(samples::region("us-east-1"));
    one.coverage.unseen.push(other);
    let text = plain(&render(&one, &telling(120)));
    assert!(
        text.contains("iam::444455556666:role/slmon") && text.contains("2 regions (eu-west-1, us-east-1)"),
        "{text}"
    );
}

#[test]
fn the_window_carries_a_date_where_it_is_not_todays() {
    let first = |report: &Report| plain(&render(report, &telling(120))).lines().next().unwrap().to_owned();
    assert!(first(&samples::quiet()).contains(" 14:45–15:00 UTC (15 min)"));
    let mut report = samples::quiet();
    report.window.start = samples::minute("2026-11-21T23:50:00Z");
    report.window.end = samples::minute("2026-11-22T00:05:00Z");
    assert!(first(&report).contains(" 21 Nov 23:50 – 22 Nov 00:05 UTC (15 min)"), "{}", first(&report));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_of_anybody_elses_breaks_the_page(
        name in any::<String>(),
        message in any::<String>(),
        controls in "[\\x00-\\x1f\\x7f-\\u{9f}\\u{200b}-\\u{202e}\\u{2066}-\\u{2069}a-z \n]{0,40}",
        columns in 40u16..240,
    ) {
        let report = samples::written_by(&name, &message, &controls);
        holds(&report, columns);
    }
}
