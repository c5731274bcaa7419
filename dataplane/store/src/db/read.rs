//! A transaction that only reads: everything it sees is of one moment, however long it takes.
//!
//! It has a connection of its own, so that it takes none from those who serve. While it is open,
//! PostgreSQL cannot vacuum what it may still see and SQLite's log cannot be copied back past it:
//! for backups, not for look-ups.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use rusqlite::Connection as SqliteConnection;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use tokio::{sync::mpsc, task::spawn_blocking};

use super::{
    Row, Value,
    sqlite::{self, Purpose},
};
use crate::{
    dialect::postgres,
    error::{Result, StoreError},
};

/// Rows that SQLite's thread reads ahead of a stream: they may hold bodies.
const AHEAD: usize = 8;

/// A snapshot of the whole database.
pub struct ReadTx(Kind);

enum Kind {
    Postgres(PgConnection),
    /// Locked by the thread that reads.
    Sqlite(Arc<Mutex<SqliteConnection>>),
}

impl ReadTx {
    pub(super) async fn postgres(options: &PgConnectOptions) -> Result<Self> {
        let mut connection = options.connect().await?;
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        // The first statement takes the snapshot, not BEGIN.
        connection.execute("SELECT 1").await?;
        Ok(Self(Kind::Postgres(connection)))
    }

    pub(super) async fn sqlite(path: PathBuf) -> Result<Self> {
        let opened = spawn_blocking(move || {
            let connection = sqlite::open(&path, Purpose::Read)?;
            connection.execute_batch("BEGIN; SELECT 1 FROM sqlite_master LIMIT 1")?;
            Ok::<_, StoreError>(connection)
        });
        Ok(Self(Kind::Sqlite(Arc::new(Mutex::new(opened.await.map_err(StoreError::unavailable)??)))))
    }

    /// Rows of a statement, one after the other: no more than a few are in memory, however many there are.
    pub fn stream<'a>(&'a mut self, sql: &'static str, args: &[Value<'_>]) -> BoxStream<'a, Result<Row>> {
        match &mut self.0 {
            Kind::Postgres(connection) => postgres::bind(sql, args).fetch(connection).map_ok(Row::Postgres).map_err(Into::into).boxed(),
            Kind::Sqlite(connection) => read_ahead(connection.clone(), sql, args.iter().map(sqlite::owned).collect()),
        }
    }

    /// The first row of a statement.
    ///
    /// # Errors
    /// [`crate::StoreError`] as the database says.
    pub async fn row(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Option<Row>> {
        self.stream(sql, args).try_next().await
    }

    /// Lets the snapshot go. Dropped without, it goes with its connection.
    pub async fn close(self) {
        if let Kind::Postgres(connection) = self.0
            && let Err(error) = connection.close().await
        {
            tracing::debug!(%error, "closing a snapshot");
        }
    }
}

fn read_ahead(
    connection: Arc<Mutex<SqliteConnection>>,
    sql: &'static str,
    args: Vec<rusqlite::types::Value>,
) -> BoxStream<'static, Result<Row>> {
    let (rows, mut read) = mpsc::channel(AHEAD);
    spawn_blocking(move || {
        let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody may want more rows, nor hear of what went wrong.
        if let Err(error) = sqlite::each(&connection, sql, args, |row| rows.blocking_send(Ok(row)).is_ok()) {
            let _ = rows.blocking_send(Err(error));
        }
    });
    futures_util::stream::poll_fn(move |context| read.poll_recv(context)).boxed()
}
