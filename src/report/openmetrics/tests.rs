//! Read back by a strict parser of what slmon writes of OpenMetrics 1.0. `tests/formats.rs` has Prometheus' own parser
//! read the pages that are kept here.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::{
    domain::text::steers,
    report::{based, samples},
};

#[derive(Debug, PartialEq)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// `name{key="value",…} value`, with the escapes `\\`, `\"` and `\n`.
fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).expect("labels or a value");
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{name}");
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        let mut chars = inside.char_indices();
        let mut key = String::new();
        let after = loop {
            match chars.next().expect("labels end").1 {
                '=' => {
                    assert!(is_name(&key) && chars.next().unwrap().1 == '"');
                    let mut value = String::new();
                    loop {
                        match chars.next().expect("a value ends").1 {
                            '"' => break,
                            '\\' => value.push(match chars.next().unwrap().1 {
                                'n' => '\n',
                                c if c == '\\' || c == '"' => c,
                                c => panic!("\\{c} is no escape"),
                            }),
                            c => value.push(c),
                        }
                    }
                    assert_eq!(labels.insert(std::mem::take(&mut key), value), None, "each label once");
                }
                ',' => assert!(key.is_empty()),
                '}' => break chars.as_str(),
                c => key.push(c),
            }
        };
        rest = after;
    }
    let value = rest.strip_prefix(' ').expect("one blank before the value");
    Sample { name: name.into(), labels, value: value.parse().expect("a number") }
}

/// The families by name, each with its samples.
fn read(text: &str) -> BTreeMap<String, Vec<Sample>> {
    let body = text.strip_suffix("# EOF\n").expect("it ends with # EOF");
    let mut families: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
    let mut family = (String::new(), String::new());
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(is_name(name) && ["gauge", "counter"].contains(&kind), "{line}");
            assert!(families.insert(name.into(), Vec::new()).is_none(), "{name} twice");
            family = (name.into(), kind.into());
        } else if let Some(rest) = line.strip_prefix("# UNIT ") {
            let (name, unit) = rest.split_once(' ').unwrap();
            assert!(name == family.0 && name.ends_with(&format!("_{unit}")), "{line}");
        } else if let Some(rest) = line.strip_prefix("# HELP ") {
            assert!(rest.starts_with(&format!("{} ", family.0)), "{line}");
        } else {
            let sample = sample(line);
            let expected = if family.1 == "counter" { format!("{}_total", family.0) } else { family.0.clone() };
            assert_eq!(sample.name, expected);
            families.get_mut(&family.0).unwrap().push(sample);
        }
    }
    for (name, samples) in &families {
        assert!(!samples.is_empty(), "{name} has no sample");
        let distinct: BTreeSet<_> = samples.iter().map(|sample| &sample.labels).collect();
        assert_eq!(distinct.len(), samples.len(), "{name} says something twice");
    }
    families
}

fn families(report: &Report) -> BTreeMap<String, Vec<Sample>> {
    let text = render(report);
    assert!(!text.chars().any(|c| c != '\n' && steers(c)), "{text:?}");
    read(&text)
}

#[test]
fn pages() {
    for (name, report) in based::all() {
        assert_snapshot!(name, render(&report));
    }
}

#[test]
fn what_was_not_read_is_absent() {
    let all = families(&based::based(samples::firing()));
    let of = |family: &str, function: &str| {
        let mut samples = all[family].iter();
        samples.find(|sample| sample.labels["function"] == function).map(|sample| sample.value)
    };
    assert_eq!(of("slmon_function_errors", "checkout-api"), Some(41.0));
    assert_eq!(of("slmon_function_errors", "gift-cards"), None);
    assert_eq!(of("slmon_function_throttles", "gift-cards"), Some(0.0));
    assert_eq!(of("slmon_function_invocations", "basket"), None);
    assert_eq!(all["slmon_alert"].len(), 5);
    assert_eq!(all["slmon_api_metrics"][0].value.to_string(), "6024");
    let unseen: Vec<_> = all["slmon_target_seen"].iter().filter(|sample| sample.value == 0.0).collect();
    assert_eq!(unseen.len(), 4, "three regions, and a whole account that is accepted: {unseen:?}");
    let expired = families(&based::based(samples::expired()));
    assert!(!expired.contains_key("slmon_function_errors"));
    assert_eq!(expired["slmon_target_seen"].len(), 120);
}

#[test]
fn a_thousand_alerts_are_a_thousand_samples() {
    let mut report = samples::many(1000);
    for (n, alert) in report.alerts.iter_mut().enumerate() {
        alert.function = format!("f{n}").into();
    }
    let all = families(&based::based(report));
    assert_eq!(all["slmon_alert"].len(), 1000);
    assert_eq!(all["slmon_function_errors"].len(), 1002, "and one that is fine, and one that is idle");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_comes_back(name in any::<String>(), message in any::<String>(), other in "[\"\\\\{},=\\n a]{0,20}") {
        let all = families(&based::based(samples::written_by(&name, &message, &other)));
        for sample in &all["slmon_alert"] {
            prop_assert_eq!(&sample.labels["function"], &*clean(&name));
            prop_assert_eq!(&sample.labels["client"], &*clean(&other));
        }
    }
}

#[test]
fn what_is_silent_by_hand_stands_beside_its_alert_with_how() {
    let report = samples::firing();
    let alert = report.alerts[0].clone();
    let page = silenced(&report, |it| (it.check == alert.check && it.function == alert.function).then_some("muted"));
    let lines: Vec<Sample> = page.lines().filter(|line| !line.starts_with('#')).map(sample).collect();
    assert_eq!((lines.len(), lines[0].name.as_str()), (1, "slmon_alert_silenced"));
    let mut labels = lines[0].labels.clone();
    assert_eq!(labels.remove("how").as_deref(), Some("muted"));
    let all = render(&report);
    let alerts = all.lines().filter(|line| line.starts_with("slmon_alert{")).map(sample);
    assert_eq!(alerts.filter(|alert| alert.labels == labels).count(), 1, "the same labels");
    assert_eq!(silenced(&report, |_| None), "");
}
