//! The place of an open folder in memory: its newest [`Snapshot`], moved on from the database.
//!
//! Placements and expunges above its MODSEQ make the next one. Commits of one account are in MODSEQ
//! order, because each holds the account's lock, so nothing below the folder's MODSEQ can appear later.
//!
//! Who reads somebody else's folder has a cell of their own, for what they have seen is theirs alone ([`super::viewer`]).
//!
//! A large folder that is not in memory is opened by its row alone: the counters answer SELECT, and the
//! snapshot of that very moment follows ([`Coming`]), read behind it in the same transaction.

use std::sync::{Arc, Mutex, PoisonError};

use postern_core::{AccountId, FolderId};
use tokio::sync::oneshot;

use super::{
    folder::{self, Folder},
    placement::{self, columns},
    snapshot::{CHUNK, Entry, Snapshot},
    viewer,
};
use crate::{
    args,
    db::{Db, ReadTx},
    error::{Result, StoreError},
};

/// Messages above which a folder that is not in memory is opened by its row.
const LARGE: u32 = 5_000;
/// Placements read in one statement: about 1 MiB as a list.
const PAGE: i64 = 20_000;

/// A folder that was opened.
#[derive(Debug)]
pub enum Opened {
    /// As it is now.
    Here(Arc<Snapshot>),
    /// As it was a moment ago: its row, its entries to come.
    Coming(Arc<Snapshot>, Coming),
}

/// The entries of a folder, on their way from the database. Dropped, they still come, for whoever opens it next.
#[derive(Debug)]
pub struct Coming(oneshot::Receiver<Result<Arc<Snapshot>>>);

impl Coming {
    /// Waits for them: the snapshot of the moment when the folder was opened.
    ///
    /// # Errors
    /// As the database says.
    pub async fn arrive(&mut self) -> Result<Arc<Snapshot>> {
        (&mut self.0).await.unwrap_or_else(|_| Err(StoreError::Unavailable("the process is stopping".into())))
    }
}

/// Whose folder, which, and who looks at it if not the owner.
pub(super) type CellKey = (AccountId, FolderId, Option<AccountId>);

/// The newest snapshot of one folder, shared by all who have it open.
#[derive(Debug)]
pub struct FolderCell {
    account: AccountId,
    folder: FolderId,
    /// Who looks, if it is not the owner.
    viewer: Option<AccountId>,
    newest: Mutex<Option<Arc<Snapshot>>>,
    moving: tokio::sync::Mutex<()>,
}

impl FolderCell {
    pub(crate) fn new((account, folder, viewer): CellKey) -> Self {
        Self { account, folder, viewer, newest: Mutex::default(), moving: tokio::sync::Mutex::default() }
    }

    pub(super) const fn key(&self) -> CellKey {
        (self.account, self.folder, self.viewer)
    }

    /// The newest snapshot that is in memory, which may be behind.
    #[must_use]
    pub fn newest(&self) -> Option<Arc<Snapshot>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Opens the folder: `row` is what was just read of it.
    ///
    /// # Errors
    /// As [`FolderCell::refresh`].
    pub async fn open(self: &Arc<Self>, db: &Db, row: Folder) -> Result<Opened> {
        match self.newest() {
            Some(known) if known.folder == row => Ok(Opened::Here(known)),
            None if row.messages > LARGE && self.viewer.is_none() => self.open_by_row(db).await,
            _ => self.refresh(db).await.map(Opened::Here),
        }
    }

    async fn open_by_row(self: &Arc<Self>, db: &Db) -> Result<Opened> {
        let ((here, opened), (there, coming)) = (oneshot::channel(), oneshot::channel());
        let (cell, db) = (self.clone(), db.clone());
        tokio::spawn(async move {
            let done = cell.load_behind(&db, here).await;
            // Whoever opened it may have left.
            let _ = there.send(done);
        });
        let mut coming = Coming(coming);
        match opened.await {
            Ok(row) => Ok(Opened::Coming(row, coming)),
            // It never came to the row: the other end says why, or that it is here.
            Err(_) => coming.arrive().await.map(Opened::Here),
        }
    }

    /// Reads the row and tells it, then the entries of the same moment.
    async fn load_behind(&self, db: &Db, opened: oneshot::Sender<Arc<Snapshot>>) -> Result<Arc<Snapshot>> {
        let one_at_a_time = self.moving.lock().await;
        if self.newest().is_some() {
            drop((one_at_a_time, opened));
            return self.refresh(db).await;
        }
        let mut tx = db.snapshot().await?;
        let row = folder::by_id_in(&mut tx, self.account, self.folder).await?.ok_or(StoreError::NotFound("folder"))?;
        let _ = opened.send(Arc::new(Snapshot::build(row.clone(), Vec::new())));
        let snapshot = Arc::new(load(&mut Reader::Moment(&mut tx), self.key(), row).await?);
        tx.close().await;
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(snapshot.clone());
        Ok(snapshot)
    }

    /// The folder as it is now: loaded when it is not in memory, else moved on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the folder is gone; else as the database says.
    pub async fn refresh(&self, db: &Db) -> Result<Arc<Snapshot>> {
        let _one_at_a_time = self.moving.lock().await;
        let mut row = folder::by_id(db, self.account, self.folder).await?.ok_or(StoreError::NotFound("folder"))?;
        let newest = self.newest();
        if let (Some(_), Some(known)) = (self.viewer, &newest) {
            // The row's is the owner's; the viewer's is counted from the entries.
            row.unseen = known.folder.unseen;
        }
        let snapshot = match newest {
            Some(known) if known.folder.modseq == row.modseq && known.folder.uid_validity == row.uid_validity => {
                if known.folder == row {
                    return Ok(known);
                }
                known.under(row)
            }
            Some(known) if known.folder.uid_validity == row.uid_validity && known.folder.modseq >= row.history_floor => {
                let (changed, expunged) = self.changes(db, &known.folder).await?;
                known.moved_on(row, changed, &expunged)
            }
            _ => load(&mut Reader::Now(db), self.key(), row).await?,
        };
        let snapshot = Arc::new(if self.viewer.is_some() { snapshot.recounted() } else { snapshot });
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(snapshot.clone());
        Ok(snapshot)
    }

    async fn changes(&self, db: &Db, known: &Folder) -> Result<(Vec<Entry>, Vec<u32>)> {
        let since = known.modseq;
        // What is new lies above the UIDs, what changed since it came is in an index of its own.
        let of_owner = columns!(
            "SELECT * FROM placement WHERE account = $1 AND folder = $2 AND uid >= $3 \
             UNION SELECT * FROM placement WHERE account = $1 AND folder = $2 AND modseq > $4 AND modseq > created_modseq"
        );
        let changed = match self.viewer {
            None => db.row(of_owner, args![self.account, self.folder, known.uid_next, since]).await?,
            Some(viewer) => viewer::changes(db, self.account, self.folder, viewer, known.uid_next, since).await?,
        };
        let expunged = db
            .row(
                "SELECT array_agg(uid) FROM expunged WHERE account = $1 AND folder = $2 AND modseq > $3",
                args![self.account, self.folder, since],
            )
            .await?;
        let expunged = expunged.map_or(Ok(Vec::new()), |row| row.ints(0))?;
        Ok((placement::entries(changed.as_ref())?, expunged.into_iter().map(|uid| u32::try_from(uid).unwrap_or(u32::MAX)).collect()))
    }
}

/// Who asks the database.
enum Reader<'d> {
    Now(&'d Db),
    Moment(&'d mut ReadTx),
}

impl Reader<'_> {
    async fn page(&mut self, (account, folder, viewer): CellKey, last: i64) -> Result<Vec<Entry>> {
        let sql = columns!("SELECT * FROM placement WHERE account = $1 AND folder = $2 AND uid > $3 ORDER BY uid LIMIT $4");
        let row = match (self, viewer) {
            (Self::Now(db), None) => db.row(sql, args![account, folder, last, PAGE]).await?,
            (Self::Moment(tx), None) => tx.row(sql, args![account, folder, last, PAGE]).await?,
            (Self::Now(db), Some(viewer)) => db.row(viewer::PAGE, args![account, folder, viewer, last, PAGE]).await?,
            (Self::Moment(tx), Some(viewer)) => tx.row(viewer::PAGE, args![account, folder, viewer, last, PAGE]).await?,
        };
        placement::entries(row.as_ref())
    }
}

async fn load(reader: &mut Reader<'_>, key: CellKey, row: Folder) -> Result<Snapshot> {
    let (mut chunks, mut chunk, mut last) = (Vec::new(), Vec::with_capacity(CHUNK.min(row.messages as usize)), 0i64);
    loop {
        let page = reader.page(key, last).await?;
        let is_last = (page.len() as i64) < PAGE;
        for entry in page {
            last = entry.uid.into();
            chunk.push(entry);
            if chunk.len() == CHUNK {
                chunks.push(Arc::new(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK))));
            }
        }
        if is_last {
            break;
        }
    }
    if !chunk.is_empty() {
        chunk.shrink_to_fit();
        chunks.push(Arc::new(chunk));
    }
    Ok(Snapshot::build(row, chunks))
}
