//! Reading an archive into an empty database.
//!
//! Each frame of rows is a transaction. A mark in `meta` stands from before the first to after the
//! last, so that a store into which half an archive was read never opens.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
};

use futures_util::{StreamExt, TryStreamExt};
use postern_core::{BlobId, Timestamp};
use tokio::{fs::File, io::BufReader};

use super::{
    Head, Summary,
    archive::{End, FRAME, FrameKind, Reader, TableHead},
    cells,
    table::{self, Kind, TABLES, Table},
};
use crate::{
    blob::Backend,
    db::{Column, Db},
    error::{Result, StoreError},
    migrations,
    store::{Options, raise_epoch},
    trail::retention,
    transaction,
};

/// Bodies that are written to their place at once.
const UPLOADS: usize = 8;

/// What becomes of mail that waited to be sent when the backup was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueFate {
    /// It is sent: for a move, where nothing was sent since.
    Send,
    /// It waits for an operator: after a loss, where some of it may have left since the backup.
    Hold,
}

/// What came of a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What was in the archive.
    pub summary: Summary,
    /// The store's epoch from now on.
    pub epoch: i64,
}

/// Reads all of an archive and checks its sums and counts.
///
/// # Errors
/// [`StoreError::Refused`] when it is no archive or too new; [`StoreError::Damaged`] when it was changed or cut.
pub async fn verify(path: &Path) -> Result<Summary> {
    let mut archive = open(path).await?;
    let head = archive.json(FrameKind::Head).await?;
    let (mut rows, mut kinds, mut name) = (BTreeMap::<String, u64>::new(), Vec::new(), String::new());
    loop {
        let (kind, bytes) = archive.frame().await?;
        match kind {
            FrameKind::Head => return Err(archive.damaged()),
            FrameKind::Table => {
                let table: TableHead = archive.parse(&bytes)?;
                kinds = table.columns.iter().map(|(_, kind)| *kind).collect::<Vec<Kind>>();
                rows.insert(table.name.clone(), 0);
                name = table.name;
            }
            FrameKind::Rows => {
                let count = cells::decode(&kinds, &bytes)?.first().map_or(0, Column::len);
                *rows.entry(name.clone()).or_default() += count as u64;
            }
            FrameKind::End => {
                let end: End = archive.parse(&bytes)?;
                if end.rows != rows {
                    return Err(StoreError::Damaged("the archive does not hold the rows that its end counts".into()));
                }
                return Ok(Summary { head, rows, bytes: archive.end().await? });
            }
        }
    }
}

/// Reads an archive into an empty database of either kind, and raises the store's epoch.
///
/// Every checksum is checked before anything is written. Bodies go where `options` say, whatever
/// place they came from; that place must be empty too.
///
/// # Errors
/// [`StoreError::Refused`] when the database or the place of bodies is not empty or the archive is too new,
/// [`StoreError::Damaged`] when it was changed or cut: nothing was written. Any other: empty both and begin again.
pub async fn restore(path: &Path, options: &Options, queue: QueueFate) -> Result<Restored> {
    let summary = verify(path).await?;
    if summary.head.schema > migrations::newest() {
        let (theirs, ours) = (summary.head.schema, migrations::newest());
        let text = format!(
            "the archive has schema {theirs} and this version knows {ours}: restore with the version that wrote it, or a newer one"
        );
        return Err(StoreError::Refused(text));
    }
    let db = Db::open(&options.location, options.wait).await?;
    let restored = load(path, &db, options, &summary.head, queue).await;
    db.close().await;
    Ok(Restored { epoch: restored?, summary })
}

/// Refuses a database into which a restore was begun and not ended.
pub(crate) async fn refuse_unfinished(db: &Db) -> Result<()> {
    if db.row("SELECT value FROM meta WHERE key = 'restore'", &[]).await?.is_some() {
        return Err(unfinished());
    }
    Ok(())
}

fn unfinished() -> StoreError {
    StoreError::Refused(
        "a restore into this database was not finished: empty the database and the place of bodies, and restore again".into(),
    )
}

async fn open(path: &Path) -> Result<Reader<BufReader<File>>> {
    let file = File::open(path).await.map_err(|e| StoreError::Unavailable(format!("{}: {e}", path.display())))?;
    Reader::begin(BufReader::with_capacity(FRAME, file)).await
}

async fn load(path: &Path, db: &Db, options: &Options, head: &Head, queue: QueueFate) -> Result<i64> {
    // The tables as they were then; later migrations find the rows as they would have found them there.
    let schema = migrations::migrate_to(db, head.schema).await?;
    require_empty(db, options, schema, head).await?;
    transaction!(db, |tx| { tx.execute("INSERT INTO meta (key, value) VALUES ('restore', 'unfinished')", &[]).await })?;
    let mut archive = open(path).await?;
    let _: Head = archive.json(FrameKind::Head).await?;
    let mut into: Option<Filling> = None;
    loop {
        match archive.frame().await? {
            (FrameKind::Head, _) => return Err(archive.damaged()),
            (FrameKind::Table, bytes) => into = Some(Filling::new(&archive.parse(&bytes)?)?),
            (FrameKind::Rows, bytes) => into.as_mut().ok_or_else(|| archive.damaged())?.write(db, options, &bytes).await?,
            (FrameKind::End, _) => break,
        }
    }
    migrations::migrate_to(db, migrations::newest()).await?;
    if queue == QueueFate::Hold {
        transaction!(db, |tx| {
            tx.execute("UPDATE queue_recipient SET held = 1", &[]).await?;
            tx.execute("DELETE FROM queue_due", &[]).await
        })?;
    }
    let epoch = raise_epoch(db).await?;
    transaction!(db, |tx| {
        // Whoever projected into the old database must take its lease here anew.
        tx.execute("UPDATE counter SET value = value + 1 WHERE name = 'operator_epoch'", &[]).await?;
        tx.execute("DELETE FROM meta WHERE key = 'restore'", &[]).await
    })?;
    Ok(epoch)
}

async fn require_empty(db: &Db, options: &Options, schema: i64, head: &Head) -> Result<()> {
    if db.row("SELECT value FROM meta WHERE key = 'restore'", &[]).await?.is_some() {
        return Err(unfinished());
    }
    if schema != head.schema {
        let text = format!("the database has schema {schema} already and the archive has {}: restore into a new database", head.schema);
        return Err(StoreError::Refused(text));
    }
    // A row that the schema itself brings is replaced; any other says that somebody lives here.
    for table in TABLES.iter().filter(|table| table.conflict.is_empty()) {
        if db.row(table.probe, &[]).await?.is_some() {
            return Err(StoreError::Refused(format!("the database is not empty ({} has rows): restore into a new database", table.name)));
        }
    }
    if let Some(backend) = &options.backend
        && !backend.older_than(Timestamp(i64::MAX), 1).await?.is_empty()
    {
        return Err(StoreError::Refused("the place of bodies is not empty: name a new folder or prefix".into()));
    }
    Ok(())
}

/// The table that rows go into.
struct Filling {
    table: &'static Table,
    kinds: Vec<Kind>,
    insert: &'static str,
    days: HashSet<i64>,
}

impl Filling {
    fn new(head: &TableHead) -> Result<Self> {
        let unknown = || StoreError::Refused(format!("the archive holds a table {:?} that this version does not know", head.name));
        let table = table::by_name(&head.name).ok_or_else(unknown)?;
        let kinds = head.columns.iter().map(|(_, kind)| *kind).collect();
        let mut names: Vec<&str> = head.columns.iter().map(|(name, _)| name.as_str()).collect();
        // Names come from the archive: they are names, and nothing else.
        if names.iter().any(|name| name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')) {
            return Err(unknown());
        }
        if is_blob(table) {
            names.push("location");
        }
        let insert = format!("INSERT INTO {} ({}) {{rows}} {}", table.name, names.join(", "), table.conflict);
        // Kept for ever, as every statement is; there are as many as tables.
        Ok(Self { table, kinds, insert: insert.leak(), days: HashSet::new() })
    }

    async fn write(&mut self, db: &Db, options: &Options, bytes: &[u8]) -> Result<()> {
        let mut columns = cells::decode(&self.kinds, bytes)?;
        if is_blob(self.table) {
            place(&mut columns, options).await?;
        }
        if self.table.name.starts_with("event")
            && let Some(Column::OptInt(days)) = columns.first()
        {
            for day in days.iter().copied().flatten() {
                if self.days.insert(day) {
                    retention::make_days(db, day, day).await?;
                }
            }
        }
        transaction!(db, |tx| { tx.batch(self.insert, &columns).await })?;
        Ok(())
    }
}

fn is_blob(table: &Table) -> bool {
    table.name == "blob"
}

/// Where the body stands among the columns of `blob`; the id is the first.
const BODY: usize = 4;

/// Decides anew where each body lies, writes the large ones out, and adds the column of locations.
async fn place(columns: &mut Vec<Column>, options: &Options) -> Result<()> {
    let (Some(Column::OptInt(ids)), Some(Column::OptBytes(bodies))) = (columns.first(), columns.get(BODY)) else {
        return Err(StoreError::Damaged("a table of bodies with other columns".into()));
    };
    let locations: Vec<Option<String>> = match &options.backend {
        None => vec![None; ids.len()],
        Some(backend) => {
            let puts = ids.iter().zip(bodies).map(|(id, body)| put(backend.as_ref(), *id, body.as_deref(), options.inline_max));
            futures_util::stream::iter(puts).buffered(UPLOADS).try_collect().await?
        }
    };
    if let Some(Column::OptBytes(bodies)) = columns.get_mut(BODY) {
        bodies.iter_mut().zip(&locations).filter(|(_, location)| location.is_some()).for_each(|(body, _)| *body = None);
    }
    columns.push(Column::OptText(locations));
    Ok(())
}

async fn put(backend: &dyn Backend, id: Option<i64>, body: Option<&[u8]>, inline_max: usize) -> Result<Option<String>> {
    match (id, body) {
        (Some(id), Some(body)) if body.len() > inline_max => backend.put(BlobId(id), body.to_vec().into()).await.map(Some),
        _ => Ok(None),
    }
}
