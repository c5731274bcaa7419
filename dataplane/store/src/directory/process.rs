//! Processes that serve: a number each that makes their ids unique, and what each has applied.

use std::time::Duration;

use postern_core::{Timestamp, ids::NODES, role::Role};
use sqlx::postgres::PgListener;

use crate::{
    args,
    db::{Db, Tx},
    error::{Result, StoreError},
    transaction,
};

/// How often a process shows that it lives.
pub const HEARTBEAT: Duration = Duration::from_secs(5);
/// A process not seen for this long is dead.
pub const DEAD_AFTER: Duration = Duration::from_secs(30);
/// A node number is not given again for this long after its process was last seen: longer than a pause that a process survives.
const NODE_REST: Duration = Duration::from_secs(3600);
/// Above the number in the advisory locks of processes: "post".
const LIFE: i64 = 0x706f_7374;
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

/// A sign of life within a transaction that does more; of a process that is not entered it does nothing.
pub(crate) async fn show(tx: &mut Tx, id: i64, now: Timestamp) -> Result<()> {
    tx.execute("UPDATE process SET seen_at = $2 WHERE id = $1", args![id, now]).await.map(drop)
}

/// Shows that a process is there for as long as this connection stands, which must serve nothing else that ends before. A process that is
/// killed loses it at once, one whose machine lost power within half a minute; one that is paused keeps it.
///
/// # Errors
/// As the database says.
pub async fn attest(process: Process, connection: &mut PgListener) -> std::result::Result<(), sqlx::Error> {
    for keepalive in ["SET tcp_keepalives_idle = 10", "SET tcp_keepalives_interval = 5", "SET tcp_keepalives_count = 3"] {
        sqlx::query(keepalive).execute(&mut *connection).await?;
    }
    // Shared: a connection that broke may still stand on the other side when its successor comes.
    sqlx::query("SELECT pg_advisory_lock_shared($1)").bind(life(process.id)).execute(&mut *connection).await?;
    Ok(())
}

/// Whether a process no longer has its connection ([`attest`]). For PostgreSQL.
pub(crate) async fn is_gone(tx: &mut Tx, id: i64) -> Result<bool> {
    let sql = "SELECT CASE WHEN pg_try_advisory_xact_lock($1) THEN 1::bigint ELSE 0::bigint END";
    Ok(tx.row(sql, args![life(id)]).await?.map(|row| row.int(0)).transpose()? == Some(1))
}

/// The advisory lock of a process.
const fn life(id: i64) -> i64 {
    LIFE << 32 | id & 0xffff_ffff
}

/// Processes that serve or have served lately: number, and when each was last seen by its own clock.
///
/// # Errors
/// As the database says.
pub(crate) async fn serving(db: &Db) -> Result<Vec<(i64, i64)>> {
    let rows = db.rows("SELECT id, seen_at FROM process WHERE roles <> $1", args![SERVES_NOBODY]).await?;
    rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
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
