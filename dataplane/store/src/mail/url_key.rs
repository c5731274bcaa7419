//! Mailbox access keys (URLAUTH, RFC 4467 §5): what signs the URLs by which a user lets others see messages.
//!
//! A key is of one folder and of one user who sees it, its owner or another. It lies in the clear: it opens nothing but what
//! lies beside it. It goes with the folder, and with either account.

use postern_core::{AccountId, FolderId, Secret};

use super::lock;
use crate::{
    args,
    db::{Db, Row},
    error::{Result, StoreError},
    transaction,
};

/// Octets of a key.
pub const KEY: usize = 32;

/// The key by which `viewer` signs URLs of a folder; `None` when there is none, so that no URL is valid.
///
/// # Errors
/// As the database says.
pub async fn find(db: &Db, account: AccountId, folder: FolderId, viewer: AccountId) -> Result<Option<Secret<[u8; KEY]>>> {
    let row = db.row(SELECT, args![account, folder, viewer]).await?;
    row.as_ref().map(key).transpose()
}

/// The key by which `viewer` signs URLs of a folder; `fresh` is random, and becomes it when there is none.
///
/// # Errors
/// [`StoreError::NotFound`] when the box or folder is gone; else as the database says.
pub async fn find_or_make(
    db: &Db,
    account: AccountId,
    folder: FolderId,
    viewer: AccountId,
    fresh: &Secret<[u8; KEY]>,
) -> Result<Secret<[u8; KEY]>> {
    if let Some(key) = find(db, account, folder, viewer).await? {
        return Ok(key);
    }
    transaction!(db, |tx| {
        lock(tx, account).await?;
        super::folder::locked(tx, account, folder).await?;
        let sql = "INSERT INTO url_key (account, folder, viewer, secret) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        tx.execute(sql, args![account, folder, viewer, &fresh.expose().to_vec()]).await?;
        let row = tx.row(SELECT, args![account, folder, viewer]).await?;
        row.as_ref().map(key).transpose()?.ok_or(StoreError::NotFound("url key"))
    })
}

/// Takes the keys of `viewer` away, of one folder or of all: the URLs signed with them show nothing any more.
///
/// # Errors
/// As the database says.
pub async fn reset(db: &Db, viewer: AccountId, of: Option<(AccountId, FolderId)>) -> Result<()> {
    transaction!(db, |tx| {
        match of {
            Some((account, folder)) => {
                tx.execute("DELETE FROM url_key WHERE account = $1 AND folder = $2 AND viewer = $3", args![account, folder, viewer]).await?
            }
            None => tx.execute("DELETE FROM url_key WHERE viewer = $1", args![viewer]).await?,
        };
        Ok(())
    })
}

const SELECT: &str = "SELECT secret FROM url_key WHERE account = $1 AND folder = $2 AND viewer = $3";

fn key(row: &Row) -> Result<Secret<[u8; KEY]>> {
    let key = row.slice(0)?.try_into().map_err(|_| StoreError::Damaged("a URL key of another length".into()))?;
    Ok(Secret::new(key))
}
