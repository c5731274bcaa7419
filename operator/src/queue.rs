//! Work by object: each waits once, however often it is asked for, and the first asked for is the first served; but what
//! comes in bulk, a hundred thousand boxes after a start, does not stand in the way of all else.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use crate::watch::{Id, Kind};

/// So many boxes and aliases asked for at once are somebody's change; more are bulk.
const FEW: usize = 16;

/// A queue. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Queue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    told: Notify,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    First,
    Bulk,
}

#[derive(Debug, Default)]
struct Waiting {
    first: VecDeque<(Id, Instant)>,
    /// What was asked for alone afterwards stands in both lanes, and counts in the first.
    bulk: VecDeque<(Id, Instant)>,
    known: HashMap<Id, Lane>,
}

impl Queue {
    /// Asks for objects.
    pub fn push(&self, ids: impl IntoIterator<Item = Id>) {
        let ids: Vec<Id> = ids.into_iter().collect();
        if ids.is_empty() {
            return;
        }
        let (many, now) = (ids.len() > FEW, Instant::now());
        let mut waiting = self.waiting_now();
        for id in ids {
            let lane = if many && matches!(id.kind, Kind::Mailbox | Kind::Alias) { Lane::Bulk } else { Lane::First };
            match (waiting.known.get(&id), lane) {
                (Some(Lane::First), _) | (Some(Lane::Bulk), Lane::Bulk) => {}
                (_, Lane::First) => {
                    waiting.known.insert(id.clone(), lane);
                    waiting.first.push_back((id, now));
                }
                (None, Lane::Bulk) => {
                    waiting.known.insert(id.clone(), lane);
                    waiting.bulk.push_back((id, now));
                }
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

    /// Takes at most `limit` without waiting; a quarter of it is the bulk's, however much else there is.
    #[must_use]
    pub fn take(&self, limit: usize) -> Vec<Id> {
        let mut waiting = self.waiting_now();
        let reserved = waiting.bulk.len().min(limit / 4);
        let mut taken = Vec::new();
        while taken.len() < limit - reserved
            && let Some((id, _)) = waiting.first.pop_front()
        {
            taken.push(id);
        }
        while taken.len() < limit
            && let Some((id, _)) = waiting.bulk.pop_front()
        {
            if waiting.known.get(&id) == Some(&Lane::Bulk) {
                taken.push(id);
            }
        }
        for id in &taken {
            waiting.known.remove(id);
        }
        taken
    }

    /// How many wait, and for how long the first of them.
    #[must_use]
    pub fn waiting(&self) -> (usize, Duration) {
        let waiting = self.waiting_now();
        let since = [waiting.first.front(), waiting.bulk.front()].into_iter().flatten().map(|(_, since)| since.elapsed());
        (waiting.known.len(), since.max().unwrap_or_default())
    }

    fn waiting_now(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxes(range: std::ops::Range<usize>) -> Vec<Id> {
        range.map(|n| Id::new(Kind::Mailbox, "acme", &n.to_string())).collect()
    }

    #[test]
    fn a_change_and_every_domain_go_before_a_bulk_of_boxes_and_the_bulk_goes_on() {
        let queue = Queue::default();
        queue.push(boxes(0..100));
        let domain = Id::new(Kind::Domain, "acme", "example-org");
        queue.push([domain.clone()]);
        // One that waits in the bulk already is somebody's change now.
        queue.push(boxes(50..51));
        assert_eq!(queue.waiting().0, 101);
        let taken = queue.take(8);
        assert_eq!(taken[..2], [domain, boxes(50..51).remove(0)]);
        assert_eq!(taken[2..], boxes(0..6));
        queue.push((0..100).map(|n| Id::new(Kind::Domain, "acme", &n.to_string())));
        let kinds = queue.take(8).into_iter().filter(|id| id.kind == Kind::Mailbox).count();
        assert_eq!(kinds, 2, "a quarter");
        let mut rest = 0;
        while let taken @ 1.. = queue.take(8).len() {
            rest += taken;
        }
        assert_eq!(rest, 99 - 6 - 2 + 100 - 6, "each once");
        assert_eq!(queue.waiting(), (0, Duration::ZERO));
    }
}
