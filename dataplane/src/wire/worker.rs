//! The sender's name in the queue, kept in the data folder while its process lives.
//!
//! A sender that was killed leaves leases behind, and they are long: longer than the longest answer to a
//! message. Whoever starts in the same folder knows that it is gone, by the lock that went with it, and
//! gives back what it held at once; other processes have to wait until they are sure of it (`postern_store::queue::RollCall`). (SQLite needs none of this:
//! there the whole database has one process.)

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, Write},
    path::Path,
};

use postern_store::{Store, queue::WorkerId};

/// A name and the lock that proves it.
pub struct Worker {
    /// For [`postern_mailflow::queue::Parts`].
    pub id: WorkerId,
    /// Held as long as the sender; `None` where another process has the folder.
    pub lock: Option<File>,
}

/// Takes a new name, and gives back what the folder's earlier senders held if they are gone.
pub async fn worker(data: &Path, store: &Store) -> Worker {
    let id = WorkerId(store.process.id);
    let (mut lock, before) = match take(&data.join("sender"), id) {
        Ok(taken) => taken,
        Err(error) => {
            tracing::debug!(%error, "another sender has this folder");
            return Worker { id, lock: None };
        }
    };
    for name in &before {
        if let Err(error) = store.queue.bury(*name, None).await {
            tracing::warn!(%error, "what the last sender held waits until its leases end, or until the next start");
            return Worker { id, lock: Some(lock) };
        }
    }
    if let Err(error) = write(&mut lock, id) {
        tracing::debug!(%error, "names of earlier senders stay written");
    }
    Worker { id, lock: Some(lock) }
}

/// Locks the file and adds a name to those in it, which are returned: a name goes only when its leases are given back.
fn take(path: &Path, id: WorkerId) -> io::Result<(File, Vec<WorkerId>)> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    file.try_lock().map_err(io::Error::from)?;
    let mut names = String::new();
    file.read_to_string(&mut names)?;
    writeln!(file, "{}", id.0)?;
    file.sync_all()?;
    Ok((file, names.lines().filter_map(|name| name.parse().ok()).map(WorkerId).collect()))
}

/// Leaves one name in the file.
fn write(file: &mut File, id: WorkerId) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", id.0)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_again_only_when_its_holder_is_gone_and_until_it_is_done_with() {
        let folder = postern_tests::temp::TempFolder::new();
        let path = folder.path().join("sender");
        let (held, before) = take(&path, WorkerId(1)).unwrap();
        assert!(before.is_empty());
        assert!(take(&path, WorkerId(2)).is_err());
        drop(held);
        let (mut held, before) = take(&path, WorkerId(3)).unwrap();
        assert_eq!(before, [WorkerId(1)]);
        drop(held);
        (held, _) = take(&path, WorkerId(4)).unwrap();
        write(&mut held, WorkerId(4)).unwrap();
        drop(held);
        assert_eq!(take(&path, WorkerId(5)).unwrap().1, [WorkerId(4)]);
    }
}
