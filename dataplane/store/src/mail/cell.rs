//! The place of an open folder in memory: its newest [`Snapshot`], moved on from the database.
//!
//! Placements and expunges above its MODSEQ make the next one. Commits of one account are in MODSEQ
//! order, because each holds the account's lock, so nothing below the folder's MODSEQ can appear later.

use std::sync::{Arc, Mutex, PoisonError};

use postern_core::{AccountId, FolderId};

use super::{
    folder::{self, Folder},
    placement::{self, columns},
    snapshot::{CHUNK, Entry, Snapshot},
};
use crate::{
    args,
    db::Db,
    error::{Result, StoreError},
};

/// Placements read in one statement: about 1 MiB as a list.
const PAGE: i64 = 20_000;

/// The newest snapshot of one folder, shared by all who have it open.
#[derive(Debug)]
pub struct FolderCell {
    account: AccountId,
    folder: FolderId,
    newest: Mutex<Option<Arc<Snapshot>>>,
    moving: tokio::sync::Mutex<()>,
}

impl FolderCell {
    pub(crate) fn new(account: AccountId, folder: FolderId) -> Self {
        Self { account, folder, newest: Mutex::default(), moving: tokio::sync::Mutex::default() }
    }

    /// The newest snapshot that is in memory, which may be behind.
    #[must_use]
    pub fn newest(&self) -> Option<Arc<Snapshot>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The folder as it is now: loaded when it is not in memory, else moved on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the folder is gone; else as the database says.
    pub async fn refresh(&self, db: &Db) -> Result<Arc<Snapshot>> {
        let _one_at_a_time = self.moving.lock().await;
        let row = folder::by_id(db, self.account, self.folder).await?.ok_or(StoreError::NotFound("folder"))?;
        let snapshot = match self.newest() {
            Some(known) if known.folder.modseq == row.modseq && known.folder.uid_validity == row.uid_validity => {
                if known.folder == row {
                    return Ok(known);
                }
                known.under(row)
            }
            Some(known) if known.folder.uid_validity == row.uid_validity && known.folder.modseq >= row.history_floor => {
                let (changed, expunged) = self.changes(db, &known.folder).await?;
                known.moved_on(row, changed, &expunged)
            }
            _ => self.load(db, row).await?,
        };
        let snapshot = Arc::new(snapshot);
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(snapshot.clone());
        Ok(snapshot)
    }

    async fn changes(&self, db: &Db, known: &Folder) -> Result<(Vec<Entry>, Vec<u32>)> {
        let since = known.modseq;
        // What is new lies above the UIDs, what changed since it came is in an index of its own.
        let changed = db
            .row(
                columns!(
                    "SELECT * FROM placement WHERE account = $1 AND folder = $2 AND uid >= $3 \
                     UNION SELECT * FROM placement WHERE account = $1 AND folder = $2 AND modseq > $4 AND modseq > created_modseq"
                ),
                args![self.account, self.folder, known.uid_next, since],
            )
            .await?;
        let expunged = db
            .row(
                "SELECT array_agg(uid) FROM expunged WHERE account = $1 AND folder = $2 AND modseq > $3",
                args![self.account, self.folder, since],
            )
            .await?;
        let expunged = expunged.map_or(Ok(Vec::new()), |row| row.ints(0))?;
        Ok((placement::entries(changed.as_ref())?, expunged.into_iter().map(|uid| u32::try_from(uid).unwrap_or(u32::MAX)).collect()))
    }

    async fn load(&self, db: &Db, row: Folder) -> Result<Snapshot> {
        let (mut chunks, mut chunk, mut last) = (Vec::new(), Vec::with_capacity(CHUNK.min(row.messages as usize)), 0i64);
        loop {
            let page = db
                .row(
                    columns!("SELECT * FROM placement WHERE account = $1 AND folder = $2 AND uid > $3 ORDER BY uid LIMIT $4"),
                    args![self.account, self.folder, last, PAGE],
                )
                .await?;
            let page = placement::entries(page.as_ref())?;
            let is_last = (page.len() as i64) < PAGE;
            for entry in page {
                last = entry.uid.into();
                chunk.push(entry);
                if chunk.len() == CHUNK {
                    chunks.push(Arc::new(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK))));
                }
            }
            if is_last {
                break;
            }
        }
        if !chunk.is_empty() {
            chunk.shrink_to_fit();
            chunks.push(Arc::new(chunk));
        }
        Ok(Snapshot::build(row, chunks))
    }
}
