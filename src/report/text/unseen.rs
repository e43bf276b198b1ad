//! What could not be seen, and what of it is accepted. What fails alike is told once, with all the places where it
//! does: forty accounts whose credentials have expired are one thing to mend, not forty.

use super::{DETAIL, label, more, place::place};
use crate::{
    domain::{
        account::{AccountId, Region},
        text::{AwsText, clean, clock},
        window::Minute,
    },
    report::{
        Coverage, Report, Unseen,
        canvas::{BOLD, DIM, Line, PLAIN, Page, UNKNOWN, width},
    },
};

/// So many accounts are listed of one failure.
const LISTED: usize = 20;
/// So many regions are named of one account.
const REGIONS: usize = 3;
/// The column of accounts is no wider than this.
const ACCOUNT: usize = 52;

/// Stands for the account's id in what is said of several.
const ACCOUNT_MARK: &str = "<account>";

/// One failure, and where it happened.
struct Group<'a> {
    first: &'a Unseen,
    /// What is the same in all of them: the hint without the names of account and region.
    hint: String,
    message: String,
    /// Messages that differ from the first.
    other_messages: bool,
    places: Vec<Place<'a>>,
}

/// One account, and the regions of it; none of them means all of it.
struct Place<'a> {
    client: Option<&'a AwsText>,
    name: Option<&'a AwsText>,
    account: Option<&'a AccountId>,
    regions: Vec<&'a Region>,
}

pub(in crate::report) fn section(page: &mut Page, coverage: &Coverage) {
    for group in groups(&coverage.unseen) {
        page.blank();
        group.draw(page, label("?", "unseen", UNKNOWN), None);
    }
}

pub(super) fn accepted(page: &mut Page, report: &Report) {
    accepted_section(page, &report.coverage.accepted, report.window.end);
}

/// What is accepted as unseen, as it stands in every report; `near` is the day whose date needs no saying.
pub(in crate::report) fn accepted_section(page: &mut Page, rows: &[Unseen], near: Minute) {
    for group in groups(rows) {
        page.blank();
        let acceptance = group.first.acceptance.as_ref().map(|acceptance| {
            let until = clock(acceptance.until, near);
            format!("unseen, and accepted until {until} UTC: {}", acceptance.reason)
        });
        group.draw(page, label("–", "accepted", DIM), acceptance.as_deref());
    }
}

/// One failure and where it happened, in words for other formats.
pub(in crate::report) struct Told<'a> {
    /// Operation, kind, part and acceptance are the same in all.
    pub(in crate::report) first: &'a Unseen,
    /// Where: one phrase an account.
    pub(in crate::report) places: Vec<String>,
    pub(in crate::report) message: String,
    pub(in crate::report) hint: String,
}

/// What fails alike once, with all the places where it does.
pub(in crate::report) fn told(rows: &[Unseen]) -> Vec<Told<'_>> {
    let mut all = Vec::new();
    for group in groups(rows) {
        let (hint, message) = group.words();
        all.push(Told {
            first: group.first,
            places: group.places.iter().map(|place| place.parts(group.first.operation).join(" · ")).collect(),
            message: clean(message.trim()).into_owned(),
            hint: clean(hint.trim()).into_owned(),
        });
    }
    all
}

fn groups(rows: &[Unseen]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for row in rows {
        let (hint, message) = (general(&row.hint, row), general(row.message.raw(), row));
        let same = |group: &&mut Group<'_>| {
            let first = group.first;
            (first.operation, first.kind, &first.part, &first.acceptance)
                == (row.operation, row.kind, &row.part, &row.acceptance)
                && group.hint == hint
        };
        if let Some(group) = groups.iter_mut().find(same) {
            group.other_messages |= group.message != message;
            group.add(row);
        } else {
            let mut group = Group { first: row, hint, message, other_messages: false, places: Vec::new() };
            group.add(row);
            groups.push(group);
        }
    }
    groups
}

/// The text with the row's own account and region replaced, so that it fits others as well.
fn general(text: &str, row: &Unseen) -> String {
    let text = match &row.account {
        Some(id) => text.replace(id.as_str(), ACCOUNT_MARK),
        None => text.to_owned(),
    };
    match &row.region {
        Some(region) => text.replace(region.as_str(), "<region>"),
        None => text,
    }
}

impl<'a> Group<'a> {
    fn add(&mut self, row: &'a Unseen) {
        let known = self.places.iter_mut().find(|place| {
            row.account.is_some()
                && place.account == row.account.as_ref()
                && place.regions.is_empty() == row.region.is_none()
        });
        match known {
            Some(place) => place.regions.extend(&row.region),
            None => self.places.push(Place {
                client: row.client.as_ref(),
                name: row.account_name.as_ref(),
                account: row.account.as_ref(),
                regions: row.region.iter().collect(),
            }),
        }
    }

    /// Hint and message: the exact words where they speak of one thing, general ones only where they speak of many.
    fn words(&self) -> (String, String) {
        match self.places.as_slice() {
            [place] if place.regions.len() <= 1 => (self.first.hint.clone(), self.first.message.raw().to_owned()),
            [Place { account: Some(id), .. }] => {
                (self.hint.replace(ACCOUNT_MARK, id.as_str()), self.message.replace(ACCOUNT_MARK, id.as_str()))
            }
            _ => (self.hint.clone(), self.message.clone()),
        }
    }

    fn draw(&self, page: &mut Page, label: Line, acceptance: Option<&str>) {
        let row = self.first;
        let what = [row.operation, row.kind.as_str()];
        let (hint, message) = self.words();
        let mut head = page.fill(label);
        if let [place] = self.places.as_slice() {
            let parts = place.parts(row.operation);
            for (n, part) in parts.iter().enumerate() {
                let of_account = n + 1 < parts.len() || place.account.is_none();
                head = head.item(if of_account { BOLD } else { PLAIN }, part);
            }
            head.end();
            head = page.fill(Line::at(DETAIL));
        }
        for (n, part) in what.into_iter().enumerate() {
            head = head.item(if n == 0 { PLAIN } else { UNKNOWN }, part);
        }
        if let Some(part) = &row.part {
            head = head.item(PLAIN, part);
        }
        if self.places.len() > 1 {
            head = head.item(BOLD, &format!("{} accounts", self.places.len()));
        }
        head.end();
        if !message.trim().is_empty() {
            let others = if self.other_messages { " (others differ)" } else { "" };
            page.fill(Line::at(DETAIL)).words(DIM, &format!("{message}{others}")).end();
        }
        match acceptance {
            Some(acceptance) => page.fill(Line::at(DETAIL)).words(PLAIN, acceptance).end(),
            None => page.fill(Line::at(DETAIL).then(PLAIN, "→ ")).words(PLAIN, &hint).end(),
        }
        if self.places.len() > 1 {
            self.list(page);
        }
    }

    fn list(&self, page: &mut Page) {
        let listed = if self.places.len() > LISTED { LISTED - 1 } else { self.places.len() };
        let account = |place: &Place<'_>| place.account_parts().join(" · ");
        let widths = self.places[..listed].iter().map(|place| width(&account(place)));
        let column = widths.filter(|width| *width <= ACCOUNT).max().unwrap_or_default();
        for place in &self.places[..listed] {
            page.fill(Line::at(DETAIL))
                .hang(DETAIL + 2)
                .item(PLAIN, &account(place))
                .column(DETAIL + column + 2)
                .words(DIM, &place.regions(self.first.operation))
                .end();
        }
        more(page, DETAIL, self.places.len() - listed);
    }
}

impl Place<'_> {
    fn account_parts(&self) -> Vec<String> {
        place(self.client, self.name, self.account, None)
    }

    fn parts(&self, operation: &str) -> Vec<String> {
        let mut parts = self.account_parts();
        parts.push(self.regions(operation));
        parts
    }

    fn regions(&self, operation: &str) -> String {
        let names: Vec<_> = self.regions.iter().take(REGIONS).map(ToString::to_string).collect();
        match (self.account, self.regions.len()) {
            (None, _) => match (self.client, operation.starts_with("organizations:")) {
                (Some(_), true) => "its accounts could not be listed".into(),
                (None, true) => "the organization's accounts could not be listed".into(),
                (_, false) => "all that the credentials at hand lead to".into(),
            },
            (Some(_), 0) => "all regions".into(),
            (Some(_), 1) => names.concat(),
            (Some(_), n) => format!("{n} regions ({}{})", names.join(", "), if n > REGIONS { ", …" } else { "" }),
        }
    }
}
