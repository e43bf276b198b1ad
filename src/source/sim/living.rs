//! How the functions of the demo estate live: traffic with its days, and incidents that come and go with the clock.
//! All of it follows from a function's key and the minute, so that the same minute always says the same.
//! Knows no function by name.

use super::{
    hash,
    traffic::{Counts, whole},
};
use crate::domain::{series::Metric, window::Minute};

/// A function's traffic and its trouble.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Living {
    /// How often it is called.
    pub load: Load,
    /// How it fails.
    pub trouble: Trouble,
    /// What befalls it beside.
    pub aside: Option<Aside>,
}

/// How often a function is called.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Load {
    /// So many calls a minute, on average: more by day than by night (UTC).
    Busy(f64),
    /// So many calls a minute, day and night.
    Steady(f64),
    /// Once a day, at this minute of the day; a failed run is tried twice more, as Lambda does.
    Nightly(i64),
}

/// How a function fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble {
    /// Now and then one in thousands, where there is traffic enough for that to be noise.
    Calm,
    /// This share of its calls fails, always.
    Always(f64),
    /// About 2 % fail, always: nobody has looked yet.
    SlowBurn,
    /// About every two hours a deployment breaks most of it for 40 minutes.
    BadDeploys,
    /// About every hour and a half its callers run into its concurrency for a quarter of an hour.
    Storms,
    /// It fails for minutes, recovers, and fails again.
    Flaps,
    /// It takes turns with others, so that one of them fails at every moment.
    Turns(Turn),
    /// Some nights it fails.
    BadNights,
}

/// A seat in a round of functions that take turns to fail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    /// Which round, with the seed in it.
    pub round: u64,
    /// This function's seat.
    pub seat: usize,
    /// How many seats there are.
    pub seats: usize,
    /// How many minutes a turn takes.
    pub minutes: i64,
    /// Whether a deployment begins each turn, and another mends it.
    pub deploys: bool,
    /// Shares of calls that fail, one of them a turn. A share of twice the limit keeps the hand-over without a gap.
    pub shares: &'static [f64],
}

/// Something that happens once in each stretch of `every` minutes, at another time in each.
#[derive(Clone, Copy)]
struct Episode {
    every: i64,
    lasts: i64,
}

const DEPLOY: Episode = Episode { every: 120, lasts: 40 };
const STORM: Episode = Episode { every: 95, lasts: 14 };
const DAY: i64 = 1440;

/// What only a check sees that is off unless it is named: whoever looks at the demo as it comes sees nothing of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aside {
    /// It reads a stream, and falls behind by so many minutes.
    Behind(u32),
    /// Asynchronous events are given up now and then.
    GivesUp,
    /// Its longest runs take so many milliseconds.
    Slow(u32),
    /// So many of it run at once.
    Crowd(u32),
}

impl Aside {
    /// The datapoint of a metric; none where it has nothing to do with that, so that it follows from the traffic.
    fn datapoint(self, metric: Metric, minute: Minute) -> Option<u32> {
        let turn = u32::try_from(minute.0.rem_euclid(10)).unwrap_or(0);
        match (self, metric) {
            (Self::Behind(minutes), Metric::IteratorAgeMaximum) => Some(minutes * 60_000 + turn * 1_700),
            (Self::GivesUp, Metric::AsyncEventsDropped) => Some(if turn == 3 { 2 } else { 0 }),
            (Self::Slow(longest), Metric::DurationMaximum) => Some(longest - turn * longest / 400),
            (Self::Crowd(most), Metric::ConcurrencyMaximum | Metric::ClaimedMaximum) => Some(most + turn),
            _ => None,
        }
    }
}

impl Living {
    /// The datapoint of a metric that its side story gives; none where it follows from its traffic.
    pub fn said(&self, metric: Metric, minute: Minute) -> Option<u32> {
        self.aside?.datapoint(metric, minute)
    }

    /// What happens in one minute to the function of this key.
    pub fn at(&self, key: u64, minute: Minute) -> Counts {
        if let Load::Nightly(at) = self.load {
            return self.night(key, minute, at);
        }
        let chance = hash::at(key, minute.0);
        let requests = rounded(self.load.per_minute(minute) * (0.8 + 0.4 * hash::unit(chance)), hash::mix(chance));
        let (failing, refused) = self.trouble.shares(key, minute, self.load);
        let throttles = rounded(f64::from(requests) * refused, hash::pair(chance, 1)).min(requests);
        let invocations = requests - throttles;
        let errors = rounded(f64::from(invocations) * failing, hash::pair(chance, 2)).min(invocations);
        Counts { invocations, errors, throttles }
    }

    /// When the function was last deployed, where that is what breaks it.
    pub fn last_deployed(&self, key: u64, now: Minute) -> Option<Minute> {
        match self.trouble {
            Trouble::BadDeploys => Some(DEPLOY.last(key, now)),
            Trouble::Turns(turn) if turn.deploys => turn.last_deployed(now),
            _ => None,
        }
    }

    fn night(&self, key: u64, minute: Minute, at: i64) -> Counts {
        let fails = match self.trouble {
            Trouble::Always(_) => true,
            Trouble::BadNights => hash::below(hash::at(key, minute.0.div_euclid(DAY)), 5) < 2,
            _ => false,
        };
        let run = match minute.0.rem_euclid(DAY) - at {
            0 => true,
            // The delays between Lambda's retries of an asynchronous call.
            1 | 3 => fails,
            _ => false,
        };
        Counts { invocations: run.into(), errors: (run && fails).into(), throttles: 0 }
    }
}

impl Load {
    fn per_minute(self, minute: Minute) -> f64 {
        match self {
            Self::Busy(calls) => {
                let day = minute.0.rem_euclid(DAY) as f64 / DAY as f64;
                calls * (1.0 - 0.5 * (std::f64::consts::TAU * day).cos())
            }
            Self::Steady(calls) => calls,
            Self::Nightly(_) => 0.0,
        }
    }
}

impl Trouble {
    /// The share of the calls that fails, and the share of the requests that is refused.
    fn shares(self, key: u64, minute: Minute, load: Load) -> (f64, f64) {
        let wobble = 0.9 + 0.2 * hash::unit(hash::at(key, minute.0.div_euclid(3)));
        let only = |on: bool, share: f64| if on { share } else { 0.0 };
        let (failing, refused) = match self {
            // One error among few calls would be a warning, which is no calm.
            Self::Calm | Self::BadNights => (only(load.per_minute(minute) >= 60.0, 0.0004), 0.0),
            Self::Always(share) => (share, 0.0),
            Self::SlowBurn => (0.02, 0.0),
            Self::BadDeploys => (only(DEPLOY.is_on(key, minute), 0.6), 0.0),
            Self::Storms => (0.0, only(STORM.is_on(key, minute), 0.35)),
            Self::Flaps => (only(hash::at(key, minute.0.div_euclid(5)).is_multiple_of(5), 0.2), 0.0),
            Self::Turns(turn) => (turn.share(minute), 0.0),
        };
        ((failing * wobble).min(1.0), refused * wobble)
    }
}

/// Minutes from a bad deployment to its first error.
const UNTIL_IT_SHOWS: i64 = 4;
/// So many turns are looked back for the last deployment.
const TURNS_BACK: i64 = 200;

impl Turn {
    fn share(self, minute: Minute) -> f64 {
        let slot = self.slot(minute);
        let shares = hash::below(hash::mix(hash::at(self.round, slot)), self.shares.len());
        if self.is_mine(slot) { self.shares.get(shares).copied().unwrap_or_default() } else { 0.0 }
    }

    /// Each round changes at its own minute of the hour.
    fn slot(self, minute: Minute) -> i64 {
        (minute.0 + self.shift()).div_euclid(self.minutes.max(1))
    }

    fn shift(self) -> i64 {
        i64::from(self.round.to_le_bytes()[0])
    }

    fn begins(self, slot: i64) -> i64 {
        slot * self.minutes.max(1) - self.shift()
    }

    fn is_mine(self, slot: i64) -> bool {
        hash::below(hash::at(self.round, slot), self.seats) == self.seat
    }

    /// What broke it, some minutes before it showed; or what mended it, where its last turn is over.
    fn last_deployed(self, now: Minute) -> Option<Minute> {
        let slot = self.slot(now);
        let last = (slot - TURNS_BACK..=slot).rev().find(|slot| self.is_mine(*slot))?;
        if last < slot {
            return Some(Minute(self.begins(last + 1)));
        }
        let first = (slot - TURNS_BACK..=slot).rev().take_while(|slot| self.is_mine(*slot)).last()?;
        Some(Minute(self.begins(first) - UNTIL_IT_SHOWS))
    }
}

impl Episode {
    fn start(self, key: u64, slot: i64) -> i64 {
        let room = usize::try_from(self.every - self.lasts + 1).unwrap_or(1);
        slot * self.every + i64::try_from(hash::below(hash::at(key, slot), room)).unwrap_or(0)
    }

    fn is_on(self, key: u64, minute: Minute) -> bool {
        let start = self.start(key, minute.0.div_euclid(self.every));
        (start..start + self.lasts).contains(&minute.0)
    }

    /// When it last began.
    fn last(self, key: u64, now: Minute) -> Minute {
        let slot = now.0.div_euclid(self.every);
        let start = self.start(key, slot);
        Minute(if start <= now.0 { start } else { self.start(key, slot - 1) })
    }
}

/// Rounds up as often as the fraction says, so that rare events happen at their rate.
fn rounded(events: f64, chance: u64) -> u32 {
    whole((events + hash::unit(chance)).floor())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(living: Living, from: i64, minutes: i64) -> Counts {
        (from..from + minutes).map(|m| living.at(7, Minute(m))).fold(Counts::default(), |sum, c| Counts {
            invocations: sum.invocations + c.invocations,
            errors: sum.errors + c.errors,
            throttles: sum.throttles + c.throttles,
        })
    }

    #[test]
    fn a_day_has_its_bad_deploys_and_each_begins_with_a_deployment() {
        let living = Living { load: Load::Steady(100.0), trouble: Trouble::BadDeploys, aside: None };
        let failing = |m: i64| living.at(7, Minute(m)).errors > 0;
        let day = 29_000_160..29_000_160 + 1440;
        assert_eq!(day.clone().filter(|m| failing(*m)).count(), 12 * 40);
        for minute in day.filter(|m| failing(*m) && !failing(m - 1)) {
            assert_eq!(living.last_deployed(7, Minute(minute + 5)), Some(Minute(minute)));
        }
    }

    #[test]
    fn traffic_keeps_its_rate_and_storms_refuse_without_errors() {
        let day = sum(Living { load: Load::Busy(10.0), trouble: Trouble::Calm, aside: None }, 29_000_160, 1440);
        assert!((13_800..15_000).contains(&day.invocations), "{day:?}");
        let storms = sum(Living { load: Load::Steady(50.0), trouble: Trouble::Storms, aside: None }, 29_000_160, 1440);
        assert!(storms.throttles > 2_000 && storms.errors == 0, "{storms:?}");
    }

    #[test]
    fn a_nightly_job_runs_once_and_a_failed_one_three_times() {
        let living = Living { load: Load::Nightly(90), trouble: Trouble::BadNights, aside: None };
        let nights: Vec<_> = (0..40).map(|day| sum(living, (20_000 + day) * DAY, DAY)).collect();
        assert!(nights.iter().all(|n| (n.invocations, n.errors) == (1, 0) || (n.invocations, n.errors) == (3, 3)));
        assert!(nights.iter().any(|n| n.errors == 3) && nights.iter().any(|n| n.errors == 0));
    }

    #[test]
    fn exactly_one_seat_fails_at_every_minute_and_all_get_their_turn() {
        let turn = |seat| Turn { round: 99, seat, seats: 3, minutes: 40, deploys: true, shares: &[0.2, 0.6] };
        let mut had = [0; 3];
        for minute in 29_000_000..29_004_000 {
            let failing: Vec<_> = (0..3).filter(|seat| turn(*seat).share(Minute(minute)) > 0.0).collect();
            assert_eq!(failing.len(), 1);
            had[failing[0]] += 1;
        }
        assert!(had.iter().all(|minutes| *minutes > 400), "{had:?}");
    }

    #[test]
    fn a_turn_begins_with_a_deployment_and_ends_with_one() {
        let turn = Turn { round: 99, seat: 1, seats: 3, minutes: 40, deploys: true, shares: &[0.5] };
        let living = Living { load: Load::Steady(100.0), trouble: Trouble::Turns(turn), aside: None };
        let fails = |m: i64| living.at(7, Minute(m)).errors > 0;
        let begins: Vec<i64> = (29_000_000..29_002_000).filter(|m| fails(*m) && !fails(m - 1)).collect();
        assert!(begins.len() > 5);
        for begin in begins {
            let end = (begin..begin + 4000).find(|m| !fails(*m)).unwrap();
            assert_eq!(living.last_deployed(7, Minute(end - 1)), Some(Minute(begin - UNTIL_IT_SHOWS)));
            assert_eq!(living.last_deployed(7, Minute(end)), Some(Minute(end)));
        }
    }
}
