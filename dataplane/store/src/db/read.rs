//! A transaction that only reads: everything it sees is of one moment, however long it takes.
//!
//! It has a connection of its own, so that it takes none from those who serve. While it is open,
//! PostgreSQL cannot vacuum what it may still see and SQLite's log cannot be copied back past it:
//! for backups, not for look-ups.

use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, SqliteConnection, postgres::PgConnectOptions, sqlite::SqliteConnectOptions,
};

use super::{Row, Value};
use crate::{
    dialect::{postgres, sqlite},
    error::Result,
};

/// Rows that SQLite's thread reads ahead of a stream: they may hold bodies.
const AHEAD: usize = 8;

/// A snapshot of the whole database.
pub struct ReadTx(Kind);

enum Kind {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl ReadTx {
    pub(super) async fn postgres(options: &PgConnectOptions) -> Result<Self> {
        let mut connection = options.connect().await?;
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        // The first statement takes the snapshot, not BEGIN.
        connection.execute("SELECT 1").await?;
        Ok(Self(Kind::Postgres(connection)))
    }

    pub(super) async fn sqlite(options: SqliteConnectOptions) -> Result<Self> {
        let mut connection = options.row_buffer_size(AHEAD).connect().await?;
        connection.execute("BEGIN").await?;
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").await?;
        Ok(Self(Kind::Sqlite(connection)))
    }

    /// Rows of a statement, one after the other: no more than a few are in memory, however many there are.
    pub fn stream<'a>(&'a mut self, sql: &'static str, args: &[Value<'_>]) -> BoxStream<'a, Result<Row>> {
        match &mut self.0 {
            Kind::Postgres(connection) => postgres::bind(sql, args).fetch(connection).map_ok(Row::Postgres).map_err(Into::into).boxed(),
            Kind::Sqlite(connection) => sqlite::bind(sql, args).fetch(connection).map_ok(Row::Sqlite).map_err(Into::into).boxed(),
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
        let closed = match self.0 {
            Kind::Postgres(connection) => connection.close().await,
            Kind::Sqlite(connection) => connection.close().await,
        };
        if let Err(error) = closed {
            tracing::debug!(%error, "closing a snapshot");
        }
    }
}
