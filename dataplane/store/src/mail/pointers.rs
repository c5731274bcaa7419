//! How many placements a message has: what keeps it from being swept.
//!
//! A message's row is wide, and to write its count anew costs several times what it costs to remove a placement. So who removes
//! many placements at once only notes whose they were, [`LIST`] messages in a row of `released`, and the janitor takes the
//! pointers later, a list at a time ([`settle`]). Until then a message counts more placements than it has, and never fewer:
//! copies and expunges add and take as ever, in any order, and none is swept that has a placement.

use std::collections::BTreeMap;

use postern_core::{AccountId, FolderId, Timestamp};

use crate::{
    args,
    db::{Column, Db, Tx},
    error::{Result, StoreError},
    transaction,
};

/// Messages that lose a pointer at once; of more it is noted.
const AT_ONCE: usize = 256;
/// Messages of one note: what the janitor sees to in one transaction.
const LIST: usize = 200;

/// Adds a pointer to each message, as often as it is named.
///
/// # Errors
/// As the database says.
pub(super) async fn hold(tx: &mut Tx, account: AccountId, messages: impl Iterator<Item = i64>) -> Result<()> {
    for (count, ids) in by_count(messages) {
        let sql = "UPDATE message SET placements = placements + $3 WHERE account = $1 AND id = ANY($2)";
        tx.execute(sql, args![account, &ids, count]).await?;
    }
    Ok(())
}

/// Takes a pointer from each message that a change of this MODSEQ has taken out of a folder, once for each time that it is named.
///
/// # Errors
/// As the database says.
pub(super) async fn release(
    tx: &mut Tx,
    (account, folder, modseq): (AccountId, FolderId, i64),
    messages: &[i64],
    now: Timestamp,
) -> Result<()> {
    if messages.len() <= AT_ONCE {
        return take(tx, account, messages, now).await;
    }
    let lists: Vec<Vec<u8>> = messages.chunks(LIST).map(|list| list.iter().flat_map(|id| id.to_be_bytes()).collect()).collect();
    let count = lists.len();
    let all = |value: i64| Column::Int(vec![value; count]);
    let parts = Column::ints((0i64..).take(count));
    let columns = [all(account.0), all(modseq), all(folder.0), parts, all(now.0), Column::Bytes(lists)];
    tx.batch("INSERT INTO released (account, modseq, folder, part, since, messages) {rows}", &columns).await.map(drop)
}

/// Takes the pointers of one note, of any account; how many they were.
///
/// # Errors
/// As the database says.
pub(crate) async fn settle(db: &Db) -> Result<u64> {
    let Some(row) = db.row("SELECT account FROM released LIMIT 1", &[]).await? else { return Ok(0) };
    let account = AccountId(row.int(0)?);
    transaction!(db, |tx| {
        // Whatever moves a count holds this lock.
        tx.row("SELECT id FROM account WHERE id = $1 FOR UPDATE", args![account]).await?;
        settle_one(tx, account).await
    })
}

/// Takes the pointers of all notes of an account, whose row is locked.
///
/// # Errors
/// As the database says.
pub(crate) async fn settle_all(tx: &mut Tx, account: AccountId) -> Result<()> {
    while settle_one(tx, account).await? > 0 {}
    Ok(())
}

async fn settle_one(tx: &mut Tx, account: AccountId) -> Result<u64> {
    let sql = "SELECT modseq, folder, part, since, messages FROM released WHERE account = $1 ORDER BY modseq, folder, part LIMIT 1";
    let Some(row) = tx.row(sql, args![account]).await? else { return Ok(0) };
    let messages = row.slice(4)?.as_chunks::<8>();
    if !messages.1.is_empty() {
        return Err(StoreError::Damaged("a list of messages that lost a placement is cut".into()));
    }
    let messages: Vec<i64> = messages.0.iter().map(|id| i64::from_be_bytes(*id)).collect();
    take(tx, account, &messages, Timestamp(row.int(3)?)).await?;
    let sql = "DELETE FROM released WHERE account = $1 AND modseq = $2 AND folder = $3 AND part = $4";
    tx.execute(sql, args![account, row.int(0)?, row.int(1)?, row.int(2)?]).await?;
    Ok(messages.len() as u64)
}

/// Takes a pointer from each message, as often as it is named. One that has no other is marked, and its row, which is
/// wide, stays as it is: nobody can find it any more.
async fn take(tx: &mut Tx, account: AccountId, messages: &[i64], since: Timestamp) -> Result<()> {
    for (count, ids) in by_count(messages.iter().copied()) {
        let dead = tx
            .execute(
                "INSERT INTO dead_message (account, message, since) SELECT account, id, $3 FROM message \
                 WHERE account = $1 AND id = ANY($2) AND placements <= $4 ON CONFLICT DO NOTHING",
                args![account, &ids, since, count],
            )
            .await?;
        if dead < ids.len() as u64 {
            let sql = "UPDATE message SET placements = placements - $3 WHERE account = $1 AND id = ANY($2) AND placements > $3";
            tx.execute(sql, args![account, &ids, count]).await?;
        }
    }
    Ok(())
}

/// Messages by how often they are named: nearly all once.
fn by_count(messages: impl Iterator<Item = i64>) -> BTreeMap<i64, Vec<i64>> {
    let mut named = BTreeMap::<i64, i64>::new();
    messages.for_each(|message| *named.entry(message).or_default() += 1);
    let mut counts = BTreeMap::<i64, Vec<i64>>::new();
    named.into_iter().for_each(|(message, count)| counts.entry(count).or_default().push(message));
    counts
}
