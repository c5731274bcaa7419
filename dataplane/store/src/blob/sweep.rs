//! Mark and sweep: what nothing points to any more goes, a slice at a time, a day later.
//!
//! Marking is done where a pointer goes (`dead_message`, `dead_blob`). Sweeping looks again: a body
//! that a message or a queued mail still names stays, and its mark goes.

use std::time::Duration;

use postern_core::{BlobId, Timestamp};

use super::{Backend, Blobs, ORPHAN_AGE};
use crate::{
    args,
    db::{Column, Db},
    error::Result,
    transaction,
};

/// Rows looked at in one transaction, so that a delivery never waits long behind the sweeper.
pub const SWEEP_SLICE: i64 = 200;

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Messages without a placement.
    pub messages: u64,
    /// Bodies that nothing named.
    pub bodies: u64,
    /// Objects without a row.
    pub orphans: u64,
}

impl Blobs {
    /// One slice of a sweep: messages and bodies marked more than `age` ago. Call again while it removes anything.
    ///
    /// # Errors
    /// As the database or the place of bodies says; what was removed stays removed.
    pub async fn sweep(&self, db: &Db, now: Timestamp, age: Duration) -> Result<Swept> {
        let before = now - age;
        let messages = sweep_messages(db, before, now).await?;
        let (bodies, locations) = sweep_bodies(db, before).await?;
        if let Some(backend) = &self.backend {
            // After the commit: an object left behind by a crash here is an orphan, found below.
            for location in locations {
                backend.delete(&location).await?;
            }
        }
        Ok(Swept { messages, bodies, orphans: 0 })
    }

    /// Removes objects older than [`ORPHAN_AGE`] that no row names, at most `limit` looked at.
    ///
    /// # Errors
    /// As the database or the place of bodies says.
    pub async fn sweep_orphans(&self, db: &Db, now: Timestamp, limit: usize) -> Result<Swept> {
        let Some(backend) = &self.backend else { return Ok(Swept::default()) };
        remove_orphans(backend.as_ref(), db, backend.older_than(now - ORPHAN_AGE, limit).await?).await
    }

    /// The same of a 256th part of all objects, those whose ids end in this byte: all parts, one after the other, are all objects.
    ///
    /// # Errors
    /// As the database or the place of bodies says.
    pub async fn sweep_orphans_in(&self, db: &Db, part: u8, now: Timestamp) -> Result<Swept> {
        let Some(backend) = &self.backend else { return Ok(Swept::default()) };
        remove_orphans(backend.as_ref(), db, backend.part_older_than(part, now - ORPHAN_AGE).await?).await
    }
}

async fn remove_orphans(backend: &dyn Backend, db: &Db, found: Vec<(BlobId, String)>) -> Result<Swept> {
    let mut swept = Swept::default();
    for slice in found.chunks(500) {
        let ids: Vec<i64> = slice.iter().map(|(id, _)| id.0).collect();
        let rows = db.rows("SELECT id, location FROM blob WHERE id = ANY($1)", args![&ids]).await?;
        let mut named = std::collections::HashSet::new();
        for row in rows {
            named.insert((BlobId(row.int(0)?), row.opt_text(1)?.unwrap_or_default()));
        }
        for (id, location) in slice {
            if !named.contains(&(*id, location.clone())) {
                backend.delete(location).await?;
                swept.orphans += 1;
            }
        }
    }
    Ok(swept)
}

async fn sweep_messages(db: &Db, before: Timestamp, now: Timestamp) -> Result<u64> {
    let marked =
        db.rows("SELECT account, message FROM dead_message WHERE since < $1 ORDER BY since LIMIT $2", args![before, SWEEP_SLICE]).await?;
    let mut by_account = std::collections::BTreeMap::<i64, Vec<i64>>::new();
    for row in marked {
        by_account.entry(row.int(0)?).or_default().push(row.int(1)?);
    }
    let mut removed = 0;
    for (account, messages) in by_account {
        removed += transaction!(db, |tx| {
            // The account's lock keeps a COPY from taking a new pointer between the look and the removal.
            tx.row("SELECT id FROM account WHERE id = $1 FOR UPDATE", args![account]).await?;
            let gone = tx
                .rows(
                    "DELETE FROM message WHERE account = $1 AND id = ANY($2) AND placements <= 1 RETURNING blob",
                    args![account, &messages],
                )
                .await?;
            let mut blobs = Vec::with_capacity(gone.len());
            for row in &gone {
                blobs.push(row.int(0)?);
            }
            mark(tx, &blobs, now).await?;
            tx.execute("DELETE FROM dead_message WHERE account = $1 AND message = ANY($2)", args![account, &messages]).await?;
            Ok(gone.len() as u64)
        })?;
    }
    Ok(removed)
}

/// Marks bodies that may have lost their last pointer.
///
/// # Errors
/// As the database says.
pub async fn mark(tx: &mut crate::db::Tx, blobs: &[i64], now: Timestamp) -> Result<()> {
    let columns = [Column::ints(blobs.iter().copied()), Column::Int(vec![now.0; blobs.len()])];
    tx.batch("INSERT INTO dead_blob (blob, since) {rows} ON CONFLICT (blob) DO NOTHING", &columns).await.map(drop)
}

async fn sweep_bodies(db: &Db, before: Timestamp) -> Result<(u64, Vec<String>)> {
    transaction!(db, |tx| {
        let marked = tx
            .rows("SELECT blob FROM dead_blob WHERE since < $1 ORDER BY since LIMIT $2 FOR UPDATE SKIP LOCKED", args![before, SWEEP_SLICE])
            .await?;
        let mut ids = Vec::with_capacity(marked.len());
        for row in &marked {
            ids.push(row.int(0)?);
        }
        let gone = tx
            .rows(
                "DELETE FROM blob WHERE id = ANY($1) AND NOT EXISTS (SELECT 1 FROM message m WHERE m.blob = blob.id) \
                 AND NOT EXISTS (SELECT 1 FROM queue_message q WHERE q.blob = blob.id) RETURNING location",
                args![&ids],
            )
            .await?;
        tx.execute("DELETE FROM dead_blob WHERE blob = ANY($1)", args![&ids]).await?;
        let mut locations = Vec::new();
        for row in &gone {
            locations.extend(row.opt_text(0)?);
        }
        Ok((gone.len() as u64, locations))
    })
}
