//! The schema and its history. `migrations/README.md` has the rules.
//!
//! Whoever may change the schema calls [`migrate`]; a process that may not calls [`wait_until_current`].

use std::time::Duration;

use tokio::time::{Instant, sleep};

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

const MIGRATIONS: &[Migration] = &[
    migration!(1, "0001_mail"),
    migration!(2, "0002_directory"),
    migration!(3, "0003_queue"),
    migration!(4, "0004_trail"),
    migration!(5, "0005_sharing"),
    migration!(6, "0006_certificates"),
    migration!(7, "0007_text_index"),
    migration!(8, "0008_url_key"),
    migration!(9, "0009_seen_by"),
    migration!(10, "0010_last_login"),
    migration!(11, "0011_released"),
    migration!(12, "0012_text_attachments"),
];

/// The oldest version that serves the newest schema. It is raised by the migration that takes away what that version needs.
const OLDEST_BINARY: &str = "0.1.0";
/// How often a waiting process looks.
const LOOK: Duration = Duration::from_millis(500);

/// The schema's number once this binary's migrations have run.
#[must_use]
pub fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.0)
}

/// Brings the schema up to this binary's, one transaction a step. A newer schema is left alone.
///
/// # Errors
/// [`StoreError`] as the database says; steps before the failing one stay. [`StoreError::Refused`]
/// for a database into which a restore was begun and not ended, and for a schema that has left this binary behind.
pub async fn migrate(db: &Db) -> Result<i64> {
    let at = migrate_to(db, newest()).await?;
    refuse_too_old(db).await?;
    crate::backup::refuse_unfinished(db).await?;
    Ok(at)
}

/// Waits until the schema is this binary's or newer, and changes nothing: in a cluster one job migrates and no pod does.
///
/// # Errors
/// [`StoreError::Unavailable`] when nobody has migrated in time; [`StoreError::Refused`] as [`migrate`].
pub async fn wait_until_current(db: &Db, wait: Duration) -> Result<i64> {
    let deadline = Instant::now() + wait;
    loop {
        let at = current(db).await?;
        if at >= newest() {
            refuse_too_old(db).await?;
            crate::backup::refuse_unfinished(db).await?;
            return Ok(at);
        }
        if Instant::now() >= deadline {
            let message = format!("the schema is {at} and this version needs {}; run `postern migrate`", newest());
            return Err(StoreError::unavailable(message));
        }
        tracing::info!(schema = at, needed = newest(), "waiting for the schema");
        sleep(LOOK).await;
    }
}

/// The schema's number; 0 for an empty database.
///
/// # Errors
/// [`StoreError`] as the database says.
pub async fn current(db: &Db) -> Result<i64> {
    let mut tx = db.begin().await?;
    let at = version(&mut tx, db.dialect()).await;
    tx.rollback().await;
    at
}

/// A later version may have taken away what this one reads: it says so in the database.
async fn refuse_too_old(db: &Db) -> Result<()> {
    let Some(row) = db.row("SELECT value FROM meta WHERE key = 'oldest_binary'", &[]).await? else { return Ok(()) };
    let (oldest, ours) = (row.str(0)?, env!("CARGO_PKG_VERSION"));
    if numbers(ours) < numbers(oldest) {
        return Err(StoreError::Refused(format!("this is version {ours}, and the schema serves {oldest} and later: start a newer one")));
    }
    Ok(())
}

/// `1.2.3-beta` as 1, 2, 3.
fn numbers(version: &str) -> Vec<u64> {
    version.split(['-', '+']).next().unwrap_or_default().split('.').map(|part| part.parse().unwrap_or(0)).collect()
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
            if number == newest() {
                tx.execute(
                    "INSERT INTO meta (key, value) VALUES ('oldest_binary', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    args![OLDEST_BINARY],
                )
                .await?;
            }
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
