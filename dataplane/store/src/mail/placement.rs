//! Messages in folders: flags, copies, moves and expunges, with counters that stay true.
//!
//! Every function runs in a transaction that has locked the account and writes the MODSEQ it is given.
//! However many messages one names, it is a few statements over sets; what it must know of each comes
//! as one row of lists (`columns`), for a row of its own costs ten times what is in it.

use std::collections::BTreeMap;

use postern_core::{AccountId, FolderId, Timestamp};

use super::{
    flags::{FlagChange, Flags},
    folder::{self, Folder},
    pointers,
    snapshot::Entry,
    viewer,
};
use crate::{
    args,
    db::{Column, Row, Tx},
    error::{Result, StoreError},
};

/// The statement whose one row holds all placements of a query, for [`entries`].
macro_rules! columns {
    ($($query:tt)+) => {
        concat!(
            "SELECT array_agg(uid), array_agg(message), array_agg(flags), array_agg(size), array_agg(received_at), array_agg(modseq), \
             array_agg(uid) FILTER (WHERE keywords IS NOT NULL), array_agg(keywords) FILTER (WHERE keywords IS NOT NULL), \
             array_agg(saved_at) FROM (",
            $($query)+,
            ") AS page"
        )
    };
}
pub(super) use columns;
/// How many columns [`columns`] are.
pub(super) const COLUMNS: usize = 9;

/// Reads what [`columns`] asked for, by UID.
///
/// # Errors
/// [`StoreError::Damaged`] when the lists are not of one length.
pub(super) fn entries(row: Option<&Row>) -> Result<Vec<Entry>> {
    row.map_or(Ok(Vec::new()), |row| entries_from(row, 0))
}

/// The same from the column `at` on; how many columns they are is [`COLUMNS`].
///
/// # Errors
/// As [`entries`].
pub(super) fn entries_from(row: &Row, at: usize) -> Result<Vec<Entry>> {
    let (uids, messages, flags) = (row.ints(at)?, row.ints(at + 1)?, row.ints(at + 2)?);
    let (sizes, received, modseqs, saved) = (row.ints(at + 3)?, row.ints(at + 4)?, row.ints(at + 5)?, row.ints(at + 8)?);
    if [&messages, &flags, &sizes, &received, &modseqs, &saved].iter().any(|list| list.len() != uids.len()) {
        return Err(StoreError::Damaged("placements with holes".into()));
    }
    let mut keywords: Vec<(i64, String)> = row.ints(at + 6)?.into_iter().zip(row.texts(at + 7)?).collect();
    keywords.sort_unstable();
    let number = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let mut entries = Vec::with_capacity(uids.len());
    for (at, uid) in uids.into_iter().enumerate() {
        let held = keywords.binary_search_by_key(&uid, |(uid, _)| *uid).ok().and_then(|at| keywords.get_mut(at));
        entries.push(Entry {
            uid: number(uid),
            size: number(sizes[at]),
            saved_at: u32::try_from(Timestamp(saved[at]).secs()).unwrap_or(0),
            flags: Flags(u16::try_from(flags[at] & 0xffff).unwrap_or(0)),
            keywords: held.map(|(_, words)| std::mem::take(words).into()),
            modseq: modseqs[at],
            message: messages[at],
            received_at: Timestamp(received[at]).secs(),
        });
    }
    if !entries.is_sorted_by_key(|entry| entry.uid) {
        entries.sort_unstable_by_key(|entry| entry.uid);
    }
    Ok(entries)
}

/// A placement from a row of `uid, message, flags, size, received_at, saved_at, modseq, keywords`.
///
/// # Errors
/// [`StoreError::Damaged`] when the columns are others.
pub(crate) fn entry(row: &Row) -> Result<Entry> {
    let number = |column| -> Result<u32> { Ok(u32::try_from(row.int(column)?).unwrap_or(u32::MAX)) };
    Ok(Entry {
        uid: number(0)?,
        message: row.int(1)?,
        flags: Flags(u16::try_from(row.int(2)? & 0xffff).unwrap_or(0)),
        size: number(3)?,
        received_at: Timestamp(row.int(4)?).secs(),
        saved_at: u32::try_from(Timestamp(row.int(5)?).secs()).unwrap_or(0),
        modseq: row.int(6)?,
        keywords: row.opt_text(7)?.map(Into::into),
    })
}

/// What a folder's counters change by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delta {
    /// MESSAGES.
    pub messages: i64,
    /// UNSEEN.
    pub unseen: i64,
    /// DELETED.
    pub deleted: i64,
    /// SIZE.
    pub size: i64,
    /// UIDs taken.
    pub uids: i64,
}

impl Delta {
    /// Both.
    pub fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.unseen += other.unseen;
        self.deleted += other.deleted;
        self.size += other.size;
        self.uids += other.uids;
    }

    /// A folder's row after it.
    #[must_use]
    pub fn applied_to(self, folder: &Folder, modseq: i64) -> Folder {
        let sum = |held: u32, change: i64| u32::try_from(i64::from(held) + change).unwrap_or(u32::MAX);
        Folder {
            modseq,
            uid_next: sum(folder.uid_next, self.uids),
            messages: sum(folder.messages, self.messages),
            unseen: sum(folder.unseen, self.unseen),
            deleted: sum(folder.deleted, self.deleted),
            size: folder.size + self.size,
            ..folder.clone()
        }
    }

    /// One placement with these flags comes (`1`) or goes (`-1`).
    pub fn count(&mut self, flags: Flags, size: i64, sign: i64) {
        self.messages += sign;
        self.size += sign * size;
        self.unseen += sign * i64::from(!flags.has(Flags::SEEN));
        self.deleted += sign * i64::from(flags.has(Flags::DELETED));
    }
}

/// Writes a folder's counters.
///
/// # Errors
/// As the database says.
pub async fn save_counters(tx: &mut Tx, account: AccountId, folder: FolderId, modseq: i64, delta: Delta) -> Result<()> {
    tx.execute(
        "UPDATE folder SET modseq = $3, messages = messages + $4, unseen = unseen + $5, deleted = deleted + $6, size = size + $7, \
         uid_next = uid_next + $8 WHERE account = $1 AND id = $2",
        args![account, folder, modseq, delta.messages, delta.unseen, delta.deleted, delta.size, delta.uids],
    )
    .await?;
    Ok(())
}

/// The named placements of a folder, by UID.
///
/// # Errors
/// As the database says.
pub async fn by_uids(tx: &mut Tx, account: AccountId, folder: FolderId, uids: &[i64]) -> Result<Vec<Entry>> {
    // In no order: for one, PostgreSQL may walk the whole folder and look for each UID in the list, from its beginning.
    let sql = columns!("SELECT * FROM placement WHERE account = $1 AND folder = $2 AND uid = ANY($3)");
    entries(tx.row(sql, args![account, folder, uids]).await?.as_ref())
}

/// What a change makes of placements.
#[derive(Debug, Default)]
pub struct Restamped {
    /// Those that differ now, under the new MODSEQ.
    pub changed: Vec<Entry>,
    /// UIDs of those that were changed by somebody else since.
    pub refused: Vec<u32>,
    /// What it does to the folder's counters.
    pub delta: Delta,
}

/// Decides what a change makes of placements; nothing is written.
#[must_use]
pub fn restamp(entries: Vec<Entry>, modseq: i64, change: &FlagChange, unchanged_since: Option<i64>) -> Restamped {
    let mut made = Restamped::default();
    for mut placement in entries {
        if unchanged_since.is_some_and(|since| placement.modseq > since) {
            made.refused.push(placement.uid);
            continue;
        }
        let (flags, keywords) = change.apply(placement.flags, placement.keywords.as_deref());
        if flags == placement.flags && keywords.as_deref() == placement.keywords.as_deref() {
            continue;
        }
        made.delta.unseen += i64::from(placement.flags.has(Flags::SEEN)) - i64::from(flags.has(Flags::SEEN));
        made.delta.deleted += i64::from(flags.has(Flags::DELETED)) - i64::from(placement.flags.has(Flags::DELETED));
        (placement.flags, placement.keywords, placement.modseq) = (flags, keywords.map(Into::into), modseq);
        made.changed.push(placement);
    }
    made
}

/// Writes what a change makes of placements, and the folder's counters.
///
/// # Errors
/// As the database says.
pub(super) async fn write(tx: &mut Tx, account: AccountId, folder: FolderId, modseq: i64, made: &Restamped) -> Result<()> {
    if made.changed.is_empty() {
        return Ok(());
    }
    // Most changes make the same flags of many placements: one statement for each outcome.
    let mut outcomes = BTreeMap::<(u16, Option<&str>), Vec<i64>>::new();
    for placement in &made.changed {
        outcomes.entry((placement.flags.0, placement.keywords.as_deref())).or_default().push(placement.uid.into());
    }
    for ((flags, keywords), uids) in outcomes {
        tx.execute(
            "UPDATE placement SET flags = $4, keywords = $5, modseq = $6 WHERE account = $1 AND folder = $2 AND uid = ANY($3)",
            args![account, folder, &uids, i64::from(flags), keywords, modseq],
        )
        .await?;
    }
    save_counters(tx, account, folder, modseq, made.delta).await
}

/// Those of a folder that are `\Deleted`, or those of them among `uids`, by UID.
///
/// # Errors
/// As the database says.
pub(super) async fn deleted(tx: &mut Tx, account: AccountId, folder: FolderId, uids: Option<&[i64]>) -> Result<Vec<Entry>> {
    let flag = i64::from(Flags::DELETED.0);
    let row = match uids {
        None => {
            let sql = columns!("SELECT * FROM placement WHERE account = $1 AND folder = $2 AND (flags & $3) <> 0");
            tx.row(sql, args![account, folder, flag]).await?
        }
        Some(uids) => {
            let sql = columns!("SELECT * FROM placement WHERE account = $1 AND folder = $2 AND uid = ANY($3) AND (flags & $4) <> 0");
            tx.row(sql, args![account, folder, uids, flag]).await?
        }
    };
    entries(row.as_ref())
}

/// Those that have been in a folder since before `before`, at most `limit`.
///
/// # Errors
/// As the database says.
pub(super) async fn old(tx: &mut Tx, account: AccountId, folder: FolderId, before: Timestamp, limit: i64) -> Result<Vec<Entry>> {
    let sql = columns!("SELECT * FROM placement WHERE account = $1 AND folder = $2 AND saved_at < $3 ORDER BY uid LIMIT $4");
    entries(tx.row(sql, args![account, folder, before, limit]).await?.as_ref())
}

/// Removes placements of a folder and remembers their UIDs; the messages stay for a day when this was their last placement.
/// What it does to the folder's counters, the account holds so much less.
///
/// # Errors
/// As the database says.
pub async fn expunge(tx: &mut Tx, account: AccountId, folder: FolderId, modseq: i64, gone: &[Entry], now: Timestamp) -> Result<Delta> {
    if gone.is_empty() {
        return Ok(Delta::default());
    }
    let delta = remove(tx, account, folder, modseq, gone).await?;
    let messages: Vec<i64> = gone.iter().map(|p| p.message).collect();
    pointers::release(tx, (account, folder, modseq), &messages, now).await?;
    Ok(delta)
}

/// Takes placements out of a folder, which remembers their UIDs; their messages know nothing of it.
async fn remove(tx: &mut Tx, account: AccountId, folder: FolderId, modseq: i64, gone: &[Entry]) -> Result<Delta> {
    let mut delta = Delta::default();
    gone.iter().for_each(|p| delta.count(p.flags, p.size.into(), -1));
    let uids: Vec<i64> = gone.iter().map(|p| p.uid.into()).collect();
    let all = |value: i64| Column::Int(vec![value; uids.len()]);
    let rows = [all(account.0), all(folder.0), all(modseq), Column::ints(uids.iter().copied())];
    tx.batch("INSERT INTO expunged (account, folder, modseq, uid) {rows}", &rows).await?;
    tx.execute("DELETE FROM placement WHERE account = $1 AND folder = $2 AND uid = ANY($3)", args![account, folder, &uids]).await?;
    viewer::forget(tx, account, folder, &uids).await?;
    save_counters(tx, account, folder, modseq, delta).await?;
    Ok(delta)
}

/// Puts copies of `source`, placements of the folder `from` by UID, into another folder, in order; flags and dates come along
/// (RFC 9051 §6.4.7). Returns (source, copy) UIDs.
///
/// # Errors
/// As the database says.
pub async fn copy(
    tx: &mut Tx,
    account: AccountId,
    from: FolderId,
    target: FolderId,
    modseq: i64,
    source: &[Entry],
    now: Timestamp,
) -> Result<Vec<(u32, u32)>> {
    let pairs = place(tx, account, (from, target), modseq, source, now).await?;
    pointers::hold(tx, account, source.iter().map(|p| p.message)).await?;
    Ok(pairs)
}

/// Puts `source`, placements of the folder `from` by UID, into another folder and takes them out of this one: each message
/// has as many placements as before. Returns (source, moved) UIDs.
///
/// # Errors
/// As the database says.
pub async fn shift(
    tx: &mut Tx,
    account: AccountId,
    from: FolderId,
    target: FolderId,
    modseq: i64,
    source: &[Entry],
    now: Timestamp,
) -> Result<Vec<(u32, u32)>> {
    let pairs = place(tx, account, (from, target), modseq, source, now).await?;
    remove(tx, account, from, modseq, source).await?;
    Ok(pairs)
}

async fn place(
    tx: &mut Tx,
    account: AccountId,
    (from, target): (FolderId, FolderId),
    modseq: i64,
    source: &[Entry],
    now: Timestamp,
) -> Result<Vec<(u32, u32)>> {
    let first = folder::locked(tx, account, target).await?.uid_next;
    let mut delta = Delta { uids: source.len() as i64, ..Delta::default() };
    source.iter().for_each(|p| delta.count(p.flags, p.size.into(), 1));
    let uids: Vec<i64> = source.iter().map(|p| p.uid.into()).collect();
    tx.execute(
        "INSERT INTO placement (account, folder, uid, message, flags, keywords, size, received_at, saved_at, created_modseq, modseq) \
         SELECT account, $4, $5 - 1 + row_number() OVER (ORDER BY uid + 0), message, flags, keywords, size, received_at, $6, $7, $7 \
         FROM placement WHERE account = $1 AND folder = $2 AND uid = ANY($3)",
        args![account, from, &uids, target, first, now, modseq],
    )
    .await?;
    save_counters(tx, account, target, modseq, delta).await?;
    let pairs: Vec<(u32, u32)> = source.iter().map(|p| p.uid).zip(first..).collect();
    viewer::follow(tx, account, (from, target), &pairs, modseq).await?;
    Ok(pairs)
}

/// Moves everything of one folder into another.
///
/// # Errors
/// As the database says.
pub async fn move_all(tx: &mut Tx, account: AccountId, from: FolderId, to: FolderId, modseq: i64, now: Timestamp) -> Result<()> {
    let all = columns!("SELECT * FROM placement WHERE account = $1 AND folder = $2 ORDER BY uid");
    let source = entries(tx.row(all, args![account, from]).await?.as_ref())?;
    shift(tx, account, from, to, modseq, &source, now).await.map(drop)
}

/// Removes all placements of a folder that itself goes: nobody will ask for their UIDs again. Returns bytes and messages.
///
/// # Errors
/// As the database says.
pub async fn drop_folder(tx: &mut Tx, account: AccountId, folder: FolderId, modseq: i64, now: Timestamp) -> Result<(i64, i64)> {
    let held = tx
        .row("SELECT array_agg(message), array_agg(size) FROM placement WHERE account = $1 AND folder = $2", args![account, folder])
        .await?
        .ok_or(StoreError::NotFound("folder"))?;
    let (messages, bytes) = (held.ints(0)?, held.ints(1)?.iter().sum());
    tx.execute("DELETE FROM placement WHERE account = $1 AND folder = $2", args![account, folder]).await?;
    pointers::release(tx, (account, folder, modseq), &messages, now).await?;
    tx.execute("DELETE FROM expunged WHERE account = $1 AND folder = $2", args![account, folder]).await?;
    Ok((bytes, messages.len() as i64))
}
