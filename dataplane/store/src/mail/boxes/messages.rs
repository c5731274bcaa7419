//! Changes of messages: flags, removal, copies. What is small joins the group commit on PostgreSQL, the rest has a transaction
//! of its own, in turn with the account.
//!
//! It exists so that a change is announced, and moves the folders in memory on, whichever way it went. It must not tell of a change
//! before its commit.

use std::collections::HashSet;

use postern_core::{AccountId, FolderId, Timestamp};

use super::Boxes;
use crate::{
    dialect::Dialect,
    error::Result,
    ingest::{Change, Changed, What},
    mail::{
        FlagChange, Flags, history,
        transfer::{self, Copied, Expunged, Stored},
        viewer,
    },
};

/// Messages of which a change goes into the group commit; more have a transaction of their own.
const GROUPED: usize = 256;

impl Boxes {
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
}
