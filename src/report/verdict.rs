//! The verdict in words: one sentence for the top of every format, and why the exit code is what it is.

use super::{Report, Status};
use crate::domain::{finding::Severity, text::counted};

impl Report {
    /// Alerts of a severity.
    pub fn alerts_of(&self, severity: Severity) -> usize {
        self.alerts.iter().filter(|alert| alert.severity == severity).count()
    }

    /// What is the case, in a sentence without its full stop: `2 critical, 1 warning in production`.
    pub fn headline(&self) -> String {
        let critical = self.alerts_of(Severity::Critical);
        let warning = self.alerts_of(Severity::Warning);
        let fires = match (critical, warning) {
            (0, 0) => None,
            (0, w) => Some(counted(w as u64, "warning")),
            (c, 0) => Some(format!("{c} critical")),
            (c, w) => Some(format!("{c} critical, {}", counted(w as u64, "warning"))),
        };
        match (fires, self.status) {
            (Some(fires), Status::Unknown) if !self.lacks().is_empty() && self.is_covered() => {
                format!("{fires} in production, and not all that was named is there")
            }
            (Some(fires), Status::Unknown) => format!("{fires} in production, and not all could be seen"),
            (Some(fires), _) => format!("{fires} in production"),
            (None, _) if self.coverage.seen == 0 && self.functions.watched == 0 && !self.coverage.unseen.is_empty() => {
                "nothing could be seen".into()
            }
            (None, _) if !self.coverage.unseen.is_empty() => "nothing fires, but not all could be seen".into(),
            (None, _) if self.functions.production == 0 && self.scope.is_some() => {
                "no production function to judge in this scope".into()
            }
            (None, _) if self.functions.production == 0 => "no production function to judge".into(),
            (None, Status::Unknown) if !self.lacks().is_empty() => {
                "nothing fires, but not all that was named is there".into()
            }
            (None, Status::Unknown) => "nothing fires, but not all could be judged".into(),
            (None, _) if self.scope.is_some() => "nothing fires in production, in this scope".into(),
            (None, _) => "nothing fires in production".into(),
        }
    }

    fn enough(&self) -> &'static str {
        match (self.status, self.functions.production) {
            (Status::Warning, _) => "only warnings, and enough was seen",
            (_, 0) => "nothing to judge, which --allow-empty allows, and enough was seen",
            _ => "nothing fires, and enough was seen",
        }
    }

    /// Why the exit code is what it is, in half a sentence: `something fires`.
    pub fn exit_reason(&self) -> &'static str {
        let all_seen = self.coverage.unseen.is_empty();
        match (self.exit_code, self.status) {
            (130, _) => "interrupted",
            _ if self.basis.interrupted => "interrupted",
            (1 | 2, Status::Warning) => "a warning fires",
            (1 | 2, _) if all_seen => "something fires",
            (1 | 2, _) => "something fires, and not all was seen",
            (0, Status::Firing) => "something fires, but --fail-on is never",
            (0, Status::Unknown) => "not all was seen, but --fail-on is never",
            (0, Status::Warning | Status::Ok) if !all_seen => self.enough(),
            (0, Status::Warning) => "only warnings, which don't fail the run",
            (0, Status::Ok) if self.functions.production == 0 => "nothing to judge, and --allow-empty allows that",
            (0, Status::Ok) if self.scope.is_some() && self.coverage.accepted.is_empty() => {
                "nothing fires, and all in scope was seen"
            }
            (0, Status::Ok) if self.scope.is_some() => "nothing fires, and all in scope was seen but what is accepted",
            (0, Status::Ok) if self.coverage.accepted.is_empty() => "nothing fires, and all was seen",
            (0, Status::Ok) => "nothing fires, and all was seen but what is accepted",
            _ if !self.is_covered() => "can't tell: not all was seen",
            _ if self.functions.production == 0 && self.scope.is_some() => {
                "can't tell: no production function to judge in this scope"
            }
            _ if self.functions.production == 0 => "can't tell: no production function to judge",
            _ if !self.lacks().is_empty() => "can't tell: not all that the scope names is there",
            _ => "can't tell: not all was judged",
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::report::{Status, samples};

    #[test]
    fn the_headline_says_no_more_than_was_seen() {
        let heads = samples::all().into_iter().map(|(name, report)| (name, report.headline())).collect::<Vec<_>>();
        insta::assert_debug_snapshot!(heads);
    }

    #[test]
    fn every_exit_code_has_its_reason() {
        let why =
            |exit_code, status, report: super::Report| super::Report { status, exit_code, ..report }.exit_reason();
        assert_eq!(why(0, Status::Ok, samples::quiet()), "nothing fires, and all was seen");
        assert_eq!(why(0, Status::Ok, samples::empty()), "nothing to judge, and --allow-empty allows that");
        assert_eq!(why(0, Status::Warning, samples::warning()), "only warnings, which don't fail the run");
        assert_eq!(why(0, Status::Firing, samples::firing()), "something fires, but --fail-on is never");
        assert_eq!(why(0, Status::Unknown, samples::unseen()), "not all was seen, but --fail-on is never");
        assert_eq!(why(1, Status::Firing, samples::firing()), "something fires, and not all was seen");
        assert_eq!(why(1, Status::Firing, samples::one()), "something fires");
        assert_eq!(why(1, Status::Warning, samples::warning()), "a warning fires");
        assert_eq!(why(3, Status::Unknown, samples::unseen()), "can't tell: not all was seen");
        assert_eq!(why(3, Status::Unknown, samples::empty()), "can't tell: no production function to judge");
        assert_eq!(why(0, Status::Ok, samples::scoped()), "nothing fires, and all in scope was seen");
        assert_eq!(why(3, Status::Unknown, samples::nowhere()), "can't tell: not all that the scope names is there");
        assert_eq!(why(0, Status::Ok, samples::enough()), "nothing fires, and enough was seen");
        assert_eq!(why(0, Status::Warning, samples::enough()), "only warnings, and enough was seen");
        assert_eq!(why(130, Status::Unknown, samples::unseen()), "interrupted");
    }
}
