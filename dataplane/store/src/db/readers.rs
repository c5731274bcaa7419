//! Reading from SQLite: a few connections; for each statement one way to a thread and back, or none for a small one.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use super::sqlite::{self, Purpose};
use crate::error::{Result, StoreError};

/// The connections of one database that read. Clones share them.
#[derive(Clone)]
pub(super) struct Readers {
    path: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    /// At most `most` of them, opened when they are wanted.
    pub(super) fn new(path: PathBuf, most: usize) -> Self {
        Self { path: Arc::new(path), idle: Arc::default(), turns: Arc::new(Semaphore::new(most)) }
    }

    /// Where the database is.
    pub(super) fn path(&self) -> PathBuf {
        PathBuf::clone(&self.path)
    }

    /// Reads on a thread where it may block. It goes on to its end even when nobody waits for it any more.
    pub(super) async fn read<T: Send + 'static>(&self, work: impl FnOnce(&Connection) -> Result<T> + Send + 'static) -> Result<T> {
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| closed())?;
        let readers = self.clone();
        spawn_blocking(move || readers.with(turn, work)).await.map_err(StoreError::unavailable)?
    }

    /// Reads where the caller stands: what takes microseconds when its pages are in memory, and one look at the disk when not.
    pub(super) async fn read_here<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| closed())?;
        self.with(turn, work)
    }

    fn with<T>(&self, turn: OwnedSemaphorePermit, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => sqlite::open(&self.path, Purpose::Read)?,
        };
        let result = work(&connection);
        if !self.turns.is_closed() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        drop(turn);
        result
    }

    /// Ends reading; what is under way goes on to its end.
    pub(super) fn close(&self) {
        self.turns.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the database is closed".into())
}
