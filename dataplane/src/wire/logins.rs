//! Who hears of logins: the counters, and the note of when each box was last logged in to.

use postern_access::{Decision, authenticate::Observer};
use postern_store::directory::LastLogins;

use crate::metrics::Metrics;

/// Both of them.
pub struct Logins {
    /// The counters.
    pub metrics: Metrics,
    /// The note.
    pub last: LastLogins,
}

impl Observer for Logins {
    fn decided(&self, decision: &Decision) {
        self.metrics.decided(decision);
        if decision.outcome.is_ok()
            && let Some(account) = decision.account
        {
            self.last.note(account, decision.at);
        }
    }
}
