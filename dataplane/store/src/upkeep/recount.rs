//! Whether counters say what the rows say: what `verify` reports and `repair` puts right.
//!
//! Counters are kept true by every write, so that a difference is a fault of ours or of a disk. The
//! rows are what counts: a repair changes counters and never a placement.

use postern_core::{AccountId, FolderId};

use crate::{
    args,
    db::{Db, Tx},
    error::{Result, StoreError},
    mail::pointers,
    transaction,
};

/// A counter that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Whose.
    pub account: AccountId,
    /// The folder; `None` is the account itself.
    pub folder: Option<FolderId>,
    /// Which: a column of `account` or `folder`, or `placements` of messages.
    pub counter: &'static str,
    /// What it says.
    pub says: i64,
    /// What is there.
    pub is: i64,
}

/// Compares an account's counters with its rows.
///
/// # Errors
/// [`StoreError::NotFound`]; else as the database says.
pub async fn verify(db: &Db, account: AccountId) -> Result<Vec<Difference>> {
    transaction!(db, |tx| { differences(tx, account).await })
}

/// Compares, and makes the counters say what is there; returns what differed.
///
/// # Errors
/// As [`verify`].
pub async fn repair(db: &Db, account: AccountId) -> Result<Vec<Difference>> {
    transaction!(db, |tx| {
        let found = differences(tx, account).await?;
        if found.is_empty() {
            return Ok(found);
        }
        for sql in REPAIRS {
            tx.execute(sql, args![account]).await?;
        }
        Ok(found)
    })
}

/// Each counter of a folder, and what it should be.
const FOLDERS: &str = "SELECT f.id, f.messages, f.unseen, f.deleted, f.size, f.uid_next, f.modseq, \
     CAST(COUNT(p.uid) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN p.flags & 1 = 0 THEN 1 ELSE 0 END), 0) AS BIGINT), \
     CAST(COALESCE(SUM(CASE WHEN p.flags & 8 <> 0 THEN 1 ELSE 0 END), 0) AS BIGINT), CAST(COALESCE(SUM(p.size), 0) AS BIGINT), \
     COALESCE(MAX(p.uid), 0), COALESCE(MAX(p.modseq), 0) \
     FROM folder f LEFT JOIN placement p ON p.account = f.account AND p.folder = f.id WHERE f.account = $1 \
     GROUP BY f.id, f.messages, f.unseen, f.deleted, f.size, f.uid_next, f.modseq ORDER BY f.id";

async fn differences(tx: &mut Tx, account: AccountId) -> Result<Vec<Difference>> {
    let row = tx.row("SELECT used, messages, modseq FROM account WHERE id = $1 FOR UPDATE", args![account]).await?;
    let row = row.ok_or(StoreError::NotFound("account"))?;
    let (used, messages, clock) = (row.int(0)?, row.int(1)?, row.int(2)?);
    // A repair writes what is there, and nobody may take pointers from that again.
    pointers::settle_all(tx, account).await?;
    let mut found = Vec::new();
    let (mut bytes, mut count, mut newest) = (0, 0, 0);
    for row in tx.rows(FOLDERS, args![account]).await? {
        let folder = FolderId(row.int(0)?);
        let mut note = |counter, says, is, differs| {
            if differs {
                found.push(Difference { account, folder: Some(folder), counter, says, is });
            }
        };
        for (at, counter) in ["messages", "unseen", "deleted", "size"].into_iter().enumerate() {
            let (says, is) = (row.int(1 + at)?, row.int(7 + at)?);
            note(counter, says, is, says != is);
        }
        // These two may lie above what is there, and never at or below it.
        let (uid_next, uid, modseq, highest) = (row.int(5)?, row.int(11)?, row.int(6)?, row.int(12)?);
        note("uid_next", uid_next, uid + 1, uid_next <= uid);
        note("modseq", modseq, highest, modseq < highest);
        bytes += row.int(10)?;
        count += row.int(7)?;
        newest = newest.max(highest).max(modseq);
    }
    let own =
        [("used", used, bytes, used != bytes), ("messages", messages, count, messages != count), ("modseq", clock, newest, clock < newest)];
    for (counter, says, is, _) in own.into_iter().filter(|own| own.3) {
        found.push(Difference { account, folder: None, counter, says, is });
    }
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM message m WHERE m.account = $1 AND m.placements <> \
         (SELECT COUNT(*) FROM placement p WHERE p.account = m.account AND p.message = m.id) \
         AND NOT EXISTS (SELECT 1 FROM dead_message d WHERE d.account = m.account AND d.message = m.id)";
    let wrong = pointers(tx, sql, account).await?;
    if wrong != 0 {
        found.push(Difference { account, folder: None, counter: "placements", says: wrong, is: 0 });
    }
    Ok(found)
}

async fn pointers(tx: &mut Tx, sql: &'static str, account: AccountId) -> Result<i64> {
    tx.row(sql, args![account]).await?.map_or(Ok(0), |row| row.int(0))
}

/// In this order: the account's counters come from the folders'.
const REPAIRS: [&str; 3] = [
    "UPDATE folder SET \
     messages = (SELECT COUNT(*) FROM placement p WHERE p.account = folder.account AND p.folder = folder.id), \
     unseen = (SELECT COUNT(*) FROM placement p WHERE p.account = folder.account AND p.folder = folder.id AND p.flags & 1 = 0), \
     deleted = (SELECT COUNT(*) FROM placement p WHERE p.account = folder.account AND p.folder = folder.id AND p.flags & 8 <> 0), \
     size = (SELECT COALESCE(SUM(p.size), 0) FROM placement p WHERE p.account = folder.account AND p.folder = folder.id), \
     uid_next = (SELECT COALESCE(MAX(u), folder.uid_next) FROM (SELECT folder.uid_next AS u UNION ALL SELECT p.uid + 1 FROM placement p \
     WHERE p.account = folder.account AND p.folder = folder.id) AS n), \
     modseq = (SELECT COALESCE(MAX(m), folder.modseq) FROM (SELECT folder.modseq AS m UNION ALL SELECT p.modseq FROM placement p \
     WHERE p.account = folder.account AND p.folder = folder.id) AS n) WHERE account = $1",
    "UPDATE account SET used = (SELECT COALESCE(SUM(f.size), 0) FROM folder f WHERE f.account = account.id), \
     messages = (SELECT COALESCE(SUM(f.messages), 0) FROM folder f WHERE f.account = account.id), \
     modseq = (SELECT COALESCE(MAX(m), account.modseq) FROM (SELECT account.modseq AS m UNION ALL SELECT f.modseq FROM folder f \
     WHERE f.account = account.id) AS n) WHERE id = $1",
    "UPDATE message SET placements = (SELECT COUNT(*) FROM placement p WHERE p.account = message.account AND p.message = message.id) \
     WHERE account = $1",
];
