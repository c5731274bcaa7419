//! Messages in folders: flags, copies, moves and expunges, with counters that stay true.
//!
//! Every function runs in a transaction that has locked the account and writes the MODSEQ it is given.

use std::collections::BTreeMap;

use postern_core::{AccountId, FolderId, Timestamp};

use super::{
    flags::{FlagChange, Flags},
    folder,
};
use crate::{
    args,
    db::{Column, Row, Tx},
    error::Result,
};

/// A placement's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// UID in its folder.
    pub uid: u32,
    /// The message.
    pub message: i64,
    /// System flags.
    pub flags: Flags,
    /// Keywords.
    pub keywords: Option<String>,
    /// RFC822.SIZE in bytes.
    pub size: i64,
    /// INTERNALDATE.
    pub received_at: Timestamp,
    /// When it came into this folder (RFC 8514).
    pub saved_at: Timestamp,
    /// MODSEQ of its last change.
    pub modseq: i64,
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

/// Reads a row of `uid, message, flags, keywords, size, received_at, saved_at, modseq`.
///
/// # Errors
/// When the row is another.
pub fn placement(row: &Row) -> Result<Placement> {
    Ok(Placement {
        uid: u32::try_from(row.int(0)?).unwrap_or(u32::MAX),
        message: row.int(1)?,
        flags: Flags(u16::try_from(row.int(2)? & 0xffff).unwrap_or(0)),
        keywords: row.opt_text(3)?,
        size: row.int(4)?,
        received_at: Timestamp(row.int(5)?),
        saved_at: Timestamp(row.int(6)?),
        modseq: row.int(7)?,
    })
}

/// The named placements of a folder, by UID.
///
/// # Errors
/// As the database says.
pub async fn by_uids(tx: &mut Tx, account: AccountId, folder: FolderId, uids: &[i64]) -> Result<Vec<Placement>> {
    let sql = "SELECT uid, message, flags, keywords, size, received_at, saved_at, modseq FROM placement \
               WHERE account = $1 AND folder = $2 AND uid = ANY($3) ORDER BY uid";
    tx.rows(sql, args![account, folder, uids]).await?.iter().map(placement).collect()
}

/// Changes flags of placements that differ; those whose MODSEQ is above `unchanged_since` are left and returned second (RFC 7162 §3.1.3).
///
/// # Errors
/// As the database says.
pub async fn change_flags(
    tx: &mut Tx,
    account: AccountId,
    folder: FolderId,
    modseq: i64,
    uids: &[i64],
    change: &FlagChange,
    unchanged_since: Option<i64>,
) -> Result<(Vec<Placement>, Vec<u32>)> {
    let (mut changed, mut refused, mut delta) = (Vec::new(), Vec::new(), Delta::default());
    for mut placement in by_uids(tx, account, folder, uids).await? {
        if unchanged_since.is_some_and(|since| placement.modseq > since) {
            refused.push(placement.uid);
            continue;
        }
        let (flags, keywords) = change.apply(placement.flags, placement.keywords.as_deref());
        if flags == placement.flags && keywords == placement.keywords {
            continue;
        }
        delta.unseen += i64::from(placement.flags.has(Flags::SEEN)) - i64::from(flags.has(Flags::SEEN));
        delta.deleted += i64::from(flags.has(Flags::DELETED)) - i64::from(placement.flags.has(Flags::DELETED));
        (placement.flags, placement.keywords, placement.modseq) = (flags, keywords, modseq);
        changed.push(placement);
    }
    // Most changes make the same flags of many placements: one statement for each outcome.
    let mut outcomes = BTreeMap::<(u16, Option<&str>), Vec<i64>>::new();
    for placement in &changed {
        outcomes.entry((placement.flags.0, placement.keywords.as_deref())).or_default().push(placement.uid.into());
    }
    for ((flags, keywords), uids) in outcomes {
        tx.execute(
            "UPDATE placement SET flags = $4, keywords = $5, modseq = $6 WHERE account = $1 AND folder = $2 AND uid = ANY($3)",
            args![account, folder, &uids, i64::from(flags), keywords, modseq],
        )
        .await?;
    }
    if !changed.is_empty() {
        save_counters(tx, account, folder, modseq, delta).await?;
    }
    Ok((changed, refused))
}

/// Removes placements and remembers their UIDs; the messages stay for a day when this was their last placement.
/// Returns the UIDs removed, the bytes and the messages that the account no longer holds.
///
/// # Errors
/// As the database says.
pub async fn expunge(
    tx: &mut Tx,
    account: AccountId,
    folder: FolderId,
    modseq: i64,
    uids: &[i64],
    now: Timestamp,
) -> Result<(Vec<u32>, i64, i64)> {
    let gone = tx
        .rows(
            "DELETE FROM placement WHERE account = $1 AND folder = $2 AND uid = ANY($3) \
             RETURNING uid, message, flags, keywords, size, received_at, saved_at, modseq",
            args![account, folder, uids],
        )
        .await?;
    let mut gone = gone.iter().map(placement).collect::<Result<Vec<_>>>()?;
    gone.sort_by_key(|p| p.uid);
    if gone.is_empty() {
        return Ok((Vec::new(), 0, 0));
    }
    let mut delta = Delta::default();
    gone.iter().for_each(|p| delta.count(p.flags, p.size, -1));
    let rows = gone.len();
    tx.batch(
        "INSERT INTO expunged (account, folder, modseq, uid) {rows}",
        &[
            Column::Int(vec![account.0; rows]),
            Column::Int(vec![folder.0; rows]),
            Column::Int(vec![modseq; rows]),
            Column::ints(gone.iter().map(|p| p.uid.into())),
        ],
    )
    .await?;
    save_counters(tx, account, folder, modseq, delta).await?;
    release(tx, account, gone.iter().map(|p| p.message), now).await?;
    Ok((gone.iter().map(|p| p.uid).collect(), -delta.size, -delta.messages))
}

/// Adds a pointer to each message (`1`) or takes one (`-1`), as often as it is named; returns the messages, each once.
async fn point(tx: &mut Tx, account: AccountId, messages: impl Iterator<Item = i64>, sign: i64) -> Result<Vec<i64>> {
    let mut pointers = BTreeMap::<i64, i64>::new();
    messages.for_each(|m| *pointers.entry(m).or_default() += sign);
    tx.batch(
        "WITH r(account, id, n) AS ({rows}) UPDATE message SET placements = placements + r.n FROM r WHERE message.account = r.account AND message.id = r.id",
        &[Column::Int(vec![account.0; pointers.len()]), Column::ints(pointers.keys().copied()), Column::ints(pointers.values().copied())],
    )
    .await?;
    Ok(pointers.into_keys().collect())
}

/// Takes one pointer from each message, and marks those that have none left.
async fn release(tx: &mut Tx, account: AccountId, messages: impl Iterator<Item = i64>, now: Timestamp) -> Result<()> {
    let ids = point(tx, account, messages, -1).await?;
    tx.execute(
        "INSERT INTO dead_message (account, message, since) SELECT account, id, $3 FROM message \
         WHERE account = $1 AND id = ANY($2) AND placements <= 0 ON CONFLICT DO NOTHING",
        args![account, &ids, now],
    )
    .await?;
    Ok(())
}

/// Puts copies into another folder, in order; flags and dates come along (RFC 9051 §6.4.7). Returns (source, copy) UIDs.
///
/// # Errors
/// As the database says.
pub async fn copy(
    tx: &mut Tx,
    account: AccountId,
    target: FolderId,
    modseq: i64,
    source: &[Placement],
    now: Timestamp,
) -> Result<Vec<(u32, u32)>> {
    let first = i64::from(folder::locked(tx, account, target).await?.uid_next);
    let rows = source.len();
    let mut delta = Delta { uids: rows as i64, ..Delta::default() };
    source.iter().for_each(|p| delta.count(p.flags, p.size, 1));
    tx.batch(
        "INSERT INTO placement (account, folder, uid, message, flags, keywords, size, received_at, saved_at, created_modseq, modseq) {rows}",
        &[
            Column::Int(vec![account.0; rows]),
            Column::Int(vec![target.0; rows]),
            Column::ints((first..).take(rows)),
            Column::ints(source.iter().map(|p| p.message)),
            Column::ints(source.iter().map(|p| p.flags.0.into())),
            Column::OptText(source.iter().map(|p| p.keywords.clone()).collect()),
            Column::ints(source.iter().map(|p| p.size)),
            Column::ints(source.iter().map(|p| p.received_at.0)),
            Column::Int(vec![now.0; rows]),
            Column::Int(vec![modseq; rows]),
            Column::Int(vec![modseq; rows]),
        ],
    )
    .await?;
    point(tx, account, source.iter().map(|p| p.message), 1).await?;
    save_counters(tx, account, target, modseq, delta).await?;
    Ok(source.iter().zip(first..).map(|(p, uid)| (p.uid, u32::try_from(uid).unwrap_or(u32::MAX))).collect())
}

/// Moves everything of one folder into another.
///
/// # Errors
/// As the database says.
pub async fn move_all(tx: &mut Tx, account: AccountId, from: FolderId, to: FolderId, modseq: i64, now: Timestamp) -> Result<()> {
    let uids = tx.rows("SELECT uid FROM placement WHERE account = $1 AND folder = $2 ORDER BY uid", args![account, from]).await?;
    let uids = uids.iter().map(|row| row.int(0)).collect::<Result<Vec<_>>>()?;
    let source = by_uids(tx, account, from, &uids).await?;
    copy(tx, account, to, modseq, &source, now).await?;
    expunge(tx, account, from, modseq, &uids, now).await?;
    Ok(())
}

/// Removes all placements of a folder that itself goes: nobody will ask for their UIDs again. Returns bytes and messages.
///
/// # Errors
/// As the database says.
pub async fn drop_folder(tx: &mut Tx, account: AccountId, folder: FolderId, now: Timestamp) -> Result<(i64, i64)> {
    let gone = tx.rows("DELETE FROM placement WHERE account = $1 AND folder = $2 RETURNING message, size", args![account, folder]).await?;
    let (mut messages, mut bytes) = (Vec::with_capacity(gone.len()), 0);
    for row in &gone {
        messages.push(row.int(0)?);
        bytes += row.int(1)?;
    }
    let count = messages.len() as i64;
    release(tx, account, messages.into_iter(), now).await?;
    tx.execute("DELETE FROM expunged WHERE account = $1 AND folder = $2", args![account, folder]).await?;
    Ok((bytes, count))
}
