//! Which UIDs a folder has lost since a MODSEQ: what QRESYNC tells a client that comes back.

use postern_core::{AccountId, FolderId};

use crate::{
    args,
    db::Db,
    error::{Result, StoreError},
};

/// UIDs expunged above `since`, in no order; `None` when the folder has forgotten some of them.
///
/// # Errors
/// [`StoreError::NotFound`] when the folder is gone; else as the database says.
pub async fn expunged_since(db: &Db, account: AccountId, folder: FolderId, since: i64) -> Result<Option<Vec<u32>>> {
    // The floor first: rows at or below it go an hour after it has risen, so what lies above this one is still there.
    let row = db.lookup("SELECT history_floor FROM folder WHERE account = $1 AND id = $2", args![account, folder]).await?;
    if since < row.ok_or(StoreError::NotFound("folder"))?.int(0)? {
        return Ok(None);
    }
    let sql = "SELECT uid FROM expunged WHERE account = $1 AND folder = $2 AND modseq > $3";
    let rows = db.rows(sql, args![account, folder, since]).await?;
    let uids = rows.iter().map(|row| Ok(u32::try_from(row.int(0)?).unwrap_or(u32::MAX))).collect::<Result<_>>()?;
    Ok(Some(uids))
}
