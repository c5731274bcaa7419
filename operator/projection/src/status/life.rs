//! The conditions that every kind has.

use std::time::Duration;

use postern_core::Timestamp;
use postern_crds::{
    Condition,
    condition::{self, ACCEPTED, PROGRAMMED, READY, RECONCILING, STALLED, Time, reason},
    k8s_openapi::jiff,
};

use crate::Report;

/// How long a missing reference counts as work in hand, so that a bulk sync in any order settles.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// The conditions of one object under construction.
pub(super) struct Conditions {
    list: Vec<Condition>,
    generation: i64,
    now: Timestamp,
}

impl Conditions {
    /// Begins with what the status held before.
    pub fn after(before: Option<&[Condition]>, generation: Option<i64>, now: Timestamp) -> Self {
        Self { list: before.unwrap_or_default().to_vec(), generation: generation.unwrap_or_default(), now }
    }

    /// Sets one; `None` is Unknown.
    pub fn set(&mut self, type_: &str, holds: Option<bool>, reason: &str, message: impl Into<String>) {
        let status = match holds {
            Some(true) => "True",
            Some(false) => "False",
            None => "Unknown",
        };
        let new = Condition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: message.into(),
            observed_generation: Some(self.generation),
            last_transition_time: Time(jiff::Timestamp::from_microsecond(self.now.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)),
        };
        condition::set_condition(&mut self.list, new);
    }

    /// Ready, Reconciling, Stalled, Accepted, Programmed. `gate` is what else Ready waits for: reason and message.
    pub fn live(&mut self, report: Option<&Report>, programmed: bool, gate: Option<(&str, String)>, serving: &str) {
        let Some(report) = report else {
            for type_ in [READY, RECONCILING, STALLED, ACCEPTED, PROGRAMMED] {
                self.set(type_, None, reason::PENDING, "not looked at yet");
            }
            return;
        };
        self.set(ACCEPTED, Some(report.is_accepted()), report.reason(), report.message());
        if !report.is_accepted() {
            self.refused(report);
            return;
        }
        let programming = "not every process serves this generation yet";
        let served =
            if programmed { (reason::PROGRAMMED, "every process serves this generation") } else { (reason::PROGRAMMING, programming) };
        self.set(PROGRAMMED, Some(programmed), served.0, served.1);
        let waiting = if programmed { gate } else { Some((reason::PROGRAMMING, programming.to_owned())) };
        match waiting {
            Some((why, message)) => {
                self.set(READY, Some(false), why, message.clone());
                self.set(RECONCILING, Some(true), why, message);
            }
            None => {
                self.set(READY, Some(true), reason::SERVING, serving);
                self.set(RECONCILING, Some(false), reason::NOT_NEEDED, "nothing is in hand");
            }
        }
        self.set(STALLED, Some(false), reason::NOT_NEEDED, "nobody needs to act");
    }

    fn refused(&mut self, report: &Report) {
        let (why, message) = (report.reason(), report.message());
        self.set(READY, Some(false), why, message.clone());
        self.set(PROGRAMMED, Some(false), why, "what was served before stays as it was");
        // Just set, so it is there; it keeps the time at which the refusal began.
        let since = condition::find(&self.list, ACCEPTED).map_or(self.now, |c| Timestamp(c.last_transition_time.0.as_microsecond()));
        let patient = reason::may_heal(why) && self.now.since(since) < PATIENCE;
        let stalled = if reason::may_heal(why) { reason::TIMED_OUT } else { why };
        self.set(RECONCILING, Some(patient), why, if patient { "waiting for the object that is missing" } else { "no longer waiting" });
        if patient {
            self.set(STALLED, Some(false), reason::NOT_NEEDED, "nobody needs to act yet");
        } else {
            self.set(STALLED, Some(true), stalled, message);
        }
    }

    pub fn finish(self) -> Vec<Condition> {
        self.list
    }
}
