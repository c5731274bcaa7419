//! The text index follows the mail, box by box.

use postern_core::Timestamp;

use super::Slice;
use crate::{
    args,
    error::Result,
    mail::index::build::{self, Behind},
    store::Store,
};

/// Boxes that one slice looks at.
const BOXES: i64 = 100;

/// How far the pass over all boxes has come.
#[derive(Debug, Default)]
pub struct Indexing {
    after: i64,
    /// Folders of boxes up to `after` that are still behind.
    found: Vec<Behind>,
}

impl Indexing {
    /// Indexes a slice of one folder, or finds which of the next [`BOXES`] boxes have any behind.
    pub async fn slice(&mut self, store: &Store, now: Timestamp) -> Result<Slice> {
        if let Some(behind) = self.found.last().copied() {
            match build::slice(&store.db, &store.boxes, behind, now).await {
                Ok(0) => drop(self.found.pop()),
                Ok(done) => return Ok(Slice { done, more: true }),
                Err(error) if error.is_temporary() => return Err(error),
                // A folder that cannot be indexed is scanned, and keeps no other waiting.
                Err(error) => {
                    tracing::warn!(%error, account = behind.account.0, folder = behind.folder.0, "a folder cannot be indexed");
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
        self.found = build::behind(&store.db, &boxes, build::TAIL).await?;
        Ok(Slice { done: 0, more: true })
    }
}
