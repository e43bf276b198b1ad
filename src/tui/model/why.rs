//! Why a function fails, as its page lists it: causes of traces and log, in one order.

use std::time::Duration;

use super::{super::board::Key, Model, RowKey, Screen, traces::PASSING};
use crate::domain::{
    text::AwsText,
    trace::causes::ErrorGroup,
    why::{Reason, Told},
};

impl Model {
    /// What was answered so far of why a function fails.
    pub fn told_why<'a>(&'a self, key: &'a Key) -> Told<'a> {
        let timeout = self.board.as_ref().and_then(|board| {
            let (_, function) = board.facts(board.row(key)?)?;
            function.configuration.as_ref()?.timeout
        });
        Told {
            function: &key.name,
            traces: self.causes(key).map(|told| &told.causes),
            log: self.log_causes(key).map(|told| &told.causes),
            timeout,
            requests: &[],
        }
    }

    /// Whether traces were asked and tell nothing of why a function fails that its log might not tell: what Lambda refused
    /// leaves no line.
    pub(super) fn is_silent(&self, key: &Key) -> bool {
        self.causes(key).is_some_and(|told| {
            let groups = &told.causes.groups;
            groups.iter().all(|group| group.exception.is_none())
                && (groups.is_empty() || !groups.iter().all(ErrorGroup::is_refused))
        })
    }

    /// How long what is asked of logs on this screen has to stand.
    pub fn log_patience(&self) -> Duration {
        if *self.screen() == Screen::Alerts { PASSING } else { Duration::ZERO }
    }

    /// The causes of the function whose page this is, or that is selected among alerts.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// Makes the causes of this screen's function anew; among alerts, of the one that is selected, by whoever points at it.
    pub(super) fn arrange_why(&mut self) {
        let key = match (self.screen(), self.list().selected) {
            (Screen::Function(key), _) => Some(key.clone()),
            (Screen::Alerts, Some(RowKey::Function(key))) => Some(key),
            _ => None,
        };
        self.reasons = key.map(|key| self.told_why(&key).reasons()).unwrap_or_default();
    }

    /// What a cause of this screen's function is, by its place: the same whoever tells of it later.
    pub(super) fn reason_at(&self, key: &Key, place: usize) -> Option<String> {
        let (reason, told) = (self.reasons.get(place)?, self.told_why(key));
        let path = told.traced(reason).next().map(ErrorGroup::path).unwrap_or_default();
        Some(format!("{} {path} {}", told.headline(reason), reason.failed))
    }

    /// The newest trace of the cause that is selected.
    pub fn trace_of_reason(&self, key: &Key) -> Option<AwsText> {
        let reason = self.reasons.get(self.list().place)?;
        self.told_why(key).traced(reason).max_by_key(|group| group.last).map(|group| group.example.clone())
    }

    /// The exception of the cause that is selected, as the log calls it where it tells of it.
    pub(super) fn exception_of_reason(&self, key: &Key) -> Option<AwsText> {
        let (reason, told) = (self.reasons.get(self.list().place)?, self.told_why(key));
        let logged = told.logged(reason).find_map(|group| group.exception.clone());
        logged.or_else(|| told.traced(reason).find_map(|group| group.exception.clone()))
    }
}
