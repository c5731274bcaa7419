//! The queue: a row for every recipient that another server is to take.
//!
//! The unit of work is the *slot*: a pool and a recipient domain. A sender leases slots, by the
//! database's clock, and then has every due row of them to itself ([`Queue::lease`],
//! [`Queue::due`]); what came of a row is a [`Settlement`] that names the lease's token, so that a
//! sender that slept through its lease changes nothing. What a sender held that died is given back ([`RollCall`]). Settlements are committed in groups
//! ([`Settler`]).
//!
//! What holds, and what each statement relies on:
//! - No row of a slot is due before the slot's `wake_at`. Inserting takes `FOR KEY SHARE` on the
//!   slot and lowers `wake_at` when it must; only [`Queue::park`] raises it, under `FOR UPDATE`,
//!   so no wake-up is lost. A busy slot's row is not written by a delivery.
//! - Locks are taken in the order slots, messages, rows, each by id.
//! - A body whose last recipient is settled is marked; the sweeper looks again.
//!
//! This module must not know how a mail is sent nor when it is tried again.

mod due;
mod gone;
mod insert;
mod inspect;
mod item;
mod operate;
mod settle;
mod settler;
mod slot;

use std::sync::{Arc, Mutex, PoisonError};

use postern_core::IdSource;
use tokio::sync::Notify;

pub use self::{
    gone::RollCall,
    insert::{Queued, insert, prepare},
    inspect::{Depth, Destination, Listed, QueueFilter},
    item::{NewMessage, PoolKey, QueueItem, QueuedMessage},
    settle::{Deferral, Fate, Settled, Settlement, settle_in},
    settler::Settler,
    slot::{LEASE, SURE, Slot, SlotId, Token, WorkerId},
};
use crate::db::Db;

/// The queue of one database. Clones share the hints.
#[derive(Clone)]
pub struct Queue {
    db: Db,
    ids: IdSource,
    hints: Arc<Hints>,
}

#[derive(Default)]
struct Hints {
    slots: Mutex<Vec<SlotId>>,
    notify: Notify,
}

/// Slots remembered until a sender asks; beyond them it asks the database anyway.
const MAX_HINTS: usize = 4096;

impl Queue {
    /// The queue in `db`.
    #[must_use]
    pub fn new(db: Db, ids: IdSource) -> Self {
        Self { db, ids, hints: Arc::default() }
    }

    /// Tells this process's senders that slots have new work. Call after the commit.
    pub fn announce(&self, queued: &Queued) {
        if queued.slots.is_empty() {
            return;
        }
        let mut slots = self.hints.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MAX_HINTS.saturating_sub(slots.len());
        slots.extend(queued.slots.iter().take(room));
        drop(slots);
        self.hints.notify.notify_one();
    }

    /// Waits until there is new work, and says in which slots. A hint: it may be empty, repeat
    /// itself or name a slot that another worker holds. For one waiter at a time.
    pub async fn announced(&self) -> Vec<SlotId> {
        self.hints.notify.notified().await;
        let mut slots = std::mem::take(&mut *self.hints.slots.lock().unwrap_or_else(PoisonError::into_inner));
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    /// Wakes the waiter without naming a slot: the hint of another process came.
    pub fn nudge(&self) {
        self.hints.notify.notify_one();
    }
}
