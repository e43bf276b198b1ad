//! What fails in production, the worst first; why the selected one does; and, always in sight, what is not shown here.

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{
    super::{
        board::{Board, State, called, stale},
        commands::Command,
        model::{Model, RowKey},
        theme::Role,
    },
    causes, centred, rows,
    text::{elide, fitting, put, put_all, span, wrap},
};
use crate::domain::{
    changed::changed,
    text::{count, counted},
    window::Minute,
};

/// Lines about the selected row, with the line above them; on a low screen, what traces say is left to the function's page.
const WHY: (u16, u16) = (4, 3);
/// Lines about what is not shown, with the line above them.
const BELOW: u16 = 7;

/// Where the list stands.
pub(super) fn list(model: &Model, area: Rect) -> Rect {
    let why = match area.height {
        _ if model.lines.is_empty() => 0,
        16.. => WHY.0,
        13.. => WHY.1,
        _ => 0,
    };
    let below = if area.height > 9 { BELOW } else { 2 };
    Rect { height: area.height.saturating_sub(why + below), ..area }
}

pub(super) fn draw(model: &Model, buf: &mut Buffer, area: Rect) {
    let Some(board) = &model.board else { return };
    let list_area = list(model, area);
    if model.lines.is_empty() {
        quiet(model, board, buf, list_area);
    } else {
        rows::draw(model, board, &model.kept.alerts, buf, list_area);
    }
    let left = Rect { y: list_area.bottom(), height: area.bottom() - list_area.bottom(), ..area };
    let below = if area.height > 9 { BELOW } else { 2 };
    if left.height > below {
        why(model, board, buf, Rect { height: left.height - below, ..left });
    }
    out_of_sight(model, board, buf, Rect { y: left.bottom() - below, height: below, ..left });
}

/// Nothing fires.
fn quiet(model: &Model, board: &Board, buf: &mut Buffer, area: Rect) {
    let (theme, counts) = (&model.theme, &board.counts);
    let y = area.y + area.height / 3;
    let is_reading = board.snapshot.read_at.is_none() && board.snapshot.under_way.is_some();
    if counts.seen == 0 && !board.troubles.is_empty() && !is_reading {
        nothing_seen(model, board, buf, area);
        return;
    }
    let (head, role) = match (counts.critical + counts.warning, counts.production) {
        (0, _) if is_reading => ("Reading".to_owned(), Role::Title),
        (0, 0) => ("No production function is watched".to_owned(), Role::Warning),
        (0, _) if counts.unseen > 0 || counts.unknown > 0 => {
            ("Nothing fires in what could be seen".to_owned(), Role::Warning)
        }
        (0, _) => ("● Production is fine".to_owned(), Role::Ok),
        _ => ("The filter leaves out all that fires".to_owned(), Role::Warning),
    };
    centred(buf, area, y, &head, theme.style(role));
    let parts = [
        (counts.ok, "ran without trouble"),
        (counts.quiet, "did not fail"),
        (counts.idle, "did not run"),
        (counts.pending, "are being read"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", count(*n as u64))).collect();
    let text = if counts.production == 0 {
        "set the tag monitor=true on what matters, and stage=prod where it is production".to_owned()
    } else {
        format!("{}: {}", counts.judged(), parts.join(", "))
    };
    centred(buf, area, y + 2, &text, theme.style(Role::Muted));
}

/// Nothing could be read at all: why, and what to do.
fn nothing_seen(model: &Model, board: &Board, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let y = area.y + area.height / 4;
    centred(buf, area, y, "Nothing can be seen", theme.style(Role::Critical));
    let Some(trouble) = board.troubles.first() else { return };
    let said = format!("{}: {}", trouble.failure.operation, trouble.failure.message.shown());
    let again = format!("It is tried again by itself; {} tries now.", model.keys.key_of(Command::Refresh));
    let texts = [(said, Role::Muted), (format!("→ {}", trouble.failure.hint), Role::Text), (again, Role::Muted)];
    let mut at = y + 2;
    for (text, role) in texts {
        for line in wrap(&text, usize::from(area.width.saturating_sub(6))).iter().take(4) {
            if at < area.bottom() {
                centred(buf, area, at, line, theme.style(role));
            }
            at += 1;
        }
    }
}

/// Why the selected row fires.
fn why(model: &Model, board: &Board, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let facts = match model.list().selected {
        Some(RowKey::Function(key)) => board.row(&key).and_then(|row| Some((key, row, board.facts(row)?))),
        _ => None,
    };
    let Some((key, row, (target, function))) = facts else {
        rule(model, buf, area, "why");
        return;
    };
    let account = &target.target.account;
    let whose = [
        account.client.as_ref().map(|client| client.shown().into_owned()),
        Some(called(account)),
        Some(target.target.region.to_string()),
    ];
    let whose = whose.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let name = function.found.name.shown();
    let title = elide(&format!("why {name} · {whose}"), usize::from(area.width.saturating_sub(6))).into_owned();
    rule(model, buf, area, &title);
    let mut text = String::new();
    if let Some(judged) = board.judged(row) {
        let reasons: Vec<String> =
            judged.findings.iter().map(|finding| format!("{}: {}", finding.check, finding.reason)).collect();
        text = reasons.join("; ");
        if let Some(old) = stale(board, row) {
            text = format!("{old}, it can't be read now: {text}");
        }
        if let Some(quiet) = &row.quiet {
            text = format!("{} · {text}", quiet.words(board.snapshot.horizon.now));
        }
    } else if row.state == State::Hidden {
        text = format!("{}, and it is not production: never alerted", counted(row.errors.unwrap_or(0), "error"));
    }
    let fit = |text: &str| elide(text, usize::from(area.width.saturating_sub(2))).into_owned();
    let width = usize::from(area.width.saturating_sub(2));
    let glance = causes::glance(model, &key, width).filter(|_| area.height >= WHY.0);
    // Where nobody looks for a cause, what was found has its line, too.
    match wrap(&text, width).split_first() {
        Some((first, rest)) if !rest.is_empty() && area.height >= WHY.0 && glance.is_none() => {
            put(buf, area, (area.x + 1, area.y + 1), first, theme.style(Role::Text));
            put(buf, area, (area.x + 1, area.y + 2), &fit(&rest.join(" ")), theme.style(Role::Text));
        }
        _ => drop(put(buf, area, (area.x + 1, area.y + 1), &fit(&text), theme.style(Role::Text))),
    }
    let stage = &function.class.stage;
    let of_stage = format!("{} by {}", stage.kind.as_str(), stage.evidence);
    let modified = function.configuration.as_ref().and_then(|it| it.last_modified).map(Minute::floor);
    let first = board.judged(row).and_then(|judged| judged.findings.first());
    let changed = first.and_then(|finding| changed(modified, finding, 1));
    let runbook = function.class.runbook.as_ref().map(|runbook| format!("runbook {}", runbook.shown()));
    let facts = fitting([changed, runbook, Some(of_stage)].into_iter().flatten(), width);
    let mut y = area.y + 2;
    if area.height >= WHY.0 {
        if let Some((text, role)) = glance {
            put(buf, area, (area.x + 1, y), &text, theme.style(role));
        }
        y += 1;
    }
    put(buf, area, (area.x + 1, y), &facts, theme.style(Role::Muted));
}

/// What is not among the rows, always in sight.
fn out_of_sight(model: &Model, board: &Board, buf: &mut Buffer, area: Rect) {
    let (theme, counts) = (&model.theme, &board.counts);
    rule(model, buf, area, "not alerting");
    let functions = |n: usize| counted(n as u64, "function");
    let lines = [
        ("hidden", counts.hidden, {
            let shown =
                format!("{} {} them", model.keys.key_of(Command::Dev), if model.dev { "hides" } else { "shows" });
            format!(
                "{} outside of production fail, {} · {shown}",
                functions(counts.hidden),
                counted(counts.hidden_errors, "error")
            )
        }),
        (
            "no stage",
            counts.stageless,
            format!("{} watched, and nothing says the stage: never alerted", functions(counts.stageless)),
        ),
        (
            "can't tell",
            counts.unknown,
            format!(
                "{} of production could not be judged · {} state:unknown lists them",
                functions(counts.unknown),
                model.keys.key_of(Command::Functions)
            ),
        ),
        (
            "muted",
            counts.muted,
            format!("{}{} until its mute ends", functions(counts.muted), if counts.muted == 1 { "" } else { ", each" }),
        ),
        (
            "blind spots",
            counts.spots,
            format!(
                "{} in tags · {} lists them",
                counted(counts.spots as u64, "doubt"),
                model.keys.key_of(Command::Spots)
            ),
        ),
        ("unseen", counts.unseen, unseen(model, board)),
    ];
    let mut lines: Vec<_> = lines.into_iter().filter(|(_, n, _)| *n > 0).collect();
    // What could not be seen is the last to give way.
    if lines.len() > usize::from(area.height.saturating_sub(1)) {
        lines.reverse();
        lines.truncate(usize::from(area.height.saturating_sub(1)));
    }
    if lines.is_empty() {
        put(
            buf,
            area,
            (area.x + 1, area.y + 1),
            "nothing is hidden, muted, doubtful or unseen",
            theme.style(Role::Muted),
        );
    }
    for (place, (word, _, text)) in lines.iter().enumerate() {
        let y = area.y + 1 + span(place);
        let role = if ["unseen", "can't tell"].contains(word) { Role::Warning } else { Role::Text };
        let x = area.x + 1;
        put(buf, area, (x, y), word, theme.style(role));
        let text = elide(text, usize::from(area.width.saturating_sub(15))).into_owned();
        put(buf, area, (x + 13, y), &text, theme.style(Role::Muted));
    }
}

fn unseen(model: &Model, board: &Board) -> String {
    let fleet = &board.snapshot.fleet;
    let accounts =
        fleet.accounts().filter_map(|state| Some((state.failure.as_ref()?, state.entry.account.clone(), None)));
    let targets = fleet.targets().filter_map(|state| {
        Some((&state.unread.first()?.failure, state.target.account.clone(), Some(state.target.region.clone())))
    });
    let first = accounts.chain(targets).next();
    let what = first.map_or_else(
        || fleet.listings().first().map(|(_, failure)| format!("{} {}", failure.operation, failure.kind.as_str())),
        |(failure, account, region)| {
            let name = account.name.as_ref().map_or(account.id.to_string(), |name| name.shown().into_owned());
            let region = region.map(|region| format!(" {region}")).unwrap_or_default();
            Some(format!("{name}{region}: {} {}", failure.operation, failure.kind.as_str()))
        },
    );
    let more = board.counts.unseen.saturating_sub(1);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}{more} · {} lists them", what.unwrap_or_default(), model.keys.key_of(Command::Errors))
}

/// A line across the screen with a word in it.
pub(super) fn rule(model: &Model, buf: &mut Buffer, area: Rect, word: &str) {
    let theme = &model.theme;
    let rest = usize::from(area.width).saturating_sub(word.width() + 4);
    put_all(
        buf,
        area,
        (area.x, area.y),
        &[
            ("── ", theme.style(Role::Border)),
            (word, theme.style(Role::Muted)),
            (" ", theme.style(Role::Border)),
            (&"─".repeat(rest), theme.style(Role::Border)),
        ],
    );
}
