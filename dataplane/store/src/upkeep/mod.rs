//! What nobody waits for: retention, sweeping, graces that end, history that is forgotten.
//!
//! Each task does one bounded slice and says whether there is more, so that no delivery waits long
//! behind it. [`Janitor::step`] runs one slice of what is due, in turn, so that a task with much to
//! do holds up no other; of several processes on one database only the holder of [`Lease`] does so.
//!
//! This module must not decide what is kept: a domain's record says it, or [`Policy`].

mod agenda;
mod erase;
mod expiry;
mod history;
mod indexing;
mod lease;
pub mod recount;
mod storage;
mod wanted;

use std::time::Duration;

use postern_core::Timestamp;

use self::{agenda::Agenda, expiry::Expiry, history::History, indexing::Indexing, storage::Storage, wanted::Wanted};
pub use self::{
    agenda::Task,
    lease::{LEASE, Lease},
};
use crate::{
    directory::{Directory, change, process},
    error::{Result, StoreError},
    mail::pointers,
    store::Store,
    trail::retention,
    transaction,
};

/// Rows that one slice changes at most: about 20 ms of SQLite's one writer.
const SLICE: i64 = 200;
/// Positions of the directory whose changes are remembered; a reader that is further behind forgets everything.
const POSITIONS: i64 = 1_000;
/// Positions that one slice forgets.
const POSITIONS_SLICE: i64 = 50;

/// How long things are kept where no record says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Mail in Trash, since it came there.
    pub trash: Duration,
    /// Mail in Junk, since it came there.
    pub junk: Duration,
    /// The trail.
    pub trail: Duration,
    /// Messages and bodies that nothing names any more: an open session may still read them.
    pub dead: Duration,
    /// Expunges that a folder remembers for clients that come back (RFC 7162); beyond them they resynchronise.
    pub expunges: u32,
}

impl Default for Policy {
    /// 30 days, a day for what is dead, 2 000 expunges.
    fn default() -> Self {
        let month = Duration::from_secs(30 * 86_400);
        Self { trash: month, junk: month, trail: month, dead: Duration::from_secs(86_400), expunges: 2_000 }
    }
}

/// What one slice did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// Rows or things that went.
    pub done: u64,
    /// Whether another slice would find more now.
    pub more: bool,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The task; `None` when nothing was due, or another process is the janitor.
    pub task: Option<Task>,
    /// What came of it.
    pub slice: Slice,
    /// When to step again.
    pub next: Timestamp,
}

/// The janitor of one process. Its place in each task is in memory: whoever takes over begins anew.
pub struct Janitor {
    store: Store,
    directory: Directory,
    policy: Policy,
    lease: Lease,
    agenda: Agenda,
    expiry: Expiry,
    history: History,
    indexing: Indexing,
    storage: Storage,
    wanted: Wanted,
    /// The part of the place of bodies whose turn it is.
    part: u8,
}

impl Janitor {
    /// Everything is due at once.
    #[must_use]
    pub fn new(store: Store, directory: Directory, policy: Policy) -> Self {
        let wanted = Wanted::hear(&store);
        Self {
            store,
            directory,
            policy,
            lease: Lease::default(),
            agenda: Agenda::default(),
            expiry: Expiry::default(),
            history: History::default(),
            indexing: Indexing::default(),
            storage: Storage::default(),
            wanted,
            part: 0,
        }
    }

    /// One slice of one task, if this process is the janitor and something is due.
    ///
    /// # Errors
    /// As the database or the place of bodies says. The task is put off for a while; step again after a pause.
    pub async fn step(&mut self, now: Timestamp) -> Result<Report> {
        if !self.lease.hold(&self.store.db, now).await? {
            self.wanted.forget();
            return Ok(Report { task: None, slice: Slice::default(), next: now + LEASE / 2 });
        }
        if self.wanted.listen() {
            self.agenda.hasten(Task::Wanted, now);
        }
        let Some(task) = self.agenda.due(now) else {
            return Ok(Report { task: None, slice: Slice::default(), next: self.agenda.next(now) });
        };
        let slice = match self.run(task, now).await {
            // Somebody is in the way, a backup perhaps: it is tried again as after a failure, and is none.
            Err(StoreError::Conflict(_)) => {
                self.agenda.failed(task, now);
                Slice::default()
            }
            Err(error) => {
                self.agenda.failed(task, now);
                return Err(error);
            }
            Ok(slice) => {
                self.agenda.done(task, slice.more, now);
                slice
            }
        };
        Ok(Report { task: Some(task), slice, next: self.agenda.next(now) })
    }

    /// Waits until somebody searches a folder whose text index is far behind: [`Janitor::step`] sees to it at once.
    pub async fn wanted(&mut self) {
        self.wanted.asked().await;
    }

    /// Lets another process be the janitor at once.
    ///
    /// # Errors
    /// As the database says; the lease ends by itself then.
    pub async fn leave(&mut self) -> Result<()> {
        self.lease.release(&self.store.db).await
    }

    async fn run(&mut self, task: Task, now: Timestamp) -> Result<Slice> {
        let Self { store, directory, policy, .. } = self;
        match task {
            Task::Days => made(retention::ensure_partitions(&store.db, now).await?.unsigned_abs()),
            Task::Trail => until_nothing(retention::expire(&store.db, (now - policy.trail).day()).await?),
            Task::Expiry => self.expiry.slice(store, policy, now).await,
            Task::Graces => erase::slice(store, directory, now).await,
            Task::History => self.history.slice(&store.db, policy.expunges).await,
            Task::Index => self.indexing.slice(store, now).await,
            Task::Wanted => self.wanted.slice(store, now).await,
            Task::Sweep => {
                let settled = pointers::settle(&store.db).await?;
                let swept = store.blobs.sweep(&store.db, now, policy.dead).await?;
                until_nothing(settled + swept.messages + swept.bodies)
            }
            Task::Orphans => {
                let swept = store.blobs.sweep_orphans_in(&store.db, self.part, now).await?;
                self.part = self.part.wrapping_add(1);
                Ok(Slice { done: swept.orphans, more: self.part != 0 && store.blobs.backend().is_some() })
            }
            Task::Storage => self.storage.slice(store, directory).await,
            Task::Queue => until_nothing(store.queue.sweep_slots(u32::try_from(SLICE).unwrap_or(u32::MAX), now).await?),
            Task::Changes => changes(store).await,
            Task::Processes => made(process::prune(&store.db, now).await?),
        }
    }
}

/// Forgets changes of the directory that every reader has applied long ago.
async fn changes(store: &Store) -> Result<Slice> {
    let last = change::position(&store.db).await? - POSITIONS;
    transaction!(store.db, |tx| {
        let row = tx.row("SELECT MIN(position) FROM directory_change", &[]).await?;
        let Some(first) = row.map(|row| row.opt_int(0)).transpose()?.flatten().filter(|first| *first <= last) else {
            return Ok(Slice::default());
        };
        let to = last.min(first + POSITIONS_SLICE);
        Ok(Slice { done: change::prune(tx, to).await?, more: to < last })
    })
}

const fn made(done: u64) -> Result<Slice> {
    Ok(Slice { done, more: false })
}

const fn until_nothing(done: u64) -> Result<Slice> {
    Ok(Slice { done, more: done > 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dead_outlives_what_is_being_uploaded() {
        assert!(Policy::default().dead >= crate::blob::UPLOAD_TTL);
    }
}
