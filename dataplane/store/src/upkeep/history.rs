//! Expunges that a folder remembers for clients that come back: the newest ones, by count.
//!
//! The floor rises first and the rows below it go at the next pass, an hour later: a session that
//! read the folder's row just before still finds the expunges that it is about to ask for.

use postern_core::{AccountId, FolderId};

use super::{SLICE, Slice};
use crate::{args, db::Db, error::Result, transaction};

/// Boxes that one slice looks at.
const BOXES: i64 = 50;

/// How far the pass over all boxes has come.
#[derive(Debug, Default)]
pub struct History {
    after: i64,
    /// Folders of the boxes up to `last` that are still to be seen to.
    found: Vec<(AccountId, FolderId)>,
    last: i64,
}

impl History {
    /// Sees to one folder, or finds that the next [`BOXES`] boxes have none to see to.
    pub async fn slice(&mut self, db: &Db, keep: u32) -> Result<Slice> {
        if let Some((account, folder)) = self.found.last().copied() {
            let done = forget(db, account, folder).await?;
            if done == 0 {
                raise(db, account, folder, keep).await?;
                self.found.pop();
            }
            return Ok(Slice { done, more: true });
        }
        self.after = self.last;
        let rows = db.rows("SELECT id FROM account WHERE id > $1 ORDER BY id LIMIT $2", args![self.after, BOXES]).await?;
        let boxes = rows.iter().map(|row| row.int(0)).collect::<Result<Vec<_>>>()?;
        self.last = boxes.last().copied().unwrap_or(0);
        if boxes.is_empty() {
            return Ok(Slice::default());
        }
        let sql = "SELECT e.account, e.folder FROM expunged e JOIN folder f ON f.account = e.account AND f.id = e.folder \
             WHERE e.account = ANY($1) GROUP BY e.account, e.folder HAVING count(*) > $2 OR MIN(e.modseq - f.history_floor) <= 0";
        for row in db.rows(sql, args![&boxes, keep]).await? {
            self.found.push((AccountId(row.int(0)?), FolderId(row.int(1)?)));
        }
        Ok(Slice { done: 0, more: true })
    }
}

/// Removes a slice of the expunges at or below the floor, as an earlier pass raised it.
async fn forget(db: &Db, account: AccountId, folder: FolderId) -> Result<u64> {
    transaction!(db, |tx| {
        let sql = "DELETE FROM expunged WHERE account = $1 AND folder = $2 AND (modseq, uid) IN (SELECT e.modseq, e.uid FROM expunged e \
             WHERE e.account = $1 AND e.folder = $2 AND e.modseq <= (SELECT history_floor FROM folder WHERE account = $1 AND id = $2) \
             ORDER BY e.modseq, e.uid LIMIT $3)";
        tx.execute(sql, args![account, folder, SLICE]).await
    })
}

/// Raises the floor to the newest expunge that is not among the last `keep`.
async fn raise(db: &Db, account: AccountId, folder: FolderId, keep: u32) -> Result<()> {
    transaction!(db, |tx| {
        tx.row("SELECT id FROM account WHERE id = $1 FOR UPDATE", args![account]).await?;
        let sql = "SELECT modseq FROM expunged WHERE account = $1 AND folder = $2 ORDER BY modseq DESC, uid DESC LIMIT 1 OFFSET $3";
        if let Some(row) = tx.row(sql, args![account, folder, keep]).await? {
            let sql = "UPDATE folder SET history_floor = $3 WHERE account = $1 AND id = $2 AND history_floor < $3";
            tx.execute(sql, args![account, folder, row.int(0)?]).await?;
        }
        Ok(())
    })
}
