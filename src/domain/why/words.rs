//! Causes of traces and log, in sentences: the same for every front.

use super::{Reason, Told, short};
use crate::domain::{
    logs::{
        LogEvent,
        cause::CauseKind,
        groups::{CauseGroup, LogCut},
        words::{clock as instant, lines},
    },
    text::{AwsText, clock, count, counted},
    trace::causes::{Cut, ErrorGroup},
    window::Minute,
};

/// How much one of the two was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// All that there is in the time that is asked about.
    All,
    /// A part of it.
    Part,
    /// None of it.
    Nothing,
}

impl Read {
    /// The word for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Part => "part",
            Self::Nothing => "none",
        }
    }
}

impl<'a> Told<'a> {
    /// The groups of traces that a cause is.
    pub fn traced(&self, reason: &Reason) -> impl Iterator<Item = &'a ErrorGroup> {
        let groups = self.traces.map_or(&[][..], |traces| &traces.groups);
        reason.traced.clone().into_iter().filter_map(|at| groups.get(at))
    }

    /// The groups of the log that a cause is.
    pub fn logged(&self, reason: &Reason) -> impl Iterator<Item = &'a CauseGroup> {
        let groups = self.log.map_or(&[][..], |log| &log.groups);
        reason.logged.clone().into_iter().filter_map(|at| groups.get(at))
    }

    /// What it is: `KeyError: 'item-#'`; of what has no name, what it was instead. Fit to be shown.
    pub fn headline(&self, reason: &Reason) -> String {
        let named = self.traced(reason).find(|group| group.exception.is_some()).map(ErrorGroup::headline);
        let named = named.or_else(|| self.logged(reason).next().map(CauseGroup::headline));
        named.or_else(|| self.traced(reason).next().map(ErrorGroup::headline)).unwrap_or_default()
    }

    /// What that means: where it was thrown, what Lambda ended it for, or why nothing was recorded.
    pub fn meaning(&self, reason: &Reason) -> Option<String> {
        // What failed for it is no mere line of the log.
        let failed = |group: &&CauseGroup| group.kind != CauseKind::Logged || reason.traced.is_empty();
        let kind = self.logged(reason).filter(failed).find_map(CauseGroup::kind_in_words);
        let kind = kind.filter(|_| reason.is_clear(self)).map(str::to_owned);
        let guess = || self.traced(reason).find_map(|group| self.guess(reason, group));
        self.elsewhere(reason).or(kind).or_else(guess)
    }

    /// Where it was thrown, where that is something that the function called, and what its own log says of that.
    fn elsewhere(&self, reason: &Reason) -> Option<String> {
        let group = self.traced(reason).find(|group| group.exception.is_some())?;
        if group.thrown_in.name == *self.function {
            return None;
        }
        let thrown = format!("thrown in {}, which it called", group.thrown_in.shown());
        let name = short(group.exception.as_ref());
        let own = self.logged(reason).find(|own| short(own.exception.as_ref()) != name);
        Some(match own {
            Some(own) => format!("{thrown}; its own log says {}", own.headline()),
            None => thrown,
        })
    }

    fn guess(&self, reason: &Reason, group: &ErrorGroup) -> Option<String> {
        let guess = group.guess(self.timeout).filter(|_| reason.logged.is_empty())?;
        let log = self.log.filter(|log| !log.groups.is_empty());
        let ran_out = self.timeout.is_some_and(|timeout| group.ran_out(timeout));
        let is_open = log.is_some() && group.is_nameless() && !ran_out;
        Some(if is_open { "no trace says why; of what the log tells, it may be any".to_owned() } else { guess })
    }

    /// The newest event of the log that tells of it.
    pub fn event(&self, reason: &Reason) -> Option<&'a LogEvent> {
        self.logged(reason).max_by_key(|group| group.last).map(|group| &group.example)
    }

    /// That event in a line, with its time and without secrets: `10:00:03.120 KeyError: 'item-17'`. Fit to be shown.
    pub fn line(&self, reason: &Reason) -> Option<String> {
        let event = self.event(reason)?;
        let said = lines(event, false).1.into_iter().find(|line| !line.trim().is_empty()).unwrap_or_default();
        Some(format!("{} {}", instant(event.at), said.trim()))
    }

    /// The newest request of which the log tells it.
    pub fn request(&self, reason: &Reason) -> Option<&'a AwsText> {
        self.logged(reason).max_by_key(|group| group.last).and_then(|group| group.request.as_ref())
    }

    /// How much of the traces was read.
    pub fn read_of_traces(&self) -> Read {
        let Some(traces) = self.traces else { return Read::Nothing };
        match (&traces.failure, traces.cut) {
            (Some(_), _) if traces.groups.is_empty() => Read::Nothing,
            (None, Some(Cut::Cost { .. } | Cut::Time)) if traces.scanned == 0 => Read::Nothing,
            (Some(_), _) | (None, Some(Cut::Cost { .. } | Cut::Time | Cut::Enough)) => Read::Part,
            (None, None) => Read::All,
        }
    }

    /// How much of the log was read.
    pub fn read_of_log(&self) -> Read {
        let Some(log) = self.log else { return Read::Nothing };
        match (&log.failure, log.cut) {
            (Some(_), _) if log.groups.is_empty() => Read::Nothing,
            (Some(_), _) | (None, Some(LogCut::Time | LogCut::Enough)) => Read::Part,
            (None, None) => Read::All,
        }
    }

    /// What traces were good for, in words: `104 failed traces sampled by X-Ray since 13:45`.
    pub fn of_traces(&self, near: Minute) -> String {
        let Some(traces) = self.traces else { return "no traces, which were not read".into() };
        let since = clock(Minute::floor(traces.from), near);
        let n = traces.failed - traces.in_progress;
        match self.read_of_traces() {
            Read::Nothing if traces.failure.is_none() => "no traces, which were not read".into(),
            Read::Nothing => "no traces, which could not be read".into(),
            _ if n == 0 && traces.tracing == Some(false) => "no traces, since tracing is off".into(),
            Read::All if n == 0 => format!("no failed trace sampled by X-Ray since {since}"),
            Read::All => format!("{} sampled by X-Ray since {since}", counted(n, "failed trace")),
            Read::Part if n == 0 => format!("no failed trace among those since {since}, which are not all"),
            Read::Part => format!("the newest {} sampled by X-Ray, since {since}", counted(n, "failed trace")),
        }
    }

    /// What the log was good for, in words: `112 failures in the log group /aws/lambda/pay since 13:45`.
    pub fn of_log(&self, near: Minute) -> String {
        let Some(log) = self.log else { return "not its log, which was not read".into() };
        let since = clock(Minute::floor(log.from), near);
        match self.read_of_log() {
            Read::Nothing => "not its log, which could not be read".into(),
            Read::All if log.groups.is_empty() => {
                format!("no failure in the log group {} since {since}", log.group.name.shown())
            }
            Read::All => format!("{} since {since}", log.basis()),
            Read::Part => format!("the newest {}, since {since}", log.basis()),
        }
    }

    /// How much it rests on, in a sentence.
    pub fn basis(&self, near: Minute) -> String {
        let (found, in_progress) = self.traces.map_or((0, 0), |traces| (traces.failed, traces.in_progress));
        let both = self.read_of_log() != Read::Nothing && found > in_progress;
        let once = if both { "; what both tell of counts once" } else { "" };
        let running = match in_progress {
            0 => String::new(),
            n => format!("; {} in progress, which X-Ray shows as failed until they end, not counted", count(n)),
        };
        let (traces, log) = (self.of_traces(near), self.of_log(near));
        format!("by {traces}, and {log}{once}{running}: they explain failures, metrics count them")
    }
}

impl Reason {
    /// Whether it is known why, rather than only that it failed.
    pub fn is_clear(&self, told: &Told<'_>) -> bool {
        !self.logged.is_empty() || told.traced(self).any(|group| group.exception.is_some())
    }

    /// Who told of it, in a word or two.
    pub fn seen_by(&self) -> &'static str {
        match (self.traced.is_empty(), self.logged.is_empty()) {
            (false, false) => "both",
            (false, true) => "traces",
            _ => "log",
        }
    }

    /// Who told of it, and how often: `12 traces, 31 in its log`.
    pub fn seen(&self, told: &Told<'_>) -> String {
        let traces = (self.traces > 0).then(|| counted(self.traces, "trace"));
        let lines = (self.lines > 0).then(|| format!("{} in its log", count(self.lines)));
        let (in_trace, in_log) = (traces.is_some(), lines.is_some());
        let not = match (in_trace, in_log) {
            (true, false) if told.read_of_log() == Read::All => Some("no line of its log".to_owned()),
            (false, true) if told.traces.is_some_and(|traces| traces.failed > 0) => Some("no trace".to_owned()),
            _ => None,
        };
        [traces, lines, not].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}
