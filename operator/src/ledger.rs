//! How every object stands: its judgement, and from which position on the directory has it. What the convergence learns
//! and the statuses say. In memory only; a new leader learns it anew from the directory.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use postern_projection::Report;

use crate::watch::Id;

/// Standings by object. Clones share them.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Mutex<HashMap<Id, Standing>>>);

/// How an object stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its judgement.
    pub report: Report,
    /// From when on the directory has it as it is.
    pub since: Since,
}

/// From when on the directory has an object as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Since {
    /// It does not.
    #[default]
    Never,
    /// From before this leader; at the latest from this position.
    Before(i64),
    /// From this position, which this leader wrote.
    At(i64),
}

impl Ledger {
    /// How an object stands; `None` when it was not looked at yet.
    #[must_use]
    pub fn of(&self, id: &Id) -> Option<Standing> {
        self.all().get(id).cloned()
    }

    /// Notes a judgement; whether it says anything new.
    pub fn judged(&self, id: &Id, report: Report) -> bool {
        let mut all = self.all();
        match all.get_mut(id) {
            Some(standing) if standing.report == report => false,
            Some(standing) => {
                standing.report = report;
                true
            }
            None => {
                all.insert(id.clone(), Standing { report, since: Since::Never });
                true
            }
        }
    }

    /// Changes a judgement that was noted.
    pub fn amend(&self, id: &Id, change: impl FnOnce(&mut Report)) {
        change(&mut self.all().entry(id.clone()).or_default().report);
    }

    /// Notes from when on the directory has it.
    pub fn in_force(&self, id: &Id, since: Since) {
        self.all().entry(id.clone()).or_default().since = since;
    }

    /// Forgets an object that is gone.
    pub fn forget(&self, id: &Id) {
        self.all().remove(id);
    }

    /// Objects that are refused.
    #[must_use]
    pub fn refused(&self) -> Vec<Id> {
        self.all().iter().filter(|(_, standing)| !standing.report.is_accepted()).map(|(id, _)| id.clone()).collect()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Id, Standing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ledger({} objects)", self.all().len())
    }
}
