//! `slmon alert --wait`: what is told of each round, and when a round ends the wait. The rounds are the engine's.

use std::ops::ControlFlow;

use super::{
    args::Scope,
    clock, environment, output,
    progress::Line,
    sweep::{Ending, Start, Swept, source},
};
use crate::{
    domain::{
        finding::Severity,
        fleet::Fleet,
        text::{clock as time, count, counted, minutes},
        usage::Usage,
        window::Horizon,
    },
    engine::{
        End, Rounds,
        wait::{self, Round, Wait, Waited},
    },
    report::Report,
};

/// Watches to its end; the fleet of the last round, what that asked, and a sentence on how the wait ended. `judge` makes
/// the report of a round.
pub(super) async fn watch(
    start: &Start,
    scope: &Scope,
    what: &Wait,
    judge: impl Fn(&Fleet, Horizon, Usage) -> Report,
) -> (Swept, Horizon, String) {
    let (source, roster) = (source(start, scope), std::sync::Arc::new(start.config().roster.clone()));
    let ending = Ending::on_signals();
    let mut rounds = Rounds::new(source.clone(), roster, std::sync::Arc::new(start.config().rules.clone()));
    output::say(&opening(what));
    let columns = environment::progress_columns(&start.variables);
    let line = std::cell::RefCell::new(None);
    let progress =
        |progress| line.borrow_mut().get_or_insert_with(|| Line::new("alert", columns)).show("alert", progress);
    let told = |round: &Round<'_>| {
        // What a terminal shows of a round under way makes room for its line.
        drop(line.borrow_mut().take());
        let report = judge(round.fleet, round.horizon, source.usage());
        output::say(&said(round, &report));
        let fires = report.alerts.iter().any(|alert| report.basis.fails(alert.severity));
        if fires { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let waited = wait::wait(&mut rounds, what, &clock::now, &ending.cancel, progress, told).await;
    drop(line);
    ending.swept();
    let swept = Swept { fleet: rounds.into_fleet(), end: waited.end, usage: source.usage(), source, ending };
    (swept, waited.horizon, closing(what, &waited))
}

/// What is about to happen, and until when.
fn opening(what: &Wait) -> String {
    let end = what.since.plus(what.minutes);
    format!(
        "slmon: watching {} to {} UTC; the last round is at {}",
        time(what.since, what.over()),
        time(end, what.over()),
        time(what.over(), what.over()),
    )
}

/// A round in one line, under the lines of the others: when, what was seen, what was judged, what fires.
fn said(round: &Round<'_>, report: &Report) -> String {
    let of = |part: usize, all: usize| {
        let all = count(all as u64);
        format!("{:>width$} of {all}", count(part as u64), width = all.len())
    };
    let production = report.functions.production;
    let (judged, fires) = match round.horizon.minutes {
        0 => (0, "nothing to judge yet".to_owned()),
        _ => (production.saturating_sub(report.verdicts.unknown), fires(report)),
    };
    format!(
        "{}  {} targets seen  {} functions judged  {fires}",
        time(round.horizon.now, round.horizon.now),
        of(report.coverage.seen, report.coverage.targets),
        of(judged, production),
    )
}

fn fires(report: &Report) -> String {
    match (report.alerts_of(Severity::Critical), report.alerts_of(Severity::Warning)) {
        (0, 0) => "nothing fires".into(),
        (0, warning) => counted(warning as u64, "warning"),
        (critical, 0) => format!("{critical} critical"),
        (critical, warning) => format!("{critical} critical, {}", counted(warning as u64, "warning")),
    }
}

/// How the wait ended, for the report.
fn closing(what: &Wait, waited: &Waited) -> String {
    let whole = waited.horizon.minutes >= what.minutes;
    let rounds = counted(u64::from(waited.rounds), "round");
    let (asked, judged) = (minutes(what.minutes), minutes(waited.horizon.minutes));
    match (waited.end, whole) {
        (End::Interrupted, _) => format!("the wait of {asked} was interrupted after {rounds}, with {judged} judged"),
        (_, true) => format!("waited for all of the {asked}, in {rounds}"),
        (_, false) => format!("the wait of {asked} ended after {rounds}, with {judged} judged: something fires"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{fleet::Fleet, rules::Rules, window::Minute};

    const SINCE: Minute = Minute(29_700_000);
    const WHAT: Wait = Wait {
        since: SINCE,
        minutes: 10,
        settle: 3,
        baseline: None,
        hidden: true,
        spots: false,
        limit: Duration::from_secs(30),
    };

    #[test]
    fn the_opening_says_until_when() {
        assert_eq!(opening(&WHAT), "slmon: watching 00:00 to 00:10 UTC; the last round is at 00:13");
        let night = Wait { since: SINCE.plus(-5), ..WHAT };
        assert_eq!(opening(&night), "slmon: watching 20 Jun 23:55 to 00:05 UTC; the last round is at 00:08");
    }

    #[test]
    fn the_closing_says_how_it_ended() {
        let waited = |end, after: i64| Waited { end, horizon: WHAT.horizon(SINCE.plus(after)), rounds: 5 };
        assert_eq!(closing(&WHAT, &waited(End::Complete, 13)), "waited for all of the 10 min, in 5 rounds");
        assert_eq!(
            closing(&WHAT, &waited(End::Complete, 8)),
            "the wait of 10 min ended after 5 rounds, with 5 min judged: something fires"
        );
        assert_eq!(
            closing(&WHAT, &waited(End::Interrupted, 2)),
            "the wait of 10 min was interrupted after 5 rounds, with 0 min judged"
        );
    }

    #[test]
    fn a_round_is_a_line_in_the_columns_of_the_others() {
        let fleet = Fleet::new(std::sync::Arc::new(Rules::default()));
        let line = |after: i64, report: &Report| {
            said(&Round { fleet: &fleet, horizon: WHAT.horizon(SINCE.plus(after)), last: false }, report)
        };
        let mut report = crate::report::samples::firing();
        assert_eq!(
            line(2, &report),
            "00:02  116 of 120 targets seen      0 of 1,200 functions judged  nothing to judge yet"
        );
        assert_eq!(
            line(5, &report),
            "00:05  116 of 120 targets seen  1,185 of 1,200 functions judged  2 critical, 3 warnings"
        );
        report.alerts.clear();
        report.coverage.seen = 9;
        assert_eq!(line(5, &report), "00:05    9 of 120 targets seen  1,185 of 1,200 functions judged  nothing fires");
        assert!(line(5, &report).len() <= 80);
    }
}
