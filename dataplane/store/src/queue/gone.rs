//! Leases of senders that are gone: free soon after their process died, and never while it lives.
//!
//! Leases are long, for no answer to a final dot may come after their end. So whoever dies leaves mail that would wait that
//! long. A sender counts as gone when both are true: its row has not changed for [`DEAD_AFTER`] by the watch of who looks (clocks are
//! not compared), and the connection that it keeps open to show that it is there is closed
//! ([`attest`](crate::directory::process::attest)): one that is paused, or whose database was away, keeps what it holds.
//!
//! The other half is the sender's: no final dot goes out under a lease that was not had or renewed within
//! [`SURE`](super::SURE), which is shorter than that, and having and renewing are signs of life.

use std::{collections::HashMap, time::Duration};

use postern_core::Timestamp;

use super::{Queue, WorkerId, slot::release_in};
use crate::{
    args,
    dialect::Dialect,
    directory::process::{self, DEAD_AFTER},
    error::Result,
    transaction,
};

/// After a longer pause between two calls everybody's watch begins anew: it may have been the database that was away.
const MISSED: Duration = Duration::from_secs(15);

/// One looker's notes on who was there.
#[derive(Debug, Default)]
pub struct RollCall {
    seen: HashMap<i64, Seen>,
    called: Option<Timestamp>,
}

/// What is known of a process.
#[derive(Debug)]
struct Seen {
    /// What its row said.
    seen_at: i64,
    /// Since when it says so, by our clock.
    since: Timestamp,
    /// It is gone, and nothing is left to give back.
    buried: bool,
}

impl RollCall {
    /// Gives back what senders held that are gone, and says how many slots. To be called every
    /// [`HEARTBEAT`](crate::directory::process::HEARTBEAT). On SQLite it does nothing: there is no other process.
    ///
    /// # Errors
    /// [`crate::StoreError`] as the database says; every watch begins anew then.
    pub async fn call(&mut self, queue: &Queue, now: Timestamp) -> Result<u64> {
        if queue.db.dialect() == Dialect::Sqlite {
            return Ok(0);
        }
        let result = self.look(queue, now).await;
        self.called = result.is_ok().then_some(now);
        result
    }

    async fn look(&mut self, queue: &Queue, now: Timestamp) -> Result<u64> {
        if self.called.is_none_or(|at| now < at || now.since(at) > MISSED) {
            self.seen.clear();
        }
        let mut there = HashMap::new();
        for (id, seen_at) in process::serving(&queue.db).await? {
            let known = self.seen.remove(&id).filter(|seen| seen.seen_at == seen_at);
            there.insert(id, known.unwrap_or(Seen { seen_at, since: now, buried: false }));
        }
        self.seen = there;
        let mut freed = 0;
        for (id, seen) in self.seen.iter_mut().filter(|(_, seen)| !seen.buried && now.since(seen.since) >= DEAD_AFTER) {
            if let Some(slots) = queue.bury(WorkerId(*id), Some(seen.seen_at)).await? {
                seen.buried = slots == 0;
                freed += slots;
            }
        }
        Ok(freed)
    }
}

impl Queue {
    /// Gives back what a sender held, unless its process shows that it lives: by its connection, or by a row that no
    /// longer says `seen_at`. `None` then; else how many slots. Those in somebody's hand just now are left for the next call.
    /// On SQLite the data folder's lock has shown that it is gone.
    ///
    /// # Errors
    /// [`crate::StoreError`] as the database says; nothing is given back then.
    pub async fn bury(&self, worker: WorkerId, seen_at: Option<i64>) -> Result<Option<u64>> {
        transaction!(self.db, |tx| {
            if self.db.dialect() == Dialect::Postgres && !process::is_gone(tx, worker.0).await? {
                return Ok(None);
            }
            if let Some(seen_at) = seen_at {
                // Until the commit its signs of life wait; they never wait for slots that this transaction has.
                let same = "SELECT id FROM process WHERE id = $1 AND seen_at = $2 FOR NO KEY UPDATE";
                if tx.row(same, args![worker.0, seen_at]).await?.is_none() {
                    return Ok(None);
                }
            }
            release_in(tx, worker).await.map(Some)
        })
    }
}
