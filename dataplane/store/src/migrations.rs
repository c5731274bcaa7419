//! The schema and its history. `migrations/README.md` has the rules.

use crate::{
    args,
    db::{Db, Tx},
    dialect::Dialect,
    error::{Result, StoreError},
};

/// One step: number, PostgreSQL's text, SQLite's text.
struct Migration(i64, &'static str, &'static str);

macro_rules! migration {
    ($number:literal, $name:literal) => {
        Migration(
            $number,
            include_str!(concat!("../migrations/postgres/", $name, ".sql")),
            include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
        )
    };
}

const MIGRATIONS: &[Migration] =
    &[migration!(1, "0001_mail"), migration!(2, "0002_directory"), migration!(3, "0003_queue"), migration!(4, "0004_trail")];

/// The schema's number once this binary's migrations have run.
#[must_use]
pub fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.0)
}

/// Brings the schema up to this binary's, one transaction a step. A newer schema is left alone.
///
/// # Errors
/// [`StoreError`] as the database says; steps before the failing one stay. [`StoreError::Refused`]
/// for a database into which a restore was begun and not ended.
pub async fn migrate(db: &Db) -> Result<i64> {
    let at = migrate_to(db, newest()).await?;
    crate::backup::refuse_unfinished(db).await?;
    Ok(at)
}

/// Brings the schema up to one number and not above: what a restore begins with.
///
/// # Errors
/// [`StoreError`] as the database says; steps before the failing one stay.
pub(crate) async fn migrate_to(db: &Db, last: i64) -> Result<i64> {
    let mut at = 0;
    for &Migration(number, postgres, sqlite) in MIGRATIONS.iter().filter(|migration| migration.0 <= last) {
        let mut tx = db.begin().await?;
        if db.dialect() == Dialect::Postgres {
            // Any number, the same in every version: "postern" on a telephone's keys.
            tx.execute("SELECT pg_advisory_xact_lock(7678376)", &[]).await?;
        }
        at = version(&mut tx, db.dialect()).await?;
        if at < number {
            tx.script(if db.dialect() == Dialect::Postgres { postgres } else { sqlite }).await?;
            tx.execute(
                "INSERT INTO meta (key, value) VALUES ('schema', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                args![&number.to_string()],
            )
            .await?;
            at = number;
            tx.commit().await?;
        } else {
            tx.rollback().await;
        }
    }
    Ok(at)
}

async fn version(tx: &mut Tx, dialect: Dialect) -> Result<i64> {
    let exists = match dialect {
        Dialect::Postgres => "SELECT 1::bigint FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'meta'",
        Dialect::Sqlite => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'",
    };
    if tx.row(exists, &[]).await?.is_none() {
        return Ok(0);
    }
    match tx.row("SELECT value FROM meta WHERE key = 'schema'", &[]).await? {
        Some(row) => row.str(0)?.parse().map_err(|_| StoreError::Damaged("meta.schema is not a number".into())),
        None => Ok(0),
    }
}
