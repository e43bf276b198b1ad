//! What fired in the last 24 hours and when it ended, as a timeline.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    super::{
        alive::Alive,
        board::{Board, called},
        model::Model,
        theme::Role,
    },
    alerts::rule,
    centred,
    table::{self, Cell, Column, Holds},
    table_look,
    text::{put, span, wrap},
};
use crate::{
    domain::{
        finding::Severity,
        life::{AlertKey, Did, Happening},
        text::{clean, clock, counted, minutes},
        window::Minute,
    },
    engine::watch::{Day, Episode},
};

const fn columns(cells: u16) -> [Column; 10] {
    [
        Column { title: "", least: 1, most: 1, holds: Holds::Names, rank: 0 },
        Column { title: "FUNCTION", least: 18, most: 48, holds: Holds::Names, rank: 1 },
        Column { title: "CHECK", least: 9, most: 16, holds: Holds::Names, rank: 6 },
        Column { title: "CLIENT", least: 12, most: 20, holds: Holds::Names, rank: 8 },
        Column { title: "ACCOUNT", least: 14, most: 24, holds: Holds::Names, rank: 5 },
        Column { title: "REGION", least: 14, most: 14, holds: Holds::Names, rank: 9 },
        Column { title: "ALERTED", least: 7, most: 13, holds: Holds::Numbers, rank: 2 },
        Column { title: "ENDED", least: 6, most: 13, holds: Holds::Numbers, rank: 3 },
        Column { title: "LASTED", least: 6, most: 11, holds: Holds::Numbers, rank: 7 },
        Column { title: "24 HOURS UP TO NOW", least: cells, most: cells, holds: Holds::Time, rank: 4 },
    ]
}

/// Minutes of the timeline.
const DAY: i64 = 1440;
/// Minutes between two marks of the timeline.
const MARK: i64 = 360;
/// Cells of the timeline on narrow and on wide screens: an hour or half an hour each.
const CELLS: (u16, u16) = (24, 48);
/// Lines about the selected row, with the line above them: where there is little room, and where there is more.
const WHY: (u16, u16) = (4, 6);

/// Where the list stands.
pub(super) fn list(_model: &Model, area: Rect) -> Rect {
    let below = match area.height {
        ..=12 => 1,
        13..=22 => WHY.0,
        _ => WHY.1,
    };
    Rect { height: area.height - below, ..area }
}

pub(super) fn draw(model: &Model, buf: &mut Buffer, area: Rect) {
    let Some(board) = &model.board else { return };
    let theme = &model.theme;
    let list_area = list(model, area);
    let episodes = &board.snapshot.episodes;
    let state = model.list();
    let known = known(board.snapshot.day);
    if episodes.is_empty() {
        let (head, role) = match board.snapshot.day {
            Day::Read { read, of } if read == of => ("● Nothing fired in the last 24 hours", Role::Ok),
            _ => ("Nothing that was read so far fired in the last 24 hours", Role::Title),
        };
        centred(buf, area, area.y + area.height / 3, head, theme.style(role));
    } else {
        let wide = if area.width >= 150 { CELLS.1 } else { CELLS.0 };
        let cells = |place: usize| episodes.get(place).map(|it| cells(model, board, it, wide)).unwrap_or_default();
        let in_sight = (state.offset, episodes.len(), Some(state.place));
        table::draw(buf, list_area, table_look(model), &columns(wide), in_sight, cells);
    }
    let below = Rect { y: list_area.bottom(), height: area.bottom() - list_area.bottom(), ..area };
    if below.height == 1 {
        put(buf, below, (below.x + 1, below.y), &known, theme.style(Role::Muted));
        return;
    }
    let marks = if episodes.is_empty() { "" } else { " · ┊ is 0, 6, 12 and 18 h UTC" };
    rule(model, buf, below, &format!("{known}{marks}"));
    if let Some(episode) = episodes.get(state.place) {
        let alert = AlertKey::new(episode.target.clone(), episode.function.clone(), episode.check);
        let target = board.snapshot.fleet.target(&episode.target);
        let whose = target.map_or_else(|| episode.target.0.to_string(), |state| called(&state.target.account));
        let (name, region) = (episode.function.shown(), &episode.target.1);
        let words = format!("{name} in {whose}, {region}: {}: {}", episode.check, episode.reason);
        let (room, width) = (usize::from(below.height.saturating_sub(1)), usize::from(area.width.saturating_sub(2)));
        let life = life(&board.alive, &alert, board.snapshot.horizon.now);
        let least = usize::from(!life.is_empty());
        let mut lines: Vec<(String, Role)> =
            wrap(&words, width).into_iter().take(room - least).map(|line| (line, Role::Text)).collect();
        lines.extend(wrap(&life, width).into_iter().map(|line| (line, Role::Muted)));
        for (place, (line, role)) in lines.iter().take(room).enumerate() {
            put(buf, below, (below.x + 1, below.y + 1 + span(place)), line, theme.style(*role));
        }
    }
}

/// What happened to an alert of late, the newest first; empty where nobody has kept it.
fn life(alive: &Alive, alert: &AlertKey, now: Minute) -> String {
    let one = |it: &Happening| {
        let until = it.until.map(|until| format!(" until {}", clock(until, now))).unwrap_or_default();
        let by = it.by.as_ref().map(|by| format!(" by {}", clean(by))).unwrap_or_default();
        // Of a step the reason is the alert's, which stands above.
        let said = if matches!(it.did, Did::Step(_)) { "" } else { it.reason.as_str() };
        let why = if said.is_empty() { String::new() } else { format!(" ({})", clean(said)) };
        format!("{} {}{until}{by}{why}", clock(it.at, now), it.did.word())
    };
    alive.lately(alert).map(one).collect::<Vec<_>>().join(" · ")
}

/// How much of the day is known, in words.
fn known(day: Day) -> String {
    match day {
        Day::NotRead => "the last day is being read; what fires is listed from now on".into(),
        Day::Read { read, of } if read < of => format!("the last day of {read} of {of} targets"),
        Day::Read { of, .. } => format!("the last day of {}", counted(of as u64, "target")),
    }
}

fn cells(model: &Model, board: &Board, episode: &Episode, wide: u16) -> Vec<Cell> {
    let theme = &model.theme;
    let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
    let now = board.snapshot.horizon.at;
    let (sign, role) = match episode.severity {
        Severity::Critical => ("✗", Role::Critical),
        Severity::Warning => ("▲", Role::Warning),
    };
    let target = board.snapshot.fleet.target(&episode.target);
    let account = target.map(|state| &state.target.account);
    let client = account.and_then(|account| account.client.as_ref());
    let last = episode.ended.unwrap_or(now);
    let old = episode.began.0 <= now.0 - DAY + 1;
    vec![
        (sign.to_owned(), theme.style(role)),
        (episode.function.shown().into_owned(), text),
        (episode.check.to_owned(), muted),
        (client.map(|client| client.shown().into_owned()).unwrap_or_default(), muted),
        (account.map_or_else(|| episode.target.0.to_string(), |account| called(account)), muted),
        (episode.target.1.to_string(), muted),
        (if old { "earlier".into() } else { clock(episode.began, now) }, text),
        if let Some(ended) = episode.ended {
            (clock(ended, now), text)
        } else {
            let alert = AlertKey::new(episode.target.clone(), episode.function.clone(), episode.check);
            (board.alive.phase(&alert).unwrap_or("firing").into(), theme.style(role))
        },
        (if old && last == now { "all day".into() } else { minutes((last.0 - episode.began.0).max(1)) }, muted),
        (timeline(episode.began, last, now, wide), theme.style(role)),
    ]
}

/// A line of equal stretches up to now: those in which it fired stand out, and every sixth hour is marked.
fn timeline(began: Minute, ended: Minute, now: Minute, cells: u16) -> String {
    let start = now.0 - DAY;
    let width = DAY / i64::from(cells.max(1));
    let fired = |cell: i64| {
        let from = start + cell * width;
        began.0 < from + width && ended.0 > from
    };
    let marked = |cell: i64| {
        let from = start + cell * width;
        (from + width - 1).div_euclid(MARK) > (from - 1).div_euclid(MARK)
    };
    let sign = |cell: i64| match (fired(cell), marked(cell)) {
        (true, _) => '━',
        (false, true) => '┊',
        (false, false) => '·',
    };
    (0..i64::from(cells)).map(sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_hours_in_which_it_fired_stand_out() {
        let now = Minute(10_000);
        let line = timeline(now.plus(-45), now.plus(-31), now, 48);
        assert_eq!((line.chars().count(), line.chars().filter(|c| *c == '━').count()), (48, 1));
        assert_eq!(line.chars().rev().position(|c| c == '━'), Some(1));
        assert!(timeline(now.plus(-3000), now, now, 24).chars().all(|c| c == '━'));
    }
}
