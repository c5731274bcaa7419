//! SQLite itself: connections, and statements on them. All of it blocks for as long as it takes.
//!
//! A statement that finds its pages in the cache takes microseconds, less than the way to another thread and back; so
//! the writer runs most of its statements where it stands (`writer`), and so do readers who look up little by its key; other
//! reads go to a thread once each (`readers`).
//! This module must not know about transactions.

use std::{path::Path, time::Duration};

use rusqlite::{
    CachedStatement, Connection, OpenFlags,
    config::DbConfig,
    types::{ToSql, ToSqlOutput, Value as Cell, ValueRef},
};

use super::{Batch, Row, Value};
use crate::{dialect::sqlite, error::Result};

/// Statements that a connection keeps prepared.
const STATEMENTS: usize = 512;
/// Octets that the log keeps of the disk once it was copied back; a large transaction makes it larger for a while.
const LOG_KEPT: u32 = 64 << 20;
/// How long another connection's lock is waited for; only a checkpoint ever holds one.
const BUSY: Duration = Duration::from_secs(10);

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The one that writes. It makes the file where there is none.
    Write,
    /// One of those that read.
    Read,
}

/// Opens a connection.
pub(super) fn open(path: &Path, purpose: Purpose) -> Result<Connection> {
    let flags = match purpose {
        Purpose::Write => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        Purpose::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A plan that depends on no argument: else each statement with `LIMIT $n` is planned anew whenever it runs.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    match purpose {
        Purpose::Write => connection.execute_batch(&format!(
            "PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA foreign_keys = off; PRAGMA temp_store = memory; \
             PRAGMA cache_size = -16384; PRAGMA journal_size_limit = {LOG_KEPT}; PRAGMA wal_autocheckpoint = {}",
            super::WAL_PAGES
        ))?,
        Purpose::Read => connection.execute_batch("PRAGMA foreign_keys = off; PRAGMA temp_store = memory; PRAGMA cache_size = -4096")?,
    }
    Ok(connection)
}

/// All rows.
pub(super) fn rows<P: ToSql>(connection: &Connection, sql: &'static str, args: impl IntoIterator<Item = P>) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    each(connection, sql, args, |row| {
        found.push(row);
        true
    })?;
    Ok(found)
}

/// The first row.
pub(super) fn row<P: ToSql>(connection: &Connection, sql: &'static str, args: impl IntoIterator<Item = P>) -> Result<Option<Row>> {
    let mut first = None;
    each(connection, sql, args, |row| {
        first = Some(row);
        false
    })?;
    Ok(first)
}

/// Rows one after the other, until `take` wants no more.
pub(super) fn each<P: ToSql>(
    connection: &Connection,
    sql: &'static str,
    args: impl IntoIterator<Item = P>,
    mut take: impl FnMut(Row) -> bool,
) -> Result<()> {
    let mut statement = prepare(connection, sqlite::text(sql), args)?;
    let columns = statement.column_count();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let cells: Result<Box<[Cell]>> = (0..columns).map(|column| Ok(cell(row.get_ref(column)?))).collect();
        if !take(Row::Sqlite(cells?)) {
            break;
        }
    }
    Ok(())
}

/// Runs a statement; how many rows it touched.
pub(super) fn execute<P: ToSql>(connection: &Connection, sql: &'static str, args: impl IntoIterator<Item = P>) -> Result<u64> {
    run(connection, sqlite::text(sql), args)
}

/// Runs a statement for all rows of a batch; how many rows it touched.
pub(super) fn batch(connection: &Connection, Batch { sql, columns }: &Batch) -> Result<u64> {
    let rows = columns.first().map_or(0, super::Column::len);
    let mut touched = 0;
    for (first, rows) in sqlite::chunks(rows) {
        let cells = (first..first + rows).flat_map(|row| columns.iter().map(move |column| output(column.cell(row))));
        touched += run(connection, sqlite::batch_text(sql, columns.len(), rows), cells)?;
    }
    Ok(touched)
}

/// An argument that goes to another thread; a list is a JSON array.
pub(super) fn owned(value: &Value<'_>) -> Cell {
    match *value {
        Value::Int(v) => v.map_or(Cell::Null, Cell::Integer),
        Value::Text(v) => v.map_or(Cell::Null, |v| Cell::Text(v.to_owned())),
        Value::Bytes(v) => v.map_or(Cell::Null, |v| Cell::Blob(v.to_vec())),
        Value::Ints(v) => Cell::Text(serde_json::Value::from(v).to_string()),
        Value::Texts(v) => Cell::Text(serde_json::Value::from(v).to_string()),
    }
}

/// An argument that stays here.
pub(super) fn output(value: Value<'_>) -> ToSqlOutput<'_> {
    match value {
        Value::Text(Some(v)) => ToSqlOutput::Borrowed(ValueRef::Text(v.as_bytes())),
        Value::Bytes(Some(v)) => ToSqlOutput::Borrowed(ValueRef::Blob(v)),
        other => ToSqlOutput::Owned(owned(&other)),
    }
}

fn run<P: ToSql>(connection: &Connection, sql: &str, args: impl IntoIterator<Item = P>) -> Result<u64> {
    let mut statement = prepare(connection, sql, args)?;
    let mut rows = statement.raw_query();
    while rows.next()?.is_some() {}
    Ok(connection.changes())
}

fn prepare<'c, P: ToSql>(connection: &'c Connection, sql: &str, args: impl IntoIterator<Item = P>) -> Result<CachedStatement<'c>> {
    let mut statement = connection.prepare_cached(sql)?;
    let wanted = statement.parameter_count();
    for (index, argument) in (1..=wanted).zip(args) {
        statement.raw_bind_parameter(index, argument)?;
    }
    Ok(statement)
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(v) => Cell::Integer(v),
        ValueRef::Real(v) => Cell::Real(v),
        // What is put together of blobs is a text to SQLite, whatever is in it.
        ValueRef::Text(v) => std::str::from_utf8(v).map_or_else(|_| Cell::Blob(v.to_vec()), |text| Cell::Text(text.to_owned())),
        ValueRef::Blob(v) => Cell::Blob(v.to_vec()),
    }
}
