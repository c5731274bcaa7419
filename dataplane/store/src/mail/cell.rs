//! The place of an open folder in memory: its newest [`Snapshot`], moved on from the database.
//!
//! Placements and expunges above its MODSEQ make the next one. Commits of one account are in MODSEQ
//! order, because each holds the account's lock, so nothing below the folder's MODSEQ can appear later.
//!
//! Commits of this process bring what they did (`FolderCell::advance`); the database is asked about those of others.
//!
//! Who reads somebody else's folder has a cell of their own, for what they have seen is theirs alone (`viewer`).
//!
//! A large folder that is not in memory is opened by its row alone: the counters answer SELECT, and the
//! snapshot of that very moment follows ([`Coming`]), read behind it in the same transaction.

use std::sync::{Arc, Mutex, PoisonError};

use postern_core::{AccountId, FolderId};
use tokio::sync::oneshot;

use super::{
    cells::Step,
    folder::{self, Folder},
    placement::{self, columns},
    snapshot::{CHUNK, Entry, Snapshot},
    viewer,
};
use crate::{
    args,
    db::{Db, ReadTx, Row},
    error::{Result, StoreError},
};

/// Messages above which a folder that is not in memory is opened by its row.
const LARGE: u32 = 5_000;
/// Placements read in one statement: about 1 MiB as a list.
const PAGE: i64 = 20_000;
/// Changes that are read where the caller stands; of more than these all are read again beside.
const FEW: i64 = 500;

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
pub(crate) type CellKey = (AccountId, FolderId, Option<AccountId>);

/// The newest snapshot of one folder, shared by all who have it open.
#[derive(Debug)]
pub struct FolderCell {
    account: AccountId,
    folder: FolderId,
    /// Who looks, if it is not the owner.
    viewer: Option<AccountId>,
    newest: Mutex<Option<Newest>>,
    moving: tokio::sync::Mutex<()>,
}

/// A snapshot, and how far it is the truth.
#[derive(Clone, Debug)]
struct Newest {
    snapshot: Arc<Snapshot>,
    /// The account's MODSEQ up to which no commit has done anything to the folder that is not in the snapshot.
    sure: i64,
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
        self.known().map(|newest| newest.snapshot)
    }

    fn known(&self) -> Option<Newest> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps what was read, unless a commit of this process has moved the folder further meanwhile; what is kept then.
    fn keep(&self, snapshot: Arc<Snapshot>, sure: i64) -> Arc<Snapshot> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *newest {
            Some(known) if known.snapshot.folder.modseq > snapshot.folder.modseq => known.snapshot.clone(),
            other => {
                let before = other.as_ref().filter(|known| known.snapshot.folder.modseq == snapshot.folder.modseq);
                let sure = before.map_or(sure, |known| known.sure.max(sure));
                *other = Some(Newest { snapshot: snapshot.clone(), sure });
                snapshot
            }
        }
    }

    /// Moves on by a commit of this process, if all before it is known.
    pub(super) fn advance(&self, step: Step) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = newest.as_ref().filter(|known| known.snapshot.folder.modseq == step.before.modseq) else { return };
        if known.snapshot.folder.uid_validity == step.before.uid_validity {
            let snapshot = Arc::new(known.snapshot.moved_on(step.after, step.changed.into_values().collect(), &step.gone));
            *newest = Some(Newest { snapshot, sure: step.modseq });
        }
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
        let sure = snapshot.folder.modseq;
        Ok(self.keep(snapshot, sure))
    }

    /// The folder as it is at this MODSEQ of its account or later: what is in memory, if that is known to be.
    ///
    /// # Errors
    /// As [`FolderCell::refresh`].
    pub async fn refresh_to(&self, db: &Db, modseq: i64) -> Result<Arc<Snapshot>> {
        match self.known() {
            Some(known) if known.sure >= modseq => Ok(known.snapshot),
            _ => self.refresh(db).await,
        }
    }

    /// The folder as it is now: loaded when it is not in memory, else moved on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the folder is gone; else as the database says.
    pub async fn refresh(&self, db: &Db) -> Result<Arc<Snapshot>> {
        let _one_at_a_time = self.moving.lock().await;
        let gone = StoreError::NotFound("folder");
        let (snapshot, sure) = match self.newest() {
            None => {
                let row = folder::by_id(db, self.account, self.folder).await?.ok_or(gone)?;
                let sure = row.modseq;
                (load(&mut Reader::Now(db), self.key(), row).await?, sure)
            }
            Some(known) => {
                let Moved { row, changed, expunged, modseq } = self.moved(db, &known.folder).await?.ok_or(gone)?;
                if known.folder == row {
                    return Ok(self.keep(known, modseq));
                }
                let went_back = row.modseq < known.folder.modseq;
                if went_back {
                    // A restore, or a failover that lost commits: what is in memory has another past than the database.
                    tracing::warn!(
                        account = self.account.0,
                        folder = self.folder.0,
                        "the database is older than it was; a folder is read anew"
                    );
                    *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = None;
                }
                let another = known.folder.uid_validity != row.uid_validity || known.folder.modseq < row.history_floor;
                let snapshot = if went_back || another {
                    load(&mut Reader::Now(db), self.key(), row).await?
                } else if known.folder.modseq == row.modseq {
                    known.under(row)
                } else {
                    known.moved_on(row, changed, &expunged)
                };
                (snapshot, modseq)
            }
        };
        let snapshot = Arc::new(if self.viewer.is_some() { snapshot.recounted() } else { snapshot });
        Ok(self.keep(snapshot, sure))
    }

    /// The folder's row and what moved above what is known, of one moment.
    async fn moved(&self, db: &Db, known: &Folder) -> Result<Option<Moved>> {
        match self.viewer {
            None => self.moved_for_owner(db, known).await,
            Some(viewer) => self.moved_for(db, known, viewer).await,
        }
    }

    async fn moved_for_owner(&self, db: &Db, known: &Folder) -> Result<Option<Moved>> {
        // What is new lies above the UIDs, what changed since it came is in an index of its own: `+ 0` keeps a planner from
        // walking all UIDs below instead.
        let sql = folder::fields!(concat!(
            ", changed.*, (SELECT array_agg(uid) FROM \
             (SELECT uid FROM expunged WHERE account = $1 AND folder = $2 AND modseq > $4 LIMIT $5) AS gone), \
             (SELECT modseq FROM account WHERE id = $1) FROM folder CROSS JOIN (",
            columns!(
                "SELECT * FROM placement WHERE account = $1 AND folder = $2 AND uid >= $3 UNION ALL \
                 SELECT * FROM placement WHERE account = $1 AND folder = $2 AND modseq > $4 AND modseq > created_modseq AND uid + 0 < $3 LIMIT $5"
            ),
            ") AS changed WHERE account = $1 AND id = $2"
        ));
        let few = db.lookup(sql, args![self.account, self.folder, known.uid_next, known.modseq, FEW]).await?;
        let Some(moved) = few.as_ref().map(Moved::of).transpose()? else { return Ok(None) };
        if moved.changed.len().max(moved.expunged.len()) < FEW as usize {
            return Ok(Some(moved));
        }
        let all = db.row(sql, args![self.account, self.folder, known.uid_next, known.modseq, i64::MAX]).await?;
        all.as_ref().map(Moved::of).transpose()
    }

    async fn moved_for(&self, db: &Db, known: &Folder, viewer: AccountId) -> Result<Option<Moved>> {
        let Some(mut row) = folder::by_id(db, self.account, self.folder).await? else { return Ok(None) };
        // The row's is the owner's; the viewer's is counted from the entries.
        row.unseen = known.unseen;
        if row.modseq == known.modseq {
            return Ok(Some(Moved { row, changed: Vec::new(), expunged: Vec::new(), modseq: 0 }));
        }
        let changed = viewer::changes(db, self.account, self.folder, viewer, known.uid_next, known.modseq).await?;
        let sql = "SELECT array_agg(uid) FROM expunged WHERE account = $1 AND folder = $2 AND modseq > $3";
        let expunged = db.row(sql, args![self.account, self.folder, known.modseq]).await?;
        let expunged = expunged.map_or(Ok(Vec::new()), |row| row.ints(0))?;
        Ok(Some(Moved { row, changed: placement::entries(changed.as_ref())?, expunged: uids(expunged), modseq: 0 }))
    }
}

/// A folder's row with what is new, changed or gone.
struct Moved {
    row: Folder,
    changed: Vec<Entry>,
    expunged: Vec<u32>,
    /// The account's MODSEQ at that moment; 0 is not known.
    modseq: i64,
}

impl Moved {
    fn of(row: &Row) -> Result<Self> {
        let behind = folder::FIELDS + placement::COLUMNS;
        let (expunged, modseq) = (uids(row.ints(behind)?), row.opt_int(behind + 1)?.unwrap_or(0));
        Ok(Self { row: folder::folder(row)?, changed: placement::entries_from(row, folder::FIELDS)?, expunged, modseq })
    }
}

fn uids(numbers: Vec<i64>) -> Vec<u32> {
    numbers.into_iter().map(|uid| u32::try_from(uid).unwrap_or(u32::MAX)).collect()
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
