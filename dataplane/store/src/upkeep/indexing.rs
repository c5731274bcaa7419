//! The text index follows the mail, box by box.

use postern_core::Timestamp;

use super::Slice;
use crate::{
    args,
    error::{Result, StoreError},
    mail::index::{
        build::{self, Behind},
        compact, renew,
    },
    store::Store,
};

/// Boxes that one slice looks at.
const BOXES: i64 = 100;

/// How far the pass over all boxes has come.
#[derive(Debug, Default)]
pub struct Indexing {
    after: i64,
    /// What is left to do in boxes up to `after`.
    found: Vec<Work>,
}

/// What a folder needs.
#[derive(Clone, Copy, Debug)]
enum Work {
    /// Messages behind the watermark are to be added.
    Behind(Behind),
    /// Segments hold little that is still there.
    Sparse(Behind),
    /// An older version has left out what is attached.
    Lacking(Behind),
}

impl Indexing {
    /// Does a slice of what one folder needs, or finds which of the next [`BOXES`] boxes need any.
    pub async fn slice(&mut self, store: &Store, now: Timestamp) -> Result<Slice> {
        if let Some(work) = self.found.last().copied() {
            let (at, done) = match work {
                Work::Behind(at) => (at, build::slice(&store.db, &store.boxes, at, now).await),
                Work::Sparse(at) => (at, compact::slice(&store.db, at, now).await),
                Work::Lacking(at) => (at, renew::slice(&store.db, &store.boxes, at, now).await),
            };
            match done {
                Ok(0) => drop(self.found.pop()),
                Ok(done) => return Ok(Slice { done, more: true }),
                Err(error) if error.is_temporary() => return Err(error),
                Err(error) => {
                    tell(&error, at);
                    self.found.pop();
                }
            }
            return Ok(Slice { done: 0, more: true });
        }
        let rows =
            store.db.rows("SELECT id FROM account WHERE id > $1 AND state = 0 ORDER BY id LIMIT $2", args![self.after, BOXES]).await?;
        let boxes = rows.iter().map(|row| row.int(0)).collect::<Result<Vec<_>>>()?;
        self.after = boxes.last().copied().unwrap_or(0);
        if boxes.is_empty() {
            return Ok(Slice::default());
        }
        // From the last to the first: what is behind goes before.
        self.found = renew::lacking(&store.db, &boxes).await?.into_iter().map(Work::Lacking).collect();
        self.found.extend(compact::sparse(&store.db, &boxes).await?.into_iter().map(Work::Sparse));
        self.found.extend(build::behind(&store.db, &boxes, build::TAIL).await?.into_iter().map(Work::Behind));
        Ok(Slice { done: 0, more: true })
    }
}

/// A folder that cannot be indexed is scanned, and keeps no other waiting.
pub(super) fn tell(error: &StoreError, at: Behind) {
    tracing::warn!(%error, account = at.account.0, folder = at.folder.0, "a folder cannot be indexed");
}
