//! One process to a data folder: SQLite would allow two, and two would disagree about counters and sessions.

use std::{
    fs::{File, OpenOptions},
    path::Path,
};

use crate::error::{Result, StoreError};

/// Held until the database is closed; the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct FolderLock(File);

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

    /// Lets go of the folder, said and not left to a drop: a task that ends late still holds the database,
    /// and a program just being started holds a copy of the file.
    pub fn release(&self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "unlocking the data folder");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use postern_tests::temp::TempFolder;

    use super::*;
    use crate::db::{Db, Location};

    #[tokio::test]
    async fn a_folder_is_free_when_its_database_is_closed_whoever_still_holds_it() {
        let folder = TempFolder::new();
        let location = Location::Folder(folder.path().to_owned());
        let open = async || Db::open(&location, Duration::ZERO).await;
        let first = open().await.unwrap();
        assert!(matches!(open().await.err(), Some(StoreError::Unavailable(why)) if why.contains("another process")));
        first.close().await;
        let second = open().await.unwrap();
        first.close().await;
        assert!(open().await.is_err(), "the second's lock is its own");
        drop((first, second));
    }
}
