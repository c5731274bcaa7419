//! What the projection has to say about one object: accepted, or refused for which reason and with which cure.

use postern_crds::condition::reason;

/// Why an object was not projected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// One of [`reason`].
    pub reason: &'static str,
    /// Path of the field; empty for the object as a whole.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// Judgement of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// `metadata.generation` of what was judged; 0 in a folder.
    pub generation: i64,
    /// Everything that speaks against it; empty when it is accepted.
    pub refusals: Vec<Refusal>,
    /// What is worth knowing although it is accepted.
    pub remark: Option<String>,
}

impl Report {
    /// Whether the object was projected.
    #[must_use]
    pub const fn is_accepted(&self) -> bool {
        self.refusals.is_empty()
    }

    /// Reason of condition Accepted. A fault that only its author can heal comes before one that time may heal.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.first().map_or(reason::VALID, |r| r.reason)
    }

    /// Message of condition Accepted: one sentence and what to do.
    #[must_use]
    pub fn message(&self) -> String {
        match self.first() {
            Some(r) if r.field.is_empty() => format!("{}; {}", r.message, r.fix),
            Some(r) => format!("{}: {}; {}", r.field, r.message, r.fix),
            None => self.remark.clone().unwrap_or_else(|| "valid, and nobody else holds what it claims".to_owned()),
        }
    }

    fn first(&self) -> Option<&Refusal> {
        self.refusals.iter().find(|r| !reason::may_heal(r.reason)).or_else(|| self.refusals.first())
    }
}

/// Collects what speaks against an object.
#[derive(Debug, Default)]
pub(crate) struct Refusals(pub Vec<Refusal>);

impl Refusals {
    pub fn add(&mut self, reason: &'static str, field: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) {
        self.0.push(Refusal { reason, field: field.into(), message: message.into(), fix: fix.into() });
    }

    pub fn invalid(&mut self, field: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) {
        self.add(reason::INVALID_SPEC, field, message, fix);
    }
}
