//! Subscriptions: a mark of a folder that is there, a row of their own for names that are not (RFC 9051 §6.3.7 keeps them).

use postern_core::AccountId;

use super::{
    Locked,
    folder::{self, Folder, MAX_FOLDERS, check_name, fields},
    lock,
};
use crate::{
    args,
    db::Db,
    error::{Result, StoreError},
    transaction,
};

/// All folders of an account, and the names that are subscribed and do not exist, each by name, of one moment.
///
/// # Errors
/// As the database says.
pub async fn list(db: &Db, account: AccountId) -> Result<(Vec<Folder>, Vec<String>)> {
    // No folder has the number 0.
    let sql = fields!(
        " FROM folder WHERE account = $1 UNION ALL SELECT 0, s.name, NULL, 1, 0, 0, 0, 0, 0, 0, 0, 0 FROM subscription s WHERE s.account = $1 \
         AND NOT EXISTS (SELECT 1 FROM folder f WHERE f.account = s.account AND f.name = s.name) ORDER BY name"
    );
    let (mut folders, mut missing) = (Vec::new(), Vec::new());
    for row in &db.rows(sql, args![account]).await? {
        match row.int(0)? {
            0 => missing.push(row.text(1)?),
            _ => folders.push(folder::folder(row)?),
        }
    }
    Ok((folders, missing))
}

/// Subscribes to a name or takes it back; the name need not exist (RFC 9051 §6.3.7).
///
/// # Errors
/// [`StoreError::Refused`] for what is no name; else as the database says.
pub async fn subscribe(db: &Db, account: AccountId, name: &str, subscribed: bool) -> Result<Locked> {
    check_name(name)?;
    transaction!(db, |tx| {
        let locked_account = lock(tx, account).await?;
        // Nothing of a message changes; the clock moves so that whoever watches looks.
        locked_account.save(tx, 0, 0).await?;
        let known =
            tx.execute("UPDATE folder SET subscribed = $3 WHERE account = $1 AND name = $2", args![account, name, subscribed]).await?;
        if known == 0 && subscribed {
            let count = tx.row("SELECT count(*) FROM subscription WHERE account = $1", args![account]).await?;
            if count.map_or(Ok(0), |r| r.int(0))? >= MAX_FOLDERS {
                return Err(StoreError::Refused("too many subscriptions".into()));
            }
            tx.execute("INSERT INTO subscription (account, name) VALUES ($1, $2) ON CONFLICT DO NOTHING", args![account, name]).await?;
        } else if !subscribed {
            tx.execute("DELETE FROM subscription WHERE account = $1 AND name = $2", args![account, name]).await?;
        }
        Ok(locked_account)
    })
}
