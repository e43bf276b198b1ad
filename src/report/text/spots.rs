//! Blind spots, by kind: what it means, what to do about it, and the first functions of each.

use super::{DETAIL, label, more, place::place};
use crate::{
    domain::finding::SpotKind,
    report::{
        BlindSpot, Report,
        canvas::{DIM, Line, PLAIN, Page, WARNING, width},
    },
};

/// So many of a kind are listed; where there are more, some fewer, so that never just one is left out.
const LISTED: usize = 6;
/// Where the commands are: here they would drown what fires.
const COMMANDS: &str = "slmon functions --blind-spots prints the command that mends each";
/// A name's column is no wider than this.
const NAME: usize = 40;

pub(super) fn section(page: &mut Page, report: &Report) {
    let mut kinds: Vec<SpotKind> = report.blind_spots.iter().map(|spot| spot.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    if !kinds.is_empty() {
        page.blank();
    }
    for kind in kinds {
        let spots: Vec<_> = report.blind_spots.iter().filter(|spot| spot.kind == kind).collect();
        page.fill(label("●", "blind", WARNING)).words(PLAIN, &kind.meaning(spots.len())).end();
        page.fill(Line::at(DETAIL).then(DIM, "→ ")).words(DIM, kind.advice()).end();
        list(page, &spots);
    }
    if report.blind_spots.iter().any(|spot| spot.command.is_some()) {
        page.fill(Line::at(DETAIL).then(DIM, "→ ")).words(DIM, COMMANDS).end();
    }
}

fn list(page: &mut Page, spots: &[&BlindSpot]) {
    let listed = if spots.len() > LISTED { LISTED - 1 } else { spots.len() };
    let (shown, left_out) = spots.split_at(listed);
    let name = |spot: &BlindSpot| spot.function.as_ref().map(|name| name.shown().into_owned()).unwrap_or_default();
    let column = shown.iter().map(|spot| width(&name(spot))).filter(|width| *width <= NAME).max().unwrap_or_default();
    // A detail that is the same for all says nothing that the heading does not.
    let uniform = spots.len() > 1 && spots.windows(2).all(|pair| pair[0].detail == pair[1].detail);
    for spot in shown {
        let name = name(spot);
        let mut start = Line::at(DETAIL);
        if !name.is_empty() {
            start = start.then(PLAIN, &name);
        }
        if start.width() <= DETAIL + column && column > 0 {
            start = start.to(DETAIL + column + 2);
        } else if start.width() > DETAIL {
            page.line(start);
            start = Line::at(DETAIL + 2);
        }
        let mut line = page.fill(start).hang(DETAIL + 2);
        if !uniform {
            line = line.item(PLAIN, &spot.detail);
        }
        for part in place(spot.client.as_ref(), None, Some(&spot.account), spot.region.as_ref()) {
            line = line.item(DIM, &part);
        }
        line.end();
    }
    more(page, DETAIL, left_out.len());
}
