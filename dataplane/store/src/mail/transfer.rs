//! What IMAP does to messages, one transaction each: STORE, EXPUNGE, COPY, MOVE.
//!
//! Each returns the account's new MODSEQ with its result, so that the caller can tell the others.

use postern_core::{AccountId, FolderId, Timestamp};

use super::{
    flags::{FlagChange, Flags},
    folder, lock, placement,
    snapshot::Entry,
};
use crate::{args, db::Db, error::Result, transaction};

/// A STORE's outcome.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The account's MODSEQ; unchanged when nothing was.
    pub modseq: i64,
    /// Placements that changed, as they are now.
    pub changed: Vec<Entry>,
    /// UIDs left alone because of UNCHANGEDSINCE.
    pub refused: Vec<u32>,
}

/// Changes flags (RFC 9051 §6.4.6, RFC 7162 §3.1.3).
///
/// # Errors
/// [`crate::StoreError::NotFound`] when the account is gone; else as the database says.
pub async fn store(
    db: &Db,
    account: AccountId,
    folder: FolderId,
    uids: &[i64],
    change: &FlagChange,
    unchanged_since: Option<i64>,
) -> Result<Stored> {
    transaction!(db, |tx| {
        let locked = lock(tx, account).await?;
        let (changed, refused) = placement::change_flags(tx, account, folder, locked.modseq, uids, change, unchanged_since).await?;
        if changed.is_empty() {
            return Ok(Stored { modseq: locked.modseq - 1, changed, refused });
        }
        locked.save(tx, 0, 0).await?;
        Ok(Stored { modseq: locked.modseq, changed, refused })
    })
}

/// Removes placements that are `\Deleted`: all of them, or those among `uids` (RFC 9051 §6.4.3, §6.4.9).
///
/// # Errors
/// As [`store`].
pub async fn expunge(db: &Db, account: AccountId, folder: FolderId, uids: Option<&[i64]>, now: Timestamp) -> Result<(i64, Vec<u32>)> {
    // Most that is asked to be expunged is empty: its counter knows, and nobody waits for a turn to write.
    match folder::by_id(db, account, folder).await? {
        Some(row) if row.deleted > 0 => {}
        other => return Ok((other.map_or(0, |row| row.modseq), Vec::new())),
    }
    transaction!(db, |tx| {
        let locked = lock(tx, account).await?;
        let sql = "SELECT array_agg(uid) FROM placement WHERE account = $1 AND folder = $2 AND (flags & $3) <> 0";
        let deleted = tx.row(sql, args![account, folder, i64::from(Flags::DELETED.0)]).await?;
        let mut deleted = deleted.map_or(Ok(Vec::new()), |row| row.ints(0))?;
        if let Some(uids) = uids {
            let wanted: std::collections::HashSet<i64> = uids.iter().copied().collect();
            deleted.retain(|uid| wanted.contains(uid));
        }
        let (gone, bytes, messages) = placement::expunge(tx, account, folder, locked.modseq, &deleted, now).await?;
        if gone.is_empty() {
            return Ok((locked.modseq - 1, gone));
        }
        locked.save(tx, -bytes, -messages).await?;
        Ok((locked.modseq, gone))
    })
}

/// A COPY's or MOVE's outcome, for COPYUID (RFC 4315).
#[derive(Clone, Debug)]
pub struct Copied {
    /// The account's MODSEQ.
    pub modseq: i64,
    /// UIDVALIDITY of the target.
    pub uid_validity: u32,
    /// (source, copy), by source.
    pub uids: Vec<(u32, u32)>,
}

/// Copies messages into another folder, all or none (RFC 9051 §6.4.7).
///
/// # Errors
/// [`crate::StoreError::NotFound`] for the target (`TRYCREATE`); [`crate::StoreError::OverQuota`].
pub async fn copy(db: &Db, account: AccountId, from: FolderId, uids: &[i64], to: FolderId, now: Timestamp) -> Result<Copied> {
    transaction!(db, |tx| {
        let locked = lock(tx, account).await?;
        let uid_validity = folder::locked(tx, account, to).await?.uid_validity;
        let source = placement::by_uids(tx, account, from, uids).await?;
        if source.is_empty() {
            return Ok(Copied { modseq: locked.modseq - 1, uid_validity, uids: Vec::new() });
        }
        let bytes = source.iter().map(|p| i64::from(p.size)).sum();
        locked.admit(bytes)?;
        let uids = placement::copy(tx, account, from, to, locked.modseq, &source, now).await?;
        locked.save(tx, bytes, source.len() as i64).await?;
        Ok(Copied { modseq: locked.modseq, uid_validity, uids })
    })
}

/// Moves messages into another folder, all or none (RFC 6851): the copy and the expunge are one commit.
///
/// # Errors
/// [`crate::StoreError::NotFound`] for the target.
pub async fn move_to(db: &Db, account: AccountId, from: FolderId, uids: &[i64], to: FolderId, now: Timestamp) -> Result<Copied> {
    transaction!(db, |tx| {
        let locked = lock(tx, account).await?;
        let uid_validity = folder::locked(tx, account, to).await?.uid_validity;
        let source = placement::by_uids(tx, account, from, uids).await?;
        if source.is_empty() {
            return Ok(Copied { modseq: locked.modseq - 1, uid_validity, uids: Vec::new() });
        }
        let uids = placement::shift(tx, account, from, to, locked.modseq, &source, now).await?;
        locked.save(tx, 0, 0).await?;
        Ok(Copied { modseq: locked.modseq, uid_validity, uids })
    })
}

/// Removes what has been in a folder since before `before`, at most `limit` placements: Trash and Junk expire so.
///
/// # Errors
/// As [`store`].
pub async fn expire(
    db: &Db,
    account: AccountId,
    folder: FolderId,
    before: Timestamp,
    limit: i64,
    now: Timestamp,
) -> Result<(i64, Vec<u32>)> {
    transaction!(db, |tx| {
        let locked = lock(tx, account).await?;
        let sql = "SELECT uid FROM placement WHERE account = $1 AND folder = $2 AND saved_at < $3 ORDER BY uid LIMIT $4";
        let old = tx.rows(sql, args![account, folder, before, limit]).await?;
        let old = old.iter().map(|row| row.int(0)).collect::<Result<Vec<_>>>()?;
        let (gone, bytes, messages) = placement::expunge(tx, account, folder, locked.modseq, &old, now).await?;
        if !gone.is_empty() {
            locked.save(tx, -bytes, -messages).await?;
        }
        Ok((locked.modseq - i64::from(gone.is_empty()), gone))
    })
}
