//! Boxes as a session uses them: the functions of this folder with the store's tools in hand, and
//! every change told to those who listen.

mod folders;
mod indexing;
mod messages;
mod open;

use std::{sync::Arc, time::Duration};

use postern_core::{AccountId, Clock};
use tokio::sync::broadcast;

use super::{
    Usage,
    asked::Asked,
    cell::{CellKey, FolderCell},
    cells::Cells,
    index::build::Behind,
    recent::Recent,
    turns::Turns,
};
use crate::{
    blob::Blobs,
    changes::{Changes, Subscription},
    db::Db,
    error::Result,
    ingest::{Ingest, Tools},
};

/// How long a folder that nobody has open stays in memory.
const KEEP: Duration = Duration::from_secs(300);
/// Entries that folders which nobody has open may hold together: about 60 MiB.
const KEEP_ENTRIES: u64 = 1_000_000;

/// All boxes of the database. Clones share the folders in memory.
#[derive(Clone)]
pub struct Boxes {
    pub(super) db: Db,
    pub(super) blobs: Blobs,
    changes: Changes,
    clock: Arc<dyn Clock>,
    turns: Turns,
    cells: Cells,
    asked: Asked,
    pub(super) recent: Recent,
    group: Ingest,
    warm: moka::sync::Cache<CellKey, Arc<FolderCell>>,
    wanted: broadcast::Sender<Behind>,
}

impl Boxes {
    pub(crate) fn new(tools: &Tools, blobs: Blobs, group: Ingest, wanted: broadcast::Sender<Behind>) -> Self {
        let Tools { db, clock, changes, cells, recent, .. } = tools.clone();
        let warm = moka::sync::Cache::builder()
            .max_capacity(KEEP_ENTRIES)
            .weigher(|_, cell: &Arc<FolderCell>| cell.newest().map_or(1, |s| u32::try_from(s.len()).unwrap_or(u32::MAX).max(1)))
            .time_to_idle(KEEP)
            .build();
        let (turns, asked) = (Turns::new(db.dialect()), Asked::start(db.clone()));
        Self { db, blobs, changes, clock, turns, cells, asked, recent, group, warm, wanted }
    }

    /// Listens for an account's changes.
    #[must_use]
    pub fn subscribe(&self, account: AccountId) -> Subscription {
        self.changes.subscribe(account)
    }

    /// What an account holds.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`]; else as the database says.
    pub async fn usage(&self, id: AccountId) -> Result<Usage> {
        self.asked.usage(id, self.clock.now()).await
    }
}
