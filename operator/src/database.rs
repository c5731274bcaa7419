//! The database as the operator holds it: opened with patience, with a node number for ids, and a sign of life.

use std::{sync::Arc, time::Duration};

use postern_core::{Clock, IdSource};
use postern_store::{
    Result, StoreError,
    db::{Db, Location},
    directory::{
        Directory, SealKeys,
        process::{self, Process},
    },
    migrations,
};
use tokio_util::sync::CancellationToken;

use crate::health::Readiness;

/// One attempt to reach the database.
const WAIT: Duration = Duration::from_secs(5);
/// Pause between two attempts, and between two looks at what changed.
const PAUSE: Duration = Duration::from_secs(1);
/// What readiness calls it.
const CONDITION: &str = "database";

/// Waits for the database, however long that takes, and brings its schema up or waits for that too.
///
/// # Errors
/// What no patience heals: a URL that is none, a folder that another process holds.
pub async fn open(location: &Location, migrate: bool, readiness: &Readiness) -> Result<Db> {
    readiness.unmet(CONDITION, "not reached yet");
    loop {
        let opened = async {
            let db = Db::open(location, WAIT).await?;
            if migrate {
                migrations::migrate(&db).await?;
            } else {
                migrations::wait_until_current(&db, WAIT).await?;
            }
            Ok(db)
        };
        match opened.await {
            Ok(db) => {
                readiness.met(CONDITION);
                return Ok(db);
            }
            Err(StoreError::Unavailable(cause)) => {
                tracing::warn!(%cause, "the database does not answer; trying again");
                readiness.unmet(CONDITION, &cause);
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Opens the directory with a node number of its own.
///
/// # Errors
/// As the database says.
pub async fn directory(db: &Db, identity: &str, clock: &Arc<dyn Clock>, keys: SealKeys) -> Result<(Directory, Process)> {
    let process = process::reserve(db, identity, clock.now()).await?;
    let ids = IdSource::new(clock.clone(), process.node);
    Ok((Directory::open(db.clone(), clock.clone(), ids, keys).await?, process))
}

/// Keeps the node number and the directory's cache until `stop`.
pub async fn keep(db: Db, directory: Directory, process: Process, clock: Arc<dyn Clock>, readiness: Readiness, stop: CancellationToken) {
    let mut told = clock.now();
    while !stop.is_cancelled() {
        let now = clock.now();
        let seen = if now.since(told) >= process::HEARTBEAT {
            told = now;
            process::heartbeat(&db, process, directory.position(), now).await
        } else {
            directory.refresh().await.map(drop)
        };
        match seen {
            Ok(()) => readiness.met(CONDITION),
            Err(StoreError::NotFound(_)) => {
                // Its ids could meet another's: a restart gets a number of its own.
                tracing::error!("this process was given up for dead; it stops and must be started again");
                stop.cancel();
            }
            Err(error) => readiness.unmet(CONDITION, &error),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => {}
        }
    }
    if let Err(error) = process::leave(&db, process, clock.now()).await {
        tracing::debug!(%error, "leaving");
    }
}
