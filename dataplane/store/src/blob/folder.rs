//! Bodies as files of a folder: each written beside its place, synced, renamed into it, and the
//! folder synced, so that a body is whole or not there.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use postern_core::{BlobId, Timestamp};

use super::Backend;
use crate::error::{Result, StoreError};

/// A folder of bodies, spread over 256 subfolders by the low bits of their ids.
#[derive(Clone, Debug)]
pub struct FolderBackend {
    root: PathBuf,
    /// Subfolders that are known to outlast a loss of power: that one is there says only that somebody is making it.
    durable: Arc<[AtomicBool; 256]>,
}

impl FolderBackend {
    /// A folder; made when it is not there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be made.
    pub fn new(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root).map_err(StoreError::unavailable)?;
        // Best effort: the folder above may be one that we may not read.
        let above = fs::canonicalize(&root).ok().and_then(|root| fs::File::open(root.parent()?).ok());
        drop(above.map(|above| above.sync_all()));
        Ok(Self { root, durable: Arc::new(std::array::from_fn(|_| AtomicBool::new(false))) })
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(&Path) -> std::io::Result<T> + Send + 'static) -> Result<T> {
        let root = self.root.clone();
        match tokio::task::spawn_blocking(move || work(&root)).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(e)) if e.kind() == ErrorKind::NotFound => Err(StoreError::NotFound("body")),
            Ok(Err(e)) => Err(StoreError::unavailable(e)),
            Err(e) => Err(StoreError::unavailable(e)),
        }
    }
}

#[async_trait]
impl Backend for FolderBackend {
    async fn put(&self, id: BlobId, body: Bytes) -> Result<String> {
        let location = format!("{:02x}/{id}", id.0 & 0xff);
        let (relative, durable, part) = (location.clone(), self.durable.clone(), usize::from(id.0.to_le_bytes()[0]));
        self.blocking(move |root| {
            let path = root.join(&relative);
            let folder = path.parent().unwrap_or(root);
            if let Some(known) = durable.get(part).filter(|known| !known.load(Ordering::Acquire)) {
                fs::create_dir_all(folder)?;
                fs::File::open(root)?.sync_all()?;
                known.store(true, Ordering::Release);
            }
            let part = path.with_extension("part");
            let mut file = fs::File::create(&part)?;
            file.write_all(&body)?;
            file.sync_all()?;
            fs::rename(&part, &path)?;
            fs::File::open(folder)?.sync_all()
        })
        .await?;
        Ok(location)
    }

    async fn get(&self, location: &str) -> Result<Bytes> {
        let location = safe(location)?;
        self.blocking(move |root| fs::read(root.join(location))).await.map(Bytes::from)
    }

    async fn delete(&self, location: &str) -> Result<()> {
        let location = safe(location)?;
        match self.blocking(move |root| fs::remove_file(root.join(location))).await {
            Err(StoreError::NotFound(_)) => Ok(()),
            other => other,
        }
    }

    async fn older_than(&self, at: Timestamp, limit: usize) -> Result<Vec<(BlobId, String)>> {
        self.blocking(move |root| {
            let mut found = Vec::new();
            for folder in fs::read_dir(root)? {
                let folder = folder?;
                if found.len() < limit && folder.file_type()?.is_dir() {
                    files_older_than(&folder.path(), at, limit, &mut found)?;
                }
            }
            Ok(found)
        })
        .await
    }

    async fn part_older_than(&self, part: u8, at: Timestamp) -> Result<Vec<(BlobId, String)>> {
        self.blocking(move |root| {
            let (folder, mut found) = (root.join(format!("{part:02x}")), Vec::new());
            if folder.is_dir() {
                files_older_than(&folder, at, usize::MAX, &mut found)?;
            }
            Ok(found)
        })
        .await
    }
}

/// Adds the files of a subfolder until there are `limit`.
fn files_older_than(folder: &Path, at: Timestamp, limit: usize, found: &mut Vec<(BlobId, String)>) -> std::io::Result<()> {
    let Some(parent) = folder.file_name().and_then(|name| name.to_str()) else { return Ok(()) };
    for file in fs::read_dir(folder)? {
        let file = file?;
        let name = file.file_name();
        let Some(name) = name.to_str() else { continue };
        // A `.part` whose write never ended has an id too.
        let Ok(id) = name.trim_end_matches(".part").parse::<BlobId>() else { continue };
        let modified = file.metadata()?.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        if i64::try_from(modified.as_micros()).unwrap_or(i64::MAX) < at.0 {
            found.push((id, format!("{parent}/{name}")));
            if found.len() >= limit {
                break;
            }
        }
    }
    Ok(())
}

/// A location comes from a row, and rows are ours; it still may not leave the folder.
fn safe(location: &str) -> Result<String> {
    let ok = location.split('/').all(|part| !part.is_empty() && part != ".." && part != ".") && !location.starts_with('/');
    if ok { Ok(location.to_owned()) } else { Err(StoreError::Damaged("a body's location leaves its folder".into())) }
}
