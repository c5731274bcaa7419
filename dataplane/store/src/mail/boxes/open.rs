//! Folders in memory: opened, moved on, and kept for a while when nobody has them open any more.
//!
//! It exists so that all sessions of a folder share what was read of it. It must not change anything in the database.

use std::sync::Arc;

use postern_core::{AccountId, FolderId};

use super::Boxes;
use crate::{
    error::Result,
    mail::{
        Folder,
        cell::{FolderCell, Opened},
        snapshot::Snapshot,
    },
};

impl Boxes {
    /// The shared place of a folder in memory; nothing is read yet.
    #[must_use]
    pub fn cell(&self, account: AccountId, folder: FolderId) -> Arc<FolderCell> {
        self.cell_for(account, folder, None)
    }

    /// The same for somebody else than the owner, who sees what they have seen themselves.
    #[must_use]
    pub fn cell_for(&self, account: AccountId, folder: FolderId, viewer: Option<AccountId>) -> Arc<FolderCell> {
        self.cells.cell((account, folder, viewer))
    }

    /// The folder as it is now, in memory.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] when it is gone; else as the database says.
    pub async fn snapshot(&self, cell: &Arc<FolderCell>) -> Result<Arc<Snapshot>> {
        let snapshot = cell.refresh(&self.db).await?;
        self.warm.insert(cell.key(), cell.clone());
        Ok(snapshot)
    }

    /// Opens a folder whose row was just read: what is in memory, or what comes into it.
    ///
    /// # Errors
    /// As [`Boxes::snapshot`].
    pub async fn open(&self, cell: &Arc<FolderCell>, row: Folder) -> Result<Opened> {
        let opened = cell.open(&self.db, row).await?;
        if let Opened::Here(_) = opened {
            self.warm.insert(cell.key(), cell.clone());
        }
        Ok(opened)
    }

    /// Keeps a folder whose entries have come for a while after the last session has left it.
    pub fn keep(&self, cell: &Arc<FolderCell>) {
        self.warm.insert(cell.key(), cell.clone());
    }

    /// Moves an open folder on and returns it as it is now.
    ///
    /// # Errors
    /// As [`Boxes::snapshot`].
    pub async fn refresh(&self, cell: &FolderCell) -> Result<Arc<Snapshot>> {
        cell.refresh(&self.db).await
    }

    /// The folder as it is at this MODSEQ of its account or later: read only if it is not in memory so far.
    ///
    /// # Errors
    /// As [`Boxes::snapshot`].
    pub async fn refresh_to(&self, cell: &FolderCell, modseq: i64) -> Result<Arc<Snapshot>> {
        cell.refresh_to(&self.db, modseq).await
    }

    /// A folder of an owner, in memory, as it is now: most often only its row is read, for what this process does is in memory at once.
    pub(super) async fn now(&self, cell: &FolderCell, account: AccountId, folder: FolderId) -> Result<Arc<Snapshot>> {
        let row = self.asked.by_id(account, folder).await?;
        match cell.newest() {
            Some(known) if row.as_ref().is_some_and(|row| known.folder == *row) => Ok(known),
            _ => cell.refresh(&self.db).await,
        }
    }
}
