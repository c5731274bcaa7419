//! One janitor of several processes: a row that says until when somebody holds the office.
//!
//! That moment, by the database's clock and to the microsecond, is also the holder's token: nobody
//! else wrote it. On SQLite the data folder's lock proves that there is one process.

use std::time::Duration;

use postern_core::Timestamp;

use crate::{args, db::Db, dialect::Dialect, error::Result, transaction};

/// How long the office is held without a step.
pub const LEASE: Duration = Duration::from_secs(60);

/// What this process knows of the office.
#[derive(Debug, Default)]
pub struct Lease {
    /// What it wrote last; 0 is: nothing, and nobody ever did.
    until: i64,
}

impl Lease {
    /// Takes the office when it is free, and keeps it when it is ours; whether it is.
    ///
    /// # Errors
    /// As the database says: do nothing then.
    pub async fn hold(&mut self, db: &Db, now: Timestamp) -> Result<bool> {
        if db.dialect() == Dialect::Sqlite {
            return Ok(true);
        }
        let length = i64::try_from(LEASE.as_micros()).unwrap_or(i64::MAX / 4);
        let until = transaction!(db, |tx| {
            tx.execute("INSERT INTO counter (name, value) VALUES ('janitor', 0) ON CONFLICT DO NOTHING", &[]).await?;
            let sql = "UPDATE counter SET value = db_clock($1) + $2 WHERE name = 'janitor' AND (value <= db_clock($1) OR value = $3) \
                 RETURNING value";
            let row = tx.row(sql, args![now, length, self.until]).await?;
            row.map(|row| row.int(0)).transpose()
        })?;
        self.until = until.unwrap_or(0);
        Ok(until.is_some())
    }

    /// Gives the office up, if it is ours.
    ///
    /// # Errors
    /// As the database says; it ends by itself then.
    pub async fn release(&mut self, db: &Db) -> Result<()> {
        let held = std::mem::take(&mut self.until);
        if db.dialect() == Dialect::Postgres && held != 0 {
            transaction!(db, |tx| { tx.execute("UPDATE counter SET value = 0 WHERE name = 'janitor' AND value = $1", args![held]).await })?;
        }
        Ok(())
    }
}
