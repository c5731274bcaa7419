//! A transaction that writes.

use sqlx::{Connection, Executor, Postgres, SqliteConnection, Transaction};
use tokio::sync::OwnedMutexGuard;

use super::{Column, Row, Value};
use crate::{
    dialect::{postgres, sqlite},
    error::{Result, StoreError},
};

/// The one connection that writes to SQLite, and whether a transaction was left open on it.
pub struct SqliteWriter {
    connection: Option<SqliteConnection>,
    open: bool,
}

impl SqliteWriter {
    pub(super) fn new(connection: SqliteConnection) -> Self {
        Self { connection: Some(connection), open: false }
    }

    fn connection(&mut self) -> Result<&mut SqliteConnection> {
        self.connection.as_mut().ok_or_else(|| StoreError::Unavailable("the database is closed".into()))
    }

    pub(super) async fn close(&mut self) {
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "closing the database");
        }
    }
}

/// A transaction. Dropped without [`Tx::commit`], it never happened.
pub struct Tx(Kind);

enum Kind {
    Postgres(Transaction<'static, Postgres>),
    Sqlite(OwnedMutexGuard<SqliteWriter>),
}

impl Tx {
    pub(super) const fn postgres(transaction: Transaction<'static, Postgres>) -> Self {
        Self(Kind::Postgres(transaction))
    }

    pub(super) async fn sqlite(mut writer: OwnedMutexGuard<SqliteWriter>) -> Result<Self> {
        // A future that was dropped in the middle of its transaction could not roll it back itself.
        // After a failed COMMIT SQLite may have rolled back by itself; then this one fails and is right to.
        if std::mem::take(&mut writer.open) {
            let _ = writer.connection()?.execute("ROLLBACK").await;
        }
        writer.connection()?.execute("BEGIN IMMEDIATE").await?;
        writer.open = true;
        Ok(Self(Kind::Sqlite(writer)))
    }

    /// Runs a statement; how many rows it touched.
    ///
    /// # Errors
    /// [`StoreError`] as the database says; the transaction is then of no further use on PostgreSQL.
    pub async fn execute(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<u64> {
        Ok(match &mut self.0 {
            Kind::Postgres(tx) => postgres::bind(sql, args).execute(&mut **tx).await?.rows_affected(),
            Kind::Sqlite(writer) => sqlite::bind(sql, args).execute(writer.connection()?).await?.rows_affected(),
        })
    }

    /// Rows of a statement.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn rows(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Vec<Row>> {
        Ok(match &mut self.0 {
            Kind::Postgres(tx) => postgres::bind(sql, args).fetch_all(&mut **tx).await?.into_iter().map(Row::Postgres).collect(),
            Kind::Sqlite(writer) => sqlite::bind(sql, args).fetch_all(writer.connection()?).await?.into_iter().map(Row::Sqlite).collect(),
        })
    }

    /// The first row of a statement.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn row(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Option<Row>> {
        Ok(match &mut self.0 {
            Kind::Postgres(tx) => postgres::bind(sql, args).fetch_optional(&mut **tx).await?.map(Row::Postgres),
            Kind::Sqlite(writer) => sqlite::bind(sql, args).fetch_optional(writer.connection()?).await?.map(Row::Sqlite),
        })
    }

    /// Runs a statement that holds `{rows}` once for all rows of `columns`, which must be of equal length.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn batch(&mut self, sql: &'static str, columns: &[Column]) -> Result<u64> {
        let rows = columns.first().map_or(0, Column::len);
        if rows == 0 {
            return Ok(0);
        }
        match &mut self.0 {
            Kind::Postgres(tx) => {
                let text = postgres::batch_text(sql, columns);
                Ok(postgres::bind_columns(text, columns).execute(&mut **tx).await?.rows_affected())
            }
            Kind::Sqlite(writer) => {
                let mut touched = 0;
                for (first, rows) in sqlite::chunks(rows) {
                    let text = sqlite::batch_text(sql, columns.len(), rows);
                    touched += sqlite::bind_columns(text, columns, first, rows).execute(writer.connection()?).await?.rows_affected();
                }
                Ok(touched)
            }
        }
    }

    /// Several statements without arguments, separated by semicolons: migrations only.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn script(&mut self, sql: &'static str) -> Result<()> {
        match &mut self.0 {
            Kind::Postgres(tx) => tx.execute(sqlx::raw_sql(sql)).await?.rows_affected(),
            Kind::Sqlite(writer) => writer.connection()?.execute(sqlx::raw_sql(sql)).await?.rows_affected(),
        };
        Ok(())
    }

    /// Makes it all durable.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] or another answer of the database when it was rolled back;
    /// [`StoreError::Ambiguous`] when the answer did not come.
    pub async fn commit(self) -> Result<()> {
        match self.0 {
            Kind::Postgres(tx) => tx.commit().await.map_err(|e| match StoreError::from(e) {
                StoreError::Unavailable(cause) => StoreError::Ambiguous(cause),
                other => other,
            }),
            Kind::Sqlite(mut writer) => {
                writer.connection()?.execute("COMMIT").await?;
                writer.open = false;
                Ok(())
            }
        }
    }

    /// Undoes it all. Nothing can go wrong that the next transaction would not meet too.
    pub async fn rollback(self) {
        match self.0 {
            Kind::Postgres(tx) => drop(tx.rollback().await),
            Kind::Sqlite(mut writer) => {
                if let Ok(connection) = writer.connection()
                    && connection.execute("ROLLBACK").await.is_ok()
                {
                    writer.open = false;
                }
            }
        }
    }
}
