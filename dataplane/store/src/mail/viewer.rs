//! A folder as somebody else than its owner sees it: `\Seen` is each reader's own (RFC 4314 §4, RFC 3501 §2.3.2).
//!
//! The owner's `\Seen` stands with the placement. Another's is a row in `seen_by`, with the MODSEQ at which it last changed, so
//! that a reader who comes back learns of exactly that (RFC 7162). A message without a row has not been seen. All other flags
//! are one for all who may use the folder.
//!
//! ```text
//! placement  uid flags modseq ┐
//!                             ├─► Entry: the placement's flags, the reader's \Seen, the higher MODSEQ
//! seen_by    uid seen  modseq ┘
//! ```
//! Readers' own flags move the folder's MODSEQ on as any change does; the others then look and find nothing.

use postern_core::{AccountId, FolderId};

use super::{
    flags::{FlagChange, Flags},
    lock,
    placement::{self, Delta, columns, entries},
    snapshot::Entry,
    transfer::Stored,
};
use crate::{
    args,
    db::{Column, Db, Row, Tx},
    error::Result,
    transaction,
};

/// [`columns`] of placements as viewer `$3` sees them; the rest says which of the placements `p`.
macro_rules! viewed {
    ($which:literal) => {
        columns!(concat!(
            "SELECT p.uid, p.message, CASE WHEN s.seen = 1 THEN p.flags | 1 ELSE p.flags & ~1 END AS flags, p.size, p.received_at, \
             CASE WHEN s.modseq > p.modseq THEN s.modseq ELSE p.modseq END AS modseq, p.keywords, p.saved_at FROM placement p \
             LEFT JOIN seen_by s ON s.account = p.account AND s.folder = p.folder AND s.uid = p.uid AND s.viewer = $3 \
             WHERE p.account = $1 AND p.folder = $2 AND ",
            $which
        ))
    };
}

/// Some of the entries, for a snapshot that is loaded page by page: above `last`, at most `limit`.
pub(super) const PAGE: &str = viewed!("p.uid > $4 ORDER BY p.uid LIMIT $5");

/// What is new from a UID on, and what has changed above a MODSEQ, for anybody or for the viewer alone.
///
/// # Errors
/// As the database says.
pub(super) async fn changes(
    db: &Db,
    account: AccountId,
    folder: FolderId,
    viewer: AccountId,
    from: u32,
    since: i64,
) -> Result<Option<Row>> {
    let sql = viewed!(
        "p.uid IN (SELECT uid FROM placement WHERE account = $1 AND folder = $2 AND uid >= $4 \
         UNION SELECT uid FROM placement WHERE account = $1 AND folder = $2 AND modseq > $5 AND modseq > created_modseq \
         UNION SELECT uid FROM seen_by WHERE viewer = $3 AND account = $1 AND folder = $2 AND modseq > $5)"
    );
    db.row(sql, args![account, folder, viewer, from, since]).await
}

/// How many messages of a folder a viewer has seen.
///
/// # Errors
/// As the database says.
pub(super) async fn seen(db: &Db, account: AccountId, folder: FolderId, viewer: AccountId) -> Result<u32> {
    let sql = "SELECT count(*) FROM seen_by WHERE viewer = $1 AND account = $2 AND folder = $3 AND seen = 1";
    let count = db.row(sql, args![viewer, account, folder]).await?.map_or(Ok(0), |row| row.int(0))?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// STORE by a viewer (RFC 9051 §6.4.6, RFC 7162 §3.1.3): `\Seen` for the viewer alone, all else for everybody.
///
/// # Errors
/// As [`super::transfer::store`].
pub(super) async fn store(
    db: &Db,
    account: AccountId,
    folder: FolderId,
    viewer: AccountId,
    uids: &[i64],
    change: &FlagChange,
    unchanged_since: Option<i64>,
) -> Result<Stored> {
    transaction!(db, |tx| {
        let locked = lock(tx, account).await?;
        let before = by_uids(tx, account, folder, viewer, uids).await?;
        let (refused, open): (Vec<Entry>, Vec<Entry>) =
            before.into_iter().partition(|entry| unchanged_since.is_some_and(|since| entry.modseq > since));
        let refused = refused.iter().map(|entry| entry.uid).collect();
        let uids: Vec<i64> = open.iter().map(|entry| entry.uid.into()).collect();
        for (uids, change) in for_everybody(tx, account, folder, &uids, change).await? {
            let made = placement::restamp(placement::by_uids(tx, account, folder, &uids).await?, locked.modseq, &change, None);
            placement::write(tx, account, folder, locked.modseq, &made).await?;
        }
        if let Some(seen) = seen_after(change) {
            let other: Vec<i64> = open.iter().filter(|entry| entry.flags.has(Flags::SEEN) != seen).map(|entry| entry.uid.into()).collect();
            mark(tx, account, folder, viewer, &other, seen, locked.modseq).await?;
        }
        let mut changed = by_uids(tx, account, folder, viewer, &uids).await?;
        changed.retain(|entry| entry.modseq == locked.modseq);
        if changed.is_empty() {
            return Ok(Stored { modseq: locked.modseq - 1, changed, refused });
        }
        locked.save(tx, 0, 0).await?;
        Ok(Stored { modseq: locked.modseq, changed, refused })
    })
}

/// Copies keep what their readers have seen: `pairs` are (source, copy) UIDs by source (RFC 9051 §6.4.7).
///
/// # Errors
/// As the database says.
pub(super) async fn follow(
    tx: &mut Tx,
    account: AccountId,
    (from, to): (FolderId, FolderId),
    pairs: &[(u32, u32)],
    modseq: i64,
) -> Result<()> {
    if !anybody(tx, account, from).await? {
        return Ok(());
    }
    let uids: Vec<i64> = pairs.iter().map(|(uid, _)| (*uid).into()).collect();
    let sql = "SELECT uid, viewer FROM seen_by WHERE account = $1 AND folder = $2 AND uid = ANY($3) AND seen = 1";
    let (mut copies, mut viewers) = (Vec::new(), Vec::new());
    for row in tx.rows(sql, args![account, from, &uids]).await? {
        let uid = row.int(0)?;
        if let Some((_, copy)) = pairs.binary_search_by_key(&uid, |(source, _)| i64::from(*source)).ok().and_then(|at| pairs.get(at)) {
            copies.push(i64::from(*copy));
            viewers.push(row.int(1)?);
        }
    }
    let all = |value: i64| Column::ints(std::iter::repeat_n(value, copies.len()));
    let rows = [all(account.0), all(to.0), Column::ints(copies.iter().copied()), Column::ints(viewers), all(1), all(modseq)];
    if !copies.is_empty() {
        tx.batch("INSERT INTO seen_by (account, folder, uid, viewer, seen, modseq) {rows}", &rows).await?;
    }
    Ok(())
}

/// Forgets who has seen messages that are gone.
///
/// # Errors
/// As the database says.
pub(super) async fn forget(tx: &mut Tx, account: AccountId, folder: FolderId, uids: &[i64]) -> Result<()> {
    if anybody(tx, account, folder).await? {
        tx.execute("DELETE FROM seen_by WHERE account = $1 AND folder = $2 AND uid = ANY($3)", args![account, folder, uids]).await?;
    }
    Ok(())
}

/// Whether anybody else has seen anything of a folder: of most nobody has, and a look costs less than a list of UIDs.
async fn anybody(tx: &mut Tx, account: AccountId, folder: FolderId) -> Result<bool> {
    Ok(tx.row("SELECT 1 FROM seen_by WHERE account = $1 AND folder = $2 LIMIT 1", args![account, folder]).await?.is_some())
}

async fn by_uids(tx: &mut Tx, account: AccountId, folder: FolderId, viewer: AccountId, uids: &[i64]) -> Result<Vec<Entry>> {
    entries(tx.row(viewed!("p.uid = ANY($4)"), args![account, folder, viewer, uids]).await?.as_ref())
}

async fn mark(tx: &mut Tx, account: AccountId, folder: FolderId, viewer: AccountId, uids: &[i64], seen: bool, modseq: i64) -> Result<()> {
    if uids.is_empty() {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO seen_by (account, folder, uid, viewer, seen, modseq) \
         SELECT account, folder, uid, CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS BIGINT) FROM placement \
         WHERE account = $1 AND folder = $2 AND uid = ANY($3) \
         ON CONFLICT (account, folder, uid, viewer) DO UPDATE SET seen = excluded.seen, modseq = excluded.modseq",
        args![account, folder, uids, viewer, seen, modseq],
    )
    .await?;
    placement::save_counters(tx, account, folder, modseq, Delta::default()).await
}

/// What of a change is for everybody, and on which messages: the owner's `\Seen` stays as it is.
async fn for_everybody(
    tx: &mut Tx,
    account: AccountId,
    folder: FolderId,
    uids: &[i64],
    change: &FlagChange,
) -> Result<Vec<(Vec<i64>, FlagChange)>> {
    let others = |flags: &Flags| flags.without(Flags::SEEN);
    Ok(match change {
        FlagChange::Add(flags, words) | FlagChange::Remove(flags, words) if others(flags) == Flags::NONE && words.is_empty() => Vec::new(),
        FlagChange::Add(flags, words) => vec![(uids.to_vec(), FlagChange::Add(others(flags), words.clone()))],
        FlagChange::Remove(flags, words) => vec![(uids.to_vec(), FlagChange::Remove(others(flags), words.clone()))],
        FlagChange::Replace(flags, words) => {
            let owners = placement::by_uids(tx, account, folder, uids).await?;
            let (seen, unseen): (Vec<Entry>, Vec<Entry>) = owners.into_iter().partition(|entry| entry.flags.has(Flags::SEEN));
            let uids = |entries: Vec<Entry>| entries.iter().map(|entry| entry.uid.into()).collect();
            vec![
                (uids(seen), FlagChange::Replace(flags.with(Flags::SEEN), words.clone())),
                (uids(unseen), FlagChange::Replace(others(flags), words.clone())),
            ]
        }
    })
}

/// What the change makes of the viewer's `\Seen`; `None` leaves it.
const fn seen_after(change: &FlagChange) -> Option<bool> {
    match change {
        FlagChange::Add(flags, _) if flags.has(Flags::SEEN) => Some(true),
        FlagChange::Remove(flags, _) if flags.has(Flags::SEEN) => Some(false),
        FlagChange::Replace(flags, _) => Some(flags.has(Flags::SEEN)),
        _ => None,
    }
}
