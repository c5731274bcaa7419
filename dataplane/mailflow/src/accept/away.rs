//! Whether the database was away a moment ago: then MAIL says so at once, and the client sends no body for nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use postern_core::{Clock, Timestamp};
use postern_store::StoreError;

/// How long a failure speaks for the database.
const MOMENT: Duration = Duration::from_secs(1);

/// The last failure.
#[derive(Debug)]
pub(super) struct Away {
    clock: Arc<dyn Clock>,
    until: AtomicI64,
}

impl Away {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, until: AtomicI64::new(i64::MIN) }
    }

    /// Remembers a failure that every other transaction would meet too.
    pub(super) fn observe(&self, error: &StoreError) {
        if matches!(error, StoreError::Unavailable(_)) {
            self.until.store((self.clock.now() + MOMENT).0, Ordering::Relaxed);
        }
    }

    /// Whether it is better not to begin.
    pub(super) fn is_away(&self) -> bool {
        Timestamp(self.until.load(Ordering::Relaxed)) > self.clock.now()
    }
}
