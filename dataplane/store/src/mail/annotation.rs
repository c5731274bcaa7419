//! What users and programs write beside folders: the entries of METADATA (RFC 5464).
//!
//! An entry is private to one viewer or shared by all who see the folder. Folder 0 is the box as a whole. Values are octets
//! and mean nothing here.

use postern_core::{AccountId, FolderId};

use super::lock;
use crate::{
    args,
    db::Db,
    error::{Result, StoreError},
    transaction,
};

/// The box as a whole, where a folder is asked for.
pub const BOX: FolderId = FolderId(0);
/// The viewer of what is shared.
pub const SHARED: AccountId = AccountId(0);
/// Entries that a folder may have for one viewer.
pub const MAX_ENTRIES: i64 = 500;

/// One entry as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// [`SHARED`], or whose it is.
    pub viewer: AccountId,
    /// Its name in lower case, without `/private` or `/shared`.
    pub entry: String,
    /// Its value.
    pub value: Vec<u8>,
}

/// All entries of a folder that `viewer` sees: the own and the shared ones, by name.
///
/// # Errors
/// As the database says.
pub async fn list(db: &Db, account: AccountId, folder: FolderId, viewer: AccountId) -> Result<Vec<Annotation>> {
    let sql =
        "SELECT viewer, entry, value FROM annotation WHERE account = $1 AND folder = $2 AND viewer IN ($3, $4) ORDER BY entry, viewer";
    let rows = db.rows(sql, args![account, folder, viewer, SHARED]).await?;
    rows.iter().map(|row| Ok(Annotation { viewer: AccountId(row.int(0)?), entry: row.text(1)?, value: row.slice(2)?.to_vec() })).collect()
}

/// Writes entries, all or none; `None` takes one away (RFC 5464 §4.3).
///
/// # Errors
/// [`StoreError::NotFound`] when the box or folder is gone; [`StoreError::Refused`] at [`MAX_ENTRIES`]; else as the database says.
pub async fn set(db: &Db, account: AccountId, folder: FolderId, changes: &[(AccountId, String, Option<Vec<u8>>)]) -> Result<()> {
    transaction!(db, |tx| {
        lock(tx, account).await?;
        if folder != BOX {
            super::folder::locked(tx, account, folder).await?;
        }
        for (viewer, entry, value) in changes {
            match value {
                None => {
                    let sql = "DELETE FROM annotation WHERE account = $1 AND folder = $2 AND viewer = $3 AND entry = $4";
                    tx.execute(sql, args![account, folder, *viewer, entry]).await?;
                }
                Some(value) => {
                    let sql = "INSERT INTO annotation (account, folder, viewer, entry, value) VALUES ($1, $2, $3, $4, $5) \
                               ON CONFLICT (account, folder, viewer, entry) DO UPDATE SET value = excluded.value";
                    tx.execute(sql, args![account, folder, *viewer, entry, value]).await?;
                }
            }
        }
        for viewer in changes.iter().map(|(viewer, ..)| *viewer) {
            let sql = "SELECT count(*) FROM annotation WHERE account = $1 AND folder = $2 AND viewer = $3";
            let count = tx.row(sql, args![account, folder, viewer]).await?;
            if count.map_or(Ok(0), |row| row.int(0))? > MAX_ENTRIES {
                return Err(StoreError::Refused(format!("a folder has at most {MAX_ENTRIES} entries")));
            }
        }
        Ok(())
    })
}
