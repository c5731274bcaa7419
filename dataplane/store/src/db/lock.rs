//! One process to a data folder: SQLite would allow two, and two would disagree about counters and sessions.

use std::{
    fs::{File, OpenOptions},
    path::Path,
};

use crate::error::{Result, StoreError};

/// Held for as long as the database is open; the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct FolderLock(#[expect(dead_code, reason = "held, never read")] File);

impl FolderLock {
    /// Locks `folder/lock`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when another process holds it or the folder cannot be written.
    pub fn take(folder: &Path) -> Result<Self> {
        let path = folder.join("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(StoreError::unavailable)?;
        file.try_lock().map_err(|_| StoreError::Unavailable(format!("another process uses {}; stop it first", folder.display())))?;
        Ok(Self(file))
    }
}
