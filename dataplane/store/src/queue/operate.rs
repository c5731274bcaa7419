//! What operators do to queued recipients: retry, hold, release, give up, discard.
//!
//! Each takes the rows' ids, `tenant` to limit them to that tenant's, and the events that tell of it;
//! returns how many rows it met. A row in a worker's hand is not called back: what the worker is
//! about to say of it still counts.

use std::collections::BTreeMap;

use postern_core::{QueueId, Timestamp};

use super::{Queue, Queued, SlotId, insert::wake, item::GIVEN_UP, settle::remove};
use crate::{
    args,
    db::{Column, Row, Tx},
    error::Result,
    trail::{self, EventRow},
    transaction,
};

/// A row that was met: itself, its message, its slot.
struct Met {
    id: i64,
    message: i64,
    slot: i64,
}

impl Met {
    fn of(row: &Row) -> Result<Self> {
        Ok(Self { id: row.int(0)?, message: row.int(1)?, slot: row.int(2)? })
    }
}

impl Queue {
    /// Makes rows due now. Held ones stay held.
    ///
    /// # Errors
    /// [`crate::StoreError`] as the database says; nothing was changed then.
    pub async fn retry_now(&self, ids: &[QueueId], tenant: Option<&str>, events: &[EventRow], now: Timestamp) -> Result<u64> {
        let (met, slots) = transaction!(self.db, |tx| {
            let met = lock(tx, ids, tenant).await?;
            tx.execute("UPDATE queue_due SET next_at = $2 WHERE id = ANY($1) AND next_at > $2", args![&rows_of(&met), now]).await?;
            let slots = wake_slots(tx, &met, now).await?;
            trail::insert(tx, events, &self.ids).await?;
            Ok((met.len(), slots))
        })?;
        self.announce(&slots);
        Ok(met as u64)
    }

    /// Takes rows out of the schedule until they are released.
    ///
    /// # Errors
    /// [`crate::StoreError`] as the database says; nothing was changed then.
    pub async fn hold(&self, ids: &[QueueId], tenant: Option<&str>, events: &[EventRow]) -> Result<u64> {
        transaction!(self.db, |tx| {
            let rows = rows_of(&lock(tx, ids, tenant).await?);
            tx.execute("UPDATE queue_recipient SET held = 1 WHERE id = ANY($1)", args![&rows]).await?;
            tx.execute("DELETE FROM queue_due WHERE id = ANY($1)", args![&rows]).await?;
            trail::insert(tx, events, &self.ids).await?;
            Ok(rows.len() as u64)
        })
    }

    /// Lets held rows go, due now.
    ///
    /// # Errors
    /// [`crate::StoreError`] as the database says; nothing was changed then.
    pub async fn release_held(&self, ids: &[QueueId], tenant: Option<&str>, events: &[EventRow], now: Timestamp) -> Result<u64> {
        let released = "UPDATE queue_recipient SET held = $2 WHERE id = ANY($1) AND held = 1 RETURNING id, message, slot";
        self.make_due(released, 0, ids, tenant, events, now).await
    }

    /// Gives rows up, held ones too: whoever takes them next does not try but tells their senders.
    ///
    /// # Errors
    /// [`crate::StoreError`] as the database says; nothing was changed then.
    pub async fn give_up(&self, ids: &[QueueId], tenant: Option<&str>, events: &[EventRow], now: Timestamp) -> Result<u64> {
        let given_up = "UPDATE queue_recipient SET held = $2 WHERE id = ANY($1) RETURNING id, message, slot";
        self.make_due(given_up, GIVEN_UP, ids, tenant, events, now).await
    }

    /// Changes what holds rows, and makes those that it met due now.
    async fn make_due(
        &self,
        change: &'static str,
        held: i64,
        ids: &[QueueId],
        tenant: Option<&str>,
        events: &[EventRow],
        now: Timestamp,
    ) -> Result<u64> {
        let (met, slots) = transaction!(self.db, |tx| {
            let rows = rows_of(&lock(tx, ids, tenant).await?);
            let met = tx.rows(change, args![&rows, held]).await?;
            let met = met.iter().map(Met::of).collect::<Result<Vec<Met>>>()?;
            // A held row is in no schedule; one that is given up may be.
            tx.batch(
                "INSERT INTO queue_due (id, slot, next_at) {rows} ON CONFLICT (id) DO UPDATE SET next_at = excluded.next_at",
                &due(&met, now),
            )
            .await?;
            let slots = wake_slots(tx, &met, now).await?;
            trail::insert(tx, events, &self.ids).await?;
            Ok((met.len(), slots))
        })?;
        self.announce(&slots);
        Ok(met as u64)
    }

    /// Throws rows away. Nobody is told but the trail.
    ///
    /// # Errors
    /// [`crate::StoreError`] as the database says; nothing was changed then.
    pub async fn discard(&self, ids: &[QueueId], tenant: Option<&str>, events: &[EventRow], now: Timestamp) -> Result<u64> {
        transaction!(self.db, |tx| {
            let gone: Vec<(i64, i64)> = lock(tx, ids, tenant).await?.iter().map(|m| (m.id, m.message)).collect();
            let mut batches = vec![remove(tx, &gone, now).await?];
            batches.extend(trail::batches(events, &self.ids));
            tx.batches(batches).await?;
            Ok(gone.len() as u64)
        })
    }
}

/// The rows that are there and the tenant's; their slots are locked against going to sleep or away.
async fn lock(tx: &mut Tx, ids: &[QueueId], tenant: Option<&str>) -> Result<Vec<Met>> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = tx
        .rows(
            "SELECT r.id, r.message, r.slot FROM queue_recipient r JOIN queue_message m ON m.id = r.message \
             WHERE r.id = ANY($1) AND ($2 IS NULL OR m.tenant = $2) ORDER BY r.id",
            args![&ids, tenant],
        )
        .await?;
    let met = rows.iter().map(Met::of).collect::<Result<Vec<Met>>>()?;
    let slots: Vec<i64> = met.iter().map(|m| m.slot).collect();
    tx.rows("SELECT id FROM queue_slot WHERE id = ANY($1) ORDER BY id FOR KEY SHARE", args![&slots]).await?;
    Ok(met)
}

async fn wake_slots(tx: &mut Tx, met: &[Met], now: Timestamp) -> Result<Queued> {
    let slots: BTreeMap<i64, i64> = met.iter().map(|m| (m.slot, now.0)).collect();
    wake(tx, &slots).await?;
    Ok(Queued { slots: slots.into_keys().map(SlotId).collect(), ..Queued::default() })
}

/// The columns of `queue_due`.
fn due(met: &[Met], at: Timestamp) -> [Column; 3] {
    [Column::ints(met.iter().map(|m| m.id)), Column::ints(met.iter().map(|m| m.slot)), Column::ints(met.iter().map(|_| at.0))]
}

fn rows_of(met: &[Met]) -> Vec<i64> {
    met.iter().map(|m| m.id).collect()
}
