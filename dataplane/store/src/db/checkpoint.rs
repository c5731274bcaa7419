//! Copies SQLite's log back into its file, on a connection and a thread of its own.
//!
//! Left to SQLite, the commit that fills the log does the copying while everybody waits for the one
//! writer. Here it goes on beside the commits, a second's worth at a time. Under steady load the log
//! never stands still for long enough to begin anew; when it has grown to
//! [`super::WAL_PAGES`] the writer copies the little that is left and begins it anew.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::{ConnectOptions, Executor, SqliteConnection, sqlite::SqliteConnectOptions};

/// How often the log is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// The task; dropping this ends it.
pub(super) struct Checkpointer(tokio::task::AbortHandle);

impl Checkpointer {
    /// Starts it; `commits` is moved by every commit.
    pub(super) fn start(options: SqliteConnectOptions, commits: Arc<AtomicU64>) -> Self {
        Self(tokio::spawn(run(options, commits)).abort_handle())
    }

    pub(super) fn stop(&self) {
        self.0.abort();
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn run(options: SqliteConnectOptions, commits: Arc<AtomicU64>) {
    let mut connection: Option<SqliteConnection> = None;
    let mut done = 0;
    loop {
        tokio::time::sleep(EVERY).await;
        let now = commits.load(Ordering::Relaxed);
        if now == done {
            continue;
        }
        if connection.is_none() {
            connection = options.connect().await.ok();
        }
        let Some(open) = &mut connection else { continue };
        match open.execute("PRAGMA wal_checkpoint(PASSIVE)").await {
            Ok(_) => done = now,
            Err(error) => {
                tracing::debug!(%error, "copying the log back");
                connection = None;
            }
        }
    }
}
