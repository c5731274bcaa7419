//! Work by object: each waits once, however often it is asked for, and the first asked for is the first served.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use crate::watch::Id;

/// A queue. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Queue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    told: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    order: VecDeque<(Id, Instant)>,
    known: HashSet<Id>,
}

impl Queue {
    /// Asks for objects.
    pub fn push(&self, ids: impl IntoIterator<Item = Id>) {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        for id in ids {
            if waiting.known.insert(id.clone()) {
                waiting.order.push_back((id, now));
            }
        }
        drop(waiting);
        self.0.told.notify_one();
    }

    /// Waits for work and takes at most `limit` of it.
    pub async fn next(&self, limit: usize) -> Vec<Id> {
        loop {
            let taken = self.take(limit);
            if !taken.is_empty() {
                return taken;
            }
            self.0.told.notified().await;
        }
    }

    /// Takes at most `limit` without waiting.
    #[must_use]
    pub fn take(&self, limit: usize) -> Vec<Id> {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = limit.min(waiting.order.len());
        let taken: Vec<Id> = waiting.order.drain(..count).map(|(id, _)| id).collect();
        for id in &taken {
            waiting.known.remove(id);
        }
        taken
    }

    /// How many wait, and for how long the first of them.
    #[must_use]
    pub fn waiting(&self) -> (usize, Duration) {
        let waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        (waiting.order.len(), waiting.order.front().map_or(Duration::ZERO, |(_, since)| since.elapsed()))
    }
}
