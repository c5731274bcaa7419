//! Boxes as a session uses them: the functions of this folder with the store's tools in hand, and
//! every change told to those who listen.

use std::{collections::HashSet, sync::Arc, time::Duration};

use postern_core::{AccountId, Clock, FolderId, Timestamp};
use tokio::sync::broadcast;

use super::{
    FlagChange, Flags, Folder, SpecialUse, Usage,
    asked::Asked,
    cell::{CellKey, FolderCell, Opened},
    cells::Cells,
    folder, history,
    index::{
        Index,
        build::{self, Behind},
        compact, renew,
    },
    recent::Recent,
    snapshot::Snapshot,
    subscription,
    transfer::{self, Copied, Expunged, Stored},
    turns::Turns,
    viewer,
};
use crate::{
    blob::Blobs,
    changes::{Changes, Subscription},
    db::Db,
    dialect::Dialect,
    error::Result,
    ingest::{Change, Changed, Ingest, Tools, What},
};

/// How long a folder that nobody has open stays in memory.
const KEEP: Duration = Duration::from_secs(300);
/// Messages of which a change goes into the group commit; more have a transaction of their own.
const GROUPED: usize = 256;
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

    /// All folders, by name.
    ///
    /// # Errors
    /// As the database says.
    pub async fn folders(&self, account: AccountId) -> Result<Vec<Folder>> {
        folder::list(&self.db, account).await
    }

    /// All folders, and the names that are subscribed and do not exist, each by name, of one moment.
    ///
    /// # Errors
    /// As the database says.
    pub async fn folders_with_missing(&self, account: AccountId) -> Result<(Vec<Folder>, Vec<String>)> {
        subscription::list(&self.db, account).await
    }

    /// A folder by its name.
    ///
    /// # Errors
    /// As the database says.
    pub async fn folder(&self, account: AccountId, name: &str) -> Result<Option<Folder>> {
        self.asked.by_name(account, name).await
    }

    /// See [`folder::create`].
    ///
    /// # Errors
    /// As there.
    pub async fn create(&self, account: AccountId, name: &str, special_use: Option<SpecialUse>) -> Result<Folder> {
        let _turn = self.turns.of(account).await;
        let made = folder::create(&self.db, account, name, special_use).await?;
        self.changes.announce([(account, made.modseq)]);
        Ok(made)
    }

    /// See [`folder::delete`].
    ///
    /// # Errors
    /// As there.
    pub async fn delete(&self, account: AccountId, name: &str) -> Result<()> {
        let _turn = self.turns.of(account).await;
        let locked = folder::delete(&self.db, account, name, self.clock.now()).await?;
        self.changes.announce([(account, locked.modseq)]);
        Ok(())
    }

    /// See [`folder::rename`].
    ///
    /// # Errors
    /// As there.
    pub async fn rename(&self, account: AccountId, from: &str, to: &str) -> Result<()> {
        let _turn = self.turns.of(account).await;
        let locked = folder::rename(&self.db, account, from, to, self.clock.now()).await?;
        self.changes.announce([(account, locked.modseq)]);
        Ok(())
    }

    /// See [`folder::set_special_use`].
    ///
    /// # Errors
    /// As there.
    pub async fn set_special_use(&self, account: AccountId, id: FolderId, special_use: Option<SpecialUse>) -> Result<()> {
        let _turn = self.turns.of(account).await;
        let locked = folder::set_special_use(&self.db, account, id, special_use).await?;
        self.changes.announce([(account, locked.modseq)]);
        Ok(())
    }

    /// See [`subscription::subscribe`].
    ///
    /// # Errors
    /// As there.
    pub async fn set_subscribed(&self, account: AccountId, name: &str, subscribed: bool) -> Result<()> {
        let _turn = self.turns.of(account).await;
        let locked = subscription::subscribe(&self.db, account, name, subscribed).await?;
        self.changes.announce([(account, locked.modseq)]);
        Ok(())
    }

    /// Changes flags; messages whose MODSEQ is above `unchanged_since` are left and told (RFC 9051 §6.4.6, RFC 7162 §3.1.3).
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] when the account is gone; else as the database says.
    pub async fn store(
        &self,
        account: AccountId,
        folder: FolderId,
        uids: &[i64],
        change: &FlagChange,
        unchanged_since: Option<i64>,
    ) -> Result<Stored> {
        if self.joins_the_group(uids) {
            let what = What::Flags { change: change.clone(), unchanged_since };
            let Changed { modseq, changed, refused, .. } = self.group.change(Change { account, folder, uids: uids.to_vec(), what }).await?;
            return Ok(Stored { modseq, changed, refused });
        }
        let _turn = self.turns.of(account).await;
        let (stored, step) = transfer::store(&self.db, account, folder, uids, change, unchanged_since).await?;
        self.cells.advance(step);
        self.changes.announce([(account, stored.modseq)]);
        Ok(stored)
    }

    /// The same by somebody else than the owner, whose `\Seen` is their own; `None` is the owner.
    ///
    /// # Errors
    /// As [`Boxes::store`].
    pub async fn store_for(
        &self,
        account: AccountId,
        folder: FolderId,
        viewer: Option<AccountId>,
        uids: &[i64],
        change: &FlagChange,
        unchanged_since: Option<i64>,
    ) -> Result<Stored> {
        let Some(viewer) = viewer else { return self.store(account, folder, uids, change, unchanged_since).await };
        let _turn = self.turns.of(account).await;
        let stored = viewer::store(&self.db, account, folder, viewer, uids, change, unchanged_since).await?;
        self.changes.announce([(account, stored.modseq)]);
        Ok(stored)
    }

    /// Removes messages that are `\Deleted`: all of them, or those among `uids` (RFC 9051 §6.4.3, §6.4.9). The account's MODSEQ,
    /// and the UIDs that are gone.
    ///
    /// # Errors
    /// As [`Boxes::store`].
    pub async fn expunge(&self, account: AccountId, folder: FolderId, uids: Option<&[i64]>) -> Result<(i64, Vec<u32>)> {
        let deleted = self.deleted(account, folder, uids).await?;
        if let Some(deleted) = deleted.as_ref().filter(|deleted| self.joins_the_group(deleted)) {
            if deleted.is_empty() {
                return Ok((0, Vec::new()));
            }
            let change = Change { account, folder, uids: deleted.clone(), what: What::Expunge };
            let Changed { modseq, gone, .. } = self.group.change(change).await?;
            return Ok((modseq, gone));
        }
        let _turn = self.turns.of(account).await;
        let uids = deleted.as_deref().or(uids);
        let (Expunged { modseq, uids: gone }, step) = transfer::expunge(&self.db, account, folder, uids, self.clock.now()).await?;
        self.cells.advance(step);
        self.changes.announce([(account, modseq)]);
        Ok((modseq, gone))
    }

    /// Whether a change of these messages goes into the group commit. On SQLite every writer is in one already; and what takes
    /// long would keep others waiting.
    fn joins_the_group(&self, uids: &[i64]) -> bool {
        self.db.dialect() == Dialect::Postgres && uids.len() <= GROUPED
    }

    /// The messages of a folder in memory that are `\Deleted` now, those among `uids`; `None` when it is not in memory.
    async fn deleted(&self, account: AccountId, folder: FolderId, uids: Option<&[i64]>) -> Result<Option<Vec<i64>>> {
        let cell = self.cell(account, folder);
        if self.db.dialect() == Dialect::Sqlite || cell.newest().is_none() {
            return Ok(None);
        }
        let now = self.now(&cell, account, folder).await?;
        if now.folder.deleted == 0 {
            return Ok(Some(Vec::new()));
        }
        let wanted: Option<HashSet<i64>> = uids.map(|uids| uids.iter().copied().collect());
        let deleted = now.iter().filter(|entry| entry.flags.has(Flags::DELETED)).map(|entry| i64::from(entry.uid));
        Ok(Some(deleted.filter(|uid| wanted.as_ref().is_none_or(|wanted| wanted.contains(uid))).collect()))
    }

    /// A folder of an owner, in memory, as it is now: most often only its row is read, for what this process does is in memory at once.
    async fn now(&self, cell: &FolderCell, account: AccountId, folder: FolderId) -> Result<Arc<Snapshot>> {
        let row = self.asked.by_id(account, folder).await?;
        match cell.newest() {
            Some(known) if row.as_ref().is_some_and(|row| known.folder == *row) => Ok(known),
            _ => cell.refresh(&self.db).await,
        }
    }

    /// UIDs that a folder has lost above a MODSEQ; `None` when it has forgotten some of them.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] when the folder is gone; else as the database says.
    pub async fn expunged_since(&self, account: AccountId, folder: FolderId, since: i64) -> Result<Option<Vec<u32>>> {
        history::expunged_since(&self.db, account, folder, since).await
    }

    /// See [`transfer::copy`].
    ///
    /// # Errors
    /// As there.
    pub async fn copy(&self, account: AccountId, from: FolderId, uids: &[i64], to: FolderId) -> Result<Copied> {
        let _turn = self.turns.of(account).await;
        let copied = transfer::copy(&self.db, account, from, uids, to, self.clock.now()).await?;
        self.changes.announce([(account, copied.modseq)]);
        Ok(copied)
    }

    /// See [`transfer::move_to`].
    ///
    /// # Errors
    /// As there.
    pub async fn move_to(&self, account: AccountId, from: FolderId, uids: &[i64], to: FolderId) -> Result<Copied> {
        let _turn = self.turns.of(account).await;
        let copied = transfer::move_to(&self.db, account, from, uids, to, self.clock.now()).await?;
        self.changes.announce([(account, copied.modseq)]);
        Ok(copied)
    }

    /// Removes what has been in a folder since before `before`, at most `limit` messages: Trash and Junk expire so. How many.
    ///
    /// # Errors
    /// As [`Boxes::store`].
    pub async fn expire(&self, account: AccountId, folder: FolderId, before: Timestamp, limit: i64) -> Result<usize> {
        let _turn = self.turns.of(account).await;
        let Expunged { modseq, uids } = transfer::expire(&self.db, account, folder, before, limit, self.clock.now()).await?;
        self.changes.announce([(account, modseq)]);
        Ok(uids.len())
    }

    /// The text index of a folder as it is now.
    ///
    /// # Errors
    /// As the database says; a search can do without.
    pub async fn index(&self, account: AccountId, folder: FolderId) -> Result<Index> {
        Index::open(&self.db, account, folder).await
    }

    /// Asks whoever is the janitor to index a folder at once, for somebody has just searched it without.
    pub fn want_index(&self, account: AccountId, folder: FolderId) {
        let at = Behind { account, folder };
        // Nobody hears it where no janitor is; another process's does.
        let _ = self.wanted.send(at);
        self.changes.index_wanted(at);
    }

    /// Indexes what is behind the watermarks of an account's folders, all of it, and what an older version has left out; `anew` forgets
    /// first what there is. How many messages were looked at.
    ///
    /// # Errors
    /// As the database or the place of bodies says; what was written stays.
    pub async fn index_now(&self, account: AccountId, anew: bool) -> Result<u64> {
        if anew {
            build::forget(&self.db, account).await?;
        }
        let mut done = 0;
        for behind in build::behind(&self.db, &[account.0], 1).await? {
            loop {
                match build::slice(&self.db, self, behind, self.clock.now()).await? {
                    0 => break,
                    more => done += more,
                }
            }
        }
        for lacking in renew::lacking(&self.db, &[account.0]).await? {
            loop {
                match renew::slice(&self.db, self, lacking, self.clock.now()).await? {
                    0 => break,
                    more => done += more,
                }
            }
        }
        for sparse in compact::sparse(&self.db, &[account.0]).await? {
            while compact::slice(&self.db, sparse, self.clock.now()).await? > 0 {}
        }
        Ok(done)
    }

    /// What an account holds.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`]; else as the database says.
    pub async fn usage(&self, id: AccountId) -> Result<Usage> {
        self.asked.usage(id, self.clock.now()).await
    }
}
