//! Processes that serve: a number each that makes their ids unique, and what each has applied.

use std::time::Duration;

use postern_core::{Timestamp, ids::NODES, role::Role};

use crate::{
    args,
    db::Db,
    error::{Result, StoreError},
    transaction,
};

/// How often a process shows that it lives.
pub const HEARTBEAT: Duration = Duration::from_secs(5);
/// A process not seen for this long is dead.
pub const DEAD_AFTER: Duration = Duration::from_secs(30);
/// A node number is not given again for this long after its process was last seen: longer than a pause that a process survives.
const NODE_REST: Duration = Duration::from_secs(3600);
/// `process.roles` of a process that serves nobody.
const SERVES_NOBODY: &str = "operator";

/// A process that serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its key.
    pub id: i64,
    /// For [`postern_core::IdSource::new`].
    pub node: u16,
}

/// Enters a process and gives it a node number that no living one has.
///
/// # Errors
/// [`StoreError::Refused`] when all numbers are in use; else as the database says.
pub async fn register(db: &Db, roles: &[Role], host: &str, now: Timestamp) -> Result<Process> {
    let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    enter(db, &roles.join(","), host, now).await
}

/// Enters a process that makes ids and serves nobody, such as an operator: [`programmed`] does not wait for it.
///
/// # Errors
/// As [`register`].
pub async fn reserve(db: &Db, host: &str, now: Timestamp) -> Result<Process> {
    enter(db, SERVES_NOBODY, host, now).await
}

async fn enter(db: &Db, roles: &str, host: &str, now: Timestamp) -> Result<Process> {
    transaction!(db, |tx| {
        let row = tx.row("UPDATE counter SET value = value + 1 WHERE name = 'node' RETURNING value", &[]).await?;
        let id = row.ok_or(StoreError::NotFound("the node counter"))?.int(0)?;
        let used = tx.rows("SELECT node FROM process WHERE seen_at > $1", args![now - NODE_REST]).await?;
        let used = used.iter().map(|row| row.int(0)).collect::<Result<std::collections::HashSet<i64>>>()?;
        let nodes = i64::from(NODES);
        let free = (0..nodes).map(|step| (id + step) % nodes).find(|node| !used.contains(node));
        let node = free.and_then(|node| u16::try_from(node).ok()).ok_or_else(|| StoreError::Refused("too many processes".into()))?;
        let sql = "INSERT INTO process (id, node, roles, host, started_at, seen_at) VALUES ($1, $2, $3, $4, $5, $5)";
        tx.execute(sql, args![id, i64::from(node), roles, host, now]).await?;
        tx.execute("DELETE FROM process WHERE seen_at <= $1", args![now - NODE_REST]).await?;
        Ok(Process { id, node })
    })
}

/// Shows that a process lives and what it has applied.
///
/// # Errors
/// [`StoreError::NotFound`] when it was given up for dead: its node number may be another's, so it must register anew.
pub async fn heartbeat(db: &Db, process: Process, applied: i64, now: Timestamp) -> Result<()> {
    transaction!(db, |tx| {
        let sql = "UPDATE process SET seen_at = $2, applied_position = $3 WHERE id = $1";
        if tx.execute(sql, args![process.id, now, applied]).await? == 0 {
            return Err(StoreError::NotFound("this process"));
        }
        Ok(())
    })
}

/// Takes a process that ends in order off the list. Its node number rests a while all the same.
///
/// # Errors
/// As the database says.
pub async fn leave(db: &Db, process: Process, now: Timestamp) -> Result<()> {
    transaction!(db, |tx| {
        tx.execute("UPDATE process SET seen_at = $2 WHERE id = $1", args![process.id, now - DEAD_AFTER]).await?;
        Ok(())
    })
}

/// Whether every living process has applied `position`; false when none lives.
///
/// # Errors
/// As the database says.
pub async fn programmed(db: &Db, position: i64, now: Timestamp) -> Result<bool> {
    Ok(served(db, now).await?.is_some_and(|least| least >= position))
}

/// The position that every living process has applied; `None` when none lives.
///
/// # Errors
/// As the database says.
pub async fn served(db: &Db, now: Timestamp) -> Result<Option<i64>> {
    let sql = "SELECT MIN(applied_position) FROM process WHERE seen_at > $1 AND roles <> $2";
    db.row(sql, args![now - DEAD_AFTER, SERVES_NOBODY]).await?.map(|row| row.opt_int(0)).transpose().map(Option::flatten)
}

/// Forgets processes whose node numbers have rested; how many. Registering does so too: this is for installations that seldom start one.
///
/// # Errors
/// As the database says.
pub async fn prune(db: &Db, now: Timestamp) -> Result<u64> {
    transaction!(db, |tx| { tx.execute("DELETE FROM process WHERE seen_at <= $1", args![now - NODE_REST]).await })
}
