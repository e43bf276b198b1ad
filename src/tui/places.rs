//! Accounts as rows: each region that is known, and what is out of reach as a whole; the worst first, or in another order.
//! And the same as a map of accounts and regions.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    board::{Board, State, called},
    filter::Filter,
};
use crate::domain::{
    account::{Account, AccountId, Region},
    failure::Failure,
    fleet::TargetState,
    roster::Regions,
    text::AwsText,
};

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A target: its place among the board's.
    Target(usize),
    /// An account that is out of reach as a whole.
    Account(AccountId),
    /// An organization that could not be listed: its place among the fleet's.
    Listing(usize),
}

/// How a place stands, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Nothing of it could be read.
    Out,
    /// Production of it fails.
    Fails,
    /// Some of it could not be read.
    Partly,
    /// All of it is read.
    Live,
    /// It is about to be read for the first time.
    Pending,
    /// Nothing of it is watched.
    Empty,
}

/// By what places are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The client's name.
    Client,
    /// The account's name.
    Account,
    /// The region.
    Region,
    /// How many functions are watched.
    Watched,
    /// How many functions fail.
    Failing,
    /// What reading it has cost.
    Cost,
}

impl By {
    /// All of them, and their names.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Client, "client"),
        (Self::Account, "account"),
        (Self::Region, "region"),
        (Self::Watched, "watched functions"),
        (Self::Failing, "failing functions"),
        (Self::Cost, "cost"),
    ];
}

/// What is known of a place.
#[derive(Clone, Debug)]
pub struct Facts<'b> {
    /// Whose it is; none of an organization.
    pub account: Option<&'b Account>,
    /// Its client.
    pub client: Option<&'b AwsText>,
    /// Its target, where it is one.
    pub target: Option<&'b TargetState>,
    /// How it stands.
    pub reach: Reach,
    /// How many functions are watched; none where that is not known.
    pub watched: Option<usize>,
    /// How many functions of production fail.
    pub failing: usize,
    /// Metrics that were billed for it; none where it was never read.
    pub billed: Option<u64>,
    /// The first thing that could not be read, and which part that is.
    pub failure: Option<(&'b Failure, Option<&'b str>)>,
}

/// How many functions fail in each target, by its place.
pub fn failing(board: &Board) -> BTreeMap<usize, usize> {
    let mut failing = BTreeMap::new();
    for row in board.rows.iter().filter(|row| row.state <= State::Warning) {
        *failing.entry(row.at).or_default() += 1;
    }
    failing
}

/// What is known of a place; nothing where it is not there any more.
pub fn facts<'b>(board: &'b Board, place: &Place, failing: &BTreeMap<usize, usize>) -> Option<Facts<'b>> {
    let out = |account, client, failure| Facts {
        account,
        client,
        target: None,
        reach: Reach::Out,
        watched: None,
        failing: 0,
        billed: None,
        failure: Some((failure, None)),
    };
    let fleet = &board.snapshot.fleet;
    match place {
        Place::Listing(place) => {
            let (client, failure) = fleet.listings().get(*place)?;
            Some(out(None, client.as_ref(), failure))
        }
        Place::Account(id) => {
            let state = fleet.account(id)?;
            let account = &*state.entry.account;
            Some(out(Some(account), account.client.as_ref(), state.failure.as_ref()?))
        }
        Place::Target(at) => {
            let state = board.targets.get(*at)?;
            let functions = state.functions.as_ref();
            let watched = functions.map(|functions| functions.iter().filter(|it| it.is_watched()).count());
            let failing = failing.get(at).copied().unwrap_or(0);
            let reach = match (watched, state.unread.is_empty()) {
                (None, false) => Reach::Out,
                _ if failing > 0 => Reach::Fails,
                (Some(_), false) => Reach::Partly,
                (None, true) => Reach::Pending,
                (Some(0), true) => Reach::Empty,
                (Some(_), true) => Reach::Live,
            };
            Some(Facts {
                account: Some(&state.target.account),
                client: state.target.account.client.as_ref(),
                target: Some(state),
                reach,
                watched,
                failing,
                billed: board.snapshot.pulses.get(&state.target.key()).map(|pulse| pulse.billed),
                failure: state.unread.first().map(|unread| (&unread.failure, unread.part.as_deref())),
            })
        }
    }
}

/// All that a filter lets through, the worst first; or by something else, and that the other way round.
pub fn arrange(board: &Board, filter: &Filter, by: Option<(By, bool)>) -> Vec<Place> {
    let fleet = &board.snapshot.fleet;
    let failing = failing(board);
    let listings = (0..fleet.listings().len()).map(Place::Listing);
    let accounts = fleet.accounts().filter(|state| state.failure.is_some());
    let accounts = accounts.map(|state| Place::Account(state.entry.account.id.clone()));
    let all = listings.chain(accounts).chain((0..board.targets.len()).map(Place::Target));
    let known = all.filter_map(|place| Some((facts(board, &place, &failing)?, place)));
    let mut kept: Vec<(Facts<'_>, Place)> = known.filter(|(facts, _)| fits(board, filter, facts)).collect();
    match by {
        None => kept.sort_by_key(|(facts, _)| (facts.reach, Reverse(facts.failing))),
        Some((by, reversed)) => kept.sort_by(|(a, _), (b, _)| {
            let ordering = match by {
                By::Client => a.client.cmp(&b.client),
                By::Account => a.account.map(called).cmp(&b.account.map(called)),
                By::Region => region(a).cmp(&region(b)),
                By::Watched => b.watched.cmp(&a.watched),
                By::Failing => b.failing.cmp(&a.failing),
                By::Cost => b.billed.cmp(&a.billed),
            };
            if reversed { ordering.reverse() } else { ordering }
        }),
    }
    kept.into_iter().map(|(_, place)| place).collect()
}

fn region<'b>(facts: &Facts<'b>) -> Option<&'b Region> {
    facts.target.map(|state| &state.target.region)
}

fn fits(board: &Board, filter: &Filter, facts: &Facts<'_>) -> bool {
    let raw = |text: Option<&AwsText>| text.map(|text| text.raw().to_lowercase()).unwrap_or_default();
    let client = raw(facts.client);
    let account = facts.account.map(|it| format!("{} {}", raw(it.name.as_ref()), it.id)).unwrap_or_default();
    let of_account = || match &board.snapshot.fleet.account(&facts.account?.id)?.entry.regions {
        Regions::These(regions) => Some(regions.iter().map(Region::as_str).collect::<Vec<_>>().join(" ")),
        Regions::All => None,
    };
    let regions = region(facts).map(ToString::to_string).or_else(of_account).unwrap_or_default();
    let failure = facts.failure.map(|(failure, _)| format!("{} {}", failure.kind.as_str(), failure.operation));
    let text = format!("{client}\n{account}\n{regions}\n{}", failure.unwrap_or_default().to_lowercase());
    filter.fits_trace(&text, (&client, &account, &regions, ""))
}

/// Places as a map.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    /// The regions, a column each.
    pub regions: Vec<Region>,
    /// The accounts, a line each, in the order of their first places.
    pub lines: Vec<GridLine>,
}

/// An account on the map.
#[derive(Clone, Debug)]
pub struct GridLine {
    /// Its name; of an organization, its client's.
    pub title: String,
    /// What is out of reach as a whole: its place among the places.
    pub whole: Option<usize>,
    /// The place of each region among the places; none where it is not read.
    pub cells: Vec<Option<usize>>,
}

/// The map of these places.
pub fn grid(board: &Board, places: &[Place]) -> Grid {
    let target = |place: &Place| match place {
        Place::Target(at) => board.targets.get(*at),
        _ => None,
    };
    let mut regions: Vec<Region> = places.iter().filter_map(target).map(|state| state.target.region.clone()).collect();
    regions.sort();
    regions.dedup();
    let mut lines: Vec<GridLine> = Vec::new();
    let mut known: BTreeMap<AccountId, usize> = BTreeMap::new();
    let none = BTreeMap::new();
    for (n, place) in places.iter().enumerate() {
        let Some(facts) = facts(board, place, &none) else { continue };
        let title = facts.account.map_or_else(
            || facts.client.map_or_else(|| "an organization".into(), |client| client.shown().into_owned()),
            called,
        );
        let new = lines.len();
        let at = facts.account.map_or(new, |account| *known.entry(account.id.clone()).or_insert(new));
        if at == new {
            lines.push(GridLine { title, whole: None, cells: vec![None; regions.len()] });
        }
        let Some(line) = lines.get_mut(at) else { continue };
        let column = facts.target.and_then(|state| regions.iter().position(|region| *region == state.target.region));
        match column.and_then(|column| line.cells.get_mut(column)) {
            Some(cell) => *cell = Some(n),
            None => line.whole = Some(n),
        }
    }
    Grid { regions, lines }
}

impl Grid {
    /// On which line and in which column a place stands; without a column where it is an account as a whole.
    pub fn find(&self, place: usize) -> Option<(usize, Option<usize>)> {
        self.lines.iter().enumerate().find_map(|(n, line)| {
            let column = line.cells.iter().position(|cell| *cell == Some(place));
            (column.is_some() || line.whole == Some(place)).then_some((n, column))
        })
    }

    /// The place so many lines below and so many columns to the right, or the nearest one to that.
    pub fn step(&self, place: usize, (down, right): (i64, i64)) -> usize {
        let Some((line, column)) = self.find(place) else { return place };
        let moved = |n: usize, by: i64, most: usize| {
            let n = i64::try_from(n).unwrap_or(0).saturating_add(by);
            usize::try_from(n).unwrap_or(0).min(most.saturating_sub(1))
        };
        let Some(to) = self.lines.get(moved(line, down, self.lines.len())) else { return place };
        let from = column.unwrap_or(0);
        let there = to.cells.iter().enumerate().filter_map(|(n, cell)| Some((n, (*cell)?)));
        let found = match right {
            0 => there.min_by_key(|(n, _)| n.abs_diff(from)),
            _ => there.filter(|(n, _)| (*n > from) == (right > 0) && *n != from).min_by_key(|(n, _)| n.abs_diff(from)),
        };
        let whole = to.whole.filter(|_| down != 0);
        found.map(|(_, cell)| cell).or(whole).unwrap_or(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_walks_over_lines_and_columns_and_never_off_the_map() {
        let line = |cells: &[Option<usize>], whole| GridLine { title: String::new(), whole, cells: cells.to_vec() };
        let lines = vec![line(&[Some(0), Some(1)], None), line(&[None, None], Some(2)), line(&[None, Some(3)], None)];
        let grid = Grid { regions: Vec::new(), lines };
        assert_eq!((grid.step(0, (0, 1)), grid.step(1, (0, 1)), grid.step(1, (0, -1))), (1, 1, 0));
        assert_eq!((grid.step(0, (1, 0)), grid.step(2, (1, 0)), grid.step(3, (1, 0))), (2, 3, 3));
        assert_eq!((grid.step(3, (-1, 0)), grid.step(0, (-1, 0)), grid.step(9, (1, 0))), (2, 0, 9));
    }
}
