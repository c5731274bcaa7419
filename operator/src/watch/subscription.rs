//! What changed since a driver last asked: each object once, however often it changed.

use std::{
    collections::BTreeSet,
    mem,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use super::{Id, Kind};

#[derive(Debug, Default)]
struct Pending {
    touched: Mutex<(BTreeSet<Id>, Option<Instant>)>,
    told: Notify,
}

/// The driver's end. Once it is dropped, nothing is kept for it any more.
#[derive(Debug)]
pub struct Subscription(Arc<Pending>);

/// The cache's end.
pub(super) struct Subscriber {
    kinds: &'static [Kind],
    pending: Weak<Pending>,
}

impl Subscription {
    pub(super) fn new(kinds: &'static [Kind]) -> (Subscriber, Self) {
        let pending = Arc::new(Pending::default());
        (Subscriber { kinds, pending: Arc::downgrade(&pending) }, Self(pending))
    }

    /// Waits for a change, then until none came for `still`, but no longer than `patience`; returns what changed.
    pub async fn next(&self, still: Duration, patience: Duration) -> BTreeSet<Id> {
        self.wait().await;
        let end = Instant::now() + patience;
        while Instant::now() < end {
            let before = self.waiting().0;
            tokio::time::sleep(still).await;
            if self.waiting().0 == before {
                break;
            }
        }
        self.take()
    }

    /// Waits until something has changed and takes nothing.
    pub async fn wait(&self) {
        while self.waiting().0 == 0 {
            self.0.told.notified().await;
        }
    }

    /// What changed, without waiting.
    #[must_use]
    pub fn take(&self) -> BTreeSet<Id> {
        mem::take(&mut *self.0.touched.lock().unwrap_or_else(PoisonError::into_inner)).0
    }

    /// How many wait, and for how long the first of them.
    #[must_use]
    pub fn waiting(&self) -> (usize, Duration) {
        let touched = self.0.touched.lock().unwrap_or_else(PoisonError::into_inner);
        (touched.0.len(), touched.1.map_or(Duration::ZERO, |since| since.elapsed()))
    }
}

impl Subscriber {
    pub(super) fn is_heard(&self) -> bool {
        self.pending.strong_count() > 0
    }

    pub(super) fn tell(&self, kind: Kind, touched: &[Id]) {
        if !self.kinds.contains(&kind) {
            return;
        }
        let Some(pending) = self.pending.upgrade() else { return };
        let mut all = pending.touched.lock().unwrap_or_else(PoisonError::into_inner);
        all.1.get_or_insert_with(Instant::now);
        all.0.extend(touched.iter().cloned());
        drop(all);
        pending.told.notify_one();
    }
}
