//! What waits for one destination from one source, and how many couriers work on it.

use std::{
    collections::VecDeque,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use postern_core::DomainName;
use postern_store::queue::{PoolKey, QueueItem, QueuedMessage, SlotId};
use tokio::{sync::Notify, time::sleep};

use super::lease::Lease;
use crate::deliver::remote::source::Sources;

/// Recipients of one transaction at most: as many as any server must take (RFC 5321 §4.5.3.1.8).
pub(super) const JOB_RECIPIENTS: usize = 100;

/// One message for some recipients of one domain.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) message: Arc<QueuedMessage>,
    /// One at least, [`JOB_RECIPIENTS`] at most.
    pub(super) items: Vec<QueueItem>,
    pub(super) lease: Arc<Lease>,
}

impl Job {
    /// Takes the job out of the hand untried: it is handed out again.
    pub(super) fn give_back(self) {
        self.lease.done(self.items.iter().map(|item| item.id).collect());
    }
}

/// Names a lane.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct LaneKey {
    pub(super) slot: SlotId,
    pub(super) sources: Sources,
}

/// Jobs that couriers take in order.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) pool: Option<PoolKey>,
    pub(super) domain: DomainName,
    pub(super) sources: Sources,
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct State {
    jobs: VecDeque<Job>,
    couriers: u32,
    idle: usize,
    /// Couriers with a session that stands.
    standing: u32,
    closed: bool,
}

impl Lane {
    pub(super) fn new(pool: Option<PoolKey>, domain: DomainName, sources: Sources) -> Self {
        Self { pool, domain, sources, state: Mutex::default(), arrived: Notify::new() }
    }

    /// Adds a job; whether another courier is to be sent, of `most`.
    #[must_use]
    pub(super) fn push(&self, job: Job, most: u32) -> bool {
        let mut state = self.state();
        state.jobs.push_back(job);
        let more = state.jobs.len() > state.idle && state.couriers < most.max(1);
        state.couriers += u32::from(more);
        drop(state);
        self.arrived.notify_one();
        more
    }

    /// The next job for a courier. `None` is: leave, you are no longer counted. Waits for up to `idle`, or until `closing`.
    pub(super) async fn next(&self, idle: Duration, closing: impl Future<Output = ()>) -> Option<Job> {
        tokio::pin!(closing);
        let late = sleep(idle);
        tokio::pin!(late);
        loop {
            {
                let mut state = self.state();
                if let Some(job) = state.jobs.pop_front() {
                    return Some(job);
                }
                if state.closed || idle.is_zero() {
                    state.couriers -= 1;
                    return None;
                }
                state.idle += 1;
            }
            let over = tokio::select! {
                () = self.arrived.notified() => false,
                () = &mut late => true,
                () = &mut closing => true,
            };
            let mut state = self.state();
            state.idle -= 1;
            if over {
                let job = state.jobs.pop_front();
                state.couriers -= u32::from(job.is_none());
                return job;
            }
        }
    }

    /// A courier leaves and puts its job back for those whose sessions stand. Without such colleagues it keeps the job.
    pub(super) fn hand_over(&self, job: Job) -> Result<(), Job> {
        let mut state = self.state();
        // A session may stand whose courier is leaving: what counts is that somebody stays.
        if state.standing == 0 || state.couriers < 2 {
            return Err(job);
        }
        state.jobs.push_front(job);
        state.couriers -= 1;
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// A session of this lane stands, until the guard goes.
    pub(super) fn stand(self: &Arc<Self>) -> Standing {
        self.state().standing += 1;
        Standing(self.clone())
    }

    /// All that waits.
    pub(super) fn take_all(&self) -> Vec<Job> {
        self.state().jobs.drain(..).collect()
    }

    /// No courier begins another job. What waited is given back.
    pub(super) fn close(&self) {
        let jobs: Vec<Job> = {
            let mut state = self.state();
            state.closed = true;
            state.jobs.drain(..).collect()
        };
        self.arrived.notify_waiters();
        jobs.into_iter().for_each(Job::give_back);
    }

    /// Whether nobody works here and nothing waits.
    pub(super) fn is_deserted(&self) -> bool {
        let state = self.state();
        state.couriers == 0 && state.jobs.is_empty()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session stands.
#[derive(Debug)]
pub(super) struct Standing(Arc<Lane>);

impl Drop for Standing {
    fn drop(&mut self) {
        self.0.state().standing -= 1;
    }
}
