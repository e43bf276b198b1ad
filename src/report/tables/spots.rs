//! `slmon functions --blind-spots`: what tags hide, and the command that mends each.

use serde::Serialize;

use crate::{
    domain::{
        finding::SpotKind,
        text::{count, counted},
        window::Minute,
    },
    report::{
        BlindSpot, Coverage, Telling,
        canvas::{BOLD, DIM, Line, PLAIN, Page, UNKNOWN, WARNING, width},
        text::{accepted_section, demo, place, unseen_section},
    },
};

/// What `slmon functions --blind-spots` says. Field by field it is the documented JSON.
#[derive(Clone, Debug, Serialize)]
pub struct SpotList {
    /// Name and version of the JSON schema.
    pub schema: &'static str,
    /// What was seen of what there is to see.
    pub coverage: Coverage,
    /// How many functions were looked through.
    pub searched: usize,
    /// What was found, as in the report of `slmon alert`.
    pub blind_spots: Vec<BlindSpot>,
}

/// The column where what belongs to a kind begins.
const NAMES: usize = 2;
/// The column where what belongs to a function begins.
const DETAIL: usize = 6;

impl SpotList {
    /// The list of these blind spots, which are sorted by kind.
    pub fn new(coverage: Coverage, searched: usize, blind_spots: Vec<BlindSpot>) -> Self {
        Self { schema: "slmon.blind-spots/1", coverage, searched, blind_spots }
    }

    /// The documented JSON, with a newline.
    pub fn json(&self) -> String {
        crate::report::json::pretty(self)
    }

    /// A page for people, styled; whoever prints it strips the styles where they don't belong.
    pub fn text(&self, telling: &Telling) -> String {
        let mut page = Page::new(telling.width);
        for kind in SpotKind::ALL {
            let spots: Vec<_> = self.blind_spots.iter().filter(|spot| spot.kind == *kind).collect();
            if !spots.is_empty() {
                of_kind(&mut page, *kind, &spots);
            }
        }
        let Coverage { targets, seen, .. } = self.coverage;
        let all_seen = self.coverage.unseen.is_empty();
        page.fill(Line::at(0))
            .item(BOLD, &counted(self.blind_spots.len() as u64, "blind spot"))
            .item(PLAIN, &format!("{} searched", counted(self.searched as u64, "function")))
            .item(
                if all_seen { DIM } else { UNKNOWN },
                &format!("{} of {} seen", count(seen as u64), counted(targets as u64, "target")),
            )
            .end();
        unseen_section(&mut page, &self.coverage);
        accepted_section(&mut page, &self.coverage.accepted, Minute::floor(telling.now));
        demo(&mut page, telling);
        page.finish()
    }
}

fn of_kind(page: &mut Page, kind: SpotKind, spots: &[&BlindSpot]) {
    page.line(Line::at(0).then(WARNING, "● ").then(BOLD, kind.as_str()));
    page.fill(Line::at(NAMES)).words(PLAIN, &kind.meaning(spots.len())).end();
    page.fill(Line::at(NAMES).then(DIM, "→ ")).words(DIM, kind.advice()).end();
    for spot in spots {
        page.blank();
        of_function(page, spot);
    }
    page.blank();
}

fn of_function(page: &mut Page, spot: &BlindSpot) {
    if let Some(name) = &spot.function {
        page.line(Line::at(NAMES).then(BOLD, &name.shown()));
    }
    let mut line = page.fill(Line::at(DETAIL)).item(PLAIN, &spot.detail);
    for part in place(spot.client.as_ref(), None, Some(&spot.account), spot.region.as_ref()) {
        line = line.item(DIM, &part);
    }
    line.end();
    match &spot.command {
        Some(command) => {
            for (n, line) in folded(command, page.width().saturating_sub(DETAIL)).iter().enumerate() {
                page.line(Line::at(DETAIL + if n > 0 { 2 } else { 0 }).then(PLAIN, line));
            }
        }
        // What could not be searched says itself what to do.
        None if spot.function.is_none() => page.fill(Line::at(DETAIL).then(DIM, "→ ")).words(PLAIN, &spot.fix).end(),
        None => {}
    }
}

/// A command in lines that a shell reads as one. It is broken between its options only, and not at all where quotes
/// could hide what looks like one.
fn folded(command: &str, room: usize) -> Vec<String> {
    if width(command) <= room || command.contains(['\'', '"', '\\', '$']) {
        return vec![command.to_owned()];
    }
    let mut lines = vec![String::new()];
    for (n, option) in command.split(" --").enumerate() {
        let option = if n == 0 { option.to_owned() } else { format!("--{option}") };
        // Room for the blank and the backslash that go on.
        match lines.last_mut() {
            Some(line) if line.is_empty() => *line = option,
            Some(line) if width(line) + width(&option) + 3 <= room => {
                line.push(' ');
                line.push_str(&option);
            }
            _ => lines.push(option),
        }
    }
    let last = lines.len().saturating_sub(1);
    for line in &mut lines[..last] {
        line.push_str(" \\");
    }
    lines
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;
    use crate::report::samples;

    fn list(report: crate::report::Report) -> SpotList {
        SpotList::new(report.coverage, 1234, report.blind_spots)
    }

    #[test]
    fn pages_without_styles() {
        for (name, report) in
            [("firing", samples::firing()), ("quiet", samples::quiet()), ("hostile", samples::hostile())]
        {
            let text = list(report).text(&samples::telling(80));
            assert_snapshot!(format!("spots_{name}"), anstream::adapter::strip_str(&text).to_string());
        }
    }

    #[test]
    fn the_json_is_what_the_schema_says() {
        let text = include_str!("../../../docs/schema/slmon.blind-spots-1.schema.json");
        let schema = jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap();
        for (name, report) in samples::all() {
            let value = serde_json::from_str(&list(report).json()).unwrap();
            let faults: Vec<_> = schema.iter_errors(&value).map(|error| error.to_string()).collect();
            assert_eq!(faults, Vec::<String>::new(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_folded_command_is_the_same_command(
            words in proptest::collection::vec("(--)?[a-z0-9=:.-]{1,30}", 1..9), room in 10usize..120) {
            let command = words.join(" ");
            let lines = folded(&command, room);
            prop_assert_eq!(lines.join("\n").replace(" \\\n", " "), command);
        }
    }
}
