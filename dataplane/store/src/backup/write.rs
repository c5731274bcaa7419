//! Writing an archive from one snapshot, a row at a time.

use std::{collections::BTreeMap, path::Path};

use futures_util::{StreamExt, TryStreamExt};
use postern_core::BlobId;
use tokio::io::AsyncWrite;

use super::{
    Head, Report, Summary,
    archive::{End, FRAME, FrameKind, TableHead, Writer},
    cells::{self, Cell},
    table::{TABLES, Table},
};
use crate::{
    args,
    blob::Blobs,
    db::{Db, ReadTx, Row},
    error::{Result, StoreError},
    migrations,
    store::Store,
};

/// Bodies outside the database that are fetched at once.
const FETCHES: usize = 8;
/// Where the body and its location stand in a row of `blob`.
const BODY: usize = 4;
const LOCATION: usize = 5;

/// Writes everything as it is now. Mail goes on meanwhile; what comes after the start is not in it.
///
/// # Errors
/// [`StoreError::Refused`] when the schema is newer than this version; [`StoreError::Unavailable`]
/// when the database, the place of bodies or the output is. What was written then is no archive.
pub async fn backup<W: AsyncWrite + Unpin + Send>(store: &Store, out: W) -> Result<(W, Report)> {
    let mut snapshot = store.db.snapshot().await?;
    let written = write(store, &mut snapshot, out).await;
    snapshot.close().await;
    written
}

/// Writes everything to a file that is there when it is whole and on disk, and not before.
///
/// # Errors
/// As [`backup`].
pub async fn backup_to_file(store: &Store, path: &Path) -> Result<Report> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let written = write_file(store, path, Path::new(&part)).await;
    if written.is_err() {
        // What is left of it is of no use; that it cannot be removed changes nothing.
        let _ = tokio::fs::remove_file(&part).await;
    }
    written
}

async fn write_file(store: &Store, path: &Path, part: &Path) -> Result<Report> {
    let file = tokio::fs::File::create(part).await.map_err(StoreError::unavailable)?;
    let (out, report) = backup(store, tokio::io::BufWriter::with_capacity(FRAME, file)).await?;
    out.into_inner().sync_all().await.map_err(StoreError::unavailable)?;
    tokio::fs::rename(part, path).await.map_err(StoreError::unavailable)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let folder = tokio::fs::File::open(folder).await.map_err(StoreError::unavailable)?;
    folder.sync_all().await.map_err(StoreError::unavailable)?;
    Ok(report)
}

async fn write<W: AsyncWrite + Unpin + Send>(store: &Store, snapshot: &mut ReadTx, out: W) -> Result<(W, Report)> {
    let head = head(store, snapshot).await?;
    let mut archive = Writer::begin(out).await?;
    archive.json(FrameKind::Head, &head).await?;
    let (mut rows, mut missing) = (BTreeMap::new(), Vec::new());
    for table in TABLES {
        let columns = table.columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        archive.json(FrameKind::Table, &TableHead { name: table.name.to_owned(), columns }).await?;
        let count = table_rows(store, snapshot, table, &mut archive, &mut missing).await?;
        rows.insert(table.name.to_owned(), count);
    }
    let (out, bytes) = archive.end(&End { rows: rows.clone() }).await?;
    Ok((out, Report { summary: Summary { head, rows, bytes }, missing }))
}

async fn head(store: &Store, snapshot: &mut ReadTx) -> Result<Head> {
    let row = snapshot.row("SELECT value FROM meta WHERE key = 'schema'", &[]).await?.ok_or(StoreError::NotFound("the schema's number"))?;
    let schema = row.str(0)?.parse().map_err(|_| StoreError::Damaged("meta.schema is not a number".into()))?;
    let newest = migrations::newest();
    if schema != newest {
        let text = format!("the database has schema {schema} and this version knows {newest}: back it up with the version that serves it");
        return Err(StoreError::Refused(text));
    }
    let row = snapshot.row("SELECT value FROM counter WHERE name = 'store_epoch'", &[]).await?;
    let epoch = row.ok_or(StoreError::NotFound("store epoch"))?.int(0)?;
    Ok(Head { schema, epoch, taken_at: store.now() })
}

async fn table_rows<W: AsyncWrite + Unpin + Send>(
    store: &Store,
    snapshot: &mut ReadTx,
    table: &Table,
    archive: &mut Writer<W>,
    missing: &mut Vec<BlobId>,
) -> Result<u64> {
    let (mut frame, mut count) = (Vec::with_capacity(FRAME), 0);
    // For all tables but `blob` the step that fetches is over at once.
    let mut rows =
        snapshot.stream(table.select, &[]).map(|row| async { fetch(&store.db, &store.blobs, table, &row?).await }).buffered(FETCHES);
    while let Some(fetched) = rows.try_next().await? {
        match fetched {
            Fetched::Row(cells) => {
                cells::encode(&cells, &mut frame)?;
                count += 1;
            }
            Fetched::Swept => {}
            Fetched::Missing(id) => missing.push(id),
        }
        if frame.len() >= FRAME {
            archive.frame(FrameKind::Rows, &frame).await?;
            frame.clear();
        }
    }
    if !frame.is_empty() {
        archive.frame(FrameKind::Rows, &frame).await?;
    }
    Ok(count)
}

enum Fetched {
    Row(Vec<Cell>),
    /// A body that nothing named any more and that was swept since the snapshot.
    Swept,
    /// A body whose row is there and whose file is not.
    Missing(BlobId),
}

async fn fetch(db: &Db, blobs: &Blobs, table: &Table, row: &Row) -> Result<Fetched> {
    let mut cells = cells::read(row, table.columns)?;
    if table.name != "blob" {
        return Ok(Fetched::Row(cells));
    }
    let Some(location) = row.opt_text(LOCATION)? else { return Ok(Fetched::Row(cells)) };
    let backend = blobs
        .backend()
        .ok_or_else(|| StoreError::Unavailable("bodies lie outside the database and their place is not configured".into()))?;
    match backend.get(&location).await {
        Ok(body) => {
            if let Some(cell) = cells.get_mut(BODY) {
                *cell = Cell::Bytes(body.into());
            }
            Ok(Fetched::Row(cells))
        }
        Err(StoreError::NotFound(_)) => {
            let id = BlobId(row.int(0)?);
            let known = db.row("SELECT id FROM blob WHERE id = $1", args![id]).await?.is_some();
            Ok(if known { Fetched::Missing(id) } else { Fetched::Swept })
        }
        Err(error) => Err(error),
    }
}
