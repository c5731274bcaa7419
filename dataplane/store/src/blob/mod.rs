//! Bodies: compressed when it pays, inline while they are small, else a file or an object.
//!
//! A body is prepared before its transaction: compressed, summed, and, when it goes outside the
//! database, durable there. The row that names it comes with the commit; an object without a row
//! is an orphan that the sweeper removes after a day. Bodies are never found by their content: two
//! boxes share one only when one transaction put it in both.

mod codec;
mod folder;
mod objects;
mod sweep;

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use postern_core::{BlobId, Timestamp};

pub use self::{
    codec::Codec,
    folder::FolderBackend,
    objects::{Bucket, ObjectBackend},
    sweep::{SWEEP_SLICE, Swept, mark},
};
use crate::{
    args,
    db::{Batch, Column, Db, Row, Tx},
    error::{Result, StoreError},
};

/// Stored size up to which a body lies in the database, in bytes.
pub const DEFAULT_INLINE_MAX: usize = 256 * 1024;
/// An upload older than this may no longer be committed: the sweeper could be about to take it.
pub const UPLOAD_TTL: Duration = Duration::from_secs(3600);
/// How long an object without a row is left alone.
pub const ORPHAN_AGE: Duration = Duration::from_secs(24 * 3600);

/// Bodies outside the database that one reader fetches at the same time.
const AT_ONCE: usize = 8;

/// Where bodies go that are too large for the database.
#[async_trait]
pub trait Backend: Send + Sync + std::fmt::Debug {
    /// Writes a body; durable when it returns.
    async fn put(&self, id: BlobId, body: Bytes) -> Result<String>;
    /// Reads a body by the location that `put` gave.
    async fn get(&self, location: &str) -> Result<Bytes>;
    /// Removes a body; one that is not there is removed already.
    async fn delete(&self, location: &str) -> Result<()>;
    /// Ids and locations of everything stored before a point in time, in any order, at most `limit`.
    async fn older_than(&self, at: Timestamp, limit: usize) -> Result<Vec<(BlobId, String)>>;
    /// The same of those whose ids end in this byte: a 256th part, so that all can be gone through in bounded steps.
    async fn part_older_than(&self, part: u8, at: Timestamp) -> Result<Vec<(BlobId, String)>> {
        let mut found = self.older_than(at, usize::MAX).await?;
        found.retain(|(id, _)| id.0 & 0xff == i64::from(part));
        Ok(found)
    }
}

/// The store of bodies.
#[derive(Clone, Debug)]
pub struct Blobs {
    inline_max: usize,
    backend: Option<Arc<dyn Backend>>,
}

/// A body that is ready for a transaction.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Its id.
    pub id: BlobId,
    /// Its size before compression, in bytes.
    pub size: usize,
    /// When it was prepared; see [`UPLOAD_TTL`].
    pub at: Timestamp,
    codec: Codec,
    checksum: [u8; 32],
    location: Option<String>,
    body: Option<Vec<u8>>,
}

impl Prepared {
    /// Bytes that its row adds to a transaction.
    #[must_use]
    pub fn stored_len(&self) -> usize {
        self.body.as_ref().map_or(0, Vec::len)
    }

    /// As it will lie in the database, if it does and has at most `most` octets there.
    pub(crate) fn stored(&self, most: usize) -> Option<Stored> {
        let body = self.body.as_ref().filter(|body| body.len() <= most)?.clone();
        Some(Stored { codec: self.codec, size: self.size, checksum: self.checksum, body })
    }
}

/// A body as it lies in the database.
#[derive(Debug)]
pub(crate) struct Stored {
    codec: Codec,
    size: usize,
    checksum: [u8; 32],
    body: Vec<u8>,
}

impl Stored {
    /// Octets of it.
    pub const fn len(&self) -> usize {
        self.body.len()
    }

    /// The body again.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it is not what was stored.
    pub fn read(&self) -> Result<Bytes> {
        Ok(checked(codec::decode(self.codec, &self.body, self.size)?, &self.checksum)?.into())
    }
}

/// A body, if it has this checksum.
fn checked(body: Vec<u8>, checksum: &[u8]) -> Result<Vec<u8>> {
    if blake3::hash(&body).as_bytes()[..] == *checksum {
        Ok(body)
    } else {
        Err(StoreError::Damaged("a body does not have its checksum".into()))
    }
}

impl Blobs {
    /// Bodies of up to `inline_max` stored bytes in the database, larger ones in `backend`; without one, all in the database.
    #[must_use]
    pub fn new(inline_max: usize, backend: Option<Arc<dyn Backend>>) -> Self {
        Self { inline_max, backend }
    }

    /// Compresses and sums a body and, when it is large, writes it out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be written out.
    pub async fn prepare(&self, id: BlobId, at: Timestamp, body: &[u8]) -> Result<Prepared> {
        let checksum = *blake3::hash(body).as_bytes();
        let (codec, stored) = codec::encode(body);
        let mut prepared = Prepared { id, size: body.len(), at, codec, checksum, location: None, body: None };
        match &self.backend {
            Some(backend) if stored.len() > self.inline_max => prepared.location = Some(backend.put(id, stored.into()).await?),
            _ => prepared.body = Some(stored),
        }
        Ok(prepared)
    }

    /// Reads a body and checks its sum.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Damaged`] when the sum differs, [`StoreError::Unavailable`].
    pub async fn read(&self, db: &Db, id: BlobId) -> Result<Bytes> {
        self.read_many(db, &[id]).await?.remove(&id).unwrap_or(Err(StoreError::NotFound("body")))
    }

    /// Reads bodies in one statement, those outside the database a few at a time; each has an outcome of its own, as
    /// [`Blobs::read`] has. The caller bounds how many octets they come to.
    ///
    /// # Errors
    /// As the database says.
    pub async fn read_many(&self, db: &Db, ids: &[BlobId]) -> Result<HashMap<BlobId, Result<Bytes>>> {
        let wanted: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let sql = "SELECT id, codec, size, checksum, location, body FROM blob WHERE id = ANY($1)";
        // One body that is not large: larger ones lie elsewhere.
        let small = wanted.len() == 1 && self.backend.is_some() && self.inline_max <= DEFAULT_INLINE_MAX;
        let rows = if small { db.lookups(sql, args![&wanted]).await? } else { db.rows(sql, args![&wanted]).await? };
        let each = rows.into_iter().map(|row| async move { Ok((BlobId(row.int(0)?), self.decode(&row).await)) });
        futures_util::stream::iter(each).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// A row of `id, codec, size, checksum, location, body`, made a body again.
    async fn decode(&self, row: &Row) -> Result<Bytes> {
        let (codec, size) = (Codec::of(row.int(1)?)?, usize::try_from(row.int(2)?).unwrap_or(usize::MAX));
        let body = match (row.opt_text(4)?, &self.backend) {
            (None, _) => codec::decode(codec, row.slice(5)?, size)?,
            (Some(location), Some(backend)) => codec::decode(codec, &backend.get(&location).await?, size)?,
            (Some(_), None) => {
                return Err(StoreError::Unavailable("the body lies outside the database and no place for bodies is configured".into()));
            }
        };
        let id = BlobId(row.int(0)?);
        let body = checked(body, row.slice(3)?).map_err(|_| StoreError::Damaged(format!("body {id} does not have its checksum")))?;
        Ok(body.into())
    }

    /// Where large bodies go.
    #[must_use]
    pub fn backend(&self) -> Option<&Arc<dyn Backend>> {
        self.backend.as_ref()
    }
}

/// The statement that writes the rows of prepared bodies.
///
/// # Errors
/// [`StoreError::Refused`] when one waited longer than [`UPLOAD_TTL`].
pub fn batch(bodies: &[&Prepared], now: Timestamp) -> Result<Batch> {
    if bodies.iter().any(|b| b.location.is_some() && now.since(b.at) > UPLOAD_TTL) {
        return Err(StoreError::Refused("a body waited too long for its transaction".into()));
    }
    Ok(Batch::new(
        "INSERT INTO blob (id, codec, size, checksum, location, body) {rows}",
        [
            Column::ints(bodies.iter().map(|b| b.id.0)),
            Column::ints(bodies.iter().map(|b| b.codec as i64)),
            Column::ints(bodies.iter().map(|b| b.size as i64)),
            Column::Bytes(bodies.iter().map(|b| b.checksum.to_vec()).collect()),
            Column::OptText(bodies.iter().map(|b| b.location.clone()).collect()),
            Column::OptBytes(bodies.iter().map(|b| b.body.clone()).collect()),
        ],
    ))
}

/// Writes the rows of prepared bodies.
///
/// # Errors
/// As [`batch`]; else as the database says.
pub async fn insert(tx: &mut Tx, bodies: &[&Prepared], now: Timestamp) -> Result<()> {
    let Batch { sql, columns } = batch(bodies, now)?;
    tx.batch(sql, &columns).await.map(drop)
}
