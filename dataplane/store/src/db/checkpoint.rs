//! Copies SQLite's log back into its file, on a connection and a thread of its own.
//!
//! Left to SQLite, the commit that fills the log does the copying while everybody waits for the one
//! writer. Here it goes on beside the commits, a second's worth at a time. Under steady load the log
//! never stands still for long enough to begin anew; when it has grown to
//! [`super::WAL_PAGES`] the writer copies the little that is left and begins it anew.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rusqlite::Connection;
use tokio::task::spawn_blocking;

use super::sqlite::{self, Purpose};
use crate::error::Result;

/// How often the log is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// The task; dropping this ends it.
pub(super) struct Checkpointer(tokio::task::AbortHandle);

impl Checkpointer {
    /// Starts it; `commits` is moved by every commit.
    pub(super) fn start(path: PathBuf, commits: Arc<AtomicU64>) -> Self {
        Self(tokio::spawn(run(path, commits)).abort_handle())
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

async fn run(path: PathBuf, commits: Arc<AtomicU64>) {
    let mut connection: Option<Connection> = None;
    let mut done = 0;
    loop {
        tokio::time::sleep(EVERY).await;
        let now = commits.load(Ordering::Relaxed);
        if now == done {
            continue;
        }
        let (path, open) = (path.clone(), connection.take());
        match spawn_blocking(move || copy(&path, open)).await {
            Ok(Ok(open)) => (connection, done) = (Some(open), now),
            Ok(Err(error)) => tracing::debug!(%error, "copying the log back"),
            Err(_) => return,
        }
    }
}

fn copy(path: &Path, open: Option<Connection>) -> Result<Connection> {
    let connection = match open {
        Some(open) => open,
        None => sqlite::open(path, Purpose::Write)?,
    };
    connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE)")?;
    Ok(connection)
}
