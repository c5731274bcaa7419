//! All boxes together, for whoever watches the installation. It reads every account's row: seldom.

use crate::{args, db::Db, error::Result};

/// All boxes in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Boxes.
    pub boxes: i64,
    /// Messages in them.
    pub messages: i64,
    /// Bytes of those, a message counted in each box that holds it.
    pub bytes: i64,
}

/// Counts them.
///
/// # Errors
/// [`crate::StoreError`] as the database says.
pub async fn totals(db: &Db) -> Result<Totals> {
    let sql =
        "SELECT COUNT(*), CAST(COALESCE(SUM(messages), 0) AS BIGINT), CAST(COALESCE(SUM(used), 0) AS BIGINT) FROM account WHERE state = 0";
    let Some(row) = db.row(sql, args![]).await? else { return Ok(Totals::default()) };
    Ok(Totals { boxes: row.int(0)?, messages: row.int(1)?, bytes: row.int(2)? })
}
