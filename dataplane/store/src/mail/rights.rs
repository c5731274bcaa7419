//! Who else may use a folder (RFC 4314): the owner may do everything and has no row.
//!
//! Rows bear the owner's tenant, and every question is asked with the asker's, so that no grant reaches over the wall. What a
//! command needs is not decided here.

use postern_core::{AccountId, FolderId, Rights};

use super::lock;
use crate::{
    args,
    db::{Db, Row, Tx},
    error::{Result, StoreError},
    transaction,
};

/// The grantee that stands for everybody of the tenant (`anyone`, RFC 4314 §2).
pub const EVERYBODY: AccountId = AccountId(0);
/// Grants that one folder may have.
pub const MAX_GRANTS: i64 = 1_000;

/// How a grant is changed (RFC 4314 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RightsChange {
    /// Exactly these.
    Replace(Rights),
    /// These too.
    Add(Rights),
    /// These no longer.
    Remove(Rights),
}

impl RightsChange {
    /// What becomes of a grant.
    #[must_use]
    pub fn apply(self, held: Rights) -> Rights {
        match self {
            Self::Replace(rights) => rights,
            Self::Add(rights) => held | rights,
            Self::Remove(rights) => held.without(rights),
        }
    }
}

/// A folder of somebody else that an account may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Whose it is.
    pub account: AccountId,
    /// Which.
    pub folder: FolderId,
    /// What may be done with it.
    pub rights: Rights,
}

/// What `who` of `tenant` may do with a folder: the own grant and everybody's together.
///
/// # Errors
/// As the database says.
pub async fn of(db: &Db, account: AccountId, folder: FolderId, who: AccountId, tenant: &str) -> Result<Rights> {
    if account == who {
        return Ok(Rights::ALL);
    }
    let sql = "SELECT rights FROM folder_right WHERE account = $1 AND folder = $2 AND grantee IN ($3, $4) AND tenant = $5";
    let rows = db.rows(sql, args![account, folder, who, EVERYBODY, tenant]).await?;
    rows.iter().try_fold(Rights::NONE, |all, row| Ok(all | rights(row, 0)?))
}

/// Every grant of a folder, everybody's first.
///
/// # Errors
/// As the database says.
pub async fn list(db: &Db, account: AccountId, folder: FolderId) -> Result<Vec<(AccountId, Rights)>> {
    let sql = "SELECT grantee, rights FROM folder_right WHERE account = $1 AND folder = $2 ORDER BY grantee";
    db.rows(sql, args![account, folder]).await?.iter().map(|row| Ok((AccountId(row.int(0)?), rights(row, 1)?))).collect()
}

/// All folders of others that `who` of `tenant` has been given something of.
///
/// # Errors
/// As the database says.
pub async fn shared_with(db: &Db, who: AccountId, tenant: &str) -> Result<Vec<Shared>> {
    let sql = "SELECT account, folder, rights FROM folder_right WHERE tenant = $2 AND grantee IN ($1, $3) AND account <> $1 \
               ORDER BY account, folder";
    let mut found: Vec<Shared> = Vec::new();
    for row in &db.rows(sql, args![who, tenant, EVERYBODY]).await? {
        let next = Shared { account: AccountId(row.int(0)?), folder: FolderId(row.int(1)?), rights: rights(row, 2)? };
        match found.last_mut() {
            Some(last) if (last.account, last.folder) == (next.account, next.folder) => last.rights = last.rights | next.rights,
            _ => found.push(next),
        }
    }
    Ok(found)
}

/// Changes one grant; what leaves no right takes it away.
///
/// # Errors
/// [`StoreError::NotFound`] when the box or folder is gone; [`StoreError::Refused`] at [`MAX_GRANTS`]; else as the database says.
pub async fn set(db: &Db, account: AccountId, folder: FolderId, who: AccountId, tenant: &str, change: RightsChange) -> Result<()> {
    transaction!(db, |tx| {
        lock(tx, account).await?;
        super::folder::locked(tx, account, folder).await?;
        let sql = "SELECT rights FROM folder_right WHERE account = $1 AND folder = $2 AND grantee = $3";
        let held = tx.row(sql, args![account, folder, who]).await?.as_ref().map(|row| rights(row, 0)).transpose()?;
        let wanted = change.apply(held.unwrap_or_default());
        if wanted.is_empty() {
            tx.execute("DELETE FROM folder_right WHERE account = $1 AND folder = $2 AND grantee = $3", args![account, folder, who]).await?;
            return Ok(());
        }
        let count = tx.row("SELECT count(*) FROM folder_right WHERE account = $1 AND folder = $2", args![account, folder]).await?;
        if held.is_none() && count.map_or(Ok(0), |row| row.int(0))? >= MAX_GRANTS {
            return Err(StoreError::Refused(format!("a folder has at most {MAX_GRANTS} grants")));
        }
        tx.execute(
            "INSERT INTO folder_right (account, folder, grantee, tenant, rights) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (account, folder, grantee) DO UPDATE SET rights = excluded.rights",
            args![account, folder, who, tenant, &wanted.to_string()],
        )
        .await?;
        Ok(())
    })
}

/// A new folder begins with the grants of the one above it, as its users expect of a shared tree.
///
/// # Errors
/// As the database says.
pub async fn inherit(tx: &mut Tx, account: AccountId, from: FolderId, to: FolderId) -> Result<()> {
    tx.execute(
        "INSERT INTO folder_right (account, folder, grantee, tenant, rights) \
         SELECT account, CAST($3 AS BIGINT), grantee, tenant, rights FROM folder_right WHERE account = $1 AND folder = $2",
        args![account, from, to],
    )
    .await?;
    Ok(())
}

fn rights(row: &Row, column: usize) -> Result<Rights> {
    row.str(column)?.parse().map_err(|error| StoreError::Damaged(format!("folder_right: {error}")))
}
