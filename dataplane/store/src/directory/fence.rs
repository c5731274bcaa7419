//! The fence: whoever takes the operator's lease raises an epoch, and a writer of an older epoch is turned away.
//!
//! [`hold`] also puts projections and claims in one line: its row stays locked until the commit.

use crate::{
    args,
    db::{Db, Tx},
    error::{Result, StoreError},
    transaction,
};

/// Taken with the lease; projections carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub i64);

/// Takes the lease: every earlier epoch is refused from the commit on. Waits for a projection in hand.
///
/// # Errors
/// As the database says.
pub async fn take_lease(db: &Db) -> Result<Epoch> {
    transaction!(db, |tx| {
        let row = tx.row("UPDATE counter SET value = value + 1 WHERE name = 'operator_epoch' RETURNING value", &[]).await?;
        Ok(Epoch(row.ok_or(StoreError::NotFound("the operator's epoch"))?.int(0)?))
    })
}

/// Checks the epoch and holds it until the transaction ends.
///
/// # Errors
/// [`StoreError::Refused`] when another has taken the lease since.
pub async fn check(tx: &mut Tx, epoch: Epoch) -> Result<()> {
    let now = hold(tx).await?;
    if now == epoch {
        return Ok(());
    }
    Err(StoreError::Refused(format!("epoch {} is over, another operator leads since epoch {}", epoch.0, now.0)))
}

/// Whether another has taken the lease since.
///
/// # Errors
/// As the database says.
pub async fn is_over(db: &Db, epoch: Epoch) -> Result<bool> {
    let row = db.row("SELECT value FROM counter WHERE name = $1", args!["operator_epoch"]).await?;
    Ok(row.ok_or(StoreError::NotFound("the operator's epoch"))?.int(0)? != epoch.0)
}

/// Joins the line of those who write records and claims.
///
/// # Errors
/// As the database says.
pub async fn hold(tx: &mut Tx) -> Result<Epoch> {
    let row = tx.row("SELECT value FROM counter WHERE name = $1 FOR UPDATE", args!["operator_epoch"]).await?;
    Ok(Epoch(row.ok_or(StoreError::NotFound("the operator's epoch"))?.int(0)?))
}
