//! Why no line of a log is in sight, and what to do about it.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    super::{
        commands::Command,
        model::{Lines, Model},
        theme::Role,
    },
    centred,
    logs::{troubles, word},
    text::{span, wrap},
};
use crate::{
    domain::text::{AwsText, counted, minutes},
    engine::{
        inquiry::About,
        logbook::{Live, ToldLines},
    },
};

/// Why no line is in sight, and what to do.
pub(super) fn draw(model: &Model, of: &Lines, told: Option<&ToldLines>, buf: &mut Buffer, area: Rect) {
    let theme = &model.theme;
    let (head, text, role) = why_nothing(model, of, told);
    let y = area.y + area.height / 4;
    centred(buf, area, y, &head, theme.style(role));
    for (n, line) in wrap(&text, usize::from(area.width.saturating_sub(8))).iter().enumerate() {
        let y = y + 2 + span(n);
        if y < area.bottom() {
            centred(buf, area, y, line, theme.style(Role::Muted));
        }
    }
}

fn why_nothing(model: &Model, of: &Lines, told: Option<&ToldLines>) -> (String, String, Role) {
    let key = |command| model.keys.key_of(command);
    let Some(told) = told else {
        return match of {
            Lines::Firing if model.log.firing.0.is_empty() && model.filter.is_empty() => (
                "● Nothing fires in production".into(),
                format!(
                    "nothing is followed. {} on a function shows its log; a filter on {} names others to follow here",
                    key(Command::FunctionLogs),
                    key(Command::Functions)
                ),
                Role::Ok,
            ),
            Lines::Firing if model.log.firing.0.is_empty() => (
                "The filter leaves out all of production".into(),
                format!("/{} lets no function through whose log could be followed", model.filter.text()),
                Role::Warning,
            ),
            Lines::Trace(id, _) => of_trace(model, id),
            _ if model.log_question().is_none() => {
                ("The function is not there any more".into(), "Esc goes back".into(), Role::Warning)
            }
            _ => ("Reading the log".into(), String::new(), Role::Title),
        };
    };
    let whole = told.functions.len();
    if told.unread.len() >= whole && whole > 0 {
        let said: Vec<String> = troubles(told).into_iter().take(3).collect();
        return ("The log can't be read".into(), said.join(" · "), Role::Warning);
    }
    if told.reading {
        return ("Reading the log".into(), group_of(told), Role::Title);
    }
    if !told.lines.is_empty() {
        let (least, level) = (model.log.least.map(word).unwrap_or_default(), key(Command::Level));
        let others = counted(told.lines.len() as u64, "other line");
        return (format!("No line from {least} on"), format!("there are {others}: {level} shows them"), Role::Title);
    }
    let back = match told.span.map_or(0, |(from, to)| (to.as_second() - from.as_second() + 59) / 60) {
        1440 => "day".to_owned(),
        back => minutes(back),
    };
    let follow = key(Command::Follow);
    match (of, &told.live) {
        (Lines::Trace(..) | Lines::Request(..), _) => (
            "No line of it is in the logs".into(),
            "the lines may be kept no longer, or log below a level that is not kept; Lambda writes none of what it refused"
                .into(),
            Role::Title,
        ),
        (_, Live::On { .. }) => {
            (format!("No line in the last {back}"), "what is written from now on appears here".into(), Role::Title)
        }
        _ => (
            format!("No line in the last {back}"),
            format!("it did not run, or logs below a level that is not kept. {follow} shows what is written from now on"),
            Role::Title,
        ),
    }
}

/// Why there are no lines of a trace.
fn of_trace(model: &Model, id: &AwsText) -> (String, String, Role) {
    match model.requests_of_trace(id) {
        None if model.told.traces.contains_key(id) => (
            "Nobody who was asked knows this trace".into(),
            "without it the requests are not known whose lines these would be".into(),
            Role::Warning,
        ),
        None if model.is_asking(&About::Trace(id.clone())) => {
            ("Asking X-Ray for the requests of the trace".into(), String::new(), Role::Title)
        }
        None => ("Waiting to ask X-Ray for the requests of the trace".into(), String::new(), Role::Title),
        Some((0, unknown)) => {
            let others =
                if unknown > 0 { "; it went through accounts or regions that slmon does not know" } else { "" };
            let text = format!("no part of it bears the id of a request to a function{others}");
            ("This trace leads to no log".into(), text, Role::Warning)
        }
        Some(_) => ("Reading the logs".into(), String::new(), Role::Title),
    }
}

/// The log groups that are read, in words.
fn group_of(told: &ToldLines) -> String {
    match &*told.functions {
        [one] => one.group.name.shown().into_owned(),
        all => counted(all.len() as u64, "log group"),
    }
}
