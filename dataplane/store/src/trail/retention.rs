//! Days ahead and days gone.
//!
//! On PostgreSQL a day is a partition: made ahead, dropped as a whole. Both want a short lock on the
//! parent table, behind which every delivery would queue while a backup reads it; so neither waits
//! for it longer than [`LOCK_WAIT`], and the janitor comes again. What was not made in time goes to
//! the default partition, and so does everything on SQLite: it is deleted in slices.

use postern_core::Timestamp;

use crate::{
    args,
    db::{Db, Tx},
    dialect::Dialect,
    error::Result,
    transaction,
};

/// Days that are made ahead: how long the janitor may be missing before days share the default partition.
pub const DAYS_AHEAD: i64 = 7;
/// How long a lock on the whole table is waited for.
pub const LOCK_WAIT: &str = "250ms";
/// Rows deleted in one transaction.
const SLICE: i64 = 500;
/// Any number, the same in every version: one process at a time makes or drops partitions.
const LOCK: i64 = 7_678_377;

/// Makes the days from today to [`DAYS_AHEAD`]; how many tables were made. Call at start, then at least daily.
///
/// # Errors
/// [`crate::StoreError::Conflict`] when somebody reads the tables just now: call again later, nothing is lost by it.
pub async fn ensure_partitions(db: &Db, now: Timestamp) -> Result<i64> {
    make_days(db, now.day(), now.day() + DAYS_AHEAD).await
}

/// Makes the days from `first` to `last`; how many tables were made. Of a restore: days that are over.
///
/// # Errors
/// As [`ensure_partitions`].
pub(crate) async fn make_days(db: &Db, first: i64, last: i64) -> Result<i64> {
    if db.dialect() == Dialect::Sqlite {
        return Ok(0);
    }
    let mut tx = db.begin().await?;
    brief_locks(&mut tx).await?;
    let row = tx.row("SELECT trail_partitions($1, $2)", args![first, last]).await?;
    let made = row.map_or(Ok(0), |row| row.int(0))?;
    tx.commit().await?;
    Ok(made)
}

/// Lets go of what is older than the day `before`, one slice; how much went. Call again until nothing does.
///
/// # Errors
/// [`crate::StoreError::Conflict`] when somebody reads the tables just now: call again later.
pub async fn expire(db: &Db, before: i64) -> Result<u64> {
    let mut gone = 0;
    if db.dialect() == Dialect::Postgres {
        let mut tx = db.begin().await?;
        brief_locks(&mut tx).await?;
        let row = tx.row("SELECT trail_drop($1)", args![before]).await?;
        gone = row.map_or(Ok(0), |row| row.int(0))?.unsigned_abs();
        tx.commit().await?;
    }
    gone += transaction!(db, |tx| {
        let events = tx
            .execute(
                "DELETE FROM event WHERE (day, trace, id) IN (SELECT day, trace, id FROM event WHERE day < $1 LIMIT $2)",
                args![before, SLICE],
            )
            .await?;
        let keys = tx
            .execute(
                "DELETE FROM event_key WHERE (day, key, trace) IN (SELECT day, key, trace FROM event_key WHERE day < $1 LIMIT $2)",
                args![before, SLICE],
            )
            .await?;
        Ok(events + keys)
    })?;
    Ok(gone)
}

async fn brief_locks(tx: &mut Tx) -> Result<()> {
    tx.execute("SELECT pg_advisory_xact_lock($1)", args![LOCK]).await?;
    tx.execute("SELECT set_config('lock_timeout', $1, true)", args![LOCK_WAIT]).await?;
    Ok(())
}
