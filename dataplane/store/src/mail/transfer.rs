//! What IMAP does to messages, one transaction each: STORE, EXPUNGE, COPY, MOVE.
//!
//! Each returns the account's new MODSEQ with its result, so that the caller can tell the others; STORE and EXPUNGE return
//! also how they move on a folder that is in memory, so that nobody reads again what was just written.

use std::collections::{BTreeMap, HashSet};

use postern_core::{AccountId, FolderId, Timestamp};

use super::{cells::Step, flags::FlagChange, folder, lock, placement, snapshot::Entry};
use crate::{db::Db, error::Result, transaction};

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

/// An EXPUNGE's outcome.
#[derive(Clone, Debug, Default)]
pub struct Expunged {
    /// The account's MODSEQ; unchanged when nothing was.
    pub modseq: i64,
    /// UIDs that are gone, ascending.
    pub uids: Vec<u32>,
}

/// Changes flags (RFC 9051 §6.4.6, RFC 7162 §3.1.3).
///
/// # Errors
/// [`crate::StoreError::NotFound`] when the account is gone; else as the database says.
pub(super) async fn store(
    db: &Db,
    account: AccountId,
    folder: FolderId,
    uids: &[i64],
    change: &FlagChange,
    unchanged_since: Option<i64>,
) -> Result<(Stored, Option<Step>)> {
    transaction!(db, |tx| {
        let locked = lock(tx, account).await?;
        let named = placement::by_uids(tx, account, folder, uids).await?;
        let made = placement::restamp(named, locked.modseq, change, unchanged_since);
        if made.changed.is_empty() {
            return Ok((Stored { modseq: locked.modseq - 1, changed: made.changed, refused: made.refused }, None));
        }
        let before = folder::locked(tx, account, folder).await?;
        placement::write(tx, account, folder, locked.modseq, &made).await?;
        locked.save(tx, 0, 0).await?;
        let after = made.delta.applied_to(&before, locked.modseq);
        let changed = made.changed.iter().map(|entry| (entry.uid, entry.clone())).collect();
        let step = Step { account, before, after, changed, gone: Vec::new(), modseq: locked.modseq };
        Ok((Stored { modseq: locked.modseq, changed: made.changed, refused: made.refused }, Some(step)))
    })
}

/// Removes placements that are `\Deleted`: all of them, or those among `uids` (RFC 9051 §6.4.3, §6.4.9).
///
/// # Errors
/// As [`store`].
pub(super) async fn expunge(
    db: &Db,
    account: AccountId,
    folder: FolderId,
    uids: Option<&[i64]>,
    now: Timestamp,
) -> Result<(Expunged, Option<Step>)> {
    let nothing = |modseq| (Expunged { modseq, uids: Vec::new() }, None);
    // Most that is asked to be expunged is empty: its counter knows, and nobody waits for a turn to write.
    let row = match folder::by_id(db, account, folder).await? {
        Some(row) if row.deleted > 0 => row,
        other => return Ok(nothing(other.map_or(0, |row| row.modseq))),
    };
    // Most of a folder is found sooner by looking at all of it.
    let few = uids.filter(|uids| uids.len() <= row.messages as usize / 4);
    transaction!(db, |tx| {
        let locked = lock(tx, account).await?;
        let mut gone = placement::deleted(tx, account, folder, few).await?;
        if let (Some(uids), None) = (uids, few) {
            let wanted: HashSet<i64> = uids.iter().copied().collect();
            gone.retain(|entry| wanted.contains(&entry.uid.into()));
        }
        if gone.is_empty() {
            return Ok(nothing(locked.modseq - 1));
        }
        let before = folder::locked(tx, account, folder).await?;
        let delta = placement::expunge(tx, account, folder, locked.modseq, &gone, now).await?;
        locked.save(tx, delta.size, delta.messages).await?;
        let uids: Vec<u32> = gone.iter().map(|entry| entry.uid).collect();
        let after = delta.applied_to(&before, locked.modseq);
        let step = Step { account, before, after, changed: BTreeMap::new(), gone: uids.clone(), modseq: locked.modseq };
        Ok((Expunged { modseq: locked.modseq, uids }, Some(step)))
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
pub(super) async fn expire(
    db: &Db,
    account: AccountId,
    folder: FolderId,
    before: Timestamp,
    limit: i64,
    now: Timestamp,
) -> Result<Expunged> {
    transaction!(db, |tx| {
        let locked = lock(tx, account).await?;
        let gone = placement::old(tx, account, folder, before, limit).await?;
        let delta = placement::expunge(tx, account, folder, locked.modseq, &gone, now).await?;
        if !gone.is_empty() {
            locked.save(tx, delta.size, delta.messages).await?;
        }
        Ok(Expunged { modseq: locked.modseq - i64::from(gone.is_empty()), uids: gone.iter().map(|entry| entry.uid).collect() })
    })
}
