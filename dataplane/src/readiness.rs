//! Whether traffic should come here: a set of named conditions, each kept by the part that knows.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// All conditions of a process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Mutex<BTreeMap<&'static str, Option<String>>>>);

/// One condition, kept by the part that made it. Dropping it takes the condition away.
#[derive(Debug)]
pub struct Condition {
    name: &'static str,
    all: Readiness,
}

impl Readiness {
    /// No conditions: ready.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A further condition, not met until somebody says so. A second one of the same name takes its place.
    #[must_use]
    pub fn condition(&self, name: &'static str, until_then: &str) -> Condition {
        let condition = Condition { name, all: self.clone() };
        condition.unmet(until_then);
        condition
    }

    /// The conditions that are not met, with the reason of each; none means ready.
    #[must_use]
    pub fn unmet(&self) -> Vec<(&'static str, String)> {
        self.lock().iter().filter_map(|(name, reason)| Some((*name, reason.clone()?))).collect()
    }

    /// All conditions, and whether each holds.
    #[must_use]
    pub fn all(&self) -> Vec<(&'static str, bool)> {
        self.lock().iter().map(|(name, reason)| (*name, reason.is_none())).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, Option<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Condition {
    /// The condition holds.
    pub fn met(&self) {
        self.all.lock().insert(self.name, None);
    }

    /// The condition does not hold, for a reason that the operator reads.
    pub fn unmet(&self, reason: impl fmt::Display) {
        self.all.lock().insert(self.name, Some(reason.to_string()));
    }
}

impl Drop for Condition {
    fn drop(&mut self) {
        self.all.lock().remove(self.name);
    }
}
