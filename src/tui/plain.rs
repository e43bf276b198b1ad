//! The board in sentences: what stands when it begins, then a line for each change. For screen readers, for terminals
//! that can't be drawn on, and for files.

use std::collections::BTreeMap;

use super::board::{Board, Key, Row, State};
use crate::domain::{
    account::Account,
    failure::Failure,
    text::{clock, count, counted},
    window::Minute,
};

/// What has changed from one board to the next; of the first, how it stands.
pub fn lines(before: Option<&Board>, after: &Board) -> Vec<String> {
    let now = after.snapshot.horizon.now;
    let at = clock(now, now);
    let mut lines = Vec::new();
    if before.is_none() {
        lines.push(summary(after));
    }
    let was = before.map(states).unwrap_or_default();
    let is = states(after);
    for row in &after.rows {
        let Some(key) = after.key(row) else { continue };
        let old = was.get(&key).map(|row| row.state);
        let (did_alert, does_alert) = (old.is_some_and(alerts), alerts(row.state));
        if does_alert && old != Some(row.state) {
            lines.push(format!("{at} {}: {}: {}", row.state.word(), place(after, row), why(after, row, now)));
        } else if did_alert && !does_alert {
            lines.push(match row.state {
                State::Unknown | State::Pending => {
                    format!("{at} can't tell any more: {}: it failed when it was last read", place(after, row))
                }
                State::Muted => format!("{at} muted: {}", place(after, row)),
                state if fine(state) => format!("{at} ok again: {}", place(after, row)),
                state => format!("{at} no longer judged ({}): {}", state.word(), place(after, row)),
            });
        } else if row.state == State::Unknown && old.is_some_and(fine) {
            lines.push(format!("{at} can't tell any more: {}", place(after, row)));
        }
    }
    for (_, row) in was.iter().filter(|(key, row)| alerts(row.state) && !is.contains_key(key)) {
        if let Some(before) = before {
            lines.push(format!("{at} gone: {}: it is not found any more", place(before, row)));
        }
    }
    let (old, new) = (before.map(unseen).unwrap_or_default(), unseen(after));
    for (what, why) in &new {
        if old.get(what) != Some(why) {
            lines.push(format!("{at} unseen: {what}: {why}"));
        }
    }
    for what in old.keys().filter(|what| !new.contains_key(*what)) {
        lines.push(format!("{at} seen again: {what}"));
    }
    lines
}

/// How it stands, in a line.
pub fn summary(board: &Board) -> String {
    let (counts, now) = (&board.counts, board.snapshot.horizon.now);
    let mut parts = vec![
        counts.judged(),
        format!("{} critical", count(counts.critical as u64)),
        format!("{} with a warning", count(counts.warning as u64)),
    ];
    for (n, word) in [
        (counts.unknown, "of which nobody can tell"),
        (counts.ok, "ok"),
        (counts.quiet, "quiet"),
        (counts.idle, "idle"),
        (counts.pending, "not read yet"),
        (counts.muted, "muted"),
    ] {
        if n > 0 {
            parts.push(format!("{} {word}", count(n as u64)));
        }
    }
    let mut text = format!("{} summary: {}", clock(now, now), parts.join(", "));
    if counts.hidden > 0 {
        let (hidden, errors) = (counted(counts.hidden as u64, "function"), counted(counts.hidden_errors, "error"));
        text = format!("{text}; hidden: {hidden} outside of production, {errors}");
    }
    for (n, word) in [(counts.stageless, "watched without a stage"), (counts.spots, "blind spots")] {
        if n > 0 {
            text = format!("{text}; {} {word}", count(n as u64));
        }
    }
    let (seen, targets) = (count(counts.seen as u64), counted(counts.targets as u64, "target"));
    let unseen = if counts.unseen > 0 { format!("; {} unseen", count(counts.unseen as u64)) } else { String::new() };
    format!("{text}; {seen} of {targets} seen{unseen}.")
}

fn alerts(state: State) -> bool {
    matches!(state, State::Critical | State::Warning)
}

fn fine(state: State) -> bool {
    matches!(state, State::Ok | State::Quiet | State::Idle)
}

fn states(board: &Board) -> BTreeMap<Key, &Row> {
    board.rows.iter().filter_map(|row| Some((board.key(row)?, row))).collect()
}

/// `Acme / shop / eu-west-1 orders-create`
fn place(board: &Board, row: &Row) -> String {
    let Some((state, function)) = board.facts(row) else { return String::new() };
    format!("{} / {} {}", whose(&state.target.account), state.target.region, function.found.name.shown())
}

fn whose(account: &Account) -> String {
    let name = account.name.as_ref().map_or(account.id.to_string(), |name| name.shown().into_owned());
    account.client.as_ref().map_or(name.clone(), |client| format!("{} / {name}", client.shown()))
}

fn why(board: &Board, row: &Row, now: Minute) -> String {
    let findings = board.judged(row).map(|judged| judged.findings.as_slice()).unwrap_or_default();
    let reasons: Vec<_> = findings.iter().map(|finding| finding.reason.as_str()).collect();
    let since = row.since.map(|since| format!(", since {}", clock(since, now))).unwrap_or_default();
    format!("{}{since}", reasons.join("; "))
}

/// What can't be seen, and why.
fn unseen(board: &Board) -> BTreeMap<String, String> {
    let fleet = &board.snapshot.fleet;
    let why = |failure: &Failure| format!("{} {}: {}", failure.operation, failure.kind.as_str(), failure.hint);
    let listings = fleet.listings().iter().map(|(client, failure)| {
        let client = client.as_ref().map_or("an organization".into(), |client| client.shown().into_owned());
        (format!("accounts of {client}"), why(failure))
    });
    let accounts =
        fleet.accounts().filter_map(|state| Some((whose(&state.entry.account), why(state.failure.as_ref()?))));
    let targets = fleet.targets().filter_map(|state| {
        let target = format!("{} / {}", whose(&state.target.account), state.target.region);
        Some((target, why(&state.unread.first()?.failure)))
    });
    listings.chain(accounts).chain(targets).collect()
}
