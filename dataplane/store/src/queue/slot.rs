//! Slots and their leases.
//!
//! A lease is measured by the database's clock and named by a token. Whoever holds one has the
//! slot's rows to itself until it gives the slot back, or lets the lease lapse and another takes it.

use std::{collections::HashSet, time::Duration};

use postern_core::{DomainName, QueueId, Timestamp};

use super::{
    PoolKey, Queue,
    insert::NEVER,
    item::{pool_of, pool_text},
};
use crate::{
    args,
    db::{Row, Tx},
    dialect::Dialect,
    directory::process,
    error::{Result, StoreError},
    transaction,
};

/// How long a lease lasts unless renewed: longer than the ten minutes that a server may take to answer the final dot
/// (RFC 5321 §4.5.3.2.6), so that a lease renewed each minute outlasts any one transaction.
pub const LEASE: Duration = Duration::from_secs(12 * 60);
/// For how long after it was had or renewed a lease is certainly its holder's: shorter than what a process may be unheard of
/// before it counts as gone ([`super::RollCall`]). No final dot later than that without asking again.
pub const SURE: Duration = Duration::from_secs(20);

/// A slot: a pool and a recipient domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(pub i64);

/// Names one lease of a slot; a slot never has the same one twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token(pub i64);

/// Names a worker: the number of its process, of which each has one at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkerId(pub i64);

/// A leased slot, as its holder keeps it.
#[derive(Debug)]
pub struct Slot {
    /// The slot.
    pub id: SlotId,
    /// Where its mail leaves from; `None` is the host's own addresses.
    pub pool: Option<PoolKey>,
    /// Where its mail goes.
    pub domain: DomainName,
    /// The lease.
    pub token: Token,
    /// When the lease lapses, by the clock that `now` was read from before the database was asked. Send no final dot
    /// with less left than the answer to it may take.
    pub until: Timestamp,
    /// When the last row handed out was due: what is well before it is not read again at each call.
    pub(super) cursor: i64,
    /// When the slot was last read from its beginning.
    pub(super) read_at: Option<Timestamp>,
    pub(super) taken: HashSet<QueueId>,
}

impl Slot {
    /// Rows handed out and not yet settled.
    #[must_use]
    pub fn in_hand(&self) -> usize {
        self.taken.len()
    }

    /// Tells that a row of this slot was settled, whatever came of it.
    pub fn settled(&mut self, id: QueueId) {
        self.taken.remove(&id);
    }
}

impl Queue {
    /// Leases at most `max` slots that have work and no holder, those first that have waited longest; `pools` limits them
    /// to some pools. Read `now` before the call.
    ///
    /// # Errors
    /// [`StoreError`] as the database says; nothing is leased then.
    pub async fn lease(
        &self,
        worker: WorkerId,
        pools: Option<&[PoolKey]>,
        max: u32,
        length: Duration,
        now: Timestamp,
    ) -> Result<Vec<Slot>> {
        let names: Vec<String> = pools.unwrap_or_default().iter().map(|pool| pool_text(Some(pool))).collect();
        let token = Token(self.ids.next());
        let rows = transaction!(self.db, |tx| {
            let rows = tx
                .rows(
                    "SELECT id, pool, domain FROM queue_slot WHERE wake_at <= db_clock($1) AND until <= db_clock($1) \
                     AND ($2 = 0 OR pool = ANY($3)) ORDER BY wake_at, id LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED",
                    args![now, i64::from(pools.is_some()), &names, max],
                )
                .await?;
            let mut ids = Vec::with_capacity(rows.len());
            for row in &rows {
                ids.push(row.int(0)?);
            }
            if !ids.is_empty() {
                process::show(tx, worker.0, now).await?;
                tx.execute(
                    "UPDATE queue_slot SET worker = $2, token = $3, until = db_clock($4) + $5 WHERE id = ANY($1)",
                    args![&ids, worker.0, token.0, now, micros(length)],
                )
                .await?;
            }
            Ok(rows)
        })?;
        let mut slots = Vec::with_capacity(rows.len());
        for row in &rows {
            match slot_of(row, token, now + length) {
                Ok(slot) => slots.push(slot),
                // It stays leased, and is tried again when that has lapsed: the others must not wait for it.
                Err(error @ StoreError::Damaged(_)) => tracing::error!(%error, "a destination of the queue cannot be read"),
                Err(error) => return Err(error),
            }
        }
        Ok(slots)
    }

    /// Renews leases, also lapsed ones that nobody took. Returns the slots that another holds now: stop sending for
    /// those and forget them.
    ///
    /// # Errors
    /// [`StoreError`] as the database says; the leases run on as they were.
    pub async fn renew(&self, worker: WorkerId, slots: &mut [&mut Slot], length: Duration, now: Timestamp) -> Result<Vec<SlotId>> {
        let (ids, tokens) = names(slots.iter().map(|slot| &**slot));
        let kept = transaction!(self.db, |tx| {
            process::show(tx, worker.0, now).await?;
            let rows = tx
                .rows(
                    "UPDATE queue_slot SET until = db_clock($4) + $5 WHERE id IN (SELECT id FROM queue_slot \
                     WHERE id = ANY($1) AND token = ANY($2) AND worker = $3 ORDER BY id FOR NO KEY UPDATE) RETURNING id, token",
                    args![&ids, &tokens, worker.0, now, micros(length)],
                )
                .await?;
            rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect::<Result<Vec<(i64, i64)>>>()
        })?;
        let mut lost = Vec::new();
        for slot in slots {
            if kept.contains(&(slot.id.0, slot.token.0)) {
                slot.until = now + length;
            } else {
                lost.push(slot.id);
            }
        }
        Ok(lost)
    }

    /// Gives back slots in which nothing is due, until their next row is. Returns those that are no longer the caller's;
    /// the others are just getting new mail and stay leased. Settle what is in hand before.
    ///
    /// # Errors
    /// [`StoreError`] as the database says; nothing is given back then.
    pub async fn park(&self, slots: &[&Slot]) -> Result<Vec<SlotId>> {
        let (ids, tokens) = names(slots.iter().copied());
        let kept = transaction!(self.db, |tx| {
            // Never waits, so it cannot be part of a deadlock; whoever is inserting just now holds the key share.
            let free = ids_of(
                &tx.rows(
                    "SELECT id FROM queue_slot WHERE id = ANY($1) AND token = ANY($2) ORDER BY id FOR UPDATE SKIP LOCKED",
                    args![&ids, &tokens],
                )
                .await?,
            )?;
            // A statement of its own, so that it sees what was committed before the lock was had.
            tx.execute(
                "UPDATE queue_slot SET worker = 0, token = 0, until = 0, \
                 wake_at = COALESCE((SELECT MIN(d.next_at) FROM queue_due d WHERE d.slot = queue_slot.id), $2) WHERE id = ANY($1)",
                args![&free, NEVER],
            )
            .await?;
            ids_of(&tx.rows("SELECT id FROM queue_slot WHERE id = ANY($1) AND token = ANY($2)", args![&ids, &tokens]).await?)
        })?;
        Ok(slots.iter().map(|slot| slot.id).filter(|id| !kept.contains(&id.0)).collect())
    }

    /// Gives back every slot of a worker at once: the last act of a drain. Settlements in hand are refused from then on.
    ///
    /// # Errors
    /// [`StoreError`] as the database says; the leases lapse by themselves then.
    pub async fn release(&self, worker: WorkerId) -> Result<u64> {
        transaction!(self.db, |tx| {
            tx.execute(
                "UPDATE queue_slot SET worker = 0, token = 0, until = 0 WHERE id IN \
                 (SELECT id FROM queue_slot WHERE worker = $1 ORDER BY id FOR NO KEY UPDATE)",
                args![worker.0],
            )
            .await
        })
    }

    /// Voids the leases of an earlier life of this process. On SQLite the data folder's lock proves that nobody else
    /// holds any; on PostgreSQL it does nothing.
    ///
    /// # Errors
    /// [`StoreError`] as the database says.
    pub async fn forget_leases(&self) -> Result<u64> {
        if self.db.dialect() == Dialect::Postgres {
            return Ok(0);
        }
        transaction!(self.db, |tx| { tx.execute("UPDATE queue_slot SET worker = 0, token = 0, until = 0 WHERE worker <> 0", &[]).await })
    }

    /// When the first slot without a holder has work: until then [`Queue::lease`] finds nothing, unless mail is queued.
    /// In the past when there is work now; `None` when nothing waits.
    ///
    /// # Errors
    /// [`StoreError`] as the database says.
    pub async fn next_wake(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        let row = self.db.row("SELECT wake_at FROM queue_slot WHERE until <= db_clock($1) ORDER BY wake_at LIMIT 1", args![now]).await?;
        Ok(row.map(|row| row.int(0)).transpose()?.filter(|at| *at != NEVER).map(Timestamp))
    }

    /// Removes at most `limit` slots in which nothing waits, and says how many: work for the janitor.
    ///
    /// # Errors
    /// [`StoreError`] as the database says.
    pub async fn sweep_slots(&self, limit: u32, now: Timestamp) -> Result<u64> {
        transaction!(self.db, |tx| { sweep(tx, limit, now).await })
    }
}

fn slot_of(row: &Row, token: Token, until: Timestamp) -> Result<Slot> {
    let damaged = |why: &dyn std::fmt::Display| StoreError::Damaged(format!("queue_slot: {why}"));
    Ok(Slot {
        id: SlotId(row.int(0)?),
        pool: pool_of(row.str(1)?).map_err(|e| damaged(&e))?,
        domain: DomainName::parse(row.str(2)?).map_err(|e| damaged(&e))?,
        token,
        until,
        cursor: i64::MIN,
        read_at: None,
        taken: HashSet::new(),
    })
}

/// Gives back what a worker holds, but for slots that are in somebody's hand: it never waits.
pub(super) async fn release_in(tx: &mut Tx, worker: WorkerId) -> Result<u64> {
    tx.execute(
        "UPDATE queue_slot SET worker = 0, token = 0, until = 0 WHERE id IN \
         (SELECT id FROM queue_slot WHERE worker = $1 ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)",
        args![worker.0],
    )
    .await
}

async fn sweep(tx: &mut Tx, limit: u32, now: Timestamp) -> Result<u64> {
    let idle = ids_of(
        &tx.rows(
            "SELECT id FROM queue_slot WHERE wake_at = $1 AND until <= db_clock($2) ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED",
            args![NEVER, now, limit],
        )
        .await?,
    )?;
    // Looks again under the lock: a held row wakes nobody.
    tx.execute(
        "DELETE FROM queue_slot WHERE id = ANY($1) AND NOT EXISTS (SELECT 1 FROM queue_recipient r WHERE r.slot = queue_slot.id)",
        args![&idle],
    )
    .await
}

fn names<'a>(slots: impl Iterator<Item = &'a Slot>) -> (Vec<i64>, Vec<i64>) {
    slots.map(|slot| (slot.id.0, slot.token.0)).unzip()
}

fn ids_of(rows: &[Row]) -> Result<Vec<i64>> {
    rows.iter().map(|row| row.int(0)).collect()
}

fn micros(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX / 4)
}
