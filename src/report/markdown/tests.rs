//! Read back by a parser of Markdown: what is a table, and that nobody else's text is anything but text.

use insta::assert_snapshot;
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::*;
use crate::{
    domain::text::steers,
    report::{
        based,
        samples::{self, telling},
    },
};

/// What a reader sees: the tables' rows, each a list of cells, and the addresses that one can click on.
#[derive(Debug, Default)]
struct Seen {
    tables: Vec<Vec<Vec<String>>>,
    links: Vec<String>,
    /// All that is told.
    text: String,
}

fn read(text: &str) -> Seen {
    assert!(text.len() <= LIMIT, "{}", text.len());
    assert!(!text.chars().any(|c| c != '\n' && steers(c)), "{text:?}");
    let mut seen = Seen::default();
    let mut cell = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_MATH) {
        match event {
            Event::Start(Tag::Table(columns)) => {
                assert!(columns.len() >= 4);
                seen.tables.push(Vec::new());
            }
            Event::Start(Tag::TableRow | Tag::TableHead) => seen.tables.last_mut().unwrap().push(Vec::new()),
            Event::Start(Tag::TableCell) => cell = Some(String::new()),
            Event::End(TagEnd::TableCell) => seen.tables.last_mut().unwrap().last_mut().unwrap().extend(cell.take()),
            Event::Start(Tag::Link { dest_url, .. }) => seen.links.push(dest_url.to_string()),
            Event::Text(words) => {
                trap(&words);
                seen.text.push_str(&words);
                if let Some(cell) = &mut cell {
                    cell.push_str(&words);
                }
            }
            Event::Code(words) => {
                seen.text.push_str(&words);
                if let Some(cell) = &mut cell {
                    cell.push_str(&words);
                }
            }
            // Ours, and nothing else.
            Event::Html(html) => {
                let html = html.trim();
                let summary = html.strip_prefix("<details><summary>").and_then(|html| html.strip_suffix("</summary>"));
                assert!(html == "</details>" || summary.is_some_and(|summary| !summary.contains('<')), "{html:?}");
            }
            Event::Start(
                Tag::Paragraph | Tag::Heading { .. } | Tag::List(None) | Tag::Item | Tag::HtmlBlock | Tag::Strong,
            )
            | Event::End(_)
            | Event::SoftBreak => {}
            other => panic!("{other:?} in {text}"),
        }
    }
    for table in &seen.tables {
        let columns = table[0].len();
        assert!(table.iter().all(|row| row.len() == columns && row.iter().all(|cell| !cell.is_empty())), "{table:?}");
    }
    seen
}

/// What GitHub makes of text that is no code: mentions, addresses, issues, pictures.
fn trap(words: &str) {
    let lower = words.to_lowercase();
    for trap in ["@", "://", "www.", "#", "gh-", "\\", "<", "$$"] {
        assert!(!lower.contains(trap), "{trap} in {words:?}");
    }
}

fn rendered(report: &Report) -> String {
    render(report, &telling(100))
}

#[test]
fn pages() {
    for (name, report) in based::all() {
        assert_snapshot!(name, rendered(&report));
    }
}

#[test]
fn every_page_reads_as_it_is_meant() {
    for (name, report) in based::all() {
        let seen = read(&rendered(&report));
        assert!(seen.text.contains(&report.headline()), "{name}");
        if !report.alerts.is_empty() {
            assert_eq!(seen.tables[0].len(), report.alerts.len() + 1, "{name}");
        }
        for (row, alert) in seen.tables.first().map(|table| &table[1..]).unwrap_or_default().iter().zip(&report.alerts)
        {
            assert!(row[0].ends_with(alert.severity.as_str()), "{row:?}");
            assert!(row[1].starts_with(&alert.function.shown().trim().replace('|', "¦")), "{row:?}");
        }
    }
}

#[test]
fn a_runbook_is_a_link_only_where_it_is_plainly_one() {
    let seen = read(&rendered(&samples::firing()));
    assert_eq!(seen.links, ["https://wiki.beta.example/runbooks/stock-sync-throttled"]);
    assert!(seen.text.contains("runbook on wiki.beta.example"));
    assert_eq!(host("https://wiki.example:8443/a?b=c&d=e#f"), Some("wiki.example:8443"));
    for none in [
        "javascript:alert(1)",
        "//evil.example",
        "https://good.example@evil.example/",
        "https://wiki.example/)[x](y",
        "https://wiki.example/a b",
        "https://wiki.example/<b>",
        "https:///x",
        "ftp://wiki.example",
        "https://wiki.exämple/",
    ] {
        assert_eq!(host(none), None, "{none}");
    }
}

#[test]
fn nothing_of_anybody_elses_is_formatted() {
    for (text, told) in [
        ("checkout", "checkout"),
        ("41 of 812 failed (5.0 %), limit 5 %", "41 of 812 failed (5.0 %), limit 5 %"),
        ("Juniper & Finch", "Juniper & Finch"),
        ("@team", "`@team`"),
        ("a|b", "`a¦b`"),
        ("`", "`` ` ``"),
        ("a``b", "```a``b```"),
        ("see www.evil.example", "`see www.evil.example`"),
        ("&lt;b&gt;", "`&lt;b&gt;`"),
        ("<img src=x>", "`<img src=x>`"),
        ("[x](https://evil.example)", "`[x](https://evil.example)`"),
        (":tada:", "`:tada:`"),
        ("  ", "–"),
    ] {
        assert_eq!(prose(text), told);
    }
}

#[test]
fn of_a_thousand_alerts_those_left_out_are_counted() {
    let report = based::based(Report { muted: samples::firing().muted, ..samples::many(1000) });
    let text = rendered(&report);
    let seen = read(&text);
    let told = seen.tables[0].len() - 1;
    assert!(told > 100, "{told}");
    let last = text.trim_end().lines().last().unwrap();
    assert_eq!(
        last,
        format!(
            "**Left out, so that this fits a comment: {} alerts.** `slmon alert --format json` lists all.",
            1000 - told
        )
    );
    assert_eq!(seen.tables[1].len(), 3, "what is muted has room of its own");
}

#[test]
fn however_much_there_is_it_fits() {
    let mut report = samples::many(5000);
    let long = "x|`".repeat(3000);
    let full = samples::written_by(&long, &long, &long);
    for _ in 0..200 {
        report.muted.extend(full.muted.clone());
        report.blind_spots.extend(full.blind_spots.clone());
        report.notes.extend(full.notes.clone());
        report.coverage.accepted.extend(full.coverage.accepted.clone());
    }
    for n in 0..500 {
        let mut row = full.coverage.unseen[0].clone();
        row.part = Some(format!("part {n}"));
        report.coverage.unseen.push(row);
    }
    let text = rendered(&report);
    read(&text);
    let last = text.trim_end().lines().last().unwrap();
    for left_out in [" alerts, ", " ways of not being seen, ", " muted functions, ", " blind spots, ", "395 notes."] {
        assert!(last.contains(left_out), "{left_out} in {last}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_text_of_anybody_elses_is_more_than_text(
        name in any::<String>(),
        message in "(`|\\||\\\\|<|>|&|&lt;|@|a|www\\.|https?://|#1|\\[|\\]|\\(|\\)|!|\\*|_|~|\\$|\\n|-| |1\\.|:|<!--|</details>){0,16}",
        other in "[ -~\\n]{0,40}",
    ) {
        let report = samples::written_by(&name, &message, &other);
        let seen = read(&rendered(&report));
        prop_assert_eq!(seen.tables[0].len(), report.alerts.len() + 1);
        prop_assert!(seen.links.iter().all(|link| host(link).is_some()));
        let reason = clean(message.trim()).trim().replace('|', "¦");
        prop_assert!(seen.text.contains(&reason), "{:?} in {:?}", reason, seen.text);
    }
}
